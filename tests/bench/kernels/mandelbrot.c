/* SPDX-License-Identifier: MIT
 * Escape times of the Mandelbrot set. */
#include "kernel.h"
RUN
{
    i32 total = 0;
    for (int py = 0; py < n; py++)
        for (int px = 0; px < 64; px++) {
            double cx = px / 32.0 - 1.5, cy = (py & 63) / 32.0 - 1.0, x = 0, y = 0;
            int i = 0;
            while (i < 100 && x * x + y * y < 4) {
                double t = x * x - y * y + cx;
                y = 2 * x * y + cy;
                x = t;
                i++;
            }
            total += i;
        }
    return total;
}
