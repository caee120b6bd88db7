/* The words of a storm digest. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/alert/deliver/digest.h"

static json_t *item(const char *severity, const char *event, const char *category,
                    const char *agent, const char *title)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "severity", severity, "event", event, "category",
                     category, "agent", agent, "title", title);
}

static json_t *three_kinds(void)
{
    json_t *list = json_array();
    json_array_append_new(list, item("warning", "firing", "service", "", "slow"));
    json_array_append_new(list, item("critical", "resolved", "service", "", "was down"));
    json_array_append_new(list, item("critical", "firing", "agent", "explorer", "silent"));
    json_array_append_new(list, item("warning", "firing", "service", "", "slower"));
    json_array_append_new(list, item("warning", "firing", "agent", "explorer", "large"));
    return list;
}

static void names_in_braces_are_filled_in(void **state)
{
    json_t *values = json_pack("{s:i, s:s, s:s, s:s}", "count", 12, "severity", "critical",
                               "alerts", "alerts", "category", "service");
    (void)state;
    char *text = oc_digest_fill(OC_DIGEST_BY_CATEGORY, values);
    assert_string_equal(text, "12 critical alerts in service");
    free(text);
    text = oc_digest_fill("{{nothing}}{{count}} {{open", values);
    assert_string_equal(text, "12 {{open");
    free(text);
    json_decref(values);
}

static void the_gravest_come_first_and_what_is_over_last(void **state)
{
    json_t *list = three_kinds(), *sorted = oc_digest_sort(list);
    static const char *const titles[] = {"silent", "slow", "slower", "large", "was down"};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(titles); i++) {
        assert_string_equal(oc_json_str(json_array_get(sorted, i), "title", ""), titles[i]);
    }
    json_decref(sorted);
    json_decref(list);
}

static void a_digest_counts_by_category_and_by_agent(void **state)
{
    json_t *list = three_kinds(), *sorted = oc_digest_sort(list);
    (void)state;
    char *title = oc_digest_title(sorted), *message = oc_digest_message(sorted);
    assert_string_equal(title, "5 alerts, 1 of them resolved");
    assert_string_equal(message, "1 critical alert in agent\n2 warning alerts in service\n"
                                 "1 warning alert in agent\n2 alerts for agent explorer\n"
                                 "1 resolved\n- critical: silent\n- warning: slow\n"
                                 "- warning: slower\n- warning: large\n- resolved: was down");
    free(title);
    free(message);
    json_decref(sorted);
    json_decref(list);
}

static void a_long_list_is_cut_and_says_so(void **state)
{
    json_t *list = json_array();
    (void)state;
    for (int i = 0; i < 500; i++) {
        json_array_append_new(list, item("critical", "firing", "service", "", "down"));
    }
    char *title = oc_digest_title(list), *message = oc_digest_message(list);
    assert_string_equal(title, "500 critical alerts in service");
    assert_true(strlen(message) < 4096);
    assert_non_null(strstr(message, "- and 480 more: openclaw alert list"));
    free(title);
    free(message);
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_in_braces_are_filled_in),
        cmocka_unit_test(the_gravest_come_first_and_what_is_over_last),
        cmocka_unit_test(a_digest_counts_by_category_and_by_agent),
        cmocka_unit_test(a_long_list_is_cut_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
