/* SPDX-License-Identifier: MIT
 * From LLVM's line table (DWARF 4) to the image's places: a line is the byte offset of an instruction in the module.
 */
#include <string.h>

#include "jit/llvm/link.h"

typedef struct table {
    tn_linker *l;
    const tn_elf *elf;
    const tn_piece *section;
    tn_cursor c;
    uint8_t least_length, line_range, opcode_base;
    int8_t line_base;
    uint8_t lengths[256];
    uint32_t code;
    int64_t line;
    bool known; /* code is a place in the image */
} table;

static tenon_status add_row(table *t, uint32_t offset)
{
    tn_linker *l = t->l;

    if (!t->known)
        return TENON_OK;
    TN_TRY(tn_vec_reserve(l->job->mem, &l->places, 1));
    l->places.items[l->places.count++] = (tn_image_place){ t->code, offset };
    return TENON_OK;
}

static tenon_status add_line(table *t)
{
    return add_row(t, t->line > 0 && t->line < TN_NO_PLACE ? (uint32_t)t->line : TN_NO_PLACE);
}

static void restart(table *t)
{
    t->code = 0;
    t->line = 1;
    t->known = false;
}

static tenon_status run_extended(table *t)
{
    uint64_t size = tn_take_uleb(&t->c);
    const tn_piece *section;
    uint64_t at;

    if (size == 0 || size > (uint64_t)(t->c.end - t->c.p))
        return tn_link_fail(t->l, "a line table that does not end");
    const uint8_t *next = t->c.p + size;
    uint8_t op = (uint8_t)tn_take(&t->c, 1);
    if (op == 1) { /* end_sequence */
        TN_TRY(add_row(t, TN_NO_PLACE));
        restart(t);
    } else if (op == 2) { /* set_address */
        const Elf64_Rela *r = tn_elf_relocation(t->elf, t->section, (uint64_t)(t->c.p - t->c.start));
        t->known = r != NULL && tn_elf_target(t->elf, r, &section, &at) && section->part == TN_PART_CODE;
        if (t->known)
            t->code = section->at + (uint32_t)at;
    }
    t->c.p = next;
    return TENON_OK;
}

static tenon_status run_standard(table *t, uint8_t op)
{
    switch (op) {
    case 1: /* copy */
        return add_line(t);
    case 2: /* advance_pc */
        t->code += (uint32_t)tn_take_uleb(&t->c) * t->least_length;
        return TENON_OK;
    case 3: /* advance_line */
        t->line += tn_take_sleb(&t->c);
        return TENON_OK;
    case 8: /* const_add_pc */
        t->code += (uint32_t)((255 - t->opcode_base) / t->line_range) * t->least_length;
        return TENON_OK;
    case 9: /* fixed_advance_pc */
        t->code += (uint32_t)tn_take(&t->c, 2);
        return TENON_OK;
    default:
        for (unsigned i = 0; i < t->lengths[op]; i++)
            tn_take_uleb(&t->c);
        return TENON_OK;
    }
}

static tenon_status run(table *t)
{
    restart(t);
    while (t->c.p < t->c.end && !t->c.failed) {
        uint8_t op = (uint8_t)tn_take(&t->c, 1);
        if (op == 0) {
            TN_TRY(run_extended(t));
        } else if (op < t->opcode_base) {
            TN_TRY(run_standard(t, op));
        } else {
            t->code += (uint32_t)((op - t->opcode_base) / t->line_range) * t->least_length;
            t->line += t->line_base + (op - t->opcode_base) % t->line_range;
            TN_TRY(add_line(t));
        }
    }
    return t->c.failed ? tn_link_fail(t->l, "a line table that does not end") : TENON_OK;
}

tenon_status tn_read_lines(tn_linker *l, const tn_elf *elf)
{
    const tn_piece *section = tn_elf_find(elf, ".debug_line");

    if (section == NULL)
        return TENON_OK;
    tn_cursor all = { .start = section->bytes, .p = section->bytes, .end = section->bytes + section->header->sh_size };
    while (all.end - all.p > 4) {
        uint64_t size = tn_take(&all, 4);
        if (size > (uint64_t)(all.end - all.p))
            return tn_link_fail(l, "a line table that does not end");
        table t = { .l = l, .elf = elf, .section = section, .c = all };
        t.c.end = all.p + size;
        all.p += size;
        if (tn_take(&t.c, 2) != 4)
            return tn_link_fail(l, "a line table of another version");
        uint64_t header = tn_take(&t.c, 4);
        const uint8_t *rows = t.c.p + (header <= (uint64_t)(t.c.end - t.c.p) ? header : 0);
        t.least_length = (uint8_t)tn_take(&t.c, 1);
        tn_take(&t.c, 2);
        t.line_base = (int8_t)tn_take(&t.c, 1);
        t.line_range = (uint8_t)tn_take(&t.c, 1);
        t.opcode_base = (uint8_t)tn_take(&t.c, 1);
        for (unsigned i = 1; i < t.opcode_base; i++)
            t.lengths[i] = (uint8_t)tn_take(&t.c, 1);
        if (t.line_range == 0)
            return tn_link_fail(l, "a line table without a range");
        t.c.p = rows;
        TN_TRY(run(&t));
    }
    return TENON_OK;
}
