/* Tests of core/config/yaml.c. SPDX-License-Identifier: MIT */
#include "tests/unit/config/fixture.h"

#include "core/config/yaml.h"

static void assert_yaml(const char *yaml, const char *json)
{
    struct oc_error err;
    oc_error_init(&err);
    json_t *value = oc_yaml_parse(yaml, strlen(yaml), &err);
    assert_string_equal(err.message, "");
    assert_non_null(value);
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text, json);
    free(text);
    json_decref(value);
}

static void assert_bad(const char *yaml, const char *message)
{
    struct oc_error err;
    assert_null(oc_yaml_parse(yaml, strlen(yaml), &err));
    assert_int_equal(err.code, OC_E_CONFIG);
    assert_string_equal(err.message, message);
}

static void mappings_sequences_and_scalars_become_json(void **state)
{
    (void)state;
    assert_yaml("a: 1\nb:\n  - x\n  - [2.5, true]\nc: {d: null, e: ~, f: }\n",
                "{\"a\":1,\"b\":[\"x\",[2.5,true]],\"c\":{\"d\":null,\"e\":null,\"f\":null}}");
}

static void only_plain_scalars_have_types(void **state)
{
    (void)state;
    assert_yaml(
        "['1', \"true\", 1, True, FALSE, 'null', 1e3, -4, +5, .5, 1.2.3, 02:00, -, e]",
        "[\"1\",\"true\",1,true,false,\"null\",1000.0,-4,5,0.5,\"1.2.3\",\"02:00\",\"-\",\"e\"]");
    assert_yaml("[yes, tRUE, 99999999999999999999, 1e999]", "[\"yes\",\"tRUE\",1e20,\"1e999\"]");
}

static void what_is_not_supported_is_said_with_its_line(void **state)
{
    (void)state;
    assert_bad("a: &x 1\nb: *x\n", "line 2: aliases are not supported");
    assert_bad("a: 1\n\na: 2\n", "line 3: a key that is there twice");
    assert_bad("? [a]\n: 1\n", "line 1: a key that is not a scalar");
    assert_bad("", "line 1: an empty file");
    assert_bad("a: [1\nb: 2", "line 2: did not find expected ',' or ']'");
    assert_bad("a: \"x\\0y\"", "line 1: a zero byte");
}

static void nothing_after_the_first_value_is_lost(void **state)
{
    (void)state;
    assert_bad(" a: 1\nb: 2\n", "line 2: did not find expected <document start>");
    assert_bad("a: 1\n---\nb: 2\n", "line 2: a second document");
    assert_bad("a: 1\n...\n# more\n---\n", "line 4: a second document");
    assert_yaml("---\na: 1\n...\n# the end\n", "{\"a\":1}");
}

static void bytes_that_are_no_text_are_told_with_their_line(void **state)
{
    (void)state;
    assert_bad("a: 1\nb: \xff\n", "line 2: invalid leading UTF-8 octet");
    assert_bad("a: 1\n\nb: 2 # \x01\n", "line 3: control characters are not allowed");
    assert_bad("\xff", "line 1: invalid leading UTF-8 octet");
}

static void bombs_are_refused(void **state)
{
    (void)state;
    struct oc_buf text = {0};
    struct oc_error err;

    for (int i = 0; i < 5000; i++) {
        oc_buf_addc(&text, '[');
    }
    assert_null(oc_yaml_parse(text.data, text.len, &err));
    oc_buf_clear(&text);
    oc_buf_addc(&text, '[');
    for (int i = 0; i < 100001; i++) {
        oc_buf_adds(&text, "1,");
    }
    oc_buf_addc(&text, ']');
    assert_null(oc_yaml_parse(text.data, text.len, &err));
    assert_string_equal(err.message, "line 1: too many values");
    oc_buf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mappings_sequences_and_scalars_become_json),
        cmocka_unit_test(only_plain_scalars_have_types),
        cmocka_unit_test(what_is_not_supported_is_said_with_its_line),
        cmocka_unit_test(nothing_after_the_first_value_is_lost),
        cmocka_unit_test(bytes_that_are_no_text_are_told_with_their_line),
        cmocka_unit_test(bombs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
