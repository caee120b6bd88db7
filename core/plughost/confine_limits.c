/* Resource limits of a plugin host. SPDX-License-Identifier: MIT
 *
 * Memory is held as RLIMIT_DATA (private writable pages: heap, thread stacks), because address space is not memory: an arena
 * that is reserved costs nothing. RLIMIT_AS is set too, far above, for shared mappings. What counts processes counts all of
 * the user's, and spares root: a control group does it better, and this is what holds where there is none. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/plughost/confine_internal.h"

#define FILE_BYTES   (INT64_C(1) << 30) /* of one file, when the host says nothing */
#define THREADS      64                 /* beside the processes: threads count as processes do */
#define SPACE_FACTOR 4                  /* address space for each byte of memory */
#define SPACE_MORE   (INT64_C(1) << 30)

static bool group_holds(const struct confinement *c, const char *what)
{
    return oc_json_bool(json_object_get(c->init, "cgroup"), what, false);
}

static int64_t wanted(const struct confinement *c, const char *key, int64_t fallback)
{
    int64_t value = oc_json_int(json_object_get(c->init, "limits"), key, 0);
    return value > 0 ? value : fallback;
}

static int memory(struct confinement *c, json_t *held, struct oc_error *err)
{
    int64_t bytes = wanted(c, "memory_bytes", oc_limits_default.memory_bytes);
    const char *by = group_holds(c, "memory") ? "cgroup" : "no";
    int code = OC_OK;
    if (!OC_SANITIZED) {
        by = group_holds(c, "memory") ? by : "data-segment";
        code = oc_limit_set(RLIMIT_DATA, bytes, "memory", err);
        if (code == OC_OK) {
            code = oc_limit_set(RLIMIT_AS, bytes * SPACE_FACTOR + SPACE_MORE, "address space", err);
        }
    }
    oc_json_set_str(held, "memory", by);
    return code;
}

static int64_t threads_of(const char *pid)
{
    char path[64], line[512];
    int64_t threads = 1;
    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    FILE *f = fopen(path, "re");
    if (!f) {
        return 0;
    }
    size_t len = fread(line, 1, sizeof line - 1, f);
    fclose(f);
    line[len] = '\0';
    const char *after = strrchr(
        line, ')'); /* state ppid pgrp session tty tpgid flags 4*faults 4*times prio nice n */
    if (after && sscanf(after,
                        ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
                        "%*d %" SCNd64,
                        &threads) != 1) {
        threads = 1;
    }
    return threads;
}

/* Threads of all processes of this user: what the kernel compares RLIMIT_NPROC with. */
static int64_t tasks_of_user(void)
{
    int64_t count = 0;
    DIR *dir = opendir("/proc");
    for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
        struct stat st;
        if (isdigit((unsigned char)e->d_name[0]) && fstatat(dirfd(dir), e->d_name, &st, 0) == 0 &&
            st.st_uid == getuid()) {
            count += threads_of(e->d_name);
        }
    }
    if (dir) {
        closedir(dir);
    }
    return count;
}

static int processes(struct confinement *c, json_t *held, struct oc_error *err)
{
    int64_t count = wanted(c, "processes", oc_limits_default.processes);
    bool spawns = oc_rights_has(&c->rights, OC_RIGHT_SPAWN);
    const char *by = "no";
    int code = OC_OK;
    if (group_holds(c, "pids")) {
        by = "cgroup";
    } else if (getuid() != 0) { /* threads too, where no process can be started */
        by = "kernel";
        code = oc_limit_set(RLIMIT_NPROC, tasks_of_user() + count + THREADS, "processes", err);
    } else if (c->sandbox && spawns) {
        oc_confine_miss(c, "number of processes: the host runs as root and has no control group");
    }
    if (c->sandbox && c->kernel.seccomp && !spawns) {
        by = "denied"; /* the filter refuses to fork */
    }
    oc_json_set_str(held, "processes", by);
    return code;
}

int oc_confine_limits(struct confinement *c, struct oc_error *err)
{
    int64_t files = wanted(c, "descriptors", oc_limits_default.descriptors);
    json_t *held = json_object();
    oc_json_take(c->report, "limits", held);
    signal(SIGXFSZ, SIG_IGN); /* a file over the limit is an error of write, not an end */
    int code = memory(c, held, err);
    if (code == OC_OK) {
        code = processes(c, held, err);
    }
    if (code == OC_OK) {
        code = oc_limit_set(RLIMIT_NOFILE, files, "descriptors", err);
    }
    if (code == OC_OK) {
        code = oc_limit_set(RLIMIT_FSIZE, wanted(c, "file_bytes", FILE_BYTES), "file size", err);
    }
    if (code == OC_OK) {
        code = oc_limit_set(RLIMIT_CORE, 0, "core files", err);
    }
    if (code == OC_OK && c->sandbox) {
        code = oc_limit_set(RLIMIT_MSGQUEUE, 0, "message queues", err);
    }
    oc_json_set_str(held, "descriptors", "kernel");
    return code;
}
