/* SPDX-License-Identifier: MIT
 * How a failure travels inside the house: a status is returned, and the caller's record gets its place and sentence
 * once, from the function that noticed.
 */
#ifndef TN_BASE_STATUS_H
#define TN_BASE_STATUS_H

#include <stdarg.h>

#include "base/compiler.h"
#include "tenon/status.h"

/* The only hidden return in the house. */
#define TN_TRY(expr)                                \
    do {                                            \
        tenon_status tn_try_status = (expr);        \
        if (TN_UNLIKELY(tn_try_status != TENON_OK)) \
            return tn_try_status;                   \
    } while (0)

/* Empties the record. err may be NULL, here and below. */
void tn_error_clear(tenon_error *err);

/* Fills the record unless it is filled already, and returns status. */
tenon_status tn_fail(tenon_error *err, tenon_status status, uint64_t offset, const char *format, ...) TN_PRINTF(4, 5);
/* The same without a place. */
tenon_status tn_fail_plain(tenon_error *err, tenon_status status, const char *format, ...) TN_PRINTF(3, 4);
/* A trap as a failure. */
tenon_status tn_fail_trap(tenon_error *err, tenon_trap trap);

#endif
