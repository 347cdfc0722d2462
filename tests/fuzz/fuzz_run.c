/* SPDX-License-Identifier: MIT
 * Fuzz target: what validates and has no imports is instantiated and its exports are
 * called, in both bounds modes; results and traps must agree.
 */
#include <stdlib.h>
#include <string.h>

#include "loader/module.h"
#include "tenon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_VALUES 16
#define MAX_CALLS 8

typedef struct trace {
    size_t count;
    struct {
        tenon_status status;
        tenon_trap trap;
        tenon_val results[MAX_VALUES];
        size_t result_count;
    } calls[MAX_CALLS];
} trace;

/* What a module may do without end is left out, since nothing stops a guest yet: loops, calls of a function that is not
 * earlier, and indirect calls unless tables can only hold functions that call nobody. */
typedef struct survey {
    bool loops, calls_forward, calls_indirectly, caller_in_table, changes_tables;
} survey;

static bool calls_somebody(const tn_module *m, uint32_t own)
{
    tn_insn in = { .op = TN_OP_INVALID };
    tn_reader r = tn_module_reader(m, m->bodies[own], NULL);
    uint32_t count;

    if (tn_skip_locals(&r, &count) != TENON_OK)
        return true;
    while (tn_reader_left(&r) > 0) {
        if (tn_insn_read(&r, &in) != TENON_OK)
            return true;
        tn_imm imm = (tn_imm)tn_op_infos[in.op].imm;
        if ((imm == TN_IMM_FUNC && in.op != TN_OP_REF_FUNC) || imm == TN_IMM_TYPE_TABLE || in.op == TN_OP_CALL_REF ||
            in.op == TN_OP_RETURN_CALL_REF)
            return true;
    }
    return false;
}

static void look_at(const tn_module *m, uint32_t own, survey *s)
{
    tn_insn in = { .op = TN_OP_INVALID };
    tn_reader r = tn_module_reader(m, m->bodies[own], NULL);
    uint32_t count;

    if (tn_skip_locals(&r, &count) != TENON_OK)
        return;
    while (tn_reader_left(&r) > 0 && tn_insn_read(&r, &in) == TENON_OK) {
        s->loops |= in.op == TN_OP_LOOP;
        if (in.op == TN_OP_CALL || in.op == TN_OP_RETURN_CALL)
            s->calls_forward |= in.a >= m->imported_funcs + own;
        s->calls_indirectly |= in.op == TN_OP_CALL_INDIRECT || in.op == TN_OP_RETURN_CALL_INDIRECT ||
                               in.op == TN_OP_CALL_REF || in.op == TN_OP_RETURN_CALL_REF;
        s->changes_tables |= in.op == TN_OP_REF_FUNC || in.op == TN_OP_TABLE_SET || in.op == TN_OP_TABLE_FILL;
    }
}

static bool ends(const uint8_t *data, size_t size)
{
    survey s = { 0 };
    tn_mem mem;
    tn_module m;

    tn_mem_init(&mem, NULL);
    tn_types *types = tn_types_new(&mem);
    if (types == NULL || tn_module_load(&m, &mem, types, TENON_FEATURES_ALL, data, size, 1, NULL) != TENON_OK) {
        tn_types_delete(types);
        return false;
    }
    for (uint32_t i = 0; i < m.body_count; i++) {
        look_at(&m, i, &s);
        s.caller_in_table |= m.elem_count > 0 && calls_somebody(&m, i) && m.declared != NULL &&
                             (m.declared[(m.imported_funcs + i) / 8] >> (m.imported_funcs + i) % 8 & 1);
    }
    tn_module_fini(&m);
    tn_types_delete(types);
    return !s.loops && !s.calls_forward && !(s.calls_indirectly && (s.caller_in_table || s.changes_tables));
}

static void call_exports(tenon_store *store, tenon_module *module, trace *out)
{
    tenon_instance *instance;
    tenon_error err;

    if (tenon_instance_new(store, module, NULL, 0, &instance, &err) != TENON_OK)
        return;
    for (size_t i = 0; i < tenon_module_export_count(module) && out->count < MAX_CALLS; i++) {
        tenon_export_info info = tenon_module_export(module, i);
        tenon_extern e;
        tenon_val args[MAX_VALUES] = { 0 };
        if (info.kind != TENON_KIND_FUNC || !tenon_instance_export(instance, info.name, &e))
            continue;
        size_t params = tenon_func_param_count(e.of.func), results = tenon_func_result_count(e.of.func);
        if (params > MAX_VALUES || results > MAX_VALUES)
            continue;
        for (size_t k = 0; k < params; k++) {
            args[k].type = tenon_func_param_type(e.of.func, k);
            if (args[k].type < TENON_FUNCREF)
                args[k].of.i64 = (int64_t)(0x9E3779B97F4A7C15u * (k + i + 1));
        }
        err.trap = TENON_TRAP_NONE;
        out->calls[out->count].status =
            tenon_func_call(e.of.func, args, params, out->calls[out->count].results, results, &err);
        out->calls[out->count].trap = err.trap;
        out->calls[out->count].result_count = results;
        out->count++;
    }
}

static void run(tenon_engine *engine, const uint8_t *data, size_t size, trace *out)
{
    tenon_limits limits = { .size = sizeof limits, .memory_bytes = 32 << 20 };
    tenon_tenant *tenant;
    tenon_store *store;
    tenon_module *module;

    if (tenon_module_new(engine, data, size, &module, NULL) != TENON_OK)
        return;
    if (tenon_tenant_new(engine, &limits, &tenant) != TENON_OK || tenon_store_new(tenant, &store) != TENON_OK)
        abort();
    call_exports(store, module, out);
    tenon_store_delete(store);
    if (tenon_tenant_memory_bytes(tenant) != 0)
        abort();
    tenon_tenant_delete(tenant);
    tenon_module_delete(module);
}

static bool same(const trace *a, const trace *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (a->calls[i].status != b->calls[i].status || a->calls[i].trap != b->calls[i].trap)
            return false;
        for (size_t k = 0; k < a->calls[i].result_count && a->calls[i].status == TENON_OK; k++) {
            tenon_type type = a->calls[i].results[k].type;
            if (type < TENON_FUNCREF && memcmp(&a->calls[i].results[k].of, &b->calls[i].results[k].of, 16) != 0)
                return false;
        }
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static tenon_engine *engines[2];
    trace traces[2];

    if (!ends(data, size))
        return 0;
    memset(traces, 0, sizeof traces);
    for (int i = 0; i < 2; i++) {
        tenon_config config = { .size = sizeof config,
                                .features = TENON_FEATURES_ALL,
                                .stack_size = 64 << 10,
                                .bounds = i == 0 ? TENON_BOUNDS_GUARDED : TENON_BOUNDS_CHECKED };
        if (engines[i] == NULL && tenon_engine_new(&config, &engines[i]) != TENON_OK)
            abort();
        run(engines[i], data, size, &traces[i]);
    }
    if (!same(&traces[0], &traces[1]))
        abort();
    return 0;
}
