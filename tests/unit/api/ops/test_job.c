/* Tests of core/api/ops/job.c and jobs.c: calls that outlive a request. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/api/ops/job.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"

#define START 1000000

static struct {
    struct oc_loop *loop;
    struct oc_bus *bus;
    struct oc_ops *ops;
    struct oc_jobs *jobs;
    struct oc_call *call; /* the one that runs */
    int cancelled;
    char bus_log[4096], seen[4096];
} f;

static const struct oc_actor ann = {.name = "token:ann", .role = OC_ROLE_OPERATOR};
static const struct oc_actor bob = {.name = "token:bob", .role = OC_ROLE_OPERATOR};
static const struct oc_actor root = {.name = "token:root", .role = OC_ROLE_ADMIN};

/* ---- operations ---- */

static void at_once(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_warn(call, "a bit early");
    oc_call_succeed(call, json_pack("{s:i}", "n", 7));
}

static void broken(struct oc_call *call, void *ctx)
{
    (void)ctx;
    struct oc_error err;
    oc_error_init(&err);
    oc_error_set(&err, OC_E_CONFLICT, "not now");
    oc_call_fail_with(call, &err, json_pack("{s:s}", "reason", "busy"));
}

static void on_cancel(struct oc_call *call, void *ctx)
{
    (void)ctx;
    f.cancelled++;
    f.call = NULL;
    oc_call_failf(call, OC_E_CANCELLED, NULL, "cancelled");
}

static void later(struct oc_call *call, void *ctx)
{
    (void)ctx;
    f.call = call;
    oc_call_on_cancel(call, on_cancel, NULL);
}

static void on_end(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_succeed(call, json_array());
}

static void ending(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_on_cancel(call, on_end, NULL);
}

static const struct oc_op ops[] = {
    {.name = "ending", .summary = "x", .flags = OC_OP_STREAMS, .handler = ending},
    {.name = "now", .summary = "x", .handler = at_once},
    {.name = "broken", .summary = "x", .handler = broken},
    {.name = "later", .summary = "x", .handler = later},
    {.name = "stream", .summary = "x", .flags = OC_OP_STREAMS, .handler = later}};

static void on_bus(void *ctx, const struct oc_event *event)
{
    (void)ctx;
    size_t len = strlen(f.bus_log);
    snprintf(f.bus_log + len, sizeof f.bus_log - len, "%s:%s ", event->topic,
             oc_json_str(event->data, "state", ""));
}

static int setup(void **state)
{
    memset(&f, 0, sizeof f);
    oc_time_fake(START, START);
    f.loop = oc_loop_create();
    f.bus = oc_bus_create();
    f.ops = oc_ops_create(f.loop, f.bus);
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(f.ops, &ops[i], NULL);
    }
    oc_bus_subscribe(f.bus, "job.*", on_bus, NULL);
    f.jobs = oc_jobs_create(f.loop, f.bus, f.ops);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    oc_jobs_destroy(f.jobs);
    oc_ops_destroy(f.ops);
    oc_bus_destroy(f.bus);
    oc_loop_step(f.loop, false);
    oc_loop_destroy(f.loop);
    oc_time_fake(-1, -1);
    return 0;
}

static void watch(void *ctx, const struct oc_job_event *event)
{
    static const char names[] = {[OC_JOB_ROW] = 'r', [OC_JOB_PROGRESS] = 'p', [OC_JOB_DONE] = 'd'};
    size_t len = strlen(f.seen);
    (void)ctx;
    snprintf(f.seen + len, sizeof f.seen - len, "%c%d ", names[event->type], (int)event->id);
}

static const char *answer_of(const struct oc_job *job)
{
    size_t len;
    const char *text = oc_job_answer(job, &len);
    assert_int_equal(strlen(text), len);
    return text;
}

/* ---- one job ---- */

static void a_call_that_ends_at_once_has_its_answer(void **state)
{
    (void)state;
    struct oc_job *job = oc_job_start(f.jobs, "now", NULL, &ann);
    assert_true(oc_job_is_done(job));
    assert_int_equal(oc_job_code(job), OC_OK);
    assert_string_equal(answer_of(job),
                        "{\"ok\":true,\"data\":{\"n\":7},\"warnings\":[\"a bit early\"]}");
    oc_job_release(job);
    job = oc_job_start(f.jobs, "broken", NULL, &ann);
    assert_int_equal(oc_job_code(job), OC_E_CONFLICT);
    assert_string_equal(answer_of(job),
                        "{\"ok\":false,\"data\":null,\"warnings\":[],\"error\":{\"code\":"
                        "\"conflict\",\"message\":\"not now\",\"hint\":\"\",\"details\":{"
                        "\"reason\":\"busy\"}}}");
    oc_job_release(job);
    assert_string_equal(f.bus_log, "");
}

static void rows_progress_and_the_end_are_told_and_remembered(void **state)
{
    (void)state;
    struct oc_job *job = oc_job_start(f.jobs, "later", NULL, &ann);
    struct oc_job_watch *w = oc_job_watch(job, watch, NULL);
    assert_true(oc_job_keep(job));
    oc_call_row(f.call, json_pack("{s:i}", "i", 1));
    oc_call_progress(f.call, 0.25, "a");
    oc_call_progress(f.call, 0.5, "b");
    oc_call_row(f.call, json_pack("{s:i}", "i", 2));
    oc_call_succeed(f.call, json_null());
    assert_string_equal(f.seen, "r1 p2 p3 r4 d5 ");
    oc_job_unwatch(w);
    f.seen[0] = '\0';
    assert_int_equal(oc_job_replay(job, 0, watch, NULL), 0);
    assert_string_equal(f.seen, "r1 p3 r4 d5 ");
    f.seen[0] = '\0';
    oc_job_replay(job, 3, watch, NULL);
    assert_string_equal(f.seen, "r4 d5 ");
    f.seen[0] = '\0';
    oc_job_replay(job, 5, watch, NULL);
    assert_string_equal(f.seen, "");
    assert_string_equal(answer_of(job), "{\"ok\":true,\"data\":null,\"warnings\":[],\"rows\":[{"
                                        "\"i\":1},{\"i\":2}]}");
    assert_string_equal(f.bus_log,
                        "job.started:running job.progress:running job.finished:succeeded ");
}

static void a_job_that_is_let_go_is_cancelled(void **state)
{
    (void)state;
    struct oc_job *job = oc_job_start(f.jobs, "later", NULL, &ann);
    oc_job_release(job);
    assert_int_equal(f.cancelled, 1);
}

static void let_go(void *ctx, const struct oc_job_event *event)
{
    struct oc_job_watch **w = ctx;
    if (event->type == OC_JOB_ROW && *w) {
        oc_job_unwatch(*w);
        *w = NULL;
    }
}

struct leaver {
    struct oc_job *job;
    struct oc_job_watch *watch;
};

static void leave(void *ctx, const struct oc_job_event *event)
{
    struct leaver *l = ctx;
    (void)event;
    oc_job_unwatch(l->watch);
    oc_job_release(l->job);
}

static void a_handler_is_not_cancelled_from_within_what_it_emits(void **state)
{
    (void)state;
    struct leaver l = {.job = oc_job_start(f.jobs, "later", NULL, &ann)};
    l.watch = oc_job_watch(l.job, leave, &l);
    oc_call_row(f.call, json_object());
    assert_int_equal(f.cancelled, 0);
    oc_loop_step(f.loop, true);
    assert_int_equal(f.cancelled, 1);
}

static void a_watcher_may_leave_while_it_is_told(void **state)
{
    (void)state;
    struct oc_job *job = oc_job_start(f.jobs, "later", NULL, &ann);
    struct oc_job_watch *w = NULL;
    w = oc_job_watch(job, let_go, &w);
    oc_job_watch(job, watch, NULL);
    oc_call_row(f.call, json_object());
    oc_call_row(f.call, json_object());
    assert_null(w);
    assert_string_equal(f.seen, "r1 r2 ");
    oc_job_release(job);
}

/* ---- the table ---- */

static void only_the_owner_and_admins_see_a_job(void **state)
{
    (void)state;
    struct oc_job *job = oc_job_start(f.jobs, "later", NULL, &ann);
    assert_true(oc_job_keep(job));
    const char *id = oc_job_id(job);
    assert_int_equal(strlen(id), OC_JOB_ID_LEN);
    assert_ptr_equal(oc_jobs_find(f.jobs, id, &ann), job);
    assert_ptr_equal(oc_jobs_find(f.jobs, id, &root), job);
    assert_null(oc_jobs_find(f.jobs, id, &bob));
    assert_null(oc_jobs_find(f.jobs, "", &root));
    json_t *mine = oc_jobs_json(f.jobs, &ann), *his = oc_jobs_json(f.jobs, &bob);
    assert_int_equal(json_array_size(mine), 1);
    assert_int_equal(json_array_size(his), 0);
    assert_string_equal(oc_json_str(json_array_get(mine, 0), "state", ""), "running");
    json_decref(mine);
    json_decref(his);
}

static void forgetting_cancels(void **state)
{
    (void)state;
    struct oc_job *job = oc_job_start(f.jobs, "later", NULL, &ann);
    char id[OC_JOB_ID_LEN + 1];
    oc_job_keep(job);
    memcpy(id, oc_job_id(job), sizeof id);
    oc_job_forget(job);
    assert_int_equal(f.cancelled, 1);
    assert_null(oc_jobs_find(f.jobs, id, &ann));
    assert_string_equal(f.bus_log, "job.started:running job.finished:cancelled ");
    assert_int_equal(oc_jobs_running(f.jobs), 0);
}

static void finished_jobs_are_kept_for_ten_minutes(void **state)
{
    (void)state;
    struct oc_job *job = oc_job_start(f.jobs, "now", NULL, &ann);
    char id[OC_JOB_ID_LEN + 1];
    assert_true(oc_job_keep(job));
    memcpy(id, oc_job_id(job), sizeof id);
    oc_time_advance(OC_JOBS_KEPT_MS - 1);
    oc_jobs_sweep(f.jobs);
    assert_non_null(oc_jobs_find(f.jobs, id, &ann));
    oc_time_advance(1);
    oc_jobs_sweep(f.jobs);
    assert_null(oc_jobs_find(f.jobs, id, &ann));
}

static void memory_is_bounded(void **state)
{
    (void)state;
    struct oc_job *job = oc_job_start(f.jobs, "later", NULL, &ann);
    oc_job_keep(job);
    for (int i = 0; i < OC_JOB_ROWS_MAX + 10; i++) {
        oc_call_row(f.call, json_pack("{s:i}", "i", i));
    }
    struct oc_buf text = {0};
    oc_job_text(job, &text);
    json_t *o = json_loadb(text.data, text.len, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(o, "events")), OC_JOB_ROWS_MAX);
    assert_int_equal(oc_json_int(o, "rows", 0), OC_JOB_ROWS_MAX + 10);
    assert_true(json_is_null(json_object_get(o, "result")));
    json_decref(o);
    oc_buf_finish(&text);
    assert_int_equal(oc_job_replay(job, 5, watch, NULL), 10);
    for (int i = 0; i < OC_JOBS_FINISHED_MAX + 20; i++) {
        oc_time_advance(1);
        oc_job_keep(oc_job_start(f.jobs, "now", NULL, &bob));
    }
    oc_jobs_sweep(f.jobs);
    json_t *his = oc_jobs_json(f.jobs, &bob);
    assert_int_equal(json_array_size(his), OC_JOBS_FINISHED_MAX);
    json_decref(his);
}

static void refuse_one_of(const struct oc_actor *actor)
{
    struct oc_job *job = oc_job_start(f.jobs, "later", NULL, actor);
    assert_false(oc_job_keep(job));
    oc_job_release(job);
}

static void too_many_that_run_are_refused_until_a_stream_is_left_to_itself(void **state)
{
    (void)state;
    char name[32];
    for (int i = 0; i < OC_JOBS_RUNNING_MAX; i++) {
        const struct oc_actor one = {.name = name, .role = OC_ROLE_VIEWER};
        snprintf(name, sizeof name, "token:%d", i / OC_JOBS_OF_ONE_MAX);
        assert_true(oc_job_keep(oc_job_start(f.jobs, i ? "later" : "stream", NULL, &one)));
    }
    oc_time_advance(OC_JOB_UNWATCHED_MS - 1);
    refuse_one_of(&ann);
    oc_time_advance(1);
    assert_true(oc_job_keep(oc_job_start(f.jobs, "later", NULL, &ann)));
    refuse_one_of(&ann);
    assert_int_equal(oc_jobs_running(f.jobs), OC_JOBS_RUNNING_MAX);
}

static void nobody_takes_all_the_places(void **state)
{
    (void)state;
    for (int i = 0; i < OC_JOBS_OF_ONE_MAX; i++) {
        assert_true(oc_job_keep(oc_job_start(f.jobs, i ? "later" : "stream", NULL, &ann)));
    }
    assert_true(oc_job_keep(oc_job_start(f.jobs, "later", NULL, &bob)));
    refuse_one_of(&ann); /* her own stream goes on: she may want its rows yet */
    assert_true(oc_job_keep(oc_job_start(f.jobs, "later", NULL, &bob)));
}

static void a_stream_that_nobody_watches_ends_after_a_minute(void **state)
{
    (void)state;
    struct oc_job *job = oc_job_start(f.jobs, "stream", NULL, &ann);
    oc_job_keep(job);
    struct oc_job_watch *w = oc_job_watch(job, watch, NULL);
    oc_time_advance(10 * OC_JOB_UNWATCHED_MS);
    oc_jobs_sweep(f.jobs);
    assert_int_equal(f.cancelled, 0);
    oc_job_unwatch(w);
    oc_time_advance(OC_JOB_UNWATCHED_MS - 1);
    oc_jobs_sweep(f.jobs);
    assert_int_equal(f.cancelled, 0);
    oc_time_advance(1);
    oc_jobs_sweep(f.jobs);
    assert_int_equal(f.cancelled, 1);
    assert_int_equal(oc_job_code(job), OC_E_CANCELLED);
    assert_non_null(strstr(answer_of(job), "nobody has followed it"));
}

/* Handlers of streams take a cancel for their end, and succeed. */
static void what_nobody_watched_has_not_succeeded(void **state)
{
    (void)state;
    struct oc_job *job = oc_job_start(f.jobs, "ending", NULL, &ann);
    oc_job_keep(job);
    oc_time_advance(OC_JOB_UNWATCHED_MS);
    oc_jobs_sweep(f.jobs);
    assert_int_equal(oc_job_code(job), OC_E_CANCELLED);
    assert_non_null(strstr(answer_of(job), "\"ok\":false"));
    assert_non_null(strstr(answer_of(job), "nobody has followed it"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_call_that_ends_at_once_has_its_answer),
        T(rows_progress_and_the_end_are_told_and_remembered),
        T(a_job_that_is_let_go_is_cancelled),
        T(a_handler_is_not_cancelled_from_within_what_it_emits),
        T(a_watcher_may_leave_while_it_is_told),
        T(only_the_owner_and_admins_see_a_job),
        T(forgetting_cancels),
        T(finished_jobs_are_kept_for_ten_minutes),
        T(memory_is_bounded),
        T(too_many_that_run_are_refused_until_a_stream_is_left_to_itself),
        T(nobody_takes_all_the_places),
        T(a_stream_that_nobody_watches_ends_after_a_minute),
        T(what_nobody_watched_has_not_succeeded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
