/* layout.h - numbers that C and assembly share */
#ifndef LAYOUT_H
#define LAYOUT_H

#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10
#define USER_DATA 0x1b          /* sysret wants data before code */
#define USER_CODE 0x23
#define TASK_STATE 0x28

#define VECTOR_TIMER 32
#define VECTOR_SYSCALL 256      /* in a trap frame: it came by syscall, so rcx and r11 need not be kept */

/* struct cpu, at %gs:0 */
#define CPU_USER_RSP 0
#define CPU_KERNEL_RSP 8
#define CPU_SMAP 16

/* struct frame */
#define FRAME_VECTOR 120
#define FRAME_RIP 136
#define FRAME_CS 144
#define FRAME_FLAGS 152
#define FRAME_RSP 160
#define FRAME_SIZE 176

#endif
