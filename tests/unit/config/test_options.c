/* Tests of core/config/options.c and schema.c. SPDX-License-Identifier: MIT */
#include "tests/unit/config/fixture.h"

#include <math.h>

#include "core/config/bind.h"

#define ROW sizeof(struct oc_option)

static void assert_bad(const struct oc_option *table, size_t size, const char *message)
{
    struct oc_error err;
    assert_int_equal(oc_options_check(table, ROW, size, &err), OC_E_INTERNAL);
    assert_string_equal(err.message, message);
}

static const struct oc_option inner[] = {
    {.name = "token", .type = OC_OPT_SECRET, .flags = OC_OPT_REQUIRED, .help = "the key"},
    {.name = "codes", .type = OC_OPT_INTS, .offset = 8, .min = 100, .max = 599},
    {0},
};
static const struct oc_option good[] = {
    {.name = "on",
     .type = OC_OPT_BOOL,
     .offset = 0,
     .default_text = "true",
     .help = "whether it is on"},
    {.name = "level", .type = OC_OPT_ENUM, .offset = 4, .choices = "a|b", .default_text = "b"},
    {.name = "wait", .type = OC_OPT_DURATION, .offset = 8, .default_text = "10s", .min = 1},
    {.name = "password", .type = OC_OPT_SECRET, .offset = 16},
    {.name = "url", .type = OC_OPT_URL, .flags = OC_OPT_REQUIRED, .offset = 24},
    {.name = "size", .type = OC_OPT_SIZE, .flags = OC_OPT_ADVANCED, .offset = 32},
    {.name = "headers", .type = OC_OPT_MAP, .offset = 40},
    {.name = "items", .type = OC_OPT_GROUPS, .offset = 56, .item_size = 24, .options = inner},
    {.name = "one", .type = OC_OPT_GROUP, .offset = 72, .options = inner},
    {0},
};
#define GOOD_SIZE 96

static void a_sound_table_passes(void **state)
{
    (void)state;
    struct oc_error err;
    oc_error_init(&err);
    assert_int_equal(oc_options_check(good, ROW, GOOD_SIZE, &err), 0);
    assert_string_equal(err.message, "");
    assert_int_equal(oc_options_check(NULL, ROW, 0, &err), 0);
}

static void a_table_with_a_mistake_is_refused(void **state)
{
    (void)state;
#define TABLE(...) ((const struct oc_option[]){__VA_ARGS__, {0}})
#define INT(...)   {.type = OC_OPT_INT, __VA_ARGS__}
    assert_bad(TABLE(INT(.name = "Bad-Name")), 8, "option Bad-Name: the name is not in snake_case");
    assert_bad(TABLE(INT(.name = "a"), INT(.name = "a", .offset = 8)), 16,
               "option a: is there twice");
    assert_bad(TABLE(INT(.name = "a"), INT(.name = "b")), 16, "option b: writes where a writes");
    assert_bad(TABLE(INT(.name = "a", .offset = 8)), 12, "option a: lies outside the struct");
    assert_bad(TABLE(INT(.name = "a", .offset = 4)), 16, "option a: is not aligned");
    assert_bad(TABLE({.name = "a", .type = 77}), 16, "option a: unknown type");
    assert_bad(TABLE({.name = "a", .type = OC_OPT_ENUM}), 16, "option a: a choice without choices");
    assert_bad(TABLE(INT(.name = "a", .default_text = "x")), 16,
               "option a: default: expected a whole number, found the string \"x\"");
    assert_bad(TABLE(INT(.name = "a", .default_text = "0", .min = 1)), 16,
               "option a: default: expected a whole number of at least 1, found the number 0");
    assert_bad(TABLE(INT(.name = "a", .flags = OC_OPT_REQUIRED, .default_text = "1")), 16,
               "option a: is required and has a default");
    assert_bad(TABLE(INT(.name = "a", .min = 1, .max = (double)INFINITY)), 16,
               "option a: a limit is no number: for none leave it out");
    assert_bad(TABLE(INT(.name = "a", .min = (double)NAN)), 16,
               "option a: a limit is no number: for none leave it out");
    assert_bad(TABLE({.name = "a", .type = OC_OPT_GROUP}), 16,
               "option a: a group without a table of options");
    assert_bad(TABLE({.name = "a", .type = OC_OPT_GROUPS, .options = inner}), 16,
               "option a: item_size is 0");
    assert_bad(TABLE({.name = "a", .type = OC_OPT_GROUPS, .options = inner, .item_size = 8}), 16,
               "option codes: lies outside the struct");
}

static void a_table_that_holds_itself_is_refused(void **state)
{
    (void)state;
    struct oc_option self[2] = {{.name = "a", .type = OC_OPT_GROUP, .options = self}, {0}};
    assert_bad(self, 16, "option tables nest deeper than 8 levels");
}

static void a_stride_that_is_too_short_is_refused(void **state)
{
    (void)state;
    struct oc_error err;
    assert_int_equal(oc_options_check(good, 16, GOOD_SIZE, &err), OC_E_INTERNAL);
    assert_string_equal(err.message, "the stride of the option table is 16");
}

static void options_are_found_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(oc_option_find(good, ROW, "wait"), &good[2]);
    assert_null(oc_option_find(good, ROW, "gone"));
    assert_ptr_equal(oc_option_at(good, ROW, 3), &good[3]);
}

static void types_have_names(void **state)
{
    (void)state;
    assert_string_equal(oc_option_type_name(OC_OPT_DURATION), "duration");
    assert_string_equal(oc_option_type_name(OC_OPT_GROUPS), "groups");
    assert_string_equal(oc_option_type_name(0), "unknown");
    assert_string_equal(oc_option_type_name(99), "unknown");
}

static void the_schema_describes_the_table(void **state)
{
    (void)state;
    json_t *schema = oc_options_schema(good, ROW);

    assert_string_equal(oc_json_str(schema, "$schema", ""),
                        "https://json-schema.org/draft/2020-12/schema");
    assert_json(json_incref(json_object_get(schema, "required")), "[\"url\"]");
    assert_false(oc_json_bool(schema, "additionalProperties", true));
    assert_json(json_incref(oc_json_path(schema, "properties.on")),
                "{\"description\":\"whether it is on\",\"type\":\"boolean\"}");
    assert_json(json_incref(oc_json_path(schema, "properties.level")),
                "{\"enum\":[\"a\",\"b\"],\"type\":\"string\"}");
    assert_json(json_incref(oc_json_path(schema, "properties.items.items.properties.codes")),
                "{\"items\":{\"maximum\":599.0,\"minimum\":100.0,\"type\":\"integer\"},\"type\":"
                "\"array\"}");
    assert_json(json_incref(oc_json_path(schema, "properties.one.properties.token")),
                "{\"description\":\"the key\",\"type\":\"string\",\"writeOnly\":true}");
    json_decref(schema);
}

static void the_reference_lists_every_option(void **state)
{
    (void)state;
    json_t *rows = oc_options_json(good, ROW);

    assert_int_equal(json_array_size(rows), 9);
    assert_json(
        json_incref(json_array_get(rows, 1)),
        "{\"advanced\":false,\"choices\":[\"a\",\"b\"],\"default\":\"b\",\"help\":\"\",\"max\":"
        "null,"
        "\"min\":null,\"name\":\"level\",\"options\":[],\"positional\":false,\"required\":false,"
        "\"type\":\"choice\"}");
    assert_true(oc_json_num(json_array_get(rows, 2), "min", 0) == 1.0);
    assert_true(json_is_null(json_object_get(json_array_get(rows, 2), "max")));
    assert_true(oc_json_bool(json_array_get(rows, 5), "advanced", false));
    assert_string_equal(
        oc_json_str(oc_json_path(json_array_get(rows, 7), "options[0]"), "name", ""), "token");
    json_decref(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_table_passes),
        cmocka_unit_test(a_table_with_a_mistake_is_refused),
        cmocka_unit_test(a_table_that_holds_itself_is_refused),
        cmocka_unit_test(a_stride_that_is_too_short_is_refused),
        cmocka_unit_test(options_are_found_by_name),
        cmocka_unit_test(types_have_names),
        cmocka_unit_test(the_schema_describes_the_table),
        cmocka_unit_test(the_reference_lists_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
