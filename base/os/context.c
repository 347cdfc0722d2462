/* SPDX-License-Identifier: MIT
 * Interrupted registers on the CPUs that Linux runs on.
 */
#define _GNU_SOURCE
#include "base/os/context.h"

#include <ucontext.h>

/* The System V ABI's red zone, and what the landing function may need. */
#define STACK_SKIP 512

#if defined(__x86_64__)

uintptr_t tn_context_pc(const void *ucontext)
{
    return (uintptr_t)((const ucontext_t *)ucontext)->uc_mcontext.gregs[REG_RIP];
}

void tn_context_redirect(void *ucontext, void (*fn)(void *), void *arg)
{
    greg_t *regs = ((ucontext_t *)ucontext)->uc_mcontext.gregs;

    /* As after a call: 8 below a multiple of 16. */
    regs[REG_RSP] = (greg_t)((((uintptr_t)regs[REG_RSP] - STACK_SKIP) & ~(uintptr_t)15) - 8);
    regs[REG_RDI] = (greg_t)(uintptr_t)arg;
    regs[REG_RIP] = (greg_t)(uintptr_t)fn;
}

uintptr_t tn_context_register(const void *ucontext, unsigned n)
{
    static const int order[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                   REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };
    return (uintptr_t)((const ucontext_t *)ucontext)->uc_mcontext.gregs[order[n & 15]];
}

uintptr_t tn_context_frame(const void *ucontext)
{
    return (uintptr_t)((const ucontext_t *)ucontext)->uc_mcontext.gregs[REG_RBP];
}

void tn_context_set_stack(void *ucontext, uintptr_t sp)
{
    ((ucontext_t *)ucontext)->uc_mcontext.gregs[REG_RSP] = (greg_t)sp;
}

#elif defined(__aarch64__)

uintptr_t tn_context_pc(const void *ucontext)
{
    return (uintptr_t)((const ucontext_t *)ucontext)->uc_mcontext.pc;
}

void tn_context_redirect(void *ucontext, void (*fn)(void *), void *arg)
{
    mcontext_t *regs = &((ucontext_t *)ucontext)->uc_mcontext;

    regs->sp = (regs->sp - STACK_SKIP) & ~(uintptr_t)15;
    regs->regs[0] = (uintptr_t)arg;
    regs->pc = (uintptr_t)fn;
}

uintptr_t tn_context_register(const void *ucontext, unsigned n)
{
    return (uintptr_t)((const ucontext_t *)ucontext)->uc_mcontext.regs[n % 31];
}

uintptr_t tn_context_frame(const void *ucontext)
{
    return (uintptr_t)((const ucontext_t *)ucontext)->uc_mcontext.regs[29];
}

void tn_context_set_stack(void *ucontext, uintptr_t sp)
{
    ((ucontext_t *)ucontext)->uc_mcontext.sp = sp;
}

#elif defined(__riscv)

uintptr_t tn_context_pc(const void *ucontext)
{
    return (uintptr_t)((const ucontext_t *)ucontext)->uc_mcontext.__gregs[REG_PC];
}

void tn_context_redirect(void *ucontext, void (*fn)(void *), void *arg)
{
    unsigned long *regs = ((ucontext_t *)ucontext)->uc_mcontext.__gregs;

    regs[REG_SP] = (regs[REG_SP] - STACK_SKIP) & ~(uintptr_t)15;
    regs[REG_A0] = (uintptr_t)arg;
    regs[REG_PC] = (uintptr_t)fn;
}

uintptr_t tn_context_register(const void *ucontext, unsigned n)
{
    return (uintptr_t)((const ucontext_t *)ucontext)->uc_mcontext.__gregs[n & 31];
}

uintptr_t tn_context_frame(const void *ucontext)
{
    return (uintptr_t)((const ucontext_t *)ucontext)->uc_mcontext.__gregs[REG_S0];
}

void tn_context_set_stack(void *ucontext, uintptr_t sp)
{
    ((ucontext_t *)ucontext)->uc_mcontext.__gregs[REG_SP] = sp;
}

#else
#error "base/os/context.c: this CPU needs its three functions"
#endif
