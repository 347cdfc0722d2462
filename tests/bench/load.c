/* SPDX-License-Identifier: MIT
 * Speed of validation and of translation to slot code, on one thread, in MB of code section per second: the best of a few
 * rounds. usage: bench_load FILE.wasm…
 */
#include <stdio.h>
#include <stdlib.h>

#include "runtime/interp/translate.h"

#define ROUNDS 7

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *in = fopen(path, "rb");
    if (in == NULL)
        return NULL;
    fseek(in, 0, SEEK_END);
    *size = (size_t)ftell(in);
    rewind(in);
    uint8_t *bytes = malloc(*size + 1);
    if (bytes != NULL && fread(bytes, 1, *size, in) != *size)
        *size = 0;
    fclose(in);
    return bytes;
}

static double translate_all(tenon_module *module, uint64_t *cells)
{
    tn_mem *mem = &module->engine->mem;
    const tn_module *m = &module->core;
    tn_entry *entries = calloc(m->body_count + 1, sizeof *entries);
    uint64_t start = tn_os_now();

    *cells = 0;
    for (uint32_t i = 0; i < m->body_count; i++) {
        tn_function f;
        if (tn_translate(module, entries, true, i, &f) != TENON_OK)
            continue;
        *cells += f.cell_count;
        tn_function_fini(mem, &f);
    }
    double seconds = (double)(tn_os_now() - start) / 1e9;
    free(entries);
    return seconds;
}

static void measure(tenon_engine *engine, const char *path)
{
    size_t size;
    uint8_t *bytes = read_file(path, &size);
    double validate = 1e9, translate = 1e9, code = 0;
    uint64_t cells = 0;

    for (int round = 0; bytes != NULL && round < ROUNDS; round++) {
        tenon_module *module;
        tenon_error err;
        uint64_t start = tn_os_now();
        if (tenon_module_new_borrowed(engine, bytes, size, &module, &err) != TENON_OK) {
            printf("%-40s %s\n", path, err.text);
            break;
        }
        double seconds = (double)(tn_os_now() - start) / 1e9;
        validate = seconds < validate ? seconds : validate;
        seconds = translate_all(module, &cells);
        translate = seconds < translate ? seconds : translate;
        code = 0;
        for (uint32_t i = 0; i < module->core.body_count; i++)
            code += module->core.bodies[i].size;
        tenon_module_delete(module);
    }
    if (code > 0)
        printf("%-40.40s %8.2f MB code  validate %7.1f ms %7.1f MB/s  translate %7.1f ms %7.1f MB/s  %.2f bytes of slot code a byte\n",
               path, code / 1e6, validate * 1e3, code / 1e6 / validate, translate * 1e3, code / 1e6 / translate,
               (double)cells * 8 / code);
    free(bytes);
}

int main(int argc, char **argv)
{
    tenon_engine *engine;

    if (argc < 2) {
        fprintf(stderr, "usage: bench_load FILE.wasm…\n");
        return 2;
    }
    if (tenon_engine_new(NULL, &engine) != TENON_OK)
        return 1;
    for (int i = 1; i < argc; i++)
        measure(engine, argv[i]);
    tenon_engine_delete(engine);
    return 0;
}
