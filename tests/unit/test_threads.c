/* SPDX-License-Identifier: MIT
 * One module, many threads: functions are translated by whoever comes first, faults come back to the thread that made them.
 */
#include "unit.h"

#include <pthread.h>

#define THREADS 4
#define ROUNDS 50

static tenon_engine *engine;
static tenon_module *module;

static bool one_round(tenon_tenant *tenant)
{
    tenon_store *store;
    tenon_instance *instance;
    tenon_error err;
    tenon_val result, args[2] = { i32_val(42), i32_val(6) }, far = i32_val(70000);
    tenon_extern div, peek;
    bool ok = tenon_store_new(tenant, &store) == TENON_OK &&
              tenon_instance_new(store, module, NULL, 0, &instance, &err) == TENON_OK &&
              tenon_instance_export(instance, (tenon_name){ "div", 3 }, &div) &&
              tenon_instance_export(instance, (tenon_name){ "peek", 4 }, &peek) &&
              tenon_func_call(div.of.func, args, 2, &result, 1, &err) == TENON_OK && result.of.i32 == 7 &&
              tenon_func_call(peek.of.func, &far, 1, &result, 1, &err) == TENON_TRAP &&
              err.trap == TENON_TRAP_MEMORY_BOUNDS;
    tenon_store_delete(store);
    return ok;
}

static void *work(void *arg)
{
    tenon_tenant *tenant;
    (void)arg;
    if (tenon_tenant_new(engine, NULL, &tenant) != TENON_OK)
        return (void *)1;
    uintptr_t failed = 0;
    for (int i = 0; i < ROUNDS; i++)
        failed |= !one_round(tenant);
    tenon_tenant_delete(tenant);
    return (void *)failed;
}

static void a_module_is_shared(void **state)
{
    pthread_t threads[THREADS];
    void *failed;
    (void)state;
    for (int round = 0; round < 5; round++) {
        assert_int_equal(tenon_engine_new(NULL, &engine), TENON_OK);
        assert_int_equal(tenon_module_new(engine, BUILT(small), &module, NULL), TENON_OK);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, work, NULL), 0);
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], &failed);
            assert_null(failed);
        }
        tenon_module_delete(module);
        tenon_engine_delete(engine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_module_is_shared) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
