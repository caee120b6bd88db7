/* The command `plugin create`: asks for what the template wants to know. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/cli/client.h"
#include "core/cli/commands.h"
#include "core/cli/show.h"
#include "core/cli/term.h"

/* How the operation calls what a template calls otherwise. */
static const struct {
    const char *variable, *param;
} spoken[] = {{"pluginName", "name"},
              {"pluginDisplayName", "display_name"},
              {"pluginDescription", "description"},
              {"authorName", "author"},
              {"authorEmail", "email"}};

/* The text that was given for a variable; NULL when none was. Borrowed. */
static const char *given(const json_t *params, const char *variable)
{
    for (size_t i = 0; i < OC_COUNT(spoken); i++) {
        const char *text = strcmp(spoken[i].variable, variable) == 0
                               ? oc_json_str(params, spoken[i].param, NULL)
                               : NULL;
        if (text) {
            return text;
        }
    }
    return oc_json_str(json_object_get(params, "var"), variable, NULL);
}

static void give(json_t *params, const char *variable, const char *text)
{
    json_t *vars = json_object_get(params, "var");
    for (size_t i = 0; i < OC_COUNT(spoken); i++) {
        if (strcmp(spoken[i].variable, variable) == 0) {
            oc_json_set_str(params, spoken[i].param, text);
            return;
        }
    }
    if (!vars) {
        vars = json_object();
        oc_json_take(params, "var", vars);
    }
    oc_json_set_str(vars, variable, text);
}

/* One line from the terminal; an empty one takes what is suggested. False at its end. */
static bool ask(json_t *params, const char *name, const char *question, const char *suggested)
{
    char *line = NULL;
    size_t size = 0;
    oc_term_text(stderr, question && *question ? question : name);
    if (*suggested) {
        fputs(" [", stderr);
        oc_term_text(stderr, suggested);
        fputc(']', stderr);
    }
    fputs(": ", stderr);
    fflush(stderr);
    const ssize_t n = getline(&line, &size, stdin);
    if (n > 0) {
        line[strcspn(line, "\r\n")] = '\0';
        if (*line) {
            give(params, name, line);
        }
    }
    free(line);
    return n > 0;
}

/* Asks for the required variables that are not given; what is still missing the operation says. */
static int ask_all(struct cli *cli, json_t *params)
{
    const struct cli_op *op = oc_cli_op("plugin.template");
    json_t *wanted = json_pack("{s:s}", "template", oc_json_str(params, "template", "basic"));
    struct cli_answer answer;
    const json_t *variable;
    size_t i;
    int rc = 0;
    OC_ASSERT(op);
    if (!given(params, "pluginName")) {
        ask(params, "pluginName", "the plugin's name, such as disk-space", "");
    }
    oc_cli_ask(cli, op, wanted, &answer);
    if (!answer.ok) {
        struct cli_show show = {.cli = cli, .op = op, .params = wanted};
        rc = oc_show(&show, &answer);
    }
    json_array_foreach(json_object_get(answer.data, "variables"), i, variable)
    {
        const char *name = oc_json_str(variable, "name", "");
        if (oc_json_bool(variable, "required", false) && !given(params, name) &&
            !ask(params, name, oc_json_str(variable, "description", ""),
                 oc_json_str(variable, "default", ""))) {
            break;
        }
    }
    oc_answer_finish(&answer);
    json_decref(wanted);
    return rc;
}

int oc_command_create(struct cli *cli, int argc, char **argv)
{
    const struct cli_op *op = oc_cli_op("plugin.create");
    struct oc_error err;
    oc_error_init(&err);
    OC_ASSERT(op);
    json_t *params = oc_params_parse(op, argc, argv, &err);
    if (!params) {
        return oc_cli_fail_usage(cli, &err);
    }
    int rc = 0;
    if (oc_json_bool(params, "list", false)) {
        op = oc_cli_op("plugin.template");
        json_object_clear(params);
    } else if (!cli->json && !cli->yes && isatty(STDIN_FILENO) && cli->tty_err) {
        rc = ask_all(cli, params);
    }
    if (rc == 0) {
        rc = oc_command_op(cli, op, params);
    }
    json_decref(params);
    return rc;
}
