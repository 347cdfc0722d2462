/* SPDX-License-Identifier: MIT
 * A chunk is claimed by one thread, which reads and checks it; until it is good nobody has access to it. Code is
 * claimed in signal handlers too, so there are no locks.
 */
#include "jit/body.h"

#include <string.h>

#include "base/assert.h"
#include "base/os/os.h"

enum { UNREAD, CLAIMED, GOOD, REFUSED };

/* Threads that check a big file side by side, and what makes one more worth it. */
#define MAX_THREADS      7
#define BYTES_PER_THREAD ((size_t)512 << 10)
/* A program that goes on meeting new code is given more of it at a time: so many faults double what is taken, up to. */
#define FAULTS_TO_DOUBLE 32
#define MAX_DOUBLINGS    6

uint64_t tn_body_size(const tn_aot_header *h)
{
    return h->image_size + h->module_size;
}

static uint64_t round_up(uint64_t size, uint64_t unit)
{
    return (size + unit - 1) / unit * unit;
}

uint64_t tn_body_start(const tn_aot_header *h)
{
    return round_up(sizeof *h + (uint64_t)h->chunk_count * TN_AOT_TAG, TN_IMAGE_PAGE);
}

bool tn_body_may_be_lazy(void)
{
    return TN_AOT_CHUNK % tn_os_page_size() == 0;
}

bool tn_aot_read(const tn_aot_file *file, void *to, size_t size, uint64_t at)
{
    if (file->bytes == NULL)
        return tn_os_read_at(file->descriptor, to, size, at);
    if (at > file->size || size > file->size - at)
        return false;
    memcpy(to, file->bytes + at, size);
    return true;
}

/* ---- memory ---- */

static uint8_t *map(tn_mem *mem, size_t size, bool commit)
{
    size_t whole = round_up(size, TN_IMAGE_PAGE);
    uint8_t *p = tn_mem_may_map(mem, whole) ? tn_os_reserve(whole) : NULL;

    if (p == NULL || !commit || tn_os_commit(p, whole))
        return p;
    tn_os_release(p, whole);
    return NULL;
}

static void unmap(uint8_t *p, size_t size)
{
    if (p != NULL)
        tn_os_release(p, round_up(size, TN_IMAGE_PAGE));
}

static bool need(tn_source *source, uint64_t at, uint64_t size)
{
    return tn_body_take_module((tn_body *)source, at, size);
}

static bool make_room(tn_body *body)
{
    body->states = tn_alloc_zeroed(body->mem, body->chunk_count);
    body->image = map(body->mem, body->image_size, !body->lazy);
    body->module = map(body->mem, body->module_size, true);
    return body->states != NULL && body->image != NULL && body->module != NULL;
}

tn_body *tn_body_new(tn_mem *mem, const tn_aot_file *file, const tn_aot_header *header, const tn_tag_key *key,
                     uint8_t *tags, bool lazy)
{
    tn_body *body = tn_alloc_zeroed(mem, sizeof *body);

    if (body == NULL) {
        tn_free(mem, tags, (size_t)header->chunk_count * TN_AOT_TAG);
        return NULL;
    }
    *body = (tn_body){ .source = { .need = need },
                       .mem = mem,
                       .file = *file,
                       .start = tn_body_start(header),
                       .size = tn_body_size(header),
                       .key = *key,
                       .tags = tags,
                       .chunk_count = header->chunk_count,
                       .image_chunks = (uint32_t)(header->image_size / TN_AOT_CHUNK),
                       .lazy = lazy,
                       .image_size = header->image_size,
                       .module_size = header->module_size,
                       .code = header->image_size,
                       .data = header->image_size,
                       .born = tn_os_now() };
    if (lazy)
        body->file.descriptor = tn_os_file_keep(file->descriptor);
    if (make_room(body) && (!lazy || body->file.descriptor >= 0))
        return body;
    tn_body_delete(body);
    return NULL;
}

void tn_body_delete(tn_body *body)
{
    if (body == NULL)
        return;
    if (body->lazy && body->file.descriptor >= 0)
        tn_os_file_close(body->file.descriptor);
    unmap(body->image, body->image_size);
    unmap(body->module, body->module_size);
    tn_free(body->mem, body->states, body->chunk_count);
    tn_free(body->mem, body->tags, (size_t)body->chunk_count * TN_AOT_TAG);
    tn_free(body->mem, body, sizeof *body);
}

/* ---- chunks ---- */

static bool is_in_image(const tn_body *body, uint32_t chunk)
{
    return chunk < body->image_chunks;
}

static uint8_t *room_of(const tn_body *body, uint32_t chunk)
{
    if (is_in_image(body, chunk))
        return body->image + (size_t)chunk * TN_AOT_CHUNK;
    return body->module + (size_t)(chunk - body->image_chunks) * TN_AOT_CHUNK;
}

static size_t size_of(const tn_body *body, uint32_t from, uint32_t end)
{
    uint64_t start = (uint64_t)from * TN_AOT_CHUNK, stop = (uint64_t)end * TN_AOT_CHUNK;

    return (size_t)((stop < body->size ? stop : body->size) - start);
}

/* Where chunks end that are used like this one. */
static uint32_t end_of_kind(const tn_body *body, uint32_t chunk)
{
    size_t at = (size_t)chunk * TN_AOT_CHUNK;

    if (!is_in_image(body, chunk))
        return body->chunk_count;
    return (uint32_t)((at < body->code ? body->code : at < body->data ? body->data : body->image_size) / TN_AOT_CHUNK);
}

static tn_os_access access_of(const tn_body *body, uint32_t chunk)
{
    size_t at = (size_t)chunk * TN_AOT_CHUNK;

    return at >= body->code && at < body->data ? TN_OS_READ_EXECUTE : TN_OS_READ;
}

static bool is_genuine(const tn_body *body, uint32_t chunk)
{
    uint8_t tag[TN_AOT_TAG];

    return tn_tag_chunk(&body->key, chunk, room_of(body, chunk), size_of(body, chunk, chunk + 1), tag) &&
           tn_tags_equal(tag, body->tags + (size_t)chunk * TN_AOT_TAG, sizeof tag);
}

/* Chunks of one kind that the caller has claimed. */
static void fetch(tn_body *body, uint32_t from, uint32_t end)
{
    bool guards = body->lazy && is_in_image(body, from);
    size_t size = size_of(body, from, end);
    uint8_t *to = room_of(body, from);
    bool ok = !guards || tn_os_protect(to, size, TN_OS_READ_WRITE);

    if (ok && body->lazy)
        tn_os_populate(to, size);
    ok = ok && tn_aot_read(&body->file, to, size, body->start + (uint64_t)from * TN_AOT_CHUNK);

    for (uint32_t i = from; i < end && ok; i++)
        ok = is_genuine(body, i);
    if (guards)
        ok = tn_os_protect(to, size, ok ? access_of(body, from) : TN_OS_NOTHING) && ok;
    if (!ok && end - from > 1) {
        /* One of them is bad: each for itself. */
        for (uint32_t i = from; i < end; i++)
            fetch(body, i, i + 1);
        return;
    }
    for (uint32_t i = from; i < end; i++)
        atomic_store(&body->states[i], ok ? GOOD : REFUSED);
}

static bool claim(tn_body *body, uint32_t chunk)
{
    unsigned char expected = UNREAD;

    return atomic_compare_exchange_strong(&body->states[chunk], &expected, CLAIMED);
}

static bool wait_until_good(const tn_body *body, uint32_t chunk)
{
    while (atomic_load(&body->states[chunk]) == CLAIMED)
        tn_os_yield();
    return atomic_load(&body->states[chunk]) == GOOD;
}

static bool take(tn_body *body, uint32_t from, uint32_t end)
{
    bool ok = true;

    for (uint32_t at = from, next; at < end; at = next + (next == at)) {
        uint32_t stop = end_of_kind(body, at);
        for (next = at; next < end && next < stop && claim(body, next); next++)
            ;
        if (next > at)
            fetch(body, at, next);
    }
    for (uint32_t at = from; at < end; at++)
        ok = wait_until_good(body, at) && ok;
    return ok;
}

/* at and size are within the body. */
static bool take_bytes(tn_body *body, uint64_t at, uint64_t size)
{
    return size == 0 || take(body, (uint32_t)(at / TN_AOT_CHUNK), (uint32_t)((at + size - 1) / TN_AOT_CHUNK + 1));
}

bool tn_body_take_image(tn_body *body, uint64_t at, uint64_t size)
{
    TN_ASSERT(at <= body->image_size && size <= body->image_size - at);
    return take_bytes(body, at, size);
}

bool tn_body_take_module(tn_body *body, uint64_t at, uint64_t size)
{
    TN_ASSERT(at <= body->module_size && size <= body->module_size - at);
    return take_bytes(body, body->image_size + at, size);
}

/* A chunk that was refused to this thread and is good now was taken by another meanwhile; the second time it is not. */
static tn_fetch try_again(const tn_body *body, uint64_t at)
{
    static _Thread_local uint64_t born, last;

    if (born == body->born && last == at)
        return TN_FETCH_FOREIGN;
    born = body->born;
    last = at;
    return TN_FETCH_DONE;
}

tn_fetch tn_body_fault(tn_body *body, uint64_t at)
{
    uint32_t chunk = (uint32_t)(at / TN_AOT_CHUNK);
    unsigned doublings = atomic_fetch_add(&body->faults, 1) / FAULTS_TO_DOUBLE;
    uint32_t run = 1u << (doublings < MAX_DOUBLINGS ? doublings : MAX_DOUBLINGS);
    uint32_t end = end_of_kind(body, chunk);

    if (atomic_load(&body->states[chunk]) == GOOD)
        return try_again(body, at);
    take(body, chunk, end - chunk < run ? end : chunk + run);
    return atomic_load(&body->states[chunk]) == GOOD ? TN_FETCH_DONE : TN_FETCH_REFUSED;
}

/* ---- all of it ---- */

typedef struct crew {
    tn_body *body;
    atomic_uint next; /* chunk */
} crew;

#define CHUNKS_AT_A_TIME 8

static void *take_some(void *arg)
{
    crew *c = arg;

    for (uint32_t at; (at = atomic_fetch_add(&c->next, CHUNKS_AT_A_TIME)) < c->body->chunk_count;) {
        uint32_t left = c->body->chunk_count - at;
        if (!take(c->body, at, at + (left < CHUNKS_AT_A_TIME ? left : CHUNKS_AT_A_TIME)))
            break;
    }
    return NULL;
}

bool tn_body_take_all(tn_body *body, size_t threads)
{
    crew c = { .body = body };
    tn_os_thread others[MAX_THREADS];
    size_t wanted = (size_t)body->size / BYTES_PER_THREAD, started = 0;

    if (threads > MAX_THREADS)
        threads = MAX_THREADS;
    while (started < wanted && started < threads && tn_os_thread_start(&others[started], take_some, &c))
        started++;
    take_some(&c);
    while (started > 0)
        tn_os_thread_join(others[--started]);
    return take(body, 0, body->chunk_count);
}
