/* Trees and proofs: the known vectors of certificate transparency, and every proof of small trees. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/store/ledger/ledger_tree.h"
#include "core/sys/merkle.h"

#define MANY 300

static uint8_t leaves[MANY][OC_LEDGER_HASH];

static const char *const data[8] = {"",
                                    "00",
                                    "10",
                                    "2021",
                                    "3031",
                                    "40414243",
                                    "5051525354555657",
                                    "606162636465666768696a6b6c6d6e6f"};
static const char *const roots[8] = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

static size_t unhex(const char *text, uint8_t *out)
{
    size_t n = strlen(text) / 2;
    for (size_t i = 0; i < n; i++) {
        unsigned byte = 0;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
    return n;
}

static int subtree(void *ctx, unsigned level, uint64_t first, uint8_t hash[OC_LEDGER_HASH],
                   struct oc_error *err)
{
    if (level == 0) {
        memcpy(hash, leaves[first], OC_LEDGER_HASH);
        return OC_OK;
    }
    uint8_t left[OC_LEDGER_HASH];
    assert_int_equal(first % (UINT64_C(1) << level), 0);
    subtree(ctx, level - 1, first, left, err);
    subtree(ctx, level - 1, first + (UINT64_C(1) << (level - 1)), hash, err);
    oc_merkle_node(left, hash, hash);
    return OC_OK;
}

static void known_leaves(void)
{
    for (size_t i = 0; i < 8; i++) {
        uint8_t bytes[16];
        const size_t n = unhex(data[i], bytes);
        oc_merkle_leaf(bytes, n, leaves[i]);
    }
}

static void many_leaves(void)
{
    for (size_t i = 0; i < MANY; i++) {
        oc_merkle_leaf(&i, sizeof i, leaves[i]);
    }
}

static void is_hash(const uint8_t *got, const char *expected)
{
    uint8_t bytes[OC_LEDGER_HASH];
    unhex(expected, bytes);
    assert_memory_equal(got, bytes, sizeof bytes);
}

static void the_roots_are_those_of_the_vectors(void **state)
{
    struct oc_frontier f = {0};
    (void)state;
    known_leaves();
    for (uint64_t n = 1; n <= 8; n++) {
        uint8_t root[OC_LEDGER_HASH];
        oc_frontier_add(&f, leaves[n - 1], NULL, NULL);
        oc_frontier_root(&f, root);
        is_hash(root, roots[n - 1]);
        assert_int_equal(oc_tree_hash(subtree, NULL, 0, n, root, NULL), OC_OK);
        is_hash(root, roots[n - 1]);
    }
}

struct vector {
    uint64_t a, b;
    const char *hashes[4];
};

static void the_inclusion_proofs_are_those_of_the_vectors(void **state)
{
    static const struct vector vectors[] = {
        {0, 1, {NULL}},
        {0,
         8,
         {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4", NULL}},
        {5,
         8,
         {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
          "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7", NULL}},
        {2, 3, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125", NULL}},
        {1,
         5,
         {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b", NULL}}};
    (void)state;
    known_leaves();
    for (size_t i = 0; i < OC_COUNT(vectors); i++) {
        struct oc_ledger_proof proof;
        size_t n = 0;
        assert_int_equal(oc_tree_prove(subtree, NULL, vectors[i].a, vectors[i].b, &proof, NULL),
                         OC_OK);
        for (; vectors[i].hashes[n]; n++) {
            is_hash(proof.hashes[n], vectors[i].hashes[n]);
        }
        assert_int_equal(proof.count, n);
    }
}

static void the_consistency_proofs_are_those_of_the_vectors(void **state)
{
    static const struct vector vectors[] = {
        {1, 1, {NULL}},
        {1,
         8,
         {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4", NULL}},
        {6,
         8,
         {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
          "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7", NULL}},
        {2,
         5,
         {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b", NULL}}};
    (void)state;
    known_leaves();
    for (size_t i = 0; i < OC_COUNT(vectors); i++) {
        struct oc_ledger_proof proof;
        size_t n = 0;
        assert_int_equal(
            oc_tree_prove_growth(subtree, NULL, vectors[i].a, vectors[i].b, &proof, NULL), OC_OK);
        for (; vectors[i].hashes[n]; n++) {
            is_hash(proof.hashes[n], vectors[i].hashes[n]);
        }
        assert_int_equal(proof.count, n);
    }
}

static void every_proof_of_small_trees_holds_and_no_other_does(void **state)
{
    (void)state;
    many_leaves();
    for (uint64_t size = 1; size <= 40; size++) {
        uint8_t root[OC_LEDGER_HASH];
        oc_tree_hash(subtree, NULL, 0, size, root, NULL);
        for (uint64_t i = 0; i < size; i++) {
            struct oc_ledger_proof proof;
            oc_tree_prove(subtree, NULL, i, size, &proof, NULL);
            assert_true(oc_tree_check(leaves[i], i, size, &proof, root));
            assert_false(oc_tree_check(leaves[i + 1], i, size, &proof, root));
            assert_false(oc_tree_check(leaves[i], i + 1, size, &proof, root));
            assert_false(oc_tree_check(leaves[i], size, size, &proof, root));
            if (proof.count > 0) {
                proof.hashes[proof.count - 1][3] ^= 1;
                assert_false(oc_tree_check(leaves[i], i, size, &proof, root));
                proof.hashes[proof.count - 1][3] ^= 1;
                proof.count--;
                assert_false(oc_tree_check(leaves[i], i, size, &proof, root));
            }
        }
    }
}

static void every_growth_of_small_trees_is_proved_and_no_other_is(void **state)
{
    (void)state;
    many_leaves();
    for (uint64_t to = 1; to <= 40; to++) {
        uint8_t after[OC_LEDGER_HASH];
        oc_tree_hash(subtree, NULL, 0, to, after, NULL);
        for (uint64_t from = 1; from <= to; from++) {
            struct oc_ledger_proof proof;
            uint8_t before[OC_LEDGER_HASH];
            oc_tree_hash(subtree, NULL, 0, from, before, NULL);
            oc_tree_prove_growth(subtree, NULL, from, to, &proof, NULL);
            assert_true(oc_tree_check_growth(from, before, to, after, &proof));
            before[7] ^= 4;
            assert_false(oc_tree_check_growth(from, before, to, after, &proof));
            before[7] ^= 4;
            after[0] ^= 1;
            assert_false(oc_tree_check_growth(from, before, to, after, &proof));
            after[0] ^= 1;
            if (proof.count > 0) {
                proof.hashes[0][9] ^= 1;
                assert_false(oc_tree_check_growth(from, before, to, after, &proof));
            }
        }
    }
}

static void what_never_was_cannot_be_proved(void **state)
{
    struct oc_ledger_proof proof;
    (void)state;
    assert_int_equal(oc_tree_prove(subtree, NULL, 3, 3, &proof, NULL), OC_E_NOT_FOUND);
    assert_int_equal(oc_tree_prove_growth(subtree, NULL, 4, 3, &proof, NULL), OC_E_NOT_FOUND);
    assert_int_equal(oc_tree_prove_growth(subtree, NULL, 0, 3, &proof, NULL), OC_OK);
    assert_int_equal(proof.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_roots_are_those_of_the_vectors),
        cmocka_unit_test(the_inclusion_proofs_are_those_of_the_vectors),
        cmocka_unit_test(the_consistency_proofs_are_those_of_the_vectors),
        cmocka_unit_test(every_proof_of_small_trees_holds_and_no_other_does),
        cmocka_unit_test(every_growth_of_small_trees_is_proved_and_no_other_is),
        cmocka_unit_test(what_never_was_cannot_be_proved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
