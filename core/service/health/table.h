/* The table of services, shared by the files of the health service. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_HEALTH_TABLE_H
#define OC_SERVICE_HEALTH_TABLE_H

#include "core/base/map.h"
#include "core/base/vec.h"
#include "core/service/health/check.h"
#include "core/service/health/day.h"
#include "core/service/health/health.h"
#include "core/sys/crontime.h"

struct service {
    struct oc_check check;
    char *name, *instance, *target; /* target "" = the instance itself */
    const char *plugin;             /* interned by the store */
    char *output;                   /* of the latest result */
    size_t output_cap;
    /* time of the call for an instance, response_ms sample for a target; -1 unknown */
    int64_t response_ms;
    struct oc_health_day day;
    struct oc_series *uptime;
    double uptime_sent; /* 0 = none yet */
    struct oc_series *score;
    double score_sent;
    int64_t score_sent_ms;
    json_t *detail;       /* what the collector tells beyond samples; may be NULL */
    bool maintenance;     /* a window covers it now */
    uint32_t round;       /* the instance's call that reported it last */
    uint32_t kept_scores; /* what the store has of check.scores, */
    uint8_t kept_results; /* and of check.results: ten bad ones look as none at all */
};

/* One collector as the health service knows it. */
struct source {
    uint32_t round;         /* its calls so far */
    size_t services;        /* that are of this collector */
    bool full;              /* it had more targets than there may be, and that was said */
    size_t reported;        /* statuses in the call that is going on */
    unsigned max_attempts;  /* 0 = default */
    struct oc_list parents; /* const char *, in the arena of the configuration */
};

struct dependency {
    const char *service; /* exact name or glob */
    struct oc_list parents;
};

struct window {
    const char *name;
    struct oc_list services, days;
    const char *start;
    const char *zone, *every;
    int64_t duration_ms;
    int32_t enabled;
    bool by_cron; /* `cron` in `clock` says when it begins; else days and start, in UTC */
    struct oc_cron cron;
    struct oc_zone clock;
};

struct oc_health {
    struct oc_env env;
    struct oc_map services; /* name -> struct service */
    OC_VEC(struct service *) order;
    OC_VEC(struct oc_sample) scores; /* of the batch that is going on */
    struct oc_map sources;           /* instance -> struct source */
    struct oc_subscription *samples, *details, *swept, *members;
    int64_t max_attempts;
    struct oc_arena arena; /* of the configuration in force */
    OC_VEC(struct dependency) dependencies;
    OC_VEC(struct window) windows;
    struct oc_timer *window_timer, *keep_timer;
};

struct service *oc_health_find(struct oc_health *h, const char *name);
json_t *oc_health_service_json(const struct service *s);
/* "web" and "web/api" are named by "web". */
bool oc_health_is_named_by(const char *service, const char *parent);
/* Whether the dependency holds for this service. Its own parents are exempt: "*" needs "router", but
 * the router does not need itself. */
bool oc_health_depends(const struct dependency *d, const char *service);
/* The number of failed checks that make a state of this instance hard. */
unsigned oc_health_max_attempts(const struct oc_health *h, const char *instance);
/* Gives the services of this instance (NULL = all) the number of the configuration in force. */
void oc_health_apply_attempts(struct oc_health *h, const char *instance);
/* True when a service that `s` depends on is critical or unreachable; *parent names it. */
bool oc_health_parent_down(struct oc_health *h, const struct service *s, const char **parent);

/* maintenance.c */
void oc_health_windows_configure(struct oc_health *h, const struct oc_config *config,
                                 struct oc_diags *diags);
void oc_health_windows_finish(struct oc_health *h);
json_t *oc_health_windows_json(void); /* the option table of one window; owned by the caller */
void oc_health_windows_check(void *health); /* timer: begins windows that are due, marks services */
bool oc_health_window_covers(const struct window *w, int64_t now_ms, int64_t *ends_ms);

#define OC_HEALTH_ALERTS_MAX 250 /* in a snapshot */
/* snapshot.c: {timestamp, agents, services, resources, alerts, summary, checks} as the original system gave it, plus ours */
json_t *oc_health_snapshot(struct oc_health *h, const char *only_service);
json_t *oc_health_snapshot_bare(
    struct oc_health *h); /* "alerts" is empty: it may be long, and is asked for elsewhere */
json_t *oc_health_summary(struct oc_health *h);

void oc_health_add_ops(struct oc_health *h, struct oc_ops *ops); /* ops.c */

/* kept.c: what is kept across restarts */
void oc_health_restore(struct oc_health *h, struct service *s);
void oc_health_keep(struct oc_health *h, struct service *s);
void oc_health_keep_scores(void *health); /* of those whose score is another than what is kept */
/* States of services of an instance that have not been heard of since an earlier run would stay for good. */
void oc_health_forget_kept(struct oc_health *h, const char *instance);

#endif
