/* SPDX-License-Identifier: MIT
 * Linear memories (specification 4.2.8). A guarded memory reserves its whole 32-bit range plus a guard, so its base
 * never moves and no access needs a check; a checked memory reserves what it may grow to, within reason, and moves when
 * that is not enough.
 */
#include <string.h>

#include "base/assert.h"
#include "runtime/vm/runtime.h"

/* The largest near access begins at index 2^32 - 1 plus an offset below the guard's size and ends within the last page.
 */
#define GUARDED_RESERVATION (((uint64_t)4 << 30) + TN_GUARD_SIZE + 65536)
/* Checked memories that may grow beyond this start small and move. */
#define CHECKED_RESERVATION ((uint64_t)64 << 20)
#define MAX_MEMORY_BYTES    ((uint64_t)1 << 46)

static bool pages_to_bytes(const tenon_memory *memory, uint64_t pages, uint64_t *out)
{
    if (pages > MAX_MEMORY_BYTES >> memory->page_log2)
        return false;
    *out = pages << memory->page_log2;
    return true;
}

/* Space for `wanted` bytes; false when address space or the embedder refuses. */
static bool reserve(tenon_memory *memory, uint64_t wanted)
{
    uint64_t max_bytes;

    if (memory->bounds == TENON_BOUNDS_GUARDED) {
        memory->reserved = GUARDED_RESERVATION;
    } else {
        if (memory->store->is_dense)
            max_bytes = 0;
        else if (!pages_to_bytes(memory, memory->max_pages, &max_bytes) || max_bytes > CHECKED_RESERVATION)
            max_bytes = CHECKED_RESERVATION;
        memory->reserved = tn_os_whole_pages(wanted > max_bytes ? wanted : max_bytes);
        if (memory->reserved == 0)
            memory->reserved = tn_os_page_size();
    }
    if (!tn_mem_may_map(&memory->store->engine->mem, memory->reserved))
        return false;
    memory->base = tn_os_reserve(memory->reserved);
    return memory->base != NULL;
}

/* Guards need the signal handler, which only an engine that prefers them has installed. */
static bool must_be_checked(const tenon_store *store, const tn_limits *type)
{
    return type->is64 || type->page_log2 != 16 || store->bounds == TENON_BOUNDS_CHECKED;
}

tenon_status tn_memory_new(tenon_store *store, const tn_limits *type, tenon_bounds bounds, tenon_memory **out,
                           tenon_error *err)
{
    tenon_memory *memory = tn_alloc_zeroed(&store->engine->mem, sizeof *memory);
    uint64_t bytes;

    if (memory == NULL)
        return tn_fail_plain(err, TENON_NOMEM, "out of memory for a memory's description");
    *memory = (tenon_memory){ .store = store,
                              .type = *type,
                              .page_log2 = type->page_log2,
                              .bounds = must_be_checked(store, type) ? TENON_BOUNDS_CHECKED : bounds };
    memory->max_pages = type->has_max ? type->max : UINT64_MAX;
    if (!type->is64 && memory->max_pages > ((uint64_t)1 << 32) >> memory->page_log2)
        memory->max_pages = ((uint64_t)1 << 32) >> memory->page_log2;
    if (!pages_to_bytes(memory, type->min, &bytes) || !reserve(memory, bytes)) {
        tn_free(&store->engine->mem, memory, sizeof *memory);
        return tn_fail_plain(err, TENON_LIMIT, "no address space for a memory of %llu pages",
                             (unsigned long long)type->min);
    }
    memory->next = store->memories;
    store->memories = memory;
    if (tn_memory_grow(memory, type->min) == UINT64_MAX)
        return tn_fail_plain(err, TENON_LIMIT, "no memory for %llu pages", (unsigned long long)type->min);
    *out = memory;
    return TENON_OK;
}

void tn_memory_delete(tenon_memory *memory)
{
    tenon_store *store = memory->store;

    tn_os_release(memory->base, memory->reserved);
    tn_tenant_release(store->tenant, memory->size);
    tn_free(&store->engine->mem, memory, sizeof *memory);
}

/* A checked memory that has outgrown its reservation. */
static bool move(tenon_memory *memory, uint64_t bytes)
{
    tenon_memory old = *memory;

    if (!reserve(memory, bytes + bytes / 2)) {
        *memory = old;
        return false;
    }
    if (!tn_os_commit(memory->base, tn_os_whole_pages(bytes))) {
        tn_os_release(memory->base, memory->reserved);
        *memory = old;
        return false;
    }
    memcpy(memory->base, old.base, old.size);
    tn_os_release(old.base, old.reserved);
    return true;
}

static bool extend(tenon_memory *memory, uint64_t bytes)
{
    uint64_t old_end = tn_os_whole_pages(memory->size);

    if (bytes > memory->reserved)
        return memory->bounds == TENON_BOUNDS_CHECKED && move(memory, bytes);
    if (bytes <= old_end)
        return true;
    return tn_mem_may_map(&memory->store->engine->mem, bytes - old_end) &&
           tn_os_commit(memory->base + old_end, tn_os_whole_pages(bytes) - old_end);
}

uint64_t tn_memory_grow(tenon_memory *memory, uint64_t pages)
{
    tenon_tenant *tenant = memory->store->tenant;
    uint64_t old_pages = memory->pages, bytes;

    if (pages > memory->max_pages - old_pages || !pages_to_bytes(memory, old_pages + pages, &bytes))
        return UINT64_MAX;
    if (pages == 0)
        return old_pages;
    uint64_t more = bytes - memory->size;
    if (!tn_tenant_charge(tenant, more))
        return UINT64_MAX;
    if (!extend(memory, bytes)) {
        tn_tenant_release(tenant, more);
        return UINT64_MAX;
    }
    memory->pages = old_pages + pages;
    memory->size = bytes;
    return old_pages;
}

bool tn_memory_shrink(tenon_memory *memory, uint64_t pages)
{
    uint64_t size = pages << memory->page_log2, end = tn_os_whole_pages(size),
             old_end = tn_os_whole_pages(memory->size);

    /* Accesses beyond a guarded memory must fault again; a checked one's do not get there. */
    if (memory->bounds == TENON_BOUNDS_GUARDED) {
        if (!tn_os_decommit(memory->base + end, old_end - end))
            return false;
    } else if (!tn_os_discard(memory->base + end, old_end - end)) {
        memset(memory->base + end, 0, old_end - end);
    }
    if (end > size)
        memset(memory->base + size, 0, end - size);
    tn_tenant_release(memory->store->tenant, memory->size - size);
    memory->pages = pages;
    memory->size = size;
    return true;
}

tenon_status tenon_memory_new_of(tenon_store *store, const tenon_memory_type *t, tenon_memory **out)
{
    const unsigned bits = (t->address64 ? 64u : 32u) - t->page_log2;
    const uint64_t most = (uint64_t)1 << (bits < 64 ? bits : 63);
    const tn_limits type = { .min = t->min,
                             .max = t->max,
                             .has_max = t->max != UINT64_MAX,
                             .shared = t->shared,
                             .is64 = t->address64,
                             .page_log2 = t->page_log2 };

    if ((t->page_log2 != 16 && t->page_log2 != 0) || t->min > most ||
        (type.has_max && (t->max > most || t->max < t->min)) || (t->shared && !type.has_max))
        return TENON_USAGE;
    return tn_memory_new(store, &type, t->bounds, out, NULL);
}

tenon_status tenon_memory_new(tenon_store *store, uint64_t min_pages, uint64_t max_pages, tenon_bounds bounds,
                              bool shared, tenon_memory **out)
{
    const tenon_memory_type type = {
        .min = min_pages, .max = max_pages, .bounds = bounds, .shared = shared, .page_log2 = 16
    };

    return tenon_memory_new_of(store, &type, out);
}

uint8_t *tenon_memory_data(tenon_memory *memory, uint64_t *size)
{
    *size = memory->size;
    return memory->base;
}

bool tenon_memory_range(tenon_memory *memory, uint64_t address, uint64_t count, uint64_t item_size, void **out)
{
    uint64_t bytes;

    if (memory == NULL || __builtin_mul_overflow(count, item_size, &bytes) || address > memory->size ||
        bytes > memory->size - address)
        return false;
    *out = memory->base + address;
    return true;
}

bool tenon_memory_read(tenon_memory *memory, uint64_t address, void *out, size_t size)
{
    void *at;

    if (!tenon_memory_range(memory, address, size, 1, &at))
        return false;
    if (size > 0)
        memcpy(out, at, size);
    return true;
}

bool tenon_memory_write(tenon_memory *memory, uint64_t address, const void *bytes, size_t size)
{
    void *at;

    if (!tenon_memory_range(memory, address, size, 1, &at))
        return false;
    if (size > 0)
        memcpy(at, bytes, size);
    return true;
}

tenon_status tenon_memory_grow(tenon_memory *memory, uint64_t pages)
{
    return tn_memory_grow(memory, pages) == UINT64_MAX ? TENON_LIMIT : TENON_OK;
}

tenon_trap tn_memory_init(tenon_instance *instance, uint32_t memory_index, uint32_t data_index, uint64_t to,
                          uint64_t from, uint64_t count)
{
    const tn_module *m = &instance->module->core;
    const tenon_memory *memory = instance->memories[memory_index];
    const tn_data *data = &m->datas[data_index];
    uint64_t have = instance->dropped_datas[data_index] ? 0 : data->bytes.size;

    if (from > have || count > have - from || to > memory->size || count > memory->size - to)
        return TENON_TRAP_MEMORY_BOUNDS;
    if (count > 0)
        memcpy(memory->base + to, m->bytes + data->bytes.offset + from, count);
    return TENON_TRAP_NONE;
}
