/* The words of a storm digest. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/service/alert/deliver/digest.h"
#include "core/service/alert/table/record.h"

#define LISTED   20   /* titles in the message; the whole list goes beside it */
#define TEXT_MAX 3500 /* bytes: what chat services take */

static void add_value(struct oc_buf *out, const json_t *value)
{
    if (json_is_string(value)) {
        oc_buf_adds(out, json_string_value(value));
    } else if (json_is_integer(value)) {
        oc_buf_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    }
}

char *oc_digest_fill(const char *format, const json_t *values)
{
    struct oc_buf out = {0};
    const char *open, *close;
    while ((open = strstr(format, "{{")) && (close = strstr(open, "}}"))) {
        char *name = oc_strndup(open + 2, (size_t)(close - open) - 2);
        oc_buf_add(&out, format, (size_t)(open - format));
        add_value(&out, json_object_get(values, name));
        free(name);
        format = close + 2;
    }
    oc_buf_adds(&out, format);
    return oc_buf_take(&out);
}

static bool is_resolved(const json_t *item)
{
    return strcmp(oc_json_str(item, "event", ""), "resolved") == 0;
}

/* 0 is the gravest; what is over comes last. */
static int rank(const json_t *item)
{
    enum oc_alert_severity severity = OC_ALERT_INFO;
    oc_alert_severity_parse(oc_json_str(item, "severity", ""), &severity);
    return (is_resolved(item) ? 3 : 0) + (int)OC_ALERT_CRITICAL - (int)severity;
}

json_t *oc_digest_sort(const json_t *items)
{
    json_t *sorted = json_array(), *item;
    size_t i;
    for (int wanted = 0; wanted < 6; wanted++) {
        json_array_foreach(items, i, item)
        {
            if (rank(item) == wanted) {
                json_array_append(sorted, item);
            }
        }
    }
    return sorted;
}

/* ---- counting ---- */

/* Which kind an item is of. */
static const char *kind_key(const json_t *item, const char *needs, bool by_severity,
                            struct oc_buf *key)
{
    oc_buf_clear(key);
    oc_buf_adds(key, by_severity ? oc_json_str(item, "severity", "") : "");
    oc_buf_addc(key, '\n');
    oc_buf_adds(key, oc_json_str(item, needs, ""));
    return key->data;
}

/* How many items there are of each kind, in the order of their first; a kind is what `format` makes of its members. */
static json_t *count_kinds(const json_t *items, const char *format, const char *needs)
{
    const bool by_severity = strstr(format, "{{severity}}") != NULL;
    json_t *kinds = json_array(), *item;
    struct oc_map known = {0};
    struct oc_buf key = {0};
    size_t i;
    json_array_foreach(items, i, item)
    {
        if (!*oc_json_str(item, needs, "") || is_resolved(item)) {
            continue;
        }
        json_t *kind = oc_map_get(&known, kind_key(item, needs, by_severity, &key));
        if (!kind) {
            kind = json_object();
            oc_json_set_str(kind, needs, oc_json_str(item, needs, ""));
            oc_json_set_str(kind, "severity", oc_json_str(item, "severity", ""));
            json_array_append_new(kinds, kind);
            oc_map_set(&known, key.data, kind);
        }
        const int64_t count = oc_json_int(kind, "count", 0) + 1;
        oc_json_set_int(kind, "count", count);
        oc_json_set_str(kind, "alerts", count == 1 ? "alert" : "alerts");
    }
    oc_map_finish(&known, NULL);
    oc_buf_finish(&key);
    return kinds;
}

static size_t count_resolved(const json_t *items)
{
    size_t i, count = 0;
    json_t *item;
    json_array_foreach(items, i, item)
    {
        count += is_resolved(item) ? 1 : 0;
    }
    return count;
}

static void add_kinds(struct oc_buf *out, const json_t *items, const char *format,
                      const char *needs)
{
    json_t *kinds = count_kinds(items, format, needs), *kind;
    size_t i;
    json_array_foreach(kinds, i, kind)
    {
        if (out->len >= TEXT_MAX) {
            break;
        }
        char *line = oc_digest_fill(format, kind);
        oc_buf_addf(out, "%s%s", out->len ? "\n" : "", line);
        free(line);
    }
    json_decref(kinds);
}

/* ---- the texts ---- */

char *oc_digest_title(const json_t *items)
{
    json_t *kinds = count_kinds(items, OC_DIGEST_BY_CATEGORY, "category");
    size_t resolved = count_resolved(items), count = json_array_size(items);
    char *title;
    if (json_array_size(kinds) == 1 && resolved == 0 &&
        (size_t)oc_json_int(json_array_get(kinds, 0), "count", 0) == count) {
        title = oc_digest_fill(OC_DIGEST_BY_CATEGORY, json_array_get(kinds, 0));
    } else if (resolved == 0) {
        title = oc_asprintf("%zu alerts", count);
    } else {
        title = oc_asprintf("%zu alerts, %zu of them resolved", count, resolved);
    }
    json_decref(kinds);
    return title;
}

char *oc_digest_message(const json_t *items)
{
    struct oc_buf out = {0};
    size_t i, listed = 0, count = json_array_size(items);
    json_t *item;
    add_kinds(&out, items, OC_DIGEST_BY_CATEGORY, "category");
    add_kinds(&out, items, OC_DIGEST_BY_AGENT, "agent");
    if (count_resolved(items) > 0) {
        oc_buf_addf(&out, "%s%zu resolved", out.len ? "\n" : "", count_resolved(items));
    }
    json_array_foreach(items, i, item)
    {
        if (listed >= LISTED || out.len > TEXT_MAX) {
            break;
        }
        oc_buf_addf(&out, "\n- %s: %.200s",
                    is_resolved(item) ? "resolved" : oc_json_str(item, "severity", ""),
                    oc_json_str(item, "title", ""));
        listed++;
    }
    if (listed < count) {
        oc_buf_addf(&out, "\n- and %zu more: openclaw alert list", count - listed);
    }
    return oc_buf_take(&out);
}
