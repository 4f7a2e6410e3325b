/* signal.h - the demo kernel has no signals: what is set here is never called */
#ifndef USER_SIGNAL_H
#define USER_SIGNAL_H
#define SIGINT 2
static inline void (*signal(int number, void (*handler)(int)))(int) { (void)number; return handler; }
#endif
