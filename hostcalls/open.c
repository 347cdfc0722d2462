/* SPDX-License-Identifier: MIT
 * path_open: from a name below a directory to a descriptor whose rights are what was asked for, of what the directory
 * may pass on, and of what makes sense for the thing.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "hostcalls/wasi.h"

#define NEEDS_WRITING (TN_WASI_RIGHT_FD_WRITE | TN_WASI_RIGHT_FD_ALLOCATE | TN_WASI_RIGHT_FD_FILESTAT_SET_SIZE)

typedef struct request {
    uint32_t lookup, oflags, fdflags;
    uint64_t base, inheriting;
} request;

static tn_wasi_errno check(tn_wasi_call *call, const request *r)
{
    const tn_wasi_descriptor *d = call->descriptor;

    if (call->path[0]->size == 0)
        return TN_WASI_ENOENT;
    if (call->path[0]->text[0] == '/')
        return tn_wasi_deny(call, TN_WASI_EPERM, "the path is absolute");
    if (r->lookup > 1 || r->oflags > 15 || r->fdflags > 31 ||
        ((r->oflags & TN_WASI_OFLAG_DIRECTORY) && (r->oflags & TN_WASI_OFLAG_CREAT)))
        return TN_WASI_EINVAL;
    if ((r->oflags & TN_WASI_OFLAG_CREAT) && !(d->base & TN_WASI_RIGHT_PATH_CREATE_FILE))
        return tn_wasi_deny(call, TN_WASI_ENOTCAPABLE, "the directory lacks the right to create files");
    if ((r->oflags & TN_WASI_OFLAG_TRUNC) &&
        (!(d->base & TN_WASI_RIGHT_PATH_FILESTAT_SET_SIZE) || !(d->inheriting & TN_WASI_RIGHT_FD_WRITE)))
        return tn_wasi_deny(call, TN_WASI_ENOTCAPABLE, "the directory lacks the right to truncate files");
    if ((r->base & TN_WASI_RIGHT_FD_READ) && !(d->inheriting & TN_WASI_RIGHT_FD_READ))
        return tn_wasi_deny(call, TN_WASI_ENOTCAPABLE, "files in the directory may not be read");
    if ((r->base & NEEDS_WRITING) && (r->oflags & TN_WASI_OFLAG_DIRECTORY))
        return TN_WASI_EISDIR;
    if ((r->base & NEEDS_WRITING) && !(d->inheriting & TN_WASI_RIGHT_FD_WRITE))
        return tn_wasi_deny(call, TN_WASI_ENOTCAPABLE, "files in the directory may not be written");
    return TN_WASI_ESUCCESS;
}

static uint64_t host_flags(const request *r)
{
    uint64_t flags = r->lookup & TN_WASI_LOOKUP_SYMLINK_FOLLOW ? 0 : O_NOFOLLOW;

    if (r->oflags & TN_WASI_OFLAG_DIRECTORY)
        return flags | O_RDONLY | O_DIRECTORY;
    if (r->base & NEEDS_WRITING)
        flags |= r->base & TN_WASI_RIGHT_FD_READ ? O_RDWR : O_WRONLY;
    flags |= r->oflags & TN_WASI_OFLAG_CREAT ? O_CREAT : 0;
    flags |= r->oflags & TN_WASI_OFLAG_EXCL ? O_EXCL : 0;
    flags |= r->oflags & TN_WASI_OFLAG_TRUNC ? O_TRUNC : 0;
    flags |= r->fdflags & TN_WASI_FDFLAG_APPEND ? O_APPEND : 0;
    flags |= r->fdflags & TN_WASI_FDFLAG_DSYNC ? O_DSYNC : 0;
    return flags | (r->fdflags & (TN_WASI_FDFLAG_SYNC | TN_WASI_FDFLAG_RSYNC) ? O_SYNC : 0);
}

/* Opening a device or a pipe can have effects by itself, so nothing but files and directories is ever opened. */
static tn_wasi_errno check_type(tn_wasi_call *call, const request *r, const struct stat *st)
{
    if (S_ISLNK(st->st_mode))
        return TN_WASI_ELOOP;
    if (S_ISDIR(st->st_mode))
        return r->base & NEEDS_WRITING || r->oflags & TN_WASI_OFLAG_TRUNC ? TN_WASI_EISDIR : TN_WASI_ESUCCESS;
    if (S_ISREG(st->st_mode))
        return TN_WASI_ESUCCESS;
    return tn_wasi_deny(call, TN_WASI_EACCES, "neither a file nor a directory");
}

/* /proc looks like files and is the host's process: its memory, its environment, its descriptors. A guest that was
 * given
 * "/" was not given that. Asked of what has been opened, so that no race can change the answer. */
static tn_wasi_errno check_file_system(tn_wasi_call *call, int host)
{
    struct statfs fs;

    if (fstatfs(host, &fs) != 0)
        return tn_wasi_last_error();
    return fs.f_type == PROC_SUPER_MAGIC ? tn_wasi_deny(call, TN_WASI_EACCES, "the host's processes are no files")
                                         : TN_WASI_ESUCCESS;
}

/* Looks at what the path names without opening it. *exists is false when nothing is there and the guest may create it.
 */
static tn_wasi_errno probe(tn_wasi_call *call, const request *r, struct stat *st, bool *exists)
{
    uint64_t flags = O_PATH | (host_flags(r) & (O_NOFOLLOW | O_DIRECTORY));
    int fd = tn_wasi_open_below(call, call->descriptor->host, call->path[0]->text, flags, 0);

    *exists = fd >= 0;
    if (fd == -TN_WASI_ENOENT && (r->oflags & TN_WASI_OFLAG_CREAT))
        return TN_WASI_ESUCCESS;
    if (fd < 0)
        return (tn_wasi_errno)-fd;
    int result = fstat(fd, st);
    close(fd);
    if (result != 0)
        return tn_wasi_last_error();
    if ((r->oflags & TN_WASI_OFLAG_CREAT) && (r->oflags & TN_WASI_OFLAG_EXCL))
        return TN_WASI_EEXIST;
    return check_type(call, r, st);
}

static tn_wasi_errno install(tn_wasi_call *call, const request *r, int host, uint32_t address)
{
    const tn_wasi_descriptor *d = call->descriptor;
    tn_wasi_descriptor opened = { .host = host, .owned = true, .quota = d->quota, .flags = (uint16_t)r->fdflags };
    struct stat st;
    uint32_t number;
    void *out;

    tn_wasi_errno error = fstat(host, &st) == 0 ? check_type(call, r, &st) : tn_wasi_last_error();
    if (error == TN_WASI_ESUCCESS)
        error = check_file_system(call, host);
    if (error == TN_WASI_ESUCCESS && !tenon_memory_range(call->memory, address, 1, sizeof number, &out))
        error = TN_WASI_EFAULT;
    if (error != TN_WASI_ESUCCESS) {
        close(host);
        return error;
    }
    opened.filetype = tn_wasi_filetype_of(&st);
    opened.base = r->base & d->inheriting & tn_wasi_rights_of(opened.filetype);
    opened.inheriting = r->inheriting & d->inheriting;
    error = tn_wasi_insert(call->wasi, &opened, 0, &number);
    if (error == TN_WASI_ESUCCESS && !tn_wasi_store_u32(call, address, number))
        error = TN_WASI_EFAULT;
    return error;
}

tn_wasi_errno tn_wasi_path_open(tn_wasi_call *call, uint32_t fd, uint32_t lookup, uint32_t path, uint32_t path_size,
                                uint32_t oflags, uint64_t base, uint64_t inheriting, uint32_t fdflags, uint32_t address)
{
    const request r = { lookup, oflags, fdflags, base, inheriting };
    tn_wasi_quota *quota = call->descriptor->quota;
    struct stat st = { .st_size = 0 };
    bool exists;

    (void)fd, (void)path, (void)path_size;
    tn_wasi_errno error = check(call, &r);
    if (error == TN_WASI_ESUCCESS)
        error = probe(call, &r, &st, &exists);
    if (error != TN_WASI_ESUCCESS)
        return error;
    if (!exists && !tn_wasi_quota_add_name(quota))
        return tn_wasi_deny(call, TN_WASI_EDQUOT, "the directory's quota is used up");
    int host = tn_wasi_open_below(call, call->descriptor->host, call->path[0]->text, host_flags(&r),
                                  oflags & TN_WASI_OFLAG_CREAT ? 0666 : 0);
    if (host < 0) {
        if (!exists)
            tn_wasi_quota_remove_name(quota);
        return (tn_wasi_errno)-host;
    }
    if (oflags & TN_WASI_OFLAG_TRUNC)
        tn_wasi_quota_change(quota, (uint64_t)st.st_size, 0);
    return install(call, &r, host, address);
}
