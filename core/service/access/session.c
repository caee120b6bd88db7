/* What was shown: looking up tokens and sessions, signing in and out. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/access/internal.h"
#include "core/sys/sign.h"

#define SESSIONS_OF_TOKEN 32
#define SESSION_ENDS      (30 * OC_DAY) /* however much it is used */

/* ---- looking up ---- */

static int refuse(struct oc_identity *who)
{
    memset(who, 0, sizeof *who);
    return OC_E_AUTH;
}

static void identify(const struct oc_grant *grant, enum oc_identity_kind kind,
                     struct oc_identity *who)
{
    who->kind = kind;
    who->role = grant->role;
    who->expires_ms = grant->expires_ms;
    memcpy(who->actor, grant->actor, sizeof who->actor);
}

int oc_access_check_token(struct oc_access *a, const char *text, size_t len,
                          struct oc_identity *who)
{
    const int64_t now = oc_time_wall();
    struct oc_grant *token = oc_grants_find(&a->tokens, text, len);
    if (!token || oc_grant_expired(token, now)) {
        return refuse(who);
    }
    oc_grants_note_use(&a->tokens, token, now);
    identify(token, OC_IDENTITY_TOKEN, who);
    return OC_OK;
}

static int64_t sooner(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

/* A session never outlives the token that it was made with. */
static bool is_orphan(const struct oc_access *a, const struct oc_grant *session, int64_t now,
                      int64_t *ends)
{
    if (!session->parent[0]) {
        return false;
    }
    const struct oc_grant *token = oc_grants_named(&a->tokens, session->parent);
    if (!token || oc_grant_expired(token, now)) {
        return true;
    }
    *ends = token->expires_ms ? sooner(token->expires_ms, *ends) : *ends;
    return false;
}

static int use_session(struct oc_access *a, struct oc_grant *session)
{
    const int64_t now = oc_time_wall();
    int64_t ends = session->created_ms + SESSION_ENDS;
    session->expires_ms = sooner(session->expires_ms, ends); /* older hosts allowed more */
    if (oc_grant_expired(session, now) || is_orphan(a, session, now, &ends)) {
        return OC_E_AUTH;
    }
    session->expires_ms = sooner(now + a->session_ms, ends);
    oc_grants_note_use(&a->sessions, session, now);
    return OC_OK;
}

int oc_access_check_session(struct oc_access *a, const char *cookie, size_t len,
                            struct oc_identity *who)
{
    struct oc_grant *session = oc_grants_find(&a->sessions, cookie, len);
    if (!session || use_session(a, session) != OC_OK) {
        return refuse(who);
    }
    identify(session, OC_IDENTITY_SESSION, who);
    return OC_OK;
}

void oc_access_touch(struct oc_access *a, struct oc_identity *who)
{
    struct oc_grant *session = who->kind == OC_IDENTITY_SESSION && oc_starts(who->actor, "session:")
                                   ? oc_grants_named(&a->sessions, who->actor + 8)
                                   : NULL;
    if (session && use_session(a, session) == OC_OK) {
        who->expires_ms = session->expires_ms;
    }
}

const char *oc_access_behind(const struct oc_access *a, const struct oc_identity *who)
{
    const struct oc_grant *session =
        who->kind == OC_IDENTITY_SESSION && oc_starts(who->actor, "session:")
            ? oc_grants_named(&a->sessions, who->actor + 8)
            : NULL;
    return session ? session->by : NULL;
}

/* ---- signing in and out ---- */

char *oc_access_login_code(struct oc_access *a, enum oc_role role)
{
    return oc_code_make(a->codes, role);
}

/* Of the sessions that the token `parent` made, or ("") of all: the one that was unused for longest, and how many there are. */
static struct oc_grant *least_used(const struct oc_access *a, const char *parent, size_t *count)
{
    struct oc_grant *found = NULL;
    *count = 0;
    for (size_t i = 0; i < a->sessions.list.count; i++) {
        struct oc_grant *s = a->sessions.list.items[i];
        if (!*parent || strcmp(s->parent, parent) == 0) {
            found = !found || s->used_ms < found->used_ms ? s : found;
            (*count)++;
        }
    }
    return found;
}

/* Whoever has one token pushes out its own sessions and not those of others. */
static void make_room(struct oc_access *a, const struct oc_grant *token)
{
    size_t own = 0, all = 0;
    struct oc_grant *oldest_own = token ? least_used(a, token->id, &own) : NULL;
    if (own >= SESSIONS_OF_TOKEN) {
        oc_access_revoke(a, &a->sessions, oldest_own, "room", NULL);
    }
    struct oc_grant *oldest = least_used(a, "", &all);
    if (all >= a->sessions.max) {
        oc_access_revoke(a, &a->sessions, oldest, "room", NULL);
    }
}

/* The secret of a new session, or NULL. */
static char *open_session(struct oc_access *a, enum oc_role role, const struct oc_grant *token,
                          const char *peer, struct oc_identity *who, struct oc_error *err)
{
    const int64_t now = oc_time_wall();
    struct oc_grant *session = oc_calloc(1, sizeof *session);
    char *secret = oc_secret_make();
    make_room(a, token);
    oc_id_make(session->id);
    oc_secret_hash(secret, strlen(secret), session->hash);
    session->role = role;
    session->created_ms = session->used_ms = session->written_ms = now;
    session->expires_ms = now + sooner(a->session_ms, SESSION_ENDS);
    oc_copy(session->peer, sizeof session->peer, peer ? peer : "");
    if (token) {
        oc_copy(session->parent, sizeof session->parent, token->id);
        oc_copy(session->by, sizeof session->by, token->actor);
        if (token->expires_ms) {
            session->expires_ms = sooner(session->expires_ms, token->expires_ms);
        }
    } else {
        oc_copy(session->by, sizeof session->by, "login link");
    }
    if (oc_grants_add(&a->sessions, session, err) != OC_OK) { /* which has freed it */
        oc_secret_wipe(secret);
        refuse(who);
        return NULL;
    }
    identify(session, OC_IDENTITY_SESSION, who);
    oc_access_note(a, "session.opened", session->actor, session->by, role, peer);
    return secret;
}

char *oc_access_login(struct oc_access *a, const char *secret, size_t len, const char *peer,
                      struct oc_identity *who, struct oc_error *err)
{
    const int64_t now = oc_time_wall();
    uint8_t hash[OC_ACCESS_HASH];
    enum oc_role role = OC_ROLE_VIEWER;
    refuse(who);
    oc_secret_hash(secret, len, hash);
    struct oc_grant *token = oc_grants_find(&a->tokens, secret, len);
    if (oc_code_take(a->codes, hash, &role)) {
        return open_session(a, role, NULL, peer, who, err);
    }
    if (token && !oc_grant_expired(token, now)) {
        oc_grants_note_use(&a->tokens, token, now);
        return open_session(a, token->role, token, peer, who, err);
    }
    oc_error_set(err, OC_E_AUTH, "this code or token is not valid (any more)");
    oc_error_hint(err, "Get a new link with `openclaw login`; each works once, for 15 minutes.");
    return NULL;
}

int oc_access_logout(struct oc_access *a, const char *cookie, size_t len)
{
    struct oc_grant *session = oc_grants_find(&a->sessions, cookie, len);
    char actor[OC_ACTOR_MAX];
    if (!session) {
        return OC_E_AUTH;
    }
    oc_copy(actor, sizeof actor, session->actor); /* which goes with the session */
    return oc_access_revoke(a, &a->sessions, session, actor, NULL);
}
