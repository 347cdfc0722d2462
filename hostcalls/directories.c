/* SPDX-License-Identifier: MIT
 * fd_readdir. A cookie is a position that stays valid whatever happens to the directory: 0 is ".", 1 is "..", and
 * 3 + the kernel's own position the rest. "." and ".." are ours, with the directory's own number: what lies above a
 * preopened directory is none of the guest's business.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "hostcalls/wasi.h"

enum { COOKIE_DOT, COOKIE_DOTS, COOKIE_FIRST, COOKIE_KERNEL };

/* The guest's buffer, filled front to back; the last entry may be cut off, which tells the guest to ask again. */
typedef struct sink {
    uint8_t *to;
    uint32_t size, used;
} sink;

static void put_bytes(sink *s, const void *bytes, size_t size)
{
    size_t n = size < s->size - s->used ? size : s->size - s->used;

    memcpy(s->to + s->used, bytes, n);
    s->used += (uint32_t)n;
}

/* False when the buffer is full. */
static bool put_entry(sink *s, uint64_t next, uint64_t ino, uint8_t type, const char *name)
{
    const tn_wasi_dirent entry = { .next = next, .ino = ino, .namlen = (uint32_t)strlen(name), .type = type };

    put_bytes(s, &entry, sizeof entry);
    put_bytes(s, name, entry.namlen);
    return s->used < s->size;
}

static uint8_t type_of(int directory, const struct dirent64 *e)
{
    struct stat st;

    switch (e->d_type) {
    case DT_REG:
        return TN_WASI_FILETYPE_REGULAR_FILE;
    case DT_DIR:
        return TN_WASI_FILETYPE_DIRECTORY;
    case DT_LNK:
        return TN_WASI_FILETYPE_SYMBOLIC_LINK;
    case DT_CHR:
        return TN_WASI_FILETYPE_CHARACTER_DEVICE;
    case DT_BLK:
        return TN_WASI_FILETYPE_BLOCK_DEVICE;
    case DT_SOCK:
        return TN_WASI_FILETYPE_SOCKET_STREAM;
    case DT_UNKNOWN: /* some file systems do not say */
        return fstatat(directory, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? tn_wasi_filetype_of(&st)
                                                                            : TN_WASI_FILETYPE_UNKNOWN;
    default:
        return TN_WASI_FILETYPE_UNKNOWN;
    }
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Entries from the kernel's position on, until the buffer is full or the directory ends. */
static tn_wasi_errno put_entries(int directory, sink *s)
{
    _Alignas(struct dirent64) char batch[8192];
    size_t wanted = s->size - s->used < 1024           ? 1024
                    : s->size - s->used < sizeof batch ? s->size - s->used
                                                       : sizeof batch;

    for (;;) {
        ssize_t n = getdents64(directory, batch, wanted);
        if (n <= 0)
            return n == 0 ? TN_WASI_ESUCCESS : tn_wasi_last_error();
        for (ssize_t at = 0; at < n;) {
            const struct dirent64 *e = (const struct dirent64 *)(batch + at);
            at += e->d_reclen;
            if (!is_dots(e->d_name) &&
                !put_entry(s, (uint64_t)e->d_off + COOKIE_KERNEL, e->d_ino, type_of(directory, e), e->d_name))
                return TN_WASI_ESUCCESS;
        }
    }
}

tn_wasi_errno tn_wasi_fd_readdir(tn_wasi_call *call, uint32_t fd, uint32_t address, uint32_t size, uint64_t cookie,
                                 uint32_t used)
{
    int host = call->descriptor->host;
    sink s = { .size = size };
    tn_wasi_errno error = TN_WASI_ESUCCESS;
    struct stat st;
    void *to;

    (void)fd;
    if (!tenon_memory_range(call->memory, address, size, 1, &to))
        return TN_WASI_EFAULT;
    s.to = to;
    if (fstat(host, &st) != 0 ||
        lseek(host, cookie < COOKIE_KERNEL ? 0 : (off_t)(cookie - COOKIE_KERNEL), SEEK_SET) < 0)
        return tn_wasi_last_error();
    bool room = size > 0;
    if (room && cookie <= COOKIE_DOT)
        room = put_entry(&s, COOKIE_DOTS, st.st_ino, TN_WASI_FILETYPE_DIRECTORY, ".");
    if (room && cookie <= COOKIE_DOTS)
        room = put_entry(&s, COOKIE_FIRST, st.st_ino, TN_WASI_FILETYPE_DIRECTORY, "..");
    if (room)
        error = put_entries(host, &s);
    if (error != TN_WASI_ESUCCESS)
        return error;
    return tn_wasi_store_u32(call, used, s.used) ? TN_WASI_ESUCCESS : TN_WASI_EFAULT;
}
