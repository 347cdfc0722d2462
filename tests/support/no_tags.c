/* SPDX-License-Identifier: MIT
 * In place of jit/tags.c where there is no mbedtls, for cross compilers: no compiled file is genuine.
 */
#include "jit/aot.h"

bool tn_tag_chunk(const tn_tag_key *key, uint32_t number, const uint8_t *bytes, size_t size, uint8_t out[TN_AOT_TAG])
{
    (void)key, (void)number, (void)bytes, (void)size, (void)out;
    return false;
}

bool tn_tags_equal(const uint8_t *a, const uint8_t *b, size_t size)
{
    (void)a, (void)b, (void)size;
    return false;
}
