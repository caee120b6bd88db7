/* The result as JUnit XML, the format that build servers show. SPDX-License-Identifier: MIT
 *
 * One test case for each check that was made: errors and warnings are its failures, notes its output. */
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/package/check/check.h"
#include "core/package/check/table.h"

static void add_attribute(struct oc_buf *out, const char *name, const char *value)
{
    oc_buf_addf(out, " %s=\"", name);
    oc_markup_add(out, value);
    oc_buf_addc(out, '"');
}

struct writing {
    struct oc_buf cases;
    const json_t *result;
    int tests, failures;
};

static bool made(const struct writing *w, const struct oc_check *check)
{
    const json_t *ids = json_object_get(w->result, "made");
    return json_object_get(ids, check->id) != NULL;
}

static void add_finding(struct writing *w, const json_t *finding)
{
    const char *severity = oc_json_str(finding, "severity", "");
    const char *file = oc_json_str(finding, "file", NULL);
    const bool fails = strcmp(severity, "note") != 0;
    oc_buf_adds(&w->cases, fails ? "      <failure" : "      <system-out>");
    if (fails) {
        add_attribute(&w->cases, "type", severity);
        add_attribute(&w->cases, "message", oc_json_str(finding, "message", ""));
        oc_buf_addc(&w->cases, '>');
    }
    if (file) {
        oc_markup_add(&w->cases, file);
        oc_buf_adds(&w->cases, ": ");
    }
    oc_markup_add(&w->cases, oc_json_str(finding, "message", ""));
    oc_buf_addc(&w->cases, '\n');
    oc_markup_add(&w->cases, oc_json_str(finding, "hint", ""));
    oc_buf_adds(&w->cases, fails ? "</failure>\n" : "</system-out>\n");
}

static void add_case(void *ctx, const struct oc_check *check)
{
    struct writing *w = ctx;
    const json_t *finding;
    size_t i;
    bool failed = false;
    if (!made(w, check)) {
        return;
    }
    oc_buf_adds(&w->cases, "    <testcase");
    add_attribute(&w->cases, "classname", oc_json_str(w->result, "name", "plugin"));
    oc_buf_addf(&w->cases, " name=\"%s ", check->id);
    oc_markup_add(&w->cases, check->title);
    oc_buf_adds(&w->cases, "\">\n");
    json_array_foreach(json_object_get(w->result, "findings"), i, finding)
    {
        if (strcmp(oc_json_str(finding, "id", ""), check->id) == 0) {
            add_finding(w, finding);
            failed = failed || strcmp(oc_json_str(finding, "severity", ""), "note") != 0;
        }
    }
    oc_buf_adds(&w->cases, "    </testcase>\n");
    w->tests++;
    w->failures += failed;
}

char *oc_check_junit(const json_t *result)
{
    struct writing w = {.result = result};
    struct oc_buf out = {0};
    oc_check_each(add_case, &w);
    oc_buf_addf(&out,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
                "  <testsuite tests=\"%d\" failures=\"%d\" errors=\"0\" skipped=\"0\"",
                w.tests, w.failures);
    add_attribute(&out, "name", "openclaw plugin check");
    oc_buf_adds(&out, ">\n");
    if (w.cases.len) {
        oc_buf_add(&out, w.cases.data, w.cases.len);
    }
    oc_buf_adds(&out, "  </testsuite>\n</testsuites>\n");
    oc_buf_finish(&w.cases);
    return oc_buf_take(&out);
}
