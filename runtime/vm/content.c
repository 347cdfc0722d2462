/* SPDX-License-Identifier: MIT
 * Contents end with the last page that is not zero; large ones are files too, so that many memories can share them.
 */
#include "runtime/vm/content.h"

#include <string.h>

/* Smaller contents are copied: a mapping of a file costs more. */
#define MIN_MAPPED ((size_t)64 << 10)
enum { RUNS = 64 };

static bool is_zero(const uint8_t *p, size_t size)
{
    return p[0] == 0 && memcmp(p, p + 1, size - 1) == 0;
}

/* Bytes up to the last written page that is not zero. */
static size_t content_size(tenon_engine *engine, const tenon_memory *memory)
{
    size_t page = tn_os_page_size(), end = 0;
    size_t size = tn_os_whole_pages(memory->size);
    tn_os_run runs[RUNS];

    for (size_t from = 0, count = RUNS; count == RUNS && from < size; from = end) {
        if (!tn_os_written(&engine->pages, memory->base + from, size - from, runs, RUNS, &count)) {
            end = size;
            break;
        }
        if (count == 0)
            break;
        end = (size_t)(runs[count - 1].start - memory->base) + runs[count - 1].size;
    }
    while (end > 0 && is_zero(memory->base + end - page, page))
        end -= page;
    return end;
}

void tn_content_unref(tn_content *content)
{
    if (content == NULL || atomic_fetch_sub(&content->refs, 1) != 1)
        return;
    if (content->file >= 0)
        tn_os_file_close(content->file);
    tn_free(content->mem, content->bytes, content->size);
    tn_free(content->mem, content, sizeof *content);
}

static tn_content *content_new(tenon_store *store, const tenon_memory *memory, size_t size)
{
    tn_mem *mem = &store->engine->mem;
    tn_content *content = tn_alloc_zeroed(mem, sizeof *content);

    if (content == NULL)
        return NULL;
    *content = (tn_content){ .mem = mem, .size = size, .file = -1 };
    atomic_init(&content->refs, 1);
    content->bytes = size > 0 ? tn_alloc(mem, size) : NULL;
    if (size > 0 && content->bytes == NULL) {
        tn_free(mem, content, sizeof *content);
        return NULL;
    }
    if (size > 0)
        memcpy(content->bytes, memory->base, size);
    if (size >= MIN_MAPPED && !store->is_dense)
        content->file = tn_os_file_of(content->bytes, size);
    return content;
}

tn_content *tn_content_of(tenon_store *store, const tenon_memory *memory, tn_content *like)
{
    size_t size = content_size(store->engine, memory);

    if (like != NULL && like->size == size && (size == 0 || memcmp(like->bytes, memory->base, size) == 0)) {
        atomic_fetch_add(&like->refs, 1);
        return like;
    }
    return content_new(store, memory, size);
}

bool tn_content_map(const tn_content *content, const tenon_memory *memory)
{
    return content->file >= 0 && !memory->store->is_dense && content->size <= memory->size &&
           tn_os_map_file(memory->base, content->size, content->file);
}
