/* SPDX-License-Identifier: MIT */
#include "runtime/vm/bulk.h"

#include <string.h>

/* The interrupt is looked at this often, in bytes: some 100 microseconds. It is looked at behind the last chunk too: a
 * guest that does nothing else is seldom found in its own code. */
#define CHUNK ((uint64_t)1 << 20)

static bool in_bounds(uint64_t size, uint64_t at, uint64_t count)
{
    return at <= size && count <= size - at;
}

tenon_trap tn_memory_fill(tenon_instance *in, uint32_t index, uint64_t at, uint8_t value, uint64_t count)
{
    const tenon_memory *memory = in->memories[index];

    if (!in_bounds(memory->size, at, count))
        return TENON_TRAP_MEMORY_BOUNDS;
    for (uint64_t n; count > 0; at += n, count -= n) {
        n = count < CHUNK ? count : CHUNK;
        memset(memory->base + at, value, n);
        if (tn_must_end(in->store))
            return TENON_TRAP_INTERRUPTED;
    }
    return TENON_TRAP_NONE;
}

/* From the end when the target overlaps what is still to be read. */
static tenon_trap copy_in_chunks(const tenon_instance *in, uint8_t *to, const uint8_t *from, uint64_t count)
{
    bool backward = (uintptr_t)to - (uintptr_t)from < count;

    for (uint64_t done = 0, n; done < count; done += n) {
        n = count - done < CHUNK ? count - done : CHUNK;
        uint64_t at = backward ? count - done - n : done;
        memmove(to + at, from + at, n);
        if (tn_must_end(in->store))
            return TENON_TRAP_INTERRUPTED;
    }
    return TENON_TRAP_NONE;
}

tenon_trap tn_memory_copy(tenon_instance *in, uint32_t to_index, uint32_t from_index, uint64_t d, uint64_t s,
                          uint64_t count)
{
    const tenon_memory *to = in->memories[to_index], *from = in->memories[from_index];

    if (!in_bounds(to->size, d, count) || !in_bounds(from->size, s, count))
        return TENON_TRAP_MEMORY_BOUNDS;
    return copy_in_chunks(in, to->base + d, from->base + s, count);
}

tenon_trap tn_table_fill(tenon_instance *in, uint32_t index, uint64_t at, uintptr_t value, uint64_t count)
{
    const tenon_table *table = in->tables[index];

    if (!in_bounds(table->size, at, count))
        return TENON_TRAP_TABLE_BOUNDS;
    for (uint64_t n; count > 0; at += n, count -= n) {
        n = count < CHUNK / sizeof *table->elems ? count : CHUNK / sizeof *table->elems;
        for (uint64_t i = 0; i < n; i++)
            table->elems[at + i] = value;
        if (tn_must_end(in->store))
            return TENON_TRAP_INTERRUPTED;
    }
    return TENON_TRAP_NONE;
}

tenon_trap tn_table_copy(tenon_instance *in, uint32_t to_index, uint32_t from_index, uint64_t d, uint64_t s,
                         uint64_t count)
{
    const tenon_table *to = in->tables[to_index], *from = in->tables[from_index];

    if (!in_bounds(to->size, d, count) || !in_bounds(from->size, s, count))
        return TENON_TRAP_TABLE_BOUNDS;
    return copy_in_chunks(in, (uint8_t *)(to->elems + d), (const uint8_t *)(from->elems + s),
                          count * sizeof *to->elems);
}
