/* SPDX-License-Identifier: MIT
 * What every unit test includes: cmocka, and a module from text bytes.
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modules_made.h"
#include "tenon.h"

#define HEADER "\0asm\1\0\0\0"
/* A module as a string literal: its bytes without the terminator. */
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

/* A module that the build has made from text. */
#define BUILT(name) module_##name, sizeof module_##name

static inline tenon_val i32_val(int32_t value)
{
    return (tenon_val){ .type = TENON_I32, .of.i32 = value };
}

/* An engine with a store; everything a runtime test starts from. */
typedef struct world {
    tenon_engine *engine;
    tenon_tenant *tenant;
    tenon_store *store;
} world;

static inline world world_new(tenon_bounds bounds)
{
    tenon_config config = { .size = sizeof config, .features = TENON_FEATURES_ALL, .bounds = bounds };
    world w;
    assert_int_equal(tenon_engine_new(&config, &w.engine), TENON_OK);
    assert_int_equal(tenon_tenant_new(w.engine, NULL, &w.tenant), TENON_OK);
    assert_int_equal(tenon_store_new(w.tenant, &w.store), TENON_OK);
    return w;
}
static inline void world_delete(world *w)
{
    tenon_store_delete(w->store);
    assert_int_equal(tenon_tenant_memory_bytes(w->tenant), 0);
    tenon_tenant_delete(w->tenant);
    tenon_engine_delete(w->engine);
}
static inline tenon_func *export_func(tenon_instance *instance, const char *name)
{
    tenon_extern e;
    assert_true(tenon_instance_export(instance, (tenon_name){ name, strlen(name) }, &e));
    assert_int_equal(e.kind, TENON_KIND_FUNC);
    return e.of.func;
}

#endif
