/* Level 0: what the library calls, against what its manifest asks for. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/check/internal.h"

/* A group of functions, the finding that they are worth, and the permissions that allow them. */
struct group {
    const char *id;
    const char *const *names;
    const enum oc_right_kind
        *rights; /* any of these, as many as `count`; none = nothing allows it */
    size_t count;
};

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define RIGHTS(...)                                                                                \
    ((const enum oc_right_kind[]){__VA_ARGS__}),                                                   \
        sizeof((const enum oc_right_kind[]){__VA_ARGS__}) / sizeof(enum oc_right_kind)
#define NO_RIGHT NULL, 0

#define NETWORK                                                                                    \
    OC_RIGHT_NET_TCP, OC_RIGHT_NET_UDP, OC_RIGHT_NET_HTTP, OC_RIGHT_NET_LISTEN, OC_RIGHT_NET_UNIX, \
        OC_RIGHT_NET_DNS

static const struct group groups[] = {
    {"OC0201",
     NAMES("socket", "connect", "bind", "listen", "accept", "accept4", "getaddrinfo",
           "gethostbyname", "gethostbyname_r", "gethostbyname2", "getnameinfo", "res_query",
           "__res_query", "sendto", "sendmsg"),
     RIGHTS(NETWORK)},
    {"OC0202",
     NAMES("execve", "execv", "execvp", "execvpe", "execl", "execlp", "execle", "fexecve",
           "posix_spawn", "posix_spawnp", "system", "popen", "fork", "vfork", "clone", "__clone"),
     RIGHTS(OC_RIGHT_SPAWN)},
    {"OC0203", NAMES("system", "popen"), NO_RIGHT},
    {"OC0204", NAMES("dlopen", "dlmopen"), NO_RIGHT},
    {"OC0205",
     NAMES("setuid", "setgid", "seteuid", "setegid", "setreuid", "setregid", "setresuid",
           "setresgid", "setgroups", "initgroups", "ptrace", "process_vm_readv",
           "process_vm_writev", "mount", "umount", "umount2", "pivot_root", "chroot", "setns",
           "unshare", "init_module", "finit_module", "delete_module", "reboot", "swapon", "swapoff",
           "iopl", "ioperm", "settimeofday", "clock_settime", "sethostname", "acct"),
     NO_RIGHT},
    {"OC0206", NAMES("exit", "_exit", "_Exit", "quick_exit"), NO_RIGHT},
    {"OC0207",
     NAMES("chdir", "fchdir", "umask", "setlocale", "setenv", "unsetenv", "putenv", "clearenv",
           "signal", "sigaction", "__sysv_signal", "tzset", "srand", "setpriority", "setrlimit",
           "setrlimit64"),
     NO_RIGHT},
    {"OC0208",
     NAMES("unlink", "unlinkat", "remove", "rename", "renameat", "renameat2", "mkdir", "mkdirat",
           "rmdir", "link", "linkat", "symlink", "symlinkat", "truncate", "truncate64", "chmod",
           "fchmodat", "chown", "lchown", "fchownat", "mknod", "mkfifo", "creat", "creat64"),
     RIGHTS(OC_RIGHT_FILE_WRITE)},
    {"OC0209",
     NAMES("open", "open64", "openat", "openat64", "fopen", "fopen64", "opendir", "__open_2",
           "__open64_2", "__openat_2", "__openat64_2"),
     RIGHTS(OC_RIGHT_FILE_READ, OC_RIGHT_FILE_WRITE, OC_RIGHT_FILE_EXECUTE)},
    {"OC0211",
     NAMES("printf", "__printf_chk", "vprintf", "__vprintf_chk", "puts", "putchar", "stdout"),
     RIGHTS(OC_RIGHT_TERMINAL)},
    {"OC0212", NAMES("syscall"), NO_RIGHT},
};

static bool imports(const struct oc_subject *s, const char *name)
{
    for (size_t i = 0; i < s->elf.symbols.count; i++) {
        const struct oc_elf_symbol *symbol = &s->elf.symbols.items[i];
        if (!symbol->defined && strcmp(symbol->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_right(const struct oc_subject *s, const enum oc_right_kind *kinds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (oc_rights_has(&s->rights, kinds[i])) {
            return true;
        }
    }
    return false;
}

/* The names of the group that are imported, joined by commas. */
static struct oc_buf used_of(const struct oc_subject *s, const struct group *g)
{
    struct oc_buf used = {0};
    for (const char *const *name = g->names; *name; name++) {
        if (imports(s, *name)) {
            oc_buf_addf(&used, "%s%s", used.len ? ", " : "", *name);
        }
    }
    return used;
}

/* Libraries that do it for the plugin. */
static bool needs_library(const struct oc_subject *s, const char *const *starts)
{
    for (size_t i = 0; i < s->elf.needed.count; i++) {
        for (const char *const *start = starts; *start; start++) {
            if (oc_starts(s->elf.needed.items[i], *start)) {
                return true;
            }
        }
    }
    return false;
}

/* With a foreign library in it nobody can say from outside what is needed. */
static void check_unused(const struct oc_subject *s, const struct group *g, const char *what,
                         struct oc_report *r)
{
    static const char *const system[] = {"libc.",     "libm.",  "libpthread.", "ld-linux",
                                         "libgcc_s.", "libdl.", "librt.",      NULL};
    bool foreign = s->sanitized;
    for (size_t i = 0; i < s->elf.needed.count; i++) {
        const char *const one[] = {s->elf.needed.items[i], NULL};
        bool known = false;
        for (const char *const *start = system; *start; start++) {
            known = known || oc_starts(one[0], *start);
        }
        foreign = foreign || !known;
    }
    struct oc_buf used = used_of(s, g);
    if (!foreign && used.len == 0 && has_right(s, g->rights, g->count)) {
        oc_report_add(r, "OC0210", "plugin.json", "permissions", "nothing in the library uses %s",
                      what);
    }
    oc_buf_finish(&used);
}

void oc_check_imports(const struct oc_subject *s, struct oc_report *r)
{
    static const char *const network[] = {"libcurl",    "libpq.", "libhiredis", "libmysqlclient",
                                          "libnghttp2", "libssh", NULL};
    if (!s->elf_ok || !s->manifest) {
        return;
    }
    const char *file = strrchr(s->so, '/') + 1;
    for (size_t i = 0; i < OC_COUNT(groups); i++) {
        const struct group *g = &groups[i];
        struct oc_buf used = used_of(s, g);
        if (used.len && !has_right(s, g->rights, g->count)) {
            oc_report_add(r, g->id, file, used.data, "it calls %s", used.data);
        }
        oc_buf_finish(&used);
    }
    if (needs_library(s, network) && !has_right(s, groups[0].rights, groups[0].count)) {
        oc_report_add(r, "OC0201", file, NULL, "it is linked with a library for the network");
    }
    check_unused(s, &groups[0], "the network", r);
    check_unused(s, &groups[1], "programs", r);
}
