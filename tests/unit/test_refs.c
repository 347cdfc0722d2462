/* SPDX-License-Identifier: MIT
 * References as the host sees them: exact types, and things made with them; objects of the host's that live as long as
 * somebody could come by them; small integers.
 */
#define _GNU_SOURCE
#include "unit.h"

#include "runtime/vm/runtime.h"
#include "tenon/refs.h"
#include "tests/support/compile.h"

enum { INTERPRETED, COMPILED, MODES };

typedef struct place {
    tenon_engine *engine;
    tenon_tenant *tenant;
    tenon_store *store;
    tenon_module *module;
    tenon_instance *instance;
    tenon_func *returned; /* by the host's `make`; or NULL */
    unsigned made, gone;  /* objects */
} place;

static tenon_status make(void *context, tenon_caller *caller, const tenon_val *args, tenon_val *results)
{
    (void)caller, (void)args;
    results[0].of.func = ((place *)context)->returned;
    return TENON_OK;
}

static void note_gone(void *thing)
{
    ((place *)thing)->gone++;
}

/* The guest is the only one to have it. */
static tenon_status object(void *context, tenon_caller *caller, const tenon_val *args, tenon_val *results)
{
    place *p = context;
    (void)args;
    tenon_status status = tenon_externref_new(tenon_caller_store(caller), p, note_gone, &results[0].of.ref);
    if (status != TENON_OK)
        return status;
    p->made++;
    return tenon_externref_release(tenon_caller_store(caller), results[0].of.ref);
}

static tenon_deftype import_type(const place *p, size_t index)
{
    const tenon_extern_type type = tenon_module_import_type(p->module, index);
    return tenon_extern_type_defined(&type);
}

static bool open_place(place *p, int mode)
{
    const tenon_config config = { .size = sizeof config, .features = TENON_FEATURES_ALL };
    const tenon_type externref = TENON_EXTERNREF;
    tenon_extern imports[2] = { { .kind = TENON_KIND_FUNC }, { .kind = TENON_KIND_FUNC } };
    if (mode == COMPILED && access(TENON_LLVM, X_OK) != 0)
        return false;
    memset(p, 0, sizeof *p);
    assert_int_equal(tenon_engine_new(&config, &p->engine), TENON_OK);
    assert_int_equal(tenon_tenant_new(p->engine, NULL, &p->tenant), TENON_OK);
    assert_int_equal(tenon_store_new(p->tenant, &p->store), TENON_OK);
    assert_int_equal(tenon_module_new(p->engine, BUILT(typed), &p->module, NULL), TENON_OK);
    if (mode == COMPILED) {
        assert_true(add_compiled(TENON_LLVM, p->module, BUILT(typed)) > 0);
    }
    const tenon_deftype type = import_type(p, 0);
    assert_int_equal(tenon_func_new_of(p->store, &type, make, p, &imports[0].of.func), TENON_OK);
    assert_int_equal(tenon_func_new(p->store, NULL, 0, &externref, 1, object, p, &imports[1].of.func), TENON_OK);
    assert_int_equal(tenon_instance_new(p->store, p->module, imports, 2, &p->instance, NULL), TENON_OK);
    return true;
}

static void close_place(place *p)
{
    tenon_store_delete(p->store);
    assert_int_equal(tenon_tenant_memory_bytes(p->tenant), 0);
    tenon_module_delete(p->module);
    tenon_tenant_delete(p->tenant);
    tenon_engine_delete(p->engine);
}

static tenon_func *func(const place *p, const char *name)
{
    return export_func(p->instance, name);
}

static tenon_val ref_val(tenon_ref ref)
{
    return (tenon_val){ .type = TENON_EXTERNREF, .of.ref = ref };
}

/* ---- types ---- */

static void types_are_exact(void **state)
{
    place p;
    tenon_deftype same, other;
    const tenon_valtype i32 = tenon_valtype_of(TENON_I32), two[2] = { i32, i32 };
    (void)state;
    assert_true(open_place(&p, INTERPRETED));
    const tenon_extern through = { .kind = TENON_KIND_FUNC, .of.func = func(&p, "through") };
    const tenon_extern_type type = tenon_extern_type_of(&through);
    const tenon_deftype defined = tenon_extern_type_defined(&type);
    assert_int_equal(tenon_deftype_kind(&defined), TENON_DEF_FUNC);
    assert_int_equal(tenon_deftype_param_count(&defined), 2);
    assert_int_equal(tenon_deftype_result_count(&defined), 1);
    assert_int_equal(tenon_deftype_result(&defined, 0).type, TENON_I32);
    const tenon_valtype ref = tenon_deftype_param(&defined, 0);
    assert_int_equal(ref.type, TENON_FUNCREF);
    assert_int_equal(ref.heap, TENON_HEAP_DEFINED);
    assert_false(ref.nullable);
    assert_int_equal(tenon_deftype_param_count(&ref.defined), 1);
    /* Equal types are the same, wherever they come from. */
    assert_int_equal(tenon_functype_new(p.engine, &i32, 1, &i32, 1, &same), TENON_OK);
    assert_memory_equal(&same, &ref.defined, sizeof same);
    assert_int_equal(tenon_functype_new(p.engine, two, 2, &i32, 1, &other), TENON_OK);
    assert_memory_not_equal(&other, &ref.defined, sizeof other);
    /* Subtypes. */
    tenon_valtype null = ref, wrong = ref;
    const tenon_valtype any_func = tenon_valtype_of(TENON_FUNCREF);
    const tenon_valtype no_func = { .type = TENON_FUNCREF, .nullable = true, .heap = TENON_HEAP_NOFUNC };
    null.nullable = true;
    wrong.defined = other;
    assert_true(tenon_valtype_matches(p.engine, &ref, &null));
    assert_false(tenon_valtype_matches(p.engine, &null, &ref));
    assert_true(tenon_valtype_matches(p.engine, &ref, &any_func));
    assert_false(tenon_valtype_matches(p.engine, &any_func, &null));
    assert_false(tenon_valtype_matches(p.engine, &wrong, &ref));
    assert_true(tenon_valtype_matches(p.engine, &no_func, &null));
    assert_true(tenon_valtype_matches(p.engine, &i32, &i32));
    assert_false(tenon_valtype_matches(p.engine, &i32, &ref));
    /* What makes no sense. */
    const tenon_valtype mixed = { .type = TENON_EXTERNREF, .heap = TENON_HEAP_FUNC };
    const tenon_valtype nothing = { .type = TENON_FUNCREF, .heap = TENON_HEAP_DEFINED };
    assert_false(tenon_valtype_matches(p.engine, &mixed, &mixed));
    assert_false(tenon_valtype_matches(p.engine, &nothing, &nothing));
    assert_int_equal(tenon_functype_new(p.engine, &mixed, 1, NULL, 0, &same), TENON_USAGE);
    assert_int_equal(tenon_functype_new(p.engine, &nothing, 1, NULL, 0, &same), TENON_USAGE);
    assert_string_equal(tenon_heap_text(TENON_HEAP_NOEXN), "noexn");
    close_place(&p);
}

static void functions_keep_their_types(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        place p;
        tenon_val result, arg = i32_val(21), args[2] = { { .type = TENON_FUNCREF }, i32_val(21) };
        if (!open_place(&p, mode))
            continue;
        p.returned = func(&p, "twice");
        assert_int_equal(tenon_func_call(func(&p, "made"), &arg, 1, &result, 1, NULL), TENON_OK);
        assert_int_equal(result.of.i32, 42);
        /* A host that breaks its promise ends the guest, not the process. */
        p.returned = NULL;
        assert_int_equal(tenon_func_call(func(&p, "made"), &arg, 1, &result, 1, NULL), TENON_USAGE);
        p.returned = func(&p, "give");
        assert_int_equal(tenon_func_call(func(&p, "made"), &arg, 1, &result, 1, NULL), TENON_USAGE);
        assert_int_equal(tenon_func_call(func(&p, "through"), args, 2, &result, 1, NULL), TENON_USAGE);
        args[0].of.func = func(&p, "give");
        assert_int_equal(tenon_func_call(func(&p, "through"), args, 2, &result, 1, NULL), TENON_USAGE);
        assert_int_equal(tenon_func_call(func(&p, "own"), NULL, 0, &args[0], 1, NULL), TENON_OK);
        assert_int_equal(tenon_func_call(func(&p, "through"), args, 2, &result, 1, NULL), TENON_OK);
        assert_int_equal(result.of.i32, 42);
        close_place(&p);
    }
}

static void things_of_exact_types(void **state)
{
    place p;
    tenon_table *table;
    tenon_global *global;
    tenon_tag *tag;
    tenon_func *made;
    tenon_ref ref;
    (void)state;
    assert_true(open_place(&p, INTERPRETED));
    const tenon_deftype gives = import_type(&p, 0);
    tenon_table_type shelf = { .element = tenon_deftype_result(&gives, 0), .min = 2, .max = 4 };
    tenon_val twice = { .type = TENON_FUNCREF, .of.func = func(&p, "twice") };
    const tenon_val give = { .type = TENON_FUNCREF, .of.func = func(&p, "give") }, null = { .type = TENON_FUNCREF };
    /* Not null: something must be there from the start. */
    assert_int_equal(tenon_table_new_of(p.store, &shelf, NULL, &table), TENON_USAGE);
    assert_int_equal(tenon_table_new_of(p.store, &shelf, &give, &table), TENON_USAGE);
    assert_int_equal(tenon_table_new_of(p.store, &shelf, &twice, &table), TENON_OK);
    assert_int_equal(tenon_table_get(table, 1, &ref), TENON_OK);
    assert_ptr_equal((tenon_func *)ref, twice.of.func);
    assert_int_equal(tenon_table_set(table, 0, 0), TENON_USAGE);
    assert_int_equal(tenon_table_set(table, 0, (tenon_ref)give.of.func), TENON_USAGE);
    assert_int_equal(tenon_table_grow(table, 1, 0), TENON_USAGE);
    assert_int_equal(tenon_table_grow(table, 1, (tenon_ref)twice.of.func), TENON_OK);
    const tenon_extern e = { .kind = TENON_KIND_TABLE, .of.table = table };
    const tenon_extern_type type = tenon_extern_type_of(&e);
    const tenon_valtype element = tenon_extern_type_value(&type);
    assert_memory_equal(&element.defined, &shelf.element.defined, sizeof element.defined);
    assert_int_equal(tenon_global_new_of(p.store, &shelf.element, &null, true, &global), TENON_USAGE);
    assert_int_equal(tenon_global_new_of(p.store, &shelf.element, &twice, true, &global), TENON_OK);
    assert_int_equal(tenon_global_set(global, &give), TENON_USAGE);
    assert_int_equal(tenon_global_set(global, &null), TENON_USAGE);
    assert_int_equal(tenon_tag_new_of(p.store, &gives, &tag), TENON_USAGE);
    assert_int_equal(tenon_func_new_of(p.store, &shelf.element.defined, make, &p, &made), TENON_OK);
    shelf.element = tenon_valtype_of(TENON_I32);
    assert_int_equal(tenon_table_new_of(p.store, &shelf, NULL, &table), TENON_USAGE);
    close_place(&p);
}

/* Types of a module that goes before what was made of them; others take numbers meanwhile. */
static void types_outlive_their_module(void **state)
{
    place p;
    tenon_store *store;
    tenon_table *table;
    tenon_func *made;
    tenon_module *module;
    (void)state;
    assert_true(open_place(&p, INTERPRETED));
    const tenon_deftype gives = import_type(&p, 0);
    const tenon_table_type shelf = { .element = { .type = TENON_FUNCREF,
                                                  .nullable = true,
                                                  .heap = TENON_HEAP_DEFINED,
                                                  .defined = tenon_deftype_result(&gives, 0).defined },
                                     .min = 1,
                                     .max = 1 };
    assert_int_equal(tenon_store_new(p.tenant, &store), TENON_OK);
    assert_int_equal(tenon_func_new_of(store, &gives, make, &p, &made), TENON_OK);
    assert_int_equal(tenon_table_new_of(store, &shelf, NULL, &table), TENON_OK);
    tenon_store_delete(p.store);
    tenon_module_delete(p.module);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(tenon_module_new(p.engine, BUILT(tier), &module, NULL), TENON_OK);
        tenon_module_delete(module);
    }
    const tenon_extern e = { .kind = TENON_KIND_FUNC, .of.func = made };
    const tenon_extern_type type = tenon_extern_type_of(&e);
    const tenon_deftype defined = tenon_extern_type_defined(&type);
    const tenon_valtype result = tenon_deftype_result(&defined, 0);
    assert_int_equal(result.heap, TENON_HEAP_DEFINED);
    assert_int_equal(tenon_deftype_param(&result.defined, 0).type, TENON_I32);
    assert_int_equal(tenon_table_set(table, 0, (tenon_ref)made), TENON_USAGE);
    tenon_store_delete(store);
    assert_int_equal(tenon_tenant_memory_bytes(p.tenant), 0);
    tenon_tenant_delete(p.tenant);
    tenon_engine_delete(p.engine);
}

/* ---- objects ---- */

static void collect(const place *p)
{
    assert_true(tenon_store_collect(p->store, &(tenon_collection){ .roots = &(tenon_root){ .instance = p->instance,
                                                                                            .held = true },
                                                                   .count = 1 }));
}

static void objects_live_as_long_as_needed(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        place p;
        tenon_store *other;
        tenon_ref ref, raw = 0x1234;
        tenon_extern shelf;
        tenon_val arg, result;
        void *thing = NULL;
        if (!open_place(&p, mode))
            continue;
        assert_int_equal(tenon_externref_new(p.store, &p, note_gone, &ref), TENON_OK);
        assert_true(tenon_externref_get(p.store, ref, &thing));
        assert_ptr_equal(thing, &p);
        /* Any word may be an external reference; it is not one of these. */
        assert_false(tenon_externref_get(p.store, raw, &thing));
        assert_false(tenon_externref_get(p.store, 0, &thing));
        assert_int_equal(tenon_store_new(p.tenant, &other), TENON_OK);
        assert_false(tenon_externref_get(other, ref, &thing));
        assert_int_equal(tenon_externref_release(other, ref), TENON_USAGE);
        tenon_store_delete(other);
        collect(&p);
        assert_int_equal(p.gone, 0);
        /* Held by a global of the guest's, then by its table, then by nobody. */
        arg = ref_val(ref);
        assert_int_equal(tenon_func_call(func(&p, "keep"), &arg, 1, NULL, 0, NULL), TENON_OK);
        assert_int_equal(tenon_externref_release(p.store, ref), TENON_OK);
        assert_int_equal(tenon_externref_release(p.store, ref), TENON_USAGE);
        collect(&p);
        assert_int_equal(tenon_func_call(func(&p, "give"), NULL, 0, &result, 1, NULL), TENON_OK);
        assert_true(result.of.ref == ref && tenon_externref_get(p.store, ref, &thing));
        assert_true(tenon_instance_export(p.instance, (tenon_name){ "shelf", 5 }, &shelf));
        assert_int_equal(tenon_table_set(shelf.of.table, 3, ref), TENON_OK);
        arg = ref_val(raw);
        assert_int_equal(tenon_func_call(func(&p, "keep"), &arg, 1, NULL, 0, NULL), TENON_OK);
        collect(&p);
        assert_int_equal(p.gone, 0);
        assert_int_equal(tenon_table_set(shelf.of.table, 3, 0), TENON_OK);
        collect(&p);
        assert_int_equal(p.gone, 1);
        assert_false(tenon_externref_get(p.store, ref, &thing));
        /* Held twice. */
        assert_int_equal(tenon_externref_new(p.store, &p, note_gone, &ref), TENON_OK);
        assert_int_equal(tenon_externref_hold(p.store, ref), TENON_OK);
        assert_int_equal(tenon_externref_release(p.store, ref), TENON_OK);
        collect(&p);
        assert_int_equal(p.gone, 1);
        close_place(&p);
        assert_int_equal(p.gone, 2);
    }
}

/* What a guest alone has, in a local, while it makes many others. */
static void guests_hold_objects(void **state)
{
    enum { MANY = 50000 };
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        place p;
        tenon_val n = i32_val(MANY), first;
        void *thing;
        if (!open_place(&p, mode))
            continue;
        assert_int_equal(tenon_func_call(func(&p, "hoard"), &n, 1, &first, 1, NULL), TENON_OK);
        assert_true(tenon_externref_get(p.store, first.of.ref, &thing));
        assert_int_equal(p.made, MANY + 1);
        /* The others went on the way. */
        assert_true(p.gone > MANY - 5000);
        assert_int_equal(p.made - p.gone, p.store->object_count);
        assert_int_equal(tenon_func_call(func(&p, "keep"), &first, 1, NULL, 0, NULL), TENON_OK);
        collect(&p);
        assert_int_equal(p.store->object_count, 1);
        assert_true(tenon_externref_get(p.store, first.of.ref, &thing));
        close_place(&p);
        assert_int_equal(p.gone, p.made);
    }
}

static tenon_status leave_an_object(void *context, tenon_store *store, tenon_instance **out, tenon_error *err)
{
    place *p = context;
    tenon_ref ref;
    (void)err;
    *out = NULL;
    return tenon_externref_new(store, p, note_gone, &ref);
}

static void pools_take_no_objects(void **state)
{
    place p;
    tenon_pool *pool;
    tenon_store *store;
    tenon_instance *instance;
    tenon_error err;
    (void)state;
    assert_true(open_place(&p, INTERPRETED));
    const tenon_pool_config config = { .size = sizeof config, .fill = leave_an_object, .context = &p };
    assert_int_equal(tenon_pool_new(p.engine, &config, &pool), TENON_OK);
    assert_int_equal(tenon_pool_take(pool, p.tenant, &store, &instance, &err), TENON_USAGE);
    assert_non_null(strstr(err.text, "objects"));
    assert_int_equal(p.gone, 1);
    tenon_pool_delete(pool);
    close_place(&p);
}

/* ---- small integers ---- */

static void small_integers_are_references(void **state)
{
    static const int32_t values[] = { 0, 1, -1, 1073741823, -1073741824 };
    place p;
    tenon_global *global;
    (void)state;
    assert_true(open_place(&p, INTERPRETED));
    const tenon_valtype i31 = { .type = TENON_ANYREF, .heap = TENON_HEAP_I31 };
    const tenon_valtype structure = { .type = TENON_ANYREF, .nullable = true, .heap = TENON_HEAP_STRUCT };
    tenon_val value = { .type = TENON_ANYREF, .of.ref = tenon_i31_new(7) };
    assert_int_equal(tenon_global_new_of(p.store, &structure, &value, true, &global), TENON_USAGE);
    assert_int_equal(tenon_global_new_of(p.store, &i31, &value, true, &global), TENON_OK);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        value.of.ref = tenon_i31_new(values[i]);
        assert_true(tenon_i31_is(value.of.ref));
        assert_int_equal(tenon_i31_get_s(value.of.ref), values[i]);
        assert_int_equal(tenon_i31_get_u(value.of.ref), (uint32_t)values[i] & 0x7FFFFFFF);
        assert_int_equal(tenon_global_set(global, &value), TENON_OK);
    }
    /* Bits above the 31 are not part of it. */
    assert_true(tenon_i31_new(INT32_MIN) == tenon_i31_new(0));
    value.of.ref = 0x1000;
    assert_int_equal(tenon_global_set(global, &value), TENON_USAGE);
    value.of.ref = 0;
    assert_int_equal(tenon_global_set(global, &value), TENON_USAGE);
    const tenon_val no_exception = { .type = TENON_EXNREF, .of.ref = 0x1000 };
    assert_int_equal(tenon_global_new(p.store, &no_exception, true, &global), TENON_USAGE);
    close_place(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(types_are_exact),
                                        cmocka_unit_test(functions_keep_their_types),
                                        cmocka_unit_test(things_of_exact_types),
                                        cmocka_unit_test(types_outlive_their_module),
                                        cmocka_unit_test(objects_live_as_long_as_needed),
                                        cmocka_unit_test(guests_hold_objects),
                                        cmocka_unit_test(pools_take_no_objects),
                                        cmocka_unit_test(small_integers_are_references) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
