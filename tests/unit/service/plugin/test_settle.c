/* When a change of packages has had its effect, and what goes with a purge. SPDX-License-Identifier: MIT */
#include "tests/unit/service/plugin/world.h"

#include "core/base/time.h"

static int applied(void)
{
    int count = 0;
    const json_t *event;
    size_t i;
    json_array_foreach(w.s.events, i, event)
    {
        count += strcmp(json_string_value(json_array_get(event, 0)), "packages.applied") == 0;
    }
    return count;
}

static void change(const char *data)
{
    oc_bus_publish(w.s.env.bus, "packages.changed", oc_json_parse(data, strlen(data), NULL));
    stage_turn(&w.s);
}

static void keep(const char *space)
{
    json_t *value = json_string("x");
    assert_int_equal(oc_kv_put(w.s.env.store, space, "k", value, false, NULL), OC_OK);
    json_decref(value);
}

static bool kept(const char *space)
{
    json_t *value = oc_kv_get(w.s.env.store, space, "k");
    json_decref(value);
    return value != NULL;
}

static void a_change_is_applied_when_what_it_brought_has_been_called(void **state)
{
    (void)state;
    struct oc_instance *i = collector("c-a", plugin_add("ok", LIBRARY));
    i->state = OC_INSTANCE_STARTING;
    change("{}");
    stage_pass(&w.s, 1000);
    assert_int_equal(applied(), 0);
    i->state = OC_INSTANCE_READY;
    stage_pass(&w.s, 100);
    assert_int_equal(applied(), 0);
    i->calls = 1;
    stage_pass(&w.s, 100);
    assert_int_equal(applied(), 1);
}

static void what_cannot_start_is_not_waited_for(void **state)
{
    (void)state;
    struct oc_instance *i = collector("c-a", plugin_add("ok", LIBRARY));
    i->state = OC_INSTANCE_FAILED;
    change("{}");
    stage_pass(&w.s, 20);
    assert_int_equal(applied(), 1);
}

static void what_takes_for_ever_is_waited_for_five_seconds(void **state)
{
    (void)state;
    struct oc_instance *i = collector("c-a", plugin_add("ok", LIBRARY));
    i->state = OC_INSTANCE_STARTING;
    change("{}");
    stage_pass(&w.s, 4900);
    assert_int_equal(applied(), 0);
    stage_pass(&w.s, 200);
    assert_int_equal(applied(), 1);
    stage_pass(&w.s, 10000);
    assert_int_equal(applied(), 1);
}

static void a_purge_takes_the_keys_of_the_plugin_and_its_instances_and_no_others(void **state)
{
    (void)state;
    struct oc_plugin *ok = plugin_add("ok", LIBRARY), *other = plugin_add("other", LIBRARY);
    collector("c-a", ok)->calls = 1;
    collector("c-b", other)->calls = 1;
    static const char *const spaces[] = {"kv:ok",        "kv:ok/ok",     "kv:ok/c-a",
                                         "kv:other/c-b", "kv:other/c-a", "kv:other/other",
                                         "alert"};
    for (size_t i = 0; i < OC_COUNT(spaces); i++) {
        keep(spaces[i]);
    }
    change("{\"purge\": [\"ok\", 3]}");
    stage_pass(&w.s, 6000);
    assert_int_equal(applied(), 1);
    assert_false(kept("kv:ok") || kept("kv:ok/ok") || kept("kv:ok/c-a"));
    assert_true(kept("kv:other/c-a") && kept("kv:other/c-b") && kept("kv:other/other"));
    assert_true(kept("alert"));
}

static void keys_of_what_still_runs_go_when_it_has_ended(void **state)
{
    (void)state;
    keep("kv:ok/ok");
    oc_bus_publish(w.s.env.bus, "plugin.started", json_pack("{s:s}", "instance", "ok"));
    change("{\"purge\": [\"ok\"]}");
    stage_pass(&w.s, 1000);
    assert_true(kept("kv:ok/ok"));
    oc_bus_publish(w.s.env.bus, "plugin.stopped", json_pack("{s:s}", "instance", "ok"));
    stage_pass(&w.s, 20);
    assert_false(kept("kv:ok/ok"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_change_is_applied_when_what_it_brought_has_been_called),
        TEST(what_cannot_start_is_not_waited_for),
        TEST(what_takes_for_ever_is_waited_for_five_seconds),
        TEST(a_purge_takes_the_keys_of_the_plugin_and_its_instances_and_no_others),
        TEST(keys_of_what_still_runs_go_when_it_has_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
