/* An alert as one message of RFC 5424. SPDX-License-Identifier: MIT */
#include "line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOSTNAME_MAX 255
#define APP_MAX      48
#define MSGID_MAX    32
#define PARAM_MAX                                                                                  \
    200 /* bytes of one value as it is sent: all of them and the header leave room for text */
#define ALERTS_MAX 8 /* of a group that are named */

static const char *const facilities[] = {
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
    "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};

int line_facility(const char *name)
{
    for (size_t i = 0; i < sizeof facilities / sizeof facilities[0]; i++) {
        if (strcmp(name, facilities[i]) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* 2 critical, 4 warning, 6 informational; what is over is a notice (5). */
static int severity_of(const struct message *m)
{
    if (strcmp(m->event, "resolved") == 0) {
        return 5;
    }
    return strcmp(m->severity, "critical") == 0 ? 2 : strcmp(m->severity, "warning") == 0 ? 4 : 6;
}

/* PRINTUSASCII of at most `max`; "-" when there is nothing. */
static void add_word(struct text *out, const char *s, size_t max)
{
    size_t begin = out->len;
    for (; *s && out->len - begin < max; s++) {
        text_add(out, *s > 0x20 && *s < 0x7f ? s : "_", 1);
    }
    text_adds(out, out->len == begin ? "-" : "");
}

/* RFC 5424, 6.3.3: '"', '\' and ']' are escaped. */
static void add_param(struct text *out, const char *name, const char *value)
{
    size_t len = strlen(value);
    if (len == 0) {
        return;
    }
    text_addf(out, " %s=\"", name);
    size_t begin = out->len;
    for (size_t i = 0; i < len;) {
        size_t step = text_char(value + i, len - i);
        bool escaped = strchr("\"\\]", value[i]) != NULL;
        if (out->len - begin + step + escaped > PARAM_MAX) {
            break;
        }
        text_adds(out, escaped ? "\\" : "");
        if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f) {
            text_adds(out, " ");
        } else {
            text_add(out, value + i, step);
        }
        i += step;
    }
    text_adds(out, "\"");
}

static const char *member(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

static void add_data(struct text *out, const struct message *m)
{
    text_adds(out, "[openclaw@32473");
    add_param(out, "event", m->event);
    add_param(out, "severity", m->severity);
    add_param(out, "id", member(m->alert, "id"));
    add_param(out, "group", member(json_object_get(m->root, "group"), "key"));
    add_param(out, "delivery", m->id);
    add_param(out, "entity", m->entity);
    add_param(out, "category", member(m->alert, "category"));
    text_adds(out, "]");
}

/* The alerts of a group by name, as many as are there and fit; the group may be larger than what came. */
static void add_members(struct text *out, const struct message *m)
{
    const json_t *alerts = json_object_get(m->root, "alerts");
    json_int_t told =
        json_integer_value(json_object_get(json_object_get(m->root, "group"), "size"));
    size_t count = json_array_size(alerts), i = 0;
    size_t size = told > 0 && (size_t)told > count ? (size_t)told : count;
    if (size <= 1) {
        return;
    }
    for (; i < count && i < ALERTS_MAX; i++) {
        text_adds(out, "; ");
        text_add_line(out, member(json_array_get(alerts, i), "title"));
    }
    if (size > i) {
        text_addf(out, "; and %zu more", size - i);
    }
}

static void add_text(struct text *out, const struct message *m)
{
    text_addf(out, "%s ", message_word(m));
    text_add_line(out, m->title);
    if (*m->text) {
        text_adds(out, ": ");
        text_add_line(out, m->text);
    }
    add_members(out, m);
}

void line_make(const struct line_options *o, const struct message *m, struct text *out)
{
    text_addf(out, "<%d>1 ", o->facility * 8 + severity_of(m));
    add_word(out, m->at, 64);
    text_adds(out, " ");
    add_word(out, *o->hostname ? o->hostname : m->host, HOSTNAME_MAX);
    text_adds(out, " ");
    add_word(out, o->app, APP_MAX);
    text_adds(out, " - ");
    add_word(out, m->rule, MSGID_MAX);
    text_adds(out, " ");
    add_data(out, m);
    text_adds(out, " \xef\xbb\xbf");
    add_text(out, m);
    if (out->len > LINE_MAX_BYTES) {
        size_t len = LINE_MAX_BYTES;
        while (len > 0 && ((unsigned char)out->data[len] & 0xc0) == 0x80) {
            len--;
        }
        out->len = len;
        out->data[len] = '\0';
    }
}
