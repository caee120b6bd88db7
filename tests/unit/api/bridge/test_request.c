/* Tests of core/api/bridge/request.c: what a frame of a client asks of message.send. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/api/bridge/bridge.h"
#include "core/base/json.h"

static json_t *asked(const char *text, struct oc_error *err)
{
    json_t *frame = json_loads(text, 0, NULL);
    oc_error_init(err);
    assert_non_null(frame);
    json_t *params = oc_bridge_send_params(frame, err);
    json_decref(frame);
    return params;
}

static void expect(const char *text, const char *name, const char *value)
{
    struct oc_error err;
    json_t *params = asked(text, &err);
    assert_non_null(params);
    assert_string_equal(oc_json_str(params, name, "-"), value);
    json_decref(params);
}

static void expect_refused(const char *text, const char *about)
{
    struct oc_error err;
    assert_null(asked(text, &err));
    assert_int_equal(err.code, OC_E_CONFIG);
    assert_non_null(strstr(err.message, about));
}

static void names_travel_as_they_were_given(void **state)
{
    (void)state;
    expect("{\"content\":\"x\",\"id\":\"a\"}", "id", "a");
    expect("{\"content\":\"x\",\"id\":5}", "id", "5");
    expect("{\"content\":\"x\",\"id\":null,\"correlationId\":-7}", "id", "-7");
    expect("{\"content\":\"x\",\"id\":\"\"}", "id", "-");
    expect("{\"content\":\"x\",\"agent\":\"alpha\"}", "to", "alpha");
    expect("{\"content\":\"x\",\"threadId\":3}", "thread", "3");
}

static void a_name_of_another_kind_is_refused(void **state)
{
    (void)state;
    expect_refused("{\"content\":\"x\",\"id\":{}}", "expected `id`, a string or a whole number");
    expect_refused("{\"content\":\"x\",\"correlationId\":{}}", "`correlationId`");
    expect_refused("{\"content\":\"x\",\"to\":null,\"agent\":[]}", "`agent`");
    expect_refused("{\"content\":\"x\",\"to\":[\"alpha\"]}", "`to`");
    expect_refused("{\"content\":\"x\",\"channel\":true}", "`channel`");
}

static void what_has_no_content_is_refused(void **state)
{
    (void)state;
    expect("{\"content\":0}", "content", "0");
    expect("{\"content\":{\"a\":null}}", "content", "{\"a\":null}");
    expect_refused("{\"to\":\"alpha\"}", "content");
    expect_refused("{\"to\":\"alpha\",\"content\":null}", "content");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_travel_as_they_were_given),
        cmocka_unit_test(a_name_of_another_kind_is_refused),
        cmocka_unit_test(what_has_no_content_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
