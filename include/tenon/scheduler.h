/* SPDX-License-Identifier: MIT
 * scheduler.h -- runs calls of many tenants side by side, as a hypervisor runs machines.
 *
 * A task is a call that has a stack of its own. It can be left at any instruction of the guest and gone on with later,
 * so endless guests share the processors, and a host function may answer later, from an event loop. Tenants get
 * processor time by weight; among the tasks of a tenant the one that has waited longest is next. Compiled and
 * interpreted guests contain no polls for this: a signal (SIGURG) makes them give way.
 */
#ifndef TENON_SCHEDULER_H
#define TENON_SCHEDULER_H

#include "tenon.h"

TENON_BEGIN_C

typedef struct tenon_scheduler tenon_scheduler;
typedef struct tenon_task tenon_task;
typedef struct tenon_answer tenon_answer;

typedef struct tenon_scheduler_config {
    size_t size;       /* sizeof(tenon_scheduler_config) */
    size_t workers;    /* threads of its own; 0: none, the embedder calls tenon_scheduler_run */
    uint64_t quantum;  /* nanoseconds that a task runs when others want to; 0: one millisecond */
    size_t stack_size; /* bytes of stack that host functions of a task have; 0: 256 KiB, 192 KiB at least */
    /* Without workers: something can be run that could not before. Called by any thread, once until the next
     * tenon_scheduler_run; it must only wake the embedder's loop. May be NULL. */
    void (*wake)(void *context);
    void *context;
} tenon_scheduler_config;

/* config NULL: as many workers as there are processors. */
TENON_API TENON_MUST_CHECK tenon_status tenon_scheduler_new(tenon_engine *engine, const tenon_scheduler_config *config,
                                                            tenon_scheduler **out);
/* Every task is done and deleted. */
TENON_API void tenon_scheduler_delete(tenon_scheduler *scheduler);

/* Without workers: runs tasks on the calling thread, always the same one, until there is none that could go on or
 * `nanoseconds` have passed. Whether more could be run at once. Not from a host function. */
TENON_API bool tenon_scheduler_run(tenon_scheduler *scheduler, uint64_t nanoseconds);
/* Nanoseconds after which tenon_scheduler_run wants to be called even if nobody wakes the loop: a waiting task's time
 * is over then, or a tenant has processor time again. UINT64_MAX: never. */
TENON_API uint64_t tenon_scheduler_next(tenon_scheduler *scheduler);

/* A tenant's share of the processors is its weight among those that want to run: 1 to 10,000, at first 100. */
TENON_API TENON_MUST_CHECK tenon_status tenon_tenant_set_weight(tenon_tenant *tenant, uint32_t weight);

/* ---- tasks ------------------------------------------------------------------------------------------------------ */

typedef struct tenon_task_config {
    size_t size;         /* sizeof(tenon_task_config) */
    uint64_t time_limit; /* nanoseconds of running, and of waiting for the host; not those in the queue; 0: none */
    /* Called when the task is done, by the thread that ran it; may delete the task. May be NULL. */
    void (*done)(void *context, tenon_task *task);
    void *context;
} tenon_task_config;

/* Calls func with count arguments, which are copied. The function's store is the task's until it is done: nobody else
 * uses it meanwhile, but for whoever has a tenon_answer of the task's to send. The store's tenant pays. config may be
 * NULL. TENON_USAGE: wrong arguments, a store that has a task already, or a tenant that another scheduler runs. */
TENON_API TENON_MUST_CHECK tenon_status tenon_task_call(tenon_scheduler *scheduler, tenon_func *func,
                                                        const tenon_val *args, size_t count,
                                                        const tenon_task_config *config, tenon_task **out,
                                                        tenon_error *err);
/* Runs body as a task: what it does with guests, instantiation and their start functions among it, gives way and waits
 * as in any task, and counts as the tenant's time. A task of a body stays on the thread that began it. Guests of the
 * body's end when the task is cancelled; the body itself ends when it returns. */
TENON_API TENON_MUST_CHECK tenon_status tenon_task_run(tenon_scheduler *scheduler, tenon_tenant *tenant,
                                                       tenon_status (*body)(void *context), void *body_context,
                                                       const tenon_task_config *config, tenon_task **out);
/* Ends the task's guests, wherever they are, also while the tenant waits for its next period: TENON_TRAP,
 * TENON_TRAP_INTERRUPTED. May be called by any thread. */
TENON_API void tenon_task_cancel(tenon_task *task);
TENON_API bool tenon_task_done(const tenon_task *task);
/* Whether it waits for fuel; and more of it, for its store: the task goes on. TENON_USAGE: it does not wait for any. */
TENON_API bool tenon_task_needs_fuel(const tenon_task *task);
TENON_API TENON_MUST_CHECK tenon_status tenon_task_add_fuel(tenon_task *task, uint64_t fuel);
/* Blocks the calling thread, which is none of the scheduler's, until the task is done and its `done` has returned. Not
 * without workers. */
TENON_API void tenon_task_wait(tenon_task *task);
/* What tenon_func_call, or the body, returned. TENON_SUSPENDED: it is not done. results may be NULL. */
TENON_API TENON_MUST_CHECK tenon_status tenon_task_result(const tenon_task *task, tenon_val *results, size_t count,
                                                          tenon_error *err);
/* Nanoseconds of processor time that it has had. */
TENON_API uint64_t tenon_task_time(const tenon_task *task);
/* Gives the task back, at any time and from any thread; one that is not done is cancelled, and goes when it has ended,
 * or when its `done`, if that has begun, has returned. */
TENON_API void tenon_task_delete(tenon_task *task);

/* ---- host functions that answer later ---------------------------------------------------------------------------- */

/* Called in a host function, which then returns TENON_SUSPENDED: its results will be sent. *answer must be sent exactly
 * once, by any thread, at any time from now on. TENON_USAGE: the call is not a task's. */
TENON_API TENON_MUST_CHECK tenon_status tenon_caller_suspend(tenon_caller *caller, tenon_answer **answer);
/* Called once if the task is cancelled, or its time is over, before the answer is sent: by the thread that finds out.
 * The answer has still to be sent. */
TENON_API void tenon_answer_on_cancel(tenon_answer *answer, void (*cancel)(void *context), void *context);
/* Gives the guest the results of the call, when status is TENON_OK, else ends it with status; ignored when the guest
 * has ended. Results that are not of the function's types end it with TENON_USAGE. The answer is gone. */
TENON_API void tenon_answer_send(tenon_answer *answer, tenon_status status, const tenon_val *results, size_t count);

TENON_END_C
#endif
