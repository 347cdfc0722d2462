/* SPDX-License-Identifier: MIT
 * words GUEST.wasm: a host that gives its guest lists, things to hold, and answers that come later.
 *
 *   next_line   suspends the guest; the main loop reads a line and resumes it
 *   split       puts a list of words into memory that it asks of the guest's own allocator, by calling back
 *   dictionary  makes a thing of the host's; the guest holds its number
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tenon/scheduler.h"

/* ---- things that the guest holds by number ---- */

typedef struct dictionary {
    char **words;
    size_t count;
} dictionary;

static void drop_dictionary(void *thing)
{
    dictionary *d = thing;

    for (size_t i = 0; i < d->count; i++)
        free(d->words[i]);
    free(d->words);
    free(d);
}
static const tenon_resource_type dictionary_type = { "dictionary", drop_dictionary };

static tenon_status make_dictionary(tenon_caller *caller, tenon_slot *slots)
{
    dictionary *d = calloc(1, sizeof *d);

    if (d == NULL)
        return TENON_NOMEM;
    tenon_status status = tenon_resource_new(tenon_caller_store(caller), &dictionary_type, d, &slots[0].u32);
    if (status != TENON_OK)
        free(d);
    return status;
}

/* A wrong handle or pointer is the guest's mistake: it ends with TENON_TRAP. */
static void add(tenon_caller *caller, uint32_t handle, uint32_t address, uint32_t size)
{
    dictionary *d = tenon_resource_get(tenon_caller_store(caller), &dictionary_type, handle);
    void *text;

    if (d == NULL || !tenon_memory_range(tenon_caller_memory(caller), address, size, 1, &text)) {
        tenon_caller_fail(caller, TENON_TRAP);
        return;
    }
    for (size_t i = 0; i < d->count; i++)
        if (strlen(d->words[i]) == size && memcmp(d->words[i], text, size) == 0)
            return;
    char **more = realloc(d->words, (d->count + 1) * sizeof *more);
    if (more != NULL)
        d->words = more;
    char *word = more != NULL ? strndup(text, size) : NULL;
    if (word == NULL)
        tenon_caller_fail(caller, TENON_NOMEM);
    else
        d->words[d->count++] = word;
}

static uint32_t count(tenon_caller *caller, uint32_t handle)
{
    const dictionary *d = tenon_resource_get(tenon_caller_store(caller), &dictionary_type, handle);

    if (d == NULL)
        tenon_caller_fail(caller, TENON_TRAP);
    return d != NULL ? (uint32_t)d->count : 0;
}

/* ---- lists ---- */

/* Memory of the guest's, by its own allocator. */
static tenon_status guest_alloc(tenon_instance *instance, uint32_t align, uint32_t size, uint32_t *out)
{
    const tenon_val args[4] = { { .type = TENON_I32 },
                                { .type = TENON_I32 },
                                { .type = TENON_I32, .of.i32 = (int32_t)align },
                                { .type = TENON_I32, .of.i32 = (int32_t)size } };
    tenon_extern e;
    tenon_val result;

    if (!tenon_instance_export(instance, (tenon_name){ "cabi_realloc", 12 }, &e) || e.kind != TENON_KIND_FUNC)
        return TENON_TRAP;
    tenon_status status = tenon_func_call(e.of.func, args, 4, &result, 1, NULL);
    *out = (uint32_t)result.of.i32;
    return status != TENON_OK ? status : *out == 0 ? TENON_NOMEM : TENON_OK;
}

static uint32_t count_words(const char *text, uint32_t size)
{
    uint32_t words = 0;

    for (uint32_t i = 0; i < size; i++)
        words += text[i] != ' ' && (i == 0 || text[i - 1] == ' ');
    return words;
}

static void split(tenon_caller *caller, uint32_t address, uint32_t size, uint32_t at)
{
    tenon_memory *memory = tenon_caller_memory(caller);
    uint32_t list = 0, words = 0;
    void *text;

    tenon_status status = tenon_memory_range(memory, address, size, 1, &text) ? TENON_OK : TENON_TRAP;
    if (status == TENON_OK)
        words = count_words(text, size);
    if (words > 0)
        status = guest_alloc(tenon_caller_instance(caller), 4, words * 8, &list);
    /* The guest ran meanwhile: its memory may have moved, so the text is looked up again. */
    if (status == TENON_OK && !tenon_memory_range(memory, address, size, 1, &text))
        status = TENON_TRAP;
    const char *c = text;
    for (uint32_t i = 0, word = 0, start; status == TENON_OK && i < size && word < words; word++) {
        while (i < size && c[i] == ' ')
            i++;
        for (start = i; i < size && c[i] != ' '; i++)
            ;
        const uint32_t item[2] = { address + start, i - start };
        if (!tenon_memory_write(memory, list + 8 * (uint64_t)word, item, sizeof item))
            status = TENON_TRAP;
    }
    const uint32_t out[2] = { list, words };
    if (status == TENON_OK && !tenon_memory_write(memory, at, out, sizeof out))
        status = TENON_TRAP;
    if (status != TENON_OK)
        tenon_caller_fail(caller, status);
}

/* ---- answers that come later ---- */

typedef struct waiting {
    tenon_memory *memory;
    uint32_t at; /* where the guest wants the line's address and length */
    tenon_answer *answer;
} waiting;

static tenon_status next_line(tenon_caller *caller, tenon_slot *slots)
{
    waiting *w = tenon_caller_context(caller);
    tenon_status status = tenon_caller_suspend(caller, &w->answer);

    w->memory = tenon_caller_memory(caller);
    w->at = slots[0].u32;
    return status != TENON_OK ? status : TENON_SUSPENDED;
}

/* Reads a line and lets the guest go on; while it waits, its allocator may be called. */
static void answer(tenon_instance *instance, waiting *w)
{
    tenon_val more = { .type = TENON_I32 };
    uint32_t out[2] = { 0, 0 };
    char line[1024];
    tenon_status status = TENON_OK;
    tenon_answer *to = w->answer;

    if (fgets(line, sizeof line, stdin) != NULL) {
        out[1] = (uint32_t)strcspn(line, "\n");
        more.of.i32 = 1;
        status = guest_alloc(instance, 1, out[1] + 1, &out[0]);
        if (status == TENON_OK && (!tenon_memory_write(w->memory, out[0], line, out[1]) ||
                                   !tenon_memory_write(w->memory, w->at, out, sizeof out)))
            status = TENON_TRAP;
    }
    w->answer = NULL;
    tenon_answer_send(to, status, &more, 1);
}

/* ---- the host ---- */

TENON_ENTRY_VOID(add_entry, add, (i32, i32, i32));
TENON_ENTRY_VOID(split_entry, split, (i32, i32, i32));
TENON_ENTRY(count_entry, count, (i32), i32);
static const tenon_type i32_type[] = { TENON_I32 };
static const tenon_entry dictionary_entry = { make_dictionary, NULL, 0, 1, NULL, i32_type };
static const tenon_entry line_entry = { next_line, NULL, 1, 1, i32_type, i32_type };

static tenon_status define(tenon_linker *linker, const char *name, const tenon_entry *entry, void *context)
{
    tenon_extern e = { .kind = TENON_KIND_FUNC };
    tenon_status status = tenon_func_new_entry(tenon_linker_store(linker), entry, context, &e.of.func);

    if (status != TENON_OK)
        return status;
    return tenon_linker_define(linker, (tenon_name){ "words", 5 }, (tenon_name){ name, strlen(name) }, e);
}

static tenon_status link_guest(tenon_store *store, tenon_module *module, waiting *w, tenon_instance **out,
                               tenon_error *err)
{
    tenon_linker *linker;
    tenon_status status = tenon_linker_new(store, &linker);

    if (status != TENON_OK)
        return status;
    if ((status = define(linker, "next_line", &line_entry, w)) == TENON_OK &&
        (status = define(linker, "split", &split_entry, NULL)) == TENON_OK &&
        (status = define(linker, "dictionary", &dictionary_entry, NULL)) == TENON_OK &&
        (status = define(linker, "add", &add_entry, NULL)) == TENON_OK &&
        (status = define(linker, "count", &count_entry, NULL)) == TENON_OK)
        status = tenon_linker_instantiate(linker, module, out, err);
    tenon_linker_delete(linker);
    return status;
}

/* The guest is a task, so that it can wait; this thread runs it, and reads for it whenever it does. */
static tenon_status run_task(tenon_scheduler *scheduler, tenon_func *func, tenon_instance *instance, waiting *w,
                             tenon_val *result, tenon_error *err)
{
    tenon_task *task;
    tenon_status status = tenon_task_call(scheduler, func, NULL, 0, NULL, &task, err);

    if (status != TENON_OK)
        return status;
    while (!tenon_task_done(task)) {
        (void)tenon_scheduler_run(scheduler, UINT64_MAX);
        if (w->answer != NULL)
            answer(instance, w);
    }
    status = tenon_task_result(task, result, 1, err);
    tenon_task_delete(task);
    return status;
}

static tenon_status run(tenon_engine *engine, tenon_store *store, tenon_module *module, tenon_error *err)
{
    const tenon_scheduler_config config = { .size = sizeof config, .workers = 0 };
    waiting w = { .memory = NULL };
    tenon_scheduler *scheduler;
    tenon_instance *instance;
    tenon_val result;
    tenon_extern e;
    tenon_status status = link_guest(store, module, &w, &instance, err);

    if (status != TENON_OK || !tenon_instance_export(instance, (tenon_name){ "run", 3 }, &e))
        return status != TENON_OK ? status : TENON_LINK;
    status = tenon_scheduler_new(engine, &config, &scheduler);
    if (status != TENON_OK)
        return status;
    status = run_task(scheduler, e.of.func, instance, &w, &result, err);
    tenon_scheduler_delete(scheduler);
    if (status == TENON_OK)
        printf("%d different words\n", result.of.i32);
    return status;
}

int main(int argc, char **argv)
{
    static uint8_t bytes[65536];
    const tenon_limits limits = { .size = sizeof limits, .memory_bytes = 16 << 20 };
    tenon_error err = { .status = TENON_OK };
    tenon_engine *engine = NULL;
    tenon_tenant *tenant = NULL;
    tenon_store *store = NULL;
    tenon_module *module = NULL;
    FILE *in = argc == 2 ? fopen(argv[1], "rb") : NULL;

    if (in == NULL) {
        fputs("usage: words GUEST.wasm < TEXT\n", stderr);
        return 2;
    }
    size_t size = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    tenon_status status = tenon_engine_new(NULL, &engine);
    if (status == TENON_OK)
        status = tenon_tenant_new(engine, &limits, &tenant);
    if (status == TENON_OK)
        status = tenon_store_new(tenant, &store);
    if (status == TENON_OK)
        status = tenon_module_new(engine, bytes, size, &module, &err);
    if (status == TENON_OK)
        status = run(engine, store, module, &err);
    if (status != TENON_OK)
        fprintf(stderr, "words: %s\n", err.text[0] != '\0' ? err.text : tenon_status_text(status));
    tenon_store_delete(store);
    tenon_module_delete(module);
    tenon_tenant_delete(tenant);
    tenon_engine_delete(engine);
    return status != TENON_OK;
}
