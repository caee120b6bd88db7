/* Parses and validates plugin.json. SPDX-License-Identifier: MIT */
#include "core/plugin/manifest/manifest.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/config/command.h"
#include "core/plugin/internal.h"
#include "core/plugin/manifest/shape.h"
#include "core/sys/file.h"

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define WORD   LOWER DIGITS "_"

/* ---- what a text may look like ---- */

static bool is_abi(const char *s)
{
    const size_t major = strspn(s, DIGITS);
    const size_t minor = s[major] == '.' ? strspn(s + major + 1, DIGITS) : 0;
    return major > 0 && major < 5 && minor > 0 && minor < 5 && !s[major + 1 + minor];
}

/* MAJOR.MINOR.PATCH, then a pre-release and build data that we only pass on. */
static bool is_version(const char *s)
{
    for (int part = 0; part < 3; part++) {
        const size_t digits = strspn(s, DIGITS);
        if (digits == 0 || digits > 9 || (digits > 1 && *s == '0')) {
            return false;
        }
        s += digits;
        if (part < 2 && *s++ != '.') {
            return false;
        }
    }
    return !*s || ((*s == '-' || *s == '+') && s[1] && strlen(s) < 64 &&
                   !s[strspn(s, LOWER DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-+")]);
}

static bool is_sentence(const char *s)
{
    return *s && !strpbrk(s, "\t\n") && strlen(s) <= 512;
}

static bool is_library(const char *s)
{
    return oc_name_valid(s) && oc_ends(s, ".so");
}

static bool is_word(const char *s)
{
    return islower((unsigned char)*s) && !s[strspn(s, WORD)] && strlen(s) <= 64;
}

/* Words joined by dots. */
static bool is_dotted(const char *s)
{
    const bool ends_well = islower((unsigned char)*s) && s[strlen(s) - 1] != '.';
    return ends_well && !s[strspn(s, WORD ".")] && !strstr(s, "..") && strlen(s) <= 128;
}

static bool is_param(const char *s)
{
    return is_word(s) && !oc_command_option(s);
}

/* A dotted name, or the beginning of one with "*" for the rest. */
static bool is_metric(const char *s)
{
    if (!oc_ends(s, "*")) {
        return is_dotted(s);
    }
    const size_t len = strlen(s) - 1;
    return len > 0 && len <= 128 && islower((unsigned char)*s) && strspn(s, WORD ".") == len;
}

bool oc_method_id_valid(const char *s)
{
    const size_t len = strcspn(s, "/");
    const size_t digits = s[len] ? strspn(s + len + 1, DIGITS) : 0;
    return islower((unsigned char)*s) && strspn(s, WORD ".") == len && digits > 0 && digits < 5 &&
           !s[len + 1 + digits] && len <= 64;
}

/* category:action, then :resource where the action has one. */
static bool is_permission(const char *s)
{
    const size_t category = strspn(s, LOWER);
    const size_t action = s[category] == ':' ? strspn(s + category + 1, LOWER) : 0;
    const char *resource = s + category + 1 + action;
    return category > 0 && action > 0 && (!*resource || (*resource == ':' && resource[1])) &&
           strlen(s) <= 256;
}

/* ---- the shape of the document ---- */

#define OPTION_TYPES                                                                               \
    "bool|int|float|duration|size|string|secret|enum|path|url|strings|ints|map|group|groups"

#define ONE_LINE .check = is_sentence, .expected = "one line", .prose = true

/* What an option of a preset and a parameter of an operation have in common. */
#define VALUE_KEYS                                                                                 \
    {.key = "type", .required = true, .choices = OPTION_TYPES},                                    \
        {.key = "help", .required = true, ONE_LINE}, {.key = "default", .type = OC_SHAPE_ANY},     \
        {.key = "required", .type = OC_SHAPE_BOOL}, {.key = "positional", .type = OC_SHAPE_BOOL},  \
        {.key = "advanced", .type = OC_SHAPE_BOOL}, {.key = "min", .type = OC_SHAPE_NUMBER},       \
        {.key = "max", .type = OC_SHAPE_NUMBER},                                                   \
    {                                                                                              \
        .key = "options", .type = OC_SHAPE_OBJECTS, .keys = option_keys                            \
    }

static const struct oc_shape option_keys[] = {
    {.key = "name", .required = true, .check = is_word, .expected = "a snake_case word"},
    {.key = "choices", .type = OC_SHAPE_ANY},
    VALUE_KEYS,
    {0},
};

static const struct oc_shape param_keys[] = {
    {.key = "name",
     .required = true,
     .check = is_param,
     .expected = "a snake_case word that is no option of every command, as \"timeout\" is"},
    {.key = "choices", .check = is_sentence, .expected = "words such as \"a|b|c\""},
    VALUE_KEYS,
    {0},
};

const struct oc_shape oc_manifest_metric_keys[] = {
    {.key = "name",
     .required = true,
     .check = is_metric,
     .expected = "a dotted lower-case name, \"*\" at its end at most"},
    {.key = "type", .required = true, .choices = "gauge|counter|bool"},
    {.key = "unit", .prose = true},
    {.key = "help", .required = true, ONE_LINE},
    {.key = "labels",
     .type = OC_SHAPE_STRINGS,
     .check = is_word,
     .expected = "a label name such as \"target\""},
    {0},
};

static const struct oc_shape operation_keys[] = {
    {.key = "name", .required = true, .check = is_dotted, .expected = "words joined by dots"},
    {.key = "summary", .required = true, ONE_LINE},
    {.key = "method",
     .required = true,
     .check = oc_method_id_valid,
     .expected = "a method such as \"tool.call/1\""},
    {.key = "role", .choices = "viewer|operator|admin"},
    {.key = "flags",
     .type = OC_SHAPE_STRINGS,
     .choices = "mutates|destructive|replay_safe|internal|acts"},
    {.key = "params", .type = OC_SHAPE_OBJECTS, .keys = param_keys},
    {.key = "view",
     .check = oc_command_view,
     .expected = "\"record\", \"text:KEY\" or \"table:KEY=Title,...\""},
    {.key = "description", .prose = true},
    {.key = "example", .prose = true},
    {0},
};

static const struct oc_shape manifest_keys[] = {
    {.key = "name",
     .required = true,
     .check = oc_name_valid,
     .expected = "letters, digits, dots, dashes and underscores, at most 64"},
    {.key = "version",
     .required = true,
     .check = is_version,
     .expected = "a semantic version such as \"1.2.0\""},
    {.key = "summary", .required = true, ONE_LINE},
    {.key = "description", .prose = true},
    {.key = "kind", .check = is_word, .expected = "a word such as \"collector\""},
    {.key = "library", .check = is_library, .expected = "a file name that ends in .so"},
    {.key = "abi", .check = is_abi, .expected = "<major>.<minor> such as \"1.0\""},
    {.key = "license", .prose = true},
    {.key = "snapshot", /* where its services stand in the health snapshot */
     .choices = "agents|services|resources"},
    {.key = "unit_check", /* of a collector: the option that makes it the check of a unit */
     .check = is_word,
     .expected = "the name of an option such as \"url\""},
    {.key = "author", .prose = true},
    {.key = "homepage", .prose = true},
    {.key = "keywords", /* for searching */
     .type = OC_SHAPE_STRINGS,
     .check = is_sentence,
     .expected = "a word",
     .prose = true},
    {.key = "metrics", .type = OC_SHAPE_OBJECTS, .keys = oc_manifest_metric_keys},
    {.key = "operations", .type = OC_SHAPE_OBJECTS, .keys = operation_keys},
    {.key = "permissions",
     .type = OC_SHAPE_STRINGS,
     .check = is_permission,
     .expected = "category:action[:resource] such as \"network:tcp:5432\""},
    {.key = "replay_safe", /* true = every method */
     .type = OC_SHAPE_STRINGS,
     .or_bool = true,
     .check = oc_method_id_valid,
     .expected = "a method such as \"collector.collect/1\""},
    {.key = "incidents",
     .type = OC_SHAPE_BOOL}, /* of a channel: an alert stays open there until its end is told */
    {.key = "accepted_checks", .type = OC_SHAPE_ANY}, /* of `openclaw plugin check`: id -> why */
    {.key = "options", .type = OC_SHAPE_OBJECTS, .keys = option_keys},
    {.key = "instances", .type = OC_SHAPE_OBJECTS},
    {.key = "www", /* of an endpoint: the folder whose files are served */
     .check = oc_name_valid,
     .expected = "the name of a folder beside plugin.json"},
    {.key = "docs", .type = OC_SHAPE_ANY},
    {0},
};

/* ---- what one key alone cannot say ---- */

static int check_plugin(const json_t *json, struct oc_error *err)
{
    if (!json_object_get(json, "abi")) {
        return oc_error_set(err, OC_E_CONFIG, "abi: required and missing");
    }
    const bool preset = json_object_get(json, "instances") || json_object_get(json, "options");
    if (preset) {
        oc_error_set(err, OC_E_CONFIG, "%s: only a preset, without \"library\", has it",
                     json_object_get(json, "instances") ? "instances" : "options");
        oc_error_hint(err, "The options of a plugin are in its option table.");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

static bool is_skill(const json_t *json)
{
    return strcmp(oc_json_str(json, "kind", ""), "skill") == 0;
}

/* A page: files that the API serves, no code of the host. */
static bool is_page(const json_t *json)
{
    return strcmp(oc_json_str(json, "kind", ""), "endpoint") == 0 && json_object_get(json, "www");
}

static int check_preset(const json_t *json, struct oc_error *err)
{
    const json_t *instances = json_object_get(json, "instances");
    if (json_array_size(instances) == 0 && (is_skill(json) || is_page(json))) {
        return OC_OK; /* text for agents or files for browsers, no code */
    }
    if (json_array_size(instances) == 0) {
        oc_error_set(err, OC_E_CONFIG, "library: required and missing");
        oc_error_hint(err, "A plugin names its .so; a preset has a list of \"instances\"; a text "
                           "for agents has \"kind\": \"skill\".");
        return OC_E_CONFIG;
    }
    return oc_preset_check(json, err);
}

/* Two items of one name in a list would hide each other. */
static int check_unique(const json_t *json, const char *key, struct oc_error *err)
{
    const json_t *list = json_object_get(json, key);
    struct oc_map seen = {0};
    int code = OC_OK;
    for (size_t i = 0; i < json_array_size(list) && !code; i++) {
        const char *name = oc_json_str(json_array_get(list, i), "name", "");
        if (oc_map_set(&seen, name, (void *)(uintptr_t)name)) {
            code =
                oc_error_set(err, OC_E_CONFIG, "%s[%zu].name: \"%s\" is there twice", key, i, name);
        }
    }
    oc_map_finish(&seen, NULL);
    return code;
}

static int check(const json_t *json, struct oc_error *err)
{
    if (!json_is_object(json)) {
        return oc_error_set(err, OC_E_CONFIG, "expected a JSON object");
    }
    int code = oc_shape_check(manifest_keys, json, "", err);
    if (!code) {
        code = check_unique(json, "metrics", err);
    }
    if (!code) {
        code = check_unique(json, "operations", err);
    }
    if (!code) {
        code = json_object_get(json, "library") ? check_plugin(json, err) : check_preset(json, err);
    }
    return code;
}

/* ---- what an older release let pass ---- */

/* Takes out what acts upon a terminal or turns the writing; a sentence stands in one line. */
static void mend_text(const struct oc_shape *s, json_t *value)
{
    const char *text = json_string_value(value);
    struct oc_buf out = {0};
    uint32_t code;
    for (size_t len = json_string_length(value), n; len > 0; text += n, len -= n) {
        n = oc_utf8_next(text, len, &code);
        OC_ASSERT(n > 0); /* no JSON is read that is not UTF-8 */
        const bool space = code == '\t' || code == '\n';
        if (space && s->check) {
            oc_buf_adds(&out, " ");
        } else if (space || (!oc_utf8_control(code) && !oc_utf8_bidi(code))) {
            oc_buf_add(&out, text, n);
        }
    }
    char *mended = oc_buf_take(&out);
    json_string_set(value, mended);
    free(mended);
}

static void mend_texts(const struct oc_shape *keys, const json_t *object)
{
    for (const struct oc_shape *s = keys; s->key; s++) {
        json_t *value = json_object_get(object, s->key), *item;
        size_t i;
        if (s->prose && json_is_string(value)) {
            mend_text(s, value);
        }
        json_array_foreach(value, i, item)
        {
            if (s->prose && json_is_string(item)) {
                mend_text(s, item);
            } else if (s->keys) {
                mend_texts(s->keys, item);
            }
        }
    }
}

static void leave_out_operations(const json_t *json, json_t *left_out)
{
    json_t *list = json_object_get(json, "operations");
    const size_t count = json_array_size(list);
    for (size_t at = 0, i = 0; at < count; at++) {
        const json_t *op = json_array_get(list, i);
        struct oc_error err;
        char path[40];
        oc_error_init(&err);
        snprintf(path, sizeof path, "operations[%zu]", at);
        if (json_is_object(op) && oc_shape_check(operation_keys, op, path, &err) != OC_OK) {
            json_t *item = json_object();
            oc_json_set_str(item, "operation", oc_json_str(op, "name", NULL));
            oc_json_set_str(item, "reason", err.message);
            json_array_append_new(left_out, item);
            json_array_remove(list, i);
        } else {
            i++;
        }
    }
}

json_t *oc_manifest_mend(json_t *json)
{
    json_t *left_out = json_array();
    mend_texts(manifest_keys, json);
    leave_out_operations(json, left_out);
    return left_out;
}

/* ---- reading ---- */

struct oc_manifest *oc_manifest_of(json_t *json, const char *dir, struct oc_error *err)
{
    if (!json || check(json, err)) {
        json_decref(json);
        oc_error_prefix(err, "plugin.json");
        return NULL;
    }
    struct oc_manifest *m = oc_calloc(1, sizeof *m);
    m->json = json;
    m->dir = oc_strdup(dir);
    m->name = oc_json_str(json, "name", NULL);
    m->version = oc_json_str(json, "version", NULL);
    m->summary = oc_json_str(json, "summary", NULL);
    m->library = oc_json_str(json, "library", NULL);
    m->kind = oc_json_str(json, "kind", m->library ? "plugin" : "preset");
    const char *abi = oc_json_str(json, "abi", "0.0");
    m->abi_major = (unsigned)strtoul(abi, NULL, 10);
    m->abi_minor = (unsigned)strtoul(strchr(abi, '.') + 1, NULL, 10);
    return m;
}

struct oc_manifest *oc_manifest_parse(const char *text, size_t len, const char *dir,
                                      struct oc_error *err)
{
    if (len > OC_MANIFEST_MAX) {
        oc_error_set(err, OC_E_CONFIG, "plugin.json: %zu bytes are over the limit of %u", len,
                     OC_MANIFEST_MAX);
        return NULL;
    }
    /* of two lists of permissions somebody would read the one, and the host the other */
    return oc_manifest_of(oc_json_parse_request(text, len, err), dir, err);
}

/* Without its text a skill without code is nothing. */
static int check_skill_text(const char *dir, struct oc_error *err)
{
    char *path = oc_path_join(dir, "SKILL.md");
    const bool there = oc_file_exists(path);
    free(path);
    if (!there) {
        oc_error_set(err, OC_E_CONFIG, "plugin.json: a skill without SKILL.md beside it");
        oc_error_hint(err, "Write SKILL.md: what the skill is for, and how it is done.");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

struct oc_manifest *oc_manifest_load(const char *dir, struct oc_error *err)
{
    struct oc_buf text = {0};
    char *path = oc_path_join(dir, "plugin.json");
    struct oc_manifest *m = NULL;
    if (oc_file_read(path, OC_MANIFEST_MAX, &text, err) == OC_OK) {
        m = oc_manifest_parse(text.data, text.len, dir, err);
    }
    if (m && !m->library && is_skill(m->json) && check_skill_text(dir, err) != OC_OK) {
        oc_manifest_free(m);
        m = NULL;
    }
    oc_buf_finish(&text);
    free(path);
    return m;
}

void oc_manifest_free(struct oc_manifest *m)
{
    if (m) {
        json_decref(m->json);
        json_decref(m->left_out);
        free(m->dir);
        free(m);
    }
}
