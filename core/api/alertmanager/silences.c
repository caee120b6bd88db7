/* Silences: list, show, make, change, expire. SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <string.h>

#include "core/api/alertmanager/alertmanager.h"
#include "core/base/json.h"
#include "core/base/time.h"

static bool add_silence(void *ctx, const struct oc_silence_view *view)
{
    struct oc_buf *body = ctx;
    oc_buf_adds(body, body->len > 1 ? "," : "");
    oc_am_add_silence(body, view);
    return true;
}

void oc_am_get_silences(struct oc_http_request *r, void *ctx)
{
    const struct oc_alertmanager *am = ctx;
    struct oc_am_matchers matchers = {0};
    struct oc_alert_query q; /* of which only the filter counts here */
    struct oc_buf body = {0};
    if (oc_am_read_query(r, &q, &matchers)) {
        oc_buf_addc(&body, '[');
        oc_alert_view_silences(am->alert, q.matchers, q.matcher_count, add_silence, &body);
        oc_buf_adds(&body, "]\n");
        oc_am_send(r, &body);
    }
    oc_buf_finish(&body);
    oc_am_matchers_finish(&matchers);
}

static bool is_uuid(const char *id)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        if (shape[i] == '-' ? id[i] != '-' : !isxdigit((unsigned char)id[i])) {
            return false;
        }
    }
    return id[sizeof shape - 1] == '\0';
}

/* The {id} of the path; NULL: answered. */
static const char *path_id(struct oc_http_request *r)
{
    const char *id = oc_http_param(r, 0);
    if (!is_uuid(id)) {
        oc_am_invalid(r, 422, OC_AM_INVALID_TYPE, "silenceID in path must be of type uuid: \"%s\"",
                      id);
        return NULL;
    }
    return id;
}

void oc_am_get_silence(struct oc_http_request *r, void *ctx)
{
    const struct oc_alertmanager *am = ctx;
    struct oc_silence_view view;
    struct oc_buf body = {0};
    const char *id = path_id(r);
    if (!id) {
        return;
    }
    if (!oc_alert_view_silence(am->alert, id, &view)) {
        oc_http_send_empty(r, 404);
        return;
    }
    oc_am_add_silence(&body, &view);
    oc_buf_addc(&body, '\n');
    oc_am_send(r, &body);
}

/* What changes something is in the audit trail, whichever way it was asked for. */
static void audit(const struct oc_alertmanager *am, const struct oc_http_request *r, const char *op,
                  json_t *params /* taken */, int code)
{
    const struct oc_identity *who = oc_http_who(r);
    json_t *entry = json_object();
    oc_json_set_str(entry, "op", op);
    oc_json_set_str(entry, "actor", who->actor);
    oc_json_set_int(entry, "role", who->role);
    oc_json_take(entry, "params", params);
    oc_json_set_str(entry, "code", oc_error_name(code));
    oc_json_set_int(entry, "at", oc_time_wall());
    oc_bus_publish(am->api->env->bus, "audit", entry);
}

static void refuse_put(struct oc_http_request *r, const struct oc_error *err)
{
    if (err->code == OC_E_NOT_FOUND) {
        oc_am_refuse(r, 404, "silence not found");
    } else if (err->code == OC_E_CONFIG || err->code == OC_E_CONFLICT) {
        oc_am_refuse(r, 400, "Failed to create silence: %s", err->message);
    } else {
        oc_am_refuse(r, 503, "Failed to create silence: %s", err->message);
    }
}

void oc_am_post_silence(struct oc_http_request *r, void *ctx)
{
    const struct oc_alertmanager *am = ctx;
    struct oc_am_draft d = {0};
    struct oc_buf body = {0};
    struct oc_error err;
    char id[37] = "";
    oc_error_init(&err);
    if (!oc_am_accepts_body(r) || !oc_am_draft_read(r, &d, oc_time_wall())) {
        goto out;
    }
    int rc = oc_alert_silence_put(am->alert, &d.draft, id, &err);
    audit(am, r, "alert.silence", json_incref(d.json), rc);
    if (rc != OC_OK) {
        refuse_put(r, &err);
        goto out;
    }
    oc_buf_adds(&body, "{\"silenceID\":");
    oc_am_add_string(&body, id);
    oc_buf_adds(&body, "}\n");
    oc_am_send(r, &body);
out:
    oc_buf_finish(&body);
    oc_am_draft_finish(&d);
}

void oc_am_delete_silence(struct oc_http_request *r, void *ctx)
{
    const struct oc_alertmanager *am = ctx;
    struct oc_error err;
    oc_error_init(&err);
    const char *id = path_id(r);
    if (!id) {
        return;
    }
    int rc = oc_alert_silence_expire(am->alert, id, oc_http_who(r)->actor, &err);
    audit(am, r, "alert.unsilence", json_pack("{s:s}", "id", id), rc);
    if (rc == OC_OK || rc == OC_E_CONFLICT) { /* it has ended already, which is what was wanted */
        oc_http_send_empty(r, 200);
    } else if (rc == OC_E_NOT_FOUND) {
        oc_http_send_empty(r, 404);
    } else {
        oc_am_refuse(r, 503, "%s", err.message);
    }
}
