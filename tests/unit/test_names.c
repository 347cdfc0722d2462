/* SPDX-License-Identifier: MIT
 * Names and source lines, from good sections and from broken ones.
 */
#include "unit.h"

#include "loader/dwarf.h"

typedef struct loaded {
    tn_mem mem;
    tn_types *types;
    tn_module module;
} loaded;

static bool load(loaded *l, const uint8_t *bytes, size_t size)
{
    tn_mem_init(&l->mem, NULL);
    l->types = tn_types_new(&l->mem);
    if (tn_module_load(&l->module, &l->mem, l->types, TENON_FEATURES_ALL, bytes, size, 1, NULL) == TENON_OK)
        return true;
    tn_types_delete(l->types);
    return false;
}

static void unload(loaded *l)
{
    tn_module_fini(&l->module);
    tn_types_delete(l->types);
}

static void names_of_functions(void **state)
{
    loaded l;
    (void)state;
    assert_true(load(&l, BUILT(named)));
    tenon_name name = tn_module_func_name(&l.module, 1);
    assert_int_equal(name.size, 0); /* wat2wasm writes names only when asked to */
    unload(&l);
}

static void lines_of_code(void **state)
{
    loaded l;
    tn_source_line line;
    uint64_t start = 0;
    (void)state;
    assert_true(load(&l, BUILT(lines)));
    for (uint32_t i = 0; i < l.module.section_count; i++)
        if (l.module.sections[i].id == 10)
            start = l.module.sections[i].bytes.offset;
    assert_true(tn_module_source_line(&l.module, start + 2, &line));
    assert_int_equal(line.line, 10);
    assert_int_equal(line.file.size, 3);
    assert_memory_equal(line.file.data, "a.c", 3);
    assert_true(tn_module_source_line(&l.module, start + 7, &line));
    assert_int_equal(line.line, 11);
    assert_false(tn_module_source_line(&l.module, start + 4000, &line));
    assert_false(tn_module_source_line(&l.module, 0, &line));
    unload(&l);
}

/* Whatever bit is wrong: an answer or none, no read outside the module. */
static void broken_sections_give_nothing(void **state)
{
    loaded l;
    tn_source_line line;
    (void)state;
    for (size_t bit = 0; bit < sizeof module_lines * 8; bit++) {
        uint8_t *copy = malloc(sizeof module_lines);
        memcpy(copy, module_lines, sizeof module_lines);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (load(&l, copy, sizeof module_lines)) {
            for (uint64_t offset = 0; offset < 80; offset += 3)
                tn_module_source_line(&l.module, offset, &line);
            tn_module_func_name(&l.module, 0);
            tn_module_own_name(&l.module);
            unload(&l);
        }
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(names_of_functions), cmocka_unit_test(lines_of_code),
                                        cmocka_unit_test(broken_sections_give_nothing) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
