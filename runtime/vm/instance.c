/* SPDX-License-Identifier: MIT
 * Instantiation (specification 4.5.4): matching of imports, allocation, initializers, start.
 */
#include <string.h>

#include "base/assert.h"
#include "runtime/vm/runtime.h"

/* ---- matching of imports (specification 3.3 and 4.5.3) ---- */

static bool limits_match(const tn_limits *want, uint64_t size, const tn_limits *have)
{
    return want->is64 == have->is64 && size >= want->min &&
           (!want->has_max || (have->has_max && have->max <= want->max));
}

static bool memory_matches(const tn_limits *want, const tenon_memory *have)
{
    return want->shared == have->type.shared && want->page_log2 == have->page_log2 &&
           limits_match(want, have->pages, &have->type);
}

static bool global_matches(const tn_types *types, const tn_global_type *want, const tn_global_type *have)
{
    if (want->is_mutable != have->is_mutable)
        return false;
    return want->is_mutable ? want->type == have->type : tn_is_subtype(types, have->type, want->type);
}

static bool import_matches(const tn_module *m, const tn_import *import, const tenon_extern *have)
{
    const tn_types *types = m->registry;

    switch (import->kind) {
    case TENON_KIND_FUNC:
        return tn_is_subtype_id(types, have->of.func->type->id, m->funcs[import->index]);
    case TENON_KIND_TABLE:
        return m->tables[import->index].type.type == have->of.table->type.type &&
               limits_match(&m->tables[import->index].type.limits, have->of.table->size, &have->of.table->type.limits);
    case TENON_KIND_MEMORY:
        return memory_matches(&m->memories[import->index], have->of.memory);
    case TENON_KIND_GLOBAL:
        return global_matches(types, &m->globals[import->index].type, &have->of.global->type);
    case TENON_KIND_TAG:
        return have->of.tag->type->id == m->tags[import->index];
    }
    return false;
}

static const tenon_store *store_of(const tenon_extern *e)
{
    switch (e->kind) {
    case TENON_KIND_FUNC:
        return e->of.func->store;
    case TENON_KIND_TABLE:
        return e->of.table->store;
    case TENON_KIND_MEMORY:
        return e->of.memory->store;
    case TENON_KIND_GLOBAL:
        return e->of.global->store;
    case TENON_KIND_TAG:
        return e->of.tag->store;
    }
    return NULL;
}

static tenon_status check_imports(const tenon_store *store, const tn_module *m, const tenon_extern *imports,
                                  size_t count, tenon_error *err)
{
    if (count != m->import_count)
        return tn_fail_plain(err, TENON_USAGE, "the module has %u imports, not %zu", (unsigned)m->import_count, count);
    for (size_t i = 0; i < count; i++) {
        const tn_import *import = &m->imports[i];
        if (imports[i].of.func != NULL && store_of(&imports[i]) != store)
            return tn_fail_plain(err, TENON_USAGE, "import %zu belongs to another store", i);
        if (imports[i].of.func == NULL || imports[i].kind != import->kind || !import_matches(m, import, &imports[i]))
            return tn_fail_plain(err, TENON_LINK, "incompatible import type: %.*s.%.*s is not a matching %s",
                                 (int)(import->module.size > 60 ? 60 : import->module.size), import->module.data,
                                 (int)(import->name.size > 60 ? 60 : import->name.size), import->name.data,
                                 tenon_kind_text(import->kind));
    }
    return TENON_OK;
}

/* ---- allocation ---- */

/* The instance and its lists, one behind the other. */
static size_t cut_lists(tenon_instance *in, const tn_module *m)
{
    uint8_t *piece = (uint8_t *)in;
    size_t at = 0;
    tenon_instance none, *out = in != NULL ? in : &none;

    tn_cut(piece, &at, 1, sizeof *in + (m->global_count - m->imported_globals) * sizeof *in->own_globals);
    out->memories = tn_cut(piece, &at, m->memory_count, sizeof *out->memories);
    out->tables = tn_cut(piece, &at, m->table_count, sizeof *out->tables);
    out->globals = tn_cut(piece, &at, m->global_count, sizeof *out->globals);
    out->global_objects = tn_cut(piece, &at, m->global_count, sizeof *out->global_objects);
    out->imported_funcs = tn_cut(piece, &at, m->imported_funcs, sizeof *out->imported_funcs);
    out->tags = tn_cut(piece, &at, m->tag_count, sizeof *out->tags);
    out->own_tags = tn_cut(piece, &at, m->tag_count - m->imported_tags, sizeof *out->own_tags);
    out->dropped_elems = tn_cut(piece, &at, m->elem_count, 1);
    out->dropped_datas = tn_cut(piece, &at, m->data_count, 1);
    return at;
}

void tn_instance_use_stacks(tenon_instance *in)
{
    in->stack_limit = in->store->stack_limit;
    in->native_limit = in->store->native.limit;
    in->buffer = in->store->native.buffer;
}

static size_t funcs_size(const tenon_instance *in)
{
    return (in->module->core.body_count + 1) * sizeof *in->own_funcs;
}

uint64_t tn_instance_bytes(const tenon_instance *in)
{
    return in->size + funcs_size(in);
}

static void free_instance(tenon_instance *in)
{
    tn_mem *mem = &in->store->engine->mem;

    tn_free(mem, in->own_funcs, funcs_size(in));
    tn_free(mem, in, in->size);
}

static tenon_status allocate(tenon_store *store, tenon_module *module, tenon_instance **out, tenon_error *err)
{
    const tn_module *m = &module->core;
    tn_mem *mem = &store->engine->mem;
    size_t size = cut_lists(NULL, m);
    tenon_instance *in = tn_alloc_zeroed(mem, size);

    if (in == NULL)
        return TENON_NOMEM;
    cut_lists(in, m);
    in->size = size;
    in->native = &store->native;
    in->leaves = tn_leaves;
    in->store = store;
    in->fuel = &store->fuel;
    tn_instance_use_stacks(in);
    in->module = module;
    in->own_funcs = tn_alloc_zeroed(mem, (m->body_count + 1) * sizeof *in->own_funcs);
    tenon_status status =
        in->own_funcs == NULL ? TENON_NOMEM : tn_tenant_admit(store->tenant, module, tn_instance_bytes(in), err);
    if (status != TENON_OK) {
        free_instance(in);
        return status;
    }
    tn_module_ref(module);
    in->next = store->instances;
    store->instances = in;
    *out = in;
    return TENON_OK;
}

void tn_instance_delete(tenon_instance *in)
{
    tenon_module *module = in->module;

    tn_tenant_dismiss(in->store->tenant, module, tn_instance_bytes(in));
    free_instance(in);
    tenon_module_delete(module);
}

tenon_func *tn_instance_func(tenon_instance *in, uint32_t index)
{
    const tn_module *m = &in->module->core;

    if (index < m->imported_funcs)
        return in->imported_funcs[index];
    tenon_func *func = &in->own_funcs[index - m->imported_funcs];
    if (func->type == NULL)
        *func = (tenon_func){ .type = tn_module_func_type(m, index),
                              .instance = in,
                              .callee = in,
                              .entry = &in->entries[index - m->imported_funcs],
                              .index = index,
                              .store = in->store };
    return func;
}

static void take_imports(tenon_instance *in, const tenon_extern *imports)
{
    const tn_module *m = &in->module->core;

    for (uint32_t i = 0; i < m->import_count; i++) {
        uint32_t index = m->imports[i].index;
        switch (m->imports[i].kind) {
        case TENON_KIND_FUNC:
            in->imported_funcs[index] = imports[i].of.func;
            break;
        case TENON_KIND_TABLE:
            in->tables[index] = imports[i].of.table;
            break;
        case TENON_KIND_MEMORY:
            in->memories[index] = imports[i].of.memory;
            break;
        case TENON_KIND_GLOBAL:
            in->global_objects[index] = imports[i].of.global;
            in->globals[index] = &imports[i].of.global->value;
            break;
        case TENON_KIND_TAG:
            in->tags[index] = imports[i].of.tag;
            break;
        }
    }
}

static tenon_status make_memories(tenon_instance *in, tenon_error *err)
{
    const tn_module *m = &in->module->core;

    for (uint32_t i = m->imported_memories; i < m->memory_count; i++)
        TN_TRY(tn_memory_new(in->store, &m->memories[i], in->store->bounds, &in->memories[i], err));
    in->entries_mode = m->memory_count == 0 ? in->store->bounds : in->memories[0]->bounds;
    if (m->memory_count > 0 && in->entries_mode == TENON_BOUNDS_GUARDED)
        in->memory0 = in->memories[0]->base;
    return TENON_OK;
}

/* Code is made for the mode that memory 0 really has, never for the one that the engine prefers. */
static tenon_status find_code(tenon_instance *in, tenon_error *err)
{
    tenon_module *module = in->module;
    const tn_tier *tier = module->engine->tier;

    tn_os_mutex_lock(&module->lock);
    tn_code **code = &module->code[in->entries_mode];
    uint64_t before = tn_module_bytes(module);
    if (*code == NULL) {
        *code = tier->code_new(module, (tenon_bounds)in->entries_mode);
        if (*code != NULL)
            tn_bind_all(module, in->entries_mode);
    }
    bool bound = *code != NULL && tn_bind_images(in);
    bool charged = bound && tn_tenant_charge_code(in->store->tenant, module, before);
    if (charged)
        in->entries = tier->entries(*code);
    tn_os_mutex_unlock(&module->lock);
    if (bound && !charged)
        return tn_fail_plain(err, TENON_LIMIT, "the tenant has no memory left for code");
    return bound ? TENON_OK : tn_fail_plain(err, TENON_NOMEM, "out of memory for code");
}

static void make_tags(tenon_instance *in)
{
    const tn_module *m = &in->module->core;

    for (uint32_t i = m->imported_tags; i < m->tag_count; i++) {
        in->tags[i] = &in->own_tags[i - m->imported_tags];
        *in->tags[i] = (tenon_tag){ .type = tn_types_get(m->registry, m->tags[i]), .store = in->store, .owner = in };
    }
}

static tenon_status make_globals(tenon_instance *in, bool initialize, tenon_error *err)
{
    const tn_module *m = &in->module->core;
    for (uint32_t i = m->imported_globals; i < m->global_count; i++) {
        tenon_global *global = &in->own_globals[i - m->imported_globals];
        global->type = m->globals[i].type;
        global->store = in->store;
        global->owner = in;
        global->next = in->store->globals;
        in->store->globals = global;
        in->global_objects[i] = global;
        in->globals[i] = &global->value;
        if (initialize)
            TN_TRY(tn_constant(in, m->globals[i].init, &global->value, err));
    }
    return TENON_OK;
}

static tenon_status make_tables(tenon_instance *in, bool initialize, tenon_error *err)
{
    const tn_module *m = &in->module->core;
    tn_value init;

    for (uint32_t i = m->imported_tables; i < m->table_count; i++) {
        init = (tn_value){ .slot = { { 0 } } };
        if (initialize && m->tables[i].init.size > 0)
            TN_TRY(tn_constant(in, m->tables[i].init, &init, err));
        TN_TRY(tn_table_new(in->store, &m->tables[i].type, init.slot[0].ref, &in->tables[i], err));
    }
    return TENON_OK;
}

/* ---- initialization ---- */

static tenon_status trap_at(tenon_trap trap, uint64_t offset, tenon_error *err)
{
    if (trap == TENON_TRAP_NONE)
        return TENON_OK;
    tn_fail_trap(err, trap);
    if (err != NULL && err->offset == TENON_NO_OFFSET)
        err->offset = offset;
    return TENON_TRAP;
}

static tenon_status init_elements(tenon_instance *in, tenon_error *err)
{
    const tn_module *m = &in->module->core;
    tn_value at;

    for (uint32_t i = 0; i < m->elem_count; i++) {
        const tn_elem *e = &m->elems[i];
        if (e->mode == TN_SEGMENT_ACTIVE) {
            TN_TRY(tn_constant(in, e->offset, &at, err));
            uint64_t to = m->tables[e->table].type.limits.is64 ? at.slot[0].i64 : at.slot[0].i32;
            TN_TRY(trap_at(tn_table_init(in, e->table, i, to, 0, e->count), e->offset.offset, err));
        }
        in->dropped_elems[i] = e->mode != TN_SEGMENT_PASSIVE;
    }
    return TENON_OK;
}

static tenon_status init_datas(tenon_instance *in, tenon_error *err)
{
    const tn_module *m = &in->module->core;
    tn_value at;

    for (uint32_t i = 0; i < m->data_count; i++) {
        const tn_data *d = &m->datas[i];
        if (d->mode != TN_SEGMENT_ACTIVE)
            continue;
        TN_TRY(tn_constant(in, d->offset, &at, err));
        uint64_t to = m->memories[d->memory].is64 ? at.slot[0].i64 : at.slot[0].i32;
        TN_TRY(trap_at(tn_memory_init(in, d->memory, i, to, 0, d->bytes.size), d->offset.offset, err));
        in->dropped_datas[i] = 1;
    }
    return TENON_OK;
}

static tenon_status run_start(tenon_instance *in, tenon_error *err)
{
    const tn_module *m = &in->module->core;

    if (m->start == TENON_NO_INDEX)
        return TENON_OK;
    return tenon_func_call(tn_instance_func(in, m->start), NULL, 0, NULL, 0, err);
}

/* snapshot NULL: as the module says. */
static tenon_status build(tenon_instance *in, const tenon_extern *imports, const tenon_snapshot *snapshot,
                          tenon_error *err)
{
    take_imports(in, imports);
    TN_TRY(make_memories(in, err));
    TN_TRY(find_code(in, err));
    make_tags(in);
    TN_TRY(make_globals(in, snapshot == NULL, err));
    TN_TRY(make_tables(in, snapshot == NULL, err));
    if (snapshot != NULL)
        return tn_snapshot_apply(snapshot, in, err);
    TN_TRY(init_elements(in, err));
    TN_TRY(init_datas(in, err));
    return run_start(in, err);
}

tenon_status tn_instance_new(tenon_store *store, tenon_module *module, const tenon_extern *imports, size_t import_count,
                             const tenon_snapshot *snapshot, tenon_instance **out, tenon_error *err)
{
    tenon_instance *in;

    tn_error_clear(err);
    if (store->engine != module->engine)
        return tn_fail_plain(err, TENON_USAGE, "store and module belong to different engines");
    TN_TRY(check_imports(store, &module->core, imports, import_count, err));
    tenon_status status = allocate(store, module, &in, err);
    if (status == TENON_OK)
        status = build(in, imports, snapshot, err);
    if (status == TENON_NOMEM)
        tn_fail_plain(err, TENON_NOMEM, "out of memory for an instance");
    if (status == TENON_OK)
        *out = in;
    return status;
}

tenon_status tenon_instance_new(tenon_store *store, tenon_module *module, const tenon_extern *imports,
                                size_t import_count, tenon_instance **out, tenon_error *err)
{
    return tn_instance_new(store, module, imports, import_count, NULL, out, err);
}

tenon_extern tenon_instance_export_at(tenon_instance *in, size_t index)
{
    const tn_export *e = &in->module->core.exports[index];
    tenon_extern out = { .kind = e->kind };

    switch (e->kind) {
    case TENON_KIND_FUNC:
        out.of.func = tn_instance_func(in, e->index);
        break;
    case TENON_KIND_TABLE:
        out.of.table = in->tables[e->index];
        break;
    case TENON_KIND_MEMORY:
        out.of.memory = in->memories[e->index];
        break;
    case TENON_KIND_GLOBAL:
        out.of.global = in->global_objects[e->index];
        break;
    case TENON_KIND_TAG:
        out.of.tag = in->tags[e->index];
        break;
    }
    return out;
}

bool tenon_instance_export(tenon_instance *in, tenon_name name, tenon_extern *out)
{
    const tn_module *m = &in->module->core;

    for (uint32_t i = 0; i < m->export_count; i++)
        if (m->exports[i].name.size == name.size && memcmp(m->exports[i].name.data, name.data, name.size) == 0) {
            *out = tenon_instance_export_at(in, i);
            return true;
        }
    return false;
}

tenon_module *tenon_instance_module(const tenon_instance *in)
{
    return in->module;
}
