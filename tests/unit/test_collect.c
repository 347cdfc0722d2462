/* SPDX-License-Identifier: MIT
 * Collection: what is held, and all that it leads to, stays; the rest goes, once.
 */
#include "unit.h"

#include "runtime/vm/runtime.h"

static tenon_instance *instance_of(const world *w, const uint8_t *bytes, size_t size, const tenon_extern *imports,
                                   size_t count)
{
    tenon_module *module;
    tenon_instance *instance;

    assert_int_equal(tenon_module_new(w->engine, bytes, size, &module, NULL), TENON_OK);
    assert_int_equal(tenon_instance_new(w->store, module, imports, count, &instance, NULL), TENON_OK);
    tenon_module_delete(module);
    return instance;
}

static tenon_extern export_of(tenon_instance *instance, const char *name)
{
    tenon_extern e;

    assert_true(tenon_instance_export(instance, (tenon_name){ name, strlen(name) }, &e));
    return e;
}

static size_t collect(const world *w, tenon_root *roots, size_t count)
{
    size_t left = 0;

    assert_true(tenon_store_collect(w->store, &(tenon_collection){ .roots = roots, .count = count }));
    for (const tenon_instance *in = w->store->instances; in != NULL; in = in->next)
        left++;
    return left;
}

static int32_t call(tenon_func *func)
{
    tenon_val result;

    assert_int_equal(tenon_func_call(func, NULL, 0, &result, 1, NULL), TENON_OK);
    return result.of.i32;
}

static void instances_go(void **state)
{
    world w = world_new(TENON_BOUNDS_GUARDED);
    (void)state;
    for (int i = 0; i < 100; i++)
        instance_of(&w, BUILT(provider), NULL, 0);
    assert_int_equal(tenon_tenant_memory_bytes(w.tenant) >= 100 * 65536, true);
    assert_int_equal(collect(&w, NULL, 0), 0);
    assert_null(w.store->memories);
    assert_null(w.store->tables);
    assert_null(w.store->globals);
    assert_true(tenon_tenant_memory_bytes(w.tenant) < 65536 + w.engine->stack_size);
    world_delete(&w);
}

static void imports_stay(void **state)
{
    world w = world_new(TENON_BOUNDS_GUARDED);
    tenon_instance *provider = instance_of(&w, BUILT(provider), NULL, 0);
    tenon_extern seven = export_of(provider, "seven");
    tenon_instance *consumer = instance_of(&w, BUILT(consumer), &seven, 1);
    tenon_root root = { .what = export_of(consumer, "eight"), .held = true };
    (void)state;
    instance_of(&w, BUILT(provider), NULL, 0);
    assert_int_equal(collect(&w, &root, 1), 2);
    assert_true(root.alive);
    assert_int_equal(call(root.what.of.func), 8);
    root.held = false;
    assert_int_equal(collect(&w, &root, 1), 0);
    assert_false(root.alive);
    world_delete(&w);
}

/* A table, and a global, of one instance that refer to a function of another. */
static void references_stay(void **state)
{
    static const char *const places[] = { "table", "hook" };
    (void)state;
    for (int i = 0; i < 2; i++) {
        world w = world_new(TENON_BOUNDS_GUARDED);
        tenon_instance *a = instance_of(&w, BUILT(provider), NULL, 0), *b = instance_of(&w, BUILT(provider), NULL, 0);
        tenon_extern seven = export_of(b, "seven"), place = export_of(a, places[i]);
        const tenon_val none = { .type = TENON_FUNCREF }, val = { .type = TENON_FUNCREF, .of.func = seven.of.func };
        tenon_root roots[2] = { { .what = place, .held = true }, { .instance = b } };
        if (i == 0)
            assert_int_equal(tenon_table_set(place.of.table, 3, (tenon_ref)seven.of.func), TENON_OK);
        else
            assert_int_equal(tenon_global_set(place.of.global, &val), TENON_OK);
        collect(&w, roots, 2);
        assert_true(roots[0].alive && roots[1].alive);
        assert_int_equal(call(seven.of.func), 7);
        if (i == 0)
            assert_int_equal(tenon_table_set(place.of.table, 3, 0), TENON_OK);
        else
            assert_int_equal(tenon_global_set(place.of.global, &none), TENON_OK);
        /* A table stands alone; a global is part of its instance. */
        assert_int_equal(collect(&w, roots, 2), i);
        assert_true(roots[0].alive && !roots[1].alive);
        world_delete(&w);
    }
}

static void count_ref(void *context, tenon_ref ref)
{
    ((int *)context)[ref]++;
}

static void external_references_are_seen(void **state)
{
    world w = world_new(TENON_BOUNDS_GUARDED);
    tenon_instance *in = instance_of(&w, BUILT(provider), NULL, 0);
    const tenon_val thing = { .type = TENON_EXTERNREF, .of.ref = 2 };
    int counts[4] = { 0 };
    tenon_root root = { .instance = in, .held = true };
    (void)state;
    assert_int_equal(tenon_table_set(export_of(in, "things").of.table, 1, 3), TENON_OK);
    assert_int_equal(tenon_global_set(export_of(in, "thing").of.global, &thing), TENON_OK);
    assert_true(tenon_store_collect(w.store, &(tenon_collection){ &root, 1, count_ref, counts }));
    assert_int_equal(counts[0] + counts[1], 0);
    assert_int_equal(counts[2], 1);
    assert_int_equal(counts[3], 1);
    world_delete(&w);
}

static tenon_status collect_inside(void *context, tenon_caller *caller, const tenon_val *args, tenon_val *results)
{
    (void)context, (void)args;
    assert_false(tenon_store_collect(tenon_caller_store(caller), &(tenon_collection){ .count = 0 }));
    results[0] = i32_val(41);
    return TENON_OK;
}

static void count_end(void *context)
{
    ++*(int *)context;
}

static void host_functions_go(void **state)
{
    world w = world_new(TENON_BOUNDS_GUARDED);
    const tenon_type i32 = TENON_I32;
    tenon_extern host = { .kind = TENON_KIND_FUNC };
    int ends = 0;
    (void)state;
    assert_int_equal(tenon_func_new(w.store, NULL, 0, &i32, 1, collect_inside, &ends, &host.of.func), TENON_OK);
    assert_int_equal(tenon_func_set_finalizer(host.of.func, count_end), TENON_OK);
    tenon_instance *consumer = instance_of(&w, BUILT(consumer), &host, 1);
    tenon_root root = { .instance = consumer, .held = true };
    assert_int_equal(collect(&w, &root, 1), 1);
    assert_int_equal(call(export_of(consumer, "eight").of.func), 42);
    assert_int_equal(ends, 0);
    root.held = false;
    collect(&w, &root, 1);
    assert_int_equal(ends, 1);
    assert_int_equal(tenon_func_new(w.store, NULL, 0, &i32, 1, collect_inside, &ends, &host.of.func), TENON_OK);
    assert_int_equal(tenon_func_set_finalizer(host.of.func, count_end), TENON_OK);
    world_delete(&w);
    assert_int_equal(ends, 2);
}

static void linkers_hold(void **state)
{
    world w = world_new(TENON_BOUNDS_GUARDED);
    tenon_instance *in = instance_of(&w, BUILT(provider), NULL, 0);
    tenon_linker *linker;
    (void)state;
    assert_int_equal(tenon_linker_new(w.store, &linker), TENON_OK);
    assert_int_equal(tenon_linker_define_instance(linker, (tenon_name){ "", 0 }, in), TENON_OK);
    assert_int_equal(collect(&w, NULL, 0), 1);
    tenon_linker_delete(linker);
    assert_int_equal(collect(&w, NULL, 0), 0);
    world_delete(&w);
}

/* Functions of another store are not let in. */
static void stores_stay_apart(void **state)
{
    world w = world_new(TENON_BOUNDS_GUARDED);
    tenon_store *other;
    (void)state;
    assert_int_equal(tenon_store_new(w.tenant, &other), TENON_OK);
    tenon_instance *in = instance_of(&w, BUILT(provider), NULL, 0);
    world v = { w.engine, w.tenant, other };
    const tenon_val val = { .type = TENON_FUNCREF,
                            .of.func = export_of(instance_of(&v, BUILT(provider), NULL, 0), "seven").of.func };
    assert_int_equal(tenon_table_set(export_of(in, "table").of.table, 0, (tenon_ref)val.of.func), TENON_USAGE);
    assert_int_equal(tenon_table_grow(export_of(in, "table").of.table, 1, (tenon_ref)val.of.func), TENON_USAGE);
    assert_int_equal(tenon_global_set(export_of(in, "hook").of.global, &val), TENON_USAGE);
    tenon_store_delete(other);
    world_delete(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(instances_go),     cmocka_unit_test(imports_stay),
                                        cmocka_unit_test(references_stay),  cmocka_unit_test(external_references_are_seen),
                                        cmocka_unit_test(host_functions_go), cmocka_unit_test(linkers_hold),
                                        cmocka_unit_test(stores_stay_apart) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
