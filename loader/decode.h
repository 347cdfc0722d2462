/* SPDX-License-Identifier: MIT
 * Shared by the files that decode sections.
 */
#ifndef TN_LOADER_DECODE_H
#define TN_LOADER_DECODE_H

#include "loader/module.h"

typedef struct tn_decoder {
    tn_module *module;
    tn_reader r; /* over the current section */
    tenon_error *err;
    struct tn_validator *validator;
    TN_VEC(uint32_t) types;
    TN_VEC(uint32_t) groups;
    TN_VEC(tn_import) imports;
    TN_VEC(uint32_t) funcs;
    TN_VEC(tn_table_def) tables;
    TN_VEC(tn_limits) memories;
    TN_VEC(tn_global_def) globals;
    TN_VEC(uint32_t) tags;
    TN_VEC(tn_custom) customs;
    TN_VEC(tn_section) sections;
    uint32_t function_section_count;
    size_t threads; /* that may check bodies; 0: one per processor */
    bool bodies_are_checked;
} tn_decoder;

tenon_status tn_decode_types(tn_decoder *d);
tenon_status tn_decode_imports(tn_decoder *d);
tenon_status tn_decode_functions(tn_decoder *d);
tenon_status tn_decode_tables(tn_decoder *d);
tenon_status tn_decode_memories(tn_decoder *d);
tenon_status tn_decode_tags(tn_decoder *d);
tenon_status tn_decode_globals(tn_decoder *d);
tenon_status tn_decode_exports(tn_decoder *d);
tenon_status tn_decode_start(tn_decoder *d);
tenon_status tn_decode_elements(tn_decoder *d);
tenon_status tn_decode_data_count(tn_decoder *d);
tenon_status tn_decode_code(tn_decoder *d);
tenon_status tn_decode_data(tn_decoder *d);

/* Shows the module what the vectors hold; called after each change that later checks must see. */
void tn_decoder_sync(tn_decoder *d);
/* Makes sure that so many bytes from a place of the module on are there, or all that are left. */
tenon_status tn_decoder_need(tn_decoder *d, const uint8_t *from, uint64_t size);
/* Pieces used by several sections. */
tenon_status tn_decode_valtype(tn_decoder *d, tn_valtype *out);
tenon_status tn_decode_const_expr(tn_decoder *d, tn_valtype expected, tn_range *out);
tenon_status tn_decoder_fail(const tn_decoder *d, tenon_status status, uint64_t offset, const char *text);
/* Marks a function as declared for ref.func; checks the index. */
tenon_status tn_declare_func(tn_decoder *d, uint32_t index, uint64_t offset);

#endif
