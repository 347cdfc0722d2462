/* SPDX-License-Identifier: MIT
 * LU decomposition without pivoting. */
#include "kernel.h"
#define N 64
static double a[N][N];
RUN
{
    double sum = 0;
    for (int r = 0; r < n; r++) {
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                a[i][j] = i == j ? N : (i * j % 13) / 13.0;
        for (int k = 0; k < N; k++)
            for (int i = k + 1; i < N; i++) {
                a[i][k] /= a[k][k];
                for (int j = k + 1; j < N; j++)
                    a[i][j] -= a[i][k] * a[k][j];
            }
        sum += a[N - 1][N - 1];
    }
    return fold(sum);
}
