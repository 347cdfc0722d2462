/* SPDX-License-Identifier: MIT
 * Linking: code and read-only data of all objects, one after the other, and the tables that the runtime needs.
 */
#include "jit/llvm/link.h"

#include <stdlib.h>
#include <string.h>

static uint32_t round_up(uint32_t n, uint32_t to)
{
    return (n + to - 1) / to * to;
}

/* ---- tables ---- */

static int by_first_word(const void *a, const void *b)
{
    uint32_t x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* One place for each change; of several at the same code the last counts, unless it ends a sequence. */
static void tidy_places(tn_linker *l)
{
    size_t kept = 0;

    for (size_t i = 0; i < l->places.count; i++) {
        tn_image_place p = l->places.items[i];
        if (kept > 0 && l->places.items[kept - 1].code == p.code) {
            if (p.offset != TN_NO_PLACE)
                l->places.items[kept - 1] = p;
        } else if (kept == 0 || l->places.items[kept - 1].offset != p.offset) {
            l->places.items[kept++] = p;
        }
    }
    l->places.count = kept;
}

static int by_code(const void *a, const void *b)
{
    const tn_image_place *x = a, *y = b;

    if (x->code != y->code)
        return x->code < y->code ? -1 : 1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

static tenon_status read_tables(tn_linker *l)
{
    for (size_t i = 0; i < l->elf_count; i++) {
        TN_TRY(tn_read_frames(l, &l->elves[i]));
        TN_TRY(tn_read_lines(l, &l->elves[i]));
        TN_TRY(tn_read_facts(l, &l->elves[i]));
    }
    if (l->places.count > 0)
        qsort(l->places.items, l->places.count, sizeof *l->places.items, by_code);
    tidy_places(l);
    if (l->saves.count > 0)
        qsort(l->saves.items, l->saves.count, sizeof *l->saves.items, by_first_word);
    if (l->pads.count > 0)
        qsort(l->pads.items, l->pads.count, sizeof *l->pads.items, by_first_word);
    if (l->versions.count > 0)
        qsort(l->versions.items, l->versions.count, sizeof *l->versions.items, by_first_word);
    return TENON_OK;
}

/* ---- the image ---- */

typedef struct layout {
    tn_image_header header;
    uint32_t end;
} layout;

static void add_part(layout *y, tn_image_part_id id, size_t count, size_t item_size)
{
    y->header.parts[id] = (tn_image_part){ y->end, (uint32_t)count };
    y->end = round_up(y->end + (uint32_t)(count * item_size), 8);
}

static layout lay_out(const tn_linker *l)
{
    const tn_module *m = l->job->module;
    layout y = { .header = { .version = TN_IMAGE_VERSION,
                             .metered = l->job->metered,
                             .cpu = l->job->target->image_cpu,
                             .level = l->job->cpu->level,
                             .function_count = m->body_count,
                             .bounds = (uint32_t)l->job->bounds },
                 .end = round_up(sizeof(tn_image_header), 8) };

    memcpy(y.header.magic, TN_IMAGE_MAGIC, sizeof y.header.magic);
    add_part(&y, TN_PART_FUNCTIONS, m->body_count, sizeof(tn_image_function));
    add_part(&y, TN_PART_GATES, m->type_count, sizeof(tn_image_gate));
    add_part(&y, TN_PART_BODIES, l->job->wanted == NULL ? m->body_count : 0, sizeof(tn_image_body));
    add_part(&y, TN_PART_LOOPS, l->job->loop_count, sizeof(tn_image_loop));
    add_part(&y, TN_PART_SAVES, l->saves.count, sizeof(tn_image_save));
    add_part(&y, TN_PART_RULES, l->rules.count, sizeof(tn_image_rule));
    add_part(&y, TN_PART_PADS, l->pads.count, sizeof(tn_image_pad));
    add_part(&y, TN_PART_PLACES, l->places.count, sizeof(tn_image_place));
    add_part(&y, TN_PART_VERSIONS, l->versions.count, sizeof(tn_image_version));
    add_part(&y, TN_PART_FACTS, l->facts.count, sizeof(tn_image_fact));
    y.header.code = round_up(y.end, TN_IMAGE_PAGE);
    y.header.code_size = l->code_size;
    y.header.data = round_up(y.header.code + l->code_size, TN_IMAGE_PAGE);
    y.header.data_size = l->data_size;
    y.header.size = round_up(y.header.data + l->data_size, TN_IMAGE_PAGE);
    return y;
}

static void copy_part(const tn_linker *l, const layout *y, tn_image_part_id id, const void *items, size_t item_size)
{
    const tn_image_part *part = &y->header.parts[id];

    if (part->count > 0)
        memcpy(l->image + part->offset, items, part->count * item_size);
}

_Static_assert(sizeof(tn_image_body) == sizeof(tn_range) && offsetof(tn_image_body, size) == offsetof(tn_range, size),
               "the loader takes them as they are");

static void write_tables(const tn_linker *l, const layout *y)
{
    const tn_module *m = l->job->module;
    tn_image_function *functions = (void *)(l->image + y->header.parts[TN_PART_FUNCTIONS].offset);
    tn_image_gate *gates = (void *)(l->image + y->header.parts[TN_PART_GATES].offset);

    tn_image_loop *loops = (void *)(l->image + y->header.parts[TN_PART_LOOPS].offset);

    memcpy(l->image, &y->header, sizeof y->header);
    for (size_t i = 0; i < l->job->loop_count; i++)
        loops[i] = (tn_image_loop){ l->job->loops[i].own, l->job->loops[i].loop, l->loops[i] };
    for (uint32_t i = 0; i < m->body_count; i++)
        functions[i] = (tn_image_function){ l->functions[i] + 1, l->job->first_type[m->funcs[m->imported_funcs + i]] };
    for (uint32_t i = 0; i < m->type_count; i++) {
        const tn_type *type = tn_types_get(m->registry, m->types[i]);
        uint32_t same = type->comp == TN_COMP_FUNC ? l->job->first_type[type->id] : i;
        gates[i] = (tn_image_gate){ l->packed[same] + 1, l->reenter[same] + 1 };
    }
    copy_part(l, y, TN_PART_BODIES, m->bodies, sizeof(tn_image_body));
    copy_part(l, y, TN_PART_PLACES, l->places.items, sizeof(tn_image_place));
    copy_part(l, y, TN_PART_SAVES, l->saves.items, sizeof(tn_image_save));
    copy_part(l, y, TN_PART_RULES, l->rules.items, sizeof(tn_image_rule));
    copy_part(l, y, TN_PART_PADS, l->pads.items, sizeof(tn_image_pad));
    copy_part(l, y, TN_PART_VERSIONS, l->versions.items, sizeof(tn_image_version));
    copy_part(l, y, TN_PART_FACTS, l->facts.items, sizeof(tn_image_fact));
}

static void copy_sections(const tn_linker *l, const tn_elf *elf)
{
    for (uint32_t i = 0; i < elf->section_count; i++) {
        const tn_piece *s = &elf->sections[i];
        if (s->part != TN_PART_NONE)
            memcpy(l->image + (s->part == TN_PART_CODE ? l->code : l->data) + s->at, s->bytes, s->header->sh_size);
    }
}

static uint32_t *nowhere(tn_linker *l, uint32_t count)
{
    uint32_t *list = tn_arena_alloc(&l->arena, count + 1u, sizeof *list);

    for (uint32_t i = 0; list != NULL && i < count; i++)
        list[i] = TN_NOWHERE;
    return list;
}

static tenon_status make_image(tn_linker *l, tn_object *out)
{
    layout y = lay_out(l);

    l->image = tn_alloc_zeroed(l->job->mem, y.header.size);
    if (l->image == NULL)
        return TENON_NOMEM;
    *out = (tn_object){ l->image, y.header.size };
    l->code = y.header.code;
    l->data = y.header.data;
    write_tables(l, &y);
    for (size_t i = 0; i < l->elf_count; i++)
        copy_sections(l, &l->elves[i]);
    for (size_t i = 0; i < l->elf_count; i++)
        TN_TRY(tn_elf_relocate(l, &l->elves[i]));
    return TENON_OK;
}

static tenon_status link_all(tn_linker *l, const tn_object *objects, tn_object *out)
{
    const tn_module *m = l->job->module;

    l->elves = tn_arena_alloc(&l->arena, l->elf_count, sizeof *l->elves);
    l->functions = nowhere(l, m->body_count);
    l->slow_calls = nowhere(l, m->type_count);
    l->packed = nowhere(l, m->type_count);
    l->reenter = nowhere(l, m->type_count);
    l->loops = nowhere(l, (uint32_t)l->job->loop_count);
    if (l->loops == NULL || l->elves == NULL || l->functions == NULL || l->slow_calls == NULL || l->packed == NULL ||
        l->reenter == NULL)
        return TENON_NOMEM;
    for (size_t i = 0; i < l->elf_count; i++) {
        TN_TRY(tn_elf_open(l, &objects[i], &l->elves[i]));
        TN_TRY(tn_elf_symbols(l, &l->elves[i]));
    }
    TN_TRY(read_tables(l));
    return make_image(l, out);
}

tenon_status tn_link(const tn_job *job, const tn_object *objects, size_t count, tn_object *out, tenon_error *err)
{
    tn_linker l = { .job = job, .err = err, .elf_count = count };

    tn_arena_init(&l.arena, job->mem);
    *out = (tn_object){ NULL, 0 };
    tenon_status status = link_all(&l, objects, out);
    if (status != TENON_OK && out->bytes != NULL) {
        tn_free(job->mem, out->bytes, out->size);
        *out = (tn_object){ NULL, 0 };
    }
    tn_vec_fini(job->mem, &l.places);
    tn_vec_fini(job->mem, &l.saves);
    tn_vec_fini(job->mem, &l.rules);
    tn_vec_fini(job->mem, &l.pads);
    tn_vec_fini(job->mem, &l.versions);
    tn_vec_fini(job->mem, &l.facts);
    tn_arena_fini(&l.arena);
    return status;
}
