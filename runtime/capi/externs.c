/* SPDX-License-Identifier: MIT
 * Functions, globals, tables and memories of the standard C interface.
 */
#include <stdlib.h>

#include "runtime/capi/capi.h"

static tenon_extern what_of(const void *ref)
{
    return TN_RECORD_OF(ref)->of.what;
}

static tenon_extern_type type_of(const void *ref)
{
    const tenon_extern what = what_of(ref);

    return tenon_extern_type_of(&what);
}

wasm_externkind_t wasm_extern_kind(const wasm_extern_t *ref)
{
    static const wasm_externkind_t kinds[] = { [TENON_KIND_FUNC] = WASM_EXTERN_FUNC,
                                               [TENON_KIND_GLOBAL] = WASM_EXTERN_GLOBAL,
                                               [TENON_KIND_TABLE] = WASM_EXTERN_TABLE,
                                               [TENON_KIND_MEMORY] = WASM_EXTERN_MEMORY,
                                               [TENON_KIND_TAG] = WASM_EXTERN_MEMORY + 1 };

    return kinds[what_of(ref).kind];
}

wasm_externtype_t *wasm_extern_type(const wasm_extern_t *ref)
{
    const tenon_extern_type type = type_of(ref);

    return tn_externtype_new(&type);
}

/* ---- functions of the program's ---- */

static void delete_vals(wasm_val_t *vals, size_t count)
{
    for (size_t i = 0; i < count; i++)
        wasm_val_delete(&vals[i]);
}

/* A trap that ends the guest instead of a result. */
static tenon_status fail(wasm_store_t *store, wasm_trap_t *trap)
{
    wasm_trap_delete(store->pending);
    store->pending = trap;
    return TENON_TRAP;
}

static tenon_status take_results(const tn_callback *c, const wasm_val_t *vals, tenon_val *results)
{
    const wasm_valtype_vec_t *types = wasm_functype_results(c->type);

    for (size_t i = 0; i < types->size; i++)
        if (!tn_val_take(c->store, results[i].type, &vals[i], &results[i]))
            return fail(c->store, tn_trap_of_text(c->store, "a host function returned a result of another type"));
    return TENON_OK;
}

static tenon_status run_callback(const tn_callback *c, const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
    wasm_trap_t *trap = c->with_env != NULL ? c->with_env(c->env, args, results) : c->plain(args, results);

    return trap != NULL ? fail(c->store, trap) : TENON_OK;
}

/* vals has room for arguments and results. */
static tenon_status convert_and_call(const tn_callback *c, const tenon_val *args, tenon_val *results, wasm_val_t *vals)
{
    size_t arg_count = wasm_functype_params(c->type)->size, result_count = wasm_functype_results(c->type)->size;
    wasm_val_vec_t in = { arg_count, vals }, out = { result_count, vals + arg_count };

    for (size_t i = 0; i < arg_count; i++)
        if (!tn_val_give(c->store, &args[i], &vals[i]))
            return TENON_NOMEM;
    for (size_t i = 0; i < result_count; i++)
        out.data[i] = (wasm_val_t)WASM_INIT_VAL;
    tenon_status status = run_callback(c, &in, &out);
    return status == TENON_OK ? take_results(c, out.data, results) : status;
}

static tenon_status call_back(void *context, tenon_caller *caller, const tenon_val *args, tenon_val *results)
{
    const tn_callback *c = context;
    size_t count = wasm_functype_params(c->type)->size + wasm_functype_results(c->type)->size;
    wasm_val_t small[16] = { { 0 } }, *vals = small;

    (void)caller;
    if (count > sizeof small / sizeof *small)
        vals = calloc(count, sizeof *vals);
    if (vals == NULL)
        return TENON_NOMEM;
    tenon_status status = convert_and_call(c, args, results, vals);
    delete_vals(vals, count);
    if (vals != small)
        free(vals);
    return status;
}

/* The program's finalizer runs when the collection, or the end of the store, that has found this is over. */
static void end_callback(void *context)
{
    tn_callback *c = context;

    c->next = c->store->gone;
    c->store->gone = c;
}

static void list_types(const wasm_valtype_vec_t *list, tenon_type *out)
{
    for (size_t i = 0; i < list->size; i++)
        if (!tn_type_of(wasm_valtype_kind(list->data[i]), &out[i]))
            out[i] = TENON_I32;
}

static bool make_func(tn_callback *c, tenon_extern *out)
{
    const wasm_valtype_vec_t *params = wasm_functype_params(c->type), *results = wasm_functype_results(c->type);
    tenon_type *types = calloc(params->size + results->size + 1, sizeof *types);

    *out = (tenon_extern){ .kind = TENON_KIND_FUNC };
    if (types == NULL)
        return false;
    list_types(params, types);
    list_types(results, types + params->size);
    tenon_status status = tenon_func_new(c->store->store, types, params->size, types + params->size, results->size,
                                         call_back, c, &out->of.func);
    free(types);
    return status == TENON_OK && tenon_func_set_finalizer(out->of.func, end_callback) == TENON_OK;
}

static wasm_func_t *new_func(tn_callback callback, const wasm_functype_t *type)
{
    tn_callback *c = malloc(sizeof *c);
    tenon_extern what;

    if (c == NULL)
        return NULL;
    *c = callback;
    c->type = wasm_functype_copy(type);
    if (c->type != NULL && make_func(c, &what))
        return (wasm_func_t *)tn_record_of_extern(c->store, what);
    wasm_functype_delete(c->type);
    free(c);
    return NULL;
}

wasm_func_t *wasm_func_new(wasm_store_t *store, const wasm_functype_t *type, wasm_func_callback_t callback)
{
    return new_func((tn_callback){ .store = store, .plain = callback }, type);
}

wasm_func_t *wasm_func_new_with_env(wasm_store_t *store, const wasm_functype_t *type,
                                    wasm_func_callback_with_env_t callback, void *env, void (*finalizer)(void *))
{
    return new_func((tn_callback){ .store = store, .with_env = callback, .env = env, .finalizer = finalizer }, type);
}

/* ---- functions ---- */

wasm_functype_t *wasm_func_type(const wasm_func_t *func)
{
    const tenon_extern_type type = type_of(func);

    return tn_functype_new(&type);
}

size_t wasm_func_param_arity(const wasm_func_t *func)
{
    return tenon_func_param_count(what_of(func).of.func);
}

size_t wasm_func_result_arity(const wasm_func_t *func)
{
    return tenon_func_result_count(what_of(func).of.func);
}

static wasm_trap_t *call(wasm_store_t *store, tenon_func *func, const wasm_val_t *args, size_t arg_count,
                         wasm_val_t *results, size_t result_count, tenon_val *vals)
{
    tenon_error err;

    for (size_t i = 0; i < arg_count; i++)
        if (!tn_val_take(store, tenon_func_param_type(func, i), &args[i], &vals[i]))
            return tn_trap_of_text(store, "an argument is not of the function's type, or of another store");
    if (tenon_func_call(func, vals, arg_count, vals + arg_count, result_count, &err) != TENON_OK)
        return tn_trap_of_call(store, &err);
    for (size_t i = 0; i < result_count; i++)
        if (!tn_val_give(store, &vals[arg_count + i], &results[i])) {
            delete_vals(results, i);
            return tn_trap_of_text(store, "out of memory for a result");
        }
    return NULL;
}

wasm_trap_t *wasm_func_call(const wasm_func_t *func, const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
    wasm_store_t *store = TN_RECORD_OF(func)->store;
    tenon_func *f = what_of(func).of.func;
    size_t arg_count = tenon_func_param_count(f), result_count = tenon_func_result_count(f);
    tenon_val small[16], *vals = small;

    if ((args != NULL ? args->size : 0) != arg_count)
        return tn_trap_of_text(store, "the call has another number of arguments than the function");
    if ((results != NULL ? results->size : 0) < result_count)
        return tn_trap_of_text(store, "the call has no room for all results of the function");
    if (arg_count + result_count > sizeof small / sizeof *small)
        vals = calloc(arg_count + result_count, sizeof *vals);
    if (vals == NULL)
        return tn_trap_of_text(store, "out of memory for a call");
    store->calls++;
    wasm_trap_t *trap = call(store, f, arg_count > 0 ? args->data : NULL, arg_count,
                             result_count > 0 ? results->data : NULL, result_count, vals);
    store->calls--;
    if (vals != small)
        free(vals);
    return trap;
}

/* ---- globals ---- */

wasm_global_t *wasm_global_new(wasm_store_t *store, const wasm_globaltype_t *type, const wasm_val_t *val)
{
    tenon_extern what = { .kind = TENON_KIND_GLOBAL };
    tenon_type content;
    tenon_val value;

    if (!tn_type_of(wasm_valtype_kind(wasm_globaltype_content(type)), &content) ||
        !tn_val_take(store, content, val, &value) ||
        tenon_global_new(store->store, &value, wasm_globaltype_mutability(type) == WASM_VAR, &what.of.global) !=
            TENON_OK)
        return NULL;
    return (wasm_global_t *)tn_record_of_extern(store, what);
}

wasm_globaltype_t *wasm_global_type(const wasm_global_t *global)
{
    const tenon_extern_type type = type_of(global);

    return wasm_externtype_as_globaltype(tn_externtype_new(&type));
}

void wasm_global_get(const wasm_global_t *global, wasm_val_t *out)
{
    const tenon_val value = tenon_global_get(what_of(global).of.global);

    if (!tn_val_give(TN_RECORD_OF(global)->store, &value, out))
        *out = (wasm_val_t)WASM_INIT_VAL;
}

void wasm_global_set(wasm_global_t *global, const wasm_val_t *val)
{
    tenon_val value;

    /* The standard leaves no way to say that it is immutable. */
    if (tn_val_take(TN_RECORD(global)->store, type_of(global).type, val, &value))
        (void)!tenon_global_set(what_of(global).of.global, &value);
}

/* ---- tables ---- */

static bool fill(tenon_table *table, tenon_ref init)
{
    for (uint64_t i = 0; init != 0 && i < tenon_table_size(table); i++)
        if (tenon_table_set(table, i, init) != TENON_OK)
            return false;
    return true;
}

wasm_table_t *wasm_table_new(wasm_store_t *store, const wasm_tabletype_t *type, wasm_ref_t *init)
{
    const wasm_limits_t *limits = wasm_tabletype_limits(type);
    tenon_extern what = { .kind = TENON_KIND_TABLE };
    tenon_type element;
    tenon_ref ref;

    if (!tn_type_of(wasm_valtype_kind(wasm_tabletype_element(type)), &element) ||
        !tn_ref_take(store, element, init, &ref) ||
        tenon_table_new(store->store, element, limits->min,
                        limits->max == wasm_limits_max_default ? UINT64_MAX : limits->max, false,
                        &what.of.table) != TENON_OK ||
        !fill(what.of.table, ref))
        return NULL;
    return (wasm_table_t *)tn_record_of_extern(store, what);
}

wasm_tabletype_t *wasm_table_type(const wasm_table_t *table)
{
    const tenon_extern_type type = type_of(table);

    return wasm_externtype_as_tabletype(tn_externtype_new(&type));
}

wasm_ref_t *wasm_table_get(const wasm_table_t *table, wasm_table_size_t index)
{
    tenon_val value = { .type = type_of(table).type };
    wasm_val_t val;

    if (tenon_table_get(what_of(table).of.table, index, &value.of.ref) != TENON_OK ||
        !tn_val_give(TN_RECORD_OF(table)->store, &value, &val))
        return NULL;
    return val.of.ref;
}

bool wasm_table_set(wasm_table_t *table, wasm_table_size_t index, wasm_ref_t *ref)
{
    tenon_ref value;

    return tn_ref_take(TN_RECORD(table)->store, type_of(table).type, ref, &value) &&
           tenon_table_set(what_of(table).of.table, index, value) == TENON_OK;
}

wasm_table_size_t wasm_table_size(const wasm_table_t *table)
{
    uint64_t size = tenon_table_size(what_of(table).of.table);

    return size < UINT32_MAX ? (wasm_table_size_t)size : UINT32_MAX;
}

bool wasm_table_grow(wasm_table_t *table, wasm_table_size_t delta, wasm_ref_t *init)
{
    tenon_ref value;

    return tn_ref_take(TN_RECORD(table)->store, type_of(table).type, init, &value) &&
           tenon_table_grow(what_of(table).of.table, delta, value) == TENON_OK;
}

/* ---- memories ---- */

wasm_memory_t *wasm_memory_new(wasm_store_t *store, const wasm_memorytype_t *type)
{
    const wasm_limits_t *limits = wasm_memorytype_limits(type);
    uint64_t max = limits->max == wasm_limits_max_default ? UINT64_MAX : limits->max;
    tenon_extern what = { .kind = TENON_KIND_MEMORY };

    if (tenon_memory_new(store->store, limits->min, max, TENON_BOUNDS_GUARDED, false, &what.of.memory) != TENON_OK)
        return NULL;
    return (wasm_memory_t *)tn_record_of_extern(store, what);
}

wasm_memorytype_t *wasm_memory_type(const wasm_memory_t *memory)
{
    const tenon_extern_type type = type_of(memory);

    return wasm_externtype_as_memorytype(tn_externtype_new(&type));
}

byte_t *wasm_memory_data(wasm_memory_t *memory)
{
    uint64_t size;

    return (byte_t *)tenon_memory_data(what_of(memory).of.memory, &size);
}

size_t wasm_memory_data_size(const wasm_memory_t *memory)
{
    uint64_t size;

    tenon_memory_data(what_of(memory).of.memory, &size);
    return (size_t)size;
}

wasm_memory_pages_t wasm_memory_size(const wasm_memory_t *memory)
{
    return (wasm_memory_pages_t)type_of(memory).min;
}

bool wasm_memory_grow(wasm_memory_t *memory, wasm_memory_pages_t delta)
{
    return tenon_memory_grow(what_of(memory).of.memory, delta) == TENON_OK;
}
