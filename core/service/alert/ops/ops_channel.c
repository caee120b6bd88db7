/* Operations over channels: channels, test. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/alert/route/mute.h"
#include "core/service/alert/service.h"
#include "core/sys/crypto.h"

static void op_channels(struct oc_call *call, void *ctx)
{
    struct oc_alert_service *s = ctx;
    json_t *list = json_array();
    for (size_t i = 0; i < s->outbox.channels.count; i++) {
        json_array_append_new(list, oc_channel_json(s->outbox.channels.items[i]));
    }
    oc_call_succeed(call, list);
}

/* ---- alert.test ---- */

struct test_params {
    const char *channel;
};

static const struct oc_option test_options[] = {
    {.name = "channel",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct test_params, channel),
     .help = "the channel's name, as `openclaw alert channels` shows it"},
    {0},
};

struct test {
    struct oc_call *call;       /* NULL once the caller has given up */
    struct oc_channel *channel; /* a reference */
    uint64_t call_id;
    char delivery[37];
    struct oc_channel_answer answer;
};

static json_t *test_alert(const char *by)
{
    json_t *event = json_object();
    oc_json_set_str(event, "rule", "test");
    oc_json_set_str(event, "severity", "info");
    oc_json_set_str(event, "category", "test");
    oc_json_set_str(event, "message", "This is a test of the alert channel; nothing is wrong");
    oc_json_set_str(event, "reason", by);
    struct oc_alerts table;
    oc_alerts_init(&table);
    struct oc_alert *a = oc_alerts_add_id(&table, "test");
    oc_alert_record_update(&table, a, event, true, oc_time_wall());
    json_t *json = oc_alert_record_json(&table, a);
    oc_json_set_str(json, "title", "test message");
    oc_alerts_finish(&table);
    json_decref(event);
    return json;
}

static void on_test_records(void *ctx, const struct oc_record *records, size_t count)
{
    struct test *test = ctx;
    oc_channel_answer_read(&test->answer, records, count);
}

static void report_test(struct test *test, int code, const struct oc_error *err, int64_t took_ms)
{
    struct oc_error failure;
    if (code != OC_OK) {
        failure = *err;
        oc_error_prefix(&failure, "channel %s", test->channel->name);
        oc_call_fail(test->call, &failure);
        return;
    }
    json_t *result = json_object();
    oc_json_set_str(result, "channel", test->channel->name);
    oc_json_set_str(result, "delivery", test->delivery);
    oc_json_set_str(result, "answer", test->answer.text[0] ? test->answer.text : "ok");
    oc_json_set_int(result, "took_ms", took_ms);
    oc_call_succeed(test->call, result);
}

static void on_test_done(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    struct test *test = ctx;
    if (test->call) {
        oc_call_on_cancel(test->call, NULL, NULL);
        report_test(test, code, err, took_ms);
    }
    oc_channel_unref(test->channel);
    free(test);
}

static void on_test_cancelled(struct oc_call *call, void *ctx)
{
    struct test *test = ctx;
    test->call = NULL;
    oc_call_failf(call, OC_E_CANCELLED, NULL, "the test of %s was cancelled", test->channel->name);
    if (test->channel->instance) {
        oc_instance_cancel(test->channel->instance, test->call_id); /* may free `test` */
    }
}

static void start_test(struct oc_call *call, struct oc_alert_service *s, struct oc_channel *ch)
{
    struct test *test = oc_calloc(1, sizeof *test);
    struct oc_error err;
    oc_error_init(&err);
    oc_id_make(test->delivery);
    test->call = call;
    test->channel = ch;
    ch->refs++;
    oc_call_on_cancel(call, on_test_cancelled, test);

    json_t *alert = test_alert(oc_call_actor(call)->name);
    char *text = oc_json_text(alert);
    char *params = oc_outbox_params(&s->outbox, test->delivery, "test", text, NULL, 1);
    struct oc_invocation inv = {.method = OC_CHANNEL_SEND,
                                .params = params,
                                .timeout_ms = ch->options.timeout,
                                .on_records = on_test_records,
                                .on_done = on_test_done,
                                .ctx = test};
    if (oc_instance_call(ch->instance, &inv, &test->call_id, &err) != OC_OK) {
        on_test_done(test, err.code, &err, 0);
    }
    free(params);
    free(text);
    json_decref(alert);
}

static void op_test(struct oc_call *call, void *ctx)
{
    struct oc_alert_service *s = ctx;
    const struct test_params *p = oc_call_params(call);
    struct oc_channel *ch = oc_outbox_channel(&s->outbox, p->channel);
    if (!ch) {
        oc_call_failf(call, OC_E_NOT_FOUND, "`openclaw alert channels` lists them.",
                      "no channel '%.64s'", p->channel);
    } else if (ch->error.code != OC_OK) {
        oc_call_fail(call, &ch->error);
    } else if (!ch->instance) {
        oc_call_failf(call, OC_E_CONFLICT, "Set `enabled = true` for it, or start the daemon.",
                      "channel %s is not in use", ch->name);
    } else {
        start_test(call, s, ch);
    }
}

static void add_unkept(json_t *list, const struct oc_error *why, const char *fix)
{
    json_t *row = json_object();
    char *text = oc_asprintf("alerts are sent but cannot be stored%s%s",
                             *why->message ? ": " : "; writing is being tried again", why->message);
    oc_json_set_str(row, "severity", "error");
    oc_json_set_str(row, "message", text);
    oc_json_set_str(row, "fix", fix);
    json_array_append_new(list, row);
    free(text);
}

static void op_doctor(struct oc_call *call, void *ctx)
{
    const struct oc_alert_service *s = ctx;
    json_t *list = json_array();
    struct oc_error why;
    oc_error_init(&why);
    if (!s->journal && s->unopened.code != OC_OK) {
        add_unkept(list, &s->unopened, s->unopened.hint);
    } else if (s->journal && (oc_journal_failing(s->journal, &why) || s->failing)) {
        add_unkept(list, &why,
                   "make room on the disk or mend it; writing is tried again every 5 seconds");
    }
    oc_mute_doctor(s, list);
    oc_call_succeed(call, list);
}

static const struct oc_op ops[] = {
    {.name = "alert.channels",
     .summary = "Show the channels and how they fare",
     .flags = OC_OP_EPHEMERAL,
     .view = "table:name=Channel,plugin=Plugin,state=State,levels=Levels,sent=Sent,failed=Failed,"
             "queue=Queue,next_attempt=Next attempt,last_error=Last error",
     .example = "openclaw alert channels",
     .result =
         "[{name: string, plugin: string, levels: [string], state: string, sent: "
         "integer, failed: integer, dropped: integer, queue: integer, next_attempt: time|null}]",
     .handler = op_channels},
    {.name = "alert.test",
     .summary = "Send a test message through a channel",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES,
     .params = test_options,
     .params_size = sizeof(struct test_params),
     .view = "record",
     .description = "Sends a real message, once and at once, and shows what the receiver answered.",
     .example = "openclaw alert test ops",
     .handler = op_test},
    {.name = "alert.doctor",
     .summary = "What is wrong with how alerts are kept",
     .flags = OC_OP_INTERNAL,
     .handler = op_doctor},
};

void oc_alert_add_channel_ops(struct oc_alert_service *s)
{
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(s->env->ops, &ops[i], s);
    }
}
