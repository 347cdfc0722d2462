/* SPDX-License-Identifier: MIT
 * An allocator whose n-th allocation, or n-th mapping, fails: once, or from then on.
 */
#ifndef TESTS_SUPPORT_FAILING_H
#define TESTS_SUPPORT_FAILING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

typedef struct plan {
    long allocations, maps;      /* seen so far */
    long fail_allocation, fail_map; /* number that fails, or 0 */
    bool persistent;
    size_t outstanding;
} plan;

static inline bool due(long number, long wanted, bool persistent)
{
    return wanted != 0 && (number == wanted || (persistent && number > wanted));
}

static inline void *reallocate(void *ud, void *p, size_t old_size, size_t new_size)
{
    plan *f = ud;
    if (new_size == 0) {
        f->outstanding -= old_size;
        free(p);
        return NULL;
    }
    if (due(++f->allocations, f->fail_allocation, f->persistent))
        return NULL;
    void *out = realloc(p, new_size);
    if (out != NULL)
        f->outstanding += new_size - old_size;
    return out;
}

static inline bool may_map(void *ud, size_t size)
{
    plan *f = ud;
    (void)size;
    return !due(++f->maps, f->fail_map, f->persistent);
}

#endif
