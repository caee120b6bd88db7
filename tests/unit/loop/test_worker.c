/* Tests of core/loop/worker.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/loop/worker.h"

/* A job that says when it has begun and returns when it is told to. */
struct task {
    struct oc_job *job;
    sem_t begun, go;
    atomic_int ran;
    int done, late; /* [loop] */
    size_t stack;
    int signals_open;
};

static struct oc_loop *loop;
static struct oc_workers *pool;

static void run(void *ctx)
{
    struct task *t = ctx;
    sem_post(&t->begun);
    sem_wait(&t->go);
    atomic_fetch_add(&t->ran, 1);
}

static void done(void *ctx)
{
    struct task *t = ctx;
    t->done++;
}

static void late(void *ctx)
{
    struct task *t = ctx;
    t->late++;
}

static void task_init(struct task *t)
{
    *t = (struct task){0};
    sem_init(&t->begun, 0, 0);
    sem_init(&t->go, 0, 0);
}

static void task_submit(struct task *t)
{
    task_init(t);
    t->job = oc_workers_submit(pool, run, done, t);
}

static void task_begin(struct task *t)
{
    task_submit(t);
    sem_wait(&t->begun);
}

static void task_finish(struct task *t)
{
    sem_destroy(&t->begun);
    sem_destroy(&t->go);
}

static int create(void **state)
{
    (void)state;
    loop = oc_loop_create();
    pool = oc_workers_create(loop, 2);
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    unsigned stuck = oc_workers_destroy(pool, 10000);
    oc_loop_destroy(loop);
    return (int)stuck;
}

static void a_job_runs_on_a_worker_and_is_done_on_the_loop(void **state)
{
    (void)state;
    struct task t;
    assert_int_equal(oc_workers_threads(pool), 0); /* none before there is work */
    task_begin(&t);
    assert_int_equal(oc_workers_threads(pool), 1);
    sem_post(&t.go);
    oc_loop_run(loop); /* the loop stays for the job, and only for it */
    assert_int_equal(t.ran, 1);
    assert_int_equal(t.done, 1);
    assert_int_equal(t.late, 0);
    task_finish(&t);
}

static void an_idle_worker_is_used_again(void **state)
{
    (void)state;
    struct task t;
    for (int i = 0; i < 20; i++) {
        task_submit(&t);
        sem_post(&t.go);
        oc_loop_run(loop);
        assert_int_equal(t.done, 1);
        task_finish(&t);
    }
    assert_in_range(oc_workers_threads(pool), 1, 2);
}

static void more_jobs_than_workers_wait_their_turn(void **state)
{
    (void)state;
    struct task tasks[5];
    for (size_t i = 0; i < OC_COUNT(tasks); i++) {
        task_submit(&tasks[i]);
    }
    sem_wait(&tasks[0].begun);
    sem_wait(&tasks[1].begun);
    assert_int_equal(oc_workers_threads(pool), 2);
    assert_int_equal(sem_trywait(&tasks[2].begun), -1);
    for (size_t i = 0; i < OC_COUNT(tasks); i++) {
        sem_post(&tasks[i].go);
    }
    oc_loop_run(loop);
    for (size_t i = 0; i < OC_COUNT(tasks); i++) {
        assert_int_equal(tasks[i].done, 1);
        task_finish(&tasks[i]);
    }
    assert_int_equal(oc_workers_threads(pool), 2);
}

static void only_a_job_that_has_not_begun_is_taken_back(void **state)
{
    (void)state;
    struct task a, b, waiting;
    task_begin(&a);
    task_begin(&b);
    task_submit(&waiting);
    assert_true(oc_job_withdraw(waiting.job));
    assert_false(oc_job_withdraw(a.job));
    sem_post(&a.go);
    sem_post(&b.go);
    oc_loop_run(loop);
    assert_int_equal(a.done + b.done, 2);
    assert_int_equal(waiting.ran, 0);
    assert_int_equal(waiting.done, 0);
    task_finish(&a);
    task_finish(&b);
    task_finish(&waiting);
}

static void give_way(void *ctx)
{
    struct task *t = ctx;
    sem_post(&t->go);
}

static void who_joins_a_job_waits_for_it_and_is_not_told_again(void **state)
{
    (void)state;
    struct task running, returned;
    task_begin(&running);
    task_begin(&returned);
    sem_post(&returned.go);
    while (!atomic_load(&returned.ran)) {
        sched_yield();
    }
    oc_workers_submit(pool, give_way, done, &running); /* on the other thread */
    oc_job_join(running.job);
    assert_int_equal(running.ran, 1);
    oc_job_join(returned.job);
    oc_loop_run(loop);
    assert_int_equal(running.done, 1); /* of the job that gave way alone */
    assert_int_equal(returned.done, 0);
    task_finish(&running);
    task_finish(&returned);
}

static void a_job_that_is_joined_does_not_wait_behind_others(void **state)
{
    (void)state;
    struct task a, b, waiting;
    task_begin(&a);
    task_begin(&b);
    task_submit(&waiting);
    sem_post(&waiting.go);
    oc_job_join(waiting.job); /* both threads are busy */
    assert_int_equal(waiting.ran, 1);
    sem_post(&a.go);
    sem_post(&b.go);
    oc_loop_run(loop);
    assert_int_equal(waiting.ran, 1);
    assert_int_equal(waiting.done, 0);
    assert_int_equal(a.done + b.done, 2);
    task_finish(&a);
    task_finish(&b);
    task_finish(&waiting);
}

static void a_late_job_is_abandoned_and_its_thread_replaced(void **state)
{
    (void)state;
    struct task stuck[2], next;
    task_begin(&stuck[0]);
    task_begin(&stuck[1]);
    task_submit(&next); /* no thread is free */
    oc_job_abandon(stuck[0].job, late);
    assert_int_equal(oc_workers_lost(pool), 1);
    sem_wait(&next.begun);
    assert_int_equal(oc_workers_threads(pool), 3);
    sem_post(&next.go);
    while (!next.done) {
        oc_loop_step(loop, true);
    }
    assert_int_equal(stuck[0].late, 0);
    sem_post(&stuck[0].go);
    sem_post(&stuck[1].go);
    oc_loop_run(loop);
    assert_int_equal(stuck[0].done, 0);
    assert_int_equal(stuck[0].late, 1);
    assert_int_equal(stuck[1].done, 1);
    assert_int_equal(oc_workers_lost(pool), 0);
    task_finish(&stuck[0]);
    task_finish(&stuck[1]);
    task_finish(&next);
}

static void a_thread_that_comes_back_is_not_kept_beyond_the_size(void **state)
{
    (void)state;
    struct task stuck[4], next;
    for (size_t i = 0; i < OC_COUNT(stuck); i++) {
        task_begin(&stuck[i]);
        oc_job_abandon(stuck[i].job, late);
    }
    assert_int_equal(oc_workers_threads(pool), 4);
    assert_int_equal(oc_workers_lost(pool), 4);
    for (size_t i = 0; i < OC_COUNT(stuck); i++) {
        sem_post(&stuck[i].go);
    }
    oc_loop_run(loop);
    for (int i = 0; i < 100000 && oc_workers_threads(pool) > 2;
         i++) { /* they leave after they reported */
        sched_yield();
    }
    assert_in_range(oc_workers_threads(pool), 0, 2);
    task_begin(&next);
    sem_post(&next.go);
    oc_loop_run(loop);
    assert_int_equal(next.done, 1);
    for (size_t i = 0; i < OC_COUNT(stuck); i++) {
        assert_int_equal(stuck[i].late, 1);
        task_finish(&stuck[i]);
    }
    task_finish(&next);
}

static void a_job_abandoned_after_it_returned_is_late_but_not_lost(void **state)
{
    (void)state;
    struct task t, next;
    task_begin(&t);
    sem_post(&t.go);
    task_begin(&next); /* perhaps on another thread */
    while (!atomic_load(&t.ran)) {
        sched_yield();
    }
    sem_post(&next.go);
    oc_job_abandon(t.job, late); /* the loop has not turned since: done has not run */
    oc_loop_run(loop);
    assert_int_equal(t.done, 0);
    assert_int_equal(t.late, 1);
    assert_int_equal(oc_workers_lost(pool), 0);
    task_finish(&t);
    task_finish(&next);
}

static void a_job_abandoned_in_the_queue_runs_and_is_late(void **state)
{
    (void)state;
    struct task a, b, waiting;
    task_begin(&a);
    task_begin(&b);
    task_submit(&waiting);
    oc_job_abandon(waiting.job, late);
    assert_int_equal(oc_workers_lost(pool), 0);
    sem_post(&a.go);
    sem_post(&b.go);
    sem_post(&waiting.go);
    oc_loop_run(loop);
    assert_int_equal(waiting.ran, 1);
    assert_int_equal(waiting.late, 1);
    assert_int_equal(waiting.done, 0);
    assert_int_equal(oc_workers_lost(pool), 0);
    task_finish(&a);
    task_finish(&b);
    task_finish(&waiting);
}

static void only_so_many_lost_threads_are_replaced(void **state)
{
    (void)state;
    static struct task stuck[OC_WORKER_LOST_MAX + 2], waiting;
    for (size_t i = 0; i < OC_COUNT(stuck); i++) {
        task_begin(&stuck[i]);
        oc_job_abandon(stuck[i].job, late);
    }
    task_submit(&waiting);
    assert_int_equal(oc_workers_threads(pool), OC_WORKER_LOST_MAX + 2);
    assert_true(oc_job_withdraw(waiting.job)); /* nobody was free to begin it */
    task_finish(&waiting);
    for (size_t i = 0; i < OC_COUNT(stuck); i++) {
        sem_post(&stuck[i].go);
    }
    oc_loop_run(loop);
    for (size_t i = 0; i < OC_COUNT(stuck); i++) {
        assert_int_equal(stuck[i].late, 1);
        task_finish(&stuck[i]);
    }
}

static void look_around(void *ctx)
{
    struct task *t = ctx;
    pthread_attr_t attr;
    sigset_t blocked;
    pthread_getattr_np(pthread_self(), &attr);
    pthread_attr_getstacksize(&attr, &t->stack);
    pthread_attr_destroy(&attr);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    t->signals_open = !sigismember(&blocked, SIGTERM) + !sigismember(&blocked, SIGHUP) +
                      !sigismember(&blocked, SIGCHLD) + !sigismember(&blocked, SIGUSR1);
}

static void workers_have_small_stacks_and_no_signals(void **state)
{
    (void)state;
    struct task t = {0};
    oc_workers_submit(pool, look_around, done, &t);
    oc_loop_run(loop);
    assert_int_equal(t.done, 1);
    assert_in_range(t.stack, 1, 1u << 20); /* sanitizers add to the 256 KiB; the default is 8 MiB */
    assert_int_equal(t.signals_open, 0);
}

static void submit_another(void *ctx)
{
    struct task *t = ctx;
    t->done++;
    if (t->done < 50) {
        oc_workers_submit(pool, look_around, submit_another, t);
    }
}

static void done_may_submit_the_next_job(void **state)
{
    (void)state;
    struct task t = {0};
    oc_workers_submit(pool, look_around, submit_another, &t);
    oc_loop_run(loop);
    assert_int_equal(t.done, 50);
}

static void destroying_delivers_what_ran_and_drops_what_did_not(void **state)
{
    (void)state;
    struct oc_workers *kept = pool;
    struct task a, b, waiting;
    pool = oc_workers_create(loop, 2);
    task_begin(&a);
    task_begin(&b);
    task_submit(&waiting);
    sem_post(&a.go);
    sem_post(&b.go);
    while (!atomic_load(&a.ran) || !atomic_load(&b.ran)) {
        sched_yield();
    }
    assert_int_equal(oc_workers_destroy(NULL, 0), 0);
    sem_post(&waiting.go); /* it may have been taken by now, or not */
    assert_int_equal(oc_workers_destroy(pool, 10000), 0);
    assert_int_equal(a.done + b.done, 2);
    assert_int_equal(waiting.done, waiting.ran);
    pool = kept;
    task_finish(&a);
    task_finish(&b);
    task_finish(&waiting);
}

/* What a caller does that has to leave with _exit: the exit code says which step went wrong. */
static int leave_a_stuck_thread(void)
{
    struct task stuck;
    struct oc_loop *own = oc_loop_create();
    pool = oc_workers_create(own, 1);
    task_begin(&stuck);
    if (oc_workers_destroy(pool, 0) != 1 || stuck.done) {
        return 1;
    }
    oc_loop_destroy(own);
    sem_post(&stuck.go); /* the thread comes back when everything but its pool has gone */
    while (oc_workers_threads(pool)) {
        sched_yield();
    }
    return atomic_load(&stuck.ran) == 1 && !stuck.done ? 0 : 2;
}

static void a_stuck_thread_is_left_behind_and_counted(void **state)
{
    (void)state;
    int status = -1;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        _exit(leave_a_stuck_thread());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static atomic_int counter;

static void add_one(void *ctx)
{
    (void)ctx;
    atomic_fetch_add(&counter, 1);
}

static void many_jobs_all_run_once(void **state)
{
    (void)state;
    struct task t = {0};
    atomic_store(&counter, 0);
    for (int i = 0; i < 5000; i++) {
        oc_workers_submit(pool, add_one, done, &t);
        if (i % 7 == 0) {
            oc_loop_step(loop, false);
        }
    }
    oc_loop_run(loop);
    assert_int_equal(t.done, 5000);
    assert_int_equal(atomic_load(&counter), 5000);
    assert_in_range(oc_workers_threads(pool), 1, 2);
}

#define POOL_TEST(f) cmocka_unit_test_setup_teardown(f, create, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(a_job_runs_on_a_worker_and_is_done_on_the_loop),
        POOL_TEST(an_idle_worker_is_used_again),
        POOL_TEST(more_jobs_than_workers_wait_their_turn),
        POOL_TEST(only_a_job_that_has_not_begun_is_taken_back),
        POOL_TEST(who_joins_a_job_waits_for_it_and_is_not_told_again),
        POOL_TEST(a_job_that_is_joined_does_not_wait_behind_others),
        POOL_TEST(a_late_job_is_abandoned_and_its_thread_replaced),
        POOL_TEST(a_thread_that_comes_back_is_not_kept_beyond_the_size),
        POOL_TEST(a_job_abandoned_after_it_returned_is_late_but_not_lost),
        POOL_TEST(a_job_abandoned_in_the_queue_runs_and_is_late),
        POOL_TEST(only_so_many_lost_threads_are_replaced),
        POOL_TEST(workers_have_small_stacks_and_no_signals),
        POOL_TEST(done_may_submit_the_next_job),
        POOL_TEST(destroying_delivers_what_ran_and_drops_what_did_not),
        POOL_TEST(a_stuck_thread_is_left_behind_and_counted),
        POOL_TEST(many_jobs_all_run_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
