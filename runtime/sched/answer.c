/* SPDX-License-Identifier: MIT
 * Answers of host functions that come later, from any thread. The task and the host race: for the answer against the
 * task's end, and for the answer against the pause of the task that asked.
 */
#include <string.h>

#include "base/assert.h"
#include "runtime/sched/sched.h"

tenon_status tenon_caller_suspend(tenon_caller *caller, tenon_answer **out)
{
    tn_fiber *fiber = tn_thread_of()->fiber;
    tenon_task *task = fiber != NULL ? tn_task_of(fiber) : NULL;

    if (task == NULL || task->answer != NULL || caller->store->activation == NULL)
        return TENON_USAGE;
    tenon_answer *answer = tn_alloc_zeroed(task->scheduler->mem, sizeof *answer);
    if (answer == NULL)
        return TENON_NOMEM;
    answer->scheduler = task->scheduler;
    answer->task = task;
    task->answer = answer;
    tn_os_mutex_lock(&task->scheduler->lock);
    task->scheduler->answer_count++;
    tn_os_mutex_unlock(&task->scheduler->lock);
    *out = answer;
    return TENON_OK;
}

void tenon_answer_on_cancel(tenon_answer *answer, void (*cancel)(void *context), void *context)
{
    tn_os_mutex_lock(&answer->scheduler->lock);
    answer->cancel = cancel;
    answer->context = context;
    tn_os_mutex_unlock(&answer->scheduler->lock);
}

/* With the lock held. */
static void free_answer(tenon_answer *answer)
{
    tenon_scheduler *s = answer->scheduler;

    s->answer_count--;
    tn_free(s->mem, answer->results, answer->count * sizeof *answer->results);
    tn_free(s->mem, answer, sizeof *answer);
}

static void fill(tenon_answer *answer, tenon_status status, const tenon_val *results, size_t count)
{
    answer->status = status == TENON_SUSPENDED ? TENON_USAGE : status;
    if (status != TENON_OK || count == 0)
        return;
    answer->results = tn_alloc(answer->scheduler->mem, count * sizeof *results);
    if (answer->results == NULL) {
        answer->status = TENON_NOMEM;
        return;
    }
    memcpy(answer->results, results, count * sizeof *results);
    answer->count = count;
}

void tenon_answer_send(tenon_answer *answer, tenon_status status, const tenon_val *results, size_t count)
{
    tenon_scheduler *s = answer->scheduler;
    void (*wake)(void *) = NULL;

    fill(answer, status, results, count);
    tn_os_mutex_lock(&s->lock);
    /* What cancel was given may go as soon as the answer is sent. */
    while (answer->canceller != 0 && answer->canceller != tn_os_thread_id())
        tn_os_condition_wait(&s->changed, &s->lock, UINT64_MAX);
    tenon_task *task = answer->task;
    answer->sent = true;
    if (task == NULL && answer->canceller == 0) {
        free_answer(answer);
    } else if (task != NULL && task->state == TN_TASK_WAITING) {
        tn_queue_wake(s, task, tn_os_now());
        wake = tn_workers_wake(s);
    }
    tn_os_mutex_unlock(&s->lock);
    if (wake != NULL)
        wake(s->context);
}

/* With the lock held, which is given up meanwhile. */
static void cancel_answer(tenon_answer *answer)
{
    tenon_scheduler *s = answer->scheduler;

    answer->task = NULL;
    if (answer->cancel != NULL) {
        answer->canceller = tn_os_thread_id();
        tn_os_mutex_unlock(&s->lock);
        answer->cancel(answer->context);
        tn_os_mutex_lock(&s->lock);
        answer->canceller = 0;
        tn_os_condition_wake_all(&s->changed);
    }
    if (answer->sent)
        free_answer(answer);
}

static tenon_status take_results(const tenon_answer *answer, const tenon_func *func, tn_slot *slots)
{
    const tn_type *type = func->type;

    if (answer->status != TENON_OK)
        return answer->status;
    if (answer->count != type->result_count)
        return TENON_USAGE;
    for (size_t i = 0, at = 0; i < answer->count; at += tn_slots_of(tn_type_results(type)[i++])) {
        if (!tn_val_fits(func->store, tn_type_results(type)[i], &answer->results[i]))
            return TENON_USAGE;
        tn_val_to_slots(&answer->results[i], slots + at);
    }
    return TENON_OK;
}

/* A task that is ending leaves its host call as if it had returned nothing: its guest ends behind it. */
tenon_status tn_answer_wait(tn_fiber *fiber, tenon_func *func, tn_slot *slots)
{
    tenon_task *task = tn_task_of(fiber);
    tenon_answer *answer = task->answer;
    tenon_scheduler *s = task->scheduler;
    tenon_status status = TENON_OK;

    if (answer == NULL)
        return TENON_USAGE;
    tn_fiber_pause(TN_PAUSE_WAIT);
    tn_os_mutex_lock(&s->lock);
    task->answer = NULL;
    if (answer->sent) {
        status = take_results(answer, func, slots);
        free_answer(answer);
    } else {
        cancel_answer(answer);
        memset(slots, 0, func->type->result_slots * sizeof *slots);
        atomic_fetch_or(&func->store->interrupt, TN_INTERRUPT_ENDING);
    }
    tn_os_mutex_unlock(&s->lock);
    return status;
}
