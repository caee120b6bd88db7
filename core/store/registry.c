/* The table of series and the keys they are found by. SPDX-License-Identifier: MIT */
#include "core/store/registry.h"

#include <string.h>
#include <sys/random.h>

#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#define SLOTS_MIN 64

/* ---- keys ---- */

static bool name_char(char c, bool first, bool metric)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (metric && c == ':') ||
           (!first && ((c >= '0' && c <= '9') || (metric && c == '.')));
}

static bool name_valid(struct oc_view name, bool metric)
{
    if (!name.len || name.len > OC_SERIES_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!name_char(name.ptr[i], i == 0, metric)) {
            return false;
        }
    }
    return true;
}

/* Cuts to the most bytes that are kept, between characters. */
static struct oc_view cut(struct oc_view v)
{
    if (v.len > OC_SERIES_VALUE_MAX) {
        v.len = OC_SERIES_VALUE_MAX;
        for (int i = 0; i < 3 && ((unsigned char)v.ptr[v.len] & 0xc0) == 0x80; i++) {
            v.len--;
        }
    }
    return v;
}

static bool clean(struct oc_view v)
{
    for (size_t i = 0; i < v.len; i++) {
        unsigned char c = (unsigned char)v.ptr[i];
        if (c < 0x20 || c == 0x7f) {
            return false;
        }
    }
    return oc_utf8_valid(v.ptr, v.len);
}

static struct oc_view clean_value(struct oc_series_key *key, struct oc_view value)
{
    if (!value.len) {
        return (struct oc_view){"", 0};
    }
    value = cut(value);
    if (clean(value)) {
        return value;
    }
    char *copy = oc_utf8_clean(value.ptr, value.len);
    key->cleaned[key->cleaned_count++] = copy;
    return cut((struct oc_view){copy, strlen(copy)});
}

static int view_compare(struct oc_view a, struct oc_view b)
{
    int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* Insertion into the sorted labels; a name that is there gets the new value. */
static bool key_add(struct oc_series_key *key, struct oc_label label)
{
    uint32_t at = key->count;

    if (!name_valid(label.name, false) || key->cleaned_count == OC_SERIES_LABELS) {
        return false;
    }
    label.value = clean_value(key, label.value);
    while (at > 0 && view_compare(key->labels[at - 1].name, label.name) > 0) {
        at--;
    }
    if (at > 0 && view_compare(key->labels[at - 1].name, label.name) == 0) {
        key->labels[at - 1].value = label.value;
        return true;
    }
    if (key->count == OC_SERIES_LABELS) {
        return false;
    }
    memmove(&key->labels[at + 1], &key->labels[at], (key->count - at) * sizeof label);
    key->labels[at] = label;
    key->count++;
    return true;
}

bool oc_series_key_init(struct oc_series_key *key, const char *instance, struct oc_view name,
                        const struct oc_label *labels, uint32_t count)
{
    key->name = name;
    key->count = key->cleaned_count = 0;
    if (!name_valid(name, true) || count > OC_SERIES_LABELS - 1) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!key_add(key, labels[i])) {
            return false;
        }
    }
    struct oc_view word = {"instance", strlen("instance")};
    return !instance || key_add(key, (struct oc_label){word, {instance, strlen(instance)}});
}

void oc_series_key_finish(struct oc_series_key *key)
{
    while (key->cleaned_count) {
        free(key->cleaned[--key->cleaned_count]);
    }
}

/* ---- the table ---- */

void oc_registry_init(struct oc_registry *r, size_t max)
{
    *r = (struct oc_registry){.max = max, .next_id = 1};
    OC_ASSERT(getrandom(&r->seed, sizeof r->seed, 0) == (ssize_t)sizeof r->seed);
    oc_interns_init(&r->interns, r->seed);
}

static void entry_free(struct oc_series_entry *e)
{
    oc_tail_finish(&e->tail);
    free(e);
}

void oc_registry_finish(struct oc_registry *r)
{
    for (size_t i = 0; i < r->count; i++) {
        entry_free(r->items[i]);
    }
    free(r->items);
    free(r->slots);
    oc_interns_finish(&r->interns);
    *r = (struct oc_registry){0};
}

static uint32_t key_hash(const struct oc_registry *r, const struct oc_series_key *key)
{
    uint64_t h = oc_hash_bytes(key->name.ptr, key->name.len, r->seed);
    for (uint32_t i = 0; i < key->count; i++) {
        h = oc_hash_bytes(key->labels[i].name.ptr, key->labels[i].name.len, h);
        h = oc_hash_bytes(key->labels[i].value.ptr, key->labels[i].value.len, h);
    }
    return (uint32_t)(h ^ h >> 32);
}

static bool text_is(const char *text, struct oc_view v)
{
    return strncmp(text, v.ptr, v.len) == 0 && text[v.len] == '\0';
}

static bool entry_is(const struct oc_series_entry *e, const struct oc_series_key *key)
{
    if (e->pub.label_count != key->count || !text_is(e->pub.name, key->name)) {
        return false;
    }
    for (uint32_t i = 0; i < key->count; i++) {
        if (!text_is(e->labels[i].name, key->labels[i].name) ||
            !text_is(e->labels[i].value, key->labels[i].value)) {
            return false;
        }
    }
    return true;
}

struct oc_series_entry *oc_registry_find(const struct oc_registry *r,
                                         const struct oc_series_key *key)
{
    if (!r->count) {
        return NULL;
    }
    uint32_t hash = key_hash(r, key);
    for (size_t i = hash & (r->slot_cap - 1); r->slots[i]; i = (i + 1) & (r->slot_cap - 1)) {
        if (r->slots[i]->hash == hash && entry_is(r->slots[i], key)) {
            return r->slots[i];
        }
    }
    return NULL;
}

struct oc_series_entry *oc_registry_by_id(const struct oc_registry *r, uint32_t id)
{
    size_t low = 0, high = r->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->items[middle]->pub.id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < r->count && r->items[low]->pub.id == id ? r->items[low] : NULL;
}

static void slot_put(struct oc_registry *r, struct oc_series_entry *e)
{
    size_t i = e->hash & (r->slot_cap - 1);
    while (r->slots[i]) {
        i = (i + 1) & (r->slot_cap - 1);
    }
    r->slots[i] = e;
}

static void rebuild(struct oc_registry *r, size_t slot_cap)
{
    free(r->slots);
    r->slot_cap = slot_cap;
    r->slots = oc_calloc(slot_cap, sizeof *r->slots);
    for (size_t i = 0; i < r->count; i++) {
        slot_put(r, r->items[i]);
    }
}

static struct oc_series_entry *entry_create(struct oc_registry *r, const struct oc_series_key *key)
{
    struct oc_series_entry *e = oc_calloc(1, sizeof *e + key->count * sizeof *e->labels);

    e->hash = key_hash(r, key);
    e->pub.name = oc_interns_add(&r->interns, key->name.ptr, key->name.len);
    e->pub.labels = e->labels;
    e->pub.label_count = key->count;
    for (uint32_t i = 0; i < key->count; i++) {
        const struct oc_label *from = &key->labels[i];
        struct oc_series_label *to = &e->labels[i];
        to->name = oc_interns_add(&r->interns, from->name.ptr, from->name.len);
        to->value = oc_interns_add(&r->interns, from->value.ptr, from->value.len);
        if (strcmp(to->name, "instance") == 0) {
            e->pub.instance = to->value;
        } else if (strcmp(to->name, "target") == 0) {
            e->pub.target = to->value;
        }
    }
    return e;
}

struct oc_series_entry *oc_registry_add(struct oc_registry *r, const struct oc_series_key *key,
                                        uint32_t id, uint32_t kind)
{
    if (r->count >= r->max || id < r->next_id || id > OC_SERIES_ID_MAX) {
        return NULL;
    }
    if ((r->count + 1) * 3 > r->slot_cap * 2) {
        rebuild(r, r->slot_cap ? r->slot_cap * 2 : SLOTS_MIN);
    }
    if (r->count == r->cap) {
        r->cap = r->cap ? r->cap + r->cap / 2 : SLOTS_MIN;
        r->items = oc_realloc(r->items, r->cap * sizeof(struct oc_series_entry *));
    }
    struct oc_series_entry *e = entry_create(r, key);
    e->pub.id = id;
    e->pub.kind = kind;
    r->items[r->count++] = e;
    r->unsaved++;
    r->next_id = id + 1;
    slot_put(r, e);
    return e;
}

void oc_registry_sweep(struct oc_registry *r,
                       bool (*gone)(void *ctx, const struct oc_series_entry *e), void *ctx)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->count; i++) {
        if (gone(ctx, r->items[i])) {
            r->unsaved -= !r->items[i]->saved;
            entry_free(r->items[i]);
        } else {
            r->items[kept++] = r->items[i];
        }
    }
    if (kept != r->count) {
        r->count = kept;
        rebuild(r, r->slot_cap);
    }
}

/* ---- labels as a blob ---- */

void oc_series_pack(const struct oc_series *series, struct oc_buf *out)
{
    for (uint32_t i = 0; i < series->label_count; i++) {
        oc_buf_add(out, series->labels[i].name, strlen(series->labels[i].name) + 1);
        oc_buf_add(out, series->labels[i].value, strlen(series->labels[i].value) + 1);
    }
}

static bool take_text(const char **p, const char *end, struct oc_view *out)
{
    const char *nul = memchr(*p, '\0', (size_t)(end - *p));
    if (!nul) {
        return false;
    }
    *out = (struct oc_view){*p, (uint64_t)(nul - *p)};
    *p = nul + 1;
    return true;
}

bool oc_series_unpack(const char *data, size_t len, struct oc_label *labels, uint32_t *count)
{
    const char *p = len ? data : "", *end = p + len; /* without labels there may be no data */

    for (*count = 0; p < end; ++*count) {
        if (*count == OC_SERIES_LABELS || !take_text(&p, end, &labels[*count].name) ||
            !take_text(&p, end, &labels[*count].value)) {
            return false;
        }
    }
    return true;
}
