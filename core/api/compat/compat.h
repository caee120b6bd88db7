/* The paths of the original system's dashboard server, answered from operations. SPDX-License-Identifier: MIT  [loop]
 *
 * Shapes are the original's, with what we add; failures are the document of /api/v1. What the original only meant to do
 * (acknowledge, dismiss, thresholds) is done. */
#ifndef OC_API_COMPAT_COMPAT_H
#define OC_API_COMPAT_COMPAT_H

#include "core/api/internal.h"

struct oc_compat {
    struct oc_api *api;
    struct oc_health_cache *cache;
};

/* ---- cache.c: the answer of GET /api/health, made once for many ---- */

struct oc_health_cache *oc_health_cache_create(const struct oc_env *env);
void oc_health_cache_destroy(struct oc_health_cache *c); /* NULL is fine */
/* What is known now, made anew only when something changed: a change of state is there with the next request, figures
 * alone at most once a second. Borrowed until the next call. NULL when health does not answer. */
struct oc_http_blob *oc_health_cache_get(struct oc_health_cache *c);

/* ---- shape.c: from our shapes to the original's ---- */

/* An alert says whether it is acknowledged and dismissed as booleans; who did it stays beside that. In place, and of its own members only: a
 * json_copy will do. */
void oc_compat_alert(json_t *alert);
void oc_compat_alerts(json_t *alerts);
/* A Prometheus answer to the query `up`: a sample for each check of the snapshot. */
json_t *oc_compat_up(const json_t *snapshot);
/* The group `thresholds` in force, and that which the host brings. Either may be NULL. */
struct oc_compat_figures {
    const struct oc_node *now, *shipped;
};
/* The thresholds of a body, {"cpu":{"warning_percent":80}} or as the original names them ({"resources":{"cpuWarning":80}},
 * also below "thresholds"), as [{"key":"thresholds.cpu.warning_percent","value":"80"}]; NULL and err (OC_E_CONFIG). A key
 * that is not known is refused, and so is a value of another kind. */
json_t *oc_compat_thresholds(const json_t *body, const struct oc_compat_figures *known,
                             struct oc_error *err);
/* "cpu.warning_percent" as the host brings it, since what is in force may be of a wrong kind; else as it is in force. NULL: not known. */
const struct oc_node *oc_compat_figure(const struct oc_compat_figures *known, const char *name);

/* ---- call.c: an operation in the name of the client ---- */

/* `shape` turns a result into what is sent (owned by the callee's caller); NULL sends it as it is. Takes params. */
void oc_compat_call(struct oc_http_request *r, const char *op, json_t *params,
                    json_t *(*shape)(const json_t *result));

/* Answers a failure of an operation. */
void oc_compat_refuse(struct oc_http_request *r, int code, const struct oc_error *err);

/* ---- alerts.c ---- */
void oc_compat_get_alerts(struct oc_http_request *r, void *compat);

/* ---- settings.c ---- */
void oc_compat_get_config(struct oc_http_request *r, void *compat);
void oc_compat_post_thresholds(struct oc_http_request *r, void *compat);

/* ---- docs.c ---- */
extern const struct oc_route_doc oc_compat_docs[];

#endif
