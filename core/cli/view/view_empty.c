/* What is said in place of a table without rows. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/cli/show.h"

/* Where the name of the operation does not say what there is none of, or where none is good news. */
static const struct {
    const char *op, *text;
} sentences[] = {
    {"audit.list", "No entries."},
    {"collector.run", "No collectors."},
    {"cost.reconcile",
     "Nothing to compare: nothing was used in this time, or no source told of it."},
    {"cron.history", "No runs."},
    {"cron.list", "No schedules."},
    {"cron.next", "Nothing is going to run."},
    {"governance.validate", "It is sound: nothing is wrong with it."},
    {"health.history", "No changes."},
    {"host.evidence.list", "No evidence."},
    {"message.status", "No bridge is configured: messages are not carried."},
    {"plugin.outdated", "Nothing is outdated."},
    {"plugin.search", "No plugin is like that."},
    {"plugin.template", "No templates."},
    {"plugin.verify", "No plugins are installed."},
    {"policy.doctor", "Nothing is wrong."},
    {"registry.refresh", "No registries."},
    {"registry.status", "No registries."},
    {"rules.check", "The rules are sound."},
    {"rules.test", "No tests."},
    {"runbook.history", "No runs."},
    {"skill.check", "The skills need nothing that is not here."},
};

/* "No open proposals (--all: those that are decided, too)." of a list that leaves some out unless it is asked for all. */
static bool say_nothing_open(const struct cli_show *s)
{
    const struct cli_op *op = s->op;
    const bool proposals = strcmp(op->name, "governance.list") == 0;
    for (size_t i = 0; proposals && i < op->param_count; i++) {
        if (strcmp(op->params[i].name, "all") == 0 && !oc_json_bool(s->params, "all", false)) {
            printf("No open proposals (--all: %s).\n", op->params[i].help);
            return true;
        }
    }
    if (proposals) {
        puts("No proposals.");
    }
    return proposals;
}

static const char *sentence_of(const char *op)
{
    for (size_t i = 0; i < OC_COUNT(sentences); i++) {
        if (strcmp(sentences[i].op, op) == 0) {
            return sentences[i].text;
        }
    }
    return NULL;
}

/* "alert" of "alert.list", "witness" of "ledger.witness.list". */
static void say_none_of(const char *group)
{
    const char *dot = strrchr(group, '.'), *noun = dot ? dot + 1 : group;
    if (oc_ends(noun, "y")) {
        printf("No %.*sies.\n", (int)strlen(noun) - 1, noun);
    } else if (oc_ends(noun, "ss")) {
        printf("No %ses.\n", noun);
    } else {
        printf("No %s%s.\n", noun, oc_ends(noun, "s") ? "" : "s");
    }
}

/* "No alerts." of "alert.list", "No silences." of "alert.silences"; a verb is no noun. */
void oc_view_empty(const struct cli_show *s)
{
    const char *name = s->op->name, *dot = strrchr(name, '.'), *verb = dot ? dot + 1 : name;
    const char *sentence = sentence_of(name);
    char group[64];
    if (say_nothing_open(s)) {
        return;
    }
    snprintf(group, sizeof group, "%.*s", dot ? (int)(dot - name) : 0, name);
    if (sentence) {
        puts(sentence);
    } else if (dot && strcmp(verb, "list") == 0) {
        say_none_of(group);
    } else if (strcmp(verb, "history") == 0 || (oc_ends(verb, "s") && !oc_ends(verb, "us"))) {
        printf("No %s.\n", verb);
    } else {
        puts("No entries.");
    }
}
