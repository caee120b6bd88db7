/* Collector: scrapes pages in the Prometheus text format or OpenMetrics. SPDX-License-Identifier: MIT */
#include "exposition/scrape.h"
#include "options.h"
#include "probe/fetch.h"
#include "probe/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>
#include <openclaw/plugin.h>

#define REDIRECTS 5
#define ACCEPT                                                                                     \
    "text/plain;version=0.0.4,"                                                                    \
    "application/openmetrics-text;version=1.0.0;q=0.8,*/*;q=0.1"

struct page {
    struct oc_fetch fetch; /* first */
    const struct page_options *o;
    struct prometheus *collector;
    const char *name;           /* "" for the page that is the instance's */
    struct ratio_state *ratios; /* owned */
};

struct prometheus {
    struct prometheus_options options; /* first: the option table's offsets count from it */
    struct oc_prober prober;
    const struct oc_sink *out;
    struct page *pages; /* owned */
    size_t count;
};

#define OPTION(p, member) ((p)->o->member ? (p)->o->member : (p)->collector->options.base.member)

/* ---- what the fetch asks ---- */

static void describe(const struct oc_fetch *f, struct oc_request_parts *parts)
{
    const struct page *p = (const struct page *)f;
    parts->accept = ACCEPT;
    parts->headers = p->o->headers.count ? p->o->headers : p->collector->options.base.headers;
    parts->user = OPTION(p, user);
    parts->password = OPTION(p, password);
    parts->bearer = OPTION(p, bearer);
}

static struct oc_tls_context *tls(const struct oc_fetch *f, bool foreign, struct oc_error *err)
{
    const struct page *p = (const struct page *)f;
    struct oc_tls_options o = {.ca_file = OPTION(p, ca_file),
                               .verify = p->o->verify_tls && p->collector->options.base.verify_tls};
    if (!foreign) {
        o.cert_file = OPTION(p, client_cert);
        o.key_file = OPTION(p, client_key);
    }
    return oc_prober_tls(f->probe.prober, &o, err);
}

/* ---- report ---- */

static int32_t emit_page(const struct page *p, const char *name, uint32_t kind, double value)
{
    const struct oc_label label = oc_label("target", p->name);
    return oc_emit_sample(p->collector->out, name, kind, value, &label, p->name[0] != '\0');
}

static int32_t say(const struct page *p, int32_t state, const char *text)
{
    int32_t code = emit_page(p, "prometheus.up", OC_KIND_BOOL,
                             state == OC_STATE_OK || state == OC_STATE_WARNING);
    return code == OC_OK ? oc_emit_status(p->collector->out, p->name, state, "%s", text) : code;
}

static int32_t report_page(const struct page *p, const struct scrape_result *r)
{
    char text[256];
    double took = p->fetch.probe.times.total / 1000.0;
    emit_page(p, "prometheus.samples", OC_KIND_GAUGE, (double)r->emitted);
    emit_page(p, "prometheus.response_ms", OC_KIND_GAUGE,
              (double)((int64_t)(took * 100 + 0.5)) / 100.0);
    if (r->page.bad) {
        snprintf(text, sizeof text, "%zu samples, %zu malformed lines, the first is line %zu: %s",
                 r->emitted, r->page.bad, r->page.first_bad, r->page.reason);
        return say(p, r->page.lines ? OC_STATE_WARNING : OC_STATE_CRITICAL, text);
    }
    if (r->capped) {
        snprintf(text, sizeof text, "more than max_samples (%zu)", r->emitted);
        return say(p, OC_STATE_WARNING, text);
    }
    snprintf(text, sizeof text, "%zu samples in %.1f ms", r->emitted, took);
    return say(p, OC_STATE_OK, text);
}

static bool is_absent(const struct page *p, int status)
{
    return p->collector->options.optional && (status == 401 || status == 403 || status == 404);
}

static int32_t report(struct page *p)
{
    struct oc_fetch *f = &p->fetch;
    struct scrape_result r;
    char text[256];
    if (f->probe.outcome != OC_PROBE_OK) {
        bool skipped = f->probe.outcome == OC_PROBE_SKIPPED;
        return say(p, skipped ? OC_STATE_UNKNOWN : OC_STATE_CRITICAL,
                   oc_probe_reason(&f->probe, text, sizeof text));
    }
    if (is_absent(p, f->response.status)) {
        snprintf(text, sizeof text, "no metrics here: the server answers %d", f->response.status);
        return oc_emit_status(p->collector->out, p->name, OC_STATE_OK, "%s", text);
    }
    if (f->response.status != 200) {
        snprintf(text, sizeof text, "expected status 200, got %d", f->response.status);
        return say(p, OC_STATE_CRITICAL, text);
    }
    if (f->truncated) {
        snprintf(text, sizeof text, "the page is longer than max_body (%u bytes)", f->max_body);
        return say(p, OC_STATE_CRITICAL, text);
    }
    scrape_emit(&p->collector->options.scrape, p->name, f->body, f->body_len, p->ratios,
                p->collector->out, &r);
    return r.code == OC_OK ? report_page(p, &r) : r.code;
}

static void done(struct oc_fetch *f)
{
    struct page *p = (struct page *)f;
    if (f->probe.outcome == OC_PROBE_CANCELLED) {
        return;
    }
    int32_t code = report(p);
    if (code != OC_OK) {
        oc_prober_abort(f->probe.prober, code);
    }
}

static const struct oc_fetch_ops fetch_ops = {describe, tls, NULL, done};

/* ---- life ---- */

static void stop(void *self)
{
    struct prometheus *c = self;
    for (size_t i = 0; i < c->count; i++) {
        oc_fetch_finish(&c->pages[i].fetch);
        free(c->pages[i].ratios);
    }
    free(c->pages);
    c->pages = NULL;
    c->count = 0;
    oc_prober_finish(&c->prober);
}

static int add_page(struct prometheus *c, const struct page_options *o, const char *name,
                    struct oc_error *err)
{
    struct page *p = &c->pages[c->count++];
    p->o = o;
    p->collector = c;
    p->name = name;
    p->ratios = calloc((size_t)c->options.scrape.ratios.count + 1, sizeof *p->ratios);
    if (!p->ratios) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    p->fetch.ops = &fetch_ops;
    p->fetch.max_body = (uint32_t)c->options.max_body;
    p->fetch.max_redirects = REDIRECTS;
    p->fetch.want_body = true;
    p->fetch.probe.timeout_ms = (uint32_t)OPTION(p, timeout);
    p->fetch.probe.keep = c->options.keep_alive;
    p->fetch.probe.to.ip_version = (uint8_t)OPTION(p, ip_version);
    p->fetch.probe.to.tls_name = OPTION(p, tls_server_name);
    int code = oc_fetch_init(&p->fetch, &c->prober, o->url, err);
    return code == OC_OK ? code : oc_names_prefix(err, name);
}

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct prometheus *c = self;
    const struct page_options *targets = c->options.targets.items;
    size_t count = (size_t)c->options.targets.count;
    int code = OC_OK;
    oc_prober_init(&c->prober, host->plugin_dir, 0);
    c->pages = calloc(count + 1, sizeof *c->pages);
    if (!c->pages) {
        code = oc_fail(err, OC_E_INTERNAL, "out of memory");
    } else if (c->options.base.url) {
        code = add_page(c, &c->options.base, "", err);
    } else if (count == 0) {
        snprintf(err->hint, sizeof err->hint, "Set url for one page, or targets for several.");
        code = oc_fail(err, OC_E_CONFIG, "neither url nor targets is set");
    }
    for (size_t i = 0; i < count && code == OC_OK; i++) {
        code = add_page(c, &targets[i], targets[i].name, err);
    }
    if (code == OC_OK) {
        code = oc_names_check(&c->pages[0].name, c->count, sizeof c->pages[0], err);
    }
    if (code != OC_OK) {
        stop(c);
    }
    return code;
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    struct prometheus *c = self;
    c->out = out;
    return oc_prober_run(&c->prober, &c->pages[0].fetch.probe, c->count, sizeof c->pages[0], req,
                         out, err);
}

static const struct oc_method methods[] = {{"collector.collect/1", collect}, {NULL, NULL}};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,
    .instance_size = sizeof(struct prometheus),
    .options = prometheus_option_table,
    .start = start,
    .stop = stop,
    .methods = methods,
};
