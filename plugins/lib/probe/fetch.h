/* One HTTP exchange over a probe: request, answer, redirects. SPDX-License-Identifier: MIT
 *
 * Shared by the collectors that speak HTTP. The owner embeds struct oc_fetch as the first member of
 * its target and gives it a table of functions. At rest a fetch holds its URL, its request's bytes
 * and, kept alive, its connection. [worker] */
#ifndef OC_PROBE_FETCH_H
#define OC_PROBE_FETCH_H

#include "probe/probe.h"
#include "probe/request.h"
#include "probe/response.h"
#include "probe/url.h"

#define OC_FETCH_REDIRECTS_MAX 10

struct oc_fetch;

struct oc_fetch_ops {
    /* Fills `parts` (zeroed) with what to send; strings stay the owner's. Called at init and at
     * each redirect. */
    void (*describe)(const struct oc_fetch *f, struct oc_request_parts *parts);
    /* The TLS context for an https URL; `foreign` = of another origin than the target's: no client
     * certificate. */
    struct oc_tls_context *(*tls)(const struct oc_fetch *f, bool foreign, struct oc_error *err);
    /* Whether a redirect may be followed (NULL = always): response.status says which. */
    bool (*follow)(const struct oc_fetch *f);
    /* It is over: probe.outcome, response.status, body and body_len are valid during the call. */
    void (*done)(struct oc_fetch *f);
};

struct oc_fetch {
    struct oc_probe probe; /* first: the prober walks an array of these */
    const struct oc_fetch_ops *ops;
    struct oc_url url;
    struct oc_response response;
    struct oc_hop *hop; /* owned; while redirects are followed */
    char *request;      /* owned */
    char *body;         /* owned; what came, when want_body is set */
    uint32_t body_len, body_size;
    uint32_t max_body; /* bytes; the rest is not read */
    uint8_t redirects, max_redirects;
    bool want_body;
    bool truncated; /* the body was longer than max_body */
};

/* Prepares `f`. The caller has zeroed it and set ops, max_body, max_redirects, want_body,
 * probe.timeout_ms, probe.keep, probe.to.ip_version and probe.to.tls_name. OC_E_CONFIG when the URL
 * or a part of the request is wrong. */
int oc_fetch_init(struct oc_fetch *f, struct oc_prober *pr, const char *url, struct oc_error *err);
void oc_fetch_finish(struct oc_fetch *f); /* a zeroed one is fine */

#endif
