/* SPDX-License-Identifier: MIT
 * The contract of runtime/vm/native.h, kept.
 */
#include "jit/native.h"

#include "jit/code.h"
#include "jit/service.h"
#include "jit/tools.h"

_Static_assert(offsetof(tenon_func, native) == 32 && offsetof(tenon_func, typed) == 40 &&
                   offsetof(tenon_func, store) == 56 && offsetof(tn_native_stack, buffer) == 24 &&
                   offsetof(tn_native_stack, interrupt) == 32 && offsetof(tn_native_stack, host_calls) == 40 &&
                   offsetof(tenon_caller, store) == 8 && offsetof(tenon_caller, func) == 16 &&
                   offsetof(tenon_caller, status) == 24 && sizeof(tenon_caller) == 32 && TN_CALLER_SLOT == -3,
               "the stub of host functions knows these");
_Static_assert(offsetof(tenon_instance, native) == 0 && offsetof(tn_native_stack, segment) == 0 &&
                   offsetof(tn_segment, host_sp) == 0 && offsetof(tn_segment, exit) == sizeof(void *),
               "the stubs know these");

static size_t size(const tn_image *image)
{
    return image->size;
}

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

static void bind(const tn_image *image, const tn_gate *list, tn_entry *entries)
{
    uint32_t count, types = image->module->type_count;
    const tn_image_function *functions = tn_image_table(image, TN_PART_FUNCTIONS, &count);

    for (uint32_t i = 0; i < count; i++) {
        if (functions[i].code == 0 || functions[i].type >= types)
            continue;
        entries[i].gate = &list[functions[i].type];
        __atomic_store_n(&entries[i].native, at(image, functions[i].code), __ATOMIC_RELEASE);
    }
}

static bool loop(const tn_image *image, uint32_t number, tn_loop_entry *out)
{
    uint32_t count;
    const tn_image_loop *loops = tn_image_table(image, TN_PART_LOOPS, &count);

    if (number >= count)
        return false;
    *out = (tn_loop_entry){ loops[number].own, loops[number].loop, at(image, loops[number].code + 1) };
    return true;
}

static bool owns_pc(uintptr_t pc)
{
    return tn_code_find(pc) != NULL;
}

static tenon_trap trap_at(uintptr_t pc)
{
    return tn_trap_of((const void *)pc);
}

static const tn_entry host_entry = { .native = (void *)tn_stub_host };

/* As C passes them behind a pointer. */
static bool takes_registers(const tn_type *type)
{
    unsigned integers = 0, floats = 0;

    for (uint32_t i = 0; i < type->param_count; i++)
        if (type->types[i] == TN_F32 || type->types[i] == TN_F64)
            floats++;
        else
            integers++;
    return integers <= TN_INTEGER_ARGS && floats <= TN_FLOAT_ARGS && type->result_count <= 1;
}

const tn_native tn_jit_native = { .image_new = tn_image_new,
                                  .image_delete = tn_image_delete,
                                  .bounds = bounds,
                                  .size = size,
                                  .bind = bind,
                                  .gates = gates,
                                  .loop = loop,
                                  .announce = tn_tools_announce,
                                  .enter = tn_stub_enter,
                                  .leave = tn_stub_leave,
                                  .find_landing = tn_code_find_landing,
                                  .exit_stub = tn_stub_exit,
                                  .host_entry = &host_entry,
                                  .takes_registers = takes_registers,
                                  .owns_pc = owns_pc,
                                  .trap_at = trap_at,
                                  .fetch = tn_code_fetch,
                                  .walk = tn_code_walk,
                                  .exit_place = tn_code_exit_place,
                                  .service_new = tn_service_new,
                                  .service_delete = tn_service_delete,
                                  .request = tn_service_request,
                                  .forget = tn_service_forget,
                                  .counts = tn_service_counts };
