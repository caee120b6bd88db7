/* Alerts posted from outside: what they become, when they end, when the answer comes. SPDX-License-Identifier: MIT */
#include "tests/unit/service/alert/world.h"

#include "core/service/alert/look/view.h"
#include "core/service/alert/table/fingerprint.h"

#define CONSOLE "alerts = { channels = ( { plugin = \"console\"; } ); };"

struct answers {
    unsigned count;
    struct oc_ingest_result last;
};

static void on_answer(void *ctx, const struct oc_ingest_result *result)
{
    struct answers *a = ctx;
    a->count++;
    a->last = *result;
}

static struct oc_ingest_result post(struct world *w, const char *body)
{
    struct answers answers = {0};
    oc_alert_ingest(w->service, body, strlen(body), on_answer, &answers);
    assert_int_equal(answers.count, 0); /* never from within */
    world_pass(1);
    assert_int_equal(answers.count, 1);
    return answers.last;
}

static json_t *show(struct world *w, const char *id)
{
    json_t *shown = NULL;
    assert_int_equal(op(w, "alert.show", json_pack("{s:s}", "id", id), &shown), OC_OK);
    return shown;
}

static bool is_state(struct world *w, const char *id, const char *state)
{
    json_t *shown = show(w, id);
    bool is = strcmp(oc_json_str(shown, "state", ""), state) == 0;
    json_decref(shown);
    return is;
}

/* As Alertmanager computes them. */
#define A_B       "d2b371819297f98a"
#define DISK_FULL "bafaf1f2a64a6f67"

static void fingerprints_are_those_of_alertmanager(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    struct oc_ingest_result r = post(
        w, "[{\"labels\":{\"severity\":\"critical\",\"instance\":\"db-1:9100\",\"alertname\":"
           "\"DiskFull\"}},"
           "{\"labels\":{\"a\":\"b\"}},"
           "{\"labels\":{\"alertname\":\"\\u00e9\",\"x\":\"日本 \\\"q\\\" \\\\\"}},"
           "{\"labels\":{\"zeta\":\"1\",\"alpha\":\"2\",\"alertname\":\"n\",\"empty\":\"\"}}]");
    static const char *const ids[] = {DISK_FULL, A_B, "25aea28f82c48295", "98ab2f08bb0a9765"};
    assert_int_equal(r.code, OC_OK);
    assert_int_equal(r.taken, 4);
    for (size_t i = 0; i < OC_COUNT(ids); i++) {
        assert_true(is_state(w, ids[i], "firing"));
    }
    plugin_drain("console");
}

static void a_posted_alert_goes_the_way_of_all_alerts(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    post(w, "[{\"labels\":{\"alertname\":\"DiskFull\",\"instance\":\"db-1:9100\",\"severity\":"
            "\"critical\"},"
            "\"annotations\":{\"summary\":\"no room\"},\"generatorURL\":\"http://p/g\"}]");
    json_t *params = plugin_take("console");
    const json_t *alert = json_object_get(params, "alert");
    assert_string_equal(oc_json_str(params, "event", ""), "firing");
    assert_string_equal(oc_json_str(alert, "id", ""), DISK_FULL);
    assert_string_equal(oc_json_str(alert, "rule", ""), "DiskFull");
    assert_string_equal(oc_json_str(alert, "instance", ""), "db-1:9100");
    assert_string_equal(oc_json_str(alert, "message", ""), "no room");
    assert_string_equal(oc_json_str(alert, "title", ""), "DiskFull on db-1:9100");
    assert_string_equal(oc_json_str(alert, "generator", ""), "http://p/g");
    json_decref(params);
    plugin_answer("console", OC_OK, NULL);
    assert_int_equal(events_of(w, "alert.firing"), 1);
    for (int i = 0; i < 5; i++) { /* posted again and again: told once */
        post(w, "[{\"labels\":{\"alertname\":\"DiskFull\",\"instance\":\"db-1:9100\",\"severity\":"
                "\"critical\"},"
                "\"annotations\":{\"summary\":\"no room\"},\"generatorURL\":\"http://p/g\"}]");
        world_pass(OC_MINUTE);
    }
    assert_int_equal(plugin_drain("console"), 0);
    post(w, "[{\"labels\":{\"alertname\":\"DiskFull\",\"instance\":\"db-1:9100\",\"severity\":"
            "\"critical\"},"
            "\"endsAt\":\"2020-01-01T00:00:00Z\"}]");
    params = plugin_take("console");
    assert_string_equal(oc_json_str(params, "event", ""), "resolved");
    json_decref(params);
    plugin_answer("console", OC_OK, NULL);
}

static void an_alert_without_an_end_ends_when_it_is_not_posted_again(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    post(w, "[{\"labels\":{\"a\":\"b\"}}]");
    world_pass(4 * OC_MINUTE);
    post(w, "[{\"labels\":{\"a\":\"b\"}}]");
    world_pass(4 * OC_MINUTE);
    assert_true(is_state(w, A_B, "firing"));
    world_pass(61 * OC_SECOND);
    assert_true(is_state(w, A_B, "resolved"));
    assert_int_equal(events_of(w, "alert.resolved"), 1);
    plugin_drain("console");
}

static void an_end_to_come_is_kept_to(void **state)
{
    struct world *w = *state;
    world_start(
        w, "alerts = { resolve_timeout = \"1m\"; channels = ( { plugin = \"console\"; } ); };");
    post(w,
         "[{\"labels\":{\"a\":\"b\"},\"endsAt\":\"2027-01-15T08:30:00Z\"}]"); /* in half an hour */
    world_pass(20 * OC_MINUTE);
    post(w, "[{\"labels\":{\"a\":\"b\"}}]"); /* our own time-out does not cut it short */
    world_pass(9 * OC_MINUTE);
    assert_true(is_state(w, A_B, "firing"));
    world_pass(2 * OC_MINUTE);
    assert_true(is_state(w, A_B, "resolved"));
    plugin_drain("console");
}

static void overlapping_posts_keep_the_earlier_start(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    post(w, "[{\"labels\":{\"a\":\"b\"},\"startsAt\":\"2027-01-15T07:30:00Z\"}]");
    post(w, "[{\"labels\":{\"a\":\"b\"},\"startsAt\":\"2027-01-15T07:00:00+00:00\"}]");
    post(w, "[{\"labels\":{\"a\":\"b\"},\"startsAt\":\"2027-01-15T07:45:00Z\"}]");
    json_t *shown = show(w, A_B);
    assert_string_equal(oc_json_str(shown, "starts_at", ""), "2027-01-15T07:00:00.000Z");
    json_decref(shown);
    plugin_drain("console");
}

static void what_is_over_before_we_heard_of_it_is_not_taken_in(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    struct oc_ingest_result r =
        post(w, "[{\"labels\":{\"a\":\"b\"},\"endsAt\":\"2020-01-01T00:00:00Z\"}]");
    assert_int_equal(r.code, OC_OK);
    assert_int_equal(op(w, "alert.show", json_pack("{s:s}", "id", A_B), NULL), OC_E_NOT_FOUND);
}

static void each_alert_is_judged_alone(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    struct oc_ingest_result r =
        post(w, "[{\"labels\":{}},{\"labels\":{\"a\":\"b\"}},{\"annotations\":{}},"
                "{\"labels\":{\"a\":\"c\"},\"startsAt\":\"2026-01-02T00:00:00Z\",\"endsAt\":\"2026-"
                "01-01T00:00:00Z\"},"
                "{\"labels\":{\"a\":\"d\"},\"endsAt\":\"tomorrow\"},{\"labels\":{\"\":\"d\"}}]");
    assert_int_equal(r.code, OC_E_CONFIG);
    assert_int_equal(r.taken, 1);
    assert_int_equal(r.refused, 5);
    assert_non_null(strstr(r.error.message, "at least one label pair required; "));
    assert_true(is_state(w, A_B, "firing"));
    plugin_drain("console");
}

static void a_control_character_in_a_name_is_refused_and_not_rewritten(void **state)
{
    static const char *const names[] = {"\\u0000", "x\\u0000", "\\u0001", "a\\u007f"};
    struct world *w = *state;
    char text[256];
    world_start(w, CONSOLE);
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        snprintf(text, sizeof text,
                 "[{\"labels\":{\"a\":\"c\",\"%s\":\"d\"}},{\"labels\":{\"a\":\"b\"}}]", names[i]);
        struct oc_ingest_result r = post(w, text);
        assert_int_equal(r.code, OC_E_CONFIG);
        assert_int_equal(r.refused, 1);
        assert_int_equal(r.taken, 1);
        assert_non_null(strstr(r.error.message, "invalid label name"));
    }
    struct oc_ingest_result r = post(w, "[{\"labels\":{\"a\":\"\\u0000\",\"e\":\"f\"}}]");
    assert_int_equal(r.code, OC_OK); /* of a value it is taken for what it cannot be */
    plugin_drain("console");
}

static void what_is_no_list_of_alerts_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "{",
                                      "{}",
                                      "[",
                                      "[{]",
                                      "[1]",
                                      "[{\"labels\":[]}]",
                                      "[] x",
                                      "[{\"labels\":{\"a\":1}}]",
                                      "nonsense"};
    struct world *w = *state;
    world_start(w, CONSOLE);
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        struct oc_ingest_result r = post(w, bad[i]);
        assert_int_equal(r.code, OC_E_CONFIG);
        assert_int_equal(r.reason, *bad[i] ? OC_INGEST_MALFORMED : OC_INGEST_INCOMPLETE);
        assert_int_equal(r.taken, 0);
    }
    assert_int_equal(post(w, "[]").code, OC_OK);
}

static void what_was_answered_is_there_after_a_crash(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    post(w, "[{\"labels\":{\"a\":\"b\"},\"endsAt\":\"2027-01-15T10:00:00Z\",\"annotations\":{"
            "\"summary\":\"s\"}}]");
    plugin_drain("console");
    world_pass(OC_SECOND);
    world_crash(w);
    world_start(w, CONSOLE);
    json_t *shown = show(w, A_B);
    assert_string_equal(oc_json_str(shown, "state", ""), "firing");
    assert_string_equal(oc_json_str(shown, "message", ""), "s");
    assert_int_equal(json_array_size(json_object_get(shown, "told")), 1);
    json_decref(shown);
    world_pass(OC_MINUTE);
    assert_int_equal(plugin_drain("console"), 0); /* people know already */
}

static void count_whole(void *ctx, uint32_t segment, unsigned type, const void *data, size_t len)
{
    unsigned *count = ctx;
    (void)segment, (void)data, (void)len;
    *count += type == OC_KEEP_ALERT ? 1 : 0;
}

static unsigned whole_records(const struct world *w)
{
    unsigned count = 0;
    char *path = world_path(w, NULL);
    struct oc_journal *j = oc_journal_open(path, true, NULL, count_whole, &count, NULL);
    assert_non_null(j);
    oc_journal_close(j);
    free(path);
    return count;
}

static void what_was_taken_in_and_decided_is_written_once(void **state)
{
    struct world *w = *state;
    world_start(w, CONSOLE);
    post(w, "[{\"labels\":{\"alertname\":\"a\"}}, {\"labels\":{\"alertname\":\"b\"}}]");
    assert_int_equal(whole_records(w), 2);
    post(w, "[{\"labels\":{\"alertname\":\"a\"}}]"); /* again: only its times */
    assert_int_equal(whole_records(w), 2);
    plugin_drain("console");
    world_pass(1000); /* that they were sent is written */
    world_crash(w);
    world_start(w, CONSOLE);
    assert_int_equal(kv_count(w, "alert"), 2);
    assert_int_equal(plugin_drain("console"), 0); /* they were told, and that was written, too */
}

/* More than may wait for the end of a round. */
static void of_a_long_list_all_is_written_before_the_answer(void **state)
{
    struct world *w = *state;
    struct oc_buf list = {0};
    world_start(w, "alerts = {};");
    for (int i = 0; i < 5000; i++) {
        oc_buf_addf(&list, "%c{\"labels\":{\"alertname\":\"n%d\"}}", i ? ',' : '[', i);
    }
    oc_buf_addc(&list, ']');
    struct oc_ingest_result r = post(w, list.data);
    assert_int_equal(r.taken, 5000);
    assert_int_equal(kv_count(w, "alert"), 5000);
    oc_buf_finish(&list);
}

static void a_batch_that_cannot_be_written_is_not_promised(void **state)
{
    struct world *w = *state;
    w->warnings_wanted = true;
    world_start(w, CONSOLE);
    world_store(w, true);
    struct oc_ingest_result r = post(w, "[{\"labels\":{\"a\":\"b\"}}]");
    assert_int_equal(r.code, OC_E_RETRY);
    assert_int_equal(plugin_drain("console"), 1); /* people are told all the same */
}

static void a_graver_word_for_severity_is_understood(void **state)
{
    struct world *w = *state;
    json_t *list;
    world_start(w, CONSOLE);
    post(w, "[{\"labels\":{\"alertname\":\"x\",\"severity\":\"page\"}},{\"labels\":{\"alertname\":"
            "\"y\"}},"
            "{\"labels\":{\"alertname\":\"z\",\"severity\":\"none\"}}]");
    op(w, "alert.list", NULL, &list);
    assert_string_equal(oc_json_str(json_array_get(list, 0), "severity", ""), "critical");
    assert_string_equal(oc_json_str(json_array_get(list, 1), "severity", ""), "warning");
    assert_string_equal(oc_json_str(json_array_get(list, 2), "severity", ""), "info");
    json_decref(list);
    plugin_drain("console");
}

/* ---- the same alerts again and again ---- */

static void post_many(struct world *w, int count)
{
    struct oc_buf body = {0};
    for (int i = 0; i < count; i++) {
        oc_buf_addf(
            &body,
            "%c{\"labels\":{\"alertname\":\"T%d\",\"instance\":\"i%d\",\"severity\":\"warning\"},"
            "\"annotations\":{\"summary\":\"alert %d\"}}",
            i ? ',' : '[', i % 50, i, i);
    }
    oc_buf_addc(&body, ']');
    assert_int_equal(post(w, body.data).taken, count);
    oc_buf_finish(&body);
}

static void posting_the_same_again_keeps_nothing_more(void **state)
{
    struct world *w = *state;
    world_start(w, "alerts = { channels = (); };");
    post_many(w, 3000);
    size_t pairs = w->service->alerts.labels.used, made = w->service->alerts.made;
    for (int i = 0; i < 20; i++) {
        post_many(w, 3000);
        world_pass(OC_SECOND);
    }
    assert_int_equal(w->service->alerts.labels.used, pairs);
    assert_int_equal(w->service->alerts.made, made);
    assert_int_equal(w->service->alerts.count, 3000);
}

static void the_journal_does_not_grow_without_end(void **state)
{
    struct world *w = *state;
    world_start(w, "alerts = { channels = (); };");
    uint64_t most = 0;
    for (int i = 0; i < 120; i++) {
        post_many(w, 3000);
        world_pass(2 * OC_MINUTE); /* each post moves the end of every alert */
        uint64_t bytes = oc_journal_bytes(w->service->journal);
        most = bytes > most ? bytes : most;
    }
    assert_true(most < 40u << 20);
    world_crash(w);
    world_start(w, "alerts = { channels = (); };");
    assert_int_equal(w->service->alerts.count, 3000);
}

static void there_is_room_for_new_ones_as_long_as_old_ones_are_over(void **state)
{
    struct world *w = *state;
    w->warnings_wanted = true;
    world_start(w, "alerts = { channels = (); max_alerts = 100; };");
    post_many(w, 100);
    struct oc_ingest_result r = post(w, "[{\"labels\":{\"a\":\"b\"}}]");
    assert_int_equal(r.code, OC_E_RETRY);
    assert_int_equal(r.taken, 0);
    world_pass(6 * OC_MINUTE); /* all of them end */
    w->service->full = false;
    assert_int_equal(post(w, "[{\"labels\":{\"a\":\"b\"}}]").code, OC_OK);
    assert_true(w->service->alerts.count <= 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(fingerprints_are_those_of_alertmanager),
        IN_WORLD(a_posted_alert_goes_the_way_of_all_alerts),
        IN_WORLD(an_alert_without_an_end_ends_when_it_is_not_posted_again),
        IN_WORLD(an_end_to_come_is_kept_to),
        IN_WORLD(overlapping_posts_keep_the_earlier_start),
        IN_WORLD(what_is_over_before_we_heard_of_it_is_not_taken_in),
        IN_WORLD(each_alert_is_judged_alone),
        IN_WORLD(a_control_character_in_a_name_is_refused_and_not_rewritten),
        IN_WORLD(what_is_no_list_of_alerts_is_refused),
        IN_WORLD(what_was_answered_is_there_after_a_crash),
        IN_WORLD(what_was_taken_in_and_decided_is_written_once),
        IN_WORLD(of_a_long_list_all_is_written_before_the_answer),
        IN_WORLD(a_batch_that_cannot_be_written_is_not_promised),
        IN_WORLD(a_graver_word_for_severity_is_understood),
        IN_WORLD(posting_the_same_again_keeps_nothing_more),
        IN_WORLD(the_journal_does_not_grow_without_end),
        IN_WORLD(there_is_room_for_new_ones_as_long_as_old_ones_are_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
