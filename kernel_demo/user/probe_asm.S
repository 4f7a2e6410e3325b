/* probe_asm.S - what C cannot say: system calls with every register and flag of the caller's choice */
    .text
/* void syscall_with(uint64_t regs[16], uint64_t flags): regs in the order rax rbx rcx rdx rsi rdi rbp r8 .. r15, then the flags; loaded, the call made, and all
 * stored back: rsp is kept. */
    .globl syscall_with
syscall_with:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    push %rdi
    push %rsi                       /* the flags to be set */
    mov  0(%rdi), %rax
    mov  8(%rdi), %rbx
    mov  16(%rdi), %rcx
    mov  24(%rdi), %rdx
    mov  32(%rdi), %rsi
    mov  48(%rdi), %rbp
    mov  56(%rdi), %r8
    mov  64(%rdi), %r9
    mov  72(%rdi), %r10
    mov  80(%rdi), %r11
    mov  88(%rdi), %r12
    mov  96(%rdi), %r13
    mov  104(%rdi), %r14
    mov  112(%rdi), %r15
    mov  40(%rdi), %rdi
    popfq
    syscall
    .globl syscall_with_returns
syscall_with_returns:
    pushfq
    xchg %rdi, 8(%rsp)              /* rdi -> regs; its own value on the stack */
    mov  %rax, 0(%rdi)
    mov  %rbx, 8(%rdi)
    mov  %rcx, 16(%rdi)
    mov  %rdx, 24(%rdi)
    mov  %rsi, 32(%rdi)
    mov  %rbp, 48(%rdi)
    mov  %r8, 56(%rdi)
    mov  %r9, 64(%rdi)
    mov  %r10, 72(%rdi)
    mov  %r11, 80(%rdi)
    mov  %r12, 88(%rdi)
    mov  %r13, 96(%rdi)
    mov  %r14, 104(%rdi)
    mov  %r15, 112(%rdi)
    pop  %rax
    mov  %rax, 120(%rdi)
    pop  %rax
    mov  %rax, 40(%rdi)
    pushq $0x202
    popfq
    pop  %r15
    pop  %r14
    pop  %r13
    pop  %r12
    pop  %rbp
    pop  %rbx
    ret

/* int fpu_hold(uint64_t pattern, uint64_t rounds): fill xmm0 to xmm15 and the x87 stack, look for `rounds` turns whether they are still so, with a system call at
 * every 16th.  The round at which they were not, or 0. */
    .globl fpu_hold
fpu_hold:
    push %rbx
    push %r12
    mov  %rdi, %r12
    mov  %rsi, %rbx
    fninit
    push %rdi
    fildq (%rsp)
    movq (%rsp), %xmm0
    pop  %rdi
    punpcklqdq %xmm0, %xmm0
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14
    movdqa %xmm0, %xmm\n
    .endr
1:  .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14
    movq %xmm\n, %rax
    cmp  %r12, %rax
    jne  3f
    movhlps %xmm\n, %xmm15
    movq %xmm15, %rax
    cmp  %r12, %rax
    jne  3f
    .endr
    test $15, %ebx
    jnz  2f
    mov  $2, %eax                   /* SYS_YIELD */
    syscall
2:  dec  %rbx
    jnz  1b
    push %rax
    fistpq (%rsp)
    pop  %rax
    cmp  %r12, %rax
    mov  $0, %eax
    je   4f
    inc  %eax
4:  pop  %r12
    pop  %rbx
    ret
3:  mov  %rbx, %rax
    pop  %r12
    pop  %rbx
    ret

/* int fpu_is_clean(void): as a new process must find them */
    .globl fpu_is_clean
fpu_is_clean:
    sub  $24, %rsp
    fnstcw (%rsp)
    stmxcsr 4(%rsp)
    xor  %eax, %eax
    cmpw $0x37f, (%rsp)
    jne  1f
    cmpl $0x1f80, 4(%rsp)
    jne  1f
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
    movdqu %xmm\n, 8(%rsp)
    cmpq $0, 8(%rsp)
    jne  1f
    cmpq $0, 16(%rsp)
    jne  1f
    .endr
    mov  $1, %eax
1:  add  $24, %rsp
    ret
    .section .note.GNU-stack, "", @progbits
