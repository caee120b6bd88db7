/* Tests of the litellm collector against a scripted proxy. SPDX-License-Identifier: MIT
 *
 * test_page.txt was recorded from a real LiteLLM 1.100.5 with mock responses: one call of minimax/MiniMax-M2.7, two of
 * agent/steward, one each of agent/coder, `broken` (gpt-4o-mini) and `unknown`, and one of a model that is not there; families
 * that are not looked at and the *_created ones were left out. The real proxy itself is tests/integration/test_litellm.py. */
#include "test_litellm.h"

#include "probe/testing/fixture.h"
#include "probe/testing/peer.h"
#include "probe/testing/test.h"

#include <time.h>

#include <openclaw/emit.h>

/* ---- a proxy ---- */

struct script {
    const char *metrics_status, *metrics, *key; /* NULL status: 200; NULL key: none is wanted */
    const char *database;                       /* "connected"; NULL: none behind it */
    const char *hangs;                          /* a path that is never answered */
};

static char *recorded;
static char today[11];

static void answer(int fd, const char *status, const char *headers, const char *body)
{
    char head[512];
    snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n", status,
             strlen(body), headers);
    peer_say(fd, head);
    peer_say(fd, body);
}

static void answer_books(int fd, const struct script *s)
{
    char body[2048];
    if (!s->database) {
        answer(fd, "500 Internal Server Error", "",
               "{\"error\":{\"message\":\"Database not connected. Connect a database to your "
               "proxy\"}}");
    } else if (peer_asked("/key/info")) {
        answer(fd, "200 OK", "", "{\"key\":\"x\",\"info\":{\"spend\":1.25,\"max_budget\":10}}");
    } else if (peer_asked("/global/spend")) {
        answer(fd, "200 OK", "", "{\"spend\":42.5,\"max_budget\":0.0}");
    } else if (peer_asked("/spend/logs")) {
        snprintf(body, sizeof body,
                 "[{\"startTime\":\"%s\",\"spend\":0.75,\"users\":{},\"models\":{\"gpt-4o\":0.75}},"
                 "{\"startTime\":\"2001-01-01\",\"spend\":99,\"users\":{},\"models\":{}}]",
                 today);
        answer(fd, "200 OK", "", body);
    } else {
        snprintf(
            body, sizeof body,
            "{\"results\":[{\"date\":\"%s\",\"metrics\":{\"spend\":0.5},\"breakdown\":{\"model_"
            "groups\":{"
            "\"agent/"
            "coder\":{\"metrics\":{\"spend\":0.5},\"api_key_breakdown\":{\"%064d\":{\"metrics\":{"
            "\"spend\":0.5,\"prompt_tokens\":100,\"completion_tokens\":20,\"cache_read_input_"
            "tokens\":60,"
            "\"cache_creation_input_tokens\":0,\"successful_requests\":3,\"failed_requests\":1},"
            "\"metadata\":{\"key_alias\":\"team-a\"}}}}}}}],\"metadata\":{\"has_more\":false}}",
            today, 7);
        answer(fd, "200 OK", "", body);
    }
}

static void answer_metrics(int fd, const struct script *s)
{
    char bearer[64] = "";
    if (s->key) {
        snprintf(bearer, sizeof bearer, "Authorization: Bearer %s\r\n", s->key);
    }
    if (peer_asked("/metrics")) {
        answer(fd, "307 Temporary Redirect", "Location: /metrics/\r\n", "");
    } else if (!strstr(peer_own, bearer)) {
        answer(fd, "401 Unauthorized", "",
               "\"Unauthorized access to metrics endpoint: No connected db.\"");
    } else {
        answer(fd, s->metrics_status ? s->metrics_status : "200 OK", "",
               s->metrics ? s->metrics : recorded);
    }
}

static void proxy(int fd, struct peer_shared *shared, const void *ctx)
{
    const struct script *s = ctx;
    char body[256];
    for (;;) {
        peer_request(fd, shared);
        if (s->hangs && peer_asked(s->hangs)) {
            peer_hang(fd, shared, NULL);
        } else if (peer_asked("/health/liveliness")) {
            answer(fd, "200 OK", "", "\"I'm alive!\"");
        } else if (peer_asked("/health/readiness")) {
            snprintf(body, sizeof body, "{\"status\":\"healthy\",\"db\":\"%s\"}",
                     s->database ? s->database : "Not connected");
            answer(fd,
                   s->database && strcmp(s->database, "connected") != 0 ? "503 Service Unavailable"
                                                                        : "200 OK",
                   "", body);
        } else if (peer_asked("/model/info")) {
            answer(fd, "200 OK", "",
                   "{\"data\":[{\"model_name\":\"broken\",\"model_info\":{\"id\":"
                   "\"c3f0e323361f96c8ec0ff62e13225f52b8f9cfb3572cbd5bdddbb0d1d10a1624\","
                   "\"agent_id\":\"dreamer\"}},{\"model_name\":\"x\",\"model_info\":{\"id\":7}}]}");
        } else if (peer_asked("/metrics") || peer_asked("/metrics/")) {
            answer_metrics(fd, s);
        } else if (peer_asked("/health")) {
            _exit(99); /* billed: noticed by the_page_that_makes_billed_calls_is_never_asked_for */
        } else {
            answer_books(fd, s);
        }
    }
}

static void start_at(int port, const char *more)
{
    char options[256];
    snprintf(options, sizeof options, "{\"url\": \"http://127.0.0.1:%d\", \"timeout\": \"3s\"%s%s}",
             port, *more ? ", " : "", more);
    oc_test_config(t, options);
    assert_int_equal(oc_test_start(t), OC_OK);
}

static void collect(void)
{
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 10000), OC_OK);
}

/* One call against the script. */
static void scrape(const struct script *s, const char *more)
{
    struct peer peer = peer_start(proxy, s);
    start_at(peer.port, more);
    collect();
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

#define WITH(name, ...) oc_test_sample_with(t, name, (const char *[]){__VA_ARGS__, NULL})

/* ---- health ---- */

static void readiness_is_the_state_and_liveliness_a_target(void **state)
{
    (void)state;
    scrape(&(struct script){.database = "db down"}, "");
    assert_int_equal(oc_test_status(t, ""), OC_STATE_CRITICAL);
    assert_string_equal(oc_test_status_text(t, ""), "the server answers 503");
    assert_int_equal(oc_test_status(t, "liveliness"), OC_STATE_OK);
    near(oc_test_sample(t, "http.status_code", "target", "liveliness"), 200);
    scrape(&(struct script){.database = "connected"}, "");
    assert_int_equal(oc_test_status(t, ""), OC_STATE_OK);
    near(oc_test_sample(t, "litellm.database", NULL, NULL), 1);
    scrape(&(struct script){0}, "");
    assert_int_equal(oc_test_samples(t, "litellm.database"), 0); /* it has none: nothing is said */
}

static void a_proxy_that_is_not_there_is_said_once_for_each_state(void **state)
{
    (void)state;
    start_at(peer_dead_port(), "");
    collect();
    assert_string_equal(oc_test_status_text(t, ""), "connection refused");
    assert_string_equal(oc_test_status_text(t, "metrics"), "not asked: connection refused");
    near(oc_test_sample(t, "usage.tracked", NULL, NULL), 0);
    assert_int_equal(oc_test_samples(t, "litellm.supported"), 0); /* not known either way */
    assert_int_equal(oc_test_stop(t), 0);
}

static void a_page_that_hangs_costs_itself_alone(void **state)
{
    (void)state;
    scrape(&(struct script){.hangs = "/metrics/", .database = "connected"}, "\"timeout\": \"1s\"");
    assert_int_equal(oc_test_status(t, ""), OC_STATE_OK);
    assert_int_equal(oc_test_status(t, "metrics"), OC_STATE_CRITICAL);
    assert_memory_equal(oc_test_status_text(t, "metrics"), "timed out after 1s", 18);
    near(oc_test_sample(t, "litellm.spend_dollars", NULL, NULL), 42.5);
    assert_true(oc_test_took_ms(t) < 5000);
}

static void a_proxy_that_hangs_costs_one_timeout(void **state)
{
    struct peer peer = peer_start(peer_hang, NULL);
    (void)state;
    start_at(peer.port, "\"timeout\": \"1s\"");
    collect();
    assert_int_equal(oc_test_status(t, ""), OC_STATE_CRITICAL);
    assert_true(oc_test_took_ms(t) < 2500);
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

static void the_page_that_makes_billed_calls_is_never_asked_for(void **state)
{
    struct peer peer = peer_start(proxy, &(struct script){.database = "connected"});
    (void)state;
    start_at(peer.port, "\"spend_interval\": \"1ms\"");
    for (int i = 0; i < 3; i++) {
        oc_test_time(t, 1000000 + i * 1000);
        collect();
        /* The peer's child would be gone, and its page unanswered. */
        for (size_t k = 0; k < oc_test_count(t, OC_RECORD_STATUS); k++) {
            assert_int_equal(oc_test_record(t, OC_RECORD_STATUS, k)->state, OC_STATE_OK);
        }
        if (strstr(oc_test_json(t, 0), "\"failed\"")) {
            fail_msg("%s", oc_test_json(t, 0));
        }
    }
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

/* ---- usage ---- */

static void the_recorded_page_becomes_usage(void **state)
{
    (void)state;
    scrape(&(struct script){0}, "");
    assert_int_equal(oc_test_status(t, "metrics"), OC_STATE_OK);
    near(oc_test_sample(t, "usage.tracked", NULL, NULL), 1);
    near(oc_test_sample(t, "usage.since", NULL, NULL), 1.79537720981e+09);
    near(WITH("usage.requests", "agent", "steward", "status", "ok"), 2);
    near(WITH("usage.requests", "model", "MiniMax-M2.7", "agent", "steward"), 2);
    near(WITH("usage.requests", "model", "nosuch", "status", "failed"), 1);
    near(WITH("usage.tokens", "agent", "steward", "type", "input"), 20);
    near(WITH("usage.tokens", "agent", "steward", "type", "output"), 40);
    near(WITH("usage.spend_dollars", "agent", "steward"), 1.8e-5);
    near(WITH("usage.spend_dollars", "agent", "coder", "model", "gpt-4o"), 2.25e-4);
    /* the model's definition says whose it is */
    near(WITH("usage.spend_dollars", "agent", "dreamer", "model", "gpt-4o-mini"), 1.35e-5);
    near(WITH("usage.tokens", "model", "nobody-knows-this", "provider", "openai", "type", "input"),
         10);
    near(WITH("usage.spend_dollars", "key", "litellm_proxy_master_key", "agent", "coder"), 2.25e-4);
    near(oc_test_sample(t, "litellm.models", NULL, NULL), 2);
}

static void its_own_metrics_come_without_users(void **state)
{
    (void)state;
    scrape(&(struct script){0}, "");
    near(WITH("litellm_spend_metric_total", "requested_model", "agent/coder"), 2.25e-4);
    assert_int_equal(oc_test_samples(t, "litellm_request_total_latency_metric_bucket"), 0);
    assert_int_equal(oc_test_samples(t, "process_start_time_seconds"), 0);
    assert_int_equal(oc_test_samples(t, "litellm_deployment_state"), 5);
    for (size_t i = 0; i < oc_test_count(t, OC_RECORD_SAMPLE); i++) {
        const struct oc_record *r = oc_test_record(t, OC_RECORD_SAMPLE, i);
        for (uint32_t k = 0; k < r->label_count; k++) {
            assert_string_not_equal(r->labels[k].name.ptr, "client_ip");
            assert_string_not_equal(r->labels[k].name.ptr, "hashed_api_key");
        }
    }
    scrape(&(struct script){0}, "\"include\": [\"litellm_spend*\"], \"label_drop\": [\"*\"]");
    assert_int_equal(oc_test_samples(t, "litellm_spend_metric_total"), 1);
    assert_int_equal(oc_test_samples(t, "litellm_deployment_state"), 0);
}

static void latency_comes_as_quantiles_by_model(void **state)
{
    (void)state;
    /* The proxy of the recording was young then. */
    struct peer peer = peer_start(proxy, &(struct script){0});
    start_at(peer.port, "");
    oc_test_time(t, INT64_C(1795377230) * 1000);
    collect();
    /* two of agent/steward up to 5 and 10 ms, one of minimax up to 250 ms */
    near(oc_test_sample(t, "litellm.latency_p50_ms", "model", "MiniMax-M2.7"), 7.5);
    near(oc_test_sample(t, "litellm.latency_p99_ms", "model", "MiniMax-M2.7"), 100 + 150 * 0.97);
    assert_true(oc_test_samples(t, "litellm.latency_p95_ms") ==
                5); /* four models, and all together */
    assert_int_equal(oc_test_samples(t, "litellm.first_token_p50_ms"), 0);
    collect(); /* nothing new within the window: it stays */
    near(oc_test_sample(t, "litellm.latency_p50_ms", "model", "MiniMax-M2.7"), 7.5);
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
    oc_test_time(t, INT64_C(1795377230) * 1000 + 3600000);
    scrape(&(struct script){0}, ""); /* long after: what it counted is of unknown age */
    assert_int_equal(oc_test_samples(t, "litellm.latency_p50_ms"), 0);
}

/* Each connection gets the next page: the collector does not keep connections here. */
static void next_page(int fd, struct peer_shared *shared, const void *ctx)
{
    static const struct script plain = {0};
    const char *const *pages = ctx;
    peer_request(fd, shared);
    if (peer_asked("/metrics")) {
        answer(fd, "200 OK", "", pages[shared->page++]);
    } else if (peer_asked("/health/liveliness") || peer_asked("/health/readiness")) {
        answer(fd, "200 OK", "", "{}");
    } else {
        answer_books(fd, &plain);
    }
}

#define CALL(code, count)                                                                          \
    "litellm_proxy_total_requests_metric_total{requested_model=\"m\",status_code=\"" code          \
    "\"} " count "\n"
#define OWN(count)                                                                                 \
    "litellm_proxy_total_requests_metric_total{requested_model=\"None\",route=\"/spend/logs\","    \
    "status_code=\"500\"} " count "\n"

static void the_error_rate_is_that_of_model_calls(void **state)
{
    static const char *const pages[] = {
        CALL("200", "80") CALL("500", "20") OWN("0"), /* the first scrape knows no increase */
        CALL("200", "155") CALL("500", "45")
            OWN("70"), /* 25 of 100; what we asked for ourselves is none */
        CALL("200", "155") CALL("500", "45") OWN("99"), /* nothing happened */
        CALL("200", "36") CALL("500", "4") OWN("3"),    /* begun anew: 4 of 40 */
    };
    struct peer peer = peer_start(next_page, pages);
    (void)state;
    start_at(peer.port, "\"keep_alive\": false, \"spend_interval\": \"0\"");
    collect();
    assert_int_equal(oc_test_samples(t, "api.error_rate_percent"), 0);
    collect();
    near(oc_test_sample(t, "api.error_rate_percent", NULL, NULL), 25);
    near(WITH("usage.requests", "status", "failed"), 45);
    collect();
    assert_int_equal(oc_test_samples(t, "api.error_rate_percent"), 0);
    collect();
    near(oc_test_sample(t, "api.error_rate_percent", NULL, NULL), 10);
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

#define TOOK(fast, all)                                                                            \
    "litellm_request_total_latency_metric_bucket{le=\"1.0\",model=\"m\"} " fast "\n"               \
    "litellm_request_total_latency_metric_bucket{le=\"2.0\",model=\"m\"} " all "\n"                \
    "litellm_request_total_latency_metric_bucket{le=\"+Inf\",model=\"m\"} " all "\n"

/* Something in front of the proxy answers once in its place, and even in the format of metrics. */
static void a_page_of_somebody_else_is_no_new_beginning(void **state)
{
    static const char *const others[] = {"up 1\n", "<html>\nplease wait\n"};
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const char *const pages[] = {
            CALL("200", "80") CALL("500", "20") TOOK("100", "100"), others[i],
            CALL("200", "155") CALL("500", "45") TOOK("100", "110"), /* 25 of 100; ten slow ones */
        };
        struct peer peer = peer_start(next_page, pages);
        start_at(peer.port, "\"keep_alive\": false, \"spend_interval\": \"0\"");
        collect();
        collect();
        assert_int_equal(oc_test_samples(t, "api.error_rate_percent"), 0);
        collect();
        near(oc_test_sample(t, "api.error_rate_percent", NULL, NULL), 25);
        near(oc_test_sample(t, "litellm.latency_p50_ms", "model", "m"), 1500);
        assert_int_equal(oc_test_stop(t), 0);
        peer_stop(&peer);
    }
}

/* ---- what is not there is unknown ---- */

static void a_proxy_without_metrics_is_no_failure_and_no_zero(void **state)
{
    (void)state;
    scrape(&(struct script){.metrics_status = "404 Not Found",
                            .metrics = "{\"detail\":\"Not Found\"}"},
           "");
    assert_int_equal(oc_test_status(t, "metrics"), OC_STATE_OK);
    assert_string_equal(oc_test_status_text(t, "metrics"),
                        "no metrics here: this proxy has no such page (404)");
    near(oc_test_sample(t, "litellm.supported", "endpoint", "metrics"), 0);
    near(oc_test_sample(t, "usage.tracked", NULL, NULL), 0);
    assert_int_equal(oc_test_samples(t, "usage.spend_dollars"), 0);
    assert_int_equal(oc_test_samples(t, "usage.requests"), 0);
    assert_non_null(strstr(oc_test_json(t, 0),
                           "\"metrics\":{\"state\":\"unknown\",\"reason\":\"unsupported\""));
}

static void a_wrong_key_is_a_warning_and_no_key_is_none(void **state)
{
    (void)state;
    scrape(&(struct script){.key = "sk-right"}, "\"master_key\": \"sk-wrong\"");
    assert_int_equal(oc_test_status(t, "metrics"), OC_STATE_WARNING);
    assert_string_equal(oc_test_status_text(t, "metrics"),
                        "no metrics here: the key is refused (401)");
    assert_int_equal(oc_test_samples(t, "litellm.supported"), 5); /* metrics: not known */
    scrape(&(struct script){.key = "sk-right"}, "");
    assert_int_equal(oc_test_status(t, "metrics"), OC_STATE_OK);
    assert_string_equal(oc_test_status_text(t, "metrics"), "no metrics here: it wants a key (401)");
    scrape(&(struct script){.key = "sk-right"}, "\"master_key\": \"sk-right\"");
    near(oc_test_sample(t, "usage.tracked", NULL, NULL), 1);
}

static void failures_of_the_page_are_said_precisely(void **state)
{
    char *huge = malloc(20001);
    memset(huge, 'x', 20000);
    huge[20000] = '\0';
    (void)state;
    scrape(&(struct script){.metrics_status = "500 Oops",
                            .metrics = "{\"error\":\"out of\\nmemory\"}"},
           "");
    assert_string_equal(oc_test_status_text(t, "metrics"), "the server answers 500: out of");
    scrape(&(struct script){.metrics_status = "403 Forbidden", .metrics = ""}, "");
    assert_string_equal(oc_test_status_text(t, "metrics"), "no metrics here: it wants a key (403)");
    scrape(&(struct script){.metrics = "<html>\nno metrics\n"}, "");
    assert_int_equal(oc_test_status(t, "metrics"), OC_STATE_CRITICAL);
    assert_string_equal(oc_test_status_text(t, "metrics"),
                        "the page is not in the Prometheus text format");
    near(oc_test_sample(t, "usage.tracked", NULL, NULL), 0);
    scrape(&(struct script){.metrics = huge}, "\"max_body\": \"4KB\"");
    assert_string_equal(oc_test_status_text(t, "metrics"), "the answer is longer than 4096 bytes");
    scrape(&(struct script){.metrics = "litellm_spend_metric_total{model=\"m\"} 1\ngarbage\n"}, "");
    assert_int_equal(oc_test_status(t, "metrics"), OC_STATE_WARNING);
    near(oc_test_sample(t, "usage.spend_dollars", "model", "m"), 1);
    free(huge);
}

/* ---- the books ---- */

static void without_a_database_spend_is_unknown(void **state)
{
    (void)state;
    scrape(&(struct script){0}, "");
    assert_int_equal(oc_test_samples(t, "litellm.spend_dollars"), 0);
    assert_int_equal(oc_test_samples(t, "usage.ledger_today_dollars"), 0);
    near(oc_test_sample(t, "litellm.supported", "endpoint", "spend"), 0);
    assert_non_null(strstr(oc_test_json(t, 0), "\"this proxy has no database\""));
}

static void with_a_database_the_books_are_read(void **state)
{
    (void)state;
    scrape(&(struct script){.database = "connected"}, "");
    near(oc_test_sample(t, "litellm.spend_dollars", NULL, NULL), 42.5);
    assert_int_equal(oc_test_samples(t, "litellm.max_budget_dollars"), 0); /* 0 is none */
    near(oc_test_sample(t, "litellm.key_spend_dollars", NULL, NULL), 1.25);
    near(oc_test_sample(t, "litellm.key_max_budget_dollars", NULL, NULL), 10);
    near(oc_test_sample(t, "usage.ledger_today_dollars", NULL, NULL), 0.75);
    assert_int_equal(oc_test_samples(t, "usage.spend_dollars"), 5); /* the page's, not the books' */
}

static void the_books_stand_in_for_metrics_that_are_not_there(void **state)
{
    (void)state;
    scrape(
        &(struct script){.database = "connected", .metrics_status = "404 Not Found", .metrics = ""},
        "");
    near(oc_test_sample(t, "usage.tracked", NULL, NULL), 1);
    near(WITH("usage.spend_dollars", "agent", "coder", "key", "team-a"), 0.5);
    near(WITH("usage.tokens", "agent", "coder", "type", "input"), 100);
    near(WITH("usage.tokens", "agent", "coder", "type", "cache_read"), 60);
    near(WITH("usage.requests", "agent", "coder", "status", "ok"), 3);
    near(WITH("usage.requests", "agent", "coder", "status", "failed"), 1);
    assert_true(fmod(oc_test_sample(t, "usage.since", NULL, NULL), 86400) == 0);
}

static void the_slow_endpoints_are_asked_now_and_then(void **state)
{
    struct peer peer = peer_start(proxy, &(struct script){.database = "connected"});
    (void)state;
    start_at(peer.port, "\"spend_interval\": \"1m\"");
    oc_test_time(t, 1000000);
    collect();
    int first = peer.shared->requests;
    oc_test_time(t, 1030000);
    collect();
    assert_int_equal(peer.shared->requests - first, 4); /* the page redirects to its own name */
    oc_test_time(t, 1060000);
    collect();
    assert_int_equal(peer.shared->requests, 2 * first + 4);
    oc_test_time(t, 500000); /* the clock was set back */
    collect();
    assert_int_equal(peer.shared->requests, 3 * first + 4);
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

static void a_wrong_configuration_is_refused(void **state)
{
    (void)state;
    oc_test_config(t, "{\"url\": \"http://h:0/\"}");
    assert_int_equal(oc_test_start(t), OC_E_CONFIG);
    oc_test_config(t, "{}");
    assert_int_equal(oc_test_start(t), OC_OK);
}

static int load(void **state)
{
    time_t now = time(NULL);
    struct tm tm;
    FILE *f = fopen(OC_PLUGIN_SOURCE_DIR "/test_page.txt", "r");
    (void)state;
    recorded = calloc(1, 1 << 20);
    size_t len = f && recorded ? fread(recorded, 1, (1 << 20) - 1, f) : 0;
    if (f) {
        fclose(f);
    }
    gmtime_r(&now, &tm);
    strftime(today, sizeof today, "%Y-%m-%d", &tm);
    return len > 10000 ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    free(recorded);
    return 0;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(readiness_is_the_state_and_liveliness_a_target),
        TEST(a_proxy_that_is_not_there_is_said_once_for_each_state),
        TEST(a_page_that_hangs_costs_itself_alone),
        TEST(a_proxy_that_hangs_costs_one_timeout),
        TEST(the_page_that_makes_billed_calls_is_never_asked_for),
        TEST(the_recorded_page_becomes_usage),
        TEST(its_own_metrics_come_without_users),
        TEST(latency_comes_as_quantiles_by_model),
        TEST(the_error_rate_is_that_of_model_calls),
        TEST(a_page_of_somebody_else_is_no_new_beginning),
        TEST(a_proxy_without_metrics_is_no_failure_and_no_zero),
        TEST(a_wrong_key_is_a_warning_and_no_key_is_none),
        TEST(failures_of_the_page_are_said_precisely),
        TEST(without_a_database_spend_is_unknown),
        TEST(with_a_database_the_books_are_read),
        TEST(the_books_stand_in_for_metrics_that_are_not_there),
        TEST(the_slow_endpoints_are_asked_now_and_then),
        TEST(a_wrong_configuration_is_refused),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
