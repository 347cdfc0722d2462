/* SPDX-License-Identifier: MIT
 * Fuel: the count is what the definition says, the same in every tier and way of entering code, and a guest that has run
 * out goes on with more as if nothing had been.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <unistd.h>

#include "tenon/scheduler.h"
#include "tests/support/compile.h"

enum { GUARDED, CHECKED, COMPILED, AUTO, MODES };
#define PLENTY ((uint64_t)1 << 40)

typedef struct guest {
    tenon_engine *engine;
    tenon_tenant *tenant;
    tenon_module *module;
    tenon_store *store;
    tenon_instance *instance;
} guest;

static bool guest_open(guest *g, int mode)
{
    tenon_config config = { .size = sizeof config,
                            .features = TENON_FEATURES_ALL,
                            .bounds = mode == CHECKED ? TENON_BOUNDS_CHECKED : TENON_BOUNDS_GUARDED,
                            .metered = true };

    if (mode >= COMPILED && access(TENON_LLVM, X_OK) != 0)
        return false;
    if (mode == AUTO)
        config.tiering = (tenon_tiering){ .compiler = TENON_LLVM, .threshold = 5, .synchronous = true };
    assert_int_equal(tenon_engine_new(&config, &g->engine), TENON_OK);
    assert_int_equal(tenon_tenant_new(g->engine, NULL, &g->tenant), TENON_OK);
    assert_int_equal(tenon_module_new(g->engine, BUILT(fuel), &g->module, NULL), TENON_OK);
    if (mode == COMPILED) {
        size_t size;
        uint8_t *image = compile_metered_module(TENON_LLVM, BUILT(fuel), &size);
        assert_non_null(image);
        assert_int_equal(tenon_module_add_code(g->module, image, size, NULL), TENON_OK);
        free(image);
    }
    assert_int_equal(tenon_store_new(g->tenant, &g->store), TENON_OK);
    assert_int_equal(tenon_instance_new(g->store, g->module, NULL, 0, &g->instance, NULL), TENON_OK);
    return true;
}

static void guest_close(guest *g)
{
    tenon_store_delete(g->store);
    tenon_module_delete(g->module);
    tenon_tenant_delete(g->tenant);
    tenon_engine_delete(g->engine);
}

static tenon_status call(guest *g, const char *name, int32_t arg, int32_t *result, tenon_error *err)
{
    tenon_val in = i32_val(arg), out = i32_val(0);
    tenon_status status = tenon_func_call(export_func(g->instance, name), &in, 1, &out, 1, err);

    *result = out.of.i32;
    return status;
}

/* By hand, from the definition. */
static const struct {
    const char *name;
    int32_t arg, result;
    uint64_t fuel;
    tenon_trap trap;
} rows[] = {
    { "nothing", 7, 7, 1, TENON_TRAP_NONE },      /* local.get */
    { "structure", 7, 7, 1, TENON_TRAP_NONE },    /* blocks and nops are free */
    { "loop", 10, 55, 10 * 9 + 4, TENON_TRAP_NONE },
    { "either", 1, 10, 3, TENON_TRAP_NONE },
    { "either", 0, 20, 5, TENON_TRAP_NONE },
    { "table", 0, 100, 4, TENON_TRAP_NONE },
    { "table", 1, 101, 4, TENON_TRAP_NONE },
    { "table", 5, 102, 3, TENON_TRAP_NONE },
    { "divide", 0, 0, 7, TENON_TRAP_DIVIDE_BY_ZERO }, /* the whole piece, though it traps halfway */
    { "calls", 4, 24, 0, TENON_TRAP_NONE },           /* the same everywhere: below */
    { "dead", 3, 3, 2, TENON_TRAP_NONE },
};

static void burns(guest *g, size_t i, uint64_t *fuel)
{
    tenon_error err;
    int32_t result;

    assert_int_equal(tenon_store_set_fuel(g->store, PLENTY), TENON_OK);
    tenon_status status = call(g, rows[i].name, rows[i].arg, &result, &err);
    assert_int_equal(status, rows[i].trap == TENON_TRAP_NONE ? TENON_OK : TENON_TRAP);
    if (status == TENON_OK)
        assert_int_equal(result, rows[i].result);
    else
        assert_int_equal(err.trap, rows[i].trap);
    *fuel = PLENTY - tenon_store_fuel(g->store);
}

static void the_count_is_defined(void **state)
{
    uint64_t of_calls = 0, fuel;
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        guest g;
        if (!guest_open(&g, mode))
            continue;
        /* Background code arrives in between. */
        for (int round = 0; round < 20; round++)
            for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                burns(&g, i, &fuel);
                if (rows[i].fuel != 0)
                    assert_int_equal(fuel, rows[i].fuel);
                else if (of_calls == 0)
                    of_calls = fuel;
                else
                    assert_int_equal(fuel, of_calls);
            }
        guest_close(&g);
    }
    assert_true(of_calls > 0);
}

static void guests_end_without(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        guest g;
        tenon_error err;
        int32_t result;
        if (!guest_open(&g, mode))
            continue;
        assert_int_equal(tenon_store_fuel(g.store), 0);
        assert_int_equal(call(&g, "nothing", 1, &result, &err), TENON_TRAP);
        assert_int_equal(err.trap, TENON_TRAP_FUEL);
        for (uint64_t fuel = 0; fuel < 94; fuel++) {
            assert_int_equal(tenon_store_set_fuel(g.store, fuel), TENON_OK);
            assert_int_equal(call(&g, "loop", 10, &result, &err), TENON_TRAP);
            assert_int_equal(err.trap, TENON_TRAP_FUEL);
        }
        assert_int_equal(tenon_store_set_fuel(g.store, 94), TENON_OK);
        assert_int_equal(call(&g, "loop", 10, &result, &err), TENON_OK);
        assert_int_equal(tenon_store_fuel(g.store), 0);
        guest_close(&g);
    }
}

static uint64_t one_more(void *context, tenon_store *store)
{
    (void)store;
    ++*(unsigned *)context;
    return 1;
}

static void they_go_on_with_more(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        guest g;
        unsigned asked = 0;
        int32_t result;
        if (!guest_open(&g, mode))
            continue;
        tenon_store_on_empty(g.store, one_more, &asked);
        for (int round = 0; round < 3; round++) {
            asked = 0;
            assert_int_equal(call(&g, "loop", 10, &result, NULL), TENON_OK);
            assert_int_equal(result, 55);
            assert_int_equal(asked, 94);
        }
        guest_close(&g);
    }
}

static void tasks_wait_for_more(void **state)
{
    const tenon_scheduler_config how = { .size = sizeof how, .workers = 0 };
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        guest g;
        tenon_scheduler *scheduler;
        tenon_task *task;
        tenon_val arg = i32_val(10), out;
        unsigned asked = 0;
        if (!guest_open(&g, mode))
            continue;
        assert_int_equal(tenon_scheduler_new(g.engine, &how, &scheduler), TENON_OK);
        tenon_func *loop = export_func(g.instance, "loop");
        assert_int_equal(tenon_task_call(scheduler, loop, &arg, 1, NULL, &task, NULL), TENON_OK);
        assert_int_equal(tenon_task_add_fuel(task, 1), TENON_USAGE);
        for (;; asked++) {
            (void)tenon_scheduler_run(scheduler, UINT64_MAX);
            if (!tenon_task_needs_fuel(task))
                break;
            assert_int_equal(tenon_task_add_fuel(task, 3), TENON_OK);
        }
        assert_in_range(asked, 28, 40);
        assert_int_equal(tenon_task_result(task, &out, 1, NULL), TENON_OK);
        assert_int_equal(out.of.i32, 55);
        tenon_task_delete(task);
        /* One that is given up instead. */
        assert_int_equal(tenon_store_set_fuel(g.store, 0), TENON_OK);
        assert_int_equal(tenon_task_call(scheduler, loop, &arg, 1, NULL, &task, NULL), TENON_OK);
        (void)tenon_scheduler_run(scheduler, UINT64_MAX);
        assert_true(tenon_task_needs_fuel(task));
        tenon_task_cancel(task);
        (void)tenon_scheduler_run(scheduler, UINT64_MAX);
        assert_int_equal(tenon_task_result(task, NULL, 0, NULL), TENON_TRAP);
        tenon_task_delete(task);
        tenon_scheduler_delete(scheduler);
        guest_close(&g);
    }
}

static void code_must_fit(void **state)
{
    tenon_engine *engine;
    tenon_module *module;
    tenon_error err;
    size_t size;
    (void)state;
    if (access(TENON_LLVM, X_OK) != 0)
        return;
    for (int metered = 0; metered < 2; metered++) {
        const tenon_config config = { .size = sizeof config, .metered = metered };
        uint8_t *image = (metered ? compile_module : compile_metered_module)(TENON_LLVM, BUILT(fuel), &size);
        assert_int_equal(tenon_engine_new(&config, &engine), TENON_OK);
        assert_int_equal(tenon_module_new(engine, BUILT(fuel), &module, NULL), TENON_OK);
        assert_int_equal(tenon_module_add_code(module, image, size, &err), TENON_MALFORMED);
        assert_non_null(strstr(err.text, "fuel"));
        free(image);
        tenon_module_delete(module);
        tenon_engine_delete(engine);
    }
}

static void only_where_it_was_asked_for(void **state)
{
    world w = world_new(TENON_BOUNDS_GUARDED);
    (void)state;
    assert_int_equal(tenon_store_set_fuel(w.store, 1), TENON_USAGE);
    world_delete(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_count_is_defined), cmocka_unit_test(guests_end_without),
        cmocka_unit_test(they_go_on_with_more), cmocka_unit_test(tasks_wait_for_more),
        cmocka_unit_test(code_must_fit),        cmocka_unit_test(only_where_it_was_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
