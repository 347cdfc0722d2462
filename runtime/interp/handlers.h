/* SPDX-License-Identifier: MIT
 * Handlers that are not named by one instruction of the standard: moves, control, calls, and what they call in C.
 * Operand cells are described at each; "cells" counts the whole instruction.
 */
#ifndef TN_INTERP_HANDLERS_H
#define TN_INTERP_HANDLERS_H

#include "runtime/interp/machine.h"

typedef enum tn_bank { TN_BANK_INT, TN_BANK_FLOAT, TN_BANK_VEC } tn_bank;

/* ---- data; 2 cells unless said otherwise ---- */
extern const tn_d_row tn_mov_rows[3][3]; /* [bank][a: S A P][d: S A P]: d, a */
extern const tn_d_row tn_const_rows[2];  /* [int or float][d]: d; the 64-bit constant: 3 cells */
extern const tn_d_row tn_imm_row;        /* int [d]: d, IMM zero-extended */
HANDLER(tn_h_fuel);                      /* 64 bits: what is charged */
HANDLER(tn_h_mov2);                      /* d, a, d2, a2: two moves of slots, in order */
HANDLER(tn_h_const_v128);                /* d; 16 bytes: 4 cells */
HANDLER(tn_h_mov_wide);                  /* u32 d, u32 a */
HANDLER(tn_h_mov_wide_v128);
HANDLER(tn_h_copy);    /* u32 d, u32 a; u32 count: count slots, downwards; 3 cells */
HANDLER(tn_h_pin_int); /* -, a */
HANDLER(tn_h_pin_float);
extern const tn_d_row tn_global_get_rows[3]; /* [bank][d]: d, IMM: global */
extern const tn_d_row tn_global_set_rows[3]; /* [bank][a: S A P]: -, a, IMM: global */
extern const tn_d_row tn_select_rows[3][3];  /* [bank][c: S A P][d]: d, a, b, c */

/* ---- control ---- */
HANDLER(tn_h_br);                             /* target */
extern const tn_handler tn_br_table_row[3];   /* [a: S A P]: -, a, IMM: count; count + 1 targets, the default last */
extern const tn_handler tn_return_rows[3][4]; /* [bank][a: S A P I]: -, a or IMM; u32 slots of parameters; 3 cells */
HANDLER(tn_h_return_void);                    /* u32: slots of parameters */
HANDLER(tn_h_return_many);                    /* u32 a, u32 count; u32 slots of parameters; 3 cells */
HANDLER(tn_h_unreachable);
HANDLER(tn_h_trap); /* u32: trap */

/* ---- calls: u32 place of the arguments, u32 their slots ---- */
HANDLER(tn_h_call);        /* entry; 3 cells */
HANDLER(tn_h_call_import); /* u32 function; 3 cells */
extern const tn_handler
    tn_call_indirect_row[3]; /* [index: S A P]; u32 type, u32 table; u32 index slot at OP_A of cell 3; 4 cells */
HANDLER(tn_h_call_ref);      /* u32 slot of the reference; 3 cells */
/* Tail calls have one more cell: u32 slots of the current function's parameters. */
HANDLER(tn_h_return_call);
HANDLER(tn_h_return_call_import);
HANDLER(tn_h_return_call_indirect); /* u32 type, u32 table; u32 index slot; parameters: 5 cells */
HANDLER(tn_h_return_call_ref);
HANDLER(tn_h_throw);     /* u32 a, u32 tag */
HANDLER(tn_h_throw_ref); /* u32 a */
HANDLER(tn_h_br_null);   /* -, a; target: branches when the slot is null; 3 cells */
HANDLER(tn_h_br_non_null);
HANDLER(tn_h_translate); /* u32 own function */
/* Where compiled code may come: at the start of a function, 2 cells: tn_hot; at the head of a loop, 4 cells: tn_hot;
 * u32 loop, u32 slots of parameters; u32 first slot behind the return record, u32 slots from there to the operands'
 * end. */
HANDLER(tn_h_count_call);
HANDLER(tn_h_count_loop);

/* What returns find below the first frame, when the host or compiled code has called it; and below a frame of another
 * instance. */
extern const tn_cell tn_exit_cells[1];
extern const tn_cell tn_leave_cells[1];
extern const tn_cell tn_bridge_cells[1];

/* ---- everything rare: a C function over slots; 5 cells: u32 place, u32 x; function; u32 y, u32 z; u64 w ---- */
typedef tenon_trap tn_slow(tenon_instance *in, tn_slot *s, const tn_cell *pc);
HANDLER(tn_h_slow);
#define SLOW_X pc[1].u32[1]
#define SLOW_Y pc[3].u32[0]
#define SLOW_Z pc[3].u32[1]
#define SLOW_W pc[4].u64
/* By instruction; operands are taken from s[0] on and results put there. */
extern tn_slow *const tn_slow_ops[TN_OP_COUNT];

/* ---- vectors ---- */
/* d, a, b, c in slots; a lane in c; shuffle has 16 bytes behind, lane accesses memory in b, offset and lane behind. */
extern const tn_handler tn_plain_rows[TN_OP_COUNT];

/* ---- in run.c ---- */
/* Calls a host function; false: the guest ends or goes on in a catch clause, see tn_interp_resume. */
bool tn_interp_call_host(tenon_func *func, tenon_instance *in, tn_slot *args, const tn_cell *pc, tn_slot *fp);
/* After a host call that did not return: when it suspended the guest, notes where that goes on. */
/* Looks for a catch clause from pc on outwards; true: the store's trap_pc, trap_fp, trap_instance say where to go on.
 */
bool tn_interp_unwind(tenon_store *store, const tn_cell *pc, tn_slot *fp, tenon_instance *in, tn_exception *e);
/* Calls compiled code that takes its arguments from fp on, and says where to go on; pc NULL: the run ends. */
typedef struct tn_native_call {
    const tn_cell *pc;
    tn_slot *fp;
    tenon_instance *in;
} tn_native_call;
tn_native_call tn_interp_call_native(tenon_instance *in, tn_slot *fp, uint32_t own);
/* What is known of a function that may become hot; shared by threads. */
typedef struct tn_hot_loop {
    void *native; /* NULL until there is a way into it */
    bool asked;
} tn_hot_loop;
typedef struct tn_hot {
    int32_t budget; /* falls with every call and round */
    uint32_t own;
    bool asked;
    uint32_t loop_count;
    tn_hot_loop loops[];
} tn_hot;
/* The budget is used up: asks for code, if nobody has; true when there is some for the call, or for the loop. */
bool tn_interp_is_ready(tenon_instance *in, tn_hot *hot, uint32_t loop);
/* Goes on in compiled code, from the head of a loop; the frame is given up. */
tn_native_call tn_interp_enter_loop(tenon_instance *in, tn_slot *fp, const tn_cell *pc);
/* Makes the code of an own function; false: out of memory, noted. */
tenon_trap tn_interp_translate(tenon_instance *in, uint32_t own);

#endif
