/* Files, ports and scopes of a plugin, by Landlock. SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <glob.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plughost/confine_internal.h"
#include "core/sys/landlock.h"

struct maker {
    struct confinement *c;
    struct oc_landlock rules;
};

/* A path that is not there gives no right, and is not an error: systems differ. */
static bool allow_path(struct maker *m, const char *path, uint64_t access)
{
    return oc_landlock_allow(&m->rules, path, access);
}

static void allow_each(struct maker *m, const char *const *paths, uint64_t access)
{
    for (; *paths; paths++) {
        allow_path(m, *paths, access);
    }
}

/* ---- what every plugin needs ---- */

static const char *const libraries[] = {"/lib",        "/lib64",         "/usr/lib", "/usr/lib64",
                                        "/usr/libx32", "/usr/local/lib", NULL};
static const char *const ordinary[] = {"/etc/ld.so.cache",
                                       "/etc/ld.so.preload",
                                       "/etc/localtime",
                                       "/etc/timezone",
                                       "/etc/locale.alias",
                                       "/usr/share/zoneinfo",
                                       "/usr/share/locale",
                                       "/dev/urandom",
                                       "/dev/random",
                                       "/dev/zero",
                                       "/proc/self",
                                       "/proc/cpuinfo",
                                       "/proc/meminfo",
                                       "/proc/sys/vm/overcommit_memory",
                                       "/sys/devices/system/cpu/online",
                                       NULL};
static const char *const networking[] = {"/etc/resolv.conf",
                                         "/etc/hosts",
                                         "/etc/host.conf",
                                         "/etc/nsswitch.conf",
                                         "/etc/gai.conf",
                                         "/etc/services",
                                         "/etc/protocols",
                                         "/etc/ssl",
                                         "/etc/pki",
                                         "/etc/gnutls",
                                         "/etc/crypto-policies",
                                         "/usr/share/ca-certificates",
                                         "/usr/local/share/ca-certificates",
                                         "/usr/share/ssl",
                                         NULL};

static bool has_network(const struct confinement *c)
{
    static const enum oc_right_kind kinds[] = {OC_RIGHT_NET_TCP, OC_RIGHT_NET_UDP,
                                               OC_RIGHT_NET_HTTP, OC_RIGHT_NET_LISTEN,
                                               OC_RIGHT_NET_DNS};
    for (size_t i = 0; i < OC_COUNT(kinds); i++) {
        if (oc_rights_has(&c->rights, kinds[i])) {
            return true;
        }
    }
    return false;
}

static void allow_base(struct maker *m)
{
    const struct confinement *c = m->c;
    bool spawns = oc_rights_has(&c->rights, OC_RIGHT_SPAWN);
    allow_each(m, libraries, OC_FS_READ);
    allow_each(m, ordinary, OC_FS_READ);
    allow_path(m, "/dev/null", OC_FS_READ_FILE | OC_FS_WRITE_FILE);
    if (has_network(c)) {
        allow_each(m, networking, OC_FS_READ);
    }
    if (c->plugin_dir) {
        allow_path(m, c->plugin_dir, OC_FS_READ);
    }
    if (c->tmp_dir) {
        allow_path(m, c->tmp_dir, OC_FS_READ | OC_FS_WRITE | (spawns ? OC_FS_EXECUTE : 0));
    }
}

/* ---- permissions ---- */

static bool is_below(const char *path, const char *folder)
{
    const size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && path[len] == '/';
}

/* The outermost folder around the path that the plugin may write to; owned, NULL when there is none. */
static char *writable_around(const struct confinement *c, const char *path)
{
    char *found = c->tmp_dir && is_below(path, c->tmp_dir) ? oc_strdup(c->tmp_dir) : NULL;
    for (size_t i = 0; i < c->rights.list.count; i++) {
        const struct oc_right *r = &c->rights.list.items[i];
        char *folder = r->kind == OC_RIGHT_FILE_WRITE ? oc_confine_path(c, r->what) : NULL;
        if (folder && is_below(path, folder) && (!found || strlen(folder) < strlen(found))) {
            free(found);
            found = folder;
        } else {
            free(folder);
        }
    }
    return found;
}

/* In a folder that the plugin writes to it may have left a link: it is followed within that folder, not out of it. */
static bool allow_below(struct maker *m, const char *folder, const char *path, uint64_t access)
{
    const struct open_how how = {.flags = O_PATH | O_CLOEXEC,
                                 .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    const int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const int fd =
        dir < 0 ? -1 : (int)syscall(SYS_openat2, dir, path + strlen(folder) + 1, &how, sizeof how);
    if (fd >= 0) {
        oc_landlock_allow_fd(&m->rules, fd, access);
        close(fd);
    }
    if (dir >= 0) {
        close(dir);
    }
    return fd >= 0;
}

static bool allow_named(struct maker *m, const char *path, uint64_t access)
{
    char *folder = writable_around(m->c, path);
    const bool there = folder ? allow_below(m, folder, path, access) : allow_path(m, path, access);
    free(folder);
    return there;
}

static void allow_pattern(struct maker *m, const char *pattern, uint64_t access)
{
    glob_t found;
    if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            allow_named(m, found.gl_pathv[i], access);
        }
    }
    globfree(&found);
}

static void allow_files(struct maker *m, const struct oc_right *right, uint64_t access)
{
    char *path = oc_confine_path(m->c, right->what);
    if (path && strchr(path, '*')) {
        allow_pattern(m, path, access);
    } else if (!path || !allow_named(m, path, access)) {
        oc_confine_miss(m->c, "%s: there is no such file yet", right->text);
    }
    free(path);
}

/* The program itself and the loader that a dynamic one is started with. */
static void allow_program(struct maker *m, const char *path)
{
    static const char *const loaders[] = {"/lib64/ld-linux-x86-64.so.2",
                                          "/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-x86_64.so.1",
                                          "/lib/ld-musl-aarch64.so.1", NULL};
    allow_named(m, path, OC_FS_EXECUTE | OC_FS_READ);
    allow_each(m, loaders, OC_FS_EXECUTE | OC_FS_READ_FILE);
}

static void allow_spawn(struct maker *m, const char *what)
{
    const char *search = getenv("PATH");
    if (strcmp(what, "*") == 0) {
        allow_path(m, "/", OC_FS_EXECUTE);
        allow_path(m, "/usr", OC_FS_READ);
        allow_path(m, "/bin", OC_FS_READ);
        return;
    }
    if (*what == '/' || *what == '{') {
        char *path = oc_confine_path(m->c, what);
        if (path) {
            allow_program(m, path);
        }
        free(path);
        return;
    }
    for (const char *p = search; p && *p; p = strchr(p, ':') ? strchr(p, ':') + 1 : NULL) {
        char *path = oc_asprintf("%.*s/%s", (int)strcspn(p, ":"), p, what);
        bool found = *p == '/' && access(path, X_OK) == 0;
        if (found) {
            allow_program(m, path);
        }
        free(path);
        if (found) {
            return;
        }
    }
    oc_confine_miss(m->c, "process:spawn:%s: there is no such program in PATH", what);
}

static void allow_ports(struct maker *m, unsigned lo, unsigned hi, uint64_t access)
{
    for (unsigned port = lo; (access & m->rules.ports) && port <= hi; port++) {
        oc_landlock_allow_port(&m->rules, (uint16_t)port, access);
    }
}

static void allow_right(struct maker *m, const struct oc_right *r)
{
    switch (r->kind) {
    case OC_RIGHT_FILE_READ:
        allow_files(m, r, OC_FS_READ);
        break;
    case OC_RIGHT_FILE_WRITE:
        allow_files(m, r, OC_FS_WRITE);
        break;
    case OC_RIGHT_FILE_EXECUTE:
        allow_files(m, r, OC_FS_EXECUTE | OC_FS_READ_FILE);
        break;
    case OC_RIGHT_NET_TCP:
    case OC_RIGHT_NET_HTTP:
        allow_ports(m, r->lo, r->hi, OC_NET_CONNECT);
        break;
    case OC_RIGHT_NET_LISTEN:
        allow_ports(m, r->lo, r->hi, OC_NET_BIND);
        break;
    case OC_RIGHT_SPAWN:
        allow_spawn(m, r->what);
        break;
    case OC_RIGHT_NET_UDP:
    case OC_RIGHT_NET_UNIX:
    case OC_RIGHT_NET_DNS:
    case OC_RIGHT_SIGNAL:
    case OC_RIGHT_ENV:
    case OC_RIGHT_SECRET:
    case OC_RIGHT_OP:
    case OC_RIGHT_TERMINAL:
    default:
        break; /* held by the filter of system calls or by the broker */
    }
}

/* ---- what is handled at all ---- */

/* A right to every port is not a rule for each of them: the kernel is not asked to hold that kind. */
static bool any_port(const struct oc_rights *rights, bool listening)
{
    for (size_t i = 0; i < rights->list.count; i++) {
        const struct oc_right *r = &rights->list.items[i];
        bool same = listening ? r->kind == OC_RIGHT_NET_LISTEN
                              : r->kind == OC_RIGHT_NET_TCP || r->kind == OC_RIGHT_NET_HTTP;
        if (same && r->lo == 0 && r->hi == UINT16_MAX) {
            return true;
        }
    }
    return false;
}

static bool abstract_sockets(const struct oc_rights *rights)
{
    for (size_t i = 0; i < rights->list.count; i++) {
        const struct oc_right *r = &rights->list.items[i];
        if (r->kind == OC_RIGHT_NET_UNIX && *r->what != '/') {
            return true;
        }
    }
    return false;
}

static uint64_t handled_ports(const struct confinement *c)
{
    return (any_port(&c->rights, false) ? 0 : OC_NET_CONNECT) |
           (any_port(&c->rights, true) ? 0 : OC_NET_BIND);
}

static uint64_t handled_scopes(const struct confinement *c)
{
    return (abstract_sockets(&c->rights) ? 0 : OC_SCOPE_SOCKETS) |
           (oc_rights_has(&c->rights, OC_RIGHT_SIGNAL) ? 0 : OC_SCOPE_SIGNALS);
}

static void add_rules(struct maker *m)
{
    allow_base(m);
    for (size_t i = 0; i < m->c->rights.list.count; i++) {
        allow_right(m, &m->c->rights.list.items[i]);
    }
    if (oc_rights_resolve_names(&m->c->rights)) {
        allow_ports(m, 53, 53, OC_NET_CONNECT); /* answers that are too long for UDP */
    }
}

int oc_confine_landlock(struct confinement *c, struct oc_error *err)
{
    struct maker m = {.c = c};
    oc_json_set_int(c->report, "landlock", c->kernel.landlock);
    if (c->kernel.landlock < OC_LANDLOCK_FILES) {
        return OC_OK;
    }
    const int code =
        oc_landlock_begin(&m.rules, c->kernel.landlock, handled_ports(c), handled_scopes(c), err);
    if (code) {
        return code;
    }
    add_rules(&m);
    return oc_landlock_enforce(&m.rules, err);
}
