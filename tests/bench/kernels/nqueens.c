/* SPDX-License-Identifier: MIT
 * Queens on a board, with bit masks and recursion. */
#include "kernel.h"
static i32 place(u32 all, u32 columns, u32 left, u32 right)
{
    if (columns == all)
        return 1;
    i32 count = 0;
    for (u32 free = all & ~(columns | left | right); free; free &= free - 1) {
        u32 bit = free & -free;
        count += place(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return count;
}
RUN
{
    i32 sum = 0;
    for (int r = 0; r < n; r++)
        sum += place(255, 0, (u32)r & 1, 0);
    return sum;
}
