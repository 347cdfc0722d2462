/* SPDX-License-Identifier: MIT
 * Resources: the table that gives guests numbers for things of the host. Place 0 is never used. Free places are a
 * queue, so that a stale handle stays invalid for as long as possible.
 */
#include "runtime/vm/runtime.h"

static tn_resource *find(const tenon_store *store, const tenon_resource_type *type, uint32_t handle)
{
    if (handle == 0 || handle >= store->resources.count)
        return NULL;
    tn_resource *r = &store->resources.items[handle];
    return r->type == type ? r : NULL;
}

static tenon_status add_place(tenon_store *store, uint32_t *out)
{
    size_t more = store->resources.capacity == 0 ? 16 : store->resources.capacity;

    if (store->resources.count >= UINT32_MAX)
        return TENON_LIMIT;
    if (store->resources.count == store->resources.capacity) {
        if (!tn_tenant_charge(store->tenant, more * sizeof(tn_resource)))
            return TENON_LIMIT;
        tenon_status status = tn_vec_reserve(&store->engine->mem, &store->resources, more);
        if (status != TENON_OK) {
            tn_tenant_release(store->tenant, more * sizeof(tn_resource));
            return status;
        }
    }
    *out = (uint32_t)store->resources.count++;
    return TENON_OK;
}

tenon_status tenon_resource_new(tenon_store *store, const tenon_resource_type *type, void *thing, uint32_t *handle)
{
    uint32_t place = store->first_free;

    if (place != 0) {
        store->first_free = store->resources.items[place].next_free;
        if (store->first_free == 0)
            store->last_free = 0;
    } else {
        if (store->resources.count == 0)
            TN_TRY(add_place(store, &place));
        store->resources.items[0].type = NULL;
        TN_TRY(add_place(store, &place));
    }
    store->resources.items[place] = (tn_resource){ .type = type, .thing = thing };
    *handle = place;
    return TENON_OK;
}

void *tenon_resource_get(const tenon_store *store, const tenon_resource_type *type, uint32_t handle)
{
    const tn_resource *r = find(store, type, handle);
    return r != NULL ? r->thing : NULL;
}

tenon_status tenon_resource_drop(tenon_store *store, const tenon_resource_type *type, uint32_t handle)
{
    tn_resource *r = find(store, type, handle);

    if (r == NULL || type == NULL)
        return TENON_USAGE;
    void *thing = r->thing;
    *r = (tn_resource){ .type = NULL };
    if (store->last_free != 0)
        store->resources.items[store->last_free].next_free = handle;
    else
        store->first_free = handle;
    store->last_free = handle;
    if (type->drop != NULL)
        type->drop(thing);
    return TENON_OK;
}

void tn_resources_fini(tenon_store *store)
{
    for (size_t i = 1; i < store->resources.count; i++) {
        tn_resource *r = &store->resources.items[i];
        if (r->type != NULL && r->type->drop != NULL)
            r->type->drop(r->thing);
    }
    tn_tenant_release(store->tenant, store->resources.capacity * sizeof(tn_resource));
    tn_vec_fini(&store->engine->mem, &store->resources);
    store->first_free = store->last_free = 0;
}
