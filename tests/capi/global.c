/* SPDX-License-Identifier: MIT
 * Globals of the program's and of the instance's, seen from both sides.
 */
#include "program.h"

enum { F32, I64 };

static wasm_global_t *new_global(wasm_store_t *store, int kind, wasm_mutability_t mutability, int number)
{
    wasm_globaltype_t *type =
        wasm_globaltype_new(kind == F32 ? wasm_valtype_new_f32() : wasm_valtype_new_i64(), mutability);
    wasm_val_t f32 = WASM_F32_VAL((float)number), i64 = WASM_I64_VAL(number), wrong = WASM_I32_VAL(1);

    CHECK(wasm_global_new(store, type, &wrong) == NULL);
    wasm_global_t *global = wasm_global_new(store, type, kind == F32 ? &f32 : &i64);
    CHECK(global != NULL);
    wasm_globaltype_delete(type);
    return global;
}

static void check_val(const wasm_val_t *val, int kind, int number)
{
    CHECK(val->kind == (kind == F32 ? WASM_F32 : WASM_I64));
    CHECK(kind == F32 ? val->of.f32 == (float)number : val->of.i64 == number);
}

static void check_global(const wasm_global_t *global, int kind, int number)
{
    wasm_val_t val;

    wasm_global_get(global, &val);
    check_val(&val, kind, number);
}

/* Through the function that the module exports at this place. */
static void check_getter(const wasm_extern_vec_t *exports, size_t index, int kind, int number)
{
    wasm_val_t val = WASM_INIT_VAL;

    CHECK(call(func_at(exports, index), NULL, 0, &val) == NULL);
    check_val(&val, kind, number);
}

static wasm_val_t val_of(int kind, int number)
{
    wasm_val_t f32 = WASM_F32_VAL((float)number), i64 = WASM_I64_VAL(number);

    return kind == F32 ? f32 : i64;
}

static void check_all(wasm_global_t *const globals[8], const wasm_extern_vec_t *exports, const int numbers[8])
{
    for (int i = 0; i < 8; i++) {
        check_global(globals[i], i % 2, numbers[i]);
        check_getter(exports, 4 + (size_t)i, i % 2, numbers[i]);
    }
}

int main(void)
{
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    wasm_module_t *module = load(store, "global");
    wasm_global_t *globals[8];
    wasm_extern_t *externs[4];
    wasm_extern_vec_t exports;

    for (int i = 0; i < 4; i++) {
        globals[i] = new_global(store, i % 2, i < 2 ? WASM_CONST : WASM_VAR, i + 1);
        externs[i] = wasm_global_as_extern(globals[i]);
    }
    wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs);
    wasm_instance_t *instance = instantiate(store, module, &imports);
    wasm_module_delete(module);
    wasm_instance_exports(instance, &exports);
    wasm_instance_delete(instance);
    CHECK(exports.size == 16);
    for (size_t i = 0; i < 4; i++) {
        globals[4 + i] = wasm_global_copy(wasm_extern_as_global(exports.data[i]));
        wasm_globaltype_t *type = wasm_global_type(globals[4 + i]);
        CHECK(wasm_globaltype_mutability(type) == (i < 2 ? WASM_CONST : WASM_VAR));
        wasm_globaltype_delete(type);
    }
    wasm_global_t *copy = wasm_global_copy(globals[3]);
    CHECK(wasm_global_same(copy, globals[3]) && !wasm_global_same(globals[2], globals[3]));
    CHECK(wasm_global_same(globals[7], wasm_extern_as_global(exports.data[3])));
    wasm_global_delete(copy);
    int numbers[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    check_all(globals, &exports, numbers);
    for (int i = 0; i < 8; i++) {
        wasm_val_t val = val_of(i % 2, i < 4 ? 31 + i : 31 + i);
        /* Setting a constant does nothing. */
        wasm_global_set(globals[i], &val);
        if (i % 4 >= 2)
            numbers[i] = 31 + i;
    }
    check_all(globals, &exports, numbers);
    for (size_t i = 0; i < 4; i++) {
        int place = (int)(i < 2 ? 2 + i : 4 + i);
        wasm_val_t val = val_of(place % 2, 71 + place);
        CHECK(call(func_at(&exports, 12 + i), &val, 1, NULL) == NULL);
        numbers[place] = 71 + place;
    }
    check_all(globals, &exports, numbers);
    for (int i = 0; i < 8; i++)
        wasm_global_delete(globals[i]);
    wasm_extern_vec_delete(&exports);
    wasm_store_delete(store);
    wasm_engine_delete(engine);
    puts("Done.");
    return 0;
}
