/* Labels, the index, matchers and records, without a service. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/base/mem.h"
#include "core/service/alert/table/codec.h"
#include "core/service/alert/table/fingerprint.h"
#include "core/service/alert/table/select.h"

static uint32_t seed;

static uint32_t dice(uint32_t sides)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % sides;
}

/* An alert with labels l0..l5, each of one of `values` values. */
static struct oc_alert *add_random(struct oc_alerts *t, uint64_t key, uint32_t values)
{
    struct oc_label_ref refs[6];
    struct oc_buf texts = {0};
    struct oc_alert *a = oc_alerts_add(t, key);
    char name[8], value[16];
    for (uint32_t i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "l%u", i);
        snprintf(value, sizeof value, "v%u", dice(i == 5 ? 100000 : values));
        refs[i] = (struct oc_label_ref){
            oc_labels_intern(&t->labels, name, strlen(name), value, strlen(value)), 0};
    }
    oc_alert_text_add(&texts, OC_TEXT_ANNOTATION, "summary", 7, "text", 4);
    oc_alerts_set_posted(t, a, key % 7 != 0);
    assert_true(oc_alert_set_body(t, a, refs, 6, texts.data, texts.len));
    oc_buf_finish(&texts);
    return a;
}

static size_t brute_force(const struct oc_alerts *t, const struct oc_matcher *m, size_t count)
{
    size_t found = 0;
    uint32_t it = 0;
    for (struct oc_alert *a; (a = oc_alerts_next(t, &it));) {
        found += oc_alerts_match(t, m, count, a) ? 1 : 0;
    }
    return found;
}

static void compare(const struct oc_alerts *t, const char *const *texts, size_t count)
{
    struct oc_matcher m[4];
    struct oc_selection found;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(oc_matcher_parse_v2(texts[i], &m[i], NULL), OC_OK);
    }
    oc_alerts_select(t, m, count, &found);
    assert_int_equal(found.alerts.count, brute_force(t, m, count));
    oc_selection_sort(&found);
    for (size_t i = 1; i < found.alerts.count; i++) { /* each once */
        assert_true(found.alerts.items[i - 1]->key < found.alerts.items[i]->key);
    }
    OC_VEC_FINISH(&found.alerts);
    for (size_t i = 0; i < count; i++) {
        oc_matcher_finish(&m[i]);
    }
}

static void the_index_finds_what_a_walk_finds_after_any_history(void **state)
{
    static const char *const queries[][4] = {
        {"l0=v1"},
        {"l0=v1", "l1=v2"},
        {"l5=v77"},
        {"l0=~\"v[12]\""},
        {"l0!=v1"},
        {"l0!~\"v.*\"", "l1=v0"},
        {"absent="},
        {"absent=~\".*\"", "l2=v1"},
        {"l1=~\"v0|v3\"", "l0=v2", "l2!=v1"},
        {"absent=x"},
        {"l0=~\"\""},
        {"l0=\"\""},
        {"l0!=\"\""},
        {"absent!=\"\""},
        {"l5!=v77"},
        {"l5!~v77"},
        {"l5=~v77"},
        {"l5=~\"^v77$\""},
        {"l5=~\".*7[0-9]\""},
        {"l5!~\"v[0-8].*\""},
        {"l5!~\"(v[0-8].*)?\""},
        {"l0!=v1", "l5=~\"v.*1\""},
        {"l0!=v1", "l1!=v2", "l2!~\"v[013]\""},
    };
    struct oc_alerts t;
    (void)state;
    oc_alerts_init(&t);
    seed = 7;
    for (uint64_t round = 0; round < 6; round++) {
        for (uint64_t i = 0; i < 400; i++) {
            add_random(&t, round * 1000 + i, 4);
        }
        uint32_t it = 0;
        for (struct oc_alert *a; (a = oc_alerts_next(&t, &it));) {
            if (dice(3) == 0) {
                oc_alerts_remove(&t, a);
            }
        }
        for (size_t q = 0; q < OC_COUNT(queries); q++) {
            size_t count = 0;
            while (count < 4 && queries[q][count]) {
                count++;
            }
            compare(&t, queries[q], count);
        }
    }
    uint32_t it = 0;
    for (struct oc_alert *a; (a = oc_alerts_next(&t, &it));) {
        oc_alerts_remove(&t, a);
    }
    assert_int_equal(t.labels.used, 0); /* nothing is left of labels that nobody has */
    assert_int_equal(t.labels.name_numbers.count, 0);
    oc_alerts_finish(&t);
}

static void the_heap_gives_what_is_due_in_order(void **state)
{
    struct oc_alerts t;
    (void)state;
    oc_alerts_init(&t);
    seed = 3;
    for (uint64_t i = 0; i < 500; i++) {
        struct oc_alert *a = oc_alerts_add(&t, i + 1);
        oc_alerts_set_due(&t, a, dice(1000));
        oc_alerts_set_due(&t, a, dice(1000)); /* moved */
        if (dice(5) == 0) {
            oc_alerts_set_due(&t, a, INT64_MAX);
        }
        if (dice(7) == 0) {
            oc_alerts_remove(&t, a);
        }
    }
    int64_t last = 0;
    for (struct oc_alert *a; (a = oc_alerts_due(&t));) {
        assert_true(a->due_at >= last);
        last = a->due_at;
        oc_alerts_set_due(&t, a, INT64_MAX);
    }
    oc_alerts_finish(&t);
}

static void a_record_is_read_as_it_was_written(void **state)
{
    struct oc_alerts t, u;
    struct oc_buf out = {0};
    (void)state;
    oc_alerts_init(&t);
    oc_alerts_init(&u);
    struct oc_alert *a = add_random(&t, UINT64_C(0xfedcba9876543210), 4);
    a->firing = a->announced = a->timeout = true;
    a->severity = OC_ALERT_CRITICAL;
    a->starts_at = 5;
    a->expires_at = INT64_C(1800000000000);
    a->told = 1u << oc_alerts_channel_bit(&t, "ops", UINT64_MAX);
    a->silence = oc_alerts_silence_number(&t, "some-silence");
    oc_alert_record_acknowledge(a, "me", "why", 9);
    oc_alert_record_assign(a, "you", "me", 10);
    oc_codec_alert(&out, &t, a);

    oc_alerts_channel_bit(&u, "another", UINT64_MAX); /* numbers differ in another process */
    struct oc_alert *b = oc_codec_read(&u, OC_KEEP_ALERT, out.data, out.len);
    assert_non_null(b);
    json_t *before = oc_alert_record_json(&t, a), *after = oc_alert_record_json(&u, b);
    assert_true(json_equal(before, after));
    assert_true(b->announced && b->timeout && b->posted);
    assert_int_equal(b->expires_at, a->expires_at);
    json_decref(before);
    json_decref(after);

    for (size_t len = 0; len < out.len; len++) { /* cut anywhere: no alert, no harm */
        struct oc_alerts v;
        oc_alerts_init(&v);
        assert_null(oc_codec_read(&v, OC_KEEP_ALERT, out.data, len));
        assert_int_equal(v.count, 0);
        assert_int_equal(v.labels.used, 0);
        oc_alerts_finish(&v);
    }
    oc_buf_finish(&out);
    oc_alerts_finish(&t);
    oc_alerts_finish(&u);
}

static void ids_are_hex_or_names(void **state)
{
    struct oc_alerts t;
    char buf[OC_ALERT_ID_MAX + 1];
    uint64_t key;
    (void)state;
    oc_alerts_init(&t);
    assert_string_equal(oc_alert_id(oc_alerts_add_id(&t, "00000000000000aa"), buf),
                        "00000000000000aa");
    assert_string_equal(oc_alert_id(oc_alerts_add_id(&t, "by-name"), buf), "by-name");
    assert_non_null(oc_alerts_find_id(&t, "by-name"));
    assert_null(oc_alerts_find_id(&t, "by-nam"));
    assert_false(oc_fingerprint_parse("00000000000000AA", &key));
    assert_false(oc_fingerprint_parse("0", &key));
    assert_false(oc_fingerprint_parse("00000000000000aa0", &key));
    oc_alerts_finish(&t);
}

static void alertmanagers_matchers_are_read(void **state)
{
    static const struct {
        const char *text, *name, *value;
        enum oc_matcher_op op;
    } rows[] = {
        {"foo=bar", "foo", "bar", OC_MATCH_EQUAL},
        {"foo=\"bar\"", "foo", "bar", OC_MATCH_EQUAL},
        {" foo != \"b\\\"a\\\\r\" ", "foo", "b\"a\\r", OC_MATCH_UNEQUAL},
        {"{foo=~\"a|b\"}", "foo", "a|b", OC_MATCH_REGEX},
        {"foo!~a.+", "foo", "a.+", OC_MATCH_NOT_REGEX},
        {"foo=~\"a\\.b\"", "foo", "a\\.b", OC_MATCH_REGEX},
        {"\"with space\"=\"x\"", "with space", "x", OC_MATCH_EQUAL},
        {"foo=", "foo", "", OC_MATCH_EQUAL},
        {"{foo=\"bar\",}", "foo", "bar", OC_MATCH_EQUAL},
    };
    static const char *const bad[] = {"",          "foo",          "=x",         "{",
                                      "foo=\"bar", "foo=\"bar\"x", "foo=~\"(\"", "!"};
    struct oc_matcher m;
    struct oc_error err;
    (void)state;
    for (size_t i = 0; i < OC_COUNT(rows); i++) {
        assert_int_equal(oc_matcher_parse_v2(rows[i].text, &m, NULL), OC_OK);
        assert_string_equal(m.name, rows[i].name);
        assert_string_equal(m.value, rows[i].value);
        assert_int_equal(m.op, rows[i].op);
        oc_matcher_finish(&m);
    }
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        oc_error_init(&err);
        assert_int_equal(oc_matcher_parse_v2(bad[i], &m, &err), OC_E_CONFIG);
        assert_true(strlen(err.message) > 0);
    }
}

static void a_glob_is_shown_as_the_expression_that_means_the_same(void **state)
{
    struct oc_matcher m, n;
    (void)state;
    assert_int_equal(oc_matcher_parse("disk_*.x?", &m, NULL), OC_OK);
    char *value = oc_matcher_v2_value(&m);
    assert_string_equal(value, "disk_.*\\.x.");
    assert_true(oc_matcher_is_regex(&m) && oc_matcher_is_equal(&m));
    assert_int_equal(oc_matcher_make("rule", OC_MATCH_REGEX, value, &n, NULL), OC_OK);
    assert_true(oc_matcher_holds_value(&n, "disk_full.xy"));
    assert_false(oc_matcher_holds_value(&n, "disk_fullxxy"));
    free(value);
    oc_matcher_finish(&n);
    oc_matcher_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_index_finds_what_a_walk_finds_after_any_history),
        cmocka_unit_test(the_heap_gives_what_is_due_in_order),
        cmocka_unit_test(a_record_is_read_as_it_was_written),
        cmocka_unit_test(ids_are_hex_or_names),
        cmocka_unit_test(alertmanagers_matchers_are_read),
        cmocka_unit_test(a_glob_is_shown_as_the_expression_that_means_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
