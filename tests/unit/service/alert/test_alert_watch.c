/* What is told of a look to the next is what there is, whatever changed. SPDX-License-Identifier: MIT */
#include "tests/unit/service/alert/world.h"

#include "core/service/alert/look/watch.h"

#define CONFIG                                                                                     \
    "alerts = { repeat_interval = \"1d\"; channels = ( { plugin = \"console\"; }, { plugin = "     \
    "\"email\"; levels = []; } ); };"

/* A client that knows only what it was told. */
struct mirror {
    struct oc_alert_watch *watch;
    json_t *rows; /* id -> row */
};

static void apply(struct mirror *m, const json_t *changed, const json_t *removed)
{
    size_t i;
    json_t *item;
    json_array_foreach(changed, i, item)
    {
        json_object_set(m->rows, oc_json_str(item, "id", ""), item);
    }
    json_array_foreach(removed, i, item)
    {
        assert_int_equal(json_object_del(m->rows, json_string_value(item)), 0);
    }
}

/* Looks, and expects the client to know exactly what fires. How many rows it was told. */
static size_t follow(struct world *w, struct mirror *m)
{
    json_t *changed = json_array(), *removed = json_array();
    const bool any = oc_alert_watch_look(m->watch, changed, removed);
    const size_t told = json_array_size(changed);
    assert_int_equal(any, told + json_array_size(removed) > 0);
    apply(m, changed, removed);
    json_decref(changed);
    json_decref(removed);
    size_t firing = 0;
    uint32_t it = 0;
    for (const struct oc_alert *a; (a = oc_alerts_next(&w->service->alerts, &it));) {
        char id[OC_ALERT_ID_MAX + 1];
        if (a->firing) {
            json_t *row = oc_alert_row(w->service, a);
            if (!json_equal(row, json_object_get(m->rows, oc_alert_id(a, id)))) {
                fail_msg("of %s something was not told", oc_alert_id(a, id));
            }
            json_decref(row);
            firing++;
        }
    }
    assert_int_equal(json_object_size(m->rows), firing);
    return told;
}

static void begin(struct world *w, struct mirror *m, size_t limit)
{
    m->watch = oc_alert_watch_open(w->service, limit);
    m->rows = json_object();
}

/* Whoever is to be told has been. */
static void settle(void)
{
    plugin_drain("console");
    plugin_drain("email");
    world_pass(OC_SECOND);
}

static void end(struct mirror *m)
{
    oc_alert_watch_close(m->watch);
    json_decref(m->rows);
}

static void what_people_say_is_told_and_nothing_twice(void **state)
{
    static const struct {
        const char *op, *name, *value;
    } said[] = {
        {"alert.ack", "comment", "I look"},
        {"alert.ack", "comment", "I look again"},
        {"alert.ack", "for", "2h"},
        {"alert.unack", NULL, NULL},
        {"alert.assign", "who", "ana"},
        {"alert.assign", "who", "ben"},
        {"alert.unassign", NULL, NULL},
        {"alert.escalate", "channel", "email"},
        {"alert.escalate", "comment", "please"},
    };
    struct world *w = *state;
    struct mirror m;
    world_start(w, CONFIG);
    begin(w, &m, 100);
    fire(w, "aa");
    fire(w, "bb");
    assert_int_equal(follow(w, &m), 2);
    settle();
    follow(w, &m); /* whom they were told to */
    assert_int_equal(follow(w, &m), 0);
    for (size_t i = 0; i < OC_COUNT(said); i++) {
        json_t *params = json_pack("{s:s}", "id", "aa");
        if (said[i].name) {
            oc_json_set_str(params, said[i].name, said[i].value);
        }
        assert_int_equal(op(w, said[i].op, params, NULL), OC_OK);
        const size_t at_once = follow(w, &m);
        settle();
        const size_t later = follow(w, &m);
        assert_true(at_once <= 1 && later <= 1 && at_once + later > 0);
        assert_int_equal(follow(w, &m), 0);
    }
    end(&m);
}

static void an_end_a_return_and_a_silence_are_told(void **state)
{
    struct world *w = *state;
    struct mirror m;
    world_start(w, CONFIG);
    begin(w, &m, 100);
    fire(w, "aa");
    fire(w, "bb");
    follow(w, &m);
    resolve(w, "aa");
    assert_int_equal(follow(w, &m), 0);
    fire(w, "aa");
    assert_int_equal(follow(w, &m), 1);
    json_t *silence =
        json_pack("{s:[s], s:s, s:s}", "matchers", "rule=rule_bb", "for", "1h", "comment", "c");
    assert_int_equal(op(w, "alert.silence", silence, NULL), OC_OK);
    world_pass(10);
    assert_int_equal(follow(w, &m), 1);
    world_pass(2 * OC_HOUR);
    assert_true(follow(w, &m) >= 1);
    end(&m);
}

static void what_keeps_an_alert_quiet_is_told_when_it_changes(void **state)
{
    struct world *w = *state;
    struct mirror m;
    policy_says("inhibit", "[{\"name\": \"cascade\", \"source\": [\"severity=critical\"], "
                           "\"target\": [\"severity=info\"]}]");
    world_start(w, CONFIG);
    begin(w, &m, 100);
    fire(w, "cc");
    rule_event(w, "rule.firing", "ii", "info");
    world_pass(10);
    assert_int_equal(follow(w, &m), 2);
    fire(w, "dd"); /* one source more: of `ii` nothing else changes */
    assert_int_equal(follow(w, &m), 2);
    resolve(w, "cc");
    follow(w, &m);
    world_pass(OC_HOUR);
    resolve(w, "dd");
    follow(w, &m);
    end(&m);
}

static void of_too_many_the_gravest_are_told(void **state)
{
    struct world *w = *state;
    struct mirror m;
    world_start(w, CONFIG);
    begin(w, &m, 2);
    for (const char *id = "a\0b\0c\0"; *id; id += 2) {
        rule_event(w, "rule.firing", id, "info");
        world_pass(OC_SECOND);
    }
    settle();
    json_t *changed = json_array(), *removed = json_array();
    assert_true(oc_alert_watch_look(m.watch, changed, removed));
    assert_int_equal(oc_alert_watch_left_out(m.watch), 1);
    assert_int_equal(json_array_size(changed), 2);
    json_array_clear(changed);

    fire(w, "d"); /* critical: the oldest of the two makes room */
    assert_true(oc_alert_watch_look(m.watch, changed, removed));
    assert_int_equal(oc_alert_watch_left_out(m.watch), 2);
    assert_string_equal(oc_json_str(json_array_get(changed, 0), "id", ""), "d");
    assert_int_equal(json_array_size(changed), 1);
    assert_string_equal(json_string_value(json_array_get(removed, 0)), "b");
    assert_int_equal(json_array_size(removed), 1);
    json_t *rows = oc_alert_watch_rows(m.watch);
    assert_int_equal(json_array_size(rows), 2);
    assert_string_equal(oc_json_str(json_array_get(rows, 0), "id", ""), "d");
    json_decref(rows);

    settle();
    oc_alert_watch_look(m.watch, changed, removed);
    json_array_clear(changed);
    json_array_clear(removed);
    rule_event(w, "rule.resolved", "a", "info"); /* one that was not told: only the count */
    world_pass(10);
    assert_true(oc_alert_watch_look(m.watch, changed, removed));
    assert_int_equal(oc_alert_watch_left_out(m.watch), 1);
    assert_int_equal(json_array_size(changed) + json_array_size(removed), 0);
    json_decref(changed);
    json_decref(removed);
    end(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(what_people_say_is_told_and_nothing_twice),
        IN_WORLD(an_end_a_return_and_a_silence_are_told),
        IN_WORLD(what_keeps_an_alert_quiet_is_told_when_it_changes),
        IN_WORLD(of_too_many_the_gravest_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
