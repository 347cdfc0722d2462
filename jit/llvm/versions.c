/* SPDX-License-Identifier: MIT
 * Loops without traps. A loop of one block whose addresses are affine gets a second version, behind one check ahead of
 * it: that no address of the whole trip wraps or leaves the memory, and that what it stores is apart from all else that
 * it touches. In that version addresses are of 64 bits, accesses cannot trap and do not alias, so LLVM may reorder and
 * vectorize them. Where the check fails, the loop runs as it was.
 *
 * Addresses are sums modulo 2^32 of things that do not change in the loop, and of counters; whatever the partial sums
 * did, the address of round k is start + k * step modulo 2^32, and without a wrap on the way when the first and the
 * last lie in the memory. Runs after loops were rotated and given preheaders, with values that leave them in phis
 * (LCSSA).
 */
#include "jit/llvm/versions.h"

#include <stdio.h>
#include <string.h>

#include "runtime/vm/vmctx.h"

#define MAX_LEAVES   6
#define MAX_GROUPS   8
#define MAX_ACCESSES 48
#define MAX_DEPTH    16
#define MAX_BLOCK    400 /* instructions */
#define MAX_STEP     65536
/* Rounds that are worth the check. */
#define FEWEST_ROUNDS 6

/* constant + the sum of leaf * factor + round * step, modulo 2^32. */
typedef struct form {
    uint32_t constant, step;
    unsigned count;
    struct {
        LLVMValueRef value;
        uint32_t factor;
    } leaves[MAX_LEAVES];
} form;

typedef struct access {
    LLVMValueRef instruction;
    uint32_t constant; /* of its address, beyond what the group shares */
    uint64_t offset;   /* that is added without a wrap */
    uint64_t size;
    unsigned group;
} access;

/* Accesses at a constant distance from each other. */
typedef struct group {
    form at;        /* constant: the lowest */
    uint64_t reach; /* bytes from there to the end of the highest */
    bool stores;
    LLVMValueRef first, begin, end; /* of the whole trip: i64 */
    LLVMValueRef pointer;           /* of the first address */
    LLVMValueRef scope, others;     /* metadata: its own accesses, and those that it is apart from */
    LLVMValueRef now;               /* the pointer of this round */
} group;

typedef struct loop {
    tn_unit *u;
    LLVMBuilderRef b;
    LLVMValueRef function, base; /* base: of the memory */
    LLVMBasicBlockRef block, before, after, entry, version;
    access accesses[MAX_ACCESSES];
    unsigned access_count, group_count;
    group groups[MAX_GROUPS];
    bool stores, sums; /* what makes a version worth it */
    /* The loop goes on while `varying` compares so with `bound`. */
    form varying;
    LLVMIntPredicate goes_on;
    LLVMValueRef bound;
    LLVMValueRef rounds, size, ok; /* i64, i64, i1 */
    LLVMValueRef from[MAX_BLOCK], to[MAX_BLOCK];
    unsigned mapped;
} loop;

/* ---- forms ---- */

static bool is_inside(const loop *l, LLVMValueRef v)
{
    return LLVMIsAInstruction(v) != NULL && LLVMGetInstructionParent(v) == l->block;
}

static bool constant_of(LLVMValueRef v, uint32_t *out)
{
    if (LLVMIsAConstantInt(v) == NULL)
        return false;
    *out = (uint32_t)LLVMConstIntGetZExtValue(v);
    return true;
}

static bool add_leaf(form *f, LLVMValueRef value, uint32_t factor)
{
    for (unsigned i = 0; i < f->count; i++)
        if (f->leaves[i].value == value) {
            f->leaves[i].factor += factor;
            return true;
        }
    if (f->count == MAX_LEAVES)
        return false;
    f->leaves[f->count].value = value;
    f->leaves[f->count++].factor = factor;
    return true;
}

/* What comes from outside. */
static bool outside_form(LLVMValueRef v, uint32_t factor, form *out)
{
    uint32_t constant;

    if (!constant_of(v, &constant))
        return add_leaf(out, v, factor);
    out->constant += constant * factor;
    return true;
}

/* A phi that grows by a constant. */
static bool counter_form(const loop *l, LLVMValueRef phi, uint32_t factor, form *out)
{
    unsigned inside = LLVMGetIncomingBlock(phi, 0) == l->block ? 0 : 1;
    LLVMValueRef next = LLVMGetIncomingValue(phi, inside);
    uint32_t step;

    if (!is_inside(l, next) || LLVMGetInstructionOpcode(next) != LLVMAdd || LLVMGetOperand(next, 0) != phi ||
        !constant_of(LLVMGetOperand(next, 1), &step))
        return false;
    out->step += step * factor;
    return outside_form(LLVMGetIncomingValue(phi, 1 - inside), factor, out);
}

static bool is_sum(LLVMValueRef v)
{
    LLVMOpcode op = LLVMGetInstructionOpcode(v);

    return op == LLVMAdd || op == LLVMSub || (op == LLVMOr && LLVMGetIsDisjoint(v));
}

/* Adds v * factor. */
static bool add_form(const loop *l, LLVMValueRef v, uint32_t factor, unsigned depth, form *out)
{
    uint32_t constant;

    if (!is_inside(l, v))
        return outside_form(v, factor, out);
    if (LLVMIsAPHINode(v) != NULL)
        return counter_form(l, v, factor, out);
    if (depth == 0)
        return false;
    if (is_sum(v)) {
        uint32_t second = LLVMGetInstructionOpcode(v) == LLVMSub ? -factor : factor;
        return add_form(l, LLVMGetOperand(v, 0), factor, depth - 1, out) &&
               add_form(l, LLVMGetOperand(v, 1), second, depth - 1, out);
    }
    LLVMOpcode op = LLVMGetInstructionOpcode(v);
    if ((op != LLVMMul && op != LLVMShl) || !constant_of(LLVMGetOperand(v, 1), &constant))
        return false;
    if (op == LLVMShl && constant > 31)
        return false;
    return add_form(l, LLVMGetOperand(v, 0), factor * (op == LLVMMul ? constant : 1u << constant), depth - 1, out);
}

static bool same_leaves(const form *a, const form *b)
{
    if (a->count != b->count || a->step != b->step)
        return false;
    for (unsigned i = 0; i < a->count; i++) {
        bool found = false;
        for (unsigned k = 0; k < b->count; k++)
            found |= a->leaves[i].value == b->leaves[k].value && a->leaves[i].factor == b->leaves[k].factor;
        if (!found)
            return false;
    }
    return true;
}

/* ---- accesses ---- */

/* Whether v is the base of memory 0, which the vmctx holds. */
static bool is_base(const loop *l, LLVMValueRef v)
{
    if (LLVMIsALoadInst(v) == NULL || is_inside(l, v))
        return false;
    LLVMValueRef place = LLVMGetOperand(v, 0);
    return LLVMIsAGetElementPtrInst(place) != NULL && LLVMGetOperand(place, 0) == LLVMGetParam(l->function, 0) &&
           LLVMGetNumOperands(place) == 2 && LLVMIsAConstantInt(LLVMGetOperand(place, 1)) != NULL &&
           LLVMConstIntGetZExtValue(LLVMGetOperand(place, 1)) == offsetof(tenon_instance, memory0);
}

/* Part of an index: a constant, or the one i32 that is zero-extended. */
static bool take_index(LLVMValueRef v, LLVMValueRef *index, uint64_t *offset)
{
    if (LLVMIsAConstantInt(v) != NULL) {
        *offset += LLVMConstIntGetZExtValue(v);
        return *offset < TN_GUARD_SIZE;
    }
    if (LLVMIsAInstruction(v) == NULL)
        return false;
    if (LLVMGetInstructionOpcode(v) == LLVMAdd && LLVMIsAConstantInt(LLVMGetOperand(v, 1)) != NULL)
        return take_index(LLVMGetOperand(v, 0), index, offset) && take_index(LLVMGetOperand(v, 1), index, offset);
    if (LLVMGetInstructionOpcode(v) != LLVMZExt || *index != NULL ||
        LLVMGetIntTypeWidth(LLVMTypeOf(LLVMGetOperand(v, 0))) != 32)
        return false;
    *index = LLVMGetOperand(v, 0);
    return true;
}

/* From a pointer to the address in the memory: an i32 and an offset. */
static bool take_pointer(loop *l, LLVMValueRef p, LLVMValueRef *index, uint64_t *offset)
{
    *index = NULL;
    *offset = 0;
    for (int depth = 0; depth < 4 && LLVMIsAGetElementPtrInst(p) != NULL; depth++) {
        if (LLVMGetNumOperands(p) != 2 || LLVMGetGEPSourceElementType(p) != l->u->t.i8 ||
            !take_index(LLVMGetOperand(p, 1), index, offset))
            return false;
        p = LLVMGetOperand(p, 0);
    }
    if (!is_base(l, p) || *index == NULL)
        return false;
    l->base = p;
    return true;
}

static uint64_t bytes_of(const loop *l, LLVMTypeRef type)
{
    return LLVMStoreSizeOfType(LLVMGetModuleDataLayout(l->u->module), type);
}

/* The group that the address belongs to, or a new one; its lowest constant and its reach come later. */
static bool join_group(loop *l, access *a, const form *at)
{
    for (unsigned i = 0; i < l->group_count; i++)
        if (same_leaves(&l->groups[i].at, at)) {
            a->group = i;
            return true;
        }
    if (l->group_count == MAX_GROUPS)
        return false;
    l->groups[l->group_count] = (group){ .at = *at };
    a->group = l->group_count++;
    return true;
}

static bool add_access(loop *l, LLVMValueRef instruction, LLVMValueRef pointer, LLVMTypeRef type)
{
    form at = { .count = 0 };
    LLVMValueRef index;
    bool stores = LLVMIsAStoreInst(instruction) != NULL;

    if (l->access_count == MAX_ACCESSES)
        return false;
    access *a = &l->accesses[l->access_count];
    *a = (access){ .instruction = instruction };
    if (!take_pointer(l, pointer, &index, &a->offset) || !add_form(l, index, 1, MAX_DEPTH, &at) ||
        (int32_t)at.step >= MAX_STEP || (int32_t)at.step <= -MAX_STEP || !join_group(l, a, &at))
        return false;
    a->size = bytes_of(l, type);
    a->constant = at.constant;
    l->groups[a->group].stores |= stores;
    l->stores |= stores;
    l->access_count++;
    return true;
}

/* The lowest address of each group, and how far it reaches. */
static bool measure_groups(loop *l)
{
    for (unsigned i = 0; i < l->access_count; i++) {
        const access *a = &l->accesses[i];
        group *g = &l->groups[a->group];
        if ((int32_t)(a->constant - g->at.constant) < 0)
            g->at.constant = a->constant;
    }
    for (unsigned i = 0; i < l->access_count; i++) {
        access *a = &l->accesses[i];
        group *g = &l->groups[a->group];
        a->constant -= g->at.constant;
        if (a->constant > TN_GUARD_SIZE)
            return false;
        if (a->constant + a->offset + a->size > g->reach)
            g->reach = a->constant + a->offset + a->size;
    }
    return true;
}

/* ---- what the block may hold ---- */

static bool is_harmless_call(LLVMValueRef call)
{
    static const char *const names[] = { "llvm.fabs.",     "llvm.sqrt.",      "llvm.floor.",    "llvm.ceil.",
                                         "llvm.trunc.",    "llvm.roundeven.", "llvm.rint.",     "llvm.nearbyint.",
                                         "llvm.copysign.", "llvm.umin.",      "llvm.umax.",     "llvm.smin.",
                                         "llvm.smax.",     "llvm.abs.",       "llvm.fshl.",     "llvm.fshr.",
                                         "llvm.ctpop.",    "llvm.uadd.sat.",  "llvm.usub.sat.", "llvm.sadd.sat.",
                                         "llvm.ssub.sat." };
    size_t size;
    LLVMValueRef callee = LLVMGetCalledValue(call);
    const char *name = LLVMIsAFunction(callee) != NULL ? LLVMGetValueName2(callee, &size) : "";

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static bool take_instruction(loop *l, LLVMValueRef i)
{
    switch (LLVMGetInstructionOpcode(i)) {
    case LLVMLoad:
        return add_access(l, i, LLVMGetOperand(i, 0), LLVMTypeOf(i)) &&
               LLVMGetOrdering(i) == LLVMAtomicOrderingNotAtomic;
    case LLVMStore:
        return add_access(l, i, LLVMGetOperand(i, 1), LLVMTypeOf(LLVMGetOperand(i, 0))) &&
               LLVMGetOrdering(i) == LLVMAtomicOrderingNotAtomic;
    case LLVMPHI:
        l->sums |= LLVMGetTypeKind(LLVMTypeOf(i)) == LLVMIntegerTypeKind;
        return LLVMCountIncoming(i) == 2;
    case LLVMCall:
        return is_harmless_call(i);
    case LLVMBr:
    case LLVMICmp:
    case LLVMFCmp:
    case LLVMSelect:
    case LLVMGetElementPtr:
    case LLVMExtractElement:
    case LLVMInsertElement:
    case LLVMShuffleVector:
    case LLVMFNeg:
    case LLVMFreeze:
        return true;
    default:
        return LLVMIsABinaryOperator(i) != NULL || LLVMIsACastInst(i) != NULL;
    }
}

/* How the loop goes on: a comparison of a counter with what does not change. */
static bool take_condition(loop *l, LLVMValueRef branch)
{
    LLVMValueRef c = LLVMGetCondition(branch);
    bool when = LLVMGetSuccessor(branch, 0) == l->block;

    if (LLVMIsAICmpInst(c) == NULL || !is_inside(l, c))
        return false;
    LLVMValueRef a = LLVMGetOperand(c, 0), b = LLVMGetOperand(c, 1);
    LLVMIntPredicate p = LLVMGetICmpPredicate(c);
    if (LLVMTypeOf(a) != l->u->t.i32)
        return false;
    if (!when)
        p = p == LLVMIntEQ    ? LLVMIntNE
            : p == LLVMIntUGE ? LLVMIntULT
            : p == LLVMIntSGE ? LLVMIntSLT
            : p == LLVMIntULE ? LLVMIntUGT
            : p == LLVMIntSLE ? LLVMIntSGT
                              : LLVMIntSLE;
    l->goes_on = p;
    l->bound = b;
    return !is_inside(l, b) && add_form(l, a, 1, MAX_DEPTH, &l->varying);
}

/* ---- the check ---- */

static LLVMValueRef evaluate(loop *l, const form *f)
{
    LLVMValueRef sum = tn_i32(l->u, f->constant);

    for (unsigned i = 0; i < f->count; i++)
        sum =
            LLVMBuildAdd(l->b, sum, LLVMBuildMul(l->b, f->leaves[i].value, tn_i32(l->u, f->leaves[i].factor), ""), "");
    return sum;
}

static void demand(loop *l, LLVMValueRef condition)
{
    l->ok = l->ok == NULL ? condition : LLVMBuildAnd(l->b, l->ok, condition, "");
}

static LLVMValueRef wide(loop *l, LLVMValueRef v)
{
    return LLVMBuildZExt(l->b, v, l->u->t.i64, "");
}

/* Rounds until the counter meets the bound, which it must not step over. */
static void count_to_equal(loop *l, LLVMValueRef start, int32_t step)
{
    bool down = step < 0;
    LLVMValueRef way = LLVMBuildSub(l->b, down ? start : l->bound, down ? l->bound : start, "");
    LLVMValueRef size = tn_i32(l->u, (uint32_t)(down ? -step : step));

    demand(l, LLVMBuildICmp(l->b, LLVMIntEQ, LLVMBuildURem(l->b, way, size, ""), tn_i32(l->u, 0), ""));
    l->rounds = LLVMBuildAdd(l->b, wide(l, LLVMBuildUDiv(l->b, way, size, "")), tn_i64(l->u, 1), "");
}

/* Rounds until the counter, which grows, is no longer below the bound, unsigned; it must not wrap on the way. */
static void count_to_bound(loop *l, LLVMValueRef start, LLVMValueRef bound, uint32_t step)
{
    tn_unit *u = l->u;
    LLVMValueRef from = wide(l, start), to = wide(l, bound);
    LLVMValueRef way = LLVMBuildAdd(l->b, LLVMBuildSub(l->b, to, from, ""), tn_i64(u, step - 1), "");
    LLVMValueRef steps = LLVMBuildUDiv(l->b, way, tn_i64(u, step), "");

    demand(l, LLVMBuildICmp(l->b, LLVMIntULT, from, to, ""));
    demand(l, LLVMBuildICmp(l->b, LLVMIntULE, LLVMBuildAdd(l->b, to, tn_i64(u, step), ""), tn_i64(u, UINT32_MAX), ""));
    l->rounds = LLVMBuildAdd(l->b, steps, tn_i64(u, 1), "");
}

static bool count_rounds(loop *l)
{
    int32_t step = (int32_t)l->varying.step;
    LLVMValueRef start = evaluate(l, &l->varying), bound = l->bound;
    bool down = l->goes_on == LLVMIntUGT || l->goes_on == LLVMIntSGT;

    if (step == 0 || step >= MAX_STEP || step <= -MAX_STEP)
        return false;
    if (l->goes_on == LLVMIntNE) {
        count_to_equal(l, start, step);
        return true;
    }
    if (l->goes_on != LLVMIntULT && l->goes_on != LLVMIntSLT && !down)
        return false;
    if (down != (step < 0))
        return false;
    /* Signed order is that of numbers with the highest bit flipped; counting down is counting up the complement. */
    uint32_t flip = (l->goes_on == LLVMIntSLT || l->goes_on == LLVMIntSGT ? 0x80000000u : 0) ^ (down ? UINT32_MAX : 0);
    start = LLVMBuildXor(l->b, start, tn_i32(l->u, flip), "");
    bound = LLVMBuildXor(l->b, bound, tn_i32(l->u, flip), "");
    count_to_bound(l, start, bound, (uint32_t)(down ? -step : step));
    return true;
}

static LLVMValueRef memory_size(loop *l)
{
    tn_unit *u = l->u;
    LLVMValueRef vmctx = LLVMGetParam(l->function, 0);
    LLVMValueRef memories = tn_load_field(u, u->t.ptr, vmctx, offsetof(tenon_instance, memories), TN_ALIAS_CONSTANT);
    LLVMValueRef memory = tn_load_field(u, u->t.ptr, memories, 0, TN_ALIAS_CONSTANT);

    return tn_load_field(u, u->t.i64, memory, offsetof(tenon_memory, size), TN_ALIAS_VMCTX);
}

/* A memory has 4 GiB at most, so what ends in it has not wrapped. */
static void check_group(loop *l, group *g, LLVMValueRef size)
{
    int64_t step = (int32_t)g->at.step;
    LLVMValueRef last = LLVMBuildSub(l->b, l->rounds, tn_i64(l->u, 1), "");
    LLVMValueRef way = LLVMBuildMul(l->b, last, tn_i64(l->u, (uint64_t)step), "");

    g->first = wide(l, evaluate(l, &g->at));
    LLVMValueRef other = LLVMBuildAdd(l->b, g->first, way, "");
    g->begin = step < 0 ? other : g->first;
    g->end = LLVMBuildAdd(l->b, step < 0 ? g->first : other, tn_i64(l->u, g->reach), "");
    if (step < 0)
        demand(l, LLVMBuildICmp(l->b, LLVMIntSGE, g->begin, tn_i64(l->u, 0), ""));
    demand(l, LLVMBuildICmp(l->b, LLVMIntULE, g->end, size, ""));
}

static void check_apart(loop *l, const group *a, const group *b)
{
    LLVMValueRef below = LLVMBuildICmp(l->b, LLVMIntULE, a->end, b->begin, "");
    LLVMValueRef above = LLVMBuildICmp(l->b, LLVMIntULE, b->end, a->begin, "");

    demand(l, LLVMBuildOr(l->b, below, above, ""));
}

static bool build_check(loop *l)
{
    l->ok = NULL;
    if (!count_rounds(l))
        return false;
    demand(l, LLVMBuildICmp(l->b, LLVMIntUGE, l->rounds, tn_i64(l->u, FEWEST_ROUNDS), ""));
    l->size = memory_size(l);
    for (unsigned i = 0; i < l->group_count; i++)
        check_group(l, &l->groups[i], l->size);
    for (unsigned i = 0; i < l->group_count; i++)
        for (unsigned k = 0; k < i; k++)
            if (l->groups[i].stores || l->groups[k].stores)
                check_apart(l, &l->groups[i], &l->groups[k]);
    for (unsigned i = 0; i < l->group_count; i++)
        l->groups[i].pointer = LLVMBuildGEP2(l->b, l->u->t.i8, l->base, &l->groups[i].first, 1, "");
    return true;
}

/* ---- the version ---- */

static LLVMMetadataRef text_node(const tn_unit *u, const char *text, LLVMMetadataRef second)
{
    LLVMMetadataRef parts[2] = { LLVMMDStringInContext2(u->context, text, strlen(text)), second };

    return LLVMMDNodeInContext2(u->context, parts, second == NULL ? 1 : 2);
}

/* A scope for each group: named after the function, the loop and the group, since names tell scopes apart. */
static void make_scopes(loop *l)
{
    char text[64];
    size_t size;
    const char *name = LLVMGetValueName2(l->function, &size);
    LLVMMetadataRef scopes[MAX_GROUPS];

    snprintf(text, sizeof text, "%.20s %u", name, l->u->versions);
    LLVMMetadataRef domain = text_node(l->u, text, NULL);
    for (unsigned i = 0; i < l->group_count; i++) {
        snprintf(text, sizeof text, "%.20s %u %u", name, l->u->versions, i);
        scopes[i] = text_node(l->u, text, domain);
    }
    for (unsigned i = 0; i < l->group_count; i++) {
        LLVMMetadataRef others[MAX_GROUPS];
        unsigned count = 0;
        for (unsigned k = 0; k < l->group_count; k++)
            if (k != i)
                others[count++] = scopes[k];
        l->groups[i].scope = LLVMMetadataAsValue(l->u->context, LLVMMDNodeInContext2(l->u->context, &scopes[i], 1));
        l->groups[i].others = LLVMMetadataAsValue(l->u->context, LLVMMDNodeInContext2(l->u->context, others, count));
    }
}

static void map(loop *l, LLVMValueRef from, LLVMValueRef to)
{
    l->from[l->mapped] = from;
    l->to[l->mapped++] = to;
}

static LLVMValueRef mapped(const loop *l, LLVMValueRef v)
{
    if (is_inside(l, v))
        for (unsigned i = 0; i < l->mapped; i++)
            if (l->from[i] == v)
                return l->to[i];
    return v;
}

static const access *access_of(const loop *l, LLVMValueRef instruction)
{
    for (unsigned i = 0; i < l->access_count; i++)
        if (l->accesses[i].instruction == instruction)
            return &l->accesses[i];
    return NULL;
}

static void make_plain(loop *l, LLVMValueRef clone, const access *a)
{
    const group *g = &l->groups[a->group];
    LLVMValueRef distance = tn_i64(l->u, a->constant + a->offset);
    LLVMValueRef at = LLVMBuildGEP2(l->b, l->u->t.i8, g->now, &distance, 1, "");

    LLVMSetOperand(clone, LLVMIsAStoreInst(clone) != NULL ? 1 : 0, at);
    LLVMSetVolatile(clone, false);
    LLVMSetMetadata(clone, LLVMGetMDKindIDInContext(l->u->context, "alias.scope", 11), g->scope);
    LLVMSetMetadata(clone, LLVMGetMDKindIDInContext(l->u->context, "noalias", 7), g->others);
}

static void copy_instruction(loop *l, LLVMValueRef i)
{
    const access *a = access_of(l, i);
    LLVMValueRef clone = LLVMInstructionClone(i);

    for (unsigned k = 0; k < (unsigned)LLVMGetNumOperands(i); k++)
        LLVMSetOperand(clone, k, mapped(l, LLVMGetOperand(i, k)));
    if (a != NULL)
        make_plain(l, clone, a);
    LLVMInsertIntoBuilder(l->b, clone);
    map(l, i, clone);
}

static void copy_phis(loop *l)
{
    for (LLVMValueRef i = LLVMGetFirstInstruction(l->block); LLVMIsAPHINode(i) != NULL; i = LLVMGetNextInstruction(i))
        map(l, i, LLVMBuildPhi(l->b, LLVMTypeOf(i), ""));
}

/* What the loop's phis get from before and from their own end. */
static void finish_phis(loop *l)
{
    for (unsigned i = 0; i < l->mapped && LLVMIsAPHINode(l->from[i]) != NULL; i++)
        for (unsigned k = 0; k < 2; k++) {
            bool inside = LLVMGetIncomingBlock(l->from[i], k) == l->block;
            LLVMValueRef value = LLVMGetIncomingValue(l->from[i], k);
            LLVMBasicBlockRef block = inside ? l->version : l->entry;
            if (inside)
                value = mapped(l, value);
            LLVMAddIncoming(l->to[i], &value, &block, 1);
        }
}

/* Values that are used behind the loop come from either version. */
static void finish_exit(loop *l)
{
    for (LLVMValueRef i = LLVMGetFirstInstruction(l->after); LLVMIsAPHINode(i) != NULL; i = LLVMGetNextInstruction(i))
        for (unsigned k = 0, count = LLVMCountIncoming(i); k < count; k++)
            if (LLVMGetIncomingBlock(i, k) == l->block) {
                LLVMValueRef value = mapped(l, LLVMGetIncomingValue(i, k));
                LLVMAddIncoming(i, &value, &l->version, 1);
                break;
            }
}

/* A stack map keeps the values of the check until here and says where they are; facts.c reads it. It touches nothing
 * that anybody else does. */
static void record_facts(loop *l)
{
    tn_unit *u = l->u;
    LLVMValueRef args[2 + TN_FACTS_OF_LOOP + MAX_GROUPS * TN_FACTS_OF_GROUP] = { tn_i64(u, 0), tn_i32(u, 0) };
    LLVMValueRef *facts = args + 2;

    facts[TN_FACT_BASE] = l->base;
    facts[TN_FACT_SIZE] = l->size;
    facts[TN_FACT_ROUNDS] = l->rounds;
    facts += TN_FACTS_OF_LOOP;
    for (unsigned i = 0; i < l->group_count; i++, facts += TN_FACTS_OF_GROUP) {
        const group *g = &l->groups[i];
        facts[TN_FACT_POINTER] = g->pointer;
        facts[TN_FACT_BEGIN] = g->begin;
        facts[TN_FACT_END] = g->end;
        facts[TN_FACT_STEP] = tn_i64(u, (uint64_t)(int64_t)(int32_t)g->at.step);
        facts[TN_FACT_REACH] = tn_i64(u, g->reach);
        facts[TN_FACT_STORES] = tn_i64(u, g->stores);
    }
    LLVMValueRef call = tn_intrinsic(u, "llvm.experimental.stackmap", NULL, 0, args, (unsigned)(facts - args));
    tn_add_attribute(u, call, "nounwind");
    tn_add_attribute(u, call, "willreturn");
    tn_hide_effects(u, call);
}

static void build_version(loop *l)
{
    tn_unit *u = l->u;
    LLVMValueRef terminator = LLVMGetBasicBlockTerminator(l->block), zero = tn_i64(u, 0);

    l->entry = LLVMInsertBasicBlockInContext(u->context, l->block, "checked");
    l->version = LLVMInsertBasicBlockInContext(u->context, l->block, "version");
    LLVMPositionBuilderAtEnd(l->b, l->version);
    copy_phis(l);
    LLVMValueRef round = LLVMBuildPhi(l->b, u->t.i64, "");
    for (unsigned i = 0; i < l->group_count; i++) {
        group *g = &l->groups[i];
        LLVMValueRef way = LLVMBuildNSWMul(l->b, round, tn_i64(u, (uint64_t)(int64_t)(int32_t)g->at.step), "");
        g->now = LLVMBuildGEP2(l->b, u->t.i8, g->pointer, &way, 1, "");
    }
    for (LLVMValueRef i = LLVMGetFirstInstruction(l->block); i != terminator; i = LLVMGetNextInstruction(i))
        if (LLVMIsAPHINode(i) == NULL)
            copy_instruction(l, i);
    LLVMValueRef next = LLVMBuildNUWAdd(l->b, round, tn_i64(u, 1), "");
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntEQ, next, l->rounds, ""), l->after, l->version);
    LLVMAddIncoming(round, &zero, &l->entry, 1);
    LLVMAddIncoming(round, &next, &l->version, 1);
    finish_phis(l);
    finish_exit(l);
    LLVMPositionBuilderAtEnd(l->b, l->entry);
    record_facts(l);
    LLVMBuildBr(l->b, l->version);
}

/* ---- finding loops ---- */

/* The block ahead, when all that it does behind itself is to go to the loop. */
static bool find_before(loop *l)
{
    LLVMValueRef phi = LLVMGetFirstInstruction(l->block);

    if (LLVMIsAPHINode(phi) == NULL || LLVMCountIncoming(phi) != 2)
        return false;
    l->before = LLVMGetIncomingBlock(phi, LLVMGetIncomingBlock(phi, 0) == l->block ? 1 : 0);
    LLVMValueRef end = LLVMGetBasicBlockTerminator(l->before);
    return LLVMIsABranchInst(end) != NULL && !LLVMIsConditional(end);
}

static bool fits(loop *l, LLVMValueRef branch)
{
    unsigned count = 0;

    l->after = LLVMGetSuccessor(branch, LLVMGetSuccessor(branch, 0) == l->block ? 1 : 0);
    if (!find_before(l) || l->after == l->block)
        return false;
    for (LLVMValueRef i = LLVMGetFirstInstruction(l->block); i != NULL; i = LLVMGetNextInstruction(i))
        if (++count > MAX_BLOCK || !take_instruction(l, i))
            return false;
    return l->access_count > 0 && (l->stores || l->sums) && take_condition(l, branch) && measure_groups(l);
}

/* Makes the version, and lets the check choose. What a check that comes to nothing has built is unused, and goes. */
static bool version_loop(loop *l)
{
    LLVMValueRef end = LLVMGetBasicBlockTerminator(l->before);

    LLVMPositionBuilderBefore(l->b, end);
    if (!build_check(l))
        return false;
    make_scopes(l);
    build_version(l);
    LLVMInstructionEraseFromParent(end);
    LLVMPositionBuilderAtEnd(l->b, l->before);
    LLVMBuildCondBr(l->b, l->ok, l->entry, l->block);
    return true;
}

#define MARK "tenon-versions"

static void mark(const tn_unit *u, LLVMValueRef function)
{
    LLVMAddAttributeAtIndex(function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
                            LLVMCreateStringAttribute(u->context, MARK, sizeof MARK - 1, "", 0));
}

void tn_set_others_aside(tn_unit *u, bool aside)
{
    const LLVMAttributeIndex at = (LLVMAttributeIndex)LLVMAttributeFunctionIndex;
    static const char *const names[] = { "optnone", "noinline" };

    for (LLVMValueRef f = LLVMGetFirstFunction(u->module); f != NULL; f = LLVMGetNextFunction(f))
        for (int i = 0; i < 2 && LLVMGetStringAttributeAtIndex(f, at, MARK, sizeof MARK - 1) == NULL; i++) {
            unsigned kind = LLVMGetEnumAttributeKindForName(names[i], strlen(names[i]));
            if (aside && LLVMGetFirstBasicBlock(f) != NULL)
                LLVMAddAttributeAtIndex(f, at, LLVMCreateEnumAttribute(u->context, kind, 0));
            else
                LLVMRemoveEnumAttributeAtIndex(f, at, kind);
        }
}

void tn_version_loops(tn_unit *u)
{
    LLVMSetCurrentDebugLocation2(u->builder, NULL);
    for (LLVMValueRef f = LLVMGetFirstFunction(u->module); f != NULL; f = LLVMGetNextFunction(f))
        for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(f); b != NULL; b = LLVMGetNextBasicBlock(b)) {
            LLVMValueRef branch = LLVMGetBasicBlockTerminator(b);
            loop l = { .u = u, .b = u->builder, .function = f, .block = b };
            if (LLVMIsABranchInst(branch) == NULL || !LLVMIsConditional(branch) ||
                (LLVMGetSuccessor(branch, 0) != b && LLVMGetSuccessor(branch, 1) != b))
                continue;
            if (fits(&l, branch) && version_loop(&l)) {
                u->versions++;
                mark(u, f);
            }
        }
}
