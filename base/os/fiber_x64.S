/* SPDX-License-Identifier: MIT
 * x86-64, System V 3.2.1: the registers that a call preserves.
 * The control words of floating point are left alone by guests and hosts.
 */
    .text

/* void tn_fiber_swap(void **from, void *to): pushes them, leaves sp in *from, takes the other stack */
    .hidden tn_fiber_swap
    .globl tn_fiber_swap
    .type tn_fiber_swap, @function
tn_fiber_swap:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    retq
    .size tn_fiber_swap, . - tn_fiber_swap

/* A new stack begins here, with its function and argument in two of the registers. */
    .hidden tn_fiber_start
    .globl tn_fiber_start
    .type tn_fiber_start, @function
tn_fiber_start:
    .cfi_startproc
    .cfi_undefined %rip
    xorl %ebp, %ebp
    subq $8, %rsp
    movq %r13, %rdi
    callq *%r12
    ud2
    .cfi_endproc
    .size tn_fiber_start, . - tn_fiber_start

/* What a new stack holds: words, and which of them are tn_fiber_start, the function and its argument. */
    .section .rodata
    .hidden tn_fiber_layout
    .globl tn_fiber_layout
tn_fiber_layout:
    .byte 8, 6, 3, 2

    .section .note.GNU-stack, "", @progbits
