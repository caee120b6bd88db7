/* The loop that drives many probes at once. SPDX-License-Identifier: MIT */
#include "probe/conn.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <openclaw/emit.h>

#define MAX_ACTIVE   4096
#define BATCH        16 /* probes begun before the answers of the batch before are read */
#define EVENTS       128
#define IDLE_MS      50     /* how late a cancel may be seen */
#define FLUSH_MS     20     /* how long finished work may lie when nothing happens ... */
#define FLUSH_MAX_US 100000 /* ... and when something does */
#define MARGIN_US    100000 /* the run ends so long before the deadline of the call */

/* The probes of the last two batches, whose answers have not been looked for yet. */
struct fresh {
    struct oc_probe *probes[2 * BATCH];
    size_t count;
};

struct run {
    struct oc_prober *pr;
    const struct oc_request *req;
    const struct oc_sink *out;
    char *base; /* of the array of probes */
    size_t count, stride, next;
    uint32_t limit; /* active probes */
    struct fresh fresh;
};

/* ---- the set of active probes ---- */

static void link_active(struct oc_prober *pr, struct oc_probe *p)
{
    p->next = NULL;
    p->prev = pr->last;
    if (pr->last) {
        pr->last->next = p;
    } else {
        pr->first = p;
    }
    pr->last = p;
    pr->active++;
}

static void unlink_active(struct oc_prober *pr, struct oc_probe *p)
{
    if (p->prev) {
        p->prev->next = p->next;
    } else {
        pr->first = p->next;
    }
    if (p->next) {
        p->next->prev = p->prev;
    } else {
        pr->last = p->prev;
    }
    p->next = p->prev = NULL;
    pr->active--;
    if (p->waits) {
        p->waits = false;
        pr->waiting--;
    }
}

static void set_waiting(struct oc_prober *pr, struct oc_probe *p)
{
    if (!p->waits) {
        p->waits = true;
        pr->waiting++;
    }
}

static void resume(struct oc_prober *pr, struct oc_probe *p, enum oc_conn_step step);

/* Makes `p` active and begins it. OC_CONN_NEXT: its request is sent, and its answer is still to be
 * looked for. */
static enum oc_conn_step begin(struct oc_prober *pr, struct oc_probe *p)
{
    link_active(pr, p);
    p->attempt_expires_us = p->expires_us;
    if (p->expires_us < pr->next_expiry_us) {
        pr->next_expiry_us = p->expires_us;
    }
    return oc_conn_begin(p);
}

/* The probe is over: tells its owner, who may want another round. */
static void conclude(struct oc_prober *pr, struct oc_probe *p)
{
    int64_t took = oc_conn_clock(pr) - p->began_us;
    p->times.total = took > 0 ? (uint32_t)took : 1;
    unlink_active(pr, p);
    if (p->outcome != OC_PROBE_OK || !p->keep || !p->reuse) {
        oc_conn_close(p);
    }
    pr->dirty = true;
    bool again = p->ops->done(p);
    p->phase = OC_PHASE_IDLE;
    if (again && pr->abort_code == OC_OK) {
        resume(pr, p, begin(pr, p));
    }
}

/* Goes on after `step`, until the probe waits for an event or is over. */
static void resume(struct oc_prober *pr, struct oc_probe *p, enum oc_conn_step step)
{
    if (step == OC_CONN_NEXT) {
        step = oc_conn_advance(p);
    }
    if (step == OC_CONN_WAIT && oc_conn_watch(p)) {
        set_waiting(pr, p);
    } else {
        conclude(pr, p);
    }
}

/* A kept connection became readable: the peer has closed it, or speaks unasked. */
static void check_idle(struct oc_probe *p)
{
    char byte;
    if (p->fd >= 0 && (recv(p->fd, &byte, 1, MSG_PEEK) >= 0 || errno != EAGAIN)) {
        oc_conn_close(p);
    }
}

static void advance(struct oc_prober *pr, struct oc_probe *p)
{
    if (p->phase == OC_PHASE_IDLE) {
        check_idle(p);
    } else {
        resume(pr, p, OC_CONN_NEXT);
    }
}

/* ---- parts of one turn of the loop ---- */

static struct oc_probe *probe_at(const struct run *run, size_t i)
{
    return (struct oc_probe *)(void *)(run->base + i * run->stride);
}

static bool may_launch(const struct run *run)
{
    const struct oc_prober *pr = run->pr;
    return run->next < run->count && pr->active < run->limit && !pr->starved &&
           pr->now_us < pr->deadline_us;
}

static void launch(struct run *run)
{
    struct oc_prober *pr = run->pr;
    for (int i = 0; i < BATCH && may_launch(run); i++) {
        struct oc_probe *p = probe_at(run, run->next++);
        p->began_us = oc_conn_clock(pr);
        p->expires_us = p->began_us + (int64_t)p->timeout_ms * 1000;
        if (p->expires_us > pr->deadline_us) {
            p->expires_us = pr->deadline_us;
        }
        enum oc_conn_step step = begin(pr, p);
        if (step == OC_CONN_NEXT) {
            run->fresh.probes[run->fresh.count++] = p;
        } else {
            resume(pr, p, step);
        }
    }
}

/* Looks for the answers of all but the `spare` youngest: most are there by now, and need no epoll.
 */
static void sweep(struct run *run, size_t spare)
{
    struct fresh *fresh = &run->fresh;
    if (fresh->count <= spare) {
        return;
    }
    size_t n = fresh->count - spare;
    for (size_t i = 0; i < n; i++) {
        if (fresh->probes[i]->phase != OC_PHASE_IDLE) {
            advance(run->pr, fresh->probes[i]);
        }
    }
    memmove(fresh->probes, fresh->probes + n, spare * sizeof fresh->probes[0]);
    fresh->count = spare;
}

static void answers_arrived(struct oc_prober *pr)
{
    uint64_t n;
    struct oc_probe *next;
    if (read(pr->wake_fd, &n, sizeof n) < 0) {
        return;
    }
    oc_resolver_collect(pr->resolver, pr->now_us / 1000);
    for (struct oc_probe *p = pr->first; p; p = next) {
        next = p->next;
        if (p->phase == OC_PHASE_RESOLVING && !p->to.name->pending) {
            advance(pr, p);
        }
    }
}

static int wait_ms(const struct run *run)
{
    const struct oc_prober *pr = run->pr;
    int64_t until = pr->next_expiry_us < pr->deadline_us ? pr->next_expiry_us : pr->deadline_us;
    int64_t ms = (until - pr->now_us + 999) / 1000;
    int64_t most = pr->dirty ? FLUSH_MS : IDLE_MS;
    if (may_launch(run) || ms < 0) {
        return 0;
    }
    return (int)(ms < most ? ms : most);
}

static void flush(struct run *run)
{
    oc_flush(run->out);
    run->pr->dirty = false;
    run->pr->flushed_us = run->pr->now_us;
}

static void take_events(struct run *run)
{
    struct oc_prober *pr = run->pr;
    struct epoll_event events[EVENTS];
    int timeout = wait_ms(run);
    int n = epoll_wait(pr->epoll_fd, events, EVENTS, timeout);
    oc_conn_clock(pr);
    if (pr->dirty && ((n == 0 && timeout > 0) || pr->now_us - pr->flushed_us > FLUSH_MAX_US)) {
        flush(run);
    }
    for (int i = 0; i < n && pr->abort_code == OC_OK; i++) {
        if (events[i].data.ptr) {
            advance(pr, events[i].data.ptr);
        } else {
            answers_arrived(pr);
        }
    }
}

static void time_out(struct oc_prober *pr, struct oc_probe *p)
{
    if (pr->now_us < p->expires_us) {
        p->sys_errno = ETIMEDOUT;
        resume(pr, p, oc_conn_next_address(p));
        return;
    }
    p->outcome = OC_PROBE_TIMEOUT;
    conclude(pr, p);
}

static void expire(struct oc_prober *pr)
{
    struct oc_probe *next;
    if (pr->now_us < pr->next_expiry_us) {
        return;
    }
    pr->next_expiry_us = INT64_MAX;
    for (struct oc_probe *p = pr->first; p; p = next) {
        next = p->next;
        bool connecting = !p->times.connected && p->phase != OC_PHASE_RESOLVING;
        int64_t at = connecting ? p->attempt_expires_us : p->expires_us;
        if (pr->now_us >= at) {
            time_out(pr, p);
        } else if (at < pr->next_expiry_us) {
            pr->next_expiry_us = at;
        }
    }
}

/* Gives those that found no descriptor another try. */
static void feed_starved(struct oc_prober *pr)
{
    struct oc_probe *next;
    if (!pr->starved) {
        return;
    }
    pr->starved = false;
    for (struct oc_probe *p = pr->first; p && !pr->starved; p = next) {
        next = p->next;
        if (p->fd < 0 && p->phase == OC_PHASE_CONNECTING) {
            resume(pr, p, oc_conn_next_address(p));
        }
    }
}

/* ---- the run ---- */

static int prepare(struct oc_prober *pr, struct oc_error *err)
{
    if (!pr->buf && !(pr->buf = malloc(OC_PROBE_BUFFER))) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    if (pr->epoll_fd < 0 && (pr->epoll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0) {
        return oc_fail(err, OC_E_RETRY, "cannot make an epoll descriptor: %s", strerror(errno));
    }
    pr->first = pr->last = NULL;
    pr->active = pr->waiting = 0;
    pr->abort_code = OC_OK;
    pr->starved = pr->dirty = false;
    pr->next_expiry_us = INT64_MAX;
    pr->flushed_us = oc_conn_clock(pr);
    return OC_OK;
}

static void set_deadline(struct oc_prober *pr, const struct oc_request *req)
{
    int64_t left = req->deadline_ms * 1000 - pr->now_us;
    pr->deadline_us = req->deadline_ms * 1000 - (left / 10 < MARGIN_US ? left / 10 : MARGIN_US);
}

/* One descriptor in four stays for the rest of the process. */
static uint32_t active_limit(const struct oc_prober *pr)
{
    struct rlimit files;
    uint32_t limit = pr->max_active ? pr->max_active : MAX_ACTIVE;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur / 4 * 3 < limit) {
        limit = (uint32_t)(files.rlim_cur / 4 * 3);
    }
    return limit > 0 ? limit : 1;
}

/* Ends what is still under way, and what never began. */
static void abandon(struct run *run, enum oc_probe_outcome begun, enum oc_probe_outcome not_begun)
{
    struct oc_prober *pr = run->pr;
    while (pr->first) {
        pr->first->outcome = (uint8_t)begun;
        conclude(pr, pr->first);
    }
    for (; run->next < run->count; run->next++) {
        struct oc_probe *p = probe_at(run, run->next);
        p->outcome = (uint8_t)not_begun;
        p->phase = OC_PHASE_IDLE;
        memset(&p->times, 0, sizeof p->times);
        p->ops->done(p);
    }
}

int oc_prober_run(struct oc_prober *pr, struct oc_probe *first, size_t count, size_t stride,
                  const struct oc_request *req, const struct oc_sink *out, struct oc_error *err)
{
    struct run run = {
        .pr = pr, .req = req, .out = out, .base = (char *)first, .count = count, .stride = stride};
    int code = prepare(pr, err);
    if (code != OC_OK) {
        return code;
    }
    set_deadline(pr, req);
    run.limit = active_limit(pr);
    while ((pr->active || run.next < count) && pr->abort_code == OC_OK) {
        if (OC_CANCELLED(req)) {
            pr->abort_code = OC_E_CANCELLED;
            break;
        }
        if (pr->now_us >= pr->deadline_us) {
            expire(pr);
            break;
        }
        launch(&run);
        sweep(&run, may_launch(&run) ? BATCH : 0);
        if (pr->waiting > 0) {
            take_events(&run);
        }
        expire(pr);
        feed_starved(pr);
    }
    if (pr->abort_code != OC_OK) {
        abandon(&run, OC_PROBE_CANCELLED, OC_PROBE_CANCELLED);
    } else {
        abandon(&run, OC_PROBE_TIMEOUT, OC_PROBE_SKIPPED);
    }
    if (pr->resolver) {
        oc_resolver_tidy(pr->resolver, pr->now_us / 1000);
    }
    if (pr->abort_code == OC_E_CANCELLED) {
        return oc_fail(err, OC_E_CANCELLED, "cancelled");
    }
    return pr->abort_code;
}

void oc_prober_abort(struct oc_prober *pr, int32_t code)
{
    if (pr->abort_code == OC_OK) {
        pr->abort_code = code;
    }
}

/* ---- life ---- */

void oc_prober_init(struct oc_prober *pr, const char *plugin_dir, uint32_t max_active)
{
    memset(pr, 0, sizeof *pr);
    pr->plugin_dir = plugin_dir;
    pr->max_active = max_active;
    pr->epoll_fd = -1;
    pr->wake_fd = -1;
}

void oc_prober_finish(struct oc_prober *pr)
{
    if (!pr->plugin_dir) {
        return; /* never initialised */
    }
    oc_prober_forget_tls(pr);
    oc_resolver_destroy(pr->resolver);
    if (pr->wake_fd >= 0) {
        close(pr->wake_fd);
    }
    if (pr->epoll_fd >= 0) {
        close(pr->epoll_fd);
    }
    free(pr->buf);
    memset(pr, 0, sizeof *pr);
}
