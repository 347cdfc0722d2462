/* SPDX-License-Identifier: MIT
 * wasm.h -- the standard C interface of WebAssembly, source- and binary-compatible with programs written for it.
 *
 * Everything is made by a *_new function and given back by the *_delete of its name; `own` marks what changes hands. A
 * reference (func, global, table, memory, extern, foreign, instance, module, trap) keeps alive what it refers to,
 * whatever became of the others; it belongs to the store it was made in and must be deleted before the store is. A
 * store and all that is in it is used by one thread at a time; engines are shared by threads, modules through
 * wasm_module_share.
 *
 * What the standard leaves open: a call with too few or too many arguments, with arguments of wrong types, or with room
 * for fewer results than there are, gives a trap that says so. NULL comes back when memory is out. More than this
 * interface has (vectors, 64-bit memories, tags, budgets, interrupts) is in tenon.h.
 */
#ifndef WASM_H
#define WASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef WASM_API_EXTERN
#if defined(__GNUC__)
#define WASM_API_EXTERN __attribute__((visibility("default")))
#else
#define WASM_API_EXTERN
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

#ifndef own
#define own
#define WASM_OWN_DEFINED_
#endif

/* ---- bytes and vectors ----------------------------------------------------------------------------------------- */

typedef char byte_t;
typedef float float32_t;
typedef double float64_t;

typedef byte_t wasm_byte_t;

#define WASM_DECLARE_OWN(name)                      \
    typedef struct wasm_##name##_t wasm_##name##_t; \
    WASM_API_EXTERN void wasm_##name##_delete(own wasm_##name##_t *);

/* A vector owns its elements: deleting it deletes them, copying copies them. new takes the elements over from the
 * array; the array itself stays the caller's. */
#define WASM_DECLARE_VEC(name, ptr_or_none)                                                                 \
    typedef struct wasm_##name##_vec_t {                                                                    \
        size_t size;                                                                                        \
        wasm_##name##_t ptr_or_none *data;                                                                  \
    } wasm_##name##_vec_t;                                                                                  \
    WASM_API_EXTERN void wasm_##name##_vec_new_empty(own wasm_##name##_vec_t *out);                         \
    WASM_API_EXTERN void wasm_##name##_vec_new_uninitialized(own wasm_##name##_vec_t *out, size_t);         \
    WASM_API_EXTERN void wasm_##name##_vec_new(own wasm_##name##_vec_t *out, size_t,                        \
                                               own wasm_##name##_t ptr_or_none const[]);                    \
    WASM_API_EXTERN void wasm_##name##_vec_copy(own wasm_##name##_vec_t *out, const wasm_##name##_vec_t *); \
    WASM_API_EXTERN void wasm_##name##_vec_delete(own wasm_##name##_vec_t *);

WASM_DECLARE_VEC(byte, )

/* UTF-8, without an end mark unless said otherwise. */
typedef wasm_byte_vec_t wasm_name_t;

#define wasm_name                       wasm_byte_vec
#define wasm_name_new                   wasm_byte_vec_new
#define wasm_name_new_empty             wasm_byte_vec_new_empty
#define wasm_name_new_new_uninitialized wasm_byte_vec_new_uninitialized
#define wasm_name_new_uninitialized     wasm_byte_vec_new_uninitialized
#define wasm_name_copy                  wasm_byte_vec_copy
#define wasm_name_delete                wasm_byte_vec_delete

static inline void wasm_name_new_from_string(own wasm_name_t *out, const char *s)
{
    wasm_name_new(out, strlen(s), s);
}

/* With the terminating NUL. */
static inline void wasm_name_new_from_string_nt(own wasm_name_t *out, const char *s)
{
    wasm_name_new(out, strlen(s) + 1, s);
}

/* ---- configuration, engine, store ------------------------------------------------------------------------------- */

/* A configuration is taken by the engine that is made with it. tenon/wasm_config.h is not needed: there is nothing to
 * set here; an engine with other settings comes from tenon.h. */
WASM_DECLARE_OWN(config)
WASM_API_EXTERN own wasm_config_t *wasm_config_new(void);

/* Stores keep their engine, so it may be deleted before them. */
WASM_DECLARE_OWN(engine)
WASM_API_EXTERN own wasm_engine_t *wasm_engine_new(void);
WASM_API_EXTERN own wasm_engine_t *wasm_engine_new_with_config(own wasm_config_t *);

WASM_DECLARE_OWN(store)
WASM_API_EXTERN own wasm_store_t *wasm_store_new(wasm_engine_t *);

/* ---- types ------------------------------------------------------------------------------------------------------- */

typedef uint8_t wasm_mutability_t;
enum wasm_mutability_enum {
    WASM_CONST,
    WASM_VAR,
};

typedef struct wasm_limits_t {
    uint32_t min;
    uint32_t max;
} wasm_limits_t;

static const uint32_t wasm_limits_max_default = 0xffffffff;

#define WASM_DECLARE_TYPE(name) \
    WASM_DECLARE_OWN(name)      \
    WASM_DECLARE_VEC(name, *)   \
    WASM_API_EXTERN own wasm_##name##_t *wasm_##name##_copy(const wasm_##name##_t *);

WASM_DECLARE_TYPE(valtype)

typedef uint8_t wasm_valkind_t;
enum wasm_valkind_enum {
    WASM_I32,
    WASM_I64,
    WASM_F32,
    WASM_F64,
    WASM_EXTERNREF = 128,
    WASM_FUNCREF,
};

/* NULL for a kind that is none. */
WASM_API_EXTERN own wasm_valtype_t *wasm_valtype_new(wasm_valkind_t);
WASM_API_EXTERN wasm_valkind_t wasm_valtype_kind(const wasm_valtype_t *);

static inline bool wasm_valkind_is_num(wasm_valkind_t k)
{
    return k < WASM_EXTERNREF;
}
static inline bool wasm_valkind_is_ref(wasm_valkind_t k)
{
    return k >= WASM_EXTERNREF;
}
static inline bool wasm_valtype_is_num(const wasm_valtype_t *t)
{
    return wasm_valkind_is_num(wasm_valtype_kind(t));
}
static inline bool wasm_valtype_is_ref(const wasm_valtype_t *t)
{
    return wasm_valkind_is_ref(wasm_valtype_kind(t));
}

WASM_DECLARE_TYPE(functype)
WASM_API_EXTERN own wasm_functype_t *wasm_functype_new(own wasm_valtype_vec_t *params, own wasm_valtype_vec_t *results);
WASM_API_EXTERN const wasm_valtype_vec_t *wasm_functype_params(const wasm_functype_t *);
WASM_API_EXTERN const wasm_valtype_vec_t *wasm_functype_results(const wasm_functype_t *);

WASM_DECLARE_TYPE(globaltype)
WASM_API_EXTERN own wasm_globaltype_t *wasm_globaltype_new(own wasm_valtype_t *, wasm_mutability_t);
WASM_API_EXTERN const wasm_valtype_t *wasm_globaltype_content(const wasm_globaltype_t *);
WASM_API_EXTERN wasm_mutability_t wasm_globaltype_mutability(const wasm_globaltype_t *);

WASM_DECLARE_TYPE(tabletype)
WASM_API_EXTERN own wasm_tabletype_t *wasm_tabletype_new(own wasm_valtype_t *, const wasm_limits_t *);
WASM_API_EXTERN const wasm_valtype_t *wasm_tabletype_element(const wasm_tabletype_t *);
WASM_API_EXTERN const wasm_limits_t *wasm_tabletype_limits(const wasm_tabletype_t *);

/* Limits are in pages. */
WASM_DECLARE_TYPE(memorytype)
WASM_API_EXTERN own wasm_memorytype_t *wasm_memorytype_new(const wasm_limits_t *);
WASM_API_EXTERN const wasm_limits_t *wasm_memorytype_limits(const wasm_memorytype_t *);

WASM_DECLARE_TYPE(externtype)

typedef uint8_t wasm_externkind_t;
enum wasm_externkind_enum {
    WASM_EXTERN_FUNC,
    WASM_EXTERN_GLOBAL,
    WASM_EXTERN_TABLE,
    WASM_EXTERN_MEMORY,
};

WASM_API_EXTERN wasm_externkind_t wasm_externtype_kind(const wasm_externtype_t *);

/* The same object as another type; from an externtype NULL when it is something else. */
#define WASM_DECLARE_EXTERNTYPE_(name)                                                                   \
    WASM_API_EXTERN wasm_externtype_t *wasm_##name##_as_externtype(wasm_##name##_t *);                   \
    WASM_API_EXTERN wasm_##name##_t *wasm_externtype_as_##name(wasm_externtype_t *);                     \
    WASM_API_EXTERN const wasm_externtype_t *wasm_##name##_as_externtype_const(const wasm_##name##_t *); \
    WASM_API_EXTERN const wasm_##name##_t *wasm_externtype_as_##name##_const(const wasm_externtype_t *);

WASM_DECLARE_EXTERNTYPE_(functype)
WASM_DECLARE_EXTERNTYPE_(globaltype)
WASM_DECLARE_EXTERNTYPE_(tabletype)
WASM_DECLARE_EXTERNTYPE_(memorytype)

WASM_DECLARE_TYPE(importtype)
WASM_API_EXTERN own wasm_importtype_t *wasm_importtype_new(own wasm_name_t *module, own wasm_name_t *name,
                                                           own wasm_externtype_t *);
WASM_API_EXTERN const wasm_name_t *wasm_importtype_module(const wasm_importtype_t *);
WASM_API_EXTERN const wasm_name_t *wasm_importtype_name(const wasm_importtype_t *);
WASM_API_EXTERN const wasm_externtype_t *wasm_importtype_type(const wasm_importtype_t *);

WASM_DECLARE_TYPE(exporttype)
WASM_API_EXTERN own wasm_exporttype_t *wasm_exporttype_new(own wasm_name_t *, own wasm_externtype_t *);
WASM_API_EXTERN const wasm_name_t *wasm_exporttype_name(const wasm_exporttype_t *);
WASM_API_EXTERN const wasm_externtype_t *wasm_exporttype_type(const wasm_exporttype_t *);

/* ---- values ------------------------------------------------------------------------------------------------------ */

struct wasm_ref_t;

typedef struct wasm_val_t {
    wasm_valkind_t kind;
    union {
        int32_t i32;
        int64_t i64;
        float32_t f32;
        float64_t f64;
        struct wasm_ref_t *ref;
    } of;
} wasm_val_t;

/* Of what the value refers to; the place itself stays the caller's. */
WASM_API_EXTERN void wasm_val_delete(own wasm_val_t *v);
WASM_API_EXTERN void wasm_val_copy(own wasm_val_t *out, const wasm_val_t *);

WASM_DECLARE_VEC(val, )

/* ---- references -------------------------------------------------------------------------------------------------- */

/* same: whether two refer to one object. Host info belongs to the object; a finalizer runs once, when nothing refers to
 * the object any more, at some time before wasm_store_delete returns, or when other info is set. */
#define WASM_DECLARE_REF_BASE(name)                                                            \
    WASM_DECLARE_OWN(name)                                                                     \
    WASM_API_EXTERN own wasm_##name##_t *wasm_##name##_copy(const wasm_##name##_t *);          \
    WASM_API_EXTERN bool wasm_##name##_same(const wasm_##name##_t *, const wasm_##name##_t *); \
    WASM_API_EXTERN void *wasm_##name##_get_host_info(const wasm_##name##_t *);                \
    WASM_API_EXTERN void wasm_##name##_set_host_info(wasm_##name##_t *, void *);               \
    WASM_API_EXTERN void wasm_##name##_set_host_info_with_finalizer(wasm_##name##_t *, void *, void (*)(void *));

#define WASM_DECLARE_REF(name)                                                             \
    WASM_DECLARE_REF_BASE(name)                                                            \
    WASM_API_EXTERN wasm_ref_t *wasm_##name##_as_ref(wasm_##name##_t *);                   \
    WASM_API_EXTERN wasm_##name##_t *wasm_ref_as_##name(wasm_ref_t *);                     \
    WASM_API_EXTERN const wasm_ref_t *wasm_##name##_as_ref_const(const wasm_##name##_t *); \
    WASM_API_EXTERN const wasm_##name##_t *wasm_ref_as_##name##_const(const wasm_ref_t *);

#define WASM_DECLARE_SHARABLE_REF(name)                                                       \
    WASM_DECLARE_REF(name)                                                                    \
    WASM_DECLARE_OWN(shared_##name)                                                           \
    WASM_API_EXTERN own wasm_shared_##name##_t *wasm_##name##_share(const wasm_##name##_t *); \
    WASM_API_EXTERN own wasm_##name##_t *wasm_##name##_obtain(wasm_store_t *, const wasm_shared_##name##_t *);

WASM_DECLARE_REF_BASE(ref)

/* ---- frames and traps ----------------------------------------------------------------------------------------------
 */

WASM_DECLARE_OWN(frame)
WASM_DECLARE_VEC(frame, *)
WASM_API_EXTERN own wasm_frame_t *wasm_frame_copy(const wasm_frame_t *);

/* The instance that the function belongs to; it stays the frame's. */
WASM_API_EXTERN struct wasm_instance_t *wasm_frame_instance(const wasm_frame_t *);
WASM_API_EXTERN uint32_t wasm_frame_func_index(const wasm_frame_t *);
/* Bytes from the start of the function's body, and from the start of the module. */
WASM_API_EXTERN size_t wasm_frame_func_offset(const wasm_frame_t *);
WASM_API_EXTERN size_t wasm_frame_module_offset(const wasm_frame_t *);

/* Ends with NUL. */
typedef wasm_name_t wasm_message_t;

WASM_DECLARE_REF(trap)
WASM_API_EXTERN own wasm_trap_t *wasm_trap_new(wasm_store_t *store, const wasm_message_t *);
WASM_API_EXTERN void wasm_trap_message(const wasm_trap_t *, own wasm_message_t *out);
/* NULL when no guest was running. */
WASM_API_EXTERN own wasm_frame_t *wasm_trap_origin(const wasm_trap_t *);
/* The innermost first. */
WASM_API_EXTERN void wasm_trap_trace(const wasm_trap_t *, own wasm_frame_vec_t *out);

/* ---- foreign objects, modules ---------------------------------------------------------------------------------------
 */

/* An object of the host's: an externref. */
WASM_DECLARE_REF(foreign)
WASM_API_EXTERN own wasm_foreign_t *wasm_foreign_new(wasm_store_t *);

WASM_DECLARE_SHARABLE_REF(module)
/* NULL when the bytes are no valid module. */
WASM_API_EXTERN own wasm_module_t *wasm_module_new(wasm_store_t *, const wasm_byte_vec_t *binary);
WASM_API_EXTERN bool wasm_module_validate(wasm_store_t *, const wasm_byte_vec_t *binary);
WASM_API_EXTERN void wasm_module_imports(const wasm_module_t *, own wasm_importtype_vec_t *out);
WASM_API_EXTERN void wasm_module_exports(const wasm_module_t *, own wasm_exporttype_vec_t *out);
/* What deserialize takes is checked like any module: it need not be trusted. */
WASM_API_EXTERN void wasm_module_serialize(const wasm_module_t *, own wasm_byte_vec_t *out);
WASM_API_EXTERN own wasm_module_t *wasm_module_deserialize(wasm_store_t *, const wasm_byte_vec_t *);

/* ---- functions, globals, tables, memories ---------------------------------------------------------------------------
 */

WASM_DECLARE_REF(func)

/* Arguments stay the caller's; results are given to it, and so is the trap, if there is one. */
typedef own wasm_trap_t *(*wasm_func_callback_t)(const wasm_val_vec_t *args, own wasm_val_vec_t *results);
typedef own wasm_trap_t *(*wasm_func_callback_with_env_t)(void *env, const wasm_val_vec_t *args,
                                                          wasm_val_vec_t *results);

WASM_API_EXTERN own wasm_func_t *wasm_func_new(wasm_store_t *, const wasm_functype_t *, wasm_func_callback_t);
WASM_API_EXTERN own wasm_func_t *wasm_func_new_with_env(wasm_store_t *, const wasm_functype_t *type,
                                                        wasm_func_callback_with_env_t, void *env,
                                                        void (*finalizer)(void *));
WASM_API_EXTERN own wasm_functype_t *wasm_func_type(const wasm_func_t *);
WASM_API_EXTERN size_t wasm_func_param_arity(const wasm_func_t *);
WASM_API_EXTERN size_t wasm_func_result_arity(const wasm_func_t *);
/* NULL when it returned; results has room for all results. */
WASM_API_EXTERN own wasm_trap_t *wasm_func_call(const wasm_func_t *, const wasm_val_vec_t *args,
                                                wasm_val_vec_t *results);

WASM_DECLARE_REF(global)
/* NULL when the value is not of the type. */
WASM_API_EXTERN own wasm_global_t *wasm_global_new(wasm_store_t *, const wasm_globaltype_t *, const wasm_val_t *);
WASM_API_EXTERN own wasm_globaltype_t *wasm_global_type(const wasm_global_t *);
WASM_API_EXTERN void wasm_global_get(const wasm_global_t *, own wasm_val_t *out);
/* Does nothing when the global is immutable or the value is not of its type. */
WASM_API_EXTERN void wasm_global_set(wasm_global_t *, const wasm_val_t *);

WASM_DECLARE_REF(table)

typedef uint32_t wasm_table_size_t;

WASM_API_EXTERN own wasm_table_t *wasm_table_new(wasm_store_t *, const wasm_tabletype_t *, wasm_ref_t *init);
WASM_API_EXTERN own wasm_tabletype_t *wasm_table_type(const wasm_table_t *);
/* NULL for null, and beyond the end. */
WASM_API_EXTERN own wasm_ref_t *wasm_table_get(const wasm_table_t *, wasm_table_size_t index);
/* False beyond the end, and when the reference is not of the table's type. */
WASM_API_EXTERN bool wasm_table_set(wasm_table_t *, wasm_table_size_t index, wasm_ref_t *);
WASM_API_EXTERN wasm_table_size_t wasm_table_size(const wasm_table_t *);
WASM_API_EXTERN bool wasm_table_grow(wasm_table_t *, wasm_table_size_t delta, wasm_ref_t *init);

WASM_DECLARE_REF(memory)

typedef uint32_t wasm_memory_pages_t;

static const size_t MEMORY_PAGE_SIZE = 0x10000;

WASM_API_EXTERN own wasm_memory_t *wasm_memory_new(wasm_store_t *, const wasm_memorytype_t *);
WASM_API_EXTERN own wasm_memorytype_t *wasm_memory_type(const wasm_memory_t *);
/* Valid until the memory grows. */
WASM_API_EXTERN byte_t *wasm_memory_data(wasm_memory_t *);
WASM_API_EXTERN size_t wasm_memory_data_size(const wasm_memory_t *);
WASM_API_EXTERN wasm_memory_pages_t wasm_memory_size(const wasm_memory_t *);
WASM_API_EXTERN bool wasm_memory_grow(wasm_memory_t *, wasm_memory_pages_t delta);

/* ---- externals and instances ----------------------------------------------------------------------------------------
 */

WASM_DECLARE_REF(extern)
WASM_DECLARE_VEC(extern, *)
WASM_API_EXTERN wasm_externkind_t wasm_extern_kind(const wasm_extern_t *);
WASM_API_EXTERN own wasm_externtype_t *wasm_extern_type(const wasm_extern_t *);

/* The same object as another type; from an extern NULL when it is something else. */
#define WASM_DECLARE_EXTERN_(name)                                                               \
    WASM_API_EXTERN wasm_extern_t *wasm_##name##_as_extern(wasm_##name##_t *);                   \
    WASM_API_EXTERN wasm_##name##_t *wasm_extern_as_##name(wasm_extern_t *);                     \
    WASM_API_EXTERN const wasm_extern_t *wasm_##name##_as_extern_const(const wasm_##name##_t *); \
    WASM_API_EXTERN const wasm_##name##_t *wasm_extern_as_##name##_const(const wasm_extern_t *);

WASM_DECLARE_EXTERN_(func)
WASM_DECLARE_EXTERN_(global)
WASM_DECLARE_EXTERN_(table)
WASM_DECLARE_EXTERN_(memory)

WASM_DECLARE_REF(instance)
/* Imports are in the module's order. NULL when they do not fit or the start function trapped; then *trap, unless trap
 * is NULL, says why. */
WASM_API_EXTERN own wasm_instance_t *wasm_instance_new(wasm_store_t *, const wasm_module_t *,
                                                       const wasm_extern_vec_t *imports, own wasm_trap_t **trap);
/* In the module's order. */
WASM_API_EXTERN void wasm_instance_exports(const wasm_instance_t *, own wasm_extern_vec_t *out);

/* ---- conveniences
 * ------------------------------------------------------------------------------------------------------ */

#define WASM_EMPTY_VEC        { 0, NULL }
#define WASM_ARRAY_VEC(array) { sizeof(array) / sizeof(*(array)), array }

#define WASM_I32_VAL(i)                       \
    {                                         \
        .kind = WASM_I32, .of = {.i32 = (i) } \
    }
#define WASM_I64_VAL(i)                       \
    {                                         \
        .kind = WASM_I64, .of = {.i64 = (i) } \
    }
#define WASM_F32_VAL(z)                       \
    {                                         \
        .kind = WASM_F32, .of = {.f32 = (z) } \
    }
#define WASM_F64_VAL(z)                       \
    {                                         \
        .kind = WASM_F64, .of = {.f64 = (z) } \
    }
#define WASM_REF_VAL(r)                             \
    {                                               \
        .kind = WASM_EXTERNREF, .of = {.ref = (r) } \
    }
#define WASM_INIT_VAL                                \
    {                                                \
        .kind = WASM_EXTERNREF, .of = {.ref = NULL } \
    }

#define WASM_KINDS_(X) X(i32, I32) X(i64, I64) X(f32, F32) X(f64, F64) X(externref, EXTERNREF) X(funcref, FUNCREF)
#define WASM_NEW_VALTYPE_(name, kind)                               \
    static inline own wasm_valtype_t *wasm_valtype_new_##name(void) \
    {                                                               \
        return wasm_valtype_new(WASM_##kind);                       \
    }
WASM_KINDS_(WASM_NEW_VALTYPE_)
#undef WASM_NEW_VALTYPE_
#undef WASM_KINDS_

/* wasm_functype_new_P_R: of P parameters and R results. */
#define WASM_TYPES_0_(v)
#define WASM_TYPES_1_(v) own wasm_valtype_t *v##1
#define WASM_TYPES_2_(v) WASM_TYPES_1_(v), own wasm_valtype_t *v##2
#define WASM_TYPES_3_(v) WASM_TYPES_2_(v), own wasm_valtype_t *v##3
#define WASM_LIST_0_(v)
#define WASM_LIST_1_(v)     v##1
#define WASM_LIST_2_(v)     WASM_LIST_1_(v), v##2
#define WASM_LIST_3_(v)     WASM_LIST_2_(v), v##3
#define WASM_VEC_0_(vec, v) wasm_valtype_vec_new_empty(&vec)
#define WASM_VEC_N_(n, vec, v)                               \
    wasm_valtype_t *vec##_list[n] = { WASM_LIST_##n##_(v) }; \
    wasm_valtype_vec_new(&vec, n, vec##_list)
#define WASM_VEC_1_(vec, v) WASM_VEC_N_(1, vec, v)
#define WASM_VEC_2_(vec, v) WASM_VEC_N_(2, vec, v)
#define WASM_VEC_3_(vec, v) WASM_VEC_N_(3, vec, v)
#define WASM_NEW_FUNCTYPE_(p, r, comma, none)                                                                         \
    static inline own wasm_functype_t *wasm_functype_new_##p##_##r(WASM_TYPES_##p##_(in) comma WASM_TYPES_##r##_(out) \
                                                                       none)                                          \
    {                                                                                                                 \
        wasm_valtype_vec_t params, results;                                                                           \
        WASM_VEC_##p##_(params, in);                                                                                  \
        WASM_VEC_##r##_(results, out);                                                                                \
        return wasm_functype_new(&params, &results);                                                                  \
    }
#define WASM_COMMA_ ,
WASM_NEW_FUNCTYPE_(0, 0, , void)
WASM_NEW_FUNCTYPE_(1, 0, , )
WASM_NEW_FUNCTYPE_(2, 0, , )
WASM_NEW_FUNCTYPE_(3, 0, , )
WASM_NEW_FUNCTYPE_(0, 1, , )
WASM_NEW_FUNCTYPE_(1, 1, WASM_COMMA_, )
WASM_NEW_FUNCTYPE_(2, 1, WASM_COMMA_, )
WASM_NEW_FUNCTYPE_(3, 1, WASM_COMMA_, )
WASM_NEW_FUNCTYPE_(0, 2, , )
WASM_NEW_FUNCTYPE_(1, 2, WASM_COMMA_, )
WASM_NEW_FUNCTYPE_(2, 2, WASM_COMMA_, )
WASM_NEW_FUNCTYPE_(3, 2, WASM_COMMA_, )

/* A pointer in a number. */
static inline void wasm_val_init_ptr(own wasm_val_t *out, void *p)
{
    if (UINTPTR_MAX == UINT32_MAX) {
        out->kind = WASM_I32;
        out->of.i32 = (int32_t)(intptr_t)p;
    } else {
        out->kind = WASM_I64;
        out->of.i64 = (int64_t)(intptr_t)p;
    }
}
static inline void *wasm_val_ptr(const wasm_val_t *val)
{
    return UINTPTR_MAX == UINT32_MAX ? (void *)(intptr_t)val->of.i32 : (void *)(intptr_t)val->of.i64;
}

#ifdef WASM_OWN_DEFINED_
#undef own
#undef WASM_OWN_DEFINED_
#endif

#ifdef __cplusplus
}
#endif
#endif
