/* YAML by way of libyaml's events. SPDX-License-Identifier: MIT */
#include "core/config/yaml.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/base/mem.h"
#include "core/config/parse.h"

#define MAX_VALUES 100000

struct reader {
    yaml_parser_t parser;
    const char *text;
    yaml_event_t event; /* the current one */
    bool has_event;
    size_t values;
    struct oc_error *err;
};

static json_t *read_value(struct reader *r, int depth);

/* Lines above the place that a failure speaks of. Of bytes that are no text libyaml tells the offset
 * and no mark. */
static size_t lines_above(const struct reader *r)
{
    size_t lines = 0;
    if (r->has_event) {
        return r->event.start_mark.line;
    }
    if (r->parser.error != YAML_READER_ERROR) {
        return r->parser.problem_mark.line;
    }
    for (size_t i = 0; i < r->parser.problem_offset; i++) {
        lines += r->text[i] == '\n';
    }
    return lines;
}

static json_t *fail(struct reader *r, const char *what)
{
    oc_error_set(r->err, OC_E_CONFIG, "line %zu: %s", lines_above(r) + 1, what);
    return NULL;
}

static bool advance(struct reader *r)
{
    if (r->has_event) {
        yaml_event_delete(&r->event);
    }
    r->has_event = yaml_parser_parse(&r->parser, &r->event);
    if (!r->has_event) {
        fail(r, r->parser.problem ? r->parser.problem : "not YAML");
    }
    return r->has_event;
}

static bool is_null(const char *s)
{
    return !*s || !strcmp(s, "~") || !strcmp(s, "null") || !strcmp(s, "Null") || !strcmp(s, "NULL");
}

static bool is_true(const char *s)
{
    return !strcmp(s, "true") || !strcmp(s, "True") || !strcmp(s, "TRUE");
}

static bool is_false(const char *s)
{
    return !strcmp(s, "false") || !strcmp(s, "False") || !strcmp(s, "FALSE");
}

/* A plain scalar by the core schema (YAML 1.2.2, 10.3.2), without the octal and hexadecimal forms.
 */
static json_t *plain(const char *s)
{
    char *end;

    if (is_null(s)) {
        return json_null();
    }
    if (is_true(s) || is_false(s)) {
        return json_boolean(is_true(s));
    }
    if (!s[strspn(s, "0123456789+-.eE")]) {
        errno = 0;
        long long integer = strtoll(s, &end, 10);
        if (!*end && !errno) {
            return json_integer(integer);
        }
        double number = strtod(s, &end);
        if (!*end && isfinite(number)) {
            return json_real(number);
        }
    }
    return json_string(s);
}

static json_t *read_scalar(struct reader *r)
{
    const char *s = (const char *)r->event.data.scalar.value;
    size_t len = r->event.data.scalar.length;
    bool is_plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

    if (memchr(s, '\0', len)) {
        return fail(r, "a zero byte");
    }
    return is_plain ? plain(s) : json_string(s);
}

static json_t *read_sequence(struct reader *r, int depth)
{
    json_t *list = json_array();

    while (advance(r) && r->event.type != YAML_SEQUENCE_END_EVENT) {
        json_t *item = read_value(r, depth + 1);
        if (!item) {
            json_decref(list);
            return NULL;
        }
        json_array_append_new(list, item);
    }
    if (!r->has_event) {
        json_decref(list);
        return NULL;
    }
    return list;
}

/* One member: the key is the current event. */
static bool read_member(struct reader *r, json_t *object, int depth)
{
    if (r->event.type != YAML_SCALAR_EVENT) {
        return fail(r, "a key that is not a scalar") != NULL;
    }
    char *key = oc_strdup((const char *)r->event.data.scalar.value);
    json_t *value = NULL;
    if (json_object_get(object, key)) {
        fail(r, "a key that is there twice");
    } else if (advance(r)) {
        value = read_value(r, depth + 1);
    }
    if (value) {
        oc_json_take(object, key, value);
    }
    free(key);
    return value != NULL;
}

static json_t *read_mapping(struct reader *r, int depth)
{
    json_t *object = json_object();

    while (advance(r) && r->event.type != YAML_MAPPING_END_EVENT) {
        if (!read_member(r, object, depth)) {
            json_decref(object);
            return NULL;
        }
    }
    if (!r->has_event) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* The value whose first event is the current one. */
static json_t *read_value(struct reader *r, int depth)
{
    if (depth > OC_CONFIG_MAX_DEPTH) {
        return fail(r, "nested too deeply");
    }
    if (++r->values > MAX_VALUES) {
        return fail(r, "too many values");
    }
    if (r->event.type == YAML_SCALAR_EVENT) {
        return read_scalar(r);
    }
    if (r->event.type == YAML_SEQUENCE_START_EVENT) {
        return read_sequence(r, depth);
    }
    if (r->event.type == YAML_MAPPING_START_EVENT) {
        return read_mapping(r, depth);
    }
    return fail(r, r->event.type == YAML_ALIAS_EVENT ? "aliases are not supported"
                                                     : "expected a value");
}

/* Whether the document and the stream end here. */
static bool at_end(struct reader *r)
{
    if (!advance(r) || !advance(r)) { /* the end of the document comes first */
        return false;
    }
    return r->event.type == YAML_STREAM_END_EVENT || fail(r, "a second document") != NULL;
}

/* The one document of the stream. */
static json_t *read_stream(struct reader *r)
{
    if (!advance(r) || !advance(r)) { /* the beginnings of the stream and of the document */
        return NULL;
    }
    if (r->event.type == YAML_STREAM_END_EVENT) {
        return fail(r, "an empty file");
    }
    json_t *root = advance(r) ? read_value(r, 0) : NULL;
    if (root && !at_end(r)) {
        json_decref(root);
        root = NULL;
    }
    return root;
}

json_t *oc_yaml_parse(const char *text, size_t len, struct oc_error *err)
{
    struct reader r = {.text = text, .err = err};

    if (!yaml_parser_initialize(&r.parser)) {
        oc_error_set(err, OC_E_INTERNAL, "cannot start the YAML parser");
        return NULL;
    }
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
    json_t *root = read_stream(&r);
    if (r.has_event) {
        yaml_event_delete(&r.event);
    }
    yaml_parser_delete(&r.parser);
    return root;
}
