/* SPDX-License-Identifier: MIT
 * Objects of a store: made, found and freed (non-moving mark and sweep, conservative).
 */
#include "runtime/vm/heap.h"

#include <stdlib.h>

#include "base/assert.h"

#define LEAST_THRESHOLD 1024

/* ---- marking ---- */

static int by_address(const void *a, const void *b)
{
    const tn_heap_object *const *x = a, *const *y = b;
    return (*x > *y) - (*x < *y);
}

typedef struct heap_view {
    tn_heap_object **sorted;
    size_t count;
    tn_heap_object **work; /* marked, not scanned yet */
    size_t work_count;
} heap_view;

static void mark_object(heap_view *heap, tn_heap_object *object)
{
    if (object->marked)
        return;
    object->marked = true;
    heap->work[heap->work_count++] = object;
}

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
    if (low < heap->count && (uintptr_t)heap->sorted[low] == word)
        mark_object(heap, heap->sorted[low]);
}

static void mark_slots(heap_view *heap, const tn_slot *from, const tn_slot *end)
{
    for (const tn_slot *s = from; s < end; s++)
        mark(heap, s->ref);
}

static void mark_exception(heap_view *heap, const tn_exception *e)
{
    mark_slots(heap, e->values, (const tn_slot *)((const uint8_t *)e + e->object.size));
}

static void mark_roots(tenon_store *store, heap_view *heap, const tn_slot *stack_end)
{
    if (store->stacks != NULL)
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
    for (size_t i = 0; i < heap->count; i++)
        if (heap->sorted[i]->kind == TN_OBJECT_EXTERNREF && ((tn_externref *)heap->sorted[i])->holds > 0)
            mark_object(heap, heap->sorted[i]);
    while (heap->work_count > 0) {
        const tn_heap_object *object = heap->work[--heap->work_count];
        if (object->kind == TN_OBJECT_EXCEPTION)
            mark_exception(heap, (const tn_exception *)object);
    }
}

/* ---- sweeping ---- */

static void free_object(tenon_store *store, tn_heap_object *object)
{
    const tn_externref *e = (const tn_externref *)object;

    if (object->kind == TN_OBJECT_EXTERNREF && e->finalizer != NULL)
        e->finalizer(e->thing);
    tn_tenant_release(store->tenant, object->size);
    tn_free(&store->engine->mem, object, object->size);
}

/* Finalizers are called when nothing can be found any more. */
static void free_list(tenon_store *store, tn_heap_object *dead)
{
    for (tn_heap_object *next; dead != NULL; dead = next) {
        next = dead->next;
        free_object(store, dead);
    }
}

void tn_heap_sweep(tenon_store *store)
{
    tn_heap_object *dead = NULL;

    for (tn_heap_object **link = &store->objects, *object; (object = *link) != NULL;) {
        if (object->marked) {
            object->marked = false;
            link = &object->next;
            continue;
        }
        *link = object->next;
        object->next = dead;
        dead = object;
        store->object_count--;
    }
    tn_externrefs_rebuild(store);
    free_list(store, dead);
}

static void collect(tenon_store *store, const tn_slot *stack_end)
{
    size_t count = store->object_count, bytes = 2 * count * sizeof(tn_heap_object *);
    tn_heap_object **all = tn_alloc(&store->engine->mem, bytes + 1);

    if (all == NULL)
        return;
    heap_view heap = { .sorted = all, .count = count, .work = all + count };
    size_t i = 0;
    for (tn_heap_object *object = store->objects; object != NULL; object = object->next)
        all[i++] = object;
    qsort(all, count, sizeof *all, by_address);
    mark_roots(store, &heap, stack_end);
    tn_free(&store->engine->mem, all, bytes + 1);
    tn_heap_sweep(store);
}

void tn_heap_fini(tenon_store *store)
{
    tn_heap_object *all = store->objects;

    store->objects = NULL;
    store->object_count = 0;
    tn_externrefs_fini(store);
    free_list(store, all);
}

/* ---- making ---- */

void *tn_object_new(tenon_store *store, tn_object_kind kind, size_t size, const tn_slot *stack_end)
{
    if (store->object_count >= LEAST_THRESHOLD && store->object_count >= store->object_threshold) {
        collect(store, stack_end);
        store->object_threshold = store->object_count * 2 + LEAST_THRESHOLD;
    }
    if (!tn_tenant_charge(store->tenant, size))
        return NULL;
    tn_heap_object *object = tn_alloc_zeroed(&store->engine->mem, size);
    if (object == NULL) {
        tn_tenant_release(store->tenant, size);
        return NULL;
    }
    object->kind = (uint8_t)kind;
    object->size = size;
    object->next = store->objects;
    store->objects = object;
    store->object_count++;
    return object;
}
