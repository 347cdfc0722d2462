/* SPDX-License-Identifier: MIT
 * Translation of control: blocks, branches, calls, exceptions; and the frame around it.
 */
#include "runtime/interp/translate.h"

static tn_frame_ctrl *ctrl_at(tn_translator *t, uint32_t depth)
{
    return &t->ctrls.items[t->ctrls.count - 1 - depth];
}

static uint32_t param_count(const tn_frame_ctrl *c)
{
    return c->type != NULL ? c->type->param_count : 0;
}

static uint32_t result_count(const tn_frame_ctrl *c)
{
    return c->type != NULL ? c->type->result_count : c->has_single;
}

static uint32_t label_count(const tn_frame_ctrl *c)
{
    return c->op == TN_OP_LOOP ? param_count(c) : result_count(c);
}

static uint32_t label_slots(const tn_frame_ctrl *c)
{
    if (c->type != NULL)
        return c->op == TN_OP_LOOP ? c->type->param_slots : c->type->result_slots;
    return c->op == TN_OP_LOOP || !c->has_single ? 0 : tn_slots_of(c->single);
}

static tenon_status push_types(tn_translator *t, const tn_valtype *types, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        TN_TRY(tn_push_temp(t, tn_small_type(types[i]), TN_NONE, NULL));
    return TENON_OK;
}

static tenon_status push_results(tn_translator *t, const tn_frame_ctrl *c)
{
    if (c->type != NULL)
        return push_types(t, tn_type_results(c->type), c->type->result_count);
    return c->has_single ? tn_push_temp(t, c->single, TN_NONE, NULL) : TENON_OK;
}

static void drop_to(tn_translator *t, uint32_t height)
{
    while (t->stack.count > height)
        tn_pop(t);
}

/* ---- targets ---- */

/* Adds the cell that holds a branch target. The target of a block is filled in at its end. */
static tenon_status add_target(tn_translator *t, tn_frame_ctrl *c)
{
    uint32_t at = (uint32_t)t->cells.count;

    TN_TRY(tn_vec_reserve(t->mem, &t->relocations, 1));
    TN_TRY(tn_vec_reserve(t->mem, &t->cells, 1));
    t->relocations.items[t->relocations.count++] = at;
    tn_cell *cell = tn_add_cell(t);
    if (c->op == TN_OP_LOOP) {
        cell->u64 = c->start;
    } else {
        cell->u64 = c->fixups;
        c->fixups = at + 1;
    }
    return TENON_OK;
}

/* A target that waits in a chain of its own. */
static tenon_status add_forward(tn_translator *t, uint32_t *chain)
{
    TN_TRY(tn_vec_reserve(t->mem, &t->relocations, 1));
    TN_TRY(tn_vec_reserve(t->mem, &t->cells, 1));
    t->relocations.items[t->relocations.count++] = (uint32_t)t->cells.count;
    tn_add_cell(t)->u64 = *chain;
    *chain = (uint32_t)t->cells.count;
    return TENON_OK;
}

/* Everybody in the chain goes here. */
static void bind(tn_translator *t, uint32_t *chain)
{
    for (uint32_t at = *chain, next; at != 0; at = next) {
        next = (uint32_t)t->cells.items[at - 1].u64;
        t->cells.items[at - 1].u64 = t->cells.count;
    }
    *chain = 0;
    tn_barrier(t);
}

static tenon_status jump(tn_translator *t, tn_frame_ctrl *c)
{
    uint32_t at;

    TN_TRY(tn_begin(t, tn_h_br, &at));
    return add_target(t, c);
}

/* The end of a counting loop: the local that is compared was just increased by a constant. */
static bool is_latch(const tn_translator *t, const tn_condition *cond)
{
    const tn_newest *n = &t->newest;

    return cond->when && tn_latch_rows[cond->op] != NULL && n->at != TN_NONE && n->op == TN_OP_I32_ADD &&
           n->local != 0 && n->b.class == TN_CLASS_I && n->a.class != TN_CLASS_A && cond->a.class != TN_CLASS_A &&
           n->a.slot == t->local_slots[n->local - 1] && cond->a.slot == n->a.slot && cond->a.class == n->a.class &&
           (cond->b.class == TN_CLASS_I || (cond->b.class == TN_CLASS_S && cond->b.slot != n->a.slot));
}

static tenon_status begin_latch(tn_translator *t, const tn_condition *cond)
{
    tn_newest n = t->newest;
    bool constant = cond->b.class == TN_CLASS_I;
    uint32_t at;

    tn_take_back(t);
    TN_TRY(tn_begin(t, (*tn_latch_rows[cond->op])[n.a.class == TN_CLASS_P][constant], &at));
    tn_cell *cell = tn_add_cell(t);
    cell->u16[0] = (uint16_t)n.a.slot;
    cell->u16[1] = (uint16_t)cond->b.slot;
    cell->u32[1] = (uint32_t)n.b.bits;
    return TENON_OK;
}

/* A conditional branch up to its target cell. */
static tenon_status begin_branch(tn_translator *t, const tn_condition *cond)
{
    const tn_branch_row *row = (cond->when ? tn_branch_when_rows : tn_branch_unless_rows)[cond->op];
    uint8_t type = tn_op_infos[cond->op].sig.types[0];
    uint32_t at;

    TN_TRY(tn_begin(t, (*row)[cond->a.class][cond->b.class], &at));
    tn_add_operands(t, 0, &cond->a, &cond->b, type);
    return TENON_OK;
}

static tn_condition inverted(tn_condition cond)
{
    cond.when = !cond.when;
    if (!cond.when && tn_branch_unless_rows[cond.op] == NULL) {
        cond.op = tn_negated(cond.op);
        cond.when = true;
    }
    return cond;
}

/* Where the operands of a branch lie, once they are settled. */
static uint32_t top_slot(const tn_translator *t, uint32_t count)
{
    return count == 0 ? tn_next_slot(t) : t->stack.items[t->stack.count - count].slot;
}

static bool in_place(const tn_translator *t, const tn_frame_ctrl *c)
{
    return label_count(c) == 0 || top_slot(t, label_count(c)) == c->slot;
}

/* Moves settled operands to where the label wants them. */
static tenon_status copy_to_label(tn_translator *t, const tn_frame_ctrl *c)
{
    uint32_t at, slots = label_slots(c);

    if (in_place(t, c))
        return TENON_OK;
    TN_TRY(tn_begin(t, slots == 1 ? tn_h_mov_wide : tn_h_copy, &at));
    tn_cell *cell = tn_add_cell(t);
    cell->u32[0] = c->slot;
    cell->u32[1] = top_slot(t, label_count(c));
    if (slots != 1)
        tn_add_cell(t)->u32[0] = slots;
    return TENON_OK;
}

static void set_dead(tn_translator *t)
{
    t->dead = true;
    t->dead_depth = 0;
    t->newest.at = TN_NONE;
}

/* ---- blocks ---- */

static void describe_block(tn_translator *t, tn_frame_ctrl *c)
{
    tn_valtype type;

    if (t->in.block_kind == TN_BLOCK_TYPE) {
        c->type = tn_types_get(t->core->registry, t->core->types[t->in.a]);
    } else if (t->in.block_kind == TN_BLOCK_VALUE) {
        c->has_single = true;
        c->single = tn_module_resolve(t->core, t->in.type, &type) ? tn_small_type(type) : TN_I64;
    }
}

static tenon_status open_block(tn_translator *t, tn_frame_ctrl c)
{
    uint32_t params = param_count(&c);

    c.height = (uint32_t)t->stack.count - params;
    c.slot = top_slot(t, params);
    TN_TRY(tn_vec_reserve(t->mem, &t->ctrls, 1));
    t->ctrls.items[t->ctrls.count++] = c;
    return TENON_OK;
}

/* What every block begins with: its type, and all operands in their slots. */
static tenon_status prepare_block(tn_translator *t, tn_frame_ctrl *c)
{
    describe_block(t, c);
    /* Compiled code takes over at the head of a loop, maybe one that lies inside: then a constant has to be in its
     * slot, on every way there and past it. */
    TN_TRY(tn_settle_top(t, t->hot != NULL ? (uint32_t)t->stack.count : param_count(c)));
    return tn_flush_locals(t);
}

static tenon_status op_block(tn_translator *t)
{
    tn_frame_ctrl c = { .op = TN_OP_BLOCK };

    TN_TRY(prepare_block(t, &c));
    return open_block(t, c);
}

static tenon_status load_pins(tn_translator *t)
{
    const tn_pins *pins = &t->pins.items[t->loop_count];
    uint32_t at;

    if (pins->integer != TN_NONE) {
        TN_TRY(tn_begin(t, tn_h_pin_int, &at));
        tn_add_operands(t, 0, &(tn_arg){ .slot = t->local_slots[pins->integer] }, NULL, 0);
    }
    if (pins->floating != TN_NONE) {
        TN_TRY(tn_begin(t, tn_h_pin_float, &at));
        tn_add_operands(t, 0, &(tn_arg){ .slot = t->local_slots[pins->floating] }, NULL, 0);
    }
    return TENON_OK;
}

/* ---- where compiled code may take over ---- */

static tenon_status count_call(tn_translator *t)
{
    uint32_t at;

    t->in.offset = t->body.offset;
    TN_TRY(tn_begin(t, tn_h_count_call, &at));
    tn_add_cell(t)->pointer = t->hot;
    tn_barrier(t);
    return TENON_OK;
}

/* All locals and operands are in their slots. */
static tenon_status count_round(tn_translator *t)
{
    uint32_t at, params = t->type->param_count;
    uint32_t from = t->local_count > params ? t->local_slots[params] : t->first_temp;

    TN_TRY(tn_begin(t, tn_h_count_loop, &at));
    tn_add_cell(t)->pointer = t->hot;
    tn_cell *cell = tn_add_cell(t);
    cell->u32[0] = t->loop_count;
    cell->u32[1] = t->record;
    cell = tn_add_cell(t);
    cell->u32[0] = from;
    cell->u32[1] = tn_next_slot(t) - from;
    tn_barrier(t);
    return TENON_OK;
}

static tenon_status op_loop(tn_translator *t)
{
    tn_frame_ctrl c = { .op = TN_OP_LOOP };

    TN_TRY(prepare_block(t, &c));
    TN_TRY(load_pins(t));
    c.start = (uint32_t)t->cells.count;
    tn_barrier(t);
    if (t->hot != NULL)
        TN_TRY(count_round(t));
    t->pinned = t->pins.items[t->loop_count++];
    return open_block(t, c);
}

static tenon_status op_if(tn_translator *t)
{
    tn_frame_ctrl c = { .op = TN_OP_IF };
    TN_TRY(tn_compute_sums(t, 1));
    tn_operand o = tn_pop(t);
    tn_condition cond;

    TN_TRY(tn_take_condition(t, &o, &cond));
    TN_TRY(prepare_block(t, &c));
    cond = inverted(cond);
    TN_TRY(begin_branch(t, &cond));
    TN_TRY(add_forward(t, &c.else_fixup));
    return open_block(t, c);
}

static tenon_status op_else(tn_translator *t)
{
    tn_frame_ctrl *c = ctrl_at(t, 0);

    if (!t->dead) {
        TN_TRY(tn_settle_top(t, result_count(c)));
        TN_TRY(jump(t, c));
    }
    t->dead = false;
    drop_to(t, c->height);
    bind(t, &c->else_fixup);
    c->op = TN_OP_ELSE;
    return c->type != NULL ? push_types(t, c->type->types, c->type->param_count) : TENON_OK;
}

static tenon_status emit_return(tn_translator *t);

static tenon_status op_end(tn_translator *t)
{
    tn_frame_ctrl c = *ctrl_at(t, 0);
    bool reached = !t->dead || c.fixups != 0 || c.else_fixup != 0;

    if (!t->dead)
        TN_TRY(tn_settle_top(t, result_count(&c)));
    if (c.op == TN_OP_TRY_TABLE)
        t->tries.items[c.try_index].to = (uint32_t)t->cells.count;
    if (c.op == TN_OP_LOOP)
        t->pinned = (tn_pins){ TN_NONE, TN_NONE };
    t->ctrls.count--;
    if (!reached)
        return TENON_OK;
    if (c.fixups != 0 || c.else_fixup != 0) {
        bind(t, &c.else_fixup);
        bind(t, &c.fixups);
    }
    t->dead = false;
    drop_to(t, c.height);
    TN_TRY(push_results(t, &c));
    return t->ctrls.count == 0 ? emit_return(t) : TENON_OK;
}

/* ---- branches ---- */

static tenon_status op_br(tn_translator *t, uint32_t depth)
{
    tn_frame_ctrl *c = ctrl_at(t, depth);

    if (depth == t->ctrls.count - 1) {
        TN_TRY(emit_return(t));
        set_dead(t);
        return TENON_OK;
    }
    TN_TRY(tn_settle_top(t, label_count(c)));
    TN_TRY(copy_to_label(t, c));
    TN_TRY(jump(t, c));
    set_dead(t);
    return TENON_OK;
}

/* What the taken edge of a conditional branch carries stays in its slots. */
static tenon_status settle_for(tn_translator *t, const tn_frame_ctrl *c)
{
    TN_TRY(tn_settle_top(t, label_count(c)));
    for (uint32_t i = 0; i < label_count(c); i++)
        t->stack.items[t->stack.count - 1 - i].producer = TN_NONE;
    return TENON_OK;
}

static tenon_status op_br_if(tn_translator *t)
{
    tn_frame_ctrl *c = ctrl_at(t, t->in.a);
    TN_TRY(tn_compute_sums(t, 1));
    tn_operand o = tn_pop(t);
    tn_condition cond;
    uint32_t over = 0;

    TN_TRY(tn_take_condition(t, &o, &cond));
    TN_TRY(settle_for(t, c));
    if (in_place(t, c)) {
        bool latch = is_latch(t, &cond);
        TN_TRY(latch ? begin_latch(t, &cond) : begin_branch(t, &cond));
        TN_TRY(add_target(t, c));
        if (latch)
            tn_add_cell(t)->u32[0] = (uint32_t)cond.b.bits;
        t->newest.at = TN_NONE;
        return TENON_OK;
    }
    cond = inverted(cond);
    TN_TRY(begin_branch(t, &cond));
    TN_TRY(add_forward(t, &over));
    TN_TRY(copy_to_label(t, c));
    TN_TRY(jump(t, c));
    bind(t, &over);
    return TENON_OK;
}

static tenon_status add_table_target(tn_translator *t, uint32_t mark, tn_frame_ctrl *c, uint32_t index)
{
    if (in_place(t, c))
        return add_target(t, c);
    if (c->stub_mark != mark) {
        c->stub_mark = mark;
        c->stub_fixups = 0;
        TN_TRY(tn_vec_reserve(t->mem, &t->stubs, 1));
        t->stubs.items[t->stubs.count++] = index;
    }
    return add_forward(t, &c->stub_fixups);
}

static tenon_status op_br_table(tn_translator *t)
{
    tn_reader list = t->r;
    uint32_t depth = 0, at;
    TN_TRY(tn_compute_sums(t, 1));
    tn_operand o = tn_pop(t);
    tn_arg arg;

    list.p = t->in.list;
    TN_TRY(tn_read_u32(&list, &depth));
    TN_TRY(settle_for(t, ctrl_at(t, depth)));
    TN_TRY(tn_resolve(t, &o, TN_MAY_SAP, &arg));
    TN_TRY(tn_begin(t, tn_br_table_row[arg.class], &at));
    tn_add_operands(t, 0, &arg, NULL, 0);
    t->cells.items[at + 1].u32[1] = t->in.a;
    t->stubs.count = 0;
    list.p = t->in.list;
    for (uint64_t i = 0; i <= t->in.a; i++) {
        TN_TRY(tn_read_u32(&list, &depth));
        TN_TRY(add_table_target(t, at + 1, ctrl_at(t, depth), (uint32_t)t->ctrls.count - 1 - depth));
    }
    for (size_t i = 0; i < t->stubs.count; i++) {
        tn_frame_ctrl *c = &t->ctrls.items[t->stubs.items[i]];
        bind(t, &c->stub_fixups);
        TN_TRY(copy_to_label(t, c));
        TN_TRY(jump(t, c));
    }
    set_dead(t);
    return TENON_OK;
}

static tenon_status br_on_null(tn_translator *t)
{
    tn_frame_ctrl *c = ctrl_at(t, t->in.a);
    uint32_t over = 0, at;
    tn_arg arg;

    TN_TRY(tn_settle_top(t, 1));
    tn_operand o = tn_pop(t);
    TN_TRY(settle_for(t, c));
    TN_TRY(tn_resolve(t, &o, TN_MAY_S, &arg));
    bool direct = in_place(t, c);
    TN_TRY(tn_begin(t, direct ? tn_h_br_null : tn_h_br_non_null, &at));
    tn_add_operands(t, 0, &arg, NULL, 0);
    if (direct) {
        TN_TRY(add_target(t, c));
    } else {
        TN_TRY(add_forward(t, &over));
        TN_TRY(copy_to_label(t, c));
        TN_TRY(jump(t, c));
    }
    tn_barrier(t);
    if (!direct)
        bind(t, &over);
    return tn_push_temp(t, TN_I64, TN_NONE, NULL);
}

static tenon_status br_on_non_null(tn_translator *t)
{
    tn_frame_ctrl *c = ctrl_at(t, t->in.a);
    uint32_t over = 0, at;

    TN_TRY(settle_for(t, c));
    tn_operand o = t->stack.items[t->stack.count - 1];
    bool direct = in_place(t, c);
    tn_arg arg;
    TN_TRY(tn_resolve(t, &o, TN_MAY_S, &arg));
    TN_TRY(tn_begin(t, direct ? tn_h_br_non_null : tn_h_br_null, &at));
    tn_add_operands(t, 0, &arg, NULL, 0);
    if (direct) {
        TN_TRY(add_target(t, c));
    } else {
        TN_TRY(add_forward(t, &over));
        TN_TRY(copy_to_label(t, c));
        TN_TRY(jump(t, c));
        bind(t, &over);
    }
    tn_barrier(t);
    tn_pop(t);
    return TENON_OK;
}

/* ---- returns and calls ---- */

static tenon_status emit_return(tn_translator *t)
{
    uint32_t at, count = t->type->result_count;
    tn_arg arg;

    if (count == 0) {
        TN_TRY(tn_begin(t, tn_h_return_void, &at));
        tn_add_cell(t)->u32[0] = t->record;
        return TENON_OK;
    }
    if (count > 1) {
        TN_TRY(tn_settle_top(t, count));
        TN_TRY(tn_begin(t, tn_h_return_many, &at));
        tn_cell *cell = tn_add_cell(t);
        cell->u32[0] = top_slot(t, count);
        cell->u32[1] = t->type->result_slots;
        tn_add_cell(t)->u32[0] = t->record;
        return TENON_OK;
    }
    TN_TRY(tn_compute_sums(t, 1));
    tn_operand o = tn_pop(t);
    tn_bank bank = tn_bank_of(o.type);
    bool small = o.kind == TN_CONST && bank == TN_BANK_INT && o.bits <= UINT32_MAX;
    if (small)
        arg = (tn_arg){ .class = TN_CLASS_I, .bits = o.bits };
    else
        TN_TRY(tn_resolve(t, &o, bank == TN_BANK_VEC ? TN_MAY_S : TN_MAY_SAP, &arg));
    if (arg.class == TN_CLASS_S && bank == TN_BANK_FLOAT)
        bank = TN_BANK_INT;
    TN_TRY(tn_begin(t, tn_return_rows[bank][arg.class], &at));
    tn_add_operands(t, 0, &arg, NULL, 0);
    if (small)
        t->cells.items[at + 1].u32[1] = (uint32_t)o.bits;
    tn_add_cell(t)->u32[0] = t->record;
    return tn_push(t, o);
}

/* Settles the arguments and gives their place; afterwards they are off the stack. */
static tenon_status take_arguments(tn_translator *t, const tn_type *type, uint32_t *place)
{
    uint32_t slots = type->param_slots > type->result_slots ? type->param_slots : type->result_slots;

    TN_TRY(tn_settle_top(t, type->param_count));
    *place = top_slot(t, type->param_count);
    drop_to(t, (uint32_t)t->stack.count - type->param_count);
    if (*place + slots + 2 > t->max_slot)
        t->max_slot = *place + slots + 2;
    return TENON_OK;
}

static tenon_status begin_call(tn_translator *t, tn_handler handler, const tn_type *type, uint32_t place)
{
    uint32_t at;

    TN_TRY(tn_begin(t, handler, &at));
    tn_cell *cell = tn_add_cell(t);
    cell->u32[0] = place;
    cell->u32[1] = type->param_slots;
    t->newest.at = TN_NONE;
    return TENON_OK;
}

/* What comes after a call: its results, or nothing when it was a tail call. */
static tenon_status finish_call(tn_translator *t, const tn_type *type, bool tail)
{
    if (tail) {
        tn_add_cell(t)->u32[0] = t->record;
        set_dead(t);
        return TENON_OK;
    }
    t->acc_write[0] = t->acc_write[1] = (uint32_t)t->cells.count;
    return push_types(t, tn_type_results(type), type->result_count);
}

static tenon_status op_call(tn_translator *t, bool tail)
{
    const tn_type *type = tn_module_func_type(t->core, t->in.a);
    bool import = t->in.a < t->core->imported_funcs;
    uint32_t place;

    TN_TRY(take_arguments(t, type, &place));
    if (import) {
        TN_TRY(begin_call(t, tail ? tn_h_return_call_import : tn_h_call_import, type, place));
        tn_add_cell(t)->u32[0] = t->in.a;
    } else {
        TN_TRY(begin_call(t, tail ? tn_h_return_call : tn_h_call, type, place));
        tn_add_cell(t)->pointer = &t->entries[t->in.a - t->core->imported_funcs];
    }
    return finish_call(t, type, tail);
}

static tenon_status op_call_indirect(tn_translator *t, bool tail)
{
    uint32_t id = t->core->types[t->in.a], place;
    const tn_type *type = tn_types_get(t->core->registry, id);
    tn_arg arg;

    /* The index lies above the arguments, so their settling must not disturb it; it may be in the accumulator. */
    TN_TRY(tn_compute_sums(t, 1));
    tn_operand o = tn_pop(t);
    TN_TRY(take_arguments(t, type, &place));
    TN_TRY(tn_resolve(t, &o, tail ? TN_MAY_S : TN_MAY_SAP, &arg));
    TN_TRY(begin_call(t, tail ? tn_h_return_call_indirect : tn_call_indirect_row[arg.class], type, place));
    tn_cell *cell = tn_add_cell(t);
    cell->u32[0] = id;
    cell->u32[1] = t->in.b;
    tn_add_cell(t)->u32[0] = arg.slot;
    return finish_call(t, type, tail);
}

static tenon_status op_call_ref(tn_translator *t, bool tail)
{
    const tn_type *type = tn_types_get(t->core->registry, t->core->types[t->in.a]);
    uint32_t place;
    tn_arg arg;

    tn_operand o = tn_pop(t);
    TN_TRY(take_arguments(t, type, &place));
    TN_TRY(tn_resolve(t, &o, TN_MAY_S, &arg));
    TN_TRY(begin_call(t, tail ? tn_h_return_call_ref : tn_h_call_ref, type, place));
    tn_add_cell(t)->u32[0] = arg.slot;
    return finish_call(t, type, tail);
}

/* ---- exceptions ---- */

static tenon_status op_throw(tn_translator *t)
{
    const tn_type *type = tn_types_get(t->core->registry, t->core->tags[t->in.a]);
    uint32_t place, at;

    TN_TRY(take_arguments(t, type, &place));
    TN_TRY(tn_begin(t, tn_h_throw, &at));
    tn_cell *cell = tn_add_cell(t);
    cell->u32[0] = place;
    cell->u32[1] = t->in.a;
    set_dead(t);
    return TENON_OK;
}

static tenon_status op_throw_ref(tn_translator *t)
{
    tn_operand o = tn_pop(t);
    uint32_t at;
    tn_arg arg;

    TN_TRY(tn_resolve(t, &o, TN_MAY_S, &arg));
    TN_TRY(tn_begin(t, tn_h_throw_ref, &at));
    tn_add_cell(t)->u32[0] = arg.slot;
    set_dead(t);
    return TENON_OK;
}

/* A clause lands with its arguments on top of the stack and branches on from there. */
static tenon_status add_clause(tn_translator *t, const tn_catch *clause)
{
    uint32_t height = (uint32_t)t->stack.count;
    tn_clause out = {
        .kind = clause->kind, .tag = clause->tag, .landing = (uint32_t)t->cells.count, .slot = tn_next_slot(t)
    };

    tn_barrier(t);
    if (clause->kind < 2) {
        const tn_type *type = tn_types_get(t->core->registry, t->core->tags[clause->tag]);
        TN_TRY(push_types(t, type->types, type->param_count));
    }
    if (clause->kind & 1)
        TN_TRY(tn_push_temp(t, TN_I64, TN_NONE, NULL));
    TN_TRY(op_br(t, clause->label));
    t->dead = false;
    drop_to(t, height);
    TN_TRY(tn_vec_reserve(t->mem, &t->clauses, 1));
    t->clauses.items[t->clauses.count++] = out;
    return TENON_OK;
}

static tenon_status op_try_table(tn_translator *t)
{
    tn_frame_ctrl c = { .op = TN_OP_TRY_TABLE };
    tn_reader list = t->r;
    tn_catch clause = { 0 };
    uint32_t over = 0, at;

    TN_TRY(prepare_block(t, &c));
    c.try_index = (uint32_t)t->tries.count;
    TN_TRY(tn_vec_reserve(t->mem, &t->tries, 1));
    t->tries.items[t->tries.count++] = (tn_try){ .clauses = (uint32_t)t->clauses.count, .clause_count = t->in.b };
    if (t->in.b > 0) {
        TN_TRY(tn_begin(t, tn_h_br, &at));
        TN_TRY(add_forward(t, &over));
    }
    list.p = t->in.list;
    for (uint32_t i = 0; i < t->in.b; i++) {
        TN_TRY(tn_read_catch(&list, &clause));
        TN_TRY(add_clause(t, &clause));
    }
    if (t->in.b > 0)
        bind(t, &over);
    t->tries.items[c.try_index].from = (uint32_t)t->cells.count;
    return open_block(t, c);
}

/* ---- all of them ---- */

static tenon_status skip_dead(tn_translator *t)
{
    switch (t->in.op) {
    case TN_OP_LOOP:
        t->loop_count++;
        t->dead_depth++;
        return TENON_OK;
    case TN_OP_BLOCK:
    case TN_OP_IF:
    case TN_OP_TRY_TABLE:
        t->dead_depth++;
        return TENON_OK;
    case TN_OP_ELSE:
        return t->dead_depth == 0 ? op_else(t) : TENON_OK;
    case TN_OP_END:
        if (t->dead_depth == 0)
            return op_end(t);
        t->dead_depth--;
        return TENON_OK;
    default:
        return TENON_OK;
    }
}

static tenon_status op_unreachable(tn_translator *t)
{
    uint32_t at;

    TN_TRY(tn_begin(t, tn_h_unreachable, &at));
    set_dead(t);
    return TENON_OK;
}

static tenon_status op_return(tn_translator *t)
{
    TN_TRY(emit_return(t));
    set_dead(t);
    return TENON_OK;
}

static tenon_status translate_insn(tn_translator *t)
{
    if (t->dead)
        return skip_dead(t);
    switch (t->in.op) {
    case TN_OP_UNREACHABLE:
        return op_unreachable(t);
    case TN_OP_BLOCK:
        return op_block(t);
    case TN_OP_LOOP:
        return op_loop(t);
    case TN_OP_IF:
        return op_if(t);
    case TN_OP_ELSE:
        return op_else(t);
    case TN_OP_END:
        return op_end(t);
    case TN_OP_TRY_TABLE:
        return op_try_table(t);
    case TN_OP_THROW:
        return op_throw(t);
    case TN_OP_THROW_REF:
        return op_throw_ref(t);
    case TN_OP_BR:
        return op_br(t, t->in.a);
    case TN_OP_BR_IF:
        return op_br_if(t);
    case TN_OP_BR_TABLE:
        return op_br_table(t);
    case TN_OP_BR_ON_NULL:
        return br_on_null(t);
    case TN_OP_BR_ON_NON_NULL:
        return br_on_non_null(t);
    case TN_OP_RETURN:
        return op_return(t);
    case TN_OP_CALL:
    case TN_OP_RETURN_CALL:
        return op_call(t, t->in.op == TN_OP_RETURN_CALL);
    case TN_OP_CALL_INDIRECT:
    case TN_OP_RETURN_CALL_INDIRECT:
        return op_call_indirect(t, t->in.op == TN_OP_RETURN_CALL_INDIRECT);
    case TN_OP_CALL_REF:
    case TN_OP_RETURN_CALL_REF:
        return op_call_ref(t, t->in.op == TN_OP_RETURN_CALL_REF);
    default:
        return tn_translate_op(t);
    }
}

/* ---- the frame ---- */

static tenon_status read_locals(tn_translator *t)
{
    tn_rawtype raw = 0;
    uint32_t groups = 0, count = 0, slot = 0, index = 0;

    tn_reader ahead = t->r;
    TN_TRY(tn_skip_locals(&ahead, &count));
    t->local_count = t->type->param_count + count;
    t->local_slots = tn_alloc(t->mem, (t->local_count + 1) * (2 * sizeof(uint32_t) + 1));
    if (t->local_slots == NULL)
        return TENON_NOMEM;
    t->local_refs = t->local_slots + t->local_count + 1;
    t->local_types = (uint8_t *)(t->local_refs + t->local_count + 1);
    memset(t->local_refs, 0, (t->local_count + 1) * sizeof(uint32_t));
    for (; index < t->type->param_count; index++) {
        t->local_types[index] = tn_small_type(t->type->types[index]);
        t->local_slots[index] = slot;
        slot += tn_slots_of(t->local_types[index]);
    }
    t->record = slot;
    slot += 2;
    t->scratch = slot;
    /* Whether any slot may need more than 16 bits: an operand costs at least one byte of code. */
    if ((uint64_t)t->local_count * 2 + (uint64_t)t->body.size * 2 + 64 > UINT16_MAX)
        slot += TN_SCRATCH_SLOTS;
    TN_TRY(tn_read_u32(&t->r, &groups));
    for (uint32_t i = 0; i < groups; i++) {
        tn_valtype type;
        TN_TRY(tn_read_u32(&t->r, &count));
        TN_TRY(tn_read_valtype(&t->r, &raw));
        uint8_t small = tn_module_resolve(t->core, raw, &type) ? tn_small_type(type) : TN_I64;
        for (; count > 0; count--, index++) {
            t->local_types[index] = small;
            t->local_slots[index] = slot;
            slot += tn_slots_of(small);
        }
    }
    t->first_temp = slot;
    t->max_slot = slot + 2;
    if (t->type->result_slots + 2 > t->max_slot)
        t->max_slot = t->type->result_slots + 2;
    return TENON_OK;
}

static size_t hot_size(size_t loops)
{
    return sizeof(tn_hot) + loops * sizeof(tn_hot_loop);
}

static tenon_status make_hot(tn_translator *t)
{
    const tenon_engine *engine = t->module->engine;

    if (engine->service == NULL || t->body.size > TN_MAX_HOT_BODY)
        return TENON_OK;
    t->hot = tn_alloc_zeroed(t->kept, hot_size(t->pins.count));
    if (t->hot == NULL)
        return TENON_NOMEM;
    t->hot->budget = (int32_t)engine->threshold;
    t->hot->own = t->own;
    t->hot->loop_count = (uint32_t)t->pins.count;
    return TENON_OK;
}

/* The segment behind the instruction at this offset is paid for. */
static tenon_status charge_behind(tn_translator *t, uint64_t offset)
{
    uint64_t cost = t->fuel.charges.count > 0 ? tn_fuel_behind(&t->fuel, offset) : 0;
    uint32_t at;

    if (cost == 0 || t->dead)
        return TENON_OK;
    TN_TRY(tn_begin(t, tn_h_fuel, &at));
    tn_add_cell(t)->u64 = cost;
    tn_barrier(t);
    return TENON_OK;
}

static tenon_status translate_insns(tn_translator *t)
{
    if (t->module->engine->metered)
        TN_TRY(tn_fuel_plan_make(&t->fuel, t->core, t->own, t->mem));
    TN_TRY(charge_behind(t, TN_FUEL_ENTRY));
    while (t->ctrls.count > 0) {
        TN_TRY(tn_insn_read(&t->r, &t->in));
        TN_TRY(translate_insn(t));
        TN_TRY(charge_behind(t, t->in.offset));
    }
    return TENON_OK;
}

static tenon_status translate_body(tn_translator *t)
{
    tn_frame_ctrl outermost = { .op = TN_OP_BLOCK };

    TN_TRY(read_locals(t));
    TN_TRY(tn_find_pins(t));
    TN_TRY(make_hot(t));
    /* Its results are those of the function; its parameters are locals, not operands. */
    if (t->type->result_count == 1) {
        outermost.has_single = true;
        outermost.single = tn_small_type(tn_type_results(t->type)[0]);
    }
    TN_TRY(open_block(t, outermost));
    if (t->type->result_count > 1)
        t->ctrls.items[0].type = t->type;
    if (t->hot != NULL)
        TN_TRY(count_call(t));
    return translate_insns(t);
}

/* Copies what lasts, with positions turned into addresses. */
static tenon_status finish(tn_translator *t, uint32_t own, tn_function *out)
{
    *out = (tn_function){ .cell_count = (uint32_t)t->cells.count,
                          .map_count = (uint32_t)t->map.count,
                          .try_count = (uint32_t)t->tries.count,
                          .clause_count = (uint32_t)t->clauses.count,
                          .frame_slots = t->max_slot,
                          .zero_slots = t->first_temp - t->record - 2,
                          .param_slots = t->record,
                          .own = own };
    out->cells = tn_alloc_zeroed(t->kept, (t->cells.count + TN_FRONT_CELLS) * sizeof *out->cells);
    if (out->cells != NULL)
        out->cells += TN_FRONT_CELLS;
    out->map = tn_alloc(t->kept, (t->map.count + 1) * sizeof *out->map);
    out->tries = tn_alloc(t->kept, (t->tries.count + 1) * sizeof *out->tries);
    out->clauses = tn_alloc(t->kept, (t->clauses.count + 1) * sizeof *out->clauses);
    if (out->cells == NULL || out->map == NULL || out->tries == NULL || out->clauses == NULL) {
        tn_function_fini(t->kept, out);
        return TENON_NOMEM;
    }
    for (size_t i = 0; i < t->relocations.count; i++) {
        tn_cell *cell = &t->cells.items[t->relocations.items[i]];
        cell->target = out->cells + cell->u64;
    }
    out->cells[-1].u32[0] = out->frame_slots * (uint32_t)sizeof(tn_slot);
    out->cells[-1].u32[1] = out->zero_slots;
    memcpy(out->cells, t->cells.items, t->cells.count * sizeof *out->cells);
    memcpy(out->map, t->map.items, t->map.count * sizeof *out->map);
    if (t->tries.count > 0)
        memcpy(out->tries, t->tries.items, t->tries.count * sizeof *out->tries);
    if (t->clauses.count > 0)
        memcpy(out->clauses, t->clauses.items, t->clauses.count * sizeof *out->clauses);
    out->hot = t->hot;
    t->hot = NULL;
    return TENON_OK;
}

void tn_function_fini(tn_mem *mem, tn_function *function)
{
    if (function->cells != NULL)
        tn_free(mem, function->cells - TN_FRONT_CELLS,
                (function->cell_count + TN_FRONT_CELLS) * sizeof *function->cells);
    if (function->hot != NULL)
        tn_free(mem, function->hot, hot_size(function->hot->loop_count));
    tn_free(mem, function->map, (function->map_count + 1) * sizeof *function->map);
    tn_free(mem, function->tries, (function->try_count + 1) * sizeof *function->tries);
    tn_free(mem, function->clauses, (function->clause_count + 1) * sizeof *function->clauses);
}

static void free_translator(tn_translator *t)
{
    tn_free(t->mem, t->local_slots, (t->local_count + 1) * (2 * sizeof(uint32_t) + 1));
    if (t->hot != NULL)
        tn_free(t->kept, t->hot, hot_size(t->hot->loop_count));
    tn_vec_fini(t->mem, &t->cells);
    tn_vec_fini(t->mem, &t->map);
    tn_vec_fini(t->mem, &t->relocations);
    tn_vec_fini(t->mem, &t->stack);
    tn_vec_fini(t->mem, &t->ctrls);
    tn_vec_fini(t->mem, &t->tries);
    tn_vec_fini(t->mem, &t->clauses);
    tn_vec_fini(t->mem, &t->pins);
    tn_vec_fini(t->mem, &t->stubs);
    tn_fuel_plan_fini(&t->fuel, t->mem);
}

tenon_status tn_translate(tenon_module *module, tn_entry *entries, bool guarded, uint32_t own, tn_function *out)
{
    const tn_module *core = &module->core;
    tn_translator t = { .module = module,
                        .core = core,
                        .mem = &module->engine->mem,
                        .kept = &module->mem,
                        .entries = entries,
                        .guarded = guarded,
                        .own = own,
                        .body = core->bodies[own],
                        .type = tn_module_func_type(core, core->imported_funcs + own),
                        .pinned = { TN_NONE, TN_NONE } };

    if (!tn_module_need(core, t.body))
        return TENON_MALFORMED;
    t.r = tn_module_reader(core, t.body, NULL);
    t.newest.at = TN_NONE;
    tenon_status status = translate_body(&t);
    if (status == TENON_OK)
        status = finish(&t, own, out);
    free_translator(&t);
    return status;
}
