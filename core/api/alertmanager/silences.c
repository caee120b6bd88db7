/* Silences: list, show, make, change, expire. SPDX-License-Identifier: MIT
 *
 * What changes one is a call of the operation that people use: the policies are asked, governance has its say, and it is in the audit
 * trail, whichever way it was asked for. */
#include <ctype.h>
#include <string.h>

#include "core/api/alertmanager/alertmanager.h"
#include "core/api/ask.h"
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

/* ---- what changes something ---- */

static unsigned status_of(int code)
{
    return code == OC_E_DENIED || code == OC_E_APPROVAL   ? oc_http_status(code)
           : code == OC_E_CONFIG || code == OC_E_CONFLICT ? 400
                                                          : 503;
}

static void answer_put(void *ctx, struct oc_http_request *r, int code, const json_t *result,
                       const struct oc_error *err)
{
    struct oc_buf body = {0};
    (void)ctx;
    if (!r) {
        return;
    }
    if (code == OC_E_NOT_FOUND) {
        oc_am_refuse(r, 404, "silence not found");
    } else if (code != OC_OK) {
        oc_am_refuse(r, status_of(code), "Failed to create silence: %s", err->message);
    } else {
        oc_buf_adds(&body, "{\"silenceID\":");
        oc_am_add_string(&body, oc_json_str(result, "id", ""));
        oc_buf_adds(&body, "}\n");
        oc_am_send(r, &body);
    }
}

static void set_time(json_t *params, const char *key, int64_t ms)
{
    char text[32];
    oc_json_set_str(params, key, oc_time_format(ms, text, sizeof text));
}

/* The same as an operator would say it. */
static json_t *put_params(const struct oc_silence_draft *d)
{
    json_t *params = json_object(), *matchers = json_array();
    for (size_t i = 0; i < d->matcher_count; i++) {
        char *text = oc_matcher_text(&d->matchers[i]);
        json_array_append_new(matchers, json_string(text));
        free(text);
    }
    oc_json_take(params, "matchers", matchers);
    set_time(params, "until", d->ends_at);
    if (d->starts_at > 0) {
        set_time(params, "start", d->starts_at);
    }
    if (*d->id) {
        oc_json_set_str(params, "update", d->id);
    }
    oc_json_set_str(params, "author", d->created_by);
    oc_json_set_str(params, "comment", d->comment);
    return params;
}

void oc_am_post_silence(struct oc_http_request *r, void *ctx)
{
    const struct oc_alertmanager *am = ctx;
    const int64_t now = oc_time_wall();
    struct oc_am_draft d = {0};
    struct oc_silence_view old;
    if (!oc_am_accepts_body(r) || !oc_am_draft_read(r, &d, now)) {
        oc_am_draft_finish(&d);
        return;
    }
    if (*d.draft.id && !oc_alert_view_silence(am->alert, d.draft.id, &old)) {
        oc_am_refuse(r, 404, "silence not found"); /* before anybody is asked about it */
    } else {
        oc_api_ask(r, "alert.silence", put_params(&d.draft), answer_put, NULL);
    }
    oc_am_draft_finish(&d);
}

static void answer_delete(void *ctx, struct oc_http_request *r, int code, const json_t *result,
                          const struct oc_error *err)
{
    (void)ctx, (void)result;
    if (r && (code == OC_OK || code == OC_E_NOT_FOUND)) {
        oc_http_send_empty(r, 200); /* it ended meanwhile, which is what was wanted */
    } else if (r) {
        oc_am_refuse(r, status_of(code), "%s", err->message);
    }
}

void oc_am_delete_silence(struct oc_http_request *r, void *ctx)
{
    const struct oc_alertmanager *am = ctx;
    const char *id = path_id(r);
    struct oc_silence_view view;
    if (!id) {
        return;
    }
    if (!oc_alert_view_silence(am->alert, id, &view)) {
        oc_http_send_empty(r, 404);
    } else if (view.state == OC_SILENCE_EXPIRED) {
        oc_http_send_empty(r, 200);
    } else {
        oc_api_ask(r, "alert.unsilence", json_pack("{s:s,s:b}", "id", id, "once", 1), answer_delete,
                   NULL);
    }
}
