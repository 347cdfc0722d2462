/* SPDX-License-Identifier: MIT
 * Mapping of images, and the registry of code: the only global of the library. Readers are signal handlers, so it is a
 * list of slots that are written with single stores and never go.
 */
#include "jit/code.h"

#include <stdatomic.h>
#include <string.h>

#include "base/os/os.h"
#include "jit/tools.h"

/* ---- the registry ---- */

#define CHUNK_SLOTS 255

typedef struct slot {
    atomic_uintptr_t start, end; /* of the code; start 0: free */
    _Atomic(const tn_image *) image;
} slot;

typedef struct chunk {
    slot slots[CHUNK_SLOTS];
    _Atomic(struct chunk *) next;
} chunk;

static chunk first_chunk;
static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;

const tn_image *tn_code_find(uintptr_t pc)
{
    for (chunk *c = &first_chunk; c != NULL; c = atomic_load(&c->next))
        for (int i = 0; i < CHUNK_SLOTS; i++) {
            uintptr_t start = atomic_load(&c->slots[i].start);
            if (start != 0 && pc >= start && pc < atomic_load(&c->slots[i].end))
                return atomic_load(&c->slots[i].image);
        }
    return NULL;
}

static slot *free_slot(void)
{
    chunk *c = &first_chunk;

    for (;;) {
        for (int i = 0; i < CHUNK_SLOTS; i++)
            if (atomic_load(&c->slots[i].start) == 0)
                return &c->slots[i];
        if (atomic_load(&c->next) == NULL) {
            size_t page = tn_os_page_size(), size = (sizeof *c + page - 1) & ~(page - 1);
            chunk *more = tn_os_reserve(size);
            if (more == NULL || !tn_os_commit(more, size))
                return NULL;
            atomic_store(&c->next, more);
        }
        c = atomic_load(&c->next);
    }
}

static bool enlist(const tn_image *image)
{
    tn_os_mutex_lock(&registry_lock);
    slot *s = free_slot();
    if (s != NULL) {
        atomic_store(&s->image, image);
        atomic_store(&s->end, (uintptr_t)image->code + image->header->code_size);
        atomic_store(&s->start, (uintptr_t)image->code);
    }
    tn_os_mutex_unlock(&registry_lock);
    return s != NULL;
}

static void strike_off(const tn_image *image)
{
    tn_os_mutex_lock(&registry_lock);
    for (chunk *c = &first_chunk; c != NULL; c = atomic_load(&c->next))
        for (int i = 0; i < CHUNK_SLOTS; i++)
            if (atomic_load(&c->slots[i].start) != 0 && atomic_load(&c->slots[i].image) == image)
                atomic_store(&c->slots[i].start, 0);
    tn_os_mutex_unlock(&registry_lock);
}

/* ---- mapping ---- */

static const size_t item_sizes[TN_PART_COUNT] = {
    [TN_PART_FUNCTIONS] = sizeof(tn_image_function), [TN_PART_GATES] = sizeof(tn_image_gate),
    [TN_PART_BODIES] = sizeof(tn_image_body),        [TN_PART_LOOPS] = sizeof(tn_image_loop),
    [TN_PART_SAVES] = sizeof(tn_image_save),         [TN_PART_RULES] = sizeof(tn_image_rule),
    [TN_PART_PADS] = sizeof(tn_image_pad),           [TN_PART_PLACES] = sizeof(tn_image_place),
    [TN_PART_VERSIONS] = sizeof(tn_image_version),   [TN_PART_FACTS] = sizeof(tn_image_fact),
};

static bool has_range(uint64_t size, uint64_t at, uint64_t count)
{
    return at <= size && count <= size - at;
}

static uint64_t bytes_of_part(const tn_image_header *h, uint64_t id)
{
    return h->parts[id].count * item_sizes[id];
}

static const char *wrong_form(const tn_image_header *h, size_t size)
{
    if (size < sizeof *h || memcmp(h->magic, TN_IMAGE_MAGIC, sizeof h->magic) != 0)
        return "it is not compiled code";
    if (h->version != TN_IMAGE_VERSION)
        return "it was made by another version of the compiler";
    if (h->cpu != TN_STUBS_CPU)
        return "it was made for another kind of CPU";
    if (h->level > tn_cpu_level())
        return "this CPU lacks instructions that it was made for (compile with a lower --cpu)";
    if (h->size != size)
        return "it is cut short";
    if (h->bounds > TENON_BOUNDS_CHECKED || h->code % TN_IMAGE_PAGE != 0 || h->data % TN_IMAGE_PAGE != 0 ||
        !has_range(h->data, h->code, h->code_size) || !has_range(size, h->data, h->data_size))
        return "it is damaged";
    for (uint64_t i = 0, end = sizeof *h; i < TN_PART_COUNT; end = h->parts[i].offset + bytes_of_part(h, i), i++)
        if (h->parts[i].offset < end || !has_range(h->code, h->parts[i].offset, bytes_of_part(h, i)))
            return "it is damaged";
    return NULL;
}

tenon_status tn_image_check(const tn_image_header *h, size_t size, tenon_error *err)
{
    const char *reason = wrong_form(h, size);

    return reason == NULL ? TENON_OK : tn_fail_plain(err, TENON_MALFORMED, "compiled code is refused: %s", reason);
}

static tenon_status check_fit(const tn_image_header *h, const tn_module *m, bool metered, tenon_error *err)
{
    if ((h->metered != 0) != metered)
        return tn_fail_plain(err, TENON_MALFORMED, "compiled code is refused: it was made %s fuel",
                             metered ? "without" : "to burn");
    if (h->function_count == m->body_count && h->parts[TN_PART_FUNCTIONS].count == m->body_count &&
        h->parts[TN_PART_GATES].count == m->type_count)
        return TENON_OK;
    return tn_fail_plain(err, TENON_MALFORMED, "compiled code is refused: it was made of another module");
}

const void *tn_image_row(const tn_image *image, tn_image_part_id id, uint32_t index)
{
    uint64_t at = image->header->parts[id].offset + (uint64_t)index * item_sizes[id];

    if (image->body != NULL && !tn_body_take_image(image->body, at, item_sizes[id]))
        return NULL;
    return image->base + at;
}

tn_image_part tn_image_bytes_of(const tn_image_header *h, tn_image_part_id id)
{
    return (tn_image_part){ h->parts[id].offset, (uint32_t)bytes_of_part(h, id) };
}

const void *tn_image_table(const tn_image *image, tn_image_part_id id, uint32_t *count)
{
    tn_image_part bytes = tn_image_bytes_of(image->header, id);

    *count = image->header->parts[id].count;
    if (image->body != NULL && !tn_body_take_image(image->body, bytes.offset, bytes.count))
        *count = 0;
    return image->base + bytes.offset;
}

uint8_t *tn_image_reserve(tn_mem *mem, size_t size)
{
    uint8_t *base = tn_mem_may_map(mem, size) ? tn_os_reserve(size) : NULL;

    if (base == NULL || tn_os_commit(base, size))
        return base;
    tn_os_release(base, size);
    return NULL;
}

void tn_image_release(uint8_t *base, size_t size)
{
    tn_os_release(base, size);
}

static bool protect(uint8_t *base)
{
    const tn_image_header *h = (const void *)base;
    size_t code = h->code, data = h->data, size = h->size;

    /* The header last: it says where the rest is. */
    return tn_os_protect(base + data, size - data, TN_OS_READ) &&
           tn_os_protect(base + code, data - code, TN_OS_READ_EXECUTE) && tn_os_protect(base, code, TN_OS_READ);
}

/* Pages that come later are protected as they come. */
static tn_image *adopt(tn_mem *mem, const tn_module *m, uint8_t *base, tn_body *body)
{
    const tn_image_header *h = (const void *)base;
    tn_image *image = tn_alloc_zeroed(mem, sizeof *image);

    if (image == NULL)
        return NULL;
    *image = (tn_image){
        .header = h, .base = base, .size = h->size, .code = base + h->code, .module = m, .mem = mem, .body = body
    };
    if (((body != NULL && body->lazy) || protect(base)) && enlist(image))
        return image;
    tn_free(mem, image, sizeof *image);
    return NULL;
}

static tenon_status check_and_adopt(const tenon_module *owner, uint8_t *base, size_t size, tn_body *body,
                                    tn_image **out, tenon_error *err)
{
    const tn_image_header *h = (const void *)base;
    const tn_module *m = tn_module_core(owner);

    TN_TRY(tn_image_check(h, size, err));
    TN_TRY(check_fit(h, m, tn_module_is_metered(owner), err));
    *out = adopt(m->mem, m, base, body);
    return *out != NULL ? TENON_OK : tn_fail_plain(err, TENON_NOMEM, "no memory for compiled code");
}

tenon_status tn_image_adopt(tenon_module *owner, uint8_t *base, size_t size, tn_image **out, tenon_error *err)
{
    tenon_status status = check_and_adopt(owner, base, size, NULL, out, err);

    if (status != TENON_OK)
        tn_image_release(base, size);
    return status;
}

tenon_status tn_image_adopt_body(tenon_module *owner, tn_body *body, tn_image **out, tenon_error *err)
{
    tenon_status status = check_and_adopt(owner, body->image, body->image_size, body, out, err);

    if (status != TENON_OK)
        tn_body_delete(body);
    return status;
}

tn_fetch tn_code_fetch(uintptr_t pc, uintptr_t address)
{
    const tn_image *image = tn_code_find(pc);

    if (image == NULL || image->body == NULL || address - (uintptr_t)image->base >= image->size)
        return TN_FETCH_FOREIGN;
    return tn_body_fault(image->body, address - (uintptr_t)image->base);
}

tenon_status tn_image_new(tenon_module *owner, const void *bytes, size_t size, tn_image **out, tenon_error *err)
{
    const tn_module *m = tn_module_core(owner);
    uint8_t *base = size > 0 && size % TN_IMAGE_PAGE == 0 ? tn_image_reserve(m->mem, size) : NULL;

    if (size == 0 || size % TN_IMAGE_PAGE != 0)
        return tn_fail_plain(err, TENON_MALFORMED, "compiled code is refused: it is cut short");
    if (base == NULL)
        return tn_fail_plain(err, TENON_NOMEM, "no memory for compiled code");
    memcpy(base, bytes, size);
    return tn_image_adopt(owner, base, size, out, err);
}

void tn_image_delete(tn_image *image)
{
    tn_mem *mem = image->mem;

    tn_gdb_forget(image);
    strike_off(image);
    if (image->body != NULL)
        tn_body_delete(image->body);
    else
        tn_os_release((void *)(uintptr_t)image->base, image->size);
    tn_free(mem, image, sizeof *image);
}
