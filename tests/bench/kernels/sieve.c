/* SPDX-License-Identifier: MIT
 * Sieve of Eratosthenes on bytes. */
#include "kernel.h"
#define N 8192
static u8 composite[N];
RUN
{
    i32 count = 0;
    for (int r = 0; r < n; r++) {
        for (int i = 0; i < N; i++)
            composite[i] = 0;
        for (int i = 2; i < N; i++) {
            if (composite[i])
                continue;
            count++;
            for (int j = i + i; j < N; j += i)
                composite[j] = 1;
        }
    }
    return count;
}
