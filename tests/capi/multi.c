/* SPDX-License-Identifier: MIT
 * Functions with several results, on both sides.
 */
#include "program.h"

static int calls;

static wasm_trap_t *swap(const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
    calls++;
    CHECK(args->data[0].of.i32 == 1 && args->data[1].of.i64 == 3 && args->data[2].of.i64 == 2);
    wasm_val_copy(&results->data[0], &args->data[3]);
    wasm_val_copy(&results->data[1], &args->data[1]);
    wasm_val_copy(&results->data[2], &args->data[2]);
    wasm_val_copy(&results->data[3], &args->data[0]);
    return NULL;
}

int main(void)
{
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    wasm_valtype_t *types[4] = { wasm_valtype_new_i32(), wasm_valtype_new_i64(), wasm_valtype_new_i64(),
                                 wasm_valtype_new_i32() };
    wasm_valtype_vec_t params, results;

    wasm_valtype_vec_new(&params, 4, types);
    wasm_valtype_vec_copy(&results, &params);
    wasm_functype_t *type = wasm_functype_new(&params, &results);
    wasm_func_t *func = wasm_func_new(store, type, swap);
    wasm_functype_delete(type);
    wasm_extern_t *externs[] = { wasm_func_as_extern(func) };
    wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs), exports;
    wasm_instance_t *instance = open_instance(store, "multi", &imports, &exports);
    wasm_func_delete(func);
    wasm_instance_delete(instance);
    wasm_val_t in[4] = { WASM_I32_VAL(1), WASM_I64_VAL(2), WASM_I64_VAL(3), WASM_I32_VAL(4) };
    wasm_val_t out[4] = { WASM_INIT_VAL, WASM_INIT_VAL, WASM_INIT_VAL, WASM_INIT_VAL };
    const wasm_val_vec_t args = WASM_ARRAY_VEC(in);
    wasm_val_vec_t given = WASM_ARRAY_VEC(out);
    CHECK(wasm_func_call(func_at(&exports, 0), &args, &given) == NULL && calls == 1);
    CHECK(out[0].of.i32 == 4 && out[1].of.i64 == 3 && out[2].of.i64 == 2 && out[3].of.i32 == 1);
    CHECK(out[0].kind == WASM_I32 && out[1].kind == WASM_I64);
    wasm_extern_vec_delete(&exports);
    wasm_store_delete(store);
    wasm_engine_delete(engine);
    puts("Done.");
    return 0;
}
