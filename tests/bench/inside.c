/* SPDX-License-Identifier: MIT
 * Times run(n) of a kernel inside one process: bench_inside FILE.wasm IMAGE N ROUNDS prints the least seconds and the
 * result. IMAGE "-": interpreted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tenon.h"

static void *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    void *bytes = malloc((size_t)64 << 20);

    if (file == NULL || bytes == NULL)
        exit(2);
    *size = fread(bytes, 1, (size_t)64 << 20, file);
    fclose(file);
    return bytes;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static tenon_func *make(const char *wasm, const char *image)
{
    tenon_engine *engine;
    tenon_tenant *tenant;
    tenon_store *store;
    tenon_module *module;
    tenon_instance *instance;
    tenon_extern run;
    tenon_error err;
    size_t size;
    void *bytes = read_file(wasm, &size);

    if (tenon_engine_new(NULL, &engine) != TENON_OK || tenon_tenant_new(engine, NULL, &tenant) != TENON_OK ||
        tenon_store_new(tenant, &store) != TENON_OK || tenon_module_new(engine, bytes, size, &module, &err) != TENON_OK)
        exit(2);
    if (strcmp(image, "-") != 0) {
        bytes = read_file(image, &size);
        if (tenon_module_add_code(module, bytes, size, &err) != TENON_OK)
            exit(2);
    }
    if (tenon_instance_new(store, module, NULL, 0, &instance, &err) != TENON_OK ||
        !tenon_instance_export(instance, (tenon_name){ "run", 3 }, &run))
        exit(2);
    return run.of.func;
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    tenon_func *run = make(argv[1], argv[2]);
    tenon_val n = { .type = TENON_I32, .of.i32 = atoi(argv[3]) }, result;
    double best = 1e9;

    for (int round = atoi(argv[4]); round > 0; round--) {
        double start = now();
        if (tenon_func_call(run, &n, 1, &result, 1, NULL) != TENON_OK)
            return 1;
        double elapsed = now() - start;
        best = elapsed < best ? elapsed : best;
    }
    printf("%.9f %d\n", best, (int)result.of.i32);
    return 0;
}
