/* The verbs of the package worker about: check. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/check/check.h"
#include "core/package/check/table.h"
#include "core/package/work.h"
#include "core/sys/file.h"

/* Each id of --only and --skip must be one that there is: a misspelt one would check nothing, or everything. */
static int check_ids(struct oc_work *w, const char *key)
{
    const json_t *list = json_object_get(w->params, key), *id;
    size_t i;
    json_array_foreach(list, i, id)
    {
        if (!json_is_string(id) || !oc_check_find(json_string_value(id))) {
            oc_error_set(&w->err, OC_E_CONFIG, "%s: there is no check %s", key,
                         json_is_string(id) ? json_string_value(id) : "?");
            oc_error_hint(&w->err, "`openclaw plugin check --list` shows all of them.");
            return OC_E_CONFIG;
        }
    }
    return OC_OK;
}

/* "-" puts the text into the result, for stdout; else it is written to the file. Takes text. */
static int put_report(struct oc_work *w, json_t *result, const char *key, char *text)
{
    const char *to = oc_json_str(w->params, key, "-");
    int code = OC_OK;
    if (strcmp(to, "-") == 0) {
        oc_json_set_str(result, "document", text);
    } else {
        char *path = oc_path_expand(to, NULL);
        code = oc_file_write(path, text, strlen(text), 0644, &w->err);
        free(path);
    }
    free(text);
    return code;
}

static int put_reports(struct oc_work *w, json_t *result)
{
    int code = OC_OK;
    if (json_object_get(w->params, "sarif")) {
        json_t *sarif = oc_check_sarif(result);
        code = put_report(w, result, "sarif", oc_json_pretty(sarif));
        json_decref(sarif);
    }
    if (!code && json_object_get(w->params, "junit")) {
        code = put_report(w, result, "junit", oc_check_junit(result));
    }
    return code;
}

static int check(struct oc_work *w)
{
    const struct oc_check_options options = {
        .level = (int)oc_json_int(w->params, "level", 1),
        .only = json_object_get(w->params, "only"),
        .skip = json_object_get(w->params, "skip"),
        .seed = oc_json_int(w->params, "seed", 1),
        .rounds = oc_json_int(w->params, "rounds", 200),
    };
    json_t *result = NULL;
    if (oc_json_bool(w->params, "list", false)) {
        oc_work_result(w, json_pack("{s:o}", "table", oc_check_table_json()));
        return OC_OK;
    }
    int code = check_ids(w, "only");
    code = code ? code : check_ids(w, "skip");
    code = code ? code : oc_check_path(w, oc_json_str(w->params, "path", "."), &options, &result);
    if (!code) {
        const bool strict = oc_json_bool(w->params, "strict", false);
        oc_json_set_bool(result, "clean",
                         oc_json_int(result, "errors", 0) == 0 &&
                             (!strict || oc_json_int(result, "warnings", 0) == 0));
        code = put_reports(w, result);
    }
    if (code) {
        json_decref(result);
        return code;
    }
    oc_work_result(w, result);
    return OC_OK;
}

const struct oc_verb oc_verbs_check[] = {{"plugin.check", check}, {0}};
