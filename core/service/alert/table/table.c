/* The table of alerts. SPDX-License-Identifier: MIT */
#include "table.h"

#include <string.h>

#include "core/base/text.h"
#include "core/service/alert/escalate/escalate.h"
#include "core/service/alert/table/fingerprint.h"

#define SLOTS_FIRST 256
#define NAME_SEED   UINT64_C(0x616c657274206964)

static struct oc_label_ref *ref_of(void *ctx, uint32_t alert, uint32_t pair)
{
    struct oc_alert_body *body = oc_alerts_at(ctx, alert)->body;
    for (uint32_t i = 0; i < body->ref_count; i++) {
        if ((body->refs[i].pair & OC_LABEL_NUMBER) == pair) {
            return &body->refs[i];
        }
    }
    return NULL;
}

void oc_alerts_init(struct oc_alerts *t)
{
    memset(t, 0, sizeof *t);
    oc_labels_init(&t->labels, ref_of, t);
}

void oc_alerts_finish(struct oc_alerts *t)
{
    uint32_t it = 0;
    for (struct oc_alert *a; (a = oc_alerts_next(t, &it));) {
        oc_alert_care_free(a->care);
        oc_escalation_free(a->escalation);
        free(a->body);
    }
    for (size_t i = 0; i < t->slabs.count; i++) {
        free(t->slabs.items[i]);
    }
    for (size_t i = 0; i < OC_ALERT_CHANNELS_MAX; i++) {
        free(t->channels[i]);
    }
    OC_VEC_FINISH(&t->slabs);
    OC_VEC_FINISH(&t->free);
    OC_VEC_FINISH(&t->ours);
    OC_VEC_FINISH(&t->heap);
    OC_VEC_FINISH(&t->changed);
    OC_VEC_FINISH(&t->silences);
    free(t->slots);
    oc_labels_finish(&t->labels);
}

struct oc_alert *oc_alerts_next(const struct oc_alerts *t, uint32_t *it)
{
    while (*it < t->made) {
        struct oc_alert *a = oc_alerts_at(t, (*it)++);
        if (a->body) {
            return a;
        }
    }
    return NULL;
}

/* ---- by key: open addressing, linear; keys from outside are mixed, so that they cannot be chosen to collide ---- */

static size_t slot_of(const struct oc_alerts *t, uint64_t key)
{
    return oc_hash_bytes(&key, sizeof key, t->labels.seed) & (t->slot_count - 1);
}

struct oc_alert *oc_alerts_find(const struct oc_alerts *t, uint64_t key)
{
    if (t->slot_count == 0) {
        return NULL;
    }
    for (size_t i = slot_of(t, key); t->slots[i]; i = (i + 1) & (t->slot_count - 1)) {
        struct oc_alert *a = oc_alerts_at(t, t->slots[i] - 1);
        if (a->key == key) {
            return a;
        }
    }
    return NULL;
}

static void enter(struct oc_alerts *t, const struct oc_alert *a)
{
    size_t i = slot_of(t, a->key);
    while (t->slots[i]) {
        i = (i + 1) & (t->slot_count - 1);
    }
    t->slots[i] = a->index + 1;
}

static void resize(struct oc_alerts *t, size_t count)
{
    uint32_t it = 0;
    free(t->slots);
    t->slots = oc_calloc(count, sizeof *t->slots);
    t->slot_count = count;
    for (struct oc_alert *a; (a = oc_alerts_next(t, &it));) {
        enter(t, a);
    }
}

static void leave(struct oc_alerts *t, const struct oc_alert *a)
{
    size_t mask = t->slot_count - 1, i = slot_of(t, a->key);
    while (t->slots[i] != a->index + 1) {
        i = (i + 1) & mask;
    }
    for (size_t k = (i + 1) & mask; t->slots[k]; k = (k + 1) & mask) {
        size_t home = slot_of(t, oc_alerts_at(t, t->slots[k] - 1)->key);
        if (((k - home) & mask) >= ((k - i) & mask)) {
            t->slots[i] = t->slots[k];
            i = k;
        }
    }
    t->slots[i] = 0;
}

uint64_t oc_alerts_key(const char *id)
{
    uint64_t key;
    return oc_fingerprint_parse(id, &key) ? key : oc_hash_bytes(id, strlen(id), NAME_SEED);
}

struct oc_alert *oc_alerts_find_id(const struct oc_alerts *t, const char *id)
{
    char buf[OC_ALERT_ID_MAX + 1];
    struct oc_alert *a = oc_alerts_find(t, oc_alerts_key(id));
    return a && strcmp(oc_alert_id(a, buf), id) == 0 ? a : NULL;
}

/* ---- places ---- */

static struct oc_alert *new_place(struct oc_alerts *t)
{
    uint32_t index = t->made;
    if (t->free.count > 0) {
        index = t->free.items[--t->free.count];
    } else if (t->made++ % OC_ALERT_SLAB == 0) {
        OC_VEC_PUSH(&t->slabs, oc_calloc(OC_ALERT_SLAB, sizeof(struct oc_alert)));
    }
    while (t->ours.count <= index / 64) {
        OC_VEC_PUSH(&t->ours, 0);
    }
    struct oc_alert *a = oc_alerts_at(t, index);
    memset(a, 0, sizeof *a);
    a->index = index;
    return a;
}

struct oc_alert *oc_alerts_add(struct oc_alerts *t, uint64_t key)
{
    if (2 * (t->count + 1) > t->slot_count) {
        resize(t, t->slot_count ? 2 * t->slot_count : SLOTS_FIRST);
    }
    struct oc_alert *a = new_place(t);
    a->key = key;
    a->body = oc_calloc(1, sizeof *a->body);
    enter(t, a);
    t->count++;
    oc_alerts_set_posted(t, a, false);
    return a;
}

void oc_alerts_set_posted(struct oc_alerts *t, struct oc_alert *a, bool posted)
{
    const uint64_t bit = UINT64_C(1) << (a->index % 64);
    uint64_t *word = &t->ours.items[a->index / 64];
    a->posted = posted;
    *word = posted ? *word & ~bit : *word | bit;
}

struct oc_alert *oc_alerts_add_id(struct oc_alerts *t, const char *id)
{
    char cut[OC_ALERT_ID_MAX + 1];
    uint64_t key;
    oc_copy(cut, sizeof cut, id);
    struct oc_alert *a = oc_alerts_add(t, oc_alerts_key(cut));
    if (!oc_fingerprint_parse(cut, &key)) {
        struct oc_buf texts = {0};
        oc_alert_text_add(&texts, OC_TEXT_ID, "", 0, cut, strlen(cut));
        oc_alert_set_texts(a, texts.data, texts.len);
        oc_buf_finish(&texts);
    }
    return a;
}

void oc_alerts_remove(struct oc_alerts *t, struct oc_alert *a)
{
    oc_alerts_set_due(t, a, INT64_MAX);
    leave(t, a);
    for (uint32_t i = 0; i < a->body->ref_count; i++) {
        oc_labels_unlink(&t->labels, &a->body->refs[i]);
    }
    OC_FREE(a->body);
    oc_alert_care_free(a->care);
    a->care = NULL;
    oc_escalation_free(a->escalation);
    a->escalation = NULL;
    t->count--;
    OC_VEC_PUSH(&t->free, a->index);
}

/* ---- the heap ---- */

static void put(struct oc_alerts *t, size_t at, uint32_t place)
{
    t->heap.items[at] = place;
    oc_alerts_at(t, place)->heap_at = (uint32_t)at + 1;
}

static int64_t due_of(const struct oc_alerts *t, size_t at)
{
    return oc_alerts_at(t, t->heap.items[at])->due_at;
}

static void sift_up(struct oc_alerts *t, size_t at)
{
    uint32_t place = t->heap.items[at];
    int64_t due = oc_alerts_at(t, place)->due_at;
    while (at > 0 && due_of(t, (at - 1) / 2) > due) {
        put(t, at, t->heap.items[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(t, at, place);
}

static void sift_down(struct oc_alerts *t, size_t at)
{
    uint32_t place = t->heap.items[at];
    int64_t due = oc_alerts_at(t, place)->due_at;
    for (size_t child; (child = 2 * at + 1) < t->heap.count; at = child) {
        if (child + 1 < t->heap.count && due_of(t, child + 1) < due_of(t, child)) {
            child++;
        }
        if (due_of(t, child) >= due) {
            break;
        }
        put(t, at, t->heap.items[child]);
    }
    put(t, at, place);
}

static void take_out(struct oc_alerts *t, struct oc_alert *a)
{
    size_t at = a->heap_at - 1;
    uint32_t last = t->heap.items[--t->heap.count];
    a->heap_at = 0;
    if (last != a->index) {
        put(t, at, last);
        sift_up(t, at);
        sift_down(t, oc_alerts_at(t, last)->heap_at - 1);
    }
}

void oc_alerts_set_due(struct oc_alerts *t, struct oc_alert *a, int64_t due)
{
    if (a->heap_at && (due == INT64_MAX || due != a->due_at)) {
        take_out(t, a);
    }
    a->due_at = due;
    if (due != INT64_MAX && !a->heap_at) {
        OC_VEC_PUSH(&t->heap, a->index);
        sift_up(t, t->heap.count - 1);
    }
}

struct oc_alert *oc_alerts_due(const struct oc_alerts *t)
{
    return t->heap.count > 0 ? oc_alerts_at(t, t->heap.items[0]) : NULL;
}

void oc_alerts_change(struct oc_alerts *t, struct oc_alert *a)
{
    if (!a->changed) {
        a->changed = true;
        OC_VEC_PUSH(&t->changed, a->index);
    }
}

/* ---- channels and silences by number ---- */

int oc_alerts_find_channel(const struct oc_alerts *t, const char *name)
{
    for (int i = 0; i < OC_ALERT_CHANNELS_MAX; i++) {
        if (t->channels[i] && strcmp(t->channels[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

static void clear_bit(struct oc_alerts *t, int bit)
{
    uint32_t it = 0;
    for (struct oc_alert *a; (a = oc_alerts_next(t, &it));) {
        a->told &= ~(UINT64_C(1) << bit);
    }
    OC_FREE(t->channels[bit]);
}

int oc_alerts_channel_bit(struct oc_alerts *t, const char *name, uint64_t used)
{
    int bit = oc_alerts_find_channel(t, name);
    for (int i = 0; bit < 0 && i < OC_ALERT_CHANNELS_MAX; i++) {
        bit = t->channels[i] ? -1 : i;
    }
    for (int i = 0; bit < 0 && i < OC_ALERT_CHANNELS_MAX; i++) {
        if (!(used & (UINT64_C(1) << i))) {
            clear_bit(t, i);
            bit = i;
        }
    }
    if (bit >= 0 && !t->channels[bit]) {
        t->channels[bit] = oc_strdup(name);
    }
    return bit;
}

uint32_t oc_alerts_silence_number(struct oc_alerts *t, const char *id)
{
    uint32_t free_number = 0;
    for (size_t i = 0; i < t->silences.count; i++) {
        if (strcmp(t->silences.items[i].id, id) == 0) {
            return (uint32_t)i + 1;
        }
        free_number = free_number || t->silences.items[i].id[0] ? free_number : (uint32_t)i + 1;
    }
    struct oc_silence_name name = {""};
    oc_copy(name.id, sizeof name.id, id);
    if (free_number) {
        t->silences.items[free_number - 1] = name;
        return free_number;
    }
    OC_VEC_PUSH(&t->silences, name);
    return (uint32_t)t->silences.count;
}

const char *oc_alerts_silence_id(const struct oc_alerts *t, uint32_t number)
{
    return number > 0 && number <= t->silences.count ? t->silences.items[number - 1].id : "";
}

void oc_alerts_silence_forget(struct oc_alerts *t, uint32_t number)
{
    if (number > 0 && number <= t->silences.count) {
        t->silences.items[number - 1].id[0] = '\0';
    }
}
