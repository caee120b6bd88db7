/* Many ballots in one call. SPDX-License-Identifier: MIT
 *
 * A signature costs some 50 us to verify, so those of a batch are verified on workers, in slices of which the loop prepares the
 * next one meanwhile and writes the one before: nothing waits for anything but the processors, and the loop is never held up
 * for longer than a slice takes. Ballots are written in the order given; the call ends when the last of them is on the disk. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/governance/internal.h"

#define BATCH_MAX 10000
#define SLICE     128
#define AHEAD     8 /* slices that may wait for the workers */
#define THREADS   3 /* two that verify, one for a snapshot */

struct item {
    struct oc_governance_act act;
    char *line; /* owned; its words end where the next one begins */
    struct oc_error err;
    int64_t index; /* of the entry; -1: none */
};

struct slice {
    struct oc_verifying *batch;
    size_t from, to;
    bool verified;
};

struct oc_verifying {
    struct oc_governance *g;
    struct oc_verifying *next, *prev;
    struct oc_call *call; /* NULL: the caller has given up */
    uint64_t losses;      /* of the journal, when it began */
    struct item *items;
    size_t count;
    struct slice *slices;
    size_t slice_count, prepared, written, returned; /* slices */
    struct oc_timer *next_slice;
};

struct votes_params {
    struct oc_list ballots;
};
static const struct oc_option votes_options[] = {
    {.name = "ballots",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct votes_params, ballots),
     .help = "\"PROPOSAL MEMBER CHOICE NONCE SIGNATURE\" each; a higher nonce replaces a vote"},
    {0}};

static void batch_free(struct oc_verifying *b)
{
    if (b->prev) {
        b->prev->next = b->next;
    } else {
        b->g->verifying = b->next;
    }
    if (b->next) {
        b->next->prev = b->prev;
    }
    for (size_t i = 0; i < b->count; i++) {
        free(b->items[i].line);
    }
    oc_timer_destroy(b->next_slice);
    free(b->items);
    free(b->slices);
    free(b);
}

/* ---- reading ---- */

static int read_line(struct item *item)
{
    char *words[5], *save = NULL, *end = NULL;
    size_t n = 0;
    for (char *w = strtok_r(item->line, " ", &save); w && n < 5; w = strtok_r(NULL, " ", &save)) {
        words[n++] = w;
    }
    if (n < 5 || save[strspn(save, " ")]) {
        return oc_error_set(&item->err, OC_E_CONFIG, "a ballot has five words");
    }
    struct oc_statement *s = &item->act.statement;
    s->kind = OC_STATEMENT_BALLOT;
    oc_copy(s->proposal, sizeof s->proposal, words[0]);
    oc_copy(s->member, sizeof s->member, words[1]);
    oc_copy(s->word, sizeof s->word, words[2]);
    s->nonce = strtoull(words[3], &end, 10);
    item->act.signature = words[4];
    item->act.change = item->act.quiet = true;
    return *end || !s->nonce ? oc_error_set(&item->err, OC_E_CONFIG, "the nonce is no number")
                             : OC_OK;
}

static void prepare(struct oc_governance *g, struct item *item)
{
    const json_t *p;
    if (read_line(item) != OC_OK) {
        return;
    }
    p = oc_governance_find(g->state, item->act.statement.proposal);
    if (!p) {
        oc_error_set(&item->err, OC_E_NOT_FOUND, "there is no such proposal");
    } else if (!oc_governance_is_known(g, p, &item->act, &item->index, &item->err)) {
        oc_governance_prepare(g, p, &item->act, &item->err);
    }
}

/* ---- verifying ---- */

static void verify(void *ctx)
{
    struct slice *s = ctx;
    for (size_t i = s->from; i < s->to; i++) {
        struct item *item = &s->batch->items[i];
        if (!item->err.code && item->index < 0) {
            oc_governance_verify(&item->act, s->batch->g->sheets, &item->err);
        }
    }
}

/* ---- writing ---- */

static void write_item(struct oc_governance *g, struct item *item)
{
    const json_t *p = oc_governance_find(g->state, item->act.statement.proposal);
    if (item->err.code || item->index >= 0) {
        return;
    }
    if (p && oc_governance_is_known(g, p, &item->act, &item->index, &item->err)) {
        return; /* the same ballot twice in one batch */
    }
    const uint64_t index = oc_ledger_size(g->env->ledger);
    const int rc = oc_governance_commit(g, &item->act, NULL);
    if (rc == OC_OK) {
        item->index = (int64_t)index;
    } else {
        oc_error_set(&item->err, rc,
                     "it was not taken: the proposal is closed, or the ledger full");
    }
}

/* Which of them decided it is the tally's to say: it looks at them in their order, whenever it looks. */
static void write_slice(struct oc_verifying *b, const struct slice *s)
{
    struct oc_map touched = {0};
    const char *id;
    for (size_t i = s->from; i < s->to; i++) {
        write_item(b->g, &b->items[i]);
        if (!b->items[i].err.code) {
            oc_map_set(&touched, b->items[i].act.statement.proposal, b);
        }
    }
    for (size_t it = 0; oc_map_next(&touched, &it, &id, NULL);) {
        oc_governance_poke(b->g, id);
    }
    oc_map_finish(&touched, NULL);
}

static json_t *receipts(const struct oc_verifying *b)
{
    json_t *o = json_object(), *list = json_array();
    size_t taken = 0;
    for (size_t i = 0; i < b->count; i++) {
        const struct item *item = &b->items[i];
        taken += !item->err.code;
        json_array_append_new(list, item->err.code ? json_string(item->err.message)
                                                   : json_integer(item->index));
    }
    oc_json_set_int(o, "taken", (int64_t)taken);
    oc_json_set_int(o, "refused", (int64_t)(b->count - taken));
    oc_json_take(o, "receipts", list);
    return o;
}

static void on_cancel(struct oc_call *call, void *ctx)
{
    struct oc_verifying *b = ctx;
    b->call = NULL;
    oc_call_failf(call, OC_E_CANCELLED, NULL, "cancelled");
}

static void end(struct oc_verifying *b)
{
    struct oc_call *call = b->call;
    if (call) {
        oc_call_on_cancel(call, NULL, NULL);
    }
    if (call && b->written == b->slice_count) {
        oc_governance_answer_when_durable(b->g, call, receipts(b), b->losses);
    } else if (call) {
        oc_call_failf(call, OC_E_CANCELLED, "Bring them again: what was taken is known.",
                      "the host is stopping");
    }
    batch_free(b);
}

/* The slices that are verified, in their order. What was written when the caller gave up stays, the rest is dropped. */
static void go_on(struct oc_verifying *b)
{
    const bool dropped = !b->call || b->g->stopping;
    while (!dropped && b->written < b->prepared && b->slices[b->written].verified) {
        write_slice(b, &b->slices[b->written++]);
    }
    if (!dropped && b->prepared < b->slice_count) {
        if (b->prepared - b->written < AHEAD) {
            oc_timer_start(b->next_slice, 0, 0);
        }
    } else if (b->returned == b->prepared) {
        end(b);
    }
}

static void on_verified(void *ctx)
{
    struct slice *s = ctx;
    s->verified = true;
    s->batch->returned++;
    go_on(s->batch);
}

struct oc_workers *oc_governance_workers(struct oc_governance *g)
{
    g->workers = g->workers ? g->workers : oc_workers_create(g->env->loop, THREADS);
    return g->workers;
}

/* One slice: others have their turn before the next one. */
static void prepare_more(void *ctx)
{
    struct oc_verifying *b = ctx;
    if (b->call && !b->g->stopping && b->prepared < b->slice_count) {
        struct slice *s = &b->slices[b->prepared++];
        for (size_t i = s->from; i < s->to; i++) {
            prepare(b->g, &b->items[i]);
        }
        oc_workers_submit(oc_governance_workers(b->g), verify, on_verified, s);
    }
    go_on(b);
}

static void cut_in_slices(struct oc_verifying *b)
{
    b->slice_count = (b->count + SLICE - 1) / SLICE;
    b->slices = oc_calloc(b->slice_count + 1, sizeof *b->slices);
    for (size_t i = 0; i < b->slice_count; i++) {
        const size_t end = (i + 1) * SLICE;
        b->slices[i] = (struct slice){b, i * SLICE, end < b->count ? end : b->count, false};
    }
}

static void op_votes(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    const struct votes_params *p = oc_call_params(call);
    const char *const *lines = p->ballots.items;
    if (p->ballots.count > BATCH_MAX || g->stopping) {
        oc_call_failf(call, OC_E_CONFIG, "Send them in parts.", "more than %d ballots", BATCH_MAX);
        return;
    }
    struct oc_verifying *b = oc_calloc(1, sizeof *b);
    b->g = g;
    b->call = call;
    b->losses = g->losses;
    b->count = p->ballots.count;
    b->items = oc_calloc(b->count + 1, sizeof *b->items);
    b->next = g->verifying;
    if (b->next) {
        b->next->prev = b;
    }
    g->verifying = b;
    for (size_t i = 0; i < b->count; i++) {
        oc_error_init(&b->items[i].err);
        b->items[i].index = -1;
        b->items[i].line = oc_strdup(lines[i]);
    }
    cut_in_slices(b);
    b->next_slice = oc_timer_create(g->env->loop, prepare_more, b);
    oc_call_on_cancel(call, on_cancel, b);
    go_on(b);
}

/* The workers are gone: what they were at is nobody's. */
void oc_governance_forget_verifying(struct oc_governance *g)
{
    while (g->verifying) {
        end(g->verifying);
    }
}

const struct oc_op oc_governance_ops_power[] = {
    {.name = "governance.votes",
     .summary = "Bring many signed ballots at once",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_ACTS,
     .params = votes_options,
     .params_size = sizeof(struct votes_params),
     .view = "custom:governance_votes",
     .description =
         "For a bridge that collects the ballots of agents: up to 10 000 in one call. The "
         "answer has a receipt for each, in their order: the place in the ledger, or why "
         "it was not taken. Ballots without a reason alone can be brought this way. A signature "
         "may be that of a sheet (governance.sheet): one signature for many ballots. The command "
         "lists what was refused, and fails when none was taken.",
     .example = "openclaw governance votes --ballots 'PROPOSAL-20261122-231501-042-00 alpha yes 1 "
                "c2lnbmF0dXJl...'",
     .result = "{taken: integer, refused: integer, receipts: [any]}",
     .handler = op_votes},
};
const size_t oc_governance_ops_power_count = OC_COUNT(oc_governance_ops_power);
