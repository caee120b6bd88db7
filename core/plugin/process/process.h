/* What the parts of the process body share. SPDX-License-Identifier: MIT
 *
 * Two threads work on it. The loop owns the body; the process's own thread owns socket and output, reads all that comes and
 * ends last. What both touch is guarded by `lock`, or said to be set before the thread starts. */
#ifndef OC_PLUGIN_PROCESS_H
#define OC_PLUGIN_PROCESS_H

#include <pthread.h>

#include "core/loop/watch.h"
#include "core/plugin/internal.h"
#include "core/plugin/process/cgroup.h"
#include "core/plugin/process/wire.h"

/* How far the talk has come: what may arrive depends on it. */
enum oc_process_stage {
    OC_PROCESS_INIT,    /* spawned; HELLO is awaited */
    OC_PROCESS_HELLO,   /* HELLO is there; the loop makes START of it */
    OC_PROCESS_START,   /* START was sent */
    OC_PROCESS_RUN,     /* STARTED well */
    OC_PROCESS_STOP,    /* STOP was sent */
    OC_PROCESS_STOPPED, /* STOPPED, or a failed start: the end is awaited */
};

/* Tokens: what flows in steadily is kept to so many a second, what gathered while nothing came may come at once. */
struct oc_rate {
    int64_t per_second, tokens, at_ms;
    atomic_ullong dropped;
    bool said;
};

struct oc_process_body {
    struct oc_body body;

    /* loop */
    const struct oc_node *config; /* and ignore: borrowed until it has started */
    char *path;
    const char *const *ignore;
    char *start_text; /* the options, resolved: sent when HELLO is there, and wiped */
    size_t start_len;
    struct oc_timer *alive;
    struct oc_watch *watch; /* of the socket, for the time that it is lent */
    json_t *confined;       /* in `hello`, once that is there */
    bool bound, stopping, gave_up;
    struct oc_error refused; /* why we do not want it to start; code 0 = we do */

    /* set before the thread starts */
    char *plughost, *init_text, *tmp_dir;
    char **env;
    struct oc_cgroup *cgroup;
    struct oc_wire_page *page;
    int page_fd, wake;
    pthread_t thread;
    bool threaded;

    /* guarded */
    pthread_mutex_t lock;
    pid_t
        pid; /* 0 before it is there and after it was reaped: signals go to it under the lock only */
    bool kill_wanted, killed, dead;
    bool ended;        /* no signal reaches it any more, though its number is not free yet */
    int sock;          /* ours of the pair; the loop sends, the thread or the loop receives */
    bool lent;         /* to the loop, which reads now: see process_lend.c */
    bool sending;      /* the thread is at what was in `out` */
    struct oc_buf out; /* what the loop could not send at once: the thread sends it */
    struct oc_method_call *call;
    enum oc_process_stage stage;

    /* the thread's; read by the loop when the thread has ended, or is told of */
    int pidfd, output;
    struct oc_buf line; /* an unfinished line of its output */

    /* the same, and the loop's while the socket is lent */
    char *in; /* what was received and not handled */
    size_t in_len, in_cap;
    bool between;                    /* no call has come since the last one ended */
    bool answered;                   /* a call has ended since the socket was lent */
    bool on_loop;                    /* it is the loop that handles a frame */
    struct oc_method_call *returned; /* for the loop, when on_loop */
    struct oc_log_tail tail;
    struct oc_rate samples;
    pid_t last_pid;
    int64_t begun_ms;
    int wait_status;
    const char *wrong; /* what it did against the protocol; NULL = nothing */
    json_t *hello;     /* handed to the loop */
    bool start_told;
    int32_t start_code;
    struct oc_error start_err;
    struct oc_error spawn_err;    /* code 0 = it was spawned */
    struct oc_fault_record fault; /* the loop's copy */
    char *last_method;
};

/* process_spawn.c: the descriptors and the process. [thread] fills pid, pidfd, sock, output. */
int oc_process_spawn(struct oc_process_body *p, struct oc_error *err);
/* The environment that a plugin with these rights sees. [loop] */
char **oc_process_env(const json_t *rights);
void oc_process_env_free(char **env);
/* One page that both processes map; the descriptor, or OC_E_*. [loop] */
int oc_process_page(struct oc_wire_page **page, struct oc_error *err);
/* Waits a moment for the end of a process that was killed or has closed its socket. [thread] */
void oc_process_reap(struct oc_process_body *p);
/* Signals the process, its group and its cgroup. [any] */
void oc_process_body_kill(struct oc_process_body *p);

/* process_end.c */
void oc_process_tell_death(struct oc_process_body *p, enum oc_body_phase phase,
                           struct oc_body_death *death); /* borrows from p */
void oc_process_stats(pid_t pid, json_t *out);
void oc_process_add_dirs(struct oc_process_body *p, json_t *dirs); /* "state", "tmp" of INIT */
void oc_process_remove_dirs(struct oc_process_body *p);

/* process_thread.c */
void *oc_process_main(void *ctx);

/* process_lend.c: who reads. After an answer the thread may lend the socket to the loop, which gives it back, with what is in
 * `in`, when anything else comes, and wakes the thread. */
bool oc_process_lend(struct oc_process_body *p);    /* true: it is lent. [thread] */
bool oc_process_is_lent(struct oc_process_body *p); /* [any] */
void oc_process_on_lent(void *ctx);                 /* run by the loop for the thread */
void oc_process_on_recall(void *ctx);

/* process_frame.c: one whole frame from the plugin host; false (and p->wrong) when it breaks the protocol. [thread]
 * and [loop] while the socket is lent */
bool oc_process_frame(struct oc_process_body *p, const struct oc_wire_head *head,
                      const char *payload);
/* True when there is a token. */
bool oc_rate_take(struct oc_rate *r, int64_t now_ms);

/* process_start.c [loop]: can it be? Binds the options when they are known. */
int oc_process_prepare(struct oc_process_body *p, struct oc_plugin *plugin, struct oc_diags *diags,
                       struct oc_error *err);
void oc_process_begin(struct oc_process_body *p); /* starts the thread, which starts the process */
void oc_process_wipe(struct oc_process_body *p);  /* the resolved options */

/* body_process.c: a frame from the loop, with which the talk enters a stage. [loop] */
void oc_process_say(struct oc_process_body *p, uint16_t type, enum oc_process_stage stage,
                    const struct oc_buf *payload);
/* body_process.c and process_start.c, run by the loop for the thread. */
void oc_process_on_hello(void *ctx);
void oc_process_on_started(void *ctx);
void oc_process_on_returned(void *ctx); /* of a struct oc_method_call */
void oc_process_on_end(void *ctx);      /* the last thing that the thread posts */

/* Sends a frame, or leaves it to the thread when the socket is full. [any], with the lock held */
void oc_process_send(struct oc_process_body *p, uint16_t type, uint16_t flags, uint64_t id,
                     const struct oc_buf *payload);

#endif
