/* One endpoint of LiteLLM: how it is asked and what its answer was. SPDX-License-Identifier: MIT */
#include "ask.h"

#include "spend.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

#define REDIRECTS    5 /* /metrics answers with a redirect to /metrics/ */
#define DOCUMENT_MAX (8u << 20)

const char *const ask_names[EP_COUNT] = {"readiness", "liveliness", "metrics", "models",
                                         "key",       "spend",      "logs",    "activity"};

void ask_set(struct ask *a, enum answer answer, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    oc_vformat(a->why, sizeof a->why, fmt, ap);
    va_end(ap);
    a->answer = answer;
}

/* Owned by the caller; NULL when memory is short. */
static char *url_of(const struct litellm_options *o, enum endpoint endpoint, const char *day,
                    const char *next)
{
    char *url = NULL;
    int len = (int)strlen(o->url);
    while (len > 0 && o->url[len - 1] == '/') {
        len--;
    }
    const char *path = "";
    char query[128] = "";
    switch (endpoint) {
    case EP_READINESS:
        path = "/health/readiness";
        break;
    case EP_LIVELINESS:
        path = "/health/liveliness";
        break;
    case EP_METRICS:
        path = o->metrics_path;
        break;
    case EP_MODELS:
        path = "/model/info";
        break;
    case EP_KEY:
        path = "/key/info";
        break;
    case EP_SPEND:
        path = "/global/spend";
        break;
    case EP_LOGS:
        path = "/spend/logs";
        snprintf(query, sizeof query, "?start_date=%s&end_date=%s", day, next);
        break;
    case EP_ACTIVITY:
        path = "/user/daily/activity";
        snprintf(query, sizeof query, "?start_date=%s&end_date=%s&page_size=1000", day, day);
        break;
    case EP_COUNT:
        break;
    }
    return asprintf(&url, "%.*s%s%s", len, o->url, path, query) < 0 ? NULL : url;
}

int ask_init(struct ask *a, struct litellm *c, enum endpoint endpoint, struct oc_prober *prober,
             const struct litellm_options *o, const char *day, const char *next,
             const struct oc_fetch_ops *ops, struct oc_error *err)
{
    char *url = url_of(o, endpoint, day, next);
    a->collector = c;
    a->endpoint = endpoint;
    a->fetch =
        (struct oc_fetch){.ops = ops,
                          .max_body = endpoint == EP_METRICS ? (uint32_t)o->max_body : DOCUMENT_MAX,
                          .max_redirects = REDIRECTS,
                          .want_body = true};
    a->fetch.probe.timeout_ms = (uint32_t)o->timeout;
    a->fetch.probe.keep = o->keep_alive && endpoint < EP_FIRST_SLOW;
    int code = url ? oc_fetch_init(&a->fetch, prober, url, err)
                   : oc_fail(err, OC_E_INTERNAL, "out of memory");
    free(url);
    return code;
}

/* Whether the proxy's words say that it has no database, rather than that something broke. */
static bool lacks_database(const char *words)
{
    return strstr(words, "atabase not connected") || strstr(words, "DB not connected") ||
           strstr(words, "No db connected") || strstr(words, "Prisma Client is not initialized") ||
           strstr(words, "No connected db");
}

static bool judge_status(struct ask *a)
{
    const struct oc_fetch *f = &a->fetch;
    int status = f->response.status;
    char words[120];
    spend_reason(f->body, f->body_len, words, sizeof words);
    if (status == 200) {
        return true;
    }
    if (status == 401 || status == 403) {
        ask_set(a, ANSWER_REFUSED, a->keyed ? "the key is refused (%d)" : "it wants a key (%d)",
                status);
    } else if (status == 404 || status == 405 || status == 501) {
        ask_set(a, ANSWER_UNSUPPORTED, "this proxy has no such page (%d)", status);
    } else if (lacks_database(words)) {
        ask_set(a, ANSWER_UNSUPPORTED, "this proxy has no database");
    } else {
        ask_set(a, ANSWER_FAILED, "the server answers %d%s%s", status, words[0] ? ": " : "", words);
    }
    return false;
}

bool ask_judge(struct ask *a)
{
    const struct oc_fetch *f = &a->fetch;
    char text[160];
    if (f->probe.outcome != OC_PROBE_OK) {
        ask_set(a, ANSWER_FAILED, "%s", oc_probe_reason(&f->probe, text, sizeof text));
        return false;
    }
    if (f->truncated) {
        ask_set(a, ANSWER_FAILED, "the answer is longer than %u bytes", f->max_body);
        return false;
    }
    return judge_status(a);
}
