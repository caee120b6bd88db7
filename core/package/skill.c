/* Reads the front matter of SKILL.md, and what stands below it. SPDX-License-Identifier: MIT */
#include "core/package/skill.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/config/yaml.h"
#include "core/sys/file.h"

/* ---- the two parts ---- */

/* Length of the line at `text` without its end, *next behind its end. */
static size_t line_at(const char *text, size_t left, size_t *next)
{
    const char *end = memchr(text, '\n', left);
    size_t len = end ? (size_t)(end - text) : left;
    *next = end ? len + 1 : len;
    return len && text[len - 1] == '\r' ? len - 1 : len;
}

static bool is_fence(const char *text, size_t len)
{
    while (len && (text[len - 1] == ' ' || text[len - 1] == '\t')) {
        len--;
    }
    return len == 3 && strncmp(text, "---", 3) == 0;
}

/* Where front matter begins and ends, and where the text does. False when there is no front matter. */
static bool split(const char *text, size_t len, size_t *from, size_t *to, size_t *body)
{
    size_t at = len >= 3 && strncmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0, next;
    if (!is_fence(text + at, line_at(text + at, len - at, &next))) {
        return false;
    }
    at += next;
    *from = at;
    while (at < len && at - *from <= OC_SKILL_FRONT_MAX) {
        if (is_fence(text + at, line_at(text + at, len - at, &next))) {
            *to = at;
            *body = at + next;
            return true;
        }
        at += next;
    }
    return false;
}

/* ---- metadata.openclaw ---- */

/* Elsewhere the metadata are written as JSON inside a YAML text. */
static void unfold_metadata(json_t *front)
{
    const json_t *metadata = json_object_get(front, "metadata");
    const char *text = json_string_value(metadata);
    json_t *parsed = text ? oc_json_parse(text, strlen(text), NULL) : NULL;
    if (parsed) {
        oc_json_take(front, "metadata", parsed);
    }
}

static int take_strings(const json_t *object, const char *key, const json_t **out,
                        struct oc_error *err)
{
    const json_t *list = json_object_get(object, key), *item;
    size_t i;
    *out = NULL;
    if (!list || json_is_null(list)) {
        return OC_OK;
    }
    bool good = json_is_array(list);
    json_array_foreach(list, i, item)
    {
        good = good && json_is_string(item) && *json_string_value(item);
    }
    if (!good) {
        return oc_error_set(err, OC_E_CONFIG, "metadata.openclaw: %s: expected a list of texts",
                            key);
    }
    *out = list;
    return OC_OK;
}

static int read_metadata(struct oc_skill *s, struct oc_error *err)
{
    const struct {
        const char *key;
        const json_t **out;
    } lists[] = {
        {"bins", &s->bins}, {"anyBins", &s->any_bins}, {"env", &s->env}, {"config", &s->config}};
    unfold_metadata(s->front);
    const json_t *metadata = json_object_get(s->front, "metadata");
    const json_t *own = json_object_get(metadata, "openclaw");
    if (!own) {
        own = json_object_get(metadata, "clawdbot"); /* its name in older skills */
    }
    const json_t *wants = json_object_get(own, "requires");
    int code = OC_OK;
    for (size_t i = 0; i < OC_COUNT(lists) && code == OC_OK; i++) {
        code = take_strings(wants, lists[i].key, lists[i].out, err);
    }
    if (code == OC_OK) {
        code = take_strings(own, "os", &s->os, err);
    }
    s->always = oc_json_bool(own, "always", false);
    s->install = json_object_get(own, "install");
    s->install = json_is_array(s->install) ? s->install : NULL;
    return code;
}

/* ---- the whole ---- */

/* YAML reads `version: 1.0` as a number. */
static char *version_text(const json_t *front)
{
    const json_t *value = json_object_get(front, "version");
    if (json_is_number(value)) {
        return oc_asprintf("%g", json_number_value(value));
    }
    return oc_strdup(json_string_value(value));
}

static int read_front(const char *text, size_t from, size_t to, struct oc_skill *s,
                      struct oc_error *err)
{
    s->front = to > from ? oc_yaml_parse(text + from, to - from, err) : json_object();
    if (!s->front) {
        return oc_error_prefix(err, "front matter");
    }
    if (!json_is_object(s->front)) {
        return oc_error_set(err, OC_E_CONFIG, "front matter: expected `key: value` lines");
    }
    s->name = oc_strdup(oc_json_str(s->front, "name", ""));
    s->description = oc_strdup(oc_json_str(s->front, "description", ""));
    s->version = version_text(s->front);
    return read_metadata(s, err);
}

int oc_skill_parse(const char *text, size_t len, struct oc_skill *skill, struct oc_error *err)
{
    size_t from = 0, to = 0, body = 0;
    *skill = (struct oc_skill){0};
    if (len > OC_SKILL_MAX) {
        return oc_error_set(err, OC_E_CONFIG, OC_SKILL_FILE ": %zu bytes are over the limit of %u",
                            len, OC_SKILL_MAX);
    }
    int code;
    if (!split(text, len, &from, &to, &body)) {
        code = oc_error_set(err, OC_E_CONFIG, "no front matter");
        oc_error_hint(err,
                      "Begin the file with a line `---`, then name and description, then `---`.");
    } else {
        code = read_front(text, from, to, skill, err);
    }
    if (code != OC_OK) {
        oc_skill_finish(skill);
        return oc_error_prefix(err, OC_SKILL_FILE);
    }
    while (body < len && (text[body] == '\n' || text[body] == '\r')) {
        body++; /* the empty line below front matter */
    }
    skill->text = oc_utf8_clean(text + body, len - body);
    return OC_OK;
}

int oc_skill_load(const char *dir, struct oc_skill *skill, struct oc_error *err)
{
    struct oc_buf text = {0};
    char *path = oc_path_join(dir, OC_SKILL_FILE);
    *skill = (struct oc_skill){0};
    int code = oc_file_read(path, OC_SKILL_MAX, &text, err);
    if (code == OC_OK) {
        code = oc_skill_parse(text.data ? text.data : "", text.len, skill, err);
    }
    oc_buf_finish(&text);
    free(path);
    return code;
}

void oc_skill_finish(struct oc_skill *skill)
{
    free(skill->name);
    free(skill->description);
    free(skill->version);
    free(skill->text);
    json_decref(skill->front);
    *skill = (struct oc_skill){0};
}
