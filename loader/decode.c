/* SPDX-License-Identifier: MIT
 * Framing of a module: header, sections and their order (specification 5.5). Each section is decoded and checked by a
 * function of decode_types.c, decode_definitions.c or decode_segments.c.
 */
#include "loader/decode.h"

#include "base/assert.h"
#include "loader/validate.h"

/* Bytes of a section's id and of a number. */
#define MAX_ID  1
#define MAX_LEB 5

typedef tenon_status section_decoder(tn_decoder *d);

/* By section id: place in the order, decoder. */
static const struct {
    uint8_t order;
    const char *name;
    section_decoder *decode;
} sections[] = {
    [1] = { 1, "type", tn_decode_types },
    [2] = { 2, "import", tn_decode_imports },
    [3] = { 3, "function", tn_decode_functions },
    [4] = { 4, "table", tn_decode_tables },
    [5] = { 5, "memory", tn_decode_memories },
    [13] = { 6, "tag", tn_decode_tags },
    [6] = { 7, "global", tn_decode_globals },
    [7] = { 8, "export", tn_decode_exports },
    [8] = { 9, "start", tn_decode_start },
    [9] = { 10, "element", tn_decode_elements },
    [12] = { 11, "data count", tn_decode_data_count },
    [10] = { 12, "code", tn_decode_code },
    [11] = { 13, "data", tn_decode_data },
};

tenon_status tn_decoder_fail(const tn_decoder *d, tenon_status status, uint64_t offset, const char *text)
{
    return tn_fail(d->err, status, offset, "%s", text);
}

tenon_status tn_decoder_need(tn_decoder *d, const uint8_t *from, uint64_t size)
{
    const tn_module *m = d->module;
    uint64_t offset = (uint64_t)(from - m->bytes), left = m->size - offset;

    if (tn_module_need(m, (tn_range){ (uint32_t)offset, (uint32_t)(size < left ? size : left) }))
        return TENON_OK;
    return tn_fail_plain(d->err, TENON_MALFORMED, "the compiled file is refused: its contents were changed");
}

static tenon_status decode_header(tn_reader *r)
{
    static const uint8_t magic[4] = { 0, 'a', 's', 'm' }, version[4] = { 1, 0, 0, 0 };
    const uint8_t *bytes;

    if (tn_reader_left(r) < 4 || memcmp(r->p, magic, 4) != 0)
        return tn_fail(r->err, TENON_MALFORMED, 0, "magic header not detected: not a WebAssembly binary");
    r->p += 4;
    TN_TRY(tn_read_bytes(r, 4, &bytes));
    if (memcmp(bytes, version, 4) != 0)
        return tn_fail(r->err, TENON_MALFORMED, 4, "unknown binary version%s",
                       bytes[2] == 1 ? ": this is a component, not a core module" : "");
    return TENON_OK;
}

static tenon_status decode_custom(tn_decoder *d)
{
    tn_custom custom;
    tn_reader length = d->r;
    uint32_t size = 0;

    TN_TRY(tn_decoder_need(d, d->r.p, MAX_LEB));
    TN_TRY(tn_read_u32(&length, &size));
    TN_TRY(tn_decoder_need(d, length.p, size));
    TN_TRY(tn_read_name(&d->r, &custom.name));
    custom.bytes = (tn_range){ (uint32_t)tn_reader_offset(&d->r), (uint32_t)tn_reader_left(&d->r) };
    d->r.p = d->r.end;
    TN_TRY(tn_vec_reserve(d->module->mem, &d->customs, 1));
    d->customs.items[d->customs.count++] = custom;
    return TENON_OK;
}

/* Bodies whose places are known are read one by one when they are needed. */
static bool comes_later(const tn_decoder *d, uint8_t id)
{
    return sections[id].decode == tn_decode_code && d->module->source != NULL && d->module->source->bodies != NULL;
}

static tenon_status decode_section(tn_decoder *d, tn_reader *file, uint8_t *last_order)
{
    uint64_t offset = tn_reader_offset(file);
    const uint8_t *bytes;
    uint32_t size;
    uint8_t id = 0;

    TN_TRY(tn_decoder_need(d, file->p, MAX_ID + MAX_LEB));
    TN_TRY(tn_read_u8(file, &id));
    if (id >= sizeof sections / sizeof *sections)
        return tn_fail(d->err, TENON_MALFORMED, offset, "malformed section id %u", id);
    TN_TRY(tn_read_u32(file, &size));
    if (size > tn_reader_left(file))
        return tn_fail(d->err, TENON_MALFORMED, offset, "length out of bounds: unexpected end of the %s section",
                       id == 0 ? "custom" : sections[id].name);
    TN_TRY(tn_read_bytes(file, size, &bytes));
    d->r = (tn_reader){ .start = file->start, .p = bytes, .end = bytes + size, .err = d->err };
    TN_TRY(tn_vec_reserve(d->module->mem, &d->sections, 1));
    d->sections.items[d->sections.count++] = (tn_section){ id, { (uint32_t)tn_reader_offset(&d->r), size } };
    if (id == 0)
        return decode_custom(d);
    if (sections[id].order <= *last_order)
        return tn_fail(d->err, TENON_MALFORMED, offset,
                       "unexpected content: the %s section is repeated or out of order", sections[id].name);
    *last_order = sections[id].order;
    if (!comes_later(d, id))
        TN_TRY(tn_decoder_need(d, bytes, size));
    TN_TRY(sections[id].decode(d));
    if (tn_reader_left(&d->r) != 0)
        return tn_fail(d->err, TENON_MALFORMED, tn_reader_offset(&d->r), "section size mismatch: %zu bytes left in %s",
                       tn_reader_left(&d->r), sections[id].name);
    return TENON_OK;
}

static tenon_status check_counts(const tn_decoder *d)
{
    const tn_module *m = d->module;

    if (d->function_section_count != m->body_count)
        return tn_fail(d->err, TENON_MALFORMED, m->size,
                       "function and code section have inconsistent lengths: %u and %u",
                       (unsigned)d->function_section_count, (unsigned)m->body_count);
    if (m->has_data_count && m->datas == NULL && m->data_count != 0)
        return tn_decoder_fail(d, TENON_MALFORMED, m->size, "data count and data section have inconsistent lengths");
    return TENON_OK;
}

static tenon_status decode_module(tn_decoder *d)
{
    tn_module *m = d->module;
    tn_reader file = { .start = m->bytes, .p = m->bytes, .end = m->bytes + m->size, .err = d->err };
    uint8_t last_order = 0;

    if (m->size > INT32_MAX)
        return tn_fail_plain(d->err, TENON_LIMIT, "a module may have at most 2 GiB");
    TN_TRY(tn_decoder_need(d, m->bytes, 8));
    TN_TRY(decode_header(&file));
    while (tn_reader_left(&file) > 0)
        TN_TRY(decode_section(d, &file, &last_order));
    return check_counts(d);
}

/* The decoder's vectors become the module's arrays. */
static tenon_status keep(tn_arena *arena, void *items, size_t count, size_t item_size, void *out, uint32_t *out_count)
{
    void *copy = tn_arena_alloc(arena, count, item_size);

    if (copy == NULL)
        return TENON_NOMEM;
    if (count > 0)
        memcpy(copy, items, count * item_size);
    memcpy(out, &copy, sizeof copy);
    *out_count = (uint32_t)count;
    return TENON_OK;
}

static tenon_status keep_tools_view(tn_decoder *d)
{
    tn_module *m = d->module;

    TN_TRY(keep(&m->arena, d->customs.items, d->customs.count, sizeof *m->customs, &m->customs, &m->custom_count));
    return keep(&m->arena, d->sections.items, d->sections.count, sizeof *m->sections, &m->sections, &m->section_count);
}

void tn_decoder_sync(tn_decoder *d)
{
    tn_module *m = d->module;

    m->types = d->types.items, m->type_count = (uint32_t)d->types.count;
    m->groups = d->groups.items, m->group_count = (uint32_t)d->groups.count;
    m->imports = d->imports.items, m->import_count = (uint32_t)d->imports.count;
    m->funcs = d->funcs.items, m->func_count = (uint32_t)d->funcs.count;
    m->tables = d->tables.items, m->table_count = (uint32_t)d->tables.count;
    m->memories = d->memories.items, m->memory_count = (uint32_t)d->memories.count;
    m->globals = d->globals.items, m->global_count = (uint32_t)d->globals.count;
    m->tags = d->tags.items, m->tag_count = (uint32_t)d->tags.count;
}

static void free_vectors(tn_mem *mem, tn_decoder *d)
{
    tn_vec_fini(mem, &d->types);
    tn_vec_fini(mem, &d->groups);
    tn_vec_fini(mem, &d->imports);
    tn_vec_fini(mem, &d->funcs);
    tn_vec_fini(mem, &d->tables);
    tn_vec_fini(mem, &d->memories);
    tn_vec_fini(mem, &d->globals);
    tn_vec_fini(mem, &d->tags);
    tn_vec_fini(mem, &d->customs);
    tn_vec_fini(mem, &d->sections);
}

static tenon_status keep_vectors(tn_decoder *d)
{
    tn_module *m = d->module;
    tn_arena *a = &m->arena;

    TN_TRY(keep(a, d->types.items, d->types.count, sizeof *m->types, &m->types, &m->type_count));
    TN_TRY(keep(a, d->groups.items, d->groups.count, sizeof *m->groups, &m->groups, &m->group_count));
    TN_TRY(keep(a, d->imports.items, d->imports.count, sizeof *m->imports, &m->imports, &m->import_count));
    TN_TRY(keep(a, d->funcs.items, d->funcs.count, sizeof *m->funcs, &m->funcs, &m->func_count));
    TN_TRY(keep(a, d->tables.items, d->tables.count, sizeof *m->tables, &m->tables, &m->table_count));
    TN_TRY(keep(a, d->memories.items, d->memories.count, sizeof *m->memories, &m->memories, &m->memory_count));
    TN_TRY(keep(a, d->globals.items, d->globals.count, sizeof *m->globals, &m->globals, &m->global_count));
    TN_TRY(keep(a, d->tags.items, d->tags.count, sizeof *m->tags, &m->tags, &m->tag_count));
    return keep_tools_view(d);
}

/* module has its first members. */
static tenon_status load(tn_module *module, tn_decoder *decoder)
{
    tn_validator validator;

    decoder->module = module;
    decoder->validator = &validator;
    module->start = TENON_NO_INDEX;
    tn_arena_init(&module->arena, module->mem);
    tn_validator_init(&validator, module, decoder->err);
    tenon_status status = decode_module(decoder);
    if (status == TENON_OK)
        status = keep_vectors(decoder);
    tn_validator_fini(&validator);
    if (status == TENON_NOMEM)
        tn_fail_plain(decoder->err, TENON_NOMEM, "out of memory while loading a module");
    tn_mem *mem = module->mem;
    if (status != TENON_OK) {
        /* A vector may have moved since the module was last shown it. */
        tn_decoder_sync(decoder);
        tn_module_fini(module);
    }
    free_vectors(mem, decoder);
    return status;
}

tenon_status tn_module_load(tn_module *module, tn_mem *mem, tn_types *registry, tenon_features features,
                            const uint8_t *bytes, size_t size, size_t threads, tenon_error *err)
{
    tn_decoder decoder = { .err = err, .threads = threads };

    *module = (tn_module){ .mem = mem, .registry = registry, .features = features, .bytes = bytes, .size = size };
    return load(module, &decoder);
}

tenon_status tn_module_load_checked(tn_module *module, tn_mem *mem, tn_types *registry, tenon_features features,
                                    const uint8_t *bytes, size_t size, tn_source *source, tenon_error *err)
{
    tn_decoder decoder = { .err = err, .threads = 1, .bodies_are_checked = true };

    *module = (tn_module){
        .mem = mem, .registry = registry, .features = features, .bytes = bytes, .size = size, .source = source
    };
    return load(module, &decoder);
}

void tn_module_fini(tn_module *module)
{
    for (uint32_t i = 0; i < module->group_count; i++)
        tn_types_release(module->registry, module->groups[i]);
    tn_arena_fini(&module->arena);
    *module = (tn_module){ 0 };
}
