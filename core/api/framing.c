/* Whether a request says one thing only, byte by byte. SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "core/api/server_internal.h"
#include "core/base/text.h"

#define TOKEN "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* Headers that may be there once: with two, one program would go by the first, and another one by the last. */
static const char *const once[] = {"Host", "Origin", "Authorization", "Sec-WebSocket-Key",
                                   "Sec-WebSocket-Version"};

struct framing {
    unsigned lengths, codings;
    unsigned once[OC_COUNT(once)];
    bool bad;
    const char *at; /* behind what has been looked at */
    size_t eol;     /* bytes that end a line: the first line's say */
};

/* libmicrohttpd reads a request in place and ends what it has found with NULs: a NUL that came from outside cuts a value
 * short, or hides what follows it. So what it hands out must lie end to end, with nothing in between that is not accounted for;
 * a line that was folded into the one before is refused with the rest (RFC 9112, 5.2). */
static bool is_gap(const char *from, const char *to, size_t len)
{
    if (to < from || (size_t)(to - from) != len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (from[i]) {
            return false;
        }
    }
    return true;
}

static bool is_blank(const char *from, const char *to)
{
    return to >= from && strspn(from, " \t") >= (size_t)(to - from);
}

static void take_line(struct framing *f, const char *name, const char *value)
{
    const char *name_end = name + strlen(name);
    f->bad = f->bad || !is_gap(f->at, name, f->eol) || !is_blank(name_end + 1, value);
    f->at = value + strlen(value);
}

/* A CR inside a value, too, which another program might take for the end of the line. */
static bool has_control(const char *value)
{
    while (((unsigned char)*value >= ' ' && *value != 0x7f) || *value == '\t') {
        value++;
    }
    return *value;
}

/* The first line: its words, and how it ends. `first` is where the headers begin. */
static void take_first(struct framing *f, const struct oc_http_request *r, const char *first)
{
    const char *method_end = r->method + strlen(r->method);
    const char *target_end = r->url + strlen(r->target);
    f->bad = strpbrk(r->target, " \t") || has_control(r->target) ||
             !is_blank(method_end + 1, r->url) || !is_gap(target_end, r->version, 1);
    f->at = r->version + strlen(r->version);
    f->eol = !f->bad && first == f->at + 1 ? 1 : 2;
}

/* ---- */

static void count(struct framing *f, const char *name, const char *value)
{
    for (size_t i = 0; i < OC_COUNT(once); i++) {
        f->bad = f->bad || (strcasecmp(name, once[i]) == 0 && f->once[i]++ > 0);
    }
    if (strcasecmp(name, "Content-Length") == 0) {
        f->lengths++;
        f->bad = f->bad || !*value || strspn(value, "0123456789") != strlen(value);
    } else if (strcasecmp(name, "Transfer-Encoding") == 0) {
        f->codings++;
        f->bad = f->bad || strcasecmp(value, "chunked") != 0;
    }
}

static enum MHD_Result take(void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct framing *f = ctx;
    (void)kind;
    if (!value) {
        f->bad = true;
        return MHD_NO;
    }
    take_line(f, name, value);
    count(f, name, value);
    f->bad = f->bad || !*name || strspn(name, TOKEN) != strlen(name) || has_control(value);
    return f->bad ? MHD_NO : MHD_YES;
}

static enum MHD_Result take_name(void *ctx, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    const char **first = ctx;
    (void)kind;
    (void)value;
    *first = name;
    return MHD_NO;
}

/* Without a header there is no Host either: who asks so is told about that. */
static bool ends_well(const struct framing *f, const struct oc_http_request *r, const char *first)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return !first || !info || is_gap(f->at, r->method + info->header_size, 2 * f->eol);
}

bool oc_framing_is_sound(const struct oc_http_request *r)
{
    struct framing f = {0};
    const char *first = NULL;
    MHD_get_connection_values(r->mhd, MHD_HEADER_KIND, take_name, &first);
    take_first(&f, r, first);
    if (!f.bad) {
        MHD_get_connection_values(r->mhd, MHD_HEADER_KIND, take, &f);
    }
    return !f.bad && ends_well(&f, r, first) && f.lengths + f.codings <= 1;
}
