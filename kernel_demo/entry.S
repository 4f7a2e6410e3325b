/* entry.S - every way into the kernel, and out of it.
 *
 * All of them lay a struct frame (kernel.h) on a kernel stack and call C with it.  Rules:
 *   - In ring 0 %gs is the struct cpu, in ring 3 the user's.  Who comes from ring 3 swaps, and nobody else.
 *   - Interrupts are off at every entry; C turns them on when it has looked at the frame.
 *   - clac, cld: AC would open user memory to the kernel, DF would turn its string instructions round.
 *   - All registers of the user come back as they were, but for rcx and r11 after a system call: so none can hold anything of the kernel's. */
#include "layout.h"
    .text

.macro push_arguments               /* and rax, the number and the result */
    push %rax
    push %r9
    push %r8
    push %r10
    push %rdx
    push %rsi
    push %rdi
.endm
.macro pop_arguments
    pop  %rdi
    pop  %rsi
    pop  %rdx
    pop  %r10
    pop  %r8
    pop  %r9
    pop  %rax
.endm
.macro keep_registers               /* what C keeps, into the frame */
    mov  %rbx, FRAME_RBX(%rsp)
    mov  %r12, FRAME_R12(%rsp)
    mov  %r13, FRAME_R13(%rsp)
    mov  %r14, FRAME_R14(%rsp)
    mov  %r15, FRAME_R15(%rsp)
.endm
.macro save_registers
    push_arguments
    push %rbx
    push %rcx
    push %rbp
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
    pop  %rbp
    pop  %rcx
    pop  %rbx
    pop_arguments
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
    cmp  $SYS_FAST_CALL, %rax
    jae  fast_entry
full_entry:
    push $USER_DATA
    pushq %gs:CPU_USER_RSP
    push %r11
    push $USER_CODE
    push %rcx
    push $0
    push $VECTOR_SYSCALL
    push_arguments
    sub  $FRAME_RDI, %rsp           /* C keeps rbx and r12 to r15: they stay where they are; rcx and r11 are lost */
    mov  %rbp, FRAME_RBP(%rsp)
    xor  %ebp, %ebp
    mov  %rsp, %rdi
    call syscall
    mov  FRAME_RIP(%rsp), %rcx
    mov  FRAME_FLAGS(%rsp), %r11
    mov  %rcx, %rax
    shr  $47, %rax
    jnz  9f
    mov  FRAME_RBP(%rsp), %rbp
    add  $FRAME_RDI, %rsp
    pop_arguments
    mov  FRAME_RSP-FRAME_VECTOR(%rsp), %rsp
    swapgs
    sysretq
9:  keep_registers                  /* a return address that sysret cannot take: by iret */
    mov  %rcx, FRAME_RCX(%rsp)
    mov  %r11, FRAME_R11(%rsp)
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

/* A message in registers: the words in rbx r12 r13 r14, the opcode in r15.  C keeps those, so they are where they are: nothing is copied.  Of the caller
 * four words are saved, in the frame at the top of its stack (and its arguments, in case that the call goes the slow way); the frame of who runs next, which is
 * what C returns, has such four.  It gets rdi (badge), rsi (reply right), rdx (sender), r8 (flags); the rest is cleared. */
.macro fast_return                  /* to the frame in rax */
    mov  FRAME_RIP(%rax), %rcx
    mov  FRAME_FLAGS(%rax), %r11
    mov  FRAME_RSP(%rax), %rsp
    mov  FRAME_RBP(%rax), %rbp
    mov  FRAME_RDI(%rax), %rdi
    mov  FRAME_RSI(%rax), %rsi
    mov  FRAME_RDX(%rax), %rdx
    xor  %eax, %eax
    xor  %r9d, %r9d
    xor  %r10d, %r10d
    swapgs
    sysretq
.endm
fast_entry:
    sub  $FRAME_SIZE, %rsp
    mov  %rcx, FRAME_RIP(%rsp)
    mov  %r11, FRAME_FLAGS(%rsp)
    mov  %gs:CPU_USER_RSP, %rcx
    mov  %rcx, FRAME_RSP(%rsp)
    mov  %rbp, FRAME_RBP(%rsp)
    mov  %rdi, FRAME_RDI(%rsp)
    mov  %rsi, FRAME_RSI(%rsp)
    mov  %rdx, FRAME_RDX(%rsp)
    cmp  $SYS_FAST_REPLY_RECEIVE, %rax
    je   1f
    ja   slow_entry
    call fast_call
    test %rax, %rax
    jz   2f
    xor  %r8d, %r8d
    fast_return
1:  call fast_reply_receive
    test %rax, %rax
    jz   3f
    mov  $8, %r8d                   /* VIPC_IS_REPLY */
    fast_return
2:  mov  $SYS_FAST_CALL, %eax
    jmp  slow_entry
3:  mov  $SYS_FAST_REPLY_RECEIVE, %eax
slow_entry:
    cmp  $SYS_FAST_RECEIVE, %rax
    ja   4f
    mov  %rax, FRAME_RAX(%rsp)
    keep_registers
    xor  %ebp, %ebp
    mov  %rsp, %rdi
    call fast_slowly
    jmp  user_return
4:  add  $FRAME_SIZE, %rsp          /* no such call: as any other */
    mov  -FRAME_SIZE+FRAME_RIP(%rsp), %rcx
    jmp  full_entry

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
/* Where a thread starts that has nothing on its stack: rbx is a function of the kernel, r12 its argument, r13 the frame that a process goes on with then. */
    .globl thread_start
thread_start:
    call switch_done
    mov  %r13, %rsp
    mov  %r12, %rdi
    call *%rbx
    jmp  user_return
    .section .note.GNU-stack, "", @progbits
