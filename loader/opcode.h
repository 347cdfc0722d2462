/* SPDX-License-Identifier: MIT
 * The instructions as numbers and facts, expanded from opcodes.def.
 */
#ifndef TN_LOADER_OPCODE_H
#define TN_LOADER_OPCODE_H

#include <stdint.h>

#include "base/compiler.h"

/* Dense and ours; the binary encoding is only in the table. */
typedef enum tn_op {
    TN_OP_INVALID,
#define TN_OP(id, ...) TN_OP_##id,
#include "loader/opcodes.def"
#undef TN_OP
    TN_OP_COUNT
} tn_op;

/* Shapes of immediates (specification 5.4). */
typedef enum tn_imm {
    TN_IMM_NONE,
    TN_IMM_BLOCK,
    TN_IMM_LABEL,
    TN_IMM_LABELS,
    TN_IMM_TRY_TABLE,
    TN_IMM_FUNC,
    TN_IMM_TYPE,
    TN_IMM_TYPE_TABLE,
    TN_IMM_TYPES,
    TN_IMM_LOCAL,
    TN_IMM_GLOBAL,
    TN_IMM_TABLE,
    TN_IMM_TABLE_TABLE,
    TN_IMM_ELEM,
    TN_IMM_ELEM_TABLE,
    TN_IMM_DATA,
    TN_IMM_DATA_MEM,
    TN_IMM_MEM,
    TN_IMM_MEM_MEM,
    TN_IMM_MEMARG,
    TN_IMM_MEMARG_LANE,
    TN_IMM_I32,
    TN_IMM_I64,
    TN_IMM_F32,
    TN_IMM_F64,
    TN_IMM_V128,
    TN_IMM_LANE,
    TN_IMM_LANES16,
    TN_IMM_HEAP,
    TN_IMM_BR_CAST,
    TN_IMM_TYPE_FIELD,
    TN_IMM_TYPE_COUNT,
    TN_IMM_TYPE_DATA,
    TN_IMM_TYPE_ELEM,
    TN_IMM_TYPE_TYPE,
    TN_IMM_TAG,
    TN_IMM_ZERO
} tn_imm;

#define TN_WIDTH_NOMEM 0xFF

/* The operand signature as types, from the row's letters. A type of TN_SIG_ADDRESS is the memory's address type. */
#define TN_SIG_ADDRESS 0xFE
typedef struct tn_sig {
    uint8_t custom, pops, pushes;
    uint8_t types[6]; /* popped, in the order they were pushed, then pushed */
} tn_sig;

typedef struct tn_op_info {
    const char *text, *sig_text;
    tn_sig sig;
    uint8_t imm, feature, width, prefix;
    uint16_t code;
} tn_op_info;

extern const tn_op_info tn_op_infos[TN_OP_COUNT];

/* One flat number per encoding: 0xFD reaches 0x113, so it comes last. */
#define TN_ENCODING(prefix, code)        \
    ((prefix) == 0x00   ? 0x000 + (code) \
     : (prefix) == 0xFB ? 0x100 + (code) \
     : (prefix) == 0xFC ? 0x200 + (code) \
     : (prefix) == 0xFE ? 0x300 + (code) \
                        : 0x400 + (code))
#define TN_ENCODING_COUNT 0x600

/* From encoding to instruction; empty places are TN_OP_INVALID. */
extern const uint16_t tn_op_at[TN_ENCODING_COUNT];

#endif
