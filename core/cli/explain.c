/* The command `explain`: errors, exit codes, states, commands, keys. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/cli/commands.h"
#include "core/cli/help.h"
#include "core/cli/term.h"

#define MEANING(code, name, exit_code, meaning) {name, meaning},
static const struct cli_topic errors[] = {OC_ERROR_MAP(MEANING)};
#undef MEANING

const struct cli_topic oc_exit_codes[] = {
    {"0", "success; `health check`: all is well"},
    {"1", "failed, or `health check`: a warning; `doctor`: there is an error"},
    {"2", "what was asked for was not found; `health check`: something is critical"},
    {"3", "a right is missing; `health check`: the state is unknown"},
    {"4", "a registry cannot be reached"},
    {"5", "verification failed: a signature, a digest or a length is wrong"},
    {"6", "refused for security"},
    {"7", "the configuration or a parameter is wrong"},
    {"8", "kept until governance decides: it runs as soon as it is approved"},
    {"64", "the command was not understood: a usage error"},
    {"69", "no daemon is running, and the command needs one; or it went away or is silent"},
    {"130", "interrupted by Ctrl-C"},
    {"141", "nobody reads the output any more: the pipe is closed"},
    {NULL, NULL},
};

static const struct cli_topic states[] = {
    {"ok", "the service answered as expected"},
    {"warning", "it answers, but a value is beyond its warning threshold, or the check says so"},
    {"critical", "it does not answer, or a value is beyond its critical threshold"},
    {"unknown", "the check itself could not be made"},
    {"unreachable", "a service that it depends on is down, so its own state cannot be told"},
    {"pending", "it has not been checked yet"},
    {"flapping", "it changes its state so often that nobody is told until it is steady"},
    {"soft", "a state seen fewer times than `max_attempts`: shown as (1/3); it may pass"},
    {"hard", "a state seen `max_attempts` times in a row: people are told"},
    {"maintenance", "inside a maintenance window: health is recorded, nobody is told"},
    {"firing", "an alert whose condition holds and has held for its `for`"},
    {"resolved", "an alert whose condition no longer holds"},
    {"silenced", "a firing alert that a silence covers: it is listed, nobody is told"},
    {"acknowledged", "a firing alert that somebody looks after: repeats stop until it resolves"},
    {"inactive", "a rule whose condition does not hold"},
    {"fenced", "a plugin that overran its deadline: no call is made until it returns"},
    {"failed", "a plugin or channel that could not be loaded, configured or started"},
};

struct section {
    const char *name, *title;
    const struct cli_topic *topics;
    size_t count;
};

static const struct section sections[] = {
    {"errors", "Error codes, as `error.code` in --json", errors, OC_COUNT(errors)},
    {"exit-codes", "Exit codes of openclaw", oc_exit_codes, OC_COUNT(oc_exit_codes) - 1},
    {"states", "States of services, alerts, rules and plugins", states, OC_COUNT(states)},
};

static json_t *topics_json(const struct section *s)
{
    json_t *object = json_object();
    for (size_t i = 0; i < s->count; i++) {
        oc_json_set_str(object, s->topics[i].name, s->topics[i].text);
    }
    return object;
}

static void show_section(const struct section *s)
{
    printf("%s:\n", s->title);
    for (size_t i = 0; i < s->count; i++) {
        printf("  %-14s", s->topics[i].name);
        oc_term_wrap(stdout, s->topics[i].text, 16, OC_HELP_WIDTH);
        fputc('\n', stdout);
    }
}

static int explain_section(const struct cli *cli, const struct section *s)
{
    if (cli->json) {
        oc_cli_print_data(cli, topics_json(s));
    } else {
        show_section(s);
    }
    return 0;
}

static int explain_all(const struct cli *cli)
{
    json_t *all = json_object();
    for (size_t i = 0; i < OC_COUNT(sections); i++) {
        if (cli->json) {
            oc_json_take(all, sections[i].name, topics_json(&sections[i]));
        } else {
            fputs(i ? "\n" : "", stdout);
            show_section(&sections[i]);
        }
    }
    if (cli->json) {
        oc_cli_print_data(cli, all);
        return 0;
    }
    json_decref(all);
    fputs("\nAlso `openclaw explain KEY` of the configuration, and `openclaw help COMMAND`.\n",
          stdout);
    return 0;
}

/* "OC_E_NOT_FOUND", "not-found" and "not_found" are one. */
static bool same_topic(const char *name, const char *word)
{
    word += strncasecmp(word, "OC_E_", 5) == 0 ? 5 : 0;
    for (; *name && *word; name++, word++) {
        char c = *word == '-'                   ? '_'
                 : *word >= 'A' && *word <= 'Z' ? (char)(*word - 'A' + 'a')
                                                : *word;
        if (c != *name) {
            return false;
        }
    }
    return !*name && !*word;
}

/* Every topic of that name: "unknown" may be several things. */
static bool explain_topics(const struct cli *cli, const char *word)
{
    json_t *found = json_array();
    for (size_t s = 0; s < OC_COUNT(sections); s++) {
        for (size_t i = 0; i < sections[s].count; i++) {
            const struct cli_topic *t = &sections[s].topics[i];
            if (same_topic(t->name, word)) {
                json_array_append_new(found, json_pack("{s:s,s:s,s:s}", "kind", sections[s].name,
                                                       "name", t->name, "meaning", t->text));
            }
        }
    }
    bool any = json_array_size(found) > 0;
    if (any && cli->json) {
        oc_cli_print_data(cli, json_incref(found));
    }
    const json_t *topic;
    size_t i;
    json_array_foreach(found, i, topic)
    {
        if (!cli->json) {
            oc_term_printf(stdout, "%s (%s): %s\n", oc_json_str(topic, "name", ""),
                           oc_json_str(topic, "kind", ""), oc_json_str(topic, "meaning", ""));
        }
    }
    json_decref(found);
    return any;
}

static int explain_key(struct cli *cli, const char *key)
{
    const struct cli_op *op = oc_cli_op("config.explain");
    json_t *params = json_pack("{s:s}", "key", key);
    struct oc_error err;
    int rc;
    if (op && params) {
        rc = oc_command_op(cli, op, params);
    } else {
        oc_error_init(&err);
        oc_error_set(&err, OC_E_NOT_FOUND, "nothing is known about %s", key);
        rc = oc_cli_fail(cli, &err, oc_error_exit(OC_E_NOT_FOUND));
    }
    json_decref(params);
    return rc;
}

/* What is looked for: one word, or the number of "exit 8", "exit code 8", also as one word. */
static const char *exit_code_word(int argc, char **argv)
{
    const bool exits = argc > 0 && strncmp(argv[0], "exit", 4) == 0;
    const char *last = argc > 0 ? argv[argc - 1] : NULL, *space = last ? strrchr(last, ' ') : NULL;
    if (exits && argc <= 3) {
        return space ? space + 1 : last;
    }
    return argc == 1 ? last : NULL;
}

int oc_command_explain(struct cli *cli, int argc, char **argv)
{
    if (argc == 0) {
        return explain_all(cli);
    }
    for (size_t i = 0; i < OC_COUNT(sections) && argc == 1; i++) {
        size_t len = strlen(sections[i].name) - 1; /* "error" and "exit-code" will do */
        if (strncmp(argv[0], sections[i].name, len) == 0 &&
            (!argv[0][len] || strcmp(argv[0], sections[i].name) == 0)) {
            return explain_section(cli, &sections[i]);
        }
    }
    const char *word = exit_code_word(argc, argv);
    if (word && explain_topics(cli, word)) {
        return 0;
    }
    int words;
    bool command = oc_command_find(argc, argv, &words) || oc_args_find(argc, argv, &words) ||
                   oc_help_is_group(argc, argv);
    if (command && !strchr(argv[0], '.')) {
        return oc_command_help(cli, argc, argv);
    }
    return explain_key(cli, argv[0]);
}
