/* Reading a delivery and writing it as text. SPDX-License-Identifier: MIT */
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openclaw/emit.h>

#define ANSWER_MAX 512

static const char *member(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

int32_t message_read(struct message *m, const struct oc_request *req, struct oc_error *err)
{
    memset(m, 0, sizeof *m);
    m->root = json_loadb(req->params.ptr ? req->params.ptr : "", req->params.len, 0, NULL);
    m->alert = json_object_get(m->root, "alert");
    m->id = member(m->root, "id");
    m->event = member(m->root, "event");
    if (!json_is_object(m->alert) || !*m->id || !*m->event) {
        json_decref(m->root);
        return oc_fail(err, OC_E_CONFIG, "expected a delivery with id, event and alert");
    }
    m->host = member(json_object_get(m->root, "host"), "name");
    m->attempt = json_integer_value(json_object_get(m->root, "attempt"));
    m->severity = member(m->alert, "severity");
    m->rule = member(m->alert, "rule");
    m->title = member(m->alert, "title");
    m->title = *m->title ? m->title : m->rule;
    m->text = member(m->alert, "message");
    m->entity = member(m->alert, "entity");
    m->at = member(m->alert, strcmp(m->event, "resolved") == 0 ? "ends_at" : "starts_at");
    return OC_OK;
}

void message_finish(struct message *m)
{
    json_decref(m->root);
    m->root = m->alert = NULL;
}

const char *message_word(const struct message *m)
{
    if (strcmp(m->event, "resolved") == 0) {
        return "RESOLVED";
    }
    if (strcmp(m->event, "test") == 0) {
        return "TEST";
    }
    if (strcmp(m->severity, "critical") == 0) {
        return "CRITICAL";
    }
    return strcmp(m->severity, "warning") == 0 ? "WARNING" : "INFO";
}

void message_add_line(const struct message *m, struct text *out)
{
    text_add_line(out, m->at);
    text_addf(out, " %s ", message_word(m));
    text_add_line(out, m->title);
    if (*m->text) {
        text_adds(out, ": ");
        text_add_line(out, m->text);
    }
    text_adds(out, " [");
    text_add_line(out, member(m->alert, "id"));
    text_adds(out, "]");
}

static char *put_digits(char *at, long value, int digits, char after)
{
    for (int i = digits; i > 0; i--, value /= 10) {
        at[i - 1] = (char)('0' + value % 10);
    }
    at[digits] = after;
    return at + digits + 1;
}

void message_now(char *out, size_t size)
{
    struct timespec now;
    struct tm tm;
    char text[32], *at = text;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    at = put_digits(at, tm.tm_year + 1900, 4, '-');
    at = put_digits(at, tm.tm_mon + 1, 2, '-');
    at = put_digits(at, tm.tm_mday, 2, 'T');
    at = put_digits(at, tm.tm_hour, 2, ':');
    at = put_digits(at, tm.tm_min, 2, ':');
    at = put_digits(at, tm.tm_sec, 2, '.');
    at = put_digits(at, now.tv_nsec / 1000000, 3, 'Z');
    *at = '\0';
    memcpy(out, text, (size_t)(at - text) + 1 < size ? (size_t)(at - text) + 1 : size);
    out[size - 1] = '\0';
}

static json_t *now_json(void)
{
    char text[48];
    message_now(text, sizeof text);
    return json_string(text);
}

static json_t *walk(json_t *value, const char *path)
{
    while (value && *path) {
        size_t len = strcspn(path, ".");
        char key[128];
        if (len >= sizeof key) {
            return NULL;
        }
        memcpy(key, path, len);
        key[len] = '\0';
        value = json_object_get(value, key);
        path += path[len] ? len + 1 : len;
    }
    return json_incref(value);
}

json_t *message_value(const struct message *m, const char *name)
{
    if (strcmp(name, "timestamp") == 0) {
        return now_json();
    }
    if (strcmp(name, "delivery") == 0) {
        return json_string(m->id);
    }
    if (strcmp(name, "event") == 0) {
        return json_string(m->event);
    }
    if (strcmp(name, "host") == 0) {
        return json_string(m->host);
    }
    if (strcmp(name, "title") == 0) {
        return json_string(m->title);
    }
    if (strcmp(name, "alert") == 0) {
        return json_incref(m->alert);
    }
    return walk(m->alert, strncmp(name, "alert.", 6) == 0 ? name + 6 : name);
}

static void add_value(struct text *out, const json_t *value)
{
    if (json_is_string(value)) {
        text_adds(out, json_string_value(value));
    } else if (value && !json_is_null(value)) {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
        if (text) {
            text_adds(out, text);
        }
        free(text);
    }
}

void message_expand(const struct message *m, const char *pattern, const char *open,
                    const char *close, struct text *out)
{
    const char *begin, *end;
    while ((begin = strstr(pattern, open)) && (end = strstr(begin + strlen(open), close))) {
        const char *name = begin + strlen(open);
        char *copy = strndup(name, (size_t)(end - name));
        text_add(out, pattern, (size_t)(begin - pattern));
        if (!copy) {
            out->failed = true;
            return;
        }
        json_t *value = message_value(m, copy);
        add_value(out, value);
        json_decref(value);
        free(copy);
        pattern = end + strlen(close);
    }
    text_adds(out, pattern);
}

void message_answer(const struct oc_sink *out, const char *text, int64_t retry_after)
{
    struct text line = {0};
    char cut[ANSWER_MAX];
    size_t len = strlen(text);
    len = len < sizeof cut ? len : sizeof cut - 1;
    while (len > 0 && text[len] && ((unsigned char)text[len] & 0xc0) == 0x80) {
        len--;
    }
    memcpy(cut, text, len);
    cut[len] = '\0';
    text_add_line(&line, cut);
    json_t *json = json_object();
    json_object_set_new(json, "answer", json_string(line.data ? line.data : ""));
    if (retry_after > 0) {
        json_object_set_new(json, "retry_after", json_integer(retry_after));
    }
    char *dump = json_dumps(json, JSON_COMPACT);
    if (dump) {
        oc_emit_text(out, OC_RECORD_JSON, dump, strlen(dump));
    }
    free(dump);
    json_decref(json);
    text_finish(&line);
}
