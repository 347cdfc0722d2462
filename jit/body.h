/* SPDX-License-Identifier: MIT
 * The body of a compiled file that is open: an image, and the module that it was made of. Each chunk is read into
 * memory of our own and checked there before anybody uses it; all of them at once, or each when it is first needed.
 */
#ifndef TN_JIT_BODY_H
#define TN_JIT_BODY_H

#include <stdatomic.h>

#include "jit/aot.h"
#include "jit/image.h"
#include "loader/module.h"
#include "runtime/vm/native.h"

/* Where the file is: bytes that are there while it is being opened, or a descriptor, which is kept. */
typedef struct tn_aot_file {
    const uint8_t *bytes; /* NULL: */
    int descriptor;
    uint64_t size;
} tn_aot_file;

bool tn_aot_read(const tn_aot_file *file, void *to, size_t size, uint64_t at);

typedef struct tn_body {
    tn_source source; /* of the module's bytes, as the loader sees it */
    tn_mem *mem;
    tn_aot_file file;
    uint64_t start, size; /* bytes of the file */
    tn_tag_key key;
    uint8_t *tags;
    atomic_uchar *states; /* of chunks */
    uint32_t chunk_count, image_chunks;
    bool lazy;
    atomic_uint faults;
    uint8_t *image, *module;
    size_t image_size, module_size;
    uint64_t born;     /* tells bodies at the same address apart */
    size_t code, data; /* of the image, once its header is known: what becomes executable is between them */
} tn_body;

/* Takes tags (of mem), also when it fails. file is kept as it is; a descriptor is duplicated when lazy. */
tn_body *tn_body_new(tn_mem *mem, const tn_aot_file *file, const tn_aot_header *header, const tn_tag_key *key,
                     uint8_t *tags, bool lazy);
void tn_body_delete(tn_body *body);
uint64_t tn_body_start(const tn_aot_header *header);
uint64_t tn_body_size(const tn_aot_header *header);
/* Whether chunks may be taken one by one here. */
bool tn_body_may_be_lazy(void);

/* Makes a range of the image or the module usable; false when the file was changed. */
bool tn_body_take_image(tn_body *body, uint64_t at, uint64_t size);
bool tn_body_take_module(tn_body *body, uint64_t at, uint64_t size);
/* Everything, with up to so many threads besides the caller's. */
bool tn_body_take_all(tn_body *body, size_t threads);

/* In a signal handler, of an access to this byte of the image that was refused. */
tn_fetch tn_body_fault(tn_body *body, uint64_t at);

#endif
