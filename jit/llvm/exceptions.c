/* SPDX-License-Identifier: MIT
 * Exceptions. Calls inside a try_table are invokes whose landing pads are found by tables when something is thrown, so
 * that nobody pays before. A try_table's clauses are tried in its dispatch block, where its own pad and the try_tables
 * inside it arrive; who finds no clause goes on to the one around it, or out of the function.
 */
#include "jit/llvm/build.h"

LLVMValueRef tn_build_exit(tn_fn *f, unsigned exit, LLVMValueRef a, LLVMValueRef b, bool throws)
{
    LLVMValueRef args[4] = { f->vmctx, tn_i64(f->u, exit), a, b };
    LLVMTypeRef type = tn_exit_type(f->u);
    LLVMValueRef stub = tn_load_exit_stub(f->u, f->vmctx);

    tn_locate(f);
    if (throws)
        return tn_build_call(f, type, stub, args, 4, LLVMCCallConv);
    LLVMValueRef call = LLVMBuildCall2(f->b, type, stub, args, 4, "");
    tn_add_attribute(f->u, call, "nounwind");
    tn_add_attribute(f->u, call, "nomerge");
    return call;
}

static LLVMValueRef personality(tn_unit *u)
{
    if (u->personality == NULL)
        u->personality = LLVMAddFunction(u->module, "tenon_personality", LLVMFunctionType(u->t.i32, NULL, 0, true));
    return u->personality;
}

LLVMValueRef tn_build_call(tn_fn *f, LLVMTypeRef type, LLVMValueRef callee, LLVMValueRef *args, unsigned count,
                           unsigned convention)
{
    LLVMValueRef call;

    tn_locate(f);
    if (f->try_label == 0) {
        call = LLVMBuildCall2(f->b, type, callee, args, count, "");
    } else {
        tn_label *try = &f->labels.items[f->try_label - 1];
        LLVMBasicBlockRef on = tn_new_block(f, "");
        /* Out of memory here surfaces when the edges meet: the pad would have no edge. */
        if (tn_add_edge(f, &try->pad, try->log, NULL, 0) != TENON_OK)
            return NULL;
        call = LLVMBuildInvoke2(f->b, type, callee, args, count, on, try->pad.block, "");
        LLVMPositionBuilderAtEnd(f->b, on);
    }
    LLVMSetInstructionCallConv(call, convention);
    tn_add_attribute(f->u, call, "nomerge");
    return call;
}

tenon_status tn_open_try(tn_fn *f, tn_label *l)
{
    l->catches = f->in.list;
    l->catch_count = f->in.b;
    l->outer_try = f->try_label;
    if (l->catch_count > 0) {
        f->try_label = (uint32_t)f->labels.count + 1;
        LLVMSetPersonalityFn(f->function, personality(f->u));
    }
    return TENON_OK;
}

/* Where thrown calls arrive: the exception goes on to the clauses. */
static tenon_status build_pad(tn_fn *f, tn_label *l)
{
    LLVMTypeRef both[2] = { f->u->t.ptr, f->u->t.i32 };

    if (l->pad.edge_count == 0)
        return TENON_OK;
    TN_TRY(tn_meet(f, &l->pad, l->log, NULL, 0, NULL));
    LLVMValueRef pad = LLVMBuildLandingPad(f->b, LLVMStructTypeInContext(f->u->context, both, 2, false), NULL, 1, "");
    LLVMAddClause(pad, LLVMConstNull(f->u->t.ptr));
    LLVMValueRef e = LLVMBuildPtrToInt(f->b, LLVMBuildExtractValue(f->b, pad, 0, ""), f->u->t.i64, "");
    TN_TRY(tn_add_edge(f, &l->dispatch, l->log, &e, 1));
    LLVMBuildBr(f->b, l->dispatch.block);
    return TENON_OK;
}

static tenon_status push_caught(tn_fn *f, const tn_catch *clause, LLVMValueRef e)
{
    LLVMValueRef object = LLVMBuildIntToPtr(f->b, e, f->u->t.ptr, "");

    if (clause->kind < 2) {
        const tn_type *type = tn_types_get(f->m->registry, f->m->tags[clause->tag]);
        LLVMValueRef values = tn_at(f->u, object, offsetof(tn_exception, values));
        for (uint32_t i = 0, slot = 0; i < type->param_count; slot += tn_slots_of(type->types[i++]))
            TN_TRY(tn_push(f, tn_small_type(type->types[i]), tn_load_slot(f->u, values, slot, type->types[i])));
    }
    return clause->kind & 1 ? tn_push(f, TN_I64, e) : TENON_OK;
}

/* Tries one clause; *always says that it takes everything. */
static tenon_status build_clause(tn_fn *f, const tn_catch *clause, LLVMValueRef e, bool *always)
{
    tn_unit *u = f->u;
    size_t height = f->stack.count;
    LLVMBasicBlockRef next = NULL;

    *always = clause->kind >= 2;
    if (!*always) {
        LLVMBasicBlockRef caught = tn_new_block(f, "caught");
        LLVMValueRef object = LLVMBuildIntToPtr(f->b, e, u->t.ptr, "");
        LLVMValueRef tag = tn_load_field(u, u->t.ptr, object, offsetof(tn_exception, tag), TN_ALIAS_BUFFER);
        LLVMValueRef tags = tn_load_field(u, u->t.ptr, f->vmctx, offsetof(tenon_instance, tags), TN_ALIAS_CONSTANT);
        LLVMValueRef mine = tn_load_field(u, u->t.ptr, tags, clause->tag * sizeof(void *), TN_ALIAS_CONSTANT);
        next = tn_new_block(f, "");
        LLVMBuildCondBr(f->b, LLVMBuildICmp(f->b, LLVMIntEQ, tag, mine, ""), caught, next);
        LLVMPositionBuilderAtEnd(f->b, caught);
    }
    TN_TRY(push_caught(f, clause, e));
    TN_TRY(tn_branch(f, clause->label));
    f->stack.count = height;
    if (next != NULL)
        LLVMPositionBuilderAtEnd(f->b, next);
    return TENON_OK;
}

/* Nobody here wants it. */
static tenon_status pass_on(tn_fn *f, LLVMValueRef e)
{
    if (f->try_label == 0) {
        tn_build_exit(f, TN_EXIT_THROW_REF, e, tn_i64(f->u, 0), true);
        LLVMBuildUnreachable(f->b);
        return TENON_OK;
    }
    tn_label *outer = &f->labels.items[f->try_label - 1];
    TN_TRY(tn_add_edge(f, &outer->dispatch, outer->log, &e, 1));
    LLVMBuildBr(f->b, outer->dispatch.block);
    return TENON_OK;
}

tenon_status tn_close_try(tn_fn *f, tn_label *l)
{
    uint8_t type = TN_I64;
    tn_reader list = f->r;
    tn_catch clause = { 0 };
    LLVMValueRef e;
    bool always = false;

    f->try_label = l->outer_try;
    TN_TRY(build_pad(f, l));
    if (l->dispatch.edge_count == 0)
        return TENON_OK;
    TN_TRY(tn_meet(f, &l->dispatch, l->log, &type, 1, &e));
    f->stack.count = l->height;
    list.p = l->catches;
    list.end = f->m->bytes + f->m->size;
    for (uint32_t i = 0; i < l->catch_count && !always; i++) {
        TN_TRY(tn_read_catch(&list, &clause));
        TN_TRY(build_clause(f, &clause, e, &always));
    }
    return always ? TENON_OK : pass_on(f, e);
}

tenon_status tn_build_throw(tn_fn *f)
{
    const tn_type *type = tn_types_get(f->m->registry, f->m->tags[f->in.a]);
    uint32_t slot = type->param_slots;

    for (uint32_t i = type->param_count; i > 0; i--) {
        slot -= tn_slots_of(type->types[i - 1]);
        tn_store_slot(f->u, f->buffer, slot, type->types[i - 1], tn_pop(f));
    }
    tn_build_exit(f, TN_EXIT_THROW, tn_i64(f->u, f->in.a), tn_i64(f->u, 0), true);
    LLVMBuildUnreachable(f->b);
    tn_set_dead(f);
    return TENON_OK;
}

tenon_status tn_build_throw_ref(tn_fn *f)
{
    LLVMValueRef e = tn_pop(f);

    tn_trap_if(f, LLVMBuildICmp(f->b, LLVMIntEQ, e, tn_i64(f->u, 0), ""), TENON_TRAP_NULL_REFERENCE);
    tn_build_exit(f, TN_EXIT_THROW_REF, e, tn_i64(f->u, 0), true);
    LLVMBuildUnreachable(f->b);
    tn_set_dead(f);
    return TENON_OK;
}
