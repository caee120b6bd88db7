/* Keeping alerts: the journal, what is taken over from older stores, making room. SPDX-License-Identifier: MIT
 *
 * The journal has no snapshots. Its oldest segments are replaced by adding what they still hold to the newest one, a slice in each round; the same
 * walk replaces everything when the journal had failed. */
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/alert/service.h"
#include "core/service/alert/table/codec.h"
#include "core/sys/file.h"

#define FOLDER        "alerts"
#define LATE_MAX      2048 /* records that may wait for a round: it must not be held by them */
#define SLICE         4096 /* places of the table looked at in one round */
#define RETRY_MS      (5 * OC_SECOND)
#define SEGMENTS_MANY 24
#define SLACK         (16u << 20) /* bytes that may be waste */

/* ---- opening ---- */

static void on_record(void *ctx, uint32_t segment, unsigned type, const void *data, size_t len)
{
    struct oc_alert_service *s = ctx;
    if (type == OC_KEEP_PROMISE || type == OC_KEEP_ENDED) {
        oc_outbox_load(&s->outbox, segment, type, data, len);
        return;
    }
    if (type == OC_KEEP_GROUP) {
        oc_groups_load(&s->groups, segment, data, len);
        return;
    }
    struct oc_alert *a = oc_codec_read(&s->alerts, type, data, len);
    if (a && type == OC_KEEP_ALERT) {
        a->segment = segment;
        a->restored = true;
        s->record_bytes += len;
        s->records++;
    }
}

static char *folder_of(const struct oc_alert_service *s)
{
    char *data = oc_path_dir(oc_store_path(s->env->store));
    char *path = oc_path_join(data, FOLDER);
    free(data);
    return path;
}

static void import_alert(struct oc_alert_service *s, const char *id, const json_t *json)
{
    if (strcmp(oc_json_str(json, "id", ""), id) != 0 || !oc_name_valid(id)) {
        oc_warn("unreadable alert ignored", "id=%s", id);
        return;
    }
    if (!oc_alerts_find_id(&s->alerts, id)) {
        oc_alert_record_import(&s->alerts, oc_alerts_add_id(&s->alerts, id), json);
    }
}

/* The version before kept alerts and promises in the store; they leave it when the journal has them. */
static void import_old(struct oc_alert_service *s)
{
    json_t *alerts = oc_kv_all(s->env->store, "alert");
    json_t *promises = oc_kv_all(s->env->store, "outbox");
    const char *id;
    json_t *json;
    json_object_foreach(alerts, id, json)
    {
        import_alert(s, id, json);
    }
    json_object_foreach(promises, id, json)
    {
        oc_outbox_import(&s->outbox, id, json);
    }
    if (json_object_size(alerts) > 0 || json_object_size(promises) > 0) {
        s->migrated = json_object();
        json_object_set(s->migrated, "alert", alerts);
        json_object_set(s->migrated, "outbox", promises);
        oc_info("alerts of an older store are taken over", "alerts=%zu deliveries=%zu",
                json_object_size(alerts), json_object_size(promises));
    }
    json_decref(alerts);
    json_decref(promises);
}

void oc_keep_open(struct oc_alert_service *s)
{
    struct oc_error err;
    oc_error_init(&err);
    if (strcmp(oc_store_path(s->env->store), ":memory:") != 0) {
        char *path = folder_of(s);
        s->journal = oc_journal_open(path, oc_store_looks_only(s->env->store),
                                     s->env->ephemeral ? NULL : s->env->loop, on_record, s, &err);
        free(path);
        if (!s->journal) {
            oc_err("alerts will not survive the end of this process", "reason=%s", err.message);
            oc_error_hint(&err, "Let the host write there, and start it again.");
            s->unopened = err;
        }
    }
    s->outbox.journal = s->journal;
    import_old(s);
}

static void forget_old(struct oc_alert_service *s)
{
    struct oc_error err;
    const char *space, *id;
    json_t *all, *unused;
    oc_error_init(&err);
    oc_store_begin(s->env->store);
    json_object_foreach(s->migrated, space, all)
    {
        json_object_foreach(all, id, unused)
        {
            oc_kv_remove(s->env->store, space, id, true, NULL);
        }
    }
    if (oc_store_end(s->env->store, &err) == OC_OK) {
        json_decref(s->migrated);
        s->migrated = NULL;
    }
}

void oc_keep_close(struct oc_alert_service *s)
{
    oc_journal_close(s->journal);
    s->journal = s->outbox.journal = NULL;
    oc_buf_finish(&s->scratch);
    OC_VEC_FINISH(&s->unkept);
    json_decref(s->migrated);
    s->migrated = NULL;
}

/* ---- records ---- */

/* A store that was opened to look only has a journal that is. */
static bool can_write(const struct oc_alert_service *s)
{
    return s->journal && !oc_journal_failing(s->journal, NULL) &&
           !oc_store_looks_only(s->env->store);
}

static void add_whole(struct oc_alert_service *s, struct oc_alert *a)
{
    oc_buf_clear(&s->scratch);
    oc_codec_alert(&s->scratch, &s->alerts, a);
    if (s->scratch.len > OC_JOURNAL_RECORD_MAX) {
        return;
    }
    oc_journal_add(s->journal, OC_KEEP_ALERT, s->scratch.data, s->scratch.len);
    a->segment = oc_journal_segment(s->journal);
    a->dirty = a->touched = false;
    s->record_bytes += s->scratch.len;
    s->records++;
}

void oc_keep_alert(struct oc_alert_service *s, struct oc_alert *a)
{
    if (!can_write(s)) {
        return;
    }
    if (a->dirty || !a->segment) {
        add_whole(s, a);
    } else if (a->touched) {
        oc_buf_clear(&s->scratch);
        oc_codec_touch(&s->scratch, a);
        oc_journal_add(s->journal, OC_KEEP_TOUCH, s->scratch.data, s->scratch.len);
        a->touched = false;
    }
}

void oc_keep_later(struct oc_alert_service *s, const struct oc_alert *a)
{
    OC_VEC_PUSH(&s->unkept, a->index);
    if (s->unkept.count >= LATE_MAX) {
        oc_keep_late(s);
    }
}

void oc_keep_late(struct oc_alert_service *s)
{
    for (size_t i = 0; i < s->unkept.count; i++) {
        struct oc_alert *a = oc_alerts_at(&s->alerts, s->unkept.items[i]);
        if (a->body) {
            oc_keep_alert(s, a);
        }
    }
    s->unkept.count = 0;
}

void oc_keep_removal(struct oc_alert_service *s, const struct oc_alert *a)
{
    if (can_write(s) && a->segment) {
        oc_buf_clear(&s->scratch);
        oc_codec_remove(&s->scratch, a);
        oc_journal_add(s->journal, OC_KEEP_REMOVE, s->scratch.data, s->scratch.len);
    }
}

static void add_group(struct oc_alert_service *s, uint64_t hash, int64_t flushed_at,
                      uint32_t *segment)
{
    oc_buf_clear(&s->scratch);
    oc_groups_record(&s->scratch, hash, flushed_at);
    oc_journal_add(s->journal, OC_KEEP_GROUP, s->scratch.data, s->scratch.len);
    *segment = oc_journal_segment(s->journal);
}

void oc_keep_group(struct oc_alert_service *s, struct oc_group *group)
{
    if (can_write(s)) {
        add_group(s, group->hash, group->flushed_at, &group->segment);
    }
}

/* Groups that are no more leave the journal, too. */
static void end_groups(struct oc_alert_service *s)
{
    uint32_t unused;
    for (size_t i = 0; i < s->groups.ended.count; i++) {
        add_group(s, s->groups.ended.items[i].hash, 0, &unused);
    }
    s->groups.ended.count = 0;
}

/* What is in segments up to `last` once more. Groups of an earlier run whose alerts have not come back by now are forgotten. */
static void rewrite_groups(struct oc_alert_service *s, uint32_t last)
{
    struct oc_groups *g = &s->groups;
    for (size_t i = 0; i < g->list.count; i++) {
        struct oc_group *group = g->list.items[i];
        if (group && group->segment && group->segment <= last) {
            add_group(s, group->hash, group->flushed_at, &group->segment);
        }
    }
    if (s->alerts.changed.count == 0) {
        OC_VEC_FINISH(&g->past);
    }
    for (size_t i = 0; i < g->past.count; i++) {
        if (g->past.items[i].flushed_at && g->past.items[i].segment <= last) {
            add_group(s, g->past.items[i].hash, g->past.items[i].flushed_at,
                      &g->past.items[i].segment);
        }
    }
}

int oc_keep_now(struct oc_alert_service *s, struct oc_alert *a, struct oc_error *err)
{
    if (oc_store_looks_only(s->env->store)) {
        return oc_error_set(err, OC_E_DENIED, "the store is open for reading only");
    }
    if (!s->journal) {
        if (err) {
            *err = s->unopened;
        }
        return s->unopened.code;
    }
    a->dirty = true;
    oc_keep_alert(s, a);
    return oc_journal_commit(s->journal, err);
}

/* ---- making room, and beginning anew ---- */

/* What is added from now on goes to a segment behind `last`. */
static void begin_cleaning(struct oc_alert_service *s, uint32_t last)
{
    if (last >= oc_journal_newest(s->journal)) {
        oc_journal_roll(s->journal);
        last = oc_journal_newest(s->journal);
    }
    s->cleaning = true;
    s->clean_to = last;
    s->clean_at = 0;
    s->cleaning_syncs = false;
}

/* More than half of the journal is waste, it is in many pieces, or a part of it is damaged. */
static void consider_cleaning(struct oc_alert_service *s)
{
    uint64_t live = s->records ? s->record_bytes / s->records * s->alerts.count : 0;
    size_t segments = oc_journal_segments(s->journal);
    bool pieces = segments > SEGMENTS_MANY + live / (OC_JOURNAL_SEGMENT / 2);
    uint32_t damaged = oc_journal_damaged(s->journal);
    if (damaged) { /* there is a copy of it; what is read of it once more is sound */
        begin_cleaning(s, damaged);
    } else if (segments > 1 && (pieces || oc_journal_bytes(s->journal) > 2 * live + SLACK)) {
        begin_cleaning(s, oc_journal_oldest(s->journal) + (pieces ? SEGMENTS_MANY / 2 : 0));
    }
}

static void on_cleaned(void *ctx, int code)
{
    struct oc_alert_service *s = ctx;
    s->cleaning_syncs = false;
    if (code != OC_OK || !s->cleaning) {
        oc_alert_wake(s, 0); /* the journal fails: all begins anew */
        return;
    }
    s->cleaning = false;
    oc_journal_drop(s->journal, s->clean_to);
    if (s->failing) {
        s->failing = false;
        oc_info("alerts are stored again", NULL);
    }
    if (s->migrated) {
        forget_old(s);
    }
}

/* One slice; true when there is more to do. */
static bool clean(struct oc_alert_service *s)
{
    uint32_t end = s->clean_at + SLICE;
    for (; s->clean_at < end && s->clean_at < s->alerts.made; s->clean_at++) {
        struct oc_alert *a = oc_alerts_at(&s->alerts, s->clean_at);
        if (a->body && a->segment <= s->clean_to) {
            add_whole(s, a);
        }
    }
    if (s->clean_at < s->alerts.made) {
        return true;
    }
    oc_outbox_rewrite(&s->outbox, s->clean_to);
    rewrite_groups(s, s->clean_to);
    return false;
}

static void advance(struct oc_alert_service *s)
{
    if (s->cleaning && !s->cleaning_syncs && !clean(s) &&
        oc_journal_flush(s->journal, NULL) == OC_OK) {
        s->cleaning_syncs = true;
        oc_journal_sync(s->journal, on_cleaned, s);
    }
}

static int64_t complain(struct oc_alert_service *s, int64_t now)
{
    struct oc_error why;
    oc_error_init(&why);
    oc_error_set(&why, OC_E_DENIED, "the store is open for reading only");
    oc_journal_failing(s->journal, &why);
    if (!s->failing) {
        oc_warn("alerts are sent but cannot be stored", "reason=%s", why.message);
        s->retry_at = now + RETRY_MS;
    }
    s->failing = true;
    s->cleaning = s->cleaning_syncs = false;
    return s->retry_at > now ? s->retry_at - now : OC_SECOND;
}

/* Once in a while; then everything is written anew. */
static void recover(struct oc_alert_service *s, int64_t now)
{
    if (now < s->retry_at || oc_store_looks_only(s->env->store)) {
        return;
    }
    s->retry_at = now + RETRY_MS;
    if (!oc_journal_failing(s->journal, NULL) || oc_journal_restart(s->journal, NULL) == OC_OK) {
        begin_cleaning(s, oc_journal_newest(s->journal));
    }
}

int64_t oc_keep_round(struct oc_alert_service *s, int64_t now)
{
    oc_keep_late(s);
    if (!s->journal) {
        return INT64_MAX;
    }
    if (s->failing && !s->cleaning) {
        recover(s, now);
    }
    if (can_write(s) && (!s->failing || s->cleaning)) {
        end_groups(s);
        oc_outbox_write(&s->outbox);
        oc_journal_flush(s->journal, NULL);
        if (s->migrated && !s->cleaning) {
            begin_cleaning(s, oc_journal_newest(s->journal));
        } else if (!s->cleaning) {
            consider_cleaning(s);
        }
        advance(s);
    }
    if (!can_write(s) || (s->failing && !s->cleaning)) {
        return complain(s, now);
    }
    return s->cleaning && !s->cleaning_syncs ? 1 : INT64_MAX;
}
