/* Entries on their way to the disk, and what becomes of them. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/service/audit/internal.h"

struct oc_audit_writing {
    struct oc_audit *s;   /* NULL: it is gone */
    struct oc_call *call; /* NULL: nobody waits for it, or it was cancelled */
    unsigned tells;
    struct oc_audit_writing *next, **link;
};

void oc_audit_lose(struct oc_audit *s, const struct oc_error *why, unsigned tells)
{
    if (s->unheard == 0) {
        oc_err("what was done is not in the ledger", "reason=%s hint=%s", why->message, why->hint);
    }
    s->unheard += tells;
}

static void take_away(struct oc_audit_writing *w)
{
    *w->link = w->next;
    if (w->next) {
        w->next->link = w->link;
    }
    w->s = NULL;
}

/* What was taken is not there yet: the disk may fail below it. */
static void on_written(void *ctx, int code)
{
    struct oc_audit_writing *w = ctx;
    struct oc_error why;
    oc_error_init(&why);
    if (w->s && code != OC_OK) {
        oc_ledger_healthy(w->s->env.ledger, &why);
        oc_audit_lose(w->s, &why, w->tells);
    }
    if (w->s) {
        take_away(w);
    }
    if (w->call && code == OC_OK) {
        oc_call_succeed(w->call, json_object());
    } else if (w->call) {
        oc_call_failf(w->call, code, NULL, "the ledger cannot be written");
    }
    free(w);
}

/* A host that ends waits for the disk anyway, and on_written answers with what came of it: "cancelled" would make the other one write it
 * a second time. Of a caller that gives up while the host goes on nobody waits for a slow disk. */
static void on_cancelled(struct oc_call *call, void *ctx)
{
    struct oc_audit_writing *w = ctx;
    if (w->s && oc_ops_stopping(w->s->env.ops)) {
        oc_ledger_sync(w->s->env.ledger, NULL);
    } else {
        w->call = NULL;
        oc_call_failf(call, OC_E_TIMEOUT, NULL, "the entry is still on its way to the disk");
    }
}

int oc_audit_write(struct oc_audit *s, const char *type, const json_t *entry, unsigned tells,
                   struct oc_call *call, struct oc_error *err)
{
    struct oc_audit_writing *w = oc_calloc(1, sizeof *w);
    const int64_t index = oc_audit_append(s->env.ledger, type, entry, on_written, w, err);
    if (index < 0) {
        free(w);
        return (int)index;
    }
    *w = (struct oc_audit_writing){
        .s = s, .call = call, .tells = tells, .next = s->writing, .link = &s->writing};
    if (w->next) {
        w->next->link = &w->next;
    }
    s->writing = w;
    if (call) {
        oc_call_on_cancel(call, on_cancelled, w);
    }
    return OC_OK;
}

void oc_audit_write_forget(struct oc_audit *s)
{
    while (s->writing) {
        take_away(s->writing);
    }
}
