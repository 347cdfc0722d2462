/* SPDX-License-Identifier: MIT
 * LZ77 with a hash table, and the decoder that checks it. */
#include "kernel.h"
#define N 4096
static u8 in[N], out[N * 2], back[N];
static u16 heads[1024];
static u32 encode(void)
{
    u32 o = 0;
    for (int i = 0; i < 1024; i++)
        heads[i] = 0xFFFF;
    for (u32 i = 0; i < N;) {
        u32 best = 0, from = 0;
        if (i + 3 < N) {
            u32 hash = (in[i] * 33u + in[i + 1] * 17u + in[i + 2]) & 1023, at = heads[hash];
            heads[hash] = (u16)i;
            if (at != 0xFFFF)
                while (i + best < N && best < 255 && in[at + best] == in[i + best])
                    best++;
            from = at;
        }
        if (best >= 4) {
            out[o++] = 255, out[o++] = (u8)best, out[o++] = (u8)(i - from), out[o++] = (u8)((i - from) >> 8);
            i += best;
        } else {
            out[o++] = in[i++] & 127;
        }
    }
    return o;
}
static i32 decode(u32 size)
{
    u32 o = 0;
    for (u32 i = 0; i < size;) {
        if (out[i] == 255) {
            u32 from = o - (out[i + 2] | (u32)out[i + 3] << 8);
            for (u32 k = 0; k < out[i + 1]; k++)
                back[o++] = back[from + k];
            i += 4;
        } else {
            back[o++] = out[i++];
        }
    }
    i32 same = 0;
    for (u32 i = 0; i < N; i++)
        same += back[i] == in[i];
    return same;
}
RUN
{
    i32 sum = 0;
    for (int r = 0; r < n; r++) {
        for (int i = 0; i < N; i++)
            in[i] = (u8)("the quick brown fox "[i % 20] + (next_random() % 29 == 0));
        u32 size = encode();
        sum += (i32)size + decode(size);
    }
    return sum;
}
