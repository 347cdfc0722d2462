/* SPDX-License-Identifier: MIT
 * Value types in one word, and the registry that makes equal types equal words.
 *
 * Types of functions, structures and arrays are canonical per engine (specification 3.1.1, 4.5: iso-recursive): a
 * recursion group is looked up by structure, so two types are the same exactly when their ids are, in any modules. A
 * module holds references to its groups; an id is not reused while any module holds it.
 */
#ifndef TN_LOADER_TYPES_H
#define TN_LOADER_TYPES_H

#include "base/mem.h"
#include "base/os/os.h"

/* bits 31 reference, 30 nullable, 29 abstract heap type, 28 mutable (fields), 27 relative to its own recursion group;
 * below: number of a plain type, of an abstract heap type, or a canonical id. */
typedef uint32_t tn_valtype;

enum {
    TN_BOT = 0, /* the type of what unreachable code pops */
    TN_I32 = TENON_I32,
    TN_I64 = TENON_I64,
    TN_F32 = TENON_F32,
    TN_F64 = TENON_F64,
    TN_V128 = TENON_V128,
    TN_I8, /* packed, in fields only */
    TN_I16
};

#define TN_REF      (1u << 31)
#define TN_NULLABLE (1u << 30)
#define TN_ABSTRACT (1u << 29)
#define TN_MUTABLE  (1u << 28)
#define TN_RELATIVE (1u << 27)
#define TN_ID_MASK  (TN_RELATIVE - 1)
#define TN_NO_TYPE  TN_ID_MASK

typedef enum tn_heap {
    TN_HEAP_FUNC,
    TN_HEAP_NOFUNC,
    TN_HEAP_EXTERN,
    TN_HEAP_NOEXTERN,
    TN_HEAP_EXN,
    TN_HEAP_NOEXN,
    TN_HEAP_ANY,
    TN_HEAP_EQ,
    TN_HEAP_I31,
    TN_HEAP_STRUCT,
    TN_HEAP_ARRAY,
    TN_HEAP_NONE,
    TN_HEAP_BOT /* below every heap type: what unreachable code pops */
} tn_heap;

#define TN_REF_ABSTRACT(heap)      (TN_REF | TN_ABSTRACT | (tn_valtype)(heap))
#define TN_REF_NULL_ABSTRACT(heap) (TN_REF_ABSTRACT(heap) | TN_NULLABLE)
#define TN_REF_TYPE(id)            (TN_REF | (id))
#define TN_FUNCREF                 TN_REF_NULL_ABSTRACT(TN_HEAP_FUNC)
#define TN_EXTERNREF               TN_REF_NULL_ABSTRACT(TN_HEAP_EXTERN)
#define TN_EXNREF                  TN_REF_NULL_ABSTRACT(TN_HEAP_EXN)

TN_INLINE bool tn_is_ref(tn_valtype t)
{
    return (t & TN_REF) != 0;
}
TN_INLINE bool tn_is_nullable(tn_valtype t)
{
    return (t & TN_NULLABLE) != 0;
}
TN_INLINE bool tn_is_abstract(tn_valtype t)
{
    return (t & TN_ABSTRACT) != 0;
}
/* Has a default value: numbers, vectors, nullable references. */
TN_INLINE bool tn_is_defaultable(tn_valtype t)
{
    return !tn_is_ref(t) || tn_is_nullable(t);
}

typedef enum tn_comp { TN_COMP_FUNC, TN_COMP_STRUCT, TN_COMP_ARRAY } tn_comp;

#define TN_DISPLAY_SIZE      8
#define TN_MAX_SUBTYPE_DEPTH 63

/* A type definition, canonical. Immutable while it lives. */
typedef struct tn_type {
    tn_comp comp;
    bool final;
    uint32_t depth;                     /* number of supertypes */
    uint32_t id, super;                 /* super: TN_NO_TYPE when there is none */
    uint32_t group;                     /* number of the recursion group in the registry */
    uint32_t param_count;               /* of a function; number of fields otherwise */
    uint32_t result_count;              /* of a function */
    uint32_t param_slots, result_slots; /* in units of 8 bytes; a v128 takes two */
    const tn_valtype *types;            /* parameters then results, or fields with TN_MUTABLE */
    uint32_t display[TN_DISPLAY_SIZE];  /* ids of the supertypes from the root; [depth] is the type itself */
} tn_type;

TN_INLINE const tn_valtype *tn_type_params(const tn_type *t)
{
    return t->types;
}
TN_INLINE const tn_valtype *tn_type_results(const tn_type *t)
{
    return t->types + t->param_count;
}
TN_INLINE uint32_t tn_slots_of(tn_valtype t)
{
    return t == TN_V128 ? 2 : 1;
}

/* A definition before it is canonical: references into its own group have TN_RELATIVE and a position. */
typedef struct tn_type_spec {
    tn_comp comp;
    bool final;
    uint32_t super; /* canonical id, or TN_RELATIVE | position, or TN_NO_TYPE */
    uint32_t param_count, result_count;
    tn_valtype *types;
} tn_type_spec;

typedef struct tn_types tn_types;
tn_types *tn_types_new(tn_mem *mem);
void tn_types_delete(tn_types *types);

/* Makes a recursion group canonical and takes a reference to it; *first is the id of its first type, the others follow.
 * The caller has checked that references stay inside what exists. Thread-safe. */
tenon_status tn_types_add(tn_types *types, const tn_type_spec *specs, uint32_t count, uint32_t *first);
/* Gives back one reference to the group that holds type id. */
void tn_types_release(tn_types *types, uint32_t id);
/* Another reference to the group of a live id. A group holds the groups of the types that it mentions. */
void tn_types_hold(tn_types *types, uint32_t id);
/* The same for what a value type refers to, if that is a definition. */
void tn_valtype_hold(tn_types *types, tn_valtype t);
void tn_valtype_release(tn_types *types, tn_valtype t);

#define TN_TYPE_CHUNK_LOG2 10
#define TN_TYPE_CHUNKS     (1u << 17)
struct tn_types {
    tn_mem *mem;
    tn_os_mutex lock;
    tn_type **chunks[TN_TYPE_CHUNKS]; /* never moves, so readers need no lock */
    struct tn_type_group *groups;
    uint32_t group_count, group_capacity, free_group;
    uint32_t *buckets, bucket_count;
    uint32_t next_id;
    struct {
        uint32_t *items;
        size_t count, capacity;
    } free_ids[28]; /* by log2 of the length of the range */
};

/* The definition of a live id. */
TN_INLINE const tn_type *tn_types_get(const tn_types *types, uint32_t id)
{
    return types->chunks[id >> TN_TYPE_CHUNK_LOG2][id & ((1u << TN_TYPE_CHUNK_LOG2) - 1)];
}

/* Subtyping (specification 3.3). */
bool tn_is_subtype_id(const tn_types *types, uint32_t sub, uint32_t super);
bool tn_is_subtype_slow(const tn_types *types, tn_valtype sub, tn_valtype super);
TN_INLINE bool tn_is_subtype(const tn_types *types, tn_valtype sub, tn_valtype super)
{
    return sub == super || sub == TN_BOT || ((sub & super & TN_REF) && tn_is_subtype_slow(types, sub, super));
}
/* The top of the hierarchy that a reference type is in: FUNC, EXTERN, EXN or ANY. */
tn_heap tn_heap_top(const tn_types *types, tn_valtype t);

/* Writes a type as text, such as "(ref null 12)"; returns buf. */
const char *tn_valtype_text(tn_valtype t, char *buf, size_t size);

#endif
