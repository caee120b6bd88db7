/* Looking into the ledger: its entries, the operations among them, its state. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/audit/internal.h"

#define BLOCK    256    /* entries that are looked at at once, from the end on */
#define LOOK_MAX 200000 /* entries that one call looks at */
#define SUMMARY  120    /* bytes of what an entry says */

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

struct looking {
    const struct show_params *p;
    int64_t since_ms;
    uint64_t to;
    bool over; /* what comes is older than asked for */
    bool all;  /* for an admin */
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
    const struct show_params *p = l->p;
    const char *op = oc_json_str(entry, "op", "");
    const bool fits = !p->op || strcmp(op, p->op) == 0 ||
                      (p->op[0] && p->op[strlen(p->op) - 1] == '.' && oc_starts(op, p->op));
    return fits && (l->all || oc_audit_is_public(oc_json_str(entry, "type", ""))) &&
           is(oc_json_str(entry, "type", NULL), p->type) && is(actor_of(entry), p->actor) &&
           (is(oc_json_str(entry, "proposal", NULL), p->proposal) ||
            is(oc_json_str(entry, "approval", NULL), p->proposal));
}

/* Before an entry is parsed: whether it can be one that is asked for. */
static bool may_be(const struct show_params *p, const char *text, size_t len)
{
    const char *const words[] = {p->type, p->actor, p->proposal, p->op};
    for (size_t i = 0; i < OC_COUNT(words); i++) {
        if (words[i] && !strpbrk(words[i], "\"\\/") &&
            !memmem(text, len, words[i], strlen(words[i]))) {
            return false;
        }
    }
    return true;
}

static bool look_at(void *ctx, uint64_t index, const char *text, size_t len)
{
    struct looking *l = ctx;
    if (index >= l->to) {
        return false;
    }
    if (!may_be(l->p, text, len)) {
        return true;
    }
    json_t *entry = oc_json_parse(text, len, NULL);
    if (oc_json_int(entry, "time", 0) < l->since_ms) {
        l->over = true;
    } else if (entry && is_wanted(l, entry)) {
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
        oc_json_set_str(o, "code", oc_json_str(f->entry, "code", NULL));
        json_t *params = json_object_get(f->entry, "params");
        json_object_set(o, "params", params ? params : json_null());
        oc_json_take(o, "summary", brief_of(params));
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

/* A block after the other, from the end on: what is asked for is mostly there. */
static json_t *look(struct oc_audit *s, struct looking *l, bool operations, uint64_t *left,
                    struct oc_error *err)
{
    json_t *rows = json_array();
    const uint64_t oldest = oc_ledger_oldest(s->env.ledger), size = oc_ledger_size(s->env.ledger);
    uint64_t to = l->p->before > 0 && (uint64_t)l->p->before < size ? (uint64_t)l->p->before : size;
    const uint64_t stop = to > oldest + LOOK_MAX ? to - LOOK_MAX : oldest;
    int rc = OC_OK;
    while (rc == OC_OK && to > stop && !l->over && json_array_size(rows) < (size_t)l->p->limit) {
        uint64_t from = (to - 1) / BLOCK * BLOCK;
        from = from < stop ? stop : from;
        l->to = to;
        rc = oc_ledger_each(s->env.ledger, from, look_at, l, err);
        for (size_t i = l->block.count; i-- > 0;) {
            if (json_array_size(rows) < (size_t)l->p->limit) {
                json_array_append_new(rows, row_of(&l->block.items[i], operations));
            }
            json_decref(l->block.items[i].entry);
        }
        l->block.count = 0;
        to = from;
    }
    OC_VEC_FINISH(&l->block);
    *left = to > oldest && !l->over && json_array_size(rows) < (size_t)l->p->limit ? to : 0;
    if (rc != OC_OK) {
        json_decref(rows);
        return NULL;
    }
    return rows;
}

static void show(struct oc_call *call, struct oc_audit *s, bool operations)
{
    struct show_params p = *(const struct show_params *)oc_call_params(call);
    struct looking l = {.p = &p, .all = oc_call_actor(call)->role == OC_ROLE_ADMIN};
    struct oc_error err;
    uint64_t left = 0;
    oc_error_init(&err);
    p.type = operations ? "operation" : p.type;
    if (p.since && oc_time_parse(p.since, oc_time_wall(), &l.since_ms) != OC_OK) {
        oc_call_failf(call, OC_E_CONFIG,
                      "Write a duration such as 2h, or a date such as 2026-11-22.",
                      "--since is not a time");
        return;
    }
    json_t *rows = look(s, &l, operations, &left, &err);
    if (!rows) {
        oc_call_fail(call, &err);
        return;
    }
    if (!operations && p.type && json_array_size(rows) == 0) {
        oc_call_warn(call,
                     "no entry that was looked at is of the type \"%.40s\"; without --type each "
                     "entry says which one it is",
                     p.type);
    }
    if (left > 0) {
        oc_call_warn(call, "looked at %d entries; go on with --before %llu", LOOK_MAX,
                     (unsigned long long)left);
    }
    oc_call_succeed(call, rows);
}

static void op_show(struct oc_call *call, void *ctx)
{
    show(call, ctx, false);
}

static void op_list(struct oc_call *call, void *ctx)
{
    show(call, ctx, true);
}

/* ---- ledger.status ---- */

static void op_status(struct oc_call *call, void *ctx)
{
    struct oc_audit *s = ctx;
    struct oc_ledger *l = s->env.ledger;
    struct oc_error why;
    uint8_t root[OC_LEDGER_HASH];
    char hex[2 * OC_LEDGER_HASH + 1];
    oc_error_init(&why);
    json_t *o = json_object();
    const bool healthy = oc_ledger_healthy(l, &why);
    oc_json_set_bool(o, "healthy", healthy);
    oc_json_set_str(o, "problem", healthy ? NULL : why.message);
    oc_json_set_str(o, "remedy", healthy || !*why.hint ? NULL : why.hint);
    oc_json_set_int(o, "entries", (int64_t)oc_ledger_size(l));
    oc_json_set_int(o, "durable", (int64_t)oc_ledger_durable(l));
    oc_json_set_int(o, "oldest", (int64_t)oc_ledger_oldest(l));
    if (oc_ledger_root(l, oc_ledger_durable(l), root, NULL) == OC_OK) {
        oc_audit_hex(root, sizeof root, hex);
        oc_json_set_str(o, "root", hex);
    }
    const uint64_t covered = oc_ledger_note_latest(s->dir);
    oc_json_set_int(o, "checkpoint", (int64_t)covered);
    oc_json_set_str(o, "folder", s->dir);
    oc_json_set_str(o, "copy_to", s->section.copy_to);
    oc_json_set_time(o, "copied", s->copied_ms);
    oc_json_set_str(o, "copy_problem", s->copy_problem);
    oc_call_succeed(call, o);
}

/* ---- the doctor ---- */

static void finding(json_t *list, const char *severity, const char *message, const char *fix)
{
    json_array_append_new(
        list, json_pack("{s:s, s:s, s:s}", "severity", severity, "message", message, "fix", fix));
}

static void op_doctor(struct oc_call *call, void *ctx)
{
    struct oc_audit *s = ctx;
    struct oc_error why;
    oc_error_init(&why);
    json_t *list = json_array();
    if (!oc_ledger_healthy(s->env.ledger, &why)) {
        finding(list, "error", why.message,
                why.code == OC_E_VERIFY
                    ? "`openclaw ledger verify` says what is damaged; keep the folder for whoever "
                      "looks into it, and begin a new one"
                : *why.hint ? why.hint
                            : "make room on the disk: the ledger goes on by itself");
    }
    if (s->unheard > 0) {
        finding(list, "error", "operations were carried out that are not in the ledger",
                "`openclaw ledger status` says why it cannot be written");
    }
    if (s->copy_problem) {
        finding(list, s->copy_conflict ? "error" : "warning", s->copy_problem,
                s->copy_conflict ? OC_AUDIT_COPY_REMEDY
                                 : "see that the folder of ledger.copy_to is there");
    }
    oc_call_succeed(call, list);
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
                   "succeeded or not; secrets are masked.",
    .example = "openclaw audit list --operation alert. --since 24h",
    .result = "[{index: integer, time: time, actor: string, op: string, code: string, params: "
              "any, summary: string}]",
    .handler = op_list,
};
static const struct oc_op status_op = {
    .name = "ledger.status",
    .summary = "Show how the ledger is",
    .flags = OC_OP_EPHEMERAL,
    .view = "record",
    .example = "openclaw ledger status",
    .result = "{healthy: boolean, problem: string|null, remedy: string|null, entries: integer, "
              "durable: integer, "
              "oldest: integer, root: string, checkpoint: integer, folder: string, copy_to: "
              "string|null, copied: time|null, copy_problem: string|null}",
    .handler = op_status,
};
static const struct oc_op doctor_op = {
    .name = "audit.doctor",
    .summary = "What is wrong with the ledger",
    .flags = OC_OP_INTERNAL,
    .handler = op_doctor,
};

void oc_audit_add_show_ops(struct oc_audit *s)
{
    static struct oc_op show_twin;
    oc_audit_add_op(s, &show_op, &show_twin, "governance.ledger.show");
    oc_ops_add(s->env.ops, &list_op, s);
    oc_ops_add(s->env.ops, &status_op, s);
    oc_ops_add(s->env.ops, &doctor_op, s);
}
