/* SPDX-License-Identifier: MIT
 * Handlers of floating-point instructions, expanded over the one list.
 */
#include "runtime/interp/compares.h"
#include "runtime/interp/expand.h"

#define EACH_ff_f(id, feat, imm) BINARY(id, f32, f32, f32)
#define EACH_ff_i(id, feat, imm) BINARY(id, f32, f32, i32)
#define EACH_FF_F(id, feat, imm) BINARY(id, f64, f64, f64)
#define EACH_FF_i(id, feat, imm) BINARY(id, f64, f64, i32)
#define EACH_f_f(id, feat, imm)  UNARY(id, f32, f32)
#define EACH_f_F(id, feat, imm)  UNARY(id, f32, f64)
#define EACH_f_i(id, feat, imm)  UNARY(id, f32, i32)
#define EACH_f_I(id, feat, imm)  UNARY(id, f32, i64)
#define EACH_F_F(id, feat, imm)  UNARY(id, f64, f64)
#define EACH_F_f(id, feat, imm)  UNARY(id, f64, f32)
#define EACH_F_i(id, feat, imm)  UNARY(id, f64, i32)
#define EACH_F_I(id, feat, imm)  UNARY(id, f64, i64)
#include "runtime/interp/each.h"
#include "loader/opcodes.def"
#undef TN_OP

TN_FLOAT_COMPARES(BRANCH_WHEN, F32, f32)
TN_FLOAT_COMPARES(BRANCH_UNLESS, F32, f32)
TN_FLOAT_COMPARES(BRANCH_WHEN, F64, f64)
TN_FLOAT_COMPARES(BRANCH_UNLESS, F64, f64)
