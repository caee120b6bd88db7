/* Collector: checks any number of HTTP and HTTPS targets at once. SPDX-License-Identifier: MIT
 *
 * See probe/probe.h for how it does that with five system calls a check. */
#include "check.h"
#include "options.h"
#include "probe/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>
#include <openclaw/plugin.h>

/* With more targets than this "phases = auto" leaves the phases out. */
#define PHASES_MAX 100

struct http {
    struct http_settings settings; /* first: the option table's offsets count from it */
    struct oc_prober prober;
    struct check_report report;
    struct check *checks; /* owned */
    size_t count;
};

static void stop(void *self)
{
    struct http *h = self;
    for (size_t i = 0; i < h->count; i++) {
        check_finish(&h->checks[i]);
    }
    free(h->checks);
    h->checks = NULL;
    h->count = 0;
    oc_prober_finish(&h->prober);
}

/* `name` NULL: its URL, without what may be secret in it. */
static int add_check(struct http *h, const struct http_options *own, const char *name,
                     struct oc_error *err)
{
    struct check *c = &h->checks[h->count++];
    c->own = own;
    c->base = &h->settings.base;
    c->report = &h->report;
    c->shown_url = name ? NULL : oc_url_shown(own->url);
    c->name = name ? name : c->shown_url ? c->shown_url : "";
    int code = check_init(c, &h->prober, err);
    return code == OC_OK ? code : oc_names_prefix(err, c->name);
}

static int add_checks(struct http *h, struct oc_error *err)
{
    const struct http_options *targets = h->settings.targets.items;
    size_t count = (size_t)h->settings.targets.count;
    int code = OC_OK;
    h->checks = calloc(count + 1, sizeof *h->checks);
    if (!h->checks) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    if (h->settings.base.url) {
        code = add_check(h, &h->settings.base, "", err);
    }
    for (size_t i = 0; i < count && code == OC_OK; i++) {
        code = add_check(h, &targets[i], targets[i].name, err);
    }
    if (code == OC_OK && h->count == 0) {
        snprintf(err->hint, sizeof err->hint, "Set url for one target, or targets for several.");
        return oc_fail(err, OC_E_CONFIG, "neither url nor targets is set");
    }
    return code == OC_OK ? oc_names_check(&h->checks[0].name, h->count, sizeof h->checks[0], err)
                         : code;
}

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct http *h = self;
    oc_prober_init(&h->prober, host->plugin_dir, (uint32_t)h->settings.max_concurrency);
    int code = add_checks(h, err);
    if (code != OC_OK) {
        stop(h);
        return code;
    }
    h->report.details = h->settings.details;
    h->report.phases = h->settings.phases == HTTP_PHASES_ALWAYS ||
                       (h->settings.phases == HTTP_PHASES_AUTO && h->count < PHASES_MAX);
    return OC_OK;
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    struct http *h = self;
    h->report.out = out;
    return oc_prober_run(&h->prober, &h->checks[0].fetch.probe, h->count, sizeof h->checks[0], req,
                         out, err);
}

static const struct oc_method methods[] = {{"collector.collect/1", collect}, {NULL, NULL}};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,
    .instance_size = sizeof(struct http),
    .options = http_option_table,
    .start = start,
    .stop = stop,
    .methods = methods,
};
