/* Tests of the http collector over TLS. SPDX-License-Identifier: MIT */
#include "probe/testing/tls_server.h"
#include "test_http.h"

static void start_tls(const struct tls_server *s, const char *host, const char *extra)
{
    char json[1024];
    snprintf(json, sizeof json, "{\"targets\": [{\"name\": \"a\", \"url\": \"https://%s:%d/\"%s}]}",
             host, s->port, extra);
    oc_test_config(t, json);
    assert_int_equal(oc_test_start(t), OC_OK);
    collect();
}

static void a_verified_certificate_gives_its_end(void **state)
{
    struct tls_server s;
    char extra[256];
    (void)state;
    assert_true(tls_server_start(&s, "localhost", 30, false));
    snprintf(extra, sizeof extra, ",\"ca_file\":\"%s\"", s.ca);
    for (int i = 0; i < 2; i++) {
        start_tls(&s, i ? "localhost" : "127.0.0.1", extra);
        assert_int_equal(oc_test_status(t, "a"), OC_STATE_OK);
        assert_float_equal(sample("http.tls_expiry_days"), 29.9, 0.2);
        assert_true(sample("http.tls_ms") > 0);
        oc_test_stop(t); /* the library keeps its own descriptors, if any */
    }
    tls_server_stop(&s);
}

static void a_certificate_that_ends_soon_is_a_warning(void **state)
{
    struct tls_server s;
    char extra[256];
    (void)state;
    assert_true(tls_server_start(&s, "localhost", 5, false));
    snprintf(extra, sizeof extra, ",\"ca_file\":\"%s\"", s.ca);
    start_tls(&s, "127.0.0.1", extra);
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_WARNING);
    assert_non_null(strstr(oc_test_status_text(t, "a"), ", the certificate ends in "));
    oc_test_stop(t);
    snprintf(extra, sizeof extra, ",\"ca_file\":\"%s\",\"tls_expiry_critical\":\"10d\"", s.ca);
    start_tls(&s, "127.0.0.1", extra);
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_CRITICAL);
    oc_test_stop(t);
    tls_server_stop(&s);
}

static void a_certificate_that_proves_nothing_is_refused(void **state)
{
    struct tls_server s;
    char extra[256];
    (void)state;
    assert_true(tls_server_start(&s, "other.example", 30, false));
    start_tls(&s, "127.0.0.1", "");
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_CRITICAL);
    assert_memory_equal(oc_test_status_text(t, "a"), "TLS: ", 5);
    assert_float_equal(sample("http.tls_expiry_days"), 29.9, 0.2);
    oc_test_stop(t);
    snprintf(extra, sizeof extra, ",\"ca_file\":\"%s\"", s.ca);
    start_tls(&s, "localhost", extra);
    assert_string_equal(oc_test_status_text(t, "a"), "TLS: hostname mismatch");
    oc_test_stop(t);
    snprintf(extra, sizeof extra, ",\"ca_file\":\"%s\",\"tls_server_name\":\"other.example\"",
             s.ca);
    start_tls(&s, "localhost", extra);
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_OK);
    oc_test_stop(t);
    start_tls(&s, "localhost", ",\"verify_tls\":false");
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_OK);
    assert_float_equal(sample("http.tls_expiry_days"), 29.9, 0.2);
    oc_test_stop(t);
    tls_server_stop(&s);
}

static void a_client_certificate_is_shown_when_asked_for(void **state)
{
    struct tls_server s;
    char extra[256];
    (void)state;
    assert_true(tls_server_start(&s, "localhost", 30, true));
    snprintf(extra, sizeof extra, ",\"ca_file\":\"%s\",\"client_cert\":\"%s/client.pem\"", s.ca,
             s.dir);
    start_tls(&s, "localhost", extra);
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_OK);
    oc_test_stop(t);
    snprintf(extra, sizeof extra, ",\"ca_file\":\"%s\"", s.ca);
    start_tls(&s, "localhost", extra);
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_CRITICAL);
    oc_test_stop(t);
    tls_server_stop(&s);
}

static void tls_to_a_server_that_speaks_none_fails(void **state)
{
    struct tls_server s = {.port = 0};
    struct peer peer = peer_start(peer_reply_once, STATUS("400 Bad Request"));
    struct peer hung = peer_start(peer_hang, NULL);
    (void)state;
    s.port = peer.port;
    start_tls(&s, "127.0.0.1", ",\"timeout\":\"2s\"");
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_CRITICAL);
    oc_test_stop(t);
    s.port = hung.port;
    start_tls(&s, "127.0.0.1", ",\"timeout\":\"200ms\"");
    assert_string_equal(oc_test_status_text(t, "a"), "timed out after 200ms (TLS handshake)");
    oc_test_stop(t);
    peer_stop(&peer);
    peer_stop(&hung);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_verified_certificate_gives_its_end),
        TEST(a_certificate_that_ends_soon_is_a_warning),
        TEST(a_certificate_that_proves_nothing_is_refused),
        TEST(a_client_certificate_is_shown_when_asked_for),
        TEST(tls_to_a_server_that_speaks_none_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
