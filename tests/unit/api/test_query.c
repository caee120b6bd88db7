/* Tests of core/api/query.c: a query becomes what the option table says. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/api/query.h"
#include "core/base/json.h"
#include "core/base/mem.h"

static const struct oc_option table[] = {
    {.name = "service", .type = OC_OPT_STRING},
    {.name = "refresh", .type = OC_OPT_BOOL},
    {.name = "limit", .type = OC_OPT_INT},
    {.name = "share", .type = OC_OPT_FLOAT},
    {.name = "since", .type = OC_OPT_DURATION},
    {.name = "names", .type = OC_OPT_STRINGS},
    {.name = "ports", .type = OC_OPT_INTS},
    {.name = "labels", .type = OC_OPT_MAP},
    {.name = "password", .type = OC_OPT_SECRET},
    {.name = "group", .type = OC_OPT_GROUP, .options = (const struct oc_option[]){{0}}},
    {0}};

static struct oc_error err;

static json_t *read_pairs(const struct oc_query_pair *pairs, size_t count)
{
    oc_error_init(&err);
    return oc_query_params(table, pairs, count, &err);
}

static json_t *read_one(const char *name, const char *value)
{
    const struct oc_query_pair pair = {name, value};
    return read_pairs(&pair, 1);
}

static void assert_text(json_t *value, const char *text)
{
    assert_non_null(value);
    char *found = oc_json_text(value);
    assert_string_equal(found, text);
    free(found);
    json_decref(value);
}

static void assert_refused(const char *name, const char *value, const char *message)
{
    assert_null(read_one(name, value));
    assert_int_equal(err.code, OC_E_CONFIG);
    if (!strstr(err.message, message)) {
        fail_msg("%s=%s: %s", name, value, err.message);
    }
}

static void values_have_the_types_of_the_table(void **state)
{
    (void)state;
    assert_text(read_one("service", "7"), "{\"service\":\"7\"}");
    assert_text(read_one("service", ""), "{\"service\":\"\"}");
    assert_text(read_one("refresh", "true"), "{\"refresh\":true}");
    assert_text(read_one("refresh", "false"), "{\"refresh\":false}");
    assert_text(read_one("limit", "-7"), "{\"limit\":-7}");
    assert_text(read_one("share", "5"), "{\"share\":5}");
    assert_text(read_one("share", "0.5"), "{\"share\":0.5}");
    assert_text(read_one("since", "2h"), "{\"since\":\"2h\"}");
    assert_text(read_pairs(NULL, 0), "{}");
}

static void a_name_that_comes_twice_is_a_list_or_a_mistake(void **state)
{
    (void)state;
    const struct oc_query_pair names[] = {{"names", "a"}, {"ports", "1"}, {"names", "b"}};
    assert_text(read_pairs(names, 3), "{\"names\":[\"a\",\"b\"],\"ports\":[1]}");
    const struct oc_query_pair twice[] = {{"limit", "1"}, {"limit", "2"}};
    assert_null(read_pairs(twice, 2));
    assert_string_equal(err.message, "limit is given twice");
}

static void a_map_is_given_entry_by_entry(void **state)
{
    (void)state;
    const struct oc_query_pair labels[] = {{"labels[team]", "db"}, {"labels[a.b]", ""}};
    assert_text(read_pairs(labels, 2), "{\"labels\":{\"a.b\":\"\",\"team\":\"db\"}}");
    const struct oc_query_pair twice[] = {{"labels[x]", "1"}, {"labels[x]", "2"}};
    assert_null(read_pairs(twice, 2));
    assert_refused("labels", "x", "is a map");
    assert_refused("labels[]", "x", "is a map");
    assert_refused("service[x]", "x", "no parameter is named");
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    assert_refused("refresh", "", "expected true or false");
    assert_refused("refresh", "1", "expected true or false");
    assert_refused("limit", "", "a whole number");
    assert_refused("limit", "1.5", "a whole number");
    assert_refused("limit", " 1", "a whole number");
    assert_refused("limit", "1\n", "a whole number");
    assert_refused("limit", "0x10", "a whole number");
    assert_refused("limit", "99999999999999999999", "a whole number");
    assert_refused("limit", "\"1\"", "a whole number");
    assert_refused("share", "nan", "a number");
    assert_refused("share", "1 2", "a number");
    assert_refused("ports", "x", "a whole number");
    assert_refused("service", "\xff", "not UTF-8");
}

static void what_is_not_known_is_refused_with_the_nearest_name(void **state)
{
    (void)state;
    assert_refused("sevice", "x", "no parameter is named sevice");
    assert_string_equal(err.hint, "Did you mean service?");
    assert_refused("passwort", "x", "no parameter");
    assert_null(strstr(err.hint, "password"));
    const struct oc_query_pair pair = {"x", "y"};
    oc_error_init(&err);
    assert_null(oc_query_params(NULL, &pair, 1, &err));
    assert_string_equal(err.hint, "It takes no parameters.");
}

static void secrets_and_groups_do_not_belong_in_a_url(void **state)
{
    (void)state;
    assert_refused("password", "x", "a secret does not belong in a URL");
    assert_refused("group", "x", "cannot be written in a query");
    assert_string_equal(err.hint, "Send the parameters as JSON with POST.");
}

static void the_number_of_parameters_is_bounded(void **state)
{
    (void)state;
    static struct oc_query_pair many[OC_QUERY_PAIRS_MAX + 1];
    for (size_t i = 0; i < OC_COUNT(many); i++) {
        many[i] = (struct oc_query_pair){"names", "x"};
    }
    assert_null(read_pairs(many, OC_COUNT(many)));
    json_decref(read_pairs(many, OC_COUNT(many) - 1));
    assert_int_equal(err.code, OC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_the_types_of_the_table),
        cmocka_unit_test(a_name_that_comes_twice_is_a_list_or_a_mistake),
        cmocka_unit_test(a_map_is_given_entry_by_entry),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(what_is_not_known_is_refused_with_the_nearest_name),
        cmocka_unit_test(secrets_and_groups_do_not_belong_in_a_url),
        cmocka_unit_test(the_number_of_parameters_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
