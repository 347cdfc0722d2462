/* SPDX-License-Identifier: MIT
 * Radix-2 Fourier transform of 512 points. */
#include "kernel.h"
#define N 512
static double re[N], im[N];
static void transform(void)
{
    for (int i = 1, j = 0; i < N; i++) {
        int bit = N >> 1;
        for (; j & bit; bit >>= 1)
            j ^= bit;
        j ^= bit;
        if (i < j) {
            double t = re[i];
            re[i] = re[j], re[j] = t;
            t = im[i], im[i] = im[j], im[j] = t;
        }
    }
    double step_re = -1, step_im = 0;
    for (int len = 2; len <= N; len <<= 1) {
        for (int i = 0; i < N; i += len) {
            double wr = 1, wi = 0;
            for (int k = 0; k < len / 2; k++) {
                int p = i + k, q = p + len / 2;
                double ur = re[p], ui = im[p], vr = re[q] * wr - im[q] * wi, vi = re[q] * wi + im[q] * wr;
                re[p] = ur + vr, im[p] = ui + vi, re[q] = ur - vr, im[q] = ui - vi;
                double nr = wr * step_re - wi * step_im;
                wi = wr * step_im + wi * step_re, wr = nr;
            }
        }
        /* The root of twice the order, by half-angle formulas. */
        double c = __builtin_sqrt((1 + step_re) / 2), s = __builtin_sqrt((1 - step_re) / 2);
        step_re = c, step_im = s;
    }
}
RUN
{
    for (int i = 0; i < N; i++)
        re[i] = i % 17, im[i] = 0;
    for (int r = 0; r < n; r++) {
        transform();
        for (int i = 0; i < N; i++)
            re[i] *= 1.0 / 32, im[i] *= 1.0 / 32;
    }
    return fold(re[3] + im[5]);
}
