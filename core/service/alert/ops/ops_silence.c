/* Operations over silences: silence, unsilence, silences. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/alert/service.h"

struct silence_params {
    struct oc_list matchers;
    int64_t span;
    const char *until, *comment, *start, *update, *author, *every, *zone;
    int32_t regex, until_resolved;
};

static const struct oc_option silence_options[] = {
    {.name = "matchers",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct silence_params, matchers),
     .help =
         "a rule's name (* and ? match), or NAME=VALUE, NAME!=VALUE, NAME=~REGEX, NAME!~REGEX over "
         "rule, severity, instance, target, category and labels; a REGEX matches the whole value; "
         "all must hold"},
    {.name = "for",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct silence_params, span),
     .help = "how long, from now or from --start: 30m, 2h, 7d"},
    {.name = "until",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct silence_params, until),
     .help = "until when, in RFC 3339: 2030-01-01T08:00:00Z"},
    {.name = "until_resolved",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct silence_params, until_resolved),
     .help = "until the alerts that fire now and match have ended; a year at the most"},
    {.name = "every",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct silence_params, every),
     .help = "again and again: a cron expression and --for, or \"sun 02:00-04:00\""},
    {.name = "zone",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct silence_params, zone),
     .help = "the time zone of --every, \"Europe/Berlin\"; UTC by default"},
    {.name = "comment",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct silence_params, comment),
     .help = "why"},
    {.name = "start",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct silence_params, start),
     .help = "when it begins, in RFC 3339; now by default"},
    {.name = "update",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct silence_params, update),
     .help =
         "the whole id of a silence to change; with other matchers it is ended and a new one made"},
    {.name = "author",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct silence_params, author),
     .help = "who asks for it; the caller by default"},
    {.name = "regex",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct silence_params, regex),
     .help = "no rules' names, only matchers; =~ and !~ are regular expressions in any case"},
    {0},
};

static int end_of(const struct silence_params *p, int64_t now, int64_t *ends, struct oc_error *err)
{
    static const char hint[] =
        "Say --for 2h, --until 2030-01-01T08:00:00Z, --until-resolved, or --every \"sun "
        "02:00-04:00\" for one that recurs.";
    int rc = OC_OK;
    if (p->until_resolved && !p->until) {
        *ends = now + (p->span > 0 ? p->span : OC_SILENCE_SPAN_MAX);
        return OC_OK;
    }
    if (p->span > 0 && p->until) {
        rc = oc_error_set(err, OC_E_CONFIG, "a silence ends by --for or by --until, not by both");
    } else if (p->span <= 0 && !p->until) {
        rc = oc_error_set(err, OC_E_CONFIG, "a silence needs an end");
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

static int read_matchers(const struct silence_params *p, struct oc_matcher *matchers, size_t *count,
                         struct oc_error *err)
{
    const char *const *texts = p->matchers.items;
    int rc = OC_OK;
    *count = 0;
    if (p->matchers.count > OC_SILENCE_MATCHERS_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "more than %d matchers", OC_SILENCE_MATCHERS_MAX);
    }
    while (rc == OC_OK && *count < p->matchers.count) {
        const bool word = !strpbrk(texts[*count], "=!"); /* which a matcher is not */
        rc = p->regex && word ? oc_matcher_parse_v2(texts[*count], &matchers[*count], err)
                              : oc_matcher_parse(texts[*count], &matchers[*count], err);
        *count += rc == OC_OK ? 1 : 0;
    }
    return rc;
}

/* One that is changed keeps its start when no other is said: whoever mends a comment does not begin it anew. */
static int start_of(const struct oc_alert_service *s, const struct silence_params *p, int64_t now,
                    int64_t *starts, struct oc_error *err)
{
    const struct oc_silence *old = p->update ? oc_silences_get(&s->silences, p->update) : NULL;
    *starts = old ? old->starts : now;
    if (p->start && oc_time_parse(p->start, now, starts) != OC_OK) {
        oc_error_set(err, OC_E_CONFIG, "'%.64s' is no time", p->start);
        oc_error_hint(err, "Say --start 2030-01-01T08:00:00Z.");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

/* Start and end: said outright, or those of the occurrence that is or comes next. */
static int read_times(const struct oc_alert_service *s, const struct silence_params *p, int64_t now,
                      struct oc_silence_draft *draft, struct oc_error *err)
{
    int rc = start_of(s, p, now, &draft->starts_at, err);
    const int64_t begins = draft->starts_at > now ? draft->starts_at : now;
    draft->until_resolved = p->until_resolved;
    if (rc == OC_OK && p->zone && !p->every) {
        oc_error_set(err, OC_E_CONFIG, "--zone is the time zone of --every, which is not given");
        oc_error_hint(err, "Other times are said with their zone: 2030-01-01T08:00:00+01:00.");
        return OC_E_CONFIG;
    }
    if (rc != OC_OK || !p->every) {
        return rc == OC_OK ? end_of(p, begins, &draft->ends_at, err) : rc;
    }
    if (p->until || p->until_resolved) {
        return oc_error_set(err, OC_E_CONFIG, "a recurring silence takes --for and no --until");
    }
    draft->recur = oc_recurrence_create(p->every, p->zone, p->span, err);
    if (!draft->recur) {
        return OC_E_CONFIG;
    }
    int64_t after = p->start ? begins - 1 : now - OC_SILENCE_SPAN_MAX;
    if (!oc_recurrence_next(draft->recur, after, now, &draft->starts_at, &draft->ends_at)) {
        return oc_error_set(err, OC_E_CONFIG, "'%.64s' never comes", p->every);
    }
    if (!oc_recurrence_pauses(draft->recur, now)) {
        oc_error_set(err, OC_E_CONFIG,
                     "'%.64s' would never pause: one occurrence lasts until the "
                     "next begins",
                     p->every);
        oc_error_hint(err, "Make it shorter, or turn the rule off in the configuration.");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

/* Before anybody votes on it. */
static int check_silence(const struct oc_call *call, void *ctx, struct oc_error *err)
{
    const struct silence_params *p = oc_call_params(call);
    struct oc_matcher matchers[OC_SILENCE_MATCHERS_MAX];
    struct oc_silence_draft draft = {.matchers = matchers};
    const struct oc_alert_service *s = ctx;
    int rc = read_times(s, p, oc_time_wall(), &draft, err);
    rc = rc == OC_OK ? read_matchers(p, matchers, &draft.matcher_count, err) : rc;
    for (size_t i = 0; i < draft.matcher_count; i++) {
        oc_matcher_finish(&matchers[i]);
    }
    oc_recurrence_destroy(draft.recur);
    return rc;
}

static void op_silence(struct oc_call *call, void *ctx)
{
    struct oc_alert_service *s = ctx;
    const struct silence_params *p = oc_call_params(call);
    struct oc_matcher matchers[OC_SILENCE_MATCHERS_MAX];
    struct oc_silence_draft draft = {.id = p->update,
                                     .matchers = matchers,
                                     .created_by =
                                         p->author ? p->author : oc_call_actor(call)->name,
                                     .comment = p->comment};
    const struct oc_silence *silence = NULL;
    struct oc_error err;
    oc_error_init(&err);
    if (read_times(s, p, oc_time_wall(), &draft, &err) == OC_OK &&
        read_matchers(p, matchers, &draft.matcher_count, &err) == OC_OK) {
        silence = oc_silences_put(&s->silences, &draft, &err);
    }
    for (size_t i = 0; i < draft.matcher_count; i++) {
        oc_matcher_finish(&matchers[i]);
    }
    if (!silence) {
        oc_recurrence_destroy(draft.recur);
        oc_call_fail(call, &err);
        return;
    }
    oc_alert_wake(s, 0);
    oc_call_succeed(call, oc_silence_json(silence));
}

struct unsilence_params {
    const char *id;
    int32_t once;
};

static const struct oc_option unsilence_options[] = {
    {.name = "id",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct unsilence_params, id),
     .help = "the silence's id, or the first of its digits: four or more"},
    {.name = "once",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct unsilence_params, once),
     .help = "one that recurs: only this occurrence"},
    {0},
};

static void op_unsilence(struct oc_call *call, void *ctx)
{
    struct oc_alert_service *s = ctx;
    const struct unsilence_params *p = oc_call_params(call);
    struct oc_error err;
    oc_error_init(&err);
    const struct oc_silence *silence = oc_silences_choose(&s->silences, p->id, &err);
    char *id = silence ? oc_strdup(silence->id) : NULL; /* it is freed with its silence */
    if (!id ||
        oc_silences_remove(&s->silences, id, p->once, oc_call_actor(call)->name, &err) != OC_OK) {
        oc_call_fail(call, &err);
    } else {
        oc_alert_wake(s, 0);
        oc_call_succeed(call, json_pack("{s:s, s:b}", "id", id, "removed", 1));
    }
    free(id);
}

static void op_silences(struct oc_call *call, void *ctx)
{
    struct oc_alert_service *s = ctx;
    oc_call_succeed(call, oc_silences_json(&s->silences, oc_time_wall()));
}

#define SILENCE_SHAPE                                                                              \
    "{id: string, matchers: [string], starts: time, ends: time, comment: "                         \
    "string, created_by: string, until_resolved?: boolean, recurs?: {every: string, zone: "        \
    "string, for?: string}}"

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
         "openclaw alert silence 'rule=~disk_.*' instance=system --for 2h --comment 'moving data'",
     .result = SILENCE_SHAPE,
     .handler = op_silence,
     .check = check_silence},
    {.name = "alert.unsilence",
     .summary = "End a silence now",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES | OC_OP_EPHEMERAL,
     .params = unsilence_options,
     .params_size = sizeof(struct unsilence_params),
     .view = "record",
     .example = "openclaw alert unsilence 4be1",
     .result = "{id: string, removed: boolean}",
     .handler = op_unsilence},
    {.name = "alert.silences",
     .summary = "List the silences that hold or are to come",
     .flags = OC_OP_EPHEMERAL,
     .view = "table:id=ID,matchers=Matchers,starts=Starts,ends=Ends,every=Every,created_by=By,"
             "comment=Comment",
     .example = "openclaw alert silences",
     .result = "[" SILENCE_SHAPE "]",
     .handler = op_silences},
};

void oc_alert_add_silence_ops(struct oc_alert_service *s)
{
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(s->env->ops, &ops[i], s);
    }
}
