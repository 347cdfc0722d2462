/* SPDX-License-Identifier: MIT
 * The file format of compiled modules.
 *
 *     header | a tag for each chunk of the body | padding | body: image, module
 *
 * The body begins at a multiple of TN_IMAGE_PAGE and is cut into chunks. A chunk's tag is Poly1305 of it (2 GB/s here,
 * against 0.4 GB/s of SHA-256) under a key of its own, made as RFC 8439, 2.6 does: ChaCha20 of the chunk's number,
 * under a key that is derived from the file's key and nonce. The header's is HMAC-SHA256 of the header, itself being
 * zero, and all tags.
 */
#ifndef TN_JIT_AOT_H
#define TN_JIT_AOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tenon/compiled.h"

#define TN_AOT_MAGIC   "\0tenaot\n"
#define TN_AOT_VERSION 2
#define TN_AOT_TAG     16
#define TN_AOT_CHUNK   16384 /* divides TN_IMAGE_PAGE */

typedef struct tn_aot_header {
    char magic[8];
    uint32_t version;
    uint32_t chunk_count;
    uint64_t features;
    uint64_t image_size; /* a multiple of TN_IMAGE_PAGE */
    uint64_t module_size;
    uint8_t module_digest[16]; /* tenon_key_digest of its bytes */
    uint8_t nonce[16];
    uint8_t mac[32];
} tn_aot_header;

/* ---- tags.c ---- */

/* Of the chunks of one file. */
typedef struct tn_tag_key {
    uint8_t bytes[32];
} tn_tag_key;

bool tn_tag_key_init(tn_tag_key *out, const tenon_key *key, const tn_aot_header *header);
/* Both may be called in a signal handler. */
bool tn_tag_chunk(const tn_tag_key *key, uint32_t number, const uint8_t *bytes, size_t size, uint8_t out[TN_AOT_TAG]);
bool tn_tags_equal(const uint8_t *a, const uint8_t *b, size_t size);
bool tn_tag_header(const tenon_key *key, const tn_aot_header *header, const uint8_t *tags, uint8_t out[32]);

#endif
