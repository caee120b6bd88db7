/* POST /api/v2/alerts: the body goes as it is to the alert service; 200 once it is on the disk. SPDX-License-Identifier: MIT */
#include "core/api/alertmanager/alertmanager.h"
#include "core/base/mem.h"
#include "core/service/alert/intake/ingest.h"

/* Freed by the answer, which comes in any case. */
struct post {
    struct oc_http_request *request; /* NULL: the client has left */
};

static void on_gone(void *ctx)
{
    struct post *post = ctx;
    post->request = NULL;
}

/* What was not understood is answered in the words of Alertmanager's document checks. */
static void refuse(struct oc_http_request *r, const struct oc_ingest_result *result)
{
    const char *why = result->error.message;
    if (result->reason == OC_INGEST_MALFORMED) {
        oc_am_invalid(r, 400, 400, "parsing alerts body from \"\" failed, because %s", why);
    } else if (result->reason == OC_INGEST_INCOMPLETE) {
        oc_am_invalid(r, 422, OC_AM_REQUIRED, "alerts in body is required: %s", why);
    } else if (result->reason == OC_INGEST_NO_URI) {
        oc_am_invalid(r, 422, OC_AM_TYPE, "%s", why);
    } else {
        oc_am_refuse(r, 400, "%s", why);
    }
}

static void on_taken(void *ctx, const struct oc_ingest_result *result)
{
    struct post *post = ctx;
    struct oc_http_request *r = post->request;
    free(post);
    if (!r) {
        return;
    }
    if (result->code == OC_OK) {
        oc_http_send_empty(r, 200);
    } else if (result->code == OC_E_CONFIG) {
        refuse(r, result);
    } else {
        oc_am_refuse(r, 503, "%s", result->error.message);
    }
}

void oc_am_post_alerts(struct oc_http_request *r, void *ctx)
{
    const struct oc_alertmanager *am = ctx;
    struct oc_view body = oc_http_body(r);
    if (!oc_am_accepts_body(r)) {
        return;
    }
    struct post *post = oc_alloc(sizeof *post);
    post->request = r;
    oc_http_on_gone(r, on_gone, post);
    oc_alert_ingest(am->alert, body.ptr ? body.ptr : "", (size_t)body.len, on_taken, post);
}
