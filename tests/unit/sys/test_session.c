/* Tests of core/sys/session.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/sys/session.h"

static _Noreturn void wait_for_ever(void)
{
    for (;;) {
        pause();
    }
}

/* Leads a session with `children`, each in a group of its own; a byte says that all are there. */
static pid_t lead(int children)
{
    int fds[2];
    char byte;
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        for (int i = 0; i < children; i++) {
            if (fork() == 0) {
                setpgid(0, 0);
                (void)!write(fds[1], "c", 1);
                wait_for_ever();
            }
        }
        wait_for_ever();
    }
    for (int i = 0; i < children; i++) {
        assert_int_equal(read(fds[0], &byte, 1), 1);
    }
    close(fds[0]);
    close(fds[1]);
    return pid;
}

static void all_of_a_session_end_whatever_their_group(void **state)
{
    (void)state;
    int status;
    pid_t pid = lead(5), other = lead(1);
    assert_true(oc_session_kill(pid) >= 6);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(oc_session_kill(pid), 0);
    assert_int_equal(kill(other, 0), 0);
    assert_true(oc_session_kill(other) >= 2);
    waitpid(other, NULL, 0);
}

static void our_own_session_is_never_ended(void **state)
{
    (void)state;
    assert_int_equal(oc_session_kill(getsid(0)), 0);
    assert_int_equal(oc_session_kill(0), 0);
    assert_int_equal(oc_session_kill(1), 0);
    assert_int_equal(oc_session_kill(-1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_a_session_end_whatever_their_group),
        cmocka_unit_test(our_own_session_is_never_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
