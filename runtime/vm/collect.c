/* SPDX-License-Identifier: MIT
 * Collection of what a store has and nobody can reach: instances, tables, memories, globals, host functions. Marks go
 * out from what the host holds, over what instances import and what tables and globals refer to. No guest runs
 * meanwhile, so there are no other roots; exception objects, which have a sweep of their own, count as reached.
 */
#include "base/assert.h"
#include "runtime/vm/heap.h"

typedef struct marking {
    const tn_types *types;
    const tenon_collection *wanted;
    const tenon_store *store;
    tenon_instance *gray; /* marked, not scanned yet */
} marking;

/* ---- marking ---- */

static void mark_instance(marking *m, tenon_instance *in)
{
    if (in == NULL || in->marked)
        return;
    in->marked = true;
    in->gray = m->gray;
    m->gray = in;
}

static void mark_func(marking *m, tenon_func *func)
{
    if (func->instance != NULL)
        mark_instance(m, func->instance);
    else
        ((tn_host_func *)func)->marked = true;
}

static void mark_object(marking *m, uintptr_t ref)
{
    tn_externref *e = tn_externrefs_find(m->store, ref);

    if (e != NULL)
        e->object.marked = true;
    if (m->wanted->seen != NULL)
        m->wanted->seen(m->wanted->context, ref);
}

static void mark_ref(marking *m, tn_valtype type, uintptr_t ref)
{
    if (ref == 0 || !tn_is_ref(type))
        return;
    switch (tn_heap_top(m->types, type)) {
    case TN_HEAP_FUNC:
        mark_func(m, (tenon_func *)ref);
        break;
    case TN_HEAP_EXN:
        break;
    default:
        mark_object(m, ref);
    }
}

static void mark_table(marking *m, tenon_table *table)
{
    if (table->marked)
        return;
    table->marked = true;
    for (uint64_t i = 0; i < table->size; i++)
        mark_ref(m, table->type.type, table->elems[i]);
}

/* A global that is part of an instance lasts as long as that. */
static void mark_global(marking *m, tenon_global *global)
{
    if (global->marked)
        return;
    global->marked = true;
    mark_instance(m, global->owner);
    mark_ref(m, global->type.type, global->value.slot[0].ref);
}

static void mark_extern(marking *m, const tenon_extern *e)
{
    switch (e->kind) {
    case TENON_KIND_FUNC:
        mark_func(m, e->of.func);
        break;
    case TENON_KIND_TABLE:
        mark_table(m, e->of.table);
        break;
    case TENON_KIND_MEMORY:
        e->of.memory->marked = true;
        break;
    case TENON_KIND_GLOBAL:
        mark_global(m, e->of.global);
        break;
    case TENON_KIND_TAG:
        mark_instance(m, e->of.tag->owner);
        break;
    }
}

static void scan_instance(marking *m, const tenon_instance *in)
{
    const tn_module *core = &in->module->core;

    /* A list may have holes when instantiation failed half-way. */
    for (uint32_t i = 0; i < core->memory_count; i++)
        if (in->memories[i] != NULL)
            in->memories[i]->marked = true;
    for (uint32_t i = 0; i < core->table_count; i++)
        if (in->tables[i] != NULL)
            mark_table(m, in->tables[i]);
    for (uint32_t i = 0; i < core->global_count; i++)
        if (in->global_objects[i] != NULL)
            mark_global(m, in->global_objects[i]);
    for (uint32_t i = 0; i < core->imported_funcs; i++)
        if (in->imported_funcs[i] != NULL)
            mark_func(m, in->imported_funcs[i]);
    for (uint32_t i = 0; i < core->tag_count; i++)
        if (in->tags[i] != NULL)
            mark_instance(m, in->tags[i]->owner);
}

static void mark_exception(marking *m, const tn_exception *e)
{
    const tn_type *type = e->tag->type;

    mark_instance(m, e->tag->owner);
    for (uint32_t i = 0, at = 0; i < type->param_count; at += tn_slots_of(type->types[i++]))
        mark_ref(m, type->types[i], e->values[at].ref);
}

/* Exceptions, and what the host holds. */
static void mark_objects(marking *m, const tenon_store *store)
{
    for (tn_heap_object *object = store->objects; object != NULL; object = object->next) {
        if (object->kind == TN_OBJECT_EXCEPTION) {
            object->marked = true;
            mark_exception(m, (const tn_exception *)object);
        } else if (((const tn_externref *)object)->holds > 0) {
            mark_object(m, (uintptr_t)object);
        }
    }
}

static void visit_definition(void *context, const tenon_extern *what)
{
    mark_extern(context, what);
}

static bool is_marked(const tenon_root *root)
{
    const tenon_extern *e = &root->what;

    if (root->instance != NULL)
        return root->instance->marked;
    switch (e->kind) {
    case TENON_KIND_FUNC:
        return e->of.func->instance != NULL ? e->of.func->instance->marked : ((tn_host_func *)e->of.func)->marked;
    case TENON_KIND_TABLE:
        return e->of.table->marked;
    case TENON_KIND_MEMORY:
        return e->of.memory->marked;
    case TENON_KIND_GLOBAL:
        return e->of.global->owner != NULL ? e->of.global->owner->marked : e->of.global->marked;
    case TENON_KIND_TAG:
        return e->of.tag->owner == NULL || e->of.tag->owner->marked;
    }
    return true;
}

/* Whether there was one that is not marked yet. */
static bool mark_held(marking *m)
{
    bool found = false;

    for (size_t i = 0; i < m->wanted->count; i++) {
        const tenon_root *root = &m->wanted->roots[i];
        if (!root->held || is_marked(root))
            continue;
        found = true;
        if (root->instance != NULL)
            mark_instance(m, root->instance);
        else
            mark_extern(m, &root->what);
    }
    return found;
}

static void scan_gray(marking *m)
{
    while (m->gray != NULL) {
        const tenon_instance *in = m->gray;
        m->gray = in->gray;
        scan_instance(m, in);
    }
}

static void mark_all(marking *m, const tenon_store *store)
{
    tn_linkers_visit(store, visit_definition, m);
    mark_objects(m, store);
    do
        scan_gray(m);
    while (mark_held(m));
}

/* ---- sweeping: marks are off afterwards ---- */

/* Takes out of a list what is not `kept`. */
#define SWEEP(type, list, kept, release)                      \
    do {                                                      \
        for (type **link = &(list), *item; (item = *link);) { \
            if (kept) {                                       \
                item->marked = false;                         \
                link = &item->next;                           \
            } else {                                          \
                *link = item->next;                           \
                release(item);                                \
            }                                                 \
        }                                                     \
    } while (0)

static void sweep(tenon_store *store)
{
    /* Globals before the instances that they are part of. */
    SWEEP(tenon_global, store->globals, item->owner != NULL ? item->owner->marked : item->marked, tn_global_delete);
    SWEEP(tenon_table, store->tables, item->marked, tn_table_delete);
    SWEEP(tenon_memory, store->memories, item->marked, tn_memory_delete);
    SWEEP(tenon_instance, store->instances, item->marked, tn_instance_delete);
    SWEEP(tn_host_func, store->host_funcs, item->marked, tn_host_func_delete);
    tn_heap_sweep(store);
}

bool tenon_store_collect(tenon_store *store, const tenon_collection *wanted)
{
    marking m = { .types = store->engine->types, .wanted = wanted, .store = store };

    if (store->activation != NULL)
        return false;
    mark_all(&m, store);
    for (size_t i = 0; i < wanted->count; i++)
        wanted->roots[i].alive = is_marked(&wanted->roots[i]);
    /* The newest trap's frames may lie in what goes now. */
    store->frame_count = 0;
    store->trap_pc = NULL;
    store->trap_instance = NULL;
    store->trapped_natively = false;
    sweep(store);
    return true;
}
