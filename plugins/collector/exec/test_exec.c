/* The exec collector with scripts and the real plugins. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "child/testing/stuck.h"

#include <arpa/inet.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openclaw/testkit.h>

#define COLLECT "collector.collect/1"
#define PLUGINS "/usr/lib/nagios/plugins"

/* With `late` SIGTERM is lost and two seconds pass at once, so that the next look comes after the time
 * to give up; who sends SIGKILL goes on when the process has ended. */
static bool late;
static atomic_int ahead_s;

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *now)
{
    int (*fn)(clockid_t, struct timespec *);
    *(void **)&fn = dlsym(RTLD_NEXT, "clock_gettime");
    const int rc = fn(clock, now);
    now->tv_sec += clock == CLOCK_MONOTONIC ? ahead_s : 0;
    return rc;
}

__attribute__((visibility("default"))) int kill(pid_t pid, int signal)
{
    int (*fn)(pid_t, int);
    siginfo_t info;
    *(void **)&fn = dlsym(RTLD_NEXT, "kill");
    if (late && signal == SIGTERM) {
        ahead_s += 2;
        return 0;
    }
    const int rc = fn(pid, signal);
    if (late && signal == SIGKILL && rc == 0) {
        stuck_real(P_PID, (id_t)abs(pid), &info, WEXITED | WNOWAIT);
    }
    return rc;
}

static int setup(void **state)
{
    *state = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(*state);
    return 0;
}

static int teardown(void **state)
{
    assert_int_equal(oc_test_close(*state), 0);
    return 0;
}

/* `script` is the JSON text of a /bin/sh script. */
static void set_script(struct oc_test *t, const char *script)
{
    char command[4096];
    snprintf(command, sizeof command, "[\"/bin/sh\", \"-c\", \"%s\"]", script);
    oc_test_option(t, "command", command);
}

static void collect(struct oc_test *t)
{
    if (!oc_test_instance(t)) {
        assert_int_equal(oc_test_start(t), OC_OK);
    }
    assert_int_equal(oc_test_call(t, COLLECT, NULL, 20000), OC_OK);
    assert_null(oc_test_complaint(t));
}

static void run_script(struct oc_test *t, const char *script)
{
    set_script(t, script);
    collect(t);
}

static double perf(struct oc_test *t, const char *label)
{
    return oc_test_sample(t, "exec.perf", "label", label);
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fabs(b);
}

static void exit_codes_are_states(void **state)
{
    struct oc_test *t = *state;
    oc_test_config(t,
                   "{\"checks\": ["
                   "{\"name\": \"zero\", \"command\": [\"/bin/sh\", \"-c\", \"echo fine\"]},"
                   "{\"name\": \"one\", \"command\": [\"/bin/sh\", \"-c\", \"exit 1\"]},"
                   "{\"name\": \"two\", \"command\": [\"/bin/sh\", \"-c\", \"exit 2\"]},"
                   "{\"name\": \"three\", \"command\": [\"/bin/sh\", \"-c\", \"exit 3\"]},"
                   "{\"name\": \"four\", \"command\": [\"/bin/sh\", \"-c\", \"echo odd; exit 4\"]}"
                   "]}");
    collect(t);
    assert_int_equal(oc_test_status(t, "zero"), OC_STATE_OK);
    assert_int_equal(oc_test_status(t, "one"), OC_STATE_WARNING);
    assert_int_equal(oc_test_status(t, "two"), OC_STATE_CRITICAL);
    assert_int_equal(oc_test_status(t, "three"), OC_STATE_UNKNOWN);
    assert_int_equal(oc_test_status(t, "four"), OC_STATE_UNKNOWN);
    assert_string_equal(oc_test_status_text(t, "zero"), "fine");
    assert_string_equal(oc_test_status_text(t, "one"), "(no output)");
    assert_string_equal(oc_test_status_text(t, "four"), "exited with 4: odd");
    assert_true(oc_test_sample(t, "exec.state", "target", "two") == 2);
    assert_true(oc_test_sample(t, "exec.duration_ms", "target", "two") > 0);
}

static void performance_data_comes_in_base_units(void **state)
{
    struct oc_test *t = *state;
    run_script(t, "echo \\\"fine | time=12.5ms;;;0 'free space'=2MB;1:;@0:1;0;4 load=.5 used=-3.5% "
                  "hits=7c bad=U odd= =3 'it''s'=1e2us x=1;2\\\"");
    assert_string_equal(oc_test_status_text(t, ""), "fine");
    assert_true(near(perf(t, "time"), 0.0125));
    assert_true(near(perf(t, "free space"), 2 * 1048576));
    assert_true(near(perf(t, "load"), 0.5));
    assert_true(near(perf(t, "used"), -3.5));
    assert_true(near(perf(t, "it's"), 1e-4));
    assert_true(near(perf(t, "x"), 1));
    assert_true(near(oc_test_sample(t, "exec.perf_total", "label", "hits"), 7));
    assert_int_equal(oc_test_samples(t, "exec.perf"), 6);
    assert_int_equal(oc_test_samples(t, "exec.perf_warn"), 0);
    const char *unit[] = {"label", "time", "unit", "seconds", NULL};
    assert_true(near(oc_test_sample_with(t, "exec.perf", unit), 0.0125));
}

static void thresholds_are_put_out_on_request(void **state)
{
    struct oc_test *t = *state;
    oc_test_option(t, "thresholds", "true");
    run_script(t, "echo \\\"x | a=1KB;2;@3:4;0;8 b=1;~:5;10: c=1;:;x;y\\\"");
    assert_true(near(oc_test_sample(t, "exec.perf_warn", "label", "a"), 2048));
    assert_true(near(oc_test_sample(t, "exec.perf_crit", "label", "a"), 4096));
    assert_true(oc_test_sample(t, "exec.perf_min", "label", "a") == 0);
    assert_true(near(oc_test_sample(t, "exec.perf_max", "label", "a"), 8192));
    assert_true(near(oc_test_sample(t, "exec.perf_warn", "label", "b"), 5));
    assert_true(near(oc_test_sample(t, "exec.perf_crit", "label", "b"), 10));
    assert_true(isnan(oc_test_sample(t, "exec.perf_warn", "label", "c")));
    assert_int_equal(oc_test_samples(t, "exec.perf_max"), 1);
}

static void further_lines_may_carry_performance_data(void **state)
{
    struct oc_test *t = *state;
    run_script(t, "printf 'first | a=1\\nlong text\\nmore | b=2\\nc=3 d=4\\n'");
    assert_string_equal(oc_test_status_text(t, ""), "first");
    assert_true(perf(t, "a") == 1 && perf(t, "b") == 2 && perf(t, "c") == 3 && perf(t, "d") == 4);
}

static void a_check_gets_no_shell_and_only_its_own_environment(void **state)
{
    struct oc_test *t = *state;
    setenv("OC_TEST_SECRET", "hidden", 1);
    oc_test_option(t, "env", "{\"COLOUR\": \"blue\"}");
    run_script(t, "echo $(env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= | sort) $(pwd)");
    assert_string_equal(
        oc_test_status_text(t, ""),
        "COLOUR=blue LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin /");
    unsetenv("OC_TEST_SECRET");
    oc_test_stop(t);
    oc_test_config(t, "{\"command\": [\"/bin/echo\", \"$HOME; exit 2\", \"a  b\"]}");
    assert_int_equal(oc_test_start(t), OC_OK);
    collect(t);
    assert_string_equal(oc_test_status_text(t, ""), "$HOME; exit 2 a  b");
}

static void a_check_inherits_no_descriptor_and_reads_nothing(void **state)
{
    struct oc_test *t = *state;
    int leaky[2];
    assert_int_equal(pipe(leaky), 0); /* without close-on-exec */
    run_script(t, "ls /proc/self/fd | tr '\\n' ' '; cat; exit 0");
    /* 3 is the folder that ls itself has open */
    assert_string_equal(oc_test_status_text(t, ""), "0 1 2 3");
    close(leaky[0]);
    close(leaky[1]);
}

static void a_check_that_is_late_is_ended_with_its_children(void **state)
{
    struct oc_test *t = *state;
    char pid_file[] = "/tmp/oc-exec-XXXXXX";
    char script[256];
    int fd = mkstemp(pid_file);
    snprintf(script, sizeof script, "sleep 60 & echo $! > %s; echo begun; wait", pid_file);
    oc_test_option(t, "timeout", "300ms");
    run_script(t, script);
    assert_int_equal(oc_test_status(t, ""), OC_STATE_UNKNOWN);
    assert_string_equal(oc_test_status_text(t, ""), "timed out after 0.3 s: begun");
    assert_true(oc_test_sample(t, "exec.timed_out", NULL, NULL) == 1);
    assert_true(oc_test_took_ms(t) < 2000);
    char text[32] = "";
    assert_true(read(fd, text, sizeof text - 1) > 0);
    for (int i = 0; i < 100 && kill((pid_t)atoi(text), 0) == 0; i++) {
        usleep(10000); /* it is init's to reap */
    }
    char stat_path[64], stat[128] = "";
    snprintf(stat_path, sizeof stat_path, "/proc/%d/stat", atoi(text));
    FILE *f = fopen(stat_path, "r");
    if (f) { /* where nobody reaps orphans, at least it is dead */
        assert_non_null(fgets(stat, sizeof stat, f));
        assert_non_null(strstr(stat, ") Z"));
        fclose(f);
    }
    close(fd);
    unlink(pid_file);
}

static void a_check_that_ignores_sigterm_is_killed(void **state)
{
    struct oc_test *t = *state;
    oc_test_option(t, "timeout", "200ms");
    run_script(t, "trap '' TERM; while :; do sleep 0.1; done");
    assert_int_equal(oc_test_status(t, ""), OC_STATE_UNKNOWN);
    assert_true(oc_test_took_ms(t) >= 450 && oc_test_took_ms(t) < 3000);
}

static int lines_in(const char *path)
{
    FILE *f = fopen(path, "r");
    int lines = 0;
    for (int c = f ? getc(f) : EOF; c != EOF; c = getc(f)) {
        lines += c == '\n';
    }
    if (f) {
        fclose(f);
    }
    return lines;
}

/* As with a dead NFS server: neither the call nor the other checks wait for it, and no second one hangs beside it. */
static void a_check_that_does_not_even_end_when_killed_is_left_alone(void **state)
{
    struct oc_test *t = *state;
    char path[] = "/tmp/oc-exec-XXXXXX", config[1024];
    close(mkstemp(path));
    snprintf(config, sizeof config,
             "{\"timeout\": \"50ms\", \"checks\": ["
             "{\"name\": \"good\", \"command\": [\"/bin/echo\", \"fine\"], \"timeout\": \"10s\"},"
             "{\"name\": \"bad\", \"command\": [\"/bin/sh\", \"-c\","
             " \"trap '' TERM; echo >> %s; sleep 60\"]}]}",
             path);
    oc_test_config(t, config);
    stuck = true;
    for (int i = 0; i < 2; i++) {
        collect(t);
        assert_int_equal(oc_test_status(t, "good"), OC_STATE_OK);
        assert_int_equal(oc_test_status(t, "bad"), OC_STATE_UNKNOWN);
        assert_non_null(strstr(oc_test_status_text(t, "bad"), "does not end: process"));
        assert_true(oc_test_sample(t, "exec.timed_out", "target", "bad") == 1);
        assert_int_equal(lines_in(path), 1);
    }
    stuck = false;
    collect(t);
    assert_string_equal(oc_test_status_text(t, "bad"), "timed out after 0.1 s");
    assert_int_equal(lines_in(path), 2);
    unlink(path);
}

static void a_check_that_is_killed_late_has_not_hung(void **state)
{
    struct oc_test *t = *state;
    set_script(t, "sleep 60");
    oc_test_option(t, "timeout", "50ms");
    late = true;
    collect(t);
    late = false;
    ahead_s = 0;
    assert_string_equal(oc_test_status_text(t, ""), "timed out after 0.1 s");
}

static void a_cancelled_call_waits_for_no_process_that_hangs(void **state)
{
    struct oc_test *t = *state;
    set_script(t, "trap '' TERM; sleep 60");
    assert_int_equal(oc_test_start(t), OC_OK);
    stuck = true;
    oc_test_cancel_after(t, 200);
    assert_int_equal(oc_test_call(t, COLLECT, NULL, 20000), OC_E_CANCELLED);
    assert_int_equal(oc_test_call(t, COLLECT, NULL, 5000), OC_OK);
    assert_non_null(strstr(oc_test_status_text(t, ""), "does not end"));
    stuck = false;
}

static void the_hosts_deadline_is_kept_even_with_a_longer_timeout(void **state)
{
    struct oc_test *t = *state;
    oc_test_option(t, "timeout", "60s");
    set_script(t, "sleep 30");
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, COLLECT, NULL, 1000), OC_OK);
    assert_int_equal(oc_test_status(t, ""), OC_STATE_UNKNOWN);
    assert_true(oc_test_took_ms(t) < 1000);
}

static void what_a_check_leaves_behind_does_not_hold_the_call(void **state)
{
    struct oc_test *t = *state;
    run_script(t, "sleep 60 & echo done");
    assert_string_equal(oc_test_status_text(t, ""), "done");
    assert_true(oc_test_took_ms(t) < 5000);
}

static void a_check_may_close_its_output_before_it_ends(void **state)
{
    struct oc_test *t = *state;
    run_script(t, "echo early; exec >&- 2>&-; sleep 0.2; exit 1");
    assert_int_equal(oc_test_status(t, ""), OC_STATE_WARNING);
    assert_string_equal(oc_test_status_text(t, ""), "early");
}

static void death_by_signal_is_said(void **state)
{
    struct oc_test *t = *state;
    run_script(t, "echo last words >&2; kill -SEGV $$");
    assert_int_equal(oc_test_status(t, ""), OC_STATE_UNKNOWN);
    assert_non_null(strstr(oc_test_status_text(t, ""), "ended by signal 11"));
    assert_non_null(strstr(oc_test_status_text(t, ""), "last words"));
}

static void stderr_speaks_only_when_stdout_is_silent(void **state)
{
    struct oc_test *t = *state;
    run_script(t, "echo trouble >&2; exit 2");
    assert_string_equal(oc_test_status_text(t, ""), "trouble");
    oc_test_stop(t);
    set_script(t, "echo noise >&2; echo answer");
    assert_int_equal(oc_test_start(t), OC_OK);
    collect(t);
    assert_string_equal(oc_test_status_text(t, ""), "answer");
}

static void a_flood_of_output_is_capped(void **state)
{
    struct oc_test *t = *state;
    run_script(t, "echo 'ok | a=1'; head -c 20000000 /dev/zero; echo");
    assert_int_equal(oc_test_status(t, ""), OC_STATE_OK);
    assert_string_equal(oc_test_status_text(t, ""), "ok");
    assert_true(perf(t, "a") == 1);
}

static void endless_output_is_ended_at_the_deadline(void **state)
{
    struct oc_test *t = *state;
    oc_test_option(t, "timeout", "300ms");
    oc_test_option(t, "command", "[\"yes\"]");
    collect(t);
    assert_int_equal(oc_test_status(t, ""), OC_STATE_UNKNOWN);
    assert_true(oc_test_took_ms(t) < 3000);
}

static void checks_run_at_the_same_time(void **state)
{
    struct oc_test *t = *state;
    oc_test_config(t,
                   "{\"checks\": ["
                   "{\"name\": \"a\", \"command\": [\"sleep\", \"0.5\"]},"
                   "{\"name\": \"b\", \"command\": [\"sleep\", \"0.5\"]},"
                   "{\"name\": \"c\", \"command\": [\"sleep\", \"0.5\"]},"
                   "{\"name\": \"d\", \"command\": [\"sleep\", \"5\"], \"timeout\": \"100ms\"}]}");
    collect(t);
    assert_true(oc_test_took_ms(t) < 1400);
    assert_int_equal(oc_test_status(t, "c"), OC_STATE_OK);
    assert_int_equal(oc_test_status(t, "d"), OC_STATE_UNKNOWN);
}

static void no_more_run_at_once_than_allowed(void **state)
{
    struct oc_test *t = *state;
    oc_test_config(t, "{\"parallel\": 1, \"checks\": ["
                      "{\"name\": \"a\", \"command\": [\"sleep\", \"0.2\"]},"
                      "{\"name\": \"b\", \"command\": [\"sleep\", \"0.2\"]},"
                      "{\"name\": \"c\", \"command\": [\"sleep\", \"0.2\"]}]}");
    collect(t);
    assert_true(oc_test_took_ms(t) >= 600);
    assert_int_equal(oc_test_count(t, OC_RECORD_STATUS), 3);
}

static void a_program_that_is_not_there_is_unknown(void **state)
{
    struct oc_test *t = *state;
    oc_test_config(t, "{\"checks\": ["
                      "{\"name\": \"path\", \"command\": [\"/nonexistent/check\"]},"
                      "{\"name\": \"word\", \"command\": [\"check_nonexistent\"]},"
                      "{\"name\": \"folder\", \"command\": [\"/tmp\"]},"
                      "{\"name\": \"good\", \"command\": [\"true\"]}]}");
    collect(t);
    assert_int_equal(oc_test_status(t, "path"), OC_STATE_UNKNOWN);
    assert_string_equal(oc_test_status_text(t, "path"),
                        "cannot run /nonexistent/check: No such file or directory");
    assert_int_equal(oc_test_status(t, "word"), OC_STATE_UNKNOWN);
    assert_int_equal(oc_test_status(t, "folder"), OC_STATE_UNKNOWN);
    assert_int_equal(oc_test_status(t, "good"), OC_STATE_OK);
}

static void a_cancelled_call_leaves_nothing_behind(void **state)
{
    struct oc_test *t = *state;
    oc_test_option(t, "timeout", "30s");
    set_script(t, "sleep 30");
    assert_int_equal(oc_test_start(t), OC_OK);
    oc_test_cancel_after(t, 100);
    assert_int_equal(oc_test_call(t, COLLECT, NULL, 20000), OC_E_CANCELLED);
    assert_true(oc_test_took_ms(t) < 2000);
}

#define ONE_CHECK     "{\"name\": \"a\", \"command\": [\"true\"]}"
#define TWO_OF_A_NAME "{\"checks\": [" ONE_CHECK ", " ONE_CHECK "]}"

static void wrong_configurations_are_refused(void **state)
{
    static const char *const wrong[] = {
        "{}",
        "{\"command\": []}",
        "{\"command\": [\"\"]}",
        "{\"command\": [\"true\"], \"timeout\": \"1ms\"}",
        "{\"checks\": [{\"name\": \"a\", \"command\": []}]}",
        "{\"checks\": [{\"command\": [\"true\"]}]}",
        TWO_OF_A_NAME,
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        oc_test_config(*state, wrong[i]);
        assert_int_equal(oc_test_start(*state), OC_E_CONFIG);
    }
}

static void many_short_runs_leak_nothing(void **state)
{
    struct oc_test *t = *state;
    set_script(t, "echo ok");
    for (int i = 0; i < 50; i++) {
        collect(t);
    }
    /* teardown counts descriptors and threads */
}

/* ---- the real ones ---- */

static unsigned closed_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    close(fd);
    return ntohs(a.sin_port);
}

static void the_real_plugins_run_unchanged(void **state)
{
    struct oc_test *t = *state;
    char config[2048];
    if (access(PLUGINS "/check_load", X_OK) != 0) {
        skip();
    }
    snprintf(config, sizeof config,
             "{\"checks\": ["
             "{\"name\": \"load\", \"command\": [\"check_load\", \"-w\", \"900,900,900\", \"-c\", "
             "\"999,999,999\"]},"
             "{\"name\": \"disk\", \"command\": [\"check_disk\", \"-w\", \"0%%\", \"-c\", \"0%%\", "
             "\"-p\", \"/\"]},"
             "{\"name\": \"procs\", \"command\": [\"check_procs\", \"-c\", \"0:0\"]},"
             "{\"name\": \"dummy\", \"command\": [\"%s/check_dummy\", \"1\", \"careful\"]},"
             "{\"name\": \"http\", \"command\": [\"check_http\", \"-I\", \"127.0.0.1\", \"-p\", "
             "\"%u\"]}]}",
             PLUGINS, closed_port());
    oc_test_config(t, config);
    collect(t);
    assert_int_equal(oc_test_status(t, "load"), OC_STATE_OK);
    const char *load1[] = {"target", "load", "label", "load1", NULL};
    assert_true(oc_test_sample_with(t, "exec.perf", load1) >= 0);
    assert_int_equal(oc_test_status(t, "disk"), OC_STATE_OK);
    const char *root[] = {"target", "disk", "label", "/", "unit", "bytes", NULL};
    assert_true(oc_test_sample_with(t, "exec.perf", root) > 1e6);
    assert_int_equal(oc_test_status(t, "procs"), OC_STATE_CRITICAL);
    const char *procs[] = {"target", "procs", "label", "procs", NULL};
    assert_true(oc_test_sample_with(t, "exec.perf", procs) > 1);
    assert_int_equal(oc_test_status(t, "dummy"), OC_STATE_WARNING);
    assert_string_equal(oc_test_status_text(t, "dummy"), "WARNING: careful");
    assert_int_equal(oc_test_status(t, "http"), OC_STATE_CRITICAL);
    assert_non_null(strstr(oc_test_status_text(t, "http"), "refused"));
}

#define t(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        t(exit_codes_are_states),
        t(performance_data_comes_in_base_units),
        t(thresholds_are_put_out_on_request),
        t(further_lines_may_carry_performance_data),
        t(a_check_gets_no_shell_and_only_its_own_environment),
        t(a_check_inherits_no_descriptor_and_reads_nothing),
        t(a_check_that_is_late_is_ended_with_its_children),
        t(a_check_that_ignores_sigterm_is_killed),
        t(a_check_that_does_not_even_end_when_killed_is_left_alone),
        t(a_check_that_is_killed_late_has_not_hung),
        t(a_cancelled_call_waits_for_no_process_that_hangs),
        t(the_hosts_deadline_is_kept_even_with_a_longer_timeout),
        t(what_a_check_leaves_behind_does_not_hold_the_call),
        t(a_check_may_close_its_output_before_it_ends),
        t(death_by_signal_is_said),
        t(stderr_speaks_only_when_stdout_is_silent),
        t(a_flood_of_output_is_capped),
        t(endless_output_is_ended_at_the_deadline),
        t(checks_run_at_the_same_time),
        t(no_more_run_at_once_than_allowed),
        t(a_program_that_is_not_there_is_unknown),
        t(a_cancelled_call_leaves_nothing_behind),
        t(wrong_configurations_are_refused),
        t(many_short_runs_leak_nothing),
        t(the_real_plugins_run_unchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
