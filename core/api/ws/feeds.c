/* The topics `logs` and `jobs`. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/api/ws/hub.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"

#define LINES_MAX 500 /* of one tick; of a flood the newest are told */
#define JOBS_MAX  256

/* ---- logs: the operation `logs` goes on as long as somebody watches ---- */

static void on_line(void *ctx, const json_t *row)
{
    struct oc_ws_hub *h = ctx;
    if (!h->lines) {
        return; /* it has ended */
    }
    if (json_array_size(h->lines) >= LINES_MAX) {
        json_array_remove(h->lines, 0);
    }
    json_array_append(h->lines, (json_t *)(uintptr_t)row);
    oc_ws_changed(h, OC_WS_LOGS);
}

static void on_over(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct oc_ws_hub *h = ctx;
    (void)code;
    (void)result;
    (void)err;
    h->log_call = NULL;
}

void oc_ws_logs_begin(struct oc_ws_hub *h)
{
    const struct oc_call_request req = {.op = "logs",
                                        .params = json_pack("{s:b, s:i}", "follow", 1, "lines", 0),
                                        .actor = {.name = "websocket", .role = OC_ROLE_OPERATOR},
                                        .on_row = on_line,
                                        .on_done = on_over,
                                        .ctx = h};
    h->lines = json_array();
    h->log_call = oc_ops_call(h->api->env->ops, &req);
}

void oc_ws_logs_end(struct oc_ws_hub *h)
{
    if (h->log_call) {
        oc_call_cancel(h->log_call);
    }
    json_decref(h->lines);
    h->lines = NULL;
}

void oc_ws_logs_tell(struct oc_ws_hub *h)
{
    json_t *data = json_object();
    oc_json_take(data, "lines", h->lines);
    h->lines = json_array();
    oc_ws_tell(h, OC_WS_LOGS, NULL, data);
}

void oc_ws_logs_settle(struct oc_ws_hub *h)
{
    if (json_array_size(h->lines) > 0) {
        oc_ws_logs_tell(h);
    }
}

/* ---- jobs: what the bus has told of them ---- */

static json_t *find_job(const struct oc_ws_hub *h, const char *id, size_t *at)
{
    for (*at = h->jobs.count; (*at)-- > 0;) {
        if (strcmp(oc_json_str(h->jobs.items[*at], "job", ""), id) == 0) {
            return h->jobs.items[*at];
        }
    }
    return NULL;
}

static json_t *learn(struct oc_ws_hub *h, const struct oc_event *event)
{
    size_t at;
    const char *id = oc_json_str(event->data, "job", "");
    json_t *job = find_job(h, id, &at);
    if (!job) {
        job = json_object();
        oc_json_set_time(job, "started", event->time_ms);
        if (h->jobs.count == JOBS_MAX) {
            json_decref(h->jobs.items[0]);
            OC_VEC_REMOVE(&h->jobs, 0);
        }
        OC_VEC_PUSH(&h->jobs, job);
    }
    json_object_update(job, event->data);
    if (strcmp(event->topic, "job.finished") == 0) {
        oc_json_set_time(job, "finished", event->time_ms);
    }
    return job;
}

void oc_ws_jobs_event(struct oc_ws_hub *h, const struct oc_event *event)
{
    json_t *job = learn(h, event);
    if (h->live[OC_WS_JOBS]) {
        json_t *data = json_object(), *list = json_array();
        json_array_append(list, job);
        oc_json_take(data, "changed", list);
        oc_ws_tell(h, OC_WS_JOBS, oc_json_str(job, "actor", ""), data);
    }
}

json_t *oc_ws_jobs_json(const struct oc_ws_client *c)
{
    const struct oc_ws_hub *h = c->hub;
    json_t *data = json_object(), *list = json_array();
    for (size_t i = h->jobs.count; i-- > 0;) {
        if (oc_ws_may_see(c, OC_ROLE_VIEWER, oc_json_str(h->jobs.items[i], "actor", ""))) {
            json_array_append(list, h->jobs.items[i]);
        }
    }
    oc_json_take(data, "jobs", list);
    return data;
}
