/* Alerts that must keep coming. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/config/bind.h"
#include "core/service/alert/deliver/noise.h"
#include "core/service/alert/table/fingerprint.h"
#include "core/service/alert/table/select.h"

#define MARK     "alerts.expect" /* the metric of our alerts */
#define LOOK_MAX (30 * OC_SECOND)

struct expect_options {
    const char *name;
    struct oc_list matchers;
    int64_t within;
    int32_t severity; /* enum oc_alert_severity */
};

#define AT(member) offsetof(struct expect_options, member)
static const struct oc_option options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .offset = AT(name),
     .default_text = "DeadMansSwitch",
     .help = "name of the alert that fires while what is expected stays away"},
    {.name = "matchers",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_REQUIRED,
     .offset = AT(matchers),
     .help = "the alert that must keep coming: [\"alertname=Watchdog\"]"},
    {.name = "within",
     .type = OC_OPT_DURATION,
     .offset = AT(within),
     .default_text = "5m",
     .min = 1000,
     .max = 7 * 86400000.0,
     .help = "how old it may be"},
    {.name = "severity",
     .type = OC_OPT_ENUM,
     .offset = AT(severity),
     .default_text = "critical",
     .choices = "info|warning|critical",
     .help = "of the alert that fires"},
    {0}};
#undef AT

json_t *oc_expect_options_json(void)
{
    return oc_options_json(options, sizeof options[0]);
}

static void free_expect(struct oc_expect *e)
{
    for (size_t i = 0; i < e->matchers.count; i++) {
        oc_matcher_finish(&e->matchers.items[i]);
    }
    OC_VEC_FINISH(&e->matchers);
    free(e->name);
    free(e);
}

void oc_expects_finish(struct oc_expects *set)
{
    for (size_t i = 0; i < set->list.count; i++) {
        free_expect(set->list.items[i]);
    }
    OC_VEC_FINISH(&set->list);
}

/* ---- our alert ---- */

/* Named by what is expected, so that it is the same one after a restart. */
static void name_alert(struct oc_expect *e)
{
    uint64_t hash =
        oc_fingerprint_add(OC_FINGERPRINT_START, "alertname", 9, e->name, strlen(e->name));
    for (size_t i = 0; i < e->matchers.count; i++) {
        char *text = oc_matcher_text(&e->matchers.items[i]);
        hash = oc_fingerprint_add(hash, "expected", 8, text, strlen(text));
        free(text);
    }
    oc_fingerprint_text(hash, e->id);
}

static json_t *event_of(const struct oc_expect *e, int64_t now)
{
    char within[32];
    struct oc_buf what = {0};
    for (size_t i = 0; i < e->matchers.count; i++) {
        char *text = oc_matcher_text(&e->matchers.items[i]);
        oc_buf_addf(&what, "%s%s", i ? ", " : "", text);
        free(text);
    }
    char *message = oc_asprintf("no alert with %s for %s", what.data ? what.data : "",
                                oc_duration_human(e->within, within, sizeof within));
    json_t *event = json_object(), *labels = json_object();
    oc_json_set_str(labels, "expected", what.data ? what.data : "");
    oc_json_set_str(event, "rule", e->name);
    oc_json_set_str(event, "severity", oc_alert_severity_name(e->severity));
    oc_json_set_str(event, "category", "alerting");
    oc_json_set_str(event, "metric", MARK);
    oc_json_set_str(event, "message", message);
    oc_json_take(event, "labels", labels);
    oc_json_set_int(event, "at", now);
    oc_json_set_int(event, "since", now);
    free(message);
    oc_buf_finish(&what);
    return event;
}

static void say(struct oc_alert_service *s, const struct oc_expect *e, bool missing, int64_t now)
{
    struct oc_alert *a = oc_alerts_find_id(&s->alerts, e->id);
    if (missing == (a && a->firing)) {
        return;
    }
    if (!a && oc_alert_make_room(s)) {
        a = oc_alerts_add_id(&s->alerts, e->id);
    }
    if (a) {
        json_t *event = event_of(e, now);
        oc_alert_record_update(&s->alerts, a, event, missing, now);
        oc_alerts_change(&s->alerts, a);
        json_decref(event);
        oc_alert_wake(s, 0);
    }
}

/* ---- looking ---- */

/* When what is expected was seen last; 0: it is not there. An alert of our own rules is there as long as it fires. */
static int64_t last_seen(struct oc_alert_service *s, const struct oc_expect *e, int64_t now)
{
    struct oc_selection found;
    int64_t seen = 0;
    oc_alerts_select(&s->alerts, e->matchers.items, e->matchers.count, &found);
    for (size_t i = 0; i < found.alerts.count; i++) {
        const struct oc_alert *a = found.alerts.items[i];
        int64_t at = a->firing ? a->posted ? a->updated_at : now : 0;
        at = at > now ? now : at;
        seen = at > seen ? at : seen;
    }
    OC_VEC_FINISH(&found.alerts);
    return seen;
}

static void look(struct oc_alert_service *s, struct oc_expect *e, int64_t now)
{
    int64_t seen = last_seen(s, e, now);
    bool missing = seen + e->within <= now;
    int64_t soon = e->within / 10 < LOOK_MAX ? e->within / 10 : LOOK_MAX;
    soon = soon > OC_SECOND ? soon : OC_SECOND;
    say(s, e, missing, now);
    e->look_at = missing ? now + soon : seen + e->within;
}

void oc_expects_round(struct oc_alert_service *s, int64_t now)
{
    struct oc_expects *set = &s->noise->expects;
    for (size_t i = 0; !s->env->ephemeral && i < set->list.count; i++) {
        struct oc_expect *e = set->list.items[i];
        e->look_at = e->look_at > now + e->within ? now + e->within : e->look_at;
        if (e->look_at <= now) {
            look(s, e, now);
        }
    }
}

int64_t oc_expects_next(const struct oc_expects *set)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < set->list.count; i++) {
        next = set->list.items[i]->look_at < next ? set->list.items[i]->look_at : next;
    }
    return next;
}

/* ---- the configuration ---- */

static bool read_matchers(struct oc_expect *e, const struct oc_list *list,
                          const struct oc_node *node, const char *path, struct oc_diags *diags)
{
    const char *const *texts = list->items;
    bool sound = true;
    for (size_t i = 0; i < list->count; i++) {
        struct oc_matcher m;
        struct oc_error err;
        oc_error_init(&err);
        if (oc_matcher_parse(texts[i], &m, &err) == OC_OK) {
            OC_VEC_PUSH(&e->matchers, m);
        } else {
            const struct oc_node *at = oc_node_get(node, "matchers");
            oc_diags_add(diags, false, at ? at : node, path, err.hint, "%s", err.message);
            sound = false;
        }
    }
    return sound && e->matchers.count > 0;
}

static struct oc_expect *read_one(const struct oc_node *node, const char *path,
                                  struct oc_diags *diags)
{
    struct expect_options o = {0};
    struct oc_arena arena = {0};
    struct oc_expect *e = oc_calloc(1, sizeof *e);
    bool sound =
        oc_bind(options, sizeof options[0], node, path, NULL, &o, sizeof o, &arena, diags) == 0 &&
        read_matchers(e, &o.matchers, node, path, diags);
    if (sound) {
        e->name = oc_strdup(o.name);
        e->within = o.within;
        e->severity = (enum oc_alert_severity)o.severity;
        name_alert(e);
    } else {
        free_expect(e);
        e = NULL;
    }
    oc_arena_finish(&arena);
    return e;
}

static struct oc_expect *find(const struct oc_expects *set, const char *id)
{
    for (size_t i = 0; i < set->list.count; i++) {
        if (strcmp(set->list.items[i]->id, id) == 0) {
            return set->list.items[i];
        }
    }
    return NULL;
}

/* What is expected no more is not missing. */
static void end_others(struct oc_alert_service *s, const struct oc_expects *set, int64_t now)
{
    char id[OC_ALERT_ID_MAX + 1];
    uint32_t it = 0;
    for (struct oc_alert *a; (a = oc_alerts_next(&s->alerts, &it));) {
        if (a->firing && !a->posted && strcmp(oc_alert_text(a, OC_TEXT_METRIC), MARK) == 0 &&
            !find(set, oc_alert_id(a, id))) {
            oc_alert_end(a, now);
            a->updated_at = now;
            oc_alerts_change(&s->alerts, a);
        }
    }
}

void oc_expects_configure(struct oc_alert_service *s, struct oc_expects *set,
                          const struct oc_node *root, struct oc_diags *diags)
{
    const struct oc_node *list = oc_node_get(root, "alerts.expect");
    struct oc_expects old = *set;
    int64_t now = oc_time_wall();
    memset(set, 0, sizeof *set);
    if (list && (list->type != OC_NODE_LIST || list->count > OC_EXPECTS_MAX)) {
        oc_diags_add(diags, false, list, "alerts.expect",
                     "Write ( { matchers = [\"alertname=Watchdog\"]; within = \"5m\"; } ).",
                     "expected a list of at most %d groups", OC_EXPECTS_MAX);
        list = NULL;
    }
    for (size_t i = 0; list && i < list->count; i++) {
        char *path = oc_asprintf("alerts.expect[%zu]", i);
        struct oc_expect *e = read_one(list->children[i], path, diags);
        if (e) {
            const struct oc_expect *before = find(&old, e->id);
            e->look_at = before && before->within == e->within ? before->look_at : now + e->within;
            OC_VEC_PUSH(&set->list, e);
        }
        free(path);
    }
    oc_expects_finish(&old);
    if (s && !s->env->ephemeral) {
        end_others(s, set, now);
    }
}
