/* SPDX-License-Identifier: MIT
 * Vector instructions (specification 4.3.6, 4.3.7): a row each says how it becomes IR. Relaxed ones take the same
 * choice as the interpreter.
 */
#include "jit/llvm/rules.h"

/* ---- helpers ---- */

static unsigned lanes_of(LLVMValueRef v)
{
    return LLVMGetVectorSize(LLVMTypeOf(v));
}

/* n lanes out of a and b, from `first` on in steps. */
static LLVMValueRef pick(tn_fn *f, LLVMValueRef a, LLVMValueRef b, unsigned n, unsigned first, unsigned step)
{
    LLVMValueRef mask[32];

    for (unsigned i = 0; i < n; i++)
        mask[i] = tn_i32(f->u, first + i * step);
    return LLVMBuildShuffleVector(f->b, a, b, LLVMConstVector(mask, n), "");
}

static LLVMValueRef splat(tn_fn *f, LLVMValueRef lane, unsigned n)
{
    LLVMValueRef one = LLVMGetPoison(LLVMVectorType(LLVMTypeOf(lane), n));

    one = LLVMBuildInsertElement(f->b, one, lane, tn_i32(f->u, 0), "");
    return pick(f, one, LLVMGetPoison(LLVMTypeOf(one)), n, 0, 0);
}

static LLVMValueRef splat_number(tn_fn *f, LLVMTypeRef type, uint64_t n)
{
    LLVMValueRef lanes[16];
    unsigned count = LLVMGetVectorSize(type);

    (void)f;
    for (unsigned i = 0; i < count; i++)
        lanes[i] = LLVMConstInt(LLVMGetElementType(type), n, true);
    return LLVMConstVector(lanes, count);
}

/* The same lanes, twice as wide. */
static LLVMValueRef widen(tn_fn *f, LLVMValueRef v, bool is_signed)
{
    unsigned bits = LLVMGetIntTypeWidth(LLVMGetElementType(LLVMTypeOf(v)));
    LLVMTypeRef type = LLVMVectorType(LLVMIntTypeInContext(f->u->context, 2 * bits), lanes_of(v));

    return LLVMBuildCast(f->b, is_signed ? LLVMSExt : LLVMZExt, v, type, "");
}

static LLVMValueRef narrowed(tn_fn *f, LLVMValueRef v)
{
    unsigned bits = LLVMGetIntTypeWidth(LLVMGetElementType(LLVMTypeOf(v)));

    return LLVMBuildTrunc(f->b, v, LLVMVectorType(LLVMIntTypeInContext(f->u->context, bits / 2), lanes_of(v)), "");
}

static LLVMValueRef call2(tn_fn *f, const char *name, LLVMValueRef a, LLVMValueRef b)
{
    LLVMTypeRef type = LLVMTypeOf(a);
    LLVMValueRef args[2] = { a, b };

    return tn_intrinsic(f->u, name, &type, 1, args, 2);
}

static LLVMValueRef clamp(tn_fn *f, LLVMValueRef v, int64_t low, int64_t high)
{
    LLVMTypeRef type = LLVMTypeOf(v);

    v = call2(f, "llvm.smax", v, splat_number(f, type, (uint64_t)low));
    return call2(f, "llvm.smin", v, splat_number(f, type, (uint64_t)high));
}

/* ---- bits ---- */

static LLVMValueRef emit_not(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    (void)r;
    return LLVMBuildNot(f->b, v[0], "");
}

static LLVMValueRef emit_andnot(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    (void)r;
    return LLVMBuildAnd(f->b, v[0], LLVMBuildNot(f->b, v[1], ""), "");
}

static LLVMValueRef emit_bitselect(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMValueRef ones[2] = { v[0], v[2] }, zeros[2] = { v[1], v[2] };

    return LLVMBuildOr(f->b, LLVMBuildAnd(f->b, ones[0], ones[1], ""), emit_andnot(f, r, zeros), "");
}

static LLVMValueRef emit_any_true(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMValueRef bits = LLVMBuildBitCast(f->b, v[0], f->u->t.i128, "");

    (void)r;
    return LLVMBuildZExt(f->b, LLVMBuildICmp(f->b, LLVMIntNE, bits, LLVMConstNull(f->u->t.i128), ""), f->u->t.i32, "");
}

/* One bit per lane. */
static LLVMValueRef lane_bits(tn_fn *f, LLVMIntPredicate predicate, LLVMValueRef v)
{
    LLVMValueRef bits = LLVMBuildICmp(f->b, predicate, v, LLVMConstNull(LLVMTypeOf(v)), "");

    return LLVMBuildBitCast(f->b, bits, LLVMIntTypeInContext(f->u->context, lanes_of(v)), "");
}

static LLVMValueRef emit_all_true(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMValueRef zeros = lane_bits(f, LLVMIntEQ, v[0]);

    (void)r;
    return LLVMBuildZExt(f->b, LLVMBuildICmp(f->b, LLVMIntEQ, zeros, LLVMConstNull(LLVMTypeOf(zeros)), ""), f->u->t.i32,
                         "");
}

static LLVMValueRef emit_bitmask(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    (void)r;
    return LLVMBuildZExt(f->b, lane_bits(f, LLVMIntSLT, v[0]), f->u->t.i32, "");
}

static LLVMValueRef emit_shift(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMTypeRef lane = LLVMGetElementType(LLVMTypeOf(v[0]));
    LLVMValueRef count = LLVMBuildAnd(f->b, v[1], tn_i32(f->u, LLVMGetIntTypeWidth(lane) - 1), "");

    count = LLVMBuildIntCast2(f->b, count, lane, false, "");
    return LLVMBuildBinOp(f->b, (LLVMOpcode)r->how, v[0], splat(f, count, lanes_of(v[0])), "");
}

/* ---- integers ---- */

/* An intrinsic of the target, of two vectors. */
static LLVMValueRef call_target(tn_fn *f, const char *name, LLVMValueRef a, LLVMValueRef b)
{
    LLVMTypeRef type = LLVMTypeOf(a), params[2] = { type, type };
    LLVMTypeRef signature = LLVMFunctionType(type, params, 2, false);
    LLVMValueRef args[2] = { a, b }, callee = LLVMGetNamedFunction(f->u->module, name);

    if (callee == NULL)
        callee = LLVMAddFunction(f->u->module, name, signature);
    return LLVMBuildCall2(f->b, signature, callee, args, 2, "");
}

/* Not written out: when one operand does not change in a loop, LLVM takes half of it out and no longer sees what it is.
 */
static LLVMValueRef emit_average(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    const tn_target *target = f->u->job->target;

    return call_target(f, r->shape == TN_SHAPE_8X16 ? target->average8 : target->average16, v[0], v[1]);
}

static LLVMValueRef emit_q15mulr(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMValueRef product = LLVMBuildMul(f->b, widen(f, v[0], true), widen(f, v[1], true), "");
    LLVMTypeRef type = LLVMTypeOf(product);

    (void)r;
    product = LLVMBuildAdd(f->b, product, splat_number(f, type, 0x4000), "");
    product = LLVMBuildAShr(f->b, product, splat_number(f, type, 15), "");
    return narrowed(f, call2(f, "llvm.smin", product, splat_number(f, type, 32767)));
}

/* how: 1 for the upper half. */
static LLVMValueRef emit_extend(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    unsigned half = lanes_of(v[0]) / 2;

    return widen(f, pick(f, v[0], v[0], half, r->how * half, 1), r->is_signed);
}

static LLVMValueRef emit_extmul(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    return LLVMBuildMul(f->b, emit_extend(f, r, &v[0]), emit_extend(f, r, &v[1]), "");
}

/* Every second lane, widened. */
static LLVMValueRef every_other(tn_fn *f, LLVMValueRef v, unsigned first, bool is_signed)
{
    return widen(f, pick(f, v, v, lanes_of(v) / 2, first, 2), is_signed);
}

static LLVMValueRef emit_extadd(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    return LLVMBuildAdd(f->b, every_other(f, v[0], 0, r->is_signed), every_other(f, v[0], 1, r->is_signed), "");
}

static LLVMValueRef emit_dot(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMValueRef even = LLVMBuildMul(f->b, every_other(f, v[0], 0, true), every_other(f, v[1], 0, true), "");
    LLVMValueRef odd = LLVMBuildMul(f->b, every_other(f, v[0], 1, true), every_other(f, v[1], 1, true), "");

    (void)r;
    return LLVMBuildAdd(f->b, even, odd, "");
}

static LLVMValueRef emit_dot_add(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMValueRef pairs = emit_dot(f, r, v);
    LLVMValueRef sum = LLVMBuildAdd(f->b, every_other(f, pairs, 0, true), every_other(f, pairs, 1, true), "");

    return LLVMBuildAdd(f->b, sum, LLVMBuildBitCast(f->b, v[2], LLVMTypeOf(sum), ""), "");
}

static LLVMValueRef emit_narrow(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    unsigned bits = LLVMGetIntTypeWidth(LLVMGetElementType(LLVMTypeOf(v[0]))) / 2;
    LLVMValueRef both = pick(f, v[0], v[1], 2 * lanes_of(v[0]), 0, 1);
    int64_t half = (int64_t)1 << (bits - 1);

    return narrowed(f, r->is_signed ? clamp(f, both, -half, half - 1) : clamp(f, both, 0, 2 * half - 1));
}

/* ---- floats ---- */

/* how: 0 for the lesser. */
static LLVMValueRef emit_pseudo(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMValueRef other = r->how == 0 ? LLVMBuildFCmp(f->b, LLVMRealOLT, v[1], v[0], "")
                                     : LLVMBuildFCmp(f->b, LLVMRealOLT, v[0], v[1], "");

    return LLVMBuildSelect(f->b, other, v[1], v[0], "");
}

/* how: 1 for the negated product. */
static LLVMValueRef emit_madd(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMValueRef product = LLVMBuildFMul(f->b, tn_hide_constant(f, v[0]), tn_hide_constant(f, v[1]), "");

    if (r->how)
        product = LLVMBuildFNeg(f->b, product, "");
    return LLVMBuildFAdd(f->b, product, tn_hide_constant(f, v[2]), "");
}

/* ---- conversions ---- */

static LLVMValueRef with_zeros(tn_fn *f, LLVMValueRef two)
{
    return pick(f, two, LLVMConstNull(LLVMTypeOf(two)), 4, 0, 1);
}

static LLVMValueRef emit_saturate(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMTypeRef types[2] = { LLVMVectorType(f->u->t.i32, lanes_of(v[0])), LLVMTypeOf(v[0]) };
    LLVMValueRef result = tn_intrinsic(f->u, r->is_signed ? "llvm.fptosi.sat" : "llvm.fptoui.sat", types, 2, v, 1);

    return lanes_of(v[0]) == 2 ? with_zeros(f, result) : result;
}

static LLVMValueRef emit_convert(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    return LLVMBuildCast(f->b, r->is_signed ? LLVMSIToFP : LLVMUIToFP, v[0], LLVMVectorType(f->u->t.f32, 4), "");
}

static LLVMValueRef emit_convert_low(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMValueRef low = pick(f, v[0], v[0], 2, 0, 1);

    return LLVMBuildCast(f->b, r->is_signed ? LLVMSIToFP : LLVMUIToFP, low, LLVMVectorType(f->u->t.f64, 2), "");
}

static LLVMValueRef emit_demote(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    (void)r;
    return with_zeros(f, LLVMBuildFPTrunc(f->b, v[0], LLVMVectorType(f->u->t.f32, 2), ""));
}

static LLVMValueRef emit_promote(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    (void)r;
    return LLVMBuildFPExt(f->b, pick(f, v[0], v[0], 2, 0, 1), LLVMVectorType(f->u->t.f64, 2), "");
}

/* ---- lanes ---- */

static LLVMValueRef emit_swizzle(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    const tn_target *target = f->u->job->target;
    LLVMValueRef index = v[1];

    (void)r;
    /* Where only the highest bit gives zero, every index from 16 on is made to have it. */
    if (target->swizzle_zeroes == 0x80)
        index = call2(f, "llvm.uadd.sat", index, splat_number(f, LLVMTypeOf(index), 0x70));
    return call_target(f, target->swizzle, v[0], index);
}

static LLVMValueRef emit_shuffle(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMValueRef mask[16];

    (void)r;
    for (unsigned i = 0; i < 16; i++)
        mask[i] = tn_i32(f->u, f->in.imm.bytes[i]);
    return LLVMBuildShuffleVector(f->b, v[0], v[1], LLVMConstVector(mask, 16), "");
}

static LLVMTypeRef lane_type(tn_fn *f, const tn_rule *r)
{
    return LLVMGetElementType(tn_shape_type(f->u, r->shape));
}

/* A scalar of the standard as a lane: the small integers are cut. */
static LLVMValueRef as_lane(tn_fn *f, const tn_rule *r, LLVMValueRef v)
{
    LLVMTypeRef lane = lane_type(f, r);

    return LLVMTypeOf(v) == lane ? v : LLVMBuildTrunc(f->b, v, lane, "");
}

static LLVMValueRef emit_splat(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    return splat(f, as_lane(f, r, v[0]), LLVMGetVectorSize(tn_shape_type(f->u, r->shape)));
}

static LLVMValueRef emit_extract(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    LLVMValueRef lane = LLVMBuildExtractElement(f->b, v[0], tn_i32(f->u, f->in.lane), "");

    if (r->shape != TN_SHAPE_8X16 && r->shape != TN_SHAPE_16X8)
        return lane;
    return LLVMBuildCast(f->b, r->is_signed ? LLVMSExt : LLVMZExt, lane, f->u->t.i32, "");
}

static LLVMValueRef emit_replace(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    return LLVMBuildInsertElement(f->b, v[0], as_lane(f, r, v[1]), tn_i32(f->u, f->in.lane), "");
}

static LLVMValueRef emit_const(tn_fn *f, const tn_rule *r, LLVMValueRef *v)
{
    uint64_t halves[2];
    LLVMValueRef lanes[2];

    (void)r;
    (void)v;
    memcpy(halves, f->in.imm.bytes, sizeof halves);
    lanes[0] = tn_i64(f->u, halves[0]);
    lanes[1] = tn_i64(f->u, halves[1]);
    return LLVMConstVector(lanes, 2);
}

/* ---- the rows ---- */

/* clang-format off */
#define ROW(id, e, s, ...) [TN_OP_##id] = { .emit = e, .shape = TN_SHAPE_##s, __VA_ARGS__ }
#define COMPARE_S(P, s)                                        \
    ROW(P##_EQ, tn_emit_compare, s, .how = LLVMIntEQ),         \
    ROW(P##_NE, tn_emit_compare, s, .how = LLVMIntNE),         \
    ROW(P##_LT_S, tn_emit_compare, s, .how = LLVMIntSLT),      \
    ROW(P##_GT_S, tn_emit_compare, s, .how = LLVMIntSGT),      \
    ROW(P##_LE_S, tn_emit_compare, s, .how = LLVMIntSLE),      \
    ROW(P##_GE_S, tn_emit_compare, s, .how = LLVMIntSGE)
#define COMPARE_U(P, s)                                        \
    ROW(P##_LT_U, tn_emit_compare, s, .how = LLVMIntULT),      \
    ROW(P##_GT_U, tn_emit_compare, s, .how = LLVMIntUGT),      \
    ROW(P##_LE_U, tn_emit_compare, s, .how = LLVMIntULE),      \
    ROW(P##_GE_U, tn_emit_compare, s, .how = LLVMIntUGE)
#define INTEGER(P, s)                                          \
    COMPARE_S(P, s),                                           \
    ROW(P##_ADD, tn_emit_binary, s, .how = LLVMAdd),           \
    ROW(P##_SUB, tn_emit_binary, s, .how = LLVMSub),           \
    ROW(P##_NEG, tn_emit_negate, s),                           \
    ROW(P##_ABS, tn_emit_call1, s, .how = 1, .name = "llvm.abs"), \
    ROW(P##_SHL, emit_shift, s, .how = LLVMShl),               \
    ROW(P##_SHR_S, emit_shift, s, .how = LLVMAShr),            \
    ROW(P##_SHR_U, emit_shift, s, .how = LLVMLShr),            \
    ROW(P##_ALL_TRUE, emit_all_true, s),                       \
    ROW(P##_BITMASK, emit_bitmask, s)
#define MIN_MAX(P, s)                                          \
    ROW(P##_MIN_S, tn_emit_call2, s, .name = "llvm.smin"),     \
    ROW(P##_MIN_U, tn_emit_call2, s, .name = "llvm.umin"),     \
    ROW(P##_MAX_S, tn_emit_call2, s, .name = "llvm.smax"),     \
    ROW(P##_MAX_U, tn_emit_call2, s, .name = "llvm.umax")
#define SATURATING(P, s)                                       \
    ROW(P##_ADD_SAT_S, tn_emit_call2, s, .name = "llvm.sadd.sat"), \
    ROW(P##_ADD_SAT_U, tn_emit_call2, s, .name = "llvm.uadd.sat"), \
    ROW(P##_SUB_SAT_S, tn_emit_call2, s, .name = "llvm.ssub.sat"), \
    ROW(P##_SUB_SAT_U, tn_emit_call2, s, .name = "llvm.usub.sat"), \
    ROW(P##_AVGR_U, emit_average, s)
#define WIDENING(P, Q, s)                                      \
    ROW(P##_EXTEND_LOW_##Q##_S, emit_extend, s, .is_signed = 1),  \
    ROW(P##_EXTEND_HIGH_##Q##_S, emit_extend, s, .is_signed = 1, .how = 1), \
    ROW(P##_EXTEND_LOW_##Q##_U, emit_extend, s),               \
    ROW(P##_EXTEND_HIGH_##Q##_U, emit_extend, s, .how = 1),    \
    ROW(P##_EXTMUL_LOW_##Q##_S, emit_extmul, s, .is_signed = 1),  \
    ROW(P##_EXTMUL_HIGH_##Q##_S, emit_extmul, s, .is_signed = 1, .how = 1), \
    ROW(P##_EXTMUL_LOW_##Q##_U, emit_extmul, s),               \
    ROW(P##_EXTMUL_HIGH_##Q##_U, emit_extmul, s, .how = 1)
#define FLOAT(P, s)                                            \
    ROW(P##_EQ, tn_emit_float_compare, s, .how = LLVMRealOEQ), \
    ROW(P##_NE, tn_emit_float_compare, s, .how = LLVMRealUNE), \
    ROW(P##_LT, tn_emit_float_compare, s, .how = LLVMRealOLT), \
    ROW(P##_GT, tn_emit_float_compare, s, .how = LLVMRealOGT), \
    ROW(P##_LE, tn_emit_float_compare, s, .how = LLVMRealOLE), \
    ROW(P##_GE, tn_emit_float_compare, s, .how = LLVMRealOGE), \
    ROW(P##_ADD, tn_emit_float, s, .how = LLVMFAdd),           \
    ROW(P##_SUB, tn_emit_float, s, .how = LLVMFSub),           \
    ROW(P##_MUL, tn_emit_float, s, .how = LLVMFMul),           \
    ROW(P##_DIV, tn_emit_float, s, .how = LLVMFDiv),           \
    ROW(P##_ABS, tn_emit_call1, s, .name = "llvm.fabs"),       \
    ROW(P##_NEG, tn_emit_float_negate, s),                     \
    ROW(P##_SQRT, tn_emit_call1, s, .name = "llvm.sqrt"),      \
    ROW(P##_CEIL, tn_emit_call1, s, .name = "llvm.ceil"),      \
    ROW(P##_FLOOR, tn_emit_call1, s, .name = "llvm.floor"),    \
    ROW(P##_TRUNC, tn_emit_call1, s, .name = "llvm.trunc"),    \
    ROW(P##_NEAREST, tn_emit_call1, s, .name = "llvm.roundeven"), \
    ROW(P##_MIN, tn_emit_minimum, s, .name = "llvm.minimum"), \
    ROW(P##_MAX, tn_emit_minimum, s, .name = "llvm.maximum"), \
    ROW(P##_RELAXED_MIN, tn_emit_minimum, s, .name = "llvm.minimum"), \
    ROW(P##_RELAXED_MAX, tn_emit_minimum, s, .name = "llvm.maximum"), \
    ROW(P##_PMIN, emit_pseudo, s),                             \
    ROW(P##_PMAX, emit_pseudo, s, .how = 1),                   \
    ROW(P##_RELAXED_MADD, emit_madd, s),                       \
    ROW(P##_RELAXED_NMADD, emit_madd, s, .how = 1)
#define TRUNCATING(R)                                          \
    ROW(I32X4_##R##_F32X4_S, emit_saturate, F32X4, .is_signed = 1), \
    ROW(I32X4_##R##_F32X4_U, emit_saturate, F32X4),            \
    ROW(I32X4_##R##_F64X2_S_ZERO, emit_saturate, F64X2, .is_signed = 1), \
    ROW(I32X4_##R##_F64X2_U_ZERO, emit_saturate, F64X2)
const tn_rule tn_vector_rules[TN_OP_COUNT] = {
    ROW(V128_CONST, emit_const, 64X2), ROW(V128_NOT, emit_not, 64X2),
    ROW(V128_AND, tn_emit_binary, 64X2, .how = LLVMAnd), ROW(V128_ANDNOT, emit_andnot, 64X2),
    ROW(V128_OR, tn_emit_binary, 64X2, .how = LLVMOr), ROW(V128_XOR, tn_emit_binary, 64X2, .how = LLVMXor),
    ROW(V128_BITSELECT, emit_bitselect, 64X2), ROW(V128_ANY_TRUE, emit_any_true, 64X2),
    ROW(I8X16_RELAXED_LANESELECT, emit_bitselect, 64X2), ROW(I16X8_RELAXED_LANESELECT, emit_bitselect, 64X2),
    ROW(I32X4_RELAXED_LANESELECT, emit_bitselect, 64X2), ROW(I64X2_RELAXED_LANESELECT, emit_bitselect, 64X2),
    INTEGER(I8X16, 8X16), INTEGER(I16X8, 16X8), INTEGER(I32X4, 32X4), INTEGER(I64X2, 64X2),
    COMPARE_U(I8X16, 8X16), COMPARE_U(I16X8, 16X8), COMPARE_U(I32X4, 32X4),
    MIN_MAX(I8X16, 8X16), MIN_MAX(I16X8, 16X8), MIN_MAX(I32X4, 32X4),
    SATURATING(I8X16, 8X16), SATURATING(I16X8, 16X8),
    ROW(I16X8_MUL, tn_emit_binary, 16X8, .how = LLVMMul), ROW(I32X4_MUL, tn_emit_binary, 32X4, .how = LLVMMul),
    ROW(I64X2_MUL, tn_emit_binary, 64X2, .how = LLVMMul),
    ROW(I8X16_POPCNT, tn_emit_call1, 8X16, .name = "llvm.ctpop"),
    ROW(I16X8_Q15MULR_SAT_S, emit_q15mulr, 16X8), ROW(I16X8_RELAXED_Q15MULR_S, emit_q15mulr, 16X8),
    WIDENING(I16X8, I8X16, 8X16), WIDENING(I32X4, I16X8, 16X8), WIDENING(I64X2, I32X4, 32X4),
    ROW(I16X8_EXTADD_PAIRWISE_I8X16_S, emit_extadd, 8X16, .is_signed = 1),
    ROW(I16X8_EXTADD_PAIRWISE_I8X16_U, emit_extadd, 8X16),
    ROW(I32X4_EXTADD_PAIRWISE_I16X8_S, emit_extadd, 16X8, .is_signed = 1),
    ROW(I32X4_EXTADD_PAIRWISE_I16X8_U, emit_extadd, 16X8),
    ROW(I32X4_DOT_I16X8_S, emit_dot, 16X8), ROW(I16X8_RELAXED_DOT_I8X16_I7X16_S, emit_dot, 8X16),
    ROW(I32X4_RELAXED_DOT_I8X16_I7X16_ADD_S, emit_dot_add, 8X16),
    ROW(I8X16_NARROW_I16X8_S, emit_narrow, 16X8, .is_signed = 1), ROW(I8X16_NARROW_I16X8_U, emit_narrow, 16X8),
    ROW(I16X8_NARROW_I32X4_S, emit_narrow, 32X4, .is_signed = 1), ROW(I16X8_NARROW_I32X4_U, emit_narrow, 32X4),
    FLOAT(F32X4, F32X4), FLOAT(F64X2, F64X2), TRUNCATING(TRUNC_SAT), TRUNCATING(RELAXED_TRUNC),
    ROW(F32X4_CONVERT_I32X4_S, emit_convert, 32X4, .is_signed = 1), ROW(F32X4_CONVERT_I32X4_U, emit_convert, 32X4),
    ROW(F64X2_CONVERT_LOW_I32X4_S, emit_convert_low, 32X4, .is_signed = 1),
    ROW(F64X2_CONVERT_LOW_I32X4_U, emit_convert_low, 32X4),
    ROW(F32X4_DEMOTE_F64X2_ZERO, emit_demote, F64X2), ROW(F64X2_PROMOTE_LOW_F32X4, emit_promote, F32X4),
    ROW(I8X16_SWIZZLE, emit_swizzle, 8X16), ROW(I8X16_RELAXED_SWIZZLE, emit_swizzle, 8X16),
    ROW(I8X16_SHUFFLE, emit_shuffle, 8X16),
    ROW(I8X16_SPLAT, emit_splat, 8X16), ROW(I16X8_SPLAT, emit_splat, 16X8), ROW(I32X4_SPLAT, emit_splat, 32X4),
    ROW(I64X2_SPLAT, emit_splat, 64X2), ROW(F32X4_SPLAT, emit_splat, F32X4), ROW(F64X2_SPLAT, emit_splat, F64X2),
    ROW(I8X16_EXTRACT_LANE_S, emit_extract, 8X16, .is_signed = 1), ROW(I8X16_EXTRACT_LANE_U, emit_extract, 8X16),
    ROW(I16X8_EXTRACT_LANE_S, emit_extract, 16X8, .is_signed = 1), ROW(I16X8_EXTRACT_LANE_U, emit_extract, 16X8),
    ROW(I32X4_EXTRACT_LANE, emit_extract, 32X4), ROW(I64X2_EXTRACT_LANE, emit_extract, 64X2),
    ROW(F32X4_EXTRACT_LANE, emit_extract, F32X4), ROW(F64X2_EXTRACT_LANE, emit_extract, F64X2),
    ROW(I8X16_REPLACE_LANE, emit_replace, 8X16), ROW(I16X8_REPLACE_LANE, emit_replace, 16X8),
    ROW(I32X4_REPLACE_LANE, emit_replace, 32X4), ROW(I64X2_REPLACE_LANE, emit_replace, 64X2),
    ROW(F32X4_REPLACE_LANE, emit_replace, F32X4), ROW(F64X2_REPLACE_LANE, emit_replace, F64X2),
};
/* clang-format on */
