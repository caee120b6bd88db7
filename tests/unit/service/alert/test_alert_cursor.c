/* Lists read in parts while alerts come and go. SPDX-License-Identifier: MIT */
#include "tests/unit/service/alert/world.h"

#include "core/base/regex.h"
#include "core/service/alert/look/cursor_internal.h"

#define QUIET                                                                                      \
    "alerts = { channels = (); group_by = [\"team\", \"alertname\"]; max_alerts = 100000; };"

static void on_taken(void *ctx, const struct oc_ingest_result *result)
{
    (void)ctx;
    assert_int_equal(result->code, OC_OK);
}

/* Alerts from..to-1; over or firing. */
static void post(struct world *w, unsigned from, unsigned to, bool over)
{
    struct oc_buf body = {0};
    char until[40];
    oc_time_format(oc_time_wall() + (over ? -1 : OC_HOUR), until, sizeof until);
    for (unsigned i = from; i < to; i++) {
        oc_buf_addf(
            &body,
            "%c{\"labels\":{\"alertname\":\"A%u\",\"n\":\"%u\",\"team\":\"t%u\"},\"startsAt\":"
            "\"2020-01-01T00:00:00Z\",\"endsAt\":\"%s\"}",
            i == from ? '[' : ',', i % 7, i, i % 3, until);
    }
    oc_buf_addc(&body, ']');
    oc_alert_ingest(w->service, body.data, body.len, on_taken, NULL);
    oc_buf_finish(&body);
    world_pass(1);
    world_pass(1);
}

static struct oc_alert_cursor *open_list(struct world *w, const char *filter, bool grouped)
{
    struct oc_alert_query q;
    struct oc_matcher m = {0};
    oc_alert_query_init(&q);
    if (filter) {
        assert_int_equal(oc_matcher_parse_v2(filter, &m, NULL), OC_OK);
        q.matchers = &m;
        q.matcher_count = 1;
    }
    struct oc_alert_cursor *c = oc_alert_cursor_open(w->service, &q, grouped, NULL);
    assert_non_null(c);
    oc_matcher_finish(&m); /* the cursor has its own */
    return c;
}

static unsigned number_of(const struct oc_alert_view *view)
{
    for (size_t i = 0; i < view->label_count; i++) {
        if (strcmp(view->labels[i].name, "n") == 0) {
            return (unsigned)strtoul(view->labels[i].value, NULL, 10);
        }
    }
    fail_msg("no label n");
    return 0;
}

/* Reads at most `count`, checks the order, marks what was seen. */
static size_t take(struct oc_alert_cursor *c, size_t count, char last[OC_ALERT_ID_MAX + 1],
                   unsigned char *seen)
{
    const struct oc_alert_view *view;
    size_t taken = 0;
    while (taken < count && (view = oc_alert_cursor_next(c, NULL))) {
        assert_true(strcmp(last, view->id) < 0); /* ids ascend, so each is there once */
        snprintf(last, OC_ALERT_ID_MAX + 1, "%s", view->id);
        assert_true(view->firing);
        seen[number_of(view)]++;
        taken++;
    }
    return taken;
}

static void a_list_bears_every_change_between_its_parts(void **state)
{
    enum { COUNT = 4000, MORE = 6000 };
    struct world *w = *state;
    unsigned char seen[MORE] = {0};
    char last[OC_ALERT_ID_MAX + 1] = "";
    world_start(w, QUIET);
    post(w, 0, COUNT, false);
    struct oc_alert_cursor *c = open_list(w, NULL, false);
    while (!oc_alert_cursor_prepare(c, 0)) { /* with changes between its slices, too */
        post(w, COUNT, COUNT + 1, false);
    }
    unsigned step = 0;
    for (; take(c, 100, last, seen) > 0; step++) {
        unsigned from = 100 * step;
        if (from < 1000) {
            post(w, from, from + 50, true); /* resolved */
            post(w, COUNT + from, COUNT + from + 100, false);
            world_pass(OC_MINUTE);
        }
    }
    for (unsigned i = 0; i < COUNT; i++) {
        bool stayed = i >= 1000 || i % 100 >= 50;
        assert_true(stayed ? seen[i] == 1 : seen[i] <= 1);
    }
    assert_true(step > 30);
    oc_alert_cursor_close(c);
}

static void places_that_are_used_again_do_not_break_the_order(void **state)
{
    struct world *w = *state;
    unsigned char seen[2000] = {0};
    char last[OC_ALERT_ID_MAX + 1] = "";
    world_start(w, QUIET);
    post(w, 0, 500, false);
    struct oc_alert_cursor *c = open_list(w, NULL, false);
    assert_true(oc_alert_cursor_prepare(c, 1000));
    assert_int_equal(take(c, 10, last, seen), 10);
    uint32_t it = 0;
    for (struct oc_alert *a; (a = oc_alerts_next(&w->service->alerts, &it));) {
        oc_alert_forget(w->service, a);
    }
    post(w, 1000, 1500, false); /* in the same places */
    post(w, 0, 250, false);     /* some are back, in others */
    take(c, 10000, last, seen);
    for (unsigned i = 0; i < 2000; i++) {
        assert_true(seen[i] == 0 || (seen[i] == 1 && i < 500));
    }
    assert_null(oc_alert_cursor_next(c, NULL));
    oc_alert_cursor_close(c);
}

/* One with word boundaries is never put into a table: each value takes it some thousand steps. */
static void an_expression_that_takes_its_time_is_tried_in_slices(void **state)
{
    enum { COUNT = 2000 };
    static const char *const filters[] = {"n=~\"\\b(?:[0-9]?){100}(?:[0-9]?){100}[0-8]\"",
                                          "n!~\"\\b(?:[0-9]?){100}(?:[0-9]?){100}9\""};
    struct world *w = *state;
    world_start(w, QUIET);
    post(w, 0, COUNT, false);
    for (size_t i = 0; i < OC_COUNT(filters); i++) {
        unsigned char seen[COUNT] = {0};
        char last[OC_ALERT_ID_MAX + 1] = "";
        struct oc_alert_cursor *c = open_list(w, filters[i], false);
        const struct oc_regex *re = c->query.matchers[0].regex;
        uint64_t before = oc_regex_steps(re), all = before, most = 0;
        for (bool ready = false; !ready; before = oc_regex_steps(re)) {
            ready = oc_alert_cursor_prepare(c, 0);
            uint64_t taken = oc_regex_steps(re) - before;
            most = taken > most ? taken : most;
        }
        assert_true(before - all > 1000000); /* it is that much work */
        assert_in_range(most, 1, 100000);
        assert_int_equal(take(c, COUNT, last, seen), COUNT * 9 / 10);
        assert_int_equal(oc_regex_steps(re), before); /* and is not done again by reading */
        oc_alert_cursor_close(c);
    }
}

static void groups_stay_together_and_a_part_may_end_within_one(void **state)
{
    struct world *w = *state;
    const struct oc_cursor_group *group, *before = NULL;
    const struct oc_alert_view *view;
    unsigned count = 0, groups = 0;
    char key[64] = "", now[64];
    world_start(w, QUIET);
    post(w, 0, 2100, false);
    struct oc_alert_cursor *c = open_list(w, "n!=5", true);
    while (!oc_alert_cursor_prepare(c, 0)) {
    }
    for (; (view = oc_alert_cursor_next(c, &group)); count++) {
        if (group != before) {
            assert_int_equal(group->label_count, 2);
            assert_string_equal(group->labels[0].name, "alertname"); /* by name */
            snprintf(now, sizeof now, "%s %s", group->labels[1].value, group->labels[0].value);
            assert_true(strcmp(key, now) < 0); /* by the values in the order of group_by */
            memcpy(key, now, sizeof key);
            assert_string_equal(group->receiver, "none");
            groups++;
            before = group;
        }
        assert_int_not_equal(number_of(view), 5);
        if (count % 100 == 0) {
            post(w, 3000 + count, 3010 + count, false);
        }
    }
    assert_int_equal(groups, 21);
    assert_int_equal(count, 2099);
    oc_alert_cursor_close(c);
}

static void with_three_dots_each_alert_is_a_group(void **state)
{
    struct world *w = *state;
    const struct oc_cursor_group *group;
    unsigned count = 0;
    world_start(w, "alerts = { channels = (); group_by = [\"...\"]; };");
    post(w, 0, 300, false);
    struct oc_alert_cursor *c = open_list(w, NULL, true);
    while (!oc_alert_cursor_prepare(c, 0)) {
    }
    for (; oc_alert_cursor_next(c, &group); count++) {
        assert_true(group->single);
    }
    assert_int_equal(count, 300);
    oc_alert_cursor_close(c);
}

/* A consumer may leave at any moment, and twenty may read at once. */
static void cursors_do_not_know_of_each_other(void **state)
{
    struct world *w = *state;
    struct oc_alert_cursor *c[20];
    unsigned char seen[20][700] = {0};
    char last[20][OC_ALERT_ID_MAX + 1] = {""};
    world_start(w, QUIET);
    post(w, 0, 600, false);
    for (size_t i = 0; i < 20; i++) {
        c[i] = open_list(w, i % 2 ? "n=~\".+\"" : NULL, false);
        while (i > 2 && !oc_alert_cursor_prepare(c[i], 0)) {
        }
    }
    for (unsigned round = 0; round < 100; round++) {
        for (size_t i = 3; i < 20; i++) {
            take(c[i], i, last[i], seen[i]);
        }
        post(w, round, round + 1, true);
    }
    for (size_t i = 0; i < 20; i++) {
        for (unsigned n = 100; i > 10 && n < 600; n++) {
            assert_int_equal(seen[i][n], 1);
        }
        oc_alert_cursor_close(c[i]); /* the first ones were never read, some not to the end */
    }
    oc_alert_cursor_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_list_bears_every_change_between_its_parts),
        IN_WORLD(places_that_are_used_again_do_not_break_the_order),
        IN_WORLD(an_expression_that_takes_its_time_is_tried_in_slices),
        IN_WORLD(groups_stay_together_and_a_part_may_end_within_one),
        IN_WORLD(with_three_dots_each_alert_is_a_group),
        IN_WORLD(cursors_do_not_know_of_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
