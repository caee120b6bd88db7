/* Unit tests of rules, themselves tested; and those of the shipped rules. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/config/parse.h"
#include "core/service/rule/testing.h"
#include "core/sys/file.h"

#define SHIPPED OC_SOURCE_DIR "/etc/openclaw/"

static int values(const char *text, struct oc_rule_values *v)
{
    return oc_rule_values_parse(v, text, NULL);
}

static void values_have_a_short_notation(void **state)
{
    struct oc_rule_values v;
    (void)state;
    assert_int_equal(values(" 50 95x3  _x2 50+5x3 -1-0.5x2 gone 1e3 ", &v), OC_OK);
    static const double EXPECTED[] = {50, 95, 95, 95, 0, 0, 50, 55, 60, -1, -1.5, NAN, 1000};
    assert_int_equal(v.list.count, OC_COUNT(EXPECTED));
    for (size_t i = 0; i < OC_COUNT(EXPECTED); i++) {
        assert_int_equal(v.list.items[i].absent, i == 4 || i == 5);
        assert_true(v.list.items[i].value == EXPECTED[i] || v.list.items[i].absent ||
                    isnan(EXPECTED[i]));
    }
    assert_true(isnan(v.list.items[11].value));
    assert_false(v.boolean);
    oc_rule_values_finish(&v);
    assert_int_equal(values("true falsex2", &v), OC_OK);
    assert_true(v.boolean);
    assert_int_equal(v.list.count, 3);
    oc_rule_values_finish(&v);
    assert_int_equal(values("", &v), OC_OK);
    assert_int_equal(v.list.count, 0);
}

static void values_that_are_none_are_refused(void **state)
{
    static const char *const BAD[] = {"x",   "5x",  "5x0",      "5x-1",
                                      "5y",  "5+",  "5+x2",     "truely",
                                      "inf", "nan", "5x100001", "5x99999 5x99999",
                                      "__",  "5 ;"};
    struct oc_rule_values v;
    (void)state;
    for (size_t i = 0; i < OC_COUNT(BAD); i++) {
        if (values(BAD[i], &v) != OC_E_CONFIG) {
            fail_msg("%s", BAD[i]);
        }
        assert_int_equal(v.list.count, 0);
    }
}

/* Runs a file of tests with this content; rows are the caller's. */
static int run_text(const char *text, json_t **rows, struct oc_error *err)
{
    static const struct oc_rule_source NONE = {.path = "alerts.rules"};
    char path[] = "/tmp/oc-rules-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(oc_fd_write_all(fd, text, strlen(text)), 0);
    close(fd);
    oc_error_init(err);
    int code = oc_rule_test_file(path, &NONE, rows, err);
    unlink(path);
    return code;
}

static void the_shipped_rules_pass_their_tests(void **state)
{
    struct oc_arena arena = {0};
    struct oc_error err;
    json_t *rows;
    (void)state;
    oc_error_init(&err);
    const struct oc_node *root =
        oc_config_parse_file(&arena, SHIPPED "defaults.conf", OC_LAYER_DEFAULT, &err);
    if (root == NULL) {
        fail_msg("%s", err.message);
    }
    struct oc_rule_source source = {.thresholds = oc_node_get(root, "thresholds"),
                                    .rules = oc_node_get(root, "alerts.rules"),
                                    .path = "alerts.rules"};
    if (oc_rule_test_file(SHIPPED "rules-test.conf", &source, &rows, &err) != OC_OK) {
        fail_msg("%s", err.message);
    }
    assert_true(json_array_size(rows) >= 10);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (!oc_json_bool(row, "ok", false)) {
            fail_msg("%s: %s", oc_json_str(row, "name", ""), oc_json_str(row, "message", ""));
        }
    }
    json_decref(rows);
    oc_arena_finish(&arena);
}

/* Of the agents of a collective and their budgets, and of the host as a whole: a few samples a minute. */
static bool is_of_few_series(const char *rule)
{
    static const char *const names[] = {"agent_heartbeat_",   "agent_health_", "agent_memory_",
                                        "litellm_tokens_",    "message_rate_", "message_errors_",
                                        "cost_budget_burning"};
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        if (strncmp(rule, names[i], strlen(names[i])) == 0) {
            return true;
        }
    }
    return false;
}

static void every_shipped_rule_is_sound(void **state)
{
    static const char *const ORIGINAL[] = {"agent_offline",           "high_cpu_usage",
                                           "high_memory_usage",       "disk_space_low",
                                           "service_degraded",        "database_connection_failed",
                                           "redis_connection_failed", "api_error_rate_high"};
    struct oc_arena arena = {0};
    struct oc_diags diags = {0};
    struct oc_store_options o = {
        .path = ":memory:", .retention_ms = 1000000, .flush_interval_ms = 1000000};
    struct oc_store *store = oc_store_open(&o, NULL, NULL, NULL);
    struct oc_rule_engine *e = oc_rule_engine_create(store);
    (void)state;
    const struct oc_node *root =
        oc_config_parse_file(&arena, SHIPPED "defaults.conf", OC_LAYER_DEFAULT, NULL);
    struct oc_rule_source source = {.thresholds = oc_node_get(root, "thresholds"),
                                    .rules = oc_node_get(root, "alerts.rules"),
                                    .path = "alerts.rules"};
    oc_rule_engine_configure(e, &source, 1, &diags);
    if (diags.list.count > 0) {
        fail_msg("%d: %s: %s", diags.list.items[0].line, diags.list.items[0].key,
                 diags.list.items[0].message);
    }
    for (size_t i = 0; i < OC_COUNT(ORIGINAL); i++) {
        if (oc_rule_engine_find(e, ORIGINAL[i]) == NULL) {
            fail_msg("%s is missing", ORIGINAL[i]);
        }
    }
    for (size_t i = 0; i < e->rules.count;
         i++) { /* on the fast path, but for those of few series */
        const struct oc_rule *rule = e->rules.items[i];
        if (rule->when.compare == OC_COMPARE_NONE && !is_of_few_series(rule->o.name)) {
            fail_msg("%s needs Lua", rule->o.name);
        }
    }
    assert_int_equal(oc_rule_engine_find(e, "high_cpu_usage")->times.for_ms, 300000);
    assert_int_equal(oc_rule_engine_find(e, "disk_space_low")->times.for_ms, 600000);
    oc_rule_engine_destroy(e);
    oc_store_close(store);
    oc_diags_finish(&diags);
    oc_arena_finish(&arena);
}

static void a_failure_says_when_what_and_what_instead(void **state)
{
    struct oc_error err;
    json_t *rows;
    (void)state;
    assert_int_equal(
        run_text("rules = ( { name = \"r\"; expr = \"a.b > 1\"; for = \"1m\"; } );\n"
                 "tests = ( { name = \"t\"; input = ( { series = \"a.b\"; values = \"2x3\"; } );\n"
                 "  expect = ( { at = \"30s\"; rule = \"r\"; state = \"firing\"; } ); },\n"
                 " { name = \"u\"; input = ( { series = \"a.b\"; values = \"2x3\"; } );\n"
                 "  expect = ( { at = \"1m\"; rule = \"r\"; state = \"firing\"; message = \"x\"; } "
                 "); },\n"
                 " { name = \"v\"; expect = ( { at = \"0\"; rule = \"nosuch\"; state = \"firing\"; "
                 "} ); },\n"
                 " { name = \"w\"; input = ( { series = \"a.b\"; values = \"oops\"; } ); },\n"
                 " { name = \"x\"; input = ( { series = \"a b{\"; values = \"1\"; } ); },\n"
                 " { name = \"y\"; expect = ( { at = \"0\"; rule = \"r\"; state = \"inactive\"; } "
                 "); } );",
                 &rows, &err),
        OC_OK);
    static const char *const MESSAGES[] = {"at 30s: r: the state is pending, expected firing",
                                           "at 1m: r: the message is a.b is 2, expected x",
                                           "nosuch",
                                           "\"oops\" is not a value",
                                           "",
                                           ""};
    assert_int_equal(json_array_size(rows), 6);
    for (size_t i = 0; i < 6; i++) {
        const json_t *row = json_array_get(rows, i);
        assert_int_equal(oc_json_bool(row, "ok", false), i == 5);
        if (strstr(oc_json_str(row, "message", ""), MESSAGES[i]) == NULL) {
            fail_msg("%s", oc_json_str(row, "message", ""));
        }
    }
    json_decref(rows);
}

static void times_between_samples_and_after_them_are_seen(void **state)
{
    struct oc_error err;
    json_t *rows;
    (void)state;
    assert_int_equal(
        run_text("rules = ( { name = \"r\"; expr = \"a.b > 1\"; keep_firing_for = \"45s\"; } );\n"
                 "tests = ( { name = \"t\"; interval = \"1m\"; input = ( { series = "
                 "\"a.b{x=\\\"y\\\"}\"; values = \"2 0 0\"; } );\n"
                 "  expect = ( { at = \"59s\"; rule = \"r\"; state = \"firing\"; labels = { x = "
                 "\"y\"; }; },\n"
                 "             { at = \"59s\"; rule = \"r\"; state = \"inactive\"; labels = { x = "
                 "\"z\"; }; },\n"
                 "             { at = \"1m44s\"; rule = \"r\"; state = \"firing\"; },\n"
                 "             { at = \"1m45s\"; rule = \"r\"; state = \"resolved\"; },\n"
                 "             { at = \"1h\"; rule = \"r\"; state = \"inactive\"; } ); } );",
                 &rows, &err),
        OC_OK);
    if (!oc_json_bool(json_array_get(rows, 0), "ok", false)) {
        fail_msg("%s", oc_json_str(json_array_get(rows, 0), "message", ""));
    }
    json_decref(rows);
}

static void a_wrong_file_is_an_error_with_its_line(void **state)
{
    static const char *const BAD[][2] = {
        {"tests = (", ":1"},
        {"", "tests"},
        {"\nrules = ( { name = \"r\"; expr = \"a.b >\"; } );\ntests = ( );", ":2: rules[0].expr"},
        {"tests = ( { name = \"t\"; expect = (\n { at = \"1s\"; rule = \"r\"; state = \"burning\"; "
         "} ); } );",
         ":2"},
        {"tests = ( { nam = \"t\"; } );", "nam"},
    };
    struct oc_error err;
    json_t *rows;
    (void)state;
    for (size_t i = 0; i < OC_COUNT(BAD); i++) {
        assert_int_equal(run_text(BAD[i][0], &rows, &err), OC_E_CONFIG);
        assert_null(rows);
        if (strstr(err.message, BAD[i][1]) == NULL) {
            fail_msg("%s: %s", BAD[i][0], err.message);
        }
    }
    static const struct oc_rule_source NONE = {.path = "alerts.rules"};
    assert_int_equal(oc_rule_test_file("/nonexistent/x.conf", &NONE, &rows, &err), OC_E_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_a_short_notation),
        cmocka_unit_test(values_that_are_none_are_refused),
        cmocka_unit_test(the_shipped_rules_pass_their_tests),
        cmocka_unit_test(every_shipped_rule_is_sound),
        cmocka_unit_test(a_failure_says_when_what_and_what_instead),
        cmocka_unit_test(times_between_samples_and_after_them_are_seen),
        cmocka_unit_test(a_wrong_file_is_an_error_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
