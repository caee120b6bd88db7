/* Usage by model, provider, agent and key, in buckets of a day and of an hour, durable. SPDX-License-Identifier: MIT  [loop]
 *
 * A bucket is a space of the store, "cost:2026-11-22" or "cost:2026-11-22T13", with one document for each row, so that a
 * change costs the rows that changed. Buckets are read when they are asked for and forgotten again; what changed is written
 * by oc_ledger_write, within the caller's transaction. */
#ifndef OC_SERVICE_COST_LEDGER_H
#define OC_SERVICE_COST_LEDGER_H

#include "core/base/map.h"
#include "core/base/vec.h"
#include "core/store/store.h"
#include "core/sys/zone.h"

/* Of one bucket: what comes beyond is added up in a row "other". */
#define OC_LEDGER_ROWS_MAX 5000

enum oc_usage_field {
    OC_USAGE_REQUESTS, /* that succeeded */
    OC_USAGE_FAILED,
    OC_USAGE_INPUT,
    OC_USAGE_OUTPUT,
    OC_USAGE_CACHE_READ,
    OC_USAGE_CACHE_WRITE,
    OC_USAGE_REPORTED, /* dollars, by the gateway's own count */
    OC_USAGE_FIELDS
};

/* "" = not known. */
struct oc_usage_id {
    const char *model, *provider, *agent, *key;
};

struct oc_usage_row {
    char *text; /* owned; the four names, one after the other; `id` points into it */
    struct oc_usage_id id;
    double v[OC_USAGE_FIELDS];
    bool reported_known; /* the gateway has said what it charges, be it 0 */
    bool dirty;
    bool noted; /* for who adds to it: whether it is one of those of the batch at hand */
};

struct oc_bucket {
    char name[OC_ZONE_HOUR];
    OC_VEC(struct oc_usage_row *) rows;
    struct oc_map index;
    bool dirty;
};

struct oc_ledger {
    struct oc_store *store;
    struct oc_map known;   /* names of buckets that the store holds something of */
    struct oc_map buckets; /* those in memory */
};

void oc_ledger_init(struct oc_ledger *l, struct oc_store *store);
void oc_ledger_finish(struct oc_ledger *l);
/* Never NULL; one that holds nothing is empty. Borrowed until oc_ledger_trim. */
struct oc_bucket *oc_ledger_bucket(struct oc_ledger *l, const char *name);
/* Whether it holds something, be it not written yet. */
bool oc_ledger_has(const struct oc_ledger *l, const char *name);
/* The row of `id`, made when it is new. */
struct oc_usage_row *oc_bucket_row(struct oc_bucket *b, const struct oc_usage_id *id);
void oc_bucket_touch(struct oc_bucket *b, struct oc_usage_row *row); /* it has changed */
/* Between oc_store_begin and oc_store_end. `done` false: the transaction failed, all of it is to be written again. */
void oc_ledger_write(struct oc_ledger *l);
void oc_ledger_written(struct oc_ledger *l, bool done);
/* Forgets buckets in memory but the two named ones. */
void oc_ledger_trim(struct oc_ledger *l, const char *day, const char *hour);
/* Removes days before `day` and hours before those of the date `hours`. */
void oc_ledger_expire(struct oc_ledger *l, const char *day, const char *hours);

#endif
