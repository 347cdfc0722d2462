/* SPDX-License-Identifier: MIT
 * Linking between instances: what is shared, what must match, what belongs to whom.
 */
#include "unit.h"

static tenon_name literal(const char *text)
{
    return (tenon_name){ text, strlen(text) };
}

static tenon_extern get(tenon_instance *instance, const char *name)
{
    tenon_extern e;
    assert_true(tenon_instance_export(instance, literal(name), &e));
    return e;
}

static void instances_share_what_they_export(tenon_bounds bounds)
{
    world w = world_new(bounds);
    tenon_module *exports, *imports;
    tenon_instance *a, *b;
    tenon_linker *linker;
    tenon_error err;
    tenon_val arg = i32_val(20), result;
    uint64_t size;
    assert_int_equal(tenon_module_new(w.engine, BUILT(exports), &exports, &err), TENON_OK);
    assert_int_equal(tenon_module_new(w.engine, BUILT(imports), &imports, &err), TENON_OK);
    assert_int_equal(tenon_linker_new(w.store, &linker), TENON_OK);
    assert_int_equal(tenon_linker_instantiate(linker, imports, &b, &err), TENON_LINK);
    assert_non_null(strstr(err.text, "memory e.m is not defined"));
    assert_int_equal(tenon_linker_instantiate(linker, exports, &a, &err), TENON_OK);
    assert_int_equal(tenon_linker_define_instance(linker, literal("e"), a), TENON_OK);
    assert_int_equal(tenon_linker_instantiate(linker, imports, &b, &err), TENON_OK);
    assert_int_equal(tenon_func_call(export_func(b, "run"), &arg, 1, &result, 1, &err), TENON_OK);
    assert_int_equal(result.of.i32, 42);
    assert_int_equal(tenon_global_get(get(a, "g").of.global).of.i64, 8);
    assert_int_equal(tenon_memory_data(get(a, "m").of.memory, &size)[4], 20);
    assert_int_equal(size, 65536);
    /* Something of the wrong kind or type. */
    assert_int_equal(tenon_linker_define(linker, literal("e"), literal("m"), get(a, "f")), TENON_OK);
    assert_int_equal(tenon_linker_instantiate(linker, imports, &b, &err), TENON_LINK);
    assert_int_equal(tenon_linker_define(linker, literal("e"), literal("m"), get(a, "m")), TENON_OK);
    assert_int_equal(tenon_linker_define(linker, literal("e"), literal("g"), get(a, "c")), TENON_OK);
    assert_int_equal(tenon_linker_instantiate(linker, imports, &b, &err), TENON_LINK);
    assert_non_null(strstr(err.text, "incompatible import type"));
    tenon_linker_delete(linker);
    tenon_module_delete(exports);
    tenon_module_delete(imports);
    world_delete(&w);
}

static void guarded(void **state)
{
    (void)state;
    instances_share_what_they_export(TENON_BOUNDS_GUARDED);
}

static void checked(void **state)
{
    (void)state;
    instances_share_what_they_export(TENON_BOUNDS_CHECKED);
}

static void stores_and_engines_do_not_mix(void **state)
{
    world w = world_new(TENON_BOUNDS_GUARDED), other = world_new(TENON_BOUNDS_GUARDED);
    tenon_module *module;
    tenon_instance *instance;
    tenon_memory *memory;
    tenon_error err;
    (void)state;
    assert_int_equal(tenon_module_new(w.engine, BUILT(import_memory), &module, &err), TENON_OK);
    assert_int_equal(tenon_memory_new(other.store, 1, 1, TENON_BOUNDS_GUARDED, false, &memory), TENON_OK);
    tenon_extern e = { .kind = TENON_KIND_MEMORY, .of.memory = memory };
    assert_int_equal(tenon_instance_new(w.store, module, &e, 1, &instance, &err), TENON_USAGE);
    assert_int_equal(tenon_instance_new(other.store, module, &e, 1, &instance, &err), TENON_USAGE);
    assert_int_equal(tenon_instance_new(w.store, module, NULL, 0, &instance, &err), TENON_USAGE);
    tenon_module_delete(module);
    world_delete(&w);
    world_delete(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(guarded), cmocka_unit_test(checked),
                                        cmocka_unit_test(stores_and_engines_do_not_mix) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
