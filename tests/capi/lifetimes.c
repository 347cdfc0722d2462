/* SPDX-License-Identifier: MIT
 * What references keep alive: what the program has dropped, and a guest still has, comes back the same; what nobody has
 * is finalized, once.
 */
#include "program.h"

/* (module (table (export "t") 2 externref) (func (export "get") (param i32) (result externref)
 *   (table.get 0 (local.get 0))) (func (export "seven") (result i32) (i32.const 7))) */
static const char module_bytes[] =
    "\0asm\1\0\0\0\1\x0a\2\x60\1\x7f\1\x6f\x60\0\1\x7f\3\3\2\0\1\4\4\1\x6f\0\2\7\x13\3\1t\1\0\3get\0\0\5seven\0\1\x0a\x0d\2"
    "\6\0\x20\0\x25\0\x0b\4\0\x41\7\x0b";

static int ended[8];

static void end(void *info)
{
    ended[(intptr_t)info]++;
}

static void *number(int n)
{
    return (void *)(intptr_t)n;
}

/* Enough is dropped that the store looks for what nobody has. */
static void churn(wasm_store_t *store)
{
    for (int i = 0; i < 5000; i++)
        wasm_foreign_delete(wasm_foreign_new(store));
}

static wasm_trap_t *give_func(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
    wasm_functype_t *type = wasm_functype_new_0_0();

    (void)args;
    /* The only reference moves into the result. */
    wasm_func_t *fresh = wasm_func_new_with_env(env, type, give_func, env, NULL);
    wasm_functype_delete(type);
    results->data[0] = (wasm_val_t){ .kind = WASM_FUNCREF, .of.ref = wasm_func_as_ref(fresh) };
    return NULL;
}

static void check_foreign(wasm_store_t *store, wasm_table_t *table, const wasm_func_t *get)
{
    wasm_foreign_t *foreign = wasm_foreign_new(store);
    wasm_val_t index = WASM_I32_VAL(1), result = WASM_INIT_VAL;

    wasm_foreign_set_host_info_with_finalizer(foreign, number(1), end);
    CHECK(wasm_table_set(table, 1, wasm_foreign_as_ref(foreign)));
    wasm_foreign_delete(foreign);
    churn(store);
    CHECK(ended[1] == 0 && call(get, &index, 1, &result) == NULL);
    CHECK(wasm_ref_as_foreign(result.of.ref) == foreign && wasm_ref_get_host_info(result.of.ref) == number(1));
    CHECK(wasm_table_set(table, 1, NULL));
    churn(store);
    CHECK(ended[1] == 0);
    wasm_val_delete(&result);
    churn(store);
    CHECK(ended[1] == 1);
}

/* A function that a guest has as an external reference is kept, and what it belongs to. */
static void check_func(wasm_store_t *store, wasm_table_t *table, const wasm_module_t *module, const wasm_func_t *get)
{
    wasm_extern_vec_t none = WASM_EMPTY_VEC, exports;
    wasm_instance_t *instance = instantiate(store, module, &none);
    wasm_val_t index = WASM_I32_VAL(0), result = WASM_INIT_VAL;

    wasm_instance_set_host_info_with_finalizer(instance, number(2), end);
    wasm_instance_exports(instance, &exports);
    CHECK(wasm_table_set(table, 0, wasm_func_as_ref(func_at(&exports, 2))));
    wasm_extern_vec_delete(&exports);
    wasm_instance_delete(instance);
    churn(store);
    CHECK(ended[2] == 0 && call(get, &index, 1, &result) == NULL);
    CHECK(call_i32(wasm_ref_as_func(result.of.ref), 0, 0, 0) == 7);
    wasm_val_delete(&result);
    CHECK(wasm_table_set(table, 0, NULL));
    churn(store);
    CHECK(ended[2] == 1);
}

static void check_host_func(wasm_store_t *store)
{
    wasm_valtype_vec_t params, results;
    wasm_valtype_t *types[] = { wasm_valtype_new_funcref() };
    wasm_val_t result = WASM_INIT_VAL;

    wasm_valtype_vec_new_empty(&params);
    wasm_valtype_vec_new(&results, 1, types);
    wasm_functype_t *type = wasm_functype_new(&params, &results);
    wasm_func_t *func = wasm_func_new_with_env(store, type, give_func, store, NULL);
    wasm_functype_delete(type);
    for (int i = 0; i < 1000; i++) {
        CHECK(call(func, NULL, 0, &result) == NULL);
        CHECK(wasm_ref_as_func(result.of.ref) != NULL && wasm_func_result_arity(wasm_ref_as_func(result.of.ref)) == 0);
        wasm_val_delete(&result);
    }
    wasm_func_delete(func);
}

int main(void)
{
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    wasm_byte_vec_t bytes;
    wasm_extern_vec_t none = WASM_EMPTY_VEC, exports;

    wasm_byte_vec_new(&bytes, sizeof module_bytes - 1, module_bytes);
    wasm_module_t *module = wasm_module_new(store, &bytes);
    CHECK(module != NULL);
    wasm_byte_vec_delete(&bytes);
    wasm_instance_t *instance = instantiate(store, module, &none);
    wasm_instance_exports(instance, &exports);
    wasm_instance_delete(instance);
    wasm_table_t *table = wasm_extern_as_table(exports.data[0]);
    check_foreign(store, table, func_at(&exports, 1));
    check_func(store, table, module, func_at(&exports, 1));
    check_host_func(store);
    /* Setting other info ends the old one; the rest ends with the store. */
    wasm_table_set_host_info_with_finalizer(table, number(3), end);
    wasm_table_set_host_info_with_finalizer(table, number(4), end);
    CHECK(ended[3] == 1 && ended[4] == 0);
    wasm_extern_vec_delete(&exports);
    wasm_module_delete(module);
    wasm_store_delete(store);
    CHECK(ended[4] == 1);
    wasm_engine_delete(engine);
    puts("Done.");
    return 0;
}
