/* SPDX-License-Identifier: MIT
 * Handlers of moves, branches, calls and returns.
 *
 * A call puts the return record behind the parameters: {pc, fp} of the caller. Calls into another instance put a bridge
 * below the callee's frame, {pc, fp, instance, function}, and the record returns to a cell that takes it down again, so
 * that calls inside an instance pay nothing for it.
 */
#include "runtime/interp/expand.h"
#include "runtime/interp/handlers.h"

#define BRIDGE_SLOTS 4

/* ---- moves ---- */

#define MOV_HANDLER(name, t, a, d)                \
    static HANDLER(h_mov_##name##_##a##d)         \
    {                                             \
        SET_##d##_##t(OP_D, GET_##a##_##t(OP_A)); \
        NEXT(2);                                  \
    }
FOR_AD(MOV_HANDLER, int, i64)
FOR_AD(MOV_HANDLER, float, f64)
FOR_V_AD(MOV_HANDLER, v128, v128)
const tn_d_row tn_mov_rows[3][3] = { ROW_AD(h_mov_int_), ROW_AD(h_mov_float_), ROW_V_AD(h_mov_v128_) };

#define CONST_HANDLER(name, t, field, d)  \
    static HANDLER(h_const_##name##_##d)  \
    {                                     \
        SET_##d##_##t(OP_D, pc[2].field); \
        NEXT(3);                          \
    }
#define IMM_HANDLER(name, d)               \
    static HANDLER(h_##name##_##d)         \
    {                                      \
        SET_##d##_i64(OP_D, GET_I_u32(0)); \
        NEXT(2);                           \
    }
FOR_D(CONST_HANDLER, int, i64, u64)
FOR_D(CONST_HANDLER, float, f64, f64)
FOR_D(IMM_HANDLER, imm)
const tn_d_row tn_const_rows[2] = { ROW_D(h_const_int_), ROW_D(h_const_float_) };
const tn_d_row tn_imm_row = ROW_D(h_imm_);

HANDLER(tn_h_mov2)
{
    fp[OP_D].i64 = fp[OP_A].i64;
    fp[OP_B].i64 = fp[OP_C].i64;
    NEXT(2);
}

HANDLER(tn_h_const_v128)
{
    memcpy(&fp[OP_D], &pc[2], 16);
    NEXT(4);
}

HANDLER(tn_h_mov_wide)
{
    fp[pc[1].u32[0]].i64 = fp[pc[1].u32[1]].i64;
    NEXT(2);
}

HANDLER(tn_h_mov_wide_v128)
{
    tn_set_v128(&fp[pc[1].u32[0]], tn_get_v128(&fp[pc[1].u32[1]]));
    NEXT(2);
}

HANDLER(tn_h_copy)
{
    tn_slot *to = fp + pc[1].u32[0], *from = fp + pc[1].u32[1];
    for (uint32_t i = 0; i < pc[2].u32[0]; i++)
        to[i] = from[i];
    NEXT(3);
}

HANDLER(tn_h_pin_int)
{
#if TN_TAIL_DISPATCH
    pin = fp[OP_A].i64;
#endif
    NEXT(2);
}

HANDLER(tn_h_pin_float)
{
#if TN_TAIL_DISPATCH
    fpin = tn_vec_f64(fp[OP_A].f64);
#endif
    NEXT(2);
}

/* ---- globals ---- */

#define GLOBAL_GET_HANDLER(name, t, d)                 \
    static HANDLER(h_global_get_##name##_##d)          \
    {                                                  \
        const tn_slot *value = in->globals[IMM]->slot; \
        SET_##d##_##t(OP_D, GLOBAL_##t(value));        \
        NEXT(2);                                       \
    }
#define GLOBAL_SET_HANDLER(name, t, a)              \
    static HANDLER(h_global_set_##name##_##a)       \
    {                                               \
        tn_slot *value = in->globals[IMM]->slot;    \
        SET_GLOBAL_##t(value, GET_##a##_##t(OP_A)); \
        NEXT(2);                                    \
    }
#define GLOBAL_i64(p)         (p)->i64
#define GLOBAL_f64(p)         (p)->f64
#define GLOBAL_v128(p)        tn_get_v128(p)
#define SET_GLOBAL_i64(p, v)  (p)->i64 = (v)
#define SET_GLOBAL_f64(p, v)  (p)->f64 = (v)
#define SET_GLOBAL_v128(p, v) tn_set_v128(p, v)
FOR_D(GLOBAL_GET_HANDLER, int, i64)
FOR_D(GLOBAL_GET_HANDLER, float, f64)
GLOBAL_GET_HANDLER(v128, v128, S)
FOR_D(GLOBAL_SET_HANDLER, int, i64)
FOR_D(GLOBAL_SET_HANDLER, float, f64)
GLOBAL_SET_HANDLER(v128, v128, S)
const tn_d_row tn_global_get_rows[3] = { ROW_D(h_global_get_int_),
                                         ROW_D(h_global_get_float_),
                                         { h_global_get_v128_S } };
const tn_d_row tn_global_set_rows[3] = { ROW_D(h_global_set_int_),
                                         ROW_D(h_global_set_float_),
                                         { h_global_set_v128_S } };

/* ---- select ---- */

#define SELECT_HANDLER(name, t, c, d)                                        \
    static HANDLER(h_select_##name##_##c##d)                                 \
    {                                                                        \
        const tn_slot *chosen = GET_##c##_i32(OP_C) ? &fp[OP_A] : &fp[OP_B]; \
        SET_##d##_##t(OP_D, GLOBAL_##t(chosen));                             \
        NEXT(2);                                                             \
    }
FOR_AD(SELECT_HANDLER, int, i64)
FOR_AD(SELECT_HANDLER, float, f64)
SELECT_HANDLER(v128, v128, S, S)
const tn_d_row tn_select_rows[3][3] = { ROW_AD(h_select_int_), ROW_AD(h_select_float_), { { h_select_v128_SS } } };

/* ---- branches ---- */

HANDLER(tn_h_br)
{
    pc = pc[1].target;
    GO;
}

#define BR_TABLE_HANDLER(name, a)                          \
    static HANDLER(h_##name##_##a)                         \
    {                                                      \
        uint32_t index = GET_##a##_i32(OP_A), last = IMM;  \
        pc = pc[2 + (index < last ? index : last)].target; \
        GO;                                                \
    }
FOR_D(BR_TABLE_HANDLER, br_table)
const tn_handler tn_br_table_row[3] = ROW_D(h_br_table_);

HANDLER(tn_h_br_null)
{
    if (fp[OP_A].i64 == 0) {
        pc = pc[2].target;
        GO;
    }
    NEXT(3);
}

HANDLER(tn_h_br_non_null)
{
    if (fp[OP_A].i64 != 0) {
        pc = pc[2].target;
        GO;
    }
    NEXT(3);
}

HANDLER(tn_h_unreachable)
{
    TRAP(TENON_TRAP_UNREACHABLE);
}

HANDLER(tn_h_trap)
{
    TRAP((tenon_trap)pc[1].u32[0]);
}

/* ---- returns ---- */

#define RETURN_HANDLER(name, t, a)                 \
    static HANDLER(h_return_##name##_##a)          \
    {                                              \
        C_SLOT_##t value = GET_##a##_##t(OP_A);    \
        const tn_slot *record = fp + pc[2].u32[0]; \
        pc = record[0].pc;                         \
        tn_slot *caller = record[1].fp;            \
        SET_S_##t(0, value);                       \
        fp = caller;                               \
        GO;                                        \
    }
#define C_SLOT_i64  uint64_t
#define C_SLOT_u32  uint64_t
#define C_SLOT_f64  double
#define C_SLOT_v128 tn_vec
FOR_D(RETURN_HANDLER, int, i64)
RETURN_HANDLER(imm, u32, I)
FOR_D(RETURN_HANDLER, float, f64)
RETURN_HANDLER(v128, v128, S)
#if TN_TAIL_DISPATCH
const tn_handler tn_return_rows[3][4] = { { h_return_int_S, h_return_int_A, h_return_int_P, h_return_imm_I },
                                          { h_return_float_S, h_return_float_A, h_return_float_P },
                                          { h_return_v128_S } };
#else
const tn_handler tn_return_rows[3][4] = { { h_return_int_S, NULL, NULL, h_return_imm_I },
                                          { h_return_float_S },
                                          { h_return_v128_S } };
#endif

HANDLER(tn_h_return_void)
{
    const tn_slot *record = fp + pc[1].u32[0];
    pc = record[0].pc;
    fp = record[1].fp;
    GO;
}

HANDLER(tn_h_return_many)
{
    const tn_slot *from = fp + pc[1].u32[0];
    uint32_t count = pc[1].u32[1];
    tn_slot record[2] = { fp[pc[2].u32[0]], fp[pc[2].u32[0] + 1] };
    for (uint32_t i = 0; i < count; i++)
        fp[i] = from[i];
    pc = record[0].pc;
    fp = record[1].fp;
    GO;
}

static HANDLER(h_exit)
{
    LEAVE;
}
const tn_cell tn_exit_cells[1] = { { .handler = h_exit } };
const tn_cell tn_leave_cells[1] = { { .handler = h_exit } };

static HANDLER(h_bridge)
{
    tn_slot words[BRIDGE_SLOTS] = { fp[0], fp[1], fp[2], fp[3] };
    const tenon_func *func = words[3].pointer;
    for (uint32_t i = 0; i < func->type->result_slots; i++)
        fp[i] = fp[BRIDGE_SLOTS + i];
    pc = words[0].pc;
    fp = words[1].fp;
    in = words[2].pointer;
    mem = in->memory0;
    GO;
}
const tn_cell tn_bridge_cells[1] = { { .handler = h_bridge } };

/* ---- calls ---- */

/* Enters a guest function whose arguments are in place; back is where its return goes on. The frame is compared with
 * the limit before anything is written to it. */
#define ENTER(entry, args, params, back, caller)                                                 \
    do {                                                                                         \
        const tn_entry *e_ = (entry);                                                            \
        tn_slot *frame_ = (args);                                                                \
        const tn_cell *code_ = __atomic_load_n(&e_->code, __ATOMIC_ACQUIRE);                     \
        if (TN_UNLIKELY((uintptr_t)frame_ + TN_FRAME_BYTES(code_) > (uintptr_t)in->stack_limit)) \
            TRAP(TENON_TRAP_STACK_EXHAUSTED);                                                    \
        tn_slot *record_ = frame_ + (params);                                                    \
        record_[0].pc = (back);                                                                  \
        record_[1].fp = (caller);                                                                \
        record_ += 2;                                                                            \
        for (uint32_t n_ = TN_ZERO_SLOTS(code_); n_ > 0; n_--)                                   \
            (record_++)->i64 = 0;                                                                \
        fp = frame_;                                                                             \
        pc = code_;                                                                              \
        GO;                                                                                      \
    } while (0)

HANDLER(tn_h_call)
{
    ENTER((const tn_entry *)pc[2].pointer, fp + pc[1].u32[0], pc[1].u32[1], pc + 3, fp);
}

/* Goes on in the catch clause that tn_interp_unwind has found. */
#define GO_TO_CLAUSE(store)          \
    do {                             \
        (store)->pending = NULL;     \
        pc = (store)->trap_pc;       \
        fp = (store)->trap_fp;       \
        in = (store)->trap_instance; \
        mem = in->memory0;           \
        GO;                          \
    } while (0)

/* After a host call that did not simply return. */
static HANDLER(h_resume)
{
    tenon_store *store = in->store;
    if (!store->resume)
        LEAVE;
    store->resume = false;
    GO_TO_CLAUSE(store);
}
static const tn_cell resume_cells[1] = { { .handler = h_resume } };

/* Calls any function: guest of this instance, guest of another, or host; `cells` is the length of the call. */
#define CALL(func, args, params, cells)                                                              \
    do {                                                                                             \
        tenon_func *f_ = (func);                                                                     \
        tn_slot *a_ = (args);                                                                        \
        if (TN_LIKELY(f_->instance == in))                                                           \
            ENTER(f_->entry, a_, (params), pc + (cells), fp);                                        \
        if (f_->instance == NULL) {                                                                  \
            if (!tn_interp_call_host(f_, in, a_, pc, fp)) {                                          \
                pc = resume_cells;                                                                   \
                GO;                                                                                  \
            }                                                                                        \
            NEXT(cells);                                                                             \
        }                                                                                            \
        if (TN_UNLIKELY((uintptr_t)(a_ + (params) + BRIDGE_SLOTS + 2) > (uintptr_t)in->stack_limit)) \
            TRAP(TENON_TRAP_STACK_EXHAUSTED);                                                        \
        for (uint32_t n_ = (params); n_ > 0; n_--)                                                   \
            a_[n_ - 1 + BRIDGE_SLOTS] = a_[n_ - 1];                                                  \
        a_[0].pc = pc + (cells);                                                                     \
        a_[1].fp = fp;                                                                               \
        a_[2].pointer = in;                                                                          \
        a_[3].pointer = f_;                                                                          \
        uint32_t p_ = (params);                                                                      \
        in = f_->instance;                                                                           \
        mem = in->memory0;                                                                           \
        ENTER(f_->entry, a_ + BRIDGE_SLOTS, p_, tn_bridge_cells, a_);                                \
    } while (0)

HANDLER(tn_h_call_import)
{
    CALL(in->imported_funcs[pc[2].u32[0]], fp + pc[1].u32[0], pc[1].u32[1], 3);
}

/* The function that an indirect call finds, or the trap. */
#define FIND_INDIRECT(func, table_index, type_id, index)                        \
    const tenon_table *table_ = in->tables[table_index];                        \
    uint64_t index_ = (index);                                                  \
    if (TN_UNLIKELY(index_ >= table_->size))                                    \
        TRAP(TENON_TRAP_UNDEFINED_ELEMENT);                                     \
    tenon_func *func = (tenon_func *)table_->elems[index_];                     \
    if (TN_UNLIKELY(func == NULL))                                              \
        TRAP(TENON_TRAP_UNINITIALIZED_ELEMENT);                                 \
    if (TN_UNLIKELY(func->type->id != (type_id)) &&                             \
        !tn_is_subtype_id(in->store->engine->types, func->type->id, (type_id))) \
        TRAP(TENON_TRAP_SIGNATURE_MISMATCH);

#define CALL_INDIRECT_HANDLER(name, a)                                               \
    static HANDLER(h_##name##_##a)                                                   \
    {                                                                                \
        FIND_INDIRECT(func, pc[2].u32[1], pc[2].u32[0], GET_##a##_i64(pc[3].u32[0])) \
        CALL(func, fp + pc[1].u32[0], pc[1].u32[1], 4);                              \
    }
FOR_D(CALL_INDIRECT_HANDLER, call_indirect)
const tn_handler tn_call_indirect_row[3] = ROW_D(h_call_indirect_);

HANDLER(tn_h_call_ref)
{
    tenon_func *func = fp[pc[2].u32[0]].pointer;
    if (TN_UNLIKELY(func == NULL))
        TRAP(TENON_TRAP_NULL_FUNCTION);
    CALL(func, fp + pc[1].u32[0], pc[1].u32[1], 3);
}

/* ---- tail calls: the frame is replaced, its return record stays ---- */

#define REPLACE_FRAME(args, params, own_params, entry)                      \
    do {                                                                    \
        const tn_slot *a_ = (args);                                         \
        tn_slot record0_ = fp[own_params], record1_ = fp[(own_params) + 1]; \
        uint32_t p_ = (params);                                             \
        for (uint32_t n_ = 0; n_ < p_; n_++)                                \
            fp[n_] = a_[n_];                                                \
        ENTER((entry), fp, p_, record0_.pc, record1_.fp);                   \
    } while (0)

HANDLER(tn_h_return_call)
{
    REPLACE_FRAME(fp + pc[1].u32[0], pc[1].u32[1], pc[3].u32[0], (const tn_entry *)pc[2].pointer);
}

/* To a host function or another instance. One bridge is enough for any number of tail calls. */
#define TAIL_CALL(func, args, params, own_params)                                                     \
    do {                                                                                              \
        tenon_func *f_ = (func);                                                                      \
        tn_slot *from_ = (args);                                                                      \
        uint32_t own_ = (own_params), count_ = (params);                                              \
        if (TN_LIKELY(f_->instance == in))                                                            \
            REPLACE_FRAME(from_, count_, own_, f_->entry);                                            \
        tn_slot r0_ = fp[own_], r1_ = fp[own_ + 1];                                                   \
        if (f_->instance == NULL) {                                                                   \
            if (!tn_interp_call_host(f_, in, from_, pc, fp)) {                                        \
                pc = resume_cells;                                                                    \
                GO;                                                                                   \
            }                                                                                         \
            for (uint32_t n_ = 0; n_ < f_->type->result_slots; n_++)                                  \
                fp[n_] = from_[n_];                                                                   \
            pc = r0_.pc;                                                                              \
            fp = r1_.fp;                                                                              \
            GO;                                                                                       \
        }                                                                                             \
        if (r0_.pc == tn_bridge_cells) {                                                              \
            in = f_->instance;                                                                        \
            mem = in->memory0;                                                                        \
            REPLACE_FRAME(from_, count_, own_, f_->entry);                                            \
        }                                                                                             \
        if (TN_UNLIKELY((uintptr_t)(from_ + count_ + BRIDGE_SLOTS + 2) > (uintptr_t)in->stack_limit)) \
            TRAP(TENON_TRAP_STACK_EXHAUSTED);                                                         \
        for (uint32_t n_ = count_; n_ > 0; n_--)                                                      \
            from_[n_ - 1 + BRIDGE_SLOTS] = from_[n_ - 1];                                             \
        for (uint32_t n_ = 0; n_ < count_; n_++)                                                      \
            fp[n_ + BRIDGE_SLOTS] = from_[n_ + BRIDGE_SLOTS];                                         \
        fp[0] = r0_;                                                                                  \
        fp[1] = r1_;                                                                                  \
        fp[2].pointer = in;                                                                           \
        fp[3].pointer = f_;                                                                           \
        in = f_->instance;                                                                            \
        mem = in->memory0;                                                                            \
        ENTER(f_->entry, fp + BRIDGE_SLOTS, count_, tn_bridge_cells, fp);                             \
    } while (0)

HANDLER(tn_h_return_call_import)
{
    TAIL_CALL(in->imported_funcs[pc[2].u32[0]], fp + pc[1].u32[0], pc[1].u32[1], pc[3].u32[0]);
}

HANDLER(tn_h_return_call_indirect)
{
    FIND_INDIRECT(func, pc[2].u32[1], pc[2].u32[0], fp[pc[3].u32[0]].i64)
    TAIL_CALL(func, fp + pc[1].u32[0], pc[1].u32[1], pc[4].u32[0]);
}

HANDLER(tn_h_return_call_ref)
{
    tenon_func *func = fp[pc[2].u32[0]].pointer;
    if (TN_UNLIKELY(func == NULL))
        TRAP(TENON_TRAP_NULL_FUNCTION);
    TAIL_CALL(func, fp + pc[1].u32[0], pc[1].u32[1], pc[3].u32[0]);
}

/* ---- the first call of a function, and those that make it hot ---- */

/* Where the interpreter goes on after compiled code. */
#define GO_ON(call)                   \
    do {                              \
        tn_native_call next = (call); \
        if (next.pc == NULL)          \
            LEAVE;                    \
        pc = next.pc;                 \
        fp = next.fp;                 \
        in = next.in;                 \
        mem = in->memory0;            \
        GO;                           \
    } while (0)

/* One call or round; threads that count at once may lose some. */
#define IS_USED_UP(hot)                                                        \
    ({                                                                         \
        int32_t left_ = __atomic_load_n(&(hot)->budget, __ATOMIC_RELAXED) - 1; \
        __atomic_store_n(&(hot)->budget, left_, __ATOMIC_RELAXED);             \
        TN_UNLIKELY(left_ <= 0);                                               \
    })

/* Operands: what is charged. */
HANDLER(tn_h_fuel)
{
    uint64_t cost = pc[1].u64, have = *in->fuel;

    if (TN_UNLIKELY(have < cost)) {
        tenon_trap trap = tn_burn_more(in->store, cost);
        if (trap != TENON_TRAP_NONE)
            TRAP(trap);
        NEXT(2);
    }
    *in->fuel = have - cost;
    NEXT(2);
}

HANDLER(tn_h_count_call)
{
    tn_hot *hot = (tn_hot *)(uintptr_t)pc[1].pointer;
    if (IS_USED_UP(hot) && tn_interp_is_ready(in, hot, TN_NO_LOOP))
        GO_ON(tn_interp_call_native(in, fp, hot->own));
    NEXT(2);
}

HANDLER(tn_h_count_loop)
{
    tn_hot *hot = (tn_hot *)(uintptr_t)pc[1].pointer;
    if (IS_USED_UP(hot) && tn_interp_is_ready(in, hot, pc[2].u32[0]))
        GO_ON(tn_interp_enter_loop(in, fp, pc));
    NEXT(4);
}

HANDLER(tn_h_translate)
{
    uint32_t own = pc[1].u32[0];
    const tn_entry *entry = &in->entries[own];
    uint32_t params = tn_module_func_type(&in->module->core, in->module->core.imported_funcs + own)->param_slots;

    if (__atomic_load_n(&entry->native, __ATOMIC_ACQUIRE) != NULL)
        GO_ON(tn_interp_call_native(in, fp, own));
    tenon_trap trap = tn_interp_translate(in, own);
    if (trap != TENON_TRAP_NONE)
        TRAP(trap);
    tn_slot r0 = fp[params], r1 = fp[params + 1];
    ENTER(entry, fp, params, r0.pc, r1.fp);
}

/* ---- exceptions ---- */

static HANDLER(h_raise)
{
    tenon_store *store = in->store;
    if (!tn_interp_unwind(store, store->trap_pc, store->trap_fp, in, store->pending))
        LEAVE;
    GO_TO_CLAUSE(store);
}
static const tn_cell raise_cells[1] = { { .handler = h_raise } };

#define RAISE(e)                  \
    do {                          \
        in->store->pending = (e); \
        in->store->trap_pc = pc;  \
        in->store->trap_fp = fp;  \
        pc = raise_cells;         \
        GO;                       \
    } while (0)

HANDLER(tn_h_throw)
{
    tenon_tag *tag = in->tags[pc[1].u32[1]];
    tn_slot *values = fp + pc[1].u32[0];
    tn_exception *e = tn_exception_new(in->store, tag, values, values + tag->type->param_slots);
    if (e == NULL)
        TRAP(TENON_TRAP_OUT_OF_MEMORY);
    RAISE(e);
}

HANDLER(tn_h_throw_ref)
{
    tn_exception *e = fp[pc[1].u32[0]].pointer;
    if (e == NULL)
        TRAP(TENON_TRAP_NULL_REFERENCE);
    RAISE(e);
}

/* ---- everything rare ---- */

HANDLER(tn_h_slow)
{
    tn_slow *slow = (tn_slow *)(uintptr_t)pc[2].pointer;
    tenon_trap trap = slow(in, fp + pc[1].u32[0], pc);
    if (TN_UNLIKELY(trap != TENON_TRAP_NONE))
        TRAP(trap);
    NEXT(5);
}
