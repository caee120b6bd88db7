/* Showing answers: as the view of the operation says, as JSON or as CSV. SPDX-License-Identifier: MIT */
#ifndef OC_CLI_SHOW_H
#define OC_CLI_SHOW_H

#include "core/cli/cli.h"

/* What is shown, and how it was asked for. */
struct cli_show {
    const struct cli *cli;
    const struct cli_op *op;
    const json_t *params; /* may be NULL */
    bool rows;            /* rows have been shown */
};

/* A renderer of its own, "custom:NAME". */
struct cli_view {
    const char *name;
    void (*show)(const struct cli_show *s, const json_t *data);
    void (*row)(const struct cli_show *s, const json_t *row); /* of a stream; NULL = as `show` */
    void (*csv)(const struct cli_show *s,
                const json_t *data); /* of a stream: a list of one row, again and again */
    int (*exit_code)(const struct cli_show *s, const json_t *data); /* NULL = 0 */
    /* The call failed: what is said of it beside the error, and the exit code. NULL and -1 = as usual. */
    int (*lost)(const struct cli_show *s, const struct cli_answer *answer);
};

/* Before anything is done: OC_E_CONFIG when --csv was given, and what will be answered is no table. */
int oc_show_check(const struct cli_show *s, struct oc_error *err);
/* Shows an answer, good or bad; returns the exit code. */
int oc_show(const struct cli_show *s, const struct cli_answer *answer);
/* 0, or the errno for which a row of a stream could not be written. What acts goes on without a reader: its end matters. */
int oc_show_row(struct cli_show *s, const json_t *row);
/* {"schema","ok","data","warnings","error"}; on one line when `line` is set. */
void oc_show_document(const struct cli *cli, const struct cli_answer *answer, bool line);
/* Any JSON: as it is for programs, and the same with more of it escaped for a terminal. */
void oc_show_json(const struct cli *cli, const json_t *json, bool line);
/* A text that is the answer: byte for byte into a file or a pipe, without control characters on a terminal; it ends its line. */
void oc_show_text(const struct cli *cli, const char *text);
/* "openclaw: message", and the hint below it. */
void oc_show_error(const struct cli *cli, const struct oc_error *err);
void oc_show_warning(const struct cli *cli, const char *text);

/* ---- the views ---- */
extern const struct cli_view oc_view_health, oc_view_watch, oc_view_report, oc_view_status;
extern const struct cli_view oc_view_plugin_audit; /* of plugin.audit */
extern const struct cli_view oc_view_policy_hooks, oc_view_policy_test, oc_view_policy_diff;
extern const struct cli_view oc_view_policy_change; /* of policy.apply and policy.remove */
extern const struct cli_view oc_view_findings, oc_view_import, oc_view_doctor;
extern const struct cli_view oc_view_check, oc_view_plugin, oc_view_logs, oc_view_query;
extern const struct cli_view oc_view_plan, oc_view_plugins, oc_view_plugin_status;
extern const struct cli_view oc_view_plugin_top, oc_view_plugin_why, oc_view_plugin_doctor;
extern const struct cli_view oc_view_plugin_reload, oc_view_plugin_reset;
extern const struct cli_view oc_view_cost;        /* of cost.summary and cost.forecast */
extern const struct cli_view oc_view_cron_import; /* of cron.import */
extern const struct cli_view oc_view_runbook, oc_view_runbook_show;
extern const struct cli_view oc_view_governance, oc_view_governance_status;
extern const struct cli_view oc_view_governance_votes;
extern const struct cli_view oc_view_serve, oc_view_written; /* of registry.serve; lock, bundle */

/* "table:KEY=Title,..." without its "table:". A title that ends in (duration), (size), (age) or (figure) says
 * how its numbers are meant. False when `data` is not a list of objects. */
bool oc_view_table(const struct cli_show *s, const char *spec, const json_t *data);
/* What is said in place of a table without rows: what that means. */
void oc_view_empty(const struct cli_show *s);
/* Rows that follow others get no second head. */
bool oc_view_table_csv(const struct cli_show *s, const char *spec, const json_t *data);
void oc_view_table_row(const struct cli_show *s, const char *spec, const json_t *row);
void oc_view_record(const struct cli_show *s, const json_t *data);
/* "key   value" lines, the keys as wide as the longest; nested objects are indented. */
void oc_view_members(FILE *out, const json_t *object, int indent);

/* A plan, or what became of one; on stderr when somebody is to be asked about it. */
void oc_view_plan_show(const struct cli *cli, const json_t *plan, FILE *out);
/* What would change in files, as unified diffs: [{"file", "before", "after", "lines", "left_out", ...}]. */
void oc_view_changes_show(const struct cli *cli, const json_t *changes);
/* The plan of a runbook: its steps with their checks. */
void oc_view_runbook_plan(const struct cli *cli, const json_t *plan, FILE *out);

/* The table of checks, the gravest first; used by health, watch and run. */
void oc_view_checks(const struct cli *cli, const json_t *checks);
/* "OPENCLAW CRITICAL - 3 of 22 services are critical | services=22 ..." */
void oc_view_headline(const struct cli *cli, const json_t *snapshot, int exit_code, bool perfdata);
/* The exit code of `health check`, and what `status` says: of a snapshot, or of its summary alone. */
int oc_view_health_exit(const json_t *snapshot, bool some);
/* One line for one event of health.watch. */
void oc_view_change(const struct cli *cli, const json_t *event);

#endif
