/* SPDX-License-Identifier: MIT
 * Paths of guests. The kernel resolves them, below the guest's directory and nowhere else (openat2 with RESOLVE_BENEATH
 * and RESOLVE_NO_MAGICLINKS); there is no resolver of ours that could disagree with it. What acts on a name rather than
 * on an open file gets the parent directory that way, and the last component only as an argument of a no-follow *at
 * call. "." and ".." are never last components there: they would leave the parent again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hostcalls/wasi.h"

/* A rename elsewhere can make the kernel give up a resolution again and again; somebody may do that on purpose. */
#define MAX_TRIES 1000

int tn_wasi_open_below(tn_wasi_call *call, int directory, const char *path, uint64_t flags, uint64_t mode)
{
    struct open_how how = { .flags = flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                            .mode = mode,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };

    if (flags & O_PATH)
        how.flags &= ~(uint64_t)(O_NOCTTY | O_NONBLOCK);
    for (int tries = 0;; tries++) {
        long fd = syscall(SYS_openat2, directory, path, &how, sizeof how);
        if (fd >= 0)
            return (int)fd;
        if (tries < MAX_TRIES && (errno == EAGAIN || tn_wasi_again(call)))
            continue;
        if (errno == EXDEV)
            return -(int)tn_wasi_deny(call, TN_WASI_EPERM, "the path leads out of the directory");
        return -(int)tn_wasi_last_error();
    }
}

static bool is_dots(const char *name, size_t size)
{
    return (size == 1 && name[0] == '.') || (size == 2 && name[0] == '.' && name[1] == '.');
}

tn_wasi_errno tn_wasi_place_find(tn_wasi_call *call, const tn_wasi_descriptor *d, const tn_wasi_path *path,
                                 tn_wasi_place *out)
{
    char parent[TN_WASI_PATH_MAX + 1];
    size_t end = path->size, start;

    *out = (tn_wasi_place){ .parent = d->host };
    if (end == 0)
        return TN_WASI_ENOENT;
    if (path->text[0] == '/')
        return tn_wasi_deny(call, TN_WASI_EPERM, "the path is absolute");
    while (end > 0 && path->text[end - 1] == '/')
        end--;
    out->must_be_directory = end < path->size;
    for (start = end; start > 0 && path->text[start - 1] != '/'; start--)
        ;
    if (end - start >= sizeof out->name)
        return TN_WASI_ENAMETOOLONG;
    /* "." and "..": the whole path names a directory, which has no name here. */
    if (is_dots(path->text + start, end - start))
        start = end;
    memcpy(out->name, path->text + start, end - start);
    out->name[end - start] = '\0';
    if (start == 0)
        return TN_WASI_ESUCCESS;
    memcpy(parent, path->text, start);
    parent[start] = '\0';
    int fd = tn_wasi_open_below(call, d->host, parent, O_PATH | O_DIRECTORY, 0);
    if (fd < 0)
        return (tn_wasi_errno)-fd;
    out->parent = fd;
    out->opened = true;
    return TN_WASI_ESUCCESS;
}

void tn_wasi_place_release(tn_wasi_place *place)
{
    if (place->opened)
        close(place->parent);
    place->opened = false;
}
