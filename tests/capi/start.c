/* SPDX-License-Identifier: MIT
 * A start function that traps.
 */
#include "program.h"

int main(void)
{
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    wasm_module_t *module = load(store, "start");
    wasm_extern_vec_t imports = WASM_EMPTY_VEC;
    wasm_trap_t *trap = NULL;
    wasm_message_t message;
    wasm_frame_vec_t trace;

    CHECK(wasm_instance_new(store, module, &imports, &trap) == NULL && trap != NULL);
    CHECK(wasm_instance_new(store, module, &imports, NULL) == NULL);
    wasm_module_delete(module);
    wasm_trap_message(trap, &message);
    CHECK(strstr(message.data, "unreachable") != NULL);
    wasm_name_delete(&message);
    wasm_frame_t *origin = wasm_trap_origin(trap);
    CHECK(origin != NULL && wasm_frame_instance(origin) != NULL && wasm_frame_func_index(origin) == 0);
    wasm_trap_trace(trap, &trace);
    CHECK(trace.size == 1);
    wasm_frame_vec_delete(&trace);
    wasm_trap_delete(trap);
    wasm_frame_delete(origin);
    wasm_store_delete(store);
    wasm_engine_delete(engine);
    puts("Done.");
    return 0;
}
