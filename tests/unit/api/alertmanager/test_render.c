/* Tests of core/api/alertmanager/render.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <jansson.h>

#include "core/api/alertmanager/alertmanager.h"
#include "core/base/json.h"

static json_t *parse(struct oc_buf *text)
{
    json_t *json = json_loadb(text->data, text->len, JSON_DECODE_ANY, NULL);
    assert_non_null(json);
    oc_buf_finish(text);
    return json;
}

static void strings_survive_whatever_is_in_them(void **state)
{
    static const char *const texts[] = {"", "plain", "\"quoted\" \\ \b\f\n\r\t\x01\x1f\x7f",
                                        "\xc3\xa4\xe2\x82\xac\xf0\x9f\x92\xa9 </script>"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct oc_buf out = {0};
        oc_am_add_string(&out, texts[i]);
        json_t *json = parse(&out);
        assert_string_equal(json_string_value(json), texts[i]);
        json_decref(json);
    }
}

static void an_alert_has_every_member_of_the_api(void **state)
{
    const struct oc_alert_pair labels[] = {{"alertname", "A"}, {"path", "C:\\x\"y\""}};
    const char *silences[] = {"11111111-2222-3333-4444-555555555555"}, *receivers[] = {"ops"};
    const struct oc_alert_view view = {.id = "0123456789abcdef",
                                       .labels = labels,
                                       .label_count = 2,
                                       .generator = "",
                                       .starts_at = 1000,
                                       .ends_at = 2000,
                                       .updated_at = 1500,
                                       .state = OC_ALERT_VIEW_SUPPRESSED,
                                       .silenced_by = silences,
                                       .silenced_by_count = 1,
                                       .receivers = receivers,
                                       .receiver_count = 1};
    struct oc_buf out = {0};
    (void)state;
    oc_am_add_alert(&out, &view);
    json_t *json = parse(&out),
           *wanted = json_loads(
               "{\"annotations\":{},\"endsAt\":\"1970-01-01T00:00:02.000Z\",\"fingerprint\":"
               "\"0123456789abcdef\",\"receivers\":[{\"name\":\"ops\"}],\"startsAt\":"
               "\"1970-01-01T00:00:01.000Z\",\"status\":{\"inhibitedBy\":[],\"silencedBy\":"
               "[\"11111111-2222-3333-4444-555555555555\"],\"state\":\"suppressed\"},\"updatedAt\":"
               "\"1970-01-01T00:00:01.500Z\",\"labels\":{\"alertname\":\"A\",\"path\":\"C:"
               "\\\\x\\\"y\\\"\"}}",
               0, NULL);
    assert_true(json_equal(json, wanted));
    json_decref(json);
    json_decref(wanted);
}

static void a_silence_names_its_matchers_by_kind(void **state)
{
    struct oc_matcher m[2];
    struct oc_buf out = {0};
    (void)state;
    assert_int_equal(oc_matcher_make("a", OC_MATCH_NOT_REGEX, "x|y", &m[0], NULL), OC_OK);
    assert_int_equal(oc_matcher_make("b", OC_MATCH_EQUAL, "z", &m[1], NULL), OC_OK);
    const struct oc_silence_view view = {.id = "id",
                                         .state = OC_SILENCE_PENDING,
                                         .matchers = m,
                                         .matcher_count = 2,
                                         .starts_at = 1000,
                                         .ends_at = 2000,
                                         .updated_at = 1000,
                                         .created_by = "me",
                                         .comment = NULL};
    oc_am_add_silence(&out, &view);
    json_t *json = parse(&out),
           *wanted =
               json_loads("{\"id\":\"id\",\"status\":{\"state\":\"pending\"},\"updatedAt\":\"1970-"
                          "01-01T00:00:01.000Z\","
                          "\"comment\":\"\",\"createdBy\":\"me\",\"endsAt\":\"1970-01-01T00:00:02."
                          "000Z\",\"matchers\":["
                          "{\"isEqual\":false,\"isRegex\":true,\"name\":\"a\",\"value\":\"x|y\"},"
                          "{\"isEqual\":true,\"isRegex\":false,\"name\":\"b\",\"value\":\"z\"}],"
                          "\"startsAt\":\"1970-01-01T00:00:01.000Z\"}",
                          0, NULL);
    assert_true(json_equal(json, wanted));
    json_decref(json);
    json_decref(wanted);
    oc_matcher_finish(&m[0]);
    oc_matcher_finish(&m[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_survive_whatever_is_in_them),
        cmocka_unit_test(an_alert_has_every_member_of_the_api),
        cmocka_unit_test(a_silence_names_its_matchers_by_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
