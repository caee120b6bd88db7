/* The command `man`: man pages in mdoc from the operation table. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/cli/commands.h"
#include "core/cli/help.h"
#include "core/cli/paths.h"
#include "core/sys/file.h"

/* ---- writing mdoc ---- */

#define LINE_MAX_LEN 78

/* Text of a paragraph: backslashes and leading dots mean nothing; every sentence begins a line. */
static void put_text(FILE *out, const char *text)
{
    size_t column = 0;
    for (const char *p = text; *p; p++) {
        size_t word = 1 + strcspn(p + 1, " \n");
        bool sentence = p > text && strchr(".?", p[-1]) && p[1] >= 'A' && p[1] <= 'Z';
        if (*p == '\n') {
            fputs("\n.Pp\n", out);
            p += strspn(p + 1, "\n");
            column = 0;
        } else if (*p == ' ' && (sentence || column + word > LINE_MAX_LEN)) {
            fputc('\n', out);
            column = 0;
        } else {
            fputs(column == 0 && strchr(".'", *p) ? "\\&" : "", out);
            fputs(*p == '\\' ? "\\e" : (char[]){*p, '\0'}, out);
            column++;
        }
    }
    fputc('\n', out);
}

/* As put_text, as a sentence. */
static void put_sentence(FILE *out, const char *text)
{
    size_t len = strlen(text);
    char *sentence = oc_asprintf("%s%s", text, len && strchr(".:?", text[len - 1]) ? "" : ".");
    if (sentence[0] >= 'a' && sentence[0] <= 'z') {
        sentence[0] = (char)(sentence[0] - 'a' + 'A');
    }
    put_text(out, sentence);
    free(sentence);
}

/* An example is shown as it is. */
static void put_examples(FILE *out, const char *text)
{
    fputs(".Bd -literal -offset indent\n", out);
    for (; *text; text++) {
        fputs(*text == '\\' ? "\\e" : (char[]){*text, '\0'}, out);
    }
    fputs("\n.Ed\n", out);
}

/* The day of the page: of the sources when the build says so, else today. */
static void put_date(FILE *out)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    time_t now =
        epoch && *epoch ? (time_t)strtoll(epoch, NULL, 10) : (time_t)(oc_time_wall() / OC_SECOND);
    struct tm day;
    char month[32];
    gmtime_r(&now, &day);
    strftime(month, sizeof month, "%B", &day);
    fprintf(out, ".Dd %s %d, %d\n", month, day.tm_mday, day.tm_year + 1900);
}

static void put_head(FILE *out, const char *name, const char *about)
{
    char upper[128];
    oc_copy(upper, sizeof upper, name);
    for (char *c = upper; *c; c++) {
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    }
    put_date(out);
    fprintf(out, ".Dt %s 1\n.Os\n.Sh NAME\n.Nm %s\n.Nd %s\n", upper, name, about);
}

/* ---- one command ---- */

static void put_synopsis(FILE *out, const struct cli_op *op, const char *words)
{
    bool options = false;
    char name[96];
    fprintf(out, ".Nm openclaw\n.Cm %s\n", words);
    for (size_t i = 0; i < op->param_count; i++) {
        options = options || !(op->params[i].flags & OC_OPT_POSITIONAL);
    }
    if (options) {
        fputs(".Op Ar options\n", out);
    }
    for (size_t i = 0; i < op->param_count; i++) {
        const struct cli_param *param = &op->params[i];
        if (param->flags & OC_OPT_POSITIONAL) {
            oc_param_spell(param, name, sizeof name);
            fprintf(out, param->flags & OC_OPT_REQUIRED ? ".Ar %s%s\n" : ".Op Ar %s%s\n", name,
                    param->type == OC_OPT_STRINGS ? " ..." : "");
        }
    }
}

static void put_choices(FILE *out, const char *choices)
{
    fputs("One of\n", out);
    while (*choices) {
        size_t len = strcspn(choices, "|");
        bool last = !choices[len];
        fprintf(out, ".Cm %.*s%s\n", (int)len, choices, last ? " ." : " ,");
        choices += len + !last;
    }
}

static void put_param(FILE *out, const struct cli_param *param)
{
    char name[96];
    oc_param_spell(param, name, sizeof name);
    if (param->flags & OC_OPT_POSITIONAL) {
        fprintf(out, ".It Ar %s\n", name);
    } else {
        const char *word = oc_param_word(param);
        fprintf(out, ".It Fl %s%s%s\n", name + 1, *word ? " Ar " : "", word);
    }
    put_sentence(out, param->help ? param->help : "");
    if (param->type == OC_OPT_ENUM && param->choices) {
        put_choices(out, param->choices);
    }
    if (param->fallback && *param->fallback) {
        fputs("The default is\n", out);
        fprintf(out, ".Ql %s .\n", param->fallback);
    }
}

static void put_op(FILE *out, const struct cli_op *op, const char *words)
{
    fprintf(out, ".Ss %s\n", words);
    put_sentence(out, op->summary);
    fputs(".Pp\n", out);
    put_synopsis(out, op, words);
    if (op->description) {
        fputs(".Pp\n", out);
        put_text(out, op->description);
    }
    if (!(op->flags & (OC_OP_EPHEMERAL | OC_OP_PRIVATE))) {
        fputs(".Pp\nNeeds a running daemon.\n", out);
    }
    if (op->param_count) {
        fputs(".Bl -tag -width Ds\n", out);
        for (size_t i = 0; i < op->param_count; i++) {
            put_param(out, &op->params[i]);
        }
        fputs(".El\n", out);
    }
    if (op->example) {
        fputs(".Pp\nFor example:\n", out);
        put_examples(out, op->example);
    }
}

static void put_command(FILE *out, const struct cli_command *command, const char *words)
{
    fprintf(out, ".Ss %s\n", words);
    put_sentence(out, command->summary);
    fprintf(out, ".Pp\n.Nm openclaw\n.Cm %s\n", command->usage);
    if (command->description) {
        fputs(".Pp\n", out);
        put_text(out, command->description);
    }
    if (command->example) {
        fputs(".Pp\nFor example:\n", out);
        put_examples(out, command->example);
    }
}

/* ---- pages ---- */

static bool in_group(const struct cli_path *path, const char *group)
{
    size_t len = strlen(group);
    return strncmp(path->words, group, len) == 0 && (!path->words[len] || path->words[len] == ' ');
}

static void group_page(FILE *out, const struct cli_paths *paths, const struct cli_path *group,
                       const char *about)
{
    char *name = oc_asprintf("openclaw-%s", group->words);
    put_head(out, name, about);
    fprintf(out, ".Sh SYNOPSIS\n.Nm openclaw\n.Op Ar options\n.Cm %s%s\n.Sh DESCRIPTION\n",
            group->words, group->children.count ? "\n.Ar command ..." : "");
    fputs("Part of\n.Xr openclaw 1 ,\nwhich has the options of every command and the exit codes.\n",
          out);
    for (size_t i = 1; i < paths->list.count; i++) {
        const struct cli_path *path = &paths->list.items[i];
        if (in_group(path, group->words) && path->op) {
            put_op(out, path->op, path->words);
        } else if (in_group(path, group->words) && path->command) {
            put_command(out, path->command, path->words);
        }
    }
    fputs(".Sh SEE ALSO\n.Xr openclaw 1 ,\n.Xr openclawd 8\n", out);
    free(name);
}

static void put_globals(FILE *out)
{
    fputs(".Bl -tag -width Ds\n", out);
    for (const struct cli_global *g = oc_globals; g->name; g++) {
        fputs(".It ", out);
        if (g->letter) {
            fprintf(out, "Fl %c , ", g->letter);
        }
        fprintf(out, "Fl \\-%s%s%s\n", g->name, g->value ? " Ar " : "", g->value ? g->value : "");
        put_sentence(out, g->help);
    }
    fputs(".El\n", out);
}

static void put_exit_codes(FILE *out)
{
    fputs(".Sh EXIT STATUS\n.Bl -tag -width Ds\n", out);
    for (const struct cli_topic *t = oc_exit_codes; t->name; t++) {
        fprintf(out, ".It %s\n", t->name);
        put_sentence(out, t->text);
    }
    fputs(".El\n", out);
}

static void main_page(FILE *out, const struct cli_paths *paths)
{
    const struct cli_path *root = &paths->list.items[0];
    put_head(out, "openclaw", "watch services and agents, and what to do about them");
    fputs(".Sh SYNOPSIS\n.Nm\n.Op Ar options\n.Ar command ...\n.Sh DESCRIPTION\n.Nm\n"
          "speaks to the daemon\n.Xr openclawd 8\nover its socket.\n"
          "With no daemon running, a command that can does its work through a private one.\n"
          "The answer goes to the standard output, everything else to the standard error.\n"
          ".Pp\nThe commands are:\n.Bl -tag -width Ds\n",
          out);
    for (size_t i = 0; i < root->children.count; i++) {
        fprintf(out, ".It Xr openclaw-%s 1\n", root->children.items[i].word);
        put_sentence(out, root->children.items[i].summary);
    }
    fputs(".El\n.Pp\nEvery command has these options:\n", out);
    put_globals(out);
    fputs(".Pp\nWith\n.Fl -json\nthe answer is one document\n"
          ".Bd -literal -offset indent\n{\"schema\":\"openclaw/v1\",\"ok\":true,\"data\":...,\n"
          " \"warnings\":[],\"error\":null}\n.Ed\n.Pp\n"
          "and a command that goes on until it is interrupted\nprints one such document a line.\n"
          ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n"
          ".It Ev OPENCLAW_HOME\nThe folder of the daemon.\n"
          ".It Ev OPENCLAW_CONFIG\nThe configuration file.\n"
          ".It Ev OPENCLAW_DEBUG\nShow the log of a private daemon.\n"
          ".It Ev NO_COLOR\nNo colours.\n"
          ".It Ev VISUAL , Ev EDITOR\nThe editor of\n.Cm config edit .\n.El\n"
          ".Sh FILES\n.Bl -tag -width Ds\n"
          ".It Pa ~/.openclaw/openclaw.conf\nThe configuration of a user.\n"
          ".It Pa /etc/openclaw/openclaw.conf\nThe configuration of a system.\n"
          ".It Pa ~/.openclaw/run/openclawd.sock\nThe socket of the daemon.\n.El\n",
          out);
    put_exit_codes(out);
    fputs(".Sh EXAMPLES\n", out);
    put_examples(out, "openclaw run\nopenclaw health check --json\n"
                      "openclaw alert silence cpu_high --for 2h --comment 'load test'");
    fputs(".Sh SEE ALSO\n.Xr openclawd 8\n", out);
}

/* ---- files ---- */

static FILE *open_page(const char *dir, const char *name, struct oc_error *err)
{
    char *file = oc_asprintf("%s.1", name), *path = oc_path_join(dir, file);
    FILE *out = fopen(path, "we");
    if (!out) {
        oc_error_errno(err, 0, errno, "cannot write %s", path);
    }
    free(path);
    free(file);
    return out;
}

static int close_page(FILE *out, struct oc_error *err)
{
    bool bad = ferror(out);
    return fclose(out) != 0 || bad ? oc_error_set(err, OC_E_PERMANENT, "a page cannot be written")
                                   : OC_OK;
}

static int write_group(const char *dir, const struct cli_paths *paths, const struct cli_path *group,
                       const char *about, struct oc_error *err)
{
    char *name = oc_asprintf("openclaw-%s", group->words);
    FILE *out = open_page(dir, name, err);
    free(name);
    if (!out) {
        return err->code;
    }
    group_page(out, paths, group, about);
    return close_page(out, err);
}

static int write_pages(const char *dir, const struct cli_paths *paths, struct oc_error *err)
{
    const struct cli_path *root = &paths->list.items[0];
    FILE *out = open_page(dir, "openclaw", err);
    if (!out) {
        return err->code;
    }
    main_page(out, paths);
    int rc = close_page(out, err);
    for (size_t i = 0; rc == OC_OK && i < root->children.count; i++) {
        for (size_t k = 1; rc == OC_OK && k < paths->list.count; k++) {
            if (strcmp(paths->list.items[k].words, root->children.items[i].word) == 0) {
                rc = write_group(dir, paths, &paths->list.items[k], root->children.items[i].summary,
                                 err);
            }
        }
    }
    return rc;
}

int oc_command_man(struct cli *cli, int argc, char **argv)
{
    struct cli_paths paths;
    struct oc_error err;
    oc_error_init(&err);
    if (argc != 1) {
        oc_error_set(&err, OC_E_CONFIG, "`openclaw man` wants the folder to write to");
        return oc_cli_fail_usage(cli, &err);
    }
    oc_paths_init(&paths);
    int rc = oc_dir_make(argv[0], 0755, &err);
    rc = rc == OC_OK ? write_pages(argv[0], &paths, &err) : rc;
    oc_paths_finish(&paths);
    return rc == OC_OK ? 0 : oc_cli_fail(cli, &err, oc_error_exit(rc));
}
