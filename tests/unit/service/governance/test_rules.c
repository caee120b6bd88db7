/* The rules of governance: what is shipped, what is refused, what is frozen. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/governance/rules.h"

static void test_the_shipped_rules_are_those_of_the_original(void **state)
{
    struct oc_gov_rules r;
    struct oc_tally_rules f;
    (void)state;
    oc_gov_rules_default(&r);
    assert_int_equal(oc_gov_rules_check(&r, NULL), OC_OK);
    assert_int_equal(r.triad_count, 3);
    assert_string_equal(r.triad[2], "charlie");
    oc_gov_rules_freeze(&r, OC_GOV_OPERATIONAL, 1000, &f);
    assert_int_equal(f.threshold, OC_THRESHOLD_SIMPLE);
    assert_int_equal(f.deadline, 1000 + 300 * OC_SECOND);
    assert_false(f.examiner_review || f.sentinel_approval);
    oc_gov_rules_freeze(&r, OC_GOV_TACTICAL, 0, &f);
    assert_int_equal(f.threshold, OC_THRESHOLD_SUPER);
    assert_int_equal(f.deadline, 600 * OC_SECOND);
    assert_true(f.examiner_review && !f.sentinel_approval);
    oc_gov_rules_freeze(&r, OC_GOV_STRATEGIC, 0, &f);
    assert_int_equal(f.threshold, OC_THRESHOLD_UNANIMOUS);
    assert_true(f.examiner_review && f.sentinel_approval);
    oc_gov_rules_freeze(&r, OC_GOV_EMERGENCY, 0, &f);
    assert_int_equal(f.deadline, 60 * OC_SECOND);
    assert_int_equal(f.declaration_ms, 0);
    assert_int_equal(r.emergency_ms, 3600 * OC_SECOND);
    assert_int_equal(r.retention_ms, 365 * OC_DAY);
    assert_int_equal(r.stages.modification_rounds, 3);
}

static void test_rules_that_cannot_work_are_refused(void **state)
{
    struct oc_gov_rules r;
    struct oc_error err;
    (void)state;
    oc_gov_rules_default(&r);
    oc_copy(r.triad[1], OC_GOV_NAME, "alpha");
    assert_int_equal(oc_gov_rules_check(&r, &err), OC_E_CONFIG);
    assert_string_equal(err.message, "alpha votes twice");
    oc_gov_rules_default(&r);
    r.categories[OC_GOV_EMERGENCY].min_votes = 4;
    assert_int_equal(oc_gov_rules_check(&r, &err), OC_E_CONFIG);
    assert_string_equal(err.message, "emergency: 4 votes are asked for and 3 can be cast");
    oc_gov_rules_default(&r);
    r.triad_count = 0;
    assert_int_equal(oc_gov_rules_check(&r, &err), OC_E_CONFIG);
    oc_gov_rules_default(&r);
    r.override_ms = 0;
    assert_int_equal(oc_gov_rules_check(&r, &err), OC_E_CONFIG);
    oc_gov_rules_default(&r);
    oc_copy(r.sentinel, OC_GOV_NAME, "no name");
    assert_int_equal(oc_gov_rules_check(&r, &err), OC_E_CONFIG);
}

static void test_frozen_rules_come_back_as_they_were(void **state)
{
    struct oc_gov_rules r;
    struct oc_tally_rules f, back;
    struct oc_error err;
    (void)state;
    oc_gov_rules_default(&r);
    r.strict_supermajority = true;
    oc_gov_rules_freeze(&r, OC_GOV_STRATEGIC, 1763818200000, &f);
    json_t *json = oc_tally_rules_json(&f);
    assert_int_equal(oc_tally_rules_read(json, &back, &err), OC_OK);
    json_t *again = oc_tally_rules_json(&back);
    assert_true(json_equal(json, again));
    json_decref(again);
    static const char *const names[] = {"threshold",       "strict_supermajority", "minimum_votes",
                                        "examiner_review", "sentinel_approval",    "deadline",
                                        "declaration_ms",  "override_ms"};
    assert_int_equal(json_object_size(json), sizeof names / sizeof *names);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        json_t *broken = json_copy(json);
        json_object_del(broken, names[i]);
        assert_int_equal(oc_tally_rules_read(broken, &back, &err), OC_E_VERIFY);
        assert_non_null(strstr(err.message, names[i]));
        json_decref(broken);
    }
    json_decref(json);
}

static void test_a_deadline_at_the_end_of_time_does_not_overflow(void **state)
{
    struct oc_gov_rules r;
    struct oc_tally_rules f;
    (void)state;
    oc_gov_rules_default(&r);
    oc_gov_rules_freeze(&r, OC_GOV_OPERATIONAL, INT64_MAX - 5, &f);
    assert_int_equal(f.deadline, INT64_MAX - 1);
}

static void test_rules_are_shown_with_the_votes_that_they_need(void **state)
{
    struct oc_gov_rules r;
    (void)state;
    oc_gov_rules_default(&r);
    json_t *o = oc_gov_rules_json(&r);
    assert_int_equal(json_integer_value(oc_json_path(o, "categories[1].needed")), 2);
    assert_string_equal(json_string_value(oc_json_path(o, "categories[1].threshold")),
                        "supermajority");
    json_decref(o);
    r.strict_supermajority = true;
    o = oc_gov_rules_json(&r);
    assert_int_equal(json_integer_value(oc_json_path(o, "categories[1].needed")), 3);
    json_decref(o);
}

static void test_inviolable_parameters_are_found_from_above_and_below(void **state)
{
    (void)state;
    assert_string_equal(oc_gov_inviolable_find("triad.consensus.threshold")->value, "2/3");
    assert_non_null(oc_gov_inviolable_find("triad.consensus"));
    assert_non_null(oc_gov_inviolable_find("triad"));
    assert_non_null(oc_gov_inviolable_find("deliberation.phases.required.signal"));
    assert_null(oc_gov_inviolable_find("triad.consensus.thresholds"));
    assert_null(oc_gov_inviolable_find("triad.members"));
    assert_null(oc_gov_inviolable_find("tri"));
    assert_null(oc_gov_inviolable_find(""));
    assert_null(oc_gov_inviolable_find(NULL));
    size_t count = 0;
    while (oc_gov_inviolables[count].name) {
        count++;
    }
    assert_int_equal(count, 9);
}

static void test_categories_have_names(void **state)
{
    enum oc_gov_category c = OC_GOV_OPERATIONAL;
    (void)state;
    assert_true(oc_gov_category_parse("emergency", &c) && c == OC_GOV_EMERGENCY);
    assert_false(oc_gov_category_parse("routine", &c) || oc_gov_category_parse(NULL, &c));
    assert_string_equal(oc_gov_category_name(OC_GOV_STRATEGIC), "strategic");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_shipped_rules_are_those_of_the_original),
        cmocka_unit_test(test_rules_that_cannot_work_are_refused),
        cmocka_unit_test(test_frozen_rules_come_back_as_they_were),
        cmocka_unit_test(test_a_deadline_at_the_end_of_time_does_not_overflow),
        cmocka_unit_test(test_rules_are_shown_with_the_votes_that_they_need),
        cmocka_unit_test(test_inviolable_parameters_are_found_from_above_and_below),
        cmocka_unit_test(test_categories_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
