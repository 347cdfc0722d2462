/* SPDX-License-Identifier: MIT
 * What one tenant's guests have left on stacks is wiped before another's run on them: a host function that forgets to
 * set a result would hand it on.
 */
#include "runtime/vm/stacks.h"

#include <string.h>

#include "base/assert.h"

/* Below the limit of a native stack: leaves, and signal handlers that have no stack of their own. */
#define RESERVE ((size_t)128 << 10)
#define BUFFER  ((TN_BUFFER_SLOTS + 16) * sizeof(tn_slot))
/* More is given back to the system than overwritten. */
#define MAX_WIPED ((size_t)64 << 10)
enum { RUNS = 16 };

/* ---- making them ---- */

static tn_stacks *stacks_new(tenon_engine *engine)
{
    size_t page = tn_os_page_size();
    tn_stacks *stacks = tn_alloc_zeroed(&engine->mem, sizeof *stacks);

    if (stacks == NULL)
        return NULL;
    stacks->slots_size = tn_os_whole_pages(engine->stack_size);
    stacks->native_size = tn_native_code != NULL ? tn_os_whole_pages(engine->stack_size + RESERVE + BUFFER) : 0;
    stacks->map_size = stacks->native_size + stacks->slots_size + 3 * page;
    if (tn_mem_may_map(&engine->mem, stacks->map_size))
        stacks->map = tn_os_reserve(stacks->map_size);
    if (stacks->map != NULL && tn_os_commit(stacks->map + page, stacks->native_size) &&
        tn_os_commit(stacks->map + stacks->native_size + 2 * page, stacks->slots_size))
        return stacks;
    if (stacks->map != NULL)
        tn_os_release(stacks->map, stacks->map_size);
    tn_free(&engine->mem, stacks, sizeof *stacks);
    return NULL;
}

static void stacks_delete(tenon_engine *engine, tn_stacks *stacks)
{
    tn_os_release(stacks->map, stacks->map_size);
    tn_free(&engine->mem, stacks, sizeof *stacks);
}

/* Those that the tenant has used last, of the newest, because they need no wiping; others only when there are many. */
static tn_stacks *take_spare(tenon_engine *engine, const tenon_tenant *tenant)
{
    tn_os_mutex_lock(&engine->spares_lock);
    tn_stacks **link = &engine->spares;
    while (*link != NULL && (*link)->tenant != tenant)
        link = &(*link)->next;
    if (*link == NULL && engine->spare_count >= TN_SPARE_STACKS / 2)
        link = &engine->spares;
    tn_stacks *stacks = *link;
    if (stacks != NULL) {
        *link = stacks->next;
        engine->spare_count--;
    }
    tn_os_mutex_unlock(&engine->spares_lock);
    return stacks;
}

static bool keep_as_spare(tenon_engine *engine, tn_stacks *stacks)
{
    tn_os_mutex_lock(&engine->spares_lock);
    bool kept = engine->spare_count < TN_SPARE_STACKS;
    if (kept) {
        stacks->next = engine->spares;
        engine->spares = stacks;
        engine->spare_count++;
    }
    tn_os_mutex_unlock(&engine->spares_lock);
    return kept;
}

void tn_stacks_fini(tenon_engine *engine)
{
    for (tn_stacks *stacks = engine->spares, *next; stacks != NULL; stacks = next) {
        next = stacks->next;
        stacks_delete(engine, stacks);
    }
}

/* ---- wiping them ---- */

static void wipe_part(tenon_engine *engine, uint8_t *part, size_t size)
{
    tn_os_run runs[RUNS];
    size_t total = 0, count;

    if (!tn_os_written(&engine->pages, part, size, runs, RUNS, &count) || count == RUNS) {
        runs[0] = (tn_os_run){ part, size };
        count = 1;
    }
    for (size_t i = 0; i < count; i++)
        total += runs[i].size;
    for (size_t i = 0; i < count; i++)
        if (total <= MAX_WIPED || !tn_os_discard(runs[i].start, runs[i].size))
            memset(runs[i].start, 0, runs[i].size);
}

static void wipe(tenon_engine *engine, const tn_stacks *stacks)
{
    size_t page = tn_os_page_size();

    if (stacks->native_size > 0)
        wipe_part(engine, stacks->map + page, stacks->native_size);
    wipe_part(engine, stacks->map + stacks->native_size + 2 * page, stacks->slots_size);
}

/* ---- stores ---- */

/* Instances know where the stacks end. */
static void use(tenon_store *store, tn_stacks *stacks)
{
    tn_native_stack *n = &store->native;
    size_t page = tn_os_page_size();

    store->stacks = stacks;
    store->stack_base = store->stack_top = (tn_slot *)(stacks->map + stacks->native_size + 2 * page);
    if (store->used_stacks == stacks)
        return;
    store->used_stacks = stacks;
    store->stack_limit = (tn_slot *)((uint8_t *)store->stack_base + stacks->slots_size);
    if (stacks->native_size > 0) {
        n->map = stacks->map;
        n->buffer = (tn_slot *)(stacks->map + page + stacks->native_size - BUFFER) + 16;
        n->top = ((uintptr_t)n->buffer - 16 * sizeof(tn_slot)) & ~(uintptr_t)63;
        n->limit = (uintptr_t)n->map + page + RESERVE;
    }
    for (tenon_instance *in = store->instances; in != NULL; in = in->next)
        tn_instance_use_stacks(in);
}

tenon_status tn_stacks_attach(tenon_store *store)
{
    tenon_engine *engine = store->engine;

    TN_ASSERT(store->stacks == NULL);
    if (!tn_tenant_charge(store->tenant, engine->stack_size))
        return TENON_LIMIT;
    tn_stacks *stacks = take_spare(engine, store->tenant);
    if (stacks == NULL)
        stacks = stacks_new(engine);
    if (stacks == NULL) {
        tn_tenant_release(store->tenant, engine->stack_size);
        return TENON_NOMEM;
    }
    if (stacks->tenant != NULL && stacks->tenant != store->tenant)
        wipe(engine, stacks);
    stacks->tenant = store->tenant;
    use(store, stacks);
    return TENON_OK;
}

void tn_stacks_detach(tenon_store *store)
{
    tenon_engine *engine = store->engine;
    tn_stacks *stacks = store->stacks;

    store->stacks = NULL;
    if (!keep_as_spare(engine, stacks))
        stacks_delete(engine, stacks);
    tn_tenant_release(store->tenant, engine->stack_size);
}
