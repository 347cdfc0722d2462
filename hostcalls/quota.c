/* SPDX-License-Identifier: MIT
 * Byte quotas of preopened directories: what files below may grow by, in all. What a guest removes it may use again,
 * but never more than its limit. Calls of several guests that share one wait for each other.
 */
#include "hostcalls/wasi.h"

/* What a name costs: empty files and directories are not free either. */
#define NAME_BYTES 4096

tenon_status tn_wasi_quota_new(tenon_tenant *tenant, uint64_t limit, tn_wasi_quota **out)
{
    *out = NULL;
    if (limit == 0)
        return TENON_OK;
    tn_wasi_quota *quota = tenon_tenant_realloc(tenant, NULL, 0, sizeof *quota);
    if (quota == NULL)
        return TENON_NOMEM;
    *quota = (tn_wasi_quota){ .limit = limit };
    atomic_init(&quota->holds, 1);
    pthread_mutex_init(&quota->lock, NULL);
    *out = quota;
    return TENON_OK;
}

void tn_wasi_quota_hold(tn_wasi_quota *quota)
{
    if (quota != NULL)
        atomic_fetch_add(&quota->holds, 1);
}

void tn_wasi_quota_drop(tenon_tenant *tenant, tn_wasi_quota *quota)
{
    if (quota == NULL || atomic_fetch_sub(&quota->holds, 1) != 1)
        return;
    pthread_mutex_destroy(&quota->lock);
    tenon_tenant_realloc(tenant, quota, sizeof *quota, 0);
}

void tn_wasi_quota_enter(tn_wasi_quota *quota)
{
    if (quota == NULL)
        return;
    tn_wasi_quota_hold(quota);
    pthread_mutex_lock(&quota->lock);
}

void tn_wasi_quota_leave(tenon_tenant *tenant, tn_wasi_quota *quota)
{
    if (quota == NULL)
        return;
    pthread_mutex_unlock(&quota->lock);
    tn_wasi_quota_drop(tenant, quota);
}

uint64_t tn_wasi_quota_left(const tn_wasi_quota *quota, uint64_t wanted)
{
    if (quota == NULL || wanted <= quota->limit - quota->used)
        return wanted;
    return quota->limit - quota->used;
}

static void add(tn_wasi_quota *quota, uint64_t bytes)
{
    quota->used = bytes > quota->limit - quota->used ? quota->limit : quota->used + bytes;
}

static void give_back(tn_wasi_quota *quota, uint64_t bytes)
{
    quota->used = bytes > quota->used ? 0 : quota->used - bytes;
}

void tn_wasi_quota_change(tn_wasi_quota *quota, uint64_t old_size, uint64_t new_size)
{
    if (quota == NULL)
        return;
    if (new_size > old_size)
        add(quota, new_size - old_size);
    else
        give_back(quota, old_size - new_size);
}

bool tn_wasi_quota_add_name(tn_wasi_quota *quota)
{
    if (tn_wasi_quota_left(quota, NAME_BYTES) < NAME_BYTES)
        return false;
    tn_wasi_quota_change(quota, 0, NAME_BYTES);
    return true;
}

void tn_wasi_quota_remove_name(tn_wasi_quota *quota)
{
    tn_wasi_quota_change(quota, NAME_BYTES, 0);
}
