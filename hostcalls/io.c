/* SPDX-License-Identifier: MIT
 * Reading and writing: fd_read, fd_pread, fd_write, fd_pwrite, and what they share with sockets.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "hostcalls/io.h"

tn_wasi_errno tn_wasi_gather(tn_wasi_call *call, uint32_t address, uint32_t count, tn_wasi_buffers *out)
{
    void *list;

    out->count = 0;
    out->total = 0;
    if (!tenon_memory_range(call->memory, address, count, sizeof(tn_wasi_iovec), &list))
        return TN_WASI_EFAULT;
    for (uint32_t i = 0; i < count; i++) {
        tn_wasi_iovec item;
        void *bytes;
        /* The list was checked as a whole; each item is read once. */
        if (!tenon_memory_read(call->memory, address + (uint64_t)i * sizeof item, &item, sizeof item) ||
            !tenon_memory_range(call->memory, item.address, item.size, 1, &bytes))
            return TN_WASI_EFAULT;
        if (out->total + item.size > TN_WASI_IO_MAX)
            item.size = (uint32_t)(TN_WASI_IO_MAX - out->total);
        if (item.size == 0 || out->count == TN_WASI_IOV_MAX)
            continue;
        out->items[out->count++] = (struct iovec){ bytes, item.size };
        out->total += item.size;
    }
    return TN_WASI_ESUCCESS;
}

void tn_wasi_shorten(tn_wasi_buffers *buffers, uint64_t bytes)
{
    uint64_t left = bytes;

    if (bytes >= buffers->total)
        return;
    buffers->total = bytes;
    for (int i = 0; i < buffers->count; i++) {
        if (buffers->items[i].iov_len > left)
            buffers->items[i].iov_len = left;
        left -= buffers->items[i].iov_len;
    }
}

tn_wasi_errno tn_wasi_reserve(tn_wasi_call *call, tn_wasi_buffers *buffers, tenon_meter meter)
{
    tenon_tenant *tenant = call->wasi->tenant;
    uint64_t left = tenon_tenant_left(tenant, meter);
    bool is_over = left == 0 && buffers->total > 0;

    if (buffers->total > left)
        tn_wasi_shorten(buffers, left);
    if (!is_over && tenon_tenant_spend(tenant, meter, buffers->total))
        return TN_WASI_ESUCCESS;
    return tn_wasi_deny(call, TN_WASI_EDQUOT, "the tenant's budget of bytes is used up");
}

void tn_wasi_settle(tn_wasi_call *call, const tn_wasi_buffers *buffers, tenon_meter meter, int64_t n)
{
    uint64_t moved = n > 0 ? (uint64_t)n : 0;

    tenon_tenant_give_back(call->wasi->tenant, meter, buffers->total - moved);
    if (meter == TENON_METER_BYTES_IN)
        call->wasi->stats.bytes_read += moved;
    else
        call->wasi->stats.bytes_written += moved;
}

/* Descriptors of the host's are shared with other processes, so a guest's wish not to block is kept here. */
static bool would_block(const tn_wasi_descriptor *d, short events)
{
    struct pollfd p = { .fd = d->host, .events = events };

    return (d->flags & TN_WASI_FDFLAG_NONBLOCK) && !d->owned && poll(&p, 1, 0) == 0;
}

/* ---- reading ---- */

static tn_wasi_errno read_into(tn_wasi_call *call, tn_wasi_buffers *buffers, int64_t offset, uint32_t address)
{
    const tn_wasi_descriptor *d = call->descriptor;
    ssize_t n;

    if (would_block(d, POLLIN))
        return TN_WASI_EAGAIN;
    tn_wasi_errno error = tn_wasi_reserve(call, buffers, TENON_METER_BYTES_IN);
    if (error != TN_WASI_ESUCCESS)
        return error;
    do
        n = offset < 0 ? readv(d->host, buffers->items, buffers->count)
                       : preadv(d->host, buffers->items, buffers->count, offset);
    while (n < 0 && tn_wasi_again(call));
    error = n < 0 ? tn_wasi_last_error() : TN_WASI_ESUCCESS;
    tn_wasi_settle(call, buffers, TENON_METER_BYTES_IN, n);
    if (n < 0)
        return error;
    return tn_wasi_store_u32(call, address, (uint32_t)n) ? TN_WASI_ESUCCESS : TN_WASI_EFAULT;
}

/* ---- writing ---- */

/* A write to a pipe that nobody reads is an error for the guest, never a signal for the host. */
static ssize_t write_quietly(const tn_wasi_descriptor *d, const tn_wasi_buffers *buffers)
{
    const struct timespec now = { 0, 0 };
    sigset_t pipe, before, pending;

    if (d->filetype == TN_WASI_FILETYPE_REGULAR_FILE || d->filetype == TN_WASI_FILETYPE_CHARACTER_DEVICE)
        return writev(d->host, buffers->items, buffers->count);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    ssize_t n = writev(d->host, buffers->items, buffers->count);
    int error = errno;
    if (n < 0 && error == EPIPE && !sigismember(&pending, SIGPIPE))
        while (sigtimedwait(&pipe, NULL, &now) < 0 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return n;
}

static ssize_t write_to_terminal(tn_wasi_descriptor *d, const tn_wasi_buffers *buffers)
{
    ssize_t total = 0;

    for (int i = 0; i < buffers->count; i++) {
        int64_t n = tn_wasi_terminal_write(d, buffers->items[i].iov_base, buffers->items[i].iov_len);
        if (n < 0)
            return total > 0 ? total : -1;
        total += n;
        if ((size_t)n < buffers->items[i].iov_len)
            break;
    }
    return total;
}

/* The size that the file has now, and where a write at offset (-1: the descriptor's) would begin. */
static tn_wasi_errno find_end(const tn_wasi_descriptor *d, int64_t *offset, uint64_t *size)
{
    struct stat st;

    if (fstat(d->host, &st) != 0)
        return tn_wasi_last_error();
    *size = (uint64_t)st.st_size;
    if (d->flags & TN_WASI_FDFLAG_APPEND)
        *offset = st.st_size;
    else if (*offset < 0)
        *offset = lseek(d->host, 0, SEEK_CUR);
    return *offset < 0 ? tn_wasi_last_error() : TN_WASI_ESUCCESS;
}

/* Shortens a write to what the quota leaves: overwriting is free, growing is not, and neither is a hole. */
static tn_wasi_errno limit_growth(tn_wasi_call *call, tn_wasi_buffers *buffers, int64_t offset, uint64_t *size)
{
    const tn_wasi_descriptor *d = call->descriptor;
    tn_wasi_errno error = find_end(d, &offset, size);

    if (error != TN_WASI_ESUCCESS)
        return error;
    uint64_t end = (uint64_t)offset + buffers->total, growth = end > *size ? end - *size : 0;
    uint64_t allowed = tn_wasi_quota_left(d->quota, growth);
    if (allowed == growth)
        return TN_WASI_ESUCCESS;
    if (growth - allowed >= buffers->total)
        return tn_wasi_deny(call, TN_WASI_EDQUOT, "the directory's quota is used up");
    tn_wasi_shorten(buffers, buffers->total - (growth - allowed));
    return TN_WASI_ESUCCESS;
}

static void charge_growth(const tn_wasi_descriptor *d, uint64_t old_size)
{
    struct stat st;

    if (fstat(d->host, &st) == 0)
        tn_wasi_quota_change(d->quota, old_size, (uint64_t)st.st_size);
}

static tn_wasi_errno write_from(tn_wasi_call *call, tn_wasi_buffers *buffers, int64_t offset, uint32_t address)
{
    tn_wasi_descriptor *d = call->descriptor;
    uint64_t old_size = 0;
    ssize_t n;

    if (would_block(d, POLLOUT))
        return TN_WASI_EAGAIN;
    if (d->quota != NULL && buffers->total > 0) {
        tn_wasi_errno error = limit_growth(call, buffers, offset, &old_size);
        if (error != TN_WASI_ESUCCESS)
            return error;
    }
    tn_wasi_errno error = tn_wasi_reserve(call, buffers, TENON_METER_BYTES_OUT);
    if (error != TN_WASI_ESUCCESS)
        return error;
    do
        n = offset >= 0 ? pwritev(d->host, buffers->items, buffers->count, offset)
            : d->is_tty ? write_to_terminal(d, buffers)
                        : write_quietly(d, buffers);
    while (n < 0 && tn_wasi_again(call));
    error = n < 0 ? tn_wasi_last_error() : TN_WASI_ESUCCESS;
    tn_wasi_settle(call, buffers, TENON_METER_BYTES_OUT, n);
    if (n < 0)
        return error;
    if (d->quota != NULL && n > 0)
        charge_growth(d, old_size);
    return tn_wasi_store_u32(call, address, (uint32_t)n) ? TN_WASI_ESUCCESS : TN_WASI_EFAULT;
}

/* ---- functions ---- */

/* Moves bytes between a list of buffers and the descriptor; offset -1: at the descriptor's own position. */
typedef tn_wasi_errno mover(tn_wasi_call *call, tn_wasi_buffers *buffers, int64_t offset, uint32_t address);

static tn_wasi_errno move(tn_wasi_call *call, mover *bytes, uint32_t list, uint32_t count, int64_t offset,
                          uint32_t address)
{
    tn_wasi_buffers buffers;
    tn_wasi_errno error = tn_wasi_gather(call, list, count, &buffers);

    return error != TN_WASI_ESUCCESS ? error : bytes(call, &buffers, offset, address);
}

static tn_wasi_errno move_at(tn_wasi_call *call, mover *bytes, uint32_t list, uint32_t count, uint64_t offset,
                             uint32_t address)
{
    void *unused;

    /* A list that is none is said first, as everywhere. */
    if (!tenon_memory_range(call->memory, list, count, sizeof(tn_wasi_iovec), &unused))
        return TN_WASI_EFAULT;
    if (!(call->descriptor->base & TN_WASI_RIGHT_FD_SEEK))
        return TN_WASI_ESPIPE;
    return offset > INT64_MAX ? TN_WASI_EINVAL : move(call, bytes, list, count, (int64_t)offset, address);
}

tn_wasi_errno tn_wasi_fd_read(tn_wasi_call *call, uint32_t fd, uint32_t list, uint32_t count, uint32_t address)
{
    (void)fd;
    return move(call, read_into, list, count, -1, address);
}

tn_wasi_errno tn_wasi_fd_pread(tn_wasi_call *call, uint32_t fd, uint32_t list, uint32_t count, uint64_t offset,
                               uint32_t address)
{
    (void)fd;
    return move_at(call, read_into, list, count, offset, address);
}

tn_wasi_errno tn_wasi_fd_write(tn_wasi_call *call, uint32_t fd, uint32_t list, uint32_t count, uint32_t address)
{
    (void)fd;
    return move(call, write_from, list, count, -1, address);
}

tn_wasi_errno tn_wasi_fd_pwrite(tn_wasi_call *call, uint32_t fd, uint32_t list, uint32_t count, uint64_t offset,
                                uint32_t address)
{
    (void)fd;
    return move_at(call, write_from, list, count, offset, address);
}
