/* test.h - the whole harness: libc alone.  A test program includes this, writes TEST(name) { ... } functions, and ends with
 *     RUN_TESTS(T(first), T(second), ...)
 * ./program runs all, ./program first runs one; exit 0 only without failures; the last line is "N passed, N failed, N skipped".
 * CHECK failures are printed with file, line and values, and the case goes on to its end; REQUIRE leaves the case.
 */
#ifndef VIPC_TEST_H
#define VIPC_TEST_H
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test_failures_, test_skipped_;
static jmp_buf test_out_;
typedef struct test_case { const char *name; void (*run)(void); } test_case;

#define TEST(name) static void name(void)
#define T(name) { #name, name }
#define CHECK(cond) ((cond) ? 1 : (printf("    %s:%d: %s\n", __FILE__, __LINE__, #cond), test_failures_++, 0))
#define REQUIRE(cond) do { if (!CHECK(cond)) longjmp(test_out_, 1); } while (0)
#define CHECK_EQ(a, b) test_equal_(__FILE__, __LINE__, #a " == " #b, (long long)(a), (long long)(b))
#define REQUIRE_EQ(a, b) do { if (!CHECK_EQ(a, b)) longjmp(test_out_, 1); } while (0)
#define CHECK_OK(call) CHECK_EQ(call, VIPC_OK)
#define REQUIRE_OK(call) REQUIRE_EQ(call, VIPC_OK)
/* The case cannot be shown here (a missing tool, a missing right): counted as skipped, with the reason. */
#define SKIP(why) do { printf("    skipped: %s\n", why); test_skipped_ = 1; longjmp(test_out_, 1); } while (0)

static inline int test_equal_(const char *file, int line, const char *text, long long a, long long b)
{
    if (a == b) return 1;
    printf("    %s:%d: %s: %lld, expected %lld\n", file, line, text, a, b);
    test_failures_++;
    return 0;
}

static inline int test_main_(int argc, char **argv, const test_case *cases, size_t count)
{
    static int passed, failed, skipped;                      /* static: longjmp leaves them alone */
    setvbuf(stdout, NULL, _IOLBF, 0);
    static size_t i;
    for (i = 0; i < count; i++) {
        if (argc > 1 && strcmp(argv[1], cases[i].name) != 0) continue;
        test_failures_ = test_skipped_ = 0;
        if (setjmp(test_out_) == 0) cases[i].run();
        if (test_failures_) failed++; else if (test_skipped_) skipped++; else passed++;
        printf("%s %s\n", test_failures_ ? "FAIL" : test_skipped_ ? "skip" : "ok  ", cases[i].name);
    }
    if (passed + failed + skipped == 0) { printf("no test of that name\n"); failed = 1; }
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    return failed != 0;
}
#define RUN_TESTS(...) \
    int main(int argc, char **argv) \
    { \
        static const test_case cases[] = { __VA_ARGS__ }; \
        return test_main_(argc, argv, cases, sizeof cases / sizeof *cases); \
    }
#endif
