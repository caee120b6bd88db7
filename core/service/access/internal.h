/* Shared by the files of the access service. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_ACCESS_INTERNAL_H
#define OC_SERVICE_ACCESS_INTERNAL_H

#include <sys/types.h>

#include "core/base/map.h"
#include "core/base/ration.h"
#include "core/base/vec.h"
#include "core/service/access/access.h"
#include "core/sys/linelog.h"

#define OC_ACCESS_HASH 32

/* ---- secrets: secret.c ---- */

#define OC_SECRET_PREFIX "oc_"
#define OC_SECRET_LEN    46 /* the prefix and 43 characters of base64url: 256 random bits */

/* A new one; owned by the caller, who wipes it (oc_secret_wipe). */
char *oc_secret_make(void);
void oc_secret_wipe(char *secret); /* and frees; NULL is fine */
/* Of any bytes, whether they look like a secret of ours or not. */
void oc_secret_hash(const char *text, size_t len, uint8_t hash[OC_ACCESS_HASH]);
bool oc_secret_shaped(const char *text, size_t len);

/* ---- grants: tokens and sessions, in memory and in one space of the store: grant.c ---- */

struct oc_grant {
    char id[37];
    char name[65]; /* of a token; "" of a session */
    uint8_t hash[OC_ACCESS_HASH];
    enum oc_role role;
    int64_t created_ms, expires_ms; /* wall; expires 0 = never */
    int64_t used_ms, written_ms;    /* used: 0 = never; written: the `used` that the store knows */
    char by[OC_ACTOR_MAX];          /* who made it */
    char peer[64];                  /* of a session: from where */
    char parent[37];                /* of a session that a token made: its id */
    bool told;                      /* that it has expired */
    bool leaving;                   /* it is gone from the disk */
    char actor[OC_ACTOR_MAX];       /* "token:NAME", "session:ID"; set when it is entered */
};

/* How often was hashed and compared: a test holds that a wrong secret costs what a right one does. */
struct oc_find_cost {
    uint64_t hashes, compares;
};

struct oc_grants {
    struct oc_store *store;
    const char *space; /* "token", "session" */
    size_t max;
    OC_VEC(struct oc_grant *) list; /* in the order of making */
    struct oc_map by_hash;          /* borrows from `list` */
    struct oc_find_cost cost;
};

void oc_grants_init(struct oc_grants *g, struct oc_store *store, const char *space, size_t max);
void oc_grants_finish(struct oc_grants *g);
/* Takes `grant` when it could be kept (it is on the disk then), else it is freed. */
int oc_grants_add(struct oc_grants *g, struct oc_grant *grant, struct oc_error *err);
/* All of them in one transaction. They are gone from the disk and from the list when this is OC_OK, and the caller's to free; else
 * all are still there. */
int oc_grants_remove(struct oc_grants *g, struct oc_grant *const *grants, size_t count,
                     struct oc_error *err);
/* Writes use and expiry, now and then; what a crash loses of them is minutes. */
void oc_grants_note_use(struct oc_grants *g, struct oc_grant *grant, int64_t now);
/* Whether it was told that it has expired, which a restart does not forget. */
void oc_grants_note_told(struct oc_grants *g, struct oc_grant *grant, bool told);
struct oc_grant *oc_grants_named(const struct oc_grants *g, const char *name_or_id);
/* By the secret: one hash and one comparison, whether there is such a grant or not. NULL: none; expired ones are found. */
struct oc_grant *oc_grants_find(struct oc_grants *g, const char *text, size_t len);

bool oc_grant_expired(const struct oc_grant *grant, int64_t now);
const char *oc_access_role_name(enum oc_role role);

/* ---- one-time codes, in memory: code.c ---- */

#define OC_CODES_MAX  16
#define OC_CODES_LIFE (15 * INT64_C(60000))

struct oc_code {
    uint8_t hash[OC_ACCESS_HASH];
    enum oc_role role;
    int64_t until_mono_ms; /* 0 = free */
};

/* The text, owned by the caller; the oldest code makes room. */
char *oc_code_make(struct oc_code codes[OC_CODES_MAX], enum oc_role role);
/* True and its role when `hash` is that of a code that is still good, which it is not any more. */
bool oc_code_take(struct oc_code codes[OC_CODES_MAX], const uint8_t hash[OC_ACCESS_HASH],
                  enum oc_role *role);

/* ---- what is known of peers that failed: peer.c ---- */

#define OC_PEERS_MAX    1024
#define OC_PEER_FREE    10 /* failures before the first wait */
#define OC_PEER_WAIT    INT64_C(1000)
#define OC_PEER_LONGEST (15 * INT64_C(60000))
#define OC_PEER_FORGET  (60 * INT64_C(60000)) /* without a failure */

struct oc_peers {
    struct oc_peer *slots; /* NULL until the first one fails */
    size_t count;
};
void oc_peers_finish(struct oc_peers *p);
void oc_peers_failed(struct oc_peers *p, const char *peer);
/* How long it has to wait, in ms; 0 = not at all. */
int64_t oc_peers_wait(const struct oc_peers *p, const char *peer);
/* The address, or of IPv6 its /64: what one attacker can have many of counts as one. Returns buf. */
char *oc_peer_key(const char *peer, char buf[64]);

/* ---- the service ---- */

#define OC_TRAIL_LINES 20 /* about one peer, in a minute */

struct oc_access {
    struct oc_env env;
    struct oc_grants tokens, sessions;
    struct oc_code codes[OC_CODES_MAX];
    struct oc_peers peers;
    struct oc_linelog trail; /* security-events.log: a line for each refusal and each change */
    struct oc_ration lines;  /* of the trail about refusals, by oc_peer_key */
    struct oc_timer *sweep;
    struct oc_subscription *denied, *noted;
    const struct oc_refusal *asking; /* borrowed; NULL: nobody that the API knows */
    int64_t session_ms;
    char *host; /* the first of api.hosts; NULL */
};

/* Ends a grant for good, tells the trail and the bus. With a token go the sessions that it made. */
int oc_access_revoke(struct oc_access *a, struct oc_grants *from, struct oc_grant *grant,
                     const char *by, struct oc_error *err);
/* The same for all sessions that `ends` says yes to: all of them, or with an error none. */
int oc_access_revoke_sessions(struct oc_access *a,
                              bool (*ends)(const struct oc_grant *session, const void *ctx),
                              const void *ctx, const char *by, struct oc_error *err);
/* A change, for the trail. `event` is a constant; strings may be NULL. */
void oc_access_note(struct oc_access *a, const char *event, const char *actor, const char *by,
                    enum oc_role role, const char *peer);
void oc_access_add_token_ops(struct oc_access *a);
void oc_access_add_session_ops(struct oc_access *a);
void oc_access_add_login_ops(struct oc_access *a);
void oc_access_add_doctor_op(struct oc_access *a);

#endif
