/* SPDX-License-Identifier: MIT
 * The simulated operand stack of the translator, and the emission of single instructions.
 */
#include "runtime/interp/translate.h"

uint8_t tn_small_type(tn_valtype t)
{
    return tn_is_ref(t) ? TN_I64 : (uint8_t)t;
}

tn_bank tn_bank_of(uint8_t type)
{
    return type == TN_V128 ? TN_BANK_VEC : type == TN_F32 || type == TN_F64 ? TN_BANK_FLOAT : TN_BANK_INT;
}

/* Floats and vectors share an accumulator. */
static unsigned accumulator_of(uint8_t type)
{
    return tn_bank_of(type) != TN_BANK_INT;
}

/* ---- emission ---- */

tenon_status tn_begin(tn_translator *t, tn_handler handler, uint32_t *at)
{
    TN_ASSERT(handler != NULL);
    TN_TRY(tn_vec_reserve(t->mem, &t->cells, 16));
    TN_TRY(tn_vec_reserve(t->mem, &t->map, 1));
    *at = (uint32_t)t->cells.count;
    t->before = t->newest;
    t->newest = (tn_newest){ .at = *at, .maps = (uint32_t)t->map.count, .op = TN_OP_INVALID };
    t->map.items[t->map.count++] = (tn_map_row){ *at, (uint32_t)(t->in.offset - t->body.offset) };
    tn_add_cell(t)->handler = handler;
    return TENON_OK;
}

void tn_take_back(tn_translator *t)
{
    t->cells.count = t->newest.at;
    t->map.count = t->newest.maps;
    t->newest = t->before;
    t->before.at = TN_NONE;
}

void tn_barrier(tn_translator *t)
{
    t->barrier = (uint32_t)t->cells.count;
    t->newest.at = t->before.at = TN_NONE;
}

void tn_add_operands(tn_translator *t, uint32_t d, const tn_arg *a, const tn_arg *b, uint8_t b_type)
{
    tn_cell *cell = tn_add_cell(t);

    cell->u16[0] = (uint16_t)d;
    cell->u16[1] = (uint16_t)a->slot;
    if (b == NULL)
        return;
    if (b->class != TN_CLASS_I) {
        cell->u16[2] = (uint16_t)b->slot;
        return;
    }
    if (accumulator_of(b_type))
        tn_add_cell(t)->u64 = b->bits;
    else
        cell->u32[1] = (uint32_t)b->bits;
}

/* ---- the stack ---- */

static bool refers_to_local(const tn_operand *o)
{
    return o->kind == TN_LOCAL || o->kind == TN_SUM;
}

uint32_t tn_next_slot(const tn_translator *t)
{
    if (t->stack.count == 0)
        return t->first_temp;
    const tn_operand *top = &t->stack.items[t->stack.count - 1];
    return top->slot + tn_slots_of(top->type);
}

tenon_status tn_push(tn_translator *t, tn_operand o)
{
    TN_TRY(tn_vec_reserve(t->mem, &t->stack, 1));
    o.slot = tn_next_slot(t);
    if (o.slot + 2 > t->max_slot)
        t->max_slot = o.slot + 2;
    if (refers_to_local(&o)) {
        o.next = t->local_refs[o.local];
        t->local_refs[o.local] = (uint32_t)t->stack.count + 1;
    }
    t->stack.items[t->stack.count++] = o;
    return TENON_OK;
}

tenon_status tn_push_temp(tn_translator *t, uint8_t type, uint32_t producer, const tn_handler *d_row)
{
    return tn_push(t, (tn_operand){ .kind = TN_TEMP, .type = type, .producer = producer, .d_row = d_row });
}

tn_operand tn_pop(tn_translator *t)
{
    tn_operand o = t->stack.items[--t->stack.count];

    if (refers_to_local(&o))
        t->local_refs[o.local] = o.next;
    if (t->flushed > t->stack.count)
        t->flushed = (uint32_t)t->stack.count;
    return o;
}

/* ---- moves ---- */

uint8_t tn_class_of_local(const tn_translator *t, uint32_t local)
{
    return local == t->pinned.integer || local == t->pinned.floating ? TN_CLASS_P : TN_CLASS_S;
}

/* Two moves of slots in a row share an instruction. */
static bool join_moves(tn_translator *t, uint32_t to, uint32_t from)
{
    tn_newest *n = &t->newest;

    if (n->at == TN_NONE || t->cells.items[n->at].handler != tn_mov_rows[TN_BANK_INT][TN_CLASS_S][TN_CLASS_S])
        return false;
    t->cells.items[n->at].handler = tn_h_mov2;
    t->cells.items[n->at + 1].u16[2] = (uint16_t)to;
    t->cells.items[n->at + 1].u16[3] = (uint16_t)from;
    return true;
}

static tenon_status move_wide(tn_translator *t, uint8_t type, uint32_t to, uint32_t from)
{
    uint32_t at;

    TN_TRY(tn_begin(t, type == TN_V128 ? tn_h_mov_wide_v128 : tn_h_mov_wide, &at));
    tn_cell *cell = tn_add_cell(t);
    cell->u32[0] = to;
    cell->u32[1] = from;
    return TENON_OK;
}

static tenon_status move_slot(tn_translator *t, uint8_t type, uint32_t to, uint32_t from)
{
    uint32_t at;

    if (to == from)
        return TENON_OK;
    if (to > UINT16_MAX || from > UINT16_MAX)
        return move_wide(t, type, to, from);
    bool vector = type == TN_V128;
    if (!vector && join_moves(t, to, from))
        return TENON_OK;
    TN_TRY(tn_begin(t, tn_mov_rows[vector ? TN_BANK_VEC : TN_BANK_INT][TN_CLASS_S][TN_CLASS_S], &at));
    tn_add_operands(t, to, &(tn_arg){ .slot = from }, NULL, 0);
    return TENON_OK;
}

static tenon_status put_constant(tn_translator *t, uint64_t bits, uint32_t to)
{
    uint32_t at, d = to > UINT16_MAX ? t->scratch : to;
    bool small = bits <= UINT32_MAX;

    TN_TRY(tn_begin(t, small ? tn_imm_row[TN_CLASS_S] : tn_const_rows[TN_BANK_INT][TN_CLASS_S], &at));
    tn_cell *cell = tn_add_cell(t);
    cell->u16[0] = (uint16_t)d;
    if (small)
        cell->u32[1] = (uint32_t)bits;
    else
        tn_add_cell(t)->u64 = bits;
    return d == to ? TENON_OK : move_wide(t, TN_I64, to, d);
}

/* Emits the addition; the operand becomes its result. */
static tenon_status compute_sum(tn_translator *t, tn_operand *o)
{
    uint32_t at, slot = t->local_slots[o->local];
    tn_arg a = { .class = tn_class_of_local(t, o->local), .slot = slot };
    tn_arg b = { .class = TN_CLASS_I, .bits = o->bits };
    const tn_handler *d_row = (*tn_binary_rows[TN_OP_I32_ADD])[a.class][TN_CLASS_I];

    TN_TRY(tn_begin(t, d_row[TN_CLASS_S], &at));
    tn_add_operands(t, o->slot, &a, &b, TN_I32);
    t->newest.op = TN_OP_I32_ADD;
    t->newest.a = a;
    t->newest.b = b;
    o->kind = TN_TEMP;
    o->producer = at;
    o->d_row = d_row;
    return TENON_OK;
}

tenon_status tn_settle(tn_translator *t, tn_operand *o)
{
    if (o->kind == TN_SUM)
        TN_TRY(compute_sum(t, o));
    else if (o->kind == TN_LOCAL)
        TN_TRY(move_slot(t, o->type, o->slot, t->local_slots[o->local]));
    else if (o->kind == TN_CONST)
        TN_TRY(put_constant(t, o->bits, o->slot));
    o->kind = TN_TEMP;
    o->producer = TN_NONE;
    o->d_row = NULL;
    return TENON_OK;
}

/* References of one operand to a local form a chain through the stack; take o out of it. */
static void unlink_local(tn_translator *t, uint32_t index)
{
    tn_operand *o = &t->stack.items[index];
    uint32_t *link = &t->local_refs[o->local];

    while (*link != index + 1)
        link = &t->stack.items[*link - 1].next;
    *link = o->next;
}

tenon_status tn_compute_sums(tn_translator *t, uint32_t count)
{
    for (uint32_t i = (uint32_t)t->stack.count - count; i < t->stack.count; i++) {
        if (t->stack.items[i].kind != TN_SUM)
            continue;
        unlink_local(t, i);
        TN_TRY(compute_sum(t, &t->stack.items[i]));
    }
    return TENON_OK;
}

tenon_status tn_settle_top(tn_translator *t, uint32_t count)
{
    for (uint32_t i = (uint32_t)t->stack.count; i > t->stack.count - count; i--)
        if (refers_to_local(&t->stack.items[i - 1]))
            unlink_local(t, i - 1);
    for (size_t i = t->stack.count - count; i < t->stack.count; i++)
        TN_TRY(tn_settle(t, &t->stack.items[i]));
    return TENON_OK;
}

tenon_status tn_flush_locals(tn_translator *t)
{
    for (uint32_t i = (uint32_t)t->stack.count; i > t->flushed; i--)
        if (refers_to_local(&t->stack.items[i - 1]))
            t->local_refs[t->stack.items[i - 1].local] = 0;
    for (size_t i = t->flushed; i < t->stack.count; i++)
        if (refers_to_local(&t->stack.items[i]))
            TN_TRY(tn_settle(t, &t->stack.items[i]));
    t->flushed = (uint32_t)t->stack.count;
    return TENON_OK;
}

uint32_t tn_result_slot(const tn_translator *t)
{
    uint32_t slot = tn_next_slot(t);
    return slot <= UINT16_MAX ? slot : t->scratch;
}

tenon_status tn_push_result(tn_translator *t, uint8_t type, uint32_t at, const tn_handler *d_row)
{
    uint32_t slot = tn_next_slot(t);

    if (slot <= UINT16_MAX)
        return tn_push_temp(t, type, at, d_row);
    TN_TRY(move_wide(t, type, slot, t->scratch));
    return tn_push_temp(t, type, TN_NONE, NULL);
}

/* ---- resolving ---- */

static bool take_from_accumulator(tn_translator *t, tn_operand *o)
{
    unsigned acc = accumulator_of(o->type);

    if (o->producer == TN_NONE || o->producer < t->barrier || o->d_row == NULL || o->d_row[TN_CLASS_A] == NULL)
        return false;
    /* Nobody may have written the accumulator since, nor read an older value of it. */
    if (t->acc_write[acc] > o->producer + 1 || t->acc_read[acc] > o->producer + 1)
        return false;
    t->cells.items[o->producer].handler = o->d_row[TN_CLASS_A];
    t->acc_write[acc] = o->producer + 1;
    t->acc_read[acc] = (uint32_t)t->cells.count + 1;
    return true;
}

static bool fits_immediate(const tn_operand *o)
{
    return o->type != TN_I64 || (int64_t)o->bits == (int32_t)o->bits;
}

static tenon_status narrow(tn_translator *t, uint8_t type, uint32_t slot, tn_arg *out)
{
    uint32_t first = t->record + 2, last = first + TN_SCRATCH_SLOTS - 2;

    *out = (tn_arg){ .class = TN_CLASS_S, .slot = slot };
    if (slot <= UINT16_MAX)
        return TENON_OK;
    /* Used in turn: an instruction has at most three operands. */
    t->scratch = t->scratch >= last ? first : t->scratch + 2;
    out->slot = t->scratch;
    return move_wide(t, type, out->slot, slot);
}

tenon_status tn_resolve(tn_translator *t, tn_operand *o, unsigned may, tn_arg *out)
{
    if (!TN_TAIL_DISPATCH)
        may &= TN_MAY_S | TN_MAY_I;
    if (o->kind == TN_CONST && (may & TN_MAY_I) && fits_immediate(o)) {
        *out = (tn_arg){ .class = TN_CLASS_I, .bits = o->bits };
        return TENON_OK;
    }
    if (o->kind == TN_CONST) {
        TN_TRY(put_constant(t, o->bits, o->slot));
        return narrow(t, o->type, o->slot, out);
    }
    if (o->kind == TN_LOCAL) {
        TN_TRY(narrow(t, o->type, t->local_slots[o->local], out));
        if (may & TN_MAY_P)
            out->class = tn_class_of_local(t, o->local);
        return TENON_OK;
    }
    if ((may & TN_MAY_A) && take_from_accumulator(t, o)) {
        *out = (tn_arg){ .class = TN_CLASS_A };
        return TENON_OK;
    }
    return narrow(t, o->type, o->slot, out);
}

/* ---- locals ---- */

/* Operands that still stand for the old value get a copy of it. */
static tenon_status save_old_value(tn_translator *t, uint32_t local)
{
    uint32_t ref = t->local_refs[local];

    t->local_refs[local] = 0;
    while (ref != 0) {
        tn_operand *o = &t->stack.items[ref - 1];
        ref = o->next;
        TN_TRY(tn_settle(t, o));
    }
    return TENON_OK;
}

/* The producer writes the local instead of a temporary. */
static bool retarget(tn_translator *t, const tn_operand *o, uint32_t local)
{
    uint32_t slot = t->local_slots[local];

    if (o->kind != TN_TEMP || o->producer == TN_NONE || o->producer != t->newest.at || slot > UINT16_MAX ||
        o->slot > UINT16_MAX)
        return false;
    if (tn_class_of_local(t, local) == TN_CLASS_P) {
        if (o->d_row == NULL || o->d_row[TN_CLASS_P] == NULL)
            return false;
        t->cells.items[o->producer].handler = o->d_row[TN_CLASS_P];
    }
    t->cells.items[o->producer + 1].u16[0] = (uint16_t)slot;
    t->newest.local = local + 1;
    return true;
}

static tenon_status assign(tn_translator *t, tn_operand *o, uint32_t local)
{
    uint32_t at, slot = t->local_slots[local];
    uint8_t d = tn_class_of_local(t, local);
    tn_bank bank = tn_bank_of(o->type);
    tn_arg a;

    if (o->kind == TN_CONST && d == TN_CLASS_S)
        return put_constant(t, o->bits, slot);
    if (o->kind == TN_LOCAL && d == TN_CLASS_S && tn_class_of_local(t, o->local) == TN_CLASS_S)
        return o->local == local ? TENON_OK : move_slot(t, o->type, slot, t->local_slots[o->local]);
    if (slot > UINT16_MAX) {
        TN_TRY(tn_resolve(t, o, TN_MAY_S, &a));
        return move_wide(t, o->type, slot, a.slot);
    }
    TN_TRY(tn_resolve(t, o, TN_MAY_SAP, &a));
    TN_TRY(tn_begin(t, tn_mov_rows[bank][a.class][d], &at));
    tn_add_operands(t, slot, &a, NULL, 0);
    return TENON_OK;
}

tenon_status tn_set_local(tn_translator *t, uint32_t local)
{
    tn_operand o = tn_pop(t);

    /* The newest instruction can still be fused: its result is the local now. */
    if (t->local_refs[local] == 0 && retarget(t, &o, local))
        return TENON_OK;
    TN_TRY(save_old_value(t, local));
    return assign(t, &o, local);
}
