/* SPDX-License-Identifier: MIT
 * A module that goes through bytes.
 */
#include "program.h"

static int hellos;

static wasm_trap_t *hello(const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
    (void)args, (void)results;
    hellos++;
    return NULL;
}

int main(void)
{
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    wasm_module_t *module = load(store, "serialize");
    wasm_byte_vec_t bytes;

    wasm_module_serialize(module, &bytes);
    CHECK(bytes.size > 0);
    wasm_module_delete(module);
    wasm_module_t *again = wasm_module_deserialize(store, &bytes);
    CHECK(again != NULL);
    bytes.size--;
    CHECK(wasm_module_deserialize(store, &bytes) == NULL);
    wasm_byte_vec_delete(&bytes);
    wasm_functype_t *type = wasm_functype_new_0_0();
    wasm_func_t *func = wasm_func_new(store, type, hello);
    wasm_functype_delete(type);
    wasm_extern_t *externs[] = { wasm_func_as_extern(func) };
    wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs), exports;
    wasm_instance_t *instance = instantiate(store, again, &imports);
    wasm_func_delete(func);
    wasm_instance_exports(instance, &exports);
    wasm_module_delete(again);
    wasm_instance_delete(instance);
    CHECK(call(func_at(&exports, 0), NULL, 0, NULL) == NULL && hellos == 1);
    wasm_extern_vec_delete(&exports);
    wasm_store_delete(store);
    wasm_engine_delete(engine);
    puts("Done.");
    return 0;
}
