/* Noting down what is said. SPDX-License-Identifier: MIT */
#include "core/policy/tape.h"

#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/policy/args.h"

/* Then: INTEGER, NUMBER, VALUE: eight bytes; TEXT, KEY: a length, and as many bytes; a VALUE holds a reference. */
enum word { NIL, FALSE, TRUE, INTEGER, NUMBER, TEXT, KEY, VALUE, OBJECT, LIST, END };

/* ---- writing ---- */

static void say(struct oc_tape *t, enum word word, size_t size)
{
    oc_buf_addc(&t->bytes, (char)word);
    t->size += size;
}

void oc_tape_nil(struct oc_tape *t)
{
    say(t, NIL, 4);
}

void oc_tape_bool(struct oc_tape *t, bool value)
{
    say(t, value ? TRUE : FALSE, 4);
}

void oc_tape_integer(struct oc_tape *t, int64_t value)
{
    say(t, INTEGER, sizeof value);
    oc_buf_add(&t->bytes, &value, sizeof value);
}

void oc_tape_number(struct oc_tape *t, double value)
{
    say(t, NUMBER, sizeof value);
    oc_buf_add(&t->bytes, &value, sizeof value);
}

static void say_bytes(struct oc_tape *t, enum word word, const char *text, size_t len)
{
    say(t, word, len + 3);
    oc_buf_add(&t->bytes, &len, sizeof len);
    oc_buf_add(&t->bytes, text, len);
}

void oc_tape_text(struct oc_tape *t, const char *text, size_t len)
{
    say_bytes(t, TEXT, text, len);
}

void oc_tape_key(struct oc_tape *t, const char *key, size_t len)
{
    say_bytes(t, KEY, key, len);
}

void oc_tape_share(struct oc_tape *t, json_t *value)
{
    say(t, VALUE, 2);
    json_incref(value);
    oc_buf_add(&t->bytes, &value, sizeof value);
}

void oc_tape_copy(struct oc_tape *t, const json_t *value)
{
    json_t *copy = json_deep_copy(value);
    oc_tape_share(t, copy);
    t->size += json_dumpb(copy, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(copy);
}

void oc_tape_object(struct oc_tape *t)
{
    say(t, OBJECT, 2);
}

void oc_tape_list(struct oc_tape *t)
{
    say(t, LIST, 2);
}

void oc_tape_end(struct oc_tape *t)
{
    say(t, END, 0);
}

/* ---- reading ---- */

struct reader {
    const char *at, *end;
};

struct said {
    enum word word;
    const char *bytes; /* of TEXT and KEY */
    size_t len;
    int64_t integer;
    double number;
    json_t *value; /* borrowed */
};

static void take(struct reader *r, void *out, size_t len)
{
    OC_ASSERT((size_t)(r->end - r->at) >= len);
    memcpy(out, r->at, len);
    r->at += len;
}

static bool next(struct reader *r, struct said *s)
{
    if (r->at == r->end) {
        return false;
    }
    s->word = (enum word) * r->at++;
    if (s->word == INTEGER) {
        take(r, &s->integer, sizeof s->integer);
    } else if (s->word == NUMBER) {
        take(r, &s->number, sizeof s->number);
    } else if (s->word == VALUE) {
        take(r, &s->value, sizeof s->value);
    } else if (s->word == TEXT || s->word == KEY) {
        take(r, &s->len, sizeof s->len);
        s->bytes = r->at;
        r->at += s->len;
    }
    return true;
}

static json_t *value_of(const struct said *s)
{
    json_t *value = NULL;
    switch (s->word) {
    case FALSE:
    case TRUE:
        return json_boolean(s->word == TRUE);
    case INTEGER:
        return json_integer(s->integer);
    case NUMBER:
        value = json_real(s->number);
        break;
    case TEXT:
        value = json_stringn(s->bytes, s->len);
        break;
    case VALUE:
        value = json_deep_copy(s->value);
        break;
    case OBJECT:
        return json_object();
    case LIST:
        return json_array();
    case NIL:
    case KEY:
    case END:
        break;
    }
    return value ? value : json_null();
}

/* `value` is taken. What is nil in an object is not there. */
static void put(json_t *into, const struct said *key, const struct said *s, json_t *value)
{
    if (json_is_array(into)) {
        json_array_append_new(into, value);
    } else if (s->word != NIL) {
        json_object_setn_new(into, key->bytes, key->len, value);
    } else {
        json_decref(value);
    }
}

json_t *oc_tape_json(const struct oc_tape *t)
{
    struct reader r = {t->bytes.data, t->bytes.data + t->bytes.len};
    json_t *open[OC_ARGS_DEPTH_MAX + 1] = {json_array()};
    struct said s, key = {.word = KEY, .bytes = ""};
    size_t depth = 0;
    while (t->bytes.len > 0 && next(&r, &s)) {
        if (s.word == KEY) {
            key = s;
        } else if (s.word == END) {
            OC_ASSERT(depth > 0);
            depth--;
        } else {
            json_t *value = value_of(&s);
            put(open[depth], &key, &s, value);
            if (s.word == OBJECT || s.word == LIST) {
                OC_ASSERT(depth < OC_ARGS_DEPTH_MAX);
                open[++depth] = value;
            }
        }
    }
    return open[0];
}

/* ---- life ---- */

void oc_tape_clear(struct oc_tape *t)
{
    struct reader r = {t->bytes.data, t->bytes.data + t->bytes.len};
    struct said s;
    while (t->bytes.len > 0 && next(&r, &s)) {
        if (s.word == VALUE) {
            json_decref(s.value);
        }
    }
    oc_buf_clear(&t->bytes);
    t->size = 0;
}

void oc_tape_move(struct oc_tape *to, struct oc_tape *from)
{
    oc_tape_finish(to);
    oc_buf_reserve(&to->bytes, from->bytes.len);
    oc_buf_add(&to->bytes, from->bytes.data, from->bytes.len);
    to->size = from->size;
    oc_buf_clear(&from->bytes); /* the references are `to`'s now */
    from->size = 0;
}

void oc_tape_finish(struct oc_tape *t)
{
    oc_tape_clear(t);
    oc_buf_finish(&t->bytes);
}
