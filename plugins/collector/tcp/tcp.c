/* Collector: checks that TCP services accept connections and, if told so, answer.
 * SPDX-License-Identifier: MIT */
#include "probe/names.h"
#include "probe/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openclaw/emit.h>
#include <openclaw/plugin.h>

#define ANSWER_MAX 4096 /* bytes in which the expected text must come */
#define DAY_S      86400.0

struct tcp_options {
    const char *name, *host;
    int64_t port;
    const char *send, *expect;
    int64_t timeout, warning, critical; /* ms */
    int32_t tls, verify_tls;
    const char *ca_file, *tls_server_name;
    int64_t tls_expiry_warning, tls_expiry_critical; /* ms */
    int32_t ip_version;
};

struct check {
    struct oc_probe probe; /* first */
    const struct tcp_options *o;
    const struct tcp_options *base; /* the instance's: what a target leaves out */
    struct tcp *tcp;
    const char *name; /* "" for the target that is the instance */
    char *answer;     /* owned; only while an answer comes in pieces */
    size_t answer_len;
};

struct tcp {
    struct tcp_options base;
    struct oc_list targets; /* struct tcp_options */
    struct oc_prober prober;
    const struct oc_sink *out;
    struct check *checks; /* owned */
    size_t count;
};

#define OPTION(c, member) ((c)->o->member ? (c)->o->member : (c)->base->member)

/* ---- options ---- */

#define ROW(NAME, FIELD, TYPE, DEFAULT, HELP)                                                      \
    {                                                                                              \
        .name = NAME, .type = TYPE, .offset = offsetof(struct tcp_options, FIELD),                 \
        .default_text = DEFAULT, .help = HELP                                                      \
    }

/* For targets and, at offset 0 too, the instance. D: the default, or nothing in a target, which
 * inherits. */
#define SHARED_ROWS(D)                                                                             \
    ROW("host", host, OC_OPT_STRING, NULL, "name or address of the service"),                      \
        {.name = "port",                                                                           \
         .type = OC_OPT_INT,                                                                       \
         .offset = offsetof(struct tcp_options, port),                                             \
         .min = 0,                                                                                 \
         .max = 65535,                                                                             \
         .help = "port of the service"},                                                           \
        ROW("send", send, OC_OPT_STRING, NULL, "text to send after connecting"),                   \
        ROW("expect", expect, OC_OPT_STRING, NULL,                                                 \
            "text that must come within the first 4096 bytes"),                                    \
        {.name = "timeout",                                                                        \
         .type = OC_OPT_DURATION,                                                                  \
         .offset = offsetof(struct tcp_options, timeout),                                          \
         .default_text = D("5s"),                                                                  \
         .max = 600000,                                                                            \
         .help = "time for the whole exchange"},                                                   \
        ROW("warning", warning, OC_OPT_DURATION, NULL, "a longer response time is a warning"),     \
        ROW("critical", critical, OC_OPT_DURATION, NULL, "a longer response time is critical"),    \
        ROW("tls", tls, OC_OPT_BOOL, "false", "speak TLS"),                                        \
        ROW("verify_tls", verify_tls, OC_OPT_BOOL, "true",                                         \
            "verify the server's certificate and name"),                                           \
        ROW("ca_file", ca_file, OC_OPT_PATH, NULL,                                                 \
            "CA certificates (PEM) instead of the system's"),                                      \
        ROW("tls_server_name", tls_server_name, OC_OPT_STRING, NULL,                               \
            "name that the certificate must bear"),                                                \
        ROW("tls_expiry_warning", tls_expiry_warning, OC_OPT_DURATION, D("14d"),                   \
            "a certificate that ends sooner is a warning"),                                        \
        ROW("tls_expiry_critical", tls_expiry_critical, OC_OPT_DURATION, D("3d"),                  \
            "a certificate that ends sooner is critical"),                                         \
    {                                                                                              \
        .name = "ip_version", .type = OC_OPT_ENUM,                                                 \
        .offset = offsetof(struct tcp_options, ip_version), .default_text = D("any"),              \
        .choices = "any|4|6", .help = "IP version to connect with"                                 \
    }

#define AS_DEFAULT(text) text
#define INHERITED(text)  NULL

static const struct oc_option target_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct tcp_options, name),
     .help = "name of the target"},
    SHARED_ROWS(INHERITED),
    {.name = NULL},
};

static const struct oc_option options[] = {
    SHARED_ROWS(AS_DEFAULT),
    {.name = "targets",
     .type = OC_OPT_GROUPS,
     .offset = offsetof(struct tcp, targets),
     .item_size = sizeof(struct tcp_options),
     .options = target_options,
     .help = "targets, each with the keys above, which are their defaults, and a name"},
    {.name = NULL},
};

/* ---- the exchange ---- */

static void forget_answer(struct check *c)
{
    free(c->answer);
    c->answer = NULL;
    c->answer_len = 0;
}

static enum oc_probe_step bad(struct oc_probe *p, const char *why)
{
    p->detail = why;
    return OC_PROBE_BAD;
}

static enum oc_probe_step receive(struct oc_probe *p, const char *data, size_t len)
{
    struct check *c = (struct check *)p;
    const char *wanted = OPTION(c, expect);
    if (len == 0) {
        return bad(p, "the server closed the connection before the expected text came");
    }
    if (!c->answer && memmem(data, len < ANSWER_MAX ? len : ANSWER_MAX, wanted, strlen(wanted))) {
        return OC_PROBE_DONE; /* nearly always: in one piece */
    }
    if (!c->answer && !(c->answer = malloc(ANSWER_MAX))) {
        return bad(p, "out of memory");
    }
    size_t room = ANSWER_MAX - c->answer_len;
    len = len < room ? len : room;
    memcpy(c->answer + c->answer_len, data, len);
    c->answer_len += len;
    if (memmem(c->answer, c->answer_len, wanted, strlen(wanted))) {
        return OC_PROBE_DONE;
    }
    return c->answer_len < ANSWER_MAX ? OC_PROBE_MORE : bad(p, "the expected text did not come");
}

static void reset(struct oc_probe *p)
{
    forget_answer((struct check *)p);
}

/* ---- verdict ---- */

struct verdict {
    int32_t state;
    char text[256];
};

static void worsen(struct verdict *v, int32_t state)
{
    v->state = state > v->state ? state : v->state;
}

__attribute__((format(printf, 2, 3))) static void append(struct verdict *v, const char *fmt, ...)
{
    size_t len = strlen(v->text);
    va_list ap;
    va_start(ap, fmt);
    oc_vformat(v->text + len, sizeof v->text - len, fmt, ap);
    va_end(ap);
}

static void judge_time(const struct check *c, struct verdict *v)
{
    int64_t ms = c->probe.times.total / 1000;
    if (OPTION(c, critical) && ms >= OPTION(c, critical)) {
        append(v, ", slower than %lld ms", (long long)OPTION(c, critical));
        worsen(v, OC_STATE_CRITICAL);
    } else if (OPTION(c, warning) && ms >= OPTION(c, warning)) {
        append(v, ", slower than %lld ms", (long long)OPTION(c, warning));
        worsen(v, OC_STATE_WARNING);
    }
}

static void judge_expiry(const struct check *c, struct verdict *v)
{
    double left_s = (double)(c->probe.not_after - (int64_t)time(NULL));
    bool critical = left_s * 1000 < (double)OPTION(c, tls_expiry_critical);
    if (critical || left_s * 1000 < (double)OPTION(c, tls_expiry_warning)) {
        append(v, ", the certificate ends in %.1f days", left_s / DAY_S);
        worsen(v, critical ? OC_STATE_CRITICAL : OC_STATE_WARNING);
    }
}

static void judge(const struct check *c, struct verdict *v)
{
    const struct oc_probe *p = &c->probe;
    v->state = p->outcome == OC_PROBE_SKIPPED ? OC_STATE_UNKNOWN : OC_STATE_CRITICAL;
    if (p->outcome != OC_PROBE_OK) {
        oc_probe_reason(p, v->text, sizeof v->text);
        return;
    }
    v->state = OC_STATE_OK;
    v->text[0] = '\0';
    append(v, "%s in %.1f ms", OPTION(c, expect) ? "answered" : "connected",
           p->times.total / 1000.0);
    judge_time(c, v);
    if (p->not_after) {
        judge_expiry(c, v);
    }
}

/* ---- report ---- */

static double ms(uint32_t us)
{
    return (double)((us + 5) / 10) / 100.0;
}

static int32_t gauge(const struct check *c, const struct oc_label *label, const char *name,
                     double value)
{
    return oc_emit_sample(c->tcp->out, name, OC_KIND_GAUGE, value, label, c->name[0] != '\0');
}

static int32_t report(const struct check *c, const struct verdict *v)
{
    const struct oc_sink *out = c->tcp->out;
    const struct oc_probe *p = &c->probe;
    const struct oc_probe_times *at = &p->times;
    const struct oc_label label = oc_label("target", c->name);
    int32_t code = OC_OK;
    if (p->outcome != OC_PROBE_SKIPPED) {
        code = oc_emit_sample(out, "tcp.up", OC_KIND_BOOL, p->outcome == OC_PROBE_OK, &label,
                              c->name[0] != '\0');
    }
    if (code == OC_OK && p->outcome == OC_PROBE_OK) {
        uint32_t from = at->resolved ? at->resolved : at->started;
        gauge(c, &label, "tcp.connect_ms", ms(at->connected > from ? at->connected - from : 0));
        code = gauge(c, &label, "tcp.response_ms", ms(at->total));
    }
    if (code == OC_OK && at->secured) {
        code = gauge(c, &label, "tcp.tls_ms", ms(at->secured - at->connected));
    }
    if (code == OC_OK && p->not_after) {
        code = gauge(c, &label, "tcp.tls_expiry_days",
                     (double)((p->not_after - (int64_t)time(NULL)) / 8640) / 10.0);
    }
    return code == OC_OK ? oc_emit_status(out, c->name, v->state, "%s", v->text) : code;
}

static bool done(struct oc_probe *p)
{
    struct check *c = (struct check *)p;
    struct verdict v;
    forget_answer(c);
    if (p->outcome != OC_PROBE_CANCELLED) {
        judge(c, &v);
        int32_t code = report(c, &v);
        if (code != OC_OK) {
            oc_prober_abort(p->prober, code);
        }
    }
    return false;
}

static const struct oc_probe_ops answer_ops = {receive, done, reset};
static const struct oc_probe_ops connect_ops = {NULL, done, NULL};

/* ---- life ---- */

static void stop(void *self)
{
    struct tcp *t = self;
    for (size_t i = 0; i < t->count; i++) {
        forget_answer(&t->checks[i]);
        oc_probe_finish(&t->checks[i].probe);
    }
    free(t->checks);
    t->checks = NULL;
    t->count = 0;
    oc_prober_finish(&t->prober);
}

static int prepare_tls(struct check *c, struct oc_error *err)
{
    const struct oc_tls_options o = {.ca_file = OPTION(c, ca_file),
                                     .verify = c->o->verify_tls && c->base->verify_tls};
    if (!c->o->tls && !c->base->tls) {
        return OC_OK;
    }
    c->probe.to.tls = oc_prober_tls(&c->tcp->prober, &o, err);
    c->probe.to.tls_name = OPTION(c, tls_server_name);
    return c->probe.to.tls ? OC_OK : err->code;
}

static int prepare(struct check *c, struct oc_error *err)
{
    struct oc_probe *p = &c->probe;
    if (!OPTION(c, host) || OPTION(c, port) < 1) {
        snprintf(err->hint, sizeof err->hint, "Set both, in the target or in the instance.");
        return oc_fail(err, OC_E_CONFIG, "host and port must be set");
    }
    if (OPTION(c, expect) && !OPTION(c, expect)[0]) {
        return oc_fail(err, OC_E_CONFIG, "expect is empty");
    }
    p->ops = OPTION(c, expect) ? &answer_ops : &connect_ops;
    p->request = OPTION(c, send);
    p->request_len = p->request ? (uint32_t)strlen(p->request) : 0;
    p->timeout_ms = (uint32_t)OPTION(c, timeout);
    p->to.host = OPTION(c, host);
    p->to.port = (uint16_t)OPTION(c, port);
    p->to.ip_version = (uint8_t)OPTION(c, ip_version);
    p->fd = -1;
    int code = prepare_tls(c, err);
    return code == OC_OK ? oc_probe_init(p, &c->tcp->prober, err) : code;
}

static int add_check(struct tcp *t, const struct tcp_options *o, const char *name,
                     struct oc_error *err)
{
    struct check *c = &t->checks[t->count++];
    c->o = o;
    c->base = &t->base;
    c->tcp = t;
    c->name = name;
    int code = prepare(c, err);
    return code == OC_OK ? code : oc_names_prefix(err, name);
}

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct tcp *t = self;
    const struct tcp_options *targets = t->targets.items;
    size_t count = (size_t)t->targets.count;
    int code = OC_OK;
    oc_prober_init(&t->prober, host->plugin_dir, 0);
    t->checks = calloc(count + 1, sizeof *t->checks);
    if (!t->checks) {
        code = oc_fail(err, OC_E_INTERNAL, "out of memory");
    } else if (count == 0) {
        code = add_check(t, &t->base, "", err);
    }
    for (size_t i = 0; i < count && code == OC_OK; i++) {
        code = add_check(t, &targets[i], targets[i].name, err);
    }
    if (code == OC_OK) {
        code = oc_names_check(&t->checks[0].name, t->count, sizeof t->checks[0], err);
    }
    if (code != OC_OK) {
        stop(t);
    }
    return code;
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    struct tcp *t = self;
    t->out = out;
    return oc_prober_run(&t->prober, &t->checks[0].probe, t->count, sizeof t->checks[0], req, out,
                         err);
}

static const struct oc_method methods[] = {{"collector.collect/1", collect}, {NULL, NULL}};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct tcp),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
