/* A child that is confined, and what it tells of what it tried. SPDX-License-Identifier: MIT */
#ifndef TEST_CONFINE_H
#define TEST_CONFINE_H

#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plughost/confine.h"
#include "core/plughost/confine_internal.h"

#define REFUSED   200 /* exit status: oc_confine itself failed */
#define SIGNALLED 1000

static char folder[64], state_dir[80], tmp_dir[80], secret_file[96];
static uint16_t listening; /* a port on which the test listens */
static int listener;
static struct oc_kernel kernel;

/* What a child tries: 0, or the errno that it met. */
typedef int (*attempt)(void);

static json_t *init_of(const char *tier, const char *rights, const char *lowered)
{
    json_t *permissions = json_loads(rights, JSON_DECODE_ANY, NULL);
    assert_non_null(permissions);
    return json_pack("{s:s, s:o, s:{s:s, s:s, s:s}, s:i, s:s, s:{s:i}}", "tier", tier, "rights",
                     permissions, "dirs", "plugin", "/usr/lib", "state", state_dir, "tmp", tmp_dir,
                     "parent", (int)getpid(), "kernel", lowered ? lowered : "", "limits",
                     "memory_bytes", 64 << 20);
}

static int status_of(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : SIGNALLED + WTERMSIG(status);
}

static int in_child(json_t *init /* taken */, attempt try)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        json_t *report = NULL;
        struct oc_error err;
        oc_error_init(&err);
        if (oc_confine(init, &report, &err) != OC_OK) {
            fprintf(stderr, "%s\n", err.message);
            _exit(REFUSED);
        }
        _exit(try());
    }
    json_decref(init);
    return status_of(pid);
}

static int sandboxed(const char *rights, attempt try)
{
    return in_child(init_of("sandbox", rights, NULL), try);
}

static int on_old_kernel(const char *lowered, const char *rights, attempt try)
{
    return in_child(init_of("sandbox", rights, lowered), try);
}

static int outcome(long result)
{
    return result < 0 ? errno : 0;
}

static void needs(int abi)
{
    if (kernel.landlock < abi || !kernel.seccomp) {
        skip();
    }
}

/* ---- */

static int open_shadow(void)
{
    return outcome(open("/etc/shadow", O_RDONLY));
}

static int open_listener(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof a;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&a, sizeof a) != 0 ||
        listen(listener, 64) != 0 || getsockname(listener, (struct sockaddr *)&a, &len) != 0) {
        return -1;
    }
    listening = ntohs(a.sin_port);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    oc_kernel_probe(&kernel);
    oc_copy(folder, sizeof folder, "/var/tmp/oc-confine-XXXXXX");
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(state_dir, sizeof state_dir, "%s/state", folder);
    snprintf(tmp_dir, sizeof tmp_dir, "%s/tmp", folder);
    snprintf(secret_file, sizeof secret_file, "%s/secret", folder);
    int fd = open(secret_file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    return fd < 0 || close(fd) || mkdir(state_dir, 0700) || mkdir(tmp_dir, 0700) || open_listener();
}

static int tear_down(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/new", state_dir);
    unlink(path);
    unlink(secret_file);
    rmdir(state_dir);
    rmdir(tmp_dir);
    close(listener);
    return rmdir(folder);
}

#endif
