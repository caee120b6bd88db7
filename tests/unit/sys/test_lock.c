/* Tests of core/sys/lock.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
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

/* ---- a home ---- */

static void in_home(const char *name, int (*act)(const char *))
{
    char at[128];
    snprintf(at, sizeof at, "%s/%s", dir, name);
    assert_int_equal(act(at), 0);
}

static int make(const char *name)
{
    return mkdir(name, 0700);
}

static int destroy_home(void **state)
{
    static const char *const names[] = {"run/openclawd.lock", "run", "data", "ledger"};
    char at[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(at, sizeof at, "%s/%s", dir, names[i]);
        remove(at);
    }
    return destroy(state);
}

static void assert_taken(const char *why)
{
    struct oc_home_lock other;
    struct oc_error err;
    oc_error_init(&err);
    assert_int_equal(oc_home_lock(dir, &other, &err), OC_E_CONFLICT);
    assert_non_null(strstr(err.message, why));
    assert_true(*err.hint);
    assert_int_equal(other.pid, -1);
    assert_int_equal(other.folders[0], -1);
    assert_int_equal(other.folders[1], -1);
}

static void a_home_has_one_owner_also_when_its_pid_lock_is_gone(void **state)
{
    struct oc_home_lock lock, next;
    (void)state;
    in_home("run", make);
    in_home("data", make);
    in_home("ledger", make);
    assert_int_equal(oc_home_lock(dir, &lock, NULL), OC_OK);
    assert_taken("pid");
    in_home("run/openclawd.lock", unlink);
    assert_taken("/data open");
    close(lock.folders[0]); /* as when data/ was put in another place: the ledger is enough */
    lock.folders[0] = -1;
    assert_taken("/ledger open");
    oc_home_unlock(&lock);
    assert_int_equal(oc_home_lock(dir, &next, NULL), OC_OK);
    oc_home_unlock(&next);
}

static void where_no_pid_lock_can_be_made_the_folders_are_locked(void **state)
{
    struct oc_home_lock lock;
    struct oc_error err;
    (void)state;
    oc_error_init(&err);
    in_home("data", make);
    assert_int_equal(oc_home_lock(dir, &lock, &err), OC_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "openclawd.lock"));
    assert_taken("/data open");
    oc_home_unlock(&lock);
    assert_int_equal(oc_home_lock(dir, &lock, &err), OC_E_NOT_FOUND);
    oc_home_unlock(&lock);
}

#define LOCK_TEST(f) cmocka_unit_test_setup_teardown(f, create, destroy)
#define HOME_TEST(f) cmocka_unit_test_setup_teardown(f, create, destroy_home)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOCK_TEST(a_lock_is_held_once_and_names_its_owner),
        LOCK_TEST(asking_for_the_owner_takes_nothing),
        LOCK_TEST(the_lock_of_a_killed_process_is_free),
        LOCK_TEST(a_lock_is_taken_where_there_is_no_room_for_the_pid),
        LOCK_TEST(a_link_in_place_of_the_lock_is_not_followed),
        LOCK_TEST(a_lock_in_a_missing_folder_is_an_error),
        HOME_TEST(a_home_has_one_owner_also_when_its_pid_lock_is_gone),
        HOME_TEST(where_no_pid_lock_can_be_made_the_folders_are_locked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
