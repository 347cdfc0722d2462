/* SPDX-License-Identifier: MIT
 * The loop of the validator, its stacks, locals and the generic rule.
 */
#include "loader/validate.h"

#include <stdio.h>

#include "base/assert.h"

#define FLAG_COUNT (TN_MAX_LOCALS + TN_MAX_PARAMS)

void tn_validator_init(tn_validator *v, tn_module *module, tenon_error *err)
{
    *v = (tn_validator){ .module = module, .err = err };
}

void tn_validator_fini(tn_validator *v)
{
    tn_mem *mem = v->module->mem;

    if (mem == NULL)
        return;
    tn_vec_fini(mem, &v->stack);
    tn_vec_fini(mem, &v->ctrls);
    tn_vec_fini(mem, &v->runs);
    tn_vec_fini(mem, &v->set_locals);
    tn_free(mem, v->is_set, FLAG_COUNT);
}

tenon_status tn_v_fail(const tn_validator *v, const tn_insn *in, const char *format, ...)
{
    char text[160];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return tn_fail(v->err, TENON_INVALID, in->offset, "%s", text);
}

/* ---- stacks ---- */

tenon_status tn_v_push(tn_validator *v, tn_valtype t)
{
    TN_TRY(tn_vec_reserve(v->module->mem, &v->stack, 1));
    v->stack.items[v->stack.count++] = t;
    return TENON_OK;
}

tenon_status tn_v_push_all(tn_validator *v, tn_types_view types)
{
    TN_TRY(tn_vec_reserve(v->module->mem, &v->stack, types.count));
    if (types.count > 0)
        memcpy(v->stack.items + v->stack.count, types.items, types.count * sizeof *types.items);
    v->stack.count += types.count;
    return TENON_OK;
}

static tenon_status mismatch(const tn_validator *v, const tn_insn *in, tn_valtype expected, tn_valtype found)
{
    char a[48], b[48];

    return tn_v_fail(v, in, "type mismatch: %s expects %s but the stack has %s", tn_op_infos[in->op].text,
                     tn_valtype_text(expected, a, sizeof a), tn_valtype_text(found, b, sizeof b));
}

tenon_status tn_v_pop_any(tn_validator *v, const tn_insn *in, tn_valtype *out)
{
    const tn_ctrl *c = tn_v_ctrl(v);

    if (v->stack.count > c->height) {
        *out = v->stack.items[--v->stack.count];
        return TENON_OK;
    }
    if (!c->unreachable)
        return tn_v_fail(v, in, "type mismatch: %s expects an operand but the stack is empty",
                         tn_op_infos[in->op].text);
    *out = TN_BOT;
    return TENON_OK;
}

static TN_NOINLINE tenon_status pop_slow(tn_validator *v, const tn_insn *in, tn_valtype expected)
{
    tn_valtype found = TN_BOT;
    char text[48];

    if (v->stack.count <= tn_v_ctrl(v)->height && !tn_v_ctrl(v)->unreachable)
        return tn_v_fail(v, in, "type mismatch: %s expects %s but the stack is empty", tn_op_infos[in->op].text,
                         tn_valtype_text(expected, text, sizeof text));
    TN_TRY(tn_v_pop_any(v, in, &found));
    return tn_is_subtype(v->module->registry, found, expected) ? TENON_OK : mismatch(v, in, expected, found);
}

TN_INLINE tenon_status pop(tn_validator *v, const tn_insn *in, tn_valtype expected)
{
    size_t count = v->stack.count;

    if (TN_LIKELY(count > tn_v_ctrl(v)->height && v->stack.items[count - 1] == expected)) {
        v->stack.count = count - 1;
        return TENON_OK;
    }
    return pop_slow(v, in, expected);
}

tenon_status tn_v_pop(tn_validator *v, const tn_insn *in, tn_valtype expected)
{
    return pop(v, in, expected);
}

tenon_status tn_v_pop_all(tn_validator *v, const tn_insn *in, tn_types_view types)
{
    for (uint32_t i = types.count; i > 0; i--)
        TN_TRY(pop(v, in, types.items[i - 1]));
    return TENON_OK;
}

tenon_status tn_v_check_top(tn_validator *v, const tn_insn *in, tn_types_view types)
{
    const tn_ctrl *c = tn_v_ctrl(v);
    size_t have = v->stack.count - c->height;

    for (uint32_t i = 0; i < types.count; i++) {
        tn_valtype expected = types.items[types.count - 1 - i];
        if (i >= have) {
            if (c->unreachable)
                return TENON_OK;
            return tn_v_fail(v, in, "type mismatch: %s expects %u operands but the stack has %zu",
                             tn_op_infos[in->op].text, (unsigned)types.count, have);
        }
        tn_valtype found = v->stack.items[v->stack.count - 1 - i];
        if (!tn_is_subtype(v->module->registry, found, expected))
            return mismatch(v, in, expected, found);
    }
    return TENON_OK;
}

void tn_v_set_unreachable(tn_validator *v)
{
    tn_ctrl *c = tn_v_ctrl(v);

    v->stack.count = c->height;
    c->unreachable = true;
}

tn_types_view tn_ctrl_params(const tn_ctrl *c)
{
    if (c->type != NULL)
        return (tn_types_view){ tn_type_params(c->type), c->type->param_count };
    return (tn_types_view){ NULL, 0 };
}

tn_types_view tn_ctrl_results(const tn_ctrl *c)
{
    if (c->type != NULL)
        return (tn_types_view){ tn_type_results(c->type), c->type->result_count };
    return (tn_types_view){ &c->single, c->has_single };
}

/* ---- locals ---- */

static tenon_status add_locals(tn_validator *v, uint32_t count, tn_valtype type)
{
    if (count == 0)
        return TENON_OK;
    for (uint32_t i = v->local_count; i < v->local_count + count && i < TN_DIRECT_LOCALS; i++)
        v->direct_locals[i] = type;
    v->local_count += count;
    TN_TRY(tn_vec_reserve(v->module->mem, &v->runs, 1));
    v->runs.items[v->runs.count++] = (tn_local_run){ v->local_count, type };
    return TENON_OK;
}

tn_valtype tn_v_local_type(const tn_validator *v, uint32_t index)
{
    if (TN_LIKELY(index < TN_DIRECT_LOCALS))
        return v->direct_locals[index];
    size_t low = 0, high = v->runs.count - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (index < v->runs.items[middle].end)
            high = middle;
        else
            low = middle + 1;
    }
    return v->runs.items[low].type;
}

static tenon_status read_locals(tn_validator *v, const tn_type *type)
{
    tn_rawtype raw = 0;
    tn_valtype resolved = 0;
    uint32_t groups, count = 0;

    v->local_count = 0;
    v->runs.count = 0;
    for (uint32_t i = 0; i < type->param_count; i++)
        TN_TRY(add_locals(v, 1, type->types[i]));
    TN_TRY(tn_read_count(&v->r, "local declarations", UINT32_MAX, &groups));
    for (uint32_t i = 0; i < groups; i++) {
        uint64_t offset = tn_reader_offset(&v->r);
        TN_TRY(tn_read_u32(&v->r, &count));
        if (count > TN_MAX_LOCALS || v->local_count - type->param_count + count > TN_MAX_LOCALS)
            return tn_fail(v->err, TENON_MALFORMED, offset, "too many locals: the limit is %d", TN_MAX_LOCALS);
        offset = tn_reader_offset(&v->r);
        TN_TRY(tn_read_valtype(&v->r, &raw));
        if (!tn_module_resolve(v->module, raw, &resolved))
            return tn_fail(v->err, TENON_INVALID, offset, "unknown type %u", (unsigned)(raw & TN_ID_MASK));
        TN_TRY(add_locals(v, count, resolved));
    }
    return TENON_OK;
}

static tenon_status prepare_flags(tn_validator *v)
{
    bool needed = false;

    for (size_t i = 0; i < v->runs.count && !needed; i++)
        needed = !tn_is_defaultable(v->runs.items[i].type);
    if (!needed || v->is_set != NULL)
        return TENON_OK;
    v->is_set = tn_alloc_zeroed(v->module->mem, FLAG_COUNT);
    return v->is_set == NULL ? TENON_NOMEM : TENON_OK;
}

static tenon_status set_params(tn_validator *v, const tn_type *type)
{
    for (uint32_t i = 0; i < type->param_count && v->is_set != NULL; i++) {
        if (tn_is_defaultable(type->types[i]))
            continue;
        TN_TRY(tn_vec_reserve(v->module->mem, &v->set_locals, 1));
        v->set_locals.items[v->set_locals.count++] = i;
        v->is_set[i] = 1;
    }
    return TENON_OK;
}

/* ---- instructions ---- */

static tenon_status check_memory(tn_validator *v, const tn_insn *in, const tn_op_info *info, tn_valtype *address)
{
    if (in->a >= v->module->memory_count)
        return tn_v_fail(v, in, "unknown memory %u", (unsigned)in->a);
    bool is64 = v->module->memories[in->a].is64;
    *address = is64 ? TN_I64 : TN_I32;
    if (info->width == TN_WIDTH_NOMEM)
        return TENON_OK;
    if (in->align > info->width)
        return tn_v_fail(v, in, "alignment must not be larger than natural: 2^%u", in->align);
    if (info->prefix == 0xFE && in->align != info->width)
        return tn_v_fail(v, in, "alignment must be equal to the natural one of an atomic access");
    if (!is64 && in->imm.bits > UINT32_MAX)
        return tn_fail(v->err, TENON_MALFORMED, in->offset, "offset out of range");
    if (info->imm == TN_IMM_MEMARG_LANE && in->lane >= 16 >> info->width)
        return tn_v_fail(v, in, "invalid lane index %u", in->lane);
    return TENON_OK;
}

/* Lanes of i8x16.… and so on: the shape is in the name. */
static unsigned lanes_of(tn_op op)
{
    const char *x = strchr(tn_op_infos[op].text, 'x');

    return (unsigned)(x[1] == '1' ? 16 : x[1] - '0');
}

static tenon_status check_lanes(tn_validator *v, const tn_insn *in, const tn_op_info *info)
{
    if (info->imm == TN_IMM_LANE && in->lane >= lanes_of(in->op))
        return tn_v_fail(v, in, "invalid lane index %u", in->lane);
    if (info->imm == TN_IMM_LANES16)
        for (unsigned i = 0; i < 16; i++)
            if (in->imm.bytes[i] >= 32)
                return tn_v_fail(v, in, "invalid lane index %u", in->imm.bytes[i]);
    return TENON_OK;
}

static bool is_constant_op(const tn_validator *v, const tn_insn *in)
{
    switch (in->op) {
    case TN_OP_I32_CONST:
    case TN_OP_I64_CONST:
    case TN_OP_F32_CONST:
    case TN_OP_F64_CONST:
    case TN_OP_V128_CONST:
    case TN_OP_REF_NULL:
    case TN_OP_REF_FUNC:
    case TN_OP_GLOBAL_GET:
    case TN_OP_END:
    case TN_OP_STRUCT_NEW:
    case TN_OP_STRUCT_NEW_DEFAULT:
    case TN_OP_ARRAY_NEW:
    case TN_OP_ARRAY_NEW_DEFAULT:
    case TN_OP_ARRAY_NEW_FIXED:
    case TN_OP_REF_I31:
    case TN_OP_ANY_CONVERT_EXTERN:
    case TN_OP_EXTERN_CONVERT_ANY:
        return true;
    case TN_OP_I32_ADD:
    case TN_OP_I32_SUB:
    case TN_OP_I32_MUL:
    case TN_OP_I64_ADD:
    case TN_OP_I64_SUB:
    case TN_OP_I64_MUL:
        return tn_has_feature(v->module, TENON_FEATURE_EXTENDED_CONST);
    default:
        return false;
    }
}

TN_INLINE tenon_status apply_signature(tn_validator *v, const tn_insn *in, const tn_op_info *info)
{
    const tn_sig *sig = &info->sig;
    tn_valtype address = TN_I32;

    if (info->imm == TN_IMM_MEMARG || info->imm == TN_IMM_MEM || info->imm == TN_IMM_MEMARG_LANE)
        TN_TRY(check_memory(v, in, info, &address));
    else if (info->imm == TN_IMM_LANE || info->imm == TN_IMM_LANES16)
        TN_TRY(check_lanes(v, in, info));
    for (unsigned i = sig->pops; i > 0; i--)
        TN_TRY(pop(v, in, sig->types[i - 1] == TN_SIG_ADDRESS ? address : sig->types[i - 1]));
    TN_TRY(tn_vec_reserve(v->module->mem, &v->stack, 2));
    for (unsigned i = 0; i < sig->pushes; i++) {
        uint8_t t = sig->types[sig->pops + i];
        v->stack.items[v->stack.count++] = t == TN_SIG_ADDRESS ? address : t;
    }
    return TENON_OK;
}

static tenon_status run(tn_validator *v)
{
    tenon_features features = v->module->features;
    tn_insn in = { .op = TN_OP_INVALID };

    while (v->ctrls.count > 0) {
        TN_TRY(tn_insn_read(&v->r, &in));
        const tn_op_info *info = &tn_op_infos[in.op];
        if (TN_UNLIKELY(!(features >> info->feature & 1)))
            return tn_fail(v->err, TENON_UNSUPPORTED, in.offset, "illegal opcode: %s needs the feature %s", info->text,
                           tenon_feature_text((tenon_feature)info->feature));
        if (TN_UNLIKELY(v->constant && !is_constant_op(v, &in)))
            return tn_v_fail(v, &in, "constant expression required: %s is not constant", info->text);
        TN_TRY(info->sig.custom ? tn_validate_rule(v, &in) : apply_signature(v, &in, info));
    }
    return TENON_OK;
}

static tenon_status open(tn_validator *v, tn_ctrl ctrl)
{
    v->stack.count = 0;
    v->ctrls.count = 0;
    TN_TRY(tn_vec_reserve(v->module->mem, &v->ctrls, 1));
    v->ctrls.items[v->ctrls.count++] = ctrl;
    return TENON_OK;
}

tenon_status tn_validate_body(tn_validator *v, uint32_t func, tn_range body)
{
    const tn_type *type = tn_module_func_type(v->module, func);
    tn_ctrl ctrl = { .op = TN_OP_INVALID, .type = type, .checked_by = UINT64_MAX };

    v->r = tn_module_reader(v->module, body, v->err);
    v->constant = false;
    while (v->set_locals.count > 0)
        v->is_set[v->set_locals.items[--v->set_locals.count]] = 0;
    TN_TRY(read_locals(v, type));
    TN_TRY(prepare_flags(v));
    TN_TRY(set_params(v, type));
    ctrl.init_height = (uint32_t)v->set_locals.count;
    TN_TRY(open(v, ctrl));
    tenon_status status = run(v);
    if (status == TENON_OK && tn_reader_left(&v->r) != 0)
        status = tn_fail(v->err, TENON_MALFORMED, tn_reader_offset(&v->r),
                         "section size mismatch: END opcode expected last");
    if (status != TENON_OK && v->err != NULL && v->err->function == TENON_NO_INDEX)
        v->err->function = func;
    return status;
}

tenon_status tn_validate_constant(tn_validator *v, tn_reader *r, tn_valtype expected)
{
    tn_ctrl ctrl = { .op = TN_OP_INVALID, .single = expected, .has_single = true, .checked_by = UINT64_MAX };

    v->r = *r;
    v->constant = true;
    v->local_count = 0;
    TN_TRY(open(v, ctrl));
    TN_TRY(run(v));
    r->p = v->r.p;
    return TENON_OK;
}
