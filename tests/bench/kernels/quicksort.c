/* SPDX-License-Identifier: MIT
 * Quicksort with insertion sort for short ranges. */
#include "kernel.h"
#define N 2000
static i32 a[N];
static void sort(i32 *p, i32 count)
{
    while (count > 12) {
        i32 pivot = p[count / 2], i = 0, j = count - 1;
        for (;;) {
            while (p[i] < pivot)
                i++;
            while (p[j] > pivot)
                j--;
            if (i >= j)
                break;
            i32 t = p[i];
            p[i++] = p[j];
            p[j--] = t;
        }
        sort(p, j + 1);
        p += j + 1;
        count -= j + 1;
    }
    for (i32 i = 1; i < count; i++) {
        i32 x = p[i], j = i;
        for (; j > 0 && p[j - 1] > x; j--)
            p[j] = p[j - 1];
        p[j] = x;
    }
}
RUN
{
    i32 sum = 0;
    for (int r = 0; r < n; r++) {
        for (int i = 0; i < N; i++)
            a[i] = (i32)next_random();
        sort(a, N);
        sum += a[N / 3];
    }
    return sum;
}
