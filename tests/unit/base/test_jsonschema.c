/* Tests of core/base/jsonschema.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/jsonschema.h"
#include "core/base/mem.h"

static json_t *parse(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    return value;
}

/* `message` NULL: it fits. */
static void expect(const char *schema, const char *value, const char *message)
{
    struct oc_error err;
    json_t *s = parse(schema), *v = parse(value);
    oc_error_init(&err);
    const int code = oc_jsonschema_check(s, v, "arguments", &err);
    if (message) {
        assert_int_equal(code, OC_E_CONFIG);
        assert_string_equal(err.message, message);
    } else {
        assert_string_equal(err.message, "");
        assert_int_equal(code, OC_OK);
    }
    json_decref(s);
    json_decref(v);
}

static void types_are_told_apart(void **state)
{
    (void)state;
    expect("{\"type\":\"string\"}", "\"a\"", NULL);
    expect("{\"type\":\"integer\"}", "3", NULL);
    expect("{\"type\":\"integer\"}", "3.0", NULL);
    expect("{\"type\":\"number\"}", "3", NULL);
    expect("{\"type\":[\"string\",\"null\"]}", "null", NULL);
    expect("{\"type\":\"integer\"}", "3.5", "arguments: expected a whole number, found a number");
    expect("{\"type\":\"string\"}", "[]", "arguments: expected a text, found a list");
    expect("{\"type\":[\"string\",\"null\"]}", "{}",
           "arguments: expected a text or null, found an object");
    expect("{\"type\":\"boolean\"}", "1",
           "arguments: expected true or false, found a whole number");
}

static void members_are_named_by_their_path(void **state)
{
    (void)state;
    static const char schema[] =
        "{\"type\":\"object\",\"required\":[\"a\"],\"additionalProperties\":false,"
        "\"properties\":{\"a\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
        "\"properties\":{\"b\":{\"type\":\"integer\"}}}},\"count\":{}}}";
    expect(schema, "{\"a\":[{\"b\":1}],\"count\":[]}", NULL);
    expect(schema, "{}", "arguments: \"a\" is required and missing");
    expect(schema, "{\"a\":[{\"b\":1},{\"b\":\"x\"}]}",
           "arguments.a[1].b: expected a whole number, found a text");
    expect(schema, "{\"a\":[],\"cuont\":1}", "arguments: \"cuont\" is not known");
}

static void a_near_name_is_a_hint(void **state)
{
    struct oc_error err;
    (void)state;
    json_t *s = parse("{\"properties\":{\"count\":{}},\"additionalProperties\":false}");
    json_t *v = parse("{\"cuont\":1}");
    oc_error_init(&err);
    oc_jsonschema_check(s, v, "arguments", &err);
    assert_string_equal(err.hint, "Did you mean count?");
    json_decref(s);
    json_decref(v);
}

static void members_beyond_the_known_may_have_a_schema(void **state)
{
    (void)state;
    static const char schema[] = "{\"additionalProperties\":{\"type\":\"string\"}}";
    expect(schema, "{\"x\":\"y\"}", NULL);
    expect(schema, "{\"x\":1}", "arguments.x: expected a text, found a whole number");
}

static void numbers_have_limits(void **state)
{
    (void)state;
    expect("{\"minimum\":1,\"maximum\":3}", "1", NULL);
    expect("{\"minimum\":1}", "0.5", "arguments: expected at least 1, found 0.5");
    expect("{\"maximum\":3}", "4", "arguments: expected at most 3, found 4");
    expect("{\"exclusiveMinimum\":1}", "1", "arguments: expected more than 1, found 1");
    expect("{\"exclusiveMaximum\":1}", "1", "arguments: expected less than 1, found 1");
    expect("{\"multipleOf\":5}", "10", NULL);
    expect("{\"multipleOf\":5}", "11", "arguments: expected a multiple of 5, found 11");
}

static void lengths_are_counted_in_characters(void **state)
{
    (void)state;
    expect("{\"maxLength\":2}", "\"\\u00e4\\u00f6\"", NULL);
    expect("{\"maxLength\":2}", "\"abc\"", "arguments: expected at most 2 characters, found 3");
    expect("{\"minItems\":1}", "[]", "arguments: expected at least 1 items, found 0");
    expect("{\"maxProperties\":0}", "{\"a\":1}", "arguments: expected at most 0 members, found 1");
    expect("{\"uniqueItems\":true}", "[1,2,1.0]", "arguments: items 0 and 2 are the same");
}

static void values_may_be_listed(void **state)
{
    (void)state;
    expect("{\"enum\":[\"a\",1]}", "1.0", NULL);
    expect("{\"enum\":[\"a\",1]}", "2", "arguments: expected one of [\"a\",1]");
    expect("{\"const\":{\"a\":1}}", "{\"a\":1}", NULL);
    expect("{\"const\":true}", "false", "arguments: expected true");
}

static void forms_are_alternatives(void **state)
{
    (void)state;
    static const char any[] =
        "{\"anyOf\":[{\"type\":\"string\"},{\"minimum\":5,\"type\":\"number\"}]}";
    expect(any, "\"a\"", NULL);
    expect(any, "6", NULL);
    expect(any, "4", "arguments: fits none of the 2 forms that it may have");
    expect("{\"oneOf\":[{\"type\":\"number\"},{\"type\":\"integer\"}]}", "1",
           "arguments: fits 2 of the 2 forms of which it has to have one");
    expect("{\"allOf\":[{\"minimum\":1},{\"maximum\":2}]}", "3",
           "arguments: expected at most 2, found 3");
    expect("{\"not\":{\"type\":\"null\"}}", "null", "arguments: has a form that it may not have");
    expect("{\"not\":{\"type\":\"null\"}}", "1", NULL);
}

static void true_fits_all_and_false_nothing(void **state)
{
    (void)state;
    expect("true", "1", NULL);
    expect("{}", "1", NULL);
    expect("false", "1", "arguments: nothing may be here");
    expect("{\"properties\":{\"a\":false}}", "{\"a\":1}", "arguments.a: nothing may be here");
}

static void what_is_not_supported_is_refused_or_an_annotation(void **state)
{
    (void)state;
    expect("{\"$ref\":\"#/x\"}", "1", "arguments: the schema has a $ref, which is not supported");
    expect("{\"pattern\":\"^a$\",\"format\":\"date\",\"title\":\"t\"}", "\"b\"", NULL);
    expect("7", "1", "arguments: the schema is none");
}

/* anyOf in anyOf, 8 wide and 12 deep, would be 8^12 checks. */
static void work_is_bounded(void **state)
{
    struct oc_error err;
    (void)state;
    json_t *schema = parse("{\"type\":\"null\"}"), *value = parse("1");
    for (int depth = 0; depth < 12; depth++) {
        json_t *list = json_array();
        for (int i = 0; i < 8; i++) {
            json_array_append(list, schema);
        }
        json_decref(schema);
        schema = json_pack("{s:o}", "anyOf", list);
    }
    oc_error_init(&err);
    assert_int_equal(oc_jsonschema_check(schema, value, "arguments", &err), OC_E_CONFIG);
    json_decref(schema);
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_told_apart),
        cmocka_unit_test(members_are_named_by_their_path),
        cmocka_unit_test(a_near_name_is_a_hint),
        cmocka_unit_test(members_beyond_the_known_may_have_a_schema),
        cmocka_unit_test(numbers_have_limits),
        cmocka_unit_test(lengths_are_counted_in_characters),
        cmocka_unit_test(values_may_be_listed),
        cmocka_unit_test(forms_are_alternatives),
        cmocka_unit_test(true_fits_all_and_false_nothing),
        cmocka_unit_test(what_is_not_supported_is_refused_or_an_annotation),
        cmocka_unit_test(work_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
