/* What the doctor finds while the daemon runs. SPDX-License-Identifier: MIT */
#include "tests/unit/service/host/world.h"

#include <sys/stat.h>

static json_t *channels, *rules;

static void op_rows(struct oc_call *call, void *ctx)
{
    json_t **rows = ctx;
    oc_call_succeed(call, json_incref(*rows));
}

static const struct oc_op channels_op = {
    .name = "alert.channels", .summary = "x", .handler = op_rows};
static const struct oc_op rules_op = {.name = "rules.list", .summary = "x", .handler = op_rows};

static const json_t *found(const char *check)
{
    return stage_find(stage_ask(&w.s, "doctor", NULL), "check", check);
}

static void a_channel_that_does_not_deliver_is_found(void **state)
{
    (void)state;
    channels =
        json_pack("[{s:s,s:s,s:i,s:s}, {s:s,s:s,s:i,s:s}, {s:s,s:s,s:i}, {s:s,s:s,s:i}]", "name",
                  "over", "state", "ready", "queue", 0, "last_error", "HTTP 500", "name", "mail",
                  "state", "ready", "queue", 3, "last_error", "refused", "name", "slow", "state",
                  "ready", "queue", 2, "name", "fine", "state", "ready", "queue", 0);
    oc_ops_add(w.s.env.ops, &channels_op, &channels);
    const json_t *all = stage_ask(&w.s, "doctor", NULL);
    const json_t *mail = stage_find(all, "message", "mail: 3 waiting to be delivered: refused");
    assert_string_equal(oc_json_str(mail, "state", ""), "error");
    const json_t *slow = stage_find(all, "message", "slow: 2 waiting to be delivered");
    assert_string_equal(oc_json_str(slow, "state", ""), "warning");
    assert_null(stage_find(all, "message", "fine: 0 waiting to be delivered"));
    const json_t *over = stage_find(all, "message", "over: the last try failed: HTTP 500");
    assert_string_equal(oc_json_str(over, "state", ""),
                        "warning"); /* another channel has taken it */
    json_decref(channels);
}

static void a_rule_that_cannot_be_evaluated_is_found(void **state)
{
    (void)state;
    rules =
        json_pack("[{s:s,s:s}, {s:s,s:s}, {s:s,s:n}]", "name", "odd", "problem",
                  "attempt to compare", "name", "fine", "problem", "", "name", "good", "problem");
    oc_ops_add(w.s.env.ops, &rules_op, &rules);
    assert_string_equal(oc_json_str(found("rule"), "message", ""), "odd: attempt to compare");
    assert_null(stage_find(w.s.result, "message", "fine: "));
    json_decref(rules);
}

static void the_store_is_told_with_its_figures(void **state)
{
    (void)state;
    assert_non_null(strstr(oc_json_str(found("store"), "message", ""), "0 series"));
}

static void a_home_that_was_removed_is_an_error_even_when_made_again(void **state)
{
    (void)state;
    char *moved = oc_asprintf("%s.moved", w.s.home);
    assert_int_equal(rename(w.s.home, moved), 0);
    assert_non_null(strstr(oc_json_str(found("home"), "message", ""), "was removed"));
    assert_int_equal(mkdir(w.s.home, 0700), 0);
    assert_non_null(strstr(oc_json_str(found("home"), "message", ""), "was removed"));
    assert_int_equal(rmdir(w.s.home), 0);
    assert_int_equal(rename(moved, w.s.home), 0);
    assert_string_equal(oc_json_str(found("home"), "state", ""), "ok");
    free(moved);
}

static void a_host_that_has_never_run_has_nothing_wrong_with_its_home(void **state)
{
    (void)state;
    char *moved = oc_asprintf("%s.moved", w.s.home);
    w.host->home_inode = 0;
    assert_int_equal(rename(w.s.home, moved), 0);
    assert_string_equal(oc_json_str(found("home"), "state", ""), "error"); /* the daemon's own */
    w.host->env.ephemeral = true;
    assert_string_equal(oc_json_str(found("home"), "state", ""), "ok");
    assert_non_null(strstr(oc_json_str(found("home"), "message", ""), "no daemon has run here"));
    assert_int_equal(rename(moved, w.s.home), 0);
    free(moved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_channel_that_does_not_deliver_is_found),
        TEST(a_rule_that_cannot_be_evaluated_is_found),
        TEST(the_store_is_told_with_its_figures),
        TEST(a_home_that_was_removed_is_an_error_even_when_made_again),
        TEST(a_host_that_has_never_run_has_nothing_wrong_with_its_home),
    };
    return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
