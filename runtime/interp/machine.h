/* SPDX-License-Identifier: MIT
 * The interpreter's machine: cells, frames, registers, and the macros that handlers are written in.
 *
 * Slot code is a sequence of 8-byte cells. An instruction is a handler, one cell of operands (four 16-bit numbers of
 * slots, or two and a 32-bit constant) and, for some, more cells. A frame of slots lies on the store's guest stack:
 *
 *     fp -> parameters | return record: pc, fp | locals | operand stack, one place per height
 *
 * A caller evaluates arguments into the top of its own frame; there the callee's frame begins, and there the results
 * are found. Operands are of four classes: S  a slot        A  the accumulator (one for integers, one for floats and
 * vectors; not kept in a slot) P  the pinned local of the innermost loop, in a register; writes go through to its slot,
 * so slots are always valid I  a constant in the operand cell (32 bits, sign-extended; 64 bits in the next cell for
 * floats)
 *
 * Where the compiler guarantees tail calls the state is in registers; elsewhere handlers return the next cell to a
 * loop, and only the classes S and I exist.
 */
#ifndef TN_INTERP_MACHINE_H
#define TN_INTERP_MACHINE_H

#include "base/assert.h"
#include "runtime/vm/runtime.h"

typedef union tn_cell tn_cell;

#if TN_TAIL_DISPATCH
#define TN_PARAMS                                                                                              \
    const tn_cell *pc, tn_slot *fp, uint8_t *mem, tenon_instance *in, uint64_t acc, uint64_t pin, tn_vec facc, \
        tn_vec fpin
#define TN_ARGS pc, fp, mem, in, acc, pin, facc, fpin
typedef TN_PRESERVE_NONE void (*tn_handler)(TN_PARAMS);
#define HANDLER(name) __attribute__((section("tn_handlers"), preserve_none)) void name(TN_PARAMS)
/* Goes to the instruction at pc. */
#define JUMP TN_MUSTTAIL return pc->handler(TN_ARGS)
#define GO                 \
    do {                   \
        TN_COUNT_DISPATCH; \
        JUMP;              \
    } while (0)
#define NEXT(cells)        \
    do {                   \
        pc += (cells);     \
        TN_COUNT_DISPATCH; \
        JUMP;              \
    } while (0)
#define LEAVE return
#else
typedef struct tn_machine {
    tn_slot *fp;
    uint8_t *mem;
    tenon_instance *in;
} tn_machine;
#define TN_PARAMS     const tn_cell *pc, tn_slot *fp, uint8_t *mem, tenon_instance *in, tn_machine *machine
#define TN_ARGS       pc, fp, mem, in, machine
typedef const tn_cell *(*tn_handler)(TN_PARAMS);
#define HANDLER(name) __attribute__((section("tn_handlers"))) const tn_cell *name(TN_PARAMS)
#define GO                  \
    do {                    \
        machine->fp = fp;   \
        machine->mem = mem; \
        machine->in = in;   \
        return pc;          \
    } while (0)
#define NEXT(cells) return pc + (cells)
#define LEAVE       return NULL
#endif

/* Handlers use what they need of the state. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

union tn_cell {
    tn_handler handler;
    uint16_t u16[4];
    uint32_t u32[2];
    int32_t i32[2];
    uint64_t u64;
    double f64;
    float f32;
    const tn_cell *target;
    const void *pointer;
};

/* In the cell in front of a function's code: bytes of its frame from the first argument on, and how many slots behind
 * the return record start as zero. */
#define TN_FRAME_BYTES(code) ((code)[-1].u32[0])
#define TN_ZERO_SLOTS(code)  ((code)[-1].u32[1])

/* ---- operands: d, a, b are 0, 1, 2 in the operand cell; the constant takes places 2 and 3 ---- */

#define OP_D pc[1].u16[0]
#define OP_A pc[1].u16[1]
#define OP_B pc[1].u16[2]
#define OP_C pc[1].u16[3]
#define IMM  pc[1].u32[1]

#define GET_S_i32(n) fp[n].i32
#define GET_S_i64(n) fp[n].i64
#define GET_S_f32(n) fp[n].f32
#define GET_S_f64(n) fp[n].f64
#define GET_I_i32(n) IMM
#define GET_I_i64(n) ((uint64_t)(int64_t)(int32_t)IMM)
/* A constant that is not sign-extended. */
#define GET_I_u32(n)    ((uint64_t)IMM)
#define SET_S_u32       SET_S_i64
#define GET_I_f32(n)    pc[2].f32
#define GET_I_f64(n)    pc[2].f64
#define SET_S_i32(n, v) fp[n].i64 = (uint32_t)(v)
#define SET_S_i64(n, v) fp[n].i64 = (v)
#define SET_S_f64(n, v) fp[n].f64 = (v)
TN_INLINE tn_vec tn_get_v128(const tn_slot *p)
{
    tn_vec v;
    memcpy(&v, p, sizeof v);
    return v;
}
TN_INLINE void tn_set_v128(tn_slot *p, tn_vec v)
{
    memcpy(p, &v, sizeof v);
}
#define GET_S_v128(n)    tn_get_v128(&fp[n])
#define SET_S_v128(n, v) tn_set_v128(&fp[n], v)

#if TN_TAIL_DISPATCH
/* Vectors whose upper part nobody reads, so that a float costs no instruction on its way in or out of one. */
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wuninitialized"
TN_INLINE tn_vec tn_vec_f64(double x)
{
    tn_f64x2 v;
    v[0] = x;
    return (tn_vec)v;
}
TN_INLINE tn_vec tn_vec_f32(float x)
{
    tn_f32x4 v;
    v[0] = x;
    return (tn_vec)v;
}
#pragma clang diagnostic pop
#define GET_A_i32(n)  ((uint32_t)acc)
#define GET_A_i64(n)  acc
#define GET_A_f32(n)  (((tn_f32x4)facc)[0])
#define GET_A_f64(n)  (((tn_f64x2)facc)[0])
#define GET_A_v128(n) facc
#define GET_P_i32(n)  ((uint32_t)pin)
#define GET_P_i64(n)  pin
#define GET_P_f32(n)  (((tn_f32x4)fpin)[0])
#define GET_P_f64(n)  (((tn_f64x2)fpin)[0])
/* A narrow store would not forward to the wide load of a copy. */
#define SET_S_f32(n, v)  fp[n].i64 = tn_vec_f32(v)[0]
#define SET_A_i32(n, v)  acc = (uint32_t)(v)
#define SET_A_i64(n, v)  acc = (v)
#define SET_A_f32(n, v)  facc = tn_vec_f32(v)
#define SET_A_f64(n, v)  facc = tn_vec_f64(v)
#define SET_A_v128(n, v) facc = (v)
#define SET_P_i32(n, v)  pin = (uint32_t)(v), fp[n].i64 = pin
#define SET_P_i64(n, v)  pin = (v), fp[n].i64 = pin
#define SET_P_f32(n, v)  fpin = tn_vec_f32(v), fp[n].i64 = fpin[0]
#define SET_P_f64(n, v)  fpin = tn_vec_f64(v), fp[n].i64 = fpin[0]
#else
#define SET_S_f32(n, v) fp[n].i64 = tn_f32_bits(v)
#endif

/* ---- ways out ---- */

/* Ends the guest: the handler notes where it was and returns to tn_interp_run. */
void tn_interp_note(tenon_instance *in, const tn_cell *pc, tn_slot *fp, tenon_trap trap);
#define TRAP(t)                          \
    do {                                 \
        tn_interp_note(in, pc, fp, (t)); \
        LEAVE;                           \
    } while (0)

/* Whether the place of a fault can be told from the interrupted registers alone; else handlers note it beforehand. */
#if TN_TAIL_DISPATCH && defined(__x86_64__) && defined(__OPTIMIZE__) && !defined(TN_NOTE_FAULTS)
#define TN_RECOVERS_PC 1
#define NOTE_PC        (void)0
#else
#define TN_RECOVERS_PC 0
#define NOTE_PC        (in->store->trap_pc = pc, in->store->trap_fp = fp, in->store->trap_instance = in)
#endif

/* ---- the rows that the translator chooses from ---- */

enum { TN_CLASS_S, TN_CLASS_A, TN_CLASS_P, TN_CLASS_I };

/* Handlers of an instruction by class of a, b and d; NULL where there is none.
 *   binary [a: S A P][b: S A P I][d: S A P]   unary [a: S A P][d: S A P]   branch [a: S A P][b: S A P I] */
typedef tn_handler tn_binary_row[3][4][3];
typedef tn_handler tn_unary_row[3][3];
typedef tn_handler tn_branch_row[3][4];
typedef tn_handler tn_store_row[3][4]; /* address: S A P; value: S A P I */
typedef tn_handler tn_d_row[3];

/* By instruction; NULL when it has none of this kind. */
extern const tn_binary_row *const tn_binary_rows[TN_OP_COUNT];
extern const tn_unary_row *const tn_unary_rows[TN_OP_COUNT];
extern const tn_unary_row *const tn_load_rows[TN_OP_COUNT];  /* guarded memory 0: offset in IMM */
extern const tn_store_row *const tn_store_rows[TN_OP_COUNT]; /* the same */
/* The same with an address that is a sum: of a (S, P) and the 32 bits in the third cell, or of a and b (S, A, P). */
typedef tn_handler tn_sum_load_row[3][3];      /* [a][d] */
typedef tn_handler tn_sum_store_row[3][4];     /* [a][value]; a constant value comes in the fourth cell */
typedef tn_handler tn_index_load_row[3][3][3]; /* [a][b][d] */
extern const tn_sum_load_row *const tn_sum_load_rows[TN_OP_COUNT];
extern const tn_sum_store_row *const tn_sum_store_rows[TN_OP_COUNT];
extern const tn_index_load_row *const tn_index_load_rows[TN_OP_COUNT];
/* x += constant, then a branch on a comparison of x: [x: S P][b: S I]. Cells: x, b, constant; target; b when constant.
 */
typedef tn_handler tn_latch_row[2][2];
extern const tn_latch_row *const tn_latch_rows[TN_OP_COUNT];
extern const tn_handler
    tn_far_loads[TN_OP_COUNT]; /* any memory: address in slot a, memory b, offset in the next cell */
extern const tn_handler tn_far_stores[TN_OP_COUNT]; /* the same; value in slot d */
/* Branch when the comparison (or a & b) is true, or not. */
extern const tn_branch_row *const tn_branch_when_rows[TN_OP_COUNT];
extern const tn_branch_row *const tn_branch_unless_rows[TN_OP_COUNT];

#endif
