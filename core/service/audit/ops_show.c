/* Looking into the ledger: its entries, the operations among them. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/op/sliced.h"
#include "core/service/audit/internal.h"

#define BLOCK    256       /* entries that are looked at at once, from the end on */
#define LOOK_MAX 200000    /* entries that one call looks at */
#define OLD_MAX  8         /* blocks of which every entry is too old: what is before them is too */
#define SKEW     OC_MINUTE /* a clock that went back by less is not worth a word */
#define SUMMARY  120       /* bytes of what an entry says */

struct show_params {
    const char *type, *since, *actor, *proposal, *op;
    int64_t limit, before;
};
#define SHOW(member) offsetof(struct show_params, member)
#define COMMON_OPTIONS                                                                             \
    {.name = "since",                                                                              \
     .type = OC_OPT_STRING,                                                                        \
     .offset = SHOW(since),                                                                        \
     .help = "from when: \"2h\", a date or a time"},                                               \
        {.name = "actor",                                                                          \
         .type = OC_OPT_STRING,                                                                    \
         .offset = SHOW(actor),                                                                    \
         .help = "only what this one did, such as cli:uid=0"},                                     \
        {.name = "limit",                                                                          \
         .type = OC_OPT_INT,                                                                       \
         .offset = SHOW(limit),                                                                    \
         .default_text = "100",                                                                    \
         .min = 1,                                                                                 \
         .max = 10000,                                                                             \
         .help = "at most this many, the newest first"},                                           \
    {                                                                                              \
        .name = "before", .type = OC_OPT_INT, .offset = SHOW(before), .default_text = "0",         \
        .max = 9e15, .help = "only entries before this index; 0: from the end"                     \
    }
static const struct oc_option show_options[] = {
    {.name = "type",
     .type = OC_OPT_STRING,
     .offset = SHOW(type),
     .help = "only this type, such as operation or vote_cast"},
    {.name = "proposal",
     .type = OC_OPT_STRING,
     .offset = SHOW(proposal),
     .help = "only what belongs to this proposal"},
    COMMON_OPTIONS,
    {0}};
static const struct oc_option list_options[] = {
    {.name = "operation",
     .type = OC_OPT_STRING,
     .offset = SHOW(op),
     .help = "only this operation, or all that begin so: \"alert.\""},
    COMMON_OPTIONS,
    {0}};

struct found {
    uint64_t index;
    json_t *entry;
};

#define WORDS 4 /* that an entry must hold to be wanted */

struct looking {
    struct oc_sliced sliced; /* first */
    struct oc_audit *s;
    struct show_params p;
    char *words[WORDS]; /* as JSON has them; owned, NULL: any */
    json_t *rows;
    int64_t since_ms;
    uint64_t from, to, stop;             /* the block at hand; where it ends at the latest */
    unsigned old;                        /* blocks after each other that are too old */
    bool young;                          /* the block at hand has an entry that is not */
    bool backwards;                      /* the clock went back between two entries */
    int64_t first_ms, last_ms, later_ms; /* times in the block; the first of the block after it */
    bool all;                            /* for an admin */
    bool operations;
    int rc;
    struct oc_error err;
    OC_VEC(struct found) block;
};

/* Governance is public; who did what else is for those who run the host. */
bool oc_audit_is_public(const char *type)
{
    return strcmp(type, "operation") != 0 && strcmp(type, "denied") != 0;
}

/* A proposal is submitted as a whole: who did is said in its record. */
static const char *actor_of(const json_t *entry)
{
    static const char *const keys[] = {"actor", "by", "member", "submitter"};
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        const char *actor = oc_json_str(entry, keys[i], NULL);
        if (actor) {
            return actor;
        }
    }
    return oc_json_str(json_object_get(entry, "record"), "submitter", NULL);
}

static bool is(const char *value, const char *wanted)
{
    return !wanted || (value && strcmp(value, wanted) == 0);
}

static bool is_wanted(const struct looking *l, const json_t *entry)
{
    const struct show_params *p = &l->p;
    const char *op = oc_json_str(entry, "op", "");
    const char *type = oc_json_str(entry, "type", "");
    const bool fits = !p->op || strcmp(op, p->op) == 0 ||
                      (p->op[0] && p->op[strlen(p->op) - 1] == '.' && oc_starts(op, p->op));
    return fits && (l->operations ? !oc_audit_is_public(type) : is(type, p->type)) &&
           (l->all || oc_audit_is_public(type)) && is(actor_of(entry), p->actor) &&
           (is(oc_json_str(entry, "proposal", NULL), p->proposal) ||
            is(oc_json_str(entry, "approval", NULL), p->proposal));
}

/* Before an entry is parsed: whether it can be one that is asked for. */
static bool may_be(const struct looking *l, const char *text, size_t len)
{
    for (size_t i = 0; i < WORDS; i++) {
        if (l->words[i] && !memmem(text, len, l->words[i], strlen(l->words[i]))) {
            return false;
        }
    }
    return true;
}

/* Entries are in the order in which they were written, which is that of their times unless the clock was set back. */
static void see_time(struct looking *l, int64_t time_ms)
{
    l->backwards = l->backwards || (l->last_ms > 0 && time_ms + SKEW < l->last_ms);
    l->young = l->young || time_ms >= l->since_ms;
    l->first_ms = l->first_ms ? l->first_ms : time_ms;
    l->last_ms = time_ms;
}

static bool look_at(void *ctx, uint64_t index, const char *text, size_t len)
{
    struct looking *l = ctx;
    if (index >= l->to) {
        return false;
    }
    /* the first of a block is always read: its time says how far back it is */
    if (index != l->from && !may_be(l, text, len)) {
        return true;
    }
    json_t *entry = oc_json_parse(text, len, NULL);
    const int64_t time_ms = oc_json_int(entry, "time", 0);
    see_time(l, time_ms);
    if (entry && time_ms >= l->since_ms && is_wanted(l, entry)) {
        const struct found one = {index, json_incref(entry)};
        OC_VEC_PUSH(&l->block, one);
    }
    json_decref(entry);
    return true;
}

/* What an entry says, in a few words: "alert.silence ok", "yes", "approved carried". */
static json_t *summary_of(const json_t *entry)
{
    static const char *const keys[] = {"op",     "kind", "word",   "to",      "outcome", "stage",
                                       "status", "mode", "method", "decided", "code",    "event",
                                       "name",   "hook", "reason", "message", "text"};
    const json_t *record = json_object_get(entry, "record");
    struct oc_buf text = {0};
    for (size_t i = 0; i < OC_COUNT(keys) && text.len < SUMMARY; i++) {
        const char *word = oc_json_str(entry, keys[i], "");
        oc_buf_adds(&text, *word && text.len ? " " : "");
        oc_buf_adds(&text, word);
    }
    oc_buf_adds(&text, text.len ? "" : oc_json_str(record, "title", ""));
    char *clean =
        oc_utf8_clean(text.data ? text.data : "", text.len < SUMMARY ? text.len : SUMMARY);
    json_t *summary = json_string(clean);
    free(clean);
    oc_buf_finish(&text);
    return summary;
}

/* One line of a table: what is left out is in "params". */
static json_t *brief_of(const json_t *params)
{
    char *text = params && !json_is_null(params) ? oc_json_text(params) : oc_strdup("");
    const size_t len = strlen(text);
    char *clean = oc_utf8_clean(text, len < SUMMARY ? len : SUMMARY);
    json_t *brief = json_sprintf("%s%s", clean, len > SUMMARY ? "\xe2\x80\xa6" : "");
    free(clean);
    free(text);
    return brief;
}

static json_t *row_of(const struct found *f, bool operations)
{
    static const char *const hidden[] = {"time", "type",   "actor", "op",
                                         "code", "params", "role",  "at"};
    json_t *o = json_object(), *rest = json_copy(f->entry);
    oc_json_set_int(o, "index", (int64_t)f->index);
    oc_json_set_time(o, "time", oc_json_int(f->entry, "time", 0));
    if (operations) {
        oc_json_set_str(o, "actor", oc_json_str(f->entry, "actor", NULL));
        oc_json_set_str(o, "op", oc_json_str(f->entry, "op", NULL));
        const bool denied = strcmp(oc_json_str(f->entry, "type", ""), "denied") == 0;
        oc_json_set_str(o, "code", oc_json_str(f->entry, "code", denied ? "denied" : NULL));
        json_t *params = json_object_get(f->entry, "params");
        json_object_set(o, "params", params ? params : json_null());
        oc_json_take(o, "summary",
                     denied ? json_string(oc_json_str(f->entry, "reason", "")) : brief_of(params));
        for (size_t i = 0; i < OC_COUNT(hidden); i++) {
            json_object_del(rest, hidden[i]);
        }
        json_object_update_missing(o, rest);
        json_decref(rest);
        return o;
    }
    json_object_del(rest, "time");
    json_object_del(rest, "type");
    oc_json_set_str(o, "type", oc_json_str(f->entry, "type", NULL));
    oc_json_set_str(o, "actor", actor_of(f->entry));
    oc_json_set_str(o, "proposal",
                    oc_json_str(f->entry, "proposal", oc_json_str(f->entry, "approval", NULL)));
    oc_json_take(o, "summary", summary_of(f->entry));
    oc_json_take(o, "entry", rest);
    return o;
}

static bool is_full(const struct looking *l)
{
    return json_array_size(l->rows) >= (size_t)l->p.limit;
}

/* The block before the one that was looked at last. */
static void look_at_block(struct looking *l)
{
    struct oc_ledger *ledger = l->s->env.ledger;
    const uint64_t oldest = oc_ledger_oldest(ledger);
    l->stop = l->stop < oldest ? oldest : l->stop; /* text was retired between two slices */
    if (l->to <= l->stop) {
        return;
    }
    l->from = (l->to - 1) / BLOCK * BLOCK;
    l->from = l->from < l->stop ? l->stop : l->from;
    l->young = false;
    l->first_ms = l->last_ms = 0;
    l->rc = oc_ledger_each(ledger, l->from, look_at, l, &l->err);
    for (size_t i = l->block.count; i-- > 0;) {
        if (!is_full(l)) {
            json_array_append_new(l->rows, row_of(&l->block.items[i], l->operations));
        }
        json_decref(l->block.items[i].entry);
    }
    l->block.count = 0;
    l->backwards = l->backwards || (l->later_ms > 0 && l->later_ms + SKEW < l->last_ms);
    l->later_ms = l->first_ms;
    l->old = l->young ? 0 : l->old + 1;
    l->to = l->from;
}

static bool is_over(const struct looking *l)
{
    return l->rc != OC_OK || l->to <= l->stop || l->old >= OLD_MAX || is_full(l);
}

/* A block after the other, from the end on: what is asked for is mostly there. */
static bool look(struct oc_sliced *sliced, int64_t until)
{
    struct looking *l = (struct looking *)sliced;
    while (!is_over(l)) {
        look_at_block(l);
        if (oc_time_mono() >= until) {
            break;
        }
    }
    return is_over(l);
}

static void warn_of(const struct looking *l)
{
    struct oc_call *call = l->sliced.call;
    const bool hidden = l->p.type && !l->all && !oc_audit_is_public(l->p.type);
    if (hidden) {
        oc_call_warn(call, "entries of the type \"%.40s\" are shown to admins only", l->p.type);
    } else if (l->p.type && json_array_size(l->rows) == 0) {
        oc_call_warn(call,
                     "no entry that was looked at is of the type \"%.40s\"; without --type each "
                     "entry says which one it is",
                     l->p.type);
    }
    if (l->p.since && l->backwards) {
        oc_call_warn(
            call,
            "the clock was set back between these entries, so times are not in order: --since "
            "may leave some out that it should not; without it none is");
    }
    if (l->to > oc_ledger_oldest(l->s->env.ledger) && l->old < OLD_MAX && !is_full(l)) {
        oc_call_warn(call, "looked at %d entries; go on with --before %llu", LOOK_MAX,
                     (unsigned long long)l->to);
    }
}

static json_t *looked(struct oc_sliced *sliced, struct oc_error *err)
{
    struct looking *l = (struct looking *)sliced;
    if (l->rc != OC_OK) {
        *err = l->err;
        return NULL;
    }
    warn_of(l);
    return json_incref(l->rows);
}

static void looking_destroy(struct oc_sliced *sliced)
{
    struct looking *l = (struct looking *)sliced;
    for (size_t i = 0; i < WORDS; i++) {
        free(l->words[i]);
    }
    OC_VEC_FINISH(&l->block);
    json_decref(l->rows);
    free(l);
}

/* A word as it stands between the quotes of an entry. */
static char *escaped(const char *word)
{
    json_t *value = word ? json_string(word) : NULL;
    char *text = value ? oc_json_text(value) : NULL;
    json_decref(value);
    if (text) {
        const size_t len = strlen(text) - 2;
        memmove(text, text + 1, len);
        text[len] = '\0';
    }
    return text;
}

static void show(struct oc_call *call, struct oc_audit *s, bool operations)
{
    const struct show_params *p = oc_call_params(call);
    const uint64_t size = oc_ledger_size(s->env.ledger);
    int64_t since_ms = 0;
    if (p->since && oc_time_parse(p->since, oc_time_wall(), &since_ms) != OC_OK) {
        oc_call_failf(call, OC_E_CONFIG,
                      "Write a duration such as 2h, or a date such as 2026-11-22.",
                      "--since is not a time");
        return;
    }
    struct looking *l = oc_calloc(1, sizeof *l);
    *l = (struct looking){.sliced = {.work = look, .answer = looked, .destroy = looking_destroy},
                          .s = s,
                          .p = *p,
                          .rows = json_array(),
                          .since_ms = since_ms,
                          .all = oc_call_actor(call)->role == OC_ROLE_ADMIN,
                          .operations = operations};
    oc_error_init(&l->err);
    const char *const words[WORDS] = {l->p.type, p->actor, p->proposal, p->op};
    for (size_t i = 0; i < WORDS; i++) {
        l->words[i] = escaped(words[i]);
    }
    l->words[0] = operations ? oc_strdup("\"op\":") : l->words[0]; /* whatever became of it */
    l->to = p->before > 0 && (uint64_t)p->before < size ? (uint64_t)p->before : size;
    l->stop = l->to > LOOK_MAX ? l->to - LOOK_MAX : 0;
    oc_sliced_run(&l->sliced, s->env.loop, call);
}

static void op_show(struct oc_call *call, void *ctx)
{
    show(call, ctx, false);
}

static void op_list(struct oc_call *call, void *ctx)
{
    show(call, ctx, true);
}

static const struct oc_op show_op = {
    .name = "ledger.show",
    .summary = "Show entries of the ledger, newest first",
    .flags = OC_OP_EPHEMERAL,
    .params = show_options,
    .params_size = sizeof(struct show_params),
    .view = "table:index=Index,time=Time,type=Type,actor=Actor,proposal=Proposal,summary=What",
    .description =
        "Operations and refusals are shown to admins only; all else is public. With --json each "
        "entry is there as a whole.",
    .example = "openclaw ledger show --type operation --since 2h",
    .result = "[{index: integer, time: time, type: string, actor: string|null, proposal: "
              "string|null, summary: string, entry: any}]",
    .handler = op_show,
};
static const struct oc_op list_op = {
    .name = "audit.list",
    .summary = "List what was done and by whom, newest first",
    .flags = OC_OP_EPHEMERAL,
    .role = OC_ROLE_ADMIN,
    .params = list_options,
    .params_size = sizeof(struct show_params),
    .view =
        "table:time=Time,actor=Actor,op=Operation,code=Result,approval=Approval,summary=Parameters",
    .description = "Every operation that changes something is an entry of the ledger, whether it "
                   "succeeded or not; secrets are masked. What role or policy refused is there "
                   "without its parameters, of one actor at most 20 in a minute: `left_out` counts "
                   "what was refused before it and is no entry.",
    .example = "openclaw audit list --operation alert. --since 24h",
    .result = "[{index: integer, time: time, actor: string, op: string, code: string, params: "
              "any, summary: string}]",
    .handler = op_list,
};
void oc_audit_add_show_ops(struct oc_audit *s)
{
    static struct oc_op show_twin;
    oc_audit_add_op(s, &show_op, &show_twin, "governance.ledger.show");
    oc_ops_add(s->env.ops, &list_op, s);
}
