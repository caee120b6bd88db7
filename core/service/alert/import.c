/* Routing and suppression of the original system as Lua tables. SPDX-License-Identifier: MIT */
#include "import.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"

static void find(json_t *findings, const char *key, const char *message, const char *hint)
{
    json_t *json = json_object();
    oc_json_set_str(json, "key", key);
    oc_json_set_str(json, "message", message);
    oc_json_set_str(json, "hint", hint);
    json_array_append_new(findings, json);
}

static void find_at(json_t *findings, const char *list, size_t i, const char *message,
                    const char *hint)
{
    char *key = oc_asprintf("%s[%zu]", list, i);
    find(findings, key, message, hint);
    free(key);
}

/* A Lua string; JSON's escapes but \u and \/ are Lua's, too, and those are not written. */
static void add_string(struct oc_buf *out, const char *s)
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

/* The table between `begin` and `end` of the source is replaced by `table`. */
static bool replace(const char *source, size_t len, const char *begin, const char *end,
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

static bool add_matchers(const json_t *match, struct oc_buf *out)
{
    const char *name;
    json_t *value;
    size_t count = 0;
    json_object_foreach((json_t *)match, name, value)
    {
        if (!json_is_string(value) || strpbrk(name, "=!~\"\\ ")) {
            return false;
        }
        char *text = oc_asprintf("%s=%s", name, json_string_value(value));
        oc_buf_adds(out, count++ ? ", " : "");
        add_string(out, text);
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
        add_string(out, json_string_value(name));
    }
    return json_array_size(channels) > 0;
}

bool oc_alert_import_routes(const json_t *rules, const char *source, size_t len, struct oc_buf *out,
                            json_t *findings)
{
    struct oc_buf table = {0}, line = {0};
    const json_t *rule, *list = json_object_get(json_object_get(rules, "routing"), "rules");
    size_t i, count = 0;
    json_array_foreach(list, i, rule)
    {
        oc_buf_clear(&line);
        oc_buf_adds(&line, "    { matchers = { ");
        bool sound = add_matchers(json_object_get(rule, "match"), &line);
        oc_buf_adds(&line, " }, channels = { ");
        sound = add_channels(json_object_get(rule, "channels"), &line) && sound;
        oc_buf_adds(&line, " } },\n");
        if (sound) {
            oc_buf_add(&table, line.data, line.len);
            count++;
        } else {
            find_at(findings, "routing.rules", i, "the rule is not `match` and `channels`",
                    "Write a route into policies/route.lua.");
        }
    }
    bool done = count > 0 && replace(source, len, "  routes = {\n", "  },\n}\n", &table, out);
    oc_buf_finish(&table);
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
    (void)findings;
    json_array_foreach(list, i, rule)
    {
        int64_t window = oc_json_int(rule, "window", 600);
        if (strcmp(oc_json_str(rule, "name", ""), "severity-cascade") != 0) {
            continue;
        }
        if (oc_json_bool(rule, "enabled", true)) {
            oc_buf_addf(&table, "\"%llds\"", (long long)window);
            done = replace(source, len, "window = ", ",\n", &table, out);
        } else {
            done = replace(source, len, "  return {\n", "  }\nend", &table, out);
        }
    }
    oc_buf_finish(&table);
    return done;
}

/* ---- what is shipped already ---- */

struct shipped {
    const char *name;
    const char *keys[4]; /* with the values that are shipped */
    int64_t values[4];
};

/* Keys of several spellings that say the same are listed each. */
static bool is_shipped(const json_t *rule, const struct shipped *shipped)
{
    for (size_t i = 0; i < 4 && shipped->keys[i]; i++) {
        const json_t *value = json_object_get(rule, shipped->keys[i]);
        if (json_is_number(value) && (int64_t)json_number_value(value) != shipped->values[i]) {
            return false;
        }
    }
    return strcmp(oc_json_str(rule, "name", ""), shipped->name) == 0 &&
           oc_json_bool(rule, "enabled", true);
}

static void import_escalation(const json_t *rules, json_t *findings)
{
    static const struct shipped shipped[] = {
        {"critical-escalation", {"after", "timeout", "delay"}, {900, 900, 900}},
        {"warning-escalation", {"occurrences", "count", "window"}, {5, 5, 1800}},
    };
    const json_t *rule;
    size_t i;
    json_array_foreach(json_object_get(json_object_get(rules, "escalation"), "rules"), i, rule)
    {
        if (!is_shipped(rule, &shipped[0]) && !is_shipped(rule, &shipped[1])) {
            find_at(findings, "escalation.rules", i,
                    "it differs from what policies/escalate.lua does",
                    "Copy the shipped escalate.lua into your policy folder and change its table.");
        }
    }
}

static void import_aggregation(const json_t *rules, json_t *findings)
{
    const json_t *rule;
    size_t i;
    json_array_foreach(json_object_get(json_object_get(rules, "aggregation"), "rules"), i, rule)
    {
        const json_t *by = json_object_get(rule, "groupBy");
        const char *label =
            json_is_array(by) ? json_string_value(json_array_get(by, 0)) : json_string_value(by);
        char *hint = oc_asprintf(
            "Give a route group_by = { \"%s\" }, group_wait = \"%llds\" and text = \"%s\".",
            label ? label : "category", (long long)oc_json_int(rule, "window", 300),
            oc_json_str(rule, "format", "{{count}} alerts"));
        find_at(findings, "aggregation.rules", i,
                "alerts are told at once unless a route groups them", hint);
        free(hint);
    }
}

void oc_alert_import_rest(const json_t *rules, json_t *findings)
{
    import_escalation(rules, findings);
    import_aggregation(rules, findings);
}

/* ---- lines ---- */

static size_t indent_of(const char *line)
{
    return strspn(line, " ");
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? end + 1 : line + strlen(line);
}

static bool is_empty(const char *line)
{
    line += strspn(line, " \r");
    return *line == '\n' || *line == '#' || *line == '\0';
}

/* Where the member `name` (or, when it is NULL, item `index`) of the block that begins at `at` with at least `indent` is. */
static const char *step(const char *at, size_t indent, const char *name, size_t len, long index)
{
    for (; *at; at = next_line(at)) {
        const char *word = at + indent_of(at);
        if (is_empty(at)) {
            continue;
        }
        if (indent_of(at) < indent) {
            return NULL;
        }
        if (!name && word[0] == '-' && index-- == 0) {
            return at;
        }
        word += name && word[0] == '-' ? 1 + strspn(word + 1, " ") : 0;
        if (name && strncmp(word, name, len) == 0 && word[len] == ':') {
            return at;
        }
    }
    return NULL;
}

unsigned oc_alert_import_line(const char *text, const char *key)
{
    const char *at = text, *found = NULL;
    size_t indent = 0;
    while (*key && at) {
        size_t len = strcspn(key, ".[");
        if (*key == '[') {
            at = step(at, indent, NULL, 0, strtol(key + 1, NULL, 10));
            len = strcspn(key, "]") + 1;
        } else {
            at = step(at, indent, key, len, 0);
        }
        if (at) {
            found = at;
            indent = indent_of(at) + (*key == '[' ? 1 : 0);
            at = *key == '[' ? at : next_line(at);
        }
        key += len;
        key += *key == '.' ? 1 : 0;
    }
    unsigned line = found ? 1 : 0;
    for (const char *c = text; found && c < found; c++) {
        line += *c == '\n' ? 1 : 0;
    }
    return line;
}
