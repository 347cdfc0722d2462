/* SPDX-License-Identifier: MIT
 * Expansion of one instruction into its handlers and their row. A file of handlers defines which signatures it serves
 * (EACH_<signature>), includes the list of instructions once for the functions and once for the rows.
 */
#ifndef TN_INTERP_EXPAND_H
#define TN_INTERP_EXPAND_H

#include "runtime/interp/machine.h"

/* FOR_*(X, ...) calls X with each class of the dimension; without tail dispatch there are only slots and constants. */
/* clang-format off */
#if TN_TAIL_DISPATCH
#define FOR_D(X, ...) X(__VA_ARGS__, S) X(__VA_ARGS__, A) X(__VA_ARGS__, P)
#define FOR_BD(X, ...) \
    FOR_D(X, __VA_ARGS__, S) FOR_D(X, __VA_ARGS__, A) FOR_D(X, __VA_ARGS__, P) FOR_D(X, __VA_ARGS__, I)
#define FOR_BD_NOT_A(X, ...) FOR_D(X, __VA_ARGS__, S) FOR_D(X, __VA_ARGS__, P) FOR_D(X, __VA_ARGS__, I)
#define FOR_ABD(X, ...) FOR_BD(X, __VA_ARGS__, S) FOR_BD_NOT_A(X, __VA_ARGS__, A) FOR_BD(X, __VA_ARGS__, P)
#define FOR_AD(X, ...) FOR_D(X, __VA_ARGS__, S) FOR_D(X, __VA_ARGS__, A) FOR_D(X, __VA_ARGS__, P)
#define FOR_B(X, ...) X(__VA_ARGS__, S) X(__VA_ARGS__, A) X(__VA_ARGS__, P) X(__VA_ARGS__, I)
#define FOR_B_NOT_A(X, ...) X(__VA_ARGS__, S) X(__VA_ARGS__, P) X(__VA_ARGS__, I)
#define FOR_AB(X, ...) FOR_B(X, __VA_ARGS__, S) FOR_B_NOT_A(X, __VA_ARGS__, A) FOR_B(X, __VA_ARGS__, P)
#define FOR_AB_BANKS(X, ...) FOR_B(X, __VA_ARGS__, S) FOR_B(X, __VA_ARGS__, A) FOR_B(X, __VA_ARGS__, P)
#define ROW_D(n) { n##S, n##A, n##P }
#define ROW_BD(n) { ROW_D(n##S), ROW_D(n##A), ROW_D(n##P), ROW_D(n##I) }
#define ROW_BD_NOT_A(n) { ROW_D(n##S), { NULL }, ROW_D(n##P), ROW_D(n##I) }
#define ROW_ABD(n) { ROW_BD(n##S), ROW_BD_NOT_A(n##A), ROW_BD(n##P) }
#define ROW_AD(n) { ROW_D(n##S), ROW_D(n##A), ROW_D(n##P) }
#define ROW_B(n) { n##S, n##A, n##P, n##I }
#define ROW_AB(n) { ROW_B(n##S), { n##AS, NULL, n##AP, n##AI }, ROW_B(n##P) }
#define ROW_AB_BANKS(n) { ROW_B(n##S), ROW_B(n##A), ROW_B(n##P) }
/* Vectors are not pinned and have no constants. */
#define FOR_VD(X, ...) X(__VA_ARGS__, S) X(__VA_ARGS__, A)
#define FOR_V_ABD(X, ...) FOR_VD(X, __VA_ARGS__, S, S) FOR_VD(X, __VA_ARGS__, S, A) FOR_VD(X, __VA_ARGS__, A, S)
#define FOR_V_AD(X, ...) FOR_VD(X, __VA_ARGS__, S) FOR_VD(X, __VA_ARGS__, A)
#define ROW_VD(n) { n##S, n##A }
#define ROW_V_ABD(n) { { ROW_VD(n##SS), ROW_VD(n##SA) }, { ROW_VD(n##AS) } }
#define ROW_V_AD(n) { ROW_VD(n##S), ROW_VD(n##A) }
#else
#define FOR_ABD(X, ...) X(__VA_ARGS__, S, S, S) X(__VA_ARGS__, S, I, S)
#define FOR_AD(X, ...) X(__VA_ARGS__, S, S)
#define FOR_D(X, ...) X(__VA_ARGS__, S)
#define FOR_AB(X, ...) X(__VA_ARGS__, S, S) X(__VA_ARGS__, S, I)
#define FOR_AB_BANKS FOR_AB
#define ROW_D(n) { n##S }
#define ROW_ABD(n) { { { n##SSS }, { NULL }, { NULL }, { n##SIS } } }
#define ROW_AD(n) { { n##SS } }
#define ROW_AB(n) { { n##SS, NULL, NULL, n##SI } }
#define ROW_AB_BANKS ROW_AB
#define FOR_V_ABD(X, ...) X(__VA_ARGS__, S, S, S)
#define FOR_V_AD(X, ...) X(__VA_ARGS__, S, S)
#define ROW_V_ABD(n) { { { n##SSS } } }
#define ROW_V_AD(n) { { n##SS } }
#endif
/* clang-format on */

/* How many cells an instruction with a b of this class takes: a float constant has its own cell. */
#define CELLS_S_i32 2
#define CELLS_A_i32 2
#define CELLS_P_i32 2
#define CELLS_I_i32 2
#define CELLS_S_i64 2
#define CELLS_A_i64 2
#define CELLS_P_i64 2
#define CELLS_I_i64 2
#define CELLS_S_f32 2
#define CELLS_A_f32 2
#define CELLS_P_f32 2
#define CELLS_I_f32 3
#define CELLS_S_f64 2
#define CELLS_A_f64 2
#define CELLS_P_f64 2
#define CELLS_I_f64 3

#define C_TYPE_i32 uint32_t
#define C_TYPE_i64 uint64_t
#define C_TYPE_f32 float
#define C_TYPE_f64 double

#define BINARY_HANDLER(id, ta, tb, tr, a, b, d)                                        \
    static HANDLER(h_##id##_##a##b##d)                                                 \
    {                                                                                  \
        C_TYPE_##tr r;                                                                 \
        tenon_trap trap = tn_num_##id(GET_##a##_##ta(OP_A), GET_##b##_##tb(OP_B), &r); \
        if (TN_UNLIKELY(trap != TENON_TRAP_NONE))                                      \
            TRAP(trap);                                                                \
        SET_##d##_##tr(OP_D, r);                                                       \
        NEXT(CELLS_##b##_##tb);                                                        \
    }
#define UNARY_HANDLER(id, ta, tr, a, d)                          \
    static HANDLER(h_##id##_##a##d)                              \
    {                                                            \
        C_TYPE_##tr r;                                           \
        tenon_trap trap = tn_num_##id(GET_##a##_##ta(OP_A), &r); \
        if (TN_UNLIKELY(trap != TENON_TRAP_NONE))                \
            TRAP(trap);                                          \
        SET_##d##_##tr(OP_D, r);                                 \
        NEXT(2);                                                 \
    }
/* The target is in the cell behind the operands. */
#define BRANCH_HANDLER(id, ta, sense, not, a, b)                     \
    static HANDLER(h_br_##sense##_##id##_##a##b)                     \
    {                                                                \
        uint32_t r;                                                  \
        tn_num_##id(GET_##a##_##ta(OP_A), GET_##b##_##ta(OP_B), &r); \
        if (not(r)) {                                                \
            pc = pc[CELLS_##b##_##ta].target;                        \
            GO;                                                      \
        }                                                            \
        NEXT(CELLS_##b##_##ta + 1);                                  \
    }

#define BINARY(id, ta, tb, tr)              \
    FOR_ABD(BINARY_HANDLER, id, ta, tb, tr) \
    const tn_binary_row tn_row_##id = ROW_ABD(h_##id##_);
#define UNARY(id, ta, tr)             \
    FOR_AD(UNARY_HANDLER, id, ta, tr) \
    const tn_unary_row tn_row_##id = ROW_AD(h_##id##_);
#define BRANCH_WHEN(id, ta)                \
    FOR_AB(BRANCH_HANDLER, id, ta, when, ) \
    const tn_branch_row tn_row_br_when_##id = ROW_AB(h_br_when_##id##_);
#define BRANCH_UNLESS(id, ta)                 \
    FOR_AB(BRANCH_HANDLER, id, ta, unless, !) \
    const tn_branch_row tn_row_br_unless_##id = ROW_AB(h_br_unless_##id##_);

#endif
