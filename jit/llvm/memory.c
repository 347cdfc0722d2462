/* SPDX-License-Identifier: MIT
 * Accesses to memories (specification 4.4.7, threads 4.4.8). On a guarded memory 0 an access is its own check: the
 * fault becomes a trap, so loads are ordered like stores (volatile); what a trap leaves behind is exact. Elsewhere one
 * comparison with the size goes ahead.
 */
#include "jit/llvm/build.h"

typedef enum kind { KIND_NONE, KIND_LOAD, KIND_STORE, KIND_EXTEND, KIND_SPLAT, KIND_ZERO, KIND_LANE } kind;

typedef struct access {
    uint8_t kind;
    uint8_t bits; /* in memory; of a lane for vectors */
    uint8_t is_signed;
} access;

/* ---- addresses ---- */

static LLVMValueRef byte_at(tn_fn *f, LLVMValueRef base, LLVMValueRef index)
{
    return LLVMBuildGEP2(f->b, f->u->t.i8, base, &index, 1, "");
}

/* Compares index + offset + width with the size; all in 64 bits. */
static LLVMValueRef checked_address(tn_fn *f, uint32_t memory, LLVMValueRef index, uint64_t offset, uint64_t width,
                                    bool is64)
{
    tn_unit *u = f->u;
    uint64_t beyond;
    LLVMValueRef memories = tn_load_field(u, u->t.ptr, f->vmctx, offsetof(tenon_instance, memories), TN_ALIAS_CONSTANT);
    LLVMValueRef m = tn_load_field(u, u->t.ptr, memories, memory * sizeof(void *), TN_ALIAS_CONSTANT);
    LLVMValueRef size = tn_load_field(u, u->t.i64, m, offsetof(tenon_memory, size), TN_ALIAS_VMCTX);
    LLVMValueRef outside;

    if (__builtin_add_overflow(offset, width, &beyond)) {
        outside = LLVMConstInt(u->t.i1, 1, false);
    } else {
        LLVMValueRef end = LLVMBuildAdd(f->b, index, tn_i64(u, beyond), "");
        outside = LLVMBuildICmp(f->b, LLVMIntUGT, end, size, "");
        if (is64)
            outside = LLVMBuildOr(f->b, outside, LLVMBuildICmp(f->b, LLVMIntULT, end, index, ""), "");
    }
    tn_trap_if(f, outside, TENON_TRAP_MEMORY_BOUNDS);
    LLVMValueRef base = tn_load_field(u, u->t.ptr, m, offsetof(tenon_memory, base), TN_ALIAS_VMCTX);
    return byte_at(f, base, LLVMBuildAdd(f->b, index, tn_i64(u, offset), ""));
}

static LLVMValueRef address(tn_fn *f, LLVMValueRef index, uint64_t width, bool *faults)
{
    uint32_t memory = f->in.a;
    uint64_t offset = f->in.imm.bits;
    bool is64 = f->m->memories[memory].is64;

    tn_locate(f);
    if (!is64)
        index = LLVMBuildZExt(f->b, index, f->u->t.i64, "");
    *faults = memory == 0 && f->memory0 != NULL && offset < TN_GUARD_SIZE;
    if (*faults)
        return tn_at(f->u, byte_at(f, f->memory0, index), offset);
    return checked_address(f, memory, index, offset, width, is64);
}

/* ---- loads and stores ---- */

static LLVMValueRef load(tn_fn *f, LLVMTypeRef type, LLVMValueRef at, bool faults)
{
    LLVMValueRef value = LLVMBuildLoad2(f->b, type, at, "");

    LLVMSetAlignment(value, 1);
    LLVMSetVolatile(value, faults);
    tn_set_alias(f->u, value, TN_ALIAS_MEMORY);
    return value;
}

static void store(tn_fn *f, LLVMValueRef value, LLVMValueRef at)
{
    LLVMValueRef s = LLVMBuildStore(f->b, value, at);

    LLVMSetAlignment(s, 1);
    LLVMSetVolatile(s, true);
    tn_set_alias(f->u, s, TN_ALIAS_MEMORY);
}

static LLVMTypeRef bits_type(tn_fn *f, unsigned bits)
{
    return LLVMIntTypeInContext(f->u->context, bits);
}

static tenon_status build_load(tn_fn *f, const access *a)
{
    uint8_t type = tn_op_infos[f->in.op].sig.types[1];
    LLVMTypeRef whole = tn_ir_type(f->u, type), narrow = whole;
    bool faults;

    if (type == TN_I32 || type == TN_I64)
        narrow = bits_type(f, a->bits);
    LLVMValueRef at = address(f, tn_pop(f), a->bits / 8, &faults);
    LLVMValueRef value = load(f, narrow, at, faults);
    if (narrow != whole)
        value = LLVMBuildCast(f->b, a->is_signed ? LLVMSExt : LLVMZExt, value, whole, "");
    return tn_push(f, type, value);
}

static tenon_status build_store(tn_fn *f, const access *a)
{
    LLVMValueRef value = tn_pop(f);
    LLVMTypeRef type = LLVMTypeOf(value);
    bool faults;
    LLVMValueRef at = address(f, tn_pop(f), a->bits / 8, &faults);

    if ((type == f->u->t.i32 && a->bits < 32) || (type == f->u->t.i64 && a->bits < 64))
        value = LLVMBuildTrunc(f->b, value, bits_type(f, a->bits), "");
    store(f, value, at);
    return TENON_OK;
}

/* ---- vectors ---- */

static tenon_status push_vector(tn_fn *f, LLVMValueRef v)
{
    return tn_push(f, TN_V128, LLVMBuildBitCast(f->b, v, f->u->t.v128, ""));
}

/* Eight bytes, each lane twice as wide. */
static tenon_status build_extend(tn_fn *f, const access *a)
{
    unsigned lanes = 64u / a->bits;
    bool faults;
    LLVMValueRef at = address(f, tn_pop(f), 8, &faults);
    LLVMValueRef narrow =
        LLVMBuildBitCast(f->b, load(f, f->u->t.i64, at, faults), LLVMVectorType(bits_type(f, a->bits), lanes), "");

    return push_vector(f, LLVMBuildCast(f->b, a->is_signed ? LLVMSExt : LLVMZExt, narrow,
                                        LLVMVectorType(bits_type(f, 2u * a->bits), lanes), ""));
}

/* One lane in all places, or in the first with zeros behind. */
static tenon_status build_splat(tn_fn *f, const access *a)
{
    unsigned lanes = 128u / a->bits;
    LLVMTypeRef type = LLVMVectorType(bits_type(f, a->bits), lanes);
    bool faults;
    LLVMValueRef at = address(f, tn_pop(f), a->bits / 8, &faults), zero = tn_i32(f->u, 0);
    LLVMValueRef lane = load(f, bits_type(f, a->bits), at, faults);
    LLVMValueRef v = a->kind == KIND_ZERO ? LLVMConstNull(type) : LLVMGetPoison(type);

    v = LLVMBuildInsertElement(f->b, v, lane, zero, "");
    if (a->kind == KIND_SPLAT)
        v = LLVMBuildShuffleVector(f->b, v, v, LLVMConstNull(LLVMVectorType(f->u->t.i32, lanes)), "");
    return push_vector(f, v);
}

static tenon_status build_lane(tn_fn *f, const access *a)
{
    LLVMTypeRef lane = bits_type(f, a->bits), type = LLVMVectorType(lane, 128u / a->bits);
    LLVMValueRef v = LLVMBuildBitCast(f->b, tn_pop(f), type, ""), index = tn_i32(f->u, f->in.lane);
    bool faults;
    LLVMValueRef at = address(f, tn_pop(f), a->bits / 8, &faults);

    if (tn_op_infos[f->in.op].sig.pushes == 0) {
        store(f, LLVMBuildExtractElement(f->b, v, index, ""), at);
        return TENON_OK;
    }
    return push_vector(f, LLVMBuildInsertElement(f->b, v, load(f, lane, at, faults), index, ""));
}

/* clang-format off */
#define ROW(id, k, b, s) [TN_OP_##id] = { KIND_##k, b, s }
#define LANES(b) ROW(V128_LOAD##b##_SPLAT, SPLAT, b, 0), ROW(V128_LOAD##b##_LANE, LANE, b, 0), \
                 ROW(V128_STORE##b##_LANE, LANE, b, 0)
static const access accesses[TN_OP_COUNT] = {
    ROW(I32_LOAD, LOAD, 32, 0), ROW(I64_LOAD, LOAD, 64, 0), ROW(F32_LOAD, LOAD, 32, 0), ROW(F64_LOAD, LOAD, 64, 0),
    ROW(I32_LOAD8_S, LOAD, 8, 1), ROW(I32_LOAD8_U, LOAD, 8, 0), ROW(I32_LOAD16_S, LOAD, 16, 1),
    ROW(I32_LOAD16_U, LOAD, 16, 0), ROW(I64_LOAD8_S, LOAD, 8, 1), ROW(I64_LOAD8_U, LOAD, 8, 0),
    ROW(I64_LOAD16_S, LOAD, 16, 1), ROW(I64_LOAD16_U, LOAD, 16, 0), ROW(I64_LOAD32_S, LOAD, 32, 1),
    ROW(I64_LOAD32_U, LOAD, 32, 0), ROW(V128_LOAD, LOAD, 128, 0),
    ROW(I32_STORE, STORE, 32, 0), ROW(I64_STORE, STORE, 64, 0), ROW(F32_STORE, STORE, 32, 0),
    ROW(F64_STORE, STORE, 64, 0), ROW(I32_STORE8, STORE, 8, 0), ROW(I32_STORE16, STORE, 16, 0),
    ROW(I64_STORE8, STORE, 8, 0), ROW(I64_STORE16, STORE, 16, 0), ROW(I64_STORE32, STORE, 32, 0),
    ROW(V128_STORE, STORE, 128, 0),
    ROW(V128_LOAD8X8_S, EXTEND, 8, 1), ROW(V128_LOAD8X8_U, EXTEND, 8, 0), ROW(V128_LOAD16X4_S, EXTEND, 16, 1),
    ROW(V128_LOAD16X4_U, EXTEND, 16, 0), ROW(V128_LOAD32X2_S, EXTEND, 32, 1), ROW(V128_LOAD32X2_U, EXTEND, 32, 0),
    LANES(8), LANES(16), LANES(32), LANES(64),
    ROW(V128_LOAD32_ZERO, ZERO, 32, 0), ROW(V128_LOAD64_ZERO, ZERO, 64, 0),
};
/* clang-format on */

/* ---- atomics ---- */

typedef struct atomic {
    bool exists, is_load, is_store, is_exchange; /* none of the last three: how */
    LLVMAtomicRMWBinOp how;
    uint8_t bits;
} atomic;

/* In bounds first, then aligned. */
static LLVMValueRef atomic_address(tn_fn *f, LLVMValueRef index, unsigned bits)
{
    bool is64 = f->m->memories[f->in.a].is64;

    tn_locate(f);
    if (!is64)
        index = LLVMBuildZExt(f->b, index, f->u->t.i64, "");
    LLVMValueRef at = checked_address(f, f->in.a, index, f->in.imm.bits, bits / 8, is64);
    LLVMValueRef sum = LLVMBuildAdd(f->b, index, tn_i64(f->u, f->in.imm.bits), "");
    LLVMValueRef low = LLVMBuildAnd(f->b, sum, tn_i64(f->u, bits / 8 - 1), "");
    tn_trap_if(f, LLVMBuildICmp(f->b, LLVMIntNE, low, tn_i64(f->u, 0), ""), TENON_TRAP_UNALIGNED_ATOMIC);
    return at;
}

static void order(LLVMValueRef access, unsigned bits)
{
    LLVMSetOrdering(access, LLVMAtomicOrderingSequentiallyConsistent);
    LLVMSetAlignment(access, bits / 8);
    LLVMSetVolatile(access, true);
}

static LLVMValueRef resized(tn_fn *f, LLVMValueRef v, LLVMTypeRef type)
{
    return LLVMTypeOf(v) == type ? v : LLVMBuildIntCast2(f->b, v, type, false, "");
}

static tenon_status push_atomic(tn_fn *f, LLVMValueRef value)
{
    const tn_sig *sig = &tn_op_infos[f->in.op].sig;
    uint8_t type = sig->types[sig->pops];

    return tn_push(f, type, resized(f, value, tn_ir_type(f->u, type)));
}

static tenon_status build_atomic(tn_fn *f, const atomic *a)
{
    LLVMTypeRef type = bits_type(f, a->bits);
    LLVMAtomicOrdering strict = LLVMAtomicOrderingSequentiallyConsistent;
    LLVMValueRef b = a->is_load ? NULL : resized(f, tn_pop(f), type);
    LLVMValueRef expected = a->is_exchange ? resized(f, tn_pop(f), type) : NULL;
    LLVMValueRef at = atomic_address(f, tn_pop(f), a->bits), result;

    if (a->is_store) {
        order(LLVMBuildStore(f->b, b, at), a->bits);
        return TENON_OK;
    }
    if (a->is_load) {
        result = LLVMBuildLoad2(f->b, type, at, "");
        order(result, a->bits);
    } else if (a->is_exchange) {
        result = LLVMBuildAtomicCmpXchg(f->b, at, expected, b, strict, strict, false);
        LLVMSetVolatile(result, true);
        result = LLVMBuildExtractValue(f->b, result, 0, "");
    } else {
        result = LLVMBuildAtomicRMW(f->b, a->how, at, b, strict, false);
        LLVMSetVolatile(result, true);
    }
    return push_atomic(f, result);
}

/* clang-format off */
#define RMW(P, w, u, b, NAME, binop)                                                                 \
    [TN_OP_##P##RMW##w##_##NAME##u] = { .exists = true, .bits = b, .how = LLVMAtomicRMWBinOp##binop },
#define ATOMICS(P, w, u, b)                                                                          \
    [TN_OP_##P##LOAD##w##u] = { .exists = true, .is_load = true, .bits = b },                        \
    [TN_OP_##P##STORE##w] = { .exists = true, .is_store = true, .bits = b },                         \
    RMW(P, w, u, b, ADD, Add) RMW(P, w, u, b, SUB, Sub) RMW(P, w, u, b, AND, And)                    \
    RMW(P, w, u, b, OR, Or) RMW(P, w, u, b, XOR, Xor) RMW(P, w, u, b, XCHG, Xchg)                    \
    [TN_OP_##P##RMW##w##_CMPXCHG##u] = { .exists = true, .is_exchange = true, .bits = b },
static const atomic atomics[TN_OP_COUNT] = {
    ATOMICS(I32_ATOMIC_, , , 32) ATOMICS(I64_ATOMIC_, , , 64) ATOMICS(I32_ATOMIC_, 8, _U, 8)
    ATOMICS(I32_ATOMIC_, 16, _U, 16) ATOMICS(I64_ATOMIC_, 8, _U, 8) ATOMICS(I64_ATOMIC_, 16, _U, 16)
    ATOMICS(I64_ATOMIC_, 32, _U, 32)
};
/* clang-format on */

/* Nobody waits: waiting on shared memories comes with threads. */
static tenon_status build_notify(tn_fn *f)
{
    tn_pop(f);
    atomic_address(f, tn_pop(f), 32);
    return tn_push(f, TN_I32, tn_i32(f->u, 0));
}

static tenon_status build_wait(tn_fn *f, unsigned bits)
{
    LLVMValueRef memory = tn_i32(f->u, f->in.a);

    tn_pop(f);
    tn_pop(f);
    atomic_address(f, tn_pop(f), bits);
    tn_trap_with(f, tn_call_leaf(f->u, f->vmctx, TN_LEAF_ATOMIC_WAIT, f->u->t.i32, &memory, 1));
    return tn_push(f, TN_I32, tn_i32(f->u, 0));
}

/* ---- whole memories ---- */

static tenon_status build_size(tn_fn *f)
{
    tn_unit *u = f->u;
    bool is64 = f->m->memories[f->in.a].is64;
    LLVMValueRef memories = tn_load_field(u, u->t.ptr, f->vmctx, offsetof(tenon_instance, memories), TN_ALIAS_CONSTANT);
    LLVMValueRef m = tn_load_field(u, u->t.ptr, memories, f->in.a * sizeof(void *), TN_ALIAS_CONSTANT);
    LLVMValueRef pages = tn_load_field(u, u->t.i64, m, offsetof(tenon_memory, pages), TN_ALIAS_VMCTX);

    return tn_push(f, is64 ? TN_I64 : TN_I32, is64 ? pages : LLVMBuildTrunc(f->b, pages, u->t.i32, ""));
}

static tenon_status build_grow(tn_fn *f)
{
    bool is64 = f->m->memories[f->in.a].is64;
    LLVMValueRef old = tn_build_exit(f, TN_EXIT_MEMORY_GROW, tn_i64(f->u, f->in.a), tn_as_i64(f, tn_pop(f)), false);

    return tn_push(f, is64 ? TN_I64 : TN_I32, is64 ? old : LLVMBuildTrunc(f->b, old, f->u->t.i32, ""));
}

static tenon_status build_bulk(tn_fn *f)
{
    tn_unit *u = f->u;
    LLVMValueRef n = tn_pop(f), source = tn_pop(f), to = tn_as_i64(f, tn_pop(f));
    LLVMValueRef a = tn_i32(u, f->in.a), b = tn_i32(u, f->in.b);

    switch (f->in.op) {
    case TN_OP_MEMORY_COPY:
        return tn_build_leaf(f, TN_LEAF_MEMORY_COPY,
                             (LLVMValueRef[]){ a, b, to, tn_as_i64(f, source), tn_as_i64(f, n) }, 5);
    case TN_OP_MEMORY_FILL:
        return tn_build_leaf(f, TN_LEAF_MEMORY_FILL, (LLVMValueRef[]){ a, to, source, tn_as_i64(f, n) }, 4);
    default:
        return tn_build_leaf(f, TN_LEAF_MEMORY_INIT, (LLVMValueRef[]){ a, b, to, source, n }, 5);
    }
}

/* ---- all of them ---- */

static tenon_status build_other(tn_fn *f)
{
    switch (f->in.op) {
    case TN_OP_MEMORY_SIZE:
        return build_size(f);
    case TN_OP_MEMORY_GROW:
        return build_grow(f);
    case TN_OP_MEMORY_COPY:
    case TN_OP_MEMORY_FILL:
    case TN_OP_MEMORY_INIT:
        return build_bulk(f);
    case TN_OP_MEMORY_ATOMIC_NOTIFY:
        return build_notify(f);
    case TN_OP_MEMORY_ATOMIC_WAIT32:
        return build_wait(f, 32);
    case TN_OP_MEMORY_ATOMIC_WAIT64:
        return build_wait(f, 64);
    case TN_OP_ATOMIC_FENCE:
        LLVMBuildFence(f->b, LLVMAtomicOrderingSequentiallyConsistent, false, "");
        return TENON_OK;
    default:
        return TENON_UNSUPPORTED;
    }
}

tenon_status tn_build_memory(tn_fn *f)
{
    const access *a = &accesses[f->in.op];

    switch ((kind)a->kind) {
    case KIND_LOAD:
        return build_load(f, a);
    case KIND_STORE:
        return build_store(f, a);
    case KIND_EXTEND:
        return build_extend(f, a);
    case KIND_SPLAT:
    case KIND_ZERO:
        return build_splat(f, a);
    case KIND_LANE:
        return build_lane(f, a);
    case KIND_NONE:
        break;
    }
    return atomics[f->in.op].exists ? build_atomic(f, &atomics[f->in.op]) : build_other(f);
}
