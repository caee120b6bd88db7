/* Tests of core/config/dump.c. SPDX-License-Identifier: MIT */
#include "tests/unit/config/fixture.h"

#include <float.h>

#include "core/config/dump.h"

static void assert_dump(const char *text, const char *expected)
{
    struct oc_arena arena = {0};
    struct oc_buf out = {0};
    const struct oc_node *root = must_parse(&arena, text);

    assert_int_equal(oc_config_dump(root, &out), 0);
    assert_string_equal(out.data, expected);
    json_t *before = oc_node_json(root), *after = oc_node_json(must_parse(&arena, out.data));
    assert_true(json_equal(before, after));
    json_decref(before);
    json_decref(after);
    oc_buf_finish(&out);
    oc_arena_finish(&arena);
}

static void short_groups_take_one_line(void **state)
{
    (void)state;
    assert_dump("host={name=\"edge-1\",home=\"~/x\"}",
                "host = { name = \"edge-1\"; home = \"~/x\"; };\n");
    assert_dump("a=[200,201]; b=(); c={}; d=(1,\"x\");",
                "a = [200, 201];\nb = ();\nc = { };\nd = ( 1, \"x\" );\n");
}

static void what_nests_takes_several(void **state)
{
    (void)state;
    assert_dump("collectors=({plugin=\"http\",targets=({name=\"a\"},{name=\"b\"})},{plugin=\"s\"})",
                "collectors = (\n"
                "    {\n"
                "        plugin = \"http\";\n"
                "        targets = (\n"
                "            { name = \"a\"; },\n"
                "            { name = \"b\"; }\n"
                "        );\n"
                "    },\n"
                "    { plugin = \"s\"; }\n"
                ");\n");
}

static void a_long_group_is_broken_up(void **state)
{
    (void)state;
    assert_dump("a={b=\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\",c="
                "\"cccccccccccccccccccccccccccccccccccccccccc\"}",
                "a = {\n"
                "    b = \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\";\n"
                "    c = \"cccccccccccccccccccccccccccccccccccccccccc\";\n"
                "};\n");
}

static void scalars_read_back_as_they_were(void **state)
{
    (void)state;
    assert_dump(
        "a=true;b=-5;c=5000000000L;d=0.1;e=2.0;f=1e300;g=\"\";",
        "a = true;\nb = -5;\nc = 5000000000L;\nd = 0.1;\ne = 2.0;\nf = 1e+300;\ng = \"\";\n");
    assert_dump("a=\"q\\\"b\\\\n\\nt\\te\\x1Bd\\x7Fz\xc3\xa9\";",
                "a = \"q\\\"b\\\\n\\nt\\te\\x1Bd\\x7Fz\xc3\xa9\";\n");
}

static void keys_that_cannot_be_spelled_are_counted(void **state)
{
    (void)state;
    json_t *json = json_pack("{s:i, s:i, s:{s:i, s:i}, s:i, s:i}", "ok", 1, "not ok", 2, "group",
                             "1x", 3, "y-1", 4, "", 5, "true", 6);
    struct oc_node *root = oc_node_from_json(json, NULL);
    struct oc_buf out = {0};
    assert_int_equal(oc_config_dump(root, &out), 4);
    assert_string_equal(out.data, "ok = 1;\ngroup = { y-1 = 4; };\n");
    oc_buf_finish(&out);
    oc_node_free(root);
    json_decref(json);
}

static void json_is_shown_with_what_had_to_be_left_out(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{\"a\": 1, \"X.Y\": 2}", "a = 1;\n# keys with names that no file can spell: 1\n"},
        {"[1, {\"1x\": 2}]", "( 1, { } )\n# keys with names that no file can spell: 1\n"},
        {"\"x\"", "\"x\""},
        {"{}", ""},
    };
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        json_t *json = json_loads(cases[i][0], JSON_DECODE_ANY, NULL);
        char *text = oc_dump_json(json);
        assert_string_equal(text, cases[i][1]);
        free(text);
        json_decref(json);
    }
}

static void a_number_is_as_short_as_it_can_be(void **state)
{
    (void)state;
    static const double values[] = {0,    1,       -1.5,    0.1,          1.0 / 3,
                                    1e22, DBL_MAX, DBL_MIN, 123456789.125};
    char text[OC_NUMBER_TEXT];
    for (size_t i = 0; i < OC_COUNT(values); i++) {
        assert_true(strtod(oc_number_text(values[i], text), NULL) == values[i]);
        assert_non_null(strpbrk(text, ".e"));
    }
    assert_string_equal(oc_number_text(0.1, text), "0.1");
    assert_string_equal(oc_number_text(3, text), "3.0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_groups_take_one_line),
        cmocka_unit_test(what_nests_takes_several),
        cmocka_unit_test(a_long_group_is_broken_up),
        cmocka_unit_test(scalars_read_back_as_they_were),
        cmocka_unit_test(keys_that_cannot_be_spelled_are_counted),
        cmocka_unit_test(json_is_shown_with_what_had_to_be_left_out),
        cmocka_unit_test(a_number_is_as_short_as_it_can_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
