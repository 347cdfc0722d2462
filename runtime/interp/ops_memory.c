/* SPDX-License-Identifier: MIT
 * Loads and stores. Near ones go to memory 0 when it is guarded: an index of 32 bits plus an offset below the guard
 * cannot leave the reservation, so there is no check, and a fault is the trap. Far ones serve every memory and compare
 * with its size.
 */
#include "runtime/interp/expand.h"

/* Where the translator has proved offset < TN_GUARD_SIZE, base + index + offset + 16 < base + reservation. */
#define NEAR(a) (mem + ((uint64_t)GET_##a##_i32(OP_A) + IMM))

#define LOAD_HANDLER(id, t, a, d)                   \
    static HANDLER(h_##id##_##a##d)                 \
    {                                               \
        NOTE_PC;                                    \
        SET_##d##_##t(OP_D, tn_load_##id(NEAR(a))); \
        NEXT(2);                                    \
    }
#define STORE_CELLS_S       2
#define STORE_CELLS_A       2
#define STORE_CELLS_P       2
#define STORE_CELLS_I       3
#define STORED_S(t)         GET_S_##t(OP_D)
#define STORED_A(t)         GET_A_##t(OP_D)
#define STORED_P(t)         GET_P_##t(OP_D)
#define STORED_I(t)         STORED_CONSTANT_##t
#define STORED_CONSTANT_i32 pc[2].u32[0]
#define STORED_CONSTANT_i64 pc[2].u64
#define STORED_CONSTANT_f32 pc[2].f32
#define STORED_CONSTANT_f64 pc[2].f64
#define STORE_HANDLER(id, t, a, v)             \
    static HANDLER(h_##id##_##a##v)            \
    {                                          \
        NOTE_PC;                               \
        tn_store_##id(NEAR(a), STORED_##v(t)); \
        NEXT(STORE_CELLS_##v);                 \
    }

/* The address of an access of `size` bytes to any memory; NULL when it is out of bounds. */
TN_INLINE uint8_t *far(const tenon_instance *in, const tn_cell *pc, const tn_slot *fp, uint64_t size)
{
    const tenon_memory *memory = in->memories[OP_B];
    uint64_t index = fp[OP_A].i64, offset = pc[2].u64;

    if (offset > memory->size || index > memory->size - offset || memory->size - offset - index < size)
        return NULL;
    return memory->base + index + offset;
}

#define FAR_LOAD(id, t)                                                \
    static HANDLER(h_far_##id)                                         \
    {                                                                  \
        const uint8_t *p = far(in, pc, fp, (uint64_t)1 << WIDTH_##id); \
        if (TN_UNLIKELY(p == NULL))                                    \
            TRAP(TENON_TRAP_MEMORY_BOUNDS);                            \
        SET_S_##t(OP_D, tn_load_##id(p));                              \
        NEXT(3);                                                       \
    }
#define FAR_STORE(id, t)                                         \
    static HANDLER(h_far_##id)                                   \
    {                                                            \
        uint8_t *p = far(in, pc, fp, (uint64_t)1 << WIDTH_##id); \
        if (TN_UNLIKELY(p == NULL))                              \
            TRAP(TENON_TRAP_MEMORY_BOUNDS);                      \
        tn_store_##id(p, GET_S_##t(OP_D));                       \
        NEXT(3);                                                 \
    }

/* Widths as constants by name, from the list. */
enum {
#define NOMEM                                                0
#define TN_OP(id, prefix, code, text, imm, sig, feat, width) WIDTH_##id = width,
#include "loader/opcodes.def"
#undef TN_OP
#undef NOMEM
};

#define LOAD(id, t)                                     \
    FOR_AD(LOAD_HANDLER, id, t)                         \
    const tn_unary_row tn_row_##id = ROW_AD(h_##id##_); \
    FAR_LOAD(id, t)
#define INT_STORE(id, t)                                \
    FOR_AB(STORE_HANDLER, id, t)                        \
    const tn_store_row tn_row_##id = ROW_AB(h_##id##_); \
    FAR_STORE(id, t)
#define FLOAT_STORE(id, t)                                    \
    FOR_AB_BANKS(STORE_HANDLER, id, t)                        \
    const tn_store_row tn_row_##id = ROW_AB_BANKS(h_##id##_); \
    FAR_STORE(id, t)
#define V_LOAD(id)                                        \
    FOR_V_AD(LOAD_HANDLER, id, v128)                      \
    const tn_unary_row tn_row_##id = ROW_V_AD(h_##id##_); \
    FAR_LOAD(id, v128)
#define V_STORE(id)                                       \
    FOR_V_AD(STORE_HANDLER, id, v128)                     \
    const tn_store_row tn_row_##id = ROW_V_AD(h_##id##_); \
    FAR_STORE(id, v128)

/* Atomic accesses are served elsewhere, and so are accesses of a lane. */
#define LOAD_MVP LOAD
#define LOAD_THREADS(id, t)
#define INT_STORE_MVP INT_STORE
#define INT_STORE_THREADS(id, t)
#define EACH_a_i(id, feat, imm) LOAD_##feat(id, i32)
#define EACH_a_I(id, feat, imm) LOAD_##feat(id, i64)
#define EACH_a_f(id, feat, imm) LOAD(id, f32)
#define EACH_a_F(id, feat, imm) LOAD(id, f64)
#define EACH_a_v(id, feat, imm) V_LOAD(id)
#define EACH_ai_(id, feat, imm) INT_STORE_##feat(id, i32)
#define EACH_aI_(id, feat, imm) INT_STORE_##feat(id, i64)
#define EACH_af_(id, feat, imm) FLOAT_STORE(id, f32)
#define EACH_aF_(id, feat, imm) FLOAT_STORE(id, f64)
#include "runtime/interp/each.h"

/* Lane accesses have the same signature as v128.store; they are handled with the lanes. */
#undef EACH_av_
#define EACH_av_(id, feat, imm)
#include "loader/opcodes.def"
#undef TN_OP
V_STORE(V128_STORE)

#define NEAR_ROW(id)     [TN_OP_##id] = &tn_row_##id,
#define FAR_ROW(id)      [TN_OP_##id] = h_far_##id,
#define MVP_NEAR_ROW(id) NEAR_ROW(id)
#define THREADS_NEAR_ROW(id)
#define MVP_FAR_ROW(id) FAR_ROW(id)
#define THREADS_FAR_ROW(id)

#undef EACH_a_i
#undef EACH_a_I
#undef EACH_a_f
#undef EACH_a_F
#undef EACH_a_v
#undef EACH_ai_
#undef EACH_aI_
#undef EACH_af_
#undef EACH_aF_
#define TN_OP(id, prefix, code, text, imm, sig, feat, width) EACH_##sig(id, feat, imm)

#define EACH_ai_(id, feat, imm)
#define EACH_aI_(id, feat, imm)
#define EACH_af_(id, feat, imm)
#define EACH_aF_(id, feat, imm)
#define EACH_a_i(id, feat, imm) feat##_NEAR_ROW(id)
#define EACH_a_I(id, feat, imm) feat##_NEAR_ROW(id)
#define EACH_a_f(id, feat, imm) NEAR_ROW(id)
#define EACH_a_F(id, feat, imm) NEAR_ROW(id)
#define EACH_a_v(id, feat, imm) NEAR_ROW(id)
const tn_unary_row *const tn_load_rows[TN_OP_COUNT] = {
#include "loader/opcodes.def"
};
#undef EACH_a_i
#undef EACH_a_I
#undef EACH_a_f
#undef EACH_a_F
#undef EACH_a_v
#define EACH_a_i(id, feat, imm) feat##_FAR_ROW(id)
#define EACH_a_I(id, feat, imm) feat##_FAR_ROW(id)
#define EACH_a_f(id, feat, imm) FAR_ROW(id)
#define EACH_a_F(id, feat, imm) FAR_ROW(id)
#define EACH_a_v(id, feat, imm) FAR_ROW(id)
const tn_handler tn_far_loads[TN_OP_COUNT] = {
#include "loader/opcodes.def"
};
#undef EACH_a_i
#undef EACH_a_I
#undef EACH_a_f
#undef EACH_a_F
#undef EACH_a_v
#define EACH_a_i(id, feat, imm)
#define EACH_a_I(id, feat, imm)
#define EACH_a_f(id, feat, imm)
#define EACH_a_F(id, feat, imm)
#define EACH_a_v(id, feat, imm)
#undef EACH_ai_
#undef EACH_aI_
#undef EACH_af_
#undef EACH_aF_
#define EACH_ai_(id, feat, imm) feat##_NEAR_ROW(id)
#define EACH_aI_(id, feat, imm) feat##_NEAR_ROW(id)
#define EACH_af_(id, feat, imm) NEAR_ROW(id)
#define EACH_aF_(id, feat, imm) NEAR_ROW(id)
const tn_store_row *const tn_store_rows[TN_OP_COUNT] = { NEAR_ROW(V128_STORE)
#include "loader/opcodes.def"
};
#undef EACH_ai_
#undef EACH_aI_
#undef EACH_af_
#undef EACH_aF_
#define EACH_ai_(id, feat, imm) feat##_FAR_ROW(id)
#define EACH_aI_(id, feat, imm) feat##_FAR_ROW(id)
#define EACH_af_(id, feat, imm) FAR_ROW(id)
#define EACH_aF_(id, feat, imm) FAR_ROW(id)
const tn_handler tn_far_stores[TN_OP_COUNT] = { FAR_ROW(V128_STORE)
#include "loader/opcodes.def"
};
