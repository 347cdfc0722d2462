/* SPDX-License-Identifier: MIT
 * The internal convention: vmctx first, arguments in the target's registers, at most two results in registers; what is
 * left travels in the vmctx's buffer, where every value has the slot that its position gives it. Nothing is ever passed
 * on the stack, so a tail call between any two signatures is a jump.
 */
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "jit/llvm/compile.h"
#include "runtime/vm/vmctx.h"

#define REGISTER_RESULTS 2

/* ---- types ---- */

LLVMTypeRef tn_ir_type(const tn_unit *u, tn_valtype t)
{
    switch (t) {
    case TN_I32:
        return u->t.i32;
    case TN_F32:
        return u->t.f32;
    case TN_F64:
        return u->t.f64;
    case TN_V128:
        return u->t.v128;
    default:
        return u->t.i64;
    }
}

/* Which parameters travel in registers: walks through them in order. */
typedef struct seats {
    unsigned integers, floats;
} seats;

static bool takes_register(const tn_unit *u, seats *taken, tn_valtype t)
{
    if (t == TN_F32 || t == TN_F64 || t == TN_V128)
        return taken->floats < u->job->target->float_args && ++taken->floats;
    return taken->integers < u->job->target->integer_args && ++taken->integers;
}

static LLVMTypeRef result_type(const tn_unit *u, const tn_type *type)
{
    const tn_valtype *results = tn_type_results(type);
    LLVMTypeRef two[REGISTER_RESULTS];

    if (type->result_count == 0)
        return u->t.void_;
    if (type->result_count == 1)
        return tn_ir_type(u, results[0]);
    for (int i = 0; i < REGISTER_RESULTS; i++)
        two[i] = tn_ir_type(u, results[i]);
    return LLVMStructTypeInContext(u->context, two, REGISTER_RESULTS, false);
}

LLVMTypeRef tn_function_type(tn_unit *u, const tn_type *type)
{
    LLVMTypeRef params[TN_MAX_REGISTER_ARGS];
    unsigned count = 0;
    seats taken = { 0, 0 };

    params[count++] = u->t.ptr;
    for (uint32_t i = 0; i < type->param_count; i++)
        if (takes_register(u, &taken, type->types[i]))
            params[count++] = tn_ir_type(u, type->types[i]);
    return LLVMFunctionType(result_type(u, type), params, count, false);
}

uint32_t tn_type_index(const tn_job *job, const tn_type *type)
{
    return job->first_type[type->id];
}

/* ---- functions ---- */

static void add_enum(const tn_unit *u, LLVMValueRef function, const char *name, uint64_t value)
{
    unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));

    LLVMAddAttributeAtIndex(function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
                            LLVMCreateEnumAttribute(u->context, kind, value));
}

static void add_text(const tn_unit *u, LLVMValueRef function, const char *key, const char *value)
{
    LLVMAddAttributeAtIndex(
        function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
        LLVMCreateStringAttribute(u->context, key, (unsigned)strlen(key), value, (unsigned)strlen(value)));
}

static void add_to_call(const tn_unit *u, LLVMValueRef call, const char *name, uint64_t value)
{
    unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));

    LLVMAddCallSiteAttribute(call, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
                             LLVMCreateEnumAttribute(u->context, kind, value));
}

void tn_add_attribute(const tn_unit *u, LLVMValueRef call, const char *name)
{
    add_to_call(u, call, name, 0);
}

void tn_hide_effects(const tn_unit *u, LLVMValueRef call)
{
    /* LLVM's MemoryEffects: two bits, read and write, for each of argument memory and inaccessible memory. */
    add_to_call(u, call, "memory", 3 << 2);
}

/* Frame pointers for backtraces; large frames touch every page, so that none reaches beyond the guard of the stack;
 * tables of saved registers for exceptions; no call that nobody wrote. */
void tn_set_function_attributes(tn_unit *u, LLVMValueRef function)
{
    add_text(u, function, "frame-pointer", "all");
    add_text(u, function, "no-builtins", "");
    add_text(u, function, "probe-stack", "inline-asm");
    add_enum(u, function, "uwtable", 1);
}

static LLVMValueRef declare(tn_unit *u, const char *name, LLVMTypeRef type, unsigned convention)
{
    LLVMValueRef function = LLVMGetNamedFunction(u->module, name);

    if (function != NULL)
        return function;
    function = LLVMAddFunction(u->module, name, type);
    LLVMSetFunctionCallConv(function, convention);
    LLVMSetVisibility(function, LLVMHiddenVisibility);
    tn_set_function_attributes(u, function);
    return function;
}

/* A name by position in a list of the job. */
static LLVMValueRef declare_numbered(tn_unit *u, char letter, uint32_t number, LLVMTypeRef type)
{
    char name[16];

    snprintf(name, sizeof name, "%c%u", letter, (unsigned)number);
    return declare(u, name, type, TN_CONVENTION);
}

LLVMValueRef tn_declare_function(tn_unit *u, uint32_t func)
{
    const tn_module *m = u->job->module;

    return declare_numbered(u, 'f', func - m->imported_funcs, tn_function_type(u, tn_module_func_type(m, func)));
}

LLVMValueRef tn_declare_slow_call(tn_unit *u, const tn_type *type)
{
    return declare_numbered(u, 's', tn_type_index(u->job, type), tn_function_type(u, type));
}

static const tn_type *type_of_loop(const tn_unit *u, uint32_t index)
{
    const tn_module *m = u->job->module;

    return tn_module_func_type(m, m->imported_funcs + u->job->loops[index].own);
}

static LLVMTypeRef loop_signature(tn_unit *u, uint32_t index)
{
    LLVMTypeRef params[2] = { u->t.ptr, u->t.ptr };

    return LLVMFunctionType(result_type(u, type_of_loop(u, index)), params, 2, false);
}

LLVMValueRef tn_declare_loop(tn_unit *u, uint32_t index)
{
    return declare_numbered(u, 'l', index, loop_signature(u, index));
}

/* ---- values in slots ---- */

LLVMValueRef tn_load_slot(tn_unit *u, LLVMValueRef slots, uint32_t at, tn_valtype t)
{
    LLVMValueRef load = LLVMBuildLoad2(u->builder, tn_ir_type(u, t), tn_at(u, slots, at * sizeof(tn_slot)), "");

    LLVMSetAlignment(load, t == TN_I32 || t == TN_F32 ? 4 : 8);
    tn_set_alias(u, load, TN_ALIAS_BUFFER);
    return load;
}

void tn_store_slot(tn_unit *u, LLVMValueRef slots, uint32_t at, tn_valtype t, LLVMValueRef value)
{
    if (t == TN_F32)
        value = LLVMBuildBitCast(u->builder, value, u->t.i32, "");
    if (t == TN_I32 || t == TN_F32)
        value = LLVMBuildZExt(u->builder, value, u->t.i64, "");
    LLVMValueRef store = LLVMBuildStore(u->builder, value, tn_at(u, slots, at * sizeof(tn_slot)));
    LLVMSetAlignment(store, 8);
    tn_set_alias(u, store, TN_ALIAS_BUFFER);
}

unsigned tn_pass_arguments(tn_unit *u, const tn_type *type, LLVMValueRef vmctx, LLVMValueRef buffer,
                           const LLVMValueRef *values, LLVMValueRef *out)
{
    unsigned count = 0;
    seats taken = { 0, 0 };

    out[count++] = vmctx;
    for (uint32_t i = 0, slot = 0; i < type->param_count; slot += tn_slots_of(type->types[i++])) {
        if (takes_register(u, &taken, type->types[i]))
            out[count++] = values[i];
        else
            tn_store_slot(u, buffer, slot, type->types[i], values[i]);
    }
    return count;
}

void tn_take_parameters(tn_unit *u, const tn_type *type, LLVMValueRef function, LLVMValueRef buffer, LLVMValueRef *out)
{
    unsigned count = 1;
    seats taken = { 0, 0 };

    for (uint32_t i = 0, slot = 0; i < type->param_count; slot += tn_slots_of(type->types[i++])) {
        if (takes_register(u, &taken, type->types[i]))
            out[i] = LLVMGetParam(function, count++);
        else
            out[i] = tn_load_slot(u, buffer, slot, type->types[i]);
    }
}

void tn_take_results(tn_unit *u, const tn_type *type, LLVMValueRef call, LLVMValueRef buffer, LLVMValueRef *out)
{
    const tn_valtype *results = tn_type_results(type);

    for (uint32_t i = 0, slot = 0; i < type->result_count; slot += tn_slots_of(results[i++])) {
        if (type->result_count == 1)
            out[i] = call;
        else if (i < REGISTER_RESULTS)
            out[i] = LLVMBuildExtractValue(u->builder, call, i, "");
        else
            out[i] = tn_load_slot(u, buffer, slot, results[i]);
    }
}

void tn_build_return(tn_unit *u, const tn_type *type, LLVMValueRef buffer, const LLVMValueRef *values)
{
    const tn_valtype *results = tn_type_results(type);

    if (type->result_count == 0) {
        LLVMBuildRetVoid(u->builder);
        return;
    }
    if (type->result_count == 1) {
        LLVMBuildRet(u->builder, values[0]);
        return;
    }
    LLVMValueRef pair = LLVMGetPoison(result_type(u, type));
    for (uint32_t i = 0, slot = 0; i < type->result_count; slot += tn_slots_of(results[i++])) {
        if (i < REGISTER_RESULTS)
            pair = LLVMBuildInsertValue(u->builder, pair, values[i], i, "");
        else
            tn_store_slot(u, buffer, slot, results[i], values[i]);
    }
    LLVMBuildRet(u->builder, pair);
}

/* ---- exits ---- */

LLVMTypeRef tn_exit_type(const tn_unit *u)
{
    LLVMTypeRef params[4] = { u->t.ptr, u->t.i64, u->t.i64, u->t.i64 };

    return LLVMFunctionType(u->t.i64, params, 4, false);
}

LLVMValueRef tn_load_exit_stub(tn_unit *u, LLVMValueRef vmctx)
{
    return tn_load_field(u, u->t.ptr, vmctx, offsetof(tenon_instance, exit_stub), TN_ALIAS_CONSTANT);
}

/* ---- gates ---- */

static LLVMValueRef load_buffer(tn_unit *u, LLVMValueRef vmctx)
{
    return tn_load_field(u, u->t.ptr, vmctx, offsetof(tenon_instance, buffer), TN_ALIAS_CONSTANT);
}

/* Copies what is not in a register from one list of slots to another. */
static void copy_rest(tn_unit *u, const tn_valtype *types, uint32_t count, bool results, LLVMValueRef from,
                      LLVMValueRef to)
{
    seats taken = { 0, 0 };

    for (uint32_t i = 0, slot = 0; i < count; slot += tn_slots_of(types[i++]))
        if (results ? i >= REGISTER_RESULTS : !takes_register(u, &taken, types[i]))
            tn_store_slot(u, to, slot, types[i], tn_load_slot(u, from, slot, types[i]));
}

/* vmctx and the arguments that travel in registers, from slots. */
static unsigned load_registers(tn_unit *u, const tn_type *type, LLVMValueRef vmctx, LLVMValueRef slots,
                               LLVMValueRef *out)
{
    unsigned count = 0;
    seats taken = { 0, 0 };

    out[count++] = vmctx;
    for (uint32_t i = 0, slot = 0; i < type->param_count; slot += tn_slots_of(type->types[i++]))
        if (takes_register(u, &taken, type->types[i]))
            out[count++] = tn_load_slot(u, slots, slot, type->types[i]);
    return count;
}

static LLVMValueRef begin_gate(tn_unit *u, char letter, uint32_t number, LLVMTypeRef signature)
{
    LLVMValueRef function = declare_numbered(u, letter, number, signature);

    LLVMPositionBuilderAtEnd(u->builder, LLVMAppendBasicBlockInContext(u->context, function, ""));
    return function;
}

/* Registers of the call's results into slots. */
static void store_results(tn_unit *u, const tn_type *type, LLVMValueRef call, LLVMValueRef slots)
{
    const tn_valtype *results = tn_type_results(type);

    for (uint32_t i = 0, slot = 0; i < type->result_count && i < REGISTER_RESULTS; slot += tn_slots_of(results[i++]))
        tn_store_slot(u, slots, slot, results[i],
                      type->result_count == 1 ? call : LLVMBuildExtractValue(u->builder, call, i, ""));
}

/* C: void (vmctx, slots, code). */
static LLVMTypeRef packed_signature(const tn_unit *u)
{
    LLVMTypeRef params[3] = { u->t.ptr, u->t.ptr, u->t.ptr };

    return LLVMFunctionType(u->t.void_, params, 3, false);
}

void tn_define_loop_gate(tn_unit *u, uint32_t index)
{
    const tn_type *type = type_of_loop(u, index);
    LLVMValueRef f = begin_gate(u, 'o', index, packed_signature(u));
    LLVMValueRef args[2] = { LLVMGetParam(f, 0), LLVMGetParam(f, 1) }, buffer = load_buffer(u, args[0]);
    LLVMValueRef call = LLVMBuildCall2(u->builder, loop_signature(u, index), tn_declare_loop(u, index), args, 2, "");

    LLVMSetInstructionCallConv(call, TN_CONVENTION);
    store_results(u, type, call, args[1]);
    copy_rest(u, tn_type_results(type), type->result_count, true, buffer, args[1]);
    LLVMBuildRetVoid(u->builder);
}

static void define_packed(tn_unit *u, const tn_type *type, uint32_t index)
{
    LLVMValueRef args[TN_MAX_REGISTER_ARGS];
    LLVMValueRef f = begin_gate(u, 'p', index, packed_signature(u));
    LLVMValueRef vmctx = LLVMGetParam(f, 0), slots = LLVMGetParam(f, 1), buffer = load_buffer(u, vmctx);

    copy_rest(u, type->types, type->param_count, false, slots, buffer);
    unsigned count = load_registers(u, type, vmctx, slots, args);
    LLVMValueRef call = LLVMBuildCall2(u->builder, tn_function_type(u, type), LLVMGetParam(f, 2), args, count, "");
    LLVMSetInstructionCallConv(call, TN_CONVENTION);
    store_results(u, type, call, slots);
    copy_rest(u, tn_type_results(type), type->result_count, true, buffer, slots);
    LLVMBuildRetVoid(u->builder);
}

static void return_call(tn_unit *u, const tn_type *type, LLVMTypeRef signature, LLVMValueRef callee, LLVMValueRef *args,
                        unsigned count)
{
    LLVMValueRef call = LLVMBuildCall2(u->builder, signature, callee, args, count, "");

    LLVMSetInstructionCallConv(call, TN_CONVENTION);
    LLVMSetTailCallKind(call, LLVMTailCallKindTail);
    if (type->result_count == 0)
        LLVMBuildRetVoid(u->builder);
    else
        LLVMBuildRet(u->builder, call);
}

/* Code and vmctx of the callee lie below the buffer, arguments in it. */
static void define_reenter(tn_unit *u, const tn_type *type, uint32_t index)
{
    LLVMTypeRef ptr = u->t.ptr;
    LLVMValueRef args[TN_MAX_REGISTER_ARGS];
    LLVMValueRef f = begin_gate(u, 'r', index, LLVMFunctionType(result_type(u, type), &ptr, 1, false));
    LLVMValueRef vmctx = LLVMGetParam(f, 0), buffer = load_buffer(u, vmctx);
    LLVMValueRef callee = tn_load_field(u, u->t.ptr, buffer, (size_t)TN_CALLEE_SLOT * sizeof(tn_slot), TN_ALIAS_BUFFER);

    unsigned count = load_registers(u, type, vmctx, buffer, args);
    return_call(u, type, tn_function_type(u, type), callee, args, count);
}

/* Arguments into the buffer, the runtime calls; or says where to go on: then the callee was a guest of the interpreter
 * that has tail-called compiled code. */
static void define_slow_call(tn_unit *u, const tn_type *type, uint32_t index)
{
    LLVMValueRef f = begin_gate(u, 's', index, tn_function_type(u, type));
    LLVMValueRef vmctx = LLVMGetParam(f, 0), buffer = load_buffer(u, vmctx), values[TN_MAX_RESULTS];
    LLVMBasicBlockRef done = LLVMAppendBasicBlockInContext(u->context, f, "done");
    LLVMBasicBlockRef on = LLVMAppendBasicBlockInContext(u->context, f, "on");
    seats taken = { 0, 0 };
    unsigned count = 1;

    for (uint32_t i = 0, slot = 0; i < type->param_count; slot += tn_slots_of(type->types[i++]))
        if (takes_register(u, &taken, type->types[i]))
            tn_store_slot(u, buffer, slot, type->types[i], LLVMGetParam(f, count++));
    LLVMValueRef args[4] = { vmctx, tn_i64(u, TN_EXIT_CALL), tn_i64(u, 0), tn_i64(u, 0) };
    LLVMValueRef next = LLVMBuildCall2(u->builder, tn_exit_type(u), tn_load_exit_stub(u, vmctx), args, 4, "");
    LLVMBuildCondBr(u->builder, LLVMBuildICmp(u->builder, LLVMIntEQ, next, tn_i64(u, 0), ""), done, on);
    LLVMPositionBuilderAtEnd(u->builder, on);
    LLVMTypeRef ptr = u->t.ptr, reenter = LLVMFunctionType(result_type(u, type), &ptr, 1, false);
    LLVMValueRef callee_vmctx =
        tn_load_field(u, u->t.ptr, buffer, (size_t)(TN_CALLEE_SLOT - 1) * sizeof(tn_slot), TN_ALIAS_BUFFER);
    return_call(u, type, reenter, LLVMBuildIntToPtr(u->builder, next, ptr, ""), &callee_vmctx, 1);
    LLVMPositionBuilderAtEnd(u->builder, done);
    for (uint32_t i = 0, slot = 0; i < type->result_count; slot += tn_slots_of(tn_type_results(type)[i++]))
        values[i] = tn_load_slot(u, buffer, slot, tn_type_results(type)[i]);
    tn_build_return(u, type, buffer, values);
}

void tn_define_gates(tn_unit *u)
{
    const tn_module *m = u->job->module;

    for (uint32_t i = 0; i < m->type_count; i++) {
        const tn_type *type = tn_types_get(m->registry, m->types[i]);
        if (type->comp != TN_COMP_FUNC || tn_type_index(u->job, type) != i)
            continue;
        if (u->job->needed[i] & TN_NEEDS_ENTRIES) {
            define_packed(u, type, i);
            define_reenter(u, type, i);
        }
        if (u->job->needed[i] & TN_NEEDS_SLOW_CALL)
            define_slow_call(u, type, i);
    }
}
