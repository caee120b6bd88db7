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

static void ten_zeros_are_no_hexadecimal_number(void **state)
{
    struct oc_rule_values v;
    (void)state;
    assert_int_equal(values("0x10 95x10 50+0x5 -0x2 00x2 5-0x2", &v), OC_OK);
    static const struct {
        size_t count;
        double value;
    } EXPECTED[] = {{10, 0}, {10, 95}, {5, 50}, {2, 0}, {2, 0}, {2, 5}};
    size_t at = 0;
    for (size_t i = 0; i < OC_COUNT(EXPECTED); i++) {
        for (size_t k = 0; k < EXPECTED[i].count; k++) {
            assert_true(at < v.list.count && v.list.items[at].value == EXPECTED[i].value);
            at++;
        }
    }
    assert_int_equal(v.list.count, at);
    oc_rule_values_finish(&v);
}

static void values_that_are_none_are_refused(void **state)
{
    static const char *const BAD[] = {
        "x",    "5x",     "5x0",   "5x-1", "5y",       "5+",
        "5+x2", "truely", "inf",   "nan",  "5x100001", "5x99999 5x99999",
        "0X10", "0x1p3",  "5+0X3", "__",   "5 ;"};
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
static int run_from(const char *text, const struct oc_rule_source *source, json_t **rows,
                    struct oc_error *err)
{
    char path[] = "/tmp/oc-rules-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(oc_fd_write_all(fd, text, strlen(text)), 0);
    close(fd);
    oc_error_init(err);
    int code = oc_rule_test_file(path, source, rows, err);
    unlink(path);
    return code;
}

static int run_text(const char *text, json_t **rows, struct oc_error *err)
{
    static const struct oc_rule_source NONE = {.path = "alerts.rules"};
    return run_from(text, &NONE, rows, err);
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

static void assert_all_pass(const char *text)
{
    struct oc_error err;
    json_t *rows;
    if (run_text(text, &rows, &err) != OC_OK) {
        fail_msg("%s", err.message);
    }
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (!oc_json_bool(row, "ok", false)) {
            fail_msg("%s", oc_json_str(row, "message", ""));
        }
    }
    json_decref(rows);
}

/* Nobody looks between two samples, and it has ended there all the same. */
static void firing_is_kept_on_as_on_a_host(void **state)
{
    (void)state;
    assert_all_pass(
        "rules = ( { name = \"r\"; expr = \"a.b > 1\"; for = \"5m\"; keep_firing_for = \"1m\"; "
        "} );\n"
        "tests = ( { name = \"t\"; interval = \"2m\"; input = ( { series = \"a.b\"; values = "
        "\"2x4 0 2\"; } );\n"
        "  expect = ( { at = \"6m\"; rule = \"r\"; state = \"firing\"; },\n"
        "             { at = \"10m\"; rule = \"r\"; state = \"pending\"; } ); } );");
}

static void what_is_expected_may_be_written_in_any_order(void **state)
{
    (void)state;
    assert_all_pass(
        "rules = ( { name = \"r\"; expr = \"a.b > 1\"; keep_firing_for = \"8m\"; } );\n"
        "tests = ( { name = \"t\"; interval = \"1m\"; input = ( { series = \"a.b\"; values = "
        "\"2 0\"; } );\n"
        "  expect = ( { at = \"10m\"; rule = \"r\"; state = \"resolved\"; },\n"
        "             { at = \"5m\"; rule = \"r\"; state = \"firing\"; },\n"
        "             { at = \"30s\"; rule = \"r\"; state = \"firing\"; } ); } );");
}

static void a_message_is_the_one_that_was_sent(void **state)
{
    (void)state;
    assert_all_pass(
        "rules = ( { name = \"r\"; expr = \"a.b > 1\"; for = \"2m\"; keep_firing_for = \"1m\"; "
        "message = \"{value} for {duration}\"; } );\n"
        "tests = ( { name = \"t\"; interval = \"1m\"; input = ( { series = \"a.b\"; values = "
        "\"2 3 4 5 6 0\"; } );\n"
        "  expect = ( { at = \"4m30s\"; rule = \"r\"; state = \"firing\"; message = \"4 for 2m\"; "
        "},"
        "\n             { at = \"1h\"; rule = \"r\"; state = \"resolved\"; message = \"0 for 6m\"; "
        "}"
        " ); } );");
}

/* The configuration has a rule; the file brings thresholds of its own. */
static int run_with_rule(const char *text, json_t **rows, struct oc_error *err)
{
    static const char CONFIG[] =
        "rules = ( { name = \"r\"; expr = \"a.b > thresholds.x.critical_percent\"; },\n"
        "  { name = \"off\"; expr = \"a.b > 1\"; enabled = false; }, { name = \"bad\"; expr = "
        "\"a.b "
        ">\"; } );";
    struct oc_parse_from from = {
        .file = "c.conf", .layer = OC_LAYER_FILE, .includes = OC_INCLUDES_REFUSE};
    struct oc_arena arena = {0};
    const struct oc_node *root = oc_config_parse(&arena, CONFIG, strlen(CONFIG), &from, err);
    const struct oc_rule_source source = {.rules = oc_node_get(root, "rules"),
                                          .path = "alerts.rules"};
    const int code = run_from(text, &source, rows, err);
    oc_arena_finish(&arena);
    return code;
}

static void thresholds_of_the_file_are_checked_and_a_broken_rule_says_why(void **state)
{
    struct oc_error err;
    json_t *rows;
    (void)state;
    assert_int_equal(
        run_with_rule("thresholds = {\n x = { critical_percent = 150; }; };\ntests = ( );", &rows,
                      &err),
        OC_E_CONFIG);
    assert_non_null(
        strstr(err.message, ":2: thresholds.x.critical_percent: expected a percentage"));
    assert_int_equal(
        run_with_rule(
            "thresholds = { x = { critical_percent = 50; }; }; tests = ( { name = \"t\"; input = ( "
            "{ series = \"a.b\"; values = \"51\"; } ); expect = ( { at = \"0\"; rule = \"r\"; "
            "state = \"firing\"; } ); },\n"
            "{ name = \"u\"; expect = ( { at = \"0\"; rule = \"bad\"; state = \"firing\"; } ); },\n"
            "{ name = \"v\"; expect = ( { at = \"0\"; rule = \"off\"; state = \"firing\"; } ); } "
            ");",
            &rows, &err),
        OC_OK);
    static const char *const MESSAGES[] = {
        "", "bad: the rule is broken (expr: ", "off: the rule is off, expected a usable rule"};
    for (size_t i = 0; i < OC_COUNT(MESSAGES); i++) {
        const json_t *row = json_array_get(rows, i);
        assert_int_equal(oc_json_bool(row, "ok", false), i == 0);
        if (strstr(oc_json_str(row, "message", ""), MESSAGES[i]) == NULL) {
            fail_msg("%s", oc_json_str(row, "message", ""));
        }
    }
    json_decref(rows);
    assert_int_equal(run_with_rule("thresholds = { y = { top = 1; }; };\ntests = ( { name = \"t\"; "
                                   "expect = ( { at = \"0\"; rule = \"r\"; state = \"firing\"; } "
                                   "); } );",
                                   &rows, &err),
                     OC_OK);
    assert_non_null(strstr(oc_json_str(json_array_get(rows, 0), "message", ""),
                           "broken (expr: there is no threshold thresholds.x.critical_percent)"));
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
        cmocka_unit_test(ten_zeros_are_no_hexadecimal_number),
        cmocka_unit_test(firing_is_kept_on_as_on_a_host),
        cmocka_unit_test(what_is_expected_may_be_written_in_any_order),
        cmocka_unit_test(a_message_is_the_one_that_was_sent),
        cmocka_unit_test(thresholds_of_the_file_are_checked_and_a_broken_rule_says_why),
        cmocka_unit_test(times_between_samples_and_after_them_are_seen),
        cmocka_unit_test(a_wrong_file_is_an_error_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
