/* Lists of rights: read, compared, intersected, asked. SPDX-License-Identifier: MIT */
#include "core/plugin/manifest/rights.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

static void ignore(struct oc_rights *rights, const json_t *text, const char *why)
{
    if (!rights->ignored) {
        rights->ignored = json_array();
    }
    json_t *row = json_object();
    oc_json_set_str(row, "permission", json_is_string(text) ? json_string_value(text) : "?");
    oc_json_set_str(row, "why", why);
    json_array_append_new(rights->ignored, row);
}

static bool has_text(const struct oc_rights *rights, const char *text)
{
    for (size_t i = 0; i < rights->list.count; i++) {
        if (strcmp(rights->list.items[i].text, text) == 0) {
            return true;
        }
    }
    return false;
}

static int add(struct oc_rights *rights, const json_t *text, struct oc_error *err)
{
    struct oc_right right;
    if (!json_is_string(text)) {
        return oc_error_set(err, OC_E_CONFIG, "a permission is not a string");
    }
    if (rights->list.count >= OC_RIGHTS_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "more than %u permissions", OC_RIGHTS_MAX);
    }
    if (strlen(json_string_value(text)) != json_string_length(text)) {
        return oc_error_set(err, OC_E_CONFIG, "a permission holds a zero byte");
    }
    int code = oc_right_parse(json_string_value(text), &right, err);
    if (code == OC_OK && has_text(rights, right.text)) {
        oc_right_finish(&right);
    } else if (code == OC_OK) {
        OC_VEC_PUSH(&rights->list, right);
    }
    return code;
}

void oc_rights_read(const json_t *permissions, struct oc_rights *rights)
{
    size_t i;
    json_t *text;
    *rights = (struct oc_rights){0};
    json_array_foreach(permissions, i, text)
    {
        struct oc_error err;
        oc_error_init(&err);
        if (add(rights, text, &err) != OC_OK && json_array_size(rights->ignored) < OC_RIGHTS_MAX) {
            ignore(rights, text, err.message);
        }
    }
}

void oc_rights_finish(struct oc_rights *rights)
{
    for (size_t i = 0; i < rights->list.count; i++) {
        oc_right_finish(&rights->list.items[i]);
    }
    OC_VEC_FINISH(&rights->list);
    json_decref(rights->ignored);
    rights->ignored = NULL;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* An array of the texts, sorted and each once. */
static json_t *sorted(const char **texts, size_t count)
{
    json_t *out = json_array();
    if (count) {
        qsort(texts, count, sizeof *texts, by_text);
    }
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(texts[i - 1], texts[i]) != 0) {
            json_array_append_new(out, json_string(texts[i]));
        }
    }
    return out;
}

/* ---- which is wider ---- */

/* As oc_glob, but `narrow` is a pattern too: '?' stands for one character and so not for a star. */
static bool pattern_covers(const char *wide, const char *narrow)
{
    const char *star = NULL, *resume = NULL;
    while (*narrow) {
        if (*wide == '*') {
            star = ++wide;
            resume = narrow;
        } else if (*wide == *narrow || (*wide == '?' && *narrow != '*' && (*narrow & 0x80) == 0)) {
            wide++;
            narrow++;
        } else if (star) {
            wide = star;
            narrow = ++resume;
        } else {
            return false;
        }
    }
    while (*wide == '*') {
        wide++;
    }
    return !*wide;
}

/* A folder that is named without a star gives all below it. */
static bool path_covers(const char *wide, const char *narrow)
{
    size_t len = strlen(wide);
    if (strncmp(wide, narrow, len) == 0 && (narrow[len] == '/' || !narrow[len]) &&
        !strchr(wide, '*')) {
        return true;
    }
    return strcmp(wide, "/") == 0 ? *narrow == '/' : pattern_covers(wide, narrow);
}

static bool host_covers(const char *wide, const char *narrow)
{
    return !wide || (narrow && pattern_covers(wide, narrow));
}

static bool ports_cover(const struct oc_right *wide, const struct oc_right *narrow)
{
    return wide->lo <= narrow->lo && narrow->hi <= wide->hi &&
           host_covers(wide->host, narrow->host);
}

bool oc_right_covers(const struct oc_right *wide, const struct oc_right *narrow)
{
    if (wide->kind != narrow->kind) {
        return wide->kind == OC_RIGHT_NET_TCP && narrow->kind == OC_RIGHT_NET_HTTP &&
               ports_cover(wide, narrow);
    }
    switch (wide->kind) {
    case OC_RIGHT_FILE_READ:
    case OC_RIGHT_FILE_WRITE:
    case OC_RIGHT_FILE_EXECUTE:
        return path_covers(wide->what, narrow->what);
    case OC_RIGHT_NET_TCP:
    case OC_RIGHT_NET_UDP:
    case OC_RIGHT_NET_HTTP:
    case OC_RIGHT_NET_LISTEN:
        return ports_cover(wide, narrow);
    case OC_RIGHT_NET_UNIX:
    case OC_RIGHT_SPAWN:
    case OC_RIGHT_ENV:
    case OC_RIGHT_SECRET:
    case OC_RIGHT_OP:
        return pattern_covers(wide->what, narrow->what);
    case OC_RIGHT_NET_DNS:
    case OC_RIGHT_SIGNAL:
    case OC_RIGHT_TERMINAL:
        return true;
    default:
        return false;
    }
}

static bool covered(const struct oc_rights *wide, const struct oc_right *narrow)
{
    for (size_t i = 0; i < wide->list.count; i++) {
        if (oc_right_covers(&wide->list.items[i], narrow)) {
            return true;
        }
    }
    return false;
}

json_t *oc_rights_effective(const json_t *requested, const json_t *granted)
{
    struct oc_rights want, have;
    oc_rights_read(requested, &want);
    oc_rights_read(granted ? granted : requested, &have);
    const char **texts = oc_calloc(want.list.count + have.list.count + 1, sizeof *texts);
    size_t count = 0;
    for (size_t i = 0; i < want.list.count; i++) {
        if (covered(&have, &want.list.items[i])) {
            texts[count++] = want.list.items[i].text;
        }
    }
    for (size_t i = 0; granted && i < have.list.count; i++) {
        if (covered(&want, &have.list.items[i])) {
            texts[count++] = have.list.items[i].text;
        }
    }
    json_t *out = sorted(texts, count);
    free(texts);
    oc_rights_finish(&want);
    oc_rights_finish(&have);
    return out;
}

static bool array_has(const json_t *array, const char *text)
{
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), text) == 0) {
            return true;
        }
    }
    return false;
}

json_t *oc_rights_widened(const json_t *before, const json_t *now)
{
    struct oc_rights old, fresh;
    oc_rights_read(before, &old);
    oc_rights_read(now, &fresh);
    size_t unread = json_array_size(fresh.ignored), count = 0, i;
    const char **texts = oc_calloc(fresh.list.count + unread + 1, sizeof *texts);
    json_t *row;
    for (i = 0; i < fresh.list.count; i++) {
        if (!covered(&old, &fresh.list.items[i])) {
            texts[count++] = fresh.list.items[i].text;
        }
    }
    json_array_foreach(fresh.ignored, i, row)
    {
        const char *text = oc_json_str(row, "permission", "?");
        if (!array_has(before, text)) {
            texts[count++] = text;
        }
    }
    json_t *out = sorted(texts, count);
    free(texts);
    oc_rights_finish(&old);
    oc_rights_finish(&fresh);
    return out;
}

/* ---- questions ---- */

bool oc_rights_has(const struct oc_rights *rights, enum oc_right_kind kind)
{
    for (size_t i = 0; i < rights->list.count; i++) {
        if (rights->list.items[i].kind == kind) {
            return true;
        }
    }
    return false;
}

bool oc_rights_allow(const struct oc_rights *rights, enum oc_right_kind kind, const char *name)
{
    for (size_t i = 0; i < rights->list.count; i++) {
        const struct oc_right *right = &rights->list.items[i];
        if (right->kind == kind && oc_glob(right->what, name)) {
            return true;
        }
    }
    return false;
}

/* A host that is not an address. */
static bool is_name(const char *host)
{
    return host && *host != '[' && strspn(host, "0123456789.") != strlen(host);
}

bool oc_rights_resolve_names(const struct oc_rights *rights)
{
    for (size_t i = 0; i < rights->list.count; i++) {
        const struct oc_right *r = &rights->list.items[i];
        bool peer = r->kind == OC_RIGHT_NET_TCP || r->kind == OC_RIGHT_NET_UDP;
        if (r->kind == OC_RIGHT_NET_DNS || (r->kind == OC_RIGHT_NET_HTTP && !r->host) ||
            is_name(r->host) || (peer && !r->host && r->lo == 0)) {
            return true;
        }
    }
    return false;
}
