/* SPDX-License-Identifier: MIT
 * Instructions that are rare or long enough for a C call: memory and table operations, references, atomics, wide
 * arithmetic. Operands lie in s[0], s[1], …; results go to s[0].
 */
#include <stdatomic.h>

#include "runtime/interp/handlers.h"
#include "runtime/vm/bulk.h"

#define SLOW(name) \
    static tenon_trap name(TN_UNUSED tenon_instance *in, TN_UNUSED tn_slot *s, TN_UNUSED const tn_cell *pc)

/* ---- memories ---- */

SLOW(slow_MEMORY_SIZE)
{
    s[0].i64 = in->memories[SLOW_X]->pages;
    return TENON_TRAP_NONE;
}

SLOW(slow_MEMORY_GROW)
{
    tenon_memory *memory = in->memories[SLOW_X];
    uint64_t old = tn_memory_grow(memory, s[0].i64);
    s[0].i64 = memory->type.is64 ? old : (uint32_t)old;
    return tn_must_end(in->store) ? TENON_TRAP_INTERRUPTED : TENON_TRAP_NONE;
}

SLOW(slow_MEMORY_FILL)
{
    return tn_memory_fill(in, SLOW_X, s[0].i64, (uint8_t)s[1].i32, s[2].i64);
}

SLOW(slow_MEMORY_COPY)
{
    return tn_memory_copy(in, SLOW_X, SLOW_Y, s[0].i64, s[1].i64, s[2].i64);
}

SLOW(slow_MEMORY_INIT)
{
    return tn_memory_init(in, SLOW_Y, SLOW_X, s[0].i64, s[1].i32, s[2].i32);
}

SLOW(slow_DATA_DROP)
{
    in->dropped_datas[SLOW_X] = 1;
    return TENON_TRAP_NONE;
}

/* ---- tables ---- */

SLOW(slow_TABLE_GET)
{
    const tenon_table *table = in->tables[SLOW_X];
    if (s[0].i64 >= table->size)
        return TENON_TRAP_TABLE_BOUNDS;
    s[0].i64 = table->elems[s[0].i64];
    return TENON_TRAP_NONE;
}

SLOW(slow_TABLE_SET)
{
    tenon_table *table = in->tables[SLOW_X];
    if (s[0].i64 >= table->size)
        return TENON_TRAP_TABLE_BOUNDS;
    table->elems[s[0].i64] = s[1].ref;
    return TENON_TRAP_NONE;
}

SLOW(slow_TABLE_SIZE)
{
    s[0].i64 = in->tables[SLOW_X]->size;
    return TENON_TRAP_NONE;
}

SLOW(slow_TABLE_GROW)
{
    tenon_table *table = in->tables[SLOW_X];
    uint64_t old = tn_table_grow(table, s[1].i64, s[0].ref);
    s[0].i64 = table->type.limits.is64 ? old : (uint32_t)old;
    return tn_must_end(in->store) ? TENON_TRAP_INTERRUPTED : TENON_TRAP_NONE;
}

SLOW(slow_TABLE_FILL)
{
    return tn_table_fill(in, SLOW_X, s[0].i64, s[1].ref, s[2].i64);
}

SLOW(slow_TABLE_COPY)
{
    return tn_table_copy(in, SLOW_X, SLOW_Y, s[0].i64, s[1].i64, s[2].i64);
}

SLOW(slow_TABLE_INIT)
{
    return tn_table_init(in, SLOW_Y, SLOW_X, s[0].i64, s[1].i32, s[2].i32);
}

SLOW(slow_ELEM_DROP)
{
    in->dropped_elems[SLOW_X] = 1;
    return TENON_TRAP_NONE;
}

/* ---- references ---- */

SLOW(slow_REF_FUNC)
{
    s[0].pointer = tn_instance_func(in, SLOW_X);
    return TENON_TRAP_NONE;
}

SLOW(slow_REF_AS_NON_NULL)
{
    return s[0].i64 == 0 ? TENON_TRAP_NULL_REFERENCE : TENON_TRAP_NONE;
}

/* ---- wide arithmetic ---- */

#define WIDE(id, n)                       \
    SLOW(slow_##id)                       \
    {                                     \
        uint64_t operands[n], results[2]; \
        for (int i = 0; i < n; i++)       \
            operands[i] = s[i].i64;       \
        tn_num_##id(operands, results);   \
        s[0].i64 = results[0];            \
        s[1].i64 = results[1];            \
        return TENON_TRAP_NONE;           \
    }
WIDE(I64_ADD128, 4)
WIDE(I64_SUB128, 4)
WIDE(I64_MUL_WIDE_S, 2)
WIDE(I64_MUL_WIDE_U, 2)

/* ---- atomics: SLOW_X memory, SLOW_W offset ---- */

static tenon_trap atomic_address(const tenon_instance *in, const tn_slot *s, const tn_cell *pc, uint64_t bytes,
                                 uint8_t **out)
{
    const tenon_memory *memory = in->memories[SLOW_X];
    uint64_t at;

    if (__builtin_add_overflow(s[0].i64, SLOW_W, &at) || at > memory->size || bytes > memory->size - at)
        return TENON_TRAP_MEMORY_BOUNDS;
    if (at & (bytes - 1))
        return TENON_TRAP_UNALIGNED_ATOMIC;
    *out = memory->base + at;
    return TENON_TRAP_NONE;
}

#define ADDRESS(T)                                              \
    uint8_t *p;                                                 \
    tenon_trap trap = atomic_address(in, s, pc, sizeof(T), &p); \
    if (trap != TENON_TRAP_NONE)                                \
        return trap;                                            \
    _Atomic T *a = (_Atomic T *)p;
#define ATOMIC_LOAD(id, T)         \
    SLOW(slow_##id)                \
    {                              \
        ADDRESS(T)                 \
        s[0].i64 = atomic_load(a); \
        return TENON_TRAP_NONE;    \
    }
#define ATOMIC_STORE(id, T)           \
    SLOW(slow_##id)                   \
    {                                 \
        ADDRESS(T)                    \
        atomic_store(a, (T)s[1].i64); \
        return TENON_TRAP_NONE;       \
    }
#define ATOMIC_RMW(id, T, operation)          \
    SLOW(slow_##id)                           \
    {                                         \
        ADDRESS(T)                            \
        s[0].i64 = operation(a, (T)s[1].i64); \
        return TENON_TRAP_NONE;               \
    }
#define ATOMIC_CMPXCHG(id, T)                                      \
    SLOW(slow_##id)                                                \
    {                                                              \
        ADDRESS(T)                                                 \
        T expected = (T)s[1].i64;                                  \
        atomic_compare_exchange_strong(a, &expected, (T)s[2].i64); \
        s[0].i64 = expected;                                       \
        return TENON_TRAP_NONE;                                    \
    }
/* clang-format off */
/* X(type and width prefix, suffix, C type) */
#define ATOMIC_KINDS(X)                                                                              \
    X(I32_ATOMIC_, , , uint32_t)                                                                     \
    X(I64_ATOMIC_, , , uint64_t)                                                                     \
    X(I32_ATOMIC_, 8, _U, uint8_t)                                                                   \
    X(I32_ATOMIC_, 16, _U, uint16_t) X(I64_ATOMIC_, 8, _U, uint8_t) X(I64_ATOMIC_, 16, _U, uint16_t) \
        X(I64_ATOMIC_, 32, _U, uint32_t)
#define ATOMIC_KIND(P, w, u, T)                         \
    ATOMIC_LOAD(P##LOAD##w##u, T)                       \
    ATOMIC_STORE(P##STORE##w, T)                        \
    ATOMIC_RMW(P##RMW##w##_ADD##u, T, atomic_fetch_add) \
    ATOMIC_RMW(P##RMW##w##_SUB##u, T, atomic_fetch_sub) \
    ATOMIC_RMW(P##RMW##w##_AND##u, T, atomic_fetch_and) \
    ATOMIC_RMW(P##RMW##w##_OR##u, T, atomic_fetch_or)   \
    ATOMIC_RMW(P##RMW##w##_XOR##u, T, atomic_fetch_xor) \
    ATOMIC_RMW(P##RMW##w##_XCHG##u, T, atomic_exchange) \
    ATOMIC_CMPXCHG(P##RMW##w##_CMPXCHG##u, T)
/* clang-format on */
ATOMIC_KINDS(ATOMIC_KIND)

SLOW(slow_MEMORY_ATOMIC_NOTIFY)
{
    ADDRESS(uint32_t)
    (void)a;
    s[0].i64 = 0; /* nobody waits: waiting on shared memories comes with threads */
    return TENON_TRAP_NONE;
}

SLOW(slow_MEMORY_ATOMIC_WAIT32)
{
    ADDRESS(uint32_t)
    (void)a;
    return in->memories[SLOW_X]->type.shared ? TENON_TRAP_UNSUPPORTED : TENON_TRAP_UNSHARED_WAIT;
}

SLOW(slow_MEMORY_ATOMIC_WAIT64)
{
    ADDRESS(uint64_t)
    (void)a;
    return in->memories[SLOW_X]->type.shared ? TENON_TRAP_UNSUPPORTED : TENON_TRAP_UNSHARED_WAIT;
}

SLOW(slow_ATOMIC_FENCE)
{
    atomic_thread_fence(memory_order_seq_cst);
    return TENON_TRAP_NONE;
}

/* clang-format off */
#define ROW(id) [TN_OP_##id] = slow_##id,
#define ATOMIC_ROWS(P, w, u, T)                                                                    \
    ROW(P##LOAD##w##u)                                                                             \
    ROW(P##STORE##w)                                                                               \
    ROW(P##RMW##w##_ADD##u)                                                                        \
    ROW(P##RMW##w##_SUB##u) ROW(P##RMW##w##_AND##u) ROW(P##RMW##w##_OR##u) ROW(P##RMW##w##_XOR##u) \
        ROW(P##RMW##w##_XCHG##u) ROW(P##RMW##w##_CMPXCHG##u)
tn_slow *const tn_slow_ops[TN_OP_COUNT] = {
    ROW(MEMORY_SIZE) ROW(MEMORY_GROW) ROW(MEMORY_FILL) ROW(MEMORY_COPY) ROW(MEMORY_INIT) ROW(DATA_DROP) ROW(TABLE_GET)
        ROW(TABLE_SET) ROW(TABLE_SIZE) ROW(TABLE_GROW) ROW(TABLE_FILL) ROW(TABLE_COPY) ROW(TABLE_INIT) ROW(ELEM_DROP)
            ROW(REF_FUNC) ROW(REF_AS_NON_NULL) ROW(I64_ADD128) ROW(I64_SUB128) ROW(I64_MUL_WIDE_S) ROW(I64_MUL_WIDE_U)
                ATOMIC_KINDS(ATOMIC_ROWS) ROW(MEMORY_ATOMIC_NOTIFY) ROW(MEMORY_ATOMIC_WAIT32) ROW(MEMORY_ATOMIC_WAIT64)
                    ROW(ATOMIC_FENCE)
};
