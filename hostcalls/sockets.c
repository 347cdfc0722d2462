/* SPDX-License-Identifier: MIT
 * Sockets: connections of listeners that the host has opened.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hostcalls/io.h"

enum { RECV_PEEK = 1, RECV_WAITALL = 2, RECV_TRUNCATED = 1, SHUT_READ = 1, SHUT_WRITE = 2 };

tn_wasi_errno tn_wasi_sock_accept(tn_wasi_call *call, uint32_t fd, uint32_t flags, uint32_t address)
{
    const tn_wasi_descriptor *d = call->descriptor;
    uint32_t number;
    void *to;
    int host;

    (void)fd;
    if (flags & ~(uint32_t)TN_WASI_FDFLAG_NONBLOCK)
        return TN_WASI_EINVAL;
    if (!tenon_memory_range(call->memory, address, 1, sizeof number, &to))
        return TN_WASI_EFAULT;
    do
        host = accept4(d->host, NULL, NULL, SOCK_CLOEXEC | (flags & TN_WASI_FDFLAG_NONBLOCK ? SOCK_NONBLOCK : 0));
    while (host < 0 && tn_wasi_again(call));
    if (host < 0)
        return tn_wasi_last_error();
    const tn_wasi_descriptor connection = { .host = host,
                                            .owned = true,
                                            .filetype = TN_WASI_FILETYPE_SOCKET_STREAM,
                                            .flags = (uint16_t)flags,
                                            .base = d->inheriting & ~(uint64_t)TN_WASI_RIGHT_SOCK_ACCEPT };
    tn_wasi_errno error = tn_wasi_insert(call->wasi, &connection, 0, &number);
    if (error == TN_WASI_ESUCCESS && !tn_wasi_store_u32(call, address, number))
        error = TN_WASI_EFAULT;
    return error;
}

tn_wasi_errno tn_wasi_sock_recv(tn_wasi_call *call, uint32_t fd, uint32_t list, uint32_t count, uint32_t flags,
                                uint32_t size_at, uint32_t flags_at)
{
    tn_wasi_buffers buffers;
    ssize_t n;

    (void)fd;
    if (flags & ~(uint32_t)(RECV_PEEK | RECV_WAITALL))
        return TN_WASI_EINVAL;
    tn_wasi_errno error = tn_wasi_gather(call, list, count, &buffers);
    if (error == TN_WASI_ESUCCESS)
        error = tn_wasi_reserve(call, &buffers, TENON_METER_BYTES_IN);
    if (error != TN_WASI_ESUCCESS)
        return error;
    struct msghdr message = { .msg_iov = buffers.items, .msg_iovlen = (size_t)buffers.count };
    do
        n = recvmsg(call->descriptor->host, &message,
                    (flags & RECV_PEEK ? MSG_PEEK : 0) | (flags & RECV_WAITALL ? MSG_WAITALL : 0));
    while (n < 0 && tn_wasi_again(call));
    error = n < 0 ? tn_wasi_last_error() : TN_WASI_ESUCCESS;
    tn_wasi_settle(call, &buffers, TENON_METER_BYTES_IN, n);
    if (n < 0)
        return error;
    const uint16_t out = message.msg_flags & MSG_TRUNC ? RECV_TRUNCATED : 0;
    return tn_wasi_store_u32(call, size_at, (uint32_t)n) && tenon_memory_write(call->memory, flags_at, &out, sizeof out)
               ? TN_WASI_ESUCCESS
               : TN_WASI_EFAULT;
}

tn_wasi_errno tn_wasi_sock_send(tn_wasi_call *call, uint32_t fd, uint32_t list, uint32_t count, uint32_t flags,
                                uint32_t size_at)
{
    tn_wasi_buffers buffers;
    ssize_t n;

    (void)fd;
    if (flags != 0)
        return TN_WASI_EINVAL;
    tn_wasi_errno error = tn_wasi_gather(call, list, count, &buffers);
    if (error == TN_WASI_ESUCCESS)
        error = tn_wasi_reserve(call, &buffers, TENON_METER_BYTES_OUT);
    if (error != TN_WASI_ESUCCESS)
        return error;
    struct msghdr message = { .msg_iov = buffers.items, .msg_iovlen = (size_t)buffers.count };
    do
        n = sendmsg(call->descriptor->host, &message, MSG_NOSIGNAL);
    while (n < 0 && tn_wasi_again(call));
    error = n < 0 ? tn_wasi_last_error() : TN_WASI_ESUCCESS;
    tn_wasi_settle(call, &buffers, TENON_METER_BYTES_OUT, n);
    if (n < 0)
        return error;
    return tn_wasi_store_u32(call, size_at, (uint32_t)n) ? TN_WASI_ESUCCESS : TN_WASI_EFAULT;
}

tn_wasi_errno tn_wasi_sock_shutdown(tn_wasi_call *call, uint32_t fd, uint32_t how)
{
    static const int hows[] = { 0, SHUT_RD, SHUT_WR, SHUT_RDWR };

    (void)fd;
    if (how == 0 || how > (SHUT_READ | SHUT_WRITE))
        return TN_WASI_EINVAL;
    return shutdown(call->descriptor->host, hows[how]) == 0 ? TN_WASI_ESUCCESS : tn_wasi_last_error();
}
