/* What is kept, taken over and given up; silences in all their states; views and groups. SPDX-License-Identifier: MIT */
#include "tests/unit/service/alert/world.h"

#include "core/base/text.h"
#include "core/service/alert/look/cursor.h"

#define QUIET "alerts = { channels = (); };"

/* ---- the store of the version before ---- */

static json_t *old_alert(const char *id)
{
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s}, s:{}, s:[], s:n, s:s, s:s, s:n, s:s,"
        " s:{s:s, s:s, s:s}, s:n, s:[s], s:i, s:s, s:b, s:b, s:b}",
        "id", id, "severity", "critical", "state", "firing", "rule", "disk_full", "category",
        "disk", "instance", "system", "message", "no room", "labels", "mount", "/home",
        "annotations", "channels", "value", "target", "", "starts_at", "2027-01-15T07:00:00.000Z",
        "ends_at", "updated_at", "2027-01-15T07:30:00.000Z", "acknowledged", "by", "maria", "at",
        "2027-01-15T07:10:00.000Z", "comment", "on it", "silenced_by", "told", "ops",
        "notifications", 2, "notified_at", "2027-01-15T07:00:01.000Z", "announced", 1,
        "resolve_due", 0, "unsilenced", 0);
}

static void alerts_of_an_older_store_are_taken_over(void **state)
{
    struct world *w = *state;
    json_t *old = old_alert("00000000000000aa"), *shown;
    oc_kv_put(w->env.store, "alert", "00000000000000aa", old, true, NULL);
    json_decref(old);
    for (int life = 0; life < 2; life++) {
        world_start(w, "alerts = { channels = ( { plugin = \"webhook\"; name = \"ops\"; } ); };");
        world_pass(OC_SECOND);
        op(w, "alert.show", json_pack("{s:s}", "id", "00000000000000aa"), &shown);
        assert_string_equal(oc_json_str(shown, "rule", ""), "disk_full");
        assert_string_equal(oc_json_str(shown, "status", ""), "acknowledged");
        assert_string_equal(oc_json_str(json_object_get(shown, "acknowledged"), "by", ""), "maria");
        assert_string_equal(oc_json_str(json_object_get(shown, "labels"), "mount", ""), "/home");
        const json_t *told = json_object_get(shown, "told");
        assert_string_equal(json_string_value(json_array_get(told, 0)), "ops");
        assert_int_equal(oc_json_int(shown, "notifications", 0), 2);
        json_decref(shown);
        assert_null(plugin_take("ops")); /* nobody is told again */
        json_t *left = oc_kv_all(w->env.store, "alert");
        assert_int_equal(json_object_size(left), 0); /* the journal has it now */
        json_decref(left);
        world_crash(w);
    }
}

static void many_short_lives_do_not_leave_many_files(void **state)
{
    struct world *w = *state;
    char id[8];
    for (int life = 0; life < 60; life++) {
        world_start(w, QUIET);
        snprintf(id, sizeof id, "a%d", life);
        fire(w, id);
        world_pass(OC_SECOND);
        assert_true(oc_journal_segments(w->service->journal) < 30);
        world_crash(w);
    }
    world_start(w, QUIET);
    assert_int_equal(w->service->alerts.count, 60);
    json_t *list;
    op(w, "alert.list", NULL, &list);
    assert_int_equal(json_array_size(list), 60);
    json_decref(list);
}

static void an_assignment_is_kept_and_ends_with_the_episode(void **state)
{
    struct world *w = *state;
    json_t *shown;
    world_start(w, QUIET);
    fire(w, "aa");
    assert_int_equal(
        op(w, "alert.assign", json_pack("{s:s, s:s}", "id", "aa", "who", "maria"), NULL), OC_OK);
    assert_string_equal(oc_json_str(event_of(w, "alert.assigned"), "to", ""), "maria");
    world_crash(w);
    world_start(w, QUIET);
    op(w, "alert.show", json_pack("{s:s}", "id", "aa"), &shown);
    assert_string_equal(oc_json_str(json_object_get(shown, "assigned"), "to", ""), "maria");
    json_decref(shown);
    assert_int_equal(op(w, "alert.unassign", json_pack("{s:s}", "id", "aa"), NULL), OC_OK);
    assert_int_equal(op(w, "alert.unassign", json_pack("{s:s}", "id", "aa"), NULL), OC_E_CONFLICT);
    op(w, "alert.assign", json_pack("{s:s, s:s}", "id", "aa", "who", "maria"), NULL);
    resolve(w, "aa");
    fire(w, "aa");
    op(w, "alert.show", json_pack("{s:s}", "id", "aa"), &shown);
    assert_null(json_object_get(shown, "assigned"));
    json_decref(shown);
}

/* ---- silences ---- */

static struct oc_matcher matcher(const char *text)
{
    struct oc_matcher m;
    assert_int_equal(oc_matcher_parse_v2(text, &m, NULL), OC_OK);
    return m;
}

static int put(struct world *w, const char *id, const char *text, int64_t from, int64_t to,
               char made[37])
{
    struct oc_matcher m = matcher(text);
    struct oc_error err;
    oc_error_init(&err);
    struct oc_silence_draft draft = {.id = id,
                                     .matchers = &m,
                                     .matcher_count = 1,
                                     .starts_at = oc_time_wall() + from,
                                     .ends_at = oc_time_wall() + to,
                                     .created_by = "me",
                                     .comment = "why"};
    const struct oc_silence *silence = oc_silences_put(&w->service->silences, &draft, &err);
    if (silence) {
        oc_copy(made, 37, silence->id);
        oc_alert_wake(w->service, 0);
    }
    oc_matcher_finish(&m);
    world_pass(1);
    return err.code;
}

static int expire(struct world *w, const char *id)
{
    const int rc = oc_silences_remove(&w->service->silences, id, true, "me", NULL);
    oc_alert_wake(w->service, 0);
    return rc;
}

static enum oc_silence_state state_of(struct world *w, const char *id)
{
    struct oc_silence_view view;
    assert_true(oc_alert_view_silence(w->service, id, &view));
    return view.state;
}

static bool is_silenced(struct world *w, const char *id)
{
    json_t *shown = NULL;
    op(w, "alert.show", json_pack("{s:s}", "id", id), &shown);
    bool is = strcmp(oc_json_str(shown, "status", ""), "silenced") == 0;
    json_decref(shown);
    return is;
}

static void a_silence_may_begin_later(void **state)
{
    struct world *w = *state;
    char id[37];
    world_start(w, QUIET);
    fire(w, "aa");
    assert_int_equal(put(w, NULL, "instance=\"cache\"", OC_HOUR, 2 * OC_HOUR, id), OC_OK);
    assert_int_equal(state_of(w, id), OC_SILENCE_PENDING);
    assert_false(is_silenced(w, "aa"));
    world_crash(w);
    world_start(w, QUIET);
    world_pass(61 * OC_MINUTE);
    assert_int_equal(state_of(w, id), OC_SILENCE_ACTIVE);
    assert_true(is_silenced(w, "aa"));
    world_pass(OC_HOUR);
    assert_int_equal(state_of(w, id), OC_SILENCE_EXPIRED);
    assert_false(is_silenced(w, "aa"));
}

static void a_changed_silence_keeps_its_id_unless_it_means_something_else(void **state)
{
    struct world *w = *state;
    char id[37], same[37], other[37];
    world_start(w, QUIET);
    fire(w, "aa");
    assert_int_equal(put(w, NULL, "instance=cache", 0, OC_HOUR, id), OC_OK);
    assert_int_equal(strlen(id), 36);
    assert_int_equal(put(w, id, "instance=cache", 0, 2 * OC_HOUR, same), OC_OK);
    assert_string_equal(id, same);
    assert_int_equal(put(w, id, "instance=db", 0, 2 * OC_HOUR, other), OC_OK);
    assert_string_not_equal(id, other);
    assert_int_equal(state_of(w, id), OC_SILENCE_EXPIRED);
    assert_false(is_silenced(w, "aa"));
    assert_int_equal(put(w, "00000000-0000-4000-8000-000000000000", "a=b", 0, OC_HOUR, other),
                     OC_E_NOT_FOUND);
    assert_int_equal(expire(w, same), OC_E_CONFLICT);
}

static void patterns_of_the_api_are_regular_expressions_and_survive(void **state)
{
    struct world *w = *state;
    char id[37];
    world_start(w, QUIET);
    fire(w, "aa");
    fire(w, "bb");
    assert_int_equal(put(w, NULL, "alertname=~\"rule_(aa|cc)\"", 0, OC_HOUR, id), OC_OK);
    for (int life = 0; life < 2; life++) {
        assert_true(is_silenced(w, "aa"));
        assert_false(is_silenced(w, "bb"));
        world_crash(w);
        world_start(w, QUIET);
        world_pass(1);
    }
    assert_int_equal(put(w, NULL, "x=\"\"", 0, OC_HOUR, id),
                     OC_E_CONFIG); /* would hush everything */
    assert_int_equal(put(w, NULL, "x=~\".*\"", 0, OC_HOUR, id), OC_E_CONFIG);
}

static void an_expired_silence_lets_its_alerts_go_at_once(void **state)
{
    struct world *w = *state;
    char id[37];
    world_start(w, QUIET);
    fire(w, "aa");
    put(w, NULL, "instance=cache", 0, OC_HOUR, id);
    assert_true(is_silenced(w, "aa"));
    assert_int_equal(expire(w, id), OC_OK);
    world_pass(1);
    assert_false(is_silenced(w, "aa"));
    assert_int_equal(kv_count(w, "silence"), 0);
}

/* Ended by hand, replaced, and by time: each is history over a crash, and of the past only. */
static void a_silence_that_ended_is_known_over_crashes_as_alertmanager_knows_it(void **state)
{
    struct world *w = *state;
    char by_hand[37], replaced[37], by_time[37], other[37];
    world_start(w, QUIET);
    fire(w, "aa");
    put(w, NULL, "instance=cache", 0, OC_HOUR, by_hand);
    put(w, NULL, "instance=cache", 0, OC_HOUR, replaced);
    put(w, NULL, "instance=cache", 0, OC_HOUR, by_time);
    assert_int_equal(expire(w, by_hand), OC_OK);
    put(w, replaced, "instance=db", 0, OC_HOUR, other);
    world_pass(2 * OC_HOUR);
    const char *const ended[] = {by_hand, replaced, by_time, other};
    for (int life = 0; life < 2; life++) {
        world_crash(w);
        world_start(w, QUIET);
        world_pass(1);
        for (size_t i = 0; i < OC_COUNT(ended); i++) {
            assert_int_equal(state_of(w, ended[i]), OC_SILENCE_EXPIRED);
            assert_int_equal(expire(w, ended[i]), OC_E_CONFLICT);
        }
        assert_false(is_silenced(w, "aa"));
        assert_int_equal(events_of(w, "silence.expired"), OC_COUNT(ended)); /* not again */
    }
}

static bool is_known(struct world *w, const char *id)
{
    struct oc_silence_view view;
    return oc_alert_view_silence(w->service, id, &view);
}

static size_t records(struct world *w)
{
    json_t *all = oc_kv_all(w->env.store, "silence");
    const size_t count = json_object_size(all);
    json_decref(all);
    return count;
}

static void a_silence_that_ended_is_forgotten_after_five_days(void **state)
{
    struct world *w = *state;
    char first[37], second[37];
    world_start(w, QUIET);
    put(w, NULL, "instance=cache", 0, OC_HOUR, first);
    expire(w, first);
    world_pass(OC_DAY);
    put(w, NULL, "instance=cache", 0, OC_HOUR, second);
    expire(w, second);
    world_pass(4 * OC_DAY - OC_MINUTE);
    assert_true(is_known(w, first));
    world_pass(2 * OC_MINUTE); /* while the host runs */
    assert_false(is_known(w, first));
    assert_int_equal(records(w), 1);
    world_stop(w);
    oc_time_advance(2 * OC_DAY); /* and while it does not */
    world_start(w, QUIET);
    world_pass(1);
    assert_false(is_known(w, second));
    assert_int_equal(records(w), 0);
}

static void keep_ended(struct world *w, const char *id, int64_t ends)
{
    json_t *record = json_pack("{s:s, s:[s], s:b}", "id", id, "matchers", "a=b", "ended", 1);
    oc_json_set_time(record, "starts", ends - OC_MINUTE);
    oc_json_set_time(record, "ends", ends);
    assert_int_equal(oc_kv_put(w->env.store, "silence", id, record, false, NULL), OC_OK);
    json_decref(record);
}

static void only_the_last_silences_that_ended_are_known(void **state)
{
    struct world *w = *state;
    char id[37];
    oc_store_begin(w->env.store);
    for (int i = 0; i < OC_SILENCES_EXPIRED_MAX; i++) {
        snprintf(id, sizeof id, "%08x", i * 7919 % OC_SILENCES_EXPIRED_MAX);
        keep_ended(w, id,
                   oc_time_wall() - OC_HOUR - i * OC_SECOND); /* the last one is the oldest */
    }
    assert_int_equal(oc_store_end(w->env.store, NULL), OC_OK);
    world_start(w, QUIET);
    world_pass(1);
    assert_int_equal(records(w), OC_SILENCES_EXPIRED_MAX);
    assert_true(is_known(w, id));
    put(w, NULL, "instance=cache", 0, OC_HOUR, id);
    expire(w, id);
    world_pass(1);
    assert_true(is_known(w, id));
    snprintf(id, sizeof id, "%08x", 7919 * (OC_SILENCES_EXPIRED_MAX - 1) % OC_SILENCES_EXPIRED_MAX);
    assert_false(is_known(w, id));
    assert_int_equal(records(w), OC_SILENCES_EXPIRED_MAX);
}

/* ---- views ---- */

struct seen {
    unsigned count, silenced;
    char last[33];
};

static void see(struct seen *seen, const struct oc_alert_view *view)
{
    seen->count++;
    seen->silenced += view->silenced_by_count > 0 ? 1 : 0;
    for (size_t i = 1; i < view->label_count; i++) {
        assert_true(strcmp(view->labels[i - 1].name, view->labels[i].name) < 0);
    }
    assert_true(view->receiver_count > 0);
}

static unsigned ask(struct world *w, const char *filter, const char *receiver, bool silenced)
{
    struct oc_alert_query q;
    struct seen seen = {0};
    struct oc_matcher m = matcher(filter);
    oc_alert_query_init(&q);
    q.matchers = &m;
    q.matcher_count = 1;
    q.receiver = receiver;
    q.silenced = silenced;
    struct oc_alert_cursor *cursor = oc_alert_cursor_open(w->service, &q, false, NULL);
    assert_non_null(cursor);
    while (!oc_alert_cursor_prepare(cursor, 1000)) {
    }
    for (const struct oc_alert_view *view; (view = oc_alert_cursor_next(cursor, NULL));) {
        see(&seen, view);
    }
    oc_alert_cursor_close(cursor);
    oc_matcher_finish(&m);
    return seen.count;
}

static void views_filter_by_labels_receivers_and_state(void **state)
{
    struct world *w = *state;
    char id[37];
    world_start(w, QUIET);
    fire(w, "aa");
    fire(w, "bb");
    fire(w, "cc");
    resolve(w, "cc");
    assert_int_equal(ask(w, "severity=critical", NULL, true), 2);
    assert_int_equal(ask(w, "alertname=rule_aa", NULL, true), 1);
    assert_int_equal(ask(w, "env=~\"pr.*\"", NULL, true), 2);
    assert_int_equal(ask(w, "env=prod", "no.*", true), 2);
    assert_int_equal(ask(w, "env=prod", "no", true), 0);
    put(w, NULL, "alertname=rule_aa", 0, OC_HOUR, id);
    assert_int_equal(ask(w, "env=prod", NULL, false), 1);
    struct oc_alert_counts counts;
    oc_alert_view_counts(w->service, &counts);
    assert_int_equal(counts.active, 1);
    assert_int_equal(counts.suppressed, 1);
    assert_int_equal(counts.resolved, 1);
    assert_int_equal(counts.silences_active, 1);
}

static void groups_are_by_receiver_and_label_values(void **state)
{
    struct world *w = *state;
    json_t *list;
    world_start(w, "alerts = { channels = ( { plugin = \"console\"; } ); group_by = [\"severity\", "
                   "\"env\"]; };");
    fire(w, "aa");
    fire(w, "bb");
    rule_event(w, "rule.firing", "cc", "warning");
    world_pass(10);
    assert_int_equal(op(w, "alert.groups", NULL, &list), OC_OK);
    assert_int_equal(json_array_size(list), 2);
    const json_t *first = json_array_get(list, 0);
    assert_string_equal(oc_json_str(first, "receiver", ""), "console");
    assert_int_equal(oc_json_int(first, "count", 0), 2);
    assert_string_equal(oc_json_str(json_object_get(first, "labels"), "severity", ""), "critical");
    json_decref(list);
    op(w, "alert.groups", json_pack("{s:[s]}", "matchers", "severity=warning"), &list);
    assert_int_equal(json_array_size(list), 1);
    json_decref(list);
    assert_int_equal(op(w, "alert.groups", json_pack("{s:s}", "receiver", "("), NULL), OC_E_CONFIG);
    plugin_drain("console");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(alerts_of_an_older_store_are_taken_over),
        IN_WORLD(many_short_lives_do_not_leave_many_files),
        IN_WORLD(an_assignment_is_kept_and_ends_with_the_episode),
        IN_WORLD(a_silence_may_begin_later),
        IN_WORLD(a_changed_silence_keeps_its_id_unless_it_means_something_else),
        IN_WORLD(patterns_of_the_api_are_regular_expressions_and_survive),
        IN_WORLD(an_expired_silence_lets_its_alerts_go_at_once),
        IN_WORLD(a_silence_that_ended_is_known_over_crashes_as_alertmanager_knows_it),
        IN_WORLD(a_silence_that_ended_is_forgotten_after_five_days),
        IN_WORLD(only_the_last_silences_that_ended_are_known),
        IN_WORLD(views_filter_by_labels_receivers_and_state),
        IN_WORLD(groups_are_by_receiver_and_label_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
