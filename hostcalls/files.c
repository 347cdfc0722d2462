/* SPDX-License-Identifier: MIT
 * What can be done with an open file besides reading and writing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostcalls/clocks.h"
#include "hostcalls/files.h"

/* ---- positions ---- */

tn_wasi_errno tn_wasi_fd_seek(tn_wasi_call *call, uint32_t fd, uint64_t offset, uint32_t whence, uint32_t address)
{
    static const int whences[] = { SEEK_SET, SEEK_CUR, SEEK_END };
    const tn_wasi_descriptor *d = call->descriptor;

    (void)fd;
    if (whence > 2)
        return TN_WASI_EINVAL;
    /* Asking for the position needs less than moving it. */
    if (!(whence == 1 && offset == 0) && !(d->base & TN_WASI_RIGHT_FD_SEEK))
        return tn_wasi_deny(call, TN_WASI_ENOTCAPABLE, "the descriptor lacks the right to seek");
    off_t at = lseek(d->host, (off_t)offset, whences[whence]);
    if (at < 0)
        return tn_wasi_last_error();
    return tn_wasi_store_u64(call, address, (uint64_t)at) ? TN_WASI_ESUCCESS : TN_WASI_EFAULT;
}

tn_wasi_errno tn_wasi_fd_tell(tn_wasi_call *call, uint32_t fd, uint32_t address)
{
    return tn_wasi_fd_seek(call, fd, 0, 1, address);
}

/* ---- flags ---- */

tn_wasi_errno tn_wasi_fd_fdstat_set_flags(tn_wasi_call *call, uint32_t fd, uint32_t flags)
{
    const uint32_t fixed = TN_WASI_FDFLAG_DSYNC | TN_WASI_FDFLAG_RSYNC | TN_WASI_FDFLAG_SYNC;
    tn_wasi_descriptor *d = call->descriptor;

    (void)fd;
    if (flags & ~(uint32_t)(TN_WASI_FDFLAG_APPEND | TN_WASI_FDFLAG_NONBLOCK | fixed))
        return TN_WASI_EINVAL;
    /* The kernel cannot change these on an open file. */
    if ((flags ^ d->flags) & fixed)
        return TN_WASI_ENOTSUP;
    if (d->owned) {
        int host = (flags & TN_WASI_FDFLAG_APPEND ? O_APPEND : 0) | (flags & TN_WASI_FDFLAG_NONBLOCK ? O_NONBLOCK : 0);
        if (fcntl(d->host, F_SETFL, host) != 0)
            return tn_wasi_last_error();
    } else if ((flags ^ d->flags) & TN_WASI_FDFLAG_APPEND) {
        return TN_WASI_ENOTSUP;
    }
    d->flags = (uint16_t)flags;
    return TN_WASI_ESUCCESS;
}

/* ---- attributes ---- */

tn_wasi_errno tn_wasi_put_filestat(tn_wasi_call *call, uint32_t address, const struct stat *st, uint8_t filetype)
{
    const tn_wasi_filestat out = { .dev = st->st_dev,
                                   .ino = st->st_ino,
                                   .filetype = filetype,
                                   .nlink = st->st_nlink,
                                   .size = (uint64_t)st->st_size,
                                   .atim = tn_wasi_nanoseconds(st->st_atim),
                                   .mtim = tn_wasi_nanoseconds(st->st_mtim),
                                   .ctim = tn_wasi_nanoseconds(st->st_ctim) };

    return tenon_memory_write(call->memory, address, &out, sizeof out) ? TN_WASI_ESUCCESS : TN_WASI_EFAULT;
}

tn_wasi_errno tn_wasi_fd_filestat_get(tn_wasi_call *call, uint32_t fd, uint32_t address)
{
    struct stat st;

    (void)fd;
    if (fstat(call->descriptor->host, &st) != 0)
        return tn_wasi_last_error();
    return tn_wasi_put_filestat(call, address, &st, call->descriptor->filetype);
}

static tn_wasi_errno one_time(uint64_t given, bool set, bool now, struct timespec *out)
{
    if (set && now)
        return TN_WASI_EINVAL;
    *out = (struct timespec){ .tv_nsec = now ? UTIME_NOW : UTIME_OMIT };
    if (set)
        *out = (struct timespec){ (time_t)(given / 1000000000u), (long)(given % 1000000000u) };
    return TN_WASI_ESUCCESS;
}

tn_wasi_errno tn_wasi_times(uint64_t atim, uint64_t mtim, uint32_t flags, struct timespec out[2])
{
    if (flags > 15)
        return TN_WASI_EINVAL;
    tn_wasi_errno error = one_time(atim, flags & TN_WASI_FSTFLAG_ATIM, flags & TN_WASI_FSTFLAG_ATIM_NOW, &out[0]);
    return error != TN_WASI_ESUCCESS
               ? error
               : one_time(mtim, flags & TN_WASI_FSTFLAG_MTIM, flags & TN_WASI_FSTFLAG_MTIM_NOW, &out[1]);
}

tn_wasi_errno tn_wasi_fd_filestat_set_times(tn_wasi_call *call, uint32_t fd, uint64_t atim, uint64_t mtim,
                                            uint32_t flags)
{
    struct timespec times[2];
    tn_wasi_errno error = tn_wasi_times(atim, mtim, flags, times);

    (void)fd;
    if (error != TN_WASI_ESUCCESS)
        return error;
    return futimens(call->descriptor->host, times) == 0 ? TN_WASI_ESUCCESS : tn_wasi_last_error();
}

/* ---- size ---- */

/* Makes room for a file of the wanted size in the quota; what was really gained or lost is charged by settle. */
static tn_wasi_errno reserve_size(tn_wasi_call *call, uint64_t wanted, uint64_t *old_size)
{
    struct stat st;

    if (fstat(call->descriptor->host, &st) != 0)
        return tn_wasi_last_error();
    *old_size = (uint64_t)st.st_size;
    uint64_t growth = wanted > *old_size ? wanted - *old_size : 0;
    if (tn_wasi_quota_left(call->descriptor->quota, growth) < growth)
        return tn_wasi_deny(call, TN_WASI_EDQUOT, "the directory's quota is used up");
    return TN_WASI_ESUCCESS;
}

static tn_wasi_errno settle(tn_wasi_call *call, int result, uint64_t old_size)
{
    tn_wasi_errno error = result == 0 ? TN_WASI_ESUCCESS : tn_wasi_last_error();
    struct stat st;

    if (call->descriptor->quota != NULL && fstat(call->descriptor->host, &st) == 0)
        tn_wasi_quota_change(call->descriptor->quota, old_size, (uint64_t)st.st_size);
    return error;
}

tn_wasi_errno tn_wasi_fd_filestat_set_size(tn_wasi_call *call, uint32_t fd, uint64_t size)
{
    uint64_t old_size;
    int result;

    (void)fd;
    if (size > INT64_MAX)
        return TN_WASI_EINVAL;
    tn_wasi_errno error = reserve_size(call, size, &old_size);
    if (error != TN_WASI_ESUCCESS)
        return error;
    do
        result = ftruncate(call->descriptor->host, (off_t)size);
    while (result != 0 && tn_wasi_again(call));
    return settle(call, result, old_size);
}

tn_wasi_errno tn_wasi_fd_allocate(tn_wasi_call *call, uint32_t fd, uint64_t offset, uint64_t size)
{
    uint64_t old_size;
    int result;

    (void)fd;
    if (offset > INT64_MAX || size == 0 || size > INT64_MAX - offset)
        return TN_WASI_EINVAL;
    tn_wasi_errno error = reserve_size(call, offset + size, &old_size);
    if (error != TN_WASI_ESUCCESS)
        return error;
    do
        result = fallocate(call->descriptor->host, 0, (off_t)offset, (off_t)size);
    while (result != 0 && tn_wasi_again(call));
    return settle(call, result, old_size);
}

/* ---- the rest ---- */

tn_wasi_errno tn_wasi_fd_advise(tn_wasi_call *call, uint32_t fd, uint64_t offset, uint64_t size, uint32_t advice)
{
    static const int advices[] = { POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                   POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE };

    (void)fd;
    if (advice > 5 || offset > INT64_MAX || size > INT64_MAX)
        return TN_WASI_EINVAL;
    int error = posix_fadvise(call->descriptor->host, (off_t)offset, (off_t)size, advices[advice]);
    return error == 0 ? TN_WASI_ESUCCESS : tn_wasi_error(error);
}

tn_wasi_errno tn_wasi_fd_sync(tn_wasi_call *call, uint32_t fd)
{
    (void)fd;
    return fsync(call->descriptor->host) == 0 ? TN_WASI_ESUCCESS : tn_wasi_last_error();
}

tn_wasi_errno tn_wasi_fd_datasync(tn_wasi_call *call, uint32_t fd)
{
    (void)fd;
    return fdatasync(call->descriptor->host) == 0 ? TN_WASI_ESUCCESS : tn_wasi_last_error();
}
