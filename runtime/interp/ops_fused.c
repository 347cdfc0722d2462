/* SPDX-License-Identifier: MIT
 * Fused instructions: loads and stores at the sum of a local and a constant or of two operands, and the end of a
 * counting loop. Only with tail dispatch, where a dispatch is what an instruction costs; without it the rows are empty.
 */
#include "runtime/interp/compares.h"
#include "runtime/interp/expand.h"

#if TN_TAIL_DISPATCH

/* Addresses wrap at 32 bits before the offset is added, as the separate addition would. */
#define SUM_ADDRESS(a) (mem + ((uint64_t)(uint32_t)(GET_##a##_i32(OP_A) + pc[2].u32[0]) + IMM))
#define SUM_LOAD_HANDLER(id, t, a, d)                      \
    static HANDLER(h_sum_##id##_##a##d)                    \
    {                                                      \
        NOTE_PC;                                           \
        SET_##d##_##t(OP_D, tn_load_##id(SUM_ADDRESS(a))); \
        NEXT(3);                                           \
    }
#define STORED_S(t)         GET_S_##t(OP_D)
#define STORED_A(t)         GET_A_##t(OP_D)
#define STORED_P(t)         GET_P_##t(OP_D)
#define STORED_I(t)         STORED_CONSTANT_##t
#define STORED_CONSTANT_i32 pc[3].u32[0]
#define STORED_CONSTANT_i64 pc[3].u64
#define STORED_CONSTANT_f32 pc[3].f32
#define STORED_CONSTANT_f64 pc[3].f64
#define SUM_STORE_CELLS_S   3
#define SUM_STORE_CELLS_A   3
#define SUM_STORE_CELLS_P   3
#define SUM_STORE_CELLS_I   4
#define SUM_STORE_HANDLER(id, t, a, v)                \
    static HANDLER(h_sum_##id##_##a##v)               \
    {                                                 \
        NOTE_PC;                                      \
        tn_store_##id(SUM_ADDRESS(a), STORED_##v(t)); \
        NEXT(SUM_STORE_CELLS_##v);                    \
    }
/* d, a, b; the offset in the third cell. */
#define INDEX_LOAD_HANDLER(id, t, a, b, d)                                         \
    static HANDLER(h_index_##id##_##a##b##d)                                       \
    {                                                                              \
        uint32_t index = GET_##a##_i32(OP_A) + GET_##b##_i32(OP_B);                \
        NOTE_PC;                                                                   \
        SET_##d##_##t(OP_D, tn_load_##id(mem + ((uint64_t)index + pc[2].u32[0]))); \
        NEXT(3);                                                                   \
    }
/* clang-format off */
#define FOR_SP_D(X, ...) FOR_D(X, __VA_ARGS__, S) FOR_D(X, __VA_ARGS__, P)
#define FOR_SP_V(X, ...) FOR_B(X, __VA_ARGS__, S) FOR_B(X, __VA_ARGS__, P)
#define FOR_INDEX(X, ...) \
    FOR_D(X, __VA_ARGS__, S, S) FOR_D(X, __VA_ARGS__, S, A) FOR_D(X, __VA_ARGS__, S, P) FOR_D(X, __VA_ARGS__, P, S) \
    FOR_D(X, __VA_ARGS__, P, A) FOR_D(X, __VA_ARGS__, A, S) FOR_D(X, __VA_ARGS__, A, P)
#define LOAD(id, t)                                                                                        \
    FOR_SP_D(SUM_LOAD_HANDLER, id, t)                                                                      \
    static const tn_sum_load_row sum_##id = { ROW_D(h_sum_##id##_S), { NULL }, ROW_D(h_sum_##id##_P) };    \
    FOR_INDEX(INDEX_LOAD_HANDLER, id, t)                                                                   \
    static const tn_index_load_row index_##id = {                                                          \
        { ROW_D(h_index_##id##_SS), ROW_D(h_index_##id##_SA), ROW_D(h_index_##id##_SP) },                  \
        { ROW_D(h_index_##id##_AS), { NULL }, ROW_D(h_index_##id##_AP) },                                  \
        { ROW_D(h_index_##id##_PS), ROW_D(h_index_##id##_PA), { NULL } } };
#define STORE(id, t)                                                                                       \
    FOR_SP_V(SUM_STORE_HANDLER, id, t)                                                                     \
    static const tn_sum_store_row sum_##id = { ROW_B(h_sum_##id##_S), { NULL }, ROW_B(h_sum_##id##_P) };
/* clang-format on */
#define LOAD_MVP LOAD
#define LOAD_THREADS(id, t)
#define STORE_MVP STORE
#define STORE_THREADS(id, t)
#define EACH_a_i(id, feat, imm) LOAD_##feat(id, i32)
#define EACH_a_I(id, feat, imm) LOAD_##feat(id, i64)
#define EACH_a_f(id, feat, imm) LOAD(id, f32)
#define EACH_a_F(id, feat, imm) LOAD(id, f64)
#define EACH_ai_(id, feat, imm) STORE_##feat(id, i32)
#define EACH_aI_(id, feat, imm) STORE_##feat(id, i64)
#define EACH_af_(id, feat, imm) STORE(id, f32)
#define EACH_aF_(id, feat, imm) STORE(id, f64)
#include "runtime/interp/each.h"
#include "loader/opcodes.def"

/* ---- the end of a counting loop ---- */

#define LATCH_HANDLER(id, x, b)                        \
    static HANDLER(h_latch_##id##_##x##b)              \
    {                                                  \
        uint32_t value = GET_##x##_i32(OP_D) + IMM, r; \
        SET_##x##_i32(OP_D, value);                    \
        tn_num_##id(value, LATCH_##b, &r);             \
        if (r) {                                       \
            pc = pc[2].target;                         \
            GO;                                        \
        }                                              \
        NEXT(4);                                       \
    }
#define LATCH_S fp[OP_A].i32
#define LATCH_I pc[3].u32[0]
#define LATCH(id, t)                                                                   \
    LATCH_HANDLER(id, S, S)                                                            \
    LATCH_HANDLER(id, S, I)                                                            \
    LATCH_HANDLER(id, P, S)                                                            \
    LATCH_HANDLER(id, P, I)                                                            \
    static const tn_latch_row latch_##id = { { h_latch_##id##_SS, h_latch_##id##_SI }, \
                                             { h_latch_##id##_PS, h_latch_##id##_PI } };
TN_INT_COMPARES(LATCH, I32, i32)

/* ---- rows ---- */

#define ROW_MVP(prefix, id) [TN_OP_##id] = &prefix##_##id,
#define ROW_THREADS(prefix, id)
#define NO_ROW(prefix, id)
#undef EACH_a_i
#undef EACH_a_I
#undef EACH_a_f
#undef EACH_a_F
#undef EACH_ai_
#undef EACH_aI_
#undef EACH_af_
#undef EACH_aF_
#define EACH_a_i(id, feat, imm) ON_LOAD_##feat(LOAD_PREFIX, id)
#define EACH_a_I(id, feat, imm) ON_LOAD_##feat(LOAD_PREFIX, id)
#define EACH_a_f(id, feat, imm) ON_LOAD_##feat(LOAD_PREFIX, id)
#define EACH_a_F(id, feat, imm) ON_LOAD_##feat(LOAD_PREFIX, id)
#define EACH_ai_(id, feat, imm) ON_STORE_##feat(sum, id)
#define EACH_aI_(id, feat, imm) ON_STORE_##feat(sum, id)
#define EACH_af_(id, feat, imm) ON_STORE_##feat(sum, id)
#define EACH_aF_(id, feat, imm) ON_STORE_##feat(sum, id)
#define PASTED_ROW(prefix, id)  ROW_MVP(prefix, id)
#define ON_LOAD_MVP             PASTED_ROW
#define ON_LOAD_THREADS         NO_ROW
#define ON_STORE_MVP            NO_ROW
#define ON_STORE_THREADS        NO_ROW
#define LOAD_PREFIX             sum
const tn_sum_load_row *const tn_sum_load_rows[TN_OP_COUNT] = {
#include "loader/opcodes.def"
};
#undef LOAD_PREFIX
#define LOAD_PREFIX index
const tn_index_load_row *const tn_index_load_rows[TN_OP_COUNT] = {
#include "loader/opcodes.def"
};
#undef ON_LOAD_MVP
#undef ON_STORE_MVP
#define ON_LOAD_MVP  NO_ROW
#define ON_STORE_MVP PASTED_ROW
const tn_sum_store_row *const tn_sum_store_rows[TN_OP_COUNT] = {
#include "loader/opcodes.def"
};
#define LATCH_ROW(id, t) [TN_OP_##id] = &latch_##id,
const tn_latch_row *const tn_latch_rows[TN_OP_COUNT] = { TN_INT_COMPARES(LATCH_ROW, I32, i32) };

#else

const tn_sum_load_row *const tn_sum_load_rows[TN_OP_COUNT];
const tn_sum_store_row *const tn_sum_store_rows[TN_OP_COUNT];
const tn_index_load_row *const tn_index_load_rows[TN_OP_COUNT];
const tn_latch_row *const tn_latch_rows[TN_OP_COUNT];

#endif
