/* SPDX-License-Identifier: MIT
 * Indirect calls through a table of functions. */
#include "kernel.h"
typedef i32 operation(i32, i32);
static i32 op_add(i32 a, i32 b) { return a + b; }
static i32 op_sub(i32 a, i32 b) { return a - b; }
static i32 op_xor(i32 a, i32 b) { return a ^ b; }
static i32 op_mul(i32 a, i32 b) { return a * b; }
static i32 op_min(i32 a, i32 b) { return a < b ? a : b; }
static operation *volatile operations[] = { op_add, op_sub, op_xor, op_mul, op_min };
RUN
{
    i32 x = 1;
    for (int r = 0; r < n; r++)
        for (int i = 0; i < 1000; i++)
            x = operations[(u32)(x + i) % 5](x, i);
    return x;
}
