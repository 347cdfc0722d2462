/* SPDX-License-Identifier: MIT
 * Who is next. Each tenant has a virtual time: the processor time that it has had, divided by its weight. The ready
 * tenant with the least goes first, so all that want to run advance together; one that comes back from waiting begins
 * where the others are and cannot save up. A tenant that has used up a period's budget leaves until the next.
 */
#include "base/assert.h"
#include "runtime/sched/sched.h"

/* Of a tenant that has none. */
#define DEFAULT_WEIGHT 100

static tenon_tenant *tenant_of(tn_agenda_item *item)
{
    return (tenon_tenant *)((char *)item - offsetof(tenon_tenant, share.turn));
}

static tenon_task *limited_task(tn_agenda_item *item)
{
    return (tenon_task *)((char *)item - offsetof(tenon_task, limit));
}

/* ---- tenants ---- */

static void enter(tenon_scheduler *s, tenon_tenant *tenant)
{
    tn_share *share = &tenant->share;

    if (share->throttled) {
        share->turn.key = share->period_end;
        tn_agenda_add(&s->throttled, &share->turn);
        return;
    }
    if (share->virtual_time < s->virtual_time)
        share->virtual_time = s->virtual_time;
    share->turn.key = share->virtual_time;
    tn_agenda_add(&s->ready, &share->turn);
    atomic_fetch_add(&s->ready_count, share->queued);
}

static void leave(tenon_scheduler *s, tenon_tenant *tenant)
{
    tn_share *share = &tenant->share;

    if (share->turn.place == 0)
        return;
    tn_agenda_remove(share->throttled ? &s->throttled : &s->ready, &share->turn);
    if (!share->throttled)
        atomic_fetch_sub(&s->ready_count, share->queued);
}

tenon_status tn_queue_admit(tenon_scheduler *s, tenon_tenant *tenant)
{
    tn_share *share = &tenant->share;

    if (share->task_count > 0 && share->scheduler != s)
        return TENON_USAGE;
    TN_TRY(tn_agenda_reserve(&s->ready, s->mem, s->tenant_count + 1));
    TN_TRY(tn_agenda_reserve(&s->throttled, s->mem, s->tenant_count + 1));
    TN_TRY(tn_agenda_reserve(&s->limits, s->mem, s->task_count + 1));
    share->scheduler = s;
    s->tenant_count += share->task_count == 0;
    share->task_count++;
    s->task_count++;
    return TENON_OK;
}

void tn_queue_dismiss(tenon_scheduler *s, tenon_tenant *tenant)
{
    s->task_count--;
    s->tenant_count -= --tenant->share.task_count == 0;
}

static bool is_first_ending(const tn_share *share)
{
    return share->first != NULL && atomic_load(&share->first->fiber.ending);
}

void tn_queue_charge(tenon_scheduler *s, tenon_task *task, uint64_t nanoseconds)
{
    tenon_tenant *tenant = task->tenant;
    tn_share *share = &tenant->share;
    uint32_t weight = share->weight != 0 ? share->weight : DEFAULT_WEIGHT;
    uint64_t now = tenant->limits.cpu_per_period != 0 ? tn_os_now() : 0;

    leave(s, tenant);
    task->cpu += nanoseconds;
    share->virtual_time += nanoseconds * DEFAULT_WEIGHT / weight;
    uint64_t had = atomic_fetch_add(&tenant->cpu_nanoseconds, nanoseconds) + nanoseconds;
    if (tenant->limits.cpu_time != 0 && had >= tenant->limits.cpu_time)
        atomic_store(&task->fiber.ending, true);
    if (now >= share->period_end) {
        share->period_had = 0;
        share->period_end = now + tenant->limits.cpu_period;
    }
    share->period_had += nanoseconds;
    share->throttled = tenant->limits.cpu_per_period != 0 && share->period_had >= tenant->limits.cpu_per_period &&
                       !is_first_ending(share);
    if (share->queued > 0)
        enter(s, tenant);
}

/* ---- tasks ---- */

void tn_queue_add(tenon_scheduler *s, tenon_task *task)
{
    tn_share *share = &task->tenant->share;

    task->state = TN_TASK_QUEUED;
    task->next = NULL;
    if (share->queued++ == 0) {
        share->first = share->last = task;
        enter(s, task->tenant);
        return;
    }
    share->last->next = task;
    share->last = task;
    if (!share->throttled)
        atomic_fetch_add(&s->ready_count, 1);
}

static void take_out(tn_share *share, tenon_task *task)
{
    tenon_task **link = &share->first, *before = NULL;

    while (*link != task) {
        before = *link;
        link = &before->next;
    }
    *link = task->next;
    if (share->last == task)
        share->last = before;
}

void tn_queue_hurry(tenon_scheduler *s, tenon_task *task)
{
    tn_share *share = &task->tenant->share;

    leave(s, task->tenant);
    take_out(share, task);
    task->next = share->first;
    share->first = task;
    if (share->last == NULL)
        share->last = task;
    share->throttled = false;
    enter(s, task->tenant);
}

/* The first of the tenant's tasks that the worker may run. */
static tenon_task *take_from(tn_share *share, int worker)
{
    tenon_task *task = share->first;

    while (task != NULL && task->worker >= 0 && task->worker != worker)
        task = task->next;
    if (task == NULL)
        return NULL;
    take_out(share, task);
    share->queued--;
    return task;
}

tenon_task *tn_queue_take(tenon_scheduler *s, int worker)
{
    tenon_tenant *passed = NULL;
    tenon_task *task = NULL;

    for (tn_agenda_item *item; task == NULL && (item = tn_agenda_first(&s->ready)) != NULL;) {
        tenon_tenant *tenant = tenant_of(item);
        leave(s, tenant);
        task = take_from(&tenant->share, worker);
        if (task != NULL) {
            s->virtual_time = tenant->share.virtual_time;
            if (tenant->share.queued > 0)
                enter(s, tenant);
            break;
        }
        /* All of its tasks belong to other workers. */
        tenant->share.passed = passed;
        passed = tenant;
    }
    for (; passed != NULL; passed = passed->share.passed)
        enter(s, passed);
    return task;
}

/* ---- time ---- */

void tn_queue_note_next(tenon_scheduler *s)
{
    const tn_agenda_item *throttled = tn_agenda_first(&s->throttled), *limit = tn_agenda_first(&s->limits);
    uint64_t next = throttled != NULL ? throttled->key : UINT64_MAX;

    if (limit != NULL && limit->key < next)
        next = limit->key;
    atomic_store(&s->next_at, next);
}

void tn_queue_wake(tenon_scheduler *s, tenon_task *task, uint64_t now)
{
    tn_agenda_remove(&s->limits, &task->limit);
    if (task->left != UINT64_MAX) {
        uint64_t had = now - task->since;
        task->left = had < task->left ? task->left - had : 0;
    }
    tn_queue_add(s, task);
}

void tn_queue_expire(tenon_scheduler *s, uint64_t now)
{
    for (tn_agenda_item *item; (item = tn_agenda_first(&s->throttled)) != NULL && item->key <= now;) {
        tenon_tenant *tenant = tenant_of(item);
        leave(s, tenant);
        tenant->share.throttled = false;
        enter(s, tenant);
    }
    for (tn_agenda_item *item; (item = tn_agenda_first(&s->limits)) != NULL && item->key <= now;) {
        tenon_task *task = limited_task(item);
        atomic_store(&task->fiber.ending, true);
        tn_queue_wake(s, task, now);
    }
    tn_queue_note_next(s);
}
