/* SPDX-License-Identifier: MIT
 * The meaning of each vector instruction, once (specification 4.3.6, 4.3.7). Written with the vector extensions that
 * gcc and clang share, lane by lane where those have no operator. Relaxed instructions take the deterministic choice.
 */
#ifndef TN_VM_SIMD_H
#define TN_VM_SIMD_H

#include "runtime/vm/numeric.h"

#define TN_V(T, n) __attribute__((vector_size(16))) T
typedef TN_V(int8_t, 16) tn_i8x16;
typedef TN_V(uint8_t, 16) tn_u8x16;
typedef TN_V(int16_t, 8) tn_i16x8;
typedef TN_V(uint16_t, 8) tn_u16x8;
typedef TN_V(int32_t, 4) tn_i32x4;
typedef TN_V(uint32_t, 4) tn_u32x4;
typedef TN_V(int64_t, 2) tn_i64x2;
typedef TN_V(uint64_t, 2) tn_u64x2;
typedef TN_V(float, 4) tn_f32x4;
typedef TN_V(double, 2) tn_f64x2;

typedef tn_u64x2 tn_vec; /* what handlers pass on */
typedef union tn_v128 {
    tn_vec v;
    tn_i8x16 i8x16;
    tn_u8x16 u8x16;
    tn_i16x8 i16x8;
    tn_u16x8 u16x8;
    tn_i32x4 i32x4;
    tn_u32x4 u32x4;
    tn_i64x2 i64x2;
    tn_u64x2 u64x2;
    tn_f32x4 f32x4;
    tn_f64x2 f64x2;
    int8_t i8[16];
    uint8_t u8[16];
    int16_t i16[8];
    uint16_t u16[8];
    int32_t i32[4];
    uint32_t u32[4];
    int64_t i64[2];
    uint64_t u64[2];
    float f32[4];
    double f64[2];
} tn_v128;

/* The same where it lies in a guest's slots. */
typedef tn_v128 tn_v128_in_slots __attribute__((aligned(8)));

/* expr sees a and b as unions and gives the value of field out of the result. */
#define TN_V1(id, out, expr)                 \
    TN_INLINE tn_vec tn_simd_##id(tn_vec va) \
    {                                        \
        tn_v128 a = { .v = va }, r;          \
        r.out = (expr);                      \
        return r.v;                          \
    }
#define TN_V2(id, out, expr)                            \
    TN_INLINE tn_vec tn_simd_##id(tn_vec va, tn_vec vb) \
    {                                                   \
        tn_v128 a = { .v = va }, b = { .v = vb }, r;    \
        r.out = (expr);                                 \
        return r.v;                                     \
    }
/* The same, lane by lane: expr is lane i. */
#define TN_V1_LANES(id, out, n, expr)        \
    TN_INLINE tn_vec tn_simd_##id(tn_vec va) \
    {                                        \
        tn_v128 a = { .v = va }, r;          \
        for (unsigned i = 0; i < n; i++)     \
            r.out[i] = (expr);               \
        return r.v;                          \
    }
#define TN_V2_LANES(id, out, n, expr)                   \
    TN_INLINE tn_vec tn_simd_##id(tn_vec va, tn_vec vb) \
    {                                                   \
        tn_v128 a = { .v = va }, b = { .v = vb }, r;    \
        for (unsigned i = 0; i < n; i++)                \
            r.out[i] = (expr);                          \
        return r.v;                                     \
    }
#define TN_V3(id, out, expr)                                          \
    TN_INLINE tn_vec tn_simd_##id(tn_vec va, tn_vec vb, tn_vec vc)    \
    {                                                                 \
        tn_v128 a = { .v = va }, b = { .v = vb }, c = { .v = vc }, r; \
        r.out = (expr);                                               \
        return r.v;                                                   \
    }
/* To a scalar. */
#define TN_VS(id, T, expr)              \
    TN_INLINE T tn_simd_##id(tn_vec va) \
    {                                   \
        tn_v128 a = { .v = va };        \
        return (T)(expr);               \
    }

/* ---- bits ---- */
TN_V1(V128_NOT, u64x2, ~a.u64x2)
TN_V2(V128_AND, u64x2, a.u64x2 & b.u64x2)
TN_V2(V128_ANDNOT, u64x2, a.u64x2 & ~b.u64x2)
TN_V2(V128_OR, u64x2, a.u64x2 | b.u64x2)
TN_V2(V128_XOR, u64x2, a.u64x2 ^ b.u64x2)
TN_V3(V128_BITSELECT, u64x2, (a.u64x2 & c.u64x2) | (b.u64x2 & ~c.u64x2))
TN_VS(V128_ANY_TRUE, uint32_t, (a.u64[0] | a.u64[1]) != 0)
#define TN_BITSELECT_ALIAS(id) TN_V3(id, u64x2, (a.u64x2 & c.u64x2) | (b.u64x2 & ~c.u64x2))
TN_BITSELECT_ALIAS(I8X16_RELAXED_LANESELECT)
TN_BITSELECT_ALIAS(I16X8_RELAXED_LANESELECT)
TN_BITSELECT_ALIAS(I32X4_RELAXED_LANESELECT)
TN_BITSELECT_ALIAS(I64X2_RELAXED_LANESELECT)

/* ---- integers: P name, s signed field, u unsigned field, n lanes, w bits ---- */
#define TN_SIMD_INT(P, s, u, sl, ul, n, w)                        \
    TN_V2(P##_EQ, s, (a.s == b.s))                                \
    TN_V2(P##_NE, s, (a.s != b.s))                                \
    TN_V2(P##_LT_S, s, (a.s < b.s))                               \
    TN_V2(P##_GT_S, s, (a.s > b.s))                               \
    TN_V2(P##_LE_S, s, (a.s <= b.s))                              \
    TN_V2(P##_GE_S, s, (a.s >= b.s))                              \
    TN_V2(P##_ADD, u, a.u + b.u)                                  \
    TN_V2(P##_SUB, u, a.u - b.u)                                  \
    TN_V1(P##_NEG, u, -a.u)                                       \
    TN_V1_LANES(P##_ABS, ul, n, a.sl[i] < 0 ? -a.ul[i] : a.ul[i]) \
    TN_INLINE tn_vec tn_simd_##P##_SHL(tn_vec va, uint32_t k)     \
    {                                                             \
        tn_v128 a = { .v = va }, r;                               \
        r.u = a.u << (k & (w - 1));                               \
        return r.v;                                               \
    }                                                             \
    TN_INLINE tn_vec tn_simd_##P##_SHR_S(tn_vec va, uint32_t k)   \
    {                                                             \
        tn_v128 a = { .v = va }, r;                               \
        r.s = a.s >> (k & (w - 1));                               \
        return r.v;                                               \
    }                                                             \
    TN_INLINE tn_vec tn_simd_##P##_SHR_U(tn_vec va, uint32_t k)   \
    {                                                             \
        tn_v128 a = { .v = va }, r;                               \
        r.u = a.u >> (k & (w - 1));                               \
        return r.v;                                               \
    }                                                             \
    TN_INLINE uint32_t tn_simd_##P##_ALL_TRUE(tn_vec va)          \
    {                                                             \
        tn_v128 a = { .v = va };                                  \
        uint32_t all = 1;                                         \
        for (unsigned i = 0; i < n; i++)                          \
            all &= a.ul[i] != 0;                                  \
        return all;                                               \
    }                                                             \
    TN_INLINE uint32_t tn_simd_##P##_BITMASK(tn_vec va)           \
    {                                                             \
        tn_v128 a = { .v = va };                                  \
        uint32_t mask = 0;                                        \
        for (unsigned i = 0; i < n; i++)                          \
            mask |= (uint32_t)(a.sl[i] < 0) << i;                 \
        return mask;                                              \
    }
TN_SIMD_INT(I8X16, i8x16, u8x16, i8, u8, 16, 8)
TN_SIMD_INT(I16X8, i16x8, u16x8, i16, u16, 8, 16)
TN_SIMD_INT(I32X4, i32x4, u32x4, i32, u32, 4, 32)
TN_SIMD_INT(I64X2, i64x2, u64x2, i64, u64, 2, 64)
#define TN_SIMD_ORDER_U(P, s, u)     \
    TN_V2(P##_LT_U, s, (a.u < b.u))  \
    TN_V2(P##_GT_U, s, (a.u > b.u))  \
    TN_V2(P##_LE_U, s, (a.u <= b.u)) \
    TN_V2(P##_GE_U, s, (a.u >= b.u))
TN_SIMD_ORDER_U(I8X16, i8x16, u8x16)
TN_SIMD_ORDER_U(I16X8, i16x8, u16x8)
TN_SIMD_ORDER_U(I32X4, i32x4, u32x4)
#define TN_SIMD_MIN_MAX(P, sl, ul, n)                                    \
    TN_V2_LANES(P##_MIN_S, sl, n, a.sl[i] < b.sl[i] ? a.sl[i] : b.sl[i]) \
    TN_V2_LANES(P##_MIN_U, ul, n, a.ul[i] < b.ul[i] ? a.ul[i] : b.ul[i]) \
    TN_V2_LANES(P##_MAX_S, sl, n, a.sl[i] > b.sl[i] ? a.sl[i] : b.sl[i]) \
    TN_V2_LANES(P##_MAX_U, ul, n, a.ul[i] > b.ul[i] ? a.ul[i] : b.ul[i])
TN_SIMD_MIN_MAX(I8X16, i8, u8, 16)
TN_SIMD_MIN_MAX(I16X8, i16, u16, 8)
TN_SIMD_MIN_MAX(I32X4, i32, u32, 4)
TN_V2(I16X8_MUL, u16x8, a.u16x8 *b.u16x8)
TN_V2(I32X4_MUL, u32x4, a.u32x4 *b.u32x4)
TN_V2(I64X2_MUL, u64x2, a.u64x2 *b.u64x2)
TN_V1_LANES(I8X16_POPCNT, u8, 16, (uint8_t)__builtin_popcount(a.u8[i]))

TN_INLINE int32_t tn_clamp(int32_t x, int32_t low, int32_t high)
{
    return x < low ? low : x > high ? high : x;
}
TN_V2_LANES(I8X16_ADD_SAT_S, i8, 16, (int8_t)tn_clamp(a.i8[i] + b.i8[i], -128, 127))
TN_V2_LANES(I8X16_ADD_SAT_U, u8, 16, (uint8_t)tn_clamp(a.u8[i] + b.u8[i], 0, 255))
TN_V2_LANES(I8X16_SUB_SAT_S, i8, 16, (int8_t)tn_clamp(a.i8[i] - b.i8[i], -128, 127))
TN_V2_LANES(I8X16_SUB_SAT_U, u8, 16, (uint8_t)tn_clamp(a.u8[i] - b.u8[i], 0, 255))
TN_V2_LANES(I16X8_ADD_SAT_S, i16, 8, (int16_t)tn_clamp(a.i16[i] + b.i16[i], -32768, 32767))
TN_V2_LANES(I16X8_ADD_SAT_U, u16, 8, (uint16_t)tn_clamp(a.u16[i] + b.u16[i], 0, 65535))
TN_V2_LANES(I16X8_SUB_SAT_S, i16, 8, (int16_t)tn_clamp(a.i16[i] - b.i16[i], -32768, 32767))
TN_V2_LANES(I16X8_SUB_SAT_U, u16, 8, (uint16_t)tn_clamp(a.u16[i] - b.u16[i], 0, 65535))
TN_V2_LANES(I8X16_AVGR_U, u8, 16, (uint8_t)((a.u8[i] + b.u8[i] + 1) / 2))
TN_V2_LANES(I16X8_AVGR_U, u16, 8, (uint16_t)((a.u16[i] + b.u16[i] + 1) / 2))
TN_V2_LANES(I16X8_Q15MULR_SAT_S, i16, 8, (int16_t)tn_clamp((a.i16[i] * b.i16[i] + 0x4000) >> 15, -32768, 32767))
TN_V2_LANES(I16X8_RELAXED_Q15MULR_S, i16, 8, (int16_t)tn_clamp((a.i16[i] * b.i16[i] + 0x4000) >> 15, -32768, 32767))
TN_V2_LANES(I32X4_DOT_I16X8_S, u32, 4,
            (uint32_t)(a.i16[2 * i] * b.i16[2 * i]) + (uint32_t)(a.i16[2 * i + 1] * b.i16[2 * i + 1]))
TN_V2_LANES(I16X8_RELAXED_DOT_I8X16_I7X16_S, i16, 8,
            (int16_t)(a.i8[2 * i] * b.i8[2 * i] + a.i8[2 * i + 1] * b.i8[2 * i + 1]))
TN_INLINE tn_vec tn_simd_I32X4_RELAXED_DOT_I8X16_I7X16_ADD_S(tn_vec va, tn_vec vb, tn_vec vc)
{
    tn_v128 d = { .v = tn_simd_I16X8_RELAXED_DOT_I8X16_I7X16_S(va, vb) }, r = { .v = vc };
    for (unsigned i = 0; i < 4; i++)
        r.u32[i] += (uint32_t)(d.i16[2 * i] + d.i16[2 * i + 1]);
    return r.v;
}

/* ---- widening, narrowing ---- */
#define TN_SIMD_WIDEN(P, Q, ws, wu, ns, nu, n, WS, WU)                                   \
    TN_V1_LANES(P##_EXTEND_LOW_##Q##_S, ws, n, a.ns[i])                                  \
    TN_V1_LANES(P##_EXTEND_HIGH_##Q##_S, ws, n, a.ns[i + n])                             \
    TN_V1_LANES(P##_EXTEND_LOW_##Q##_U, wu, n, a.nu[i])                                  \
    TN_V1_LANES(P##_EXTEND_HIGH_##Q##_U, wu, n, a.nu[i + n])                             \
    TN_V2_LANES(P##_EXTMUL_LOW_##Q##_S, ws, n, (WS)((WS)a.ns[i] * (WS)b.ns[i]))          \
    TN_V2_LANES(P##_EXTMUL_HIGH_##Q##_S, ws, n, (WS)((WS)a.ns[i + n] * (WS)b.ns[i + n])) \
    TN_V2_LANES(P##_EXTMUL_LOW_##Q##_U, wu, n, (WU)((uint64_t)a.nu[i] * b.nu[i]))        \
    TN_V2_LANES(P##_EXTMUL_HIGH_##Q##_U, wu, n, (WU)((uint64_t)a.nu[i + n] * b.nu[i + n]))
TN_SIMD_WIDEN(I16X8, I8X16, i16, u16, i8, u8, 8, int16_t, uint16_t)
TN_SIMD_WIDEN(I32X4, I16X8, i32, u32, i16, u16, 4, int32_t, uint32_t)
TN_SIMD_WIDEN(I64X2, I32X4, i64, u64, i32, u32, 2, int64_t, uint64_t)
TN_V1_LANES(I16X8_EXTADD_PAIRWISE_I8X16_S, i16, 8, (int16_t)(a.i8[2 * i] + a.i8[2 * i + 1]))
TN_V1_LANES(I16X8_EXTADD_PAIRWISE_I8X16_U, u16, 8, (uint16_t)(a.u8[2 * i] + a.u8[2 * i + 1]))
TN_V1_LANES(I32X4_EXTADD_PAIRWISE_I16X8_S, i32, 4, a.i16[2 * i] + a.i16[2 * i + 1])
TN_V1_LANES(I32X4_EXTADD_PAIRWISE_I16X8_U, u32, 4, (uint32_t)(a.u16[2 * i] + a.u16[2 * i + 1]))
TN_V2_LANES(I8X16_NARROW_I16X8_S, i8, 16, (int8_t)tn_clamp(i < 8 ? a.i16[i & 7] : b.i16[i & 7], -128, 127))
TN_V2_LANES(I8X16_NARROW_I16X8_U, u8, 16, (uint8_t)tn_clamp(i < 8 ? a.i16[i & 7] : b.i16[i & 7], 0, 255))
TN_V2_LANES(I16X8_NARROW_I32X4_S, i16, 8, (int16_t)tn_clamp(i < 4 ? a.i32[i & 3] : b.i32[i & 3], -32768, 32767))
TN_V2_LANES(I16X8_NARROW_I32X4_U, u16, 8, (uint16_t)tn_clamp(i < 4 ? a.i32[i & 3] : b.i32[i & 3], 0, 65535))

/* ---- floats ---- */
#define TN_SIMD_FLOAT(P, v, l, bits, ibits, n, p, F, SIGN, root)     \
    TN_V2(P##_EQ, ibits, (a.v == b.v))                               \
    TN_V2(P##_NE, ibits, (a.v != b.v))                               \
    TN_V2(P##_LT, ibits, (a.v < b.v))                                \
    TN_V2(P##_GT, ibits, (a.v > b.v))                                \
    TN_V2(P##_LE, ibits, (a.v <= b.v))                               \
    TN_V2(P##_GE, ibits, (a.v >= b.v))                               \
    TN_V2(P##_ADD, v, a.v + b.v)                                     \
    TN_V2(P##_SUB, v, a.v - b.v)                                     \
    TN_V2(P##_MUL, v, a.v *b.v)                                      \
    TN_V2(P##_DIV, v, a.v / b.v)                                     \
    TN_V1(P##_ABS, bits, a.bits & ~(SIGN))                           \
    TN_V1(P##_NEG, bits, a.bits ^ (SIGN))                            \
    TN_V1_LANES(P##_SQRT, l, n, root(a.l[i]))                        \
    TN_V1_LANES(P##_CEIL, l, n, tn_##p##_ceil(a.l[i]))               \
    TN_V1_LANES(P##_FLOOR, l, n, tn_##p##_floor(a.l[i]))             \
    TN_V1_LANES(P##_TRUNC, l, n, tn_##p##_trunc(a.l[i]))             \
    TN_V1_LANES(P##_NEAREST, l, n, tn_##p##_nearest(a.l[i]))         \
    TN_V2_LANES(P##_MIN, l, n, tn_##p##_min(a.l[i], b.l[i]))         \
    TN_V2_LANES(P##_MAX, l, n, tn_##p##_max(a.l[i], b.l[i]))         \
    TN_V2_LANES(P##_RELAXED_MIN, l, n, tn_##p##_min(a.l[i], b.l[i])) \
    TN_V2_LANES(P##_RELAXED_MAX, l, n, tn_##p##_max(a.l[i], b.l[i])) \
    TN_V2_LANES(P##_PMIN, l, n, b.l[i] < a.l[i] ? b.l[i] : a.l[i])   \
    TN_V2_LANES(P##_PMAX, l, n, a.l[i] < b.l[i] ? b.l[i] : a.l[i])   \
    TN_V3(P##_RELAXED_MADD, v, a.v *b.v + c.v)                       \
    TN_V3(P##_RELAXED_NMADD, v, -(a.v * b.v) + c.v)
TN_SIMD_FLOAT(F32X4, f32x4, f32, u32x4, i32x4, 4, f32, float, 0x80000000u, sqrtf)
TN_SIMD_FLOAT(F64X2, f64x2, f64, u64x2, i64x2, 2, f64, double, 0x8000000000000000u, sqrt)

/* ---- conversions ---- */
#define TN_SIMD_SAT(id, F, T)    \
    TN_INLINE T tn_sat_##id(F a) \
    {                            \
        uint32_t r;              \
        tn_num_##id(a, &r);      \
        return (T)r;             \
    }
TN_SIMD_SAT(I32_TRUNC_SAT_F32_S, float, int32_t)
TN_SIMD_SAT(I32_TRUNC_SAT_F32_U, float, uint32_t)
TN_SIMD_SAT(I32_TRUNC_SAT_F64_S, double, int32_t)
TN_SIMD_SAT(I32_TRUNC_SAT_F64_U, double, uint32_t)
#define TN_SIMD_TRUNC(R)                                                                                \
    TN_V1_LANES(I32X4_##R##_F32X4_S, i32, 4, tn_sat_I32_TRUNC_SAT_F32_S(a.f32[i]))                      \
    TN_V1_LANES(I32X4_##R##_F32X4_U, u32, 4, tn_sat_I32_TRUNC_SAT_F32_U(a.f32[i]))                      \
    TN_V1_LANES(I32X4_##R##_F64X2_S_ZERO, i32, 4, i < 2 ? tn_sat_I32_TRUNC_SAT_F64_S(a.f64[i & 1]) : 0) \
    TN_V1_LANES(I32X4_##R##_F64X2_U_ZERO, u32, 4, i < 2 ? tn_sat_I32_TRUNC_SAT_F64_U(a.f64[i & 1]) : 0)
TN_SIMD_TRUNC(TRUNC_SAT)
TN_SIMD_TRUNC(RELAXED_TRUNC)
TN_V1_LANES(F32X4_CONVERT_I32X4_S, f32, 4, (float)a.i32[i])
TN_V1_LANES(F32X4_CONVERT_I32X4_U, f32, 4, (float)a.u32[i])
TN_V1_LANES(F64X2_CONVERT_LOW_I32X4_S, f64, 2, a.i32[i])
TN_V1_LANES(F64X2_CONVERT_LOW_I32X4_U, f64, 2, a.u32[i])
TN_V1_LANES(F32X4_DEMOTE_F64X2_ZERO, f32, 4, i < 2 ? (float)a.f64[i & 1] : 0.0f)
TN_V1_LANES(F64X2_PROMOTE_LOW_F32X4, f64, 2, a.f32[i])

/* ---- lanes ---- */
TN_V2_LANES(I8X16_SWIZZLE, u8, 16, b.u8[i] < 16 ? a.u8[b.u8[i] & 15] : 0)
TN_V2_LANES(I8X16_RELAXED_SWIZZLE, u8, 16, b.u8[i] < 16 ? a.u8[b.u8[i] & 15] : 0)
TN_INLINE tn_vec tn_simd_I8X16_SHUFFLE(tn_vec va, tn_vec vb, const uint8_t lanes[16])
{
    uint8_t both[32];
    tn_v128 r;
    memcpy(both, &va, 16);
    memcpy(both + 16, &vb, 16);
    for (unsigned i = 0; i < 16; i++)
        r.u8[i] = both[lanes[i] & 31];
    return r.v;
}
#define TN_SPLAT(id, T, lane, n)                  \
    TN_INLINE tn_vec tn_simd_##id##_SPLAT(T a)    \
    {                                             \
        tn_v128 r;                                \
        for (unsigned i = 0; i < n; i++)          \
            r.lane[i] = (__typeof__(r.lane[0]))a; \
        return r.v;                               \
    }
TN_SPLAT(I8X16, uint32_t, u8, 16)
TN_SPLAT(I16X8, uint32_t, u16, 8)
TN_SPLAT(I32X4, uint32_t, u32, 4)
TN_SPLAT(I64X2, uint64_t, u64, 2)
TN_SPLAT(F32X4, float, f32, 4)
TN_SPLAT(F64X2, double, f64, 2)
#define TN_EXTRACT(id, T, lane, n)                                  \
    TN_INLINE T tn_simd_##id(const tn_v128_in_slots *a, unsigned k) \
    {                                                               \
        return (T)a->lane[k & (n - 1)];                             \
    }
#define TN_REPLACE(id, T, lane, n)                               \
    TN_INLINE void tn_simd_##id(tn_v128 *a, unsigned k, T value) \
    {                                                            \
        a->lane[k & (n - 1)] = (__typeof__(a->lane[0]))value;    \
    }
TN_EXTRACT(I8X16_EXTRACT_LANE_S, uint32_t, i8, 16)
TN_EXTRACT(I8X16_EXTRACT_LANE_U, uint32_t, u8, 16)
TN_EXTRACT(I16X8_EXTRACT_LANE_S, uint32_t, i16, 8)
TN_EXTRACT(I16X8_EXTRACT_LANE_U, uint32_t, u16, 8)
TN_EXTRACT(I32X4_EXTRACT_LANE, uint32_t, u32, 4)
TN_EXTRACT(I64X2_EXTRACT_LANE, uint64_t, u64, 2)
TN_EXTRACT(F32X4_EXTRACT_LANE, float, f32, 4)
TN_EXTRACT(F64X2_EXTRACT_LANE, double, f64, 2)
TN_REPLACE(I8X16_REPLACE_LANE, uint32_t, u8, 16)
TN_REPLACE(I16X8_REPLACE_LANE, uint32_t, u16, 8)
TN_REPLACE(I32X4_REPLACE_LANE, uint32_t, u32, 4)
TN_REPLACE(I64X2_REPLACE_LANE, uint64_t, u64, 2)
TN_REPLACE(F32X4_REPLACE_LANE, float, f32, 4)
TN_REPLACE(F64X2_REPLACE_LANE, double, f64, 2)

/* ---- memory ---- */
#define TN_VLOAD(id, stmt)                          \
    TN_INLINE tn_vec tn_load_##id(const uint8_t *p) \
    {                                               \
        tn_v128 r = { .v = { 0, 0 } }, m = r;       \
        stmt;                                       \
        (void)m;                                    \
        return r.v;                                 \
    }
#define TN_VLOAD_EXTEND(id, to, from, n) \
    TN_VLOAD(id, memcpy(&m, p, 8); for (unsigned i = 0; i < n; i++) r.to[i] = m.from[i])
#define TN_VLOAD_SPLAT(id, lane, n) \
    TN_VLOAD(id, memcpy(&m, p, sizeof m.lane[0]); for (unsigned i = 0; i < n; i++) r.lane[i] = m.lane[0])
TN_VLOAD(V128_LOAD, memcpy(&r, p, 16))
TN_VLOAD_EXTEND(V128_LOAD8X8_S, i16, i8, 8)
TN_VLOAD_EXTEND(V128_LOAD8X8_U, u16, u8, 8)
TN_VLOAD_EXTEND(V128_LOAD16X4_S, i32, i16, 4)
TN_VLOAD_EXTEND(V128_LOAD16X4_U, u32, u16, 4)
TN_VLOAD_EXTEND(V128_LOAD32X2_S, i64, i32, 2)
TN_VLOAD_EXTEND(V128_LOAD32X2_U, u64, u32, 2)
TN_VLOAD_SPLAT(V128_LOAD8_SPLAT, u8, 16)
TN_VLOAD_SPLAT(V128_LOAD16_SPLAT, u16, 8)
TN_VLOAD_SPLAT(V128_LOAD32_SPLAT, u32, 4)
TN_VLOAD_SPLAT(V128_LOAD64_SPLAT, u64, 2)
TN_VLOAD(V128_LOAD32_ZERO, memcpy(&r, p, 4))
TN_VLOAD(V128_LOAD64_ZERO, memcpy(&r, p, 8))
TN_INLINE void tn_store_V128_STORE(uint8_t *p, tn_vec v)
{
    memcpy(p, &v, 16);
}

#endif
