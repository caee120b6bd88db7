/* What is told of a plugin's process: its end, its figures, its folders. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/plugin/process/process.h"
#include "core/sys/file.h"

/* ---- the end ---- */

static const char *phase_name(enum oc_body_phase phase, const char *method)
{
    switch (phase) {
    case OC_BODY_NEW:
    case OC_BODY_STARTING:
        return "start";
    case OC_BODY_STOPPING:
        return "stop";
    case OC_BODY_STARTED:
    case OC_BODY_ENDED:
        break;
    }
    return method ? "call" : "idle";
}

static void say_how(const struct oc_process_body *p, const struct oc_body_death *d, char *how,
                    size_t size)
{
    if (p->wrong) {
        snprintf(how, size, "was killed: it sent %s", p->wrong);
    } else if (d->killed) {
        snprintf(how, size, "was killed: it was late");
    } else if (p->cgroup && oc_cgroup_out_of_memory(p->cgroup)) {
        snprintf(how, size, "was killed: it used more memory than it may");
    } else if (d->wait_status == -1) {
        snprintf(how, size, "ended in an unknown way");
    } else if (WIFSIGNALED(d->wait_status)) {
        snprintf(how, size, "got SIG%s", sigabbrev_np(WTERMSIG(d->wait_status)));
    } else {
        snprintf(how, size, "exited with status %d", WEXITSTATUS(d->wait_status));
    }
}

static void say_error(struct oc_process_body *p, const struct oc_body_death *d,
                      struct oc_error *err)
{
    char how[256];
    if (p->spawn_err.code) {
        *err = p->spawn_err;
    } else if (p->refused.code) {
        *err = p->refused;
    } else if (p->start_told && p->start_code) {
        *err = p->start_err;
        /* the codes of the host alone may come from the plugin host, before it has loaded anything */
        const bool sane = p->start_code < OC_OK && p->start_code >= OC_E_REFUSED;
        oc_body_tidy_error(err, sane ? p->start_code : OC_E_INTERNAL,
                           "start failed and did not say why");
    } else if (d->killed && strcmp(d->phase, "start") == 0) {
        oc_error_set(err, OC_E_TIMEOUT, "start did not return within %g s",
                     (double)p->body.plugin->terms.limits.start_ms / 1000);
    } else {
        say_how(p, d, how, sizeof how);
        oc_error_set(err, d->killed && !p->wrong ? OC_E_TIMEOUT : OC_E_CRASHED,
                     "%s%sthe process of the plugin %s", d->method ? d->method : "",
                     d->method ? ": " : "", how);
    }
}

void oc_process_tell_death(struct oc_process_body *p, enum oc_body_phase phase,
                           struct oc_body_death *d)
{
    p->fault = p->page->fault;
    free(p->last_method);
    p->last_method = p->call ? oc_strdup(p->call->inv.method) : NULL; /* the call goes before us */
    p->fault.module[OC_FAULT_MODULE - 1] = p->fault.method[OC_FAULT_METHOD - 1] = '\0';
    *d = (struct oc_body_death){.pid = p->last_pid,
                                .wait_status = p->wait_status,
                                .killed = p->killed && !p->wrong && !p->refused.code,
                                .uptime_ms = p->begun_ms ? oc_time_mono() - p->begun_ms : 0,
                                .method = p->last_method,
                                .fault = &p->fault,
                                .tail = &p->tail};
    d->phase = phase_name(phase, d->method);
    oc_error_init(&d->err);
    say_error(p, d, &d->err);
}

/* ---- figures ---- */

static bool read_proc(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd >= 0 ? read(fd, text, size - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static void add_memory(pid_t pid, json_t *out)
{
    char text[256];
    int64_t size, resident, shared;
    if (read_proc(pid, "statm", text, sizeof text) &&
        sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64, &size, &resident, &shared) == 3) {
        oc_json_set_int(out, "memory_bytes", (resident - shared) * sysconf(_SC_PAGESIZE));
    }
}

static void add_cpu(pid_t pid, json_t *out)
{
    char text[1024];
    uint64_t user, kernel;
    const char *behind = read_proc(pid, "stat", text, sizeof text) ? strrchr(text, ')') : NULL;
    if (behind &&
        sscanf(behind, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64, &user,
               &kernel) == 2) {
        oc_json_set_int(out, "cpu_ms", (int64_t)(user + kernel) * 1000 / sysconf(_SC_CLK_TCK));
    }
}

void oc_process_stats(pid_t pid, json_t *out)
{
    if (pid > 0) {
        oc_json_set_int(out, "pid", pid);
        add_memory(pid, out);
        add_cpu(pid, out);
    }
}

/* ---- folders ---- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    remove(path);
    return 0;
}

void oc_process_remove_dirs(struct oc_process_body *p)
{
    if (p->tmp_dir) {
        nftw(p->tmp_dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
        OC_FREE(p->tmp_dir);
    }
}

static void add_state_dir(const struct oc_process_body *p, json_t *dirs)
{
    const char *home = p->body.plugin->owner->home;
    if (home && oc_name_valid(p->body.instance->name)) {
        char *dir = oc_asprintf("%s/state/plugins/%s", home, p->body.instance->name);
        if (oc_dir_make(dir, 0700, NULL) == OC_OK) {
            oc_json_set_str(dirs, "state", dir);
        }
        free(dir);
    }
}

void oc_process_add_dirs(struct oc_process_body *p, json_t *dirs)
{
    if (p->body.plugin->terms.tier == OC_TIER_SANDBOX) {
        const char *tmp = getenv("TMPDIR");
        char *dir = oc_asprintf("%s/openclaw-plugin-XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp");
        if (mkdtemp(dir)) {
            oc_json_set_str(dirs, "tmp", dir);
            p->tmp_dir = dir;
        } else {
            free(dir);
        }
    }
    add_state_dir(p, dirs);
}
