/* An engine over a store in memory, fed sample by sample. SPDX-License-Identifier: MIT */
#ifndef TESTS_RULE_WORLD_H
#define TESTS_RULE_WORLD_H

#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/config/parse.h"
#include "core/service/rule/engine.h"

#define BEGIN INT64_C(1700000000000)

struct fixture {
    struct oc_store *store;
    struct oc_rule_engine *e;
    struct oc_arena arena;
    struct oc_diags diags;
    char said[8192]; /* "firing cpu system|resolved ..." */
    json_t *last;    /* data of the last event */
};

static inline struct oc_store *open_store(void)
{
    struct oc_store_options o = {
        .path = ":memory:", .retention_ms = OC_DAY, .flush_interval_ms = OC_HOUR};
    struct oc_error err;
    struct oc_store *store = oc_store_open(&o, NULL, NULL, &err);
    assert_non_null(store);
    return store;
}

static inline int setup(void **state)
{
    struct fixture *f = oc_calloc(1, sizeof(*f));
    f->store = open_store();
    f->e = oc_rule_engine_create(f->store);
    oc_log_set_level(-1);
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    oc_rule_engine_destroy(f->e);
    oc_store_close(f->store);
    oc_diags_finish(&f->diags);
    oc_arena_finish(&f->arena);
    json_decref(f->last);
    free(f);
    return 0;
}

/* `text` holds thresholds and rules as libconfig. */
static inline void configure(struct fixture *f, const char *text, int64_t now)
{
    struct oc_parse_from from = {
        .file = "t.conf", .layer = OC_LAYER_FILE, .includes = OC_INCLUDES_REFUSE};
    struct oc_error err;
    oc_error_init(&err);
    const struct oc_node *root = oc_config_parse(&f->arena, text, strlen(text), &from, &err);
    if (root == NULL) {
        fail_msg("%s", err.message);
    }
    struct oc_rule_source source = {.thresholds = oc_node_get(root, "thresholds"),
                                    .rules = oc_node_get(root, "rules"),
                                    .path = "rules"};
    oc_diags_finish(&f->diags);
    memset(&f->diags, 0, sizeof(f->diags));
    oc_rule_engine_configure(f->e, &source, now, &f->diags);
}

static inline void hear(void *ctx, const char *topic, json_t *data)
{
    struct fixture *f = ctx;
    size_t len = strlen(f->said);
    snprintf(f->said + len, sizeof(f->said) - len, "%s%s %s:%s", len > 0 ? "|" : "",
             topic + strlen("rule."), oc_json_str(data, "rule", "?"),
             oc_json_str(data, "reason", "?"));
    json_decref(f->last);
    f->last = data;
}

static inline void assert_said(struct fixture *f, const char *expected)
{
    f->said[0] = '\0';
    oc_rule_engine_publish(f->e, hear, f);
    assert_string_equal(f->said, expected);
}

static inline struct oc_series *series(struct fixture *f, const char *name, uint32_t kind,
                                       const char *instance, const char *target)
{
    struct oc_label label = {{"target", 6}, {target, target != NULL ? strlen(target) : 0}};
    struct oc_series *s = oc_store_series(f->store, instance, (struct oc_view){name, strlen(name)},
                                          kind, &label, target != NULL ? 1 : 0);
    assert_non_null(s);
    return s;
}

/* One batch of one sample, `at` in seconds. */
static inline void feed(struct fixture *f, struct oc_series *s, int64_t at, double value)
{
    struct oc_sample sample = {s, BEGIN + at * OC_SECOND, value};
    oc_store_append(f->store, s, sample.time_ms, value);
    oc_rule_engine_samples(f->e, &sample, 1);
}

static inline void restart(struct fixture *f, const char *text, int64_t now)
{
    oc_rule_engine_save(f->e, NULL);
    oc_rule_engine_destroy(f->e);
    f->e = oc_rule_engine_create(f->store);
    configure(f, text, now);
    oc_rule_engine_restore(f->e, now);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
