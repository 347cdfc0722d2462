/* SPDX-License-Identifier: MIT
 * SHA-256 compression function. The constants are made from cube roots of primes, as the standard says. */
#include "kernel.h"
static u32 k[64], h[8], w[64];
static u32 rotr(u32 x, int s)
{
    return x >> s | x << (32 - s);
}
static void make_constants(void)
{
    int count = 0;
    for (u32 p = 2; count < 64; p++) {
        int prime = 1;
        for (u32 q = 2; q * q <= p; q++)
            if (p % q == 0)
                prime = 0;
        if (!prime)
            continue;
        double root = 1;
        for (int i = 0; i < 60; i++)
            root = (2 * root + p / (root * root)) / 3;
        k[count++] = (u32)((root - (u32)root) * 4294967296.0);
    }
}
static void compress(void)
{
    u32 a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], hh = h[7];
    for (int i = 16; i < 64; i++) {
        u32 s0 = rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ w[i - 15] >> 3;
        u32 s1 = rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    for (int i = 0; i < 64; i++) {
        u32 t1 = hh + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i];
        u32 t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        hh = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e, h[5] += f, h[6] += g, h[7] += hh;
}
RUN
{
    make_constants();
    for (int i = 0; i < 8; i++)
        h[i] = 0x6a09e667u * (u32)(i + 1);
    for (int r = 0; r < n; r++) {
        for (int i = 0; i < 16; i++)
            w[i] = (u32)(r * 16 + i) * 2654435761u;
        compress();
    }
    return (i32)h[0];
}
