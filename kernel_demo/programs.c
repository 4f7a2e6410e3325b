/* programs.c - the programs, each an ELF file of its own, in the kernel's image */
#include "kernel.h"

#define EMBED(name) \
    __asm__(".section .rodata\n.balign 16\n" #name "_image: .incbin \"" PROGRAM_DIRECTORY "/" #name ".elf\"\n" #name "_end: .byte 0\n.previous"); \
    extern const uint8_t name##_image[], name##_end[];
#define ENTRY(name) { #name, name##_image, name##_end },
#define PROGRAMS(X) X(init) X(rpc_server) X(rpc_client) X(probe) X(pages) X(shared) X(nodes) X(attacker) X(bench) X(story) X(shell) X(stress)

PROGRAMS(EMBED)
const struct program programs[] = { PROGRAMS(ENTRY) { NULL, NULL, NULL } };
