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
#include "loader/dwarf.h"
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

static void use_default(int signal)
{
    /* The fault happens again and ends the process as it would have. */
    struct sigaction dfl = { .sa_handler = SIG_DFL };

    sigaction(signal, &dfl, NULL);
}

static void chain(const struct sigaction *previous, int signal, siginfo_t *info, void *ucontext)
{
    if (previous->sa_flags & SA_SIGINFO)
        previous->sa_sigaction(signal, info, ucontext);
    else if (previous->sa_handler == SIG_DFL || previous->sa_handler == SIG_IGN)
        use_default(signal);
    else
        previous->sa_handler(signal);
}

static void on_fault(int signal, siginfo_t *info, void *ucontext)
{
    /* Whoever came after us and was put behind us may in turn hand the signal to us: then nobody wants it. */
    static _Thread_local bool chaining;

    if (claim(info, ucontext))
        return;
    if (chaining) {
        use_default(signal);
        return;
    }
    chaining = true;
    chain(signal == SIGBUS ? &previous_bus : &previous_segv, signal, info, ucontext);
    chaining = false;
}

/* Puts our handler in front unless it is there already. */
static void put_in_front(int signal, struct sigaction *previous)
{
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER }, now;

    sigemptyset(&action.sa_mask);
    if (sigaction(signal, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_fault)
        return;
    sigaction(signal, &action, previous);
}

tenon_status tn_signals_install(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

    tn_os_mutex_lock(&lock);
    put_in_front(SIGSEGV, &previous_segv);
    put_in_front(SIGBUS, &previous_bus);
    tn_os_mutex_unlock(&lock);
    return TENON_OK;
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
    tn_source_line source;
    if (tn_module_source_line(m, at->offset, &source)) {
        out->file = source.file;
        out->line = source.line;
    }
    return true;
}
