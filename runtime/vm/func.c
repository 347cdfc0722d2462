/* SPDX-License-Identifier: MIT
 * Functions at the border: values of the host to slots of the guest and back.
 */
#include <string.h>

#include "base/assert.h"
#include "runtime/vm/runtime.h"

tenon_type tn_public_type(const tn_types *types, tn_valtype t)
{
    if (!tn_is_ref(t))
        return (tenon_type)t;
    switch (tn_heap_top(types, t)) {
    case TN_HEAP_FUNC:
        return TENON_FUNCREF;
    case TN_HEAP_EXTERN:
        return TENON_EXTERNREF;
    case TN_HEAP_EXN:
        return TENON_EXNREF;
    default:
        return TENON_ANYREF;
    }
}

void tn_value_to_val(tn_valtype t, const tn_types *types, const tn_slot *slots, tenon_val *out)
{
    memset(out, 0, sizeof *out);
    out->type = tn_public_type(types, t);
    if (t == TN_V128)
        memcpy(out->of.v128, slots, 16);
    else if (t == TN_I32 || t == TN_F32)
        out->of.i32 = (int32_t)slots->i32;
    else
        out->of.i64 = (int64_t)slots->i64;
}

static void val_to_slots(const tenon_val *val, tn_slot *slots)
{
    if (val->type == TENON_V128)
        memcpy(slots, val->of.v128, 16);
    else if (val->type == TENON_I32 || val->type == TENON_F32)
        slots->i64 = (uint32_t)val->of.i32;
    else
        slots->i64 = (uint64_t)val->of.i64;
}

/* ---- types ---- */

size_t tenon_func_param_count(const tenon_func *func)
{
    return func->type->param_count;
}

size_t tenon_func_result_count(const tenon_func *func)
{
    return func->type->result_count;
}

tenon_type tenon_func_param_type(const tenon_func *func, size_t index)
{
    return tn_public_type(func->store->engine->types, func->type->types[index]);
}

tenon_type tenon_func_result_type(const tenon_func *func, size_t index)
{
    return tn_public_type(func->store->engine->types, tn_type_results(func->type)[index]);
}

static void *copy_types(const tenon_type *types, size_t count, tn_valtype *out)
{
    for (size_t i = 0; i < count; i++) {
        switch (types[i]) {
        case TENON_FUNCREF:
            out[i] = TN_FUNCREF;
            break;
        case TENON_EXTERNREF:
            out[i] = TN_EXTERNREF;
            break;
        case TENON_EXNREF:
            out[i] = TN_EXNREF;
            break;
        case TENON_ANYREF:
            out[i] = TN_REF_NULL_ABSTRACT(TN_HEAP_ANY);
            break;
        default:
            out[i] = (tn_valtype)types[i];
        }
    }
    return out;
}

tenon_status tenon_func_new(tenon_store *store, const tenon_type *params, size_t param_count, const tenon_type *results,
                            size_t result_count, tenon_callback callback, void *context, tenon_func **out)
{
    tn_valtype types[32], *list = types;
    uint32_t id;

    if (param_count > TN_MAX_PARAMS || result_count > TN_MAX_RESULTS)
        return TENON_USAGE;
    if (param_count + result_count > 32)
        list = tn_arena_alloc(&store->arena, param_count + result_count, sizeof *list);
    tenon_func *func = tn_arena_alloc(&store->arena, 1, sizeof *func);
    if (func == NULL || list == NULL)
        return TENON_NOMEM;
    copy_types(params, param_count, list);
    copy_types(results, result_count, list + param_count);
    tn_type_spec spec = { .comp = TN_COMP_FUNC,
                          .final = true,
                          .super = TN_NO_TYPE,
                          .param_count = (uint32_t)param_count,
                          .result_count = (uint32_t)result_count,
                          .types = list };
    /* The type stays for the engine's life: host functions are few and their types fewer. */
    TN_TRY(tn_types_add(store->engine->types, &spec, 1, &id));
    *func = (tenon_func){ .type = tn_types_get(store->engine->types, id),
                          .index = TENON_NO_INDEX,
                          .store = store,
                          .callback = callback,
                          .context = context };
    *out = func;
    return TENON_OK;
}

/* ---- guest to host ---- */

static tenon_status call_back(tenon_func *func, tenon_instance *caller, tn_slot *args, tenon_val *vals)
{
    const tn_type *type = func->type;
    const tn_types *types = func->store->engine->types;
    tenon_caller record = { .instance = caller, .store = func->store };
    tenon_val *results = vals + type->param_count;

    for (uint32_t i = 0, at = 0; i < type->param_count; at += tn_slots_of(type->types[i++]))
        tn_value_to_val(type->types[i], types, args + at, &vals[i]);
    for (uint32_t i = 0; i < type->result_count; i++) {
        memset(&results[i], 0, sizeof results[i]);
        results[i].type = tn_public_type(types, tn_type_results(type)[i]);
    }
    TN_TRY(func->callback(func->context, &record, vals, results));
    for (uint32_t i = 0, at = 0; i < type->result_count; at += tn_slots_of(tn_type_results(type)[i++])) {
        results[i].type = tn_public_type(types, tn_type_results(type)[i]);
        val_to_slots(&results[i], args + at);
    }
    return TENON_OK;
}

/* args lie at or above the guest's frame; stack_top moves above them while the host runs. */
tenon_status tn_call_host(tenon_func *func, tenon_instance *caller, tn_slot *args)
{
    const tn_type *type = func->type;
    tenon_store *store = func->store;
    tenon_val small[16], *vals = small;
    size_t count = (size_t)type->param_count + type->result_count;
    uint32_t slots = type->param_slots > type->result_slots ? type->param_slots : type->result_slots;

    if ((size_t)(store->stack_limit - args) < slots)
        return TENON_LIMIT;
    if (count > 16) {
        vals = tn_alloc(&store->engine->mem, count * sizeof *vals);
        if (vals == NULL)
            return TENON_NOMEM;
    }
    tn_slot *top = store->stack_top;
    store->stack_top = args + slots;
    tenon_status status = call_back(func, caller, args, vals);
    store->stack_top = top;
    if (vals != small)
        tn_free(&store->engine->mem, vals, count * sizeof *vals);
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

/* ---- host to guest ---- */

static bool fits(const tn_types *types, tn_valtype t, const tenon_val *val)
{
    if (val->type != tn_public_type(types, t))
        return false;
    if (!tn_is_ref(t))
        return true;
    if (val->of.ref == 0)
        return tn_is_nullable(t);
    if (val->type == TENON_FUNCREF)
        return tn_is_subtype(types, TN_REF_TYPE(val->of.func->type->id), t);
    return tn_is_abstract(t);
}

static tenon_status check_call(const tenon_func *func, const tenon_val *args, size_t arg_count, size_t result_count,
                               tenon_error *err)
{
    const tn_type *type = func->type;

    if (arg_count != type->param_count || result_count != type->result_count)
        return tn_fail_plain(err, TENON_USAGE, "the function takes %u arguments and gives %u results, not %zu and %zu",
                             (unsigned)type->param_count, (unsigned)type->result_count, arg_count, result_count);
    for (size_t i = 0; i < arg_count; i++) {
        char text[48];
        if (!fits(func->store->engine->types, type->types[i], &args[i]))
            return tn_fail_plain(err, TENON_USAGE, "argument %zu is not a %s", i + 1,
                                 tn_valtype_text(type->types[i], text, sizeof text));
    }
    return TENON_OK;
}

tenon_status tenon_func_call(tenon_func *func, const tenon_val *args, size_t arg_count, tenon_val *results,
                             size_t result_count, tenon_error *err)
{
    tenon_store *store = func->store;
    const tn_type *type = func->type;
    tn_slot *slots = store->stack_top;
    uint32_t needed = type->param_slots > type->result_slots ? type->param_slots : type->result_slots;

    tn_error_clear(err);
    TN_TRY(check_call(func, args, arg_count, result_count, err));
    if ((size_t)(store->stack_limit - slots) < needed)
        return tn_fail_trap(err, TENON_TRAP_STACK_EXHAUSTED);
    for (size_t i = 0, at = 0; i < arg_count; at += tn_slots_of(type->types[i++]))
        val_to_slots(&args[i], slots + at);
    if (func->instance == NULL)
        TN_TRY(tn_call_host(func, NULL, slots));
    else
        TN_TRY(store->engine->tier->run(func, slots, err));
    for (size_t i = 0, at = 0; i < result_count; at += tn_slots_of(tn_type_results(type)[i++]))
        tn_value_to_val(tn_type_results(type)[i], store->engine->types, slots + at, &results[i]);
    return TENON_OK;
}
