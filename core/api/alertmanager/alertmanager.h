/* The area /api/v2: Alertmanager's API, shared by its files. SPDX-License-Identifier: MIT  [loop]
 *
 * Paths, documents, status codes and error bodies are those of Alertmanager 0.25 and its OpenAPI file: what was understood
 * and refused is answered with a JSON string, what was not understood with {"code","message"}. The same routes are below
 * /alertmanager. docs/alertmanager.md lists what differs. */
#ifndef OC_API_ALERTMANAGER_ALERTMANAGER_H
#define OC_API_ALERTMANAGER_ALERTMANAGER_H

#include "core/api/internal.h"
#include "core/base/buf.h"
#include "core/base/vec.h"
#include "core/service/alert/look/cursor.h"

/* Codes of {"code","message"} that are no HTTP status (go-openapi/errors). */
#define OC_AM_INVALID_TYPE 601
#define OC_AM_TYPE         601
#define OC_AM_REQUIRED     602
#define OC_AM_TOO_FEW      612

/* Context of every handler. */
struct oc_alertmanager {
    struct oc_api *api;
    struct oc_alert_service *alert;
    int64_t started_ms;
};

#define OC_AM_MATCHERS_MAX 64 /* of one filter or silence */

struct oc_am_matchers {
    OC_VEC(struct oc_matcher) list;
};
void oc_am_matchers_finish(struct oc_am_matchers *m);

/* ---- answers (answer.c) ---- */

/* A JSON string as the body. */
void oc_am_refuse(struct oc_http_request *r, unsigned status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* {"code","message"} */
void oc_am_invalid(struct oc_http_request *r, unsigned status, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The text as application/json; takes what `body` holds. */
void oc_am_send(struct oc_http_request *r, struct oc_buf *body);
/* False, answered with 415, when a body is there and its type is not JSON. */
bool oc_am_accepts_body(struct oc_http_request *r);

/* ---- documents as text (render.c): no tree is built ---- */

void oc_am_add_string(struct oc_buf *out, const char *text); /* with its quotes */
void oc_am_add_time(struct oc_buf *out, int64_t wall_ms);    /* with its quotes */
void oc_am_add_pairs(struct oc_buf *out, const struct oc_alert_pair *pairs, size_t count);
void oc_am_add_alert(struct oc_buf *out, const struct oc_alert_view *a);
void oc_am_add_silence(struct oc_buf *out, const struct oc_silence_view *s);

/* ---- lists in parts (alerts.c) ---- */

#define OC_AM_PART (64u << 10) /* bytes of a part; an answer that is not longer is sent whole */

struct oc_am_list {
    bool any;
    const struct oc_cursor_group *group; /* the one that is open */
};
/* Appends what the cursor has next, until `out` has `size` bytes; false when that was the end of the document. */
bool oc_am_list_more(struct oc_am_list *l, struct oc_alert_cursor *cursor, struct oc_buf *out,
                     size_t size);

/* ---- the query (query.c) ---- */

/* Reads filter, receiver, active, silenced, inhibited and unprocessed (with `flags`); false: answered with 400. `matchers` is
 * to be finished in either case, and after `q`. */
bool oc_am_read_query(struct oc_http_request *r, struct oc_alert_query *q,
                      struct oc_am_matchers *matchers);

/* ---- a silence from its document (draft.c) ---- */

struct oc_am_draft {
    json_t *json; /* owned */
    struct oc_am_matchers matchers;
    struct oc_silence_draft draft; /* borrows from both */
};
/* False: answered. Finish in either case. */
bool oc_am_draft_read(struct oc_http_request *r, struct oc_am_draft *d, int64_t now);
void oc_am_draft_finish(struct oc_am_draft *d);

extern const struct oc_route_doc oc_am_docs[]; /* docs.c */

/* ---- handlers ---- */

void oc_am_get_status(struct oc_http_request *r, void *ctx);
void oc_am_get_receivers(struct oc_http_request *r, void *ctx);
void oc_am_get_alerts(struct oc_http_request *r, void *ctx);
void oc_am_get_groups(struct oc_http_request *r, void *ctx);
void oc_am_post_alerts(struct oc_http_request *r, void *ctx); /* post.c */
void oc_am_get_silences(struct oc_http_request *r, void *ctx);
void oc_am_post_silence(struct oc_http_request *r, void *ctx);
void oc_am_get_silence(struct oc_http_request *r, void *ctx);
void oc_am_delete_silence(struct oc_http_request *r, void *ctx);

#endif
