/* Tests of core/config/import/import_suppression.c and import_aggregation.c. SPDX-License-Identifier: MIT */
#include "tests/unit/config/import_fixture.h"

#define OUT  "  The value was left out: what is shipped holds.\n"
#define SLOT "  Write { day: sunday, start: '02:00', end: '04:00' }.\n"

static void a_window_is_on_the_days_that_are_named(void **state)
{
    (void)state;
    assert_import("suppression:\n"
                  "  rules:\n"
                  "    - name: maintenance-window\n"
                  "      schedule:\n"
                  "        - { day: [saturday, Sunday], start: '02:00', end: '04:00' }\n"
                  "        - { days: [monday], start: '23:00', end: '01:00', timezone: '+02:00' }\n"
                  "    - name: maintenance-window\n"
                  "      enabled: off\n"
                  "      schedule: { start: '02:00', end: '04:00', timezone: }\n",
                  "maintenance = (\n"
                  "    {\n"
                  "        name = \"maintenance-window\";\n"
                  "        services = [\"*\"];\n"
                  "        days = [\"saturday\", \"Sunday\"];\n"
                  "        start = \"02:00\";\n"
                  "        duration = \"2h\";\n"
                  "    },\n"
                  "    {\n"
                  "        name = \"maintenance-window-2\";\n"
                  "        services = [\"*\"];\n"
                  "        days = [\"monday\"];\n"
                  "        start = \"23:00\";\n"
                  "        duration = \"2h\";\n"
                  "        zone = \"+02:00\";\n"
                  "    },\n"
                  "    {\n"
                  "        name = \"maintenance-window-3\";\n"
                  "        services = [\"*\"];\n"
                  "        start = \"02:00\";\n"
                  "        duration = \"2h\";\n"
                  "        enabled = false;\n"
                  "    }\n"
                  ");\n",
                  "");
}

static void a_window_that_is_not_understood_is_none(void **state)
{
    (void)state;
    assert_import(
        "suppression:\n"
        "  rules:\n"
        "    - name: maintenance-window\n"
        "      schedule:\n"
        "        - { day: 0, start: '02:00', end: '04:00' }\n"
        "        - { day: [sunday, 6], start: '02:00', end: '04:00' }\n"
        "        - { days: [], start: '02:00', end: '04:00' }\n"
        "        - { day: funday, start: '02:00', end: '04:00' }\n"
        "        - { day: sunday, start: '02:00', end: '04:00', timezone: Nowhere/Land }\n"
        "        - { day: sunday, start: '02:00', end: '04:00', timezone: 5 }\n"
        "        - { day: sunday, start: 2, end: '04:00' }\n"
        "        - 5\n",
        "",
        "f:0: suppression.rules[0].schedule: (warning) expected `day` as a weekday or a list of "
        "them "
        "in window 1\n" SLOT "f:0: suppression.rules[0].schedule: (warning) expected `day` as a "
        "weekday or a list of them "
        "in window 2\n" SLOT "f:0: suppression.rules[0].schedule: (warning) expected `day` as a "
        "weekday or a list of them "
        "in window 3\n" SLOT "f:0: suppression.rules[0].schedule: (warning) expected `day` as a "
        "weekday or a list of them "
        "in window 4\n" SLOT "f:0: suppression.rules[0].schedule: (warning) expected `timezone` as "
        "the name of a zone in "
        "window 5\n" SLOT "f:0: suppression.rules[0].schedule: (warning) expected `timezone` as "
        "the name of a zone in "
        "window 6\n" SLOT "f:0: suppression.rules[0].schedule: (warning) expected `start` and "
        "`end` as HH:MM in window "
        "7\n" SLOT "f:0: suppression.rules[0].schedule: (warning) expected `start` and `end` as "
        "HH:MM in window "
        "8\n" SLOT);
}

static void keys_of_a_rule_that_are_not_read_are_told(void **state)
{
    (void)state;
    assert_import(
        "suppression:\n"
        "  rules:\n"
        "    - { name: duplicate-suppression, window: 60, matchFields: [id], scope: all }\n"
        "    - { name: maintenance-window, agents: [web], schedule: { day: sunday, start: "
        "'02:00', end: '04:00', note: x } }\n"
        "    - { name: severity-cascade, window: 5 }\n"
        "    - { name: my-severity-cascade }\n"
        "aggregation:\n"
        "  rules:\n"
        "    - { name: a, groupBy: team, window: 60, format: x, limit: 3 }\n"
        "    - { groupBy: agent, window: 60, format: '{{count}} alerts for agent {{agent}}', "
        "max: 1 }\n"
        "    - { groupBy: host, window: 5m }\n",
        "alerts = { cooldown = \"1m\"; group_by = [\"team\"]; group_interval = \"1m\"; "
        "storm_interval = \"1m\"; };\n"
        "maintenance = (\n"
        "    {\n"
        "        name = \"maintenance-window\";\n"
        "        services = [\"*\"];\n"
        "        days = [\"sunday\"];\n"
        "        start = \"02:00\";\n"
        "        duration = \"2h\";\n"
        "    }\n"
        ");\n",
        "f:0: suppression.rules[0].matchFields: (warning) alerts are the same when their rule and "
        "all their labels are\n"
        "f:0: suppression.rules[0].scope: (warning) there is no such setting here\n"
        "f:0: suppression.rules[1].schedule.note: (warning) there is no such setting here\n"
        "f:0: suppression.rules[1].agents: (warning) there is no such setting here\n"
        "f:0: suppression.rules[2]: (warning) which alerts keep others quiet is decided by a "
        "policy: "
        "severity-cascade\n"
        "  `openclaw alert import` writes it as policies/inhibit.lua.\n"
        "f:0: suppression.rules[3]: (warning) the rule \"my-severity-cascade\" has no counterpart\n"
        "  Rules of `alerts.inhibit` keep alerts quiet while others fire.\n"
        "f:0: aggregation.rules[0].format: (warning) the text of a group is decided by a policy\n"
        "  `openclaw alert import` writes it as policies/route.lua.\n"
        "f:0: aggregation.rules[0].limit: (warning) there is no such setting here\n"
        "f:0: aggregation.rules[1].max: (warning) there is no such setting here\n"
        "f:0: aggregation.rules[2]: (warning) expected `groupBy`, one label, and `window`, seconds "
        "up to a day\n"
        "  Write groupBy: category and window: 300.\n");
}

static void a_window_on_some_services_is_not_one_on_all(void **state)
{
    (void)state;
    assert_import(
        "suppression:\n"
        "  rules:\n"
        "    - { name: maintenance-window, services: [web, 'db-*'], schedule: { start: '02:00', "
        "end: "
        "'04:00' } }\n"
        "    - { name: maintenance-window, services: 5, schedule: { start: '02:00', end: '04:00' } "
        "}\n"
        "    - { name: maintenance-window, services: [], schedule: { start: '02:00', end: '04:00' "
        "} "
        "}\n",
        "maintenance = (\n"
        "    { name = \"maintenance-window\"; services = [\"web\", \"db-*\"]; start = \"02:00\"; "
        "duration = \"2h\"; }\n"
        ");\n",
        "f:0: suppression.rules[1].services: (warning) expected a list of texts, found a number "
        "(5)\n" OUT
        "f:0: suppression.rules[1]: (warning) the maintenance window is left out: it names no "
        "services\n"
        "  Write services: [ '*' ].\n"
        "f:0: suppression.rules[2]: (warning) the maintenance window is left out: it names no "
        "services\n"
        "  Write services: [ '*' ].\n");
}

static void lists_of_the_wrong_shape_are_told(void **state)
{
    (void)state;
    assert_import(
        "suppression: { rules: { duplicate-suppression: { window: 5 } } }\n"
        "aggregation: { rules: { a: { groupBy: b } } }\n"
        "notifications: { channels: 5 }\n",
        "",
        "f:0: suppression.rules: (warning) expected a list, found a group\n" OUT
        "f:0: aggregation.rules: (warning) expected a list, found a group\n" OUT
        "f:0: notifications.channels: (warning) expected a list, found a number (5)\n" OUT);
    assert_import("{\"alerting\": {\"rules\": {\"agent_offline\": {\"severity\": \"info\"}}}}", "",
                  "f:0: alerting.rules: (warning) expected a list, found a group\n" OUT);
}

static void a_cooldown_that_is_too_long_is_told(void **state)
{
    (void)state;
    assert_import(
        "suppression: { rules: [ { name: duplicate-suppression, window: 1000000 },\n"
        "  { name: duplicate-suppression } ] }\n",
        "",
        "f:0: suppression.rules[0].window: (warning) expected a number of seconds, from 0 to "
        "7d, found a number (1000000)\n" OUT
        "f:0: suppression.rules[1]: (warning) expected `window`, a number of seconds\n"
        "  Write window: 300.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_is_on_the_days_that_are_named),
        cmocka_unit_test(a_window_that_is_not_understood_is_none),
        cmocka_unit_test(keys_of_a_rule_that_are_not_read_are_told),
        cmocka_unit_test(a_window_on_some_services_is_not_one_on_all),
        cmocka_unit_test(lists_of_the_wrong_shape_are_told),
        cmocka_unit_test(a_cooldown_that_is_too_long_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
