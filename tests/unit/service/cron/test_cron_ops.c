/* Tests of core/service/cron: operations, roles, configuration. SPDX-License-Identifier: MIT */
#include "tests/unit/service/cron/cron_stage.h"

static void as(enum oc_role role, const char *op, const char *params)
{
    struct oc_call_request req = {.op = op,
                                  .params = json_loads(params, 0, NULL),
                                  .actor = {.name = "somebody", .role = role},
                                  .on_warning = stage_warning,
                                  .on_done = stage_done,
                                  .ctx = &st};
    st.done = 0;
    st.warning[0] = '\0';
    oc_ops_call(st.env.ops, &req);
    assert_int_equal(st.done, 1);
}

#define PROBE                                                                                      \
    "{\"name\":\"probe\",\"every\":\"10m\",\"op\":\"test.ok\",\"params\":\"{\\\"n\\\":2}\"}"

static void an_added_schedule_runs_and_survives_restarts(void **state)
{
    (void)state;
    configure("");
    as(OC_ROLE_OPERATOR, "cron.add", PROBE);
    assert_int_equal(st.code, OC_OK);
    assert_string_equal(oc_json_str(st.result, "origin", ""), "added");
    stage_pass(&st, 10 * OC_MINUTE);
    assert_int_equal(ran, 1);
    crash_and_restart();
    stage_pass(&st, 10 * OC_MINUTE);
    assert_int_equal(ran, 2);
    stage_ask(&st, "cron.show", "{\"name\":\"probe\"}");
    assert_string_equal(oc_json_str(st.result, "author", ""), "somebody");
    assert_int_equal(oc_json_int(json_object_get(st.result, "params"), "n", 0), 2);
}

static const char *timeout_of(const char *name)
{
    char params[64];
    snprintf(params, sizeof params, "{\"name\":\"%s\"}", name);
    return oc_json_str(stage_ask(&st, "cron.show", params), "timeout", "");
}

/* The name that a command line can give it; the definition, and what is stored, say "timeout". */
static void a_time_limit_is_the_timeout_of_the_definition(void **state)
{
    (void)state;
    configure("");
    as(OC_ROLE_OPERATOR, "cron.add",
       "{\"name\":\"a\",\"every\":\"10m\",\"op\":\"test.ok\",\"time_limit\":\"30s\"}");
    assert_int_equal(st.code, OC_OK);
    crash_and_restart();
    assert_string_equal(timeout_of("a"), "30s");
    as(OC_ROLE_OPERATOR, "cron.edit", "{\"name\":\"a\",\"time_limit\":\"2d\"}");
    assert_string_equal(timeout_of("a"), "2d");
    as(OC_ROLE_OPERATOR, "cron.edit", "{\"name\":\"a\",\"every\":\"5m\"}");
    assert_string_equal(timeout_of("a"), "2d");
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *params, *message;
    } cases[] = {
        {"{\"name\":\"a b\",\"every\":\"10m\",\"op\":\"test.ok\"}",
         "name: not a name for a schedule"},
        {"{\"name\":\"a\",\"op\":\"test.ok\"}", "expected either cron or every, found neither"},
        {"{\"name\":\"a\",\"every\":\"10m\",\"cron\":\"@daily\",\"op\":\"test.ok\"}",
         "expected either cron or every, found both"},
        {"{\"name\":\"a\",\"cron\":\"0 24 * * *\",\"op\":\"test.ok\"}",
         "cron: hour: column 3: expected 0 to 23, found \"24\""},
        {"{\"name\":\"a\",\"every\":\"10m\",\"zone\":\"Mars/Base\",\"op\":\"test.ok\"}",
         "zone: no such time zone: Mars/Base"},
        {"{\"name\":\"a\",\"every\":\"10ms\",\"op\":\"test.ok\"}",
         "every: expected a duration from \"1s\" to \"366d\", found the string \"10ms\""},
        {"{\"name\":\"a\",\"every\":\"10m\",\"op\":\"test.ok\",\"params\":\"[1]\"}",
         "params: expected an object"},
        {"{\"name\":\"a\",\"every\":\"10m\",\"op\":\"test.stream\"}",
         "operation test.stream never ends by itself"},
        {"{\"name\":\"a\",\"every\":\"10m\",\"op\":\"test.admin\"}",
         "operation test.admin needs the role admin, the schedule has operator"},
    };
    configure("");
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        assert_int_not_equal(stage_refused(&st, "cron.add", cases[i].params), OC_OK);
        assert_string_equal(st.error.message, cases[i].message);
    }
    stage_refused(
        &st, "cron.add",
        "{\"name\":\"a\",\"every\":\"10m\",\"op\":\"test.ok\",\"params\":\"{\\\"n\\\":99}\"}");
    assert_non_null(strstr(st.error.message, "params: n: "));
    assert_int_equal(json_array_size(stage_ask(&st, "cron.list", NULL)), 0);
}

static void an_operation_that_is_not_there_is_told_with_the_nearest(void **state)
{
    (void)state;
    configure("");
    as(OC_ROLE_OPERATOR, "cron.add", "{\"name\":\"a\",\"every\":\"10m\",\"op\":\"test.okk\"}");
    assert_int_equal(st.code, OC_OK); /* it may come */
    assert_string_equal(st.warning, "it does not run yet: operation test.okk is not available on "
                                    "this host; did you mean test.ok?");
    as(OC_ROLE_OPERATOR, "cron.add", "{\"name\":\"b\",\"every\":\"10m\",\"op\":\"backup.create\"}");
    assert_string_equal(
        st.warning, "it does not run yet: operation backup.create is not available on this host");
}

static void at_most_two_hundred_are_added(void **state)
{
    (void)state;
    char params[128];
    configure("");
    for (int i = 0; i < OC_CRON_ADDED_MAX; i++) {
        snprintf(params, sizeof params, "{\"name\":\"s%d\",\"every\":\"1d\",\"op\":\"test.ok\"}",
                 i);
        as(OC_ROLE_OPERATOR, "cron.add", params);
        assert_int_equal(st.code, OC_OK);
    }
    assert_int_equal(
        stage_refused(&st, "cron.add", "{\"name\":\"more\",\"every\":\"1d\",\"op\":\"test.ok\"}"),
        OC_E_CONFLICT);
    assert_string_equal(st.error.message, "there are 200 schedules already, 200 may be added");
    as(OC_ROLE_OPERATOR, "cron.remove", "{\"name\":\"s7\"}");
    as(OC_ROLE_OPERATOR, "cron.add", "{\"name\":\"more\",\"every\":\"1d\",\"op\":\"test.ok\"}");
    assert_int_equal(st.code, OC_OK);
}

/* One byte more than there may be. */
static void texts_have_limits(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        size_t max;
    } limits[] = {{"comment", 1u << 10}, {"params", 64u << 10}};
    configure("");
    for (size_t i = 0; i < OC_COUNT(limits); i++) {
        char *text = oc_calloc(1, limits[i].max + 32);
        memset(text, 'x', limits[i].max + 1);
        json_t *params = json_pack("{s:s, s:s, s:s}", "name", "a", "every", "1d", "op", "test.ok");
        if (strcmp(limits[i].key, "params") == 0) {
            char *object = oc_asprintf("{\"n\":\"%s\"}", text);
            oc_json_set_str(params, "params", object);
            free(object);
        } else {
            oc_json_set_str(params, limits[i].key, text);
        }
        char *json = json_dumps(params, 0);
        assert_int_equal(stage_refused(&st, "cron.add", json), OC_E_CONFIG);
        assert_non_null(strstr(st.error.message, limits[i].key));
        free(json);
        json_decref(params);
        free(text);
    }
    static const char *const spans[] = {"999ms", "367d"};
    for (size_t i = 0; i < OC_COUNT(spans); i++) {
        char *json = oc_asprintf("{\"name\":\"a\",\"every\":\"%s\",\"op\":\"test.ok\"}", spans[i]);
        assert_int_not_equal(stage_refused(&st, "cron.add", json), OC_OK);
        free(json);
    }
    assert_int_equal(json_array_size(stage_ask(&st, "cron.list", NULL)), 0);
}

static void nobody_gets_more_done_by_a_schedule_than_by_themselves(void **state)
{
    (void)state;
    configure("");
    as(OC_ROLE_OPERATOR, "cron.add",
       "{\"name\":\"a\",\"every\":\"1h\",\"op\":\"test.admin\",\"role\":\"admin\"}");
    assert_int_equal(st.code, OC_E_DENIED);
    as(OC_ROLE_VIEWER, "cron.add", PROBE);
    assert_int_equal(st.code, OC_E_DENIED);
    as(OC_ROLE_ADMIN, "cron.add",
       "{\"name\":\"a\",\"every\":\"1h\",\"op\":\"test.admin\",\"role\":\"admin\"}");
    assert_int_equal(st.code, OC_OK);
    static const char *const verbs[] = {"cron.edit", "cron.remove", "cron.enable", "cron.disable",
                                        "cron.run"};
    for (size_t i = 0; i < OC_COUNT(verbs); i++) {
        as(OC_ROLE_OPERATOR, verbs[i], "{\"name\":\"a\"}");
        assert_int_equal(st.code, OC_E_DENIED);
    }
    as(OC_ROLE_OPERATOR, "cron.edit", "{\"name\":\"a\",\"role\":\"operator\",\"op\":\"test.ok\"}");
    assert_int_equal(st.code, OC_E_DENIED);
}

static void an_edit_changes_what_is_given(void **state)
{
    (void)state;
    configure("");
    stage_ask(&st, "cron.add", PROBE);
    stage_ask(&st, "cron.edit", "{\"name\":\"probe\",\"cron\":\"30 * * * *\"}");
    assert_true(json_is_null(json_object_get(st.result, "every")));
    assert_string_equal(oc_json_str(st.result, "next", ""), "2025-11-23T02:30:00.000Z");
    stage_pass(&st, 30 * OC_MINUTE);
    assert_int_equal(ran, 1);
    assert_int_equal(stage_refused(&st, "cron.edit", "{\"name\":\"nobody\"}"), OC_E_NOT_FOUND);
    assert_int_equal(stage_refused(&st, "cron.add", PROBE), OC_E_CONFLICT);
}

static void what_tells_a_secret_is_refused_at_once(void **state)
{
    (void)state;
    configure("");
    assert_int_equal(
        stage_refused(&st, "cron.add", "{\"name\":\"a\",\"every\":\"5m\",\"op\":\"test.secret\"}"),
        OC_E_UNSUPPORTED);
    assert_non_null(strstr(st.error.message, "operation test.secret tells a secret"));
    stage_ask(&st, "cron.add", PROBE);
    assert_int_equal(stage_refused(&st, "cron.edit", "{\"name\":\"probe\",\"op\":\"test.secret\"}"),
                     OC_E_UNSUPPORTED);
}

static void a_removed_schedule_leaves_nothing(void **state)
{
    (void)state;
    configure("");
    stage_ask(&st, "cron.add", PROBE);
    stage_pass(&st, 20 * OC_MINUTE);
    stage_ask(&st, "cron.remove", "{\"name\":\"probe\"}");
    stage_pass(&st, OC_HOUR);
    assert_int_equal(ran, 2);
    static const char *const spaces[] = {"cron.schedule", "cron.state", "cron.run"};
    for (size_t i = 0; i < OC_COUNT(spaces); i++) {
        json_t *all = oc_kv_all(st.env.store, spaces[i]);
        assert_int_equal(json_object_size(all), 0);
        json_decref(all);
    }
}

static void a_schedule_can_go_while_it_runs(void **state)
{
    (void)state;
    configure("");
    stage_ask(&st, "cron.add", "{\"name\":\"a\",\"every\":\"5m\",\"op\":\"test.slow\"}");
    stage_pass(&st, 5 * OC_MINUTE);
    stage_ask(&st, "cron.remove", "{\"name\":\"a\"}");
    release_one();
    stage_pass(&st, OC_MINUTE);
    json_t *all = oc_kv_all(st.env.store, "cron.run");
    assert_int_equal(json_object_size(all), 0);
    json_decref(all);
}

#define CONFIG                                                                                     \
    "schedules = ( { name = \"a\"; cron = \"*/5 * * * *\"; op = \"test.ok\"; },"                   \
    "{ name = \"late\"; cron = \"*/5 * * * *\"; op = \"test.late\"; } );"

static void one_of_the_configuration_is_turned_off_and_not_edited(void **state)
{
    (void)state;
    configure(CONFIG);
    assert_int_equal(stage_refused(&st, "cron.edit", "{\"name\":\"a\",\"every\":\"1m\"}"),
                     OC_E_CONFLICT);
    assert_string_equal(st.error.message,
                        "schedule a is written in the configuration, it cannot be changed here");
    assert_int_equal(stage_refused(&st, "cron.remove", "{\"name\":\"a\"}"), OC_E_CONFLICT);
    stage_ask(&st, "cron.disable", "{\"name\":\"a\"}");
    crash_and_restart();
    stage_pass(&st, 20 * OC_MINUTE);
    assert_int_equal(ran, 0);
    stage_ask(&st, "cron.enable", "{\"name\":\"a\"}");
    stage_pass(&st, 5 * OC_MINUTE);
    assert_int_equal(ran, 1);
    assert_int_equal(stage_count(&st, "cron.missed"), 0);
}

/* What the host ships, and a file over it. */
static void configure_over(const char *shipped, const char *text)
{
    char path[96];
    struct oc_error err;
    oc_error_init(&err);
    struct oc_config *old = st.config;
    snprintf(path, sizeof path, "%s/openclaw.conf", st.home);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    oc_diags_finish(&st.diags);
    st.config = oc_config_load(
        &(struct oc_config_source){.file = path, .defaults = shipped, .no_environment = true},
        &st.diags, &err);
    unlink(path);
    assert_non_null(st.config);
    oc_cron_service_configure(cron, st.config, &st.diags);
    oc_config_destroy(old);
    stage_pass(&st, 0);
}

static void a_shipped_one_can_be_given_an_interval_and_times_again(void **state)
{
    static const char both[] = "schedules = ( { name = \"a\"; cron = \"0 5 * * 0\"; "
                               "every = \"1h\"; op = \"test.ok\"; } );";
    (void)state;
    configure_over("schedules = ( { name = \"a\"; cron = \"0 5 * * 0\"; op = \"test.ok\"; } );",
                   "schedules = ( { name = \"a\"; every = \"1h\"; } );");
    assert_int_equal(oc_diags_errors(&st.diags), 0);
    assert_string_equal(oc_json_str(row("a"), "every", ""), "1h");
    assert_true(json_is_null(json_object_get(row("a"), "cron")));
    configure_over("schedules = ( { name = \"a\"; every = \"1h\"; op = \"test.ok\"; } );",
                   "schedules = ( { name = \"a\"; cron = \"0 5 * * 0\"; } );");
    assert_string_equal(oc_json_str(row("a"), "cron", ""), "0 5 * * 0");
    configure_over("", both); /* whoever writes both means something else */
    assert_int_equal(oc_diags_errors(&st.diags), 1);
}

static void a_schedule_waits_for_its_operation(void **state)
{
    (void)state;
    configure(CONFIG);
    assert_string_equal(oc_json_str(row("late"), "reason", ""),
                        "operation test.late is not available on this host");
    assert_string_equal(oc_json_str(row("late"), "status", ""), "unavailable");
    assert_true(json_is_null(json_object_get(row("late"), "next")));
    stage_pass(&st, 21 * OC_MINUTE);
    ran = 0;
    assert_int_equal(oc_ops_add_plugin(st.env.ops, &late_op, NULL, "tool", NULL), OC_OK);
    stage_pass(&st, 4 * OC_MINUTE);
    assert_int_equal(ran, 2); /* it, and the other */
    assert_int_equal(stage_count(&st, "cron.missed"), 0);
    oc_ops_remove(st.env.ops, "test.late");
    stage_pass(&st, OC_MINUTE);
    assert_string_equal(oc_json_str(row("late"), "status", ""), "unavailable");
}

static void a_mistake_in_the_file_disables_one_schedule(void **state)
{
    (void)state;
    configure("schedules = ( { name = \"a\"; cron = \"* * * *\"; op = \"test.ok\"; },\n"
              "{ name = \"b\"; cron = \"* * * * *\"; op = \"test.ok\"; overlop = \"queue\"; },\n"
              "{ name = \"c\"; cron = \"* * * * *\"; op = \"test.ok\"; } );");
    assert_int_equal(st.diags.list.count, 2);
    assert_string_equal(st.diags.list.items[0].message, "cron: expected 5 fields, found 4");
    assert_int_equal(st.diags.list.items[0].line, 1);
    assert_string_equal(st.diags.list.items[1].key, "schedules[b].overlop");
    assert_string_equal(st.diags.list.items[0].key, "schedules[a]");
    assert_int_equal(json_array_size(stage_ask(&st, "cron.list", NULL)), 1);
}

static void a_reload_keeps_what_did_not_change(void **state)
{
    (void)state;
    configure(CONFIG);
    stage_pass(&st, 5 * OC_MINUTE);
    configure(CONFIG);
    assert_string_equal(states("a"), "ok");
    configure("schedules = ( { name = \"a\"; cron = \"0 3 * * *\"; op = \"test.ok\"; } );");
    assert_string_equal(states("a"), "ok");
    assert_string_equal(oc_json_str(row("a"), "next", ""), "2025-11-23T03:00:00.000Z");
    configure("");
    assert_int_equal(json_array_size(stage_ask(&st, "cron.list", NULL)), 0);
    json_t *all = oc_kv_all(st.env.store, "cron.state");
    assert_int_equal(json_object_size(all), 0);
    json_decref(all);
}

static void a_run_by_hand_answers_with_its_record(void **state)
{
    (void)state;
    configure("schedules = ( { name = \"a\"; cron = \"0 5 * * *\"; op = \"test.slow\"; enabled = "
              "false; } );");
    stage_call(&st, "cron.run", "{\"name\":\"a\"}");
    assert_int_equal(st.done, 0);
    release_one();
    assert_int_equal(st.done, 1);
    assert_string_equal(oc_json_str(st.result, "state", ""), "ok");
    assert_string_equal(oc_json_str(st.result, "trigger", ""), "manual");
    stage_ask(&st, "cron.run", "{\"name\":\"a\",\"wait\":false}");
    assert_string_equal(oc_json_str(st.result, "state", ""), "running");
    assert_int_equal(stage_refused(&st, "cron.run", "{\"name\":\"a\"}"), OC_E_CONFLICT);
    release_one();
    stage_pass(&st, 0);
    assert_string_equal(states("a"), "ok:manual ok:manual");
}

static void who_gives_up_on_a_run_lets_it_go_on(void **state)
{
    (void)state;
    configure("schedules = ( { name = \"a\"; cron = \"0 5 * * *\"; op = \"test.slow\"; } );");
    struct oc_call *call = stage_call(&st, "cron.run", "{\"name\":\"a\"}");
    oc_call_cancel(call);
    assert_int_equal(st.code, OC_E_CANCELLED);
    assert_int_equal(ended, 0);
    release_one();
    stage_pass(&st, 0);
    assert_string_equal(states("a"), "ok:manual");
}

static void coming_runs_are_told_on_the_zones_clock(void **state)
{
    (void)state;
    configure(CONFIG);
    stage_ask(&st, "cron.next", "{\"cron\":\"30 2 * * *\",\"zone\":\"Europe/Berlin\",\"count\":2}");
    assert_int_equal(json_array_size(st.result), 2);
    assert_string_equal(oc_json_str(json_array_get(st.result, 0), "at", ""),
                        "2025-11-24T01:30:00.000Z");
    assert_string_equal(oc_json_str(json_array_get(st.result, 0), "clock", ""),
                        "2025-11-24 02:30 +01:00");
    assert_int_equal(json_array_size(stage_ask(&st, "cron.next", "{\"count\":7}")), 7);
    assert_int_equal(stage_refused(&st, "cron.next", "{\"cron\":\"x\"}"), OC_E_CONFIG);
}

static const char *clock_of(size_t row)
{
    return oc_json_str(json_array_get(st.result, row), "clock", "");
}

static void a_day_to_begin_with_is_one_of_the_zone(void **state)
{
    (void)state;
    configure("schedules = ( { name = \"day\"; cron = \"@daily\"; zone = \"Europe/Berlin\"; "
              "op = \"test.ok\"; } );");
    stage_ask(&st, "cron.next",
              "{\"cron\":\"*/30 2 * * *\",\"zone\":\"Europe/Berlin\",\"from\":\"2026-10-25\"}");
    assert_string_equal(clock_of(0), "2026-10-25 02:00 +02:00");
    assert_string_equal(clock_of(2), "2026-10-26 02:00 +01:00");
    stage_ask(&st, "cron.next", "{\"name\":\"day\",\"from\":\"2026-07-01\",\"count\":1}");
    assert_string_equal(clock_of(0), "2026-07-01 00:00 +02:00");
}

static void an_hour_that_comes_twice_is_told_apart(void **state)
{
    (void)state;
    configure("");
    stage_ask(&st, "cron.next",
              "{\"cron\":\"*/30 * * * *\",\"zone\":\"Europe/Berlin\","
              "\"from\":\"2026-10-25T00:10:00Z\"}");
    assert_string_equal(clock_of(0), "2026-10-25 02:30 +02:00");
    assert_string_equal(clock_of(1), "2026-10-25 02:00 +01:00");
    assert_string_equal(clock_of(2), "2026-10-25 02:30 +01:00");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void a_schedule_of_the_file_that_can_never_be_called_is_said(void **state)
{
    static const char *const wrong[] = {"op = \"test.secret\"; role = \"operator\";",
                                        "op = \"test.stream\";", "op = \"test.admin\";",
                                        "op = \"test.ok\"; params = { nn = 1; };"};
    (void)state;
    configure(
        "schedules = ( { name = \"a\"; every = \"10m\"; op = \"test.ok\"; params = { n = 1; }; },"
        " { name = \"b\"; every = \"10m\"; op = \"with.a.plugin\"; } );");
    assert_int_equal(st.diags.list.count, 0);
    for (size_t i = 0; i < OC_COUNT(wrong); i++) {
        char *text =
            oc_asprintf("schedules = ( { name = \"w%zu\"; every = \"10m\"; %s } );", i, wrong[i]);
        configure(text);
        assert_int_equal(oc_diags_errors(&st.diags), 1);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_added_schedule_runs_and_survives_restarts),
        T(a_time_limit_is_the_timeout_of_the_definition),
        T(mistakes_are_named),
        T(an_operation_that_is_not_there_is_told_with_the_nearest),
        T(at_most_two_hundred_are_added),
        T(texts_have_limits),
        T(nobody_gets_more_done_by_a_schedule_than_by_themselves),
        T(an_edit_changes_what_is_given),
        T(what_tells_a_secret_is_refused_at_once),
        T(a_schedule_of_the_file_that_can_never_be_called_is_said),
        T(a_removed_schedule_leaves_nothing),
        T(a_schedule_can_go_while_it_runs),
        T(one_of_the_configuration_is_turned_off_and_not_edited),
        T(a_shipped_one_can_be_given_an_interval_and_times_again),
        T(a_schedule_waits_for_its_operation),
        T(a_mistake_in_the_file_disables_one_schedule),
        T(a_reload_keeps_what_did_not_change),
        T(a_run_by_hand_answers_with_its_record),
        T(who_gives_up_on_a_run_lets_it_go_on),
        T(coming_runs_are_told_on_the_zones_clock),
        T(a_day_to_begin_with_is_one_of_the_zone),
        T(an_hour_that_comes_twice_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
