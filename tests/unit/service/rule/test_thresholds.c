/* Thresholds that cannot be meant, and what holds instead. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/arena.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/config/parse.h"
#include "core/service/rule/thresholds.h"

struct fixture {
    struct oc_arena arena;
    struct oc_thresholds t;
    struct oc_diags diags;
};

static const struct oc_node *parse(struct fixture *f, const char *text, enum oc_layer layer)
{
    struct oc_parse_from from = {.file = "t.conf", .layer = layer, .includes = OC_INCLUDES_REFUSE};
    struct oc_error err;
    oc_error_init(&err);
    const struct oc_node *root = oc_config_parse(&f->arena, text, strlen(text), &from, &err);
    if (root == NULL) {
        fail_msg("%s", err.message);
    }
    return root;
}

static void clear(struct fixture *f)
{
    oc_thresholds_finish(&f->t);
    oc_diags_finish(&f->diags);
    memset(&f->diags, 0, sizeof f->diags);
}

static int setup(void **state)
{
    *state = oc_calloc(1, sizeof(struct fixture));
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    clear(f);
    oc_arena_finish(&f->arena);
    free(f);
    return 0;
}

static const char shipped[] = "cpu = {warning_percent = 70; critical_percent = 90; sustained = "
                              "\"5m\";}; agent = {score = 0.5; query_ms = 20;};";

/* `text` is what is in force, all layers together, with `rules` beside it. */
static void read_all(struct fixture *f, const char *text)
{
    const struct oc_node *root = parse(f, text, OC_LAYER_FILE);
    clear(f);
    oc_thresholds_init(&f->t, oc_node_get(root, "thresholds"), parse(f, shipped, OC_LAYER_DEFAULT),
                       oc_node_get(root, "rules"), &f->diags);
}

static void expect_errors(const struct fixture *f, size_t count)
{
    assert_int_equal(oc_diags_errors(&f->diags), count);
}

static double figure(const struct fixture *f, const char *name)
{
    const struct oc_lua_value *value = oc_thresholds_get(&f->t, name);
    return value ? value->number : -1;
}

static void a_percentage_is_0_to_100_and_else_the_default_holds(void **state)
{
    struct fixture *f = *state;
    static const char *const wrong[] = {"-5", "5000", "100.5"};
    for (size_t i = 0; i < OC_COUNT(wrong); i++) {
        char *text = oc_asprintf("thresholds = {\n cpu = {warning_percent = %s;};\n};", wrong[i]);
        read_all(f, text);
        assert_int_equal(f->diags.list.count, 1);
        const struct oc_diag *d = &f->diags.list.items[0];
        assert_false(d->warning);
        assert_string_equal(d->file, "t.conf");
        assert_int_equal(d->line, 2);
        assert_string_equal(d->key, "thresholds.cpu.warning_percent");
        assert_non_null(strstr(d->message, "expected a percentage from 0 to 100, found "));
        assert_non_null(strstr(d->message, wrong[i]));
        assert_non_null(strstr(d->hint, "the default, 70, holds"));
        assert_true(figure(f, "thresholds.cpu.warning_percent") == 70);
        free(text);
    }
    read_all(f, "thresholds = {own = {percent = 101; free_percent = 0; load = 5000;};};");
    expect_errors(f, 1);
    assert_null(oc_thresholds_get(&f->t, "thresholds.own.percent"));
    assert_true(figure(f, "thresholds.own.free_percent") == 0);
    assert_true(figure(f, "thresholds.own.load") == 5000);
}

static void a_span_and_a_size_are_not_below_0(void **state)
{
    struct fixture *f = *state;
    read_all(f, "thresholds = {own = {timeout_seconds = -5; room_bytes = -1; degrees = -5; "
                "query_ms = 0;};};");
    expect_errors(f, 2);
    assert_string_equal(f->diags.list.items[1].message, "expected a number from 0 on, found -5");
    assert_null(oc_thresholds_get(&f->t, "thresholds.own.timeout_seconds"));
    assert_true(figure(f, "thresholds.own.degrees") == -5);
    assert_true(figure(f, "thresholds.own.query_ms") == 0);
}

static void a_warning_comes_before_what_is_critical(void **state)
{
    struct fixture *f = *state;
    read_all(f, "thresholds = {cpu = {warning_percent = 95; critical_percent = 90;};};");
    assert_int_equal(f->diags.list.count, 1);
    assert_string_equal(f->diags.list.items[0].key, "thresholds.cpu.warning_percent");
    assert_string_equal(f->diags.list.items[0].message,
                        "expected less than critical_percent, which is 90; found 95");
    assert_true(figure(f, "thresholds.cpu.warning_percent") == 70);
    assert_true(figure(f, "thresholds.cpu.critical_percent") == 90);
    static const char *const wrong[] = {"query_warning_ms = 20; query_critical_ms = 20;",
                                        "warning = \"10m\"; critical = \"5m\";",
                                        "failures_warning = 3; failures_critical = 1;"};
    static const char *const right[] = {"warning = \"90s\"; critical = \"5m\";",
                                        "warning_ms = 5; critical = \"1s\";",
                                        "warning_ms_of = 3; critical = 1;", "prewarning = 3;"};
    for (size_t i = 0; i < OC_COUNT(wrong); i++) {
        char *text = oc_asprintf("thresholds = {x = {%s};};", wrong[i]);
        read_all(f, text);
        expect_errors(f, 1);
        assert_int_equal(f->t.values.count, 0);
        free(text);
    }
    for (size_t i = 0; i < OC_COUNT(right); i++) {
        char *text = oc_asprintf("thresholds = {x = {%s};};", right[i]);
        read_all(f, text);
        expect_errors(f, 0);
        free(text);
    }
}

static void where_less_is_worse_the_warning_is_the_greater(void **state)
{
    struct fixture *f = *state;
    read_all(f, "thresholds = {disk = {free_warning_percent = 20; free_critical_percent = 5;};};");
    expect_errors(f, 0);
    read_all(f, "thresholds = {disk = {free_warning_percent = 5; free_critical_percent = 20;};};");
    assert_string_equal(f->diags.list.items[1].message,
                        "expected more than free_critical_percent, which is 20; found 5");
    static const char battery[] =
        "thresholds = {battery = {warning_percent = 30; critical_percent = 10;};};"
        "rules = ({expr = \"ups.charge %s thresholds.battery.critical_percent\";});";
    static const char *const signs[] = {"<", "<=", ">"};
    for (size_t i = 0; i < OC_COUNT(signs); i++) {
        char text[256];
        snprintf(text, sizeof text, battery, signs[i]);
        read_all(f, text);
        expect_errors(f, *signs[i] == '<' ? 0 : 1);
    }
}

static void a_name_that_is_too_long_is_told_as_such(void **state)
{
    struct fixture *f = *state;
    char name[250];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    char *text = oc_asprintf("thresholds = {\n own = {%s = 5;};};", name);
    read_all(f, text);
    assert_int_equal(f->diags.list.count, 2);
    assert_int_equal(f->diags.list.items[1].line, 2);
    assert_string_equal(f->diags.list.items[1].key, "thresholds.own");
    assert_non_null(strstr(f->diags.list.items[1].message, "more than 255 bytes"));
    free(text);
}

static void a_time_is_counted_in_what_its_name_says(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name;
        int64_t ms;
    } cases[] = {{"timeout_ms", 30000},       {"wait_seconds", 300000}, {"hold_minutes", 300000},
                 {"age_hours", 2 * OC_HOUR},  {"old_days", OC_DAY},     {"plain", 7000},
                 {"sustained", 5 * OC_MINUTE}};
    static const char *const none[] = {"room_percent", "percent",  "size_mb", "few_count",
                                       "long_days",    "switched", "soon"};
    struct oc_error err;
    int64_t ms;
    read_all(f, "thresholds = {t = {timeout_ms = 30000; wait_seconds = 300; hold_minutes = 5; "
                "age_hours = 2; old_days = 1; plain = 7; sustained = \"5m\"; room_percent = 5; "
                "percent = 5; size_mb = 5; few_count = 5; long_days = 20000; switched = true; "
                "soon = \"soon\";};};");
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        char *name = oc_asprintf("thresholds.t.%s", cases[i].name);
        assert_int_equal(oc_thresholds_duration(&f->t, name, &ms, &err), OC_OK);
        assert_int_equal(ms, cases[i].ms);
        free(name);
    }
    for (size_t i = 0; i < OC_COUNT(none); i++) {
        char *name = oc_asprintf("thresholds.t.%s", none[i]);
        assert_int_equal(oc_thresholds_duration(&f->t, name, &ms, &err), OC_E_CONFIG);
        free(name);
    }
}

/* Of the only finding. */
static void expect_finding(const struct fixture *f, bool warning, const char *key,
                           const char *message, const char *hint)
{
    assert_int_equal(f->diags.list.count, 1);
    const struct oc_diag *d = &f->diags.list.items[0];
    assert_int_equal(d->warning, warning);
    assert_int_equal(d->line, 2);
    assert_string_equal(d->key, key);
    assert_string_equal(d->message, message);
    assert_string_equal(d->hint, hint);
}

static void a_figure_is_of_the_kind_that_the_host_brings_and_else_the_default_holds(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text, *key, *message, *hint;
    } cases[] = {
        {"cpu = {critical_percent = true;};", "cpu.critical_percent",
         "expected a percentage from 0 to 100, found true",
         "Write a number from 0 to 100. Until then the default, 90, holds."},
        {"cpu = {critical_percent = \"ninety\";};", "cpu.critical_percent",
         "expected a percentage from 0 to 100, found \"ninety\"",
         "Write a number from 0 to 100. Until then the default, 90, holds."},
        {"cpu = {critical_percent = [90];};", "cpu.critical_percent",
         "expected a value, found a list",
         "A threshold is a number, a text or a boolean. Until then the default holds."},
        {"cpu = {critical_percent = {x = 90;};};", "cpu.critical_percent",
         "expected a value, found a group",
         "A threshold is a number, a text or a boolean. Until then the default holds."},
        {"cpu = 90;", "cpu", "expected a group, found 90",
         "Write cpu = { ... };. Until then the defaults hold."},
        {"cpu = {sustained = \"long\";};", "cpu.sustained", "expected a duration, found \"long\"",
         "Write it as \"5m\". Until then the default, \"5m\", holds."},
        {"cpu = {sustained = false;};", "cpu.sustained", "expected a duration, found false",
         "Write it as \"5m\". Until then the default, \"5m\", holds."},
        {"agent = {score = \"0.5\";};", "agent.score", "expected a number, found \"0.5\"",
         "Write a number. Until then the default, 0.5, holds."},
        {"agent = {query_ms = \"5s\";};", "agent.query_ms",
         "expected a number from 0 on, found \"5s\"",
         "Write a number from 0 on. Until then the default, 20, holds."}};
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        char *text = oc_asprintf("thresholds = {\n%s\n};", cases[i].text);
        char *key = oc_asprintf("thresholds.%s", cases[i].key);
        read_all(f, text);
        expect_finding(f, false, key, cases[i].message, cases[i].hint);
        free(key);
        free(text);
    }
    read_all(f, "thresholds = {cpu = 90;};");
    assert_true(figure(f, "thresholds.cpu.critical_percent") == 90);
    read_all(f, "thresholds = {cpu = {critical_percent = true;};};");
    assert_true(figure(f, "thresholds.cpu.critical_percent") == 90);
    read_all(f, "thresholds = {cpu = {sustained = 300;}; agent = {score = 1;};};");
    assert_int_equal(f->diags.list.count, 0);
    assert_true(figure(f, "thresholds.cpu.sustained") == 300);
}

static void a_name_that_no_rule_uses_is_told(void **state)
{
    struct fixture *f = *state;
    static const char error[] = "unknown key, and no rule uses it", warning[] = "no rule uses it",
                      remedy[] = "Name it in the `expr`, `resolve` or `for` of a rule.";
    read_all(f, "thresholds = {\ncpu = {critcal_percent = 50;};};");
    expect_finding(f, false, "thresholds.cpu.critcal_percent", error,
                   "Did you mean `critical_percent`?");
    read_all(f, "thresholds = {\ncpus = {warning_percent = 50; critical_percent = 80;};};");
    expect_finding(f, false, "thresholds.cpus", error, "Did you mean `cpu`?");
    read_all(f, "thresholds = {\nagents_of_ours = \"nosuch\";};");
    expect_finding(f, true, "thresholds.agents_of_ours", warning, remedy);
    read_all(f, "thresholds = {\nqueue = {depth = 5; age = \"5m\"; wait = 7;};};"
                "rules = ({expr = \"q.depth > thresholds.queue.depth\"; for = "
                "\"thresholds.queue.age\"; resolve = \"q.x < thresholds.queue.waiting\";});");
    expect_finding(f, true, "thresholds.queue.wait", warning, remedy);
    assert_true(figure(f, "thresholds.queue.wait") == 7);
    read_all(f, "thresholds = {cpu = {critical_percents = 50;};};"
                "rules = ({resolve = \"q.x < thresholds.cpu.critical_percents + 1\";});");
    assert_int_equal(f->diags.list.count, 0);
}

static void a_check_says_the_first_that_is_wrong(void **state)
{
    struct fixture *f = *state;
    struct oc_error err;
    oc_error_init(&err);
    const struct oc_node *good = parse(f, shipped, OC_LAYER_FILE);
    const struct oc_node *bad = parse(f, "cpu = {critical_percent = 101;};", OC_LAYER_FILE);
    assert_int_equal(oc_thresholds_check(good, NULL, &err), OC_OK);
    assert_int_equal(oc_thresholds_check(bad, NULL, &err), OC_E_CONFIG);
    assert_string_equal(
        err.message,
        "thresholds.cpu.critical_percent: expected a percentage from 0 to 100, found 101");
    assert_string_equal(err.hint, "Write a number from 0 to 100.");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_percentage_is_0_to_100_and_else_the_default_holds),
        T(a_span_and_a_size_are_not_below_0),
        T(a_warning_comes_before_what_is_critical),
        T(where_less_is_worse_the_warning_is_the_greater),
        T(a_name_that_is_too_long_is_told_as_such),
        T(a_time_is_counted_in_what_its_name_says),
        T(a_figure_is_of_the_kind_that_the_host_brings_and_else_the_default_holds),
        T(a_name_that_no_rule_uses_is_told),
        T(a_check_says_the_first_that_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
