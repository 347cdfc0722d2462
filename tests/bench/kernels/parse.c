/* SPDX-License-Identifier: MIT
 * A recursive-descent parser and evaluator of arithmetic expressions. */
#include "kernel.h"
static char text[512];
static const char *p;
static i32 sum(void);
static i32 factor(void)
{
    while (*p == ' ')
        p++;
    if (*p == '(') {
        p++;
        i32 v = sum();
        p++;
        return v;
    }
    if (*p == '-') {
        p++;
        return -factor();
    }
    i32 v = 0;
    while (*p >= '0' && *p <= '9')
        v = v * 10 + (*p++ - '0');
    return v;
}
static i32 product(void)
{
    i32 v = factor();
    for (;;) {
        while (*p == ' ')
            p++;
        if (*p == '*')
            p++, v *= factor();
        else if (*p == '/') {
            p++;
            i32 d = factor();
            v = d ? v / d : 0;
        } else
            return v;
    }
}
static i32 sum(void)
{
    i32 v = product();
    for (;;) {
        while (*p == ' ')
            p++;
        if (*p == '+')
            p++, v += product();
        else if (*p == '-')
            p++, v -= product();
        else
            return v;
    }
}
RUN
{
    static const char pattern[] = "(12 + 7 * (345 - 6)) / 3 - 2 * (9 + -4) + ";
    int at = 0;
    for (int i = 0; i < 10; i++)
        for (int k = 0; pattern[k]; k++)
            text[at++] = pattern[k];
    text[at++] = '1';
    text[at] = 0;
    i32 total = 0;
    for (int r = 0; r < n; r++) {
        text[0] = '(';
        text[1] = (char)('1' + r % 9);
        p = text;
        total += sum();
    }
    return total;
}
