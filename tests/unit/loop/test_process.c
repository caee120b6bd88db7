/* Tests of core/loop/process.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <uv.h>

#include "core/base/buf.h"
#include "core/loop/process.h"

struct heard {
    struct oc_buf lines; /* joined by '|' */
    char errors[256];
    int status, ends;
};

static struct oc_loop *loop;
static struct heard heard;
static bool impatient;

static void on_line(void *ctx, const char *line, size_t len)
{
    struct heard *h = ctx;
    oc_buf_add(&h->lines, line, len);
    oc_buf_addc(&h->lines, '|');
}

static void on_exit_status(void *ctx, int status, const char *stderr_text)
{
    struct heard *h = ctx;
    h->status = status;
    h->ends++;
    snprintf(h->errors, sizeof h->errors, "%s", stderr_text);
}

static struct oc_process *start(const char *const *argv, const char *input, struct oc_error *err)
{
    const struct oc_process_options options = {.file = argv[0],
                                               .argv = argv,
                                               .input = input,
                                               .on_line = on_line,
                                               .on_exit = on_exit_status,
                                               .ctx = &heard};
    return oc_process_start(loop, &options, err);
}

/* Seconds that are waited for are over at once. */
int uv_timer_start(uv_timer_t *timer, uv_timer_cb fn, uint64_t timeout, uint64_t repeat)
{
    int (*begin)(uv_timer_t *, uv_timer_cb, uint64_t, uint64_t) = NULL;
    *(void **)&begin = dlsym(RTLD_NEXT, "uv_timer_start");
    return begin(timer, fn, impatient ? 0 : timeout, repeat);
}

static int set_up(void **state)
{
    (void)state;
    loop = oc_loop_create();
    heard = (struct heard){.status = -1};
    impatient = false;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    oc_buf_finish(&heard.lines);
    oc_loop_destroy(loop);
    return 0;
}

/* The pid that the child says first. */
static pid_t wait_for_pid(void)
{
    while (heard.lines.len == 0) {
        oc_loop_step(loop, true);
    }
    const pid_t pid = (pid_t)strtol(heard.lines.data, NULL, 10);
    assert_true(pid > 1);
    return pid;
}

static void a_child_reads_its_input_and_is_heard_line_by_line(void **state)
{
    (void)state;
    const char *const argv[] = {"/bin/cat", NULL};
    assert_non_null(start(argv, "one\ntwo\nlast without an end", NULL));
    oc_loop_run(loop);
    assert_string_equal(heard.lines.data, "one|two|last without an end|");
    assert_int_equal(heard.status, 0);
    assert_int_equal(heard.ends, 1);
}

static void an_exit_status_and_what_stands_on_stderr_are_told(void **state)
{
    (void)state;
    const char *const argv[] = {"/bin/sh", "-c", "echo bad >&2; exit 7", NULL};
    assert_non_null(start(argv, NULL, NULL));
    oc_loop_run(loop);
    assert_int_equal(heard.status, 7);
    assert_string_equal(heard.errors, "bad\n");
}

static void a_child_that_reads_nothing_does_not_hold_us_up(void **state)
{
    (void)state;
    const char *const argv[] = {"/bin/true", NULL};
    char *input = malloc(1u << 20);
    memset(input, 'x', (1u << 20) - 1);
    input[(1u << 20) - 1] = '\0';
    signal(SIGPIPE, SIG_IGN);
    assert_non_null(start(argv, input, NULL));
    free(input);
    oc_loop_run(loop);
    assert_int_equal(heard.ends, 1);
}

static void a_killed_child_ends_with_its_signal(void **state)
{
    (void)state;
    const char *const argv[] = {"/bin/sleep", "600", NULL};
    struct oc_process *p = start(argv, NULL, NULL);
    assert_non_null(p);
    oc_process_kill(p, SIGTERM);
    oc_loop_run(loop);
    assert_int_equal(heard.status, 128 + SIGTERM);
}

static void a_forgotten_child_is_killed_and_not_heard_of(void **state)
{
    (void)state;
    const char *const argv[] = {"/bin/sh", "-c", "echo $$; exec sleep 600", NULL};
    struct oc_process *p = start(argv, NULL, NULL);
    assert_non_null(p);
    const pid_t pid = wait_for_pid();
    oc_process_forget(p);
    oc_loop_run(loop);
    assert_int_equal(heard.ends, 0);
    assert_int_equal(kill(pid, 0), -1);
    oc_process_forget(NULL);
}

static void a_child_that_leaves_its_output_to_another_ends_all_the_same(void **state)
{
    (void)state;
    const char *const argv[] = {
        "/bin/sh", "-c", "sleep 600 & printf '%s\\nhalf a line' $!; echo bad >&2; exit 7", NULL};
    impatient = true;
    assert_non_null(start(argv, NULL, NULL));
    const pid_t other = wait_for_pid();
    oc_loop_run(loop);
    assert_int_equal(heard.status, 7);
    assert_int_equal(heard.ends, 1);
    assert_string_equal(heard.errors, "bad\n");
    assert_non_null(strstr(heard.lines.data, "|half a line|"));
    assert_int_equal(kill(other, SIGKILL), 0);
}

static void a_program_that_is_not_there_is_an_error_at_once(void **state)
{
    (void)state;
    const char *const argv[] = {"/nowhere/program", NULL};
    struct oc_error err;
    oc_error_init(&err);
    assert_null(start(argv, NULL, &err));
    assert_int_equal(err.code, OC_E_PERMANENT);
    assert_non_null(strstr(err.message, "/nowhere/program"));
    oc_loop_run(loop);
    assert_int_equal(heard.ends, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_child_reads_its_input_and_is_heard_line_by_line),
        TEST(an_exit_status_and_what_stands_on_stderr_are_told),
        TEST(a_child_that_reads_nothing_does_not_hold_us_up),
        TEST(a_killed_child_ends_with_its_signal),
        TEST(a_forgotten_child_is_killed_and_not_heard_of),
        TEST(a_child_that_leaves_its_output_to_another_ends_all_the_same),
        TEST(a_program_that_is_not_there_is_an_error_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
