/* SPDX-License-Identifier: MIT
 * Compiling in the background: guests go on in compiled code wherever they are, whatever the compiler does, and nothing
 * is left when modules and engines go meanwhile. Skipped where there is no compiler.
 */
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"

#define THREADS 4

static tenon_config config_with(const char *compiler)
{
    return (tenon_config){ .size = sizeof(tenon_config),
                           .features = TENON_FEATURES_ALL,
                           .tiering = { .compiler = compiler, .threshold = 1, .synchronous = true } };
}

static world open_world(const tenon_config *config)
{
    world w;
    assert_int_equal(tenon_engine_new(config, &w.engine), TENON_OK);
    assert_int_equal(tenon_tenant_new(w.engine, NULL, &w.tenant), TENON_OK);
    assert_int_equal(tenon_store_new(w.tenant, &w.store), TENON_OK);
    return w;
}

static tenon_instance *instance_of(const world *w, const uint8_t *bytes, size_t size)
{
    tenon_module *module;
    tenon_instance *instance;

    assert_int_equal(tenon_module_new(w->engine, bytes, size, &module, NULL), TENON_OK);
    assert_int_equal(tenon_instance_new(w->store, module, NULL, 0, &instance, NULL), TENON_OK);
    tenon_module_delete(module);
    return instance;
}

static tenon_status call(tenon_instance *instance, const char *name, int32_t arg, tenon_val *results, size_t count)
{
    const tenon_val value = i32_val(arg);
    tenon_func *func = export_func(instance, name);

    return tenon_func_call(func, &value, tenon_func_param_count(func), results, count, NULL);
}

static int32_t call_i32(tenon_instance *instance, const char *name, int32_t arg)
{
    tenon_val result;

    assert_int_equal(call(instance, name, arg, &result, 1), TENON_OK);
    return result.of.i32;
}

/* ---- results ---- */

static void check_results(tenon_instance *instance, tenon_instance *catching)
{
    tenon_val r[5];

    assert_int_equal(call(instance, "sum", 100, r, 1), TENON_OK);
    assert_int_equal(r[0].of.i64, 24503500);
    assert_int_equal(call_i32(instance, "skip", 1000), 525075);
    assert_int_equal(call_i32(instance, "constant", 1001), 1234);
    assert_int_equal(call_i32(instance, "constant", 1000), 2234);
    assert_int_equal(call(instance, "params", 1000, r, 5), TENON_OK);
    assert_int_equal(r[0].of.i32, 1);
    assert_int_equal(r[1].of.i64, 2);
    assert_true(r[2].of.f32 == 3 && r[3].of.f64 == 504);
    assert_int_equal(r[4].of.i32, 499505);
    assert_int_equal(call_i32(instance, "tail", 5000), 10000);
    assert_int_equal(call_i32(instance, "fib", 15), 610);
    assert_int_equal(call_i32(catching, "catch", 3000), 3100);
    assert_int_equal(call_i32(catching, "catch_outside", 3000), 3000);
}

static void check_trap(tenon_instance *instance, int32_t at, int32_t rounds)
{
    tenon_val result;

    assert_int_equal(call(instance, "trap", at, NULL, 0), TENON_TRAP);
    assert_int_equal(call(instance, "left", 0, &result, 1), TENON_OK);
    assert_int_equal(result.of.i32, at * rounds);
}

/* Every loop is entered in its first round, in its second, and somewhere in the middle. */
static void loops_are_entered_anywhere(void **state)
{
    static const uint32_t thresholds[] = { 1, 2, 3, 50, 333 };
    (void)state;
    for (int bounds = TENON_BOUNDS_GUARDED; bounds <= TENON_BOUNDS_CHECKED; bounds++)
        for (size_t i = 0; i < sizeof thresholds / sizeof *thresholds; i++) {
            tenon_config config = config_with(TENON_LLVM);
            config.bounds = (tenon_bounds)bounds;
            config.tiering.threshold = thresholds[i];
            world w = open_world(&config);
            tenon_instance *instance = instance_of(&w, BUILT(tier)), *catching = instance_of(&w, BUILT(tier_catch));
            check_results(instance, catching);
            check_trap(instance, 700, 701);
            /* Again, in what is compiled by now. */
            check_results(instance, catching);
            check_trap(instance, 10, 701 + 11);
            tenon_tiering_counts counts = tenon_engine_tiering_counts(w.engine);
            assert_true(counts.jobs > 0 && counts.functions >= 7 && counts.code_bytes > 0);
            /* Who is compiled at the first call is not entered in the middle. */
            assert_true(thresholds[i] == 1 || counts.loops >= 5);
            assert_int_equal(counts.failed_jobs + counts.dropped_jobs, 0);
            world_delete(&w);
        }
}

/* ---- compilers that misbehave ---- */

typedef struct bad {
    const char *name;
    uint64_t failed, ended; /* at least */
} bad;

static void note_failure(void *context, tenon_level level, tenon_tenant *tenant, const char *text)
{
    assert_int_equal(level, TENON_LEVEL_WARNING);
    assert_null(tenant);
    assert_non_null(strstr(text, "no code for"));
    atomic_fetch_add((atomic_uint *)context, 1);
}

static void guests_outlive_the_compiler(void **state)
{
    static const bad all[] = { { "dies_early", 1, 1 }, { "never_ready", 1, 1 }, { "other_version", 1, 1 },
                               { "dies", 1, 1 },       { "loops", 1, 1 },       { "garbage", 1, 0 },
                               { "cut", 1, 0 },        { "huge", 1, 0 },        { "refuses", 1, 0 },
                               { "not_there", 1, 1 },
#if !TN_SANITIZED
                               { "eats", 1, 1 }
#endif
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char path[512];
        atomic_uint logged = 0;
        snprintf(path, sizeof path, "%s/%s", BAD_COMPILERS, all[i].name);
        tenon_config config = config_with(path);
        config.log = note_failure;
        config.log_context = &logged;
        config.tiering.job_timeout = 300000000;
        config.tiering.job_memory = 256 << 20;
        if (strcmp(all[i].name, "eats") == 0)
            config.tiering.job_timeout = 0;
        world w = open_world(&config);
        tenon_instance *instance = instance_of(&w, BUILT(loop));
        assert_int_equal(call_i32(instance, "run", 3), 6);
        tenon_tiering_counts counts = tenon_engine_tiering_counts(w.engine);
        assert_true(counts.failed_jobs >= all[i].failed);
        assert_true(counts.ended_jobs >= all[i].ended);
        assert_true(atomic_load(&logged) >= all[i].failed);
        assert_int_equal(counts.functions + counts.loops + counts.dropped_jobs, 0);
        world_delete(&w);
    }
}

/* ---- threads, and what goes meanwhile ---- */

typedef struct shared {
    tenon_engine *engine;
    tenon_module *module, *catching;
    atomic_uint failures;
} shared;

static void *run_guests(void *arg)
{
    shared *s = arg;
    tenon_tenant *tenant;

    if (tenon_tenant_new(s->engine, NULL, &tenant) != TENON_OK)
        return NULL;
    for (int round = 0; round < 12; round++) {
        tenon_store *store;
        tenon_module *own = NULL;
        tenon_instance *instance, *catching, *mine;
        tenon_val r[5];
        bool ok = tenon_store_new(tenant, &store) == TENON_OK &&
                  tenon_module_new(s->engine, BUILT(tier), &own, NULL) == TENON_OK &&
                  tenon_instance_new(store, own, NULL, 0, &mine, NULL) == TENON_OK &&
                  call(mine, "tail", 50 + round, r, 1) == TENON_OK && r[0].of.i32 == 100 + 2 * round &&
                  tenon_instance_new(store, s->module, NULL, 0, &instance, NULL) == TENON_OK &&
                  tenon_instance_new(store, s->catching, NULL, 0, &catching, NULL) == TENON_OK &&
                  call(instance, "sum", 100, r, 1) == TENON_OK && r[0].of.i64 == 24503500 &&
                  call(instance, "skip", 1000, r, 1) == TENON_OK && r[0].of.i32 == 525075 &&
                  call(instance, "params", 1000, r, 5) == TENON_OK && r[4].of.i32 == 499505 &&
                  call(instance, "fib", 15, r, 1) == TENON_OK && r[0].of.i32 == 610 &&
                  call(catching, "catch_outside", 3000, r, 1) == TENON_OK && r[0].of.i32 == 3000 &&
                  call(instance, "trap", 700, NULL, 0) == TENON_TRAP;
        atomic_fetch_add(&s->failures, !ok);
        tenon_store_delete(store);
        tenon_module_delete(own);
    }
    tenon_tenant_delete(tenant);
    return NULL;
}

/* Guests of many threads share the entries that change under them, and load modules of their own meanwhile. */
static void threads_go_on_in_code_together(void **state)
{
    (void)state;
    for (int round = 0; round < 4; round++) {
        pthread_t threads[THREADS];
        shared s = { .failures = 0 };
        tenon_config config = config_with(TENON_LLVM);
        config.tiering.synchronous = round % 2 == 1;
        config.tiering.threshold = 100;
        config.tiering.compilers = 3;
        assert_int_equal(tenon_engine_new(&config, &s.engine), TENON_OK);
        assert_int_equal(tenon_module_new(s.engine, BUILT(tier), &s.module, NULL), TENON_OK);
        assert_int_equal(tenon_module_new(s.engine, BUILT(tier_catch), &s.catching, NULL), TENON_OK);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, run_guests, &s), 0);
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        assert_int_equal(s.failures, 0);
        assert_int_equal(tenon_engine_tiering_counts(s.engine).failed_jobs, 0);
        tenon_module_delete(s.module);
        tenon_module_delete(s.catching);
        tenon_engine_delete(s.engine);
    }
}

static void pause_for(long microseconds)
{
    const struct timespec t = { 0, microseconds * 1000 };

    nanosleep(&t, NULL);
}

/* Modules go while their functions wait, are compiled, and are put in place. */
static void modules_go_meanwhile(void **state)
{
    tenon_config config = config_with(TENON_LLVM);
    (void)state;
    config.tiering.synchronous = false;
    world w = open_world(&config);
    for (int round = 0; round < 60; round++) {
        tenon_store *store;
        tenon_module *module;
        tenon_instance *instance;
        assert_int_equal(tenon_store_new(w.tenant, &store), TENON_OK);
        assert_int_equal(tenon_module_new(w.engine, BUILT(tier), &module, NULL), TENON_OK);
        assert_int_equal(tenon_instance_new(store, module, NULL, 0, &instance, NULL), TENON_OK);
        tenon_module_delete(module);
        assert_int_equal(call_i32(instance, "fib", 15), 610);
        assert_int_equal(call_i32(instance, "tail", 50), 100);
        pause_for(round * 400);
        tenon_store_delete(store);
    }
    world_delete(&w);
}

/* The engine goes while its compiler works, or never ends. */
static void engines_go_meanwhile(void **state)
{
    char path[512];
    (void)state;
    snprintf(path, sizeof path, "%s/loops", BAD_COMPILERS);
    for (int round = 0; round < 24; round++) {
        tenon_config config = config_with(round % 2 == 0 ? TENON_LLVM : path);
        config.tiering.synchronous = false;
        world w = open_world(&config);
        tenon_instance *instance = instance_of(&w, BUILT(tier));
        assert_int_equal(call_i32(instance, "skip", 1000), 525075);
        pause_for(round * 3000);
        world_delete(&w);
    }
}

/* A timeout ends a guest that was taken into compiled code in the middle of an endless loop. */
static void an_endless_loop_is_left(void **state)
{
    tenon_config config = config_with(TENON_LLVM);
    tenon_error err;
    (void)state;
    if (TN_SANITIZED > 1)
        skip();
    config.tiering.threshold = 1000;
    world w = open_world(&config);
    tenon_instance *instance = instance_of(&w, BUILT(tier));
    assert_int_equal(tenon_store_set_timeout(w.store, 150000000), TENON_OK);
    assert_int_equal(tenon_func_call(export_func(instance, "endless"), NULL, 0, NULL, 0, &err), TENON_TRAP);
    assert_int_equal(err.trap, TENON_TRAP_INTERRUPTED);
    assert_int_equal(tenon_engine_tiering_counts(w.engine).loops, 1);
    world_delete(&w);
}

/* ---- reports ---- */

static void note(void *context, const tenon_job_report *report)
{
    unsigned *seen = context;

    seen[0] += report->succeeded;
    seen[1] += (unsigned)report->function_count;
    seen[2] += report->failure != NULL || report->module == NULL || report->code_bytes == 0;
}

static void jobs_are_reported(void **state)
{
    unsigned seen[3] = { 0, 0, 0 };
    tenon_config config = config_with(TENON_LLVM);
    (void)state;
    config.tiering.report = note;
    config.tiering.context = seen;
    world w = open_world(&config);
    tenon_instance *instance = instance_of(&w, BUILT(tier));
    assert_int_equal(call_i32(instance, "fib", 10), 55);
    assert_int_equal(call_i32(instance, "tail", 10), 20);
    world_delete(&w);
    assert_true(seen[0] >= 2);
    assert_int_equal(seen[1], 3);
    assert_int_equal(seen[2], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops_are_entered_anywhere), cmocka_unit_test(guests_outlive_the_compiler),
        cmocka_unit_test(threads_go_on_in_code_together), cmocka_unit_test(modules_go_meanwhile),
        cmocka_unit_test(engines_go_meanwhile), cmocka_unit_test(an_endless_loop_is_left),
        cmocka_unit_test(jobs_are_reported)
    };

    if (access(TENON_LLVM, X_OK) != 0)
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
