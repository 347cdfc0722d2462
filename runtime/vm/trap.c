/* SPDX-License-Identifier: MIT
 * Traps: activations, and the signal handlers that turn faults of guest code into them.
 *
 * A fault is claimed only when its pc lies in a tier's code and its address in a guarded memory of the store that is
 * running; everything else goes to whoever handled the signal before. The handlers change nothing but the interrupted
 * registers and the store, so they may run at any instruction.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/assert.h"
#include "base/os/context.h"
#include "loader/dwarf.h"
#include "runtime/vm/fiber.h"
#include "runtime/vm/runtime.h"
#include "runtime/vm/signal.h"

static struct sigaction previous_segv, previous_bus, previous_ill, previous_trap;

void tn_note_native(tenon_store *store, uintptr_t pc, uintptr_t fp)
{
    store->trapped_natively = true;
    store->native_pc = pc;
    store->native_fp = fp;
}

/* ---- faults ---- */

static bool owns_address(const tenon_store *store, uintptr_t address)
{
    for (const tenon_memory *m = store->memories; m != NULL; m = m->next)
        if (m->bounds == TENON_BOUNDS_GUARDED && address - (uintptr_t)m->base < m->reserved)
            return true;
    return false;
}

/* Over guests' frames, and the library's between them. */
static _Noreturn void unwind_to(tn_activation *a)
{
    if (a->segment != NULL)
        tn_native_code->leave(a->segment, TN_LEFT_BY_TRAP);
    longjmp(*a->landing, 1);
}

static void land(void *arg)
{
    tn_activation *a = arg;

    tn_record_frames(a->store);
    unwind_to(a);
}

bool tn_end_interrupted(tn_activation *a, tenon_trap trap, uintptr_t address, void *ucontext)
{
    tn_fault fault = { tn_context_pc(ucontext), address, ucontext };
    const tn_tier *tier = a->store->engine->tier;

    if (tn_native_code != NULL && tn_native_code->owns_pc(fault.pc)) {
        tn_note_native(a->store, fault.pc, tn_context_frame(ucontext));
        /* C code must not run on a guest's stack. */
        tn_context_set_stack(ucontext, (uintptr_t)a->store->native.segment->host_sp);
    } else if (tier->owns_pc(fault.pc)) {
        tier->note_fault(a->store, &fault);
    } else {
        return false;
    }
    a->trap = trap;
    tn_context_redirect(ucontext, land, a);
    return true;
}

/* Compiled code whose bytes are checked when they are first needed. */
static bool claim_fetch(tn_activation *a, uintptr_t address, void *ucontext)
{
    if (tn_native_code == NULL)
        return false;
    switch (tn_native_code->fetch(tn_context_pc(ucontext), address)) {
    case TN_FETCH_DONE:
        return true;
    case TN_FETCH_REFUSED:
        return tn_end_interrupted(a, TENON_TRAP_CODE_CHANGED, address, ucontext);
    default:
        return false;
    }
}

static bool claim(const siginfo_t *info, void *ucontext)
{
    tn_activation *a = tn_thread_of()->activation;
    uintptr_t address = (uintptr_t)info->si_addr;

    if (a == NULL)
        return false;
    if (claim_fetch(a, address, ucontext))
        return true;
    /* The guard below the stack of compiled code. */
    if (a->store->native.map != NULL && address - (uintptr_t)a->store->native.map < tn_os_page_size())
        return tn_end_interrupted(a, TENON_TRAP_STACK_EXHAUSTED, address, ucontext);
    return owns_address(a->store, address) && tn_end_interrupted(a, TENON_TRAP_MEMORY_BOUNDS, address, ucontext);
}

/* Compiled code ends itself with an instruction that the CPU refuses. */
static bool claim_refused(void *ucontext)
{
    tn_activation *a = tn_thread_of()->activation;
    uintptr_t pc = tn_context_pc(ucontext);

    if (a == NULL || tn_native_code == NULL || !tn_native_code->owns_pc(pc))
        return false;
    tenon_trap trap = tn_native_code->trap_at(pc);
    return trap != TENON_TRAP_NONE && tn_end_interrupted(a, trap, 0, ucontext);
}

static void use_default(int signal)
{
    /* The fault happens again and ends the process as it would have. */
    struct sigaction dfl = { .sa_handler = SIG_DFL };

    sigaction(signal, &dfl, NULL);
}

bool tn_signal_has_handler(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) || (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN);
}

void tn_signal_chain(const struct sigaction *previous, int signal, siginfo_t *info, void *ucontext)
{
    if (previous->sa_flags & SA_SIGINFO)
        previous->sa_sigaction(signal, info, ucontext);
    else
        previous->sa_handler(signal);
}

static struct sigaction *previous_of(int signal)
{
    switch (signal) {
    case SIGBUS:
        return &previous_bus;
    case SIGILL:
        return &previous_ill;
    case SIGTRAP:
        return &previous_trap;
    default:
        return &previous_segv;
    }
}

static bool claim_fault(int signal, const siginfo_t *info, void *ucontext)
{
    int saved_errno = errno;
    bool claimed = signal == SIGSEGV || signal == SIGBUS ? claim(info, ucontext) : claim_refused(ucontext);

    errno = saved_errno;
    return claimed;
}

bool tenon_handle_signal(int signal, void *info, void *ucontext)
{
    if (signal == tn_os_interrupt_signal())
        return tn_claim_interrupt(info, ucontext);
    if (signal != SIGSEGV && signal != SIGBUS && signal != SIGILL && signal != SIGTRAP)
        return false;
    return claim_fault(signal, info, ucontext);
}

static void on_fault(int signal, siginfo_t *info, void *ucontext)
{
    /* Whoever came after us and was put behind us may in turn hand the signal to us: then nobody wants it. */
    static _Thread_local bool chaining;
    const struct sigaction *previous = previous_of(signal);

    if (claim_fault(signal, info, ucontext))
        return;
    if (chaining || !tn_signal_has_handler(previous)) {
        use_default(signal);
        return;
    }
    chaining = true;
    tn_signal_chain(previous, signal, info, ucontext);
    chaining = false;
}

/* ---- handlers ---- */

static pthread_mutex_t handlers_lock = PTHREAD_MUTEX_INITIALIZER;

void tn_signal_put_in_front(int signal, tn_signal_action *handler, struct sigaction *previous)
{
    struct sigaction mine = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER }, now;

    sigemptyset(&mine.sa_mask);
    tn_os_mutex_lock(&handlers_lock);
    if (sigaction(signal, NULL, &now) == 0 && (!(now.sa_flags & SA_SIGINFO) || now.sa_sigaction != handler)) {
        *previous = now;
        sigaction(signal, &mine, NULL);
    }
    tn_os_mutex_unlock(&handlers_lock);
}

void tn_fault_handler_install(void)
{
    tn_signal_put_in_front(SIGSEGV, on_fault, &previous_segv);
    tn_signal_put_in_front(SIGBUS, on_fault, &previous_bus);
    tn_signal_put_in_front(SIGILL, on_fault, &previous_ill);
    tn_signal_put_in_front(SIGTRAP, on_fault, &previous_trap);
}

/* ---- the end of a guest, and its trace ---- */

_Noreturn void tn_end_guest(tenon_store *store, tenon_trap trap)
{
    store->activation->trap = trap;
    tn_record_frames(store);
    unwind_to(store->activation);
}

/* The only instance of a module, or NULL. */
static tenon_instance *only_instance(const tenon_store *store, const tn_module *m)
{
    tenon_instance *found = NULL;

    for (tenon_instance *in = store->instances; in != NULL; in = in->next)
        if (&in->module->core == m) {
            if (found != NULL)
                return NULL;
            found = in;
        }
    return found;
}

bool tenon_store_frame(const tenon_store *store, size_t index, tenon_frame *out)
{
    if (index >= store->frame_count)
        return false;
    const tn_location *at = &store->frames[index];
    const tn_module *m = at->module;
    *out = (tenon_frame){ .instance = at->instance != NULL ? at->instance : only_instance(store, m),
                          .module = tn_module_own_name(m),
                          .name = tn_module_func_name(m, at->function),
                          .function = at->function,
                          .offset = at->offset,
                          .body = m->bodies[at->function - m->imported_funcs].offset };
    tn_source_line source;
    if (tn_module_source_line(m, at->offset, &source)) {
        out->file = source.file;
        out->line = source.line;
    }
    return true;
}
