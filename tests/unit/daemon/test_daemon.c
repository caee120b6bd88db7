/* The host as a whole: making it, reloading it, leaving it. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/time.h"
#include "core/daemon/daemon.h"
#include "core/sys/file.h"
#include "core/sys/lock.h"

#define QUIET "collectors = ({plugin = \"none\"; enabled = false;});\n"

struct fixture {
    char home[64], config[96];
    struct daemon_options options;
    struct oc_daemon *daemon;
    struct oc_error err;
    int done, code;
};

static struct fixture f;

static void write_config(const char *text)
{
    assert_int_equal(oc_file_write(f.config, text, strlen(text), 0600, NULL), OC_OK);
}

static int setup(void **state)
{
    (void)state;
    memset(&f, 0, sizeof f);
    snprintf(f.home, sizeof f.home, "/tmp/oc-daemon-XXXXXX");
    assert_non_null(mkdtemp(f.home));
    snprintf(f.config, sizeof f.config, "%s/openclaw.conf", f.home);
    setenv("OPENCLAW_HOME", f.home, 1);
    setenv("OPENCLAW_PLUGINS", f.home, 1);
    f.options.config = f.config;
    f.options.ephemeral = -1;
    oc_error_init(&f.err);
    write_config(QUIET "log = {file = \"one.log\";};");
    return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void leave(struct oc_daemon *daemon)
{
    if (daemon) {
        oc_daemon_stop(daemon, 100);
        oc_loop_run(oc_daemon_loop(daemon));
        oc_daemon_destroy(daemon);
    }
}

static int teardown(void **state)
{
    (void)state;
    leave(f.daemon);
    nftw(f.home, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    unsetenv("OPENCLAW_HOME");
    unsetenv("OPENCLAW_PLUGINS");
    return 0;
}

static void start(void)
{
    f.daemon = oc_daemon_create(&f.options, &f.err);
    if (!f.daemon) {
        fail_msg("%s", f.err.message);
    }
    oc_daemon_start(f.daemon);
}

static bool is_in(const char *file, const char *text)
{
    char path[128];
    struct oc_buf found = {0};
    snprintf(path, sizeof path, "%s/%s", f.home, file);
    bool is = oc_file_read(path, 1 << 20, &found, NULL) == OC_OK && found.data &&
              strstr(found.data, text) != NULL;
    oc_buf_finish(&found);
    return is;
}

static bool found(const char *key)
{
    const struct oc_diags *diags = oc_daemon_diags(f.daemon);
    for (size_t i = 0; i < diags->list.count; i++) {
        if (strcmp(diags->list.items[i].key, key) == 0) {
            return diags->list.items[i].warning;
        }
    }
    return false;
}

/* As a daemon does that has begun; -1 when it cannot. */
static int listen_at_home(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/run/openclawd.sock", f.home);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 8) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void one_daemon_owns_its_home(void **state)
{
    (void)state;
    start();
    const int fd = listen_at_home();
    assert_true(fd >= 0);
    assert_null(oc_daemon_create(&f.options, &f.err));
    assert_int_equal(f.err.code, OC_E_CONFLICT);
    close(fd);
}

static void a_daemon_that_has_lost_its_pid_lock_still_owns_its_home(void **state)
{
    char path[128];
    (void)state;
    start();
    snprintf(path, sizeof path, "%s/run/openclawd.lock", f.home);
    assert_int_equal(unlink(path), 0);
    assert_null(oc_daemon_create(&f.options, &f.err));
    assert_int_equal(f.err.code, OC_E_CONFLICT);
    assert_non_null(strstr(f.err.message, "/data open"));
}

/* It has lost all that says so: the folders were put in another place. */
static void who_listens_in_a_home_owns_it(void **state)
{
    char run[96];
    (void)state;
    snprintf(run, sizeof run, "%s/run", f.home);
    assert_int_equal(mkdir(run, 0700), 0);
    const int fd = listen_at_home();
    assert_true(fd >= 0);
    assert_null(oc_daemon_create(&f.options, &f.err));
    assert_int_equal(f.err.code, OC_E_CONFLICT);
    assert_non_null(strstr(f.err.message, "listens on"));
    close(fd);
    start();
}

/* What a process looks like between its fork and its program: lock and socket are its parent's, who is dead. It goes away
 * when somebody has asked who owns the lock, or when `until` is closed. */
static void be_half_begun(const char *lock, int until)
{
    struct pollfd wait[2] = {{.fd = inotify_init1(0), .events = POLLIN},
                             {.fd = until, .events = POLLIN}};
    if (inotify_add_watch(wait[0].fd, lock, IN_CLOSE_NOWRITE) >= 0) {
        poll(wait, 2, -1);
    }
    _exit(0);
}

static void be_killed_in_a_fork(int ready, int until)
{
    char lock[128];
    snprintf(lock, sizeof lock, "%s/run/openclawd.lock", f.home);
    if (oc_lock_take(lock, NULL) >= 0 && listen_at_home() >= 0 && write(ready, "", 1) == 1 &&
        fork() == 0) {
        be_half_begun(lock, until);
    }
    _exit(0);
}

static void a_daemon_that_was_killed_in_a_fork_keeps_no_other_from_starting(void **state)
{
    int ready[2], until[2];
    char run[96], byte;
    (void)state;
    snprintf(run, sizeof run, "%s/run", f.home);
    assert_int_equal(mkdir(run, 0700), 0);
    assert_int_equal(pipe(ready) + pipe(until), 0);
    pid_t child = fork();
    if (child == 0) {
        close(until[1]);
        be_killed_in_a_fork(ready[1], until[0]);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    f.daemon = oc_daemon_create(&f.options, &f.err);
    close(until[1]);
    close(until[0]);
    close(ready[0]);
    assert_non_null(f.daemon);
}

/* It could be anybody's: who else writes to the home is not known. */
static void a_link_in_place_of_the_lock_keeps_it_from_starting(void **state)
{
    char path[128];
    (void)state;
    snprintf(path, sizeof path, "%s/run", f.home);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/run/openclawd.lock", f.home);
    assert_int_equal(symlink("elsewhere", path), 0);
    assert_null(oc_daemon_create(&f.options, &f.err));
    assert_non_null(strstr(f.err.message, "cannot open the lock"));
}

static void a_file_that_does_not_parse_keeps_it_from_starting(void **state)
{
    (void)state;
    write_config("store = {");
    assert_null(oc_daemon_create(&f.options, &f.err));
    assert_int_equal(f.err.code, OC_E_CONFIG);
    assert_non_null(strstr(f.err.message, "openclaw.conf:1"));
}

static void a_reload_opens_the_log_that_is_named_now(void **state)
{
    (void)state;
    start();
    oc_info("first", NULL);
    write_config(QUIET "log = {file = \"two.log\";};");
    assert_int_equal(oc_daemon_reload(f.daemon, &f.err), OC_OK);
    oc_info("second", NULL);
    assert_true(is_in("one.log", "first"));
    assert_false(is_in("one.log", "second"));
    assert_true(is_in("two.log", "second"));
}

static void a_reload_says_what_only_a_restart_can_change(void **state)
{
    (void)state;
    start();
    assert_int_equal(oc_daemon_reload(f.daemon, &f.err), OC_OK);
    assert_false(found("store"));
    write_config(QUIET "log = {file = \"one.log\";}; store = {retention = \"7d\";};");
    assert_int_equal(oc_daemon_reload(f.daemon, &f.err), OC_OK);
    assert_true(found("store"));
    setenv("OPENCLAW_HOME", "/tmp", 1);
    assert_int_equal(oc_daemon_reload(f.daemon, &f.err), OC_OK);
    assert_true(found("host.home"));
}

static void a_broken_file_changes_nothing_and_the_log_says_why(void **state)
{
    (void)state;
    start();
    write_config("store = {");
    assert_int_equal(oc_daemon_reload(f.daemon, NULL), OC_E_CONFIG); /* as on SIGHUP */
    assert_true(is_in("one.log", "reload refused"));
    assert_true(is_in("one.log", "openclaw.conf:1"));
}

static void while_it_stops_nothing_is_started_by_a_reload(void **state)
{
    (void)state;
    start();
    oc_daemon_stop(f.daemon, 100);
    assert_int_equal(oc_daemon_reload(f.daemon, &f.err), OC_E_CONFLICT);
    oc_loop_run(oc_daemon_loop(f.daemon));
    oc_daemon_destroy(f.daemon);
    f.daemon = NULL;
}

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    (void)ctx, (void)result, (void)err;
    f.done++;
    f.code = code;
}

static void stopping_ends_the_calls_that_wait_for_others(void **state)
{
    static const char *const ops[] = {"health.watch", "events.watch", "health.check"};
    (void)state;
    start();
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        struct oc_call_request req = {
            .op = ops[i], .actor = {.name = "test", .role = OC_ROLE_ADMIN}, .on_done = on_done};
        oc_ops_call(oc_daemon_ops(f.daemon), &req);
    }
    assert_int_equal(f.done, 0);
    oc_daemon_stop(f.daemon, 100);
    assert_int_equal(f.done, 3);
}

static void a_daemon_that_was_never_started_can_be_destroyed(void **state)
{
    (void)state;
    struct oc_daemon *daemon = oc_daemon_create(&f.options, &f.err);
    assert_non_null(daemon);
    leave(daemon);
    oc_daemon_destroy(NULL);
}

static void in_safe_mode_collectors_are_left_alone_and_nobody_waits_for_them(void **state)
{
    (void)state;
    f.options.safe_mode = true;
    write_config("collectors = ({plugin = \"none\";}); log = {file = \"one.log\";};");
    start();
    struct oc_call_request req = {
        .op = "health.check", .actor = {.name = "test", .role = OC_ROLE_ADMIN}, .on_done = on_done};
    oc_ops_call(oc_daemon_ops(f.daemon), &req);
    assert_int_equal(f.done, 1);
    assert_int_equal(f.code, OC_OK);
}

static void a_private_daemon_beside_a_running_one_only_looks(void **state)
{
    (void)state;
    start();
    struct daemon_options look = f.options;
    look.ephemeral = 100;
    struct oc_daemon *private = oc_daemon_create(&look, &f.err);
    assert_non_null(private);
    oc_daemon_start(private);
    struct oc_call_request req = {
        .op = "status", .actor = {.name = "test", .role = OC_ROLE_ADMIN}, .on_done = on_done};
    oc_ops_call(oc_daemon_ops(private), &req);
    assert_int_equal(f.code, OC_OK);
    leave(private);
}

static void look_at(const char *home)
{
    struct daemon_options look = f.options;
    look.ephemeral = 100;
    look.looks = true;
    setenv("OPENCLAW_HOME", home, 1);
    struct oc_daemon *private = oc_daemon_create(&look, &f.err);
    assert_non_null(private);
    leave(private);
}

static void who_only_looks_makes_no_home_and_opens_the_one_there_is(void **state)
{
    char home[96], data[128];
    (void)state;
    snprintf(home, sizeof home, "%s/home", f.home);
    snprintf(data, sizeof data, "%s/data", home);
    look_at(home);
    assert_false(oc_file_exists(home));
    assert_int_equal(mkdir(home, 0700), 0);
    look_at(home);
    assert_true(oc_file_exists(data));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_daemon_owns_its_home),
        TEST(a_daemon_that_was_killed_in_a_fork_keeps_no_other_from_starting),
        TEST(a_daemon_that_has_lost_its_pid_lock_still_owns_its_home),
        TEST(who_listens_in_a_home_owns_it),
        TEST(a_link_in_place_of_the_lock_keeps_it_from_starting),
        TEST(a_file_that_does_not_parse_keeps_it_from_starting),
        TEST(a_reload_opens_the_log_that_is_named_now),
        TEST(a_reload_says_what_only_a_restart_can_change),
        TEST(a_broken_file_changes_nothing_and_the_log_says_why),
        TEST(while_it_stops_nothing_is_started_by_a_reload),
        TEST(stopping_ends_the_calls_that_wait_for_others),
        TEST(a_daemon_that_was_never_started_can_be_destroyed),
        TEST(in_safe_mode_collectors_are_left_alone_and_nobody_waits_for_them),
        TEST(a_private_daemon_beside_a_running_one_only_looks),
        TEST(who_only_looks_makes_no_home_and_opens_the_one_there_is),
    };
    return cmocka_run_group_tests_name("daemon", tests, NULL, NULL);
}
