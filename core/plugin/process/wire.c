/* The wire between the daemon and a plugin host. SPDX-License-Identifier: MIT */
#include "core/plugin/process/wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugin/instance/draft.h"
#include "core/plugin/plugin.h"

#define NAME_ROOM                                                                                  \
    260u /* names and values are cut at 256 between two characters: one more is needed to see where */
#define LABEL_ROOM 66u
#define LABELS_MAX (OC_RECORD_LABELS_MAX + 1) /* one more, so that "too many" is seen */
#define TEXT_ROOM  (OC_RECORD_TEXT_MAX + 8u)

/* ---- payloads ---- */

void oc_wire_get(struct oc_wire_in *in, void *out, size_t size)
{
    if (in->bad || in->left < size) {
        in->bad = true;
        memset(out, 0, size);
        return;
    }
    memcpy(out, in->at, size);
    in->at += size;
    in->left -= size;
}

const char *oc_wire_text(struct oc_wire_in *in, uint32_t len)
{
    if (in->bad || len == OC_WIRE_NULL) {
        return NULL;
    }
    if (in->left <= len || in->at[len] != '\0') {
        in->bad = true;
        return NULL;
    }
    const char *text = in->at;
    in->at += (size_t)len + 1;
    in->left -= (size_t)len + 1;
    return text;
}

void oc_wire_put_text(struct oc_buf *out, const char *text, size_t len)
{
    oc_buf_add(out, text, len);
    oc_buf_addc(out, '\0');
}

/* ---- records out ---- */

static uint32_t view_len(struct oc_view v, uint32_t max)
{
    if (!v.ptr) {
        return v.len ? OC_WIRE_BROKEN : OC_WIRE_NULL;
    }
    return v.len < max ? (uint32_t)v.len : max;
}

static void put_view(struct oc_buf *out, struct oc_view v, uint32_t len)
{
    if (len < OC_WIRE_BROKEN) {
        oc_wire_put_text(out, v.ptr, len);
    }
}

static uint32_t labels_of(const struct oc_record *r)
{
    const uint32_t count = r->label_count < LABELS_MAX ? r->label_count : LABELS_MAX;
    return r->labels ? count : 0;
}

void oc_wire_put_record(struct oc_buf *out, const struct oc_record *record)
{
    static const char zeros[8];
    struct oc_wire_record head = {.struct_size = record ? record->struct_size : 0};
    struct oc_wire_label lens[LABELS_MAX];
    const size_t begin = out->len;
    if (head.struct_size < OC_RECORD_SIZE_1_0) { /* nothing behind it may be looked at */
        head.size = sizeof head;
        oc_buf_add(out, &head, sizeof head);
        return;
    }
    const uint32_t labels = labels_of(record);
    head.type = record->type;
    head.kind = record->kind;
    head.state = record->state;
    head.value = record->value;
    head.time_ms = record->time_ms;
    head.label_count = record->label_count && !record->labels ? OC_WIRE_BROKEN : labels;
    head.name_len = view_len(record->name, NAME_ROOM);
    head.text_len = view_len(record->text, TEXT_ROOM);
    oc_buf_add(out, &head, sizeof head);
    for (uint32_t i = 0; i < labels; i++) {
        lens[i].name_len = view_len(record->labels[i].name, LABEL_ROOM);
        lens[i].value_len = view_len(record->labels[i].value, NAME_ROOM);
    }
    oc_buf_add(out, lens, labels * sizeof *lens);
    put_view(out, record->name, head.name_len);
    put_view(out, record->text, head.text_len);
    for (uint32_t i = 0; i < labels; i++) {
        put_view(out, record->labels[i].name, lens[i].name_len);
        put_view(out, record->labels[i].value, lens[i].value_len);
    }
    oc_buf_add(out, zeros, (8 - (out->len - begin) % 8) % 8);
    head.size = (uint32_t)(out->len - begin);
    memcpy(out->data + begin, &head.size, sizeof head.size);
}

/* ---- records in ---- */

static struct oc_view get_view(struct oc_wire_in *in, uint32_t len)
{
    if (len == OC_WIRE_BROKEN) {
        return (struct oc_view){NULL, 1};
    }
    const char *text = oc_wire_text(in, len);
    return (struct oc_view){text, text ? len : 0};
}

/* The record points into the payload, its labels into `labels`. */
static bool get_record(struct oc_wire_in *in, struct oc_record *record,
                       struct oc_label labels[LABELS_MAX])
{
    struct oc_wire_record head;
    struct oc_wire_label lens[LABELS_MAX];
    oc_wire_get(in, &head, sizeof head);
    const bool broken = head.label_count == OC_WIRE_BROKEN;
    const uint32_t count = broken ? 0 : head.label_count;
    if (in->bad || count > LABELS_MAX) {
        return false;
    }
    *record = (struct oc_record){.struct_size = head.struct_size < sizeof *record
                                                    ? head.struct_size
                                                    : (uint32_t)sizeof *record,
                                 .type = head.type,
                                 .kind = head.kind,
                                 .state = head.state,
                                 .value = head.value,
                                 .time_ms = head.time_ms,
                                 .label_count = broken ? 1 : count,
                                 .labels = count ? labels : NULL};
    if (head.struct_size < OC_RECORD_SIZE_1_0) {
        return true;
    }
    oc_wire_get(in, lens, count * sizeof *lens);
    record->name = get_view(in, head.name_len);
    record->text = get_view(in, head.text_len);
    for (uint32_t i = 0; i < count; i++) {
        labels[i].name = get_view(in, lens[i].name_len);
        labels[i].value = get_view(in, lens[i].value_len);
    }
    return !in->bad;
}

bool oc_wire_get_records(const void *payload, size_t len, const struct oc_sink *sink, int32_t *code)
{
    const char *at = payload;
    while (len > 0) {
        uint32_t size;
        struct oc_record record;
        struct oc_label labels[LABELS_MAX];
        if (len < sizeof(struct oc_wire_record)) {
            return false;
        }
        memcpy(&size, at, sizeof size);
        if (size > len || size % 8 != 0) {
            return false;
        }
        struct oc_wire_in in = {at, size, false};
        if (!get_record(&in, &record, labels)) {
            return false;
        }
        const int32_t refused = sink->emit(sink->ctx, &record);
        *code = *code ? *code : refused;
        at += size;
        len -= size;
    }
    return true;
}

/* ---- frames ---- */

bool oc_wire_head_sound(const struct oc_wire_head *head)
{
    switch ((enum oc_wire_type)head->type) {
    case OC_WIRE_HELLO:
    case OC_WIRE_RECORDS:
    case OC_WIRE_BYTES:
    case OC_WIRE_HOSTCALL:
        return head->length <= OC_WIRE_IN_MAX;
    case OC_WIRE_STARTED:
    case OC_WIRE_RESULT:
    case OC_WIRE_LOG:
        return head->length <= OC_WIRE_BULK;
    case OC_WIRE_INPUT_PULL:
        return head->length == sizeof(uint64_t);
    case OC_WIRE_STOPPED:
        return head->length == 0;
    case OC_WIRE_INIT:
    case OC_WIRE_START:
    case OC_WIRE_CALL:
    case OC_WIRE_INPUT:
    case OC_WIRE_HOSTRESULT:
    case OC_WIRE_STOP:
    case OC_WIRE_TYPES:
        break;
    }
    return false;
}

static void advance(struct msghdr *msg, size_t done)
{
    while (msg->msg_iovlen > 0 && done >= msg->msg_iov->iov_len) {
        done -= msg->msg_iov->iov_len;
        msg->msg_iov++;
        msg->msg_iovlen--;
    }
    if (msg->msg_iovlen > 0) {
        msg->msg_iov->iov_base = (char *)msg->msg_iov->iov_base + done;
        msg->msg_iov->iov_len -= done;
    }
}

/* False when the other side has ended: another process may hold its socket open, and never read. */
static bool wait_for_room(int fd, int ended)
{
    struct pollfd fds[] = {{.fd = fd, .events = POLLOUT}, {.fd = ended, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0 && errno == EINTR) {
    }
    return fds[1].revents == 0;
}

static int send_message(int fd, int ended, struct msghdr *msg)
{
    const int flags = MSG_NOSIGNAL | (ended >= 0 ? MSG_DONTWAIT : 0);
    while (msg->msg_iovlen > 0) {
        const ssize_t n = sendmsg(fd, msg, flags);
        if (n < 0 && errno == EAGAIN && ended >= 0) {
            if (!wait_for_room(fd, ended)) {
                return -ECONNRESET;
            }
        } else if (n < 0 && errno != EINTR) {
            return -errno;
        }
        advance(msg, n > 0 ? (size_t)n : 0);
    }
    return 0;
}

int oc_wire_send_until(int fd, int ended, struct oc_wire_head head, const struct iovec *parts,
                       int count)
{
    struct iovec v[4] = {{&head, sizeof head}};
    struct msghdr msg = {.msg_iov = v, .msg_iovlen = (size_t)count + 1};
    OC_ASSERT(count <= 3);
    head.length = 0;
    for (int i = 0; i < count; i++) {
        v[i + 1] = parts[i];
        head.length += (uint32_t)parts[i].iov_len;
    }
    return send_message(fd, ended, &msg);
}

int oc_wire_send(int fd, struct oc_wire_head head, const struct iovec *parts, int count)
{
    return oc_wire_send_until(fd, -1, head, parts, count);
}

int oc_wire_send_raw_until(int fd, int ended, const void *data, size_t len)
{
    struct iovec v = {(void *)(uintptr_t)data, len};
    struct msghdr msg = {.msg_iov = &v, .msg_iovlen = len > 0};
    return send_message(fd, ended, &msg);
}

int oc_wire_send_raw(int fd, const void *data, size_t len)
{
    return oc_wire_send_raw_until(fd, -1, data, len);
}

int oc_wire_read(int fd, void *to, size_t size)
{
    char *at = to;
    while (size > 0) {
        const ssize_t n = recv(fd, at, size, MSG_WAITALL);
        if (n == 0) {
            return -ECONNRESET;
        }
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        at += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* ---- results ---- */

void oc_wire_put_result(struct oc_buf *out, int code, const struct oc_error *err, const char *json)
{
    const size_t message = err ? strnlen(err->message, sizeof err->message - 1) : 0;
    const size_t hint = err ? strnlen(err->hint, sizeof err->hint - 1) : 0;
    const struct oc_wire_result head = {.code = code,
                                        .message_len = (uint32_t)message,
                                        .hint_len = (uint32_t)hint,
                                        .json_len = json ? (uint32_t)strlen(json) : OC_WIRE_NULL};
    oc_buf_add(out, &head, sizeof head);
    oc_wire_put_text(out, err ? err->message : "", message);
    oc_wire_put_text(out, err ? err->hint : "", hint);
    if (json) {
        oc_wire_put_text(out, json, head.json_len);
    }
}

bool oc_wire_get_result(const void *payload, size_t len, int32_t *code, struct oc_error *err,
                        const char **json)
{
    struct oc_wire_in in = {payload, len, false};
    struct oc_wire_result head;
    oc_wire_get(&in, &head, sizeof head);
    const char *message = oc_wire_text(&in, head.message_len);
    const char *hint = oc_wire_text(&in, head.hint_len);
    const char *text = oc_wire_text(&in, head.json_len);
    if (in.bad || !message || !hint || in.left > 0) {
        return false;
    }
    *code = head.code;
    err->code = head.code;
    oc_copy(err->message, sizeof err->message, message);
    oc_copy(err->hint, sizeof err->hint, hint);
    if (json) {
        *json = text;
    }
    return true;
}

bool oc_wire_shallow(const char *json, size_t len, unsigned max)
{
    unsigned depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        const char c = json[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            if (++depth > max) {
                return false;
            }
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return true;
}
