/* SPDX-License-Identifier: MIT
 * A function while it is built: the operand stack is a stack of SSA values, locals are SSA values, and phis are made
 * where control meets. No memory stands for either.
 *
 * Locals: every assignment is logged with the value before it. An edge to a label carries the locals assigned since the
 * label was opened; where edges meet, those get phis and all others have the value that they had at the opening. A
 * loop's head has phis for the locals that its body assigns, which a pass ahead finds out.
 */
#ifndef TN_LLVM_BUILD_H
#define TN_LLVM_BUILD_H

#include "jit/llvm/compile.h"
#include "loader/fuel.h"
#include "runtime/vm/vmctx.h"

typedef struct tn_operand {
    LLVMValueRef value, cell; /* cell: in memory instead, see osr.c; or NULL */
    uint8_t type;             /* TN_I32, TN_I64 (references too), TN_F32, TN_F64, TN_V128 */
} tn_operand;

typedef struct tn_assignment {
    uint32_t local;
    LLVMValueRef value;
} tn_assignment;

/* A way to where control meets. */
typedef struct tn_edge {
    struct tn_edge *next;
    LLVMBasicBlockRef from;
    LLVMValueRef *values; /* operands that it carries */
    tn_assignment *locals;
    uint32_t local_count;
} tn_edge;

typedef struct tn_meeting {
    LLVMBasicBlockRef block; /* NULL until somebody goes there */
    tn_edge *edges;
    uint32_t edge_count;
} tn_meeting;

typedef struct tn_label {
    tn_op op;
    const tn_type *type; /* or NULL: has_single */
    bool has_single;
    uint8_t single;
    uint32_t height;      /* operands below the parameters */
    uint32_t log;         /* assignments before it was opened */
    LLVMValueRef *params; /* of an if */
    tn_meeting end, otherwise;
    /* loop */
    LLVMBasicBlockRef head;
    LLVMValueRef *param_phis, *local_phis;
    uint32_t loop;
    /* try_table */
    tn_meeting pad, dispatch; /* where calls arrive that throw; where clauses are tried */
    const uint8_t *catches;
    uint32_t catch_count;
    uint32_t outer_try;
    uint64_t mark; /* the br_table that has a stub for it */
    LLVMBasicBlockRef stub;
} tn_label;

/* The locals that a loop assigns: loop_locals[first, end). */
typedef struct tn_loop {
    uint32_t first, end;
} tn_loop;

typedef struct tn_fn {
    tn_unit *u;
    LLVMBuilderRef b;
    const tn_module *m;
    const tn_type *type;
    LLVMValueRef function, vmctx, buffer;
    LLVMValueRef memory0; /* its base when it is guarded */
    LLVMMetadataRef scope;
    uint64_t located; /* offset of the instruction that the builder's location names, plus one */
    tn_reader r;
    tn_insn in;
    tn_arena arena;
    TN_VEC(tn_operand) stack;
    TN_VEC(tn_label) labels;
    TN_VEC(tn_assignment) log;
    TN_VEC(tn_loop) loops;
    TN_VEC(uint32_t) loop_locals;
    uint32_t loops_seen;
    uint32_t local_count;
    LLVMValueRef *locals;
    uint8_t *local_types;
    uint64_t *local_marks; /* the newest walk that has met it */
    uint32_t *local_places;
    uint64_t walk;
    uint32_t try_label;              /* innermost try_table with clauses, plus one */
    bool calls;                      /* the body has calls */
    size_t most_values;              /* that the operand stack ever held */
    LLVMValueRef room, is_exhausted; /* of the check in the prologue: what is added to the limit, and its outcome */
    bool dead;
    uint32_t dead_depth;
    const tn_loop_ref *entered; /* where the function is entered: NULL at its start */
    bool met;                   /* that loop was reached */
    tn_fuel_plan fuel;          /* empty when nobody is charged */
    LLVMValueRef *local_cells;  /* locals are in memory; NULL: they are not */
    LLVMBasicBlockRef entry;    /* that leads to the loop's head */
} tn_fn;

/* ---- function.c ---- */
tenon_status tn_push(tn_fn *f, uint8_t type, LLVMValueRef value);
LLVMValueRef tn_pop(tn_fn *f);
/* The operand so far from the top, as a value. */
LLVMValueRef tn_peek(tn_fn *f, size_t depth);
LLVMValueRef tn_get_local(tn_fn *f, uint32_t local);
uint8_t tn_small_type(tn_valtype t);
LLVMBasicBlockRef tn_new_block(tn_fn *f, const char *name);
/* What follows belongs to the instruction that is being built. */
void tn_locate(tn_fn *f);
/* Ends the guest here, or when condition holds. */
void tn_build_trap(tn_fn *f, tenon_trap trap);
void tn_trap_if(tn_fn *f, LLVMValueRef condition, tenon_trap trap);
/* Ends the guest with a trap that is only known at run time, unless it is TENON_TRAP_NONE. */
void tn_trap_with(tn_fn *f, LLVMValueRef trap);
/* Calls a leaf that returns a trap, and heeds it. */
tenon_status tn_build_leaf(tn_fn *f, unsigned leaf, LLVMValueRef *args, unsigned count);
LLVMValueRef tn_is_null(tn_fn *f, LLVMValueRef reference);
/* An index or a count, zero-extended when it is an i32. */
LLVMValueRef tn_as_i64(tn_fn *f, LLVMValueRef v);
void tn_set_dead(tn_fn *f);
void tn_set_local(tn_fn *f, uint32_t local, LLVMValueRef value);

/* ---- scan.c: what is known of a body before it is built ---- */
tenon_status tn_scan_body(tn_fn *f);

/* ---- control.c ---- */
tenon_status tn_build_control(tn_fn *f);
bool tn_is_control(tn_op op);
tenon_status tn_open_body(tn_fn *f);
/* An edge from here to where control meets; values are count operands. */
tenon_status tn_add_edge(tn_fn *f, tn_meeting *meeting, uint32_t log, const LLVMValueRef *values, uint32_t count);
/* Goes on where the edges meet, with the values that they carry. */
tenon_status tn_meet(tn_fn *f, tn_meeting *meeting, uint32_t log, const uint8_t *types, uint32_t count,
                     LLVMValueRef *values);
tenon_status tn_branch(tn_fn *f, uint32_t depth);
void tn_undo_locals(tn_fn *f, uint32_t log);

/* ---- osr.c: functions that are entered at a loop ---- */
/* Begins the body, behind the prologue. */
tenon_status tn_osr_begin(tn_fn *f);
/* A label opens above so many operands. */
void tn_osr_keep(tn_fn *f, uint32_t height);
/* The head of a loop, whose phis have been made; whether it is the one where the function is entered is looked up. */
void tn_osr_meet(tn_fn *f, const tn_label *l);
void tn_osr_end(tn_fn *f);

/* ---- exceptions.c ---- */
tenon_status tn_open_try(tn_fn *f, tn_label *label);
tenon_status tn_close_try(tn_fn *f, tn_label *label);
tenon_status tn_build_throw(tn_fn *f);
tenon_status tn_build_throw_ref(tn_fn *f);
/* A call that may throw. */
LLVMValueRef tn_build_call(tn_fn *f, LLVMTypeRef type, LLVMValueRef callee, LLVMValueRef *args, unsigned count,
                           unsigned convention);
LLVMValueRef tn_build_exit(tn_fn *f, unsigned exit, LLVMValueRef a, LLVMValueRef b, bool throws);

/* ---- calls.c ---- */
tenon_status tn_build_calls(tn_fn *f);

/* ---- memory.c, tables.c, numeric.c: an instruction each; TENON_UNSUPPORTED when it is not theirs ---- */
tenon_status tn_build_memory(tn_fn *f);
tenon_status tn_build_table(tn_fn *f);
tenon_status tn_build_numeric(tn_fn *f);

#endif
