/* target.h - what libFuzzer calls: the bytes go to TARGET, and where core and model differ the run ends, with all that was said of it. */
#ifndef TARGET
#error "TARGET is the function that does what the bytes say"
#endif
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    test_failures_ = 0;
    if (setjmp(test_out_) == 0) TARGET(bytes, size);
    if (!test_failures_) return 0;
    fflush(stdout);                                          /* a log is no terminal */
    abort();
}
