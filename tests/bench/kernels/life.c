/* SPDX-License-Identifier: MIT
 * Conway's game of life on a torus. */
#include "kernel.h"
#define N 64
static u8 a[N][N], b[N][N];
RUN
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            a[i][j] = next_random() % 3 == 0;
    for (int t = 0; t < n; t++) {
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                int up = (i + N - 1) % N, down = (i + 1) % N, left = (j + N - 1) % N, right = (j + 1) % N;
                int alive = a[up][left] + a[up][j] + a[up][right] + a[i][left] + a[i][right] + a[down][left] + a[down][j] +
                            a[down][right];
                b[i][j] = alive == 3 || (alive == 2 && a[i][j]);
            }
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                a[i][j] = b[i][j];
    }
    i32 sum = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            sum += a[i][j] * (i + j);
    return sum;
}
