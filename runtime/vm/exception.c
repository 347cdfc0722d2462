/* SPDX-License-Identifier: MIT
 * Exception objects (specification 4.2.10). They are kept by the store and swept when there are many: whatever looks
 * like one on the guest's stack, in a table, in a global or in another exception is kept.
 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "runtime/vm/runtime.h"

static int by_address(const void *a, const void *b)
{
    const tn_exception *const *x = a, *const *y = b;
    return (*x > *y) - (*x < *y);
}

typedef struct heap_view {
    tn_exception **sorted;
    size_t count;
    tn_exception **work; /* marked, not scanned yet */
    size_t work_count;
} heap_view;

static void mark(heap_view *heap, uintptr_t word)
{
    size_t low = 0, high = heap->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if ((uintptr_t)heap->sorted[middle] < word)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == heap->count || (uintptr_t)heap->sorted[low] != word || heap->sorted[low]->marked)
        return;
    heap->sorted[low]->marked = true;
    heap->work[heap->work_count++] = heap->sorted[low];
}

static void mark_slots(heap_view *heap, const tn_slot *from, const tn_slot *end)
{
    for (const tn_slot *s = from; s < end; s++)
        mark(heap, s->ref);
}

static void mark_roots(tenon_store *store, heap_view *heap, const tn_slot *stack_end)
{
    mark_slots(heap, store->stack_base, stack_end);
    /* What compiled code holds: its frames, from where it has called C, its registers, saved there, and the buffer. */
    if (store->native.segment != NULL)
        mark_slots(heap, store->native.segment->exit, store->native.buffer + TN_BUFFER_SLOTS);
    for (const tenon_table *t = store->tables; t != NULL; t = t->next)
        for (uint64_t i = 0; i < t->size; i++)
            mark(heap, t->elems[i]);
    for (const tenon_global *g = store->globals; g != NULL; g = g->next)
        mark(heap, g->value.slot[0].ref);
    if (store->pending != NULL)
        mark(heap, (uintptr_t)store->pending);
    while (heap->work_count > 0) {
        const tn_exception *e = heap->work[--heap->work_count];
        for (size_t i = 0; i < (e->size - sizeof *e) / sizeof *e->values; i++)
            mark(heap, e->values[i].ref);
    }
}

static void sweep(tenon_store *store)
{
    for (tn_exception **link = &store->exceptions, *e; (e = *link) != NULL;) {
        if (e->marked) {
            e->marked = false;
            link = &e->next;
            continue;
        }
        *link = e->next;
        store->exception_count--;
        tn_tenant_release(store->tenant, e->size);
        tn_free(&store->engine->mem, e, e->size);
    }
}

static void collect(tenon_store *store, const tn_slot *stack_end)
{
    size_t count = store->exception_count, bytes = 2 * count * sizeof(tn_exception *);
    tn_exception **all = tn_alloc(&store->engine->mem, bytes + 1);

    if (all == NULL)
        return;
    heap_view heap = { .sorted = all, .count = count, .work = all + count };
    size_t i = 0;
    for (tn_exception *e = store->exceptions; e != NULL; e = e->next)
        all[i++] = e;
    qsort(all, count, sizeof *all, by_address);
    mark_roots(store, &heap, stack_end);
    sweep(store);
    tn_free(&store->engine->mem, all, bytes + 1);
    store->exception_threshold = store->exception_count * 2 + 1024;
}

void tn_exceptions_fini(tenon_store *store)
{
    for (tn_exception *e = store->exceptions, *next; e != NULL; e = next) {
        next = e->next;
        tn_tenant_release(store->tenant, e->size);
        tn_free(&store->engine->mem, e, e->size);
    }
    store->exceptions = NULL;
    store->exception_count = 0;
}

tn_exception *tn_exception_new(tenon_store *store, tenon_tag *tag, const tn_slot *values, tn_slot *stack_end)
{
    size_t size = sizeof(tn_exception) + tag->type->param_slots * sizeof(tn_slot);

    if (store->exception_count >= store->exception_threshold)
        collect(store, stack_end);
    if (!tn_tenant_charge(store->tenant, size))
        return NULL;
    tn_exception *e = tn_alloc_zeroed(&store->engine->mem, size);
    if (e == NULL) {
        tn_tenant_release(store->tenant, size);
        return NULL;
    }
    e->tag = tag;
    e->size = size;
    if (tag->type->param_slots > 0)
        memcpy(e->values, values, tag->type->param_slots * sizeof *values);
    e->next = store->exceptions;
    store->exceptions = e;
    store->exception_count++;
    return e;
}

/* ---- the host's ---- */

tenon_status tenon_tag_new(tenon_store *store, const tenon_type *types, size_t count, tenon_tag **out)
{
    const tn_type *type;

    TN_TRY(tn_host_type(store, types, count, NULL, 0, &type));
    tenon_tag *tag = tn_alloc_zeroed(&store->engine->mem, sizeof *tag);
    if (tag == NULL)
        return TENON_NOMEM;
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
