/* Tests of core/store/selector.c. SPDX-License-Identifier: MIT */
#include "tests/unit/store/store_kit.h"
#include "tests/unit/unit.h"

#include "core/store/query.h"

static struct oc_series *add(struct kit *kit, const char *instance, const char *name,
                             const char *target)
{
    struct oc_label label = {kit_view("target"), kit_view(target)};
    return oc_store_series(kit->store, instance, kit_view(name), OC_KIND_GAUGE, &label,
                           target[0] ? 1 : 0);
}

static bool matches(const char *text, const struct oc_series *series)
{
    struct oc_selector sel;
    struct oc_error err;
    if (oc_selector_init(&sel, text, &err) != OC_OK) {
        fail_msg("%s: %s", text, err.message);
    }
    bool yes = oc_selector_matches(&sel, series);
    oc_selector_finish(&sel);
    return yes;
}

static void names_and_labels_must_match(void **state)
{
    struct kit *kit = *state;
    struct oc_series *s = add(kit, "web", "http.response_ms", "api-1");
    static const char *const yes[] = {
        "http.response_ms",
        "http.*",
        "*",
        " http.response_ms ",
        "http.response_ms{}",
        "{instance=\"web\"}",
        "http.response_ms{target=\"api-1\"}",
        "http.response_ms{ target =~ \"api-?\" , instance != \"db\" }",
        "http.response_ms{target=~\"*\",instance=\"web\",}",
        "http.response_ms{target!~\"db*\"}",
        "http.response_ms{absent=\"\"}",
        "http.response_ms{absent!=\"x\"}",
    };
    static const char *const no[] = {
        "http.response",
        "http.response_ms.more",
        "redis.*",
        "http.response_ms{target=\"api-2\"}",
        "http.response_ms{target=\"api-*\"}",
        "http.response_ms{target=~\"api\"}",
        "http.response_ms{target!=\"api-1\"}",
        "http.response_ms{target!~\"api*\"}",
        "http.response_ms{target=\"api-1\",instance=\"db\"}",
        "http.response_ms{absent=\"x\"}",
    };
    for (size_t i = 0; i < OC_COUNT(yes); i++) {
        assert_true(matches(yes[i], s));
    }
    for (size_t i = 0; i < OC_COUNT(no); i++) {
        assert_false(matches(no[i], s));
    }
}

static void quotes_hold_anything(void **state)
{
    struct kit *kit = *state;
    assert_true(matches("m{target=\"a\\\"b\\\\c,}\"}", add(kit, NULL, "m", "a\"b\\c,}")));
    assert_true(matches("m{target=\"two\\nlines\"}", add(kit, NULL, "m", "two\nlines")));
    assert_true(matches("m{target=\"\"}", add(kit, NULL, "m", "")));
}

static void what_a_series_prints_selects_it(void **state)
{
    struct kit *kit = *state;
    char text[512];
    struct oc_series *a = add(kit, "i \"1\"", "m", "x\\y"), *b = add(kit, "i", "m", "z");
    oc_series_format(a, text, sizeof text);
    assert_true(matches(text, a));
    assert_false(matches(text, b));
}

static void bad_selectors_say_where(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "m{",
        "m{a",
        "m{a=",
        "m{a=\"",
        "m{a=\"x",
        "m{a=\"x\\",
        "m{a=\"x\"",
        "m{a=x}",
        "m{=\"x\"}",
        "m{a\"x\"}",
        "m{a=\"x\" b=\"y\"}",
        "m} ",
        "m{}x",
        "m x",
        "m{a!\"x\"}",
        "m{a~\"x\"}",
        "m{,}",
        "m-1",
        "\x80",
        "m{a=\"x\"}{b=\"y\"}",
        "m{a=\"\\\"}",
    };
    struct oc_selector sel;
    struct oc_error err;
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        assert_int_equal(oc_selector_init(&sel, bad[i], &err), OC_E_CONFIG);
        assert_non_null(strstr(err.message, "character"));
        assert_true(*err.hint);
        assert_null(sel.text);
        oc_selector_finish(&sel);
    }
    assert_int_equal(oc_selector_init(&sel, "m{", NULL), OC_E_CONFIG);
}

static void sizes_are_bounded(void **state)
{
    (void)state;
    struct oc_selector sel;
    char text[OC_SELECTOR_MAX + 2];
    memset(text, 'm', sizeof text);
    text[OC_SELECTOR_MAX] = '\0';
    assert_int_equal(oc_selector_init(&sel, text, NULL), OC_OK);
    oc_selector_finish(&sel);
    text[OC_SELECTOR_MAX] = 'm';
    text[OC_SELECTOR_MAX + 1] = '\0';
    assert_int_equal(oc_selector_init(&sel, text, NULL), OC_E_CONFIG);

    size_t at = (size_t)snprintf(text, sizeof text, "m{");
    for (int i = 0; i <= OC_SELECTOR_TERMS; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "a%d=\"\",", i);
    }
    snprintf(text + at, sizeof text - at, "}");
    assert_int_equal(oc_selector_init(&sel, text, NULL), OC_E_CONFIG);
}

static void a_list_has_all_that_match_up_to_its_size(void **state)
{
    struct kit *kit = *state;
    struct oc_selector sel;
    struct oc_series_list list = {0};
    char target[16];
    for (int i = 0; i < 10; i++) {
        snprintf(target, sizeof target, "t%d", i);
        add(kit, "web", i % 2 ? "odd" : "even", target);
    }
    assert_int_equal(oc_selector_init(&sel, "odd", NULL), OC_OK);
    assert_false(oc_store_select(kit->store, &sel, 0, &list));
    assert_int_equal(list.list.count, 5);
    assert_string_equal(list.list.items[0]->target, "t1");
    assert_string_equal(list.list.items[4]->target, "t9");
    oc_series_list_finish(&list);
    assert_true(oc_store_select(kit->store, &sel, 4, &list));
    assert_int_equal(list.list.count, 4);
    oc_series_list_finish(&list);
    assert_false(oc_store_select(kit->store, &sel, 5, &list));
    oc_series_list_finish(&list);
    oc_selector_finish(&sel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        kit_test(names_and_labels_must_match),
        kit_test(quotes_hold_anything),
        kit_test(what_a_series_prints_selects_it),
        cmocka_unit_test(bad_selectors_say_where),
        cmocka_unit_test(sizes_are_bounded),
        kit_test(a_list_has_all_that_match_up_to_its_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
