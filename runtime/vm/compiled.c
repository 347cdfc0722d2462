/* SPDX-License-Identifier: MIT
 * Compiled code as a guest of the runtime: its stack, its images, and what it calls (builtins.def). Exits run on the
 * thread's stack; leaves on the guest's own.
 */
#include <string.h>

#include "base/assert.h"
#include "runtime/vm/bulk.h"
#include "runtime/vm/fiber.h"
#include "runtime/vm/runtime.h"

/* ---- images ---- */

static bool make_types(tenon_module *module)
{
    const tn_module *m = &module->core;

    if (module->types != NULL)
        return true;
    module->types = tn_alloc(&module->mem, (m->type_count + 1) * sizeof *module->types);
    for (uint32_t i = 0; module->types != NULL && i < m->type_count; i++)
        module->types[i] = tn_types_get(m->registry, m->types[i]);
    return module->types != NULL;
}

static size_t bound_size(const tenon_module *module)
{
    return sizeof(tn_bound_image) + module->core.type_count * sizeof(tn_gate);
}

static tenon_status add_bound(tenon_module *module, tn_image *image, tenon_error *err)
{
    size_t mode = tn_native_code->bounds(image);
    tn_bound_image *bound = tn_alloc(&module->mem, bound_size(module));

    if (bound == NULL || !make_types(module)) {
        tn_free(&module->mem, bound, bound_size(module));
        return tn_fail_plain(err, TENON_NOMEM, "out of memory for compiled code");
    }
    *bound = (tn_bound_image){ module->bound[mode], image };
    tn_native_code->gates(image, bound->gates);
    tn_mem_count(&module->mem, tn_native_code->size(image));
    if (module->engine->tools != 0)
        tn_native_code->announce(image, module->engine->tools);
    module->bound[mode] = bound;
    return TENON_OK;
}

tenon_status tn_module_add_image(tenon_module *module, tn_image *image, tenon_error *err)
{
    size_t mode = tn_native_code->bounds(image);
    tenon_status status;

    tn_os_mutex_lock(&module->lock);
    if (module->bound[mode] != NULL || module->code[mode] != NULL)
        status = tn_fail_plain(err, TENON_USAGE, "the module has code already");
    else
        status = add_bound(module, image, err);
    tn_os_mutex_unlock(&module->lock);
    if (status != TENON_OK)
        tn_native_code->image_delete(image);
    return status;
}

/* The module's entries, which all instances share, learn of the code. */
static void bind_to_entries(tenon_module *module, const tn_bound_image *bound, size_t mode)
{
    const tn_tier *tier = module->engine->tier;
    tn_code *code = module->code[mode];
    tn_loop_entry loop;

    tn_native_code->bind(bound->image, bound->gates, tier->entries(code));
    for (uint32_t i = 0; tn_native_code->loop(bound->image, i, &loop); i++)
        tier->add_loop(code, &loop);
    tier->promoted(code);
}

void tn_bind_all(tenon_module *module, size_t mode)
{
    for (const tn_bound_image *bound = module->bound[mode]; bound != NULL; bound = bound->next)
        bind_to_entries(module, bound, mode);
}

tenon_status tn_module_promote(tenon_module *module, tn_image *image, tenon_error *err)
{
    size_t mode = tn_native_code->bounds(image);
    tenon_status status;

    tn_os_mutex_lock(&module->lock);
    if (module->code[mode] == NULL)
        status = tn_fail_plain(err, TENON_USAGE, "nobody has asked for code");
    else
        status = add_bound(module, image, err);
    if (status == TENON_OK)
        bind_to_entries(module, module->bound[mode], mode);
    tn_os_mutex_unlock(&module->lock);
    if (status != TENON_OK)
        tn_native_code->image_delete(image);
    return status;
}

tenon_status tenon_module_add_code(tenon_module *module, const void *image, size_t size, tenon_error *err)
{
    tn_image *made;

    tn_error_clear(err);
    if (tn_native_code == NULL)
        return tn_fail_plain(err, TENON_UNSUPPORTED, "this build cannot run compiled code");
    TN_TRY(tn_native_code->image_new(module, image, size, &made, err));
    return tn_module_add_image(module, made, err);
}

bool tn_bind_images(tenon_instance *in)
{
    tenon_module *module = in->module;
    const tn_bound_image *bound = module->bound[in->entries_mode];

    if (tn_native_code == NULL || (bound == NULL && module->engine->service == NULL))
        return true;
    if (!make_types(module))
        return false;
    in->types = module->types;
    in->exit_stub = tn_native_code->exit_stub;
    return true;
}

void tn_images_delete(tenon_module *module)
{
    tn_mem *mem = &module->mem;

    for (int i = 0; i < 2; i++)
        for (tn_bound_image *bound = module->bound[i], *next; bound != NULL; bound = next) {
            next = bound->next;
            tn_native_code->image_delete(bound->image);
            tn_free(mem, bound, bound_size(module));
        }
    tn_free(mem, module->types, (module->core.type_count + 1) * sizeof *module->types);
}

bool tn_module_has_code(const tenon_module *module, tenon_bounds bounds, uint32_t own)
{
    const tn_entry *entries = module->engine->tier->entries(module->code[bounds]);

    return __atomic_load_n(&entries[own].native, __ATOMIC_ACQUIRE) != NULL;
}

/* Code that was made before is paid for before there is more. */
void tn_ask_for_code(tenon_instance *in, uint32_t own, uint32_t loop)
{
    const tn_request request = {
        .module = in->module, .bounds = (tenon_bounds)in->entries_mode, .own = own, .loop = loop
    };

    if (tn_tenant_settle(in->store->tenant, in->module))
        tn_native_code->request(in->module->engine->service, &request);
}

bool tn_enter_native(tenon_instance *in, const tn_entry *entry, tn_slot *slots, const tn_segment *from)
{
    tn_native_stack *n = in->native;
    tn_segment segment = *from;

    segment.outer = n->segment;
    n->segment = &segment;
    int why = tn_native_enter(&segment, in, slots, entry);
    n->segment = segment.outer;
    return why == 0;
}

/* ---- leaves ---- */

#define TN_LEAF(id, result, parameters) static result leaf_##id parameters;
#define TN_EXIT(id)
#include "runtime/vm/builtins.def"
#undef TN_LEAF
#undef TN_EXIT

static tenon_trap leaf_MEMORY_COPY(tenon_instance *in, uint32_t to, uint32_t from, uint64_t d, uint64_t s, uint64_t n)
{
    return tn_memory_copy(in, to, from, d, s, n);
}

static tenon_trap leaf_MEMORY_FILL(tenon_instance *in, uint32_t memory, uint64_t at, uint32_t value, uint64_t n)
{
    return tn_memory_fill(in, memory, at, (uint8_t)value, n);
}

static tenon_trap leaf_MEMORY_INIT(tenon_instance *in, uint32_t segment, uint32_t memory, uint64_t d, uint32_t s,
                                   uint32_t n)
{
    return tn_memory_init(in, memory, segment, d, s, n);
}

static tenon_trap leaf_TABLE_COPY(tenon_instance *in, uint32_t to, uint32_t from, uint64_t d, uint64_t s, uint64_t n)
{
    return tn_table_copy(in, to, from, d, s, n);
}

static tenon_trap leaf_TABLE_FILL(tenon_instance *in, uint32_t table, uint64_t at, uint64_t value, uint64_t n)
{
    return tn_table_fill(in, table, at, value, n);
}

static tenon_trap leaf_TABLE_INIT(tenon_instance *in, uint32_t segment, uint32_t table, uint64_t d, uint32_t s,
                                  uint32_t n)
{
    return tn_table_init(in, table, segment, d, s, n);
}

static uint64_t leaf_REF_FUNC(tenon_instance *in, uint32_t func)
{
    return (uintptr_t)tn_instance_func(in, func);
}

static uint32_t leaf_IS_SUBTYPE(tenon_instance *in, const tn_type *sub, const tn_type *super)
{
    return tn_is_subtype_id(in->store->engine->types, sub->id, super->id);
}

static tenon_trap leaf_ATOMIC_WAIT(tenon_instance *in, uint32_t memory)
{
    return in->memories[memory]->type.shared ? TENON_TRAP_UNSUPPORTED : TENON_TRAP_UNSHARED_WAIT;
}

void *const tn_leaves[] = {
#define TN_LEAF(id, result, parameters) (void *)leaf_##id,
#define TN_EXIT(id)
#include "runtime/vm/builtins.def"
#undef TN_LEAF
#undef TN_EXIT
};

/* ---- exits ---- */

static tn_exit_result value(uint64_t value)
{
    return (tn_exit_result){ value, NULL };
}

static _Noreturn void end_guest(tenon_instance *in, tenon_trap trap)
{
    tenon_store *store = in->store;
    uintptr_t pc, fp;

    tn_native_code->exit_place(store->native.segment, &pc, &fp);
    tn_note_native(store, pc - 1, fp);
    tn_end_guest(store, trap);
}

/* The exception goes on: in a landing pad of this segment, or with whoever has entered it. */
static tn_exit_result throw(tenon_instance *in, tn_exception *e)
{
    tn_native_stack *n = in->native;
    void *landing = tn_native_code->find_landing(n->segment, (uintptr_t)e);

    if (landing != NULL) {
        in->store->pending = NULL;
        return (tn_exit_result){ 0, landing };
    }
    in->store->pending = e;
    tn_native_code->leave(n->segment, TN_LEFT_BY_EXCEPTION);
}

static tn_exit_result exit_THROW(tenon_instance *in, uint64_t a, uint64_t b)
{
    tn_exception *e = tn_exception_new(in->store, in->tags[a], in->buffer, in->store->stack_top);

    (void)b;
    if (e == NULL)
        end_guest(in, TENON_TRAP_OUT_OF_MEMORY);
    return throw(in, e);
}

static tn_exit_result exit_THROW_REF(tenon_instance *in, uint64_t a, uint64_t b)
{
    (void)b;
    return throw(in, (tn_exception *)(uintptr_t)a);
}

static tn_exit_result exit_TRAP(tenon_instance *in, uint64_t a, uint64_t b)
{
    (void)b;
    end_guest(in, (tenon_trap)a);
}

/* A guest that does little else is to be stopped here. */
static tn_exit_result value_unless_interrupted(tenon_instance *in, uint64_t result)
{
    if (tn_must_end(in->store))
        end_guest(in, TENON_TRAP_INTERRUPTED);
    return value(result);
}

static tn_exit_result exit_MEMORY_GROW(tenon_instance *in, uint64_t a, uint64_t b)
{
    return value_unless_interrupted(in, tn_memory_grow(in->memories[a], b));
}

static tn_exit_result exit_TABLE_GROW(tenon_instance *in, uint64_t a, uint64_t b)
{
    return value_unless_interrupted(in, tn_table_grow(in->tables[a], b, in->buffer[0].ref));
}

static tn_exit_result exit_FUEL(tenon_instance *in, uint64_t a, uint64_t b)
{
    tenon_trap trap = tn_burn_more(in->store, a);

    (void)b;
    if (trap != TENON_TRAP_NONE)
        end_guest(in, trap);
    return value(0);
}

/* A host function has returned. */
static tn_exit_result host_returned(tenon_instance *in, tenon_status status, uint64_t result)
{
    tenon_store *store = in->store;

    if (tn_must_end(store)) {
        store->pending = NULL;
        end_guest(in, TENON_TRAP_INTERRUPTED);
    }
    if (TN_LIKELY(status == TENON_OK))
        return value(result);
    if (status == TENON_EXCEPTION && store->pending != NULL)
        return throw(in, store->pending);
    store->pending = NULL;
    store->host_status = status;
    end_guest(in, TENON_TRAP_HOST);
}

static tn_exit_result call_host(tenon_instance *in, tenon_func *func, tn_slot *args)
{
    return host_returned(in, tn_call_host(func, in, args), 0);
}

tn_exit_result tn_host_returned(tenon_caller *caller, uint64_t integer, double floating)
{
    const tn_type *type = caller->func->type;
    bool is_floating = type->result_count > 0 && (*tn_type_results(type) == TN_F32 || *tn_type_results(type) == TN_F64);
    tn_slot result = { .f64 = floating };
    tenon_status status = caller->status;

    if (!is_floating)
        result.i64 = integer;
    if (status == TENON_SUSPENDED)
        status = tn_wait_for_answer(caller->func, &result);
    return host_returned(caller->instance, status, result.i64);
}

/* Compiled code is to go on in other compiled code. */
static tn_exit_result go_to(tenon_instance *in, tenon_func *func, const tn_slot *args)
{
    uint32_t slots = func->type->param_slots;

    if (slots > 0)
        memmove(in->buffer, args, slots * sizeof *args);
    in->buffer[TN_CALLEE_SLOT].pointer = func->entry->native;
    in->buffer[TN_CALLEE_SLOT - 1].pointer = func->instance;
    return value((uintptr_t)func->entry->gate->reenter);
}

static tn_exit_result run_guest(tenon_instance *in, tenon_func *func, tn_slot *args)
{
    tenon_store *store = in->store;
    tn_left left = store->engine->tier->run(func, args, true);

    if (left == TN_LEFT_TAIL) {
        tenon_func *next = store->tail;
        store->tail = NULL;
        return go_to(in, next, store->tail_args);
    }
    if (left == TN_LEFT_DONE)
        return value(0);
    if (store->pending != NULL)
        return throw(in, store->pending);
    tn_end_guest(store, store->activation->trap);
}

static bool is_stack_low(void)
{
    return (uintptr_t)__builtin_frame_address(0) < tn_stack_limit(tn_thread_of());
}

static tn_exit_result exit_CALL(tenon_instance *in, uint64_t a, uint64_t b)
{
    tenon_store *store = in->store;
    tenon_func *func = in->buffer[TN_CALLEE_SLOT].pointer;
    uint32_t slots = tn_call_slots(func->type), params = func->type->param_slots;
    tn_slot *args = store->stack_top;

    (void)a;
    (void)b;
    if (func->instance != NULL && __atomic_load_n(&func->entry->native, __ATOMIC_ACQUIRE) != NULL)
        return go_to(in, func, in->buffer);
    if ((size_t)(store->stack_limit - args) < slots || is_stack_low())
        end_guest(in, TENON_TRAP_STACK_EXHAUSTED);
    if (params > 0)
        memcpy(args, in->buffer, params * sizeof *args);
    tn_exit_result result = func->instance == NULL ? call_host(in, func, args) : run_guest(in, func, args);
    if (result.landing == NULL && result.value == 0 && func->type->result_slots > 0)
        memcpy(in->buffer, args, func->type->result_slots * sizeof *args);
    return result;
}

tn_exit_result tn_exit(tenon_instance *in, uint64_t exit, uint64_t a, uint64_t b)
{
    static tn_exit_result (*const exits[])(tenon_instance *, uint64_t, uint64_t) = {
#define TN_LEAF(id, result, parameters)
#define TN_EXIT(id) exit_##id,
#include "runtime/vm/builtins.def"
#undef TN_LEAF
#undef TN_EXIT
    };
    TN_CHECK(exit < TN_EXIT_COUNT);
    return exits[exit](in, a, b);
}
