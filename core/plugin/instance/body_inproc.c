/* A body whose code runs in this process, on the workers. SPDX-License-Identifier: MIT
 *
 * Nobody can end a thread: what is late is left to itself, and what never returns keeps its memory. */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/plugin/internal.h"

struct inproc {
    struct oc_body body;
    void *self;
    struct oc_arena arena; /* what its options point to */
    struct oc_job *job;    /* start or stop */
    bool given_up;
    int32_t start_code; /* this and start_err: written by the worker, read when it came back */
    struct oc_error start_err;
};

static struct inproc *of(struct oc_body *b)
{
    return (struct inproc *)b;
}

static struct oc_workers *workers(const struct oc_body *b)
{
    return b->plugin->owner->workers;
}

/* ---- start and stop ---- */

static void run_start(void *ctx)
{
    struct inproc *p = ctx;
    const struct oc_plugin_entry *e = &p->body.plugin->entry;
    oc_error_init(&p->start_err);
    p->start_code = e->start ? e->start(p->self, &p->body.host.host, &p->start_err) : OC_OK;
}

static void on_started(void *ctx)
{
    struct inproc *p = ctx;
    if (p->given_up) {
        return;
    }
    const bool well = p->start_code == OC_OK;
    p->job = NULL;
    oc_plugin_end_load(p->body.plugin);
    p->body.phase = well ? OC_BODY_STARTED : OC_BODY_ENDED;
    if (!well) {
        oc_body_tidy_error(&p->start_err, p->start_code, "start failed and did not say why");
    }
    p->body.events->started(p->body.ctx, &p->body, well ? NULL : &p->start_err);
}

static void start(struct oc_body *b)
{
    oc_plugin_begin_load(b->plugin);
    of(b)->job = oc_workers_submit(workers(b), run_start, on_started, b);
}

static bool start_withdraw(struct oc_body *b)
{
    struct inproc *p = of(b);
    if (!p->job || !oc_job_withdraw(p->job)) { /* no job: it was abandoned */
        return false;
    }
    p->job = NULL;
    oc_plugin_end_load(b->plugin);
    return true;
}

static enum oc_body_late start_late(struct oc_body *b)
{
    struct inproc *p = of(b);
    if (start_withdraw(b)) {
        return OC_LATE_WITHDRAWN;
    }
    oc_job_abandon(p->job, on_started);
    p->job = NULL;
    return OC_LATE_FENCED;
}

static void run_stop(void *ctx)
{
    struct inproc *p = ctx;
    p->body.plugin->entry.stop(p->self);
}

static void on_stopped(void *ctx)
{
    struct inproc *p = ctx;
    if (p->given_up) {
        return;
    }
    p->job = NULL;
    p->body.phase = OC_BODY_ENDED;
    p->body.events->stopped(p->body.ctx, &p->body);
}

static void stop(struct oc_body *b)
{
    if (b->plugin->entry.stop) {
        of(b)->job = oc_workers_submit(workers(b), run_stop, on_stopped, b);
    } else {
        oc_loop_post(b->plugin->owner->loop, on_stopped, b);
    }
}

/* ---- calls ---- */

static void run(void *ctx)
{
    struct oc_method_call *c = ctx;
    const struct oc_plugin_entry *e = &c->body->plugin->entry;
    const struct oc_sink sink = oc_records_sink(c->records);
    const struct oc_request request = {
        .struct_size = sizeof request,
        .params = {c->inv.params, c->inv.params ? strlen(c->inv.params) : 0},
        .deadline_ms = c->told_ms,
        .time_ms = c->inv.time_ms,
        .cancel = oc_records_cancel_flag(c->records),
        .read = c->inv.read,
        .read_ctx = c->inv.stream_ctx};
    const struct oc_method *method = oc_entry_method(e, c->inv.method);
    oc_error_init(&c->err);
    c->code = method->fn(of(c->body)->self, &request, &sink, &c->err);
    oc_records_end(c->records);
}

static void on_ended(void *ctx)
{
    oc_call_ended(ctx);
}

static void call(struct oc_body *b, struct oc_method_call *c)
{
    c->job = oc_workers_submit(workers(b), run, on_ended, c);
}

static bool call_withdraw(struct oc_body *b, struct oc_method_call *c)
{
    (void)b;
    return oc_job_withdraw(c->job);
}

static enum oc_body_late call_late(struct oc_body *b, struct oc_method_call *c)
{
    (void)b;
    oc_job_abandon(c->job, on_ended);
    return OC_LATE_FENCED;
}

static void interrupt(struct oc_body *b)
{
    (void)b; /* the flag of the records is the one that the plugin sees */
}

/* ---- the end ---- */

static void on_too_late(void *ctx)
{
    (void)ctx; /* what it still holds of the plugin is not known */
}

static bool give_up(struct oc_body *b)
{
    struct inproc *p = of(b);
    p->given_up = true;
    atomic_store(&b->host.closed, true);
    if (b->phase == OC_BODY_STARTING) {
        oc_plugin_end_load(b->plugin); /* it hangs, which harms nobody else */
    }
    if (p->job && !oc_job_withdraw(p->job)) {
        oc_job_abandon(p->job, on_too_late);
    }
    p->job = NULL;
    return true;
}

static void destroy(struct oc_body *b)
{
    struct inproc *p = of(b);
    oc_arena_wipe(&p->arena); /* secrets are resolved in it */
    free(p->self);
    free(p);
}

static void stats(const struct oc_body *b, json_t *out)
{
    (void)b;
    (void)out;
}

/* ---- create ---- */

static const struct oc_body_kind kind = {.start = start,
                                         .start_withdraw = start_withdraw,
                                         .start_late = start_late,
                                         .call = call,
                                         .call_withdraw = call_withdraw,
                                         .call_late = call_late,
                                         .interrupt = interrupt,
                                         .stop = stop,
                                         .give_up = give_up,
                                         .destroy = destroy,
                                         .stats = stats};

static int bind_options(struct inproc *p, const struct oc_plugin_entry *e,
                        const struct oc_node *config, const char *path, const char *const *ignore,
                        struct oc_diags *diags, struct oc_error *err)
{
    static const struct oc_option none[] = {{0}};
    struct oc_diags own = {0};
    struct oc_diags *to = diags ? diags : &own;
    const size_t before = to->list.count;
    const size_t errors =
        oc_bind(e->options ? e->options : none, e->options ? e->option_size : sizeof *none, config,
                path, ignore, p->self, (size_t)e->instance_size, &p->arena, to);
    const int code = errors ? oc_body_first_error(to, before, path, err) : OC_OK;
    oc_diags_finish(&own);
    return code;
}

struct oc_body *oc_body_inproc_create(struct oc_instance *i, struct oc_plugin *plugin,
                                      const struct oc_node *config, const char *path,
                                      const char *const *ignore, struct oc_diags *diags,
                                      struct oc_error *err)
{
    const struct oc_plugin_entry *e = &plugin->entry;
    struct inproc *p = oc_calloc(1, sizeof *p);
    (void)i;
    p->body.kind = &kind;
    p->self = oc_calloc(1, e->instance_size ? (size_t)e->instance_size : 1);
    if (bind_options(p, e, config, path, ignore, diags, err)) {
        destroy(&p->body);
        return NULL;
    }
    return &p->body;
}

void *oc_body_inproc_self(struct oc_body *b)
{
    return of(b)->self;
}
