/* One channel of ours: what it is called, and what it cannot be without. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/buf.h"
#include "core/base/text.h"
#include "core/base/vec.h"
#include "core/config/import/importer.h"

#define CHANNELS_MAX 64 /* that the alert service uses */

/* ---- what it cannot be without ---- */

/* A placeholder can be read and is nobody's (RFC 2606). A secret refers to a variable; no plugin needs
 * both kinds. */
static const struct need {
    const char *plugin, *key, *placeholder;
    bool list, secret;
} needs[] = {
    {"webhook", "url", "https://example.invalid/", false, false},
    {"slack", "webhook_url", "SLACK_WEBHOOK_URL", false, true},
    {"email", "host", "mail.example.invalid", false, false},
    {"email", "from", "openclaw@example.invalid", false, false},
    {"email", "to", "somebody@example.invalid", true, false},
    {"pagerduty", "routing_key", "PAGERDUTY_ROUTING_KEY", false, true},
};

static json_t *placeholder(const struct need *need)
{
    return need->secret ? json_sprintf("$env:%s", need->placeholder)
           : need->list ? json_pack("[s]", need->placeholder)
                        : json_string(need->placeholder);
}

/* "`a`, `b` and `c`": the i-th of them. */
static void add_name(struct oc_buf *out, size_t i, size_t count, const char *name)
{
    oc_buf_addf(out, "%s`%s`", !i ? "" : i + 1 < count ? ", " : " and ", name);
}

/* Fills in what is missing; false when nothing was. */
static bool fill_in(struct oc_importer *imp, const char *where, json_t *channel)
{
    OC_VEC(const struct need *) missing = {0};
    struct oc_buf names = {0}, hint = {0};

    for (size_t i = 0; i < OC_COUNT(needs); i++) {
        if (strcmp(needs[i].plugin, oc_json_str(channel, "plugin", "")) == 0 &&
            !json_object_get(channel, needs[i].key)) {
            OC_VEC_PUSH(&missing, &needs[i]);
        }
    }
    for (size_t i = 0; i < missing.count; i++) {
        const struct need *need = missing.items[i];
        oc_json_take(channel, need->key, placeholder(need));
        add_name(&names, i, missing.count, need->key);
        oc_buf_adds(&hint, i ? "" : need->secret ? "Set " : "Write ");
        add_name(&hint, i, missing.count, need->secret ? need->placeholder : need->key);
    }
    const bool any = missing.count > 0;
    if (any) {
        oc_buf_addf(&hint, "%s and take `enabled = false` out.",
                    missing.items[0]->secret ? " in the environment of the program" : "");
        oc_import_skip(imp, where, hint.data, "the channel is off: it has no %s", names.data);
    }
    oc_buf_finish(&names);
    oc_buf_finish(&hint);
    OC_VEC_FINISH(&missing);
    return any;
}

/* ---- what it is called ---- */

static const char *name_of(const json_t *channel)
{
    return oc_json_str(channel, "name", oc_json_str(channel, "plugin", ""));
}

static bool is_taken(const json_t *list, const char *name)
{
    const json_t *channel;
    size_t i;
    json_array_foreach(list, i, channel)
    {
        if (strcmp(name_of(channel), name) == 0) {
            return true;
        }
    }
    return false;
}

/* A name that no other has; owned by the caller. */
static char *with_number(const json_t *list, const char *name)
{
    char *numbered = NULL;
    for (size_t i = 2; !numbered || is_taken(list, numbered); i++) {
        free(numbered);
        numbered = oc_asprintf("%.56s-%zu", name, i);
    }
    return numbered;
}

json_t *oc_import_channel(struct oc_importer *imp, const char *where, const char *plugin,
                          const char *id)
{
    const json_t *list = oc_import_list(imp, "alerts.channels");
    json_t *channel = json_object();

    oc_json_set_str(channel, "plugin", plugin);
    if (id && !oc_name_valid(id)) {
        oc_import_skip(imp, where, "Write letters, digits, `_`, `.` and `-`, at most 64.",
                       "'%.64s' is no name for a channel", id);
        id = NULL;
    }
    char *name = oc_strdup(id ? id : plugin);
    if (is_taken(list, name)) {
        char *other = with_number(list, name);
        oc_import_skip(imp, where, "Give each an `id` of its own: routes tell of a channel by it.",
                       "another channel is called %s: this one becomes %s", name, other);
        free(name);
        name = other;
    }
    if (strcmp(name, plugin) != 0) {
        oc_json_set_str(channel, "name", name);
    }
    free(name);
    return channel;
}

/* ---- the list ---- */

void oc_import_add_channel(struct oc_importer *imp, const char *where, json_t *channel,
                           bool enabled)
{
    json_t *list = oc_import_list(imp, "alerts.channels");

    if (fill_in(imp, where, channel) || !enabled) {
        oc_json_set_bool(channel, "enabled", false);
    }
    if (json_array_size(list) < CHANNELS_MAX) {
        json_array_append(list, channel);
        imp->mapped++;
    } else {
        oc_import_skip(imp, where, "", "the channel is left out: there are %d already",
                       CHANNELS_MAX);
    }
    json_decref(channel);
}

void oc_import_check_channels(struct oc_importer *imp, const char *where)
{
    const json_t *list = oc_json_path(imp->out, "alerts.channels"), *channel;
    bool any = !list; /* those that are built in */
    size_t i;

    json_array_foreach(list, i, channel)
    {
        any = any || oc_json_bool(channel, "enabled", true);
    }
    if (!any) {
        oc_import_skip(imp, where, "Turn one on, or write { plugin = \"console\"; } beside them.",
                       "none of the channels is on: nobody is told of alerts");
    }
}
