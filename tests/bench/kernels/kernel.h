/* SPDX-License-Identifier: MIT
 * A kernel is a freestanding C file that exports run(n): n is the amount of work, the result depends on all of it.
 * tests/bench/kernels.txt names its kind and its two sizes.
 */
#ifndef KERNEL_H
#define KERNEL_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef long long i64;

#define RUN __attribute__((export_name("run"))) i32 run(i32 n)

static u32 seed_state = 12345;
static inline u32 next_random(void)
{
    seed_state = seed_state * 1664525u + 1013904223u;
    return seed_state >> 8;
}
static inline i32 fold(double x)
{
    union {
        double d;
        u64 u;
    } bits = { x };
    return (i32)(bits.u ^ bits.u >> 32);
}

#endif
