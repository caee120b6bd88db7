/* Tests of the litellm preset against a scripted proxy. SPDX-License-Identifier: MIT */
#include "probe/testing/peer.h"
#include "probe/testing/preset.h"
#include "probe/testing/test.h"

static void answer(int fd, const char *status, const char *headers, const char *body)
{
    char reply[4096];
    snprintf(reply, sizeof reply, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n%s", status,
             strlen(body), headers, body);
    peer_say(fd, reply);
}

static int asked(const struct peer_shared *shared, const char *path)
{
    return strncmp(shared->request + 4, path, strlen(path)) == 0 &&
           shared->request[4 + strlen(path)] == ' ';
}

/* A proxy like the real one: the metrics page redirects to its name with a slash, and wants the
 * key. */
static void litellm(int fd, struct peer_shared *shared, const void *ctx)
{
    char page[1024];
    (void)ctx;
    for (;;) {
        peer_request(fd, shared);
        if (asked(shared, "/health/liveliness")) {
            answer(fd, "200 OK", "", "\"I'm alive!\"");
        } else if (asked(shared, "/health/readiness")) {
            answer(fd, "503 Service Unavailable", "", "{\"status\":\"db down\"}");
        } else if (asked(shared, "/metrics")) {
            answer(fd, "307 Temporary Redirect", "Location: /metrics/\r\n", "");
        } else if (asked(shared, "/metrics/") &&
                   strstr(shared->request, "Authorization: Bearer sk-1\r\n")) {
            int n = shared->requests;
            snprintf(page, sizeof page,
                     "# TYPE litellm_spend_metric_total counter\n"
                     "litellm_spend_metric_total{model=\"m\",user=\"1\"} "
                     "1.5\nlitellm_spend_metric_total{model=\"m\",user=\"2\"} 2\n"
                     "litellm_spend_metric_created{model=\"m\",user=\"1\"} 1e9\n"
                     "litellm_proxy_total_requests_metric_total{model=\"m\"} %d\n"
                     "litellm_proxy_failed_requests_metric_total{model=\"m\"} %d\n"
                     "litellm_request_total_latency_metric_bucket{le=\"1\"} 5\npython_gc_total 3\n",
                     n * 100, n * 20);
            answer(fd, "200 OK", "", page);
        } else {
            answer(fd, "401 Unauthorized", "", "");
        }
    }
}

/* Fails the test when a page is asked for that costs money. */
static void billed(int fd, struct peer_shared *shared, const void *ctx)
{
    (void)ctx;
    for (;;) {
        peer_request(fd, shared);
        answer(fd, asked(shared, "/health") ? "500 Billed" : "200 OK", "", "");
    }
}

static struct oc_test *start_at(size_t instance, int port)
{
    char options[128];
    snprintf(options, sizeof options,
             "{\"url\": \"http://127.0.0.1:%d\", \"master_key\": \"sk-1\"}", port);
    return preset_start(instance, options);
}

static void readiness_is_the_state_and_liveliness_a_target(void **state)
{
    struct peer peer = peer_start(litellm, NULL);
    struct oc_test *t = start_at(0, peer.port);
    (void)state;
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 10000), OC_OK);
    assert_string_equal(oc_test_status_text(t, ""), "expected status below 400, got 503");
    assert_int_equal(oc_test_status(t, "liveliness"), OC_STATE_OK);
    assert_int_equal(oc_test_close(t), 0);
    peer_stop(&peer);
}

static void metrics_come_without_users_and_with_an_error_rate(void **state)
{
    struct peer peer = peer_start(litellm, NULL);
    struct oc_test *t = start_at(1, peer.port);
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 10000), OC_OK);
        assert_int_equal(oc_test_status(t, ""), OC_STATE_OK);
        assert_float_equal(oc_test_sample(t, "litellm_spend_metric_total", "model", "m"), 3.5,
                           1e-9);
        assert_int_equal(oc_test_samples(t, "litellm_spend_metric_created"), 0);
        assert_int_equal(oc_test_samples(t, "litellm_request_total_latency_metric_bucket"), 0);
        assert_int_equal(oc_test_samples(t, "python_gc_total"), 0);
        assert_int_equal(oc_test_samples(t, "api.error_rate_percent"), i);
    }
    assert_float_equal(oc_test_sample(t, "api.error_rate_percent", NULL, NULL), 20, 1e-9);
    assert_int_equal(oc_test_close(t), 0);
    peer_stop(&peer);
}

static void a_proxy_without_metrics_is_no_failure(void **state)
{
    struct peer peer =
        peer_start(peer_reply, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    struct oc_test *t = start_at(1, peer.port);
    (void)state;
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 10000), OC_OK);
    assert_int_equal(oc_test_status(t, ""), OC_STATE_OK);
    assert_int_equal(oc_test_close(t), 0);
    peer_stop(&peer);
}

static void the_page_that_makes_billed_calls_is_never_asked_for(void **state)
{
    struct peer peer = peer_start(billed, NULL);
    (void)state;
    assert_int_equal(preset_count(), 2);
    for (size_t i = 0; i < 2; i++) {
        struct oc_test *t = start_at(i, peer.port);
        assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 10000), OC_OK);
        for (size_t k = 0; k < oc_test_count(t, OC_RECORD_STATUS); k++) {
            const struct oc_record *r = oc_test_record(t, OC_RECORD_STATUS, k);
            assert_null(strstr(r->text.ptr, "500"));
        }
        assert_int_equal(oc_test_close(t), 0);
    }
    peer_stop(&peer);
}

static void the_defaults_are_a_valid_configuration(void **state)
{
    (void)state;
    for (size_t i = 0; i < preset_count(); i++) {
        assert_int_equal(oc_test_close(preset_start(i, "{}")), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readiness_is_the_state_and_liveliness_a_target),
        cmocka_unit_test(metrics_come_without_users_and_with_an_error_rate),
        cmocka_unit_test(a_proxy_without_metrics_is_no_failure),
        cmocka_unit_test(the_page_that_makes_billed_calls_is_never_asked_for),
        cmocka_unit_test(the_defaults_are_a_valid_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
