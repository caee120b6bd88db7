/* One HTTP exchange over a probe. SPDX-License-Identifier: MIT */
#include "probe/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openclaw/emit.h>

#define BODY_FIRST 4096 /* the first piece of a kept body */

/* The redirect that is being followed, and the way home. */
struct oc_hop {
    struct oc_url url;
    char *request;
    struct oc_endpoint home;
    uint32_t home_len;
    bool
        became_get; /* a redirect took the method and the body away: the next ones do not bring them back */
};

/* ---- the answer ---- */

static bool keep_body(struct oc_fetch *f, const char *data, size_t len)
{
    if (f->body_len + len > f->body_size) {
        size_t size = f->body_size ? f->body_size : BODY_FIRST;
        while (size < f->body_len + len) {
            size *= 2;
        }
        char *grown = realloc(f->body, size + 1);
        if (!grown) {
            return false;
        }
        f->body = grown;
        f->body_size = (uint32_t)size;
    }
    memcpy(f->body + f->body_len, data, len);
    f->body_len += (uint32_t)len;
    f->body[f->body_len] = '\0';
    return true;
}

static bool take_body(void *ctx, const char *data, size_t len)
{
    struct oc_fetch *f = ctx;
    if (f->response.body_bytes > f->max_body) {
        f->truncated = true;
        return false;
    }
    return !f->want_body || keep_body(f, data, len);
}

static void drop_answer(struct oc_fetch *f)
{
    oc_response_finish(&f->response);
    free(f->body);
    f->body = NULL;
    f->body_len = f->body_size = 0;
    f->truncated = false;
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool wants_redirect(const struct oc_fetch *f)
{
    return is_redirect(f->response.status) && f->response.location && f->max_redirects > 0 &&
           (!f->ops->follow || f->ops->follow(f));
}

static enum oc_probe_step on_receive(struct oc_probe *p, const char *data, size_t len)
{
    struct oc_fetch *f = (struct oc_fetch *)p;
    enum oc_response_step step = len ? oc_response_feed(&f->response, data, len, take_body, f)
                                     : oc_response_end(&f->response);
    switch (step) {
    case OC_RESPONSE_MORE:
        return OC_PROBE_MORE;
    case OC_RESPONSE_BAD:
        p->detail = f->response.error;
        return OC_PROBE_BAD;
    case OC_RESPONSE_DONE:
        p->reuse = p->keep && !f->hop && oc_response_reusable(&f->response) && !wants_redirect(f);
        return OC_PROBE_DONE;
    case OC_RESPONSE_ENOUGH:
        break;
    }
    return OC_PROBE_DONE;
}

static bool is_head(const struct oc_fetch *f)
{
    return strncmp(f->probe.request, "HEAD ", 5) == 0;
}

static void on_reset(struct oc_probe *p)
{
    struct oc_fetch *f = (struct oc_fetch *)p;
    drop_answer(f);
    oc_response_init(&f->response, is_head(f));
}

/* ---- redirects ---- */

static void go_home(struct oc_fetch *f)
{
    struct oc_hop *hop = f->hop;
    if (!hop) {
        return;
    }
    oc_endpoint_finish(&f->probe.to, f->probe.prober);
    f->probe.to = hop->home;
    f->probe.request = f->request;
    f->probe.request_len = hop->home_len;
    oc_url_finish(&hop->url);
    free(hop->request);
    free(hop);
    f->hop = NULL;
}

static bool leave_home(struct oc_fetch *f)
{
    if (!f->hop) {
        f->hop = calloc(1, sizeof *f->hop);
        if (!f->hop) {
            return false;
        }
        f->hop->home = f->probe.to;
        f->hop->home_len = f->probe.request_len;
    } else {
        oc_endpoint_finish(&f->probe.to, f->probe.prober);
    }
    memset(&f->probe.to, 0, sizeof f->probe.to);
    return true;
}

/* RFC 9110, 15.4: 303 turns everything but HEAD into GET, and so do 301 and 302 with POST, as
 * everybody does. */
static void change_method(struct oc_hop *hop, int status, struct oc_request_parts *parts)
{
    bool post = parts->method && strcasecmp(parts->method, "POST") == 0;
    bool head = parts->method && strcasecmp(parts->method, "HEAD") == 0;
    if ((status == 303 && !head) || ((status == 301 || status == 302) && post)) {
        hop->became_get = true;
    }
    if (hop->became_get) {
        parts->method = NULL;
        parts->body = NULL;
    }
}

/* Points the probe at `url` (taken). */
static int point_at(struct oc_fetch *f, struct oc_url *url, struct oc_error *err)
{
    struct oc_request_parts parts = {0};
    struct oc_endpoint *to = &f->probe.to;
    uint8_t ip_version = to->ip_version;
    bool foreign = !oc_url_same_origin(url, &f->url);
    if (!leave_home(f)) {
        oc_url_finish(url);
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    oc_url_finish(&f->hop->url);
    f->hop->url = *url;
    *to = (struct oc_endpoint){.host = url->host, .port = url->port, .ip_version = ip_version};
    if (url->tls && !(to->tls = f->ops->tls(f, foreign, err))) {
        return err->code;
    }
    to->tls_name = foreign ? NULL : f->hop->home.tls_name;
    f->ops->describe(f, &parts);
    change_method(f->hop, f->response.status, &parts);
    free(f->hop->request);
    f->hop->request = oc_request_build(url, &parts, foreign, &f->probe.request_len, err);
    if (!f->hop->request) {
        return err->code;
    }
    f->probe.request = f->hop->request;
    return oc_endpoint_init(to, f->probe.prober, err);
}

static bool refuse_redirect(struct oc_fetch *f, const char *what, const char *why)
{
    char text[256];
    snprintf(text, sizeof text, "%s: %.180s", what, why);
    free(f->probe.detail_text);
    f->probe.detail_text = strdup(text);
    f->probe.detail = f->probe.detail_text ? f->probe.detail_text : "redirect refused";
    f->probe.outcome = OC_PROBE_PROTOCOL;
    return false;
}

static bool follow(struct oc_fetch *f)
{
    struct oc_error err = {.struct_size = sizeof err};
    struct oc_url url;
    const char *why = NULL;
    const struct oc_url *base = f->hop ? &f->hop->url : &f->url;
    if (f->redirects >= f->max_redirects) {
        char *shown = oc_url_shown(f->response.location);
        refuse_redirect(f, "too many redirects", shown ? shown : "");
        free(shown);
        return false;
    }
    f->redirects++;
    if (!oc_url_resolve(&url, base, f->response.location, &why)) {
        return refuse_redirect(f, "the redirect's location is not valid", why);
    }
    if (point_at(f, &url, &err) != OC_OK) {
        return refuse_redirect(f, "cannot follow the redirect", err.message);
    }
    return true;
}

static bool on_done(struct oc_probe *p)
{
    struct oc_fetch *f = (struct oc_fetch *)p;
    if (p->outcome == OC_PROBE_OK && wants_redirect(f) && follow(f)) {
        return true;
    }
    f->ops->done(f);
    go_home(f);
    drop_answer(f);
    f->redirects = 0;
    return false;
}

static const struct oc_probe_ops probe_ops = {on_receive, on_done, on_reset};

/* ---- life ---- */

int oc_fetch_init(struct oc_fetch *f, struct oc_prober *pr, const char *url, struct oc_error *err)
{
    struct oc_request_parts parts = {0};
    const char *why = NULL;
    f->probe.prober = pr;
    f->probe.fd = -1;
    if (!oc_url_parse(&f->url, url, &why)) {
        char *shown = oc_url_shown(url);
        oc_fail(err, OC_E_CONFIG, "url \"%.200s\": %s", shown ? shown : "", why);
        free(shown);
        return OC_E_CONFIG;
    }
    f->ops->describe(f, &parts);
    f->request = oc_request_build(&f->url, &parts, false, &f->probe.request_len, err);
    if (!f->request || (f->url.tls && !(f->probe.to.tls = f->ops->tls(f, false, err)))) {
        return err->code;
    }
    f->probe.ops = &probe_ops;
    f->probe.request = f->request;
    f->probe.to.host = f->url.host;
    f->probe.to.port = f->url.port;
    return oc_probe_init(&f->probe, pr, err);
}

void oc_fetch_finish(struct oc_fetch *f)
{
    go_home(f);
    drop_answer(f);
    oc_probe_finish(&f->probe);
    oc_url_finish(&f->url);
    free(f->request);
    f->request = NULL;
}
