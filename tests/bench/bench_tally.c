/* Measures the tally, the check of a ballot's signature, and the hook that counts a second time. SPDX-License-Identifier: MIT
 *
 *   bench_tally [tallies] [ballots] [policy]     default: 2000000 20000 etc/policies/quorum.lua
 *
 * Prints one JSON document: ns for each tally of 3, 7 and 64 voters (all of them vote), ballots signed and verified in a second on one core, us for
 * each question to the policy. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/policy/sandbox.h"
#include "core/service/governance/ballot.h"
#include "core/service/governance/tally/tally_hook.h"
#include "core/sys/file.h"

struct vote {
    struct oc_tally_case c;
    struct oc_ballot_record ballots[OC_ELECTORS_MAX];
    struct oc_member members[OC_ELECTORS_MAX];
};

/* Unanimous, so that no ballot is spared. */
static void make_vote(struct vote *v, uint32_t voters)
{
    memset(v, 0, sizeof *v);
    v->c.rules = (struct oc_tally_rules){
        .threshold = OC_THRESHOLD_UNANIMOUS, .min_votes = 2, .deadline = 1000000};
    v->c.electorate.count = voters;
    v->c.ballots = v->ballots;
    v->c.ballot_count = voters;
    for (uint32_t i = 0; i < OC_ELECTORS_MAX; i++) {
        v->c.electorate.revoked_at[i] = OC_TALLY_NEVER;
        v->ballots[i] = (struct oc_ballot_record){
            .stamp = {.index = i, .at = i + 1, .key_revoked = OC_TALLY_NEVER},
            .member = i,
            .choice = OC_CHOICE_YES,
            .nonce = 1};
        snprintf(v->members[i].name, sizeof v->members[i].name, "member-%u", i);
    }
}

static double time_tally(uint32_t voters, int64_t rounds)
{
    struct vote v;
    struct oc_tally_result r;
    int64_t passed = 0;
    make_vote(&v, voters);
    const int64_t start = oc_time_mono_us();
    for (int64_t i = 0; i < rounds; i++) {
        oc_tally(&v.c, 1000 + (i & 1), &r);
        passed += r.outcome == OC_TALLY_PASSED;
    }
    OC_ASSERT(passed == rounds);
    return (double)(oc_time_mono_us() - start) * 1000.0 / (double)rounds;
}

static double per_second(int64_t count, int64_t start_us)
{
    return (double)count * 1e6 / (double)(oc_time_mono_us() - start_us + 1);
}

static void time_ballots(json_t *out, int64_t count)
{
    uint8_t public_key[OC_SIGN_PUBLIC], secret[OC_SIGN_SECRET];
    uint8_t(*signatures)[OC_SIGN_SIGNATURE] = oc_calloc((size_t)count, sizeof *signatures);
    struct oc_statement s = {.kind = OC_STATEMENT_BALLOT};
    oc_copy(s.proposal, sizeof s.proposal, "0193a5f0-1111-7abc-8def-000000000001");
    oc_copy(s.member, sizeof s.member, "alpha");
    oc_copy(s.word, sizeof s.word, "yes");
    memset(s.subject, 'a', OC_SHA256_HEX - 1);
    memset(s.electorate, 'b', OC_SHA256_HEX - 1);
    oc_statement_reason(&s, "because");
    oc_sign_keypair(public_key, secret);
    int64_t start = oc_time_mono_us();
    for (int64_t i = 0; i < count; i++) {
        s.nonce = (uint64_t)i + 1;
        OC_ASSERT(oc_statement_sign(&s, secret, signatures[i], NULL) == OC_OK);
    }
    oc_json_set_num(out, "ballots_signed_per_second", per_second(count, start));
    start = oc_time_mono_us();
    for (int64_t i = 0; i < count; i++) {
        s.nonce = (uint64_t)i + 1;
        OC_ASSERT(oc_statement_verify(&s, public_key, signatures[i], NULL) == OC_OK);
    }
    oc_json_set_num(out, "ballots_verified_per_second", per_second(count, start));
    free(signatures);
}

static void time_policy(json_t *out, const char *file)
{
    enum { ROUNDS = 5000 };
    struct vote v;
    struct oc_buf text = {0};
    struct oc_lua *lua = oc_lua_create(NULL);
    if (oc_file_read(file, 1 << 20, &text, NULL) != OC_OK ||
        oc_lua_run(lua, "quorum.lua", text.data, text.len, NULL) != OC_OK) {
        fprintf(stderr, "cannot load %s\n", file);
        exit(1);
    }
    make_vote(&v, 3);
    const int64_t start = oc_time_mono_us();
    for (int i = 0; i < ROUNDS; i++) {
        json_t *answer = NULL, *args = oc_tally_hook_args(&v.c, v.members, 1000, NULL);
        OC_ASSERT(oc_lua_call(lua, "quorum", args, &answer, NULL, NULL, NULL) == OC_OK);
        json_decref(answer);
        json_decref(args);
    }
    oc_json_set_num(out, "policy_us", (double)(oc_time_mono_us() - start) / ROUNDS);
    oc_lua_destroy(lua);
    oc_buf_finish(&text);
}

int main(int argc, char **argv)
{
    const int64_t tallies = argc > 1 ? strtoll(argv[1], NULL, 10) : 2000000;
    const int64_t ballots = argc > 2 ? strtoll(argv[2], NULL, 10) : 20000;
    json_t *out = json_object();
    if (tallies < 1 || ballots < 1) {
        fprintf(stderr, "usage: bench_tally [tallies] [ballots] [policy]\n");
        return 64;
    }
    oc_json_set_num(out, "tally_3_ns", time_tally(3, tallies));
    oc_json_set_num(out, "tally_7_ns", time_tally(7, tallies));
    oc_json_set_num(out, "tally_64_ns", time_tally(64, tallies / 10 + 1));
    time_ballots(out, ballots);
    time_policy(out, argc > 3 ? argv[3] : "etc/policies/quorum.lua");
    char *text = oc_json_pretty(out);
    puts(text);
    free(text);
    json_decref(out);
    return 0;
}
