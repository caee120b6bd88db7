/* Signs of life, given and expected; routes that are mute. SPDX-License-Identifier: MIT */
#include "tests/unit/service/alert/world.h"

#include "core/service/alert/deliver/noise.h"
#include "core/service/alert/route/mute.h"
#include "core/service/alert/route/routes_check.h"

#define ALIVE                                                                                      \
    "alerts = { channels = ( { plugin = \"console\"; levels = []; } ); deadman = { interval = "    \
    "\"5m\"; channels = [\"console\"]; }; };"
#define EXPECT                                                                                     \
    "alerts = { channels = ( { plugin = \"console\"; } ); expect = ( { matchers = "                \
    "[\"rule=rule_dog\"]; within = \"10m\"; } ); };"

static void a_sign_of_life_goes_out_every_interval(void **state)
{
    struct world *w = *state;
    world_start(w, ALIVE);
    world_pass(100);
    json_t *params = plugin_take("console");
    assert_string_equal(oc_json_str(params, "event", ""), "notice");
    assert_string_equal(oc_json_str(json_object_get(params, "alert"), "id", ""), "deadman");
    json_decref(params);
    plugin_drain("console");
    for (int i = 0; i < 10; i++) {
        world_pass(4 * OC_MINUTE);
        assert_null(plugin_take("console"));
        world_pass(OC_MINUTE);
        assert_int_equal(plugin_drain("console"), 1);
    }
    assert_int_equal(world_configure(w, "alerts = { channels = ( { plugin = \"console\"; } ); };"),
                     0);
    world_pass(OC_HOUR);
    assert_null(plugin_take("console"));
}

static void signs_that_cannot_be_delivered_do_not_pile_up(void **state)
{
    struct world *w = *state;
    world_start(w, ALIVE);
    world_pass(OC_DAY); /* the first one is never answered */
    plugin_answer("console", OC_OK, NULL);
    world_pass(100);
    assert_null(plugin_take("console"));
}

static void a_channel_that_is_not_there_is_a_finding(void **state)
{
    struct world *w = *state;
    w->service = oc_alert_create(&w->env);
    assert_int_equal(world_configure(w, "alerts = { channels = ( { plugin = \"console\"; } ); "
                                        "deadman = { channels = [\"nobody\"]; }; };"),
                     1);
    assert_int_equal(world_configure(w, "alerts = { deadman = { interval = \"1s\"; channels = "
                                        "[\"console\"]; }; };"),
                     1);
    assert_int_equal(world_configure(w, "alerts = { expect = ( { within = \"5m\"; } ); };"), 1);
    assert_int_equal(world_configure(w, "alerts = { expect = ( { matchers = [\"a!b\"]; } ); };"),
                     1);
}

static bool is_missing(struct world *w)
{
    const json_t *event = event_of(w, "alert.firing");
    const json_t *over = event_of(w, "alert.resolved");
    return event && strcmp(oc_json_str(event, "rule", ""), "DeadMansSwitch") == 0 &&
           (!over || strcmp(oc_json_str(over, "rule", ""), "DeadMansSwitch") != 0);
}

static void what_stays_away_is_an_alert_until_it_comes(void **state)
{
    struct world *w = *state;
    world_start(w, EXPECT);
    world_pass(9 * OC_MINUTE);
    assert_false(is_missing(w));
    world_pass(2 * OC_MINUTE);
    assert_true(is_missing(w));
    json_t *params = plugin_take("console");
    assert_string_equal(oc_json_str(json_object_get(params, "alert"), "message", ""),
                        "no alert with alertname=rule_dog for 10m");
    json_decref(params);
    plugin_drain("console");
    fire(w, "dog");
    world_pass(OC_MINUTE);
    assert_false(is_missing(w));
    world_pass(OC_DAY);
    assert_int_equal(events_of(w, "alert.resolved"), 1);
    resolve(w, "dog");
    world_pass(12 * OC_MINUTE);
    assert_int_equal(events_of(w, "alert.firing"), 3);
}

static void what_is_expected_no_more_is_not_missing(void **state)
{
    struct world *w = *state;
    world_start(w, EXPECT);
    world_pass(11 * OC_MINUTE);
    plugin_drain("console");
    world_crash(w);
    world_start(w, "alerts = { channels = ( { plugin = \"console\"; } ); };");
    world_pass(1000);
    assert_int_equal(events_of(w, "alert.resolved"), 1);
}

static void a_restart_gives_what_is_expected_time_to_come(void **state)
{
    struct world *w = *state;
    world_start(w, EXPECT);
    fire(w, "dog");
    world_pass(OC_MINUTE);
    resolve(w, "dog");
    plugin_drain("console");
    world_crash(w);
    oc_time_advance(OC_DAY);
    world_start(w, EXPECT);
    world_pass(9 * OC_MINUTE);
    assert_false(is_missing(w));
}

static void a_route_is_mute_in_its_intervals_and_outside_of_the_active_ones(void **state)
{
    struct world *w = *state;
    char *nights[] = {"nights"}, *work[] = {"work"}, *both[] = {"nights", "none"};
    struct oc_leaf leaf = {.mute = {nights, 1}};
    int64_t until = 0, midnight = WALL + 16 * OC_HOUR;
    world_start(w, "alerts = { intervals = ( { name = \"nights\"; times = \"22:00-06:00\"; },"
                   " { name = \"work\"; times = \"09:00-17:00\"; weekdays = \"mon-fri\"; } ); };");
    assert_false(oc_mute_is(w->service, &leaf, WALL, &until));
    assert_true(oc_mute_is(w->service, &leaf, midnight, &until));
    assert_int_equal(until, midnight + 6 * OC_HOUR);
    leaf.mute = (struct oc_leaf_names){both, 2};
    assert_true(oc_mute_is(w->service, &leaf, midnight, &until));
    leaf = (struct oc_leaf){.active = {work, 1}};
    assert_false(oc_mute_is(w->service, &leaf, WALL + 2 * OC_HOUR, &until));
    assert_true(oc_mute_is(w->service, &leaf, midnight, &until)); /* Saturday */
    assert_int_equal(until, midnight + 2 * OC_DAY + 9 * OC_HOUR);
    leaf = (struct oc_leaf){.mute = {work, 1}, .active = {work, 1}};
    assert_true(oc_mute_is(w->service, &leaf, midnight, &until)); /* never anything */
}

/* Each name once, and those that are configured not at all. */
static void names_in_a_tree_that_nobody_configured_are_warned_of(void **state)
{
    struct world *w = *state;
    json_t *warnings = json_array();
    json_t *tree = json_loads("{\"mute\":[\"nights\",\"nope\"],\"routes\":[{\"active\":\"later\","
                              "\"routes\":[{\"mute\":[\"nope\"],\"channels\":[\"nobody\"]}]}]}",
                              0, NULL);
    world_start(w,
                "alerts = { intervals = ( { name = \"nights\"; times = \"22:00-06:00\"; } ); };");
    oc_routes_warn_tree(w->service, tree, warnings);
    oc_routes_warn_tree(w->service, NULL, warnings);
    char *text = oc_json_text(warnings);
    assert_string_equal(text, "[\"a route names the interval nope, which is not configured\",\"a "
                              "route names the interval later, which is not configured\"]");
    free(text);
    json_decref(tree);
    json_decref(warnings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_sign_of_life_goes_out_every_interval),
        IN_WORLD(signs_that_cannot_be_delivered_do_not_pile_up),
        IN_WORLD(a_channel_that_is_not_there_is_a_finding),
        IN_WORLD(what_stays_away_is_an_alert_until_it_comes),
        IN_WORLD(what_is_expected_no_more_is_not_missing),
        IN_WORLD(a_restart_gives_what_is_expected_time_to_come),
        IN_WORLD(a_route_is_mute_in_its_intervals_and_outside_of_the_active_ones),
        IN_WORLD(names_in_a_tree_that_nobody_configured_are_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
