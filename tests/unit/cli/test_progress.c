/* The line of progress. SPDX-License-Identifier: MIT */
#include "tests/unit/cli/capture.h"
#include "tests/unit/cli/table.h"

#include "core/base/time.h"
#include "core/cli/progress.h"

static struct cli cli = {.tty_err = true};

static int setup(void **state)
{
    (void)state;
    oc_time_fake(0, 1000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    oc_time_fake(-1, -1);
    return 0;
}

static void a_bar_shows_the_share_and_the_rate(void **state)
{
    char buf[96];
    (void)state;
    assert_string_equal(oc_progress_bar(0.5, 0, buf, sizeof buf),
                        "[############            ]  50 %  ");
    assert_string_equal(oc_progress_bar(2, 2048, buf, sizeof buf),
                        "[########################] 100 %  2 KB/s  ");
}

static void short_calls_show_nothing(void **state)
{
    struct cli_progress p;
    (void)state;
    oc_progress_begin(&p);
    struct capture c = capture_begin(stderr);
    oc_progress_show(&p, &cli, 0.1, "fetching");
    oc_progress_clear(&p);
    char *said = capture_end(&c);
    assert_string_equal(said, "");
    free(said);
}

static void the_rate_is_that_of_the_step(void **state)
{
    struct cli_progress p;
    (void)state;
    oc_progress_begin(&p);
    oc_time_advance(3000);
    struct capture c = capture_begin(stderr);
    oc_progress_show(&p, &cli, 0, "fetching hello, 4096 bytes");
    oc_time_advance(1000);
    oc_progress_show(&p, &cli, 0.5, "fetching hello, 4096 bytes");
    oc_progress_show(&p, &cli, -1, "checking");
    oc_progress_clear(&p);
    char *said = capture_end(&c);
    assert_contains(said, "[############            ]  50 %  2 KB/s  fetching hello, 4096 bytes");
    assert_contains(said, "\r\033[Kchecking\r\033[K");
    free(said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_bar_shows_the_share_and_the_rate, setup, teardown),
        cmocka_unit_test_setup_teardown(short_calls_show_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(the_rate_is_that_of_the_step, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
