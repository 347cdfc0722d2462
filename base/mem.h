/* SPDX-License-Identifier: MIT
 * Every allocation of the library goes through a tn_mem, so that an embedder can provide, count and refuse it and a
 * test can make the n-th one fail. Sizes are passed back at free. No malloc outside mem.c.
 */
#ifndef TN_BASE_MEM_H
#define TN_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/status.h"
#include "tenon.h"

typedef struct tn_mem {
    tenon_allocator allocator;
    uint64_t *used; /* bytes taken and not given back, atomic; NULL: nobody counts */
} tn_mem;

/* allocator NULL or without realloc: the C library's. */
void tn_mem_init(tn_mem *mem, const tenon_allocator *allocator);
/* Takes memory from where `of` does, and counts it. */
void tn_mem_init_counted(tn_mem *mem, const tn_mem *of, uint64_t *used);
/* Counts what was taken elsewhere. */
void tn_mem_count(tn_mem *mem, size_t size);

/* Not zeroed; NULL when memory is out. size > 0. */
void *tn_alloc(tn_mem *mem, size_t size) TN_MUST_CHECK;
void *tn_alloc_zeroed(tn_mem *mem, size_t size) TN_MUST_CHECK;
/* p NULL with old_size 0 allocates; on NULL p stays valid. */
void *tn_realloc(tn_mem *mem, void *p, size_t old_size, size_t new_size) TN_MUST_CHECK;
/* p NULL: nothing. */
void tn_free(tn_mem *mem, void *p, size_t size);
/* Whether a mapping of size bytes is allowed now. */
bool tn_mem_may_map(tn_mem *mem, size_t size);

/* Checked size arithmetic: false on overflow. */
TN_INLINE bool tn_mul_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}
TN_INLINE bool tn_add_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

/* Several lists in one piece of memory: cuts the next one off at *at, which goes on behind it, aligned to 16. piece
 * NULL: only counts the bytes. */
TN_INLINE void *tn_cut(uint8_t *piece, size_t *at, size_t count, size_t item_size)
{
    void *list = piece == NULL ? NULL : piece + *at;

    *at += (count * item_size + 15) & ~(size_t)15;
    return list;
}

/* An arena: everything in it lives until tn_arena_fini. Memory is zeroed, aligned to 16. */
typedef struct tn_arena_chunk tn_arena_chunk;
typedef struct tn_arena {
    tn_mem *mem;
    tn_arena_chunk *chunks;
    uint8_t *next, *end;
    size_t size; /* bytes taken from mem */
} tn_arena;
void tn_arena_init(tn_arena *arena, tn_mem *mem);
void tn_arena_fini(tn_arena *arena);
void *tn_arena_alloc(tn_arena *arena, size_t count, size_t item_size) TN_MUST_CHECK;

/* A growing array of items of one size; capacity doubles. TN_VEC(T) is used as a member; see tn_vec_grow. */
#define TN_VEC(T)        \
    struct {             \
        T *items;        \
        size_t count;    \
        size_t capacity; \
    }
/* Makes room for at least `more` items past count. */
tenon_status tn_vec_grow(tn_mem *mem, void **items, size_t count, size_t *capacity, size_t more, size_t item_size)
    TN_MUST_CHECK;
#define tn_vec_reserve(mem, vec, more)                           \
    (TN_LIKELY((vec)->capacity - (vec)->count >= (size_t)(more)) \
         ? TENON_OK                                              \
         : tn_vec_grow((mem), (void **)&(vec)->items, (vec)->count, &(vec)->capacity, (more), sizeof *(vec)->items))
#define tn_vec_fini(mem, vec)                                                                   \
    (tn_free((mem), (vec)->items, (vec)->capacity * sizeof *(vec)->items), (vec)->items = NULL, \
     (vec)->count = (vec)->capacity = 0)

#endif
