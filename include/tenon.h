/* SPDX-License-Identifier: MIT
 * tenon.h -- runs untrusted WebAssembly inside a host program.
 *
 *   engine   configuration, shared types and code; any number in a process; safe to share between threads
 *   tenant   an account: everything a guest consumes is charged to its tenant, whose limits hold over all its stores
 *   module   a checked program; immutable, shared by threads and tenants of one engine
 *   store    the unit of isolation: instances and all they own; used by one thread at a time
 *   instance a module with its memories, tables and globals; lives as long as its store
 *
 * Ownership: what a *_new function returns is released by the *_delete of the same name. Functions, memories, tables,
 * globals, tags and instances belong to their store and die with it. Strings are length-counted UTF-8, may hold NUL,
 * and are borrowed. Functions that can fail return a tenon_status; results are untouched unless it is TENON_OK. The
 * library never aborts, prints or installs a handler that breaks its host's.
 */
#ifndef TENON_H
#define TENON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tenon/status.h"

TENON_BEGIN_C

#if defined(__GNUC__)
#define TENON_API        __attribute__((visibility("default")))
#define TENON_MUST_CHECK __attribute__((warn_unused_result))
#else
#define TENON_API
#define TENON_MUST_CHECK
#endif

typedef struct tenon_engine tenon_engine;
typedef struct tenon_tenant tenon_tenant;
typedef struct tenon_module tenon_module;
typedef struct tenon_store tenon_store;
typedef struct tenon_linker tenon_linker;
typedef struct tenon_instance tenon_instance;
typedef struct tenon_func tenon_func;
typedef struct tenon_memory tenon_memory;
typedef struct tenon_table tenon_table;
typedef struct tenon_global tenon_global;
typedef struct tenon_tag tenon_tag;
typedef struct tenon_caller tenon_caller;

/* A borrowed, length-counted string. */
typedef struct tenon_name {
    const char *data;
    size_t size; /* bytes */
} tenon_name;

/* The text of a status or trap: static, never NULL. */
TENON_API const char *tenon_status_text(tenon_status status);
TENON_API const char *tenon_trap_text(tenon_trap trap);
/* The version of the library, such as "0.1.0". */
TENON_API const char *tenon_version(void);

/* ---- features ---------------------------------------------------------------------------------------------- */

/* Proposals are a run-time set. X(id, text, phase): 5 is in WebAssembly 3.0, 4 is finished but for the vote, 3 may
 * still change. */
#define TENON_FEATURE_MAP(X)                          \
    X(MVP, "mvp", 5)                                  \
    X(MUTABLE_GLOBALS, "mutable-globals", 5)          \
    X(SIGN_EXTENSION, "sign-extension", 5)            \
    X(SATURATING_FLOAT, "saturating-float-to-int", 5) \
    X(MULTI_VALUE, "multi-value", 5)                  \
    X(BULK_MEMORY, "bulk-memory", 5)                  \
    X(REFERENCE_TYPES, "reference-types", 5)          \
    X(SIMD, "simd", 5)                                \
    X(RELAXED_SIMD, "relaxed-simd", 5)                \
    X(TAIL_CALL, "tail-call", 5)                      \
    X(EXCEPTIONS, "exceptions", 5)                    \
    X(FUNCTION_REFERENCES, "function-references", 5)  \
    X(GC, "gc", 5)                                    \
    X(MEMORY64, "memory64", 5)                        \
    X(MULTI_MEMORY, "multi-memory", 5)                \
    X(EXTENDED_CONST, "extended-const", 5)            \
    X(THREADS, "threads", 4)                          \
    X(WIDE_ARITHMETIC, "wide-arithmetic", 4)          \
    X(CUSTOM_PAGE_SIZES, "custom-page-sizes", 3)      \
    X(COMPACT_IMPORTS, "compact-imports", 4)

typedef enum tenon_feature {
#define X(id, text, standard) TENON_FEATURE_##id,
    TENON_FEATURE_MAP(X)
#undef X
        TENON_FEATURE_COUNT
} tenon_feature;

/* A set of features: bit TENON_FEATURE_x of the word. */
typedef uint64_t tenon_features;
#define TENON_FEATURES_ALL ((((tenon_features)1) << TENON_FEATURE_COUNT) - 1)
/* WebAssembly 3.0 alone; and with the proposals of phase 4, which is what engines take by default. */
TENON_API tenon_features tenon_features_standard(void);
TENON_API tenon_features tenon_features_default(void);
/* The name of a feature, or NULL past the end. */
TENON_API const char *tenon_feature_text(tenon_feature feature);

/* ---- engine, tenant, module -------------------------------------------------------------------------------- */

/* How memories are kept inside their bounds. */
typedef enum tenon_bounds {
    TENON_BOUNDS_GUARDED, /* address space is reserved, faults become traps; checked where that cannot work */
    TENON_BOUNDS_CHECKED  /* every access is compared with the size; no signal handler is needed */
} tenon_bounds;

/* Where the library takes memory from. realloc(ud, p, old, new): new 0 frees and returns NULL; a NULL result otherwise
 * means failure and leaves p alone. map(ud, size) is asked before each mapping of size bytes and may refuse; NULL
 * allows. Both may be called from several threads at once. */
typedef struct tenon_allocator {
    void *(*realloc)(void *ud, void *p, size_t old_size, size_t new_size);
    bool (*map)(void *ud, size_t size);
    void *ud;
} tenon_allocator;

/* A job of compiling in the background, when it has ended. */
typedef struct tenon_job_report {
    tenon_module *module;              /* NULL: it has gone meanwhile */
    bool succeeded;                    /* false: the functions stay in the interpreter */
    const char *failure;               /* why not, or NULL */
    const uint32_t *functions;         /* indices in the module */
    size_t function_count, loop_count; /* loops: that may be entered besides */
    uint64_t nanoseconds;              /* from the request to the code */
    size_t code_bytes;                 /* of the image, as mapped */
} tenon_job_report;

/* Compiling what is hot, in the background: guests start in the interpreter, and go on in compiled code when it is
 * there. The compiler is a program of its own, run by processes that hold one module each and may be ended at any time;
 * whatever happens to it, guests go on. */
typedef struct tenon_tiering {
    const char *compiler; /* path of tenon-llvm, copied; NULL: nothing is compiled in the background */
    size_t compilers;     /* processes side by side; 0: one per processor but one, from 1 to 4 */
    uint32_t threshold;   /* calls and rounds of loops after which a function is hot; 0: the default */
    uint64_t job_timeout; /* nanoseconds that one job may take; 0: one minute */
    uint64_t job_memory;  /* bytes of address space that a process may take; 0: 4 GiB */
    bool synchronous;     /* the guest waits for its code: for tests */
    bool hardened;        /* no access may rest on a check that is not its own: no vectorized loops */
    /* Called by a thread of the engine's when a job has ended; may be NULL. It may not use the engine. */
    void (*report)(void *context, const tenon_job_report *report);
    void *context;
} tenon_tiering;

/* What background compiling has done so far. */
typedef struct tenon_tiering_counts {
    uint64_t jobs, functions, loops, code_bytes; /* that became code */
    uint64_t failed_jobs;  /* that the compiler did not finish: it refused, died, or took too long or too much */
    uint64_t ended_jobs;   /* of these, those whose process died or was ended */
    uint64_t dropped_jobs; /* whose module had gone */
} tenon_tiering_counts;

/* Tools that look at the process and want to know of compiled code: bits. PERF_MAP writes /tmp/perf-PID.map, JITDUMP
 * writes jit-PID.dump into the current folder (perf record -k mono, then perf inject --jit), GDB tells a debugger. */
typedef uint32_t tenon_tools;
#define TENON_TOOL_PERF_MAP ((tenon_tools)1)
#define TENON_TOOL_JITDUMP  ((tenon_tools)2)
#define TENON_TOOL_GDB      ((tenon_tools)4)

/* Who handles the signals that guests need: those of faults (SIGSEGV, SIGBUS, SIGILL, SIGTRAP) for guarded memories and
 * for traps of compiled code, and one that ends guests and makes them give way. */
typedef enum tenon_signals {
    TENON_SIGNALS_OWN, /* the library, in front of handlers that are there, to whom it hands on what is not its own */
    TENON_SIGNALS_FORWARDED, /* the embedder, whose handlers call tenon_handle_signal */
    TENON_SIGNALS_NONE       /* nobody: memories must be checked; guests are stopped by fuel, and at host calls */
} tenon_signals;

/* What an engine has noticed that nobody was told by a status: text is one line. tenant is NULL when it is about none.
 * Called by any thread, maybe several at once, and with locks of the library's held: it may neither use the engine's
 * stores nor wait for somebody who does. */
typedef enum tenon_level { TENON_LEVEL_ERROR, TENON_LEVEL_WARNING, TENON_LEVEL_INFO } tenon_level;
typedef void (*tenon_log)(void *context, tenon_level level, tenon_tenant *tenant, const char *text);

typedef struct tenon_config {
    size_t size;             /* sizeof(tenon_config): lets the structure grow */
    tenon_features features; /* 0: tenon_features_default() */
    tenon_bounds bounds;
    size_t stack_size;         /* bytes of guest stack per store; 0: 1 MiB */
    tenon_allocator allocator; /* realloc NULL: malloc */
    size_t threads;            /* that may check one big module side by side; 0: one per processor, at most 8 */
    tenon_tiering tiering;
    tenon_tools tools;
    bool metered; /* guests burn fuel: see tenon_store_set_fuel */
    tenon_signals signals;
    /* The signal that interrupts guests; 0: SIGURG, or what another engine of the process has chosen. All engines of a
     * process have the same: TENON_USAGE otherwise. */
    int interrupt_signal;
    tenon_log log; /* limits that hold (at most once in a second for each tenant), compilers that fail; or NULL */
    void *log_context;
} tenon_config;

/* Makes an engine. config NULL: defaults. */
TENON_API TENON_MUST_CHECK tenon_status tenon_engine_new(const tenon_config *config, tenon_engine **out);
/* Gives the caller's hold back; the engine goes when its last module and tenant have gone. */
TENON_API void tenon_engine_delete(tenon_engine *engine);

TENON_API tenon_tiering_counts tenon_engine_tiering_counts(const tenon_engine *engine);

/* For handlers of an embedder that owns them (SA_SIGINFO, SA_NODEFER, with or without SA_ONSTACK): whether the signal
 * was a guest's, and has been dealt with. info is a siginfo_t, ucontext the handler's third argument, which it may
 * change; the handler returns then. May be called for any signal on any thread. */
TENON_API bool tenon_handle_signal(int signal, void *info, void *ucontext);

/* What a tenant spends besides memory and time. WASI charges it, and so may any host function. */
typedef enum tenon_meter {
    TENON_METER_HOST_CALLS,  /* of guests */
    TENON_METER_DESCRIPTORS, /* open now */
    TENON_METER_BYTES_IN,    /* read from files, streams and sockets */
    TENON_METER_BYTES_OUT,
    TENON_METER_COUNT
} tenon_meter;

/* Limits of a tenant over all its stores; 0 means no limit. */
typedef struct tenon_limits {
    size_t size;           /* sizeof(tenon_limits) */
    uint64_t memory_bytes; /* of every kind, together: see docs/hosting.md */
    uint64_t instances;
    /* Nanoseconds of processor time of tasks (tenon/scheduler.h): in all, when calls end with TENON_LIMIT; and in each
     * period, when tasks wait for the next. */
    uint64_t cpu_time;
    uint64_t cpu_period, cpu_per_period;
    uint64_t meters[TENON_METER_COUNT];
    /* Asked when so many more bytes of memory would exceed memory_bytes: true allows them nevertheless. Called by
     * whatever thread needs them, maybe several at once, and with locks of the library's held: it must neither use the
     * tenant's stores nor wait for somebody who uses the engine. May be NULL. */
    bool (*exceeds)(void *context, tenon_tenant *tenant, uint64_t bytes);
    void *context;
} tenon_limits;

TENON_API TENON_MUST_CHECK tenon_status tenon_tenant_new(tenon_engine *engine, const tenon_limits *limits,
                                                         tenon_tenant **out);
/* All stores of the tenant must be gone. */
TENON_API void tenon_tenant_delete(tenon_tenant *tenant);
/* Bytes charged now, and the most that ever were. */
TENON_API uint64_t tenon_tenant_memory_bytes(const tenon_tenant *tenant);
TENON_API uint64_t tenon_tenant_peak_bytes(const tenon_tenant *tenant);
/* Instances that its stores have now. */
TENON_API uint64_t tenon_tenant_instances(const tenon_tenant *tenant);
/* Nanoseconds of processor time that its tasks have had. */
TENON_API uint64_t tenon_tenant_cpu_time(const tenon_tenant *tenant);
/* Charges amount to a meter: false, and nothing is charged, when that would exceed its limit. What is only held for a
 * while, or was not needed, is given back. */
TENON_API TENON_MUST_CHECK bool tenon_tenant_spend(tenon_tenant *tenant, tenon_meter meter, uint64_t amount);
TENON_API void tenon_tenant_give_back(tenon_tenant *tenant, tenon_meter meter, uint64_t amount);
TENON_API uint64_t tenon_tenant_spent(const tenon_tenant *tenant, tenon_meter meter);
/* What may still be spent; UINT64_MAX: there is no limit. */
TENON_API uint64_t tenon_tenant_left(const tenon_tenant *tenant, tenon_meter meter);
/* Memory of the engine's allocator, charged to the tenant: for what host functions keep on a guest's behalf. p NULL
 * with old_size 0 allocates, new_size 0 frees and returns NULL; NULL otherwise means that memory or budget is out, and
 * p stays. */
TENON_API void *tenon_tenant_realloc(tenon_tenant *tenant, void *p, size_t old_size, size_t new_size);

/* Decodes and validates size bytes, which are copied. err may be NULL. */
TENON_API TENON_MUST_CHECK tenon_status tenon_module_new(tenon_engine *engine, const void *bytes, size_t size,
                                                         tenon_module **out, tenon_error *err);
/* The same without the copy: bytes must stay, unchanged, until the module and all its instances have gone. A mapping of
 * a file is no such thing when anybody, the guest itself among them, may write the file: bodies are translated when
 * they are first called, and not checked again. */
TENON_API TENON_MUST_CHECK tenon_status tenon_module_new_borrowed(tenon_engine *engine, const void *bytes, size_t size,
                                                                  tenon_module **out, tenon_error *err);
/* Gives the module compiled code, an image that the compiler has made of the same bytes; it is copied. It must come
 * from somebody who is trusted like the library itself. Before the first instance only: TENON_USAGE otherwise, and when
 * the image is not one for this module and machine. */
TENON_API TENON_MUST_CHECK tenon_status tenon_module_add_code(tenon_module *module, const void *image, size_t size,
                                                              tenon_error *err);
/* Another hold on the module, from any thread. */
TENON_API tenon_module *tenon_module_hold(tenon_module *module);
/* Gives a hold back; instances keep their module. */
TENON_API void tenon_module_delete(tenon_module *module);

typedef enum tenon_kind {
    TENON_KIND_FUNC,
    TENON_KIND_TABLE,
    TENON_KIND_MEMORY,
    TENON_KIND_GLOBAL,
    TENON_KIND_TAG
} tenon_kind;
TENON_API const char *tenon_kind_text(tenon_kind kind);

/* Types of values. A reference says the hierarchy that it is in; the exact type stays inside. */
typedef enum tenon_type {
    TENON_I32 = 1,
    TENON_I64,
    TENON_F32,
    TENON_F64,
    TENON_V128,
    TENON_FUNCREF,
    TENON_EXTERNREF,
    TENON_EXNREF,
    TENON_ANYREF
} tenon_type;
TENON_API const char *tenon_type_text(tenon_type type);

typedef struct tenon_import_info {
    tenon_name module, name;
    tenon_kind kind;
} tenon_import_info;
typedef struct tenon_export_info {
    tenon_name name;
    tenon_kind kind;
} tenon_export_info;
TENON_API size_t tenon_module_import_count(const tenon_module *module);
TENON_API size_t tenon_module_export_count(const tenon_module *module);
/* The bytes that it was made of; they are the module's. NULL when they come from a compiled file that was changed. */
TENON_API const void *tenon_module_bytes(const tenon_module *module, size_t *size);
/* index must be below the count. */
TENON_API tenon_import_info tenon_module_import(const tenon_module *module, size_t index);
TENON_API tenon_export_info tenon_module_export(const tenon_module *module, size_t index);

/* What an import wants and an export is. */
typedef struct tenon_extern_type {
    tenon_kind kind;
    tenon_type type;                  /* of a global's value, of a table's elements */
    bool is_mutable;                  /* of globals */
    bool address64;                   /* of tables and memories: indexed by i64 */
    bool shared;                      /* of memories */
    uint8_t page_log2;                /* of memories: a page has 2^page_log2 bytes */
    uint64_t min, max;                /* elements or pages; max UINT64_MAX: none */
    size_t param_count, result_count; /* of functions and tags */
    const void *inside[2];            /* the library's */
} tenon_extern_type;
TENON_API tenon_extern_type tenon_module_import_type(const tenon_module *module, size_t index);
TENON_API tenon_extern_type tenon_module_export_type(const tenon_module *module, size_t index);
/* index must be below the count. */
TENON_API tenon_type tenon_extern_type_param(const tenon_extern_type *type, size_t index);
TENON_API tenon_type tenon_extern_type_result(const tenon_extern_type *type, size_t index);

/* ---- values ------------------------------------------------------------------------------------------------ */

/* A reference: 0 is null. External references are whatever non-zero word the host chose. */
typedef uintptr_t tenon_ref;

typedef struct tenon_val {
    tenon_type type;
    union {
        int32_t i32;
        int64_t i64;
        float f32;
        double f64;
        uint8_t v128[16]; /* lane 0 first, little endian */
        tenon_func *func;
        tenon_ref ref;
    } of;
} tenon_val;

/* One thing that can be imported or exported. */
typedef struct tenon_extern {
    tenon_kind kind;
    union {
        tenon_func *func;
        tenon_table *table;
        tenon_memory *memory;
        tenon_global *global;
        tenon_tag *tag;
    } of;
} tenon_extern;

/* Its type now: min is the size that a table or memory has. The type is valid as long as the thing. */
TENON_API tenon_extern_type tenon_extern_type_of(const tenon_extern *what);

/* ---- store and instances ----------------------------------------------------------------------------------- */

TENON_API TENON_MUST_CHECK tenon_status tenon_store_new(tenon_tenant *tenant, tenon_store **out);
/* Frees everything in the store. No call may be running in it; its linkers are gone. */
TENON_API void tenon_store_delete(tenon_store *store);

/* Collection. What is made in a store lives as long as the store, unless the host collects: then everything goes that
 * neither something that the host holds, nor a linker, nor anything that these lead to refers to: instances lead to
 * what they import and to what their tables and globals refer to; functions, globals and tags to their instance. */
typedef struct tenon_root {
    tenon_instance *instance; /* or NULL: */
    tenon_extern what;
    bool held;  /* given: the host goes on using it */
    bool alive; /* found: it is still there */
} tenon_root;
typedef struct tenon_collection {
    tenon_root *roots; /* all that the host goes on using, and what it wants to know of */
    size_t count;
    /* Called for each external reference that a guest could still come by, maybe often; or NULL. It may set `held` of
     * roots. */
    void (*seen)(void *context, tenon_ref ref);
    void *context;
} tenon_collection;
/* False, and nothing is done, while a guest of the store runs or waits. */
TENON_API bool tenon_store_collect(tenon_store *store, const tenon_collection *collection);

/* Links, initializes and starts a module. imports are in the module's order. A trap of an initializer or of the start
 * function gives TENON_TRAP; what it had already written to imported memories and tables stays, as the standard wants.
 */
TENON_API TENON_MUST_CHECK tenon_status tenon_instance_new(tenon_store *store, tenon_module *module,
                                                           const tenon_extern *imports, size_t import_count,
                                                           tenon_instance **out, tenon_error *err);
/* Finds an export by name; false when there is none. */
TENON_API bool tenon_instance_export(tenon_instance *instance, tenon_name name, tenon_extern *out);
/* The export that has this number in the module; index must be below the count. */
TENON_API tenon_extern tenon_instance_export_at(tenon_instance *instance, size_t index);
TENON_API tenon_module *tenon_instance_module(const tenon_instance *instance);

/* ---- linker: names to things --------------------------------------------------------------------------------- */

TENON_API TENON_MUST_CHECK tenon_status tenon_linker_new(tenon_store *store, tenon_linker **out);
TENON_API void tenon_linker_delete(tenon_linker *linker);
TENON_API tenon_store *tenon_linker_store(const tenon_linker *linker);
/* Defines module.name; a second definition replaces the first. Names are copied. */
TENON_API TENON_MUST_CHECK tenon_status tenon_linker_define(tenon_linker *linker, tenon_name module, tenon_name name,
                                                            tenon_extern what);
/* Defines every export of an instance under the module name. */
TENON_API TENON_MUST_CHECK tenon_status tenon_linker_define_instance(tenon_linker *linker, tenon_name module,
                                                                     tenon_instance *instance);
/* What stands in for functions that nobody defined. */
typedef enum tenon_stub {
    TENON_STUB_TRAP,   /* calling it traps */
    TENON_STUB_DEFAULT /* it returns zeros and null references */
} tenon_stub;
/* Defines a stub for each function that the module imports and the linker does not know; *count, unless NULL, says for
 * how many. Other unknown imports stay unknown. */
TENON_API TENON_MUST_CHECK tenon_status tenon_linker_define_stubs(tenon_linker *linker, const tenon_module *module,
                                                                  tenon_stub stub, size_t *count);
TENON_API TENON_MUST_CHECK tenon_status tenon_linker_instantiate(tenon_linker *linker, tenon_module *module,
                                                                 tenon_instance **out, tenon_error *err);

/* ---- functions ----------------------------------------------------------------------------------------------- */

/* A host function. args and results are disjoint; results come zeroed and typed. Returning other than TENON_OK ends the
 * guest with that status; TENON_TRAP traps it. May call guests again through tenon_func_call. */
typedef tenon_status (*tenon_callback)(void *context, tenon_caller *caller, const tenon_val *args, tenon_val *results);

/* params and results are copied. */
TENON_API TENON_MUST_CHECK tenon_status tenon_func_new(tenon_store *store, const tenon_type *params, size_t param_count,
                                                       const tenon_type *results, size_t result_count,
                                                       tenon_callback callback, void *context, tenon_func **out);
/* Called with the function's context when the function goes: with its store, or collected. TENON_USAGE for a guest's
 * function. */
TENON_API TENON_MUST_CHECK tenon_status tenon_func_set_finalizer(tenon_func *func, void (*finalizer)(void *context));
TENON_API size_t tenon_func_param_count(const tenon_func *func);
TENON_API size_t tenon_func_result_count(const tenon_func *func);
TENON_API tenon_type tenon_func_param_type(const tenon_func *func, size_t index);
TENON_API tenon_type tenon_func_result_type(const tenon_func *func, size_t index);
/* Runs func. Arguments are checked against its type (TENON_USAGE); results has room for all its results. */
TENON_API TENON_MUST_CHECK tenon_status tenon_func_call(tenon_func *func, const tenon_val *args, size_t arg_count,
                                                        tenon_val *results, size_t result_count, tenon_error *err);

/* ---- functions close to the guest ------------------------------------------------------------------------- */

/* A value as the guest has it: 8 bytes; a v128 takes two of them. */
typedef union tenon_slot {
    int32_t i32;
    uint32_t u32;
    int64_t i64;
    uint64_t u64;
    float f32;
    double f64;
    tenon_ref ref;
} tenon_slot;

/* Runs func as tenon_func_call does, for hosts that know its type: arguments lie in slots from 0 on, and results go
 * there; slots has room for the larger of both. Nothing is checked, and an i32 is taken from the lower half of its
 * slot. */
TENON_API TENON_MUST_CHECK tenon_status tenon_func_call_packed(tenon_func *func, tenon_slot *slots, tenon_error *err);

/* The packed entry of a host function: arguments lie in slots from 0 on, and results go there. Returns as a
 * tenon_callback does. */
typedef tenon_status (*tenon_packed)(tenon_caller *caller, tenon_slot *slots);

/* A host function without its context. typed, which may be NULL, is a C function with the same meaning that takes
 * (tenon_caller *, each argument) and returns the only result, if there is one; compiled guests call it directly, and
 * it reports failure by tenon_caller_fail. The two macros below make all of this from the typed function. */
typedef struct tenon_entry {
    tenon_packed packed;
    void (*typed)(void);
    size_t param_count, result_count;
    const tenon_type *params, *results;
} tenon_entry;

/* TENON_ENTRY(name, function, (i32, i64), f64) defines `static const tenon_entry name` for
 * `double function(tenon_caller *, int32_t or uint32_t, int64_t or uint64_t)`. Types are i32, i64, f32, f64; at most 9
 * parameters, at least one. TENON_ENTRY_VOID(name, function, (i32)) is for a function that returns nothing. */
#define TENON_ENTRY(name, function, parameters, result)                                                             \
    static tenon_status name##_packed(tenon_caller *caller, tenon_slot *slots)                                      \
    {                                                                                                               \
        slots[0].result = function(caller TENON_EACH_(TENON_SLOT_, parameters));                                    \
        return tenon_caller_status(caller);                                                                         \
    }                                                                                                               \
    static const tenon_type name##_types[] = { TENON_TYPE_##result TENON_EACH_(TENON_NEXT_TYPE_, parameters) };     \
    static const tenon_entry name = {                                                                               \
        name##_packed, (void (*)(void))function, sizeof name##_types / sizeof(tenon_type) - 1, 1, name##_types + 1, \
        name##_types                                                                                                \
    }
#define TENON_ENTRY_VOID(name, function, parameters)                                                       \
    static tenon_status name##_packed(tenon_caller *caller, tenon_slot *slots)                             \
    {                                                                                                      \
        function(caller TENON_EACH_(TENON_SLOT_, parameters));                                             \
        return tenon_caller_status(caller);                                                                \
    }                                                                                                      \
    static const tenon_type name##_types[] = { TENON_TYPE_i32 TENON_EACH_(TENON_NEXT_TYPE_, parameters) }; \
    static const tenon_entry name = { name##_packed,                                                       \
                                      (void (*)(void))function,                                            \
                                      sizeof name##_types / sizeof(tenon_type) - 1,                        \
                                      0,                                                                   \
                                      name##_types + 1,                                                    \
                                      NULL }
#include "tenon/each.h"

/* A function with both entries. */
TENON_API TENON_MUST_CHECK tenon_status tenon_func_new_entry(tenon_store *store, const tenon_entry *entry,
                                                             void *context, tenon_func **out);

/* What a host function learns of its call. The handle is valid until the function returns. */

/* The instance that called; NULL when the host called the function itself. */
TENON_API tenon_instance *tenon_caller_instance(tenon_caller *caller);
TENON_API tenon_store *tenon_caller_store(tenon_caller *caller);
TENON_API tenon_tenant *tenon_caller_tenant(tenon_caller *caller);
/* The context that the function was made with. */
TENON_API void *tenon_caller_context(tenon_caller *caller);
/* The calling instance's exported memory named "memory", else its memory 0, else NULL. */
TENON_API tenon_memory *tenon_caller_memory(tenon_caller *caller);
/* Ends the guest with this status when the function returns: what a typed entry does instead of returning it. */
TENON_API void tenon_caller_fail(tenon_caller *caller, tenon_status status);
/* TENON_OK, or what tenon_caller_fail was given. */
TENON_API tenon_status tenon_caller_status(const tenon_caller *caller);
/* Whether somebody wants the guest to stop. A host function that waits is woken (system calls end with EINTR), asks
 * this, and returns anything: the guest stops when it returns. */
TENON_API bool tenon_caller_interrupted(const tenon_caller *caller);

/* A host function that cannot answer yet suspends its guest: tenon/scheduler.h. */

/* ---- stopping a guest -------------------------------------------------------------------------------------------- */

/* Ends the guest that runs in the store, at whatever instruction, with TENON_TRAP_INTERRUPTED; one that does not run
 * now is ended when it is next called. May be called from any thread and from a signal handler. It signals the guest's
 * thread (SIGURG), needs an engine with TENON_BOUNDS_GUARDED, and host functions that wait must ask
 * tenon_caller_interrupted. The store must not be deleted meanwhile. */
TENON_API void tenon_store_interrupt(tenon_store *store);
/* Interrupts each call from the host into the store that lasts longer; nanoseconds, 0: no limit. Time spent in host
 * functions counts. TENON_LIMIT when the system has no timer left. */
TENON_API TENON_MUST_CHECK tenon_status tenon_store_set_timeout(tenon_store *store, uint64_t nanoseconds);

/* Fuel, on a metered engine: guests burn 1 for each instruction that they begin, structure (block, loop, end, else,
 * nop) excepted. The count is the same in every tier, also at a trap, since straight pieces of code are charged as a
 * whole when they are entered. A store begins without any. A guest that needs more than there is asks `more`, which
 * returns how much to add: it goes on as if nothing had been; with 0, or without `more`, it ends with TENON_TRAP_FUEL,
 * unless it is a task, which waits for tenon_task_add_fuel. */
TENON_API TENON_MUST_CHECK tenon_status tenon_store_set_fuel(tenon_store *store, uint64_t fuel);
TENON_API uint64_t tenon_store_fuel(const tenon_store *store);
TENON_API void tenon_store_on_empty(tenon_store *store, uint64_t (*more)(void *context, tenon_store *store),
                                    void *context);

/* ---- resources --------------------------------------------------------------------------------------------------- */

/* Things of the host that a guest holds by number. Each store has one table; a handle is valid for the type it was made
 * with only, and numbers are used again only after others. */
typedef struct tenon_resource_type {
    const char *name;
    void (*drop)(void *thing); /* NULL: nothing to do; called by tenon_resource_drop and when the store goes */
} tenon_resource_type;
/* Puts thing into the table, charged to the tenant. The handle is never 0. */
TENON_API TENON_MUST_CHECK tenon_status tenon_resource_new(tenon_store *store, const tenon_resource_type *type,
                                                           void *thing, uint32_t *handle);
/* The thing, or NULL when the handle is not one of this type. */
TENON_API void *tenon_resource_get(const tenon_store *store, const tenon_resource_type *type, uint32_t handle);
/* Takes it out and drops it; TENON_USAGE when the handle is not one of this type. */
TENON_API TENON_MUST_CHECK tenon_status tenon_resource_drop(tenon_store *store, const tenon_resource_type *type,
                                                            uint32_t handle);

/* ---- traces ------------------------------------------------------------------------------------------------------ */

/* One frame of the newest trap, innermost first; false past the end. Valid until the store's next call. */
typedef struct tenon_frame {
    tenon_instance *instance; /* NULL when it is not known: of compiled code whose module has several instances */
    tenon_name module;        /* from the name section; empty when it has none */
    tenon_name name;          /* of the function, likewise */
    uint32_t function;        /* index in the module */
    uint64_t offset;          /* byte offset in the module */
    uint64_t body;            /* where the function's body begins there */
    tenon_name file;          /* source file from DWARF; empty when the module does not say */
    uint32_t line;            /* its line, from 1; 0 likewise */
} tenon_frame;
TENON_API bool tenon_store_frame(const tenon_store *store, size_t index, tenon_frame *out);

/* ---- memories, tables, globals, tags --------------------------------------------------------------------------- */

/* Page counts; max UINT64_MAX: none. On an engine with TENON_BOUNDS_CHECKED every memory is checked, whatever bounds
 * says; so are those that are indexed by i64 or have other pages than 64 KiB. */
typedef struct tenon_memory_type {
    uint64_t min, max;
    tenon_bounds bounds;
    bool shared;       /* needs a maximum */
    bool address64;    /* indexed by i64 */
    uint8_t page_log2; /* a page has 2^page_log2 bytes: 16 or 0 */
} tenon_memory_type;
TENON_API TENON_MUST_CHECK tenon_status tenon_memory_new_of(tenon_store *store, const tenon_memory_type *type,
                                                            tenon_memory **out);
/* The same with pages of 64 KiB and an index of i32. */
TENON_API TENON_MUST_CHECK tenon_status tenon_memory_new(tenon_store *store, uint64_t min_pages, uint64_t max_pages,
                                                         tenon_bounds bounds, bool shared, tenon_memory **out);
/* Bytes of the memory now; the pointer is valid until the memory grows. */
TENON_API uint8_t *tenon_memory_data(tenon_memory *memory, uint64_t *size);
/* The one way to follow a guest's pointer: count items of item_size bytes from address on. False, and *out untouched,
 * when memory is NULL or any of it lies outside; *out is valid until the memory grows. Alignment is not checked. */
TENON_API TENON_MUST_CHECK bool tenon_memory_range(tenon_memory *memory, uint64_t address, uint64_t count,
                                                   uint64_t item_size, void **out);
/* Copies size bytes out of, or into, the memory; false, and nothing copied, when any of them lies outside. */
TENON_API TENON_MUST_CHECK bool tenon_memory_read(tenon_memory *memory, uint64_t address, void *out, size_t size);
TENON_API TENON_MUST_CHECK bool tenon_memory_write(tenon_memory *memory, uint64_t address, const void *bytes,
                                                   size_t size);
/* Adds pages; TENON_LIMIT when maximum, tenant or host forbid. */
TENON_API TENON_MUST_CHECK tenon_status tenon_memory_grow(tenon_memory *memory, uint64_t pages);

/* A table of funcref or externref, address64: indexed by i64. */
TENON_API TENON_MUST_CHECK tenon_status tenon_table_new(tenon_store *store, tenon_type type, uint64_t min, uint64_t max,
                                                        bool address64, tenon_table **out);
TENON_API uint64_t tenon_table_size(const tenon_table *table);
TENON_API TENON_MUST_CHECK tenon_status tenon_table_get(const tenon_table *table, uint64_t index, tenon_ref *out);
/* A reference as tenon_table_get gives it: a tenon_func of the same store in a table of functions. TENON_USAGE beyond
 * the end, and when the reference is not of the table's type. */
TENON_API TENON_MUST_CHECK tenon_status tenon_table_set(tenon_table *table, uint64_t index, tenon_ref ref);
/* Adds count elements; TENON_LIMIT when maximum, tenant or host forbid, TENON_USAGE as above. */
TENON_API TENON_MUST_CHECK tenon_status tenon_table_grow(tenon_table *table, uint64_t count, tenon_ref init);

TENON_API TENON_MUST_CHECK tenon_status tenon_global_new(tenon_store *store, const tenon_val *value, bool is_mutable,
                                                         tenon_global **out);
TENON_API tenon_val tenon_global_get(const tenon_global *global);
/* TENON_USAGE when the global is immutable or the type differs. */
TENON_API TENON_MUST_CHECK tenon_status tenon_global_set(tenon_global *global, const tenon_val *value);

/* A tag for exceptions with count values; types are copied. It stays as long as the store. */
TENON_API TENON_MUST_CHECK tenon_status tenon_tag_new(tenon_store *store, const tenon_type *types, size_t count,
                                                      tenon_tag **out);
/* In a host function: throws an exception into the guest that called. Returns TENON_EXCEPTION, which the function
 * returns in turn (a typed one by tenon_caller_fail); TENON_USAGE when the values are not of the tag's types. */
TENON_API TENON_MUST_CHECK tenon_status tenon_caller_throw(tenon_caller *caller, tenon_tag *tag,
                                                           const tenon_val *values, size_t count);
/* What a call that has returned TENON_EXCEPTION has not caught, until the store's next call: its tag, and its first
 * `room` values. NULL: nothing. A host function that returns TENON_EXCEPTION lets it go on to its own caller. */
TENON_API tenon_tag *tenon_store_exception(const tenon_store *store, tenon_val *values, size_t room);

TENON_END_C
#endif
