/* Tests of the http collector against scripted and real servers. SPDX-License-Identifier: MIT */
#include "test_http.h"

#define OK_JSON                                                                                    \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 58\r\n\r\n"              \
    "{\"status\":\"ok\",\"models\":[{\"n\":1},{\"n\":2.5}],\"ready\":true }"

/* Starts with one target "a" at `port`, with `extra` keys (JSON members, each with a comma in
 * front). */
static void start_target(int port, const char *extra)
{
    char json[4096];
    snprintf(json, sizeof json,
             "{\"targets\": [{\"name\": \"a\", \"url\": \"http://127.0.0.1:%d/x\"%s}]}", port,
             extra);
    oc_test_config(t, json);
    assert_int_equal(oc_test_start(t), OC_OK);
}
/* One call against a server that gives `reply`: state and text of the target. */
static void expect(const char *reply, const char *extra, int state, const char *text)
{
    struct peer peer = peer_start(peer_reply_once, reply);
    start_target(peer.port, extra);
    collect();
    if (text[0] == '~') { /* only a part of it is known */
        assert_non_null(strstr(oc_test_status_text(t, "a"), text + 1));
    } else {
        assert_string_equal(oc_test_status_text(t, "a"), text);
    }
    assert_int_equal(oc_test_status(t, "a"), state);
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

#define EXPECT_OK(reply, extra)             expect(reply, extra, OC_STATE_OK, "~ ms")
#define EXPECT_CRITICAL(reply, extra, text) expect(reply, extra, OC_STATE_CRITICAL, text)

/* ---- configuration ---- */

static void expect_refused(const char *json, const char *part)
{
    oc_test_config(t, json);
    assert_int_equal(oc_test_start(t), OC_E_CONFIG);
    assert_non_null(strstr(oc_test_error(t)->message, part));
}

static void a_wrong_configuration_is_refused_with_its_target(void **state)
{
    (void)state;
    expect_refused("{}", "neither url nor targets");
    expect_refused("{\"targets\": [{\"name\": \"a\"}]}", "url");
    expect_refused("{\"targets\": [{\"url\": \"http://h:99999/\", \"name\": \"b\"}]}",
                   "target b: url");
    expect_refused("{\"url\": \"http://h/\", \"expect_regex\": \"(\"}", "expect_regex");
    expect_refused("{\"url\": \"http://h/\", \"json_path\": \"a..b\"}", "json_path");
    expect_refused("{\"url\": \"http://h/\", \"json_equals\": \"x\"}",
                   "json_equals needs json_path");
    expect_refused("{\"url\": \"http://h/\", \"expect_status_class\": [\"2x\"]}",
                   "expect_status_class");
    expect_refused("{\"url\": \"http://h/\", \"headers\": {\"X\": \"a\\r\\nY: b\"}}", "line break");
    expect_refused("{\"url\": \"https://h/\", \"ca_file\": \"/nonexistent/ca.pem\"}", "CA file");
    expect_refused("{\"targets\": [{\"name\": \"a\", \"url\": \"http://h/\"}, {\"name\": \"a\", "
                   "\"url\": \"http://i/\"}]}",
                   "two targets are named");
}

static void what_is_secret_in_a_url_is_not_quoted(void **state)
{
    static const char *const bad[] = {
        "{\"url\": \"http://u:SECRET@h:1/p?token=SECRET\"}",
        "{\"url\": \"http://u:a/SECRET@h:1/p?token=SECRET\"}",
        "{\"url\": \"http://h:99999/p?token=SECRET\"}",
        "{\"targets\": [{\"url\": \"http://u:SECRET@h:1/p?token=SECRET\"}]}",
        "{\"targets\": [{\"url\": \"http://h/?a=SECRET\"}, {\"url\": \"http://h/?b=SECRET\"}]}"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect_refused(bad[i], "h");
        assert_null(strstr(oc_test_error(t)->message, "SECRET"));
    }
}

static void a_single_url_is_the_instance_itself(void **state)
{
    struct peer peer = peer_start(peer_reply, OK_JSON);
    char url[64];
    (void)state;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/health", peer.port);
    oc_test_option(t, "url", url);
    assert_int_equal(oc_test_start(t), OC_OK);
    collect();
    assert_int_equal(oc_test_status(t, ""), OC_STATE_OK);
    assert_float_equal(oc_test_sample(t, "http.up", NULL, NULL), 1, 0);
    assert_true(isnan(oc_test_sample(t, "http.up", "target", "")));
    assert_non_null(strstr(peer.shared->request, "GET /health HTTP/1.1\r\n"));
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

static void targets_inherit_what_they_leave_out(void **state)
{
    struct peer peer = peer_start(peer_reply, STATUS("404 Not Found"));
    char json[512];
    (void)state;
    snprintf(
        json, sizeof json,
        "{\"expect_status\": [404], \"bearer\": \"tok\", \"targets\": ["
        "{\"name\": \"a\", \"url\": \"http://127.0.0.1:%d/\"},"
        "{\"name\": \"b\", \"url\": \"http://127.0.0.1:%d/\", \"expect_status\": [200, 201]}]}",
        peer.port, peer.port);
    oc_test_config(t, json);
    assert_int_equal(oc_test_start(t), OC_OK);
    collect();
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_OK);
    assert_string_equal(oc_test_status_text(t, "b"), "expected status 200, 201, got 404");
    assert_non_null(strstr(peer.shared->request, "Authorization: Bearer tok\r\n"));
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

/* ---- answers ---- */

static void a_good_answer_gives_samples_and_a_status(void **state)
{
    struct peer peer = peer_start(peer_reply, OK_JSON);
    (void)state;
    start_target(peer.port, "");
    collect();
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_OK);
    assert_memory_equal(oc_test_status_text(t, "a"), "200 in ", 7);
    assert_float_equal(sample("http.up"), 1, 0);
    assert_float_equal(sample("http.status_code"), 200, 0);
    assert_true(sample("http.response_ms") > 0);
    assert_true(sample("http.connect_ms") >= 0);
    assert_true(sample("http.first_byte_ms") > 0);
    assert_true(isnan(sample("http.resolve_ms")));
    assert_true(isnan(sample("http.tls_ms")));
    assert_true(isnan(sample("http.body_bytes")));
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

static void phases_and_details_are_a_choice(void **state)
{
    struct peer peer = peer_start(peer_reply, OK_JSON);
    (void)state;
    oc_test_option(t, "phases", "never");
    oc_test_option(t, "details", "true");
    char targets[128];
    snprintf(targets, sizeof targets, "[{\"name\": \"a\", \"url\": \"http://localhost:%d/\"}]",
             peer.port);
    oc_test_option(t, "targets", targets);
    assert_int_equal(oc_test_start(t), OC_OK);
    collect();
    assert_true(isnan(sample("http.connect_ms")));
    assert_float_equal(sample("http.body_bytes"), 58, 0);
    assert_true(sample("http.resolve_ms") > 0);
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

static void the_status_is_compared_with_what_was_expected(void **state)
{
    (void)state;
    EXPECT_OK(STATUS("200 OK"), "");
    EXPECT_OK(STATUS("304 Not Modified"), "");
    EXPECT_CRITICAL(STATUS("404 Not Found"), "", "expected status below 400, got 404");
    EXPECT_CRITICAL(STATUS("503 Busy"), ",\"expect_status\":[200]", "expected status 200, got 503");
    EXPECT_OK(STATUS("503 Busy"), ",\"expect_status\":[200,503]");
    EXPECT_OK(STATUS("418 Teapot"), ",\"expect_status_class\":[\"2xx\",\"4xx\"]");
    EXPECT_CRITICAL(STATUS("500 Oops"), ",\"expect_status_class\":[\"2xx\"]",
                    "expected status 2xx, got 500");
    expect(STATUS("429 Slow Down"), ",\"degraded_status\":[429]", OC_STATE_WARNING, "~429 in");
}

static void the_body_is_compared_with_what_was_expected(void **state)
{
    (void)state;
    EXPECT_OK(OK_JSON, ",\"expect_body\":\"\\\"ok\\\"\"");
    EXPECT_CRITICAL(OK_JSON, ",\"expect_body\":\"error\"", "the body does not hold \"error\"");
    EXPECT_CRITICAL(OK_JSON, ",\"expect_body_not\":\"models\"", "the body holds \"models\"");
    EXPECT_OK(OK_JSON, ",\"expect_regex\":\"status\\\":\\\"(ok|fine)\"");
    EXPECT_CRITICAL(OK_JSON, ",\"expect_regex\":\"^x\"", "the body does not match ^x");
    EXPECT_CRITICAL(OK_JSON, ",\"expect_body\":\"ok\",\"max_body\":10",
                    "the body is longer than max_body (10 bytes)");
}

static void json_values_are_compared(void **state)
{
    (void)state;
    EXPECT_OK(OK_JSON, ",\"json_path\":\"status\",\"json_equals\":\"ok\"");
    EXPECT_OK(OK_JSON, ",\"json_path\":\"$.models[1].n\",\"json_equals\":\"2.50\"");
    EXPECT_OK(OK_JSON, ",\"json_path\":\"ready\",\"json_equals\":\"true\"");
    EXPECT_OK(OK_JSON, ",\"json_path\":\"models.length\",\"json_equals\":\"2\"");
    EXPECT_CRITICAL(OK_JSON, ",\"json_path\":\"status\",\"json_equals\":\"up\"",
                    "expected status to be up, got \"ok\"");
    EXPECT_CRITICAL(OK_JSON, ",\"json_path\":\"models[7]\"", "the JSON body has no models[7]");
    EXPECT_CRITICAL(STATUS("200 OK"), ",\"json_path\":\"a\"", "the body is not valid JSON");
}

static void json_that_is_nested_too_deeply_is_refused(void **state)
{
    char *reply = malloc(70000);
    (void)state;
    int len = snprintf(reply, 70000, "HTTP/1.0 200 OK\r\n\r\n");
    memset(reply + len, '[', 60000);
    reply[len + 60000] = '\0';
    EXPECT_CRITICAL(reply, ",\"json_path\":\"a\"", "the body is not valid JSON");
    free(reply);
}

static void numbers_of_the_body_become_samples(void **state)
{
    struct peer peer = peer_start(peer_reply, OK_JSON);
    (void)state;
    start_target(peer.port, ",\"extract\":[{\"metric\":\"x.models\",\"path\":\"models.length\"},"
                            "{\"metric\":\"x.second\",\"path\":\"models[1].n\"},{\"metric\":\"x."
                            "ready\",\"path\":\"ready\"},"
                            "{\"metric\":\"x.none\",\"path\":\"nothing\"},{\"metric\":\"x.text\","
                            "\"path\":\"status\"}]");
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 10000), OC_OK);
    assert_float_equal(sample("x.models"), 2, 0);
    assert_float_equal(sample("x.second"), 2.5, 0);
    assert_float_equal(sample("x.ready"), 1, 0);
    assert_true(isnan(sample("x.none")));
    assert_true(isnan(sample("x.text")));
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

static void chunked_and_unframed_bodies_are_read(void **state)
{
    (void)state;
    EXPECT_OK(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhea\r\n4\r\nlthy\r\n0\r\n\r\n",
        ",\"expect_body\":\"healthy\"");
    EXPECT_OK("HTTP/1.0 200 OK\r\n\r\nhealthy", ",\"expect_body\":\"healthy\"");
}

static void slow(int fd, struct peer_shared *shared, const void *ctx)
{
    peer_request(fd, shared);
    usleep(60000);
    peer_say(fd, ctx);
}

static void a_slow_answer_is_a_warning_or_worse(void **state)
{
    struct peer peer = peer_start(slow, STATUS("200 OK"));
    (void)state;
    start_target(peer.port, ",\"warning\":\"50ms\",\"critical\":\"2s\"");
    collect();
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_WARNING);
    assert_non_null(strstr(oc_test_status_text(t, "a"), " ms, slower than 50 ms"));
    assert_float_equal(sample("http.up"), 1, 0);
    assert_int_equal(oc_test_stop(t), 0);
    start_target(peer.port, ",\"warning\":\"10ms\",\"critical\":\"50ms\"");
    collect();
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_CRITICAL);
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

static void method_headers_and_body_are_sent(void **state)
{
    struct peer peer = peer_start(peer_reply, STATUS("200 OK"));
    (void)state;
    start_target(peer.port, ",\"method\":\"POST\",\"body\":\"{}\",\"headers\":{\"X-A\":\"b\"},"
                            "\"user\":\"u\",\"password\":\"p\"");
    collect();
    assert_non_null(strstr(peer.shared->request, "POST /x HTTP/1.1\r\n"));
    assert_non_null(strstr(peer.shared->request, "X-A: b\r\n"));
    assert_non_null(strstr(peer.shared->request, "Authorization: Basic dTpw\r\n"));
    assert_non_null(strstr(peer.shared->request, "\r\n\r\n{}"));
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

/* ---- faults ---- */

static void nonsense_is_reported_as_such(void **state)
{
    char *huge = malloc(40000);
    (void)state;
    EXPECT_CRITICAL("SSH-2.0-OpenSSH\r\n", "", "the answer is not HTTP");
    EXPECT_CRITICAL("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "",
                    "the server closed the connection within the body");
    EXPECT_CRITICAL("", "", "the server closed the connection without an answer");
    int len = snprintf(huge, 40000, "HTTP/1.1 200 OK\r\nX: ");
    memset(huge + len, 'x', 30000);
    huge[len + 30000] = '\0';
    EXPECT_CRITICAL(huge, "", "the header is longer than 16 KiB");
    free(huge);
}

static void a_dead_service_is_down_with_why(void **state)
{
    (void)state;
    start_target(peer_dead_port(), "");
    collect();
    assert_string_equal(oc_test_status_text(t, "a"), "connection refused");
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_CRITICAL);
    assert_float_equal(sample("http.up"), 0, 0);
    assert_true(isnan(sample("http.response_ms")));
    assert_int_equal(oc_test_stop(t), 0);
}

static void a_hung_service_times_out_on_time(void **state)
{
    struct peer peer = peer_start(peer_hang, NULL);
    (void)state;
    start_target(peer.port, ",\"timeout\":\"1s\"");
    collect();
    assert_string_equal(oc_test_status_text(t, "a"), "timed out after 1s (no response)");
    assert_in_range(oc_test_took_ms(t), 1000, 2500);
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

static void slow_drip(int fd, struct peer_shared *shared, const void *ctx)
{
    (void)ctx;
    peer_request(fd, shared);
    peer_say(fd, "HTTP/1.1 200 OK\r\n");
    for (;;) {
        peer_say(fd, "X: y\r\n");
        usleep(20000);
    }
}

static void headers_that_never_end_run_into_the_timeout(void **state)
{
    struct peer peer = peer_start(slow_drip, NULL);
    (void)state;
    start_target(peer.port, ",\"timeout\":\"300ms\"");
    collect();
    assert_string_equal(oc_test_status_text(t, "a"), "timed out after 300ms (response incomplete)");
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

static void a_call_in_flight_can_be_cancelled(void **state)
{
    struct peer peer = peer_start(peer_hang, NULL);
    (void)state;
    start_target(peer.port, "");
    oc_test_cancel_after(t, 100);
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 10000), OC_E_CANCELLED);
    assert_true(oc_test_took_ms(t) < 2500);
    assert_int_equal(oc_test_status(t, "a"), -1);
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

static void many_targets_some_of_them_hung_are_all_reported(void **state)
{
    struct peer good = peer_start(peer_reply_once, STATUS("200 OK"));
    char *json = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&json, &size);
    int port;
    int listener = peer_listen(AF_INET, 1024, &port);
    (void)state;
    fputs("{\"timeout\": \"2s\", \"targets\": [", f);
    for (int i = 0; i < 300; i++) {
        fprintf(f, "%s{\"name\":\"t%d\",\"url\":\"http://127.0.0.1:%d/\"}", i ? "," : "", i,
                i % 2 ? good.port : port);
    }
    fputs("]}", f);
    fclose(f);
    oc_test_config(t, json);
    free(json);
    assert_int_equal(oc_test_start(t), OC_OK);
    collect();
    assert_int_equal(oc_test_count(t, OC_RECORD_STATUS), 300);
    for (int i = 0; i < 300; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", i);
        assert_int_equal(oc_test_status(t, name), i % 2 ? OC_STATE_OK : OC_STATE_CRITICAL);
    }
    assert_in_range(oc_test_took_ms(t), 2000, 6000);
    assert_int_equal(oc_test_stop(t), 0);
    close(listener);
    peer_stop(&good);
}

/* ---- kept connections ---- */

static void a_kept_connection_serves_many_checks(void **state)
{
    struct peer peer = peer_start(peer_reply, STATUS("200 OK"));
    (void)state;
    start_target(peer.port, ",\"keep_alive\":true");
    for (int i = 0; i < 5; i++) {
        collect();
        assert_int_equal(oc_test_status(t, "a"), OC_STATE_OK);
    }
    assert_int_equal(peer.shared->connections, 1);
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

/* ---- redirects ---- */

static void redirecting(int fd, struct peer_shared *shared, const void *ctx)
{
    char reply[256];
    for (;;) {
        peer_request(fd, shared);
        if (peer_asked("/x")) {
            snprintf(reply, sizeof reply,
                     "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                     (const char *)ctx);
            peer_say(fd, reply);
        } else {
            peer_say(fd, STATUS("200 OK"));
        }
    }
}

static void a_redirect_is_followed_to_its_end(void **state)
{
    struct peer peer = peer_start(redirecting, "/y?z");
    (void)state;
    start_target(peer.port, ",\"bearer\":\"tok\",\"keep_alive\":true");
    for (int i = 0; i < 2; i++) {
        collect();
        assert_int_equal(oc_test_status(t, "a"), OC_STATE_OK);
        assert_float_equal(sample("http.status_code"), 200, 0);
        assert_non_null(strstr(peer.shared->request, "GET /y?z HTTP/1.1\r\n"));
        assert_non_null(strstr(peer.shared->request, "Bearer tok"));
    }
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

/* 303 to /b, and from there 307 to /c: what was posted stays behind. */
static void two_redirects(int fd, struct peer_shared *shared, const void *ctx)
{
    (void)ctx;
    for (;;) {
        peer_request(fd, shared);
        peer_say(fd, peer_asked("/x")   ? "HTTP/1.1 303 See Other\r\nLocation: /b\r\n"
                                          "Content-Length: 0\r\n\r\n"
                     : peer_asked("/b") ? "HTTP/1.1 307 Temporary Redirect\r\nLocation: /c\r\n"
                                          "Content-Length: 0\r\n\r\n"
                                        : STATUS("200 OK"));
    }
}

static void a_request_that_became_a_get_stays_one(void **state)
{
    struct peer peer = peer_start(two_redirects, NULL);
    (void)state;
    start_target(peer.port, ",\"method\":\"POST\",\"body\":\"{}\"");
    for (int i = 0; i < 2; i++) { /* the next check posts again */
        collect();
        assert_int_equal(oc_test_status(t, "a"), OC_STATE_OK);
        assert_non_null(strstr(peer.shared->request, "GET /c HTTP/1.1\r\n"));
        assert_null(strstr(peer.shared->request, "Content-Length"));
    }
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

static void credentials_stay_with_their_origin(void **state)
{
    struct peer other = peer_start(peer_reply, STATUS("200 OK"));
    char location[64];
    (void)state;
    snprintf(location, sizeof location, "http://localhost:%d/stolen", other.port);
    struct peer peer = peer_start(redirecting, location);
    start_target(peer.port, ",\"bearer\":\"tok\",\"headers\":{\"X-Api-Key\":\"secret\"}");
    collect();
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_OK);
    assert_non_null(strstr(peer.shared->request, "X-Api-Key: secret"));
    assert_non_null(strstr(other.shared->request, "GET /stolen"));
    assert_null(strstr(other.shared->request, "tok"));
    assert_null(strstr(other.shared->request, "secret"));
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
    peer_stop(&other);
}

static void a_circle_of_redirects_is_left(void **state)
{
    struct peer peer = peer_start(redirecting, "/x");
    (void)state;
    start_target(peer.port, ",\"follow_redirects\":3");
    collect();
    assert_string_equal(oc_test_status_text(t, "a"), "too many redirects: /x");
    assert_int_equal(peer.shared->requests, 4);
    assert_int_equal(oc_test_stop(t), 0);
    start_target(peer.port, ",\"follow_redirects\":0");
    collect();
    assert_float_equal(sample("http.status_code"), 302, 0);
    assert_int_equal(oc_test_stop(t), 0);
    start_target(peer.port, ",\"expect_status\":[302]");
    collect();
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_OK);
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

static void a_redirect_elsewhere_than_http_is_not_followed(void **state)
{
    struct peer peer = peer_start(redirecting, "file:///etc/passwd");
    (void)state;
    start_target(peer.port, "");
    collect();
    assert_non_null(strstr(oc_test_status_text(t, "a"), "the redirect's location is not valid"));
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_CRITICAL);
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_wrong_configuration_is_refused_with_its_target),
        TEST(what_is_secret_in_a_url_is_not_quoted),
        TEST(a_single_url_is_the_instance_itself),
        TEST(targets_inherit_what_they_leave_out),
        TEST(a_good_answer_gives_samples_and_a_status),
        TEST(phases_and_details_are_a_choice),
        TEST(the_status_is_compared_with_what_was_expected),
        TEST(the_body_is_compared_with_what_was_expected),
        TEST(json_values_are_compared),
        TEST(json_that_is_nested_too_deeply_is_refused),
        TEST(numbers_of_the_body_become_samples),
        TEST(chunked_and_unframed_bodies_are_read),
        TEST(a_slow_answer_is_a_warning_or_worse),
        TEST(method_headers_and_body_are_sent),
        TEST(nonsense_is_reported_as_such),
        TEST(a_dead_service_is_down_with_why),
        TEST(a_hung_service_times_out_on_time),
        TEST(headers_that_never_end_run_into_the_timeout),
        TEST(a_call_in_flight_can_be_cancelled),
        TEST(many_targets_some_of_them_hung_are_all_reported),
        TEST(a_kept_connection_serves_many_checks),
        TEST(a_redirect_is_followed_to_its_end),
        TEST(a_request_that_became_a_get_stays_one),
        TEST(credentials_stay_with_their_origin),
        TEST(a_circle_of_redirects_is_left),
        TEST(a_redirect_elsewhere_than_http_is_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
