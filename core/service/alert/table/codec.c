/* Alerts to bytes and back. SPDX-License-Identifier: MIT */
#include "codec.h"

#include <endian.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/alert/escalate/escalate.h"

#define REFS_MAX  256
#define TEXTS_MAX (2u << 20)

enum {
    FIRING = 1,
    POSTED = 2,
    UNSILENCED = 4,
    ANNOUNCED = 8,
    RESOLVE_DUE = 16,
    ACKNOWLEDGED = 32,
    ASSIGNED = 64,
    TIMEOUT = 128,
    ESCALATION = 256,
    ACKNOWLEDGED_UNTIL = 512,
    RAISED = 1024,
};

/* ---- writing ---- */

/* A record has some forty pieces of a few bytes, and the buffer it goes to has held a record before: room is all but always there. */
static inline void put_bytes(struct oc_buf *out, const void *data, size_t len)
{
    if (out->cap - out->len <= len) {
        oc_buf_reserve(out, len);
    }
    memcpy(out->data + out->len, data, len);
    out->len += len;
    out->data[out->len] = '\0';
}

static void put_number(struct oc_buf *out, uint64_t n)
{
    char bytes[10];
    size_t len = 0;
    if (n < 0x80 && out->cap - out->len > 1) {
        out->data[out->len++] = (char)n;
        out->data[out->len] = '\0';
        return;
    }
    do {
        bytes[len++] = (char)((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
        n >>= 7;
    } while (n > 0);
    put_bytes(out, bytes, len);
}

static void put_string(struct oc_buf *out, const char *s)
{
    size_t len = strlen(s);
    put_number(out, len);
    put_bytes(out, s, len);
}

static void put_key(struct oc_buf *out, uint64_t key)
{
    key = htole64(key);
    put_bytes(out, &key, sizeof key);
}

static unsigned flags_of(const struct oc_alert *a)
{
    unsigned care = 0;
    if (a->care) {
        care =
            (a->care->acknowledged_at ? ACKNOWLEDGED : 0u) | (a->care->assigned_at ? ASSIGNED : 0u);
        care |= a->care->acknowledged_at && a->care->acknowledged_until ? ACKNOWLEDGED_UNTIL : 0u;
    }
    care |= a->escalation ? ESCALATION | (a->escalation->raised ? RAISED : 0u) : 0u;
    return care | (a->firing ? FIRING : 0u) | (a->posted ? POSTED : 0u) |
           (a->unsilenced ? UNSILENCED : 0u) | (a->announced ? ANNOUNCED : 0u) |
           (a->resolve_due ? RESOLVE_DUE : 0u) | (a->timeout ? TIMEOUT : 0u);
}

static void put_times(struct oc_buf *out, const struct oc_alert *a)
{
    put_number(out, (uint64_t)a->starts_at);
    put_number(out, (uint64_t)a->ends_at);
    put_number(out, (uint64_t)a->updated_at);
    put_number(out, (uint64_t)a->expires_at);
}

static void put_told(struct oc_buf *out, const struct oc_alerts *t, const struct oc_alert *a)
{
    put_number(out, (uint64_t)__builtin_popcountll(a->told));
    for (int i = 0; a->told >> i; i++) {
        if (a->told & (UINT64_C(1) << i)) {
            put_string(out, t->channels[i] ? t->channels[i] : "");
        }
        if (i == OC_ALERT_CHANNELS_MAX - 1) {
            break;
        }
    }
}

static void put_care(struct oc_buf *out, const struct oc_alert_care *care)
{
    if (care && care->acknowledged_at) {
        put_number(out, (uint64_t)care->acknowledged_at);
        put_string(out, care->acknowledged_by);
        put_string(out, care->comment);
    }
    if (care && care->acknowledged_at && care->acknowledged_until) {
        put_number(out, (uint64_t)care->acknowledged_until);
    }
    if (care && care->assigned_at) {
        put_number(out, (uint64_t)care->assigned_at);
        put_string(out, care->assigned_to);
        put_string(out, care->assigned_by);
    }
}

static void put_escalation(struct oc_buf *out, const struct oc_escalation *e)
{
    if (!e) {
        return;
    }
    put_number(out, (uint64_t)e->since);
    put_number(out, (uint64_t)e->due);
    put_number(out, e->step);
    put_number(out, e->count);
    for (size_t i = 0; i < e->count; i++) {
        put_number(out, e->times[i]);
    }
}

static void put_labels(struct oc_buf *out, const struct oc_alerts *t, const struct oc_alert *a)
{
    put_number(out, a->body->ref_count);
    for (uint32_t i = 0; i < a->body->ref_count; i++) {
        uint32_t number = a->body->refs[i].pair;
        const struct oc_label_pair *pair = oc_labels_pair(&t->labels, number);
        put_number(out, number >> 31);
        put_string(out, oc_labels_name(&t->labels, number));
        put_number(out, pair->len);
        put_bytes(out, pair->value, pair->len);
    }
}

void oc_codec_alert(struct oc_buf *out, const struct oc_alerts *t, const struct oc_alert *a)
{
    put_key(out, a->key);
    put_number(out, flags_of(a));
    put_number(out, a->severity);
    put_times(out, a);
    put_number(out, (uint64_t)a->notified_at);
    put_number(out, a->notifications);
    put_told(out, t, a);
    put_string(out, oc_alerts_silence_id(t, a->silence));
    put_care(out, a->care);
    put_escalation(out, a->escalation);
    put_labels(out, t, a);
    put_number(out, a->body->text_len);
    put_bytes(out, &a->body->refs[a->body->ref_count], a->body->text_len);
}

void oc_codec_touch(struct oc_buf *out, const struct oc_alert *a)
{
    put_key(out, a->key);
    put_times(out, a);
}

void oc_codec_remove(struct oc_buf *out, const struct oc_alert *a)
{
    put_key(out, a->key);
}

/* ---- reading ---- */

struct reader {
    const unsigned char *at, *end;
    bool bad;
};

static uint64_t get_number(struct reader *r)
{
    uint64_t n = 0;
    for (unsigned shift = 0; r->at < r->end && shift < 64; shift += 7) {
        unsigned char byte = *r->at++;
        n |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            return n;
        }
    }
    r->bad = true;
    return 0;
}

static int64_t get_time(struct reader *r)
{
    uint64_t n = get_number(r);
    return n > (uint64_t)INT64_MAX / 2 ? 0 : (int64_t)n;
}

/* Borrowed, not terminated. */
static const char *get_bytes(struct reader *r, size_t *len)
{
    uint64_t n = get_number(r);
    if (r->bad || n > (uint64_t)(r->end - r->at)) {
        r->bad = true;
        *len = 0;
        return "";
    }
    const char *s = (const char *)r->at;
    r->at += n;
    *len = (size_t)n;
    return s;
}

static char *get_string(struct reader *r)
{
    size_t len;
    const char *s = get_bytes(r, &len);
    r->bad = r->bad || memchr(s, '\0', len) != NULL;
    return oc_strndup(s, r->bad ? 0 : len);
}

static uint64_t get_key(struct reader *r)
{
    uint64_t key = 0;
    if (r->end - r->at < (ptrdiff_t)sizeof key) {
        r->bad = true;
        return 0;
    }
    memcpy(&key, r->at, sizeof key);
    r->at += sizeof key;
    return le64toh(key);
}

static void get_times(struct reader *r, struct oc_alert *a)
{
    a->starts_at = get_time(r);
    a->ends_at = get_time(r);
    a->updated_at = get_time(r);
    a->expires_at = get_time(r);
}

static uint64_t get_told(struct reader *r, struct oc_alerts *t)
{
    uint64_t told = 0, count = get_number(r);
    for (uint64_t i = 0; i < count && i < OC_ALERT_CHANNELS_MAX && !r->bad; i++) {
        char *name = get_string(r);
        int bit = *name && !r->bad ? oc_alerts_channel_bit(t, name, UINT64_MAX) : -1;
        told |= bit >= 0 ? UINT64_C(1) << bit : 0;
        free(name);
    }
    r->bad = r->bad || count > OC_ALERT_CHANNELS_MAX;
    return told;
}

static uint32_t get_silence(struct reader *r, struct oc_alerts *t)
{
    char *id = get_string(r);
    uint32_t number = *id && strlen(id) <= 36 && !r->bad ? oc_alerts_silence_number(t, id) : 0;
    free(id);
    return number;
}

static struct oc_alert_care *get_care(struct reader *r, uint64_t flags)
{
    if (!(flags & (ACKNOWLEDGED | ASSIGNED))) {
        return NULL;
    }
    struct oc_alert_care *care = oc_calloc(1, sizeof *care);
    if (flags & ACKNOWLEDGED) {
        care->acknowledged_at = get_time(r);
        care->acknowledged_by = get_string(r);
        care->comment = get_string(r);
        care->acknowledged_until = flags & ACKNOWLEDGED_UNTIL ? get_time(r) : 0;
    }
    if (flags & ASSIGNED) {
        care->assigned_at = get_time(r);
        care->assigned_to = get_string(r);
        care->assigned_by = get_string(r);
    }
    return care;
}

static struct oc_escalation *get_escalation(struct reader *r, uint64_t flags)
{
    if (!(flags & ESCALATION)) {
        return NULL;
    }
    struct oc_escalation *e = oc_calloc(1, sizeof *e);
    e->since = get_time(r);
    e->due = get_time(r);
    uint64_t step = get_number(r), count = get_number(r);
    e->step = (uint16_t)(step <= OC_ESCALATE_STEPS ? step : OC_ESCALATE_STEPS);
    e->raised = (flags & RAISED) != 0;
    if (count > OC_ESCALATE_TIMES || r->bad) {
        r->bad = true;
        return e;
    }
    e->times = count > 0 ? oc_calloc(OC_ESCALATE_TIMES, sizeof *e->times) : NULL;
    for (uint64_t i = 0; i < count; i++) {
        e->times[e->count++] = (uint32_t)get_number(r);
    }
    return e;
}

/* Kinds that are known, strings that end. */
static bool sound_texts(const char *texts, size_t len)
{
    const char *end = texts + len;
    while (texts < end) {
        unsigned kind = (unsigned char)*texts++;
        for (int strings = kind == OC_TEXT_ANNOTATION ? 2 : 1; strings > 0; strings--) {
            const char *nul = memchr(texts, '\0', (size_t)(end - texts));
            if (!nul) {
                return false;
            }
            texts = nul + 1;
        }
        if (kind < OC_TEXT_ID || kind > OC_TEXT_CHANNEL) {
            return false;
        }
    }
    return true;
}

struct pair_view {
    const char *name, *value;
    size_t name_len, value_len;
    bool own;
};

/* Reads all pairs before anything is interned: what is damaged leaves no trace. */
static size_t get_pairs(struct reader *r, struct pair_view *pairs)
{
    uint64_t count = get_number(r);
    if (count > REFS_MAX) {
        r->bad = true;
        return 0;
    }
    for (uint64_t i = 0; i < count && !r->bad; i++) {
        struct pair_view *p = &pairs[i];
        p->own = get_number(r) == 1;
        p->name = get_bytes(r, &p->name_len);
        p->value = get_bytes(r, &p->value_len);
        r->bad = r->bad || p->name_len == 0 || memchr(p->name, '\0', p->name_len) ||
                 memchr(p->value, '\0', p->value_len);
    }
    return r->bad ? 0 : (size_t)count;
}

static void take_body(struct reader *r, struct oc_alerts *t, struct oc_alert *a)
{
    struct pair_view pairs[REFS_MAX];
    struct oc_label_ref refs[REFS_MAX];
    size_t len = 0, kept = 0, count = get_pairs(r, pairs);
    const char *texts = get_bytes(r, &len);
    if (r->bad || len > TEXTS_MAX || !sound_texts(texts, len)) {
        r->bad = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t pair = oc_labels_intern(&t->labels, pairs[i].name, pairs[i].name_len,
                                         pairs[i].value, pairs[i].value_len);
        bool twice = false;
        for (size_t k = 0; k < kept; k++) {
            twice = twice || (refs[k].pair & OC_LABEL_NUMBER) == pair;
        }
        if (!twice) {
            refs[kept++] = (struct oc_label_ref){pairs[i].own ? pair | OC_LABEL_OWN : pair, 0};
        }
    }
    oc_alert_set_body(t, a, refs, kept, texts, len);
}

static void take_state(struct reader *r, struct oc_alerts *t, struct oc_alert *a)
{
    uint64_t flags = get_number(r), severity = get_number(r);
    a->firing = (flags & FIRING) != 0;
    oc_alerts_set_posted(t, a, (flags & POSTED) != 0);
    a->unsilenced = (flags & UNSILENCED) != 0;
    a->announced = (flags & ANNOUNCED) != 0;
    a->resolve_due = (flags & RESOLVE_DUE) != 0;
    a->timeout = (flags & TIMEOUT) != 0;
    a->severity = (uint8_t)(severity <= OC_ALERT_CRITICAL ? severity : OC_ALERT_WARNING);
    get_times(r, a);
    a->notified_at = get_time(r);
    a->notifications = (uint32_t)get_number(r);
    a->told = get_told(r, t);
    a->silence = get_silence(r, t);
    oc_alert_care_free(a->care);
    a->care = get_care(r, flags);
    oc_escalation_free(a->escalation);
    a->escalation = get_escalation(r, flags);
}

static struct oc_alert *read_alert(struct reader *r, struct oc_alerts *t)
{
    uint64_t key = get_key(r);
    if (r->bad) {
        return NULL;
    }
    struct oc_alert *a = oc_alerts_find(t, key);
    bool fresh = !a;
    a = a ? a : oc_alerts_add(t, key);
    take_state(r, t, a);
    take_body(r, t, a);
    if (r->bad && fresh) {
        oc_alerts_remove(t, a);
    }
    return r->bad ? NULL : a;
}

struct oc_alert *oc_codec_read(struct oc_alerts *t, unsigned type, const void *data, size_t len)
{
    struct reader r = {data, (const unsigned char *)data + len, false};
    if (type == OC_KEEP_ALERT) {
        return read_alert(&r, t);
    }
    if (type != OC_KEEP_TOUCH && type != OC_KEEP_REMOVE) {
        return NULL;
    }
    uint64_t key = get_key(&r);
    struct oc_alert *a = r.bad ? NULL : oc_alerts_find(t, key);
    if (a && type == OC_KEEP_REMOVE) {
        oc_alerts_remove(t, a);
        return NULL;
    }
    if (a) {
        get_times(&r, a);
    }
    return a;
}
