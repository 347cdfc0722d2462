/* SPDX-License-Identifier: MIT
 * Whose signals they are: embedders that own the handlers and forward what may be a guest's, and engines that use none.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <signal.h>
#include <unistd.h>

#include "tenon/scheduler.h"
#include "tests/support/compile.h"

static volatile sig_atomic_t forwarded, foreign;

static void forward(int signal, siginfo_t *info, void *ucontext)
{
    if (tenon_handle_signal(signal, info, ucontext))
        forwarded++;
    else
        foreign++;
}

static void own(int signal)
{
    struct sigaction action = { .sa_sigaction = forward, .sa_flags = SA_SIGINFO | SA_NODEFER };

    assert_int_equal(sigaction(signal, &action, NULL), 0);
}

static bool is_untouched(int signal)
{
    struct sigaction now;

    assert_int_equal(sigaction(signal, NULL, &now), 0);
    return now.sa_handler == SIG_DFL;
}

static tenon_module *load(tenon_engine *engine, const uint8_t *bytes, size_t size, bool compiled)
{
    tenon_module *module;

    assert_int_equal(tenon_module_new(engine, bytes, size, &module, NULL), TENON_OK);
    if (compiled) {
        assert_true(add_compiled(TENON_LLVM, module, bytes, size) > 0);
    }
    return module;
}

static tenon_status nap(tenon_caller *caller, tenon_slot *slots)
{
    (void)caller;
    (void)slots;
    return TENON_OK;
}

static void use_forwarded(bool compiled)
{
    static const tenon_entry entry = { nap, NULL, 0, 0, NULL, NULL };
    const tenon_config config = { .size = sizeof config,
                                  .features = TENON_FEATURES_ALL,
                                  .signals = TENON_SIGNALS_FORWARDED,
                                  .interrupt_signal = SIGUSR2 };
    tenon_engine *engine;
    tenon_tenant *tenant;
    tenon_store *store;
    tenon_instance *instance;
    tenon_extern e = { .kind = TENON_KIND_FUNC };
    tenon_error err;
    tenon_val zero = i32_val(0), result;

    assert_int_equal(tenon_engine_new(&config, &engine), TENON_OK);
    assert_int_equal(tenon_tenant_new(engine, NULL, &tenant), TENON_OK);
    assert_int_equal(tenon_store_new(tenant, &store), TENON_OK);
    tenon_module *endless = load(engine, BUILT(endless), compiled), *fuel = load(engine, BUILT(fuel), compiled);
    assert_int_equal(tenon_func_new_entry(store, &entry, NULL, &e.of.func), TENON_OK);
    assert_int_equal(tenon_instance_new(store, endless, &e, 1, &instance, NULL), TENON_OK);
    forwarded = foreign = 0;
    assert_int_equal(tenon_store_set_timeout(store, 10000000), TENON_OK);
    assert_int_equal(tenon_func_call(export_func(instance, "loop"), NULL, 0, NULL, 0, &err), TENON_TRAP);
    assert_int_equal(err.trap, TENON_TRAP_INTERRUPTED);
    assert_true(forwarded > 0);
    assert_int_equal(tenon_store_set_timeout(store, 0), TENON_OK);
    assert_int_equal(tenon_instance_new(store, fuel, NULL, 0, &instance, NULL), TENON_OK);
    assert_int_equal(tenon_func_call(export_func(instance, "divide"), &zero, 1, &result, 1, &err), TENON_TRAP);
    assert_int_equal(err.trap, TENON_TRAP_DIVIDE_BY_ZERO);
    forwarded = 0;
    assert_int_equal(tenon_func_call(export_func(instance, "beyond"), &zero, 1, &result, 1, &err), TENON_TRAP);
    assert_int_equal(err.trap, TENON_TRAP_MEMORY_BOUNDS);
    assert_int_equal(forwarded, 1);
    /* What is nobody's is said to be so. */
    foreign = 0;
    raise(SIGUSR2);
    raise(SIGTRAP);
    assert_int_equal(foreign, 2);
    tenon_module_delete(endless);
    tenon_module_delete(fuel);
    tenon_store_delete(store);
    tenon_tenant_delete(tenant);
    tenon_engine_delete(engine);
}

static void embedders_forward(void **state)
{
    static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGUSR2 };
    struct sigaction before[5];
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        sigaction(faults[i], NULL, &before[i]);
        own(faults[i]);
    }
    use_forwarded(false);
    if (access(TENON_LLVM, X_OK) == 0)
        use_forwarded(true);
    /* Nobody has put anything in front. */
    for (size_t i = 0; i < 5; i++) {
        struct sigaction now;
        sigaction(faults[i], NULL, &now);
        assert_ptr_equal(now.sa_sigaction, forward);
        sigaction(faults[i], &before[i], NULL);
    }
}

static tenon_status answer(tenon_caller *caller, tenon_slot *slots)
{
    (void)caller;
    (void)slots;
    return TENON_OK;
}

static void engines_without_signals(void **state)
{
    static const tenon_type i32[] = { TENON_I32 };
    static const tenon_entry entry = { answer, NULL, 1, 1, i32, i32 };
    tenon_config config = {
        .size = sizeof config, .features = TENON_FEATURES_ALL, .signals = TENON_SIGNALS_NONE, .metered = true
    };
    const tenon_scheduler_config how = { .size = sizeof how, .workers = 1 };
    const tenon_task_config limited = { .size = sizeof limited, .time_limit = 20000000 };
    tenon_engine *engine;
    tenon_tenant *tenant;
    tenon_module *module;
    tenon_scheduler *scheduler;
    tenon_error err;
    (void)state;
    assert_int_equal(tenon_engine_new(&config, &engine), TENON_USAGE);
    config.bounds = TENON_BOUNDS_CHECKED;
    assert_int_equal(tenon_engine_new(&config, &engine), TENON_OK);
    assert_int_equal(tenon_tenant_new(engine, NULL, &tenant), TENON_OK);
    assert_int_equal(tenon_module_new(engine, BUILT(tasks), &module, NULL), TENON_OK);
    assert_int_equal(tenon_scheduler_new(engine, &how, &scheduler), TENON_OK);
    for (int i = 0; i < 2; i++) {
        tenon_extern e = { .kind = TENON_KIND_FUNC };
        tenon_store *store;
        tenon_instance *instance;
        tenon_task *task;
        assert_int_equal(tenon_store_new(tenant, &store), TENON_OK);
        assert_int_equal(tenon_store_set_timeout(store, 1000), TENON_UNSUPPORTED);
        assert_int_equal(tenon_func_new_entry(store, &entry, NULL, &e.of.func), TENON_OK);
        assert_int_equal(tenon_instance_new(store, module, &e, 1, &instance, NULL), TENON_OK);
        /* One has no fuel left, and waits until it is given up; the other's time is over at a host call. */
        assert_int_equal(tenon_store_set_fuel(store, i == 0 ? 100000 : UINT64_MAX), TENON_OK);
        tenon_func *func = export_func(instance, i == 0 ? "spin" : "asks");
        assert_int_equal(tenon_task_call(scheduler, func, NULL, 0, i == 0 ? NULL : &limited, &task, NULL), TENON_OK);
        while (i == 0 && !tenon_task_needs_fuel(task))
            usleep(1000);
        if (i == 0)
            tenon_task_cancel(task);
        tenon_task_wait(task);
        assert_int_equal(tenon_task_result(task, NULL, 0, &err), TENON_TRAP);
        assert_int_equal(err.trap, TENON_TRAP_INTERRUPTED);
        tenon_task_delete(task);
        tenon_store_delete(store);
    }
    tenon_scheduler_delete(scheduler);
    tenon_module_delete(module);
    tenon_tenant_delete(tenant);
    tenon_engine_delete(engine);
    assert_true(is_untouched(SIGURG) && is_untouched(SIGUSR2));
}

static void there_is_one_signal(void **state)
{
    const tenon_config same = { .size = sizeof same, .interrupt_signal = SIGUSR2 },
                       other = { .size = sizeof other, .interrupt_signal = SIGUSR1 },
                       none = { .size = sizeof none, .interrupt_signal = 1000 };
    tenon_engine *engine;
    (void)state;
    assert_int_equal(tenon_engine_new(&other, &engine), TENON_USAGE);
    assert_int_equal(tenon_engine_new(&none, &engine), TENON_USAGE);
    assert_int_equal(tenon_engine_new(&same, &engine), TENON_OK);
    tenon_engine_delete(engine);
    assert_false(is_untouched(SIGUSR2));
    assert_true(is_untouched(SIGURG));
}

int main(void)
{
    /* In this order: the first leaves handlers as they were, the last installs the library's. */
    const struct CMUnitTest tests[] = { cmocka_unit_test(embedders_forward), cmocka_unit_test(engines_without_signals),
                                        cmocka_unit_test(there_is_one_signal) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
