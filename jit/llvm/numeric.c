/* SPDX-License-Identifier: MIT
 * Numeric instructions (specification 4.3): a row each says how it becomes IR.
 */
#include <math.h>

#include "jit/llvm/rules.h"

/* ---- shapes ---- */

LLVMTypeRef tn_shape_type(const tn_unit *u, tn_shape shape)
{
    switch (shape) {
    case TN_SHAPE_I32:
        return u->t.i32;
    case TN_SHAPE_F32:
        return u->t.f32;
    case TN_SHAPE_F64:
        return u->t.f64;
    case TN_SHAPE_8X16:
        return LLVMVectorType(u->t.i8, 16);
    case TN_SHAPE_16X8:
        return LLVMVectorType(u->t.i16, 8);
    case TN_SHAPE_32X4:
        return LLVMVectorType(u->t.i32, 4);
    case TN_SHAPE_64X2:
        return u->t.v128;
    case TN_SHAPE_F32X4:
        return LLVMVectorType(u->t.f32, 4);
    case TN_SHAPE_F64X2:
        return LLVMVectorType(u->t.f64, 2);
    default:
        return u->t.i64;
    }
}

static bool is_vector(LLVMValueRef v)
{
    return LLVMGetTypeKind(LLVMTypeOf(v)) == LLVMVectorTypeKind;
}

/* ---- shared emitters ---- */

LLVMValueRef tn_emit_binary(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    return LLVMBuildBinOp(f->b, (LLVMOpcode)r->how, v[0], v[1], "");
}

LLVMValueRef tn_emit_negate(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    (void)r;
    return LLVMBuildNeg(f->b, v[0], "");
}

LLVMValueRef tn_emit_float_negate(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    (void)r;
    return LLVMBuildFNeg(f->b, v[0], "");
}

static bool may_fold(LLVMValueRef value)
{
    LLVMBool loses;

    if (!LLVMIsConstant(value))
        return false;
    if (is_vector(value))
        return true;
    double x = LLVMIsAConstantFP(value) != NULL ? LLVMConstRealGetDouble(value, &loses) : 0;
    return x == 0 || fabs(x) == 1 || !isfinite(x);
}

static LLVMValueRef hide(tn_fn *f, LLVMValueRef value)
{
    LLVMTypeRef t = LLVMTypeOf(value), type = LLVMFunctionType(t, &t, 1, false);
    const char *constraint = f->u->job->target->opaque_float;
    LLVMValueRef nothing =
        LLVMGetInlineAsm(type, "", 0, constraint, strlen(constraint), false, false, LLVMInlineAsmDialectATT, false);

    return LLVMBuildCall2(f->b, type, nothing, &value, 1, "");
}

LLVMValueRef tn_hide_constant(tn_fn *f, LLVMValueRef value)
{
    return may_fold(value) ? hide(f, value) : value;
}

LLVMValueRef tn_emit_float(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    return LLVMBuildBinOp(f->b, (LLVMOpcode)r->how, tn_hide_constant(f, v[0]), tn_hide_constant(f, v[1]), "");
}

/* A truth value as the standard has it: 1 or 0, or lanes of all ones or zeros. */
static LLVMValueRef truth(tn_fn *f, LLVMValueRef bits, LLVMValueRef like)
{
    if (!is_vector(like))
        return LLVMBuildZExt(f->b, bits, f->u->t.i32, "");
    LLVMTypeRef type = LLVMTypeOf(like), lane = LLVMGetElementType(type);
    if (lane == f->u->t.f32)
        lane = f->u->t.i32;
    if (lane == f->u->t.f64)
        lane = f->u->t.i64;
    return LLVMBuildSExt(f->b, bits, LLVMVectorType(lane, LLVMGetVectorSize(type)), "");
}

LLVMValueRef tn_emit_compare(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    return truth(f, LLVMBuildICmp(f->b, (LLVMIntPredicate)r->how, v[0], v[1], ""), v[0]);
}

LLVMValueRef tn_emit_float_compare(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    return truth(f, LLVMBuildFCmp(f->b, (LLVMRealPredicate)r->how, v[0], v[1], ""), v[0]);
}

/* An intrinsic of one operand; how: it takes a flag besides, which is false. */
LLVMValueRef tn_emit_call1(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMTypeRef type = LLVMTypeOf(v[0]);
    LLVMValueRef args[2] = { v[0], LLVMConstInt(f->u->t.i1, 0, false) };

    return tn_intrinsic(f->u, r->name, &type, 1, args, r->how ? 2 : 1);
}

LLVMValueRef tn_emit_call2(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMTypeRef type = LLVMTypeOf(v[0]);
    LLVMValueRef args[2] = { v[0], v[1] };

    return tn_intrinsic(f->u, r->name, &type, 1, args, 2);
}

/* Like v, with this number in all lanes. */
static LLVMValueRef number_like(LLVMValueRef v, double number)
{
    LLVMTypeRef type = LLVMTypeOf(v);
    LLVMValueRef lanes[4];

    if (!is_vector(v))
        return LLVMConstReal(type, number);
    for (unsigned i = 0; i < LLVMGetVectorSize(type); i++)
        lanes[i] = LLVMConstReal(LLVMGetElementType(type), number);
    return LLVMConstVector(lanes, LLVMGetVectorSize(type));
}

/* Where the CPU's sequence lets a signalling NaN through, a product with one makes it quiet. */
LLVMValueRef tn_emit_minimum(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMValueRef least = tn_emit_call2(f, r, v);

    if (f->u->job->target->quiets_minimum)
        return least;
    return LLVMBuildFMul(f->b, least, tn_hide_constant(f, number_like(least, 1)), "");
}

/* ---- integers ---- */

static LLVMValueRef emit_eqz(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    (void)r;
    return truth(f, LLVMBuildICmp(f->b, LLVMIntEQ, v[0], LLVMConstNull(LLVMTypeOf(v[0])), ""), v[0]);
}

static LLVMValueRef emit_shift(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMTypeRef type = LLVMTypeOf(v[0]);
    LLVMValueRef mask = LLVMConstInt(type, LLVMGetIntTypeWidth(type) - 1, false);

    return LLVMBuildBinOp(f->b, (LLVMOpcode)r->how, v[0], LLVMBuildAnd(f->b, v[1], mask, ""), "");
}

static LLVMValueRef emit_rotate(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMTypeRef type = LLVMTypeOf(v[0]);
    LLVMValueRef args[3] = { v[0], v[0], v[1] };

    return tn_intrinsic(f->u, r->name, &type, 1, args, 3);
}

static LLVMValueRef is_constant(tn_fn *f, LLVMValueRef v, uint64_t n)
{
    return LLVMBuildICmp(f->b, LLVMIntEQ, v, LLVMConstInt(LLVMTypeOf(v), n, true), "");
}

static LLVMValueRef emit_divide(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMTypeRef type = LLVMTypeOf(v[0]);

    tn_trap_if(f, is_constant(f, v[1], 0), TENON_TRAP_DIVIDE_BY_ZERO);
    if (r->how == LLVMSDiv) {
        uint64_t lowest = (uint64_t)1 << (LLVMGetIntTypeWidth(type) - 1);
        LLVMValueRef both = LLVMBuildAnd(f->b, is_constant(f, v[0], lowest), is_constant(f, v[1], UINT64_MAX), "");
        tn_trap_if(f, both, TENON_TRAP_INTEGER_OVERFLOW);
    }
    return LLVMBuildBinOp(f->b, (LLVMOpcode)r->how, v[0], v[1], "");
}

static LLVMValueRef emit_remainder(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMValueRef divisor = v[1], one = LLVMConstInt(LLVMTypeOf(divisor), 1, false);

    tn_trap_if(f, is_constant(f, divisor, 0), TENON_TRAP_DIVIDE_BY_ZERO);
    /* The remainder by -1 is that by 1, which the CPU can compute of every number. */
    if (r->how == LLVMSRem)
        divisor = LLVMBuildSelect(f->b, is_constant(f, divisor, UINT64_MAX), one, divisor, "");
    return LLVMBuildBinOp(f->b, (LLVMOpcode)r->how, v[0], divisor, "");
}

/* The lowest `how` bits, sign-extended. */
static LLVMValueRef emit_extend_low(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMTypeRef narrow = LLVMIntTypeInContext(f->u->context, r->how);

    return LLVMBuildSExt(f->b, LLVMBuildTrunc(f->b, v[0], narrow, ""), LLVMTypeOf(v[0]), "");
}

/* ---- conversions: shape is that of the result ---- */

static LLVMValueRef emit_cast(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    /* One after the other they would be folded away, with a NaN left as it was. */
    if (r->how == LLVMFPTrunc && LLVMGetInstructionOpcode(v[0]) == LLVMFPExt)
        v[0] = hide(f, v[0]);
    return LLVMBuildCast(f->b, (LLVMOpcode)r->how, v[0], tn_shape_type(f->u, r->shape), "");
}

/* The range that truncates into the type, as exact bounds: low <(=) x < high. */
static void range_of(LLVMTypeRef from, unsigned bits, bool is_signed, bool is_double, double *low, double *high,
                     bool *low_included)
{
    (void)from;
    *high = ldexp(1, (int)bits - is_signed);
    *low = is_signed ? -*high : -1;
    *low_included = is_signed;
    if (is_signed && bits == 32 && is_double) {
        *low -= 1;
        *low_included = false;
    }
}

static LLVMValueRef emit_truncate(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMTypeRef from = LLVMTypeOf(v[0]), to = tn_shape_type(f->u, r->shape);
    LLVMBasicBlockRef out = tn_new_block(f, "trap"), on = tn_new_block(f, "");
    double low, high;
    bool included;

    range_of(from, LLVMGetIntTypeWidth(to), r->is_signed, from == f->u->t.f64, &low, &high, &included);
    LLVMValueRef above = LLVMBuildFCmp(f->b, included ? LLVMRealOGE : LLVMRealOGT, v[0], LLVMConstReal(from, low), "");
    LLVMValueRef below = LLVMBuildFCmp(f->b, LLVMRealOLT, v[0], LLVMConstReal(from, high), "");
    LLVMValueRef outside = LLVMBuildNot(f->b, LLVMBuildAnd(f->b, above, below, ""), "");
    LLVMSetMetadata(LLVMBuildCondBr(f->b, outside, out, on), f->u->md_prof, f->u->unlikely);
    LLVMPositionBuilderAtEnd(f->b, out);
    tn_trap_if(f, LLVMBuildFCmp(f->b, LLVMRealUNO, v[0], v[0], ""), TENON_TRAP_INVALID_CONVERSION);
    tn_build_trap(f, TENON_TRAP_INTEGER_OVERFLOW);
    LLVMPositionBuilderAtEnd(f->b, on);
    return LLVMBuildCast(f->b, r->is_signed ? LLVMFPToSI : LLVMFPToUI, v[0], to, "");
}

static LLVMValueRef emit_saturate(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMTypeRef types[2] = { tn_shape_type(f->u, r->shape), LLVMTypeOf(v[0]) };

    return tn_intrinsic(f->u, r->is_signed ? "llvm.fptosi.sat" : "llvm.fptoui.sat", types, 2, v, 1);
}

/* ---- the rows ---- */

/* clang-format off */
#define INTEGER(P)                                                   \
    [TN_OP_##P##_EQZ] = { .emit = emit_eqz },                        \
    [TN_OP_##P##_EQ] = { .emit = tn_emit_compare, .how = LLVMIntEQ },     \
    [TN_OP_##P##_NE] = { .emit = tn_emit_compare, .how = LLVMIntNE },     \
    [TN_OP_##P##_LT_S] = { .emit = tn_emit_compare, .how = LLVMIntSLT },  \
    [TN_OP_##P##_LT_U] = { .emit = tn_emit_compare, .how = LLVMIntULT },  \
    [TN_OP_##P##_GT_S] = { .emit = tn_emit_compare, .how = LLVMIntSGT },  \
    [TN_OP_##P##_GT_U] = { .emit = tn_emit_compare, .how = LLVMIntUGT },  \
    [TN_OP_##P##_LE_S] = { .emit = tn_emit_compare, .how = LLVMIntSLE },  \
    [TN_OP_##P##_LE_U] = { .emit = tn_emit_compare, .how = LLVMIntULE },  \
    [TN_OP_##P##_GE_S] = { .emit = tn_emit_compare, .how = LLVMIntSGE },  \
    [TN_OP_##P##_GE_U] = { .emit = tn_emit_compare, .how = LLVMIntUGE },  \
    [TN_OP_##P##_CLZ] = { .emit = tn_emit_call1, .how = 1, .name = "llvm.ctlz" }, \
    [TN_OP_##P##_CTZ] = { .emit = tn_emit_call1, .how = 1, .name = "llvm.cttz" }, \
    [TN_OP_##P##_POPCNT] = { .emit = tn_emit_call1, .name = "llvm.ctpop" },       \
    [TN_OP_##P##_ADD] = { .emit = tn_emit_binary, .how = LLVMAdd },  \
    [TN_OP_##P##_SUB] = { .emit = tn_emit_binary, .how = LLVMSub },  \
    [TN_OP_##P##_MUL] = { .emit = tn_emit_binary, .how = LLVMMul },  \
    [TN_OP_##P##_DIV_S] = { .emit = emit_divide, .how = LLVMSDiv },  \
    [TN_OP_##P##_DIV_U] = { .emit = emit_divide, .how = LLVMUDiv },  \
    [TN_OP_##P##_REM_S] = { .emit = emit_remainder, .how = LLVMSRem }, \
    [TN_OP_##P##_REM_U] = { .emit = emit_remainder, .how = LLVMURem }, \
    [TN_OP_##P##_AND] = { .emit = tn_emit_binary, .how = LLVMAnd },  \
    [TN_OP_##P##_OR] = { .emit = tn_emit_binary, .how = LLVMOr },    \
    [TN_OP_##P##_XOR] = { .emit = tn_emit_binary, .how = LLVMXor },  \
    [TN_OP_##P##_SHL] = { .emit = emit_shift, .how = LLVMShl },      \
    [TN_OP_##P##_SHR_S] = { .emit = emit_shift, .how = LLVMAShr },   \
    [TN_OP_##P##_SHR_U] = { .emit = emit_shift, .how = LLVMLShr },   \
    [TN_OP_##P##_ROTL] = { .emit = emit_rotate, .name = "llvm.fshl" }, \
    [TN_OP_##P##_ROTR] = { .emit = emit_rotate, .name = "llvm.fshr" }, \
    [TN_OP_##P##_EXTEND8_S] = { .emit = emit_extend_low, .how = 8 },   \
    [TN_OP_##P##_EXTEND16_S] = { .emit = emit_extend_low, .how = 16 }
#define FLOAT(P)                                                     \
    [TN_OP_##P##_EQ] = { .emit = tn_emit_float_compare, .how = LLVMRealOEQ }, \
    [TN_OP_##P##_NE] = { .emit = tn_emit_float_compare, .how = LLVMRealUNE }, \
    [TN_OP_##P##_LT] = { .emit = tn_emit_float_compare, .how = LLVMRealOLT }, \
    [TN_OP_##P##_GT] = { .emit = tn_emit_float_compare, .how = LLVMRealOGT }, \
    [TN_OP_##P##_LE] = { .emit = tn_emit_float_compare, .how = LLVMRealOLE }, \
    [TN_OP_##P##_GE] = { .emit = tn_emit_float_compare, .how = LLVMRealOGE }, \
    [TN_OP_##P##_ABS] = { .emit = tn_emit_call1, .name = "llvm.fabs" },       \
    [TN_OP_##P##_NEG] = { .emit = tn_emit_float_negate },                     \
    [TN_OP_##P##_CEIL] = { .emit = tn_emit_call1, .name = "llvm.ceil" },      \
    [TN_OP_##P##_FLOOR] = { .emit = tn_emit_call1, .name = "llvm.floor" },    \
    [TN_OP_##P##_TRUNC] = { .emit = tn_emit_call1, .name = "llvm.trunc" },    \
    [TN_OP_##P##_NEAREST] = { .emit = tn_emit_call1, .name = "llvm.roundeven" }, \
    [TN_OP_##P##_SQRT] = { .emit = tn_emit_call1, .name = "llvm.sqrt" },      \
    [TN_OP_##P##_ADD] = { .emit = tn_emit_float, .how = LLVMFAdd },           \
    [TN_OP_##P##_SUB] = { .emit = tn_emit_float, .how = LLVMFSub },           \
    [TN_OP_##P##_MUL] = { .emit = tn_emit_float, .how = LLVMFMul },           \
    [TN_OP_##P##_DIV] = { .emit = tn_emit_float, .how = LLVMFDiv },           \
    [TN_OP_##P##_MIN] = { .emit = tn_emit_minimum, .name = "llvm.minimum" }, \
    [TN_OP_##P##_MAX] = { .emit = tn_emit_minimum, .name = "llvm.maximum" }, \
    [TN_OP_##P##_COPYSIGN] = { .emit = tn_emit_call2, .name = "llvm.copysign" }
#define CAST(id, to, opcode) [TN_OP_##id] = { .emit = emit_cast, .shape = TN_SHAPE_##to, .how = LLVM##opcode }
#define TRUNCATE(I, F)                                                                                        \
    [TN_OP_##I##_TRUNC_##F##_S] = { .emit = emit_truncate, .shape = TN_SHAPE_##I, .is_signed = 1 },          \
    [TN_OP_##I##_TRUNC_##F##_U] = { .emit = emit_truncate, .shape = TN_SHAPE_##I },                          \
    [TN_OP_##I##_TRUNC_SAT_##F##_S] = { .emit = emit_saturate, .shape = TN_SHAPE_##I, .is_signed = 1 },      \
    [TN_OP_##I##_TRUNC_SAT_##F##_U] = { .emit = emit_saturate, .shape = TN_SHAPE_##I },                      \
    CAST(F##_CONVERT_##I##_S, F, SIToFP), CAST(F##_CONVERT_##I##_U, F, UIToFP)
static const tn_rule scalar_rules[TN_OP_COUNT] = {
    INTEGER(I32), INTEGER(I64), FLOAT(F32), FLOAT(F64),
    TRUNCATE(I32, F32), TRUNCATE(I32, F64), TRUNCATE(I64, F32), TRUNCATE(I64, F64),
    [TN_OP_I64_EXTEND32_S] = { .emit = emit_extend_low, .how = 32 },
    CAST(I32_WRAP_I64, I32, Trunc), CAST(I64_EXTEND_I32_S, I64, SExt), CAST(I64_EXTEND_I32_U, I64, ZExt),
    CAST(F32_DEMOTE_F64, F32, FPTrunc), CAST(F64_PROMOTE_F32, F64, FPExt),
    CAST(I32_REINTERPRET_F32, I32, BitCast), CAST(I64_REINTERPRET_F64, I64, BitCast),
    CAST(F32_REINTERPRET_I32, F32, BitCast), CAST(F64_REINTERPRET_I64, F64, BitCast),
};
/* clang-format on */

/* ---- 128 bits in two halves ---- */

static LLVMValueRef wide_of(tn_fn *f, LLVMValueRef low, LLVMValueRef high)
{
    LLVMTypeRef i128 = f->u->t.i128;
    LLVMValueRef upper = LLVMBuildShl(f->b, LLVMBuildZExt(f->b, high, i128, ""), LLVMConstInt(i128, 64, false), "");

    return LLVMBuildOr(f->b, LLVMBuildZExt(f->b, low, i128, ""), upper, "");
}

static tenon_status push_wide(tn_fn *f, LLVMValueRef wide)
{
    LLVMValueRef high = LLVMBuildLShr(f->b, wide, LLVMConstInt(f->u->t.i128, 64, false), "");

    TN_TRY(tn_push(f, TN_I64, LLVMBuildTrunc(f->b, wide, f->u->t.i64, "")));
    return tn_push(f, TN_I64, LLVMBuildTrunc(f->b, high, f->u->t.i64, ""));
}

static tenon_status build_wide(tn_fn *f)
{
    LLVMTypeRef i128 = f->u->t.i128;
    LLVMOpcode extend = f->in.op == TN_OP_I64_MUL_WIDE_S ? LLVMSExt : LLVMZExt;
    LLVMValueRef d = tn_pop(f), c = tn_pop(f);

    if (f->in.op == TN_OP_I64_MUL_WIDE_S || f->in.op == TN_OP_I64_MUL_WIDE_U)
        return push_wide(f, LLVMBuildMul(f->b, LLVMBuildCast(f->b, extend, c, i128, ""),
                                         LLVMBuildCast(f->b, extend, d, i128, ""), ""));
    LLVMValueRef b = tn_pop(f), a = tn_pop(f);
    LLVMValueRef x = wide_of(f, a, b), y = wide_of(f, c, d);
    return push_wide(f, f->in.op == TN_OP_I64_ADD128 ? LLVMBuildAdd(f->b, x, y, "") : LLVMBuildSub(f->b, x, y, ""));
}

/* ---- all of them ---- */

static tenon_status build_constant(tn_fn *f)
{
    tn_unit *u = f->u;

    switch (f->in.op) {
    case TN_OP_I32_CONST:
        return tn_push(f, TN_I32, tn_i32(u, (uint32_t)f->in.imm.bits));
    case TN_OP_I64_CONST:
        return tn_push(f, TN_I64, tn_i64(u, f->in.imm.bits));
    case TN_OP_F32_CONST:
        return tn_push(f, TN_F32, LLVMConstBitCast(tn_i32(u, (uint32_t)f->in.imm.bits), u->t.f32));
    case TN_OP_F64_CONST:
        return tn_push(f, TN_F64, LLVMConstBitCast(tn_i64(u, f->in.imm.bits), u->t.f64));
    default:
        return TENON_UNSUPPORTED;
    }
}

static tenon_status build_rule(tn_fn *f, const tn_rule *r)
{
    const tn_sig *sig = &tn_op_infos[f->in.op].sig;
    LLVMTypeRef form = tn_shape_type(f->u, r->shape);
    LLVMValueRef v[4];

    tn_locate(f);
    for (unsigned i = sig->pops; i > 0; i--) {
        v[i - 1] = tn_pop(f);
        if (sig->types[i - 1] == TN_V128 && r->shape >= TN_SHAPE_8X16)
            v[i - 1] = LLVMBuildBitCast(f->b, v[i - 1], form, "");
    }
    LLVMValueRef result = r->emit(f, r, v);
    uint8_t type = sig->types[sig->pops];
    if (type == TN_V128)
        result = LLVMBuildBitCast(f->b, result, f->u->t.v128, "");
    return tn_push(f, type, result);
}

tenon_status tn_build_numeric(tn_fn *f)
{
    tn_op op = f->in.op;

    if (scalar_rules[op].emit != NULL)
        return build_rule(f, &scalar_rules[op]);
    if (tn_vector_rules[op].emit != NULL)
        return build_rule(f, &tn_vector_rules[op]);
    if (op == TN_OP_I64_ADD128 || op == TN_OP_I64_SUB128 || op == TN_OP_I64_MUL_WIDE_S || op == TN_OP_I64_MUL_WIDE_U)
        return build_wide(f);
    return build_constant(f);
}
