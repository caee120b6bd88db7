/* Why an alert was told, or was not, in words. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/service/alert/look/why.h"

static void add_origin(struct oc_buf *out, const json_t *origin)
{
    const char *file = oc_json_str(origin, "file", "");
    if (oc_json_str(origin, "posted", NULL)) {
        oc_buf_addf(out, "it was posted as %s%s%s\n", oc_json_str(origin, "posted", ""),
                    *oc_json_str(origin, "generator", "") ? " by " : "",
                    oc_json_str(origin, "generator", ""));
    } else if (!oc_json_bool(origin, "in_force", false)) {
        oc_buf_addf(out, "rule %s, which is not there any more\n", oc_json_str(origin, "name", ""));
    } else {
        oc_buf_addf(out, "rule %s: %s", oc_json_str(origin, "name", ""),
                    oc_json_str(origin, "expr", ""));
        oc_buf_addf(out, " (%s:%lld)\n", *file ? file : "built in",
                    (long long)oc_json_int(origin, "line", 0));
    }
}

static void add_decision(struct oc_buf *out, const json_t *why)
{
    const json_t *decided = json_object_get(why, "decided"), *target, *other, *item;
    const json_t *routing = json_object_get(why, "routing");
    size_t i;
    if (oc_json_str(decided, "where", NULL)) {
        const char *text = oc_json_str(decided, "text", "");
        oc_buf_addf(out, "decided at %s: %s\n", oc_json_str(decided, "where", ""),
                    text + strspn(text, " \t"));
    }
    oc_buf_adds(out, json_array_size(json_object_get(routing, "targets"))
                         ? "its route tells:\n"
                         : "its route tells nobody\n");
    json_array_foreach(json_object_get(routing, "targets"), i, target)
    {
        oc_buf_addf(out, "  %s by %s%s", oc_json_str(target, "channel", ""),
                    oc_json_str(target, "path", ""),
                    oc_json_bool(target, "grouped", false) ? ", in a group" : "");
        if (oc_json_bool(target, "muted", false)) {
            oc_buf_addf(out, ", muted until %s",
                        oc_json_str(target, "muted_until", "further notice"));
        }
        oc_buf_addc(out, '\n');
    }
    json_array_foreach(json_object_get(routing, "others"), i, other)
    {
        oc_buf_addf(out, "  not to %s: %s\n", oc_json_str(other, "channel", ""),
                    oc_json_str(other, "reason", ""));
    }
    json_array_foreach(json_object_get(routing, "inhibited_by"), i, item)
    {
        oc_buf_addf(out, "kept quiet by alert %s (%s)\n", oc_json_str(item, "alert", ""),
                    oc_json_str(item, "rule", ""));
    }
}

static void add_quiet(struct oc_buf *out, const json_t *why)
{
    const json_t *silence, *alert = json_object_get(why, "alert");
    const json_t *acknowledged = json_object_get(alert, "acknowledged");
    const char *until = oc_json_str(json_object_get(why, "cooldown"), "until", NULL);
    size_t i;
    json_array_foreach(json_object_get(why, "silences"), i, silence)
    {
        oc_buf_addf(out, "silenced by %s until %s (%s, by %s)\n", oc_json_str(silence, "id", ""),
                    oc_json_str(silence, "ends", ""), oc_json_str(silence, "comment", ""),
                    oc_json_str(silence, "created_by", ""));
    }
    if (json_is_object(acknowledged)) {
        oc_buf_addf(out, "acknowledged by %s at %s%s%s\n", oc_json_str(acknowledged, "by", ""),
                    oc_json_str(acknowledged, "at", ""),
                    oc_json_str(acknowledged, "until", NULL) ? ", until " : "",
                    oc_json_str(acknowledged, "until", ""));
    }
    if (until) {
        oc_buf_addf(out, "in its cool-down until %s\n", until);
    }
}

static void add_history(struct oc_buf *out, const json_t *history)
{
    const json_t *row;
    size_t i;
    oc_buf_adds(out, json_array_size(history) ? "what happened:\n" : "");
    json_array_foreach(history, i, row)
    {
        const char *event = oc_json_str(row, "event", "");
        const char *to = oc_json_str(row, "channel", oc_json_str(row, "to", ""));
        const char *reason = oc_json_str(row, "reason", oc_json_str(row, "by", ""));
        to = !*to && strcmp(event, "assigned") == 0 ? "nobody" : to;
        oc_buf_addf(out, "  %s %s%s%s%s%s\n", oc_json_str(row, "time", ""), event,
                    *to ? " to " : "", to, *reason ? ": " : "", reason);
    }
}

static void add_next(struct oc_buf *out, const json_t *why)
{
    const json_t *next = json_object_get(why, "next"), *e = json_object_get(why, "escalation");
    const char *at = oc_json_str(next, "at", NULL), *due = oc_json_str(e, "due", NULL);
    oc_buf_addf(out, "told again: %s%s%s%s\n", at ? at : "", at ? " (" : "",
                oc_json_str(next, "reason", ""), at ? ")" : "");
    if (json_is_object(e)) {
        int64_t steps = oc_json_int(e, "step", 0);
        oc_buf_addf(out, "escalation: %lld step%s taken%s%s%s", (long long)steps,
                    steps == 1 ? "" : "s", oc_json_bool(e, "raised", false) ? ", raised" : "",
                    due ? ", the next one at " : "", due ? due : "");
    }
}

void oc_why_text(const json_t *why, struct oc_buf *out)
{
    const json_t *alert = json_object_get(why, "alert");
    oc_buf_addf(out, "%s %s: %s\n", oc_json_str(alert, "severity", ""),
                oc_json_str(alert, "title", ""), oc_json_str(alert, "status", ""));
    add_origin(out, json_object_get(why, "origin"));
    add_decision(out, why);
    add_quiet(out, why);
    add_history(out, json_object_get(why, "history"));
    add_next(out, why);
    while (out->len > 0 && out->data[out->len - 1] == '\n') {
        out->data[--out->len] = '\0';
    }
}
