/* SPDX-License-Identifier: MIT
 * Host functions: what the host gives to guests to call, and the handle through which they see their caller.
 *
 * Every host function has a packed entry; one made with a tenon_callback has an entry of ours that converts slots to
 * values and back. What comes back from a host is brought into the form that guests rely on (i32 zero-extended).
 */
#include <string.h>

#include "base/assert.h"
#include "runtime/vm/fiber.h"
#include "runtime/vm/runtime.h"

/* ---- making them ---- */

tenon_status tn_host_type(tenon_store *store, const tenon_type *params, size_t param_count, const tenon_type *results,
                          size_t result_count, const tn_type **out)
{
    tn_valtype types[32], *list = types;
    uint32_t id;

    if (param_count > TN_MAX_PARAMS || result_count > TN_MAX_RESULTS)
        return TENON_USAGE;
    if (param_count + result_count > 32)
        list = tn_arena_alloc(&store->arena, param_count + result_count, sizeof *list);
    if (list == NULL)
        return TENON_NOMEM;
    for (size_t i = 0; i < param_count; i++)
        list[i] = tn_inner_type(params[i]);
    for (size_t i = 0; i < result_count; i++)
        list[param_count + i] = tn_inner_type(results[i]);
    tn_type_spec spec = { .comp = TN_COMP_FUNC,
                          .final = true,
                          .super = TN_NO_TYPE,
                          .param_count = (uint32_t)param_count,
                          .result_count = (uint32_t)result_count,
                          .types = list };
    TN_TRY(tn_types_add(store->engine->types, &spec, 1, &id));
    *out = tn_types_get(store->engine->types, id);
    return TENON_OK;
}

/* The entry of functions that compiled code cannot call directly. */
static const tn_entry no_code;

static tenon_status func_new(tenon_store *store, const tn_type *type, tenon_packed packed, void *context,
                             tenon_func **out)
{
    tn_host_func *host = tn_alloc_zeroed(&store->engine->mem, sizeof *host);

    if (host == NULL)
        return TENON_NOMEM;
    host->func = (tenon_func){ .type = type,
                               .entry = &no_code,
                               .callee = &host->func,
                               .native = &store->native,
                               .index = TENON_NO_INDEX,
                               .store = store,
                               .packed = packed,
                               .context = context };
    tn_types_hold(store->engine->types, type->id);
    host->next = store->host_funcs;
    store->host_funcs = host;
    *out = &host->func;
    return TENON_OK;
}

void tn_host_func_delete(tn_host_func *host)
{
    if (host->finalizer != NULL)
        host->finalizer(host->func.context);
    tn_types_release(host->func.store->engine->types, host->func.type->id);
    tn_free(&host->func.store->engine->mem, host, sizeof *host);
}

tenon_status tenon_func_set_finalizer(tenon_func *func, void (*finalizer)(void *context))
{
    if (func->instance != NULL)
        return TENON_USAGE;
    ((tn_host_func *)func)->finalizer = finalizer;
    return TENON_OK;
}

/* What needs a capability is not called directly. */
tenon_status tenon_func_set_capability(tenon_func *func, tenon_capability capability)
{
    if (func->instance != NULL || (unsigned)capability > TENON_CAPABILITY_LAST)
        return TENON_USAGE;
    func->capability = (uint8_t)capability;
    if (capability != TENON_CAPABILITY_NONE)
        func->entry = &no_code;
    return TENON_OK;
}

/* The packed entry of functions made with a tenon_callback. */
static tenon_status convert(tenon_caller *caller, const tn_slot *args, tenon_val *vals)
{
    const tn_type *type = caller->func->type;
    const tn_types *types = caller->store->engine->types;
    tenon_val *results = vals + type->param_count;

    for (uint32_t i = 0, at = 0; i < type->param_count; at += tn_slots_of(type->types[i++]))
        tn_value_to_val(type->types[i], types, args + at, &vals[i]);
    for (uint32_t i = 0; i < type->result_count; i++) {
        memset(&results[i], 0, sizeof results[i]);
        results[i].type = tn_public_type(types, tn_type_results(type)[i]);
    }
    return caller->func->callback(caller->func->context, caller, vals, results);
}

/* What guests do with a reference rests on its type. */
static tenon_status take_results(const tenon_caller *caller, tenon_val *results, tn_slot *out)
{
    const tn_type *type = caller->func->type;
    const tn_valtype *types = tn_type_results(type);

    for (uint32_t i = 0; i < type->result_count; out += tn_slots_of(types[i++])) {
        results[i].type = tn_public_type(caller->store->engine->types, types[i]);
        if (tn_is_ref(types[i]) && !tn_val_fits(caller->store, types[i], &results[i]))
            return TENON_USAGE;
        tn_val_to_slots(&results[i], out);
    }
    return TENON_OK;
}

static tenon_status call_back(tenon_caller *caller, tenon_slot *slots)
{
    const tn_type *type = caller->func->type;
    tn_mem *mem = &caller->store->engine->mem;
    size_t count = (size_t)type->param_count + type->result_count;
    tenon_val small[16], *vals = small;
    tn_slot *args = (tn_slot *)slots;

    if (count > 16)
        vals = tn_alloc(mem, count * sizeof *vals);
    if (vals == NULL)
        return TENON_NOMEM;
    tenon_status status = convert(caller, args, vals);
    if (status == TENON_OK)
        status = take_results(caller, vals + type->param_count, args);
    if (vals != small)
        tn_free(mem, vals, count * sizeof *vals);
    return status;
}

tenon_status tenon_func_new(tenon_store *store, const tenon_type *params, size_t param_count, const tenon_type *results,
                            size_t result_count, tenon_callback callback, void *context, tenon_func **out)
{
    const tn_type *type;

    TN_TRY(tn_host_type(store, params, param_count, results, result_count, &type));
    tenon_status status = tn_func_new_typed(store, type, callback, context, out);
    tn_types_release(store->engine->types, type->id);
    return status;
}

tenon_status tn_func_new_typed(tenon_store *store, const tn_type *type, tenon_callback callback, void *context,
                               tenon_func **out)
{
    TN_TRY(func_new(store, type, call_back, context, out));
    (*out)->callback = callback;
    return TENON_OK;
}

tenon_status tenon_func_new_entry(tenon_store *store, const tenon_entry *entry, void *context, tenon_func **out)
{
    const tn_type *type;

    TN_TRY(tn_host_type(store, entry->params, entry->param_count, entry->results, entry->result_count, &type));
    tenon_status status = func_new(store, type, entry->packed, context, out);
    tn_types_release(store->engine->types, type->id);
    TN_TRY(status);
    if (entry->typed != NULL && tn_native_code != NULL && store->engine->signals != TENON_SIGNALS_NONE &&
        tn_native_code->takes_registers(type)) {
        (*out)->typed = entry->typed;
        (*out)->entry = tn_native_code->host_entry;
    }
    return TENON_OK;
}

static tenon_status stub_trap(tenon_caller *caller, tenon_slot *slots)
{
    (void)caller;
    (void)slots;
    return TENON_TRAP;
}

static tenon_status stub_default(tenon_caller *caller, tenon_slot *slots)
{
    const tn_type *type = caller->func->type;

    for (uint32_t i = 0; i < type->result_count; i++)
        if (!tn_is_defaultable(tn_type_results(type)[i]))
            return TENON_TRAP;
    memset(slots, 0, type->result_slots * sizeof *slots);
    return TENON_OK;
}

tenon_status tn_func_new_stub(tenon_store *store, const tn_type *type, tenon_stub stub, tenon_func **out)
{
    return func_new(store, type, stub == TENON_STUB_TRAP ? stub_trap : stub_default, NULL, out);
}

/* ---- calling them ---- */

tenon_status tn_wait_for_answer(tenon_func *func, tn_slot *results)
{
    tn_fiber *fiber = tn_thread_of()->fiber;

    return fiber != NULL ? fiber->wait(fiber, func, results) : TENON_USAGE;
}

bool tn_host_allowed(const tenon_func *func)
{
    return tn_tenant_allow_calls(func->store);
}

void tn_host_refused(tenon_caller *caller)
{
    tenon_tenant *tenant = caller->store->tenant;

    caller->status = TENON_LIMIT;
    tn_tenant_complain(tenant, "the tenant's limit of %llu host calls is reached",
                       (unsigned long long)tenant->limits.meters[TENON_METER_HOST_CALLS]);
}

/* A guest is about to call the function. */
static tenon_status admit_call(tenon_func *func)
{
    uint64_t *left = &func->store->native.host_calls;

    if (*left == 0 && !tn_host_allowed(func)) {
        tenon_caller caller = { .store = func->store };
        tn_host_refused(&caller);
        return caller.status;
    }
    __atomic_store_n(left, *left - 1, __ATOMIC_RELAXED);
    return func->capability == TENON_CAPABILITY_NONE ? TENON_OK : tn_permit(func);
}

/* args lie at or above the guest's frame; stack_top moves above them while the host runs. */
tenon_status tn_call_host(tenon_func *func, tenon_instance *instance, tn_slot *args)
{
    const tn_type *type = func->type;
    tenon_store *store = func->store;
    tenon_caller caller = { .instance = instance, .store = store, .func = func, .status = TENON_OK };
    uint32_t slots = tn_call_slots(type);
    tn_slot *top = store->stack_top;

    if ((size_t)(store->stack_limit - args) < slots)
        return TENON_LIMIT;
    if (instance != NULL)
        TN_TRY(admit_call(func));
    store->stack_top = args + slots;
    tenon_status status = func->packed(&caller, (tenon_slot *)args);
    if (TN_UNLIKELY(status == TENON_SUSPENDED))
        status = tn_wait_for_answer(func, args);
    store->stack_top = top;
    for (uint32_t i = 0, at = 0; i < type->result_count; at += tn_slots_of(tn_type_results(type)[i++]))
        if (tn_type_results(type)[i] == TN_I32 || tn_type_results(type)[i] == TN_F32)
            args[at].i64 = args[at].i32;
    return status;
}

tenon_instance *tenon_caller_instance(tenon_caller *caller)
{
    return caller->instance;
}

tenon_store *tenon_caller_store(tenon_caller *caller)
{
    return caller->store;
}

tenon_tenant *tenon_caller_tenant(tenon_caller *caller)
{
    return caller->store->tenant;
}

void *tenon_caller_context(tenon_caller *caller)
{
    return caller->func->context;
}

tenon_memory *tenon_caller_memory(tenon_caller *caller)
{
    tenon_instance *in = caller->instance;

    if (in == NULL || in->module->core.memory_count == 0)
        return NULL;
    return in->memories[in->module->main_memory];
}

void tenon_caller_fail(tenon_caller *caller, tenon_status status)
{
    caller->status = status;
}

tenon_status tenon_caller_status(const tenon_caller *caller)
{
    return caller->status;
}

bool tenon_caller_interrupted(const tenon_caller *caller)
{
    const int only = TN_INTERRUPT_LOOK | TN_INTERRUPT_YIELD;

    return (atomic_load_explicit(&caller->store->interrupt, memory_order_relaxed) & ~only) != 0;
}
