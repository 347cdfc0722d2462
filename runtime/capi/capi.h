/* SPDX-License-Identifier: MIT
 * The standard C interface on top of tenon.h. What a program holds is a counted record of an object; copies are the
 * same record, and the record is what a guest sees as an external reference.
 */
#ifndef TN_CAPI_CAPI_H
#define TN_CAPI_CAPI_H

#include "tenon.h"
#include "wasm.h"

typedef enum tn_record_kind {
    TN_RECORD_EXTERN,
    TN_RECORD_INSTANCE,
    TN_RECORD_FOREIGN,
    TN_RECORD_TRAP,
    TN_RECORD_MODULE
} tn_record_kind;

typedef struct tn_trap_data {
    wasm_message_t message;
    wasm_frame_vec_t frames;
    bool has_frames; /* those of the call that it ended */
} tn_trap_data;

/* wasm_ref_t, and all the others. */
typedef struct tn_record {
    tn_record_kind kind;
    wasm_store_t *store; /* NULL: it has gone */
    size_t refs;         /* of the program's */
    struct tn_record *next, *next_dead;
    bool escaped; /* guests have had it as an external reference */
    bool reached; /* by the collection that goes on */
    size_t root;  /* its number there */
    void *info;
    void (*finalizer)(void *info);
    union {
        tenon_extern what;
        tenon_instance *instance;
        tenon_module *module;
        tn_trap_data trap;
    } of;
} tn_record;

/* A function of the program's. */
typedef struct tn_callback {
    wasm_store_t *store;
    wasm_functype_t *type;
    wasm_func_callback_t plain;
    wasm_func_callback_with_env_t with_env; /* NULL: plain */
    void *env;
    void (*finalizer)(void *env);
    struct tn_callback *next; /* of those that have gone */
} tn_callback;

struct wasm_engine_t {
    tenon_engine *engine;
};

struct wasm_store_t {
    tenon_engine *engine; /* for comparing */
    tenon_tenant *tenant;
    tenon_store *store;
    tn_record **buckets; /* records by what they stand for */
    size_t bucket_count, record_count;
    size_t dropped,
        threshold; /* records that the program has dropped since the last collection; how many call for one */
    bool collecting;
    unsigned calls; /* that go on: references are on their way then, and nothing is collected */
    tn_callback *gone;
    wasm_trap_t *pending; /* that a function of the program's has returned */
};

struct wasm_frame_t {
    tn_record *instance; /* or NULL */
    uint32_t function;
    size_t function_offset, module_offset;
};

/* ---- records.c ---- */

/* The record of an object, with one more reference; NULL: out of memory. */
tn_record *tn_record_of_extern(wasm_store_t *store, tenon_extern what);
tn_record *tn_record_of_instance(wasm_store_t *store, tenon_instance *instance);
/* A new one, of what is not in the tenon_store. */
tn_record *tn_record_new(wasm_store_t *store, tn_record_kind kind);
tn_record *tn_record_hold(const tn_record *record);
void tn_record_drop(tn_record *record);

/* ---- types.c ---- */

wasm_externtype_t *tn_externtype_new(const tenon_extern_type *type);
wasm_functype_t *tn_functype_new(const tenon_extern_type *type);
wasm_valkind_t tn_kind_of(tenon_type type);
/* False for kinds that are none. */
bool tn_type_of(wasm_valkind_t kind, tenon_type *out);

/* ---- values.c ---- */

/* False when the value is not of the type, or of another store. */
bool tn_val_take(wasm_store_t *store, tenon_type type, const wasm_val_t *val, tenon_val *out);
/* False when memory is out. */
bool tn_val_give(wasm_store_t *store, const tenon_val *val, wasm_val_t *out);
bool tn_ref_take(wasm_store_t *store, tenon_type type, wasm_ref_t *ref, tenon_ref *out);

/* ---- trap.c ---- */

/* Of a call that has failed: the program's own trap when it is that. */
wasm_trap_t *tn_trap_of_call(wasm_store_t *store, const tenon_error *err);
wasm_trap_t *tn_trap_of_text(wasm_store_t *store, const char *text);
void tn_trap_fini(tn_trap_data *trap);

/* Casts between a record and its public types. */
#define TN_RECORD(ref)    ((tn_record *)(ref))
#define TN_RECORD_OF(ref) ((const tn_record *)(ref))

#endif
