/* SPDX-License-Identifier: MIT
 * What functions write to guests, and the memory that a guest's WASI takes from its tenant.
 */
#include "hostcalls/wasi.h"

bool tn_wasi_store_u32(tn_wasi_call *call, uint32_t address, uint32_t value)
{
    return tenon_memory_write(call->memory, address, &value, sizeof value);
}

bool tn_wasi_store_u64(tn_wasi_call *call, uint32_t address, uint64_t value)
{
    return tenon_memory_write(call->memory, address, &value, sizeof value);
}

void *tn_wasi_realloc(tenon_wasi *wasi, void *p, size_t old_size, size_t new_size)
{
    return tenon_tenant_realloc(wasi->tenant, p, old_size, new_size);
}
