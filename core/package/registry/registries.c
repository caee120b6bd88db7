/* Reading and writing registries.json. SPDX-License-Identifier: MIT */
#include "core/package/registry/registries.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/vec.h"
#include "core/package/lock.h"
#include "core/package/registry/meta.h"
#include "core/package/registry/refuse.h"
#include "core/sys/file.h"

#define FILE_MAX   (1u << 20)
#define REGISTRIES 64u

static char *path_of(const struct oc_work *w)
{
    return oc_asprintf("%s/packages/registries.json", w->home);
}

static bool row_ok(const json_t *row)
{
    return oc_registry_word(oc_json_str(row, "name", "")) && *oc_json_str(row, "url", "");
}

static json_t *parse(struct oc_work *w, const char *path, const struct oc_buf *text)
{
    json_t *json = oc_json_parse(text->data, text->len, NULL);
    json_t *list = json_incref(json_object_get(json, "registries"));
    bool good = json_is_array(list) && json_array_size(list) <= REGISTRIES;
    for (size_t i = 0; i < json_array_size(list); i++) {
        good = good && row_ok(json_array_get(list, i));
    }
    json_decref(json);
    if (!good) {
        json_decref(list);
        oc_refuse(w, OC_E_CONFIG, "registries-damaged",
                  "Remove the file and add the registries again.", "%s: damaged", path);
        return NULL;
    }
    return list;
}

json_t *oc_registries_load(struct oc_work *w)
{
    struct oc_buf text = {0};
    struct oc_error err;
    char *path = path_of(w);
    json_t *list = NULL;
    oc_error_init(&err);
    const int code = oc_file_read(path, FILE_MAX, &text, &err);
    if (code == OC_OK) {
        list = parse(w, path, &text);
    } else if (code == OC_E_NOT_FOUND) {
        list = json_array();
    } else {
        w->err = err;
        oc_error_hint(&w->err, "Remove it and add the registries again.");
    }
    oc_buf_finish(&text);
    free(path);
    return list;
}

int oc_registries_lock(struct oc_work *w)
{
    char *dir = oc_path_join(w->home, "packages"), *path = oc_path_join(dir, "registries.lock");
    int code = oc_dir_make(dir, 0755, &w->err);
    code = code == OC_OK ? oc_packages_lock(w, path, "registries") : code;
    free(path);
    free(dir);
    return code;
}

int oc_registries_save(struct oc_work *w, const json_t *list)
{
    json_t *json = json_pack("{s:i, s:O}", "schema", 1, "registries", list);
    char *text = oc_json_pretty(json), *path = path_of(w), *dir = oc_path_dir(path);
    int code = oc_dir_make(dir, 0755, &w->err);
    if (code == OC_OK) {
        code = oc_file_write(path, text, strlen(text), 0644, &w->err);
    }
    free(dir);
    free(path);
    free(text);
    json_decref(json);
    return code;
}

json_t *oc_registries_find(const json_t *list, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *row = json_array_get(list, i);
        if (strcmp(oc_json_str(row, "name", ""), name) == 0) {
            return row;
        }
    }
    return NULL;
}

char *oc_registries_dir(const struct oc_work *w, const char *name)
{
    return oc_asprintf("%s/packages/registries/%s", w->home, name);
}

int oc_registries_unknown(struct oc_work *w, const json_t *list, const char *name)
{
    struct oc_buf names = {0};
    for (size_t i = 0; i < json_array_size(list); i++) {
        oc_buf_addf(&names, "%s%s", i ? ", " : "",
                    oc_json_str(json_array_get(list, i), "name", ""));
    }
    oc_refuse(w, OC_E_NOT_FOUND, "registry-unknown",
              "`openclaw registry list` shows them; `openclaw registry add NAME URL` adds one.",
              "no registry is named '%.64s'; there %s %s", name, names.len ? "are:" : "is",
              names.len ? names.data : "none");
    oc_buf_finish(&names);
    return w->err.code;
}
