/* What the tests of core/api/guard.c stand on: a request, an access service and tables that they play. SPDX-License-Identifier: MIT */
#ifndef TESTS_API_GUARD_STAGE_H
#define TESTS_API_GUARD_STAGE_H

#include "tests/unit/unit.h"

#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include "core/api/guard.h"
#include "core/api/internal.h"
#include "core/api/rate.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"

/* ---- the request ---- */

struct header {
    const char *name, *value;
};

struct oc_http_request {
    const char *method, *path, *target, *peer, *certificate;
    struct header headers[8];
    bool tls, loopback, is_unix, is_foreign, wants_certificate, at_bridge;
    uid_t uid;
    struct oc_identity who; /* as it was let in */
    unsigned status;        /* of the answer */
    char location[256], retry_after[16], allow_origin[64], message[256], cookie[160];
    int code;
};

static struct oc_api api;
static int refused; /* lines of the trail since the request began */
static char reason[32];
static bool barred;

struct oc_api *oc_http_api(const struct oc_http_request *r)
{
    (void)r;
    return &api;
}

const char *oc_http_method(const struct oc_http_request *r)
{
    return r->method;
}

const char *oc_http_path(const struct oc_http_request *r)
{
    return r->path;
}

const char *oc_http_target(const struct oc_http_request *r)
{
    return r->target ? r->target : r->path;
}

const char *oc_http_header(const struct oc_http_request *r, const char *name)
{
    for (size_t i = 0; i < OC_COUNT(r->headers); i++) {
        if (r->headers[i].name && strcasecmp(r->headers[i].name, name) == 0) {
            return r->headers[i].value;
        }
    }
    return NULL;
}

const struct oc_identity *oc_http_who(const struct oc_http_request *r)
{
    return &r->who;
}

const char *oc_http_host(const struct oc_http_request *r)
{
    return oc_http_header(r, "Host");
}

struct oc_view oc_http_cookie(const struct oc_http_request *r, const char *name)
{
    const char *value = oc_http_header(r, name);
    return (struct oc_view){value, value ? strlen(value) : 0};
}

const char *oc_http_peer(const struct oc_http_request *r)
{
    return r->peer;
}

bool oc_http_is_loopback(const struct oc_http_request *r)
{
    return r->loopback;
}

bool oc_http_is_unix(const struct oc_http_request *r, uid_t *uid)
{
    *uid = r->is_unix ? r->uid : *uid;
    return r->is_unix;
}

bool oc_http_is_tls(const struct oc_http_request *r)
{
    return r->tls;
}

enum oc_serves oc_http_serves(const struct oc_http_request *r)
{
    return r->at_bridge ? OC_SERVES_BRIDGE : OC_SERVES_ALL;
}

enum oc_certificate oc_http_certificate(const struct oc_http_request *r, char *name, size_t size)
{
    snprintf(name, size, "%s", r->certificate ? r->certificate : "");
    return !r->certificate ? OC_CERTIFICATE_NONE
           : r->is_foreign ? OC_CERTIFICATE_FOREIGN
                           : OC_CERTIFICATE_GOOD;
}

int64_t oc_http_certificate_expires(const struct oc_http_request *r)
{
    return r->certificate ? 4102444800000 : 0;
}

bool oc_http_wants_certificate(const struct oc_http_request *r)
{
    return r->wants_certificate;
}

void oc_http_set(struct oc_http_request *r, const char *name, const char *value)
{
    if (strcmp(name, "Location") == 0) {
        snprintf(r->location, sizeof r->location, "%s", value);
    } else if (strcmp(name, "Retry-After") == 0) {
        snprintf(r->retry_after, sizeof r->retry_after, "%s", value);
    } else if (strcmp(name, "Set-Cookie") == 0) {
        snprintf(r->cookie, sizeof r->cookie, "%s", value);
    } else if (strcmp(name, "Access-Control-Allow-Origin") == 0) {
        snprintf(r->allow_origin, sizeof r->allow_origin, "%s", value);
    }
}

void oc_http_send_empty(struct oc_http_request *r, unsigned status)
{
    r->status = status;
}

void oc_http_send_errorf(struct oc_http_request *r, unsigned status, int code, const char *hint,
                         const char *fmt, ...)
{
    (void)hint;
    (void)fmt;
    r->status = status;
    r->code = code;
}

/* ---- the access service: one token and one session of each role ---- */

static inline int known(const char *text, size_t len, const char *kind, enum oc_identity_kind as,
                        struct oc_identity *who)
{
    static const char *const roles[] = {"viewer", "operator", "admin"};
    memset(who, 0, sizeof *who);
    for (size_t i = 0; i < OC_COUNT(roles); i++) {
        char name[32];
        snprintf(name, sizeof name, "%s-%s", kind, roles[i]);
        if (strlen(name) == len && memcmp(name, text, len) == 0) {
            who->kind = as;
            who->role = (enum oc_role)i;
            snprintf(who->actor, sizeof who->actor, "%s", name);
            return OC_OK;
        }
    }
    return OC_E_AUTH;
}

int oc_access_check_token(struct oc_access *a, const char *text, size_t len,
                          struct oc_identity *who)
{
    (void)a;
    return known(text, len, "token", OC_IDENTITY_TOKEN, who);
}

int oc_access_check_session(struct oc_access *a, const char *cookie, size_t len,
                            struct oc_identity *who)
{
    (void)a;
    return known(cookie, len, "session", OC_IDENTITY_SESSION, who);
}

void oc_access_refused(struct oc_access *a, const struct oc_refusal *refusal)
{
    (void)a;
    refused++;
    snprintf(reason, sizeof reason, "%s", refusal->reason);
}

bool oc_access_is_barred(struct oc_access *a, const char *peer)
{
    (void)a, (void)peer;
    return barred;
}

int64_t oc_access_wait(struct oc_access *a, const char *peer)
{
    (void)a, (void)peer;
    return barred ? 7 : 0;
}

/* ---- the tables ---- */

static const char *hosts[] = {"ops.example.org"}, *origins[] = {"https://panel.example.org"};
static const struct oc_api_client clients[] = {{"deploy", OC_ROLE_OPERATOR}};

static inline int setup(void **state)
{
    (void)state;
    memset(&api, 0, sizeof api);
    api.options.hosts = (struct oc_list){hosts, 1};
    api.options.origins = (struct oc_list){origins, 1};
    api.options.tls.clients = (struct oc_list){clients, 1};
    barred = false;
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    oc_rates_destroy(api.rates);
    oc_time_fake(-1, -1);
    return 0;
}

static const struct oc_route public_route = {"GET", "/", OC_ROUTE_PUBLIC, 0, NULL, NULL},
                             viewer_route = {"GET", "/v", OC_ROUTE_VIEWER, 0, NULL, NULL},
                             operator_route = {"POST", "/o", OC_ROUTE_OPERATOR, 0, NULL, NULL},
                             admin_route = {"POST", "/a", OC_ROUTE_ADMIN, 0, NULL, NULL},
                             login_route = {"POST",          "/login", OC_ROUTE_PUBLIC,
                                            OC_ROUTE_NOCSRF, NULL,     NULL};

static struct oc_http_request plain(const char *method)
{
    return (struct oc_http_request){.method = method,
                                    .path = "/api/v1/x",
                                    .peer = "127.0.0.1",
                                    .loopback = true,
                                    .headers = {{"Host", "127.0.0.1:3000"}}};
}

static inline void add(struct oc_http_request *r, const char *name, const char *value)
{
    size_t i = 0;
    while (r->headers[i].name && strcmp(r->headers[i].name, name) != 0) {
        i++;
    }
    r->headers[i] = (struct header){name, value};
}

static inline unsigned ask(struct oc_http_request *r, const struct oc_route *route,
                           struct oc_identity *who)
{
    refused = 0;
    reason[0] = '\0';
    r->status = 0;
    return oc_guard_admit(r, route, who) ? 200 : r->status;
}

#endif
