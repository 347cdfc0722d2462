/* SPDX-License-Identifier: MIT
 * Dense matrix product. */
#include "kernel.h"
#define N 64
static double a[N][N], b[N][N], c[N][N];
RUN
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            a[i][j] = (i * j % 7) / 7.0, b[i][j] = (i + j) % 5 / 5.0, c[i][j] = 0;
    for (int r = 0; r < n; r++)
        for (int i = 0; i < N; i++)
            for (int k = 0; k < N; k++)
                for (int j = 0; j < N; j++)
                    c[i][j] += a[i][k] * b[k][j];
    return fold(c[N / 2][N / 3]);
}
