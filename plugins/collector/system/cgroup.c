/* The limits of the control group that we run in, version 1 and 2. SPDX-License-Identifier: MIT
 *
 * The limits that bind us may be set on any group above ours; the nearest one is reported, together
 * with the use of that same group. Inside a container the path that /proc/self/cgroup names may not
 * exist in our mount: then the top of the mount is our group. Without a limit nothing is put out.
 */
#include "system.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define V1_UNLIMITED                                                                               \
    (UINT64_C(1) << 60) /* version 1 writes "no limit" as LONG_MAX rounded to pages */

struct group {
    const char *mount; /* "sys/fs/cgroup/memory" */
    char path[512];    /* "/system.slice/x.service", or "" for the top */
};

static bool read_file(struct oc_system *s, const struct group *g, const char *file,
                      struct oc_kept_file *kept, struct oc_scan *text)
{
    char path[768];
    snprintf(path, sizeof path, "%s%s/%s", g->mount, g->path, file);
    oc_kept_close(kept);
    return oc_system_read_path(s, kept, path, text);
}

static bool is_memory_limit(const struct oc_system *s, struct oc_scan text, uint64_t *limit)
{
    return oc_scan_number(&text, limit) && (s->cgroup.v2 || *limit < V1_UNLIMITED);
}

/* One level up; false at the top. */
static bool go_up(struct group *g)
{
    char *slash = strrchr(g->path, '/');
    if (!slash) {
        return false;
    }
    *slash = '\0';
    return true;
}

static void start_at_top_when_foreign(struct oc_system *s, struct group *g)
{
    char path[768];
    snprintf(path, sizeof path, "%s%s", g->mount, g->path);
    if (faccessat(s->root_fd, path, F_OK, 0) != 0 || strcmp(g->path, "/") == 0) {
        g->path[0] = '\0';
    }
}

static void keep(struct oc_system *s, const struct group *g, const char *file,
                 struct oc_kept_file *kept)
{
    struct oc_scan text;
    read_file(s, g, file, kept, &text);
}

static void find_memory(struct oc_system *s, struct group *g)
{
    struct oc_cgroup *c = &s->cgroup;
    const char *limit_file = c->v2 ? "memory.max" : "memory.limit_in_bytes";
    start_at_top_when_foreign(s, g);
    do {
        struct oc_scan text;
        uint64_t limit;
        if (read_file(s, g, limit_file, &c->memory_limit, &text) &&
            is_memory_limit(s, text, &limit)) {
            keep(s, g, c->v2 ? "memory.current" : "memory.usage_in_bytes", &c->memory_usage);
            keep(s, g, "memory.stat", &c->memory_stat);
            return;
        }
    } while (go_up(g));
    oc_kept_close(&c->memory_limit);
}

/* "max 100000" or "50000 100000": microseconds of processor time in each period. Version 1 has two
 * files and -1. */
static bool read_cpu_limit(struct oc_system *s, double *cores)
{
    struct oc_cgroup *c = &s->cgroup;
    struct oc_scan text;
    uint64_t quota, period;
    if (c->cpu_limit.fd < 0 || !oc_system_read_path(s, &c->cpu_limit, "", &text) ||
        !oc_scan_number(&text, &quota)) {
        return false;
    }
    if (c->v2) {
        period = oc_scan_u64(&text);
    } else if (c->cpu_period.fd < 0 || !oc_system_read_number(s, &c->cpu_period, "", &period)) {
        return false;
    }
    *cores = period > 0 ? (double)quota / (double)period : 0;
    return *cores > 0;
}

static void find_cpu(struct oc_system *s, struct group *g)
{
    struct oc_cgroup *c = &s->cgroup;
    double cores;
    start_at_top_when_foreign(s, g);
    do {
        struct oc_scan text;
        if (!read_file(s, g, c->v2 ? "cpu.max" : "cpu.cfs_quota_us", &c->cpu_limit, &text)) {
            continue;
        }
        if (!c->v2) {
            keep(s, g, "cpu.cfs_period_us", &c->cpu_period);
        }
        if (read_cpu_limit(s, &cores)) {
            keep(s, g, "cpu.stat", &c->cpu_stat);
            return;
        }
    } while (go_up(g));
    oc_kept_close(&c->cpu_limit);
    oc_kept_close(&c->cpu_period);
}

/* Is `controller` one of the comma-separated names in `list`? */
static bool has_controller(struct oc_view list, const char *controller)
{
    size_t len = strlen(controller);
    for (const char *p = list.ptr, *end = list.ptr + list.len; p < end;) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *stop = comma ? comma : end;
        if ((size_t)(stop - p) == len && memcmp(p, controller, len) == 0) {
            return true;
        }
        p = stop + 1;
    }
    return false;
}

struct membership {
    char unified[512], memory[512], cpu[512], cpuacct[512];
    bool has_unified, has_memory, has_cpu, has_cpuacct;
};

static void copy_path(char out[512], bool *has, const struct oc_scan *line)
{
    size_t len = (size_t)(line->end - line->p);
    if (len < 512) {
        memcpy(out, line->p, len);
        out[len] = '\0';
        *has = true;
    }
}

/* "4:memory:/docker/abc": hierarchy, controllers, path; version 2 is "0::/path". */
static void take_membership(struct membership *m, struct oc_scan *line)
{
    oc_scan_u64(line);
    if (!oc_scan_literal(line, ":")) {
        return;
    }
    struct oc_view controllers = oc_scan_until(line, ':');
    if (!oc_scan_literal(line, ":")) {
        return;
    }
    if (controllers.len == 0) {
        copy_path(m->unified, &m->has_unified, line);
    }
    if (has_controller(controllers, "memory")) {
        copy_path(m->memory, &m->has_memory, line);
    }
    if (has_controller(controllers, "cpu")) {
        copy_path(m->cpu, &m->has_cpu, line);
    }
    if (has_controller(controllers, "cpuacct")) {
        copy_path(m->cpuacct, &m->has_cpuacct, line);
    }
}

static struct group group_of(const char *mount, const char *path)
{
    struct group g = {.mount = mount};
    snprintf(g.path, sizeof g.path, "%s", path);
    return g;
}

void oc_system_cgroup_find(struct oc_system *s)
{
    struct oc_cgroup *c = &s->cgroup;
    struct membership m = {0};
    struct oc_kept_file file;
    struct oc_scan text, line;
    struct oc_kept_file *all[] = {&c->memory_limit, &c->memory_usage, &c->memory_stat,
                                  &c->cpu_limit,    &c->cpu_period,   &c->cpu_usage,
                                  &c->cpu_stat};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        oc_kept_init(all[i]);
    }
    oc_kept_init(&file);
    if (!oc_system_read_path(s, &file, "proc/self/cgroup", &text)) {
        return;
    }
    while (oc_scan_line(&text, &line)) {
        take_membership(&m, &line);
    }
    oc_kept_close(&file);
    c->v2 = m.has_unified && !m.has_memory && !m.has_cpu;
    struct group memory =
        c->v2 ? group_of("sys/fs/cgroup", m.unified) : group_of("sys/fs/cgroup/memory", m.memory);
    struct group cpu =
        c->v2 ? group_of("sys/fs/cgroup", m.unified) : group_of("sys/fs/cgroup/cpu", m.cpu);
    if (c->v2 || m.has_memory) {
        find_memory(s, &memory);
    }
    if (c->v2 || m.has_cpu) {
        find_cpu(s, &cpu);
    }
    if (!c->v2 && m.has_cpuacct && c->cpu_limit.fd >= 0) {
        struct group usage = group_of("sys/fs/cgroup/cpuacct", cpu.path);
        keep(s, &usage, "cpuacct.usage", &c->cpu_usage);
    }
}

/* File cache that can be dropped at any time is not use: what is left is what counts against the
 * limit. */
static uint64_t inactive_file(struct oc_system *s)
{
    struct oc_scan text, line;
    const char *key = s->cgroup.v2 ? "inactive_file " : "total_inactive_file ";
    if (s->cgroup.memory_stat.fd < 0 ||
        !oc_system_read_path(s, &s->cgroup.memory_stat, "", &text)) {
        return 0;
    }
    while (oc_scan_line(&text, &line)) {
        if (oc_scan_literal(&line, key)) {
            return oc_scan_u64(&line);
        }
    }
    return 0;
}

static void put_memory(struct oc_system *s, struct oc_out *o)
{
    struct oc_cgroup *c = &s->cgroup;
    struct oc_scan text;
    uint64_t limit, usage;
    if (c->memory_limit.fd < 0 || c->memory_usage.fd < 0 ||
        !oc_system_read_path(s, &c->memory_limit, "", &text) || !is_memory_limit(s, text, &limit) ||
        !oc_system_read_number(s, &c->memory_usage, "", &usage)) {
        return;
    }
    uint64_t cache = inactive_file(s);
    double used = (double)(usage > cache ? usage - cache : 0);
    oc_out_gauge(o, "system.cgroup_memory_limit_bytes", (double)limit);
    oc_out_gauge(o, "system.cgroup_memory_used_bytes", used);
    oc_out_gauge(o, "system.cgroup_memory_percent", oc_percent(used, (double)limit));
}

struct cpu_stat {
    uint64_t usage, periods, throttled;
};

static struct cpu_stat read_cpu_stat(struct oc_system *s)
{
    struct oc_cgroup *c = &s->cgroup;
    struct cpu_stat st = {0};
    struct oc_scan text, line;
    if (c->cpu_stat.fd >= 0 && oc_system_read_path(s, &c->cpu_stat, "", &text)) {
        while (oc_scan_line(&text, &line)) {
            if (oc_scan_literal(&line, "usage_usec ")) {
                st.usage = oc_scan_u64(&line);
            } else if (oc_scan_literal(&line, "nr_periods ")) {
                st.periods = oc_scan_u64(&line);
            } else if (oc_scan_literal(&line, "nr_throttled ")) {
                st.throttled = oc_scan_u64(&line);
            }
        }
    }
    uint64_t ns;
    if (c->cpu_usage.fd >= 0 && oc_system_read_number(s, &c->cpu_usage, "", &ns)) {
        st.usage = ns / 1000;
    }
    return st;
}

static void put_cpu(struct oc_system *s, struct oc_out *o)
{
    struct oc_cgroup *c = &s->cgroup;
    double cores;
    if (!read_cpu_limit(s, &cores)) {
        return;
    }
    struct cpu_stat now = read_cpu_stat(s);
    oc_out_gauge(o, "system.cgroup_cpu_limit_cores", oc_round(cores, 100));
    if (c->primed && s->elapsed > 0 && now.usage >= c->usage && now.periods >= c->periods) {
        oc_out_gauge(o, "system.cgroup_cpu_percent",
                     oc_percent((double)(now.usage - c->usage) / 1e6, s->elapsed * cores));
        oc_out_gauge(
            o, "system.cgroup_throttled_percent",
            oc_percent((double)(now.throttled - c->throttled), (double)(now.periods - c->periods)));
    }
    c->usage = now.usage;
    c->periods = now.periods;
    c->throttled = now.throttled;
    c->primed = true;
}

void oc_system_cgroup(struct oc_system *s, struct oc_out *o)
{
    put_memory(s, o);
    put_cpu(s, o);
}

void oc_system_cgroup_close(struct oc_system *s)
{
    struct oc_cgroup *c = &s->cgroup;
    oc_kept_close(&c->memory_limit);
    oc_kept_close(&c->memory_usage);
    oc_kept_close(&c->memory_stat);
    oc_kept_close(&c->cpu_limit);
    oc_kept_close(&c->cpu_period);
    oc_kept_close(&c->cpu_usage);
    oc_kept_close(&c->cpu_stat);
}
