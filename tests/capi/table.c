/* SPDX-License-Identifier: MIT
 * Tables of functions: set, grown, and called through.
 */
#include "program.h"

static wasm_trap_t *negate(const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
    results->data[0] = (wasm_val_t)WASM_I32_VAL(-args->data[0].of.i32);
    return NULL;
}

static void check_element(const wasm_table_t *table, wasm_table_size_t index, const wasm_func_t *wanted)
{
    wasm_ref_t *ref = wasm_table_get(table, index);

    CHECK(wanted == NULL ? ref == NULL : wasm_ref_same(ref, wasm_func_as_ref_const(wanted)));
    wasm_ref_delete(ref);
}

static void check_calls(wasm_table_t *table, const wasm_func_t *indirect, wasm_func_t *f, wasm_func_t *g)
{
    check_element(table, 0, NULL);
    check_element(table, 1, f);
    check_trap(indirect, 0, 0, 2, 1);
    CHECK(call_i32(indirect, 7, 1, 2) == 7);
    check_trap(indirect, 0, 2, 2, 1);
    CHECK(wasm_table_set(table, 0, wasm_func_as_ref(g)) && wasm_table_set(table, 1, NULL));
    CHECK(!wasm_table_set(table, 2, wasm_func_as_ref(f)));
    check_element(table, 0, g);
    check_element(table, 1, NULL);
    CHECK(call_i32(indirect, 7, 0, 2) == 666);
    check_trap(indirect, 0, 1, 2, 1);
    check_trap(indirect, 0, 2, 2, 1);
}

static void check_growth(wasm_store_t *store, wasm_table_t *table, const wasm_func_t *indirect, wasm_func_t *f,
                         wasm_func_t *g)
{
    wasm_functype_t *type = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
    wasm_func_t *h = wasm_func_new(store, type, negate);

    wasm_functype_delete(type);
    CHECK(wasm_table_grow(table, 3, NULL) && wasm_table_size(table) == 5);
    CHECK(wasm_table_set(table, 2, wasm_func_as_ref(f)) && wasm_table_set(table, 3, wasm_func_as_ref(h)));
    CHECK(!wasm_table_set(table, 5, NULL));
    wasm_func_t *const wanted[] = { g, NULL, f, h, NULL, f, f };
    for (wasm_table_size_t i = 0; i < 5; i++)
        check_element(table, i, wanted[i]);
    CHECK(call_i32(indirect, 5, 2, 2) == 5 && call_i32(indirect, 6, 3, 2) == -6);
    check_trap(indirect, 0, 4, 2, 1);
    check_trap(indirect, 0, 5, 2, 1);
    CHECK(wasm_table_grow(table, 2, wasm_func_as_ref(f)) && wasm_table_size(table) == 7);
    for (wasm_table_size_t i = 0; i < 7; i++)
        check_element(table, i, wanted[i]);
    CHECK(!wasm_table_grow(table, 5, NULL) && wasm_table_grow(table, 3, NULL) && wasm_table_grow(table, 0, NULL));
    CHECK(wasm_table_size(table) == 10);
    wasm_func_delete(h);
}

static void check_free_standing(wasm_store_t *store, wasm_func_t *f)
{
    const wasm_limits_t limits = { 5, 5 };
    wasm_tabletype_t *type = wasm_tabletype_new(wasm_valtype_new_funcref(), &limits);
    wasm_table_t *table = wasm_table_new(store, type, NULL), *full = wasm_table_new(store, type, wasm_func_as_ref(f));

    wasm_tabletype_delete(type);
    CHECK(table != NULL && wasm_table_size(table) == 5);
    CHECK(!wasm_table_grow(table, 1, NULL) && wasm_table_grow(table, 0, NULL));
    check_element(table, 4, NULL);
    check_element(full, 4, f);
    wasm_table_delete(full);
    wasm_table_delete(table);
}

int main(void)
{
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    wasm_extern_vec_t imports = WASM_EMPTY_VEC, exports;
    wasm_instance_t *instance = open_instance(store, "table", &imports, &exports);

    wasm_table_t *table = wasm_extern_as_table(exports.data[0]), *copy = wasm_table_copy(table);
    wasm_func_t *f = func_at(&exports, 2), *g = func_at(&exports, 3);
    wasm_instance_delete(instance);
    CHECK(wasm_table_same(table, copy) && wasm_table_size(table) == 2);
    wasm_table_delete(copy);
    check_calls(table, func_at(&exports, 1), f, g);
    check_growth(store, table, func_at(&exports, 1), f, g);
    check_free_standing(store, f);
    wasm_extern_vec_delete(&exports);
    wasm_store_delete(store);
    wasm_engine_delete(engine);
    puts("Done.");
    return 0;
}
