/* Members of a JSON object, found without reading what is in them. SPDX-License-Identifier: MIT */
#include "raw.h"

#include "alert/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- finding ---- */

typedef void (*take_fn)(void *ctx, const struct raw *name, const struct raw *value);

static const char *skip_space(const char *s, const char *end)
{
    while (s < end && (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r')) {
        s++;
    }
    return s;
}

/* From the quote at `s` to behind the other one; NULL: there is none. */
static const char *skip_string(const char *s, const char *end)
{
    for (s++; s < end; s++) {
        if (*s == '"') {
            return s + 1;
        }
        s += *s == '\\';
    }
    return NULL;
}

static const char *skip_brackets(const char *s, const char *end)
{
    size_t depth = 0;
    while (s && s < end) {
        if (*s == '"') {
            s = skip_string(s, end);
            continue;
        }
        depth += *s == '{' || *s == '[';
        depth -= *s == '}' || *s == ']';
        s++;
        if (depth == 0) {
            return s;
        }
    }
    return NULL;
}

/* Behind the value at `s`; NULL: it does not end, or there is none. */
static const char *skip_value(const char *s, const char *end)
{
    const char *begin = s;
    if (s < end && *s == '"') {
        return skip_string(s, end);
    }
    if (s < end && (*s == '{' || *s == '[')) {
        return skip_brackets(s, end);
    }
    while (s < end && !strchr(",]}: \t\r\n", *s)) {
        s++;
    }
    return s > begin ? s : NULL;
}

/* One member; returns what follows it, or NULL. */
static const char *member(const char *s, const char *end, take_fn take, void *ctx)
{
    struct raw name = {s, 0}, value;
    if (s == end || *s != '"' || !(s = skip_string(s, end))) {
        return NULL;
    }
    name.len = (size_t)(s - name.at);
    s = skip_space(s, end);
    if (s == end || *s != ':') {
        return NULL;
    }
    value.at = skip_space(s + 1, end);
    s = skip_value(value.at, end);
    if (s) {
        value.len = (size_t)(s - value.at);
        take(ctx, &name, &value);
    }
    return s;
}

/* True when `object` is one, and nothing follows it. */
static bool each(const struct raw *object, take_fn take, void *ctx)
{
    const char *end = object->at + object->len, *s = skip_space(object->at, end);
    char wanted = '{';
    while (s < end && *s == wanted) {
        s = member(skip_space(s + 1, end), end, take, ctx);
        if (!s) {
            return false;
        }
        s = skip_space(s, end);
        wanted = ',';
    }
    return wanted == ',' && s < end && *s == '}' && skip_space(s + 1, end) == end;
}

/* ---- a delivery ---- */

static bool is(const struct raw *name, const char *word)
{
    return name->len == strlen(word) + 2 && memcmp(name->at + 1, word, name->len - 2) == 0;
}

static void take_host(void *ctx, const struct raw *name, const struct raw *value)
{
    if (is(name, "name")) {
        ((struct raw_delivery *)ctx)->host = *value;
    }
}

struct reading {
    struct raw_delivery *d;
    struct raw host;
};

static void take_member(void *ctx, const struct raw *name, const struct raw *value)
{
    struct reading *r = ctx;
    const struct {
        const char *word;
        struct raw *place;
    } known[] = {{"alert", &r->d->alert},   {"id", &r->d->id},           {"event", &r->d->event},
                 {"host", &r->host},        {"attempt", &r->d->attempt}, {"group", &r->d->group},
                 {"alerts", &r->d->alerts}, {"text", &r->d->text}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (is(name, known[i].word)) {
            *known[i].place = *value;
        }
    }
}

static bool is_plain(const struct raw *value)
{
    return value->len > 2 && value->at[0] == '"' && !memchr(value->at, '\\', value->len);
}

static bool is_digits(const struct raw *value)
{
    for (size_t i = 0; i < value->len; i++) {
        if (value->at[i] < '0' || value->at[i] > '9') {
            return false;
        }
    }
    return value->len < 10 && (value->len < 2 || value->at[0] != '0');
}

bool raw_read(const char *params, size_t len, struct raw_delivery *d)
{
    struct reading r = {.d = d};
    const struct raw all = {params, len};
    memset(d, 0, sizeof *d);
    if (!each(&all, take_member, &r) || (r.host.len > 0 && !each(&r.host, take_host, d))) {
        return false;
    }
    return d->alert.len > 0 && d->alert.at[0] == '{' && is_plain(&d->id) && is_plain(&d->event) &&
           is_digits(&d->attempt) && (d->host.len == 0 || d->host.at[0] == '"');
}

/* ---- writing ---- */

/* Leaves out what is absent. */
static void add(struct text *out, const char *key, const struct raw *value)
{
    if (value->len > 0) {
        text_adds(out, key);
        text_add(out, value->at, value->len);
    }
}

static void add_or(struct text *out, const char *key, const struct raw *value, const char *absent)
{
    const struct raw other = {absent, strlen(absent)};
    add(out, key, value->len > 0 ? value : &other);
}

char *raw_body(const struct raw_delivery *d, const char *timestamp)
{
    struct text out = {0};
    const struct raw time = {timestamp, strlen(timestamp)};
    add(&out, "{\"alert\":", &d->alert);
    add(&out, ",\"timestamp\":\"", &time);
    add(&out, "\",\"event\":", &d->event);
    add(&out, ",\"delivery\":", &d->id);
    add_or(&out, ",\"host\":", &d->host, "\"\"");
    add_or(&out, ",\"attempt\":", &d->attempt, "0");
    add(&out, ",\"group\":", &d->group);
    add(&out, ",\"alerts\":", &d->alerts);
    add(&out, ",\"text\":", &d->text);
    text_adds(&out, "}");
    if (out.failed) {
        text_finish(&out);
        return NULL;
    }
    return out.data;
}

char *raw_string(const struct raw *value)
{
    const size_t len = value->len - 2;
    char *text = malloc(len + 1);
    if (text) {
        memcpy(text, value->at + 1, len);
        text[len] = '\0';
    }
    return text;
}
