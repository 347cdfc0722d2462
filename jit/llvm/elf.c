/* SPDX-License-Identifier: MIT
 * Object files: sections, symbols, relocations. Only what is relative to the place itself can be in an image.
 */
#include <stdlib.h>
#include <string.h>

#include "jit/llvm/link.h"

tenon_status tn_link_fail(const tn_linker *l, const char *what)
{
    return tn_fail_plain(l->err, TENON_UNSUPPORTED, "LLVM's object cannot be linked: %s", what);
}

/* ---- a cursor ---- */

uint64_t tn_take(tn_cursor *c, unsigned bytes)
{
    uint64_t n = 0;

    if ((size_t)(c->end - c->p) < bytes) {
        c->failed = true;
        c->p = c->end;
        return 0;
    }
    memcpy(&n, c->p, bytes);
    c->p += bytes;
    return n;
}

uint64_t tn_take_uleb(tn_cursor *c)
{
    uint64_t n = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint64_t byte = tn_take(c, 1);
        n |= (byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return n;
    }
    c->failed = true;
    return n;
}

int64_t tn_take_sleb(tn_cursor *c)
{
    uint64_t n = 0;

    for (unsigned shift = 0; shift < 64;) {
        uint64_t byte = tn_take(c, 1);
        n |= (byte & 0x7F) << shift;
        shift += 7;
        if (!(byte & 0x80))
            return shift < 64 && (byte & 0x40) ? (int64_t)(n | UINT64_MAX << shift) : (int64_t)n;
    }
    c->failed = true;
    return (int64_t)n;
}

/* ---- opening ---- */

static bool has_range(const tn_elf *elf, uint64_t offset, uint64_t size)
{
    return offset <= elf->size && size <= elf->size - offset;
}

static const char *section_name(const tn_elf *elf, const tn_piece *s)
{
    const tn_piece *names = &elf->sections[((const Elf64_Ehdr *)(const void *)elf->bytes)->e_shstrndx];

    return (const char *)names->bytes + s->header->sh_name;
}

static uint32_t place(uint32_t *size, const Elf64_Shdr *h)
{
    uint64_t align = h->sh_addralign > 0 ? h->sh_addralign : 1;
    uint32_t at = (uint32_t)((*size + align - 1) / align * align);

    *size = at + (uint32_t)h->sh_size;
    return at;
}

/* Where a section goes. Tables for unwinding and of facts are read and left behind. */
static tenon_status assign(tn_linker *l, const tn_elf *elf, tn_piece *s)
{
    const char *name = section_name(elf, s);

    if (!(s->header->sh_flags & SHF_ALLOC) || s->header->sh_size == 0 || strcmp(name, ".eh_frame") == 0 ||
        strcmp(name, ".gcc_except_table") == 0 || strcmp(name, ".llvm_stackmaps") == 0 ||
        strncmp(name, ".data.DW.ref.", 13) == 0)
        return TENON_OK;
    if ((s->header->sh_flags & SHF_WRITE) || s->header->sh_type == SHT_NOBITS)
        return tn_link_fail(l, "it has data that is written");
    s->part = s->header->sh_flags & SHF_EXECINSTR ? TN_PART_CODE : TN_PART_DATA;
    s->at = place(s->part == TN_PART_CODE ? &l->code_size : &l->data_size, s->header);
    return TENON_OK;
}

static tenon_status find_symbols(tn_linker *l, tn_elf *elf)
{
    for (uint32_t i = 0; i < elf->section_count; i++) {
        const Elf64_Shdr *h = elf->sections[i].header;
        if (h->sh_type != SHT_SYMTAB)
            continue;
        if (h->sh_link >= elf->section_count)
            return tn_link_fail(l, "no names of symbols");
        elf->symbols = (const void *)elf->sections[i].bytes;
        elf->symbol_count = h->sh_size / sizeof *elf->symbols;
        elf->strings = (const char *)elf->sections[h->sh_link].bytes;
        elf->strings_size = elf->sections[h->sh_link].header->sh_size;
        if (elf->strings_size == 0 || elf->strings[elf->strings_size - 1] != 0)
            return tn_link_fail(l, "names of symbols do not end");
    }
    return TENON_OK;
}

tenon_status tn_elf_open(tn_linker *l, const tn_object *object, tn_elf *out)
{
    const Elf64_Ehdr *h = (const void *)object->bytes;

    *out = (tn_elf){ .bytes = object->bytes, .size = object->size };
    if (object->size < sizeof *h || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 ||
        h->e_machine != l->job->target->elf_machine || h->e_shentsize != sizeof(Elf64_Shdr) ||
        !has_range(out, h->e_shoff, (uint64_t)h->e_shnum * sizeof(Elf64_Shdr)) || h->e_shstrndx >= h->e_shnum)
        return tn_link_fail(l, "it is not an object for this CPU");
    out->section_count = h->e_shnum;
    out->sections = tn_arena_alloc(&l->arena, out->section_count, sizeof *out->sections);
    if (out->sections == NULL)
        return TENON_NOMEM;
    for (uint32_t i = 0; i < out->section_count; i++) {
        tn_piece *s = &out->sections[i];
        s->header = (const Elf64_Shdr *)(const void *)(object->bytes + h->e_shoff) + i;
        if (s->header->sh_type != SHT_NOBITS && !has_range(out, s->header->sh_offset, s->header->sh_size))
            return tn_link_fail(l, "a section lies outside");
        s->bytes = object->bytes + s->header->sh_offset;
    }
    const tn_piece *names = &out->sections[h->e_shstrndx];
    for (uint32_t i = 0; i < out->section_count; i++)
        if (out->sections[i].header->sh_name >= names->header->sh_size || names->bytes[names->header->sh_size - 1] != 0)
            return tn_link_fail(l, "a section has no name");
    for (uint32_t i = 0; i < out->section_count; i++)
        TN_TRY(assign(l, out, &out->sections[i]));
    return find_symbols(l, out);
}

const tn_piece *tn_elf_find(const tn_elf *elf, const char *name)
{
    for (uint32_t i = 0; i < elf->section_count; i++)
        if (strcmp(section_name(elf, &elf->sections[i]), name) == 0)
            return &elf->sections[i];
    return NULL;
}

/* ---- symbols: a letter says of what, a number of which ---- */

static void define(const tn_linker *l, const char *name, uint32_t at)
{
    uint32_t n = (uint32_t)strtoul(name + 1, NULL, 10);
    const tn_module *m = l->job->module;

    if (name[0] == 'f' && n < m->body_count)
        l->functions[n] = at;
    if (name[0] == 'o' && n < l->job->loop_count)
        l->loops[n] = at;
    if (n >= m->type_count)
        return;
    if (name[0] == 's')
        l->slow_calls[n] = at;
    else if (name[0] == 'p')
        l->packed[n] = at;
    else if (name[0] == 'r')
        l->reenter[n] = at;
}

tenon_status tn_elf_symbols(tn_linker *l, const tn_elf *elf)
{
    for (size_t i = 0; i < elf->symbol_count; i++) {
        const Elf64_Sym *s = &elf->symbols[i];
        if (ELF64_ST_TYPE(s->st_info) != STT_FUNC || s->st_shndx >= elf->section_count ||
            s->st_name >= elf->strings_size)
            continue;
        const tn_piece *section = &elf->sections[s->st_shndx];
        if (section->part == TN_PART_CODE)
            define(l, elf->strings + s->st_name, section->at + (uint32_t)s->st_value);
    }
    return TENON_OK;
}

/* ---- relocations ---- */

static const tn_piece *relocations_of(const tn_elf *elf, const tn_piece *section)
{
    for (uint32_t i = 0; i < elf->section_count; i++)
        if (elf->sections[i].header->sh_type == SHT_RELA &&
            elf->sections[i].header->sh_info == (uint32_t)(section - elf->sections))
            return &elf->sections[i];
    return NULL;
}

static const Elf64_Rela *relocation(const tn_piece *list, size_t i)
{
    return (const Elf64_Rela *)(const void *)list->bytes + i;
}

const Elf64_Rela *tn_elf_relocation(const tn_elf *elf, const tn_piece *section, uint64_t offset)
{
    const tn_piece *list = relocations_of(elf, section);
    size_t low = 0, high = list != NULL ? list->header->sh_size / sizeof(Elf64_Rela) : 0;

    /* LLVM writes them in the order of their offsets. */
    while (low < high) {
        size_t middle = (low + high) / 2;
        const Elf64_Rela *r = relocation(list, middle);
        if (r->r_offset == offset)
            return r;
        if (r->r_offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool tn_elf_target(const tn_elf *elf, const Elf64_Rela *r, const tn_piece **section, uint64_t *offset)
{
    uint32_t index = (uint32_t)ELF64_R_SYM(r->r_info);

    if (index >= elf->symbol_count || elf->symbols[index].st_shndx >= elf->section_count ||
        elf->symbols[index].st_shndx == SHN_UNDEF)
        return false;
    *section = &elf->sections[elf->symbols[index].st_shndx];
    *offset = elf->symbols[index].st_value + (uint64_t)r->r_addend;
    return true;
}

/* The place in the image that a symbol of another object names. */
static uint32_t defined_elsewhere(const tn_linker *l, const char *name)
{
    uint32_t n = (uint32_t)strtoul(name + 1, NULL, 10);
    const tn_module *m = l->job->module;

    if (name[0] == 'f')
        return n < m->body_count ? l->functions[n] : TN_NOWHERE;
    return name[0] == 's' && n < m->type_count ? l->slow_calls[n] : TN_NOWHERE;
}

static tenon_status resolve(const tn_linker *l, const tn_elf *elf, const Elf64_Rela *r, uint64_t *out)
{
    const tn_piece *section;
    uint32_t index = (uint32_t)ELF64_R_SYM(r->r_info), at;

    if (index >= elf->symbol_count)
        return tn_link_fail(l, "a relocation without a symbol");
    if (tn_elf_target(elf, r, &section, out)) {
        if (section->part == TN_PART_NONE)
            return tn_link_fail(l, "a relocation leads out of the image");
        *out += (section->part == TN_PART_CODE ? l->code : l->data) + section->at;
        return TENON_OK;
    }
    const char *name = elf->strings + elf->symbols[index].st_name;
    at = elf->symbols[index].st_name < elf->strings_size ? defined_elsewhere(l, name) : TN_NOWHERE;
    if (at == TN_NOWHERE)
        return tn_fail_plain(l->err, TENON_UNSUPPORTED, "LLVM's object cannot be linked: nobody defines %s", name);
    *out = (uint64_t)l->code + at + (uint64_t)r->r_addend;
    return TENON_OK;
}

static void put32(uint8_t *p, uint64_t n)
{
    uint32_t word = (uint32_t)n;
    memcpy(p, &word, sizeof word);
}

static uint32_t get32(const uint8_t *p)
{
    uint32_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static bool fits(int64_t n, unsigned bits)
{
    return n >= -((int64_t)1 << (bits - 1)) && n < (int64_t)1 << (bits - 1);
}

static bool relocate_x86(uint32_t type, uint8_t *p, int64_t distance)
{
    switch (type) {
    case R_X86_64_PC32:
    case R_X86_64_PLT32:
        put32(p, (uint64_t)distance);
        return fits(distance, 32);
    case R_X86_64_PC64:
        memcpy(p, &distance, sizeof distance);
        return true;
    default:
        return false;
    }
}

/* Replaces bits [low, low + width) of an instruction. */
static void patch(uint8_t *p, unsigned low, unsigned width, uint64_t value)
{
    uint32_t mask = ((1u << width) - 1) << low;

    put32(p, (get32(p) & ~mask) | ((uint32_t)(value << low) & mask));
}

static bool relocate_aarch64(uint32_t type, uint8_t *p, uint64_t at, uint64_t target)
{
    int64_t distance = (int64_t)(target - at);
    int64_t pages = (int64_t)((target & ~(uint64_t)0xFFF) - (at & ~(uint64_t)0xFFF)) >> 12;

    switch (type) {
    case R_AARCH64_CALL26:
    case R_AARCH64_JUMP26:
        patch(p, 0, 26, (uint64_t)(distance >> 2));
        return fits(distance, 28);
    case R_AARCH64_ADR_PREL_PG_HI21:
        patch(p, 29, 2, (uint64_t)pages & 3);
        patch(p, 5, 19, (uint64_t)(pages >> 2));
        return fits(pages, 21);
    case R_AARCH64_ADR_PREL_LO21:
        patch(p, 29, 2, (uint64_t)distance & 3);
        patch(p, 5, 19, (uint64_t)(distance >> 2));
        return fits(distance, 21);
    case R_AARCH64_ADD_ABS_LO12_NC:
    case R_AARCH64_LDST8_ABS_LO12_NC:
        patch(p, 10, 12, target & 0xFFF);
        return true;
    case R_AARCH64_LDST16_ABS_LO12_NC:
        patch(p, 10, 12, (target & 0xFFF) >> 1);
        return true;
    case R_AARCH64_LDST32_ABS_LO12_NC:
        patch(p, 10, 12, (target & 0xFFF) >> 2);
        return true;
    case R_AARCH64_LDST64_ABS_LO12_NC:
        patch(p, 10, 12, (target & 0xFFF) >> 3);
        return true;
    case R_AARCH64_LDST128_ABS_LO12_NC:
        patch(p, 10, 12, (target & 0xFFF) >> 4);
        return true;
    case R_AARCH64_PREL32:
        put32(p, (uint64_t)distance);
        return fits(distance, 32);
    case R_AARCH64_PREL64:
        memcpy(p, &distance, sizeof distance);
        return true;
    default:
        return false;
    }
}

static tenon_status relocate_section(const tn_linker *l, const tn_elf *elf, const tn_piece *s)
{
    const tn_piece *list = relocations_of(elf, s);
    uint64_t base = (uint64_t)(s->part == TN_PART_CODE ? l->code : l->data) + s->at, target = 0;

    if (list == NULL)
        return TENON_OK;
    for (size_t i = 0; i < list->header->sh_size / sizeof(Elf64_Rela); i++) {
        const Elf64_Rela *r = relocation(list, i);
        uint32_t type = (uint32_t)ELF64_R_TYPE(r->r_info);
        if (r->r_offset > s->header->sh_size || s->header->sh_size - r->r_offset < 4)
            return tn_link_fail(l, "a relocation lies outside");
        TN_TRY(resolve(l, elf, r, &target));
        uint64_t at = base + r->r_offset;
        bool done = l->job->target->elf_machine == EM_X86_64 ? relocate_x86(type, l->image + at, (int64_t)(target - at))
                                                             : relocate_aarch64(type, l->image + at, at, target);
        if (!done)
            return tn_fail_plain(l->err, TENON_UNSUPPORTED, "LLVM's object cannot be linked: relocation %u",
                                 (unsigned)type);
    }
    return TENON_OK;
}

tenon_status tn_elf_relocate(tn_linker *l, const tn_elf *elf)
{
    for (uint32_t i = 0; i < elf->section_count; i++)
        if (elf->sections[i].part != TN_PART_NONE)
            TN_TRY(relocate_section(l, elf, &elf->sections[i]));
    return TENON_OK;
}
