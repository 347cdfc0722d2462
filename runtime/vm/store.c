/* SPDX-License-Identifier: MIT
 * Stores, and the small things in them: globals and tags.
 */
#include <string.h>

#include "base/assert.h"
#include "runtime/vm/heap.h"
#include "runtime/vm/stacks.h"

tenon_status tn_store_new(tenon_tenant *tenant, bool borrows, tenon_bounds bounds, tenon_store **out)
{
    tenon_engine *engine = tenant->engine;
    tenon_store *store = tn_alloc_zeroed(&engine->mem, sizeof *store);

    if (store == NULL)
        return TENON_NOMEM;
    store->engine = engine;
    store->borrows = borrows;
    store->bounds = bounds;
    store->native.interrupt = &store->interrupt;
    atomic_init(&store->interrupt, engine->signals == TENON_SIGNALS_NONE ? TN_INTERRUPT_LOOK : 0);
    tn_arena_init(&store->arena, &engine->mem);
    tn_tenant_add_store(tenant, store);
    tenon_status status = borrows ? TENON_OK : tn_stacks_attach(store);
    if (status != TENON_OK) {
        tn_tenant_remove_store(store);
        tn_free(&engine->mem, store, sizeof *store);
        return status;
    }
    tn_engine_ref(engine);
    *out = store;
    return TENON_OK;
}

tenon_status tenon_store_new(tenon_tenant *tenant, tenon_store **out)
{
    return tn_store_new(tenant, false, tenant->engine->bounds, out);
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
    tn_heap_fini(store);
    tn_tags_forget(store, NULL);
    if (store->stacks != NULL)
        tn_stacks_detach(store);
    tn_tenant_remove_store(store);
    tn_free(&engine->mem, store->frames, TN_MAX_FRAMES * sizeof *store->frames);
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

tenon_status tn_global_new(tenon_store *store, tn_valtype type, const tenon_val *value, bool is_mutable,
                           tenon_global **out)
{
    if (!tn_val_fits(store, type, value))
        return TENON_USAGE;
    tenon_global *global = tn_alloc_zeroed(&store->engine->mem, sizeof *global);
    if (global == NULL)
        return TENON_NOMEM;
    tn_valtype_hold(store->engine->types, type);
    global->next = store->globals;
    store->globals = global;
    global->type = (tn_global_type){ type, is_mutable };
    global->store = store;
    store_val(value, &global->value);
    *out = global;
    return TENON_OK;
}

tenon_status tenon_global_new(tenon_store *store, const tenon_val *value, bool is_mutable, tenon_global **out)
{
    return tn_global_new(store, tn_inner_type(value->type), value, is_mutable, out);
}

/* One that is part of an instance goes with that. */
void tn_global_delete(tenon_global *global)
{
    if (global->owner != NULL)
        return;
    tn_valtype_release(global->store->engine->types, global->type.type);
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
