/* What members sign: ballots, reviews, approvals, vetoes, overrides, delegations. SPDX-License-Identifier: MIT  [any]
 *
 * A statement is signed as its canonical text, which starts with its kind and version ("openclaw-ballot-v1") so that a signature for one
 * purpose is never one for another. One line for each field, in this order, ended by \n; a field that the kind does not have is
 * left out:
 *
 *     openclaw-ballot-v1
 *     proposal 0193...        id
 *     subject <64 hex>        SHA-256 of the proposal as frozen: text, operation, rules, deadline, revision
 *     electorate <64 hex>     oc_electorate_hash
 *     member alpha            who signs
 *     word yes                the choice, verdict or condition
 *     nonce 1                 decimal, from 1
 *     rationale <64 hex>      SHA-256 of the text given as the reason; of no bytes when there is none
 *
 * Kinds and their fields after the first line:
 *     ballot, review, approval, veto    proposal subject electorate member word nonce rationale
 *     override                          proposal subject electorate member nonce rationale
 *     delegation                        member to scope expires nonce
 *     emergency                         member word expires nonce rationale
 *
 * Nobody signs a ballot for someone else: a delegated voice is no ballot but found by the tally. The host never needs the text from the
 * signer: it writes it itself from what it froze, so a signature for another proposal, revision or electorate does not fit. */
#ifndef OC_SERVICE_GOVERNANCE_BALLOT_H
#define OC_SERVICE_GOVERNANCE_BALLOT_H

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/service/governance/rules.h"
#include "core/sys/sign.h"

#define OC_STATEMENT_MAX 1024 /* bytes of a canonical text */
#define OC_GOV_ID        65   /* a proposal's id and its end: [A-Za-z0-9_-]{1,64} */

enum oc_statement_kind {
    OC_STATEMENT_BALLOT,   /* word: yes, no, abstain */
    OC_STATEMENT_REVIEW,   /* word: approve, request_changes, reject, abstain */
    OC_STATEMENT_APPROVAL, /* word: approve, request_changes, reject */
    OC_STATEMENT_VETO,     /* word: one of the three conditions */
    OC_STATEMENT_OVERRIDE, /* no word */
    OC_STATEMENT_DELEGATION, /* to: a member, or "-" which takes it back; scope: a category, or "all" */
    OC_STATEMENT_EMERGENCY, /* word: one of the three conditions */
    OC_STATEMENT_KINDS
};

struct oc_statement {
    enum oc_statement_kind kind;
    char proposal[OC_GOV_ID];
    char subject[OC_SHA256_HEX], electorate[OC_SHA256_HEX], rationale[OC_SHA256_HEX];
    char member[OC_GOV_NAME], to[OC_GOV_NAME];
    char word[32], scope[16];
    int64_t expires_ms; /* wall ms, above 0 */
    uint64_t nonce;     /* 1 .. INT64_MAX, so that JSON can carry it */
};

const char *oc_statement_name(enum oc_statement_kind kind); /* "ballot" ... */
/* Every field that the kind has is there and well formed, the word is one of its own. OC_E_CONFIG names the field. */
int oc_statement_check(const struct oc_statement *s, struct oc_error *err);
/* Appends the canonical text. The statement must be a checked one. */
void oc_statement_text(const struct oc_statement *s, struct oc_buf *out);
/* The reverse and as strict: what parses is written back as the same bytes. OC_E_VERIFY. */
int oc_statement_parse(const char *text, size_t len, struct oc_statement *s, struct oc_error *err);

/* Checks, writes and signs. OC_E_CONFIG. */
int oc_statement_sign(const struct oc_statement *s, const uint8_t secret[OC_SIGN_SECRET],
                      uint8_t signature[OC_SIGN_SIGNATURE], struct oc_error *err);
/* OC_OK: `public_key` signed exactly this. OC_E_CONFIG: it is no statement; OC_E_VERIFY: the signature does not fit. */
int oc_statement_verify(const struct oc_statement *s, const uint8_t public_key[OC_SIGN_PUBLIC],
                        const uint8_t signature[OC_SIGN_SIGNATURE], struct oc_error *err);

/* Fills `rationale` from the text; NULL is no text. */
void oc_statement_reason(struct oc_statement *s, const char *text);

/* A member of an electorate as it is frozen. */
struct oc_member {
    char name[OC_GOV_NAME];
    bool triad;
};
/* SHA-256 of "openclaw-electorate-v1\n" and, for each member in the given order, "<name> triad\n" or "<name>\n". */
void oc_electorate_hash(const struct oc_member *members, size_t count, char hex[OC_SHA256_HEX]);
/* The index of a name, OC_TALLY_NOBODY when it is none of them. */
uint32_t oc_electorate_find(const struct oc_member *members, size_t count, const char *name);

#endif
