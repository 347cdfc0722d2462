/* SPDX-License-Identifier: MIT
 * Base64, there and back. */
#include "kernel.h"
#define N 3072
static u8 in[N], out[N / 3 * 4], reverse[256];
RUN
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    i32 sum = 0;
    for (int i = 0; i < 64; i++)
        reverse[(u8)digits[i]] = (u8)i;
    for (int i = 0; i < N; i++)
        in[i] = (u8)next_random();
    for (int r = 0; r < n; r++) {
        for (int i = 0, o = 0; i < N; i += 3, o += 4) {
            u32 v = (u32)in[i] << 16 | (u32)in[i + 1] << 8 | in[i + 2];
            out[o] = (u8)digits[v >> 18], out[o + 1] = (u8)digits[v >> 12 & 63];
            out[o + 2] = (u8)digits[v >> 6 & 63], out[o + 3] = (u8)digits[v & 63];
        }
        for (int i = 0, o = 0; i < N; i += 3, o += 4) {
            u32 v = (u32)reverse[out[o]] << 18 | (u32)reverse[out[o + 1]] << 12 | (u32)reverse[out[o + 2]] << 6 |
                    reverse[out[o + 3]];
            in[i] = (u8)(v >> 16), in[i + 1] = (u8)(v >> 8), in[i + 2] = (u8)v;
        }
        in[r % N] ^= 1;
        sum += in[(r * 7) % N];
    }
    return sum;
}
