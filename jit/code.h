/* SPDX-License-Identifier: MIT
 * Images in this process: mapped, and found again by an address in their code.
 */
#ifndef TN_JIT_CODE_H
#define TN_JIT_CODE_H

#include "jit/body.h"
#include "jit/stubs.h"

struct tn_image {
    const tn_image_header *header;
    const uint8_t *base; /* of the mapping */
    size_t size;
    const uint8_t *code;
    const tn_module *module;
    tn_mem *mem;
    tn_body *body; /* that it is part of, or NULL */
    void *gdb;     /* what gdb.c has told GDB, or NULL */
};

tenon_status tn_image_new(tenon_module *owner, const void *bytes, size_t size, tn_image **out, tenon_error *err);
/* The same in steps: room of a multiple of TN_IMAGE_PAGE, filled by the caller, then checked and made executable.
 * Adopting takes the room, also when it fails. */
uint8_t *tn_image_reserve(tn_mem *mem, size_t size);
void tn_image_release(uint8_t *base, size_t size);
tenon_status tn_image_adopt(tenon_module *owner, uint8_t *base, size_t size, tn_image **out, tenon_error *err);
/* Takes the body, also when this fails. */
tenon_status tn_image_adopt_body(tenon_module *owner, tn_body *body, tn_image **out, tenon_error *err);
void tn_image_delete(tn_image *image);

/* Whether a header makes sense by itself, and fits this machine. */
tenon_status tn_image_check(const tn_image_header *header, size_t size, tenon_error *err);
/* The bytes of a part's table: count is in bytes. */
tn_image_part tn_image_bytes_of(const tn_image_header *header, tn_image_part_id id);

/* The image whose code has this address, or NULL. Safe in signal handlers. */
const tn_image *tn_code_find(uintptr_t pc);

/* An access of code that was refused: whether it may be tried again. In a signal handler. */
tn_fetch tn_code_fetch(uintptr_t pc, uintptr_t address);

/* The table of a part; nothing is in it when the file was changed before it was needed. */
const void *tn_image_table(const tn_image *image, tn_image_part_id id, uint32_t *count);

/* One row; NULL when it cannot be had. */
const void *tn_image_row(const tn_image *image, tn_image_part_id id, uint32_t index);

/* ---- walk.c ---- */
size_t tn_code_walk(uintptr_t pc, uintptr_t fp, tn_location *out, size_t room);
void tn_code_exit_place(const tn_segment *segment, uintptr_t *pc, uintptr_t *fp);
void *tn_code_find_landing(tn_segment *segment, uint64_t exception);

#endif
