/* SPDX-License-Identifier: MIT
 * Handlers of 64-bit integer instructions, expanded over the one list.
 */
#include "runtime/interp/compares.h"
#include "runtime/interp/expand.h"

/* Comparisons give an i32, arithmetic an i64. */
#define EACH_II_I(id, feat, imm) BINARY(id, i64, i64, i64)
#define EACH_II_i(id, feat, imm) BINARY(id, i64, i64, i32)
#define EACH_I_I(id, feat, imm)  UNARY(id, i64, i64)
#define EACH_I_i(id, feat, imm)  UNARY(id, i64, i32)
#define EACH_I_f(id, feat, imm)  UNARY(id, i64, f32)
#define EACH_I_F(id, feat, imm)  UNARY(id, i64, f64)
#include "runtime/interp/each.h"
#include "loader/opcodes.def"
#undef TN_OP

TN_INT_COMPARES(BRANCH_WHEN, I64, i64)
