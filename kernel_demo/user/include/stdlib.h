/* stdlib.h - what the demo's programs use of it */
#ifndef USER_STDLIB_H
#define USER_STDLIB_H
#include <stddef.h>
unsigned long strtoul(const char *text, char **end, int base);
void exit(int code) __attribute__((noreturn));
#endif
