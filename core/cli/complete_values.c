/* Which operations take words that another operation lists. SPDX-License-Identifier: MIT */
#include "core/cli/complete_values.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"

/* The first row that fits counts. A list of operations in `but` is "|a.b|c.d|". */
static const struct {
    const char *prefix; /* of the operation */
    const char *params; /* names of its first word: "|name|id|" */
    const char *list;   /* NULL: nothing is completed */
    const char *but;
} rows[] = {
    {"plugin.", "|name|names|plugin|what|", "plugin list",
     "|plugin.create|plugin.search|plugin.install|"},
    {"alert.unsilence", "|id|", "alert silences", ""},
    {"alert.test", "|channel|", "alert channels", ""},
    {"alert.ack", "|id|ids|", "alert list", ""}, /* only what fires can be */
    {"alert.unack", "|id|ids|", "alert list", ""},
    {"alert.assign", "|id|ids|", "alert list", ""},
    {"alert.unassign", "|id|ids|", "alert list", ""},
    {"alert.escalate", "|id|ids|", "alert list", ""},
    {"alert.", "|id|ids|", "alert list --state all", ""},
    {"cron.", "|name|", "cron list", "|cron.add|"},
    {"runbook.", "|name|runbook|", "runbook list", ""},
    {"runbook.", "|run|", "runbook history", ""},
    {"governance.", "|proposal|", "governance list", ""},
    {"rules.", "|name|rule|", "rules list", ""},
    {"unit.", "|name|", "unit list", ""},
    {"config.", "|key|", "config keys", ""},
};

static const struct cli_param *first_word(const struct cli_op *op)
{
    for (size_t i = 0; op && i < op->param_count; i++) {
        if (op->params[i].flags & OC_OPT_POSITIONAL) {
            return &op->params[i];
        }
    }
    return NULL;
}

static bool is_listed(const char *list, const char *name)
{
    char *word = oc_asprintf("|%s|", name);
    const bool found = strstr(list, word) != NULL;
    free(word);
    return found;
}

const char *oc_complete_values(const struct cli_path *path)
{
    const struct cli_param *word = first_word(path->op);
    for (size_t i = 0; word && i < OC_COUNT(rows); i++) {
        if (oc_starts(path->op->name, rows[i].prefix) && is_listed(rows[i].params, word->name)) {
            return is_listed(rows[i].but, path->op->name) ? NULL : rows[i].list;
        }
    }
    return NULL;
}
