/* Starting openclawd as a child. SPDX-License-Identifier: MIT */
#include "core/cli/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/vec.h"
#include "core/sys/file.h"

#define EXIT_NO_PROGRAM 127
#define LOG_MAX         (1u << 20) /* bytes of the end of the log that are looked at */

struct words {
    OC_VEC(char *) list;
};

static void add_word(struct words *w, const char *word)
{
    OC_VEC_PUSH(&w->list, (char *)word);
}

static void add_option(struct words *w, const char *name, const char *value)
{
    if (value) {
        add_word(w, name);
        add_word(w, value);
    }
}

static struct words words_of(const struct cli *cli, const char *const *options)
{
    struct words w = {{0}};
    add_word(&w, "openclawd");
    while (*options) {
        add_word(&w, *options++);
    }
    add_option(&w, "--config", cli->config);
    add_option(&w, "--home", cli->home);
    for (const char *const *set = cli->sets; *set; set++) {
        add_option(&w, "--set", *set);
    }
    add_word(&w, NULL);
    return w;
}

/* In the child: only calls that are safe after fork. */
static _Noreturn void become(const char *path, char **argv, int keep_fd, int log_fd, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0); /* Ctrl-C is for us; we tell it */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (getppid() != parent || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(log_fd, STDOUT_FILENO) < 0 || dup2(log_fd, STDERR_FILENO) < 0) {
        _exit(1);
    }
    if (keep_fd >= 0) {
        fcntl(keep_fd, F_SETFD, 0);
    }
    execv(path, argv);
    execvp(argv[0], argv);
    _exit(EXIT_NO_PROGRAM);
}

int oc_child_start(struct cli_child *child, const struct cli *cli, const char *const *options,
                   int keep_fd, int log_fd, struct oc_error *err)
{
    struct words words = words_of(cli, options);
    char *dir = oc_path_self_dir(), *path = oc_path_join(dir, "openclawd");
    pid_t self = getpid();
    off_t end = lseek(log_fd, 0, SEEK_END);
    *child = (struct cli_child){.log = log_fd, .from = end > 0 ? (long)end : 0};
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        become(path, words.list.items, keep_fd, log_fd, self);
    }
    child->pid = pid > 0 ? pid : 0;
    int rc = pid < 0 ? oc_error_errno(err, 0, errno, "cannot start openclawd") : OC_OK;
    if (rc != OC_OK) {
        oc_child_finish(child);
    }
    free(path);
    free(dir);
    OC_VEC_FINISH(&words.list);
    return rc;
}

int oc_child_wait(struct cli_child *child)
{
    int status = 0;
    pid_t rc;
    while ((rc = waitpid(child->pid, &status, 0)) < 0 && errno == EINTR) {
    }
    child->pid = 0;
    if (rc < 0) {
        return 1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- what it said ---- */

static char *read_log(const struct cli_child *child)
{
    off_t end = lseek(child->log, 0, SEEK_END);
    off_t from = end - child->from > (off_t)LOG_MAX ? end - (off_t)LOG_MAX : child->from;
    size_t size = end > from ? (size_t)(end - from) : 0;
    char *text = oc_calloc(1, size + 1);
    ssize_t n = pread(child->log, text, size, from);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

/* The last line that begins with the program's name, and the indented hint below it. */
static bool read_error(char *text, struct oc_error *err)
{
    static const char mark[] = "openclawd: ";
    char *found = NULL;
    for (char *p = text; (p = strstr(p, mark)); p += sizeof mark - 1) {
        if (p == text || p[-1] == '\n') {
            found = p + sizeof mark - 1;
        }
    }
    if (!found) {
        return false;
    }
    size_t len = strcspn(found, "\n");
    const char *hint = found[len] ? found + len + 1 : "";
    found[len] = '\0';
    oc_error_set(err, err->code, "%s", found);
    if (*hint == ' ') {
        hint += strspn(hint, " ");
        oc_error_hint(err, "%.*s", (int)strcspn(hint, "\n"), hint);
    }
    return true;
}

static int code_of_exit(int exit_code)
{
    static const int codes[] = {OC_E_CONFIG, OC_E_DENIED, OC_E_NOT_FOUND};
    for (size_t i = 0; i < OC_COUNT(codes); i++) {
        if (oc_error_exit(codes[i]) == exit_code) {
            return codes[i];
        }
    }
    return OC_E_PERMANENT;
}

bool oc_child_error(const struct cli_child *child, int exit_code, struct oc_error *err)
{
    if (exit_code == EXIT_NO_PROGRAM) {
        oc_error_set(err, OC_E_PERMANENT, "openclawd cannot be found");
        oc_error_hint(err, "Install it beside openclaw, or put its folder on PATH.");
        return true;
    }
    char *text = read_log(child);
    err->code = code_of_exit(exit_code);
    bool said = read_error(text, err);
    free(text);
    return said;
}

void oc_child_finish(struct cli_child *child)
{
    if (child->log >= 0) {
        close(child->log);
    }
    *child = (struct cli_child){.log = -1};
}
