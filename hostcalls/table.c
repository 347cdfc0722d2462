/* SPDX-License-Identifier: MIT
 * The table of functions, expanded from wasi_p1.def. A row without its function does not link.
 */
#include "hostcalls/wasi.h"

#define SLOT_i32(n) , slots[n].u32
#define SLOT_i64(n) , slots[n].u64
#define SLOT_none(n)
#define SLOT(n, t) SLOT_##t(n)
#define C_i32      , uint32_t
#define C_i64      , uint64_t
#define C_none
#define C_TYPE(n, t) C_##t
#define TYPE_i32     TENON_I32,
#define TYPE_i64     TENON_I64,
#define TYPE_none
#define TYPE(n, t) TYPE_##t
#define COUNT_i32  +1
#define COUNT_i64  +1
#define COUNT_none
#define COUNT(n, t) COUNT_##t

static const tenon_type result_types[] = { TENON_I32 };

/* Functions without privilege are entries of their own; the others are called by dispatch. */
#define FREE_FUNCTION(name, parameters)                                            \
    uint32_t tn_wasi_##name(tenon_caller *caller TENON_EACH_(C_TYPE, parameters)); \
    static tenon_status enter_##name(tenon_caller *caller, tenon_slot *slots)      \
    {                                                                              \
        slots[0].u32 = tn_wasi_##name(caller TENON_EACH_(SLOT, parameters));       \
        return tenon_caller_status(caller);                                        \
    }
#define DISPATCHED_FUNCTION(name, parameters)                                         \
    tn_wasi_errno tn_wasi_##name(tn_wasi_call *call TENON_EACH_(C_TYPE, parameters)); \
    static tn_wasi_errno call_##name(tn_wasi_call *call, const tenon_slot *slots)     \
    {                                                                                 \
        return tn_wasi_##name(call TENON_EACH_(SLOT, parameters));                    \
    }
#define FREE_ROW(name) \
    NULL,              \
    {                  \
        enter_##name, (void (*)(void))tn_wasi_##name,
#define DISPATCHED_ROW(name) \
    call_##name,             \
    {                        \
        tn_wasi_dispatch, NULL,

#define FUNCTION_NONE(name, parameters)        FREE_FUNCTION(name, parameters)
#define FUNCTION_DESCRIPTORS(name, parameters) DISPATCHED_FUNCTION(name, parameters)
#define FUNCTION_FILES(name, parameters)       DISPATCHED_FUNCTION(name, parameters)
#define FUNCTION_SOCKETS(name, parameters)     DISPATCHED_FUNCTION(name, parameters)
#define FUNCTION_CLOCKS(name, parameters)      DISPATCHED_FUNCTION(name, parameters)
#define FUNCTION_RANDOM(name, parameters)      DISPATCHED_FUNCTION(name, parameters)
#define FUNCTION_WAIT(name, parameters)        DISPATCHED_FUNCTION(name, parameters)
#define FUNCTION_SIGNALS(name, parameters)     DISPATCHED_FUNCTION(name, parameters)
#define ROW_NONE(name)                         FREE_ROW(name)
#define ROW_DESCRIPTORS(name)                  DISPATCHED_ROW(name)
#define ROW_FILES(name)                        DISPATCHED_ROW(name)
#define ROW_SOCKETS(name)                      DISPATCHED_ROW(name)
#define ROW_CLOCKS(name)                       DISPATCHED_ROW(name)
#define ROW_RANDOM(name)                       DISPATCHED_ROW(name)
#define ROW_WAIT(name)                         DISPATCHED_ROW(name)
#define ROW_SIGNALS(name)                      DISPATCHED_ROW(name)

#define WASI(name, capability, descriptor, right, path, path2, parameters, results) \
    FUNCTION_##capability(name,                                                     \
                          parameters) static const tenon_type types_##name[] = { TENON_EACH_(TYPE, parameters) 0 };
#include "hostcalls/wasi_p1.def"
#undef WASI

const tn_wasi_row tn_wasi_rows[] = {
#define WASI(name, capability, descriptor, right, path, path2, parameters, results)                      \
    {                                                                                                    \
        #name, TENON_CAPABILITY_##capability, descriptor, { path, path2 }, TN_WASI_RIGHT_##right,        \
            ROW_##capability(name) 0 TENON_EACH_(COUNT, parameters), results, types_##name, result_types \
    }                                                                                                    \
    }                                                                                                    \
    ,
#include "hostcalls/wasi_p1.def"
#undef WASI
};
const size_t tn_wasi_row_count = sizeof tn_wasi_rows / sizeof *tn_wasi_rows;
