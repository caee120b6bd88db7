/* The package service and workers that fail, talk nonsense, die and linger. SPDX-License-Identifier: MIT
 *
 * Helpers are looked for beside the running binary: the test copies itself into a folder of its own, and puts the worker
 * there that each test writes. */
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/service/package/package.h"
#include "core/sys/file.h"

struct world {
    struct oc_env env;
    struct oc_package_service *service;
    int done, code, rows, warnings, changed;
    double progress;
    json_t *result, *event;
    struct oc_error err;
};
static struct world w;
static char folder[64];

static void on_changed(void *ctx, const struct oc_event *event)
{
    (void)ctx;
    w.changed++;
    json_decref(w.event);
    w.event = json_deep_copy(event->data);
}

static int setup(void **state)
{
    (void)state;
    memset(&w, 0, sizeof w);
    oc_log_set_level(-1);
    w.env.home = folder;
    w.env.bundled = "/plugins";
    w.env.loop = oc_loop_create();
    w.env.bus = oc_bus_create();
    w.env.ops = oc_ops_create(w.env.loop, w.env.bus);
    w.service = oc_package_service_create(&w.env);
    oc_bus_subscribe(w.env.bus, "packages.changed", on_changed, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    oc_ops_cancel_all(w.env.ops);
    oc_package_service_destroy(w.service);
    oc_ops_destroy(w.env.ops);
    oc_bus_destroy(w.env.bus);
    oc_loop_destroy(w.env.loop);
    json_decref(w.result);
    json_decref(w.event);
    return 0;
}

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    (void)ctx;
    w.done++;
    w.code = code;
    json_decref(w.result);
    w.result = json_deep_copy(result);
    w.err = err ? *err : w.err;
}

static void on_row(void *ctx, const json_t *row)
{
    (void)ctx, (void)row;
    w.rows++;
}

static void on_progress(void *ctx, double fraction, const char *text)
{
    (void)ctx, (void)text;
    w.progress = fraction;
}

static void on_warning(void *ctx, const char *text)
{
    (void)ctx, (void)text;
    w.warnings++;
}

/* The worker that the next call meets: a shell script. */
static void worker(const char *body)
{
    char *path = oc_path_join(folder, "openclaw-package");
    char *text = oc_asprintf("#!/bin/sh\n%s\n", body);
    assert_int_equal(oc_file_write(path, text, strlen(text), 0700, NULL), OC_OK);
    free(text);
    free(path);
}

static struct oc_call *begin(const char *op, const char *params)
{
    struct oc_call_request req = {.op = op,
                                  .params = oc_json_parse(params, strlen(params), NULL),
                                  .actor = {.name = "test", .role = OC_ROLE_ADMIN},
                                  .on_row = on_row,
                                  .on_progress = on_progress,
                                  .on_warning = on_warning,
                                  .on_done = on_done};
    w.done = 0;
    return oc_ops_call(w.env.ops, &req);
}

static void finish(void)
{
    while (!w.done) {
        oc_loop_step(w.env.loop, true);
    }
}

static int call(const char *op, const char *params)
{
    begin(op, params);
    finish();
    return w.code;
}

static void what_the_worker_says_is_passed_on(void **state)
{
    (void)state;
    worker(
        "read -r line; echo \"{\\\"row\\\":$line}\"; echo '{\"progress\":0.5,\"text\":\"x\"}'; "
        "echo '{\"warning\":\"careful\"}'; echo \"{\\\"result\\\":{\\\"words\\\":\\\"$*\\\"}}\"");
    assert_int_equal(call("plugin.verify", "{}"), OC_OK);
    assert_int_equal(w.rows, 1);
    assert_int_equal(w.warnings, 1);
    assert_true(w.progress > 0.4 && w.progress < 0.6);
    char *words = oc_asprintf("plugin.verify --home %s --plugins /plugins", folder);
    assert_string_equal(oc_json_str(w.result, "words", ""), words);
    assert_int_equal(w.changed, 0);
    free(words);
}

static void an_error_keeps_its_code_its_hint_and_its_details(void **state)
{
    (void)state;
    worker(
        "cat >/dev/null; echo '{\"error\":{\"code\":\"verify\",\"message\":\"m\",\"hint\":\"H.\","
        "\"details\":{\"reason\":\"r\"}}}'");
    assert_int_equal(call("plugin.verify", "{}"), OC_E_VERIFY);
    assert_string_equal(w.err.message, "m");
    assert_string_equal(w.err.hint, "H.");
    assert_string_equal(oc_json_str(w.result, "reason", ""), "r");
}

static void nonsense_is_no_answer(void **state)
{
    (void)state;
    static const char *const bodies[] = {"echo nonsense",
                                         "printf '\\377\\376\\n{'",
                                         "echo '{\"warning\":3}'; echo '[]'; echo 7",
                                         "echo '{\"row\":null}'; echo '{\"progress\":\"x\"}'",
                                         ":",
                                         "exit 3"};
    for (size_t i = 0; i < OC_COUNT(bodies); i++) {
        worker(bodies[i]);
        assert_int_equal(call("plugin.verify", "{}"), OC_E_INTERNAL);
        assert_non_null(strstr(w.err.message, "before it had answered"));
        assert_non_null(strstr(w.err.hint, "doctor"));
    }
}

static void the_first_answer_counts(void **state)
{
    (void)state;
    worker("cat >/dev/null; echo '{\"result\":{\"n\":1}}'; echo '{\"result\":{\"n\":2}}'; "
           "echo '{\"error\":{}}'; echo '{\"row\":1}'; exit 9");
    assert_int_equal(call("plugin.verify", "{}"), OC_OK);
    assert_int_equal(oc_json_int(w.result, "n", 0), 1);
    assert_int_equal(w.rows, 0);
}

static void a_worker_that_is_killed_is_told_with_its_signal(void **state)
{
    (void)state;
    worker("kill -9 $$");
    assert_int_equal(call("plugin.verify", "{}"), OC_E_INTERNAL);
    assert_non_null(strstr(w.err.message, "137"));
}

static void a_worker_that_is_not_there_is_told_with_a_remedy(void **state)
{
    (void)state;
    char *path = oc_path_join(folder, "openclaw-package");
    unlink(path);
    free(path);
    assert_int_equal(call("plugin.verify", "{}"), OC_E_UNSUPPORTED);
    assert_non_null(strstr(w.err.hint, "Install openclaw whole"));
}

static void who_gives_up_ends_the_worker(void **state)
{
    (void)state;
    worker("trap 'echo "
           "\"{\\\"error\\\":{\\\"code\\\":\\\"cancelled\\\",\\\"message\\\":\\\"c\\\"}}\"; "
           "exit 0' TERM; echo '{\"row\":1}'; while :; do sleep 0.01; done");
    struct oc_call *running = begin("plugin.verify", "{}");
    while (!w.rows) {
        oc_loop_step(w.env.loop, true);
    }
    oc_call_cancel(running);
    finish();
    assert_int_equal(w.code, OC_E_CANCELLED);
}

static void a_change_is_answered_when_it_is_applied(void **state)
{
    (void)state;
    worker("cat >/dev/null; echo '{\"result\":{\"generation\":7,\"actions\":["
           "{\"name\":\"a\",\"purge\":true},{\"name\":\"b\",\"purge\":false},{\"name\":\"c\"}]}}'");
    begin("plugin.uninstall", "{\"names\":[\"a\"]}");
    while (!w.changed) {
        oc_loop_step(w.env.loop, true);
    }
    assert_int_equal(w.done, 0);
    assert_string_equal(oc_json_str(w.event, "op", ""), "plugin.uninstall");
    assert_int_equal(oc_json_int(w.event, "generation", 0), 7);
    json_t *names = json_object_get(w.event, "purge");
    assert_int_equal(json_array_size(names), 1);
    assert_string_equal(json_string_value(json_array_get(names, 0)), "a");
    for (int i = 0; i < 50; i++) { /* meanwhile the worker ends */
        oc_loop_step(w.env.loop, false);
        usleep(1000);
    }
    assert_int_equal(w.done, 0);
    oc_bus_publish(w.env.bus, "packages.applied", json_object());
    assert_int_equal(w.done, 1);
    assert_int_equal(w.code, OC_OK);
    oc_bus_publish(w.env.bus, "packages.applied", json_object());
    assert_int_equal(w.done, 1);
}

static void who_gives_up_waiting_for_a_change_has_its_answer(void **state)
{
    (void)state;
    worker("cat >/dev/null; echo '{\"result\":{\"generation\":7}}'");
    struct oc_call *running = begin("plugin.uninstall", "{\"names\":[\"a\"]}");
    while (!w.changed) {
        oc_loop_step(w.env.loop, true);
    }
    oc_call_cancel(running);
    assert_int_equal(w.done, 1);
    assert_int_equal(w.code, OC_OK);
}

static void a_plan_changes_nothing_and_a_private_daemon_does_not_wait(void **state)
{
    (void)state;
    worker("cat >/dev/null; echo '{\"result\":{\"dry_run\":true}}'");
    assert_int_equal(call("plugin.uninstall", "{\"names\":[\"a\"],\"dry_run\":true}"), OC_OK);
    assert_int_equal(w.changed, 0);
    teardown(NULL);
    setup(NULL);
    oc_package_service_destroy(w.service);
    oc_ops_destroy(w.env.ops);
    w.env.ops = oc_ops_create(w.env.loop, w.env.bus);
    w.env.ephemeral = true;
    w.service = oc_package_service_create(&w.env);
    worker("cat >/dev/null; echo '{\"result\":{\"generation\":8}}'");
    assert_int_equal(call("plugin.uninstall", "{\"names\":[\"a\"]}"), OC_OK);
    assert_int_equal(w.changed, 1);
}

static void a_service_that_ends_takes_its_workers_along(void **state)
{
    (void)state;
    worker("echo '{\"row\":1}'; exec sleep 600");
    begin("plugin.verify", "{}");
    while (!w.rows) {
        oc_loop_step(w.env.loop, true);
    }
    assert_int_equal(w.done, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static int run(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_the_worker_says_is_passed_on),
        TEST(an_error_keeps_its_code_its_hint_and_its_details),
        TEST(nonsense_is_no_answer),
        TEST(the_first_answer_counts),
        TEST(a_worker_that_is_killed_is_told_with_its_signal),
        TEST(a_worker_that_is_not_there_is_told_with_a_remedy),
        TEST(who_gives_up_ends_the_worker),
        TEST(a_change_is_answered_when_it_is_applied),
        TEST(who_gives_up_waiting_for_a_change_has_its_answer),
        TEST(a_plan_changes_nothing_and_a_private_daemon_does_not_wait),
        TEST(a_service_that_ends_takes_its_workers_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The copy in a folder of its own runs the tests; this one makes it, and clears up. */
static int run_copy(const char *self)
{
    struct oc_buf image = {0};
    snprintf(folder, sizeof folder, "/tmp/oc-package-XXXXXX");
    char *copy = mkdtemp(folder) ? oc_path_join(folder, "test") : NULL;
    char *helper = oc_path_join(folder, "openclaw-package");
    if (!copy || oc_file_read(self, SIZE_MAX / 2, &image, NULL) != OC_OK ||
        oc_file_write(copy, image.data, image.len, 0700, NULL) != OC_OK) {
        return 1;
    }
    oc_buf_finish(&image);
    setenv("OC_TEST_FOLDER", folder, 1);
    const pid_t child = fork();
    if (child == 0) {
        execl(copy, copy, (char *)NULL);
        _exit(127);
    }
    int status = 1;
    waitpid(child, &status, 0);
    unlink(helper);
    unlink(copy);
    free(helper);
    free(copy);
    rmdir(folder);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(void)
{
    const char *given = getenv("OC_TEST_FOLDER");
    if (!given) {
        return run_copy("/proc/self/exe");
    }
    snprintf(folder, sizeof folder, "%s", given);
    return run();
}
