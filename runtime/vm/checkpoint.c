/* SPDX-License-Identifier: MIT
 * The system knows which pages were written, so going back costs what the guest has touched: few pages are written over
 * again where they are, which no fault and no change of a mapping is part of; many are dropped.
 */
#include "runtime/vm/checkpoint.h"

#include <string.h>

#include "base/assert.h"
#include "runtime/vm/heap.h"

/* Without help of the system, memories up to this size are written over whole. */
#define MAX_REWRITTEN ((size_t)256 << 10)
enum { RUNS = 64 };

/* ---- taking ---- */

/* Cuts the lists off a piece of memory; out NULL: only counts. */
static size_t cut_lists(tn_checkpoint *out, const tenon_store *store)
{
    size_t at = 0, memories = 0, tables = 0, globals = 0, elems = 0, dropped = 0;
    uint8_t *piece = (uint8_t *)out;
    tn_checkpoint none, *c = out != NULL ? out : &none;

    for (const tenon_memory *m = store->memories; m != NULL; m = m->next)
        memories++;
    for (const tenon_table *t = store->tables; t != NULL; t = t->next, tables++)
        elems += t->size;
    for (const tenon_global *g = store->globals; g != NULL; g = g->next)
        globals++;
    for (const tenon_instance *in = store->instances; in != NULL; in = in->next)
        dropped += (size_t)in->module->core.elem_count + in->module->core.data_count;
    tn_cut(piece, &at, 1, sizeof *c);
    c->memory_count = memories;
    c->table_count = tables;
    c->global_count = globals;
    c->memories = tn_cut(piece, &at, memories, sizeof *c->memories);
    c->table_sizes = tn_cut(piece, &at, tables, sizeof *c->table_sizes);
    c->table_capacities = tn_cut(piece, &at, tables, sizeof *c->table_capacities);
    c->elems = tn_cut(piece, &at, elems, sizeof *c->elems);
    c->globals = tn_cut(piece, &at, globals, sizeof *c->globals);
    c->dropped = tn_cut(piece, &at, dropped, 1);
    return at;
}

static tenon_status take_memories(tn_checkpoint *c, const tn_checkpoint *like)
{
    tenon_store *store = c->store;
    tn_memory_state *state = c->memories;

    for (tenon_memory *m = store->memories; m != NULL; m = m->next, state++) {
        size_t i = (size_t)(state - c->memories);
        tn_content *same = like != NULL && i < like->memory_count ? like->memories[i].content : NULL;
        *state = (tn_memory_state){ .memory = m, .pages = m->pages };
        state->content = tn_content_of(store, m, same);
        if (state->content == NULL)
            return TENON_NOMEM;
        if (tn_content_map(state->content, m))
            state->mapped_at = m->base;
    }
    return TENON_OK;
}

static size_t dropped_size(const tenon_instance *in)
{
    return (size_t)in->module->core.elem_count + in->module->core.data_count;
}

static void copy_flags(const tenon_instance *in, uint8_t *flags, bool back)
{
    size_t elems = in->module->core.elem_count, datas = in->module->core.data_count;

    if (elems > 0)
        memcpy(back ? in->dropped_elems : flags, back ? flags : in->dropped_elems, elems);
    if (datas > 0)
        memcpy(back ? in->dropped_datas : flags + elems, back ? flags + elems : in->dropped_datas, datas);
}

static void take_rest(tn_checkpoint *c)
{
    const tenon_store *store = c->store;
    uintptr_t *elems = c->elems;
    uint64_t *size = c->table_sizes, *capacity = c->table_capacities;
    tn_value *value = c->globals;
    uint8_t *flags = c->dropped;

    for (const tenon_table *t = store->tables; t != NULL; elems += t->size, t = t->next) {
        *size++ = t->size;
        *capacity++ = t->capacity;
        if (t->size > 0)
            memcpy(elems, t->elems, t->size * sizeof *elems);
    }
    for (const tenon_global *g = store->globals; g != NULL; g = g->next)
        *value++ = g->value;
    for (const tenon_instance *in = store->instances; in != NULL; flags += dropped_size(in), in = in->next)
        copy_flags(in, flags, false);
}

tenon_status tn_checkpoint_new(tenon_store *store, const tn_checkpoint *like, tn_checkpoint **out, tenon_error *err)
{
    if (store->objects != NULL || store->resources.count > 0)
        return tn_fail_plain(err, TENON_USAGE,
                             "a store with exceptions, objects of the host's or resources cannot be gone back to");
    size_t size = cut_lists(NULL, store);
    tn_checkpoint *c = tn_alloc_zeroed(&store->engine->mem, size);
    if (c == NULL)
        return tn_fail_plain(err, TENON_NOMEM, "out of memory for a checkpoint");
    cut_lists(c, store);
    c->store = store;
    c->size = size;
    c->instances = store->instances;
    c->newest_memory = store->memories;
    c->newest_table = store->tables;
    c->newest_global = store->globals;
    c->host_funcs = store->host_funcs;
    c->host_tags = store->host_tags;
    if (take_memories(c, like) != TENON_OK) {
        tn_checkpoint_delete(c);
        return tn_fail_plain(err, TENON_NOMEM, "out of memory for a checkpoint");
    }
    take_rest(c);
    *out = c;
    return TENON_OK;
}

void tn_checkpoint_delete(tn_checkpoint *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->memory_count; i++)
        tn_content_unref(c->memories[i].content);
    tn_free(&c->store->engine->mem, c, c->size);
}

/* ---- going back ---- */

static void forget_newer(const tn_checkpoint *c)
{
    tenon_store *store = c->store;

    while (store->globals != c->newest_global) {
        tenon_global *global = store->globals;
        store->globals = global->next;
        tn_global_delete(global);
    }
    while (store->instances != c->instances) {
        tenon_instance *instance = store->instances;
        store->instances = instance->next;
        tn_instance_delete(instance);
    }
    while (store->host_funcs != c->host_funcs) {
        tn_host_func *func = store->host_funcs;
        store->host_funcs = func->next;
        tn_host_func_delete(func);
    }
    while (store->memories != c->newest_memory) {
        tenon_memory *memory = store->memories;
        store->memories = memory->next;
        tn_memory_delete(memory);
    }
    while (store->tables != c->newest_table) {
        tenon_table *table = store->tables;
        store->tables = table->next;
        tn_table_delete(table);
    }
}

/* Bytes [from, from+size) of the memory as they were. */
static void rewrite(const tn_memory_state *state, uint8_t *base, size_t from, size_t size)
{
    size_t known = state->content->size, copied = 0;

    if (from < known) {
        copied = known - from < size ? known - from : size;
        memcpy(base + from, state->content->bytes + from, copied);
    }
    if (size > copied)
        memset(base + from + copied, 0, size - copied);
}

static void drop(const tn_memory_state *state, uint8_t *base, size_t from, size_t size)
{
    size_t known = state->content->size;

    if (!tn_os_discard(base + from, size))
        rewrite(state, base, from, size);
    else if (state->mapped_at != base && from < known)
        memcpy(base + from, state->content->bytes + from, known - from < size ? known - from : size);
}

static bool restore_memory(const tn_checkpoint *c, const tn_memory_state *state, uint64_t keep)
{
    tenon_memory *m = state->memory;
    tn_os_run runs[RUNS];
    size_t end, count = RUNS;

    if (m->pages > state->pages && !tn_memory_shrink(m, state->pages))
        return false;
    end = tn_os_whole_pages(m->size);
    for (size_t from = 0; count == RUNS && from < end;) {
        if (!tn_os_written(&c->store->engine->pages, m->base + from, end - from, runs, RUNS, &count)) {
            (end <= MAX_REWRITTEN ? rewrite : drop)(state, m->base, 0, end);
            return true;
        }
        for (size_t i = 0; i < count; i++) {
            bool kept = runs[i].size <= keep;
            from = (size_t)(runs[i].start - m->base);
            (kept ? rewrite : drop)(state, m->base, from, runs[i].size);
            keep -= kept ? runs[i].size : 0;
            from += runs[i].size;
        }
    }
    return true;
}

static void restore_rest(const tn_checkpoint *c)
{
    const tenon_store *store = c->store;
    const uintptr_t *elems = c->elems;
    const uint64_t *size = c->table_sizes, *capacity = c->table_capacities;
    const tn_value *value = c->globals;
    uint8_t *flags = c->dropped;

    for (tenon_table *t = store->tables; t != NULL; t = t->next, size++) {
        if (t->size > *size)
            tn_table_shrink(t, *size, *capacity);
        capacity++;
        if (*size > 0)
            memcpy(t->elems, elems, *size * sizeof *elems);
        elems += *size;
    }
    for (tenon_global *g = store->globals; g != NULL; g = g->next)
        g->value = *value++;
    for (tenon_instance *in = store->instances; in != NULL; flags += dropped_size(in), in = in->next)
        copy_flags(in, flags, true);
}

static void forget_call(tenon_store *store)
{
    atomic_fetch_and(&store->interrupt, TN_INTERRUPT_LOOK);
    store->timeout = 0;
    store->context = NULL;
    store->fuel = 0;
    store->more_fuel = NULL;
    store->pending = NULL;
    store->tail = NULL;
    store->trap_pc = NULL;
    store->frame_count = 0;
    store->trapped_natively = false;
}

bool tn_checkpoint_restore(const tn_checkpoint *c, uint64_t keep)
{
    tenon_store *store = c->store;
    bool restored = true;

    TN_ASSERT(store->activation == NULL);
    if (store->resources.count > 0)
        tn_resources_fini(store);
    forget_newer(c);
    for (size_t i = 0; i < c->memory_count; i++)
        restored = restore_memory(c, &c->memories[i], keep) && restored;
    restore_rest(c);
    tn_heap_fini(store);
    tn_tags_forget(store, c->host_tags);
    forget_call(store);
    return restored;
}
