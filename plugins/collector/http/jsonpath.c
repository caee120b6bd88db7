/* Values in a JSON document by path. SPDX-License-Identifier: MIT */
#include "jsonpath.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool too_deep(const char *text, size_t len)
{
    int depth = 0;
    bool string = false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (string) {
            i += c == '\\';
            string = c != '"';
        } else if (c == '"') {
            string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > JSON_DEPTH_MAX) {
                return true;
            }
        } else if (c == ']' || c == '}') {
            depth--;
        }
    }
    return false;
}

json_t *json_parse_bounded(const char *text, size_t len)
{
    return too_deep(text, len) ? NULL : json_loadb(text, len, JSON_DECODE_ANY, NULL);
}

/* ---- paths ---- */

/* One step of a path: a member, or an index. */
struct step {
    const char *name; /* NULL: an index */
    size_t len, index;
    bool last;
};

static const char *begin_path(const char *path)
{
    if (path[0] == '$') {
        path++;
        path += path[0] == '.';
    }
    return path;
}

/* Reads the step at *at and moves on. False when it is malformed. */
static bool next_step(const char **at, struct step *step)
{
    const char *c = *at;
    memset(step, 0, sizeof *step);
    if (*c == '[') {
        size_t digits = strspn(c + 1, "0123456789");
        if (digits == 0 || digits > 9 || c[1 + digits] != ']') {
            return false;
        }
        step->index = strtoul(c + 1, NULL, 10);
        c += digits + 2;
    } else {
        step->name = c;
        step->len = strcspn(c, ".[");
        if (step->len == 0) {
            return false;
        }
        c += step->len;
    }
    step->last = *c == '\0';
    if (*c == '.') {
        c++;
        if (*c == '\0' || *c == '[' || *c == '.') {
            return false;
        }
    }
    *at = c;
    return true;
}

bool json_path_valid(const char *path)
{
    struct step step;
    path = begin_path(path);
    while (*path) {
        if (!next_step(&path, &step)) {
            return false;
        }
    }
    return true;
}

static json_t *member(json_t *value, const struct step *step)
{
    if (!step->name) {
        return json_array_get(value, step->index);
    }
    return json_object_getn(value, step->name, step->len);
}

static bool is_length(const struct step *step)
{
    return step->last && step->name && step->len == 6 && memcmp(step->name, "length", 6) == 0;
}

static json_t *length_of(const json_t *value)
{
    if (json_is_array(value)) {
        return json_integer((json_int_t)json_array_size(value));
    }
    if (json_is_object(value)) {
        return json_integer((json_int_t)json_object_size(value));
    }
    return json_is_string(value) ? json_integer((json_int_t)json_string_length(value)) : NULL;
}

json_t *json_path_get(json_t *root, const char *path)
{
    json_t *value = root;
    struct step step;
    path = begin_path(path);
    while (*path && value) {
        if (!next_step(&path, &step)) {
            return NULL;
        }
        json_t *next = member(value, &step);
        if (!next && is_length(&step)) {
            return length_of(value);
        }
        value = next;
    }
    return json_incref(value);
}

static bool same_number(const json_t *value, const char *text)
{
    char *end = NULL;
    double wanted = strtod(text, &end);
    double diff = json_number_value(value) - wanted;
    return end != text && *end == '\0' && diff <= 0 && diff >= 0;
}

bool json_equals_text(const json_t *value, const char *text)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return strcmp(json_string_value(value), text) == 0;
    case JSON_INTEGER:
    case JSON_REAL:
        return same_number(value, text);
    case JSON_TRUE:
        return strcmp(text, "true") == 0;
    case JSON_FALSE:
        return strcmp(text, "false") == 0;
    case JSON_NULL:
        return strcmp(text, "null") == 0;
    case JSON_OBJECT:
    case JSON_ARRAY:
        break;
    }
    return false;
}
