/* SPDX-License-Identifier: MIT
 * Interrupted registers on the CPUs that Linux runs on.
 */
#define _GNU_SOURCE
#include "base/os/context.h"

#include <string.h>
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

static uintptr_t stack_of(const void *ucontext)
{
    return (uintptr_t)((const ucontext_t *)ucontext)->uc_mcontext.gregs[REG_RSP];
}

/* What the kernel appends to the signal frame of an FXSAVE area, and says so in its reserved bytes (Linux,
 * sigcontext.h: struct _fpx_sw_bytes). */
#define FXSAVE_SIZE     512
#define SOFTWARE_OFFSET 464
#define XSTATE_MAGIC    0x46505853u
typedef struct software_bytes {
    uint32_t magic, extended_size;
    uint64_t features;
    uint32_t xstate_size;
} software_bytes;

/* The general registers up to RIP and the flags; segments, traps and masks are the thread's. */
#define GENERAL_COUNT (REG_EFL + 1)

static size_t floating_size(const mcontext_t *regs)
{
    software_bytes extra;

    if (regs->fpregs == NULL)
        return 0;
    memcpy(&extra, (const uint8_t *)regs->fpregs + SOFTWARE_OFFSET, sizeof extra);
    return extra.magic == XSTATE_MAGIC ? extra.extended_size : FXSAVE_SIZE;
}

static size_t saved_size(const void *ucontext)
{
    return GENERAL_COUNT * sizeof(greg_t) + floating_size(&((const ucontext_t *)ucontext)->uc_mcontext);
}

static void save(const void *ucontext, void *out)
{
    const mcontext_t *regs = &((const ucontext_t *)ucontext)->uc_mcontext;

    memcpy(out, regs->gregs, GENERAL_COUNT * sizeof(greg_t));
    memcpy((greg_t *)out + GENERAL_COUNT, regs->fpregs, floating_size(regs));
}

void tn_context_load(void *ucontext, const void *saved)
{
    mcontext_t *regs = &((ucontext_t *)ucontext)->uc_mcontext;

    memcpy(regs->gregs, saved, GENERAL_COUNT * sizeof(greg_t));
    memcpy(regs->fpregs, (const greg_t *)saved + GENERAL_COUNT, floating_size(regs));
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

static uintptr_t stack_of(const void *ucontext)
{
    return ((const ucontext_t *)ucontext)->uc_mcontext.sp;
}

/* Records of the kernel's, vectors among them, are part of it. */
static size_t saved_size(const void *ucontext)
{
    (void)ucontext;
    return sizeof(mcontext_t);
}

static void save(const void *ucontext, void *out)
{
    memcpy(out, &((const ucontext_t *)ucontext)->uc_mcontext, sizeof(mcontext_t));
}

void tn_context_load(void *ucontext, const void *saved)
{
    memcpy(&((ucontext_t *)ucontext)->uc_mcontext, saved, sizeof(mcontext_t));
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

static uintptr_t stack_of(const void *ucontext)
{
    return ((const ucontext_t *)ucontext)->uc_mcontext.__gregs[REG_SP];
}

static size_t saved_size(const void *ucontext)
{
    (void)ucontext;
    return sizeof(mcontext_t);
}

static void save(const void *ucontext, void *out)
{
    memcpy(out, &((const ucontext_t *)ucontext)->uc_mcontext, sizeof(mcontext_t));
}

/* x4, the thread pointer, stays: it says which thread this is. */
void tn_context_load(void *ucontext, const void *saved)
{
    mcontext_t *regs = &((ucontext_t *)ucontext)->uc_mcontext;
    unsigned long thread = regs->__gregs[4];

    memcpy(regs, saved, sizeof *regs);
    regs->__gregs[4] = thread;
}

#else
#error "base/os/context.c: this CPU needs its functions"
#endif

/* A handler without a stack of its own runs just below what it has interrupted; what it calls needs some room too. */
#define HANDLER_REACH ((uintptr_t)64 << 10)
#define HANDLER_CALLS 4096

void tn_context_divert(void *ucontext, void (*fn)(void *saved))
{
    uintptr_t sp = stack_of(ucontext), here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t top = here < sp && sp - here < HANDLER_REACH ? here - HANDLER_CALLS : sp - STACK_SKIP;
    uintptr_t at = (top - saved_size(ucontext)) & ~(uintptr_t)63;

    save(ucontext, (void *)at);
    tn_context_set_stack(ucontext, at);
    tn_context_redirect(ucontext, fn, (void *)at);
}
