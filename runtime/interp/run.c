/* SPDX-License-Identifier: MIT
 * The interpreter as a tier: code of a module, calls from the host, traps, backtraces and the search for catch clauses.
 */
#include <stdlib.h>

#include "base/os/context.h"
#include "runtime/interp/interp.h"
#include "runtime/interp/translate.h"

/* A hot function looks so often whether its code is there. */
#define ROUNDS_BETWEEN_LOOKS 500
/* Bytes of a body that is compiled in no time. */
#define SMALL_BODY 512

struct tn_code {
    tenon_module *module;
    bool guarded;
    uint32_t count; /* own functions of the module */
    tn_entry *entries;
    tn_cell *stubs;          /* three cells each: the frame, translate me, index */
    tn_function **functions; /* by own index; NULL until translated */
    tn_function **by_address;
    uint32_t translated;
};

/* ---- code ---- */

static void code_delete(tn_code *code)
{
    tn_mem *mem = &code->module->mem;

    for (uint32_t i = 0; i < code->translated; i++) {
        tn_function_fini(mem, code->by_address[i]);
        tn_free(mem, code->by_address[i], sizeof **code->by_address);
    }
    tn_free(mem, code->entries, (code->count + 1) * sizeof *code->entries);
    tn_free(mem, code->stubs, (code->count + 1) * 3 * sizeof *code->stubs);
    tn_free(mem, code->functions, (code->count + 1) * sizeof *code->functions);
    tn_free(mem, code->by_address, (code->count + 1) * sizeof *code->by_address);
    tn_free(mem, code, sizeof *code);
}

static tn_code *code_new(tenon_module *module, tenon_bounds bounds)
{
    tn_mem *mem = &module->mem;
    const tn_module *m = &module->core;
    tn_code *code = tn_alloc_zeroed(mem, sizeof *code);

    if (code == NULL)
        return NULL;
    code->module = module;
    code->guarded = bounds == TENON_BOUNDS_GUARDED;
    code->count = m->body_count;
    code->entries = tn_alloc(mem, (code->count + 1) * sizeof *code->entries);
    code->stubs = tn_alloc(mem, (code->count + 1) * 3 * sizeof *code->stubs);
    code->functions = tn_alloc_zeroed(mem, (code->count + 1) * sizeof *code->functions);
    code->by_address = tn_alloc_zeroed(mem, (code->count + 1) * sizeof *code->by_address);
    if (code->entries == NULL || code->stubs == NULL || code->functions == NULL || code->by_address == NULL) {
        code_delete(code);
        return NULL;
    }
    for (uint32_t i = 0; i < code->count; i++) {
        const tn_type *type = tn_module_func_type(m, m->imported_funcs + i);
        tn_cell *stub = &code->stubs[3 * i];
        /* Room for the parameters, the return record and the results is all that is written before translation. */
        stub[0].u32[0] = (tn_call_slots(type) + 2) * (uint32_t)sizeof(tn_slot);
        stub[0].u32[1] = 0;
        stub[1].handler = tn_h_translate;
        stub[2].u32[0] = i;
        code->entries[i] = (tn_entry){ .code = stub + 1 };
    }
    return code;
}

static tn_entry *entries(tn_code *code)
{
    return code->entries;
}

static tn_code *code_of(const tenon_instance *in)
{
    return in->module->code[in->entries_mode];
}

/* With the module's lock held. */
static void publish(tn_code *code, tn_function *function)
{
    uint32_t at = code->translated++;
    tn_entry *entry = &code->entries[function->own];

    for (; at > 0 && code->by_address[at - 1]->cells > function->cells; at--)
        code->by_address[at] = code->by_address[at - 1];
    code->by_address[at] = function;
    code->functions[function->own] = function;
    if (entry->native == NULL)
        __atomic_store_n(&entry->code, function->cells, __ATOMIC_RELEASE);
}

/* Who has compiled code is entered through its stub, which calls that. */
static void promoted(tn_code *code)
{
    for (uint32_t i = 0; i < code->translated; i++) {
        uint32_t own = code->by_address[i]->own;
        if (code->entries[own].native != NULL)
            __atomic_store_n(&code->entries[own].code, &code->stubs[3 * own + 1], __ATOMIC_RELEASE);
    }
}

static void add_loop(tn_code *code, const tn_loop_entry *loop)
{
    const tn_function *f = loop->own < code->count ? code->functions[loop->own] : NULL;

    if (f != NULL && f->hot != NULL && loop->loop < f->hot->loop_count)
        __atomic_store_n(&f->hot->loops[loop->loop].native, loop->native, __ATOMIC_RELEASE);
}

/* The tenant pays, who calls the function first; others when they next instantiate the module. */
static tenon_status translate_locked(tn_code *code, uint32_t own, tenon_tenant *tenant)
{
    tn_mem *mem = &code->module->mem;
    uint64_t before = tn_module_bytes(code->module);

    if (code->functions[own] != NULL)
        return TENON_OK;
    tn_function *function = tn_alloc(mem, sizeof *function);
    if (function == NULL)
        return TENON_NOMEM;
    tenon_status status = tn_translate(code->module, code->entries, code->guarded, own, function);
    if (status == TENON_OK && !tn_tenant_charge_code(tenant, code->module, before)) {
        tn_function_fini(mem, function);
        status = TENON_NOMEM;
    }
    if (status == TENON_OK)
        publish(code, function);
    else
        tn_free(mem, function, sizeof *function);
    return status;
}

tenon_trap tn_interp_translate(tenon_instance *in, uint32_t own)
{
    tn_os_mutex_lock(&in->module->lock);
    tenon_status status = translate_locked(code_of(in), own, in->store->tenant);
    tn_os_mutex_unlock(&in->module->lock);
    if (status == TENON_OK)
        return TENON_TRAP_NONE;
    return status == TENON_NOMEM ? TENON_TRAP_OUT_OF_MEMORY : TENON_TRAP_CODE_CHANGED;
}

/* ---- places ---- */

/* The function that a cell belongs to; NULL for cells of ours. */
static const tn_function *function_at(const tenon_instance *in, const tn_cell *pc)
{
    const tn_code *code = code_of(in);
    const tn_function *found = NULL;

    tn_os_mutex_lock(&in->module->lock);
    for (uint32_t low = 0, high = code->translated; low < high;) {
        uint32_t middle = (low + high) / 2;
        const tn_function *f = code->by_address[middle];
        if (pc < f->cells)
            high = middle;
        else if (pc >= f->cells + f->cell_count)
            low = middle + 1;
        else {
            found = f;
            break;
        }
    }
    tn_os_mutex_unlock(&in->module->lock);
    return found;
}

static uint64_t offset_at(const tenon_instance *in, const tn_function *f, const tn_cell *pc)
{
    uint32_t cell = (uint32_t)(pc - f->cells), low = 0, high = f->map_count;

    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (f->map[middle].cell <= cell)
            low = middle;
        else
            high = middle;
    }
    return in->module->core.bodies[f->own].offset + (f->map_count > 0 ? f->map[low].offset : 0);
}

/* A position on the guest's stack: frames are walked by stepping outwards. */
typedef struct walk {
    const tn_cell *pc; /* at or, for callers, behind the instruction */
    tn_slot *fp;
    tenon_instance *in;
} walk;

/* From what a return record holds to the frame that it leads to; false at the border to the host or to compiled code.
 */
static bool cross_bridges(const tenon_store *store, walk *w)
{
    while (w->pc == tn_bridge_cells) {
        const tn_slot *bridge = w->fp;
        if (bridge < store->stack_base || bridge + 4 > store->stack_limit)
            return false;
        w->pc = bridge[0].pc;
        w->fp = bridge[1].fp;
        w->in = bridge[2].pointer;
    }
    return w->pc != tn_exit_cells && w->pc != tn_leave_cells;
}

/* To the caller's frame. */
static bool step_out(const tenon_store *store, walk *w, const tn_function *f)
{
    const tn_slot *record = w->fp + f->param_slots;

    w->pc = record[0].pc;
    w->fp = record[1].fp;
    return cross_bridges(store, w);
}

/* An interrupt may come between any two instructions of a handler, when fp and pc do not belong together. So a
 * backtrace believes nothing: a frame must lie on the stack, and its instance must be one of the store. */
static const tn_function *frame_at(const tenon_store *store, const walk *w, const tn_cell *pc)
{
    const tenon_instance *in = store->instances;

    if (w->fp < store->stack_base || w->fp >= store->stack_limit || (uintptr_t)w->fp % sizeof *w->fp != 0)
        return NULL;
    while (in != NULL && in != w->in)
        in = in->next;
    const tn_function *f = in != NULL ? function_at(in, pc) : NULL;
    return f != NULL && (size_t)(store->stack_limit - w->fp) > (size_t)f->param_slots + 2 ? f : NULL;
}

static size_t walk_frames(tenon_store *store, tn_place *from, tn_location *out, size_t room)
{
    walk w = { from->pc, from->fp, from->in };
    const tn_cell *at = from->behind ? w.pc - 1 : w.pc;
    const tn_function *f = frame_at(store, &w, at);
    size_t count = 0;

    from->nested = false;
    while (f != NULL && count < room) {
        const tn_module *m = &w.in->module->core;
        out[count++] = (tn_location){ m, m->imported_funcs + f->own, offset_at(w.in, f, at), w.in };
        if (!step_out(store, &w, f)) {
            from->nested = w.pc == tn_leave_cells;
            break;
        }
        at = w.pc - 1;
        f = frame_at(store, &w, at);
    }
    return count;
}

/* ---- traps ---- */

void tn_interp_note(tenon_instance *in, const tn_cell *pc, tn_slot *fp, tenon_trap trap)
{
    tenon_store *store = in->store;

    store->trap_pc = pc;
    store->trap_fp = fp;
    store->trap_instance = in;
    store->trapped_natively = false;
    store->activation->trap = trap;
}

extern const char tn_handlers_start[] __asm__("__start_tn_handlers") __attribute__((visibility("hidden")));
extern const char tn_handlers_end[] __asm__("__stop_tn_handlers") __attribute__((visibility("hidden")));

static bool owns_pc(uintptr_t pc)
{
    return pc >= (uintptr_t)tn_handlers_start && pc < (uintptr_t)tn_handlers_end;
}

#if TN_RECOVERS_PC
/* Handlers get pc, fp, memory and instance in r12 to r15, and step pc by an instruction's length at most once. The
 * right candidate is the one whose handler is the closest at or before the faulting instruction. */
static void note_fault(tenon_store *store, const tn_fault *fault)
{
    const tn_cell *at = (const tn_cell *)tn_context_register(fault->ucontext, 12), *best = at;
    uintptr_t distance = UINTPTR_MAX;

    for (int back = 0; back <= TN_FRONT_CELLS; back++) {
        const tn_cell *candidate = at - back;
        uintptr_t handler = (uintptr_t)candidate->pointer;
        if (handler <= fault->pc && fault->pc - handler < distance && owns_pc(handler)) {
            distance = fault->pc - handler;
            best = candidate;
        }
    }
    store->trap_pc = best;
    store->trap_fp = (tn_slot *)tn_context_register(fault->ucontext, 13);
    store->trap_instance = (tenon_instance *)tn_context_register(fault->ucontext, 15);
    store->trapped_natively = false;
}
#else
static void note_fault(tenon_store *store, const tn_fault *fault)
{
    /* The handler has noted where it is. */
    store->trapped_natively = false;
    (void)fault;
}
#endif

/* ---- exceptions ---- */

static const tn_clause *matching(const tn_function *f, const tn_try *try, const tenon_instance *in,
                                 const tn_exception *e)
{
    for (uint32_t i = 0; i < try->clause_count; i++) {
        const tn_clause *clause = &f->clauses[try->clauses + i];
        if (clause->kind >= 2 || in->tags[clause->tag] == e->tag)
            return clause;
    }
    return NULL;
}

static const tn_clause *find_clause(const tn_function *f, const tn_cell *pc, const tenon_instance *in,
                                    const tn_exception *e)
{
    uint32_t cell = (uint32_t)(pc - f->cells);

    /* Later ones are inside earlier ones. */
    for (uint32_t i = f->try_count; i > 0; i--) {
        const tn_try *try = &f->tries[i - 1];
        const tn_clause *clause = cell >= try->from && cell < try->to ? matching(f, try, in, e) : NULL;
        if (clause != NULL)
            return clause;
    }
    return NULL;
}

/* From a place on outwards; at lies in the instruction there. */
static bool unwind(tenon_store *store, walk w, const tn_cell *at, tn_exception *e)
{
    const tn_function *f = function_at(w.in, at);

    while (f != NULL) {
        const tn_clause *clause = find_clause(f, at, w.in, e);
        if (clause != NULL) {
            tn_slot *to = w.fp + clause->slot;
            uint32_t slots = clause->kind < 2 ? e->tag->type->param_slots : 0;
            memcpy(to, e->values, slots * sizeof *to);
            if (clause->kind & 1)
                to[slots].pointer = e;
            store->trap_pc = f->cells + clause->landing;
            store->trap_fp = w.fp;
            store->trap_instance = w.in;
            return true;
        }
        if (!step_out(store, &w, f))
            break;
        at = w.pc - 1;
        f = function_at(w.in, at);
    }
    return false;
}

bool tn_interp_unwind(tenon_store *store, const tn_cell *pc, tn_slot *fp, tenon_instance *in, tn_exception *e)
{
    return unwind(store, (walk){ pc, fp, in }, pc, e);
}

/* ---- runs ---- */

/* Among the handlers, so that an interrupt between two of them finds the guest's own code. */
static __attribute__((section("tn_handlers"))) void enter(tenon_instance *in, tn_slot *fp, const tn_cell *pc)
{
#if TN_TAIL_DISPATCH
    tn_vec zero = { 0, 0 };
    pc->handler(pc, fp, in->memory0, in, 0, 0, zero, zero);
#else
    tn_machine machine = { fp, in->memory0, in };
    while (pc != NULL)
        pc = pc->handler(pc, machine.fp, machine.mem, machine.in, &machine);
#endif
}

static tn_left how_it_left(tenon_store *store)
{
    if (store->tail != NULL)
        return TN_LEFT_TAIL;
    return store->activation->trap != TENON_TRAP_NONE || store->pending != NULL ? TN_LEFT_OUT : TN_LEFT_DONE;
}

static tn_left run(tenon_func *func, tn_slot *args, bool nested)
{
    tenon_store *store = func->store;
    const tn_cell *code = __atomic_load_n(&func->entry->code, __ATOMIC_ACQUIRE);

    if ((uintptr_t)args + TN_FRAME_BYTES(code) > (uintptr_t)store->stack_limit) {
        tn_interp_note(func->instance, NULL, NULL, TENON_TRAP_STACK_EXHAUSTED);
        return TN_LEFT_OUT;
    }
    tn_slot *record = args + func->type->param_slots;
    record[0].pc = nested ? tn_leave_cells : tn_exit_cells;
    record[1].fp = NULL;
    memset(record + 2, 0, TN_ZERO_SLOTS(code) * sizeof *record);
    enter(func->instance, args, code);
    return how_it_left(store);
}

static const tn_type *type_of(const tenon_instance *in, uint32_t own)
{
    const tn_module *m = &in->module->core;

    return tn_module_func_type(m, m->imported_funcs + own);
}

/* Compiled code takes the place of a frame at fp whose return record was `back`. */
static tn_native_call replace_frame(tenon_instance *in, tn_slot *fp, const tn_type *type, const tn_entry *entry,
                                    const tn_slot back[2])
{
    tenon_store *store = in->store;
    tn_slot *top = store->stack_top;
    walk caller = { back[0].pc, back[1].fp, in };
    bool inside = cross_bridges(store, &caller);
    tn_segment from = { .from_interp = inside, .pc = caller.pc, .fp = caller.fp, .in = caller.in };

    store->stack_top = fp + (type->param_slots + 2 > type->result_slots ? type->param_slots + 2 : type->result_slots);
    bool returned = tn_enter_native(in, entry, fp, &from);
    store->stack_top = top;
    if (returned)
        return (tn_native_call){ back[0].pc, back[1].fp, in };
    if (!inside || !unwind(store, caller, caller.pc - 1, store->pending))
        return (tn_native_call){ NULL, NULL, NULL };
    store->pending = NULL;
    return (tn_native_call){ store->trap_pc, store->trap_fp, store->trap_instance };
}

tn_native_call tn_interp_call_native(tenon_instance *in, tn_slot *fp, uint32_t own)
{
    tenon_store *store = in->store;
    const tn_type *type = type_of(in, own);
    const tn_slot back[2] = { fp[type->param_slots], fp[type->param_slots + 1] };
    walk caller = { back[0].pc, back[1].fp, in };

    if (!cross_bridges(store, &caller) && caller.pc == tn_leave_cells) {
        /* Compiled code is waiting for this function's caller: it goes on itself, and the stack does not grow. */
        store->tail = tn_instance_func(in, in->module->core.imported_funcs + own);
        store->tail_args = fp;
        return (tn_native_call){ NULL, NULL, NULL };
    }
    return replace_frame(in, fp, type, &in->entries[own], back);
}

/* A way into a loop costs as much as the function. Where that is much, it is only made for a call that is still in its
 * loop when the function has code already. */
static bool comes_later(const tenon_instance *in, const tn_hot *hot)
{
    return in->module->core.bodies[hot->own].size > SMALL_BODY &&
           __atomic_load_n(&in->entries[hot->own].native, __ATOMIC_ACQUIRE) == NULL;
}

bool tn_interp_is_ready(tenon_instance *in, tn_hot *hot, uint32_t loop)
{
    bool later = loop != TN_NO_LOOP && comes_later(in, hot), body = loop == TN_NO_LOOP || later;
    void **native = loop == TN_NO_LOOP ? &in->entries[hot->own].native : &hot->loops[loop].native;
    bool *asked = body ? &hot->asked : &hot->loops[loop].asked;

    if (later)
        loop = TN_NO_LOOP;
    __atomic_store_n(&hot->budget, ROUNDS_BETWEEN_LOOKS, __ATOMIC_RELAXED);
    if (!__atomic_exchange_n(asked, true, __ATOMIC_RELAXED))
        tn_ask_for_code(in, hot->own, loop);
    return __atomic_load_n(native, __ATOMIC_ACQUIRE) != NULL;
}

tn_native_call tn_interp_enter_loop(tenon_instance *in, tn_slot *fp, const tn_cell *pc)
{
    const tn_hot *hot = pc[1].pointer;
    uint32_t loop = pc[2].u32[0], params = pc[2].u32[1], from = pc[3].u32[0], count = pc[3].u32[1];
    const tn_slot back[2] = { fp[params], fp[params + 1] };
    void *native = __atomic_load_n(&hot->loops[loop].native, __ATOMIC_ACQUIRE);
    const tn_gate gate = { .packed = native };
    const tn_entry entry = { .native = native, .gate = &gate };

    memmove(fp + params, fp + from, count * sizeof *fp);
    return replace_frame(in, fp, type_of(in, hot->own), &entry, back);
}

bool tn_interp_call_host(tenon_func *func, tenon_instance *in, tn_slot *args, const tn_cell *pc, tn_slot *fp)
{
    tenon_store *store = in->store;
    tenon_status status = tn_call_host(func, in, args);

    if (tn_must_end(store)) {
        store->pending = NULL;
        tn_interp_note(in, pc, fp, TENON_TRAP_INTERRUPTED);
        return false;
    }
    if (TN_LIKELY(status == TENON_OK))
        return true;
    if (status == TENON_EXCEPTION && store->pending != NULL) {
        store->resume = tn_interp_unwind(store, pc, fp, in, store->pending);
        return false;
    }
    store->pending = NULL;
    store->host_status = status;
    tn_interp_note(in, pc, fp, TENON_TRAP_HOST);
    return false;
}

const tn_tier tn_interp_tier = { .name = "interp",
                                 .code_new = code_new,
                                 .code_delete = code_delete,
                                 .entries = entries,
                                 .promoted = promoted,
                                 .add_loop = add_loop,
                                 .run = run,
                                 .walk = walk_frames,
                                 .owns_pc = owns_pc,
                                 .note_fault = note_fault };
