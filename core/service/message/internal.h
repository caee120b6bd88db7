/* The message service's own state. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_MESSAGE_INTERNAL_H
#define OC_SERVICE_MESSAGE_INTERNAL_H

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/service/message/envelope.h"
#include "core/service/message/message.h"

#define OC_MESSAGES_MAX       1000u
#define OC_MESSAGES_BYTES_MAX (4u << 20)
#define OC_MESSAGES_SENT      256u /* ids whose echo is still expected */

enum oc_bridge_state { OC_BRIDGE_OFF, OC_BRIDGE_CONNECTING, OC_BRIDGE_UP, OC_BRIDGE_FAILED };

struct oc_bridge_options {
    const char *plugin;
    int32_t enabled;
};

/* What was heard and sent of late, the oldest first. */
struct oc_message_history {
    struct {
        json_t *row;
        size_t bytes;
    } entries[OC_MESSAGES_MAX];
    size_t head, count, bytes;
};

struct oc_message_service {
    const struct oc_env *env;
    json_t *config; /* owned: what the instances were made from; NULL: none */
    struct oc_instance *listener, *sender;
    char *plugin; /* its name */
    enum oc_bridge_state state;
    struct oc_error error;
    int64_t since_ms;  /* wall: of the state */
    int64_t retry_at;  /* wall; 0 = no attempt is due */
    unsigned failures; /* in a row */
    uint64_t call;     /* the listening one */
    bool listening, stopping;
    struct oc_timer *retry, *report;
    struct oc_message_history history;
    char sent[OC_MESSAGES_SENT][OC_MESSAGE_NAME_MAX + 1];
    size_t sent_next;
    uint64_t serial, received, published, refused;
    struct oc_series *series[4];
    size_t leaving; /* instances on their way out */
    oc_loop_fn stopped;
    void *stopped_ctx;
};

/* ---- service.c ---- */
const char *oc_bridge_state_name(enum oc_bridge_state state);
/* A message was heard or sent: remembered and told. Takes row. */
void oc_message_deliver(struct oc_message_service *m, json_t *row);

/* ---- listen.c ---- */
void oc_message_listen(
    void *service); /* begins a call of bus.listen/1; also the timer's function */
void oc_message_set_state(struct oc_message_service *m, enum oc_bridge_state state,
                          const struct oc_error *err);
void oc_message_report(void *service); /* the health of the bridge, as a collector would tell it */
/* Notes the id of what is about to be published: its echo is not told again. */
void oc_message_expect_echo(struct oc_message_service *m, const char *id);

/* ---- history.c ---- */
void oc_message_history_add(struct oc_message_history *h, json_t *row); /* takes a reference */
const json_t *oc_message_history_at(const struct oc_message_history *h, size_t i);
void oc_message_history_finish(struct oc_message_history *h);

/* ---- ops.c ---- */
void oc_message_add_ops(struct oc_message_service *m);

#endif
