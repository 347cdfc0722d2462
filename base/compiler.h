/* SPDX-License-Identifier: MIT
 * What the compilers we support call by different names. With base/os and jit/<cpu>/target.h the only place where the
 * preprocessor may look at the compiler or the machine.
 */
#ifndef TN_BASE_COMPILER_H
#define TN_BASE_COMPILER_H

#define TN_LIKELY(c)          __builtin_expect(!!(c), 1)
#define TN_UNLIKELY(c)        __builtin_expect(!!(c), 0)
#define TN_MUST_CHECK         __attribute__((warn_unused_result))
#define TN_NOINLINE           __attribute__((noinline, cold))
#define TN_INLINE             static inline __attribute__((always_inline))
#define TN_PRINTF(text, args) __attribute__((format(printf, text, args)))
#define TN_UNUSED             __attribute__((unused))
/* A variable that the build would set to zero otherwise. */
#define TN_UNINITIALIZED __attribute__((uninitialized))

/* Handlers of the interpreter pass the machine state on in registers where the compiler can promise a tail call that
 * keeps it there; elsewhere they return to a loop. */
#if defined(__clang__) && (defined(__x86_64__) || defined(__aarch64__)) && !defined(TN_PORTABLE_DISPATCH)
#define TN_TAIL_DISPATCH 1
#define TN_PRESERVE_NONE __attribute__((preserve_none))
#define TN_MUSTTAIL      __attribute__((musttail))
#else
#define TN_TAIL_DISPATCH 0
#define TN_PRESERVE_NONE
#define TN_MUSTTAIL
#endif

/* Whether rounding a float to an integer is one instruction of every CPU that the build is for. */
#if defined(__aarch64__) || defined(__SSE4_1__)
#define TN_ROUNDS_IN_HARDWARE 1
#else
#define TN_ROUNDS_IN_HARDWARE 0
#endif

/* Sanitizers take more address space than any limit that makes sense, and ThreadSanitizer delivers signals late. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TN_SANITIZED 2
#elif __has_feature(address_sanitizer)
#define TN_SANITIZED 1
#endif
#endif
#if !defined(TN_SANITIZED)
#define TN_SANITIZED 0
#endif

/* A special build counts the interpreter's dispatches. */
#if defined(TN_COUNTERS)
extern unsigned long long tn_dispatches;
#define TN_COUNT_DISPATCH (tn_dispatches++)
#else
#define TN_COUNT_DISPATCH ((void)0)
#endif

#endif
