/* start.S - a program's first instruction: rdi -> its arguments, one string; rsi: its pid */
    .text
    .globl _start
_start:
    xor  %ebp, %ebp
    and  $-16, %rsp
    call user_start

/* int64_t syscall_(number, a, b, c, d, e, f) */
    .globl syscall_
syscall_:
    mov  %rdi, %rax
    mov  %rsi, %rdi
    mov  %rdx, %rsi
    mov  %rcx, %rdx
    mov  %r8, %r10
    mov  %r9, %r8
    mov  8(%rsp), %r9
    syscall
    ret

/* int64_t fork_(initial, count, *process, number): what the call may change it keeps on the stack, which parent and child both have */
    .globl fork_
fork_:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    push %rdx
    mov  %rcx, %rax
    syscall
    pop  %rcx
    pop  %r15
    pop  %r14
    pop  %r13
    pop  %r12
    pop  %rbp
    pop  %rbx
    test %rax, %rax
    jle  1f
    mov  %rdx, (%rcx)               /* in the parent */
1:  ret
    .section .note.GNU-stack, "", @progbits
