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
    .section .note.GNU-stack, "", @progbits
