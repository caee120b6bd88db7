/* Parameters and expectations of runbooks: what fits, what does not, what is said. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <string.h>

#include "core/base/json.h"
#include "core/service/runbook/internal.h"

static json_t *of(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    return value;
}

static bool holds(const char *expect, const char *result, int64_t since)
{
    json_t *e = of(expect), *r = of(result);
    char why[300] = "";
    bool so = oc_runbook_expect_holds(e, r, since, why, sizeof why);
    assert_true(so || why[0]);
    json_decref(e);
    json_decref(r);
    return so;
}

static void equal_values_and_paths_hold(void **state)
{
    (void)state;
    assert_true(holds("{}", "null", 0));
    assert_true(holds("{\"a.b[1].c\": 3}", "{\"a\":{\"b\":[0,{\"c\":3.0}]}}", 0));
    assert_false(holds("{\"a\": true}", "{\"a\": 1}", 0));
    assert_false(holds("{\"a\": \"x\"}", "{}", 0));
}

static void rules_hold_as_they_say(void **state)
{
    static const struct {
        const char *expect, *result;
        bool so;
    } cases[] = {{"{\"n\":{\"min\":2}}", "{\"n\":2}", true},
                 {"{\"n\":{\"min\":2}}", "{\"n\":1}", false},
                 {"{\"n\":{\"min\":2}}", "{\"n\":\"3\"}", false},
                 {"{\"n\":{\"min\":2,\"max\":3}}", "{\"n\":4}", false},
                 {"{\"s\":{\"one_of\":[\"a\",\"b\"]}}", "{\"s\":\"b\"}", true},
                 {"{\"s\":{\"one_of\":[]}}", "{\"s\":\"b\"}", false},
                 {"{\"s\":{\"is_not\":\"a\"}}", "{}", true},
                 {"{\"s\":{\"is_not\":\"a\"}}", "{\"s\":\"a\"}", false},
                 {"{\"\":{\"count_min\":1}}", "[]", false},
                 {"{\"\":{\"count_min\":1}}", "[0]", true},
                 {"{\"\":{\"count_max\":0}}", "[0]", false},
                 {"{\"t\":{\"since_step\":true}}", "{\"t\":1000}", true},
                 {"{\"t\":{\"since_step\":true}}", "{\"t\":999}", false},
                 {"{\"t\":{\"since_step\":true}}", "{\"t\":\"1970-01-01T00:00:01Z\"}", true},
                 {"{\"t\":{\"since_step\":true}}", "{}", false}};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        if (holds(cases[i].expect, cases[i].result, 1000) != cases[i].so) {
            fail_msg("%s of %s", cases[i].expect, cases[i].result);
        }
    }
}

/* In one order, whatever that of the table was: the words are part of the plan that is agreed to. */
static void what_is_expected_is_told_in_words(void **state)
{
    static const char *const cases[][2] = {
        {"{}", ""},
        {"{\"state\":\"ok\",\"healthy\":true}", "healthy is true, state is ok"},
        {"{\"healthy\":true,\"state\":\"ok\"}", "healthy is true, state is ok"},
        {"{\"\":{\"count_min\":1}}", "the answer has at least 1"},
        {"{\"n\":{\"min\":2,\"max\":3}}", "n is at most 3 and is at least 2"},
        {"{\"s\":{\"one_of\":[\"a\",\"b\",\"c\"]}}", "s is a, b or c"},
        {"{\"s\":{\"is_not\":\"a\"},\"t\":{\"since_step\":true}}",
         "s is not a, t is not before the step began"}};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        json_t *expect = json_loads(cases[i][0], 0, NULL);
        char *words = oc_runbook_expect_words(expect);
        assert_string_equal(words, cases[i][1]);
        free(words);
        json_decref(expect);
    }
}

static void a_rule_that_nobody_knows_is_refused(void **state)
{
    struct oc_error err;
    json_t *good = of("{\"a\":{\"min\":1}}"), *bad = of("{\"a\":{\"minn\":1}}"), *list = of("[1]");
    (void)state;
    oc_error_init(&err);
    assert_int_equal(oc_runbook_expect_check(good, &err), OC_OK);
    assert_int_equal(oc_runbook_expect_check(bad, &err), OC_E_CONFIG);
    assert_int_equal(oc_runbook_expect_check(list, &err), OC_E_CONFIG);
    assert_int_equal(oc_runbook_expect_check(NULL, &err), OC_OK);
    json_decref(good);
    json_decref(bad);
    json_decref(list);
}

static const char declared[] =
    "[{\"name\":\"level\",\"type\":\"integer\",\"min\":1,\"max\":5,\"required\":true,\"help\":"
    "\"h\"},"
    "{\"name\":\"how\",\"type\":\"choice\",\"choices\":[\"a\",\"b\"],\"default\":\"a\"},"
    "{\"name\":\"within\",\"type\":\"duration\",\"default\":\"1m\",\"min\":1000,"
    "\"max\":3600000},"
    "{\"name\":\"names\",\"type\":\"strings\"},"
    "{\"name\":\"ratio\",\"type\":\"number\"},"
    "{\"name\":\"sure\",\"type\":\"boolean\"}]";

/* The bound parameters as text, or the error. */
static const char *bind(const char *given)
{
    static char told[512];
    json_t *d = of(declared), *g = given ? of(given) : NULL, *bound = NULL;
    struct oc_error err;
    oc_error_init(&err);
    assert_int_equal(oc_runbook_params_check(d, &err), OC_OK);
    int rc = oc_runbook_params_bind(d, g, &bound, &err);
    char *text = rc == OC_OK ? oc_json_text(bound) : NULL;
    snprintf(told, sizeof told, "%s", text ? text : err.message);
    free(text);
    json_decref(bound);
    json_decref(d);
    json_decref(g);
    return told;
}

static void text_and_values_are_bound_alike(void **state)
{
    (void)state;
    assert_string_equal(bind("{\"level\":\"3\"}"), "{\"how\":\"a\",\"level\":3,\"within\":60000}");
    assert_string_equal(
        bind("{\"level\":3,\"names\":\"x,y,,z\",\"sure\":\"yes\",\"ratio\":\"0.5\",\"within\":"
             "\"2s\"}"),
        "{\"how\":\"a\",\"level\":3,\"names\":[\"x\",\"y\",\"z\"],\"ratio\":0.5,\"sure\":true,"
        "\"within\":2000}");
    assert_string_equal(bind("{\"level\":1,\"names\":[\"q\"],\"sure\":false}"),
                        "{\"how\":\"a\",\"level\":1,\"names\":[\"q\"],\"sure\":false,"
                        "\"within\":60000}");
}

static void what_does_not_fit_is_told(void **state)
{
    static const char *const cases[][2] = {
        {"{}", "parameter level is missing"},
        {"{\"level\":\"six\"}", "expected integer"},
        {"{\"level\":32400000}", "32400000 is beyond its limits"},
        {"{\"level\":1,\"how\":\"c\"}", "expected a or b, found 'c'"},
        {"{\"level\":1,\"withn\":\"1s\"}", "no parameter withn"},
        {"{\"level\":1,\"within\":\"soon\"}", "expected duration"},
        {"{\"level\":1,\"within\":\"9999d\"}", "within: 9999d is beyond its limits 1s to 1h"},
        {"{\"level\":1,\"names\":[1]}", "a list of strings"},
        {"{\"level\":1,\"sure\":\"maybe\"}", "expected boolean"},
        {"{\"level\":1,\"ratio\":\"nan\"}", "expected number"},
        {"{\"level\":[]}", "expected integer"},
        {"{\"level\":\"99999999999999999999\"}", "expected integer"}};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        if (!strstr(bind(cases[i][0]), cases[i][1])) {
            fail_msg("%s: %s", cases[i][0], bind(cases[i][0]));
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_values_and_paths_hold),
        cmocka_unit_test(rules_hold_as_they_say),
        cmocka_unit_test(what_is_expected_is_told_in_words),
        cmocka_unit_test(a_rule_that_nobody_knows_is_refused),
        cmocka_unit_test(text_and_values_are_bound_alike),
        cmocka_unit_test(what_does_not_fit_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
