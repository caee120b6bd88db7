/* The operation `logs`: the latest lines, and those to come. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/host/internal.h"

#define POLL_MS 200

struct params {
    int32_t level, follow;
    int64_t lines;
    const char *grep;
};
static const struct oc_option options[] = {
    {.name = "level",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct params, level),
     .default_text = "debug",
     .choices = "error|warn|info|debug",
     .help = "this level and what is graver"},
    {.name = "grep",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct params, grep),
     .help = "only lines that contain this text, in any case"},
    {.name = "lines",
     .type = OC_OPT_INT,
     .offset = offsetof(struct params, lines),
     .default_text = "100",
     .min = 0,
     .max = 512,
     .help = "at most this many of the latest lines"},
    {.name = "follow",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct params, follow),
     .help = "go on with lines as they come, until interrupted"},
    {0}};

struct follow {
    struct oc_call *call;
    struct oc_log_ring *ring;
    struct oc_timer *timer;
    uint64_t next;
};

static void follow_poll(void *ctx)
{
    struct follow *f = ctx;
    const struct params *p = oc_call_params(f->call);
    uint64_t next = oc_log_ring_next(f->ring);
    if (next == f->next) {
        return;
    }
    json_t *lines = oc_log_ring_lines(f->ring, f->next, p->level, p->grep, SIZE_MAX), *line;
    f->next = next;
    size_t i;
    json_array_foreach(lines, i, line)
    {
        oc_call_row(f->call, json_incref(line));
    }
    json_decref(lines);
}

static void follow_cancelled(struct oc_call *call, void *ctx)
{
    struct follow *f = ctx;
    oc_timer_destroy(f->timer);
    free(f);
    oc_call_succeed(call, json_array());
}

static void op_logs(struct oc_call *call, void *ctx)
{
    struct oc_host_service *s = ctx;
    const struct params *p = oc_call_params(call);
    json_t *lines = oc_log_ring_lines(s->ring, 0, p->level, p->grep, (size_t)p->lines);
    if (!p->follow) {
        oc_call_succeed(call, lines);
        return;
    }
    size_t i;
    json_t *line;
    json_array_foreach(lines, i, line)
    {
        oc_call_row(call, json_incref(line));
    }
    json_decref(lines);
    struct follow *f = oc_calloc(1, sizeof *f);
    f->call = call;
    f->ring = s->ring;
    f->next = oc_log_ring_next(s->ring);
    f->timer = oc_timer_create(s->env.loop, follow_poll, f);
    oc_timer_start(f->timer, POLL_MS, POLL_MS);
    oc_call_on_cancel(call, follow_cancelled, f);
}

static const struct oc_op logs_op = {
    .name = "logs",
    .summary = "Show the daemon's latest log lines",
    .flags = OC_OP_STREAMS,
    .params = options,
    .params_size = sizeof(struct params),
    .view = "custom:logs",
    .example = "openclaw logs --level warn --follow",
    .result = "[{time: time, level: string, message: string, data: {}}]",
    .handler = op_logs,
};

void oc_host_add_log_ops(struct oc_host_service *s)
{
    oc_ops_add(s->env.ops, &logs_op, s);
}
