/* SPDX-License-Identifier: MIT
 * How numeric and vector instructions become IR: one row each, in numeric.c and vector.c.
 */
#ifndef TN_LLVM_RULES_H
#define TN_LLVM_RULES_H

#include "jit/llvm/build.h"

/* What the operands are: vectors are brought into this form before. */
typedef enum tn_shape {
    TN_SHAPE_NONE,
    TN_SHAPE_I32,
    TN_SHAPE_I64,
    TN_SHAPE_F32,
    TN_SHAPE_F64,
    TN_SHAPE_8X16,
    TN_SHAPE_16X8,
    TN_SHAPE_32X4,
    TN_SHAPE_64X2,
    TN_SHAPE_F32X4,
    TN_SHAPE_F64X2
} tn_shape;

typedef struct tn_rule tn_rule;
/* Operands are in v, in the order in which they were pushed; gives the result. */
typedef LLVMValueRef tn_emit(tn_fn *f, const tn_rule *r, LLVMValueRef *v);
struct tn_rule {
    tn_emit *emit;
    uint8_t shape;
    uint8_t is_signed;
    uint16_t how;     /* LLVM's opcode or predicate, or what the emitter says */
    const char *name; /* of an intrinsic */
};

extern const tn_rule tn_vector_rules[TN_OP_COUNT];

LLVMTypeRef tn_shape_type(const tn_unit *u, tn_shape shape);
/* Shared emitters. */
tn_emit tn_emit_binary, tn_emit_float, tn_emit_compare, tn_emit_float_compare, tn_emit_call1, tn_emit_call2,
    tn_emit_negate, tn_emit_float_negate, tn_emit_minimum;
/* A float constant that LLVM would fold away without making a NaN quiet, hidden. */
LLVMValueRef tn_hide_constant(tn_fn *f, LLVMValueRef value);

#endif
