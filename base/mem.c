/* SPDX-License-Identifier: MIT
 * Allocation, arenas and growing arrays. The only place that calls malloc.
 */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

#define CHUNK_SIZE ((size_t)16 << 10)

static void *default_realloc(void *ud, void *p, size_t old_size, size_t new_size)
{
    (void)ud;
    (void)old_size;
    if (new_size == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, new_size);
}

void tn_mem_init(tn_mem *mem, const tenon_allocator *allocator)
{
    *mem = (tn_mem){ .allocator.realloc = default_realloc };
    if (allocator == NULL)
        return;
    if (allocator->realloc != NULL)
        mem->allocator.realloc = allocator->realloc;
    mem->allocator.map = allocator->map;
    mem->allocator.ud = allocator->ud;
}

void tn_mem_init_counted(tn_mem *mem, const tn_mem *of, uint64_t *used)
{
    *mem = (tn_mem){ .allocator = of->allocator, .used = used };
}

void tn_mem_count(tn_mem *mem, size_t size)
{
    if (mem->used != NULL)
        __atomic_fetch_add(mem->used, size, __ATOMIC_RELAXED);
}

static void *count(tn_mem *mem, void *p, size_t old_size, size_t new_size)
{
    if (p != NULL)
        tn_mem_count(mem, new_size - old_size);
    return p;
}

void *tn_alloc(tn_mem *mem, size_t size)
{
    TN_ASSERT(size > 0);
    return count(mem, mem->allocator.realloc(mem->allocator.ud, NULL, 0, size), 0, size);
}

void *tn_alloc_zeroed(tn_mem *mem, size_t size)
{
    /* calloc of the C library hands out fresh pages without touching them. */
    if (mem->allocator.realloc == default_realloc)
        return count(mem, calloc(1, size), 0, size);
    void *p = tn_alloc(mem, size);
    return p == NULL ? NULL : memset(p, 0, size);
}

void *tn_realloc(tn_mem *mem, void *p, size_t old_size, size_t new_size)
{
    TN_ASSERT(new_size > 0);
    return count(mem, mem->allocator.realloc(mem->allocator.ud, p, old_size, new_size), old_size, new_size);
}

void tn_free(tn_mem *mem, void *p, size_t size)
{
    if (p == NULL)
        return;
    mem->allocator.realloc(mem->allocator.ud, p, size, 0);
    tn_mem_count(mem, 0 - size);
}

bool tn_mem_may_map(tn_mem *mem, size_t size)
{
    return mem->allocator.map == NULL || mem->allocator.map(mem->allocator.ud, size);
}

struct tn_arena_chunk {
    tn_arena_chunk *next;
    size_t size; /* of the whole allocation */
};

void tn_arena_init(tn_arena *arena, tn_mem *mem)
{
    *arena = (tn_arena){ .mem = mem };
}

void tn_arena_fini(tn_arena *arena)
{
    for (tn_arena_chunk *chunk = arena->chunks, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        tn_free(arena->mem, chunk, chunk->size);
    }
    tn_arena_init(arena, arena->mem);
}

static tn_arena_chunk *add_chunk(tn_arena *arena, size_t payload)
{
    size_t size;

    if (!tn_add_size(payload, sizeof(tn_arena_chunk), &size))
        return NULL;
    tn_arena_chunk *chunk = tn_alloc_zeroed(arena->mem, size);
    if (chunk == NULL)
        return NULL;
    chunk->size = size;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->size += size;
    return chunk;
}

void *tn_arena_alloc(tn_arena *arena, size_t count, size_t item_size)
{
    size_t size;

    if (!tn_mul_size(count, item_size, &size) || !tn_add_size(size, 15, &size))
        return NULL;
    size &= ~(size_t)15;
    if (size == 0)
        size = 16;
    if ((size_t)(arena->end - arena->next) < size) {
        bool big = size > CHUNK_SIZE / 4;
        tn_arena_chunk *chunk = add_chunk(arena, big ? size : CHUNK_SIZE);
        if (chunk == NULL)
            return NULL;
        if (big)
            return chunk + 1;
        arena->next = (uint8_t *)(chunk + 1);
        arena->end = arena->next + CHUNK_SIZE;
    }
    void *p = arena->next;
    arena->next += size;
    return p;
}

tenon_status tn_vec_grow(tn_mem *mem, void **items, size_t count, size_t *capacity, size_t more, size_t item_size)
{
    size_t wanted, old_bytes = *capacity * item_size, bytes;

    if (!tn_add_size(count, more, &wanted))
        return TENON_NOMEM;
    if (wanted < *capacity * 2)
        wanted = *capacity * 2;
    if (wanted < 16)
        wanted = 16;
    if (!tn_mul_size(wanted, item_size, &bytes))
        return TENON_NOMEM;
    void *p = tn_realloc(mem, *items, old_bytes, bytes);
    if (p == NULL)
        return TENON_NOMEM;
    *items = p;
    *capacity = wanted;
    return TENON_OK;
}
