/* The result as SARIF 2.1.0, the format that code hosts show. SPDX-License-Identifier: MIT
 *
 * https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/version.h"
#include "core/package/check/check.h"
#include "core/package/check/table.h"

#define SCHEMA                                                                                     \
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

static json_t *text_json(const char *text)
{
    json_t *object = json_object();
    oc_json_set_str(object, "text", text);
    return object;
}

static void add_rule(void *ctx, const struct oc_check *check)
{
    json_t *rule = json_object();
    oc_json_set_str(rule, "id", check->id);
    oc_json_take(rule, "shortDescription", text_json(check->title));
    char *full = oc_asprintf("%s %s", check->means, check->why);
    oc_json_take(rule, "fullDescription", text_json(full));
    free(full);
    oc_json_take(rule, "help", text_json(check->fix));
    oc_json_take(rule, "defaultConfiguration",
                 json_pack("{s:s}", "level", oc_severity_name(check->severity)));
    json_array_append_new(ctx, rule);
}

/* The place of a rule in the list; ids are in the order of the table. */
struct search {
    const char *id;
    int at, found;
};

static void look(void *ctx, const struct oc_check *check)
{
    struct search *s = ctx;
    s->found = strcmp(check->id, s->id) == 0 ? s->at : s->found;
    s->at++;
}

/* Paths are relative to the plugin's folder; what may not be in a URI is written as %XX. */
static char *uri_of(const char *file)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    char *uri = oc_alloc(strlen(file) * 3 + 1), *at = uri;
    for (const unsigned char *p = (const unsigned char *)file; *p; p++) {
        if (strchr(plain, *p)) {
            *at++ = (char)*p;
        } else {
            *at++ = '%';
            *at++ = "0123456789ABCDEF"[*p >> 4];
            *at++ = "0123456789ABCDEF"[*p & 15];
        }
    }
    *at = '\0';
    return uri;
}

static json_t *location_of(const json_t *finding)
{
    const char *where = oc_json_str(finding, "where", NULL);
    char *uri = uri_of(oc_json_str(finding, "file", "plugin.json"));
    json_t *location =
        json_pack("{s:{s:{s:s}}}", "physicalLocation", "artifactLocation", "uri", uri);
    if (where) {
        json_t *logical = json_object();
        oc_json_set_str(logical, "name", where);
        oc_json_take(location, "logicalLocations", json_pack("[o]", logical));
    }
    free(uri);
    return location;
}

static json_t *result_of(const json_t *finding)
{
    struct search search = {oc_json_str(finding, "id", ""), 0, -1};
    const char *accepted = oc_json_str(finding, "accepted", NULL);
    json_t *result = json_object();
    oc_check_each(look, &search);
    oc_json_set_str(result, "ruleId", search.id);
    oc_json_set_int(result, "ruleIndex", search.found);
    oc_json_set_str(result, "level", oc_json_str(finding, "severity", "warning"));
    char *text = oc_asprintf("%s: %s", oc_json_str(finding, "title", ""),
                             oc_json_str(finding, "message", ""));
    oc_json_take(result, "message", text_json(text));
    oc_json_take(result, "locations", json_pack("[o]", location_of(finding)));
    if (accepted) {
        json_t *suppression = json_object();
        oc_json_set_str(suppression, "kind", "inSource");
        oc_json_set_str(suppression, "justification", accepted);
        oc_json_take(result, "suppressions", json_pack("[o]", suppression));
    }
    free(text);
    return result;
}

json_t *oc_check_sarif(const json_t *result)
{
    json_t *rules = json_array(), *results = json_array(), *finding;
    size_t i;
    oc_check_each(add_rule, rules);
    json_array_foreach(json_object_get(result, "findings"), i, finding)
    {
        json_array_append_new(results, result_of(finding));
    }
    json_t *driver = json_object();
    oc_json_set_str(driver, "name", "openclaw plugin check");
    oc_json_set_str(driver, "version", OC_VERSION);
    oc_json_take(driver, "rules", rules);
    json_t *run = json_pack("{s:{s:o}, s:o}", "tool", "driver", driver, "results", results);
    return json_pack("{s:s, s:s, s:[o]}", "$schema", SCHEMA, "version", "2.1.0", "runs", run);
}
