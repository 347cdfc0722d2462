/* SPDX-License-Identifier: MIT
 * Tasks: calls with a stack of their own, from their request to their result.
 */
#include <string.h>

#include "base/assert.h"
#include "runtime/sched/sched.h"

/* Of a task's stack: for the library, for host functions, and for signal handlers that have none of their own. */
#define STACK_RESERVE ((size_t)96 << 10)
/* Quanta between ticks while nobody waits. */
#define SELDOM 16

/* ---- stacks ---- */

static uint8_t *take_stack(tenon_scheduler *s)
{
    size_t page = tn_os_page_size();
    uint8_t *stack = NULL;

    tn_os_mutex_lock(&s->lock);
    if (s->spare_stacks > 0)
        stack = s->stacks[--s->spare_stacks];
    tn_os_mutex_unlock(&s->lock);
    if (stack != NULL || !tn_mem_may_map(s->mem, s->stack_size))
        return stack;
    stack = tn_os_reserve(s->stack_size);
    if (stack != NULL && !tn_os_commit(stack + page, s->stack_size - page)) {
        tn_os_release(stack, s->stack_size);
        return NULL;
    }
    return stack;
}

/* With the lock held. */
static bool spare_stack(tenon_scheduler *s, uint8_t *stack)
{
    if (s->spare_stacks == TN_SPARE_TASK_STACKS)
        return false;
    s->stacks[s->spare_stacks++] = stack;
    return true;
}

/* ---- running ---- */

/* The least of these moments, seen from now. */
static uint64_t until_next(const tenon_task *task, uint64_t now)
{
    uint64_t next = atomic_load(&task->scheduler->next_at);

    next = task->look_at < next ? task->look_at : next;
    next = task->end_at < next ? task->end_at : next;
    return next > now ? next - now : 0;
}

/* Ticks cost a percent or two on virtual machines: while nobody waits for a processor there are few. */
static void choose_pace(const tenon_task *task, uint64_t now)
{
    tenon_scheduler *s = task->scheduler;
    tn_worker *w = task->runner;
    uint64_t rest = until_next(task, now), quantum = s->quantum;
    int pace = atomic_load(&w->pace);

    if (pace == TN_PACE_LATE) {
        atomic_store(&w->pace, TN_PACE_QUANTUM);
        tn_os_timer_set(&w->timer, quantum, quantum);
    } else if (s->ticks && s->worker_count > 0 && rest > 2 * quantum && atomic_load(&s->ready_count) == 0) {
        tn_os_timer_set(&w->timer, rest < SELDOM * quantum ? rest : SELDOM * quantum, quantum);
        atomic_store(&w->pace, TN_PACE_SELDOM);
        /* Whoever has queued something before that did not know. */
        if (atomic_load(&s->ready_count) > 0) {
            atomic_store(&w->pace, TN_PACE_QUANTUM);
            tn_os_timer_set(&w->timer, quantum, quantum);
        }
    }
}

/* In a signal handler. */
static bool tick(tn_fiber *fiber)
{
    tenon_task *task = tn_task_of(fiber);
    tenon_scheduler *s = task->scheduler;
    uint64_t now = tn_os_now();

    if (now >= task->end_at)
        atomic_store(&fiber->ending, true);
    /* Ticks and slices do not begin together: a tick that comes a little early is taken for the one that is due. */
    if (now + s->quantum / 4 >= task->slice_end && atomic_load(&s->ready_count) > 0)
        return true;
    if (now >= task->look_at || now >= atomic_load(&s->next_at))
        return true;
    choose_pace(task, now);
    return false;
}

static uint64_t wait_for_fuel(tn_fiber *fiber)
{
    tenon_task *task = tn_task_of(fiber);

    tn_fiber_pause(TN_PAUSE_WAIT);
    tn_os_mutex_lock(&task->scheduler->lock);
    uint64_t more = task->fuel;
    task->fuel = 0;
    tn_os_mutex_unlock(&task->scheduler->lock);
    for (tn_activation *a = tn_thread_of()->activation; more == 0 && a != NULL; a = a->outer)
        atomic_fetch_or(&a->store->interrupt, TN_INTERRUPT_ENDING);
    return more;
}

static void main_of_task(void *arg)
{
    tenon_task *task = arg;

    if (task->body != NULL)
        task->status = task->body(task->body_context);
    else
        task->status =
            tenon_func_call(task->func, task->values, task->arg_count, task->values, task->result_count, &task->error);
    tn_fiber_pause(TN_PAUSE_END);
}

tenon_status tn_task_begin(tenon_task *task)
{
    tenon_scheduler *s = task->scheduler;
    size_t page = tn_os_page_size();

    if (!tn_tenant_charge(task->tenant, s->stack_size))
        return tn_fail_plain(&task->error, TENON_LIMIT, "the tenant has no memory left for a task's stack");
    task->stack = take_stack(s);
    if (task->stack == NULL) {
        tn_tenant_release(task->tenant, s->stack_size);
        return tn_fail_plain(&task->error, TENON_NOMEM, "out of memory for a task's stack");
    }
    task->fiber.stack_limit = (uintptr_t)task->stack + page + STACK_RESERVE;
    task->fiber.tick = tick;
    task->fiber.wait = tn_answer_wait;
    task->fiber.refuel = wait_for_fuel;
    tn_os_fiber_init(&task->fiber.self, task->stack + page, s->stack_size - page, main_of_task, task);
    task->started = true;
    return TENON_OK;
}

/* ---- the end ---- */

static void free_task(tenon_task *task)
{
    tenon_scheduler *s = task->scheduler;

    tn_free(s->mem, task->values, task->value_count * sizeof *task->values);
    tn_free(s->mem, task, sizeof *task);
}

/* A guest that was interrupted because nothing is left. */
static void explain_budget(tenon_task *task)
{
    const tenon_limits *limits = &task->tenant->limits;

    if (task->status != TENON_TRAP || task->error.trap != TENON_TRAP_INTERRUPTED || limits->cpu_time == 0 ||
        tenon_tenant_cpu_time(task->tenant) < limits->cpu_time)
        return;
    tn_tenant_complain(task->tenant, "the tenant's processor time, %llu nanoseconds, is used up",
                       (unsigned long long)limits->cpu_time);
    task->error.status = TENON_OK;
    task->status = tn_fail_plain(&task->error, TENON_LIMIT, "the tenant's processor time is used up");
}

void tn_task_finish(tenon_task *task)
{
    tenon_scheduler *s = task->scheduler;
    tenon_tenant *tenant = task->tenant;
    bool has_stack = task->started;

    explain_budget(task);
    if (has_stack)
        tn_os_fiber_fini(&task->fiber.self);
    tn_os_mutex_lock(&s->lock);
    bool spared = has_stack && spare_stack(s, task->stack);
    tn_os_mutex_unlock(&s->lock);
    if (has_stack && !spared)
        tn_os_release(task->stack, s->stack_size);
    if (has_stack)
        tn_tenant_release(tenant, s->stack_size);
    if (task->func != NULL)
        atomic_store(&task->func->store->has_task, false);
    tn_os_mutex_lock(&s->lock);
    tn_queue_dismiss(s, tenant);
    task->state = TN_TASK_DONE;
    bool held = task->held;
    tn_os_mutex_unlock(&s->lock);
    if (held && task->done != NULL)
        task->done(task->context, task);
    tn_os_mutex_lock(&s->lock);
    task->finished = true;
    held = task->held;
    tn_os_condition_wake_all(&s->changed);
    tn_os_mutex_unlock(&s->lock);
    if (!held)
        free_task(task);
}

void tenon_task_delete(tenon_task *task)
{
    if (task == NULL)
        return;
    tenon_scheduler *s = task->scheduler;
    tenon_task_cancel(task);
    tn_os_mutex_lock(&s->lock);
    task->held = false;
    bool finished = task->finished;
    tn_os_mutex_unlock(&s->lock);
    if (finished)
        free_task(task);
}

void tenon_task_cancel(tenon_task *task)
{
    tenon_scheduler *s = task->scheduler;
    void (*wake)(void *) = NULL;

    tn_os_mutex_lock(&s->lock);
    atomic_store(&task->fiber.ending, true);
    if (task->state == TN_TASK_WAITING)
        tn_queue_wake(s, task, tn_os_now());
    if (task->state == TN_TASK_QUEUED) {
        tn_queue_hurry(s, task);
        wake = tn_workers_wake(s);
    } else if (task->state == TN_TASK_RUNNING && s->ticks) {
        tn_os_thread_interrupt(task->runner->thread_id);
    }
    tn_os_mutex_unlock(&s->lock);
    if (wake != NULL)
        wake(s->context);
}

/* ---- the beginning ---- */

static tenon_status task_new(tenon_scheduler *s, tenon_tenant *tenant, const tenon_task_config *config, size_t values,
                             tenon_task **out)
{
    tenon_task *task;

    if (tenant->engine != s->engine || (config != NULL && config->size != sizeof *config))
        return TENON_USAGE;
    task = tn_alloc_zeroed(s->mem, sizeof *task);
    if (task == NULL)
        return TENON_NOMEM;
    task->scheduler = s;
    task->tenant = tenant;
    task->held = true;
    task->worker = -1;
    task->left = config != NULL && config->time_limit != 0 ? config->time_limit : UINT64_MAX;
    task->done = config != NULL ? config->done : NULL;
    task->context = config != NULL ? config->context : NULL;
    task->value_count = values + 1;
    task->values = tn_alloc_zeroed(s->mem, task->value_count * sizeof *task->values);
    if (task->values == NULL) {
        tn_free(s->mem, task, sizeof *task);
        return TENON_NOMEM;
    }
    *out = task;
    return TENON_OK;
}

static tenon_status submit(tenon_task *task, tenon_task **out)
{
    tenon_scheduler *s = task->scheduler;
    void (*wake)(void *) = NULL;

    tn_os_mutex_lock(&s->lock);
    tenon_status status = tn_queue_admit(s, task->tenant);
    if (status == TENON_OK) {
        *out = task;
        tn_queue_add(s, task);
        wake = tn_workers_wake(s);
    }
    tn_os_mutex_unlock(&s->lock);
    if (status != TENON_OK)
        free_task(task);
    else if (wake != NULL)
        wake(s->context);
    return status;
}

tenon_status tenon_task_call(tenon_scheduler *s, tenon_func *func, const tenon_val *args, size_t count,
                             const tenon_task_config *config, tenon_task **out, tenon_error *err)
{
    size_t results = func->type->result_count;
    tenon_task *task;

    tn_error_clear(err);
    TN_TRY(tn_check_call(func, args, count, results, err));
    if (atomic_exchange(&func->store->has_task, true))
        return tn_fail_plain(err, TENON_USAGE, "the function's store has a task already");
    tenon_status status = task_new(s, func->store->tenant, config, count > results ? count : results, &task);
    if (status == TENON_OK) {
        task->func = func;
        task->arg_count = count;
        task->result_count = results;
        if (count > 0)
            memcpy(task->values, args, count * sizeof *args);
        status = submit(task, out);
    }
    if (status == TENON_OK)
        return TENON_OK;
    atomic_store(&func->store->has_task, false);
    return tn_fail_plain(err, status, "%s",
                         status == TENON_NOMEM ? "out of memory for a task" : "the tenant belongs elsewhere");
}

tenon_status tenon_task_run(tenon_scheduler *s, tenon_tenant *tenant, tenon_status (*body)(void *context),
                            void *body_context, const tenon_task_config *config, tenon_task **out)
{
    tenon_task *task;

    TN_TRY(task_new(s, tenant, config, 0, &task));
    task->body = body;
    task->body_context = body_context;
    return submit(task, out);
}

/* ---- what has become of it ---- */

static bool is_done(const tenon_task *task)
{
    tn_os_mutex_lock(&task->scheduler->lock);
    bool done = task->state == TN_TASK_DONE;
    tn_os_mutex_unlock(&task->scheduler->lock);
    return done;
}

bool tenon_task_done(const tenon_task *task)
{
    return is_done(task);
}

bool tenon_task_needs_fuel(const tenon_task *task)
{
    tn_os_mutex_lock(&task->scheduler->lock);
    bool needs = task->state == TN_TASK_WAITING && task->answer == NULL;
    tn_os_mutex_unlock(&task->scheduler->lock);
    return needs;
}

tenon_status tenon_task_add_fuel(tenon_task *task, uint64_t fuel)
{
    tenon_scheduler *s = task->scheduler;
    void (*wake)(void *) = NULL;

    tn_os_mutex_lock(&s->lock);
    bool needs = task->state == TN_TASK_WAITING && task->answer == NULL && fuel > 0;
    if (needs) {
        task->fuel = fuel;
        tn_queue_wake(s, task, tn_os_now());
        wake = tn_workers_wake(s);
    }
    tn_os_mutex_unlock(&s->lock);
    if (wake != NULL)
        wake(s->context);
    return needs ? TENON_OK : TENON_USAGE;
}

void tenon_task_wait(tenon_task *task)
{
    tenon_scheduler *s = task->scheduler;

    tn_os_mutex_lock(&s->lock);
    while (!task->finished && s->worker_count > 0)
        tn_os_condition_wait(&s->changed, &s->lock, UINT64_MAX);
    tn_os_mutex_unlock(&s->lock);
}

tenon_status tenon_task_result(const tenon_task *task, tenon_val *results, size_t count, tenon_error *err)
{
    if (!is_done(task))
        return tn_fail_plain(err, TENON_SUSPENDED, "the task is not done");
    if (err != NULL)
        *err = task->error;
    if (results != NULL && count != task->result_count)
        return tn_fail_plain(err, TENON_USAGE, "the task gives %zu results, not %zu", task->result_count, count);
    if (results != NULL && task->status == TENON_OK && count > 0)
        memcpy(results, task->values, count * sizeof *results);
    return task->status;
}

uint64_t tenon_task_time(const tenon_task *task)
{
    tn_os_mutex_lock(&task->scheduler->lock);
    uint64_t cpu = task->cpu;
    tn_os_mutex_unlock(&task->scheduler->lock);
    return cpu;
}
