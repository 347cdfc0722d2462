/* SPDX-License-Identifier: MIT
 * Switching of stacks on the CPUs that Linux runs on. System V AMD64 3.2.1, AAPCS64 6.1.1, RISC-V calling convention:
 * the registers that a call preserves, and the control words of floating point, which guests and hosts leave alone.
 */
#include "base/os/fiber.h"

#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

/* fiber_<cpu>.S */
void tn_fiber_swap(void **from, void *to);
void tn_fiber_start(void);
extern const uint8_t tn_fiber_layout[4];

/* ---- what sanitizers must know ---- */

#if TN_SANITIZED == 1
#include <sanitizer/common_interface_defs.h>

/* Whose stack is being left. */
static _Thread_local tn_os_fiber *left;

static void appear(tn_os_fiber *fiber)
{
    (void)fiber;
}

static void disappear(tn_os_fiber *fiber)
{
    (void)fiber;
}

static void arrive(tn_os_fiber *here)
{
    __sanitizer_finish_switch_fiber(here->shadow, &left->stack, &left->stack_size);
}

static void depart(tn_os_fiber *from, const tn_os_fiber *to, int last)
{
    left = from;
    __sanitizer_start_switch_fiber(last ? NULL : &from->shadow, to->stack, to->stack_size);
}
#elif TN_SANITIZED == 2
#include <sanitizer/tsan_interface.h>

static void appear(tn_os_fiber *fiber)
{
    fiber->thread = fiber->stack != NULL ? __tsan_create_fiber(0) : __tsan_get_current_fiber();
}

static void disappear(tn_os_fiber *fiber)
{
    __tsan_destroy_fiber(fiber->thread);
}

static void arrive(tn_os_fiber *here)
{
    (void)here;
}

static void depart(tn_os_fiber *from, const tn_os_fiber *to, int last)
{
    (void)from;
    (void)last;
    __tsan_switch_to_fiber(to->thread, 0);
}
#else
#define appear(fiber)          ((void)(fiber))
#define disappear(fiber)       ((void)(fiber))
#define arrive(here)           ((void)(here))
#define depart(from, to, last) ((void)(last))
#endif

/* ---- fibers ---- */

static void begin(void *arg)
{
    tn_os_fiber *fiber = arg;

    arrive(fiber);
    fiber->run(fiber->arg);
}

void tn_os_fiber_init(tn_os_fiber *fiber, void *stack, size_t size, void (*run)(void *), void *arg)
{
    enum { WORDS, START, RUN, ARG };
    uintptr_t top = ((uintptr_t)stack + size) & ~(uintptr_t)63;
    uintptr_t *words = (uintptr_t *)top - tn_fiber_layout[WORDS];

    memset(words, 0, tn_fiber_layout[WORDS] * sizeof *words);
    words[tn_fiber_layout[START]] = (uintptr_t)tn_fiber_start;
    words[tn_fiber_layout[RUN]] = (uintptr_t)begin;
    words[tn_fiber_layout[ARG]] = (uintptr_t)fiber;
    *fiber = (tn_os_fiber){ .sp = words, .run = run, .arg = arg, .stack = stack, .stack_size = size };
    appear(fiber);
}

void tn_os_fiber_init_thread(tn_os_fiber *fiber)
{
    *fiber = (tn_os_fiber){ .sp = NULL };
    appear(fiber);
}

void tn_os_fiber_fini(tn_os_fiber *fiber)
{
    disappear(fiber);
    fiber->sp = NULL;
}

void tn_os_fiber_switch(tn_os_fiber *from, tn_os_fiber *to, int last)
{
    depart(from, to, last);
    tn_fiber_swap(&from->sp, to->sp);
    arrive(from);
}
