/* /api/v1/jobs, and the same as operations for the other faces of the host. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "core/api/ops/accept.h"
#include "core/api/ops/rest.h"
#include "core/base/json.h"

/* ---- routes ---- */

static void list_jobs(struct oc_http_request *r, void *ctx)
{
    struct oc_rest *rest = ctx;
    struct oc_actor actor = oc_api_actor(r);
    json_t *o = json_object();
    oc_json_set_bool(o, "ok", true);
    oc_json_take(o, "data", oc_jobs_json(rest->jobs, &actor));
    oc_json_take(o, "warnings", json_array());
    oc_http_send_json(r, 200, o);
}

/* The job of the path; NULL: it has been answered. One of somebody else does not exist. */
static struct oc_job *job_of(struct oc_rest *rest, struct oc_http_request *r)
{
    struct oc_actor actor = oc_api_actor(r);
    struct oc_job *job = oc_jobs_find(rest->jobs, oc_http_param(r, 0), &actor);
    if (!job) {
        oc_http_send_errorf(r, 404, OC_E_NOT_FOUND,
                            "Finished jobs are kept for ten minutes; GET /api/v1/jobs lists yours.",
                            "no job has this id");
    }
    return job;
}

static void get_job(struct oc_http_request *r, void *ctx)
{
    struct oc_job *job = job_of(ctx, r);
    if (!job) {
        return;
    }
    struct oc_buf out = {0};
    oc_buf_adds(&out, "{\"ok\":true,\"data\":");
    oc_job_text(job, &out);
    oc_buf_adds(&out, ",\"warnings\":[]}");
    size_t len = out.len;
    oc_http_send(r, 200, OC_HTTP_TYPE_JSON, oc_buf_take(&out), len);
}

static void get_events(struct oc_http_request *r, void *ctx)
{
    struct oc_rest *rest = ctx;
    struct oc_job *job = job_of(rest, r);
    uint64_t after = oc_last_event_read(oc_http_header(r, "Last-Event-ID"));
    if (job && oc_job_is_done(job) && after >= oc_job_last_event(job)) {
        oc_http_send_empty(r, 204); /* a browser's EventSource does not come back after this */
    } else if (job) {
        oc_sse_open(rest, r, job, after, false);
    }
}

static void delete_job(struct oc_http_request *r, void *ctx)
{
    struct oc_job *job = job_of(ctx, r);
    if (!job) {
        return;
    }
    json_t *o = json_object();
    oc_json_set_bool(o, "ok", true);
    oc_json_take(o, "data", oc_job_json(job));
    oc_json_take(o, "warnings", json_array());
    oc_job_forget(job);
    oc_http_send_json(r, 200, o);
}

const struct oc_route oc_rest_job_routes[] = {
    {"GET", "/api/v1/jobs", OC_ROUTE_VIEWER, 0, list_jobs,
     "List your jobs; all of them for admins"},
    {"GET", "/api/v1/jobs/{id}", OC_ROUTE_VIEWER, 0, get_job,
     "Show a job: its state, and its result when it has ended"},
    {"DELETE", "/api/v1/jobs/{id}", OC_ROUTE_VIEWER, 0, delete_job,
     "Cancel a job if it runs, and forget it"},
    {"GET", "/api/v1/jobs/{id}/events", OC_ROUTE_VIEWER, 0, get_events,
     "Follow a job: rows, progress and the end as server-sent events"},
    {0}};

#define JOB "{\"$ref\":\"#/components/schemas/Job\"}"
#define ENVELOPE(data)                                                                             \
    "{\"type\":\"object\",\"required\":[\"ok\",\"data\",\"warnings\"],\"properties\":{\"ok\":{"    \
    "\"const\":true},\"data\":" data                                                               \
    ",\"warnings\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}"

const struct oc_route_doc oc_rest_docs[] = {
    {.method = "GET",
     .pattern = "/api/v1",
     .tag = "operations",
     .response =
         "{ok: boolean, warnings: [string], data: [{name: string, summary: string, role: string, "
         "flags: [string]}]}"},
    {.method = "GET",
     .pattern = "/api/v1/jobs",
     .response = ENVELOPE("{\"type\":\"array\",\"items\":" JOB "}")},
    {.method = "GET",
     .pattern = "/api/v1/jobs/{id}",
     .description = "Finished jobs stay for ten minutes. `result` is the answer that the call "
                    "would have been given, `events` are the rows that are remembered: the newest "
                    "1000, at most 1 MiB.",
     .response = ENVELOPE(JOB)},
    {.method = "DELETE", .pattern = "/api/v1/jobs/{id}", .response = ENVELOPE(JOB)},
    {.method = "GET",
     .pattern = "/api/v1/jobs/{id}/events",
     .description = "Events are `row` and `progress`, then `done` with the answer, after which the "
                    "stream ends. With `Last-Event-ID` it goes on behind that event; `lost` says "
                    "how many rows are no longer remembered. 204: there is nothing more to come.",
     .parameters =
         "[{\"name\":\"Last-Event-ID\",\"in\":\"header\",\"schema\":{\"type\":\"string\"},"
         "\"description\":\"the last event that was seen\"}]",
     .response = "{\"type\":\"string\"}",
     .response_type = "text/event-stream",
     .responses = "{\"204\":{\"description\":\"nothing more to come\"}}"},
    {0}};

/* ---- operations ---- */

struct id_params {
    const char *id;
};
static const struct oc_option id_options[] = {{.name = "id",
                                               .type = OC_OPT_STRING,
                                               .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
                                               .offset = offsetof(struct id_params, id),
                                               .help = "the job"},
                                              {0}};

static void op_list(struct oc_call *call, void *ctx)
{
    struct oc_rest *rest = ctx;
    oc_call_succeed(call, oc_jobs_json(rest->jobs, oc_call_actor(call)));
}

static void op_cancel(struct oc_call *call, void *ctx)
{
    struct oc_rest *rest = ctx;
    const struct id_params *p = oc_call_params(call);
    struct oc_job *job = oc_jobs_find(rest->jobs, p->id, oc_call_actor(call));
    if (!job) {
        oc_call_failf(call, OC_E_NOT_FOUND, NULL, "no job has this id");
        return;
    }
    json_t *o = oc_job_json(job);
    oc_job_forget(job);
    oc_call_succeed(call, o);
}

/* Internal: over HTTP they are /api/v1/jobs, and the command line waits for its calls itself. */
static const struct oc_op ops[] = {
    {.name = "job.list",
     .summary = "List the jobs of the caller; all of them for admins",
     .flags = OC_OP_INTERNAL,
     .view = "table:job=Job,op=Operation,actor=By,state=State,started=Started",
     .handler = op_list},
    {.name = "job.cancel",
     .summary = "Cancel a job if it runs, and forget it",
     .flags = OC_OP_INTERNAL,
     .params = id_options,
     .params_size = sizeof(struct id_params),
     .view = "record",
     .handler = op_cancel}};

void oc_rest_add_ops(struct oc_rest *rest)
{
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        oc_ops_add(rest->api->env->ops, &ops[i], rest);
    }
}

void oc_rest_remove_ops(struct oc_rest *rest)
{
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        oc_ops_remove(rest->api->env->ops, ops[i].name);
    }
}
