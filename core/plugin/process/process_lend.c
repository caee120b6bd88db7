/* The short way of a call: the loop reads small answers itself. SPDX-License-Identifier: MIT
 *
 * The socket has one reader at a time, and with it goes `in` and all that handling frames touches. After an answer the thread
 * lends it to the loop, which spares the next answer the hop from thread to thread. The loop takes nothing but that: one
 * whole small answer that came in one piece. For all else (streams, operations, logs, long answers, wrong frames, the end) it
 * gives the socket back with what it has read and not handled, and is lent it again after the next answer. So a hostile
 * process costs the loop one read of LENT_MAX bytes a call, and whoever floods, floods the thread. */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "core/base/mem.h"
#include "core/plugin/process/process.h"

#define LENT_MAX ((size_t)4 << 10)

/* ---- the thread ---- */

bool oc_process_lend(struct oc_process_body *p)
{
    if (!p->answered || p->in_len > 0 || p->in_cap < LENT_MAX) {
        return false;
    }
    p->answered = false;
    pthread_mutex_lock(&p->lock);
    p->lent = p->stage == OC_PROCESS_RUN;
    const bool lent = p->lent;
    pthread_mutex_unlock(&p->lock);
    if (lent) {
        oc_loop_post(p->body.plugin->owner->loop, oc_process_on_lent, p);
    }
    return lent;
}

bool oc_process_is_lent(struct oc_process_body *p)
{
    pthread_mutex_lock(&p->lock);
    const bool lent = p->lent;
    pthread_mutex_unlock(&p->lock);
    return lent;
}

/* ---- the loop ---- */

static void give_back(struct oc_process_body *p)
{
    if (p->watch) {
        oc_watch_stop(p->watch);
    }
    pthread_mutex_lock(&p->lock);
    p->lent = false;
    pthread_mutex_unlock(&p->lock);
    eventfd_write(p->wake, 1);
}

void oc_process_on_recall(void *ctx)
{
    struct oc_process_body *p = ctx;
    if (oc_process_is_lent(p)) {
        give_back(p);
    }
}

/* Are there records and their RESULT, whole, and nothing else? */
static bool is_answer(const struct oc_process_body *p)
{
    struct oc_wire_head head = {.type = OC_WIRE_RECORDS};
    size_t at = 0;
    while (head.type == OC_WIRE_RECORDS && p->in_len - at >= sizeof head) {
        memcpy(&head, p->in + at, sizeof head);
        if (!oc_wire_head_sound(&head) || head.length > p->in_len - at - sizeof head) {
            return false;
        }
        at += sizeof head + head.length;
    }
    return head.type == OC_WIRE_RESULT && at == p->in_len;
}

static bool handle(struct oc_process_body *p)
{
    size_t at = 0;
    bool sound = true;
    p->on_loop = true;
    while (sound && at < p->in_len) {
        struct oc_wire_head head;
        memcpy(&head, p->in + at, sizeof head);
        sound = oc_process_frame(p, &head, p->in + at + sizeof head);
        at += sizeof head + head.length;
    }
    p->on_loop = false;
    p->in_len = 0;
    return sound;
}

static void on_readable(void *ctx)
{
    struct oc_process_body *p = ctx;
    const ssize_t n = recv(p->sock, p->in, LENT_MAX, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    p->in_len = n > 0 ? (size_t)n : 0;
    if (n <= 0 || !is_answer(p) || !handle(p)) {
        give_back(p);
        return;
    }
    struct oc_method_call *c = p->returned;
    p->returned = NULL;
    oc_process_on_returned(c);
}

void oc_process_on_lent(void *ctx)
{
    struct oc_process_body *p = ctx;
    if (!p->watch) {
        p->watch = oc_watch_create(p->body.plugin->owner->loop, p->sock, on_readable, p);
    }
    if (p->watch) {
        oc_watch_start(p->watch);
    } else {
        give_back(p);
    }
}
