/* SPDX-License-Identifier: MIT
 * Blocks, loops, branches, and the phis where control meets.
 */
#include "base/assert.h"
#include "jit/llvm/build.h"

static tn_label *label_at(tn_fn *f, uint32_t depth)
{
    return &f->labels.items[f->labels.count - 1 - depth];
}

static uint32_t param_count(const tn_label *l)
{
    return l->type != NULL ? l->type->param_count : 0;
}

static uint32_t result_count(const tn_label *l)
{
    return l->type != NULL ? l->type->result_count : l->has_single;
}

static uint8_t result_type(const tn_label *l, uint32_t i)
{
    return l->type != NULL ? tn_small_type(tn_type_results(l->type)[i]) : l->single;
}

/* The topmost operands, in the order in which they were pushed. */
static tenon_status top_values(tn_fn *f, uint32_t count, LLVMValueRef **out)
{
    *out = tn_arena_alloc(&f->arena, count + 1u, sizeof **out);
    if (*out == NULL)
        return TENON_NOMEM;
    for (uint32_t i = 0; i < count; i++)
        (*out)[i] = tn_peek(f, count - 1 - i);
    return TENON_OK;
}

/* ---- where control meets ---- */

void tn_undo_locals(tn_fn *f, uint32_t log)
{
    while (f->log.count > log) {
        const tn_assignment *a = &f->log.items[--f->log.count];
        f->locals[a->local] = a->value;
    }
}

/* The locals assigned since then, each once, with the values that they have now. */
static tenon_status changed_locals(tn_fn *f, uint32_t log, tn_edge *edge)
{
    uint32_t count = 0;

    f->walk++;
    for (size_t i = log; i < f->log.count; i++)
        if (f->local_marks[f->log.items[i].local] != f->walk) {
            f->local_marks[f->log.items[i].local] = f->walk;
            count++;
        }
    edge->locals = tn_arena_alloc(&f->arena, count + 1u, sizeof *edge->locals);
    if (edge->locals == NULL)
        return TENON_NOMEM;
    f->walk++;
    for (size_t i = log; i < f->log.count; i++) {
        uint32_t local = f->log.items[i].local;
        if (f->local_marks[local] == f->walk)
            continue;
        f->local_marks[local] = f->walk;
        edge->locals[edge->local_count++] = (tn_assignment){ local, f->locals[local] };
    }
    return TENON_OK;
}

tenon_status tn_add_edge(tn_fn *f, tn_meeting *meeting, uint32_t log, const LLVMValueRef *values, uint32_t count)
{
    tn_edge *edge = tn_arena_alloc(&f->arena, 1, sizeof *edge);

    if (edge == NULL)
        return TENON_NOMEM;
    edge->values = tn_arena_alloc(&f->arena, count + 1u, sizeof *edge->values);
    if (edge->values == NULL)
        return TENON_NOMEM;
    for (uint32_t i = 0; i < count; i++)
        edge->values[i] = values[i];
    TN_TRY(changed_locals(f, log, edge));
    edge->from = LLVMGetInsertBlock(f->b);
    edge->next = meeting->edges;
    meeting->edges = edge;
    meeting->edge_count++;
    if (meeting->block == NULL)
        meeting->block = tn_new_block(f, "meet");
    return TENON_OK;
}

static LLVMValueRef new_phi(tn_fn *f, uint8_t type)
{
    return LLVMBuildPhi(f->b, tn_ir_type(f->u, type), "");
}

static void meet_values(tn_fn *f, const tn_meeting *meeting, const uint8_t *types, uint32_t count, LLVMValueRef *values)
{
    for (uint32_t i = 0; i < count; i++) {
        values[i] = new_phi(f, types[i]);
        for (const tn_edge *e = meeting->edges; e != NULL; e = e->next)
            LLVMAddIncoming(values[i], &e->values[i], (LLVMBasicBlockRef *)&e->from, 1);
    }
}

/* Locals that some edge has changed; `places` says where in the list. */
static tenon_status union_of_locals(tn_fn *f, const tn_meeting *meeting, uint32_t **out, uint32_t *count)
{
    uint32_t most = 0;

    for (const tn_edge *e = meeting->edges; e != NULL; e = e->next)
        most += e->local_count;
    if (most > f->local_count)
        most = f->local_count;
    *out = tn_arena_alloc(&f->arena, most + 1u, sizeof **out);
    if (*out == NULL)
        return TENON_NOMEM;
    *count = 0;
    f->walk++;
    for (const tn_edge *e = meeting->edges; e != NULL; e = e->next)
        for (uint32_t i = 0; i < e->local_count; i++) {
            uint32_t local = e->locals[i].local;
            if (f->local_marks[local] == f->walk)
                continue;
            f->local_marks[local] = f->walk;
            f->local_places[local] = *count;
            (*out)[(*count)++] = local;
        }
    return TENON_OK;
}

static tenon_status meet_locals(tn_fn *f, const tn_meeting *meeting)
{
    uint32_t *locals, count;

    TN_TRY(union_of_locals(f, meeting, &locals, &count));
    LLVMValueRef *phis = tn_arena_alloc(&f->arena, 2 * (size_t)count + 1, sizeof *phis), *now = phis + count;
    if (phis == NULL)
        return TENON_NOMEM;
    for (uint32_t i = 0; i < count; i++)
        phis[i] = new_phi(f, f->local_types[locals[i]]);
    for (const tn_edge *e = meeting->edges; e != NULL; e = e->next) {
        for (uint32_t i = 0; i < count; i++)
            now[i] = f->locals[locals[i]];
        for (uint32_t i = 0; i < e->local_count; i++)
            now[f->local_places[e->locals[i].local]] = e->locals[i].value;
        for (uint32_t i = 0; i < count; i++)
            LLVMAddIncoming(phis[i], &now[i], (LLVMBasicBlockRef *)&e->from, 1);
    }
    TN_TRY(tn_vec_reserve(f->u->job->mem, &f->log, count + 1));
    for (uint32_t i = 0; i < count; i++)
        tn_set_local(f, locals[i], phis[i]);
    return TENON_OK;
}

tenon_status tn_meet(tn_fn *f, tn_meeting *meeting, uint32_t log, const uint8_t *types, uint32_t count,
                     LLVMValueRef *values)
{
    LLVMBasicBlockRef newest = LLVMGetLastBasicBlock(f->function);

    tn_undo_locals(f, log);
    if (newest != meeting->block)
        LLVMMoveBasicBlockAfter(meeting->block, newest);
    LLVMPositionBuilderAtEnd(f->b, meeting->block);
    if (meeting->edge_count > 1) {
        meet_values(f, meeting, types, count, values);
        return meet_locals(f, meeting);
    }
    const tn_edge *e = meeting->edges;
    for (uint32_t i = 0; i < count; i++)
        values[i] = e->values[i];
    TN_TRY(tn_vec_reserve(f->u->job->mem, &f->log, e->local_count + 1));
    for (uint32_t i = 0; i < e->local_count; i++)
        tn_set_local(f, e->locals[i].local, e->locals[i].value);
    return TENON_OK;
}

/* ---- blocks ---- */

static void describe_block(tn_fn *f, tn_label *l)
{
    tn_valtype type;

    if (f->in.block_kind == TN_BLOCK_TYPE) {
        l->type = tn_types_get(f->m->registry, f->m->types[f->in.a]);
    } else if (f->in.block_kind == TN_BLOCK_VALUE) {
        l->has_single = true;
        l->single = tn_module_resolve(f->m, f->in.type, &type) ? tn_small_type(type) : TN_I64;
    }
}

static tenon_status open_label(tn_fn *f, const tn_label *l)
{
    TN_TRY(tn_vec_reserve(f->u->job->mem, &f->labels, 1));
    f->labels.items[f->labels.count++] = *l;
    return TENON_OK;
}

static tn_label new_label(tn_fn *f)
{
    tn_label l = { .op = f->in.op, .log = (uint32_t)f->log.count };

    describe_block(f, &l);
    l.height = (uint32_t)f->stack.count - param_count(&l);
    tn_osr_keep(f, l.height);
    return l;
}

tenon_status tn_open_body(tn_fn *f)
{
    tn_label l = { .op = TN_OP_INVALID, .type = f->type };

    return open_label(f, &l);
}

static tenon_status op_block(tn_fn *f)
{
    tn_label l = new_label(f);

    return open_label(f, &l);
}

/* The head's phis begin with what comes from outside; branches add themselves. */
static tenon_status op_loop(tn_fn *f)
{
    tn_label l = new_label(f);
    LLVMBasicBlockRef from = LLVMGetInsertBlock(f->b);
    uint32_t params = param_count(&l);

    l.loop = f->loops_seen++;
    const tn_loop *loop = &f->loops.items[l.loop];
    uint32_t count = loop->end - loop->first;
    l.param_phis = tn_arena_alloc(&f->arena, (size_t)params + count + 1, sizeof *l.param_phis);
    if (l.param_phis == NULL)
        return TENON_NOMEM;
    l.local_phis = l.param_phis + params;
    l.head = tn_new_block(f, "loop");
    for (uint32_t i = 0; i < params; i++)
        f->stack.items[l.height + i] =
            (tn_operand){ .value = tn_peek(f, params - 1 - i), .type = f->stack.items[l.height + i].type };
    LLVMBuildBr(f->b, l.head);
    LLVMPositionBuilderAtEnd(f->b, l.head);
    for (uint32_t i = 0; i < params; i++) {
        tn_operand *o = &f->stack.items[l.height + i];
        l.param_phis[i] = new_phi(f, o->type);
        LLVMAddIncoming(l.param_phis[i], &o->value, &from, 1);
        o->value = l.param_phis[i];
    }
    TN_TRY(tn_vec_reserve(f->u->job->mem, &f->log, count + 1));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t local = f->loop_locals.items[loop->first + i];
        l.local_phis[i] = new_phi(f, f->local_types[local]);
        LLVMAddIncoming(l.local_phis[i], &f->locals[local], &from, 1);
        tn_set_local(f, local, l.local_phis[i]);
    }
    tn_osr_meet(f, &l);
    return open_label(f, &l);
}

static LLVMValueRef is_true(tn_fn *f, LLVMValueRef condition)
{
    return LLVMBuildICmp(f->b, LLVMIntNE, condition, tn_i32(f->u, 0), "");
}

static tenon_status op_if(tn_fn *f)
{
    LLVMValueRef condition = is_true(f, tn_pop(f));
    tn_label l = new_label(f);
    LLVMBasicBlockRef then = tn_new_block(f, "then");

    TN_TRY(top_values(f, param_count(&l), &l.params));
    TN_TRY(tn_add_edge(f, &l.otherwise, l.log, NULL, 0));
    LLVMBuildCondBr(f->b, condition, then, l.otherwise.block);
    LLVMPositionBuilderAtEnd(f->b, then);
    return open_label(f, &l);
}

/* Leaves the block with its results on top of the stack. */
static tenon_status leave_block(tn_fn *f, tn_label *l)
{
    LLVMValueRef *values;

    TN_TRY(top_values(f, result_count(l), &values));
    TN_TRY(tn_add_edge(f, &l->end, l->log, values, result_count(l)));
    LLVMBuildBr(f->b, l->end.block);
    return TENON_OK;
}

static tenon_status begin_else(tn_fn *f, tn_label *l)
{
    TN_TRY(tn_meet(f, &l->otherwise, l->log, NULL, 0, NULL));
    l->otherwise.block = NULL;
    f->stack.count = l->height;
    for (uint32_t i = 0; i < param_count(l); i++)
        TN_TRY(tn_push(f, tn_small_type(l->type->types[i]), l->params[i]));
    f->dead = false;
    return TENON_OK;
}

static tenon_status op_else(tn_fn *f)
{
    tn_label *l = label_at(f, 0);

    if (!f->dead)
        TN_TRY(leave_block(f, l));
    l->op = TN_OP_ELSE;
    return begin_else(f, l);
}

static tenon_status build_return(tn_fn *f)
{
    LLVMValueRef *values;

    TN_TRY(top_values(f, f->type->result_count, &values));
    tn_build_return(f->u, f->type, f->buffer, values);
    return TENON_OK;
}

static tenon_status push_results(tn_fn *f, const tn_label *l, const LLVMValueRef *values)
{
    f->stack.count = l->height;
    for (uint32_t i = 0; i < result_count(l); i++)
        TN_TRY(tn_push(f, result_type(l, i), values[i]));
    return TENON_OK;
}

/* Goes on behind a block that somebody leaves. */
static tenon_status meet_at_end(tn_fn *f, tn_label *l)
{
    uint32_t count = result_count(l);
    uint8_t *types = tn_arena_alloc(&f->arena, count + 1u, 1);
    LLVMValueRef *values = tn_arena_alloc(&f->arena, count + 1u, sizeof *values);

    if (types == NULL || values == NULL)
        return TENON_NOMEM;
    for (uint32_t i = 0; i < count; i++)
        types[i] = result_type(l, i);
    TN_TRY(tn_meet(f, &l->end, l->log, types, count, values));
    f->dead = false;
    return push_results(f, l, values);
}

static tenon_status op_end(tn_fn *f)
{
    tn_label l = *label_at(f, 0);

    if (l.op == TN_OP_IF) {
        if (!f->dead)
            TN_TRY(leave_block(f, &l));
        TN_TRY(begin_else(f, &l));
    }
    if (l.op == TN_OP_INVALID) {
        if (!f->dead)
            TN_TRY(build_return(f));
        f->labels.count--;
        return TENON_OK;
    }
    if (l.op == TN_OP_LOOP) {
        /* Nobody branches to its end. */
        f->labels.count--;
        return TENON_OK;
    }
    if (!f->dead)
        TN_TRY(leave_block(f, &l));
    f->labels.count--;
    if (l.op == TN_OP_TRY_TABLE)
        TN_TRY(tn_close_try(f, &l));
    if (l.end.edge_count > 0)
        return meet_at_end(f, &l);
    tn_undo_locals(f, l.log);
    f->stack.count = l.height;
    tn_set_dead(f);
    return TENON_OK;
}

/* ---- branches ---- */

static tenon_status branch_to_loop(tn_fn *f, const tn_label *l)
{
    const tn_loop *loop = &f->loops.items[l->loop];
    LLVMBasicBlockRef from = LLVMGetInsertBlock(f->b);
    uint32_t params = param_count(l);

    for (uint32_t i = 0; i < params; i++) {
        LLVMValueRef value = tn_peek(f, params - 1 - i);
        LLVMAddIncoming(l->param_phis[i], &value, &from, 1);
    }
    for (uint32_t i = 0; i < loop->end - loop->first; i++)
        LLVMAddIncoming(l->local_phis[i], &f->locals[f->loop_locals.items[loop->first + i]], &from, 1);
    return TENON_OK;
}

/* The edge of a branch; *to is the block to go to, NULL for the function's end. */
static tenon_status edge_to(tn_fn *f, tn_label *l, LLVMBasicBlockRef *to)
{
    LLVMValueRef *values;

    *to = NULL;
    if (l->op == TN_OP_INVALID)
        return TENON_OK;
    if (l->op == TN_OP_LOOP) {
        *to = l->head;
        return branch_to_loop(f, l);
    }
    TN_TRY(top_values(f, result_count(l), &values));
    TN_TRY(tn_add_edge(f, &l->end, l->log, values, result_count(l)));
    *to = l->end.block;
    return TENON_OK;
}

/* Goes to a label from here, for good. */
static tenon_status go_to(tn_fn *f, tn_label *l)
{
    LLVMBasicBlockRef to;

    TN_TRY(edge_to(f, l, &to));
    if (to == NULL)
        return build_return(f);
    LLVMBuildBr(f->b, to);
    return TENON_OK;
}

tenon_status tn_branch(tn_fn *f, uint32_t depth)
{
    return go_to(f, label_at(f, depth));
}

static tenon_status op_br(tn_fn *f, uint32_t depth)
{
    TN_TRY(tn_branch(f, depth));
    tn_set_dead(f);
    return TENON_OK;
}

/* Goes to a label when the condition holds. */
static tenon_status branch_if(tn_fn *f, LLVMValueRef condition, tn_label *l)
{
    LLVMBasicBlockRef to, on;

    TN_TRY(edge_to(f, l, &to));
    bool returns = to == NULL;
    if (returns)
        to = tn_new_block(f, "return");
    on = tn_new_block(f, "");
    LLVMBuildCondBr(f->b, condition, to, on);
    if (returns) {
        LLVMPositionBuilderAtEnd(f->b, to);
        TN_TRY(build_return(f));
    }
    LLVMPositionBuilderAtEnd(f->b, on);
    return TENON_OK;
}

static tenon_status op_br_if(tn_fn *f)
{
    LLVMValueRef condition = is_true(f, tn_pop(f));

    return branch_if(f, condition, label_at(f, f->in.a));
}

/* Labels get a block each, so that a phi sees one edge however often the table names it. */
static tenon_status op_br_table(tn_fn *f)
{
    LLVMValueRef index = tn_pop(f);
    LLVMBasicBlockRef otherwise = tn_new_block(f, "");
    LLVMValueRef jump = LLVMBuildSwitch(f->b, index, otherwise, f->in.a);
    tn_reader list = f->r;
    uint32_t depth = 0;
    uint64_t mark = f->in.offset + 1;

    list.p = f->in.list;
    for (uint64_t i = 0; i <= f->in.a; i++) {
        TN_TRY(tn_read_u32(&list, &depth));
        tn_label *l = label_at(f, depth);
        if (l->mark != mark) {
            l->mark = mark;
            l->stub = i == f->in.a ? otherwise : tn_new_block(f, "");
            LLVMPositionBuilderAtEnd(f->b, l->stub);
            TN_TRY(go_to(f, l));
        } else if (i == f->in.a) {
            LLVMPositionBuilderAtEnd(f->b, otherwise);
            LLVMBuildBr(f->b, l->stub);
        }
        if (i < f->in.a)
            LLVMAddCase(jump, tn_i32(f->u, (uint32_t)i), l->stub);
    }
    tn_set_dead(f);
    return TENON_OK;
}

static tenon_status op_br_on_null(tn_fn *f)
{
    LLVMValueRef reference = tn_pop(f);

    TN_TRY(branch_if(f, tn_is_null(f, reference), label_at(f, f->in.a)));
    return tn_push(f, TN_I64, reference);
}

static tenon_status op_br_on_non_null(tn_fn *f)
{
    LLVMValueRef reference = tn_peek(f, 0);

    TN_TRY(branch_if(f, LLVMBuildNot(f->b, tn_is_null(f, reference), ""), label_at(f, f->in.a)));
    tn_pop(f);
    return TENON_OK;
}

/* ---- all of them ---- */

static tenon_status skip_dead(tn_fn *f)
{
    switch (f->in.op) {
    case TN_OP_LOOP:
        f->loops_seen++;
        f->dead_depth++;
        return TENON_OK;
    case TN_OP_BLOCK:
    case TN_OP_IF:
    case TN_OP_TRY_TABLE:
        f->dead_depth++;
        return TENON_OK;
    case TN_OP_ELSE:
        return f->dead_depth == 0 ? op_else(f) : TENON_OK;
    case TN_OP_END:
        if (f->dead_depth == 0)
            return op_end(f);
        f->dead_depth--;
        return TENON_OK;
    default:
        return TENON_OK;
    }
}

static tenon_status op_try_table(tn_fn *f)
{
    tn_label l = new_label(f);

    TN_TRY(tn_open_try(f, &l));
    return open_label(f, &l);
}

static tenon_status op_select(tn_fn *f)
{
    LLVMValueRef c = is_true(f, tn_pop(f)), b = tn_pop(f);
    uint8_t type = f->stack.items[f->stack.count - 1].type;
    LLVMValueRef a = tn_pop(f);

    return tn_push(f, type, LLVMBuildSelect(f->b, c, a, b, ""));
}

static tenon_status op_unreachable(tn_fn *f)
{
    tn_build_trap(f, TENON_TRAP_UNREACHABLE);
    tn_set_dead(f);
    return TENON_OK;
}

static tenon_status op_return(tn_fn *f)
{
    TN_TRY(build_return(f));
    tn_set_dead(f);
    return TENON_OK;
}

static tenon_status op_local(tn_fn *f)
{
    switch (f->in.op) {
    case TN_OP_LOCAL_GET:
        return tn_push(f, f->local_types[f->in.a], tn_get_local(f, f->in.a));
    case TN_OP_LOCAL_SET:
        tn_set_local(f, f->in.a, tn_pop(f));
        return TENON_OK;
    default:
        tn_set_local(f, f->in.a, tn_peek(f, 0));
        return TENON_OK;
    }
}

/* X(instruction, what builds it) */
#define CONTROL_MAP(X)                         \
    X(UNREACHABLE, op_unreachable(f))          \
    X(NOP, TENON_OK)                           \
    X(BLOCK, op_block(f))                      \
    X(LOOP, op_loop(f))                        \
    X(IF, op_if(f))                            \
    X(ELSE, op_else(f))                        \
    X(END, op_end(f))                          \
    X(TRY_TABLE, op_try_table(f))              \
    X(THROW, tn_build_throw(f))                \
    X(THROW_REF, tn_build_throw_ref(f))        \
    X(BR, op_br(f, f->in.a))                   \
    X(BR_IF, op_br_if(f))                      \
    X(BR_TABLE, op_br_table(f))                \
    X(BR_ON_NULL, op_br_on_null(f))            \
    X(BR_ON_NON_NULL, op_br_on_non_null(f))    \
    X(RETURN, op_return(f))                    \
    X(CALL, tn_build_calls(f))                 \
    X(CALL_INDIRECT, tn_build_calls(f))        \
    X(CALL_REF, tn_build_calls(f))             \
    X(RETURN_CALL, tn_build_calls(f))          \
    X(RETURN_CALL_INDIRECT, tn_build_calls(f)) \
    X(RETURN_CALL_REF, tn_build_calls(f))      \
    X(DROP, (tn_pop(f), TENON_OK))             \
    X(SELECT, op_select(f))                    \
    X(SELECT_T, op_select(f))                  \
    X(LOCAL_GET, op_local(f))                  \
    X(LOCAL_SET, op_local(f))                  \
    X(LOCAL_TEE, op_local(f))

bool tn_is_control(tn_op op)
{
    switch (op) {
#define X(id, build) case TN_OP_##id:
        CONTROL_MAP(X)
#undef X
        return true;
    default:
        return false;
    }
}

tenon_status tn_build_control(tn_fn *f)
{
    if (f->dead)
        return skip_dead(f);
    switch (f->in.op) {
#define X(id, build) \
    case TN_OP_##id: \
        return (build);
        CONTROL_MAP(X)
#undef X
    default:
        return TENON_UNSUPPORTED;
    }
}
