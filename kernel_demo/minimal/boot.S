/* boot.S - from QEMU's PVH entry to long mode and kmain; the switch of stacks; the ways in: 32 exceptions and the timer */
    .section .note.pvh, "a", @note                  /* Xen's note 18 tells QEMU the physical address to start at */
    .balign 4
    .long 4, 4, 18, 0x006e6558, start               /* "Xen" */
    .text
    .globl start, switch_stacks, thread_begin, exceptions, timer_entry, spurious_entry
    .code32
start:
    cld
    mov  %ebx, %esi                                 /* start information, for kmain */
    movl $pdpt + 3, pml4                            /* one GiB, each address where it is: 512 pages of 2 MiB, present and writable */
    movl $pd + 3, pdpt
    mov  $pd, %edi; mov $0x83, %eax; mov $512, %ecx
1:  mov  %eax, (%edi); add $0x200000, %eax; add $8, %edi; loop 1b
    mov  $0x20, %eax; mov %eax, %cr4                /* PAE */
    mov  $pml4, %eax; mov %eax, %cr3
    mov  $0xc0000080, %ecx; rdmsr; or $0x100, %eax; wrmsr       /* EFER: long mode */
    mov  $0x80010011, %eax; mov %eax, %cr0          /* paging, write protection in ring 0 too, ET, protected mode */
    lgdt gdtr; ljmp $8, $1f
    .code64
1:  xor  %eax, %eax; mov %eax, %ds; mov %eax, %es; mov %eax, %ss
    mov  $boot_stack_top, %rsp; mov %esi, %edi
    call kmain                                      /* does not return */

switch_stacks:                                      /* (uint64_t *save, uint64_t load): what C keeps goes onto the old stack, and comes from the new one */
    push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15
    mov  %rsp, (%rdi); mov %rsi, %rsp
    pop  %r15; pop  %r14; pop  %r13; pop  %r12; pop  %rbx; pop  %rbp
    ret
thread_begin:                                       /* what a new thread's stack returns to; whoever switched to it had interrupts off */
    sti
    mov  %r12, %rdi; call *%rbx
    call thread_end
timer_entry:
    push %rax; push %rcx; push %rdx; push %rsi; push %rdi; push %r8; push %r9; push %r10; push %r11
    cld; call timer_tick
    pop  %r11; pop  %r10; pop  %r9; pop  %r8; pop  %rdi; pop  %rsi; pop  %rdx; pop  %rcx; pop  %rax
spurious_entry:
    iretq
    .set n, 0; .balign 16
exceptions:
    .rept 32
    push $n; jmp 1f
    .set n, n + 1; .balign 16
    .endr
1:  pop  %rdi; pop %rsi; pop %rdx                   /* number, and rip, below an error code or not; nobody comes back from here */
    cld; call exception
    .balign 8
gdt:  .quad 0, 0x00af9a000000ffff                   /* 8: 64-bit code of ring 0 */
gdtr: .word 15; .long gdt

    .bss
    .balign 4096
pml4: .skip 4096; pdpt: .skip 4096; pd: .skip 4096 + 16384
boot_stack_top:
    .section .note.GNU-stack, "", @progbits
