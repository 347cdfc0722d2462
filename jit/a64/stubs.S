/* SPDX-License-Identifier: MIT
 * aarch64, AAPCS64. The thread's stack goes on where it was left (segment.host_sp) whenever compiled code calls C.
 */
    .text

.macro save
    stp d8, d9, [sp, #0]
    stp d10, d11, [sp, #16]
    stp d12, d13, [sp, #32]
    stp d14, d15, [sp, #48]
    stp x19, x20, [sp, #64]
    stp x21, x22, [sp, #80]
    stp x23, x24, [sp, #96]
    stp x25, x26, [sp, #112]
    stp x27, x28, [sp, #128]
.endm
.macro restore from
    ldp d8, d9, [\from, #0]
    ldp d10, d11, [\from, #16]
    ldp d12, d13, [\from, #32]
    ldp d14, d15, [\from, #48]
    ldp x19, x20, [\from, #64]
    ldp x21, x22, [\from, #80]
    ldp x23, x24, [\from, #96]
    ldp x25, x26, [\from, #112]
    ldp x27, x28, [\from, #128]
    ldp x29, x30, [\from, #144]
.endm

/* int tn_stub_enter(packed, in, slots, native, segment, sp) */
    .globl tn_stub_enter
    .hidden tn_stub_enter
    .type tn_stub_enter, %function
tn_stub_enter:
    sub sp, sp, #160
    stp x29, x30, [sp, #144]
    save
    add x29, sp, #144
    mov x9, sp
    str x9, [x4]
    mov x19, x4
    mov x9, x0
    mov x0, x1
    mov x1, x2
    mov x2, x3
    mov sp, x5
    blr x9
    ldr x9, [x19]
    mov sp, x9
    mov w0, #0
.Lreturn:
    restore sp
    add sp, sp, #160
    ret
    .size tn_stub_enter, . - tn_stub_enter

/* void tn_stub_leave(segment, why) */
    .globl tn_stub_leave
    .hidden tn_stub_leave
    .type tn_stub_leave, %function
tn_stub_leave:
    ldr x9, [x0]
    mov sp, x9
    mov w0, w1
    b .Lreturn
    .size tn_stub_leave, . - tn_stub_leave

/* uint64_t tn_stub_exit(in, exit, a, b) */
    .globl tn_stub_exit
    .hidden tn_stub_exit
    .type tn_stub_exit, %function
tn_stub_exit:
    sub sp, sp, #160
    stp x29, x30, [sp, #144]
    save
    add x29, sp, #144
    ldr x9, [x0]
    ldr x9, [x9]
    mov x10, sp
    str x10, [x9, #8]
    ldr x10, [x9]
    mov sp, x10
    bl tn_exit
    cbnz x1, .Lland
    sub sp, x29, #144
    restore sp
    add sp, sp, #160
    ret
.Lland:                       /* x1: a tn_landing */
    restore x1
    ldr x9, [x1, #160]
    mov sp, x9
    ldr x0, [x1, #168]
    mov x1, #0
    ret
    .size tn_stub_exit, . - tn_stub_exit

    .section .note.GNU-stack, "", %progbits
