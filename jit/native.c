/* SPDX-License-Identifier: MIT
 * The contract of runtime/vm/native.h, kept.
 */
#include "jit/native.h"

#include "jit/code.h"

_Static_assert(offsetof(tenon_instance, native) == 0 && offsetof(tn_native_stack, segment) == 0 &&
                   offsetof(tn_segment, host_sp) == 0 && offsetof(tn_segment, exit) == sizeof(void *),
               "the stubs know these");

static tenon_bounds bounds(const tn_image *image)
{
    return (tenon_bounds)image->header->bounds;
}

static void *at(const tn_image *image, uint32_t offset_plus_one)
{
    return offset_plus_one == 0 ? NULL : (void *)(uintptr_t)(image->code + offset_plus_one - 1);
}

static void gates(const tn_image *image, tn_gate *out)
{
    uint32_t count;
    const tn_image_gate *list = tn_image_table(image, TN_PART_GATES, &count);

    for (uint32_t i = 0; i < count; i++)
        out[i] = (tn_gate){ at(image, list[i].packed), at(image, list[i].reenter) };
}

/* The index of a canonical type among the module's. */
static uint32_t type_index(const tn_module *m, uint32_t id)
{
    uint32_t i = 0;

    while (i < m->type_count && m->types[i] != id)
        i++;
    return i;
}

static void bind(const tn_image *image, const tn_gate *list, tn_entry *entries)
{
    const tn_module *m = image->module;
    uint32_t count;
    const uint32_t *functions = tn_image_table(image, TN_PART_FUNCTIONS, &count);

    for (uint32_t i = 0; i < count; i++) {
        void *code = at(image, functions[i]);
        uint32_t type = code != NULL ? type_index(m, m->funcs[m->imported_funcs + i]) : m->type_count;
        if (type == m->type_count)
            continue;
        entries[i].gate = &list[type];
        __atomic_store_n(&entries[i].native, code, __ATOMIC_RELEASE);
    }
}

static int enter(tn_segment *segment, tenon_instance *in, tn_slot *slots, const tn_entry *entry)
{
    /* Below the frames of an outer segment, which waits in an exit. */
    uintptr_t sp = segment->outer != NULL ? (uintptr_t)segment->outer->exit & ~(uintptr_t)15 : in->native->top;

    return tn_stub_enter(entry->gate->packed, in, slots, entry->native, segment, sp);
}

static bool owns_pc(uintptr_t pc)
{
    return tn_code_find(pc) != NULL;
}

static tenon_trap trap_at(uintptr_t pc)
{
    return tn_trap_of((const void *)pc);
}

const tn_native tn_jit_native = { .image_new = tn_image_new,
                                  .image_delete = tn_image_delete,
                                  .bounds = bounds,
                                  .bind = bind,
                                  .gates = gates,
                                  .enter = enter,
                                  .leave = tn_stub_leave,
                                  .find_landing = tn_code_find_landing,
                                  .exit_stub = tn_stub_exit,
                                  .owns_pc = owns_pc,
                                  .trap_at = trap_at,
                                  .walk = tn_code_walk,
                                  .exit_place = tn_code_exit_place };
