/* Entries of inhibition: which alerts keep quiet what has the same values, and what they keep so. SPDX-License-Identifier: MIT  [loop]
 *
 * An entry is of one rule and one set of values of its equal labels. It knows its sources by links, each in two lists: that of the entry and that of the alert. An entry
 * is there as long as it has a source. Entries, links and what is held have numbers (slab.h), as there may be several for each alert. */
#ifndef OC_SERVICE_ALERT_INHIBIT_ENTRY_H
#define OC_SERVICE_ALERT_INHIBIT_ENTRY_H

#include "core/service/alert/table/slab.h"
#include "core/service/alert/table/table.h"

struct oc_inhibit_entry {
    uint64_t key; /* of rule and equal values */
    uint32_t rule;
    uint32_t first[2]; /* links to its sources; 1: those that are targets, too */
    uint32_t held;     /* first of those kept quiet; some may be so no more */
};

/* A source in an entry. */
struct oc_inhibit_link {
    uint32_t entry : 31, both : 1;
    uint32_t also : 31, last : 1; /* the next link of the alert; last: the alert itself */
    uint32_t prev, next;          /* in the entry */
};

struct oc_inhibit_held {
    uint32_t alert, next;
};

struct oc_inhibit_entries {
    struct oc_alerts *alerts; /* borrowed */
    struct oc_slab entries, links, held;
    uint32_t *slots; /* key -> entry */
    size_t slot_count, count;
    uint32_t *first_of; /* place of an alert -> its first link */
    size_t first_count;
    /* Those that are forgotten stay held, until more than so many are. */
    size_t held_count, held_max;
    /* Some of our own rules may be quiet. Their labels change, so they are asked again whenever an entry ends. */
    bool own_held;
};

void oc_inhibit_entries_init(struct oc_inhibit_entries *e, struct oc_alerts *alerts);
void oc_inhibit_entries_clear(struct oc_inhibit_entries *e);

static inline struct oc_inhibit_entry *oc_inhibit_entry_at(const struct oc_inhibit_entries *e,
                                                           uint32_t number)
{
    return oc_slab_at(&e->entries, number);
}
/* 0: there is none. */
uint32_t oc_inhibit_entry_find(const struct oc_inhibit_entries *e, uint64_t key);
/* A source of it, borrowed; one that is no target, if there is one. */
const struct oc_alert *oc_inhibit_entry_source(const struct oc_inhibit_entries *e, uint32_t number);
/* Steps through the entries that the alert is a source in: begin with *link = 0; *rule is whose it is; false at the end. */
bool oc_inhibit_entries_next(const struct oc_inhibit_entries *e, const struct oc_alert *a,
                             uint32_t *link, uint32_t *rule);

/* The alert is a source for what has this key, unless it is already; the entry is made if it is new. `both`: it is a target of the rule, too. */
void oc_inhibit_entry_join(struct oc_inhibit_entries *e, uint32_t rule, uint64_t key,
                           struct oc_alert *a, bool both);
/* It is a source no more. What was quiet because of it alone is marked as changed. */
void oc_inhibit_entries_leave(struct oc_inhibit_entries *e, struct oc_alert *a);
/* The entry keeps the alert quiet. */
void oc_inhibit_entry_hold(struct oc_inhibit_entries *e, uint32_t number, const struct oc_alert *a);

#endif
