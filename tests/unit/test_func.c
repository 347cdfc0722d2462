/* SPDX-License-Identifier: MIT
 * Host functions: values both ways, failures, calls back into the guest, and the bounds modes of imported memories.
 */
#include "unit.h"

static tenon_status triple(void *context, tenon_caller *caller, const tenon_val *args, tenon_val *results)
{
    assert_non_null(tenon_caller_instance(caller));
    ++*(int *)context;
    if (args[0].of.i32 < 0)
        return TENON_TRAP;
    if (args[0].of.i32 > 1000)
        return TENON_DENIED;
    results[0].of.i32 = args[0].of.i32 * 3;
    return TENON_OK;
}

static tenon_status factorial(void *context, tenon_caller *caller, const tenon_val *args, tenon_val *results)
{
    (void)context;
    return tenon_func_call(export_func(tenon_caller_instance(caller), "fact"), args, 1, results, 1, NULL);
}

static tenon_instance *link_host(world *w, tenon_callback callback, void *context, tenon_module **module)
{
    tenon_type i32 = TENON_I32;
    tenon_extern e = { .kind = TENON_KIND_FUNC };
    tenon_instance *instance;
    tenon_error err;
    assert_int_equal(tenon_func_new(w->store, &i32, 1, &i32, 1, callback, context, &e.of.func), TENON_OK);
    assert_int_equal(tenon_module_new(w->engine, BUILT(host), module, &err), TENON_OK);
    assert_int_equal(tenon_instance_new(w->store, *module, &e, 1, &instance, &err), TENON_OK);
    return instance;
}

static void host_functions(void **state)
{
    world w = world_new(TENON_BOUNDS_GUARDED);
    tenon_module *module;
    tenon_error err;
    tenon_val result, arg = i32_val(14);
    int calls = 0;
    tenon_instance *instance = link_host(&w, triple, &calls, &module);
    (void)state;
    assert_int_equal(tenon_func_call(export_func(instance, "run"), &arg, 1, &result, 1, &err), TENON_OK);
    assert_int_equal(result.of.i32, 42);
    arg = i32_val(-1);
    assert_int_equal(tenon_func_call(export_func(instance, "run"), &arg, 1, &result, 1, &err), TENON_TRAP);
    assert_int_equal(err.trap, TENON_TRAP_HOST);
    arg = i32_val(1001);
    assert_int_equal(tenon_func_call(export_func(instance, "run"), &arg, 1, &result, 1, &err), TENON_DENIED);
    assert_int_equal(calls, 3);
    tenon_module_delete(module);
    world_delete(&w);
}

static void the_host_may_call_back(void **state)
{
    world w = world_new(TENON_BOUNDS_CHECKED);
    tenon_module *module;
    tenon_error err;
    tenon_val result, arg = i32_val(10);
    tenon_instance *instance = link_host(&w, factorial, NULL, &module);
    (void)state;
    assert_int_equal(tenon_func_call(export_func(instance, "fact"), &arg, 1, &result, 1, &err), TENON_OK);
    assert_int_equal(result.of.i32, 3628800);
    /* Mutual recursion ends as a trap, in every frame, and leaves the store usable. */
    arg = i32_val(1000000);
    assert_int_equal(tenon_func_call(export_func(instance, "fact"), &arg, 1, &result, 1, &err), TENON_TRAP);
    arg = i32_val(5);
    assert_int_equal(tenon_func_call(export_func(instance, "fact"), &arg, 1, &result, 1, &err), TENON_OK);
    assert_int_equal(result.of.i32, 120);
    tenon_module_delete(module);
    world_delete(&w);
}

/* Code assumes the mode of the memory that it got, whatever the engine prefers. */
static void import_of_the_other_mode(tenon_bounds engine, tenon_bounds memory)
{
    world w = world_new(engine);
    tenon_module *module;
    tenon_instance *instance;
    tenon_error err;
    tenon_extern e = { .kind = TENON_KIND_MEMORY };
    tenon_val result, arg = i32_val(65532);
    assert_int_equal(tenon_memory_new(w.store, 1, 1, memory, false, &e.of.memory), TENON_OK);
    assert_int_equal(tenon_module_new(w.engine, BUILT(import_memory), &module, &err), TENON_OK);
    assert_int_equal(tenon_instance_new(w.store, module, &e, 1, &instance, &err), TENON_OK);
    assert_int_equal(tenon_func_call(export_func(instance, "peek"), &arg, 1, &result, 1, &err), TENON_OK);
    for (int64_t at = 65533; at <= UINT32_MAX; at += 99999937) {
        arg = i32_val((int32_t)at);
        assert_int_equal(tenon_func_call(export_func(instance, "peek"), &arg, 1, &result, 1, &err), TENON_TRAP);
        assert_int_equal(err.trap, TENON_TRAP_MEMORY_BOUNDS);
    }
    tenon_module_delete(module);
    world_delete(&w);
}

static void modes_belong_to_memories(void **state)
{
    (void)state;
    import_of_the_other_mode(TENON_BOUNDS_GUARDED, TENON_BOUNDS_GUARDED);
    import_of_the_other_mode(TENON_BOUNDS_GUARDED, TENON_BOUNDS_CHECKED);
    import_of_the_other_mode(TENON_BOUNDS_CHECKED, TENON_BOUNDS_CHECKED);
    /* An engine without signals: asking for guards gives checks. */
    import_of_the_other_mode(TENON_BOUNDS_CHECKED, TENON_BOUNDS_GUARDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(host_functions), cmocka_unit_test(the_host_may_call_back),
                                        cmocka_unit_test(modes_belong_to_memories) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
