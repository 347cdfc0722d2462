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

/* tn_stub_host(func, arguments): func->typed(caller, arguments) on the thread's stack. The frame is that of tn_stub_exit,
 * because the function may look out and end what called it. The caller's parts: instance, store, func, status. */
    .globl tn_stub_host
    .hidden tn_stub_host
    .type tn_stub_host, %function
tn_stub_host:
    sub sp, sp, #160
    stp x29, x30, [sp, #144]
    save
    add x29, sp, #144
    ldr x9, [x0, #32]         /* func->native */
    ldr x14, [x0, #40]        /* func->typed */
    ldr x10, [x9, #40]        /* its host calls */
    cbz x10, .Lnone_left
    sub x10, x10, #1
    str x10, [x9, #40]
.Lcounted:
    ldr x10, [x9]             /* its segment */
    ldr x11, [x9, #24]        /* its buffer */
    ldr x19, [x9, #32]        /* the store's interrupt */
    mov x12, sp
    str x12, [x10, #8]
    ldr x12, [x10]
    sub x12, x12, #32
    mov sp, x12
    ldur x13, [x11, #-24]     /* who calls */
    ldr x15, [x0, #56]        /* func->store */
    stp x13, x15, [sp]
    stp x0, xzr, [sp, #16]
    mov x0, sp
    blr x14
    ldr w9, [sp, #24]
    ldr w10, [x19]
    orr w9, w9, w10
    cbnz w9, .Lended
.Lback:
    sub sp, x29, #144
    restore sp
    add sp, sp, #160
    ret
.Lended:
    mov x1, x0
    mov x0, sp
    bl tn_host_returned
    cbnz x1, .Lland
    fmov d0, x0
    b .Lback
/* More of them are asked for on this stack, as leaves run: the arguments stay where they are. */
.Lnone_left:
    sub sp, sp, #128
    stp x0, x1, [sp]
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp d0, d1, [sp, #64]
    stp d2, d3, [sp, #80]
    stp d4, d5, [sp, #96]
    stp d6, d7, [sp, #112]
    bl tn_host_allowed
    and w15, w0, #1
    ldp x0, x1, [sp]
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp d0, d1, [sp, #64]
    ldp d2, d3, [sp, #80]
    ldp d4, d5, [sp, #96]
    ldp d6, d7, [sp, #112]
    add sp, sp, #128
    ldr x9, [x0, #32]
    adrp x14, tn_host_refused
    add x14, x14, :lo12:tn_host_refused
    cbz w15, .Lcounted
    ldr x14, [x0, #40]
    ldr x10, [x9, #40]
    sub x10, x10, #1
    str x10, [x9, #40]
    b .Lcounted
    .size tn_stub_host, . - tn_stub_host

.Lland:                       /* x1: a tn_landing */
    restore x1
    ldr x9, [x1, #160]
    mov sp, x9
    ldr x0, [x1, #168]
    mov x1, #0
    ret
    .size tn_stub_exit, . - tn_stub_exit

    .section .note.GNU-stack, "", %progbits
