/* The command `config edit`: a copy in an editor, checked before it counts.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/cli/client.h"
#include "core/cli/commands.h"
#include "core/cli/show.h"
#include "core/sys/file.h"
#include "core/sys/update.h"

#define FILE_MAX     (1u << 20)
#define EDITOR_WORDS 16

static const char new_file[] =
    "# Configuration of openclaw. `openclaw config show` prints what is in force.\n\n";

struct edit {
    struct cli *cli;
    char *file, *copy;
    char *real; /* the file itself where `file` is a link: that stays one */
    struct oc_buf before;
    bool fresh; /* there is no file yet */
    mode_t mode;
};

/* ---- the editor ---- */

/* "code --wait" is a program and a word for it; no shell is asked. */
static void run_editor(const char *copy)
{
    const char *visual = getenv("VISUAL"), *editor = getenv("EDITOR");
    char *line = oc_strdup(visual && *visual ? visual : editor && *editor ? editor : "vi");
    char *words[EDITOR_WORDS + 2], *rest = line, *word;
    size_t count = 0;
    while (count < EDITOR_WORDS && (word = strsep(&rest, " "))) {
        if (*word) {
            words[count++] = word;
        }
    }
    words[count++] = (char *)copy;
    words[count] = NULL;
    signal(SIGPIPE, SIG_DFL);
    execvp(words[0], words);
    fprintf(stderr, "openclaw: cannot start the editor %s: %s\n", words[0], strerror(errno));
    _exit(127);
}

static int edit_copy(const struct edit *e, struct oc_error *err)
{
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        run_editor(e->copy);
    }
    signal(SIGINT, SIG_IGN); /* Ctrl-C belongs to the editor */
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    signal(SIGINT, SIG_DFL);
    if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        oc_error_set(err, OC_E_CANCELLED, "the editor failed: nothing has been changed");
        oc_error_hint(err, "Set VISUAL or EDITOR to an editor that you have.");
        return OC_E_CANCELLED;
    }
    return OC_OK;
}

/* ---- the file ---- */

static char *file_to_edit(const struct cli *cli)
{
    char *file = oc_cli_config_file(cli);
    return file ? file : oc_cli_first_file(cli);
}

/* The copy lies beside the file: relative paths and conf.d mean the same there. */
static int make_copy(struct edit *e, struct oc_error *err)
{
    struct stat st;
    char *dir = oc_path_dir(e->file);
    char *name = oc_asprintf(".openclaw-edit-%d.conf", (int)getpid());
    int rc = oc_file_resolve(e->file, &e->real, &e->fresh, err);
    rc = rc != OC_OK ? rc : oc_dir_make(dir, 0700, err);
    e->copy = oc_path_join(dir, name);
    e->mode = e->fresh || stat(e->file, &st) != 0 ? 0600 : st.st_mode & 0777;
    if (rc == OC_OK && !e->fresh) {
        rc = oc_file_read(e->file, FILE_MAX, &e->before, err);
    } else if (rc == OC_OK) {
        oc_buf_adds(&e->before, new_file);
    }
    if (rc == OC_OK) {
        rc = oc_file_write(e->copy, e->before.data ? e->before.data : "", e->before.len, e->mode,
                           err);
    }
    free(name);
    free(dir);
    return rc;
}

static bool same(const struct oc_buf *a, const struct oc_buf *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* From now on the file as others have left it is what is edited; false when they have left it as it
 * was. */
static bool take_theirs(struct edit *e)
{
    struct oc_buf theirs = {0};
    const bool fresh = !oc_file_exists(e->real);
    if (!fresh) {
        oc_file_read(e->real, FILE_MAX, &theirs, NULL);
    }
    const bool differs = fresh != e->fresh || !(fresh || same(&theirs, &e->before));
    if (differs) {
        oc_buf_finish(&e->before);
        e->before = theirs;
        e->fresh = fresh;
    } else {
        oc_buf_finish(&theirs);
    }
    return differs;
}

/* What others did to the file while it was edited is never lost unseen: OC_E_CONFLICT, which a lock
 * that somebody keeps is as well. */
static int replace(struct edit *e, const struct oc_buf *text, struct oc_error *err)
{
    const char *data = text->data ? text->data : "";
    const int rc = e->fresh ? oc_file_create(e->real, data, text->len, e->mode, err)
                            : oc_file_update(e->real, &e->before, text, e->mode, err);
    if (rc == OC_OK) {
        return rc;
    }
    char *remedy = rc == OC_E_CONFLICT && take_theirs(e)
                       ? oc_strdup("Take over what is new: when you edit it again, it replaces "
                                   "the file.")
                       : oc_strdup(err->hint);
    oc_error_hint(err, "What you wrote is in %s.%s%s", e->copy, *remedy ? " " : "", remedy);
    free(remedy);
    return rc;
}

static int put_in_place(struct edit *e, const struct oc_buf *text)
{
    struct oc_error err;
    oc_error_init(&err);
    if (replace(e, text, &err) != OC_OK) {
        return oc_cli_fail(e->cli, &err, oc_error_exit(err.code));
    }
    unlink(e->copy);
    if (e->cli->json) {
        oc_cli_print_data(e->cli, json_pack("{s:b,s:s,s:s}", "changed", 1, "file", e->file, "next",
                                            "openclaw reload"));
    } else {
        printf("%s is changed. `openclaw reload` puts it in force.\n", e->file);
    }
    return 0;
}

/* ---- the check ---- */

/* Shows the findings; returns the exit code, 0 when the copy may replace the file. */
static int check_copy(const struct edit *e)
{
    const struct cli_op *op = oc_cli_op("config.validate");
    json_t *params = json_pack("{s:s}", "file", e->copy);
    struct cli_show show = {.cli = e->cli, .op = op, .params = params};
    struct cli other = *e->cli;
    struct cli_answer answer;
    OC_ASSERT(op);
    other.config = e->copy; /* the file itself may be what is broken */
    oc_cli_ask(&other, op, params, &answer);
    bool clean = answer.ok && json_array_size(json_object_get(answer.data, "findings")) == 0;
    bool sound = answer.ok && oc_json_int(answer.data, "errors", 0) == 0;
    int exit_code = clean || (sound && e->cli->json) ? 0 : oc_show(&show, &answer);
    oc_answer_finish(&answer);
    json_decref(params);
    return exit_code;
}

static void say_unchanged(const struct cli *cli)
{
    if (cli->json) {
        oc_cli_print_data(cli, json_pack("{s:b}", "changed", 0));
    } else {
        fputs("Nothing has been changed.\n", stderr);
    }
}

/* One round; *again when another may mend it. */
static int edit_once(struct edit *e, bool *again)
{
    struct oc_buf after = {0};
    struct oc_error err;
    int rc = 0;
    oc_error_init(&err);
    *again = false;
    if (edit_copy(e, &err) != OC_OK || oc_file_read(e->copy, FILE_MAX, &after, &err) != OC_OK) {
        rc = oc_cli_fail(e->cli, &err, 1);
    } else if (same(&after, &e->before)) {
        say_unchanged(e->cli);
    } else {
        rc = check_copy(e);
        rc = rc ? rc : put_in_place(e, &after);
        *again = rc != 0;
    }
    fflush(stdout);
    oc_buf_finish(&after);
    return rc;
}

/* What somebody wrote and is in no file yet is not thrown away. */
static void leave_copy(const struct edit *e)
{
    struct oc_buf copy = {0};
    if (!oc_file_exists(e->copy)) {
        return;
    }
    if (oc_file_read(e->copy, FILE_MAX, &copy, NULL) == OC_OK && same(&copy, &e->before)) {
        unlink(e->copy);
    } else {
        fprintf(stderr, "openclaw: the file is left as it is; your copy is kept as %s\n", e->copy);
    }
    oc_buf_finish(&copy);
}

static int edit_until_sound(struct edit *e)
{
    bool again;
    int rc;
    do {
        rc = edit_once(e, &again);
    } while (again && !e->cli->json && oc_cli_confirm("Edit it again?")); /* one document */
    leave_copy(e);
    return rc;
}

int oc_command_edit(struct cli *cli, int argc, char **argv)
{
    struct edit e = {.cli = cli, .file = file_to_edit(cli)};
    struct oc_error err;
    oc_error_init(&err);
    int rc;
    if (argc > 0) {
        oc_error_set(&err, OC_E_CONFIG, "`openclaw config edit` takes no words, found %s", argv[0]);
        rc = oc_cli_fail_usage(cli, &err);
    } else if (make_copy(&e, &err) != OC_OK) {
        rc = oc_cli_fail(cli, &err, oc_error_exit(err.code));
    } else {
        rc = edit_until_sound(&e);
    }
    oc_buf_finish(&e.before);
    free(e.real);
    free(e.copy);
    free(e.file);
    return rc;
}
