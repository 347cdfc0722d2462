/* SPDX-License-Identifier: MIT
 * The line number program is run until a sequence covers the address. Versions 2 to 5, 32-bit format.
 */
#include "loader/dwarf.h"

#define MAX_FORMATS 16
#define MAX_OPCODES 64

enum {
    FORM_BLOCK = 0x09,
    FORM_DATA2 = 0x05,
    FORM_DATA1 = 0x0B,
    FORM_DATA4 = 0x06,
    FORM_DATA8 = 0x07,
    FORM_STRING = 0x08,
    FORM_STRP = 0x0E,
    FORM_UDATA = 0x0F,
    FORM_DATA16 = 0x1E,
    FORM_LINE_STRP = 0x1F
};
enum { CONTENT_PATH = 1 };

typedef struct unit {
    const tn_module *module;
    tn_reader r; /* the unit, behind its length */
    uint16_t version;
    uint8_t min_length, line_range, opcode_base, lengths[MAX_OPCODES];
    int8_t line_base;
    tn_reader files; /* the table of files, for a second look */
    const uint8_t *program;
} unit;

typedef struct row {
    uint64_t address;
    uint64_t file, line;
} row;

/* A little-endian number of size bytes. */
static bool read_fixed(tn_reader *r, unsigned size, uint64_t *out)
{
    const uint8_t *bytes;

    if (tn_read_bytes(r, size, &bytes) != TENON_OK)
        return false;
    *out = 0;
    for (unsigned i = 0; i < size; i++)
        *out |= (uint64_t)bytes[i] << 8 * i;
    return true;
}

static bool read_string(tn_reader *r, tenon_name *out)
{
    const uint8_t *end = memchr(r->p, 0, tn_reader_left(r));

    if (end == NULL)
        return false;
    *out = (tenon_name){ (const char *)r->p, (size_t)(end - r->p) };
    r->p = end + 1;
    return true;
}

static bool read_string_at(const tn_module *m, const char *section, uint64_t offset, tenon_name *out)
{
    tn_reader r;

    if (!tn_module_custom(m, section, &r) || offset > tn_reader_left(&r))
        return false;
    r.p += offset;
    return read_string(&r, out);
}

/* An attribute of an entry in the tables of version 5; the string is only set by forms of strings. */
static bool read_form(const tn_module *m, tn_reader *r, uint64_t form, tenon_name *string)
{
    uint64_t value;

    switch (form) {
    case FORM_STRING:
        return read_string(r, string);
    case FORM_LINE_STRP:
    case FORM_STRP:
        return read_fixed(r, 4, &value) &&
               read_string_at(m, form == FORM_STRP ? ".debug_str" : ".debug_line_str", value, string);
    case FORM_UDATA:
        return tn_read_u64(r, &value) == TENON_OK;
    case FORM_DATA1:
        return read_fixed(r, 1, &value);
    case FORM_DATA2:
        return read_fixed(r, 2, &value);
    case FORM_DATA4:
        return read_fixed(r, 4, &value);
    case FORM_DATA8:
        return read_fixed(r, 8, &value);
    case FORM_DATA16:
        return read_fixed(r, 8, &value) && read_fixed(r, 8, &value);
    case FORM_BLOCK:
        if (tn_read_u64(r, &value) != TENON_OK || value > tn_reader_left(r))
            return false;
        r->p += value;
        return true;
    default:
        return false;
    }
}

/* Passes a table of version 5; the path of entry `wanted` is kept. */
static bool read_table(const tn_module *m, tn_reader *r, uint64_t wanted, tenon_name *path)
{
    uint64_t formats, content[MAX_FORMATS], form[MAX_FORMATS], count;

    if (!read_fixed(r, 1, &formats) || formats > MAX_FORMATS)
        return false;
    for (uint64_t i = 0; i < formats; i++)
        if (tn_read_u64(r, &content[i]) != TENON_OK || tn_read_u64(r, &form[i]) != TENON_OK)
            return false;
    if (tn_read_u64(r, &count) != TENON_OK || count > tn_reader_left(r))
        return false;
    for (uint64_t i = 0; i < count; i++)
        for (uint64_t k = 0; k < formats; k++) {
            tenon_name text = { "", 0 };
            if (!read_form(m, r, form[k], &text))
                return false;
            if (i == wanted && content[k] == CONTENT_PATH)
                *path = text;
        }
    return true;
}

static bool file_name(const unit *u, uint64_t file, tenon_name *out)
{
    tn_reader r = u->files;
    uint64_t ignored;

    *out = (tenon_name){ "", 0 };
    if (u->version >= 5)
        return read_table(u->module, &r, UINT64_MAX, out) && read_table(u->module, &r, file, out) && out->size > 0;
    while (read_string(&r, out) && out->size > 0) { /* directories */
    }
    for (uint64_t i = 1; read_string(&r, out) && out->size > 0; i++) {
        if (i == file)
            return true;
        for (int k = 0; k < 3; k++)
            if (tn_read_u64(&r, &ignored) != TENON_OK)
                return false;
    }
    return false;
}

static bool read_header(unit *u)
{
    uint64_t version, skipped, header, value;
    tn_reader *r = &u->r;

    if (!read_fixed(r, 2, &version) || version < 2 || version > 5)
        return false;
    u->version = (uint16_t)version;
    if (version >= 5 && !read_fixed(r, 2, &skipped))
        return false;
    if (!read_fixed(r, 4, &header) || header > tn_reader_left(r))
        return false;
    u->program = r->p + header;
    if (!read_fixed(r, 1, &value))
        return false;
    u->min_length = (uint8_t)value;
    if (version >= 4 && !read_fixed(r, 1, &skipped))
        return false;
    if (!read_fixed(r, 1, &skipped) || !read_fixed(r, 1, &value))
        return false;
    u->line_base = (int8_t)value;
    if (!read_fixed(r, 1, &value) || value == 0)
        return false;
    u->line_range = (uint8_t)value;
    if (!read_fixed(r, 1, &value) || value == 0 || value > MAX_OPCODES)
        return false;
    u->opcode_base = (uint8_t)value;
    for (unsigned i = 1; i < u->opcode_base; i++) {
        if (!read_fixed(r, 1, &value))
            return false;
        u->lengths[i] = (uint8_t)value;
    }
    u->files = *r;
    u->files.end = u->program;
    return r->p <= u->program;
}

/* An opcode behind a zero byte. *end: the sequence is over. */
static bool extended(unit *u, row *now, bool *end)
{
    uint64_t size, opcode;

    if (tn_read_u64(&u->r, &size) != TENON_OK || size == 0 || size > tn_reader_left(&u->r))
        return false;
    const uint8_t *next = u->r.p + size;
    if (!read_fixed(&u->r, 1, &opcode))
        return false;
    *end = opcode == 1;
    if (opcode == 2 && size <= 9 && !read_fixed(&u->r, (unsigned)size - 1, &now->address))
        return false;
    u->r.p = next;
    return true;
}

static bool standard(unit *u, uint64_t opcode, row *now)
{
    uint64_t value;
    int64_t delta;

    switch (opcode) {
    case 2: /* advance_pc */
        if (tn_read_u64(&u->r, &value) != TENON_OK)
            return false;
        now->address += value * u->min_length;
        return true;
    case 3: /* advance_line */
        if (tn_read_signed(&u->r, 64, &delta) != TENON_OK)
            return false;
        now->line += (uint64_t)delta;
        return true;
    case 4: /* set_file */
        return tn_read_u64(&u->r, &now->file) == TENON_OK;
    case 8: /* const_add_pc */
        now->address += (uint64_t)((255 - u->opcode_base) / u->line_range) * u->min_length;
        return true;
    case 9: /* fixed_advance_pc */
        if (!read_fixed(&u->r, 2, &value))
            return false;
        now->address += value;
        return true;
    default:
        for (unsigned i = 0; i < u->lengths[opcode]; i++)
            if (tn_read_u64(&u->r, &value) != TENON_OK)
                return false;
        return true;
    }
}

/* Runs the program of a unit; true when a row covers the address. */
static bool run_program(unit *u, uint64_t address, row *found)
{
    const row first = { .file = 1, .line = 1 };
    row now = first, last = first;
    bool have_last = false;

    for (u->r.p = u->program; tn_reader_left(&u->r) > 0;) {
        uint64_t opcode;
        bool end = false, emits;
        if (!read_fixed(&u->r, 1, &opcode))
            return false;
        emits = opcode == 1 || opcode >= u->opcode_base;
        if (opcode >= u->opcode_base) {
            uint64_t adjusted = opcode - u->opcode_base;
            now.address += adjusted / u->line_range * u->min_length;
            now.line += (uint64_t)(int64_t)(u->line_base + (int)(adjusted % u->line_range));
        } else if (opcode == 0 ? !extended(u, &now, &end) : opcode != 1 && !standard(u, opcode, &now)) {
            return false;
        }
        if (!emits && !end)
            continue;
        if (have_last && last.address <= address && address < now.address) {
            *found = last;
            return true;
        }
        last = now;
        have_last = !end;
        if (end)
            now = first;
    }
    return false;
}

static bool code_start(const tn_module *m, uint64_t *out)
{
    for (uint32_t i = 0; i < m->section_count; i++)
        if (m->sections[i].id == 10) {
            *out = m->sections[i].bytes.offset;
            return true;
        }
    return false;
}

bool tn_module_source_line(const tn_module *module, uint64_t offset, tn_source_line *out)
{
    uint64_t start, length;
    tn_reader section;
    row found;

    if (!tn_module_custom(module, ".debug_line", &section) || !code_start(module, &start) || offset < start)
        return false;
    while (read_fixed(&section, 4, &length) && length <= tn_reader_left(&section)) {
        unit u = { .module = module, .r = section };
        u.r.end = section.p + length;
        section.p += length;
        if (!read_header(&u) || !run_program(&u, offset - start, &found) || found.line == 0 || found.line > UINT32_MAX)
            continue;
        out->line = (uint32_t)found.line;
        return file_name(&u, found.file, &out->file);
    }
    return false;
}
