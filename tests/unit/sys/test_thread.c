/* The host's threads, and others. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <sched.h>
#include <semaphore.h>
#include <signal.h>

#include "core/sys/thread.h"

static sem_t go_on;

static void *wait_for_it(void *ctx)
{
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    *(bool *)ctx = sigismember(&mask, SIGTERM) == 1;
    sem_wait(&go_on);
    return NULL;
}

/* A thread that was joined is in the list of the kernel for a moment still. */
static void until_all_are_ours(void)
{
    while (!oc_threads_are_ours()) {
        sched_yield();
    }
}

static void a_thread_of_somebody_else_is_seen_among_ours(void **state)
{
    (void)state;
    pthread_t ours[3], other;
    bool blocked[3] = {false}, unused;
    sem_init(&go_on, 0, 0);
    assert_true(oc_threads_are_ours());
    for (int i = 0; i < 3; i++) {
        assert_int_equal(oc_thread_start(&ours[i], i ? 0 : 256u << 10, wait_for_it, &blocked[i]),
                         0);
        assert_true(oc_threads_are_ours());
    }
    assert_int_equal(pthread_create(&other, NULL, wait_for_it, &unused), 0);
    assert_false(oc_threads_are_ours());
    for (int i = 0; i < 4; i++) {
        sem_post(&go_on);
    }
    pthread_join(other, NULL);
    for (int i = 0; i < 3; i++) {
        pthread_join(ours[i], NULL);
        assert_true(blocked[i]);
    }
    until_all_are_ours();
    sem_destroy(&go_on);
}

static void *nothing(void *ctx)
{
    return ctx;
}

/* Ours come and go all the time; it may be unknown then, but the other one is never overlooked. */
static void *start_and_join(void *ctx)
{
    for (int i = 0; i < 300; i++) {
        pthread_t id;
        if (oc_thread_start(&id, 0, nothing, NULL) == 0) {
            pthread_join(id, NULL);
        }
    }
    return ctx;
}

static void whoever_comes_and_goes_hides_nobody(void **state)
{
    (void)state;
    pthread_t busy[2], other;
    bool unused;
    sem_init(&go_on, 0, 0);
    assert_int_equal(pthread_create(&other, NULL, wait_for_it, &unused), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(oc_thread_start(&busy[i], 0, start_and_join, NULL), 0);
    }
    for (int i = 0; i < 500; i++) {
        assert_false(oc_threads_are_ours());
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(busy[i], NULL);
    }
    sem_post(&go_on);
    pthread_join(other, NULL);
    until_all_are_ours();
    sem_destroy(&go_on);
}

int main(void)
{
#ifdef __SANITIZE_THREAD__ /* which has a thread of its own */
    return 0;
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_of_somebody_else_is_seen_among_ours),
        cmocka_unit_test(whoever_comes_and_goes_hides_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
