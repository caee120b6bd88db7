/* Tests of core/sys/landlock.c and core/sys/limit.c, each in a child that shuts itself in. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/sys/kernel.h"
#include "core/sys/landlock.h"
#include "core/sys/limit.h"

static struct oc_kernel kernel;

static int in_child(int (*fn)(void))
{
    int status = 0;
    const pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        _exit(fn());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool opens(const char *path, int flags)
{
    const int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

/* errno of connecting to a loopback port where nobody listens */
static int connecting(uint16_t port)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int rc = connect(fd, (const struct sockaddr *)&to, sizeof to);
    const int why = errno;
    close(fd);
    return rc == 0 ? 0 : why;
}

static int reads_etc_only(void)
{
    struct oc_landlock l;
    if (oc_landlock_begin(&l, kernel.landlock, 0, 0, NULL) ||
        !oc_landlock_allow(&l, "/etc", OC_FS_READ) ||
        oc_landlock_allow(&l, "/nowhere/at/all", OC_FS_READ) || oc_landlock_enforce(&l, NULL)) {
        return 1;
    }
    if (!opens("/etc/passwd", O_RDONLY)) {
        return 2;
    }
    if (opens("/proc/meminfo", O_RDONLY) || opens("/etc/passwd", O_WRONLY)) {
        return 3;
    }
    return opens("/tmp/oc-landlock-x", O_CREAT | O_WRONLY) ? 4 : 0;
}

static int reaches_one_port(void)
{
    struct oc_landlock l;
    if (oc_landlock_begin(&l, kernel.landlock, OC_NET_CONNECT, 0, NULL)) {
        return 1;
    }
    oc_landlock_allow_port(&l, 1, OC_NET_CONNECT);
    if (oc_landlock_enforce(&l, NULL)) {
        return 2;
    }
    return connecting(1) == ECONNREFUSED && connecting(2) == EACCES ? 0 : 3;
}

static int signals_nobody(void)
{
    struct oc_landlock l;
    if (oc_landlock_begin(&l, kernel.landlock, 0, OC_SCOPE_SIGNALS, NULL) ||
        oc_landlock_enforce(&l, NULL)) {
        return 1;
    }
    return kill(getppid(), 0) == -1 && errno == EPERM ? 0 : 2;
}

static void what_is_not_allowed_is_denied(void **state)
{
    (void)state;
    if (kernel.landlock < OC_LANDLOCK_FILES) {
        skip();
    }
    assert_int_equal(in_child(reads_etc_only), 0);
}

static void a_port_that_is_not_allowed_cannot_be_reached(void **state)
{
    (void)state;
    if (kernel.landlock < OC_LANDLOCK_PORTS) {
        skip();
    }
    assert_int_equal(in_child(reaches_one_port), 0);
}

static void signals_stay_inside_their_scope(void **state)
{
    (void)state;
    if (kernel.landlock < OC_LANDLOCK_SCOPES) {
        skip();
    }
    assert_int_equal(in_child(signals_nobody), 0);
}

static void a_kernel_without_it_says_so(void **state)
{
    struct oc_landlock l;
    struct oc_error err;
    (void)state;
    oc_error_init(&err);
    assert_int_equal(oc_landlock_begin(&l, 0, 0, 0, &err), OC_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "Landlock"));
}

static int limits_descriptors(void)
{
    struct rlimit now;
    if (oc_limit_set(RLIMIT_NOFILE, 20, "descriptors", NULL) ||
        oc_limit_set(RLIMIT_NOFILE, 40, "descriptors", NULL) || getrlimit(RLIMIT_NOFILE, &now)) {
        return 1;
    }
    return now.rlim_cur == 20 && now.rlim_max == 20 ? 0 : 2;
}

static void a_limit_only_goes_down(void **state)
{
    (void)state;
    assert_int_equal(in_child(limits_descriptors), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_allowed_is_denied),
        cmocka_unit_test(a_port_that_is_not_allowed_cannot_be_reached),
        cmocka_unit_test(signals_stay_inside_their_scope),
        cmocka_unit_test(a_kernel_without_it_says_so),
        cmocka_unit_test(a_limit_only_goes_down),
    };
    oc_kernel_probe(&kernel);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
