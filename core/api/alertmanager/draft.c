/* A silence as it is posted: read, and refused in Alertmanager's words. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/api/alertmanager/alertmanager.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/alert/intake/post.h"

#define PARSING "parsing silence body from \"\" failed, because "

/* A member that must be there; NULL: answered. */
static json_t *required(struct oc_http_request *r, const json_t *object, const char *prefix,
                        const char *key, json_type type)
{
    json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value)) {
        oc_am_invalid(r, 422, OC_AM_REQUIRED, "%s%s in body is required", prefix, key);
        return NULL;
    }
    bool boolean = type == JSON_TRUE && json_is_boolean(value);
    if (json_typeof(value) != type && !boolean) {
        oc_am_invalid(r, 400, 400, PARSING "%s%s is of another type", prefix, key);
        return NULL;
    }
    return value;
}

static bool read_time(struct oc_http_request *r, const json_t *json, const char *key, int64_t *ms)
{
    const json_t *value = required(r, json, "", key, JSON_STRING);
    if (!value) {
        return false;
    }
    if (!oc_post_time(json_string_value(value), json_string_length(value), ms)) {
        oc_am_invalid(r, 400, 400, PARSING "parsing time %s: it is no RFC 3339 date-time", key);
        return false;
    }
    return true;
}

static enum oc_matcher_op operator_of(bool regex, bool equal)
{
    if (regex) {
        return equal ? OC_MATCH_REGEX : OC_MATCH_NOT_REGEX;
    }
    return equal ? OC_MATCH_EQUAL : OC_MATCH_UNEQUAL;
}

static bool read_matcher(struct oc_http_request *r, struct oc_am_draft *d, size_t i,
                         const json_t *item)
{
    char prefix[48];
    struct oc_matcher m;
    struct oc_error err;
    oc_error_init(&err);
    snprintf(prefix, sizeof prefix, "matchers.%zu.", i);
    const json_t *regex = required(r, item, prefix, "isRegex", JSON_TRUE);
    const json_t *name = regex ? required(r, item, prefix, "name", JSON_STRING) : NULL;
    const json_t *value = name ? required(r, item, prefix, "value", JSON_STRING) : NULL;
    if (!value) {
        return false;
    }
    if (json_string_length(name) == 0) {
        oc_am_refuse(r, 400,
                     "silence invalid: invalid label matcher %zu: invalid label name \"%s\"", i,
                     json_string_value(name));
        return false;
    }
    enum oc_matcher_op op = operator_of(json_is_true(regex), oc_json_bool(item, "isEqual", true));
    if (oc_matcher_make(json_string_value(name), op, json_string_value(value), &m, &err) != OC_OK) {
        oc_am_refuse(r, 400, "silence invalid: invalid label matcher %zu: %s", i, err.message);
        return false;
    }
    OC_VEC_PUSH(&d->matchers.list, m);
    return true;
}

/* One that only matches what is not there would silence everything; what leaves somebody out is said on purpose. */
static bool matches_something(const struct oc_am_draft *d)
{
    bool something = false;
    for (size_t i = 0; i < d->matchers.list.count; i++) {
        const struct oc_matcher *m = &d->matchers.list.items[i];
        something = something || !oc_matcher_holds_value(m, "") || !oc_matcher_is_equal(m);
    }
    return something;
}

static bool read_matchers(struct oc_http_request *r, struct oc_am_draft *d)
{
    const json_t *items = required(r, d->json, "", "matchers", JSON_ARRAY);
    json_t *item;
    size_t i;
    if (!items) {
        return false;
    }
    if (json_array_size(items) == 0) {
        oc_am_invalid(r, 422, OC_AM_TOO_FEW, "matchers in body should have at least 1 items");
        return false;
    }
    if (json_array_size(items) > OC_AM_MATCHERS_MAX) {
        oc_am_refuse(r, 400, "silence invalid: more than %d matchers", OC_AM_MATCHERS_MAX);
        return false;
    }
    json_array_foreach(items, i, item)
    {
        if (!read_matcher(r, d, i, item)) {
            return false;
        }
    }
    return true;
}

static bool check(struct oc_http_request *r, const struct oc_am_draft *d, int64_t now)
{
    if (d->draft.starts_at >= d->draft.ends_at) {
        oc_am_refuse(r, 400, "Failed to create silence: start time must be before end time");
        return false;
    }
    if (d->draft.ends_at <= now) {
        oc_am_refuse(r, 400, "Failed to create silence: end time can't be in the past");
        return false;
    }
    if (!matches_something(d)) {
        oc_am_refuse(r, 400,
                     "silence invalid: at least one matcher must not match the empty string");
        return false;
    }
    return true;
}

bool oc_am_draft_read(struct oc_http_request *r, struct oc_am_draft *d, int64_t now)
{
    struct oc_view body = oc_http_body(r);
    struct oc_error err;
    oc_error_init(&err);
    memset(d, 0, sizeof *d);
    d->json = body.len ? oc_json_parse_request(body.ptr, body.len, &err) : NULL;
    if (!body.len) {
        oc_am_invalid(r, 422, OC_AM_REQUIRED, "silence in body is required");
        return false;
    }
    if (!json_is_object(d->json)) {
        oc_am_invalid(r, 400, 400, PARSING "%s", d->json ? "it is no object" : err.message);
        return false;
    }
    const json_t *comment = required(r, d->json, "", "comment", JSON_STRING);
    const json_t *by = comment ? required(r, d->json, "", "createdBy", JSON_STRING) : NULL;
    if (!by || !read_time(r, d->json, "endsAt", &d->draft.ends_at) || !read_matchers(r, d) ||
        !read_time(r, d->json, "startsAt", &d->draft.starts_at) || !check(r, d, now)) {
        return false;
    }
    d->draft.id = oc_json_str(d->json, "id", "");
    d->draft.comment = json_string_value(comment);
    d->draft.created_by = json_string_value(by);
    d->draft.matchers = d->matchers.list.items;
    d->draft.matcher_count = d->matchers.list.count;
    return true;
}

void oc_am_draft_finish(struct oc_am_draft *d)
{
    oc_am_matchers_finish(&d->matchers);
    json_decref(d->json);
    d->json = NULL;
}
