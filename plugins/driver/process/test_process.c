/* The process driver: starting, finding again, ending, and whose pid it is. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openclaw/testkit.h>

struct room {
    struct oc_test *t;
    char dir[64], params[512];
};

static void command(struct room *r, const char *json)
{
    char config[1024];
    snprintf(config, sizeof config, "{\"command\": %s, \"settle\": \"200ms\"}", json);
    oc_test_config(r->t, config);
    assert_int_equal(oc_test_start(r->t), OC_OK);
}

static int setup(void **state)
{
    struct room *r = calloc(1, sizeof *r);
    snprintf(r->dir, sizeof r->dir, "/tmp/oc-process-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    snprintf(r->params, sizeof r->params,
             "{\"unit\":\"u\",\"state\":\"%s\",\"logs\":\"%s\",\"stop_timeout_ms\":300}", r->dir,
             r->dir);
    r->t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(r->t);
    *state = r;
    return 0;
}

static int32_t call(struct room *r, const char *method)
{
    return oc_test_call(r->t, method, r->params, 20000);
}

/* A member of the answer of the last call; owned by nobody for long: it is copied into one place. */
static const char *text(struct room *r, const char *key)
{
    static char value[256];
    json_t *o = json_loads(oc_test_json(r->t, 0), 0, NULL);
    json_t *member = json_object_get(o, key);
    if (json_is_string(member)) {
        snprintf(value, sizeof value, "%s", json_string_value(member));
    } else {
        snprintf(value, sizeof value, "%s",
                 json_is_true(member)    ? "true"
                 : json_is_false(member) ? "false"
                                         : "");
    }
    json_decref(o);
    return value;
}

static pid_t pid_of(struct room *r)
{
    json_t *o = json_loads(oc_test_json(r->t, 0), 0, NULL);
    pid_t pid = (pid_t)json_integer_value(json_object_get(o, "pid"));
    json_decref(o);
    return pid;
}

static int teardown(void **state)
{
    struct room *r = *state;
    char path[128];
    if (oc_test_instance(r->t)) {
        call(r, "driver.stop/1");
    }
    snprintf(path, sizeof path, "%s/u.pid", r->dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/u.log", r->dir);
    unlink(path);
    assert_int_equal(rmdir(r->dir), 0);
    assert_int_equal(oc_test_close(r->t), 0);
    free(r);
    return 0;
}

static void a_process_is_started_once_found_again_and_ended(void **state)
{
    struct room *r = *state;
    command(r, "[\"sleep\", \"600\"]");
    assert_int_equal(call(r, "driver.status/1"), OC_OK);
    assert_string_equal(text(r, "state"), "stopped");
    assert_int_equal(call(r, "driver.start/1"), OC_OK);
    assert_string_equal(text(r, "state"), "running");
    assert_string_equal(text(r, "changed"), "true");
    pid_t pid = pid_of(r);
    assert_int_equal(getsid(pid), pid);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), -1); /* it is not our child */
    oc_test_stop(r->t);
    assert_int_equal(oc_test_start(r->t), OC_OK); /* as after a restart of the host */
    assert_int_equal(call(r, "driver.start/1"), OC_OK);
    assert_string_equal(text(r, "changed"), "false");
    assert_int_equal(pid_of(r), pid);
    assert_int_equal(call(r, "driver.stop/1"), OC_OK);
    assert_string_equal(text(r, "changed"), "true");
    assert_string_equal(text(r, "killed"), "false");
    assert_int_equal(call(r, "driver.status/1"), OC_OK);
    assert_string_equal(text(r, "state"), "stopped");
    assert_int_equal(call(r, "driver.stop/1"), OC_OK);
    assert_string_equal(text(r, "changed"), "false");
}

/* Gone, or a zombie that nobody has waited for yet. */
static bool has_ended(pid_t pid)
{
    char path[64], stat[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f) {
        return true;
    }
    const bool read = fgets(stat, sizeof stat, f) != NULL;
    fclose(f);
    return !read || strstr(stat, ") Z") || strstr(stat, ") X");
}

static void what_ignores_the_request_is_killed_with_all_that_it_began(void **state)
{
    struct room *r = *state;
    command(r,
            "[\"bash\", \"-c\", \"trap : TERM; sleep 601 & echo $!; while :; do sleep 1; done\"]");
    assert_int_equal(call(r, "driver.start/1"), OC_OK);
    assert_int_equal(call(r, "driver.logs/1"), OC_OK);
    json_t *o = json_loads(oc_test_json(r->t, 0), 0, NULL);
    const char *line = json_string_value(json_array_get(json_object_get(o, "lines"), 0));
    assert_non_null(line);
    pid_t child = (pid_t)strtol(line, NULL, 10);
    json_decref(o);
    assert_int_equal(kill(child, 0), 0);
    assert_int_equal(call(r, "driver.stop/1"), OC_OK);
    assert_string_equal(text(r, "killed"), "true");
    for (int i = 0; i < 500 && !has_ended(child); i++) { /* the signal is on its way */
        usleep(10000);
    }
    assert_true(has_ended(child));
}

static void a_program_that_ends_at_once_or_is_not_there_is_a_failure(void **state)
{
    struct room *r = *state;
    command(r, "[\"bash\", \"-c\", \"echo no such port >&2; exit 3\"]");
    assert_int_equal(call(r, "driver.start/1"), OC_E_PERMANENT);
    assert_non_null(strstr(oc_test_error(r->t)->message, "no such port"));
    assert_int_equal(call(r, "driver.status/1"), OC_OK);
    assert_string_equal(text(r, "state"), "failed");
    oc_test_stop(r->t);
    command(r, "[\"/nonexistent/program\"]");
    assert_int_equal(call(r, "driver.start/1"), OC_E_PERMANENT);
    assert_non_null(strstr(oc_test_error(r->t)->message, "No such file"));
}

static void another_user_runs_it(void **state)
{
    struct room *r = *state;
    if (geteuid() != 0) {
        skip();
    }
    oc_test_config(
        r->t, "{\"command\": [\"bash\", \"-c\", \"echo I am $(id -un)\"], \"user\": \"nobody\", "
              "\"settle\": \"2s\"}");
    assert_int_equal(oc_test_start(r->t), OC_OK);
    assert_int_equal(call(r, "driver.start/1"), OC_E_PERMANENT); /* it has ended */
    assert_non_null(strstr(oc_test_error(r->t)->message, "I am nobody"));
    oc_test_stop(r->t);
    oc_test_config(r->t, "{\"command\": [\"sleep\", \"1\"], \"user\": \"nobody-at-all\"}");
    assert_int_equal(oc_test_start(r->t), OC_OK);
    assert_int_equal(call(r, "driver.start/1"), OC_E_CONFIG);
}

static void a_pid_that_belongs_to_somebody_else_is_never_signalled(void **state)
{
    struct room *r = *state;
    char path[128], boot[64] = "";
    command(r, "[\"sleep\", \"600\"]");
    pid_t other = fork();
    if (other == 0) {
        execlp("sleep", "sleep", "30", (char *)NULL);
        _exit(1);
    }
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "r");
    assert_non_null(fgets(boot, sizeof boot, f));
    fclose(f);
    boot[strcspn(boot, "\n")] = '\0';
    snprintf(path, sizeof path, "%s/u.pid", r->dir);
    f = fopen(path, "w");
    fprintf(f, "%d 12345 %s 1\n", (int)other, boot);
    fclose(f);
    assert_int_equal(call(r, "driver.status/1"), OC_OK);
    assert_string_equal(text(r, "state"), "failed");
    assert_int_equal(call(r, "driver.stop/1"), OC_OK);
    assert_string_equal(text(r, "changed"), "false");
    assert_int_equal(waitpid(other, NULL, WNOHANG), 0); /* still there */
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
}

static void a_damaged_pid_file_is_no_process(void **state)
{
    static const char *const texts[] = {"", "x", "-1 5 b 1", "99999999999999999999", "1 2"};
    struct room *r = *state;
    char path[128];
    command(r, "[\"sleep\", \"600\"]");
    snprintf(path, sizeof path, "%s/u.pid", r->dir);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        FILE *f = fopen(path, "w");
        fputs(texts[i], f);
        fclose(f);
        assert_int_equal(call(r, "driver.status/1"), OC_OK);
        assert_string_equal(text(r, "state"), "stopped");
    }
}

static void parameters_that_lead_elsewhere_are_refused(void **state)
{
    struct room *r = *state;
    command(r, "[\"sleep\", \"600\"]");
    assert_int_equal(oc_test_call(r->t, "driver.start/1",
                                  "{\"unit\":\"../x\",\"state\":\"/tmp\",\"logs\":\"/tmp\"}", 1000),
                     OC_E_CONFIG);
    assert_int_equal(oc_test_call(r->t, "driver.start/1", NULL, 1000), OC_E_CONFIG);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(a_process_is_started_once_found_again_and_ended),
        T(what_ignores_the_request_is_killed_with_all_that_it_began),
        T(a_program_that_ends_at_once_or_is_not_there_is_a_failure),
        T(another_user_runs_it),
        T(a_pid_that_belongs_to_somebody_else_is_never_signalled),
        T(a_damaged_pid_file_is_no_process),
        T(parameters_that_lead_elsewhere_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
