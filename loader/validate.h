/* SPDX-License-Identifier: MIT
 * The validator of expressions (specification 3.4 and appendix A.3): one pass, linear, without recursion. 428 of the
 * instructions are checked by the signature of their row; the others by a rule in validate_rules.c.
 */
#ifndef TN_LOADER_VALIDATE_H
#define TN_LOADER_VALIDATE_H

#include "loader/module.h"

/* A control frame of the algorithm in the specification's appendix. */
typedef struct tn_ctrl {
    tn_op op; /* block, loop, if, else, try_table; TN_OP_INVALID for the function or constant expression itself */
    bool unreachable, has_single;
    tn_valtype single;    /* the only result, when there is no function type */
    const tn_type *type;  /* parameters and results, or NULL */
    uint32_t height;      /* of the operand stack at entry */
    uint32_t init_height; /* of the log of initialized locals */
    uint64_t checked_by;  /* offset of the br_table that has checked this label */
} tn_ctrl;

typedef struct tn_types_view {
    const tn_valtype *items;
    uint32_t count;
} tn_types_view;

/* Locals are kept as runs, because 50,000 of them take five bytes to declare; the first ones directly too. */
#define TN_DIRECT_LOCALS 256
typedef struct tn_local_run {
    uint32_t end; /* index past the last local of the run */
    tn_valtype type;
} tn_local_run;

typedef struct tn_validator {
    tn_module *module;
    tenon_error *err;
    tn_reader r;
    TN_VEC(tn_valtype) stack;
    TN_VEC(tn_ctrl) ctrls;
    TN_VEC(tn_local_run) runs;
    tn_valtype direct_locals[TN_DIRECT_LOCALS];
    uint32_t local_count;
    TN_VEC(uint32_t) set_locals; /* log of locals without a default that have been set */
    uint8_t *is_set;             /* TN_MAX_LOCALS + TN_MAX_PARAMS flags, made when first needed */
    bool constant;               /* inside a constant expression */
    struct tn_decoder *decoder;  /* constant expressions declare functions */
} tn_validator;

void tn_validator_init(tn_validator *v, tn_module *module, tenon_error *err);
void tn_validator_fini(tn_validator *v);

/* Checks the body of an own function; body covers locals and code. */
tenon_status tn_validate_body(tn_validator *v, uint32_t func, tn_range body);
/* Checks all bodies of a module, with up to that many threads when there is much to check. The error is that of the
 * first wrong function, however many threads there are. */
tenon_status tn_validate_bodies(tn_module *module, size_t threads, tenon_error *err);
/* Checks a constant expression at r, which moves past its end. */
tenon_status tn_validate_constant(tn_validator *v, tn_reader *r, tn_valtype expected);

/* ---- shared with the rules ---- */

tenon_status tn_v_fail(const tn_validator *v, const tn_insn *in, const char *format, ...) TN_PRINTF(3, 4);
tenon_status tn_v_push(tn_validator *v, tn_valtype t);
tenon_status tn_v_push_all(tn_validator *v, tn_types_view types);
/* Pops a value of exactly or below the expected type. */
tenon_status tn_v_pop(tn_validator *v, const tn_insn *in, tn_valtype expected);
tenon_status tn_v_pop_any(tn_validator *v, const tn_insn *in, tn_valtype *out);
tenon_status tn_v_pop_all(tn_validator *v, const tn_insn *in, tn_types_view types);
/* Checks the operands of a branch without consuming them. */
tenon_status tn_v_check_top(tn_validator *v, const tn_insn *in, tn_types_view types);
void tn_v_set_unreachable(tn_validator *v);
tn_types_view tn_ctrl_params(const tn_ctrl *c);
tn_types_view tn_ctrl_results(const tn_ctrl *c);
TN_INLINE tn_ctrl *tn_v_ctrl(tn_validator *v)
{
    return &v->ctrls.items[v->ctrls.count - 1];
}
/* The type of a local; the index must be below local_count. */
tn_valtype tn_v_local_type(const tn_validator *v, uint32_t index);

/* The rule for an instruction whose row says custom. */
tenon_status tn_validate_rule(tn_validator *v, const tn_insn *in);
tenon_status tn_validate_gc_rule(tn_validator *v, const tn_insn *in);

#endif
