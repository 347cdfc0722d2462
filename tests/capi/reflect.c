/* SPDX-License-Identifier: MIT
 * Types of exports, as the module declares them and as the instance has them.
 */
#include "program.h"

static bool is_named(const wasm_exporttype_t *type, const char *name)
{
    const wasm_name_t *n = wasm_exporttype_name(type);

    return n->size == strlen(name) && memcmp(n->data, name, n->size) == 0;
}

static void check_func(const wasm_externtype_t *type)
{
    const wasm_functype_t *f = wasm_externtype_as_functype_const(type);
    static const wasm_valkind_t kinds[] = { WASM_I32, WASM_F64, WASM_F32 };

    CHECK(f != NULL && wasm_functype_params(f)->size == 3 && wasm_functype_results(f)->size == 1);
    for (int i = 0; i < 3; i++)
        CHECK(wasm_valtype_kind(wasm_functype_params(f)->data[i]) == kinds[i]);
    CHECK(wasm_valtype_kind(wasm_functype_results(f)->data[0]) == WASM_I32);
    CHECK(wasm_externtype_as_globaltype_const(type) == NULL);
}

static void check_global(const wasm_externtype_t *type)
{
    const wasm_globaltype_t *g = wasm_externtype_as_globaltype_const(type);

    CHECK(g != NULL && wasm_globaltype_mutability(g) == WASM_CONST);
    CHECK(wasm_valtype_kind(wasm_globaltype_content(g)) == WASM_F64 && wasm_valtype_is_num(wasm_globaltype_content(g)));
}

static void check_table(const wasm_externtype_t *type)
{
    const wasm_tabletype_t *t = wasm_externtype_as_tabletype_const(type);

    CHECK(t != NULL && wasm_valtype_kind(wasm_tabletype_element(t)) == WASM_FUNCREF);
    CHECK(wasm_tabletype_limits(t)->min == 0 && wasm_tabletype_limits(t)->max == 50);
}

static void check_memory(const wasm_externtype_t *type)
{
    const wasm_memorytype_t *m = wasm_externtype_as_memorytype_const(type);

    CHECK(m != NULL && wasm_memorytype_limits(m)->min == 1);
    CHECK(wasm_memorytype_limits(m)->max == wasm_limits_max_default);
}

int main(void)
{
    static void (*const checks[])(const wasm_externtype_t *) = { check_func, check_global, check_table, check_memory };
    static const wasm_externkind_t kinds[] = { WASM_EXTERN_FUNC, WASM_EXTERN_GLOBAL, WASM_EXTERN_TABLE,
                                               WASM_EXTERN_MEMORY };
    static const char *const names[] = { "func", "global", "table", "memory" };
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    wasm_module_t *module = load(store, "reflect");
    wasm_extern_vec_t imports = WASM_EMPTY_VEC, exports;
    wasm_instance_t *instance = instantiate(store, module, &imports);
    wasm_exporttype_vec_t types, copies;
    wasm_importtype_vec_t import_types;

    wasm_module_imports(module, &import_types);
    CHECK(import_types.size == 0);
    wasm_importtype_vec_delete(&import_types);
    wasm_module_exports(module, &types);
    wasm_exporttype_vec_copy(&copies, &types);
    wasm_exporttype_vec_delete(&types);
    wasm_instance_exports(instance, &exports);
    CHECK(exports.size == 4 && copies.size == 4);
    for (size_t i = 0; i < 4; i++) {
        wasm_externtype_t *now = wasm_extern_type(exports.data[i]);
        CHECK(is_named(copies.data[i], names[i]));
        CHECK(wasm_extern_kind(exports.data[i]) == kinds[i] && wasm_externtype_kind(now) == kinds[i]);
        checks[i](wasm_exporttype_type(copies.data[i]));
        checks[i](now);
        wasm_externtype_delete(now);
    }
    CHECK(wasm_func_param_arity(func_at(&exports, 0)) == 3 && wasm_func_result_arity(func_at(&exports, 0)) == 1);
    wasm_exporttype_vec_delete(&copies);
    wasm_extern_vec_delete(&exports);
    wasm_module_delete(module);
    wasm_instance_delete(instance);
    wasm_store_delete(store);
    wasm_engine_delete(engine);
    puts("Done.");
    return 0;
}
