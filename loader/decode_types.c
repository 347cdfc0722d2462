/* SPDX-License-Identifier: MIT
 * Sections that declare types and things by type alone: types, imports, functions, tables, memories, tags
 * (specification 5.3, 5.5.4 to 5.5.8).
 */
#include "loader/decode.h"

#include "loader/validate.h"

typedef struct type_section {
    TN_VEC(tn_type_spec) specs; /* of the current recursion group; types hold positions in values until it is whole */
    TN_VEC(tn_valtype) values;
    uint32_t start, count; /* module indices of the current group */
} type_section;

static tenon_status unknown_type(const tn_decoder *d, uint64_t offset, uint32_t index)
{
    return tn_fail(d->err, TENON_INVALID, offset, "unknown type %u", (unsigned)index);
}

/* ---- types ---- */

static tenon_status relate(tn_decoder *d, const type_section *s, uint64_t offset, tn_rawtype raw, tn_valtype *out)
{
    uint32_t index = raw & TN_ID_MASK;

    if (!tn_is_ref(raw) || tn_is_abstract(raw)) {
        *out = raw;
        return TENON_OK;
    }
    if (index >= s->start && index - s->start < s->count) {
        *out = (raw & ~TN_ID_MASK) | TN_RELATIVE | (index - s->start);
        return TENON_OK;
    }
    return tn_module_resolve(d->module, raw, out) && index < s->start ? TENON_OK : unknown_type(d, offset, index);
}

static tenon_status read_field_type(tn_decoder *d, tn_rawtype *out)
{
    if (tn_reader_left(&d->r) > 0 && (*d->r.p == 0x78 || *d->r.p == 0x77)) {
        *out = *d->r.p++ == 0x78 ? TN_I8 : TN_I16;
        return TENON_OK;
    }
    return tn_read_valtype(&d->r, out);
}

static tenon_status read_value_list(tn_decoder *d, type_section *s, const char *what, uint32_t limit, uint32_t *count)
{
    tn_rawtype raw = 0;

    TN_TRY(tn_read_count(&d->r, what, limit, count));
    TN_TRY(tn_vec_reserve(d->module->mem, &s->values, *count));
    for (uint32_t i = 0; i < *count; i++) {
        uint64_t offset = tn_reader_offset(&d->r);
        TN_TRY(tn_read_valtype(&d->r, &raw));
        TN_TRY(relate(d, s, offset, raw, &s->values.items[s->values.count++]));
    }
    return TENON_OK;
}

static tenon_status read_field(tn_decoder *d, type_section *s)
{
    uint64_t offset = tn_reader_offset(&d->r);
    tn_rawtype raw = 0;
    tn_valtype type;
    uint8_t flags = 0;

    TN_TRY(read_field_type(d, &raw));
    TN_TRY(relate(d, s, offset, raw, &type));
    TN_TRY(tn_read_u8(&d->r, &flags));
    if (flags > 1)
        return tn_decoder_fail(d, TENON_MALFORMED, tn_reader_offset(&d->r) - 1, "malformed mutability");
    TN_TRY(tn_vec_reserve(d->module->mem, &s->values, 1));
    s->values.items[s->values.count++] = type | (flags ? TN_MUTABLE : 0);
    return TENON_OK;
}

static tenon_status read_composite(tn_decoder *d, type_section *s, tn_type_spec *spec)
{
    uint64_t offset = tn_reader_offset(&d->r);
    uint8_t form = 0;

    TN_TRY(tn_read_u8(&d->r, &form));
    switch (form) {
    case 0x60:
        spec->comp = TN_COMP_FUNC;
        TN_TRY(read_value_list(d, s, "parameters", TN_MAX_PARAMS, &spec->param_count));
        return read_value_list(d, s, "results", TN_MAX_RESULTS, &spec->result_count);
    case 0x5F:
        spec->comp = TN_COMP_STRUCT;
        TN_TRY(tn_read_count(&d->r, "fields", TN_MAX_FIELDS, &spec->param_count));
        for (uint32_t i = 0; i < spec->param_count; i++)
            TN_TRY(read_field(d, s));
        return TENON_OK;
    case 0x5E:
        spec->comp = TN_COMP_ARRAY;
        spec->param_count = 1;
        return read_field(d, s);
    default:
        return tn_fail(d->err, TENON_MALFORMED, offset, "malformed definition type 0x%02x", form);
    }
}

static tenon_status read_super(tn_decoder *d, const type_section *s, uint32_t self, tn_type_spec *spec)
{
    uint64_t offset = tn_reader_offset(&d->r);
    uint32_t count, index = 0;

    TN_TRY(tn_read_count(&d->r, "supertypes", UINT32_MAX, &count));
    if (count > 1)
        return tn_decoder_fail(d, TENON_INVALID, offset, "more than one supertype");
    if (count == 0)
        return TENON_OK;
    TN_TRY(tn_read_u32(&d->r, &index));
    if (index >= self)
        return unknown_type(d, offset, index);
    spec->super = index >= s->start ? TN_RELATIVE | (index - s->start) : d->module->types[index];
    return TENON_OK;
}

static tenon_status read_subtype(tn_decoder *d, type_section *s, uint32_t self)
{
    tn_type_spec spec = { .final = true, .super = TN_NO_TYPE };

    if (tn_reader_left(&d->r) > 0 && (*d->r.p == 0x50 || *d->r.p == 0x4F)) {
        spec.final = *d->r.p++ == 0x4F;
        TN_TRY(read_super(d, s, self, &spec));
    }
    /* Where the values start; a pointer once the group is whole, because the vector may still move. */
    spec.types = (tn_valtype *)(uintptr_t)s->values.count;
    TN_TRY(read_composite(d, s, &spec));
    TN_TRY(tn_vec_reserve(d->module->mem, &s->specs, 1));
    s->specs.items[s->specs.count++] = spec;
    return TENON_OK;
}

static bool field_matches(const tn_types *types, tn_valtype sub, tn_valtype super)
{
    if ((sub ^ super) & TN_MUTABLE)
        return false;
    if (sub & TN_MUTABLE)
        return sub == super;
    return tn_is_subtype(types, sub, super);
}

/* Specification 3.3.9: functions are contravariant in parameters, structures may add fields. */
static bool composite_matches(const tn_types *types, const tn_type *sub, const tn_type *super)
{
    if (sub->comp != super->comp || sub->result_count != super->result_count)
        return false;
    if (sub->comp == TN_COMP_FUNC) {
        if (sub->param_count != super->param_count)
            return false;
        for (uint32_t i = 0; i < sub->param_count; i++)
            if (!tn_is_subtype(types, super->types[i], sub->types[i]))
                return false;
        for (uint32_t i = 0; i < sub->result_count; i++)
            if (!tn_is_subtype(types, tn_type_results(sub)[i], tn_type_results(super)[i]))
                return false;
        return true;
    }
    if (sub->param_count < super->param_count)
        return false;
    for (uint32_t i = 0; i < super->param_count; i++)
        if (!field_matches(types, sub->types[i], super->types[i]))
            return false;
    return true;
}

static tenon_status check_subtypes(tn_decoder *d, uint32_t first, uint32_t count, uint64_t offset)
{
    const tn_types *types = d->module->registry;

    for (uint32_t i = 0; i < count; i++) {
        const tn_type *t = tn_types_get(types, first + i);
        if (t->super == TN_NO_TYPE)
            continue;
        const tn_type *super = tn_types_get(types, t->super);
        if (t->depth > TN_MAX_SUBTYPE_DEPTH)
            return tn_fail(d->err, TENON_LIMIT, offset, "subtyping is deeper than %d", TN_MAX_SUBTYPE_DEPTH);
        if (super->final || !composite_matches(types, t, super))
            return tn_fail(d->err, TENON_INVALID, offset, "sub type %u does not match its super type",
                           (unsigned)(d->types.count - count + i));
    }
    return TENON_OK;
}

static tenon_status add_group(tn_decoder *d, type_section *s, uint64_t offset)
{
    tn_mem *mem = d->module->mem;
    uint32_t first = 0;

    if (s->count == 0)
        return TENON_OK;
    for (size_t i = 0; i < s->specs.count; i++)
        s->specs.items[i].types = s->values.items + (uintptr_t)s->specs.items[i].types;
    TN_TRY(tn_vec_reserve(mem, &d->groups, 1));
    TN_TRY(tn_vec_reserve(mem, &d->types, s->count));
    TN_TRY(tn_types_add(d->module->registry, s->specs.items, s->count, &first));
    d->groups.items[d->groups.count++] = first;
    for (uint32_t i = 0; i < s->count; i++)
        d->types.items[d->types.count++] = first + i;
    tn_decoder_sync(d);
    return check_subtypes(d, first, s->count, offset);
}

static tenon_status read_group(tn_decoder *d, type_section *s)
{
    uint64_t offset = tn_reader_offset(&d->r);

    s->specs.count = s->values.count = 0;
    s->start = (uint32_t)d->types.count;
    s->count = 1;
    if (tn_reader_left(&d->r) > 0 && *d->r.p == 0x4E) {
        d->r.p++;
        TN_TRY(tn_read_count(&d->r, "types", TN_MAX_TYPES, &s->count));
    }
    if (s->count > TN_MAX_TYPES - s->start)
        return tn_decoder_fail(d, TENON_LIMIT, offset, "too many types");
    for (uint32_t i = 0; i < s->count; i++)
        TN_TRY(read_subtype(d, s, s->start + i));
    return add_group(d, s, offset);
}

tenon_status tn_decode_types(tn_decoder *d)
{
    type_section s = { .start = 0 };
    tenon_status status;
    uint32_t count = 0;

    status = tn_read_count(&d->r, "types", TN_MAX_TYPES, &count);
    for (uint32_t i = 0; i < count && status == TENON_OK; i++)
        status = read_group(d, &s);
    tn_vec_fini(d->module->mem, &s.specs);
    tn_vec_fini(d->module->mem, &s.values);
    return status;
}

tenon_status tn_decode_valtype(tn_decoder *d, tn_valtype *out)
{
    uint64_t offset = tn_reader_offset(&d->r);
    tn_rawtype raw = 0;

    TN_TRY(tn_read_valtype(&d->r, &raw));
    return tn_module_resolve(d->module, raw, out) ? TENON_OK : unknown_type(d, offset, raw & TN_ID_MASK);
}

/* ---- descriptions of things ---- */

static tenon_status read_func_type(tn_decoder *d, uint32_t *out)
{
    uint64_t offset = tn_reader_offset(&d->r);
    uint32_t index = 0;

    TN_TRY(tn_read_u32(&d->r, &index));
    if (index >= d->module->type_count)
        return unknown_type(d, offset, index);
    *out = d->module->types[index];
    if (tn_types_get(d->module->registry, *out)->comp != TN_COMP_FUNC)
        return tn_fail(d->err, TENON_INVALID, offset, "type %u is not a function type", (unsigned)index);
    return TENON_OK;
}

/* Flags: 1 maximum, 2 shared, 4 64-bit, 8 page size. */
static tenon_status read_limits(tn_decoder *d, bool memory, tn_limits *out)
{
    uint64_t offset = tn_reader_offset(&d->r);
    uint8_t flags = 0;

    TN_TRY(tn_read_u8(&d->r, &flags));
    if (flags & ~(memory ? 15 : 5))
        return tn_fail(d->err, TENON_MALFORMED, offset, "malformed limits flags 0x%02x", flags);
    *out = (tn_limits){
        .max = UINT64_MAX, .has_max = flags & 1, .shared = (flags & 2) != 0, .is64 = (flags & 4) != 0, .page_log2 = 16
    };
    if ((out->shared && !tn_has_feature(d->module, TENON_FEATURE_THREADS)) ||
        (out->is64 && !tn_has_feature(d->module, TENON_FEATURE_MEMORY64)) ||
        ((flags & 8) && !tn_has_feature(d->module, TENON_FEATURE_CUSTOM_PAGE_SIZES)))
        return tn_fail(d->err, TENON_MALFORMED, offset, "malformed limits flags 0x%02x: a feature is off", flags);
    uint32_t small = 0;
    if (out->is64) {
        TN_TRY(tn_read_u64(&d->r, &out->min));
        return out->has_max ? tn_read_u64(&d->r, &out->max) : TENON_OK;
    }
    TN_TRY(tn_read_u32(&d->r, &small));
    out->min = small;
    if (out->has_max) {
        TN_TRY(tn_read_u32(&d->r, &small));
        out->max = small;
    }
    return TENON_OK;
}

static tenon_status check_limits(tn_decoder *d, const tn_limits *limits, uint64_t top, uint64_t offset,
                                 const char *what)
{
    if (limits->min > top || (limits->has_max && limits->max > top))
        return tn_fail(d->err, TENON_INVALID, offset, "%s size must be at most %llu", what, (unsigned long long)top);
    if (limits->has_max && limits->min > limits->max)
        return tn_fail(d->err, TENON_INVALID, offset, "size minimum must not be greater than maximum");
    return TENON_OK;
}

static tenon_status read_memory_type(tn_decoder *d, tn_limits *out)
{
    uint64_t offset = tn_reader_offset(&d->r);
    bool custom = tn_reader_left(&d->r) > 0 && (*d->r.p & 8);
    uint32_t page_log2 = 16;

    TN_TRY(read_limits(d, true, out));
    if (custom) {
        TN_TRY(tn_read_u32(&d->r, &page_log2));
        if (page_log2 > 63)
            return tn_fail(d->err, TENON_MALFORMED, offset, "invalid custom page size 2^%u", (unsigned)page_log2);
        if (page_log2 != 0 && page_log2 != 16)
            return tn_fail(d->err, TENON_INVALID, offset, "invalid custom page size 2^%u", (unsigned)page_log2);
        out->page_log2 = (uint8_t)page_log2;
    }
    if (out->shared && !out->has_max)
        return tn_decoder_fail(d, TENON_INVALID, offset, "shared memory must have maximum");
    unsigned bits = (out->is64 ? 64 : 32) - page_log2;
    return check_limits(d, out,
                        bits == 64       ? UINT64_MAX
                        : page_log2 == 0 ? UINT32_MAX
                                         : (uint64_t)1 << bits,
                        offset, "memory");
}

static tenon_status read_table_type(tn_decoder *d, tn_table_type *out)
{
    uint64_t offset = tn_reader_offset(&d->r);

    TN_TRY(tn_decode_valtype(d, &out->type));
    if (!tn_is_ref(out->type))
        return tn_decoder_fail(d, TENON_MALFORMED, offset, "malformed reference type");
    TN_TRY(read_limits(d, false, &out->limits));
    return check_limits(d, &out->limits, out->limits.is64 ? UINT64_MAX : UINT32_MAX, offset, "table");
}

static tenon_status read_global_type(tn_decoder *d, tn_global_type *out)
{
    uint8_t flag = 0;

    TN_TRY(tn_decode_valtype(d, &out->type));
    TN_TRY(tn_read_u8(&d->r, &flag));
    if (flag > 1)
        return tn_decoder_fail(d, TENON_MALFORMED, tn_reader_offset(&d->r) - 1, "malformed mutability");
    out->is_mutable = flag == 1;
    return TENON_OK;
}

static tenon_status read_tag_type(tn_decoder *d, uint32_t *out)
{
    uint64_t offset = tn_reader_offset(&d->r);
    uint8_t attribute = 0;

    TN_TRY(tn_read_u8(&d->r, &attribute));
    if (attribute != 0)
        return tn_decoder_fail(d, TENON_MALFORMED, offset, "malformed tag attribute");
    TN_TRY(read_func_type(d, out));
    if (tn_types_get(d->module->registry, *out)->result_count != 0)
        return tn_decoder_fail(d, TENON_INVALID, offset, "non-empty tag result type");
    return TENON_OK;
}

/* ---- things and imports of things: the same readers fill the same index spaces ---- */

#define PUSH(vec, value)                                   \
    do {                                                   \
        TN_TRY(tn_vec_reserve(d->module->mem, &(vec), 1)); \
        (vec).items[(vec).count++] = (value);              \
    } while (0)

static tenon_status add_func(tn_decoder *d)
{
    uint32_t type = 0;
    TN_TRY(read_func_type(d, &type));
    PUSH(d->funcs, type);
    return TENON_OK;
}

static tenon_status add_table(tn_decoder *d)
{
    tn_table_def table = { .init = { 0, 0 } };
    TN_TRY(read_table_type(d, &table.type));
    PUSH(d->tables, table);
    return TENON_OK;
}

static tenon_status add_memory(tn_decoder *d)
{
    tn_limits limits = { 0 };
    uint64_t offset = tn_reader_offset(&d->r);

    TN_TRY(read_memory_type(d, &limits));
    if (d->memories.count > 0 && !tn_has_feature(d->module, TENON_FEATURE_MULTI_MEMORY))
        return tn_decoder_fail(d, TENON_INVALID, offset, "multiple memories");
    PUSH(d->memories, limits);
    return TENON_OK;
}

static tenon_status add_global(tn_decoder *d)
{
    tn_global_def global = { .init = { 0, 0 } };
    TN_TRY(read_global_type(d, &global.type));
    PUSH(d->globals, global);
    return TENON_OK;
}

static tenon_status add_tag(tn_decoder *d)
{
    uint32_t type = 0;
    TN_TRY(read_tag_type(d, &type));
    PUSH(d->tags, type);
    return TENON_OK;
}

static tenon_status check_space(const tn_decoder *d, uint64_t offset)
{
    if (d->funcs.count > TN_MAX_FUNCTIONS)
        return tn_decoder_fail(d, TENON_LIMIT, offset, "too many functions");
    if (d->tables.count > TN_MAX_TABLES)
        return tn_decoder_fail(d, TENON_LIMIT, offset, "too many tables");
    if (d->memories.count > TN_MAX_MEMORIES)
        return tn_decoder_fail(d, TENON_LIMIT, offset, "too many memories");
    if (d->globals.count > TN_MAX_GLOBALS || d->tags.count > TN_MAX_TAGS)
        return tn_decoder_fail(d, TENON_LIMIT, offset, "too many globals or tags");
    return TENON_OK;
}

static tenon_status add_import(tn_decoder *d, tenon_name module, tenon_name name, uint8_t kind, uint64_t offset)
{
    tn_import import = { .module = module, .name = name, .kind = (tenon_kind)kind };

    switch (kind) {
    case TENON_KIND_FUNC:
        import.index = (uint32_t)d->funcs.count;
        TN_TRY(add_func(d));
        break;
    case TENON_KIND_TABLE:
        import.index = (uint32_t)d->tables.count;
        TN_TRY(add_table(d));
        break;
    case TENON_KIND_MEMORY:
        import.index = (uint32_t)d->memories.count;
        TN_TRY(add_memory(d));
        break;
    case TENON_KIND_GLOBAL:
        import.index = (uint32_t)d->globals.count;
        TN_TRY(add_global(d));
        break;
    case TENON_KIND_TAG:
        import.index = (uint32_t)d->tags.count;
        TN_TRY(add_tag(d));
        break;
    default:
        return tn_fail(d->err, TENON_MALFORMED, offset, "malformed import kind 0x%02x", kind);
    }
    if (d->imports.count >= TN_MAX_IMPORTS)
        return tn_decoder_fail(d, TENON_LIMIT, offset, "too many imports");
    PUSH(d->imports, import);
    return check_space(d, offset);
}

/* Reads one kind and type for its end alone. */
static tenon_status skip_import_type(tn_decoder *d)
{
    uint64_t offset = tn_reader_offset(&d->r);
    uint32_t func;
    tn_table_type table;
    tn_limits memory;
    tn_global_type global;
    uint8_t kind = 0;

    TN_TRY(tn_read_u8(&d->r, &kind));
    switch (kind) {
    case TENON_KIND_FUNC:
        return read_func_type(d, &func);
    case TENON_KIND_TABLE:
        return read_table_type(d, &table);
    case TENON_KIND_MEMORY:
        return read_memory_type(d, &memory);
    case TENON_KIND_GLOBAL:
        return read_global_type(d, &global);
    case TENON_KIND_TAG:
        return read_tag_type(d, &func);
    default:
        return tn_fail(d->err, TENON_MALFORMED, offset, "malformed import kind 0x%02x", kind);
    }
}

/* Compact imports: after an empty item name, 0x7F opens a list of (name, type) and 0x7E one type with a list of names.
 */
static tenon_status read_compact_imports(tn_decoder *d, tenon_name module, uint8_t form)
{
    tn_reader type = d->r;
    tenon_name name;
    uint8_t kind = 0;
    uint32_t count;

    if (form == 0x7E)
        TN_TRY(skip_import_type(d));
    TN_TRY(tn_read_count(&d->r, "imports", TN_MAX_IMPORTS, &count));
    for (uint32_t i = 0; i < count; i++) {
        TN_TRY(tn_read_name(&d->r, &name));
        uint64_t offset = tn_reader_offset(&d->r);
        tn_reader after = d->r;
        if (form == 0x7E)
            d->r.p = type.p;
        TN_TRY(tn_read_u8(&d->r, &kind));
        TN_TRY(add_import(d, module, name, kind, offset));
        if (form == 0x7E)
            d->r = after;
    }
    return TENON_OK;
}

static tenon_status read_import(tn_decoder *d)
{
    tenon_name module, name;
    uint8_t kind = 0;

    TN_TRY(tn_read_name(&d->r, &module));
    TN_TRY(tn_read_name(&d->r, &name));
    uint64_t offset = tn_reader_offset(&d->r);
    TN_TRY(tn_read_u8(&d->r, &kind));
    if (name.size == 0 && (kind == 0x7F || kind == 0x7E) && tn_has_feature(d->module, TENON_FEATURE_COMPACT_IMPORTS))
        return read_compact_imports(d, module, kind);
    return add_import(d, module, name, kind, offset);
}

tenon_status tn_decode_imports(tn_decoder *d)
{
    tn_module *m = d->module;
    uint32_t count;

    TN_TRY(tn_read_count(&d->r, "imports", TN_MAX_IMPORTS, &count));
    for (uint32_t i = 0; i < count; i++)
        TN_TRY(read_import(d));
    tn_decoder_sync(d);
    m->imported_funcs = m->func_count;
    m->imported_tables = m->table_count;
    m->imported_memories = m->memory_count;
    m->imported_globals = m->global_count;
    m->imported_tags = m->tag_count;
    return TENON_OK;
}

static tenon_status read_all(tn_decoder *d, const char *what, uint32_t limit, tenon_status (*add)(tn_decoder *),
                             uint32_t *out)
{
    uint64_t offset = tn_reader_offset(&d->r);
    uint32_t count;

    TN_TRY(tn_read_count(&d->r, what, limit, &count));
    for (uint32_t i = 0; i < count; i++)
        TN_TRY(add(d));
    tn_decoder_sync(d);
    if (out != NULL)
        *out = count;
    return check_space(d, offset);
}

tenon_status tn_decode_functions(tn_decoder *d)
{
    return read_all(d, "functions", TN_MAX_FUNCTIONS, add_func, &d->function_section_count);
}

static tenon_status add_own_table(tn_decoder *d)
{
    uint64_t offset = tn_reader_offset(&d->r);
    tn_table_def table = { .init = { 0, 0 } };
    uint8_t zero = 0;
    bool explicit_init = tn_reader_left(&d->r) > 0 && *d->r.p == 0x40;

    if (explicit_init) {
        d->r.p++;
        TN_TRY(tn_read_u8(&d->r, &zero));
        if (zero != 0)
            return tn_decoder_fail(d, TENON_MALFORMED, offset, "malformed table");
    }
    TN_TRY(read_table_type(d, &table.type));
    if (explicit_init)
        TN_TRY(tn_decode_const_expr(d, table.type.type, &table.init));
    else if (!tn_is_nullable(table.type.type))
        return tn_decoder_fail(d, TENON_INVALID, offset,
                               "type mismatch: a table of non-null references needs an initializer");
    PUSH(d->tables, table);
    return TENON_OK;
}

tenon_status tn_decode_tables(tn_decoder *d)
{
    return read_all(d, "tables", TN_MAX_TABLES, add_own_table, NULL);
}

tenon_status tn_decode_memories(tn_decoder *d)
{
    return read_all(d, "memories", TN_MAX_MEMORIES, add_memory, NULL);
}

tenon_status tn_decode_tags(tn_decoder *d)
{
    return read_all(d, "tags", TN_MAX_TAGS, add_tag, NULL);
}

static tenon_status add_own_global(tn_decoder *d)
{
    TN_TRY(add_global(d));
    tn_global_def *global = &d->globals.items[d->globals.count - 1];
    TN_TRY(tn_decode_const_expr(d, global->type.type, &global->init));
    /* Only now may later initializers see it. */
    tn_decoder_sync(d);
    return TENON_OK;
}

tenon_status tn_decode_globals(tn_decoder *d)
{
    return read_all(d, "globals", TN_MAX_GLOBALS, add_own_global, NULL);
}
