/* SPDX-License-Identifier: MIT
 * Instances, functions, memories and traps through the public interface.
 */
#include "unit.h"

#include <signal.h>

static tenon_instance *instantiate(world *w, const uint8_t *bytes, size_t size, tenon_module **module)
{
    tenon_instance *instance;
    tenon_error err;
    assert_int_equal(tenon_module_new(w->engine, bytes, size, module, &err), TENON_OK);
    assert_int_equal(tenon_instance_new(w->store, *module, NULL, 0, &instance, &err), TENON_OK);
    return instance;
}

static void calls_and_traps(tenon_bounds bounds)
{
    world w = world_new(bounds);
    tenon_module *module;
    tenon_error err;
    tenon_val result, args[2] = { i32_val(7), i32_val(0) };
    tenon_frame frame;
    tenon_instance *instance = instantiate(&w, BUILT(small), &module);

    args[1] = i32_val(-2);
    assert_int_equal(tenon_func_call(export_func(instance, "div"), args, 2, &result, 1, &err), TENON_OK);
    assert_int_equal(result.of.i32, -3);
    args[1] = i32_val(0);
    assert_int_equal(tenon_func_call(export_func(instance, "div"), args, 2, &result, 1, &err), TENON_TRAP);
    assert_int_equal(err.trap, TENON_TRAP_DIVIDE_BY_ZERO);
    assert_int_equal(err.function, 2);
    assert_true(tenon_store_frame(w.store, 0, &frame));
    assert_int_equal(frame.offset, err.offset);
    assert_int_equal(module_small[err.offset], 0x6d);
    assert_false(tenon_store_frame(w.store, 1, &frame));

    args[0] = i32_val(65533);
    assert_int_equal(tenon_func_call(export_func(instance, "peek"), args, 1, &result, 1, &err), TENON_TRAP);
    assert_int_equal(err.trap, TENON_TRAP_MEMORY_BOUNDS);
    assert_int_equal(module_small[err.offset], 0x28);
    args[0] = i32_val(1);
    assert_int_equal(tenon_func_call(export_func(instance, "grow"), args, 1, &result, 1, &err), TENON_OK);
    assert_int_equal(result.of.i32, 1);
    args[0] = i32_val(65533);
    assert_int_equal(tenon_func_call(export_func(instance, "peek"), args, 1, &result, 1, &err), TENON_OK);
    args[0] = i32_val(1);
    assert_int_equal(tenon_func_call(export_func(instance, "grow"), args, 1, &result, 1, &err), TENON_OK);
    assert_int_equal(result.of.i32, -1);
    tenon_module_delete(module);
    world_delete(&w);
}

static void guarded(void **state)
{
    (void)state;
    calls_and_traps(TENON_BOUNDS_GUARDED);
}

static void checked(void **state)
{
    (void)state;
    calls_and_traps(TENON_BOUNDS_CHECKED);
}

static void wrong_calls_are_usage_errors(void **state)
{
    world w = world_new(TENON_BOUNDS_GUARDED);
    tenon_module *module;
    tenon_error err;
    tenon_val result, args[2] = { i32_val(7), { .type = TENON_F64 } };
    tenon_instance *instance = instantiate(&w, BUILT(small), &module);
    tenon_func *div = export_func(instance, "div");
    (void)state;
    assert_int_equal(tenon_func_call(div, args, 1, &result, 1, &err), TENON_USAGE);
    assert_int_equal(tenon_func_call(div, args, 2, &result, 1, &err), TENON_USAGE);
    assert_non_null(strstr(err.text, "argument 2"));
    tenon_module_delete(module);
    world_delete(&w);
}

static void limits_of_the_tenant_hold(void **state)
{
    world w = world_new(TENON_BOUNDS_GUARDED);
    tenon_limits limits = { .size = sizeof limits, .memory_bytes = (1 << 20) + 65536 + 32768, .instances = 1 };
    tenon_tenant *tenant;
    tenon_store *store;
    tenon_module *module;
    tenon_instance *instance;
    tenon_error err;
    tenon_val result, one = i32_val(1);
    (void)state;
    assert_int_equal(tenon_tenant_new(w.engine, &limits, &tenant), TENON_OK);
    assert_int_equal(tenon_store_new(tenant, &store), TENON_OK);
    assert_int_equal(tenon_module_new(w.engine, BUILT(small), &module, &err), TENON_OK);
    assert_int_equal(tenon_instance_new(store, module, NULL, 0, &instance, &err), TENON_OK);
    assert_int_equal(tenon_func_call(export_func(instance, "grow"), &one, 1, &result, 1, &err), TENON_OK);
    assert_int_equal(result.of.i32, -1);
    assert_int_equal(tenon_instance_new(store, module, NULL, 0, &instance, &err), TENON_LIMIT);
    tenon_store_delete(store);
    assert_int_equal(tenon_tenant_memory_bytes(tenant), 0);
    tenon_tenant_delete(tenant);
    tenon_module_delete(module);
    world_delete(&w);
}

/* A fault that is not the guest's goes to whoever handled it before. */
static volatile sig_atomic_t chained;
static sigjmp_buf back;
static void foreign_handler(int signal)
{
    (void)signal;
    chained++;
    siglongjmp(back, 1);
}

static void foreign_faults_are_chained(void **state)
{
    signal(SIGSEGV, foreign_handler);
    world w = world_new(TENON_BOUNDS_GUARDED);
    (void)state;
    if (sigsetjmp(back, 1) == 0)
        raise(SIGSEGV);
    assert_int_equal(chained, 1);
    world_delete(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(guarded), cmocka_unit_test(checked),
                                        cmocka_unit_test(wrong_calls_are_usage_errors),
                                        cmocka_unit_test(limits_of_the_tenant_hold),
                                        cmocka_unit_test(foreign_faults_are_chained) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
