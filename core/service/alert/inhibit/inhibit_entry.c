/* Entries of inhibition, their sources and what they keep quiet. SPDX-License-Identifier: MIT */
#include "core/service/alert/inhibit/inhibit_entry.h"

#include <string.h>

#include "core/base/mem.h"

#define SLOTS_FIRST 64
#define HELD_FIRST  1024

void oc_inhibit_entries_init(struct oc_inhibit_entries *e, struct oc_alerts *alerts)
{
    memset(e, 0, sizeof *e);
    e->alerts = alerts;
    e->held_max = HELD_FIRST;
    oc_slab_init(&e->entries, sizeof(struct oc_inhibit_entry));
    oc_slab_init(&e->links, sizeof(struct oc_inhibit_link));
    oc_slab_init(&e->held, sizeof(struct oc_inhibit_held));
}

void oc_inhibit_entries_clear(struct oc_inhibit_entries *e)
{
    oc_slab_clear(&e->entries);
    oc_slab_clear(&e->links);
    oc_slab_clear(&e->held);
    OC_FREE(e->slots);
    OC_FREE(e->first_of);
    e->slot_count = e->count = e->first_count = 0;
    e->held_count = 0;
    e->held_max = HELD_FIRST;
    e->own_held = false;
}

static struct oc_inhibit_link *link_at(const struct oc_inhibit_entries *e, uint32_t number)
{
    return oc_slab_at(&e->links, number);
}

/* ---- by key: open addressing, linear ---- */

static uint64_t key_at(const struct oc_inhibit_entries *e, size_t slot)
{
    return oc_inhibit_entry_at(e, e->slots[slot])->key;
}

uint32_t oc_inhibit_entry_find(const struct oc_inhibit_entries *e, uint64_t key)
{
    const size_t mask = e->slot_count - 1;
    for (size_t k = key & mask; e->slot_count && e->slots[k]; k = (k + 1) & mask) {
        if (key_at(e, k) == key) {
            return e->slots[k];
        }
    }
    return 0;
}

static void enter(struct oc_inhibit_entries *e, uint32_t number)
{
    size_t k = oc_inhibit_entry_at(e, number)->key & (e->slot_count - 1);
    while (e->slots[k]) {
        k = (k + 1) & (e->slot_count - 1);
    }
    e->slots[k] = number;
}

static void grow(struct oc_inhibit_entries *e)
{
    uint32_t *old = e->slots;
    const size_t old_count = e->slot_count;
    if (2 * (e->count + 1) <= old_count) {
        return;
    }
    e->slot_count = old_count ? 2 * old_count : SLOTS_FIRST;
    e->slots = oc_calloc(e->slot_count, sizeof *e->slots);
    for (size_t k = 0; k < old_count; k++) {
        if (old[k]) {
            enter(e, old[k]);
        }
    }
    free(old);
}

static uint32_t make_entry(struct oc_inhibit_entries *e, uint32_t rule, uint64_t key)
{
    const uint32_t number = oc_slab_take(&e->entries);
    grow(e);
    *oc_inhibit_entry_at(e, number) = (struct oc_inhibit_entry){.key = key, .rule = rule};
    enter(e, number);
    e->count++;
    return number;
}

/* Closes the gap, so that no marks of removed entries are needed. */
static void withdraw(struct oc_inhibit_entries *e, uint32_t number)
{
    size_t mask = e->slot_count - 1, k = oc_inhibit_entry_at(e, number)->key & mask;
    while (e->slots[k] != number) {
        k = (k + 1) & mask;
    }
    for (size_t n = (k + 1) & mask; e->slots[n]; n = (n + 1) & mask) {
        if (((n - key_at(e, n)) & mask) >= ((n - k) & mask)) {
            e->slots[k] = e->slots[n];
            k = n;
        }
    }
    e->slots[k] = 0;
}

static void end_entry(struct oc_inhibit_entries *e, uint32_t number)
{
    withdraw(e, number);
    oc_slab_give(&e->entries, number);
    e->count--;
}

/* ---- what is kept quiet ---- */

static void strike(struct oc_inhibit_entries *e, uint32_t *at)
{
    const uint32_t number = *at;
    *at = ((const struct oc_inhibit_held *)oc_slab_at(&e->held, number))->next;
    oc_slab_give(&e->held, number);
    e->held_count--;
}

/* Strikes off who was forgotten meanwhile, or is there twice because another has its place now. */
static void tidy(struct oc_inhibit_entries *e)
{
    uint32_t *met = oc_calloc(e->alerts->made, sizeof *met);
    for (size_t k = 0; k < e->slot_count; k++) {
        uint32_t *at = e->slots[k] ? &oc_inhibit_entry_at(e, e->slots[k])->held : NULL;
        while (at && *at) {
            struct oc_inhibit_held *held = oc_slab_at(&e->held, *at);
            const struct oc_alert *a = oc_alerts_at(e->alerts, held->alert);
            if (a->body && a->inhibited && met[held->alert] != e->slots[k]) {
                met[held->alert] = e->slots[k];
                at = &held->next;
            } else {
                strike(e, at);
            }
        }
    }
    free(met);
    e->held_max = 2 * e->held_count + HELD_FIRST;
}

void oc_inhibit_entry_hold(struct oc_inhibit_entries *e, uint32_t number, const struct oc_alert *a)
{
    struct oc_inhibit_entry *entry = oc_inhibit_entry_at(e, number);
    if (!a->posted) {
        e->own_held = true;
        return;
    }
    if (e->held_count >= e->held_max) {
        tidy(e);
    }
    const uint32_t at = oc_slab_take(&e->held);
    struct oc_inhibit_held *held = oc_slab_at(&e->held, at);
    *held = (struct oc_inhibit_held){a->index, entry->held};
    entry->held = at;
    e->held_count++;
}

/* It is looked at again. */
static void let_go(struct oc_inhibit_entries *e, struct oc_alert *a)
{
    if (a->body && a->inhibited) {
        a->inhibited = false; /* until it is looked at: whoever holds it then remembers it */
        oc_alerts_change(e->alerts, a);
    }
}

static void release_own(struct oc_inhibit_entries *e)
{
    for (uint32_t place = 0; place < e->alerts->made; place++) {
        if (oc_alerts_may_be_ours(e->alerts, place)) {
            let_go(e, oc_alerts_at(e->alerts, place));
        }
    }
    e->own_held = false;
}

static void release(struct oc_inhibit_entries *e, struct oc_inhibit_entry *entry)
{
    while (entry->held) {
        const struct oc_inhibit_held *held = oc_slab_at(&e->held, entry->held);
        let_go(e, oc_alerts_at(e->alerts, held->alert));
        strike(e, &entry->held);
    }
    if (e->own_held) {
        release_own(e);
    }
}

/* ---- sources ---- */

static uint32_t *first_link(struct oc_inhibit_entries *e, uint32_t place)
{
    if (place >= e->first_count) {
        size_t count = e->alerts->made + OC_ALERT_SLAB;
        e->first_of = oc_realloc(e->first_of, count * sizeof *e->first_of);
        memset(e->first_of + e->first_count, 0, (count - e->first_count) * sizeof *e->first_of);
        e->first_count = count;
    }
    return &e->first_of[place];
}

/* 0: it was the last one. */
static uint32_t next_of(const struct oc_inhibit_link *link)
{
    return link->last ? 0 : link->also;
}

static bool is_in(struct oc_inhibit_entries *e, const struct oc_alert *a, uint32_t number)
{
    for (uint32_t k = *first_link(e, a->index); k; k = next_of(link_at(e, k))) {
        if (link_at(e, k)->entry == number) {
            return true;
        }
    }
    return false;
}

void oc_inhibit_entry_join(struct oc_inhibit_entries *e, uint32_t rule, uint64_t key,
                           struct oc_alert *a, bool both)
{
    uint32_t number = oc_inhibit_entry_find(e, key);
    if (number && is_in(e, a, number)) {
        return; /* two labels led to one rule */
    }
    number = number ? number : make_entry(e, rule, key);
    uint32_t *of_alert = first_link(e, a->index);
    uint32_t *of_entry = &oc_inhibit_entry_at(e, number)->first[both];
    const uint32_t at = oc_slab_take(&e->links);
    *link_at(e, at) =
        (struct oc_inhibit_link){.entry = number & INT32_MAX,
                                 .both = both,
                                 .also = (*of_alert ? *of_alert : a->index) & INT32_MAX,
                                 .last = *of_alert == 0,
                                 .next = *of_entry};
    if (*of_entry) {
        link_at(e, *of_entry)->prev = at;
    }
    *of_entry = *of_alert = at;
    a->source = true;
    a->lingers = a->lingers || !a->firing;
}

static void take_out(struct oc_inhibit_entries *e, const struct oc_inhibit_link *link)
{
    struct oc_inhibit_entry *entry = oc_inhibit_entry_at(e, link->entry);
    *(link->prev ? &link_at(e, link->prev)->next : &entry->first[link->both]) = link->next;
    if (link->next) {
        link_at(e, link->next)->prev = link->prev;
    }
    if (!entry->first[0]) {
        release(e, entry); /* those that two-sided sources still hold find that out */
    }
    if (!entry->first[0] && !entry->first[1]) {
        end_entry(e, link->entry);
    }
}

void oc_inhibit_entries_leave(struct oc_inhibit_entries *e, struct oc_alert *a)
{
    uint32_t *first = first_link(e, a->index);
    while (*first) {
        const uint32_t at = *first;
        const struct oc_inhibit_link link = *link_at(e, at);
        *first = next_of(&link);
        oc_slab_give(&e->links, at);
        take_out(e, &link);
    }
    a->source = a->lingers = false;
}

const struct oc_alert *oc_inhibit_entry_source(const struct oc_inhibit_entries *e, uint32_t number)
{
    const struct oc_inhibit_entry *entry = oc_inhibit_entry_at(e, number);
    const struct oc_inhibit_link *link = link_at(e, entry->first[entry->first[0] ? 0 : 1]);
    while (!link->last) {
        link = link_at(e, link->also);
    }
    return oc_alerts_at(e->alerts, link->also);
}

bool oc_inhibit_entries_next(const struct oc_inhibit_entries *e, const struct oc_alert *a,
                             uint32_t *link, uint32_t *rule)
{
    const uint32_t first = a->index < e->first_count ? e->first_of[a->index] : 0;
    *link = *link ? next_of(link_at(e, *link)) : first;
    if (*link) {
        *rule = oc_inhibit_entry_at(e, link_at(e, *link)->entry)->rule;
    }
    return *link != 0;
}
