/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "jit/stubs.h"

/* r15, r14, r13, r12, rbx, rbp, return address, in front of them the padding. */
const uint8_t tn_saved_registers[TN_SAVED_COUNT] = { TN_SAVED_NONE, 15, 14, 13, 12, 3, 6, 16 };

/* ud1l kind(%eax), %eax: what LLVM makes of llvm.ubsantrap. */
tenon_trap tn_trap_of(const void *instruction)
{
    static const uint8_t refused[4] = { 0x67, 0x0F, 0xB9, 0x40 };
    uint8_t bytes[5];

    memcpy(bytes, instruction, sizeof bytes);
    return memcmp(bytes, refused, sizeof refused) == 0 ? (tenon_trap)bytes[4] : TENON_TRAP_NONE;
}

/* Images need x86-64-v2 at least; without it none fits. */
uint32_t tn_cpu_level(void)
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4"))
        return 4;
    return __builtin_cpu_supports("x86-64-v3") ? 3 : 0;
}
