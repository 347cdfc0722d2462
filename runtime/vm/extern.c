/* SPDX-License-Identifier: MIT
 * Types of imports, exports and things of a store, as the host sees them.
 */
#include "base/assert.h"
#include "runtime/vm/runtime.h"

static tenon_extern_type of_func(const tn_types *types, tenon_kind kind, const tn_type *type)
{
    return (tenon_extern_type){ .kind = kind,
                                .param_count = type->param_count,
                                .result_count = type->result_count,
                                .max = UINT64_MAX,
                                .inside = { types, type } };
}

static tenon_extern_type of_table(const tn_types *types, const tn_table_type *t, uint64_t size)
{
    return (tenon_extern_type){ .kind = TENON_KIND_TABLE,
                                .type = tn_public_type(types, t->type),
                                .inside = { types, (const void *)(uintptr_t)t->type },
                                .address64 = t->limits.is64,
                                .min = size,
                                .max = t->limits.has_max ? t->limits.max : UINT64_MAX };
}

static tenon_extern_type of_memory(const tn_limits *t, uint64_t pages)
{
    return (tenon_extern_type){ .kind = TENON_KIND_MEMORY,
                                .address64 = t->is64,
                                .shared = t->shared,
                                .page_log2 = t->page_log2,
                                .min = pages,
                                .max = t->has_max ? t->max : UINT64_MAX };
}

static tenon_extern_type of_global(const tn_types *types, const tn_global_type *t)
{
    return (tenon_extern_type){ .kind = TENON_KIND_GLOBAL,
                                .type = tn_public_type(types, t->type),
                                .inside = { types, (const void *)(uintptr_t)t->type },
                                .is_mutable = t->is_mutable,
                                .max = UINT64_MAX };
}

/* Of something in the module's index spaces. */
static tenon_extern_type declared(const tn_module *m, tenon_kind kind, uint32_t index)
{
    switch (kind) {
    case TENON_KIND_FUNC:
        return of_func(m->registry, kind, tn_module_func_type(m, index));
    case TENON_KIND_TABLE:
        return of_table(m->registry, &m->tables[index].type, m->tables[index].type.limits.min);
    case TENON_KIND_MEMORY:
        return of_memory(&m->memories[index], m->memories[index].min);
    case TENON_KIND_GLOBAL:
        return of_global(m->registry, &m->globals[index].type);
    default:
        return of_func(m->registry, kind, tn_types_get(m->registry, m->tags[index]));
    }
}

tenon_extern_type tenon_module_import_type(const tenon_module *module, size_t index)
{
    const tn_import *import = &module->core.imports[index];
    return declared(&module->core, import->kind, import->index);
}

tenon_extern_type tenon_module_export_type(const tenon_module *module, size_t index)
{
    const tn_export *export = &module->core.exports[index];
    return declared(&module->core, export->kind, export->index);
}

tenon_extern_type tenon_extern_type_of(const tenon_extern *what)
{
    switch (what->kind) {
    case TENON_KIND_FUNC:
        return of_func(what->of.func->store->engine->types, what->kind, what->of.func->type);
    case TENON_KIND_TABLE:
        return of_table(what->of.table->store->engine->types, &what->of.table->type, what->of.table->size);
    case TENON_KIND_MEMORY:
        return of_memory(&what->of.memory->type, what->of.memory->pages);
    case TENON_KIND_GLOBAL:
        return of_global(what->of.global->store->engine->types, &what->of.global->type);
    default:
        return of_func(what->of.tag->store->engine->types, what->kind, what->of.tag->type);
    }
}

tenon_type tenon_extern_type_param(const tenon_extern_type *type, size_t index)
{
    const tn_type *t = type->inside[1];

    TN_ASSERT(index < type->param_count);
    return tn_public_type(type->inside[0], t->types[index]);
}

tenon_type tenon_extern_type_result(const tenon_extern_type *type, size_t index)
{
    const tn_type *t = type->inside[1];

    TN_ASSERT(index < type->result_count);
    return tn_public_type(type->inside[0], tn_type_results(t)[index]);
}

const void *tenon_module_bytes(const tenon_module *module, size_t *size)
{
    const tn_module *m = &module->core;

    *size = m->size;
    return tn_module_need(m, (tn_range){ 0, (uint32_t)m->size }) ? m->bytes : NULL;
}
