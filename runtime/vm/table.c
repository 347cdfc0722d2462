/* SPDX-License-Identifier: MIT
 * Tables (specification 4.2.7): arrays of references, one word each.
 */
#include <string.h>

#include "base/assert.h"
#include "runtime/vm/runtime.h"

tenon_status tn_table_new(tenon_store *store, const tn_table_type *type, uintptr_t init, tenon_table **out,
                          tenon_error *err)
{
    tenon_table *table = tn_alloc_zeroed(&store->engine->mem, sizeof *table);

    if (table == NULL)
        return tn_fail_plain(err, TENON_NOMEM, "out of memory for a table's description");
    *table = (tenon_table){ .store = store, .type = *type, .next = store->tables };
    tn_valtype_hold(store->engine->types, type->type);
    table->max = type->limits.has_max && type->limits.max < TN_MAX_TABLE_SIZE ? type->limits.max : TN_MAX_TABLE_SIZE;
    store->tables = table;
    if (type->limits.min > TN_MAX_TABLE_SIZE)
        return tn_fail_plain(err, TENON_LIMIT, "a table of %llu elements; the limit is %d",
                             (unsigned long long)type->limits.min, TN_MAX_TABLE_SIZE);
    if (tn_table_grow(table, type->limits.min, init) == UINT64_MAX)
        return tn_fail_plain(err, TENON_LIMIT, "no memory for a table of %llu elements",
                             (unsigned long long)type->limits.min);
    *out = table;
    return TENON_OK;
}

void tn_table_delete(tenon_table *table)
{
    tenon_store *store = table->store;

    tn_valtype_release(store->engine->types, table->type.type);
    tn_free(&store->engine->mem, table->elems, table->capacity * sizeof *table->elems);
    tn_tenant_release(store->tenant, table->capacity * sizeof *table->elems);
    tn_free(&store->engine->mem, table, sizeof *table);
}

static bool extend(tenon_table *table, uint64_t size)
{
    tn_mem *mem = &table->store->engine->mem;
    uint64_t capacity = table->capacity * 2 > size ? table->capacity * 2 : size;

    if (size <= table->capacity)
        return true;
    if (capacity > table->max)
        capacity = table->max;
    uint64_t more = (capacity - table->capacity) * sizeof *table->elems;
    if (!tn_tenant_charge(table->store->tenant, more))
        return false;
    uintptr_t *elems = table->capacity == 0
                           ? tn_alloc_zeroed(mem, capacity * sizeof *elems)
                           : tn_realloc(mem, table->elems, table->capacity * sizeof *elems, capacity * sizeof *elems);
    if (elems == NULL) {
        tn_tenant_release(table->store->tenant, more);
        return false;
    }
    table->elems = elems;
    table->capacity = capacity;
    return true;
}

uint64_t tn_table_grow(tenon_table *table, uint64_t count, uintptr_t init)
{
    uint64_t old = table->size;

    if (count > table->max - old || !extend(table, old + count))
        return UINT64_MAX;
    if (init == 0 && count > 0)
        memset(table->elems + old, 0, count * sizeof *table->elems);
    else
        for (uint64_t i = 0; i < count; i++)
            table->elems[old + i] = init;
    table->size = old + count;
    return old;
}

void tn_table_shrink(tenon_table *table, uint64_t size, uint64_t capacity)
{
    uint64_t less = (table->capacity - capacity) * sizeof *table->elems;
    uintptr_t *elems = NULL;

    if (size > 0)
        memset(table->elems + size, 0, (table->size - size) * sizeof *table->elems);
    table->size = size;
    if (less == 0)
        return;
    if (capacity > 0)
        elems = tn_realloc(&table->store->engine->mem, table->elems, table->capacity * sizeof *elems,
                           capacity * sizeof *elems);
    else
        tn_free(&table->store->engine->mem, table->elems, table->capacity * sizeof *elems);
    /* Whoever cannot make it smaller leaves it as it is. */
    if (capacity > 0 && elems == NULL)
        return;
    tn_tenant_release(table->store->tenant, less);
    table->elems = elems;
    table->capacity = capacity;
}

tenon_status tenon_table_new(tenon_store *store, tenon_type type, uint64_t min, uint64_t max, bool address64,
                             tenon_table **out)
{
    tn_table_type t = { .limits = { .min = min, .max = max, .has_max = max != UINT64_MAX, .is64 = address64 } };

    if ((type != TENON_FUNCREF && type != TENON_EXTERNREF) || (t.limits.has_max && max < min))
        return TENON_USAGE;
    t.type = type == TENON_FUNCREF ? TN_FUNCREF : TN_EXTERNREF;
    return tn_table_new(store, &t, 0, out, NULL);
}

static bool takes(const tenon_table *table, tenon_ref ref)
{
    tenon_val val = { .type = tn_public_type(table->store->engine->types, table->type.type), .of.ref = ref };

    return tn_val_fits(table->store, table->type.type, &val);
}

tenon_status tenon_table_set(tenon_table *table, uint64_t index, tenon_ref ref)
{
    if (index >= table->size || !takes(table, ref))
        return TENON_USAGE;
    table->elems[index] = ref;
    return TENON_OK;
}

tenon_status tenon_table_grow(tenon_table *table, uint64_t count, tenon_ref init)
{
    if (!takes(table, init) && count > 0)
        return TENON_USAGE;
    return tn_table_grow(table, count, init) != UINT64_MAX ? TENON_OK : TENON_LIMIT;
}

uint64_t tenon_table_size(const tenon_table *table)
{
    return table->size;
}

tenon_status tenon_table_get(const tenon_table *table, uint64_t index, tenon_ref *out)
{
    if (index >= table->size)
        return TENON_USAGE;
    *out = table->elems[index];
    return TENON_OK;
}

/* Writes count items of a segment from item `from` on. */
static tenon_trap copy_items(tenon_instance *instance, const tn_elem *elem, uintptr_t *to, uint64_t from,
                             uint64_t count)
{
    const tn_module *m = &instance->module->core;
    tn_reader r = tn_module_reader(m, elem->items, NULL);
    uint32_t func = 0;

    for (uint64_t i = 0; i < from + count; i++) {
        if (!elem->exprs) {
            if (tn_read_u32(&r, &func) != TENON_OK)
                return TENON_TRAP_TABLE_BOUNDS;
            if (i >= from)
                to[i - from] = (uintptr_t)tn_instance_func(instance, func);
            continue;
        }
        tn_value value;
        tn_range rest = { (uint32_t)tn_reader_offset(&r), (uint32_t)tn_reader_left(&r) };
        tn_insn in = { .op = TN_OP_INVALID };
        if (i >= from) {
            if (tn_constant(instance, rest, &value, NULL) != TENON_OK)
                return TENON_TRAP_UNSUPPORTED;
            to[i - from] = value.slot[0].ref;
        }
        do
            if (tn_insn_read(&r, &in) != TENON_OK)
                return TENON_TRAP_TABLE_BOUNDS;
        while (in.op != TN_OP_END);
    }
    return TENON_TRAP_NONE;
}

tenon_trap tn_table_init(tenon_instance *instance, uint32_t table_index, uint32_t elem_index, uint64_t to,
                         uint64_t from, uint64_t count)
{
    const tn_elem *elem = &instance->module->core.elems[elem_index];
    tenon_table *table = instance->tables[table_index];
    uint64_t have = instance->dropped_elems[elem_index] ? 0 : elem->count;

    if (from > have || count > have - from || to > table->size || count > table->size - to)
        return TENON_TRAP_TABLE_BOUNDS;
    return count == 0 ? TENON_TRAP_NONE : copy_items(instance, elem, table->elems + to, from, count);
}
