/* Routes as text for people. SPDX-License-Identifier: MIT */
#include "routes_text.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"

#define DEPTH_MAX 32

static void add_list(struct oc_buf *out, const json_t *list, const char *between)
{
    const json_t *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        oc_buf_addf(out, "%s%s", i ? between : "", json_string_value(item));
    }
}

/* ---- the tree ---- */

static void add_setting(struct oc_buf *out, const json_t *route, const char *key)
{
    const json_t *value = json_object_get(route, key);
    if (json_is_string(value)) {
        oc_buf_addf(out, "  %s %s", key, json_string_value(value));
    } else if (json_is_number(value)) {
        oc_buf_addf(out, "  %s %gs", key, json_number_value(value));
    } else if (json_is_array(value)) {
        oc_buf_addf(out, "  %s ", key);
        add_list(out, value, ",");
    } else if (json_is_boolean(value)) {
        oc_buf_addf(out, "  %s %s", key, json_is_true(value) ? "yes" : "no");
    }
}

static void add_route(struct oc_buf *out, const json_t *route, int depth)
{
    static const char *const settings[] = {
        "group_by", "group_wait", "group_interval", "repeat_interval", "mute",
        "active",   "text",       "send_resolved",  "continue"};
    const json_t *matchers = json_object_get(route, "matchers"), *child;
    const json_t *channels = json_object_get(route, "channels");
    size_t i;
    oc_buf_addf(out, "%*s", 2 * depth, "");
    if (json_is_string(matchers)) {
        oc_buf_adds(out, json_string_value(matchers));
    } else if (json_array_size(matchers) > 0) {
        add_list(out, matchers, ", ");
    } else {
        oc_buf_adds(out, depth ? "(any)" : "(all)");
    }
    if (json_array_size(channels) > 0) {
        oc_buf_adds(out, " -> ");
        add_list(out, channels, ", ");
    } else if (json_is_string(json_object_get(route, "receiver"))) {
        oc_buf_addf(out, " -> %s", oc_json_str(route, "receiver", ""));
    } else if (depth == 0) {
        oc_buf_adds(out, " -> channels by their levels");
    }
    for (i = 0; i < OC_COUNT(settings); i++) {
        add_setting(out, route, settings[i]);
    }
    json_array_foreach(json_object_get(route, "routes"), i, child)
    {
        if (depth < DEPTH_MAX) {
            oc_buf_addc(out, '\n');
            add_route(out, child, depth + 1);
        }
    }
}

void oc_routes_text_tree(const json_t *tree, struct oc_buf *out)
{
    if (json_is_object(tree)) {
        add_route(out, tree, 0);
    }
}

/* ---- one alert ---- */

static void add_target(struct oc_buf *out, const json_t *target)
{
    const json_t *group = json_object_get(target, "group");
    oc_buf_addf(out, "  %s by %s", oc_json_str(target, "channel", ""),
                oc_json_str(target, "path", ""));
    if (group) {
        const char *key;
        json_t *value;
        oc_buf_addf(out, ", group %s {", oc_json_str(group, "key", ""));
        json_object_foreach(json_object_get(group, "labels"), key, value)
        {
            oc_buf_addf(out, " %s=%s", key, json_string_value(value));
        }
        oc_buf_addf(out, " } after %s, then every %s", oc_json_str(target, "group_wait", ""),
                    oc_json_str(target, "group_interval", ""));
    } else {
        oc_buf_adds(out, ", at once");
    }
    if (oc_json_bool(target, "muted", false)) {
        oc_buf_addf(out, "; muted until %s", oc_json_str(target, "muted_until", "further notice"));
    }
    oc_buf_addc(out, '\n');
}

static void add_quiet(struct oc_buf *out, const json_t *result)
{
    const json_t *silences = json_object_get(result, "silenced_by"), *item;
    size_t i;
    if (json_array_size(silences) > 0) {
        oc_buf_adds(out, "silenced by ");
        add_list(out, silences, ", ");
        oc_buf_addc(out, '\n');
    }
    json_array_foreach(json_object_get(result, "inhibited_by"), i, item)
    {
        oc_buf_addf(out, "inhibited by alert %s (rule %s)\n", oc_json_str(item, "alert", ""),
                    oc_json_str(item, "rule", ""));
    }
}

static void add_way(struct oc_buf *out, const json_t *result)
{
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(result, "routes"), i, row)
    {
        int depth = (int)oc_json_int(row, "depth", 0);
        const char *matcher = oc_json_str(row, "matcher", NULL);
        oc_buf_addf(out, "%*s%-7s %s", 2 + 2 * (depth < DEPTH_MAX ? depth : DEPTH_MAX), "",
                    oc_json_str(row, "state", ""),
                    oc_json_str(json_object_get(row, "route"), "path", ""));
        if (matcher) {
            oc_buf_addf(out, "  (%s does not hold)", matcher);
        }
        oc_buf_addc(out, '\n');
    }
}

void oc_routes_text_warnings(const json_t *warnings, struct oc_buf *out)
{
    const json_t *warning;
    size_t i;
    json_array_foreach(warnings, i, warning)
    {
        oc_buf_addf(out, "%swarning: %s",
                    out->len > 0 && out->data[out->len - 1] != '\n' ? "\n" : "",
                    json_string_value(warning));
    }
}

void oc_routes_text_test(const json_t *result, struct oc_buf *out)
{
    const json_t *told = json_object_get(result, "told"), *item;
    const char *note = oc_json_str(result, "note", NULL);
    size_t i;
    oc_buf_adds(out, "told: ");
    oc_buf_adds(out, json_array_size(told) ? "" : "nobody");
    add_list(out, told, ", ");
    oc_buf_addc(out, '\n');
    json_array_foreach(json_object_get(result, "targets"), i, item)
    {
        add_target(out, item);
    }
    add_quiet(out, result);
    json_array_foreach(json_object_get(result, "others"), i, item)
    {
        oc_buf_addf(out, "not %s: %s\n", oc_json_str(item, "channel", ""),
                    oc_json_str(item, "reason", ""));
    }
    if (note) {
        oc_buf_addf(out, "by levels: %s\n", note);
    }
    if (json_array_size(json_object_get(result, "routes")) > 0) {
        oc_buf_adds(out, "routes:\n");
    }
    add_way(out, result);
    oc_routes_text_warnings(json_object_get(result, "warnings"), out);
    while (out->len > 0 && out->data[out->len - 1] == '\n') {
        out->data[--out->len] = '\0';
    }
}
