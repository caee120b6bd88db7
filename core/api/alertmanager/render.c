/* Alerts and silences as JSON text. SPDX-License-Identifier: MIT
 *
 * A list may be of 100 000 alerts: each is written straight to the answer. */
#include <stdlib.h>
#include <string.h>

#include "core/api/alertmanager/alertmanager.h"
#include "core/base/floor.h"
#include "core/base/text.h"
#include "core/base/time.h"

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

void oc_am_add_string(struct oc_buf *out, const char *text)
{
    oc_buf_addc(out, '"');
    while (*text) {
        size_t plain = 0;
        while (text[plain] && is_plain((unsigned char)text[plain])) {
            plain++;
        }
        oc_buf_add(out, text, plain);
        text += plain;
        if (*text == '"' || *text == '\\') {
            oc_buf_addc(out, '\\');
            oc_buf_addc(out, *text++);
        } else if (*text) {
            oc_buf_addf(out, "\\u%04x", (unsigned)(unsigned char)*text++);
        }
    }
    oc_buf_addc(out, '"');
}

/* Alerts share their seconds. */
static const char *second_text(int64_t second)
{
    static struct {
        int64_t second;
        char text[40];
    } known[64]; /* [loop] */
    size_t at = (uint64_t)second % OC_COUNT(known);
    if (known[at].second != second || !known[at].text[0]) {
        known[at].second = second;
        oc_time_format(second * OC_SECOND, known[at].text, sizeof known[at].text);
    }
    return known[at].text;
}

void oc_am_add_time(struct oc_buf *out, int64_t wall_ms)
{
    int64_t second = oc_floor_div(wall_ms, OC_SECOND);
    unsigned ms = (unsigned)(wall_ms - second * OC_SECOND);
    const char *known = second_text(second);
    char text[42] = "\"";
    size_t len = strlen(known) + 2;
    memcpy(text + 1, known, len - 2);
    text[len - 1] = '"';
    text[len - 5] = (char)('0' + ms / 100); /* "...:05.000Z" */
    text[len - 4] = (char)('0' + ms / 10 % 10);
    text[len - 3] = (char)('0' + ms % 10);
    oc_buf_add(out, text, len);
}

void oc_am_add_pairs(struct oc_buf *out, const struct oc_alert_pair *pairs, size_t count)
{
    oc_buf_addc(out, '{');
    for (size_t i = 0; i < count; i++) {
        if (i) {
            oc_buf_addc(out, ',');
        }
        oc_am_add_string(out, pairs[i].name);
        oc_buf_addc(out, ':');
        oc_am_add_string(out, pairs[i].value);
    }
    oc_buf_addc(out, '}');
}

static void add_strings(struct oc_buf *out, const char *const *items, size_t count,
                        const char *before, const char *after)
{
    oc_buf_addc(out, '[');
    for (size_t i = 0; i < count; i++) {
        oc_buf_adds(out, i ? "," : "");
        oc_buf_adds(out, before);
        oc_am_add_string(out, items[i]);
        oc_buf_adds(out, after);
    }
    oc_buf_addc(out, ']');
}

static const char *state_name(enum oc_alert_view_state state)
{
    switch (state) {
    case OC_ALERT_VIEW_UNPROCESSED:
        return "unprocessed";
    case OC_ALERT_VIEW_SUPPRESSED:
        return "suppressed";
    case OC_ALERT_VIEW_ACTIVE:
        break;
    }
    return "active";
}

void oc_am_add_alert(struct oc_buf *out, const struct oc_alert_view *a)
{
    oc_buf_adds(out, "{\"annotations\":");
    oc_am_add_pairs(out, a->annotations, a->annotation_count);
    oc_buf_adds(out, ",\"endsAt\":");
    oc_am_add_time(out, a->ends_at);
    oc_buf_adds(out, ",\"fingerprint\":");
    oc_am_add_string(out, a->id);
    oc_buf_adds(out, ",\"receivers\":");
    add_strings(out, a->receivers, a->receiver_count, "{\"name\":", "}");
    oc_buf_adds(out, ",\"startsAt\":");
    oc_am_add_time(out, a->starts_at);
    oc_buf_adds(out, ",\"status\":{\"inhibitedBy\":");
    add_strings(out, a->inhibited_by, a->inhibited_by_count, "", "");
    oc_buf_adds(out, ",\"silencedBy\":");
    add_strings(out, a->silenced_by, a->silenced_by_count, "", "");
    oc_buf_adds(out, ",\"state\":\"");
    oc_buf_adds(out, state_name(a->state));
    oc_buf_adds(out, "\"},\"updatedAt\":");
    oc_am_add_time(out, a->updated_at);
    if (a->generator && *a->generator) {
        oc_buf_adds(out, ",\"generatorURL\":");
        oc_am_add_string(out, a->generator);
    }
    oc_buf_adds(out, ",\"labels\":");
    oc_am_add_pairs(out, a->labels, a->label_count);
    oc_buf_addc(out, '}');
}

static void add_matcher(struct oc_buf *out, const struct oc_matcher *m)
{
    char *value = oc_matcher_v2_value(m);
    oc_buf_addf(
        out, "{\"isEqual\":%s,\"isRegex\":%s,\"name\":", oc_matcher_is_equal(m) ? "true" : "false",
        oc_matcher_is_regex(m) ? "true" : "false");
    oc_am_add_string(out, m->name);
    oc_buf_adds(out, ",\"value\":");
    oc_am_add_string(out, value);
    oc_buf_addc(out, '}');
    free(value);
}

void oc_am_add_silence(struct oc_buf *out, const struct oc_silence_view *s)
{
    static const char *const states[] = {[OC_SILENCE_PENDING] = "pending",
                                         [OC_SILENCE_ACTIVE] = "active",
                                         [OC_SILENCE_EXPIRED] = "expired"};
    oc_buf_adds(out, "{\"id\":");
    oc_am_add_string(out, s->id);
    oc_buf_addf(out, ",\"status\":{\"state\":\"%s\"},\"updatedAt\":", states[s->state]);
    oc_am_add_time(out, s->updated_at);
    oc_buf_adds(out, ",\"comment\":");
    oc_am_add_string(out, s->comment ? s->comment : "");
    oc_buf_adds(out, ",\"createdBy\":");
    oc_am_add_string(out, s->created_by ? s->created_by : "");
    oc_buf_adds(out, ",\"endsAt\":");
    oc_am_add_time(out, s->ends_at);
    oc_buf_adds(out, ",\"matchers\":[");
    for (size_t i = 0; i < s->matcher_count; i++) {
        oc_buf_adds(out, i ? "," : "");
        add_matcher(out, &s->matchers[i]);
    }
    oc_buf_adds(out, "],\"startsAt\":");
    oc_am_add_time(out, s->starts_at);
    oc_buf_addc(out, '}');
}
