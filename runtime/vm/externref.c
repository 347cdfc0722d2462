/* SPDX-License-Identifier: MIT
 * External references to objects of the host's, and small integers as references: tenon/refs.h. What comes in as a
 * reference is looked up in the store's set before it is followed, because any word may be an external reference.
 */
#include "tenon/refs.h"

#include <string.h>

#include "runtime/vm/heap.h"

/* ---- the set: open addressing ---- */

static size_t place_of(const tenon_store *store, uintptr_t word)
{
    size_t mask = store->externref_places - 1;
    size_t at = (size_t)((word >> 4) * 0x9E3779B97F4A7C15u >> 20) & mask;

    while (store->externrefs[at] != NULL && (uintptr_t)store->externrefs[at] != word)
        at = (at + 1) & mask;
    return at;
}

tn_externref *tn_externrefs_find(const tenon_store *store, uintptr_t word)
{
    return store->externref_places == 0 || word == 0 ? NULL : store->externrefs[place_of(store, word)];
}

/* For one more. */
static bool make_room(tenon_store *store)
{
    size_t before = store->externref_places, after = before == 0 ? 64 : 2 * before;
    tn_externref **old = store->externrefs;

    if (2 * (store->externref_count + 1) <= before)
        return true;
    tn_externref **places = tn_alloc_zeroed(&store->engine->mem, after * sizeof *places);

    if (places == NULL)
        return false;
    store->externrefs = places;
    store->externref_places = after;
    for (size_t i = 0; i < before; i++)
        if (old[i] != NULL)
            places[place_of(store, (uintptr_t)old[i])] = old[i];
    tn_free(&store->engine->mem, old, before * sizeof *old);
    return true;
}

static void add(tenon_store *store, tn_externref *e)
{
    store->externrefs[place_of(store, (uintptr_t)e)] = e;
    store->externref_count++;
}

void tn_externrefs_rebuild(tenon_store *store)
{
    if (store->externref_count == 0)
        return;
    memset(store->externrefs, 0, store->externref_places * sizeof *store->externrefs);
    store->externref_count = 0;
    for (tn_heap_object *object = store->objects; object != NULL; object = object->next)
        if (object->kind == TN_OBJECT_EXTERNREF)
            add(store, (tn_externref *)object);
}

void tn_externrefs_fini(tenon_store *store)
{
    tn_free(&store->engine->mem, store->externrefs, store->externref_places * sizeof *store->externrefs);
    store->externrefs = NULL;
    store->externref_places = store->externref_count = 0;
}

/* ---- the host's ---- */

tenon_status tenon_externref_new(tenon_store *store, void *thing, void (*finalizer)(void *thing), tenon_ref *out)
{
    /* Room in the set comes first: what is made stays. */
    if (!make_room(store))
        return TENON_NOMEM;
    tn_externref *e = tn_object_new(store, TN_OBJECT_EXTERNREF, sizeof *e, store->stack_top);
    if (e == NULL)
        return TENON_NOMEM;
    e->holds = 1;
    e->thing = thing;
    e->finalizer = finalizer;
    add(store, e);
    *out = (tenon_ref)e;
    return TENON_OK;
}

bool tenon_externref_get(const tenon_store *store, tenon_ref ref, void **thing)
{
    const tn_externref *e = tn_externrefs_find(store, ref);

    if (e != NULL)
        *thing = e->thing;
    return e != NULL;
}

tenon_status tenon_externref_hold(tenon_store *store, tenon_ref ref)
{
    tn_externref *e = tn_externrefs_find(store, ref);

    if (e == NULL)
        return TENON_USAGE;
    e->holds++;
    return TENON_OK;
}

tenon_status tenon_externref_release(tenon_store *store, tenon_ref ref)
{
    tn_externref *e = tn_externrefs_find(store, ref);

    if (e == NULL || e->holds == 0)
        return TENON_USAGE;
    e->holds--;
    return TENON_OK;
}

/* ---- small integers: the lowest bit tells them from addresses ---- */

tenon_ref tenon_i31_new(int32_t value)
{
    return (tenon_ref)((uint64_t)(uint32_t)value << 1 & UINT32_MAX) | 1;
}

bool tenon_i31_is(tenon_ref ref)
{
    return (ref & 1) != 0 && ref <= UINT32_MAX;
}

int32_t tenon_i31_get_s(tenon_ref ref)
{
    return (int32_t)(uint32_t)ref >> 1;
}

uint32_t tenon_i31_get_u(tenon_ref ref)
{
    return (uint32_t)ref >> 1;
}
