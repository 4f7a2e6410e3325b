/* fuzz_shared.c - libFuzzer's bytes as operations on shared regions and named objects and on the model beside them; see fuzz.c.
 *     clang -fsanitize=fuzzer,address,undefined tests/fuzz/fuzz_shared.c -o fuzz_shared && ./fuzz_shared -max_total_time=60 found tests/fuzz/regions */
#include "sharedmodel.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    test_failures_ = 0;
    if (setjmp(test_out_) == 0) run_bytes(bytes, size);
    if (test_failures_) abort();
    return 0;
}
