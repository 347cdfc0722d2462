/* SPDX-License-Identifier: MIT
 * Time as guests count it: nanoseconds.
 */
#ifndef TN_HOSTCALLS_CLOCKS_H
#define TN_HOSTCALLS_CLOCKS_H

#include <time.h>

#include "hostcalls/wasi.h"

uint64_t tn_wasi_nanoseconds(struct timespec t);
/* Nanoseconds of a preview 1 clock, rounded down to the guest's resolution. */
tn_wasi_errno tn_wasi_clock_now(const tenon_wasi *wasi, uint32_t clock, uint64_t *out);

#endif
