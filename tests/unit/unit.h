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

#include "tenon.h"

#define HEADER "\0asm\1\0\0\0"
/* A module as a string literal: its bytes without the terminator. */
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

/* (memory 1 2) (func "peek" i32 -> i32: load) (func "grow" i32 -> i32: memory.grow) (func "div" i32 i32 -> i32) */
#define SMALL_MODULE                                                                                             \
    HEADER "\1\14\2\x60\1\x7f\1\x7f\x60\2\x7f\x7f\1\x7f" "\3\4\3\0\0\1" "\5\4\1\1\1\2"                            \
           "\7\26\3\4peek\0\0\4grow\0\1\3div\0\2" "\12\31\3" "\7\0\x20\0\x28\2\0\13" "\6\0\x20\0\x40\0\13"         \
           "\7\0\x20\0\x20\1\x6d\13"

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
