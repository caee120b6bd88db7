/* The systemd driver against a scripted systemctl: states, jobs, refusals, silence. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "child/testing/stuck.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openclaw/testkit.h>

struct room {
    struct oc_test *t;
    char dir[64], script[96], log[96], config[512];
};

/* What it does with "show" and with other verbs is `body`; every call is written down. */
static void script(struct room *r, const char *body)
{
    FILE *f = fopen(r->script, "w");
    assert_non_null(f);
    fprintf(f, "#!/bin/bash\nprintf '%%s\\n' \"$*\" >>%s\ncd %s\n%s\n", r->log, r->dir, body);
    fclose(f);
    assert_int_equal(chmod(r->script, 0700), 0);
}

static int setup(void **state)
{
    struct room *r = calloc(1, sizeof *r);
    snprintf(r->dir, sizeof r->dir, "/tmp/oc-systemd-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    snprintf(r->script, sizeof r->script, "%s/systemctl", r->dir);
    snprintf(r->log, sizeof r->log, "%s/calls", r->dir);
    snprintf(r->config, sizeof r->config,
             "{\"unit\":\"litellm.service\",\"systemctl\":\"%s\",\"journalctl\":\"%s\"}", r->script,
             r->script);
    r->t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(r->t);
    oc_test_config(r->t, r->config);
    assert_int_equal(oc_test_start(r->t), OC_OK);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    static const char *const files[] = {"systemctl", "calls", "state"};
    struct room *r = *state;
    char path[128];
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", r->dir, files[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(r->dir), 0);
    assert_int_equal(oc_test_close(r->t), 0);
    free(r);
    return 0;
}

static const char *text(struct room *r, const char *key)
{
    static char value[256];
    json_t *o = json_loads(oc_test_json(r->t, 0), 0, NULL), *member = json_object_get(o, key);
    snprintf(value, sizeof value, "%s",
             json_is_string(member) ? json_string_value(member)
             : json_is_true(member) ? "true"
                                    : "");
    json_decref(o);
    return value;
}

static void calls(struct room *r, char all[8192])
{
    FILE *f = fopen(r->log, "r");
    size_t n = f ? fread(all, 1, 8191, f) : 0;
    all[n] = '\0';
    if (f) {
        fclose(f);
    }
}

#define SHOW                                                                                       \
    "case $3 in show) echo LoadState=loaded; echo ActiveState=$(cat state 2>/dev/null || echo "    \
    "inactive); echo SubState=x; echo MainPID=42; echo MemoryCurrent=1048576;"                     \
    " echo CPUUsageNSec='[not set]'; echo ActiveEnterTimestampMonotonic=1000000;;\n"               \
    "start|restart) echo active >state;; stop) echo inactive >state;; esac\n"

static void a_unit_is_started_and_stopped_and_what_is_so_is_left_alone(void **state)
{
    struct room *r = *state;
    char all[8192];
    script(r, SHOW);
    assert_int_equal(oc_test_call(r->t, "driver.status/1", NULL, 5000), OC_OK);
    assert_string_equal(text(r, "state"), "stopped");
    assert_int_equal(oc_test_call(r->t, "driver.start/1", NULL, 5000), OC_OK);
    assert_string_equal(text(r, "state"), "running");
    assert_string_equal(text(r, "changed"), "true");
    assert_int_equal(oc_test_call(r->t, "driver.start/1", NULL, 5000), OC_OK);
    assert_string_equal(text(r, "changed"), "");
    assert_int_equal(oc_test_call(r->t, "driver.restart/1", NULL, 5000), OC_OK);
    assert_string_equal(text(r, "changed"), "true");
    assert_int_equal(oc_test_call(r->t, "driver.stop/1", "{\"force\":true}", 5000), OC_OK);
    assert_string_equal(text(r, "state"), "stopped");
    calls(r, all);
    assert_non_null(strstr(all, "--system --no-pager start -- litellm.service\n"));
    assert_non_null(strstr(all, "--system --no-pager kill --signal=SIGKILL -- litellm.service\n"));
    assert_non_null(strstr(all, "--system --no-pager stop -- litellm.service\n"));
}

static void a_unit_that_systemd_does_not_know_is_missing(void **state)
{
    struct room *r = *state;
    script(r, "echo LoadState=not-found; echo ActiveState=inactive");
    assert_int_equal(oc_test_call(r->t, "driver.status/1", NULL, 5000), OC_OK);
    assert_string_equal(text(r, "state"), "missing");
    assert_int_equal(oc_test_call(r->t, "driver.start/1", NULL, 5000), OC_E_NOT_FOUND);
}

static void what_systemctl_complains_of_is_told(void **state)
{
    struct room *r = *state;
    script(r, "case $3 in show) echo LoadState=loaded; echo ActiveState=failed; echo "
              "Result=exit-code;; *) echo 'Job failed.' >&2; exit 1;; esac");
    assert_int_equal(oc_test_call(r->t, "driver.status/1", NULL, 5000), OC_OK);
    assert_string_equal(text(r, "state"), "failed");
    assert_string_equal(text(r, "message"), "exit-code");
    assert_int_equal(oc_test_call(r->t, "driver.start/1", NULL, 5000), OC_E_PERMANENT);
    assert_non_null(strstr(oc_test_error(r->t)->message, "Job failed."));
}

static void silence_noise_and_absence_are_errors_not_states(void **state)
{
    struct room *r = *state;
    script(r, "exec sleep 30");
    assert_int_equal(oc_test_call(r->t, "driver.status/1", NULL, 300), OC_E_TIMEOUT);
    script(r, "head -c 3000000 /dev/zero | tr '\\0' x");
    assert_int_equal(oc_test_call(r->t, "driver.status/1", NULL, 10000), OC_E_PERMANENT);
    script(r, "exit 4");
    assert_int_equal(oc_test_call(r->t, "driver.status/1", NULL, 5000), OC_E_RETRY);
    assert_int_equal(unlink(r->script), 0);
    assert_int_equal(oc_test_call(r->t, "driver.status/1", NULL, 5000), OC_E_UNSUPPORTED);
}

/* The call answers in its own words before the host's deadline, and no second one hangs beside the first. */
static void a_program_that_does_not_even_end_when_killed_is_left(void **state)
{
    struct room *r = *state;
    char all[8192];
    script(r, "exec sleep 30");
    stuck = true;
    assert_int_equal(oc_test_call(r->t, "driver.status/1", NULL, 400), OC_E_TIMEOUT);
    assert_true(oc_test_took_ms(r->t) < 400);
    assert_int_equal(oc_test_call(r->t, "driver.status/1", NULL, 5000), OC_E_RETRY);
    assert_non_null(strstr(oc_test_error(r->t)->message, "hangs in the kernel"));
    calls(r, all);
    assert_null(strchr(strchr(all, '\n') + 1, '\n'));
    stuck = false;
    script(r, SHOW);
    assert_int_equal(oc_test_call(r->t, "driver.status/1", NULL, 5000), OC_OK);
}

static void the_journal_is_asked_for_so_many_lines(void **state)
{
    struct room *r = *state;
    char all[8192];
    script(r, "echo one; echo two");
    assert_int_equal(oc_test_call(r->t, "driver.logs/1", "{\"lines\":7}", 5000), OC_OK);
    assert_non_null(strstr(oc_test_json(r->t, 0), "\"one\",\"two\""));
    calls(r, all);
    assert_non_null(strstr(all, "--lines=7 --unit litellm.service"));
}

static void a_name_that_could_be_an_option_is_refused(void **state)
{
    static const char *const names[] = {"--force", "nodots", "", "a b.service", "x;y.service"};
    struct room *r = *state;
    char config[256];
    script(r, "exit 0");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        oc_test_stop(r->t);
        snprintf(config, sizeof config, "{\"unit\":\"%s\"}", names[i]);
        oc_test_config(r->t, config);
        assert_int_equal(oc_test_start(r->t), OC_E_CONFIG);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(a_unit_is_started_and_stopped_and_what_is_so_is_left_alone),
        T(a_unit_that_systemd_does_not_know_is_missing),
        T(what_systemctl_complains_of_is_told),
        T(silence_noise_and_absence_are_errors_not_states),
        T(a_program_that_does_not_even_end_when_killed_is_left),
        T(the_journal_is_asked_for_so_many_lines),
        T(a_name_that_could_be_an_option_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
