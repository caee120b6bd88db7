/* From batches to states: soft and hard, parents, what is kept, what goes. SPDX-License-Identifier: MIT */
#include "tests/unit/service/health/world.h"

static void a_bad_result_is_soft_until_it_has_come_often_enough(void **state)
{
    (void)state;
    configure("health = {max_attempts = 3;};");
    report("db", "main", OC_STATE_OK);
    report("db", "main", OC_STATE_CRITICAL);
    assert_int_equal(service("db/main")->check.attempt, 1);
    assert_int_equal(stage_count(&w.s, "health.soft"), 1);
    assert_false(oc_json_bool(stage_last(&w.s, "health.changed"), "hard", true));
    report("db", "main", OC_STATE_CRITICAL);
    report("db", "main", OC_STATE_CRITICAL);
    assert_int_equal(service("db/main")->check.hard_state, OC_CHECK_CRITICAL);
    assert_int_equal(stage_count(&w.s, "health.soft"), 2);
    const json_t *changed = stage_last(&w.s, "health.changed");
    assert_true(oc_json_bool(changed, "hard", false));
    assert_string_equal(oc_json_str(changed, "to", ""), "critical");
    assert_string_equal(oc_json_str(changed, "output", ""), "refused");
}

static void a_call_that_fails_speaks_for_the_instance(void **state)
{
    (void)state;
    configure("");
    report_of("ok", "db", NULL, 0, OC_E_TIMEOUT);
    assert_string_equal(state_of("db"), "critical");
    assert_string_equal(service("db")->output, "no answer");
    report_of("ok", "db", NULL, 0, OC_E_CONFIG);
    assert_string_equal(state_of("db"), "unknown");
    report("db", NULL, 0); /* nothing to report is fine */
    assert_string_equal(state_of("db"), "ok");
}

static void an_instance_that_speaks_for_its_targets_has_no_service_of_its_own(void **state)
{
    (void)state;
    configure("");
    report("web", "api", OC_STATE_OK);
    assert_null(oc_health_find(w.health, "web"));
    report_of("ok", "web", NULL, 0, OC_E_RETRY);
    assert_string_equal(state_of("web"), "critical");
    report("web", "api", OC_STATE_OK); /* it works again */
    assert_string_equal(state_of("web"), "ok");
}

static void a_call_that_was_cancelled_says_nothing(void **state)
{
    (void)state;
    configure("health = {max_attempts = 1;};");
    report("db", NULL, 0);
    report_of("ok", "db", NULL, 0, OC_E_CANCELLED);
    assert_string_equal(state_of("db"), "ok");
    report_of("ok", "never-heard-of", NULL, 0, OC_E_CANCELLED);
    assert_null(oc_health_find(w.health, "never-heard-of"));
}

static void the_number_of_attempts_is_that_of_the_collector_or_the_general_one(void **state)
{
    (void)state;
    configure("health = {max_attempts = 2;};"
              "collectors = ({plugin = \"ok\"; name = \"db\"; max_attempts = 5;});");
    report("db", "main", OC_STATE_OK);
    report("web", "api", OC_STATE_OK);
    assert_int_equal(service("db/main")->check.max_attempts, 5);
    assert_int_equal(service("web/api")->check.max_attempts, 2);
    configure("health = {max_attempts = 4;};"); /* a reload holds for services that are there */
    assert_int_equal(service("db/main")->check.max_attempts, 4);
}

static void every_instance_of_a_preset_takes_what_its_item_says(void **state)
{
    (void)state;
    configure("collectors = ({plugin = \"shop\"; name = \"main\"; max_attempts = 1;"
              " depends_on = [\"net\"];});");
    oc_bus_publish(w.s.env.bus, "collector.member",
                   json_pack("{s:s, s:s}", "instance", "main-db", "of", "main"));
    report("main-db", "x", OC_STATE_OK);
    assert_int_equal(service("main-db/x")->check.max_attempts, 1);
    report("net", "gw", OC_STATE_CRITICAL);
    report("main-db", "x", OC_STATE_CRITICAL);
    assert_string_equal(state_of("main-db/x"), "unreachable");
}

static void behind_a_dead_parent_a_service_is_unreachable(void **state)
{
    (void)state;
    configure("collectors = ({plugin = \"ok\"; name = \"web\"; depends_on = [\"db/main\"];});"
              "dependencies = ({service = \"*/cache\"; depends_on = [\"net\"];});");
    report("db", "main", OC_STATE_CRITICAL);
    report("web", "api", OC_STATE_CRITICAL);
    assert_string_equal(state_of("web/api"), "unreachable");
    report("web", "ok", OC_STATE_OK); /* its own good result counts */
    assert_string_equal(state_of("web/ok"), "ok");
    report("db", "main", OC_STATE_OK);
    report("web", "api", OC_STATE_CRITICAL);
    assert_string_equal(state_of("web/api"), "critical");
    report("net", "a", OC_STATE_CRITICAL);
    report("x", "cache", OC_STATE_CRITICAL);
    assert_string_equal(state_of("x/cache"), "unreachable");
    report("net", "b", OC_STATE_OK); /* a collector is down when all its targets are */
    report("x", "cache", OC_STATE_CRITICAL);
    assert_string_equal(state_of("x/cache"), "critical");
    report_of("ok", "net", NULL, 0, OC_E_RETRY); /* or when it cannot work itself */
    report("x", "cache", OC_STATE_CRITICAL);
    assert_string_equal(state_of("x/cache"), "unreachable");
    report("net", "b", OC_STATE_CRITICAL); /* it works again, and no target is left */
    report("x", "cache", OC_STATE_CRITICAL);
    assert_string_equal(state_of("x/cache"), "unreachable");
}

static void a_parent_is_exempt_from_what_everything_needs(void **state)
{
    (void)state;
    assert_int_equal(
        configure("dependencies = ({service = \"*\"; depends_on = [\"router\", \"dns\"];});"), 0);
    report("router", "", OC_STATE_CRITICAL);
    report("router", "", OC_STATE_CRITICAL);
    report("dns", "", OC_STATE_CRITICAL);
    assert_string_equal(state_of("router"), "critical");
    assert_string_equal(state_of("dns"), "critical");
    report("web", "api", OC_STATE_CRITICAL);
    assert_string_equal(state_of("web/api"), "unreachable");
}

static void a_circle_of_dependencies_is_refused(void **state)
{
    (void)state;
    assert_true(configure("dependencies = ({service = \"a\"; depends_on = [\"b\"];},"
                          "{service = \"b\"; depends_on = [\"c\"];},"
                          "{service = \"c\"; depends_on = [\"a\"];});") > 0);
    report("b", "", OC_STATE_CRITICAL);
    report("a", "", OC_STATE_CRITICAL);
    report("c", "", OC_STATE_CRITICAL);
    assert_true(strcmp(state_of("a"), "unreachable") != 0 ||
                strcmp(state_of("b"), "unreachable") != 0);
    assert_int_equal(configure("collectors = ({plugin = \"ok\"; depends_on = [\"web\"];},"
                               "{plugin = \"web\"; depends_on = [\"ok\"];});"),
                     1);
}

static void many_dependencies_upon_each_other_are_looked_through_quickly(void **state)
{
    char text[8192] = "dependencies = (", item[128];
    (void)state;
    for (int i = 0; i < 60; i++) { /* 2^60 ways from the first to the last */
        snprintf(item, sizeof item, "%s{service = \"s%d\"; depends_on = [\"s%d\", \"s%d\"];}",
                 i ? "," : "", i, i + 1, i + 2);
        strcat(text, item);
    }
    strcat(text, ");");
    assert_int_equal(configure(text), 0);
}

static void a_hard_state_is_found_again_after_a_restart(void **state)
{
    (void)state;
    configure("health = {max_attempts = 1;};");
    report("db", "main", OC_STATE_CRITICAL);
    int64_t since = oc_time_wall();
    oc_ops_destroy(w.s.env.ops);
    oc_health_destroy(w.health);
    w.s.env.ops = oc_ops_create(w.s.env.loop, w.s.env.bus);
    w.health = oc_health_create(&w.s.env);
    configure("");
    size_t before = stage_count(&w.s, "health.changed");
    report("db", "main", OC_STATE_CRITICAL);
    assert_int_equal(stage_count(&w.s, "health.changed"), before); /* nothing has changed */
    assert_int_equal(service("db/main")->check.since_ms, since);
}

static void what_was_down_for_long_is_as_bad_after_a_restart(void **state)
{
    (void)state;
    configure("health = {max_attempts = 3;};");
    for (int i = 0; i < OC_SCORE_RESULTS + 2; i++) {
        report("db", "main", OC_STATE_CRITICAL);
    }
    assert_true(oc_check_score(&service("db/main")->check) <= 0);
    oc_ops_destroy(w.s.env.ops);
    oc_health_destroy(w.health);
    w.s.env.ops = oc_ops_create(w.s.env.loop, w.s.env.bus);
    w.health = oc_health_create(&w.s.env);
    configure("health = {max_attempts = 3;};");
    report("db", "main", OC_STATE_CRITICAL);
    assert_true(oc_check_score(&service("db/main")->check) <= 0);
}

static void what_became_well_again_is_well_after_a_restart(void **state)
{
    (void)state;
    configure("health = {max_attempts = 3;};");
    for (int i = 0; i < 4; i++) {
        report("db", "main", OC_STATE_CRITICAL);
    }
    report("db", "main", OC_STATE_OK);
    stage_pass(&w.s, OC_MINUTE); /* a low score is kept */
    for (int i = 0; i < OC_SCORE_RESULTS; i++) {
        report("db", "main", OC_STATE_OK);
    }
    assert_true(oc_check_score(&service("db/main")->check) >= 1);
    oc_ops_destroy(w.s.env.ops);
    oc_health_destroy(w.health);
    w.s.env.ops = oc_ops_create(w.s.env.loop, w.s.env.bus);
    w.health = oc_health_create(&w.s.env);
    configure("health = {max_attempts = 3;};");
    report("db", "main", OC_STATE_OK);
    assert_true(oc_check_score(&service("db/main")->check) >= 1);
    assert_true(service("db/main")->score->value >= 1);
}

static void what_is_swept_is_forgotten_in_the_store_too(void **state)
{
    (void)state;
    configure("health = {max_attempts = 1;};");
    report("db", "old", OC_STATE_CRITICAL);
    report("dbx", "other", OC_STATE_CRITICAL);
    json_t *lost = json_pack("{s:s, s:i}", "state", "critical", "since", 1);
    oc_kv_put(w.s.env.store, "health", "db/from-an-earlier-run", lost, false, NULL);
    json_decref(lost);
    int64_t since = oc_time_wall();
    report("db", "new", OC_STATE_CRITICAL);
    sweep("db", since);
    assert_null(oc_health_find(w.health, "db/old"));
    json_t *kept = oc_kv_all(w.s.env.store, "health");
    assert_int_equal(json_object_size(kept), 2);
    assert_non_null(json_object_get(kept, "db/new"));
    assert_non_null(json_object_get(kept, "dbx/other"));
    json_decref(kept);
    sweep("db", INT64_MAX);
    assert_null(oc_health_find(w.health, "db/new"));
    assert_non_null(oc_health_find(w.health, "dbx/other"));
}

static void the_end_of_flapping_tells_the_state_that_it_ended_in(void **state)
{
    (void)state;
    configure("health = {max_attempts = 1;};");
    for (int i = 0; i < 22; i++) {
        report("db", "main", i % 2 ? OC_STATE_CRITICAL : OC_STATE_OK);
    }
    assert_true(oc_json_bool(stage_last(&w.s, "health.flapping"), "flapping", false));
    size_t told = stage_count(&w.s, "health.changed");
    for (int i = 0; i < 21; i++) {
        report("db", "main", OC_STATE_CRITICAL);
    }
    assert_int_equal(stage_count(&w.s, "health.changed"), told);
    const json_t *end = stage_last(&w.s, "health.flapping");
    assert_false(oc_json_bool(end, "flapping", true));
    assert_string_equal(oc_json_str(end, "state", ""), "critical");
}

static void the_score_is_a_sample_when_it_moves(void **state)
{
    (void)state;
    configure("");
    report("db", "main", OC_STATE_OK);
    const struct oc_series *score = service("db/main")->score;
    assert_true(score->value >= 1);
    int64_t first = score->time_ms;
    report("db", "main", OC_STATE_OK);
    assert_int_equal(score->time_ms, first); /* steady */
    report("db", "main", OC_STATE_CRITICAL);
    assert_true(score->value < 1);
    assert_int_equal(score->time_ms, oc_time_wall());
}

static void the_uptime_is_told_of_a_service_that_is_back(void **state)
{
    (void)state;
    configure("");
    for (int i = 0; i < 60; i++) {
        report("db", "main", i == 30 ? OC_STATE_CRITICAL : OC_STATE_OK);
    }
    assert_null(service("db/main")->uptime); /* nobody knows it yet: not an hour of results */
    stage_pass(&w.s, OC_HOUR);
    report("db", "main", OC_STATE_CRITICAL);
    assert_null(service("db/main")->uptime); /* its score speaks for what is away */
    report("db", "main", OC_STATE_OK);
    const struct oc_series *uptime = service("db/main")->uptime;
    assert_non_null(uptime);
    assert_float_equal(uptime->value, 96.77, 0.001); /* 60 of 62 */
    stage_pass(&w.s, 25 * OC_HOUR);
    report("db", "main", OC_STATE_OK);
    assert_float_equal(uptime->value, 100, 0.001); /* a day later that is forgotten */
    for (int i = 0; i < 3; i++) {
        report("web", "", OC_STATE_OK);
    }
    assert_null(service("web")->uptime); /* what was always there has no series */
}

static void a_day_is_counted_on_a_machine_whose_clock_was_never_set(void **state)
{
    (void)state;
    struct oc_health_day *day = oc_calloc(1, sizeof *day);
    double percent = 0;
    for (int i = 0; i <= 90; i++) { /* the 23 hours before are those of 1969 */
        oc_health_day_add(day, i % 2 == 0, OC_HOUR + i * OC_MINUTE);
    }
    assert_true(oc_health_day_percent(day, OC_HOUR + 90 * OC_MINUTE, &percent));
    assert_float_equal(percent, 50.54, 0.001); /* 46 of 91 */
    free(day);
}

static void a_response_that_is_no_number_is_no_response_time(void **state)
{
    (void)state;
    configure("");
    report("web", "api", OC_STATE_OK);
    struct oc_label target = {{"target", 6}, {"api", 3}};
    struct oc_view name = {"web.response_ms", 15};
    struct oc_series *series =
        oc_store_series(w.s.env.store, "web", name, OC_KIND_GAUGE, &target, 1);
    struct oc_sample sample = {.series = series, .time_ms = oc_time_wall(), .value = 41.6};
    struct oc_batch batch = {.instance = "web",
                             .plugin = "ok",
                             .time_ms = oc_time_wall(),
                             .samples = &sample,
                             .sample_count = 1};
    oc_bus_publish_native(w.s.env.bus, "samples", &batch);
    assert_int_equal(service("web/api")->response_ms, 42);
    sample.value = NAN;
    oc_bus_publish_native(w.s.env.bus, "samples", &batch);
    assert_int_equal(service("web/api")->response_ms, 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_bad_result_is_soft_until_it_has_come_often_enough),
        TEST(a_call_that_fails_speaks_for_the_instance),
        TEST(an_instance_that_speaks_for_its_targets_has_no_service_of_its_own),
        TEST(a_call_that_was_cancelled_says_nothing),
        TEST(the_number_of_attempts_is_that_of_the_collector_or_the_general_one),
        TEST(every_instance_of_a_preset_takes_what_its_item_says),
        TEST(behind_a_dead_parent_a_service_is_unreachable),
        TEST(a_parent_is_exempt_from_what_everything_needs),
        TEST(a_circle_of_dependencies_is_refused),
        TEST(many_dependencies_upon_each_other_are_looked_through_quickly),
        TEST(a_hard_state_is_found_again_after_a_restart),
        TEST(what_was_down_for_long_is_as_bad_after_a_restart),
        TEST(what_became_well_again_is_well_after_a_restart),
        TEST(what_is_swept_is_forgotten_in_the_store_too),
        TEST(the_end_of_flapping_tells_the_state_that_it_ended_in),
        TEST(the_score_is_a_sample_when_it_moves),
        TEST(the_uptime_is_told_of_a_service_that_is_back),
        TEST(a_day_is_counted_on_a_machine_whose_clock_was_never_set),
        TEST(a_response_that_is_no_number_is_no_response_time),
    };
    return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
