/* SPDX-License-Identifier: MIT
 * Calls and nothing else. */
#include "kernel.h"
__attribute__((noinline)) static i32 fib(i32 k)
{
    return k < 2 ? k : fib(k - 1) + fib(k - 2);
}
RUN
{
    i32 sum = 0;
    for (int r = 0; r < n; r++)
        sum += fib(18 + (r & 1));
    return sum;
}
