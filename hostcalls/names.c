/* SPDX-License-Identifier: MIT
 * Functions on names: what makes, removes, moves and describes them. The last component is used only with calls that do
 * not follow links.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hostcalls/files.h"

/* ---- attributes ---- */

static int open_named(tn_wasi_call *call, uint32_t lookup)
{
    if (lookup > 1)
        return -TN_WASI_EINVAL;
    if (call->path[0]->size > 0 && call->path[0]->text[0] == '/')
        return -(int)tn_wasi_deny(call, TN_WASI_EPERM, "the path is absolute");
    return tn_wasi_open_below(call, call->descriptor->host, call->path[0]->text,
                              O_PATH | (lookup & TN_WASI_LOOKUP_SYMLINK_FOLLOW ? 0 : O_NOFOLLOW), 0);
}

tn_wasi_errno tn_wasi_path_filestat_get(tn_wasi_call *call, uint32_t fd, uint32_t lookup, uint32_t path,
                                        uint32_t path_size, uint32_t address)
{
    struct stat st;
    int host = open_named(call, lookup);

    (void)fd, (void)path, (void)path_size;
    if (host < 0)
        return (tn_wasi_errno)-host;
    tn_wasi_errno error = fstat(host, &st) == 0 ? TN_WASI_ESUCCESS : tn_wasi_last_error();
    close(host);
    return error != TN_WASI_ESUCCESS ? error : tn_wasi_put_filestat(call, address, &st, tn_wasi_filetype_of(&st));
}

tn_wasi_errno tn_wasi_path_filestat_set_times(tn_wasi_call *call, uint32_t fd, uint32_t lookup, uint32_t path,
                                              uint32_t path_size, uint64_t atim, uint64_t mtim, uint32_t flags)
{
    struct timespec times[2];
    tn_wasi_errno error = tn_wasi_times(atim, mtim, flags, times);

    (void)fd, (void)path, (void)path_size;
    if (error != TN_WASI_ESUCCESS)
        return error;
    int host = open_named(call, lookup);
    if (host < 0)
        return (tn_wasi_errno)-host;
    error = utimensat(host, "", times, AT_EMPTY_PATH) == 0 ? TN_WASI_ESUCCESS : tn_wasi_last_error();
    close(host);
    return error;
}

static bool names_directory(const tn_wasi_place *place)
{
    struct stat st;

    return place->name[0] == '\0' ||
           (fstatat(place->parent, place->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode));
}

static bool exists(const tn_wasi_place *place)
{
    struct stat st;

    return fstatat(place->parent, place->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- making names ---- */

static tn_wasi_errno finish(tn_wasi_place *place, int result)
{
    tn_wasi_errno error = result == 0 ? TN_WASI_ESUCCESS : tn_wasi_last_error();

    tn_wasi_place_release(place);
    return error;
}

/* Charges a new name and gives it back if it could not be made. */
static tn_wasi_errno finish_new(tn_wasi_quota *quota, tn_wasi_place *place, int result)
{
    if (result != 0)
        tn_wasi_quota_remove_name(quota);
    return finish(place, result);
}

static tn_wasi_errno over_quota(tn_wasi_call *call, tn_wasi_place *place)
{
    tn_wasi_place_release(place);
    return tn_wasi_deny(call, TN_WASI_EDQUOT, "the directory's quota is used up");
}

tn_wasi_errno tn_wasi_path_create_directory(tn_wasi_call *call, uint32_t fd, uint32_t path, uint32_t path_size)
{
    tn_wasi_quota *quota = call->descriptor->quota;
    tn_wasi_place place;
    tn_wasi_errno error = tn_wasi_place_find(call, call->descriptor, call->path[0], &place);

    (void)fd, (void)path, (void)path_size;
    if (error != TN_WASI_ESUCCESS)
        return error;
    if (place.name[0] == '\0') {
        tn_wasi_place_release(&place);
        return TN_WASI_EEXIST;
    }
    if (!tn_wasi_quota_add_name(quota))
        return over_quota(call, &place);
    return finish_new(quota, &place, mkdirat(place.parent, place.name, 0777));
}

tn_wasi_errno tn_wasi_path_symlink(tn_wasi_call *call, uint32_t content, uint32_t content_size, uint32_t fd,
                                   uint32_t path, uint32_t path_size)
{
    tn_wasi_quota *quota = call->descriptor->quota;
    const tn_wasi_path *target = call->path[0];
    tn_wasi_place place;

    (void)content, (void)content_size, (void)fd, (void)path, (void)path_size;
    if (target->size == 0)
        return TN_WASI_ENOENT;
    /* The guest could not follow it, but the host's own programs would. */
    if (target->text[0] == '/')
        return tn_wasi_deny(call, TN_WASI_EPERM, "the link's target is absolute");
    tn_wasi_errno error = tn_wasi_place_find(call, call->descriptor, call->path[1], &place);
    if (error != TN_WASI_ESUCCESS)
        return error;
    if (place.name[0] == '\0' || place.must_be_directory) {
        error = names_directory(&place) ? TN_WASI_EEXIST : exists(&place) ? TN_WASI_ENOTDIR : TN_WASI_ENOENT;
        tn_wasi_place_release(&place);
        return error;
    }
    if (!tn_wasi_quota_add_name(quota))
        return over_quota(call, &place);
    return finish_new(quota, &place, symlinkat(target->text, place.parent, place.name));
}

tn_wasi_errno tn_wasi_path_readlink(tn_wasi_call *call, uint32_t fd, uint32_t path, uint32_t path_size,
                                    uint32_t address, uint32_t size, uint32_t used)
{
    char target[TN_WASI_PATH_MAX];
    tn_wasi_place place;
    tn_wasi_errno error = tn_wasi_place_find(call, call->descriptor, call->path[0], &place);

    (void)fd, (void)path, (void)path_size;
    if (error != TN_WASI_ESUCCESS)
        return error;
    if (place.name[0] == '\0' || place.must_be_directory) {
        tn_wasi_place_release(&place);
        return TN_WASI_EINVAL;
    }
    ssize_t n = readlinkat(place.parent, place.name, target, sizeof target);
    error = finish(&place, n < 0 ? -1 : 0);
    if (error != TN_WASI_ESUCCESS)
        return error;
    if ((uint64_t)n > size)
        n = (ssize_t)size;
    return tenon_memory_write(call->memory, address, target, (size_t)n) && tn_wasi_store_u32(call, used, (uint32_t)n)
               ? TN_WASI_ESUCCESS
               : TN_WASI_EFAULT;
}

/* ---- removing names ---- */

/* A file that is still open goes on using space, so nothing is given back for it. */
static bool is_open(const tenon_wasi *wasi, const struct stat *file)
{
    struct stat st;

    for (size_t i = 0; i < wasi->descriptor_count; i++)
        if (wasi->descriptors[i].host >= 0 && fstat(wasi->descriptors[i].host, &st) == 0 && st.st_dev == file->st_dev &&
            st.st_ino == file->st_ino)
            return true;
    return false;
}

/* What removing this name will give back of the quota, apart from the name itself. */
static uint64_t reclaimable(const tn_wasi_call *call, const tn_wasi_quota *quota, const tn_wasi_place *place)
{
    struct stat st;

    if (quota == NULL || fstatat(place->parent, place->name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) ||
        st.st_nlink != 1 || is_open(call->wasi, &st))
        return 0;
    return (uint64_t)st.st_size;
}

static tn_wasi_errno remove_name(tn_wasi_call *call, tn_wasi_place *place, int flags)
{
    tn_wasi_quota *quota = call->descriptor->quota;
    uint64_t bytes = reclaimable(call, quota, place);
    tn_wasi_errno error = finish(place, unlinkat(place->parent, place->name, flags));

    if (error == TN_WASI_ESUCCESS) {
        tn_wasi_quota_change(quota, bytes, 0);
        tn_wasi_quota_remove_name(quota);
    }
    return error;
}

tn_wasi_errno tn_wasi_path_remove_directory(tn_wasi_call *call, uint32_t fd, uint32_t path, uint32_t path_size)
{
    tn_wasi_place place;
    tn_wasi_errno error = tn_wasi_place_find(call, call->descriptor, call->path[0], &place);

    (void)fd, (void)path, (void)path_size;
    if (error != TN_WASI_ESUCCESS)
        return error;
    if (place.name[0] == '\0') {
        tn_wasi_place_release(&place);
        return TN_WASI_EINVAL;
    }
    return remove_name(call, &place, AT_REMOVEDIR);
}

tn_wasi_errno tn_wasi_path_unlink_file(tn_wasi_call *call, uint32_t fd, uint32_t path, uint32_t path_size)
{
    tn_wasi_place place;
    tn_wasi_errno error = tn_wasi_place_find(call, call->descriptor, call->path[0], &place);

    (void)fd, (void)path, (void)path_size;
    if (error != TN_WASI_ESUCCESS)
        return error;
    if (place.name[0] == '\0' || place.must_be_directory) {
        error = names_directory(&place) ? TN_WASI_EISDIR : TN_WASI_ENOTDIR;
        tn_wasi_place_release(&place);
        return error;
    }
    return remove_name(call, &place, 0);
}

/* ---- two names ---- */

/* The other directory of a link or rename. A file must not gain rights by being seen through it, nor leave its quota.
 */
static tn_wasi_errno find_target(tn_wasi_call *call, uint32_t fd, uint64_t right, tn_wasi_descriptor **out)
{
    const tn_wasi_descriptor *source = call->descriptor;
    tn_wasi_descriptor *target = *out = tn_wasi_find(call->wasi, fd);

    if (target == NULL)
        return TN_WASI_EBADF;
    if (target->filetype != TN_WASI_FILETYPE_DIRECTORY)
        return TN_WASI_ENOTDIR;
    if (!(target->base & right))
        return tn_wasi_deny(call, TN_WASI_ENOTCAPABLE, "the target directory lacks the right");
    if (target->inheriting & ~source->inheriting)
        return tn_wasi_deny(call, TN_WASI_ENOTCAPABLE, "the file would gain rights");
    return target->quota == source->quota ? TN_WASI_ESUCCESS : TN_WASI_EXDEV;
}

static tn_wasi_errno find_both(tn_wasi_call *call, uint32_t target_fd, uint64_t right, tn_wasi_place places[2])
{
    tn_wasi_descriptor *target;
    tn_wasi_errno error = find_target(call, target_fd, right, &target);

    if (error == TN_WASI_ESUCCESS)
        error = tn_wasi_place_find(call, call->descriptor, call->path[0], &places[0]);
    if (error != TN_WASI_ESUCCESS)
        return error;
    error = tn_wasi_place_find(call, target, call->path[1], &places[1]);
    if (error != TN_WASI_ESUCCESS)
        tn_wasi_place_release(&places[0]);
    return error;
}

static tn_wasi_errno release_both(tn_wasi_place places[2], tn_wasi_errno error)
{
    tn_wasi_place_release(&places[0]);
    tn_wasi_place_release(&places[1]);
    return error;
}

tn_wasi_errno tn_wasi_path_link(tn_wasi_call *call, uint32_t fd, uint32_t lookup, uint32_t path, uint32_t path_size,
                                uint32_t target_fd, uint32_t target, uint32_t target_size)
{
    tn_wasi_quota *quota = call->descriptor->quota;
    tn_wasi_place places[2];

    (void)fd, (void)path, (void)path_size, (void)target, (void)target_size;
    /* Following would need a link to an open file, which the kernel keeps for administrators. */
    if (lookup != 0)
        return TN_WASI_EINVAL;
    tn_wasi_errno error = find_both(call, target_fd, TN_WASI_RIGHT_PATH_LINK_TARGET, places);
    if (error != TN_WASI_ESUCCESS)
        return error;
    if (places[0].name[0] == '\0')
        return release_both(places, TN_WASI_EPERM);
    if (places[0].must_be_directory)
        return release_both(places, names_directory(&places[0]) ? TN_WASI_EPERM : TN_WASI_ENOTDIR);
    if (places[1].name[0] == '\0')
        return release_both(places, TN_WASI_EEXIST);
    if (places[1].must_be_directory)
        return release_both(places, names_directory(&places[1]) ? TN_WASI_EEXIST : TN_WASI_ENOENT);
    if (!tn_wasi_quota_add_name(quota))
        return release_both(places, tn_wasi_deny(call, TN_WASI_EDQUOT, "the directory's quota is used up"));
    if (linkat(places[0].parent, places[0].name, places[1].parent, places[1].name, 0) != 0) {
        error = tn_wasi_last_error();
        tn_wasi_quota_remove_name(quota);
    }
    return release_both(places, error);
}

tn_wasi_errno tn_wasi_path_rename(tn_wasi_call *call, uint32_t fd, uint32_t path, uint32_t path_size,
                                  uint32_t target_fd, uint32_t target, uint32_t target_size)
{
    tn_wasi_quota *quota = call->descriptor->quota;
    tn_wasi_place places[2];
    struct stat before[2];

    (void)fd, (void)path, (void)path_size, (void)target, (void)target_size;
    tn_wasi_errno error = find_both(call, target_fd, TN_WASI_RIGHT_PATH_RENAME_TARGET, places);
    if (error != TN_WASI_ESUCCESS)
        return error;
    if (places[0].name[0] == '\0' || places[1].name[0] == '\0')
        return release_both(places, TN_WASI_EBUSY);
    if ((places[0].must_be_directory || places[1].must_be_directory) && !names_directory(&places[0]))
        return release_both(places, exists(&places[0]) ? TN_WASI_ENOTDIR : TN_WASI_ENOENT);
    /* A name that is replaced is given back, with its file. */
    uint64_t bytes = reclaimable(call, quota, &places[1]);
    bool replaces = fstatat(places[1].parent, places[1].name, &before[1], AT_SYMLINK_NOFOLLOW) == 0 &&
                    fstatat(places[0].parent, places[0].name, &before[0], AT_SYMLINK_NOFOLLOW) == 0 &&
                    (before[0].st_ino != before[1].st_ino || before[0].st_dev != before[1].st_dev);
    if (renameat(places[0].parent, places[0].name, places[1].parent, places[1].name) != 0)
        return release_both(places, tn_wasi_last_error());
    if (replaces) {
        tn_wasi_quota_change(quota, bytes, 0);
        tn_wasi_quota_remove_name(quota);
    }
    return release_both(places, TN_WASI_ESUCCESS);
}
