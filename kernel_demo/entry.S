/* entry.S - every way into the kernel, and out of it.
 *
 * All of them lay a struct frame (kernel.h) on a kernel stack and call C with it.  Rules:
 *   - In ring 0 %gs is the struct cpu, in ring 3 the user's.  Who comes from ring 3 swaps, and nobody else.
 *   - Interrupts are off at every entry; C turns them on when it has looked at the frame.
 *   - clac, cld: AC would open user memory to the kernel, DF would turn its string instructions round.
 *   - All registers of the user come back as they were, but for rcx and r11 after a system call: so none can hold anything of the kernel's. */
#include "layout.h"
    .text

.macro save_registers
    push %rax
    push %rbx
    push %rcx
    push %rdx
    push %rsi
    push %rdi
    push %rbp
    push %r8
    push %r9
    push %r10
    push %r11
    push %r12
    push %r13
    push %r14
    push %r15
.endm
.macro restore_registers
    pop  %r15
    pop  %r14
    pop  %r13
    pop  %r12
    pop  %r11
    pop  %r10
    pop  %r9
    pop  %r8
    pop  %rbp
    pop  %rdi
    pop  %rsi
    pop  %rdx
    pop  %rcx
    pop  %rbx
    pop  %rax
.endm
.macro close_user_memory            /* clac, where the CPU knows it */
    cmpl $0, %gs:CPU_SMAP
    je   8f
    clac
8:
.endm

/* System calls: number in rax; arguments in rdi rsi rdx r10 r8 r9; result in rax.  The CPU has put rip into rcx and flags into r11, and masked
 * TF IF DF IOPL NT AC (cpu.c).  Until rsp is loaded only what has a stack of its own can interrupt. */
    .globl syscall_entry
syscall_entry:
    swapgs
    mov  %rsp, %gs:CPU_USER_RSP
    mov  %gs:CPU_KERNEL_RSP, %rsp
    push $USER_DATA
    pushq %gs:CPU_USER_RSP
    push %r11
    push $USER_CODE
    push %rcx
    push $0
    push $VECTOR_SYSCALL
    save_registers
    xor  %ebp, %ebp
    mov  %rsp, %rdi
    call syscall
/* rsp -> a frame of ring 3, interrupts off.  After a system call by sysret, unless the frame was given another rip than sysret can take. */
    .globl user_return
user_return:
    cmpq $VECTOR_SYSCALL, FRAME_VECTOR(%rsp)
    jne  1f
    mov  FRAME_RIP(%rsp), %rcx
    shr  $47, %rcx
    jnz  1f
    restore_registers
    mov  16(%rsp), %rcx             /* rip */
    mov  32(%rsp), %r11             /* flags */
    mov  40(%rsp), %rsp
    swapgs
    sysretq
1:  restore_registers
    add  $16, %rsp
    swapgs
    iretq

/* Exceptions and interrupts. */
trap_entry:
    testb $3, 24(%rsp)              /* cs: above vector, error, rip */
    jz   1f
    swapgs
1:  save_registers
    cld
    close_user_memory
from_trap:
    xor  %ebp, %ebp                 /* a backtrace ends here; that of the interrupted goes on from its frame */
    mov  %rsp, %rdi
    call trap
    testb $3, FRAME_CS(%rsp)
    jnz  user_return
    restore_registers
    add  $16, %rsp
    iretq

/* NMI, #DB, #DF, #MC come on stacks of their own and at any instruction, the first of a system call included, so the base of %gs itself has to say whose it
 * is.  From ring 3 they go on upon the thread's stack, like all others. */
critical_entry:
    save_registers
    cld
    testb $3, FRAME_CS(%rsp)
    jz   1f
    swapgs
    close_user_memory
    mov  %rsp, %rsi
    mov  %gs:CPU_KERNEL_RSP, %rdi
    sub  $FRAME_SIZE, %rdi
    mov  %rdi, %rdx
    mov  $FRAME_SIZE / 8, %ecx
    rep movsq
    mov  %rdx, %rsp
    jmp  from_trap
1:  mov  $0xc0000101, %ecx          /* GS_BASE: the kernel's is in the upper half */
    rdmsr
    mov  %edx, %ebx
    test %edx, %edx
    js   2f
    swapgs
2:  close_user_memory
    xor  %ebp, %ebp
    mov  %rsp, %rdi
    call critical_trap
    test %ebx, %ebx
    js   3f
    swapgs
3:  restore_registers
    add  $16, %rsp
    iretq

/* A stub of 16 bytes for each vector. */
    .balign 16
    .globl vectors
vectors:
.set n, 0
.rept 256
    .balign 16
    .if (n != 8) && (n != 10) && (n != 11) && (n != 12) && (n != 13) && (n != 14) && (n != 17) && (n != 21) && (n != 29) && (n != 30)
    push $0
    .endif
    push $n
    .if (n == 1) || (n == 2) || (n == 8) || (n == 18)
    jmp  critical_entry
    .else
    jmp  trap_entry
    .endif
.set n, n + 1
.endr

/* switch_stacks(uint64_t *save, uint64_t load): the other thread's switch_stacks returns. */
    .globl switch_stacks
switch_stacks:
    push %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    mov  %rsp, (%rdi)
    mov  %rsi, %rsp
    pop  %r15
    pop  %r14
    pop  %r13
    pop  %r12
    pop  %rbx
    pop  %rbp
    ret
/* Where a new thread's first switch returns to: rbx is a function of the kernel, r12 its argument; a process's returns to its frame. */
    .globl thread_start
thread_start:
    mov  %r12, %rdi
    call *%rbx
    jmp  user_return
    .section .note.GNU-stack, "", @progbits
