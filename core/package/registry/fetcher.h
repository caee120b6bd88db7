/* The client's side of openclaw-fetch: requests in, bytes out. SPDX-License-Identifier: MIT
 *
 * The helper reads one JSON object a line, {"url","max","timeout_ms","ca"}, and answers on its stdout with JSON lines. A line {"data":N} is
 * followed by N raw bytes; {"done":true} or {"error":{"reason","message"}} ends a request. It keeps connections open from one request
 * to the next, writes no file and can read none that matters: core/fetch/confine.c. */
#ifndef OC_PACKAGE_REGISTRY_FETCHER_H
#define OC_PACKAGE_REGISTRY_FETCHER_H

#include "core/package/registry/source.h"

struct oc_fetcher;

/* NULL and w->err when the helper cannot be started or `ca` cannot be read. */
struct oc_fetcher *oc_fetcher_open(struct oc_work *w, const char *ca, int64_t timeout_ms);
void oc_fetcher_close(struct oc_fetcher *f); /* NULL is fine */
/* As oc_source_get; adds to *bytes what came. After a failure of the helper itself the next request starts another one. */
int oc_fetcher_get(struct oc_fetcher *f, struct oc_work *w, const char *url, uint64_t max,
                   oc_source_sink sink, void *ctx, uint64_t *bytes);

#endif
