/* Showing answers and errors of operations on the terminal. SPDX-License-Identifier: MIT */
#include "core/cli/show.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/version.h"
#include "core/cli/plan.h"
#include "core/cli/term.h"

#define CUSTOM "custom:"
#define TABLE  "table:"
#define TEXT   "text:"

#define WRITE_FLAGS (JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

static const struct cli_view *const views[] = {&oc_view_governance,
                                               &oc_view_governance_status,
                                               &oc_view_policy_hooks,
                                               &oc_view_policy_test,
                                               &oc_view_policy_diff,
                                               &oc_view_policy_change,
                                               &oc_view_plugin_audit,
                                               &oc_view_health,
                                               &oc_view_watch,
                                               &oc_view_report,
                                               &oc_view_status,
                                               &oc_view_findings,
                                               &oc_view_import,
                                               &oc_view_doctor,
                                               &oc_view_plugin,
                                               &oc_view_logs,
                                               &oc_view_query,
                                               &oc_view_check,
                                               &oc_view_cost,
                                               &oc_view_plan,
                                               &oc_view_plugins,
                                               &oc_view_plugin_status,
                                               &oc_view_plugin_top,
                                               &oc_view_plugin_why,
                                               &oc_view_plugin_doctor,
                                               &oc_view_plugin_reload,
                                               &oc_view_plugin_reset,
                                               &oc_view_serve,
                                               &oc_view_written,
                                               &oc_view_cron_import,
                                               &oc_view_runbook,
                                               &oc_view_runbook_show,
                                               &oc_view_governance_votes};

static const struct cli_view *custom_view(const struct cli_op *op)
{
    const char *name = op->view && oc_starts(op->view, CUSTOM) ? op->view + strlen(CUSTOM) : "";
    for (size_t i = 0; i < OC_COUNT(views); i++) {
        if (strcmp(views[i]->name, name) == 0) {
            return views[i];
        }
    }
    return NULL;
}

/* ---- JSON ---- */

static json_t *error_json(const struct cli_answer *answer)
{
    if (answer->ok) {
        return json_null();
    }
    json_t *error = json_object();
    oc_json_set_str(error, "code", oc_error_name(answer->err.code));
    oc_json_set_str(error, "message", answer->err.message);
    oc_json_set_str(error, "hint", answer->err.hint);
    if (answer->details) {
        json_object_set(error, "details", answer->details);
    }
    return error;
}

void oc_show_json(const struct cli *cli, const json_t *json, bool line)
{
    char *text = json_dumps(json, (line ? JSON_COMPACT : JSON_INDENT(2)) | WRITE_FLAGS);
    if (cli->tty) {
        oc_term_json(stdout, text);
    } else {
        fputs(text, stdout);
    }
    fputc('\n', stdout);
    free(text);
}

void oc_show_document(const struct cli *cli, const struct cli_answer *answer, bool line)
{
    json_t *document = json_object();
    oc_json_set_str(document, "schema", OC_SCHEMA);
    oc_json_set_bool(document, "ok", answer->ok);
    oc_json_take(document, "data", answer->data ? json_incref(answer->data) : json_null());
    oc_json_take(document, "warnings",
                 answer->warnings ? json_incref(answer->warnings) : json_array());
    oc_json_take(document, "error", error_json(answer));
    oc_show_json(cli, document, line);
    json_decref(document);
}

static void show_pretty(const struct cli *cli, const json_t *data)
{
    if (data && !json_is_null(data)) {
        oc_show_json(cli, data, false);
    }
}

/* ---- errors and warnings ---- */

void oc_show_error(const struct cli *cli, const struct oc_error *err)
{
    oc_term_cell(stderr, "openclaw:", 0, TERM_RED, cli->color_err);
    fputc(' ', stderr);
    oc_term_text(stderr, err->message);
    fputc('\n', stderr);
    if (err->hint[0] && !cli->quiet) {
        fputs("  ", stderr);
        oc_term_text(stderr, err->hint);
        fputc('\n', stderr);
    }
}

void oc_show_warning(const struct cli *cli, const char *text)
{
    if (!cli->quiet) {
        oc_term_cell(stderr, "openclaw:", 0, TERM_YELLOW, cli->color_err);
        fputs(" warning: ", stderr);
        oc_term_text(stderr, text);
        fputc('\n', stderr);
    }
}

static void show_warnings(const struct cli *cli, const struct cli_answer *answer)
{
    const json_t *text;
    size_t i;
    json_array_foreach(answer->warnings, i, text)
    {
        oc_show_warning(cli, json_is_string(text) ? json_string_value(text) : "");
    }
}

/* ---- by the view ---- */

void oc_show_text(const struct cli *cli, const char *text)
{
    if (cli->tty) {
        oc_term_text(stdout, text);
    } else {
        fputs(text, stdout);
    }
    if (*text && !oc_ends(text, "\n")) {
        fputc('\n', stdout);
    }
}

static void show_data(const struct cli_show *s, const json_t *data)
{
    const char *view = s->op->view ? s->op->view : "";
    const struct cli_view *custom = custom_view(s->op);
    if (oc_plan_is(s->op, data)) {
        oc_view_plan_show(s->cli, data, stdout);
    } else if (custom) {
        custom->show(s, data);
    } else if (strcmp(view, "record") == 0 && json_is_object(data)) {
        oc_view_record(s, data);
    } else if (oc_starts(view, TEXT) && json_is_object(data)) {
        oc_show_text(s->cli, oc_json_str(data, view + strlen(TEXT), ""));
    } else if (!oc_starts(view, TABLE) || !oc_view_table(s, view + strlen(TABLE), data)) {
        show_pretty(s->cli, data);
    }
}

static int fail_csv(struct oc_error *err)
{
    oc_error_set(err, OC_E_CONFIG, "the answer is not a table: it cannot be written as CSV");
    oc_error_hint(err, "Use --json.");
    return OC_E_CONFIG;
}

/* False when it is no table. */
static bool put_csv(const struct cli_show *s, const json_t *data)
{
    const char *view = s->op->view ? s->op->view : "";
    const struct cli_view *custom = custom_view(s->op);
    if (custom && custom->csv) {
        custom->csv(s, data);
    } else if (oc_starts(view, TEXT)) {
        oc_show_text(s->cli, oc_json_str(data, view + strlen(TEXT), ""));
    } else {
        return oc_starts(view, TABLE) && oc_view_table_csv(s, view + strlen(TABLE), data);
    }
    return true;
}

static int show_csv(const struct cli_show *s, const json_t *data)
{
    struct oc_error err;
    if (put_csv(s, data)) {
        return 0;
    }
    oc_error_init(&err);
    fail_csv(&err);
    return oc_cli_fail_usage(s->cli, &err);
}

int oc_show_check(const struct cli_show *s, struct oc_error *err)
{
    const char *view = s->op->view ? s->op->view : "";
    const struct cli_view *custom = custom_view(s->op);
    const bool table =
        custom ? custom->csv != NULL : oc_starts(view, TABLE) || oc_starts(view, TEXT);
    return s->cli->csv && !s->cli->json && !table ? fail_csv(err) : OC_OK;
}

/* Tests and checks: a row that is not ok is a failure of the command. */
static bool has_failed_row(const struct cli_op *op, const json_t *data)
{
    const json_t *row;
    size_t i;
    json_array_foreach(data, i, row)
    {
        if (op->view && oc_starts(op->view, TABLE) && json_is_false(json_object_get(row, "ok"))) {
            return true;
        }
    }
    return false;
}

/* The rows of a stream were the answer, and it ended as streams do. */
static bool was_all_rows(const struct cli_show *s, const struct cli_answer *answer)
{
    return s->op->flags & OC_OP_STREAMS && (answer->interrupted || (answer->ok && s->rows));
}

static int exit_of(const struct cli_show *s, const json_t *data)
{
    const struct cli_view *custom = custom_view(s->op);
    if (custom && custom->exit_code) {
        return custom->exit_code(s, data);
    }
    return has_failed_row(s->op, data) ? 1 : 0;
}

static int exit_of_failure(const struct cli_show *s, const struct cli_answer *answer)
{
    const struct cli_view *custom = custom_view(s->op);
    const int rc = custom && custom->lost ? custom->lost(s, answer) : -1;
    return rc >= 0 ? rc : oc_answer_exit(answer);
}

int oc_show(const struct cli_show *s, const struct cli_answer *answer)
{
    int rc = 0;
    if (answer->unwritten) {
        return answer->unwritten == EPIPE ? OC_EXIT_UNREAD : 1;
    }
    if (was_all_rows(s, answer)) {
        return 0;
    }
    if (s->cli->json) {
        oc_show_document(s->cli, answer, s->op->flags & OC_OP_STREAMS || !s->cli->tty);
    } else {
        show_warnings(s->cli, answer);
    }
    if (!answer->ok) {
        if (!s->cli->json) {
            oc_show_error(s->cli, &answer->err);
        }
        return exit_of_failure(s, answer);
    }
    if (s->cli->csv && !s->cli->json) {
        rc = show_csv(s, answer->data);
    } else if (!s->cli->json) {
        show_data(s, answer->data);
    }
    return rc ? rc : exit_of(s, answer->data);
}

int oc_show_row(struct cli_show *s, const json_t *row)
{
    const struct cli_view *custom = custom_view(s->op);
    const char *view = s->op->view ? s->op->view : "";
    if ((s->cli->json || s->cli->csv) && !(s->op->flags & OC_OP_STREAMS)) {
        return 0; /* one document or one table, and that is the answer */
    }
    if (s->cli->json) {
        struct cli_answer answer = {.ok = true, .data = (json_t *)row};
        oc_show_document(s->cli, &answer, true);
    } else if (s->cli->csv) {
        json_t *one = json_pack("[O]", row);
        put_csv(s, one);
        json_decref(one);
    } else if (custom && (custom->row || custom->show)) {
        (custom->row ? custom->row : custom->show)(s, row);
    } else if (oc_starts(view, TABLE)) {
        oc_view_table_row(s, view + strlen(TABLE), row);
    } else {
        oc_show_json(s->cli, row, true);
    }
    s->rows = true;
    const int failed = oc_cli_write_out();
    return s->op->flags & OC_OP_STREAMS ? failed : 0;
}
