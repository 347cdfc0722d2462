/* SPDX-License-Identifier: MIT
 * What the host gives a guest: the public functions of tenon/wasi.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hostcalls/wasi.h"

/* The first three numbers exist from the start, closed. */
static bool reserve_stdio(tenon_wasi *wasi)
{
    wasi->descriptors = tn_wasi_realloc(wasi, NULL, 0, 16 * sizeof *wasi->descriptors);
    if (wasi->descriptors == NULL)
        return false;
    wasi->descriptor_capacity = 16;
    wasi->descriptor_count = 3;
    for (int i = 0; i < 3; i++)
        wasi->descriptors[i] = (tn_wasi_descriptor){ .host = -1 };
    return true;
}

tenon_status tenon_wasi_new(tenon_tenant *tenant, const tenon_wasi_config *config, tenon_wasi **out)
{
    if (config->size != sizeof *config)
        return TENON_USAGE;
    tenon_wasi *wasi = tenon_tenant_realloc(tenant, NULL, 0, sizeof *wasi);
    if (wasi == NULL)
        return TENON_NOMEM;
    memset(wasi, 0, sizeof *wasi);
    wasi->tenant = tenant;
    wasi->config = *config;
    wasi->config.capabilities |= TENON_CAPABILITY_BIT(TENON_CAPABILITY_NONE);
    wasi->policy = tenon_tenant_policy(tenant);
    if (wasi->policy.seed != NULL)
        wasi->seed = *wasi->policy.seed;
    wasi->bindings = tn_wasi_realloc(wasi, NULL, 0, tn_wasi_row_count * sizeof *wasi->bindings);
    if (wasi->bindings == NULL || !reserve_stdio(wasi)) {
        tenon_wasi_delete(wasi);
        return TENON_NOMEM;
    }
    for (size_t i = 0; i < tn_wasi_row_count; i++)
        wasi->bindings[i] = (tn_wasi_binding){ wasi, &tn_wasi_rows[i] };
    *out = wasi;
    return TENON_OK;
}

void tenon_wasi_delete(tenon_wasi *wasi)
{
    if (wasi == NULL)
        return;
    for (size_t i = 0; i < wasi->descriptor_count; i++)
        if (wasi->descriptors[i].host >= 0)
            tn_wasi_close(wasi, &wasi->descriptors[i]);
    tn_wasi_realloc(wasi, wasi->descriptors, wasi->descriptor_capacity * sizeof *wasi->descriptors, 0);
    tn_wasi_realloc(wasi, wasi->arguments.bytes, wasi->arguments.capacity, 0);
    tn_wasi_realloc(wasi, wasi->variables.bytes, wasi->variables.capacity, 0);
    if (wasi->bindings != NULL)
        tn_wasi_realloc(wasi, wasi->bindings, tn_wasi_row_count * sizeof *wasi->bindings, 0);
    tenon_tenant_realloc(wasi->tenant, wasi, sizeof *wasi, 0);
}

tenon_status tenon_wasi_define(tenon_wasi *wasi, tenon_linker *linker)
{
    const tenon_name module = { "wasi_snapshot_preview1", 22 };

    for (size_t i = 0; i < tn_wasi_row_count; i++) {
        tenon_extern what = { .kind = TENON_KIND_FUNC };
        const tenon_name name = { tn_wasi_rows[i].name, strlen(tn_wasi_rows[i].name) };
        tenon_status status =
            tenon_func_new_entry(tenon_linker_store(linker), &tn_wasi_rows[i].entry, &wasi->bindings[i], &what.of.func);
        if (status == TENON_OK)
            status = tenon_linker_define(linker, module, name, what);
        if (status != TENON_OK)
            return status;
    }
    return TENON_OK;
}

/* ---- arguments and variables ---- */

static tenon_status add_text(tenon_wasi *wasi, tn_wasi_text *list, tenon_name text)
{
    size_t wanted = list->size + text.size + 1, capacity = list->capacity == 0 ? 256 : list->capacity;

    if (text.size > UINT32_MAX / 2 - list->size || memchr(text.data, '\0', text.size) != NULL)
        return TENON_USAGE;
    while (capacity < wanted)
        capacity *= 2;
    if (capacity > list->capacity) {
        char *bytes = tn_wasi_realloc(wasi, list->bytes, list->capacity, capacity);
        if (bytes == NULL)
            return TENON_NOMEM;
        list->bytes = bytes;
        list->capacity = capacity;
    }
    memcpy(list->bytes + list->size, text.data, text.size);
    list->bytes[wanted - 1] = '\0';
    list->size = wanted;
    list->count++;
    return TENON_OK;
}

tenon_status tenon_wasi_add_argument(tenon_wasi *wasi, tenon_name text)
{
    return add_text(wasi, &wasi->arguments, text);
}

tenon_status tenon_wasi_add_variable(tenon_wasi *wasi, tenon_name text)
{
    return add_text(wasi, &wasi->variables, text);
}

/* ---- descriptors ---- */

tenon_status tenon_wasi_set_stdio(tenon_wasi *wasi, uint32_t number, int host)
{
    struct stat st;

    if (number > 2 || fstat(host, &st) != 0)
        return TENON_USAGE;
    tn_wasi_descriptor d = { .host = host, .filetype = tn_wasi_filetype_of(&st), .is_tty = isatty(host) == 1 };
    if (S_ISSOCK(st.st_mode))
        d.filetype = tn_wasi_socket_type(host);
    /* Preview 1's way to say "terminal": a character device that cannot seek. */
    uint64_t rights = tn_wasi_rights_of(d.filetype);
    rights &= ~(uint64_t)(number == 0 ? TN_WASI_RIGHTS_FILE_WRITE : TN_WASI_RIGHT_FD_READ);
    if (d.filetype == TN_WASI_FILETYPE_CHARACTER_DEVICE && !d.is_tty)
        rights |= TN_WASI_RIGHT_FD_SEEK | TN_WASI_RIGHT_FD_TELL;
    if (d.filetype == TN_WASI_FILETYPE_DIRECTORY)
        rights = TN_WASI_RIGHT_FD_FILESTAT_GET;
    int flags = fcntl(host, F_GETFL);
    if (flags >= 0 && (flags & O_APPEND))
        d.flags = TN_WASI_FDFLAG_APPEND;
    d.base = rights;
    if (wasi->descriptors[number].host >= 0)
        tn_wasi_close(wasi, &wasi->descriptors[number]);
    wasi->descriptors[number] = d;
    return TENON_OK;
}

static tenon_status fail(tenon_error *err, tenon_status status, const char *path, const char *why)
{
    if (err != NULL) {
        *err = (tenon_error){ .status = status, .function = TENON_NO_INDEX, .offset = TENON_NO_OFFSET };
        snprintf(err->text, sizeof err->text, "%.100s: %s", path, why);
    }
    return status;
}

/* Numbers below 3 stay for stdio, whether it is there or not. */
static tenon_status insert_preopen(tenon_wasi *wasi, const tn_wasi_descriptor *d)
{
    uint32_t number;
    tn_wasi_errno error = tn_wasi_insert(wasi, d, 3, &number);

    return error == TN_WASI_ESUCCESS ? TENON_OK : error == TN_WASI_ENOMEM ? TENON_NOMEM : TENON_LIMIT;
}

tenon_status tenon_wasi_add_directory(tenon_wasi *wasi, const tenon_wasi_directory *directory, tenon_error *err)
{
    tn_wasi_descriptor d = { .owned = true, .filetype = TN_WASI_FILETYPE_DIRECTORY };

    if (directory->size != sizeof *directory || directory->guest_path[0] == '\0')
        return fail(err, TENON_USAGE, "preopened directory", "the guest's name for it is empty");
    d.name_size = strlen(directory->guest_path);
    d.base = TN_WASI_RIGHTS_DIRECTORY_READ;
    d.inheriting = TN_WASI_RIGHTS_DIRECTORY_READ | TN_WASI_RIGHTS_FILE_READ;
    if (!directory->read_only) {
        d.base |= TN_WASI_RIGHTS_DIRECTORY_WRITE;
        d.inheriting |= TN_WASI_RIGHTS_DIRECTORY_WRITE | TN_WASI_RIGHTS_FILE_WRITE;
    }
    d.host = open(directory->host_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d.host < 0)
        return fail(err, TENON_USAGE, directory->host_path, strerror(errno));
    d.name = tn_wasi_realloc(wasi, NULL, 0, d.name_size);
    if (d.name == NULL || tn_wasi_quota_new(wasi->tenant, directory->quota, &d.quota) != TENON_OK) {
        tn_wasi_close(wasi, &d);
        return fail(err, TENON_NOMEM, directory->host_path, "out of memory");
    }
    memcpy(d.name, directory->guest_path, d.name_size);
    tenon_status status = insert_preopen(wasi, &d);
    tn_wasi_quota_drop(wasi->tenant, d.quota);
    if (status == TENON_OK)
        return TENON_OK;
    tn_wasi_realloc(wasi, d.name, d.name_size, 0);
    return fail(err, status, directory->host_path, "the guest has too many descriptors");
}

tenon_status tenon_wasi_add_listener(tenon_wasi *wasi, int host)
{
    const tn_wasi_descriptor d = { .host = host,
                                   .owned = true,
                                   .listening = true,
                                   .filetype = tn_wasi_socket_type(host),
                                   .base = TN_WASI_RIGHT_SOCK_ACCEPT | TN_WASI_RIGHT_POLL_FD_READWRITE |
                                           TN_WASI_RIGHT_FD_FDSTAT_SET_FLAGS | TN_WASI_RIGHT_FD_FILESTAT_GET,
                                   .inheriting = tn_wasi_rights_of(TN_WASI_FILETYPE_SOCKET_STREAM) };

    return insert_preopen(wasi, &d);
}

/* ---- the same again ---- */

static tenon_status copy_text(tenon_wasi *wasi, const tn_wasi_text *from, tn_wasi_text *to)
{
    if (from->capacity == 0)
        return TENON_OK;
    to->bytes = tn_wasi_realloc(wasi, NULL, 0, from->capacity);
    if (to->bytes == NULL)
        return TENON_NOMEM;
    to->capacity = from->capacity;
    to->size = from->size;
    to->count = from->count;
    memcpy(to->bytes, from->bytes, from->size);
    return TENON_OK;
}

/* A description of its own, not only a number: positions in directories are not shared. */
static tenon_status copy_preopen(tenon_wasi *wasi, const tn_wasi_descriptor *from)
{
    tn_wasi_descriptor d = *from;

    d.host = from->listening ? fcntl(from->host, F_DUPFD_CLOEXEC, 0)
                             : openat(from->host, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d.host < 0)
        return TENON_LIMIT;
    if (from->name != NULL) {
        d.name = tn_wasi_realloc(wasi, NULL, 0, d.name_size);
        if (d.name == NULL) {
            close(d.host);
            return TENON_NOMEM;
        }
        memcpy(d.name, from->name, d.name_size);
    }
    tenon_status status = insert_preopen(wasi, &d);
    if (status != TENON_OK && d.name != NULL)
        tn_wasi_realloc(wasi, d.name, d.name_size, 0);
    return status;
}

static tenon_status copy_descriptors(tenon_wasi *wasi, const tenon_wasi *model)
{
    tenon_status status = TENON_OK;

    for (size_t i = 0; status == TENON_OK && i < model->descriptor_count; i++) {
        const tn_wasi_descriptor *d = &model->descriptors[i];
        if (d->host < 0)
            continue;
        if (i < 3 && !d->owned)
            wasi->descriptors[i] = *d;
        else if (d->name != NULL || d->listening)
            status = copy_preopen(wasi, d);
    }
    return status;
}

tenon_status tenon_wasi_new_like(const tenon_wasi *model, tenon_wasi **out)
{
    tenon_wasi *wasi;
    tenon_status status = tenon_wasi_new(model->tenant, &model->config, &wasi);

    if (status != TENON_OK)
        return status;
    status = copy_text(wasi, &model->arguments, &wasi->arguments);
    if (status == TENON_OK)
        status = copy_text(wasi, &model->variables, &wasi->variables);
    if (status == TENON_OK)
        status = copy_descriptors(wasi, model);
    if (status == TENON_OK)
        *out = wasi;
    else
        tenon_wasi_delete(wasi);
    return status;
}

bool tenon_wasi_exit_code(const tenon_wasi *wasi, uint32_t *code)
{
    if (wasi->exited)
        *code = wasi->exit_code;
    return wasi->exited;
}

tenon_wasi_stats tenon_wasi_statistics(const tenon_wasi *wasi)
{
    return wasi->stats;
}
