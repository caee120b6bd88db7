/* What the bodies of both kinds have in common. SPDX-License-Identifier: MIT */
#include "core/plugin/instance/body.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugin/internal.h"

struct oc_body *oc_body_create(struct oc_instance *i, struct oc_plugin *plugin,
                               const struct oc_node *config, const char *path,
                               const char *const *ignore, const struct oc_body_events *events,
                               void *ctx, struct oc_diags *diags, struct oc_error *err)
{
    if (oc_plugin_load(plugin, err)) {
        return NULL;
    }
    struct oc_body *b = plugin->terms.tier == OC_TIER_INPROC
                            ? oc_body_inproc_create(i, plugin, config, path, ignore, diags, err)
                            : oc_body_process_create(i, plugin, config, path, ignore, diags, err);
    if (b) {
        b->instance = i;
        b->plugin = plugin;
        b->generation = ++i->generations;
        oc_body_set_events(b, events, ctx);
        oc_plugin_ref(plugin);
        oc_host_side_init(&b->host, b);
    }
    return b;
}

void oc_body_set_events(struct oc_body *b, const struct oc_body_events *events, void *ctx)
{
    b->events = events;
    b->ctx = ctx;
}

void oc_body_start(struct oc_body *b)
{
    OC_ASSERT(b->phase == OC_BODY_NEW);
    b->phase = OC_BODY_STARTING;
    b->kind->start(b);
}

void oc_body_stop(struct oc_body *b)
{
    OC_ASSERT(b->phase == OC_BODY_STARTED);
    b->phase = OC_BODY_STOPPING;
    atomic_store(&b->host.interrupted, false); /* it may want to save something */
    b->kind->stop(b);
}

void oc_body_destroy(struct oc_body *b)
{
    if (b) {
        OC_ASSERT(b->phase == OC_BODY_NEW || b->phase == OC_BODY_ENDED);
        struct oc_plugin *plugin = b->plugin;
        oc_host_side_finish(&b->host);
        b->kind->destroy(b);
        oc_plugin_unref(plugin);
    }
}

void oc_body_stats(const struct oc_body *b, json_t *out)
{
    oc_json_set_str(out, "tier", oc_tier_name(b->plugin->terms.tier));
    oc_json_set_int(out, "generation", (int64_t)b->generation);
    oc_json_set_str(out, "digest", b->plugin->terms.digest);
    oc_json_set_int(out, "log_dropped", atomic_load(&b->host.log_dropped));
    b->kind->stats(b, out);
}

int oc_body_first_error(const struct oc_diags *diags, size_t before, const char *path,
                        struct oc_error *err)
{
    for (size_t k = before; k < diags->list.count; k++) {
        const struct oc_diag *d = &diags->list.items[k];
        if (!d->warning) {
            oc_error_set(err, OC_E_CONFIG, "%s: %s", d->key ? d->key : path, d->message);
            oc_error_hint(err, "%s", d->hint ? d->hint : "");
            return OC_E_CONFIG;
        }
    }
    return oc_error_set(err, OC_E_CONFIG, "%s: wrong options", path);
}

void oc_body_tidy_error(struct oc_error *e, int code, const char *otherwise)
{
    char *message = oc_utf8_clean(e->message, strnlen(e->message, sizeof e->message));
    char *hint = oc_utf8_clean(e->hint, strnlen(e->hint, sizeof e->hint));
    oc_error_set(e, code, "%s", *message ? message : otherwise);
    oc_error_hint(e, "%s", hint);
    free(message);
    free(hint);
}
