/* Groups: what is told together, when, and what a crash leaves. SPDX-License-Identifier: MIT */
#include "tests/unit/service/alert/world.h"

#define CONFIG                                                                                     \
    "alerts = { storm_limit = 0; group_wait = \"30s\"; group_interval = \"5m\"; repeat_interval "  \
    "= \"4h\"; "                                                                                   \
    "group_by = [\"env\"]; channels = ( { plugin = \"console\"; } ); };\n"

/* The parameters of the delivery that the console got last, owned by the caller; it is answered. */
static json_t *last(void)
{
    json_t *json = plugin_take("console");
    assert_non_null(json);
    plugin_answer("console", OC_OK, NULL);
    return json;
}

static size_t waiting(void)
{
    json_t *params = plugin_take("console");
    size_t count = params ? 1 : 0;
    json_decref(params);
    return count;
}

static void alerts_of_one_group_are_told_together_after_the_wait(void **state)
{
    struct world *w = *state;
    world_start(w, CONFIG);
    fire(w, "aa");
    fire(w, "bb");
    world_pass(29 * OC_SECOND);
    assert_int_equal(waiting(), 0);
    world_pass(2 * OC_SECOND);
    assert_int_equal(waiting(), 1);
    json_t *sent = last(), *group = json_object_get(sent, "group");
    assert_string_equal(oc_json_str(sent, "event", ""), "firing");
    assert_int_equal(json_array_size(json_object_get(sent, "alerts")), 2);
    assert_int_equal(oc_json_int(group, "size", 0), 2);
    assert_int_equal(oc_json_int(group, "firing", 0), 2);
    assert_string_equal(oc_json_str(json_object_get(group, "labels"), "env", ""), "prod");
    assert_string_equal(oc_json_str(sent, "text", ""), "2 critical alerts: env=prod");
    json_decref(sent);
}

static void a_group_that_changes_is_told_once_in_an_interval(void **state)
{
    struct world *w = *state;
    world_start(w, CONFIG);
    fire(w, "aa");
    world_pass(31 * OC_SECOND);
    json_decref(last());
    fire(w, "bb");
    resolve(w, "aa");
    world_pass(4 * OC_MINUTE);
    assert_int_equal(waiting(), 0);
    world_pass(OC_MINUTE);
    json_t *sent = last(), *group = json_object_get(sent, "group");
    assert_int_equal(oc_json_int(group, "firing", 0), 1);
    assert_int_equal(oc_json_int(group, "resolved", 0), 1);
    assert_string_equal(oc_json_str(json_array_get(json_object_get(sent, "alerts"), 0), "id", ""),
                        "bb");
    json_decref(sent);
    world_pass(OC_HOUR);
    assert_int_equal(waiting(), 0);
}

static void what_resolves_before_anybody_was_told_is_told_nobody(void **state)
{
    struct world *w = *state;
    world_start(w, CONFIG);
    fire(w, "aa");
    resolve(w, "aa");
    world_pass(OC_HOUR);
    assert_int_equal(waiting(), 0);
    assert_int_equal(w->service->groups.count, 0);
}

static void a_group_is_repeated_until_it_is_acknowledged(void **state)
{
    struct world *w = *state;
    world_start(w, CONFIG);
    fire(w, "aa");
    world_pass(31 * OC_SECOND);
    json_decref(last());
    world_pass(4 * OC_HOUR);
    assert_int_equal(waiting(), 1);
    json_decref(last());
    assert_int_equal(op(w, "alert.ack", json_pack("{s:s}", "id", "aa"), NULL), OC_OK);
    world_pass(9 * OC_HOUR);
    assert_int_equal(waiting(), 0);
}

static void the_end_is_told_with_the_group_and_the_group_is_gone(void **state)
{
    struct world *w = *state;
    world_start(w, CONFIG);
    fire(w, "aa");
    world_pass(31 * OC_SECOND);
    json_decref(last());
    resolve(w, "aa");
    world_pass(5 * OC_MINUTE);
    json_t *sent = last();
    assert_string_equal(oc_json_str(sent, "event", ""), "resolved");
    assert_string_equal(oc_json_str(sent, "text", ""), "1 resolved: env=prod");
    json_decref(sent);
    assert_int_equal(w->service->groups.count, 0);
    world_pass(OC_SECOND);
    assert_int_equal(kv_count(w, "outbox"), 0);
}

static void a_crash_neither_loses_a_notification_nor_doubles_one(void **state)
{
    struct world *w = *state;
    world_start(w, CONFIG);
    fire(w, "aa");
    world_crash(w); /* in the wait */
    world_start(w, CONFIG);
    world_pass(31 * OC_SECOND);
    json_decref(last());
    world_pass(OC_SECOND);
    fire(w, "bb");
    world_pass(OC_SECOND);
    world_crash(w); /* in the interval */
    world_start(w, CONFIG);
    world_pass(OC_MINUTE);
    assert_int_equal(waiting(), 0);
    world_pass(4 * OC_MINUTE);
    json_t *sent = last();
    assert_int_equal(oc_json_int(json_object_get(sent, "group"), "firing", 0), 2);
    json_decref(sent);
    world_pass(OC_SECOND);
    resolve(w, "aa");
    resolve(w, "bb");
    world_crash(w);
    world_start(w, CONFIG);
    world_pass(6 * OC_MINUTE);
    sent = last();
    assert_int_equal(oc_json_int(json_object_get(sent, "group"), "resolved", 0), 2);
    json_decref(sent);
    world_pass(OC_DAY);
    assert_int_equal(waiting(), 0);
}

static void a_silence_keeps_an_alert_out_of_what_its_group_tells(void **state)
{
    struct world *w = *state;
    world_start(w, CONFIG);
    fire(w, "aa");
    fire(w, "bb");
    op(w, "alert.silence",
       json_pack("{s:[s], s:s, s:s}", "matchers", "rule_aa", "for", "1h", "comment", "x"), NULL);
    world_pass(31 * OC_SECOND);
    json_t *sent = last();
    assert_int_equal(oc_json_int(json_object_get(sent, "group"), "size", 0), 1);
    json_decref(sent);
}

static void routes_of_a_policy_have_times_and_words_of_their_own(void **state)
{
    struct world *w = *state;
    policy_code = OC_OK;
    policy_reply = "[{\"path\": \"{}/{x=\\\"y\\\"}\", \"channels\": [\"console\"], \"group_by\": "
                   "[\"category\"],"
                   " \"group_wait\": 10000, \"group_interval\": 60000, \"send_resolved\": false,"
                   " \"text\": \"{{count}} {{severity}} alerts in {{category}}\"}]";
    world_start(w, CONFIG);
    fire(w, "aa");
    world_pass(9 * OC_SECOND);
    assert_int_equal(waiting(), 0);
    world_pass(2 * OC_SECOND);
    json_t *sent = last();
    assert_string_equal(oc_json_str(sent, "text", ""), "1 critical alerts in service");
    assert_string_equal(oc_json_str(json_object_get(sent, "group"), "path", ""), "{}/{x=\"y\"}");
    json_decref(sent);
    resolve(w, "aa");
    world_pass(OC_HOUR);
    assert_int_equal(waiting(), 0);
}

static void without_configuration_everybody_is_told_at_once_and_alone(void **state)
{
    struct world *w = *state;
    world_start(w, "alerts = { channels = ( { plugin = \"console\"; } ); };\n");
    fire(w, "aa");
    assert_int_equal(waiting(), 1);
    json_t *sent = last();
    assert_null(json_object_get(sent, "group"));
    json_decref(sent);
    assert_int_equal(w->service->groups.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(alerts_of_one_group_are_told_together_after_the_wait),
        IN_WORLD(a_group_that_changes_is_told_once_in_an_interval),
        IN_WORLD(what_resolves_before_anybody_was_told_is_told_nobody),
        IN_WORLD(a_group_is_repeated_until_it_is_acknowledged),
        IN_WORLD(the_end_is_told_with_the_group_and_the_group_is_gone),
        IN_WORLD(a_crash_neither_loses_a_notification_nor_doubles_one),
        IN_WORLD(a_silence_keeps_an_alert_out_of_what_its_group_tells),
        IN_WORLD(routes_of_a_policy_have_times_and_words_of_their_own),
        IN_WORLD(without_configuration_everybody_is_told_at_once_and_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
