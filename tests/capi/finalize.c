/* SPDX-License-Identifier: MIT
 * 300,003 instances, each with a finalizer, each given back at once: every finalizer runs, once, and memory does not grow
 * with them.
 */
#include <sys/resource.h>

#include "program.h"

enum { INSTANCES = 100001, MOST_KILOBYTES = 200 * 1024 };

static unsigned char ran[3][INSTANCES];
static int left;

static void finalize(void *info)
{
    unsigned char *mark = info;

    CHECK(*mark == 0);
    *mark = 1;
    left--;
}

static void run(wasm_store_t *store, int round)
{
    wasm_module_t *module = load(store, "finalize");
    wasm_extern_vec_t imports = WASM_EMPTY_VEC;

    for (int i = 0; i < INSTANCES; i++) {
        wasm_instance_t *instance = instantiate(store, module, &imports);
        wasm_instance_set_host_info_with_finalizer(instance, &ran[round][i], finalize);
        left++;
        wasm_instance_delete(instance);
    }
    wasm_module_delete(module);
}

int main(void)
{
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *first = wasm_store_new(engine), *second = wasm_store_new(engine);
    struct rusage usage;

    run(first, 0);
    CHECK(left < INSTANCES / 10);
    run(second, 1);
    wasm_store_delete(second);
    run(first, 2);
    wasm_store_delete(first);
    CHECK(left == 0);
    for (int round = 0; round < 3; round++)
        CHECK(memchr(ran[round], 0, INSTANCES) == NULL);
    getrusage(RUSAGE_SELF, &usage);
    CHECK(usage.ru_maxrss < MOST_KILOBYTES || getenv("TENON_SANITIZED") != NULL);
    wasm_engine_delete(engine);
    puts("Done.");
    return 0;
}
