/* SPDX-License-Identifier: MIT
 * Only in the special build with TENON_COUNTERS: how many instructions of slot code were dispatched, printed at the end
 * of the process. tests/bench/dispatches.py uses it.
 */
#include <stdio.h>

#include "base/compiler.h"

unsigned long long tn_dispatches;

__attribute__((destructor)) static void report(void)
{
    fprintf(stderr, "dispatches: %llu\n", tn_dispatches);
}
