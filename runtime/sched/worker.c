/* SPDX-License-Identifier: MIT
 * Workers: threads that run whoever is next, and the embedder's thread that does the same for a while. A timer of the
 * kernel's ticks while there is something to run.
 */
#include "base/assert.h"
#include "runtime/sched/sched.h"

/* A worker without work keeps its timer for so long: work often comes back. */
#define LINGER 2000000

static void start_ticks(tn_worker *w)
{
    if (!w->scheduler->ticks)
        return;
    if (w->timer.running && atomic_load_explicit(&w->pace, memory_order_relaxed) != TN_PACE_QUANTUM)
        tn_os_timer_set(&w->timer, w->scheduler->quantum, w->scheduler->quantum);
    atomic_store_explicit(&w->pace, TN_PACE_QUANTUM, memory_order_relaxed);
    /* Without a timer tasks give way in host functions only; there is nobody to tell. */
    (void)!tn_os_timer_start(&w->timer, w->scheduler->quantum, w->scheduler->quantum, tn_thread_tick_value());
}

/* ---- one slice ---- */

static uint64_t left_of(uint64_t budget, uint64_t had)
{
    if (budget == 0)
        return UINT64_MAX;
    return had < budget ? budget - had : 0;
}

static void prepare(const tenon_scheduler *s, tenon_task *task, uint64_t now, uint64_t until)
{
    const tenon_limits *limits = &task->tenant->limits;
    const tn_share *share = &task->tenant->share;
    uint64_t budget = left_of(limits->cpu_time, atomic_load(&task->tenant->cpu_nanoseconds));
    uint64_t of_period = left_of(limits->cpu_per_period, now < share->period_end ? share->period_had : 0);

    if (of_period < budget)
        budget = of_period;
    task->state = TN_TASK_RUNNING;
    task->since = now;
    task->slice_end = now + s->quantum;
    task->look_at = budget < until - now ? now + budget : until;
    task->end_at = task->left < UINT64_MAX - now ? now + task->left : UINT64_MAX;
}

/* A frame of a host function may rely on its thread; the library's own do not. */
static int pinned_to(const tenon_task *task, const tn_worker *w)
{
    const tn_activation *a = task->fiber.activation;

    return task->body != NULL || a == NULL || a->outer != NULL ? w->number : -1;
}

/* With the lock held, after the task has paused. */
static void settle(tn_worker *w, tenon_task *task, tn_pause pause, uint64_t cpu)
{
    tenon_scheduler *s = w->scheduler;
    uint64_t now = tn_os_now(), ran = now - task->since;

    tn_queue_charge(s, task, cpu);
    if (task->left != UINT64_MAX)
        task->left = ran < task->left ? task->left - ran : 0;
    task->since = now;
    if (pause == TN_PAUSE_END)
        return;
    task->worker = pinned_to(task, w);
    if (pause == TN_PAUSE_YIELD || tn_task_may_go_on(task)) {
        tn_queue_add(s, task);
        return;
    }
    task->state = TN_TASK_WAITING;
    if (task->left != UINT64_MAX) {
        task->limit.key = now + task->left;
        tn_agenda_add(&s->limits, &task->limit);
    }
}

/* With the lock held; it is given up meanwhile. until: when the worker wants its thread back. */
static void run(tn_worker *w, tenon_task *task, uint64_t until)
{
    const uint64_t now = tn_os_now();
    tenon_scheduler *s = w->scheduler;
    tn_pause pause = TN_PAUSE_END;

    prepare(s, task, now, until > now ? until : now);
    task->runner = w;
    tn_os_mutex_unlock(&s->lock);
    uint64_t cpu = tn_os_thread_time();
    if (!task->started)
        task->status = tn_task_begin(task);
    if (task->started) {
        start_ticks(w);
        pause = tn_fiber_run(&task->fiber);
    }
    cpu = tn_os_thread_time() - cpu;
    tn_os_mutex_lock(&s->lock);
    settle(w, task, pause, cpu);
    if (pause == TN_PAUSE_END) {
        tn_os_mutex_unlock(&s->lock);
        tn_task_finish(task);
        tn_os_mutex_lock(&s->lock);
    }
    tn_queue_note_next(s);
}

static tenon_task *next_task(tn_worker *w)
{
    tenon_scheduler *s = w->scheduler;
    uint64_t next_at = atomic_load(&s->next_at);

    if (next_at != UINT64_MAX) {
        uint64_t now = tn_os_now();
        if (now >= next_at)
            tn_queue_expire(s, now);
    }
    return tn_queue_take(s, w->number);
}

/* ---- threads of ours ---- */

static void wait_for_work(tn_worker *w)
{
    tenon_scheduler *s = w->scheduler;
    uint64_t until = atomic_load(&s->next_at), now = tn_os_now();

    s->idle_workers++;
    if (w->timer.running && until > now + LINGER) {
        tn_os_condition_wait(&s->work, &s->lock, now + LINGER);
        if (atomic_load(&s->ready_count) == 0)
            tn_os_timer_stop(&w->timer);
    } else {
        tn_os_condition_wait(&s->work, &s->lock, until);
    }
    s->idle_workers--;
}

void *tn_worker_main(void *arg)
{
    tn_worker *w = arg;
    tenon_scheduler *s = w->scheduler;

    tn_os_thread_admit_guests();
    tn_os_mutex_lock(&s->lock);
    w->thread_id = tn_os_thread_id();
    while (!s->closing) {
        tenon_task *task = next_task(w);
        if (task != NULL)
            run(w, task, UINT64_MAX);
        else
            wait_for_work(w);
    }
    tn_os_mutex_unlock(&s->lock);
    tn_os_timer_stop(&w->timer);
    return NULL;
}

/* ---- the embedder's thread ---- */

bool tenon_scheduler_run(tenon_scheduler *s, uint64_t nanoseconds)
{
    tn_worker *w = &s->workers[0];
    uint64_t now = tn_os_now(), until = nanoseconds < UINT64_MAX - now ? now + nanoseconds : UINT64_MAX;
    tenon_task *task;

    if (s->worker_count > 0 || tn_thread_of()->fiber != NULL)
        return false;
    tn_os_mutex_lock(&s->lock);
    s->woken = false;
    w->thread_id = tn_os_thread_id();
    while ((until == UINT64_MAX || tn_os_now() < until) && (task = next_task(w)) != NULL)
        run(w, task, until);
    bool more = atomic_load(&s->ready_count) > 0;
    tn_os_mutex_unlock(&s->lock);
    tn_os_timer_stop(&w->timer);
    return more;
}

uint64_t tenon_scheduler_next(tenon_scheduler *s)
{
    uint64_t next_at = atomic_load(&s->next_at), now;

    if (next_at == UINT64_MAX)
        return UINT64_MAX;
    now = tn_os_now();
    return next_at > now ? next_at - now : 0;
}

/* Somebody waits for a processor, and those that run think that nobody does. */
static void hurry(tenon_scheduler *s)
{
    for (size_t i = 0; i < s->worker_count; i++) {
        tn_worker *w = &s->workers[i];
        int seldom = TN_PACE_SELDOM;
        if (atomic_compare_exchange_strong(&w->pace, &seldom, TN_PACE_LATE))
            tn_os_thread_interrupt(w->thread_id);
    }
}

void (*tn_workers_wake(tenon_scheduler *s))(void *)
{
    tn_queue_note_next(s);
    if (s->worker_count > 0) {
        tn_os_condition_wake_one(&s->work);
        if (s->idle_workers == 0)
            hurry(s);
        return NULL;
    }
    if (s->woken)
        return NULL;
    s->woken = true;
    return s->wake;
}
