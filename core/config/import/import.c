/* Telling the original's files apart and writing the result. SPDX-License-Identifier: MIT */
#include "core/config/import/import.h"

#include <string.h>

#include "core/config/dump.h"
#include "core/config/import/importer.h"
#include "core/config/parse.h"
#include "core/config/yaml.h"
#include "core/sys/file.h"

struct format {
    const char *name;
    void (*import)(struct oc_importer *imp);
};

static bool has_object(const json_t *source, const char *path)
{
    return json_is_object(oc_json_path(source, path));
}

static const struct format *recognise(const json_t *source)
{
    static const struct format monitoring = {"monitoring-config.json", oc_import_monitoring};
    static const struct format rules = {"alert-rules.yaml", oc_import_rules};
    static const struct format openclaw = {"openclaw.json", oc_import_openclaw};

    if (has_object(source, "alerting") || has_object(source, "monitoring")) {
        return &monitoring;
    }
    if (has_object(source, "thresholds") || has_object(source, "notifications") ||
        has_object(source, "suppression")) {
        return &rules;
    }
    if (json_is_array(json_object_get(source, "agents")) || has_object(source, "collective")) {
        return &openclaw;
    }
    return NULL;
}

/* JSON may nest 2048 deep, which is more than anything here needs. */
static bool too_deep(const json_t *value, int depth)
{
    json_t *child;
    const char *key;
    size_t i;

    if (depth > OC_CONFIG_MAX_DEPTH) {
        return true;
    }
    json_array_foreach(value, i, child)
    {
        if (too_deep(child, depth + 1)) {
            return true;
        }
    }
    json_object_foreach((json_t *)value, key, child)
    {
        if (too_deep(child, depth + 1)) {
            return true;
        }
    }
    return false;
}

static json_t *read_document(const char *text, size_t len, struct oc_error *err)
{
    size_t start = 0;
    while (start < len && strchr(" \t\r\n", text[start])) {
        start++;
    }
    bool json = start < len && text[start] == '{';
    json_t *source = json ? oc_json_parse_request(text, len, err) : oc_yaml_parse(text, len, err);
    if (source && too_deep(source, 0)) {
        oc_error_set(err, OC_E_CONFIG, "nested deeper than %d levels", OC_CONFIG_MAX_DEPTH);
        json_decref(source);
        source = NULL;
    }
    return source;
}

static void write_text(const struct oc_importer *imp, const struct format *format,
                       struct oc_buf *conf_text)
{
    struct oc_node *root = oc_node_from_json(imp->out, NULL);
    oc_buf_addf(conf_text, "# Imported from %s of the original system.\n", format->name);
    if (json_object_get(imp->out, "collectors")) {
        oc_buf_adds(conf_text,
                    "# The built-in collectors are here too, as listing one of them takes "
                    "the place of all: leave out what does not run.\n");
    }
    oc_config_dump(root, conf_text);
    oc_node_free(root);
}

json_t *oc_import_text(const char *file, const char *text, size_t len, struct oc_buf *conf_text,
                       struct oc_diags *diags, struct oc_error *err)
{
    struct oc_importer imp = {.diags = diags, .at = {.file = file}};
    const struct format *format;
    json_t *report = NULL;
    size_t before = diags->list.count;

    imp.source = read_document(text, len, err);
    if (!imp.source) {
        oc_error_prefix(err, "%s", file);
        return NULL;
    }
    format = recognise(imp.source);
    if (!format) {
        oc_error_set(err, OC_E_UNSUPPORTED, "%s: not a configuration of the original system", file);
        oc_error_hint(err, "monitoring-config.json, alert-rules.yaml and openclaw.json can be "
                           "imported.");
        goto out;
    }
    imp.out = json_object();
    imp.origins = json_object();
    imp.variables = json_object();
    oc_import_find_variables(&imp);
    format->import(&imp);
    write_text(&imp, format, conf_text);
    report = json_object();
    oc_json_set_str(report, "format", format->name);
    oc_json_set_str(report, "file", file);
    oc_json_set_int(report, "mapped", (int64_t)imp.mapped);
    oc_json_set_int(report, "not_mapped", (int64_t)(diags->list.count - before));
out:
    json_decref(imp.source);
    json_decref(imp.out);
    json_decref(imp.origins);
    json_decref(imp.variables);
    return report;
}

json_t *oc_import(const char *file, struct oc_buf *conf_text, struct oc_diags *diags,
                  struct oc_error *err)
{
    struct oc_buf text = {0};
    json_t *report = NULL;

    if (!oc_file_read(file, OC_CONFIG_MAX_BYTES, &text, err)) {
        report = oc_import_text(file, text.data ? text.data : "", text.len, conf_text, diags, err);
    }
    oc_buf_finish(&text);
    return report;
}
