/* Channels: configuration, reload, routing, the test message. SPDX-License-Identifier: MIT */
#include "tests/unit/service/alert/world.h"

#define THREE                                                                                      \
    "alerts = { storm_limit = 0; channels = ( { plugin = \"console\"; },"                          \
    " { plugin = \"webhook\"; name = \"ops\"; levels = [\"critical\"]; },"                         \
    " { plugin = \"file\"; name = \"log\"; levels = [\"info\", \"warning\", \"critical\"]; } ); "  \
    "};"

static bool heard(const char *channel)
{
    return plugin_drain(channel) > 0;
}

static void nobody_configured_means_the_console(void **state)
{
    struct world *w = *state;
    world_start(w, "");
    fire(w, "aa");
    assert_true(heard("console"));
}

static void without_a_policy_the_levels_decide(void **state)
{
    struct world *w = *state;
    world_start(w, THREE);
    rule_event(w, "rule.firing", "aa", "warning");
    world_pass(10);
    assert_true(heard("console"));
    assert_false(heard("ops"));
    assert_true(heard("log"));
    rule_event(w, "rule.firing", "bb", "info");
    world_pass(10);
    assert_false(heard("console"));
    assert_true(heard("log"));
    const json_t *route = json_object_get(event_of(w, "alert.firing"), "route");
    assert_string_equal(oc_json_str(route, "by", ""), "levels");
}

static void the_policy_decides_and_sees_the_alert_and_the_channels(void **state)
{
    struct world *w = *state;
    policy_code = OC_OK;
    policy_reply = "[\"ops\", \"ops\"]";
    world_start(w, THREE);
    rule_event(w, "rule.firing", "aa", "warning");
    world_pass(10);
    assert_false(heard("console"));
    assert_int_equal(plugin_drain("ops"), 1);
    const json_t *alert = json_array_get(policy_asked, 0);
    assert_string_equal(oc_json_str(alert, "severity", ""), "warning");
    assert_int_equal(json_array_size(json_object_get(alert, "configured_channels")), 3);
    const json_t *ops = json_array_get(json_object_get(alert, "configured_channels"), 1);
    assert_string_equal(oc_json_str(ops, "name", ""), "ops");
    assert_string_equal(oc_json_str(ops, "plugin", ""), "webhook");
    assert_int_equal(json_array_size(json_object_get(ops, "levels")), 1);
    assert_true(json_integer_value(json_array_get(policy_asked, 1)) >= WALL);
    rule_event(w, "rule.resolved", "aa", "warning"); /* told to those who heard of the beginning */
    world_pass(10);
    assert_int_equal(plugin_drain("ops"), 1);
    assert_false(heard("console"));
}

static void the_policy_sees_the_channels_that_the_rule_names(void **state)
{
    struct world *w = *state;
    policy_code = OC_OK;
    policy_reply = "[\"log\"]";
    world_start(w, THREE);
    oc_bus_publish(w->env.bus, "rule.firing",
                   json_pack("{s:s, s:s, s:s, s:[s,i], s:{s:s, s:i}}", "fingerprint", "aa", "rule",
                             "r", "severity", "info", "channels", "ops", 7, "annotations",
                             "runbook", "https://x", "bad", 1));
    world_pass(10);
    const json_t *alert = json_array_get(policy_asked, 0);
    assert_int_equal(json_array_size(json_object_get(alert, "channels")), 1);
    assert_string_equal(oc_json_str(json_object_get(alert, "annotations"), "runbook", ""),
                        "https://x");
    assert_int_equal(json_array_size(json_object_get(alert, "told")), 0);
    assert_true(heard("log"));
    json_t *shown;
    op(w, "alert.show", json_pack("{s:s}", "id", "aa"), &shown);
    assert_string_equal(json_string_value(json_array_get(json_object_get(shown, "told"), 0)),
                        "log");
    json_decref(shown);
}

static void an_empty_answer_of_the_policy_tells_nobody(void **state)
{
    struct world *w = *state;
    policy_code = OC_OK;
    world_start(w, THREE);
    fire(w, "aa");
    policy_reply = "{}"; /* an empty Lua table */
    fire(w, "bb");
    resolve(w, "aa");
    assert_false(heard("console") || heard("ops") || heard("log"));
    assert_null(event_of(w, "alert.failed"));
}

static void an_unknown_channel_is_reported_and_the_others_hear(void **state)
{
    struct world *w = *state;
    w->warnings_wanted = true;
    policy_code = OC_OK;
    policy_reply = "[\"slack\", \"log\", 7]";
    world_start(w, THREE);
    fire(w, "aa");
    assert_true(heard("log"));
    assert_false(heard("console"));
    assert_int_equal(events_of(w, "alert.failed"), 2);
    assert_true(w->warnings > 0);
}

static void a_policy_that_fails_keeps_nobody_from_hearing(void **state)
{
    static const int codes[] = {OC_E_PERMANENT, OC_E_TIMEOUT};
    struct world *w = *state;
    w->warnings_wanted = true;
    world_start(w, THREE);
    for (size_t i = 0; i < OC_COUNT(codes); i++) {
        policy_code = codes[i];
        fire(w, i == 0 ? "aa" : "bb");
        assert_true(heard("console") && heard("ops") && heard("log"));
        const json_t *route = json_object_get(event_of(w, "alert.firing"), "route");
        assert_string_equal(oc_json_str(route, "by", ""), "levels");
        assert_non_null(strstr(oc_json_str(route, "note", ""), "something is nil"));
    }
}

static void a_policy_without_a_usable_answer_keeps_nobody_from_hearing(void **state)
{
    /* what has the wrong shape does not come through core/policy/ask.h */
    static const char *const replies[] = {"null", "\"ops\"", "[\"nowhere\"]", "true"};
    struct world *w = *state;
    char id[] = "a0";
    w->warnings_wanted = true;
    policy_code = OC_OK;
    world_start(w, THREE);
    for (size_t i = 0; i < OC_COUNT(replies); i++) {
        policy_reply = replies[i];
        id[1] = (char)('0' + i);
        fire(w, id);
        assert_true(heard("console") && heard("ops") && heard("log"));
    }
}

static void a_policy_that_loops_is_asked_once_in_a_round(void **state)
{
    struct world *w = *state;
    char id[8];
    w->warnings_wanted = true;
    policy_code = OC_E_TIMEOUT;
    world_start(w, THREE);
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof id, "a%d", i);
        rule_event(w, "rule.firing", id, "critical");
    }
    world_pass(10);
    assert_int_equal(policy_calls, 1);
    assert_int_equal(plugin_drain("console"), 100);
    assert_int_equal(w->warnings, 1);
}

static void a_wrong_channel_is_disabled_alone(void **state)
{
    struct world *w = *state;
    json_t *list;
    w->warnings_wanted = true;
    w->service = oc_alert_create(&w->env);
    assert_int_equal(world_configure(w,
                                     "alerts = { channels = ("
                                     " { plugin = \"webhook\"; name = \"a\"; bad = 1; },"
                                     " { plugin = \"missing\"; name = \"b\"; },"
                                     " { plugin = \"collector\"; name = \"c\"; },"
                                     " { plugin = \"file\"; name = \"d\"; levels = [\"fatal\"]; },"
                                     " { plugin = \"file\"; name = \"e\"; timeout = \"x\"; },"
                                     " { name = \"f\"; },"
                                     " { plugin = \"file\"; name = \"g g\"; },"
                                     " { plugin = \"console\"; } ); };"),
                     7);
    assert_int_equal(events_of(w, "plugin.failed"), 7);
    fire(w, "aa");
    assert_true(heard("console"));
    op(w, "alert.channels", NULL, &list);
    assert_int_equal(json_array_size(list), 8);
    assert_string_equal(oc_json_str(json_array_get(list, 0), "state", ""), "failed");
    assert_string_equal(oc_json_str(json_array_get(list, 0), "last_error", ""), "unknown key bad");
    assert_string_equal(oc_json_str(json_array_get(list, 7), "state", ""), "ready");
    assert_int_equal(oc_json_int(json_array_get(list, 7), "sent", -1), 1);
    json_decref(list);
}

static void two_channels_of_one_name_are_one_too_many(void **state)
{
    struct world *w = *state;
    json_t *json = json_pack("{s:{s:[{s:s}, {s:s, s:s}]}}", "alerts", "channels", "plugin",
                             "console", "plugin", "file", "name", "console");
    struct oc_node *root = oc_node_from_json(json, "test");
    struct oc_diags diags = {0};
    w->service = oc_alert_create(&w->env);
    oc_alert_configure_channels(w->service, root, &diags);
    assert_int_equal(oc_diags_errors(&diags), 1);
    assert_string_equal(diags.list.items[0].message, "there are two channels named console");
    assert_int_equal(w->service->outbox.channels.count, 1);
    oc_diags_finish(&diags);
    oc_node_free(root);
    json_decref(json);
}

static void a_misspelt_key_is_reported(void **state)
{
    struct world *w = *state;
    w->service = oc_alert_create(&w->env);
    assert_int_equal(world_configure(w, "alerts = { cooldwon = \"1m\"; };"), 1);
    fire(w, "aa");
    assert_true(heard("console"));
}

static void alerts_fall_back_when_the_routed_channel_cannot_be_used(void **state)
{
    struct world *w = *state;
    w->warnings_wanted = true;
    policy_code = OC_OK;
    policy_reply = "[\"ops\"]";
    world_start(w, THREE);
    plugin_become("ops", OC_INSTANCE_FAILED);
    fire(w, "aa");
    assert_true(heard("console"));
}

static void no_usable_channel_at_all_is_said(void **state)
{
    struct world *w = *state;
    w->warnings_wanted = true;
    world_start(w, "");
    plugin_become("console", OC_INSTANCE_FAILED);
    fire(w, "aa");
    assert_string_equal(oc_json_str(event_of(w, "alert.failed"), "message", ""),
                        "no channel can be used");
}

static void a_disabled_channel_is_not_started_and_not_used(void **state)
{
    struct world *w = *state;
    world_start(w, "alerts = { channels = ( { plugin = \"console\"; },"
                   " { plugin = \"webhook\"; enabled = false; } ); };");
    assert_null(plugin_instance("webhook"));
    fire(w, "aa");
    assert_true(heard("console"));
    assert_int_equal(op(w, "alert.test", json_pack("{s:s}", "channel", "webhook"), NULL),
                     OC_E_CONFLICT);
}

static void a_reload_keeps_what_did_not_change(void **state)
{
    struct world *w = *state;
    world_start(w, THREE);
    struct oc_instance *console = plugin_instance("console"), *ops = plugin_instance("ops");
    fire(w, "aa");
    unsigned made = instances_made;
    assert_int_equal(world_configure(w, THREE), 0);
    assert_int_equal(instances_made, made);
    assert_ptr_equal(plugin_instance("console"), console);
    assert_ptr_equal(plugin_instance("ops"), ops);
    json_t *params = plugin_take("ops");
    assert_non_null(params);
    json_decref(params);
}

static void a_channel_that_changes_hands_its_queue_to_the_new_one(void **state)
{
    struct world *w = *state;
    world_start(w, "alerts = { channels = ( { plugin = \"webhook\"; name = \"ops\"; } ); };");
    fire(w, "aa");
    fire(w, "bb");
    json_t *before = plugin_take("ops");
    assert_int_equal(world_configure(w, "alerts = { channels = ( { plugin = \"webhook\";"
                                        " name = \"ops\"; timeout = \"5s\"; } ); };"),
                     0);
    json_t *after = plugin_take("ops"); /* the old instance was cancelled in the middle */
    assert_string_equal(oc_json_str(before, "id", "x"), oc_json_str(after, "id", "y"));
    json_decref(before);
    json_decref(after);
    assert_int_equal(plugin_drain("ops"), 2);
    world_pass(OC_SECOND);
    assert_int_equal(kv_count(w, "outbox"), 0);
}

static void a_channel_that_is_taken_out_fails_its_queue(void **state)
{
    struct world *w = *state;
    w->warnings_wanted = true;
    world_start(w, THREE);
    fire(w, "aa");
    assert_int_equal(world_configure(w, ""), 0);
    assert_int_equal(events_of(w, "alert.failed"), 2);
    plugin_drain("console");
    world_pass(OC_SECOND);
    assert_int_equal(kv_count(w, "outbox"), 0);
}

static void the_test_message_reports_what_the_receiver_said(void **state)
{
    struct world *w = *state;
    struct op_result r;
    world_start(w, THREE);
    op_start(w, "alert.test", json_pack("{s:s}", "channel", "ops"), &r);
    assert_false(r.done);
    json_t *params = plugin_take("ops");
    assert_string_equal(oc_json_str(params, "event", ""), "test");
    json_decref(params);
    plugin_answer("ops", OC_OK, "{\"answer\":\"HTTP 204\"}");
    assert_true(r.done);
    assert_int_equal(r.code, OC_OK);
    assert_string_equal(oc_json_str(r.value, "answer", ""), "HTTP 204");
    assert_int_equal(oc_json_int(r.value, "took_ms", 0), 7);
    json_decref(r.value);

    op_start(w, "alert.test", json_pack("{s:s}", "channel", "ops"), &r);
    plugin_answer("ops", OC_E_AUTH, NULL);
    assert_int_equal(r.code, OC_E_AUTH);
    assert_non_null(strstr(r.err.message, "channel ops: as the test wants it"));
    assert_int_equal(op(w, "alert.test", json_pack("{s:s}", "channel", "x"), NULL), OC_E_NOT_FOUND);
    assert_int_equal(kv_count(w, "outbox"), 0);
}

static void a_test_message_can_be_given_up(void **state)
{
    struct world *w = *state;
    struct op_result r;
    world_start(w, THREE);
    struct oc_call *call = op_start(w, "alert.test", json_pack("{s:s}", "channel", "ops"), &r);
    oc_call_cancel(call);
    assert_true(r.done);
    assert_int_equal(r.code, OC_E_CANCELLED);
    assert_null(plugin_take("ops"));
    op_start(w, "alert.test", json_pack("{s:s}", "channel", "ops"), &r);
    world_stop(w); /* the service leaves in the middle of one */
    assert_int_equal(r.code, OC_E_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(nobody_configured_means_the_console),
        IN_WORLD(without_a_policy_the_levels_decide),
        IN_WORLD(the_policy_decides_and_sees_the_alert_and_the_channels),
        IN_WORLD(the_policy_sees_the_channels_that_the_rule_names),
        IN_WORLD(an_empty_answer_of_the_policy_tells_nobody),
        IN_WORLD(an_unknown_channel_is_reported_and_the_others_hear),
        IN_WORLD(a_policy_that_fails_keeps_nobody_from_hearing),
        IN_WORLD(a_policy_without_a_usable_answer_keeps_nobody_from_hearing),
        IN_WORLD(a_policy_that_loops_is_asked_once_in_a_round),
        IN_WORLD(a_wrong_channel_is_disabled_alone),
        IN_WORLD(two_channels_of_one_name_are_one_too_many),
        IN_WORLD(a_misspelt_key_is_reported),
        IN_WORLD(alerts_fall_back_when_the_routed_channel_cannot_be_used),
        IN_WORLD(no_usable_channel_at_all_is_said),
        IN_WORLD(a_disabled_channel_is_not_started_and_not_used),
        IN_WORLD(a_reload_keeps_what_did_not_change),
        IN_WORLD(a_channel_that_changes_hands_its_queue_to_the_new_one),
        IN_WORLD(a_channel_that_is_taken_out_fails_its_queue),
        IN_WORLD(the_test_message_reports_what_the_receiver_said),
        IN_WORLD(a_test_message_can_be_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
