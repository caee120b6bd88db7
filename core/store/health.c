/* Whether writes work, and telling it once. SPDX-License-Identifier: MIT */
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/store/internal.h"

/* ---- news ---- */

void oc_store_tell(struct oc_store *s, const char *topic, json_t *data)
{
    if (!s->bus) {
        json_decref(data);
        return;
    }
    if (!s->loop) {
        oc_bus_publish(s->bus, topic, data);
        return;
    }
    struct oc_store_news *news = oc_alloc(sizeof *news);
    *news = (struct oc_store_news){NULL, topic, data};
    struct oc_store_news **end = &s->news;
    while (*end) {
        end = &(*end)->next;
    }
    *end = news;
    oc_timer_start(s->news_timer, 0, 0);
}

void oc_store_news_deliver(void *store)
{
    struct oc_store *s = store;

    while (s->news) {
        struct oc_store_news *news = s->news;
        s->news = news->next;
        oc_bus_publish(s->bus, news->topic, news->data);
        free(news);
    }
}

void oc_store_news_drop(struct oc_store *s)
{
    while (s->news) {
        struct oc_store_news *news = s->news;
        s->news = news->next;
        json_decref(news->data);
        free(news);
    }
}

/* ---- health ---- */

void oc_store_fail(struct oc_store *s, const struct oc_error *err)
{
    bool first = !s->failing;

    s->failing = true;
    s->why = *err;
    if (!first) {
        return;
    }
    oc_err("the store cannot be written", "path=%s error=%s hint=%s", s->path, err->message,
           err->hint);
    json_t *data = json_object();
    oc_json_set_str(data, "path", s->path);
    oc_json_set_str(data, "message", err->message);
    oc_json_set_str(data, "hint", err->hint);
    oc_store_tell(s, "store.failing", data);
}

static void recovered(struct oc_store *s)
{
    s->failing = false;
    oc_info("the store can be written again", "path=%s lost_samples=%llu", s->path,
            (unsigned long long)s->lost);
    json_t *data = json_object();
    oc_json_set_str(data, "path", s->path);
    oc_json_set_int(data, "lost_samples", (int64_t)s->lost);
    oc_store_tell(s, "store.recovered", data);
}

int oc_store_note(struct oc_store *s, int rc, const struct oc_error *err)
{
    if (rc == OC_OK) {
        if (s->failing && s->mode == OC_STORE_DISK) {
            recovered(s);
        }
    } else if (s->mode == OC_STORE_DISK) {
        if (oc_db_corrupt(&s->db)) {
            oc_store_replace(s, err);
        } else {
            oc_store_fail(s, err);
        }
    }
    return rc;
}

bool oc_store_healthy(const struct oc_store *s, struct oc_error *why)
{
    if (s->failing && why) {
        *why = s->why;
    }
    return !s->failing;
}
