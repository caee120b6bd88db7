/* Signing in and out: /login, /logout, /api/session. SPDX-License-Identifier: MIT
 *
 * The link of `openclaw login` is traded at once for a session, except when a browser only looks ahead (prefetch): then the
 * code waits behind a button. The answer is a page that goes on by itself and not a redirect: a cookie with SameSite=Strict
 * is not sent along a chain of redirects that began at another site, such as the chat where somebody was given the link. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/api/areas.h"
#include "core/api/guard.h"
#include "core/api/login/form.h"
#include "core/api/login/page.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/sys/sign.h"

#define SECRET_MAX 257
#define NEXT_MAX   1025

static const char refused_text[] =
    "That token or code is not valid, or not any more. A login link works once, for 15 minutes.";
static const char barred_text[] =
    "Too many wrong tries came from your address. Wait a moment, then try again.";

static void send_page(struct oc_http_request *r, unsigned status, struct oc_buf *page)
{
    const size_t len = page->len;
    oc_http_send(r, status, OC_HTTP_TYPE_HTML, oc_buf_take(page), len);
}

static void send_form(struct oc_http_request *r, unsigned status, const char *problem,
                      const char *code, const char *next)
{
    struct oc_buf page = {0};
    oc_login_form(&page, problem, code, next);
    send_page(r, status, &page);
}

/* ---- the cookie ---- */

static const char *cookie_name(const struct oc_http_request *r)
{
    return oc_http_is_tls(r) ? "__Host-" OC_SESSION_COOKIE : OC_SESSION_COOKIE;
}

/* `value` NULL removes it. A proxy that speaks TLS for us says so. */
static void set_cookie(struct oc_http_request *r, const char *value)
{
    const char *proto = oc_http_header(r, "X-Forwarded-Proto");
    const bool secure = oc_http_is_tls(r) || (proto && strcasecmp(proto, "https") == 0);
    char *text =
        oc_asprintf("%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", cookie_name(r),
                    value ? value : "", secure ? "; Secure" : "", value ? "" : "; Max-Age=0");
    oc_http_set(r, "Set-Cookie", text);
    oc_bytes_wipe(text, strlen(text));
    free(text);
}

/* The session that the browser had: it is never taken over, whoever gave it to the browser. */
static void drop_old(struct oc_http_request *r)
{
    const struct oc_view old = oc_http_cookie(r, cookie_name(r));
    if (old.len) {
        oc_access_logout(oc_http_api(r)->access, old.ptr, old.len);
    }
}

/* ---- signing in ---- */

static bool wants_html(const struct oc_http_request *r)
{
    const char *accept = oc_http_header(r, "Accept");
    return !accept || strstr(accept, "text/html") || strstr(accept, "*/*");
}

static void refuse(struct oc_http_request *r, const struct oc_error *err, const char *next)
{
    struct oc_access *access = oc_http_api(r)->access;
    const bool barred = oc_access_is_barred(access, oc_http_peer(r));
    const bool failed = err->code == OC_E_AUTH;
    const unsigned status = !failed ? 503 : barred ? 429 : 401;
    if (failed) {
        oc_access_refused(access, &(struct oc_refusal){.reason = barred ? "barred" : "bad-login",
                                                       .peer = oc_http_peer(r),
                                                       .method = oc_http_method(r),
                                                       .path = oc_http_path(r)});
    }
    if (barred) {
        char wait[24];
        snprintf(wait, sizeof wait, "%lld", (long long)oc_access_wait(access, oc_http_peer(r)) + 1);
        oc_http_set(r, "Retry-After", wait);
    }
    if (wants_html(r)) {
        send_form(r, status,
                  !failed  ? err->message
                  : barred ? barred_text
                           : refused_text,
                  NULL, next);
    } else {
        oc_http_send_error(r, status, err);
    }
}

/* True: the cookie is set and `who` is known. False: it has been answered. */
static bool sign_in(struct oc_http_request *r, const char *secret, size_t len, const char *next,
                    struct oc_identity *who)
{
    struct oc_error err;
    oc_error_init(&err);
    char *cookie = oc_access_login(oc_http_api(r)->access, secret, len, oc_http_peer(r), who, &err);
    if (!cookie) {
        refuse(r, &err, next);
        return false;
    }
    drop_old(r);
    set_cookie(r, cookie);
    oc_bytes_wipe(cookie, strlen(cookie));
    free(cookie);
    return true;
}

static const char *role_name(enum oc_role role)
{
    return role == OC_ROLE_ADMIN ? "admin" : role == OC_ROLE_OPERATOR ? "operator" : "viewer";
}

static bool is_only_looking(const struct oc_http_request *r)
{
    const char *purpose = oc_http_header(r, "Sec-Purpose");
    purpose = purpose ? purpose : oc_http_header(r, "Purpose");
    return purpose && strstr(purpose, "prefetch");
}

static void get_login(struct oc_http_request *r, void *ctx)
{
    (void)ctx;
    const char *code = oc_http_query(r, "code");
    const char *next = oc_form_next(oc_http_query(r, "next"));
    struct oc_identity who;
    if (!code || is_only_looking(r) || strcmp(oc_http_method(r), "GET") != 0) {
        send_form(r, 200, NULL, code, next);
    } else if (sign_in(r, code, strlen(code), next, &who)) {
        struct oc_buf page = {0};
        oc_login_welcome(&page, role_name(who.role), next);
        send_page(r, 200, &page);
    }
}

static void post_login(struct oc_http_request *r, void *ctx)
{
    (void)ctx;
    const struct oc_view body = oc_http_body(r);
    char secret[SECRET_MAX], next[NEXT_MAX] = "";
    struct oc_identity who;
    long len = oc_form_value(body.ptr, body.len, "secret", secret, sizeof secret);
    if (oc_form_value(body.ptr, body.len, "next", next, sizeof next) < 0) {
        next[0] = '\0';
    }
    while (len > 0 && secret[len - 1] == ' ') { /* what comes along when one copies */
        len--;
    }
    if (sign_in(r, secret, len > 0 ? (size_t)len : 0, oc_form_next(next), &who)) {
        oc_http_set(r, "Location", oc_form_next(next));
        oc_http_send_empty(r, 303);
    }
    oc_bytes_wipe(secret, sizeof secret);
}

static void get_css(struct oc_http_request *r, void *ctx)
{
    (void)ctx;
    oc_http_set(r, "Cache-Control", "public, max-age=3600");
    oc_http_send_const(r, 200, "text/css; charset=utf-8", oc_login_css);
}

/* ---- signing out, and who one is ---- */

/* Origin and SameSite keep foreign pages from it; a plain form without script may use it. */
static void post_logout(struct oc_http_request *r, void *ctx)
{
    (void)ctx;
    drop_old(r);
    set_cookie(r, NULL);
    oc_http_set(r, "Location", "/login");
    oc_http_send_empty(r, 303);
}

static const char *kind_name(enum oc_identity_kind kind)
{
    static const char *const names[] = {"none", "token",       "session",
                                        "peer", "certificate", "anonymous"};
    return names[kind];
}

static void get_session(struct oc_http_request *r, void *ctx)
{
    (void)ctx;
    const struct oc_identity *who = oc_http_who(r);
    json_t *data = json_object(), *o = json_object();
    oc_json_set_str(data, "actor", who->actor);
    oc_json_set_str(data, "role", role_name(who->role));
    oc_json_set_str(data, "kind", kind_name(who->kind));
    oc_json_set_str(data, "by", oc_access_behind(oc_http_api(r)->access, who));
    oc_json_set_time(data, "expires", who->expires_ms);
    oc_json_set_bool(data, "anonymous", who->kind == OC_IDENTITY_ANONYMOUS);
    oc_json_set_bool(o, "ok", true);
    oc_json_take(o, "data", data);
    oc_json_take(o, "warnings", json_array());
    oc_http_send_json(r, 200, o);
}

static const struct oc_route routes[] = {
    {"GET", "/login", OC_ROUTE_PUBLIC, 0, get_login, "The page to sign in on"},
    {"POST", "/login", OC_ROUTE_PUBLIC, OC_ROUTE_NOCSRF, post_login, "Sign in"},
    {"GET", "/login.css", OC_ROUTE_PUBLIC, 0, get_css, NULL},
    {"POST", "/logout", OC_ROUTE_PUBLIC, OC_ROUTE_NOCSRF, post_logout, "Sign out"},
    {"GET", "/api/session", OC_ROUTE_VIEWER, 0, get_session, "Who the client is"},
    {0}};

/* A page for people, and the usual document for programs. */
#define REFUSED(say)                                                                               \
    "{\"description\":\"" say "\",\"content\":{\"text/html\":{\"schema\":{\"type\":\"string\"}},"  \
    "\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Failure\"}}}}"
#define WRONG                                                                                      \
    "\"401\":" REFUSED("the code or the token is not valid") ",\"429\":" REFUSED(                  \
        "too many attempts") ",\"503\":" REFUSED("no session could be made")
static const struct oc_route_doc docs[] = {
    {.method = "GET",
     .pattern = "/login",
     .tag = "session",
     .description = "The form; with a one-time `code` of `openclaw login`, a session.",
     .parameters = "[{\"name\":\"code\",\"in\":\"query\",\"schema\":{\"type\":\"string\"}},"
                   "{\"name\":\"next\",\"in\":\"query\",\"schema\":{\"type\":\"string\"},"
                   "\"description\":\"the path to go on to\"}]",
     .response = "string",
     .response_type = "text/html",
     .responses = "{" WRONG "}"},
    {.method = "POST",
     .pattern = "/login",
     .tag = "session",
     .description = "Sets the cookie of a session.",
     .request = "{secret: string, next?: string}",
     .request_type = "application/x-www-form-urlencoded",
     .response_type = "",
     .responses = "{\"303\":{\"description\":\"signed in\"}," WRONG "}"},
    {.method = "POST",
     .pattern = "/logout",
     .tag = "session",
     .description = "Ends the session.",
     .response_type = "",
     .responses = "{\"303\":{\"description\":\"signed out\"}}"},
    {.method = "GET",
     .pattern = "/api/session",
     .tag = "session",
     .response = "{ok: boolean, warnings: [string], data: {actor: string, role: string, "
                 "kind: string, by: string|null, expires: time|null, anonymous: boolean}}"},
    {0}};

static void *create(struct oc_api *api)
{
    oc_router_add(&api->router, routes, api);
    oc_router_describe(&api->router, docs);
    return api;
}

static void destroy(void *area)
{
    (void)area;
}

const struct oc_area oc_area_login = {.name = "login", .create = create, .destroy = destroy};
