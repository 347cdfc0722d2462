/* SPDX-License-Identifier: MIT
 * The stubs between C and compiled code, in assembly for each CPU (x64, a64), and what C must know of them.
 */
#ifndef TN_JIT_STUBS_H
#define TN_JIT_STUBS_H

#include "runtime/vm/native.h"

/* Registers that calls preserve, as the exit stub stores them: the frame pointer and the return address of its own
 * frame are the last two. DWARF's numbers are in tn_saved_registers. */
#if defined(__x86_64__)
#define TN_SAVED_COUNT  8 /* one is padding */
#define TN_INTEGER_ARGS 5 /* registers of C behind the first */
#define TN_FLOAT_ARGS   8
#define TN_STUBS_CPU    TN_IMAGE_X86_64
#elif defined(__aarch64__)
#define TN_SAVED_COUNT  20
#define TN_INTEGER_ARGS 7
#define TN_FLOAT_ARGS   8
#define TN_STUBS_CPU    TN_IMAGE_AARCH64
#endif
#define TN_SAVED_NONE 0xFF
extern const uint8_t tn_saved_registers[TN_SAVED_COUNT];

typedef struct tn_saved {
    uint64_t regs[TN_SAVED_COUNT];
} tn_saved;

/* Where tn_exit_stub goes on instead of returning. */
typedef struct tn_landing {
    tn_saved saved; /* frame pointer and address among them */
    uint64_t sp, exception;
} tn_landing;

/* Calls packed(in, slots, native) on the native stack from sp on; 0, or what tn_stub_leave was given. */
int tn_stub_enter(void *packed, tenon_instance *in, tn_slot *slots, void *native, tn_segment *segment, uintptr_t sp);
void tn_stub_leave(tn_segment *segment, int why) __attribute__((noreturn));
tn_exit_stub tn_stub_exit;
/* The native code of host functions with a typed entry: of the function in place of the vmctx, and its arguments. */
void tn_stub_host(void);

/* What this machine's CPU can do; see tn_image_header. */
uint32_t tn_cpu_level(void);
/* The trap of an instruction that the CPU refuses. */
tenon_trap tn_trap_of(const void *instruction);

#endif
