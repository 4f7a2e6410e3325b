/* boot.S - from QEMU's PVH entry to C.
 *
 * QEMU finds the address of pvh_start in the note (Xen's number 18, PHYS32_ENTRY; the note's segment must be 4-byte aligned) and jumps there in 32-bit
 * protected mode without paging, ebx -> struct hvm_start_info.  Here the first GiB is mapped three times with large pages, at 0, at DIRECT_MAP and at
 * KERNEL_BASE, long mode is entered, and kmain is called at its high address with what ebx was.  memory.c makes the tables that stay. */
    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 4, 18
    .asciz "Xen"
    .long pvh_start

#include "layout.h"
.macro to_long_mode                             /* from 32 bits without paging, by the tables at boot_pml4: a far jump into 64-bit code is to follow */
    mov  $0x620, %eax                           /* CR4: PAE, FXSR, SSE exceptions */
    mov  %eax, %cr4
    mov  $boot_pml4, %eax
    mov  %eax, %cr3
    mov  $0x80000001, %eax
    cpuid
    shr  $9, %edx                               /* bit 20, no-execute: to bit 11 */
    and  $0x800, %edx
    mov  %edx, %edi
    mov  $0xc0000080, %ecx                      /* EFER: SYSCALL, long mode, no-execute where the CPU has it */
    rdmsr
    or   %edi, %eax
    or   $0x101, %eax
    wrmsr
    mov  $0x80010033, %eax                      /* CR0: paging, write protection in ring 0, native FPU errors, ET, monitor FPU, PE */
    mov  %eax, %cr0
.endm
.macro clear_segments
    xor  %eax, %eax
    mov  %eax, %ds
    mov  %eax, %es
    mov  %eax, %ss
    mov  %eax, %fs
    mov  %eax, %gs
.endm
    .section .boot.text, "ax"
    .code32
    .globl pvh_start
pvh_start:
    cld
    mov  %ebx, %esi
    movl $boot_pdpt + 3, boot_pml4              /* 0 */
    movl $boot_pdpt + 3, boot_pml4 + 256 * 8    /* DIRECT_MAP */
    movl $boot_pdpt + 3, boot_pml4 + 511 * 8
    movl $boot_pd + 3, boot_pdpt
    movl $boot_pd + 3, boot_pdpt + 510 * 8      /* KERNEL_BASE */
    mov  $boot_pd, %edi
    mov  $0x83, %eax                            /* present, writable, 2 MiB */
    mov  $512, %ecx
1:  mov  %eax, (%edi)
    add  $0x200000, %eax
    add  $8, %edi
    loop 1b
    to_long_mode
    lgdt boot_gdtr
    ljmp $8, $1f
    .code64
1:  clear_segments
    mov  %esi, %edi
    mov  $boot_stack_top, %rsp
    xor  %ebp, %ebp                             /* a backtrace ends here */
    mov  $kmain, %rax
    call *%rax
1:  cli
    hlt
    jmp  1b

    .balign 8
boot_gdt:
    .quad 0, 0x00af9a000000ffff
boot_gdtr:
    .word 15
    .long boot_gdt
    .section .boot.data, "aw", @nobits
    .balign 4096
boot_pml4: .skip 4096
boot_pdpt: .skip 4096
boot_pd:   .skip 4096

/* A further CPU begins here, in real mode: apic.c has copied this page to AP_START.  It goes on at ap_high, on the stack and with the tables that apic.c has chosen; one
 * CPU at a time. */
    .section .rodata
    .balign 16
    .globl ap_start, ap_start_end
    .code16
ap_start:
    cli
    cld
    xor  %ax, %ax
    mov  %ax, %ds
    lgdtl AP_START + (ap_gdtr - ap_start)
    mov  %cr0, %eax
    or   $1, %eax
    mov  %eax, %cr0
    ljmpl $8, $(AP_START + (1f - ap_start))
    .code32
1:  mov  $16, %eax
    mov  %eax, %ds
    to_long_mode
    ljmp $24, $(AP_START + (1f - ap_start))
    .code64
1:  mov  $ap_high, %rax
    jmp  *%rax
    .balign 8
ap_gdt:
    .quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00af9b000000ffff      /* code and data of 32 bits, code of 64 */
ap_gdtr:
    .word 31
    .long AP_START + (ap_gdt - ap_start)
ap_start_end:

    .text
ap_high:
    clear_segments
    mov  kernel_root, %rax
    mov  %rax, %cr3
    mov  ap_stack, %rsp
    xor  %ebp, %ebp
    mov  ap_cpu, %rdi
    call ap_main
    .data
    .balign 8
    .globl ap_stack, ap_cpu
ap_stack: .quad 0
ap_cpu: .quad 0

    .bss
    .balign 4096
    .globl boot_stack_top, boot_stack_guard
boot_stack_guard:
    .skip 4096                                  /* memory.c unmaps it */
    .skip 16384
boot_stack_top:
    .section .note.GNU-stack, "", @progbits
