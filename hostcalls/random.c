/* SPDX-License-Identifier: MIT
 * Random bytes: the kernel's, or, for runs that are to repeat, those of a seed.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "hostcalls/wasi.h"

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static void from_seed(tenon_wasi *wasi, uint8_t *out, size_t size)
{
    for (size_t n; size > 0; out += n, size -= n) {
        const uint64_t word = next(&wasi->seed);
        n = size < sizeof word ? size : sizeof word;
        memcpy(out, &word, n);
    }
}

tn_wasi_errno tn_wasi_random_get(tn_wasi_call *call, uint32_t address, uint32_t size)
{
    const uint32_t chunk = 1 << 20; /* so that a guest that wants gigabytes can be stopped */
    uint8_t *out;
    void *to;

    if (!tenon_memory_range(call->memory, address, size, 1, &to))
        return TN_WASI_EFAULT;
    out = to;
    for (uint32_t done = 0; done < size;) {
        uint32_t want = size - done < chunk ? size - done : chunk;
        ssize_t n = want;
        if (call->wasi->policy.seed != NULL)
            from_seed(call->wasi, out + done, want);
        else
            n = getrandom(out + done, want, 0);
        if (n > 0)
            done += (uint32_t)n;
        else if (n < 0 && !tn_wasi_again(call))
            return tn_wasi_last_error();
        if (tenon_caller_interrupted(call->caller))
            return TN_WASI_EINTR;
    }
    return TN_WASI_ESUCCESS;
}
