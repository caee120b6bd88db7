/* Help as the document that --json wants. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/cli/help.h"

static json_t *param_json(const struct cli_param *param)
{
    char spelled[96];
    json_t *o = json_object();
    oc_param_spell(param, spelled, sizeof spelled);
    oc_json_set_str(o, "name", spelled);
    oc_json_set_str(o, "value", oc_param_word(param));
    oc_json_set_str(o, "help", param->help);
    oc_json_set_str(o, "choices", param->choices);
    oc_json_set_str(o, "default", param->fallback);
    oc_json_set_bool(o, "required", param->flags & OC_OPT_REQUIRED);
    oc_json_set_bool(o, "positional", param->flags & OC_OPT_POSITIONAL);
    return o;
}

static json_t *entry_json(const char *name, const char *usage, const char *summary)
{
    char words[128];
    json_t *o = json_object();
    oc_op_words(name, words, sizeof words);
    oc_json_set_str(o, "command", words);
    oc_json_set_str(o, "usage", usage);
    oc_json_set_str(o, "summary", summary);
    return o;
}

json_t *oc_help_op_json(const struct cli_op *op)
{
    char usage[512];
    oc_help_usage(op, usage, sizeof usage);
    json_t *o = entry_json(op->name, usage, op->summary), *params = json_array();
    for (size_t i = 0; i < op->param_count; i++) {
        json_array_append_new(params, param_json(&op->params[i]));
    }
    oc_json_set_str(o, "description", op->description);
    oc_json_set_str(o, "example", op->example);
    oc_json_set_str(o, "role", op->role);
    oc_json_set_bool(o, "needs_daemon", !(op->flags & (OC_OP_EPHEMERAL | OC_OP_PRIVATE)));
    oc_json_take(o, "params", params);
    return o;
}

json_t *oc_help_command_json(const struct cli_command *command)
{
    char usage[256];
    snprintf(usage, sizeof usage, "openclaw %s", command->usage);
    json_t *o = entry_json(command->name, usage, command->summary);
    oc_json_set_str(o, "description", command->description);
    oc_json_set_str(o, "example", command->example);
    return o;
}

/* ---- lists ---- */

struct list {
    int argc;
    char **argv;
    json_t *commands;
};

static void add_one(void *ctx, const struct cli_op *op, const struct cli_command *command)
{
    struct list *l = ctx;
    const char *name = op ? op->name : command->name;
    char usage[512];
    if (!oc_help_is_below(name, l->argc, l->argv)) {
        return;
    }
    if (op) {
        oc_help_usage(op, usage, sizeof usage);
    } else {
        snprintf(usage, sizeof usage, "openclaw %s", command->usage);
    }
    json_array_append_new(l->commands,
                          entry_json(name, usage, op ? op->summary : command->summary));
}

static json_t *globals_json(void)
{
    json_t *options = json_array();
    for (const struct cli_global *g = oc_globals; g->name; g++) {
        json_t *o = json_object();
        char spelled[64], letter[4];
        snprintf(spelled, sizeof spelled, "--%s", g->name);
        snprintf(letter, sizeof letter, "-%c", g->letter);
        oc_json_set_str(o, "name", spelled);
        oc_json_set_str(o, "letter", g->letter ? letter : NULL);
        oc_json_set_str(o, "value", g->value);
        oc_json_set_str(o, "help", g->help);
        json_array_append_new(options, o);
    }
    return options;
}

json_t *oc_help_list_json(int argc, char **argv)
{
    struct list l = {argc, argv, json_array()};
    oc_help_each(add_one, &l);
    if (json_array_size(l.commands) == 0) {
        json_decref(l.commands);
        return NULL;
    }
    json_t *o = json_object();
    oc_json_take(o, "commands", l.commands);
    if (argc == 0) {
        oc_json_take(o, "options", globals_json());
    }
    return o;
}
