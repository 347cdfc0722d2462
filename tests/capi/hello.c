/* SPDX-License-Identifier: MIT
 * A host function that a guest calls, after module and instance were given back.
 */
#include "program.h"

static int hellos;

static wasm_trap_t *hello(const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
    CHECK(args->size == 0 && results->size == 0);
    puts("Hello World!");
    hellos++;
    return NULL;
}

int main(void)
{
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    wasm_byte_vec_t bytes;

    read_module("hello", &bytes);
    CHECK(wasm_module_validate(store, &bytes));
    bytes.data[0] = 1;
    CHECK(!wasm_module_validate(store, &bytes) && wasm_module_new(store, &bytes) == NULL);
    wasm_byte_vec_delete(&bytes);
    wasm_module_t *module = load(store, "hello");
    wasm_functype_t *type = wasm_functype_new_0_0();
    wasm_func_t *func = wasm_func_new(store, type, hello);
    wasm_functype_delete(type);
    wasm_extern_t *externs[] = { wasm_func_as_extern(func) };
    wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs), exports;
    wasm_instance_t *instance = instantiate(store, module, &imports);
    wasm_func_delete(func);
    wasm_instance_exports(instance, &exports);
    CHECK(exports.size == 1);
    wasm_func_t *run = wasm_func_copy(func_at(&exports, 0));
    wasm_extern_vec_delete(&exports);
    wasm_module_delete(module);
    wasm_instance_delete(instance);
    CHECK(call(run, NULL, 0, NULL) == NULL && hellos == 1);
    wasm_func_delete(run);
    wasm_store_delete(store);
    wasm_engine_delete(engine);
    puts("Done.");
    return 0;
}
