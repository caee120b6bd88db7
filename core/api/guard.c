/* Who is let in, and why not. SPDX-License-Identifier: MIT */
#include "core/api/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/api/credential.h"
#include "core/api/internal.h"
#include "core/api/origin.h"
#include "core/api/rate.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/sys/crypto.h"
#include "core/sys/sign.h"

/* ---- refusals ---- */

struct refused {
    unsigned status;
    int code;
    const char *reason, *message, *hint;
};

static const struct refused bad_host = {421, OC_E_REFUSED, "bad-host",
                                        "this host is not known by the name in the header Host",
                                        "Add the name to api.hosts, or ask by address."};
static const struct refused no_host = {400, OC_E_CONFIG, "bad-host", "the header Host is missing",
                                       NULL};
static const struct refused bad_origin = {403, OC_E_REFUSED, "bad-origin",
                                          "a page of another origin may not use this API",
                                          "Add the page's origin to api.origins if it may."};
static const struct refused csrf = {403, OC_E_REFUSED, "csrf",
                                    "a change by cookie needs the header X-Openclaw-Csrf",
                                    "Send X-Openclaw-Csrf: 1."};
static const struct refused rate_limited = {429, OC_E_RETRY, "rate-limited",
                                            "too many requests of this client",
                                            "Ask less often, or raise api.requests_per_second."};
static const struct refused barred = {429, OC_E_RETRY, "barred",
                                      "too many wrong credentials from this address",
                                      "Wait as long as Retry-After says."};
static const struct refused bad_token = {
    401, OC_E_AUTH, "bad-token", "this token is not valid (any more)",
    "Make one with `openclaw token create NAME`, and send it as Authorization: Bearer TOKEN."};
/* Nothing was guessed: nobody waits for it. */
static const struct refused bad_scheme = {
    401, OC_E_AUTH, "bad-scheme", "this scheme of the header Authorization is not known here",
    "Send Authorization: Bearer TOKEN, or Basic with the token as the password."};
static const struct refused bad_session = {401, OC_E_AUTH, "bad-session", "this session is over",
                                           "Sign in again at /login."};
static const struct refused bad_certificate = {
    401, OC_E_AUTH, "bad-certificate", "this certificate is not known here, or not good (any more)",
    "Show one that api.tls.client_ca has signed, or none."};
static const struct refused foreign_certificate = {
    403, OC_E_DENIED, "bad-certificate",
    "this certificate is not known here, or not good (any more)",
    "Show one that api.tls.client_ca has signed."};
static const struct refused no_certificate = {403, OC_E_DENIED, "no-certificate",
                                              "this listener serves nobody without a certificate",
                                              "Show one that api.tls.client_ca has signed."};
static const struct refused nobody = {
    401, OC_E_AUTH, "no-credentials", "credentials are needed",
    "Send Authorization: Bearer TOKEN (`openclaw token create`), or sign in at /login."};
static const char by_token_alone[] = "Send Authorization: Bearer TOKEN (`openclaw token create`).";
static const struct refused low_role = {403, OC_E_DENIED, "role", "your role does not suffice",
                                        "Use a token or a login link of a higher role."};

static void tell(struct oc_http_request *r, const char *reason, const struct oc_identity *who)
{
    oc_access_refused(oc_http_api(r)->access, &(struct oc_refusal){.reason = reason,
                                                                   .peer = oc_http_peer(r),
                                                                   .actor = who->actor,
                                                                   .method = oc_http_method(r),
                                                                   .path = oc_http_path(r)});
}

/* A listener of the bridge has no form to sign in by. */
static bool has_login(const struct oc_http_request *r)
{
    return oc_http_serves(r) != OC_SERVES_BRIDGE;
}

/* A person who types an address gets the form, a program an answer that it can read. One page is among what programs ask for. */
static bool wants_page(const struct oc_http_request *r)
{
    const char *accept = oc_http_header(r, "Accept"), *path = oc_http_path(r);
    return strcmp(oc_http_method(r), "GET") == 0 && accept && strstr(accept, "text/html") &&
           (!oc_starts(path, "/api/") || strcmp(path, "/api/docs") == 0) && has_login(r) &&
           !oc_http_header(r, "Authorization") && !oc_http_header(r, "Upgrade");
}

static void add_escaped(struct oc_buf *out, const char *text)
{
    for (; *text; text++) {
        const bool plain = (*text >= 'A' && *text <= 'Z') || (*text >= 'a' && *text <= 'z') ||
                           (*text >= '0' && *text <= '9') || strchr("-._~/", *text);
        if (plain) {
            oc_buf_addc(out, *text);
        } else {
            oc_buf_addf(out, "%%%02X", (unsigned char)*text);
        }
    }
}

static void send_to_login(struct oc_http_request *r)
{
    struct oc_buf where = {0};
    oc_buf_adds(&where, "/login?next=");
    add_escaped(&where, oc_http_target(r));
    oc_http_set(r, "Location", where.data);
    oc_http_send_empty(r, 303);
    oc_buf_finish(&where);
}

/* Letters of any language stand as they are; what a line or a terminal might take for something else is escaped. */
static void add_name(struct oc_buf *out, const char *name)
{
    for (size_t left = strlen(name), n; left > 0; name += n, left -= n) {
        uint32_t code = 0;
        n = oc_utf8_next(name, left, &code);
        if (n > 0 && code != ' ' && code != '%' && !oc_utf8_control(code) && !oc_utf8_bidi(code)) {
            oc_buf_add(out, name, n);
            continue;
        }
        n = n > 0 ? n : 1;
        for (size_t i = 0; i < n; i++) {
            oc_buf_addf(out, "%%%02X", (unsigned char)name[i]);
        }
    }
}

/* Two names never become one: what is too long keeps its beginning, and what it is told from others by. */
static void name_certificate(struct oc_identity *who, const char *name)
{
    struct oc_buf text = {0};
    char hash[OC_SHA256_HEX];
    oc_buf_adds(&text, "cert:");
    add_name(&text, name);
    if (text.len >= sizeof who->actor) {
        oc_sha256_hex(name, strlen(name), hash);
        size_t keep = sizeof who->actor - 18; /* '#', 16 digits and the end */
        while (keep > 0 && oc_utf8_inner(text.data[keep])) {
            keep--;
        }
        text.len = keep;
        oc_buf_addf(&text, "#%.16s", hash);
    }
    oc_copy(who->actor, sizeof who->actor, text.data);
    oc_buf_finish(&text);
}

/* Who it claims to be is worth a line of the trail, and nothing more. */
static void tell_certificate(struct oc_http_request *r, const char *reason)
{
    struct oc_identity claimed = {0};
    char name[OC_ACTOR_MAX - 8];
    oc_http_certificate(r, name, sizeof name);
    name_certificate(&claimed, name);
    tell(r, reason, &claimed);
}

/* Where nobody has to sign in, a session that is over must not keep its browser out for ever. */
static void forget_session(struct oc_http_request *r)
{
    oc_http_set(r, "Set-Cookie",
                oc_http_is_tls(r) ? "__Host-" OC_SESSION_COOKIE
                                    "=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure"
                                  : OC_SESSION_COOKIE
                    "=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
}

static bool refuse(struct oc_http_request *r, const struct refused *why,
                   const struct oc_identity *who)
{
    if (why == &nobody &&
        wants_page(
            r)) { /* nothing was tried: a page that is opened is the first step of everybody */
        send_to_login(r);
        return false;
    }
    if (why == &bad_certificate || why == &foreign_certificate) {
        tell_certificate(r, why->reason);
    } else {
        tell(r, why->reason, who);
    }
    if (why == &bad_session && oc_http_api(r)->options.anonymous) {
        forget_session(r);
    }
    if (why->status == 401 && wants_page(r)) {
        send_to_login(r);
        return false;
    }
    if (why->status == 401) {
        oc_http_set(r, "WWW-Authenticate", "Bearer realm=\"openclaw\"");
    }
    if (why->status == 429) {
        char wait[24];
        const int64_t seconds = oc_access_wait(oc_http_api(r)->access, oc_http_peer(r));
        snprintf(wait, sizeof wait, "%lld", (long long)(seconds > 0 ? seconds : 1));
        oc_http_set(r, "Retry-After", wait);
    }
    const bool elsewhere = (why == &nobody || why == &bad_session) && !has_login(r);
    oc_http_send_errorf(r, why->status, why->code, elsewhere ? by_token_alone : why->hint, "%s",
                        why->message);
    return false;
}

/* ---- what was shown ---- */

static const struct refused *by_header(struct oc_http_request *r, const char *header,
                                       struct oc_identity *who)
{
    struct oc_access *access = oc_http_api(r)->access;
    struct oc_credential c;
    if (!oc_credential_known(header)) {
        return &bad_scheme;
    }
    const int parsed = oc_credential_parse(header, &c);
    const int rc = oc_access_check_token(access, c.secret, c.len, who);
    oc_bytes_wipe(c.secret, c.len);
    return parsed == OC_OK && rc == OC_OK ? NULL : &bad_token;
}

static struct oc_view session_cookie(const struct oc_http_request *r)
{
    return oc_http_cookie(r, oc_http_is_tls(r) ? "__Host-" OC_SESSION_COOKIE : OC_SESSION_COOKIE);
}

static void by_certificate(const struct oc_http_request *r, const char *name,
                           struct oc_identity *who)
{
    const struct oc_api_options *o = &oc_http_api((struct oc_http_request *)(uintptr_t)r)->options;
    const struct oc_api_client *clients = o->tls.clients.items;
    who->kind = OC_IDENTITY_CERTIFICATE;
    who->role = OC_ROLE_VIEWER;
    who->expires_ms = oc_http_certificate_expires(r);
    name_certificate(who, name);
    for (uint64_t i = 0; i < o->tls.clients.count; i++) {
        if (strcmp(clients[i].name, name) == 0) {
            who->role = (enum oc_role)clients[i].role;
        }
    }
}

enum oc_role oc_guard_certificate_role(const struct oc_api_options *o, const char *actor)
{
    const struct oc_api_client *clients = o->tls.clients.items;
    enum oc_role role = OC_ROLE_VIEWER;
    for (uint64_t i = 0; i < o->tls.clients.count; i++) {
        struct oc_identity named = {0};
        name_certificate(&named, clients[i].name);
        role = strcmp(named.actor, actor) == 0 ? (enum oc_role)clients[i].role : role;
    }
    return role;
}

/* A plugin's process has no uid here (core/api/conn.c): what it may ask for is for its host to say. */
static void by_peer(uid_t uid, struct oc_identity *who)
{
    who->kind = OC_IDENTITY_PEER;
    who->role = uid == 0 || uid == geteuid() ? OC_ROLE_ADMIN : OC_ROLE_VIEWER;
    snprintf(who->actor, sizeof who->actor, "uid:%u", (unsigned)uid);
}

/* A page of another origin that may use the API; of others none comes so far. */
static bool is_foreign_page(const struct oc_http_request *r)
{
    const char *origin = oc_http_header(r, "Origin");
    return origin &&
           !oc_origin_allowed(origin, oc_http_host(r), oc_http_is_tls(r), &(struct oc_list){0});
}

/* Behind a proxy on this machine everybody seems to be here: who is passed on is not. A page of another origin needs a token. */
static bool is_anonymous(const struct oc_http_request *r, const struct oc_api_options *o)
{
    return o->anonymous && oc_http_is_loopback(r) && !is_foreign_page(r) &&
           !oc_http_header(r, "X-Forwarded-For") && !oc_http_header(r, "Forwarded") &&
           !oc_http_header(r, "X-Real-IP") && !oc_http_header(r, "Via");
}

/* NULL and `who` (of kind NONE when nothing was shown), or what is wrong with what was. */
static const struct refused *identify(struct oc_http_request *r, struct oc_identity *who)
{
    const struct oc_api *api = oc_http_api(r);
    const char *header = oc_http_header(r, "Authorization");
    const struct oc_view cookie = session_cookie(r);
    const struct refused *why = NULL;
    char name[OC_ACTOR_MAX - 8];
    uid_t uid = (uid_t)-1;
    memset(who, 0, sizeof *who);
    if (header) {
        return by_header(r, header, who);
    }
    if (cookie.len) {
        if (oc_access_check_session(api->access, cookie.ptr, cookie.len, who) == OC_OK) {
            return NULL;
        }
        why = &bad_session;
    }
    const enum oc_certificate shown = oc_http_certificate(r, name, sizeof name);
    why = shown == OC_CERTIFICATE_FOREIGN ? &bad_certificate : why;
    if (shown == OC_CERTIFICATE_GOOD) {
        by_certificate(r, name, who);
    } else if (oc_http_is_unix(r, &uid) && uid != (uid_t)-1) {
        by_peer(uid, who);
    } else if (!why &&
               is_anonymous(r, &api->options)) { /* who shows something wrong is not nobody */
        who->kind = OC_IDENTITY_ANONYMOUS;
        who->role = OC_ROLE_VIEWER;
        oc_copy(who->actor, sizeof who->actor, "anonymous");
    }
    return who->kind == OC_IDENTITY_NONE ? why : NULL;
}

/* ---- where it comes from ---- */

static const struct refused *look_at_place(const struct oc_http_request *r,
                                           const struct oc_api_options *o, bool is_public)
{
    const char *host = oc_http_host(r), *origin = oc_http_header(r, "Origin");
    const char *site = oc_http_header(r, "Sec-Fetch-Site");
    uid_t uid;
    if (!oc_http_is_unix(r, &uid)) { /* no page reaches that */
        if (!host) {
            return &no_host;
        }
        if (!oc_host_allowed(host, &o->hosts)) {
            return &bad_host;
        }
    }
    if (origin) {
        return oc_origin_allowed(origin, host, oc_http_is_tls(r), &o->origins) ? NULL : &bad_origin;
    }
    /* What a foreign page loads without CORS (an image, a script) has no Origin; following a link is no such thing. */
    const char *mode = oc_http_header(r, "Sec-Fetch-Mode");
    const bool loaded =
        site && (strcasecmp(site, "cross-site") == 0 || strcasecmp(site, "same-site") == 0) &&
        !(mode && strcasecmp(mode, "navigate") == 0);
    return loaded && !is_public ? &bad_origin : NULL;
}

/* Of a listener that serves nobody without one, whatever is asked for. */
static const struct refused *look_at_certificate(const struct oc_http_request *r)
{
    char name[OC_ACTOR_MAX - 8];
    if (!oc_http_wants_certificate(r)) {
        return NULL;
    }
    switch (oc_http_certificate(r, name, sizeof name)) {
    case OC_CERTIFICATE_GOOD:
        return NULL;
    case OC_CERTIFICATE_FOREIGN:
        return &foreign_certificate;
    case OC_CERTIFICATE_NONE:
        break;
    }
    return &no_certificate;
}

static bool is_safe(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           strcmp(method, "OPTIONS") == 0;
}

bool oc_guard_within_rate(struct oc_api *api, const struct oc_identity *who, const char *peer)
{
    if (api->options.requests_per_second <= 0) {
        return true;
    }
    api->rates = api->rates ? api->rates : oc_rates_create();
    const bool own = who->kind != OC_IDENTITY_NONE && who->kind != OC_IDENTITY_ANONYMOUS;
    return oc_rates_take(api->rates, own ? who->actor : peer, api->options.requests_per_second);
}

static bool suffices(const struct oc_identity *who, enum oc_route_access access)
{
    return (int)who->role + (int)OC_ROUTE_VIEWER >= (int)access;
}

/* For a page of another origin that was allowed, to read the answer: with a token; no cookie of ours goes there. */
static void let_read(struct oc_http_request *r)
{
    if (is_foreign_page(r)) {
        oc_http_set(r, "Access-Control-Allow-Origin", oc_http_header(r, "Origin"));
        oc_http_set(r, "Vary", "Origin");
    }
}

/* Browsers ask first, without credentials, before they send a page's token to another origin. */
static bool answer_preflight(struct oc_http_request *r)
{
    if (strcmp(oc_http_method(r), "OPTIONS") != 0 || !oc_http_header(r, "Origin") ||
        !oc_http_header(r, "Access-Control-Request-Method")) {
        return false;
    }
    oc_http_set(r, "Access-Control-Allow-Methods", "GET, POST, PUT, DELETE");
    oc_http_set(r, "Access-Control-Allow-Headers",
                "Authorization, Content-Type, Prefer, X-Openclaw-Csrf");
    oc_http_set(r, "Access-Control-Max-Age", "600");
    oc_http_send_empty(r, 204);
    return true;
}

/* Of a request that comes from where it may. NULL: go on. */
static const struct refused *judge(struct oc_http_request *r, const struct oc_route *route,
                                   struct oc_identity *who)
{
    struct oc_api *api = oc_http_api(r);
    const enum oc_route_access access = route ? route->access : OC_ROUTE_PUBLIC;
    const bool is_public = access == OC_ROUTE_PUBLIC;
    const struct refused *why = identify(r, who);
    if (!oc_guard_within_rate(api, who, oc_http_peer(r))) {
        return &rate_limited;
    }
    if (!is_public && why) {
        return oc_access_is_barred(api->access, oc_http_peer(r)) ? &barred : why;
    }
    if (!is_public && who->kind == OC_IDENTITY_NONE) {
        return &nobody;
    }
    if (!is_public && !suffices(who, access)) {
        return &low_role;
    }
    if (who->kind == OC_IDENTITY_SESSION && !is_safe(oc_http_method(r)) &&
        !(route && route->flags & OC_ROUTE_NOCSRF) && !oc_http_header(r, "X-Openclaw-Csrf")) {
        return &csrf;
    }
    return NULL;
}

bool oc_guard_admit(struct oc_http_request *r, const struct oc_route *route,
                    struct oc_identity *who)
{
    const struct refused *why =
        look_at_place(r, &oc_http_api(r)->options, !route || route->access == OC_ROUTE_PUBLIC);
    memset(who, 0, sizeof *who);
    why = why ? why : look_at_certificate(r);
    if (!why) {
        let_read(r);
        if (answer_preflight(r)) {
            return false;
        }
        why = judge(r, route, who);
    }
    return why ? refuse(r, why, who) : true;
}
