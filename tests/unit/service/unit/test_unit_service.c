/* Units: what is asked of drivers and checks, and what becomes of their answers. SPDX-License-Identifier: MIT */
#include "tests/unit/service/stage.h"
#include "tests/unit/unit.h"

#include "core/service/unit/unit.h"

static struct stage s;
static struct oc_unit *units;

static void configure(const char *text)
{
    struct oc_config *old = stage_load(&s, text);
    oc_unit_configure(units, s.config, &s.diags);
    oc_config_destroy(old);
}

#define ONE "units = ( { name = \"alpha\"; driver = \"runs\"; tags = [\"agent\"]; } );"
#define CHECKED                                                                                    \
    "units = ( { name = \"alpha\"; driver = \"runs\"; check = { url = \"http://x\"; }; } );"

static int setup(void **state)
{
    (void)state;
    stage_begin(&s);
    plugin_add("runs", "\"library\": \"x.so\", \"abi\": \"1.0\", \"kind\": \"driver\"")
        ->no_collector = true;
    plugin_add("looks", LIBRARY ", \"unit_check\": \"url\"");
    units = oc_unit_create(&s.env);
    return 0;
}

static void nothing(void *ctx)
{
    (void)ctx;
}

static int teardown(void **state)
{
    static const char *const folders[] = {"run/units", "run", "logs/units", "logs"};
    char path[96];
    (void)state;
    oc_unit_stop(units, 0, nothing, NULL);
    oc_unit_destroy(units);
    for (size_t i = 0; i < OC_COUNT(folders); i++) {
        snprintf(path, sizeof path, "%s/%s", s.home, folders[i]);
        rmdir(path);
    }
    stage_end(&s);
    return 0;
}

/* The driver is in a call; it answers this. */
static void driver_says(const char *json)
{
    plugin_json("alpha", OC_RECORD_JSON, "", json);
    plugin_answer("alpha", OC_OK);
}

static const char *method(void)
{
    return plugin_at("alpha")->busy ? plugin_at("alpha")->call.method : "none";
}

static void a_restart_is_stop_and_start_and_nobody_comes_between(void **state)
{
    (void)state;
    configure(ONE);
    stage_call(&s, "unit.restart", "{\"name\":\"alpha\"}");
    assert_string_equal(method(), "driver.stop/1");
    assert_non_null(strstr(plugin_at("alpha")->params, "\"stop_timeout_ms\":10000"));
    struct oc_call_request other = {.op = "unit.stop",
                                    .params = json_pack("{s:s}", "name", "alpha"),
                                    .actor = {.name = "other", .role = OC_ROLE_ADMIN},
                                    .on_done = stage_done,
                                    .ctx = &s};
    oc_ops_call(s.env.ops, &other);
    assert_int_equal(s.code, OC_E_CONFLICT);
    assert_non_null(strstr(s.error.message, "restarting unit alpha"));
    s.done = 0;
    driver_says("{\"state\":\"stopped\",\"killed\":true}");
    assert_string_equal(method(), "driver.start/1");
    driver_says("{\"state\":\"running\",\"pid\":7,\"changed\":true}");
    assert_string_equal(method(), "driver.status/1");
    driver_says("{\"state\":\"running\",\"pid\":7,\"started_ms\":5000}");
    assert_int_equal(s.done, 1);
    assert_int_equal(s.code, OC_OK);
    assert_true(oc_json_bool(s.result, "killed", false));
    assert_true(oc_json_bool(s.result, "healthy", false));
    assert_string_equal(oc_json_str(s.result, "health", ""), "none");
    assert_string_equal(oc_json_str(s.result, "started", ""), "1970-01-01T00:00:05.000Z");
}

/* The same of one among several of that name. */
static void plugin_say(struct oc_instance *i, const char *json)
{
    const struct oc_record r = {
        .struct_size = sizeof r, .type = OC_RECORD_JSON, .text = plugin_view(json)};
    assert_true(i->busy);
    i->call.on_records(i->call.ctx, &r, 1);
    plugin_end(i, OC_OK, "", 1);
}

static void a_configuration_that_is_read_in_a_restart_leaves_nothing_stopped(void **state)
{
    (void)state;
    configure(ONE);
    const unsigned made = instances_made;
    stage_call(&s, "unit.restart", "{\"name\":\"alpha\"}");
    struct oc_instance *first = plugin_at("alpha");
    configure("units = ( { name = \"alpha\"; driver = \"runs\"; order = 5; } );");
    assert_int_equal(instances_made, made + 1);
    assert_int_equal(stage_refused(&s, "unit.kill", "{\"name\":\"alpha\"}"), OC_E_CONFLICT);
    plugin_say(first, "{\"state\":\"stopped\"}");
    assert_string_equal(first->call.method, "driver.start/1");
    plugin_say(first, "{\"state\":\"running\"}");
    plugin_say(first, "{\"state\":\"running\",\"pid\":7}");
    assert_int_equal(s.code, OC_OK);
    assert_int_equal(oc_json_int(s.result, "pid", 0), 7);
    stage_call(&s, "unit.stop", "{\"name\":\"alpha\"}"); /* by the one that is configured now */
    assert_string_equal(method(), "driver.stop/1");
}

static void a_driver_that_fails_leaves_the_unit_free(void **state)
{
    (void)state;
    configure(ONE);
    stage_call(&s, "unit.start", "{\"name\":\"alpha\"}");
    plugin_answer("alpha", OC_E_PERMANENT);
    assert_int_equal(s.code, OC_E_PERMANENT);
    stage_call(&s, "unit.start", "{\"name\":\"alpha\"}");
    assert_string_equal(method(), "driver.start/1");
    driver_says("[\"no object\"]");
    assert_int_equal(s.code, OC_E_PERMANENT);
    assert_non_null(strstr(s.error.message, "did not answer with an object"));
}

static void the_check_decides_whether_a_running_unit_is_healthy(void **state)
{
    static const struct {
        int32_t state;
        const char *health;
        bool healthy;
    } cases[] = {{OC_STATE_OK, "ok", true},
                 {OC_STATE_WARNING, "warning", false},
                 {OC_STATE_CRITICAL, "critical", false},
                 {OC_STATE_UNKNOWN, "unknown", false}};
    (void)state;
    configure(CHECKED);
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        stage_call(&s, "unit.status", "{\"name\":\"alpha\"}");
        driver_says("{\"state\":\"running\"}");
        plugin_status("unit-alpha", "", OC_STATE_OK, "fine");
        plugin_status("unit-alpha", "other", cases[i].state, "as it is");
        plugin_answer("unit-alpha", OC_OK);
        assert_int_equal(s.code, OC_OK);
        assert_string_equal(oc_json_str(s.result, "health", ""), cases[i].health);
        assert_int_equal(oc_json_bool(s.result, "healthy", false), cases[i].healthy);
    }
    stage_call(&s, "unit.status", "{\"name\":\"alpha\"}");
    driver_says("{\"state\":\"running\"}");
    plugin_answer("unit-alpha", OC_E_TIMEOUT);
    assert_string_equal(oc_json_str(s.result, "health", ""), "critical");
    stage_call(&s, "unit.status", "{\"name\":\"alpha\"}");
    driver_says("{\"state\":\"stopped\"}");
    assert_string_equal(oc_json_str(s.result, "health", ""), "none"); /* it was not asked */
    assert_false(oc_json_bool(s.result, "healthy", true));
}

static void waiting_ends_with_health_or_with_the_time(void **state)
{
    (void)state;
    configure(CHECKED);
    stage_call(&s, "unit.start", "{\"name\":\"alpha\",\"wait\":\"1s\"}");
    driver_says("{\"state\":\"running\"}");
    driver_says("{\"state\":\"running\"}");
    plugin_status("unit-alpha", "", OC_STATE_CRITICAL, "refused");
    plugin_answer("unit-alpha", OC_OK);
    assert_int_equal(s.done, 0);
    oc_time_advance(2000);
    stage_pass(&s, 0);
    while (s.done == 0) {
        driver_says("{\"state\":\"running\"}");
        plugin_status("unit-alpha", "", OC_STATE_CRITICAL, "refused");
        plugin_answer("unit-alpha", OC_OK);
    }
    assert_int_equal(s.code, OC_E_TIMEOUT);
    assert_non_null(strstr(s.error.message, "alpha is not healthy: refused"));
}

static void what_was_begun_goes_on_when_the_caller_gives_up(void **state)
{
    (void)state;
    configure(ONE);
    struct oc_call *call = stage_call(&s, "unit.restart", "{\"name\":\"alpha\"}");
    oc_call_cancel(call);
    assert_int_equal(s.code, OC_E_CANCELLED);
    driver_says("{\"state\":\"stopped\"}");
    assert_string_equal(method(), "driver.start/1");
    driver_says("{\"state\":\"running\"}");
    driver_says("{\"state\":\"running\"}");
    assert_string_equal(method(), "none");
    assert_int_equal(s.done, 1);
}

static void changes_are_told(void **state)
{
    (void)state;
    configure(ONE);
    stage_pass(&s, 1000);
    driver_says("{\"state\":\"running\"}");
    assert_int_equal(stage_count(&s, "unit.changed"), 0); /* the first look is no change */
    stage_pass(&s, 15000);
    driver_says("{\"state\":\"failed\",\"message\":\"gone\"}");
    assert_int_equal(stage_count(&s, "unit.changed"), 1);
    assert_string_equal(oc_json_str(stage_last(&s, "unit.changed"), "from", ""), "running");
    assert_string_equal(oc_json_str(stage_last(&s, "unit.changed"), "to", ""), "failed");
}

static void what_did_not_change_keeps_its_instance(void **state)
{
    (void)state;
    configure(ONE);
    unsigned made = instances_made;
    configure("# another\n" ONE);
    assert_int_equal(instances_made, made);
    configure("units = ( { name = \"alpha\"; driver = \"runs\"; order = 5; } );");
    assert_int_equal(instances_made, made + 1);
    configure("units = ();");
    assert_null(instances);
    assert_int_equal(stage_refused(&s, "unit.status", "{\"name\":\"alpha\"}"), OC_E_NOT_FOUND);
}

static void what_is_wrong_is_said_and_the_others_are_used(void **state)
{
    (void)state;
    configure(
        "units = ( { name = \"a\"; driver = \"nobody\"; }, { name = \"b\"; driver = \"looks\"; },"
        " { name = \"c\"; driver = \"runs\"; check = { command = [\"x\"]; }; },"
        " { driver = \"runs\"; }, { name = \"alpha\"; driver = \"runs\"; },"
        " { name = \"alpha\"; driver = \"runs\"; } );");
    assert_int_equal(oc_diags_errors(&s.diags), 5);
    assert_int_equal(stage_refused(&s, "unit.start", "{\"name\":\"a\"}"), OC_E_NOT_FOUND);
    assert_int_equal(stage_refused(&s, "unit.start", "{\"name\":\"b\"}"), OC_E_CONFIG);
    assert_non_null(plugin_instance("alpha"));
}

static size_t findings(const char *text)
{
    size_t found = 0;
    for (size_t i = 0; i < s.diags.list.count; i++) {
        found += strstr(s.diags.list.items[i].message, text) != NULL;
    }
    return found;
}

static void what_comes_after_a_unit_that_is_none_or_after_itself_is_said(void **state)
{
    (void)state;
    configure("units = ( { name = \"alpha\"; driver = \"runs\"; after = [\"beta\"]; },"
              " { name = \"beta\"; driver = \"runs\"; } );");
    assert_int_equal(oc_diags_errors(&s.diags), 0);
    configure("units = ( { name = \"alpha\"; driver = \"runs\"; after = [\"betta\"]; },"
              " { name = \"beta\"; driver = \"runs\"; },"
              " { name = \"self\"; driver = \"runs\"; after = [\"self\"]; },"
              " { name = \"x\"; driver = \"runs\"; after = [\"y\"]; },"
              " { name = \"y\"; driver = \"runs\"; after = [\"z\", \"beta\"]; },"
              " { name = \"z\"; driver = \"runs\"; after = [\"x\"]; } );");
    assert_int_equal(findings("unit alpha comes after betta, which is no unit"), 1);
    assert_int_equal(findings("comes after itself"), 2); /* each circle once */
    assert_int_equal(findings("unit self comes after itself"), 1);
    assert_int_equal(oc_diags_errors(&s.diags), 3);
    assert_non_null(plugin_instance("z"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(a_restart_is_stop_and_start_and_nobody_comes_between),
        T(a_configuration_that_is_read_in_a_restart_leaves_nothing_stopped),
        T(a_driver_that_fails_leaves_the_unit_free),
        T(the_check_decides_whether_a_running_unit_is_healthy),
        T(waiting_ends_with_health_or_with_the_time),
        T(what_was_begun_goes_on_when_the_caller_gives_up),
        T(changes_are_told),
        T(what_did_not_change_keeps_its_instance),
        T(what_is_wrong_is_said_and_the_others_are_used),
        T(what_comes_after_a_unit_that_is_none_or_after_itself_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
