/* Alerts that agree in what the policy reads are routed alike, and asked about once. SPDX-License-Identifier: MIT */
#include "tests/unit/service/alert/world.h"

#define CHANNELS "alerts = { channels = ( { plugin = \"console\"; }, { plugin = \"email\"; } ); };"

static void start(struct world *w, const char *reads, const char *reply)
{
    policy_code = OC_OK;
    policy_reply = reply;
    fake_route_reads = json_loads(reads, 0, NULL);
    assert_non_null(fake_route_reads);
    world_start(w, CHANNELS);
    policy_calls = 0;
}

static void on_answer(void *ctx, const struct oc_ingest_result *result)
{
    (void)ctx;
    assert_int_equal(result->code, OC_OK);
}

static void post(struct world *w, const char *team, const char *severity, int number)
{
    char body[256];
    snprintf(body, sizeof body,
             "[{\"labels\":{\"alertname\":\"n%d\", \"team\":\"%s\", \"severity\":\"%s\"}}]", number,
             team, severity);
    oc_alert_ingest(w->service, body, strlen(body), on_answer, NULL);
    world_pass(1);
}

static void alerts_that_agree_are_asked_about_once(void **state)
{
    struct world *w = *state;
    start(w, "[\"severity\", \"labels.team\"]", "[\"email\"]");
    post(w, "db", "critical", 1);
    post(w, "db", "critical", 2);
    post(w, "web", "critical", 3);
    post(w, "db", "warning", 4);
    post(w, "web", "critical", 5);
    post(w, "", "critical", 6); /* no team at all */
    assert_int_equal(policy_calls, 4);
    assert_int_equal(plugin_drain("email"), 6);
    assert_int_equal(plugin_drain("console"), 0);
}

static void what_no_two_have_in_common_is_asked_each_time(void **state)
{
    static const char *const reads[] = {"[\"severity\", \"message\"]", "[\"id\"]",
                                        "[\"labels\", \"labels.team\"]",
                                        "[\"severity\", \"annotations\"]", "[]"};
    struct world *w = *state;
    start(w, "[\"severity\"]", "[\"email\"]");
    for (size_t i = 0; i < OC_COUNT(reads); i++) {
        json_decref(fake_route_reads);
        fake_route_reads = json_loads(reads[i], 0, NULL);
        policy_reply = i % 2 ? "[\"email\"]" : "[\"email\" ]"; /* another generation */
        policy_calls = 0;
        post(w, "db", "critical", (int)(10 * i));
        post(w, "db", "critical", (int)(10 * i + 1));
        assert_int_equal(policy_calls, 2);
    }
    plugin_drain("email");
}

static void a_policy_that_reads_the_time_is_asked_each_moment(void **state)
{
    struct world *w = *state;
    start(w, "[\"severity\", \"at\"]", "[\"email\"]");
    post(w, "db", "critical", 1);
    world_pass(1000);
    post(w, "db", "critical", 2);
    assert_int_equal(policy_calls, 2);
    plugin_drain("email");
}

static void another_policy_is_asked_anew(void **state)
{
    struct world *w = *state;
    start(w, "[\"severity\"]", "[\"email\"]");
    post(w, "db", "critical", 1);
    policy_reply = "[\"console\"]";
    post(w, "db", "critical", 2);
    post(w, "db", "critical", 3);
    assert_int_equal(policy_calls, 2);
    assert_int_equal(plugin_drain("email"), 1);
    assert_int_equal(plugin_drain("console"), 2);
}

static void other_channels_are_another_question(void **state)
{
    struct world *w = *state;
    start(w, "[\"severity\"]", "[\"email\"]");
    post(w, "db", "critical", 1);
    plugin_drain("email");
    world_configure(w,
                    "alerts = { channels = ( { plugin = \"console\"; }, { plugin = \"email\"; }, "
                    "{ plugin = \"pager\"; } ); };");
    policy_calls = 0;
    post(w, "db", "critical", 2);
    assert_int_equal(policy_calls, 1);
    plugin_drain("email");
}

static void names_that_nobody_has_are_reported_each_time(void **state)
{
    struct world *w = *state;
    w->warnings_wanted = true;
    start(w, "[\"severity\"]", "[\"nobody\", \"email\"]");
    post(w, "db", "critical", 1);
    post(w, "db", "critical", 2);
    assert_int_equal(policy_calls, 1);
    assert_int_equal(events_of(w, "alert.failed"), 2);
    assert_int_equal(plugin_drain("email"), 2);
}

static void an_answer_that_failed_is_not_remembered(void **state)
{
    struct world *w = *state;
    w->warnings_wanted = true;
    start(w, "[\"severity\"]", "[\"nobody\"]"); /* no channel that can be used: told by levels */
    post(w, "db", "critical", 1);
    post(w, "db", "critical", 2);
    assert_int_equal(policy_calls, 2);
    assert_true(plugin_drain("email") + plugin_drain("console") >= 2);
}

static void a_rule_that_names_channels_is_asked_about(void **state)
{
    struct world *w = *state;
    start(w, "[\"severity\"]", "[\"email\"]");
    fire(w, "aa");
    fire(w, "bb");
    assert_int_equal(policy_calls, 1);
    const json_int_t now = (json_int_t)oc_time_wall();
    oc_bus_publish(w->env.bus, "rule.firing",
                   json_pack("{s:s, s:s, s:s, s:[s], s:I, s:I}", "rule", "cc", "fingerprint", "cc",
                             "severity", "critical", "channels", "console", "since", now, "at",
                             now));
    world_pass(10);
    assert_int_equal(policy_calls, 2);
    plugin_drain("email");
    plugin_drain("console");
}

static void who_wants_to_see_questions_sees_some(void **state)
{
    struct world *w = *state;
    start(w, "[\"severity\"]", "[\"email\"]");
    post(w, "db", "critical", 1);
    fake_sampled = true;
    post(w, "db", "critical", 2);
    assert_int_equal(policy_calls, 2);
    assert_string_equal(
        oc_json_str(json_object_get(json_array_get(policy_asked, 0), "labels"), "alertname", ""),
        "n2");
    assert_int_equal(plugin_drain("email"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(alerts_that_agree_are_asked_about_once),
        IN_WORLD(what_no_two_have_in_common_is_asked_each_time),
        IN_WORLD(a_policy_that_reads_the_time_is_asked_each_moment),
        IN_WORLD(another_policy_is_asked_anew),
        IN_WORLD(other_channels_are_another_question),
        IN_WORLD(names_that_nobody_has_are_reported_each_time),
        IN_WORLD(an_answer_that_failed_is_not_remembered),
        IN_WORLD(a_rule_that_names_channels_is_asked_about),
        IN_WORLD(who_wants_to_see_questions_sees_some),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
