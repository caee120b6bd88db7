/* webhook: alerts as signed JSON over HTTP. SPDX-License-Identifier: MIT */
#include "alert/message.h"
#include "headers.h"
#include "payload.h"
#include "raw.h"
#include "transfer/answer.h"
#include "transfer/header.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

#define REDIRECTS_MAX 3

enum method { METHOD_POST, METHOD_PUT, METHOD_PATCH };

struct webhook {
    const char *url, *secret, *template, *ca_file; /* options */
    struct oc_list headers;
    int32_t method;

    CURL *curl;     /* kept between calls, with its connection and what never changes */
    CURLU *parsed;  /* `url`, taken apart once instead of at each call; NULL: libcurl does it */
    int redirected; /* it points to where a redirect led */
    struct curl_slist *headings; /* owned; see headers.h */
    json_t *pattern;
};

static const struct oc_option options[] = {
    {.name = "url",
     .type = OC_OPT_URL,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct webhook, url),
     .choices = "http|https",
     .help = "where alerts are sent"},
    {.name = "method",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct webhook, method),
     .choices = "POST|PUT|PATCH",
     .default_text = "POST",
     .help = "the HTTP method"},
    {.name = "headers",
     .type = OC_OPT_MAP,
     .flags = OC_OPT_SENSITIVE,
     .offset = offsetof(struct webhook, headers),
     .help = "further request headers"},
    {.name = "secret",
     .type = OC_OPT_SECRET,
     .offset = offsetof(struct webhook, secret),
     .help = "key of the signature in X-OpenClaw-Signature; no signature without it"},
    {.name = "template",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct webhook, template),
     .help = "the body as JSON text with {{alert.rule}} and the like; see the README"},
    {.name = "ca_file",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct webhook, ca_file),
     .help = "certificates of the authorities that are trusted; the system's by default"},
    {0},
};

/* ---- life ---- */

static int32_t read_template(struct webhook *w, struct oc_error *err)
{
    json_error_t where;
    if (!w->template) {
        return OC_OK;
    }
    w->pattern = json_loads(w->template, 0, &where);
    if (!w->pattern) {
        snprintf(err->hint, sizeof err->hint,
                 "Write JSON, for example {\"text\": \"{{severity}}: {{title}}\"}.");
        return oc_fail(err, OC_E_CONFIG, "template: line %d column %d: %s", where.line,
                       where.column, where.text);
    }
    return OC_OK;
}

/* Options are kept from call to call: setting them anew costs as much as a short request. */
static void prepare_once(struct webhook *w)
{
    static const char *const names[] = {"POST", "PUT", "PATCH"};
    transfer_prepare(w->curl, "http,https", w->ca_file);
    w->parsed = curl_url();
    if (w->parsed && curl_url_set(w->parsed, CURLUPART_URL, w->url, 0) != CURLUE_OK) {
        curl_url_cleanup(w->parsed);
        w->parsed = NULL;
    }
    curl_easy_setopt(w->curl, CURLOPT_URL, w->url);
    curl_easy_setopt(w->curl, CURLOPT_CURLU, w->parsed);
    curl_easy_setopt(w->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(w->curl, CURLOPT_CUSTOMREQUEST, names[w->method]);
    curl_easy_setopt(w->curl, CURLOPT_TCP_NODELAY, 1L);
}

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct webhook *w = self;
    int32_t rc = transfer_headers_check(&w->headers, err);
    (void)host;
    if (rc == OC_OK) {
        rc = read_template(w, err);
    }
    if (rc == OC_OK && sodium_init() < 0) {
        rc = oc_fail(err, OC_E_INTERNAL, "libsodium does not start");
    }
    if (rc == OC_OK) {
        rc = transfer_enter(err);
    }
    if (rc == OC_OK) {
        w->curl = transfer_open();
        w->headings = headers_make_common(&w->headers);
        if (!w->curl || !w->headings) {
            transfer_close(w->curl);
            curl_slist_free_all(w->headings);
            w->headings = NULL;
            transfer_leave();
            rc = oc_fail(err, OC_E_INTERNAL, "out of memory");
        }
    }
    if (rc == OC_OK) {
        prepare_once(w);
    }
    if (rc != OC_OK) {
        json_decref(w->pattern); /* the host does not call stop */
        w->pattern = NULL;
    }
    return rc;
}

static void stop(void *self)
{
    struct webhook *w = self;
    transfer_close(w->curl);
    curl_url_cleanup(w->parsed);
    curl_slist_free_all(w->headings);
    transfer_leave();
    json_decref(w->pattern);
}

/* ---- one request ---- */

static void prepare(struct webhook *w, const char *body, struct curl_slist *headers)
{
    if (w->redirected) {
        curl_easy_setopt(w->curl, CURLOPT_URL, w->url);
        curl_easy_setopt(w->curl, CURLOPT_CURLU, w->parsed);
        w->redirected = 0;
    }
    curl_easy_setopt(w->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
    curl_easy_setopt(w->curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(w->curl, CURLOPT_HTTPHEADER, headers);
}

/* What points into the call that is over. */
static void forget(struct webhook *w)
{
    curl_easy_setopt(w->curl, CURLOPT_POSTFIELDS, NULL);
    curl_easy_setopt(w->curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(w->curl, CURLOPT_WRITEDATA, NULL);
}

static char *url_part(const char *url, CURLUPart part)
{
    CURLU *parsed = curl_url();
    char *value = NULL;
    if (parsed && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK) {
        curl_url_get(parsed, part, &value, CURLU_DEFAULT_PORT);
    }
    curl_url_cleanup(parsed);
    return value;
}

static int same_part(const char *a, const char *b, CURLUPart part)
{
    char *x = url_part(a, part), *y = url_part(b, part);
    int same = x && y && strcasecmp(x, y) == 0;
    curl_free(x);
    curl_free(y);
    return same;
}

/* Signed alerts go to nobody but the host that was named, and never from https to http. */
static int may_follow(const char *url, const char *target)
{
    return same_part(url, target, CURLUPART_HOST) && same_part(url, target, CURLUPART_SCHEME) &&
           same_part(url, target, CURLUPART_PORT);
}

static int32_t judge(const struct webhook *w, struct transfer_answer *answer,
                     const struct oc_sink *out, struct oc_error *err)
{
    static const struct transfer_words words = {.who = "the receiver",
                                                .auth_hint = "Check `secret` and `headers`.",
                                                .address_hint = "Check `url` and `method`."};
    char said[TRANSFER_SAID_MAX];
    message_answer(out, transfer_describe(answer, said), transfer_wait_asked_for(w->curl));
    return transfer_judge(answer, &words, err);
}

/* True when the answer was a redirect that may be followed; then the handle points there. */
static int follow(struct webhook *w, long status, int hop)
{
    char *target = NULL;
    if ((status != 307 && status != 308) || hop == REDIRECTS_MAX) {
        return 0; /* the others would turn the request into a GET */
    }
    curl_easy_getinfo(w->curl, CURLINFO_REDIRECT_URL, &target);
    if (!target || !may_follow(w->url, target)) {
        return 0;
    }
    char *copy = strdup(target);                    /* setting the URL frees what getinfo lent */
    curl_easy_setopt(w->curl, CURLOPT_CURLU, NULL); /* it would go before the address */
    int set = copy && curl_easy_setopt(w->curl, CURLOPT_URL, copy) == CURLE_OK;
    free(copy);
    w->redirected = 1;
    return set;
}

static int32_t post(struct webhook *w, const struct oc_request *req, struct transfer_answer *answer,
                    struct oc_error *err)
{
    char detail[CURL_ERROR_SIZE];
    int hop = 0;
    do {
        transfer_answer_expect(w->curl, answer);
        CURLcode code = transfer_run(w->curl, req, detail);
        if (code != CURLE_OK) {
            return transfer_fail(code, detail, err);
        }
        transfer_answer_complete(w->curl, answer);
    } while (follow(w, answer->status, hop++));
    return OC_OK;
}

/* What is sent, and under which id; all owned. */
struct letter {
    char *body, *id, *event;
};

static void letter_finish(struct letter *l)
{
    free(l->body);
    free(l->id);
    free(l->event);
}

static void pass_on(const struct raw_delivery *raw, struct letter *l)
{
    char timestamp[48];
    message_now(timestamp, sizeof timestamp);
    l->body = raw_body(raw, timestamp);
    l->id = raw_string(&raw->id);
    l->event = raw_string(&raw->event);
}

static int32_t fill_in(const struct webhook *w, const struct oc_request *req, struct letter *l,
                       struct oc_error *err)
{
    struct message m;
    int32_t rc = message_read(&m, req, err);
    if (rc == OC_OK) {
        l->body = payload_make(&m, w->pattern);
        l->id = strdup(m.id);
        l->event = strdup(m.event);
        message_finish(&m);
    }
    return rc;
}

static int32_t write_letter(const struct webhook *w, const struct oc_request *req, struct letter *l,
                            struct oc_error *err)
{
    struct raw_delivery raw;
    int32_t rc = OC_OK;
    if (!w->pattern && req->params.ptr && raw_read(req->params.ptr, req->params.len, &raw)) {
        pass_on(&raw, l);
    } else {
        rc = fill_in(w, req, l, err);
    }
    if (rc == OC_OK && !(l->body && l->id && l->event)) {
        rc = oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    return rc;
}

static int32_t deliver(struct webhook *w, const struct letter *l, const struct oc_request *req,
                       const struct oc_sink *out, struct oc_error *err)
{
    struct transfer_answer answer;
    const struct headers_own own = {l->id, l->event, l->body, w->secret};
    struct curl_slist *headers = headers_make(&own, w->headings);
    if (!headers) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    prepare(w, l->body, headers);
    int32_t rc = post(w, req, &answer, err);
    if (rc == OC_OK) {
        rc = judge(w, &answer, out, err);
    }
    forget(w);
    headers_free(headers, w->headings);
    return rc;
}

static int32_t send_alert(void *self, const struct oc_request *req, const struct oc_sink *out,
                          struct oc_error *err)
{
    struct webhook *w = self;
    struct letter letter = {0};
    int32_t rc = write_letter(w, req, &letter, err);
    if (rc == OC_OK) {
        rc = deliver(w, &letter, req, out, err);
    }
    letter_finish(&letter);
    return rc;
}

static const struct oc_method methods[] = {
    {"alert.send/1", send_alert},
    {0},
};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct webhook),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
