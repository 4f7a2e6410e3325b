/* layout.h - numbers that C and assembly share */
#ifndef LAYOUT_H
#define LAYOUT_H

#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10
#define USER_DATA 0x1b          /* sysret wants data before code */
#define USER_CODE 0x23
#define TASK_STATE 0x28

#define VECTOR_TIMER 32         /* of the CPU's own timer; as the others from here on, by the local APIC */
#define VECTOR_CONSOLE 36       /* line 4 of the PC's old interrupt controllers: on the first CPU alone */
#define VECTOR_RESCHEDULE 240   /* from another CPU: look at the queue, and whether somebody here is to end */
#define VECTOR_SHOOTDOWN 241    /* from another CPU: forget translations, see shootdown.c */
#define VECTOR_SPURIOUS 255
#define VECTOR_SYSCALL 256      /* in a trap frame: it came by syscall, so rcx and r11 need not be kept */

/* struct cpu, at %gs:0 */
#define CPU_USER_RSP 0
#define CPU_KERNEL_RSP 8
#define CPU_SMAP 16
#define CPU_SELF 24
#define CPU_CURRENT 32

#define AP_START 0x8000         /* where a further CPU begins: a page below 1 MiB that nobody else has */

/* The three calls whose message is in registers: see syscalls.h */
#define SYS_FAST_CALL 256
#define SYS_FAST_REPLY_RECEIVE 257
#define SYS_FAST_RECEIVE 258

/* struct frame */
#define FRAME_R15 0
#define FRAME_R14 8
#define FRAME_R13 16
#define FRAME_R12 24
#define FRAME_R11 32
#define FRAME_RBP 40
#define FRAME_RCX 48
#define FRAME_RBX 56
#define FRAME_RDI 64
#define FRAME_RSI 72
#define FRAME_RDX 80
#define FRAME_R10 88
#define FRAME_R8 96
#define FRAME_R9 104
#define FRAME_RAX 112
#define FRAME_VECTOR 120
#define FRAME_RIP 136
#define FRAME_CS 144
#define FRAME_FLAGS 152
#define FRAME_RSP 160
#define FRAME_SIZE 176

#endif
