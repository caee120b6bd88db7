/* Control groups by the files of /sys/fs/cgroup, versions 1 and 2. SPDX-License-Identifier: MIT */
#include "core/plugin/process/cgroup.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/vec.h"
#include "core/sys/file.h"

#define MOUNTS      "/sys/fs/cgroup"
#define THREADS     64 /* beside the processes: a group counts both */
#define PERIOD_US   100000
#define KILL_ROUNDS 50 /* what forks while it is killed is found in the next round */
#define TEXT_MAX    (64u << 10)

enum controller { MEMORY, PIDS, CPU, CONTROLLERS };
static const char *const names[CONTROLLERS] = {"memory", "pids", "cpu"};

struct oc_cgroups {
    struct {
        int version; /* 0 = not ours to use */
        char *dir;   /* owned: the group below which ours are made */
    } at[CONTROLLERS];
    unsigned made;
    struct {
        OC_VEC(char *) dirs;
    } left; /* could not be removed yet */
};

struct oc_cgroup {
    struct oc_cgroups *groups;
    char
        *dir[CONTROLLERS]; /* owned; NULL = not held; the same folder more than once in version 2 */
};

/* ---- files ---- */

static bool put(const char *dir, const char *file, const char *text)
{
    char *path = oc_path_join(dir, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) {
        close(fd);
    }
    free(path);
    return ok;
}

static bool put_number(const char *dir, const char *file, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, value);
    return put(dir, file, text);
}

/* The content, owned by the caller; "" when it cannot be read. */
static char *get(const char *dir, const char *file)
{
    struct oc_buf b = {0};
    char *path = file ? oc_path_join(dir, file) : oc_strdup(dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = 1;
    while (fd >= 0 && n > 0 && b.len < TEXT_MAX) {
        oc_buf_reserve(&b, 4096);
        n = read(fd, b.data + b.len, 4096);
        b.len += n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    free(path);
    oc_buf_addc(&b, '\0');
    return oc_buf_take(&b);
}

/* ---- where ---- */

/* `word` in a list of words with separators of `between`. */
static bool has_word(const char *list, const char *word, const char *between)
{
    size_t len = strlen(word);
    for (const char *p = list; *p; p += strcspn(p, between), p += strspn(p, between)) {
        if (strcspn(p, between) == len && strncmp(p, word, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool delegated(const char *dir)
{
    static const char *const marks[] = {"user.delegate", "trusted.delegate"};
    char value[4] = "";
    for (size_t i = 0; i < OC_COUNT(marks); i++) {
        if (getxattr(dir, marks[i], value, sizeof value - 1) > 0 && value[0] == '1') {
            return true;
        }
    }
    return false;
}

/* Only a group without processes may hand controllers down: we move into one below it first. */
static bool hand_down(const char *dir, const char *controllers)
{
    char *host = oc_path_join(dir, "host");
    bool ok = mkdir(host, 0755) == 0 || errno == EEXIST;
    ok = ok && put_number(host, "cgroup.procs", getpid());
    for (int c = 0; ok && c < CONTROLLERS; c++) {
        char word[16];
        snprintf(word, sizeof word, "+%s", names[c]);
        if (has_word(controllers, names[c], " \n")) {
            put(dir, "cgroup.subtree_control", word);
        }
    }
    free(host);
    return ok;
}

static void use_version_2(struct oc_cgroups *g, const char *root, const char *self)
{
    const char *line = oc_starts(self, "0::") ? self : strstr(self, "\n0::");
    const char *chosen = getenv("OPENCLAW_CGROUP");
    if (!line) {
        return;
    }
    line += *line == '\n' ? 4 : 3;
    char *dir =
        chosen ? oc_strdup(chosen) : oc_asprintf("%s%.*s", root, (int)strcspn(line, "\n"), line);
    char *offered = get(dir, "cgroup.controllers");
    if (*offered && (chosen || delegated(dir)) && hand_down(dir, offered)) {
        char *handed = get(dir, "cgroup.subtree_control");
        for (int c = 0; c < CONTROLLERS; c++) {
            if (has_word(handed, names[c], " \n")) {
                g->at[c].version = 2;
                g->at[c].dir = oc_strdup(dir);
            }
        }
        free(handed);
    }
    free(offered);
    free(dir);
}

/* A line of /proc/self/cgroup: "4:memory:/path", or "3:cpu,cpuacct:/path" mounted as either. */
static void use_version_1(struct oc_cgroups *g, const char *root, char *line)
{
    char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;
    if (!path || path == list + 1) {
        return;
    }
    *list++ = *path++ = '\0';
    for (int c = 0; c < CONTROLLERS; c++) {
        char *dir = oc_asprintf("%s/%s%s", root, list, path);
        if (access(dir, W_OK) != 0) {
            free(dir);
            dir = oc_asprintf("%s/%s%s", root, names[c], path);
        }
        size_t len = strlen(dir);
        if (len && dir[len - 1] == '/') {
            dir[len - 1] = '\0';
        }
        if (g->at[c].version == 0 && has_word(list, names[c], ",") && access(dir, W_OK) == 0) {
            g->at[c].version = 1;
            g->at[c].dir = dir;
        } else {
            free(dir);
        }
    }
}

/* ---- the end of groups ---- */

static void kill_all(const char *dir)
{
    put(dir, "cgroup.kill", "1");
    for (int round = 0; round < KILL_ROUNDS; round++) {
        char *list = get(dir, "cgroup.procs");
        bool some = false;
        for (char *p = list; *p; p += strcspn(p, "\n"), p += *p == '\n') {
            long pid = strtol(p, NULL, 10);
            if (pid > 1 && pid != getpid()) {
                some = true;
                kill((pid_t)pid, SIGKILL);
            }
        }
        free(list);
        if (!some) {
            return;
        }
    }
}

static bool gone(const char *dir)
{
    return rmdir(dir) == 0 || errno == ENOENT;
}

static void remove_left(struct oc_cgroups *g)
{
    for (size_t i = g->left.dirs.count; i > 0; i--) {
        char *dir = g->left.dirs.items[i - 1];
        kill_all(dir);
        if (gone(dir)) {
            free(dir);
            OC_VEC_REMOVE(&g->left.dirs, i - 1);
        }
    }
}

/* Groups of a host that was killed: its number is nobody's now. */
static void remove_orphans(struct oc_cgroups *g, const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        int pid, n, end = 0;
        if (sscanf(e->d_name, "openclaw-%d-%d%n", &pid, &n, &end) == 2 && !e->d_name[end] &&
            pid > 1 && kill(pid, 0) != 0 && errno == ESRCH) {
            OC_VEC_PUSH(&g->left.dirs, oc_path_join(dir, e->d_name));
        }
    }
    if (d) {
        closedir(d);
    }
}

/* ---- open and close ---- */

struct oc_cgroups *oc_cgroups_open(const char *root, const char *self)
{
    struct oc_cgroups *g = oc_calloc(1, sizeof *g);
    char *text = self ? oc_strdup(self) : get("/proc/self/cgroup", NULL), *rest = NULL;
    root = root ? root : MOUNTS;
    use_version_2(g, root, text);
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        use_version_1(g, root, line);
    }
    for (int c = 0; c < CONTROLLERS; c++) {
        if (g->at[c].dir) {
            remove_orphans(g, g->at[c].dir);
        }
    }
    remove_left(g);
    free(text);
    return g;
}

void oc_cgroups_close(struct oc_cgroups *groups)
{
    if (!groups) {
        return;
    }
    remove_left(groups);
    for (size_t i = 0; i < groups->left.dirs.count; i++) {
        free(groups->left.dirs.items[i]);
    }
    OC_VEC_FINISH(&groups->left.dirs);
    for (int c = 0; c < CONTROLLERS; c++) {
        free(groups->at[c].dir);
    }
    free(groups);
}

/* ---- one group ---- */

static bool set_limit(const char *dir, enum controller c, int version,
                      const struct oc_limits *limits)
{
    char text[64];
    int64_t quota = limits->cpu_percent * PERIOD_US / 100;
    if (c == PIDS) {
        return limits->processes > 0 && put_number(dir, "pids.max", limits->processes + THREADS);
    }
    if (c == MEMORY) {
        put(dir, "memory.oom.group", "1");
        return limits->memory_bytes > 0 &&
               put_number(dir, version == 2 ? "memory.max" : "memory.limit_in_bytes",
                          limits->memory_bytes);
    }
    if (limits->cpu_percent <= 0) {
        return false;
    }
    if (version == 2) {
        snprintf(text, sizeof text, "%" PRId64 " %d", quota, PERIOD_US);
        return put(dir, "cpu.max", text);
    }
    return put_number(dir, "cpu.cfs_period_us", PERIOD_US) &&
           put_number(dir, "cpu.cfs_quota_us", quota);
}

/* Another controller of this group has made the folder already (version 2, or two of version 1 in one mount). */
static bool is_ours(const struct oc_cgroup *group, const char *dir)
{
    for (int c = 0; c < CONTROLLERS; c++) {
        if (group->dir[c] && strcmp(group->dir[c], dir) == 0) {
            return true;
        }
    }
    return false;
}

static void make(struct oc_cgroup *group, enum controller c, const char *name,
                 const struct oc_limits *limits)
{
    struct oc_cgroups *g = group->groups;
    char *dir = oc_path_join(g->at[c].dir, name);
    bool there = is_ours(group, dir);
    if ((there || mkdir(dir, 0755) == 0) && set_limit(dir, c, g->at[c].version, limits)) {
        group->dir[c] = dir;
        return;
    }
    if (!there) {
        rmdir(dir);
    }
    free(dir);
}

struct oc_cgroup *oc_cgroup_create(struct oc_cgroups *groups, const struct oc_limits *limits)
{
    struct oc_cgroup *group = oc_calloc(1, sizeof *group);
    char name[64];
    bool some = false;
    remove_left(groups);
    group->groups = groups;
    snprintf(name, sizeof name, "openclaw-%d-%u", (int)getpid(), ++groups->made);
    for (int c = 0; c < CONTROLLERS; c++) {
        if (groups->at[c].dir) {
            make(group, (enum controller)c, name, limits);
            some = some || group->dir[c];
        }
    }
    if (!some) {
        free(group);
        return NULL;
    }
    return group;
}

bool oc_cgroup_enter(struct oc_cgroup *group, pid_t pid)
{
    bool all = true;
    for (int c = 0; c < CONTROLLERS; c++) {
        all = all && (!group->dir[c] || put_number(group->dir[c], "cgroup.procs", pid));
    }
    return all;
}

json_t *oc_cgroup_json(const struct oc_cgroup *group)
{
    json_t *out = json_object();
    for (int c = 0; c < CONTROLLERS; c++) {
        oc_json_set_bool(out, names[c], group->dir[c] != NULL);
    }
    return out;
}

void oc_cgroup_kill(struct oc_cgroup *group)
{
    for (int c = 0; c < CONTROLLERS; c++) {
        if (group->dir[c]) {
            kill_all(group->dir[c]);
        }
    }
}

bool oc_cgroup_out_of_memory(const struct oc_cgroup *group)
{
    const char *dir = group->dir[MEMORY];
    if (!dir) {
        return false;
    }
    bool second = group->groups->at[MEMORY].version == 2;
    char *text = get(dir, second ? "memory.events" : "memory.oom_control");
    const char *kills = strstr(text, "oom_kill ");
    bool some = kills && strtol(kills + strlen("oom_kill "), NULL, 10) > 0;
    free(text);
    return some;
}

void oc_cgroup_destroy(struct oc_cgroup *group)
{
    if (!group) {
        return;
    }
    oc_cgroup_kill(group);
    for (int c = 0; c < CONTROLLERS; c++) {
        if (group->dir[c] && !gone(group->dir[c])) {
            OC_VEC_PUSH(&group->groups->left.dirs, group->dir[c]);
        } else {
            free(group->dir[c]);
        }
    }
    free(group);
}
