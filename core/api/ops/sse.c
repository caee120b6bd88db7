/* Jobs as server-sent events. SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/ops/rest.h"
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/text.h"

struct sse {
    struct sse *next, *prev;
    struct oc_rest *rest;
    struct oc_job *job;
    struct oc_job_watch *watch;
    struct oc_http_stream *stream;
    char actor[OC_ACTOR_MAX];
    bool owned, done, full;
};

static void sse_free(struct sse *s)
{
    struct oc_job *job = s->owned ? s->job : NULL;
    if (s->prev) {
        s->prev->next = s->next;
    } else {
        s->rest->streams = s->next;
    }
    if (s->next) {
        s->next->prev = s->prev;
    }
    oc_job_unwatch(s->watch); /* may be the last that held a job of somebody else */
    free(s);
    if (job) {
        oc_job_release(job);
    }
}

static void sse_gone(void *ctx)
{
    sse_free(ctx);
}

static void sse_close(struct sse *s)
{
    oc_http_stream_end(s->stream);
    sse_free(s);
}

static const char *event_name(enum oc_job_event_type type)
{
    switch (type) {
    case OC_JOB_ROW:
        return "row";
    case OC_JOB_PROGRESS:
        return "progress";
    case OC_JOB_DONE:
        break;
    }
    return "done";
}

/* `data` is JSON on one line, as the format wants it. */
static void write_event(struct sse *s, const struct oc_job_event *event)
{
    struct oc_buf out = {0};
    oc_buf_addf(&out, "id: %" PRIu64 "\nevent: %s\ndata: ", event->id, event_name(event->type));
    oc_buf_add(&out, event->data, event->len);
    oc_buf_adds(&out, "\n\n");
    s->full = s->full || !oc_http_stream_write(s->stream, out.data, out.len);
    s->done = s->done || event->type == OC_JOB_DONE;
    oc_buf_finish(&out);
}

static void on_past(void *ctx, const struct oc_job_event *event)
{
    struct sse *s = ctx;
    if (!s->full) {
        write_event(s, event);
    }
}

/* Who reads too slowly is let go: with Last-Event-ID it goes on where it was. */
static void on_event(void *ctx, const struct oc_job_event *event)
{
    struct sse *s = ctx;
    write_event(s, event);
    if (s->full || s->done) {
        sse_close(s);
    }
}

static void tell_lost(struct sse *s, uint64_t lost)
{
    struct oc_buf out = {0};
    oc_buf_addf(&out, "event: lost\ndata: {\"rows\":%" PRIu64 "}\n\n", lost);
    oc_http_stream_write(s->stream, out.data, out.len);
    oc_buf_finish(&out);
}

void oc_sse_open(struct oc_rest *rest, struct oc_http_request *r, struct oc_job *job,
                 uint64_t after, bool owned)
{
    struct sse *s = oc_calloc(1, sizeof *s);
    s->rest = rest;
    s->job = job;
    s->owned = owned;
    oc_copy(s->actor, sizeof s->actor, oc_api_actor(r).name);
    s->next = rest->streams;
    if (rest->streams) {
        rest->streams->prev = s;
    }
    rest->streams = s;
    s->watch = oc_job_watch(job, on_event, s);
    s->stream = oc_http_stream_open(r, "text/event-stream", sse_gone, s);
    oc_http_stream_write(s->stream, "retry: 2000\n\n", 13);
    uint64_t lost = oc_job_replay(job, after, on_past, s);
    if (lost) {
        tell_lost(s, lost);
    }
    if (s->full || s->done) {
        sse_close(s);
    }
}

void oc_sse_end_all(struct oc_rest *rest)
{
    while (rest->streams) {
        sse_close(rest->streams);
    }
}

void oc_sse_end_of(struct oc_rest *rest, const char *actor)
{
    for (struct sse *s = rest->streams, *next; s; s = next) {
        next = s->next;
        if (strcmp(s->actor, actor) == 0) {
            sse_close(s);
        }
    }
}

void oc_sse_beat(void *ctx)
{
    struct oc_rest *rest = ctx;
    for (struct sse *s = rest->streams, *next; s; s = next) {
        next = s->next;
        if (!oc_http_stream_write(s->stream, ": beat\n\n", 8)) {
            sse_close(s);
        }
    }
}
