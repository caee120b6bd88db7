/* The record of an alert as text is the record as a tree. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/alert/table/table.h"

static void expect_same(const struct oc_alerts *t, const struct oc_alert *a)
{
    struct oc_buf text = {0}, tree = {0};
    json_t *json = oc_alert_record_json(t, a);
    oc_json_put_wire(&tree, json);
    oc_alert_record_put(&text, t, a);
    assert_string_equal(text.data, tree.data);
    json_decref(json);
    oc_buf_finish(&text);
    oc_buf_finish(&tree);
}

static uint32_t pair(struct oc_alerts *t, const char *name, const char *value)
{
    return oc_labels_intern(&t->labels, name, strlen(name), value, strlen(value));
}

static void set_body(struct oc_alerts *t, struct oc_alert *a)
{
    struct oc_buf texts = {0};
    struct oc_label_ref refs[] = {{pair(t, "alertname", "disk \"full\""), 0},
                                  {pair(t, "instance", "web\n1"), 0},
                                  {pair(t, "mount", "/hömé"), 0}};
    oc_alert_text_add(&texts, OC_TEXT_ANNOTATION, "summary", 7, "it is\tfull", 10);
    oc_alert_text_add(&texts, OC_TEXT_ANNOTATION, "runbook", 7, "", 0);
    oc_alert_text_add(&texts, OC_TEXT_CHANNEL, "", 0, "mail", 4);
    oc_alert_text_add(&texts, OC_TEXT_CHANNEL, "", 0, "pager", 5);
    oc_alert_text_add(&texts, OC_TEXT_VALUE, "", 0, "99.299999999999997", 18);
    oc_alert_text_add(&texts, OC_TEXT_GENERATOR, "", 0, "http://x/?a=\\b", 14);
    oc_alert_set_body(t, a, refs, OC_COUNT(refs), texts.data, texts.len);
    oc_buf_finish(&texts);
}

static void an_alert_with_nothing_to_say(void **state)
{
    struct oc_alerts t;
    (void)state;
    oc_alerts_init(&t);
    struct oc_alert *a = oc_alerts_add_id(&t, "rule:x");
    expect_same(&t, a);
    oc_alerts_set_posted(&t, a, true);
    expect_same(&t, a);
    oc_alerts_finish(&t);
}

static void a_posted_alert_with_all_that_there_is(void **state)
{
    struct oc_alerts t;
    (void)state;
    oc_alerts_init(&t);
    struct oc_alert *a = oc_alerts_add(&t, 0x1234);
    oc_alerts_set_posted(&t, a, true);
    set_body(&t, a);
    a->firing = true;
    a->starts_at = INT64_C(1800000000123);
    a->updated_at = a->notified_at = INT64_C(1800000001000);
    a->severity = OC_ALERT_CRITICAL;
    a->notifications = 12;
    a->told = UINT64_C(1) << oc_alerts_channel_bit(&t, "mail", 0);
    a->told |= UINT64_C(1) << oc_alerts_channel_bit(&t, "a \"pager\"", UINT64_MAX);
    expect_same(&t, a);
    oc_alert_record_acknowledge(a, "eve", "on \"it\"", INT64_C(1800000002000));
    a->silence = oc_alerts_silence_number(&t, "0a1b2c3d4e5f");
    expect_same(&t, a);
    a->firing = false;
    a->ends_at = INT64_C(1800000003000);
    expect_same(&t, a);
    oc_alerts_finish(&t);
}

static void an_alert_of_a_rule(void **state)
{
    struct oc_alerts t;
    (void)state;
    oc_alerts_init(&t);
    struct oc_alert *a = oc_alerts_add_id(&t, "aa");
    json_t *event = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:{s:s}, s:[s], s:s}", "rule",
                              "redis", "category", "service", "instance", "cache", "target",
                              "cache", "message", "down \\ out", "severity", "critical", "value",
                              1.25, "labels", "mount", "/", "channels", "mail", "reason", "r");
    oc_alert_record_update(&t, a, event, true, INT64_C(1800000000000));
    expect_same(&t, a);
    json_decref(event);
    oc_alerts_finish(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_with_nothing_to_say),
        cmocka_unit_test(a_posted_alert_with_all_that_there_is),
        cmocka_unit_test(an_alert_of_a_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
