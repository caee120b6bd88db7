/* Operations over messages: send, list, status, presence. SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/message/internal.h"

#define SEND_MS     10000
#define CONTENT_MAX 65536u
#define PRESENT_S   300

/* ---- message.send ---- */

struct send_params {
    const char *to, *content, *channel, *from, *type, *id, *thread, *parent, *metadata;
};
#define AT(member) offsetof(struct send_params, member)
static const struct oc_option send_options[] = {
    {.name = "to",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL,
     .offset = AT(to),
     .help = "the agent; broadcast is all of them"},
    {.name = "content",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL,
     .offset = AT(content),
     .help = "what to tell: text, or JSON"},
    {.name = "channel",
     .type = OC_OPT_STRING,
     .offset = AT(channel),
     .help = "the channel, when it is not that of the agent"},
    {.name = "from",
     .type = OC_OPT_STRING,
     .offset = AT(from),
     .help = "who speaks; default: whoever asks"},
    {.name = "type",
     .type = OC_OPT_STRING,
     .offset = AT(type),
     .default_text = "message",
     .help = "message, task, query, response, broadcast, ..."},
    {.name = "id",
     .type = OC_OPT_STRING,
     .offset = AT(id),
     .flags = OC_OPT_ADVANCED,
     .help = "its id; default: a new one"},
    {.name = "thread",
     .type = OC_OPT_STRING,
     .offset = AT(thread),
     .help = "the conversation that it belongs to"},
    {.name = "parent",
     .type = OC_OPT_STRING,
     .offset = AT(parent),
     .help = "the message that it answers"},
    {.name = "metadata",
     .type = OC_OPT_STRING,
     .offset = AT(metadata),
     .flags = OC_OPT_ADVANCED,
     .help = "a JSON object, such as {\"priority\": \"high\"}"},
    {0}};
#undef AT

struct sending {
    struct oc_message_service *service;
    struct oc_call *call; /* NULL: the caller has given up */
    json_t *row;
    int64_t receivers;
};

static json_t *content_of(const char *text)
{
    json_t *json = strchr("{[", text[0]) && text[0] ? json_loads(text, 0, NULL) : NULL;
    return json ? json : json_string(text);
}

/* NULL when the call has been failed. */
static char *channel_of(struct oc_call *call, const struct send_params *p)
{
    char *channel = p->channel                        ? oc_strdup(p->channel)
                    : !p->to                          ? NULL
                    : strcmp(p->to, "broadcast") == 0 ? oc_strdup("global-workspace:broadcast")
                                                      : oc_asprintf("a2a:%s", p->to);
    if (channel && oc_channel_valid(channel, false)) {
        return channel;
    }
    oc_call_failf(call, OC_E_CONFIG, "Name an agent, or a channel such as channel:general.",
                  channel ? "'%.64s' is no channel" : "there is nobody to send to%s",
                  channel ? channel : "");
    free(channel);
    return NULL;
}

static bool too_long(const char *text)
{
    return text && strlen(text) > OC_MESSAGE_NAME_MAX;
}

static bool check_metadata(struct oc_call *call, const char *text)
{
    struct oc_error err;
    oc_error_init(&err);
    json_t *json = text ? oc_json_parse_request(text, strlen(text), &err) : NULL;
    const bool sound = !text || json_is_object(json);
    if (!sound) {
        oc_call_failf(call, OC_E_CONFIG, "Write an object, such as {\"priority\": \"high\"}.",
                      "metadata: %s", json ? "it is no JSON object" : err.message);
    }
    json_decref(json);
    return sound;
}

static bool check(struct oc_call *call, const struct send_params *p)
{
    if (!p->content || strlen(p->content) > CONTENT_MAX) {
        oc_call_failf(call, OC_E_CONFIG, "A message has at most 64 KB.", "the content is %s",
                      p->content ? "too long" : "missing");
        return false;
    }
    if (too_long(p->to) || too_long(p->from) || too_long(p->type) || too_long(p->id) ||
        too_long(p->thread) || too_long(p->parent)) {
        oc_call_failf(call, OC_E_CONFIG, "Names have at most 128 bytes.", "a name is too long");
        return false;
    }
    return check_metadata(call, p->metadata);
}

static json_t *make_row(struct oc_message_service *m, struct oc_call *call,
                        const struct send_params *p, const char *channel)
{
    const int64_t now = oc_time_wall();
    json_t *row = json_object(), *metadata = NULL;
    char *made = oc_asprintf("h%" PRIx64 "-%" PRIx64, (uint64_t)now, ++m->serial);
    char agent[OC_MESSAGE_NAME_MAX + 1] = "";
    oc_envelope_agent(channel, agent);
    oc_json_set_str(row, "id", p->id && *p->id ? p->id : made);
    oc_json_set_str(row, "channel", channel);
    oc_json_set_str(row, "from", p->from ? p->from : oc_call_actor(call)->name);
    oc_json_set_str(row, "to", p->to ? p->to : agent);
    oc_json_set_str(row, "type", p->type);
    oc_json_take(row, "content", content_of(p->content));
    oc_json_set_time(row, "time", now);
    if (p->thread) {
        oc_json_set_str(row, "thread", p->thread);
    }
    if (p->parent) {
        oc_json_set_str(row, "parent", p->parent);
    }
    metadata = p->metadata ? json_loads(p->metadata, 0, NULL) : NULL;
    if (json_is_object(metadata)) {
        json_object_set(row, "metadata", metadata);
    }
    json_decref(metadata);
    free(made);
    return row;
}

static void succeed(struct oc_message_service *m, struct oc_call *call, json_t *row,
                    int64_t receivers)
{
    json_t *result = json_object();
    json_object_set(result, "id", json_object_get(row, "id"));
    json_object_set(result, "channel", json_object_get(row, "channel"));
    oc_json_take(result, "receivers", receivers >= 0 ? json_integer(receivers) : json_null());
    oc_message_deliver(m, row);
    if (call) {
        oc_call_succeed(call, result);
    } else {
        json_decref(result);
    }
}

static void on_answer(void *ctx, const struct oc_record *records, size_t count)
{
    struct sending *s = ctx;
    for (size_t i = 0; i < count; i++) {
        if (records[i].type == OC_RECORD_JSON) {
            json_t *o = json_loadb(records[i].text.ptr, records[i].text.len, 0, NULL);
            const char *warning = oc_json_str(o, "warning", NULL);
            s->receivers = oc_json_int(o, "receivers", 0);
            if (warning) {
                oc_warn("a message was sent with a flaw", "reason=%s", warning);
            }
            json_decref(o);
        }
    }
}

static void on_sent(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    struct sending *s = ctx;
    (void)took_ms;
    if (code == OC_OK) {
        s->service->published++;
        succeed(s->service, s->call, s->row, s->receivers);
    } else {
        json_decref(s->row);
        if (s->call) {
            oc_call_fail(s->call, err);
        }
    }
    free(s);
}

static void on_cancel(struct oc_call *call, void *ctx)
{
    struct sending *s = ctx;
    s->call = NULL; /* what was sent cannot be taken back */
    oc_call_failf(call, OC_E_CANCELLED, NULL, "cancelled");
}

static void publish(struct oc_message_service *m, struct oc_call *call, json_t *row)
{
    struct oc_error err;
    struct sending *s = oc_calloc(1, sizeof *s);
    char *payload = oc_envelope_write(row);
    json_t *params = json_object();
    json_object_set(params, "channel", json_object_get(row, "channel"));
    json_object_set(params, "id", json_object_get(row, "id"));
    oc_json_set_str(params, "payload", payload);
    char *text = oc_json_text(params);
    const struct oc_invocation inv = {.method = "bus.publish/1",
                                      .params = text,
                                      .timeout_ms = SEND_MS,
                                      .on_records = on_answer,
                                      .on_done = on_sent,
                                      .ctx = s};
    oc_error_init(&err);
    *s = (struct sending){.service = m, .call = call, .row = row};
    oc_message_expect_echo(m, oc_json_str(row, "id", ""));
    oc_call_on_cancel(call, on_cancel, s);
    if (oc_instance_call(m->sender, &inv, NULL, &err) != OC_OK) {
        s->call = NULL;
        oc_call_fail(call, &err);
        json_decref(row);
        free(s);
    }
    free(text);
    json_decref(params);
    free(payload);
}

static void op_send(struct oc_call *call, void *ctx)
{
    struct oc_message_service *m = ctx;
    const struct send_params *p = oc_call_params(call);
    char *channel = check(call, p) ? channel_of(call, p) : NULL;
    if (!channel) {
        return;
    }
    json_t *row = make_row(m, call, p, channel);
    free(channel);
    if (m->sender) {
        publish(m, call, row);
    } else if (m->config) {
        json_decref(row);
        oc_call_failf(call, OC_E_CONFLICT, "`openclaw message status` says why.",
                      "the bridge is configured and cannot be used");
    } else {
        succeed(m, call, row, -1);
    }
}

/* ---- message.list ---- */

struct list_params {
    const char *channel, *agent;
    int64_t limit;
};
static const struct oc_option list_options[] = {{.name = "channel",
                                                 .type = OC_OPT_STRING,
                                                 .offset = offsetof(struct list_params, channel),
                                                 .help = "only of this channel; * and ? match"},
                                                {.name = "agent",
                                                 .type = OC_OPT_STRING,
                                                 .offset = offsetof(struct list_params, agent),
                                                 .help = "only from or to this agent"},
                                                {.name = "limit",
                                                 .type = OC_OPT_INT,
                                                 .offset = offsetof(struct list_params, limit),
                                                 .default_text = "100",
                                                 .min = 1,
                                                 .max = OC_MESSAGES_MAX,
                                                 .help = "at most so many, the newest"},
                                                {0}};

static bool listed(const struct list_params *p, const json_t *row)
{
    return (!p->channel || oc_glob(p->channel, oc_json_str(row, "channel", ""))) &&
           (!p->agent || strcmp(p->agent, oc_json_str(row, "from", "")) == 0 ||
            strcmp(p->agent, oc_json_str(row, "to", "")) == 0);
}

static void op_list(struct oc_call *call, void *ctx)
{
    const struct oc_message_service *m = ctx;
    const struct list_params *p = oc_call_params(call);
    json_t *list = json_array();
    for (size_t i = m->history.count; i-- > 0 && json_array_size(list) < (size_t)p->limit;) {
        const json_t *row = oc_message_history_at(&m->history, i);
        if (listed(p, row)) {
            json_array_insert(list, 0, (json_t *)(uintptr_t)row);
        }
    }
    oc_call_succeed(call, list);
}

/* ---- message.status ---- */

static void op_status(struct oc_call *call, void *ctx)
{
    const struct oc_message_service *m = ctx;
    json_t *list = json_array(), *o = json_object();
    oc_json_set_str(o, "name", "bridge");
    oc_json_set_str(o, "plugin", m->plugin);
    oc_json_set_str(o, "state", oc_bridge_state_name(m->state));
    oc_json_set_time(o, "since", m->since_ms);
    oc_json_set_str(o, "error", m->error.message[0] ? m->error.message : NULL);
    oc_json_set_time(o, "retry_at", m->retry_at);
    oc_json_set_int(o, "received", (int64_t)m->received);
    oc_json_set_int(o, "sent", (int64_t)m->published);
    oc_json_set_int(o, "refused", (int64_t)m->refused);
    oc_json_set_int(o, "remembered", (int64_t)m->history.count);
    json_array_append_new(list, o);
    oc_call_succeed(call, list);
}

/* ---- message.presence: agents that listen through the bridge ---- */

static void on_marked(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    (void)ctx;
    (void)code; /* a mark that could not be made is made with the next round */
    (void)err;
    (void)took_ms;
}

static void op_presence(struct oc_call *call, void *ctx)
{
    struct oc_message_service *m = ctx;
    const json_t *agents = json_object_get(oc_call_json(call), "agents");
    if (m->sender && m->state == OC_BRIDGE_UP && json_array_size(agents) > 0) {
        json_t *params = json_object();
        json_object_set(params, "agents", (json_t *)(uintptr_t)agents);
        oc_json_set_int(params, "ttl", PRESENT_S);
        char *text = oc_json_text(params);
        const struct oc_invocation inv = {
            .method = "bus.mark/1", .params = text, .timeout_ms = SEND_MS, .on_done = on_marked};
        oc_instance_call(m->sender, &inv, NULL, NULL);
        free(text);
        json_decref(params);
    }
    oc_call_succeed(call, json_object());
}

static const struct oc_option presence_options[] = {
    {.name = "agents", .type = OC_OPT_STRINGS, .offset = 0, .help = "their names"}, {0}};

static const struct oc_op ops[] = {
    {.name = "message.send",
     .summary = "Send a message to an agent or a channel",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES,
     .params = send_options,
     .params_size = sizeof(struct send_params),
     .view = "record",
     .description = "The message is published on the channel of the agent (a2a:NAME), or on the "
                    "one that is named, and told to everybody who listens through this host.",
     .example = "openclaw message send alpha 'please review the plan'\n"
                "openclaw message send --channel channel:general --content 'good morning'",
     .handler = op_send},
    {.name = "message.list",
     .summary = "List the latest messages of agents",
     .params = list_options,
     .params_size = sizeof(struct list_params),
     .view = "table:time=Time,channel=Channel,from=From,to=To,type=Type,content=Content",
     .example = "openclaw message list --agent alpha --limit 20",
     .handler = op_list},
    {.name = "message.status",
     .summary = "Show whether messages are carried",
     .view = "table:name=Bridge,plugin=Plugin,state=State,since=Since,received=Received,sent=Sent,"
             "refused=Refused,error=Problem",
     .example = "openclaw message status",
     .handler = op_status},
    {.name = "message.presence",
     .summary = "Mark agents as listening",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_INTERNAL,
     .params = presence_options,
     .params_size = sizeof(struct oc_list),
     .handler = op_presence},
};

void oc_message_add_ops(struct oc_message_service *m)
{
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(m->env->ops, &ops[i], m);
    }
}
