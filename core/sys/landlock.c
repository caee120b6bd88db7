/* Landlock by its system calls: there is no library for it. SPDX-License-Identifier: MIT */
#include "core/sys/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/sys/kernel.h"

#define RULE_PATH 1
#define RULE_PORT 2

/* Rights that a single file can have. */
#define OF_FILES                                                                                   \
    (OC_FS_EXECUTE | OC_FS_WRITE_FILE | OC_FS_READ_FILE | OC_FS_TRUNCATE | OC_FS_IOCTL_DEV)

struct ruleset {
    uint64_t files, ports, scopes;
};
struct path_rule {
    uint64_t access;
    int32_t parent;
} __attribute__((packed));
struct port_rule {
    uint64_t access, port;
};

/* A kernel refuses a struct that is longer than what it knows, unless the rest is zero. */
static size_t ruleset_size(int abi)
{
    return abi >= OC_LANDLOCK_SCOPES  ? sizeof(struct ruleset)
           : abi >= OC_LANDLOCK_PORTS ? offsetof(struct ruleset, scopes)
                                      : offsetof(struct ruleset, ports);
}

static uint64_t known_files(int abi)
{
    return OC_FS_EXECUTE | OC_FS_READ | (OC_FS_WRITE & ~(OC_FS_REFER | OC_FS_TRUNCATE)) |
           OC_FS_MAKE_CHAR | OC_FS_MAKE_BLOCK | (abi >= OC_LANDLOCK_REFER ? OC_FS_REFER : 0) |
           (abi >= OC_LANDLOCK_TRUNCATE ? OC_FS_TRUNCATE : 0) |
           (abi >= OC_LANDLOCK_DEVICES ? OC_FS_IOCTL_DEV : 0);
}

int oc_landlock_begin(struct oc_landlock *l, int abi, uint64_t ports, uint64_t scopes,
                      struct oc_error *err)
{
    *l = (struct oc_landlock){.fd = -1};
    if (abi < OC_LANDLOCK_FILES) {
        return oc_error_set(err, OC_E_UNSUPPORTED, "this kernel has no Landlock");
    }
    l->files = known_files(abi);
    l->ports = abi >= OC_LANDLOCK_PORTS ? ports : 0;
    l->scopes = abi >= OC_LANDLOCK_SCOPES ? scopes : 0;
    const struct ruleset set = {l->files, l->ports, l->scopes};
    l->fd = (int)syscall(SYS_landlock_create_ruleset, &set, ruleset_size(abi), 0u);
    return l->fd >= 0 ? OC_OK
                      : oc_error_errno(err, OC_E_PERMANENT, errno, "landlock_create_ruleset");
}

static void add_rule(struct oc_landlock *l, int type, const void *rule)
{
    if (syscall(SYS_landlock_add_rule, l->fd, type, rule, 0u) != 0 && !l->failed) {
        l->failed = errno;
    }
}

void oc_landlock_allow_fd(struct oc_landlock *l, int fd, uint64_t access)
{
    struct stat st;
    const bool is_folder = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
    const struct path_rule rule = {
        .access = access & l->files & (is_folder ? ~UINT64_C(0) : OF_FILES), .parent = fd};
    if (rule.access) {
        add_rule(l, RULE_PATH, &rule);
    }
}

bool oc_landlock_allow(struct oc_landlock *l, const char *path, uint64_t access)
{
    const int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    oc_landlock_allow_fd(l, fd, access);
    close(fd);
    return true;
}

void oc_landlock_allow_port(struct oc_landlock *l, uint16_t port, uint64_t access)
{
    const struct port_rule rule = {.access = access & l->ports, .port = port};
    if (rule.access) {
        add_rule(l, RULE_PORT, &rule);
    }
}

int oc_landlock_enforce(struct oc_landlock *l, struct oc_error *err)
{
    int code = OC_OK;
    if (l->failed) {
        code = oc_error_errno(err, OC_E_PERMANENT, l->failed, "landlock_add_rule");
    } else if (syscall(SYS_landlock_restrict_self, l->fd, 0u) != 0) {
        code = oc_error_errno(err, OC_E_PERMANENT, errno, "landlock_restrict_self");
    }
    close(l->fd);
    l->fd = -1;
    return code;
}
