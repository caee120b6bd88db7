/* Evaluates rules over series and keeps their states. SPDX-License-Identifier: MIT
 *
 * The service drives one engine with live samples, `rules test` drives another with invented ones
 * over a store in memory. Each (rule, series of its primary metric) is a subject; series->rules
 * points to the subjects that a sample of that series concerns, so the hot path is a pointer walk.
 * Only a subject that is not quiet has a live state. [loop] */
#ifndef OC_SERVICE_RULE_ENGINE_H
#define OC_SERVICE_RULE_ENGINE_H

#include "core/base/map.h"
#include "core/service/rule/definition.h"
#include "core/store/series.h"
#include "core/store/store.h"

#define OC_RULE_LIVE_MAX 100000 /* states that are not inactive */
#define OC_RULE_SPACE    "rule" /* of the key/value store */

struct oc_rule_subject {
    struct oc_rule *rule;
    struct oc_series *series; /* of the primary metric */
    struct oc_series *
        *bound; /* series of rule->reads, [0] = series; NULL when the rule reads one metric */
    struct oc_rule_live *live; /* NULL = inactive */
    uint64_t round;            /* batch in which it was queued last */
    bool failed;               /* its latest answer was an error */
};

/* What is pending, firing or resolved. */
struct oc_rule_live {
    char fingerprint[17];
    struct oc_rule *rule;
    struct oc_series *series;
    struct oc_rule_subject *subject; /* NULL until the series has had a sample */
    struct oc_rule_machine machine;
    double value; /* latest, of the primary metric */
    bool told;    /* this firing was published since the rule was (re)defined */
};

struct oc_rule_key {
    char fingerprint[17];
};

struct oc_rule_event {
    const char *topic;
    json_t *data;
};

struct oc_rule_engine {
    struct oc_store *store;
    struct oc_lua *lua;
    struct oc_thresholds thresholds;
    OC_VEC(struct oc_rule *) rules;     /* as configured, unusable ones included */
    struct oc_map readers;              /* metric -> struct oc_rule_readers */
    OC_VEC(struct oc_series *) watched; /* series->rules is ours */
    OC_VEC(struct oc_rule_subject *) subjects;
    OC_VEC(struct oc_rule_subject *)
    queue;              /* subjects of several metrics, due at the end of the batch */
    struct oc_map live; /* fingerprint -> struct oc_rule_live */
    OC_VEC(struct oc_rule_event) events; /* what happened, not yet published */
    OC_VEC(struct oc_rule_key) touched;  /* states to write to the store, or to remove from it */
    uint64_t round;
    bool rebind; /* some rule has `rebind` */
    bool ended;  /* the same, at the end of the batch */
    bool full;   /* the cap was hit and said */
    bool publishing;
    size_t live_max;
};

struct oc_rule_engine *oc_rule_engine_create(struct oc_store *store);
void oc_rule_engine_destroy(
    struct oc_rule_engine *e); /* NULL is fine; the store must still be open */

/* Where a configuration has its rules. Either node may be NULL. */
struct oc_rule_source {
    const struct oc_node *thresholds, *rules;
    const struct oc_node *defaults; /* the thresholds that the host brings; NULL: none */
    const char *path;               /* of the rules in messages: "alerts.rules" */
};
/* States are kept by rule name and version; those that end leave a "rule changed" event. */
void oc_rule_engine_configure(struct oc_rule_engine *e, const struct oc_rule_source *source,
                              int64_t now_ms, struct oc_diags *diags);
/* Samples that the store has taken already. */
void oc_rule_engine_samples(struct oc_rule_engine *e, const struct oc_sample *samples,
                            size_t count);
/* Time alone. */
void oc_rule_engine_tick(struct oc_rule_engine *e, int64_t now_ms);

/* ---- what follows from it, for whoever drives the engine ---- */

/* Gives every event since the last call to `publish`, which takes `data` and may bring further
 * samples. */
void oc_rule_engine_publish(struct oc_rule_engine *e,
                            void (*publish)(void *ctx, const char *topic, json_t *data), void *ctx);
/* Writes what changed since the last call, in one durable transaction. On failure it is tried again
 * next time. */
int oc_rule_engine_save(struct oc_rule_engine *e, struct oc_error *err);
/* The same before a stop, and besides until when everything pending was measured: the samples of its first metric, which are
 * all that is left after a crash, do not tell that when another one comes more often. */
int oc_rule_engine_save_all(struct oc_rule_engine *e, struct oc_error *err);
/* Reads the states that were saved; call once, after the first configure. */
void oc_rule_engine_restore(struct oc_rule_engine *e, int64_t now_ms);

struct oc_rule *oc_rule_engine_find(struct oc_rule_engine *e, const char *name);
/* Of all that are configured, unusable ones included. */
const struct oc_rule *oc_rule_engine_named(const struct oc_rule_engine *e, const char *name);
/* How many states of a rule are in each state; [OC_RULE_INACTIVE] = subjects that are quiet. */
void oc_rule_engine_count(struct oc_rule_engine *e, const struct oc_rule *rule, size_t counts[4]);

/* ---- between the files of this folder ---- */

enum oc_truth { OC_TRUTH_FALSE, OC_TRUTH_TRUE, OC_TRUTH_UNKNOWN, OC_TRUTH_GONE };

/* Evaluates a condition for a subject at a time; an error is counted at the rule and gives UNKNOWN, unless it is an answer that is
 * neither true nor false: of these the number 0 is false. */
enum oc_truth oc_rule_ask(struct oc_rule_engine *e, struct oc_rule_subject *s,
                          const struct oc_cond *cond, int64_t at_ms, double value);
/* Finds the series that a subject of several metrics reads. */
void oc_rule_bind(struct oc_rule_engine *e, struct oc_rule_subject *s);

/* 16 hex digits over the rule's name and the series' labels. */
void oc_rule_fingerprint(const char *rule, const struct oc_series *series, char out[17]);
/* The event of env.h; owned by the caller. */
/* {"instance":"x","mount":"/"}; owned by the caller. */
json_t *oc_rule_labels_json(const struct oc_series *series);
json_t *oc_rule_event_json(const struct oc_rule_live *live, int64_t at_ms, const char *reason);
/* The message with its variables filled in; owned by the caller. */
char *oc_rule_message(const struct oc_rule_live *live, int64_t at_ms);

/* The rules that read one metric, and the series of it that were seen. */
struct oc_rule_readers {
    const char *metric; /* interned: equal pointers are equal names */
    OC_VEC(struct oc_rule *) rules;
    OC_VEC(struct oc_series *) series; /* kept only where some rule reads it besides its primary */
    bool secondary;
};

/* A new state, inactive so far; NULL when there are too many. */
struct oc_rule_live *oc_rule_live_add(struct oc_rule_engine *e, struct oc_rule *rule,
                                      struct oc_series *series);
void oc_rule_live_drop(struct oc_rule_engine *e, struct oc_rule_live *live);
/* It is another than was saved. */
void oc_rule_live_touch(struct oc_rule_engine *e, const struct oc_rule_live *live);
/* The series or the rule is no more: resolves what fires. */
void oc_rule_live_end(struct oc_rule_engine *e, struct oc_rule_live *live, int64_t at_ms,
                      const char *reason);
/* Notes that a live state changed: queues its event and marks it for saving. One that became
 * inactive is gone after this, unless it has no subject. */
void oc_rule_live_changed(struct oc_rule_engine *e, struct oc_rule_live *live, int64_t at_ms,
                          const char *reason);

#endif
