/* The exporter remote-write against a receiver that misbehaves. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "channel/test_receiver.h"

#include <snappy-c.h>

#include <openclaw/testkit.h>

#define WRITE "export.write/1"

struct room {
    struct receiver receiver;
    struct oc_test *t;
};

static int setup(void **state)
{
    struct room *r = calloc(1, sizeof *r);
    char url[64];
    receiver_start(&r->receiver);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/api/v1/write", r->receiver.port);
    r->t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(r->t);
    oc_test_option(r->t, "url", url);
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

static int32_t write_batch(struct room *r, const char *data, size_t len, int64_t timeout_ms)
{
    if (!oc_test_instance(r->t)) {
        assert_int_equal(oc_test_start(r->t), OC_OK);
    }
    oc_test_input(r->t, data, len);
    int32_t code = oc_test_call(r->t, WRITE, "{}", timeout_ms);
    receiver_settle(&r->receiver);
    return code;
}

static void expect_header(struct room *r, const char *line)
{
    pthread_mutex_lock(&r->receiver.lock);
    assert_non_null(strcasestr(r->receiver.last, line));
    pthread_mutex_unlock(&r->receiver.lock);
}

static void a_batch_arrives_compressed_with_snappy(void **state)
{
    struct room *r = *state;
    char *data = malloc(300000), *back = malloc(300000);
    size_t size = 300000;
    for (size_t i = 0; i < size; i++) {
        data[i] = (char)(i / 1000 % 7);
    }
    assert_int_equal(write_batch(r, data, size, 5000), OC_OK);
    assert_memory_equal(r->receiver.last, "POST /api/v1/write HTTP/1.1\r\n", 29);
    expect_header(r, "\r\nContent-Type: application/x-protobuf\r\n");
    expect_header(r, "\r\nContent-Encoding: snappy\r\n");
    expect_header(r, "\r\nX-Prometheus-Remote-Write-Version: 0.1.0\r\n");
    const char *length = strcasestr(r->receiver.last, "\r\ncontent-length:");
    const char *body = strstr(r->receiver.last, "\r\n\r\n") + 4;
    assert_int_equal(snappy_uncompress(body, strtoul(length + 17, NULL, 10), back, &size),
                     SNAPPY_OK);
    assert_int_equal(size, 300000);
    assert_memory_equal(back, data, size);
    free(back);
    free(data);
}

static void credentials_and_headers_are_sent(void **state)
{
    struct room *r = *state;
    char config[256];
    snprintf(config, sizeof config,
             "{\"url\":\"http://127.0.0.1:%u/w\",\"bearer\":\"secret-token\","
             "\"headers\":{\"X-Scope-OrgID\":\"ops\"}}",
             r->receiver.port);
    oc_test_config(r->t, config);
    assert_int_equal(write_batch(r, "x", 1, 5000), OC_OK);
    expect_header(r, "\r\nAuthorization: Bearer secret-token\r\n");
    expect_header(r, "\r\nX-Scope-OrgID: ops\r\n");
}

static void a_header_with_a_line_end_is_refused_at_the_start(void **state)
{
    struct room *r = *state;
    oc_test_config(r->t, "{\"url\":\"http://127.0.0.1:1/\","
                         "\"headers\":{\"X-A\":\"b\\r\\nX-Evil: 1\"}}");
    assert_int_equal(oc_test_start(r->t), OC_E_CONFIG);
}

static void what_may_succeed_later_is_tried_again(void **state)
{
    struct room *r = *state;
    receiver_script(&r->receiver, STEP_ANSWER, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
    receiver_script(&r->receiver, STEP_ANSWER,
                    "HTTP/1.1 429 No\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(write_batch(r, "x", 1, 5000), OC_E_RETRY);
    assert_int_equal(write_batch(r, "x", 1, 5000), OC_E_RETRY);
    assert_string_equal(oc_test_json(r->t, 0), "{\"retry_after\":7}");
    assert_int_equal(write_batch(r, "x", 1, 5000), OC_OK);
}

/* The backlog must outlive an expired token: the host drops what is permanent. */
static void what_somebody_can_put_right_is_not_permanent(void **state)
{
    static const struct {
        int status;
        int32_t code;
    } table[] = {{401, OC_E_AUTH},      {403, OC_E_AUTH},      {404, OC_E_CONFIG},
                 {302, OC_E_CONFIG},    {308, OC_E_CONFIG},    {405, OC_E_CONFIG},
                 {400, OC_E_PERMANENT}, {409, OC_E_PERMANENT}, {413, OC_E_PERMANENT},
                 {422, OC_E_PERMANENT}};
    struct room *r = *state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char answer[128];
        snprintf(answer, sizeof answer,
                 "HTTP/1.1 %d No\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
                 table[i].status);
        receiver_script(&r->receiver, STEP_ANSWER, answer);
        assert_int_equal(write_batch(r, "x", 1, 5000), table[i].code);
        assert_true((oc_test_error(r->t)->hint[0] != '\0') == (table[i].code != OC_E_PERMANENT));
    }
}

static void what_never_can_is_permanent_and_says_why(void **state)
{
    struct room *r = *state;
    receiver_script(&r->receiver, STEP_ANSWER,
                    "HTTP/1.1 400 Bad\r\nContent-Length: 12\r\n\r\nout of\x1b[2J\x7f!");
    assert_int_equal(write_batch(r, "x", 1, 5000), OC_E_PERMANENT);
    assert_string_equal(oc_test_error(r->t)->message,
                        "the receiver answered HTTP 400: out of [2J !");
}

static void a_receiver_that_hangs_costs_no_more_than_the_deadline(void **state)
{
    struct room *r = *state;
    receiver_script(&r->receiver, STEP_HANG, NULL);
    assert_int_equal(write_batch(r, "x", 1, 400), OC_E_TIMEOUT);
    assert_true(oc_test_took_ms(r->t) < 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_batch_arrives_compressed_with_snappy, setup, teardown),
        cmocka_unit_test_setup_teardown(credentials_and_headers_are_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(a_header_with_a_line_end_is_refused_at_the_start, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_may_succeed_later_is_tried_again, setup, teardown),
        cmocka_unit_test_setup_teardown(what_somebody_can_put_right_is_not_permanent, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_never_can_is_permanent_and_says_why, setup, teardown),
        cmocka_unit_test_setup_teardown(a_receiver_that_hangs_costs_no_more_than_the_deadline,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
