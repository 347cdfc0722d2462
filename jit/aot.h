/* SPDX-License-Identifier: MIT
 * The file format of compiled modules.
 *
 *     header | a tag for each chunk of the body | padding | body: image, module
 *
 * The body begins at a multiple of TN_IMAGE_PAGE and is cut into chunks of that size. A chunk's tag is Poly1305 of it
 * under a key of its own, derived from the file's key, nonce and the chunk's number (2 GB/s here, against 0.4 GB/s of
 * SHA-256); the header's is HMAC-SHA256 of the header, itself being zero, and all tags.
 */
#ifndef TN_JIT_AOT_H
#define TN_JIT_AOT_H

#include <stdint.h>

#define TN_AOT_MAGIC   "\0tenaot\n"
#define TN_AOT_VERSION 1
#define TN_AOT_TAG     16

typedef struct tn_aot_header {
    char magic[8];
    uint32_t version;
    uint32_t chunk_count;
    uint64_t features;
    uint64_t image_size;       /* a multiple of TN_IMAGE_PAGE */
    uint64_t module_size;      /* of the bytes that it was made of, also when they are not in the file */
    uint8_t module_digest[16]; /* of them: tenon_key_digest */
    uint8_t nonce[16];
    uint8_t mac[32];
    uint8_t has_module;
    uint8_t reserved[7];
} tn_aot_header;

#endif
