/* Operations that look: status, list, show, watch, rules. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/governance/internal.h"

/* ---- finding a proposal ---- */

/* By when they were submitted: in a ledger that has lost its end, and goes on, places come a second time. */
static int by_age(const json_t *a, const json_t *b)
{
    static const char *const keys[] = {"submitted_at", "index"};
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        const int64_t x = oc_json_int(a, keys[i], 0), y = oc_json_int(b, keys[i], 0);
        if (x != y) {
            return x < y ? -1 : 1;
        }
    }
    return 0;
}

static const json_t *newest(const struct oc_governance *g)
{
    const json_t *best = NULL;
    const char *id;
    json_t *p;
    json_object_foreach(json_object_get(g->state, "proposals"), id, p)
    {
        if (!best || by_age(p, best) > 0) {
            best = p;
        }
    }
    return best;
}

/* One whose id has this part, and how many there are. */
static const json_t *with(const struct oc_governance *g, const char *part, size_t *count)
{
    const json_t *found = NULL;
    const char *id;
    json_t *p;
    *count = 0;
    json_object_foreach(json_object_get(g->state, "proposals"), id, p)
    {
        if (*part && strstr(id, part)) {
            found = p;
            ++*count;
        }
    }
    return found;
}

json_t *oc_governance_need(struct oc_governance *g, struct oc_call *call, const char *id)
{
    const json_t *p = oc_governance_find(g->state, id);
    size_t count = 1;
    p = p ? p : strcmp(id, "last") == 0 ? newest(g) : with(g, id, &count);
    if (!p && strcmp(id, "last") == 0) {
        oc_call_failf(call, OC_E_NOT_FOUND, "`openclaw governance propose` makes one.",
                      "there is no proposal yet");
    } else if (!p) {
        oc_call_failf(
            call, OC_E_NOT_FOUND,
            "`openclaw governance list --all` shows them; decided long ago, one is in the "
            "ledger alone.",
            "there is no proposal %.64s", id);
    } else if (count > 1) {
        oc_call_failf(call, OC_E_NOT_FOUND,
                      "Give more of the id: `openclaw governance list --all` shows them.",
                      "there are %zu proposals with %.64s in their id", count, id);
    }
    return count == 1 ? (json_t *)(uintptr_t)p : NULL;
}

/* ---- list ---- */

struct list_params {
    const char *status, *category;
    int64_t limit;
    int32_t all;
};
#define AT(field) offsetof(struct list_params, field)
static const struct oc_option list_options[] = {
    {.name = "status",
     .type = OC_OPT_STRING,
     .offset = AT(status),
     .help = "open, approved, rejected, timed_out, vetoed, withdrawn, deferred, deadlocked, or "
             "provisional: those that wait for a ratification"},
    {.name = "category",
     .type = OC_OPT_STRING,
     .offset = AT(category),
     .help = "operational, tactical, strategic or emergency"},
    {.name = "all", .type = OC_OPT_BOOL, .offset = AT(all), .help = "those that are decided, too"},
    {.name = "limit",
     .type = OC_OPT_INT,
     .offset = AT(limit),
     .default_text = "100",
     .min = 1,
     .max = 10000,
     .help = "at most so many, the newest"},
    {0}};
#undef AT

static bool is_provisional(const json_t *p)
{
    return strcmp(oc_json_str(json_object_get(p, "provisional"), "status", ""), "pending") == 0;
}

static bool listed(const struct list_params *o, const json_t *p)
{
    if (o->category && strcmp(o->category, oc_json_str(p, "category", "")) != 0) {
        return false;
    }
    if (o->status && strcmp(o->status, "provisional") == 0) {
        return is_provisional(p);
    }
    return o->status ? strcmp(o->status, oc_json_str(p, "status", "")) == 0
                     : o->all || !oc_governance_is_closed(p);
}

static int newest_first(const void *a, const void *b)
{
    return by_age(*(const json_t *const *)b, *(const json_t *const *)a);
}

static bool is_status(const char *word)
{
    static const char *const words[] = {"open",      "approved",   "rejected",
                                        "timed_out", "vetoed",     "withdrawn",
                                        "deferred",  "deadlocked", "provisional"};
    for (size_t i = 0; i < OC_COUNT(words); i++) {
        if (strcmp(words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static void op_list(struct oc_call *call, void *ctx)
{
    const struct oc_governance *g = ctx;
    const struct list_params *o = oc_call_params(call);
    if (o->status && !is_status(o->status)) {
        oc_call_failf(call, OC_E_CONFIG,
                      "Give open, approved, rejected, timed_out, vetoed, withdrawn, deferred, "
                      "deadlocked or provisional.",
                      "'%.32s' is no status of a proposal", o->status);
        return;
    }
    enum oc_gov_category category;
    if (o->category && !oc_gov_category_parse(o->category, &category)) {
        oc_call_failf(call, OC_E_CONFIG, "Give operational, tactical, strategic or emergency.",
                      "'%.32s' is no category", o->category);
        return;
    }
    OC_VEC(const json_t *) found = {0};
    const char *id;
    json_t *p, *list = json_array();
    json_object_foreach(json_object_get(g->state, "proposals"), id, p)
    {
        if (listed(o, p)) {
            OC_VEC_PUSH(&found, p);
        }
    }
    if (found.count) {
        qsort(found.items, found.count, sizeof *found.items, newest_first);
    }
    for (size_t i = 0; i < found.count && (int64_t)i < o->limit; i++) {
        json_array_append_new(list, oc_governance_row(g, found.items[i]));
    }
    OC_VEC_FINISH(&found);
    oc_call_succeed(call, list);
}

/* ---- show, status, rules ---- */

struct show_params {
    const char *proposal;
};
static const struct oc_option show_options[] = {
    {.name = "proposal",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL,
     .default_text = "last",
     .offset = offsetof(struct show_params, proposal),
     .help = "its id, a part that only it has, or last"},
    {0}};

static void op_show(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    const struct show_params *params = oc_call_params(call);
    const json_t *p = oc_governance_need(g, call, params->proposal);
    if (p) {
        oc_call_succeed(call, oc_governance_detail(g, p));
    }
}

struct status_params {
    int32_t state;
};
static const struct oc_option status_options[] = {
    {.name = "state",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct status_params, state),
     .help = "with the hash of all that governance knows"},
    {0}};

static void op_status(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    const struct status_params *params = oc_call_params(call);
    json_t *o = oc_governance_status(g);
    if (params->state) {
        char hash[OC_SHA256_HEX];
        oc_governance_state_hash(g->state, hash);
        oc_json_set_str(o, "state", hash);
    }
    oc_call_succeed(call, o);
}

static void op_rules(struct oc_call *call, void *ctx)
{
    const struct oc_governance *g = ctx;
    oc_call_succeed(call, oc_gov_rules_json(&g->rules));
}

/* ---- watch ---- */

struct oc_watch {
    struct oc_watch *next;
    struct oc_governance *g;
    struct oc_call *call;
    char *proposal; /* NULL: all of them */
};

static const struct oc_option watch_options[] = {
    {.name = "proposal",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL,
     .offset = offsetof(struct show_params, proposal),
     .help = "only this one: its id, a part that only it has, or last; default: everything"},
    {0}};

static void unwatch(struct oc_call *call, void *ctx)
{
    struct oc_watch *w = ctx, **at = &w->g->watches;
    while (*at != w) {
        at = &(*at)->next;
    }
    *at = w->next;
    free(w->proposal);
    free(w);
    oc_call_succeed(call, NULL);
}

static void op_watch(struct oc_call *call, void *ctx)
{
    struct oc_governance *g = ctx;
    const struct show_params *params = oc_call_params(call);
    const json_t *p = params->proposal ? oc_governance_need(g, call, params->proposal) : NULL;
    if (params->proposal && !p) {
        return;
    }
    struct oc_watch *w = oc_calloc(1, sizeof *w);
    *w = (struct oc_watch){.next = g->watches,
                           .g = g,
                           .call = call,
                           .proposal = oc_strdup(oc_json_str(p, "id", NULL))};
    g->watches = w;
    oc_call_on_cancel(call, unwatch, w);
}

void oc_governance_tell_watches(struct oc_governance *g, const char *type, uint64_t index,
                                const json_t *entry)
{
    struct oc_watch *next;
    for (struct oc_watch *w = g->watches; w; w = next) {
        next = w->next;
        if (w->proposal && strcmp(w->proposal, oc_json_str(entry, "proposal", "")) != 0) {
            continue;
        }
        json_t *row = json_object();
        const json_t *tally = json_object_get(entry, "tally");
        oc_json_set_int(row, "index", (int64_t)index);
        oc_json_set_time(row, "time", oc_json_int(entry, "at", 0));
        oc_json_set_str(row, "event", type);
        oc_json_set_str(row, "proposal", oc_json_str(entry, "proposal", NULL));
        oc_json_set_str(row, "who", oc_json_str(entry, "member", oc_json_str(entry, "by", NULL)));
        oc_json_set_str(row, "what",
                        oc_json_str(entry, "word",
                                    oc_json_str(entry, "outcome",
                                                oc_json_str(entry, "stage",
                                                            oc_json_str(entry, "status", NULL)))));
        oc_json_set_str(row, "text", oc_json_str(tally, "text", oc_json_str(entry, "text", NULL)));
        oc_call_row(w->call, row);
    }
}

void oc_governance_end_watches(struct oc_governance *g)
{
    while (g->watches) {
        oc_call_cancel(g->watches->call);
    }
}

#define ROW                                                                                        \
    "{id: string, category: string, title: string, status: string, stage: string, votes: string, " \
    "yes: integer, no: integer, abstain: integer, absent: integer, needed: integer, missing: "     \
    "[string], deadline: time|null, left_ms: integer|null, submitter: string, submitted: time, "   \
    "execution: string|null, reason: string|null}"

const struct oc_op oc_governance_ops_show[] = {
    {.name = "governance.status",
     .summary = "Show whether decisions can be made, and what waits for one",
     .params = status_options,
     .params_size = sizeof(struct status_params),
     .view = "custom:governance_status",
     .description =
         "Ready means that every member of the triad has a key. With --state also the SHA-256 of "
         "all that governance knows: the same ledger gives the same.",
     .example = "openclaw governance status",
     .result =
         "{ready: boolean, mode: string, members: [{member: string, roles: [string], key: "
         "string|null, heard: time|null, reachable: boolean}], delegations: [{member: string, to: "
         "string, scope: string, until: time}], open: integer, provisional: "
         "integer, reviews_due: integer, emergency: any, state?: string, covers: integer}",
     .handler = op_status},
    {.name = "governance.list",
     .summary = "List proposals",
     .params = list_options,
     .params_size = sizeof(struct list_params),
     .view =
         "table:id=Proposal,category=Category,status=Status,stage=Stage,votes=Votes,left_ms=Left "
         "(duration),execution=Execution,title=Title",
     .example = "openclaw governance list\nopenclaw governance list --all --category strategic",
     .result = "[" ROW "]",
     .handler = op_list},
    {.name = "governance.show",
     .summary = "Show a proposal: who voted how, who is missing, how much time is left",
     .params = show_options,
     .params_size = sizeof(struct show_params),
     .view = "custom:governance",
     .description = OC_GOV_HELP_COUNTING,
     .example = "openclaw governance show last",
     .result = ROW,
     .handler = op_show},
    {.name = "governance.watch",
     .summary = "Follow what happens in governance",
     .flags = OC_OP_STREAMS,
     .params = watch_options,
     .params_size = sizeof(struct show_params),
     .view = "table:time=Time,event=Event,proposal=Proposal,who=Who,what=What,text=Text",
     .example = "openclaw governance watch\nopenclaw governance watch last",
     .handler = op_watch},
    {.name = "governance.rules",
     .summary = "Show the rules by which new proposals are decided",
     .view = "record",
     .description = OC_GOV_HELP_CATEGORIES "\n" OC_GOV_HELP_COUNTING,
     .example = "openclaw governance rules",
     .result = "{*: any}",
     .handler = op_rules},
};
const size_t oc_governance_ops_show_count = OC_COUNT(oc_governance_ops_show);
