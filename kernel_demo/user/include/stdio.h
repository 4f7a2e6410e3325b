/* stdio.h - what the demo's programs use of it; a line goes to the kernel's log in one piece */
#ifndef USER_STDIO_H
#define USER_STDIO_H
typedef struct user_file FILE;
extern FILE *const stdout, *const stderr;
int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int fprintf(FILE *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
int puts(const char *text);
int fflush(FILE *file);
#endif
