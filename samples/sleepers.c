/* SPDX-License-Identifier: MIT
 * Host calls that take time, on libuv: many guests sleep at once on one thread. `sleep` looks synchronous to the guest;
 * here it starts a timer of the loop's and suspends the guest until that is over. One more guest never ends; it takes
 * turns with the others until its time is over, and the loop goes on all the while.
 *
 *     sleepers GUEST.wasm
 */
#include <stdio.h>
#include <stdlib.h>

#include "tenon/uv.h"

enum { SLEEPERS = 3, TIMES = 2 };

typedef struct sleeper {
    tenon_store *store;
    tenon_task *task;
} sleeper;

static uv_loop_t loop;
static int running, beats;
static uv_timer_t heart;

static void check(tenon_status status, const char *what, const tenon_error *err)
{
    if (status == TENON_OK)
        return;
    fprintf(stderr, "sleepers: %s: %s\n", what,
            err != NULL && err->text[0] != '\0' ? err->text : tenon_status_text(status));
    exit(1);
}

/* ---- host functions ---- */

typedef struct nap {
    uv_timer_t timer;
    tenon_answer *answer;
    uint64_t from;
} nap;

static void free_nap(uv_handle_t *handle)
{
    free(handle->data);
}

static void wake_up(uv_timer_t *timer)
{
    nap *n = timer->data;
    const tenon_val slept = { .type = TENON_I32, .of.i32 = (int32_t)(uv_now(&loop) - n->from) };

    tenon_answer_send(n->answer, TENON_OK, &slept, 1);
    uv_close((uv_handle_t *)timer, free_nap);
}

/* The guest was cancelled: nobody wants to sleep any more. */
static void give_up(void *context)
{
    nap *n = context;

    uv_timer_stop(&n->timer);
    tenon_answer_send(n->answer, TENON_TRAP, NULL, 0);
    uv_close((uv_handle_t *)&n->timer, free_nap);
}

static tenon_status fall_asleep(tenon_caller *caller, tenon_slot *slots)
{
    nap *n = calloc(1, sizeof *n);

    if (n == NULL)
        return TENON_NOMEM;
    tenon_status status = tenon_caller_suspend(caller, &n->answer);
    if (status != TENON_OK) {
        free(n);
        return status;
    }
    uv_update_time(&loop);
    n->from = uv_now(&loop);
    uv_timer_init(&loop, &n->timer);
    n->timer.data = n;
    uv_timer_start(&n->timer, wake_up, slots[0].u32, 0);
    tenon_answer_on_cancel(n->answer, give_up, n);
    return TENON_SUSPENDED;
}

static void report(tenon_caller *caller, int32_t milliseconds)
{
    (void)caller;
    printf("slept %d ms\n", milliseconds);
}
TENON_ENTRY_VOID(report_entry, report, (i32));
static const tenon_type i32[] = { TENON_I32 };
static const tenon_entry sleep_entry = { fall_asleep, NULL, 1, 1, i32, i32 };

/* ---- tasks ---- */

static void note_end(void *context, tenon_task *task)
{
    tenon_val slept;
    tenon_error err;
    tenon_status status = tenon_task_result(task, &slept, 1, &err);

    (void)context;
    if (status == TENON_OK)
        printf("done, having slept %s\n", slept.of.i32 > 0 ? "a while" : "not at all");
    else
        printf("ended: %s\n", err.text);
    if (--running == 0)
        uv_close((uv_handle_t *)&heart, NULL);
}

static void start(sleeper *s, const tenon_uv *uv, tenon_tenant *tenant, tenon_module *module, const char *name,
                  int32_t milliseconds, uint64_t limit)
{
    const tenon_task_config config = { .size = sizeof config, .time_limit = limit, .done = note_end };
    const tenon_val args[] = { { .type = TENON_I32, .of.i32 = milliseconds }, { .type = TENON_I32, .of.i32 = TIMES } };
    tenon_extern imports[2] = { { .kind = TENON_KIND_FUNC }, { .kind = TENON_KIND_FUNC } }, export;
    tenon_instance *instance;
    tenon_error err = { .status = TENON_OK };

    check(tenon_store_new(tenant, &s->store), "a store", NULL);
    check(tenon_func_new_entry(s->store, &sleep_entry, NULL, &imports[0].of.func), "sleep", NULL);
    check(tenon_func_new_entry(s->store, &report_entry, NULL, &imports[1].of.func), "report", NULL);
    check(tenon_instance_new(s->store, module, imports, 2, &instance, &err), "an instance", &err);
    if (!tenon_instance_export(instance, (tenon_name){ name, strlen(name) }, &export))
        check(TENON_LINK, name, NULL);
    check(tenon_task_call(uv->scheduler, export.of.func, args, 2, &config, &s->task, &err), "a task", &err);
    running++;
}

static void beat(uv_timer_t *timer)
{
    (void)timer;
    beats++;
}

static void run(tenon_engine *engine, tenon_tenant *tenant, tenon_module *module)
{
    static const int32_t milliseconds[SLEEPERS] = { 90, 30, 60 };
    sleeper sleepers[SLEEPERS + 1];
    tenon_uv uv;

    check(tenon_uv_open(&uv, &loop, engine, 0), "a scheduler", NULL);
    uv_timer_init(&loop, &heart);
    uv_timer_start(&heart, beat, 10, 10);
    for (int i = 0; i < SLEEPERS; i++)
        start(&sleepers[i], &uv, tenant, module, "nap", milliseconds[i], 0);
    start(&sleepers[SLEEPERS], &uv, tenant, module, "spin", 0, 300000000);
    /* The loop's own work is over with the last guest; the scheduler waits for more. */
    while (running > 0)
        uv_run(&loop, UV_RUN_ONCE);
    for (int i = 0; i <= SLEEPERS; i++) {
        tenon_task_delete(sleepers[i].task);
        tenon_store_delete(sleepers[i].store);
    }
    tenon_uv_close(&uv);
    uv_run(&loop, UV_RUN_DEFAULT);
    printf("the loop was %s meanwhile\n", beats >= 5 ? "alive" : "held up");
}

int main(int argc, char **argv)
{
    static uint8_t bytes[65536];
    tenon_engine *engine;
    tenon_tenant *tenant;
    tenon_module *module;
    tenon_error err = { .status = TENON_OK };
    FILE *in = argc == 2 ? fopen(argv[1], "rb") : NULL;

    if (in == NULL) {
        fputs("usage: sleepers GUEST.wasm\n", stderr);
        return 2;
    }
    size_t size = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    uv_loop_init(&loop);
    check(tenon_engine_new(NULL, &engine), "an engine", NULL);
    check(tenon_tenant_new(engine, NULL, &tenant), "a tenant", NULL);
    check(tenon_module_new(engine, bytes, size, &module, &err), argv[1], &err);
    run(engine, tenant, module);
    uv_loop_close(&loop);
    tenon_module_delete(module);
    tenon_tenant_delete(tenant);
    tenon_engine_delete(engine);
    return 0;
}
