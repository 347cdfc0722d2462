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

static const size_t item_sizes[TN_PART_COUNT] = { sizeof(tn_image_function), sizeof(tn_image_gate),
                                                  sizeof(tn_image_place),    sizeof(tn_image_save),
                                                  sizeof(tn_image_rule),     sizeof(tn_image_pad),
                                                  sizeof(tn_image_loop) };

static bool has_range(uint64_t size, uint64_t at, uint64_t count)
{
    return at <= size && count <= size - at;
}

static const char *wrong(const tn_image_header *h, size_t size, const tn_module *m)
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
    if (h->function_count != m->body_count || h->parts[TN_PART_FUNCTIONS].count != m->body_count ||
        h->parts[TN_PART_GATES].count != m->type_count)
        return "it was made of another module";
    if (h->bounds > TENON_BOUNDS_CHECKED || h->code % TN_IMAGE_PAGE != 0 || h->data % TN_IMAGE_PAGE != 0 ||
        !has_range(h->data, h->code, h->code_size) || !has_range(size, h->data, h->data_size))
        return "it is damaged";
    for (int i = 0; i < TN_PART_COUNT; i++)
        if (!has_range(h->code, h->parts[i].offset, h->parts[i].count * item_sizes[i]))
            return "it is damaged";
    return NULL;
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

static tn_image *adopt(tn_mem *mem, const tn_module *m, uint8_t *base)
{
    const tn_image_header *h = (const void *)base;
    tn_image *image = tn_alloc_zeroed(mem, sizeof *image);

    if (image == NULL)
        return NULL;
    *image = (tn_image){ .header = h, .base = base, .size = h->size, .code = base + h->code, .module = m, .mem = mem };
    if (tn_os_protect_code(base, h->code, h->data - h->code, h->size - h->data) && enlist(image))
        return image;
    tn_free(mem, image, sizeof *image);
    return NULL;
}

tenon_status tn_image_adopt(tenon_module *owner, uint8_t *base, size_t size, tn_image **out, tenon_error *err)
{
    const tn_module *m = tn_module_core(owner);
    const char *reason = wrong((const void *)base, size, m);
    tenon_status status = TENON_OK;

    if (reason != NULL)
        status = tn_fail_plain(err, TENON_MALFORMED, "compiled code is refused: %s", reason);
    else if ((*out = adopt(m->mem, m, base)) == NULL)
        status = tn_fail_plain(err, TENON_NOMEM, "no memory for compiled code");
    if (status != TENON_OK)
        tn_image_release(base, size);
    return status;
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
    tn_os_release((void *)(uintptr_t)image->base, image->size);
    tn_free(mem, image, sizeof *image);
}
