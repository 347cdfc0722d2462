/* SPDX-License-Identifier: MIT
 * Listings. The shape of the immediates says how they are written; no instruction is named here but those that open and
 * close blocks.
 */
#include "loader/disasm.h"

#include <inttypes.h>

static void print_raw_type(FILE *out, tn_rawtype raw)
{
    char text[48];

    if (tn_is_ref(raw) && !tn_is_abstract(raw))
        fprintf(out, "(ref %s%u)", tn_is_nullable(raw) ? "null " : "", (unsigned)(raw & TN_ID_MASK));
    else
        fputs(tn_valtype_text(raw, text, sizeof text), out);
}

static void print_float(FILE *out, const tn_insn *in, bool wide)
{
    float f;
    double d;

    memcpy(&f, &in->imm.bits, sizeof f);
    memcpy(&d, &in->imm.bits, sizeof d);
    fprintf(out, " %a", wide ? d : (double)f);
}

static void print_block_type(FILE *out, const tn_insn *in)
{
    if (in->block_kind == TN_BLOCK_TYPE) {
        fprintf(out, " (type %u)", (unsigned)in->a);
    } else if (in->block_kind == TN_BLOCK_VALUE) {
        fputs(" (result ", out);
        print_raw_type(out, in->type);
        fputc(')', out);
    }
}

static void print_list(FILE *out, const tn_module *m, const tn_insn *in)
{
    static const char *const kinds[] = { "catch", "catch_ref", "catch_all", "catch_all_ref" };
    tn_reader r = { .start = m->bytes, .p = in->list, .end = m->bytes + m->size };
    tn_catch clause = { 0 };
    uint32_t label = 0;

    if (tn_op_infos[in->op].imm == TN_IMM_LABELS) {
        for (uint64_t i = 0; i <= in->a && tn_read_u32(&r, &label) == TENON_OK; i++)
            fprintf(out, " %u", (unsigned)label);
        return;
    }
    for (uint32_t i = 0; i < in->b && tn_read_catch(&r, &clause) == TENON_OK; i++) {
        fprintf(out, " (%s", kinds[clause.kind]);
        if (clause.kind < 2)
            fprintf(out, " %u", (unsigned)clause.tag);
        fprintf(out, " %u)", (unsigned)clause.label);
    }
}

static void print_memarg(FILE *out, const tn_insn *in)
{
    if (in->a != 0)
        fprintf(out, " %u", (unsigned)in->a);
    if (in->imm.bits != 0)
        fprintf(out, " offset=%" PRIu64, in->imm.bits);
    if (in->align != tn_op_infos[in->op].width)
        fprintf(out, " align=%" PRIu64, (uint64_t)1 << in->align);
    if (tn_op_infos[in->op].imm == TN_IMM_MEMARG_LANE)
        fprintf(out, " %u", in->lane);
}

static void print_cast(FILE *out, const tn_insn *in)
{
    fprintf(out, " %u ", (unsigned)in->a);
    print_raw_type(out, in->type);
    fputc(' ', out);
    print_raw_type(out, in->type2);
}

static void print_immediates(FILE *out, const tn_module *m, const tn_insn *in)
{
    switch ((tn_imm)tn_op_infos[in->op].imm) {
    case TN_IMM_NONE:
    case TN_IMM_ZERO:
        return;
    case TN_IMM_BLOCK:
        print_block_type(out, in);
        return;
    case TN_IMM_TRY_TABLE:
        print_block_type(out, in);
        print_list(out, m, in);
        return;
    case TN_IMM_LABELS:
        print_list(out, m, in);
        return;
    case TN_IMM_TYPES:
    case TN_IMM_HEAP:
        fputc(' ', out);
        print_raw_type(out, in->type);
        return;
    case TN_IMM_BR_CAST:
        print_cast(out, in);
        return;
    case TN_IMM_I32:
        fprintf(out, " %" PRId32, (int32_t)in->imm.bits);
        return;
    case TN_IMM_I64:
        fprintf(out, " %" PRId64, (int64_t)in->imm.bits);
        return;
    case TN_IMM_F32:
    case TN_IMM_F64:
        print_float(out, in, tn_op_infos[in->op].imm == TN_IMM_F64);
        return;
    case TN_IMM_V128:
    case TN_IMM_LANES16:
        for (int i = 0; i < 16; i++)
            fprintf(out, " %u", in->imm.bytes[i]);
        return;
    case TN_IMM_MEMARG:
    case TN_IMM_MEMARG_LANE:
        print_memarg(out, in);
        return;
    case TN_IMM_LANE:
        fprintf(out, " %u", in->lane);
        return;
    case TN_IMM_LABEL:
    case TN_IMM_FUNC:
    case TN_IMM_TYPE:
    case TN_IMM_LOCAL:
    case TN_IMM_GLOBAL:
    case TN_IMM_TABLE:
    case TN_IMM_ELEM:
    case TN_IMM_DATA:
    case TN_IMM_MEM:
    case TN_IMM_TAG:
        fprintf(out, " %u", (unsigned)in->a);
        return;
    default:
        fprintf(out, " %u %u", (unsigned)in->a, (unsigned)in->b);
        return;
    }
}

void tn_print_insn(FILE *out, const tn_module *module, const tn_insn *in)
{
    fputs(tn_op_infos[in->op].text, out);
    print_immediates(out, module, in);
    if (tn_op_infos[in->op].imm == TN_IMM_FUNC) {
        tenon_name name = tn_module_func_name(module, in->a);
        if (name.size > 0)
            fprintf(out, "  ;; %.*s", (int)name.size, name.data);
    }
}

void tn_print_type(FILE *out, const tn_type *type)
{
    char text[48];

    fputc('(', out);
    for (uint32_t i = 0; i < type->param_count + type->result_count; i++) {
        if (i == type->param_count)
            fputs(") -> (", out);
        else if (i > 0)
            fputc(' ', out);
        fputs(tn_valtype_text(type->types[i], text, sizeof text), out);
    }
    fputs(type->result_count == 0 ? ") -> ()" : ")", out);
}

static bool opens(tn_op op)
{
    return op == TN_OP_BLOCK || op == TN_OP_LOOP || op == TN_OP_IF || op == TN_OP_TRY_TABLE;
}

static tenon_status print_locals(FILE *out, tn_reader *r)
{
    uint32_t groups = 0, count = 0;
    tn_rawtype raw = 0;

    TN_TRY(tn_read_u32(r, &groups));
    for (uint32_t i = 0; i < groups; i++) {
        TN_TRY(tn_read_u32(r, &count));
        TN_TRY(tn_read_valtype(r, &raw));
        fprintf(out, "              (local %u x ", (unsigned)count);
        print_raw_type(out, raw);
        fputs(")\n", out);
    }
    return TENON_OK;
}

tenon_status tn_print_function(FILE *out, const tn_module *m, uint32_t own)
{
    tn_reader r = tn_module_reader(m, m->bodies[own], NULL);
    tn_insn in = { .op = TN_OP_INVALID };
    tenon_name name = tn_module_func_name(m, m->imported_funcs + own);
    unsigned depth = 1;

    fprintf(out, "func %u", (unsigned)(m->imported_funcs + own));
    if (name.size > 0)
        fprintf(out, " $%.*s", (int)name.size, name.data);
    fputc(' ', out);
    tn_print_type(out, tn_module_func_type(m, m->imported_funcs + own));
    fputc('\n', out);
    TN_TRY(print_locals(out, &r));
    while (tn_reader_left(&r) > 0) {
        TN_TRY(tn_insn_read(&r, &in));
        if ((in.op == TN_OP_END || in.op == TN_OP_ELSE) && depth > 0)
            depth--;
        fprintf(out, "  0x%08" PRIx64 "  %*s", in.offset, (int)(depth > 60 ? 60 : depth) * 2, "");
        tn_print_insn(out, m, &in);
        fputc('\n', out);
        if (opens(in.op) || in.op == TN_OP_ELSE)
            depth++;
    }
    return TENON_OK;
}
