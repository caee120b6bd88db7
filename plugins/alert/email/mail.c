/* A mail as text. SPDX-License-Identifier: MIT */
#include "mail.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ADDRESS_MAX 254 /* RFC 5321, 4.5.3.1.3 less the angle brackets */
#define WORD_BYTES  42  /* in one encoded word: 56 base64 digits, 68 characters in all, of 75 */
#define QP_LINE     75  /* characters before a soft line break */

/* ---- addresses ---- */

static int is_address(const char *s, size_t len)
{
    const char *at = memchr(s, '@', len);
    if (!at || at == s || at == s + len - 1 || len > ADDRESS_MAX) {
        return 0;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c <= ' ' || c >= 0x7f || strchr("<>()[]\\,;:\"", c) || (c == '@' && s + i != at)) {
            return 0;
        }
    }
    return 1;
}

/* Where the bare address is in "Text <address>" or "address". */
static const char *bare(const char *s, size_t *len)
{
    const char *open = strchr(s, '<');
    size_t all = strlen(s);
    if (!open) {
        *len = all;
        return s;
    }
    *len = all - (size_t)(open - s) - 1;
    if (*len == 0 || s[all - 1] != '>') {
        return NULL;
    }
    --*len;
    return open + 1;
}

static int is_clean(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s < 0x20 || *s == 0x7f) {
            return 0;
        }
    }
    return 1;
}

int mail_address(const char *s, struct text *out)
{
    size_t len;
    const char *address = bare(s, &len);
    if (!address || !is_clean(s) || !is_address(address, len)) {
        return -1;
    }
    text_adds(out, "<");
    text_add(out, address, len);
    text_adds(out, ">");
    return 0;
}

/* ---- header values ---- */

static void add_base64(struct text *out, const char *data, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *u = (const unsigned char *)data;
    for (size_t i = 0; i < len; i += 3) {
        unsigned v = (unsigned)u[i] << 16 | (i + 1 < len ? (unsigned)u[i + 1] << 8 : 0u) |
                     (i + 2 < len ? (unsigned)u[i + 2] : 0u);
        char quad[4] = {digits[v >> 18], digits[v >> 12 & 63],
                        i + 1 < len ? digits[v >> 6 & 63] : '=',
                        i + 2 < len ? digits[v & 63] : '='};
        text_add(out, quad, sizeof quad);
    }
}

/* Encoded words of whole characters; a reader joins them without the folds between. */
static void add_encoded_words(struct text *out, const char *s, size_t len)
{
    const char *separator = "";
    while (len > 0) {
        size_t take = 0;
        while (take < len) {
            size_t n = text_char(s + take, len - take);
            if (take + n > WORD_BYTES) {
                break;
            }
            take += n;
        }
        text_addf(out, "%s=?UTF-8?B?", separator);
        add_base64(out, s, take);
        text_adds(out, "?=");
        separator = "\r\n ";
        s += take;
        len -= take;
    }
}

static int is_plain(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)s[i] >= 0x7f) {
            return 0;
        }
    }
    return len <= 200 && !strstr(s, "=?");
}

void mail_add_header_text(struct text *out, const char *s)
{
    struct text line = {0};
    text_add_line(&line, s);
    if (line.failed) {
        out->failed = true;
    } else if (line.data && is_plain(line.data, line.len)) {
        text_add(out, line.data, line.len);
    } else if (line.data) {
        add_encoded_words(out, line.data, line.len);
    }
    text_finish(&line);
}

/* "Text <address>" with the text quoted or encoded. */
static void add_mailbox(struct text *out, const char *s)
{
    size_t len;
    const char *address = bare(s, &len);
    size_t name = address > s ? (size_t)(address - s) - 1 : 0;
    while (name > 0 && (s[name - 1] == ' ' || s[name - 1] == '"')) {
        name--;
    }
    size_t skip = strspn(s, " \"");
    if (name > skip) {
        add_encoded_words(out, s + skip, name - skip);
        text_adds(out, " ");
    }
    mail_address(s, out);
}

static void add_mailboxes(struct text *out, const char *header, const struct oc_list *list)
{
    const char *const *items = list->items;
    for (uint64_t i = 0; i < list->count; i++) {
        text_addf(out, i == 0 ? "%s: " : ",\r\n ", header);
        add_mailbox(out, items[i]);
    }
    if (list->count > 0) {
        text_adds(out, "\r\n");
    }
}

/* ---- bodies ---- */

static size_t qp_length(const char *s)
{
    unsigned char c = (unsigned char)*s;
    int ends_line = s[1] == '\0' || s[1] == '\n';
    int literal = (c > ' ' && c < 0x7f && c != '=') || ((c == ' ' || c == '\t') && !ends_line);
    return literal ? 1 : 3;
}

void mail_add_quoted_printable(struct text *out, const char *s)
{
    size_t column = 0;
    for (; *s; s++) {
        if (*s == '\n') {
            text_adds(out, "\r\n");
            column = 0;
            continue;
        }
        size_t n = qp_length(s);
        if (column + n > QP_LINE) {
            text_adds(out, "=\r\n");
            column = 0;
        }
        if (n == 1) {
            text_add(out, s, 1);
        } else {
            text_addf(out, "=%02X", (unsigned)(unsigned char)*s);
        }
        column += n;
    }
    text_adds(out, "\r\n");
}

struct row {
    const char *label, *value;
};
#define ROWS 8

static size_t rows_of(const struct message *m, struct row rows[ROWS])
{
    const struct row all[ROWS] = {
        {"State", m->event},
        {"Severity", m->severity},
        {"Rule", m->rule},
        {"Target", m->entity},
        {"Time", m->at},
        {"Host", m->host},
        {"Alert", json_string_value(json_object_get(m->alert, "id"))},
        {"Delivery", m->id},
    };
    size_t count = 0;
    for (size_t i = 0; i < ROWS; i++) {
        if (all[i].value && *all[i].value) {
            rows[count++] = all[i];
        }
    }
    return count;
}

static void add_pairs(struct text *out, json_t *map)
{
    const char *name;
    json_t *value;
    json_object_foreach(map, name, value)
    {
        text_add_line(out, name);
        text_adds(out, " = ");
        text_add_line(out, json_is_string(value) ? json_string_value(value) : "");
        text_adds(out, "\n");
    }
}

static void add_text_part(const struct message *m, struct text *out)
{
    struct row rows[ROWS];
    struct text body = {0};
    size_t count = rows_of(m, rows);
    text_add_line(&body, m->title);
    text_adds(&body, "\n\n");
    if (*m->text) {
        text_addf(&body, "%s\n\n", m->text);
    }
    for (size_t i = 0; i < count; i++) {
        text_addf(&body, "%-9s ", rows[i].label);
        text_add_line(&body, rows[i].value);
        text_adds(&body, "\n");
    }
    add_pairs(&body, json_object_get(m->alert, "labels"));
    add_pairs(&body, json_object_get(m->alert, "annotations"));
    out->failed = out->failed || body.failed;
    mail_add_quoted_printable(out, body.data ? body.data : "");
    text_finish(&body);
}

static const char *color_of(const char *word)
{
    return word[0] == 'C'   ? "#b71c1c"
           : word[0] == 'W' ? "#b26a00"
           : word[0] == 'R' ? "#1b5e20"
                            : "#01579b";
}

static void add_html_part(const struct message *m, struct text *out)
{
    struct row rows[ROWS];
    struct text body = {0};
    size_t count = rows_of(m, rows);
    const char *word = message_word(m);
    text_addf(&body,
              "<!DOCTYPE html>\n<html><body style=\"font-family:sans-serif\">\n"
              "<h2 style=\"color:%s\">%s: ",
              color_of(word), word);
    text_add_html(&body, m->title);
    text_adds(&body, "</h2>\n<p>");
    text_add_html(&body, m->text);
    text_adds(&body, "</p>\n<table>\n");
    for (size_t i = 0; i < count; i++) {
        text_addf(&body, "<tr><th align=\"left\">%s</th><td>", rows[i].label);
        text_add_html(&body, rows[i].value);
        text_adds(&body, "</td></tr>\n");
    }
    text_adds(&body, "</table>\n</body></html>");
    out->failed = out->failed || body.failed;
    mail_add_quoted_printable(out, body.data ? body.data : "");
    text_finish(&body);
}

/* ---- the message ---- */

/* RFC 5322, 3.3, in English whatever the locale. */
static void add_date(struct text *out, int64_t seconds)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t t = (time_t)seconds;
    struct tm tm = {0};
    gmtime_r(&t, &tm);
    text_addf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
              months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* Only what may stand in an identifier of a header; ids of the host have nothing else. */
static void add_token(struct text *out, const char *s)
{
    for (; *s; s++) {
        if (isalnum((unsigned char)*s) || *s == '-' || *s == '.' || *s == '_') {
            text_add(out, s, 1);
        }
    }
}

static void add_id(struct text *out, const char *header, const char *kind, const char *id,
                   const char *from)
{
    size_t len;
    const char *address = bare(from, &len);
    const char *at = address ? memchr(address, '@', len) : NULL;
    text_addf(out, "%s: <%s", header, kind);
    add_token(out, id);
    text_adds(out, "@");
    text_add(out, at ? at + 1 : "localhost", at ? len - (size_t)(at + 1 - address) : 9);
    text_adds(out, ">\r\n");
}

static void add_headers(const struct mail *mail, const struct message *m, struct text *out)
{
    const struct oc_list from = {&mail->from, 1};
    const char *alert = json_string_value(json_object_get(m->alert, "id"));
    struct text subject = {0};
    add_mailboxes(out, "From", &from);
    add_mailboxes(out, "To", &mail->to);
    add_mailboxes(out, "Cc", &mail->cc);
    message_expand(m, mail->subject, "{", "}", &subject);
    out->failed = out->failed || subject.failed;
    text_adds(out, "Subject: ");
    mail_add_header_text(out, subject.data ? subject.data : "");
    text_adds(out, "\r\n");
    text_finish(&subject);
    add_date(out, mail->date);
    add_id(out, "Message-ID", "", m->id, mail->from);
    /* mail programs show what belongs to one alert as one conversation */
    add_id(out, "References", "alert-", alert ? alert : "", mail->from);
    text_adds(out, "Auto-Submitted: auto-generated\r\nX-OpenClaw-Delivery: ");
    add_token(out, m->id);
    text_adds(out, "\r\nX-OpenClaw-Event: ");
    add_token(out, m->event);
    text_adds(out, "\r\nMIME-Version: 1.0\r\n");
}

void mail_compose(const struct mail *mail, const struct message *m, struct text *out)
{
    static const char part[] = "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
    /* "=_" cannot occur in quoted-printable text, so no body holds the boundary */
    static const char boundary[] = "=_openclaw_alert_=";
    add_headers(mail, m, out);
    text_addf(out, "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n", boundary);
    text_addf(out, "--%s\r\nContent-Type: text/plain; charset=utf-8\r\n%s", boundary, part);
    add_text_part(m, out);
    text_addf(out, "--%s\r\nContent-Type: text/html; charset=utf-8\r\n%s", boundary, part);
    add_html_part(m, out);
    text_addf(out, "--%s--\r\n", boundary);
}
