/* SPDX-License-Identifier: MIT
 * x86-64, System V. The thread's stack goes on where it was left (segment.host_sp) whenever compiled code calls C.
 */
    .text

/* int tn_stub_enter(packed, in, slots, native, segment, sp) */
    .globl tn_stub_enter
    .hidden tn_stub_enter
    .type tn_stub_enter, @function
tn_stub_enter:
    .cfi_startproc
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $8, %rsp
    movq %rsp, (%r8)
    movq %r8, %rbx
    movq %rdi, %rax
    movq %rsi, %rdi
    movq %rdx, %rsi
    movq %rcx, %rdx
    movq %r9, %rsp
    callq *%rax
    movq (%rbx), %rsp
    xorl %eax, %eax
.Lreturn:
    addq $8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    .cfi_def_cfa %rsp, 8
    retq
    .cfi_endproc
    .size tn_stub_enter, . - tn_stub_enter

/* void tn_stub_leave(segment, why) */
    .globl tn_stub_leave
    .hidden tn_stub_leave
    .type tn_stub_leave, @function
tn_stub_leave:
    movq (%rdi), %rsp
    leaq 48(%rsp), %rbp
    movl %esi, %eax
    jmp .Lreturn
    .size tn_stub_leave, . - tn_stub_leave

/* uint64_t tn_stub_exit(in, exit, a, b): tn_exit on the thread's stack. in->native->segment->{host_sp, exit} are the
 * first members of all three. */
    .globl tn_stub_exit
    .hidden tn_stub_exit
    .type tn_stub_exit, @function
tn_stub_exit:
    .cfi_startproc
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $8, %rsp
    movq (%rdi), %rax
    movq (%rax), %rax
    movq %rsp, 8(%rax)
    movq (%rax), %rsp
    callq tn_exit
    testq %rdx, %rdx
    jne .Lland
    leaq -40(%rbp), %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    .cfi_def_cfa %rsp, 8
    retq
    .cfi_endproc
.Lland:                       /* rdx: a tn_landing */
    movq 8(%rdx), %r15
    movq 16(%rdx), %r14
    movq 24(%rdx), %r13
    movq 32(%rdx), %r12
    movq 40(%rdx), %rbx
    movq 48(%rdx), %rbp
    movq 56(%rdx), %rcx
    movq 64(%rdx), %rsp
    movq 72(%rdx), %rax
    xorl %edx, %edx
    jmpq *%rcx
    .size tn_stub_exit, . - tn_stub_exit

    .section .note.GNU-stack, "", @progbits
