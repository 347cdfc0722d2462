/* SPDX-License-Identifier: MIT
 * Stores, and the small things in them: globals and tags.
 */
#include <string.h>

#include "base/assert.h"
#include "runtime/vm/runtime.h"

static tenon_status make_stack(tenon_store *store)
{
    size_t page = tn_os_page_size(), size = (store->engine->stack_size + page - 1) & ~(page - 1);

    store->stack_map_size = size + 2 * page;
    if (!tn_mem_may_map(&store->engine->mem, store->stack_map_size))
        return TENON_NOMEM;
    store->stack_map = tn_os_reserve(store->stack_map_size);
    if (store->stack_map == NULL)
        return TENON_NOMEM;
    if (!tn_os_commit(store->stack_map + page, size)) {
        tn_os_release(store->stack_map, store->stack_map_size);
        return TENON_NOMEM;
    }
    store->stack_base = store->stack_top = (tn_slot *)(store->stack_map + page);
    store->stack_limit = (tn_slot *)(store->stack_map + page + size);
    return TENON_OK;
}

tenon_status tenon_store_new(tenon_tenant *tenant, tenon_store **out)
{
    tenon_engine *engine = tenant->engine;
    tenon_store *store = tn_alloc_zeroed(&engine->mem, sizeof *store);

    if (store == NULL)
        return TENON_NOMEM;
    store->engine = engine;
    store->tenant = tenant;
    store->exception_threshold = 1024;
    tn_arena_init(&store->arena, &engine->mem);
    tenon_status status = TENON_LIMIT;
    if (tn_tenant_charge(tenant, engine->stack_size)) {
        status = make_stack(store);
        if (status == TENON_OK) {
            status = tn_native_stack_new(store);
            if (status != TENON_OK)
                tn_os_release(store->stack_map, store->stack_map_size);
        }
        if (status != TENON_OK)
            tn_tenant_release(tenant, engine->stack_size);
    }
    if (status != TENON_OK) {
        tn_free(&engine->mem, store, sizeof *store);
        return status;
    }
    tn_engine_ref(engine);
    *out = store;
    return TENON_OK;
}

void tenon_store_delete(tenon_store *store)
{
    if (store == NULL)
        return;
    TN_ASSERT(store->activation == NULL);
    tenon_engine *engine = store->engine;
    tn_resources_fini(store);
    for (tenon_global *global = store->globals, *next; global != NULL; global = next) {
        next = global->next;
        tn_global_delete(global);
    }
    for (tenon_instance *instance = store->instances, *next; instance != NULL; instance = next) {
        next = instance->next;
        tn_instance_delete(instance);
    }
    for (tn_host_func *func = store->host_funcs, *next; func != NULL; func = next) {
        next = func->next;
        tn_host_func_delete(func);
    }
    for (tenon_memory *memory = store->memories, *next; memory != NULL; memory = next) {
        next = memory->next;
        tn_memory_delete(memory);
    }
    for (tenon_table *table = store->tables, *next; table != NULL; table = next) {
        next = table->next;
        tn_table_delete(table);
    }
    for (tn_exception *e = store->exceptions, *next; e != NULL; e = next) {
        next = e->next;
        tn_tenant_release(store->tenant, e->size);
        tn_free(&engine->mem, e, e->size);
    }
    tn_os_release(store->stack_map, store->stack_map_size);
    tn_native_stack_delete(store);
    tn_tenant_release(store->tenant, engine->stack_size);
    tn_arena_fini(&store->arena);
    tn_free(&engine->mem, store, sizeof *store);
    tn_engine_unref(engine);
}

/* ---- globals ---- */

static void store_val(const tenon_val *val, tn_value *out)
{
    memset(out, 0, sizeof *out);
    tn_val_to_slots(val, out->slot);
}

tenon_status tenon_global_new(tenon_store *store, const tenon_val *value, bool is_mutable, tenon_global **out)
{
    tenon_global *global = tn_alloc_zeroed(&store->engine->mem, sizeof *global);

    if (global == NULL)
        return TENON_NOMEM;
    global->next = store->globals;
    store->globals = global;
    global->type = (tn_global_type){ tn_inner_type(value->type), is_mutable };
    global->store = store;
    store_val(value, &global->value);
    *out = global;
    return TENON_OK;
}

/* One that is part of an instance goes with that. */
void tn_global_delete(tenon_global *global)
{
    if (global->owner == NULL)
        tn_free(&global->store->engine->mem, global, sizeof *global);
}

tenon_val tenon_global_get(const tenon_global *global)
{
    tenon_val val;

    tn_value_to_val(global->type.type, global->store->engine->types, global->value.slot, &val);
    return val;
}

tenon_status tenon_global_set(tenon_global *global, const tenon_val *value)
{
    if (!global->type.is_mutable || !tn_val_fits(global->store, global->type.type, value))
        return TENON_USAGE;
    store_val(value, &global->value);
    return TENON_OK;
}
