/* The agent collector's instance, its agents and its parts. SPDX-License-Identifier: MIT
 *
 * A heartbeat is a sign of life of an agent: an answer to a poll of its /health, or a push through
 * the operation agent.heartbeat. Times are wall clock in ms, because they outlive the process.
 * Everything is [worker], one call at a time. */
#ifndef OC_AGENT_AGENT_H
#define OC_AGENT_AGENT_H

#include "../../lib/collect/collect.h"
#include "probe/fetch.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include <openclaw/plugin.h>

#define AGENT_TEXT_MAX 256u /* of what an agent says about itself, with the NUL */

/* What agents call their status, folded into these. */
enum agent_status {
    AGENT_ACTIVE,
    AGENT_IDLE,
    AGENT_BUSY,
    AGENT_ERROR,
    AGENT_OFFLINE,
    AGENT_UNKNOWN,
    AGENT_OTHER /* a word of its own, kept as it is */
};

/* One sign of life. */
struct agent_heartbeat {
    enum agent_status status;
    char word[32]; /* the status as shown: "active", or the agent's own word */
    char task[AGENT_TEXT_MAX], model[AGENT_TEXT_MAX]; /* "" = not said */
    int64_t at_ms;
};

/* One configured agent. */
struct agent_options {
    const char *name, *host, *url;
    int64_t port;
};

struct agent_limits {
    int64_t heartbeat_timeout_ms, max_failures, recovery_attempts;
};

struct agent {
    struct oc_fetch fetch; /* first: the prober walks an array of agents */
    struct agent_collector *collector;
    const char *name;                      /* borrowed */
    const struct agent_identity *identity; /* NULL for agents that are not of the collective */

    struct agent_heartbeat last;
    bool heard;           /* `last` is from the agent; else it is dated `since_ms` */
    bool pushed;          /* a push arrived since the previous collection */
    int64_t last_push_ms; /* 0 = never */
    int64_t since_ms;     /* watched since, in whatever run of the host; 0 = not yet */
    bool polled_well;     /* the poll of this collection succeeded */
    int64_t failures;     /* polls in a row that failed while no push came either */
    char reason[160];     /* why the last poll failed */
    bool offline;         /* announced as an event */
    int64_t offline_since_ms, attempts;
    int64_t task_since_ms; /* since when it names the task that it names now; 0 = none */
    json_t *answer;        /* owned; the last answer, an object, or NULL */
};

struct agent_collector {
    /* options */
    struct oc_list configured; /* struct agent_options; empty = the eleven */
    const char *host, *path;
    int64_t timeout_ms;
    int32_t poll, details;
    struct agent_limits limits;

    const struct oc_host *owner;
    struct oc_prober prober;
    struct agent *agents; /* owned */
    size_t count;
    bool restored;   /* what the previous run kept was read */
    bool unkept;     /* something changed since the last agent_keep */
    int64_t kept_ms; /* of the last agent_keep, whatever came of it; 0 = none */

    /* of the call that runs */
    int64_t now_ms; /* its nominal time */
    struct oc_out out;
};

/* ---- roster.c: the collective ---- */
struct agent_identity {
    const char *name;
    uint16_t port;
    const char *role, *emoji;
};
#define AGENT_ROSTER_COUNT 11
extern const struct agent_identity agent_roster[AGENT_ROSTER_COUNT];
const struct agent_identity *
agent_identity_find(const char *name); /* NULL = not of the collective */

/* ---- answer.c: what agents say ---- */
enum agent_status agent_status_parse(const char *text, char word[32]);
const char *agent_status_name(enum agent_status status); /* "active"; "other" for AGENT_OTHER */
/* Reads a /health body; `now_ms` is when it came. Any body is a sign of life; one that is no JSON
 * object tells at most a status. *object gets the document, owned by the caller, or NULL. */
void agent_answer_parse(const char *body, size_t len, int64_t now_ms, struct agent_heartbeat *beat,
                        json_t **object);
/* "2026-01-31T12:00:00.5Z", seconds or milliseconds since 1970; 0 when it is none of these. */
int64_t agent_time_parse(const json_t *value);
/* Bytes that an agent says it uses: a number, or {"rss"} (else {"used"}) as programs of node tell it; negative when it
 * does not say. */
double agent_memory_bytes(const json_t *answer);
json_t *agent_json_parse(const char *text,
                         size_t len); /* of bounded depth; NULL when it is not JSON */

/* ---- state.c: what follows from signs of life and from silence ---- */
void agent_heard(struct agent *a, const struct agent_heartbeat *beat);
void agent_poll_failed(struct agent *a, const struct agent_limits *limits, int64_t now_ms,
                       const char *reason);
double agent_age_seconds(const struct agent *a,
                         int64_t now_ms); /* of the last heartbeat, or since we watch */
double agent_missed_seconds(const struct agent *a,
                            int64_t now_ms); /* 0 while the last poll or push succeeded */
double agent_score(const struct agent *a, const struct agent_limits *limits, int64_t now_ms);
double agent_task_seconds(const struct agent *a, int64_t now_ms); /* 0 without a task */
int32_t agent_state(const struct agent *a, const struct agent_limits *limits,
                    int64_t now_ms); /* OC_STATE_* */

/* ---- report.c: samples, status, events and detail of one agent ---- */
void agent_report(struct agent *a, const struct agent_collector *c, struct oc_out *out);

/* ---- push.c: heartbeats that agents send ---- */
int32_t agent_push(void *self, const struct oc_request *req, const struct oc_sink *out,
                   struct oc_error *err);
struct agent *agent_find(const struct agent_collector *c, const char *name); /* NULL = none */
/* The heartbeat in `o`, with "status", "task" and "model", dated `at_ms`. */
struct agent_heartbeat agent_beat_read(const json_t *o, int64_t at_ms);

/* ---- keep.c: what outlives the process ---- */
/* Reads what a previous run kept, once; a host that keeps nothing costs a line in the log. */
void agent_restore(struct agent_collector *c, const struct oc_request *req);
/* Keeps it now; what cannot be kept still counts while the host runs. */
void agent_keep(struct agent_collector *c, const struct oc_request *req);
/* Keeps what changed, at most once a minute. */
void agent_keep_changes(struct agent_collector *c, const struct oc_request *req);

#endif
