/* SPDX-License-Identifier: MIT
 * Tasks, and whoever runs them. One lock guards the queue and the states of tasks; a task that runs belongs to its
 * worker alone, but for `ending`.
 */
#ifndef TN_SCHED_SCHED_H
#define TN_SCHED_SCHED_H

#include "base/agenda.h"
#include "runtime/vm/fiber.h"
#include "tenon/scheduler.h"

typedef enum tn_task_state { TN_TASK_QUEUED, TN_TASK_RUNNING, TN_TASK_WAITING, TN_TASK_DONE } tn_task_state;

/* What a host function will answer. Two hold it: the host until it has sent, the task until it has taken. */
struct tenon_answer {
    tenon_scheduler *scheduler;
    tenon_task *task; /* NULL: it does not want the answer any more */
    bool sent;
    int canceller; /* thread that calls cancel; 0: none */
    tenon_status status;
    tenon_val *results;
    size_t count;
    void (*cancel)(void *context);
    void *context;
};

typedef struct tn_worker tn_worker;
struct tenon_task {
    tn_fiber fiber;
    tn_agenda_item limit; /* among the waiting tasks whose time will be over */
    tenon_scheduler *scheduler;
    tenon_tenant *tenant;
    tenon_task *next; /* in the tenant's queue */
    tn_task_state state;
    bool held;     /* by the embedder */
    bool finished; /* done, and whoever wanted to know has been told */
    bool started;
    int worker;        /* that it must run on, or -1 */
    tn_worker *runner; /* while it runs */
    uint64_t left;     /* nanoseconds until its time is over; UINT64_MAX: never */
    uint64_t since;    /* when they began to count */
    uint64_t cpu;      /* nanoseconds had */
    /* While it runs: when it gives way if others want to run, when in any case, and when its time is over. */
    uint64_t slice_end, look_at, end_at;
    tenon_answer *answer; /* that it waits for; NULL: for fuel */
    uint64_t fuel;        /* that it was given */
    uint8_t *stack;
    /* What it runs. */
    tenon_status (*body)(void *context);
    void *body_context;
    tenon_func *func;
    tenon_val *values; /* arguments; then results */
    size_t arg_count, result_count, value_count;
    tenon_status status;
    tenon_error error;
    void (*done)(void *context, tenon_task *task);
    void *context;
};

/* How often a worker's timer ticks: each quantum, or seldom, while nobody waits for a processor; or seldom as yet,
 * though somebody does. */
typedef enum tn_pace { TN_PACE_QUANTUM, TN_PACE_SELDOM, TN_PACE_LATE } tn_pace;

struct tn_worker {
    tenon_scheduler *scheduler;
    atomic_int pace; /* tn_pace */
    int number;
    int thread_id; /* while it runs tasks */
    tn_os_thread thread;
    tn_os_timer timer;
};

#define TN_SPARE_TASK_STACKS 64

struct tenon_scheduler {
    tenon_engine *engine;
    tn_mem *mem;
    tn_os_mutex lock;
    tn_os_condition work;    /* somebody may be run, or it is over */
    tn_os_condition changed; /* some task is done */
    bool closing, ticks;     /* ticks: guests can be interrupted */
    uint64_t quantum;
    size_t stack_size;
    tn_agenda ready;              /* tenants that have queued tasks, by virtual time */
    tn_agenda throttled;          /* tenants that have, and no processor time left, by when they get more */
    tn_agenda limits;             /* waiting tasks, by when their time is over */
    uint64_t virtual_time;        /* of whoever was picked last */
    atomic_size_t ready_count;    /* queued tasks of tenants in `ready` */
    atomic_uint_fast64_t next_at; /* when the first of `throttled` or `limits` is due */
    size_t task_count, tenant_count, answer_count, idle_workers;
    uint8_t **stacks; /* spare ones, TN_SPARE_TASK_STACKS at most */
    size_t spare_stacks;
    void (*wake)(void *context);
    void *context;
    bool woken;
    size_t worker_count;
    tn_worker workers[];
};

/* queue.c; with the lock held. */
/* Puts a task behind the tenant's others. */
void tn_queue_add(tenon_scheduler *s, tenon_task *task);
/* A queued task is to end, which takes next to no time: it goes first, and no budget of a period holds it up. */
void tn_queue_hurry(tenon_scheduler *s, tenon_task *task);
/* Takes the one that is next for the worker; NULL: there is none. */
tenon_task *tn_queue_take(tenon_scheduler *s, int worker);
/* Charges a task's tenant for time that it had. */
void tn_queue_charge(tenon_scheduler *s, tenon_task *task, uint64_t nanoseconds);
/* Room in the agendas for one more task and, if it is new, its tenant; TENON_USAGE: the tenant is another scheduler's.
 */
tenon_status tn_queue_admit(tenon_scheduler *s, tenon_tenant *tenant) TN_MUST_CHECK;
void tn_queue_dismiss(tenon_scheduler *s, tenon_tenant *tenant);
/* Looks after what is due: throttled tenants; waiting tasks whose time is over are made to end. */
void tn_queue_expire(tenon_scheduler *s, uint64_t now);
/* Notes when something is due next. */
void tn_queue_note_next(tenon_scheduler *s);
/* Makes a waiting task go on. */
void tn_queue_wake(tenon_scheduler *s, tenon_task *task, uint64_t now);

/* worker.c */
void *tn_worker_main(void *worker);
/* Somebody has queued something; with the lock held. Whom to call without it, if anybody. */
void (*tn_workers_wake(tenon_scheduler *s))(void *context);

/* task.c: gives a task a stack, when it first runs. */
tenon_status tn_task_begin(tenon_task *task) TN_MUST_CHECK;
/* A task that has ended: tells whoever waits. Without the lock. */
void tn_task_finish(tenon_task *task);
TN_INLINE tenon_task *tn_task_of(tn_fiber *fiber)
{
    return (tenon_task *)((char *)fiber - offsetof(tenon_task, fiber));
}

/* The task's fiber is to wait no longer; with the lock held. */
TN_INLINE bool tn_task_may_go_on(tenon_task *task)
{
    return atomic_load(&task->fiber.ending) || (task->answer != NULL ? task->answer->sent : task->fuel > 0);
}

/* answer.c */
tenon_status tn_answer_wait(tn_fiber *fiber, tenon_func *func, tn_slot *results);

#endif
