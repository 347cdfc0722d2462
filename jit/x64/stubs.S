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

/* tn_stub_host(func, arguments): func->typed(caller, arguments) on the thread's stack. The frame is that of tn_stub_exit,
 * because the function may look out and end what called it. The caller's parts: instance, store, func, status. */
    .globl tn_stub_host
    .hidden tn_stub_host
    .type tn_stub_host, @function
    .p2align 4
tn_stub_host:
    .cfi_startproc
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    movq 32(%rdi), %r10       /* func->native */
    movq %rbx, -8(%rbp)       /* where tn_stub_exit has them; they come back by themselves */
    movq %r12, -16(%rbp)
    movq %r13, -24(%rbp)
    movq %r14, -32(%rbp)
    movq (%r10), %r11         /* its segment */
    movq %r15, -40(%rbp)
    leaq -48(%rbp), %rax
    movq %rax, 8(%r11)
    movq (%r11), %r11
    movq 24(%r10), %rax       /* its buffer */
    leaq -32(%r11), %rsp
    movq -24(%rax), %rax      /* who calls */
    movq %rax, -32(%r11)
    movq 56(%rdi), %rax       /* func->store */
    movq %rax, -24(%r11)
    movq %rdi, -16(%r11)
    movl $0, -8(%r11)
    movq 40(%rdi), %rax       /* func->typed */
    movq %rsp, %rdi
    callq *%rax
    movq 16(%rsp), %rdx
    movl 24(%rsp), %ecx
    movq 32(%rdx), %rdx
    movq 32(%rdx), %rdx       /* the store's interrupt */
    orl (%rdx), %ecx
    jne .Lended
.Lback:
    movq %rbp, %rsp
    popq %rbp
    .cfi_def_cfa %rsp, 8
    retq
    .cfi_endproc
.Lended:
    movq %rsp, %rdi
    movq %rax, %rsi
    callq tn_host_returned
    testq %rdx, %rdx
    jne .Lland
    movq %rax, %xmm0
    jmp .Lback
    .size tn_stub_host, . - tn_stub_host

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
