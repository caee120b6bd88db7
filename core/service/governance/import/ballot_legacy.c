/* The original's vote scripts as functions: validate-vote and failover-vote. SPDX-License-Identifier: MIT */
#include "core/service/governance/import/ballot_legacy.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/sys/sign.h"

#define PROPOSAL_MAX 200

static const char *const members[3] = {"alpha", "beta", "charlie"};

/* It ends up in a line that is printed: printable text alone. */
static bool is_proposal(const char *text)
{
    const size_t len = text ? strlen(text) : 0;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            return false;
        }
    }
    return len > 0 && len <= PROPOSAL_MAX && oc_utf8_valid(text, len);
}

static int bad_proposal(struct oc_error *err)
{
    oc_error_set(err, OC_E_CONFIG, "the proposal is not named");
    oc_error_hint(err, "Give its id, at most %d bytes of printable text.", PROPOSAL_MAX);
    return OC_E_CONFIG;
}

static bool is_vote(const char *vote)
{
    return !vote || !vote[0] || strcmp(vote, "YES") == 0 || strcmp(vote, "NO") == 0 ||
           strcmp(vote, "SUPPORT") == 0 || strcmp(vote, "ABSTAIN") == 0;
}

int oc_vote_validate(const char *proposal, const char *const votes[3], struct oc_buf *line,
                     bool *validated, struct oc_error *err)
{
    unsigned yes = 0, support = 0;
    *validated = false;
    if (!is_proposal(proposal)) {
        return bad_proposal(err);
    }
    for (size_t i = 0; i < OC_COUNT(members); i++) {
        if (!is_vote(votes[i])) {
            oc_error_set(err, OC_E_CONFIG, "the vote of %s is none that is known", members[i]);
            oc_error_hint(err, "A vote is YES, NO, SUPPORT or ABSTAIN, in capitals.");
            return OC_E_CONFIG;
        }
        yes += votes[i] && strcmp(votes[i], "YES") == 0;
        support += votes[i] && strcmp(votes[i], "SUPPORT") == 0;
    }
    *validated = yes >= 2;
    if (*validated) {
        oc_buf_addf(line, "VALIDATED: %s ratified with %u/3 YES votes", proposal, yes);
    } else {
        oc_buf_addf(line, "REJECTED: %s has %u/3 YES votes, 2 are needed", proposal, yes);
    }
    if (support > 0) {
        oc_buf_addf(line, " (%u SUPPORT: no YES)", support);
    }
    return OC_OK;
}

int oc_failover_body(const struct oc_failover_vote *v, struct oc_buf *body, struct oc_error *err)
{
    const char *mode = v->mode ? v->mode : "failover-vote";
    const char *proxy_for = v->proxy_for ? v->proxy_for : "alpha";
    char time[32];
    if (!v->vote || (strcmp(v->vote, "SUPPORT") != 0 && strcmp(v->vote, "ABSTAIN") != 0)) {
        oc_error_set(err, OC_E_CONFIG, "a stand-in votes SUPPORT or ABSTAIN");
        oc_error_hint(err, "A stand-in cannot say YES or NO for a member that is away.");
        return OC_E_CONFIG;
    }
    if (!is_proposal(v->proposal)) {
        return bad_proposal(err);
    }
    if (!oc_name_valid(proxy_for)) {
        return oc_error_set(err, OC_E_CONFIG, "\"%s\" is not a member's name", proxy_for);
    }
    if (strcmp(mode, "failover-vote") != 0 && strcmp(mode, "emergency-quorum") != 0) {
        return oc_error_set(err, OC_E_CONFIG, "the mode is failover-vote or emergency-quorum");
    }
    char *agent = oc_asprintf("%s-failover", proxy_for);
    json_t *o = json_object();
    oc_json_set_str(o, "type", "vote");
    oc_json_set_str(o, "agent", agent);
    oc_json_set_str(o, "proxy_for", proxy_for);
    oc_json_set_str(o, "proposal", v->proposal);
    oc_json_set_str(o, "vote", v->vote);
    oc_json_set_str(o, "mode", mode);
    oc_json_set_str(o, "timestamp", oc_time_format(v->at, time, sizeof time));
    char *text = json_dumps(o, JSON_COMPACT);
    oc_buf_adds(body, text);
    free(text);
    free(agent);
    json_decref(o);
    return OC_OK;
}

int oc_failover_sign(const char *secret, const struct oc_buf *body, char hex[OC_SHA256_HEX],
                     struct oc_error *err)
{
    if (!secret || !secret[0]) {
        oc_error_set(err, OC_E_CONFIG, "there is no secret to sign with");
        oc_error_hint(err, "Set NODE_SECRET.");
        return OC_E_CONFIG;
    }
    oc_hmac_sha256_hex(secret, strlen(secret), body->data ? body->data : "", body->len, hex);
    return OC_OK;
}

bool oc_failover_verify(const char *secret, const void *body, size_t len, const char *signature)
{
    char hex[OC_SHA256_HEX];
    if (!secret || !secret[0] || !signature || strlen(signature) != OC_SHA256_HEX - 1) {
        return false;
    }
    oc_hmac_sha256_hex(secret, strlen(secret), body, len, hex);
    return oc_bytes_equal(hex, signature, OC_SHA256_HEX - 1);
}
