/* SPDX-License-Identifier: MIT
 * What the runtime asks of a way to execute code. Implemented by runtime/interp and by jit; the runtime knows neither:
 * it finds them in tn_tiers, which runtime/tiers.c fills when the library is linked.
 */
#ifndef TN_VM_TIER_H
#define TN_VM_TIER_H

#include "runtime/vm/vmctx.h"

typedef struct tn_code tn_code;

/* Where a guest is, as far as its tier can tell: for backtraces. */
typedef struct tn_location {
    const tn_module *module;
    uint32_t function;
    uint64_t offset;          /* byte offset in the module */
    tenon_instance *instance; /* NULL: compiled code does not say */
} tn_location;

/* A place in slot code. */
typedef struct tn_place {
    const union tn_cell *pc;
    tn_slot *fp;
    tenon_instance *in;
    bool behind; /* the instruction, as return addresses are */
    bool nested; /* after a walk: compiled code has called the outermost frame */
} tn_place;

/* A way into compiled code at the head of a loop, numbered in the order of the heads: locals and then operands are
 * taken from slots, results are left there. native is a gate itself. */
#define TN_NO_LOOP UINT32_MAX
typedef struct tn_loop_entry {
    uint32_t own, loop;
    void *native;
} tn_loop_entry;

/* How a run of a tier ended. */
typedef enum tn_left {
    TN_LEFT_DONE, /* results are in place */
    TN_LEFT_TAIL, /* the store's tail says whom to call instead */
    TN_LEFT_OUT   /* a trap, an exception: the store knows */
} tn_left;

/* What a tier found when guest code faulted. */
typedef struct tn_fault {
    uintptr_t pc, address;
    void *ucontext;
} tn_fault;

typedef struct tn_tier {
    const char *name;
    /* Makes the entries of a module for memories of one mode; nothing is translated yet. NULL: out of memory. */
    tn_code *(*code_new)(tenon_module *module, tenon_bounds bounds);
    void (*code_delete)(tn_code *code);
    tn_entry *(*entries)(tn_code *code);
    /* Some entries have compiled code now, or a loop has; with the module's lock held. */
    void (*promoted)(tn_code *code);
    void (*add_loop)(tn_code *code, const tn_loop_entry *loop);
    /* Runs a guest function: args[0..] in, results from args[0] out; args lie at or above the store's stack top.
     * nested: compiled code has called it, and is to go on when it tail-calls compiled code. */
    tn_left (*run)(tenon_func *func, tn_slot *args, bool nested);
    /* Frames from a place on outwards, as far as the tier reaches; returns how many there are in out. */
    size_t (*walk)(tenon_store *store, tn_place *from, tn_location *out, size_t room);
    /* In a signal handler: whether a pc is in the tier's code. */
    bool (*owns_pc)(uintptr_t pc);
    /* In a signal handler: notes where the guest was in the store. */
    void (*note_fault)(tenon_store *store, const tn_fault *fault);
} tn_tier;

extern const tn_tier *const tn_tiers[]; /* ends with NULL; the first is the default */

#endif
