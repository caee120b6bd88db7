/* A mail as text: headers, a text part and an HTML part. SPDX-License-Identifier: MIT  [worker]
 *
 * RFC 5322 (message), 2045 (quoted-printable), 2046 (multipart/alternative), 2047 (encoded words).
 * Whatever an alert says, it cannot begin a header or a part: header values are encoded or lose
 * their control characters, bodies are quoted-printable. Lines end in CRLF and hold at most 998
 * bytes; dots are doubled by the transport. */
#ifndef EMAIL_MAIL_H
#define EMAIL_MAIL_H

#include "alert/message.h"

struct mail {
    const char *from, *subject; /* an address; a pattern with {name} */
    struct oc_list to, cc;      /* addresses */
    int64_t date;               /* seconds since 1970 */
};

/* Appends the whole message. out->failed when memory is short. */
void mail_compose(const struct mail *mail, const struct message *m, struct text *out);

/* "name@host", or "Text <name@host>": the address alone as "<name@host>", appended to `out`.
 * Returns -1 when `s` is neither (also: control characters, quotes, not ASCII within the address).
 */
int mail_address(const char *s, struct text *out);

/* `s` as an unstructured header value, folded, in encoded words where it must be. */
void mail_add_header_text(struct text *out, const char *s);
void mail_add_quoted_printable(struct text *out, const char *s);

#endif
