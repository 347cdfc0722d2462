/* SPDX-License-Identifier: MIT
 * Stopping guests: by a timeout, from another thread, in loops, calls, bulk instructions and host functions.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

static const char *const endless[] = { "loop", "stores", "calls", "tails", "host", "fills", "copies", "grows" };
#define ENDLESS (sizeof endless / sizeof *endless)

/* Sleeps for 50 s unless somebody wants the guest to stop. */
static tenon_status nap(tenon_caller *caller, tenon_slot *slots)
{
    const struct timespec long_ = { 50, 0 };

    (void)slots;
    if (*(bool *)tenon_caller_context(caller))
        while (!tenon_caller_interrupted(caller) && nanosleep(&long_, NULL) != 0 && errno == EINTR)
            ;
    return TENON_OK;
}

typedef struct guest {
    world w;
    tenon_module *module;
    tenon_instance *instance;
    bool sleeps;
} guest;

static void guest_open(guest *g, tenon_bounds bounds)
{
    static const tenon_entry entry = { nap, NULL, 0, 0, NULL, NULL };
    tenon_extern e = { .kind = TENON_KIND_FUNC };

    g->sleeps = false;
    g->w = world_new(bounds);
    assert_int_equal(tenon_func_new_entry(g->w.store, &entry, &g->sleeps, &e.of.func), TENON_OK);
    assert_int_equal(tenon_module_new(g->w.engine, BUILT(endless), &g->module, NULL), TENON_OK);
    assert_int_equal(tenon_instance_new(g->w.store, g->module, &e, 1, &g->instance, NULL), TENON_OK);
}

static void guest_close(guest *g)
{
    tenon_module_delete(g->module);
    world_delete(&g->w);
}

static void must_be_interrupted(guest *g, const char *name)
{
    tenon_error err;

    assert_int_equal(tenon_func_call(export_func(g->instance, name), NULL, 0, NULL, 0, &err), TENON_TRAP);
    assert_int_equal(err.trap, TENON_TRAP_INTERRUPTED);
}

/* Without a limit: on a busy machine any would be too short. */
static void must_run(guest *g)
{
    tenon_val result;

    assert_int_equal(tenon_store_set_timeout(g->w.store, 0), TENON_OK);
    assert_int_equal(tenon_func_call(export_func(g->instance, "fine"), NULL, 0, &result, 1, NULL), TENON_OK);
    assert_int_equal(result.of.i32, 42);
}

static void a_timeout_ends_anything(void **state)
{
    (void)state;
    for (int bounds = 0; bounds < 2; bounds++) {
        guest g;
        guest_open(&g, (tenon_bounds)bounds);
        for (int round = 0; round < 3; round++)
            for (size_t i = 0; i < ENDLESS; i++) {
                assert_int_equal(tenon_store_set_timeout(g.w.store, 20000000), TENON_OK);
                must_be_interrupted(&g, endless[i]);
                must_run(&g);
            }
        assert_int_equal(tenon_store_set_timeout(g.w.store, 20000000), TENON_OK);
        g.sleeps = true;
        must_be_interrupted(&g, "nap_once");
        g.sleeps = false;
        must_run(&g);
        guest_close(&g);
    }
}

static void *interrupt_soon(void *arg)
{
    usleep(20000);
    tenon_store_interrupt(arg);
    return NULL;
}

static void another_thread_ends_anything(void **state)
{
    guest g;
    (void)state;
    guest_open(&g, TENON_BOUNDS_GUARDED);
    g.sleeps = true;
    for (size_t i = 0; i < ENDLESS; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, g.w.store), 0);
        must_be_interrupted(&g, endless[i]);
        pthread_join(thread, NULL);
        must_run(&g);
    }
    guest_close(&g);
}

static void an_interrupt_waits_for_the_next_call(void **state)
{
    guest g;
    (void)state;
    guest_open(&g, TENON_BOUNDS_GUARDED);
    tenon_store_interrupt(g.w.store);
    must_be_interrupted(&g, "stores");
    must_run(&g);
    guest_close(&g);
}

/* Thousands of interrupts at whatever instruction they find: memory, stack and backtrace stay sound. */
static void interrupts_come_anywhere(void **state)
{
    tenon_frame frame;
    guest g;
    (void)state;
    guest_open(&g, TENON_BOUNDS_GUARDED);
    for (int i = 0; i < 2000; i++) {
        assert_int_equal(tenon_store_set_timeout(g.w.store, (uint64_t)(1 + i * 37 % 300000)), TENON_OK);
        must_be_interrupted(&g, endless[i % 4]);
        for (size_t k = 0; tenon_store_frame(g.w.store, k, &frame); k++)
            assert_true(frame.function < 15);
        must_run(&g);
    }
    guest_close(&g);
}

static volatile sig_atomic_t others;
static void count_others(int number)
{
    (void)number;
    others++;
}

/* A handler that the host had before gets the signals that are not ours. */
static void other_signals_are_passed_on(void **state)
{
    struct sigaction mine = { .sa_handler = count_others }, now;
    guest g;
    (void)state;
    assert_int_equal(sigaction(SIGURG, &mine, NULL), 0);
    guest_open(&g, TENON_BOUNDS_GUARDED);
    others = 0;
    raise(SIGURG);
    assert_int_equal(others, 1);
    assert_int_equal(tenon_store_set_timeout(g.w.store, 10000000), TENON_OK);
    must_be_interrupted(&g, "loop");
    assert_int_equal(others, 1);
    guest_close(&g);
    assert_int_equal(sigaction(SIGURG, NULL, &now), 0);
    assert_true(now.sa_flags & SA_SIGINFO);
}

/* The guest of one store calls the host, which runs an endless guest of another store with a limit of its own. */
static tenon_status run_other(tenon_caller *caller, tenon_slot *slots)
{
    guest *inner = tenon_caller_context(caller);

    (void)slots;
    must_be_interrupted(inner, "loop");
    return TENON_OK;
}

static void limits_of_nested_stores_are_their_own(void **state)
{
    static const tenon_entry entry = { run_other, NULL, 0, 0, NULL, NULL };
    guest outer, inner;
    tenon_extern e = { .kind = TENON_KIND_FUNC };
    tenon_instance *instance;
    (void)state;
    guest_open(&outer, TENON_BOUNDS_GUARDED);
    guest_open(&inner, TENON_BOUNDS_GUARDED);
    assert_int_equal(tenon_store_set_timeout(inner.w.store, 5000000), TENON_OK);
    assert_int_equal(tenon_store_set_timeout(outer.w.store, 1000000000), TENON_OK);
    assert_int_equal(tenon_func_new_entry(outer.w.store, &entry, &inner, &e.of.func), TENON_OK);
    assert_int_equal(tenon_instance_new(outer.w.store, outer.module, &e, 1, &instance, NULL), TENON_OK);
    assert_int_equal(tenon_func_call(export_func(instance, "nap_once"), NULL, 0, NULL, 0, NULL), TENON_OK);
    outer.instance = instance;
    must_be_interrupted(&outer, "host");
    must_run(&outer);
    guest_close(&inner);
    guest_close(&outer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timeout_ends_anything),
        cmocka_unit_test(another_thread_ends_anything),
        cmocka_unit_test(an_interrupt_waits_for_the_next_call),
        cmocka_unit_test(interrupts_come_anywhere),
        cmocka_unit_test(limits_of_nested_stores_are_their_own),
        cmocka_unit_test(other_signals_are_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
