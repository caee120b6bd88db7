/* Tests of core/daemon/options.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/daemon/options.h"

static struct daemon_options o;

/* What is printed is not looked at: it goes where nobody sees it. */
static int parse(char **argv)
{
    int argc = 0, out = dup(1), err = dup(2);
    while (argv[argc]) {
        argc++;
    }
    fflush(stdout);
    assert_non_null(freopen("/dev/null", "w", stdout));
    assert_non_null(freopen("/dev/null", "w", stderr));
    optind = 0;
    int rc = oc_daemon_options(argc, argv, &o);
    fflush(stdout);
    fflush(stderr);
    dup2(out, 1);
    dup2(err, 2);
    close(out);
    close(err);
    return rc;
}

#define PARSE(...) parse((char *[]){(char *)(uintptr_t) "openclawd", __VA_ARGS__, NULL})
#define ARG(text)  ((char *)(uintptr_t)(text))

static void without_options_it_serves_in_the_background(void **state)
{
    (void)state;
    assert_int_equal(parse((char *[]){ARG("openclawd"), NULL}), -1);
    assert_null(o.config);
    assert_null(o.sets[0]);
    assert_false(o.foreground);
    assert_int_equal(o.ephemeral, -1);
}

static void every_option_is_taken(void **state)
{
    (void)state;
    assert_int_equal(PARSE(ARG("-c"), ARG("a.conf"), ARG("--home"), ARG("/h"), ARG("-f"),
                           ARG("--set"), ARG("a.b=1"), ARG("--set"), ARG("c=d=e"), ARG("--user"),
                           ARG("nobody"), ARG("--safe-mode")),
                     -1);
    assert_string_equal(o.config, "a.conf");
    assert_string_equal(o.home, "/h");
    assert_string_equal(o.user, "nobody");
    assert_string_equal(o.sets[0], "a.b=1");
    assert_string_equal(o.sets[1], "c=d=e");
    assert_null(o.sets[2]);
    assert_true(o.foreground && o.safe_mode);
    const int fd = dup(STDIN_FILENO);
    char *number = oc_asprintf("%d", fd);
    assert_int_equal(PARSE(ARG("--ephemeral"), number, ARG("--no-store"), ARG("--looks"),
                           ARG("--no-plugins"), ARG("--plain"), ARG("--collect")),
                     -1);
    assert_int_equal(o.ephemeral, fd);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC); /* nobody else speaks on it */
    close(fd);
    free(number);
    assert_true(o.no_store && o.looks && o.no_plugins && o.plain && o.collect);
    assert_int_equal(PARSE(ARG("--check"), ARG("--dump-ops"), ARG("--dump-options")), -1);
    assert_true(o.check && o.dump_ops && o.dump_options);
}

static void what_makes_no_sense_is_a_usage_error(void **state)
{
    (void)state;
    static const char *const wrong[][3] = {
        {"--no-such-option", NULL, NULL}, {"--config", NULL, NULL},
        {"argument", NULL, NULL},         {"--set", "novalue", NULL},
        {"--ephemeral", "", NULL},        {"--ephemeral", "x", NULL},
        {"--ephemeral", "-1", NULL},      {"--ephemeral", "3x", NULL},
        {"--ephemeral", "99999", NULL},   {"--ephemeral", "1000", NULL}, /* nothing is open there */
    };
    for (size_t i = 0; i < OC_COUNT(wrong); i++) {
        if (PARSE(ARG(wrong[i][0]), ARG(wrong[i][1]), NULL) != OC_EXIT_USAGE) {
            fail_msg("%s %s", wrong[i][0], wrong[i][1] ? wrong[i][1] : "");
        }
    }
}

static void help_and_version_leave_well(void **state)
{
    (void)state;
    assert_int_equal(PARSE(ARG("--help")), 0);
    assert_int_equal(PARSE(ARG("-V")), 0);
}

static void sixty_four_values_can_be_set_and_no_more(void **state)
{
    (void)state;
    char *argv[140] = {ARG("openclawd")};
    for (int i = 0; i < 64; i++) {
        argv[1 + 2 * i] = ARG("--set");
        argv[2 + 2 * i] = ARG("a=b");
    }
    assert_int_equal(parse(argv), -1);
    assert_non_null(o.sets[63]);
    assert_null(o.sets[64]);
    argv[129] = ARG("--set");
    argv[130] = ARG("a=b");
    assert_int_equal(parse(argv), OC_EXIT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_options_it_serves_in_the_background),
        cmocka_unit_test(every_option_is_taken),
        cmocka_unit_test(what_makes_no_sense_is_a_usage_error),
        cmocka_unit_test(help_and_version_leave_well),
        cmocka_unit_test(sixty_four_values_can_be_set_and_no_more),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
