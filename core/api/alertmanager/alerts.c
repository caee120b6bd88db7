/* GET alerts and groups of alerts. SPDX-License-Identifier: MIT
 *
 * A list may be of 100 000 alerts: what is to be in it is found out in slices, and it is written while it is sent. A short one is sent whole. */
#include "core/api/alertmanager/alertmanager.h"
#include "core/base/mem.h"
#include "core/loop/loop.h"

#define SLICE_MS 4 /* that the loop may be held for finding out */

/* Freed when the answer is whole, or nobody waits for it any more. */
struct listing {
    struct oc_alert_cursor *cursor;
    struct oc_http_request *request; /* NULL once the answer has begun */
    struct oc_timer *timer;          /* the next slice */
    struct oc_am_list list;
    struct oc_buf first; /* what is written already when sending begins */
};

static void add_labels(struct oc_buf *out, const struct oc_alert_pair *labels, size_t count)
{
    oc_buf_adds(out, "],\"labels\":");
    oc_am_add_pairs(out, labels, count);
}

static void end_group(struct oc_buf *out, const struct oc_cursor_group *g,
                      const struct oc_alert_view *view)
{
    if (g->single) {
        add_labels(out, view->labels, view->label_count);
    } else {
        add_labels(out, g->labels, g->label_count);
    }
    oc_buf_adds(out, ",\"receiver\":{\"name\":");
    oc_am_add_string(out, g->receiver);
    oc_buf_adds(out, "}}");
}

static void add(struct oc_am_list *l, struct oc_buf *out, const struct oc_alert_view *view,
                const struct oc_cursor_group *group)
{
    if (l->group && l->group != group) {
        end_group(out, l->group, NULL);
    }
    bool begins = group && l->group != group;
    oc_buf_adds(out, l->any ? "," : "[");
    oc_buf_adds(out, begins ? "{\"alerts\":[" : "");
    oc_am_add_alert(out, view);
    l->any = true;
    l->group = group;
    if (group && group->single) {
        end_group(out, group, view);
        l->group = NULL;
    }
}

bool oc_am_list_more(struct oc_am_list *l, struct oc_alert_cursor *cursor, struct oc_buf *out,
                     size_t size)
{
    const struct oc_cursor_group *group;
    while (out->len < size) {
        const struct oc_alert_view *view = oc_alert_cursor_next(cursor, &group);
        if (!view) {
            if (l->group) {
                end_group(out, l->group, NULL);
            }
            oc_buf_adds(out, l->any ? "]\n" : "[]\n");
            return false;
        }
        add(l, out, view, group);
    }
    return true;
}

static void finish(void *ctx)
{
    struct listing *l = ctx;
    oc_alert_cursor_close(l->cursor);
    oc_timer_destroy(l->timer);
    oc_buf_finish(&l->first);
    free(l);
}

static bool more(void *ctx, struct oc_buf *out)
{
    struct listing *l = ctx;
    if (l->first.len > 0) {
        oc_buf_add(out, l->first.data, l->first.len);
        oc_buf_finish(&l->first);
        return true;
    }
    return oc_am_list_more(&l->list, l->cursor, out, OC_AM_PART);
}

/* The answer begins, or another slice is needed. */
static void advance(void *ctx)
{
    struct listing *l = ctx;
    struct oc_http_request *r = l->request;
    if (!oc_alert_cursor_prepare(l->cursor, SLICE_MS)) {
        oc_timer_start(l->timer, 0, 0);
        return;
    }
    l->request = NULL;
    if (oc_am_list_more(&l->list, l->cursor, &l->first, OC_AM_PART)) {
        oc_http_send_parts(r, 200, OC_HTTP_TYPE_JSON, more, finish, l);
    } else {
        oc_am_send(r, &l->first);
        finish(l);
    }
}

static void answer(struct oc_http_request *r, struct oc_alertmanager *am, bool groups)
{
    struct oc_am_matchers matchers = {0};
    struct oc_alert_query q;
    struct oc_error err;
    oc_error_init(&err);
    if (!oc_am_read_query(r, &q, &matchers)) {
        goto out;
    }
    struct oc_alert_cursor *cursor = oc_alert_cursor_open(am->alert, &q, groups, &err);
    if (!cursor) {
        oc_am_refuse(r, 400, "failed to parse receiver param: %s", err.message);
        goto out;
    }
    struct listing *l = oc_calloc(1, sizeof *l);
    l->cursor = cursor;
    l->request = r;
    l->timer = oc_timer_create(am->api->env->loop, advance, l);
    oc_http_on_gone(r, finish, l);
    advance(l);
out:
    oc_am_matchers_finish(&matchers);
}

void oc_am_get_alerts(struct oc_http_request *r, void *ctx)
{
    answer(r, ctx, false);
}

void oc_am_get_groups(struct oc_http_request *r, void *ctx)
{
    answer(r, ctx, true);
}
