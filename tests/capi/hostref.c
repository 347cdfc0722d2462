/* SPDX-License-Identifier: MIT
 * Objects of the program's as external references: through functions, a global and a table.
 */
#include "program.h"

static wasm_trap_t *pass(const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
    wasm_val_copy(&results->data[0], &args->data[0]);
    return NULL;
}

static wasm_val_t ref_val(wasm_ref_t *ref)
{
    return (wasm_val_t)WASM_REF_VAL(ref);
}

/* What a function gives for an argument, or for none, when it gives a reference. */
static void check_result(const wasm_func_t *func, wasm_val_t *arg, const wasm_ref_t *wanted)
{
    wasm_val_t result = WASM_INIT_VAL;

    CHECK(call(func, arg, arg != NULL, &result) == NULL);
    CHECK(result.kind == WASM_EXTERNREF);
    CHECK(wanted == NULL ? result.of.ref == NULL : wasm_ref_same(result.of.ref, wanted));
    if (wanted != NULL)
        CHECK(wasm_ref_get_host_info(result.of.ref) == wasm_ref_get_host_info(wanted));
    wasm_val_delete(&result);
}

static void check_global(wasm_global_t *global, const wasm_extern_vec_t *exports, wasm_ref_t *ref)
{
    wasm_val_t val = ref_val(ref), back;

    CHECK(call(func_at(exports, 2), &val, 1, NULL) == NULL);
    check_result(func_at(exports, 3), NULL, ref);
    wasm_global_get(global, &back);
    CHECK(ref == NULL ? back.of.ref == NULL : wasm_ref_same(back.of.ref, ref));
    wasm_val_delete(&back);
    wasm_global_set(global, &(wasm_val_t)WASM_REF_VAL(NULL));
    check_result(func_at(exports, 3), NULL, NULL);
    wasm_global_set(global, &val);
    check_result(func_at(exports, 3), NULL, ref);
}

static void check_table(wasm_table_t *table, const wasm_extern_vec_t *exports, int32_t index, wasm_ref_t *ref)
{
    wasm_val_t args[] = { WASM_I32_VAL(index), ref_val(ref) };

    CHECK(call(func_at(exports, 4), args, 2, NULL) == NULL);
    check_result(func_at(exports, 5), args, ref);
    wasm_ref_t *back = wasm_table_get(table, (wasm_table_size_t)index);
    CHECK(ref == NULL ? back == NULL : wasm_ref_same(back, ref));
    wasm_ref_delete(back);
    CHECK(wasm_table_set(table, (wasm_table_size_t)index, NULL));
    check_result(func_at(exports, 5), args, NULL);
    CHECK(wasm_table_set(table, (wasm_table_size_t)index, ref));
    check_result(func_at(exports, 5), args, ref);
}

int main(void)
{
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    wasm_functype_t *type = wasm_functype_new_1_1(wasm_valtype_new_externref(), wasm_valtype_new_externref());
    wasm_func_t *func = wasm_func_new(store, type, pass);

    wasm_functype_delete(type);
    wasm_extern_t *externs[] = { wasm_func_as_extern(func) };
    wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs), exports;
    wasm_instance_t *instance = open_instance(store, "hostref", &imports, &exports);
    wasm_func_delete(func);
    wasm_instance_delete(instance);
    wasm_foreign_t *foreign[2] = { wasm_foreign_new(store), wasm_foreign_new(store) };
    /* A reference to anything is an external reference. */
    wasm_ref_t *refs[4] = { wasm_foreign_as_ref(foreign[0]), wasm_foreign_as_ref(foreign[1]), NULL,
                            wasm_func_as_ref(func_at(&exports, 3)) };
    wasm_ref_set_host_info(refs[0], (void *)1);
    wasm_ref_set_host_info(refs[1], (void *)2);
    wasm_ref_t *copy = wasm_ref_copy(refs[0]);
    CHECK(wasm_ref_same(copy, refs[0]) && !wasm_ref_same(refs[0], refs[1]));
    CHECK(wasm_ref_get_host_info(copy) == (void *)1 && wasm_ref_as_func(copy) == NULL);
    CHECK(wasm_foreign_same(wasm_ref_as_foreign(copy), foreign[0]) && wasm_ref_as_func(refs[3]) != NULL);
    wasm_ref_delete(copy);
    check_result(func_at(&exports, 3), NULL, NULL);
    for (int i = 0; i < 4; i++) {
        wasm_val_t val = ref_val(refs[i]);
        check_global(wasm_extern_as_global(exports.data[0]), &exports, refs[i]);
        for (int32_t k = 0; k < 10; k++)
            check_table(wasm_extern_as_table(exports.data[1]), &exports, k, refs[i]);
        check_result(func_at(&exports, 6), &val, refs[i]);
    }
    wasm_foreign_delete(foreign[0]);
    wasm_foreign_delete(foreign[1]);
    wasm_extern_vec_delete(&exports);
    wasm_store_delete(store);
    wasm_engine_delete(engine);
    puts("Done.");
    return 0;
}
