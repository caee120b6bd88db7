/* Every place in the tree of commands. SPDX-License-Identifier: MIT */
#include "core/cli/paths.h"

#include <string.h>

#include "core/cli/help.h"

static struct cli_path *find(struct cli_paths *paths, const char *words)
{
    for (size_t i = 0; i < paths->list.count; i++) {
        if (strcmp(paths->list.items[i].words, words) == 0) {
            return &paths->list.items[i];
        }
    }
    return NULL;
}

/* Makes the path and those above it; a child's summary is the first that is told. */
static struct cli_path *make(struct cli_paths *paths, const char *words, const char *summary)
{
    struct cli_path *path = find(paths, words);
    if (path) {
        return path;
    }
    const char *space = strrchr(words, ' ');
    char *above = oc_strndup(words, space ? (size_t)(space - words) : 0);
    struct cli_path *parent = make(paths, above, oc_help_group_summary(above));
    struct cli_child_word child = {oc_strdup(space ? space + 1 : words), summary};
    struct cli_path new_path = {.words = oc_strdup(words)};
    OC_VEC_PUSH(&parent->children, child);
    OC_VEC_PUSH(&paths->list, new_path);
    free(above);
    return &paths->list.items[paths->list.count - 1];
}

static void add(void *ctx, const struct cli_op *op, const struct cli_command *command)
{
    char words[128];
    oc_op_words(op ? op->name : command->name, words, sizeof words);
    struct cli_path *path = make(ctx, words, op ? op->summary : command->summary);
    path->op = op;
    path->command = command;
}

void oc_paths_init(struct cli_paths *paths)
{
    struct cli_path root = {.words = oc_strdup("")};
    memset(paths, 0, sizeof *paths);
    OC_VEC_PUSH(&paths->list, root);
    oc_help_each(add, paths);
}

void oc_paths_finish(struct cli_paths *paths)
{
    for (size_t i = 0; i < paths->list.count; i++) {
        struct cli_path *path = &paths->list.items[i];
        for (size_t c = 0; c < path->children.count; c++) {
            free(path->children.items[c].word);
        }
        OC_VEC_FINISH(&path->children);
        free(path->words);
    }
    OC_VEC_FINISH(&paths->list);
}
