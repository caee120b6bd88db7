/* The webhook channel against a real HTTP receiver that misbehaves. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "channel/test_receiver.h"
#include "net/testing/names.h"

#include <jansson.h>
#include <sodium.h>
#include <time.h>

#include <openclaw/testkit.h>

#define SEND "alert.send/1"

static const char params[] =
    "{\"id\":\"0193a1f2-0000-7000-8000-000000000001\",\"event\":\"firing\",\"attempt\":2,"
    "\"host\":{\"name\":\"edge-1\"},\"alert\":{\"id\":\"5f1c02a9\",\"severity\":\"critical\","
    "\"rule\":\"redis\",\"title\":\"redis on cache\",\"message\":\"line one\\n\\\"two\\\" ä\","
    "\"labels\":{\"mount\":\"/\"},\"value\":0.5}}";

struct room {
    struct receiver receiver;
    struct oc_test *t;
    char url[64];
};

static int setup(void **state)
{
    struct room *r = calloc(1, sizeof *r);
    receiver_start(&r->receiver);
    snprintf(r->url, sizeof r->url, "http://127.0.0.1:%u/hook", r->receiver.port);
    r->t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(r->t);
    oc_test_option(r->t, "url", r->url);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct room *r = *state;
    int left = oc_test_close(r->t);
    receiver_stop(&r->receiver);
    free(r);
    assert_int_equal(left, 0);
    return 0;
}

static int send_alert(struct room *r, int64_t timeout_ms)
{
    if (!oc_test_instance(r->t)) {
        assert_int_equal(oc_test_start(r->t), OC_OK);
    }
    int code = oc_test_call(r->t, SEND, params, timeout_ms);
    receiver_settle(&r->receiver);
    return code;
}

/* The value of a header of the last request, owned by the caller; NULL when absent. */
static char *header(struct room *r, const char *name)
{
    char key[80], *value = NULL;
    snprintf(key, sizeof key, "\r\n%s:", name);
    pthread_mutex_lock(&r->receiver.lock);
    char *at = strcasestr(r->receiver.last, key);
    char *end = strstr(r->receiver.last, "\r\n\r\n");
    if (at && end && at < end) {
        at += strlen(key);
        at += strspn(at, " ");
        value = strndup(at, strcspn(at, "\r"));
    }
    pthread_mutex_unlock(&r->receiver.lock);
    return value;
}

static const char *body(const struct room *r)
{
    const char *end = strstr(r->receiver.last, "\r\n\r\n");
    assert_non_null(end);
    return end + 4;
}

static void expect_header(struct room *r, const char *name, const char *expected)
{
    char *value = header(r, name);
    if (expected) {
        assert_non_null(value);
        assert_string_equal(value, expected);
    } else {
        assert_null(value);
    }
    free(value);
}

static void an_alert_is_posted_as_json_with_its_delivery(void **state)
{
    struct room *r = *state;
    assert_int_equal(send_alert(r, 5000), OC_OK);
    assert_memory_equal(r->receiver.last, "POST /hook HTTP/1.1\r\n", 21);
    expect_header(r, "Content-Type", "application/json");
    expect_header(r, "X-OpenClaw-Delivery", "0193a1f2-0000-7000-8000-000000000001");
    expect_header(r, "X-OpenClaw-Event", "firing");
    expect_header(r, "X-OpenClaw-Signature", NULL);
    expect_header(r, "Expect", NULL);
    json_t *json = json_loads(body(r), 0, NULL);
    const json_t *alert = json_object_get(json, "alert");
    assert_string_equal(json_string_value(json_object_get(alert, "message")),
                        "line one\n\"two\" ä");
    assert_string_equal(json_string_value(json_object_get(json, "host")), "edge-1");
    assert_int_equal(json_integer_value(json_object_get(json, "attempt")), 2);
    assert_int_equal(strlen(json_string_value(json_object_get(json, "timestamp"))), 24);
    json_decref(json);
    assert_string_equal(oc_test_json(r->t, 0), "{\"answer\":\"HTTP 204\"}");
}

static void the_signature_covers_timestamp_and_body(void **state)
{
    struct room *r = *state;
    crypto_auth_hmacsha256_state mac_state;
    unsigned char mac[32];
    char hex[65], expected[80];
    oc_test_option(r->t, "secret", "s3cret");
    assert_int_equal(send_alert(r, 5000), OC_OK);
    char *timestamp = header(r, "X-OpenClaw-Timestamp");
    assert_true(llabs(atoll(timestamp) - (long long)time(NULL)) <= 5);
    crypto_auth_hmacsha256_init(&mac_state, (const unsigned char *)"s3cret", 6);
    crypto_auth_hmacsha256_update(&mac_state, (unsigned char *)timestamp, strlen(timestamp));
    crypto_auth_hmacsha256_update(&mac_state, (const unsigned char *)".", 1);
    crypto_auth_hmacsha256_update(&mac_state, (const unsigned char *)body(r), strlen(body(r)));
    crypto_auth_hmacsha256_final(&mac_state, mac);
    snprintf(expected, sizeof expected, "sha256=%s",
             sodium_bin2hex(hex, sizeof hex, mac, sizeof mac));
    expect_header(r, "X-OpenClaw-Signature", expected);
    free(timestamp);
}

static void method_and_headers_are_the_users(void **state)
{
    struct room *r = *state;
    oc_test_option(r->t, "method", "PUT");
    oc_test_option(r->t, "headers",
                   "{\"Authorization\": \"Bearer x\", \"Content-Type\": \"application/x-alert\"}");
    assert_int_equal(send_alert(r, 5000), OC_OK);
    assert_memory_equal(r->receiver.last, "PUT /hook", 9);
    expect_header(r, "Authorization", "Bearer x");
    expect_header(r, "Content-Type", "application/x-alert");
}

static void a_header_that_would_begin_another_is_refused(void **state)
{
    static const char *const bad[] = {"{\"A\": \"x\\r\\nB: y\"}", "{\"A\\r\\nB\": \"y\"}",
                                      "{\"A B\": \"y\"}"};
    struct room *r = *state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        oc_test_option(r->t, "headers", bad[i]);
        assert_int_equal(oc_test_start(r->t), OC_E_CONFIG);
    }
}

static void a_template_is_filled_without_breaking_its_json(void **state)
{
    struct room *r = *state;
    oc_test_option(
        r->t, "template",
        "{\"text\": \"{{severity}}: {{title}}\\n{{message}}\", \"all\": \"{{alert}}\","
        " \"list\": [\"{{alert.labels.mount}}\", \"{{nothing}}\", \"{{value}} x\", 7],"
        " \"open\": \"{{severity\", \"when\": \"{{timestamp}}\", \"id\": \"{{delivery}}\"}");
    assert_int_equal(send_alert(r, 5000), OC_OK);
    json_t *json = json_loads(body(r), 0, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "text")),
                        "critical: redis on cache\nline one\n\"two\" ä");
    assert_string_equal(json_string_value(json_object_get(json_object_get(json, "all"), "rule")),
                        "redis");
    const json_t *list = json_object_get(json, "list");
    assert_string_equal(json_string_value(json_array_get(list, 0)), "/");
    assert_true(json_is_null(json_array_get(list, 1)));
    assert_string_equal(json_string_value(json_array_get(list, 2)), "0.5 x");
    assert_int_equal(json_integer_value(json_array_get(list, 3)), 7);
    assert_string_equal(json_string_value(json_object_get(json, "open")), "{{severity");
    assert_string_equal(json_string_value(json_object_get(json, "id")),
                        "0193a1f2-0000-7000-8000-000000000001");
    json_decref(json);
}

static void a_template_that_is_no_json_is_refused_with_its_place(void **state)
{
    struct room *r = *state;
    oc_test_option(r->t, "template", "{\"text\": ");
    assert_int_equal(oc_test_start(r->t), OC_E_CONFIG);
    assert_non_null(strstr(oc_test_error(r->t)->message, "template: line 1"));
    assert_true(strlen(oc_test_error(r->t)->hint) > 0);
}

static void the_status_says_whether_another_try_makes_sense(void **state)
{
    static const struct {
        const char *answer;
        int code;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", OC_OK},
        {"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", OC_OK},
        {"HTTP/1.1 400 Bad\r\nContent-Length: 8\r\n\r\nno title", OC_E_PERMANENT},
        {"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", OC_E_AUTH},
        {"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", OC_E_CONFIG},
        {"HTTP/1.1 408 Slow\r\nContent-Length: 0\r\n\r\n", OC_E_RETRY},
        {"HTTP/1.1 425 Early\r\nContent-Length: 0\r\n\r\n", OC_E_RETRY},
        {"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", OC_E_RETRY},
        {"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", OC_E_RETRY},
    };
    struct room *r = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        receiver_script(&r->receiver, STEP_ANSWER, cases[i].answer);
        assert_int_equal(send_alert(r, 5000), cases[i].code);
    }
    assert_int_equal(r->receiver.connections, 1); /* one connection serves them all */
}

static void the_answer_of_the_receiver_is_reported_without_its_control_characters(void **state)
{
    struct room *r = *state;
    receiver_script(&r->receiver, STEP_ANSWER,
                    "HTTP/1.1 400 Bad\r\nContent-Length: 9\r\n\r\nno\033[2J\xff\n!");
    assert_int_equal(send_alert(r, 5000), OC_E_PERMANENT);
    assert_string_equal(oc_test_error(r->t)->message, "the receiver answered HTTP 400: no [2J  !");
}

static void a_receiver_that_is_busy_can_ask_for_a_pause(void **state)
{
    struct room *r = *state;
    receiver_script(&r->receiver, STEP_ANSWER,
                    "HTTP/1.1 429 Slow down\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(send_alert(r, 5000), OC_E_RETRY);
    json_t *json = json_loads(oc_test_json(r->t, 0), 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(json, "retry_after")), 17);
    json_decref(json);
}

static void a_receiver_that_hangs_costs_no_more_than_the_deadline(void **state)
{
    struct room *r = *state;
    receiver_script(&r->receiver, STEP_HANG, NULL);
    assert_int_equal(send_alert(r, 1500), OC_E_TIMEOUT);
    assert_true(oc_test_took_ms(r->t) < 1500);
    receiver_script(&r->receiver, STEP_TRICKLE, NULL);
    assert_int_equal(send_alert(r, 1500), OC_E_TIMEOUT);
    assert_true(oc_test_took_ms(r->t) < 1500);
}

static void expect_to_hang_no_longer_than_the_deadline(struct room *r)
{
    names.released = false;
    assert_int_equal(send_alert(r, 200), OC_E_TIMEOUT);
    names_await_hanging();
    oc_test_cancel_after(r->t, 50);
    assert_int_equal(send_alert(r, 60000), OC_E_CANCELLED);
    assert_true(names_hanging());
    names_release(); /* a thread that is left behind ends with its look-up */
    assert_int_equal(r->receiver.requests, 0);
}

static void a_name_service_that_hangs_costs_no_more_than_the_deadline(void **state)
{
    oc_test_option(((struct room *)*state)->t, "url", "http://hook.hangs.test/");
    expect_to_hang_no_longer_than_the_deadline(*state);
}

/* It is the proxy that has to be found, not the receiver. */
static void neither_does_one_that_is_asked_for_the_proxy(void **state)
{
    setenv("http_proxy", "http://proxy.hangs.test:3128", 1);
    expect_to_hang_no_longer_than_the_deadline(*state);
    unsetenv("http_proxy");
}

static void a_cancelled_call_ends_soon(void **state)
{
    struct room *r = *state;
    receiver_script(&r->receiver, STEP_HANG, NULL);
    assert_int_equal(oc_test_start(r->t), OC_OK);
    oc_test_cancel_after(r->t, 100);
    assert_int_equal(send_alert(r, 20000), OC_E_CANCELLED);
    assert_true(oc_test_took_ms(r->t) < 3000);
}

static void a_connection_that_breaks_is_worth_another_try(void **state)
{
    struct room *r = *state;
    receiver_script(&r->receiver, STEP_RESET, NULL);
    assert_int_equal(send_alert(r, 5000), OC_E_RETRY);
    receiver_script(&r->receiver, STEP_CLOSE, NULL);
    assert_int_equal(send_alert(r, 5000), OC_E_RETRY);
    receiver_script(&r->receiver, STEP_ANSWER, "nonsense\r\n\r\n");
    assert_int_not_equal(send_alert(r, 1000), OC_OK);
    assert_int_equal(send_alert(r, 5000), OC_OK);
}

static void nobody_listening_is_worth_another_try(void **state)
{
    struct receiver gone;
    struct room *r = *state;
    char url[64];
    receiver_start(&gone);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", gone.port);
    receiver_stop(&gone);
    oc_test_option(r->t, "url", url);
    assert_int_equal(send_alert(r, 5000), OC_E_RETRY);
    assert_true(strlen(oc_test_error(r->t)->message) > 0);
}

static void a_redirect_on_the_same_host_is_followed_with_the_same_request(void **state)
{
    struct room *r = *state;
    receiver_script(&r->receiver, STEP_ANSWER,
                    "HTTP/1.1 308 Moved\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(send_alert(r, 5000), OC_OK);
    assert_int_equal(r->receiver.requests, 2);
    assert_memory_equal(r->receiver.last, "POST /new ", 10);
    assert_non_null(strstr(body(r), "redis on cache"));
}

static void a_redirect_to_anybody_else_is_not_followed(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.2:1/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 307 Go\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Go\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 307 Go\r\nContent-Length: 0\r\n\r\n",
    };
    struct room *r = *state;
    for (unsigned i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        receiver_script(&r->receiver, STEP_ANSWER, answers[i]);
        assert_int_equal(send_alert(r, 5000), OC_E_CONFIG);
        assert_int_equal(r->receiver.requests, i + 1);
    }
}

static void a_circle_of_redirects_comes_to_an_end(void **state)
{
    struct room *r = *state;
    for (int i = 0; i < 8; i++) {
        receiver_script(&r->receiver, STEP_ANSWER,
                        "HTTP/1.1 307 Go\r\nLocation: /hook\r\nContent-Length: 0\r\n\r\n");
    }
    assert_int_equal(send_alert(r, 5000), OC_E_CONFIG);
    assert_int_equal(r->receiver.requests, 4);
}

static void what_is_no_web_address_is_refused(void **state)
{
    static const char *const bad[] = {"ftp://127.0.0.1/", "127.0.0.1", "file:///etc/passwd", ""};
    struct room *r = *state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        oc_test_option(r->t, "url", bad[i]);
        assert_int_equal(oc_test_start(r->t), OC_E_CONFIG);
    }
}

/* What the receiver got when `given` was sent, owned by the caller. */
static json_t *got_for(struct room *r, const char *given)
{
    assert_int_equal(oc_test_call(r->t, SEND, given, 5000), OC_OK);
    receiver_settle(&r->receiver);
    json_t *json = json_loads(body(r), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    json_object_del(json, "timestamp");
    return json;
}

static void configure(struct room *r, const char *more)
{
    char text[512];
    snprintf(text, sizeof text, "{\"url\":\"%s\"%s}", r->url, more);
    oc_test_config(r->t, text);
    assert_int_equal(oc_test_start(r->t), OC_OK);
}

/* Without a template nothing is taken apart; with one that says the same, all is. */
static void a_delivery_is_passed_on_as_it_stands(void **state)
{
    static const char *const given[] = {
        params,
        " { \"alert\" : { \"x\" : [ \"}]\", { \"y\\\"\" : \"\\\\\" } ] } ,\n\"id\":\"a-1\", "
        "\"event\":\"resolved\",\"host\" : { \"other\":{\"name\":\"no\"}, \"name\" : \"h\\u00e4\" "
        "} } ",
        "{\"id\":\"1\",\"event\":\"firing\",\"alert\":{},\"attempt\":10}",
        "{\"id\":\"\\u0061\",\"event\":\"firing\",\"alert\":{\"id\":\"\\u0062\"},\"host\":null}"};
    struct room *r = *state;
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        configure(r, "");
        json_t *plain = got_for(r, given[i]);
        oc_test_stop(r->t);
        configure(
            r, ",\"template\":\"{\\\"alert\\\":\\\"{{alert}}\\\",\\\"event\\\":\\\"{{event}}\\\","
               "\\\"delivery\\\":\\\"{{delivery}}\\\",\\\"host\\\":\\\"{{host}}\\\"}\"");
        json_t *filled = got_for(r, given[i]);
        oc_test_stop(r->t);
        json_object_del(plain, "attempt");
        assert_true(json_equal(plain, filled));
        json_decref(plain);
        json_decref(filled);
    }
}

static void a_group_is_passed_on_with_its_alerts(void **state)
{
    struct room *r = *state;
    assert_int_equal(oc_test_start(r->t), OC_OK);
    json_t *json = got_for(
        r, "{\"id\":\"1\",\"event\":\"firing\",\"alert\":{\"id\":\"a\"},\"group\":{\"key\":\"k\"},"
           "\"alerts\":[{\"id\":\"a\"},{\"id\":\"b\"}],\"text\":\"2 alerts\",\"unknown\":1}");
    char *text = json_dumps(json, JSON_COMPACT);
    assert_string_equal(
        text, "{\"alert\":{\"id\":\"a\"},\"event\":\"firing\",\"delivery\":\"1\",\"host\":\"\","
              "\"attempt\":0,\"group\":{\"key\":\"k\"},\"alerts\":[{\"id\":\"a\"},{\"id\":"
              "\"b\"}],\"text\":\"2 alerts\"}");
    free(text);
    json_decref(json);
}

static void what_is_no_delivery_is_refused(void **state)
{
    struct room *r = *state;
    assert_int_equal(oc_test_start(r->t), OC_OK);
    static const char *const bad[] = {"{}", "[]", "{\"id\":\"1\",\"event\":\"firing\",\"alert\":{}",
                                      "{\"id\":\"1\",\"event\":\"firing\",\"alert\":[]}",
                                      "{\"id\":\"\",\"event\":\"firing\",\"alert\":{}}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(oc_test_call(r->t, SEND, bad[i], 1000), OC_E_CONFIG);
    }
    assert_int_equal(r->receiver.requests, 0);
}

#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ROOM(an_alert_is_posted_as_json_with_its_delivery),
        IN_ROOM(the_signature_covers_timestamp_and_body),
        IN_ROOM(method_and_headers_are_the_users),
        IN_ROOM(a_header_that_would_begin_another_is_refused),
        IN_ROOM(a_template_is_filled_without_breaking_its_json),
        IN_ROOM(a_template_that_is_no_json_is_refused_with_its_place),
        IN_ROOM(the_status_says_whether_another_try_makes_sense),
        IN_ROOM(the_answer_of_the_receiver_is_reported_without_its_control_characters),
        IN_ROOM(a_receiver_that_is_busy_can_ask_for_a_pause),
        IN_ROOM(a_receiver_that_hangs_costs_no_more_than_the_deadline),
        IN_ROOM(a_name_service_that_hangs_costs_no_more_than_the_deadline),
        IN_ROOM(neither_does_one_that_is_asked_for_the_proxy),
        IN_ROOM(a_cancelled_call_ends_soon),
        IN_ROOM(a_connection_that_breaks_is_worth_another_try),
        IN_ROOM(nobody_listening_is_worth_another_try),
        IN_ROOM(a_redirect_on_the_same_host_is_followed_with_the_same_request),
        IN_ROOM(a_redirect_to_anybody_else_is_not_followed),
        IN_ROOM(a_circle_of_redirects_comes_to_an_end),
        IN_ROOM(what_is_no_web_address_is_refused),
        IN_ROOM(a_delivery_is_passed_on_as_it_stands),
        IN_ROOM(a_group_is_passed_on_with_its_alerts),
        IN_ROOM(what_is_no_delivery_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
