/* SPDX-License-Identifier: MIT
 * hello GUEST.wasm: the least that a host does. An engine for the process, a tenant for whoever the guest belongs to, a
 * store for what one guest has; then a module, a function of ours that it may call, and calls of its own functions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tenon.h"

static tenon_name name(const char *text)
{
    return (tenon_name){ text, strlen(text) };
}

/* What the guest calls as host.print: it gives an address and a size in its memory, neither of which is to be trusted.
 */
static void print(tenon_caller *caller, uint32_t address, uint32_t size)
{
    void *text;

    if (tenon_memory_range(tenon_caller_memory(caller), address, size, 1, &text))
        fwrite(text, 1, size, stdout);
    else
        tenon_caller_fail(caller, TENON_TRAP);
}
TENON_ENTRY_VOID(print_entry, print, (i32, i32));

static tenon_status define_print(tenon_linker *linker)
{
    tenon_extern what = { .kind = TENON_KIND_FUNC };
    tenon_status status = tenon_func_new_entry(tenon_linker_store(linker), &print_entry, NULL, &what.of.func);

    return status == TENON_OK ? tenon_linker_define(linker, name("host"), name("print"), what) : status;
}

/* Calls an export with two numbers, or with none; err says why it could not. */
static tenon_status call(tenon_instance *instance, const char *export, const tenon_val *args, size_t count,
                         tenon_val *result, tenon_error *err)
{
    tenon_extern what;

    if (!tenon_instance_export(instance, name(export), &what) || what.kind != TENON_KIND_FUNC)
        return TENON_LINK;
    return tenon_func_call(what.of.func, args, count, result, result != NULL, err);
}

static tenon_status run(tenon_store *store, tenon_module *module, tenon_error *err)
{
    const tenon_val args[] = { { .type = TENON_I32, .of.i32 = 30 }, { .type = TENON_I32, .of.i32 = 12 } };
    tenon_linker *linker;
    tenon_instance *instance;
    tenon_val sum;
    tenon_status status = tenon_linker_new(store, &linker);

    if (status != TENON_OK)
        return status;
    status = define_print(linker);
    if (status == TENON_OK)
        status = tenon_linker_instantiate(linker, module, &instance, err);
    if (status == TENON_OK)
        status = call(instance, "hello", NULL, 0, NULL, err);
    if (status == TENON_OK)
        status = call(instance, "add", args, 2, &sum, err);
    if (status == TENON_OK)
        printf("30 + 12 = %d\n", sum.of.i32);
    tenon_linker_delete(linker);
    return status;
}

int main(int argc, char **argv)
{
    static unsigned char bytes[1 << 20];
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    size_t size = file != NULL ? fread(bytes, 1, sizeof bytes, file) : 0;
    tenon_engine *engine = NULL;
    tenon_tenant *tenant = NULL;
    tenon_store *store = NULL;
    tenon_module *module = NULL;
    tenon_error err = { .text = "" };

    if (file == NULL) {
        fprintf(stderr, "usage: hello GUEST.wasm\n");
        return 2;
    }
    fclose(file);
    tenon_status status = tenon_engine_new(NULL, &engine);
    if (status == TENON_OK)
        status = tenon_tenant_new(engine, NULL, &tenant);
    if (status == TENON_OK)
        status = tenon_store_new(tenant, &store);
    if (status == TENON_OK)
        status = tenon_module_new(engine, bytes, size, &module, &err);
    if (status == TENON_OK)
        status = run(store, module, &err);
    if (status != TENON_OK)
        fprintf(stderr, "hello: %s\n", err.text[0] != '\0' ? err.text : tenon_status_text(status));
    tenon_module_delete(module);
    tenon_store_delete(store);
    tenon_tenant_delete(tenant);
    tenon_engine_delete(engine);
    return status == TENON_OK ? 0 : 1;
}
