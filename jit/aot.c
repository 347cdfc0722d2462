/* SPDX-License-Identifier: MIT
 * Compiled modules as files: sealed when they are written, checked when they are opened. What is checked is always a
 * copy that nobody else can write.
 */
#include "jit/aot.h"

#include <string.h>
#include <sys/random.h>

#include "base/os/os.h"
#include "jit/code.h"

/* ---- sealing ---- */

/* The image fills whole chunks. */
static uint32_t chunks_of(uint64_t size)
{
    return (uint32_t)((size + TN_AOT_CHUNK - 1) / TN_AOT_CHUNK);
}

static bool tag_part(const tn_tag_key *key, uint32_t first, const uint8_t *bytes, size_t size, uint8_t *tags)
{
    for (size_t at = 0; at < size; at += TN_AOT_CHUNK, first++) {
        size_t n = size - at < TN_AOT_CHUNK ? size - at : TN_AOT_CHUNK;
        if (!tn_tag_chunk(key, first, bytes + at, n, tags + (size_t)first * TN_AOT_TAG))
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

    for (uint64_t left = tn_body_start(h) - at, n; left > 0 && ok; left -= n) {
        n = left < sizeof zeros ? left : sizeof zeros;
        ok = writer(context, zeros, n);
    }
    return ok && writer(context, parts->image, parts->image_size) && writer(context, parts->module, parts->module_size);
}

static bool seal(const tenon_compiled *parts, const tenon_key *key, tn_aot_header *h, uint8_t *tags)
{
    tn_tag_key once;

    tenon_key_digest(key, parts->module, parts->module_size, h->module_digest);
    return getrandom(h->nonce, sizeof h->nonce, 0) == (ssize_t)sizeof h->nonce && tn_tag_key_init(&once, key, h) &&
           tag_part(&once, 0, parts->image, parts->image_size, tags) &&
           tag_part(&once, chunks_of(parts->image_size), parts->module, parts->module_size, tags) &&
           tn_tag_header(key, h, tags, h->mac);
}

tenon_status tenon_compiled_seal(const tenon_compiled *parts, const tenon_key *key, tenon_writer writer, void *context)
{
    tn_aot_header h = { .version = TN_AOT_VERSION,
                        .features = parts->features,
                        .image_size = parts->image_size,
                        .module_size = parts->module_size };
    tn_mem mem;

    if (parts->image_size == 0 || parts->image_size % TN_IMAGE_PAGE != 0)
        return TENON_USAGE;
    memcpy(h.magic, TN_AOT_MAGIC, sizeof h.magic);
    h.chunk_count = chunks_of(tn_body_size(&h));
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
    tenon_engine *engine;
    tn_mem *mem;
    tn_aot_file file;
    const tenon_key *key;
    tn_aot_header header;  /* a copy: the file may change */
    const uint8_t *digest; /* of the module that it must be of, or NULL */
    tn_body *body;
    tenon_error *err;
} opening;

static tenon_status refuse(const opening *o, const char *reason)
{
    return tn_fail_plain(o->err, TENON_MALFORMED, "the compiled file is refused: %s", reason);
}

static tenon_status no_memory(const opening *o)
{
    return tn_fail_plain(o->err, TENON_NOMEM, "out of memory for a compiled file");
}

static tenon_status read_header(opening *o)
{
    tn_aot_header *h = &o->header;

    if (o->file.size < sizeof *h || !tn_aot_read(&o->file, h, sizeof *h, 0))
        return refuse(o, "it is cut short");
    if (memcmp(h->magic, TN_AOT_MAGIC, sizeof h->magic) != 0 || h->version != TN_AOT_VERSION)
        return refuse(o, "it was made by another version of Tenon");
    if (h->image_size > (uint64_t)1 << 40 || h->module_size > (uint64_t)1 << 40 || h->image_size % TN_IMAGE_PAGE != 0 ||
        h->image_size == 0 || h->chunk_count != chunks_of(tn_body_size(h)) ||
        o->file.size != tn_body_start(h) + tn_body_size(h))
        return refuse(o, "it is cut short or damaged");
    return TENON_OK;
}

static tenon_status check_header(const opening *o, uint8_t *tags, size_t size)
{
    uint8_t mac[32];

    if (!tn_aot_read(&o->file, tags, size, sizeof o->header))
        return refuse(o, "it is cut short");
    if (!tn_tag_header(o->key, &o->header, tags, mac) || !tn_tags_equal(mac, o->header.mac, sizeof mac))
        return refuse(o, "it was not sealed with this machine's key (or the one of --key), or was changed since");
    if (o->digest != NULL && !tn_tags_equal(o->digest, o->header.module_digest, sizeof o->header.module_digest))
        return refuse(o, "it belongs to another module");
    return TENON_OK;
}

/* Chunks are taken one by one where nobody wants to see everything at once, and where we learn of faults. */
static bool may_be_lazy(const opening *o)
{
    return o->file.bytes == NULL && tn_engine_handles_faults(o->engine) && !tn_engine_has_tools(o->engine) &&
           tn_body_may_be_lazy();
}

static tenon_status make_body(opening *o)
{
    size_t size = (size_t)o->header.chunk_count * TN_AOT_TAG;
    uint8_t *tags = tn_alloc(o->mem, size);
    tn_tag_key once;

    if (tags == NULL)
        return no_memory(o);
    tenon_status status = check_header(o, tags, size);
    if (status == TENON_OK && !tn_tag_key_init(&once, o->key, &o->header))
        status = no_memory(o);
    if (status != TENON_OK) {
        tn_free(o->mem, tags, size);
        return status;
    }
    o->body = tn_body_new(o->mem, &o->file, &o->header, &once, tags, may_be_lazy(o));
    return o->body != NULL ? TENON_OK : no_memory(o);
}

/* The tables that every run needs come first. Where there are landing pads, finding them must not fail later: then
 * all. */
static bool take_tables(tn_body *body, const tn_image_header *h)
{
    tn_image_part_id last = h->parts[TN_PART_PADS].count > 0 ? TN_PART_PADS : TN_PART_LOOPS;
    tn_image_part bytes = tn_image_bytes_of(h, last);

    return tn_body_take_image(body, 0, (uint64_t)bytes.offset + bytes.count);
}

/* The image as far as it is needed, and where the bodies of the module are. */
static tenon_status begin_image(const opening *o)
{
    tn_body *body = o->body;
    const tn_image_header *h = (const void *)body->image;

    if (!body->lazy && !tn_body_take_all(body, tn_engine_threads(o->engine) - 1))
        return refuse(o, "its contents were changed");
    if (!tn_body_take_image(body, 0, sizeof *h))
        return refuse(o, "its contents were changed");
    TN_TRY(tn_image_check(h, body->image_size, o->err));
    body->code = h->code;
    body->data = h->data;
    if (!take_tables(body, h))
        return refuse(o, "its contents were changed");
    if (h->parts[TN_PART_BODIES].count > 0)
        body->source.bodies = (const void *)(body->image + h->parts[TN_PART_BODIES].offset);
    body->source.body_count = h->parts[TN_PART_BODIES].count;
    return TENON_OK;
}

/* Who has sealed the file vouches for the module as well as for the code: its bodies are not checked again, unless this
 * engine admits less. */
static tenon_status load_module(const opening *o, tenon_module **out)
{
    const void *bytes = o->body->module;
    size_t size = (size_t)o->header.module_size;

    if (tn_engine_admits(o->engine, o->header.features))
        return tn_module_new_checked(o->engine, bytes, size, &o->body->source, out, o->err);
    if (!tn_body_take_module(o->body, 0, size))
        return refuse(o, "its contents were changed");
    return tenon_module_new_borrowed(o->engine, bytes, size, out, o->err);
}

static tenon_status open_file(opening *o, tenon_module **out)
{
    tn_image *image;

    TN_TRY(read_header(o));
    TN_TRY(make_body(o));
    tenon_status status = begin_image(o);
    if (status == TENON_OK)
        status = load_module(o, out);
    if (status != TENON_OK) {
        tn_body_delete(o->body);
        return status;
    }
    status = tn_image_adopt_body(*out, o->body, &image, o->err);
    if (status == TENON_OK)
        status = tn_module_add_image(*out, image, o->err);
    if (status != TENON_OK)
        tenon_module_delete(*out);
    return status;
}

bool tenon_is_compiled(const void *bytes, size_t size)
{
    return size >= 8 && memcmp(bytes, TN_AOT_MAGIC, 8) == 0;
}

tenon_status tenon_module_new_compiled(tenon_engine *engine, const void *bytes, size_t size, const tenon_key *key,
                                       tenon_module **out, tenon_error *err)
{
    opening o = { .engine = engine,
                  .mem = tn_engine_mem(engine),
                  .file = { .bytes = bytes, .descriptor = -1, .size = size },
                  .key = key,
                  .err = err };

    tn_error_clear(err);
    return open_file(&o, out);
}

tenon_status tenon_module_open_compiled(tenon_engine *engine, int descriptor, const tenon_key *key,
                                        const uint8_t digest[16], tenon_module **out, tenon_error *err)
{
    opening o = { .engine = engine,
                  .mem = tn_engine_mem(engine),
                  .file = { .descriptor = descriptor },
                  .key = key,
                  .digest = digest,
                  .err = err };

    tn_error_clear(err);
    if (!tn_os_file_size(descriptor, &o.file.size))
        return refuse(&o, "it is not a regular file");
    return open_file(&o, out);
}
