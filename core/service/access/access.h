/* Who may use the API: tokens, sessions, one-time login links, and the trail of refusals. SPDX-License-Identifier: MIT  [loop]
 *
 * A token is "oc_" and 43 characters of base64url (256 random bits); the store's space "token" keeps its BLAKE2b-256 hash,
 * name, role, expiry and last use, never the token. A session is the same kind of secret in a cookie, made from a login link
 * or a token, space "session". A login link carries a one-time code, good for 15 minutes; only its hash is kept.
 * A lookup hashes what was given and compares all 32 bytes, so a wrong secret costs the same whatever it looks like.
 *
 * Operations: token.create token.list token.revoke session.list session.revoke login.
 * Every refusal is an event "security.refused" {"reason","peer","actor","method","path","left_out","at"} (at most 20 a minute
 * of one peer; "left_out" counts the others), also when an operation wants a higher role, whichever way it was called;
 * changes are "access.token.created", "access.session.opened" and
 * "access.revoked" {"actor","role","by"}, upon which whatever is open for that actor has to end. All of them are lines of
 * <home>/logs/security-events.log. */
#ifndef OC_SERVICE_ACCESS_ACCESS_H
#define OC_SERVICE_ACCESS_ACCESS_H

#include "core/service/env.h"

#define OC_ACTOR_MAX 96

enum oc_identity_kind {
    OC_IDENTITY_NONE,
    OC_IDENTITY_TOKEN,
    OC_IDENTITY_SESSION,
    OC_IDENTITY_PEER, /* the unix socket's peer credentials */
    OC_IDENTITY_CERTIFICATE,
    OC_IDENTITY_ANONYMOUS, /* a loopback client without credentials, where api.anonymous allows it */
};

struct oc_identity {
    enum oc_identity_kind kind;
    enum oc_role role; /* of no meaning when kind is NONE */
    char actor
        [OC_ACTOR_MAX]; /* "token:grafana", "session:0193..", "uid:1000", "cert:CN"; "" when NONE */
    int64_t expires_ms; /* wall; 0 = never */
};

struct oc_access;

struct oc_access *
oc_access_create(const struct oc_env *env); /* env borrowed; adds the operations */
void oc_access_configure(struct oc_access *a, const struct oc_config *config,
                         struct oc_diags *diags);
void oc_access_destroy(struct oc_access *a); /* NULL is fine */

/* OC_OK and `who`, or OC_E_AUTH: unknown, expired or revoked. `len` bytes of text, any bytes. */
int oc_access_check_token(struct oc_access *a, const char *text, size_t len,
                          struct oc_identity *who);
int oc_access_check_session(struct oc_access *a, const char *cookie, size_t len,
                            struct oc_identity *who);

/* An open connection of `who` is use as well: its session goes on, and `who` knows until when. */
void oc_access_touch(struct oc_access *a, struct oc_identity *who);

/* Who signed in to get the session of `who` ("token:ann"), borrowed; NULL when it is none. */
const char *oc_access_behind(const struct oc_access *a, const struct oc_identity *who);

/* A new one-time code for the page /login?code=..., for a session of this role; owned by the caller, who wipes it. */
char *oc_access_login_code(struct oc_access *a, enum oc_role role);
/* Trades a code or a token for a session: its cookie value, owned by the caller; NULL and OC_E_AUTH otherwise. A code is
 * used up by the first try. */
char *oc_access_login(struct oc_access *a, const char *secret, size_t len, const char *peer,
                      struct oc_identity *who, struct oc_error *err);
int oc_access_logout(struct oc_access *a, const char *cookie, size_t len);

/* A refusal, for the trail. All borrowed; any may be NULL but `reason`, a stable word: "bad-token", "bad-origin", "bad-host",
 * "csrf", "rate-limited", "role", "policy", "too-large", "bad-request", "path-traversal", ... */
struct oc_refusal {
    const char *reason, *peer, *actor, *method, *path;
};
void oc_access_refused(struct oc_access *a, const struct oc_refusal *refusal);
/* While an operation (`path`) is being called for somebody (`actor`): a refusal of just that is told with its peer and method. Borrowed
 * until this is called with NULL. */
void oc_access_asking(struct oc_access *a, const struct oc_refusal *asking);
/* True when `peer` has failed too often of late and must wait; the caller answers 429 to what is not good. Good credentials
 * pass all the same: behind a proxy everybody has the same address, and nobody may lock the others out. */
bool oc_access_is_barred(struct oc_access *a, const char *peer);
/* For how many seconds, for Retry-After; 0 = not at all. */
int64_t oc_access_wait(struct oc_access *a, const char *peer);
/* Whether there is any token or session: the first start prints a login link. */
bool oc_access_is_virgin(const struct oc_access *a);

#endif
