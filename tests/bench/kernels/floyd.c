/* SPDX-License-Identifier: MIT
 * All shortest paths (dynamic programming on integers). */
#include "kernel.h"
#define N 64
static i32 d[N][N];
RUN
{
    i32 sum = 0;
    for (int r = 0; r < n; r++) {
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                d[i][j] = (i * 7 + j * 13 + r) % 97 + 1;
        for (int k = 0; k < N; k++)
            for (int i = 0; i < N; i++)
                for (int j = 0; j < N; j++)
                    if (d[i][k] + d[k][j] < d[i][j])
                        d[i][j] = d[i][k] + d[k][j];
        sum += d[N / 2][N - 1];
    }
    return sum;
}
