/* SPDX-License-Identifier: MIT
 * Globals, tables and references (specification 4.4.2, 4.4.4 to 4.4.6).
 */
#include "jit/llvm/build.h"

/* ---- globals: own ones lie in the instance ---- */

static LLVMValueRef global_place(tn_fn *f, uint32_t index)
{
    tn_unit *u = f->u;

    if (index >= f->m->imported_globals)
        return tn_at(u, f->vmctx,
                     offsetof(tenon_instance, own_globals) + offsetof(tenon_global, value) +
                         (index - f->m->imported_globals) * sizeof(tenon_global));
    LLVMValueRef globals = tn_load_field(u, u->t.ptr, f->vmctx, offsetof(tenon_instance, globals), TN_ALIAS_CONSTANT);
    return tn_load_field(u, u->t.ptr, globals, index * sizeof(void *), TN_ALIAS_CONSTANT);
}

static tenon_status build_global_get(tn_fn *f)
{
    uint8_t type = tn_small_type(f->m->globals[f->in.a].type.type);
    LLVMValueRef value = LLVMBuildLoad2(f->b, tn_ir_type(f->u, type), global_place(f, f->in.a), "");

    LLVMSetAlignment(value, type == TN_V128 ? 16 : type == TN_I32 || type == TN_F32 ? 4 : 8);
    tn_set_alias(f->u, value, TN_ALIAS_GLOBAL);
    return tn_push(f, type, value);
}

/* All eight bytes of a small one: who reads it otherwise expects zeros above. */
static tenon_status build_global_set(tn_fn *f)
{
    uint8_t type = tn_small_type(f->m->globals[f->in.a].type.type);
    LLVMValueRef value = tn_pop(f);

    if (type == TN_F32)
        value = LLVMBuildBitCast(f->b, value, f->u->t.i32, "");
    if (type == TN_I32 || type == TN_F32)
        value = tn_as_i64(f, value);
    LLVMValueRef store = LLVMBuildStore(f->b, value, global_place(f, f->in.a));
    LLVMSetAlignment(store, type == TN_V128 ? 16 : 8);
    LLVMSetVolatile(store, true);
    tn_set_alias(f->u, store, TN_ALIAS_GLOBAL);
    return TENON_OK;
}

/* ---- tables ---- */

static LLVMValueRef table_of(tn_fn *f, uint32_t index)
{
    tn_unit *u = f->u;
    LLVMValueRef tables = tn_load_field(u, u->t.ptr, f->vmctx, offsetof(tenon_instance, tables), TN_ALIAS_CONSTANT);

    return tn_load_field(u, u->t.ptr, tables, index * sizeof(void *), TN_ALIAS_CONSTANT);
}

static LLVMValueRef size_of(tn_fn *f, LLVMValueRef table)
{
    return tn_load_field(f->u, f->u->t.i64, table, offsetof(tenon_table, size), TN_ALIAS_VMCTX);
}

static LLVMValueRef element_place(tn_fn *f, LLVMValueRef index)
{
    LLVMValueRef table = table_of(f, f->in.a);

    index = tn_as_i64(f, index);
    tn_trap_if(f, LLVMBuildICmp(f->b, LLVMIntUGE, index, size_of(f, table), ""), TENON_TRAP_TABLE_BOUNDS);
    LLVMValueRef elems = tn_load_field(f->u, f->u->t.ptr, table, offsetof(tenon_table, elems), TN_ALIAS_VMCTX);
    return LLVMBuildGEP2(f->b, f->u->t.i64, elems, &index, 1, "");
}

static tenon_status build_table_get(tn_fn *f)
{
    LLVMValueRef value = LLVMBuildLoad2(f->b, f->u->t.i64, element_place(f, tn_pop(f)), "");

    tn_set_alias(f->u, value, TN_ALIAS_TABLE);
    return tn_push(f, TN_I64, value);
}

static tenon_status build_table_set(tn_fn *f)
{
    LLVMValueRef value = tn_pop(f), store = LLVMBuildStore(f->b, value, element_place(f, tn_pop(f)));

    LLVMSetVolatile(store, true);
    tn_set_alias(f->u, store, TN_ALIAS_TABLE);
    return TENON_OK;
}

static tenon_status push_index(tn_fn *f, LLVMValueRef value)
{
    bool is64 = f->m->tables[f->in.a].type.limits.is64;

    return tn_push(f, is64 ? TN_I64 : TN_I32, is64 ? value : LLVMBuildTrunc(f->b, value, f->u->t.i32, ""));
}

static tenon_status build_table_grow(tn_fn *f)
{
    LLVMValueRef count = tn_as_i64(f, tn_pop(f));

    tn_store_slot(f->u, f->buffer, 0, TN_I64, tn_pop(f));
    return push_index(f, tn_build_exit(f, TN_EXIT_TABLE_GROW, tn_i64(f->u, f->in.a), count, false));
}

static tenon_status build_bulk(tn_fn *f)
{
    LLVMValueRef n = tn_pop(f), source = tn_pop(f), to = tn_as_i64(f, tn_pop(f));
    LLVMValueRef a = tn_i32(f->u, f->in.a), b = tn_i32(f->u, f->in.b);

    switch (f->in.op) {
    case TN_OP_TABLE_COPY:
        return tn_build_leaf(f, TN_LEAF_TABLE_COPY, (LLVMValueRef[]){ a, b, to, tn_as_i64(f, source), tn_as_i64(f, n) },
                             5);
    case TN_OP_TABLE_FILL:
        return tn_build_leaf(f, TN_LEAF_TABLE_FILL, (LLVMValueRef[]){ a, to, source, tn_as_i64(f, n) }, 4);
    default:
        return tn_build_leaf(f, TN_LEAF_TABLE_INIT, (LLVMValueRef[]){ a, b, to, source, n }, 5);
    }
}

/* Notes that a segment is gone. */
static tenon_status build_drop(tn_fn *f, size_t flags)
{
    tn_unit *u = f->u;
    LLVMValueRef list = tn_load_field(u, u->t.ptr, f->vmctx, flags, TN_ALIAS_CONSTANT);
    LLVMValueRef store = LLVMBuildStore(f->b, LLVMConstInt(u->t.i8, 1, false), tn_at(u, list, f->in.a));

    LLVMSetVolatile(store, true);
    tn_set_alias(u, store, TN_ALIAS_VMCTX);
    return TENON_OK;
}

/* ---- references ---- */

static tenon_status build_ref_func(tn_fn *f)
{
    LLVMValueRef index = tn_i32(f->u, f->in.a);

    return tn_push(f, TN_I64, tn_call_leaf(f->u, f->vmctx, TN_LEAF_REF_FUNC, f->u->t.i64, &index, 1));
}

static tenon_status build_as_non_null(tn_fn *f)
{
    tn_trap_if(f, tn_is_null(f, tn_peek(f, 0)), TENON_TRAP_NULL_REFERENCE);
    return TENON_OK;
}

tenon_status tn_build_table(tn_fn *f)
{
    tn_locate(f);
    switch (f->in.op) {
    case TN_OP_GLOBAL_GET:
        return build_global_get(f);
    case TN_OP_GLOBAL_SET:
        return build_global_set(f);
    case TN_OP_TABLE_GET:
        return build_table_get(f);
    case TN_OP_TABLE_SET:
        return build_table_set(f);
    case TN_OP_TABLE_SIZE:
        return push_index(f, size_of(f, table_of(f, f->in.a)));
    case TN_OP_TABLE_GROW:
        return build_table_grow(f);
    case TN_OP_TABLE_COPY:
    case TN_OP_TABLE_FILL:
    case TN_OP_TABLE_INIT:
        return build_bulk(f);
    case TN_OP_ELEM_DROP:
        return build_drop(f, offsetof(tenon_instance, dropped_elems));
    case TN_OP_DATA_DROP:
        return build_drop(f, offsetof(tenon_instance, dropped_datas));
    case TN_OP_REF_NULL:
        return tn_push(f, TN_I64, tn_i64(f->u, 0));
    case TN_OP_REF_IS_NULL:
        return tn_push(f, TN_I32, LLVMBuildZExt(f->b, tn_is_null(f, tn_pop(f)), f->u->t.i32, ""));
    case TN_OP_REF_AS_NON_NULL:
        return build_as_non_null(f);
    case TN_OP_REF_FUNC:
        return build_ref_func(f);
    default:
        return TENON_UNSUPPORTED;
    }
}
