/* Tests of core/package/registry/document.c: documents and the signatures over them. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/package/registry/document.h"

#define KEYS 3

static struct oc_secret_key secret[KEYS];
static struct oc_public_key public_key[KEYS];

static int set_up(void **state)
{
    (void)state;
    for (int i = 0; i < KEYS; i++) {
        oc_key_generate(&secret[i], &public_key[i]);
    }
    return 0;
}

static struct oc_ring ring_of(size_t count, unsigned threshold)
{
    struct oc_ring ring = {.threshold = threshold};
    for (size_t i = 0; i < count; i++) {
        assert_true(oc_ring_add(&ring, &public_key[i]));
    }
    return ring;
}

static struct oc_buf signed_by(size_t count, const char *type, const char *body)
{
    struct oc_buf text = {0};
    oc_document_sign(type, body, strlen(body), secret, count, &text);
    return text;
}

static enum oc_verdict verdict(const struct oc_buf *text, const char *type,
                               const struct oc_ring *ring)
{
    struct oc_document doc;
    assert_int_equal(oc_document_split(text->data, text->len, &doc, NULL), OC_OK);
    return oc_document_verify(&doc, type, ring);
}

static void what_is_signed_is_the_bytes_as_they_stand(void **state)
{
    static const char body[] = "{\"b\": 1 ,\"a\":\"\\u0041\"}";
    struct oc_document doc;
    struct oc_ring ring = ring_of(1, 1);
    struct oc_buf text = signed_by(1, "root", body);
    (void)state;
    assert_int_equal(oc_document_split(text.data, text.len, &doc, NULL), OC_OK);
    assert_int_equal(doc.body_len, strlen(body));
    assert_memory_equal(doc.body, body, doc.body_len);
    assert_int_equal(oc_document_verify(&doc, "root", &ring), OC_VERDICT_GOOD);
    text.data[strlen("{\"signed\":{\"b\":")] = '\t'; /* the same JSON, other bytes */
    assert_int_equal(verdict(&text, "root", &ring), OC_VERDICT_FEW);
    oc_buf_finish(&text);
}

static void a_signature_is_for_one_type_of_document(void **state)
{
    struct oc_ring ring = ring_of(1, 1);
    struct oc_buf text = signed_by(1, "snapshot", "{}");
    (void)state;
    assert_int_equal(verdict(&text, "snapshot", &ring), OC_VERDICT_GOOD);
    assert_int_equal(verdict(&text, "timestamp", &ring), OC_VERDICT_FEW);
    oc_buf_finish(&text);
}

static void the_threshold_counts_keys_and_not_signatures(void **state)
{
    struct oc_ring two = ring_of(3, 2);
    struct oc_buf one = signed_by(1, "root", "{}"), both = signed_by(2, "root", "{}");
    struct oc_document doc;
    (void)state;
    assert_int_equal(verdict(&one, "root", &two), OC_VERDICT_FEW);
    assert_int_equal(verdict(&both, "root", &two), OC_VERDICT_GOOD);
    assert_int_equal(oc_document_split(one.data, one.len, &doc, NULL), OC_OK);
    doc.signatures[1] = doc.signatures[2] = doc.signatures[0];
    doc.count = 3;
    assert_int_equal(oc_document_signers(&doc, "root", &two), 1);
    assert_int_equal(oc_document_verify(&doc, "root", &two), OC_VERDICT_FEW);
    oc_buf_finish(&one);
    oc_buf_finish(&both);
}

static void a_ring_takes_no_key_twice_under_another_id(void **state)
{
    struct oc_ring ring = ring_of(1, 1);
    struct oc_public_key again = public_key[0];
    (void)state;
    again.id[0] ^= 1;
    assert_false(oc_ring_add(&ring, &again));
    assert_false(oc_ring_add(&ring, &public_key[0]));
    struct oc_public_key other = public_key[1];
    memcpy(other.id, public_key[0].id, sizeof other.id);
    assert_false(oc_ring_add(&ring, &other));
}

static void a_stranger_is_told_from_a_missing_signature(void **state)
{
    struct oc_ring first = ring_of(1, 1);
    struct oc_buf text = {0}, none = signed_by(0, "root", "{}");
    (void)state;
    oc_document_sign("root", "{}", 2, &secret[2], 1, &text);
    assert_int_equal(verdict(&text, "root", &first), OC_VERDICT_STRANGER);
    assert_int_equal(verdict(&none, "root", &first), OC_VERDICT_FEW);
    oc_buf_finish(&text);
    oc_buf_finish(&none);
}

static void a_ring_without_a_threshold_accepts_nothing(void **state)
{
    struct oc_ring empty = {0};
    struct oc_buf text = signed_by(1, "root", "{}");
    (void)state;
    assert_int_not_equal(verdict(&text, "root", &empty), OC_VERDICT_GOOD);
    oc_buf_finish(&text);
}

static void holders_add_their_signatures_one_by_one(void **state)
{
    struct oc_ring all = ring_of(3, 3);
    struct oc_buf text = signed_by(1, "root", "{\"x\":1}");
    (void)state;
    for (int i = 1; i < KEYS; i++) {
        struct oc_buf next = {0};
        struct oc_document doc;
        assert_int_equal(oc_document_split(text.data, text.len, &doc, NULL), OC_OK);
        assert_int_equal(oc_document_add(&doc, "root", &secret[i], &next, NULL), OC_OK);
        oc_buf_finish(&text);
        text = next;
        next = (struct oc_buf){0};
        assert_int_equal(oc_document_split(text.data, text.len, &doc, NULL), OC_OK);
        assert_int_equal(oc_document_add(&doc, "root", &secret[i], &next, NULL), OC_OK);
        assert_int_equal(next.len, text.len); /* twice by one holder is once */
        oc_buf_finish(&next);
    }
    assert_int_equal(verdict(&text, "root", &all), OC_VERDICT_GOOD);
    oc_buf_finish(&text);
}

static void what_has_another_form_is_no_document(void **state)
{
    static const char *const bad[] = {"",
                                      "{}",
                                      "{\"signed\":{}}",
                                      "{\"signed\":1,\"signatures\":[]}",
                                      "{\"signed\":{},\"signatures\":[,]}",
                                      "{\"signed\":{},\"signatures\":[{}]}",
                                      "{\"signed\":{} ,\"signatures\":[]}",
                                      " {\"signed\":{},\"signatures\":[]}",
                                      "{\"signed\":{},\"signatures\":[]}}",
                                      "{\"signed\":{},\"signatures\":[]}\n\n",
                                      "{\"signed\":,\"signatures\":[]}"};
    struct oc_document doc;
    (void)state;
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        if (oc_document_split(bad[i], strlen(bad[i]), &doc, NULL) == OC_OK) {
            fail_msg("'%s' was taken", bad[i]);
        }
    }
}

static void a_body_may_hold_what_looks_like_signatures(void **state)
{
    static const char body[] = "{\"a\":{\"x\":1,\"signatures\":[{}]},\"signatures\":[]}";
    struct oc_ring ring = ring_of(1, 1);
    struct oc_buf text = signed_by(1, "root", body);
    struct oc_document doc;
    (void)state;
    assert_int_equal(oc_document_split(text.data, text.len, &doc, NULL), OC_OK);
    assert_int_equal(doc.body_len, strlen(body));
    assert_int_equal(oc_document_verify(&doc, "root", &ring), OC_VERDICT_GOOD);
    oc_buf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_signed_is_the_bytes_as_they_stand),
        cmocka_unit_test(a_signature_is_for_one_type_of_document),
        cmocka_unit_test(the_threshold_counts_keys_and_not_signatures),
        cmocka_unit_test(a_ring_takes_no_key_twice_under_another_id),
        cmocka_unit_test(a_stranger_is_told_from_a_missing_signature),
        cmocka_unit_test(a_ring_without_a_threshold_accepts_nothing),
        cmocka_unit_test(holders_add_their_signatures_one_by_one),
        cmocka_unit_test(what_has_another_form_is_no_document),
        cmocka_unit_test(a_body_may_hold_what_looks_like_signatures),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
