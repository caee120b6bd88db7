/* Tests of core/sys/crypto.c against published vectors. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdio.h>

#include "core/base/time.h"
#include "core/sys/crypto.h"

static void sha256_gives_the_fips_180_values(void **state)
{
    (void)state;
    char hex[OC_SHA256_HEX];
    oc_sha256_hex("", 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    oc_sha256_hex("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void hmac_gives_the_rfc_4231_values(void **state)
{
    (void)state;
    char hex[OC_SHA256_HEX];
    unsigned char key[131];
    memset(key, 0x0b, sizeof key);
    oc_hmac_sha256_hex(key, 20, "Hi There", 8, hex);
    assert_string_equal(hex, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    oc_hmac_sha256_hex("Jefe", 4, "what do ya want for nothing?", 28, hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key); /* a key longer than the block of the hash */
    oc_hmac_sha256_hex(key, sizeof key, "Test Using Larger Than Block-Size Key - Hash Key First",
                       54, hex);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    oc_hmac_sha256_hex("", 0, "", 0, hex);
    assert_string_equal(hex, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void random_bytes_differ(void **state)
{
    (void)state;
    unsigned char a[32] = {0}, b[32] = {0};
    oc_random(a, sizeof a);
    oc_random(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
}

static void ids_are_uuids_of_version_7(void **state)
{
    (void)state;
    char id[37];
    oc_time_fake(INT64_C(0x0199aabbccdd), 0);
    oc_id_make(id);
    oc_time_fake(-1, -1);
    assert_int_equal(strlen(id), 36);
    assert_memory_equal(id, "0199aabb-ccdd-7", 15);
    assert_non_null(strchr("89ab", id[19]));
    assert_int_equal(strspn(id, "0123456789abcdef-"), 36);
    assert_true(id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-');
}

static void ids_sort_in_the_order_of_their_making(void **state)
{
    (void)state;
    char last[37], id[37];
    oc_time_fake(INT64_C(0x0200000000000), 0);
    oc_id_make(last);
    for (int i = 0; i < 10000;
         i++) { /* more than the counter holds within one ms, and a clock that steps back */
        if (i == 9000) {
            oc_time_advance(-OC_HOUR);
        }
        oc_id_make(id);
        assert_true(strcmp(id, last) > 0);
        memcpy(last, id, sizeof last);
    }
    oc_time_fake(-1, -1);
}

#define IDS 2000

static char made[4][IDS][37];

static void *make_ids(void *arg)
{
    char(*ids)[37] = arg;
    for (int i = 0; i < IDS; i++) {
        oc_id_make(ids[i]);
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void threads_never_make_the_same_id(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, make_ids, made[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    qsort(made, 4 * IDS, sizeof made[0][0], compare);
    const char(*all)[37] = (const char(*)[37])made;
    for (size_t i = 1; i < 4 * IDS; i++) {
        assert_string_not_equal(all[i - 1], all[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_fips_180_values),
        cmocka_unit_test(hmac_gives_the_rfc_4231_values),
        cmocka_unit_test(random_bytes_differ),
        cmocka_unit_test(ids_are_uuids_of_version_7),
        cmocka_unit_test(ids_sort_in_the_order_of_their_making),
        cmocka_unit_test(threads_never_make_the_same_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
