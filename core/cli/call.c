/* One call over a link, from its beginning to its end. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/cli/client.h"
#include "core/loop/stream.h" /* the limits of a frame; nothing of it is linked */

#define CANCEL_PATIENCE (3 * OC_SECOND) /* what a cancelled call may take to end */

void oc_answer_finish(struct cli_answer *answer)
{
    json_decref(answer->data);
    json_decref(answer->warnings);
    json_decref(answer->details);
    *answer = (struct cli_answer){0};
}

static void explain_foreign(const struct cli_link *link, struct cli_answer *answer)
{
    answer->lost = true;
    oc_error_set(&answer->err, OC_E_PERMANENT, "something else listens on this socket: %s",
                 link->socket ? link->socket : "");
    oc_error_hint(&answer->err,
                  "What came back is no answer of openclawd. See what process %d is, "
                  "or give the right --home.",
                  (int)link->peer);
}

void oc_link_lost(struct cli_link *link, struct cli_answer *answer)
{
    if (link->foreign && !link->child.pid) {
        explain_foreign(link, answer);
        return;
    }
    answer->lost = true;
    oc_error_set(&answer->err, OC_E_RETRY, "the daemon went away during the call");
    if (!link->child.pid) {
        oc_error_hint(&answer->err, CLI_START_HINT);
        return;
    }
    close(link->fd);
    link->fd = -1;
    int exit_code = oc_child_wait(&link->child);
    if (oc_child_error(&link->child, exit_code, &answer->err)) {
        answer->lost = false;
    } else {
        oc_error_hint(&answer->err, "Set OPENCLAW_DEBUG=1 to see what it wrote before its end.");
    }
}

static void explain_silence(const struct cli_link *link, struct cli_answer *answer)
{
    struct oc_error *err = &answer->err;
    bool whole = link->limit_ms % OC_SECOND == 0;
    answer->lost = true;
    oc_error_set(err, OC_E_TIMEOUT, "the daemon has not answered within %lld%s",
                 (long long)(whole ? link->limit_ms / OC_SECOND : link->limit_ms),
                 whole ? "s" : "ms");
    if (link->peer) {
        oc_error_hint(err,
                      "See whether process %d is stopped, or is not openclawd at all; its log "
                      "is logs/openclawd.log in its folder.",
                      (int)link->peer);
    } else {
        oc_error_hint(err, "Give it longer with --timeout; OPENCLAW_DEBUG=1 shows what it wrote.");
    }
}

/* The request did not leave: it is too long, the daemon is gone, or it does not read. */
static void explain_unsent(struct cli_link *link, bool too_long, struct cli_answer *answer)
{
    json_t *frame = NULL;
    if (too_long) {
        oc_error_set(&answer->err, OC_E_PERMANENT, "the request is larger than %u MB",
                     OC_FRAME_MAX >> 20);
        oc_error_hint(&answer->err, "Send it in parts.");
    } else if (oc_link_next(link, 0, &frame) == CLI_NEXT_NOTHING) {
        explain_silence(link, answer);
    } else {
        oc_link_lost(link, answer);
    }
    json_decref(frame);
}

void oc_answer_take(const json_t *frame, struct cli_answer *answer)
{
    const json_t *error = json_object_get(frame, "error");
    answer->ok = json_is_true(json_object_get(frame, "ok"));
    answer->data = json_incref(json_object_get(frame, "data"));
    answer->warnings = json_incref(json_object_get(frame, "warnings"));
    if (!answer->ok) {
        oc_error_set(&answer->err, oc_error_code(oc_json_str(error, "code", "internal")), "%s",
                     oc_json_str(error, "message", "the daemon gave no reason"));
        oc_error_hint(&answer->err, "%s", oc_json_str(error, "hint", ""));
        answer->details = json_incref(json_object_get(error, "details"));
    }
}

/* A peer that is no openclawd may send back what it was sent, or JSON of its own. */
static bool is_answer(const json_t *frame)
{
    return json_is_integer(json_object_get(frame, "id")) &&
           (json_object_get(frame, "row") || json_object_get(frame, "progress") ||
            json_is_boolean(json_object_get(frame, "ok")));
}

/* True when the frame ends the call. */
static bool take(struct cli_link *link, const json_t *frame, json_int_t id,
                 const struct cli_listener *l, struct cli_answer *answer)
{
    const json_t *row = json_object_get(frame, "row"),
                 *progress = json_object_get(frame, "progress");
    if (!is_answer(frame)) {
        link->foreign = true;
        oc_link_lost(link, answer);
        return true;
    }
    if (json_integer_value(json_object_get(frame, "id")) != id) {
        return false;
    }
    if (row && l && l->on_row) {
        answer->unwritten = l->on_row(l->ctx, row);
        return answer->unwritten != 0;
    }
    if (progress && l && l->on_progress) {
        l->on_progress(l->ctx, oc_json_num(progress, "fraction", -1),
                       oc_json_str(progress, "text", ""));
    } else if (!row && !progress) {
        oc_answer_take(frame, answer);
        return true;
    }
    return false;
}

static void interrupt(struct cli_link *link, json_int_t id, struct cli_answer *answer)
{
    answer->interrupted = true;
    oc_error_set(&answer->err, OC_E_CANCELLED, "interrupted");
    oc_link_cancel(link, id);
}

/* A call that waits. */
struct waiting {
    struct cli_link *link;
    const struct cli_listener *listener;
    struct cli_answer *answer;
    json_int_t id;
    bool heard;  /* the daemon has spoken */
    bool probed; /* it was asked for a sign of life since */
};

/* Half of the limit goes by before the daemon is asked for a sign of life, half after. */
static int patience_of(const struct waiting *w)
{
    int64_t limit = w->link->limit_ms, half = limit / 2;
    if (w->answer->interrupted) {
        return (int)CANCEL_PATIENCE;
    }
    if (limit == 0 || (w->heard && w->listener && w->listener->stream)) {
        return -1;
    }
    return (int)(w->probed ? limit - half : half);
}

/* Nothing came for that long: true when the call is over. */
static bool on_nothing(struct waiting *w)
{
    if (!w->answer->interrupted && !w->probed) {
        w->probed = true;
        oc_link_send(w->link, "version", NULL); /* its answer bears another id: nobody sees it */
        return false;
    }
    if (!w->answer->interrupted) {
        explain_silence(w->link, w->answer);
    }
    return true;
}

static bool on_signalled(struct waiting *w)
{
    bool again = w->answer->interrupted;
    if (!again) {
        interrupt(w->link, w->id, w->answer);
    }
    return again;
}

/* Whose rows cannot be written is told to stop, and not waited for. */
static void leave_unread(const struct waiting *w)
{
    if (w->answer->unwritten) {
        oc_link_cancel(w->link, w->id);
    }
}

/* One step: true when the call is over. */
static bool step(struct waiting *w)
{
    json_t *frame = NULL;
    bool over = true;
    switch (oc_link_next(w->link, patience_of(w), &frame)) {
    case CLI_NEXT_FRAME:
        w->heard = true;
        w->probed = false;
        over = take(w->link, frame, w->id, w->listener, w->answer);
        json_decref(frame);
        break;
    case CLI_NEXT_SIGNAL:
        over = on_signalled(w);
        break;
    case CLI_NEXT_UNREAD:
        w->answer->unwritten = EPIPE;
        break;
    case CLI_NEXT_NOTHING:
        over = on_nothing(w);
        break;
    case CLI_NEXT_GONE:
        if (!w->answer->interrupted) {
            oc_link_lost(w->link, w->answer);
        }
        break;
    }
    return over;
}

void oc_link_call(struct cli_link *link, const char *op, const json_t *params,
                  const struct cli_listener *listener, struct cli_answer *answer)
{
    struct waiting w = {.link = link, .listener = listener, .answer = answer};
    memset(answer, 0, sizeof *answer);
    oc_error_init(&answer->err);
    oc_signals_hold();
    link->rows_out = listener && listener->stream ? STDOUT_FILENO : 0;
    w.id = oc_link_send(link, op, params);
    if (w.id > 0) {
        while (!step(&w)) {
        }
        leave_unread(&w);
    } else {
        explain_unsent(link, w.id < 0, answer);
    }
    link->rows_out = 0;
    oc_signals_release();
}

void oc_cli_ask(const struct cli *cli, const struct cli_op *op, const json_t *params,
                struct cli_answer *answer)
{
    struct cli_link link;
    memset(answer, 0, sizeof *answer);
    oc_error_init(&answer->err);
    int rc = oc_link_open(&link, cli, op, &answer->err);
    if (rc == OC_OK) {
        oc_link_call(&link, op->name, params, NULL, answer);
    } else {
        answer->lost = rc == OC_E_RETRY || rc == OC_E_TIMEOUT;
    }
    oc_link_close(&link);
}
