/* SPDX-License-Identifier: MIT
 * The guest's time, for clock_time_get and poll_oneoff.
 */
#ifndef TN_HOSTCALLS_CLOCKS_H
#define TN_HOSTCALLS_CLOCKS_H

#include "hostcalls/wasi.h"

/* Nanoseconds of a preview 1 clock, rounded down to the guest's resolution. */
tn_wasi_errno tn_wasi_clock_now(const tenon_wasi *wasi, uint32_t clock, uint64_t *out);

#endif
