/* SPDX-License-Identifier: MIT
 * Engines and modules: what is shared between tenants.
 */
#include <string.h>

#include "base/assert.h"
#include "runtime/vm/runtime.h"
#include "runtime/vm/stacks.h"

#define DEFAULT_STACK_SIZE ((size_t)1 << 20)
/* Calls and rounds of loops: about as long in the interpreter as a small function takes to compile. */
#define DEFAULT_THRESHOLD 2000

/* ---- engine ---- */

/* Whoever compiles in the background, where that is asked for and the build can. */
static tenon_status open_service(tenon_engine *engine, const tenon_tiering *tiering)
{
    if (tiering->compiler == NULL || tn_native_code == NULL)
        return TENON_OK;
    engine->threshold = tiering->threshold != 0 ? tiering->threshold : DEFAULT_THRESHOLD;
    engine->service = tn_native_code->service_new(&engine->mem, tiering, engine->log, engine->log_context);
    return engine->service != NULL ? TENON_OK : TENON_NOMEM;
}

tenon_tiering_counts tenon_engine_tiering_counts(const tenon_engine *engine)
{
    if (engine->service == NULL)
        return (tenon_tiering_counts){ 0 };
    return tn_native_code->counts(engine->service);
}

tenon_status tenon_engine_new(const tenon_config *config, tenon_engine **out)
{
    tenon_config defaults = { .size = sizeof defaults };
    tn_mem mem;

    if (config == NULL)
        config = &defaults;
    if (config->size != sizeof *config || (config->features & ~TENON_FEATURES_ALL) ||
        (config->signals == TENON_SIGNALS_NONE && config->bounds == TENON_BOUNDS_GUARDED) ||
        !tn_os_choose_interrupt_signal(config->interrupt_signal))
        return TENON_USAGE;
    tn_mem_init(&mem, &config->allocator);
    tenon_engine *engine = tn_alloc_zeroed(&mem, sizeof *engine);
    if (engine == NULL)
        return TENON_NOMEM;
    engine->mem = mem;
    engine->features = config->features != 0 ? config->features | 1 : tenon_features_default();
    engine->bounds = config->bounds;
    engine->tools = config->tools;
    engine->metered = config->metered;
    engine->signals = config->signals;
    engine->log = config->log;
    engine->log_context = config->log_context;
    engine->threads = config->threads;
    engine->has_remote_barrier = tn_os_remote_barrier_init();
    engine->stack_size = config->stack_size != 0 ? config->stack_size : DEFAULT_STACK_SIZE;
    engine->tier = tn_tiers[0];
    engine->types = tn_types_new(&engine->mem);
    tn_os_mutex_init(&engine->spares_lock);
    atomic_init(&engine->refs, 1);
    if (engine->types == NULL || open_service(engine, &config->tiering) != TENON_OK) {
        tn_types_delete(engine->types);
        tn_free(&mem, engine, sizeof *engine);
        return TENON_NOMEM;
    }
    if (engine->bounds == TENON_BOUNDS_GUARDED && engine->signals == TENON_SIGNALS_OWN)
        tn_fault_handler_install();
    if (engine->bounds == TENON_BOUNDS_GUARDED)
        (void)tn_interrupts_prepare(engine);
    *out = engine;
    return TENON_OK;
}

void tn_engine_ref(tenon_engine *engine)
{
    atomic_fetch_add(&engine->refs, 1);
}

void tn_engine_unref(tenon_engine *engine)
{
    tn_mem mem = engine->mem;

    if (atomic_fetch_sub(&engine->refs, 1) != 1)
        return;
    if (engine->service != NULL)
        tn_native_code->service_delete(engine->service);
    tn_types_delete(engine->types);
    tn_stacks_fini(engine);
    tn_os_pages_fini(&engine->pages);
    tn_os_mutex_fini(&engine->spares_lock);
    tn_free(&mem, engine, sizeof *engine);
}

void tenon_engine_delete(tenon_engine *engine)
{
    if (engine != NULL)
        tn_engine_unref(engine);
}

/* ---- module ---- */

static uint32_t main_memory(const tn_module *m)
{
    for (uint32_t i = 0; i < m->export_count; i++)
        if (m->exports[i].kind == TENON_KIND_MEMORY && m->exports[i].name.size == 6 &&
            memcmp(m->exports[i].name.data, "memory", 6) == 0)
            return m->exports[i].index;
    return 0;
}

static tenon_status load_core(tenon_engine *engine, tenon_module *module, const void *bytes, size_t size,
                              tn_source *checked, tenon_error *err)
{
    tn_module *core = &module->core;

    if (checked != NULL)
        return tn_module_load_checked(core, &module->mem, engine->types, engine->features, bytes, size, checked, err);
    return tn_module_load(core, &module->mem, engine->types, engine->features, bytes, size, engine->threads, err);
}

static tenon_status new_module(tenon_engine *engine, const void *bytes, size_t size, tn_source *checked,
                               tenon_module **out, tenon_error *err)
{
    tn_error_clear(err);
    tenon_module *module = tn_alloc_zeroed(&engine->mem, sizeof *module);
    if (module == NULL)
        return tn_fail_plain(err, TENON_NOMEM, "out of memory while loading a module");
    tn_mem_init_counted(&module->mem, &engine->mem, &module->bytes);
    tn_mem_count(&module->mem, sizeof *module);
    tenon_status status = load_core(engine, module, bytes, size, checked, err);
    if (status != TENON_OK) {
        tn_free(&engine->mem, module, sizeof *module);
        return status;
    }
    atomic_init(&module->refs, 1);
    tn_os_mutex_init(&module->lock);
    module->engine = engine;
    module->number = atomic_fetch_add(&engine->module_numbers, 1) + 1;
    module->main_memory = main_memory(&module->core);
    tn_engine_ref(engine);
    *out = module;
    return TENON_OK;
}

tenon_status tenon_module_new_borrowed(tenon_engine *engine, const void *bytes, size_t size, tenon_module **out,
                                       tenon_error *err)
{
    return new_module(engine, bytes, size, NULL, out, err);
}

tenon_status tn_module_new_checked(tenon_engine *engine, const void *bytes, size_t size, tn_source *source,
                                   tenon_module **out, tenon_error *err)
{
    return new_module(engine, bytes, size, source, out, err);
}

tenon_status tenon_module_new(tenon_engine *engine, const void *bytes, size_t size, tenon_module **out,
                              tenon_error *err)
{
    tn_error_clear(err);
    uint8_t *copy = tn_alloc(&engine->mem, size + (size == 0));
    if (copy == NULL)
        return tn_fail_plain(err, TENON_NOMEM, "out of memory while loading a module");
    if (size > 0)
        memcpy(copy, bytes, size);
    tenon_status status = new_module(engine, copy, size, NULL, out, err);
    if (status == TENON_OK) {
        (*out)->owned = copy;
        tn_mem_count(&(*out)->mem, size + (size == 0));
    } else {
        tn_free(&engine->mem, copy, size + (size == 0));
    }
    return status;
}

void tn_module_ref(tenon_module *module)
{
    atomic_fetch_add(&module->refs, 1);
}

tenon_module *tenon_module_hold(tenon_module *module)
{
    tn_module_ref(module);
    return module;
}

void tenon_module_delete(tenon_module *module)
{
    if (module == NULL || atomic_fetch_sub(&module->refs, 1) != 1)
        return;
    tenon_engine *engine = module->engine;
    if (engine->service != NULL)
        tn_native_code->forget(engine->service, module);
    for (int i = 0; i < 2; i++)
        if (module->code[i] != NULL)
            engine->tier->code_delete(module->code[i]);
    tn_images_delete(module);
    size_t size = module->core.size;
    tn_module_fini(&module->core);
    tn_free(&engine->mem, module->owned, size + (size == 0));
    tn_os_mutex_fini(&module->lock);
    tn_free(&engine->mem, module, sizeof *module);
    tn_engine_unref(engine);
}

size_t tn_engine_threads(const tenon_engine *engine)
{
    return engine->threads != 0 ? engine->threads : tn_os_cpu_count();
}

bool tn_engine_handles_faults(const tenon_engine *engine)
{
    return engine->bounds == TENON_BOUNDS_GUARDED;
}

bool tn_engine_has_tools(const tenon_engine *engine)
{
    return engine->tools != 0;
}

bool tn_engine_admits(const tenon_engine *engine, tenon_features features)
{
    return ((features != 0 ? features : tenon_features_default()) & ~engine->features) == 0;
}

tn_mem *tn_engine_mem(tenon_engine *engine)
{
    return &engine->mem;
}

const tn_module *tn_module_core(const tenon_module *module)
{
    return &module->core;
}

uint64_t tn_module_bytes(const tenon_module *module)
{
    return __atomic_load_n(&module->bytes, __ATOMIC_RELAXED);
}

bool tn_module_is_metered(const tenon_module *module)
{
    return module->engine->metered;
}

uint64_t tn_module_number(const tenon_module *module)
{
    return module->number;
}

size_t tenon_module_import_count(const tenon_module *module)
{
    return module->core.import_count;
}

size_t tenon_module_export_count(const tenon_module *module)
{
    return module->core.export_count;
}

tenon_import_info tenon_module_import(const tenon_module *module, size_t index)
{
    const tn_import *import = &module->core.imports[index];
    return (tenon_import_info){ import->module, import->name, import->kind };
}

tenon_export_info tenon_module_export(const tenon_module *module, size_t index)
{
    const tn_export *export = &module->core.exports[index];
    return (tenon_export_info){ export->name, export->kind };
}
