/* Tests of core/api/endpoint/answer.c: what a plugin may answer with. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/api/endpoint/answer.h"

static struct oc_endpoint_answer a;
static struct oc_error err;

static json_t *read_answer(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    oc_error_init(&err);
    oc_endpoint_answer_read(json, &a, &err);
    return json;
}

static void status_type_and_body_are_passed_on(void **state)
{
    (void)state;
    json_t *json = read_answer(
        "{\"status\":201,\"headers\":{\"content-type\":\"text/html\"},\"body\":\"<p>\"}");
    assert_int_equal(err.code, OC_OK);
    assert_int_equal(a.status, 201);
    assert_string_equal(a.type, "text/html");
    assert_int_equal(a.body_len, 3);
    json_decref(json);
    json_decref(read_answer("{\"status\":204}"));
    assert_int_equal(a.body_len, 0);
}

static void headers_of_the_host_are_left_out(void **state)
{
    (void)state;
    json_t *json = read_answer(
        "{\"status\":200,\"headers\":{\"Set-Cookie\":\"x=y\",\"content-security-policy\":\"\","
        "\"Access-Control-Allow-Origin\":\"*\",\"Transfer-Encoding\":\"chunked\","
        "\"Content-Length\":\"9\",\"Location\":\"//evil\",\"ETag\":\"a\\r\\nX: y\","
        "\"cache-control\":\"no-store\",\"Vary\":7}}");
    assert_int_equal(a.header_count, 1);
    assert_string_equal(a.headers[0].name, "cache-control");
    json_decref(json);
    json = read_answer("{\"status\":302,\"headers\":{\"Location\":\"/x/a/b\"}}");
    assert_int_equal(a.header_count, 1);
    json_decref(json);
}

static void what_is_no_answer_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"{}",
                                      "{\"status\":101}",
                                      "{\"status\":600}",
                                      "{\"status\":\"200\"}",
                                      "{\"status\":200,\"body\":{}}",
                                      "{\"status\":-1}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json_decref(read_answer(bad[i]));
        assert_int_equal(err.code, OC_E_PERMANENT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_type_and_body_are_passed_on),
        cmocka_unit_test(headers_of_the_host_are_left_out),
        cmocka_unit_test(what_is_no_answer_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
