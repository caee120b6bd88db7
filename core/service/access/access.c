/* Who may use the API: what is refused, what ends, and the life of the service. SPDX-License-Identifier: MIT */
#include "core/service/access/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/meter.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/access/internal.h"
#include "core/sys/sign.h"

#define TRAIL_MAX    (4 << 20) /* bytes of one file of security-events.log */
#define TRAIL_KEPT   4         /* older ones */
#define TOKENS_MAX   1000
#define SESSIONS_MAX 4096
#define SWEEP_EVERY  OC_MINUTE
#define PATH_SHOWN   200

static struct oc_meter refusals = {.name = "openclaw_access_refused_total",
                                   .help = "Requests and operations that were refused, by reason",
                                   .kind = OC_METER_COUNTER,
                                   .labels = {"reason"}};

/* ---- the trail ---- */

static void stamp(json_t *o, int64_t now)
{
    oc_json_set_time(o, "time", now);
}

void oc_access_note(struct oc_access *a, const char *event, const char *actor, const char *by,
                    enum oc_role role, const char *peer)
{
    json_t *line = json_object(), *data = json_object();
    stamp(line, oc_time_wall());
    oc_json_set_str(line, "event", event);
    oc_json_set_str(line, "actor", actor);
    oc_json_set_str(line, "role", oc_access_role_name(role));
    if (by) {
        oc_json_set_str(line, "by", by);
    }
    if (peer) {
        oc_json_set_str(line, "peer", peer);
    }
    json_object_update(data, line);
    json_object_del(data, "time");
    json_object_del(data, "event");
    oc_linelog_write(&a->trail, line);
    char topic[64];
    snprintf(topic, sizeof topic, "access.%s", event);
    oc_bus_publish(a->env.bus, topic, data);
}

static void set_clean(json_t *o, const char *key, const char *text)
{
    if (text) {
        const size_t len = strlen(text);
        char *clean = oc_utf8_clean(text, len < PATH_SHOWN ? len : PATH_SHOWN);
        oc_json_set_str(o, key, clean);
        free(clean);
    }
}

void oc_access_refused(struct oc_access *a, const struct oc_refusal *refusal)
{
    char key[64];
    unsigned left_out = 0;
    oc_meter_add(&refusals, 1, refusal->reason, NULL, NULL);
    if (strcmp(refusal->reason, "bad-token") == 0 || strcmp(refusal->reason, "bad-login") == 0) {
        oc_peers_failed(&a->peers, refusal->peer);
    }
    oc_peer_key(refusal->peer ? refusal->peer : refusal->actor, key);
    if (!oc_ration_take(&a->lines, key, &left_out)) {
        return;
    }
    const int64_t now = oc_time_wall();
    json_t *data = json_object(), *line = json_object();
    oc_json_set_str(data, "reason", refusal->reason);
    set_clean(data, "peer", refusal->peer);
    set_clean(data, "actor", refusal->actor);
    set_clean(data, "method", refusal->method);
    set_clean(data, "path", refusal->path);
    if (left_out) {
        oc_json_set_int(data, "left_out", left_out);
    }
    stamp(line, now);
    oc_json_set_str(line, "event", "refused");
    json_object_update(line, data);
    oc_linelog_write(&a->trail, line);
    oc_json_set_int(data, "at", now);
    oc_bus_publish(a->env.bus, "security.refused", data);
}

void oc_access_asking(struct oc_access *a, const struct oc_refusal *asking)
{
    a->asking = asking;
}

/* Whichever way the call came in: HTTP, WebSocket, the control socket, a plugin. */
static void on_denied(void *ctx, const struct oc_event *event)
{
    struct oc_access *a = ctx;
    const bool policy = strcmp(oc_json_str(event->data, "by", ""), "policy") == 0;
    struct oc_refusal refusal = {.reason = policy ? "policy" : "role",
                                 .actor = oc_json_str(event->data, "actor", ""),
                                 .path = oc_json_str(event->data, "op", "")};
    if (a->asking && strcmp(a->asking->actor, refusal.actor) == 0 &&
        strcmp(a->asking->path, refusal.path) == 0) {
        refusal.peer = a->asking->peer;
        refusal.method = a->asking->method;
    }
    oc_access_refused(a, &refusal);
}

/* What other services have to say to those who watch over the security of the host: {"event",..}. */
static void on_noted(void *ctx, const struct oc_event *event)
{
    struct oc_access *a = ctx;
    json_t *line = json_object();
    stamp(line, oc_time_wall());
    json_object_update(line, event->data);
    oc_linelog_write(&a->trail, line);
}

bool oc_access_is_barred(struct oc_access *a, const char *peer)
{
    return oc_peers_wait(&a->peers, peer) > 0;
}

int64_t oc_access_wait(struct oc_access *a, const char *peer)
{
    return (oc_peers_wait(&a->peers, peer) + OC_SECOND - 1) / OC_SECOND;
}

/* ---- ending ---- */

/* They are gone; whoever hears of it finds none of them any more. */
static void tell_revoked(struct oc_access *a, struct oc_grant *const *grants, size_t count,
                         const char *by)
{
    for (size_t i = 0; i < count; i++) {
        oc_access_note(a, "revoked", grants[i]->actor, by, grants[i]->role, NULL);
    }
    for (size_t i = 0; i < count; i++) {
        free(grants[i]);
    }
}

int oc_access_revoke_sessions(struct oc_access *a,
                              bool (*ends)(const struct oc_grant *session, const void *ctx),
                              const void *ctx, const char *by, struct oc_error *err)
{
    OC_VEC(struct oc_grant *) list = {0};
    int rc = OC_OK;
    for (size_t i = 0; i < a->sessions.list.count; i++) {
        if (ends(a->sessions.list.items[i], ctx)) {
            OC_VEC_PUSH(&list, a->sessions.list.items[i]);
        }
    }
    if (list.count) {
        rc = oc_grants_remove(&a->sessions, list.items, list.count, err);
    }
    if (rc == OC_OK) {
        tell_revoked(a, list.items, list.count, by);
    }
    OC_VEC_FINISH(&list);
    return rc;
}

static bool is_child(const struct oc_grant *session, const void *id)
{
    return strcmp(session->parent, id) == 0;
}

int oc_access_revoke(struct oc_access *a, struct oc_grants *from, struct oc_grant *grant,
                     const char *by, struct oc_error *err)
{
    char id[sizeof grant->id];
    oc_copy(id, sizeof id, grant->id);
    int rc = oc_grants_remove(from, &grant, 1, err);
    if (rc == OC_OK) {
        tell_revoked(a, &grant, 1, by);
    }
    /* A session whose end cannot be kept may come back with a restart, but not now: its token is no more, and is asked. */
    if (rc == OC_OK && from == &a->tokens) {
        oc_access_revoke_sessions(a, is_child, id, by, NULL);
    }
    return rc;
}

static bool is_over(const struct oc_grant *session, const void *now)
{
    return oc_grant_expired(session, *(const int64_t *)now);
}

static void tell_expired(struct oc_access *a, const struct oc_grant *token)
{
    char id[sizeof token->id];
    oc_copy(id, sizeof id, token->id);
    oc_access_note(a, "revoked", token->actor, "expiry", token->role, NULL);
    oc_access_revoke_sessions(a, is_child, id, "expiry", NULL);
}

/* What has expired is told once, so that connections that are open on it end; of sessions nothing is kept. A token that had
 * expired only by a clock that was ahead is told again when its time has come. */
static void sweep(void *ctx)
{
    struct oc_access *a = ctx;
    const int64_t now = oc_time_wall();
    oc_access_revoke_sessions(a, is_over, &now, "expiry", NULL);
    for (size_t i = 0; i < a->tokens.list.count; i++) {
        struct oc_grant *token = a->tokens.list.items[i];
        if (token->told != oc_grant_expired(token, now)) {
            oc_grants_note_told(&a->tokens, token, !token->told);
            if (token->told) {
                tell_expired(a, token);
            }
        }
    }
}

bool oc_access_is_virgin(const struct oc_access *a)
{
    return !a->tokens.list.count && !a->sessions.list.count;
}

/* ---- life ---- */

struct oc_access *oc_access_create(const struct oc_env *env)
{
    struct oc_access *a = oc_calloc(1, sizeof *a);
    a->env = *env;
    a->session_ms = 12 * OC_HOUR;
    a->lines = (struct oc_ration){.each = OC_TRAIL_LINES, .max = OC_PEERS_MAX};
    oc_linelog_init(&a->trail, env->home, "security-events.log", TRAIL_MAX, TRAIL_KEPT);
    oc_grants_init(&a->tokens, env->store, "token", TOKENS_MAX);
    oc_grants_init(&a->sessions, env->store, "session", SESSIONS_MAX);
    oc_access_add_token_ops(a);
    oc_access_add_session_ops(a);
    oc_access_add_login_ops(a);
    oc_access_add_doctor_op(a);
    a->sweep = oc_timer_create(env->loop, sweep, a);
    a->denied = oc_bus_subscribe(env->bus, "op.denied", on_denied, a);
    a->noted = oc_bus_subscribe(env->bus, "security.noted", on_noted, a);
    return a;
}

/* Two options of the section `api`, which the API itself checks and describes. */
void oc_access_configure(struct oc_access *a, const struct oc_config *config,
                         struct oc_diags *diags)
{
    struct {
        int64_t session_ms;
        struct oc_list hosts;
    } o = {0};
    static const struct oc_option options[] = {
        {.name = "session",
         .type = OC_OPT_DURATION,
         .default_text = "12h",
         .min = 60000,
         .max = 31536000000.0,
         .help = ""},
        {.name = "hosts", .type = OC_OPT_STRINGS, .offset = sizeof o.session_ms, .help = ""},
        {0}};
    static const char *const ignore[] = {"*", NULL};
    struct oc_arena arena = {0};
    struct oc_diags told = {0};
    (void)diags;
    oc_bind(options, sizeof *options, oc_node_get(oc_config_root(config), "api"), "api", ignore, &o,
            sizeof o, &arena, &told);
    a->session_ms = o.session_ms >= OC_MINUTE ? o.session_ms : 12 * OC_HOUR;
    free(a->host);
    a->host = o.hosts.count ? oc_strdup(*(const char *const *)o.hosts.items) : NULL;
    oc_diags_finish(&told);
    oc_arena_finish(&arena);
    if (!a->env.ephemeral && !oc_timer_active(a->sweep)) {
        oc_timer_start(a->sweep, SWEEP_EVERY, SWEEP_EVERY);
    }
}

void oc_access_destroy(struct oc_access *a)
{
    if (!a) {
        return;
    }
    oc_bus_unsubscribe(a->denied);
    oc_bus_unsubscribe(a->noted);
    oc_timer_destroy(a->sweep);
    oc_grants_finish(&a->sessions);
    oc_grants_finish(&a->tokens);
    oc_peers_finish(&a->peers);
    oc_ration_finish(&a->lines);
    oc_linelog_finish(&a->trail);
    oc_bytes_wipe(a->codes, sizeof a->codes);
    free(a->host);
    free(a);
}
