/* What an alert, or a group of them, says in a chat. SPDX-License-Identifier: MIT */
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *member(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

const char *words_dedup_key(const struct message *m)
{
    const char *key = member(json_object_get(m->root, "group"), "key");
    return *key ? key : member(m->alert, "id");
}

static size_t group_size(const struct message *m)
{
    json_int_t size =
        json_integer_value(json_object_get(json_object_get(m->root, "group"), "size"));
    return size > 1 ? (size_t)size : 1;
}

/* The usual text of a group says how many they are: "2 alerts, ...", "2 critical alerts: ...", "2 resolved: ...". */
static bool says_how_many(const char *text)
{
    static const char *const what[] = {" alerts", " critical alert", " warning alert",
                                       " info alert", " resolved"};
    const size_t digits = strspn(text, "0123456789");
    bool found = false;
    for (size_t i = 0; digits > 0 && i < sizeof what / sizeof *what; i++) {
        found = found || strncmp(text + digits, what[i], strlen(what[i])) == 0;
    }
    return found;
}

void words_headline(const struct message *m, struct text *out)
{
    text_addf(out, "[%s] ", message_word(m));
    if (group_size(m) > 1) {
        const char *said = member(m->root, "text");
        if (!says_how_many(said)) {
            text_addf(out, "%zu alerts: ", group_size(m));
        }
        text_add_line(out, *said ? said : m->title);
    } else {
        text_add_line(out, m->title);
    }
}

const char *words_tone(const struct message *m)
{
    if (strcmp(m->event, "resolved") == 0) {
        return "good";
    }
    return strcmp(m->severity, "critical") == 0 || strcmp(m->severity, "warning") == 0 ? m->severity
                                                                                       : "info";
}

static const struct {
    const char *tone, *color;
    int number;
} colors[] = {{"critical", "#d92d20", 0xd92d20},
              {"warning", "#dc6803", 0xdc6803},
              {"good", "#039855", 0x039855},
              {"info", "#1570ef", 0x1570ef}};

static size_t color_of(const struct message *m)
{
    size_t i = 0;
    while (i + 1 < sizeof colors / sizeof colors[0] && strcmp(colors[i].tone, words_tone(m)) != 0) {
        i++;
    }
    return i;
}

const char *words_color(const struct message *m)
{
    return colors[color_of(m)].color;
}

int words_color_number(const struct message *m)
{
    return colors[color_of(m)].number;
}

static bool tell_fact(const char *name, const char *value, size_t *most,
                      void (*fn)(void *ctx, const char *name, const char *value), void *ctx)
{
    if (*value && *most > 0) {
        fn(ctx, name, value);
        *most -= 1;
    }
    return *most > 0;
}

void words_facts(const struct message *m, size_t most,
                 void (*fn)(void *ctx, const char *name, const char *value), void *ctx)
{
    static const char *const names[] = {"rule", "instance", "target", "category"};
    const char *key;
    json_t *value;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        tell_fact(names[i], member(m->alert, names[i]), &most, fn, ctx);
    }
    value = json_object_get(m->alert, "value");
    if (json_is_number(value)) {
        char text[64];
        snprintf(text, sizeof text, "%.6g", json_number_value(value));
        tell_fact("value", text, &most, fn, ctx);
    }
    tell_fact("host", m->host, &most, fn, ctx);
    json_object_foreach(json_object_get(m->alert, "labels"), key, value)
    {
        bool told = strcmp(key, "severity") == 0 || strcmp(key, "alertname") == 0;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            told = told || strcmp(key, names[i]) == 0;
        }
        if (!told && json_is_string(value) &&
            !tell_fact(key, json_string_value(value), &most, fn, ctx)) {
            return;
        }
    }
}

size_t words_members(const struct message *m, size_t most,
                     void (*fn)(void *ctx, const char *title, const char *text, bool resolved),
                     void *ctx)
{
    const json_t *alerts = json_object_get(m->root, "alerts");
    size_t size = group_size(m), i = 0;
    if (size <= 1) {
        return 0;
    }
    for (; i < json_array_size(alerts) && i < most; i++) {
        const json_t *a = json_array_get(alerts, i);
        const char *title = member(a, "title");
        fn(ctx, *title ? title : member(a, "rule"), member(a, "message"),
           strcmp(member(a, "state"), "resolved") == 0);
    }
    return size > i ? size - i : 0;
}

void words_add_markdown(struct text *out, const char *s)
{
    for (; *s; s++) {
        if (strchr("\\`*_{}[]()<>#+|~!", *s)) {
            text_add(out, "\\", 1);
        }
        text_add(out, s, 1);
        if (*s == '@') {
            text_adds(out,
                      "\xe2\x80\x8b"); /* a space without width: "@all" is no mention any more */
        }
    }
}

void words_cut(struct text *t, size_t max)
{
    if (!t->data || t->len <= max || max < 3) {
        return;
    }
    size_t len = max - 3;
    while (len > 0 && ((unsigned char)t->data[len] & 0xc0) == 0x80) {
        len--;
    }
    t->len = len;
    t->data[len] = '\0';
    text_adds(t, "...");
}

json_t *words_string(const char *s, size_t max)
{
    struct text t = {0};
    text_adds(&t, s);
    words_cut(&t, max);
    return words_take(&t);
}

json_t *words_take(struct text *t)
{
    json_t *s = json_string(t->data && !t->failed ? t->data : "");
    text_finish(t);
    return s;
}
