/* SPDX-License-Identifier: MIT
 * The guest's descriptors: numbers to host descriptors with rights.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hostcalls/wasi.h"

#define DEFAULT_MAX_DESCRIPTORS 1024

tn_wasi_descriptor *tn_wasi_find(tenon_wasi *wasi, uint32_t number)
{
    if (number >= wasi->descriptor_count || wasi->descriptors[number].host < 0)
        return NULL;
    return &wasi->descriptors[number];
}

static tn_wasi_errno grow(tenon_wasi *wasi)
{
    size_t before = wasi->descriptor_capacity, after = before == 0 ? 16 : before * 2;
    tn_wasi_descriptor *more = tn_wasi_realloc(wasi, wasi->descriptors, before * sizeof *more, after * sizeof *more);

    if (more == NULL)
        return TN_WASI_ENOMEM;
    wasi->descriptors = more;
    wasi->descriptor_capacity = after;
    return TN_WASI_ESUCCESS;
}

static tn_wasi_errno find_free(tenon_wasi *wasi, uint32_t least, uint32_t *number)
{
    uint32_t limit = wasi->config.max_descriptors != 0 ? wasi->config.max_descriptors : DEFAULT_MAX_DESCRIPTORS;
    size_t i = least;

    while (i < wasi->descriptor_count && wasi->descriptors[i].host >= 0)
        i++;
    if (i >= limit)
        return TN_WASI_EMFILE;
    *number = (uint32_t)i;
    if (i < wasi->descriptor_count)
        return TN_WASI_ESUCCESS;
    tn_wasi_errno error = i == wasi->descriptor_capacity ? grow(wasi) : TN_WASI_ESUCCESS;
    if (error == TN_WASI_ESUCCESS)
        wasi->descriptors[wasi->descriptor_count++] = (tn_wasi_descriptor){ .host = -1 };
    return error;
}

tn_wasi_errno tn_wasi_insert(tenon_wasi *wasi, const tn_wasi_descriptor *d, uint32_t least, uint32_t *number)
{
    tn_wasi_errno error = find_free(wasi, least, number);

    if (error == TN_WASI_ESUCCESS && d->owned && !tenon_tenant_spend(wasi->tenant, TENON_METER_DESCRIPTORS, 1))
        error = TN_WASI_EMFILE;
    if (error == TN_WASI_ESUCCESS) {
        wasi->descriptors[*number] = *d;
        wasi->descriptors[*number].charged = d->owned;
        tn_wasi_quota_hold(d->quota);
    } else if (d->owned) {
        close(d->host);
    }
    return error;
}

void tn_wasi_close(tenon_wasi *wasi, tn_wasi_descriptor *d)
{
    if (d->owned)
        close(d->host);
    if (d->name != NULL)
        tn_wasi_realloc(wasi, d->name, d->name_size, 0);
    if (d->charged)
        tenon_tenant_give_back(wasi->tenant, TENON_METER_DESCRIPTORS, 1);
    tn_wasi_quota_drop(wasi->tenant, d->quota);
    *d = (tn_wasi_descriptor){ .host = -1 };
}

uint8_t tn_wasi_filetype_of(const struct stat *st)
{
    switch (st->st_mode & S_IFMT) {
    case S_IFREG:
        return TN_WASI_FILETYPE_REGULAR_FILE;
    case S_IFDIR:
        return TN_WASI_FILETYPE_DIRECTORY;
    case S_IFLNK:
        return TN_WASI_FILETYPE_SYMBOLIC_LINK;
    case S_IFCHR:
        return TN_WASI_FILETYPE_CHARACTER_DEVICE;
    case S_IFBLK:
        return TN_WASI_FILETYPE_BLOCK_DEVICE;
    case S_IFSOCK:
        return TN_WASI_FILETYPE_SOCKET_STREAM;
    default:
        return TN_WASI_FILETYPE_UNKNOWN; /* preview 1 has no number for pipes */
    }
}

uint8_t tn_wasi_socket_type(int host)
{
    int type = 0;
    socklen_t size = sizeof type;

    if (getsockopt(host, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
        return TN_WASI_FILETYPE_UNKNOWN;
    return type == SOCK_DGRAM ? TN_WASI_FILETYPE_SOCKET_DGRAM : TN_WASI_FILETYPE_SOCKET_STREAM;
}

uint64_t tn_wasi_rights_of(uint8_t filetype)
{
    const uint64_t stream = TN_WASI_RIGHT_FD_READ | TN_WASI_RIGHT_FD_WRITE | TN_WASI_RIGHT_FD_FILESTAT_GET |
                            TN_WASI_RIGHT_POLL_FD_READWRITE | TN_WASI_RIGHT_FD_FDSTAT_SET_FLAGS;

    switch (filetype) {
    case TN_WASI_FILETYPE_DIRECTORY:
        return TN_WASI_RIGHTS_DIRECTORY_READ | TN_WASI_RIGHTS_DIRECTORY_WRITE;
    case TN_WASI_FILETYPE_REGULAR_FILE:
    case TN_WASI_FILETYPE_BLOCK_DEVICE:
        return TN_WASI_RIGHTS_FILE_READ | TN_WASI_RIGHTS_FILE_WRITE;
    case TN_WASI_FILETYPE_SOCKET_STREAM:
    case TN_WASI_FILETYPE_SOCKET_DGRAM:
        return stream | TN_WASI_RIGHT_SOCK_SHUTDOWN | TN_WASI_RIGHT_SOCK_ACCEPT;
    default:
        return stream;
    }
}

/* ---- functions ---- */

tn_wasi_errno tn_wasi_fd_close(tn_wasi_call *call, uint32_t fd)
{
    (void)fd;
    tn_wasi_close(call->wasi, call->descriptor);
    return TN_WASI_ESUCCESS;
}

tn_wasi_errno tn_wasi_fd_renumber(tn_wasi_call *call, uint32_t from, uint32_t to)
{
    tn_wasi_descriptor *source = call->descriptor, *target = tn_wasi_find(call->wasi, to);

    if (target == NULL)
        return TN_WASI_EBADF;
    if (from == to)
        return TN_WASI_ESUCCESS;
    tn_wasi_close(call->wasi, target);
    *target = *source;
    *source = (tn_wasi_descriptor){ .host = -1 };
    return TN_WASI_ESUCCESS;
}

tn_wasi_errno tn_wasi_fd_fdstat_get(tn_wasi_call *call, uint32_t fd, uint32_t address)
{
    const tn_wasi_descriptor *d = call->descriptor;
    tn_wasi_fdstat out = { .filetype = d->filetype, .flags = d->flags, .base = d->base, .inheriting = d->inheriting };

    (void)fd;
    return tenon_memory_write(call->memory, address, &out, sizeof out) ? TN_WASI_ESUCCESS : TN_WASI_EFAULT;
}

tn_wasi_errno tn_wasi_fd_fdstat_set_rights(tn_wasi_call *call, uint32_t fd, uint64_t base, uint64_t inheriting)
{
    tn_wasi_descriptor *d = call->descriptor;

    (void)fd;
    if ((base & ~d->base) || (inheriting & ~d->inheriting))
        return tn_wasi_deny(call, TN_WASI_ENOTCAPABLE, "rights can only be given up");
    d->base = base;
    d->inheriting = inheriting;
    return TN_WASI_ESUCCESS;
}

/* These two are free of privilege: they tell the guest what its host named for it. */
uint32_t tn_wasi_fd_prestat_get(tenon_caller *caller, uint32_t fd, uint32_t address)
{
    const tn_wasi_binding *binding = tenon_caller_context(caller);
    const tn_wasi_descriptor *d = tn_wasi_find(binding->wasi, fd);

    if (d == NULL || d->name == NULL)
        return TN_WASI_EBADF;
    const uint32_t out[2] = { 0 /* a directory */, (uint32_t)d->name_size };
    return tenon_memory_write(tenon_caller_memory(caller), address, out, sizeof out) ? TN_WASI_ESUCCESS
                                                                                     : TN_WASI_EFAULT;
}

uint32_t tn_wasi_fd_prestat_dir_name(tenon_caller *caller, uint32_t fd, uint32_t address, uint32_t size)
{
    const tn_wasi_binding *binding = tenon_caller_context(caller);
    const tn_wasi_descriptor *d = tn_wasi_find(binding->wasi, fd);

    if (d == NULL || d->name == NULL)
        return TN_WASI_EBADF;
    if (size < d->name_size)
        return TN_WASI_ENAMETOOLONG;
    return tenon_memory_write(tenon_caller_memory(caller), address, d->name, d->name_size) ? TN_WASI_ESUCCESS
                                                                                           : TN_WASI_EFAULT;
}
