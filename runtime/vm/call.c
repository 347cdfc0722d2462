/* SPDX-License-Identifier: MIT
 * Calls of guest functions from the host: an activation around whatever runs the function, and what became of it. What
 * a call of compiled code passes is all here, so that it is one function: it is short enough for its frames to count.
 */
#include <setjmp.h>
#include <string.h>

#include "runtime/vm/fiber.h"
#include "runtime/vm/stacks.h"

/* ---- activations ---- */

/* Whoever interrupts sets its bit and then looks for the thread; one of the two sees the other. A barrier between them
 * is dear on this side, which every call passes, so the other has it for both where the system can. */
static void publish_thread(tenon_store *store, int thread)
{
    if (TN_LIKELY(store->engine->has_remote_barrier)) {
        atomic_store_explicit(&store->thread, thread, memory_order_relaxed);
        atomic_signal_fence(memory_order_seq_cst);
    } else {
        atomic_store(&store->thread, thread);
    }
}

/* A fiber's time is looked after by whoever runs it; its thread may change. */
static void start_timeout(tn_activation *a, const tn_fiber *fiber)
{
    tenon_store *store = a->store;

    if (fiber != NULL)
        a->end_at = tn_os_now() + store->timeout;
    else if (!tn_os_timer_start(&store->timer, store->timeout, TN_BETWEEN_SIGNALS, store))
        atomic_fetch_or(&store->interrupt, TN_INTERRUPT_TIMEOUT);
}

/* Makes the activation the thread's and the store's; false when there is a trap instead. outermost: of its store. */
TN_INLINE bool begin(tn_activation *a, tn_thread *thread, bool outermost)
{
    tenon_store *store = a->store;

    if (TN_UNLIKELY((uintptr_t)__builtin_frame_address(0) < tn_stack_limit(thread))) {
        a->trap = TENON_TRAP_STACK_EXHAUSTED;
        return false;
    }
    store->activation = a;
    thread->activation = a;
    if (!outermost)
        return true;
    publish_thread(store, thread->id);
    if (TN_UNLIKELY(store->timeout != 0))
        start_timeout(a, thread->fiber);
    if (thread->fiber != NULL && atomic_load_explicit(&thread->fiber->ending, memory_order_relaxed))
        atomic_fetch_or(&store->interrupt, TN_INTERRUPT_ENDING);
    if (TN_UNLIKELY(tn_must_end(store)))
        a->trap = TENON_TRAP_INTERRUPTED;
    return a->trap == TENON_TRAP_NONE;
}

/* The guest has returned, or was ended: only a fiber may be on another thread than it began on. */
TN_INLINE void end(const tn_activation *a, tn_thread *began_on, const tn_fiber *fiber, tn_activation *outer_of_store)
{
    tenon_store *store = a->store;
    tn_thread *thread = fiber == NULL ? began_on : tn_thread_of();

    thread->activation = a->outer;
    store->activation = outer_of_store;
    if (outer_of_store != NULL)
        return;
    if (TN_UNLIKELY(store->timer.running))
        tn_os_timer_stop(&store->timer);
    atomic_store_explicit(&store->thread, 0, memory_order_relaxed);
    if (TN_UNLIKELY(atomic_load_explicit(&store->interrupt, memory_order_relaxed) != 0))
        atomic_fetch_and(&store->interrupt,
                         TN_INTERRUPT_LOOK | (a->trap == TENON_TRAP_INTERRUPTED ? 0 : TN_INTERRUPT_ASKED));
}

static tenon_trap activate(tenon_store *store, void (*fn)(void *), void *arg)
{
    tn_thread *thread = tn_thread_known();
    jmp_buf landing;
    tn_activation a = { .outer = thread->activation, .store = store, .trap = TENON_TRAP_NONE, .landing = &landing };
    tn_activation *outer_of_store = store->activation;
    const tn_fiber *fiber = thread->fiber;
    tn_segment *segment = store->native.segment;

    if (_setjmp(landing) == 0 && begin(&a, thread, outer_of_store == NULL))
        fn(arg);
    if (store->activation == &a)
        end(&a, thread, fiber, outer_of_store);
    store->native.segment = segment;
    return a.trap;
}

TN_INLINE tenon_trap activate_native(tenon_func *func, tn_slot *slots)
{
    tenon_store *store = func->store;
    tn_thread *thread = tn_thread_known();
    tn_segment *outer = store->native.segment, segment TN_UNINITIALIZED;
    tn_activation a TN_UNINITIALIZED, *outer_of_store = store->activation;
    const tn_fiber *fiber = thread->fiber;

    /* Every call passes here, so only what is read is set. */
    segment.outer = outer;
    segment.exit = NULL;
    segment.from_interp = false;
    a.segment = &segment;
    a.outer = thread->activation;
    a.store = store;
    a.trap = TENON_TRAP_NONE;
    a.end_at = 0;
    store->native.segment = &segment;
    if (begin(&a, thread, outer_of_store == NULL))
        (void)tn_native_enter(&segment, func->instance, slots, func->entry);
    if (store->activation == &a)
        end(&a, thread, fiber, outer_of_store);
    store->native.segment = outer;
    return a.trap;
}

/* ---- calls ---- */

typedef struct start {
    tenon_func *func;
    tn_slot *slots;
} start;

/* The failure that ended an activation, if it did. */
static tenon_status outcome(tenon_store *store, tenon_trap trap, tenon_error *err)
{
    if (store->pending != NULL)
        return tn_fail_plain(err, TENON_EXCEPTION, "uncaught exception");
    if (trap == TENON_TRAP_NONE)
        return TENON_OK;
    if (trap == TENON_TRAP_HOST && store->host_status != TENON_TRAP) {
        tn_fail_plain(err, store->host_status, "a host function failed: %s", tenon_status_text(store->host_status));
        return store->host_status;
    }
    tn_fail_trap(err, trap);
    if (err != NULL && store->frame_count > 0) {
        err->function = store->frames[0].function;
        err->offset = store->frames[0].offset;
    }
    return TENON_TRAP;
}

/* A trap that the tier has noted and not thrown. */
static void note_end(tenon_store *store, tn_left left)
{
    if (left == TN_LEFT_OUT && store->activation->trap != TENON_TRAP_NONE)
        tn_record_frames(store);
}

static void run(void *arg)
{
    const start *s = arg;
    tenon_store *store = s->func->store;

    note_end(store, store->engine->tier->run(s->func, s->slots, false));
}

static void forget_last(tenon_store *store)
{
    store->trap_pc = NULL;
    store->trapped_natively = false;
    store->frame_count = 0;
    store->pending = NULL;
    store->tail = NULL;
}

static bool has_native(const tenon_func *func)
{
    return func->instance != NULL && __atomic_load_n(&func->entry->native, __ATOMIC_ACQUIRE) != NULL;
}

TN_INLINE tenon_status run_native(tenon_func *func, tn_slot *slots, tenon_error *err)
{
    tenon_store *store = func->store;

    forget_last(store);
    tenon_trap trap = activate_native(func, slots);
    if (TN_LIKELY(trap == TENON_TRAP_NONE && store->pending == NULL))
        return TENON_OK;
    return outcome(store, trap, err);
}

tenon_status tn_run(tenon_func *func, tn_slot *slots, tenon_error *err)
{
    tenon_store *store = func->store;
    tn_slot *top = store->stack_top;
    start s = { .func = func, .slots = slots };
    tenon_status status;

    if ((size_t)(store->stack_limit - slots) < tn_call_slots(func->type) + 2)
        return tn_fail_trap(err, TENON_TRAP_STACK_EXHAUSTED);
    store->stack_top = slots + tn_call_slots(func->type);
    if (has_native(func)) {
        status = run_native(func, slots, err);
    } else {
        forget_last(store);
        status = outcome(store, activate(store, run, &s), err);
    }
    store->stack_top = top;
    return status;
}

/* ---- the host's, with slots ---- */

/* Slots of the host's own, unless it is the interpreter that runs the function. */
static tenon_status call_packed(tenon_func *func, tn_slot *slots, tenon_error *err)
{
    tenon_store *store = func->store;
    tn_slot *args = store->stack_top;
    const tn_type *type = func->type;

    if ((size_t)(store->stack_limit - args) < tn_call_slots(type))
        return tn_fail_trap(err, TENON_TRAP_STACK_EXHAUSTED);
    for (uint32_t i = 0, at = 0; i < type->param_count; at += tn_slots_of(type->types[i++]))
        if (type->types[i] == TN_V128)
            memcpy(args + at, slots + at, 16);
        else if (type->types[i] == TN_I32 || type->types[i] == TN_F32)
            args[at].i64 = slots[at].i32;
        else
            args[at] = slots[at];
    TN_TRY(func->instance == NULL ? tn_call_host(func, NULL, args) : tn_run(func, args, err));
    if (type->result_slots > 0)
        memcpy(slots, args, type->result_slots * sizeof *slots);
    return TENON_OK;
}

tenon_status tenon_func_call_packed(tenon_func *func, tenon_slot *slots, tenon_error *err)
{
    if (err != NULL)
        tn_error_clear(err);
    if (TN_LIKELY(func->store->stacks != NULL))
        return has_native(func) ? run_native(func, (tn_slot *)slots, err) : call_packed(func, (tn_slot *)slots, err);
    tenon_status status = tn_stacks_attach(func->store);
    if (status != TENON_OK)
        return tn_fail_plain(err, status, "no stacks for the call: %s", tenon_status_text(status));
    status = tenon_func_call_packed(func, slots, err);
    tn_stacks_detach(func->store);
    return status;
}
