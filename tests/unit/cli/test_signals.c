/* Who holds the signals may make calls, which hold them, too. SPDX-License-Identifier: MIT */
#include "tests/unit/cli/table.h"
#include "tests/unit/unit.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/cli/client.h"

static void call_in_vain(void)
{
    int fds[2];
    struct cli_answer answer;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    struct cli_link link = {.fd = fds[0], .child.log = -1};
    close(fds[1]);
    oc_link_call(&link, "version", NULL, NULL, &answer);
    assert_true(answer.lost);
    oc_answer_finish(&answer);
    oc_link_close(&link);
}

static bool is_held(int number)
{
    sigset_t mask;
    struct sigaction action;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    sigaction(number, NULL, &action);
    assert_int_equal(sigismember(&mask, number), action.sa_handler != SIG_DFL);
    return sigismember(&mask, number);
}

static void signals_are_released_when_the_last_one_lets_go(void **state)
{
    (void)state;
    oc_signals_hold();
    call_in_vain();
    assert_true(is_held(SIGINT) && is_held(SIGTERM));
    oc_signals_release();
    assert_false(is_held(SIGINT) || is_held(SIGTERM));
    call_in_vain();
    assert_false(is_held(SIGINT) || is_held(SIGTERM));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_are_released_when_the_last_one_lets_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
