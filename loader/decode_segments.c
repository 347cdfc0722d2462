/* SPDX-License-Identifier: MIT
 * Sections that use what was declared: exports, start, elements, code, data (specification 5.5.10 to 5.5.16), and
 * constant expressions.
 */
#include "base/assert.h"
#include "loader/decode.h"
#include "loader/validate.h"

tenon_status tn_decode_const_expr(tn_decoder *d, tn_valtype expected, tn_range *out)
{
    uint64_t offset = tn_reader_offset(&d->r);

    d->validator->decoder = d;
    TN_TRY(tn_validate_constant(d->validator, &d->r, expected));
    *out = (tn_range){ (uint32_t)offset, (uint32_t)(tn_reader_offset(&d->r) - offset) };
    return TENON_OK;
}

tenon_status tn_declare_func(tn_decoder *d, uint32_t index, uint64_t offset)
{
    tn_module *m = d->module;

    if (index >= m->func_count)
        return tn_fail(d->err, TENON_INVALID, offset, "unknown function %u", (unsigned)index);
    if (m->declared == NULL)
        m->declared = tn_arena_alloc(&m->arena, m->func_count / 8 + 1, 1);
    if (m->declared == NULL)
        return TENON_NOMEM;
    m->declared[index / 8] |= (uint8_t)(1 << index % 8);
    return TENON_OK;
}

/* ---- exports ---- */

static uint32_t space_size(const tn_module *m, tenon_kind kind)
{
    switch (kind) {
    case TENON_KIND_FUNC:
        return m->func_count;
    case TENON_KIND_TABLE:
        return m->table_count;
    case TENON_KIND_MEMORY:
        return m->memory_count;
    case TENON_KIND_GLOBAL:
        return m->global_count;
    case TENON_KIND_TAG:
        return m->tag_count;
    }
    return 0;
}

static uint64_t hash_name(tenon_name name)
{
    uint64_t h = 0xCBF29CE484222325u;

    for (size_t i = 0; i < name.size; i++)
        h = (h ^ (uint8_t)name.data[i]) * 0x100000001B3u;
    return h ^ h >> 29;
}

/* Enters an export's name in a hash set of indices plus one; false when it is there already. */
static bool enter_name(uint32_t *set, uint32_t mask, const tn_export *exports, uint32_t index)
{
    tenon_name name = exports[index].name;
    uint32_t place = (uint32_t)hash_name(name) & mask;

    for (; set[place] != 0; place = (place + 1) & mask) {
        tenon_name other = exports[set[place] - 1].name;
        if (other.size == name.size && memcmp(other.data, name.data, name.size) == 0)
            return false;
    }
    set[place] = index + 1;
    return true;
}

static tenon_status check_names(tn_decoder *d)
{
    tn_module *m = d->module;
    uint32_t size = 16;

    while (size < m->export_count * 2)
        size *= 2;
    uint32_t *set = tn_alloc_zeroed(m->mem, size * sizeof *set);
    if (set == NULL)
        return TENON_NOMEM;
    tenon_status status = TENON_OK;
    for (uint32_t i = 0; i < m->export_count && status == TENON_OK; i++)
        if (!enter_name(set, size - 1, m->exports, i))
            status = tn_fail(d->err, TENON_INVALID, (uint64_t)((const uint8_t *)m->exports[i].name.data - m->bytes),
                             "duplicate export name");
    tn_free(m->mem, set, size * sizeof *set);
    return status;
}

tenon_status tn_decode_exports(tn_decoder *d)
{
    tn_module *m = d->module;

    TN_TRY(tn_read_count(&d->r, "exports", TN_MAX_EXPORTS, &m->export_count));
    m->exports = tn_arena_alloc(&m->arena, m->export_count, sizeof *m->exports);
    if (m->exports == NULL)
        return TENON_NOMEM;
    for (uint32_t i = 0; i < m->export_count; i++) {
        tn_export *e = &m->exports[i];
        uint8_t kind = 0;
        TN_TRY(tn_read_name(&d->r, &e->name));
        uint64_t offset = tn_reader_offset(&d->r);
        TN_TRY(tn_read_u8(&d->r, &kind));
        if (kind > TENON_KIND_TAG)
            return tn_fail(d->err, TENON_MALFORMED, offset, "malformed export kind 0x%02x", kind);
        TN_TRY(tn_read_u32(&d->r, &e->index));
        e->kind = (tenon_kind)kind;
        if (e->index >= space_size(m, e->kind))
            return tn_fail(d->err, TENON_INVALID, offset, "unknown %s %u", tenon_kind_text(e->kind),
                           (unsigned)e->index);
        if (e->kind == TENON_KIND_FUNC)
            TN_TRY(tn_declare_func(d, e->index, offset));
    }
    return check_names(d);
}

tenon_status tn_decode_start(tn_decoder *d)
{
    tn_module *m = d->module;
    uint64_t offset = tn_reader_offset(&d->r);

    TN_TRY(tn_read_u32(&d->r, &m->start));
    if (m->start >= m->func_count)
        return tn_fail(d->err, TENON_INVALID, offset, "unknown function %u", (unsigned)m->start);
    const tn_type *type = tn_module_func_type(m, m->start);
    if (type->param_count != 0 || type->result_count != 0)
        return tn_decoder_fail(d, TENON_INVALID, offset, "start function must have no parameters and no results");
    return TENON_OK;
}

/* ---- elements ---- */

static tenon_status read_elem_items(tn_decoder *d, tn_elem *e)
{
    TN_TRY(tn_read_count(&d->r, "elements", TN_MAX_ELEMENTS, &e->count));
    uint64_t start = tn_reader_offset(&d->r);
    for (uint32_t i = 0; i < e->count; i++) {
        uint64_t offset = tn_reader_offset(&d->r);
        tn_range range;
        uint32_t func = 0;
        if (e->exprs) {
            TN_TRY(tn_decode_const_expr(d, e->type, &range));
            continue;
        }
        TN_TRY(tn_read_u32(&d->r, &func));
        TN_TRY(tn_declare_func(d, func, offset));
    }
    e->items = (tn_range){ (uint32_t)start, (uint32_t)(tn_reader_offset(&d->r) - start) };
    return TENON_OK;
}

static tenon_status read_elem_target(tn_decoder *d, tn_elem *e, uint32_t flags, uint64_t offset)
{
    tn_module *m = d->module;

    if (flags & 1) {
        e->mode = (flags & 2) ? TN_SEGMENT_DECLARED : TN_SEGMENT_PASSIVE;
        return TENON_OK;
    }
    e->mode = TN_SEGMENT_ACTIVE;
    if (flags & 2)
        TN_TRY(tn_read_u32(&d->r, &e->table));
    if (e->table >= m->table_count)
        return tn_fail(d->err, TENON_INVALID, offset, "unknown table %u", (unsigned)e->table);
    return tn_decode_const_expr(d, m->tables[e->table].type.limits.is64 ? TN_I64 : TN_I32, &e->offset);
}

static tenon_status read_elem_type(tn_decoder *d, tn_elem *e, uint32_t flags)
{
    uint64_t offset = tn_reader_offset(&d->r);
    uint8_t kind = 0;

    e->type = e->exprs ? TN_FUNCREF : TN_REF_ABSTRACT(TN_HEAP_FUNC);
    if (!(flags & 3))
        return TENON_OK;
    if (e->exprs) {
        TN_TRY(tn_decode_valtype(d, &e->type));
        return tn_is_ref(e->type) ? TENON_OK : tn_decoder_fail(d, TENON_MALFORMED, offset, "malformed reference type");
    }
    TN_TRY(tn_read_u8(&d->r, &kind));
    return kind == 0 ? TENON_OK : tn_decoder_fail(d, TENON_MALFORMED, offset, "malformed element kind");
}

static tenon_status read_elem(tn_decoder *d, tn_elem *e)
{
    uint64_t offset = tn_reader_offset(&d->r);
    uint32_t flags = 0;

    TN_TRY(tn_read_u32(&d->r, &flags));
    if (flags > 7)
        return tn_decoder_fail(d, TENON_MALFORMED, offset, "malformed elements segment kind");
    e->exprs = (flags & 4) != 0;
    TN_TRY(read_elem_target(d, e, flags, offset));
    TN_TRY(read_elem_type(d, e, flags));
    if (e->mode == TN_SEGMENT_ACTIVE &&
        !tn_is_subtype(d->module->registry, e->type, d->module->tables[e->table].type.type))
        return tn_decoder_fail(d, TENON_INVALID, offset, "type mismatch: the segment's elements do not fit the table");
    return read_elem_items(d, e);
}

tenon_status tn_decode_elements(tn_decoder *d)
{
    tn_module *m = d->module;
    uint32_t count;

    TN_TRY(tn_read_count(&d->r, "element segments", TN_MAX_ELEMENT_SEGMENTS, &count));
    m->elems = tn_arena_alloc(&m->arena, count, sizeof *m->elems);
    if (m->elems == NULL)
        return TENON_NOMEM;
    m->elem_count = count;
    for (uint32_t i = 0; i < count; i++)
        TN_TRY(read_elem(d, &m->elems[i]));
    return TENON_OK;
}

/* ---- code and data ---- */

/* Of the functions that were declared. */
static tenon_status make_bodies(tn_module *m, uint32_t count)
{
    m->bodies = tn_arena_alloc(&m->arena, count, sizeof *m->bodies);
    if (m->bodies == NULL)
        return TENON_NOMEM;
    m->body_count = count;
    return TENON_OK;
}

/* Without a look at the section. */
static tenon_status take_bodies(tn_decoder *d, const tn_source *source)
{
    if (source->body_count != d->function_section_count)
        return tn_fail_plain(d->err, TENON_MALFORMED, "the compiled file is refused: it is damaged");
    TN_TRY(make_bodies(d->module, source->body_count));
    if (source->body_count > 0)
        memcpy(d->module->bodies, source->bodies, source->body_count * sizeof *source->bodies);
    d->r.p = d->r.end;
    return TENON_OK;
}

tenon_status tn_decode_code(tn_decoder *d)
{
    tn_module *m = d->module;
    uint32_t count, size = 0;
    const uint8_t *bytes;

    if (m->source != NULL && m->source->bodies != NULL)
        return take_bodies(d, m->source);
    TN_TRY(tn_read_count(&d->r, "function bodies", TN_MAX_FUNCTIONS, &count));
    if (count != d->function_section_count)
        return tn_fail(d->err, TENON_MALFORMED, tn_reader_offset(&d->r),
                       "function and code section have inconsistent lengths: %u and %u",
                       (unsigned)d->function_section_count, (unsigned)count);
    TN_TRY(make_bodies(m, count));
    for (uint32_t i = 0; i < count; i++) {
        uint64_t offset = tn_reader_offset(&d->r);
        TN_TRY(tn_read_u32(&d->r, &size));
        if (size > TN_MAX_BODY_SIZE)
            return tn_fail(d->err, TENON_LIMIT, offset, "a function body has %u bytes; the limit is %d", (unsigned)size,
                           TN_MAX_BODY_SIZE);
        offset = tn_reader_offset(&d->r);
        TN_TRY(tn_read_bytes(&d->r, size, &bytes));
        m->bodies[i] = (tn_range){ (uint32_t)offset, size };
    }
    return d->bodies_are_checked ? TENON_OK : tn_validate_bodies(m, d->threads, d->err);
}

tenon_status tn_decode_data_count(tn_decoder *d)
{
    tn_module *m = d->module;
    uint64_t offset = tn_reader_offset(&d->r);

    TN_TRY(tn_read_u32(&d->r, &m->data_count));
    if (m->data_count > TN_MAX_DATA_SEGMENTS)
        return tn_decoder_fail(d, TENON_LIMIT, offset, "too many data segments");
    m->has_data_count = true;
    return TENON_OK;
}

static tenon_status read_data(tn_decoder *d, tn_data *data)
{
    tn_module *m = d->module;
    uint64_t offset = tn_reader_offset(&d->r);
    const uint8_t *bytes;
    uint32_t flags = 0, size = 0;

    TN_TRY(tn_read_u32(&d->r, &flags));
    if (flags > 2)
        return tn_decoder_fail(d, TENON_MALFORMED, offset, "malformed data segment kind");
    data->mode = flags == 1 ? TN_SEGMENT_PASSIVE : TN_SEGMENT_ACTIVE;
    if (flags == 2)
        TN_TRY(tn_read_u32(&d->r, &data->memory));
    if (data->mode == TN_SEGMENT_ACTIVE) {
        if (data->memory >= m->memory_count)
            return tn_fail(d->err, TENON_INVALID, offset, "unknown memory %u", (unsigned)data->memory);
        TN_TRY(tn_decode_const_expr(d, m->memories[data->memory].is64 ? TN_I64 : TN_I32, &data->offset));
    }
    TN_TRY(tn_read_u32(&d->r, &size));
    data->bytes = (tn_range){ (uint32_t)tn_reader_offset(&d->r), size };
    return tn_read_bytes(&d->r, size, &bytes);
}

tenon_status tn_decode_data(tn_decoder *d)
{
    tn_module *m = d->module;
    uint64_t offset = tn_reader_offset(&d->r);
    uint32_t count;

    TN_TRY(tn_read_count(&d->r, "data segments", TN_MAX_DATA_SEGMENTS, &count));
    if (m->has_data_count && m->data_count != count)
        return tn_fail(d->err, TENON_MALFORMED, offset,
                       "data count and data section have inconsistent lengths: %u and %u", (unsigned)m->data_count,
                       (unsigned)count);
    m->datas = tn_arena_alloc(&m->arena, count, sizeof *m->datas);
    if (m->datas == NULL)
        return TENON_NOMEM;
    m->data_count = count;
    for (uint32_t i = 0; i < count; i++)
        TN_TRY(read_data(d, &m->datas[i]));
    return TENON_OK;
}
