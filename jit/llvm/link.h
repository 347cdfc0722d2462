/* SPDX-License-Identifier: MIT
 * From object files to an image: what link.c, elf.c, frames.c and lines.c share. Objects come from LLVM alone, but are
 * read as if they came from anywhere: an offset outside is an error, never an access.
 */
#ifndef TN_LLVM_LINK_H
#define TN_LLVM_LINK_H

#include <elf.h>

#include "jit/llvm/compile.h"

#define TN_NOWHERE UINT32_MAX

typedef enum tn_part { TN_PART_NONE, TN_PART_CODE, TN_PART_DATA } tn_part;

/* A section of an object and its place in the image. */
typedef struct tn_piece {
    const Elf64_Shdr *header;
    const uint8_t *bytes;
    tn_part part;
    uint32_t at; /* bytes from the start of its part */
} tn_piece;

typedef struct tn_elf {
    const uint8_t *bytes;
    size_t size;
    tn_piece *sections;
    uint32_t section_count;
    const Elf64_Sym *symbols;
    size_t symbol_count;
    const char *strings;
    size_t strings_size;
} tn_elf;

typedef struct tn_linker {
    const tn_job *job;
    tn_arena arena;
    tenon_error *err;
    tn_elf *elves;
    size_t elf_count;
    uint32_t code_size, data_size;
    uint8_t *image;
    uint32_t code, data; /* bytes from the start of the image */
    /* Offsets in the code, TN_NOWHERE when nobody defines it. */
    uint32_t *functions, *slow_calls, *packed, *reenter, *loops;
    TN_VEC(tn_image_place) places;
    TN_VEC(tn_image_save) saves;
    TN_VEC(tn_image_rule) rules;
    TN_VEC(tn_image_pad) pads;
    TN_VEC(tn_image_version) versions;
    TN_VEC(tn_image_fact) facts;
} tn_linker;

/* ---- elf.c ---- */
tenon_status tn_elf_open(tn_linker *l, const tn_object *object, tn_elf *out);
const tn_piece *tn_elf_find(const tn_elf *elf, const char *name);
/* The relocation at an offset of a section, or NULL. */
const Elf64_Rela *tn_elf_relocation(const tn_elf *elf, const tn_piece *section, uint64_t offset);
/* Where a relocation points: a section, and bytes from its start. */
bool tn_elf_target(const tn_elf *elf, const Elf64_Rela *r, const tn_piece **section, uint64_t *offset);
/* Writes every address that was left open. */
tenon_status tn_elf_relocate(tn_linker *l, const tn_elf *elf);
tenon_status tn_elf_symbols(tn_linker *l, const tn_elf *elf);
tenon_status tn_link_fail(const tn_linker *l, const char *what);

/* ---- frames.c, lines.c, facts.c: what the tables of the image are made of ---- */
tenon_status tn_read_frames(tn_linker *l, const tn_elf *elf);
tenon_status tn_read_lines(tn_linker *l, const tn_elf *elf);
tenon_status tn_read_facts(tn_linker *l, const tn_elf *elf);

/* ---- a cursor over DWARF ---- */
typedef struct tn_cursor {
    const uint8_t *start, *p, *end;
    bool failed;
} tn_cursor;
uint64_t tn_take(tn_cursor *c, unsigned bytes);
uint64_t tn_take_uleb(tn_cursor *c);
int64_t tn_take_sleb(tn_cursor *c);

#endif
