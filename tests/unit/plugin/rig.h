/* A loop, a bus, workers and the fixtures, for tests. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_PLUGIN_RIG_H
#define OC_TESTS_PLUGIN_RIG_H

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/time.h"
#include "core/plugin/internal.h"

struct rig {
    struct oc_loop *loop;
    struct oc_bus *bus;
    struct oc_workers *workers;
    struct oc_plugins *plugins;
    struct oc_buf events;   /* "plugin.started ok1\n" ... */
    struct oc_buf receipts; /* the plugins that were loaded */
    struct oc_buf samples;  /* of all calls: "name=value\n" */
    struct oc_buf texts;    /* of JSON, STATUS and BYTES records, one a line */
    size_t records, deliveries;
    int answers, code; /* of the last call */
    struct oc_error err;
    int64_t took_ms;
    int created, destroyed;
};

static pthread_mutex_t rig_log_lock = PTHREAD_MUTEX_INITIALIZER;
static struct oc_buf rig_log; /* "warn message {json}\n" ... */

static inline void rig_tap(void *ctx, const struct oc_log_line *line)
{
    (void)ctx;
    pthread_mutex_lock(&rig_log_lock);
    oc_buf_addf(&rig_log, "%s %s %s\n", oc_log_level_name(line->level), line->message, line->json);
    pthread_mutex_unlock(&rig_log_lock);
}

static inline bool rig_logged(const char *text)
{
    pthread_mutex_lock(&rig_log_lock);
    const bool found = rig_log.data && strstr(rig_log.data, text);
    pthread_mutex_unlock(&rig_log_lock);
    return found;
}

static inline void rig_on_event(void *ctx, const struct oc_event *event)
{
    struct rig *rig = ctx;
    if (strcmp(event->topic, "plugin.loaded") == 0) { /* a receipt, no change of state */
        oc_buf_addf(&rig->receipts, "%s\n", oc_json_str(event->data, "plugin", "?"));
        return;
    }
    oc_buf_addf(&rig->events, "%s %s\n", event->topic, oc_json_str(event->data, "instance", "?"));
}

static inline int rig_setup_with(void **state, unsigned workers)
{
    struct rig *rig = oc_calloc(1, sizeof *rig);
    oc_log_set(OC_LOG_DEBUG, OC_LOG_TEXT, open("/dev/null", O_WRONLY | O_CLOEXEC));
    oc_buf_clear(&rig_log);
    oc_log_set_tap(rig_tap, NULL);
    rig->loop = oc_loop_create();
    rig->bus = oc_bus_create();
    oc_bus_subscribe(rig->bus, "plugin.*", rig_on_event, rig);
    rig->workers = oc_workers_create(rig->loop, workers);
    rig->plugins = oc_plugins_create(rig->loop, rig->bus, rig->workers);
    oc_plugins_set_plughost(rig->plugins, OC_BUILD_DIR "/bin/openclaw-plughost");
    oc_plugins_scan(rig->plugins, OC_FIXTURES);
    *state = rig;
    return 0;
}

static inline int rig_setup(void **state)
{
    return rig_setup_with(state, 4);
}

static inline int rig_setup_one_worker(void **state)
{
    return rig_setup_with(state, 1);
}

static inline int rig_teardown(void **state)
{
    struct rig *rig = *state;
    oc_log_set_tap(NULL, NULL);
    if (rig->created !=
        rig->destroyed) { /* the test failed half-way: what is open would hide its message */
        return 0;
    }
    oc_workers_destroy(rig->workers, 5000);
    oc_plugins_destroy(rig->plugins);
    oc_bus_destroy(rig->bus);
    oc_loop_destroy(rig->loop);
    oc_buf_finish(&rig->events);
    oc_buf_finish(&rig->receipts);
    oc_buf_finish(&rig->samples);
    oc_buf_finish(&rig->texts);
    oc_log_set(OC_LOG_INFO, OC_LOG_TEXT, 2);
    oc_buf_finish(&rig_log);
    free(rig);
    return 0;
}

/* An instance of `plugin` with its options as JSON text, or NULL and rig->err. */
static inline struct oc_instance *rig_create(struct rig *rig, const char *plugin, const char *name,
                                             const char *config)
{
    struct oc_plugin *p = oc_plugin_find(rig->plugins, plugin);
    assert_non_null(p);
    json_t *json = json_loads(config, 0, NULL);
    assert_non_null(json);
    struct oc_node *node = oc_node_from_json(json, "test");
    struct oc_diags diags = {0};
    oc_error_init(&rig->err);
    struct oc_instance *i =
        oc_instance_create(p, name, node, "collectors[0]", NULL, &diags, &rig->err);
    oc_diags_finish(&diags);
    oc_node_free(node);
    json_decref(json);
    rig->created += i != NULL;
    return i;
}

/* Turns the loop until `cond` holds; the test's own time limit ends it otherwise. */
#define RIG_UNTIL(rig, cond)                                                                       \
    while (!(cond)) {                                                                              \
        if (!oc_loop_step((rig)->loop, true) && !(cond)) {                                         \
            fail_msg("nothing is left to wait for: %s", #cond);                                    \
        }                                                                                          \
    }

static inline void rig_until(struct rig *rig, struct oc_instance *i, enum oc_instance_state state)
{
    RIG_UNTIL(rig, oc_instance_state(i) == state);
}

static inline struct oc_instance *rig_start(struct rig *rig, const char *plugin, const char *name,
                                            const char *config)
{
    struct oc_instance *i = rig_create(rig, plugin, name, config);
    assert_non_null(i);
    rig_until(rig, i, OC_INSTANCE_READY);
    return i;
}

static inline void rig_on_destroyed(void *ctx)
{
    struct rig *rig = ctx;
    rig->destroyed++;
}

static inline void rig_destroy(struct rig *rig, struct oc_instance *i, int64_t grace_ms)
{
    const int before = rig->destroyed;
    oc_instance_destroy(i, grace_ms, rig_on_destroyed, rig);
    RIG_UNTIL(rig, rig->destroyed != before);
}

static inline void rig_on_records(void *ctx, const struct oc_record *records, size_t count)
{
    struct rig *rig = ctx;
    rig->deliveries++;
    rig->records += count;
    for (size_t i = 0; i < count && rig->records < 10000; i++) {
        const struct oc_record *r = &records[i];
        if (r->type == OC_RECORD_SAMPLE) {
            oc_buf_addf(&rig->samples, "%s", r->name.ptr);
            for (uint32_t k = 0; k < r->label_count; k++) {
                oc_buf_addf(&rig->samples, ",%s=%s", r->labels[k].name.ptr, r->labels[k].value.ptr);
            }
            oc_buf_addf(&rig->samples, "=%g\n", r->value);
        } else {
            oc_buf_addf(&rig->texts, "%.*s\n", (int)(r->text.len < 300 ? r->text.len : 300),
                        r->text.ptr ? r->text.ptr : "");
        }
    }
}

static inline void rig_on_done(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    struct rig *rig = ctx;
    rig->answers++;
    rig->code = code;
    rig->err = *err;
    rig->took_ms = took_ms;
}

static inline int rig_begin(struct rig *rig, struct oc_instance *i, const char *method,
                            const char *params, int64_t timeout_ms, uint64_t *id)
{
    const struct oc_invocation inv = {.method = method,
                                      .params = params,
                                      .timeout_ms = timeout_ms,
                                      .on_records = rig_on_records,
                                      .on_done = rig_on_done,
                                      .ctx = rig};
    oc_error_init(&rig->err);
    return oc_instance_call(i, &inv, id, &rig->err);
}

static inline void rig_until_answers(struct rig *rig, int answers)
{
    RIG_UNTIL(rig, rig->answers >= answers);
}

static inline int rig_call(struct rig *rig, struct oc_instance *i, const char *method,
                           const char *params, int64_t timeout_ms)
{
    const int answers = rig->answers;
    oc_buf_clear(&rig->samples);
    oc_buf_clear(&rig->texts);
    rig->records = rig->deliveries = 0;
    assert_int_equal(rig_begin(rig, i, method, params, timeout_ms, NULL), OC_OK);
    rig_until_answers(rig, answers + 1);
    return rig->code;
}

static inline const char *rig_text(const struct oc_buf *b)
{
    return b->data ? b->data : "";
}

#define assert_has(text, part)                                                                     \
    do {                                                                                           \
        const char *has_text = (text);                                                             \
        if (!strstr(has_text, (part))) {                                                           \
            fail_msg("\"%s\" is not in: %s", (part), has_text);                                    \
        }                                                                                          \
    } while (0)

#endif
