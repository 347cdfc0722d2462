/* SPDX-License-Identifier: MIT */
#include "runtime/vm/fiber.h"

#include "base/assert.h"

/* Read in signal handlers, so it must not be allocated on first use. */
_Thread_local tn_thread tn_this_thread __attribute__((tls_model("initial-exec")));

/* Neither inlined nor found to be constant: between two calls the thread may change. */
__attribute__((noinline)) tn_thread *tn_thread_of(void)
{
    tn_thread *thread = &tn_this_thread;

    __asm__ volatile("" : "+r"(thread) : : "memory");
    return thread;
}

void tn_thread_find_out(tn_thread *thread)
{
    thread->stack_limit = tn_os_stack_limit();
    thread->id = tn_os_thread_id();
}

void *tn_thread_tick_value(void)
{
    return tn_thread_of();
}

/* Stores on a fiber are interrupted through the thread that runs it. */
static void publish(const tn_activation *a, int thread)
{
    for (; a != NULL; a = a->outer)
        atomic_store(&a->store->thread, thread);
}

void tn_fiber_pause(tn_pause pause)
{
    tn_thread *thread = tn_thread_of();
    tn_fiber *fiber = thread->fiber;

    TN_ASSERT(fiber != NULL);
    fiber->pause = pause;
    fiber->activation = thread->activation;
    publish(fiber->activation, 0);
    thread->fiber = NULL;
    atomic_signal_fence(memory_order_seq_cst);
    thread->activation = NULL;
    tn_os_fiber_switch(&fiber->self, &thread->self, pause == TN_PAUSE_END);
}

tn_pause tn_fiber_run(tn_fiber *fiber)
{
    tn_thread *thread = tn_thread_known();
    tn_activation *outer = thread->activation;

    TN_ASSERT(thread->fiber == NULL);
    tn_os_fiber_init_thread(&thread->self);
    /* In this order for signal handlers: what a fiber's end means for activations is meant for its own. */
    thread->activation = fiber->activation;
    atomic_signal_fence(memory_order_seq_cst);
    thread->fiber = fiber;
    publish(fiber->activation, thread->id);
    tn_os_fiber_switch(&thread->self, &fiber->self, 0);
    thread->activation = outer;
    return fiber->pause;
}
