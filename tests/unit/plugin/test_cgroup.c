/* Tests of core/plugin/process/cgroup.c: folders that look like control groups, and the machine's own. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugin/process/cgroup.h"
#include "core/sys/file.h"

static char root[64];

static void folder(const char *name)
{
    char *path = oc_path_join(root, name);
    assert_int_equal(oc_dir_make(path, 0755, NULL), OC_OK);
    free(path);
}

static int set_up(void **state)
{
    (void)state;
    unsetenv("OPENCLAW_CGROUP");
    oc_copy(root, sizeof root, "/tmp/oc-cgroup-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_tree(const char *path)
{
    char *argv[] = {"rm", "-rf", (char *)(uintptr_t)path, NULL};
    pid_t pid = fork();
    if (pid == 0) {
        execvp("rm", argv);
        _exit(1);
    }
    return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return remove_tree(root);
}

static void without_a_group_of_ours_nothing_is_made(void **state)
{
    (void)state;
    struct oc_cgroups *g = oc_cgroups_open(root, "9:name=systemd:/\n0::/\n");
    assert_null(oc_cgroup_create(g, &oc_limits_default));
    oc_cgroup_destroy(NULL);
    oc_cgroups_close(g);
    oc_cgroups_close(NULL);
}

static void a_group_that_was_not_delegated_is_left_alone(void **state)
{
    (void)state;
    folder("a");
    char *path = oc_path_join(root, "a/cgroup.controllers");
    assert_int_equal(oc_file_write(path, "memory pids", 11, 0600, NULL), OC_OK);
    struct oc_cgroups *g = oc_cgroups_open(root, "0::/a\n");
    assert_null(oc_cgroup_create(g, &oc_limits_default));
    char *host = oc_path_join(root, "a/host");
    assert_false(oc_file_exists(host));
    oc_cgroups_close(g);
    free(host);
    free(path);
}

/* In plain folders the files of a group are not there, so no limit can be written and nothing stays behind. */
static void a_group_that_takes_no_limit_is_removed_again(void **state)
{
    (void)state;
    folder("memory/x");
    folder("cpu,cpuacct/x");
    struct oc_cgroups *g = oc_cgroups_open(root, "4:memory:/x\n3:cpu,cpuacct:/x\n2:pids:/none\n");
    assert_null(oc_cgroup_create(g, &oc_limits_default));
    char *path = oc_path_join(root, "memory/x");
    assert_int_equal(rmdir(path), 0); /* it is empty */
    free(path);
    oc_cgroups_close(g);
}

static void groups_of_a_host_that_died_are_removed(void **state)
{
    (void)state;
    pid_t dead = fork();
    if (dead == 0) {
        _exit(0);
    }
    waitpid(dead, NULL, 0);
    char name[96];
    snprintf(name, sizeof name, "pids/openclaw-%d-1", (int)dead);
    folder(name);
    folder("pids/openclaw-1-1");
    folder("pids/other-1-1");
    oc_cgroups_close(oc_cgroups_open(root, "2:pids:/\n"));
    char *gone = oc_path_join(root, name), *kept = oc_path_join(root, "pids/openclaw-1-1");
    assert_false(oc_file_exists(gone));
    assert_true(oc_file_exists(kept));
    free(gone);
    free(kept);
}

/* ---- the machine's own ---- */

static _Noreturn void bomb(void)
{
    for (int i = 0; i < 500; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            _exit(errno == EAGAIN ? 7 : 8);
        }
        if (pid == 0) {
            pause();
            _exit(0);
        }
    }
    _exit(9);
}

static void a_real_group_stops_a_fork_bomb_and_is_emptied(void **state)
{
    (void)state;
    struct oc_cgroups *g = oc_cgroups_open(NULL, NULL);
    struct oc_cgroup *group = oc_cgroup_create(g, &oc_limits_default);
    json_t *held = group ? oc_cgroup_json(group) : NULL;
    if (!oc_json_bool(held, "pids", false)) {
        json_decref(held);
        oc_cgroup_destroy(group);
        oc_cgroups_close(g);
        skip();
    }
    json_decref(held);
    int gate[2], status;
    char byte;
    assert_int_equal(pipe(gate), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(gate[1]);
        (void)!read(gate[0], &byte, 1);
        bomb();
    }
    close(gate[0]);
    assert_true(oc_cgroup_enter(group, pid));
    close(gate[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 7);
    assert_false(oc_cgroup_out_of_memory(group));
    oc_cgroup_kill(group);
    oc_cgroup_destroy(group);
    oc_cgroups_close(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_group_of_ours_nothing_is_made, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_group_that_was_not_delegated_is_left_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_group_that_takes_no_limit_is_removed_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(groups_of_a_host_that_died_are_removed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_real_group_stops_a_fork_bomb_and_is_emptied, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
