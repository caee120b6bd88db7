/* What `policy test` found, as TAP and as JUnit XML. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/policy/internal.h"

/* "expected ["ops"], got []", behind the message when there is one; the message alone when nothing was asked. Caller owns. */
static char *difference(const json_t *test)
{
    if (oc_json_str(test, "message", "")[0] != '\0' &&
        json_is_null(json_object_get(test, "expected")) &&
        json_is_null(json_object_get(test, "got"))) {
        return oc_strdup(oc_json_str(test, "message", ""));
    }
    char *got = oc_json_text(json_object_get(test, "got"));
    char *expected = oc_json_text(json_object_get(test, "expected"));
    const char *message = oc_json_str(test, "message", "");
    char *text =
        oc_asprintf("%s%sexpected %s, got %s", message, message[0] ? ": " : "", expected, got);
    free(got);
    free(expected);
    return text;
}

static size_t count_tests(const json_t *files)
{
    size_t i, count = 0;
    json_t *file;
    json_array_foreach((json_t *)files, i, file)
    {
        count += json_array_size(json_object_get(file, "tests"));
    }
    return count;
}

/* '#' begins a directive, and a line is a line. */
static void add_description(struct oc_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '#' || *text == '\\') {
            oc_buf_addc(out, '\\');
        }
        oc_buf_addc(out, (unsigned char)*text < ' ' ? ' ' : *text);
    }
}

static void add_tap(struct oc_buf *out, const json_t *file, size_t *number)
{
    size_t i;
    json_t *test;
    json_array_foreach(json_object_get(file, "tests"), i, test)
    {
        const bool ok = oc_json_bool(test, "ok", false);
        oc_buf_addf(out, "%s %zu - ", ok ? "ok" : "not ok", ++*number);
        add_description(out, oc_json_str(file, "file", ""));
        oc_buf_adds(out, ": ");
        add_description(out, oc_json_str(test, "name", ""));
        oc_buf_addc(out, '\n');
        if (!ok) {
            char *text = difference(test);
            json_t *quoted = json_string(text);
            char *yaml = oc_json_text(quoted); /* a JSON string is a YAML string */
            oc_buf_addf(out, "  ---\n  message: %s\n  severity: fail\n  ...\n", yaml);
            free(yaml);
            json_decref(quoted);
            free(text);
        }
    }
}

char *oc_policy_tap(const json_t *files)
{
    struct oc_buf out = {0};
    size_t i, number = 0;
    json_t *file;
    oc_buf_addf(&out, "TAP version 13\n1..%zu\n", count_tests(files));
    json_array_foreach((json_t *)files, i, file)
    {
        add_tap(&out, file, &number);
    }
    return oc_buf_take(&out);
}

static void add_attribute(struct oc_buf *out, const char *name, const char *value)
{
    oc_buf_addf(out, " %s=\"", name);
    oc_markup_add(out, value);
    oc_buf_addc(out, '"');
}

static int add_case(struct oc_buf *out, const json_t *file, const json_t *test)
{
    const bool ok = oc_json_bool(test, "ok", false);
    oc_buf_adds(out, "    <testcase");
    add_attribute(out, "classname", oc_json_str(file, "file", ""));
    add_attribute(out, "name", oc_json_str(test, "name", ""));
    if (ok) {
        oc_buf_adds(out, "/>\n");
        return 0;
    }
    char *text = difference(test);
    oc_buf_adds(out, ">\n      <failure type=\"policy\"");
    add_attribute(out, "message", text);
    oc_buf_adds(out, "/>\n    </testcase>\n");
    free(text);
    return 1;
}

static int add_suite(struct oc_buf *out, const json_t *file)
{
    struct oc_buf cases = {0};
    const json_t *tests = json_object_get(file, "tests");
    int failures = 0;
    size_t i;
    json_t *test;
    json_array_foreach((json_t *)tests, i, test)
    {
        failures += add_case(&cases, file, test);
    }
    oc_buf_adds(out, "  <testsuite");
    add_attribute(out, "name", oc_json_str(file, "file", ""));
    oc_buf_addf(out, " tests=\"%zu\" failures=\"%d\" errors=\"0\" skipped=\"0\">\n",
                json_array_size(tests), failures);
    oc_buf_add(out, cases.data, cases.len);
    oc_buf_adds(out, "  </testsuite>\n");
    oc_buf_finish(&cases);
    return failures;
}

char *oc_policy_junit(const json_t *files)
{
    struct oc_buf suites = {0}, out = {0};
    int failures = 0;
    size_t i;
    json_t *file;
    json_array_foreach((json_t *)files, i, file)
    {
        failures += add_suite(&suites, file);
    }
    oc_buf_addf(&out,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<testsuites name=\"openclaw policy test\" tests=\"%zu\" failures=\"%d\">\n",
                count_tests(files), failures);
    oc_buf_add(&out, suites.data, suites.len);
    oc_buf_adds(&out, "</testsuites>\n");
    oc_buf_finish(&suites);
    return oc_buf_take(&out);
}
