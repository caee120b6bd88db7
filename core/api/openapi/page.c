/* The human page: the OpenAPI document as HTML. SPDX-License-Identifier: MIT
 *
 * One page without a script: it is read with any browser, also a text one, and the site's content policy holds for it. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/openapi/openapi.h"
#include "core/base/json.h"
#include "core/base/text.h"

#define FORM "application/x-www-form-urlencoded"

/* Text that comes from operations, some of which plugins bring: never as markup. */
static void text(struct oc_buf *out, const char *s)
{
    oc_markup_add(out, s ? s : "");
}

static void element(struct oc_buf *out, const char *tag, const char *s)
{
    oc_buf_addf(out, "<%s>", tag);
    text(out, s);
    oc_buf_addf(out, "</%s>", tag);
}

/* "string", "integer", "list of strings", "one of a, b" */
static void type_of(struct oc_buf *out, const json_t *schema)
{
    const json_t *choices = json_object_get(schema, "enum"), *one;
    const char *type = oc_json_str(schema, "type", "any");
    size_t i;
    if (choices) {
        oc_buf_adds(out, "one of ");
        json_array_foreach(choices, i, one)
        {
            oc_buf_adds(out, i ? ", " : "");
            element(out, "code", json_string_value(one));
        }
    } else if (strcmp(type, "array") == 0) {
        oc_buf_adds(out, "list of ");
        text(out, oc_json_str(json_object_get(schema, "items"), "type", "values"));
    } else {
        text(out, json_object_get(schema, "anyOf") ? "size" : type);
    }
}

static void value_of(struct oc_buf *out, const json_t *value)
{
    char *s = value ? json_dumps(value, OC_JSON_WIRE) : NULL;
    if (s) {
        element(out, "code", s);
    }
    free(s);
}

static void param_row(struct oc_buf *out, const char *name, const char *where, bool required,
                      const char *description, const json_t *schema)
{
    oc_buf_adds(out, "<tr><td><code>");
    text(out, name);
    oc_buf_addf(out, "</code>%s</td><td>%s</td><td>", required ? " <b>required</b>" : "", where);
    type_of(out, schema);
    oc_buf_adds(out, "</td><td>");
    value_of(out, json_object_get(schema, "default"));
    oc_buf_adds(out, "</td><td>");
    text(out, description);
    oc_buf_adds(out, "</td></tr>\n");
}

static bool is_required(const json_t *schema, const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(schema, "required"), i, one)
    {
        if (strcmp(json_string_value(one), name) == 0) {
            return true;
        }
    }
    return false;
}

static void params(struct oc_buf *out, const json_t *operation, const json_t *schema)
{
    const json_t *list = json_object_get(operation, "parameters");
    json_t *properties = json_object_get(schema, "properties"), *one;
    const char *name;
    size_t i;
    if (json_array_size(list) + json_object_size(properties) == 0) {
        return;
    }
    oc_buf_adds(out, "<div class=\"wide\"><table><thead><tr><th>Parameter</th><th>In</th>"
                     "<th>Type</th><th>Default</th><th>Meaning</th></tr></thead><tbody>\n");
    json_array_foreach(list, i, one)
    {
        param_row(out, oc_json_str(one, "name", ""), oc_json_str(one, "in", ""),
                  oc_json_bool(one, "required", false), oc_json_str(one, "description", ""),
                  json_object_get(one, "schema"));
    }
    json_object_foreach(properties, name, one)
    {
        param_row(out, name, "body", is_required(schema, name), oc_json_str(one, "description", ""),
                  one);
    }
    oc_buf_adds(out, "</tbody></table></div>\n");
}

static const json_t *media_of(const json_t *operation)
{
    const json_t *content = json_object_get(json_object_get(operation, "requestBody"), "content");
    const json_t *json = json_object_get(content, "application/json");
    return json ? json : json_object_get(content, FORM);
}

static bool is_form(const json_t *operation)
{
    const json_t *content = json_object_get(json_object_get(operation, "requestBody"), "content");
    return json_object_get(content, FORM);
}

/* What curl needs beside the path. */
static void example_body(struct oc_buf *out, const char *method, const json_t *operation)
{
    const json_t *media = media_of(operation), *given = json_object_get(media, "example");
    if (!media) {
        for (oc_buf_adds(out, " -X "); *method; method++) {
            oc_buf_addc(out, (char)toupper((unsigned char)*method));
        }
    } else if (is_form(operation)) {
        oc_buf_adds(out, " -d '");
        text(out, json_string_value(oc_json_path(media, "schema.required[0]")));
        oc_buf_adds(out, "=...'");
    } else {
        char *body = given ? json_dumps(given, OC_JSON_WIRE) : NULL;
        oc_buf_adds(out, " --json '");
        text(out, body ? body : "{}");
        oc_buf_adds(out, "'");
        free(body);
    }
}

static void add_escaped(struct oc_buf *out, const char *s)
{
    for (; *s; s++) {
        const bool plain = isalnum((unsigned char)*s) || strchr("-._~", *s);
        oc_buf_addf(out, plain ? "%c" : "%%%02X", (unsigned char)*s);
    }
}

/* What a GET cannot go without: "?name=NAME". */
static void example_query(struct oc_buf *out, const json_t *operation)
{
    const char *before = "?";
    json_t *one;
    size_t i;
    json_array_foreach(json_object_get(operation, "parameters"), i, one)
    {
        const json_t *value = json_object_get(one, "example");
        value = json_is_array(value) ? json_array_get(value, 0) : value;
        char *written = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);
        if (value && strcmp(oc_json_str(one, "in", ""), "query") == 0) {
            oc_buf_adds(out, before);
            add_escaped(out, oc_json_str(one, "name", ""));
            oc_buf_adds(out, "=");
            add_escaped(out, written ? written : json_string_value(value));
            before = "&amp;";
        }
        free(written);
    }
}

static void example(struct oc_buf *out, const char *method, const char *path,
                    const json_t *operation)
{
    oc_buf_adds(out, "<pre>curl -H \"Authorization: Bearer $TOKEN\"");
    if (strcmp(method, "get") != 0) {
        example_body(out, method, operation);
    }
    oc_buf_adds(out, " \"$OPENCLAW");
    text(out, path);
    if (strcmp(method, "get") == 0) {
        example_query(out, operation);
    }
    oc_buf_adds(out, "\"</pre>\n");
    const char *result = oc_json_str(operation, "x-openclaw-result", NULL);
    if (result) {
        oc_buf_adds(out, "<p>data: ");
        element(out, "code", result);
        oc_buf_adds(out, "</p>\n");
    }
}

static void statuses(struct oc_buf *out, const json_t *operation)
{
    const char *status;
    json_t *one;
    oc_buf_adds(out, "<p class=\"statuses\">Answers ");
    size_t i = 0;
    json_object_foreach(json_object_get(operation, "responses"), status, one)
    {
        oc_buf_adds(out, i++ ? ", " : "");
        text(out, status);
    }
    oc_buf_adds(out, ".</p>\n");
}

static void method_section(struct oc_buf *out, const char *method, const char *path,
                           const json_t *operation)
{
    oc_buf_adds(out, "<section id=\"");
    text(out, oc_json_str(operation, "operationId", ""));
    oc_buf_addf(out, "\"><h3><span class=\"method %s\">%s</span> <code>", method, method);
    text(out, path);
    oc_buf_adds(out, "</code></h3>\n<p>");
    text(out, oc_json_str(operation, "summary", ""));
    oc_buf_adds(out, ". <span class=\"role\">");
    text(out, oc_json_str(operation, "x-openclaw-role", ""));
    oc_buf_adds(out, "</span></p>\n");
    if (json_object_get(operation, "description")) {
        element(out, "p", oc_json_str(operation, "description", ""));
    }
    params(out, operation, json_object_get(media_of(operation), "schema"));
    example(out, method, path, operation);
    statuses(out, operation);
    oc_buf_adds(out, "</section>\n");
}

static bool has_tag(const json_t *operation, const char *tag)
{
    const json_t *tags = json_object_get(operation, "tags");
    return strcmp(json_string_value(json_array_get(tags, 0)), tag) == 0;
}

static void tag_section(struct oc_buf *out, const json_t *document, const char *tag)
{
    const char *path, *method;
    json_t *item, *operation;
    oc_buf_adds(out, "<h2 id=\"tag-");
    text(out, tag);
    oc_buf_adds(out, "\">");
    text(out, tag);
    oc_buf_adds(out, "</h2>\n");
    json_object_foreach(json_object_get(document, "paths"), path, item)
    {
        json_object_foreach(item, method, operation)
        {
            if (has_tag(operation, tag)) {
                method_section(out, method, path, operation);
            }
        }
    }
}

static const char introduction[] =
    "<p>Every operation of the host is a path: <b>POST</b> it with a JSON object of parameters; "
    "those that only read also answer <b>GET</b> with a query, in which a list is a name given "
    "several times. The same document for programs: <a href=\"/api/openapi.json\">"
    "/api/openapi.json</a> (OpenAPI 3.1).</p>\n"
    "<p>An answer is <code>{\"ok\":true,\"data\":..,\"warnings\":[]}</code>, a failure "
    "<code>{\"ok\":false,\"data\":null,\"warnings\":[],\"error\":{\"code\",\"message\",\"hint\"}}"
    "</code>. Show a token as <code>Authorization: Bearer</code>, or as the password of Basic. "
    "What takes long is answered 202 with a job; <code>Prefer: respond-async</code> asks for one "
    "at once, <code>Accept: text/event-stream</code> for rows and progress as they come.</p>\n";

static void websockets(struct oc_buf *out, const json_t *document)
{
    const char *path;
    json_t *summary, *all = json_object_get(document, "x-openclaw-websockets");
    if (json_object_size(all) == 0) {
        return;
    }
    oc_buf_adds(out, "<h2 id=\"websockets\">WebSockets</h2>\n<ul>\n");
    json_object_foreach(all, path, summary)
    {
        oc_buf_adds(out, "<li>");
        element(out, "code", path);
        oc_buf_adds(out, " ");
        text(out, json_string_value(summary));
        oc_buf_adds(out, "</li>\n");
    }
    oc_buf_adds(out, "</ul>\n");
}

void oc_openapi_page(const json_t *document, struct oc_buf *out)
{
    const json_t *tags = json_object_get(document, "tags"), *tag;
    size_t i;
    oc_buf_adds(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width\">"
                     "<title>openclaw API</title>"
                     "<link rel=\"stylesheet\" href=\"/api/docs.css\"></head><body>\n"
                     "<header><h1>openclaw API <small>");
    text(out, oc_json_str(json_object_get(document, "info"), "version", ""));
    oc_buf_adds(out, "</small></h1></header>\n<nav aria-label=\"Contents\"><ul>\n");
    json_array_foreach(tags, i, tag)
    {
        const char *name = oc_json_str(tag, "name", "");
        oc_buf_adds(out, "<li><a href=\"#tag-");
        text(out, name);
        oc_buf_adds(out, "\">");
        text(out, name);
        oc_buf_adds(out, "</a></li>\n");
    }
    oc_buf_adds(out, "</ul></nav>\n<main>\n");
    oc_buf_adds(out, introduction);
    json_array_foreach(tags, i, tag)
    {
        tag_section(out, document, oc_json_str(tag, "name", ""));
    }
    websockets(out, document);
    oc_buf_adds(out, "</main></body></html>\n");
}
