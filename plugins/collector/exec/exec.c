/* Collector: runs monitoring-plugins (Nagios) checks. SPDX-License-Identifier: MIT */
#include "exec.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define GRACE_MS   300  /* between SIGTERM and SIGKILL */
#define END_MS     1000 /* after SIGKILL; what has not ended then hangs in the kernel */
#define LAST_MS    20   /* after a SIGKILL that comes late; of REPORT_MS */
#define WATCH_MS   100  /* how often the cancel flag is looked at */
#define RETURN_MS  100  /* of the host's deadline, kept for reaping and reporting */
#define REPORT_MS  50   /* of it for reporting alone */
#define OUTPUT_MAX (64u << 10)
#define ERRORS_MAX 1024u
#define CHECKS_MAX 1024u
#define ARGS_MAX   256u

static const struct oc_option check_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct oc_exec_check, name),
     .help = "what the check is called; the target of its status and samples"},
    {.name = "command",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_REQUIRED | OC_OPT_SENSITIVE,
     .offset = offsetof(struct oc_exec_check, command),
     .help = "the program and its arguments, without a shell"},
    {.name = "timeout",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct oc_exec_check, timeout_ms),
     .max = 600000,
     .help = "how long it may take; unset means that of the instance"},
    {0},
};

static const struct oc_option options[] = {
    {.name = "command",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_SENSITIVE,
     .offset = offsetof(struct oc_exec, command),
     .help = "one check: the program and its arguments, without a shell"},
    {.name = "checks",
     .type = OC_OPT_GROUPS,
     .offset = offsetof(struct oc_exec, groups),
     .item_size = sizeof(struct oc_exec_check),
     .options = check_options,
     .help = "several checks, run at the same time"},
    {.name = "timeout",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct oc_exec, timeout_ms),
     .default_text = "10s",
     .min = 10,
     .max = 600000,
     .help = "how long a check may take before its process group is ended"},
    {.name = "parallel",
     .type = OC_OPT_INT,
     .offset = offsetof(struct oc_exec, parallel),
     .default_text = "8",
     .min = 1,
     .max = 256,
     .help = "how many checks run at the same time"},
    {.name = "env",
     .type = OC_OPT_MAP,
     .flags = OC_OPT_SENSITIVE,
     .offset = offsetof(struct oc_exec, env),
     .help = "environment of the checks, besides PATH and LC_ALL=C; nothing else is passed on"},
    {.name = "cwd",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct oc_exec, cwd),
     .default_text = "/",
     .help = "the folder in which the checks run"},
    {.name = "plugin_dir",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct oc_exec, plugin_dir),
     .help = "where a program without a slash is looked for first; unset means the usual folders "
             "of monitoring plugins"},
    {.name = "thresholds",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct oc_exec, thresholds),
     .default_text = "false",
     .help = "put out the limits in the performance data too"},
    {0},
};

/* ---- start and stop ---- */

static const char *value_of(const struct oc_exec *x, const char *name)
{
    const struct oc_pair *pairs = x->env.items;
    for (uint64_t i = 0; i < x->env.count; i++) {
        if (strcmp(pairs[i].name, name) == 0) {
            return pairs[i].value;
        }
    }
    return NULL;
}

static bool add_variable(struct oc_exec *x, size_t *n, const char *name, const char *value)
{
    if (asprintf(&x->envp[*n], "%s=%s", name, value ? value : "") < 0) {
        x->envp[*n] = NULL;
        return false;
    }
    (*n)++;
    return true;
}

/* Not our own environment: a check sees no secret that was given to the daemon. */
static bool build_environment(struct oc_exec *x)
{
    static const struct oc_pair defaults[] = {
        {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, {"LC_ALL", "C"}};
    const struct oc_pair *pairs = x->env.items;
    size_t n = 0;
    bool ok = true;
    x->envp = calloc(x->env.count + 3, sizeof *x->envp);
    if (!x->envp) {
        return false;
    }
    for (size_t i = 0; i < 2; i++) {
        if (!value_of(x, defaults[i].name)) {
            ok = ok && add_variable(x, &n, defaults[i].name, defaults[i].value);
        }
    }
    for (uint64_t i = 0; i < x->env.count; i++) {
        ok = ok && add_variable(x, &n, pairs[i].name, pairs[i].value);
    }
    return ok;
}

static void release(struct oc_exec *x)
{
    for (char **v = x->envp; v && *v; v++) {
        free(*v);
    }
    free(x->envp);
    free(x->checks);
    x->envp = NULL;
    x->checks = NULL;
}

static int32_t check_command(const struct oc_exec_check *c, struct oc_error *err)
{
    const char *const *words = c->command.items;
    if (c->command.count == 0 || !words[0][0]) {
        return oc_fail(err, OC_E_CONFIG, "check %s: command is empty", c->name);
    }
    if (c->command.count >= ARGS_MAX) {
        return oc_fail(err, OC_E_CONFIG, "check %s: command has more than %u words", c->name,
                       ARGS_MAX);
    }
    return OC_OK;
}

static int32_t check_name(const struct oc_exec *x, size_t index, struct oc_error *err)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(x->checks[i].name, x->checks[index].name) == 0) {
            return oc_fail(err, OC_E_CONFIG, "two checks are called %s", x->checks[index].name);
        }
    }
    return OC_OK;
}

/* The top-level command and the groups become one list. */
static int32_t gather_checks(struct oc_exec *x, struct oc_error *err)
{
    const struct oc_exec_check *groups = x->groups.items;
    int32_t code = OC_OK;
    if (x->command.count == 0 && x->groups.count == 0) {
        return oc_fail(err, OC_E_CONFIG, "neither command nor checks is set");
    }
    if (x->groups.count > CHECKS_MAX) {
        return oc_fail(err, OC_E_CONFIG, "more than %u checks", CHECKS_MAX);
    }
    x->checks = calloc(x->groups.count + 1, sizeof *x->checks);
    if (!x->checks) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    if (x->command.count > 0) {
        x->checks[x->check_count++] =
            (struct oc_exec_check){.name = "", .command = x->command, .timeout_ms = 0};
    }
    for (uint64_t i = 0; i < x->groups.count; i++) {
        x->checks[x->check_count++] = groups[i];
    }
    for (size_t i = 0; i < x->check_count && code == OC_OK; i++) {
        code = check_command(&x->checks[i], err);
        code = code ? code : check_name(x, i, err);
    }
    return code;
}

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct oc_exec *x = self;
    (void)host;
    int32_t code = gather_checks(x, err);
    if (code == OC_OK && !build_environment(x)) {
        code = oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    if (code != OC_OK) {
        release(x);
    }
    return code;
}

static void stop(void *self)
{
    struct oc_exec *x = self;
    for (size_t i = 0; i < x->check_count; i++) {
        oc_child_reap(&x->checks[i].left);
    }
    release(x);
}

/* ---- runs ---- */

static bool is_program_in(const char *dir, const char *name, char *path, size_t cap)
{
    int n = snprintf(path, cap, "%s/%s", dir, name);
    return n > 0 && (size_t)n < cap && access(path, X_OK) == 0;
}

static bool find_program(const struct oc_exec *x, const char *name, char *path, size_t cap)
{
    static const char *const usual[] = {
        "/usr/lib/nagios/plugins",
        "/usr/lib64/nagios/plugins",
        "/usr/lib/monitoring-plugins",
        "/usr/local/libexec",
        "/usr/local/bin",
        "/usr/bin",
        "/bin",
        "/usr/sbin",
        "/sbin",
    };
    if (strchr(name, '/')) {
        snprintf(path, cap, "%s", name);
        return true;
    }
    if (x->plugin_dir && is_program_in(x->plugin_dir, name, path, cap)) {
        return true;
    }
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        if (is_program_in(usual[i], name, path, cap)) {
            return true;
        }
    }
    snprintf(path, cap, "%s", name);
    return false;
}

static void start_run(const struct oc_exec *x, struct oc_exec_run *run,
                      const struct oc_request *req)
{
    const char *const *words = run->check->command.items;
    char *argv[ARGS_MAX + 1] = {NULL};
    for (uint64_t i = 0; i < run->check->command.count; i++) {
        memcpy(&argv[i], &words[i], sizeof argv[i]);
    }
    run->timeout_ms = run->check->timeout_ms ? run->check->timeout_ms : x->timeout_ms;
    int64_t now = oc_monotonic_ms();
    int64_t latest = req->deadline_ms - GRACE_MS - RETURN_MS;
    run->deadline = now + run->timeout_ms < latest ? now + run->timeout_ms : latest;
    run->give_up = run->deadline + GRACE_MS + END_MS;
    if (run->give_up > req->deadline_ms - REPORT_MS) {
        run->give_up = req->deadline_ms - REPORT_MS;
    }
    run->began_ms = oc_monotonic_precise_ms();
    if (!oc_child_reap(&run->check->left)) {
        run->stuck = run->timed_out = true;
    } else if (run->deadline <= now) {
        run->start_errno = ETIMEDOUT; /* the checks before it used up the time */
    } else if (!find_program(x, words[0], run->path, sizeof run->path)) {
        run->start_errno = ENOENT;
    } else {
        struct oc_child_spec spec = {run->path, argv, x->envp, x->cwd, OUTPUT_MAX, ERRORS_MAX};
        run->start_errno = oc_child_start(&run->child, &spec);
    }
    run->state = run->start_errno || run->stuck ? OC_RUN_OVER : OC_RUN_RUNNING;
}

/* However late it comes, what it has just killed is looked at once more before it counts as stuck. */
static void enforce_deadline(struct oc_exec_run *run, int64_t now)
{
    if (now >= run->deadline && !run->child.termed) {
        run->timed_out = run->child.termed = true;
        oc_child_signal(&run->child, SIGTERM);
    }
    if (now >= run->deadline + GRACE_MS && !run->child.killed) {
        run->child.killed = true;
        run->give_up = run->give_up > now + LAST_MS ? run->give_up : now + LAST_MS;
        oc_child_signal(&run->child, SIGKILL);
    }
    run->stuck = run->child.killed && now >= run->give_up;
}

static int64_t next_step_at(const struct oc_exec_run *run)
{
    return !run->child.termed   ? run->deadline
           : !run->child.killed ? run->deadline + GRACE_MS
                                : run->give_up;
}

struct round {
    const struct oc_exec *x;
    const struct oc_request *req;
    struct oc_exec_run *runs;
    struct pollfd *fds;
    size_t next, running; /* the first not begun; how many run */
    struct oc_out *out;
};

static void finish_child(struct oc_exec_run *run, int64_t ms)
{
    pid_t left = oc_child_finish(&run->child, ms);
    if (left > 0) {
        run->check->left = left;
    }
}

static void end_run(struct round *r, struct oc_exec_run *run)
{
    run->state = OC_RUN_OVER;
    run->took_ms = oc_monotonic_precise_ms() - run->began_ms;
    oc_exec_report(r->x, run, r->out);
    finish_child(run, 0);
    oc_flush(r->out->sink); /* a slow check does not hold up the answers of the others */
}

static void begin_runs(struct round *r)
{
    while (r->next < r->x->check_count && r->running < (size_t)r->x->parallel) {
        struct oc_exec_run *run = &r->runs[r->next];
        run->check = &r->x->checks[r->next++];
        start_run(r->x, run, r->req);
        if (run->state == OC_RUN_RUNNING) {
            r->running++;
        } else {
            end_run(r, run);
        }
    }
}

/* Until something was written, ended, or is due; never long, because the cancel flag makes no
 * noise. */
static void wait_for_runs(struct round *r)
{
    int64_t now = oc_monotonic_ms(), wait = WATCH_MS;
    nfds_t n = 0;
    for (size_t i = 0; i < r->next; i++) {
        struct oc_exec_run *run = &r->runs[i];
        if (run->state != OC_RUN_RUNNING) {
            continue;
        }
        int64_t due = next_step_at(run) - now;
        wait = due < wait ? due : wait;
        wait = run->child.pidfd < 0 && wait > 20 ? 20 : wait;
        oc_child_poll_fds(&run->child, r->fds + n);
        n += OC_CHILD_POLL_FDS;
    }
    poll(r->fds, n, wait > 0 ? (int)wait : 0);
}

static void step_runs(struct round *r)
{
    int64_t now = oc_monotonic_ms();
    for (size_t i = 0; i < r->next; i++) {
        struct oc_exec_run *run = &r->runs[i];
        if (run->state != OC_RUN_RUNNING) {
            continue;
        }
        bool runs = oc_child_step(&run->child);
        if (runs) {
            enforce_deadline(run, now);
        }
        if (!runs || run->stuck) {
            r->running--;
            end_run(r, run);
        }
    }
}

static int32_t run_all(struct round *r)
{
    for (;;) {
        begin_runs(r);
        if (r->running == 0) {
            return r->out->code;
        }
        if (OC_CANCELLED(r->req) || r->out->code != OC_OK) {
            return OC_CANCELLED(r->req) ? OC_E_CANCELLED : r->out->code;
        }
        wait_for_runs(r);
        step_runs(r);
    }
}

/* All are killed before the first is waited for. */
static void end_all(struct round *r)
{
    const int64_t until = oc_step_deadline(r->req, END_MS);
    for (size_t i = 0; i < r->next; i++) {
        oc_child_signal(&r->runs[i].child, SIGKILL);
    }
    for (size_t i = 0; i < r->next; i++) {
        finish_child(&r->runs[i], oc_left_ms(until));
    }
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *sink,
                       struct oc_error *err)
{
    struct oc_exec *x = self;
    struct oc_out out = {sink, OC_OK};
    struct round r = {.x = x, .req = req, .out = &out};
    r.runs = calloc(x->check_count, sizeof *r.runs);
    r.fds = calloc((size_t)x->parallel * OC_CHILD_POLL_FDS, sizeof *r.fds);
    int32_t code = OC_E_INTERNAL;
    if (r.runs && r.fds) {
        code = run_all(&r);
    }
    end_all(&r);
    free(r.runs);
    free(r.fds);
    return code == OC_OK ? OC_OK : oc_fail(err, code, "the checks were not all run");
}

static const struct oc_method methods[] = {{"collector.collect/1", collect}, {NULL, NULL}};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct oc_exec),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
