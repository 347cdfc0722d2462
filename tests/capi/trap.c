/* SPDX-License-Identifier: MIT
 * Traps of host functions and of guests: message, origin, trace.
 */
#include "program.h"

static wasm_trap_t *fail(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
    wasm_name_t message;

    (void)args, (void)results;
    wasm_name_new_from_string_nt(&message, "callback abort");
    wasm_trap_t *trap = wasm_trap_new(env, &message);
    wasm_name_delete(&message);
    return trap;
}

static void check(const wasm_trap_t *trap, const char *text, const wasm_instance_t *instance, uint32_t function)
{
    wasm_message_t message;
    wasm_frame_vec_t trace;

    CHECK(trap != NULL);
    wasm_trap_message(trap, &message);
    CHECK(message.size > 0 && message.data[message.size - 1] == '\0' && strstr(message.data, text) != NULL);
    wasm_name_delete(&message);
    wasm_trap_trace(trap, &trace);
    CHECK(trace.size >= 1);
    wasm_frame_t *origin = wasm_trap_origin(trap);
    CHECK(origin != NULL && wasm_frame_instance(origin) == instance && wasm_frame_func_index(origin) == function);
    CHECK(wasm_frame_module_offset(origin) > wasm_frame_func_offset(origin) && wasm_frame_func_offset(origin) < 10);
    CHECK(wasm_frame_module_offset(trace.data[0]) == wasm_frame_module_offset(origin));
    wasm_frame_delete(origin);
    wasm_frame_vec_delete(&trace);
}

int main(void)
{
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    wasm_functype_t *type = wasm_functype_new_0_1(wasm_valtype_new_i32());
    wasm_func_t *func = wasm_func_new_with_env(store, type, fail, store, NULL);

    wasm_functype_delete(type);
    wasm_extern_t *externs[] = { wasm_func_as_extern(func) };
    wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs), exports;
    wasm_instance_t *instance = open_instance(store, "trap", &imports, &exports);
    wasm_func_delete(func);
    for (uint32_t i = 0; i < 2; i++) {
        wasm_val_t result = WASM_INIT_VAL;
        wasm_trap_t *trap = call(func_at(&exports, i), NULL, 0, &result);
        check(trap, i == 0 ? "callback abort" : "unreachable", instance, i + 1);
        wasm_trap_delete(trap);
    }
    /* What the standard leaves open: too little room for results, too many arguments. */
    wasm_val_t arg = WASM_I32_VAL(1), result = WASM_INIT_VAL;
    wasm_trap_t *trap = call(func_at(&exports, 0), NULL, 0, NULL);
    CHECK(trap != NULL);
    wasm_trap_delete(trap);
    trap = call(func_at(&exports, 0), &arg, 1, &result);
    CHECK(trap != NULL);
    wasm_trap_delete(trap);
    wasm_instance_delete(instance);
    wasm_extern_vec_delete(&exports);
    wasm_store_delete(store);
    wasm_engine_delete(engine);
    puts("Done.");
    return 0;
}
