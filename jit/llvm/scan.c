/* SPDX-License-Identifier: MIT
 * One pass over a body ahead of its building: which locals each loop assigns, and whether it calls anything.
 */
#include "jit/llvm/build.h"

typedef struct scan {
    TN_VEC(uint32_t) open;    /* one per open block: its loop plus one, or 0 */
    TN_VEC(uint32_t) pending; /* locals assigned in open loops, innermost last */
    uint32_t loop;            /* innermost open one plus one */
    TN_VEC(uint32_t) outer;   /* loops around it, and where their locals begin in pending */
} scan;

static bool is_call(tn_op op)
{
    switch (op) {
    case TN_OP_CALL:
    case TN_OP_CALL_INDIRECT:
    case TN_OP_CALL_REF:
    case TN_OP_RETURN_CALL:
    case TN_OP_RETURN_CALL_INDIRECT:
    case TN_OP_RETURN_CALL_REF:
    case TN_OP_THROW:
    case TN_OP_THROW_REF:
    case TN_OP_TRY_TABLE:
        return true;
    default:
        return tn_op_infos[op].imm == TN_IMM_MEM || tn_op_infos[op].imm == TN_IMM_MEM_MEM ||
               tn_op_infos[op].imm == TN_IMM_DATA_MEM || tn_op_infos[op].imm == TN_IMM_TABLE ||
               tn_op_infos[op].imm == TN_IMM_TABLE_TABLE || tn_op_infos[op].imm == TN_IMM_ELEM_TABLE ||
               tn_op_infos[op].imm == TN_IMM_FUNC;
    }
}

static tenon_status open_block(tn_fn *f, scan *s, bool is_loop)
{
    tn_mem *mem = f->u->job->mem;

    TN_TRY(tn_vec_reserve(mem, &s->open, 1));
    s->open.items[s->open.count++] = is_loop;
    if (!is_loop)
        return TENON_OK;
    TN_TRY(tn_vec_reserve(mem, &s->outer, 2));
    TN_TRY(tn_vec_reserve(mem, &f->loops, 1));
    s->outer.items[s->outer.count++] = s->loop;
    s->outer.items[s->outer.count++] = (uint32_t)s->pending.count;
    f->loops.count++;
    s->loop = (uint32_t)f->loops.count;
    return TENON_OK;
}

/* Its locals, each once, are kept; they stay pending as locals of the loop around it. */
static tenon_status close_loop(tn_fn *f, scan *s)
{
    uint32_t start = s->outer.items[s->outer.count - 1], kept = start;
    tn_loop *loop = &f->loops.items[s->loop - 1];

    f->walk++;
    for (uint32_t i = start; i < s->pending.count; i++) {
        uint32_t local = s->pending.items[i];
        if (f->local_marks[local] == f->walk)
            continue;
        f->local_marks[local] = f->walk;
        s->pending.items[kept++] = local;
    }
    s->pending.count = kept;
    loop->first = (uint32_t)f->loop_locals.count;
    TN_TRY(tn_vec_reserve(f->u->job->mem, &f->loop_locals, kept - start));
    for (uint32_t i = start; i < kept; i++)
        f->loop_locals.items[f->loop_locals.count++] = s->pending.items[i];
    loop->end = (uint32_t)f->loop_locals.count;
    s->loop = s->outer.items[s->outer.count - 2];
    s->outer.count -= 2;
    return TENON_OK;
}

static tenon_status scan_insn(tn_fn *f, scan *s, const tn_insn *in)
{
    switch (in->op) {
    case TN_OP_LOOP:
        return open_block(f, s, true);
    case TN_OP_BLOCK:
    case TN_OP_IF:
    case TN_OP_TRY_TABLE:
        f->calls |= in->op == TN_OP_TRY_TABLE;
        return open_block(f, s, false);
    case TN_OP_END:
        if (s->open.count > 0 && s->open.items[--s->open.count])
            return close_loop(f, s);
        return TENON_OK;
    case TN_OP_LOCAL_SET:
    case TN_OP_LOCAL_TEE:
        if (s->loop == 0)
            return TENON_OK;
        TN_TRY(tn_vec_reserve(f->u->job->mem, &s->pending, 1));
        s->pending.items[s->pending.count++] = in->a;
        return TENON_OK;
    default:
        f->calls |= is_call(in->op);
        return TENON_OK;
    }
}

tenon_status tn_scan_body(tn_fn *f)
{
    tn_mem *mem = f->u->job->mem;
    tn_reader r = f->r;
    scan s = { .loop = 0 };
    tenon_status status = TENON_OK;
    tn_insn in;

    while (status == TENON_OK && tn_reader_left(&r) > 0) {
        status = tn_insn_read(&r, &in);
        if (status == TENON_OK)
            status = scan_insn(f, &s, &in);
    }
    tn_vec_fini(mem, &s.open);
    tn_vec_fini(mem, &s.pending);
    tn_vec_fini(mem, &s.outer);
    return status;
}
