/* Operations that look at units: list, status, logs. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/unit/internal.h"

#define UNIT_SHAPE                                                                                 \
    "{name: string, driver: string, state: string, healthy: boolean, health: string, output: "     \
    "string, pid: integer|null, started_ms: integer|null, memory_bytes: integer|null, cpu_ms: "    \
    "integer|null, message: string|null, started: time|null, order: integer, tags: [string], "     \
    "after: [string], doing: string|null}"

/* ---- unit.list ---- */

struct list_params {
    const char *tag, *name;
    int32_t known;
};
static const struct oc_option list_options[] = {{.name = "name",
                                                 .type = OC_OPT_STRING,
                                                 .flags = OC_OPT_POSITIONAL,
                                                 .offset = offsetof(struct list_params, name),
                                                 .help = "only these units; * and ? match"},
                                                {.name = "tag",
                                                 .type = OC_OPT_STRING,
                                                 .offset = offsetof(struct list_params, tag),
                                                 .help = "only units with this tag"},
                                                {.name = "known",
                                                 .type = OC_OPT_BOOL,
                                                 .offset = offsetof(struct list_params, known),
                                                 .help = "as they were seen last: no driver is "
                                                         "asked, and it answers at once"},
                                                {0}};

struct listing {
    struct oc_call *call; /* NULL: the caller has given up */
    OC_VEC(struct unit *) units;
    size_t left;
};

static bool has_tag(const struct unit *u, const char *tag)
{
    const char *const *tags = u->options.tags.items;
    for (uint64_t i = 0; i < u->options.tags.count; i++) {
        if (strcmp(tags[i], tag) == 0) {
            return true;
        }
    }
    return false;
}

static void listing_end(struct listing *l)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < l->units.count; i++) {
        json_array_append_new(rows, oc_unit_json(l->units.items[i]));
        oc_unit_unref(l->units.items[i]);
    }
    OC_VEC_FINISH(&l->units);
    if (l->call) {
        oc_call_succeed(l->call, rows);
    } else {
        json_decref(rows);
    }
    free(l);
}

static void listing_looked(void *ctx)
{
    struct listing *l = ctx;
    if (--l->left == 0) {
        listing_end(l);
    }
}

static void listing_cancelled(struct oc_call *call, void *ctx)
{
    struct listing *l = ctx;
    l->call = NULL;
    oc_call_failf(call, OC_E_CANCELLED, NULL, "cancelled");
}

static void op_list(struct oc_call *call, void *ctx)
{
    struct oc_unit *s = ctx;
    const struct list_params *p = oc_call_params(call);
    struct listing *l = oc_calloc(1, sizeof *l);
    l->call = call;
    for (size_t i = 0; i < s->units.count; i++) {
        struct unit *u = s->units.items[i];
        if ((!p->tag || has_tag(u, p->tag)) && (!p->name || oc_glob(p->name, u->name))) {
            OC_VEC_PUSH(&l->units, oc_unit_ref(u));
        }
    }
    l->left = p->known ? 1 : l->units.count + 1;
    oc_call_on_cancel(call, listing_cancelled, l);
    for (size_t i = 0, n = l->units.count; !p->known && i < n; i++) {
        oc_unit_look(l->units.items[i], listing_looked, l);
    }
    listing_looked(l);
}

static const struct oc_op list_op = {
    .name = "unit.list",
    .summary = "List the units: what runs, and whether it is healthy",
    .flags = OC_OP_EPHEMERAL,
    .params = list_options,
    .params_size = sizeof(struct list_params),
    .view = "table:name=Name,state=State,health=Health,pid=Pid,started=Started,driver=Driver,"
            "output=Output",
    .description = "Every driver and every check is asked anew, unless --known is given.",
    .example = "openclaw unit list --tag agent",
    .result = "[" UNIT_SHAPE "]",
    .handler = op_list,
};

/* ---- unit.status ---- */

struct name_params {
    const char *name;
};
static const struct oc_option status_options[] = {{.name = "name",
                                                   .type = OC_OPT_STRING,
                                                   .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
                                                   .offset = offsetof(struct name_params, name),
                                                   .help = "the unit"},
                                                  {0}};

struct asking {
    struct oc_call *call; /* NULL: the caller has given up */
    struct unit *unit;
};

static void asking_cancelled(struct oc_call *call, void *ctx)
{
    ((struct asking *)ctx)->call = NULL;
    oc_call_failf(call, OC_E_CANCELLED, NULL, "cancelled");
}

/* NULL when there is no such unit: the call has failed then. */
static struct asking *ask_begin(struct oc_call *call, const struct oc_unit *s, const char *name)
{
    struct unit *u = oc_unit_find(s, name);
    if (!u) {
        oc_call_failf(call, OC_E_NOT_FOUND, "`openclaw unit list` shows the units.",
                      "no unit is named %s", name);
        return NULL;
    }
    struct asking *a = oc_calloc(1, sizeof *a);
    a->call = call;
    a->unit = oc_unit_ref(u);
    oc_call_on_cancel(call, asking_cancelled, a);
    return a;
}

static void ask_free(struct asking *a)
{
    oc_unit_unref(a->unit);
    free(a);
}

static void status_looked(void *ctx)
{
    struct asking *a = ctx;
    if (a->call) {
        oc_call_succeed(a->call, oc_unit_json(a->unit));
    }
    ask_free(a);
}

static void op_status(struct oc_call *call, void *ctx)
{
    const struct name_params *p = oc_call_params(call);
    struct asking *a = ask_begin(call, ctx, p->name);
    if (a) {
        oc_unit_look(a->unit, status_looked, a);
    }
}

static const struct oc_op status_op = {
    .name = "unit.status",
    .summary = "Show one unit: its process, and what its check says now",
    .flags = OC_OP_EPHEMERAL,
    .params = status_options,
    .params_size = sizeof(struct name_params),
    .view = "record",
    .example = "openclaw unit status steward",
    .result = UNIT_SHAPE,
    .handler = op_status,
};

/* ---- unit.logs ---- */

struct logs_params {
    const char *name;
    int64_t lines;
};
static const struct oc_option logs_options[] = {{.name = "name",
                                                 .type = OC_OPT_STRING,
                                                 .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
                                                 .offset = offsetof(struct logs_params, name),
                                                 .help = "the unit"},
                                                {.name = "lines",
                                                 .type = OC_OPT_INT,
                                                 .offset = offsetof(struct logs_params, lines),
                                                 .default_text = "100",
                                                 .min = 1,
                                                 .max = 10000,
                                                 .help = "at most this many of the latest lines"},
                                                {0}};

static json_t *joined(const json_t *answer)
{
    struct oc_buf text = {0};
    const json_t *line;
    size_t i;
    json_array_foreach(json_object_get(answer, "lines"), i, line)
    {
        oc_buf_addf(&text, "%s\n", json_is_string(line) ? json_string_value(line) : "");
    }
    json_t *o = json_deep_copy(answer);
    oc_json_set_str(o, "text", text.len ? text.data : "");
    oc_buf_finish(&text);
    return o;
}

static void logs_answered(void *ctx, int code, const json_t *answer, const struct oc_error *err)
{
    struct asking *a = ctx;
    if (a->call && code == OC_OK) {
        oc_call_succeed(a->call, joined(answer));
    } else if (a->call) {
        oc_call_fail(a->call, err);
    }
    ask_free(a);
}

static void op_logs(struct oc_call *call, void *ctx)
{
    const struct logs_params *p = oc_call_params(call);
    struct asking *a = ask_begin(call, ctx, p->name);
    if (a) {
        oc_unit_drive(a->unit, "driver.logs/1", json_pack("{s:I}", "lines", (json_int_t)p->lines),
                      10 * OC_SECOND, logs_answered, a);
    }
}

static const struct oc_op logs_op = {
    .name = "unit.logs",
    .summary = "Show the latest lines that a unit has written",
    .role = OC_ROLE_OPERATOR,
    .flags = OC_OP_EPHEMERAL,
    .params = logs_options,
    .params_size = sizeof(struct logs_params),
    .view = "text:text",
    .example = "openclaw unit logs steward --lines 50",
    .result = "{source: string, lines: [string], text: string}",
    .handler = op_logs,
};

void oc_unit_add_ops(struct oc_unit *s)
{
    oc_ops_add(s->env.ops, &list_op, s);
    oc_ops_add(s->env.ops, &status_op, s);
    oc_ops_add(s->env.ops, &logs_op, s);
}
