/* SPDX-License-Identifier: MIT
 * The way in: every function that needs a capability is called through here. Checks the capability, finds the
 * descriptor and its right, copies paths once, counts, writes the audit record, then calls.
 */
#include <errno.h>
#include <string.h>

#include "hostcalls/wasi.h"

static void audit(tn_wasi_call *call, bool allowed, const char *reason, uint32_t descriptor)
{
    tenon_wasi *wasi = call->wasi;
    tenon_record record = { .number = call->number,
                            .store = tenon_caller_store(call->caller),
                            .function = call->row->name,
                            .capability = call->row->capability,
                            .allowed = allowed,
                            .reason = reason,
                            .descriptor = descriptor };

    for (int i = 0; i < 2; i++)
        if (call->path[i] != NULL)
            record.path[i] = (tenon_name){ call->path[i]->text, call->path[i]->size };
    tenon_tenant_audit(wasi->tenant, &record);
}

static uint32_t number_of(const tn_wasi_call *call)
{
    if (call->descriptor == NULL)
        return TENON_NO_DESCRIPTOR;
    return (uint32_t)(call->descriptor - call->wasi->descriptors);
}

tn_wasi_errno tn_wasi_deny(tn_wasi_call *call, tn_wasi_errno error, const char *reason)
{
    call->wasi->stats.denials++;
    audit(call, false, reason, number_of(call));
    if (call->wasi->policy.end_on_denial)
        tenon_caller_fail(call->caller, TENON_DENIED);
    return error;
}

bool tn_wasi_again(const tn_wasi_call *call)
{
    return errno == EINTR && !tenon_caller_interrupted(call->caller);
}

/* ---- paths ---- */

static tn_wasi_errno copy_path(tn_wasi_call *call, int index, uint32_t address, uint32_t size)
{
    tn_wasi_path *path = &call->wasi->path[index];
    void *text;

    if (!tenon_memory_range(call->memory, address, size, 1, &text))
        return TN_WASI_EFAULT;
    if (size > TN_WASI_PATH_MAX)
        return TN_WASI_ENAMETOOLONG;
    memcpy(path->text, text, size);
    path->text[size] = '\0';
    path->size = size;
    if (memchr(path->text, '\0', size) != NULL)
        return TN_WASI_EINVAL;
    if (!tn_wasi_is_utf8((const uint8_t *)path->text, size))
        return TN_WASI_EILSEQ;
    call->path[index] = path;
    return TN_WASI_ESUCCESS;
}

/* ---- the descriptor of the row ---- */

static tn_wasi_errno check_descriptor(tn_wasi_call *call, uint32_t number)
{
    const tn_wasi_row *row = call->row;
    tn_wasi_descriptor *d = call->descriptor = tn_wasi_find(call->wasi, number);

    if (d == NULL)
        return TN_WASI_EBADF;
    bool is_directory = d->filetype == TN_WASI_FILETYPE_DIRECTORY;
    if (row->capability == TENON_CAPABILITY_FILES && !is_directory)
        return TN_WASI_ENOTDIR;
    if (row->capability == TENON_CAPABILITY_SOCKETS && d->filetype != TN_WASI_FILETYPE_SOCKET_STREAM &&
        d->filetype != TN_WASI_FILETYPE_SOCKET_DGRAM)
        return TN_WASI_ENOTSOCK;
    if ((d->base & row->right) == row->right)
        return TN_WASI_ESUCCESS;
    /* What the thing can never do is no matter of rights. */
    if (!(tn_wasi_rights_of(d->filetype) & row->right)) {
        if (is_directory)
            return row->right & (TN_WASI_RIGHT_FD_READ | TN_WASI_RIGHT_FD_WRITE) ? TN_WASI_EISDIR : TN_WASI_EBADF;
        if (row->right & (TN_WASI_RIGHT_FD_TELL | TN_WASI_RIGHT_FD_ADVISE | TN_WASI_RIGHT_FD_ALLOCATE))
            return TN_WASI_ESPIPE;
        return row->right & TN_WASI_RIGHT_FD_READDIR ? TN_WASI_ENOTDIR : TN_WASI_EINVAL;
    }
    /* POSIX's answer for a descriptor that was not opened for this. */
    if (row->right & (TN_WASI_RIGHT_FD_READ | TN_WASI_RIGHT_FD_WRITE))
        return TN_WASI_EBADF;
    return tn_wasi_deny(call, TN_WASI_ENOTCAPABLE, "the descriptor lacks the right");
}

static tn_wasi_errno prepare(tn_wasi_call *call, const tenon_slot *slots)
{
    const tn_wasi_row *row = call->row;

    if (!(call->wasi->config.capabilities >> row->capability & 1) ||
        !tenon_tenant_allows(call->wasi->tenant, row->capability))
        return tn_wasi_deny(call, TN_WASI_ENOTCAPABLE, "the capability was not granted");
    for (int i = 0; i < 2; i++) {
        if (row->path[i] < 0)
            continue;
        tn_wasi_errno error = copy_path(call, i, slots[row->path[i]].u32, slots[row->path[i] + 1].u32);
        if (error != TN_WASI_ESUCCESS)
            return error;
    }
    return row->descriptor >= 0 ? check_descriptor(call, slots[row->descriptor].u32) : TN_WASI_ESUCCESS;
}

/* Of what cannot block: files and directories. */
static tn_wasi_quota *quota_of(const tn_wasi_call *call)
{
    const tn_wasi_descriptor *d = call->descriptor;

    if (d == NULL || (d->filetype != TN_WASI_FILETYPE_REGULAR_FILE && d->filetype != TN_WASI_FILETYPE_DIRECTORY))
        return NULL;
    return d->quota;
}

tenon_status tn_wasi_dispatch(tenon_caller *caller, tenon_slot *slots)
{
    const tn_wasi_binding *binding = tenon_caller_context(caller);
    tn_wasi_call call = {
        .caller = caller, .wasi = binding->wasi, .row = binding->row, .memory = tenon_caller_memory(caller)
    };

    call.wasi->stats.calls++;
    call.number = tenon_tenant_number_call(call.wasi->tenant);
    tn_wasi_errno error = prepare(&call, slots);
    if (error == TN_WASI_ESUCCESS) {
        tn_wasi_quota *quota = quota_of(&call);
        audit(&call, true, NULL, number_of(&call));
        tn_wasi_quota_enter(quota);
        error = call.row->call(&call, slots);
        tn_wasi_quota_leave(call.wasi->tenant, quota);
    }
    slots[0].u32 = error;
    return tenon_caller_status(caller);
}
