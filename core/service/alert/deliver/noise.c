/* What shares the round of the alert service: its life, its events, its notices. SPDX-License-Identifier: MIT */
#include "noise.h"

#include <string.h>

#include "core/base/json.h"
#include "core/service/alert/deliver/failover.h"
#include "core/service/alert/escalate/escalate_ask.h"
#include "core/service/alert/route/mute.h"

static void on_passed(void *ctx, const struct oc_delivery *d, const char *to)
{
    struct oc_alert_service *s = ctx;
    struct oc_alert *a = oc_alerts_find_id(&s->alerts, d->subject);
    int old = oc_alerts_find_channel(&s->alerts, d->channel);
    if (!a || strcmp(d->event, "firing") != 0 || !a->firing) {
        return;
    }
    /* Its end is for who heard of it. */
    a->told &= old >= 0 ? ~(UINT64_C(1) << old) : ~UINT64_C(0);
    oc_noise_remember(s, a, to);
    a->dirty = true;
    oc_alerts_change(&s->alerts, a);
}

struct oc_noise *oc_noise_create(struct oc_alert_service *s)
{
    struct oc_noise *n = oc_calloc(1, sizeof *n);
    n->service = s;
    n->escalate = oc_question_create(s->env->policies, "escalate");
    n->channels = oc_kept_create(json_array());
    s->outbox.passed = on_passed;
    s->is_muted = oc_mute_is;
    return n;
}

void oc_noise_destroy(struct oc_noise *n)
{
    if (!n) {
        return;
    }
    for (size_t i = 0; i < n->posts.count; i++) {
        json_decref(n->posts.items[i].data);
    }
    OC_VEC_FINISH(&n->posts);
    oc_intervals_finish(&n->intervals);
    oc_deadman_finish(&n->deadman);
    oc_expects_finish(&n->expects);
    oc_question_destroy(n->escalate);
    oc_escalate_forget(n->memo);
    oc_escalation_free(n->planned);
    oc_kept_destroy(n->channels);
    free(n);
}

static json_t *channels_json(const struct oc_outbox *outbox)
{
    json_t *list = json_array();
    for (size_t i = 0; i < outbox->channels.count; i++) {
        if (outbox->channels.items[i]->options.enabled) {
            json_array_append_new(list, oc_channel_route_json(outbox->channels.items[i]));
        }
    }
    return list;
}

void oc_noise_configure(struct oc_alert_service *s, const struct oc_node *root,
                        struct oc_diags *diags)
{
    struct oc_noise *n = s->noise;
    s->outbox.storm_limit = s->options.storm_limit;
    s->outbox.storm_interval = s->options.storm_interval;
    s->silences.notice = s->options.silence_notice;
    oc_intervals_configure(&n->intervals, root, diags);
    oc_deadman_configure(&n->deadman, root, diags);
    oc_expects_configure(s, &n->expects, root, diags);
    oc_failover_check(root, diags);
    oc_kept_set(n->channels, channels_json(&s->outbox));
    oc_escalate_forget(n->memo);
    n->memo = NULL;
}

void oc_noise_check(const struct oc_node *root, struct oc_diags *diags)
{
    struct oc_intervals intervals = {{0}};
    struct oc_deadman deadman = {0};
    struct oc_expects expects = {{0}};
    oc_intervals_configure(&intervals, root, diags);
    oc_deadman_configure(&deadman, root, diags);
    oc_expects_configure(NULL, &expects, root, diags);
    oc_failover_check(root, diags);
    oc_intervals_finish(&intervals);
    oc_deadman_finish(&deadman);
    oc_expects_finish(&expects);
}

void oc_noise_describe(json_t *sections)
{
    oc_json_take(sections, "alerts.intervals", oc_intervals_options_json());
    oc_json_take(sections, "alerts.deadman", oc_deadman_options_json());
    oc_json_take(sections, "alerts.expect", oc_expect_options_json());
}

/* ---- rounds ---- */

void oc_noise_round(struct oc_alert_service *s, int64_t now)
{
    oc_deadman_round(s, now);
    oc_expects_round(s, now);
    oc_silences_warn(s, now);
}

int64_t oc_noise_next(const struct oc_alert_service *s, int64_t now)
{
    int64_t next = oc_deadman_next(&s->noise->deadman);
    int64_t expect = oc_expects_next(&s->noise->expects);
    int64_t warning = oc_silences_next_warning(&s->silences, now);
    next = expect < next ? expect : next;
    return warning < next ? warning : next;
}

void oc_noise_post(struct oc_alert_service *s, const char *topic, json_t *data)
{
    struct oc_noise_post post = {topic, data};
    OC_VEC_PUSH(&s->noise->posts, post);
}

void oc_noise_publish(struct oc_alert_service *s)
{
    struct oc_noise *n = s->noise;
    for (size_t i = 0; i < n->posts.count; i++) {
        oc_bus_publish(s->env->bus, n->posts.items[i].topic, n->posts.items[i].data);
    }
    n->posts.count = 0;
}

/* ---- notices ---- */

json_t *oc_notice_json(const struct oc_notice_text *text, int64_t now)
{
    json_t *json = json_object();
    oc_json_set_str(json, "id", text->id);
    oc_json_set_str(json, "severity", oc_alert_severity_name(text->severity));
    oc_json_set_str(json, "state", "notice");
    oc_json_set_str(json, "rule", text->rule);
    oc_json_set_str(json, "category", "alerting");
    oc_json_set_str(json, "title", text->title);
    oc_json_set_str(json, "message", text->message);
    oc_json_take(json, "labels", json_object());
    oc_json_take(json, "annotations", json_object());
    oc_json_set_time(json, "starts_at", now);
    return json;
}

static size_t send_to(struct oc_alert_service *s, struct oc_channel *ch, const json_t *alert,
                      const char *text)
{
    if (!ch) {
        return 0;
    }
    oc_outbox_promise(&s->outbox, ch, "notice", alert, text);
    return 1;
}

size_t oc_notice_send(struct oc_alert_service *s, const struct oc_notice_text *text,
                      const char *const *channels, size_t count, int64_t now)
{
    json_t *alert = oc_notice_json(text, now);
    char *alert_text = oc_json_text(alert);
    size_t told = 0;
    for (size_t i = 0; i < count; i++) {
        struct oc_channel *ch = oc_failover_usable(&s->outbox, channels[i]);
        told += send_to(s, ch, alert, alert_text);
    }
    for (size_t i = 0; count == 0 && i < s->outbox.channels.count; i++) {
        struct oc_channel *ch = s->outbox.channels.items[i];
        bool fits = oc_channel_usable(ch) && oc_channel_admits(ch, text->severity);
        told += fits ? send_to(s, ch, alert, alert_text) : 0;
    }
    free(alert_text);
    json_decref(alert);
    return told;
}

static uint64_t bits_in_use(const struct oc_alert_service *s)
{
    uint64_t used = 0;
    for (size_t i = 0; i < s->outbox.channels.count; i++) {
        int bit = oc_alerts_find_channel(&s->alerts, s->outbox.channels.items[i]->name);
        used |= bit >= 0 ? UINT64_C(1) << bit : 0;
    }
    return used;
}

void oc_noise_remember(struct oc_alert_service *s, struct oc_alert *a, const char *channel)
{
    int bit = oc_alerts_channel_bit(&s->alerts, channel, bits_in_use(s));
    a->told |= bit >= 0 ? UINT64_C(1) << bit : 0;
}
