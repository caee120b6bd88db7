/* Ways out of the sandbox that no permission names: each is tried by a child that has confined itself. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plughost/confine.h"
#include "core/plughost/confine_internal.h"

#define REFUSED 200 /* exit status: oc_confine itself failed */
#define ANY     "[\"process:spawn:*\"]"
#define WRITES  "[\"filesystem:write:{state}/*\", \"filesystem:read:{state}/*\"]"

static char folder[64], state_dir[80], tmp_dir[80], secret[96], planted[96];
static struct oc_kernel kernel;

typedef int (*attempt)(void); /* 0, or the errno that it met */

static json_t *init_of(const char *rights)
{
    json_t *permissions = json_loads(rights, JSON_DECODE_ANY, NULL);
    assert_non_null(permissions);
    return json_pack("{s:s, s:o, s:{s:s, s:s, s:s}}", "tier", "sandbox", "rights", permissions,
                     "dirs", "plugin", "/usr/lib", "state", state_dir, "tmp", tmp_dir);
}

static int in_child(json_t *init /* taken */, attempt try)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        json_t *report = NULL;
        struct oc_error err;
        oc_error_init(&err);
        _exit(oc_confine(init, &report, &err) == OC_OK ? try() : REFUSED);
    }
    json_decref(init);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int sandboxed(const char *rights, attempt try)
{
    return in_child(init_of(rights), try);
}

static int outcome(long result)
{
    return result < 0 ? errno : 0;
}

static int needs_a_kernel(void **state)
{
    (void)state;
    if (kernel.landlock < OC_LANDLOCK_FILES || !kernel.seccomp) {
        skip();
    }
    return 0;
}

static void all_refused(const char *rights, const attempt *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(sandboxed(rights, all[i]), EPERM);
    }
}

/* ---- what is written on a file without opening it ---- */

static int mode_by_path(void)
{
    return outcome(chmod(secret, 0666));
}
static int mode_by_folder(void)
{
    return outcome(fchmodat(AT_FDCWD, secret, 0666, 0));
}
static int owner_by_path(void)
{
    return outcome(lchown(secret, getuid(), getgid()));
}
static int attribute_by_path(void)
{
    return outcome(setxattr(secret, "user.a", "b", 1, 0));
}
static int times_by_path(void)
{
    return outcome(utimensat(AT_FDCWD, secret, NULL, 0));
}
static int mode_of_a_library(void)
{
    int fd = open("/etc/ld.so.cache", O_RDONLY);
    return fd < 0 ? 1 : outcome(fchmod(fd, 0644));
}
static int own_file(void)
{
    char path[128];
    struct stat st;
    snprintf(path, sizeof path, "%s/own", state_dir);
    int fd = open(path, O_CREAT | O_RDWR, 0600);
    return fd < 0                           ? 1
           : fchmod(fd, 0640)               ? errno
           : futimens(fd, NULL)             ? errno
           : fstat(fd, &st) || unlink(path) ? 2
                                            : (st.st_mode & 0777) != 0640;
}

static void what_landlock_does_not_see_is_refused_by_the_filter(void **state)
{
    needs_a_kernel(state);
    static const attempt all[] = {mode_by_path, mode_by_folder, owner_by_path, attribute_by_path,
                                  times_by_path};
    all_refused("[]", all, OC_COUNT(all));
    all_refused(WRITES, all, OC_COUNT(all));
    assert_int_equal(sandboxed("[]", mode_of_a_library), EPERM);
    assert_int_equal(sandboxed(WRITES, own_file), 0);
}

/* ---- the host and others of the same user ---- */

static int priority_of_all(void)
{
    return outcome(setpriority(PRIO_USER, 0, 1));
}
static int disk_priority_of_all(void)
{
    return outcome(syscall(SYS_ioprio_set, 3 /* the user's */, 0, 3 << 13));
}
static int own_priority(void)
{
    return outcome(setpriority(PRIO_PROCESS, 0, 1));
}
static int child_of_the_host(void)
{
    const long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0) {
        _exit(0);
    }
    return outcome(pid);
}
static int outlive_the_host(void)
{
    return outcome(prctl(PR_SET_PDEATHSIG, SIGURG, 0, 0, 0));
}
static int make_others_wait(void)
{
    int fd = open("/etc/ld.so.cache", O_RDONLY);
    return fd < 0 ? 1 : outcome(fcntl(fd, F_SETLEASE, F_RDLCK));
}

static void the_host_and_its_other_processes_do_not_notice(void **state)
{
    needs_a_kernel(state);
    static const attempt all[] = {priority_of_all, disk_priority_of_all, child_of_the_host,
                                  outlive_the_host, make_others_wait};
    all_refused(ANY, all, OC_COUNT(all));
    assert_int_equal(sandboxed("[]", own_priority), 0);
}

/* ---- sockets without socket() ---- */

static int send_to_a_name(int type)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int pair[2];
    snprintf(to.sun_path, sizeof to.sun_path, "%s/nobody", folder);
    return socketpair(AF_UNIX, type, 0, pair)
               ? errno
               : outcome(sendto(pair[0], "x", 1, 0, (struct sockaddr *)&to, sizeof to));
}
static int half_a_pair(void)
{
    return send_to_a_name(SOCK_DGRAM);
}
static int half_a_raw_pair(void)
{
    return send_to_a_name(SOCK_RAW);
}
static int whole_pair(void)
{
    int pair[2];
    return outcome(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
}
static int memory_that_nobody_counts(void)
{
    return outcome(memfd_create("a", MFD_CLOEXEC));
}

static void half_a_pair_of_sockets_sends_to_nobody_else(void **state)
{
    needs_a_kernel(state);
    static const attempt all[] = {half_a_pair, half_a_raw_pair, memory_that_nobody_counts};
    all_refused("[]", all, OC_COUNT(all));
    assert_int_equal(sandboxed("[]", whole_pair), 0);
    assert_int_equal(sandboxed("[\"network:unix:*\"]", half_a_pair), ENOENT);
}

/* ---- a link that the last start has left ---- */

static int read_planted(void)
{
    return outcome(open(planted, O_RDONLY));
}

static void a_link_in_a_folder_that_it_may_write_does_not_lead_out(void **state)
{
    needs_a_kernel(state);
    static const char rights[] =
        "[\"filesystem:write:{state}\", \"filesystem:read:{state}/planted\"]";
    snprintf(planted, sizeof planted, "%s/planted", state_dir);
    assert_int_equal(symlink(secret, planted), 0);
    assert_int_equal(sandboxed(rights, read_planted), EACCES);
    assert_int_equal(
        sandboxed("[\"filesystem:write:{state}\", \"filesystem:read:{state}/pl*d\"]", read_planted),
        EACCES);
    assert_int_equal(unlink(planted), 0);
    int fd = open(planted, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && close(fd) == 0);
    assert_int_equal(sandboxed(rights, read_planted), 0);
    assert_int_equal(unlink(planted), 0);
}

/* ---- */

static int set_up(void **state)
{
    (void)state;
    oc_kernel_probe(&kernel);
    oc_copy(folder, sizeof folder, "/var/tmp/oc-escape-XXXXXX");
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(state_dir, sizeof state_dir, "%s/state", folder);
    snprintf(tmp_dir, sizeof tmp_dir, "%s/tmp", folder);
    snprintf(secret, sizeof secret, "%s/secret", folder);
    int fd = open(secret, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    return fd < 0 || close(fd) || mkdir(state_dir, 0700) || mkdir(tmp_dir, 0700);
}

static int tear_down(void **state)
{
    (void)state;
    unlink(secret);
    rmdir(state_dir);
    rmdir(tmp_dir);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_landlock_does_not_see_is_refused_by_the_filter),
        cmocka_unit_test(the_host_and_its_other_processes_do_not_notice),
        cmocka_unit_test(half_a_pair_of_sockets_sends_to_nobody_else),
        cmocka_unit_test(a_link_in_a_folder_that_it_may_write_does_not_lead_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
