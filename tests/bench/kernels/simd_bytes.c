/* SPDX-License-Identifier: MIT
 * Vectors of sixteen bytes: counting, saturating, comparing. */
#include "kernel.h"
#include <wasm_simd128.h>
#define N 4096
static u8 text[N];
RUN
{
    i32 count = 0;
    for (int i = 0; i < N; i++)
        text[i] = (u8)next_random();
    for (int r = 0; r < n; r++) {
        v128_t needle = wasm_i8x16_splat((signed char)r);
        for (int i = 0; i < N; i += 16) {
            v128_t v = wasm_v128_load(text + i);
            v128_t equal = wasm_i8x16_eq(v, needle), big = wasm_u8x16_gt(v, wasm_u8x16_avgr(v, needle));
            count += __builtin_popcount((u32)wasm_i8x16_bitmask(wasm_v128_or(equal, big)));
        }
    }
    return count;
}
