/* SPDX-License-Identifier: MIT
 * Translation of the instructions that compute: numbers, variables, memory, references, vectors.
 */
#include "runtime/interp/translate.h"

/* ---- comparisons and their like ---- */

tn_op tn_negated(tn_op op)
{
    static const tn_op pairs[][2] = {
        { TN_OP_I32_EQ, TN_OP_I32_NE },     { TN_OP_I32_LT_S, TN_OP_I32_GE_S }, { TN_OP_I32_LT_U, TN_OP_I32_GE_U },
        { TN_OP_I32_GT_S, TN_OP_I32_LE_S }, { TN_OP_I32_GT_U, TN_OP_I32_LE_U }, { TN_OP_I64_EQ, TN_OP_I64_NE },
        { TN_OP_I64_LT_S, TN_OP_I64_GE_S }, { TN_OP_I64_LT_U, TN_OP_I64_GE_U }, { TN_OP_I64_GT_S, TN_OP_I64_LE_S },
        { TN_OP_I64_GT_U, TN_OP_I64_LE_U },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (pairs[i][0] == op)
            return pairs[i][1];
        if (pairs[i][1] == op)
            return pairs[i][0];
    }
    return TN_OP_INVALID;
}

/* The instruction that gives the same with its operands exchanged; TN_OP_INVALID when there is none. */
static tn_op mirrored(tn_op op)
{
    switch (op) {
#define BOTH(P)           \
    case TN_OP_##P##_EQ:  \
    case TN_OP_##P##_NE:  \
    case TN_OP_##P##_ADD: \
    case TN_OP_##P##_MUL: \
        return op;
        BOTH(I32)
        BOTH(I64)
        BOTH(F32)
        BOTH(F64)
#define BITS(P)           \
    case TN_OP_##P##_AND: \
    case TN_OP_##P##_OR:  \
    case TN_OP_##P##_XOR: \
        return op;
        BITS(I32)
        BITS(I64)
#define SWAP(a, b)        \
    case TN_OP_##a:       \
        return TN_OP_##b; \
    case TN_OP_##b:       \
        return TN_OP_##a;
        SWAP(I32_LT_S, I32_GT_S)
        SWAP(I32_LT_U, I32_GT_U)
        SWAP(I32_LE_S, I32_GE_S)
        SWAP(I32_LE_U, I32_GE_U)
        SWAP(I64_LT_S, I64_GT_S)
        SWAP(I64_LT_U, I64_GT_U)
        SWAP(I64_LE_S, I64_GE_S)
        SWAP(I64_LE_U, I64_GE_U)
        SWAP(F32_LT, F32_GT)
        SWAP(F32_LE, F32_GE)
        SWAP(F64_LT, F64_GT)
        SWAP(F64_LE, F64_GE)
    default:
        return TN_OP_INVALID;
    }
}

tenon_status tn_take_condition(tn_translator *t, tn_operand *o, tn_condition *out)
{
    const tn_newest *n = &t->newest;
    bool when = !t->invert;

    t->invert = false;
    if (o->kind == TN_TEMP && o->producer != TN_NONE && o->producer == n->at && n->op != TN_OP_INVALID &&
        tn_branch_when_rows[n->op] != NULL) {
        *out = (tn_condition){ .op = n->op, .a = n->a, .b = n->b, .when = when };
        tn_take_back(t);
    } else {
        *out = (tn_condition){ .op = TN_OP_I32_NE, .b = { .class = TN_CLASS_I }, .when = when };
        TN_TRY(tn_resolve(t, o, TN_MAY_SAP, &out->a));
    }
    if (!out->when && tn_branch_unless_rows[out->op] == NULL) {
        out->op = tn_negated(out->op);
        out->when = true;
    }
    return TENON_OK;
}

/* ---- one and two operands ---- */

static uint8_t result_type(tn_op op)
{
    const tn_sig *sig = &tn_op_infos[op].sig;
    return sig->types[sig->pops];
}

/* Resolves two operands, the later produced one first, since it alone can still be in the accumulator. */
static tenon_status resolve_two(tn_translator *t, tn_operand *a, unsigned may_a, tn_arg *arg_a, tn_operand *b,
                                unsigned may_b, tn_arg *arg_b)
{
    if (a->kind == TN_TEMP && b->kind == TN_TEMP && a->producer != TN_NONE && b->producer != TN_NONE &&
        a->producer > b->producer) {
        TN_TRY(tn_resolve(t, a, may_a, arg_a));
        return tn_resolve(t, b, may_b, arg_b);
    }
    TN_TRY(tn_resolve(t, b, may_b, arg_b));
    return tn_resolve(t, a, may_a, arg_a);
}

static tenon_status emit_binary(tn_translator *t, tn_op op, tn_operand *a, tn_operand *b)
{
    const tn_binary_row *row = tn_binary_rows[op];
    bool vector = a->type == TN_V128;
    /* Which classes exist is in the row: constants for scalars, the accumulator for vectors too. */
    unsigned may_a = TN_MAY_S | ((*row)[TN_CLASS_A][TN_CLASS_S][0] != NULL ? TN_MAY_A : 0) |
                     ((*row)[TN_CLASS_P][TN_CLASS_S][0] != NULL ? TN_MAY_P : 0);
    unsigned may_b = TN_MAY_S | ((*row)[TN_CLASS_S][TN_CLASS_A][0] != NULL ? TN_MAY_A : 0) |
                     ((*row)[TN_CLASS_S][TN_CLASS_P][0] != NULL ? TN_MAY_P : 0) |
                     ((*row)[TN_CLASS_S][TN_CLASS_I][0] != NULL ? TN_MAY_I : 0);
    tn_arg arg_a, arg_b;
    uint32_t at;

    TN_TRY(resolve_two(t, a, may_a, &arg_a, b, may_b, &arg_b));
    const tn_handler *d_row = (*row)[arg_a.class][arg_b.class];
    TN_TRY(tn_begin(t, d_row[TN_CLASS_S], &at));
    tn_add_operands(t, tn_result_slot(t), &arg_a, &arg_b, vector ? TN_I32 : b->type);
    t->newest.op = op;
    t->newest.a = arg_a;
    t->newest.b = arg_b;
    return tn_push_result(t, result_type(op), at, d_row);
}

static tenon_status binary(tn_translator *t, tn_op op)
{
    tn_operand b = tn_pop(t), a = tn_pop(t);

    if (TN_TAIL_DISPATCH && op == TN_OP_I32_ADD && (a.kind == TN_LOCAL) != (b.kind == TN_LOCAL) &&
        (a.kind == TN_CONST || b.kind == TN_CONST)) {
        const tn_operand *local = a.kind == TN_LOCAL ? &a : &b, *constant = a.kind == TN_LOCAL ? &b : &a;
        if (t->local_slots[local->local] <= UINT16_MAX && tn_next_slot(t) <= UINT16_MAX)
            return tn_push(
                t, (tn_operand){ .kind = TN_SUM, .type = TN_I32, .local = local->local, .bits = constant->bits });
    }
    if (a.kind == TN_CONST && b.kind != TN_CONST && mirrored(op) != TN_OP_INVALID)
        return emit_binary(t, mirrored(op), &b, &a);
    return emit_binary(t, op, &a, &b);
}

/* A test for zero is a comparison with a constant; in front of a branch it is nothing but the other sense. */
static tenon_status test_zero(tn_translator *t, tn_op equal, uint8_t type)
{
    tn_operand zero = { .kind = TN_CONST, .type = type }, a;

    if (equal == TN_OP_I32_EQ && tn_reader_left(&t->r) > 0 && (*t->r.p == 0x0D || *t->r.p == 0x04)) {
        t->invert = !t->invert;
        return TENON_OK;
    }
    const tn_newest *n = &t->newest;
    const tn_operand *top = &t->stack.items[t->stack.count - 1];
    if (equal == TN_OP_I32_EQ && top->kind == TN_TEMP && top->producer != TN_NONE && top->producer == n->at &&
        n->op != TN_OP_INVALID && tn_negated(n->op) != TN_OP_INVALID) {
        /* The negated comparison has a row of the same shape. */
        tn_operand *o = &t->stack.items[t->stack.count - 1];
        tn_op op = tn_negated(n->op);
        o->d_row = (*tn_binary_rows[op])[n->a.class][n->b.class];
        t->cells.items[n->at].handler = o->d_row[TN_CLASS_S];
        t->newest.op = op;
        return TENON_OK;
    }
    a = tn_pop(t);
    zero.slot = tn_next_slot(t);
    return emit_binary(t, equal, &a, &zero);
}

static tenon_status unary(tn_translator *t, tn_op op)
{
    tn_operand a = tn_pop(t);
    const tn_unary_row *row = tn_unary_rows[op];
    unsigned may =
        TN_MAY_S | ((*row)[TN_CLASS_A][0] != NULL ? TN_MAY_A : 0) | ((*row)[TN_CLASS_P][0] != NULL ? TN_MAY_P : 0);
    tn_arg arg;
    uint32_t at;

    TN_TRY(tn_resolve(t, &a, may, &arg));
    const tn_handler *d_row = (*row)[arg.class];
    TN_TRY(tn_begin(t, d_row[TN_CLASS_S], &at));
    tn_add_operands(t, tn_result_slot(t), &arg, NULL, 0);
    t->newest.op = op;
    t->newest.a = arg;
    return tn_push_result(t, result_type(op), at, d_row);
}

/* ---- memory ---- */

static bool is_near(const tn_translator *t)
{
    return t->guarded && t->in.a == 0 && t->in.imm.bits < TN_GUARD_SIZE;
}

/* A load at a local plus a constant. */
static tenon_status load_at_sum(tn_translator *t, const tn_operand *a)
{
    tn_op op = t->in.op;
    tn_arg arg = { .class = tn_class_of_local(t, a->local), .slot = t->local_slots[a->local] };
    const tn_handler *d_row = (*tn_sum_load_rows[op])[arg.class];
    uint32_t at;

    TN_TRY(tn_begin(t, d_row[TN_CLASS_S], &at));
    tn_add_operands(t, tn_result_slot(t), &arg, NULL, 0);
    t->cells.items[at + 1].u32[1] = (uint32_t)t->in.imm.bits;
    tn_add_cell(t)->u32[0] = (uint32_t)a->bits;
    return tn_push_result(t, result_type(op), at, d_row);
}

/* Whether the newest instruction adds the two operands whose sum is the address. */
static bool is_index(const tn_translator *t, const tn_operand *a)
{
    const tn_newest *n = &t->newest;

    return tn_index_load_rows[t->in.op] != NULL && a->kind == TN_TEMP && a->producer != TN_NONE &&
           a->producer == n->at && n->op == TN_OP_I32_ADD && n->b.class != TN_CLASS_I &&
           (*tn_index_load_rows[t->in.op])[n->a.class][n->b.class][0] != NULL;
}

static tenon_status load_at_index(tn_translator *t)
{
    tn_op op = t->in.op;
    tn_arg a = t->newest.a, b = t->newest.b;
    const tn_handler *d_row = (*tn_index_load_rows[op])[a.class][b.class];
    uint32_t at;

    tn_take_back(t);
    TN_TRY(tn_begin(t, d_row[TN_CLASS_S], &at));
    tn_add_operands(t, tn_result_slot(t), &a, &b, TN_I32);
    tn_add_cell(t)->u32[0] = (uint32_t)t->in.imm.bits;
    return tn_push_result(t, result_type(op), at, d_row);
}

static tenon_status load(tn_translator *t)
{
    if (!is_near(t) || tn_sum_load_rows[t->in.op] == NULL)
        TN_TRY(tn_compute_sums(t, 1));
    tn_operand a = tn_pop(t);
    tn_op op = t->in.op;
    const tn_handler *d_row = NULL;
    tn_arg arg;
    uint32_t at;

    if (a.kind == TN_SUM)
        return load_at_sum(t, &a);
    if (is_near(t) && is_index(t, &a))
        return load_at_index(t);

    if (is_near(t)) {
        TN_TRY(tn_resolve(t, &a, TN_MAY_SAP, &arg));
        d_row = (*tn_load_rows[op])[arg.class];
        if (d_row[TN_CLASS_S] == NULL) { /* vectors are not addressed by pinned locals */
            arg.class = TN_CLASS_S;
            d_row = (*tn_load_rows[op])[arg.class];
        }
        TN_TRY(tn_begin(t, d_row[TN_CLASS_S], &at));
        tn_add_operands(t, tn_result_slot(t), &arg, NULL, 0);
        t->cells.items[at + 1].u32[1] = (uint32_t)t->in.imm.bits;
        t->newest.op = op;
        t->newest.a = arg;
    } else {
        TN_TRY(tn_resolve(t, &a, TN_MAY_S, &arg));
        TN_TRY(tn_begin(t, tn_far_loads[op], &at));
        tn_add_operands(t, tn_result_slot(t), &arg, NULL, 0);
        t->cells.items[at + 1].u16[2] = (uint16_t)t->in.a;
        tn_add_cell(t)->u64 = t->in.imm.bits;
    }
    return tn_push_result(t, result_type(op), at, d_row);
}

static tenon_status store_near(tn_translator *t, tn_operand *a, tn_operand *v)
{
    const tn_store_row *row = tn_store_rows[t->in.op];
    bool vector = v->type == TN_V128;
    tn_arg address, value;
    uint32_t at;

    unsigned may = vector ? TN_MAY_S | TN_MAY_A : TN_MAY_SAP;

    if (v->kind == TN_CONST) {
        /* It has a cell of its own, so it need not fit an immediate. */
        value = (tn_arg){ .class = TN_CLASS_I, .bits = v->bits };
        TN_TRY(tn_resolve(t, a, may, &address));
    } else {
        TN_TRY(resolve_two(t, a, may, &address, v, may, &value));
    }
    TN_TRY(tn_begin(t, (*row)[address.class][value.class], &at));
    tn_add_operands(t, value.slot, &address, NULL, 0);
    t->cells.items[at + 1].u32[1] = (uint32_t)t->in.imm.bits;
    if (value.class == TN_CLASS_I)
        tn_add_cell(t)->u64 = value.bits;
    return TENON_OK;
}

/* A store at a local plus a constant. */
static tenon_status store_at_sum(tn_translator *t, const tn_operand *a, tn_operand *v)
{
    tn_arg address = { .class = tn_class_of_local(t, a->local), .slot = t->local_slots[a->local] }, value;
    uint32_t at;

    if (v->kind == TN_CONST)
        value = (tn_arg){ .class = TN_CLASS_I, .bits = v->bits };
    else
        TN_TRY(tn_resolve(t, v, TN_MAY_SAP, &value));
    TN_TRY(tn_begin(t, (*tn_sum_store_rows[t->in.op])[address.class][value.class], &at));
    tn_add_operands(t, value.slot, &address, NULL, 0);
    t->cells.items[at + 1].u32[1] = (uint32_t)t->in.imm.bits;
    tn_add_cell(t)->u32[0] = (uint32_t)a->bits;
    if (value.class == TN_CLASS_I)
        tn_add_cell(t)->u64 = value.bits;
    return TENON_OK;
}

static tenon_status store(tn_translator *t)
{
    TN_TRY(tn_compute_sums(t, is_near(t) && tn_sum_store_rows[t->in.op] != NULL ? 1 : 2));
    tn_operand v = tn_pop(t), a = tn_pop(t);
    tn_arg address, value;
    uint32_t at;

    if (a.kind == TN_SUM)
        return store_at_sum(t, &a, &v);
    if (is_near(t))
        return store_near(t, &a, &v);
    TN_TRY(tn_resolve(t, &a, TN_MAY_S, &address));
    TN_TRY(tn_resolve(t, &v, TN_MAY_S, &value));
    TN_TRY(tn_begin(t, tn_far_stores[t->in.op], &at));
    tn_add_operands(t, value.slot, &address, NULL, 0);
    t->cells.items[at + 1].u16[2] = (uint16_t)t->in.a;
    tn_add_cell(t)->u64 = t->in.imm.bits;
    return TENON_OK;
}

/* ---- variables ---- */

static tenon_status constant(tn_translator *t, uint8_t type, uint64_t bits)
{
    return tn_push(t, (tn_operand){ .kind = TN_CONST, .type = type, .bits = bits });
}

static tenon_status get_local(tn_translator *t, uint32_t local)
{
    return tn_push(t, (tn_operand){ .kind = TN_LOCAL, .type = t->local_types[local], .local = local });
}

static tenon_status global_get(tn_translator *t)
{
    uint8_t type = tn_small_type(t->core->globals[t->in.a].type.type);
    const tn_handler *d_row = tn_global_get_rows[tn_bank_of(type)];
    uint32_t at;

    TN_TRY(tn_begin(t, d_row[TN_CLASS_S], &at));
    tn_cell *cell = tn_add_cell(t);
    cell->u16[0] = (uint16_t)tn_result_slot(t);
    cell->u32[1] = t->in.a;
    return tn_push_result(t, type, at, d_row);
}

static tenon_status global_set(tn_translator *t)
{
    tn_operand o = tn_pop(t);
    tn_arg arg;
    uint32_t at;

    TN_TRY(tn_resolve(t, &o, o.type == TN_V128 ? TN_MAY_S : TN_MAY_SAP, &arg));
    TN_TRY(tn_begin(t, tn_global_set_rows[tn_bank_of(o.type)][arg.class], &at));
    tn_add_operands(t, 0, &arg, NULL, 0);
    t->cells.items[at + 1].u32[1] = t->in.a;
    return TENON_OK;
}

static tenon_status select(tn_translator *t)
{
    tn_operand c = tn_pop(t), b = tn_pop(t), a = tn_pop(t);
    tn_bank bank = tn_bank_of(a.type);
    tn_arg arg_a, arg_b, arg_c;
    uint32_t at;

    TN_TRY(tn_resolve(t, &a, TN_MAY_S, &arg_a));
    TN_TRY(tn_resolve(t, &b, TN_MAY_S, &arg_b));
    TN_TRY(tn_resolve(t, &c, bank == TN_BANK_VEC ? TN_MAY_S : TN_MAY_SAP, &arg_c));
    const tn_handler *d_row = tn_select_rows[bank][arg_c.class];
    TN_TRY(tn_begin(t, d_row[TN_CLASS_S], &at));
    tn_add_operands(t, tn_result_slot(t), &arg_a, &arg_b, a.type);
    t->cells.items[at + 1].u16[3] = (uint16_t)arg_c.slot;
    return tn_push_result(t, a.type, at, d_row);
}

/* ---- everything rare ---- */

/* Types of the operands and results of the instructions served by C functions: letters as in the list's signatures. */
static const char *slow_results(tn_op op, uint32_t *pops)
{
    const tn_sig *sig = &tn_op_infos[op].sig;

    switch (op) {
    case TN_OP_MEMORY_INIT:
    case TN_OP_MEMORY_COPY:
    case TN_OP_TABLE_COPY:
    case TN_OP_TABLE_INIT:
    case TN_OP_TABLE_FILL:
        *pops = 3;
        return "";
    case TN_OP_TABLE_SET:
        *pops = 2;
        return "";
    case TN_OP_TABLE_GROW:
        *pops = 2;
        return "I";
    case TN_OP_TABLE_GET:
    case TN_OP_REF_AS_NON_NULL:
        *pops = 1;
        return "I";
    case TN_OP_TABLE_SIZE:
    case TN_OP_REF_FUNC:
        *pops = 0;
        return "I";
    case TN_OP_DATA_DROP:
    case TN_OP_ELEM_DROP:
        *pops = 0;
        return "";
    default:
        *pops = sig->pops;
        return strchr(tn_op_infos[op].sig_text, '_') + 1;
    }
}

static uint8_t letter_type(char letter)
{
    return letter == 'i' ? TN_I32 : TN_I64;
}

static tenon_status slow(tn_translator *t)
{
    tn_op op = t->in.op;
    uint32_t pops, at;
    const char *results = slow_results(op, &pops);

    TN_TRY(tn_settle_top(t, pops));
    for (uint32_t i = 0; i < pops; i++)
        tn_pop(t);
    uint32_t place = tn_next_slot(t);
    if (place + 8 > t->max_slot)
        t->max_slot = place + 8;
    TN_TRY(tn_begin(t, tn_h_slow, &at));
    tn_cell *cell = tn_add_cell(t);
    cell->u32[0] = place;
    cell->u32[1] = t->in.a;
    tn_add_cell(t)->pointer = (const void *)(uintptr_t)tn_slow_ops[op];
    tn_add_cell(t)->u32[0] = t->in.b;
    tn_add_cell(t)->u64 = t->in.imm.bits;
    for (; *results != '\0'; results++)
        TN_TRY(tn_push_temp(t, letter_type(*results), TN_NONE, NULL));
    return TENON_OK;
}

/* ---- vectors with slots only ---- */

static tenon_status plain(tn_translator *t)
{
    const tn_op_info *info = &tn_op_infos[t->in.op];
    tn_operand operands[3];
    tn_arg args[3] = { { .slot = 0 }, { .slot = 0 }, { .slot = 0 } };
    uint32_t at;

    for (unsigned i = info->sig.pops; i > 0; i--)
        operands[i - 1] = tn_pop(t);
    for (unsigned i = 0; i < info->sig.pops; i++)
        TN_TRY(tn_resolve(t, &operands[i], TN_MAY_S, &args[i]));
    TN_TRY(tn_begin(t, tn_plain_rows[t->in.op], &at));
    tn_add_operands(t, tn_result_slot(t), &args[0], &args[1], TN_I32);
    t->cells.items[at + 1].u16[3] = (uint16_t)(info->imm == TN_IMM_LANE ? t->in.lane : args[2].slot);
    if (info->imm == TN_IMM_LANES16)
        for (unsigned i = 0; i < 2; i++)
            memcpy(tn_add_cell(t), t->in.imm.bytes + 8 * i, 8);
    return tn_push_result(t, result_type(t->in.op), at, NULL);
}

/* The vector is settled in the place of the result, which the handler changes. */
static tenon_status lane_access(tn_translator *t)
{
    bool is_load = tn_op_infos[t->in.op].sig.pushes > 0;
    tn_operand v = tn_pop(t), a = tn_pop(t);
    tn_arg address, vector;
    uint32_t at;

    TN_TRY(tn_resolve(t, &a, TN_MAY_S, &address));
    TN_TRY(tn_resolve(t, &v, TN_MAY_S, &vector));
    if (is_load) {
        /* A copy, away from the operands: the vector may be a local, and its place is the address's. */
        uint32_t copy = tn_next_slot(t) + 4;
        if (copy + 2 > t->max_slot)
            t->max_slot = copy + 2;
        TN_TRY(tn_begin(t, tn_h_mov_wide_v128, &at));
        tn_cell *cell = tn_add_cell(t);
        cell->u32[0] = copy > UINT16_MAX ? t->scratch : copy;
        cell->u32[1] = vector.slot;
        vector.slot = cell->u32[0];
    }
    TN_TRY(tn_begin(t, tn_plain_rows[t->in.op], &at));
    tn_add_operands(t, vector.slot, &address, NULL, 0);
    t->cells.items[at + 1].u16[2] = (uint16_t)t->in.a;
    t->cells.items[at + 1].u16[3] = t->in.lane;
    tn_add_cell(t)->u64 = t->in.imm.bits;
    if (!is_load)
        return TENON_OK;
    TN_TRY(tn_begin(t, tn_h_mov_wide_v128, &at));
    tn_cell *cell = tn_add_cell(t);
    cell->u32[0] = tn_next_slot(t);
    cell->u32[1] = vector.slot;
    return tn_push_temp(t, TN_V128, TN_NONE, NULL);
}

static tenon_status const_v128(tn_translator *t)
{
    uint32_t at;

    TN_TRY(tn_begin(t, tn_h_const_v128, &at));
    tn_add_cell(t)->u16[0] = (uint16_t)tn_result_slot(t);
    for (unsigned i = 0; i < 2; i++)
        memcpy(tn_add_cell(t), t->in.imm.bytes + 8 * i, 8);
    return tn_push_result(t, TN_V128, at, NULL);
}

/* ---- all of them ---- */

static tenon_status by_row(tn_translator *t)
{
    tn_op op = t->in.op;

    if (tn_binary_rows[op] != NULL) {
        TN_TRY(tn_compute_sums(t, 2));
        return binary(t, op);
    }
    if (tn_unary_rows[op] != NULL) {
        TN_TRY(tn_compute_sums(t, 1));
        return unary(t, op);
    }
    if (tn_load_rows[op] != NULL)
        return load(t);
    if (tn_store_rows[op] != NULL)
        return store(t);
    if (tn_op_infos[op].imm == TN_IMM_MEMARG_LANE || tn_plain_rows[op] != NULL)
        TN_TRY(tn_compute_sums(t, tn_op_infos[op].sig.pops));
    if (tn_op_infos[op].imm == TN_IMM_MEMARG_LANE)
        return lane_access(t);
    if (tn_plain_rows[op] != NULL)
        return plain(t);
    if (tn_slow_ops[op] != NULL)
        return slow(t);
    /* What this tier does not know yet ends the guest that reaches it. */
    uint32_t at;
    TN_TRY(tn_begin(t, tn_h_trap, &at));
    tn_add_cell(t)->u32[0] = TENON_TRAP_UNSUPPORTED;
    t->dead = true;
    t->dead_depth = 0;
    return TENON_OK;
}

tenon_status tn_translate_op(tn_translator *t)
{
    switch (t->in.op) {
    case TN_OP_NOP:
        return TENON_OK;
    case TN_OP_DROP:
        tn_pop(t);
        return TENON_OK;
    case TN_OP_LOCAL_GET:
        return get_local(t, t->in.a);
    case TN_OP_LOCAL_SET:
        TN_TRY(tn_compute_sums(t, 1));
        return tn_set_local(t, t->in.a);
    case TN_OP_LOCAL_TEE:
        TN_TRY(tn_compute_sums(t, 1));
        TN_TRY(tn_set_local(t, t->in.a));
        return get_local(t, t->in.a);
    case TN_OP_GLOBAL_GET:
        return global_get(t);
    case TN_OP_GLOBAL_SET:
        TN_TRY(tn_compute_sums(t, 1));
        return global_set(t);
    case TN_OP_I32_CONST:
        return constant(t, TN_I32, t->in.imm.bits);
    case TN_OP_I64_CONST:
        return constant(t, TN_I64, t->in.imm.bits);
    case TN_OP_F32_CONST:
        return constant(t, TN_F32, t->in.imm.bits);
    case TN_OP_F64_CONST:
        return constant(t, TN_F64, t->in.imm.bits);
    case TN_OP_V128_CONST:
        return const_v128(t);
    case TN_OP_REF_NULL:
        return constant(t, TN_I64, 0);
    case TN_OP_I32_EQZ:
        TN_TRY(tn_compute_sums(t, 1));
        return test_zero(t, TN_OP_I32_EQ, TN_I32);
    case TN_OP_I64_EQZ:
    case TN_OP_REF_IS_NULL:
        return test_zero(t, TN_OP_I64_EQ, TN_I64);
    case TN_OP_SELECT:
    case TN_OP_SELECT_T:
        TN_TRY(tn_compute_sums(t, 3));
        return select(t);
    default:
        return by_row(t);
    }
}
