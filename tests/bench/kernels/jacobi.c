/* SPDX-License-Identifier: MIT
 * Two-dimensional Jacobi stencil. */
#include "kernel.h"
#define N 80
static double a[N][N], b[N][N];
RUN
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            a[i][j] = b[i][j] = (i * (j + 2.0) + 2) / N;
    for (int t = 0; t < n; t++) {
        for (int i = 1; i < N - 1; i++)
            for (int j = 1; j < N - 1; j++)
                b[i][j] = 0.2 * (a[i][j] + a[i][j - 1] + a[i][1 + j] + a[1 + i][j] + a[i - 1][j]);
        for (int i = 1; i < N - 1; i++)
            for (int j = 1; j < N - 1; j++)
                a[i][j] = 0.2 * (b[i][j] + b[i][j - 1] + b[i][1 + j] + b[1 + i][j] + b[i - 1][j]);
    }
    return fold(a[N / 2][N / 2]);
}
