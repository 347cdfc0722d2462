/* SPDX-License-Identifier: MIT
 * Rules of the instructions that no signature describes: control, variables, tables, bulk operations, references
 * (specification 3.4). Those of the GC proposal are in validate_gc.c.
 */
#include "loader/decode.h"
#include "loader/validate.h"

static tenon_status unknown(const tn_validator *v, const tn_insn *in, const char *what, uint32_t index)
{
    return tn_v_fail(v, in, "unknown %s %u", what, (unsigned)index);
}

/* ---- control ---- */

static tenon_status block_type(tn_validator *v, const tn_insn *in, tn_ctrl *c)
{
    const tn_module *m = v->module;

    if (in->block_kind == TN_BLOCK_VALUE) {
        c->has_single = true;
        if (!tn_module_resolve(m, in->type, &c->single))
            return unknown(v, in, "type", in->type & TN_ID_MASK);
    } else if (in->block_kind == TN_BLOCK_TYPE) {
        if (in->a >= m->type_count)
            return unknown(v, in, "type", in->a);
        c->type = tn_types_get(m->registry, m->types[in->a]);
        if (c->type->comp != TN_COMP_FUNC)
            return tn_v_fail(v, in, "type %u is not a function type", (unsigned)in->a);
        if (!tn_has_feature(m, TENON_FEATURE_MULTI_VALUE))
            return tn_v_fail(v, in, "a block of a function type needs multi-value");
    }
    return TENON_OK;
}

static tenon_status enter(tn_validator *v, const tn_insn *in)
{
    tn_ctrl c = { .op = in->op, .checked_by = UINT64_MAX };

    TN_TRY(block_type(v, in, &c));
    TN_TRY(tn_v_pop_all(v, in, tn_ctrl_params(&c)));
    c.height = (uint32_t)v->stack.count;
    c.init_height = (uint32_t)v->set_locals.count;
    TN_TRY(tn_vec_reserve(v->module->mem, &v->ctrls, 1));
    v->ctrls.items[v->ctrls.count++] = c;
    return tn_v_push_all(v, tn_ctrl_params(&c));
}

/* Takes the results of the innermost block and forgets which locals it had set. */
static tenon_status leave(tn_validator *v, const tn_insn *in, tn_ctrl *out)
{
    tn_ctrl *c = tn_v_ctrl(v);

    TN_TRY(tn_v_pop_all(v, in, tn_ctrl_results(c)));
    if (v->stack.count != c->height)
        return tn_v_fail(v, in, "type mismatch: %zu values remain on the stack at the end of the block",
                         v->stack.count - c->height);
    while (v->set_locals.count > c->init_height)
        v->is_set[v->set_locals.items[--v->set_locals.count]] = 0;
    *out = *c;
    v->ctrls.count--;
    return TENON_OK;
}

static tenon_status rule_else(tn_validator *v, const tn_insn *in)
{
    tn_ctrl c;

    if (tn_v_ctrl(v)->op != TN_OP_IF)
        return tn_fail(v->err, TENON_MALFORMED, in->offset, "else without if");
    TN_TRY(leave(v, in, &c));
    c.op = TN_OP_ELSE;
    c.unreachable = false;
    c.checked_by = UINT64_MAX;
    v->ctrls.items[v->ctrls.count++] = c;
    return tn_v_push_all(v, tn_ctrl_params(&c));
}

static bool same_types(const tn_validator *v, tn_types_view a, tn_types_view b)
{
    if (a.count != b.count)
        return false;
    for (uint32_t i = 0; i < a.count; i++)
        if (!tn_is_subtype(v->module->registry, a.items[i], b.items[i]))
            return false;
    return true;
}

static tenon_status rule_end(tn_validator *v, const tn_insn *in)
{
    tn_ctrl c;

    TN_TRY(leave(v, in, &c));
    if (c.op == TN_OP_IF && !same_types(v, tn_ctrl_params(&c), tn_ctrl_results(&c)))
        return tn_v_fail(v, in, "type mismatch: an if without else must give back what it takes");
    return v->ctrls.count == 0 ? TENON_OK : tn_v_push_all(v, tn_ctrl_results(&c));
}

static tenon_status label(tn_validator *v, const tn_insn *in, uint32_t depth, tn_types_view *out)
{
    if (depth >= v->ctrls.count)
        return unknown(v, in, "label", depth);
    const tn_ctrl *c = &v->ctrls.items[v->ctrls.count - 1 - depth];
    *out = c->op == TN_OP_LOOP ? tn_ctrl_params(c) : tn_ctrl_results(c);
    return TENON_OK;
}

static tenon_status rule_br(tn_validator *v, const tn_insn *in)
{
    tn_types_view types;

    TN_TRY(label(v, in, in->a, &types));
    TN_TRY(tn_v_pop_all(v, in, types));
    tn_v_set_unreachable(v);
    return TENON_OK;
}

static tenon_status rule_br_if(tn_validator *v, const tn_insn *in)
{
    tn_types_view types;

    TN_TRY(tn_v_pop(v, in, TN_I32));
    TN_TRY(label(v, in, in->a, &types));
    TN_TRY(tn_v_pop_all(v, in, types));
    return tn_v_push_all(v, types);
}

static tenon_status rule_br_table(tn_validator *v, const tn_insn *in)
{
    tn_reader list = v->r;
    tn_types_view types, first;
    uint32_t depth = 0;

    TN_TRY(tn_v_pop(v, in, TN_I32));
    /* The default label is last; its arity is everybody's. */
    list.p = in->list;
    for (uint64_t i = 0; i <= in->a; i++)
        TN_TRY(tn_read_u32(&list, &depth));
    TN_TRY(label(v, in, depth, &first));
    list.p = in->list;
    for (uint64_t i = 0; i <= in->a; i++) {
        TN_TRY(tn_read_u32(&list, &depth));
        TN_TRY(label(v, in, depth, &types));
        tn_ctrl *c = &v->ctrls.items[v->ctrls.count - 1 - depth];
        if (c->checked_by == in->offset)
            continue;
        c->checked_by = in->offset;
        if (types.count != first.count)
            return tn_v_fail(v, in, "type mismatch: labels of br_table take %u and %u operands", (unsigned)first.count,
                             (unsigned)types.count);
        TN_TRY(tn_v_check_top(v, in, types));
    }
    tn_v_set_unreachable(v);
    return TENON_OK;
}

static tenon_status rule_return(tn_validator *v, const tn_insn *in)
{
    TN_TRY(tn_v_pop_all(v, in, tn_ctrl_results(&v->ctrls.items[0])));
    tn_v_set_unreachable(v);
    return TENON_OK;
}

static tenon_status apply_call(tn_validator *v, const tn_insn *in, const tn_type *type, bool tail)
{
    tn_types_view results = { tn_type_results(type), type->result_count };

    TN_TRY(tn_v_pop_all(v, in, (tn_types_view){ type->types, type->param_count }));
    if (!tail)
        return tn_v_push_all(v, results);
    if (!same_types(v, results, tn_ctrl_results(&v->ctrls.items[0])))
        return tn_v_fail(v, in, "type mismatch: %s to a function with other results", tn_op_infos[in->op].text);
    tn_v_set_unreachable(v);
    return TENON_OK;
}

static tenon_status rule_call(tn_validator *v, const tn_insn *in, bool tail)
{
    if (in->a >= v->module->func_count)
        return unknown(v, in, "function", in->a);
    return apply_call(v, in, tn_module_func_type(v->module, in->a), tail);
}

static tenon_status func_type(tn_validator *v, const tn_insn *in, const tn_type **out)
{
    const tn_module *m = v->module;

    if (in->a >= m->type_count)
        return unknown(v, in, "type", in->a);
    *out = tn_types_get(m->registry, m->types[in->a]);
    if ((*out)->comp != TN_COMP_FUNC)
        return tn_v_fail(v, in, "type %u is not a function type", (unsigned)in->a);
    return TENON_OK;
}

static tenon_status table_of(tn_validator *v, const tn_insn *in, uint32_t index, const tn_table_type **out)
{
    if (index >= v->module->table_count)
        return unknown(v, in, "table", index);
    *out = &v->module->tables[index].type;
    return TENON_OK;
}

static tn_valtype address_type(const tn_limits *limits)
{
    return limits->is64 ? TN_I64 : TN_I32;
}

static tenon_status rule_call_indirect(tn_validator *v, const tn_insn *in, bool tail)
{
    const tn_table_type *table;
    const tn_type *type;

    TN_TRY(table_of(v, in, in->b, &table));
    TN_TRY(func_type(v, in, &type));
    if (!tn_is_subtype(v->module->registry, table->type, TN_FUNCREF))
        return tn_v_fail(v, in, "type mismatch: %s through a table that does not hold functions",
                         tn_op_infos[in->op].text);
    TN_TRY(tn_v_pop(v, in, address_type(&table->limits)));
    return apply_call(v, in, type, tail);
}

static tenon_status rule_call_ref(tn_validator *v, const tn_insn *in, bool tail)
{
    const tn_type *type;

    TN_TRY(func_type(v, in, &type));
    TN_TRY(tn_v_pop(v, in, TN_REF_TYPE(type->id) | TN_NULLABLE));
    return apply_call(v, in, type, tail);
}

static tenon_status tag_params(tn_validator *v, const tn_insn *in, uint32_t tag, tn_types_view *out)
{
    if (tag >= v->module->tag_count)
        return unknown(v, in, "tag", tag);
    const tn_type *type = tn_types_get(v->module->registry, v->module->tags[tag]);
    *out = (tn_types_view){ type->types, type->param_count };
    return TENON_OK;
}

static tenon_status rule_throw(tn_validator *v, const tn_insn *in)
{
    tn_types_view params;

    TN_TRY(tag_params(v, in, in->a, &params));
    TN_TRY(tn_v_pop_all(v, in, params));
    tn_v_set_unreachable(v);
    return TENON_OK;
}

/* What a clause pushes must match its label: parameters of the tag, then the exception itself. */
static tenon_status check_catch(tn_validator *v, const tn_insn *in, const tn_catch *clause)
{
    const tn_types *types = v->module->registry;
    tn_types_view params = { NULL, 0 }, target;
    uint32_t with_ref = clause->kind & 1;

    if (clause->kind < 2)
        TN_TRY(tag_params(v, in, clause->tag, &params));
    TN_TRY(label(v, in, clause->label, &target));
    bool match = target.count == params.count + with_ref;
    for (uint32_t i = 0; i < params.count && match; i++)
        match = tn_is_subtype(types, params.items[i], target.items[i]);
    if (match && with_ref)
        match = tn_is_subtype(types, TN_REF_ABSTRACT(TN_HEAP_EXN), target.items[params.count]);
    return match ? TENON_OK : tn_v_fail(v, in, "type mismatch: a catch clause does not match its label");
}

static tenon_status rule_try_table(tn_validator *v, const tn_insn *in)
{
    tn_reader list = v->r;
    tn_catch clause = { 0 };

    list.p = in->list;
    for (uint32_t i = 0; i < in->b; i++) {
        TN_TRY(tn_read_catch(&list, &clause));
        TN_TRY(check_catch(v, in, &clause));
    }
    return enter(v, in);
}

/* ---- parametric and variables ---- */

static tenon_status rule_drop(tn_validator *v, const tn_insn *in)
{
    tn_valtype t;
    return tn_v_pop_any(v, in, &t);
}

static tenon_status rule_select(tn_validator *v, const tn_insn *in)
{
    tn_valtype a, b;

    TN_TRY(tn_v_pop(v, in, TN_I32));
    TN_TRY(tn_v_pop_any(v, in, &b));
    TN_TRY(tn_v_pop_any(v, in, &a));
    if (tn_is_ref(a) || tn_is_ref(b) || (a != b && a != TN_BOT && b != TN_BOT))
        return tn_v_fail(v, in, "type mismatch: select without a type takes two equal numbers or vectors");
    return tn_v_push(v, a == TN_BOT ? b : a);
}

static tenon_status rule_select_t(tn_validator *v, const tn_insn *in)
{
    tn_valtype t;

    if (in->a != 1)
        return tn_v_fail(v, in, "invalid result arity: select takes one type");
    if (!tn_module_resolve(v->module, in->type, &t))
        return unknown(v, in, "type", in->type & TN_ID_MASK);
    TN_TRY(tn_v_pop(v, in, TN_I32));
    TN_TRY(tn_v_pop(v, in, t));
    TN_TRY(tn_v_pop(v, in, t));
    return tn_v_push(v, t);
}

static tenon_status mark_set(tn_validator *v, uint32_t local)
{
    if (v->is_set[local])
        return TENON_OK;
    TN_TRY(tn_vec_reserve(v->module->mem, &v->set_locals, 1));
    v->set_locals.items[v->set_locals.count++] = local;
    v->is_set[local] = 1;
    return TENON_OK;
}

static tenon_status rule_local(tn_validator *v, const tn_insn *in)
{
    if (in->a >= v->local_count)
        return unknown(v, in, "local", in->a);
    tn_valtype t = tn_v_local_type(v, in->a);
    if (in->op == TN_OP_LOCAL_GET) {
        if (TN_UNLIKELY(!tn_is_defaultable(t)) && !v->is_set[in->a])
            return tn_v_fail(v, in, "uninitialized local %u", (unsigned)in->a);
        return tn_v_push(v, t);
    }
    TN_TRY(tn_v_pop(v, in, t));
    if (TN_UNLIKELY(!tn_is_defaultable(t)))
        TN_TRY(mark_set(v, in->a));
    return in->op == TN_OP_LOCAL_TEE ? tn_v_push(v, t) : TENON_OK;
}

static tenon_status rule_global(tn_validator *v, const tn_insn *in)
{
    const tn_module *m = v->module;

    if (in->a >= m->global_count)
        return unknown(v, in, "global", in->a);
    const tn_global_type *type = &m->globals[in->a].type;
    if (v->constant && (type->is_mutable || (in->a >= m->imported_globals && !tn_has_feature(m, TENON_FEATURE_GC))))
        return tn_v_fail(v, in, "constant expression required: global %u may change", (unsigned)in->a);
    if (in->op == TN_OP_GLOBAL_GET)
        return tn_v_push(v, type->type);
    if (!type->is_mutable)
        return tn_v_fail(v, in, "immutable global %u", (unsigned)in->a);
    return tn_v_pop(v, in, type->type);
}

/* ---- tables and bulk operations ---- */

static tenon_status rule_table_access(tn_validator *v, const tn_insn *in)
{
    const tn_table_type *table;

    TN_TRY(table_of(v, in, in->a, &table));
    tn_valtype address = address_type(&table->limits);
    switch (in->op) {
    case TN_OP_TABLE_GET:
        TN_TRY(tn_v_pop(v, in, address));
        return tn_v_push(v, table->type);
    case TN_OP_TABLE_SET:
        TN_TRY(tn_v_pop(v, in, table->type));
        return tn_v_pop(v, in, address);
    case TN_OP_TABLE_SIZE:
        return tn_v_push(v, address);
    case TN_OP_TABLE_GROW:
        TN_TRY(tn_v_pop(v, in, address));
        TN_TRY(tn_v_pop(v, in, table->type));
        return tn_v_push(v, address);
    default: /* table.fill */
        TN_TRY(tn_v_pop(v, in, address));
        TN_TRY(tn_v_pop(v, in, table->type));
        return tn_v_pop(v, in, address);
    }
}

/* The length of a copy between spaces of different address types is the smaller one. */
static tenon_status pop_copy(tn_validator *v, const tn_insn *in, tn_valtype to, tn_valtype from)
{
    TN_TRY(tn_v_pop(v, in, to == TN_I64 && from == TN_I64 ? TN_I64 : TN_I32));
    TN_TRY(tn_v_pop(v, in, from));
    return tn_v_pop(v, in, to);
}

static tenon_status rule_table_copy(tn_validator *v, const tn_insn *in)
{
    const tn_table_type *to, *from;

    TN_TRY(table_of(v, in, in->a, &to));
    TN_TRY(table_of(v, in, in->b, &from));
    if (!tn_is_subtype(v->module->registry, from->type, to->type))
        return tn_v_fail(v, in, "type mismatch: table.copy between tables of different types");
    return pop_copy(v, in, address_type(&to->limits), address_type(&from->limits));
}

static tenon_status rule_table_init(tn_validator *v, const tn_insn *in)
{
    const tn_table_type *table;

    TN_TRY(table_of(v, in, in->b, &table));
    if (in->a >= v->module->elem_count)
        return unknown(v, in, "elem segment", in->a);
    if (!tn_is_subtype(v->module->registry, v->module->elems[in->a].type, table->type))
        return tn_v_fail(v, in, "type mismatch: the segment's elements do not fit the table");
    return pop_copy(v, in, address_type(&table->limits), TN_I32);
}

static tenon_status memory_of(tn_validator *v, const tn_insn *in, uint32_t index, tn_valtype *address)
{
    if (index >= v->module->memory_count)
        return unknown(v, in, "memory", index);
    *address = address_type(&v->module->memories[index]);
    return TENON_OK;
}

static tenon_status data_segment(tn_validator *v, const tn_insn *in, uint32_t index)
{
    if (!v->module->has_data_count)
        return tn_fail(v->err, TENON_MALFORMED, in->offset, "data count section required");
    return index < v->module->data_count ? TENON_OK : unknown(v, in, "data segment", index);
}

static tenon_status rule_memory_init(tn_validator *v, const tn_insn *in)
{
    tn_valtype address;

    TN_TRY(memory_of(v, in, in->b, &address));
    TN_TRY(data_segment(v, in, in->a));
    return pop_copy(v, in, address, TN_I32);
}

static tenon_status rule_memory_copy(tn_validator *v, const tn_insn *in)
{
    tn_valtype to, from;

    TN_TRY(memory_of(v, in, in->a, &to));
    TN_TRY(memory_of(v, in, in->b, &from));
    return pop_copy(v, in, to, from);
}

/* ---- references ---- */

static tenon_status rule_ref_null(tn_validator *v, const tn_insn *in)
{
    tn_valtype t;

    if (!tn_module_resolve(v->module, in->type, &t))
        return unknown(v, in, "type", in->type & TN_ID_MASK);
    return tn_v_push(v, t | TN_NULLABLE);
}

static tenon_status rule_ref_func(tn_validator *v, const tn_insn *in)
{
    const tn_module *m = v->module;

    if (in->a >= m->func_count)
        return unknown(v, in, "function", in->a);
    if (v->constant)
        TN_TRY(tn_declare_func(v->decoder, in->a, in->offset));
    else if (m->declared == NULL || !(m->declared[in->a / 8] >> in->a % 8 & 1))
        return tn_v_fail(v, in, "undeclared function reference %u", (unsigned)in->a);
    return tn_v_push(v, TN_REF_TYPE(m->funcs[in->a]));
}

/* Any reference; in unreachable code the bottom one. */
static tenon_status pop_ref(tn_validator *v, const tn_insn *in, tn_valtype *out)
{
    TN_TRY(tn_v_pop_any(v, in, out));
    if (*out == TN_BOT)
        *out = TN_REF_ABSTRACT(TN_HEAP_BOT);
    return tn_is_ref(*out) ? TENON_OK
                           : tn_v_fail(v, in, "type mismatch: %s expects a reference", tn_op_infos[in->op].text);
}

static tenon_status rule_br_on_null(tn_validator *v, const tn_insn *in)
{
    tn_types_view types;
    tn_valtype t;

    TN_TRY(pop_ref(v, in, &t));
    TN_TRY(label(v, in, in->a, &types));
    TN_TRY(tn_v_pop_all(v, in, types));
    TN_TRY(tn_v_push_all(v, types));
    return tn_v_push(v, t & ~TN_NULLABLE);
}

static tenon_status rule_br_on_non_null(tn_validator *v, const tn_insn *in)
{
    tn_types_view types;
    tn_valtype t;

    TN_TRY(pop_ref(v, in, &t));
    TN_TRY(label(v, in, in->a, &types));
    if (types.count == 0 || !tn_is_subtype(v->module->registry, t & ~TN_NULLABLE, types.items[types.count - 1]))
        return tn_v_fail(v, in, "type mismatch: the label of br_on_non_null does not take the reference");
    types.count--;
    TN_TRY(tn_v_pop_all(v, in, types));
    return tn_v_push_all(v, types);
}

static tenon_status rule_reference(tn_validator *v, const tn_insn *in)
{
    tn_valtype t;

    switch (in->op) {
    case TN_OP_REF_NULL:
        return rule_ref_null(v, in);
    case TN_OP_REF_FUNC:
        return rule_ref_func(v, in);
    case TN_OP_REF_IS_NULL:
        TN_TRY(pop_ref(v, in, &t));
        return tn_v_push(v, TN_I32);
    case TN_OP_REF_AS_NON_NULL:
        TN_TRY(pop_ref(v, in, &t));
        return tn_v_push(v, t & ~TN_NULLABLE);
    case TN_OP_BR_ON_NULL:
        return rule_br_on_null(v, in);
    case TN_OP_BR_ON_NON_NULL:
        return rule_br_on_non_null(v, in);
    default:
        return tn_validate_gc_rule(v, in);
    }
}

static tenon_status rule_bulk(tn_validator *v, const tn_insn *in)
{
    switch (in->op) {
    case TN_OP_TABLE_COPY:
        return rule_table_copy(v, in);
    case TN_OP_TABLE_INIT:
        return rule_table_init(v, in);
    case TN_OP_MEMORY_INIT:
        return rule_memory_init(v, in);
    case TN_OP_MEMORY_COPY:
        return rule_memory_copy(v, in);
    case TN_OP_DATA_DROP:
        return data_segment(v, in, in->a);
    case TN_OP_ELEM_DROP:
        return in->a < v->module->elem_count ? TENON_OK : unknown(v, in, "elem segment", in->a);
    default:
        return rule_reference(v, in);
    }
}

tenon_status tn_validate_rule(tn_validator *v, const tn_insn *in)
{
    switch (in->op) {
    case TN_OP_LOCAL_GET:
    case TN_OP_LOCAL_SET:
    case TN_OP_LOCAL_TEE:
        return rule_local(v, in);
    case TN_OP_GLOBAL_GET:
    case TN_OP_GLOBAL_SET:
        return rule_global(v, in);
    case TN_OP_UNREACHABLE:
        tn_v_set_unreachable(v);
        return TENON_OK;
    case TN_OP_BLOCK:
    case TN_OP_LOOP:
        return enter(v, in);
    case TN_OP_IF:
        TN_TRY(tn_v_pop(v, in, TN_I32));
        return enter(v, in);
    case TN_OP_ELSE:
        return rule_else(v, in);
    case TN_OP_END:
        return rule_end(v, in);
    case TN_OP_BR:
        return rule_br(v, in);
    case TN_OP_BR_IF:
        return rule_br_if(v, in);
    case TN_OP_BR_TABLE:
        return rule_br_table(v, in);
    case TN_OP_RETURN:
        return rule_return(v, in);
    case TN_OP_CALL:
    case TN_OP_RETURN_CALL:
        return rule_call(v, in, in->op == TN_OP_RETURN_CALL);
    case TN_OP_CALL_INDIRECT:
    case TN_OP_RETURN_CALL_INDIRECT:
        return rule_call_indirect(v, in, in->op == TN_OP_RETURN_CALL_INDIRECT);
    case TN_OP_CALL_REF:
    case TN_OP_RETURN_CALL_REF:
        return rule_call_ref(v, in, in->op == TN_OP_RETURN_CALL_REF);
    case TN_OP_THROW:
        return rule_throw(v, in);
    case TN_OP_THROW_REF:
        TN_TRY(tn_v_pop(v, in, TN_EXNREF));
        tn_v_set_unreachable(v);
        return TENON_OK;
    case TN_OP_TRY_TABLE:
        return rule_try_table(v, in);
    case TN_OP_DROP:
        return rule_drop(v, in);
    case TN_OP_SELECT:
        return rule_select(v, in);
    case TN_OP_SELECT_T:
        return rule_select_t(v, in);
    case TN_OP_TABLE_GET:
    case TN_OP_TABLE_SET:
    case TN_OP_TABLE_SIZE:
    case TN_OP_TABLE_GROW:
    case TN_OP_TABLE_FILL:
        return rule_table_access(v, in);
    default:
        return rule_bulk(v, in);
    }
}
