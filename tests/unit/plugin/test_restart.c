/* Plugins whose processes end: what callers see, how they come back, when they do not. SPDX-License-Identifier: MIT */
#include "rig.h"

#include <ftw.h>

#include "core/sys/file.h"

static struct oc_plugin *put_in(struct rig *rig, enum oc_tier tier, const char *digest)
{
    struct oc_plugin *plugin = oc_plugin_find(rig->plugins, "crasher");
    const struct oc_terms terms = {.tier = tier, .digest = digest};
    assert_non_null(plugin);
    oc_plugin_set_terms(plugin, &terms);
    return plugin;
}

static struct oc_plugin *isolate(struct rig *rig, const char *digest)
{
    return put_in(rig, OC_TIER_PROCESS, digest);
}

static struct oc_instance *start(struct rig *rig, const char *name)
{
    isolate(rig, "d1");
    return rig_start(rig, "crasher", name, "{}");
}

static int crash(struct rig *rig, struct oc_instance *i)
{
    return rig_call(rig, i, "tool.segv/1", NULL, 5000);
}

static void a_crash_is_told_as_such_and_the_plugin_is_back_within_a_moment(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = start(rig, "c");
    assert_int_equal(crash(rig, i), OC_E_CRASHED);
    const int64_t begun = oc_time_mono();
    rig_until(rig, i, OC_INSTANCE_RESTARTING);
    rig_until(rig, i, OC_INSTANCE_READY);
    assert_in_range(oc_time_mono() - begun, 0, 1000); /* the bench says how soon */
    assert_int_equal(rig_call(rig, i, "tool.echo/1", "1", 5000), OC_OK);
    assert_string_equal(rig_text(&rig->events),
                        "plugin.started c\nplugin.crashed c\nplugin.restarted c\n");
    rig_destroy(rig, i, 5000);
}

static void meanwhile_calls_are_answered_with_crashed(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = start(rig, "c");
    rig_begin(rig, i, "tool.segv/1", NULL, 5000, NULL);
    rig_begin(rig, i, "tool.echo/1", "1", 5000, NULL);
    rig_until_answers(rig, 2);
    assert_int_equal(rig->code, OC_E_CRASHED);
    rig_until(rig, i, OC_INSTANCE_RESTARTING);
    assert_int_equal(rig_begin(rig, i, "tool.echo/1", "1", 5000, NULL), OC_E_CRASHED);
    assert_has(rig->err.message, "c is restarting: the plugin's process ended by SIGSEGV");
    rig_destroy(rig, i, 5000);
}

static void check_summary(struct rig *rig, struct oc_instance *i)
{
    crash(rig, i);
    rig_until(rig, i, OC_INSTANCE_RESTARTING);
    json_t *stats = oc_instance_stats(i);
    const json_t *last = json_array_get(json_object_get(stats, "crashes"), 0);
    assert_int_equal(oc_json_int(stats, "restarts", 0), 1);
    assert_string_equal(oc_json_str(last, "signal", ""), "SIGSEGV");
    assert_string_equal(oc_json_str(last, "function", ""), "write_nowhere");
    assert_string_equal(oc_json_str(last, "last_method", ""), "tool.segv/1");
    assert_int_equal(strlen(oc_json_str(last, "build_id", "")), 40);
    char *tail = oc_json_text(json_object_get(last, "log_tail"));
    assert_has(tail, "about to crash");
    free(tail);
    json_decref(stats);
    rig_destroy(rig, i, 5000);
}

static void the_summary_says_where_and_what_went_before(void **state)
{
    check_summary(*state, start(*state, "c"));
}

/* The handler makes no system call that a sandbox could forbid. */
static void it_says_as_much_of_a_sandbox(void **state)
{
    put_in(*state, OC_TIER_SANDBOX, "d1");
    check_summary(*state, rig_start(*state, "crasher", "c", "{}"));
}

static void three_crashes_lead_to_quarantine_and_a_reset_out_of_it(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = start(rig, "c");
    for (int k = 0; k < 3; k++) {
        rig_until(rig, i, OC_INSTANCE_READY);
        assert_int_equal(crash(rig, i), OC_E_CRASHED);
        rig_until(rig, i, k < 2 ? OC_INSTANCE_RESTARTING : OC_INSTANCE_QUARANTINED);
    }
    assert_int_equal(rig_begin(rig, i, "tool.echo/1", "1", 5000, NULL), OC_E_CRASHED);
    assert_has(rig->err.message, "c is quarantined: in quarantine since");
    assert_has(rig->err.hint, "openclaw plugin reset crasher");
    assert_has(rig_text(&rig->events), "plugin.quarantined c\n");
    oc_instance_reset(i);
    rig_until(rig, i, OC_INSTANCE_READY);
    assert_int_equal(rig_call(rig, i, "tool.echo/1", "1", 5000), OC_OK);
    rig_destroy(rig, i, 5000);
}

static void an_instance_of_a_quarantined_artifact_is_not_started(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = start(rig, "c");
    for (int k = 0; k < 3; k++) {
        rig_until(rig, i, OC_INSTANCE_READY);
        crash(rig, i);
        rig_until(rig, i, k < 2 ? OC_INSTANCE_RESTARTING : OC_INSTANCE_QUARANTINED);
    }
    struct oc_instance *other = rig_create(rig, "crasher", "d", "{}");
    assert_int_equal(oc_instance_state(other), OC_INSTANCE_QUARANTINED);
    rig_destroy(rig, other, 5000);
    isolate(rig, "d2"); /* a new release has a clean slate */
    other = rig_start(rig, "crasher", "d", "{}");
    rig_destroy(rig, other, 5000);
    rig_destroy(rig, i, 5000);
}

static void a_start_that_crashes_is_tried_again_and_then_not_any_more(void **state)
{
    struct rig *rig = *state;
    char marker[] = "/tmp/openclaw-test-XXXXXX";
    close(mkstemp(marker));
    isolate(rig, "d1");
    char *config = oc_asprintf("{\"marker\": \"%s\"}", marker);
    struct oc_instance *i = rig_create(rig, "crasher", "c", config);
    rig_until(rig, i, OC_INSTANCE_QUARANTINED);
    unlink(marker);
    oc_instance_reset(i);
    rig_until(rig, i, OC_INSTANCE_READY);
    free(config);
    rig_destroy(rig, i, 5000);
}

static void what_was_late_is_started_again_but_has_not_crashed(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = start(rig, "c");
    for (int k = 0; k < 4; k++) {
        rig_until(rig, i, OC_INSTANCE_READY);
        assert_int_equal(rig_call(rig, i, "tool.hang/1", "10000", 20), OC_E_TIMEOUT);
        rig_until(rig, i, OC_INSTANCE_RESTARTING);
    }
    rig_until(rig, i, OC_INSTANCE_READY);
    assert_null(strstr(rig_text(&rig->events), "quarantined"));
    rig_destroy(rig, i, 5000);
}

static void one_that_leaves_by_itself_has_crashed_too(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = start(rig, "c");
    assert_int_equal(rig_call(rig, i, "tool.exit/1", NULL, 5000), OC_E_CRASHED);
    rig_until(rig, i, OC_INSTANCE_RESTARTING);
    json_t *stats = oc_instance_stats(i);
    const json_t *last = json_array_get(json_object_get(stats, "crashes"), 0);
    assert_int_equal(oc_json_int(last, "exit_status", -1), 3);
    json_decref(stats);
    rig_destroy(rig, i, 5000);
}

/* ---- once more ---- */

static char *marker_json(char *path)
{
    close(mkstemp(path));
    return oc_asprintf("\"%s\"", path);
}

static void what_is_safe_to_repeat_is_repeated_once(void **state)
{
    struct rig *rig = *state;
    char marker[] = "/tmp/openclaw-test-XXXXXX";
    char *params = marker_json(marker);
    struct oc_instance *i = start(rig, "c");
    assert_int_equal(rig_call(rig, i, "tool.once/1", params, 5000), OC_OK);
    assert_has(rig_text(&rig->samples), "crasher.once=1\n");
    assert_has(rig_text(&rig->events), "plugin.crashed c\nplugin.restarted c\n");
    assert_int_equal(crash(rig, i), OC_E_CRASHED);
    rig_destroy(rig, i, 5000);
    free(params);
}

static void what_is_not_said_to_be_safe_is_not(void **state)
{
    struct rig *rig = *state;
    char marker[] = "/tmp/openclaw-test-XXXXXX";
    char *params = marker_json(marker);
    struct oc_instance *i = start(rig, "c");
    assert_int_equal(rig_call(rig, i, "tool.unsafe/1", params, 5000), OC_E_CRASHED);
    rig_destroy(rig, i, 5000);
    free(params);
}

static void nor_is_a_call_of_which_records_were_seen(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = start(rig, "c");
    assert_int_equal(rig_call(rig, i, "tool.emit/1", NULL, 5000), OC_E_CRASHED);
    assert_has(rig_text(&rig->samples), "crasher.seen=1\n");
    rig_destroy(rig, i, 5000);
}

/* ---- the daemon's own end ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void quarantine_and_sentinels_last_over_a_restart_of_the_host(void **state)
{
    struct rig *rig = *state;
    char home[] = "/tmp/openclaw-test-XXXXXX";
    assert_non_null(mkdtemp(home));
    char *data = oc_path_join(home, "data"), *loading = oc_path_join(home, "run/loading");
    char *list = oc_path_join(home, "data/quarantine.json"), *ok = oc_path_join(loading, "ok");
    assert_int_equal(oc_dir_make(data, 0700, NULL), OC_OK);
    assert_int_equal(oc_dir_make(loading, 0700, NULL), OC_OK);
    oc_plugins_set_home(rig->plugins, home);
    struct oc_instance *i = start(rig, "c");
    for (int k = 0; k < 3; k++) {
        rig_until(rig, i, OC_INSTANCE_READY);
        crash(rig, i);
        rig_until(rig, i, k < 2 ? OC_INSTANCE_RESTARTING : OC_INSTANCE_QUARANTINED);
    }
    rig_destroy(rig, i, 5000);
    struct oc_plugin *plugin = oc_plugin_find(rig->plugins, "ok");
    char *text =
        oc_asprintf("{\"digest\":\"%s\",\"at\":\"then\",\"tries\":3}", oc_plugin_identity(plugin));
    assert_int_equal(oc_file_write(ok, text, strlen(text), 0600, NULL), OC_OK);

    oc_plugins_set_home(rig->plugins, home); /* as the next daemon does */
    i = rig_create(rig, "crasher", "c", "{}");
    assert_int_equal(oc_instance_state(i), OC_INSTANCE_QUARANTINED);
    json_t *stats = oc_instance_stats(i); /* no call was ever made of it */
    assert_has(oc_json_str(stats, "last_error", ""), "in quarantine");
    json_decref(stats);
    assert_null(rig_create(rig, "ok", "o", "{}"));
    assert_has(rig->err.message, "skipped: the daemon ended while this plugin was being loaded");
    assert_has(rig->err.hint, "openclaw plugin reset ok");
    assert_true(oc_plugin_reset(plugin));
    struct oc_instance *o = rig_start(rig, "ok", "o", "{}");
    assert_false(oc_file_exists(ok));
    rig_destroy(rig, o, 5000);
    rig_destroy(rig, i, 5000);
    assert_true(oc_plugin_reset(oc_plugin_find(rig->plugins, "crasher")));

    assert_int_equal(nftw(home, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(text);
    free(ok);
    free(list);
    free(loading);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, rig_setup, rig_teardown)
        TEST(a_crash_is_told_as_such_and_the_plugin_is_back_within_a_moment),
        TEST(meanwhile_calls_are_answered_with_crashed),
        TEST(the_summary_says_where_and_what_went_before),
        TEST(it_says_as_much_of_a_sandbox),
        TEST(three_crashes_lead_to_quarantine_and_a_reset_out_of_it),
        TEST(an_instance_of_a_quarantined_artifact_is_not_started),
        TEST(a_start_that_crashes_is_tried_again_and_then_not_any_more),
        TEST(what_was_late_is_started_again_but_has_not_crashed),
        TEST(one_that_leaves_by_itself_has_crashed_too),
        TEST(what_is_safe_to_repeat_is_repeated_once),
        TEST(what_is_not_said_to_be_safe_is_not),
        TEST(nor_is_a_call_of_which_records_were_seen),
        TEST(quarantine_and_sentinels_last_over_a_restart_of_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
