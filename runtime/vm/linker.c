/* SPDX-License-Identifier: MIT
 * A linker: a hash table from (module, name) to things of one store.
 */
#include <string.h>

#include "base/assert.h"
#include "runtime/vm/runtime.h"

typedef struct definition {
    struct definition *next;
    tenon_name module, name;
    tenon_extern what;
} definition;

struct tenon_linker {
    tenon_store *store;
    tenon_linker *next; /* of the store */
    tn_arena arena;
    definition *buckets[256];
};

static uint32_t hash(tenon_name module, tenon_name name)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < module.size; i++)
        h = (h ^ (uint8_t)module.data[i]) * 16777619u;
    h = (h ^ 0xFF) * 16777619u;
    for (size_t i = 0; i < name.size; i++)
        h = (h ^ (uint8_t)name.data[i]) * 16777619u;
    return (h ^ h >> 15) & 255;
}

static bool same(tenon_name a, tenon_name b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static definition *find(const tenon_linker *linker, tenon_name module, tenon_name name)
{
    for (definition *d = linker->buckets[hash(module, name)]; d != NULL; d = d->next)
        if (same(d->module, module) && same(d->name, name))
            return d;
    return NULL;
}

tenon_status tenon_linker_new(tenon_store *store, tenon_linker **out)
{
    tenon_linker *linker = tn_alloc_zeroed(&store->engine->mem, sizeof *linker);

    if (linker == NULL)
        return TENON_NOMEM;
    linker->store = store;
    linker->next = store->linkers;
    store->linkers = linker;
    tn_arena_init(&linker->arena, &store->engine->mem);
    *out = linker;
    return TENON_OK;
}

void tenon_linker_delete(tenon_linker *linker)
{
    if (linker == NULL)
        return;
    for (tenon_linker **link = &linker->store->linkers; *link != NULL; link = &(*link)->next)
        if (*link == linker) {
            *link = linker->next;
            break;
        }
    tn_arena_fini(&linker->arena);
    tn_free(&linker->store->engine->mem, linker, sizeof *linker);
}

void tn_linkers_visit(const tenon_store *store, void (*visit)(void *context, const tenon_extern *what), void *context)
{
    for (const tenon_linker *linker = store->linkers; linker != NULL; linker = linker->next)
        for (size_t i = 0; i < sizeof linker->buckets / sizeof *linker->buckets; i++)
            for (const definition *d = linker->buckets[i]; d != NULL; d = d->next)
                visit(context, &d->what);
}

tenon_store *tenon_linker_store(const tenon_linker *linker)
{
    return linker->store;
}

static tenon_status copy_name(tn_arena *arena, tenon_name *name)
{
    char *copy = tn_arena_alloc(arena, name->size, 1);

    if (copy == NULL)
        return TENON_NOMEM;
    if (name->size > 0)
        memcpy(copy, name->data, name->size);
    name->data = copy;
    return TENON_OK;
}

tenon_status tenon_linker_define(tenon_linker *linker, tenon_name module, tenon_name name, tenon_extern what)
{
    definition *d = find(linker, module, name);

    if (d != NULL) {
        d->what = what;
        return TENON_OK;
    }
    d = tn_arena_alloc(&linker->arena, 1, sizeof *d);
    if (d == NULL)
        return TENON_NOMEM;
    *d = (definition){ .module = module, .name = name, .what = what };
    TN_TRY(copy_name(&linker->arena, &d->module));
    TN_TRY(copy_name(&linker->arena, &d->name));
    uint32_t bucket = hash(module, name);
    d->next = linker->buckets[bucket];
    linker->buckets[bucket] = d;
    return TENON_OK;
}

tenon_status tenon_linker_define_instance(tenon_linker *linker, tenon_name module, tenon_instance *instance)
{
    const tn_module *m = &instance->module->core;

    for (uint32_t i = 0; i < m->export_count; i++) {
        tenon_extern what;
        if (!tenon_instance_export(instance, m->exports[i].name, &what))
            return TENON_USAGE;
        TN_TRY(tenon_linker_define(linker, module, m->exports[i].name, what));
    }
    return TENON_OK;
}

tenon_status tenon_linker_define_stubs(tenon_linker *linker, const tenon_module *module, tenon_stub stub, size_t *count)
{
    const tn_module *m = &module->core;
    size_t defined = 0;

    for (uint32_t i = 0; i < m->import_count; i++) {
        const tn_import *import = &m->imports[i];
        tenon_extern what = { .kind = TENON_KIND_FUNC };
        if (import->kind != TENON_KIND_FUNC || find(linker, import->module, import->name) != NULL)
            continue;
        TN_TRY(tn_func_new_stub(linker->store, tn_module_func_type(m, import->index), stub, &what.of.func));
        TN_TRY(tenon_linker_define(linker, import->module, import->name, what));
        defined++;
    }
    if (count != NULL)
        *count = defined;
    return TENON_OK;
}

static tenon_status resolve(const tenon_linker *linker, const tn_module *m, tenon_extern *imports, tenon_error *err)
{
    for (uint32_t i = 0; i < m->import_count; i++) {
        const tn_import *import = &m->imports[i];
        const definition *d = find(linker, import->module, import->name);
        if (d == NULL)
            return tn_fail_plain(err, TENON_LINK, "unknown import: %s %.*s.%.*s is not defined",
                                 tenon_kind_text(import->kind),
                                 (int)(import->module.size > 60 ? 60 : import->module.size), import->module.data,
                                 (int)(import->name.size > 60 ? 60 : import->name.size), import->name.data);
        imports[i] = d->what;
    }
    return TENON_OK;
}

tenon_status tenon_linker_instantiate(tenon_linker *linker, tenon_module *module, tenon_instance **out,
                                      tenon_error *err)
{
    const tn_module *m = &module->core;
    tn_mem *mem = &linker->store->engine->mem;
    size_t size = (m->import_count + 1) * sizeof(tenon_extern);

    tn_error_clear(err);
    tenon_extern *imports = tn_alloc_zeroed(mem, size);
    if (imports == NULL)
        return tn_fail_plain(err, TENON_NOMEM, "out of memory for the imports of a module");
    tenon_status status = resolve(linker, m, imports, err);
    if (status == TENON_OK)
        status = tenon_instance_new(linker->store, module, imports, m->import_count, out, err);
    tn_free(mem, imports, size);
    return status;
}
