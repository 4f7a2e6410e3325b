/* t_spacemodel.c - random operations on address spaces, and on a naive model beside them (tests/fuzz/spacemodel.h).
 *     t_spacemodel [CASE [SEED [OPERATIONS]]]       or VIPC_SEED; VIPC_TEST_SHORT=1: 20,000 operations instead of a million */
#include "fuzz/spacemodel.h"

static const char *seed_argument, *count_argument;
static void runs(uint32_t shift, bool is_small, uint32_t max_regions, uint64_t pool, uint32_t translations, unsigned share)     /* share: percent of all operations */
{
    const char *given = seed_argument ? seed_argument : getenv("VIPC_SEED"), *brief = getenv("VIPC_TEST_SHORT");
    uint64_t seed = given ? strtoull(given, NULL, 0) : 20261121, count = count_argument ? strtoull(count_argument, NULL, 0) : brief && brief[0] == '1' ? 20000 : 1000000;
    printf("    seed %llu\n", (unsigned long long)seed);
    random_state = seed * 0x9E3779B97F4A7C15u + shift + 100 * is_small + max_regions + pool;
    if (!random_state) random_state = 1;
    run(shift, is_small, max_regions, pool, translations, count * share / 100);
}
TEST(a_small_space_in_which_everything_collides) { runs(12, true, 0, 900, 4096, 30); }
TEST(a_small_space_of_small_pages) { runs(8, true, 0, 900, 4096, 20); }
TEST(the_whole_range_sparsely) { runs(12, false, 0, 1200, 4096, 15); }
TEST(the_whole_range_of_small_pages) { runs(8, false, 0, 1600, 4096, 15); }
TEST(few_regions) { runs(12, true, 40, 900, 4096, 10); }
TEST(few_frames_and_translations) { runs(8, false, 60, 220, 200, 10); }

int main(int argc, char **argv)
{
    static const test_case cases[] = { T(a_small_space_in_which_everything_collides), T(a_small_space_of_small_pages), T(the_whole_range_sparsely), T(the_whole_range_of_small_pages),
                                       T(few_regions), T(few_frames_and_translations) };
    if (argc > 2) seed_argument = argv[2];
    if (argc > 3) count_argument = argv[3];
    return test_main_(argc, argv, cases, sizeof cases / sizeof *cases);
}
