/* SPDX-License-Identifier: MIT
 * One instruction, read: the only code that knows how immediates are encoded (specification 5.4).
 */
#ifndef TN_LOADER_INSN_H
#define TN_LOADER_INSN_H

#include "loader/opcode.h"
#include "loader/reader.h"
#include "loader/types.h"

/* A type as it stands in the module: like tn_valtype, but the id is an index into the module's types. */
typedef uint32_t tn_rawtype;

typedef enum tn_block_kind { TN_BLOCK_EMPTY, TN_BLOCK_VALUE, TN_BLOCK_TYPE } tn_block_kind;

typedef struct tn_insn {
    tn_op op;
    uint64_t offset; /* of the first byte, in the module */
    /* First and second index in the order of the encoding; counts of lists are in a; TABLES/MEMS: destination first. */
    uint32_t a, b;
    union {
        uint64_t bits;     /* constant, or offset of a memarg */
        uint8_t bytes[16]; /* v128.const, shuffle */
    } imm;
    uint8_t align, lane;
    uint8_t block_kind;
    tn_rawtype type, type2; /* block, reference and cast types */
    const uint8_t *list;    /* br_table labels (a + 1), try_table catches (a), select types (a) */
} tn_insn;

typedef struct tn_catch {
    uint8_t kind; /* 0 catch, 1 catch_ref, 2 catch_all, 3 catch_all_ref */
    uint32_t tag, label;
} tn_catch;

/* Reads one instruction. */
tenon_status tn_insn_read_immediates(tn_reader *r, tn_insn *in);
tenon_status tn_insn_read_prefixed(tn_reader *r, uint8_t prefix, tn_insn *in);

TN_INLINE tenon_status tn_insn_read(tn_reader *r, tn_insn *in)
{
    in->offset = tn_reader_offset(r);
    if (TN_UNLIKELY(r->p == r->end))
        return tn_reader_end(r);
    uint8_t byte = *r->p;
    in->op = (tn_op)tn_op_at[byte];
    if (TN_UNLIKELY(in->op == TN_OP_INVALID))
        return tn_insn_read_prefixed(r, byte, in);
    r->p++;
    switch (tn_op_infos[in->op].imm) {
    case TN_IMM_NONE:
        return TENON_OK;
    case TN_IMM_LABEL:
    case TN_IMM_LOCAL:
    case TN_IMM_GLOBAL:
    case TN_IMM_FUNC:
        return tn_read_u32(r, &in->a);
    default:
        return tn_insn_read_immediates(r, in);
    }
}

/* Types as they stand in code and sections. */
tenon_status tn_read_valtype(tn_reader *r, tn_rawtype *out);
tenon_status tn_read_heaptype(tn_reader *r, tn_rawtype *out);
tenon_status tn_read_catch(tn_reader *r, tn_catch *out);
/* Passes the local declarations of a checked body; count is how many locals they declare. */
tenon_status tn_skip_locals(tn_reader *r, uint32_t *count);

#endif
