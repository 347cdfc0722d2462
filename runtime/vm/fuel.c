/* SPDX-License-Identifier: MIT
 * Fuel that has run out, and more of it. What is charged where is in loader/fuel.h.
 */
#include "runtime/vm/fiber.h"
#include "runtime/vm/runtime.h"

tenon_status tenon_store_set_fuel(tenon_store *store, uint64_t fuel)
{
    if (!store->engine->metered)
        return TENON_USAGE;
    store->fuel = fuel;
    return TENON_OK;
}

uint64_t tenon_store_fuel(const tenon_store *store)
{
    return store->fuel;
}

void tenon_store_on_empty(tenon_store *store, uint64_t (*more)(void *context, tenon_store *store), void *context)
{
    store->more_fuel = more;
    store->fuel_context = context;
}

static uint64_t ask_for_more(tenon_store *store)
{
    tn_fiber *fiber = tn_thread_of()->fiber;

    if (store->more_fuel != NULL)
        return store->more_fuel(store->fuel_context, store);
    return fiber != NULL ? fiber->refuel(fiber) : 0;
}

tenon_trap tn_burn_more(tenon_store *store, uint64_t cost)
{
    while (store->fuel < cost) {
        uint64_t more = ask_for_more(store);
        if (tn_must_end(store))
            return TENON_TRAP_INTERRUPTED;
        if (more == 0)
            return TENON_TRAP_FUEL;
        store->fuel = more < UINT64_MAX - store->fuel ? store->fuel + more : UINT64_MAX;
    }
    store->fuel -= cost;
    return TENON_TRAP_NONE;
}
