/* SPDX-License-Identifier: MIT
 * Calls of guest functions from the host: an activation around whatever runs the function, and what became of it.
 */
#include "runtime/vm/runtime.h"

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

tenon_status tn_run_native(tenon_func *func, tn_slot *slots, tenon_error *err)
{
    tenon_store *store = func->store;

    forget_last(store);
    tenon_trap trap = tn_activate_native(func, slots);
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
    if (tn_has_native(func)) {
        status = tn_run_native(func, slots, err);
    } else {
        forget_last(store);
        status = outcome(store, tn_activate(store, run, &s), err);
    }
    store->stack_top = top;
    return status;
}
