/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "jit/stubs.h"

/* d8 to d15, x19 to x28, x29, x30. */
const uint8_t tn_saved_registers[TN_SAVED_COUNT] = { 72, 73, 74, 75, 76, 77, 78, 79, 19, 20,
                                                     21, 22, 23, 24, 25, 26, 27, 28, 29, 30 };

/* brk #(0x5500 | kind): what LLVM makes of llvm.ubsantrap. */
tenon_trap tn_trap_of(const void *instruction)
{
    uint32_t word;

    memcpy(&word, instruction, sizeof word);
    return (word & 0xFFFFE01F) == (0xD4200000 | 0x5500u << 5) ? (tenon_trap)(word >> 5 & 0xFF) : TENON_TRAP_NONE;
}

uint32_t tn_cpu_level(void)
{
    return 0;
}
