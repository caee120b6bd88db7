/* The filter of system calls, as a classic BPF program made from the rights. SPDX-License-Identifier: MIT
 *
 * docs/decisions/0015-sandbox-denies-by-subject.md says why: calls are denied by subject, numbers that are newer than this file do
 * not exist (ENOSYS), everything else is allowed, and Landlock holds files and ports. A filter cannot look behind a
 * pointer, so only numbers in registers are judged. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/plughost/confine_internal.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

#define LAST_KNOWN                                                                                 \
    450 /* set_mempolicy_home_node of Linux 6.1; x32 calls have greater numbers too */

#define FILTER_MAX 512

/* Not in every header. */
#define CLONE_NAMESPACES                                                                           \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET | 0x80u /* CLONE_NEWTIME */)
#define FASTOPEN 0x20000000u /* MSG_FASTOPEN: connects without the hook that holds ports */

#define DENY (SECCOMP_RET_ERRNO | EPERM)
#define NONE (SECCOMP_RET_ERRNO | ENOSYS)
#define KILL SECCOMP_RET_KILL_PROCESS
#define PASS SECCOMP_RET_ALLOW

struct filter {
    struct sock_filter code[FILTER_MAX];
    unsigned len;
    uint32_t pid;
};

#ifdef ARCH

/* ---- the assembler: each of these is a few instructions; the number of the call is in the register between them ---- */

static void put(struct filter *f, uint16_t op, uint8_t yes, uint8_t no, uint32_t k)
{
    OC_ASSERT(f->len < FILTER_MAX);
    f->code[f->len++] = (struct sock_filter){op, yes, no, k};
}

static void load(struct filter *f, size_t offset)
{
    put(f, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void load_number(struct filter *f)
{
    load(f, offsetof(struct seccomp_data, nr));
}

/* The low half: what is compared here is an int for the kernel. */
static void load_argument(struct filter *f, unsigned n)
{
    load(f, offsetof(struct seccomp_data, args) + n * sizeof(uint64_t));
}

static void answer(struct filter *f, uint32_t result)
{
    put(f, BPF_RET | BPF_K, 0, 0, result);
}

static void call_is(struct filter *f, long number, uint32_t result)
{
    put(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (uint32_t)number);
    answer(f, result);
}

static void calls_are(struct filter *f, const int *numbers, size_t count, uint32_t result)
{
    for (size_t i = 0; i < count; i++) {
        call_is(f, numbers[i], result);
    }
}

/* Opens a block for one call: end_block lets those through that no test in it has answered. */
static unsigned begin_block(struct filter *f, long number)
{
    put(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, (uint32_t)number);
    return f->len - 1;
}

static void end_block(struct filter *f, unsigned at, uint32_t otherwise)
{
    answer(f, otherwise);
    f->code[at].jf = (uint8_t)(f->len - at - 1);
}

/* In a block: what the argument must be for this answer. */
static void argument_is(struct filter *f, unsigned n, uint32_t value, uint32_t result)
{
    load_argument(f, n);
    put(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value);
    answer(f, result);
}

static void argument_is_not(struct filter *f, unsigned n, uint32_t value, uint32_t result)
{
    load_argument(f, n);
    put(f, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, value);
    answer(f, result);
}

static void argument_has(struct filter *f, unsigned n, uint32_t bits, uint32_t result)
{
    load_argument(f, n);
    put(f, BPF_JMP | BPF_JSET | BPF_K, 0, 1, bits);
    answer(f, result);
}

/* ---- the subjects ---- */

/* Only a program that wants the machine itself calls these: it ends. */
static const int the_machine[] = {
    SYS_kexec_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_settimeofday,
    SYS_acct,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef SYS_iopl
    SYS_iopl,
    SYS_ioperm,
#endif
};

static const int denied[] = {
    /* other processes */
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kcmp,
    SYS_pidfd_open,
    SYS_pidfd_getfd,
    SYS_process_madvise,
    SYS_process_mrelease,
    SYS_migrate_pages,
    SYS_move_pages,
    /* the tree of files */
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_move_mount,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_open_tree,
    SYS_mount_setattr,
    SYS_name_to_handle_at,
    SYS_open_by_handle_at,
    SYS_quotactl,
    SYS_quotactl_fd,
    SYS_fanotify_init,
    /* what no hook of Landlock sees: mode, owner, attributes and times of any file of this user */
    SYS_fchmodat,
    SYS_fchownat,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_removexattr,
    SYS_lremovexattr,
#ifdef SYS_chmod
    SYS_chmod,
    SYS_chown,
    SYS_lchown,
    SYS_utime,
    SYS_utimes,
    SYS_futimesat,
#endif
    /* the kernel's own machinery */
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_syslog,
    SYS_lookup_dcookie,
    /* namespaces, and sessions: by its session the host finds what a plugin has started */
    SYS_setsid,
    SYS_unshare,
    SYS_setns,
    SYS_vhangup,
    /* clocks and names of the machine */
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_sethostname,
    SYS_setdomainname,
    /* memory that is shared with other processes of the user by a number */
    SYS_shmget,
    SYS_shmat,
    SYS_shmctl,
    SYS_semget,
    SYS_semctl,
    SYS_semop,
    SYS_semtimedop,
    SYS_msgget,
    SYS_msgctl,
    SYS_msgsnd,
    SYS_msgrcv,
    SYS_mq_open,
    SYS_mq_unlink,
#ifdef SYS_memfd_secret
    SYS_memfd_secret,
#endif
#ifdef SYS_modify_ldt
    SYS_modify_ldt,
#endif
#ifdef SYS_uselib
    SYS_uselib,
    SYS_ustat,
    SYS_sysfs,
    SYS__sysctl,
#endif
};

static const int starting[] = {
    SYS_setpgid, SYS_execve, SYS_execveat,
#ifdef SYS_fork
    SYS_fork,    SYS_vfork,
#endif
};

/* The same of a file that is open, for those that may write to some. */
static const int of_open_files[] = {SYS_fchmod, SYS_fchown, SYS_fsetxattr, SYS_fremovexattr};

static const int signalling[] = {SYS_kill, SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo};

/* Calls that change another process of the same user when their argument says which: limits, priority, processors. */
static const struct {
    int number;
    unsigned argument;
} on_process[] = {
    {SYS_prlimit64, 0},      {SYS_sched_setaffinity, 0}, {SYS_sched_setscheduler, 0},
    {SYS_sched_setparam, 0}, {SYS_sched_setattr, 0},
};

static void known_calls_only(struct filter *f)
{
    load(f, offsetof(struct seccomp_data, arch));
    put(f, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCH);
    answer(f, KILL);
    load_number(f);
    put(f, BPF_JMP | BPF_JGT | BPF_K, 0, 1, LAST_KNOWN);
    answer(f, NONE);
}

static void processes(struct filter *f, bool spawns)
{
    if (!spawns) {
        calls_are(f, starting, OC_COUNT(starting), DENY);
    }
    call_is(f, SYS_clone3, NONE); /* its flags lie in memory: the C library falls back to clone */
    unsigned at = begin_block(f, SYS_clone);
    argument_has(f, 0, CLONE_NAMESPACES | CLONE_PARENT, DENY); /* a child of the host's: a zombie */
    argument_has(f, 0, CLONE_THREAD, PASS);
    end_block(f, at, spawns ? PASS : DENY);
}

/* A child's own pid is not known here: with the right to start programs Landlock's scope alone keeps signals inside. */
static void signals(struct filter *f, bool any)
{
    for (size_t i = 0; !any && i < OC_COUNT(signalling); i++) {
        unsigned at = begin_block(f, signalling[i]);
        argument_is(f, 0, f->pid, PASS);
        end_block(f, at, DENY);
    }
    if (!any) {
        call_is(f, SYS_tkill, DENY);
        call_is(f, SYS_pidfd_send_signal, DENY);
    }
    unsigned at = begin_block(f, SYS_fcntl); /* SIGIO goes to whom they name */
    argument_is(f, 1, F_SETOWN, DENY);
    argument_is(f, 1, 15 /* F_SETOWN_EX */, DENY);
    argument_is(f, 1, 1024 /* F_SETLEASE: who opens the file then waits for us, even the host */,
                DENY);
    end_block(f, at, PASS);
}

/* Priorities: of this process only, not of a group or of all that the user runs. */
static void priorities(struct filter *f)
{
    static const struct {
        int number;
        uint32_t process; /* PRIO_PROCESS, IOPRIO_WHO_PROCESS */
    } calls[] = {{SYS_setpriority, 0}, {SYS_ioprio_set, 1}};
    for (size_t i = 0; i < OC_COUNT(calls); i++) {
        unsigned at = begin_block(f, calls[i].number);
        argument_is_not(f, 0, calls[i].process, DENY);
        argument_is(f, 1, 0, PASS);
        argument_is(f, 1, f->pid, PASS);
        end_block(f, at, DENY);
    }
}

static void other_processes(struct filter *f)
{
    priorities(f);
    for (size_t i = 0; i < OC_COUNT(on_process); i++) {
        unsigned at = begin_block(f, on_process[i].number);
        argument_is(f, on_process[i].argument, 0, PASS);
        argument_is(f, on_process[i].argument, f->pid, PASS);
        end_block(f, at, DENY);
    }
}

/* Of files: times by descriptor only; the rest for those that may write. Memory files are held by a control group alone. */
static void attributes(struct filter *f, const struct confinement *c)
{
    unsigned at = begin_block(f, SYS_utimensat);
    load(f, offsetof(struct seccomp_data, args) + sizeof(uint64_t)); /* the path, both halves */
    put(f, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0);
    answer(f, DENY);
    load(f, offsetof(struct seccomp_data, args) + sizeof(uint64_t) + sizeof(uint32_t));
    put(f, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0);
    answer(f, DENY);
    end_block(f, at, PASS);
    if (!oc_rights_has(&c->rights, OC_RIGHT_FILE_WRITE)) {
        calls_are(f, of_open_files, OC_COUNT(of_open_files), DENY);
    }
    if (!oc_json_bool(json_object_get(c->init, "cgroup"), "memory", false)) {
        call_is(f, SYS_memfd_create, DENY); /* no limit of this process counts what it holds */
    }
}

static void odds_and_ends(struct filter *f)
{
    unsigned at = begin_block(f, SYS_ioctl);
    argument_is(f, 1, 0x5412 /* TIOCSTI: types on a terminal */, DENY);
    argument_is(f, 1, 0x541c /* TIOCLINUX */, DENY);
    argument_is(f, 1, 0x8901 /* FIOSETOWN */, DENY);
    argument_is(f, 1, 0x8902 /* SIOCSPGRP */, DENY);
    end_block(f, at, PASS);
    at = begin_block(f, SYS_personality);
    argument_is(f, 0, 0xffffffffu, PASS); /* only asks */
    end_block(f, at, DENY);
    at = begin_block(f, SYS_prctl);
    argument_is(f, 0, PR_SET_DUMPABLE, DENY);
    argument_is(f, 0, PR_SET_PTRACER, DENY);
    argument_is(f, 0, PR_SET_MM, DENY);
    load_argument(f, 0);
    put(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 3, PR_SET_PDEATHSIG);
    argument_is_not(f, 1, SIGKILL, DENY); /* not to outlive the host: any other can be ignored */
    end_block(f, at, PASS);
}

/* ---- sockets ---- */

struct sockets {
    bool streams, datagrams, unix_sockets, listens;
};

static struct sockets needed(const struct oc_rights *rights)
{
    bool dns = oc_rights_resolve_names(rights);
    bool listens = oc_rights_has(rights, OC_RIGHT_NET_LISTEN);
    return (struct sockets){
        .streams = dns || listens || oc_rights_has(rights, OC_RIGHT_NET_TCP) ||
                   oc_rights_has(rights, OC_RIGHT_NET_HTTP),
        .datagrams = dns || oc_rights_has(rights, OC_RIGHT_NET_UDP),
        .unix_sockets = oc_rights_has(rights, OC_RIGHT_NET_UNIX),
        .listens = listens,
    };
}

/* In the block of socket(), with `protocol` beside the usual 0: others (MPTCP, SCTP, raw) evade the hooks that hold ports. */
static void type_is(struct filter *f, uint32_t type, uint32_t protocol)
{
    load_argument(f, 1);
    put(f, BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xf); /* without SOCK_CLOEXEC and SOCK_NONBLOCK */
    put(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 5, type);
    load_argument(f, 2);
    put(f, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0);
    put(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, protocol);
    answer(f, PASS);
    answer(f, DENY);
}

static void internet_family(struct filter *f, uint32_t family, const struct sockets *s)
{
    load_argument(f, 0);
    unsigned at = f->len;
    put(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, family);
    if (s->streams) {
        type_is(f, SOCK_STREAM, IPPROTO_TCP);
    }
    if (s->datagrams) {
        type_is(f, SOCK_DGRAM, IPPROTO_UDP);
    }
    end_block(f, at, DENY);
}

static void socket_families(struct filter *f, const struct sockets *s)
{
    unsigned at = begin_block(f, SYS_socket);
    if (s->unix_sockets) {
        argument_is(f, 0, AF_UNIX, PASS);
    }
    if (s->streams || s->datagrams) {
        internet_family(f, AF_INET, s);
        internet_family(f, AF_INET6, s);
        load_argument(f, 0); /* how getaddrinfo learns which addresses the machine has */
        put(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 3, AF_NETLINK);
        load_argument(f, 2);
        put(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0 /* NETLINK_ROUTE */);
        answer(f, PASS);
    }
    end_block(f, at, DENY);
}

static void sockets(struct filter *f, const struct sockets *s)
{
    static const struct {
        int number;
        unsigned flags;
    } sending[] = {{SYS_sendto, 3}, {SYS_sendmsg, 2}, {SYS_sendmmsg, 3}};
    socket_families(f, s);
    if (!s->unix_sockets) { /* half a pair of datagram sockets sends to any name */
        unsigned at = begin_block(f, SYS_socketpair);
        type_is(f, SOCK_STREAM, 0);
        type_is(f, SOCK_SEQPACKET, 0);
        end_block(f, at, DENY);
    }
    if (!s->listens) {
        call_is(f, SYS_listen, DENY);
    }
    for (size_t i = 0; i < OC_COUNT(sending); i++) {
        unsigned at = begin_block(f, sending[i].number);
        argument_has(f, sending[i].flags, FASTOPEN, DENY);
        end_block(f, at, PASS);
    }
}

static void build(struct filter *f, const struct confinement *c)
{
    const struct oc_rights *rights = &c->rights;
    bool spawns = oc_rights_has(rights, OC_RIGHT_SPAWN);
    const struct sockets s = needed(rights);
    known_calls_only(f);
    calls_are(f, the_machine, OC_COUNT(the_machine), KILL);
    calls_are(f, denied, OC_COUNT(denied), DENY);
    processes(f, spawns);
    signals(f, spawns || oc_rights_has(rights, OC_RIGHT_SIGNAL));
    other_processes(f);
    sockets(f, &s);
    attributes(f, c);
    odds_and_ends(f);
    answer(f, PASS);
}

int oc_confine_seccomp(struct confinement *c, struct oc_error *err)
{
    oc_json_set_bool(c->report, "seccomp", c->kernel.seccomp);
    if (!c->kernel.seccomp) {
        return OC_OK;
    }
    struct filter f = {.pid = (uint32_t)getpid()};
    build(&f, c);
    struct sock_fprog program = {.len = (unsigned short)f.len, .filter = f.code};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0u, &program) == 0
               ? OC_OK
               : oc_error_errno(err, OC_E_PERMANENT, errno, "seccomp");
}

#else /* an architecture whose numbers this file does not know */

int oc_confine_seccomp(struct confinement *c, struct oc_error *err)
{
    (void)err;
    oc_json_set_bool(c->report, "seccomp", false);
    oc_confine_miss(c, "system calls: no filter is known for this architecture");
    return OC_OK;
}

#endif
