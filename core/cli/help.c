/* Help from the operation table. SPDX-License-Identifier: MIT */
#include "core/cli/help.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/cli/term.h"

#define NAME_COLUMN 30 /* where the text beside a name begins, at most */

/* ---- parts ---- */

/* "  name   text", the text wrapped beside the name, below it when the name is long. */
static void entry(FILE *out, const char *name, const char *text, size_t column)
{
    fputs("  ", out);
    oc_term_cell(out, name, 0, TERM_PLAIN, false);
    size_t used = 2 + oc_term_width(name);
    if (used + 2 > column) {
        fprintf(out, "\n%*s", (int)column, "");
    } else {
        fprintf(out, "%*s", (int)(column - used), "");
    }
    oc_term_wrap(out, text, column, OC_HELP_WIDTH);
    fputc('\n', out);
}

static void title(FILE *out, const char *text)
{
    fprintf(out, "\n%s:\n", text);
}

static void paragraphs(FILE *out, const char *text)
{
    fputc('\n', out);
    oc_term_wrap(out, text, 0, OC_HELP_WIDTH);
    fputc('\n', out);
}

static void examples(FILE *out, const char *text)
{
    title(out, strchr(text, '\n') ? "Examples" : "Example");
    while (*text) {
        size_t len = strcspn(text, "\n");
        oc_term_printf(out, "  %.*s\n", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

void oc_help_group_of(const char *name, char *buf, size_t size)
{
    snprintf(buf, size, "%.*s", (int)strcspn(name, "."), name);
}

const char *oc_help_group_summary(const char *group)
{
    static const char *const texts[][2] = {
        {"alert", "alerts, silences and channels"},
        {"api", "the HTTP face of the host"},
        {"audit", "who has done what"},
        {"collector", "what collects, and how it fares"},
        {"config", "the configuration"},
        {"cost", "what models and agents cost: figures, prices, budgets"},
        {"cron", "schedules: operations that run by themselves"},
        {"events", "what has happened"},
        {"export", "where samples are sent"},
        {"governance", "proposals, votes and decisions"},
        {"health", "the health of services and agents"},
        {"host", "this machine and what is kept of it"},
        {"ledger", "the log that nobody can change unnoticed"},
        {"maintenance", "the mode in which nobody is told"},
        {"message", "messages between agents"},
        {"metrics", "stored samples"},
        {"plugin", "plugins: write, install, watch over and remove them"},
        {"policy", "Lua policies"},
        {"registry", "where plugins come from: consuming and publishing"},
        {"rules", "alert rules"},
        {"rule", "alert rules"},
        {"runbook", "procedures that run"},
        {"session", "who is signed in"},
        {"skill", "texts for agents"},
        {"token", "credentials for the API"},
        {"tool", "functions for agents"},
        {"unit", "processes and services that can be started and stopped"},
    };
    for (size_t i = 0; i < OC_COUNT(texts); i++) {
        if (strcmp(texts[i][0], group) == 0) {
            return texts[i][1];
        }
    }
    return "";
}

/* ---- everything by name ---- */

void oc_help_each(void (*fn)(void *ctx, const struct cli_op *op, const struct cli_command *command),
                  void *ctx)
{
    const struct cli_command *c = oc_commands;
    size_t i = 0;
    while (i < oc_cli_op_count || c->name) {
        bool op = i < oc_cli_op_count && (!c->name || strcmp(oc_cli_ops[i].name, c->name) < 0);
        if (op) {
            fn(ctx, &oc_cli_ops[i++], NULL);
        } else {
            bool both = i < oc_cli_op_count && strcmp(oc_cli_ops[i].name, c->name) == 0;
            i += both; /* the command stands before the operation of its name */
            if (!c->hidden) {
                fn(ctx, NULL, c);
            }
            c++;
        }
    }
}

/* ---- one operation ---- */

static void add_place(struct oc_buf *out, const struct cli_param *param)
{
    char name[96];
    bool list =
        param->type == OC_OPT_STRINGS || param->type == OC_OPT_INTS || param->type == OC_OPT_MAP;
    oc_param_spell(param, name, sizeof name);
    oc_buf_addf(out, param->flags & OC_OPT_REQUIRED ? " %s%s" : " [%s%s]", name, list ? "..." : "");
}

void oc_help_usage(const struct cli_op *op, char *buf, size_t size)
{
    struct oc_buf text = {0};
    char words[128];
    bool options = false;
    oc_op_words(op->name, words, sizeof words);
    oc_buf_addf(&text, "openclaw %s", words);
    for (size_t i = 0; i < op->param_count; i++) {
        options = options || !(op->params[i].flags & OC_OPT_POSITIONAL);
    }
    if (options) {
        oc_buf_adds(&text, " [OPTIONS]");
    }
    for (size_t i = 0; i < op->param_count; i++) {
        if (op->params[i].flags & OC_OPT_POSITIONAL) {
            add_place(&text, &op->params[i]);
        }
    }
    oc_copy(buf, size, text.data);
    oc_buf_finish(&text);
}

static void param_name(const struct cli_param *param, char *buf, size_t size)
{
    oc_param_spell(param, buf, size);
    const char *word = oc_param_word(param);
    if (!(param->flags & OC_OPT_POSITIONAL) && *word) {
        size_t len = strlen(buf);
        snprintf(buf + len, size - len, " %s", word);
    }
}

static char *param_text(const struct cli_param *param)
{
    struct oc_buf text = {0};
    oc_buf_adds(&text, param->help ? param->help : "");
    if (param->type == OC_OPT_ENUM && param->choices) {
        oc_buf_adds(&text, ": ");
        for (const char *p = param->choices; *p; p++) {
            oc_buf_adds(&text, *p == '|' ? ", " : (char[]){*p, '\0'});
        }
    }
    if (param->fallback && *param->fallback) {
        oc_buf_addf(&text, " (default %s)", param->fallback);
    }
    if (param->flags & OC_OPT_REQUIRED && !(param->flags & OC_OPT_POSITIONAL)) {
        oc_buf_adds(&text, " (required)");
    }
    if (param->type == OC_OPT_STRINGS || param->type == OC_OPT_INTS || param->type == OC_OPT_MAP) {
        oc_buf_adds(&text, "; may be given again");
    }
    return oc_buf_take(&text);
}

static size_t param_column(const struct cli_op *op)
{
    size_t widest = 0;
    char name[128];
    for (size_t i = 0; i < op->param_count; i++) {
        param_name(&op->params[i], name, sizeof name);
        widest = strlen(name) > widest ? strlen(name) : widest;
    }
    return widest + 4 < NAME_COLUMN ? widest + 4 : NAME_COLUMN;
}

static void params(const struct cli_op *op, bool place, FILE *out)
{
    char name[128];
    bool first = true;
    for (size_t i = 0; i < op->param_count; i++) {
        const struct cli_param *param = &op->params[i];
        if (!!(param->flags & OC_OPT_POSITIONAL) != place) {
            continue;
        }
        if (first) {
            title(out, place ? "Arguments" : "Options");
            first = false;
        }
        char *text = param_text(param);
        param_name(param, name, sizeof name);
        entry(out, name, text, param_column(op));
        free(text);
    }
}

void oc_help_op(const struct cli_op *op, FILE *out)
{
    char usage[512];
    oc_help_usage(op, usage, sizeof usage);
    fputs("Usage: ", out);
    oc_term_wrap(out, usage, 7, OC_HELP_WIDTH);
    fputc('\n', out);
    char *summary = oc_asprintf("%s.", op->summary);
    paragraphs(out, summary);
    free(summary);
    if (op->description) {
        paragraphs(out, op->description);
    }
    if (!(op->flags & (OC_OP_EPHEMERAL | OC_OP_PRIVATE))) {
        paragraphs(out, "Needs a running daemon.");
    }
    params(op, true, out);
    params(op, false, out);
    if (op->example) {
        examples(out, op->example);
    }
    fputs("\n`openclaw help` lists the options that every command has.\n", out);
}

void oc_help_command(const struct cli_command *command, FILE *out)
{
    fprintf(out, "Usage: openclaw %s\n", command->usage);
    char *summary = oc_asprintf("%s.", command->summary);
    paragraphs(out, summary);
    free(summary);
    if (command->description) {
        paragraphs(out, command->description);
    }
    if (command->example) {
        examples(out, command->example);
    }
    fputs("\n`openclaw help` lists the options that every command has.\n", out);
}

/* ---- groups ---- */

struct group {
    int argc;
    char **argv;
    FILE *out;
    size_t count;
};

static bool below(const struct group *g, const char *name)
{
    char prefix[128], words[128];
    size_t len = 0;
    for (int i = 0; i < g->argc; i++) {
        const char *dot = strchr(name + len, '.');
        if (!dot) {
            return false;
        }
        len = (size_t)(dot - name) + 1;
    }
    oc_copy(prefix, sizeof prefix, name);
    prefix[len > 0 ? len - 1 : 0] = '\0';
    oc_op_words(name, words, sizeof words);
    return len > 0 && oc_args_match(prefix, g->argc, g->argv) == g->argc;
}

static void count_below(void *ctx, const struct cli_op *op, const struct cli_command *command)
{
    struct group *g = ctx;
    g->count += below(g, op ? op->name : command->name);
}

static void print_below(void *ctx, const struct cli_op *op, const struct cli_command *command)
{
    struct group *g = ctx;
    char words[128];
    if (below(g, op ? op->name : command->name)) {
        oc_op_words(op ? op->name : command->name, words, sizeof words);
        entry(g->out, words, op ? op->summary : command->summary, 22);
    }
}

/* The words up to the first option. */
static struct group group_of(int argc, char **argv, FILE *out)
{
    struct group g = {.argv = argv, .out = out};
    while (g.argc < argc && argv[g.argc][0] != '-') {
        g.argc++;
    }
    return g;
}

/* As they were given; owned by the caller. */
static char *join(const struct group *g)
{
    struct oc_buf words = {0};
    for (int i = 0; i < g->argc; i++) {
        oc_buf_addf(&words, "%s%s", i ? " " : "", g->argv[i]);
    }
    return oc_buf_take(&words);
}

bool oc_help_is_below(const char *name, int argc, char **argv)
{
    struct group g = group_of(argc, argv, NULL);
    return g.argc == 0 || below(&g, name);
}

bool oc_help_is_group(int argc, char **argv)
{
    struct group g = group_of(argc, argv, NULL);
    oc_help_each(count_below, &g);
    return g.argc > 0 && g.count > 0;
}

void oc_help_want_command(int argc, char **argv, struct oc_error *err)
{
    const struct group g = group_of(argc, argv, NULL);
    char *words = join(&g);
    oc_error_set(err, OC_E_CONFIG, "`openclaw %s` is a group of commands and none of them", words);
    oc_error_hint(err, "`openclaw help %s` lists them.", words);
    free(words);
}

bool oc_help_group(int argc, char **argv, FILE *out)
{
    struct group g = group_of(argc, argv, out);
    if (!oc_help_is_group(argc, argv)) {
        return false;
    }
    char *words = join(&g);
    fprintf(out, "Usage: openclaw %s COMMAND\n\n", words);
    oc_help_each(print_below, &g);
    fprintf(out, "\n`openclaw help %s COMMAND` explains one of them.\n", words);
    free(words);
    return true;
}

/* ---- overview ---- */

struct overview {
    FILE *out;
    char group[64];
    struct oc_buf verbs;
};

static void end_group(struct overview *o)
{
    if (o->verbs.len) {
        const char *about = oc_help_group_summary(o->group);
        char *text = oc_asprintf("%s%s%s", about, *about ? ": " : "", o->verbs.data);
        entry(o->out, o->group, text, 14);
        free(text);
        oc_buf_clear(&o->verbs);
    }
}

static void add_overview(void *ctx, const struct cli_op *op, const struct cli_command *command)
{
    struct overview *o = ctx;
    const char *name = op ? op->name : command->name, *dot = strchr(name, '.');
    char group[64], words[128];
    oc_help_group_of(name, group, sizeof group);
    if (strcmp(group, o->group) != 0 || !dot) {
        end_group(o);
    }
    oc_copy(o->group, sizeof o->group, group);
    if (!dot) {
        entry(o->out, name, op ? op->summary : command->summary, 14);
        return;
    }
    oc_op_words(dot + 1, words, sizeof words);
    oc_buf_addf(&o->verbs, "%s%s", o->verbs.len ? ", " : "", words);
}

static void globals(FILE *out)
{
    title(out, "Options of every command");
    for (const struct cli_global *g = oc_globals; g->name; g++) {
        char letter[8] = "", name[96];
        if (g->letter) {
            snprintf(letter, sizeof letter, "-%c, ", g->letter);
        }
        snprintf(name, sizeof name, "%-4s--%s%s%s", letter, g->name, g->value ? " " : "",
                 g->value ? g->value : "");
        entry(out, name, g->help, NAME_COLUMN - 4);
    }
}

void oc_help_overview(FILE *out)
{
    struct overview o = {.out = out};
    fputs("Usage: openclaw [OPTIONS] COMMAND ...\n\n", out);
    oc_term_wrap(out, "Watches services and agents through plugins, evaluates rules, tells people.",
                 0, OC_HELP_WIDTH);
    fputs("\n\nCommands:\n", out);
    oc_help_each(add_overview, &o);
    end_group(&o);
    oc_buf_finish(&o.verbs);
    globals(out);
    examples(out, "openclaw run\nopenclaw status\nopenclaw health check --json\n"
                  "openclaw alert silence cpu_high --for 2h --comment 'load test'\n"
                  "openclaw explain exit-codes");
    fputs("\n`openclaw help COMMAND` explains one of them.\n", out);
}
