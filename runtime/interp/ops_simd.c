/* SPDX-License-Identifier: MIT
 * Handlers of vector instructions. Two-operand ones take slots or the accumulator; those with three operands, lanes or
 * a shuffle take slots only (tn_plain_rows).
 */
#include "runtime/interp/expand.h"
#include "runtime/interp/handlers.h"

#define V_BINARY_HANDLER(id, a, b, d)                                        \
    static HANDLER(h_##id##_##a##b##d)                                       \
    {                                                                        \
        tn_vec r = tn_simd_##id(GET_##a##_v128(OP_A), GET_##b##_v128(OP_B)); \
        SET_##d##_v128(OP_D, r);                                             \
        NEXT(2);                                                             \
    }
#define V_UNARY_HANDLER(id, a, d)                      \
    static HANDLER(h_##id##_##a##d)                    \
    {                                                  \
        tn_vec r = tn_simd_##id(GET_##a##_v128(OP_A)); \
        SET_##d##_v128(OP_D, r);                       \
        NEXT(2);                                       \
    }
#define V_BINARY(id)                \
    FOR_V_ABD(V_BINARY_HANDLER, id) \
    const tn_binary_row tn_row_##id = ROW_V_ABD(h_##id##_);
#define V_UNARY(id)               \
    FOR_V_AD(V_UNARY_HANDLER, id) \
    const tn_unary_row tn_row_##id = ROW_V_AD(h_##id##_);

#define V_SHIFT_HANDLER(id, a, b, d)                                        \
    static HANDLER(h_##id##_##a##b##d)                                      \
    {                                                                       \
        tn_vec r = tn_simd_##id(GET_##a##_v128(OP_A), GET_##b##_i32(OP_B)); \
        SET_##d##_v128(OP_D, r);                                            \
        NEXT(2);                                                            \
    }
#define V_TO_SCALAR_HANDLER(id, t, d)                        \
    static HANDLER(h_##id##_##d)                             \
    {                                                        \
        SET_##d##_##t(OP_D, tn_simd_##id(GET_S_v128(OP_A))); \
        NEXT(2);                                             \
    }
#define V_SPLAT_HANDLER(id, t, a, d)                             \
    static HANDLER(h_##id##_##a##d)                              \
    {                                                            \
        SET_##d##_v128(OP_D, tn_simd_##id(GET_##a##_##t(OP_A))); \
        NEXT(2);                                                 \
    }
/* clang-format off */
#if TN_TAIL_DISPATCH
#define V_SHIFT(id)                                                                                           \
    V_SHIFT_HANDLER(id, S, S, S)                                                                              \
    V_SHIFT_HANDLER(id, S, S, A)                                                                              \
    V_SHIFT_HANDLER(id, S, I, S)                                                                              \
    V_SHIFT_HANDLER(id, S, I, A)                                                                              \
    V_SHIFT_HANDLER(id, A, S, S)                                                                              \
    V_SHIFT_HANDLER(id, A, S, A)                                                                              \
    V_SHIFT_HANDLER(id, A, I, S) V_SHIFT_HANDLER(id, A, I, A)                                                 \
        const tn_binary_row tn_row_##id = { { ROW_VD(h_##id##_SS), { NULL }, { NULL }, ROW_VD(h_##id##_SI) }, \
                                            { ROW_VD(h_##id##_AS), { NULL }, { NULL }, ROW_VD(h_##id##_AI) } };
#define V_SPLAT(id, t)                \
    FOR_VD(V_SPLAT_HANDLER, id, t, S) \
    FOR_VD(V_SPLAT_HANDLER, id, t, A) \
    FOR_VD(V_SPLAT_HANDLER, id, t, P) \
    const tn_unary_row tn_row_##id = { ROW_VD(h_##id##_S), ROW_VD(h_##id##_A), ROW_VD(h_##id##_P) };
#else
#define V_SHIFT(id)              \
    V_SHIFT_HANDLER(id, S, S, S) \
    V_SHIFT_HANDLER(id, S, I, S) \
    const tn_binary_row tn_row_##id = { { { h_##id##_SSS }, { NULL }, { NULL }, { h_##id##_SIS } } };
#define V_SPLAT(id, t)           \
    V_SPLAT_HANDLER(id, t, S, S) \
    const tn_unary_row tn_row_##id = { { h_##id##_SS } };
#endif
/* clang-format on */
#define V_TO_SCALAR(id, t)            \
    FOR_D(V_TO_SCALAR_HANDLER, id, t) \
    const tn_unary_row tn_row_##id = { ROW_D(h_##id##_) };

/* Lane and shuffle instructions share signatures with others but have immediates, which tell them apart. */
#define V_BINARY_NONE(id) V_BINARY(id)
#define V_BINARY_LANES16(id)
#define V_SHIFT_NONE(id) V_SHIFT(id)
#define V_SHIFT_LANE(id)
#define V_TO_I32_NONE(id) V_TO_SCALAR(id, i32)
#define V_TO_I32_LANE(id)
#define EACH_vv_v(id, feat, imm) V_BINARY_##imm(id)
#define EACH_v_v(id, feat, imm)  V_UNARY(id)
#define EACH_vi_v(id, feat, imm) V_SHIFT_##imm(id)
#define EACH_v_i(id, feat, imm)  V_TO_I32_##imm(id)
#define EACH_i_v(id, feat, imm)  V_SPLAT(id, i32)
#define EACH_I_v(id, feat, imm)  V_SPLAT(id, i64)
#define EACH_f_v(id, feat, imm)  V_SPLAT(id, f32)
#define EACH_F_v(id, feat, imm)  V_SPLAT(id, f64)
#include "runtime/interp/each.h"
#include "loader/opcodes.def"
#undef TN_OP

/* ---- three operands, lanes, shuffles: slots only ---- */

#define V_TERNARY(id)                                                                         \
    static HANDLER(h_##id)                                                                    \
    {                                                                                         \
        SET_S_v128(OP_D, tn_simd_##id(GET_S_v128(OP_A), GET_S_v128(OP_B), GET_S_v128(OP_C))); \
        NEXT(2);                                                                              \
    }
#define EXTRACT(id, t)                                                            \
    static HANDLER(h_##id)                                                        \
    {                                                                             \
        SET_S_##t(OP_D, tn_simd_##id((const tn_v128_in_slots *)&fp[OP_A], OP_C)); \
        NEXT(2);                                                                  \
    }
#define REPLACE(id, t)                           \
    static HANDLER(h_##id)                       \
    {                                            \
        tn_v128 v = { .v = GET_S_v128(OP_A) };   \
        tn_simd_##id(&v, OP_C, GET_S_##t(OP_B)); \
        SET_S_v128(OP_D, v.v);                   \
        NEXT(2);                                 \
    }
#define SHUFFLE(id)                                                                                  \
    static HANDLER(h_##id)                                                                           \
    {                                                                                                \
        SET_S_v128(OP_D, tn_simd_##id(GET_S_v128(OP_A), GET_S_v128(OP_B), (const uint8_t *)&pc[2])); \
        NEXT(4);                                                                                     \
    }
/* The lane of a vector and a place in any memory: d or value, address, memory, lane; offset; value. */
#define LANE_ACCESS(id, bytes, body)                                                                           \
    static HANDLER(h_##id)                                                                                     \
    {                                                                                                          \
        const tenon_memory *memory = in->memories[OP_B];                                                       \
        uint64_t index = fp[OP_A].i64, offset = pc[2].u64;                                                     \
        if (offset > memory->size || index > memory->size - offset || memory->size - offset - index < (bytes)) \
            TRAP(TENON_TRAP_MEMORY_BOUNDS);                                                                    \
        uint8_t *p = memory->base + index + offset, *lane = (uint8_t *)&fp[OP_D] + OP_C * (bytes);             \
        body;                                                                                                  \
        NEXT(3);                                                                                               \
    }
#define LOAD_LANE(id, bytes)  LANE_ACCESS(id, bytes, memcpy(lane, p, bytes))
#define STORE_LANE(id, bytes) LANE_ACCESS(id, bytes, memcpy(p, lane, bytes))
LOAD_LANE(V128_LOAD8_LANE, 1)
LOAD_LANE(V128_LOAD16_LANE, 2)
LOAD_LANE(V128_LOAD32_LANE, 4)
LOAD_LANE(V128_LOAD64_LANE, 8)
STORE_LANE(V128_STORE8_LANE, 1)
STORE_LANE(V128_STORE16_LANE, 2)
STORE_LANE(V128_STORE32_LANE, 4)
STORE_LANE(V128_STORE64_LANE, 8)

#define ONLY_LANE_LANE(...) __VA_ARGS__
#define ONLY_LANE_NONE(...)
#define ONLY_SHUFFLE_LANES16(...) __VA_ARGS__
#define ONLY_SHUFFLE_NONE(...)
#undef EACH_vv_v
#undef EACH_v_v
#undef EACH_vi_v
#undef EACH_v_i
#undef EACH_i_v
#undef EACH_I_v
#undef EACH_f_v
#undef EACH_F_v
#undef EACH_vvv_v
#undef EACH_v_I
#undef EACH_v_f
#undef EACH_v_F
#undef EACH_vI_v
#undef EACH_vf_v
#undef EACH_vF_v
#define EACH_v_v(id, feat, imm)
#define EACH_i_v(id, feat, imm)
#define EACH_I_v(id, feat, imm)
#define EACH_f_v(id, feat, imm)
#define EACH_F_v(id, feat, imm)
#define EACH_vvv_v(id, feat, imm)                            PLAIN(V_TERNARY, id)
#define EACH_vv_v(id, feat, imm)                             ONLY_SHUFFLE_##imm(PLAIN(SHUFFLE, id))
#define EACH_v_i(id, feat, imm)                              ONLY_LANE_##imm(PLAIN(EXTRACT, id, i32))
#define EACH_v_I(id, feat, imm)                              ONLY_LANE_##imm(PLAIN(EXTRACT, id, i64))
#define EACH_v_f(id, feat, imm)                              ONLY_LANE_##imm(PLAIN(EXTRACT, id, f32))
#define EACH_v_F(id, feat, imm)                              ONLY_LANE_##imm(PLAIN(EXTRACT, id, f64))
#define EACH_vi_v(id, feat, imm)                             ONLY_LANE_##imm(PLAIN(REPLACE, id, i32))
#define EACH_vI_v(id, feat, imm)                             ONLY_LANE_##imm(PLAIN(REPLACE, id, i64))
#define EACH_vf_v(id, feat, imm)                             ONLY_LANE_##imm(PLAIN(REPLACE, id, f32))
#define EACH_vF_v(id, feat, imm)                             ONLY_LANE_##imm(PLAIN(REPLACE, id, f64))
#define TN_OP(id, prefix, code, text, imm, sig, feat, width) EACH_##sig(id, feat, imm)

#define PLAIN(define, ...) define(__VA_ARGS__)
#include "loader/opcodes.def"
#undef PLAIN

#define PLAIN(define, id, ...) [TN_OP_##id] = h_##id,
const tn_handler tn_plain_rows[TN_OP_COUNT] = {
    PLAIN(, V128_LOAD8_LANE) PLAIN(, V128_LOAD16_LANE) PLAIN(, V128_LOAD32_LANE) PLAIN(, V128_LOAD64_LANE)
        PLAIN(, V128_STORE8_LANE) PLAIN(, V128_STORE16_LANE) PLAIN(, V128_STORE32_LANE) PLAIN(, V128_STORE64_LANE)
#include "loader/opcodes.def"
};
