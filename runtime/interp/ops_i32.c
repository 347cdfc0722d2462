/* SPDX-License-Identifier: MIT
 * Handlers of 32-bit integer instructions, expanded over the one list.
 */
#include "runtime/interp/compares.h"
#include "runtime/interp/expand.h"

#define EACH_ii_i(id, feat, imm) BINARY(id, i32, i32, i32)
#define EACH_i_i(id, feat, imm)  UNARY(id, i32, i32)
#define EACH_i_I(id, feat, imm)  UNARY(id, i32, i64)
#define EACH_i_f(id, feat, imm)  UNARY(id, i32, f32)
#define EACH_i_F(id, feat, imm)  UNARY(id, i32, f64)
#include "runtime/interp/each.h"
#include "loader/opcodes.def"
#undef TN_OP

TN_INT_COMPARES(BRANCH_WHEN, I32, i32)
TN_BIT_TESTS(BRANCH_WHEN)
TN_BIT_TESTS(BRANCH_UNLESS)
