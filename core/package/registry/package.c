/* Verifying and parsing package files. SPDX-License-Identifier: MIT */
#include "core/package/registry/package.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/package/semver.h"
#include "core/package/surface.h"

#define ASK_THE_REGISTRY "Tell whoever keeps the registry; nothing of it was used."

/* ---- one row ---- */

static const char *check_artifact(const json_t *a)
{
    static const char *const words[] = {"os", "arch", "libc", "minisig"};
    const json_t *abi = json_object_get(a, "abi");
    for (size_t i = 0; i < OC_COUNT(words); i++) {
        if (!*oc_json_str(a, words[i], "")) {
            return words[i];
        }
    }
    if (!oc_hex64(oc_json_str(a, "sha256", ""))) {
        return "sha256";
    }
    const int64_t size = oc_json_int(a, "size", 0);
    if (size <= 0 || (uint64_t)size > OC_ARTIFACT_MAX) {
        return "size";
    }
    return oc_json_int(abi, "major", 0) < 1 || oc_json_int(abi, "min_minor", -1) < 0 ? "abi" : NULL;
}

static bool all_strings(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!json_is_string(json_array_get(list, i))) {
            return false;
        }
    }
    return json_is_array(list);
}

static const char *check_surface(const json_t *row)
{
    char surface[OC_SHA256_HEX];
    if (!all_strings(json_object_get(row, "permissions"))) {
        return "permissions";
    }
    oc_surface(json_object_get(row, "permissions"), surface);
    return strcmp(oc_json_str(row, "surface", ""), surface) == 0 ? NULL : "surface";
}

int oc_row_check(const json_t *row, struct oc_error *err)
{
    struct oc_semver v;
    const json_t *artifacts = json_object_get(row, "artifacts");
    const char *wrong = NULL;
    if (strcmp(oc_json_str(row, "type", ""), "release") != 0) {
        wrong = "type";
    } else if (oc_json_int(row, "format", 0) != OC_REGISTRY_FORMAT) {
        wrong = "format";
    } else if (!oc_registry_id(oc_json_str(row, "id", ""))) {
        wrong = "id";
    } else if (!oc_semver_parse(oc_json_str(row, "version", ""), &v)) {
        wrong = "version";
    } else if (json_array_size(artifacts) == 0) {
        wrong = "artifacts";
    } else {
        wrong = check_surface(row);
    }
    for (size_t i = 0; !wrong && i < json_array_size(artifacts); i++) {
        wrong = check_artifact(json_array_get(artifacts, i));
    }
    return wrong ? oc_error_set(err, OC_E_VERIFY, "release: \"%s\" is missing or wrong", wrong)
                 : OC_OK;
}

/* ---- the file ---- */

static int take_delegation(struct oc_work *w, const char *id, const char *line, size_t len,
                           const struct oc_root *root, struct oc_package *p)
{
    struct oc_document doc;
    struct oc_error why;
    oc_error_init(&why);
    if (oc_document_split(line, len, &doc, &why) != OC_OK ||
        oc_document_verify(&doc, "delegation", &root->roles[OC_ROLE_PUBLISH]) != OC_VERDICT_GOOD) {
        return oc_refuse(w, OC_E_VERIFY, "delegation-signature", ASK_THE_REGISTRY,
                         "the registry's key for publishers has not signed who may publish %s", id);
    }
    if (oc_delegation_parse(doc.body, doc.body_len, &p->delegation, &why) != OC_OK) {
        return oc_refuse(w, OC_E_VERIFY, "package-format", ASK_THE_REGISTRY, "%s: %s", id,
                         why.message);
    }
    const size_t n = strlen(p->delegation.publisher);
    if (strncmp(id, p->delegation.publisher, n) != 0 || id[n] != '/') {
        return oc_refuse(w, OC_E_REFUSED, "name-confusion", ASK_THE_REGISTRY,
                         "the file of %s is that of the publisher %s", id, p->delegation.publisher);
    }
    return OC_OK;
}

static int take_row(struct oc_work *w, const char *id, const char *line, size_t len,
                    struct oc_package *p)
{
    struct oc_document doc;
    struct oc_error why;
    oc_error_init(&why);
    if (oc_document_split(line, len, &doc, &why) != OC_OK ||
        oc_document_verify(&doc, "release", &p->delegation.ring) != OC_VERDICT_GOOD) {
        return oc_refuse(w, OC_E_VERIFY, "publisher-signature", ASK_THE_REGISTRY,
                         "a version of %s is not signed by its publisher", id);
    }
    json_t *row = oc_json_parse(doc.body, doc.body_len, &why);
    if (!row || oc_row_check(row, &why) != OC_OK) {
        json_decref(row);
        return oc_refuse(w, OC_E_VERIFY, "package-format", ASK_THE_REGISTRY, "%s: %s", id,
                         why.message);
    }
    if (strcmp(oc_json_str(row, "id", ""), id) != 0) {
        oc_refuse(w, OC_E_REFUSED, "name-confusion", ASK_THE_REGISTRY,
                  "the file of %s holds a version of %s", id, oc_json_str(row, "id", ""));
        json_decref(row);
        return w->err.code;
    }
    json_array_append_new(p->rows, row);
    return OC_OK;
}

static int newest_first(const void *a, const void *b)
{
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    return oc_semver_compare(oc_json_str(y, "version", ""), oc_json_str(x, "version", ""));
}

static void sort_rows(json_t **rows)
{
    const size_t n = json_array_size(*rows);
    json_t **sorted = oc_calloc(n + 1, sizeof *sorted), *list = json_array();
    for (size_t i = 0; i < n; i++) {
        sorted[i] = json_array_get(*rows, i);
    }
    qsort(sorted, n, sizeof *sorted, newest_first);
    for (size_t i = 0; i < n; i++) {
        json_array_append(list, sorted[i]);
    }
    json_decref(*rows);
    *rows = list;
    free(sorted);
}

/* A version that is there twice could be shown as one and installed as the other. */
static int check_versions(struct oc_work *w, const char *id, const json_t *rows)
{
    for (size_t i = 1; i < json_array_size(rows); i++) {
        const char *a = oc_json_str(json_array_get(rows, i - 1), "version", "");
        const char *b = oc_json_str(json_array_get(rows, i), "version", "");
        if (oc_semver_compare(a, b) == 0) {
            return oc_refuse(w, OC_E_VERIFY, "package-format", ASK_THE_REGISTRY,
                             "%s has the version %s twice", id, a);
        }
    }
    return OC_OK;
}

int oc_package_parse(struct oc_work *w, const char *id, const char *text, size_t len,
                     const struct oc_root *root, struct oc_package *p)
{
    int code = OC_OK;
    size_t lines = 0;
    *p = (struct oc_package){.rows = json_array()};
    while (code == OC_OK && len > 0) {
        const char *end = memchr(text, '\n', len);
        const size_t line = end ? (size_t)(end - text) : len, step = line + (end != NULL);
        if (line > OC_LINE_MAX || lines > OC_PACKAGE_VERSIONS) {
            code = oc_refuse(w, OC_E_VERIFY, "package-format", ASK_THE_REGISTRY,
                             "the file of %s has too long a line or too many", id);
        } else if (lines == 0) {
            code = take_delegation(w, id, text, line, root, p);
        } else {
            code = take_row(w, id, text, line, p);
        }
        lines++;
        text += step;
        len -= step;
    }
    if (code == OC_OK && lines == 0) {
        code = oc_refuse(w, OC_E_VERIFY, "package-format", ASK_THE_REGISTRY,
                         "the file of %s is empty", id);
    }
    if (code == OC_OK) {
        sort_rows(&p->rows);
        code = check_versions(w, id, p->rows);
    }
    if (code != OC_OK) {
        oc_package_finish(p);
    }
    return code;
}

void oc_package_finish(struct oc_package *p)
{
    json_decref(p->rows);
    *p = (struct oc_package){0};
}
