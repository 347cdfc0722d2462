/* SPDX-License-Identifier: MIT
 * Rules of structures, arrays, casts and conversions of references (specification 3.4.5 to 3.4.8).
 */
#include "loader/validate.h"

static tenon_status composite(tn_validator *v, const tn_insn *in, uint32_t index, tn_comp comp, const tn_type **out)
{
    const tn_module *m = v->module;

    if (index >= m->type_count)
        return tn_v_fail(v, in, "unknown type %u", (unsigned)index);
    *out = tn_types_get(m->registry, m->types[index]);
    if ((*out)->comp != comp)
        return tn_v_fail(v, in, "type mismatch: type %u is not %s", (unsigned)index,
                         comp == TN_COMP_STRUCT ? "a structure" : "an array");
    return TENON_OK;
}

static bool is_packed(tn_valtype field)
{
    return (field & ~TN_MUTABLE) == TN_I8 || (field & ~TN_MUTABLE) == TN_I16;
}

/* The type that a field has on the stack. */
static tn_valtype unpacked(tn_valtype field)
{
    return is_packed(field) ? TN_I32 : field & ~TN_MUTABLE;
}

static tenon_status check_mutable(tn_validator *v, const tn_insn *in, tn_valtype field)
{
    return (field & TN_MUTABLE) ? TENON_OK : tn_v_fail(v, in, "immutable field or array");
}

static tn_valtype null_ref(const tn_type *t)
{
    return TN_REF_TYPE(t->id) | TN_NULLABLE;
}

static tenon_status struct_new(tn_validator *v, const tn_insn *in)
{
    const tn_type *t;

    TN_TRY(composite(v, in, in->a, TN_COMP_STRUCT, &t));
    for (uint32_t i = t->param_count; i > 0; i--) {
        tn_valtype field = t->types[i - 1];
        if (in->op == TN_OP_STRUCT_NEW)
            TN_TRY(tn_v_pop(v, in, unpacked(field)));
        else if (!tn_is_defaultable(field))
            return tn_v_fail(v, in, "field type is not defaultable");
    }
    return tn_v_push(v, TN_REF_TYPE(t->id));
}

static tenon_status struct_access(tn_validator *v, const tn_insn *in)
{
    const tn_type *t;

    TN_TRY(composite(v, in, in->a, TN_COMP_STRUCT, &t));
    if (in->b >= t->param_count)
        return tn_v_fail(v, in, "unknown field %u", (unsigned)in->b);
    tn_valtype field = t->types[in->b];
    if (in->op == TN_OP_STRUCT_SET) {
        TN_TRY(check_mutable(v, in, field));
        TN_TRY(tn_v_pop(v, in, unpacked(field)));
        return tn_v_pop(v, in, null_ref(t));
    }
    if (is_packed(field) != (in->op != TN_OP_STRUCT_GET))
        return tn_v_fail(v, in, "type mismatch: %s and the packing of the field differ", tn_op_infos[in->op].text);
    TN_TRY(tn_v_pop(v, in, null_ref(t)));
    return tn_v_push(v, unpacked(field));
}

static tenon_status array_new(tn_validator *v, const tn_insn *in)
{
    const tn_type *t;

    TN_TRY(composite(v, in, in->a, TN_COMP_ARRAY, &t));
    tn_valtype field = t->types[0];
    switch (in->op) {
    case TN_OP_ARRAY_NEW:
        TN_TRY(tn_v_pop(v, in, TN_I32));
        TN_TRY(tn_v_pop(v, in, unpacked(field)));
        break;
    case TN_OP_ARRAY_NEW_DEFAULT:
        if (!tn_is_defaultable(field))
            return tn_v_fail(v, in, "array type is not defaultable");
        TN_TRY(tn_v_pop(v, in, TN_I32));
        break;
    default: /* array.new_fixed; the count is bounded by what is on the stack, or by the limit in unreachable code */
        if (in->b > TN_MAX_FIELDS)
            return tn_fail(v->err, TENON_LIMIT, in->offset, "too many array elements: the limit is %d", TN_MAX_FIELDS);
        for (uint32_t i = 0; i < in->b; i++)
            TN_TRY(tn_v_pop(v, in, unpacked(field)));
        break;
    }
    return tn_v_push(v, TN_REF_TYPE(t->id));
}

static tenon_status data_for(tn_validator *v, const tn_insn *in, tn_valtype field)
{
    if (tn_is_ref(field & ~TN_MUTABLE))
        return tn_v_fail(v, in, "array type is not numeric or vector");
    if (!v->module->has_data_count)
        return tn_fail(v->err, TENON_MALFORMED, in->offset, "data count section required");
    return in->b < v->module->data_count ? TENON_OK : tn_v_fail(v, in, "unknown data segment %u", (unsigned)in->b);
}

static tenon_status elem_for(tn_validator *v, const tn_insn *in, tn_valtype field)
{
    if (in->b >= v->module->elem_count)
        return tn_v_fail(v, in, "unknown elem segment %u", (unsigned)in->b);
    if (!tn_is_subtype(v->module->registry, v->module->elems[in->b].type, field & ~TN_MUTABLE))
        return tn_v_fail(v, in, "type mismatch: the segment's elements do not fit the array");
    return TENON_OK;
}

static tenon_status array_segment(tn_validator *v, const tn_insn *in)
{
    bool makes = in->op == TN_OP_ARRAY_NEW_DATA || in->op == TN_OP_ARRAY_NEW_ELEM;
    bool data = in->op == TN_OP_ARRAY_NEW_DATA || in->op == TN_OP_ARRAY_INIT_DATA;
    const tn_type *t;

    TN_TRY(composite(v, in, in->a, TN_COMP_ARRAY, &t));
    if (!makes)
        TN_TRY(check_mutable(v, in, t->types[0]));
    TN_TRY(data ? data_for(v, in, t->types[0]) : elem_for(v, in, t->types[0]));
    TN_TRY(tn_v_pop(v, in, TN_I32));
    TN_TRY(tn_v_pop(v, in, TN_I32));
    if (makes)
        return tn_v_push(v, TN_REF_TYPE(t->id));
    TN_TRY(tn_v_pop(v, in, TN_I32));
    return tn_v_pop(v, in, null_ref(t));
}

static tenon_status array_get(tn_validator *v, const tn_insn *in)
{
    const tn_type *t;

    TN_TRY(composite(v, in, in->a, TN_COMP_ARRAY, &t));
    if (is_packed(t->types[0]) != (in->op != TN_OP_ARRAY_GET))
        return tn_v_fail(v, in, "type mismatch: %s and the packing of the array differ", tn_op_infos[in->op].text);
    TN_TRY(tn_v_pop(v, in, TN_I32));
    TN_TRY(tn_v_pop(v, in, null_ref(t)));
    return tn_v_push(v, unpacked(t->types[0]));
}

static tenon_status array_set(tn_validator *v, const tn_insn *in)
{
    const tn_type *t;

    TN_TRY(composite(v, in, in->a, TN_COMP_ARRAY, &t));
    TN_TRY(check_mutable(v, in, t->types[0]));
    if (in->op == TN_OP_ARRAY_FILL)
        TN_TRY(tn_v_pop(v, in, TN_I32));
    TN_TRY(tn_v_pop(v, in, unpacked(t->types[0])));
    TN_TRY(tn_v_pop(v, in, TN_I32));
    return tn_v_pop(v, in, null_ref(t));
}

static tenon_status array_copy(tn_validator *v, const tn_insn *in)
{
    const tn_type *to, *from;

    TN_TRY(composite(v, in, in->a, TN_COMP_ARRAY, &to));
    TN_TRY(composite(v, in, in->b, TN_COMP_ARRAY, &from));
    TN_TRY(check_mutable(v, in, to->types[0]));
    tn_valtype a = to->types[0] & ~TN_MUTABLE, b = from->types[0] & ~TN_MUTABLE;
    if ((is_packed(a) || is_packed(b)) ? a != b : !tn_is_subtype(v->module->registry, b, a))
        return tn_v_fail(v, in, "array types do not match");
    TN_TRY(tn_v_pop(v, in, TN_I32));
    TN_TRY(tn_v_pop(v, in, TN_I32));
    TN_TRY(tn_v_pop(v, in, null_ref(from)));
    TN_TRY(tn_v_pop(v, in, TN_I32));
    return tn_v_pop(v, in, null_ref(to));
}

/* ---- casts ---- */

static tenon_status resolve(tn_validator *v, const tn_insn *in, tn_rawtype raw, tn_valtype *out)
{
    return tn_module_resolve(v->module, raw, out) ? TENON_OK
                                                  : tn_v_fail(v, in, "unknown type %u", (unsigned)(raw & TN_ID_MASK));
}

static tenon_status cast(tn_validator *v, const tn_insn *in)
{
    bool null = in->op == TN_OP_REF_TEST_NULL || in->op == TN_OP_REF_CAST_NULL;
    bool test = in->op == TN_OP_REF_TEST_NULL || in->op == TN_OP_REF_TEST;
    tn_valtype t;

    TN_TRY(resolve(v, in, in->type, &t));
    TN_TRY(tn_v_pop(v, in, TN_REF_NULL_ABSTRACT(tn_heap_top(v->module->registry, t))));
    return tn_v_push(v, test ? TN_I32 : t | (null ? TN_NULLABLE : 0));
}

/* What is left of a type when the values of another have gone: only null can be told apart. */
static tn_valtype difference(tn_valtype a, tn_valtype b)
{
    return tn_is_nullable(b) ? a & ~TN_NULLABLE : a;
}

static tenon_status branch_cast(tn_validator *v, const tn_insn *in)
{
    const tn_types *types = v->module->registry;
    tn_valtype from, to;

    TN_TRY(resolve(v, in, in->type, &from));
    TN_TRY(resolve(v, in, in->type2, &to));
    if (!tn_is_subtype(types, to, from))
        return tn_v_fail(v, in, "type mismatch: the target of the cast is no subtype of its source");
    if (in->a >= v->ctrls.count)
        return tn_v_fail(v, in, "unknown label %u", (unsigned)in->a);
    const tn_ctrl *c = &v->ctrls.items[v->ctrls.count - 1 - in->a];
    tn_types_view label = c->op == TN_OP_LOOP ? tn_ctrl_params(c) : tn_ctrl_results(c);
    tn_valtype taken = in->op == TN_OP_BR_ON_CAST ? to : difference(from, to);
    tn_valtype stays = in->op == TN_OP_BR_ON_CAST ? difference(from, to) : to;
    if (label.count == 0 || !tn_is_subtype(types, taken, label.items[label.count - 1]))
        return tn_v_fail(v, in, "type mismatch: the label does not take the reference");
    label.count--;
    TN_TRY(tn_v_pop(v, in, from));
    TN_TRY(tn_v_pop_all(v, in, label));
    TN_TRY(tn_v_push_all(v, label));
    return tn_v_push(v, stays);
}

static tenon_status convert(tn_validator *v, const tn_insn *in, tn_heap from, tn_heap to)
{
    tn_valtype t;

    TN_TRY(tn_v_pop_any(v, in, &t));
    if (t != TN_BOT && !tn_is_subtype(v->module->registry, t, TN_REF_NULL_ABSTRACT(from)))
        return tn_v_fail(v, in, "type mismatch: %s of another hierarchy", tn_op_infos[in->op].text);
    return tn_v_push(v, TN_REF_ABSTRACT(to) | (t == TN_BOT ? 0 : t & TN_NULLABLE));
}

static tenon_status i31(tn_validator *v, const tn_insn *in)
{
    if (in->op == TN_OP_REF_I31) {
        TN_TRY(tn_v_pop(v, in, TN_I32));
        return tn_v_push(v, TN_REF_ABSTRACT(TN_HEAP_I31));
    }
    TN_TRY(tn_v_pop(v, in, TN_REF_NULL_ABSTRACT(TN_HEAP_I31)));
    return tn_v_push(v, TN_I32);
}

static tenon_status ref_eq(tn_validator *v, const tn_insn *in)
{
    TN_TRY(tn_v_pop(v, in, TN_REF_NULL_ABSTRACT(TN_HEAP_EQ)));
    TN_TRY(tn_v_pop(v, in, TN_REF_NULL_ABSTRACT(TN_HEAP_EQ)));
    return tn_v_push(v, TN_I32);
}

static tenon_status array_len(tn_validator *v, const tn_insn *in)
{
    TN_TRY(tn_v_pop(v, in, TN_REF_NULL_ABSTRACT(TN_HEAP_ARRAY)));
    return tn_v_push(v, TN_I32);
}

tenon_status tn_validate_gc_rule(tn_validator *v, const tn_insn *in)
{
    switch (in->op) {
    case TN_OP_REF_EQ:
        return ref_eq(v, in);
    case TN_OP_STRUCT_NEW:
    case TN_OP_STRUCT_NEW_DEFAULT:
        return struct_new(v, in);
    case TN_OP_STRUCT_GET:
    case TN_OP_STRUCT_GET_S:
    case TN_OP_STRUCT_GET_U:
    case TN_OP_STRUCT_SET:
        return struct_access(v, in);
    case TN_OP_ARRAY_NEW:
    case TN_OP_ARRAY_NEW_DEFAULT:
    case TN_OP_ARRAY_NEW_FIXED:
        return array_new(v, in);
    case TN_OP_ARRAY_NEW_DATA:
    case TN_OP_ARRAY_NEW_ELEM:
    case TN_OP_ARRAY_INIT_DATA:
    case TN_OP_ARRAY_INIT_ELEM:
        return array_segment(v, in);
    case TN_OP_ARRAY_GET:
    case TN_OP_ARRAY_GET_S:
    case TN_OP_ARRAY_GET_U:
        return array_get(v, in);
    case TN_OP_ARRAY_SET:
    case TN_OP_ARRAY_FILL:
        return array_set(v, in);
    case TN_OP_ARRAY_LEN:
        return array_len(v, in);
    case TN_OP_ARRAY_COPY:
        return array_copy(v, in);
    case TN_OP_REF_TEST:
    case TN_OP_REF_TEST_NULL:
    case TN_OP_REF_CAST:
    case TN_OP_REF_CAST_NULL:
        return cast(v, in);
    case TN_OP_BR_ON_CAST:
    case TN_OP_BR_ON_CAST_FAIL:
        return branch_cast(v, in);
    case TN_OP_ANY_CONVERT_EXTERN:
        return convert(v, in, TN_HEAP_EXTERN, TN_HEAP_ANY);
    case TN_OP_EXTERN_CONVERT_ANY:
        return convert(v, in, TN_HEAP_ANY, TN_HEAP_EXTERN);
    case TN_OP_REF_I31:
    case TN_OP_I31_GET_S:
    case TN_OP_I31_GET_U:
        return i31(v, in);
    default:
        return tn_v_fail(v, in, "%s has no rule", tn_op_infos[in->op].text);
    }
}
