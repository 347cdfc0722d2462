/* SPDX-License-Identifier: MIT
 * The meaning of each scalar numeric instruction, once: tn_num_<ID>(operands, &result) returns the trap, which is
 * TENON_TRAP_NONE for all but a few (specification 4.3). Interpreter, constant folding and tests use these.
 */
#ifndef TN_VM_NUMERIC_H
#define TN_VM_NUMERIC_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "tenon/status.h"

#define TN_NUM TN_INLINE tenon_trap
#define TN_UNARY(id, TA, TR, expr)  \
    TN_NUM tn_num_##id(TA a, TR *r) \
    {                               \
        *r = (TR)(expr);            \
        return TENON_TRAP_NONE;     \
    }
#define TN_BINARY(id, TA, TR, expr)       \
    TN_NUM tn_num_##id(TA a, TA b, TR *r) \
    {                                     \
        *r = (TR)(expr);                  \
        return TENON_TRAP_NONE;           \
    }

/* ---- integers: T unsigned, S signed, N bits ---- */

#define TN_INTEGER(P, T, S, N)                                          \
    TN_UNARY(P##_EQZ, T, uint32_t, a == 0)                              \
    TN_BINARY(P##_EQ, T, uint32_t, a == b)                              \
    TN_BINARY(P##_NE, T, uint32_t, a != b)                              \
    TN_BINARY(P##_LT_S, T, uint32_t, (S)a < (S)b)                       \
    TN_BINARY(P##_LT_U, T, uint32_t, a < b)                             \
    TN_BINARY(P##_GT_S, T, uint32_t, (S)a > (S)b)                       \
    TN_BINARY(P##_GT_U, T, uint32_t, a > b)                             \
    TN_BINARY(P##_LE_S, T, uint32_t, (S)a <= (S)b)                      \
    TN_BINARY(P##_LE_U, T, uint32_t, a <= b)                            \
    TN_BINARY(P##_GE_S, T, uint32_t, (S)a >= (S)b)                      \
    TN_BINARY(P##_GE_U, T, uint32_t, a >= b)                            \
    TN_BINARY(P##_ADD, T, T, a + b)                                     \
    TN_BINARY(P##_SUB, T, T, a - b)                                     \
    TN_BINARY(P##_MUL, T, T, a *b)                                      \
    TN_BINARY(P##_AND, T, T, a &b)                                      \
    TN_BINARY(P##_OR, T, T, a | b)                                      \
    TN_BINARY(P##_XOR, T, T, a ^ b)                                     \
    TN_BINARY(P##_SHL, T, T, a << (b & (N - 1)))                        \
    TN_BINARY(P##_SHR_S, T, T, (S)a >> (b & (N - 1)))                   \
    TN_BINARY(P##_SHR_U, T, T, a >> (b & (N - 1)))                      \
    TN_BINARY(P##_ROTL, T, T, a << (b & (N - 1)) | a >> (-b & (N - 1))) \
    TN_BINARY(P##_ROTR, T, T, a >> (b & (N - 1)) | a << (-b & (N - 1))) \
    TN_NUM tn_num_##P##_DIV_S(T a, T b, T *r)                           \
    {                                                                   \
        if (TN_UNLIKELY(b == 0))                                        \
            return TENON_TRAP_DIVIDE_BY_ZERO;                           \
        if (TN_UNLIKELY(a == (T)1 << (N - 1) && b == (T) - 1))          \
            return TENON_TRAP_INTEGER_OVERFLOW;                         \
        *r = (T)((S)a / (S)b);                                          \
        return TENON_TRAP_NONE;                                         \
    }                                                                   \
    TN_NUM tn_num_##P##_DIV_U(T a, T b, T *r)                           \
    {                                                                   \
        if (TN_UNLIKELY(b == 0))                                        \
            return TENON_TRAP_DIVIDE_BY_ZERO;                           \
        *r = a / b;                                                     \
        return TENON_TRAP_NONE;                                         \
    }                                                                   \
    TN_NUM tn_num_##P##_REM_S(T a, T b, T *r)                           \
    {                                                                   \
        if (TN_UNLIKELY(b == 0))                                        \
            return TENON_TRAP_DIVIDE_BY_ZERO;                           \
        *r = b == (T) - 1 ? 0 : (T)((S)a % (S)b);                       \
        return TENON_TRAP_NONE;                                         \
    }                                                                   \
    TN_NUM tn_num_##P##_REM_U(T a, T b, T *r)                           \
    {                                                                   \
        if (TN_UNLIKELY(b == 0))                                        \
            return TENON_TRAP_DIVIDE_BY_ZERO;                           \
        *r = a % b;                                                     \
        return TENON_TRAP_NONE;                                         \
    }
TN_INTEGER(I32, uint32_t, int32_t, 32)
TN_INTEGER(I64, uint64_t, int64_t, 64)

TN_UNARY(I32_CLZ, uint32_t, uint32_t, a == 0 ? 32 : __builtin_clz(a))
TN_UNARY(I32_CTZ, uint32_t, uint32_t, a == 0 ? 32 : __builtin_ctz(a))
TN_UNARY(I32_POPCNT, uint32_t, uint32_t, __builtin_popcount(a))
TN_UNARY(I64_CLZ, uint64_t, uint64_t, a == 0 ? 64 : __builtin_clzll(a))
TN_UNARY(I64_CTZ, uint64_t, uint64_t, a == 0 ? 64 : __builtin_ctzll(a))
TN_UNARY(I64_POPCNT, uint64_t, uint64_t, __builtin_popcountll(a))

TN_UNARY(I32_WRAP_I64, uint64_t, uint32_t, a)
TN_UNARY(I64_EXTEND_I32_S, uint32_t, uint64_t, (int64_t)(int32_t)a)
TN_UNARY(I64_EXTEND_I32_U, uint32_t, uint64_t, a)
TN_UNARY(I32_EXTEND8_S, uint32_t, uint32_t, (int32_t)(int8_t)a)
TN_UNARY(I32_EXTEND16_S, uint32_t, uint32_t, (int32_t)(int16_t)a)
TN_UNARY(I64_EXTEND8_S, uint64_t, uint64_t, (int64_t)(int8_t)a)
TN_UNARY(I64_EXTEND16_S, uint64_t, uint64_t, (int64_t)(int16_t)a)
TN_UNARY(I64_EXTEND32_S, uint64_t, uint64_t, (int64_t)(int32_t)a)

/* ---- bits of floats ---- */

TN_INLINE uint32_t tn_f32_bits(float a)
{
    uint32_t bits;
    memcpy(&bits, &a, sizeof bits);
    return bits;
}
TN_INLINE uint64_t tn_f64_bits(double a)
{
    uint64_t bits;
    memcpy(&bits, &a, sizeof bits);
    return bits;
}
TN_INLINE float tn_f32_of(uint32_t bits)
{
    float a;
    memcpy(&a, &bits, sizeof a);
    return a;
}
TN_INLINE double tn_f64_of(uint64_t bits)
{
    double a;
    memcpy(&a, &bits, sizeof a);
    return a;
}

/* ---- floats: an arithmetic NaN keeps its payload and becomes quiet, as the hardware does ---- */

TN_INLINE float tn_f32_quiet(float a)
{
    return tn_f32_of(tn_f32_bits(a) | 0x00400000u);
}
TN_INLINE double tn_f64_quiet(double a)
{
    return tn_f64_of(tn_f64_bits(a) | 0x0008000000000000u);
}
/* Rounding to integers. Where no instruction for it can be counted on, a call of the C library would cost more than
 * this: below 2^52 (2^23), adding and subtracting that number rounds to nearest, ties to even; from there on, and for
 * NaN and infinities, a float is its own integer, and a + a makes a NaN quiet. The sign survives, also that of zero. */
#define TN_ROUND(P, F, LIMIT, abs_of, sign_of)        \
    TN_INLINE F tn_##P##_nearest_soft(F a)            \
    {                                                 \
        const F big = sign_of(LIMIT, a);              \
        if (TN_LIKELY(abs_of(a) < LIMIT))             \
            return sign_of((a + big) - big, a);       \
        return a != a ? a + a : a;                    \
    }                                                 \
    TN_INLINE F tn_##P##_floor_soft(F a)              \
    {                                                 \
        const F r = tn_##P##_nearest_soft(a);         \
        return sign_of(r - (F)(r > a), a);            \
    }                                                 \
    TN_INLINE F tn_##P##_ceil_soft(F a)               \
    {                                                 \
        const F r = tn_##P##_nearest_soft(a);         \
        return sign_of(r + (F)(r < a), a);            \
    }                                                 \
    TN_INLINE F tn_##P##_trunc_soft(F a)              \
    {                                                 \
        const F r = tn_##P##_nearest_soft(abs_of(a)); \
        return sign_of(r - (F)(r > abs_of(a)), a);    \
    }
TN_ROUND(f32, float, 0x1p23f, fabsf, copysignf)
TN_ROUND(f64, double, 0x1p52, fabs, copysign)
/* The C library's functions, which become one instruction, return a signalling NaN unchanged on some systems. */
#define TN_ROUND_CHOICE(P, F, how, call)              \
    TN_INLINE F tn_##P##_##how(F a)                   \
    {                                                 \
        if (!TN_ROUNDS_IN_HARDWARE)                   \
            return tn_##P##_##how##_soft(a);          \
        return TN_UNLIKELY(a != a) ? a + a : call(a); \
    }
TN_ROUND_CHOICE(f32, float, ceil, ceilf)
TN_ROUND_CHOICE(f64, double, ceil, ceil)
TN_ROUND_CHOICE(f32, float, floor, floorf)
TN_ROUND_CHOICE(f64, double, floor, floor)
TN_ROUND_CHOICE(f32, float, trunc, truncf)
TN_ROUND_CHOICE(f64, double, trunc, trunc)
TN_ROUND_CHOICE(f32, float, nearest, rintf)
TN_ROUND_CHOICE(f64, double, nearest, rint)

#define TN_MIN_MAX(P, F, signbit_of)       \
    TN_INLINE F tn_##P##_min(F a, F b)     \
    {                                      \
        if (TN_UNLIKELY(a != a || b != b)) \
            return a + b;                  \
        if (TN_UNLIKELY(a == b))           \
            return signbit_of(a) ? a : b;  \
        return a < b ? a : b;              \
    }                                      \
    TN_INLINE F tn_##P##_max(F a, F b)     \
    {                                      \
        if (TN_UNLIKELY(a != a || b != b)) \
            return a + b;                  \
        if (TN_UNLIKELY(a == b))           \
            return signbit_of(a) ? b : a;  \
        return a > b ? a : b;              \
    }
TN_MIN_MAX(f32, float, signbit)
TN_MIN_MAX(f64, double, signbit)

#define TN_FLOAT(P, p, F, U, SIGN, root)                             \
    TN_BINARY(P##_EQ, F, uint32_t, a == b)                           \
    TN_BINARY(P##_NE, F, uint32_t, a != b)                           \
    TN_BINARY(P##_LT, F, uint32_t, a < b)                            \
    TN_BINARY(P##_GT, F, uint32_t, a > b)                            \
    TN_BINARY(P##_LE, F, uint32_t, a <= b)                           \
    TN_BINARY(P##_GE, F, uint32_t, a >= b)                           \
    TN_UNARY(P##_ABS, F, F, tn_##p##_of(tn_##p##_bits(a) & ~(SIGN))) \
    TN_UNARY(P##_NEG, F, F, tn_##p##_of(tn_##p##_bits(a) ^ (SIGN)))  \
    TN_UNARY(P##_CEIL, F, F, tn_##p##_ceil(a))                       \
    TN_UNARY(P##_FLOOR, F, F, tn_##p##_floor(a))                     \
    TN_UNARY(P##_TRUNC, F, F, tn_##p##_trunc(a))                     \
    TN_UNARY(P##_NEAREST, F, F, tn_##p##_nearest(a))                 \
    TN_UNARY(P##_SQRT, F, F, root(a))                                \
    TN_BINARY(P##_ADD, F, F, a + b)                                  \
    TN_BINARY(P##_SUB, F, F, a - b)                                  \
    TN_BINARY(P##_MUL, F, F, a *b)                                   \
    TN_BINARY(P##_DIV, F, F, a / b)                                  \
    TN_BINARY(P##_MIN, F, F, tn_##p##_min(a, b))                     \
    TN_BINARY(P##_MAX, F, F, tn_##p##_max(a, b))                     \
    TN_BINARY(P##_COPYSIGN, F, F, tn_##p##_of((tn_##p##_bits(a) & ~(SIGN)) | (tn_##p##_bits(b) & (SIGN))))
TN_FLOAT(F32, f32, float, uint32_t, 0x80000000u, sqrtf)
TN_FLOAT(F64, f64, double, uint64_t, 0x8000000000000000u, sqrt)

/* ---- conversions ---- */

/* Truncations: low < a < high exactly when the truncated value fits; the bounds are exact in their type. */
#define TN_TRUNC(id, sat_id, F, T, S, low, high, min, max) \
    TN_NUM tn_num_##id(F a, T *r)                          \
    {                                                      \
        if (TN_UNLIKELY(a != a))                           \
            return TENON_TRAP_INVALID_CONVERSION;          \
        if (TN_UNLIKELY(!(a low && a high)))               \
            return TENON_TRAP_INTEGER_OVERFLOW;            \
        *r = (T)(S)a;                                      \
        return TENON_TRAP_NONE;                            \
    }                                                      \
    TN_NUM tn_num_##sat_id(F a, T *r)                      \
    {                                                      \
        if (a != a)                                        \
            *r = 0;                                        \
        else if (!(a low))                                 \
            *r = (T)(min);                                 \
        else if (!(a high))                                \
            *r = (T)(max);                                 \
        else                                               \
            *r = (T)(S)a;                                  \
        return TENON_TRAP_NONE;                            \
    }
TN_TRUNC(I32_TRUNC_F32_S, I32_TRUNC_SAT_F32_S, float, uint32_t, int32_t, >= -2147483648.0f, < 2147483648.0f, INT32_MIN,
         INT32_MAX)
TN_TRUNC(I32_TRUNC_F32_U, I32_TRUNC_SAT_F32_U, float, uint32_t, uint32_t, > -1.0f, < 4294967296.0f, 0, UINT32_MAX)
TN_TRUNC(I32_TRUNC_F64_S, I32_TRUNC_SAT_F64_S, double, uint32_t, int32_t, > -2147483649.0, < 2147483648.0, INT32_MIN,
         INT32_MAX)
TN_TRUNC(I32_TRUNC_F64_U, I32_TRUNC_SAT_F64_U, double, uint32_t, uint32_t, > -1.0, < 4294967296.0, 0, UINT32_MAX)
TN_TRUNC(I64_TRUNC_F32_S, I64_TRUNC_SAT_F32_S, float, uint64_t, int64_t, >= -9223372036854775808.0f,
         < 9223372036854775808.0f, INT64_MIN, INT64_MAX)
TN_TRUNC(I64_TRUNC_F32_U, I64_TRUNC_SAT_F32_U, float, uint64_t, uint64_t, > -1.0f, < 18446744073709551616.0f, 0,
         UINT64_MAX)
TN_TRUNC(I64_TRUNC_F64_S, I64_TRUNC_SAT_F64_S, double, uint64_t, int64_t, >= -9223372036854775808.0,
         < 9223372036854775808.0, INT64_MIN, INT64_MAX)
TN_TRUNC(I64_TRUNC_F64_U, I64_TRUNC_SAT_F64_U, double, uint64_t, uint64_t, > -1.0, < 18446744073709551616.0, 0,
         UINT64_MAX)

TN_UNARY(F32_CONVERT_I32_S, uint32_t, float, (int32_t)a)
TN_UNARY(F32_CONVERT_I32_U, uint32_t, float, a)
TN_UNARY(F32_CONVERT_I64_S, uint64_t, float, (int64_t)a)
TN_UNARY(F32_CONVERT_I64_U, uint64_t, float, a)
TN_UNARY(F64_CONVERT_I32_S, uint32_t, double, (int32_t)a)
TN_UNARY(F64_CONVERT_I32_U, uint32_t, double, a)
TN_UNARY(F64_CONVERT_I64_S, uint64_t, double, (int64_t)a)
TN_UNARY(F64_CONVERT_I64_U, uint64_t, double, a)
TN_UNARY(F32_DEMOTE_F64, double, float, a)
TN_UNARY(F64_PROMOTE_F32, float, double, a)
TN_UNARY(I32_REINTERPRET_F32, float, uint32_t, tn_f32_bits(a))
TN_UNARY(I64_REINTERPRET_F64, double, uint64_t, tn_f64_bits(a))
TN_UNARY(F32_REINTERPRET_I32, uint32_t, float, tn_f32_of(a))
TN_UNARY(F64_REINTERPRET_I64, uint64_t, double, tn_f64_of(a))

/* ---- wide arithmetic: low and high halves ---- */

typedef unsigned __int128 tn_u128;
typedef __int128 tn_i128;
TN_INLINE void tn_num_I64_ADD128(const uint64_t in[4], uint64_t out[2])
{
    tn_u128 r = ((tn_u128)in[1] << 64 | in[0]) + ((tn_u128)in[3] << 64 | in[2]);
    out[0] = (uint64_t)r;
    out[1] = (uint64_t)(r >> 64);
}
TN_INLINE void tn_num_I64_SUB128(const uint64_t in[4], uint64_t out[2])
{
    tn_u128 r = ((tn_u128)in[1] << 64 | in[0]) - ((tn_u128)in[3] << 64 | in[2]);
    out[0] = (uint64_t)r;
    out[1] = (uint64_t)(r >> 64);
}
TN_INLINE void tn_num_I64_MUL_WIDE_S(const uint64_t in[2], uint64_t out[2])
{
    tn_u128 r = (tn_u128)((tn_i128)(int64_t)in[0] * (int64_t)in[1]);
    out[0] = (uint64_t)r;
    out[1] = (uint64_t)(r >> 64);
}
TN_INLINE void tn_num_I64_MUL_WIDE_U(const uint64_t in[2], uint64_t out[2])
{
    tn_u128 r = (tn_u128)in[0] * in[1];
    out[0] = (uint64_t)r;
    out[1] = (uint64_t)(r >> 64);
}

/* ---- memory accesses: tn_load_<ID>(address), tn_store_<ID>(address, value) ---- */

#define TN_LOAD(id, T, M)                      \
    TN_INLINE T tn_load_##id(const uint8_t *p) \
    {                                          \
        M m;                                   \
        memcpy(&m, p, sizeof m);               \
        return (T)m;                           \
    }
#define TN_STORE(id, T, M)                            \
    TN_INLINE void tn_store_##id(uint8_t *p, T value) \
    {                                                 \
        M m = (M)value;                               \
        memcpy(p, &m, sizeof m);                      \
    }
TN_LOAD(I32_LOAD, uint32_t, uint32_t)
TN_LOAD(I64_LOAD, uint64_t, uint64_t)
TN_LOAD(F32_LOAD, float, float)
TN_LOAD(F64_LOAD, double, double)
TN_LOAD(I32_LOAD8_S, uint32_t, int8_t)
TN_LOAD(I32_LOAD8_U, uint32_t, uint8_t)
TN_LOAD(I32_LOAD16_S, uint32_t, int16_t)
TN_LOAD(I32_LOAD16_U, uint32_t, uint16_t)
TN_LOAD(I64_LOAD8_S, uint64_t, int8_t)
TN_LOAD(I64_LOAD8_U, uint64_t, uint8_t)
TN_LOAD(I64_LOAD16_S, uint64_t, int16_t)
TN_LOAD(I64_LOAD16_U, uint64_t, uint16_t)
TN_LOAD(I64_LOAD32_S, uint64_t, int32_t)
TN_LOAD(I64_LOAD32_U, uint64_t, uint32_t)
TN_STORE(I32_STORE, uint32_t, uint32_t)
TN_STORE(I64_STORE, uint64_t, uint64_t)
TN_STORE(F32_STORE, float, float)
TN_STORE(F64_STORE, double, double)
TN_STORE(I32_STORE8, uint32_t, uint8_t)
TN_STORE(I32_STORE16, uint32_t, uint16_t)
TN_STORE(I64_STORE8, uint64_t, uint8_t)
TN_STORE(I64_STORE16, uint64_t, uint16_t)
TN_STORE(I64_STORE32, uint64_t, uint32_t)

#endif
