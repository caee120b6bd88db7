/* Open addressing with linear probing; removed keys leave a mark. SPDX-License-Identifier: MIT */
#include "core/base/map.h"

#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include "core/base/mem.h"

#define CAP_MIN 16

struct oc_map_slot {
    char *key; /* owned; NULL = never used, `removed` = the probe goes on behind it */
    size_t len;
    uint64_t hash;
    void *value;
};

static char removed[1];
static uint64_t seed;
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void seed_init(void)
{
    OC_ASSERT(getrandom(&seed, sizeof seed, 0) == (ssize_t)sizeof seed);
}

static uint64_t hash_key(const char *key, size_t len)
{
    pthread_once(&seed_once, seed_init);
    return oc_hash_bytes(key, len, seed);
}

static bool slot_live(const struct oc_map_slot *slot)
{
    return slot->key && slot->key != removed;
}

static bool slot_is(const struct oc_map_slot *slot, const char *key, size_t len, uint64_t hash)
{
    return slot_live(slot) && slot->hash == hash && slot->len == len &&
           !memcmp(slot->key, key, len);
}

/* The slot that holds the key, or NULL. The table is never full, so the probe ends. */
static struct oc_map_slot *find(const struct oc_map *m, const char *key, size_t len, uint64_t hash)
{
    if (!m->cap) {
        return NULL;
    }
    for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
        struct oc_map_slot *slot = &m->slots[i];
        if (!slot->key) {
            return NULL;
        }
        if (slot_is(slot, key, len, hash)) {
            return slot;
        }
    }
}

static struct oc_map_slot *first_free(struct oc_map *m, uint64_t hash)
{
    size_t i = hash & (m->cap - 1);
    while (slot_live(&m->slots[i])) {
        i = (i + 1) & (m->cap - 1);
    }
    return &m->slots[i];
}

/* Rebuilds the table, larger if the live keys need it; the marks of removed keys go. */
static void rehash(struct oc_map *m)
{
    struct oc_map old = *m;
    m->cap = CAP_MIN;
    while (m->cap < (old.count + 1) * 2) {
        m->cap *= 2;
    }
    m->slots = oc_calloc(m->cap, sizeof *m->slots);
    m->used = old.count;
    for (size_t i = 0; i < old.cap; i++) {
        if (slot_live(&old.slots[i])) {
            *first_free(m, old.slots[i].hash) = old.slots[i];
        }
    }
    free(old.slots);
}

void oc_map_finish(struct oc_map *m, void (*free_value)(void *value))
{
    for (size_t i = 0; i < m->cap; i++) {
        if (slot_live(&m->slots[i])) {
            free(m->slots[i].key);
            if (free_value) {
                free_value(m->slots[i].value);
            }
        }
    }
    free(m->slots);
    *m = (struct oc_map){0};
}

void *oc_map_getn(const struct oc_map *m, const char *key, size_t len)
{
    struct oc_map_slot *slot = m->count ? find(m, key, len, hash_key(key, len)) : NULL;
    return slot ? slot->value : NULL;
}

void *oc_map_get(const struct oc_map *m, const char *key)
{
    return oc_map_getn(m, key, strlen(key));
}

void *oc_map_setn(struct oc_map *m, const char *key, size_t len, void *value)
{
    uint64_t hash = hash_key(key, len);
    struct oc_map_slot *slot = find(m, key, len, hash);

    if (slot) {
        void *old = slot->value;
        slot->value = value;
        return old;
    }
    if ((m->used + 1) * 4 > m->cap * 3) {
        rehash(m);
    }
    slot = first_free(m, hash);
    m->used += !slot->key;
    m->count++;
    *slot = (struct oc_map_slot){oc_strndup(key, len), len, hash, value};
    return NULL;
}

void *oc_map_set(struct oc_map *m, const char *key, void *value)
{
    return oc_map_setn(m, key, strlen(key), value);
}

void *oc_map_remove(struct oc_map *m, const char *key)
{
    size_t len = strlen(key);
    struct oc_map_slot *slot = find(m, key, len, hash_key(key, len));

    if (!slot) {
        return NULL;
    }
    void *value = slot->value;
    free(slot->key);
    *slot = (struct oc_map_slot){.key = removed};
    m->count--;
    return value;
}

bool oc_map_next(const struct oc_map *m, size_t *it, const char **key, void **value)
{
    while (*it < m->cap) {
        const struct oc_map_slot *slot = &m->slots[(*it)++];
        if (slot_live(slot)) {
            if (key) {
                *key = slot->key;
            }
            if (value) {
                *value = slot->value;
            }
            return true;
        }
    }
    return false;
}
