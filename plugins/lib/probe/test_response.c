/* Tests of the HTTP response parser. SPDX-License-Identifier: MIT */
#include "probe/response.h"
#include "probe/testing/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct body {
    char text[4096];
    size_t len;
    size_t limit; /* 0 = none */
};

static bool collect(void *ctx, const char *data, size_t len)
{
    struct body *b = ctx;
    assert_true(b->len + len < sizeof b->text);
    memcpy(b->text + b->len, data, len);
    b->len += len;
    b->text[b->len] = '\0';
    return !b->limit || b->len <= b->limit;
}

/* Feeds `text` in pieces of `piece` bytes, each in a block of its own so that a sanitizer sees
 * reads beyond it. */
static enum oc_response_step feed(struct oc_response *r, struct body *b, const char *text,
                                  size_t len, size_t piece)
{
    enum oc_response_step step = OC_RESPONSE_MORE;
    for (size_t i = 0; i < len && step == OC_RESPONSE_MORE; i += piece) {
        size_t n = len - i < piece ? len - i : piece;
        char *block = malloc(n);
        memcpy(block, text + i, n);
        step = oc_response_feed(r, block, n, collect, b);
        free(block);
    }
    return step;
}

static enum oc_response_step parse(struct oc_response *r, struct body *b, const char *text)
{
    memset(b, 0, sizeof *b);
    oc_response_init(r, false);
    return feed(r, b, text, strlen(text), strlen(text));
}

static void expect_bad(const char *text, const char *why)
{
    struct oc_response r;
    struct body b;
    assert_int_equal(parse(&r, &b, text), OC_RESPONSE_BAD);
    assert_string_equal(r.error, why);
    oc_response_finish(&r);
}

static void an_answer_with_a_length_is_complete_at_its_last_byte(void **state)
{
    struct oc_response r;
    struct body b;
    (void)state;
    assert_int_equal(parse(&r, &b, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"),
                     OC_RESPONSE_MORE);
    assert_int_equal(oc_response_feed(&r, "o", 1, collect, &b), OC_RESPONSE_DONE);
    assert_int_equal(r.status, 200);
    assert_string_equal(b.text, "hello");
    assert_true(oc_response_reusable(&r));
    oc_response_finish(&r);
}

static void the_pieces_in_which_it_arrives_make_no_difference(void **state)
{
    static const char text[] =
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        "HTTP/1.1 302 Found\r\nLocation: /next \r\nTransfer-Encoding: chunked\r\n\r\n"
        "4;ext=1\r\nWiki\r\n6\r\npedia \r\nc\r\nin \r\n\r\nchunk\r\n0\r\nTrailer: x\r\n\r\n";
    (void)state;
    for (size_t piece = 1; piece <= sizeof text; piece++) {
        struct oc_response r;
        struct body b = {.len = 0};
        oc_response_init(&r, false);
        assert_int_equal(feed(&r, &b, text, sizeof text - 1, piece), OC_RESPONSE_DONE);
        assert_int_equal(r.status, 302);
        assert_string_equal(r.location, "/next");
        assert_string_equal(b.text, "Wikipedia in \r\n\r\nchunk");
        assert_int_equal(r.body_bytes, 22);
        assert_true(oc_response_reusable(&r));
        oc_response_finish(&r);
    }
}

static void a_body_without_length_ends_with_the_connection(void **state)
{
    struct oc_response r;
    struct body b;
    (void)state;
    assert_int_equal(parse(&r, &b, "HTTP/1.0 200 OK\r\n\r\nall of it"), OC_RESPONSE_MORE);
    assert_int_equal(oc_response_end(&r), OC_RESPONSE_DONE);
    assert_string_equal(b.text, "all of it");
    assert_false(oc_response_reusable(&r));
    oc_response_finish(&r);
}

static void some_answers_have_no_body_whatever_they_say(void **state)
{
    struct oc_response r;
    struct body b;
    (void)state;
    assert_int_equal(parse(&r, &b, "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"),
                     OC_RESPONSE_DONE);
    oc_response_finish(&r);
    assert_int_equal(parse(&r, &b, "HTTP/1.1 304 Not Modified\r\n\r\n"), OC_RESPONSE_DONE);
    oc_response_finish(&r);
    oc_response_init(&r, true);
    assert_int_equal(feed(&r, &b, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 38, 38),
                     OC_RESPONSE_DONE);
    oc_response_finish(&r);
}

static void a_connection_is_not_reused_when_the_answer_forbids_it(void **state)
{
    static const char *const texts[] = {
        "HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nsurplus",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct oc_response r;
        struct body b;
        assert_int_equal(parse(&r, &b, texts[i]), OC_RESPONSE_DONE);
        assert_false(oc_response_reusable(&r));
        oc_response_finish(&r);
    }
}

static void a_connection_of_http_1_0_is_kept_only_when_it_says_so(void **state)
{
    struct oc_response r;
    struct body b;
    (void)state;
    assert_int_equal(
        parse(&r, &b, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"),
        OC_RESPONSE_DONE);
    assert_true(oc_response_reusable(&r));
    oc_response_finish(&r);
}

static void line_ends_without_carriage_return_are_accepted(void **state)
{
    struct oc_response r;
    struct body b;
    (void)state;
    assert_int_equal(parse(&r, &b, "HTTP/1.1 200\nContent-Length: 2\n\nok"), OC_RESPONSE_DONE);
    assert_string_equal(b.text, "ok");
    oc_response_finish(&r);
}

static void what_is_not_http_is_refused(void **state)
{
    (void)state;
    expect_bad("SSH-2.0-OpenSSH_9.2\r\n", "the answer is not HTTP");
    expect_bad("HTTP/2 200 OK!\r\n", "the answer is not HTTP");
    expect_bad("\r\n", "the answer is not HTTP");
    expect_bad("HTTP/1.1 2x0 OK\r\n", "the status line has no three-digit status");
    expect_bad("HTTP/1.1 2000 OK\r\n", "the status line has no three-digit status");
    expect_bad("HTTP/1.1 099 OK\r\n", "the status is below 100");
    expect_bad("HTTP/1.1 101 Switching\r\n\r\n", "the server switched protocols unasked");
}

static void ambiguous_headers_are_refused(void **state)
{
    (void)state;
    expect_bad("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n", "a header is folded over two lines");
    expect_bad("HTTP/1.1 200 OK\r\nA : b\r\n", "a header line has no valid name");
    expect_bad("HTTP/1.1 200 OK\r\nnonsense\r\n", "a header line has no valid name");
    expect_bad("HTTP/1.1 200 OK\r\n: x\r\n", "a header line has no valid name");
    expect_bad("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
               "two content lengths contradict each other");
    expect_bad("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
               "the content length is not a number of at most 15 digits");
    expect_bad("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999\r\n",
               "the content length is not a number of at most 15 digits");
    expect_bad("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n",
               "the transfer encoding is not \"chunked\"");
}

static void broken_chunks_are_refused(void **state)
{
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    (void)state;
    expect_bad(CHUNKED "zz\r\n", "a chunk size is not a number");
    expect_bad(CHUNKED "\r\n", "a chunk size is not a number");
    expect_bad(CHUNKED "3\r\nabcd\r\n", "a chunk is longer than its size says");
    expect_bad(CHUNKED "fffffffffffffffff\r\n", "a chunk is too large");
}

static void a_cut_answer_says_where_it_was_cut(void **state)
{
    struct oc_response r;
    struct body b;
    (void)state;
    oc_response_init(&r, false);
    assert_int_equal(oc_response_end(&r), OC_RESPONSE_BAD);
    assert_string_equal(r.error, "the server closed the connection without an answer");
    parse(&r, &b, "HTTP/1.1 200 OK\r\nConte");
    assert_int_equal(oc_response_end(&r), OC_RESPONSE_BAD);
    assert_string_equal(r.error, "the server closed the connection within the header");
    oc_response_finish(&r);
    parse(&r, &b, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour");
    assert_int_equal(oc_response_end(&r), OC_RESPONSE_BAD);
    assert_string_equal(r.error, "the server closed the connection within the body");
    oc_response_finish(&r);
}

static void a_header_of_more_than_16_kib_is_refused(void **state)
{
    struct oc_response r;
    struct body b = {.len = 0};
    char line[1000];
    (void)state;
    memset(line, 'a', sizeof line);
    memcpy(line, "X:", 2);
    memcpy(line + sizeof line - 2, "\r\n", 2);
    oc_response_init(&r, false);
    enum oc_response_step step = feed(&r, &b, "HTTP/1.1 200 OK\r\n", 17, 17);
    for (int i = 0; i < 17 && step == OC_RESPONSE_MORE; i++) {
        step = feed(&r, &b, line, sizeof line, 100);
    }
    assert_int_equal(step, OC_RESPONSE_BAD);
    assert_string_equal(r.error, "the header is longer than 16 KiB");
    oc_response_finish(&r);
}

static void endless_interim_answers_are_refused(void **state)
{
    struct oc_response r;
    struct body b = {.len = 0};
    enum oc_response_step step = OC_RESPONSE_MORE;
    (void)state;
    oc_response_init(&r, false);
    for (int i = 0; i < 9 && step == OC_RESPONSE_MORE; i++) {
        step = feed(&r, &b, "HTTP/1.1 100 Continue\r\n\r\n", 25, 25);
    }
    assert_int_equal(step, OC_RESPONSE_BAD);
    oc_response_finish(&r);
}

static void the_body_function_can_say_enough(void **state)
{
    struct oc_response r;
    struct body b = {.limit = 3};
    (void)state;
    oc_response_init(&r, false);
    assert_int_equal(feed(&r, &b, "HTTP/1.1 200 OK\r\n\r\nabcdef", 25, 25), OC_RESPONSE_ENOUGH);
    oc_response_finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_with_a_length_is_complete_at_its_last_byte),
        cmocka_unit_test(the_pieces_in_which_it_arrives_make_no_difference),
        cmocka_unit_test(a_body_without_length_ends_with_the_connection),
        cmocka_unit_test(some_answers_have_no_body_whatever_they_say),
        cmocka_unit_test(a_connection_is_not_reused_when_the_answer_forbids_it),
        cmocka_unit_test(a_connection_of_http_1_0_is_kept_only_when_it_says_so),
        cmocka_unit_test(line_ends_without_carriage_return_are_accepted),
        cmocka_unit_test(what_is_not_http_is_refused),
        cmocka_unit_test(ambiguous_headers_are_refused),
        cmocka_unit_test(broken_chunks_are_refused),
        cmocka_unit_test(a_cut_answer_says_where_it_was_cut),
        cmocka_unit_test(a_header_of_more_than_16_kib_is_refused),
        cmocka_unit_test(endless_interim_answers_are_refused),
        cmocka_unit_test(the_body_function_can_say_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
