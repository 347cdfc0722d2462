/* SPDX-License-Identifier: MIT
 * Images in this process: mapped, and found again by an address in their code.
 */
#ifndef TN_JIT_CODE_H
#define TN_JIT_CODE_H

#include "jit/image.h"
#include "jit/stubs.h"

struct tn_image {
    const tn_image_header *header;
    const uint8_t *base; /* of the mapping */
    size_t size;
    const uint8_t *code;
    const tn_module *module;
    tn_mem *mem;
    void *gdb; /* what gdb.c has told GDB, or NULL */
};

tenon_status tn_image_new(tenon_module *owner, const void *bytes, size_t size, tn_image **out, tenon_error *err);
/* The same in steps: room of a multiple of TN_IMAGE_PAGE, filled by the caller, then checked and made executable.
 * Adopting takes the room, also when it fails. */
uint8_t *tn_image_reserve(tn_mem *mem, size_t size);
void tn_image_release(uint8_t *base, size_t size);
tenon_status tn_image_adopt(tenon_module *owner, uint8_t *base, size_t size, tn_image **out, tenon_error *err);
void tn_image_delete(tn_image *image);

/* The image whose code has this address, or NULL. Safe in signal handlers. */
const tn_image *tn_code_find(uintptr_t pc);

/* The table of a part. */
static inline const void *tn_image_table(const tn_image *image, tn_image_part_id id, uint32_t *count)
{
    *count = image->header->parts[id].count;
    return image->base + image->header->parts[id].offset;
}

/* ---- walk.c ---- */
size_t tn_code_walk(uintptr_t pc, uintptr_t fp, tn_location *out, size_t room);
void tn_code_exit_place(const tn_segment *segment, uintptr_t *pc, uintptr_t *fp);
void *tn_code_find_landing(tn_segment *segment, uint64_t exception);

#endif
