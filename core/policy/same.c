/* When two answers are the same. SPDX-License-Identifier: MIT */
#include <math.h>

#include "core/policy/question.h"

static bool same(const json_t *a, const json_t *b);

static bool same_array(const json_t *a, const json_t *b)
{
    if (json_array_size(a) != json_array_size(b)) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(a); i++) {
        if (!same(json_array_get(a, i), json_array_get(b, i))) {
            return false;
        }
    }
    return true;
}

static bool same_object(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *member;
    if (json_object_size(a) != json_object_size(b)) {
        return false;
    }
    json_object_foreach((json_t *)a, key, member)
    {
        if (!same(member, json_object_get(b, key))) {
            return false;
        }
    }
    return true;
}

/* As people compare: 1 is 1.0, and an empty Lua table is the empty list and the empty object. */
static bool same(const json_t *a, const json_t *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    if (json_is_number(a) && json_is_number(b)) {
        return fabs(json_number_value(a) - json_number_value(b)) == 0.0;
    }
    if (json_array_size(a) + json_object_size(a) == 0 && (json_is_array(a) || json_is_object(a))) {
        return (json_is_array(b) || json_is_object(b)) &&
               json_array_size(b) + json_object_size(b) == 0;
    }
    if (json_is_array(a) && json_is_array(b)) {
        return same_array(a, b);
    }
    if (json_is_object(a) && json_is_object(b)) {
        return same_object(a, b);
    }
    return json_equal(a, b) != 0;
}

bool oc_policy_same(const json_t *a, const json_t *b)
{
    return same(a, b);
}
