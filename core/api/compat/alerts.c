/* All alerts that fire, in the original's shape. SPDX-License-Identifier: MIT
 *
 * There may be 100 000 of them, and clients ask again every few seconds: they are written in slices, between which the host does other things. */
#include <stdlib.h>

#include "core/api/ask.h"
#include "core/api/compat/compat.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"

#define ALERTS_MAX 1000000 /* what alert.list takes: more than a host may have */
#define SLICE_MS   4       /* that the loop may be held for writing */

struct writing {
    struct oc_http_request *request;
    struct oc_timer *timer; /* the next slice */
    json_t *rows;
    size_t at;
    struct oc_buf out;
};

static void finish(void *ctx)
{
    struct writing *w = ctx;
    oc_timer_destroy(w->timer);
    json_decref(w->rows);
    oc_buf_finish(&w->out);
    free(w);
}

/* The rows are not ours alone. */
static void put_row(struct oc_buf *out, const json_t *row)
{
    json_t *alert = json_copy((json_t *)(uintptr_t)row);
    oc_compat_alert(alert);
    oc_json_put_wire(out, alert);
    json_decref(alert);
}

static void advance(void *ctx)
{
    struct writing *w = ctx;
    const size_t count = json_array_size(w->rows);
    const int64_t until = oc_time_mono() + SLICE_MS;
    while (w->at < count) {
        oc_buf_addc(&w->out, w->at ? ',' : '[');
        put_row(&w->out, json_array_get(w->rows, w->at++));
        if (oc_time_mono() >= until) {
            break;
        }
    }
    if (w->at < count) {
        oc_timer_start(w->timer, 0, 0);
        return;
    }
    oc_buf_adds(&w->out, count ? "]" : "[]");
    const size_t len = w->out.len;
    oc_http_send(w->request, 200, OC_HTTP_TYPE_JSON, oc_buf_take(&w->out), len);
    finish(w);
}

static void answer(void *ctx, struct oc_http_request *r, int code, const json_t *result,
                   const struct oc_error *err)
{
    const struct oc_compat *c = ctx;
    if (r && code != OC_OK) {
        oc_compat_refuse(r, code, err);
    } else if (r) {
        struct writing *w = oc_calloc(1, sizeof *w);
        w->request = r;
        w->timer = oc_timer_create(c->api->env->loop, advance, w);
        w->rows = json_incref((json_t *)(uintptr_t)result);
        oc_http_on_gone(r, finish, w);
        advance(w);
    }
}

void oc_compat_get_alerts(struct oc_http_request *r, void *compat)
{
    json_t *params = json_object();
    oc_json_set_int(params, "limit", ALERTS_MAX);
    oc_api_ask(r, "alert.list", params, answer, compat);
}
