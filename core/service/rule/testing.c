/* Running tests of rules against an engine of their own. SPDX-License-Identifier: MIT */
#include "core/service/rule/testing.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/config/bind.h"
#include "core/config/parse.h"
#include "core/store/query.h"

#define BEGIN INT64_C(1700000000000) /* when every test begins; any time would do */

/* ---- the file ---- */

struct input {
    const char *series, *values;
};
struct expectation {
    int64_t at_ms;
    const char *rule, *message;
    int32_t state; /* enum oc_rule_state */
    struct oc_list labels;
};
struct test {
    const char *name;
    int64_t interval_ms;
    struct oc_list input;  /* struct input */
    struct oc_list expect; /* struct expectation */
};
struct file {
    struct oc_list tests; /* struct test */
};

static const struct oc_option input_options[] = {{.name = "series",
                                                  .type = OC_OPT_STRING,
                                                  .flags = OC_OPT_REQUIRED,
                                                  .offset = offsetof(struct input, series),
                                                  .help = "name{label=\"value\"}"},
                                                 {.name = "values",
                                                  .type = OC_OPT_STRING,
                                                  .flags = OC_OPT_REQUIRED,
                                                  .offset = offsetof(struct input, values),
                                                  .help = "50 95x10 _ gone"},
                                                 {0}};

#define E(member) offsetof(struct expectation, member)
static const struct oc_option expect_options[] = {{.name = "at",
                                                   .type = OC_OPT_DURATION,
                                                   .flags = OC_OPT_REQUIRED,
                                                   .offset = E(at_ms),
                                                   .help = "how long after the first value"},
                                                  {.name = "rule",
                                                   .type = OC_OPT_STRING,
                                                   .flags = OC_OPT_REQUIRED,
                                                   .offset = E(rule),
                                                   .help = "name of the rule"},
                                                  {.name = "state",
                                                   .type = OC_OPT_ENUM,
                                                   .flags = OC_OPT_REQUIRED,
                                                   .offset = E(state),
                                                   .choices = "inactive|pending|firing|resolved",
                                                   .help = "its state"},
                                                  {.name = "labels",
                                                   .type = OC_OPT_MAP,
                                                   .offset = E(labels),
                                                   .help = "only states with these labels"},
                                                  {.name = "message",
                                                   .type = OC_OPT_STRING,
                                                   .offset = E(message),
                                                   .help = "the message that was sent last"},
                                                  {0}};

#define T(member) offsetof(struct test, member)
static const struct oc_option test_options[] = {{.name = "name",
                                                 .type = OC_OPT_STRING,
                                                 .flags = OC_OPT_REQUIRED,
                                                 .offset = T(name),
                                                 .help = "what the test shows"},
                                                {.name = "interval",
                                                 .type = OC_OPT_DURATION,
                                                 .offset = T(interval_ms),
                                                 .default_text = "30s",
                                                 .min = 1,
                                                 .max = 8.64e7,
                                                 .help = "time between two values"},
                                                {.name = "input",
                                                 .type = OC_OPT_GROUPS,
                                                 .offset = T(input),
                                                 .item_size = sizeof(struct input),
                                                 .options = input_options,
                                                 .help = "series and their values"},
                                                {.name = "expect",
                                                 .type = OC_OPT_GROUPS,
                                                 .offset = T(expect),
                                                 .item_size = sizeof(struct expectation),
                                                 .options = expect_options,
                                                 .help = "states at times"},
                                                {0}};

static const struct oc_option file_options[] = {{.name = "tests",
                                                 .type = OC_OPT_GROUPS,
                                                 .flags = OC_OPT_REQUIRED,
                                                 .offset = offsetof(struct file, tests),
                                                 .item_size = sizeof(struct test),
                                                 .options = test_options,
                                                 .help = "the tests"},
                                                {0}};
static const char *const other_keys[] = {"rules", "thresholds", NULL};

/* ---- one run ---- */

struct run {
    struct oc_store *store;
    struct oc_rule_engine *engine;
    OC_VEC(const struct expectation *) order; /* by their times */
    size_t next;                              /* of `order`: not yet checked */
    struct oc_map messages;                   /* fingerprint -> what was said last */
    struct oc_buf failure;                    /* "" = none so far */
};

struct line {
    struct oc_series *series;
    struct oc_rule_values values;
};

static int make_series(struct run *r, const char *text, bool boolean, struct oc_series **series,
                       struct oc_error *err)
{
    struct oc_selector sel;
    struct oc_label labels[OC_SELECTOR_TERMS];
    int code = oc_selector_init(&sel, text, err);
    if (code != OC_OK) {
        return code;
    }
    for (size_t i = 0; i < sel.count; i++) {
        if (sel.terms[i].glob || sel.terms[i].negated) {
            code = OC_E_CONFIG;
        }
        labels[i] = (struct oc_label){{sel.terms[i].label, strlen(sel.terms[i].label)},
                                      {sel.terms[i].value, strlen(sel.terms[i].value)}};
    }
    *series = NULL;
    if (code == OC_OK && sel.name != NULL) {
        *series =
            oc_store_series(r->store, NULL, (struct oc_view){sel.name, strlen(sel.name)},
                            boolean ? OC_KIND_BOOL : OC_KIND_GAUGE, labels, (uint32_t)sel.count);
    }
    oc_selector_finish(&sel);
    return *series != NULL ? OC_OK : oc_error_set(err, OC_E_CONFIG, "\"%s\" is not a series", text);
}

static const char *label_of(const struct oc_series *series, const char *name)
{
    for (uint32_t i = 0; i < series->label_count; i++) {
        if (strcmp(series->labels[i].name, name) == 0) {
            return series->labels[i].value;
        }
    }
    return "";
}

static bool has_labels(const struct oc_rule_live *live, const struct oc_list *labels)
{
    const struct oc_pair *pairs = labels->items;
    for (uint64_t i = 0; i < labels->count; i++) {
        if (strcmp(label_of(live->series, pairs[i].name), pairs[i].value) != 0) {
            return false;
        }
    }
    return true;
}

/* The state of the rule that matters most among those with the labels: firing before pending before
 * resolved. */
static const struct oc_rule_live *find_state(const struct run *r, const struct oc_rule *rule,
                                             const struct expectation *x)
{
    static const int WEIGHT[] = {0, 2, 3, 1};
    const struct oc_rule_live *found = NULL;
    const char *key;
    void *value;
    for (size_t it = 0; oc_map_next(&r->engine->live, &it, &key, &value);) {
        const struct oc_rule_live *live = value;
        if (live->rule == rule && has_labels(live, &x->labels) &&
            (found == NULL || WEIGHT[live->machine.state] > WEIGHT[found->machine.state])) {
            found = live;
        }
    }
    return found;
}

static void fail(struct run *r, const struct expectation *x, const char *what, const char *got,
                 const char *wanted)
{
    char at[32];
    if (r->failure.len == 0) {
        oc_buf_addf(&r->failure, "at %s: %s: %s is %s, expected %s",
                    oc_duration_format(x->at_ms, at, sizeof(at)), x->rule, what, got, wanted);
    }
}

static void fail_unusable(struct run *r, const struct expectation *x)
{
    const struct oc_rule *rule = oc_rule_engine_named(r->engine, x->rule);
    char *got = rule == NULL            ? oc_strdup("not there")
                : rule->problem == NULL ? oc_strdup("off")
                                        : oc_asprintf("broken (%s)", rule->problem);
    fail(r, x, "the rule", got, "a usable rule");
    free(got);
}

static void check(struct run *r, const struct expectation *x)
{
    const struct oc_rule *rule = oc_rule_engine_find(r->engine, x->rule);
    if (rule == NULL) {
        fail_unusable(r, x);
        return;
    }
    const struct oc_rule_live *live = find_state(r, rule, x);
    enum oc_rule_state got = live != NULL ? live->machine.state : OC_RULE_INACTIVE;
    bool quiet = x->state == OC_RULE_INACTIVE && got == OC_RULE_RESOLVED;
    if ((int32_t)got != x->state && !quiet) {
        fail(r, x, "the state", oc_rule_state_name(got),
             oc_rule_state_name((enum oc_rule_state)x->state));
    } else if (x->message != NULL && live != NULL) {
        const char *message = oc_map_get(&r->messages, live->fingerprint);
        if (message == NULL || strcmp(message, x->message) != 0) {
            fail(r, x, "the message", message != NULL ? message : "nothing", x->message);
        }
    } else if (x->message != NULL) {
        fail(r, x, "the message", "nothing", x->message);
    }
}

static void hear(void *ctx, const char *topic, json_t *data)
{
    struct run *r = ctx;
    (void)topic;
    free(oc_map_set(&r->messages, oc_json_str(data, "fingerprint", ""),
                    oc_strdup(oc_json_str(data, "message", ""))));
    json_decref(data);
}

static int by_time(const void *a, const void *b)
{
    const struct expectation *x = *(const struct expectation *const *)a,
                             *y = *(const struct expectation *const *)b;
    return x->at_ms != y->at_ms ? (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms) : (x > y) - (x < y);
}

/* Time does not go back: it is the times that count, and not in which order they are written. */
static void sort_expectations(struct run *r, const struct test *test)
{
    const struct expectation *x = test->expect.items;
    for (uint64_t i = 0; i < test->expect.count; i++) {
        OC_VEC_PUSH(&r->order, &x[i]);
    }
    if (r->order.count > 0) {
        qsort(r->order.items, r->order.count, sizeof(*r->order.items), by_time);
    }
}

/* Checks what is expected before a time and was not yet. */
static void check_until(struct run *r, int64_t to)
{
    for (; r->next < r->order.count && r->order.items[r->next]->at_ms < to; r->next++) {
        const struct expectation *x = r->order.items[r->next];
        oc_rule_engine_tick(r->engine, BEGIN + x->at_ms);
        oc_rule_engine_publish(r->engine, hear, r);
        check(r, x);
    }
}

/* The values of all series at one step, as one batch. */
static void feed(struct run *r, const struct line *lines, size_t count, size_t step, int64_t at_ms)
{
    OC_VEC(struct oc_sample) batch = {0};
    for (size_t i = 0; i < count; i++) {
        const struct oc_rule_values *v = &lines[i].values;
        if (step < v->list.count && !v->list.items[step].absent) {
            struct oc_sample sample = {lines[i].series, at_ms, v->list.items[step].value};
            oc_store_append(r->store, sample.series, at_ms, sample.value);
            OC_VEC_PUSH(&batch, sample);
        }
    }
    oc_rule_engine_samples(r->engine, batch.items, batch.count);
    oc_rule_engine_publish(r->engine, hear, r);
    OC_VEC_FINISH(&batch);
}

static int read_lines(struct run *r, const struct test *test, struct line *lines, size_t *steps,
                      struct oc_error *err)
{
    const struct input *input = test->input.items;
    *steps = 0;
    for (uint64_t i = 0; i < test->input.count; i++) {
        int code = oc_rule_values_parse(&lines[i].values, input[i].values, err);
        if (code == OC_OK) {
            code = make_series(r, input[i].series, lines[i].values.boolean, &lines[i].series, err);
        }
        if (code != OC_OK) {
            return code;
        }
        *steps = lines[i].values.list.count > *steps ? lines[i].values.list.count : *steps;
    }
    return OC_OK;
}

static void simulate(struct run *r, const struct test *test)
{
    struct line *lines = oc_calloc(test->input.count + 1, sizeof(*lines));
    struct oc_error err;
    size_t steps;
    oc_error_init(&err);
    if (read_lines(r, test, lines, &steps, &err) == OC_OK) {
        sort_expectations(r, test);
        for (size_t i = 0; i < steps; i++) {
            int64_t at = (int64_t)i * test->interval_ms;
            check_until(r, at);
            feed(r, lines, test->input.count, i, BEGIN + at);
        }
        check_until(r, INT64_MAX);
    } else {
        oc_buf_addf(&r->failure, "%s", err.message);
    }
    for (uint64_t i = 0; i < test->input.count; i++) {
        oc_rule_values_finish(&lines[i].values);
    }
    free(lines);
}

static json_t *run_test(const struct test *test, const struct oc_rule_source *source)
{
    struct oc_store_options options = {
        .path = ":memory:", .retention_ms = 30 * OC_DAY, .flush_interval_ms = OC_HOUR};
    struct oc_diags diags = {0};
    struct oc_error err;
    struct run r = {0};
    json_t *row = json_object();
    oc_error_init(&err);
    r.store = oc_store_open(&options, NULL, NULL, &err);
    if (r.store == NULL) {
        oc_buf_addf(&r.failure, "%s", err.message);
    } else {
        r.engine = oc_rule_engine_create(r.store);
        oc_rule_engine_configure(r.engine, source, BEGIN, &diags);
        simulate(&r, test);
        oc_rule_engine_destroy(r.engine);
        oc_store_close(r.store);
    }
    oc_json_set_str(row, "name", test->name);
    oc_json_set_bool(row, "ok", r.failure.len == 0);
    oc_json_set_str(row, "message", r.failure.len > 0 ? r.failure.data : "");
    oc_buf_finish(&r.failure);
    oc_map_finish(&r.messages, free);
    OC_VEC_FINISH(&r.order);
    oc_diags_finish(&diags);
    return row;
}

/* ---- the whole file ---- */

static bool is_about(const struct oc_diag *d, const char *part)
{
    const size_t len = part != NULL ? strlen(part) : 0;
    return part != NULL && strncmp(d->key, part, len) == 0 &&
           (d->key[len] == '\0' || d->key[len] == '.' || d->key[len] == '[');
}

/* The first finding about one of the parts, or (NULL) about anything. */
static int first_finding(const struct oc_diags *diags, const char *const parts[2],
                         struct oc_error *err)
{
    for (size_t i = 0; i < diags->list.count; i++) {
        const struct oc_diag *d = &diags->list.items[i];
        if (!d->warning && (parts == NULL || is_about(d, parts[0]) || is_about(d, parts[1]))) {
            oc_error_set(err, OC_E_CONFIG, "%s:%d: %s: %s", d->file != NULL ? d->file : "", d->line,
                         d->key, d->message);
            oc_error_hint(err, "%s", d->hint != NULL ? d->hint : "");
            return OC_E_CONFIG;
        }
    }
    return OC_OK;
}

/* A wrong rule or threshold in the file is an error of the file, and not of the test that misses it. What is wrong with those of
 * the configuration is not. */
static int check_own(const struct oc_rule_source *source, const char *const parts[2],
                     struct oc_error *err)
{
    struct oc_diags diags = {0};
    struct oc_store_options options = {
        .path = ":memory:", .retention_ms = OC_DAY, .flush_interval_ms = OC_HOUR};
    struct oc_store *store = oc_store_open(&options, NULL, NULL, err);
    if (store == NULL) {
        return OC_E_PERMANENT;
    }
    struct oc_rule_engine *engine = oc_rule_engine_create(store);
    oc_rule_engine_configure(engine, source, BEGIN, &diags);
    oc_rule_engine_destroy(engine);
    oc_store_close(store);
    const int code = first_finding(&diags, parts, err);
    oc_diags_finish(&diags);
    return code;
}

int oc_rule_test_file(const char *file, const struct oc_rule_source *source, json_t **rows,
                      struct oc_error *err)
{
    struct oc_arena arena = {0};
    struct oc_diags diags = {0};
    struct oc_rule_source own = *source;
    const char *parts[2] = {NULL, NULL};
    struct file content = {0};
    int code = OC_E_CONFIG;
    *rows = NULL;
    const struct oc_node *root = oc_config_parse_file(&arena, file, OC_LAYER_FILE, err);
    if (root == NULL) {
        code = err != NULL && err->code != OC_OK ? err->code : OC_E_CONFIG;
        goto out;
    }
    if (oc_node_get(root, "rules") != NULL) {
        own.rules = oc_node_get(root, "rules");
        own.path = parts[0] = "rules";
    }
    if (oc_node_get(root, "thresholds") != NULL) {
        own.thresholds = oc_node_get(root, "thresholds");
        parts[1] = "thresholds";
    }
    oc_bind(file_options, sizeof(file_options[0]), root, "", other_keys, &content, sizeof(content),
            &arena, &diags);
    code = first_finding(&diags, NULL, err);
    if (code == OC_OK && (parts[0] != NULL || parts[1] != NULL)) {
        code = check_own(&own, parts, err);
    }
    if (code != OC_OK) {
        goto out;
    }
    *rows = json_array();
    for (uint64_t i = 0; i < content.tests.count; i++) {
        json_array_append_new(*rows, run_test((const struct test *)content.tests.items + i, &own));
    }
out:
    oc_diags_finish(&diags);
    oc_arena_finish(&arena);
    return code;
}
