/* SPDX-License-Identifier: MIT
 * Chooses the locals that the innermost loops keep in registers: the most used integer and the most used float of each
 * loop that contains no other loop, no call and no handler of exceptions.
 */
#include "runtime/interp/translate.h"

typedef struct scan {
    tn_translator *t;
    TN_VEC(uint32_t) blocks;  /* 1 + index of the loop, 0 for other blocks */
    TN_VEC(uint32_t) touched; /* locals counted since the newest loop head */
    uint32_t *uses;
    uint32_t open; /* 1 + index of the loop that is still a candidate, or 0 */
} scan;

static tenon_status count_use(scan *s, uint32_t local, uint32_t weight)
{
    if (s->open == 0 || s->t->local_types[local] == TN_V128)
        return TENON_OK;
    if (s->uses[local] == 0) {
        TN_TRY(tn_vec_reserve(s->t->mem, &s->touched, 1));
        s->touched.items[s->touched.count++] = local;
    }
    s->uses[local] += weight;
    return TENON_OK;
}

static void forget(scan *s)
{
    while (s->touched.count > 0)
        s->uses[s->touched.items[--s->touched.count]] = 0;
    s->open = 0;
}

static void choose(scan *s)
{
    tn_pins *pins = &s->t->pins.items[s->open - 1];
    uint32_t best[2] = { 1, 1 };

    for (size_t i = 0; i < s->touched.count; i++) {
        uint32_t local = s->touched.items[i];
        bool floating = tn_bank_of(s->t->local_types[local]) == TN_BANK_FLOAT;
        if (!TN_TAIL_DISPATCH || s->uses[local] <= best[floating] || s->t->local_slots[local] > UINT16_MAX)
            continue;
        best[floating] = s->uses[local];
        *(floating ? &pins->floating : &pins->integer) = local;
    }
    forget(s);
}

static tenon_status open_block(scan *s, bool loop)
{
    tn_translator *t = s->t;

    TN_TRY(tn_vec_reserve(t->mem, &s->blocks, 1));
    s->blocks.items[s->blocks.count++] = 0;
    if (!loop)
        return TENON_OK;
    forget(s);
    TN_TRY(tn_vec_reserve(t->mem, &t->pins, 1));
    t->pins.items[t->pins.count++] = (tn_pins){ TN_NONE, TN_NONE };
    s->blocks.items[s->blocks.count - 1] = s->open = (uint32_t)t->pins.count;
    return TENON_OK;
}

static tenon_status visit(scan *s, const tn_insn *in)
{
    switch (in->op) {
    case TN_OP_LOCAL_GET:
        return count_use(s, in->a, 2);
    case TN_OP_LOCAL_SET:
    case TN_OP_LOCAL_TEE:
        return count_use(s, in->a, 3);
    case TN_OP_TRY_TABLE:
        forget(s);
        return open_block(s, false);
    case TN_OP_BLOCK:
    case TN_OP_IF:
    case TN_OP_LOOP:
        return open_block(s, in->op == TN_OP_LOOP);
    case TN_OP_CALL:
    case TN_OP_CALL_INDIRECT:
    case TN_OP_CALL_REF:
        forget(s);
        return TENON_OK;
    case TN_OP_END:
        if (s->blocks.count > 0 && s->blocks.items[--s->blocks.count] != 0 &&
            s->blocks.items[s->blocks.count] == s->open)
            choose(s);
        return TENON_OK;
    default:
        return TENON_OK;
    }
}

tenon_status tn_find_pins(tn_translator *t)
{
    scan s = { .t = t };
    tn_reader r = t->r;
    tn_insn in = { .op = TN_OP_INVALID };
    tenon_status status = TENON_OK;

    s.uses = tn_alloc_zeroed(t->mem, (t->local_count + 1) * sizeof *s.uses);
    if (s.uses == NULL)
        return TENON_NOMEM;
    while (status == TENON_OK && tn_reader_left(&r) > 0) {
        status = tn_insn_read(&r, &in);
        if (status == TENON_OK)
            status = visit(&s, &in);
    }
    tn_free(t->mem, s.uses, (t->local_count + 1) * sizeof *s.uses);
    tn_vec_fini(t->mem, &s.blocks);
    tn_vec_fini(t->mem, &s.touched);
    return status;
}
