/* SPDX-License-Identifier: MIT
 * What the handlers of faults (trap.c) and of interrupts (interrupt.c) share.
 */
#ifndef TN_VM_SIGNAL_H
#define TN_VM_SIGNAL_H

#include <signal.h>

#include "runtime/vm/runtime.h"

typedef void tn_signal_action(int, siginfo_t *, void *);
/* Puts a handler in front of what is installed, which goes to *previous, unless it is there already. */
void tn_signal_put_in_front(int signal, tn_signal_action *handler, struct sigaction *previous);
bool tn_signal_has_handler(const struct sigaction *action);
/* Calls a handler that has_handler is true of. */
void tn_signal_chain(const struct sigaction *previous, int signal, siginfo_t *info, void *ucontext);
/* Whether the interrupt signal was for a guest of the thread's. */
bool tn_claim_interrupt(const siginfo_t *info, void *ucontext);
/* Ends the activation when the handler returns, if it was the guest's own code that was interrupted; else false. */
bool tn_end_interrupted(tn_activation *a, tenon_trap trap, uintptr_t address, void *ucontext);

#endif
