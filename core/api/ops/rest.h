/* Operations over HTTP: what the files of this area share. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_API_OPS_REST_H
#define OC_API_OPS_REST_H

#include "core/api/ask.h"
#include "core/api/internal.h"
#include "core/api/ops/job.h"

struct oc_rest {
    struct oc_api *api;
    struct oc_jobs *jobs;
    struct waiting *waiting; /* requests whose call runs */
    struct sse *streams;
    struct oc_timer
        *beat; /* a comment on every stream, so that nobody on the way takes it for dead */
    struct oc_subscription *revoked;
    bool leaving;
};

/* What a failed operation is answered with. 5xx is kept for faults of this host: what it asked of others is 424. */
unsigned oc_rest_status(int code);

/* ---- call.c ---- */
void oc_rest_get(struct oc_http_request *r, void *rest);
void oc_rest_post(struct oc_http_request *r, void *rest);
/* Any other method: says which there are, as OPTIONS asks. */
void oc_rest_other(struct oc_http_request *r, void *rest);
/* Answers whoever still waits: the host stops. */
void oc_rest_end_waiting(struct oc_rest *rest);

/* ---- sse.c ---- */
/* Takes the request. `owned`: the job is the caller's own and ends with the stream; else its events after `after` come
 * first. */
void oc_sse_open(struct oc_rest *rest, struct oc_http_request *r, struct oc_job *job,
                 uint64_t after, bool owned);
void oc_sse_end_all(struct oc_rest *rest);
/* Those of somebody whose credentials were taken back. */
void oc_sse_end_of(struct oc_rest *rest, const char *actor);
void oc_sse_beat(void *rest);

/* ---- index.c ---- */
extern const struct oc_route oc_rest_index_routes[];

/* ---- job_routes.c ---- */
extern const struct oc_route oc_rest_job_routes[];
extern const struct oc_route_doc oc_rest_docs[];
void oc_rest_add_ops(struct oc_rest *rest);
void oc_rest_remove_ops(struct oc_rest *rest);

#endif
