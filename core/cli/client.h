/* The client side of the control protocol (core/daemon/control.h). SPDX-License-Identifier: MIT */
#ifndef OC_CLI_CLIENT_H
#define OC_CLI_CLIENT_H

#include <sys/types.h>

#include "core/base/buf.h"
#include "core/cli/cli.h"
#include "core/cli/spawn.h"

/* A connection to the running daemon, or to a private one. */
struct cli_link {
    int fd;                 /* -1: closed */
    struct cli_child child; /* pid 0: the running daemon */
    char *socket;           /* of the running daemon; owned */
    struct oc_buf in;
    json_int_t next_id;
    int64_t limit_ms; /* how long the daemon may be silent; 0 = for ever */
    pid_t peer;       /* who listens on the socket; 0 = unknown */
    bool foreign;     /* what came is not of our protocol */
    int rows_out; /* where the rows go that are waited for: CLI_NEXT_UNREAD when nobody reads there; 0 = nowhere */
};

#define CLI_START_HINT "Start it with `openclaw run` or `systemctl start openclawd`."

enum cli_next { CLI_NEXT_FRAME, CLI_NEXT_NOTHING, CLI_NEXT_SIGNAL, CLI_NEXT_UNREAD, CLI_NEXT_GONE };

/* SIGINT and SIGTERM end the waiting of oc_link_next from here on, and nothing else; until as many releases have come as holds. */
void oc_signals_hold(void);
void oc_signals_release(void);

/* Connects to the running daemon. OC_E_RETRY: there is none; OC_E_DENIED: it is not ours;
 * OC_E_TIMEOUT: it takes no connection. */
int oc_link_connect(struct cli_link *link, const char *socket, int64_t limit_ms,
                    struct oc_error *err);
/* As the flags of the operation want: the running daemon, or a private one. */
int oc_link_open(struct cli_link *link, const struct cli *cli, const struct cli_op *op,
                 struct oc_error *err);
/* Nothing more is asked: a private daemon begins to leave while its answer is shown. */
void oc_link_done(struct cli_link *link);
/* Lets a private daemon finish its work. */
void oc_link_close(struct cli_link *link);

/* Sends {"id","op","params"}; returns the id, 0 when the daemon is gone or takes nothing, -1 when the
 * request is longer than OC_FRAME_MAX. Borrows params. */
json_int_t oc_link_send(struct cli_link *link, const char *op, const json_t *params);
void oc_link_cancel(struct cli_link *link, json_int_t id);
/* Waits for the next frame at most `timeout_ms` (-1 = for ever). *frame is owned by the caller.
 * CLI_NEXT_GONE also when what comes is no frame: `foreign` is set then. */
enum cli_next oc_link_next(struct cli_link *link, int timeout_ms, json_t **frame);

/* For those who take frames themselves: the frame that ends a call as an answer, and what is said when there was none because the daemon
 * is gone; a private one says why in its log. */
void oc_answer_take(const json_t *frame, struct cli_answer *answer);
void oc_link_lost(struct cli_link *link, struct cli_answer *answer);

/* What a caller of oc_link_call wants to hear; each may be NULL. */
struct cli_listener {
    int (*on_row)(void *ctx, const json_t *row); /* 0, or the errno for which the call ends here */
    void (*on_progress)(void *ctx, double fraction, const char *text);
    void *ctx;
    bool
        stream; /* rows come when they come: once the daemon has spoken, it may be silent; it ends when nobody reads stdout */
};
/* One call from its beginning to its end. Ctrl-C cancels it, a second one abandons it. A daemon that
 * is silent for the limit of the link ends it with OC_E_TIMEOUT; one that is only busy does not,
 * because it is asked for a sign of life before. */
void oc_link_call(struct cli_link *link, const char *op, const json_t *params,
                  const struct cli_listener *listener, struct cli_answer *answer);

/* Opens, calls, closes: for commands that need one answer. */
void oc_cli_ask(const struct cli *cli, const struct cli_op *op, const json_t *params,
                struct cli_answer *answer);

#endif
