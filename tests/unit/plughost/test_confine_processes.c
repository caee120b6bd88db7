/* What a confined process can start, signal and change of others. SPDX-License-Identifier: MIT */
#include "test_confine.h"

/* ---- processes and signals ---- */

static int try_fork(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    return pid < 0 ? errno : status_of(pid);
}
static int try_clone(void)
{
    return outcome(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
}
static int try_clone3(void)
{
    return outcome(syscall(SYS_clone3, NULL, 0));
}
static void *nothing(void *arg)
{
    return arg;
}
static int try_thread(void)
{
    pthread_t t;
    int code = pthread_create(&t, NULL, nothing, NULL);
    return code ? code : pthread_join(t, NULL);
}
static int exec_it(const char *path)
{
    pid_t pid = fork();
    if (pid == 0) {
        execl(path, path, (char *)NULL);
        _exit(errno);
    }
    return pid < 0 ? errno : status_of(pid);
}
static int run_true(void)
{
    return exec_it("/usr/bin/true");
}
static int run_true_in_a_group(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (setpgid(0, 0) != 0) {
            _exit(errno);
        }
        execl("/usr/bin/true", "true", (char *)NULL);
        _exit(errno);
    }
    return pid < 0 ? errno : status_of(pid);
}
static int fork_a_session(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        _exit(setsid() < 0 ? errno : 0);
    }
    return pid < 0 ? errno : status_of(pid);
}
static int run_id(void)
{
    return exec_it("/usr/bin/id");
}
static int exec_true(void)
{
    execl("/usr/bin/true", "true", (char *)NULL);
    return errno;
}
static int kill_parent(void)
{
    return outcome(kill(getppid(), SIGUSR1));
}
static int tgkill_parent(void)
{
    return outcome(syscall(SYS_tgkill, getppid(), getppid(), SIGUSR1));
}
static int raise_own(void)
{
    signal(SIGUSR1, SIG_IGN);
    return outcome(raise(SIGUSR1));
}
static int own_parent(void)
{
    int fds[2];
    return pipe(fds) ? errno : outcome(fcntl(fds[0], F_SETOWN, getppid()));
}
static int new_session(void)
{
    return outcome(setpgid(0, 0));
}
static int limit_parent(void)
{
    struct rlimit limit = {3, 3};
    return outcome(prlimit(getppid(), RLIMIT_NOFILE, &limit, NULL));
}
static int limit_own(void)
{
    struct rlimit limit = {50, 50};
    return outcome(setrlimit(RLIMIT_NOFILE, &limit));
}

static void no_process_is_started_without_the_right(void **state)
{
    (void)state;
    needs(OC_LANDLOCK_FILES);
    assert_int_equal(sandboxed("[]", try_fork), EPERM);
    assert_int_equal(sandboxed("[]", try_clone), EPERM);
    assert_int_equal(sandboxed("[]", try_clone3), ENOSYS);
    assert_int_equal(sandboxed("[]", exec_true), EPERM);
    assert_int_equal(sandboxed("[]", try_thread), 0);
    assert_int_equal(sandboxed("[\"filesystem:execute:/usr/bin/true\"]", exec_true), EPERM);
}

static void only_the_program_that_is_named_starts(void **state)
{
    (void)state;
    needs(OC_LANDLOCK_FILES);
    assert_int_equal(sandboxed("[\"process:spawn:true\"]", run_true), 0);
    assert_int_equal(sandboxed("[\"process:spawn:true\"]", run_true_in_a_group), 0);
    assert_int_equal(sandboxed("[\"process:spawn:true\"]", fork_a_session), EPERM);
    assert_int_equal(sandboxed("[\"process:spawn:true\"]", run_id), EACCES);
    assert_int_equal(sandboxed("[\"process:spawn:/usr/bin/true\"]", run_true), 0);
    assert_int_equal(sandboxed("[\"process:spawn:*\"]", run_true), 0);
    assert_int_equal(sandboxed("[\"process:spawn:*\"]", open_shadow), EACCES);
}

static void signals_stay_inside(void **state)
{
    (void)state;
    needs(OC_LANDLOCK_SCOPES);
    signal(SIGUSR1, SIG_IGN);
    assert_int_equal(sandboxed("[]", kill_parent), EPERM);
    assert_int_equal(sandboxed("[]", tgkill_parent), EPERM);
    assert_int_equal(sandboxed("[]", own_parent), EPERM);
    assert_int_equal(sandboxed("[]", raise_own), 0);
    assert_int_equal(sandboxed("[\"process:spawn:true\"]", kill_parent), EPERM);
    assert_int_equal(sandboxed("[\"process:signal\"]", kill_parent), 0);
    assert_int_equal(on_old_kernel("landlock=5", "[]", kill_parent), EPERM);
}

static void other_processes_are_left_alone(void **state)
{
    (void)state;
    needs(OC_LANDLOCK_FILES);
    assert_int_equal(sandboxed("[]", limit_parent), EPERM);
    assert_int_equal(sandboxed("[]", limit_own), 0);
    assert_int_equal(sandboxed("[]", new_session), EPERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_process_is_started_without_the_right),
        cmocka_unit_test(only_the_program_that_is_named_starts),
        cmocka_unit_test(signals_stay_inside),
        cmocka_unit_test(other_processes_are_left_alone),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
