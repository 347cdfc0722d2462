/* SPDX-License-Identifier: MIT
 * Attributes of files, for calls on descriptors and on paths.
 */
#ifndef TN_HOSTCALLS_FILES_H
#define TN_HOSTCALLS_FILES_H

#include "hostcalls/wasi.h"

tn_wasi_errno tn_wasi_put_filestat(tn_wasi_call *call, uint32_t address, const struct stat *st, uint8_t filetype);
/* The two times of utimensat from a guest's times and fstflags. */
tn_wasi_errno tn_wasi_times(uint64_t atim, uint64_t mtim, uint32_t flags, struct timespec out[2]);

#endif
