/* guest.S - what test.sh boots instead of a kernel: each operation executes instructions that were counted by hand, measures itself with rdtsc, and prints the
 * lines that run.sh reads.  32-bit, no paging.  "User" code lies at 1 MiB, what stands for a kernel at 2 MiB (kbase=0x200000).
 * Between two marks: 2 instructions of the marks (the first rdtsc, a move), and in body and kernel
 *                    user  kernel  entries  cr3  rep
 *     null_syscall     1      1       1       0    0      int 0x80: iret
 *     call_reply_0     2      8       2       4    0      int 0x81, twice: cr3 read, written twice, iret
 *     call_reply_32    2     14       1       0   10      a nop, int 0x82: three moves, rep movsb of 9 bytes (and the look that finds no more), iret
 *     send_waiting     8      1       1       0    0      int 0x80, and seven that only look like something else
 *     send_queued      5      3       3       0    0      int 0x80, three times, a comparison, a jump; in one round of twenty a nop
 *     stretches        2     87       2       0    0      int 0x83, int 0x85
 * Interrupts off: in int 0x83 3 nops and sti; then, behind a cli, 20 nops, int 2 (its stub's jump, a nop, iret), 10 nops that are the core's, and sti, which are 35; then a
 * cli and iret, 1.  In int 0x85 a call, 40 nops that write to the console, ret, iret: 43.
 * With "bench apart" there are two processors, the other one halted between its interrupts:
 *                    here  there, kernel  interrupts there
 *     shootdown_1      5         11           1          here a word is cleared, the interrupt sent, pause, a comparison, a jump; there the stub's jump, 5 nops, an
 *                                                        acknowledgement, the word is set, iret (9 with interrupts off), a jump, hlt
 */
#ifndef NESTED
#define NESTED 2            /* an exception.  An interrupt from elsewhere would say that they are not off: 0x84 */
#endif
    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 4, 18
    .asciz "Xen"
    .long start

    .section .user, "awx"
    .code32
    .globl start
start:
    cld
    mov  $stack_top, %esp
    mov  24(%ebx), %ebp                     /* the command line */
    cmpl $0x636e6562, (%ebp)                /* "benc" */
    mov  $0, %al
    jne  off
    mov  $0xff, %al                         /* nothing of the old interrupt controllers' */
    out  %al, $0x21
    out  %al, $0xa1
    lgdt gdt_pointer
    ljmp $8, $1f
1:  mov  $16, %eax
    mov  %eax, %ds
    mov  %eax, %es
    mov  %eax, %ss
    mov  $gates, %edi
    mov  $idt + 0x80 * 8, %esi
    mov  $(gates_end - gates) / 4, %ecx
2:  mov  (%edi), %eax
    mov  %ax, (%esi)
    movw $8, 2(%esi)
    movw $0x8e00, 4(%esi)
    shr  $16, %eax
    mov  %ax, 6(%esi)
    add  $4, %edi
    add  $8, %esi
    loop 2b
    .irp n, 240, NESTED
    mov  $vectors + \n * 16, %eax
    mov  %ax, idt + \n * 8
    movw $8, idt + \n * 8 + 2
    movw $0x8e00, idt + \n * 8 + 4
    shr  $16, %eax
    mov  %ax, idt + \n * 8 + 6
    .endr
    lidt idt_pointer

    .macro operation name:vararg
    movl $0x7fffffff, least
    movl $0, at_least
    movl $20, left
10: rdtsc
    mov  %eax, %ebx
    body_\name
    rdtsc
    sub  %ebx, %eax
    cmp  least, %eax
    ja   11f
    je   12f
    mov  %eax, least
    movl $0, at_least
12: incl at_least
11: decl left
    jnz  10b
    mov  $text_\name, %esi
    call report
    .endm
    .macro body_rdtsc_pair
    .endm
    .macro body_null_syscall
    int  $0x80
    .endm
    .macro body_call_reply_0
    int  $0x81
    int  $0x81
    .endm
    .macro body_call_reply_32
    nop
    int  $0x82
    .endm
    .macro body_send_waiting
    rep nop                                 /* pause: a prefix, and no string */
    lock incl scrap
    mov  %fs, %ecx
    mov  $0x80cd, %ecx                      /* int 0x80, as a number */
    mov  %cr3, %ecx
    data16 nop
    int  $0x80
    movsb %ds:(%esi), %es:(%edi)            /* a string without REP */
    .endm
    .macro body_send_queued
    int  $0x80
    int  $0x80
    int  $0x80
    cmpb $10, left
    jne  13f
    nop
13:
    .endm

    .macro body_stretches
    int  $0x83
    int  $0x85
    .endm
    .macro body_shootdown_1
    movl $0, answered
    movl $0x40f0, APIC + 0x300
20: pause
    cmpl $0, answered
    je   20b
    .endm
    .set APIC, 0xfee00000

    mov  $scrap, %esi
    mov  $scrap, %edi
    cmpb $' ', 5(%ebp)                      /* "bench apart" */
    je   two
    operation rdtsc_pair
    operation null_syscall
    operation call_reply_0
    operation call_reply_32
    mov  $scrap, %esi
    mov  $scrap, %edi
    operation send_waiting
    operation send_queued
    operation stretches
    mov  $0x10, %al
    jmp  off
two:
    cmpb $'a', 6(%ebp)
    mov  $0x11, %al
    jne  off
    movl $0x1ff, APIC + 0xf0
    mov  $ap_start, %esi
    mov  $0x8000, %edi
    mov  $ap_start_end - ap_start, %ecx
    rep movsb
    movl $0xc4500, APIC + 0x300             /* all others: reset, */
    mov  $1000, %ecx
21: pause
    loop 21b
    movl $0xc4608, APIC + 0x300             /* and begin at 0x8000 */
22: pause
    cmpl $0, answered
    je   22b
    movl $1 << 24, APIC + 0x310
    int  $0x80                              /* from here on interrupts are looked at */
    operation rdtsc_pair
    operation shootdown_1
    mov  $0x10, %al
off:
    out  %al, $0xf4
    hlt

report:                                     /* esi: "bench NAME "; then the least, the share in percent, 20 */
    call print
    mov  least, %eax
    call number
    mov  at_least, %eax
    imul $5, %eax
    call number
    mov  $20, %eax
    call number
    mov  $10, %al
    jmp  put
print:
    lodsb
    test %al, %al
    jz   1f
    call put
    jmp  print
1:  ret
number:                                     /* eax in decimal, and a space */
    mov  $10, %ecx
    push $0
1:  xor  %edx, %edx
    div  %ecx
    add  $'0', %edx
    push %edx
    test %eax, %eax
    jnz  1b
2:  pop  %eax
    test %eax, %eax
    jz   3f
    call put
    jmp  2b
3:  mov  $' ', %al
put:
    mov  $0x3f8, %edx
    out  %al, %dx
    ret

    .balign 8
gdt: .quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff
gdt_pointer: .word 23
    .long gdt
idt_pointer: .word 256 * 8 - 1
    .long idt
gates: .long null, call_0, call_32, stretch, 0, noise
gates_end:
answered: .long 0
least: .long 0
at_least: .long 0
left: .long 0
scrap: .skip 64
text_rdtsc_pair: .asciz "bench rdtsc_pair "
text_null_syscall: .asciz "bench null_syscall "
text_call_reply_0: .asciz "bench call_reply_0 "
text_call_reply_32: .asciz "bench call_reply_32 "
text_send_waiting: .asciz "bench send_waiting "
text_send_queued: .asciz "bench send_queued "
text_stretches: .asciz "bench stretches "
text_shootdown_1: .asciz "bench shootdown_1 "
    .code16
ap_start:                                   /* at 0x8000 */
    cli
    xor  %ax, %ax
    mov  %ax, %ds
    lgdtl 0x8000 + ap_gdt_pointer - ap_start
    mov  $1, %eax
    mov  %eax, %cr0
    ljmpl $8, $ap_idle
ap_gdt_pointer: .word 23
    .long gdt
ap_start_end:
    .code32
    .balign 8
idt: .skip 256 * 8
    .skip 1024
ap_stack_top:
    .skip 1024
stack_top:

    .section .kernel, "awx"
null:
    iret
call_0:
    mov  %cr3, %eax
    mov  %eax, %cr3
    mov  %eax, %cr3
    iret
call_32:
    mov  $9, %ecx
    mov  $scrap, %esi
    mov  $scrap + 16, %edi
    rep movsb
    iret
stretch:
    .rept 3
    nop
    .endr
    sti
    nop
    cli
    .rept 20
    nop
    .endr
    int  $NESTED
    .globl core_text, core_text_end, port_text, port_text_end
core_text:
    .rept 10
    nop
    .endr
core_text_end:
port_text:
port_text_end:
    sti
    nop
    cli
    iret
nested:
    nop
    iret
noise:
    call console_write
    iret
console_write:
    .rept 40
    nop
    .endr
    ret
ap_idle:
    mov  $16, %eax
    mov  %eax, %ds
    mov  %eax, %ss
    mov  $ap_stack_top, %esp
    lidt idt_pointer
    movl $0x1ff, APIC + 0xf0
    movl $1, answered
    sti
1:  hlt
    jmp  1b
shot:
    .rept 5
    nop
    .endr
    movl $0, APIC + 0xb0
    movl $1, answered
    iret
    .balign 16
vectors:
    .set n, 0
    .rept 256
    .balign 16
    .if n == NESTED
    jmp  nested
    .else
    jmp  shot
    .endif
    .set n, n + 1
    .endr
