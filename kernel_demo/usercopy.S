/* usercopy.S - the only code that touches user memory: with SMAP open, and each instruction that may fault in the table of fix-ups.  The caller has checked
 * that the addresses are in the user's range. */
#include "layout.h"
    .text
/* int user_copy(void *to, const void *from, size_t bytes) */
    .globl user_copy
user_copy:
    mov  %rdx, %rcx
    shr  $3, %rcx
    cmpl $0, %gs:CPU_SMAP
    je   1f
    stac
1:  rep movsq                       /* in the table of fix-ups */
    mov  %edx, %ecx
    and  $7, %ecx
    jz   7f
6:  rep movsb                       /* likewise */
7:
    xor  %eax, %eax
    jmp  done
/* int user_touch(void *at): writable? */
    .globl user_touch
user_touch:
    cmpl $0, %gs:CPU_SMAP
    je   2f
    stac
2:  lock orb $0, (%rdi)
    xor  %eax, %eax
    jmp  done
fault:
    mov  $1, %eax
done:
    cmpl $0, %gs:CPU_SMAP
    je   3f
    clac
3:  ret

/* For selftest.c.  int try_read(const void *at), int try_write(void *at): as any code of the kernel's would, with user memory shut. */
    .globl try_read, try_write
try_read:
4:  movb (%rdi), %al
    xor  %eax, %eax
    ret
try_write:
5:  lock orb $0, (%rdi)
    xor  %eax, %eax
    ret
/* int try_jump(void (*at)(void)): it returns, or the fault at its first instruction is taken for the return. */
    .globl try_jump
try_jump:
    mov  %rdi, jump_expected
    call *%rdi
    movq $0, jump_expected
    xor  %eax, %eax
    ret
jumped_into_fault:
    add  $8, %rsp
    movq $0, jump_expected
    mov  $1, %eax
    ret
    .data
    .balign 8
    .globl jump_expected, jump_fixup
jump_expected: .quad 0
    .section .rodata
    .balign 8
jump_fixup: .quad jumped_into_fault

    .section .fixups, "a"
    .balign 8                       /* the instruction, where to go on, and up to where the address may lie */
    .quad 1b, fault, 0x00007ffffffff000
    .quad 6b, fault, 0x00007ffffffff000
    .quad 2b, fault, 0x00007ffffffff000
    .quad 4b, fault, -1
    .quad 5b, fault, -1
    .section .note.GNU-stack, "", @progbits
