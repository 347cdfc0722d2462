/* SPDX-License-Identifier: MIT
 * Modules and instances of the standard C interface.
 */
#include <stdlib.h>

#include "runtime/capi/capi.h"

struct wasm_shared_module_t {
    tenon_module *module;
    const tenon_engine *engine;
};

/* ---- modules ---- */

static wasm_module_t *record_of(wasm_store_t *store, tenon_module *module)
{
    tn_record *r = tn_record_new(store, TN_RECORD_MODULE);

    if (r == NULL)
        tenon_module_delete(module);
    else
        r->of.module = module;
    return (wasm_module_t *)r;
}

static tenon_module *module_of(const wasm_module_t *module)
{
    return TN_RECORD_OF(module)->of.module;
}

wasm_module_t *wasm_module_new(wasm_store_t *store, const wasm_byte_vec_t *binary)
{
    tenon_module *module;

    if (tenon_module_new(store->engine, binary->data, binary->size, &module, NULL) != TENON_OK)
        return NULL;
    return record_of(store, module);
}

bool wasm_module_validate(wasm_store_t *store, const wasm_byte_vec_t *binary)
{
    tenon_module *module;

    if (tenon_module_new_borrowed(store->engine, binary->data, binary->size, &module, NULL) != TENON_OK)
        return false;
    tenon_module_delete(module);
    return true;
}

static void copy_name(tenon_name name, wasm_name_t *out)
{
    wasm_name_new(out, name.size, name.data);
}

void wasm_module_imports(const wasm_module_t *module, wasm_importtype_vec_t *out)
{
    const tenon_module *m = module_of(module);
    wasm_name_t from, name;

    wasm_importtype_vec_new_uninitialized(out, tenon_module_import_count(m));
    for (size_t i = 0; i < out->size; i++) {
        tenon_import_info info = tenon_module_import(m, i);
        tenon_extern_type type = tenon_module_import_type(m, i);
        copy_name(info.module, &from);
        copy_name(info.name, &name);
        out->data[i] = wasm_importtype_new(&from, &name, tn_externtype_new(&type));
    }
}

void wasm_module_exports(const wasm_module_t *module, wasm_exporttype_vec_t *out)
{
    const tenon_module *m = module_of(module);
    wasm_name_t name;

    wasm_exporttype_vec_new_uninitialized(out, tenon_module_export_count(m));
    for (size_t i = 0; i < out->size; i++) {
        tenon_extern_type type = tenon_module_export_type(m, i);
        copy_name(tenon_module_export(m, i).name, &name);
        out->data[i] = wasm_exporttype_new(&name, tn_externtype_new(&type));
    }
}

void wasm_module_serialize(const wasm_module_t *module, wasm_byte_vec_t *out)
{
    size_t size;
    const void *bytes = tenon_module_bytes(module_of(module), &size);

    wasm_byte_vec_new(out, bytes != NULL ? size : 0, bytes);
}

wasm_module_t *wasm_module_deserialize(wasm_store_t *store, const wasm_byte_vec_t *bytes)
{
    return wasm_module_new(store, bytes);
}

wasm_shared_module_t *wasm_module_share(const wasm_module_t *module)
{
    wasm_shared_module_t *shared = malloc(sizeof *shared);

    if (shared != NULL)
        *shared = (wasm_shared_module_t){ tenon_module_hold(module_of(module)), TN_RECORD_OF(module)->store->engine };
    return shared;
}

/* NULL in a store of another engine. */
wasm_module_t *wasm_module_obtain(wasm_store_t *store, const wasm_shared_module_t *shared)
{
    return store->engine == shared->engine ? record_of(store, tenon_module_hold(shared->module)) : NULL;
}

void wasm_shared_module_delete(wasm_shared_module_t *shared)
{
    if (shared == NULL)
        return;
    tenon_module_delete(shared->module);
    free(shared);
}

/* ---- instances ---- */

static const char *take_imports(const wasm_store_t *store, const wasm_extern_vec_t *list, tenon_extern *out,
                                size_t count)
{
    if ((list != NULL ? list->size : 0) < count)
        return "fewer imports are given than the module has";
    for (size_t i = 0; i < count; i++) {
        const tn_record *r = TN_RECORD_OF(list->data[i]);
        if (r == NULL)
            return "an import is missing";
        if (r->store != store)
            return "an import belongs to another store";
        out[i] = r->of.what;
    }
    return NULL;
}

static tn_record *instantiate(wasm_store_t *store, tenon_module *module, const wasm_extern_vec_t *imports,
                              tenon_extern *list, wasm_trap_t **trap)
{
    size_t count = tenon_module_import_count(module);
    const char *wrong = take_imports(store, imports, list, count);
    tenon_instance *instance;
    tenon_error err;

    if (wrong != NULL) {
        *trap = tn_trap_of_text(store, wrong);
        return NULL;
    }
    if (tenon_instance_new(store->store, module, list, count, &instance, &err) == TENON_OK)
        return tn_record_of_instance(store, instance);
    *trap = tn_trap_of_call(store, &err);
    return NULL;
}

wasm_instance_t *wasm_instance_new(wasm_store_t *store, const wasm_module_t *module, const wasm_extern_vec_t *imports,
                                   wasm_trap_t **trap)
{
    tenon_extern *list = calloc(tenon_module_import_count(module_of(module)) + 1, sizeof *list);
    wasm_trap_t *why = NULL;

    if (list == NULL)
        return NULL;
    store->calls++;
    tn_record *r = instantiate(store, module_of(module), imports, list, &why);
    store->calls--;
    free(list);
    if (trap != NULL)
        *trap = why;
    else
        wasm_trap_delete(why);
    return (wasm_instance_t *)r;
}

void wasm_instance_exports(const wasm_instance_t *instance, wasm_extern_vec_t *out)
{
    const tn_record *r = TN_RECORD_OF(instance);

    wasm_extern_vec_new_uninitialized(out, tenon_module_export_count(tenon_instance_module(r->of.instance)));
    for (size_t i = 0; i < out->size; i++)
        out->data[i] = (wasm_extern_t *)tn_record_of_extern(r->store, tenon_instance_export_at(r->of.instance, i));
}
