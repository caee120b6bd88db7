/* Members' keys: files that only they can read, and what the host keeps. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/keys.h"
#include "core/service/governance/keys.h"
#include "core/sys/file.h"

struct folder {
    char dir[64], key[96], other[96];
};

static int setup(void **state)
{
    struct folder *f = oc_calloc(1, sizeof *f);
    oc_copy(f->dir, sizeof f->dir, "/tmp/openclaw-gov-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->key, sizeof f->key, "%s/alpha.key", f->dir);
    snprintf(f->other, sizeof f->other, "%s/other.key", f->dir);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct folder *f = *state;
    unlink(f->key);
    unlink(f->other);
    assert_int_equal(rmdir(f->dir), 0);
    free(f);
    return 0;
}

static void put(const char *path, const void *data, size_t len, mode_t mode)
{
    struct oc_buf text = {0};
    oc_base64(data, len, &text);
    oc_buf_addc(&text, '\n');
    assert_int_equal(oc_file_write(path, text.data, text.len, mode, NULL), OC_OK);
    oc_buf_finish(&text);
}

static void test_a_made_key_signs_and_only_its_member_can_read_it(void **state)
{
    const struct folder *f = *state;
    struct oc_member_key key;
    struct oc_error err;
    struct stat st;
    uint8_t secret[OC_SIGN_SECRET], signature[OC_SIGN_SIGNATURE];
    assert_int_equal(oc_member_key_create(f->key, "alpha", 5, &key, &err), OC_OK);
    assert_int_equal(stat(f->key, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_string_equal(key.member, "alpha");
    assert_int_equal(strlen(key.id), 16);
    assert_int_equal(oc_member_key_secret(f->key, secret, &err), OC_OK);
    oc_sign(secret, "x", 1, signature);
    assert_true(oc_sign_verify(key.key, "x", 1, signature));
    assert_int_equal(oc_member_key_create(f->key, "alpha", 5, &key, &err), OC_E_CONFLICT);
    assert_int_equal(oc_member_key_create(f->other, "no name", 5, &key, &err), OC_E_CONFIG);
}

static void test_a_key_that_others_could_read_or_replace_is_refused(void **state)
{
    const struct folder *f = *state;
    struct oc_member_key key;
    struct oc_error err;
    uint8_t secret[OC_SIGN_SECRET], zero[OC_SIGN_SECRET] = {0};
    assert_int_equal(oc_member_key_create(f->key, "alpha", 5, &key, &err), OC_OK);
    assert_int_equal(chmod(f->key, 0640), 0);
    assert_int_equal(oc_member_key_secret(f->key, secret, &err), OC_E_REFUSED);
    assert_memory_equal(secret, zero, sizeof zero);
    assert_int_equal(chmod(f->dir, 0777), 0);
    assert_int_equal(oc_member_key_create(f->other, "beta", 5, &key, &err), OC_E_DENIED);
    assert_int_equal(oc_member_key_secret("/nonexistent/key", secret, &err), OC_E_NOT_FOUND);
}

static void test_a_raw_secret_is_read_and_must_be_a_pair(void **state)
{
    const struct folder *f = *state;
    struct oc_error err;
    uint8_t public_key[OC_SIGN_PUBLIC], secret[OC_SIGN_SECRET], back[OC_SIGN_SECRET];
    oc_sign_keypair(public_key, secret);
    put(f->key, secret, sizeof secret, 0600);
    assert_int_equal(oc_member_key_secret(f->key, back, &err), OC_OK);
    assert_memory_equal(secret, back, sizeof back);
    secret[OC_SIGN_SECRET - 1] ^= 1;
    put(f->key, secret, sizeof secret, 0600);
    assert_int_equal(oc_member_key_secret(f->key, back, &err), OC_E_CONFIG);
    put(f->key, "hello", 5, 0600);
    assert_int_not_equal(oc_member_key_secret(f->key, back, &err), OC_OK);
}

static void test_public_keys_come_raw_or_from_minisign(void **state)
{
    struct oc_secret_key secret;
    struct oc_public_key pair;
    struct oc_member_key a = {0}, b = {0}, c = {0};
    struct oc_error err;
    struct oc_buf raw = {0}, minisign = {0}, file = {0};
    (void)state;
    oc_key_generate(&secret, &pair);
    oc_base64(pair.key, sizeof pair.key, &raw);
    oc_buf_addc(&raw, '\n');
    oc_key_public_text(&pair, &minisign);
    oc_buf_addf(&file, "untrusted comment: minisign public key\n%s\n", minisign.data);
    assert_int_equal(oc_member_key_parse(raw.data, raw.len, &a, &err), OC_OK);
    assert_int_equal(oc_member_key_parse(minisign.data, minisign.len, &b, &err), OC_OK);
    assert_int_equal(oc_member_key_parse(file.data, file.len, &c, &err), OC_OK);
    assert_memory_equal(a.key, b.key, sizeof a.key);
    assert_memory_equal(a.key, c.key, sizeof a.key);
    assert_string_equal(a.id, b.id);
    assert_int_equal(oc_member_key_parse("", 0, &a, &err), OC_E_CONFIG);
    assert_int_equal(oc_member_key_parse("AAAA", 4, &a, &err), OC_E_CONFIG);
    oc_buf_finish(&raw);
    oc_buf_finish(&minisign);
    oc_buf_finish(&file);
}

static struct oc_member_key make(const char *member, int64_t from, int64_t to)
{
    struct oc_member_key k = {.registered_at = from, .revoked_at = to};
    uint8_t secret[OC_SIGN_SECRET];
    oc_copy(k.member, sizeof k.member, member);
    oc_sign_keypair(k.key, secret);
    oc_member_key_id(k.key, k.id);
    return k;
}

static void test_keys_are_kept_and_read_back(void **state)
{
    struct oc_member_key keys[2] = {make("alpha", 5, OC_TALLY_NEVER), make("beta", 5, 9)}, back;
    struct oc_error err;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        json_t *json = oc_member_key_json(&keys[i]);
        assert_int_equal(oc_member_key_read(json, &back, &err), OC_OK);
        assert_memory_equal(back.key, keys[i].key, sizeof back.key);
        assert_string_equal(back.member, keys[i].member);
        assert_int_equal(back.revoked_at, keys[i].revoked_at);
        oc_json_set_str(json, "id", "0123456789abcdef"); /* not the id of this key */
        assert_int_equal(oc_member_key_read(json, &back, &err), OC_E_VERIFY);
        json_decref(json);
    }
    json_t *empty = json_object();
    assert_int_equal(oc_member_key_read(empty, &back, &err), OC_E_VERIFY);
    json_decref(empty);
}

static void test_the_newest_key_that_holds_is_the_one_to_sign_with(void **state)
{
    const struct oc_member_key keys[] = {make("alpha", 5, 50), make("alpha", 20, OC_TALLY_NEVER),
                                         make("beta", 5, 10)};
    (void)state;
    assert_ptr_equal(oc_member_key_find(keys, 3, "alpha", 10), &keys[0]);
    assert_ptr_equal(oc_member_key_find(keys, 3, "alpha", 30), &keys[1]);
    assert_ptr_equal(oc_member_key_find(keys, 3, "beta", 9), &keys[2]);
    assert_null(oc_member_key_find(keys, 3, "beta", 10));
    assert_null(oc_member_key_find(keys, 3, "alpha", 4));
    assert_null(oc_member_key_find(keys, 3, "dora", 30));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_made_key_signs_and_only_its_member_can_read_it,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_key_that_others_could_read_or_replace_is_refused,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_raw_secret_is_read_and_must_be_a_pair, setup,
                                        teardown),
        cmocka_unit_test(test_public_keys_come_raw_or_from_minisign),
        cmocka_unit_test(test_keys_are_kept_and_read_back),
        cmocka_unit_test(test_the_newest_key_that_holds_is_the_one_to_sign_with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
