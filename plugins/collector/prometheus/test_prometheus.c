/* Tests of the prometheus collector and its parser. SPDX-License-Identifier: MIT */
#include "exposition/exposition.h"
#include "probe/testing/fixture.h"
#include "probe/testing/peer.h"
#include "probe/testing/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/testkit.h>

/* ---- the parser ---- */

struct seen {
    char text[2048];
    size_t count;
};

static void print_view(FILE *f, struct oc_view v)
{
    fwrite(v.ptr, 1, (size_t)v.len, f);
}

static bool note(void *ctx, const struct exposition_sample *s)
{
    static const char *const kinds[] = {"gauge", "counter", "bool"};
    struct seen *seen = ctx;
    size_t len = strlen(seen->text);
    FILE *f = fmemopen(seen->text + len, sizeof seen->text - len, "w");
    print_view(f, s->name);
    for (uint32_t i = 0; i < s->label_count; i++) {
        fputc(i ? ',' : '{', f);
        print_view(f, s->labels[i].name);
        fputc('=', f);
        print_view(f, s->labels[i].value);
    }
    fprintf(f, "%s %g %s", s->label_count ? "}" : "", s->value,
            s->created ? "created" : kinds[s->kind]);
    if (s->time_ms) {
        fprintf(f, " @%lld", (long long)s->time_ms);
    }
    fputc('\n', f);
    fclose(f);
    seen->count++;
    return true;
}

static struct exposition_result parse(const char *text, struct seen *seen)
{
    struct exposition_result r;
    char *copy = strdup(text);
    memset(seen, 0, sizeof *seen);
    exposition_parse(copy, strlen(copy), note, seen, &r);
    free(copy);
    return r;
}

static void expect(const char *text, const char *wanted)
{
    struct seen seen;
    struct exposition_result r = parse(text, &seen);
    assert_string_equal(seen.text, wanted);
    assert_int_equal(r.bad, 0);
}

static void expect_bad(const char *line, const char *reason)
{
    char text[4096];
    struct seen seen;
    snprintf(text, sizeof text, "good 1\n%s\nalso_good 2\n", line);
    struct exposition_result r = parse(text, &seen);
    assert_int_equal(r.bad, 1);
    assert_int_equal(r.first_bad, 2);
    assert_int_equal(seen.count, 2);
    assert_string_equal(r.reason, reason);
}

static void types_become_kinds(void **state)
{
    (void)state;
    expect("# HELP a help # with signs\n# TYPE a_total counter\na_total 3\n"
           "# TYPE g gauge\ng -2.5e3\n"
           "# TYPE h histogram\nh_bucket{le=\"0.5\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum "
           "0.7\nh_count 2\n"
           "# TYPE s summary\ns{quantile=\"0.9\"} 5\ns_sum 9\ns_count 4\n"
           "# TYPE u untyped\nu 1\nother 7\n",
           "a_total 3 counter\ng -2500 gauge\nh_bucket{le=0.5} 1 counter\nh_bucket{le=+Inf} 2 "
           "counter\n"
           "h_sum 0.7 counter\nh_count 2 counter\ns{quantile=0.9} 5 gauge\ns_sum 9 "
           "counter\ns_count 4 counter\n"
           "u 1 gauge\nother 7 gauge\n");
}

static void openmetrics_is_understood(void **state)
{
    (void)state;
    expect("# TYPE foo counter\n# UNIT foo seconds\nfoo_total{a=\"b\"} 17.0 1520879607.789 # "
           "{id=\"x\"} 0.67\n"
           "foo_created 1520430000\n# TYPE build info\nbuild_info{v=\"1\"} 1\n"
           "# TYPE feature stateset\nfeature{feature=\"on\"} 1\n# EOF\n",
           "foo_total{a=b} 17 counter @1520879607789\nfoo_created 1.52043e+09 created\n"
           "build_info{v=1} 1 gauge\nfeature{feature=on} 1 bool\n");
}

static void times_are_milliseconds_in_the_text_format(void **state)
{
    (void)state;
    expect("x 1 1395066363000\n", "x 1 gauge @1395066363000\n");
}

static void label_values_are_unescaped(void **state)
{
    (void)state;
    expect("x{a=\"q\\\"q\",b=\"b\\\\n\",c=\"l\\nl\",d=\"\\z\",e=\"}, \",} 1\n",
           "x{a=q\"q,b=b\\n,c=l\nl,d=\\z,e=}, } 1 gauge\n");
}

static void spaces_blank_lines_and_carriage_returns_are_tolerated(void **state)
{
    (void)state;
    expect("\n\r\n  x  { a = \"1\" , b=\"2\" }   5  \r\n#comment\n\t\ny\t6",
           "x{a=1,b=2} 5 gauge\ny 6 gauge\n");
}

static void numbers_of_all_sorts_are_read(void **state)
{
    struct seen seen;
    (void)state;
    struct exposition_result r = parse("a NaN\nb +Inf\nc -Inf\nd 1e-9\ne 0x10\n", &seen);
    assert_int_equal(r.bad, 0);
    assert_int_equal(seen.count, 5);
}

static void a_bad_line_costs_only_itself(void **state)
{
    char many[4000] = "x{";
    (void)state;
    expect_bad("{a=\"b\"} 1", "the line does not begin with a metric's name");
    expect_bad("1x 1", "the line does not begin with a metric's name");
    expect_bad("x", "the value is not a number");
    expect_bad("x 1e", "the value is not a number");
    expect_bad("x{a=\"b\" 1", "labels without a closing brace");
    expect_bad("x{a=\"b} 1", "a label's value has no closing quote");
    expect_bad("x{a=\"b\\", "a label's value has no closing quote");
    expect_bad("x{a=b} 1", "a label's value is not quoted");
    expect_bad("x{a} 1", "a label has no name or no value");
    expect_bad("x{9=\"b\"} 1", "a label has no name or no value");
    expect_bad("x 1 soon", "the time is not a number");
    expect_bad("x 1 2 3", "something follows the time");
    for (int i = 0; i < 65; i++) {
        strcat(many, "a=\"\",");
    }
    strcat(many, "} 1");
    expect_bad(many, "more than 64 labels");
}

static bool stop_at_once(void *ctx, const struct exposition_sample *s)
{
    (void)s;
    ++*(int *)ctx;
    return false;
}

static void the_function_can_end_the_parse(void **state)
{
    char text[] = "a 1\nb 2\n";
    struct exposition_result r;
    int calls = 0;
    (void)state;
    exposition_parse(text, sizeof text - 1, stop_at_once, &calls, &r);
    assert_int_equal(calls, 1);
}

/* ---- the collector ---- */

#define PAGE_HEAD                                                                                  \
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n\r\n"

static void start_page(int port, const char *options)
{
    char json[2048];
    snprintf(json, sizeof json,
             "{\"targets\": [{\"name\": \"a\", \"url\": \"http://127.0.0.1:%d/metrics\"}]%s}", port,
             options);
    oc_test_config(t, json);
    assert_int_equal(oc_test_start(t), OC_OK);
}

static void collect(void)
{
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 10000), OC_OK);
}

static void scrape(const char *page, const char *options)
{
    struct peer peer = peer_start(peer_reply_once, page);
    start_page(peer.port, options);
    collect();
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

static void a_wrong_configuration_is_refused(void **state)
{
    (void)state;
    assert_int_equal(oc_test_start(t), OC_E_CONFIG);
    assert_string_equal(oc_test_error(t)->message, "neither url nor targets is set");
    oc_test_config(t, "{\"targets\": [{\"name\": \"x\", \"url\": \"http://h:0/\"}]}");
    assert_int_equal(oc_test_start(t), OC_E_CONFIG);
    assert_memory_equal(oc_test_error(t)->message, "target x: url ", 14);
    oc_test_config(t, "{\"targets\": [{\"name\": \"x\", \"url\": \"http://h/\"}, "
                      "{\"name\": \"x\", \"url\": \"http://i/\"}]}");
    assert_int_equal(oc_test_start(t), OC_E_CONFIG);
    assert_string_equal(oc_test_error(t)->message, "two targets are named \"x\"");
}

static void a_page_becomes_samples(void **state)
{
    (void)state;
    scrape(PAGE_HEAD "# TYPE req_total counter\nreq_total{code=\"200\"} "
                     "10\nreq_total{code=\"500\"} 2\nns:rate 0.5\nn NaN\n",
           "");
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_OK);
    assert_memory_equal(oc_test_status_text(t, "a"), "3 samples in ", 13);
    assert_float_equal(
        oc_test_sample_with(t, "req_total", (const char *[]){"target", "a", "code", "500", NULL}),
        2, 0);
    assert_float_equal(oc_test_sample(t, "ns:rate", NULL, NULL), 0.5, 0);
    assert_float_equal(oc_test_sample(t, "prometheus.samples", "target", "a"), 3, 0);
    assert_float_equal(oc_test_sample(t, "prometheus.up", "target", "a"), 1, 0);
    assert_true(isnan(oc_test_sample(t, "n", NULL, NULL)));
    for (size_t i = 0; i < oc_test_count(t, OC_RECORD_SAMPLE); i++) {
        const struct oc_record *r = oc_test_record(t, OC_RECORD_SAMPLE, i);
        assert_int_equal(r->kind == OC_KIND_COUNTER, strcmp(r->name.ptr, "req_total") == 0);
    }
}

static void names_are_filtered_renamed_and_prefixed(void **state)
{
    (void)state;
    scrape(PAGE_HEAD "go_gc 1\nreq_a 2\nreq_b 3\nreq_c 4\n",
           ",\"include\":[\"req_*\"],\"exclude\":[\"*_c\"],\"rename\":{\"req_a\":\"api.requests\"},"
           "\"prefix\":\"x.\"");
    assert_int_equal(oc_test_samples(t, "api.requests"), 1);
    assert_int_equal(oc_test_samples(t, "x.req_b"), 1);
    assert_int_equal(oc_test_samples(t, "x.req_c"), 0);
    assert_int_equal(oc_test_samples(t, "x.go_gc"), 0);
}

static void series_that_become_equal_are_added_up(void **state)
{
    (void)state;
    scrape(PAGE_HEAD "# TYPE r counter\nr{model=\"x\",user=\"1\"} 1\nr{model=\"x\",user=\"2\"} "
                     "2\nr{model=\"y\",user=\"1\"} 4\n",
           ",\"label_drop\":[\"us*\"]");
    assert_int_equal(oc_test_samples(t, "r"), 2);
    assert_float_equal(oc_test_sample(t, "r", "model", "x"), 3, 0);
    assert_float_equal(oc_test_sample(t, "r", "model", "y"), 4, 0);
    scrape(
        PAGE_HEAD
        "r{model=\"x\",user=\"1\"} 1\nr{model=\"x\",user=\"2\"} 2\nr{model=\"y\",user=\"1\"} 4\n",
        ",\"label_keep\":[\"user\"]");
    assert_float_equal(oc_test_sample(t, "r", "user", "1"), 5, 0);
}

static void a_label_called_target_gives_way_to_ours(void **state)
{
    (void)state;
    scrape(PAGE_HEAD "x{target=\"theirs\"} 1\n", "");
    assert_float_equal(
        oc_test_sample_with(t, "x",
                            (const char *[]){"target", "a", "exported_target", "theirs", NULL}),
        1, 0);
}

static void the_cap_on_samples_is_kept_and_said(void **state)
{
    (void)state;
    scrape(PAGE_HEAD "a 1\nb 2\nc 3\n", ",\"max_samples\":2");
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_WARNING);
    assert_string_equal(oc_test_status_text(t, "a"), "more than max_samples (2)");
    assert_int_equal(oc_test_samples(t, "c"), 0);
    scrape(PAGE_HEAD "a 1\nb 2\nc 3\n", ",\"max_samples\":2,\"label_drop\":[\"x\"]");
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_WARNING);
}

static void malformed_lines_are_a_warning_and_nothing_but_those_a_failure(void **state)
{
    (void)state;
    scrape(PAGE_HEAD "a 1\n<html>\nb 2\n", "");
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_WARNING);
    assert_string_equal(oc_test_status_text(t, "a"),
                        "2 samples, 1 malformed lines, the first is line 2: the line does "
                        "not begin with a metric's name");
    scrape(PAGE_HEAD "<html>\n", "");
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_CRITICAL);
    assert_float_equal(oc_test_sample(t, "prometheus.up", "target", "a"), 0, 0);
}

static void failures_of_the_scrape_are_reported(void **state)
{
    (void)state;
    scrape("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "");
    assert_string_equal(oc_test_status_text(t, "a"), "expected status 200, got 404");
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_CRITICAL);
    scrape("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", ",\"optional\":true");
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_OK);
    scrape("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", ",\"optional\":true");
    assert_int_equal(oc_test_status(t, "a"), OC_STATE_CRITICAL);
    start_page(peer_dead_port(), "");
    collect();
    assert_string_equal(oc_test_status_text(t, "a"), "connection refused");
    assert_int_equal(oc_test_stop(t), 0);
}

static void a_page_beyond_max_body_is_refused(void **state)
{
    char *page = malloc(9000);
    (void)state;
    int len = snprintf(page, 9000, PAGE_HEAD);
    for (int i = 0; len < 8000; i++) {
        len += snprintf(page + len, 9000 - (size_t)len, "metric_%d %d\n", i, i);
    }
    scrape(page, ",\"max_body\":\"4KB\"");
    assert_string_equal(oc_test_status_text(t, "a"),
                        "the page is longer than max_body (4096 bytes)");
    free(page);
}

/* Each connection gets the next of a list of pages. */
static void next_page(int fd, struct peer_shared *shared, const void *ctx)
{
    const char *const *pages = ctx;
    int i = shared->connections - 1;
    peer_request(fd, shared);
    peer_say(fd, PAGE_HEAD);
    peer_say(fd, pages[i]);
}

static void ratios_are_made_of_increases(void **state)
{
    static const char *const pages[] = {
        "all{a=\"1\"} 100\nall{a=\"2\"} 100\nbad 10\n", /* the first scrape knows no increase */
        "all{a=\"1\"} 150\nall{a=\"2\"} 150\nbad 35\n", /* 25 of 100 */
        "all{a=\"1\"} 150\nall{a=\"2\"} 150\nbad 35\n", /* nothing happened */
        "all{a=\"1\"} 20\nall{a=\"2\"} 20\nbad 4\n",    /* begun anew: 4 of 40 */
    };
    struct peer peer = peer_start(next_page, pages);
    (void)state;
    start_page(peer.port, ",\"exclude\":[\"*\"],\"ratios\":[{\"metric\":\"api.error_rate_percent\","
                          "\"numerator\":\"bad\","
                          "\"denominator\":\"all\"}]");
    collect();
    assert_int_equal(oc_test_samples(t, "api.error_rate_percent"), 0);
    collect();
    assert_float_equal(oc_test_sample(t, "api.error_rate_percent", "target", "a"), 25, 1e-9);
    assert_int_equal(oc_test_samples(t, "all"), 0);
    collect();
    assert_int_equal(oc_test_samples(t, "api.error_rate_percent"), 0);
    collect();
    assert_float_equal(oc_test_sample(t, "api.error_rate_percent", "target", "a"), 10, 1e-9);
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

static void a_sink_that_says_stop_is_obeyed(void **state)
{
    struct peer peer = peer_start(peer_reply_once, PAGE_HEAD "a 1\nb 2\nc 3\n");
    (void)state;
    start_page(peer.port, "");
    oc_test_record_limit(t, 2);
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 10000), OC_E_PERMANENT);
    assert_int_equal(oc_test_stop(t), 0);
    peer_stop(&peer);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_become_kinds),
        cmocka_unit_test(openmetrics_is_understood),
        cmocka_unit_test(times_are_milliseconds_in_the_text_format),
        cmocka_unit_test(label_values_are_unescaped),
        cmocka_unit_test(spaces_blank_lines_and_carriage_returns_are_tolerated),
        cmocka_unit_test(numbers_of_all_sorts_are_read),
        cmocka_unit_test(a_bad_line_costs_only_itself),
        cmocka_unit_test(the_function_can_end_the_parse),
        TEST(a_wrong_configuration_is_refused),
        TEST(a_page_becomes_samples),
        TEST(names_are_filtered_renamed_and_prefixed),
        TEST(series_that_become_equal_are_added_up),
        TEST(a_label_called_target_gives_way_to_ours),
        TEST(the_cap_on_samples_is_kept_and_said),
        TEST(malformed_lines_are_a_warning_and_nothing_but_those_a_failure),
        TEST(failures_of_the_scrape_are_reported),
        TEST(a_page_beyond_max_body_is_refused),
        TEST(ratios_are_made_of_increases),
        TEST(a_sink_that_says_stop_is_obeyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
