#include <stdio.h>
int main(void) { printf("init: hello from ring 3\n"); (void)SYS3(SYS_CONTROL, CONTROL_OFF, 1, 0); return 0; }
