/* SPDX-License-Identifier: MIT
 * aarch64, AAPCS64 6.1.1: the registers that a call preserves.
 * The control words of floating point are left alone by guests and hosts.
 */
    .text

/* void tn_fiber_swap(void **from, void *to): pushes them, leaves sp in *from, takes the other stack */
    .hidden tn_fiber_swap
    .globl tn_fiber_swap
    .type tn_fiber_swap, %function
tn_fiber_swap:
    sub sp, sp, #160
    stp x19, x20, [sp]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    ret
    .size tn_fiber_swap, . - tn_fiber_swap

/* A new stack begins here, with its function and argument in two of the registers. */
    .hidden tn_fiber_start
    .globl tn_fiber_start
    .type tn_fiber_start, %function
tn_fiber_start:
    .cfi_startproc
    .cfi_undefined x30
    mov x0, x20
    blr x19
    udf #0
    .cfi_endproc
    .size tn_fiber_start, . - tn_fiber_start

/* What a new stack holds: words, and which of them are tn_fiber_start, the function and its argument. */
    .section .rodata
    .hidden tn_fiber_layout
    .globl tn_fiber_layout
tn_fiber_layout:
    .byte 20, 11, 0, 1

    .section .note.GNU-stack, "", %progbits
