/* SPDX-License-Identifier: MIT
 * Coroutines of the C stack: a stack and where it goes on. Only registers that calls preserve are kept, so a switch
 * costs what a call does. Nothing here allocates, and nothing may be assumed of the thread that a stack goes on in.
 */
#ifndef TN_BASE_OS_FIBER_H
#define TN_BASE_OS_FIBER_H

#include <stddef.h>

typedef struct tn_os_fiber {
    void *sp;
    void (*run)(void *);
    void *arg;
    /* For sanitizers, which follow stacks. */
    const void *stack;
    size_t stack_size;
    void *shadow, *thread;
} tn_os_fiber;

/* A stack of size bytes whose first switch calls run(arg), which must not return. The fiber must stay where it is. */
void tn_os_fiber_init(tn_os_fiber *fiber, void *stack, size_t size, void (*run)(void *), void *arg);
/* The stack that the caller runs on, for switching back to. */
void tn_os_fiber_init_thread(tn_os_fiber *fiber);
/* Nobody will switch to it again. It is not the caller's. */
void tn_os_fiber_fini(tn_os_fiber *fiber);
/* Goes on in `to`; returns when somebody goes on in `from`. last: from will not. */
void tn_os_fiber_switch(tn_os_fiber *from, tn_os_fiber *to, int last);

#endif
