/* SPDX-License-Identifier: MIT
 * Small modules with an export run: i32 -> i32, and what it gives for 3.
 */
#ifndef TESTS_UNIT_MODULES_H
#define TESTS_UNIT_MODULES_H

#include "modules_made.h"
#include "tenon.h"

typedef struct test_module {
    const char *name;
    const uint8_t *bytes;
    size_t size;
    int32_t expected;
} test_module;

#define MODULE(name, expected) { #name, module_##name, sizeof module_##name, expected }

static const test_module test_modules[] = { MODULE(compute, 6), MODULE(grow, 4), MODULE(indirect, 0), MODULE(exception, 3),
                                            MODULE(loop, 6) };
static const size_t test_module_count = sizeof test_modules / sizeof *test_modules;

#endif
