/* SPDX-License-Identifier: MIT
 * Tasks: guests that share processors, give way at any instruction, wait for answers, and are ended. In the interpreter
 * with both kinds of memory, and in compiled code where there is a compiler.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "tenon/scheduler.h"
#include "tests/support/compile.h"

/* AUTO: compiled in the background, while tasks run. */
enum { GUARDED, CHECKED, COMPILED, AUTO, MODES };

/* ThreadSanitizer delivers signals when it likes: guests give way at host calls only. */
#define SIGNALS_ARE_LATE (TN_SANITIZED > 1)

typedef struct guest {
    tenon_engine *engine;
    tenon_tenant *tenant;
    tenon_module *module;
    tenon_scheduler *scheduler;
    pthread_mutex_t lock;
    tenon_answer *answers[64]; /* that somebody waits for */
    uint32_t questions[64];
    size_t count;
    int cancels;
    atomic_int wakes;
} guest;

static void note_cancel(void *context)
{
    ((guest *)context)->cancels++;
}

/* Even numbers are answered at once. */
static tenon_status wait_for(tenon_caller *caller, tenon_slot *slots)
{
    guest *g = tenon_caller_context(caller);
    tenon_answer *answer;

    if (slots[0].u32 % 2 == 0)
        return TENON_OK;
    tenon_status status = tenon_caller_suspend(caller, &answer);
    if (status != TENON_OK)
        return status;
    tenon_answer_on_cancel(answer, note_cancel, g);
    pthread_mutex_lock(&g->lock);
    assert_true(g->count < 64);
    g->questions[g->count] = slots[0].u32;
    g->answers[g->count++] = answer;
    pthread_mutex_unlock(&g->lock);
    return TENON_SUSPENDED;
}
static const tenon_type one_i32[] = { TENON_I32 };
static const tenon_entry wait_entry = { wait_for, NULL, 1, 1, one_i32, one_i32 };

static void note_wake(void *context)
{
    atomic_fetch_add(&((guest *)context)->wakes, 1);
}

static bool has_compiler(void)
{
    return access(TENON_LLVM, X_OK) == 0;
}

static bool guest_open(guest *g, int mode, size_t workers, const tenon_limits *limits)
{
    tenon_config config = { .size = sizeof config,
                            .features = TENON_FEATURES_ALL,
                            .bounds = mode == CHECKED ? TENON_BOUNDS_CHECKED : TENON_BOUNDS_GUARDED };
    tenon_scheduler_config how = {
        .size = sizeof how, .workers = workers, .wake = note_wake, .context = g
    };

    if (mode >= COMPILED && !has_compiler())
        return false;
    if (mode == AUTO)
        config.tiering = (tenon_tiering){ .compiler = TENON_LLVM, .threshold = 20 };
    memset(g, 0, sizeof *g);
    pthread_mutex_init(&g->lock, NULL);
    assert_int_equal(tenon_engine_new(&config, &g->engine), TENON_OK);
    assert_int_equal(tenon_tenant_new(g->engine, limits, &g->tenant), TENON_OK);
    assert_int_equal(tenon_scheduler_new(g->engine, &how, &g->scheduler), TENON_OK);
    assert_int_equal(tenon_module_new(g->engine, BUILT(tasks), &g->module, NULL), TENON_OK);
    if (mode == COMPILED) {
        assert_true(add_compiled(TENON_LLVM, g->module, BUILT(tasks)) > 0);
    }
    return true;
}

static void guest_close(guest *g)
{
    tenon_module_delete(g->module);
    tenon_scheduler_delete(g->scheduler);
    assert_int_equal(tenon_tenant_memory_bytes(g->tenant), 0);
    tenon_tenant_delete(g->tenant);
    tenon_engine_delete(g->engine);
}

static tenon_instance *instantiate(guest *g, tenon_tenant *tenant, tenon_store **store)
{
    tenon_extern e = { .kind = TENON_KIND_FUNC };
    tenon_instance *instance;

    assert_int_equal(tenon_store_new(tenant, store), TENON_OK);
    assert_int_equal(tenon_func_new_entry(*store, &wait_entry, g, &e.of.func), TENON_OK);
    assert_int_equal(tenon_instance_new(*store, g->module, &e, 1, &instance, NULL), TENON_OK);
    return instance;
}

static tenon_task *start_in(guest *g, tenon_instance *instance, const char *name, const int32_t *arg,
                            const tenon_task_config *config)
{
    tenon_val in = i32_val(arg != NULL ? *arg : 0);
    tenon_task *task;

    assert_int_equal(tenon_task_call(g->scheduler, export_func(instance, name), &in, arg != NULL, config, &task, NULL),
                     TENON_OK);
    return task;
}

static tenon_task *start(guest *g, const char *name, const int32_t *arg, tenon_store **store)
{
    return start_in(g, instantiate(g, g->tenant, store), name, arg, NULL);
}

static int32_t result_of(const tenon_task *task)
{
    tenon_val out;

    assert_int_equal(tenon_task_result(task, &out, 1, NULL), TENON_OK);
    assert_int_equal(out.type, TENON_I32);
    return out.of.i32;
}

static void must_be_ended(tenon_task *task)
{
    tenon_error err;

    assert_true(tenon_task_done(task));
    assert_int_equal(tenon_task_result(task, NULL, 0, &err), TENON_TRAP);
    assert_int_equal(err.trap, TENON_TRAP_INTERRUPTED);
    tenon_task_delete(task);
}

/* ---- waiting for answers ---- */

static tenon_answer *only_answer(guest *g)
{
    assert_int_equal(g->count, 1);
    g->count = 0;
    return g->answers[0];
}

static void guests_wait(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        guest g;
        tenon_store *store;
        const int32_t arg = 4;
        tenon_val answer = i32_val(6);
        if (!guest_open(&g, mode, 0, NULL))
            continue;
        tenon_task *task = start(&g, "fact", &arg, &store);
        assert_int_equal(atomic_load(&g.wakes), 1);
        assert_false(tenon_task_done(task));
        assert_false(tenon_scheduler_run(g.scheduler, UINT64_MAX));
        assert_int_equal(tenon_task_result(task, NULL, 0, NULL), TENON_SUSPENDED);
        assert_int_equal(g.questions[0], 3);
        tenon_answer_send(only_answer(&g), TENON_OK, &answer, 1);
        assert_int_equal(atomic_load(&g.wakes), 2);
        assert_false(tenon_task_done(task));
        assert_false(tenon_scheduler_run(g.scheduler, UINT64_MAX));
        assert_int_equal(result_of(task), 24);
        tenon_task_delete(task);
        tenon_store_delete(store);
        guest_close(&g);
    }
}

/* The host function calls the guest again: frames of the host wait too. */
static tenon_status nested(tenon_caller *caller, tenon_slot *slots)
{
    tenon_val arg = i32_val(slots[0].i32), out = i32_val(0);

    if (slots[0].u32 == 1)
        return wait_for(caller, slots);
    tenon_func *fact = export_func(tenon_caller_instance(caller), "fact");
    tenon_status status = tenon_func_call(fact, &arg, 1, &out, 1, NULL);
    slots[0].i32 = out.of.i32;
    return status;
}

static void frames_of_the_host_wait_too(void **state)
{
    static const tenon_entry nested_entry = { nested, NULL, 1, 1, one_i32, one_i32 };
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        guest g;
        tenon_store *store;
        tenon_instance *instance;
        tenon_extern e = { .kind = TENON_KIND_FUNC };
        tenon_val arg = i32_val(5), answer = i32_val(1);
        tenon_task *task;
        if (!guest_open(&g, mode, 0, NULL))
            continue;
        assert_int_equal(tenon_store_new(g.tenant, &store), TENON_OK);
        assert_int_equal(tenon_func_new_entry(store, &nested_entry, &g, &e.of.func), TENON_OK);
        assert_int_equal(tenon_instance_new(store, g.module, &e, 1, &instance, NULL), TENON_OK);
        tenon_func *fact = export_func(instance, "fact");
        assert_int_equal(tenon_task_call(g.scheduler, fact, &arg, 1, NULL, &task, NULL), TENON_OK);
        assert_false(tenon_scheduler_run(g.scheduler, UINT64_MAX));
        /* Meanwhile the store may be used by whoever is to answer. */
        assert_int_equal(tenon_func_call(fact, &(tenon_val){ .type = TENON_I32 }, 1, &arg, 1, NULL), TENON_OK);
        assert_int_equal(arg.of.i32, 1);
        tenon_answer_send(only_answer(&g), TENON_OK, &answer, 1);
        (void)tenon_scheduler_run(g.scheduler, UINT64_MAX);
        assert_int_equal(result_of(task), 120);
        tenon_task_delete(task);
        tenon_store_delete(store);
        guest_close(&g);
    }
}

static void answers_may_be_failures(void **state)
{
    const struct {
        tenon_status status, end;
        tenon_val value;
        size_t count;
    } rows[] = { { TENON_DENIED, TENON_DENIED, i32_val(0), 0 },
                 { TENON_OK, TENON_USAGE, { .type = TENON_I64 }, 1 },
                 { TENON_OK, TENON_USAGE, i32_val(1), 0 },
                 { TENON_SUSPENDED, TENON_USAGE, i32_val(1), 1 },
                 { TENON_TRAP, TENON_TRAP, i32_val(1), 1 } };
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        guest g;
        if (!guest_open(&g, mode, 0, NULL))
            continue;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            tenon_store *store;
            const int32_t arg = 2;
            tenon_task *task = start(&g, "fact", &arg, &store);
            (void)tenon_scheduler_run(g.scheduler, UINT64_MAX);
            tenon_answer_send(only_answer(&g), rows[i].status, &rows[i].value, rows[i].count);
            (void)tenon_scheduler_run(g.scheduler, UINT64_MAX);
            assert_int_equal(tenon_task_result(task, NULL, 0, NULL), rows[i].end);
            tenon_task_delete(task);
            tenon_store_delete(store);
        }
        guest_close(&g);
    }
}

static void only_tasks_wait(void **state)
{
    guest g;
    tenon_store *store;
    tenon_val arg = i32_val(2), out;
    (void)state;
    assert_true(guest_open(&g, GUARDED, 0, NULL));
    tenon_instance *instance = instantiate(&g, g.tenant, &store);
    assert_int_equal(tenon_func_call(export_func(instance, "fact"), &arg, 1, &out, 1, NULL), TENON_USAGE);
    assert_int_equal(g.count, 0);
    tenon_store_delete(store);
    guest_close(&g);
}

/* ---- ends ---- */

static void waiting_tasks_are_cancelled(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        guest g;
        tenon_store *store;
        const int32_t arg = 2;
        if (!guest_open(&g, mode, 0, NULL))
            continue;
        tenon_task *task = start(&g, "fact", &arg, &store);
        (void)tenon_scheduler_run(g.scheduler, UINT64_MAX);
        tenon_answer *answer = only_answer(&g);
        tenon_task_cancel(task);
        assert_int_equal(g.cancels, 0);
        (void)tenon_scheduler_run(g.scheduler, UINT64_MAX);
        assert_int_equal(g.cancels, 1);
        must_be_ended(task);
        tenon_answer_send(answer, TENON_OK, NULL, 0);
        tenon_store_delete(store);
        guest_close(&g);
    }
}

static void time_over(const tenon_task_config *config, int mode, const char *name, const int32_t *arg, bool answers)
{
    guest g;
    tenon_store *store;
    if (!guest_open(&g, mode, 0, NULL))
        return;
    tenon_instance *instance = instantiate(&g, g.tenant, &store);
    tenon_task *task = start_in(&g, instance, name, arg, config);
    while (!tenon_task_done(task)) {
        (void)tenon_scheduler_run(g.scheduler, UINT64_MAX);
        uint64_t next = tenon_scheduler_next(g.scheduler);
        assert_true(tenon_task_done(task) == (next == UINT64_MAX));
        if (next != UINT64_MAX)
            usleep((useconds_t)(next / 1000));
    }
    must_be_ended(task);
    assert_int_equal(g.cancels, answers);
    if (answers)
        tenon_answer_send(only_answer(&g), TENON_OK, NULL, 0);
    /* The store is as good as before. */
    const int32_t one = 1;
    task = start_in(&g, instance, "fact", &one, NULL);
    (void)tenon_scheduler_run(g.scheduler, UINT64_MAX);
    assert_int_equal(result_of(task), 0);
    tenon_task_delete(task);
    tenon_store_delete(store);
    guest_close(&g);
}

static void time_is_over(void **state)
{
    static const char *const names[] = { "spin", "fills", "grows", "asks" };
    const tenon_task_config config = { .size = sizeof config, .time_limit = 20000000 };
    const int32_t waits = 2;
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (!SIGNALS_ARE_LATE)
                time_over(&config, mode, names[i], NULL, false);
        time_over(&config, mode, "fact", &waits, true);
    }
}

/* ---- workers ---- */

typedef struct load {
    tenon_store *store;
    tenon_task *task;
} load;

static int64_t work_alone(guest *g, int32_t rounds)
{
    tenon_store *store;
    tenon_instance *instance = instantiate(g, g->tenant, &store);
    tenon_val in = i32_val(rounds), out;

    assert_int_equal(tenon_func_call(export_func(instance, "work"), &in, 1, &out, 1, NULL), TENON_OK);
    tenon_store_delete(store);
    return out.of.i64;
}

/* All registers come along from thread to thread. */
static void results_are_right(void **state)
{
    enum { TASKS = 24 };
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        guest g;
        load loads[TASKS];
        const int32_t rounds = mode >= COMPILED ? 20000000 : 1000000;
        if (!guest_open(&g, mode, 3, NULL))
            continue;
        int64_t right = work_alone(&g, rounds);
        for (int i = 0; i < TASKS; i++)
            loads[i].task = start(&g, "work", &rounds, &loads[i].store);
        for (int i = 0; i < TASKS; i++) {
            tenon_val out;
            tenon_task_wait(loads[i].task);
            assert_int_equal(tenon_task_result(loads[i].task, &out, 1, NULL), TENON_OK);
            assert_true(out.of.i64 == right);
            assert_true(tenon_task_time(loads[i].task) > 0);
            tenon_task_delete(loads[i].task);
            tenon_store_delete(loads[i].store);
        }
        guest_close(&g);
    }
}

static void *answer_all(void *arg)
{
    guest *g = arg;
    tenon_val answer = i32_val(1);

    for (size_t left = 1000; left > 0;) {
        pthread_mutex_lock(&g->lock);
        size_t count = g->count;
        tenon_answer *answers[64];
        memcpy(answers, g->answers, count * sizeof *answers);
        g->count = 0;
        pthread_mutex_unlock(&g->lock);
        for (size_t i = 0; i < count && left > 0; i++, left--)
            tenon_answer_send(answers[i], TENON_OK, &answer, 1);
        if (count == 0)
            usleep(100);
    }
    return NULL;
}

/* Answers come from another thread, maybe before the guest has paused. */
static void answers_race_with_pauses(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        guest g;
        pthread_t thread;
        const int32_t even = 2;
        if (!guest_open(&g, mode, 2, NULL))
            continue;
        assert_int_equal(pthread_create(&thread, NULL, answer_all, &g), 0);
        for (int round = 0; round < 50; round++) {
            load loads[20];
            for (int i = 0; i < 20; i++)
                loads[i].task = start(&g, "fact", &even, &loads[i].store);
            for (int i = 0; i < 20; i++) {
                tenon_task_wait(loads[i].task);
                assert_int_equal(result_of(loads[i].task), 2);
                tenon_task_delete(loads[i].task);
                tenon_store_delete(loads[i].store);
            }
        }
        pthread_join(thread, NULL);
        guest_close(&g);
    }
}

/* From the outside, at whatever instruction. */
static void running_tasks_are_cancelled(void **state)
{
    static const char *const names[] = { "spin", "fills", "grows", "asks" };
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        guest g;
        load loads[8];
        if (!guest_open(&g, mode, 2, NULL))
            continue;
        for (int round = 0; round < 5; round++) {
            for (int i = 0; i < 8; i++)
                loads[i].task = start(&g, SIGNALS_ARE_LATE ? "asks" : names[i % 4], NULL, &loads[i].store);
            usleep(round % 2 == 0 ? 20000 : 100);
            for (int i = 0; i < 8; i++)
                tenon_task_cancel(loads[i].task);
            for (int i = 0; i < 8; i++) {
                tenon_task_wait(loads[i].task);
                must_be_ended(loads[i].task);
                tenon_store_delete(loads[i].store);
            }
        }
        guest_close(&g);
    }
}

/* Sleeps until somebody wants the guest to stop. */
static tenon_status doze(tenon_caller *caller, tenon_slot *slots)
{
    const struct timespec long_ = { 50, 0 };

    (void)slots;
    atomic_fetch_add(&((guest *)tenon_caller_context(caller))->wakes, 1);
    while (!tenon_caller_interrupted(caller))
        nanosleep(&long_, NULL);
    return TENON_OK;
}

static void blocked_host_calls_are_cancelled(void **state)
{
    static const tenon_entry entry = { doze, NULL, 1, 1, one_i32, one_i32 };
    const tenon_task_config limited = { .size = sizeof limited, .time_limit = 20000000 };
    (void)state;
    for (int mode = 0; mode < MODES; mode++)
        for (int way = 0; way < 2 && !SIGNALS_ARE_LATE; way++) {
            guest g;
            tenon_extern e = { .kind = TENON_KIND_FUNC };
            tenon_store *store;
            tenon_instance *instance;
            const int32_t arg = 2;
            if (!guest_open(&g, mode, 1, NULL))
                continue;
            assert_int_equal(tenon_store_new(g.tenant, &store), TENON_OK);
            assert_int_equal(tenon_func_new_entry(store, &entry, &g, &e.of.func), TENON_OK);
            assert_int_equal(tenon_instance_new(store, g.module, &e, 1, &instance, NULL), TENON_OK);
            tenon_task *task = start_in(&g, instance, "fact", &arg, way == 0 ? NULL : &limited);
            while (way == 0 && atomic_load(&g.wakes) == 0)
                usleep(1000);
            if (way == 0)
                tenon_task_cancel(task);
            tenon_task_wait(task);
            must_be_ended(task);
            tenon_store_delete(store);
            guest_close(&g);
        }
}

typedef struct begun {
    guest *g;
    tenon_store *store;
    tenon_status call;
    atomic_bool over;
} begun;

static tenon_status instantiate_and_call(void *context)
{
    begun *b = context;
    tenon_val arg = i32_val(2), out;
    tenon_instance *instance = instantiate(b->g, b->g->tenant, &b->store);

    b->call = tenon_func_call(export_func(instance, "fact"), &arg, 1, &out, 1, NULL);
    tenon_store_delete(b->store);
    return b->call == TENON_OK && out.of.i32 == 14 ? TENON_EXIT : TENON_TRAP;
}

static void note_done(void *context, tenon_task *task)
{
    assert_int_equal(tenon_task_result(task, NULL, 0, NULL), TENON_EXIT);
    tenon_task_delete(task);
    atomic_store(&((begun *)context)->over, true);
}

static void bodies_are_tasks(void **state)
{
    guest g;
    begun b = { .g = &g };
    tenon_task *task;
    const tenon_task_config config = { .size = sizeof config, .done = note_done, .context = &b };
    const tenon_val answer = i32_val(7);
    (void)state;
    assert_true(guest_open(&g, GUARDED, 0, NULL));
    assert_int_equal(tenon_task_run(g.scheduler, g.tenant, instantiate_and_call, &b, &config, &task), TENON_OK);
    (void)tenon_scheduler_run(g.scheduler, UINT64_MAX);
    assert_false(atomic_load(&b.over));
    tenon_answer_send(only_answer(&g), TENON_OK, &answer, 1);
    (void)tenon_scheduler_run(g.scheduler, UINT64_MAX);
    assert_true(atomic_load(&b.over));
    guest_close(&g);
}

static void linger(void *context, tenon_task *task)
{
    atomic_bool *over = context;
    usleep(20000);
    assert_int_equal(tenon_task_result(task, NULL, 0, NULL), TENON_OK);
    atomic_store(over, true);
}

/* By whoever sees that it is done, before `done` has returned; and whoever waits, waits for that too. */
static void tasks_may_be_deleted_early(void **state)
{
    guest g;
    atomic_bool over;
    const tenon_task_config config = { .size = sizeof config, .done = linger, .context = &over };
    const int32_t arg = 3;
    (void)state;
    assert_true(guest_open(&g, GUARDED, 1, NULL));
    for (int round = 0; round < 6; round++) {
        tenon_store *store;
        atomic_init(&over, false);
        tenon_task *task = start_in(&g, instantiate(&g, g.tenant, &store), "fact", &arg, &config);
        while (round % 2 == 0 && !tenon_task_done(task))
            usleep(100);
        if (round % 2 == 1) {
            tenon_task_wait(task);
            assert_true(atomic_load(&over));
        }
        tenon_task_delete(task);
        while (!atomic_load(&over))
            usleep(100);
        tenon_store_delete(store);
    }
    guest_close(&g);
}

static void rules_are_kept(void **state)
{
    guest g;
    tenon_store *store;
    tenon_task *task, *other;
    tenon_scheduler *second;
    const tenon_scheduler_config bad = { .size = sizeof bad, .stack_size = 1000 };
    const tenon_val two[2] = { i32_val(1), i32_val(2) };
    (void)state;
    assert_true(guest_open(&g, GUARDED, 0, NULL));
    assert_int_equal(tenon_scheduler_new(g.engine, &bad, &second), TENON_USAGE);
    assert_int_equal(tenon_scheduler_new(g.engine, &(tenon_scheduler_config){ .size = 1 }, &second), TENON_USAGE);
    assert_int_equal(tenon_tenant_set_weight(g.tenant, 0), TENON_USAGE);
    assert_int_equal(tenon_tenant_set_weight(g.tenant, 10001), TENON_USAGE);
    tenon_instance *instance = instantiate(&g, g.tenant, &store);
    tenon_func *fact = export_func(instance, "fact");
    assert_int_equal(tenon_task_call(g.scheduler, fact, two, 2, NULL, &task, NULL), TENON_USAGE);
    assert_int_equal(tenon_task_call(g.scheduler, fact, two, 1, NULL, &task, NULL), TENON_OK);
    assert_int_equal(tenon_task_call(g.scheduler, fact, two, 1, NULL, &other, NULL), TENON_USAGE);
    assert_false(tenon_scheduler_run(g.scheduler, UINT64_MAX));
    assert_int_equal(tenon_task_result(task, NULL, 0, NULL), TENON_OK);
    tenon_task_delete(task);
    /* Given up before it has begun. */
    assert_int_equal(tenon_task_call(g.scheduler, fact, two, 1, NULL, &task, NULL), TENON_OK);
    tenon_task_delete(task);
    (void)tenon_scheduler_run(g.scheduler, UINT64_MAX);
    tenon_store_delete(store);
    guest_close(&g);
}

/* ---- budgets ---- */

static void processor_time_is_limited(void **state)
{
    const tenon_limits limits = { .size = sizeof limits, .cpu_time = 50000000 };
    (void)state;
    for (int mode = 0; mode < MODES && !SIGNALS_ARE_LATE; mode++) {
        guest g;
        tenon_store *store;
        tenon_error err;
        if (!guest_open(&g, mode, 0, &limits))
            continue;
        tenon_task *task = start(&g, "spin", NULL, &store);
        while (!tenon_task_done(task))
            (void)tenon_scheduler_run(g.scheduler, UINT64_MAX);
        assert_int_equal(tenon_task_result(task, NULL, 0, &err), TENON_LIMIT);
        assert_non_null(strstr(err.text, "processor time"));
        assert_true(tenon_tenant_cpu_time(g.tenant) >= limits.cpu_time);
        tenon_task_delete(task);
        tenon_store_delete(store);
        guest_close(&g);
    }
}

static uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A tenth of a processor: the tenant waits for its next period. */
static void periods_have_budgets(void **state)
{
    const tenon_limits limits = { .size = sizeof limits, .cpu_period = 20000000, .cpu_per_period = 2000000 };
    guest g;
    tenon_store *store;
    (void)state;
    if (SIGNALS_ARE_LATE)
        return;
    assert_true(guest_open(&g, GUARDED, 0, &limits));
    tenon_task *task = start(&g, "spin", NULL, &store);
    const uint64_t begin = now();
    for (int i = 0; i < 10; i++) {
        (void)tenon_scheduler_run(g.scheduler, UINT64_MAX);
        uint64_t next = tenon_scheduler_next(g.scheduler);
        assert_true(next <= limits.cpu_period);
        usleep((useconds_t)(next / 1000 + 100));
    }
    assert_true(now() - begin >= 9 * limits.cpu_period);
    assert_true(tenon_tenant_cpu_time(g.tenant) >= 10 * limits.cpu_per_period);
    tenon_task_cancel(task);
    while (!tenon_task_done(task))
        (void)tenon_scheduler_run(g.scheduler, UINT64_MAX);
    must_be_ended(task);
    tenon_store_delete(store);
    guest_close(&g);
}

/* The next period is far away: whoever is cancelled does not wait for it. */
static void throttled_tasks_are_cancelled(void **state)
{
    const tenon_limits limits = {
        .size = sizeof limits, .cpu_period = (uint64_t)3600 * 1000000000, .cpu_per_period = 1000000
    };
    enum { MANY = 5 };
    (void)state;
    if (SIGNALS_ARE_LATE)
        return;
    for (size_t workers = 0; workers < 3; workers++) {
        guest g;
        tenon_store *stores[MANY];
        tenon_task *tasks[MANY];
        assert_true(guest_open(&g, GUARDED, workers, &limits));
        for (int i = 0; i < MANY; i++)
            tasks[i] = start(&g, "spin", NULL, &stores[i]);
        while (tenon_tenant_cpu_time(g.tenant) < limits.cpu_per_period)
            if (workers == 0)
                (void)tenon_scheduler_run(g.scheduler, UINT64_MAX);
            else
                usleep(100);
        usleep(5000);
        for (int i = MANY - 1; i >= 0; i--) {
            tenon_task_cancel(tasks[i]);
            while (workers == 0 && !tenon_task_done(tasks[i]))
                (void)tenon_scheduler_run(g.scheduler, UINT64_MAX);
            tenon_task_wait(tasks[i]);
            must_be_ended(tasks[i]);
            tenon_store_delete(stores[i]);
        }
        /* The others have had no share of that. */
        assert_true(tenon_tenant_cpu_time(g.tenant) < 100 * limits.cpu_per_period);
        guest_close(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guests_wait),           cmocka_unit_test(frames_of_the_host_wait_too),
        cmocka_unit_test(answers_may_be_failures), cmocka_unit_test(only_tasks_wait),
        cmocka_unit_test(waiting_tasks_are_cancelled), cmocka_unit_test(time_is_over),
        cmocka_unit_test(results_are_right), cmocka_unit_test(answers_race_with_pauses),
        cmocka_unit_test(running_tasks_are_cancelled), cmocka_unit_test(blocked_host_calls_are_cancelled), cmocka_unit_test(bodies_are_tasks),
        cmocka_unit_test(tasks_may_be_deleted_early), cmocka_unit_test(rules_are_kept), cmocka_unit_test(processor_time_is_limited),
        cmocka_unit_test(periods_have_budgets), cmocka_unit_test(throttled_tasks_are_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
