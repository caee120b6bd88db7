/* The audit service: what is heard is kept, signed, shown, retired; the logs for people's tools. SPDX-License-Identifier: MIT */
#include "tests/unit/service/audit/ledger_world.h"

static char *log_text(const char *name)
{
    struct oc_buf text = {0};
    char *folder = oc_path_join(w.s.home, "logs"), *path = oc_path_join(folder, name);
    oc_file_read(path, 1 << 20, &text, NULL);
    free(path);
    free(folder);
    return oc_buf_take(&text);
}

static void submit_as(const char *actor)
{
    json_t *entry = json_pack("{s:s,s:{s:s,s:s}}", "proposal", "p1", "record", "title", "x",
                              "submitter", actor);
    assert_true(oc_ledger_add(w.s.env.ledger, "proposal_submitted", entry, NULL, NULL, NULL) >= 0);
    json_decref(entry);
}

static void operations_are_entries_and_can_be_asked_for(void **state)
{
    (void)state;
    operation("alert.silence", "cli:uid=0");
    operation("alert.ack", "token:ops");
    operation("plugin.install", "token:ops");
    oc_bus_publish(w.s.env.bus, "op.denied",
                   json_pack("{s:s,s:s,s:s}", "op", "plugin.install", "actor", "token:v", "reason",
                             "not today"));
    json_t *rows = stage_ask(&w.s, "audit.list", NULL);
    assert_int_equal(json_array_size(rows), 4);
    assert_string_equal(oc_json_str(json_array_get(rows, 0), "op", ""), "plugin.install");
    assert_string_equal(oc_json_str(json_array_get(rows, 0), "code", ""), "denied");
    assert_string_equal(oc_json_str(json_array_get(rows, 0), "summary", ""), "not today");
    rows = stage_ask(&w.s, "audit.list", "{\"operation\":\"alert.\",\"actor\":\"token:ops\"}");
    assert_int_equal(json_array_size(rows), 1);
    assert_string_equal(oc_json_str(json_array_get(rows, 0), "op", ""), "alert.ack");
    rows = stage_ask(&w.s, "ledger.show", "{\"type\":\"denied\"}");
    assert_int_equal(json_array_size(rows), 1);
    assert_int_equal(oc_json_int(json_array_get(rows, 0), "index", -1), 3);
    rows = stage_ask(&w.s, "ledger.show", "{\"before\":2,\"limit\":1}");
    assert_int_equal(oc_json_int(json_array_get(rows, 0), "index", -1), 1);
    assert_int_equal(stage_refused(&w.s, "ledger.show", "{\"since\":\"soon\"}"), OC_E_CONFIG);
    const struct oc_call_request viewer = {.op = "ledger.show",
                                           .actor = {.name = "v", .role = OC_ROLE_VIEWER},
                                           .on_done = stage_done,
                                           .ctx = &w.s};
    oc_ops_call(w.s.env.ops, &viewer);
    assert_int_equal(w.s.code, OC_OK);
    assert_int_equal(json_array_size(w.s.result), 0); /* who did what is for admins */
    const struct oc_call_request hidden = {.op = "ledger.show",
                                           .params = json_pack("{s:s}", "type", "operation"),
                                           .actor = {.name = "v", .role = OC_ROLE_VIEWER},
                                           .on_done = stage_done,
                                           .on_warning = stage_warning,
                                           .ctx = &w.s};
    oc_ops_call(w.s.env.ops, &hidden);
    assert_int_equal(json_array_size(w.s.result), 0);
    assert_string_equal(w.s.warning, "entries of the type \"operation\" are shown to admins only");
    submit_as("token:op1");
    rows = stage_ask(&w.s, "ledger.show", "{\"actor\":\"token:op1\"}");
    assert_int_equal(json_array_size(rows), 1);
    assert_string_equal(oc_json_str(json_array_get(rows, 0), "actor", ""), "token:op1");
    stage_pass(&w.s, OC_HOUR);
    operation("late.one", "cli:uid=0");
    rows = stage_ask(&w.s, "ledger.show", "{\"since\":\"30m\"}");
    assert_int_equal(json_array_size(rows), 1);
}

static void a_clock_that_was_set_back_does_not_end_what_is_listed(void **state)
{
    (void)state;
    operation("first", "cli:uid=0");
    stage_set_clock(STAGE_WALL - OC_DAY);
    operation("between", "cli:uid=0");
    stage_set_clock(STAGE_WALL + OC_MINUTE);
    operation("last", "cli:uid=0");
    json_t *rows = stage_ask(&w.s, "audit.list", "{\"since\":\"1h\"}");
    assert_int_equal(json_array_size(rows), 2);
    assert_string_equal(oc_json_str(json_array_get(rows, 1), "op", ""), "first");
    assert_non_null(strstr(w.s.warning, "set back"));
    rows = stage_ask(&w.s, "audit.list", NULL);
    assert_int_equal(json_array_size(rows), 3);
    assert_string_equal(w.s.warning, "");
}

static void words_are_looked_for_as_json_has_them(void **state)
{
    static const char *const ACTORS[] = {"a/b", "say \"hi\"", "back\\slash", "Zoë"};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(ACTORS); i++) {
        operation("alert.ack", ACTORS[i]);
    }
    for (size_t i = 0; i < OC_COUNT(ACTORS); i++) {
        json_t *params = json_pack("{s:s}", "actor", ACTORS[i]);
        char *text = oc_json_text(params);
        const json_t *rows = stage_ask(&w.s, "audit.list", text);
        assert_int_equal(json_array_size(rows), 1);
        assert_int_equal(oc_json_int(json_array_get(rows, 0), "index", -1), i);
        free(text);
        json_decref(params);
    }
}

static void what_becomes_of_policies_is_kept_with_the_digest_of_their_text(void **state)
{
    static const char *const TOPICS[] = {"policy.loaded", "policy.failed", "policy.removed"};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(TOPICS); i++) {
        oc_bus_publish(w.s.env.bus, TOPICS[i],
                       json_pack("{s:s,s:s,s:s,s:s}", "policy", "route", "message", "m", "in_force",
                                 "file", "sha256", "ab12"));
        assert_string_equal(oc_json_str(stage_last(&w.s, "security.noted"), "sha256", ""), "ab12");
    }
    assert_string_equal(oc_json_str(stage_last(&w.s, "security.noted"), "event", ""),
                        "policy_removed");
    json_t *rows = stage_ask(&w.s, "ledger.show", "{\"type\":\"policy_removed\"}");
    assert_int_equal(json_array_size(rows), 1);
}

static void what_governance_does_is_a_line_of_its_log(void **state)
{
    (void)state;
    oc_bus_publish(w.s.env.bus, "governance.vote_cast",
                   json_pack("{s:s,s:s,s:s,s:s,s:s,s:i}", "type", "vote_cast", "proposal", "p1",
                             "member", "alpha", "vote", "approve", "reason", "it is good", "index",
                             4));
    oc_bus_publish(w.s.env.bus, "governance.veto_exercised",
                   json_pack("{s:s,s:s,s:s}", "type", "veto_exercised", "proposal", "p1", "member",
                             "sentinel"));
    char *text = log_text("governance-events.log"), *second = strchr(text, '\n');
    assert_non_null(second);
    json_t *line = json_loads(text, JSON_DISABLE_EOF_CHECK, NULL);
    assert_string_equal(oc_json_str(line, "event_type", ""), "vote_cast");
    assert_string_equal(oc_json_str(line, "proposal_id", ""), "p1");
    assert_string_equal(oc_json_str(line, "votes", ""), "approve");
    assert_string_equal(oc_json_str(line, "rationale", ""), "it is good");
    assert_string_equal(json_string_value(json_array_get(json_object_get(line, "participants"), 0)),
                        "alpha");
    assert_non_null(json_object_get(line, "outcome"));
    assert_non_null(oc_json_str(line, "timestamp", NULL));
    json_decref(line);
    free(text);
    assert_int_equal(stage_count(&w.s, "security.noted"), 1); /* the veto */
    assert_string_equal(oc_json_str(stage_last(&w.s, "security.noted"), "event", ""),
                        "veto_exercised");
    assert_int_equal(oc_ledger_size(w.s.env.ledger), 0); /* governance writes its entries itself */
}

static void who_proposes_takes_part_and_a_long_text_is_one_short_line(void **state)
{
    char *text = oc_alloc(5001);
    (void)state;
    oc_bus_publish(w.s.env.bus, "governance.proposal_submitted",
                   json_pack("{s:s,s:s,s:{s:s}}", "type", "proposal_submitted", "proposal", "p1",
                             "record", "submitter", "token:a"));
    char *log = log_text("governance-events.log");
    json_t *line = json_loads(log, JSON_DISABLE_EOF_CHECK, NULL);
    assert_string_equal(json_string_value(json_array_get(json_object_get(line, "participants"), 0)),
                        "token:a");
    json_decref(line);
    free(log);
    memset(text, 'x', 5000);
    text[5000] = '\0';
    oc_bus_publish(w.s.env.bus, "audit",
                   json_pack("{s:s,s:s,s:{s:s},s:s}", "op", "policy.edit", "actor", "token:a",
                             "params", "text", text, "code", "ok"));
    const json_t *row = json_array_get(stage_ask(&w.s, "audit.list", NULL), 0);
    assert_true(strlen(oc_json_str(row, "summary", "")) < 130);
    assert_int_equal(strlen(oc_json_str(json_object_get(row, "params"), "text", "")), 5000);
    free(text);
}

static void a_change_of_keys_is_told_to_those_who_watch_over_security(void **state)
{
    static const char *const types[] = {"key_registered", "key_revoked"};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(types); i++) {
        char topic[64];
        snprintf(topic, sizeof topic, "governance.%s", types[i]);
        oc_bus_publish(w.s.env.bus, topic,
                       json_pack("{s:s,s:s,s:s,s:s}", "type", types[i], "member", "alpha", "id",
                                 "4f0c", "by", "cli:uid=0"));
        const json_t *noted = stage_last(&w.s, "security.noted");
        assert_int_equal(stage_count(&w.s, "security.noted"), i + 1);
        assert_string_equal(oc_json_str(noted, "event", ""), types[i]);
        assert_string_equal(oc_json_str(noted, "member", ""), "alpha");
        assert_string_equal(oc_json_str(noted, "id", ""), "4f0c");
        assert_string_equal(oc_json_str(noted, "by", ""), "cli:uid=0");
    }
}

static void a_log_that_is_full_or_moved_away_is_made_anew(void **state)
{
    (void)state;
    char path[128], moved[160];
    w.a->governance_log.max = 300;
    for (int i = 0; i < 20; i++) {
        oc_bus_publish(w.s.env.bus, "governance.x", json_pack("{s:s}", "type", "x"));
    }
    snprintf(path, sizeof path, "%s/logs/governance-events.log", w.s.home);
    for (int i = 1; i <= 5; i++) {
        snprintf(moved, sizeof moved, "%s.%d", path, i);
        assert_true(oc_file_exists(moved));
    }
    snprintf(moved, sizeof moved, "%s.6", path);
    assert_false(oc_file_exists(moved));
    assert_int_equal(rename(path, moved), 0);
    oc_bus_publish(w.s.env.bus, "governance.x", json_pack("{s:s}", "type", "x"));
    assert_true(oc_file_exists(path));
}

static void stop_told(void *ctx)
{
    ++*(int *)ctx;
}

static void checkpoints_come_by_time_by_number_and_at_the_end(void **state)
{
    (void)state;
    operation("a", "x");
    stage_pass(&w.s, 30 * OC_SECOND);
    assert_int_equal(oc_ledger_note_latest(w.a->dir), 0);
    stage_pass(&w.s, 61 * OC_SECOND); /* what is not covered is for a minute at most */
    assert_int_equal(oc_ledger_note_latest(w.a->dir), 1);
    stage_pass(&w.s, 2 * OC_HOUR);
    assert_int_equal(oc_ledger_note_latest(w.a->dir), 1); /* nothing was added */
    w.a->section.checkpoint_entries = 5;
    for (int i = 0; i < 5; i++) {
        operation("b", "x");
    }
    stage_pass(&w.s, 10 * OC_SECOND);
    assert_int_equal(oc_ledger_note_latest(w.a->dir), 6);
    operation("c", "x");
    int done = 0;
    oc_audit_stop(w.a, 0, stop_told, &done);
    assert_int_equal(done, 1);
    assert_int_equal(oc_ledger_note_latest(w.a->dir), 7);
    char *key = oc_path_join(w.a->dir, "host.key");
    struct stat st;
    assert_int_equal(stat(key, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    free(key);
}

static void old_text_goes_and_the_tree_stays(void **state)
{
    (void)state;
    uint64_t size = 0;
    for (int i = 0; i < 30; i++) {
        operation("old", "x");
        stage_pass(&w.s, OC_MINUTE);
    }
    assert_int_equal(oc_audit_checkpoint(w.a, NULL, &size, NULL), OC_OK);
    oc_time_advance(366 * OC_DAY);
    operation("young", "x");
    oc_audit_retire(w.a);
    assert_int_equal(oc_ledger_oldest(w.s.env.ledger), 24); /* the open segment has a young entry */
    assert_int_equal(verify(), OC_OK);
    struct oc_buf text = {0};
    assert_int_equal(oc_ledger_read(w.s.env.ledger, 3, &text, NULL), OC_E_NOT_FOUND);
    assert_int_equal(oc_ledger_read(w.s.env.ledger, 24, &text, NULL), OC_OK);
    oc_buf_finish(&text);
    assert_int_equal(stage_refused(&w.s, "ledger.prove", "{\"index\":3}"), OC_E_NOT_FOUND);
    json_t *p = stage_ask(&w.s, "ledger.prove", "{\"index\":25}");
    assert_in_range(oc_json_int(p, "size", 0), 26, 32);              /* the newest checkpoint */
    stage_ask(&w.s, "ledger.consistency", "{\"from\":3,\"to\":30}"); /* over hashes alone */
    shut_ledger();
    open_ledger(0);
    assert_true(oc_ledger_healthy(w.s.env.ledger, NULL));
    assert_int_equal(oc_ledger_size(w.s.env.ledger), 32);
    assert_int_equal(json_array_size(stage_ask(&w.s, "ledger.show", NULL)), 8);
    char *path = oc_asprintf("%s/000000000024.log", w.a->dir); /* more than was said to be gone */
    unlink(path);
    assert_int_equal(verify(), OC_E_VERIFY);
    free(path);
}

static void a_ledger_that_is_not_well_is_an_alert(void **state)
{
    (void)state;
    operation("a", "x");
    shut_ledger();
    char *path = oc_asprintf("%s/ledger/checkpoints", w.s.home);
    oc_dir_make(path, 0700, NULL);
    free(path);
    path = oc_asprintf("%s/ledger/checkpoints/000000000002", w.s.home); /* there were two */
    assert_int_equal(oc_file_write(path, "x", 1, 0600, NULL), OC_OK);
    free(path);
    open_ledger(0);
    stage_pass(&w.s, 11 * OC_SECOND);
    assert_string_equal(oc_json_str(stage_last(&w.s, "rule.firing"), "rule", ""),
                        "ledger-unhealthy");
    assert_int_equal(json_array_size(stage_ask(&w.s, "audit.doctor", NULL)), 1);
    json_t *status = stage_ask(&w.s, "ledger.status", NULL);
    assert_false(oc_json_bool(status, "healthy", true));
}

static void only_the_host_itself_may_note(void **state)
{
    (void)state;
    w.s.actor = "token:ops";
    assert_int_equal(stage_refused(&w.s, "audit.note",
                                   "{\"type\":\"operation\",\"entry\":\"{\\\"op\\\":\\\"x\\\"}\"}"),
                     OC_E_DENIED);
    assert_int_equal(oc_ledger_size(w.s.env.ledger), 0);
}

static void witnesses_are_kept_and_strangers_refused(void **state)
{
    (void)state;
    operation("a", "x");
    stage_ask(&w.s, "ledger.checkpoint", NULL);
    assert_int_equal(stage_refused(&w.s, "ledger.witness.add", "{\"name\":\"a b\",\"key\":\"x\"}"),
                     OC_E_CONFIG);
    assert_int_equal(
        stage_refused(&w.s, "ledger.witness.add",
                      "{\"name\":\"w\",\"key\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}"),
        OC_E_CONFIG); /* anybody could sign for it */
    stage_ask(&w.s, "ledger.witness.add",
              "{\"name\":\"w\",\"key\":\"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"}");
    assert_int_equal(
        stage_refused(&w.s, "ledger.witness.add",
                      "{\"name\":\"w\",\"key\":\"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"}"),
        OC_E_CONFLICT);
    assert_int_equal(json_array_size(stage_ask(&w.s, "ledger.witness.list", NULL)), 1);
    assert_int_equal(stage_refused(&w.s, "ledger.cosign",
                                   "{\"witness\":\"w\",\"size\":1,\"seconds\":1,"
                                   "\"signature\":\"AAAA\"}"),
                     OC_E_VERIFY);
    assert_int_equal(stage_refused(&w.s, "ledger.cosign",
                                   "{\"witness\":\"v\",\"size\":1,\"seconds\":1,"
                                   "\"signature\":\"AAAA\"}"),
                     OC_E_NOT_FOUND);
    stage_ask(&w.s, "ledger.witness.remove", "{\"name\":\"w\"}");
    assert_int_equal(json_array_size(stage_ask(&w.s, "ledger.witness.list", NULL)), 0);
}

static void padding_hides_nothing(void **state)
{
    (void)state;
    json_t *entry =
        json_pack("{s:s,s:{s:s,s:s}}", "op", "test.do", "params", "comment", "", "id", "7");
    char *pad = oc_alloc(300001);
    memset(pad, 'z', 300000);
    pad[300000] = '\0';
    oc_json_set_str(json_object_get(entry, "params"), "comment", pad);
    json_t *less = oc_audit_shortened(entry);
    const json_t *params = json_object_get(less, "params");
    assert_string_equal(oc_json_str(less, "op", ""), "test.do");
    assert_string_equal(oc_json_str(params, "id", ""), "7");
    assert_non_null(strstr(oc_json_str(params, "comment", ""), "(300000 bytes, sha256 "));
    json_decref(less);
    json_decref(entry);
    free(pad);
}

static void a_clock_that_was_set_forward_destroys_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++) {
        operation("old", "x");
    }
    oc_time_fake(oc_time_wall() + 400 * OC_DAY, oc_time_mono());
    operation("young", "x");
    oc_audit_retire(w.a);
    assert_int_equal(oc_ledger_oldest(w.s.env.ledger), 0);
}

/* As of a board without a clock of its own, which is set right a moment later. */
static void a_clock_that_was_back_for_one_entry_destroys_nothing(void **state)
{
    const int64_t right = oc_time_wall() + 30 * OC_DAY;
    (void)state;
    oc_time_advance(30 * OC_DAY);
    for (int i = 0; i < 8; i++) {
        operation("young", "x");
    }
    stage_set_clock(1000);
    operation("behind the segment", "x");
    stage_set_clock(right);
    operation("young", "x");
    oc_audit_retire(w.a);
    assert_int_equal(oc_ledger_oldest(w.s.env.ledger), 0);
    oc_time_advance(364 * OC_DAY);
    operation("later", "x");
    oc_audit_retire(w.a);
    assert_int_equal(oc_ledger_oldest(w.s.env.ledger), 0);
    oc_time_advance(2 * OC_DAY);
    operation("later", "x");
    oc_audit_retire(w.a);
    assert_int_equal(oc_ledger_oldest(w.s.env.ledger), 8);
}

/* A time that has not come says nothing of the age of a segment, and keeps it no longer than the others. */
static void a_clock_that_was_ahead_for_one_entry_keeps_nothing_for_ever(void **state)
{
    const int64_t right = oc_time_wall();
    (void)state;
    operation("old", "x");
    stage_set_clock(right + 9000 * OC_DAY);
    operation("old", "x");
    stage_set_clock(right);
    for (int i = 0; i < 7; i++) {
        operation("old", "x");
    }
    oc_time_advance(366 * OC_DAY);
    operation("young", "x");
    oc_audit_retire(w.a);
    assert_int_equal(oc_ledger_oldest(w.s.env.ledger), 8);
}

/* What is left of a ledger that was cut is exported, and nobody takes it for the whole. */
static void an_export_of_less_than_was_signed_is_no_success(void **state)
{
    struct oc_buf lines = {0};
    uint64_t size = 0;
    (void)state;
    for (int i = 0; i < 6; i++) {
        operation("a", "x");
    }
    assert_int_equal(oc_audit_checkpoint(w.a, NULL, &size, NULL), OC_OK);
    char *to = oc_path_join(w.s.home, "export"), *params = oc_asprintf("{\"dir\":\"%s\"}", to),
         *log = oc_asprintf("%s/000000000000.log", w.a->dir),
         *entries = oc_path_join(to, "entries.jsonl");
    assert_int_equal(oc_json_int(stage_ask(&w.s, "ledger.export", params), "entries", 0), 6);
    assert_int_equal(oc_file_read(log, 1 << 20, &lines, NULL), OC_OK);
    char *last = memrchr(lines.data, '\n', lines.len - 1);
    assert_non_null(last);
    assert_int_equal(truncate(log, last + 1 - lines.data), 0);
    assert_int_equal(stage_refused(&w.s, "ledger.export", params), OC_E_VERIFY);
    assert_non_null(strstr(w.s.error.message, "5 entries are exported"));
    assert_true(oc_file_exists(entries));
    oc_buf_finish(&lines);
    free(entries);
    free(log);
    free(params);
    free(to);
}

/* Off for a moment; `wall_ms` is what the clock of the machine says when it is there again. */
static void restart_at(int64_t wall_ms)
{
    shut_ledger();
    oc_time_fake(wall_ms, oc_time_mono());
    open_ledger(8);
}

static void a_machine_that_wakes_up_a_year_ahead_destroys_nothing_however_often(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++) {
        operation("old", "x");
    }
    const int64_t right = oc_time_wall();
    restart_at(right + 400 * OC_DAY);
    operation("of a wrong time", "x");
    restart_at(right + 400 * OC_DAY); /* the newest entry is as wrong now as the clock */
    operation("of a wrong time", "x");
    oc_time_advance(6 * OC_HOUR);
    oc_audit_retire(w.a);
    assert_int_equal(oc_ledger_oldest(w.s.env.ledger), 0);
    restart_at(right + 13 * OC_HOUR);
    oc_time_advance(20 * OC_DAY);
    oc_audit_retire(w.a);
    assert_int_equal(oc_ledger_oldest(w.s.env.ledger), 0);
}

static void a_host_that_was_off_for_a_year_catches_up(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++) {
        operation("old", "x");
    }
    restart_at(oc_time_wall() + 400 * OC_DAY);
    operation("young", "x");
    oc_time_advance(36 * OC_DAY);
    operation("young", "x");
    oc_audit_retire(w.a);
    assert_int_equal(oc_ledger_oldest(w.s.env.ledger), 0);
    oc_time_advance(2 * OC_DAY);
    operation("young", "x");
    oc_audit_retire(w.a);
    assert_int_equal(oc_ledger_oldest(w.s.env.ledger), 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        audit_test(operations_are_entries_and_can_be_asked_for),
        audit_test(a_clock_that_was_set_back_does_not_end_what_is_listed),
        audit_test(words_are_looked_for_as_json_has_them),
        audit_test(what_becomes_of_policies_is_kept_with_the_digest_of_their_text),
        audit_test(what_governance_does_is_a_line_of_its_log),
        audit_test(who_proposes_takes_part_and_a_long_text_is_one_short_line),
        audit_test(a_change_of_keys_is_told_to_those_who_watch_over_security),
        audit_test(a_log_that_is_full_or_moved_away_is_made_anew),
        audit_test(checkpoints_come_by_time_by_number_and_at_the_end),
        audit_test(padding_hides_nothing),
        audit_test(a_clock_that_was_set_forward_destroys_nothing),
        audit_test(a_clock_that_was_back_for_one_entry_destroys_nothing),
        audit_test(a_clock_that_was_ahead_for_one_entry_keeps_nothing_for_ever),
        audit_test(an_export_of_less_than_was_signed_is_no_success),
        audit_test(a_machine_that_wakes_up_a_year_ahead_destroys_nothing_however_often),
        audit_test(a_host_that_was_off_for_a_year_catches_up),
        audit_test(old_text_goes_and_the_tree_stays),
        audit_test(a_ledger_that_is_not_well_is_an_alert),
        audit_test(only_the_host_itself_may_note),
        audit_test(witnesses_are_kept_and_strangers_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
