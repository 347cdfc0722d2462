/* SPDX-License-Identifier: MIT
 * Traps: activations, and the signal handler that turns faults of guest code into them.
 *
 * The handler claims a fault only when its pc lies in a tier's code and its address in a guarded memory of the store
 * that is running; everything else goes to whoever handled the signal before. It changes nothing but the interrupted
 * registers and the store, so it may run at any instruction.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>

#include "base/assert.h"
#include "base/os/context.h"
#include "runtime/vm/runtime.h"

static _Thread_local tn_activation *current;
static struct sigaction previous_segv, previous_bus;

static bool owns_address(const tenon_store *store, uintptr_t address)
{
    for (const tenon_memory *m = store->memories; m != NULL; m = m->next)
        if (m->bounds == TENON_BOUNDS_GUARDED && address - (uintptr_t)m->base < m->reserved)
            return true;
    return false;
}

static void land(void *arg)
{
    longjmp(((tn_activation *)arg)->landing, 1);
}

static bool claim(const siginfo_t *info, void *ucontext)
{
    tn_activation *a = current;
    tn_fault fault = { tn_context_pc(ucontext), (uintptr_t)info->si_addr, ucontext };

    if (a == NULL || !a->store->engine->tier->owns_pc(fault.pc) || !owns_address(a->store, fault.address))
        return false;
    a->store->engine->tier->note_fault(a->store, &fault);
    a->trap = TENON_TRAP_MEMORY_BOUNDS;
    tn_context_redirect(ucontext, land, a);
    return true;
}

static void chain(const struct sigaction *previous, int signal, siginfo_t *info, void *ucontext)
{
    if (previous->sa_flags & SA_SIGINFO) {
        previous->sa_sigaction(signal, info, ucontext);
    } else if (previous->sa_handler == SIG_DFL || previous->sa_handler == SIG_IGN) {
        /* The fault happens again and ends the process as it would have. */
        struct sigaction dfl = { .sa_handler = SIG_DFL };
        sigaction(signal, &dfl, NULL);
    } else {
        previous->sa_handler(signal);
    }
}

static void on_fault(int signal, siginfo_t *info, void *ucontext)
{
    if (!claim(info, ucontext))
        chain(signal == SIGBUS ? &previous_bus : &previous_segv, signal, info, ucontext);
}

static void install(void)
{
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &previous_segv);
    sigaction(SIGBUS, &action, &previous_bus);
}

tenon_status tn_signals_install(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    return pthread_once(&once, install) == 0 ? TENON_OK : TENON_NOMEM;
}

tenon_trap tn_activate(tenon_store *store, void (*fn)(void *), void *arg)
{
    tn_activation a = { .outer = current, .store = store, .trap = TENON_TRAP_NONE };
    tn_activation *outer_of_store = store->activation;

    if ((uintptr_t)__builtin_frame_address(0) < tn_os_stack_limit())
        return TENON_TRAP_STACK_EXHAUSTED;
    store->activation = &a;
    current = &a;
    if (_setjmp(a.landing) == 0)
        fn(arg);
    current = a.outer;
    store->activation = outer_of_store;
    return a.trap;
}

void tn_trap_now(tenon_store *store, tenon_trap trap)
{
    tn_activation *a = store->activation;

    TN_CHECK(a != NULL && a == current);
    a->trap = trap;
    longjmp(a->landing, 1);
}

bool tenon_store_frame(const tenon_store *store, size_t index, tenon_frame *out)
{
    if (index >= store->frame_count)
        return false;
    const tn_location *at = &store->frames[index];
    const tn_module *m = &at->instance->module->core;
    *out = (tenon_frame){ .module = tn_module_own_name(m),
                          .name = tn_module_func_name(m, at->function),
                          .function = at->function,
                          .offset = at->offset };
    return true;
}
