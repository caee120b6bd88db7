/* Operations over silences: silence, unsilence, silences. SPDX-License-Identifier: MIT */
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/service/alert/service.h"

struct silence_params {
    struct oc_list matchers;
    int64_t span;
    const char *until, *comment;
};

static const struct oc_option silence_options[] = {
    {.name = "matchers",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct silence_params, matchers),
     .help =
         "a rule's name, or NAME=VALUE, NAME!=VALUE, NAME=~GLOB, NAME!~GLOB over rule, severity, "
         "instance, target, category and labels; all must hold"},
    {.name = "for",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct silence_params, span),
     .help = "how long from now: 30m, 2h, 7d"},
    {.name = "until",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct silence_params, until),
     .help = "until when, in RFC 3339: 2030-01-01T08:00:00Z"},
    {.name = "comment",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct silence_params, comment),
     .help = "why"},
    {0},
};

static int end_of(const struct silence_params *p, int64_t now, int64_t *ends, struct oc_error *err)
{
    static const char hint[] = "Say --for 2h, or --until 2030-01-01T08:00:00Z.";
    int rc = OC_OK;
    if ((p->span > 0) == (p->until != NULL)) {
        rc = oc_error_set(err, OC_E_CONFIG, "a silence needs either --for or --until");
    } else if (!p->until) {
        *ends = now + p->span;
    } else if (oc_time_parse(p->until, now, ends) != OC_OK) {
        rc = oc_error_set(err, OC_E_CONFIG, "'%.64s' is no time", p->until);
    }
    if (rc != OC_OK) {
        oc_error_hint(err, "%s", hint);
    }
    return rc;
}

static void op_silence(struct oc_call *call, void *ctx)
{
    struct oc_alert_service *s = ctx;
    const struct silence_params *p = oc_call_params(call);
    const struct oc_silence *silence = NULL;
    int64_t ends = 0;
    struct oc_error err;
    oc_error_init(&err);
    if (end_of(p, oc_time_wall(), &ends, &err) == OC_OK) {
        silence = oc_silences_add(&s->silences, p->matchers.items, p->matchers.count, ends,
                                  p->comment, oc_call_actor(call)->name, &err);
    }
    if (!silence) {
        oc_call_fail(call, &err);
        return;
    }
    oc_alert_silences_changed(s);
    oc_call_succeed(call, oc_silence_json(silence));
}

struct unsilence_params {
    const char *id;
};

static const struct oc_option unsilence_options[] = {
    {.name = "id",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct unsilence_params, id),
     .help = "the silence's id, or the first digits of it"},
    {0},
};

static void op_unsilence(struct oc_call *call, void *ctx)
{
    struct oc_alert_service *s = ctx;
    const struct unsilence_params *p = oc_call_params(call);
    struct oc_error err;
    oc_error_init(&err);
    if (oc_silences_remove(&s->silences, p->id, oc_call_actor(call)->name, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    oc_alert_silences_changed(s);
    oc_call_succeed(call, json_pack("{s:s, s:b}", "id", p->id, "removed", 1));
}

static void op_silences(struct oc_call *call, void *ctx)
{
    struct oc_alert_service *s = ctx;
    oc_call_succeed(call, oc_silences_json(&s->silences, oc_time_wall()));
}

static const struct oc_op ops[] = {
    {.name = "alert.silence",
     .summary = "Tell nobody about some alerts for a time",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES | OC_OP_EPHEMERAL,
     .params = silence_options,
     .params_size = sizeof(struct silence_params),
     .view = "record",
     .description =
         "Silenced alerts go on firing and are listed as silenced. Those that still fire "
         "when the silence ends are notified then.",
     .example =
         "openclaw alert silence 'rule=~disk_*' instance=system --for 2h --comment 'moving data'",
     .handler = op_silence},
    {.name = "alert.unsilence",
     .summary = "End a silence now",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES | OC_OP_EPHEMERAL,
     .params = unsilence_options,
     .params_size = sizeof(struct unsilence_params),
     .view = "record",
     .example = "openclaw alert unsilence 4be1",
     .handler = op_unsilence},
    {.name = "alert.silences",
     .summary = "List the silences that hold now",
     .flags = OC_OP_EPHEMERAL,
     .view = "table:id=ID,matchers=Matchers,ends=Ends,created_by=By,comment=Comment",
     .example = "openclaw alert silences",
     .handler = op_silences},
};

void oc_alert_add_silence_ops(struct oc_alert_service *s)
{
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(s->env->ops, &ops[i], s);
    }
}
