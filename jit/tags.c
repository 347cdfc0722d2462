/* SPDX-License-Identifier: MIT
 * What only somebody with a key can make: the tags of compiled files, and names of cached ones.
 */
#include <mbedtls/chacha20.h>
#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/poly1305.h>
#include <string.h>

#include "jit/aot.h"

typedef struct piece {
    const void *bytes;
    size_t size;
} piece;

static bool hmac(const uint8_t key[32], const piece *pieces, int count, uint8_t out[32])
{
    mbedtls_md_context_t md;
    bool ok;

    mbedtls_md_init(&md);
    ok = mbedtls_md_setup(&md, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 1) == 0 &&
         mbedtls_md_hmac_starts(&md, key, 32) == 0;
    for (int i = 0; i < count && ok; i++)
        ok = mbedtls_md_hmac_update(&md, pieces[i].bytes, pieces[i].size) == 0;
    ok = ok && mbedtls_md_hmac_finish(&md, out) == 0;
    mbedtls_md_free(&md);
    return ok;
}

static bool derive(const tenon_key *key, const char purpose[8], const uint8_t nonce[16], uint8_t out[32])
{
    const piece pieces[2] = { { purpose, 8 }, { nonce, 16 } };

    return hmac(key->bytes, pieces, 2, out);
}

bool tn_tag_key_init(tn_tag_key *out, const tenon_key *key, const tn_aot_header *header)
{
    return derive(key, "chunks\0", header->nonce, out->bytes);
}

bool tn_tag_chunk(const tn_tag_key *key, uint32_t number, const uint8_t *bytes, size_t size, uint8_t out[TN_AOT_TAG])
{
    static const uint8_t zeros[32];
    uint8_t once[32], nonce[12] = { 0 };

    memcpy(nonce, &number, sizeof number);
    bool ok = mbedtls_chacha20_crypt(key->bytes, nonce, 0, sizeof once, zeros, once) == 0 &&
              mbedtls_poly1305_mac(once, bytes, size, out) == 0;
    mbedtls_platform_zeroize(once, sizeof once);
    return ok;
}

bool tn_tag_header(const tenon_key *key, const tn_aot_header *header, const uint8_t *tags, uint8_t out[32])
{
    static const uint8_t no_nonce[16];
    tn_aot_header copy = *header;
    uint8_t once[32];

    memset(copy.mac, 0, sizeof copy.mac);
    const piece pieces[2] = { { &copy, sizeof copy }, { tags, (size_t)header->chunk_count * TN_AOT_TAG } };
    return derive(key, "header\0", no_nonce, once) && hmac(once, pieces, 2, out);
}

/* In a time that says nothing about where they differ. */
bool tn_tags_equal(const uint8_t *a, const uint8_t *b, size_t size)
{
    uint8_t differ = 0;

    for (size_t i = 0; i < size; i++)
        differ |= a[i] ^ b[i];
    return differ == 0;
}

void tenon_key_digest(const tenon_key *key, const void *bytes, size_t size, uint8_t out[16])
{
    static const uint8_t no_nonce[16];
    uint8_t once[32], tag[TN_AOT_TAG], mac[32] = { 0 };
    const piece whole = { tag, sizeof tag };

    /* The tag itself, under a key used twice, must not be seen; a MAC of it may. */
    if (!derive(key, "digest\0", no_nonce, once) || mbedtls_poly1305_mac(once, bytes, size, tag) != 0 ||
        !hmac(key->bytes, &whole, 1, mac))
        memset(mac, 0, sizeof mac);
    memcpy(out, mac, 16);
}
