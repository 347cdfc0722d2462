/* SPDX-License-Identifier: MIT
 * Longest common subsequence (dynamic programming on bytes). */
#include "kernel.h"
#define N 200
static u8 a[N], b[N];
static u16 row[2][N + 1];
RUN
{
    i32 sum = 0;
    for (int r = 0; r < n; r++) {
        for (int i = 0; i < N; i++)
            a[i] = next_random() & 3, b[i] = next_random() & 3;
        for (int j = 0; j <= N; j++)
            row[0][j] = 0;
        for (int i = 0; i < N; i++) {
            u16 *old = row[i & 1], *cur = row[~i & 1];
            cur[0] = 0;
            for (int j = 0; j < N; j++)
                cur[j + 1] = a[i] == b[j] ? old[j] + 1 : old[j + 1] > cur[j] ? old[j + 1] : cur[j];
        }
        sum += row[N & 1][N];
    }
    return sum;
}
