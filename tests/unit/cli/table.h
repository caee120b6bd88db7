/* A small operation table in place of the daemon's. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_CLI_TABLE_H
#define OC_TESTS_CLI_TABLE_H

#include <string.h>

#include "core/base/mem.h"
#include "core/cli/cli.h"

static const struct cli_param test_silence_params[] = {
    {"matchers", OC_OPT_STRINGS, OC_OPT_POSITIONAL | OC_OPT_REQUIRED, NULL, NULL,
     "what to silence"},
    {"for", OC_OPT_DURATION, 0, NULL, NULL, "how long"},
    {"max_age", OC_OPT_INT, 0, "5", NULL,
     "a number whose name has two words, and a help that is long "
     "enough to need a second line on a terminal of 80 columns"},
    {"level", OC_OPT_ENUM, 0, "low", "low|high|all", "one of three"},
    {"dry_run", OC_OPT_BOOL, 0, NULL, NULL, "only say what would be done"},
    {"share", OC_OPT_FLOAT, 0, NULL, NULL, "a number with a fraction"},
    {"size", OC_OPT_SIZE, 0, NULL, NULL, "a size"},
    {"labels", OC_OPT_MAP, 0, NULL, NULL, "labels"},
    {"file", OC_OPT_PATH, 0, NULL, NULL, "a file"},
    {"tags", OC_OPT_STRINGS, 0, NULL, NULL, "tags"},
};

static const struct cli_param test_set_params[] = {
    {"key", OC_OPT_STRING, OC_OPT_POSITIONAL | OC_OPT_REQUIRED, NULL, NULL, "a key"},
    {"value", OC_OPT_STRING, OC_OPT_POSITIONAL | OC_OPT_REQUIRED, NULL, NULL, "its value"},
};

static const struct cli_param test_list_params[] = {
    {"all", OC_OPT_BOOL, 0, NULL, NULL, "those that are decided, too"},
};

static const struct cli_param test_check_params[] = {
    {"service", OC_OPT_STRING, OC_OPT_POSITIONAL, NULL, NULL, "only this one"},
};

const struct cli_op oc_cli_ops[] = {
    {"alert.list", "List alerts", "viewer", OC_OP_EPHEMERAL,
     "table:id=ID,severity=Severity,starts_at=Since,wait_ms=Wait,note=Note", NULL, NULL, NULL, 0},
    {"alert.silence", "Silence alerts", "operator", OC_OP_MUTATES, "record",
     "First paragraph.\nSecond paragraph.", "openclaw alert silence a\nopenclaw alert silence b",
     test_silence_params, OC_COUNT(test_silence_params)},
    {"alert.silences", "List silences", "viewer", 0, "table:id=ID", NULL, NULL, NULL, 0},
    {"backup.destroy", "Destroy a backup", "admin", OC_OP_DESTRUCTIVE, "record", NULL, NULL, NULL,
     0},
    {"config.set", "Set a value", "admin", OC_OP_EPHEMERAL, "record", NULL, NULL, test_set_params,
     OC_COUNT(test_set_params)},
    {"events.watch", "Show events", "viewer", OC_OP_STREAMS, "table:time=Time,topic=Topic", NULL,
     NULL, NULL, 0},
    {"governance.validate", "Check a file", "viewer", 0, "table:level=Level", NULL, NULL, NULL, 0},
    {"governance.votes", "Bring ballots", "operator", 0, "custom:governance_votes", NULL, NULL,
     NULL, 0},
    {"ledger.witness.list", "List witnesses", "viewer", 0, "table:name=Name", NULL, NULL, NULL, 0},
    {"governance.list", "List proposals", "viewer", 0, "table:id=ID", NULL, NULL, test_list_params,
     OC_COUNT(test_list_params)},
    {"health.check", "Show health", "viewer", OC_OP_EPHEMERAL, "custom:health", NULL, NULL,
     test_check_params, OC_COUNT(test_check_params)},
    {"logs", "Show the log", "viewer", OC_OP_STREAMS, "custom:logs", NULL, NULL, NULL, 0},
    {"plugin.list", "List plugins", "viewer", OC_OP_EPHEMERAL, NULL, NULL, NULL, NULL, 0},
    {"policy.list", "List policies", "viewer", OC_OP_EPHEMERAL, "table:name=Name", NULL, NULL, NULL,
     0},
    {"rules.show", "Show a rule", "viewer", OC_OP_EPHEMERAL, "text:text", NULL, NULL, NULL, 0},
    {"status", "Show the daemon", "viewer", OC_OP_EPHEMERAL, "custom:status", NULL, NULL, NULL, 0},
};
const size_t oc_cli_op_count = OC_COUNT(oc_cli_ops);

static inline const struct cli_op *test_op(const char *name)
{
    for (size_t i = 0; i < oc_cli_op_count; i++) {
        if (strcmp(oc_cli_ops[i].name, name) == 0) {
            return &oc_cli_ops[i];
        }
    }
    return NULL;
}

#endif
