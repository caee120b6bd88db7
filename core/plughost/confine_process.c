/* What surrounds the process: session, parent, descriptors, environment, capabilities. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plughost/confine_internal.h"

extern char **environ;

#define OOM_SCORE "500" /* when memory is short, plugins go before the host does */

static void raise_oom_score(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)!write(fd, OOM_SCORE, strlen(OOM_SCORE));
        close(fd);
    }
}

/* The host may have gone between its fork and this: nobody would send the signal then. */
static int tie_to_parent(const struct confinement *c, struct oc_error *err)
{
    int64_t parent = oc_json_int(c->init, "parent", 0);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) {
        return oc_error_errno(err, OC_E_PERMANENT, errno, "PR_SET_PDEATHSIG");
    }
    if (parent > 0 && getppid() != (pid_t)parent) {
        return oc_error_set(err, OC_E_CANCELLED, "the host has ended");
    }
    return OC_OK;
}

static void close_descriptors(void)
{
    if (syscall(SYS_close_range, (unsigned)OC_CONFINE_FIRST_CLOSED, ~0u, 0u) == 0) {
        return;
    }
    for (int fd = OC_CONFINE_FIRST_CLOSED; fd < (int)sysconf(_SC_OPEN_MAX); fd++) {
        close(fd);
    }
}

/* ---- environment ---- */

static bool variable_stays(const struct confinement *c, const char *name)
{
    static const char *const always[] = {"PATH", "TZ", "LANG", "LC_ALL", "LC_CTYPE"};
    for (size_t i = 0; i < OC_COUNT(always); i++) {
        if (strcmp(always[i], name) == 0) {
            return true;
        }
    }
    return oc_rights_allow(&c->rights, OC_RIGHT_ENV, name);
}

/* The strings themselves are wiped: they lie on the stack that the kernel laid out, for all of this process to read. */
static void drop_variables(const struct confinement *c)
{
    char **to = environ;
    for (char **from = environ; from && *from; from++) {
        size_t len = strcspn(*from, "=");
        char *name = oc_strndup(*from, len);
        if (variable_stays(c, name)) {
            *to++ = *from;
        } else {
            explicit_bzero(*from, strlen(*from));
        }
        free(name);
    }
    if (to) {
        *to = NULL;
    }
}

static void reduce_environment(const struct confinement *c)
{
    drop_variables(c);
    setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 0);
    if (c->tmp_dir) {
        setenv("TMPDIR", c->tmp_dir, 1);
    }
    if (c->state_dir || c->tmp_dir) {
        setenv("HOME", c->state_dir ? c->state_dir : c->tmp_dir, 0);
    }
}

int oc_confine_process(struct confinement *c, struct oc_error *err)
{
    (void)
        setsid(); /* fails for a process that leads its group: then the host has made the session */
    umask(077);
    raise_oom_score();
    close_descriptors();
    reduce_environment(c);
    return tie_to_parent(c, err);
}

/* ---- capabilities ---- */

static uint64_t needed_capabilities(const struct confinement *c)
{
    const struct {
        enum oc_right_kind kind;
        unsigned capability;
    } table[] = {{OC_RIGHT_FILE_READ, CAP_DAC_READ_SEARCH},
                 {OC_RIGHT_FILE_WRITE, CAP_DAC_OVERRIDE},
                 {OC_RIGHT_NET_LISTEN, CAP_NET_BIND_SERVICE},
                 {OC_RIGHT_SIGNAL, CAP_KILL}};
    uint64_t keep = UINT64_C(1) << CAP_DAC_READ_SEARCH; /* Landlock says what may be read */
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        if (oc_rights_has(&c->rights, table[i].kind)) {
            keep |= UINT64_C(1) << table[i].capability;
        }
    }
    return keep;
}

int oc_confine_capabilities(struct confinement *c, struct oc_error *err)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &head, data) != 0) {
        return oc_error_errno(err, OC_E_PERMANENT, errno, "capget");
    }
    uint64_t keep = c->kernel.landlock >= OC_LANDLOCK_FILES ? needed_capabilities(c) : 0;
    for (unsigned cap = 0; cap < 64; cap++) {
        if (!(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0) {
            break; /* the last one that there is, or not ours to drop */
        }
    }
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    bool less = false;
    for (unsigned half = 0; half < 2; half++) {
        uint32_t mask = (uint32_t)(keep >> (32 * half));
        less = less || (data[half].permitted & ~mask) || data[half].inheritable;
        data[half].permitted &= mask;
        data[half].effective = data[half].permitted;
        data[half].inheritable = 0;
    }
    if (!less) {
        return OC_OK; /* an ordinary user, whose service may not even be allowed to ask */
    }
    return syscall(SYS_capset, &head, data) == 0
               ? OC_OK
               : oc_error_errno(err, OC_E_PERMANENT, errno, "capset");
}
