/* SPDX-License-Identifier: MIT
 * Tenants: accounts that pay for everything their guests take. What comes in is an amount, what goes out is whether
 * the limits allow it. A limit is never passed for a moment, whichever threads ask at once; what one tenant takes
 * never fails another.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "runtime/vm/runtime.h"

/* A guest that is refused something tries again, maybe a million times in a second. */
#define BETWEEN_COMPLAINTS 1000000000u

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
    tn_os_mutex_init(&tenant->holdings_lock);
    tn_os_mutex_init(&tenant->stores_lock);
    tn_policy_init(tenant);
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
    tn_policy_fini(tenant);
    tn_os_mutex_fini(&tenant->holdings_lock);
    tn_os_mutex_fini(&tenant->stores_lock);
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

uint64_t tenon_tenant_instances(const tenon_tenant *tenant)
{
    return atomic_load(&tenant->instances);
}

uint64_t tenon_tenant_cpu_time(const tenon_tenant *tenant)
{
    return atomic_load(&tenant->cpu_nanoseconds);
}

/* ---- limits ---- */

/* Adds amount unless that exceeds the limit, 0 being none; also gives what there was before. */
static bool add_within(atomic_uint_fast64_t *meter, uint64_t amount, uint64_t limit, uint64_t *before)
{
    uint_fast64_t value = atomic_load(meter);

    do
        if (limit != 0 && (value > limit || amount > limit - value))
            return false;
    while (!atomic_compare_exchange_weak(meter, &value, value + amount));
    *before = value;
    return true;
}

void tn_tenant_complain(tenon_tenant *tenant, const char *format, ...)
{
    const tenon_engine *engine = tenant->engine;
    char text[160];
    va_list args;

    if (engine->log == NULL)
        return;
    uint64_t now = tn_os_now();
    uint_fast64_t last = atomic_load(&tenant->complained_at);
    if ((last != 0 && now - last < BETWEEN_COMPLAINTS) ||
        !atomic_compare_exchange_strong(&tenant->complained_at, &last, now))
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    engine->log(engine->log_context, TENON_LEVEL_WARNING, tenant, text);
}

/* ---- memory ---- */

/* What is allowed beyond the limit is asked for without a lock: others may have taken it meanwhile. */
bool tn_tenant_charge(tenon_tenant *tenant, uint64_t bytes)
{
    const tenon_limits *limits = &tenant->limits;
    uint64_t before;
    bool charged = add_within(&tenant->memory_bytes, bytes, limits->memory_bytes, &before);

    if (!charged && (bytes == 0 || (limits->exceeds != NULL && limits->exceeds(limits->context, tenant, bytes))))
        charged = add_within(&tenant->memory_bytes, bytes, 0, &before);
    if (!charged) {
        tn_tenant_complain(tenant, "%llu bytes more would exceed the tenant's limit of %llu", (unsigned long long)bytes,
                           (unsigned long long)limits->memory_bytes);
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

/* ---- host calls ----
 *
 * Each store counts down what it may still make, because an atomic counter of the tenant's would cost more than the
 * calls. Without a limit it begins with MANY, and the meter learns of the difference; with one, the meter has what
 * stores have taken in advance, and learns of what they give back. */

#define MANY    ((uint64_t)1 << 62)
#define ADVANCE 64 /* at most */

static uint64_t calls_left(const tenon_store *store)
{
    return __atomic_load_n(&store->native.host_calls, __ATOMIC_RELAXED);
}

/* What the store's countdown adds to the meter: modulo 2^64, as it may be less than nothing. */
static uint64_t difference(const tenon_tenant *tenant, const tenon_store *store)
{
    return (tenant->limits.meters[TENON_METER_HOST_CALLS] == 0 ? MANY : 0) - calls_left(store);
}

static uint64_t host_calls(const tenon_tenant *tenant)
{
    tn_os_mutex *lock = (tn_os_mutex *)(uintptr_t)&tenant->stores_lock;

    tn_os_mutex_lock(lock);
    uint64_t count = atomic_load(&tenant->meters[TENON_METER_HOST_CALLS]);
    for (const tenon_store *store = tenant->stores; store != NULL; store = store->next_of_tenant)
        count += difference(tenant, store);
    tn_os_mutex_unlock(lock);
    return count;
}

void tn_tenant_add_store(tenon_tenant *tenant, tenon_store *store)
{
    store->tenant = tenant;
    store->native.host_calls = tenant->limits.meters[TENON_METER_HOST_CALLS] == 0 ? MANY : 0;
    tn_os_mutex_lock(&tenant->stores_lock);
    store->next_of_tenant = tenant->stores;
    store->link_of_tenant = &tenant->stores;
    if (tenant->stores != NULL)
        tenant->stores->link_of_tenant = &store->next_of_tenant;
    tenant->stores = store;
    tn_os_mutex_unlock(&tenant->stores_lock);
}

void tn_tenant_remove_store(tenon_store *store)
{
    tenon_tenant *tenant = store->tenant;

    tn_os_mutex_lock(&tenant->stores_lock);
    atomic_fetch_add(&tenant->meters[TENON_METER_HOST_CALLS], difference(tenant, store));
    *store->link_of_tenant = store->next_of_tenant;
    if (store->next_of_tenant != NULL)
        store->next_of_tenant->link_of_tenant = store->link_of_tenant;
    tn_os_mutex_unlock(&tenant->stores_lock);
}

bool tn_tenant_allow_calls(tenon_store *store)
{
    tenon_tenant *tenant = store->tenant;
    uint64_t limit = tenant->limits.meters[TENON_METER_HOST_CALLS], more = limit / 1024, before;
    atomic_uint_fast64_t *meter = &tenant->meters[TENON_METER_HOST_CALLS];

    more = more > ADVANCE ? ADVANCE : more == 0 ? 1 : more;
    if (!add_within(meter, more, limit, &before)) {
        more = 1;
        if (!add_within(meter, more, limit, &before))
            return false;
    }
    __atomic_store_n(&store->native.host_calls, more, __ATOMIC_RELAXED);
    return true;
}

/* ---- meters ---- */

static const char *const meter_names[] = { "host calls", "descriptors", "bytes in", "bytes out" };
_Static_assert(sizeof meter_names / sizeof *meter_names == TENON_METER_COUNT, "each meter has a name");

bool tenon_tenant_spend(tenon_tenant *tenant, tenon_meter meter, uint64_t amount)
{
    uint64_t before, limit = tenant->limits.meters[meter];

    if (add_within(&tenant->meters[meter], amount, limit, &before))
        return true;
    tn_tenant_complain(tenant, "the tenant's limit of %llu %s is reached", (unsigned long long)limit,
                       meter_names[meter]);
    return false;
}

void tenon_tenant_give_back(tenon_tenant *tenant, tenon_meter meter, uint64_t amount)
{
    atomic_fetch_sub(&tenant->meters[meter], amount);
}

uint64_t tenon_tenant_spent(const tenon_tenant *tenant, tenon_meter meter)
{
    return meter == TENON_METER_HOST_CALLS ? host_calls(tenant) : atomic_load(&tenant->meters[meter]);
}

uint64_t tenon_tenant_left(const tenon_tenant *tenant, tenon_meter meter)
{
    uint64_t limit = tenant->limits.meters[meter], spent = tenon_tenant_spent(tenant, meter);

    if (limit == 0)
        return UINT64_MAX;
    return spent < limit ? limit - spent : 0;
}

/* ---- instances and their modules ---- */

static bool add_instance(tenon_tenant *tenant)
{
    uint64_t before, limit = tenant->limits.instances;

    if (add_within(&tenant->instances, 1, limit, &before))
        return true;
    tn_tenant_complain(tenant, "the tenant's limit of %llu instances is reached", (unsigned long long)limit);
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
        tn_os_mutex_lock(&tenant->holdings_lock);
        status = hold(tenant, module);
        tn_os_mutex_unlock(&tenant->holdings_lock);
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
    tn_os_mutex_lock(&tenant->holdings_lock);
    let_go(tenant, module);
    tn_os_mutex_unlock(&tenant->holdings_lock);
    tn_tenant_release(tenant, bytes);
    atomic_fetch_sub(&tenant->instances, 1);
}

bool tn_tenant_settle(tenon_tenant *tenant, const tenon_module *module)
{
    tn_os_mutex_lock(&tenant->holdings_lock);
    tn_holding *h = find(tenant, module);
    TN_ASSERT(h != NULL);
    bool settled = settle(tenant, h);
    tn_os_mutex_unlock(&tenant->holdings_lock);
    return settled;
}

bool tn_tenant_charge_code(tenon_tenant *tenant, const tenon_module *module, uint64_t before)
{
    tn_os_mutex_lock(&tenant->holdings_lock);
    tn_holding *h = find(tenant, module);
    TN_ASSERT(h != NULL);
    /* Another thread of the tenant's may have paid for it with an instance. */
    uint64_t now = tn_module_bytes(module), unpaid = now > h->bytes ? now - h->bytes : 0;
    bool charged = charge_holding(tenant, h, now - before < unpaid ? now - before : unpaid);
    tn_os_mutex_unlock(&tenant->holdings_lock);
    return charged;
}
