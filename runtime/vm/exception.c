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
