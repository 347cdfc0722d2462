/* SPDX-License-Identifier: MIT
 * Spectral norm: integer index arithmetic feeding divisions. */
#include "kernel.h"
#define N 60
static double u[N], v[N], t[N];
static double element(int i, int j)
{
    return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1);
}
RUN
{
    for (int i = 0; i < N; i++)
        u[i] = 1;
    for (int r = 0; r < n; r++) {
        for (int i = 0; i < N; i++) {
            t[i] = 0;
            for (int j = 0; j < N; j++)
                t[i] += element(i, j) * u[j];
        }
        for (int i = 0; i < N; i++) {
            v[i] = 0;
            for (int j = 0; j < N; j++)
                v[i] += element(j, i) * t[j];
        }
        for (int i = 0; i < N; i++)
            u[i] = v[i] / v[0];
    }
    return fold(u[N / 2]);
}
