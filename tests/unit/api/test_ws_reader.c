/* Tests of core/api/socket/reader.c and utf8.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/api/socket/reader.h"
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#define LIMIT 1000u

struct probe {
    struct oc_reader reader;
    struct oc_buf said; /* "T:hello;" "B:..;" "ping:..;" "pong;" "close:1000;" */
    bool stop;
};

static void on_message(void *ctx, bool text, const char *data, size_t len)
{
    struct probe *p = ctx;
    oc_buf_adds(&p->said, text ? "T:" : "B:");
    oc_buf_add(&p->said, data, len);
    oc_buf_addc(&p->said, ';');
    if (p->stop) {
        oc_reader_stop(&p->reader);
    }
}

static void on_ping(void *ctx, const void *data, size_t len)
{
    struct probe *p = ctx;
    oc_buf_adds(&p->said, "ping:");
    oc_buf_add(&p->said, data, len);
    oc_buf_addc(&p->said, ';');
}

static void on_pong(void *ctx)
{
    oc_buf_adds(&((struct probe *)ctx)->said, "pong;");
}

static void on_close(void *ctx, uint16_t code)
{
    oc_buf_addf(&((struct probe *)ctx)->said, "close:%u;", code);
}

static const struct oc_reader_handler handler = {on_message, on_ping, on_pong, on_close};

static int create(void **state)
{
    static struct probe p;
    p = (struct probe){0};
    oc_reader_init(&p.reader, &handler, &p, LIMIT);
    *state = &p;
    return 0;
}

static int destroy(void **state)
{
    struct probe *p = *state;
    oc_reader_finish(&p->reader);
    oc_buf_finish(&p->said);
    return 0;
}

/* A masked frame as a client sends it, appended to `out`. */
static void frame(struct oc_buf *out, unsigned first, const void *payload, size_t len)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    const uint8_t *at = payload;
    oc_buf_addc(out, (char)first);
    if (len < 126) {
        oc_buf_addc(out, (char)(0x80 | len));
    } else {
        oc_buf_addc(out, (char)(0x80 | 126));
        oc_buf_addc(out, (char)(len >> 8));
        oc_buf_addc(out, (char)(len & 0xff));
    }
    oc_buf_add(out, mask, 4);
    for (size_t i = 0; i < len; i++) {
        oc_buf_addc(out, (char)(at[i] ^ mask[i % 4]));
    }
}

#define TEXT(out, first, s) frame(out, first, s, strlen(s))

static uint16_t feed(struct probe *p, struct oc_buf *bytes, size_t piece)
{
    uint16_t wrong = 0;
    for (size_t i = 0; i < bytes->len && !wrong; i += piece) {
        const size_t n = bytes->len - i < piece ? bytes->len - i : piece;
        wrong = oc_reader_feed(&p->reader, bytes->data + i, n);
    }
    oc_buf_finish(bytes);
    return wrong;
}

static void expect(struct probe *p, struct oc_buf *bytes, uint16_t code, const char *said)
{
    assert_int_equal(feed(p, bytes, SIZE_MAX / 2), code);
    assert_string_equal(p->said.data ? p->said.data : "", said);
    oc_buf_clear(&p->said);
}

static void messages_and_control_frames_are_told_in_order(void **state)
{
    struct oc_buf b = {0};
    TEXT(&b, 0x81, "hello");
    TEXT(&b, 0x89, "you?");
    TEXT(&b, 0x82, "raw");
    TEXT(&b, 0x8a, "");
    TEXT(&b, 0x81, "");
    frame(&b, 0x88, "\x03\xe8", 2);
    TEXT(&b, 0x81, "after the end");
    expect(*state, &b, 0, "T:hello;ping:you?;B:raw;pong;T:;close:1000;");
}

static void bytes_may_come_in_pieces_of_any_size(void **state)
{
    struct probe *p = *state;
    for (size_t piece = 1; piece < 20; piece++) {
        struct oc_buf b = {0};
        char text[300];
        memset(text, 'x', sizeof text);
        TEXT(&b, 0x81, "\xc3\xa4\xe2\x82\xac\xf0\x9f\xa6\x9e");
        frame(&b, 0x82, text, sizeof text);
        TEXT(&b, 0x89, "p");
        assert_int_equal(feed(p, &b, piece), 0);
        assert_int_equal(p->said.len, 2 + 9 + 1 + 2 + 300 + 1 + 7);
        assert_null(p->reader.lent); /* nothing is under way, nothing is held */
        oc_buf_clear(&p->said);
    }
}

static void control_frames_may_come_between_fragments(void **state)
{
    struct oc_buf b = {0};
    TEXT(&b, 0x01, "one ");
    TEXT(&b, 0x89, "a");
    TEXT(&b, 0x00, "two ");
    TEXT(&b, 0x8a, "b");
    TEXT(&b, 0x80, "three");
    expect(*state, &b, 0, "ping:a;pong;T:one two three;");
}

static void a_character_may_be_split_over_fragments(void **state)
{
    struct oc_buf b = {0};
    TEXT(&b, 0x01, "\xf0\x9f");
    TEXT(&b, 0x00, "\xa6");
    TEXT(&b, 0x80, "\x9e");
    expect(*state, &b, 0, "T:\xf0\x9f\xa6\x9e;");
}

static void bad_utf8_fails_at_its_first_byte(void **state)
{
    struct probe *p = *state;
    struct oc_buf b = {0};
    TEXT(&b, 0x01, "ok \xed\xa0"); /* a surrogate: wrong although the message goes on */
    expect(p, &b, OC_WS_ENCODING, "");
}

static void a_text_may_not_end_inside_a_character(void **state)
{
    struct oc_buf b = {0};
    TEXT(&b, 0x81, "\xe2\x82");
    expect(*state, &b, OC_WS_ENCODING, "");
}

static void each_breach_of_the_protocol_fails(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {
        {"\x81\x01x", 3},        /* not masked */
        {"\xc1\x80\0\0\0\0", 6}, /* RSV1 */
        {"\xa1\x80\0\0\0\0", 6}, /* RSV2 */
        {"\x91\x80\0\0\0\0", 6}, /* RSV3 */
        {"\x83\x80\0\0\0\0", 6}, /* reserved opcodes */
        {"\x87\x80\0\0\0\0", 6},
        {"\x8b\x80\0\0\0\0", 6},
        {"\x8f\x80\0\0\0\0", 6},
        {"\x09\x80\0\0\0\0", 6},             /* a fragmented ping */
        {"\x89\xfe\0\x7e\0\0\0\0x", 9},      /* a ping of 126 bytes */
        {"\x80\x80\0\0\0\0", 6},             /* a continuation of nothing */
        {"\x81\xfe\0\x05\0\0\0\0hello", 13}, /* a length that is longer than it need be */
        {"\x81\xff\0\0\0\0\0\0\0\x05\0\0\0\0", 14},
        {"\x82\xff\x80\0\0\0\0\0\0\x05\0\0\0\0", 14}, /* the sign bit of a length */
        {"\x01\x80\0\0\0\0\x81\x80\0\0\0\0", 12},     /* a new message inside another */
        {"\x88\x81\0\0\0\0\x03", 7},                  /* half a close code */
        {"\x88\x82\0\0\0\0\x03\xed", 8},              /* 1005 */
        {"\x88\x82\0\0\0\0\x03\xe7", 8},              /* 999 */
        {"\x88\x82\0\0\0\0\x07\xd0", 8},              /* 2000 */
        {"\x88\x82\0\0\0\0\x13\x88", 8},              /* 5000 */
    };
    (void)state;
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        struct probe p = {0};
        oc_reader_init(&p.reader, &handler, &p, LIMIT);
        const uint16_t code = oc_reader_feed(&p.reader, cases[i].bytes, cases[i].len);
        if (code != OC_WS_PROTOCOL) {
            print_error("case %zu: %u\n", i, code);
        }
        assert_int_equal(code, OC_WS_PROTOCOL);
        assert_null(p.said.data);
        oc_reader_finish(&p.reader);
    }
}

static void the_limit_holds_for_frames_and_for_whole_messages(void **state)
{
    struct probe *p = *state;
    struct oc_buf b = {0};
    char text[LIMIT + 1];
    memset(text, 'x', sizeof text);
    frame(&b, 0x82, text, LIMIT);
    assert_int_equal(feed(p, &b, 100), 0);
    frame(&b, 0x02, text, LIMIT - 1);
    frame(&b, 0x80, text, 1);
    assert_int_equal(feed(p, &b, 100), 0);
    frame(&b, 0x02, text, LIMIT);
    frame(&b, 0x80, text, 1);
    assert_int_equal(feed(p, &b, 100), OC_WS_TOO_BIG);
    struct probe q = {0};
    oc_reader_init(&q.reader, &handler, &q, LIMIT);
    frame(&b, 0x82, text, LIMIT + 1);
    assert_int_equal(feed(&q, &b, 100), OC_WS_TOO_BIG);
    oc_reader_finish(&q.reader);
}

static void close_frames_are_checked_and_told(void **state)
{
    struct probe *p = *state;
    struct oc_buf b = {0};
    (void)p;
    frame(&b, 0x88,
          "\x0b\xb8"
          "bye",
          5);
    expect(*state, &b, 0, "close:3000;");
    struct probe q = {0};
    oc_reader_init(&q.reader, &handler, &q, LIMIT);
    frame(&b, 0x88, "", 0);
    expect(&q, &b, 0, "close:1005;");
    oc_reader_finish(&q.reader);
    oc_buf_finish(&q.said);
    struct probe r = {0};
    oc_reader_init(&r.reader, &handler, &r, LIMIT);
    frame(&b, 0x88, "\x03\xe8\xff", 3);
    expect(&r, &b, OC_WS_ENCODING, "");
    oc_reader_finish(&r.reader);
}

static void a_handler_may_stop_the_reader(void **state)
{
    struct probe *p = *state;
    struct oc_buf b = {0};
    p->stop = true;
    TEXT(&b, 0x81, "one");
    TEXT(&b, 0x81, "two");
    expect(p, &b, 0, "T:one;");
}

static void codes_are_valid_or_not(void **state)
{
    (void)state;
    static const unsigned good[] = {1000, 1001, 1002, 1003, 1007, 1011, 1013, 1014, 3000, 4999};
    static const unsigned bad[] = {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2999, 5000, 65535};
    for (size_t i = 0; i < OC_COUNT(good); i++) {
        assert_true(oc_ws_code_valid(good[i]));
    }
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        assert_false(oc_ws_code_valid(bad[i]));
    }
}

/* Every code point, whole and byte by byte, must be judged as the checker of whole strings judges it. */
static void the_piecewise_check_agrees_with_the_whole_one(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            const uint8_t tail[] = {0x80, 0x8f, 0x90, 0xbf};
            for (size_t t = 0; t < OC_COUNT(tail); t++) {
                const uint8_t text[] = {(uint8_t)a, (uint8_t)b, tail[t], 0x80};
                for (size_t len = 1; len <= 4; len++) {
                    struct oc_utf8_state s = {0};
                    bool ok = true;
                    for (size_t i = 0; i < len && ok; i++) {
                        ok = oc_utf8_feed(&s, text + i, 1);
                    }
                    ok = ok && oc_utf8_whole(&s);
                    assert_int_equal(ok, oc_utf8_valid((const char *)text, len));
                }
            }
        }
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, create, destroy)

/* Whoever announces too much is not waited for, whichever pieces the header comes in. */
static void a_header_alone_is_enough_to_be_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        uint16_t wrong;
    } table[] = {
        {"\x82\xff\0\0\0\1\0\0\0\0\1\2\3\4", 14, OC_WS_TOO_BIG},
        {"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\1\2\3\4", 14, OC_WS_TOO_BIG},
        {"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10, OC_WS_PROTOCOL},
        {"\x81\xfe\x10\0", 4, OC_WS_TOO_BIG},
        {"\x89\xfe\x10\0", 4, OC_WS_PROTOCOL}, /* a control frame */
        {"\x81\x05", 2, OC_WS_PROTOCOL},       /* no mask */
        {"\x83\x85", 2, OC_WS_PROTOCOL},       /* an opcode that is none */
        {"\x81\xfe\x01\0\1\2\3\4", 8, 0},
        {"\x81\x85\1\2\3\4", 6, 0},
    };
    (void)state;
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        for (size_t step = 1; step <= table[i].len; step++) {
            struct probe p = {0};
            struct oc_buf before = {0};
            uint16_t wrong = 0;
            oc_reader_init(&p.reader, &handler, &p, LIMIT);
            frame(&before, 0x81, "hello", 5); /* it begins behind another one */
            oc_buf_add(&before, table[i].bytes, table[i].len);
            for (size_t at = 0; at < before.len && !wrong; at += step) {
                const size_t left = before.len - at;
                wrong = oc_reader_feed(&p.reader, before.data + at, left < step ? left : step);
            }
            assert_int_equal(wrong, table[i].wrong);
            assert_string_equal(p.said.data, "T:hello;");
            oc_reader_finish(&p.reader);
            oc_buf_finish(&p.said);
            oc_buf_finish(&before);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(messages_and_control_frames_are_told_in_order),
        TEST(bytes_may_come_in_pieces_of_any_size),
        TEST(control_frames_may_come_between_fragments),
        TEST(a_character_may_be_split_over_fragments),
        TEST(bad_utf8_fails_at_its_first_byte),
        TEST(a_text_may_not_end_inside_a_character),
        TEST(each_breach_of_the_protocol_fails),
        TEST(the_limit_holds_for_frames_and_for_whole_messages),
        TEST(a_header_alone_is_enough_to_be_refused),
        TEST(close_frames_are_checked_and_told),
        TEST(a_handler_may_stop_the_reader),
        TEST(codes_are_valid_or_not),
        TEST(the_piecewise_check_agrees_with_the_whole_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
