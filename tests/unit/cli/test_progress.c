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

static void a_bar_shows_the_share(void **state)
{
    char buf[96];
    (void)state;
    assert_string_equal(oc_progress_bar(0.5, buf, sizeof buf),
                        "[############            ]  50 %  ");
    assert_string_equal(oc_progress_bar(2, buf, sizeof buf), "[########################] 100 %  ");
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

static void a_line_takes_the_place_of_the_one_before(void **state)
{
    struct cli_progress p;
    (void)state;
    oc_progress_begin(&p);
    oc_time_advance(3000);
    struct capture c = capture_begin(stderr);
    oc_progress_show(&p, &cli, 0.5, "fetching hello");
    oc_progress_show(&p, &cli, -1, "checking");
    oc_progress_clear(&p);
    char *said = capture_end(&c);
    assert_string_equal(said, "[############            ]  50 %  fetching hello\r\033[Kchecking"
                              "\r\033[K");
    free(said);
}

static void a_line_never_needs_a_second_row(void **state)
{
    static const struct cli narrow = {.tty_err = true, .width_err = 40};
    struct cli_progress p;
    (void)state;
    oc_progress_begin(&p);
    oc_time_advance(3000);
    struct capture c = capture_begin(stderr);
    oc_progress_show(&p, &narrow, -1, "building CXX object with a name that is longer than a row");
    oc_progress_show(&p, &narrow, 0.5, "fetching hello");
    char *said = capture_end(&c);
    assert_string_equal(said, "building CXX object with a name that i\xe2\x80\xa6\r\033[K"
                              "[############            ]  50 %  fetc\xe2\x80\xa6");
    free(said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_bar_shows_the_share, setup, teardown),
        cmocka_unit_test_setup_teardown(short_calls_show_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_takes_the_place_of_the_one_before, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_never_needs_a_second_row, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
