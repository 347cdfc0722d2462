/* SPDX-License-Identifier: MIT
 * Tenants: accounts that pay for everything their guests take. What comes in is an amount, what goes out is whether
 * the limits allow it. A limit is never passed for a moment, whichever threads ask at once; what one tenant takes
 * never fails another.
 */
#include <string.h>

#include "base/assert.h"
#include "runtime/vm/runtime.h"

tenon_status tenon_tenant_new(tenon_engine *engine, const tenon_limits *limits, tenon_tenant **out)
{
    if (limits != NULL && limits->size != sizeof *limits)
        return TENON_USAGE;
    tenon_tenant *tenant = tn_alloc_zeroed(&engine->mem, sizeof *tenant);
    if (tenant == NULL)
        return TENON_NOMEM;
    if (limits != NULL)
        tenant->limits = *limits;
    tenant->engine = engine;
    tn_os_mutex_init(&tenant->lock);
    tn_engine_ref(engine);
    *out = tenant;
    return TENON_OK;
}

void tenon_tenant_delete(tenon_tenant *tenant)
{
    if (tenant == NULL)
        return;
    tenon_engine *engine = tenant->engine;
    TN_ASSERT(atomic_load(&tenant->memory_bytes) == 0 && tenant->share.task_count == 0);
    tn_vec_fini(&engine->mem, &tenant->holdings);
    tn_os_mutex_fini(&tenant->lock);
    tn_free(&engine->mem, tenant, sizeof *tenant);
    tn_engine_unref(engine);
}

uint64_t tenon_tenant_memory_bytes(const tenon_tenant *tenant)
{
    return atomic_load(&tenant->memory_bytes);
}

uint64_t tenon_tenant_peak_bytes(const tenon_tenant *tenant)
{
    return atomic_load(&tenant->peak_bytes);
}

bool tenon_tenant_spend(tenon_tenant *tenant, tenon_meter meter, uint64_t amount)
{
    uint64_t limit = tenant->limits.meters[meter];
    uint64_t before = atomic_fetch_add(&tenant->meters[meter], amount);

    if (limit == 0 || (before <= limit && amount <= limit - before))
        return true;
    atomic_fetch_sub(&tenant->meters[meter], amount);
    return false;
}

void tenon_tenant_give_back(tenon_tenant *tenant, tenon_meter meter, uint64_t amount)
{
    atomic_fetch_sub(&tenant->meters[meter], amount);
}

uint64_t tenon_tenant_spent(const tenon_tenant *tenant, tenon_meter meter)
{
    return atomic_load(&tenant->meters[meter]);
}

uint64_t tenon_tenant_left(const tenon_tenant *tenant, tenon_meter meter)
{
    uint64_t limit = tenant->limits.meters[meter], spent = atomic_load(&tenant->meters[meter]);

    if (limit == 0)
        return UINT64_MAX;
    return spent < limit ? limit - spent : 0;
}

uint64_t tenon_tenant_cpu_time(const tenon_tenant *tenant)
{
    return atomic_load(&tenant->cpu_nanoseconds);
}

void *tenon_tenant_realloc(tenon_tenant *tenant, void *p, size_t old_size, size_t new_size)
{
    tn_mem *mem = &tenant->engine->mem;

    if (new_size > old_size && !tn_tenant_charge(tenant, new_size - old_size))
        return NULL;
    if (new_size == 0) {
        tn_free(mem, p, old_size);
        tn_tenant_release(tenant, old_size);
        return NULL;
    }
    void *q = old_size == 0 ? tn_alloc(mem, new_size) : tn_realloc(mem, p, old_size, new_size);
    if (q == NULL && new_size > old_size)
        tn_tenant_release(tenant, new_size - old_size);
    if (q != NULL && new_size < old_size)
        tn_tenant_release(tenant, old_size - new_size);
    return q;
}

bool tn_tenant_charge(tenon_tenant *tenant, uint64_t bytes)
{
    uint64_t before = atomic_fetch_add(&tenant->memory_bytes, bytes), limit = tenant->limits.memory_bytes;

    bool exceeds = limit != 0 && (before > limit || bytes > limit - before);

    if (exceeds && bytes > 0 && tenant->limits.exceeds != NULL)
        exceeds = !tenant->limits.exceeds(tenant->limits.context, tenant, bytes);
    if (exceeds) {
        atomic_fetch_sub(&tenant->memory_bytes, bytes);
        return false;
    }
    uint_fast64_t peak = atomic_load(&tenant->peak_bytes);
    while (peak < before + bytes && !atomic_compare_exchange_weak(&tenant->peak_bytes, &peak, before + bytes))
        ;
    return true;
}

void tn_tenant_release(tenon_tenant *tenant, uint64_t bytes)
{
    atomic_fetch_sub(&tenant->memory_bytes, bytes);
}

/* ---- instances and their modules ---- */

static bool add_instance(tenon_tenant *tenant)
{
    uint64_t limit = tenant->limits.instances;

    if (atomic_fetch_add(&tenant->instances, 1) < limit || limit == 0)
        return true;
    atomic_fetch_sub(&tenant->instances, 1);
    return false;
}

/* Where the module is among the holdings, or would be. */
static size_t place_of(const tenon_tenant *tenant, const tenon_module *module)
{
    size_t low = 0;

    for (size_t high = tenant->holdings.count; low < high;) {
        size_t middle = (low + high) / 2;
        if (tenant->holdings.items[middle].module < module)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static tn_holding *find(tenon_tenant *tenant, const tenon_module *module)
{
    size_t at = place_of(tenant, module);

    if (at == tenant->holdings.count || tenant->holdings.items[at].module != module)
        return NULL;
    return &tenant->holdings.items[at];
}

static tenon_status add_holding(tenon_tenant *tenant, const tenon_module *module, tn_holding **out)
{
    size_t at = place_of(tenant, module);

    TN_TRY(tn_vec_reserve(&tenant->engine->mem, &tenant->holdings, 1));
    tn_holding *h = &tenant->holdings.items[at];
    memmove(h + 1, h, (tenant->holdings.count++ - at) * sizeof *h);
    *h = (tn_holding){ .module = module };
    *out = h;
    return TENON_OK;
}

static void remove_holding(tenon_tenant *tenant, tn_holding *h)
{
    tn_holding *end = tenant->holdings.items + tenant->holdings.count--;

    tn_tenant_release(tenant, h->bytes);
    memmove(h, h + 1, (size_t)(end - (h + 1)) * sizeof *h);
}

static bool charge_holding(tenon_tenant *tenant, tn_holding *h, uint64_t bytes)
{
    bool charged = tn_tenant_charge(tenant, bytes);

    if (charged)
        h->bytes += bytes;
    return charged;
}

/* What the module has become since the tenant last paid for it. */
static bool settle(tenon_tenant *tenant, tn_holding *h)
{
    uint64_t bytes = tn_module_bytes(h->module);

    return bytes <= h->bytes || charge_holding(tenant, h, bytes - h->bytes);
}

static tenon_status hold(tenon_tenant *tenant, const tenon_module *module)
{
    tn_holding *h = find(tenant, module);

    if (h == NULL)
        TN_TRY(add_holding(tenant, module, &h));
    if (settle(tenant, h)) {
        h->instances++;
        return TENON_OK;
    }
    if (h->instances == 0)
        remove_holding(tenant, h);
    return TENON_LIMIT;
}

static void let_go(tenon_tenant *tenant, const tenon_module *module)
{
    tn_holding *h = find(tenant, module);

    TN_ASSERT(h != NULL);
    if (--h->instances == 0)
        remove_holding(tenant, h);
}

tenon_status tn_tenant_admit(tenon_tenant *tenant, const tenon_module *module, uint64_t bytes, tenon_error *err)
{
    if (!add_instance(tenant))
        return tn_fail_plain(err, TENON_LIMIT, "the tenant may have %llu instances",
                             (unsigned long long)tenant->limits.instances);
    tenon_status status = tn_tenant_charge(tenant, bytes) ? TENON_OK : TENON_LIMIT;
    if (status == TENON_OK) {
        tn_os_mutex_lock(&tenant->lock);
        status = hold(tenant, module);
        tn_os_mutex_unlock(&tenant->lock);
        if (status != TENON_OK)
            tn_tenant_release(tenant, bytes);
    }
    if (status == TENON_OK)
        return TENON_OK;
    atomic_fetch_sub(&tenant->instances, 1);
    return tn_fail_plain(err, status, "%s for an instance and the code of its module",
                         status == TENON_LIMIT ? "the tenant has no memory left" : "out of memory");
}

void tn_tenant_dismiss(tenon_tenant *tenant, const tenon_module *module, uint64_t bytes)
{
    tn_os_mutex_lock(&tenant->lock);
    let_go(tenant, module);
    tn_os_mutex_unlock(&tenant->lock);
    tn_tenant_release(tenant, bytes);
    atomic_fetch_sub(&tenant->instances, 1);
}

bool tn_tenant_settle(tenon_tenant *tenant, const tenon_module *module)
{
    tn_os_mutex_lock(&tenant->lock);
    tn_holding *h = find(tenant, module);
    TN_ASSERT(h != NULL);
    bool settled = settle(tenant, h);
    tn_os_mutex_unlock(&tenant->lock);
    return settled;
}

bool tn_tenant_charge_code(tenon_tenant *tenant, const tenon_module *module, uint64_t before)
{
    tn_os_mutex_lock(&tenant->lock);
    tn_holding *h = find(tenant, module);
    TN_ASSERT(h != NULL);
    bool charged = charge_holding(tenant, h, tn_module_bytes(module) - before);
    tn_os_mutex_unlock(&tenant->lock);
    return charged;
}
