/* SPDX-License-Identifier: MIT
 * The living rooms: engine, tenant, module, store. vmctx.h has what code may see of an instance; this is the rest.
 */
#ifndef TN_VM_RUNTIME_H
#define TN_VM_RUNTIME_H

#include <setjmp.h>
#include <stdatomic.h>

#include "base/agenda.h"
#include "base/os/os.h"
#include "runtime/vm/native.h"
#include "tenon/policy.h"
#include "tenon/pool.h"

struct tenon_engine {
    atomic_size_t refs;
    tn_mem mem;
    tenon_features features;
    tenon_bounds bounds;
    size_t stack_size;
    size_t threads; /* for checking a module; 0: one per processor */
    tn_types *types;
    const tn_tier *tier;
    tn_service *service; /* compiles in the background; NULL: nobody does */
    uint32_t threshold;  /* of what is hot */
    tenon_tools tools;   /* that learn of compiled code */
    bool metered;        /* guests burn fuel */
    tenon_signals signals;
    tenon_log log; /* or NULL */
    void *log_context;
    bool has_remote_barrier;
    atomic_uint_fast64_t module_numbers;
    tn_os_pages pages;
    tn_os_mutex spares_lock;
    struct tn_stacks *spares; /* TN_SPARE_STACKS at most */
    size_t spare_count;
};
#define TN_SPARE_STACKS 64

/* A tenant's part in a scheduler, which guards it with its lock. */
typedef struct tn_share {
    struct tenon_scheduler *scheduler;
    size_t task_count;
    uint32_t weight;                 /* 0: it was never set */
    tn_agenda_item turn;             /* by virtual time among the ready, by end of period among the throttled */
    uint64_t virtual_time;           /* nanoseconds had, by weight */
    uint64_t period_end, period_had; /* nanoseconds */
    struct tenon_task *first, *last; /* queued */
    struct tenon_tenant *passed;     /* while somebody looks for a task */
    size_t queued;
    bool throttled;
} tn_share;

/* A module that a tenant has instances of, and what it pays for that: all bytes that the module had when the newest
 * instance was made, and what the tenant's own guests have added since. */
typedef struct tn_holding {
    const tenon_module *module;
    size_t instances;
    uint64_t bytes;
} tn_holding;

struct tenon_tenant {
    tenon_engine *engine;
    tenon_limits limits;
    tn_os_mutex holdings_lock;
    TN_VEC(tn_holding) holdings; /* by address of the module */
    tn_os_mutex stores_lock;
    struct tenon_store *stores;
    atomic_uint_fast64_t memory_bytes, peak_bytes, instances;
    atomic_uint_fast64_t cpu_nanoseconds;
    atomic_uint_fast64_t meters[TENON_METER_COUNT]; /* see tenant.c for those of host calls */
    tenon_policy policy;
    atomic_uint_fast64_t capabilities, calls; /* calls that need one, so far */
    uint64_t seed;
    struct tn_peer *peers;
    size_t peer_count;
    atomic_uint_fast64_t complained_at; /* when it was last logged that a limit holds */
    tn_share share;
};

/* An image of a module, and its gates by type. */
typedef struct tn_bound_image {
    struct tn_bound_image *next;
    tn_image *image;
    tn_gate gates[];
} tn_bound_image;

struct tenon_module {
    atomic_size_t refs;
    tenon_engine *engine;
    tn_mem mem; /* of this and all its code, counted in bytes */
    uint64_t bytes;
    tn_module core;
    uint64_t number;
    uint8_t *owned;       /* copy of the bytes, or NULL */
    uint32_t main_memory; /* index of the memory exported as "memory", else 0 */
    tn_os_mutex lock;
    tn_code *code[2];         /* by tenon_bounds of memory 0; made when first instantiated */
    tn_bound_image *bound[2]; /* the same: compiled code */
    const tn_type **types;    /* by index; made when compiled code may come */
};

/* A call from the host into a guest. Traps go to the innermost one and unwind guest frames only. */
typedef struct tn_activation {
    /* Where it ends when a trap does that: out of the segment, or by a jump when there is none. */
    tn_segment *segment;
    jmp_buf *landing;
    struct tn_activation *outer;
    tenon_store *store;
    tenon_trap trap; /* set before landing */
    uint64_t end_at; /* on a fiber: when the store's timeout is over; 0: never */
} tn_activation;

#define TN_MAX_FRAMES 64

/* A guest that could not be stopped is tried again after so many nanoseconds. */
#define TN_BETWEEN_SIGNALS 1000000

/* Why a guest is to stop: bits of tenon_store.interrupt. */
enum {
    TN_INTERRUPT_ASKED = 1,
    TN_INTERRUPT_TIMEOUT = 2,
    TN_INTERRUPT_ENDING = 4, /* its fiber is */
    TN_INTERRUPT_YIELD = 8,  /* it is only to give way */
    TN_INTERRUPT_LOOK = 16   /* there are no signals: whoever may stop it looks at the time */
};

/* A thing of the host that a guest holds by number, or a free place. */
typedef struct tn_resource {
    const tenon_resource_type *type; /* NULL when free */
    void *thing;
    uint32_t next_free;
} tn_resource;

/* A function of the host's. */
typedef struct tn_host_func {
    tenon_func func;
    struct tn_host_func *next;
    void (*finalizer)(void *context); /* when it goes; or NULL */
    bool marked;
} tn_host_func;

struct tenon_store {
    tenon_engine *engine;
    tenon_tenant *tenant;
    tenon_store *next_of_tenant, **link_of_tenant;
    uint64_t fuel;
    tn_arena arena;                /* types of host functions with many parameters */
    struct tn_stacks *stacks;      /* NULL: it borrows some when it is called */
    struct tn_stacks *used_stacks; /* that its instances know */
    bool borrows;                  /* stacks */
    bool is_dense;                 /* its memories take no more address space than they need */
    void *slot;                    /* of a pool */
    void *context;                 /* the embedder's */
    uint64_t (*more_fuel)(void *context, tenon_store *store);
    void *fuel_context;
    tenon_bounds bounds; /* of its memories, where both are possible */
    tn_slot *stack_base, *stack_limit;
    tn_slot *stack_top;        /* first free slot while host code runs */
    tn_activation *activation; /* innermost */
    atomic_int interrupt;      /* TN_INTERRUPT_ bits; set by other threads and signal handlers */
    atomic_int thread;         /* that runs the store; 0: none */
    atomic_bool has_task;      /* of a scheduler's, that is not done */
    uint64_t timeout;          /* of each call, nanoseconds; 0: none */
    tn_os_timer timer;
    TN_VEC(tn_resource) resources;
    uint32_t first_free, last_free; /* places in resources, linked; 0: none */
    tenon_memory *memories;
    tenon_table *tables;
    tenon_global *globals;
    tenon_instance *instances;
    tn_host_func *host_funcs;
    tenon_tag *host_tags;
    tenon_linker *linkers;
    tn_heap_object *objects;
    size_t object_count, object_threshold; /* when there are so many, they are swept */
    tn_externref **externrefs;             /* a set, by address */
    size_t externref_places, externref_count;
    tn_exception *pending;    /* thrown and not caught yet */
    tenon_status host_status; /* what a host function returned, when it was not TENON_OK */
    /* Where the guest was at the newest trap; filled by the tier. */
    const union tn_cell *trap_pc;
    tn_slot *trap_fp;
    tenon_instance *trap_instance;
    tn_location *frames; /* TN_MAX_FRAMES; made when they are first needed */
    size_t frame_count;
    bool resume;           /* a catch clause was found for what a host function threw */
    bool trapped_natively; /* the newest trap was in compiled code, at: */
    uintptr_t native_pc, native_fp;
    tn_native_stack native;
    tenon_func *tail; /* TN_LEFT_TAIL: whom to call, with arguments at: */
    tn_slot *tail_args;
};

/* engine.c */
void tn_engine_ref(tenon_engine *engine);
void tn_engine_unref(tenon_engine *engine);
void tn_module_ref(tenon_module *module);
/* Bytes of memory that the module and its code take now. */
uint64_t tn_module_bytes(const tenon_module *module);

/* tenant.c */
/* Charges bytes to the tenant; false when its limit forbids. */
bool tn_tenant_charge(tenon_tenant *tenant, uint64_t bytes);
void tn_tenant_release(tenon_tenant *tenant, uint64_t bytes);
/* An instance of the module, of so many bytes itself, becomes the tenant's, or is its no more. */
tenon_status tn_tenant_admit(tenon_tenant *tenant, const tenon_module *module, uint64_t bytes, tenon_error *err)
    TN_MUST_CHECK;
void tn_tenant_dismiss(tenon_tenant *tenant, const tenon_module *module, uint64_t bytes);
/* Of a module that the tenant has instances of: charges all that it has become; and by how much it has grown, with its
 * lock held, because of a guest of the tenant's. False when the limit forbids. */
bool tn_tenant_settle(tenon_tenant *tenant, const tenon_module *module);
bool tn_tenant_charge_code(tenon_tenant *tenant, const tenon_module *module, uint64_t before);
/* The store's host calls are the tenant's from now on; and until now. */
void tn_tenant_add_store(tenon_tenant *tenant, tenon_store *store);
void tn_tenant_remove_store(tenon_store *store);
/* Allows the store more host calls; false when the limit forbids. */
bool tn_tenant_allow_calls(tenon_store *store);
/* Tells the engine's log that a limit of the tenant's holds, once in a while. */
void tn_tenant_complain(tenon_tenant *tenant, const char *format, ...) TN_PRINTF(2, 3);

/* policy.c */
void tn_policy_init(tenon_tenant *tenant);
void tn_policy_fini(tenon_tenant *tenant);
/* Whether a host function that needs a capability may be called now; audited. */
tenon_status tn_permit(tenon_func *func);

/* store.c: one that borrows has stacks only while it is called. */
tenon_status tn_store_new(tenon_tenant *tenant, bool borrows, tenon_bounds bounds, tenon_store **out) TN_MUST_CHECK;

/* memory.c, table.c */
tenon_status tn_memory_new(tenon_store *store, const tn_limits *type, tenon_bounds bounds, tenon_memory **out,
                           tenon_error *err);
void tn_memory_delete(tenon_memory *memory);
/* Old size in pages, or UINT64_MAX when it cannot grow. */
uint64_t tn_memory_grow(tenon_memory *memory, uint64_t pages);
/* Gives back what is beyond `pages`; that reads as zero when it grows again. false: the memory must not be used. */
bool tn_memory_shrink(tenon_memory *memory, uint64_t pages);
tenon_status tn_table_new(tenon_store *store, const tn_table_type *type, uintptr_t init, tenon_table **out,
                          tenon_error *err);
void tn_table_delete(tenon_table *table);
uint64_t tn_table_grow(tenon_table *table, uint64_t count, uintptr_t init);
/* To a size and a capacity that it had. */
void tn_table_shrink(tenon_table *table, uint64_t size, uint64_t capacity);
tenon_trap tn_memory_init(tenon_instance *instance, uint32_t memory, uint32_t data, uint64_t to, uint64_t from,
                          uint64_t count);
tenon_trap tn_table_init(tenon_instance *instance, uint32_t table, uint32_t elem, uint64_t to, uint64_t from,
                         uint64_t count);

/* instance.c: snapshot NULL: initialized and started as the module says. */
tenon_status tn_instance_new(tenon_store *store, tenon_module *module, const tenon_extern *imports, size_t import_count,
                             const struct tenon_snapshot *snapshot, tenon_instance **out, tenon_error *err);
/* snapshot.c: gives an instance, whose parts are there, what another had. */
tenon_status tn_snapshot_apply(const struct tenon_snapshot *snapshot, tenon_instance *in, tenon_error *err);

/* instance.c, host.c, store.c: frees what nothing refers to any more; lists are the caller's. */
void tn_instance_delete(tenon_instance *instance);
/* What it takes itself, and its functions. */
uint64_t tn_instance_bytes(const tenon_instance *instance);
/* Tells it where the store's stacks are. */
void tn_instance_use_stacks(tenon_instance *instance);
void tn_host_func_delete(tn_host_func *func);
void tn_global_delete(tenon_global *global);
/* The host's, with a value that is checked. */
tenon_status tn_global_new(tenon_store *store, tn_valtype type, const tenon_val *value, bool is_mutable,
                           tenon_global **out);

/* linker.c: what the store's linkers define. */
void tn_linkers_visit(const tenon_store *store, void (*visit)(void *context, const tenon_extern *what), void *context);

/* constant.c: evaluates a checked constant expression. */
tenon_status tn_constant(tenon_instance *instance, tn_range expr, tn_value *out, tenon_error *err);

/* host.c: a function type with a reference to it, which is the caller's. */
tenon_status tn_host_type(tenon_store *store, const tenon_type *params, size_t param_count, const tenon_type *results,
                          size_t result_count, const tn_type **out);
tenon_status tn_call_host(tenon_func *func, tenon_instance *caller, tn_slot *args);
/* The function has returned TENON_SUSPENDED: the whole fiber waits, whatever frames it has. */
tenon_status tn_wait_for_answer(tenon_func *func, tn_slot *results);
tenon_status tn_func_new_typed(tenon_store *store, const tn_type *type, tenon_callback callback, void *context,
                               tenon_func **out);
tenon_status tn_func_new_stub(tenon_store *store, const tn_type *type, tenon_stub stub, tenon_func **out);

/* A host function's results are in args, or the call ends as the status says: traps are noted as the store's. */
bool tn_host_call_failed(tenon_store *store, tenon_status status);

/* What a segment is left with. */
enum { TN_LEFT_BY_EXCEPTION = 1, TN_LEFT_BY_TRAP };

/* compiled.c: compiled code beside the tiers. */
extern void *const tn_leaves[];
/* Lets the instance's module find its compiled code. With the module's lock held; false: out of memory. */
bool tn_bind_images(tenon_instance *in);
void tn_images_delete(tenon_module *module);
/* The code of a mode was just made: it learns of the images that are there. With the module's lock held. */
void tn_bind_all(tenon_module *module, size_t mode);
/* Asks for compiled code of a function that is hot, or of one that is in a hot loop. */
void tn_ask_for_code(tenon_instance *in, uint32_t own, uint32_t loop);
/* Calls compiled code with arguments in slots; false when it left by an exception or a trap. */
bool tn_enter_native(tenon_instance *in, const tn_entry *entry, tn_slot *slots, const tn_segment *from);

/* backtrace.c: notes the frames of the newest trap. */
void tn_record_frames(tenon_store *store);

/* resource.c: drops what is left. */
void tn_resources_fini(tenon_store *store);

/* call.c: runs a guest function from the host, arguments and results in slots at the store's stack top. */
tenon_status tn_run(tenon_func *func, tn_slot *slots, tenon_error *err);

/* func.c */
tenon_type tn_public_type(const tn_types *types, tn_valtype t);
tn_valtype tn_inner_type(tenon_type type);
/* Slots that a call needs from its first argument on: arguments and results share them. */
TN_INLINE uint32_t tn_call_slots(const tn_type *type)
{
    return type->param_slots > type->result_slots ? type->param_slots : type->result_slots;
}
void tn_value_to_val(tn_valtype t, const tn_types *types, const tn_slot *slots, tenon_val *out);
void tn_val_to_slots(const tenon_val *val, tn_slot *slots);
/* Whether the function can be called with these; TENON_USAGE if not. */
tenon_status tn_check_call(const tenon_func *func, const tenon_val *args, size_t arg_count, size_t result_count,
                           tenon_error *err);
/* Whether a value of the host has the type, and belongs to the store if it is a function. */
bool tn_val_fits(const tenon_store *store, tn_valtype t, const tenon_val *val);

/* fuel.c: a guest needs more fuel than there is. The trap that ends it, or none: then it has been charged. */
tenon_trap tn_burn_more(tenon_store *store, uint64_t cost);

/* exception.c: a new exception with its arguments copied; NULL when memory is out. */
/* Frees the host's tags that are newer than this one. */
void tn_tags_forget(tenon_store *store, const tenon_tag *newest);
tenon_status tn_tag_new(tenon_store *store, const tn_type *type, tenon_tag **out);
bool tn_is_exception(const tenon_store *store, uintptr_t ref);
tn_exception *tn_exception_new(tenon_store *store, tenon_tag *tag, const tn_slot *values, tn_slot *stack_end);

/* trap.c */
/* Puts the handlers of faults in front of what is installed now; done again for each engine. */
void tn_fault_handler_install(void);
/* Ends the innermost activation from C code that a guest has called. */
_Noreturn void tn_end_guest(tenon_store *store, tenon_trap trap);
/* The newest trap is at this place of compiled code. */
void tn_note_native(tenon_store *store, uintptr_t pc, uintptr_t fp);

/* interrupt.c */
/* Before guests are interrupted; false when they cannot be, for want of signals. */
bool tn_interrupts_prepare(const tenon_engine *engine);
/* For C code between two steps of a guest: gives way if that is asked for; whether the guest is to end with
 * TENON_TRAP_INTERRUPTED. */
bool tn_must_end_now(tenon_store *store);
TN_INLINE bool tn_must_end(tenon_store *store)
{
    return TN_UNLIKELY(atomic_load_explicit(&store->interrupt, memory_order_relaxed) != 0) && tn_must_end_now(store);
}

#endif
