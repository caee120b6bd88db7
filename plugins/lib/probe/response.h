/* An incremental HTTP/1.x response parser (RFC 9112): bounded, and fed whatever arrived.
 * SPDX-License-Identifier: MIT
 *
 * It keeps only what a checker asks for: status, framing, Location. Nothing is allocated unless a
 * line is cut between two reads or there is a Location. Deliberately strict where leniency hides
 * faults: folded headers, spaces before the colon, contradicting lengths and unknown transfer
 * codings are errors. Bare LF line ends are accepted. [any] */
#ifndef OC_PROBE_RESPONSE_H
#define OC_PROBE_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OC_RESPONSE_HEADER_MAX                                                                     \
    (16u << 10)                   /* status lines and headers of one answer, trailers too */
#define OC_RESPONSE_INTERIM_MAX 8 /* 1xx answers before the real one */

enum oc_response_step {
    OC_RESPONSE_MORE,  /* feed more */
    OC_RESPONSE_DONE,  /* the answer is complete */
    OC_RESPONSE_BAD,   /* it broke the protocol: see `error` */
    OC_RESPONSE_ENOUGH /* the body function wants no more */
};

struct oc_response {
    uint64_t body_bytes; /* decoded so far */
    uint64_t left;       /* of the body, or of the chunk */
    const char *error;   /* a constant, lower case; NULL unless BAD */
    char *location;      /* owned; NULL when there is none */
    char *carry;         /* owned; the beginning of a line */
    uint32_t carry_len;
    uint32_t header_bytes;
    int16_t status;
    uint8_t state;
    uint8_t interim; /* 1xx answers seen */
    bool head;       /* the request was HEAD: there is no body */
    bool minor0;     /* HTTP/1.0 */
    bool chunked, has_length, close, keep_alive, surplus;
};

/* What takes the body: decoded bytes in order; false = no more wanted. */
typedef bool (*oc_response_body_fn)(void *ctx, const char *data, size_t len);

/* `head` = the request's method was HEAD. */
void oc_response_init(struct oc_response *r, bool head);
void oc_response_finish(struct oc_response *r); /* frees and zeroes; a zeroed one is fine */

/* `body` may be NULL. After anything but MORE it must not be called again. */
enum oc_response_step oc_response_feed(struct oc_response *r, const char *data, size_t len,
                                       oc_response_body_fn body, void *ctx);
/* The peer closed: DONE when that ends the body, else BAD. */
enum oc_response_step oc_response_end(struct oc_response *r);

/* Whether anything of an answer has arrived. */
bool oc_response_begun(const struct oc_response *r);
/* Whether the connection may carry another request; only after DONE. */
bool oc_response_reusable(const struct oc_response *r);

#endif
