/* The operations that look at schedules: list, show, next, history. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/cron/internal.h"

#define NEXT_MAX 100

struct oc_cron_entry *oc_cron_named(struct oc_call *call, struct oc_cron_service *s,
                                    const char *name)
{
    struct oc_cron_entry *e = oc_cron_find(s, name);
    if (!e) {
        oc_call_failf(call, OC_E_NOT_FOUND, "`openclaw cron list` shows them.",
                      "there is no schedule %s", name);
    }
    return e;
}

/* ---- rows ---- */

/* In one word: what it does now, or why it does nothing. */
static const char *status_of(const struct oc_cron_entry *e)
{
    if (e->running.count > 0) {
        return "running";
    }
    if (!oc_cron_enabled(e)) {
        return "disabled";
    }
    return !e->available   ? "unavailable"
           : e->missed > 0 ? "missed"
           : e->failed > 0 ? "failing"
                           : "on";
}

static json_t *last_json(const struct oc_cron_entry *e)
{
    static const char *const members[] = {"run",     "at",      "state",   "code",
                                          "took_ms", "message", "proposal"};
    json_t *o = e->last ? json_object() : json_null();
    for (size_t i = 0; e->last && i < OC_COUNT(members); i++) {
        json_t *value = json_object_get(e->last, members[i]);
        if (value) {
            json_object_set(o, members[i], value);
        }
    }
    return o;
}

static void add_next(json_t *row, const struct oc_cron_entry *e)
{
    char clock[32];
    int64_t next = oc_cron_active(e) ? oc_cron_next_start(e) : OC_CRON_NEVER;
    oc_json_set_time(row, "next", next == OC_CRON_NEVER ? 0 : next);
    oc_json_set_str(row, "next_clock",
                    next == OC_CRON_NEVER
                        ? NULL
                        : oc_cron_definition_clock(&e->def, next, clock, sizeof clock));
}

json_t *oc_cron_entry_json(struct oc_cron_entry *e)
{
    static const char *const origins[] = {"shipped", "config", "added"};
    json_t *row = json_object();
    char *text = oc_cron_definition_text(&e->def), every[32];
    const char *reason = !oc_cron_enabled(e) ? "disabled" : e->reason;
    oc_json_set_str(row, "name", e->name);
    oc_json_set_str(row, "when", text);
    oc_json_set_str(row, "cron", e->def.o.cron);
    oc_json_set_str(row, "every",
                    e->def.o.every ? oc_duration_format(e->def.o.every, every, sizeof every)
                                   : NULL);
    oc_json_set_str(row, "zone", e->def.o.zone);
    oc_json_set_str(row, "op", e->def.o.op);
    oc_json_set_bool(row, "enabled", oc_cron_enabled(e));
    oc_json_set_bool(row, "available", e->available);
    oc_json_set_str(row, "status", status_of(e));
    oc_json_set_str(row, "reason",
                    e->available && oc_cron_enabled(e) ? NULL
                    : e->available                     ? reason
                                                       : e->reason);
    add_next(row, e);
    oc_json_take(row, "last", last_json(e));
    oc_json_set_int(row, "missed", e->missed);
    oc_json_set_int(row, "failed", e->failed);
    oc_json_set_int(row, "running", (int64_t)e->running.count);
    oc_json_set_int(row, "waiting", (int64_t)e->waiting.count);
    oc_json_set_str(row, "role", oc_cron_role_name(e->def.o.role));
    oc_json_set_str(row, "origin", origins[e->origin]);
    oc_json_set_str(row, "comment", e->def.o.comment);
    free(text);
    return row;
}

static void op_list(struct oc_call *call, void *ctx)
{
    struct oc_cron_service *s = ctx;
    json_t *list = json_array();
    for (size_t i = 0; i < s->entries.count; i++) {
        json_array_append_new(list, oc_cron_entry_json(s->entries.items[i]));
    }
    oc_call_succeed(call, list);
}

#define ROW                                                                                        \
    "{name: string, when: string, cron: string|null, every: string|null, zone: string, "           \
    "op: string, enabled: boolean, available: boolean, status: string, reason: string|null, "      \
    "next: time|null, next_clock: string|null, last: any, missed: integer, failed: integer, "      \
    "running: integer, waiting: integer, role: string, origin: string, comment: string|null}"

static const struct oc_op list_op = {
    .name = "cron.list",
    .summary = "List the schedules: when they run, what became of the last run",
    .flags = OC_OP_EPHEMERAL,
    .view = "table:name=Name,when=When,zone=Zone,op=Operation,next_clock=Next,last.at=Last(age),"
            "last.state=Result,status=Status,reason=Why",
    .description =
        "Next is told on the clock of the schedule's zone. A schedule whose operation is not on "
        "this host is unavailable; it runs at its times as soon as the operation is there.",
    .example = "openclaw cron list",
    .result = "[" ROW "]",
    .handler = op_list,
};

/* ---- cron.show ---- */

const struct oc_option oc_cron_name_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = offsetof(struct oc_cron_name_params, name),
     .help = "the schedule"},
    {0}};

static void op_show(struct oc_call *call, void *ctx)
{
    static const char *const catch_up[] = {"skip", "once", "all"};
    static const char *const overlap[] = {"skip", "queue", "parallel"};
    const struct oc_cron_name_params *p = oc_call_params(call);
    struct oc_cron_entry *e = oc_cron_named(call, ctx, p->name);
    char text[32];
    if (!e) {
        return;
    }
    json_t *row = oc_cron_entry_json(e);
    oc_json_take(row, "params", e->def.params ? json_deep_copy(e->def.params) : json_object());
    oc_json_set_str(row, "jitter", oc_duration_format(e->def.o.jitter, text, sizeof text));
    oc_json_set_str(row, "timeout", oc_duration_format(e->def.o.timeout, text, sizeof text));
    oc_json_set_str(row, "catch_up", catch_up[e->def.o.catch_up]);
    oc_json_set_str(row, "overlap", overlap[e->def.o.overlap]);
    oc_json_set_str(row, "author", oc_json_str(e->def.json, "author", NULL));
    oc_call_succeed(call, row);
}

static const struct oc_op show_op = {
    .name = "cron.show",
    .summary = "Show everything about one schedule",
    .flags = OC_OP_EPHEMERAL,
    .params = oc_cron_name_options,
    .params_size = sizeof(struct oc_cron_name_params),
    .view = "record",
    .example = "openclaw cron show health",
    .result = ROW,
    .handler = op_show,
};

/* ---- cron.next ---- */

struct next_params {
    const char *name, *cron, *zone, *from;
    int64_t count;
};
#define AT(member) offsetof(struct next_params, member)
static const struct oc_option next_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL,
     .offset = AT(name),
     .help = "the schedule; default: all"},
    {.name = "count",
     .type = OC_OPT_INT,
     .offset = AT(count),
     .default_text = "5",
     .min = 1,
     .max = NEXT_MAX,
     .help = "how many"},
    {.name = "cron",
     .type = OC_OPT_STRING,
     .offset = AT(cron),
     .help = "times of this expression instead of a schedule's"},
    {.name = "zone",
     .type = OC_OPT_STRING,
     .offset = AT(zone),
     .default_text = "UTC",
     .help = "with --cron: whose clock it is about"},
    {.name = "from",
     .type = OC_OPT_STRING,
     .offset = AT(from),
     .default_text = "now",
     .help =
         "times after this one: RFC 3339, or 2026-03-29 for that day in the zone; default: now"},
    {0}};
#undef AT

struct coming {
    int64_t start, due;
    const struct oc_cron_definition *def;
};

static int by_start(const void *a, const void *b)
{
    const struct coming *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

struct comings {
    OC_VEC(struct coming) list;
};

static void add_comings(struct comings *c, const struct oc_cron_definition *def, int64_t after,
                        int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t due = oc_cron_definition_next(def, after);
        if (due == OC_CRON_NEVER) {
            return;
        }
        struct coming next = {oc_cron_definition_start(def, due), due, def};
        OC_VEC_PUSH(&c->list, next);
        after = due;
    }
}

static void answer_next(struct oc_call *call, struct comings *c, int64_t count)
{
    char clock[32];
    json_t *rows = json_array();
    if (c->list.count > 0) {
        qsort(c->list.items, c->list.count, sizeof *c->list.items, by_start);
    }
    for (size_t i = 0; i < c->list.count && (int64_t)i < count; i++) {
        const struct coming *next = &c->list.items[i];
        json_t *row = json_object();
        oc_json_set_str(row, "schedule", next->def->o.name);
        oc_json_set_time(row, "at", next->start);
        oc_json_set_time(row, "due", next->due);
        oc_json_set_str(row, "clock",
                        oc_cron_definition_clock(next->def, next->start, clock, sizeof clock));
        oc_json_set_str(row, "zone", next->def->o.zone);
        oc_json_set_str(row, "op", next->def->o.op);
        json_array_append_new(rows, row);
    }
    OC_VEC_FINISH(&c->list);
    oc_call_succeed(call, rows);
}

/* A day has begun at another moment in another zone; other times are the same everywhere. */
static int64_t from_in(const struct oc_cron_definition *def, const char *text, int64_t from)
{
    int64_t start = oc_zone_start(&def->zone, text);
    return start >= 0 ? start - 1 : from; /* its first moment is among those that come */
}

static void next_of_expression(struct oc_call *call, const struct next_params *p, int64_t from)
{
    struct oc_cron_definition def;
    struct comings c = {0};
    struct oc_error err;
    oc_error_init(&err);
    json_t *json = json_pack("{s:s,s:s,s:s,s:s}", "name", "expression", "cron", p->cron, "zone",
                             p->zone, "op", "-");
    if (oc_cron_definition_init(&def, json, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    add_comings(&c, &def, from_in(&def, p->from, from), p->count);
    answer_next(call, &c, p->count);
    oc_cron_definition_finish(&def);
}

static void op_next(struct oc_call *call, void *ctx)
{
    struct oc_cron_service *s = ctx;
    const struct next_params *p = oc_call_params(call);
    struct comings c = {0};
    int64_t from, now = oc_time_wall();
    if (oc_time_parse(p->from, now, &from) != OC_OK) {
        oc_call_failf(call, OC_E_CONFIG, "Write 2026-03-29, 2026-03-29T01:00:00Z or now.",
                      "from: not a time: %s", p->from);
        return;
    }
    if (p->cron) {
        next_of_expression(call, p, from);
        return;
    }
    if (strcmp(p->zone, "UTC") != 0) {
        oc_call_failf(call, OC_E_CONFIG,
                      "`openclaw cron edit NAME --zone ZONE` changes a schedule.",
                      "--zone belongs to --cron: a schedule has a zone of its own");
        return;
    }
    if (p->name && !oc_cron_named(call, s, p->name)) {
        return;
    }
    for (size_t i = 0; i < s->entries.count; i++) {
        const struct oc_cron_entry *e = s->entries.items[i];
        int64_t after =
            from == now && !s->env.ephemeral ? e->seen : from_in(&e->def, p->from, from);
        if (p->name ? strcmp(p->name, e->name) == 0 : oc_cron_active(e)) {
            add_comings(&c, &e->def, after, p->count);
        }
    }
    answer_next(call, &c, p->count);
}

static const struct oc_op next_op = {
    .name = "cron.next",
    .summary = "Tell when schedules run next, or when an expression would",
    .flags = OC_OP_EPHEMERAL,
    .params = next_options,
    .params_size = sizeof(struct next_params),
    .view = "table:clock=Time,zone=Zone,schedule=Schedule,op=Operation",
    .description =
        "Without a name it tells the next runs of all schedules that are on. `due` is the time "
        "that the schedule names, `at` the one at which it starts: later by its jitter.",
    .example = "openclaw cron next --count 5\nopenclaw cron next health\n"
               "openclaw cron next --cron '30 2 * * *' --zone Europe/Berlin",
    .result = "[{schedule: string, at: time, due: time, clock: string, zone: string, op: string}]",
    .handler = op_next,
};

/* ---- cron.history ---- */

struct history_params {
    const char *name;
    int64_t limit;
};
#define AT(member) offsetof(struct history_params, member)
static const struct oc_option history_options[] = {{.name = "name",
                                                    .type = OC_OPT_STRING,
                                                    .flags = OC_OPT_POSITIONAL,
                                                    .offset = AT(name),
                                                    .help = "the schedule; default: all"},
                                                   {.name = "limit",
                                                    .type = OC_OPT_INT,
                                                    .offset = AT(limit),
                                                    .default_text = "20",
                                                    .min = 1,
                                                    .max = 1000,
                                                    .help = "how many, the newest first"},
                                                   {0}};
#undef AT

static int newest_first(const void *a, const void *b)
{
    const json_t *const *x = a, *const *y = b;
    int order = strcmp(oc_json_str(*y, "at", ""), oc_json_str(*x, "at", ""));
    int64_t m = oc_json_int(*x, "run", 0), n = oc_json_int(*y, "run", 0);
    return order != 0 ? order : (n > m) - (n < m);
}

static void op_history(struct oc_call *call, void *ctx)
{
    struct oc_cron_service *s = ctx;
    const struct history_params *p = oc_call_params(call);
    OC_VEC(json_t *) all = {0};
    json_t *rows = json_array();
    if (p->name && !oc_cron_named(call, s, p->name)) {
        json_decref(rows);
        return;
    }
    if (!s->env.ephemeral) {
        oc_cron_flush(s, NULL); /* what has just ended is there, too */
    }
    for (size_t i = 0; i < s->entries.count; i++) {
        const struct oc_cron_entry *e = s->entries.items[i];
        json_t *list =
            !p->name || strcmp(p->name, e->name) == 0 ? oc_cron_history(e, (size_t)p->limit) : NULL;
        for (size_t k = 0; k < json_array_size(list); k++) {
            OC_VEC_PUSH(&all, json_incref(json_array_get(list, k)));
        }
        json_decref(list);
    }
    if (all.count > 0) {
        qsort(all.items, all.count, sizeof(*all.items), newest_first);
    }
    for (size_t i = 0; i < all.count; i++) {
        if ((int64_t)i < p->limit) {
            json_array_append(rows, all.items[i]);
        }
        json_decref(all.items[i]);
    }
    OC_VEC_FINISH(&all);
    oc_call_succeed(call, rows);
}

static const struct oc_op history_op = {
    .name = "cron.history",
    .summary = "Show past runs, missed and skipped ones among them",
    .flags = OC_OP_EPHEMERAL,
    .params = history_options,
    .params_size = sizeof(struct history_params),
    .view = "table:schedule=Schedule,run=Run,at=At(age),trigger=Trigger,state=State,"
            "took_ms=Took(duration),message=Message",
    .description = "The last 50 of each schedule are kept, with the first 2000 bytes of what the "
                   "operation answered (--json shows it).",
    .example = "openclaw cron history health --limit 10",
    .result = "[{schedule: string, run: integer, state: string, at: time, due: time|null, "
              "proposal?: string}]",
    .handler = op_history,
};

void oc_cron_add_look_ops(struct oc_cron_service *s)
{
    oc_ops_add(s->env.ops, &list_op, s);
    oc_ops_add(s->env.ops, &show_op, s);
    oc_ops_add(s->env.ops, &next_op, s);
    oc_ops_add(s->env.ops, &history_op, s);
}
