/* The alert service's own state, shared by its files. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_ALERT_SERVICE_H
#define OC_SERVICE_ALERT_SERVICE_H

#include "core/base/arena.h"
#include "core/base/map.h"
#include "core/service/alert/alert.h"
#include "core/service/alert/deliver/outbox.h"
#include "core/service/alert/group/group.h"
#include "core/service/alert/inhibit/inhibit.h"
#include "core/service/alert/intake/ingest.h"
#include "core/service/alert/notice.h"
#include "core/service/alert/route/route.h"
#include "core/service/alert/silence/silence.h"
#include "core/service/alert/table/table.h"
#include "core/store/journal.h"

#define OC_ALERT_NEWS_BURST                                                                        \
    2000 /* events at once; beyond, and beyond the rate, they are counted in alert.storm */
#define OC_ALERT_NEWS_RATE 200 /* a second */

struct oc_alert_options {
    int64_t silence_notice, storm_limit, storm_interval;
    int64_t cooldown, repeat_interval, keep_resolved, resolve_timeout, max;
    int64_t group_wait, group_interval;
    struct oc_list group_by;
};

/* A post whose answer waits for the disk. */
struct oc_ingest_batch {
    oc_ingest_fn done;
    void *ctx;
    struct oc_ingest_result *refused; /* owned; NULL: all `taken` were sound, which is the rule */
    size_t taken;
};

/* Batches that share one fsync. */
struct oc_ingest_group {
    struct oc_alert_service *service;
    struct oc_ingest_group *next;
    OC_VEC(struct oc_ingest_batch) batches;
};

/* An event that is made and not yet published. */
struct oc_alert_said {
    const char *topic;
    json_t *data; /* owned */
};

struct oc_noise;

struct oc_alert_service {
    const struct oc_env *env;
    struct oc_alert_options options; /* its lists are not used: see group_by */
    OC_VEC(char *) group_by;
    char *config_folder; /* conf.d is in it; NULL: not configured yet */
    struct oc_alerts alerts;
    struct oc_map rule_cooldowns; /* rule -> int64_t ms, owned */
    json_t *inhibit_rules;        /* owned: `alerts.inhibit` of the configuration */
    struct oc_silences silences;
    struct oc_outbox outbox;
    struct oc_noise *noise; /* noise.h */
    struct oc_router_state routing;
    struct oc_groups groups;
    struct oc_inhibitor inhibitor;
    /* Nothing may be told by this leaf now; *until: when that ends. NULL: always may it be told. */
    bool (*is_muted)(const struct oc_alert_service *s, const struct oc_leaf *leaf, int64_t now,
                     int64_t *until);
    struct oc_subscription *firing, *resolved, *loaded;
    struct oc_timer *commit; /* one round of oc_alert_commit; not started when ephemeral */
    int64_t commit_at;       /* wall ms, for what `commit` is set */
    size_t stopping;         /* channels whose instances are not gone yet */
    oc_loop_fn stopped;
    void *stopped_ctx;
    bool configured, full;

    /* keep.c */
    struct oc_journal *journal; /* NULL: nothing is kept */
    struct oc_error unopened;   /* why there is none where there should be one */
    struct oc_buf scratch;      /* one record */
    bool cleaning;              /* segments up to clean_to are being replaced */
    uint32_t clean_to;
    uint32_t clean_at;       /* the next place of the table to look at */
    OC_VEC(uint32_t) unkept; /* places of alerts whose record waits for the end of the round */
    uint64_t record_bytes, records; /* whole records written ever: how large one is */
    bool cleaning_syncs;            /* all is written, the fsync is under way */
    bool failing;                   /* and said */
    int64_t retry_at;               /* wall ms; when failing */
    json_t *migrated;               /* ids that the store of the version before has; NULL: none */

    /* ingest.c */
    struct oc_ingest_group *gathering; /* batches of this turn; NULL: none */
    struct oc_ingest_group *syncing;   /* groups whose fsync is under way */
    struct oc_ingest_scratch *ingest;
    struct oc_intake *slices; /* lists that are taken a slice at a time; NULL: none */
    struct oc_timer *slice;   /* made when it is needed */
    uint64_t received_firing, received_resolved, received_invalid, received_dropped;

    struct oc_view_scratch *view; /* view.c; made when it is needed */

    /* commit.c */
    OC_VEC(struct oc_alert_said) news; /* in their order */
    size_t news_said;                  /* of them */
    double news_left;                  /* events that may be published now */
    int64_t news_at;
    uint64_t unsaid_firing, unsaid_resolved; /* not published one by one */
};

/* One round: what is due is decided and routed, written as one frame, then told and sent. */
void oc_alert_commit(struct oc_alert_service *s);
/* Publishes what rounds had to say, in its order; true when some is left at `until` (monotonic). */
bool oc_alert_publish(struct oc_alert_service *s, int64_t until);
/* A round in at most `delay_ms`; nothing when ephemeral. */
void oc_alert_wake(struct oc_alert_service *s, int64_t delay_ms);

/* NULL and err when no alert, or more than one, has an id that begins so. */
struct oc_alert *oc_alert_find_prefix(const struct oc_alert_service *s, const char *id,
                                      struct oc_error *err);
/* A place for a new alert is there, or has been made; else false. */
bool oc_alert_make_room(struct oc_alert_service *s);
/* It is forgotten for good, also by the journal. */
void oc_alert_forget(struct oc_alert_service *s, struct oc_alert *a);
/* When it is to be looked at again if nothing happens. */
int64_t oc_alert_next_look(const struct oc_alert_service *s, const struct oc_alert *a,
                           int64_t notice);
int64_t oc_alert_cooldown(const struct oc_alert_service *s, const struct oc_alert *a);

/* ---- keep.c: the journal ---- */

void oc_keep_open(struct oc_alert_service *s);
void oc_keep_close(struct oc_alert_service *s);
/* Adds what the journal does not have of this alert. */
void oc_keep_alert(struct oc_alert_service *s, struct oc_alert *a);
/* The same at the end of the round that is to come: what it decides of the alert is in the record then. */
void oc_keep_later(struct oc_alert_service *s, const struct oc_alert *a);
void oc_keep_late(struct oc_alert_service *s); /* what waits for that */
void oc_keep_removal(struct oc_alert_service *s, const struct oc_alert *a);
/* Adds the record of a group: when it was told last. */
void oc_keep_group(struct oc_alert_service *s, struct oc_group *group);
/* Writes one alert durably now. */
int oc_keep_now(struct oc_alert_service *s, struct oc_alert *a, struct oc_error *err);
/* The end of a round: writes the frame, makes room, recovers. When to look again, in ms; INT64_MAX: no need. */
int64_t oc_keep_round(struct oc_alert_service *s, int64_t now);

/* ---- ingest.c ---- */

/* The batches of this turn are answered when what was flushed is on the disk. */
void oc_ingest_settle(struct oc_alert_service *s);
void oc_ingest_finish(struct oc_alert_service *s); /* answers what waits */

void oc_alert_add_ops(struct oc_alert_service *s);
void oc_alert_add_care_ops(struct oc_alert_service *s);
void oc_alert_add_list_ops(struct oc_alert_service *s);
void oc_alert_add_group_ops(struct oc_alert_service *s);
void oc_alert_add_silence_ops(struct oc_alert_service *s);
void oc_alert_add_channel_ops(struct oc_alert_service *s);
void oc_alert_add_route_ops(struct oc_alert_service *s);
void oc_alert_add_import_ops(struct oc_alert_service *s);
void oc_alert_add_why_op(struct oc_alert_service *s);

/* ops_routes.c: who would be told of the alert at `at`, and why nobody else: the answer of alert.routes.test. `real`: it is one of the
 * table's, not one made to be tried. */
json_t *oc_alert_routing_json(struct oc_alert_service *s, struct oc_alert *alert, int64_t at,
                              bool real);
/* ops_alert.c: an event of the store as alert.history lists it. Owned by the caller. */
json_t *oc_alert_history_row(const json_t *event);

/* inhibit_config.c: the sound rules of `alerts.inhibit`, owned by the caller; the others are findings. */
json_t *oc_alert_read_inhibition(const struct oc_node *root, struct oc_diags *diags);
json_t *oc_inhibit_options_json(void);
/* inhibit_load.c: takes the rules of the `inhibit` policy and of the configuration anew; alerts are looked at again when they differ. */
void oc_alert_load_inhibition(struct oc_alert_service *s);
#define OC_ALERT_INHIBITORS_MAX 16 /* named in a row */
/* With the names that dashboards of old know: description, timestamp. What it shows is also what watch.c stamps. */
json_t *oc_alert_row(const struct oc_alert_service *s, const struct oc_alert *a);
/* What oc_alert_row gives, for the tables of operations (oc_op.result). */
#define OC_ALERT_SHAPE                                                                             \
    "{id: string, severity: string, state: string, status: string, rule: string, "                 \
    "category: string, instance: string, target: string, metric: string, "                         \
    "message: string, reason: string, labels: {*: string}, annotations: {*: "                      \
    "string}, channels: [string], value: number|null, entity: string, title: "                     \
    "string, starts_at: time|null, ends_at: time|null, updated_at: time|null, "                    \
    "acknowledged: {by: string, at: time|null, comment: string|null, until?: time}|null, "         \
    "escalation?: {step: integer, raised: boolean, since: "                                        \
    "time|null, due: time|null}, assigned?: {to: string, by: string, at: time|null}, "             \
    "silenced_by: "                                                                                \
    "string|null, inhibited_by?: [string], told: [string], notifications: integer, notified_at: "  \
    "time|null}"
/* NULL when the call has been failed. */
struct oc_alert *oc_alert_named(struct oc_call *call, struct oc_alert_service *s, const char *id);

/* Channels of the configuration, made and unmade. */
void oc_alert_configure_channels(struct oc_alert_service *s, const struct oc_node *root,
                                 struct oc_diags *diags);

#endif
