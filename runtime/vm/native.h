/* SPDX-License-Identifier: MIT
 * The contract between the runtime and compiled code: stacks, segments, exits. Compiled code runs on a stack of the
 * store's own; C functions that it calls run on the thread's stack, but for leaves. Implemented by jit; the runtime
 * finds it in tn_native, which is NULL in a build without it.
 */
#ifndef TN_VM_NATIVE_H
#define TN_VM_NATIVE_H

#include "runtime/vm/tier.h"

/* What runs between a C function that enters compiled code and its return. Lies on the thread's stack. The stubs know
 * the first two members. */
typedef struct tn_segment {
    void *host_sp; /* where the thread's stack goes on */
    void *exit;    /* while C runs: what the exit stub left on the native stack */
    struct tn_segment *outer;
    bool from_interp; /* entered by the interpreter, which was here: */
    const union tn_cell *pc;
    tn_slot *fp;
    tenon_instance *in;
} tn_segment;

/* The segment is first, because the stubs look for it here. */
typedef struct tn_native_stack {
    tn_segment *segment; /* innermost, or NULL */
    uintptr_t top, limit;
    tn_slot *buffer;
    const void *interrupt; /* the store's, an atomic_int: not 0 when the guest is to stop */
    uint64_t host_calls;   /* that guests may still make before the tenant is asked */
    uint8_t *map;          /* begins with a guard; NULL: there is none */
} tn_native_stack;

/* A call of a host function. The stubs make it. */
struct tenon_caller {
    tenon_instance *instance;
    tenon_store *store;
    tenon_func *func;
    tenon_status status;
};

/* Where an exit goes on: with the value behind the call, or at a landing pad. */
typedef struct tn_exit_result {
    uint64_t value;
    void *landing; /* NULL: behind the call */
} tn_exit_result;

/* What became of an access that was refused because its bytes had not been needed yet: it may be tried again, or the
 * bytes cannot be had; or it has another reason. */
typedef enum tn_fetch { TN_FETCH_FOREIGN, TN_FETCH_DONE, TN_FETCH_REFUSED } tn_fetch;

typedef struct tn_image tn_image;
typedef struct tn_service tn_service;

/* What is to be compiled: a function, and a way into one of its loops. */
typedef struct tn_request {
    tenon_module *module;
    tenon_bounds bounds; /* of memory 0 */
    uint32_t own;
    uint32_t loop; /* or TN_NO_LOOP */
} tn_request;

typedef struct tn_native {
    /* Checks an image and maps it; its bytes may go afterwards. */
    tenon_status (*image_new)(tenon_module *module, const void *bytes, size_t size, tn_image **out, tenon_error *err);
    void (*image_delete)(tn_image *image);
    tenon_bounds (*bounds)(const tn_image *image);
    size_t (*size)(const tn_image *image); /* bytes of its mapping */
    /* Fills the entries of the functions that the image has; gates are by type of the module. */
    void (*bind)(const tn_image *image, const tn_gate *gates, tn_entry *entries);
    void (*gates)(const tn_image *image, tn_gate *out);
    /* The ways into loops that the image has, by number from 0 on; false when there are no more. */
    bool (*loop)(const tn_image *image, uint32_t number, tn_loop_entry *out);
    /* Tells tools that look at the process what code it has. */
    void (*announce)(tn_image *image, tenon_tools tools);
    /* Calls packed(in, slots, native) on the native stack from sp on; 0 when it has returned, otherwise what leave was
     * given. See tn_native_enter. */
    int (*enter)(void *packed, tenon_instance *in, tn_slot *slots, void *native, tn_segment *segment, uintptr_t sp);
    /* Ends a segment from C code that runs in it. */
    void (*leave)(tn_segment *segment, int why) __attribute__((noreturn));
    /* Looks for a landing pad in the innermost segment, from its exit on outwards; NULL when there is none. */
    void *(*find_landing)(tn_segment *segment, uint64_t exception);
    tn_exit_stub *exit_stub;
    /* The entry of host functions that compiled code can call as they are, and whether one of this type is such. */
    const tn_entry *host_entry;
    bool (*takes_registers)(const tn_type *type);
    /* In a signal handler. */
    bool (*owns_pc)(uintptr_t pc);
    /* The trap of an instruction that the CPU refused, or TENON_TRAP_NONE. */
    tenon_trap (*trap_at)(uintptr_t pc);
    tn_fetch (*fetch)(uintptr_t pc, uintptr_t address);
    /* Frames from a place on outwards, until the code ends; returns how many there are in out. */
    size_t (*walk)(uintptr_t pc, uintptr_t fp, tn_location *out, size_t room);
    /* The place that an exit will return to. */
    void (*exit_place)(const tn_segment *segment, uintptr_t *pc, uintptr_t *fp);
    /* Compiling in the background: what was asked for comes back through tn_module_promote, on another thread. */
    tn_service *(*service_new)(tn_mem *mem, const tenon_tiering *tiering, tenon_log log, void *log_context);
    void (*service_delete)(tn_service *service);
    void (*request)(tn_service *service, const tn_request *request);
    /* Nobody touches the module afterwards. */
    void (*forget)(tn_service *service, const tenon_module *module);
    tenon_tiering_counts (*counts)(const tn_service *service);
} tn_native;

extern const tn_native *const tn_native_code;

/* Runs compiled code with arguments from slots, below the frames of an outer segment, which waits in an exit. */
TN_INLINE int tn_native_enter(tn_segment *segment, tenon_instance *in, tn_slot *slots, const tn_entry *entry)
{
    uintptr_t sp = segment->outer != NULL ? (uintptr_t)segment->outer->exit & ~(uintptr_t)15 : in->native->top;

    return tn_native_code->enter(entry->gate->packed, in, slots, entry->native, segment, sp);
}

/* What makers of images need of modules and engines. */
const tn_module *tn_module_core(const tenon_module *module);
/* Whether an own function has compiled code, for memories 0 of this mode. Some instance was made. */
bool tn_module_has_code(const tenon_module *module, tenon_bounds bounds, uint32_t own);
/* Its number among the modules of the engine, from 1 on. */
uint64_t tn_module_number(const tenon_module *module);
/* Whether its guests burn fuel. */
bool tn_module_is_metered(const tenon_module *module);
tn_mem *tn_engine_mem(tenon_engine *engine);
/* How many threads may work for it side by side, from 1 on. */
size_t tn_engine_threads(const tenon_engine *engine);
/* Whether what is valid with these features (0: the default) is so here. */
bool tn_engine_admits(const tenon_engine *engine, tenon_features features);
/* Whether faults of its guests come to us; and whether somebody wants to see all code as soon as it is there. */
bool tn_engine_handles_faults(const tenon_engine *engine);
bool tn_engine_has_tools(const tenon_engine *engine);
/* Of bytes whose bodies were found valid before, by somebody who is trusted. Bytes and source outlive the module. */
tenon_status tn_module_new_checked(tenon_engine *engine, const void *bytes, size_t size, tn_source *source,
                                   tenon_module **out, tenon_error *err);
/* Takes the image, also when this fails. */
tenon_status tn_module_add_image(tenon_module *module, tn_image *image, tenon_error *err);

/* The same while guests run: takes the image, and lets them go on in it. */
tenon_status tn_module_promote(tenon_module *module, tn_image *image, tenon_error *err);

/* What the stub of host functions calls, on the thread's stack, when a typed function has returned and its status or
 * the store's interrupt is not 0. The result is in one of the registers. */
tn_exit_result tn_host_returned(tenon_caller *caller, uint64_t integer, double floating);

/* What that stub calls when no host call is left, on the guest's stack: whether there are more; and on the thread's,
 * instead of the function, when there are none. */
bool tn_host_allowed(const tenon_func *func);
void tn_host_refused(tenon_caller *caller);

/* What the exit stub calls, on the thread's stack. */
tn_exit_result tn_exit(tenon_instance *in, uint64_t exit, uint64_t a, uint64_t b);

#endif
