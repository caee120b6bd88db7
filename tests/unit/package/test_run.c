/* Child programs: what they say, and that they end. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <signal.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/package/run.h"

#define SOON 300 /* ms, for those that would never end */

static void add_line(void *ctx, const char *line)
{
    oc_buf_addf(ctx, "%s|", line);
}

struct heard {
    struct oc_buf lines;
    struct oc_run_end end;
    struct oc_error err;
    int code;
};

static void run_shell(struct heard *h, const char *script, struct oc_run run)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    *h = (struct heard){0};
    oc_error_init(&h->err);
    run.argv = argv;
    run.on_line = add_line;
    run.ctx = &h->lines;
    h->code = oc_run(&run, &h->end, &h->err);
    oc_buf_addc(&h->lines, '\0');
}

static void lines_come_in_order_with_the_last_one_that_has_no_end(void **state)
{
    (void)state;
    struct heard h;
    run_shell(&h, "echo one; echo two >&2; printf three; exit 7", (struct oc_run){0});
    assert_int_equal(h.code, OC_OK);
    assert_string_equal(h.lines.data, "one|two|three|");
    assert_int_equal(h.end.status, 7);
    assert_int_equal(h.end.signum, 0);
    oc_buf_finish(&h.lines);
}

static void what_it_is_given_comes_back_and_stderr_may_be_apart(void **state)
{
    (void)state;
    struct heard h;
    run_shell(&h, "cat; echo aside >&2", (struct oc_run){.input = "given\n", .apart = true});
    assert_int_equal(h.code, OC_OK);
    assert_string_equal(h.lines.data, "given|");
    assert_string_equal(h.end.tail, "aside\n");
    oc_buf_finish(&h.lines);
}

static void a_signal_is_told(void **state)
{
    (void)state;
    struct heard h;
    run_shell(&h, "kill -SEGV $$", (struct oc_run){0});
    assert_int_equal(h.code, OC_OK);
    assert_int_equal(h.end.signum, SIGSEGV);
    assert_int_equal(h.end.status, 128 + SIGSEGV);
    oc_buf_finish(&h.lines);
}

static void a_program_that_is_not_there_is_told(void **state)
{
    (void)state;
    const char *const argv[] = {"openclaw-no-such-program", NULL};
    const struct oc_run run = {.argv = argv};
    struct oc_run_end end;
    struct oc_error err;
    oc_error_init(&err);
    assert_int_equal(oc_run(&run, &end, &err), OC_E_NOT_FOUND);
}

/* Each of them would run for ever: the time limit of this test tells who was not ended. */
static void whoever_is_late_is_ended_whatever_it_does(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "trap '' TERM; while :; do echo x; sleep 0.05; done",
        "exec >/dev/null 2>&1; trap '' TERM; while :; do sleep 0.1; done",
        "trap '' TERM; (while :; do sleep 0.1; done)",
    };
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        struct heard h;
        run_shell(&h, scripts[i], (struct oc_run){.limit_ms = SOON});
        assert_int_equal(h.code, OC_E_TIMEOUT);
        assert_int_equal(h.err.code, OC_E_TIMEOUT);
        assert_int_equal(h.end.signum, SIGKILL);
        oc_buf_finish(&h.lines);
    }
}

static void whoever_heeds_sigterm_may_say_a_last_word(void **state)
{
    (void)state;
    struct heard h;
    run_shell(&h, "trap 'echo bye; exit 3' TERM; while :; do sleep 0.05; done",
              (struct oc_run){.limit_ms = SOON});
    assert_int_equal(h.code, OC_E_TIMEOUT);
    assert_int_equal(h.end.status, 3);
    assert_non_null(strstr(h.lines.data, "bye|"));
    oc_buf_finish(&h.lines);
}

/* A child that it left holds the pipe: nobody waits for that. */
static void what_it_leaves_behind_ends_with_it(void **state)
{
    (void)state;
    struct heard h;
    run_shell(&h, "sh -c 'while :; do sleep 0.1; done' & echo gone", (struct oc_run){0});
    assert_int_equal(h.code, OC_OK);
    assert_int_equal(h.end.status, 0);
    assert_string_equal(h.lines.data, "gone|");
    oc_buf_finish(&h.lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_in_order_with_the_last_one_that_has_no_end),
        cmocka_unit_test(what_it_is_given_comes_back_and_stderr_may_be_apart),
        cmocka_unit_test(a_signal_is_told),
        cmocka_unit_test(a_program_that_is_not_there_is_told),
        cmocka_unit_test(whoever_is_late_is_ended_whatever_it_does),
        cmocka_unit_test(whoever_heeds_sigterm_may_say_a_last_word),
        cmocka_unit_test(what_it_leaves_behind_ends_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
