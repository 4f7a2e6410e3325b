/* guest.S - what test.sh boots instead of a kernel: each operation executes instructions that were counted by hand, measures itself with rdtsc, and prints the
 * lines that run.sh reads.  32-bit, no paging.  "User" code lies at 1 MiB, what stands for a kernel at 2 MiB (kbase=0x200000).
 * Between two marks: 2 instructions of the marks (the first rdtsc, a move), and in body and kernel
 *                    user  kernel  entries  cr3  rep
 *     null_syscall     1      1       1       0    0      int 0x80: iret
 *     call_reply_0     2      8       2       4    0      int 0x81, twice: cr3 read, written twice, iret
 *     call_reply_32    2     14       1       0   10      a nop, int 0x82: three moves, rep movsb of 9 bytes (and the look that finds no more), iret
 *     send_waiting     8      1       1       0    0      int 0x80, and seven that only look like something else
 *     send_queued      5      3       3       0    0      int 0x80, three times, a comparison, a jump; in one round of twenty a nop
 */
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
    mov  24(%ebx), %eax                     /* the command line */
    cmpl $0x636e6562, (%eax)                /* "benc" */
    mov  $0, %al
    jne  off
    lgdt gdt_pointer
    ljmp $8, $1f
1:  mov  $16, %eax
    mov  %eax, %ds
    mov  %eax, %es
    mov  %eax, %ss
    mov  $gates, %edi
    mov  $idt + 0x80 * 8, %esi
    mov  $3, %ecx
2:  mov  (%edi), %eax
    mov  %ax, (%esi)
    movw $8, 2(%esi)
    movw $0x8e00, 4(%esi)
    shr  $16, %eax
    mov  %ax, 6(%esi)
    add  $4, %edi
    add  $8, %esi
    loop 2b
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

    mov  $scrap, %esi
    mov  $scrap, %edi
    operation rdtsc_pair
    operation null_syscall
    operation call_reply_0
    operation call_reply_32
    mov  $scrap, %esi
    mov  $scrap, %edi
    operation send_waiting
    operation send_queued
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
idt_pointer: .word 0x83 * 8 - 1
    .long idt
gates: .long null, call_0, call_32
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
    .balign 8
idt: .skip 0x83 * 8
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
