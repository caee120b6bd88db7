/* The latest lines of the log in memory. SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/service/host/internal.h"

#define LINE_MAX_BYTES 2048u

struct line {
    int64_t time_ms;
    int level;
    char *message, *json;
};

struct oc_log_ring {
    pthread_mutex_t lock;
    struct line *lines;
    size_t max;
    uint64_t next;
};

static void tap(void *ctx, const struct oc_log_line *line)
{
    struct oc_log_ring *ring = ctx;
    pthread_mutex_lock(&ring->lock);
    struct line *slot = &ring->lines[ring->next % ring->max];
    free(slot->message);
    free(slot->json);
    slot->time_ms = line->time_ms;
    slot->level = line->level;
    slot->message = oc_strdup(line->message);
    slot->json =
        oc_strdup(strlen(line->json) <= LINE_MAX_BYTES ? line->json
                                                       : "{\"note\":\"data left out: too long\"}");
    ring->next++;
    pthread_mutex_unlock(&ring->lock);
}

struct oc_log_ring *oc_log_ring_create(size_t max_lines)
{
    struct oc_log_ring *ring = oc_calloc(1, sizeof *ring);
    pthread_mutex_init(&ring->lock, NULL);
    ring->lines = oc_calloc(max_lines, sizeof *ring->lines);
    ring->max = max_lines;
    oc_log_set_tap(tap, ring);
    return ring;
}

void oc_log_ring_destroy(struct oc_log_ring *ring)
{
    if (!ring) {
        return;
    }
    oc_log_set_tap(NULL, NULL);
    for (size_t i = 0; i < ring->max; i++) {
        free(ring->lines[i].message);
        free(ring->lines[i].json);
    }
    free(ring->lines);
    pthread_mutex_destroy(&ring->lock);
    free(ring);
}

uint64_t oc_log_ring_next(struct oc_log_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    uint64_t next = ring->next;
    pthread_mutex_unlock(&ring->lock);
    return next;
}

static bool matches(const struct line *l, int level, const char *grep)
{
    return l->level <= level &&
           (!grep || strcasestr(l->message, grep) || strcasestr(l->json, grep));
}

static json_t *line_json(const struct line *l)
{
    json_t *o = json_object();
    oc_json_set_time(o, "time", l->time_ms);
    oc_json_set_str(o, "level", oc_log_level_name(l->level));
    oc_json_set_str(o, "message", l->message);
    json_t *data = oc_json_parse(l->json, strlen(l->json), NULL);
    oc_json_take(o, "data", data ? data : json_object());
    return o;
}

json_t *oc_log_ring_lines(struct oc_log_ring *ring, uint64_t from, int level, const char *grep,
                          size_t limit)
{
    json_t *list = json_array();
    pthread_mutex_lock(&ring->lock);
    uint64_t first = ring->next > ring->max ? ring->next - ring->max : 0;
    for (uint64_t n = ring->next; n > first && n > from && json_array_size(list) < limit; n--) {
        const struct line *l = &ring->lines[(n - 1) % ring->max];
        if (matches(l, level, grep)) {
            json_array_insert_new(list, 0, line_json(l));
        }
    }
    pthread_mutex_unlock(&ring->lock);
    return list;
}
