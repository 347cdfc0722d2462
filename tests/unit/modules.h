/* SPDX-License-Identifier: MIT
 * Small modules with an export run: i32 -> i32, and what it gives for 3.
 */
#ifndef TESTS_UNIT_MODULES_H
#define TESTS_UNIT_MODULES_H

#include "tenon.h"

typedef struct test_module {
    const char *name;
    const uint8_t *bytes;
    size_t size;
    int32_t expected;
} test_module;

#define MODULE(name, text, expected) { name, (const uint8_t *)(text), sizeof(text) - 1, expected }
#define H "\0asm\1\0\0\0"

static const test_module test_modules[] = {
    /* local.get 0 i32.const 2 i32.mul */
    MODULE("compute", H "\1\6\1\x60\1\x7f\1\x7f\3\2\1\0\7\7\1\3run\0\0\12\11\1\7\0\x20\0\x41\2\x6c\13", 6),
    /* memory 1; memory.grow by the argument, drop; memory.size */
    MODULE("grow", H "\1\6\1\x60\1\x7f\1\x7f\3\2\1\0\5\3\1\0\1\7\7\1\3run\0\0\12\13\1\11\0\x20\0\x40\0\x1a\x3f\0\13", 4),
    /* a table of two functions; call_indirect (i32.const 1) */
    MODULE("indirect",
           H "\1\6\1\x60\1\x7f\1\x7f\3\3\2\0\0\4\4\1\x70\0\2\7\7\1\3run\0\0\11\10\1\0\x41\0\13\2\0\1"
             "\12\22\2\11\0\x20\0\x41\1\x11\0\0\13\6\0\x20\0\x68\13",
           0),
    /* tag (i32); try_table (catch 0 0) throw; the payload is the result */
    MODULE("exception",
           H "\1\12\2\x60\1\x7f\1\x7f\x60\1\x7f\0\3\2\1\0\15\3\1\0\1\7\7\1\3run\0\0"
             "\12\24\1\22\0\2\x7f\x1f\x40\1\0\0\0\x20\0\x08\0\13\0\13\13",
           3),
    /* a global, a loop that sums 3 + 2 + 1 into it */
    MODULE("loop",
           H "\1\6\1\x60\1\x7f\1\x7f\3\2\1\0\6\6\1\x7f\1\x41\0\13\7\7\1\3run\0\0"
             "\12\32\1\30\0\3\x40\x23\0\x20\0\x6a\x24\0\x20\0\x41\1\x6b\x22\0\15\0\13\x23\0\13",
           6),
};
static const size_t test_module_count = sizeof test_modules / sizeof *test_modules;

#endif
