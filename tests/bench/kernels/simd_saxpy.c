/* SPDX-License-Identifier: MIT
 * Vectors of four floats: y += a x, and a dot product. */
#include "kernel.h"
#include <wasm_simd128.h>
#define N 1024
static float x[N], y[N];
RUN
{
    for (int i = 0; i < N; i++)
        x[i] = i % 13, y[i] = i % 7;
    v128_t total = wasm_f32x4_splat(0);
    for (int r = 0; r < n; r++) {
        v128_t a = wasm_f32x4_splat((float)(r & 3) * 0.001f);
        for (int i = 0; i < N; i += 4) {
            v128_t vx = wasm_v128_load(x + i), vy = wasm_v128_load(y + i);
            vy = wasm_f32x4_add(vy, wasm_f32x4_mul(a, vx));
            wasm_v128_store(y + i, vy);
            total = wasm_f32x4_add(total, wasm_f32x4_mul(vx, vy));
        }
    }
    return (i32)(wasm_f32x4_extract_lane(total, 0) + wasm_f32x4_extract_lane(total, 3));
}
