/* SPDX-License-Identifier: MIT
 * What the programs of this folder share. They use wasm.h alone, as programs written for any other runtime do.
 */
#ifndef TESTS_CAPI_PROGRAM_H
#define TESTS_CAPI_PROGRAM_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wasm.h"

#define CHECK(condition)                                                              \
    do {                                                                              \
        if (!(condition)) {                                                           \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                                  \
        }                                                                             \
    } while (0)

/* The module of this name, from the folder of the conformance data; ends the program with 77 where there is none. */
static inline void read_module(const char *name, wasm_byte_vec_t *out)
{
    const char *folder = getenv("TENON_CONFORMANCE");
    char path[4096];

    if (folder == NULL) {
        puts("skipped: TENON_CONFORMANCE does not name the conformance data");
        exit(77);
    }
    snprintf(path, sizeof path, "%s/c-api/%s.wasm", folder, name);
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    fseek(file, 0, SEEK_END);
    wasm_byte_vec_new_uninitialized(out, (size_t)ftell(file));
    rewind(file);
    CHECK(fread(out->data, 1, out->size, file) == out->size);
    fclose(file);
}

static inline wasm_module_t *load(wasm_store_t *store, const char *name)
{
    wasm_byte_vec_t bytes;

    read_module(name, &bytes);
    wasm_module_t *module = wasm_module_new(store, &bytes);
    wasm_byte_vec_delete(&bytes);
    CHECK(module != NULL);
    return module;
}

static inline wasm_instance_t *instantiate(wasm_store_t *store, const wasm_module_t *module,
                                           const wasm_extern_vec_t *imports)
{
    wasm_trap_t *trap = NULL;
    wasm_instance_t *instance = wasm_instance_new(store, module, imports, &trap);

    CHECK(instance != NULL && trap == NULL);
    return instance;
}

/* An instance of the module of this name, and its exports; the module is given back. */
static inline wasm_instance_t *open_instance(wasm_store_t *store, const char *name, const wasm_extern_vec_t *imports,
                                             wasm_extern_vec_t *exports)
{
    wasm_module_t *module = load(store, name);
    wasm_instance_t *instance = instantiate(store, module, imports);

    wasm_instance_exports(instance, exports);
    wasm_module_delete(module);
    return instance;
}

/* The function that is the export of this number; it stays the vector's. */
static inline wasm_func_t *func_at(const wasm_extern_vec_t *exports, size_t index)
{
    CHECK(index < exports->size);
    wasm_func_t *func = wasm_extern_as_func(exports->data[index]);
    CHECK(func != NULL);
    return func;
}

static inline wasm_trap_t *call(const wasm_func_t *func, wasm_val_t *args, size_t arg_count, wasm_val_t *result)
{
    const wasm_val_vec_t in = { arg_count, args };
    wasm_val_vec_t out = { result != NULL ? 1 : 0, result };

    return wasm_func_call(func, &in, &out);
}

/* Of a function that takes and gives i32. */
static inline int32_t call_i32(const wasm_func_t *func, int32_t a, int32_t b, size_t arg_count)
{
    wasm_val_t args[2] = { WASM_I32_VAL(a), WASM_I32_VAL(b) }, result = WASM_INIT_VAL;

    CHECK(call(func, args, arg_count, &result) == NULL);
    CHECK(result.kind == WASM_I32);
    return result.of.i32;
}

static inline void check_trap(const wasm_func_t *func, int32_t a, int32_t b, size_t arg_count, size_t result_count)
{
    wasm_val_t args[2] = { WASM_I32_VAL(a), WASM_I32_VAL(b) }, result = WASM_INIT_VAL;
    wasm_trap_t *trap = call(func, args, arg_count, result_count > 0 ? &result : NULL);

    CHECK(trap != NULL);
    wasm_trap_delete(trap);
}

#endif
