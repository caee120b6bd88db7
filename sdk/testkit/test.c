/* Loads, starts, calls and stops one plugin for its test. SPDX-License-Identifier: MIT */
#include "kit.h"

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openclaw/emit.h>

#define GRACE_MS      10000
#define START_MS      30000
#define RECORDS_MAX   100000
#define WORKER_STACK  (256u << 10) /* what the host gives its workers */
#define SANITIZED_ADD (768u << 10) /* frames grow when they are instrumented */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STACK (WORKER_STACK + SANITIZED_ADD)
#else
#define STACK WORKER_STACK
#endif

/* One function run on a thread of its own while the test waits for it. */
struct job {
    void (*run)(struct job *job);
    struct oc_test *t;
    oc_method_fn fn;
    const struct oc_request *request;
    int32_t code;
    bool done;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

void *kit_alloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);
    if (!p) {
        abort();
    }
    return p;
}

char *kit_format(const char *fmt, ...)
{
    char *text;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0) {
        abort();
    }
    va_end(ap);
    return text;
}

void *kit_keep(struct kit_list *list, void *memory)
{
    if (list->count == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 32;
        list->items = realloc(list->items, list->cap * sizeof *list->items);
        if (!list->items) {
            abort();
        }
    }
    list->items[list->count++] = memory;
    return memory;
}

void kit_list_finish(struct kit_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
    free(list->items);
    *list = (struct kit_list){0};
}

int64_t kit_now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int32_t kit_fail(struct oc_error *err, int32_t code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    err->code = code;
    oc_vformat(err->message, sizeof err->message, fmt, ap);
    va_end(ap);
    return code;
}

static void clear_error(struct oc_test *t)
{
    t->err = (struct oc_error){.struct_size = sizeof t->err};
}

/* ---- running things on a worker-like thread ---- */

static void *job_main(void *ctx)
{
    struct job *job = ctx;
    job->run(job);
    pthread_mutex_lock(&job->lock);
    job->done = true;
    pthread_cond_signal(&job->changed);
    pthread_mutex_unlock(&job->lock);
    return NULL;
}

static void job_start(struct job *job, pthread_t *thread)
{
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&job->lock, NULL);
    pthread_cond_init(&job->changed, &clock);
    pthread_condattr_destroy(&clock);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK);
    if (pthread_create(thread, &attr, job_main, job)) {
        abort();
    }
    pthread_attr_destroy(&attr);
}

/* Waits for the job until `until_ms`; false when it is still running then. */
static bool job_wait(struct job *job, int64_t until_ms)
{
    const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    int waited = 0;
    pthread_mutex_lock(&job->lock);
    while (!job->done && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&job->changed, &job->lock, &until);
    }
    const bool done = job->done;
    pthread_mutex_unlock(&job->lock);
    return done;
}

static void job_run(struct job *job, const char *what, int64_t limit_ms, int64_t cancel_after_ms)
{
    const int64_t begun = kit_now_ms();
    pthread_t thread;
    job_start(job, &thread);
    if (cancel_after_ms > 0 && !job_wait(job, begun + cancel_after_ms)) {
        oc_test_cancel(job->t);
    }
    if (!job_wait(job, begun + limit_ms + GRACE_MS)) {
        fprintf(stderr, "testkit: %s did not return %d ms after its deadline\n", what, GRACE_MS);
        abort();
    }
    pthread_join(thread, NULL);
    pthread_cond_destroy(&job->changed);
    pthread_mutex_destroy(&job->lock);
    job->t->took_ms = kit_now_ms() - begun;
}

/* ---- open and configure ---- */

struct oc_test *oc_test_open(const char *so)
{
    void *library = dlopen(so, RTLD_NOW | RTLD_LOCAL);
    const struct oc_plugin_entry *entry = library ? dlsym(library, "oc_plugin_entry") : NULL;
    if (!entry) {
        fprintf(stderr, "testkit: %s\n", dlerror());
        if (library) {
            dlclose(library);
        }
        return NULL;
    }
    struct oc_test *t = kit_alloc(sizeof *t);
    t->library = library;
    t->entry = entry;
    const char *slash = strrchr(so, '/');
    t->dir = slash ? kit_format("%.*s", (int)(slash - so), so) : kit_format(".");
    char *path = kit_format("%s/plugin.json", t->dir);
    t->manifest = json_load_file(path, 0, NULL);
    free(path);
    if (!t->manifest) {
        t->manifest = json_object();
    }
    t->config = json_object();
    t->records.limit = RECORDS_MAX;
    clear_error(t);
    kit_host_init(t);
    return t;
}

const struct oc_plugin_entry *oc_test_entry(const struct oc_test *t)
{
    return t->entry;
}

void oc_test_option(struct oc_test *t, const char *name, const char *text)
{
    json_object_set_new(t->config, name, json_string(text));
}

void oc_test_config(struct oc_test *t, const char *json)
{
    json_error_t problem;
    json_t *config = json_loads(json, 0, &problem);
    if (!json_is_object(config)) {
        fprintf(stderr, "testkit: not a JSON object: %s (%s)\n", json, problem.text);
        abort();
    }
    json_decref(t->config);
    t->config = config;
}

const void *oc_test_instance(const struct oc_test *t)
{
    return t->self;
}

const struct oc_error *oc_test_error(const struct oc_test *t)
{
    return &t->err;
}

int64_t oc_test_took_ms(const struct oc_test *t)
{
    return t->took_ms;
}

/* ---- start and stop ---- */

static void run_start(struct job *job)
{
    struct oc_test *t = job->t;
    job->code = t->entry->start(t->self, &t->host.host, &t->err);
}

static void forget_instance(struct oc_test *t)
{
    free(t->self);
    t->self = NULL;
    kit_list_finish(&t->bound);
    json_decref(t->before);
    t->before = NULL;
}

/* Thread sanitizer starts a thread of its own beside the first one: that is to be over before we
 * count. */
static void run_nothing(struct job *job)
{
    job->code = OC_OK;
}

int32_t oc_test_start(struct oc_test *t)
{
    struct job warm_up = {.run = run_nothing, .t = t};
    if (t->self) {
        oc_test_stop(t);
    }
    clear_error(t);
    t->self = kit_alloc(t->entry->instance_size);
    job_run(&warm_up, "an empty thread", START_MS, 0);
    t->before = kit_leaks_snapshot();
    struct job job = {.run = run_start, .t = t};
    job.code = kit_bind(t->entry, t->config, t->self, &t->bound, &t->err);
    if (!job.code && t->entry->start) {
        job_run(&job, "start", START_MS, 0);
    }
    if (job.code) {
        forget_instance(t);
    }
    return job.code;
}

static void run_stop(struct job *job)
{
    job->t->entry->stop(job->t->self);
}

int oc_test_stop(struct oc_test *t)
{
    if (!t->self) {
        return 0;
    }
    struct job job = {.run = run_stop, .t = t};
    if (t->entry->stop) {
        job_run(&job, "stop", START_MS, 0);
    }
    t->leaks = kit_leaks_count(t->before);
    forget_instance(t);
    return t->leaks;
}

int oc_test_close(struct oc_test *t)
{
    if (!t) {
        return 0;
    }
    oc_test_stop(t);
    const int leaks = t->leaks;
    kit_records_clear(t);
    kit_host_finish(t);
    json_decref(t->config);
    json_decref(t->manifest);
    free((void *)(uintptr_t)t->input.ptr);
    free(t->dir);
    /* A thread of the plugin that still runs would lose its code. */
    if (!leaks) {
        dlclose(t->library);
    }
    free(t);
    return leaks;
}

/* ---- call ---- */

static oc_method_fn find_method(const struct oc_plugin_entry *entry, const char *id)
{
    const char *at = (const char *)entry->methods;
    for (; at; at += entry->method_size) {
        const struct oc_method *m = (const struct oc_method *)(const void *)at;
        if (!m->id) {
            return NULL;
        }
        if (strcmp(m->id, id) == 0) {
            return m->fn;
        }
    }
    return NULL;
}

static int64_t read_input(void *test, void *buf, uint64_t cap)
{
    struct oc_test *t = test;
    const size_t left = t->input.len - t->input_read;
    const size_t n = left < cap ? left : cap;
    memcpy(buf, t->input.ptr + t->input_read, n);
    t->input_read += n;
    return (int64_t)n;
}

static void run_method(struct job *job)
{
    struct oc_test *t = job->t;
    const struct oc_sink sink = {
        .struct_size = sizeof sink, .ctx = t, .emit = kit_emit, .flush = kit_flush};
    job->code = job->fn(t->self, job->request, &sink, &t->err);
}

static void end_call(struct oc_test *t)
{
    t->cancel_after_ms = 0;
    __atomic_store_n(&t->cancel, 0, __ATOMIC_RELAXED);
    free((void *)(uintptr_t)t->input.ptr);
    t->input = (struct oc_view){NULL, 0};
}

int32_t oc_test_call(struct oc_test *t, const char *method, const char *params, int64_t timeout_ms)
{
    struct job job = {.run = run_method, .t = t, .fn = find_method(t->entry, method)};
    kit_records_clear(t);
    clear_error(t);
    t->input_read = 0;
    if (!job.fn || !t->self) {
        return kit_fail(&t->err, job.fn ? OC_E_CONFLICT : OC_E_UNSUPPORTED, "%s: %s", method,
                        job.fn ? "call oc_test_start first" : "no such method");
    }
    const int64_t now = (int64_t)time(NULL) * 1000;
    const struct oc_request request = {.struct_size = sizeof request,
                                       .params = {params, params ? strlen(params) : 0},
                                       .deadline_ms = kit_now_ms() + timeout_ms,
                                       .time_ms = t->time_ms ? t->time_ms : now,
                                       .cancel = &t->cancel,
                                       .read = t->input.ptr ? read_input : NULL,
                                       .read_ctx = t};
    job.request = &request;
    job_run(&job, method, timeout_ms, t->cancel_after_ms);
    end_call(t);
    return job.code;
}

void oc_test_time(struct oc_test *t, int64_t time_ms)
{
    t->time_ms = time_ms;
}

void oc_test_input(struct oc_test *t, const void *data, size_t len)
{
    free((void *)(uintptr_t)t->input.ptr);
    char *copy = kit_alloc(len + 1);
    memcpy(copy, data, len);
    t->input = (struct oc_view){copy, len};
}

void oc_test_cancel(struct oc_test *t)
{
    __atomic_store_n(&t->cancel, 1, __ATOMIC_RELAXED);
}

void oc_test_cancel_after(struct oc_test *t, int64_t ms)
{
    t->cancel_after_ms = ms;
}

void oc_test_record_limit(struct oc_test *t, size_t limit)
{
    t->records.limit = limit;
}
