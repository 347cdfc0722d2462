/* SPDX-License-Identifier: MIT
 * Vectors and types of the standard C interface: plain data.
 */
#include <stdlib.h>

#include "runtime/capi/capi.h"

/* Kinds of what programs may meet in a module, and this interface has no values of. */
enum { KIND_V128 = 4, KIND_EXNREF = 130, KIND_ANYREF };

/* ---- vectors ---- */

#define VEC(name, item, copy_item, delete_item)                                           \
    void wasm_##name##_vec_new_empty(wasm_##name##_vec_t *out)                            \
    {                                                                                     \
        *out = (wasm_##name##_vec_t){ 0, NULL };                                          \
    }                                                                                     \
    void wasm_##name##_vec_new_uninitialized(wasm_##name##_vec_t *out, size_t size)       \
    {                                                                                     \
        out->data = size > 0 ? calloc(size, sizeof *out->data) : NULL;                    \
        out->size = out->data != NULL ? size : 0;                                         \
    }                                                                                     \
    void wasm_##name##_vec_new(wasm_##name##_vec_t *out, size_t size, item const items[]) \
    {                                                                                     \
        wasm_##name##_vec_new_uninitialized(out, size);                                   \
        if (out->size > 0)                                                                \
            memcpy(out->data, items, size * sizeof *out->data);                           \
    }                                                                                     \
    void wasm_##name##_vec_copy(wasm_##name##_vec_t *out, const wasm_##name##_vec_t *vec) \
    {                                                                                     \
        wasm_##name##_vec_new_uninitialized(out, vec->size);                              \
        for (size_t i = 0; i < out->size; i++)                                            \
            copy_item(&out->data[i], &vec->data[i]);                                      \
    }                                                                                     \
    void wasm_##name##_vec_delete(wasm_##name##_vec_t *vec)                               \
    {                                                                                     \
        for (size_t i = 0; vec->data != NULL && i < vec->size; i++)                       \
            delete_item(&vec->data[i]);                                                   \
        free(vec->data);                                                                  \
        *vec = (wasm_##name##_vec_t){ 0, NULL };                                          \
    }
#define POINTERS(name)                                                           \
    static void copy_##name(wasm_##name##_t **out, wasm_##name##_t *const *item) \
    {                                                                            \
        *out = *item != NULL ? wasm_##name##_copy(*item) : NULL;                 \
    }                                                                            \
    static void delete_##name(wasm_##name##_t **item)                            \
    {                                                                            \
        wasm_##name##_delete(*item);                                             \
    }                                                                            \
    VEC(name, wasm_##name##_t *, copy_##name, delete_##name)

static void copy_byte(wasm_byte_t *out, const wasm_byte_t *byte)
{
    *out = *byte;
}

static void delete_byte(const wasm_byte_t *byte)
{
    (void)byte;
}

VEC(byte, wasm_byte_t, copy_byte, delete_byte)
VEC(val, wasm_val_t, wasm_val_copy, wasm_val_delete)
POINTERS(valtype)
POINTERS(functype)
POINTERS(globaltype)
POINTERS(tabletype)
POINTERS(memorytype)
POINTERS(externtype)
POINTERS(importtype)
POINTERS(exporttype)
POINTERS(frame)
POINTERS(extern)

/* ---- types of values ---- */

struct wasm_valtype_t {
    wasm_valkind_t kind;
};

static wasm_valtype_t *new_valtype(wasm_valkind_t kind)
{
    wasm_valtype_t *type = malloc(sizeof *type);

    if (type != NULL)
        type->kind = kind;
    return type;
}

wasm_valtype_t *wasm_valtype_new(wasm_valkind_t kind)
{
    tenon_type type;

    return tn_type_of(kind, &type) ? new_valtype(kind) : NULL;
}

void wasm_valtype_delete(wasm_valtype_t *type)
{
    free(type);
}

wasm_valtype_t *wasm_valtype_copy(const wasm_valtype_t *type)
{
    return new_valtype(type->kind);
}

wasm_valkind_t wasm_valtype_kind(const wasm_valtype_t *type)
{
    return type->kind;
}

wasm_valkind_t tn_kind_of(tenon_type type)
{
    static const wasm_valkind_t kinds[] = { [TENON_I32] = WASM_I32,
                                            [TENON_I64] = WASM_I64,
                                            [TENON_F32] = WASM_F32,
                                            [TENON_F64] = WASM_F64,
                                            [TENON_V128] = KIND_V128,
                                            [TENON_FUNCREF] = WASM_FUNCREF,
                                            [TENON_EXTERNREF] = WASM_EXTERNREF,
                                            [TENON_EXNREF] = KIND_EXNREF,
                                            [TENON_ANYREF] = KIND_ANYREF };

    return kinds[type];
}

bool tn_type_of(wasm_valkind_t kind, tenon_type *out)
{
    for (tenon_type type = TENON_I32; type <= TENON_ANYREF; type++)
        if (tn_kind_of(type) == kind) {
            *out = type;
            return true;
        }
    return false;
}

/* ---- types of externs: a kind, and what the kind has ---- */

struct wasm_externtype_t {
    wasm_externkind_t kind;
};

struct wasm_functype_t {
    wasm_externtype_t base;
    wasm_valtype_vec_t params, results;
};

struct wasm_globaltype_t {
    wasm_externtype_t base;
    wasm_valtype_t *content;
    wasm_mutability_t mutability;
};

struct wasm_tabletype_t {
    wasm_externtype_t base;
    wasm_valtype_t *element;
    wasm_limits_t limits;
};

struct wasm_memorytype_t {
    wasm_externtype_t base;
    wasm_limits_t limits;
};

/* A tag: shown as a function of its own kind, one more than the standard has. */
#define KIND_TAG (WASM_EXTERN_MEMORY + 1)

wasm_functype_t *wasm_functype_new(wasm_valtype_vec_t *params, wasm_valtype_vec_t *results)
{
    wasm_functype_t *type = malloc(sizeof *type);

    if (type == NULL) {
        wasm_valtype_vec_delete(params);
        wasm_valtype_vec_delete(results);
        return NULL;
    }
    *type = (wasm_functype_t){ { WASM_EXTERN_FUNC }, *params, *results };
    return type;
}

void wasm_functype_delete(wasm_functype_t *type)
{
    if (type == NULL)
        return;
    wasm_valtype_vec_delete(&type->params);
    wasm_valtype_vec_delete(&type->results);
    free(type);
}

wasm_functype_t *wasm_functype_copy(const wasm_functype_t *type)
{
    wasm_valtype_vec_t params, results;

    wasm_valtype_vec_copy(&params, &type->params);
    wasm_valtype_vec_copy(&results, &type->results);
    wasm_functype_t *copy = wasm_functype_new(&params, &results);
    if (copy != NULL)
        copy->base = type->base;
    return copy;
}

const wasm_valtype_vec_t *wasm_functype_params(const wasm_functype_t *type)
{
    return &type->params;
}

const wasm_valtype_vec_t *wasm_functype_results(const wasm_functype_t *type)
{
    return &type->results;
}

wasm_globaltype_t *wasm_globaltype_new(wasm_valtype_t *content, wasm_mutability_t mutability)
{
    wasm_globaltype_t *type = content != NULL ? malloc(sizeof *type) : NULL;

    if (type == NULL)
        wasm_valtype_delete(content);
    else
        *type = (wasm_globaltype_t){ { WASM_EXTERN_GLOBAL }, content, mutability };
    return type;
}

void wasm_globaltype_delete(wasm_globaltype_t *type)
{
    if (type == NULL)
        return;
    wasm_valtype_delete(type->content);
    free(type);
}

wasm_globaltype_t *wasm_globaltype_copy(const wasm_globaltype_t *type)
{
    return wasm_globaltype_new(wasm_valtype_copy(type->content), type->mutability);
}

const wasm_valtype_t *wasm_globaltype_content(const wasm_globaltype_t *type)
{
    return type->content;
}

wasm_mutability_t wasm_globaltype_mutability(const wasm_globaltype_t *type)
{
    return type->mutability;
}

wasm_tabletype_t *wasm_tabletype_new(wasm_valtype_t *element, const wasm_limits_t *limits)
{
    wasm_tabletype_t *type = element != NULL ? malloc(sizeof *type) : NULL;

    if (type == NULL)
        wasm_valtype_delete(element);
    else
        *type = (wasm_tabletype_t){ { WASM_EXTERN_TABLE }, element, *limits };
    return type;
}

void wasm_tabletype_delete(wasm_tabletype_t *type)
{
    if (type == NULL)
        return;
    wasm_valtype_delete(type->element);
    free(type);
}

wasm_tabletype_t *wasm_tabletype_copy(const wasm_tabletype_t *type)
{
    return wasm_tabletype_new(wasm_valtype_copy(type->element), &type->limits);
}

const wasm_valtype_t *wasm_tabletype_element(const wasm_tabletype_t *type)
{
    return type->element;
}

const wasm_limits_t *wasm_tabletype_limits(const wasm_tabletype_t *type)
{
    return &type->limits;
}

wasm_memorytype_t *wasm_memorytype_new(const wasm_limits_t *limits)
{
    wasm_memorytype_t *type = malloc(sizeof *type);

    if (type != NULL)
        *type = (wasm_memorytype_t){ { WASM_EXTERN_MEMORY }, *limits };
    return type;
}

void wasm_memorytype_delete(wasm_memorytype_t *type)
{
    free(type);
}

wasm_memorytype_t *wasm_memorytype_copy(const wasm_memorytype_t *type)
{
    return wasm_memorytype_new(&type->limits);
}

const wasm_limits_t *wasm_memorytype_limits(const wasm_memorytype_t *type)
{
    return &type->limits;
}

wasm_externkind_t wasm_externtype_kind(const wasm_externtype_t *type)
{
    return type->kind;
}

void wasm_externtype_delete(wasm_externtype_t *type)
{
    if (type == NULL)
        return;
    switch (type->kind) {
    case WASM_EXTERN_GLOBAL:
        wasm_globaltype_delete((wasm_globaltype_t *)type);
        break;
    case WASM_EXTERN_TABLE:
        wasm_tabletype_delete((wasm_tabletype_t *)type);
        break;
    case WASM_EXTERN_MEMORY:
        wasm_memorytype_delete((wasm_memorytype_t *)type);
        break;
    default:
        wasm_functype_delete((wasm_functype_t *)type);
    }
}

wasm_externtype_t *wasm_externtype_copy(const wasm_externtype_t *type)
{
    switch (type->kind) {
    case WASM_EXTERN_GLOBAL:
        return (wasm_externtype_t *)wasm_globaltype_copy((const wasm_globaltype_t *)type);
    case WASM_EXTERN_TABLE:
        return (wasm_externtype_t *)wasm_tabletype_copy((const wasm_tabletype_t *)type);
    case WASM_EXTERN_MEMORY:
        return (wasm_externtype_t *)wasm_memorytype_copy((const wasm_memorytype_t *)type);
    default:
        return (wasm_externtype_t *)wasm_functype_copy((const wasm_functype_t *)type);
    }
}

#define EXTERNTYPE(name, extern_kind)                                                       \
    wasm_externtype_t *wasm_##name##_as_externtype(wasm_##name##_t *type)                   \
    {                                                                                       \
        return &type->base;                                                                 \
    }                                                                                       \
    const wasm_externtype_t *wasm_##name##_as_externtype_const(const wasm_##name##_t *type) \
    {                                                                                       \
        return &type->base;                                                                 \
    }                                                                                       \
    wasm_##name##_t *wasm_externtype_as_##name(wasm_externtype_t *type)                     \
    {                                                                                       \
        return type->kind == extern_kind ? (wasm_##name##_t *)type : NULL;                  \
    }                                                                                       \
    const wasm_##name##_t *wasm_externtype_as_##name##_const(const wasm_externtype_t *type) \
    {                                                                                       \
        return type->kind == extern_kind ? (const wasm_##name##_t *)type : NULL;            \
    }
EXTERNTYPE(functype, WASM_EXTERN_FUNC)
EXTERNTYPE(globaltype, WASM_EXTERN_GLOBAL)
EXTERNTYPE(tabletype, WASM_EXTERN_TABLE)
EXTERNTYPE(memorytype, WASM_EXTERN_MEMORY)

/* ---- from tenon.h's ---- */

static void list_types(const tenon_extern_type *type, size_t count,
                       tenon_type (*get)(const tenon_extern_type *, size_t), wasm_valtype_vec_t *out)
{
    wasm_valtype_vec_new_uninitialized(out, count);
    for (size_t i = 0; i < out->size; i++)
        out->data[i] = new_valtype(tn_kind_of(get(type, i)));
}

wasm_functype_t *tn_functype_new(const tenon_extern_type *type)
{
    wasm_valtype_vec_t params, results;

    list_types(type, type->param_count, tenon_extern_type_param, &params);
    list_types(type, type->result_count, tenon_extern_type_result, &results);
    wasm_functype_t *out = wasm_functype_new(&params, &results);
    if (out != NULL && type->kind == TENON_KIND_TAG)
        out->base.kind = KIND_TAG;
    return out;
}

/* Sizes of 64 bits that do not fit are the largest that do. */
static wasm_limits_t limits_of(const tenon_extern_type *type)
{
    return (wasm_limits_t){ type->min < UINT32_MAX ? (uint32_t)type->min : UINT32_MAX,
                            type->max < UINT32_MAX ? (uint32_t)type->max : wasm_limits_max_default };
}

wasm_externtype_t *tn_externtype_new(const tenon_extern_type *type)
{
    wasm_limits_t limits = limits_of(type);

    switch (type->kind) {
    case TENON_KIND_GLOBAL:
        return (wasm_externtype_t *)wasm_globaltype_new(new_valtype(tn_kind_of(type->type)),
                                                        type->is_mutable ? WASM_VAR : WASM_CONST);
    case TENON_KIND_TABLE:
        return (wasm_externtype_t *)wasm_tabletype_new(new_valtype(tn_kind_of(type->type)), &limits);
    case TENON_KIND_MEMORY:
        return (wasm_externtype_t *)wasm_memorytype_new(&limits);
    default:
        return (wasm_externtype_t *)tn_functype_new(type);
    }
}

/* ---- imports and exports ---- */

struct wasm_importtype_t {
    wasm_name_t module, name;
    wasm_externtype_t *type;
};

struct wasm_exporttype_t {
    wasm_name_t name;
    wasm_externtype_t *type;
};

wasm_importtype_t *wasm_importtype_new(wasm_name_t *module, wasm_name_t *name, wasm_externtype_t *type)
{
    wasm_importtype_t *import = malloc(sizeof *import);

    if (import != NULL) {
        *import = (wasm_importtype_t){ *module, *name, type };
        return import;
    }
    wasm_name_delete(module);
    wasm_name_delete(name);
    wasm_externtype_delete(type);
    return NULL;
}

void wasm_importtype_delete(wasm_importtype_t *import)
{
    if (import == NULL)
        return;
    wasm_name_delete(&import->module);
    wasm_name_delete(&import->name);
    wasm_externtype_delete(import->type);
    free(import);
}

wasm_importtype_t *wasm_importtype_copy(const wasm_importtype_t *import)
{
    wasm_name_t module, name;

    wasm_name_copy(&module, &import->module);
    wasm_name_copy(&name, &import->name);
    return wasm_importtype_new(&module, &name, wasm_externtype_copy(import->type));
}

const wasm_name_t *wasm_importtype_module(const wasm_importtype_t *import)
{
    return &import->module;
}

const wasm_name_t *wasm_importtype_name(const wasm_importtype_t *import)
{
    return &import->name;
}

const wasm_externtype_t *wasm_importtype_type(const wasm_importtype_t *import)
{
    return import->type;
}

wasm_exporttype_t *wasm_exporttype_new(wasm_name_t *name, wasm_externtype_t *type)
{
    wasm_exporttype_t *export = malloc(sizeof *export);

    if (export != NULL) {
        *export = (wasm_exporttype_t){ *name, type };
        return export;
    }
    wasm_name_delete(name);
    wasm_externtype_delete(type);
    return NULL;
}

void wasm_exporttype_delete(wasm_exporttype_t *export)
{
    if (export == NULL)
        return;
    wasm_name_delete(&export->name);
    wasm_externtype_delete(export->type);
    free(export);
}

wasm_exporttype_t *wasm_exporttype_copy(const wasm_exporttype_t *export)
{
    wasm_name_t name;

    wasm_name_copy(&name, &export->name);
    return wasm_exporttype_new(&name, wasm_externtype_copy(export->type));
}

const wasm_name_t *wasm_exporttype_name(const wasm_exporttype_t *export)
{
    return &export->name;
}

const wasm_externtype_t *wasm_exporttype_type(const wasm_exporttype_t *export)
{
    return export->type;
}
