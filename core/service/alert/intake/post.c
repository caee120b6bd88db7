/* Reading posted alerts. SPDX-License-Identifier: MIT */
#include "post.h"

#include <string.h>
#include <strings.h>

#include "core/base/time.h"
#include "core/service/alert/table/fingerprint.h"

void oc_post_init(struct oc_post *p, const char *body, size_t len)
{
    memset(p, 0, sizeof *p);
    oc_scan_init(&p->scan, body, len);
    p->first = true;
}

void oc_post_finish(struct oc_post *p)
{
    oc_scan_finish(&p->scan);
}

static void refuse(struct oc_post_alert *alert, const char *why)
{
    alert->wrong = alert->wrong ? alert->wrong : why;
}

static void refuse_time(struct oc_post_alert *alert)
{
    alert->reason = alert->wrong ? alert->reason : OC_INGEST_MALFORMED;
    refuse(alert, "a time is not in RFC 3339");
}

/* As Go reads JSON: exactly, or but for the case. */
static bool is(const struct oc_view *view, const char *word)
{
    size_t len = strlen(word);
    return view->len == len &&
           (memcmp(view->ptr, word, len) == 0 || strncasecmp(view->ptr, word, len) == 0);
}

static int compare(const struct oc_view *a, const struct oc_view *b)
{
    size_t len = a->len < b->len ? a->len : b->len;
    int order = len ? memcmp(a->ptr, b->ptr, len) : 0;
    return order ? order : (a->len > b->len) - (a->len < b->len);
}

/* [a-zA-Z_][a-zA-Z0-9_]*, or any text without control characters, as newer Prometheus servers have them. */
static bool is_name(const struct oc_view *name)
{
    for (size_t i = 0; i < name->len; i++) {
        unsigned char c = (unsigned char)name->ptr[i];
        if (c < 0x20 || c == 0x7f) {
            return false;
        }
    }
    return name->len > 0 && name->len <= OC_INGEST_NAME_MAX;
}

/* Into its place by name; the last of two with the same name holds, as where Go reads it: an alert that the Alertmanager would take is not
 * lost over a doubled name, as a request of a person is refused for (oc_json_parse_request). */
static void add_label(struct oc_post_alert *alert, const struct oc_post_pair *pair)
{
    size_t at = alert->label_count;
    while (at > 0 && compare(&alert->labels[at - 1].name, &pair->name) > 0) {
        at--;
    }
    if (at > 0 && compare(&alert->labels[at - 1].name, &pair->name) == 0) {
        alert->labels[at - 1] = *pair;
        return;
    }
    if (alert->label_count == OC_INGEST_LABELS_MAX) {
        refuse(alert, "too many labels");
        return;
    }
    memmove(&alert->labels[at + 1], &alert->labels[at],
            (alert->label_count - at) * sizeof *alert->labels);
    alert->labels[at] = *pair;
    alert->label_count++;
}

static void take_label(struct oc_post_alert *alert, const struct oc_post_pair *pair)
{
    if (!is_name(&pair->name)) {
        refuse(alert, "invalid label name");
    } else if (pair->value.len > OC_INGEST_VALUE_MAX) {
        refuse(alert, "a label value is too long");
    } else {
        add_label(alert, pair);
    }
}

/* The one of that name, or the place of one more. */
static size_t find_annotation(const struct oc_post_alert *alert, const struct oc_view *name)
{
    size_t at = 0;
    while (at < alert->annotation_count && compare(&alert->annotations[at].name, name) != 0) {
        at++;
    }
    return at;
}

static void take_annotation(struct oc_post_alert *alert, const struct oc_post_pair *pair)
{
    const size_t at = find_annotation(alert, &pair->name);
    if (!is_name(&pair->name)) {
        refuse(alert, "invalid annotation name");
    } else if (pair->value.len > OC_INGEST_TEXT_MAX) {
        refuse(alert, "an annotation is too long");
    } else if (at == OC_INGEST_LABELS_MAX) {
        refuse(alert, "too many annotations");
    } else {
        alert->annotations[at] = *pair;
        alert->annotation_count += at == alert->annotation_count;
    }
}

static void drop_empty_labels(struct oc_post_alert *alert)
{
    size_t kept = 0;
    for (size_t i = 0; i < alert->label_count; i++) {
        if (alert->labels[i].value.len > 0) {
            alert->labels[kept++] = alert->labels[i];
        }
    }
    alert->label_count = kept;
}

static void read_map(struct oc_post *p, struct oc_post_alert *alert,
                     void (*take)(struct oc_post_alert *alert, const struct oc_post_pair *pair))
{
    struct oc_post_pair pair;
    bool first = true;
    if (oc_scan_peek(&p->scan) == 'n') {
        oc_scan_skip(&p->scan);
        return;
    }
    if (!oc_scan_enter(&p->scan, '{')) {
        return;
    }
    for (size_t nuls = p->scan.nuls; oc_scan_member(&p->scan, &first, &pair.name);
         nuls = p->scan.nuls) {
        if (p->scan.nuls != nuls) { /* a control character as others are, see is_name */
            pair.name.len = 0;
        }
        if (oc_scan_string(&p->scan, &pair.value)) {
            take(alert, &pair);
        }
    }
}

/* RFC 3339; year 1 is how Go writes "none". */
static int64_t parse_time(struct oc_post *p, struct oc_post_alert *alert,
                          const struct oc_view *text)
{
    int64_t at = 0;
    if (text->len == p->last_time.len && text->len > 0 &&
        memcmp(text->ptr, p->last_time.text, text->len) == 0) {
        return p->last_time.at;
    }
    if (text->len == 0 || (text->len >= 10 && memcmp(text->ptr, "0001-01-01", 10) == 0)) {
        return 0;
    }
    if (text->len >= sizeof p->last_time.text) {
        refuse_time(alert);
        return 0;
    }
    memcpy(p->last_time.text, text->ptr, text->len);
    p->last_time.text[text->len] = '\0';
    p->last_time.len = text->len;
    if (!oc_post_time(text->ptr, text->len, &at)) {
        refuse_time(alert);
        at = 0;
        p->last_time.len = 0;
    } else if (at == 0) {
        at = 1; /* 0 is "none" */
    }
    p->last_time.at = at;
    return at;
}

static int64_t read_time(struct oc_post *p, struct oc_post_alert *alert)
{
    struct oc_view text;
    if (oc_scan_peek(&p->scan) == 'n') {
        oc_scan_skip(&p->scan);
        return 0;
    }
    return oc_scan_string(&p->scan, &text) ? parse_time(p, alert, &text) : 0;
}

static void read_generator(struct oc_post *p, struct oc_post_alert *alert)
{
    if (oc_scan_peek(&p->scan) == 'n') {
        oc_scan_skip(&p->scan);
    } else if (oc_scan_string(&p->scan, &alert->generator) &&
               alert->generator.len > OC_INGEST_TEXT_MAX) {
        refuse(alert, "the generatorURL is too long");
    } else if (alert->generator.len > 0 &&
               !oc_post_uri(alert->generator.ptr, alert->generator.len)) {
        alert->reason = alert->wrong ? alert->reason : OC_INGEST_NO_URI;
        refuse(alert, "generatorURL in body must be of type uri");
    }
}

static void read_member(struct oc_post *p, struct oc_post_alert *alert, const struct oc_view *name)
{
    if (is(name, "labels")) {
        alert->label_count = 0;
        alert->has_labels = true;
        read_map(p, alert, take_label);
    } else if (is(name, "annotations")) {
        alert->annotation_count = 0;
        read_map(p, alert, take_annotation);
    } else if (is(name, "startsAt")) {
        alert->starts_at = read_time(p, alert);
    } else if (is(name, "endsAt")) {
        alert->ends_at = read_time(p, alert);
    } else if (is(name, "generatorURL")) {
        read_generator(p, alert);
    } else {
        oc_scan_skip(&p->scan);
    }
}

/* Whoever says 1900 means "long ago": times of alerts begin with 1970. */
static int64_t not_before_1970(int64_t at)
{
    return at < 0 ? 1 : at;
}

static void conclude(struct oc_post_alert *alert)
{
    uint64_t hash = OC_FINGERPRINT_START;
    drop_empty_labels(alert);
    for (size_t i = 0; i < alert->label_count; i++) {
        const struct oc_post_pair *l = &alert->labels[i];
        hash = oc_fingerprint_add(hash, l->name.ptr, l->name.len, l->value.ptr, l->value.len);
    }
    alert->fingerprint = hash;
    if (!alert->has_labels) {
        alert->reason = alert->wrong ? alert->reason : OC_INGEST_INCOMPLETE;
        refuse(alert, "labels in body is required");
    }
    if (alert->label_count == 0) {
        refuse(alert, "at least one label pair required");
    }
    if (alert->starts_at && alert->ends_at && alert->ends_at < alert->starts_at) {
        refuse(alert, "start time must be before end time");
    }
    alert->starts_at = not_before_1970(alert->starts_at);
    alert->ends_at = not_before_1970(alert->ends_at);
}

bool oc_post_next(struct oc_post *p, struct oc_post_alert *alert)
{
    struct oc_view name;
    bool first = true;
    oc_scan_forget(&p->scan);
    if (p->whole || (p->first && !oc_scan_enter(&p->scan, '[')) ||
        !oc_scan_item(&p->scan, &p->first)) {
        if (!p->whole && !p->scan.wrong && !oc_scan_end(&p->scan)) {
            oc_scan_fail(&p->scan, "something follows the list");
        }
        p->whole = true;
        return false;
    }
    alert->label_count = alert->annotation_count = 0;
    alert->generator = (struct oc_view){"", 0};
    alert->starts_at = alert->ends_at = 0;
    alert->wrong = NULL;
    alert->reason = OC_INGEST_INVALID;
    alert->has_labels = false;
    if (oc_scan_enter(&p->scan, '{')) {
        while (oc_scan_member(&p->scan, &first, &name)) {
            read_member(p, alert, &name);
        }
    }
    conclude(alert);
    return p->scan.wrong == NULL;
}
