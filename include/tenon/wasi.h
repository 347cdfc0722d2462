/* SPDX-License-Identifier: MIT
 * tenon/wasi.h -- WASI preview 1 for guests: the outside as far as the host opens it.
 *
 * A tenon_wasi is what one guest may see: arguments, variables, descriptors, and capabilities. It starts with nothing;
 * everything is denied until it is granted, here and by the policy of the tenant, which also says how fine clocks are,
 * where random bytes come from, and who audits. It belongs to one store and is used by the thread that runs it.
 */
#ifndef TENON_WASI_H
#define TENON_WASI_H

#include "tenon/policy.h"

TENON_BEGIN_C

typedef struct tenon_wasi tenon_wasi;

typedef struct tenon_wasi_config {
    size_t size;                     /* sizeof(tenon_wasi_config) */
    tenon_capabilities capabilities; /* what is missing here, or in the tenant's policy, is denied */
    uint32_t max_descriptors;        /* 0: 1,024 */
} tenon_wasi_config;

/* Its memory is charged to the tenant. */
TENON_API TENON_MUST_CHECK tenon_status tenon_wasi_new(tenon_tenant *tenant, const tenon_wasi_config *config,
                                                       tenon_wasi **out);
/* Makes the same for another guest of the tenant: arguments, variables, standard streams, directories and listeners as
 * the model was given them. Quotas are shared, so they hold over all these guests together. The model's guest, if it
 * has one, does not run meanwhile. */
TENON_API TENON_MUST_CHECK tenon_status tenon_wasi_new_like(const tenon_wasi *model, tenon_wasi **out);
/* Closes the guest's descriptors. No guest that uses it may be running. wasi may be NULL. */
TENON_API void tenon_wasi_delete(tenon_wasi *wasi);
/* Defines all functions of the module wasi_snapshot_preview1. wasi must outlive the linker's store. */
TENON_API TENON_MUST_CHECK tenon_status tenon_wasi_define(tenon_wasi *wasi, tenon_linker *linker);

/* Appends an argument (the first is the program's name), or a variable as NAME=VALUE. Text is copied and must hold no
 * NUL (TENON_USAGE). */
TENON_API TENON_MUST_CHECK tenon_status tenon_wasi_add_argument(tenon_wasi *wasi, tenon_name text);
TENON_API TENON_MUST_CHECK tenon_status tenon_wasi_add_variable(tenon_wasi *wasi, tenon_name text);

/* Lets the guest use a host descriptor as its standard input (0), output (1) or error (2). It is not closed with the
 * guest. Its flags are never changed, as other processes may share them; escape sequences that a guest writes to a
 * terminal are shown, not obeyed. */
TENON_API TENON_MUST_CHECK tenon_status tenon_wasi_set_stdio(tenon_wasi *wasi, uint32_t number, int host_descriptor);

typedef struct tenon_wasi_directory {
    size_t size; /* sizeof(tenon_wasi_directory) */
    const char *host_path, *guest_path;
    bool read_only;
    uint64_t quota; /* bytes by which files below may grow in all, a new name counting 4,096; 0: no limit */
} tenon_wasi_directory;
/* Opens a directory for the guest, from descriptor 3 on. TENON_USAGE with errno and err set when it cannot be opened.
 */
TENON_API TENON_MUST_CHECK tenon_status tenon_wasi_add_directory(tenon_wasi *wasi,
                                                                 const tenon_wasi_directory *directory,
                                                                 tenon_error *err);
/* Gives the guest a listening socket, as its next descriptor; the guest's table owns it from then on, also when this
 * fails. Add directories first: C libraries stop looking for them at the first other descriptor. */
TENON_API TENON_MUST_CHECK tenon_status tenon_wasi_add_listener(tenon_wasi *wasi, int host_descriptor);

/* Whether the guest ended itself (a call gave TENON_EXIT), and with which code: that of proc_exit, or 128 + n for a
 * signal that it raised. */
TENON_API bool tenon_wasi_exit_code(const tenon_wasi *wasi, uint32_t *code);

typedef struct tenon_wasi_stats {
    uint64_t calls, denials; /* of privileged functions */
    uint64_t bytes_read, bytes_written;
} tenon_wasi_stats;
TENON_API tenon_wasi_stats tenon_wasi_statistics(const tenon_wasi *wasi);

TENON_END_C
#endif
