/* SPDX-License-Identifier: MIT
 * refs.h -- references: their exact types, and what the host has for guests to refer to.
 *
 * tenon.h tells references apart by the hierarchy that they are in. Here are the types inside: which of them are null,
 * and what the others refer to (specification 2.3). Functions, tables, globals and tags can be made with them.
 */
#ifndef TENON_REFS_H
#define TENON_REFS_H

#include "tenon.h"

TENON_BEGIN_C

/* ---- types ---------------------------------------------------------------------------------------------------------
 */

/* X(id, text): what a reference may refer to, unless it is a defined type. */
#define TENON_HEAP_MAP(X)   \
    X(FUNC, "func")         \
    X(NOFUNC, "nofunc")     \
    X(EXTERN, "extern")     \
    X(NOEXTERN, "noextern") \
    X(EXN, "exn")           \
    X(NOEXN, "noexn")       \
    X(ANY, "any")           \
    X(EQ, "eq")             \
    X(I31, "i31")           \
    X(STRUCT, "struct")     \
    X(ARRAY, "array")       \
    X(NONE, "none")

typedef enum tenon_heap {
#define X(id, text) TENON_HEAP_##id,
    TENON_HEAP_MAP(X)
#undef X
        TENON_HEAP_DEFINED /* a defined type */
} tenon_heap;
TENON_API const char *tenon_heap_text(tenon_heap heap);

/* A defined type: of functions, structures or arrays. Those of a module are valid as long as that, or an instance of
 * it; equal types of an engine are equal in both words. */
typedef struct tenon_deftype {
    const void *inside[2]; /* the library's */
} tenon_deftype;

/* The type of a value. heap, nullable and defined are of references only; defined when heap is TENON_HEAP_DEFINED. */
typedef struct tenon_valtype {
    tenon_type type;
    bool nullable;
    tenon_heap heap;
    tenon_deftype defined;
} tenon_valtype;

/* A number's or vector's type, or all of a hierarchy with null. */
TENON_API tenon_valtype tenon_valtype_of(tenon_type type);
/* Whether values of sub are values of super (specification 3.3). Types that make no sense match nothing. */
TENON_API bool tenon_valtype_matches(const tenon_engine *engine, const tenon_valtype *sub, const tenon_valtype *super);

typedef enum tenon_defkind { TENON_DEF_FUNC, TENON_DEF_STRUCT, TENON_DEF_ARRAY } tenon_defkind;
TENON_API tenon_defkind tenon_deftype_kind(const tenon_deftype *type);
/* Of function types; 0 for others. */
TENON_API size_t tenon_deftype_param_count(const tenon_deftype *type);
TENON_API size_t tenon_deftype_result_count(const tenon_deftype *type);
/* index must be below the count. */
TENON_API tenon_valtype tenon_deftype_param(const tenon_deftype *type, size_t index);
TENON_API tenon_valtype tenon_deftype_result(const tenon_deftype *type, size_t index);
/* A final function type without supertypes, valid as long as the engine. TENON_USAGE: a type makes no sense, or is of
 * another engine. */
TENON_API TENON_MUST_CHECK tenon_status tenon_functype_new(tenon_engine *engine, const tenon_valtype *params,
                                                           size_t param_count, const tenon_valtype *results,
                                                           size_t result_count, tenon_deftype *out);

/* Of a global's value or a table's elements; and of a function or tag. */
TENON_API tenon_valtype tenon_extern_type_value(const tenon_extern_type *type);
TENON_API tenon_deftype tenon_extern_type_defined(const tenon_extern_type *type);

/* ---- things of these types ----------------------------------------------------------------------------------------
 */

/* As tenon_func_new. A result that is a reference and not of its type ends the guest with TENON_USAGE. */
TENON_API TENON_MUST_CHECK tenon_status tenon_func_new_of(tenon_store *store, const tenon_deftype *type,
                                                          tenon_callback callback, void *context, tenon_func **out);
/* Elements; address64: indexed by i64; max UINT64_MAX: none. */
typedef struct tenon_table_type {
    tenon_valtype element;
    uint64_t min, max;
    bool address64;
} tenon_table_type;
/* init NULL: null, which must be of the type. TENON_USAGE for an init that is not of it. */
TENON_API TENON_MUST_CHECK tenon_status tenon_table_new_of(tenon_store *store, const tenon_table_type *type,
                                                           const tenon_val *init, tenon_table **out);
TENON_API TENON_MUST_CHECK tenon_status tenon_global_new_of(tenon_store *store, const tenon_valtype *type,
                                                            const tenon_val *value, bool is_mutable,
                                                            tenon_global **out);
TENON_API TENON_MUST_CHECK tenon_status tenon_tag_new_of(tenon_store *store, const tenon_deftype *type,
                                                         tenon_tag **out);

/* ---- small integers as references ----------------------------------------------------------------------------------
 */

/* A reference of the any hierarchy to the lower 31 bits of value: no memory, no lifetime. */
TENON_API tenon_ref tenon_i31_new(int32_t value);
TENON_API bool tenon_i31_is(tenon_ref ref);
/* The integer with its sign, or without; of an i31 reference only. */
TENON_API int32_t tenon_i31_get_s(tenon_ref ref);
TENON_API uint32_t tenon_i31_get_u(tenon_ref ref);

/* ---- objects of the host's ----------------------------------------------------------------------------------------
 */

/* Makes an external reference to a thing of the host's, with one hold, charged to the tenant. It goes when nobody holds
 * it and no guest of the store could come by it, found out when many have been made since or the host collects; then
 * finalizer, unless NULL, is called with thing, as it is when the store goes. It may not use the store. */
TENON_API TENON_MUST_CHECK tenon_status tenon_externref_new(tenon_store *store, void *thing,
                                                            void (*finalizer)(void *thing), tenon_ref *out);
/* Its thing; false when the reference was not made by tenon_externref_new in this store, or is gone. */
TENON_API TENON_MUST_CHECK bool tenon_externref_get(const tenon_store *store, tenon_ref ref, void **thing);
/* One hold more, and less. One that nobody holds stays at least until the host, or a guest, makes the next object or
 * exception, or the host collects: time enough to return it from a host function. TENON_USAGE as above, or without a
 * hold. */
TENON_API TENON_MUST_CHECK tenon_status tenon_externref_hold(tenon_store *store, tenon_ref ref);
TENON_API TENON_MUST_CHECK tenon_status tenon_externref_release(tenon_store *store, tenon_ref ref);

TENON_END_C
#endif
