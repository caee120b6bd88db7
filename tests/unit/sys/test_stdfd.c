/* Tests of core/sys/stdfd.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/sys/stdfd.h"

/* In a child: 0, or the number of the line that is not as it should be. */
#define EXPECT(what)                                                                               \
    if (!(what)) {                                                                                 \
        _exit(__LINE__ & 0x7f);                                                                    \
    }

static _Noreturn void check_filled(unsigned closed)
{
    char byte = 'x';
    for (int fd = 0; fd < 3; fd++) {
        if (closed & 1u << fd) {
            close(fd);
        }
    }
    oc_stdfd_fill();
    for (int fd = 0; fd < 3; fd++) {
        EXPECT(fcntl(fd, F_GETFD) == 0); /* it is there, for a child too */
        if (closed & 1u << fd) {
            errno = 0;
            EXPECT((fd == 0 ? read(fd, &byte, 1) : write(fd, &byte, 1)) < 0 && errno == EBADF);
        }
    }
    EXPECT(open("/dev/null", O_RDONLY | O_CLOEXEC) > 2);
    _exit(0);
}

static void whatever_is_closed_is_filled_and_fails_as_before(void **state)
{
    (void)state;
    for (unsigned closed = 0; closed < 8; closed++) {
        int status = -1;
        const pid_t pid = fork();
        if (pid == 0) {
            check_filled(closed);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
}

static void what_is_open_stays(void **state)
{
    int fds[2], status = -1;
    char byte = 0;
    (void)state;
    assert_int_equal(pipe(fds), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        dup2(fds[1], STDOUT_FILENO);
        close(STDIN_FILENO);
        oc_stdfd_fill();
        _exit(write(STDOUT_FILENO, "a", 1) == 1 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(read(fds[0], &byte, 1), 1);
    assert_int_equal(byte, 'a');
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_is_closed_is_filled_and_fails_as_before),
        cmocka_unit_test(what_is_open_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
