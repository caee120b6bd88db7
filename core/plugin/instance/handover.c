/* State on its way from one generation to the next, and the receipt of it. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/plugin/lifecycle/reload.h"

void oc_handed_state_destroy(struct oc_handed_state *s)
{
    if (s) {
        free(s->json);
        oc_buf_finish(&s->bytes);
        free(s);
    }
}

void oc_handed_state_take(struct oc_handed_state *s, const struct oc_record *records, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        const struct oc_record *r = &records[k];
        const size_t len = r->text.ptr ? (size_t)r->text.len : 0;
        if (r->type == OC_RECORD_JSON && s->json) {
            s->twice = true;
        } else if (r->type == OC_RECORD_JSON) {
            s->json = oc_strndup(r->text.ptr ? r->text.ptr : "", len);
        } else if (r->type == OC_RECORD_BYTES && len > OC_RELOAD_STATE_MAX - s->bytes.len) {
            s->over = true;
        } else if (r->type == OC_RECORD_BYTES && len > 0) {
            oc_buf_add(&s->bytes, r->text.ptr, len);
        }
    }
}

int oc_handed_state_check(const struct oc_handed_state *s, struct oc_error *err)
{
    if (s->over) {
        return oc_error_set(err, OC_E_PERMANENT, "state.save/1 gave more than %u bytes",
                            OC_RELOAD_STATE_MAX);
    }
    json_t *json = s->json && !s->twice ? oc_json_parse(s->json, strlen(s->json), NULL) : NULL;
    const bool fits = json_is_number(json_object_get(json, "schema"));
    json_decref(json);
    if (!fits) {
        oc_error_set(err, OC_E_PERMANENT,
                     "state.save/1 gave no single JSON object with a number \"schema\"");
        oc_error_hint(err, "Emit one JSON record such as {\"schema\": 1}, and the rest as BYTES.");
        return OC_E_PERMANENT;
    }
    return OC_OK;
}

/* [worker] */
static int64_t read_state(void *ctx, void *buf, uint64_t cap)
{
    struct oc_handed_state *s = ctx;
    const size_t left = s->bytes.len - s->at;
    const size_t n = cap < left ? (size_t)cap : left;
    if (n > 0) {
        memcpy(buf, s->bytes.data + s->at, n);
        s->at += n;
    }
    return (int64_t)n;
}

void oc_handed_state_invoke(struct oc_handed_state *s, struct oc_invocation *inv)
{
    s->at = 0;
    inv->method = "state.load/1";
    inv->params = s->json;
    inv->read = read_state;
    inv->stream_ctx = s;
}

json_t *oc_reload_side(const struct oc_plugin *plugin, uint64_t generation)
{
    json_t *side = json_object();
    oc_json_set_str(side, "version", plugin->manifest ? plugin->manifest->version : NULL);
    oc_json_set_str(side, "digest", plugin->terms.digest);
    oc_json_set_int(side, "generation", (int64_t)generation);
    return side;
}

/* What becomes of the code that was replaced. */
static char *library_fate(const struct oc_reload *r)
{
    const struct oc_plugin *old = r->old_plugin;
    if (!old || old->terms.tier != OC_TIER_INPROC) {
        return NULL;
    }
    const char *why =
        old == r->plugin ? "the new generation uses it, too" : oc_plugin_pinned_by(old);
    return why ? oc_asprintf("stays mapped: %s", why)
               : oc_strdup("unmapped when no thread is left that could use it");
}

json_t *oc_reload_receipt(const struct oc_reload *r, bool ok, const char *phase, bool rolled_back,
                          const char *message)
{
    char *library = library_fate(r);
    json_t *receipt = json_object();
    oc_json_set_str(receipt, "instance", r->instance->name);
    oc_json_set_str(receipt, "plugin", r->plugin->name);
    json_object_set(receipt, "from", r->from);
    json_object_set(receipt, "to", r->to);
    oc_json_set_bool(receipt, "ok", ok);
    oc_json_set_str(receipt, "phase", phase);
    oc_json_set_bool(receipt, "rolled_back", rolled_back);
    oc_json_set_int(receipt, "drained_ms", r->drained_ms);
    oc_json_set_int(receipt, "switched_ms", r->switched_ms);
    oc_json_set_int(
        receipt, "state_bytes",
        r->state && r->state->json ? (int64_t)(r->state->bytes.len + strlen(r->state->json)) : 0);
    oc_json_set_str(receipt, "old_library", library);
    oc_json_set_str(receipt, "message", message);
    free(library);
    return receipt;
}
