/* Tests of core/plughost/confine.c: a child confines itself and tries what it should not. SPDX-License-Identifier: MIT */
#include "test_confine.h"

/* ---- files ---- */

static int open_passwd(void)
{
    return outcome(open("/etc/passwd", O_RDONLY));
}
static int open_secret(void)
{
    return outcome(open(secret_file, O_RDONLY));
}
static int write_secret(void)
{
    return outcome(open(secret_file, O_WRONLY | O_TRUNC));
}
static int cut_secret(void)
{
    return outcome(truncate(secret_file, 0));
}
static int list_root(void)
{
    return outcome(open("/", O_RDONLY | O_DIRECTORY));
}
static int open_cache(void)
{
    return outcome(open("/etc/ld.so.cache", O_RDONLY));
}
static int use_tmp(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/new", getenv("TMPDIR"));
    int fd = open(path, O_CREAT | O_RDWR, 0600);
    return fd < 0 ? errno : outcome(unlink(path));
}
static int use_state(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/new", state_dir);
    return outcome(open(path, O_CREAT | O_WRONLY, 0600));
}
static int make_device(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/dev", tmp_dir);
    return outcome(mknod(path, S_IFCHR | 0600, 0x103));
}

static void files_are_closed_but_for_what_every_program_needs(void **state)
{
    (void)state;
    needs(OC_LANDLOCK_FILES);
    assert_int_equal(sandboxed("[]", open_shadow), EACCES);
    assert_int_equal(sandboxed("[]", open_secret), EACCES);
    assert_int_equal(sandboxed("[]", write_secret), EACCES);
    assert_int_equal(sandboxed("[]", list_root), EACCES);
    assert_int_equal(sandboxed("[]", use_state), EACCES);
    assert_int_equal(sandboxed("[]", open_cache), 0);
    assert_int_equal(sandboxed("[]", use_tmp), 0);
    assert_int_not_equal(sandboxed("[]", make_device), 0);
}

static void permissions_open_what_they_name_and_not_more(void **state)
{
    (void)state;
    needs(OC_LANDLOCK_TRUNCATE);
    char read_folder[160], read_pattern[160];
    snprintf(read_folder, sizeof read_folder, "[\"filesystem:read:%s\"]", folder);
    snprintf(read_pattern, sizeof read_pattern, "[\"filesystem:read:%s/se*t\"]", folder);
    assert_int_equal(sandboxed(read_folder, open_secret), 0);
    assert_int_equal(sandboxed(read_folder, write_secret), EACCES);
    assert_int_equal(sandboxed(read_folder, cut_secret), EACCES);
    assert_int_equal(sandboxed(read_folder, open_shadow), EACCES);
    assert_int_equal(sandboxed(read_pattern, open_secret), 0);
    assert_int_equal(sandboxed(read_pattern, use_state), EACCES);
    assert_int_equal(sandboxed("[\"filesystem:read:*\"]", open_passwd), 0);
    assert_int_equal(sandboxed("[\"filesystem:write:{state}/*\"]", use_state), 0);
    assert_int_equal(sandboxed("[\"filesystem:write:{state}\"]", open_secret), EACCES);
}

static void a_kernel_without_landlock_leaves_files_open_and_says_so(void **state)
{
    (void)state;
    assert_int_equal(on_old_kernel("landlock=0", "[]", open_secret), 0);
    assert_int_equal(on_old_kernel("landlock=2", "[]", open_secret), EACCES);
    assert_int_equal(on_old_kernel("landlock=2", "[]", cut_secret), 0);
    assert_int_equal(on_old_kernel("landlock=0,seccomp=0", "[]", open_secret), 0);
}

static void the_tier_process_keeps_its_files(void **state)
{
    (void)state;
    assert_int_equal(in_child(init_of("process", "[]", NULL), open_secret), 0);
}

/* ---- network ---- */

static int connect_to(uint16_t port, int type, int protocol)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, type, protocol);
    return fd < 0 ? errno : outcome(connect(fd, (struct sockaddr *)&a, sizeof a));
}
static int connect_listening(void)
{
    return connect_to(listening, SOCK_STREAM, 0);
}
static int connect_elsewhere(void)
{
    return connect_to(9, SOCK_STREAM, IPPROTO_TCP);
}
static int connect_mptcp(void)
{
    return connect_to(listening, SOCK_STREAM, 262 /* IPPROTO_MPTCP */);
}
static int use_udp(void)
{
    return connect_to(53, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}
static int use_raw(void)
{
    return outcome(socket(AF_INET, SOCK_RAW, 1));
}
static int use_packet(void)
{
    return outcome(socket(AF_PACKET, SOCK_DGRAM, 0));
}
static int use_unix(void)
{
    return outcome(socket(AF_UNIX, SOCK_STREAM, 0));
}
static int use_pair(void)
{
    int fds[2];
    return outcome(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
}
static int use_netlink(void)
{
    return outcome(socket(AF_NETLINK, SOCK_RAW, 0));
}
static int send_fast(void)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? errno
                  : outcome(sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&a, sizeof a));
}
static int listen_free(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0) {
        return errno;
    }
    return outcome(listen(fd, 1));
}
static int listen_unbound(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? errno : outcome(listen(fd, 1));
}

static void without_a_right_there_is_no_socket(void **state)
{
    (void)state;
    needs(OC_LANDLOCK_FILES);
    static const attempt all[] = {connect_listening, use_udp,     use_raw,    use_packet,
                                  use_unix,          use_netlink, listen_free};
    for (size_t i = 0; i < OC_COUNT(all); i++) {
        assert_int_equal(sandboxed("[\"op:call:*\"]", all[i]), EPERM);
    }
    assert_int_equal(sandboxed("[]", use_pair), 0);
}

static void a_port_is_that_port(void **state)
{
    (void)state;
    needs(OC_LANDLOCK_PORTS);
    char right[64];
    snprintf(right, sizeof right, "[\"network:tcp:%u\"]", listening);
    assert_int_equal(sandboxed(right, connect_listening), 0);
    assert_int_equal(sandboxed(right, connect_elsewhere), EACCES);
    assert_int_equal(sandboxed(right, connect_mptcp), EPERM);
    assert_int_equal(sandboxed(right, send_fast), EPERM);
    assert_int_equal(sandboxed(right, use_udp), EPERM);
    assert_int_equal(sandboxed(right, listen_unbound), EPERM);
    assert_int_equal(sandboxed("[\"network:tcp:1-9\"]", connect_listening), EACCES);
    assert_int_equal(sandboxed("[\"network:tcp:1-9\"]", connect_elsewhere), ECONNREFUSED);
    assert_int_equal(sandboxed("[\"network:tcp:*\"]", connect_listening), 0);
    assert_int_equal(sandboxed("[\"network:udp:53\"]", use_udp), 0);
    assert_int_equal(sandboxed("[\"network:udp:53\"]", connect_listening), EPERM);
    assert_int_equal(sandboxed("[\"network:dns\"]", use_netlink), 0);
    assert_int_equal(sandboxed("[\"network:unix:*\"]", use_unix), 0);
    assert_int_equal(sandboxed("[\"network:listen:0\"]", listen_free), 0);
    assert_int_equal(sandboxed("[\"network:listen:81\"]", listen_free), EACCES);
}

static void a_kernel_before_landlock_4_opens_every_port(void **state)
{
    (void)state;
    needs(OC_LANDLOCK_FILES);
    assert_int_equal(on_old_kernel("landlock=3", "[\"network:tcp:1-9\"]", connect_listening), 0);
    assert_int_equal(on_old_kernel("landlock=3", "[]", connect_listening), EPERM);
}

/* ---- system calls ---- */

static int try_ptrace(void)
{
    return outcome(ptrace(PTRACE_SEIZE, getppid(), NULL, NULL));
}
static int try_mount(void)
{
    return outcome(mount("none", "/tmp", "tmpfs", 0, NULL));
}
static int try_unshare(void)
{
    return outcome(syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */));
}
static int try_ring(void)
{
    return outcome(syscall(SYS_io_uring_setup, 1, NULL));
}
static int try_read_parent(void)
{
    return outcome(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
}
static int try_shared(void)
{
    return outcome(syscall(SYS_shmget, 0, 4096, 01600));
}
static int try_unknown(void)
{
    return outcome(syscall(4000));
}
static int try_module(void)
{
    return outcome(syscall(SYS_init_module, NULL, 0, NULL));
}
static int try_dumpable(void)
{
    return outcome(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}
static int try_orphan(void)
{
    return outcome(prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0));
}

static void what_reaches_for_the_system_is_refused(void **state)
{
    (void)state;
    needs(OC_LANDLOCK_FILES);
    static const attempt all[] = {try_ptrace, try_mount,  try_unshare,  try_ring,
                                  try_shared, try_orphan, try_dumpable, try_read_parent};
    for (size_t i = 0; i < OC_COUNT(all); i++) {
        assert_int_equal(sandboxed("[\"process:spawn:*\"]", all[i]), EPERM);
    }
    assert_int_equal(sandboxed("[]", try_unknown), ENOSYS);
    assert_int_equal(sandboxed("[]", try_module), SIGNALLED + SIGSYS);
}

/* ---- the rest ---- */

static int environment_is_reduced(void)
{
    char block[8192];
    int fd = open("/proc/self/environ", O_RDONLY);
    ssize_t len = fd < 0 ? 0 : read(fd, block, sizeof block);
    bool traces = len > 0 && memmem(block, (size_t)len, "hunter2", 7) != NULL;
    return getenv("OC_TEST_PASSWORD") ? 1
           : traces                   ? 2
           : !getenv("OC_TEST_PLAIN") ? 3
                                      : !getenv("PATH");
}
static int descriptors_are_closed(void)
{
    int highest = -1, fd;
    if (fcntl(40, F_GETFD) != -1) {
        return 1;
    }
    while ((fd = dup(2)) >= 0) {
        highest = fd;
    }
    return errno != EMFILE ? 2 : highest < 100 ? 0 : 3;
}
static int memory_ends(void)
{
    for (int i = 0; i < 20; i++) {
        volatile char *part = malloc(8u << 20);
        if (!part) {
            return ENOMEM;
        }
        part[0] = 1;
    }
    return 0;
}
static int umask_is_private(void)
{
    return umask(0) == 077 ? 0 : 1;
}
static int privileges_are_gone(void)
{
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 1;
}

static void the_environment_holds_what_was_granted(void **state)
{
    (void)state;
    setenv("OC_TEST_PASSWORD", "hunter2", 1);
    setenv("OC_TEST_PLAIN", "1", 1);
    assert_int_equal(sandboxed("[\"environment:read:OC_TEST_PL*\"]", environment_is_reduced), 0);
    json_t *init = init_of("process", "[\"environment:read:OC_TEST_PL*\"]", NULL);
    assert_int_equal(in_child(init, environment_is_reduced), 0);
}

static void limits_hold_in_both_tiers(void **state)
{
    (void)state;
    static const char *const tiers[] = {"process", "sandbox"};
    assert_int_equal(dup2(2, 40), 40);
    for (size_t i = 0; i < OC_COUNT(tiers); i++) {
        assert_int_equal(in_child(init_of(tiers[i], "[]", NULL), descriptors_are_closed), 0);
        assert_int_equal(in_child(init_of(tiers[i], "[]", NULL), umask_is_private), 0);
        assert_int_equal(in_child(init_of(tiers[i], "[]", NULL), privileges_are_gone), 0);
        if (!OC_SANITIZED) {
            assert_int_equal(in_child(init_of(tiers[i], "[]", NULL), memory_ends), ENOMEM);
        }
    }
    close(40);
}

static void a_plugin_host_without_its_host_does_not_start(void **state)
{
    (void)state;
    json_t *init = init_of("process", "[]", NULL);
    oc_json_set_int(init, "parent", 1);
    assert_int_equal(in_child(init, umask_is_private), getppid() == 1 ? 0 : REFUSED);
}

static void full_isolation_refuses_an_old_kernel(void **state)
{
    (void)state;
    needs(OC_LANDLOCK_SCOPES);
    static const char port[] = "[\"network:tcp:5\"]";
    const struct {
        const char *rights, *lowered;
        int status;
    } cases[] = {{port, NULL, 0},
                 {port, "landlock=3", REFUSED},
                 {"[]", "landlock=3", 0},
                 {"[]", "seccomp=0", REFUSED}};
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        json_t *init = init_of("sandbox", cases[i].rights, cases[i].lowered);
        oc_json_set_bool(init, "require_full", true);
        assert_int_equal(in_child(init, umask_is_private), cases[i].status);
    }
}

static int write_report(void)
{
    return 0;
}

/* The report of a child, through a pipe: the child keeps descriptor 4. */
static json_t *report_of(json_t *init /* taken */)
{
    int fds[2];
    char text[8192];
    assert_int_equal(pipe(fds), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        json_t *report = NULL;
        dup2(fds[1], 4);
        _exit(oc_confine(init, &report, NULL) == OC_OK && json_dumpfd(report, 4, 0) == 0
                  ? write_report()
                  : 1);
    }
    json_decref(init);
    close(fds[1]);
    size_t len = 0;
    for (ssize_t n; (n = read(fds[0], text + len, sizeof text - len)) > 0;) {
        len += (size_t)n;
    }
    close(fds[0]);
    assert_int_equal(status_of(pid), 0);
    json_t *report = json_loadb(text, len, 0, NULL);
    assert_non_null(report);
    return report;
}

static bool mentions(const json_t *array, const char *what)
{
    size_t i;
    json_t *text;
    json_array_foreach(array, i, text)
    {
        if (strstr(json_string_value(text), what)) {
            return true;
        }
    }
    return false;
}

static void the_report_says_what_was_and_was_not_done(void **state)
{
    (void)state;
    needs(OC_LANDLOCK_SCOPES);
    json_t *full = report_of(init_of("sandbox", "[\"network:tcp:5\", \"nonsense\"]", NULL));
    assert_int_equal(json_array_size(json_object_get(full, "missing")), 0);
    assert_int_equal(json_array_size(json_object_get(full, "ignored")), 1);
    assert_string_equal(oc_json_str(json_object_get(full, "limits"), "processes", ""), "denied");
    json_decref(full);
    json_t *old = report_of(init_of("sandbox", "[\"network:tcp:5\"]", "landlock=3"));
    assert_int_equal(oc_json_int(old, "landlock", -1), 3);
    assert_true(mentions(json_object_get(old, "missing"), "ports of TCP"));
    json_decref(old);
    json_t *none = report_of(init_of("sandbox", "[]", "landlock=0,seccomp=0"));
    assert_true(mentions(json_object_get(none, "missing"), "files"));
    assert_true(mentions(json_object_get(none, "missing"), "system calls"));
    json_decref(none);
    json_t *gone = report_of(init_of("sandbox", "[\"filesystem:read:/no/such\"]", NULL));
    assert_true(mentions(json_object_get(gone, "missing"), "/no/such"));
    json_decref(gone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_closed_but_for_what_every_program_needs),
        cmocka_unit_test(permissions_open_what_they_name_and_not_more),
        cmocka_unit_test(a_kernel_without_landlock_leaves_files_open_and_says_so),
        cmocka_unit_test(the_tier_process_keeps_its_files),
        cmocka_unit_test(without_a_right_there_is_no_socket),
        cmocka_unit_test(a_port_is_that_port),
        cmocka_unit_test(a_kernel_before_landlock_4_opens_every_port),
        cmocka_unit_test(what_reaches_for_the_system_is_refused),
        cmocka_unit_test(the_environment_holds_what_was_granted),
        cmocka_unit_test(limits_hold_in_both_tiers),
        cmocka_unit_test(a_plugin_host_without_its_host_does_not_start),
        cmocka_unit_test(full_isolation_refuses_an_old_kernel),
        cmocka_unit_test(the_report_says_what_was_and_was_not_done),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
