/* What collectors share: a sticky sink, rounding, time left, waiting. SPDX-License-Identifier: MIT
 *
 * Header-only and built on the SDK alone. All functions are [worker], on the thread of the call. */
#ifndef OC_COLLECT_H
#define OC_COLLECT_H

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <time.h>

#include <openclaw/emit.h>
#include <openclaw/plugin.h>

/* A sink whose first refusal is kept: later records are dropped, and a collector ends with `return
 * out.code`. */
struct oc_out {
    const struct oc_sink *sink;
    int32_t code;
};

static inline void oc_out_sample(struct oc_out *o, const char *name, uint32_t kind, double value,
                                 const struct oc_label *labels, uint32_t count)
{
    if (o->code == OC_OK) {
        o->code = oc_emit_sample(o->sink, name, kind, value, labels, count);
    }
}

static inline void oc_out_gauge(struct oc_out *o, const char *name, double value)
{
    oc_out_sample(o, name, OC_KIND_GAUGE, value, NULL, 0);
}

static inline void oc_out_counter(struct oc_out *o, const char *name, double value)
{
    oc_out_sample(o, name, OC_KIND_COUNTER, value, NULL, 0);
}

static inline void oc_out_bool(struct oc_out *o, const char *name, int value)
{
    oc_out_sample(o, name, OC_KIND_BOOL, value ? 1 : 0, NULL, 0);
}

/* One sample of `kind` with one label. */
static inline void oc_out_labelled(struct oc_out *o, const char *name, uint32_t kind, double value,
                                   const char *label, const char *label_value)
{
    struct oc_label l = oc_label(label, label_value);
    oc_out_sample(o, name, kind, value, &l, 1);
}

/* Milliseconds on the clock of oc_request.deadline_ms. */
static inline int64_t oc_monotonic_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline double oc_monotonic_precise_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* When a step that may take `timeout_ms` must end: a little before the host's own deadline, so that
 * the method answers in its own words instead of being fenced. */
static inline int64_t oc_step_deadline(const struct oc_request *req, int64_t timeout_ms)
{
    const int64_t margin_ms = 50;
    int64_t own = oc_monotonic_ms() + timeout_ms;
    int64_t host = req->deadline_ms - margin_ms;
    return own < host ? own : host;
}

/* Milliseconds until `deadline`, never negative. */
static inline int64_t oc_left_ms(int64_t deadline)
{
    int64_t left = deadline - oc_monotonic_ms();
    return left > 0 ? left : 0;
}

/* One call's patience: until `deadline`, or until the host no longer wants it. */
struct oc_wait {
    const struct oc_request *req;
    int64_t deadline; /* as oc_step_deadline */
};

/* Waits for POLLIN or POLLOUT of a descriptor that does not block. OC_OK, OC_E_CANCELLED or OC_E_TIMEOUT. */
static inline int32_t oc_wait_fd(int fd, short events, const struct oc_wait *wait,
                                 struct oc_error *err)
{
    const int64_t watch_ms = 100; /* how often the cancel flag is looked at */
    for (;;) {
        int64_t left = oc_left_ms(wait->deadline);
        struct pollfd p = {.fd = fd, .events = events};
        if (OC_CANCELLED(wait->req)) {
            return oc_fail(err, OC_E_CANCELLED, "cancelled");
        }
        if (left == 0) {
            return oc_fail(err, OC_E_TIMEOUT, "no answer in time");
        }
        if (poll(&p, 1, (int)(left < watch_ms ? left : watch_ms)) > 0) {
            return OC_OK;
        }
    }
}

/* Rounds to `1/scale`: 1 for rates, 10 for percentages. Values beyond 2^53 are whole already. */
static inline double oc_round(double value, double scale)
{
    double scaled = value * scale;
    if (!(scaled > -9e15 && scaled < 9e15)) {
        return value;
    }
    return (double)(int64_t)(scaled + (scaled < 0 ? -0.5 : 0.5)) / scale;
}

/* part of whole in percent to 0.1; 0 when there is no whole. */
static inline double oc_percent(double part, double whole)
{
    return whole > 0 ? oc_round(100 * part / whole, 10) : 0;
}

#endif
