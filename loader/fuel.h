/* SPDX-License-Identifier: MIT
 * Fuel: what instructions cost, and where it is charged. This is the only definition; every tier charges by the same
 * plan, so a guest has burnt the same at any place that can be seen, whoever runs it.
 *
 * Each instruction costs 1, but for nop and those that only mark structure: block, loop, try_table, else, end. A body
 * is cut where control may arrive or leave: behind each of loop, if, else, end and conditional branches. A segment is
 * charged whole when it is entered, also when a trap ends it halfway. Code that cannot be reached costs nothing.
 */
#ifndef TN_LOADER_FUEL_H
#define TN_LOADER_FUEL_H

#include "loader/module.h"

/* Behind the instruction at this offset of the module: TN_FUEL_ENTRY for the body's beginning. */
#define TN_FUEL_ENTRY 0
typedef struct tn_charge {
    uint64_t behind;
    uint64_t cost;
} tn_charge;

/* The charges of a body, in its order, and who is next. */
typedef struct tn_fuel_plan {
    TN_VEC(tn_charge) charges;
    size_t next;
} tn_fuel_plan;

tenon_status tn_fuel_plan_make(tn_fuel_plan *plan, const tn_module *module, uint32_t own, tn_mem *mem) TN_MUST_CHECK;
void tn_fuel_plan_fini(tn_fuel_plan *plan, tn_mem *mem);
/* What is charged behind the instruction at this offset; 0: nothing. Offsets are asked for in their order. */
uint64_t tn_fuel_behind(tn_fuel_plan *plan, uint64_t offset);

#endif
