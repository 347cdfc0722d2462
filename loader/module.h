/* SPDX-License-Identifier: MIT
 * A checked module: immutable after tn_module_load, shared by threads and tenants. Everything learnt about the bytes
 * lies beside them in one arena; the bytes are const for ever.
 */
#ifndef TN_LOADER_MODULE_H
#define TN_LOADER_MODULE_H

#include "loader/insn.h"
#include "loader/types.h"

/* X(id, limit): what all engines share, so that a module that loads here loads elsewhere. */
#define TN_LIMIT_MAP(X)         \
    X(TYPES, 1000000)           \
    X(FUNCTIONS, 1000000)       \
    X(IMPORTS, 1000000)         \
    X(EXPORTS, 1000000)         \
    X(GLOBALS, 1000000)         \
    X(TAGS, 1000000)            \
    X(DATA_SEGMENTS, 100000)    \
    X(ELEMENT_SEGMENTS, 100000) \
    X(ELEMENTS, 10000000)       \
    X(TABLES, 100)              \
    X(MEMORIES, 100)            \
    X(LOCALS, 50000)            \
    X(PARAMS, 1000)             \
    X(RESULTS, 1000)            \
    X(FIELDS, 10000)            \
    X(BODY_SIZE, 7654321)       \
    X(TABLE_SIZE, 10000000)
enum {
#define X(id, limit) TN_MAX_##id = limit,
    TN_LIMIT_MAP(X)
#undef X
};

typedef struct tn_limits {
    uint64_t min, max; /* max UINT64_MAX when there is none */
    bool has_max, is64, shared;
    uint8_t page_log2; /* of memories */
} tn_limits;

typedef struct tn_range { /* bytes of the module */
    uint32_t offset, size;
} tn_range;

typedef struct tn_table_type {
    tn_valtype type;
    tn_limits limits;
} tn_table_type;

typedef struct tn_table_def {
    tn_table_type type;
    tn_range init; /* size 0: null */
} tn_table_def;

typedef struct tn_global_type {
    tn_valtype type;
    bool is_mutable;
} tn_global_type;

typedef struct tn_global_def {
    tn_global_type type;
    tn_range init;
} tn_global_def;

typedef struct tn_import {
    tenon_name module, name;
    tenon_kind kind;
    uint32_t index; /* in the index space of its kind, where the type is */
} tn_import;

typedef struct tn_export {
    tenon_name name;
    tenon_kind kind;
    uint32_t index;
} tn_export;

typedef enum tn_segment_mode { TN_SEGMENT_ACTIVE, TN_SEGMENT_PASSIVE, TN_SEGMENT_DECLARED } tn_segment_mode;

typedef struct tn_elem {
    tn_segment_mode mode;
    bool exprs; /* items are constant expressions, otherwise function indices */
    uint32_t table;
    tn_range offset;
    tn_valtype type;
    uint32_t count;
    tn_range items;
} tn_elem;

typedef struct tn_data {
    tn_segment_mode mode;
    uint32_t memory;
    tn_range offset;
    tn_range bytes;
} tn_data;

typedef struct tn_custom {
    tenon_name name;
    tn_range bytes;
} tn_custom;

/* A section as it stands in the file, for tools. */
typedef struct tn_section {
    uint8_t id;
    tn_range bytes;
} tn_section;

/* Who brings bytes of the module when they are first needed, and knows where its bodies are. */
typedef struct tn_source tn_source;
struct tn_source {
    bool (*need)(tn_source *source, uint64_t offset, uint64_t size); /* NULL: all bytes are there */
    const tn_range *bodies;
    uint32_t body_count;
};

typedef struct tn_module {
    tn_mem *mem;
    tn_types *registry;
    tenon_features features;
    tn_arena arena;
    const uint8_t *bytes; /* of bodies and custom sections only what tn_module_need was asked for */
    size_t size;
    tn_source *source; /* or NULL */

    uint32_t *types; /* canonical ids */
    uint32_t type_count;
    uint32_t *groups; /* one id of each recursion group that is held */
    uint32_t group_count;

    tn_import *imports;
    uint32_t import_count;
    /* Index spaces: imported ones first. */
    uint32_t *funcs; /* canonical ids of types */
    uint32_t func_count, imported_funcs;
    tn_table_def *tables;
    uint32_t table_count, imported_tables;
    tn_limits *memories;
    uint32_t memory_count, imported_memories;
    tn_global_def *globals;
    uint32_t global_count, imported_globals;
    uint32_t *tags; /* canonical ids of types */
    uint32_t tag_count, imported_tags;

    tn_export *exports;
    uint32_t export_count;
    uint32_t start; /* function index, or TENON_NO_INDEX */
    tn_elem *elems;
    uint32_t elem_count;
    tn_data *datas;
    uint32_t data_count;
    bool has_data_count;
    tn_range *bodies; /* of the module's own functions */
    uint32_t body_count;
    uint8_t *declared; /* bit per function: may be the operand of ref.func */
    tn_custom *customs;
    uint32_t custom_count;
    tn_section *sections;
    uint32_t section_count;
} tn_module;

/* Decodes and validates, with up to that many threads (0: one per processor). The bytes are borrowed and must outlive
 * the module. On failure nothing is left behind. */
tenon_status tn_module_load(tn_module *module, tn_mem *mem, tn_types *registry, tenon_features features,
                            const uint8_t *bytes, size_t size, size_t threads, tenon_error *err);
/* The same of bytes whose bodies were found valid before, by somebody who is trusted: only the rest is checked. source
 * outlives the module; NULL: all bytes are there. */
tenon_status tn_module_load_checked(tn_module *module, tn_mem *mem, tn_types *registry, tenon_features features,
                                    const uint8_t *bytes, size_t size, tn_source *source, tenon_error *err);
void tn_module_fini(tn_module *module);

/* Makes sure that bytes are there; false when they cannot be had. Everything but bodies and custom sections is there
 * once a module is loaded. */
TN_INLINE bool tn_module_need(const tn_module *module, tn_range range)
{
    tn_source *source = module->source;
    return source == NULL || source->need == NULL || source->need(source, range.offset, range.size);
}

/* A cursor over a range of the module. */
TN_INLINE tn_reader tn_module_reader(const tn_module *module, tn_range range, tenon_error *err)
{
    const uint8_t *p = module->bytes + range.offset;
    return (tn_reader){ .start = module->bytes, .p = p, .end = p + range.size, .err = err };
}
TN_INLINE const tn_type *tn_module_func_type(const tn_module *module, uint32_t func)
{
    return tn_types_get(module->registry, module->funcs[func]);
}
TN_INLINE bool tn_has_feature(const tn_module *module, tenon_feature feature)
{
    return (module->features >> feature & 1) != 0;
}
/* From a type of the module's text to a canonical one; false when the index is unknown. */
TN_INLINE bool tn_module_resolve(const tn_module *module, tn_rawtype raw, tn_valtype *out)
{
    uint32_t index = raw & TN_ID_MASK;
    if (!tn_is_ref(raw) || tn_is_abstract(raw)) {
        *out = raw;
        return true;
    }
    if (index >= module->type_count)
        return false;
    *out = (raw & ~TN_ID_MASK) | module->types[index];
    return true;
}

/* The first custom section of this name; false when there is none. */
bool tn_module_custom(const tn_module *module, const char *name, tn_reader *out);
/* Names from the name section, read when asked for and never trusted; empty when there is none. */
tenon_name tn_module_own_name(const tn_module *module);
tenon_name tn_module_func_name(const tn_module *module, uint32_t func);

#endif
