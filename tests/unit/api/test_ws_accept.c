/* Tests of core/api/socket/accept.c, sha1.c and packet.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/api/socket/accept.h"
#include "core/api/socket/packet.h"
#include "core/api/socket/sha1.h"
#include "core/base/mem.h"

static void hex(const char *text, char out[2 * OC_SHA1 + 1])
{
    uint8_t sum[OC_SHA1];
    oc_sha1(text, strlen(text), sum);
    for (size_t i = 0; i < OC_SHA1; i++) {
        snprintf(out + 2 * i, 3, "%02x", sum[i]);
    }
}

static void sha1_gives_the_sums_of_the_standard(void **state)
{
    char sum[2 * OC_SHA1 + 1];
    (void)state;
    hex("", sum);
    assert_string_equal(sum, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    hex("abc", sum);
    assert_string_equal(sum, "a9993e364706816aba3e25717850c26c9cd0d89d");
    hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", sum);
    assert_string_equal(sum, "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    hex("0123456701234567012345670123456701234567012345670123456701234567", sum);
    assert_string_equal(sum, "e0c094e867ef46c350ef54a7f59dd60bed92ae83");
}

static void the_key_of_the_rfc_is_accepted_as_there(void **state)
{
    char accept[OC_WS_ACCEPT];
    (void)state;
    assert_true(oc_ws_accept("dGhlIHNhbXBsZSBub25jZQ==", accept));
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static void keys_that_are_not_16_bytes_are_refused(void **state)
{
    static const char *const wrong[] = {"",
                                        "dGhlIHNhbXBsZSBub25jZQ=",
                                        "dGhlIHNhbXBsZSBub25jZQ===",
                                        "dGhlIHNhbXBsZSBub25j*Q==",
                                        "dGhlIHNhbXBsZSBub25jZXM=",
                                        "dGhlIHNhbXBsZSBub25jZQ==AAAA"};
    char accept[OC_WS_ACCEPT];
    (void)state;
    for (size_t i = 0; i < OC_COUNT(wrong); i++) {
        assert_false(oc_ws_accept(wrong[i], accept));
    }
}

static void tokens_are_found_in_lists_in_any_case(void **state)
{
    (void)state;
    assert_true(oc_ws_has_token("Upgrade", "upgrade"));
    assert_true(oc_ws_has_token("keep-alive , UPGRADE", "upgrade"));
    assert_false(oc_ws_has_token("upgraded", "upgrade"));
    assert_false(oc_ws_has_token("keep-alive", "upgrade"));
    assert_false(oc_ws_has_token("", "upgrade"));
    assert_false(oc_ws_has_token(NULL, "upgrade"));
}

static void the_clients_order_of_protocols_decides(void **state)
{
    static const char *const ours[] = {"a.v1", "b.v1", NULL};
    (void)state;
    assert_string_equal(oc_ws_choose("x, b.v1, a.v1", ours), "b.v1");
    assert_string_equal(oc_ws_choose("a.v1", ours), "a.v1");
    assert_null(oc_ws_choose("A.V1,c", ours));
    assert_null(oc_ws_choose(NULL, ours));
}

static void expect_head(size_t len, const uint8_t *head, size_t head_len)
{
    char *payload = calloc(1, len + 1);
    struct oc_packet *p = oc_packet_create(OC_WS_BINARY, payload, len);
    assert_int_equal(p->len, head_len + len);
    assert_memory_equal(p->bytes, head, head_len);
    oc_packet_unref(p);
    free(payload);
}

static void frames_carry_the_shortest_length(void **state)
{
    (void)state;
    expect_head(0, (const uint8_t[]){0x82, 0}, 2);
    expect_head(125, (const uint8_t[]){0x82, 125}, 2);
    expect_head(126, (const uint8_t[]){0x82, 126, 0, 126}, 4);
    expect_head(65535, (const uint8_t[]){0x82, 126, 0xff, 0xff}, 4);
    expect_head(65536, (const uint8_t[]){0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}, 10);
}

static void close_frames_hold_a_code_and_whole_characters(void **state)
{
    char reason[130];
    (void)state;
    struct oc_packet *p = oc_packet_close(OC_WS_NO_STATUS, "never said");
    assert_int_equal(p->len, 2);
    oc_packet_unref(p);
    memset(reason, 'x', sizeof reason);
    memcpy(reason + 122, "\xc3\xa4", 2); /* falls onto the limit */
    reason[129] = '\0';
    p = oc_packet_close(OC_WS_POLICY, reason);
    assert_int_equal(p->len, 2 + 2 + 122);
    assert_memory_equal(p->bytes, ((const uint8_t[]){0x88, 124, 0x03, 0xf0}), 4);
    oc_packet_unref(p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha1_gives_the_sums_of_the_standard),
        cmocka_unit_test(the_key_of_the_rfc_is_accepted_as_there),
        cmocka_unit_test(keys_that_are_not_16_bytes_are_refused),
        cmocka_unit_test(tokens_are_found_in_lists_in_any_case),
        cmocka_unit_test(the_clients_order_of_protocols_decides),
        cmocka_unit_test(frames_carry_the_shortest_length),
        cmocka_unit_test(close_frames_hold_a_code_and_whole_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
