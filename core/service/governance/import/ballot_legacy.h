/* The original's vote scripts as functions: validate-vote and failover-vote. SPDX-License-Identifier: MIT  [any]
 *
 * They are kept for what calls them. Neither is a ballot of this system: nothing is signed by a member's key, and nothing here is counted by the
 * tally. */
#ifndef OC_SERVICE_GOVERNANCE_BALLOT_LEGACY_H
#define OC_SERVICE_GOVERNANCE_BALLOT_LEGACY_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/sys/crypto.h"

/* `validate-vote P ALPHA BETA CHARLIE`: each vote is YES, NO, SUPPORT, ABSTAIN or empty (not voted); anything else is OC_E_CONFIG. Appends the line that
 * is printed: "VALIDATED: P ratified with 2/3 YES votes" or "REJECTED: P has 1/3 YES votes, 2 are needed". SUPPORT is what a stand-in says when
 * a member is away; it is no YES, and the line says so when one was given. */
int oc_vote_validate(const char *proposal, const char *const votes[3], struct oc_buf *line,
                     bool *validated, struct oc_error *err);

/* `failover-vote SUPPORT|ABSTAIN P`: the body that is posted to /vote, and its signature for the header X-HMAC-Signature. */
struct oc_failover_vote {
    const char *vote;      /* "SUPPORT" or "ABSTAIN" */
    const char *proposal;  /* 1 to 200 bytes */
    const char *proxy_for; /* NULL = "alpha" */
    const char *mode;      /* "failover-vote" (NULL) or "emergency-quorum" */
    int64_t at;            /* wall ms */
};
/* Appends {"type","agent","proxy_for","proposal","vote","mode","timestamp"}. OC_E_CONFIG names what is wrong. */
int oc_failover_body(const struct oc_failover_vote *vote, struct oc_buf *body,
                     struct oc_error *err);
/* HMAC-SHA256 in hex. OC_E_CONFIG without a secret. */
int oc_failover_sign(const char *secret, const struct oc_buf *body, char hex[OC_SHA256_HEX],
                     struct oc_error *err);
/* Whether a signature that came with a body is the right one; in constant time. */
bool oc_failover_verify(const char *secret, const void *body, size_t len, const char *signature);

#endif
