/* One channel of ours: what it is called, and what it cannot be without. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/buf.h"
#include "core/base/text.h"
#include "core/config/import/importer.h"

#define CHANNELS_MAX 64 /* that the alert service uses */

/* ---- what it cannot be without ---- */

static const struct need {
    const char *plugin, *key;
} needs[] = {
    {"webhook", "url"}, {"slack", "webhook_url"}, {"email", "host"},
    {"email", "from"},  {"email", "to"},          {"pagerduty", "routing_key"},
};

/* "`a`, `b` and `c`": what it lacks; NULL when that is nothing. Owned by the caller. */
static char *lacking(const json_t *channel)
{
    const char *keys[OC_COUNT(needs)];
    struct oc_buf words = {0};
    size_t count = 0;

    for (size_t i = 0; i < OC_COUNT(needs); i++) {
        if (strcmp(needs[i].plugin, oc_json_str(channel, "plugin", "")) == 0 &&
            !json_object_get(channel, needs[i].key)) {
            keys[count++] = needs[i].key;
        }
    }
    for (size_t i = 0; i < count; i++) {
        oc_buf_addf(&words, "%s`%s`", !i ? "" : i + 1 < count ? ", " : " and ", keys[i]);
    }
    return count ? oc_buf_take(&words) : NULL;
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
    const json_t *list = oc_json_path(imp->out, "alerts.channels");
    json_t *channel = json_object();

    imp->channel.reading = true;
    imp->channel.mapped_before = imp->mapped;
    oc_json_set_str(channel, "plugin", plugin);
    if (id && !oc_name_valid(id)) {
        oc_import_skip(imp, where, "Write letters, digits, `_`, `.` and `-`, at most 64.",
                       "'%.64s' is no name for a channel", id);
        id = NULL;
    }
    char *name = oc_strdup(id ? id : plugin);
    if (is_taken(list, name)) {
        char *other = with_number(list, name);
        oc_import_note(imp, where, "Give each an `id` of its own: routes tell of a channel by it.",
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

/* Why it cannot be taken over; NULL: it can. Owned by the caller. */
static char *fault_of(const struct oc_importer *imp, const json_t *channel, bool enabled)
{
    char *missing = lacking(channel), *fault = NULL;
    if (missing) {
        fault = oc_asprintf("it %shas no %s", enabled ? "" : "is off and ", missing);
    } else if (json_array_size(oc_json_path(imp->out, "alerts.channels")) >= CHANNELS_MAX) {
        fault = oc_asprintf("there are %d already", CHANNELS_MAX);
    }
    free(missing);
    return fault;
}

/* Channels of one name are one, in whatever file they stand: a placeholder would take the place of an
 * address that works, and what is on would stay off if another file said so. */
void oc_import_add_channel(struct oc_importer *imp, const char *where, json_t *channel,
                           bool enabled)
{
    char *fault = fault_of(imp, channel, enabled);

    imp->channel.reading = false;
    if (fault) {
        oc_import_skip(imp, where, "Mend it in this file, and import it again.",
                       "the channel is left out: %s", fault);
        imp->mapped = imp->channel.mapped_before;
    } else {
        oc_json_set_bool(channel, "enabled", enabled);
        json_array_append(oc_import_list(imp, "alerts.channels"), channel);
        oc_import_tell(imp, &imp->channel.notes);
        imp->mapped++;
    }
    oc_diags_finish(&imp->channel.notes);
    json_decref(channel);
    free(fault);
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
