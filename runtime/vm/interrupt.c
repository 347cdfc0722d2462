/* SPDX-License-Identifier: MIT
 * Interrupts: the signal that ends guests, and makes those on fibers give way, at any instruction and in every tier. No
 * loop polls for it. The handler only redirects: to the landing function, which ends the guest, or to one that leaves
 * the fiber with all registers on the guest's own stack. Nobody waits inside a handler, because returning from one on
 * another thread would bring along the first one's alternate stack.
 */
#define _GNU_SOURCE
#include <signal.h>

#include "base/os/context.h"
#include "runtime/vm/fiber.h"
#include "runtime/vm/signal.h"

static struct sigaction previous_interrupt;

/* ---- asking ---- */

void tenon_store_interrupt(tenon_store *store)
{
    atomic_fetch_or(&store->interrupt, TN_INTERRUPT_ASKED);
    if (store->engine->has_remote_barrier)
        tn_os_remote_barrier();
    int thread = atomic_load(&store->thread);
    if (thread != 0 && store->engine->signals != TENON_SIGNALS_NONE)
        tn_os_thread_interrupt(thread);
}

tenon_status tenon_store_set_timeout(tenon_store *store, uint64_t nanoseconds)
{
    tn_os_timer trial = { .running = false };

    store->timeout = nanoseconds;
    if (nanoseconds == 0)
        return TENON_OK;
    if (!tn_interrupts_prepare(store->engine)) {
        store->timeout = 0;
        return TENON_UNSUPPORTED;
    }
    /* A timer that cannot be had is noticed here rather than in the middle of a call. */
    if (!tn_os_timer_start(&trial, 1000000000, TN_BETWEEN_SIGNALS, NULL))
        return TENON_LIMIT;
    tn_os_timer_stop(&trial);
    return TENON_OK;
}

/* ---- the handler ---- */

/* A timer names its store, which may have gone meanwhile: it is only compared. */
static void note_timeout(const tn_thread *thread, const siginfo_t *info)
{
    if (info->si_code != SI_TIMER)
        return;
    for (tn_activation *a = thread->activation; a != NULL; a = a->outer)
        if (a->store == info->si_value.sival_ptr && a->store->timeout != 0)
            atomic_fetch_or(&a->store->interrupt, TN_INTERRUPT_TIMEOUT);
}

static void note_ending(const tn_thread *thread)
{
    bool ending = atomic_load_explicit(&thread->fiber->ending, memory_order_relaxed);
    uint64_t now = 0;

    for (tn_activation *a = thread->activation; a != NULL; a = a->outer) {
        if (ending)
            atomic_fetch_or(&a->store->interrupt, TN_INTERRUPT_ENDING);
        if (a->end_at == 0)
            continue;
        now = now != 0 ? now : tn_os_now();
        if (now >= a->end_at)
            atomic_fetch_or(&a->store->interrupt, TN_INTERRUPT_TIMEOUT);
    }
}

/* What a tick would do. */
static void look(tenon_store *store)
{
    const tn_thread *thread = tn_thread_of();

    if (thread->fiber == NULL)
        return;
    if (thread->fiber->tick(thread->fiber))
        atomic_fetch_or(&store->interrupt, TN_INTERRUPT_YIELD);
    note_ending(thread);
}

bool tn_must_end_now(tenon_store *store)
{
    if (atomic_load_explicit(&store->interrupt, memory_order_relaxed) & TN_INTERRUPT_LOOK)
        look(store);
    if (atomic_fetch_and(&store->interrupt, ~TN_INTERRUPT_YIELD) & TN_INTERRUPT_YIELD)
        if (tn_thread_of()->fiber != NULL)
            tn_fiber_pause(TN_PAUSE_YIELD);
    return (atomic_load(&store->interrupt) & ~TN_INTERRUPT_LOOK) != 0;
}

/* On the guest's own stack, whose fiber may go on in another thread. */
static void give_way(void *saved)
{
    tn_fiber_pause(TN_PAUSE_YIELD);
    /* Once, unless somebody has taken our handler away meanwhile. */
    for (;;) {
        tn_thread *thread = tn_thread_of();
        thread->saved = saved;
        tn_os_thread_interrupt(thread->id);
        (void)tn_interrupts_prepare(thread->activation->store->engine);
    }
}

static bool in_guest(const tn_activation *a, const void *ucontext)
{
    uintptr_t pc = tn_context_pc(ucontext);

    return a->store->engine->tier->owns_pc(pc) || (tn_native_code != NULL && tn_native_code->owns_pc(pc));
}

/* A guest that is in a host function or in the library now is ended when that returns, or by the next signal of a
 * timer: nothing that others can see is left half-done. Likewise with giving way. */
static bool act(const tn_thread *thread, bool gives_way, void *ucontext)
{
    tn_activation *a = thread->activation;

    if (a == NULL)
        return false;
    if (atomic_load(&a->store->interrupt) & ~TN_INTERRUPT_YIELD) {
        if (!tn_end_interrupted(a, TENON_TRAP_INTERRUPTED, 0, ucontext) && thread->fiber == NULL)
            (void)!tn_os_timer_start(&a->store->timer, TN_BETWEEN_SIGNALS, TN_BETWEEN_SIGNALS, a->store);
        return true;
    }
    if (!gives_way)
        return false;
    if (in_guest(a, ucontext))
        tn_context_divert(ucontext, give_way);
    else
        atomic_fetch_or(&a->store->interrupt, TN_INTERRUPT_YIELD);
    return true;
}

bool tn_claim_interrupt(const siginfo_t *info, void *ucontext)
{
    tn_thread *thread = tn_thread_of();
    bool ours = thread->saved != NULL, gives_way = false;

    if (ours)
        tn_context_load(ucontext, thread->saved);
    thread->saved = NULL;
    note_timeout(thread, info);
    if (thread->fiber != NULL) {
        gives_way = thread->fiber->tick(thread->fiber);
        ours = ours || (info->si_code == SI_TIMER && info->si_value.sival_ptr == thread);
        note_ending(thread);
    }
    return act(thread, gives_way, ucontext) || ours;
}

static void on_interrupt(int signal, siginfo_t *info, void *ucontext)
{
    if (!tn_claim_interrupt(info, ucontext) && tn_signal_has_handler(&previous_interrupt))
        tn_signal_chain(&previous_interrupt, signal, info, ucontext);
}

bool tn_interrupts_prepare(const tenon_engine *engine)
{
    if (engine->signals == TENON_SIGNALS_OWN)
        tn_signal_put_in_front(tn_os_interrupt_signal(), on_interrupt, &previous_interrupt);
    return engine->signals != TENON_SIGNALS_NONE;
}
