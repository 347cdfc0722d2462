/* SPDX-License-Identifier: MIT
 * Compiled modules as files: sealed when they are written, checked when they are opened. What is checked is always a
 * copy that nobody else can write.
 */
#include "jit/aot.h"

#include <mbedtls/md.h>
#include <mbedtls/poly1305.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>

#include "base/os/os.h"
#include "jit/code.h"
#include "tenon/compiled.h"

/* ---- primitives ---- */

/* HMAC-SHA256 of up to three pieces. */
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

/* A key for one use. */
static bool derive(const tenon_key *key, const char purpose[8], const uint8_t nonce[16], uint64_t number,
                   uint8_t out[32])
{
    const piece pieces[3] = { { purpose, 8 }, { nonce, 16 }, { &number, sizeof number } };

    return hmac(key->bytes, pieces, 3, out);
}

static bool tag_chunk(const tenon_key *key, const tn_aot_header *h, uint64_t number, const uint8_t *bytes, size_t size,
                      uint8_t out[TN_AOT_TAG])
{
    uint8_t once[32];

    return derive(key, "chunk\0\0", h->nonce, number, once) && mbedtls_poly1305_mac(once, bytes, size, out) == 0;
}

static bool tag_header(const tenon_key *key, const tn_aot_header *h, const uint8_t *tags, uint8_t out[32])
{
    static const uint8_t no_nonce[16];
    tn_aot_header copy = *h;
    uint8_t once[32];

    memset(copy.mac, 0, sizeof copy.mac);
    const piece pieces[2] = { { &copy, sizeof copy }, { tags, (size_t)h->chunk_count * TN_AOT_TAG } };
    return derive(key, "header\0", no_nonce, 0, once) && hmac(once, pieces, 2, out);
}

/* In a time that says nothing about where they differ. */
static bool same(const uint8_t *a, const uint8_t *b, size_t size)
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
    if (!derive(key, "digest\0", no_nonce, 0, once) || mbedtls_poly1305_mac(once, bytes, size, tag) != 0 ||
        !hmac(key->bytes, &whole, 1, mac))
        memset(mac, 0, sizeof mac);
    memcpy(out, mac, 16);
}

/* ---- the body, chunk by chunk: the image fills whole chunks ---- */

static uint64_t body_size(const tn_aot_header *h)
{
    return h->image_size + (h->has_module ? h->module_size : 0);
}

static uint64_t chunks_of(uint64_t size)
{
    return (size + TN_IMAGE_PAGE - 1) / TN_IMAGE_PAGE;
}

static uint64_t body_start(const tn_aot_header *h)
{
    return chunks_of(sizeof *h + (uint64_t)h->chunk_count * TN_AOT_TAG) * TN_IMAGE_PAGE;
}

/* ---- sealing ---- */

static bool tag_part(const tenon_key *key, const tn_aot_header *h, uint64_t first, const uint8_t *bytes, size_t size,
                     uint8_t *tags)
{
    for (size_t at = 0; at < size; at += TN_IMAGE_PAGE, first++) {
        size_t n = size - at < TN_IMAGE_PAGE ? size - at : TN_IMAGE_PAGE;
        if (!tag_chunk(key, h, first, bytes + at, n, tags + first * TN_AOT_TAG))
            return false;
    }
    return true;
}

static bool write_file(const tenon_compiled *parts, const tn_aot_header *h, const uint8_t *tags, tenon_writer writer,
                       void *context)
{
    static const uint8_t zeros[4096];
    uint64_t at = sizeof *h + (uint64_t)h->chunk_count * TN_AOT_TAG;
    bool ok = writer(context, h, sizeof *h) && writer(context, tags, (size_t)h->chunk_count * TN_AOT_TAG);

    for (uint64_t left = body_start(h) - at, n; left > 0 && ok; left -= n) {
        n = left < sizeof zeros ? left : sizeof zeros;
        ok = writer(context, zeros, n);
    }
    return ok && writer(context, parts->image, parts->image_size) &&
           (!h->has_module || writer(context, parts->module, parts->module_size));
}

static bool seal(const tenon_compiled *parts, const tenon_key *key, tn_aot_header *h, uint8_t *tags)
{
    uint64_t image_chunks = chunks_of(parts->image_size);

    tenon_key_digest(key, parts->module, parts->module_size, h->module_digest);
    return getrandom(h->nonce, sizeof h->nonce, 0) == (ssize_t)sizeof h->nonce &&
           tag_part(key, h, 0, parts->image, parts->image_size, tags) &&
           (!h->has_module || tag_part(key, h, image_chunks, parts->module, parts->module_size, tags)) &&
           tag_header(key, h, tags, h->mac);
}

tenon_status tenon_compiled_seal(const tenon_compiled *parts, const tenon_key *key, tenon_writer writer, void *context)
{
    tn_aot_header h = { .version = TN_AOT_VERSION,
                        .features = parts->features,
                        .image_size = parts->image_size,
                        .module_size = parts->module_size,
                        .has_module = !parts->without_module };
    tn_mem mem;

    if (parts->image_size == 0 || parts->image_size % TN_IMAGE_PAGE != 0)
        return TENON_USAGE;
    memcpy(h.magic, TN_AOT_MAGIC, sizeof h.magic);
    h.chunk_count = (uint32_t)chunks_of(body_size(&h));
    tn_mem_init(&mem, NULL);
    size_t size = (size_t)h.chunk_count * TN_AOT_TAG;
    uint8_t *tags = tn_alloc_zeroed(&mem, size);
    if (tags == NULL)
        return TENON_NOMEM;
    bool ok = seal(parts, key, &h, tags) && write_file(parts, &h, tags, writer, context);
    tn_free(&mem, tags, size);
    return ok ? TENON_OK : TENON_LIMIT;
}

/* ---- opening ---- */

typedef struct opening {
    tn_mem *mem;
    const uint8_t *file;
    size_t size;
    const tenon_key *key;
    tn_aot_header header; /* copies: the file may change */
    uint8_t *tags;
    size_t tags_size;
    size_t threads; /* besides the caller's */
    tenon_error *err;
} opening;

/* Threads that check a big file side by side, and what makes one more worth it. */
#define MAX_THREADS      7
#define BYTES_PER_THREAD ((size_t)512 << 10)

static tenon_status refuse(const opening *o, const char *reason)
{
    return tn_fail_plain(o->err, TENON_MALFORMED, "the compiled file is refused: %s", reason);
}

static tenon_status check_header(opening *o)
{
    tn_aot_header *h = &o->header;
    uint8_t mac[32];

    if (o->size < sizeof *h)
        return refuse(o, "it is cut short");
    memcpy(h, o->file, sizeof *h);
    if (memcmp(h->magic, TN_AOT_MAGIC, sizeof h->magic) != 0 || h->version != TN_AOT_VERSION)
        return refuse(o, "it was made by another version of Tenon");
    if (h->image_size > (uint64_t)1 << 40 || h->module_size > (uint64_t)1 << 40 || h->image_size % TN_IMAGE_PAGE != 0 ||
        h->chunk_count != chunks_of(body_size(h)) || o->size != body_start(h) + body_size(h))
        return refuse(o, "it is cut short or damaged");
    o->tags_size = (size_t)h->chunk_count * TN_AOT_TAG;
    o->tags = tn_alloc(o->mem, o->tags_size + 1);
    if (o->tags == NULL)
        return tn_fail_plain(o->err, TENON_NOMEM, "out of memory for a compiled file");
    memcpy(o->tags, o->file + sizeof *h, o->tags_size);
    if (!tag_header(o->key, h, o->tags, mac) || !same(mac, h->mac, sizeof mac))
        return refuse(o, "it was not sealed with this machine's key (or the one of --key), or was changed since");
    return TENON_OK;
}

/* Who has sealed the file vouches for the module as well as for the code: its bodies are not checked again, unless this
 * engine admits less. */

/* A part of the body that is copied and checked by several threads. */
typedef struct taking {
    const opening *o;
    uint64_t first; /* chunk of the file */
    uint8_t *to;
    size_t size;
    atomic_size_t next; /* byte of the part to be claimed */
    atomic_bool wrong;
} taking;

static void *take_chunks(void *arg)
{
    taking *t = arg;
    const opening *o = t->o;
    const uint8_t *from = o->file + body_start(&o->header) + t->first * TN_IMAGE_PAGE;
    uint8_t tag[TN_AOT_TAG];

    for (size_t at; !atomic_load(&t->wrong) && (at = atomic_fetch_add(&t->next, TN_IMAGE_PAGE)) < t->size;) {
        size_t n = t->size - at < TN_IMAGE_PAGE ? t->size - at : TN_IMAGE_PAGE;
        uint64_t number = t->first + at / TN_IMAGE_PAGE;
        memcpy(t->to + at, from + at, n);
        if (!tag_chunk(o->key, &o->header, number, t->to + at, n, tag) ||
            !same(tag, o->tags + number * TN_AOT_TAG, sizeof tag))
            atomic_store(&t->wrong, true);
    }
    return NULL;
}

/* Copies a part of the body, from a chunk on, and checks the copy. */
static tenon_status take_part(const opening *o, uint64_t first, uint8_t *to, size_t size)
{
    taking t = { .o = o, .first = first, .to = to, .size = size };
    tn_os_thread threads[MAX_THREADS];
    size_t wanted = size / BYTES_PER_THREAD, started = 0;

    while (started < wanted && started < o->threads && tn_os_thread_start(&threads[started], take_chunks, &t))
        started++;
    take_chunks(&t);
    while (started > 0)
        tn_os_thread_join(threads[--started]);
    return atomic_load(&t.wrong) ? refuse(o, "its contents were changed") : TENON_OK;
}

static tenon_status take_module(const opening *o, tenon_engine *engine, tenon_module **out)
{
    size_t size = (size_t)o->header.module_size;
    uint8_t *copy = tn_alloc(o->mem, size + (size == 0));

    if (copy == NULL)
        return tn_fail_plain(o->err, TENON_NOMEM, "out of memory for a compiled file");
    tenon_status status = take_part(o, chunks_of(o->header.image_size), copy, size);
    if (status == TENON_OK)
        status = tn_module_new_owned(engine, copy, size, tn_engine_admits(engine, o->header.features), out, o->err);
    else
        tn_free(o->mem, copy, size + (size == 0));
    return status;
}

static tenon_status take_image(const opening *o, tenon_module *module)
{
    size_t size = (size_t)o->header.image_size;
    tn_image *image;
    uint8_t *base = tn_image_reserve(o->mem, size);

    if (base == NULL)
        return tn_fail_plain(o->err, TENON_NOMEM, "no memory for compiled code");
    tenon_status status = take_part(o, 0, base, size);
    if (status != TENON_OK) {
        tn_image_release(base, size);
        return status;
    }
    TN_TRY(tn_image_adopt(module, base, size, &image, o->err));
    return tn_module_add_image(module, image, o->err);
}

static bool is_module_of(const opening *o, const void *module, size_t size)
{
    uint8_t digest[16];

    if (module == NULL || size != o->header.module_size)
        return false;
    tenon_key_digest(o->key, module, size, digest);
    return same(digest, o->header.module_digest, sizeof digest);
}

static tenon_status take_borrowed(const opening *o, tenon_engine *engine, const void *module, size_t size,
                                  tenon_module **out)
{
    if (tn_engine_admits(engine, o->header.features))
        return tn_module_new_checked(engine, module, size, out, o->err);
    return tenon_module_new_borrowed(engine, module, size, out, o->err);
}

static tenon_status open_file(opening *o, tenon_engine *engine, const void *module, size_t module_size,
                              tenon_module **out)
{
    TN_TRY(check_header(o));
    if (!o->header.has_module && !is_module_of(o, module, module_size))
        return refuse(o, "it belongs to another module");
    if (o->header.has_module)
        TN_TRY(take_module(o, engine, out));
    else
        TN_TRY(take_borrowed(o, engine, module, module_size, out));
    tenon_status status = take_image(o, *out);
    if (status != TENON_OK)
        tenon_module_delete(*out);
    return status;
}

bool tenon_is_compiled(const void *bytes, size_t size)
{
    return size >= 8 && memcmp(bytes, TN_AOT_MAGIC, 8) == 0;
}

tenon_status tenon_module_new_compiled(tenon_engine *engine, const void *bytes, size_t size, const tenon_key *key,
                                       const void *module, size_t module_size, tenon_module **out, tenon_error *err)
{
    opening o = { .mem = tn_engine_mem(engine), .file = bytes, .size = size, .key = key, .err = err };
    size_t threads = tn_engine_threads(engine);

    o.threads = threads - 1 < MAX_THREADS ? threads - 1 : MAX_THREADS;

    tn_error_clear(err);
    tenon_status status = open_file(&o, engine, module, module_size, out);
    tn_free(o.mem, o.tags, o.tags_size + 1);
    return status;
}
