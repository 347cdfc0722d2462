/* SPDX-License-Identifier: MIT
 * Exceptions (specification 4.2.10), tags of the host's, and throwing by the host.
 */
#include <string.h>

#include "base/assert.h"
#include "runtime/vm/heap.h"

tn_exception *tn_exception_new(tenon_store *store, tenon_tag *tag, const tn_slot *values, tn_slot *stack_end)
{
    size_t size = sizeof(tn_exception) + tag->type->param_slots * sizeof(tn_slot);
    tn_exception *e = tn_object_new(store, TN_OBJECT_EXCEPTION, size, stack_end);

    if (e == NULL)
        return NULL;
    e->tag = tag;
    if (tag->type->param_slots > 0)
        memcpy(e->values, values, tag->type->param_slots * sizeof *values);
    return e;
}

bool tn_is_exception(const tenon_store *store, uintptr_t ref)
{
    const tn_heap_object *object = store->objects;

    while (object != NULL && (object->kind != TN_OBJECT_EXCEPTION || (uintptr_t)object != ref))
        object = object->next;
    return object != NULL;
}

/* ---- the host's ---- */

tenon_status tenon_tag_new(tenon_store *store, const tenon_type *types, size_t count, tenon_tag **out)
{
    const tn_type *type;

    TN_TRY(tn_host_type(store, types, count, NULL, 0, &type));
    tenon_status status = tn_tag_new(store, type, out);
    tn_types_release(store->engine->types, type->id);
    return status;
}

tenon_status tn_tag_new(tenon_store *store, const tn_type *type, tenon_tag **out)
{
    tenon_tag *tag = tn_alloc_zeroed(&store->engine->mem, sizeof *tag);

    if (tag == NULL)
        return TENON_NOMEM;
    tn_types_hold(store->engine->types, type->id);
    *tag = (tenon_tag){ .type = type, .store = store, .next = store->host_tags };
    store->host_tags = tag;
    *out = tag;
    return TENON_OK;
}

void tn_tags_forget(tenon_store *store, const tenon_tag *newest)
{
    while (store->host_tags != newest) {
        tenon_tag *tag = store->host_tags;
        store->host_tags = tag->next;
        tn_types_release(store->engine->types, tag->type->id);
        tn_free(&store->engine->mem, tag, sizeof *tag);
    }
}

static tenon_status throw_slots(tenon_caller *caller, tenon_tag *tag, const tenon_val *values, tn_slot *slots)
{
    tenon_store *store = caller->store;
    const tn_type *type = tag->type;

    for (size_t i = 0, at = 0; i < type->param_count; at += tn_slots_of(type->types[i++])) {
        if (!tn_val_fits(store, type->types[i], &values[i]))
            return TENON_USAGE;
        tn_val_to_slots(&values[i], slots + at);
    }
    tn_exception *e = tn_exception_new(store, tag, slots, store->stack_top);
    if (e == NULL)
        return TENON_NOMEM;
    store->pending = e;
    return TENON_EXCEPTION;
}

tenon_status tenon_caller_throw(tenon_caller *caller, tenon_tag *tag, const tenon_val *values, size_t count)
{
    tn_mem *mem = &caller->store->engine->mem;
    size_t slots = tag->type->param_slots + 1u;

    if (tag->store != caller->store || count != tag->type->param_count)
        return TENON_USAGE;
    tn_slot *room = tn_alloc(mem, slots * sizeof *room);
    if (room == NULL)
        return TENON_NOMEM;
    tenon_status status = throw_slots(caller, tag, values, room);
    tn_free(mem, room, slots * sizeof *room);
    return status;
}

tenon_tag *tenon_store_exception(const tenon_store *store, tenon_val *values, size_t room)
{
    const tn_exception *e = store->pending;

    if (e == NULL)
        return NULL;
    const tn_type *type = e->tag->type;
    for (size_t i = 0, at = 0; i < type->param_count && i < room; at += tn_slots_of(type->types[i++]))
        tn_value_to_val(type->types[i], store->engine->types, e->values + at, &values[i]);
    return e->tag;
}
