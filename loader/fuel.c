/* SPDX-License-Identifier: MIT */
#include "loader/fuel.h"

#include "loader/insn.h"

static bool is_structure(tn_op op)
{
    switch (op) {
    case TN_OP_NOP:
    case TN_OP_BLOCK:
    case TN_OP_LOOP:
    case TN_OP_TRY_TABLE:
    case TN_OP_ELSE:
    case TN_OP_END:
        return true;
    default:
        return false;
    }
}

/* Behind it a segment begins. */
static bool cuts(tn_op op)
{
    switch (op) {
    case TN_OP_LOOP:
    case TN_OP_IF:
    case TN_OP_ELSE:
    case TN_OP_END:
    case TN_OP_BR_IF:
    case TN_OP_BR_ON_NULL:
    case TN_OP_BR_ON_NON_NULL:
    case TN_OP_BR_ON_CAST:
    case TN_OP_BR_ON_CAST_FAIL:
        return true;
    default:
        return false;
    }
}

/* Behind it nothing is reached. */
static bool ends(tn_op op)
{
    switch (op) {
    case TN_OP_UNREACHABLE:
    case TN_OP_BR:
    case TN_OP_BR_TABLE:
    case TN_OP_RETURN:
    case TN_OP_RETURN_CALL:
    case TN_OP_RETURN_CALL_INDIRECT:
    case TN_OP_RETURN_CALL_REF:
    case TN_OP_THROW:
    case TN_OP_THROW_REF:
        return true;
    default:
        return false;
    }
}

static bool opens(tn_op op)
{
    return op == TN_OP_BLOCK || op == TN_OP_LOOP || op == TN_OP_IF || op == TN_OP_TRY_TABLE;
}

typedef struct planner {
    tn_fuel_plan *plan;
    tn_mem *mem;
    tn_charge now;
    uint32_t depth, dead_depth; /* dead_depth: blocks opened since code was dead */
    bool dead;
} planner;

static tenon_status close_segment(planner *p, uint64_t behind)
{
    if (p->now.cost > 0) {
        TN_TRY(tn_vec_reserve(p->mem, &p->plan->charges, 1));
        p->plan->charges.items[p->plan->charges.count++] = p->now;
    }
    p->now = (tn_charge){ .behind = behind };
    return TENON_OK;
}

/* Whether the instruction is part of dead code. */
static bool skip_dead(planner *p, tn_op op)
{
    if (!p->dead)
        return false;
    if ((op == TN_OP_ELSE || op == TN_OP_END) && p->dead_depth == 0) {
        p->dead = false;
        return false;
    }
    if (opens(op))
        p->dead_depth++;
    else if (op == TN_OP_END)
        p->dead_depth--;
    return true;
}

static tenon_status plan_insn(planner *p, const tn_insn *in)
{
    if (skip_dead(p, in->op))
        return TENON_OK;
    if (opens(in->op))
        p->depth++;
    else if (in->op == TN_OP_END)
        p->depth--;
    p->now.cost += !is_structure(in->op);
    if (cuts(in->op))
        return close_segment(p, in->offset);
    if (ends(in->op)) {
        p->dead = true;
        p->dead_depth = 0;
    }
    return TENON_OK;
}

tenon_status tn_fuel_plan_make(tn_fuel_plan *plan, const tn_module *module, uint32_t own, tn_mem *mem)
{
    planner p = { .plan = plan, .mem = mem, .now = { .behind = TN_FUEL_ENTRY }, .depth = 1 };
    tn_reader r = tn_module_reader(module, module->bodies[own], NULL);
    uint32_t locals = 0;
    tn_insn in;

    *plan = (tn_fuel_plan){ .next = 0 };
    TN_TRY(tn_skip_locals(&r, &locals));
    while (p.depth > 0) {
        TN_TRY(tn_insn_read(&r, &in));
        TN_TRY(plan_insn(&p, &in));
    }
    return close_segment(&p, 0);
}

void tn_fuel_plan_fini(tn_fuel_plan *plan, tn_mem *mem)
{
    tn_vec_fini(mem, &plan->charges);
}

uint64_t tn_fuel_behind(tn_fuel_plan *plan, uint64_t offset)
{
    const tn_charge *charges = plan->charges.items;

    while (plan->next < plan->charges.count && charges[plan->next].behind < offset)
        plan->next++;
    if (plan->next < plan->charges.count && charges[plan->next].behind == offset)
        return charges[plan->next++].cost;
    return 0;
}
