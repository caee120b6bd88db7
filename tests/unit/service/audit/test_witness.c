/* Witnesses: what they have signed stays, is compared with, and can always be read. SPDX-License-Identifier: MIT */
#include "tests/unit/service/audit/ledger_world.h"

#include <fcntl.h>

#include "core/store/store.h"

struct signer {
    const char *name;
    uint8_t public_key[OC_SIGN_PUBLIC], secret[OC_SIGN_SECRET];
};

static void add(struct signer *who, const char *name)
{
    struct oc_buf key = {0};
    who->name = name;
    oc_sign_keypair(who->public_key, who->secret);
    oc_base64(who->public_key, sizeof who->public_key, &key);
    char *params = oc_asprintf("{\"name\":\"%s\",\"key\":\"%s\"}", name, key.data);
    stage_ask(&w.s, "ledger.witness.add", params);
    free(params);
    oc_buf_finish(&key);
}

/* The code of the answer. */
static int cosign(const struct signer *who, uint64_t size)
{
    struct oc_buf text = {0}, message = {0}, base64 = {0};
    uint8_t signature[OC_SIGN_SIGNATURE];
    const uint64_t seconds = (uint64_t)(oc_time_wall() / OC_SECOND);
    assert_int_equal(oc_audit_read_note(w.a, size, &text, NULL), OC_OK);
    const char *end = memmem(text.data, text.len, "\n\n", 2);
    assert_non_null(end);
    oc_note_cosigned_text(text.data, (size_t)(end + 1 - text.data), seconds, &message);
    oc_sign(who->secret, message.data, message.len, signature);
    oc_base64(signature, sizeof signature, &base64);
    char *params =
        oc_asprintf("{\"witness\":\"%s\",\"size\":%llu,\"seconds\":%llu,\"signature\":\"%s\"}",
                    who->name, (unsigned long long)size, (unsigned long long)seconds, base64.data);
    const int code = stage_refused(&w.s, "ledger.cosign", params);
    free(params);
    oc_buf_finish(&text);
    oc_buf_finish(&message);
    oc_buf_finish(&base64);
    return code;
}

/* Of how many entries: what is called here is one as well. */
static uint64_t checkpoint(void)
{
    uint64_t size = 0;
    operation("a", "x");
    assert_int_equal(oc_audit_checkpoint(w.a, NULL, &size, NULL), OC_OK);
    return size;
}

static void remove_note(uint64_t size)
{
    char *path = oc_asprintf("%s/checkpoints/%012llu", w.a->dir, (unsigned long long)size);
    assert_int_equal(unlink(path), 0);
    free(path);
}

static char *note_path(uint64_t size)
{
    return oc_asprintf("%s/checkpoints/%012llu", w.a->dir, (unsigned long long)size);
}

static bool is_there(uint64_t size)
{
    char *path = note_path(size);
    const bool there = oc_file_exists(path);
    free(path);
    return there;
}

static void age(uint64_t size, int64_t made_ms)
{
    const struct timespec at[2] = {{.tv_sec = made_ms / OC_SECOND},
                                   {.tv_sec = made_ms / OC_SECOND}};
    char *path = note_path(size);
    assert_int_equal(utimensat(AT_FDCWD, path, at, 0), 0);
    free(path);
}

static json_t *kept(const char *name)
{
    return oc_kv_get(w.s.env.store, "ledger.witness", name);
}

static void keep(const char *name, json_t *value)
{
    assert_int_equal(oc_kv_put(w.s.env.store, "ledger.witness", name, value, true, NULL), OC_OK);
    json_decref(value);
}

static void what_a_witness_has_signed_last_on_a_day_is_not_thinned_away(void **state)
{
    static const bool STAYS[5] = {false, true, true, false, true};
    uint64_t sizes[5];
    struct signer one, other;
    (void)state;
    add(&one, "one");
    add(&other, "other");
    for (size_t i = 0; i < OC_COUNT(sizes); i++) {
        sizes[i] = checkpoint();
    }
    assert_int_equal(cosign(&other, sizes[0]), OC_OK);
    assert_int_equal(cosign(&one, sizes[1]), OC_OK);
    assert_int_equal(cosign(&other, sizes[2]), OC_OK); /* continues the first one */
    for (size_t i = 0; i < OC_COUNT(sizes); i++) {
        age(sizes[i], STAGE_WALL - 20 * OC_DAY);
    }
    for (int again = 0; again < 2; again++) {
        oc_audit_thin(w.a);
        for (size_t i = 0; i < OC_COUNT(sizes); i++) {
            assert_int_equal(is_there(sizes[i]), STAYS[i]);
        }
    }
}

static void a_ledger_that_does_not_continue_what_was_signed_is_not_signed(void **state)
{
    struct signer one;
    (void)state;
    add(&one, "one");
    const uint64_t first = checkpoint();
    assert_int_equal(cosign(&one, first), OC_OK);
    json_t *before = kept("one"), *other = json_deep_copy(before);
    remove_note(first); /* whoever rewrites the ledger has its folder */
    const uint64_t second = checkpoint();
    oc_json_set_str(other, "root",
                    "0000000000000000000000000000000000000000000000000000000000000000");
    keep("one", other);
    assert_int_equal(cosign(&one, second), OC_E_VERIFY);
    keep("one", before);
    assert_int_equal(cosign(&one, second), OC_OK);
}

/* An older version has kept no root. */
static void without_a_root_the_checkpoint_that_was_signed_has_to_be_there(void **state)
{
    struct signer one;
    (void)state;
    add(&one, "one");
    const uint64_t first = checkpoint();
    assert_int_equal(cosign(&one, first), OC_OK);
    json_t *old = kept("one");
    json_object_del(old, "root");
    keep("one", json_incref(old));
    assert_int_equal(cosign(&one, checkpoint()), OC_OK);
    keep("one", old);
    remove_note(first);
    assert_int_equal(cosign(&one, checkpoint()), OC_E_VERIFY);
    assert_non_null(strstr(w.s.error.message, "is not there any more"));
}

static void
a_signature_that_was_kept_and_not_remembered_is_remembered_when_it_comes_again(void **state)
{
    struct signer one;
    (void)state;
    add(&one, "one");
    const uint64_t size = checkpoint();
    json_t *before = kept("one");
    assert_int_equal(cosign(&one, size), OC_OK);
    keep("one", before); /* the store was full */
    assert_int_equal(cosign(&one, size), OC_OK);
    json_t *after = kept("one");
    assert_int_equal(oc_json_int(after, "cosigned", 0), size);
    json_decref(after);
    assert_int_equal(cosign(&one, size), OC_E_CONFLICT);
}

static void a_checkpoint_takes_no_more_signatures_than_can_be_read(void **state)
{
    struct signer one;
    int code = OC_OK, taken = 0;
    (void)state;
    const uint64_t size = checkpoint();
    while (code == OC_OK && taken < 2 * OC_NOTE_SIGNATURES) {
        add(&one, "one"); /* with another key each time */
        code = cosign(&one, size);
        taken += code == OC_OK;
        stage_ask(&w.s, "ledger.witness.remove", "{\"name\":\"one\"}");
    }
    assert_int_equal(code, OC_E_CONFLICT);
    assert_int_equal(taken, OC_NOTE_SIGNATURES - 1); /* one is the host's */
    assert_int_equal(verify(), OC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        audit_test(what_a_witness_has_signed_last_on_a_day_is_not_thinned_away),
        audit_test(a_ledger_that_does_not_continue_what_was_signed_is_not_signed),
        audit_test(without_a_root_the_checkpoint_that_was_signed_has_to_be_there),
        audit_test(a_signature_that_was_kept_and_not_remembered_is_remembered_when_it_comes_again),
        audit_test(a_checkpoint_takes_no_more_signatures_than_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
