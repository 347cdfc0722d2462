/* SPDX-License-Identifier: MIT
 * Snapshots: an instance's own state without an address of its store. References to functions are kept as indices.
 */
#include <string.h>

#include "base/assert.h"
#include "runtime/vm/content.h"

typedef struct memory_part {
    uint64_t pages;
    tn_content *content;
} memory_part;

struct tenon_snapshot {
    tenon_module *module;
    size_t size; /* bytes of this and all its lists, which are one piece */
    memory_part *memories;
    uint64_t *table_sizes;
    uint64_t *elems;   /* of all tables: index of the function plus one, or 0 */
    tn_value *globals; /* a reference likewise */
    uint8_t *dropped_elems, *dropped_datas;
};

static size_t cut_lists(tenon_snapshot *out, const tenon_instance *in)
{
    const tn_module *m = &in->module->core;
    uint8_t *piece = (uint8_t *)out;
    size_t at = 0, elems = 0;
    tenon_snapshot none, *s = out != NULL ? out : &none;

    for (uint32_t i = m->imported_tables; i < m->table_count; i++)
        elems += in->tables[i]->size;
    tn_cut(piece, &at, 1, sizeof *s);
    s->memories = tn_cut(piece, &at, m->memory_count - m->imported_memories, sizeof *s->memories);
    s->table_sizes = tn_cut(piece, &at, m->table_count - m->imported_tables, sizeof *s->table_sizes);
    s->elems = tn_cut(piece, &at, elems, sizeof *s->elems);
    s->globals = tn_cut(piece, &at, m->global_count - m->imported_globals, sizeof *s->globals);
    s->dropped_elems = tn_cut(piece, &at, m->elem_count, 1);
    s->dropped_datas = tn_cut(piece, &at, m->data_count, 1);
    return at;
}

/* ---- taking ---- */

/* A reference without its address; false when it has no meaning elsewhere. */
static bool name_ref(const tenon_instance *in, tn_valtype type, uintptr_t ref, uint64_t *out)
{
    const tn_module *m = &in->module->core;
    const tenon_func *func = (const tenon_func *)ref;

    *out = 0;
    if (ref == 0)
        return true;
    if (tn_heap_top(m->registry, type) != TN_HEAP_FUNC)
        return false;
    if (func->instance == in)
        *out = func->index + 1u;
    for (uint32_t i = 0; *out == 0 && i < m->imported_funcs; i++)
        if (in->imported_funcs[i] == func)
            *out = i + 1u;
    return *out != 0;
}

static tenon_status take_memories(tenon_snapshot *s, const tenon_instance *in)
{
    const tn_module *m = &in->module->core;

    for (uint32_t i = m->imported_memories; i < m->memory_count; i++) {
        memory_part *part = &s->memories[i - m->imported_memories];
        part->pages = in->memories[i]->pages;
        part->content = tn_content_of(in->store, in->memories[i], NULL);
        if (part->content == NULL)
            return TENON_NOMEM;
    }
    return TENON_OK;
}

static bool take_tables(tenon_snapshot *s, const tenon_instance *in)
{
    const tn_module *m = &in->module->core;
    uint64_t *elem = s->elems;

    for (uint32_t i = m->imported_tables; i < m->table_count; i++) {
        const tenon_table *table = in->tables[i];
        s->table_sizes[i - m->imported_tables] = table->size;
        for (uint64_t k = 0; k < table->size; k++)
            if (!name_ref(in, table->type.type, table->elems[k], elem++))
                return false;
    }
    return true;
}

static bool take_globals(tenon_snapshot *s, const tenon_instance *in)
{
    const tn_module *m = &in->module->core;

    for (uint32_t i = m->imported_globals; i < m->global_count; i++) {
        tn_value *value = &s->globals[i - m->imported_globals];
        *value = *in->globals[i];
        if (tn_is_ref(m->globals[i].type.type) &&
            !name_ref(in, m->globals[i].type.type, in->globals[i]->slot[0].ref, &value->slot[0].i64))
            return false;
    }
    return true;
}

static tenon_status take(tenon_snapshot *s, const tenon_instance *in, tenon_error *err)
{
    const tn_module *m = &in->module->core;

    if (m->elem_count > 0)
        memcpy(s->dropped_elems, in->dropped_elems, m->elem_count);
    if (m->data_count > 0)
        memcpy(s->dropped_datas, in->dropped_datas, m->data_count);
    if (!take_tables(s, in) || !take_globals(s, in))
        return tn_fail_plain(err, TENON_USAGE, "the instance refers to something that another store does not have");
    if (take_memories(s, in) != TENON_OK)
        return tn_fail_plain(err, TENON_NOMEM, "out of memory for a snapshot");
    return TENON_OK;
}

tenon_status tenon_snapshot_new(tenon_instance *in, tenon_snapshot **out, tenon_error *err)
{
    size_t size = cut_lists(NULL, in);
    tenon_snapshot *s = tn_alloc_zeroed(&in->store->engine->mem, size);

    tn_error_clear(err);
    if (s == NULL)
        return tn_fail_plain(err, TENON_NOMEM, "out of memory for a snapshot");
    cut_lists(s, in);
    s->size = size;
    s->module = tenon_module_hold(in->module);
    tenon_status status = take(s, in, err);
    if (status == TENON_OK)
        *out = s;
    else
        tenon_snapshot_delete(s);
    return status;
}

void tenon_snapshot_delete(tenon_snapshot *s)
{
    if (s == NULL)
        return;
    tenon_module *module = s->module;
    const tn_module *m = &module->core;
    for (uint32_t i = 0; i < m->memory_count - m->imported_memories; i++)
        tn_content_unref(s->memories[i].content);
    tn_free(&module->engine->mem, s, s->size);
    tenon_module_delete(module);
}

/* ---- giving ---- */

static uintptr_t find_ref(tenon_instance *in, uint64_t name)
{
    return name != 0 ? (uintptr_t)tn_instance_func(in, (uint32_t)(name - 1)) : 0;
}

static bool give_memory(const memory_part *part, tenon_memory *memory)
{
    if (tn_memory_grow(memory, part->pages - memory->pages) == UINT64_MAX)
        return false;
    if (!tn_content_map(part->content, memory) && part->content->size > 0)
        memcpy(memory->base, part->content->bytes, part->content->size);
    return true;
}

static bool give_table(const tenon_snapshot *s, tenon_instance *in, uint32_t index, const uint64_t **elem)
{
    tenon_table *table = in->tables[index];
    uint64_t size = s->table_sizes[index - in->module->core.imported_tables];

    if (tn_table_grow(table, size - table->size, 0) == UINT64_MAX)
        return false;
    for (uint64_t k = 0; k < size; k++)
        table->elems[k] = find_ref(in, *(*elem)++);
    return true;
}

tenon_status tn_snapshot_apply(const tenon_snapshot *s, tenon_instance *in, tenon_error *err)
{
    const tn_module *m = &in->module->core;
    const uint64_t *elem = s->elems;
    bool ok = true;

    for (uint32_t i = m->imported_memories; ok && i < m->memory_count; i++)
        ok = give_memory(&s->memories[i - m->imported_memories], in->memories[i]);
    /* A checked memory may have moved. */
    if (m->memory_count > 0 && in->entries_mode == TENON_BOUNDS_GUARDED)
        in->memory0 = in->memories[0]->base;
    for (uint32_t i = m->imported_tables; ok && i < m->table_count; i++)
        ok = give_table(s, in, i, &elem);
    if (!ok)
        return tn_fail_plain(err, TENON_LIMIT, "no memory for what the snapshot holds");
    for (uint32_t i = m->imported_globals; i < m->global_count; i++) {
        const tn_value *value = &s->globals[i - m->imported_globals];
        *in->globals[i] = *value;
        if (tn_is_ref(m->globals[i].type.type))
            in->globals[i]->slot[0].ref = find_ref(in, value->slot[0].i64);
    }
    if (m->elem_count > 0)
        memcpy(in->dropped_elems, s->dropped_elems, m->elem_count);
    if (m->data_count > 0)
        memcpy(in->dropped_datas, s->dropped_datas, m->data_count);
    return TENON_OK;
}

tenon_status tenon_snapshot_instantiate(tenon_store *store, const tenon_snapshot *s, const tenon_extern *imports,
                                        size_t import_count, tenon_instance **out, tenon_error *err)
{
    return tn_instance_new(store, s->module, imports, import_count, s, out, err);
}
