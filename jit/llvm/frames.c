/* SPDX-License-Identifier: MIT
 * From LLVM's unwind tables (.eh_frame, .gcc_except_table) to the image's: which registers of the caller are saved
 * where, and which calls are covered by a landing pad. Frames have frame pointers, so the frame address is always at
 * some distance from where that points.
 */
#include <string.h>

#include "jit/llvm/link.h"

#define MAX_REGISTERS 96
#define MAX_STATES    8

typedef struct registers {
    int32_t at[MAX_REGISTERS]; /* bytes from the canonical frame address; 0: not saved */
    int32_t frame;             /* the frame address, from where the frame pointer points */
} registers;

typedef struct entry {
    uint64_t code_align;
    int64_t data_align;
    uint8_t pointers, handler_data; /* encodings */
    bool has_augmentation, has_handler_data;
    tn_cursor initial;
} entry;

typedef struct program {
    tn_linker *l;
    const entry *cie;
    registers now, initial, stack[MAX_STATES];
    unsigned depth;
    uint32_t code;
    bool changed;
} program;

/* ---- saved registers ---- */

static bool same_rule(const tn_linker *l, uint32_t rule, const registers *now)
{
    uint32_t i = rule + 1;

    if (l->rules.items[rule].at != now->frame)
        return false;
    for (unsigned reg = 0; reg < MAX_REGISTERS; reg++) {
        if (now->at[reg] == 0)
            continue;
        if (l->rules.items[i].reg != reg || l->rules.items[i].at != now->at[reg])
            return false;
        i++;
    }
    return l->rules.items[i].reg == TN_NO_REGISTER;
}

/* The rule that says just this; there are few, so they are looked through. */
static tenon_status find_rule(tn_linker *l, const registers *now, uint32_t *out)
{
    uint32_t start = 0;

    for (uint32_t i = 0; i < l->rules.count; i++) {
        if (l->rules.items[i].reg != TN_NO_REGISTER)
            continue;
        if (same_rule(l, start, now)) {
            *out = start;
            return TENON_OK;
        }
        start = i + 1;
    }
    *out = (uint32_t)l->rules.count;
    TN_TRY(tn_vec_reserve(l->job->mem, &l->rules, MAX_REGISTERS + 2));
    l->rules.items[l->rules.count++] = (tn_image_rule){ .reg = TN_FRAME_ADDRESS, .at = now->frame };
    for (unsigned reg = 0; reg < MAX_REGISTERS; reg++)
        if (now->at[reg] != 0)
            l->rules.items[l->rules.count++] = (tn_image_rule){ .reg = (uint8_t)reg, .at = now->at[reg] };
    l->rules.items[l->rules.count++] = (tn_image_rule){ .reg = TN_NO_REGISTER };
    return TENON_OK;
}

static tenon_status flush(program *p)
{
    uint32_t rule = 0;

    if (!p->changed)
        return TENON_OK;
    p->changed = false;
    TN_TRY(find_rule(p->l, &p->now, &rule));
    TN_TRY(tn_vec_reserve(p->l->job->mem, &p->l->saves, 1));
    p->l->saves.items[p->l->saves.count++] = (tn_image_save){ p->code, rule };
    return TENON_OK;
}

static tenon_status advance(program *p, uint64_t delta)
{
    TN_TRY(flush(p));
    p->code += (uint32_t)(delta * p->cie->code_align);
    return TENON_OK;
}

static void set(program *p, uint64_t reg, int64_t at)
{
    const tn_target *target = p->l->job->target;

    /* The frame record has these two. */
    if (reg >= MAX_REGISTERS || reg == target->frame_register || reg == target->return_register)
        return;
    p->now.at[reg] = (int32_t)at;
    p->changed = true;
}

static void set_frame(program *p, int64_t at)
{
    p->now.frame = (int32_t)at;
    p->changed = true;
}

static void keep_state(program *p, bool restore)
{
    if (restore && p->depth > 0) {
        p->now = p->stack[--p->depth];
        p->changed = true;
    } else if (!restore && p->depth < MAX_STATES) {
        p->stack[p->depth++] = p->now;
    }
}

/* The call frame instructions that have operands in bytes of their own. */
static tenon_status run_extended(program *p, tn_cursor *c, uint8_t op)
{
    uint64_t reg;

    switch (op) {
    case 0x02: /* advance_loc1, 2, 4 */
        return advance(p, tn_take(c, 1));
    case 0x03:
        return advance(p, tn_take(c, 2));
    case 0x04:
        return advance(p, tn_take(c, 4));
    case 0x05: /* offset_extended */
        reg = tn_take_uleb(c);
        set(p, reg, (int64_t)tn_take_uleb(c) * p->cie->data_align);
        return TENON_OK;
    case 0x11: /* offset_extended_sf */
        reg = tn_take_uleb(c);
        set(p, reg, tn_take_sleb(c) * p->cie->data_align);
        return TENON_OK;
    case 0x06: /* restore_extended, undefined, same_value */
    case 0x07:
    case 0x08:
        set(p, tn_take_uleb(c), 0);
        return TENON_OK;
    case 0x0A: /* remember_state, restore_state */
    case 0x0B:
        keep_state(p, op == 0x0B);
        return TENON_OK;
    case 0x0C: /* def_cfa */
        tn_take_uleb(c);
        set_frame(p, (int64_t)tn_take_uleb(c));
        return TENON_OK;
    case 0x0E: /* def_cfa_offset */
        set_frame(p, (int64_t)tn_take_uleb(c));
        return TENON_OK;
    case 0x0D: /* def_cfa_register, args_size */
    case 0x2E:
        tn_take_uleb(c);
        return TENON_OK;
    case 0x00: /* nop, negate_ra_state */
    case 0x2D:
        return TENON_OK;
    default:
        return tn_link_fail(p->l, "a call frame instruction that nobody knows");
    }
}

static tenon_status run(program *p, tn_cursor c)
{
    while (c.p < c.end) {
        uint8_t op = (uint8_t)tn_take(&c, 1);
        if (op >> 6 == 1)
            TN_TRY(advance(p, op & 0x3F));
        else if (op >> 6 == 2)
            set(p, op & 0x3F, (int64_t)tn_take_uleb(&c) * p->cie->data_align);
        else if (op >> 6 == 3)
            set(p, op & 0x3F, p->initial.at[op & 0x3F]);
        else
            TN_TRY(run_extended(p, &c, op));
    }
    return c.failed ? tn_link_fail(p->l, "a call frame program that does not end") : TENON_OK;
}

/* ---- landing pads ---- */

static uint64_t take_encoded(tn_cursor *c, uint8_t encoding)
{
    switch (encoding & 0x0F) {
    case 0x01:
        return tn_take_uleb(c);
    case 0x02:
    case 0x0A:
        return tn_take(c, 2);
    case 0x03:
    case 0x0B:
        return tn_take(c, 4);
    default:
        return tn_take(c, 8);
    }
}

static tenon_status read_pads(tn_linker *l, const tn_piece *table, uint64_t offset, uint32_t function)
{
    tn_cursor c = { .start = table->bytes, .p = table->bytes + offset, .end = table->bytes + table->header->sh_size };

    if (offset > table->header->sh_size)
        return tn_link_fail(l, "an exception table lies outside");
    if (tn_take(&c, 1) != 0xFF)
        return tn_link_fail(l, "landing pads with a base of their own");
    if (tn_take(&c, 1) != 0xFF)
        tn_take_uleb(&c);
    uint8_t encoding = (uint8_t)tn_take(&c, 1);
    uint64_t size = tn_take_uleb(&c);
    if (c.failed || size > (uint64_t)(c.end - c.p))
        return tn_link_fail(l, "an exception table that does not end");
    c.end = c.p + size;
    while (c.p < c.end) {
        uint32_t start = (uint32_t)take_encoded(&c, encoding), length = (uint32_t)take_encoded(&c, encoding);
        uint32_t pad = (uint32_t)take_encoded(&c, encoding);
        tn_take_uleb(&c);
        if (pad == 0)
            continue;
        TN_TRY(tn_vec_reserve(l->job->mem, &l->pads, 1));
        l->pads.items[l->pads.count++] = (tn_image_pad){ function + start, function + start + length, function + pad };
    }
    return c.failed ? tn_link_fail(l, "an exception table that does not end") : TENON_OK;
}

/* ---- entries ---- */

static tenon_status read_cie(tn_linker *l, tn_cursor c, entry *out)
{
    *out = (entry){ .pointers = 0, .handler_data = 0xFF };
    if (tn_take(&c, 1) != 1)
        return tn_link_fail(l, "unwind tables of another version");
    const char *letters = (const char *)c.p;
    while (tn_take(&c, 1) != 0 && !c.failed)
        ;
    out->code_align = tn_take_uleb(&c);
    out->data_align = tn_take_sleb(&c);
    tn_take_uleb(&c);
    for (; *letters != 0 && !c.failed; letters++) {
        if (*letters == 'z') {
            out->has_augmentation = true;
            tn_take_uleb(&c);
        } else if (*letters == 'R') {
            out->pointers = (uint8_t)tn_take(&c, 1);
        } else if (*letters == 'L') {
            out->handler_data = (uint8_t)tn_take(&c, 1);
            out->has_handler_data = true;
        } else if (*letters == 'P') {
            take_encoded(&c, (uint8_t)tn_take(&c, 1));
        }
    }
    out->initial = c;
    return c.failed ? tn_link_fail(l, "an unwind table that does not end") : TENON_OK;
}

/* The place in the code that a pointer of the table names. */
static bool code_at(const tn_elf *elf, const tn_piece *frames, uint64_t offset, uint32_t *out)
{
    const Elf64_Rela *r = tn_elf_relocation(elf, frames, offset);
    const tn_piece *section;
    uint64_t at;

    if (r == NULL || !tn_elf_target(elf, r, &section, &at) || section->part != TN_PART_CODE)
        return false;
    *out = section->at + (uint32_t)at;
    return true;
}

static tenon_status read_fde(tn_linker *l, const tn_elf *elf, const tn_piece *frames, tn_cursor c, const entry *cie)
{
    program p = { .l = l, .cie = cie, .changed = true };
    const tn_piece *table;
    uint64_t at;

    if (!code_at(elf, frames, (uint64_t)(c.p - c.start), &p.code))
        return tn_link_fail(l, "an unwind table of no function");
    uint32_t function = p.code;
    take_encoded(&c, cie->pointers);
    uint64_t size = take_encoded(&c, cie->pointers);
    if (cie->has_augmentation) {
        uint64_t extra = tn_take_uleb(&c);
        const Elf64_Rela *r = tn_elf_relocation(elf, frames, (uint64_t)(c.p - c.start));
        if (cie->has_handler_data && r != NULL && tn_elf_target(elf, r, &table, &at))
            TN_TRY(read_pads(l, table, at, function));
        c.p += extra <= (uint64_t)(c.end - c.p) ? extra : (uint64_t)(c.end - c.p);
    }
    TN_TRY(run(&p, cie->initial));
    p.initial = p.now;
    TN_TRY(run(&p, c));
    TN_TRY(flush(&p));
    (void)size;
    return TENON_OK;
}

tenon_status tn_read_frames(tn_linker *l, const tn_elf *elf)
{
    const tn_piece *frames = tn_elf_find(elf, ".eh_frame");
    entry cie = { .code_align = 1 };

    if (frames == NULL)
        return TENON_OK;
    tn_cursor c = { .start = frames->bytes, .p = frames->bytes, .end = frames->bytes + frames->header->sh_size };
    while (c.end - c.p >= 8) {
        uint64_t size = tn_take(&c, 4);
        if (size == 0)
            break;
        if (size < 4 || size > (uint64_t)(c.end - c.p))
            return tn_link_fail(l, "an unwind table that does not end");
        tn_cursor body = { .start = c.start, .p = c.p, .end = c.p + size };
        c.p += size;
        uint64_t back = tn_take(&body, 4);
        if (back == 0) {
            TN_TRY(read_cie(l, body, &cie));
            continue;
        }
        /* Functions with and without handlers have entries of different kinds. */
        tn_cursor kind = { .start = c.start, .p = body.p - 4 - back, .end = c.end };
        if (back > (uint64_t)(body.p - 4 - c.start))
            return tn_link_fail(l, "an unwind table of no kind");
        uint64_t kind_size = tn_take(&kind, 4);
        kind.end = kind_size <= (uint64_t)(c.end - kind.p) ? kind.p + kind_size : c.end;
        tn_take(&kind, 4);
        TN_TRY(read_cie(l, kind, &cie));
        TN_TRY(read_fde(l, elf, frames, body, &cie));
    }
    return TENON_OK;
}
