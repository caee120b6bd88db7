/* Routing and suppression of the original system as Lua tables. SPDX-License-Identifier: MIT */
#include "import.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/config/import/import_alerting.h"

void oc_alert_import_find(json_t *findings, const char *key, const char *message, const char *hint)
{
    json_t *json = json_object();
    oc_json_set_str(json, "key", key);
    oc_json_set_str(json, "message", message);
    oc_json_set_str(json, "hint", hint);
    json_array_append_new(findings, json);
}

const json_t *oc_alert_import_list(const json_t *rules, const char *section, json_t *findings)
{
    const json_t *group = json_object_get(rules, section), *list = json_object_get(group, "rules");
    const bool nothing = !group || oc_import_empty(list ? list : group) ||
                         (json_is_object(group) && !json_object_size(group));
    if (!nothing && !json_is_array(list)) {
        oc_alert_import_find(findings, section, "expected a group with a list, `rules`",
                             "What is shipped holds.");
    }
    return list;
}

#define WINDOW_MAX (30 * 86400) /* seconds */

static void find_at(json_t *findings, const char *list, size_t i, const char *message,
                    const char *hint)
{
    char *key = oc_asprintf("%s[%zu]", list, i);
    oc_alert_import_find(findings, key, message, hint);
    free(key);
}

/* A Lua string; JSON's escapes but \u and \/ are Lua's, too, and those are not written. */
void oc_alert_import_string(struct oc_buf *out, const char *s)
{
    oc_buf_addc(out, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\') {
            oc_buf_addc(out, '\\');
        }
        if ((unsigned char)*s < 0x20) {
            oc_buf_addf(out, "\\%03d", *s);
        } else {
            oc_buf_addc(out, *s);
        }
    }
    oc_buf_addc(out, '"');
}

bool oc_alert_import_replace(const char *source, size_t len, const char *begin, const char *end,
                             const struct oc_buf *table, struct oc_buf *out)
{
    const char *from = memmem(source, len, begin, strlen(begin));
    if (!from) {
        return false;
    }
    from += strlen(begin);
    const char *to = memmem(from, len - (size_t)(from - source), end, strlen(end));
    if (!to) {
        return false;
    }
    oc_buf_add(out, source, (size_t)(from - source));
    oc_buf_add(out, table->data, table->len);
    oc_buf_add(out, to, len - (size_t)(to - source));
    return true;
}

/* ---- routing ---- */

/* NAME=VALUE, with quotes where the value would be read otherwise; NULL when it is no matcher. */
static char *matcher_text(const char *name, const json_t *value)
{
    struct oc_buf out = {0};
    const char *s = json_string_value(value);
    if (!s || !*name || strpbrk(name, "=!~\"\\{}, \t\n\r") || strlen(name) + strlen(s) > 500) {
        return NULL;
    }
    const bool quotes = strpbrk(s, "~\"\\{}, \t\n\r") != NULL;
    oc_buf_addf(&out, "%s=%s", name, quotes ? "\"" : "");
    for (; *s; s++) {
        oc_buf_adds(&out, *s == '"' || *s == '\\' ? "\\" : "");
        *s == '\n' ? oc_buf_adds(&out, "\\n") : oc_buf_addc(&out, *s);
    }
    oc_buf_adds(&out, quotes ? "\"" : "");
    return oc_buf_take(&out);
}

static bool add_matchers(const json_t *match, struct oc_buf *out)
{
    const char *name;
    json_t *value;
    size_t count = 0;
    json_object_foreach((json_t *)match, name, value)
    {
        char *text = matcher_text(name, value);
        if (!text) {
            return false;
        }
        oc_buf_adds(out, count++ ? ", " : "");
        oc_alert_import_string(out, text);
        free(text);
    }
    return count > 0;
}

static bool add_channels(const json_t *channels, struct oc_buf *out)
{
    const json_t *name;
    size_t i;
    json_array_foreach(channels, i, name)
    {
        if (!json_is_string(name)) {
            return false;
        }
        oc_buf_adds(out, i ? ", " : "");
        oc_alert_import_string(out, json_string_value(name));
    }
    return json_array_size(channels) > 0;
}

/* The text of the grouping that the configuration has; NULL without one. */
static const char *group_text(const json_t *rules)
{
    const json_t *list = json_object_get(json_object_get(rules, "aggregation"), "rules");
    const char *text = oc_json_str(oc_import_grouping(list), "format", "");
    return *text ? text : NULL;
}

static bool add_route(const json_t *rule, struct oc_buf *table)
{
    struct oc_buf line = {0};
    oc_buf_adds(&line, "    { matchers = { ");
    bool sound = add_matchers(json_object_get(rule, "match"), &line);
    oc_buf_adds(&line, " }, channels = { ");
    sound = add_channels(json_object_get(rule, "channels"), &line) && sound;
    oc_buf_adds(&line, " } },\n");
    if (sound) {
        oc_buf_add(table, line.data, line.len);
    }
    oc_buf_finish(&line);
    return sound;
}

/* The routes that are on, as the lines of a Lua table; how many. */
static size_t add_routes(const json_t *list, struct oc_buf *table, json_t *findings)
{
    const json_t *rule;
    size_t i, count = 0;
    json_array_foreach(list, i, rule)
    {
        if (!oc_import_is_on(rule)) {
            continue;
        }
        if (add_route(rule, table)) {
            count++;
        } else {
            find_at(findings, "routing.rules", i,
                    "expected `match`, a mapping of texts, and `channels`, a list of texts",
                    "Write { match: { severity: critical }, channels: [console] }, or a route into "
                    "policies/route.lua.");
        }
    }
    return count;
}

static bool put_routes(const json_t *rules, const char *source, size_t len, struct oc_buf *out,
                       json_t *findings)
{
    struct oc_buf table = {0};
    const json_t *list = oc_alert_import_list(rules, "routing", findings);
    const size_t count = add_routes(list, &table, findings);
    const bool done = count > 0 && oc_alert_import_replace(source, len, "  routes = {\n",
                                                           "  },\n}\n", &table, out);
    if (count == 0) {
        oc_buf_add(out, source, len);
    }
    oc_buf_finish(&table);
    return done;
}

bool oc_alert_import_routes(const json_t *rules, const char *source, size_t len, struct oc_buf *out,
                            json_t *findings)
{
    struct oc_buf tree = {0}, line = {0};
    const char *text = group_text(rules);
    bool done = put_routes(rules, source, len, &tree, findings);
    if (text) {
        oc_buf_adds(&line, "  text = ");
        oc_alert_import_string(&line, text);
        oc_buf_adds(&line, ",\n");
        done = oc_alert_import_replace(tree.data, tree.len, "tree = routing.tree {\n", "  routes",
                                       &line, out);
    } else {
        oc_buf_add(out, tree.data, tree.len);
    }
    oc_buf_finish(&tree);
    oc_buf_finish(&line);
    return done;
}

/* ---- suppression ---- */

bool oc_alert_import_inhibition(const json_t *rules, const char *source, size_t len,
                                struct oc_buf *out, json_t *findings)
{
    const json_t *rule, *list = json_object_get(json_object_get(rules, "suppression"), "rules");
    struct oc_buf table = {0};
    size_t i;
    bool done = false;
    json_array_foreach(list, i, rule)
    {
        const json_t *said = json_object_get(rule, "window");
        const int64_t window = oc_json_int(rule, "window", 600);
        if (strcmp(oc_json_str(rule, "name", ""), "severity-cascade") != 0) {
            continue;
        }
        if (done) {
            find_at(findings, "suppression.rules", i, "a second severity-cascade",
                    "Add a rule of your own to policies/inhibit.lua.");
        } else if (!oc_import_is_on(rule)) {
            done = oc_alert_import_replace(source, len, "  return {\n", "  }\nend", &table, out);
        } else if ((said && !json_is_integer(said)) || window < 0 || window > WINDOW_MAX) {
            find_at(findings, "suppression.rules", i,
                    "expected `window`, whole seconds up to 30 days", "Write window: 600.");
        } else {
            oc_buf_addf(&table, "\"%llds\"", (long long)window);
            done = oc_alert_import_replace(source, len, "window = ", ",\n", &table, out);
        }
    }
    oc_buf_finish(&table);
    return done;
}
