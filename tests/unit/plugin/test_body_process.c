/* Plugins in processes of their own: the same answers, and what only they survive. SPDX-License-Identifier: MIT */
#include "rig.h"

#include <signal.h>

#include "core/plugin/process/process.h"
#include "core/sys/sign.h"

static enum oc_tier tier = OC_TIER_PROCESS;

static void isolate(struct rig *rig, const char *plugin, struct oc_terms terms)
{
    terms.tier = tier;
    oc_plugin_set_terms(oc_plugin_find(rig->plugins, plugin), &terms);
}

static struct oc_instance *start_isolated(struct rig *rig, const char *plugin, const char *config)
{
    isolate(rig, plugin, (struct oc_terms){0});
    return rig_start(rig, plugin, "one", config);
}

static pid_t pid_of(const struct oc_instance *i)
{
    json_t *stats = oc_instance_stats(i);
    const pid_t pid = (pid_t)oc_json_int(stats, "pid", 0);
    json_decref(stats);
    return pid;
}

static void its_calls_answer_as_those_in_the_host_do(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = start_isolated(rig, "ok", "{\"who\": \"me\"}");
    assert_true(pid_of(i) > 0);
    assert_int_equal(rig_call(rig, i, "collector.collect/1", NULL, 5000), OC_OK);
    assert_string_equal(rig_text(&rig->samples), "ok.value,target=me,kind=test=0\n"
                                                 "ok.value,target=me,kind=test=1\n"
                                                 "ok.value,target=me,kind=test=2\n");
    assert_string_equal(rig_text(&rig->texts), "hello me\n");
    assert_int_equal(rig_call(rig, i, "tool.echo/1", "{\"a\": [1, \"\xc3\xa9\"]}", 5000), OC_OK);
    assert_string_equal(rig_text(&rig->texts), "{\"a\": [1, \"\xc3\xa9\"]}\n");
    assert_int_equal(rig_call(rig, i, "tool.fail/1", NULL, 5000), OC_E_AUTH);
    assert_has(rig->err.message, "password");
    assert_int_equal(rig_call(rig, i, "tool.quiet/1", NULL, 5000), OC_E_RETRY);
    assert_string_equal(rig->err.message, "tool.quiet/1 failed and did not say why (retry)");
    assert_int_equal(rig_call(rig, i, "tool.odd/1", NULL, 5000), OC_E_INTERNAL);
    assert_has(rig->err.message, "unknown code 42");
    rig_destroy(rig, i, 5000);
    assert_string_equal(rig_text(&rig->events), "plugin.started one\nplugin.stopped one\n");
    assert_string_equal(rig_text(&rig->receipts), "ok\n");
}

static void its_options_become_what_they_are_in_the_host(void **state)
{
    struct rig *rig = *state;
    static const char config[] =
        "{\"text\": \"a \\\"b\\\"\", \"secret\": \"s\", \"path\": \"/x/y\", \"every\": \"5s\","
        " \"bytes\": \"1MB\", \"mode\": \"high\", \"share\": 1.5, \"words\": [\"v\", \"w\"],"
        " \"pairs\": {\"k\": \"v\"}, \"doors\": [{\"name\": \"d\"}, {\"name\": \"e\", \"port\": "
        "5}],"
        " \"front\": {\"name\": \"f\"}}";
    static const char *const configs[] = {config, "{}"};
    for (size_t k = 0; k < OC_COUNT(configs); k++) {
        struct oc_plugin *plugin = oc_plugin_find(rig->plugins, "isolated");
        oc_plugin_set_terms(plugin, NULL);
        plugin->state = OC_PLUGIN_FOUND;
        struct oc_instance *i = rig_start(rig, "isolated", "one", configs[k]);
        rig_call(rig, i, "tool.show/1", NULL, 5000);
        char *here = oc_strdup(rig_text(&rig->texts));
        rig_destroy(rig, i, 5000);
        plugin->state = OC_PLUGIN_FOUND;
        plugin->entry = (struct oc_plugin_entry){0};
        i = start_isolated(rig, "isolated", configs[k]);
        assert_int_equal(rig_call(rig, i, "tool.show/1", NULL, 5000), OC_OK);
        assert_string_equal(rig_text(&rig->texts), here);
        rig_destroy(rig, i, 5000);
        free(here);
    }
}

static void secrets_are_resolved_by_the_host_and_paths_made_absolute(void **state)
{
    struct rig *rig = *state;
    setenv("OC_TEST_SECRET", "hush", 1);
    struct oc_instance *i =
        start_isolated(rig, "isolated", "{\"secret\": \"$env:OC_TEST_SECRET\"}");
    assert_int_equal(rig_call(rig, i, "tool.show/1", NULL, 5000), OC_OK);
    assert_has(rig_text(&rig->texts), "-|hush|/");
    rig_destroy(rig, i, 5000);
}

static void wrong_options_are_told_with_their_key_when_the_plugin_is_known(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = start_isolated(rig, "ok", "{}");
    rig_destroy(rig, i, 5000);
    assert_null(rig_create(rig, "ok", "two", "{\"whoo\": \"me\"}"));
    assert_int_equal(rig->err.code, OC_E_CONFIG);
    assert_has(rig->err.message, "collectors[0].whoo");
}

static void wrong_options_of_an_unknown_plugin_fail_its_start(void **state)
{
    struct rig *rig = *state;
    isolate(rig, "ok", (struct oc_terms){0});
    struct oc_instance *i = rig_create(rig, "ok", "one", "{\"size\": \"many\"}");
    assert_non_null(i);
    rig_until(rig, i, OC_INSTANCE_FAILED);
    assert_int_equal(oc_instance_error(i)->code, OC_E_CONFIG);
    assert_has(oc_instance_error(i)->message, "collectors[0].size");
    rig_destroy(rig, i, 5000);
}

static void a_failing_start_says_why(void **state)
{
    struct rig *rig = *state;
    isolate(rig, "ok", (struct oc_terms){0});
    struct oc_instance *i = rig_create(rig, "ok", "one", "{\"fail_start\": true}");
    rig_until(rig, i, OC_INSTANCE_FAILED);
    assert_int_equal(oc_instance_error(i)->code, OC_E_AUTH);
    assert_string_equal(oc_instance_error(i)->message, "the password was refused");
    rig_destroy(rig, i, 5000);
}

static void a_late_call_is_answered_at_its_deadline_and_its_process_is_killed(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = start_isolated(rig, "ok", "{}");
    const pid_t pid = pid_of(i);
    assert_int_equal(rig_call(rig, i, "tool.hang/1", "60000", 60), OC_E_TIMEOUT);
    assert_in_range(rig->took_ms, 55, 1000);
    RIG_UNTIL(rig, pid_of(i) != pid);
    assert_int_equal(kill(pid, 0), -1);
    rig_destroy(rig, i, 5000);
}

static void a_call_whose_process_dies_is_answered_at_once(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = start_isolated(rig, "isolated", "{}");
    assert_int_equal(rig_call(rig, i, "tool.crash/1", NULL, 60000), OC_E_CRASHED);
    assert_in_range(rig->took_ms, 0, 2000);
    assert_has(rig->err.message, "tool.crash/1: the process of the plugin got SIG");
    RIG_UNTIL(rig, oc_instance_state(i) != OC_INSTANCE_BUSY);
    assert_true(rig_logged("about to fall"));
    rig_destroy(rig, i, 5000);
}

static void a_process_that_leaves_without_a_word_has_crashed(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = start_isolated(rig, "isolated", "{}");
    assert_int_equal(rig_call(rig, i, "tool.exit/1", "7", 60000), OC_E_CRASHED);
    assert_has(rig->err.message, "exited with status 7");
    rig_destroy(rig, i, 5000);
}

static void a_crash_in_start_is_no_crash_of_the_host(void **state)
{
    struct rig *rig = *state;
    isolate(rig, "isolated", (struct oc_terms){0});
    struct oc_instance *i = rig_create(rig, "isolated", "one", "{\"crash_start\": true}");
    RIG_UNTIL(rig, oc_instance_state(i) != OC_INSTANCE_STARTING);
    assert_has(oc_instance_error(i)->message, "SIGABRT");
    rig_destroy(rig, i, 5000);
}

static void a_start_that_takes_too_long_is_killed(void **state)
{
    struct rig *rig = *state;
    isolate(rig, "ok", (struct oc_terms){.limits = {.start_ms = 400}});
    struct oc_instance *i = rig_create(rig, "ok", "one", "{\"start_ms\": 60000}");
    RIG_UNTIL(rig, oc_instance_state(i) != OC_INSTANCE_STARTING);
    assert_has(oc_instance_error(i)->message, "start did not return within 0.4 s");
    rig_destroy(rig, i, 5000);
}

static void a_stop_that_takes_too_long_is_killed(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = start_isolated(rig, "ok", "{\"stop_ms\": 60000}");
    const pid_t pid = pid_of(i);
    rig_destroy(rig, i, 50);
    assert_int_equal(kill(pid, 0), -1);
    assert_true(rig_logged("its process was killed"));
}

/* The end of the process is that of the call and of the instance. */
static void what_neither_answers_nor_stops_ends_once(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = start_isolated(rig, "ok", "{}");
    const int before = rig->destroyed;
    rig_begin(rig, i, "tool.hang/1", "60000", 60000, NULL);
    rig_destroy(rig, i, 50);
    assert_int_equal(rig->destroyed, before + 1);
    assert_true(rig_logged("its process was killed"));
}

static void a_cancelled_call_sees_its_flag(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = start_isolated(rig, "ok", "{}");
    uint64_t id;
    rig_begin(rig, i, "tool.wait/1", NULL, 60000, &id);
    RIG_UNTIL(rig, rig->records > 0);
    oc_instance_cancel(i, id);
    rig_until_answers(rig, 1);
    assert_int_equal(rig->code, OC_E_CANCELLED);
    assert_int_equal(rig_call(rig, i, "tool.echo/1", "1", 5000), OC_OK);
    rig_destroy(rig, i, 5000);
}

static void destroy_while_it_starts_and_while_it_runs_is_fine(void **state)
{
    struct rig *rig = *state;
    isolate(rig, "ok", (struct oc_terms){0});
    struct oc_instance *i = rig_create(rig, "ok", "one", "{}");
    rig_destroy(rig, i, 5000);
    i = rig_start(rig, "ok", "two", "{}");
    rig_begin(rig, i, "tool.wait/1", NULL, 60000, NULL);
    rig_destroy(rig, i, 5000);
    assert_int_equal(rig->code, OC_E_CANCELLED);
    i = rig_create(rig, "ok", "three", "{\"start_ms\": 60000}");
    rig_destroy(rig, i, 20);
}

static void a_method_that_is_not_there_is_refused(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = start_isolated(rig, "ok", "{}");
    assert_int_equal(rig_begin(rig, i, "alert.send/1", NULL, 1000, NULL), OC_E_UNSUPPORTED);
    rig_destroy(rig, i, 5000);
}

static void a_library_that_was_changed_is_refused(void **state)
{
    struct rig *rig = *state;
    json_t *files = json_pack("{s:s}", "ok.so", "00");
    isolate(rig, "ok", (struct oc_terms){.files = files});
    struct oc_instance *i = rig_create(rig, "ok", "one", "{}");
    rig_until(rig, i, OC_INSTANCE_FAILED);
    assert_int_equal(oc_instance_error(i)->code, OC_E_VERIFY);
    assert_has(oc_instance_error(i)->message, "ok.so has the SHA-256");
    rig_destroy(rig, i, 5000);
    json_decref(files);
}

static void a_changed_library_is_refused_in_the_host_too_and_a_sound_one_loads(void **state)
{
    struct rig *rig = *state;
    struct oc_plugin *plugin = oc_plugin_find(rig->plugins, "ok");
    char sha256[OC_SHA256_HEX];
    char *so = oc_asprintf("%s/ok.so", plugin->dir);
    const int fd = open(so, O_RDONLY | O_CLOEXEC);
    free(so);
    assert_int_equal(oc_sha256_fd(fd, 1u << 26, sha256, NULL, &rig->err), OC_OK);
    close(fd);
    json_t *wrong = json_pack("{s:s}", "ok.so", "00"), *right = json_pack("{s:s}", "ok.so", sha256);
    json_t *other = json_pack("{s:s}", "other.so", sha256);
    const json_t *const refused[] = {wrong, other};
    for (size_t i = 0; i < OC_COUNT(refused); i++) {
        oc_plugin_set_terms(plugin, &(struct oc_terms){.files = refused[i]});
        plugin->state = OC_PLUGIN_FOUND;
        assert_int_equal(oc_plugin_load(plugin, &rig->err), OC_E_VERIFY);
    }
    oc_plugin_set_terms(plugin, &(struct oc_terms){.files = right});
    plugin->state = OC_PLUGIN_FOUND;
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    assert_int_equal(rig_call(rig, i, "tool.echo/1", "1", 5000), OC_OK);
    rig_destroy(rig, i, 5000);
    json_decref(wrong);
    json_decref(other);
    json_decref(right);
}

static void a_disabled_plugin_says_why(void **state)
{
    struct rig *rig = *state;
    isolate(rig, "ok", (struct oc_terms){.disabled = true, .why = "nobody wants it"});
    assert_null(rig_create(rig, "ok", "one", "{}"));
    assert_has(rig->err.message, "nobody wants it");
}

/* ---- streams ---- */

struct stream {
    uint64_t sent, got;
    bool same;
    int refuse; /* after the first piece */
};

static int64_t stream_read(void *ctx, void *buf, uint64_t cap)
{
    struct stream *s = ctx;
    const uint64_t left = 10000000 - s->sent, n = left < cap ? left : cap;
    for (uint64_t i = 0; i < n; i++) {
        ((unsigned char *)buf)[i] = (unsigned char)((s->sent + i) % 253);
    }
    s->sent += n;
    return (int64_t)n;
}

static int stream_write(void *ctx, const void *data, uint64_t len)
{
    struct stream *s = ctx;
    for (uint64_t i = 0; i < len; i++) {
        s->same = s->same && ((const unsigned char *)data)[i] == (s->got + i) % 253;
    }
    s->got += len;
    return s->refuse;
}

static void run_stream(struct rig *rig, struct oc_instance *i, const char *method,
                       const char *params, struct stream *s)
{
    const int answers = rig->answers;
    const struct oc_invocation inv = {.method = method,
                                      .params = params,
                                      .timeout_ms = 60000,
                                      .on_records = rig_on_records,
                                      .on_done = rig_on_done,
                                      .ctx = rig,
                                      .read = stream_read,
                                      .write = stream_write,
                                      .stream_ctx = s};
    rig->records = 0;
    assert_int_equal(oc_instance_call(i, &inv, NULL, &rig->err), OC_OK);
    rig_until_answers(rig, answers + 1);
}

static void streams_go_through_whole_and_in_order(void **state)
{
    struct rig *rig = *state;
    for (int isolated = 0; isolated < 2; isolated++) {
        struct oc_plugin *plugin = oc_plugin_find(rig->plugins, "isolated");
        plugin->state = OC_PLUGIN_FOUND;
        plugin->entry = (struct oc_plugin_entry){0};
        struct oc_instance *i = isolated ? start_isolated(rig, "isolated", "{}")
                                         : rig_start(rig, "isolated", "here", "{}");
        struct stream s = {.same = true};
        run_stream(rig, i, "storage.put/1", NULL, &s);
        assert_int_equal(rig->code, OC_OK);
        assert_int_equal(s.got, 10000000);
        assert_true(s.same);
        assert_int_equal(rig->records, 0); /* nothing gathers */
        struct stream full = {.refuse = OC_E_PERMANENT};
        run_stream(rig, i, "backup.dump/1", "1000000000", &full);
        assert_int_equal(rig->code, OC_E_PERMANENT);
        assert_true(full.got < 100000000);
        rig_destroy(rig, i, 5000);
    }
}

static void bytes_without_a_taker_gather_as_records(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = start_isolated(rig, "isolated", "{}");
    assert_int_equal(rig_call(rig, i, "backup.dump/1", "3000000", 60000), OC_OK);
    assert_int_equal(rig->records, 3);
    assert_int_equal(rig_call(rig, i, "backup.dump/1", "300000000", 60000), OC_E_PERMANENT);
    rig_destroy(rig, i, 5000);
}

/* ---- bad company ---- */

static void a_flood_ends_at_the_same_limit_as_in_the_host(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *i = start_isolated(rig, "wicked", "{\"how\": \"flood\"}");
    assert_int_equal(rig_call(rig, i, "collector.collect/1", NULL, 60000), OC_E_PERMANENT);
    assert_int_equal(rig->records, OC_CALL_RECORDS_MAX);
    rig_destroy(rig, i, 5000);
}

static void garbage_and_huge_records_are_cut_and_dropped_as_in_the_host(void **state)
{
    struct rig *rig = *state;
    static const char *const configs[] = {"{\"how\": \"garbage\"}", "{\"how\": \"huge\"}"};
    for (size_t k = 0; k < OC_COUNT(configs); k++) {
        size_t records[2];
        char *texts[2];
        for (int isolated = 0; isolated < 2; isolated++) {
            struct oc_plugin *plugin = oc_plugin_find(rig->plugins, "wicked");
            oc_plugin_set_terms(plugin, NULL);
            plugin->state = OC_PLUGIN_FOUND;
            plugin->entry = (struct oc_plugin_entry){0};
            struct oc_instance *i = isolated ? start_isolated(rig, "wicked", configs[k])
                                             : rig_start(rig, "wicked", "here", configs[k]);
            assert_int_equal(rig_call(rig, i, "collector.collect/1", NULL, 60000), OC_OK);
            records[isolated] = rig->records;
            texts[isolated] = oc_strdup(rig_text(&rig->texts));
            rig_destroy(rig, i, 5000);
        }
        assert_int_equal(records[0], records[1]);
        assert_string_equal(texts[0], texts[1]);
        free(texts[0]);
        free(texts[1]);
    }
}

static void too_many_samples_a_second_are_dropped_and_said_once(void **state)
{
    struct rig *rig = *state;
    isolate(rig, "ok", (struct oc_terms){.limits = {.samples_per_second = 10}});
    struct oc_instance *i = rig_start(rig, "ok", "one", "{\"size\": 5000}");
    assert_int_equal(rig_call(rig, i, "collector.collect/1", NULL, 60000), OC_OK);
    assert_in_range(rig->records, 100, 200);
    assert_true(rig_logged("too many samples"));
    rig_destroy(rig, i, 5000);
}

static void too_many_lines_a_second_are_left_out(void **state)
{
    struct rig *rig = *state;
    isolate(rig, "ok", (struct oc_terms){.limits = {.log_lines_per_second = 5}});
    struct oc_instance *i = rig_start(rig, "ok", "one", "{}");
    assert_int_equal(rig_call(rig, i, "tool.log/1", "2000", 60000), OC_OK);
    assert_true(rig_logged("logs too much"));
    rig_destroy(rig, i, 5000);
}

/* ---- the host's operations ---- */

static void on_host_call(void *ctx, struct oc_instance *instance, const char *op, json_t *params,
                         void (*done)(void *, int, json_t *, const struct oc_error *),
                         void *done_ctx)
{
    (void)ctx;
    (void)instance;
    (void)op;
    json_decref(params);
    done(done_ctx, OC_OK, json_pack("{s:i}", "value", 7), NULL);
}

static void it_calls_operations_with_the_rights_it_was_granted(void **state)
{
    struct rig *rig = *state;
    oc_plugins_set_host(rig->plugins, on_host_call, NULL);
    struct oc_instance *i = start_isolated(rig, "ok", "{}");
    assert_int_equal(rig_call(rig, i, "tool.call/1", "test.op", 5000), OC_OK);
    assert_string_equal(rig_text(&rig->texts), "{\"value\":7}\n");
    assert_int_equal(rig_call(rig, i, "tool.call/1", "plugin.list", 5000), OC_E_DENIED);
    assert_has(rig->err.message, "has no right");
    rig_destroy(rig, i, 5000);
    json_t *none = json_array();
    isolate(rig, "ok", (struct oc_terms){.grants = none});
    i = rig_start(rig, "ok", "two", "{}");
    assert_int_equal(rig_call(rig, i, "tool.call/1", "test.op", 5000), OC_E_DENIED);
    rig_destroy(rig, i, 5000);
    json_decref(none);
}

static void small_answers_are_read_by_the_loop_and_long_ones_by_the_thread(void **state)
{
    struct rig *rig = *state;
    static char text[20000];
    struct oc_instance *i = start_isolated(rig, "ok", "{}");
    struct oc_process_body *p = (struct oc_process_body *)i->body;
    memset(text, 'x', sizeof text - 1);
    text[0] = text[sizeof text - 2] = '"';
    for (int k = 0; k < 3; k++) {
        assert_int_equal(rig_call(rig, i, "tool.echo/1", "1", 5000), OC_OK);
        RIG_UNTIL(rig, p->watch && oc_process_is_lent(p));
        assert_int_equal(rig_call(rig, i, "tool.echo/1", "2", 5000), OC_OK);
        assert_string_equal(rig_text(&rig->texts), "2\n");
        assert_true(oc_process_is_lent(p));
        assert_int_equal(rig_call(rig, i, "tool.echo/1", text, 5000), OC_OK);
        assert_has(rig_text(&rig->texts), "\"xxxx");
    }
    RIG_UNTIL(rig, oc_process_is_lent(p));
    kill(pid_of(i), SIGKILL); /* between calls, with nobody at the socket but the loop */
    RIG_UNTIL(rig, oc_instance_state(i) == OC_INSTANCE_RESTARTING);
    rig_destroy(rig, i, 5000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

static const struct CMUnitTest tests[] = {
    TEST(its_calls_answer_as_those_in_the_host_do),
    TEST(its_options_become_what_they_are_in_the_host),
    TEST(secrets_are_resolved_by_the_host_and_paths_made_absolute),
    TEST(wrong_options_are_told_with_their_key_when_the_plugin_is_known),
    TEST(wrong_options_of_an_unknown_plugin_fail_its_start),
    TEST(a_failing_start_says_why),
    TEST(a_late_call_is_answered_at_its_deadline_and_its_process_is_killed),
    TEST(a_call_whose_process_dies_is_answered_at_once),
    TEST(a_process_that_leaves_without_a_word_has_crashed),
    TEST(a_crash_in_start_is_no_crash_of_the_host),
    TEST(a_start_that_takes_too_long_is_killed),
    TEST(a_stop_that_takes_too_long_is_killed),
    TEST(what_neither_answers_nor_stops_ends_once),
    TEST(a_cancelled_call_sees_its_flag),
    TEST(destroy_while_it_starts_and_while_it_runs_is_fine),
    TEST(a_method_that_is_not_there_is_refused),
    TEST(a_library_that_was_changed_is_refused),
    TEST(a_changed_library_is_refused_in_the_host_too_and_a_sound_one_loads),
    TEST(a_disabled_plugin_says_why),
    TEST(streams_go_through_whole_and_in_order),
    TEST(bytes_without_a_taker_gather_as_records),
    TEST(a_flood_ends_at_the_same_limit_as_in_the_host),
    TEST(garbage_and_huge_records_are_cut_and_dropped_as_in_the_host),
    TEST(too_many_samples_a_second_are_dropped_and_said_once),
    TEST(too_many_lines_a_second_are_left_out),
    TEST(small_answers_are_read_by_the_loop_and_long_ones_by_the_thread),
    TEST(it_calls_operations_with_the_rights_it_was_granted),
};

int main(void)
{
    const int failed = cmocka_run_group_tests_name("process", tests, NULL, NULL);
    tier = OC_TIER_SANDBOX;
    return failed + cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
