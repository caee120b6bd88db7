/* Tests of core/config/import/import_value.c: what is taken for ours, and what is not. SPDX-License-Identifier: MIT */
#include "tests/unit/config/import_fixture.h"

#include "core/config/import/importer.h"

#define OUT "  The value was left out: what is shipped holds.\n"

static json_t *value_of(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    return value;
}

static void assert_truth(const char *text, int truth)
{
    json_t *value = value_of(text);
    assert_int_equal(oc_import_truth(value), truth);
    json_decref(value);
}

/* `ours` is JSON, NULL when the value is refused. */
static void assert_converted(const char *to, enum oc_import_as as, const char *text,
                             const char *ours)
{
    const struct oc_import_row row = {"x", to, as};
    json_t *value = value_of(text), *out = oc_import_convert(value, &row);
    if (ours) {
        assert_non_null(out);
        assert_json(json_incref(out), ours);
    } else {
        assert_null(out);
    }
    json_decref(out);
    json_decref(value);
}

static void a_flag_is_read_in_all_spellings_of_yaml_and_json(void **state)
{
    (void)state;
    static const char *const yes[] = {"true", "1", "\"yes\"", "\"On\"", "\"TRUE\""};
    static const char *const no[] = {"false", "0", "\"no\"", "\"OFF\"", "\"false\""};
    static const char *const other[] = {"2", "-1", "\"maybe\"", "\"\"", "null", "[]", "{}", "0.0"};
    for (size_t i = 0; i < OC_COUNT(yes); i++) {
        assert_truth(yes[i], 1);
        assert_truth(no[i], 0);
    }
    for (size_t i = 0; i < OC_COUNT(other); i++) {
        assert_truth(other[i], -1);
    }
    assert_int_equal(oc_import_truth(NULL), -1);
}

static void what_is_off_in_any_spelling_stays_off(void **state)
{
    (void)state;
    assert_import("notifications: { channels: [ { type: console, enabled: no },\n"
                  "  { type: webhook, url: 'http://h/', enabled: 1 } ] }\n"
                  "suppression: { rules: [ { name: duplicate-suppression, enabled: off } ] }\n"
                  "aggregation: { rules: [ { groupBy: team, enabled: 'False' } ] }\n",
                  "alerts = {\n"
                  "    cooldown = \"0\";\n"
                  "    channels = (\n"
                  "        { plugin = \"console\"; enabled = false; },\n"
                  "        { plugin = \"webhook\"; url = \"http://h/\"; enabled = true; }\n"
                  "    );\n"
                  "};\n",
                  "");
    assert_import(
        "{\"alerting\": {\"channels\": {\"console\": {\"enabled\": \"maybe\"},\n"
        " \"file\": {\"enabled\": 0}, \"email\": {\"enabled\": \"no\", \"smtp_host\": \"h\", "
        "\"from_address\": \"a@b\", \"recipients\": [\"c@d\"], \"use_tls\": \"yes\"}}}}",
        "alerts = {\n"
        "    channels = (\n"
        "        { plugin = \"console\"; enabled = true; },\n"
        "        { plugin = \"file\"; enabled = false; },\n"
        "        {\n"
        "            plugin = \"email\";\n"
        "            host = \"h\";\n"
        "            from = \"a@b\";\n"
        "            to = [\"c@d\"];\n"
        "            tls = \"starttls\";\n"
        "            enabled = false;\n"
        "        }\n"
        "    );\n"
        "};\n",
        "f:0: alerting.channels.console.enabled: (warning) expected true or false, found a "
        "text (\"maybe\")\n" OUT);
}

static void what_our_validator_refuses_is_not_written(void **state)
{
    (void)state;
    assert_converted("store.retention", OC_IMPORT_DAYS, "0", NULL);
    assert_converted("store.retention", OC_IMPORT_DAYS, "3650", "\"3650d\"");
    assert_converted("store.retention", OC_IMPORT_DAYS, "3651", NULL);
    assert_converted("alerts.cooldown", OC_IMPORT_SECONDS, "604800", "\"7d\"");
    assert_converted("alerts.cooldown", OC_IMPORT_SECONDS, "604801", NULL);
    assert_converted("interval", OC_IMPORT_SECONDS, "0.1", "\"100ms\"");
    assert_converted("interval", OC_IMPORT_SECONDS, "0", NULL);
    assert_converted("port", OC_IMPORT_INTEGER, "65536", NULL);
    assert_converted("port", OC_IMPORT_INTEGER, "587.5", NULL);
    assert_converted("retries", OC_IMPORT_INTEGER, "10", "10");
    assert_converted("max_size", OC_IMPORT_MB, "0", NULL);
    assert_converted("max_size", OC_IMPORT_MB, "1.5", NULL);
    assert_converted("thresholds.cpu.warning_percent", OC_IMPORT_NUMBER, "100.5", NULL);
    assert_converted("thresholds.cpu.warning_percent", OC_IMPORT_NUMBER, "99.5", "99.5");
    assert_converted("thresholds.cost.day_warning_dollars", OC_IMPORT_NUMBER, "-1", NULL);
    assert_converted("thresholds.cost.day_warning_dollars", OC_IMPORT_NUMBER, "5000", "5000");
    assert_converted("url", OC_IMPORT_URL, "\"ftp://h/\"", NULL);
    assert_converted("url", OC_IMPORT_URL, "\"https://u:p@h/a b\"", NULL);
    assert_converted("url", OC_IMPORT_URL, "\"https://u:p@h/a\"", "\"https://h/a\"");
    assert_converted("levels", OC_IMPORT_STRINGS, "[\"info\", \"grave\"]", NULL);
    assert_converted("levels", OC_IMPORT_STRINGS, "[\"info\"]", "[\"info\"]");
    assert_converted("severity", OC_IMPORT_STRING, "\"info|warning\"", NULL);
    assert_converted("severity", OC_IMPORT_STRING, "\"crit\"", NULL);
    assert_converted("severity", OC_IMPORT_STRING, "\"critical\"", "\"critical\"");
    assert_converted("method", OC_IMPORT_STRING, "\"GET\"", NULL);
    assert_converted("name", OC_IMPORT_STRING, "\"anything\"", "\"anything\"");
}

static void what_would_be_taken_is_said(void **state)
{
    (void)state;
    assert_import(
        "{\"monitoring\": {\"metrics_retention_days\": 0, \"alert_cooldown_minutes\": 90000},\n"
        " \"alerting\": {\"rules\": [{\"name\": \"a\", \"condition\": \"x.y > 1\", \"severity\": "
        "\"bad\", \"enabled\": \"off\"}],\n"
        "  \"channels\": {\"console\": {\"levels\": [\"debug\"]}, \"file\": {\"rotation_count\": "
        "101, "
        "\"max_size_mb\": 0}}}}",
        "alerts = {\n"
        "    channels = (\n"
        "        { plugin = \"console\"; enabled = true; },\n"
        "        { plugin = \"file\"; enabled = true; }\n"
        "    );\n"
        "    rules = (\n"
        "        { name = \"a\"; expr = \"x.y > 1\"; enabled = false; }\n"
        "    );\n"
        "};\n",
        "f:0: monitoring.metrics_retention_days: (warning) expected a number of days, from 1h to "
        "3650d, found a number (0)\n" OUT
        "f:0: monitoring.alert_cooldown_minutes: (warning) expected a number of minutes, from 0 to "
        "7d, found a number (90000)\n" OUT "f:0: alerting.channels.console.levels: (warning) "
        "expected a list of info|warning|critical, "
        "found a list\n" OUT
        "f:0: alerting.channels.file.max_size_mb: (warning) expected a whole number of megabytes "
        "from 1 to 1048576, found a number (0)\n" OUT
        "f:0: alerting.channels.file.rotation_count: (warning) expected a whole number from 0 to "
        "100, found a number (101)\n" OUT
        "f:0: alerting.rules[0].severity: (warning) expected one of info|warning|critical, found a "
        "text (\"bad\")\n" OUT);
}

static void a_template_is_the_text_of_an_object_or_a_list(void **state)
{
    (void)state;
    assert_converted("template", OC_IMPORT_TEMPLATE, "{\"a\": \"{{title}}\"}",
                     "\"{\\\"a\\\":\\\"{{title}}\\\"}\"");
    assert_converted("template", OC_IMPORT_TEMPLATE, "\"{ \\\"a\\\": 1 }\"",
                     "\"{ \\\"a\\\": 1 }\"");
    assert_converted("template", OC_IMPORT_TEMPLATE, "\"[1]\"", "\"[1]\"");
    assert_converted("template", OC_IMPORT_TEMPLATE, "\"{{title}}\"", NULL);
    assert_converted("template", OC_IMPORT_TEMPLATE, "\"5\"", NULL);
    assert_converted("template", OC_IMPORT_TEMPLATE, "true", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flag_is_read_in_all_spellings_of_yaml_and_json),
        cmocka_unit_test(what_is_off_in_any_spelling_stays_off),
        cmocka_unit_test(what_our_validator_refuses_is_not_written),
        cmocka_unit_test(what_would_be_taken_is_said),
        cmocka_unit_test(a_template_is_the_text_of_an_object_or_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
