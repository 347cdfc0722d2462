/* SPDX-License-Identifier: MIT
 * Heapsort. */
#include "kernel.h"
#define N 2000
static u32 a[N];
static void sift(u32 root, u32 count)
{
    u32 value = a[root];
    for (u32 child; (child = root * 2 + 1) < count; root = child) {
        if (child + 1 < count && a[child + 1] > a[child])
            child++;
        if (a[child] <= value)
            break;
        a[root] = a[child];
    }
    a[root] = value;
}
RUN
{
    i32 sum = 0;
    for (int r = 0; r < n; r++) {
        for (int i = 0; i < N; i++)
            a[i] = next_random();
        for (u32 i = N / 2; i-- > 0;)
            sift(i, N);
        for (u32 i = N - 1; i > 0; i--) {
            u32 t = a[0];
            a[0] = a[i];
            a[i] = t;
            sift(0, i);
        }
        sum += (i32)a[N / 5];
    }
    return sum;
}
