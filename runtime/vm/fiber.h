/* SPDX-License-Identifier: MIT
 * Threads and fibers. A fiber is a stack of C of its own, on which calls into guests can be left and gone on with
 * later, maybe by another thread. runtime/sched makes and runs them; here is how the rest of the runtime leaves one.
 */
#ifndef TN_VM_FIBER_H
#define TN_VM_FIBER_H

#include "base/os/fiber.h"
#include "runtime/vm/runtime.h"

/* Why a fiber has given its thread back. */
typedef enum tn_pause {
    TN_PAUSE_YIELD, /* it could go on at once */
    TN_PAUSE_WAIT,  /* for the answer to a host call */
    TN_PAUSE_END    /* for good */
} tn_pause;

typedef struct tn_fiber {
    tn_os_fiber self;
    uintptr_t stack_limit;     /* as tn_os_stack_limit */
    tn_activation *activation; /* innermost, while it does not run */
    tn_pause pause;
    /* Guests on it are to end; set by any thread, followed by a signal to the one that runs it. */
    atomic_bool ending;
    /* In a signal handler, again and again while it runs: whether it is to give way. Sets ending when time is up. */
    bool (*tick)(struct tn_fiber *fiber);
    /* A host function on it has returned TENON_SUSPENDED: takes the answer, having waited for it. */
    tenon_status (*wait)(struct tn_fiber *fiber, tenon_func *func, tn_slot *results);
    /* A guest on it is out of fuel: how much there is more, having waited for it; 0 when it is to end. */
    uint64_t (*refuel)(struct tn_fiber *fiber);
} tn_fiber;

/* What the library knows of a thread. */
typedef struct tn_thread {
    tn_activation *activation; /* innermost */
    tn_fiber *fiber;           /* that it runs, or NULL */
    tn_os_fiber self;          /* where it goes on when the fiber pauses */
    void *saved;               /* registers that the next interrupt brings back */
    int id;                    /* the kernel's number */
    uintptr_t stack_limit;     /* of its own stack, as tn_os_stack_limit */
} tn_thread;

/* The calling thread's. Must be asked again after whatever may run a guest: a fiber may have changed its thread. */
tn_thread *tn_thread_of(void);
/* The same with its number and limit known, not in a signal handler, for the beginning of a function: what follows may
 * run a guest, but nothing before it has. */
extern _Thread_local tn_thread tn_this_thread __attribute__((tls_model("initial-exec")));
void tn_thread_find_out(tn_thread *thread);
TN_INLINE tn_thread *tn_thread_known(void)
{
    tn_thread *thread = &tn_this_thread;

    if (TN_UNLIKELY(thread->id == 0))
        tn_thread_find_out(thread);
    return thread;
}
/* Lowest address that C code may use before guests stop being called. */
TN_INLINE uintptr_t tn_stack_limit(const tn_thread *thread)
{
    return thread->fiber != NULL ? thread->fiber->stack_limit : thread->stack_limit;
}

/* Leaves the fiber that the thread runs; returns when somebody goes on with it, unless it was for good. */
void tn_fiber_pause(tn_pause pause);
/* Runs a fiber until it pauses. The thread runs none. */
tn_pause tn_fiber_run(tn_fiber *fiber);
/* Signals arriving at the thread with this value are ticks of its fiber. */
void *tn_thread_tick_value(void);

#endif
