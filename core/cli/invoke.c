/* Running one operation from its parameters to its exit code. SPDX-License-Identifier: MIT */
#include "core/cli/invoke.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/cli/commands.h"
#include "core/cli/plan.h"
#include "core/cli/progress.h"
#include "core/cli/show.h"
#include "core/cli/sign.h"
#include "core/cli/term.h"
#include "core/config/command.h"

/* ---- one call ---- */

struct invocation {
    struct cli_show show;
    struct cli_progress progress;
};

static int on_row(void *ctx, const json_t *row)
{
    struct invocation *v = ctx;
    oc_progress_clear(&v->progress);
    return oc_show_row(&v->show, row);
}

static void on_progress(void *ctx, double fraction, const char *text)
{
    struct invocation *v = ctx;
    oc_progress_show(&v->progress, v->show.cli, fraction, text);
}

static int confirm(const struct cli *cli, const struct cli_op *op, struct oc_error *err)
{
    char words[128];
    if (!(op->flags & OC_OP_DESTRUCTIVE) || op->flags & OC_OP_PLANS || cli->yes) {
        return OC_OK;
    }
    oc_op_words(op->name, words, sizeof words);
    char *question = oc_asprintf("%s: %s. Go on?", words, op->summary);
    bool yes = oc_cli_confirm(question);
    free(question);
    if (yes) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_CANCELLED, "`openclaw %s` was not confirmed: nothing has been done",
                 words);
    oc_error_hint(err, "Answer y on a terminal, or give --yes.");
    return OC_E_CANCELLED;
}

/* A private daemon has only begun to collect: what it is asked about must be there first. */
static bool first_round(struct cli_link *link, const struct cli_op *op, struct cli_answer *answer)
{
    if (!link->child.pid || !(op->flags & OC_OP_COLLECTS) ||
        strcmp(op->name, "health.check") == 0) {
        return true; /* health.check waits by itself, as long as it is told to */
    }
    oc_link_call(link, "collector.ready", NULL, NULL, answer);
    bool ready = answer->ok;
    if (ready) {
        oc_answer_finish(answer);
        oc_error_init(&answer->err);
    }
    return ready;
}

/* A file that does not even parse is told best by a daemon that tries to start with it. */
static struct cli with_file_to_check(const struct cli *cli, const struct cli_op *op,
                                     const json_t *params)
{
    struct cli other = *cli;
    if (strcmp(op->name, "config.validate") == 0) {
        other.config = oc_json_str(params, "file", cli->config);
    }
    return other;
}

static void call(struct cli_link *link, struct invocation *v, const struct cli_listener *listener,
                 struct cli_answer *answer)
{
    const struct cli_show *s = &v->show;
    if (oc_sign_first(s->op, s->params)) {
        json_t *signed_params = oc_sign_params(link, s->cli, s->op, s->params, answer);
        if (signed_params) {
            oc_link_call(link, s->op->name, signed_params, listener, answer);
        }
        json_decref(signed_params);
    } else if (oc_plan_first(s->cli, s->op, s->params)) {
        oc_plan_call(link, s->cli, s->op, s->params, listener, answer);
    } else {
        oc_link_call(link, s->op->name, s->params, listener, answer);
    }
}

/* A secret that was made and told to nobody stays behind, and cannot be told again. */
static void flush(const struct cli_op *op, const struct cli_answer *answer)
{
    if (oc_cli_write_out() == 0 || !answer->ok || !(op->flags & OC_OP_TELLS_SECRET)) {
        return; /* the end of the program says it */
    }
    const char *name = oc_json_str(answer->data, "name", NULL);
    fputs("openclaw: a secret was made, and nobody has seen it\n", stderr);
    if (name && strcmp(op->name, "token.create") == 0) {
        oc_term_printf(stderr, "  `openclaw token revoke %s` takes it back.\n", name);
    }
}

int oc_command_op(struct cli *cli, const struct cli_op *op, const json_t *params)
{
    struct cli other = with_file_to_check(cli, op, params);
    struct invocation v = {.show = {.cli = cli, .op = op, .params = params}};
    struct cli_listener listener = {on_row, on_progress, &v, op->flags & OC_OP_STREAMS};
    struct cli_answer answer = {0};
    struct cli_link link;
    oc_error_init(&answer.err);
    oc_progress_begin(&v.progress);
    if (oc_show_check(&v.show, &answer.err) != OC_OK) {
        return oc_cli_fail_usage(cli, &answer.err);
    }
    if (confirm(cli, op, &answer.err) != OC_OK) {
        return oc_cli_fail(cli, &answer.err, 1);
    }
    int rc = oc_link_open(&link, &other, op, &answer.err);
    if (rc != OC_OK) {
        answer.lost = rc == OC_E_RETRY || rc == OC_E_TIMEOUT;
    } else if (first_round(&link, op, &answer)) {
        call(&link, &v, &listener, &answer);
    }
    oc_link_done(&link);
    oc_progress_clear(&v.progress);
    int exit_code = oc_show(&v.show, &answer);
    flush(op, &answer); /* before a private daemon takes its time to leave */
    oc_link_close(&link);
    oc_answer_finish(&answer);
    return exit_code;
}

const struct cli_op *oc_cli_op(const char *name)
{
    for (size_t i = 0; i < oc_cli_op_count; i++) {
        if (strcmp(oc_cli_ops[i].name, name) == 0) {
            return &oc_cli_ops[i];
        }
    }
    return NULL;
}

bool oc_cli_op_has(const struct cli_op *op, const char *name)
{
    for (size_t i = 0; i < op->param_count; i++) {
        if (strcmp(op->params[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- operations that plugins bring ---- */

static uint32_t type_of(const char *name)
{
    static const char *const names[] = {
        [OC_OPT_BOOL] = "boolean",    [OC_OPT_INT] = "integer",
        [OC_OPT_FLOAT] = "number",    [OC_OPT_DURATION] = "duration",
        [OC_OPT_SIZE] = "size",       [OC_OPT_STRING] = "string",
        [OC_OPT_SECRET] = "secret",   [OC_OPT_ENUM] = "choice",
        [OC_OPT_PATH] = "path",       [OC_OPT_URL] = "url",
        [OC_OPT_STRINGS] = "strings", [OC_OPT_INTS] = "integers",
        [OC_OPT_MAP] = "map"};
    for (uint32_t i = OC_OPT_BOOL; i < OC_COUNT(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    return OC_OPT_STRING; /* the daemon will say what is wrong */
}

static uint32_t flags_of(const json_t *list)
{
    static const struct {
        const char *name;
        uint32_t flag;
    } names[] = {{"mutates", OC_OP_MUTATES},   {"destructive", OC_OP_DESTRUCTIVE},
                 {"streams", OC_OP_STREAMS},   {"ephemeral", OC_OP_EPHEMERAL},
                 {"collects", OC_OP_COLLECTS}, {"private", OC_OP_PRIVATE},
                 {"plans", OC_OP_PLANS}};
    uint32_t flags = 0;
    const json_t *word;
    size_t i;
    json_array_foreach(list, i, word)
    {
        for (size_t k = 0; k < OC_COUNT(names); k++) {
            const char *name = json_string_value(word);
            flags |= name && strcmp(names[k].name, name) == 0 ? names[k].flag : 0;
        }
    }
    return flags;
}

static char *join_choices(const json_t *list)
{
    struct oc_buf text = {0};
    const json_t *word;
    size_t i;
    json_array_foreach(list, i, word)
    {
        oc_buf_addf(&text, "%s%s", i ? "|" : "",
                    json_is_string(word) ? json_string_value(word) : "");
    }
    return text.len ? oc_buf_take(&text) : NULL;
}

/* As oc_options_json (core/config/bind.h) writes it. */
static void read_param(const json_t *json, struct cli_param *param)
{
    *param = (struct cli_param){.name = oc_strdup(oc_json_str(json, "name", "")),
                                .type = type_of(oc_json_str(json, "type", "string")),
                                .help = oc_strdup(oc_json_str(json, "help", NULL)),
                                .choices = join_choices(json_object_get(json, "choices")),
                                .fallback = oc_strdup(oc_json_str(json, "default", NULL))};
    param->flags |= oc_json_bool(json, "required", false) ? OC_OPT_REQUIRED : 0;
    param->flags |= oc_json_bool(json, "positional", false) ? OC_OPT_POSITIONAL : 0;
}

/* Those that were read: they are part of the table from then on. */
static struct brought {
    struct cli_op op;
    struct brought *next;
} * brought;

const struct cli_op *oc_invoke_op_from_json(const json_t *json)
{
    const json_t *list = json_object_get(json, "params");
    const char *name = oc_json_str(json, "name", NULL), *view = oc_json_str(json, "view", NULL);
    if (!name) {
        return NULL;
    }
    struct brought *b = oc_calloc(1, sizeof *b);
    struct cli_param *params = oc_calloc(json_array_size(list) + 1, sizeof *params);
    for (size_t i = 0; i < json_array_size(list); i++) {
        read_param(json_array_get(list, i), &params[i]);
    }
    b->op = (struct cli_op){.name = oc_strdup(name),
                            .summary = oc_strdup(oc_json_str(json, "summary", "")),
                            .role = oc_strdup(oc_json_str(json, "role", "")),
                            .flags = flags_of(json_object_get(json, "flags")),
                            .view = view && oc_command_view(view) ? oc_strdup(view) : NULL,
                            .description = oc_strdup(oc_json_str(json, "description", NULL)),
                            .example = oc_strdup(oc_json_str(json, "example", NULL)),
                            .params = params,
                            .param_count = json_array_size(list)};
    b->next = brought;
    brought = b;
    return &b->op;
}

static json_t *ask_for_ops(const struct cli *cli)
{
    static const struct cli_op list = {.name = "op.list"};
    struct cli_answer answer;
    oc_cli_ask(cli, &list, NULL, &answer);
    json_t *ops = answer.ok ? json_incref(answer.data) : NULL;
    oc_answer_finish(&answer);
    return ops;
}

const struct cli_op *oc_invoke_find(const struct cli *cli, int argc, char **argv, int *used)
{
    json_t *ops = ask_for_ops(cli);
    const json_t *json, *best = NULL;
    size_t i;
    *used = 0;
    json_array_foreach(ops, i, json)
    {
        int n = oc_args_match(oc_json_str(json, "name", ""), argc, argv);
        if (n > *used) {
            *used = n;
            best = json;
        }
    }
    const struct cli_op *op = best ? oc_invoke_op_from_json(best) : NULL;
    json_decref(ops);
    return op;
}
