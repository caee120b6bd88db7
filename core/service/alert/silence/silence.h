/* Silences: alerts that people asked not to be told about, for a time. SPDX-License-Identifier: MIT
 * [loop]
 *
 * A silence holds for an alert when all its matchers do, from its start to its end. Each is one durable record of the store's
 * space "silence". One that has ended is kept for as long as Alertmanager keeps them by default, in the list of expired ones
 * and as a record that says so: one that does not, and whose time is over, ended while nobody ran, and is yet to be ended. */
#ifndef OC_SERVICE_ALERT_SILENCE_H
#define OC_SERVICE_ALERT_SILENCE_H

#include "core/base/time.h"
#include "core/base/vec.h"
#include "core/service/alert/look/view.h"
#include "core/service/alert/silence/silence_recur.h"
#include "core/service/alert/table/matcher.h"
#include "core/service/alert/table/table.h"
#include "core/service/env.h"

#define OC_SILENCES_MAX         10000
#define OC_SILENCES_EXPIRED_MAX 1000 /* remembered, the last ones that ended */
#define OC_SILENCE_MATCHERS_MAX 32
#define OC_SILENCE_SPAN_MAX     (366 * OC_DAY)
#define OC_SILENCE_TEXT_MAX     4096 /* bytes of a comment */
#define OC_SILENCE_KEEP_EXPIRED (5 * OC_DAY)

struct oc_silence {
    char id[37];
    OC_VEC(struct oc_matcher) matchers;
    int64_t starts, ends, updated; /* wall ms */
    char *comment, *created_by;
    struct oc_recurrence *recur; /* owned; NULL: it does not come again */
    int64_t noticed;             /* the end of which people were warned; 0: none */
    bool until_resolved;         /* it ends when the alerts that it is about have ended */
    bool check;                  /* one of them has: look again */
    uint32_t number;             /* in the table of alerts */
    uint32_t anchor; /* a pair that an alert must have; held; OC_LABEL_NONE: any alert may match */
    bool begun;      /* its alerts have been looked at */
    bool ended;      /* and that has been told; it is in the list of expired ones */
};

struct oc_silences {
    const struct oc_env *env;
    struct oc_alerts *alerts;
    OC_VEC(struct oc_silence *) list;    /* those that hold or will, oldest first */
    OC_VEC(struct oc_silence *) expired; /* oldest end first */
    int64_t notice;             /* ms before the end at which people are warned; 0: never */
    size_t conditional, checks; /* of the list: until resolved; to be checked */
};

/* Reads the store. Both are borrowed. */
void oc_silences_init(struct oc_silences *set, const struct oc_env *env, struct oc_alerts *alerts);
void oc_silences_finish(struct oc_silences *set);

/* Makes or changes a silence (`draft`: view.h) and writes it durably before it counts. When what is silenced would be another set
 * (other matchers, or another start of one that has begun), or it has expired, the old one is expired and a new one made, with a
 * new id. Publishes silence.created (and silence.expired for one that was replaced) or silence.updated. Borrowed from the set;
 * NULL and err: OC_E_NOT_FOUND when there is none of this id, OC_E_CONFIG when it is wrong, OC_E_RETRY or another when it could not be written. */
const struct oc_silence *oc_silences_put(struct oc_silences *set,
                                         const struct oc_silence_draft *draft,
                                         struct oc_error *err);
/* The one whose id begins so, with at least four digits of it: one digit is a slip of the finger. NULL and err. */
const struct oc_silence *oc_silences_choose(const struct oc_silences *set, const char *id,
                                            struct oc_error *err);
/* `id` is whole. One that recurs comes again if only this occurrence is ended (`once`). Publishes silence.expired
 * with reason "removed"; `by` says who. OC_E_NOT_FOUND; one that has expired gives OC_E_CONFLICT. */
int oc_silences_remove(struct oc_silences *set, const char *id, bool once, const char *by,
                       struct oc_error *err);
/* Those that begin or end at `now`: the alerts that they hold (or held) are marked as changed; silence.expired for each that
 * is over. */
void oc_silences_settle(struct oc_silences *set, int64_t now);

/* An alert has ended: what was to last until then is looked at when silences are settled. */
void oc_silences_resolved(struct oc_silences *set, const struct oc_alert *alert);
bool oc_silences_holds_firing(const struct oc_silences *set, const struct oc_silence *silence);
/* silence.expiring and a notice for each that will end soon over firing alerts, once. */
struct oc_alert_service;
void oc_silences_warn(struct oc_alert_service *s, int64_t now);
int64_t oc_silences_next_warning(const struct oc_silences *set, int64_t now); /* INT64_MAX: none */

/* silence_ended.c: takes one that has ended, in the order of their ends. */
void oc_silences_remember(struct oc_silences *set, struct oc_silence *silence);
void oc_silences_forget_old(struct oc_silences *set, int64_t now); /* with their records */
int64_t oc_silences_next_forgotten(const struct oc_silences *set); /* INT64_MAX: none */

/* The first one that holds for `alert` now, or NULL. */
const struct oc_silence *oc_silences_find(const struct oc_silences *set,
                                          const struct oc_alert *alert, int64_t now);
bool oc_silence_holds(const struct oc_silences *set, const struct oc_silence *silence,
                      const struct oc_alert *alert, int64_t now);
/* Also an expired one; NULL. */
const struct oc_silence *oc_silences_get(const struct oc_silences *set, const char *id);
/* The next moment after `now` at which a silence begins, ends or is forgotten; INT64_MAX when there is none. */
int64_t oc_silences_next(const struct oc_silences *set, int64_t now);
enum oc_silence_state oc_silence_state(const struct oc_silence *silence, int64_t now);

json_t *oc_silence_json(const struct oc_silence *silence);
json_t *oc_silences_json(const struct oc_silences *set, int64_t now); /* those that still count */

#endif
