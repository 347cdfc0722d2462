/* SPDX-License-Identifier: MIT
 * Clocks, no finer than the host allows: a fine clock is what a guest needs to spy through the caches.
 */
#include "hostcalls/clocks.h"

static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
                                    CLOCK_THREAD_CPUTIME_ID };

uint64_t tn_wasi_nanoseconds(struct timespec t)
{
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

tn_wasi_errno tn_wasi_clock_now(const tenon_wasi *wasi, uint32_t clock, uint64_t *out)
{
    struct timespec t;

    if (clock >= sizeof clocks / sizeof *clocks)
        return TN_WASI_EINVAL;
    if (clock_gettime(clocks[clock], &t) != 0)
        return tn_wasi_last_error();
    *out = tn_wasi_nanoseconds(t);
    if (wasi->policy.clock_resolution > 1)
        *out -= *out % wasi->policy.clock_resolution;
    return TN_WASI_ESUCCESS;
}

tn_wasi_errno tn_wasi_clock_time_get(tn_wasi_call *call, uint32_t clock, uint64_t precision, uint32_t address)
{
    uint64_t now;
    tn_wasi_errno error = tn_wasi_clock_now(call->wasi, clock, &now);

    (void)precision;
    if (error != TN_WASI_ESUCCESS)
        return error;
    return tn_wasi_store_u64(call, address, now) ? TN_WASI_ESUCCESS : TN_WASI_EFAULT;
}

tn_wasi_errno tn_wasi_clock_res_get(tn_wasi_call *call, uint32_t clock, uint32_t address)
{
    struct timespec t;

    if (clock >= sizeof clocks / sizeof *clocks)
        return TN_WASI_EINVAL;
    if (clock_getres(clocks[clock], &t) != 0)
        return tn_wasi_last_error();
    uint64_t resolution = tn_wasi_nanoseconds(t);
    if (resolution < call->wasi->policy.clock_resolution)
        resolution = call->wasi->policy.clock_resolution;
    return tn_wasi_store_u64(call, address, resolution) ? TN_WASI_ESUCCESS : TN_WASI_EFAULT;
}
