/* SPDX-License-Identifier: MIT
 * Memories: one that a guest and the program write in turn, and one that stands alone.
 */
#include "program.h"

static void store_byte(const wasm_extern_vec_t *exports, int32_t address, int32_t value)
{
    wasm_val_t args[] = { WASM_I32_VAL(address), WASM_I32_VAL(value) };

    CHECK(call(func_at(exports, 3), args, 2, NULL) == NULL);
}

static void check_contents(wasm_memory_t *memory, const wasm_extern_vec_t *exports)
{
    const wasm_func_t *load = func_at(exports, 2), *store = func_at(exports, 3);

    CHECK(wasm_memory_size(memory) == 2 && wasm_memory_data_size(memory) == 0x20000);
    CHECK(wasm_memory_data(memory)[0] == 0 && wasm_memory_data(memory)[0x1000] == 1);
    CHECK(wasm_memory_data(memory)[0x1003] == 4 && call_i32(func_at(exports, 1), 0, 0, 0) == 2);
    CHECK(call_i32(load, 0, 0, 1) == 0 && call_i32(load, 0x1000, 0, 1) == 1 && call_i32(load, 0x1003, 0, 1) == 4);
    CHECK(call_i32(load, 0x1ffff, 0, 1) == 0);
    check_trap(load, 0x20000, 0, 1, 1);
    wasm_memory_data(memory)[0x1003] = 5;
    store_byte(exports, 0x1002, 6);
    check_trap(store, 0x20000, 0, 2, 0);
    CHECK(wasm_memory_data(memory)[0x1002] == 6 && call_i32(load, 0x1003, 0, 1) == 5);
}

static void check_growth(wasm_memory_t *memory, const wasm_extern_vec_t *exports)
{
    const wasm_func_t *load = func_at(exports, 2);

    CHECK(wasm_memory_grow(memory, 1) && wasm_memory_size(memory) == 3 && wasm_memory_data_size(memory) == 0x30000);
    CHECK(call_i32(func_at(exports, 1), 0, 0, 0) == 3 && call_i32(load, 0x20000, 0, 1) == 0);
    store_byte(exports, 0x20000, 0);
    check_trap(load, 0x30000, 0, 1, 1);
    CHECK(!wasm_memory_grow(memory, 1) && wasm_memory_grow(memory, 0));
    wasm_memorytype_t *type = wasm_memory_type(memory);
    CHECK(wasm_memorytype_limits(type)->min == 3 && wasm_memorytype_limits(type)->max == 3);
    wasm_memorytype_delete(type);
}

int main(void)
{
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    wasm_extern_vec_t imports = WASM_EMPTY_VEC, exports;
    wasm_instance_t *instance = open_instance(store, "memory", &imports, &exports);

    wasm_instance_delete(instance);
    wasm_memory_t *memory = wasm_extern_as_memory(exports.data[0]), *copy = wasm_memory_copy(memory);
    CHECK(memory != NULL && wasm_memory_same(memory, copy));
    wasm_memory_delete(copy);
    check_contents(memory, &exports);
    check_growth(memory, &exports);
    const wasm_limits_t limits = { 5, 5 };
    wasm_memorytype_t *type = wasm_memorytype_new(&limits);
    wasm_memory_t *alone = wasm_memory_new(store, type);
    CHECK(wasm_memory_size(alone) == 5 && !wasm_memory_grow(alone, 1) && wasm_memory_grow(alone, 0));
    wasm_memorytype_delete(type);
    wasm_memory_delete(alone);
    wasm_extern_vec_delete(&exports);
    wasm_store_delete(store);
    wasm_engine_delete(engine);
    puts("Done.");
    return 0;
}
