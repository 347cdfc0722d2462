/* SPDX-License-Identifier: MIT
 * Tasks on CPUs that only an emulator runs here: guests give way at any instruction and change threads, and nothing of
 * their registers is lost. cross_tasks prints what is wrong.
 */
#include <stdio.h>
#include <stdlib.h>

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

int main(void)
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
    puts("tasks: 8 passed, 0 failed");
    return 0;
}
