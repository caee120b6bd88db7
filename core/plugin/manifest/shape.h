/* The shape of a JSON document as a table, and the check. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_PLUGIN_SHAPE_H
#define OC_PLUGIN_SHAPE_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/error.h"

enum oc_shape_type {
    OC_SHAPE_STRING, /* nothing in it acts upon a terminal */
    OC_SHAPE_BOOL,
    OC_SHAPE_NUMBER,
    OC_SHAPE_STRINGS, /* a list of strings; `check` and `choices` hold for each */
    OC_SHAPE_OBJECTS, /* a list of objects; `keys` NULL = any keys */
    OC_SHAPE_ANY
};

struct oc_shape {
    const char *key; /* NULL ends the table */
    enum oc_shape_type type;
    bool required;
    bool or_bool;                    /* true and false are fine too */
    bool prose;                      /* strings: words for people, which mean nothing to the host */
    const char *choices;             /* strings: "a|b|c" */
    bool (*check)(const char *text); /* strings */
    const char *expected;            /* what `check` accepts, in words */
    const struct oc_shape *keys;     /* objects */
};

/* Checks every member of `object`; the first mistake is told with its key path ("metrics[2].type")
 * and both values, an unknown key with the nearest known one. `path` is "" at the top. */
int oc_shape_check(const struct oc_shape *keys, const json_t *object, const char *path,
                   struct oc_error *err);

/* Is `text` one of the words of "a|b|c"? */
bool oc_choice_has(const char *choices, const char *text);

#endif
