/* usercopy.S - the only code that touches user memory: with SMAP open, and each instruction that may fault in the table of fix-ups.  The caller has checked
 * that the addresses are in the user's range. */
#include "layout.h"
    .text
/* int user_copy(void *to, const void *from, size_t bytes) */
    .globl user_copy
user_copy:
    mov  %rdx, %rcx
    cmpl $0, %gs:CPU_SMAP
    je   1f
    stac
1:  rep movsb
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

    .section .fixups, "a"
    .balign 8
    .quad 1b, fault
    .quad 2b, fault
    .section .note.GNU-stack, "", @progbits
