/* SPDX-License-Identifier: MIT
 * Lists of buffers in guest memory, for files and sockets.
 */
#ifndef TN_HOSTCALLS_IO_H
#define TN_HOSTCALLS_IO_H

#include <sys/uio.h>

#include "hostcalls/wasi.h"

/* A call moves at most this much: whoever wants more calls again, and can be stopped between. */
#define TN_WASI_IO_MAX  ((uint64_t)64 << 20)
#define TN_WASI_IOV_MAX 64

typedef struct tn_wasi_buffers {
    struct iovec items[TN_WASI_IOV_MAX];
    int count;
    uint64_t total; /* bytes */
} tn_wasi_buffers;

/* Checks a guest's list of (address, size) pairs, every one of them, and takes as many as one call moves. */
tn_wasi_errno tn_wasi_gather(tn_wasi_call *call, uint32_t address, uint32_t count, tn_wasi_buffers *out);
/* Charges the tenant for all bytes of the buffers, or for as many as it has left, to which they are shortened; then
 * gives back what was not moved. n < 0: nothing was. */
tn_wasi_errno tn_wasi_reserve(tn_wasi_call *call, tn_wasi_buffers *buffers, tenon_meter meter);
void tn_wasi_settle(tn_wasi_call *call, const tn_wasi_buffers *buffers, tenon_meter meter, int64_t n);
void tn_wasi_shorten(tn_wasi_buffers *buffers, uint64_t bytes);

#endif
