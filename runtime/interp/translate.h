/* SPDX-License-Identifier: MIT
 * From a validated function to slot code, in one pass over its bytes.
 *
 * The operand stack is simulated: an operand is a constant, a local that has not been read yet, or a temporary in the
 * slot that its height gives it. An instruction is emitted with its result in that slot; when the consumer turns out to
 * be able to take it from the accumulator, or to be a local.set, the producer is changed. Comparisons, tests and
 * address computations that are still the newest instruction are taken back and fused with their consumer.
 *
 * At every label all operands are in their slots (locals that were not read yet are copied before), so branches carry
 * no state but the pinned local, which belongs to a whole loop.
 */
#ifndef TN_INTERP_TRANSLATE_H
#define TN_INTERP_TRANSLATE_H

#include "runtime/interp/handlers.h"
#include "loader/fuel.h"

#define TN_NONE UINT32_MAX
/* Larger bodies are not compiled, so nobody counts. */
#define TN_MAX_HOT_BODY (128u << 10)
/* Behind the return record of functions with slots beyond 16 bits: three places for operands, two slots each. */
#define TN_SCRATCH_SLOTS 6

/* TN_SUM: an i32 local plus a constant, not computed yet; loads and stores take it as an address. */
typedef enum tn_operand_kind { TN_TEMP, TN_LOCAL, TN_SUM, TN_CONST } tn_operand_kind;

typedef struct tn_operand {
    uint8_t kind;
    uint8_t type;            /* TN_I32, TN_I64 (references too), TN_F32, TN_F64, TN_V128 */
    uint32_t slot;           /* the place of its height */
    uint32_t local;          /* TN_LOCAL, TN_SUM: which */
    uint32_t next;           /* TN_LOCAL: the operand below that refers to the same one, plus one */
    uint64_t bits;           /* TN_CONST, TN_SUM: the constant */
    uint32_t producer;       /* TN_TEMP: cell of the instruction whose d it is, or TN_NONE */
    const tn_handler *d_row; /* handlers of the producer by class of d, or NULL: S only */
} tn_operand;

/* An operand as an instruction takes it. */
typedef struct tn_arg {
    uint8_t class;
    uint32_t slot; /* S, P */
    uint64_t bits; /* I */
} tn_arg;

enum { TN_MAY_S = 1, TN_MAY_A = 2, TN_MAY_P = 4, TN_MAY_I = 8, TN_MAY_SAP = 7, TN_MAY_ALL = 15 };

/* The newest instruction, while nothing has come between. */
typedef struct tn_newest {
    uint32_t at; /* its first cell, or TN_NONE */
    uint32_t maps;
    tn_op op; /* TN_OP_INVALID for those that are not fused */
    tn_arg a, b;
    uint32_t local; /* the local that its result was put into, plus one */
} tn_newest;

/* A comparison that a branch or select will make. */
typedef struct tn_condition {
    tn_op op;
    tn_arg a, b;
    bool when; /* branch when true */
} tn_condition;

typedef struct tn_frame_ctrl {
    tn_op op;
    const tn_type *type; /* or NULL: has_single */
    uint8_t single;
    bool has_single;
    uint32_t height;                 /* operands below the parameters */
    uint32_t slot;                   /* where parameters and results begin */
    uint32_t start;                  /* loop: cell of the head */
    uint32_t fixups;                 /* chain of target cells that wait for the end, plus one */
    uint32_t else_fixup;             /* the same for the false edge of an if */
    uint32_t stub_mark, stub_fixups; /* during br_table */
    uint32_t try_index;
} tn_frame_ctrl;

typedef struct tn_map_row {
    uint32_t cell, offset; /* bytes from the start of the body */
} tn_map_row;

typedef struct tn_clause {
    uint8_t kind;
    uint32_t tag, landing, slot; /* cell to go on at; where the arguments are put */
} tn_clause;

typedef struct tn_try {
    uint32_t from, to; /* cells */
    uint32_t clauses, clause_count;
} tn_try;

typedef struct tn_pins {
    uint32_t integer, floating; /* locals, or TN_NONE */
} tn_pins;

typedef struct tn_translator {
    const tenon_module *module;
    const tn_module *core;
    tn_mem *mem, *kept; /* of what goes when the function is translated; of what stays */
    tn_entry *entries;
    bool guarded;
    uint32_t own;
    tn_hot *hot; /* NULL: nobody compiles in the background */
    const tn_type *type;
    tn_range body;
    tn_reader r;
    tn_insn in;

    TN_VEC(tn_cell) cells;
    TN_VEC(tn_map_row) map;
    TN_VEC(uint32_t) relocations; /* cells that hold a position in the code */
    TN_VEC(tn_operand) stack;
    TN_VEC(tn_frame_ctrl) ctrls;
    TN_VEC(tn_try) tries;
    TN_VEC(tn_clause) clauses;
    TN_VEC(tn_pins) pins; /* by loop, in the order of their heads */
    TN_VEC(uint32_t) stubs;

    uint32_t local_count;
    uint32_t *local_slots, *local_refs; /* local_refs: newest operand that refers to it, plus one */
    uint8_t *local_types;
    uint32_t record;  /* slot of the return record = slots of parameters */
    uint32_t scratch; /* six slots for operands beyond 16 bits, or TN_NONE */
    uint32_t first_temp, max_slot;
    uint32_t flushed;                   /* operands below do not refer to locals */
    uint32_t barrier;                   /* producers before this cell cannot be changed */
    uint32_t acc_write[2], acc_read[2]; /* newest cells plus one that write or read the accumulators */
    tn_newest newest, before;           /* before: the one ahead of the newest, while they are adjacent */
    tn_pins pinned;
    uint32_t loop_count;
    tn_fuel_plan fuel; /* empty when nobody is charged */
    bool dead, invert;
    uint32_t dead_depth;
} tn_translator;

/* Cells in front of the code: the frame, and zeroes, since whoever looks for the instruction that faulted may look that
 * far back. */
#define TN_FRONT_CELLS 8

/* What a translated function is; owned by its tn_code. */
typedef struct tn_function {
    tn_cell *cells;
    tn_map_row *map;
    tn_try *tries;
    tn_clause *clauses;
    tn_hot *hot;
    uint32_t cell_count, map_count, try_count, clause_count;
    uint32_t frame_slots, zero_slots, param_slots;
    uint32_t own; /* index among the module's own functions */
} tn_function;

/* Translates an own function. */
tenon_status tn_translate(tenon_module *module, tn_entry *entries, bool guarded, uint32_t own, tn_function *out);
void tn_function_fini(tn_mem *mem, tn_function *function);

/* ---- operands.c ---- */
tn_bank tn_bank_of(uint8_t type);
/* P when the local is pinned, S otherwise. */
uint8_t tn_class_of_local(const tn_translator *t, uint32_t local);
tenon_status tn_push(tn_translator *t, tn_operand o);
tenon_status tn_push_temp(tn_translator *t, uint8_t type, uint32_t producer, const tn_handler *d_row);
tn_operand tn_pop(tn_translator *t);
uint32_t tn_next_slot(const tn_translator *t);
/* Where the instruction being emitted puts its result, and the operand that it is. */
uint32_t tn_result_slot(const tn_translator *t);
tenon_status tn_push_result(tn_translator *t, uint8_t type, uint32_t at, const tn_handler *d_row);
/* How an instruction about to be emitted takes o; may emit a move or constant before it. */
tenon_status tn_resolve(tn_translator *t, tn_operand *o, unsigned may, tn_arg *out);
/* Puts an operand into its own slot. */
tenon_status tn_settle(tn_translator *t, tn_operand *o);
tenon_status tn_settle_top(tn_translator *t, uint32_t count);
/* Copies every local that has not been read yet. */
tenon_status tn_flush_locals(tn_translator *t);
tenon_status tn_set_local(tn_translator *t, uint32_t local);
/* Starts an instruction: room for 16 cells, map, handler. */
tenon_status tn_begin(tn_translator *t, tn_handler handler, uint32_t *at);
TN_INLINE tn_cell *tn_add_cell(tn_translator *t)
{
    tn_cell *cell = &t->cells.items[t->cells.count++];
    cell->u64 = 0;
    return cell;
}
/* Computes the sums among the topmost operands: whoever takes them wants a number. */
tenon_status tn_compute_sums(tn_translator *t, uint32_t count);
/* Takes the newest instruction back. */
void tn_take_back(tn_translator *t);
/* The bound is here: nothing before may be changed any more. */
void tn_barrier(tn_translator *t);
/* Operand cell with d, a and b; b of class I takes the upper half. Adds the cell of a float constant. */
void tn_add_operands(tn_translator *t, uint32_t d, const tn_arg *a, const tn_arg *b, uint8_t b_type);
uint8_t tn_small_type(tn_valtype t);

/* ---- pins.c ---- */
tenon_status tn_find_pins(tn_translator *t);

/* ---- translate_ops.c: everything but control ---- */
tenon_status tn_translate_op(tn_translator *t);
/* The integer comparison that is true when op is not; TN_OP_INVALID for others. */
tn_op tn_negated(tn_op op);
tenon_status tn_take_condition(tn_translator *t, tn_operand *o, tn_condition *out);

#endif
