/* SPDX-License-Identifier: MIT
 * Error numbers of the host to those of WASI, by one map.
 */
#include <errno.h>

#include "hostcalls/wasi.h"

tn_wasi_errno tn_wasi_error(int host_errno)
{
    switch (host_errno) {
#define X(id, number, host) \
    case host:              \
        return number;
        TN_WASI_ERRNO_MAP(X)
#undef X
    default:
        return TN_WASI_EIO;
    }
}

tn_wasi_errno tn_wasi_last_error(void)
{
    return tn_wasi_error(errno);
}
