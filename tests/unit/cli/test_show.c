/* Answers as documents, tables, records and checks. SPDX-License-Identifier: MIT */
#include "tests/unit/cli/capture.h"
#include "tests/unit/cli/table.h"
#include "tests/unit/unit.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/cli/show.h"

static struct cli cli;
static struct oc_error err;
static int exit_code;

static int setup(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    cli = (struct cli){0};
    oc_error_init(&err);
    int64_t now;
    oc_time_parse("2026-11-22T14:00:00Z", 0, &now);
    oc_time_fake(now, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    oc_time_fake(-1, -1);
    return 0;
}

/* Shows an answer with this data (taken); what stdout got is owned by the caller. */
static char *shown(const char *op, const char *params, json_t *data)
{
    struct cli_answer answer = {.ok = true, .data = data};
    json_t *given = params ? json_loads(params, 0, NULL) : NULL;
    struct cli_show s = {.cli = &cli, .op = test_op(op), .params = given};
    struct capture c = capture_begin(stdout);
    exit_code = oc_show(&s, &answer);
    char *text = capture_end(&c);
    json_decref(given);
    oc_answer_finish(&answer);
    return text;
}

static json_t *json(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    return value;
}

static void assert_shown(const char *op, const char *data, const char *expected)
{
    char *text = shown(op, NULL, json(data));
    assert_string_equal(text, expected);
    free(text);
}

/* ---- documents ---- */

static void json_is_one_document_with_five_members(void **state)
{
    (void)state;
    cli.json = true;
    assert_shown(
        "alert.list", "[]",
        "{\"schema\":\"openclaw/v1\",\"ok\":true,\"data\":[],\"warnings\":[],\"error\":null}\n");
    assert_int_equal(exit_code, 0);
}

static void a_failed_answer_is_a_document_too(void **state)
{
    (void)state;
    cli.json = true;
    struct cli_answer answer = {0};
    struct cli_show s = {.cli = &cli, .op = test_op("alert.list")};
    oc_error_set(&answer.err, OC_E_NOT_FOUND, "no alert 'x'");
    oc_error_hint(&answer.err, "Look again.");
    struct capture c = capture_begin(stdout);
    assert_int_equal(oc_show(&s, &answer), 2);
    char *text = capture_end(&c);
    json_t *document = json(text);
    assert_string_equal(oc_json_str(oc_json_path(document, "error"), "code", ""), "not_found");
    assert_string_equal(oc_json_str(oc_json_path(document, "error"), "hint", ""), "Look again.");
    assert_true(json_is_null(json_object_get(document, "data")));
    json_decref(document);
    free(text);
}

static void an_error_goes_to_stderr_with_its_hint(void **state)
{
    (void)state;
    struct cli_answer answer = {0};
    struct cli_show s = {.cli = &cli, .op = test_op("alert.list")};
    oc_error_set(&answer.err, OC_E_DENIED, "no right\033[2J");
    oc_error_hint(&answer.err, "Ask somebody.");
    struct capture out = capture_begin(stdout), errors = capture_begin(stderr);
    int rc = oc_show(&s, &answer);
    char *said = capture_end(&errors), *text = capture_end(&out);
    assert_int_equal(rc, 3);
    assert_string_equal(text, "");
    assert_string_equal(said, "openclaw: no right[2J\n  Ask somebody.\n");
    free(said);
    free(text);
}

static void a_row_of_a_stream_is_a_document_on_one_line(void **state)
{
    (void)state;
    cli.json = true;
    struct cli_show s = {.cli = &cli, .op = test_op("events.watch")};
    json_t *row = json("{\"topic\":\"a\\nb\"}");
    struct capture c = capture_begin(stdout);
    oc_show_row(&s, row);
    oc_show_row(&s, row);
    struct cli_answer answer = {.ok = true};
    assert_int_equal(oc_show(&s, &answer), 0); /* the end of a stream that had rows says nothing */
    char *text = capture_end(&c);
    size_t lines = 0;
    for (const char *p = text; (p = strchr(p, '\n')); p++) {
        lines++;
    }
    assert_int_equal(lines, 2);
    json_decref(row);
    free(text);
}

static void an_interrupted_stream_ends_well(void **state)
{
    (void)state;
    struct cli_show s = {.cli = &cli, .op = test_op("events.watch")};
    struct cli_answer answer = {.interrupted = true};
    assert_int_equal(oc_show(&s, &answer), 0);
    s.op = test_op("alert.list");
    struct capture errors = capture_begin(stderr);
    int rc = oc_show(&s, &answer);
    free(capture_end(&errors));
    assert_int_equal(rc, 130);
}

static void no_daemon_is_exit_69(void **state)
{
    (void)state;
    struct cli_answer answer = {.lost = true};
    assert_int_equal(oc_answer_exit(&answer), 69);
}

/* ---- generic views ---- */

static void a_list_is_a_table(void **state)
{
    (void)state;
    assert_shown(
        "alert.list",
        "[{\"id\":\"5f1c\",\"severity\":\"critical\",\"starts_at\":\"2026-11-22T13:57:00Z\","
        "\"wait_ms\":61000},{\"id\":\"a\",\"severity\":\"info\"}]",
        "ID    Severity  Since  Wait\n"
        "5f1c  critical  3m     1m 1s\n"
        "a     info             \n");
}

static void an_empty_list_says_so(void **state)
{
    (void)state;
    assert_shown("alert.list", "[]", "No alerts.\n");
    assert_shown("alert.silences", "[]", "No silences.\n");
    assert_shown("policy.list", "[]", "No policies.\n");
    assert_shown("ledger.witness.list", "[]", "No witnesses.\n");
    assert_shown("governance.validate", "[]", "It is sound: nothing is wrong with it.\n");
    assert_shown("governance.list", "[]",
                 "No open proposals (--all: those that are decided, too).\n");
    char *all = shown("governance.list", "{\"all\":true}", json("[]"));
    assert_string_equal(all, "No proposals.\n");
    free(all);
}

static void a_table_can_be_csv_with_raw_values(void **state)
{
    (void)state;
    cli.csv = true;
    assert_shown("alert.list", "[{\"id\":\"a,b\",\"wait_ms\":61000,\"note\":null}]",
                 "id,severity,starts_at,wait_ms,note\r\n\"a,b\",,,61000,\r\n");
}

static void assert_rows(const char *op, const char *first, const char *second, const char *expected)
{
    struct cli_show s = {.cli = &cli, .op = test_op(op)};
    json_t *rows[] = {json(first), json(second)};
    struct capture c = capture_begin(stdout);
    for (size_t i = 0; i < OC_COUNT(rows); i++) {
        assert_int_equal(oc_show_row(&s, rows[i]), 0);
        json_decref(rows[i]);
    }
    char *text = capture_end(&c);
    assert_string_equal(text, expected);
    free(text);
}

static void a_stream_as_csv_has_one_head_and_its_rows(void **state)
{
    (void)state;
    cli.csv = true;
    assert_rows("events.watch", "{\"time\":\"t1\",\"topic\":\"=a\"}",
                "{\"time\":\"t2\",\"topic\":\"b,c\"}",
                "time,topic\r\nt1,\"'=a\"\r\nt2,\"b,c\"\r\n");
    assert_rows("logs", "{\"time\":\"t1\",\"level\":\"warn\",\"message\":\"m\"}",
                "{\"time\":\"t2\",\"level\":\"info\",\"message\":\"n\",\"data\":{\"a\":1}}",
                "time,level,message,data\r\nt1,warn,m,\r\nt2,info,n,\"{\"\"a\"\":1}\"\r\n");
    assert_rows("alert.list", "{\"id\":\"a\"}", "{\"id\":\"b\"}", ""); /* the answer has them all */
}

/* One long cell would push the last column of every later row out of the terminal. */
static void a_stream_leaves_room_for_its_last_column(void **state)
{
    static const char topic[] = "a.topic.that.is.much.longer.than.any.that.anybody.would.want";
    (void)state;
    cli.width = 60;
    json_t *rows = json_pack("[{s:s,s:s,s:s},{s:s,s:s,s:s}]", "time", "t", "topic", topic, "data",
                             topic, "time", "t", "topic", "b", "data", "c");
    const struct cli_op op = {.name = "events.watch",
                              .flags = OC_OP_STREAMS,
                              .view = "table:time=Time,topic=Topic,data=Data"};
    struct cli_show s = {.cli = &cli, .op = &op};
    struct capture c = capture_begin(stdout);
    oc_show_row(&s, json_array_get(rows, 0));
    oc_show_row(&s, json_array_get(rows, 1));
    char *text = capture_end(&c);
    char *second = strchr(text, '\n') + 1;
    assert_contains(text, "\xe2\x80\xa6"); /* it is cut */
    assert_contains(text, topic);          /* the last one is not */
    assert_true(strlen(second) <= 60 - 20);
    free(text);
    json_decref(rows);
}

static void csv_of_what_is_no_table_is_refused_before_it_is_asked_for(void **state)
{
    (void)state;
    struct cli_show s = {.cli = &cli, .op = test_op("config.set")};
    assert_int_equal(oc_show_check(&s, &err), OC_OK);
    cli.csv = true;
    assert_int_equal(oc_show_check(&s, &err), OC_E_CONFIG);
    assert_string_equal(err.hint, "Use --json.");
    static const char *const tables[] = {"alert.list", "events.watch", "logs", "health.check"};
    for (size_t i = 0; i < OC_COUNT(tables); i++) {
        s.op = test_op(tables[i]);
        assert_int_equal(oc_show_check(&s, &err), OC_OK);
    }
    cli.json = true;
    s.op = test_op("config.set");
    assert_int_equal(oc_show_check(&s, &err), OC_OK);
}

static void csv_of_what_is_no_table_is_a_usage_error(void **state)
{
    (void)state;
    cli.csv = true;
    struct capture errors = capture_begin(stderr);
    char *text = shown("config.set", NULL, json("{\"a\":1}"));
    free(capture_end(&errors));
    assert_int_equal(exit_code, 64);
    assert_string_equal(text, "");
    free(text);
}

static void a_row_that_is_not_ok_fails_the_command(void **state)
{
    (void)state;
    free(shown("alert.list", NULL, json("[{\"id\":\"a\",\"ok\":true}]")));
    assert_int_equal(exit_code, 0);
    free(shown("alert.list", NULL,
               json("[{\"id\":\"a\",\"ok\":true},{\"id\":\"b\",\"ok\":false}]")));
    assert_int_equal(exit_code, 1);
}

static void ballots_that_were_refused_are_listed_and_none_taken_is_a_failure(void **state)
{
    (void)state;
    assert_shown("governance.votes", "{\"taken\":1,\"refused\":1,\"receipts\":[7,\"it is late\"]}",
                 "taken    1\nrefused  1\n  ballot 2: it is late\n");
    assert_int_equal(exit_code, 0);
    free(shown("governance.votes", NULL,
               json("{\"taken\":0,\"refused\":1,\"receipts\":[\"a ballot has five words\"]}")));
    assert_int_equal(exit_code, 1);
    cli.json = true;
    assert_shown("governance.votes", "{\"taken\":0,\"refused\":1,\"receipts\":[\"x\"]}",
                 "{\"schema\":\"openclaw/v1\",\"ok\":true,\"data\":{\"taken\":0,\"refused\":1,"
                 "\"receipts\":[\"x\"]},\"warnings\":[],\"error\":null}\n");
    assert_int_equal(exit_code, 1);
}

static void a_record_is_aligned_and_leaves_out_what_is_empty(void **state)
{
    (void)state;
    assert_shown(
        "config.set",
        "{\"file\":\"/a b\",\"took_ms\":1500,\"none\":null,\"empty\":\"\",\"nested\":{\"k\":true},"
        "\"remaining\":{\"dollars\":null,\"of\":{\"tokens\":null}},"
        "\"list\":[{\"a\":1}]}",
        "file     /a b\ntook     1s 500ms\nnested:\n  k  yes\nlist:\n  - a=1\n");
}

static void a_label_is_without_the_unit_where_the_value_says_it(void **state)
{
    (void)state;
    assert_shown("config.set", "{\"a_bytes\":1536,\"b_ms\":[1,2],\"c_ms\":9e15,\"d_ms\":\"x\"}",
                 "a        1.5 KB\nb        1ms, 2ms\nc ms     9e+15\nd ms     x\n");
}

static void a_time_that_is_there_twice_is_shown_once(void **state)
{
    (void)state;
    assert_shown("config.set",
                 "{\"started_ms\":1795356000000,\"started\":\"2026-11-22T13:00:00Z\"}",
                 "started  13:00:00\n");
}

static void a_text_ends_with_one_line_break(void **state)
{
    (void)state;
    assert_shown("rules.show", "{\"text\":\"a\"}", "a\n");
    assert_shown("rules.show", "{\"text\":\"a\\n\"}", "a\n");
    assert_shown("rules.show", "{\"text\":\"\"}", "");
}

static void an_operation_without_a_view_shows_json(void **state)
{
    (void)state;
    assert_shown("plugin.list", "{\"a\":0.1}", "{\n  \"a\": 0.1\n}\n");
}

static void data_of_another_shape_shows_as_json(void **state)
{
    (void)state;
    assert_shown("alert.list", "[1]", "[\n  1\n]\n");
    assert_shown("rules.show", "[1]", "[\n  1\n]\n");
}

/* ---- health ---- */

static json_t *snapshot(const char *overall, const char *const *states)
{
    json_t *checks = json_array();
    for (size_t i = 0; states[i]; i++) {
        char *name = oc_asprintf("s%zu", i);
        json_array_append_new(checks, json_pack("{s:s,s:s,s:b,s:s,s:i}", "service", name, "state",
                                                states[i], "hard", 1, "output", "why | not",
                                                "response_ms", 12));
        free(name);
    }
    return json_pack("{s:{s:s},s:o}", "summary", "overallStatus", overall, "checks", checks);
}

#define STATES(...) ((const char *const[]){__VA_ARGS__, NULL})

static int health_exit(const char *overall, const char *const *states, bool some)
{
    json_t *data = snapshot(overall, states);
    int rc = oc_view_health_exit(data, some);
    json_decref(data);
    return rc;
}

static void the_exit_code_is_that_of_a_monitoring_plugin(void **state)
{
    (void)state;
    assert_int_equal(health_exit("healthy", STATES("ok", "ok"), false), 0);
    assert_int_equal(health_exit("warning", STATES("ok"), false), 1);
    assert_int_equal(health_exit("degraded", STATES("ok", "pending"), false), 1);
    assert_int_equal(health_exit("critical", STATES("ok"), false), 2);
    assert_int_equal(health_exit("degraded", STATES("ok", "critical"), false), 2);
    assert_int_equal(health_exit("degraded", STATES("unreachable", "warning"), false), 2);
    assert_int_equal(health_exit("degraded", STATES("unknown", "ok"), false), 3);
    assert_int_equal(health_exit("degraded", STATES("pending", "pending"), false), 3);
    assert_int_equal(health_exit("healthy", STATES(NULL), false), 0);
}

static void one_service_is_judged_by_its_own_state(void **state)
{
    (void)state;
    assert_int_equal(health_exit("critical", STATES("ok"), true), 0);
    assert_int_equal(health_exit("healthy", STATES("warning"), true), 1);
    assert_int_equal(health_exit("healthy", STATES("pending"), true), 3);
    assert_int_equal(health_exit("healthy", STATES(NULL), true), 3);
}

static void the_first_line_is_one_for_nagios(void **state)
{
    (void)state;
    char *text =
        shown("health.check", NULL, snapshot("degraded", STATES("ok", "critical", "warning")));
    assert_int_equal(exit_code, 2);
    text[strcspn(text, "\n")] = '\0';
    assert_string_equal(
        text, "OPENCLAW CRITICAL - 1 of 3 services is critical, 1 warning | services=3 ok=1 "
              "pending=0 warning=1 unknown=0 unreachable=0 critical=1");
    free(text);
}

static void a_service_of_its_own_shows_its_output_without_a_bar(void **state)
{
    (void)state;
    char *text =
        shown("health.check", "{\"service\":\"s0\"}", snapshot("healthy", STATES("warning")));
    assert_int_equal(exit_code, 1);
    assert_contains(text, "OPENCLAW WARNING - s0 is warning: why / not | services=1");
    assert_contains(text, " response=12ms\n");
    free(text);
}

static void a_health_check_without_an_answer_is_unknown(void **state)
{
    (void)state;
    struct cli_answer answer = {.lost = true};
    struct cli_show s = {.cli = &cli, .op = test_op("health.check")};
    oc_error_set(&answer.err, OC_E_TIMEOUT, "the daemon has not answered within 60s");
    struct capture errors = capture_begin(stderr), c = capture_begin(stdout);
    assert_int_equal(oc_show(&s, &answer), 3);
    char *text = capture_end(&c), *said = capture_end(&errors);
    assert_string_equal(text, "OPENCLAW UNKNOWN - the daemon has not answered within 60s\n");
    assert_contains(said, "openclaw: the daemon has not answered within 60s");
    free(said);
    free(text);
    s.op = test_op("alert.list");
    errors = capture_begin(stderr);
    assert_int_equal(oc_show(&s, &answer), 69);
    free(capture_end(&errors));
}

static void status_says_what_the_health_check_says(void **state)
{
    (void)state;
    char *text =
        shown("status", NULL,
              json("{\"name\":\"vm\",\"health\":{\"overallStatus\":\"warning\",\"warningAlerts\":1,"
                   "\"checks\":{\"total\":3,\"critical\":1,\"ok\":2}}}"));
    assert_contains(text, "vm is critical; openclaw");
    assert_contains(text, "0 critical, 1 warning");
    assert_contains(text, "3: 1 critical, 2 ok");
    free(text);
    text = shown("status", NULL,
                 json("{\"name\":\"vm\",\"health\":{\"overallStatus\":\"degraded\","
                      "\"checks\":{\"total\":2,\"pending\":2}}}"));
    assert_contains(text, "vm is unknown; openclaw");
    free(text);
}

static void a_text_of_many_lines_is_indented_and_holds_no_control_characters(void **state)
{
    (void)state;
    assert_shown("alert.silence", "{\"comment\":\"one\\ntwo\\u001b[31m\\r\",\"id\":1}",
                 "comment  one\n         two[31m\nid       1\n");
}

static void the_gravest_checks_come_first(void **state)
{
    (void)state;
    char *text =
        shown("health.check", NULL,
              snapshot("degraded", STATES("ok", "pending", "warning", "critical", "unknown")));
    const char *order[] = {"\ns3 ", "\ns4 ", "\ns2 ", "\ns1 ", "\ns0 "};
    const char *at = text;
    for (size_t i = 0; i < OC_COUNT(order); i++) {
        at = strstr(at, order[i]);
        assert_non_null(at);
    }
    free(text);
}

static void json_keeps_the_exit_code_of_the_check(void **state)
{
    (void)state;
    cli.json = true;
    free(shown("health.check", NULL, snapshot("critical", STATES("critical"))));
    assert_int_equal(exit_code, 2);
}

static char *change(const char *event)
{
    json_t *row = json(event);
    struct capture c = capture_begin(stdout);
    oc_view_change(&cli, row);
    json_decref(row);
    return capture_end(&c);
}

static void a_change_is_one_line(void **state)
{
    (void)state;
    char *text = change(
        "{\"event\":\"health.changed\",\"time\":\"2026-11-22T13:00:00Z\",\"data\":{\"service\":"
        "\"web/api\",\"from\":\"ok\",\"to\":\"critical\",\"hard\":false,\"output\":\"a\\nb\"}}");
    assert_string_equal(text, "13:00:00  web/api                     ok -> critical (soft)  a b\n");
    free(text);
    text = change("{\"event\":\"alert.firing\",\"data\":{\"rule\":\"cpu\",\"severity\":\"warning\","
                  "\"message\":"
                  "\"too much\"}}");
    assert_contains(text, "cpu                         alert firing (warning)  too much\n");
    free(text);
    text =
        change("{\"event\":\"plugin.fenced\",\"data\":{\"instance\":\"db\",\"message\":\"late\"}}");
    assert_contains(text, "db                          plugin fenced  late\n");
    free(text);
    text = change("{}");
    assert_contains(text, "\n");
    free(text);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(json_is_one_document_with_five_members),
        T(a_failed_answer_is_a_document_too),
        T(an_error_goes_to_stderr_with_its_hint),
        T(a_row_of_a_stream_is_a_document_on_one_line),
        T(an_interrupted_stream_ends_well),
        T(no_daemon_is_exit_69),
        T(a_list_is_a_table),
        T(an_empty_list_says_so),
        T(a_table_can_be_csv_with_raw_values),
        T(a_stream_as_csv_has_one_head_and_its_rows),
        T(a_stream_leaves_room_for_its_last_column),
        T(csv_of_what_is_no_table_is_refused_before_it_is_asked_for),
        T(csv_of_what_is_no_table_is_a_usage_error),
        T(a_row_that_is_not_ok_fails_the_command),
        T(ballots_that_were_refused_are_listed_and_none_taken_is_a_failure),
        T(a_record_is_aligned_and_leaves_out_what_is_empty),
        T(a_label_is_without_the_unit_where_the_value_says_it),
        T(a_time_that_is_there_twice_is_shown_once),
        T(a_text_ends_with_one_line_break),
        T(an_operation_without_a_view_shows_json),
        T(data_of_another_shape_shows_as_json),
        T(the_exit_code_is_that_of_a_monitoring_plugin),
        T(one_service_is_judged_by_its_own_state),
        T(the_first_line_is_one_for_nagios),
        T(a_service_of_its_own_shows_its_output_without_a_bar),
        T(the_gravest_checks_come_first),
        T(a_health_check_without_an_answer_is_unknown),
        T(status_says_what_the_health_check_says),
        T(a_text_of_many_lines_is_indented_and_holds_no_control_characters),
        T(json_keeps_the_exit_code_of_the_check),
        T(a_change_is_one_line),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
