/* SPDX-License-Identifier: MIT
 * Exact types as the host sees them, and things made with them: tenon/refs.h. A type of the host's is taken apart and
 * checked before anything is made of it.
 */
#include <string.h>

#include "base/assert.h"
#include "runtime/vm/types.h"

_Static_assert((int)TENON_HEAP_FUNC == (int)TN_HEAP_FUNC && (int)TENON_HEAP_NOEXN == (int)TN_HEAP_NOEXN &&
                   (int)TENON_HEAP_NONE == (int)TN_HEAP_NONE && (int)TENON_HEAP_DEFINED == (int)TN_HEAP_BOT,
               "heap types have the loader's numbers");

const char *tenon_heap_text(tenon_heap heap)
{
    static const char *const texts[] = {
#define X(id, text) text,
        TENON_HEAP_MAP(X)
#undef X
            "defined"
    };
    return heap <= TENON_HEAP_DEFINED ? texts[heap] : "unknown";
}

/* ---- between both ---- */

static const tn_type *inner_deftype(const tenon_deftype *type)
{
    return type->inside[1];
}

tenon_valtype tn_exact_type(const tn_types *types, tn_valtype t)
{
    tenon_valtype out = { .type = tn_public_type(types, t) };

    if (!tn_is_ref(t))
        return out;
    out.nullable = tn_is_nullable(t);
    if (tn_is_abstract(t)) {
        out.heap = (tenon_heap)(t & TN_ID_MASK);
    } else {
        out.heap = TENON_HEAP_DEFINED;
        out.defined = (tenon_deftype){ { types, tn_types_get(types, t & TN_ID_MASK) } };
    }
    return out;
}

bool tn_take_type(const tn_types *types, const tenon_valtype *type, tn_valtype *out)
{
    tn_valtype heap;

    if (type->type >= TENON_I32 && type->type <= TENON_V128) {
        *out = (tn_valtype)type->type;
        return true;
    }
    if (type->heap == TENON_HEAP_DEFINED && type->defined.inside[0] == types)
        heap = TN_REF_TYPE(inner_deftype(&type->defined)->id);
    else if (type->heap < TENON_HEAP_DEFINED)
        heap = TN_REF_ABSTRACT(type->heap);
    else
        return false;
    *out = heap | (type->nullable ? TN_NULLABLE : 0);
    return tn_public_type(types, *out) == type->type;
}

/* ---- types ---- */

tenon_valtype tenon_valtype_of(tenon_type type)
{
    tn_valtype t = tn_inner_type(type);

    if (!tn_is_ref(t))
        return (tenon_valtype){ .type = type };
    return (tenon_valtype){ .type = type, .nullable = true, .heap = (tenon_heap)(t & TN_ID_MASK) };
}

bool tenon_valtype_matches(const tenon_engine *engine, const tenon_valtype *sub, const tenon_valtype *super)
{
    tn_valtype a, b;

    return tn_take_type(engine->types, sub, &a) && tn_take_type(engine->types, super, &b) &&
           tn_is_subtype(engine->types, a, b);
}

tenon_defkind tenon_deftype_kind(const tenon_deftype *type)
{
    switch (inner_deftype(type)->comp) {
    case TN_COMP_FUNC:
        return TENON_DEF_FUNC;
    case TN_COMP_STRUCT:
        return TENON_DEF_STRUCT;
    default:
        return TENON_DEF_ARRAY;
    }
}

size_t tenon_deftype_param_count(const tenon_deftype *type)
{
    const tn_type *t = inner_deftype(type);
    return t->comp == TN_COMP_FUNC ? t->param_count : 0;
}

size_t tenon_deftype_result_count(const tenon_deftype *type)
{
    return inner_deftype(type)->result_count;
}

tenon_valtype tenon_deftype_param(const tenon_deftype *type, size_t index)
{
    TN_ASSERT(index < tenon_deftype_param_count(type));
    return tn_exact_type(type->inside[0], inner_deftype(type)->types[index]);
}

tenon_valtype tenon_deftype_result(const tenon_deftype *type, size_t index)
{
    TN_ASSERT(index < tenon_deftype_result_count(type));
    return tn_exact_type(type->inside[0], tn_type_results(inner_deftype(type))[index]);
}

static bool take_types(const tn_types *types, const tenon_valtype *list, size_t count, tn_valtype *out)
{
    for (size_t i = 0; i < count; i++)
        if (!tn_take_type(types, &list[i], &out[i]))
            return false;
    return true;
}

tenon_status tenon_functype_new(tenon_engine *engine, const tenon_valtype *params, size_t param_count,
                                const tenon_valtype *results, size_t result_count, tenon_deftype *out)
{
    size_t count = param_count + result_count;
    uint32_t id;

    if (param_count > TN_MAX_PARAMS || result_count > TN_MAX_RESULTS)
        return TENON_USAGE;
    tn_valtype *list = tn_alloc(&engine->mem, (count + 1) * sizeof *list);
    if (list == NULL)
        return TENON_NOMEM;
    tenon_status status = TENON_USAGE;
    if (take_types(engine->types, params, param_count, list) &&
        take_types(engine->types, results, result_count, list + param_count)) {
        const tn_type_spec spec = { .comp = TN_COMP_FUNC,
                                    .final = true,
                                    .super = TN_NO_TYPE,
                                    .param_count = (uint32_t)param_count,
                                    .result_count = (uint32_t)result_count,
                                    .types = list };
        status = tn_types_add(engine->types, &spec, 1, &id);
    }
    tn_free(&engine->mem, list, (count + 1) * sizeof *list);
    if (status == TENON_OK)
        *out = (tenon_deftype){ { engine->types, tn_types_get(engine->types, id) } };
    return status;
}

tenon_valtype tenon_extern_type_value(const tenon_extern_type *type)
{
    return tn_exact_type(type->inside[0], (tn_valtype)(uintptr_t)type->inside[1]);
}

tenon_deftype tenon_extern_type_defined(const tenon_extern_type *type)
{
    return (tenon_deftype){ { type->inside[0], type->inside[1] } };
}

/* ---- things ---- */

static bool is_functype(const tenon_store *store, const tenon_deftype *type)
{
    return type->inside[0] == store->engine->types && inner_deftype(type)->comp == TN_COMP_FUNC;
}

tenon_status tenon_func_new_of(tenon_store *store, const tenon_deftype *type, tenon_callback callback, void *context,
                               tenon_func **out)
{
    return is_functype(store, type) ? tn_func_new_typed(store, inner_deftype(type), callback, context, out)
                                    : TENON_USAGE;
}

tenon_status tenon_tag_new_of(tenon_store *store, const tenon_deftype *type, tenon_tag **out)
{
    if (!is_functype(store, type) || tenon_deftype_result_count(type) > 0)
        return TENON_USAGE;
    return tn_tag_new(store, inner_deftype(type), out);
}

tenon_status tenon_table_new_of(tenon_store *store, const tenon_table_type *type, const tenon_val *init,
                                tenon_table **out)
{
    tn_table_type t = {
        .limits = { .min = type->min, .max = type->max, .has_max = type->max != UINT64_MAX, .is64 = type->address64 }
    };
    const tenon_val null = { .type = type->element.type };

    if (init == NULL)
        init = &null;
    if (!tn_take_type(store->engine->types, &type->element, &t.type) || !tn_is_ref(t.type) ||
        (t.limits.has_max && t.limits.max < t.limits.min) || !tn_val_fits(store, t.type, init))
        return TENON_USAGE;
    return tn_table_new(store, &t, init->of.ref, out, NULL);
}

tenon_status tenon_global_new_of(tenon_store *store, const tenon_valtype *type, const tenon_val *value, bool is_mutable,
                                 tenon_global **out)
{
    tn_valtype t;

    if (!tn_take_type(store->engine->types, type, &t))
        return TENON_USAGE;
    return tn_global_new(store, t, value, is_mutable, out);
}
