/* Tests of core/sys/lock.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/sys/lock.h"

static char dir[64], path[128];

static int create(void **state)
{
    (void)state;
    oc_copy(dir, sizeof dir, "/tmp/oc-lock-XXXXXX");
    if (!mkdtemp(dir)) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/pid", dir);
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static void a_lock_is_held_once_and_names_its_owner(void **state)
{
    (void)state;
    struct oc_error err;
    char pid[32];
    int fd = oc_lock_take(path, &err);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(oc_lock_owner(path), getpid());
    assert_int_equal(oc_lock_take(path, &err), OC_E_CONFLICT);
    snprintf(pid, sizeof pid, "pid %ld", (long)getpid());
    assert_non_null(strstr(err.message, pid));
    assert_true(strlen(err.hint) > 0);
    oc_lock_drop(fd);
    assert_int_equal(oc_lock_owner(path), 0);
    fd = oc_lock_take(path, &err);
    assert_true(fd >= 0);
    oc_lock_drop(fd);
    oc_lock_drop(-1);
}

static void asking_for_the_owner_takes_nothing(void **state)
{
    (void)state;
    assert_int_equal(oc_lock_owner(path), 0);
    assert_int_equal(access(path, F_OK), -1);
}

static void the_lock_of_a_killed_process_is_free(void **state)
{
    (void)state;
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        int fd = oc_lock_take(path, NULL);
        if (fd < 0 || write(ready[1], "x", 1) != 1) {
            _exit(1);
        }
        pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(oc_lock_owner(path), child);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(oc_lock_owner(path), 0); /* although its pid still stands in the file */
    int fd = oc_lock_take(path, NULL);
    assert_true(fd >= 0);
    assert_int_equal(oc_lock_owner(path), getpid());
    oc_lock_drop(fd);
    close(ready[0]);
    close(ready[1]);
}

/* No file of this process may have a byte: what a full disk does. */
static void a_lock_is_taken_where_there_is_no_room_for_the_pid(void **state)
{
    (void)state;
    struct rlimit old, none;
    struct oc_error err;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    none = old;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    const int fd = oc_lock_take(path, &err);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_true(fd >= 0);
    assert_int_equal(oc_lock_owner(path), 0);
    assert_int_equal(oc_lock_take(path, &err), OC_E_CONFLICT);
    assert_non_null(strstr(err.message, "another process"));
    oc_lock_drop(fd);
}

static void a_link_in_place_of_the_lock_is_not_followed(void **state)
{
    (void)state;
    char target[160];
    snprintf(target, sizeof target, "%s/victim", dir);
    assert_int_equal(symlink(target, path), 0);
    assert_true(oc_lock_take(path, NULL) < 0);
    assert_int_equal(access(target, F_OK), -1);
}

static void a_lock_in_a_missing_folder_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(oc_lock_take("/nonexistent/pid", NULL), OC_E_NOT_FOUND);
    assert_int_equal(oc_lock_owner("/nonexistent/pid"), 0);
}

#define LOCK_TEST(f) cmocka_unit_test_setup_teardown(f, create, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCK_TEST(a_lock_is_held_once_and_names_its_owner),
        LOCK_TEST(asking_for_the_owner_takes_nothing),
        LOCK_TEST(the_lock_of_a_killed_process_is_free),
        LOCK_TEST(a_lock_is_taken_where_there_is_no_room_for_the_pid),
        LOCK_TEST(a_link_in_place_of_the_lock_is_not_followed),
        LOCK_TEST(a_lock_in_a_missing_folder_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
