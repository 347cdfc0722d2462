/* SPDX-License-Identifier: MIT
 * Pools of stores. A slot is a store and its checkpoint; idle slots belong to a tenant of the pool's own.
 */
#include "tenon/pool.h"

#include "base/assert.h"
#include "runtime/vm/checkpoint.h"
#include "runtime/vm/stacks.h"

#define DEFAULT_KEEP ((uint64_t)256 << 10)

typedef struct slot {
    struct slot *next; /* idle */
    tenon_store *store;
    tenon_instance *instance;
    tn_checkpoint *checkpoint;
} slot;

struct tenon_pool {
    tenon_engine *engine;
    tenon_pool_config config;
    tenon_tenant *owner;
    tn_os_mutex lock;
    slot *idle;
    size_t idle_count, taken_count;
    tn_checkpoint *first; /* of a slot that stays, because others share its contents */
};

tenon_status tenon_pool_new(tenon_engine *engine, const tenon_pool_config *config, tenon_pool **out)
{
    tenon_pool *pool;

    if (config->size != sizeof *config || config->fill == NULL)
        return TENON_USAGE;
    pool = tn_alloc_zeroed(&engine->mem, sizeof *pool);
    if (pool == NULL)
        return TENON_NOMEM;
    pool->engine = engine;
    pool->config = *config;
    if (pool->config.keep == 0)
        pool->config.keep = DEFAULT_KEEP;
    tenon_status status = tenon_tenant_new(engine, NULL, &pool->owner);
    if (status != TENON_OK) {
        tn_free(&engine->mem, pool, sizeof *pool);
        return status;
    }
    tn_os_mutex_init(&pool->lock);
    *out = pool;
    return TENON_OK;
}

static void slot_delete(tenon_pool *pool, slot *s)
{
    tn_checkpoint_delete(s->checkpoint);
    tenon_store_delete(s->store);
    tn_free(&pool->engine->mem, s, sizeof *s);
}

void tenon_pool_delete(tenon_pool *pool)
{
    if (pool == NULL)
        return;
    TN_ASSERT(pool->taken_count == 0);
    tenon_engine *engine = pool->engine;
    for (slot *s = pool->idle, *next; s != NULL; s = next) {
        next = s->next;
        slot_delete(pool, s);
    }
    tn_os_mutex_fini(&pool->lock);
    tenon_tenant *owner = pool->owner;
    tn_free(&engine->mem, pool, sizeof *pool);
    tenon_tenant_delete(owner);
}

/* ---- slots ---- */

static tenon_status fill(tenon_pool *pool, slot *s, tenon_error *err)
{
    TN_TRY(pool->config.fill(pool->config.context, s->store, &s->instance, err));
    tn_os_mutex_lock(&pool->lock);
    tenon_status status = tn_checkpoint_new(s->store, pool->first, &s->checkpoint, err);
    if (status == TENON_OK && pool->first == NULL)
        pool->first = s->checkpoint;
    tn_os_mutex_unlock(&pool->lock);
    s->store->slot = s;
    return status;
}

static tenon_status slot_new(tenon_pool *pool, slot **out, tenon_error *err)
{
    tenon_bounds bounds = pool->config.dense ? TENON_BOUNDS_CHECKED : pool->engine->bounds;
    slot *s = tn_alloc_zeroed(&pool->engine->mem, sizeof *s);

    if (s == NULL)
        return tn_fail_plain(err, TENON_NOMEM, "out of memory for a pooled store");
    tenon_status status = tn_store_new(pool->owner, true, bounds, &s->store);
    if (status != TENON_OK) {
        tn_free(&pool->engine->mem, s, sizeof *s);
        return tn_fail_plain(err, status, "out of memory for a pooled store");
    }
    s->store->is_dense = pool->config.dense;
    status = fill(pool, s, err);
    if (status == TENON_OK)
        *out = s;
    else
        slot_delete(pool, s);
    return status;
}

static tenon_status find_slot(tenon_pool *pool, slot **out, tenon_error *err)
{
    tn_os_mutex_lock(&pool->lock);
    slot *s = pool->idle;
    if (s != NULL) {
        pool->idle = s->next;
        pool->idle_count--;
    }
    tn_os_mutex_unlock(&pool->lock);
    *out = s;
    return s != NULL ? TENON_OK : slot_new(pool, out, err);
}

/* ---- users ---- */

/* The first slot stays: new ones look at what it has. */
static void put_back(tenon_pool *pool, slot *s, bool usable)
{
    tn_os_mutex_lock(&pool->lock);
    size_t spare = pool->config.spare != 0 ? pool->config.spare : SIZE_MAX;
    bool kept = usable && (pool->idle_count < spare || s->checkpoint == pool->first);
    if (!usable && s->checkpoint == pool->first)
        pool->first = NULL;
    if (kept) {
        s->next = pool->idle;
        pool->idle = s;
        pool->idle_count++;
    }
    tn_os_mutex_unlock(&pool->lock);
    if (!kept)
        slot_delete(pool, s);
}

/* What a store costs between calls. */
static uint64_t bytes_of(const tenon_store *store)
{
    uint64_t bytes = 0;

    for (const tenon_memory *m = store->memories; m != NULL; m = m->next)
        bytes += m->size;
    for (const tenon_table *t = store->tables; t != NULL; t = t->next)
        bytes += t->capacity * sizeof *t->elems;
    return bytes;
}

static void dismiss(tenon_tenant *tenant, const tenon_instance *from, const tenon_instance *end)
{
    for (const tenon_instance *in = from; in != end; in = in->next)
        tn_tenant_dismiss(tenant, in->module, tn_instance_bytes(in));
}

static tenon_status admit(tenon_tenant *tenant, const tenon_store *store, tenon_error *err)
{
    for (const tenon_instance *in = store->instances; in != NULL; in = in->next) {
        tenon_status status = tn_tenant_admit(tenant, in->module, tn_instance_bytes(in), err);
        if (status != TENON_OK) {
            dismiss(tenant, store->instances, in);
            return status;
        }
    }
    return TENON_OK;
}

/* The pool's owner goes on holding the instances, so that taking them back cannot fail. */
static tenon_status lend(tenon_store *store, tenon_tenant *to, tenon_error *err)
{
    uint64_t bytes = bytes_of(store);

    if (!tn_tenant_charge(to, bytes))
        return tn_fail_plain(err, TENON_LIMIT, "the tenant has no memory left");
    tenon_status status = admit(to, store, err);
    if (status != TENON_OK) {
        tn_tenant_release(to, bytes);
        return status;
    }
    tn_tenant_release(store->tenant, bytes);
    tn_tenant_remove_store(store);
    tn_tenant_add_store(to, store);
    return TENON_OK;
}

static void take_back(tenon_store *store, tenon_tenant *owner)
{
    uint64_t bytes = bytes_of(store);

    TN_CHECK(tn_tenant_charge(owner, bytes));
    tn_tenant_release(store->tenant, bytes);
    dismiss(store->tenant, store->instances, NULL);
    tn_tenant_remove_store(store);
    tn_tenant_add_store(owner, store);
}

tenon_status tenon_pool_take(tenon_pool *pool, tenon_tenant *tenant, tenon_store **store, tenon_instance **instance,
                             tenon_error *err)
{
    slot *s;

    tn_error_clear(err);
    if (tenant->engine != pool->engine)
        return tn_fail_plain(err, TENON_USAGE, "pool and tenant belong to different engines");
    TN_TRY(find_slot(pool, &s, err));
    tenon_status status = lend(s->store, tenant, err);
    if (status != TENON_OK) {
        put_back(pool, s, true);
        return status;
    }
    tn_os_mutex_lock(&pool->lock);
    pool->taken_count++;
    tn_os_mutex_unlock(&pool->lock);
    *store = s->store;
    *instance = s->instance;
    return TENON_OK;
}

void tenon_pool_give(tenon_pool *pool, tenon_store *store)
{
    slot *s = store->slot;

    bool restored = tn_checkpoint_restore(s->checkpoint, pool->config.keep);
    take_back(store, pool->owner);
    tn_os_mutex_lock(&pool->lock);
    pool->taken_count--;
    tn_os_mutex_unlock(&pool->lock);
    put_back(pool, s, restored);
}

void tenon_store_set_context(tenon_store *store, void *context)
{
    store->context = context;
}

void *tenon_store_context(const tenon_store *store)
{
    return store->context;
}
