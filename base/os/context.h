/* SPDX-License-Identifier: MIT
 * Registers of an interrupted thread, in a signal handler.
 */
#ifndef TN_BASE_OS_CONTEXT_H
#define TN_BASE_OS_CONTEXT_H

#include <stdint.h>

/* The interrupted instruction. */
uintptr_t tn_context_pc(const void *ucontext);
/* Lets the thread go on in fn(arg), which must not return, on the same stack. */
void tn_context_redirect(void *ucontext, void (*fn)(void *), void *arg);
/* Copies the registers to the interrupted stack, all of them and not only those that calls preserve, and lets the
 * thread go on in fn(saved), which must not return. */
void tn_context_divert(void *ucontext, void (*fn)(void *saved));
/* Goes on where a diverted thread, maybe another one, was. */
void tn_context_load(void *ucontext, const void *saved);
/* The frame pointer. */
uintptr_t tn_context_frame(const void *ucontext);
/* Goes on with another stack. */
void tn_context_set_stack(void *ucontext, uintptr_t sp);
/* General register n of the CPU's own numbering: r0..r15 on x86-64, x0..x30 on aarch64. */
uintptr_t tn_context_register(const void *ucontext, unsigned n);

#endif
