/* The command `completion`: what a shell needs to complete our commands. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/cli/commands.h"
#include "core/cli/complete_values.h"
#include "core/cli/paths.h"

/* ---- what all shells share ---- */

/* In single quotes; `escape` is what stands for a quote within them. */
static void quoted(const char *text, const char *escape)
{
    putchar('\'');
    for (; *text; text++) {
        if (*text == '\'') {
            fputs(escape, stdout);
        } else if (*text == '\\' && escape[0] == '\\') {
            fputs("\\\\", stdout); /* fish reads backslashes within quotes */
        } else {
            putchar(*text);
        }
    }
    putchar('\'');
}

/* "a|b|c" as "a b c". */
static void spaced(const char *choices)
{
    for (; choices && *choices; choices++) {
        putchar(*choices == '|' ? ' ' : *choices);
    }
}

/* Of a choice, or of a text with usual words; NULL where `choices` says what the text means. */
static const char *choices_of(const struct cli_param *param)
{
    const bool text = param->type == OC_OPT_STRING || param->type == OC_OPT_STRINGS;
    const bool words =
        text && param->choices && strcmp(param->choices, "json") != 0 && !oc_param_is_file(param);
    return param->type == OC_OPT_ENUM || words ? param->choices : NULL;
}

/* Which of the options that take a word: those that say which host is meant, or the others. */
static bool names_host(const struct cli_global *g)
{
    return strcmp(g->name, "config") == 0 || strcmp(g->name, "home") == 0 ||
           strcmp(g->name, "set") == 0;
}

/* The options that take a word which is not a command: "-c|--config|...". */
static void value_globals(bool host, const char *gap)
{
    bool first = true;
    for (const struct cli_global *g = oc_globals; g->name; g++) {
        if (!g->value || names_host(g) != host) {
            continue;
        }
        printf("%s--%s", first ? "" : gap, g->name);
        if (g->letter) {
            printf("%s-%c", gap, g->letter);
        }
        first = false;
    }
}

/* The enum values and words that may stand where the command's own words end. */
static const char *words_after(const struct cli_path *path)
{
    if (path->command) {
        return path->command->words;
    }
    for (size_t i = 0; path->op && i < path->op->param_count; i++) {
        const struct cli_param *param = &path->op->params[i];
        if (param->flags & OC_OPT_POSITIONAL && choices_of(param)) {
            return choices_of(param);
        }
    }
    return NULL;
}

/* Of `help` and `explain`: every command is a word of theirs. */
static void add_commands(const struct cli_paths *paths, const struct cli_path *path)
{
    const char *name = path->command ? path->command->name : "";
    if (strcmp(name, "help") != 0 && strcmp(name, "explain") != 0) {
        return;
    }
    for (size_t i = 0; i < paths->list.items[0].children.count; i++) {
        printf(" %s", paths->list.items[0].children.items[i].word);
    }
}

static bool takes_words(const struct cli_path *path)
{
    return words_after(path) || (path->command && strcmp(path->command->name, "help") == 0);
}

static bool takes_file(const struct cli_path *path)
{
    for (size_t i = 0; path->op && i < path->op->param_count; i++) {
        if (path->op->params[i].flags & OC_OPT_POSITIONAL &&
            oc_param_is_file(&path->op->params[i])) {
            return true;
        }
    }
    return false;
}

/* ---- bash ---- */

static void bash_words(const struct cli_paths *paths, const struct cli_path *path)
{
    for (size_t i = 0; i < path->children.count; i++) {
        printf("%s ", path->children.items[i].word);
    }
    spaced(words_after(path));
    add_commands(paths, path);
}

static void bash_options(const struct cli_path *path)
{
    char name[96];
    for (size_t i = 0; path->op && i < path->op->param_count; i++) {
        if (!(path->op->params[i].flags & OC_OPT_POSITIONAL)) {
            oc_param_spell(&path->op->params[i], name, sizeof name);
            printf("%s ", name);
        }
    }
}

static void bash_values(const struct cli_path *path)
{
    char name[96];
    for (size_t i = 0; path->op && i < path->op->param_count; i++) {
        const struct cli_param *param = &path->op->params[i];
        oc_param_spell(param, name, sizeof name);
        if (param->flags & OC_OPT_POSITIONAL || param->type == OC_OPT_BOOL) {
            continue;
        }
        printf("        '%s %s') ", path->words, name);
        if (choices_of(param)) {
            fputs("COMPREPLY=($(compgen -W '", stdout);
            spaced(param->choices);
            fputs("' -- \"$cur\"))", stdout);
        } else if (oc_param_is_file(param)) {
            fputs("compopt -o default", stdout);
        } else {
            fputs(":", stdout);
        }
        puts("; return ;;");
    }
}

static void bash_known(const struct cli_paths *paths)
{
    bool first = true;
    for (size_t i = 1; i < paths->list.count; i++) {
        printf("%s'%s'", first ? "" : "|", paths->list.items[i].words);
        first = false;
    }
}

static void bash_path(const struct cli_paths *paths, const struct cli_path *path)
{
    printf("        '%s') words='", path->words);
    bash_words(paths, path);
    fputs("' options='", stdout);
    bash_options(path);
    const char *values = oc_complete_values(path);
    printf("' files=%d values='%s' ;;\n", takes_file(path), values ? values : "");
}

static void bash_globals(void)
{
    for (const struct cli_global *g = oc_globals; g->name; g++) {
        printf("--%s ", g->name);
    }
}

static void print_bash(const struct cli_paths *paths)
{
    puts("# bash completion of openclaw; made by `openclaw completion bash`\n"
         "_openclaw() {\n"
         "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
         "    local at='' word i n=-1 words='' options='' files=0 values='' host=() line=()\n"
         "    local rest=${COMP_LINE#*\"${COMP_WORDS[0]}\"}\n"
         "    COMPREPLY=()\n"
         "    # bash divides words at = and :, too; what has no blank before it belongs together\n"
         "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "        if ((n < 0)) || [[ $rest == [[:space:]]* ]]; then ((++n)); fi\n"
         "        line[n]+=${COMP_WORDS[i]} rest=${rest#*\"${COMP_WORDS[i]}\"}\n"
         "    done\n"
         "    for ((i = 0; i <= n; i++)); do\n"
         "        word=${line[i]}\n"
         "        case $word in");
    fputs("        ", stdout);
    value_globals(true, "|");
    puts(") host+=(\"$word\" \"${line[++i]//[\\\"\\'\\\\]/}\"); continue ;;\n"
         "        --config=*|--home=*|--set=*) host+=(\"${word//[\\\"\\'\\\\]/}\"); continue ;;");
    fputs("        ", stdout);
    value_globals(false, "|");
    puts(") ((i++)); continue ;;\n        -*) continue ;;\n        esac\n        case ${at:+$at "
         "}$word in");
    fputs("        ", stdout);
    bash_known(paths);
    puts(") at=${at:+$at }$word ;;\n        esac\n    done\n    case $prev in\n"
         "        --config|-c|--home) compopt -o default; return ;;\n"
         "        --set) return ;;\n"
         "        --color) COMPREPLY=($(compgen -W 'always never auto' -- \"$cur\")); return ;;\n"
         "    esac\n    case \"$at $prev\" in");
    for (size_t i = 0; i < paths->list.count; i++) {
        bash_values(&paths->list.items[i]);
    }
    puts("    esac\n    case $at in");
    for (size_t i = 0; i < paths->list.count; i++) {
        bash_path(paths, &paths->list.items[i]);
    }
    fputs("    esac\n    if [[ $cur == -* ]]; then\n        COMPREPLY=($(compgen -W \"$options ",
          stdout);
    bash_globals();
    puts("\" -- \"$cur\"))\n    else\n        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "        if ((files)); then compopt -o default; fi\n"
         "        if [[ -n $values ]]; then\n"
         "            COMPREPLY+=($(compgen -W \"$(openclaw \"${host[@]}\" $values --csv "
         "2>/dev/null | sed -n "
         "'1d;s/^\\([A-Za-z0-9._:-]*\\)\\(,.*\\)*$/\\1/p')\" -- \"$cur\"))\n"
         "        fi\n    fi\n}\ncomplete -F _openclaw "
         "openclaw");
}

/* ---- zsh ---- */

static const char zsh_escape[] = "'\\''";

static void zsh_item(const char *word, const char *summary)
{
    char *text = oc_asprintf("%s:%s", word, summary ? summary : "");
    fputs("            ", stdout);
    quoted(text, zsh_escape);
    putchar('\n');
    free(text);
}

static void zsh_values(const struct cli_path *path)
{
    char name[96];
    for (size_t i = 0; path->op && i < path->op->param_count; i++) {
        const struct cli_param *param = &path->op->params[i];
        oc_param_spell(param, name, sizeof name);
        if (param->flags & OC_OPT_POSITIONAL || param->type == OC_OPT_BOOL) {
            continue;
        }
        printf("        '%s %s') ", path->words, name);
        if (choices_of(param)) {
            fputs("compadd -- ", stdout);
            spaced(param->choices);
        } else {
            fputs(oc_param_is_file(param) ? "_files" : "_message value", stdout);
        }
        puts("; return ;;");
    }
}

static void zsh_path(const struct cli_paths *paths, const struct cli_path *path)
{
    char name[96];
    printf("        '%s')\n            commands=(\n", path->words);
    for (size_t i = 0; i < path->children.count; i++) {
        zsh_item(path->children.items[i].word, path->children.items[i].summary);
    }
    puts("            )\n            options=(");
    for (size_t i = 0; path->op && i < path->op->param_count; i++) {
        const struct cli_param *param = &path->op->params[i];
        if (!(param->flags & OC_OPT_POSITIONAL)) {
            oc_param_spell(param, name, sizeof name);
            zsh_item(name, param->help);
        }
    }
    printf("            )\n            words_after=(");
    spaced(words_after(path));
    add_commands(paths, path);
    const char *values = oc_complete_values(path);
    printf(") files=%d values='%s' ;;\n", takes_file(path), values ? values : "");
}

static void print_zsh(const struct cli_paths *paths)
{
    puts(
        "#compdef openclaw\n# made by `openclaw completion zsh`\n_openclaw() {\n"
        "    local at='' word prev=${words[CURRENT-1]} files=0 values=''\n"
        "    local -a commands options words_after globals host\n    local -i i\n"
        "    for ((i = 2; i < CURRENT; i++)); do\n        word=${words[i]}\n        case $word in");
    fputs("        ", stdout);
    value_globals(true, "|");
    puts(") host+=($word \"${(Q)words[++i]}\"); continue ;;\n"
         "        --(config|home|set)=*) host+=(\"${(Q)word}\"); continue ;;");
    fputs("        ", stdout);
    value_globals(false, "|");
    puts(") ((i++)); continue ;;\n        -*) continue ;;\n        esac\n        case ${at:+$at "
         "}$word in");
    fputs("        ", stdout);
    bash_known(paths);
    puts(") at=${at:+$at }$word ;;\n        esac\n    done\n    globals=(");
    for (const struct cli_global *g = oc_globals; g->name; g++) {
        char name[64];
        snprintf(name, sizeof name, "--%s", g->name);
        zsh_item(name, g->help);
    }
    puts("    )\n    case $prev in\n        --config|-c|--home) _files; return ;;\n"
         "        --set) _message KEY=VALUE; return ;;\n"
         "        --color) compadd always never auto; return ;;\n    esac\n    case \"$at $prev\" "
         "in");
    for (size_t i = 0; i < paths->list.count; i++) {
        zsh_values(&paths->list.items[i]);
    }
    puts("    esac\n    case $at in");
    for (size_t i = 0; i < paths->list.count; i++) {
        zsh_path(paths, &paths->list.items[i]);
    }
    puts("    esac\n    if [[ $PREFIX == -* ]]; then\n        _describe option options\n"
         "        _describe 'option of every command' globals\n        return\n    fi\n"
         "    (($#commands)) && _describe command commands\n"
         "    (($#words_after)) && compadd -- $words_after\n    ((files)) && _files\n"
         "    [[ -n $values ]] && compadd -- ${(f)\"$(openclaw $host ${=values} --csv 2>/dev/null "
         "| sed "
         "-n "
         "'1d;s/^\\([A-Za-z0-9._:-]*\\)\\(,.*\\)*$/\\1/p')\"}\n    return "
         "0\n}\n"
         "if [[ $funcstack[1] == _openclaw ]]; then\n    _openclaw \"$@\"\nelse\n"
         "    compdef _openclaw openclaw\nfi");
}

/* ---- fish ---- */

static const char fish_escape[] = "\\'";

static void fish_line(const struct cli_path *path, const char *what, const char *word,
                      const char *summary)
{
    printf("complete -c openclaw -n \"__openclaw_at '%s'\" %s %s -d ", path->words, what, word);
    quoted(summary ? summary : "", fish_escape);
    putchar('\n');
}

static void fish_param(const struct cli_path *path, const struct cli_param *param)
{
    char name[96];
    oc_param_spell(param, name, sizeof name);
    printf("complete -c openclaw -n \"__openclaw_at '%s'\" -l %s -d ", path->words, name + 2);
    quoted(param->help ? param->help : "", fish_escape);
    if (choices_of(param)) {
        fputs(" -x -a '", stdout);
        spaced(param->choices);
        putchar('\'');
    } else if (param->type != OC_OPT_BOOL) {
        fputs(oc_param_is_file(param) ? " -r -F" : " -x", stdout);
    }
    putchar('\n');
}

static void fish_path(const struct cli_paths *paths, const struct cli_path *path)
{
    for (size_t i = 0; i < path->children.count; i++) {
        fish_line(path, "-a", path->children.items[i].word, path->children.items[i].summary);
    }
    for (size_t i = 0; path->op && i < path->op->param_count; i++) {
        if (!(path->op->params[i].flags & OC_OPT_POSITIONAL)) {
            fish_param(path, &path->op->params[i]);
        }
    }
    if (takes_words(path)) {
        printf("complete -c openclaw -n \"__openclaw_at '%s'\" -a '", path->words);
        spaced(words_after(path));
        add_commands(paths, path);
        puts("'");
    }
    if (takes_file(path)) {
        printf("complete -c openclaw -n \"__openclaw_at '%s'\" -F\n", path->words);
    }
    if (oc_complete_values(path)) {
        printf("complete -c openclaw -n \"__openclaw_at '%s'\" -a '(__openclaw_values %s)'\n",
               path->words, oc_complete_values(path));
    }
}

static void fish_globals(void)
{
    for (const struct cli_global *g = oc_globals; g->name; g++) {
        printf("complete -c openclaw -l %s -d ", g->name);
        quoted(g->help, fish_escape);
        if (g->letter) {
            printf(" -s %c", g->letter);
        }
        bool file = g->value && (strcmp(g->value, "FILE") == 0 || strcmp(g->value, "DIR") == 0);
        puts(file ? " -r -F" : g->value ? " -x" : "");
    }
}

static void print_fish(const struct cli_paths *paths)
{
    fputs("# fish completion of openclaw; made by `openclaw completion fish`\nset -g "
          "__openclaw_known",
          stdout);
    for (size_t i = 1; i < paths->list.count; i++) {
        printf(" '%s'", paths->list.items[i].words);
    }
    fputs("\nfunction __openclaw_at\n    set -l at ''\n    set -l skip 0\n"
          "    for word in (commandline -opc)[2..-1]\n        if test $skip = 1\n            set "
          "skip 0\n"
          "            continue\n        end\n        switch $word\n            case ",
          stdout);
    value_globals(true, " ");
    putchar(' ');
    value_globals(false, " ");
    fputs(
        "\n                set skip 1\n            case '-*'\n                continue\n          "
        "  case '*'\n"
        "                set -l next (string trim -- \"$at $word\")\n"
        "                contains -- $next $__openclaw_known; and set at $next\n        end\n    "
        "end\n"
        "    test \"$at\" = \"$argv[1]\"\nend\n"
        "function __openclaw_host\n    set -l take 0\n"
        "    for word in (commandline -opc)[2..-1]\n        if test $take = 1\n"
        "            printf '%s\\n' $word\n            set take 0\n            continue\n"
        "        end\n        switch $word\n            case '--config=*' '--home=*' '--set=*'\n"
        "                printf '%s\\n' $word\n            case ",
        stdout);
    value_globals(true, " ");
    puts(
        "\n                printf '%s\\n' $word\n                set take 1\n        end\n    end\n"
        "end\nfunction __openclaw_values\n"
        "    openclaw (__openclaw_host) $argv --csv 2>/dev/null | sed -n "
        "'1d;s/^\\([A-Za-z0-9._:-]*\\)\\(,.*\\)*$/\\1/p'\nend\ncomplete -c openclaw -f");
    fish_globals();
    for (size_t i = 0; i < paths->list.count; i++) {
        fish_path(paths, &paths->list.items[i]);
    }
}

int oc_command_completion(struct cli *cli, int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*print)(const struct cli_paths *paths);
    } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    struct cli_paths paths;
    struct oc_error err;
    for (size_t i = 0; argc == 1 && i < OC_COUNT(shells); i++) {
        if (strcmp(shells[i].name, argv[0]) == 0) {
            oc_paths_init(&paths);
            shells[i].print(&paths);
            oc_paths_finish(&paths);
            return 0;
        }
    }
    oc_error_init(&err);
    oc_error_set(&err, OC_E_CONFIG, "which shell?");
    oc_error_hint(&err, "Write `openclaw completion bash`, zsh or fish.");
    return oc_cli_fail_usage(cli, &err);
}
