/* From words to options and to an operation. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/base/vec.h"
#include "core/cli/cli.h"
#include "core/cli/commands.h"

#define NAME_MAX_LEN 128

/* ---- the options that every command has ---- */

enum {
    GLOBAL_CONFIG,
    GLOBAL_HOME,
    GLOBAL_SET,
    GLOBAL_TIMEOUT,
    GLOBAL_COLOR,
    GLOBAL_JSON,
    GLOBAL_CSV,
    GLOBAL_YES,
    GLOBAL_QUIET,
    GLOBAL_NO_COLOR,
    GLOBAL_HELP,
    GLOBAL_VERSION
};

const struct cli_global oc_globals[] = {
    [GLOBAL_CONFIG] = {"config", 'c', "FILE", "the configuration file"},
    [GLOBAL_HOME] = {"home", 0, "DIR", "the daemon's folder; default: $OPENCLAW_HOME, ~/.openclaw"},
    [GLOBAL_SET] = {"set", 0, "KEY=VALUE", "one value above the configuration; may be given again"},
    [GLOBAL_TIMEOUT] = {"timeout", 0, "DURATION",
                        "how long the daemon may be silent (default 60s; 0 = for ever)"},
    [GLOBAL_COLOR] = {"color", 0, "WHEN", "always, never or auto"},
    [GLOBAL_JSON] = {"json", 0, NULL, "one JSON document on stdout"},
    [GLOBAL_CSV] = {"csv", 0, NULL, "tables as comma-separated values"},
    [GLOBAL_YES] = {"yes", 'y', NULL, "do not ask before something is destroyed"},
    [GLOBAL_QUIET] = {"quiet", 'q', NULL, "no warnings, hints and progress on stderr"},
    [GLOBAL_NO_COLOR] = {"no-color", 0, NULL, "as --color=never, as NO_COLOR in the environment"},
    [GLOBAL_HELP] = {"help", 'h', NULL, "help for the command"},
    [GLOBAL_VERSION] = {"version", 'V', NULL, "the version"},
    {NULL, 0, NULL, NULL},
};

/* The option that `word` spells, and its value when it is written as --name=value. */
static const struct cli_global *find_global(const char *word, const char **value)
{
    *value = NULL;
    for (const struct cli_global *g = oc_globals; g->name; g++) {
        size_t len = strlen(g->name);
        if (word[0] == '-' && g->letter && word[1] == g->letter && !word[2]) {
            return g;
        }
        if (oc_starts(word, "--") && strncmp(word + 2, g->name, len) == 0) {
            if (word[2 + len] == '=' && g->value) {
                *value = word + 2 + len + 1;
                return g;
            }
            if (!word[2 + len]) {
                return g;
            }
        }
    }
    return NULL;
}

static int add_set(struct cli *cli, const char *value, struct oc_error *err)
{
    size_t n = 0;
    while (cli->sets[n]) {
        n++;
    }
    if (n == OC_SETS_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "at most %d times --set", OC_SETS_MAX);
    }
    if (!strchr(value, '=') || *value == '=') {
        oc_error_set(err, OC_E_CONFIG, "--set wants KEY=VALUE, found %s", value);
        oc_error_hint(err, "Write for example --set store.retention=7d.");
        return OC_E_CONFIG;
    }
    cli->sets[n] = value;
    return OC_OK;
}

static int set_color(struct cli *cli, const char *when, struct oc_error *err)
{
    bool always = strcmp(when, "always") == 0;
    if (always || strcmp(when, "never") == 0) {
        cli->color = cli->color_err = always;
    } else if (strcmp(when, "auto") != 0) {
        return oc_error_set(err, OC_E_CONFIG, "--color wants always, never or auto, found %s",
                            when);
    }
    return OC_OK;
}

static int set_timeout(struct cli *cli, const char *text, struct oc_error *err)
{
    if (oc_duration_parse(text, &cli->timeout_ms) != OC_OK || cli->timeout_ms > OC_DAY) {
        oc_error_set(err, OC_E_CONFIG, "--timeout wants a duration of at most 1d, found %s", text);
        oc_error_hint(err, "Write for example --timeout 5s, or 0 to wait for ever.");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

static int take_global(struct cli *cli, const struct cli_global *g, const char *value,
                       struct oc_error *err)
{
    switch (g - oc_globals) {
    case GLOBAL_CONFIG:
        cli->config = value;
        break;
    case GLOBAL_HOME:
        cli->home = value;
        break;
    case GLOBAL_SET:
        return add_set(cli, value, err);
    case GLOBAL_TIMEOUT:
        return set_timeout(cli, value, err);
    case GLOBAL_COLOR:
        return set_color(cli, value, err);
    case GLOBAL_JSON:
        cli->json = true;
        break;
    case GLOBAL_CSV:
        cli->csv = true;
        break;
    case GLOBAL_YES:
        cli->yes = true;
        break;
    case GLOBAL_QUIET:
        cli->quiet = true;
        break;
    case GLOBAL_NO_COLOR:
        cli->color = cli->color_err = false;
        break;
    case GLOBAL_HELP:
        cli->help = true;
        break;
    default:
        cli->version = true;
        break;
    }
    return OC_OK;
}

int oc_args_global(struct cli *cli, int argc, char **argv, struct oc_error *err)
{
    int kept = 0;
    bool literal = false;
    for (int i = 0; i < argc; i++) {
        const char *value;
        const struct cli_global *g = literal ? NULL : find_global(argv[i], &value);
        literal = literal || strcmp(argv[i], "--") == 0;
        if (!g) {
            argv[kept++] = argv[i];
            continue;
        }
        if (g->value && !value && i + 1 == argc) {
            oc_error_set(err, OC_E_CONFIG, "--%s wants a value: %s", g->name, g->value);
            return -1;
        }
        value = g->value && !value ? argv[++i] : value;
        if (take_global(cli, g, value, err) != OC_OK) {
            return -1;
        }
    }
    argv[kept] = NULL;
    return kept;
}

/* ---- words ---- */

/* The same word, but for the separator within it; the first word may be a plural ("alerts", "rule",
 * "policies") or short ("p"). Later words may not: `alert silence` and `alert silences` differ. */
static bool same_word(const char *name, size_t len, const char *word, bool first)
{
    size_t i = 0;
    while (i < len && (word[i] == name[i] || (word[i] == '-' && name[i] == '_'))) {
        i++;
    }
    if (i == len && !word[i]) {
        return true;
    }
    bool more = i == len && strcmp(word + i, "s") == 0;
    bool less = i + 1 == len && name[i] == 's' && !word[i];
    bool ies = i + 1 == len && name[i] == 'y' && strcmp(word + i, "ies") == 0;
    bool letter = strcmp(word, "p") == 0 && len == 6 && strncmp(name, "plugin", len) == 0;
    return first && (more || less || ies || letter);
}

int oc_args_match(const char *name, int argc, char **argv)
{
    int used = 0;
    while (*name) {
        size_t len = strcspn(name, ".");
        if (used == argc || !same_word(name, len, argv[used], used == 0)) {
            return 0;
        }
        used++;
        name += len + (name[len] == '.');
    }
    return used;
}

const struct cli_op *oc_args_find(int argc, char **argv, int *used)
{
    const struct cli_op *best = NULL;
    *used = 0;
    for (size_t i = 0; i < oc_cli_op_count; i++) {
        int n = oc_args_match(oc_cli_ops[i].name, argc, argv);
        if (n > *used) {
            *used = n;
            best = &oc_cli_ops[i];
        }
    }
    return best;
}

/* ---- suggestions ---- */

struct names {
    OC_VEC(char *) list;
};

/* Adds the word at `depth` of the dotted name if the words before it are those given. */
static void add_candidate(struct names *names, const char *name, int depth, char **argv)
{
    for (int i = 0; i < depth; i++) {
        size_t len = strcspn(name, ".");
        if (!same_word(name, len, argv[i], i == 0) || !name[len]) {
            return;
        }
        name += len + 1;
    }
    char *word = oc_strndup(name, strcspn(name, "."));
    for (char *c = word; *c; c++) {
        *c = *c == '_' ? '-' : *c;
    }
    OC_VEC_PUSH(&names->list, word);
}

static struct names candidates(int depth, char **argv)
{
    struct names names = {{0}};
    for (size_t i = 0; i < oc_cli_op_count; i++) {
        add_candidate(&names, oc_cli_ops[i].name, depth, argv);
    }
    for (const struct cli_command *c = oc_commands; c->name; c++) {
        if (!c->hidden) {
            add_candidate(&names, c->name, depth, argv);
        }
    }
    return names;
}

static void names_finish(struct names *names)
{
    for (size_t i = 0; i < names->list.count; i++) {
        free(names->list.items[i]);
    }
    OC_VEC_FINISH(&names->list);
}

/* How many leading words lead to something; at most argc - 1. */
static int known_depth(int argc, char **argv)
{
    int depth = 0;
    while (depth + 1 < argc) {
        struct names below = candidates(depth + 1, argv);
        size_t count = below.list.count;
        names_finish(&below);
        if (!count) {
            break;
        }
        depth++;
    }
    return depth;
}

void oc_args_unknown(int argc, char **argv, struct oc_error *err)
{
    int depth = known_depth(argc, argv);
    struct names names = candidates(depth, argv);
    char before[NAME_MAX_LEN] = "";
    for (int i = 0; i < depth; i++) {
        size_t len = strlen(before);
        snprintf(before + len, sizeof before - len, "%s ", argv[i]);
    }
    const char *near =
        oc_nearest(argv[depth], (const char *const *)names.list.items, names.list.count);
    oc_error_set(err, OC_E_NOT_FOUND, "there is no command `%s%s`", before, argv[depth]);
    if (near) {
        oc_error_hint(err, "Did you mean `openclaw %s%s`?", before, near);
    } else {
        oc_error_hint(err, "`openclaw help%s%.*s` lists the commands.", depth ? " " : "",
                      depth ? (int)strlen(before) - 1 : 0, before);
    }
    names_finish(&names);
}
