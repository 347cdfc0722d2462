/* SPDX-License-Identifier: MIT
 * riscv64, the standard calling convention: the registers that a call preserves.
 * The control words of floating point are left alone by guests and hosts.
 */
    .text

/* void tn_fiber_swap(void **from, void *to): pushes them, leaves sp in *from, takes the other stack */
    .hidden tn_fiber_swap
    .globl tn_fiber_swap
    .type tn_fiber_swap, @function
tn_fiber_swap:
    addi sp, sp, -208
    sd ra, 0(sp)
    sd s0, 8(sp)
    sd s1, 16(sp)
    sd s2, 24(sp)
    sd s3, 32(sp)
    sd s4, 40(sp)
    sd s5, 48(sp)
    sd s6, 56(sp)
    sd s7, 64(sp)
    sd s8, 72(sp)
    sd s9, 80(sp)
    sd s10, 88(sp)
    sd s11, 96(sp)
    fsd fs0, 104(sp)
    fsd fs1, 112(sp)
    fsd fs2, 120(sp)
    fsd fs3, 128(sp)
    fsd fs4, 136(sp)
    fsd fs5, 144(sp)
    fsd fs6, 152(sp)
    fsd fs7, 160(sp)
    fsd fs8, 168(sp)
    fsd fs9, 176(sp)
    fsd fs10, 184(sp)
    fsd fs11, 192(sp)
    sd sp, 0(a0)
    mv sp, a1
    ld ra, 0(sp)
    ld s0, 8(sp)
    ld s1, 16(sp)
    ld s2, 24(sp)
    ld s3, 32(sp)
    ld s4, 40(sp)
    ld s5, 48(sp)
    ld s6, 56(sp)
    ld s7, 64(sp)
    ld s8, 72(sp)
    ld s9, 80(sp)
    ld s10, 88(sp)
    ld s11, 96(sp)
    fld fs0, 104(sp)
    fld fs1, 112(sp)
    fld fs2, 120(sp)
    fld fs3, 128(sp)
    fld fs4, 136(sp)
    fld fs5, 144(sp)
    fld fs6, 152(sp)
    fld fs7, 160(sp)
    fld fs8, 168(sp)
    fld fs9, 176(sp)
    fld fs10, 184(sp)
    fld fs11, 192(sp)
    addi sp, sp, 208
    ret
    .size tn_fiber_swap, . - tn_fiber_swap

/* A new stack begins here, with its function and argument in two of the registers. */
    .hidden tn_fiber_start
    .globl tn_fiber_start
    .type tn_fiber_start, @function
tn_fiber_start:
    .cfi_startproc
    .cfi_undefined ra
    mv a0, s2
    jalr s1
    unimp
    .cfi_endproc
    .size tn_fiber_start, . - tn_fiber_start

/* What a new stack holds: words, and which of them are tn_fiber_start, the function and its argument. */
    .section .rodata
    .hidden tn_fiber_layout
    .globl tn_fiber_layout
tn_fiber_layout:
    .byte 26, 0, 2, 3

    .section .note.GNU-stack, "", @progbits
