/* Generations that replace each other, in this process and in processes of their own. SPDX-License-Identifier: MIT */
#include "generations.h"

#include <dirent.h>

#define WATCH 60000

#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define HAS_ASAN true
#else
#define HAS_ASAN false
#endif
#if defined(__SANITIZE_THREAD__) || HAS_FEATURE(thread_sanitizer)
#define HAS_TSAN true
#else
#define HAS_TSAN false
#endif

static void a_reload_switches_and_hands_the_state_over(void **state)
{
    struct rig *rig = *state;
    packages_point(rig, "v1");
    struct oc_instance *i = rig_start(rig, "gen", "g", "{\"state_size\": 100000}");
    assert_int_equal(packages_collect(rig, i, "gen.version"), 1);
    assert_int_equal(packages_collect(rig, i, "gen.count"), 2);
    const json_t *r = packages_reload(rig, i, packages_point(rig, "v2"), 0);
    assert_true(oc_json_bool(r, "ok", false));
    assert_string_equal(oc_json_str(r, "phase", ""), "switched");
    assert_string_equal(oc_json_str(json_object_get(r, "from"), "version", ""), "1.0.0");
    assert_string_equal(oc_json_str(json_object_get(r, "to"), "version", ""), "2.0.0");
    assert_string_equal(oc_json_str(json_object_get(r, "to"), "digest", ""), "v2");
    assert_in_range(oc_json_int(r, "state_bytes", 0), 100000, 100100);
    assert_false(oc_json_bool(r, "rolled_back", true));
    assert_int_equal(packages_collect(rig, i, "gen.version"), 2);
    assert_int_equal(packages_sample(rig, "gen.count"), 3);
    assert_int_equal(packages_sample(rig, "gen.sum"), 100000);
    assert_has(rig_text(&rig->events), "plugin.reloaded g\n");
    rig_destroy(rig, i, 5000);
}

static void a_plugin_without_state_starts_afresh(void **state)
{
    struct rig *rig = *state;
    packages_point(rig, "v1");
    struct oc_instance *i = rig_start(rig, "gen", "g", "{}");
    packages_collect(rig, i, "gen.count");
    const json_t *r = packages_reload(rig, i, packages_point(rig, "no_state"), 0);
    assert_true(oc_json_bool(r, "ok", false));
    assert_has(oc_json_str(r, "message", ""), "no state.load/1");
    assert_int_equal(packages_collect(rig, i, "gen.count"), 1);
    assert_int_equal(packages_sample(rig, "gen.version"), 3);
    rig_destroy(rig, i, 5000);
}

/* Each bad generation, the phase in which it is found out, and what is said. */
static void what_fails_before_the_switch_leaves_the_old_one_as_it_was(void **state)
{
    static const struct {
        const char *label, *phase, *message;
    } bad[] = {{"bad_start", "start", "generation 4 does not start"},
               {"bad_probe", "probe", "generation 4 is not well"},
               {"bad_load", "hand-over", "state.load/1: generation 4 does not know schema 1"}};
    struct rig *rig = *state;
    packages_point(rig, "v1");
    struct oc_instance *i = rig_start(rig, "gen", "g", "{}");
    for (size_t k = 0; k < OC_COUNT(bad); k++) {
        packages_collect(rig, i, "gen.count");
        const json_t *r = packages_reload(rig, i, packages_point(rig, bad[k].label), WATCH);
        assert_false(oc_json_bool(r, "ok", true));
        assert_string_equal(oc_json_str(r, "phase", ""), bad[k].phase);
        assert_string_equal(oc_json_str(r, "message", ""), bad[k].message);
        assert_int_equal(packages_collect(rig, i, "gen.version"), 1);
        assert_int_equal(packages_sample(rig, "gen.count"), 2 * (int64_t)k + 2);
        assert_true(rig_logged("reload failed, the old generation goes on"));
    }
    rig_destroy(rig, i, 5000);
}

static void a_state_without_a_schema_is_not_handed_over(void **state)
{
    struct rig *rig = *state;
    packages_point(rig, "bad_save");
    struct oc_instance *i = rig_start(rig, "gen", "g", "{}");
    const json_t *r = packages_reload(rig, i, packages_point(rig, "v1"), 0);
    assert_string_equal(oc_json_str(r, "phase", ""), "hand-over");
    assert_has(oc_json_str(r, "message", ""), "no single JSON object with a number \"schema\"");
    assert_int_equal(packages_collect(rig, i, "gen.version"), 4);
    rig_destroy(rig, i, 5000);
}

static void a_state_that_is_too_large_is_not_handed_over(void **state)
{
    struct rig *rig = *state;
    packages_point(rig, "v1");
    struct oc_instance *i = rig_start(rig, "gen", "g", "{\"state_size\": 16777217}");
    const json_t *r = packages_reload(rig, i, packages_point(rig, "v2"), 0);
    assert_string_equal(oc_json_str(r, "phase", ""), "hand-over");
    assert_has(oc_json_str(r, "message", ""), "more than 16777216 bytes");
    assert_int_equal(packages_collect(rig, i, "gen.version"), 1);
    rig_destroy(rig, i, 5000);
}

static void the_running_call_ends_in_the_old_one_and_the_next_begins_in_the_new_one(void **state)
{
    struct rig *rig = *state;
    packages_point(rig, "v1");
    struct oc_instance *i = rig_start(rig, "gen", "g", "{\"collect_ms\": 60}");
    assert_int_equal(rig_begin(rig, i, "collector.collect/1", NULL, 5000, NULL), OC_OK);
    assert_int_equal(rig_begin(rig, i, "collector.collect/1", NULL, 5000, NULL), OC_OK);
    const json_t *r = packages_reload(rig, i, packages_point(rig, "v2"), 0);
    assert_true(oc_json_bool(r, "ok", false));
    assert_in_range(oc_json_int(r, "drained_ms", 0), 1, 5000);
    rig_until_answers(rig, 2);
    assert_has(rig_text(&rig->samples), "gen.version=1\n");
    assert_has(rig_text(&rig->samples), "gen.version=2\n");
    rig_destroy(rig, i, 5000);
}

static void three_failed_calls_in_a_row_bring_the_old_one_back_with_its_state(void **state)
{
    struct rig *rig = *state;
    packages_point(rig, "v1");
    struct oc_instance *i = rig_start(rig, "gen", "g", "{}");
    packages_collect(rig, i, "gen.count");
    const json_t *r = packages_reload(rig, i, packages_point(rig, "bad_calls"), WATCH);
    assert_true(oc_json_bool(r, "ok", false));
    for (int k = 0; k < 3; k++) {
        assert_int_equal(rig_call(rig, i, "collector.collect/1", NULL, 5000), OC_E_PERMANENT);
    }
    assert_int_equal(packages_collect(rig, i, "gen.version"), 1);
    assert_int_equal(packages_sample(rig, "gen.count"), 2);
    assert_has(rig_text(&rig->events), "plugin.rolled_back g\n");
    assert_string_equal(oc_plugin_manifest(oc_instance_plugin(i))->version, "1.0.0");
    rig_destroy(rig, i, 5000);
}

static void failures_that_the_old_one_had_too_bring_nothing_back(void **state)
{
    struct rig *rig = *state;
    packages_point(rig, "bad_calls");
    struct oc_instance *i = rig_start(rig, "gen", "g", "{}");
    rig_call(rig, i, "collector.collect/1", NULL, 5000);
    packages_reload(rig, i, packages_point(rig, "bad_calls"), WATCH);
    for (int k = 0; k < 4; k++) {
        assert_int_equal(rig_call(rig, i, "collector.collect/1", NULL, 5000), OC_E_PERMANENT);
    }
    assert_null(strstr(rig_text(&rig->events), "plugin.rolled_back"));
    rig_destroy(rig, i, 5000);
}

static void a_crash_in_the_watch_brings_the_old_one_back_and_no_waiting_call_is_lost(void **state)
{
    struct rig *rig = *state;
    packages_point(rig, "v1");
    struct oc_instance *i = rig_start(rig, "gen", "g", "{}");
    const json_t *r = packages_reload(rig, i, packages_point(rig, "crash"), WATCH);
    assert_true(oc_json_bool(r, "ok", false));
    /* Its manifest says that it may be made once more, so that the caller does not even notice. */
    assert_int_equal(packages_collect(rig, i, "gen.version"), 1);
    assert_has(rig_text(&rig->events),
               "plugin.crashed g\nplugin.started g\nplugin.rolled_back g\n");
    rig_destroy(rig, i, 5000);
}

static void a_late_call_in_the_watch_brings_the_old_one_back(void **state)
{
    struct rig *rig = *state;
    packages_point(rig, "v1");
    struct oc_instance *i = rig_start(rig, "gen", "g", "{}");
    packages_reload(rig, i, packages_point(rig, "v2"), WATCH);
    assert_int_equal(rig_call(rig, i, "tool.hang/1", "300", 30), OC_E_TIMEOUT);
    assert_int_equal(packages_collect(rig, i, "gen.version"), 1);
    rig_destroy(rig, i, 5000);
}

static void a_second_reload_waits_for_the_first_to_end(void **state)
{
    struct rig *rig = *state;
    packages_point(rig, "v1");
    struct oc_instance *i = rig_start(rig, "gen", "g", "{}");
    struct oc_plugin *v2 = packages_point(rig, "v2");
    assert_int_equal(oc_instance_reload(i, v2, NULL, WATCH, packages_on_receipt, rig, &rig->err),
                     OC_OK);
    assert_int_equal(oc_instance_reload(i, v2, NULL, WATCH, packages_on_receipt, rig, &rig->err),
                     OC_E_CONFLICT);
    RIG_UNTIL(rig, packages_receipt);
    const json_t *r = packages_reload(rig, i, packages_point(rig, "v1"), 0); /* ends the watch */
    assert_true(oc_json_bool(r, "ok", false));
    rig_destroy(rig, i, 5000);
}

static void an_instance_may_be_destroyed_in_every_phase_of_a_reload(void **state)
{
    struct rig *rig = *state;
    for (int steps = 0; steps < 12; steps++) {
        packages_point(rig, "v1");
        struct oc_instance *i = rig_start(rig, "gen", "g", "{\"state_size\": 200000}");
        assert_int_equal(oc_instance_reload(i, packages_point(rig, "v2"), NULL, WATCH,
                                            packages_on_receipt, rig, &rig->err),
                         OC_OK);
        for (const int64_t until = oc_time_mono() + steps; oc_time_mono() < until;) {
            oc_loop_step(rig->loop, false);
        }
        rig_destroy(rig, i, 5000);
    }
}

static void an_instance_whose_start_failed_takes_a_good_generation(void **state)
{
    struct rig *rig = *state;
    packages_point(rig, "bad_start");
    struct oc_instance *i = rig_create(rig, "gen", "g", "{}");
    rig_until(rig, i, OC_INSTANCE_FAILED);
    const json_t *r = packages_reload(rig, i, packages_point(rig, "v1"), WATCH);
    assert_true(oc_json_bool(r, "ok", false));
    assert_int_equal(packages_collect(rig, i, "gen.version"), 1);
    rig_destroy(rig, i, 5000);
}

static void another_configuration_comes_with_the_reload(void **state)
{
    struct rig *rig = *state;
    struct oc_plugin *plugin = packages_point(rig, "v1");
    struct oc_instance *i = rig_start(rig, "gen", "g", "{\"state_size\": 5000}");
    json_t *json = json_loads("{\"state_size\": 7000}", 0, NULL);
    struct oc_node *node = oc_node_from_json(json, "test");
    assert_int_equal(oc_instance_reload(i, plugin, node, 0, packages_on_receipt, rig, &rig->err),
                     OC_OK);
    oc_node_free(node);
    json_decref(json);
    RIG_UNTIL(rig, packages_receipt);
    const json_t *r = packages_reload(rig, i, plugin, 0);
    assert_in_range(oc_json_int(r, "state_bytes", 0), 7000, 7100);
    json = json_loads("{\"state_size\": \"many\"}", 0, NULL);
    node = oc_node_from_json(json, "test");
    assert_int_equal(oc_instance_reload(i, plugin, node, 0, packages_on_receipt, rig, &rig->err),
                     OC_E_CONFIG);
    oc_node_free(node);
    json_decref(json);
    packages_collect(rig, i, "gen.count");
    rig_destroy(rig, i, 5000);
}

/* ---- under load ---- */

#define RELOADS 50
#define WAITING 40

struct load {
    struct rig *rig;
    struct oc_instance *instance;
    size_t begun, answered, failed;
    bool ended;
};

static void begin_one(struct load *l);

static void on_load_done(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    struct load *l = ctx;
    (void)err;
    (void)took_ms;
    l->answered++;
    l->failed += code != OC_OK;
    if (!l->ended) {
        begin_one(l);
    }
}

static void begin_one(struct load *l)
{
    const struct oc_invocation inv = {
        .method = "collector.collect/1", .timeout_ms = 30000, .on_done = on_load_done, .ctx = l};
    assert_int_equal(oc_instance_call(l->instance, &inv, NULL, &l->rig->err), OC_OK);
    l->begun++;
}

static void a_reload_under_load_loses_no_call(void **state)
{
    struct rig *rig = *state;
    packages_point(rig, "v1");
    struct load l = {.rig = rig, .instance = rig_start(rig, "gen", "g", "{}")};
    for (int k = 0; k < WAITING; k++) {
        begin_one(&l);
    }
    for (int k = 0; k < RELOADS; k++) {
        const size_t before = l.answered;
        const json_t *r = packages_reload(rig, l.instance, packages_point(rig, k % 2 ? "v1" : "v2"),
                                          k % 3 * 1000);
        assert_true(oc_json_bool(r, "ok", false));
        RIG_UNTIL(rig, l.answered >= before + WAITING);
    }
    l.ended = true;
    RIG_UNTIL(rig, l.answered == l.begun);
    assert_int_equal(l.failed, 0);
    assert_true(l.begun >= RELOADS * WAITING);
    assert_int_equal(packages_collect(rig, l.instance, "gen.count"), (int64_t)l.begun + 1);
    rig_destroy(rig, l.instance, 5000);
}

/* ---- many ---- */

static int64_t resident_kb(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%*d %ld", &pages), 1);
    fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static size_t entries_of(const char *path)
{
    size_t count = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while (readdir(dir)) {
        count++;
    }
    closedir(dir);
    return count;
}

static size_t count_maps(void)
{
    size_t lines = 0;
    int c;
    FILE *f = fopen("/proc/self/maps", "re");
    assert_non_null(f);
    while ((c = fgetc(f)) != EOF) {
        lines += c == '\n';
    }
    fclose(f);
    return lines;
}

static void reload_times(struct rig *rig, struct oc_instance *i, int times)
{
    for (int k = 0; k < times; k++) {
        const json_t *r = packages_reload(rig, i, packages_point(rig, k % 2 ? "v1" : "v2"), 0);
        assert_true(oc_json_bool(r, "ok", false));
        RIG_UNTIL(rig, LIST_EMPTY(&i->retiring));
    }
    oc_buf_clear(&rig->events);
}

/* 10 000 with OC_FULL=1. What grows would grow with each of them, so a part of them says it, too. */
static void memory_mappings_and_descriptors_stay_flat(void **state)
{
    struct rig *rig = *state;
    const bool full = getenv("OC_FULL") && strcmp(getenv("OC_FULL"), "1") == 0;
    const int times = full ? 10000 : 200;
    packages_point(rig, "v1");
    struct oc_instance *i = rig_start(rig, "gen", "g", "{\"state_size\": 10000}");
    reload_times(rig, i, 60);
    const int64_t before_kb = resident_kb();
    const size_t descriptors = entries_of("/proc/self/fd"), maps = count_maps();
    reload_times(rig, i, times);
    assert_int_equal(entries_of("/proc/self/fd"), descriptors);
    if (!HAS_TSAN) { /* which has a thread of its own, so that nothing is unmapped */
        assert_false(rig_logged("stays mapped"));
        assert_in_range(count_maps(), 0, maps + 60); /* a library has five */
    }
    if (!HAS_TSAN && !HAS_ASAN) { /* which keeps what was freed */
        assert_in_range(resident_kb(), 0, before_kb + 2048);
    }
    rig_destroy(rig, i, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ALL(fn)                                                                                    \
    {#fn " (inproc)", fn, packages_setup_inproc, packages_teardown, NULL},                         \
        {#fn " (process)", fn, packages_setup_process, packages_teardown, NULL},                   \
        {#fn " (sandbox)", fn, packages_setup_sandbox, packages_teardown, NULL}
        ALL(a_reload_switches_and_hands_the_state_over),
        ALL(a_plugin_without_state_starts_afresh),
        ALL(what_fails_before_the_switch_leaves_the_old_one_as_it_was),
        ALL(a_state_without_a_schema_is_not_handed_over),
        ALL(a_state_that_is_too_large_is_not_handed_over),
        ALL(the_running_call_ends_in_the_old_one_and_the_next_begins_in_the_new_one),
        ALL(three_failed_calls_in_a_row_bring_the_old_one_back_with_its_state),
        ALL(failures_that_the_old_one_had_too_bring_nothing_back),
        cmocka_unit_test_setup_teardown(
            a_crash_in_the_watch_brings_the_old_one_back_and_no_waiting_call_is_lost,
            packages_setup_process, packages_teardown),
        cmocka_unit_test_setup_teardown(
            a_crash_in_the_watch_brings_the_old_one_back_and_no_waiting_call_is_lost,
            packages_setup_sandbox, packages_teardown),
        ALL(a_late_call_in_the_watch_brings_the_old_one_back),
        ALL(a_second_reload_waits_for_the_first_to_end),
        ALL(an_instance_may_be_destroyed_in_every_phase_of_a_reload),
        ALL(an_instance_whose_start_failed_takes_a_good_generation),
        ALL(another_configuration_comes_with_the_reload),
        ALL(a_reload_under_load_loses_no_call),
        ALL(memory_mappings_and_descriptors_stay_flat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
