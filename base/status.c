/* SPDX-License-Identifier: MIT
 * Texts of statuses, traps, features and kinds; filling of the error record.
 */
#include "base/status.h"

#include <stdio.h>
#include <string.h>

#include "tenon.h"

const char *tenon_version(void)
{
    return "0.1.0";
}

const char *tenon_status_text(tenon_status status)
{
    static const char *const texts[] = {
#define X(id, text) text,
        TENON_STATUS_MAP(X)
#undef X
    };
    return (size_t)status < sizeof texts / sizeof *texts ? texts[status] : "unknown status";
}

const char *tenon_trap_text(tenon_trap trap)
{
    static const char *const texts[] = {
#define X(id, text) text,
        TENON_TRAP_MAP(X)
#undef X
    };
    return (size_t)trap < sizeof texts / sizeof *texts ? texts[trap] : "unknown trap";
}

const char *tenon_feature_text(tenon_feature feature)
{
    static const char *const texts[] = {
#define X(id, text, phase) text,
        TENON_FEATURE_MAP(X)
#undef X
    };
    return (size_t)feature < sizeof texts / sizeof *texts ? texts[feature] : NULL;
}

static tenon_features of_phase(int least)
{
    tenon_features set = 0;

#define X(id, text, phase) set |= (tenon_features)((phase) >= least) << TENON_FEATURE_##id;
    TENON_FEATURE_MAP(X)
#undef X
    return set;
}

tenon_features tenon_features_standard(void)
{
    return of_phase(5);
}

tenon_features tenon_features_default(void)
{
    return of_phase(4);
}

const char *tenon_kind_text(tenon_kind kind)
{
    static const char *const texts[] = { "function", "table", "memory", "global", "tag" };
    return (size_t)kind < sizeof texts / sizeof *texts ? texts[kind] : "unknown kind";
}

const char *tenon_type_text(tenon_type type)
{
    static const char *const texts[] = { "?",    "i32",     "i64",       "f32",    "f64",
                                         "v128", "funcref", "externref", "exnref", "anyref" };
    return (size_t)type < sizeof texts / sizeof *texts ? texts[type] : "?";
}

void tn_error_clear(tenon_error *err)
{
    if (err == NULL)
        return;
    memset(err, 0, sizeof *err);
    err->function = TENON_NO_INDEX;
    err->offset = TENON_NO_OFFSET;
}

static tenon_status fill(tenon_error *err, tenon_status status, uint64_t offset, const char *format, va_list args)
{
    if (err == NULL || err->status != TENON_OK)
        return status;
    err->status = status;
    err->offset = offset;
    vsnprintf(err->text, sizeof err->text, format, args);
    return status;
}

tenon_status tn_fail(tenon_error *err, tenon_status status, uint64_t offset, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fill(err, status, offset, format, args);
    va_end(args);
    return status;
}

tenon_status tn_fail_plain(tenon_error *err, tenon_status status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fill(err, status, TENON_NO_OFFSET, format, args);
    va_end(args);
    return status;
}

tenon_status tn_fail_trap(tenon_error *err, tenon_trap trap)
{
    if (err != NULL && err->status == TENON_OK) {
        err->trap = trap;
        return tn_fail_plain(err, TENON_TRAP, "%s", tenon_trap_text(trap));
    }
    return TENON_TRAP;
}
