/* Tests of core/base/json.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <math.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"

static json_t *parse(const char *text)
{
    json_t *value = oc_json_parse(text, strlen(text), NULL);
    assert_non_null(value);
    return value;
}

static void assert_text(const json_t *value, const char *expected)
{
    char *text = oc_json_text(value);
    assert_string_equal(text, expected);
    free(text);
}

static void documents_of_any_type_are_parsed(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"a\":[1,true,null]}", "[]", "\"s\"", "1.5", "-3", "null"};
    for (size_t i = 0; i < OC_COUNT(texts); i++) {
        json_t *value = parse(texts[i]);
        assert_text(value, texts[i]);
        json_decref(value);
    }
    json_t *part = oc_json_parse("[1]garbage", 3, NULL); /* only `len` bytes count */
    assert_text(part, "[1]");
    json_decref(part);
}

static void bad_documents_are_refused_with_their_place(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "{\"a\":}",
        "[1,]",
        "NaN",
        "[NaN]",
        "Infinity",
        "1e999",
        "{} {}",
        "{\"a\":\"\\u0000\"}",
        "\"\xff\"",
        "'a'",
        "99999999999999999999",
    };
    struct oc_error err;
    for (size_t i = 0; i < OC_COUNT(texts); i++) {
        oc_error_init(&err);
        assert_null(oc_json_parse(texts[i], strlen(texts[i]), &err));
        /* what is too large is JSON, but no number that can be kept */
        assert_int_equal(err.code, strstr(texts[i], "999") ? OC_E_UNSUPPORTED : OC_E_CONFIG);
    }
    assert_null(oc_json_parse("{\n  \"a\": x}", 11, &err));
    assert_non_null(strstr(err.message, "line 2 column"));
    assert_null(oc_json_parse(NULL, 0, &err));
}

static void expect_twice(const char *text, const char *key)
{
    struct oc_error err;
    char *wanted = oc_asprintf("the key \"%s\" comes twice in one object", key);
    oc_error_init(&err);
    json_t *last = oc_json_parse(text, strlen(text), &err); /* what we have written ourselves */
    assert_non_null(last);
    json_decref(last);
    assert_null(oc_json_parse_request(text, strlen(text), &err));
    assert_int_equal(err.code, OC_E_CONFIG);
    assert_non_null(strstr(err.message, wanted));
    assert_string_equal(err.hint, "Give each key once.");
    free(wanted);
}

static void a_request_that_has_a_key_twice_is_refused_and_the_key_named(void **state)
{
    (void)state;
    expect_twice("{\"state\":\"all\",\"state\":\"firing\"}", "state");
    expect_twice("{\"a\":1,\"b\":{\"c\":1,\"d\":2,\"c\":{}}}", "c");
    expect_twice("[{\"\":1 , \"\" :2}]", "");
    expect_twice("{\"a\\\"b\\\\\":1,\"a\\\"b\\\\\":2}", "a\\\"b\\\\");
    expect_twice("{\"a\":1,\"\\u0061\":2}", "\\u0061");
    expect_twice(
        "{\"a key that is too long for jansson\":1,\"a key that is too long for jansson\":2}",
        "a key that is too long for jansson");
    json_t *fine = oc_json_parse_request("[{\"a\":{\"a\":1}},{\"a\":2}]", 23, NULL);
    assert_non_null(fine);
    json_decref(fine);
}

static void documents_are_limited_in_size_and_depth(void **state)
{
    (void)state;
    struct oc_error err;
    size_t size = OC_JSON_MAX_BYTES + 1;
    char *text = oc_alloc(size);
    memset(text, ' ', size);
    text[0] = '1';
    json_t *fits = oc_json_parse(text, OC_JSON_MAX_BYTES, &err);
    assert_non_null(fits);
    json_decref(fits);
    assert_null(oc_json_parse(text, size, &err));
    assert_non_null(strstr(err.message, "limit"));
    memset(text, '[', size);
    assert_null(oc_json_parse(text, 100000, &err));
    free(text);
}

static void text_is_canonical_and_pretty_keeps_the_order(void **state)
{
    (void)state;
    json_t *value = parse("{\"b\":0.1,\"a\":{\"d\":1,\"c\":2}}");
    assert_text(value, "{\"a\":{\"c\":2,\"d\":1},\"b\":0.1}");
    char *pretty = oc_json_pretty(value);
    assert_string_equal(pretty,
                        "{\n  \"b\": 0.1,\n  \"a\": {\n    \"d\": 1,\n    \"c\": 2\n  }\n}");
    free(pretty);
    json_decref(value);
    assert_text(NULL, "null");
}

static void members_of_the_wrong_type_count_as_absent(void **state)
{
    (void)state;
    json_t *o = parse("{\"s\":\"x\",\"i\":7,\"r\":1.5,\"b\":true,\"n\":null}");
    assert_string_equal(oc_json_str(o, "s", "f"), "x");
    assert_string_equal(oc_json_str(o, "i", "f"), "f");
    assert_null(oc_json_str(o, "none", NULL));
    assert_int_equal(oc_json_int(o, "i", -1), 7);
    assert_int_equal(oc_json_int(o, "r", -1), -1);
    assert_int_equal(oc_json_int(o, "s", -1), -1);
    assert_true(oc_json_num(o, "r", 0) == 1.5);
    assert_true(oc_json_num(o, "i", 0) == 7.0);
    assert_true(oc_json_num(o, "b", 9) == 9.0);
    assert_true(oc_json_bool(o, "b", false));
    assert_true(oc_json_bool(o, "n", true));
    assert_int_equal(oc_json_int(NULL, "i", 5), 5);
    json_decref(o);
}

static void paths_lead_through_members_and_elements(void **state)
{
    (void)state;
    json_t *v = parse("{\"a\":{\"b\":[{\"c\":1},[2,3]]},\"\":0,\"$\":4}");
    static const struct {
        const char *path, *text;
    } found[] = {
        {"a.b[0].c", "1"},   {"$.a.b[0].c", "1"},  {"a.b[1][1]", "3"},
        {"a.b[1]", "[2,3]"}, {"$.a.b[1][0]", "2"}, {"$.$", "4"},
    };
    static const char *const absent[] = {
        "x",     "a.x",        "a.b[2]",   "a.b.c",
        "a[0]",  "a.b[x]",     "a.b[-1]",  "a.b[0",
        "a.b[]", "a..b",       "a.",       ".a",
        "$x",    "$..a",       "a.b[0]c.", "a.b[99999999999999999999]",
        "$.",    "a.b[0].c.d",
    };
    for (size_t i = 0; i < OC_COUNT(found); i++) {
        assert_text(oc_json_path(v, found[i].path), found[i].text);
    }
    for (size_t i = 0; i < OC_COUNT(absent); i++) {
        if (oc_json_path(v, absent[i])) {
            fail_msg("\"%s\" led somewhere", absent[i]);
        }
    }
    assert_ptr_equal(oc_json_path(v, "$"), v);
    assert_null(oc_json_path(NULL, "a"));
    json_t *list = json_array_get(oc_json_path(v, "a.b"), 1);
    assert_text(oc_json_path(list, "[1]"), "3");
    assert_text(oc_json_path(list, "$[1]"), "3");
    json_decref(v);
}

static void setters_write_what_json_can_say(void **state)
{
    (void)state;
    json_t *o = json_object();
    oc_json_set_str(o, "s", "text");
    oc_json_set_str(o, "none", NULL);
    oc_json_set_str(o, "bad", "a\xff");
    oc_json_set_int(o, "i", INT64_MIN);
    oc_json_set_num(o, "x", 2.5);
    oc_json_set_num(o, "nan", (double)NAN);
    oc_json_set_num(o, "inf", (double)-INFINITY);
    oc_json_set_bool(o, "b", false);
    oc_json_set_time(o, "t", INT64_C(1763818200123));
    oc_json_set_time(o, "t0", 0);
    oc_json_take(o, "list", json_array());
    oc_json_take(o, "list", json_pack("[i]", 1)); /* replaces */
    oc_json_set_int(o, "z\xff", 1);
    assert_text(
        o,
        "{\"b\":false,\"bad\":\"a\xef\xbf\xbd\",\"i\":-9223372036854775808,\"inf\":null,\"list\":["
        "1],"
        "\"nan\":null,\"none\":null,\"s\":\"text\",\"t\":\"2025-11-22T13:30:00.123Z\",\"t0\":null,"
        "\"x\":2.5,\"z\xef\xbf\xbd\":1}");
    json_decref(o);
}

static void what_is_wiped_leaves_no_text(void **state)
{
    (void)state;
    json_t *secret = json_string("hunter2"), *deep = json_string("hunter3");
    json_t *json = json_pack("{s:O, s:[{s:O}], s:i}", "a", secret, "b", "c", deep, "n", 1);
    assert_non_null(json);
    oc_json_wipe(json);
    oc_json_wipe(NULL);
    assert_int_equal(json_string_value(secret)[0], '\0');
    assert_int_equal(json_string_value(deep)[6], '\0');
    json_decref(secret);
    json_decref(deep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_of_any_type_are_parsed),
        cmocka_unit_test(bad_documents_are_refused_with_their_place),
        cmocka_unit_test(a_request_that_has_a_key_twice_is_refused_and_the_key_named),
        cmocka_unit_test(documents_are_limited_in_size_and_depth),
        cmocka_unit_test(text_is_canonical_and_pretty_keeps_the_order),
        cmocka_unit_test(members_of_the_wrong_type_count_as_absent),
        cmocka_unit_test(paths_lead_through_members_and_elements),
        cmocka_unit_test(setters_write_what_json_can_say),
        cmocka_unit_test(what_is_wiped_leaves_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
