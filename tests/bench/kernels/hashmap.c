/* SPDX-License-Identifier: MIT
 * A hash table with open addressing and 64-bit keys. */
#include "kernel.h"
#define SIZE 4096
static u64 keys[SIZE];
static u32 values[SIZE];
static u32 *find(u64 key)
{
    u32 at = (u32)((key * 0x9E3779B97F4A7C15ull) >> 52);
    while (keys[at] && keys[at] != key)
        at = (at + 1) & (SIZE - 1);
    keys[at] = key;
    return &values[at];
}
RUN
{
    u32 sum = 0;
    for (int r = 0; r < n; r++) {
        for (int i = 0; i < SIZE; i++)
            keys[i] = 0, values[i] = 0;
        u64 x = 88172645463325252ull + (u64)r;
        for (int i = 0; i < 6000; i++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            *find((x & 2047) + 1) += (u32)i;
        }
        for (u64 k = 1; k < 100; k++)
            sum += *find(k);
    }
    return (i32)sum;
}
