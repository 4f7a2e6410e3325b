/* fuzz_shared.c - libFuzzer's bytes as operations on shared regions and named objects and on the model beside them; see fuzz.c.
 *     clang -fsanitize=fuzzer,address,undefined tests/fuzz/fuzz_shared.c -o fuzz_shared && ./fuzz_shared -max_total_time=60 found tests/fuzz/regions */
#include "sharedmodel.h"
#define TARGET run_bytes
#include "target.h"
