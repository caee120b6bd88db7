/* From a finished run to records: state, text, performance data. SPDX-License-Identifier: MIT */
#include "exec.h"
#include "nagios.h"

#include <math.h>
#include <string.h>
#include <sys/wait.h>

struct reporter {
    const struct oc_exec *x;
    const char *target;
    struct oc_out *out;
};

static void put(const struct reporter *r, const char *name, uint32_t kind, double value)
{
    struct oc_label target = oc_label("target", r->target);
    oc_out_sample(r->out, name, kind, value, &target, r->target[0] ? 1 : 0);
}

/* "target" last, so that it can be left out for the instance's own check. */
static void put_perf(const struct reporter *r, const char *name, uint32_t kind, double value,
                     const struct oc_perf *perf)
{
    struct oc_label labels[3];
    uint32_t n = 0;
    labels[n++] = oc_label("label", perf->label);
    if (perf->unit[0]) {
        labels[n++] = oc_label("unit", perf->unit);
    }
    if (r->target[0]) {
        labels[n++] = oc_label("target", r->target);
    }
    oc_out_sample(r->out, name, kind, value, labels, n);
}

/* The end of a range is what a graph draws; "10:" has only a start. */
static void put_threshold(const struct reporter *r, const char *name,
                          const struct oc_perf_range *range, const struct oc_perf *perf)
{
    double limit = isfinite(range->end) ? range->end : range->start;
    if (range->set && isfinite(limit)) {
        put_perf(r, name, OC_KIND_GAUGE, limit, perf);
    }
}

static void on_perf(void *ctx, const struct oc_perf *perf)
{
    const struct reporter *r = ctx;
    if (perf->counter) {
        put_perf(r, "exec.perf_total", OC_KIND_COUNTER, perf->value, perf);
    } else {
        put_perf(r, "exec.perf", OC_KIND_GAUGE, perf->value, perf);
    }
    if (!r->x->thresholds) {
        return;
    }
    put_threshold(r, "exec.perf_warn", &perf->warn, perf);
    put_threshold(r, "exec.perf_crit", &perf->crit, perf);
    if (perf->has_min && isfinite(perf->min)) {
        put_perf(r, "exec.perf_min", OC_KIND_GAUGE, perf->min, perf);
    }
    if (perf->has_max && isfinite(perf->max)) {
        put_perf(r, "exec.perf_max", OC_KIND_GAUGE, perf->max, perf);
    }
}

static int32_t state_of(const struct oc_exec_run *run)
{
    if (run->start_errno || run->timed_out || run->stuck || !WIFEXITED(run->child.status)) {
        return OC_STATE_UNKNOWN;
    }
    int code = WEXITSTATUS(run->child.status);
    return code <= OC_STATE_UNKNOWN ? code : OC_STATE_UNKNOWN;
}

static void put_status(const struct reporter *r, int32_t state, const char *before,
                       const char *text)
{
    if (r->out->code == OC_OK) {
        r->out->code = oc_emit_status(r->out->sink, r->target, state, "%s%s", before, text);
    }
}

/* What the check said; when it said nothing or broke, what happened, and what it wrote to stderr.
 */
static void report_text(const struct reporter *r, const struct oc_exec_run *run, const char *text,
                        const char *errors)
{
    int32_t state = state_of(run);
    int status = run->child.status;
    char what[600];
    const char *colon = text[0] || errors[0] ? ": " : "";
    const char *said = text[0] ? text : errors;
    if (run->start_errno) {
        snprintf(what, sizeof what, "cannot run %s: %s", run->path, strerror(run->start_errno));
        put_status(r, state, what, "");
    } else if (run->stuck) {
        snprintf(what, sizeof what, "does not end: process %d was killed and hangs in the kernel%s",
                 (int)(run->child.pid > 0 ? run->child.pid : run->check->left), colon);
        put_status(r, state, what, said);
    } else if (run->timed_out) {
        snprintf(what, sizeof what, "timed out after %.1f s%s", (double)run->timeout_ms / 1000,
                 colon);
        put_status(r, state, what, said);
    } else if (WIFSIGNALED(status)) {
        snprintf(what, sizeof what, "ended by signal %d (%s)%s", WTERMSIG(status),
                 strsignal(WTERMSIG(status)), colon);
        put_status(r, state, what, said);
    } else if (WEXITSTATUS(status) > OC_STATE_UNKNOWN) {
        snprintf(what, sizeof what, "exited with %d%s", WEXITSTATUS(status), colon);
        put_status(r, state, what, said);
    } else {
        put_status(r, state, "", said[0] ? said : "(no output)");
    }
}

static void no_perf(void *ctx, const struct oc_perf *perf)
{
    (void)ctx;
    (void)perf;
}

void oc_exec_report(const struct oc_exec *x, const struct oc_exec_run *run, struct oc_out *out)
{
    struct reporter r = {x, run->check->name, out};
    char text[512] = "", errors[256] = "";
    const struct oc_child_text *said = &run->child.out, *erred = &run->child.err;
    if (said->len > 0) {
        oc_nagios_parse(said->data, said->len, text, sizeof text, on_perf, &r);
    }
    if (erred->len > 0) {
        oc_nagios_parse(erred->data, erred->len, errors, sizeof errors, no_perf, NULL);
    }
    put(&r, "exec.state", OC_KIND_GAUGE, state_of(run));
    put(&r, "exec.duration_ms", OC_KIND_GAUGE, oc_round(run->took_ms, 10));
    put(&r, "exec.timed_out", OC_KIND_BOOL, run->timed_out);
    report_text(&r, run, text, errors);
}
