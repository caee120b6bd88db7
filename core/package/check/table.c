/* Looks checks up. SPDX-License-Identifier: MIT */
#include "core/package/check/table.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"

static const struct oc_check *const tables[] = {oc_checks_manifest, oc_checks_binary,
                                                oc_checks_imports, oc_checks_files, oc_checks_run};

void oc_check_each(void (*fn)(void *ctx, const struct oc_check *check), void *ctx)
{
    for (size_t i = 0; i < OC_COUNT(tables); i++) {
        for (const struct oc_check *c = tables[i]; c->id; c++) {
            fn(ctx, c);
        }
    }
}

const struct oc_check *oc_check_find(const char *id)
{
    for (size_t i = 0; i < OC_COUNT(tables); i++) {
        for (const struct oc_check *c = tables[i]; c->id; c++) {
            if (strcmp(c->id, id) == 0) {
                return c;
            }
        }
    }
    return NULL;
}

int oc_check_level(const struct oc_check *check)
{
    return check->id[2] - '0';
}

const char *oc_severity_name(enum oc_severity severity)
{
    static const char *const names[] = {"error", "warning", "note"};
    return names[severity];
}

static void add_row(void *ctx, const struct oc_check *check)
{
    json_t *row = json_object();
    oc_json_set_str(row, "id", check->id);
    oc_json_set_int(row, "level", oc_check_level(check));
    oc_json_set_str(row, "severity", oc_severity_name(check->severity));
    oc_json_set_str(row, "title", check->title);
    oc_json_set_str(row, "means", check->means);
    oc_json_set_str(row, "why", check->why);
    oc_json_set_str(row, "fix", check->fix);
    json_array_append_new(ctx, row);
}

json_t *oc_check_table_json(void)
{
    json_t *list = json_array();
    oc_check_each(add_row, list);
    return list;
}
