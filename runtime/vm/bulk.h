/* SPDX-License-Identifier: MIT
 * Bulk instructions on memories and tables (specification 4.4.5 to 4.4.7), for all tiers. All of a range is checked
 * before any of it is written.
 */
#ifndef TN_VM_BULK_H
#define TN_VM_BULK_H

#include "runtime/vm/runtime.h"

tenon_trap tn_memory_copy(tenon_instance *in, uint32_t to, uint32_t from, uint64_t d, uint64_t s, uint64_t n);
tenon_trap tn_memory_fill(tenon_instance *in, uint32_t memory, uint64_t at, uint8_t value, uint64_t n);
tenon_trap tn_table_copy(tenon_instance *in, uint32_t to, uint32_t from, uint64_t d, uint64_t s, uint64_t n);
tenon_trap tn_table_fill(tenon_instance *in, uint32_t table, uint64_t at, uintptr_t value, uint64_t n);

#endif
