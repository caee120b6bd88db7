/* The rule service on a bus: samples in, events out, operations. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/rule/rule.h"
#include "core/sys/file.h"

#define NOW INT64_C(1700000000000)

struct fixture {
    struct oc_env env;
    struct oc_rule_service *rules;
    struct oc_config *config;
    struct oc_diags diags;
    int firing, resolved;
    bool nested; /* publish a further batch from inside an event */
    /* the last operation */
    int code;
    json_t *result;
    struct oc_error error;
    int warnings;
};

static void feed(struct fixture *f, const char *name, int64_t at, double value);

static void on_rule(void *ctx, const struct oc_event *event)
{
    struct fixture *f = ctx;
    f->firing += strcmp(event->topic, "rule.firing") == 0;
    f->resolved += strcmp(event->topic, "rule.resolved") == 0;
    if (f->nested) {
        f->nested = false;
        feed(f, "c.d", NOW, 5);
    }
}

static void configure(struct fixture *f, const char *text)
{
    char path[] = "/tmp/oc-conf-XXXXXX";
    struct oc_config_source source = {.file = path, .no_environment = true};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(oc_fd_write_all(fd, text, strlen(text)), 0);
    close(fd);
    struct oc_error err;
    struct oc_config *old = f->config;
    oc_error_init(&err);
    oc_diags_finish(&f->diags);
    memset(&f->diags, 0, sizeof(f->diags));
    f->config = oc_config_load(&source, &f->diags, &err);
    unlink(path);
    if (f->config == NULL) {
        fail_msg("%s", err.message);
    }
    oc_rule_configure(f->rules, f->config, &f->diags);
    oc_config_destroy(old);
}

static void make(struct fixture *f)
{
    f->rules = oc_rule_create(&f->env);
}

static int setup(void **state)
{
    struct fixture *f = oc_calloc(1, sizeof(*f));
    struct oc_store_options o = {
        .path = ":memory:", .retention_ms = OC_DAY, .flush_interval_ms = OC_HOUR};
    oc_log_set_level(-1);
    oc_time_fake(NOW, 1000);
    f->env.loop = oc_loop_create();
    f->env.bus = oc_bus_create();
    f->env.ops = oc_ops_create(f->env.loop, f->env.bus);
    f->env.store = oc_store_open(&o, NULL, NULL, NULL);
    oc_bus_subscribe(f->env.bus, "rule.*", on_rule, f);
    make(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    oc_rule_destroy(f->rules);
    oc_ops_destroy(f->env.ops);
    oc_store_close(f->env.store);
    oc_bus_destroy(f->env.bus);
    oc_loop_destroy(f->env.loop);
    oc_config_destroy(f->config);
    oc_diags_finish(&f->diags);
    json_decref(f->result);
    free(f);
    oc_time_fake(-1, -1);
    return 0;
}

static void feed(struct fixture *f, const char *name, int64_t at, double value)
{
    struct oc_series *s = oc_store_series(f->env.store, "i", (struct oc_view){name, strlen(name)},
                                          OC_KIND_GAUGE, NULL, 0);
    struct oc_sample sample = {s, at, value};
    struct oc_batch batch = {
        .instance = "i", .plugin = "t", .time_ms = at, .samples = &sample, .sample_count = 1};
    oc_store_append(f->env.store, s, at, value);
    oc_bus_publish_native(f->env.bus, "samples", &batch);
}

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct fixture *f = ctx;
    f->code = code;
    json_decref(f->result);
    f->result = result != NULL ? json_deep_copy(result) : NULL;
    if (err != NULL) {
        f->error = *err;
    }
}

static void on_warning(void *ctx, const char *text)
{
    (void)text;
    ((struct fixture *)ctx)->warnings++;
}

static int call(struct fixture *f, const char *op, json_t *params)
{
    struct oc_call_request req = {.op = op,
                                  .params = params,
                                  .actor = {.name = "test", .role = OC_ROLE_ADMIN},
                                  .on_done = on_done,
                                  .on_warning = on_warning,
                                  .ctx = f};
    f->code = 1;
    f->warnings = 0;
    oc_ops_call(f->env.ops, &req);
    for (int i = 0; i < 100 && f->code == 1; i++) {
        oc_loop_step(f->env.loop, false);
    }
    return f->code;
}

static const char RULES[] = "thresholds = { x = { top = 10; }; };\n"
                            "alerts = { rules = (\n"
                            "  { name = \"r\"; expr = \"a.b > thresholds.x.top\"; },\n"
                            "  { name = \"s\"; expr = \"c.d > 1\"; }\n"
                            "); };";

static void samples_on_the_bus_become_events(void **state)
{
    struct fixture *f = *state;
    configure(f, RULES);
    assert_int_equal(oc_diags_errors(&f->diags), 0);
    feed(f, "a.b", NOW, 11);
    assert_int_equal(f->firing, 1);
    feed(f, "a.b", NOW + 1, 9);
    assert_int_equal(f->resolved, 1);
}

static void an_event_may_bring_further_samples(void **state)
{
    struct fixture *f = *state;
    configure(f, RULES);
    f->nested = true;
    feed(f, "a.b", NOW, 11);
    assert_int_equal(f->firing, 2);
}

static void restart(struct fixture *f, bool ephemeral)
{
    oc_rule_destroy(f->rules);
    oc_ops_destroy(f->env.ops);
    f->env.ops = oc_ops_create(f->env.loop, f->env.bus);
    f->env.ephemeral = ephemeral;
    make(f);
}

static void a_restart_goes_on_where_it_was(void **state)
{
    struct fixture *f = *state;
    configure(f, RULES);
    feed(f, "a.b", NOW, 11);
    restart(f, false);
    configure(f, "alerts = { rules = ( ); };");
    assert_int_equal(f->resolved, 1);
}

/* c.d comes every minute and a.b every hour, which is high since NOW. */
static void feed_minutes(struct fixture *f, int from, int to)
{
    for (int minute = from; minute <= to; minute++) {
        if (minute % 60 == 0) {
            feed(f, "a.b", NOW + minute * OC_MINUTE, minute < 0 ? 5 : 11);
        }
        feed(f, "c.d", NOW + minute * OC_MINUTE, 1);
    }
}

static void a_restart_takes_nothing_from_a_rule_whose_first_metric_comes_rarely(void **state)
{
    static const char LONG[] = "alerts = { rules = ( { name = \"r\"; expr = \"a.b > 10 and c.d > "
                               "0\"; for = \"2h\"; } ); };";
    struct fixture *f = *state;
    configure(f, LONG);
    feed_minutes(f, -180, 50);
    oc_time_advance(50 * OC_MINUTE + 30 * OC_SECOND);
    restart(f, false);
    configure(f, LONG);
    feed_minutes(f, 51, 119);
    assert_int_equal(f->firing, 0);
    feed_minutes(f, 120, 120);
    assert_int_equal(f->firing, 1);
}

static void an_ephemeral_daemon_looks_and_changes_nothing(void **state)
{
    struct fixture *f = *state;
    configure(f, RULES);
    feed(f, "a.b", NOW, 11);
    restart(f, true);
    configure(f, RULES);
    assert_int_equal(call(f, "rules.list", NULL), OC_OK);
    assert_int_equal(oc_json_int(json_array_get(f->result, 0), "firing", 0), 1);
    configure(f, "alerts = { rules = ( ); };");
    feed(f, "c.d", NOW + 1, 5);
    assert_int_equal(f->resolved, 0);
    assert_int_equal(f->firing, 1);
    json_t *kept = oc_kv_all(f->env.store, "rule");
    assert_int_equal(json_object_size(kept), 1);
    json_decref(kept);
}

static void a_list_has_every_rule_with_its_state(void **state)
{
    struct fixture *f = *state;
    configure(f, "alerts = { rules = ( { name = \"r\"; expr = \"a.b > 10\"; severity = "
                 "\"critical\"; for = \"90s\"; },\n"
                 " { name = \"off\"; expr = \"a.b > 1\"; enabled = false; }, { name = \"bad\"; "
                 "expr = \"a.b >\"; } ); };");
    feed(f, "a.b", NOW, 11);
    assert_int_equal(call(f, "rules.list", NULL), OC_OK);
    assert_int_equal(json_array_size(f->result), 3);
    const json_t *row = json_array_get(f->result, 0);
    assert_string_equal(oc_json_str(row, "name", ""), "r");
    assert_string_equal(oc_json_str(row, "severity", ""), "critical");
    assert_string_equal(oc_json_str(row, "for", ""), "1m30s");
    assert_string_equal(oc_json_str(row, "state", ""), "pending");
    assert_int_equal(oc_json_int(row, "pending", 0), 1);
    assert_string_equal(oc_json_str(json_array_get(f->result, 1), "state", ""), "disabled");
    assert_string_equal(oc_json_str(json_array_get(f->result, 2), "state", ""), "broken");
    assert_int_equal(call(f, "rules.check", NULL), OC_E_CONFIG);
    assert_int_equal(f->warnings, 1);
    assert_non_null(strstr(f->error.message, "1 of 3"));
}

static void one_rule_is_shown_with_its_states(void **state)
{
    struct fixture *f = *state;
    configure(f, RULES);
    feed(f, "a.b", NOW, 11);
    assert_int_equal(call(f, "rules.show", json_pack("{s:s}", "name", "r")), OC_OK);
    const json_t *row = json_array_get(json_object_get(f->result, "states"), 0);
    assert_string_equal(oc_json_str(row, "state", ""), "firing");
    assert_string_equal(oc_json_str(row, "series", ""), "a.b{instance=\"i\"}");
    assert_int_equal(oc_json_int(f->result, "evaluations", 0), 1);
    assert_int_equal(call(f, "rules.show", json_pack("{s:s}", "name", "rr")), OC_E_NOT_FOUND);
    assert_int_equal(call(f, "rules.check", NULL), OC_OK);
}

static void tests_of_rules_run_as_an_operation(void **state)
{
    struct fixture *f = *state;
    static const char PASSES[] =
        "tests = ( { name = \"t\"; input = ( { series = \"a.b\"; values = \"11\"; } );"
        " expect = ( { at = \"0\"; rule = \"r\"; state = \"firing\"; } ); } );";
    static const char FAILS[] =
        "tests = ( { name = \"t\"; input = ( { series = \"a.b\"; values = \"9\"; } );"
        " expect = ( { at = \"0\"; rule = \"r\"; state = \"firing\"; } ); } );";
    char path[] = "/tmp/oc-rules-XXXXXX";
    close(mkstemp(path));
    configure(f, RULES);
    assert_int_equal(oc_file_write(path, PASSES, strlen(PASSES), 0600, NULL), OC_OK);
    assert_int_equal(call(f, "rules.test", json_pack("{s:s}", "file", path)), OC_OK);
    assert_true(oc_json_bool(json_array_get(f->result, 0), "ok", false));
    assert_int_equal(oc_file_write(path, FAILS, strlen(FAILS), 0600, NULL), OC_OK);
    assert_int_equal(call(f, "rules.test", json_pack("{s:s}", "file", path)), OC_E_PERMANENT);
    assert_non_null(strstr(f->error.message, "1 of 1"));
    assert_int_equal(f->warnings, 1);
    assert_int_equal(f->firing, 0); /* nothing that runs was touched */
    unlink(path);
}

static const struct oc_diag *only_finding(struct fixture *f)
{
    assert_int_equal(f->diags.list.count, 1);
    assert_true(f->diags.list.items[0].warning);
    return &f->diags.list.items[0];
}

static void what_is_odd_about_a_rule_is_a_warning(void **state)
{
    static const char *const cases[][3] = {
        {"expr = \"service.health_scor < 50\";",
         "no plugin declares the metric service.health_scor",
         "Did you mean `service.health_score`?"},
        {"expr = \"a.b > threshold.cpu\";", "no plugin declares the metric threshold.cpu",
         "Did you mean `thresholds.cpu`?"},
        {"expr = \"a.b > thresholds.text\";",
         "the threshold thresholds.text is a text and cannot be compared with a number", ""},
        {"expr = \"thresholds.text <= a.b\";",
         "the threshold thresholds.text is a text and cannot be compared with a number", ""},
        {"expr = \"a.b > 1\"; channels = [\"mial\"];", "no channel is named mial",
         "Did you mean `mail`?"},
        {"expr = \"a.b > 1\"; channels = [\"mail\", \"console\", \"nobody\"];",
         "no channel is named nobody", ""},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "thresholds = {text = \"90\"; cpu = 90;}; alerts = {channels = ({name = \"mail\"; "
                 "plugin = \"email\";}, {plugin = \"console\";}); rules = ({name = \"r\"; %s});};",
                 cases[i][0]);
        configure(f, text);
        assert_string_equal(only_finding(f)->message, cases[i][1]);
        assert_non_null(strstr(only_finding(f)->hint, cases[i][2]));
        f->warnings = 0;
        assert_int_equal(call(f, "rules.check", NULL), OC_OK);
        assert_int_equal(f->warnings, 1);
    }
}

static void what_may_well_be_meant_is_no_warning(void **state)
{
    static const char *const cases[] = {"service.health_score < 50", "shop.orders > thresholds.cpu",
                                        "a.b == thresholds.text", "metric(\"threshold\") > 1"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        json_t *expr = json_string(cases[i]);
        char *quoted = oc_json_text(expr);
        snprintf(text, sizeof text,
                 "thresholds = {text = \"90\"; cpu = 90;}; alerts = {rules = ({name = \"r\"; "
                 "expr = %s;});};",
                 quoted);
        configure(f, text);
        assert_int_equal(f->diags.list.count, 0);
        free(quoted);
        json_decref(expr);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(what_is_odd_about_a_rule_is_a_warning),
        T(what_may_well_be_meant_is_no_warning),
        T(samples_on_the_bus_become_events),
        T(an_event_may_bring_further_samples),
        T(a_restart_goes_on_where_it_was),
        T(a_restart_takes_nothing_from_a_rule_whose_first_metric_comes_rarely),
        T(an_ephemeral_daemon_looks_and_changes_nothing),
        T(a_list_has_every_rule_with_its_state),
        T(one_rule_is_shown_with_its_states),
        T(tests_of_rules_run_as_an_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
