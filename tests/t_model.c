/* t_model.c - random operations, on a domain and on the model beside it (tests/fuzz/model.h).
 *     t_model [CASE [SEED]]       or VIPC_SEED; VIPC_TEST_SHORT=1: 20,000 operations instead of a million */
#include "fuzz/model.h"

static const char *seed_argument;
TEST(random_operations_as_the_model_says)
{
    const char *given = seed_argument ? seed_argument : getenv("VIPC_SEED"), *brief = getenv("VIPC_TEST_SHORT");
    uint64_t seed = given ? strtoull(given, NULL, 0) : 20261121;
    printf("    seed %llu\n", (unsigned long long)seed);
    model_run_random(seed, brief && brief[0] == '1' ? 20000 : 1000000);
    if (getenv("VIPC_TEST_SEEN")) print_seen();
}

int main(int argc, char **argv)
{
    static const test_case cases[] = { T(random_operations_as_the_model_says) };
    if (argc > 2) seed_argument = argv[2];
    return test_main_(argc, argv, cases, 1);
}
