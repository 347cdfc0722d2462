/* SPDX-License-Identifier: MIT
 * Tasks, and calls of host functions, on CPUs that only an emulator runs here: guests give way at any instruction and
 * change threads, and nothing of their registers is lost; nor of arguments, when a call has to be asked for.
 * usage: cross_tasks [IMAGE]; IMAGE is compiled code of what `cross_tasks --module` writes. Prints what is wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modules_made.h"
#include "tenon/scheduler.h"

enum { TASKS = 8, ROUNDS = 400000 };

static void check(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "cross_tasks: %s\n", what);
    exit(1);
}

static int32_t wait_for(tenon_caller *caller, int32_t n)
{
    (void)caller;
    return n;
}
TENON_ENTRY(wait_entry, wait_for, (i32), i32);

static tenon_func *work(tenon_tenant *tenant, tenon_module *module, tenon_store **store)
{
    tenon_extern e = { .kind = TENON_KIND_FUNC };
    tenon_instance *instance;

    check(tenon_store_new(tenant, store) == TENON_OK, "a store");
    check(tenon_func_new_entry(*store, &wait_entry, NULL, &e.of.func) == TENON_OK, "a host function");
    check(tenon_instance_new(*store, module, &e, 1, &instance, NULL) == TENON_OK, "an instance");
    check(tenon_instance_export(instance, (tenon_name){ "work", 4 }, &e), "an export");
    return e.of.func;
}

/* ---- calls ---- */

static int32_t calls;

static int32_t count_call(tenon_caller *caller, int32_t a, int64_t b, float c, double d, int32_t e, int64_t g, float h,
                          double i, int32_t j)
{
    (void)caller;
    calls++;
    return a == calls && b == 2 && c == 3 && d == 4 && e == 5 && g == 6 && h == 7 && i == 8 && j == 9;
}
TENON_ENTRY(call_entry, count_call, (i32, i64, f32, f64, i32, i64, f32, f64, i32), i32);

static size_t read_image(const char *path, uint8_t *out, size_t room)
{
    FILE *file = fopen(path, "rb");

    check(file != NULL, path);
    size_t size = fread(out, 1, room, file);
    fclose(file);
    return size;
}

/* path NULL: interpreted. */
static void host_calls_are_limited(const char *path)
{
    static uint8_t image[1 << 20];
    enum { LIMIT = 100000 };
    const tenon_config config = { .size = sizeof config, .features = TENON_FEATURES_ALL, .bounds = TENON_BOUNDS_CHECKED };
    const tenon_limits limits = { .size = sizeof limits, .meters = { [TENON_METER_HOST_CALLS] = LIMIT } };
    const tenon_val more = { .type = TENON_I32, .of.i32 = LIMIT + 1 }, most = { .type = TENON_I32, .of.i32 = LIMIT - 1 };
    tenon_extern e = { .kind = TENON_KIND_FUNC };
    tenon_val sum;
    tenon_engine *engine;
    tenon_tenant *tenant;
    tenon_module *module;
    tenon_store *store;
    tenon_instance *instance;

    check(tenon_engine_new(&config, &engine) == TENON_OK, "an engine");
    check(tenon_tenant_new(engine, &limits, &tenant) == TENON_OK, "a tenant");
    check(tenon_module_new(engine, module_calls_out, sizeof module_calls_out, &module, NULL) == TENON_OK, "a module");
    check(path == NULL || tenon_module_add_code(module, image, read_image(path, image, sizeof image), NULL) == TENON_OK,
          "an image");
    check(tenon_store_new(tenant, &store) == TENON_OK, "a store");
    check(tenon_func_new_entry(store, &call_entry, NULL, &e.of.func) == TENON_OK, "a host function");
    check(tenon_instance_new(store, module, &e, 1, &instance, NULL) == TENON_OK, "an instance");
    check(tenon_instance_export(instance, (tenon_name){ "storm", 5 }, &e), "an export");
    calls = 0;
    check(tenon_func_call(e.of.func, &most, 1, &sum, 1, NULL) == TENON_OK && sum.of.i32 == LIMIT - 1, "right arguments");
    calls = 0;
    check(tenon_func_call(e.of.func, &more, 1, &sum, 1, NULL) == TENON_LIMIT && calls == 1, "a limit");
    tenon_store_delete(store);
    tenon_module_delete(module);
    tenon_tenant_delete(tenant);
    tenon_engine_delete(engine);
}

/* ---- tasks ---- */

static void tasks_give_way(void)
{
    const tenon_config config = { .size = sizeof config, .bounds = TENON_BOUNDS_CHECKED };
    const tenon_scheduler_config how = { .size = sizeof how, .workers = 3 };
    const tenon_val rounds = { .type = TENON_I32, .of.i32 = ROUNDS };
    tenon_val right, result;
    tenon_engine *engine;
    tenon_tenant *tenant;
    tenon_module *module;
    tenon_scheduler *scheduler;
    tenon_store *stores[TASKS];
    tenon_task *tasks[TASKS];

    check(tenon_engine_new(&config, &engine) == TENON_OK, "an engine");
    check(tenon_tenant_new(engine, NULL, &tenant) == TENON_OK, "a tenant");
    check(tenon_module_new(engine, module_tasks, sizeof module_tasks, &module, NULL) == TENON_OK, "a module");
    check(tenon_scheduler_new(engine, &how, &scheduler) == TENON_OK, "a scheduler");
    check(tenon_func_call(work(tenant, module, &stores[0]), &rounds, 1, &right, 1, NULL) == TENON_OK, "a call");
    tenon_store_delete(stores[0]);
    for (int i = 0; i < TASKS; i++)
        check(tenon_task_call(scheduler, work(tenant, module, &stores[i]), &rounds, 1, NULL, &tasks[i], NULL) == TENON_OK,
              "a task");
    for (int i = 0; i < TASKS; i++) {
        tenon_task_wait(tasks[i]);
        check(tenon_task_result(tasks[i], &result, 1, NULL) == TENON_OK, "a result");
        check(result.of.i64 == right.of.i64, "the right result");
        tenon_task_delete(tasks[i]);
        tenon_store_delete(stores[i]);
    }
    tenon_scheduler_delete(scheduler);
    tenon_module_delete(module);
    tenon_tenant_delete(tenant);
    tenon_engine_delete(engine);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--module") == 0)
        return fwrite(module_calls_out, sizeof module_calls_out, 1, stdout) == 1 ? 0 : 1;
    host_calls_are_limited(argc > 1 ? argv[1] : NULL);
    tasks_give_way();
    puts("tasks and calls: passed");
    return 0;
}
