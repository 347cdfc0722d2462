/* SPDX-License-Identifier: MIT
 * Calls: of this module's functions directly, of all others through their entry. Who has no code is called through its
 * type's slow call, which looks the same, so there is one call instruction either way, and a tail call is a jump.
 */
#include "jit/llvm/build.h"

typedef struct callee {
    LLVMValueRef code, vmctx;
} callee;

/* A function object's own code when it has some; else the slow call, which finds the function in its place. */
static callee callee_of(tn_fn *f, const tn_type *type, LLVMValueRef func)
{
    tn_unit *u = f->u;
    LLVMValueRef entry = tn_load_field(u, u->t.ptr, func, offsetof(tenon_func, entry), TN_ALIAS_VMCTX);
    LLVMValueRef native = tn_load_field(u, u->t.ptr, entry, offsetof(tn_entry, native), TN_ALIAS_VMCTX);
    LLVMValueRef in = tn_load_field(u, u->t.ptr, func, offsetof(tenon_func, callee), TN_ALIAS_VMCTX);
    LLVMValueRef none = LLVMBuildICmp(f->b, LLVMIntEQ, native, LLVMConstNull(u->t.ptr), "");

    LLVMSetOrdering(native, LLVMAtomicOrderingUnordered);
    LLVMSetAlignment(native, 8);
    LLVMValueRef place = tn_at(u, f->buffer, (size_t)TN_CALLEE_SLOT * sizeof(tn_slot));
    tn_set_alias(u, LLVMBuildStore(f->b, func, place), TN_ALIAS_BUFFER);
    place = tn_at(u, f->buffer, (size_t)TN_CALLER_SLOT * sizeof(tn_slot));
    tn_set_alias(u, LLVMBuildStore(f->b, f->vmctx, place), TN_ALIAS_BUFFER);
    return (callee){ LLVMBuildSelect(f->b, none, tn_declare_slow_call(u, type), native, ""),
                     LLVMBuildSelect(f->b, none, f->vmctx, in, "") };
}

/* ---- who is called ---- */

static callee find_import(tn_fn *f, const tn_type *type)
{
    tn_unit *u = f->u;
    LLVMValueRef imports =
        tn_load_field(u, u->t.ptr, f->vmctx, offsetof(tenon_instance, imported_funcs), TN_ALIAS_CONSTANT);

    return callee_of(f, type, tn_load_field(u, u->t.ptr, imports, f->in.a * sizeof(void *), TN_ALIAS_CONSTANT));
}

/* A function of this module that is compiled elsewhere, or not yet. */
static callee find_own(tn_fn *f, const tn_type *type)
{
    LLVMValueRef index = tn_i32(f->u, f->in.a);
    LLVMValueRef func = tn_call_leaf(f->u, f->vmctx, TN_LEAF_REF_FUNC, f->u->t.i64, &index, 1);

    return callee_of(f, type, LLVMBuildIntToPtr(f->b, func, f->u->t.ptr, ""));
}

static callee find_direct(tn_fn *f, const tn_type *type)
{
    if (f->in.a < f->m->imported_funcs)
        return find_import(f, type);
    if (!tn_is_compiled(f->u->job, f->in.a - f->m->imported_funcs))
        return find_own(f, type);
    return (callee){ tn_declare_function(f->u, f->in.a), f->vmctx };
}

/* An index that no speculation carries beyond the table: compared once more, in a way that LLVM does not see through.
 */
static LLVMValueRef mask_index(tn_fn *f, LLVMValueRef index, LLVMValueRef size)
{
    LLVMTypeRef i64 = f->u->t.i64, type = LLVMFunctionType(i64, &i64, 1, false);
    LLVMValueRef hide = LLVMGetInlineAsm(type, "", 0, "=r,0", 4, false, false, LLVMInlineAsmDialectATT, false);
    LLVMValueRef again = LLVMBuildCall2(f->b, type, hide, &index, 1, "");

    return LLVMBuildSelect(f->b, LLVMBuildICmp(f->b, LLVMIntULT, again, size, ""), again, tn_i64(f->u, 0), "");
}

static void check_type(tn_fn *f, LLVMValueRef func, const tn_type *type, uint32_t type_index)
{
    tn_unit *u = f->u;
    LLVMValueRef types = tn_load_field(u, u->t.ptr, f->vmctx, offsetof(tenon_instance, types), TN_ALIAS_CONSTANT);
    LLVMValueRef wanted = tn_load_field(u, u->t.ptr, types, type_index * sizeof(void *), TN_ALIAS_CONSTANT);
    LLVMValueRef has = tn_load_field(u, u->t.ptr, func, offsetof(tenon_func, type), TN_ALIAS_VMCTX);
    LLVMValueRef differs = LLVMBuildICmp(f->b, LLVMIntNE, has, wanted, ""), args[2] = { has, wanted };
    LLVMBasicBlockRef slow, on;

    if (type->final) {
        tn_trap_if(f, differs, TENON_TRAP_SIGNATURE_MISMATCH);
        return;
    }
    slow = tn_new_block(f, "subtype");
    on = tn_new_block(f, "");
    LLVMSetMetadata(LLVMBuildCondBr(f->b, differs, slow, on), u->md_prof, u->unlikely);
    LLVMPositionBuilderAtEnd(f->b, slow);
    LLVMValueRef fits = tn_call_leaf(u, f->vmctx, TN_LEAF_IS_SUBTYPE, u->t.i32, args, 2);
    tn_trap_if(f, LLVMBuildICmp(f->b, LLVMIntEQ, fits, tn_i32(u, 0), ""), TENON_TRAP_SIGNATURE_MISMATCH);
    LLVMBuildBr(f->b, on);
    LLVMPositionBuilderAtEnd(f->b, on);
}

static callee find_indirect(tn_fn *f, const tn_type *type)
{
    tn_unit *u = f->u;
    LLVMValueRef index = tn_pop(f);
    LLVMValueRef tables = tn_load_field(u, u->t.ptr, f->vmctx, offsetof(tenon_instance, tables), TN_ALIAS_CONSTANT);
    LLVMValueRef table = tn_load_field(u, u->t.ptr, tables, f->in.b * sizeof(void *), TN_ALIAS_CONSTANT);
    LLVMValueRef size = tn_load_field(u, u->t.i64, table, offsetof(tenon_table, size), TN_ALIAS_VMCTX);
    LLVMValueRef elems = tn_load_field(u, u->t.ptr, table, offsetof(tenon_table, elems), TN_ALIAS_VMCTX);

    if (LLVMTypeOf(index) != u->t.i64)
        index = LLVMBuildZExt(f->b, index, u->t.i64, "");
    tn_trap_if(f, LLVMBuildICmp(f->b, LLVMIntUGE, index, size, ""), TENON_TRAP_UNDEFINED_ELEMENT);
    index = mask_index(f, index, size);
    LLVMValueRef place = LLVMBuildGEP2(f->b, u->t.i64, elems, &index, 1, "");
    LLVMValueRef func = LLVMBuildLoad2(f->b, u->t.ptr, place, "");
    tn_set_alias(u, func, TN_ALIAS_TABLE);
    tn_trap_if(f, LLVMBuildICmp(f->b, LLVMIntEQ, func, LLVMConstNull(u->t.ptr), ""), TENON_TRAP_UNINITIALIZED_ELEMENT);
    check_type(f, func, type, f->in.a);
    return callee_of(f, type, func);
}

static callee find_reference(tn_fn *f, const tn_type *type)
{
    LLVMValueRef func = tn_pop(f);

    tn_trap_if(f, LLVMBuildICmp(f->b, LLVMIntEQ, func, tn_i64(f->u, 0), ""), TENON_TRAP_NULL_FUNCTION);
    return callee_of(f, type, LLVMBuildIntToPtr(f->b, func, f->u->t.ptr, ""));
}

static callee find_callee(tn_fn *f, const tn_type *type)
{
    tn_locate(f);
    switch (f->in.op) {
    case TN_OP_CALL:
    case TN_OP_RETURN_CALL:
        return find_direct(f, type);
    case TN_OP_CALL_INDIRECT:
    case TN_OP_RETURN_CALL_INDIRECT:
        return find_indirect(f, type);
    default:
        return find_reference(f, type);
    }
}

/* ---- the call ---- */

static const tn_type *callee_type(const tn_fn *f)
{
    if (f->in.op == TN_OP_CALL || f->in.op == TN_OP_RETURN_CALL)
        return tn_module_func_type(f->m, f->in.a);
    return tn_types_get(f->m->registry, f->m->types[f->in.a]);
}

static tenon_status finish_tail_call(tn_fn *f, const tn_type *type, const callee *c, LLVMValueRef *args, unsigned count)
{
    LLVMValueRef call = LLVMBuildCall2(f->b, tn_function_type(f->u, type), c->code, args, count, "");

    LLVMSetInstructionCallConv(call, TN_CONVENTION);
    LLVMSetTailCallKind(call, LLVMTailCallKindTail);
    if (type->result_count == 0)
        LLVMBuildRetVoid(f->b);
    else
        LLVMBuildRet(f->b, call);
    tn_set_dead(f);
    return TENON_OK;
}

static tenon_status finish_call(tn_fn *f, const tn_type *type, const callee *c, LLVMValueRef *args, unsigned count)
{
    LLVMValueRef *results = tn_arena_alloc(&f->arena, type->result_count + 1u, sizeof *results);
    LLVMValueRef call = tn_build_call(f, tn_function_type(f->u, type), c->code, args, count, TN_CONVENTION);

    if (results == NULL || call == NULL)
        return TENON_NOMEM;
    tn_take_results(f->u, type, call, f->buffer, results);
    for (uint32_t i = 0; i < type->result_count; i++)
        TN_TRY(tn_push(f, tn_small_type(tn_type_results(type)[i]), results[i]));
    return TENON_OK;
}

tenon_status tn_build_calls(tn_fn *f)
{
    const tn_type *type = callee_type(f);
    LLVMValueRef args[TN_MAX_REGISTER_ARGS], *values;
    callee c = find_callee(f, type);

    values = tn_arena_alloc(&f->arena, type->param_count + 1u, sizeof *values);
    if (values == NULL)
        return TENON_NOMEM;
    for (uint32_t i = type->param_count; i > 0; i--)
        values[i - 1] = tn_pop(f);
    unsigned count = tn_pass_arguments(f->u, type, c.vmctx, f->buffer, values, args);
    if (f->in.op == TN_OP_CALL || f->in.op == TN_OP_CALL_INDIRECT || f->in.op == TN_OP_CALL_REF)
        return finish_call(f, type, &c, args, count);
    return finish_tail_call(f, type, &c, args, count);
}
