/* An incremental HTTP/1.x response parser. SPDX-License-Identifier: MIT */
#include "probe/response.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum state {
    STATUS_LINE,
    HEADERS,
    BODY_LENGTH,
    BODY_TO_END,
    CHUNK_SIZE,
    CHUNK_DATA,
    CHUNK_END,
    TRAILERS,
    COMPLETE
};

/* A run of bytes that is being eaten from the front. */
struct input {
    const char *data;
    size_t len;
};

static enum oc_response_step bad(struct oc_response *r, const char *why)
{
    r->error = why;
    return OC_RESPONSE_BAD;
}

void oc_response_init(struct oc_response *r, bool head)
{
    memset(r, 0, sizeof *r);
    r->head = head;
}

void oc_response_finish(struct oc_response *r)
{
    free(r->carry);
    free(r->location);
    memset(r, 0, sizeof *r);
}

bool oc_response_begun(const struct oc_response *r)
{
    return r->header_bytes > 0 || r->carry_len > 0;
}

bool oc_response_reusable(const struct oc_response *r)
{
    bool persistent = r->minor0 ? r->keep_alive : !r->close;
    bool framed = !(r->chunked && r->has_length) && r->state == COMPLETE;
    return persistent && framed && !r->surplus;
}

/* ---- lines ---- */

static bool carry_more(struct oc_response *r, const char *data, size_t len)
{
    char *grown = realloc(r->carry, r->carry_len + len);
    if (!grown) {
        return false;
    }
    memcpy(grown + r->carry_len, data, len);
    r->carry = grown;
    r->carry_len += (uint32_t)len;
    return true;
}

/* Takes one line, without its end, from `in`. MORE: it is not complete yet and `in` is empty; DONE:
 * `line` is set and valid until the next call. */
static enum oc_response_step take_line(struct oc_response *r, struct input *in, struct input *line)
{
    const char *end = memchr(in->data, '\n', in->len);
    size_t part = end ? (size_t)(end - in->data) + 1 : in->len;
    if (r->header_bytes + part > OC_RESPONSE_HEADER_MAX) {
        return bad(r, "the header is longer than 16 KiB");
    }
    r->header_bytes += (uint32_t)part;
    line->data = in->data;
    line->len = part;
    in->data += part;
    in->len -= part;
    if ((!end || r->carry_len) && part > 0) {
        if (!carry_more(r, line->data, part)) {
            return bad(r, "out of memory");
        }
        line->data = r->carry;
        line->len = r->carry_len;
    }
    if (!end) {
        return OC_RESPONSE_MORE;
    }
    r->carry_len = 0;
    line->len--;
    if (line->len > 0 && line->data[line->len - 1] == '\r') {
        line->len--;
    }
    return OC_RESPONSE_DONE;
}

/* ---- status line and headers ---- */

static enum oc_response_step status_line(struct oc_response *r, const char *line, size_t len)
{
    if (len < 12 || memcmp(line, "HTTP/1.", 7) != 0 || (line[7] != '0' && line[7] != '1') ||
        line[8] != ' ') {
        return bad(r, "the answer is not HTTP");
    }
    if (!isdigit((unsigned char)line[9]) || !isdigit((unsigned char)line[10]) ||
        !isdigit((unsigned char)line[11]) || (len > 12 && line[12] != ' ')) {
        return bad(r, "the status line has no three-digit status");
    }
    r->minor0 = line[7] == '0';
    r->status = (int16_t)((line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0'));
    if (r->status < 100) {
        return bad(r, "the status is below 100");
    }
    r->state = HEADERS;
    return OC_RESPONSE_MORE;
}

static bool is_name_byte(unsigned char c)
{
    return isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool name_is(const char *name, size_t len, const char *wanted)
{
    return strlen(wanted) == len && strncasecmp(name, wanted, len) == 0;
}

/* Whether the comma-separated `value` holds `token`. */
static bool has_token(struct input value, const char *token)
{
    size_t wanted = strlen(token);
    while (value.len > 0) {
        const char *comma = memchr(value.data, ',', value.len);
        size_t part = comma ? (size_t)(comma - value.data) : value.len;
        const char *begin = value.data;
        size_t len = part;
        while (len > 0 && (*begin == ' ' || *begin == '\t')) {
            begin++;
            len--;
        }
        while (len > 0 && (begin[len - 1] == ' ' || begin[len - 1] == '\t')) {
            len--;
        }
        if (len == wanted && strncasecmp(begin, token, len) == 0) {
            return true;
        }
        part += comma != NULL;
        value.data += part;
        value.len -= part;
    }
    return false;
}

static enum oc_response_step content_length(struct oc_response *r, struct input value)
{
    uint64_t n = 0;
    if (value.len == 0 || value.len > 15) {
        return bad(r, "the content length is not a number of at most 15 digits");
    }
    for (size_t i = 0; i < value.len; i++) {
        if (!isdigit((unsigned char)value.data[i])) {
            return bad(r, "the content length is not a number of at most 15 digits");
        }
        n = n * 10 + (uint64_t)(value.data[i] - '0');
    }
    if (r->has_length && n != r->left) {
        return bad(r, "two content lengths contradict each other");
    }
    r->has_length = true;
    r->left = n;
    return OC_RESPONSE_MORE;
}

/* strndup for bytes that nobody has terminated; NULL without memory. */
static char *copy_text(const char *data, size_t len)
{
    char *copy = malloc(len + 1);
    if (copy) {
        memcpy(copy, data, len);
        copy[len] = '\0';
    }
    return copy;
}

static enum oc_response_step known_header(struct oc_response *r, const char *name, size_t len,
                                          struct input value)
{
    if (name_is(name, len, "content-length")) {
        return content_length(r, value);
    }
    if (name_is(name, len, "transfer-encoding")) {
        if (r->chunked || !name_is(value.data, value.len, "chunked")) {
            return bad(r, "the transfer encoding is not \"chunked\"");
        }
        r->chunked = true;
    } else if (name_is(name, len, "connection")) {
        r->close |= has_token(value, "close");
        r->keep_alive |= has_token(value, "keep-alive");
    } else if (name_is(name, len, "location") && !r->location) {
        r->location = copy_text(value.data, value.len);
    }
    return OC_RESPONSE_MORE;
}

static enum oc_response_step header_line(struct oc_response *r, const char *line, size_t len)
{
    size_t name = 0;
    if (line[0] == ' ' || line[0] == '\t') {
        return bad(r, "a header is folded over two lines");
    }
    while (name < len && is_name_byte((unsigned char)line[name])) {
        name++;
    }
    if (name == 0 || name == len || line[name] != ':') {
        return bad(r, "a header line has no valid name");
    }
    if (memchr(line, '\0', len)) {
        return bad(r, "a header holds a NUL byte");
    }
    struct input value = {line + name + 1, len - name - 1};
    while (value.len > 0 && (*value.data == ' ' || *value.data == '\t')) {
        value.data++;
        value.len--;
    }
    while (value.len > 0 &&
           (value.data[value.len - 1] == ' ' || value.data[value.len - 1] == '\t')) {
        value.len--;
    }
    return known_header(r, line, name, value);
}

/* The empty line was seen: what follows? (RFC 9112, 6.3) */
static enum oc_response_step headers_end(struct oc_response *r)
{
    if (r->status == 101) {
        return bad(r, "the server switched protocols unasked");
    }
    if (r->status < 200) {
        uint8_t interim = (uint8_t)(r->interim + 1);
        uint32_t bytes = r->header_bytes;
        bool head = r->head;
        if (interim > OC_RESPONSE_INTERIM_MAX) {
            return bad(r, "too many interim answers");
        }
        oc_response_finish(r);
        r->head = head;
        r->interim = interim;
        r->header_bytes = bytes;
        return OC_RESPONSE_MORE;
    }
    if (r->head || r->status == 204 || r->status == 304) {
        r->state = COMPLETE;
    } else if (r->chunked) {
        r->state = CHUNK_SIZE;
    } else if (r->has_length) {
        r->state = r->left ? BODY_LENGTH : COMPLETE;
    } else {
        r->state = BODY_TO_END;
        r->close = true;
    }
    return OC_RESPONSE_MORE;
}

/* ---- chunks (RFC 9112, 7.1) ---- */

static enum oc_response_step chunk_size(struct oc_response *r, const char *line, size_t len)
{
    size_t i = 0;
    uint64_t size = 0;
    for (; i < len && isxdigit((unsigned char)line[i]); i++) {
        unsigned char c = (unsigned char)line[i];
        if (i >= 12) {
            return bad(r, "a chunk is too large");
        }
        size = size * 16 + (uint64_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
    }
    if (i == 0 || (i < len && line[i] != ';' && line[i] != ' ' && line[i] != '\t')) {
        return bad(r, "a chunk size is not a number");
    }
    r->left = size;
    r->state = size ? CHUNK_DATA : TRAILERS;
    /* Many small chunks are no long header: the limit is per line here, and the body has a limit of
     * its own. */
    r->header_bytes = 1;
    return OC_RESPONSE_MORE;
}

static enum oc_response_step handle_line(struct oc_response *r, const char *line, size_t len)
{
    switch ((enum state)r->state) {
    case STATUS_LINE:
        return status_line(r, line, len);
    case HEADERS:
        return len == 0 ? headers_end(r) : header_line(r, line, len);
    case CHUNK_SIZE:
        return chunk_size(r, line, len);
    case CHUNK_END:
        if (len != 0) {
            return bad(r, "a chunk is longer than its size says");
        }
        r->state = CHUNK_SIZE;
        return OC_RESPONSE_MORE;
    case TRAILERS:
        if (len == 0) {
            r->state = COMPLETE;
        }
        return OC_RESPONSE_MORE;
    case BODY_LENGTH:
    case BODY_TO_END:
    case CHUNK_DATA:
    case COMPLETE:
        break;
    }
    return bad(r, "a line where the body was expected");
}

/* ---- body ---- */

static enum oc_response_step take_body(struct oc_response *r, struct input *in,
                                       oc_response_body_fn body, void *ctx)
{
    size_t n = in->len;
    if (r->state != BODY_TO_END && n > r->left) {
        n = (size_t)r->left;
    }
    r->body_bytes += n;
    bool wanted = !body || n == 0 || body(ctx, in->data, n);
    in->data += n;
    in->len -= n;
    if (r->state != BODY_TO_END) {
        r->left -= n;
        if (r->left == 0) {
            r->state = r->state == BODY_LENGTH ? COMPLETE : CHUNK_END;
        }
    }
    return wanted ? OC_RESPONSE_MORE : OC_RESPONSE_ENOUGH;
}

static bool in_body(const struct oc_response *r)
{
    return r->state == BODY_LENGTH || r->state == BODY_TO_END || r->state == CHUNK_DATA;
}

enum oc_response_step oc_response_feed(struct oc_response *r, const char *data, size_t len,
                                       oc_response_body_fn body, void *ctx)
{
    struct input in = {data, len};
    enum oc_response_step step = OC_RESPONSE_MORE;
    while (step == OC_RESPONSE_MORE && in.len > 0 && r->state != COMPLETE) {
        struct input line = {NULL, 0};
        if (in_body(r)) {
            step = take_body(r, &in, body, ctx);
            continue;
        }
        step = take_line(r, &in, &line);
        if (step == OC_RESPONSE_DONE) {
            step = handle_line(r, line.data, line.len);
        }
    }
    if (step == OC_RESPONSE_MORE && r->state == COMPLETE) {
        r->surplus = in.len > 0;
        step = OC_RESPONSE_DONE;
    }
    return step;
}

enum oc_response_step oc_response_end(struct oc_response *r)
{
    if (r->state == BODY_TO_END || r->state == COMPLETE) {
        r->state = COMPLETE;
        return OC_RESPONSE_DONE;
    }
    if (!oc_response_begun(r)) {
        return bad(r, "the server closed the connection without an answer");
    }
    return bad(r, r->state < BODY_LENGTH ? "the server closed the connection within the header"
                                         : "the server closed the connection within the body");
}
