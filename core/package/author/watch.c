/* The verb plugin.watch: a row whenever the sources of a plugin have changed. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/author/author.h"
#include "core/sys/file.h"

#define QUIET_MS   120 /* an editor writes several times: a change is told when it has ended */
#define LOOK_EVERY 200 /* ms, for the wish to be cancelled */
#define DEPTH_MAX  8
#define WATCH_MAX  512u
#define EVENTS     (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ONLYDIR)

struct watch {
    int fd;
    size_t folders;
    char *names[WATCH_MAX + 1]; /* folder of a watch descriptor; owned */
    json_t *files;              /* what has changed since the last row: a set */
};

/* What an editor or a build leaves behind is no source. */
static bool is_noise(const char *name)
{
    const size_t len = strlen(name);
    return *name == '.' || strcmp(name, "build") == 0 || strcmp(name, "target") == 0 ||
           strcmp(name, "4913") == 0 || (len && name[len - 1] == '~') || oc_ends(name, ".swp") ||
           oc_ends(name, ".ocp") || oc_ends(name, ".minisig");
}

static void add_folder(struct watch *x, const char *path, int depth)
{
    const int id = inotify_add_watch(x->fd, path, EVENTS);
    if (id < 0 || (size_t)id > WATCH_MAX || depth > DEPTH_MAX) {
        return;
    }
    free(x->names[id]);
    x->names[id] = oc_strdup(path);
    x->folders++;
    DIR *dir = opendir(path);
    for (const struct dirent *e; dir && (e = readdir(dir));) {
        struct stat st;
        if (!is_noise(e->d_name) && fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISDIR(st.st_mode)) {
            char *child = oc_path_join(path, e->d_name);
            add_folder(x, child, depth + 1);
            free(child);
        }
    }
    if (dir) {
        closedir(dir);
    }
}

static void take_event(struct watch *x, const struct inotify_event *e)
{
    if (!e->len || is_noise(e->name) || e->wd < 0 || (size_t)e->wd > WATCH_MAX ||
        !x->names[e->wd]) {
        return;
    }
    char *path = oc_path_join(x->names[e->wd], e->name);
    if (e->mask & IN_ISDIR && e->mask & (IN_CREATE | IN_MOVED_TO)) {
        add_folder(x, path, 1);
    }
    /* a file that is created is told when it has been written */
    if (!(e->mask & IN_CREATE) || e->mask & IN_ISDIR) {
        json_object_set_new(x->files, path, json_true());
    }
    free(path);
}

static void take_events(struct watch *x)
{
    union {
        struct inotify_event event;
        char bytes[16384];
    } in;
    const ssize_t n = read(x->fd, in.bytes, sizeof in.bytes);
    for (ssize_t at = 0; at < n;) {
        const struct inotify_event *e = (const void *)(in.bytes + at);
        take_event(x, e);
        at += (ssize_t)(sizeof *e + e->len);
    }
}

static void tell(struct oc_work *w, struct watch *x)
{
    json_t *row = json_object(), *files = json_array();
    const char *name;
    json_t *value;
    json_object_foreach(x->files, name, value)
    {
        json_array_append_new(files, json_string(name));
    }
    oc_json_set_str(row, "event", "changed");
    oc_json_take(row, "files", files);
    oc_work_row(w, row);
    json_object_clear(x->files);
}

static void follow(struct oc_work *w, struct watch *x, bool once)
{
    bool told = false;
    while (!oc_work_cancelled() && !(once && told)) {
        struct pollfd p = {.fd = x->fd, .events = POLLIN};
        const bool pending = json_object_size(x->files) > 0;
        const int ready = poll(&p, 1, pending ? QUIET_MS : LOOK_EVERY);
        if (ready > 0) {
            take_events(x);
        } else if (ready == 0 && pending) {
            tell(w, x);
            told = true;
        } else if (ready < 0 && errno != EINTR) {
            break;
        }
    }
}

int oc_author_watch(struct oc_work *w)
{
    char *dir = oc_path_expand(oc_json_str(w->params, "path", "."), NULL);
    struct watch *x = oc_calloc(1, sizeof *x);
    struct stat st;
    int code = OC_OK;
    x->files = json_object();
    x->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)) {
        code = oc_error_set(&w->err, OC_E_NOT_FOUND, "%s is no folder", dir);
    } else if (x->fd < 0) {
        code = oc_error_errno(&w->err, 0, errno, "cannot watch %s", dir);
    } else {
        add_folder(x, dir, 0);
        oc_work_row(w, json_pack("{s:s,s:s}", "event", "watching", "folder", dir));
        follow(w, x, oc_json_bool(w->params, "once", false));
    }
    for (size_t i = 0; i <= WATCH_MAX; i++) {
        free(x->names[i]);
    }
    json_decref(x->files);
    if (x->fd >= 0) {
        close(x->fd);
    }
    free(x);
    free(dir);
    return code;
}
