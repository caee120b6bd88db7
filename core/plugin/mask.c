/* Hides secrets in configuration that is shown. SPDX-License-Identifier: MIT */
#include "core/plugin/mask.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/config/mask.h"
#include "core/config/path.h"

/* Where a value stands: below alerts.channels the path of a URL is a secret as well; below plugins is what plugins are
 * told by their names; below thresholds and cost is what the host counts and compares. */
enum place {
    PLACE_ROOT,
    PLACE_ALERTS,
    PLACE_CHANNELS,
    PLACE_PLUGINS,
    PLACE_PLUGIN,
    PLACE_FIGURES,
    PLACE_OTHER
};

struct spot {
    enum place place;
    const char *key;                /* of the value, or of the list that it is in; NULL: none */
    const struct oc_option *option; /* that it is the value of, where that is known */
    const struct oc_option *table;  /* of its members, where that is known */
    size_t stride;
    bool hidden; /* whatever it is */
    bool closed; /* it belongs to a plugin of which nothing is known */
};

static enum place below_root(const char *name)
{
    static const struct {
        const char *section;
        enum place place;
    } places[] = {{"alerts", PLACE_ALERTS},
                  {"plugins", PLACE_PLUGINS},
                  {"thresholds", PLACE_FIGURES},
                  {"cost", PLACE_FIGURES}};
    for (size_t i = 0; i < OC_COUNT(places); i++) {
        if (strcmp(name, places[i].section) == 0) {
            return places[i].place;
        }
    }
    return PLACE_OTHER;
}

static enum place below(enum place place, const char *name)
{
    switch (place) {
    case PLACE_ROOT:
        return below_root(name);
    case PLACE_ALERTS:
        return strcmp(name, "channels") == 0 ? PLACE_CHANNELS : PLACE_OTHER;
    case PLACE_CHANNELS:
    case PLACE_FIGURES:
        return place;
    case PLACE_PLUGINS:
        return PLACE_PLUGIN;
    case PLACE_PLUGIN:
    case PLACE_OTHER:
        break;
    }
    return PLACE_OTHER;
}

/* ---- what is known of a value ---- */

/* A group that belongs to a plugin: its option table says what its members are. */
static void look(const struct oc_masking *m, struct spot *s, const json_t *value)
{
    const char *name = s->place == PLACE_PLUGIN ? s->key : NULL;
    name = json_is_object(value) ? oc_json_str(value, "plugin", name) : NULL;
    if (!name || !m->plugins) {
        return;
    }
    size_t size;
    bool known = false;
    struct oc_plugin *plugin = oc_plugin_find(m->plugins, name);
    s->table = plugin ? oc_plugin_options(plugin, &s->stride, &size, &known) : NULL;
    s->closed = !known;
}

static bool are_headers(const char *name)
{
    const size_t len = strlen(name), tail = strlen("headers");
    return len >= tail && strcasecmp(name + len - tail, "headers") == 0;
}

static struct spot member(const struct oc_masking *m, const struct spot *in, const char *name,
                          const json_t *value)
{
    struct spot s = {.place = below(in->place, name),
                     .key = name,
                     .option = in->table ? oc_option_find(in->table, in->stride, name) : NULL,
                     .hidden = in->hidden,
                     .closed = in->closed};
    if (s.option && s.option->options) {
        s.table = s.option->options;
        s.stride = in->stride;
    }
    const uint32_t flags = s.option ? s.option->flags : 0;
    s.hidden |= s.option && s.option->type == OC_OPT_SECRET;
    s.hidden |=
        !m->all && (flags & OC_OPT_SENSITIVE || (json_is_object(value) && are_headers(name)));
    look(m, &s, value);
    return s;
}

/* Of a command the program is shown, and its arguments are not. */
static struct spot item(const struct oc_masking *m, const struct spot *in, size_t i,
                        const json_t *value)
{
    struct spot s = *in;
    if (s.option && s.option->type == OC_OPT_STRINGS && s.option->flags & OC_OPT_SENSITIVE) {
        s.hidden = s.hidden && i > 0;
    }
    look(m, &s, value);
    return s;
}

/* ---- hiding ---- */

static bool is_closed(const struct oc_masking *m, const struct spot *s, const char *text)
{
    int64_t ms;
    return !m->all && s->closed && s->key && strcmp(s->key, "plugin") != 0 &&
           strcmp(s->key, "name") != 0 && oc_duration_parse(text, &ms) != OC_OK;
}

static bool is_figure(const json_t *value)
{
    int64_t ms;
    return json_is_number(value) ||
           (json_is_string(value) && oc_duration_parse(json_string_value(value), &ms) == OC_OK);
}

static bool is_named_secret(const struct spot *s, const json_t *value)
{
    return s->key && oc_mask_secret_name(s->key) &&
           !(s->place == PLACE_FIGURES && is_figure(value));
}

static json_t *mask_string(const struct oc_masking *m, const struct spot *s, const json_t *value)
{
    const char *text = json_string_value(value);
    if (oc_starts(text, "$env:") || oc_starts(text, "$file:") || !*text) {
        return json_string(text);
    }
    if (s->hidden || is_named_secret(s, value) || is_closed(m, s, text)) {
        return json_string(OC_MASK);
    }
    char *shown = oc_mask_text(text, s->place == PLACE_CHANNELS);
    char *strict = m->all ? NULL : oc_mask_addresses(shown);
    json_t *masked = json_string(strict ? strict : shown);
    free(strict);
    free(shown);
    return masked;
}

/* A password may be all digits. What an option table names is no secret, or it would say so. */
static bool is_secret_number(const struct spot *s, const json_t *value)
{
    return json_is_number(value) && !s->option && is_named_secret(s, value);
}

static json_t *mask(const struct oc_masking *m, const struct spot *s, const json_t *value)
{
    if (json_is_string(value)) {
        return mask_string(m, s, value);
    }
    if (json_is_object(value)) {
        json_t *o = json_object(), *inner;
        const char *name;
        json_object_foreach((json_t *)(uintptr_t)value, name, inner)
        {
            const struct spot at = member(m, s, name, inner);
            oc_json_take(o, name, mask(m, &at, inner));
        }
        return o;
    }
    if (json_is_array(value)) {
        json_t *a = json_array(), *inner;
        size_t i;
        json_array_foreach(value, i, inner)
        {
            const struct spot at = item(m, s, i, inner);
            json_array_append_new(a, mask(m, &at, inner));
        }
        return a;
    }
    return s->hidden || is_secret_number(s, value) ? json_string(OC_MASK) : json_deep_copy(value);
}

json_t *oc_mask_config(const struct oc_masking *m, const json_t *root)
{
    const struct spot s = {.place = PLACE_ROOT};
    return mask(m, &s, root);
}

bool oc_mask_is_figure(const char *key, const char *value)
{
    char *section = oc_strndup(key, strcspn(key, ".["));
    json_t *json = oc_json_parse(value, strlen(value), NULL);
    json = json ? json : json_string(value);
    const bool figure = below_root(section) == PLACE_FIGURES && is_figure(json);
    json_decref(json);
    free(section);
    return figure;
}

/* ---- a part of it ---- */

/* Where a walk to a part of the configuration is. */
struct walk {
    struct spot spot;
    bool list; /* the last value was one */
};

/* One step further, to the value at `path`: an item of a list, "[INDEX]" or its name, or a member. */
static void step(const struct oc_masking *m, struct walk *w, const char *path, const json_t *value)
{
    const char *last = strrchr(path, '['), *dot = strrchr(path, '.');
    if (w->list) {
        w->spot = item(m, &w->spot, last && strcmp(last, "[0]") == 0 ? 0 : 1, value);
    } else {
        w->spot = member(m, &w->spot, dot ? dot + 1 : path, value);
    }
    w->list = json_is_array(value);
}

json_t *oc_mask_config_at(const struct oc_masking *m, const struct oc_node *root, const char *path,
                          const json_t *value)
{
    struct walk w = {.spot = {.place = PLACE_ROOT}};
    if (!path || !*path) {
        return mask(m, &w.spot, value);
    }
    struct oc_arena arena = {0}; /* the names of the spots on the way */
    for (size_t i = 1; path[i]; i++) {
        const char *above = strchr(".[", path[i]) ? oc_arena_strndup(&arena, path, i) : NULL;
        const struct oc_node *node = above ? oc_node_get(root, above) : NULL;
        if (node) {
            json_t *json = oc_node_json(node);
            step(m, &w, above, json);
            json_decref(json);
        }
    }
    step(m, &w, path, value);
    json_t *masked = mask(m, &w.spot, value);
    oc_arena_finish(&arena);
    return masked;
}
