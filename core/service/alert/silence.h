/* Silences: alerts that people asked not to be told about, for a time. SPDX-License-Identifier: MIT
 * [loop]
 *
 * A silence holds for an alert when all its matchers do. Each is one durable record of the store's
 * space "silence"; it is gone when its time is over. */
#ifndef OC_SERVICE_ALERT_SILENCE_H
#define OC_SERVICE_ALERT_SILENCE_H

#include "core/base/vec.h"
#include "core/service/alert/matcher.h"
#include "core/service/env.h"

#define OC_SILENCES_MAX         1000
#define OC_SILENCE_MATCHERS_MAX 16
#define OC_SILENCE_SPAN_MAX     (366 * OC_DAY)

struct oc_silence {
    char id[37];
    OC_VEC(struct oc_matcher) matchers;
    int64_t starts, ends; /* wall ms */
    char *comment, *created_by;
};

struct oc_silences {
    const struct oc_env *env;
    OC_VEC(struct oc_silence *) list; /* oldest first */
};

void oc_silences_init(struct oc_silences *set, const struct oc_env *env); /* reads the store */
void oc_silences_finish(struct oc_silences *set);

/* Makes a silence from now until `ends` and writes it durably before it counts; publishes
 * silence.created. `texts` are matchers as oc_matcher_parse reads them, at least one. NULL and err:
 * wrong matcher, an end that is past or too far, too many silences, or the store's reason. Borrowed
 * from the set. */
const struct oc_silence *oc_silences_add(struct oc_silences *set, const char *const *texts,
                                         size_t count, int64_t ends, const char *comment,
                                         const char *by, struct oc_error *err);
/* `id` may be a prefix of one id only. Publishes silence.expired with reason "removed"; `by` says
 * who. */
int oc_silences_remove(struct oc_silences *set, const char *id, const char *by,
                       struct oc_error *err);
/* Drops those whose time is over, with silence.expired each; returns how many. */
size_t oc_silences_expire(struct oc_silences *set, int64_t now);

/* The first one that holds for `alert` now, or NULL. */
const struct oc_silence *oc_silences_find(const struct oc_silences *set,
                                          const struct oc_alert *alert, int64_t now);
/* The next moment after `now` at which a silence ends; INT64_MAX when there is none. */
int64_t oc_silences_next(const struct oc_silences *set, int64_t now);

json_t *oc_silence_json(const struct oc_silence *silence);
json_t *oc_silences_json(const struct oc_silences *set, int64_t now); /* those that still count */

#endif
