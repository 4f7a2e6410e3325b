/* fuzz_space.c - libFuzzer's bytes as operations on address spaces and on the model beside them; see fuzz.c.
 *     clang -fsanitize=fuzzer,address,undefined tests/fuzz/fuzz_space.c -o fuzz_space && ./fuzz_space -max_total_time=60 found tests/fuzz/spaces */
#include "spacemodel.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    test_failures_ = 0;
    if (setjmp(test_out_) == 0) run_bytes(bytes, size);
    if (test_failures_) abort();
    return 0;
}
