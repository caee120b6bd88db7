/* The wire between the daemon and a plugin host: frames over a socket pair. SPDX-License-Identifier: MIT
 *
 * A frame is a head of 16 bytes and a flat payload, in the byte order of the machine that both ends run on. Texts end with a
 * NUL that their length does not count, so that they can be used where they lie. What comes from a plugin host is hostile:
 * every length is looked at before anything is read, and a frame that is wrong ends its sender. [any]
 *
 *   daemon -> plugin host                         plugin host -> daemon
 *   INIT        JSON: what to load, rights        HELLO       JSON: description, digest, how it is confined
 *   START       JSON: the options                 STARTED     result
 *   CALL        method, parameters, deadlines     RECORDS     many records, flat
 *   INPUT       bytes of the input stream         BYTES       a piece of the output stream
 *   HOSTRESULT  what an operation answered        INPUT_PULL  how many bytes are wanted
 *   STOP                                          HOSTCALL    an operation of the host
 *                                                 LOG, RESULT, STOPPED
 *
 * Beside the socket both map one page: the daemon writes the cancel flag and the stop code there, the plugin host its last words. */
#ifndef OC_PLUGIN_WIRE_H
#define OC_PLUGIN_WIRE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <openclaw/plugin.h>

#include "core/base/buf.h"
#include "core/plugin/process/fault.h"

#define OC_WIRE_VERSION 1
#define OC_WIRE_SOCKET  3 /* descriptors of the plugin host */
#define OC_WIRE_PAGE_FD 4

#define OC_WIRE_BATCH  (64u << 10)  /* records gather to this before they are sent */
#define OC_WIRE_BULK   (256u << 10) /* a piece of a stream */
#define OC_WIRE_IN_MAX (4u << 20)   /* a frame from a plugin host */
#define OC_WIRE_MAX    (16u << 20)  /* a frame to it: parameters are 8 MiB at the most */

enum oc_wire_type {
    OC_WIRE_INIT = 1,
    OC_WIRE_HELLO,
    OC_WIRE_START,
    OC_WIRE_STARTED,
    OC_WIRE_CALL,
    OC_WIRE_RECORDS,
    OC_WIRE_BYTES,
    OC_WIRE_INPUT_PULL,
    OC_WIRE_INPUT,
    OC_WIRE_HOSTCALL,
    OC_WIRE_HOSTRESULT,
    OC_WIRE_LOG,
    OC_WIRE_RESULT,
    OC_WIRE_STOP,
    OC_WIRE_STOPPED,
    OC_WIRE_TYPES
};

struct oc_wire_head {
    uint32_t length; /* of the payload */
    uint16_t type, flags;
    uint64_t id; /* of the call; 0 = none */
};

struct oc_wire_page {
    _Atomic int32_t cancel; /* what the plugin sees as its cancel flag */
    _Atomic int32_t stop;   /* what `emit` answers from now on; 0 = nothing is wrong */
    struct oc_fault_record fault;
};

#define OC_WIRE_STREAM 1u /* flag of CALL: BYTES go to somebody who takes them as they come */
#define OC_WIRE_READ   2u /* flag of CALL: there is an input stream */

/* ---- payloads ---- */

struct oc_wire_call {
    int64_t deadline_ms, time_ms;
    uint32_t method_len, params_len; /* params: OC_WIRE_NULL = none */
};
struct oc_wire_result { /* STARTED, RESULT; HOSTRESULT with a third text */
    int32_t code;
    uint32_t message_len, hint_len, json_len;
};
struct oc_wire_hostcall {
    int64_t deadline_ms;
    uint32_t op_len, params_len;
};
struct oc_wire_log {
    int32_t level;
    uint32_t message_len, json_len;
};
struct oc_wire_record {
    uint32_t size; /* with all that follows, a multiple of 8 */
    uint32_t struct_size, type, kind;
    int32_t state;
    uint32_t
        label_count; /* so many struct oc_wire_label follow, then name, text, and names and values of the labels */
    uint32_t name_len, text_len;
    double value;
    int64_t time_ms;
};
struct oc_wire_label {
    uint32_t name_len, value_len;
};

#define OC_WIRE_NULL   UINT32_MAX       /* length of a text that is not there */
#define OC_WIRE_BROKEN (UINT32_MAX - 1) /* of a view that has a length and no pointer */

/* Reads a payload from its front. `bad` stays once something did not fit; what is read then is zero or NULL. */
struct oc_wire_in {
    const char *at;
    size_t left;
    bool bad;
};
void oc_wire_get(struct oc_wire_in *in, void *out, size_t size);
/* `len` bytes with a NUL behind them; NULL when len is OC_WIRE_NULL, or when they are not there (`bad`). */
const char *oc_wire_text(struct oc_wire_in *in, uint32_t len);
void oc_wire_put_text(struct oc_buf *out, const char *text, size_t len); /* with its NUL */

/* ---- records ---- */

/* Appends one record as the plugin gave it, cut to what the daemon would cut it to anyway. */
void oc_wire_put_record(struct oc_buf *out, const struct oc_record *record);
/* Gives each record of a payload to the sink and notes the first refusal in *code. False when the payload is malformed. */
bool oc_wire_get_records(const void *payload, size_t len, const struct oc_sink *sink,
                         int32_t *code);

/* ---- frames ---- */

/* Is this a head that may come from a plugin host? */
bool oc_wire_head_sound(const struct oc_wire_head *head);
/* Sends head and parts as one frame, however long it takes; head.length is filled in. 0 or -errno. At most 3 parts. */
int oc_wire_send(int fd, struct oc_wire_head head, const struct iovec *parts, int count);
int oc_wire_send_raw(int fd, const void *frames, size_t len); /* whole frames; 0 or -errno */
/* The same two, but given up (-ECONNRESET) when there is no room and the descriptor `ended` can be read: a pidfd. */
int oc_wire_send_until(int fd, int ended, struct oc_wire_head head, const struct iovec *parts,
                       int count);
int oc_wire_send_raw_until(int fd, int ended, const void *frames, size_t len);
/* Reads exactly `size` bytes; 0, -ECONNRESET at the end, or -errno. */
int oc_wire_read(int fd, void *to, size_t size);

void oc_wire_put_result(struct oc_buf *out, int code, const struct oc_error *err, const char *json);
/* False when malformed. `json` may be NULL and points into the payload. */
bool oc_wire_get_result(const void *payload, size_t len, int32_t *code, struct oc_error *err,
                        const char **json);

/* Nesting of a JSON text is at most `max`: the reader's stack is small. Wrong texts may pass. */
bool oc_wire_shallow(const char *json, size_t len, unsigned max);
#define OC_WIRE_DEPTH 100u

#endif
