/* Sheets: many ballots of one member under one signature. SPDX-License-Identifier: MIT  [any]
 *
 * An Ed25519 signature takes longer to verify than a ballot takes to be written and counted. A member that votes on many
 * proposals at once therefore may sign its ballots as the leaves of a Merkle tree (RFC 6962, section 2.1): it signs the root,
 *
 *     openclaw-sheet-v1
 *     member alpha
 *     size 1000             ballots
 *     root <base64>         of the tree whose leaves are the canonical texts of the ballots, in their order
 *
 * and each ballot carries, in the place of its signature,
 *
 *     sheet:INDEX:SIZE:BASE64    of the signature (64 bytes), the root (32) and the inclusion proof (32 for each level)
 *
 * so that every one of them can still be proved alone, by anybody, with the member's public key. The first line differs from
 * that of every statement: what is signed as one is never good as the other. Only ballots come on sheets: what is rarer and
 * weighs more (vetoes, overrides, delegations, keys) is signed by itself. */
#ifndef OC_SERVICE_GOVERNANCE_SHEET_H
#define OC_SERVICE_GOVERNANCE_SHEET_H

#include <stdbool.h>

#include "core/service/governance/ballot.h"

#define OC_SHEET_MAX    10000 /* ballots of one sheet */
#define OC_SHEET_LEVELS 14    /* of their tree at most */

/* The signature of a ballot says that it comes from a sheet. */
bool oc_sheet_is(const char *signature);

/* The sheets whose signature was found to be good a moment ago, so that it is verified once for all their ballots. [any], shared. */
struct oc_sheet_seen;
struct oc_sheet_seen *oc_sheet_seen_create(void);
void oc_sheet_seen_destroy(struct oc_sheet_seen *seen); /* may be NULL */

/* OC_OK: this ballot is on a sheet that `public_key` signed for its member. OC_E_CONFIG: it is no statement, or no ballot;
 * OC_E_VERIFY: the signature is not of this form, or does not fit. `seen` (may be NULL) saves a signature that many share. */
int oc_sheet_verify(const struct oc_statement *s, const uint8_t public_key[OC_SIGN_PUBLIC],
                    const char *signature, struct oc_sheet_seen *seen, struct oc_error *err);

/* Signs `count` checked ballots of one member; signatures[i] (owned by the caller) is the text for ballots[i]. OC_E_CONFIG. */
int oc_sheet_sign(const struct oc_statement *ballots, size_t count,
                  const uint8_t secret[OC_SIGN_SECRET], char **signatures, struct oc_error *err);

#endif
