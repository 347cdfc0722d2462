/* SPDX-License-Identifier: MIT
 * Host functions with arguments and results, one of them with an environment.
 */
#include "program.h"

static int printed[4], print_count, finalized;

static wasm_trap_t *print(const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
    printed[print_count++] = args->data[0].of.i32;
    wasm_val_copy(&results->data[0], &args->data[0]);
    return NULL;
}

static wasm_trap_t *closure(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
    CHECK(args->size == 0);
    printed[print_count++] = *(int *)env;
    results->data[0] = (wasm_val_t)WASM_I32_VAL(*(int *)env);
    return NULL;
}

static void finalize(void *env)
{
    finalized += *(int *)env;
}

int main(void)
{
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    wasm_functype_t *print_type = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32()),
                    *closure_type = wasm_functype_new_0_1(wasm_valtype_new_i32());
    int number = 42;
    wasm_func_t *print_func = wasm_func_new(store, print_type, print),
                *closure_func = wasm_func_new_with_env(store, closure_type, closure, &number, finalize);

    wasm_functype_delete(print_type);
    wasm_functype_delete(closure_type);
    wasm_extern_t *externs[] = { wasm_func_as_extern(print_func), wasm_func_as_extern(closure_func) };
    wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs), exports;
    wasm_instance_t *instance = open_instance(store, "callback", &imports, &exports);
    wasm_func_delete(print_func);
    wasm_func_delete(closure_func);
    wasm_instance_delete(instance);
    CHECK(call_i32(func_at(&exports, 0), 3, 4, 2) == 49);
    CHECK(print_count == 2 && printed[0] == 7 && printed[1] == 42);
    wasm_extern_vec_delete(&exports);
    CHECK(finalized == 0);
    wasm_store_delete(store);
    CHECK(finalized == 42);
    wasm_engine_delete(engine);
    puts("Done.");
    return 0;
}
