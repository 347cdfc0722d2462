/* SPDX-License-Identifier: MIT
 * From instruction to its rows of handlers. A row that no file of handlers defines does not link.
 */
#include "runtime/interp/compares.h"
#include "runtime/interp/machine.h"

#define BINARY_DECL(id) extern const tn_binary_row tn_row_##id;
#define UNARY_DECL(id)  extern const tn_unary_row tn_row_##id;
#define BINARY_ROW(id)  [TN_OP_##id] = &tn_row_##id,
#define UNARY_ROW(id)   [TN_OP_##id] = &tn_row_##id,
#define NO_ROW(id)

/* The scalar and vector signatures with two operands and with one. */
#define EACH_ii_i(id, feat, imm) ON_BINARY(id)
#define EACH_II_I(id, feat, imm) ON_BINARY(id)
#define EACH_II_i(id, feat, imm) ON_BINARY(id)
#define EACH_ff_f(id, feat, imm) ON_BINARY(id)
#define EACH_ff_i(id, feat, imm) ON_BINARY(id)
#define EACH_FF_F(id, feat, imm) ON_BINARY(id)
#define EACH_FF_i(id, feat, imm) ON_BINARY(id)
#define EACH_i_i(id, feat, imm)  ON_UNARY(id)
#define EACH_i_I(id, feat, imm)  ON_UNARY(id)
#define EACH_i_f(id, feat, imm)  ON_UNARY(id)
#define EACH_i_F(id, feat, imm)  ON_UNARY(id)
#define EACH_I_I(id, feat, imm)  ON_UNARY(id)
#define EACH_I_i(id, feat, imm)  ON_UNARY(id)
#define EACH_I_f(id, feat, imm)  ON_UNARY(id)
#define EACH_I_F(id, feat, imm)  ON_UNARY(id)
#define EACH_f_f(id, feat, imm)  ON_UNARY(id)
#define EACH_f_F(id, feat, imm)  ON_UNARY(id)
#define EACH_f_i(id, feat, imm)  ON_UNARY(id)
#define EACH_f_I(id, feat, imm)  ON_UNARY(id)
#define EACH_F_F(id, feat, imm)  ON_UNARY(id)
#define EACH_F_f(id, feat, imm)  ON_UNARY(id)
#define EACH_F_i(id, feat, imm)  ON_UNARY(id)
#define EACH_F_I(id, feat, imm)  ON_UNARY(id)
/* Vector instructions with lanes in the code are in tn_plain_rows. */
#define BINARY_IF_NONE(id) ON_BINARY(id)
#define BINARY_IF_LANES16(id)
#define BINARY_IF_LANE(id)
#define UNARY_IF_NONE(id) ON_UNARY(id)
#define UNARY_IF_LANE(id)
#define EACH_vv_v(id, feat, imm) BINARY_IF_##imm(id)
#define EACH_vi_v(id, feat, imm) BINARY_IF_##imm(id)
#define EACH_v_v(id, feat, imm)  ON_UNARY(id)
#define EACH_v_i(id, feat, imm)  UNARY_IF_##imm(id)
#define EACH_i_v(id, feat, imm)  ON_UNARY(id)
#define EACH_I_v(id, feat, imm)  ON_UNARY(id)
#define EACH_f_v(id, feat, imm)  ON_UNARY(id)
#define EACH_F_v(id, feat, imm)  ON_UNARY(id)
#include "runtime/interp/each.h"

#define ON_BINARY BINARY_DECL
#define ON_UNARY  UNARY_DECL
#include "loader/opcodes.def"
#undef ON_BINARY
#undef ON_UNARY

#define ON_BINARY BINARY_ROW
#define ON_UNARY  NO_ROW
const tn_binary_row *const tn_binary_rows[TN_OP_COUNT] = {
#include "loader/opcodes.def"
};
#undef ON_BINARY
#undef ON_UNARY

#define ON_BINARY NO_ROW
#define ON_UNARY  UNARY_ROW
const tn_unary_row *const tn_unary_rows[TN_OP_COUNT] = {
#include "loader/opcodes.def"
};
#undef TN_OP

#define WHEN_DECL(id, t)   extern const tn_branch_row tn_row_br_when_##id;
#define UNLESS_DECL(id, t) extern const tn_branch_row tn_row_br_unless_##id;
#define WHEN_ROW(id, t)    [TN_OP_##id] = &tn_row_br_when_##id,
#define UNLESS_ROW(id, t)  [TN_OP_##id] = &tn_row_br_unless_##id,
TN_WHEN_BRANCHES(WHEN_DECL)
TN_UNLESS_BRANCHES(UNLESS_DECL)
const tn_branch_row *const tn_branch_when_rows[TN_OP_COUNT] = { TN_WHEN_BRANCHES(WHEN_ROW) };
const tn_branch_row *const tn_branch_unless_rows[TN_OP_COUNT] = { TN_UNLESS_BRANCHES(UNLESS_ROW) };
