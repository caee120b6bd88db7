/* Level 0: what plugin.json says. SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/author/template.h"
#include "core/package/check/internal.h"
#include "core/package/skill.h"
#include "core/sys/file.h"

#define MANIFEST    "plugin.json"
#define SUMMARY_MAX 120u
#define README_MAX  (1u << 20)
#define LETTERS     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

#define KINDS                                                                                      \
    "collector", "alert", "deployer", "backup", "backup_source", "backup_target", "tool",          \
        "endpoint", "exporter", "bus", "skill", "driver", "preset"

/* ---- names and texts ---- */

static void check_folder(const struct oc_subject *s, struct oc_report *r)
{
    char *real = realpath(s->dir, NULL);
    const char *slash = real ? strrchr(real, '/') : NULL;
    if (!r->options->packed && slash && strcmp(slash + 1, s->manifest->name) != 0) {
        oc_report_add(r, "OC0004", NULL, NULL, "the folder is \"%s\", the plugin \"%s\"", slash + 1,
                      s->manifest->name);
    }
    free(real);
}

static void check_summary(const struct oc_subject *s, struct oc_report *r)
{
    const char *text = s->manifest->summary;
    const size_t len = strlen(text);
    const char *problem = NULL;
    if (oc_ends(text, ".")) {
        problem = "it ends with a full stop";
    } else if (islower((unsigned char)*text) || isspace((unsigned char)*text)) {
        problem = "it does not begin with a capital letter";
    } else if (len > SUMMARY_MAX) {
        problem = "it has more than 120 characters";
    }
    if (problem) {
        oc_report_add(r, "OC0005", MANIFEST, "summary", "%s", problem);
    }
}

/* Identifiers of SPDX joined by AND, OR, WITH and brackets; the list of all of them is not ours to keep. */
static bool is_license(const char *s)
{
    static const char set[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-+() ";
    return *s && *s != ' ' && !s[strspn(s, set)] && strlen(s) <= 128;
}

static void check_license(const struct oc_subject *s, struct oc_report *r)
{
    const char *license = oc_json_str(s->manifest->json, "license", NULL);
    if (!license) {
        oc_report_add(r, "OC0006", MANIFEST, "license", "\"license\" is missing");
    } else if (!is_license(license)) {
        oc_report_add(r, "OC0006", MANIFEST, "license", "\"%.60s\" is no SPDX expression", license);
    }
}

static void check_kind(const struct oc_subject *s, struct oc_report *r)
{
    static const char *const kinds[] = {KINDS};
    const char *kind = oc_json_str(s->manifest->json, "kind", NULL);
    for (size_t i = 0; kind && i < OC_COUNT(kinds); i++) {
        if (strcmp(kinds[i], kind) == 0) {
            return;
        }
    }
    if (kind || s->manifest->library) {
        oc_report_add(r, "OC0010", MANIFEST, "kind",
                      "\"%s\" is none of collector, alert, deployer, backup, backup_source, "
                      "backup_target, tool, endpoint, exporter, bus, skill, driver and preset",
                      kind ? kind : "");
    }
}

static void check_abi(const struct oc_subject *s, struct oc_report *r)
{
    const struct oc_manifest *m = s->manifest;
    if (m->library && (m->abi_major != OC_ABI_MAJOR || m->abi_minor > OC_ABI_MINOR)) {
        oc_report_add(r, "OC0014", MANIFEST, "abi", "it wants ABI %u.%u, this host speaks %d.%d",
                      m->abi_major, m->abi_minor, OC_ABI_MAJOR, OC_ABI_MINOR);
    }
}

/* ---- metrics ---- */

/* Is `word` one of the words of a dotted, underscored name? */
static bool has_word(const char *name, const char *word)
{
    const size_t len = strlen(word);
    for (const char *at = name; (at = strstr(at, word)); at += len) {
        const bool begins = at == name || strchr("._", at[-1]);
        if (begins && strchr("._", at[len])) { /* or its end: strchr finds the NUL, too */
            return true;
        }
    }
    return false;
}

static void check_metric(const json_t *metric, struct oc_report *r)
{
    static const char *const units[] = {"bytes", "ms", "seconds", "percent"};
    const char *name = oc_json_str(metric, "name", "");
    const char *unit = oc_json_str(metric, "unit", NULL);
    if (!unit && strcmp(oc_json_str(metric, "type", ""), "bool") != 0) {
        oc_report_add(r, "OC0008", MANIFEST, name, "%s has no \"unit\"", name);
    }
    for (size_t i = 0; unit && i < OC_COUNT(units); i++) {
        if (strcmp(units[i], unit) == 0 && !has_word(name, unit)) {
            oc_report_add(r, "OC0009", MANIFEST, name, "%s is in %s", name, unit);
        }
    }
}

static void check_metrics(const struct oc_subject *s, struct oc_report *r)
{
    size_t i;
    json_t *metric;
    json_array_foreach(json_object_get(s->manifest->json, "metrics"), i, metric)
    {
        check_metric(metric, r);
    }
}

/* ---- permissions ---- */

static bool is_broad(const struct oc_right *right)
{
    const bool any = strcmp(right->what, "*") == 0 || strcmp(right->what, "/*") == 0 ||
                     strcmp(right->what, "/") == 0;
    switch (right->kind) {
    case OC_RIGHT_NET_TCP:
    case OC_RIGHT_NET_UDP:
        return !right->host && right->lo <= 1 && right->hi == UINT16_MAX;
    case OC_RIGHT_FILE_WRITE:
    case OC_RIGHT_FILE_EXECUTE:
    case OC_RIGHT_SPAWN:
    case OC_RIGHT_SECRET:
    case OC_RIGHT_OP:
        return any;
    case OC_RIGHT_FILE_READ: /* what the daemon's user may read is a lot, but not its to change */
    case OC_RIGHT_NET_HTTP:
    case OC_RIGHT_NET_LISTEN:
    case OC_RIGHT_NET_UNIX:
    case OC_RIGHT_NET_DNS:
    case OC_RIGHT_SIGNAL:
    case OC_RIGHT_ENV:
    case OC_RIGHT_TERMINAL:
        return false;
    }
    return false;
}

/* Is permission `i` covered by another one of the list? */
static const char *covered(const json_t *list, size_t i, const struct oc_right *right)
{
    for (size_t k = 0; k < json_array_size(list); k++) {
        const char *text = json_string_value(json_array_get(list, k));
        struct oc_right other;
        if (k == i || !text || oc_right_parse(text, &other, NULL)) {
            continue;
        }
        const bool both = oc_right_covers(right, &other);
        const bool covers = oc_right_covers(&other, right) && (!both || k < i);
        oc_right_finish(&other);
        if (covers) {
            return text;
        }
    }
    return NULL;
}

static void check_permission(const json_t *list, size_t i, struct oc_report *r)
{
    const char *text = json_string_value(json_array_get(list, i));
    struct oc_right right;
    struct oc_error err;
    oc_error_init(&err);
    if (oc_right_parse(text, &right, &err)) {
        oc_report_add(r, "OC0011", MANIFEST, text, "%s", err.message);
        return;
    }
    const char *other = covered(list, i, &right);
    if (is_broad(&right)) {
        oc_report_add(r, "OC0012", MANIFEST, text, "%s has no bounds", text);
    }
    if (other) {
        oc_report_add(r, "OC0013", MANIFEST, text, "%s is contained in %s", text, other);
    }
    oc_right_finish(&right);
}

static void check_permissions(const struct oc_subject *s, struct oc_report *r)
{
    const json_t *list = json_object_get(s->manifest->json, "permissions");
    for (size_t i = 0; i < json_array_size(list) && i < OC_RIGHTS_MAX; i++) {
        check_permission(list, i, r);
    }
}

/* ---- texts beside the manifest ---- */

/* "{{pluginName}}" that no template filled in. Words of the author's own may stand in braces, too: those of a text that the plugin
 * itself fills in; and of other variables that a template leaves `plugin create` has told. */
static bool has_variable(const char *text)
{
    bool found = false;
    for (const char *at = text; !found && (at = strstr(at, "{{")); at += 2) {
        char *name = oc_strndup(at + 2, strspn(at + 2, LETTERS));
        found = oc_template_fills(name) && oc_starts(at + 2 + strlen(name), "}}");
        free(name);
    }
    return found;
}

static bool read_text(const char *dir, const char *name, struct oc_buf *text)
{
    char *path = oc_path_join(dir, name);
    const bool there = oc_file_read(path, README_MAX, text, NULL) == OC_OK;
    free(path);
    return there;
}

static void check_readme(const struct oc_subject *s, struct oc_report *r)
{
    struct oc_buf text = {0};
    if (!read_text(s->dir, "README.md", &text)) {
        if (s->sources) {
            oc_report_add(r, "OC0007", "README.md", NULL, "there is no README.md");
        }
    } else if (text.data && has_variable(text.data)) {
        oc_report_add(r, "OC0017", "README.md", NULL, "a {{variable}} was not filled in");
    }
    oc_buf_finish(&text);
}

static void check_skill(const struct oc_subject *s, struct oc_report *r)
{
    struct oc_skill skill = {0};
    struct oc_error err;
    oc_error_init(&err);
    if (strcmp(s->manifest->kind, "skill") != 0) {
        return;
    }
    if (oc_skill_load(s->home, &skill, &err)) {
        oc_report_add(r, "OC0015", OC_SKILL_FILE, NULL, "%s", err.message);
        return;
    }
    if (!*skill.name || !*skill.description) {
        oc_report_add(r, "OC0015", OC_SKILL_FILE, NULL, "the front matter has no %s",
                      *skill.name ? "description" : "name");
    }
    if (has_variable(skill.text)) {
        oc_report_add(r, "OC0017", OC_SKILL_FILE, NULL, "a {{variable}} was not filled in");
    }
    oc_skill_finish(&skill);
}

void oc_check_manifest(const struct oc_subject *s, struct oc_report *r)
{
    if (!s->manifest) {
        return;
    }
    check_folder(s, r);
    check_summary(s, r);
    check_license(s, r);
    check_kind(s, r);
    check_abi(s, r);
    check_metrics(s, r);
    check_permissions(s, r);
    if (has_variable(s->text.data)) {
        oc_report_add(r, "OC0017", MANIFEST, NULL, "a {{variable}} was not filled in");
    }
    check_readme(s, r);
    check_skill(s, r);
}
