/* Tests of core/sys/sign.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <unistd.h>

#include "core/sys/sign.h"

static int file_with(const char *text)
{
    char path[] = "/tmp/oc-sign-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    return fd;
}

static void a_signature_fits_its_bytes_and_its_key_only(void **state)
{
    (void)state;
    uint8_t public_key[OC_SIGN_PUBLIC], other[OC_SIGN_PUBLIC], secret[OC_SIGN_SECRET];
    uint8_t other_secret[OC_SIGN_SECRET], signature[OC_SIGN_SIGNATURE];
    oc_sign_keypair(public_key, secret);
    oc_sign_keypair(other, other_secret);
    oc_sign(secret, "hello", 5, signature);
    assert_true(oc_sign_verify(public_key, "hello", 5, signature));
    assert_false(oc_sign_verify(public_key, "hellp", 5, signature));
    assert_false(oc_sign_verify(other, "hello", 5, signature));
    signature[10] ^= 1;
    assert_false(oc_sign_verify(public_key, "hello", 5, signature));
}

/* RFC 7693, appendix A, and FIPS 180-4, appendix B.1 */
static void hashes_are_those_of_their_standards(void **state)
{
    (void)state;
    uint8_t sum[OC_BLAKE2B];
    char hex[OC_SHA256_HEX];
    uint64_t size = 0;
    const uint8_t first[] = {0xba, 0x80, 0xa5, 0x3f};
    const int fd = file_with("abc");
    assert_int_equal(oc_blake2b_fd(fd, 3, sum, NULL), OC_OK);
    assert_memory_equal(sum, first, sizeof first);
    assert_int_equal(oc_sha256_fd(fd, 3, hex, &size, NULL), OC_OK);
    assert_int_equal(size, 3);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    close(fd);
}

static void a_file_beyond_the_limit_is_not_hashed_to_its_end(void **state)
{
    (void)state;
    char hex[OC_SHA256_HEX];
    struct oc_error err;
    oc_error_init(&err);
    const int fd = file_with("four");
    assert_int_equal(oc_sha256_fd(fd, 3, hex, NULL, &err), OC_E_VERIFY);
    assert_non_null(strstr(err.message, "larger than 3 bytes"));
    close(fd);
}

static void base64_goes_both_ways_and_is_strict(void **state)
{
    (void)state;
    struct oc_buf text = {0};
    char data[5];
    oc_base64("hello", 5, &text);
    assert_string_equal(text.data, "aGVsbG8=");
    assert_true(oc_base64_decode(text.data, text.len, data, 5));
    assert_memory_equal(data, "hello", 5);
    assert_false(oc_base64_decode("aGVsbG8", 7, data, 5));
    assert_false(oc_base64_decode("aGVs bG8=", 9, data, 5));
    assert_false(oc_base64_decode("aGVsbG8=", 8, data, 4));
    oc_buf_finish(&text);
}

/* RFC 7914, section 12, has no salt of 32 bytes: the property that matters is that all of the input matters. */
static void a_derived_key_depends_on_password_and_salt(void **state)
{
    (void)state;
    const uint8_t salt[32] = {1}, other[32] = {2};
    uint8_t a[32], b[32], c[32];
    assert_int_equal(oc_scrypt("pw", salt, 32768, 16u << 20, a, sizeof a, NULL), OC_OK);
    assert_int_equal(oc_scrypt("pw", other, 32768, 16u << 20, b, sizeof b, NULL), OC_OK);
    assert_int_equal(oc_scrypt("px", salt, 32768, 16u << 20, c, sizeof c, NULL), OC_OK);
    assert_false(oc_bytes_equal(a, b, sizeof a));
    assert_false(oc_bytes_equal(a, c, sizeof a));
    oc_bytes_wipe(a, sizeof a);
    assert_int_equal(a[0] | a[31], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_fits_its_bytes_and_its_key_only),
        cmocka_unit_test(hashes_are_those_of_their_standards),
        cmocka_unit_test(a_file_beyond_the_limit_is_not_hashed_to_its_end),
        cmocka_unit_test(base64_goes_both_ways_and_is_strict),
        cmocka_unit_test(a_derived_key_depends_on_password_and_salt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
