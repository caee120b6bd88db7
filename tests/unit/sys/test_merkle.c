/* Hashes of leaves and nodes: the vectors of RFC 6962, and one result whichever way it is made. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/sys/crypto.h"
#include "core/sys/merkle.h"

static void hex(const uint8_t hash[32], char out[65])
{
    for (int i = 0; i < 32; i++) {
        snprintf(out + 2 * i, 3, "%02x", hash[i]);
    }
}

static void the_known_hashes_come_out(void **state)
{
    uint8_t hash[32];
    char text[65];
    (void)state;
    oc_merkle_empty(hash);
    hex(hash, text);
    assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    oc_merkle_leaf("", 0, hash);
    hex(hash, text);
    assert_string_equal(text, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    oc_merkle_leaf("\x00", 1, hash);
    hex(hash, text);
    assert_string_equal(text, "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7");
}

static void both_ways_agree_on_every_length(void **state)
{
    uint8_t data[400], slow[32], quick[32];
    (void)state;
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 7 + 1);
    }
    for (size_t len = 0; len <= sizeof data; len++) {
        oc_merkle_accelerate(false);
        oc_merkle_leaf(data, len, slow);
        oc_merkle_accelerate(true);
        oc_merkle_leaf(data, len, quick);
        assert_memory_equal(slow, quick, 32);
    }
    oc_merkle_accelerate(false);
    oc_merkle_node(data, data + 32, slow);
    oc_merkle_accelerate(true);
    oc_merkle_node(data, data + 32, quick);
    assert_memory_equal(slow, quick, 32);
}

static void a_leaf_is_the_hash_of_a_zero_byte_and_the_data(void **state)
{
    uint8_t hash[32];
    char expected[OC_SHA256_HEX], text[65];
    (void)state;
    oc_sha256_hex("\0hello", 6, expected);
    oc_merkle_leaf("hello", 5, hash);
    hex(hash, text);
    assert_string_equal(text, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_known_hashes_come_out),
        cmocka_unit_test(both_ways_agree_on_every_length),
        cmocka_unit_test(a_leaf_is_the_hash_of_a_zero_byte_and_the_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
