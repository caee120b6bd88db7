/* Tests of core/daemon/peer.c: a program under the name of the plugin host, and what it starts. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/daemon/peer.h"
#include "core/sys/file.h"

/* It waits for its child, or has got rid of it: another one is its child's parent. */
#define KEEPS "sleep 60 & echo $$ $!; wait"
#define DROPS "(sleep 60 & echo $$ $!); kill -STOP $$"

/* Runs a shell under another file name, in a session of its own; it starts a child and prints its own number and that of the
 * child. */
static pid_t run(const char *program, const char *script, pid_t *child)
{
    int fds[2], own = 0, other = 0;
    char text[64] = "";
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        dup2(fds[1], 1);
        execl(program, program, "-c", script, (char *)NULL);
        _exit(127);
    }
    close(fds[1]);
    assert_true(read(fds[0], text, sizeof text - 1) > 0);
    assert_int_equal(sscanf(text, "%d %d", &own, &other), 2);
    assert_int_equal(own, pid);
    *child = other;
    close(fds[0]);
    return pid;
}

static void end(pid_t pid, pid_t child)
{
    kill(child, SIGKILL);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void a_program_of_a_person_is_not_a_plugin(void **state)
{
    (void)state;
    pid_t child, pid = run("/bin/sh", KEEPS, &child);
    assert_false(oc_peer_is_plugin(pid));
    assert_false(oc_peer_is_plugin(child));
    assert_false(oc_peer_is_plugin(getpid()));
    assert_false(oc_peer_is_plugin(0));
    assert_false(oc_peer_is_plugin(-1));
    end(pid, child);
}

static void a_plugin_host_and_what_it_starts_is_one(void **state)
{
    (void)state;
    char folder[] = "/tmp/oc-peer-XXXXXX";
    struct oc_buf shell = {0};
    assert_non_null(mkdtemp(folder));
    char *program = oc_path_join(folder, "openclaw-plughost");
    assert_int_equal(oc_file_read("/bin/sh", 16u << 20, &shell, NULL), 0);
    assert_int_equal(oc_file_write(program, shell.data, shell.len, 0700, NULL), 0);
    static const char *const scripts[] = {KEEPS, DROPS};
    for (size_t i = 0; i < OC_COUNT(scripts); i++) {
        pid_t child, pid = run(program, scripts[i], &child);
        assert_true(oc_peer_is_plugin(pid));
        assert_true(oc_peer_is_plugin(child));
        end(pid, child);
    }
    unlink(program);
    rmdir(folder);
    oc_buf_finish(&shell);
    free(program);
}

static void who_connected_and_ended_may_be_one(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(oc_peer_is_plugin(pid));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_of_a_person_is_not_a_plugin),
        cmocka_unit_test(a_plugin_host_and_what_it_starts_is_one),
        cmocka_unit_test(who_connected_and_ended_may_be_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
