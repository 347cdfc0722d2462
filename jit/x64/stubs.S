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
    subq $1, 40(%r10)         /* its host calls */
    jb .Lnone_left
    movq 40(%rdi), %rax       /* func->typed */
.Lcounted:
    movq %rbx, -8(%rbp)       /* where tn_stub_exit has them; they come back by themselves */
    movq %r12, -16(%rbp)
    movq %r13, -24(%rbp)
    movq %r14, -32(%rbp)
    movq (%r10), %r11         /* its segment */
    movq %r15, -40(%rbp)
    leaq -48(%rbp), %rsp
    movq 32(%r10), %r15       /* the store's interrupt; in a register that calls preserve, until .Lback */
    movq 24(%r10), %r10       /* its buffer */
    movq -24(%r10), %r10      /* who calls */
    movq %rsp, 8(%r11)
    movq (%r11), %r11
    leaq -32(%r11), %rsp
    movq %r10, -32(%r11)
    movq 56(%rdi), %r10       /* func->store */
    movq %r10, -24(%r11)
    movq %rdi, -16(%r11)
    movl $0, -8(%r11)
    movq %rsp, %rdi
    callq *%rax
    movl 24(%rsp), %ecx
    orl (%r15), %ecx
    jne .Lended
.Lback:
    movq -40(%rbp), %r15
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
/* More of them are asked for on this stack, as leaves run: the arguments stay where they are. */
.Lnone_left:
    movq $0, 40(%r10)
    subq $128, %rsp
    movq %rdi, (%rsp)
    movq %rsi, 8(%rsp)
    movq %rdx, 16(%rsp)
    movq %rcx, 24(%rsp)
    movq %r8, 32(%rsp)
    movq %r9, 40(%rsp)
    movsd %xmm0, 48(%rsp)
    movsd %xmm1, 56(%rsp)
    movsd %xmm2, 64(%rsp)
    movsd %xmm3, 72(%rsp)
    movsd %xmm4, 80(%rsp)
    movsd %xmm5, 88(%rsp)
    movsd %xmm6, 96(%rsp)
    movsd %xmm7, 104(%rsp)
    callq tn_host_allowed
    movl %eax, %r11d
    movq (%rsp), %rdi
    movq 8(%rsp), %rsi
    movq 16(%rsp), %rdx
    movq 24(%rsp), %rcx
    movq 32(%rsp), %r8
    movq 40(%rsp), %r9
    movsd 48(%rsp), %xmm0
    movsd 56(%rsp), %xmm1
    movsd 64(%rsp), %xmm2
    movsd 72(%rsp), %xmm3
    movsd 80(%rsp), %xmm4
    movsd 88(%rsp), %xmm5
    movsd 96(%rsp), %xmm6
    movsd 104(%rsp), %xmm7
    movq %rbp, %rsp
    movq 32(%rdi), %r10
    leaq tn_host_refused(%rip), %rax
    testb %r11b, %r11b
    je .Lcounted
    subq $1, 40(%r10)
    movq 40(%rdi), %rax
    jmp .Lcounted
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
