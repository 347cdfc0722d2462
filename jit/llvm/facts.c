/* SPDX-License-Identifier: MIT
 * What is known where a version of a loop begins (versions.c): LLVM says in a stack map where the values are that the
 * check ahead of the loop has compared.
 */
#include "jit/llvm/link.h"
#include "jit/llvm/versions.h"

#define MAP_VERSION 3

/* LLVM's kinds of places are those of tn_fact_kind, counted from 1; then come constants that lie in a list. */
#define LARGE_CONSTANT (TN_FACT_CONSTANT + 2)

typedef struct map {
    tn_linker *l;
    const tn_piece *section;
    tn_cursor c;
    const uint8_t *constants;
    uint32_t constant_count;
} map;

static bool take_fact(map *m, tn_image_fact *out)
{
    uint8_t kind = (uint8_t)tn_take(&m->c, 1);

    *out = (tn_image_fact){ 0 };
    tn_take(&m->c, 1);
    out->size = (uint8_t)tn_take(&m->c, 2);
    out->reg = (uint8_t)tn_take(&m->c, 2);
    tn_take(&m->c, 2);
    out->value = (int32_t)tn_take(&m->c, 4);
    if (kind == 0 || kind > LARGE_CONSTANT)
        return false;
    out->kind = kind == LARGE_CONSTANT ? TN_FACT_CONSTANT : (uint8_t)(kind - 1);
    if (kind != LARGE_CONSTANT)
        return true;
    if ((uint64_t)out->value >= m->constant_count)
        return false;
    memcpy(&out->value, m->constants + 8 * out->value, sizeof out->value);
    return true;
}

static void align(map *m)
{
    tn_take(&m->c, (unsigned)(-(m->c.p - m->c.start) & 7));
}

static tenon_status take_record(map *m, uint32_t function)
{
    tn_linker *l = m->l;

    tn_take(&m->c, 8);
    uint32_t code = function + (uint32_t)tn_take(&m->c, 4);
    tn_take(&m->c, 2);
    uint32_t count = (uint32_t)tn_take(&m->c, 2);
    TN_TRY(tn_vec_reserve(l->job->mem, &l->versions, 1));
    TN_TRY(tn_vec_reserve(l->job->mem, &l->facts, count));
    l->versions.items[l->versions.count++] = (tn_image_version){ code, (uint32_t)l->facts.count, count };
    for (uint32_t i = 0; i < count; i++)
        if (!take_fact(m, &l->facts.items[l->facts.count++]))
            return tn_link_fail(l, "a stack map with a place of unknown kind");
    if (count < TN_FACTS_OF_LOOP || (count - TN_FACTS_OF_LOOP) % TN_FACTS_OF_GROUP != 0)
        return tn_link_fail(l, "a stack map that nobody asked for");
    align(m);
    tn_take(&m->c, 2);
    for (uint64_t live = tn_take(&m->c, 2); live > 0; live--)
        tn_take(&m->c, 4);
    align(m);
    return m->c.failed ? tn_link_fail(l, "a stack map that does not end") : TENON_OK;
}

/* Records come in the order of their functions. */
static tenon_status take_records(map *m, const tn_elf *elf, uint32_t functions)
{
    const uint8_t *function = m->c.p;
    const tn_piece *section;
    uint64_t at;

    m->constants = function + 24 * (size_t)functions;
    m->c.p = m->constants + 8 * (size_t)m->constant_count;
    for (uint32_t i = 0; i < functions; i++, function += 24) {
        const Elf64_Rela *r = tn_elf_relocation(elf, m->section, (uint64_t)(function - m->c.start));
        uint64_t records;
        if (r == NULL || !tn_elf_target(elf, r, &section, &at) || section->part != TN_PART_CODE)
            return tn_link_fail(m->l, "a stack map of no function");
        memcpy(&records, function + 16, sizeof records);
        for (; records > 0; records--)
            TN_TRY(take_record(m, section->at + (uint32_t)at));
    }
    return TENON_OK;
}

tenon_status tn_read_facts(tn_linker *l, const tn_elf *elf)
{
    const tn_piece *section = tn_elf_find(elf, ".llvm_stackmaps");

    if (section == NULL)
        return TENON_OK;
    const uint8_t *start = section->bytes;
    map m = { .l = l, .section = section, .c = { start, start, start + section->header->sh_size, false } };
    if (tn_take(&m.c, 1) != MAP_VERSION)
        return tn_link_fail(l, "a stack map of another version");
    tn_take(&m.c, 3);
    uint64_t functions = tn_take(&m.c, 4);
    m.constant_count = (uint32_t)tn_take(&m.c, 4);
    tn_take(&m.c, 4);
    if (24 * functions + 8 * (uint64_t)m.constant_count > (uint64_t)(m.c.end - m.c.p))
        return tn_link_fail(l, "a stack map that does not end");
    return take_records(&m, elf, (uint32_t)functions);
}
