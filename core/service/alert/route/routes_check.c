/* Names in routes that nobody knows: of channels, of intervals, and in texts. SPDX-License-Identifier: MIT */
#include "routes_check.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/alert/group/flush.h"
#include "core/service/alert/route/mute.h"

#define DEPTH_MAX 32

/* Each is said once, however many routes name it. */
static void add_once(json_t *warnings, char *text /* taken */)
{
    const json_t *other;
    size_t i;
    json_array_foreach(warnings, i, other)
    {
        if (strcmp(json_string_value(other), text) == 0) {
            free(text);
            return;
        }
    }
    json_array_append_new(warnings, json_string(text));
    free(text);
}

static void warn(const char *what, const char *name, json_t *warnings)
{
    add_once(warnings, oc_asprintf("a route names the %s %s, which is not configured", what, name));
}

/* `names`: one or a list. */
static void look_at_names(const struct oc_alert_service *s, const json_t *names, json_t *warnings)
{
    const size_t count = json_is_string(names) ? 1 : json_array_size(names);
    for (size_t i = 0; i < count; i++) {
        const char *name =
            json_string_value(json_is_string(names) ? names : json_array_get(names, i));
        if (name && !oc_mute_knows(s, name)) {
            warn("interval", name, warnings);
        }
    }
}

static void look_at_route(const struct oc_alert_service *s, const json_t *route, int depth,
                          json_t *warnings)
{
    const json_t *child;
    size_t i;
    look_at_names(s, json_object_get(route, "mute"), warnings);
    look_at_names(s, json_object_get(route, "active"), warnings);
    json_array_foreach(json_object_get(route, "routes"), i, child)
    {
        if (depth < DEPTH_MAX) {
            look_at_route(s, child, depth + 1, warnings);
        }
    }
}

void oc_routes_warn_tree(const struct oc_alert_service *s, const json_t *tree, json_t *warnings)
{
    if (json_is_object(tree)) {
        look_at_route(s, tree, 0, warnings);
    }
}

static void look_at_leaf_names(const struct oc_alert_service *s, const struct oc_leaf_names *names,
                               json_t *warnings)
{
    for (size_t i = 0; i < names->count; i++) {
        if (!oc_mute_knows(s, names->items[i])) {
            warn("interval", names->items[i], warnings);
        }
    }
}

/* "{{nosuch}}" is left empty when people are told. */
static void look_at_text(const struct oc_leaf *leaf, json_t *warnings)
{
    const char *open = leaf->grouped && leaf->text ? leaf->text : "", *close;
    for (; (open = strstr(open, "{{")) && (close = strstr(open, "}}")); open = close + 2) {
        char *name = oc_strndup(open + 2, (size_t)(close - open) - 2);
        if (!oc_flush_fills(leaf, name)) {
            add_once(warnings, oc_asprintf("the text of a route has {{%s}}, which is neither a "
                                           "label of its groups nor one of the host's words",
                                           name));
        }
        free(name);
    }
}

void oc_routes_warn_severity(const struct oc_alert_service *s, const struct oc_alert *alert,
                             json_t *warnings)
{
    const char *given = oc_alert_record_field(&s->alerts, alert, "severity");
    enum oc_alert_severity severity;
    if (*given && oc_alert_severity_parse(given, &severity) != 0) {
        add_once(warnings,
                 oc_asprintf("severities are critical, warning and info: %s counts as %s", given,
                             oc_alert_severity_name((enum oc_alert_severity)alert->severity)));
    }
}

void oc_routes_warn_route(const struct oc_alert_service *s, const struct oc_route *route,
                          json_t *warnings)
{
    for (size_t i = 0; i < route->unknown.count; i++) {
        warn("channel", route->unknown.items[i], warnings);
    }
    for (size_t i = 0; i < route->targets.count; i++) {
        look_at_leaf_names(s, &route->targets.items[i].leaf->mute, warnings);
        look_at_leaf_names(s, &route->targets.items[i].leaf->active, warnings);
        look_at_text(route->targets.items[i].leaf, warnings);
    }
}
