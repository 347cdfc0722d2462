/* SPDX-License-Identifier: MIT
 * The answers of Tenon: statuses of calls, traps of guests, and the record that says where and why.
 */
#ifndef TENON_STATUS_H
#define TENON_STATUS_H

#include <stdint.h>

/* Around declarations: C++ programs may use them. */
#ifdef __cplusplus
#define TENON_BEGIN_C extern "C" {
#define TENON_END_C   }
#else
#define TENON_BEGIN_C
#define TENON_END_C
#endif

TENON_BEGIN_C

/* X(id, text) */
#define TENON_STATUS_MAP(X)                                    \
    X(OK, "ok")                                                \
    X(NOMEM, "out of memory")                                  \
    X(MALFORMED, "not a WebAssembly module")                   \
    X(INVALID, "the module does not validate")                 \
    X(UNSUPPORTED, "needs a feature that is switched off")     \
    X(LINK, "an import is missing or has the wrong type")      \
    X(LIMIT, "a limit set by the host was reached")            \
    X(DENIED, "the guest lacks the capability")                \
    X(TRAP, "the guest trapped")                               \
    X(EXCEPTION, "the guest threw an exception nobody caught") \
    X(USAGE, "the caller broke a rule of this interface")      \
    X(EXIT, "the guest ended itself")                          \
    X(SUSPENDED, "the guest waits for a host call to be completed")

/* X(id, text): the texts are those of the specification's test suite. */
#define TENON_TRAP_MAP(X)                                           \
    X(NONE, "no trap")                                              \
    X(UNREACHABLE, "unreachable")                                   \
    X(DIVIDE_BY_ZERO, "integer divide by zero")                     \
    X(INTEGER_OVERFLOW, "integer overflow")                         \
    X(INVALID_CONVERSION, "invalid conversion to integer")          \
    X(MEMORY_BOUNDS, "out of bounds memory access")                 \
    X(TABLE_BOUNDS, "out of bounds table access")                   \
    X(UNDEFINED_ELEMENT, "undefined element")                       \
    X(UNINITIALIZED_ELEMENT, "uninitialized element")               \
    X(SIGNATURE_MISMATCH, "indirect call type mismatch")            \
    X(NULL_REFERENCE, "null reference")                             \
    X(NULL_FUNCTION, "null function reference")                     \
    X(STACK_EXHAUSTED, "call stack exhausted")                      \
    X(UNALIGNED_ATOMIC, "unaligned atomic")                         \
    X(UNSHARED_WAIT, "expected shared memory")                      \
    X(OUT_OF_MEMORY, "out of memory")                               \
    X(UNSUPPORTED, "the instruction is not supported by this tier") \
    X(HOST, "a host function trapped")                              \
    X(INTERRUPTED, "interrupt")                                     \
    X(FUEL, "out of fuel")                                          \
    X(CODE_CHANGED, "the compiled file is refused: it is damaged, or was changed while it was in use")

/* Whether a call succeeded, and if not, whose fault it was. TENON_OK is 0. */
typedef enum tenon_status {
#define X(id, text) TENON_##id,
    TENON_STATUS_MAP(X)
#undef X
} tenon_status;

/* What ended a guest. A trap is the guest's event, not an error of the host. */
typedef enum tenon_trap {
#define X(id, text) TENON_TRAP_##id,
    TENON_TRAP_MAP(X)
#undef X
} tenon_trap;

#define TENON_NO_INDEX  UINT32_MAX
#define TENON_NO_OFFSET UINT64_MAX

/* Where and why a call failed. Owned by the caller; filled once, by whoever knows most; never needed
 * to decide anything, so every function takes NULL for it. */
typedef struct tenon_error {
    tenon_status status;
    tenon_trap trap;   /* when status is TENON_TRAP */
    uint32_t function; /* index of a function in the module's function index space, or TENON_NO_INDEX */
    uint64_t offset;   /* byte offset in the module, or TENON_NO_OFFSET */
    char text[192];    /* one line without a newline */
} tenon_error;

TENON_END_C
#endif
