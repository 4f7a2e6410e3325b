/* boot.S - from QEMU's PVH entry to long mode and kmain; the switch of stacks; every way in: 32 exceptions, the timer */
    .section .note.pvh, "a", @note          /* what QEMU looks for: Xen's note 18, the physical address to start at */
    .balign 4
    .long 4, 4, 18
    .asciz "Xen"
    .long start

    .text
    .code32
    .globl start
start:
    cld
    mov  %ebx, %esi                         /* start information; esi survives what follows */
    movl $pdpt + 3, pml4                    /* one GiB, each address where it is: 512 pages of 2 MiB, present and writable */
    movl $pd + 3, pdpt
    mov  $pd, %edi
    mov  $0x83, %eax
    mov  $512, %ecx
1:  mov  %eax, (%edi)
    add  $0x200000, %eax
    add  $8, %edi
    loop 1b
    mov  $0x20, %eax                        /* CR4: PAE */
    mov  %eax, %cr4
    mov  $pml4, %eax
    mov  %eax, %cr3
    mov  $0xc0000080, %ecx                  /* EFER: long mode */
    rdmsr
    or   $0x100, %eax
    wrmsr
    mov  $0x80010011, %eax                  /* CR0: paging, write protection, ET, protected mode */
    mov  %eax, %cr0
    lgdt gdtr
    ljmp $8, $1f
    .code64
1:  xor  %eax, %eax
    mov  %eax, %ds
    mov  %eax, %es
    mov  %eax, %ss
    mov  $boot_stack_top, %rsp
    mov  %esi, %edi
    call kmain
2:  cli
    hlt
    jmp  2b
    .balign 8
gdt:  .quad 0, 0x00af9a000000ffff           /* 8: 64-bit code of ring 0 */
gdtr: .word 15
    .long gdt

/* void switch_stacks(uint64_t *save, uint64_t load): what C keeps goes onto the old stack, and comes from the new one */
    .globl switch_stacks, thread_begin, exceptions, timer_entry, spurious_entry
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
thread_begin:                               /* where thread_start lets switch_stacks return to; whoever switched had interrupts off */
    sti
    mov  %r12, %rdi
    call *%rbx
    call thread_end

timer_entry:
    .irp r, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11
    push %\r
    .endr
    cld
    call timer_tick
    .irp r, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax
    pop  %\r
    .endr
spurious_entry:
    iretq

    .balign 16
exceptions:                                 /* 32 of 16 bytes: the CPU pushes an error code for some, a 0 stands for that of others */
    .set n, 0
    .rept 32
    .balign 16
    .if !((0x60227d00 >> n) & 1)
    push $0
    .endif
    push $n
    jmp  1f
    .set n, n + 1
    .endr
1:  pop  %rdi                               /* number, error code, rip; nobody comes back from here */
    pop  %rsi
    pop  %rdx
    and  $-16, %rsp
    cld
    call exception

    .bss
    .balign 4096
pml4: .skip 4096
pdpt: .skip 4096
pd:   .skip 4096
    .skip 16384
boot_stack_top:
    .section .note.GNU-stack, "", @progbits
