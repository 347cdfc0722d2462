/* SPDX-License-Identifier: MIT
 * Calls from the host into guests: values of the host to slots of the guest and back.
 */
#include <string.h>

#include "base/assert.h"
#include "runtime/vm/runtime.h"
#include "runtime/vm/stacks.h"
#include "tenon/refs.h"

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

tn_valtype tn_inner_type(tenon_type type)
{
    switch (type) {
    case TENON_FUNCREF:
        return TN_FUNCREF;
    case TENON_EXTERNREF:
        return TN_EXTERNREF;
    case TENON_EXNREF:
        return TN_EXNREF;
    case TENON_ANYREF:
        return TN_REF_NULL_ABSTRACT(TN_HEAP_ANY);
    default:
        return (tn_valtype)type;
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

void tn_val_to_slots(const tenon_val *val, tn_slot *slots)
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

/* ---- host to guest ---- */

bool tn_val_fits(const tenon_store *store, tn_valtype t, const tenon_val *val)
{
    const tn_types *types = store->engine->types;

    if (!tn_is_ref(t))
        return val->type == (tenon_type)t;
    if (val->type != tn_public_type(types, t))
        return false;
    if (val->of.ref == 0)
        return tn_is_nullable(t);
    switch (tn_heap_top(types, t)) {
    case TN_HEAP_FUNC:
        return val->of.func->store == store && tn_is_subtype(types, TN_REF_TYPE(val->of.func->type->id), t);
    case TN_HEAP_EXTERN:
        return tn_is_subtype(types, TN_REF_ABSTRACT(TN_HEAP_EXTERN), t);
    case TN_HEAP_EXN:
        return tn_is_subtype(types, TN_REF_ABSTRACT(TN_HEAP_EXN), t) && tn_is_exception(store, val->of.ref);
    default:
        return tn_is_subtype(types, TN_REF_ABSTRACT(TN_HEAP_I31), t) && tenon_i31_is(val->of.ref);
    }
}

tenon_status tn_check_call(const tenon_func *func, const tenon_val *args, size_t arg_count, size_t result_count,
                           tenon_error *err)
{
    const tn_type *type = func->type;

    if (arg_count != type->param_count || result_count != type->result_count)
        return tn_fail_plain(err, TENON_USAGE, "the function takes %u arguments and gives %u results, not %zu and %zu",
                             (unsigned)type->param_count, (unsigned)type->result_count, arg_count, result_count);
    for (size_t i = 0; i < arg_count; i++) {
        char text[48];
        if (!tn_val_fits(func->store, type->types[i], &args[i]))
            return tn_fail_plain(err, TENON_USAGE, "argument %zu is not a %s", i + 1,
                                 tn_valtype_text(type->types[i], text, sizeof text));
    }
    return TENON_OK;
}

static void take_results(const tenon_func *func, const tn_slot *slots, tenon_val *results)
{
    const tn_type *type = func->type;

    for (size_t i = 0, at = 0; i < type->result_count; at += tn_slots_of(tn_type_results(type)[i++]))
        tn_value_to_val(tn_type_results(type)[i], func->store->engine->types, slots + at, &results[i]);
}

/* The arguments fit. */
static tenon_status call(tenon_func *func, const tenon_val *args, size_t arg_count, tenon_val *results,
                         tenon_error *err)
{
    const tenon_store *store = func->store;
    const tn_type *type = func->type;
    tn_slot *slots = store->stack_top;

    if ((size_t)(store->stack_limit - slots) < tn_call_slots(type))
        return tn_fail_trap(err, TENON_TRAP_STACK_EXHAUSTED);
    for (size_t i = 0, at = 0; i < arg_count; at += tn_slots_of(type->types[i++]))
        tn_val_to_slots(&args[i], slots + at);
    if (func->instance == NULL)
        TN_TRY(tn_call_host(func, NULL, slots));
    else
        TN_TRY(tn_run(func, slots, err));
    take_results(func, slots, results);
    return TENON_OK;
}

tenon_status tenon_func_call(tenon_func *func, const tenon_val *args, size_t arg_count, tenon_val *results,
                             size_t result_count, tenon_error *err)
{
    bool attaches = func->store->stacks == NULL;

    tn_error_clear(err);
    TN_TRY(tn_check_call(func, args, arg_count, result_count, err));
    if (!attaches)
        return call(func, args, arg_count, results, err);
    tenon_status status = tn_stacks_attach(func->store);
    if (status != TENON_OK)
        return tn_fail_plain(err, status, "no stacks for the call: %s", tenon_status_text(status));
    status = call(func, args, arg_count, results, err);
    tn_stacks_detach(func->store);
    return status;
}
