/* SPDX-License-Identifier: MIT
 * Gravitation of five bodies. */
#include "kernel.h"
#define N 5
static double x[N], y[N], z[N], vx[N], vy[N], vz[N], m[N];
RUN
{
    for (int i = 0; i < N; i++)
        x[i] = i * 1.7, y[i] = 4 - i * 0.9, z[i] = i * 0.3, vx[i] = 0.1 * i, vy[i] = 0.05, vz[i] = -0.02 * i, m[i] = 1.0 / (i + 1);
    for (int t = 0; t < n; t++) {
        for (int i = 0; i < N; i++)
            for (int j = i + 1; j < N; j++) {
                double dx = x[i] - x[j], dy = y[i] - y[j], dz = z[i] - z[j];
                double d2 = dx * dx + dy * dy + dz * dz + 0.01;
                double mag = 0.001 / (d2 * __builtin_sqrt(d2));
                vx[i] -= dx * m[j] * mag, vy[i] -= dy * m[j] * mag, vz[i] -= dz * m[j] * mag;
                vx[j] += dx * m[i] * mag, vy[j] += dy * m[i] * mag, vz[j] += dz * m[i] * mag;
            }
        for (int i = 0; i < N; i++)
            x[i] += 0.001 * vx[i], y[i] += 0.001 * vy[i], z[i] += 0.001 * vz[i];
    }
    return fold(x[0] + y[1] + z[2]);
}
