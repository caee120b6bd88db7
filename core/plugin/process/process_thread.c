/* The thread of one isolated plugin: all that may block in talking to its process. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/plugin/process/process.h"

#define IN_FIRST ((size_t)4 << 10)
#define IN_KEPT                                                                                    \
    (OC_WIRE_BULK + 4096u) /* of the buffer in a call; between calls it shrinks to the first */
#define OUTPUT_LINE 2000u

/* ---- its output ---- */

static void tell_line(struct oc_process_body *p)
{
    struct oc_host_side *h = &p->body.host;
    if (p->line.len > 0) {
        json_t *data = json_object();
        oc_json_set_str(data, "output", p->line.data);
        char *text = oc_json_text(data);
        h->host.log(h, OC_LOG_INFO, "plugin writes", text);
        oc_log_tail_add(&p->tail, p->line.data);
        free(text);
        json_decref(data);
    }
    oc_buf_clear(&p->line);
}

static void take_output(struct oc_process_body *p, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n' || p->line.len >= OUTPUT_LINE) {
            tell_line(p);
        }
        if (text[i] != '\n') {
            oc_buf_addc(&p->line, text[i]);
        }
    }
}

/* A piece at a time: a flood waits in its pipe. False at the end. */
static bool read_output(struct oc_process_body *p)
{
    char text[4096];
    const ssize_t n = read(p->output, text, sizeof text);
    if (n > 0) {
        take_output(p, text, (size_t)n);
        return true;
    }
    if (n == 0 || errno != EAGAIN) {
        close(p->output);
        p->output = -1;
    }
    return false;
}

/* ---- what comes ---- */

/* How much is missing of the frame at the front; a large one is read to its end and not beyond, so that nothing is moved. */
static size_t wanted(const struct oc_process_body *p)
{
    struct oc_wire_head head;
    if (p->in_len < sizeof head) {
        return p->in_cap - p->in_len;
    }
    memcpy(&head, p->in, sizeof head);
    const size_t whole = sizeof head + head.length;
    return whole > IN_FIRST ? whole + sizeof head - p->in_len : p->in_cap - p->in_len;
}

static void make_room(struct oc_process_body *p, size_t cap)
{
    if (p->in_cap < cap) {
        p->in = oc_realloc(p->in, cap);
        p->in_cap = cap;
    }
}

static void give_back(struct oc_process_body *p)
{
    if (p->in_len == 0 && p->in_cap > (p->between ? IN_FIRST : IN_KEPT)) {
        OC_FREE(p->in);
        p->in_cap = 0;
    }
    make_room(p, IN_FIRST);
}

/* The whole frames at the front; false when one is wrong. */
static bool handle_frames(struct oc_process_body *p)
{
    size_t at = 0;
    bool sound = true;
    while (sound && p->in_len - at >= sizeof(struct oc_wire_head)) {
        struct oc_wire_head head;
        memcpy(&head, p->in + at, sizeof head);
        if (!oc_wire_head_sound(&head)) {
            p->wrong = "a frame of unknown type or wrong length";
            sound = false;
        } else if (p->in_len - at < sizeof head + head.length) {
            make_room(p, at + 2 * sizeof head + head.length);
            break;
        } else {
            sound = oc_process_frame(p, &head, p->in + at + sizeof head);
            at += sizeof head + head.length;
        }
    }
    p->in_len -= at;
    if (at && p->in_len) {
        memmove(p->in, p->in + at, p->in_len);
    }
    give_back(p);
    return sound;
}

/* 1 when something came, 0 when nothing is there, -1 at the end. */
static int receive(struct oc_process_body *p)
{
    const size_t size = wanted(p);
    make_room(p, p->in_len + size);
    const ssize_t n = recv(p->sock, p->in + p->in_len, size, MSG_DONTWAIT);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    }
    if (n == 0) {
        return -1;
    }
    p->in_len += (size_t)n;
    return handle_frames(p) ? 1 : -1;
}

/* What the loop has read and not handled; the same answers. */
static int take_back(struct oc_process_body *p)
{
    return !p->wrong && handle_frames(p) ? 1 : -1;
}

/* ---- what goes ---- */

/* While we are at it, the loop adds to `out` instead of overtaking us. */
static bool send_waiting(struct oc_process_body *p)
{
    bool well = true;
    struct oc_buf out;
    do {
        pthread_mutex_lock(&p->lock);
        out = p->out;
        p->out = (struct oc_buf){0};
        p->sending = out.len > 0;
        pthread_mutex_unlock(&p->lock);
        well = well && oc_wire_send_raw_until(p->sock, p->pidfd, out.data, out.len) == 0;
        if (out.data) {
            explicit_bzero(out.data, out.cap); /* options may hold secrets */
        }
        const bool more = out.len > 0;
        oc_buf_finish(&out);
        if (!more) {
            return well;
        }
    } while (well);
    return false;
}

/* ---- life ---- */

static void drain_wake(struct oc_process_body *p)
{
    uint64_t count;
    if (read(p->wake, &count, sizeof count) < 0) {
        return; /* nothing was there */
    }
}

/* Until the process ends or is at fault. */
static void talk(struct oc_process_body *p)
{
    bool ended = false, lent = false;
    int got = 1;
    while (got >= 0) {
        lent = lent || (got == 0 && oc_process_lend(p));
        struct pollfd fds[] = {{.fd = lent ? -1 : p->sock, .events = POLLIN},
                               {.fd = p->wake, .events = POLLIN},
                               {.fd = p->output, .events = POLLIN},
                               {.fd = ended ? -1 : p->pidfd, .events = POLLIN}};
        if (got == 0 && poll(fds, OC_COUNT(fds), -1) < 0 && errno != EINTR) {
            shutdown(p->sock, SHUT_RDWR); /* reading says the end, to whoever reads */
        }
        if (got == 0 && fds[1].revents) {
            drain_wake(p);
            if (!send_waiting(p)) {
                shutdown(p->sock, SHUT_RDWR);
            }
        }
        if (got == 0 && fds[2].revents) {
            read_output(p);
        }
        if (got == 0 && fds[3].revents) {
            ended = true;
            oc_loop_post(p->body.plugin->owner->loop, oc_process_on_recall, p);
        }
        if (lent && oc_process_is_lent(p)) {
            continue;
        }
        got = lent ? take_back(p) : receive(p);
        lent = false;
        if (ended && got == 0) {
            break; /* a child of its own may hold the socket open */
        }
    }
}

static void close_all(struct oc_process_body *p)
{
    pthread_mutex_lock(&p->lock);
    p->dead = true;
    shutdown(p->sock, SHUT_RDWR); /* the loop closes it: it may watch it still */
    pthread_mutex_unlock(&p->lock);
}

/* The last words: bounded, for another process may hold the pipe and write on. */
static void last_output(struct oc_process_body *p)
{
    for (int i = 0; i < 64 && p->output >= 0 && read_output(p); i++) {
    }
    tell_line(p);
    if (p->output >= 0) {
        close(p->output);
        p->output = -1;
    }
}

void *oc_process_main(void *ctx)
{
    struct oc_process_body *p = ctx;
    if (oc_process_spawn(p, &p->spawn_err) == OC_OK) {
        struct oc_buf init = {0};
        oc_buf_adds(&init, p->init_text);
        make_room(p, IN_FIRST);
        const struct iovec part = {init.data, init.len};
        const struct oc_wire_head head = {.type = OC_WIRE_INIT};
        if (oc_wire_send_until(p->sock, p->pidfd, head, &part, 1) == 0) {
            talk(p);
        }
        oc_buf_finish(&init);
        if (p->wrong) {
            oc_process_body_kill(p);
        }
        close_all(p);
        oc_process_reap(p);
        last_output(p);
        oc_process_remove_dirs(p); /* here, as it may be long at it */
    }
    pthread_mutex_lock(&p->lock);
    p->dead = true;
    pthread_mutex_unlock(&p->lock);
    oc_loop_post(p->body.plugin->owner->loop, oc_process_on_end, p);
    return NULL;
}
