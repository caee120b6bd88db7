/* A body whose code runs in a process of its own. SPDX-License-Identifier: MIT
 *
 * The loop's side. Nothing here waits for the process; what the thread tells comes as oc_process_on_*. */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/plugin/process/process.h"
#include "core/sys/file.h"

static struct oc_process_body *of(struct oc_body *b)
{
    return (struct oc_process_body *)b;
}

/* ---- sending ---- */

void oc_process_send(struct oc_process_body *p, uint16_t type, uint16_t flags, uint64_t id,
                     const struct oc_buf *payload)
{
    const struct oc_wire_head head = {
        .length = (uint32_t)payload->len, .type = type, .flags = flags, .id = id};
    struct iovec v[] = {{(void *)(uintptr_t)&head, sizeof head}, {payload->data, payload->len}};
    const struct msghdr msg = {.msg_iov = v, .msg_iovlen = payload->len ? 2 : 1};
    size_t sent = 0;
    if (p->dead || p->sock < 0) {
        return; /* its end is told soon */
    }
    if (p->out.len == 0 && !p->sending) {
        const ssize_t n = sendmsg(p->sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
        sent = n > 0 ? (size_t)n : 0;
    }
    const size_t whole = sizeof head + payload->len;
    if (sent < whole) {
        const size_t of_head = sent < sizeof head ? sizeof head - sent : 0;
        oc_buf_add(&p->out, (const char *)&head + sizeof head - of_head, of_head);
        oc_buf_add(&p->out, payload->data + payload->len - (whole - sent - of_head),
                   whole - sent - of_head);
        eventfd_write(p->wake, 1);
    }
}

void oc_process_say(struct oc_process_body *p, uint16_t type, enum oc_process_stage stage,
                    const struct oc_buf *payload)
{
    pthread_mutex_lock(&p->lock);
    p->stage = stage;
    oc_process_send(p, type, 0, 0, payload);
    pthread_mutex_unlock(&p->lock);
}

/* ---- start ---- */

static void start(struct oc_body *b)
{
    oc_process_begin(of(b));
}

void oc_process_on_started(void *ctx)
{
    struct oc_process_body *p = ctx;
    if (!p->gave_up) {
        p->body.phase = OC_BODY_STARTED;
        p->body.events->started(p->body.ctx, &p->body, NULL);
    }
}

static bool start_withdraw(struct oc_body *b)
{
    (void)b; /* it is on its way */
    return false;
}

static enum oc_body_late start_late(struct oc_body *b)
{
    oc_process_body_kill(of(b));
    return OC_LATE_KILLED;
}

/* ---- calls ---- */

static void put_call(struct oc_buf *out, const struct oc_method_call *c)
{
    const size_t params = c->inv.params ? strlen(c->inv.params) : 0;
    const struct oc_wire_call head = {.deadline_ms = c->told_ms,
                                      .time_ms = c->inv.time_ms,
                                      .method_len = (uint32_t)strlen(c->inv.method),
                                      .params_len =
                                          c->inv.params ? (uint32_t)params : OC_WIRE_NULL};
    oc_buf_add(out, &head, sizeof head);
    oc_wire_put_text(out, c->inv.method, head.method_len);
    if (c->inv.params) {
        oc_wire_put_text(out, c->inv.params, params);
    }
}

static void call(struct oc_body *b, struct oc_method_call *c)
{
    struct oc_process_body *p = of(b);
    struct oc_buf payload = {0};
    const uint16_t flags =
        (uint16_t)((c->inv.write ? OC_WIRE_STREAM : 0u) | (c->inv.read ? OC_WIRE_READ : 0u));
    put_call(&payload, c);
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->page->stop, 0);
    atomic_store(&p->page->cancel, 0);
    p->call = c;
    oc_process_send(p, OC_WIRE_CALL, flags, c->id, &payload);
    pthread_mutex_unlock(&p->lock);
    oc_buf_finish(&payload);
}

void oc_process_on_returned(void *ctx)
{
    oc_call_ended(ctx);
}

static bool call_withdraw(struct oc_body *b, struct oc_method_call *c)
{
    (void)b; /* it has been sent */
    (void)c;
    return false;
}

static enum oc_body_late call_late(struct oc_body *b, struct oc_method_call *c)
{
    (void)c;
    oc_process_body_kill(of(b));
    return OC_LATE_KILLED;
}

static void interrupt(struct oc_body *b)
{
    atomic_store(&of(b)->page->cancel, 1);
}

/* ---- stop ---- */

static void stop(struct oc_body *b)
{
    const struct oc_buf nothing = {0};
    of(b)->stopping = true;
    atomic_store(&of(b)->page->cancel, 0);
    oc_process_say(of(b), OC_WIRE_STOP, OC_PROCESS_STOP, &nothing);
}

static bool give_up(struct oc_body *b)
{
    struct oc_process_body *p = of(b);
    p->gave_up = true;
    atomic_store(&b->host.interrupted, true);
    oc_process_body_kill(p);
    return false;
}

static void destroy(struct oc_body *b)
{
    struct oc_process_body *p = of(b);
    oc_process_wipe(p);
    if (p->page) {
        munmap(p->page, sizeof *p->page);
        close(p->page_fd);
    }
    if (p->wake >= 0) {
        close(p->wake);
    }
    oc_cgroup_destroy(p->cgroup);
    oc_process_remove_dirs(p);
    oc_process_env_free(p->env);
    oc_buf_finish(&p->out);
    oc_buf_finish(&p->line);
    json_decref(p->hello);
    pthread_mutex_destroy(&p->lock);
    free(p->init_text);
    free(p->plughost);
    free(p->path);
    free(p->last_method);
    free(p->in);
    free(p);
}

/* ---- the end ---- */

/* The running call fails with the process. */
static void end_call(struct oc_process_body *p, const struct oc_error *err)
{
    struct oc_method_call *c = p->call;
    p->call = NULL;
    if (c) {
        oc_records_end(c->records);
        c->err = *err;
        c->code = err->code;
        oc_call_ended(c);
    }
}

void oc_process_on_end(void *ctx)
{
    struct oc_process_body *p = ctx;
    struct oc_body *b = &p->body;
    struct oc_body_death death;
    if (p->threaded) {
        pthread_join(p->thread, NULL);
    }
    oc_timer_destroy(p->alive);
    p->alive = NULL;
    oc_watch_destroy(p->watch);
    p->watch = NULL;
    if (p->sock >= 0) {
        close(p->sock);
        p->sock = -1;
    }
    const enum oc_body_phase phase = b->phase;
    oc_process_tell_death(p, phase, &death);
    b->phase = OC_BODY_ENDED;
    end_call(p, &death.err);
    if (p->gave_up || (p->stopping && p->stage == OC_PROCESS_STOPPED)) {
        b->events->stopped(b->ctx, b);
    } else if (phase == OC_BODY_STARTING && (p->start_told || p->refused.code)) {
        b->events->started(b->ctx, b, &death.err);
    } else {
        b->events->died(b->ctx, b, &death);
    }
}

/* ---- looking at it ---- */

pid_t oc_body_process_pid(const struct oc_body *b)
{
    struct oc_process_body *p = (struct oc_process_body *)(uintptr_t)b;
    pthread_mutex_lock(&p->lock);
    const pid_t pid = p->pid;
    pthread_mutex_unlock(&p->lock);
    return pid;
}

static void stats(const struct oc_body *b, json_t *out)
{
    const struct oc_process_body *p = (const struct oc_process_body *)b;
    oc_json_set_int(out, "samples_dropped", (int64_t)atomic_load(&p->samples.dropped));
    if (p->confined) {
        json_object_set(out, "confined", p->confined);
    }
    oc_process_stats(oc_body_process_pid(b), out);
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

struct oc_body *oc_body_process_create(struct oc_instance *i, struct oc_plugin *plugin,
                                       const struct oc_node *config, const char *path,
                                       const char *const *ignore, struct oc_diags *diags,
                                       struct oc_error *err)
{
    struct oc_process_body *p = oc_calloc(1, sizeof *p);
    const char *known = plugin->owner->plughost;
    (void)i;
    p->body.kind = &kind;
    p->config = config;
    p->path = oc_strdup(path);
    p->ignore = ignore;
    p->plughost = known ? oc_strdup(known) : oc_path_helper("openclaw-plughost");
    p->sock = p->output = p->pidfd = p->wake = p->page_fd = -1;
    p->wait_status = -1;
    pthread_mutex_init(&p->lock, NULL);
    oc_error_init(&p->refused);
    oc_error_init(&p->spawn_err);
    oc_error_init(&p->start_err);
    if (oc_process_prepare(p, plugin, diags, err)) {
        destroy(&p->body);
        return NULL;
    }
    return &p->body;
}
