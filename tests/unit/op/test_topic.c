/* Tests of core/op/topic.c: who is told of which events. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/op/topic.h"

static struct oc_loop *loop;
static struct oc_bus *bus;
static struct oc_plugins *plugins;

static int setup(void **state)
{
    (void)state;
    loop = oc_loop_create();
    bus = oc_bus_create();
    plugins = oc_plugins_create(loop, bus, NULL);
    oc_plugins_scan(plugins, OC_BUILD_DIR "/plugins");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    oc_plugins_destroy(plugins);
    oc_bus_destroy(bus);
    oc_loop_destroy(loop);
    return 0;
}

static void who_did_what_and_who_was_refused_is_for_admins(void **state)
{
    (void)state;
    static const char *const topics[] = {"audit", "op.denied", "security.refused", "access.revoked",
                                         "token.created"};
    for (size_t i = 0; i < OC_COUNT(topics); i++) {
        assert_int_equal(oc_topic_role(topics[i], plugins), OC_ROLE_ADMIN);
        assert_int_equal(oc_topic_pattern_role(topics[i]), OC_ROLE_ADMIN);
    }
}

static void what_the_host_does_in_the_open_is_for_everybody(void **state)
{
    (void)state;
    static const char *const topics[] = {
        "agent.message",      "alert.firing",    "bridge.changed",   "budget.changed",
        "collect.first",      "cron.ended",      "collector.swept",  "config.loaded",
        "export.dropped",     "governance.vote", "health.changed",   "job.finished",
        "ledger.accepted",    "policy.failed",   "packages.applied", "maintenance.changed",
        "plugin.rolled_back", "rule.firing",     "runbook.step",     "samples.complete",
        "silence.created",    "store.failing",   "unit.changed"};
    for (size_t i = 0; i < OC_COUNT(topics); i++) {
        assert_true(oc_topic_of_host(topics[i]));
        assert_int_equal(oc_topic_role(topics[i], NULL), OC_ROLE_VIEWER);
        assert_int_equal(oc_topic_pattern_role(topics[i]), OC_ROLE_VIEWER);
    }
}

static void what_a_plugin_says_under_its_name_is_for_everybody(void **state)
{
    (void)state;
    assert_int_equal(oc_topic_role("system.rebooted", plugins), OC_ROLE_VIEWER);
    assert_int_equal(oc_topic_role("system.rebooted", NULL), OC_ROLE_ADMIN);
    assert_false(oc_topic_of_host("system.rebooted"));
}

static void a_word_that_nobody_knows_is_for_admins(void **state)
{
    (void)state;
    static const char *const topics[] = {"secret.told", "alerts.x",  "aler", "",
                                         "system",      "system-2.x"};
    for (size_t i = 0; i < OC_COUNT(topics); i++) {
        assert_int_equal(oc_topic_role(topics[i], plugins), OC_ROLE_ADMIN);
    }
}

static void a_pattern_is_refused_only_when_all_that_it_matches_is(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        enum oc_role role;
    } cases[] = {{"*", OC_ROLE_VIEWER},        {"a*", OC_ROLE_VIEWER},
                 {"op*", OC_ROLE_VIEWER},      {"?p.denied", OC_ROLE_VIEWER},
                 {"secret.*", OC_ROLE_VIEWER}, {"op.*", OC_ROLE_ADMIN},
                 {"op", OC_ROLE_ADMIN},        {"session.?pened", OC_ROLE_ADMIN}};
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        assert_int_equal(oc_topic_pattern_role(cases[i].pattern), cases[i].role);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_did_what_and_who_was_refused_is_for_admins),
        cmocka_unit_test(what_the_host_does_in_the_open_is_for_everybody),
        cmocka_unit_test(what_a_plugin_says_under_its_name_is_for_everybody),
        cmocka_unit_test(a_word_that_nobody_knows_is_for_admins),
        cmocka_unit_test(a_pattern_is_refused_only_when_all_that_it_matches_is),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
