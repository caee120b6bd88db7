/* The reports, the table of checks, and whether a test triggers each. SPDX-License-Identifier: MIT */
#include "tests/unit/package/check/kit.h"

#include <dirent.h>

#include "core/package/check/table.h"

static json_t *result_of_exports(void)
{
    return check_specimen("exports", 0);
}

/* ---- SARIF ---- */

static void sarif_has_the_members_that_readers_want(void **state)
{
    json_t *result = result_of_exports();
    json_t *sarif = oc_check_sarif(result);
    (void)state;
    assert_string_equal(oc_json_str(sarif, "version", ""), "2.1.0");
    const json_t *driver = oc_json_path(sarif, "runs[0].tool.driver");
    const json_t *row = oc_json_path(sarif, "runs[0].results[0]");
    assert_true(*oc_json_str(driver, "name", ""));
    assert_string_equal(oc_json_str(row, "ruleId", ""), "OC0111");
    assert_string_equal(oc_json_str(row, "level", ""), "error");
    const json_t *rule = json_array_get(json_object_get(driver, "rules"),
                                        (size_t)oc_json_int(row, "ruleIndex", 9999));
    assert_string_equal(oc_json_str(rule, "id", ""), "OC0111");
    assert_true(*oc_json_str(oc_json_path(row, "message"), "text", ""));
    assert_string_equal(oc_json_str(oc_json_path(row, "locations[0].physicalLocation"
                                                      ".artifactLocation"),
                                    "uri", ""),
                        "exports.so");
    json_decref(sarif);
    json_decref(result);
}

static void sarif_writes_paths_as_uris_and_exceptions_as_suppressions(void **state)
{
    json_t *result =
        json_pack("{s:[{s:s, s:s, s:s, s:s, s:s, s:s}]}", "findings", "id", "OC0012", "severity",
                  "note", "title", "t", "message", "m", "file", "a b/ü", "accepted", "because");
    json_t *sarif = oc_check_sarif(result);
    const json_t *row = oc_json_path(sarif, "runs[0].results[0]");
    (void)state;
    assert_string_equal(
        oc_json_str(oc_json_path(row, "locations[0].physicalLocation.artifactLocation"), "uri", ""),
        "a%20b/%C3%BC");
    assert_string_equal(oc_json_str(oc_json_path(row, "suppressions[0]"), "justification", ""),
                        "because");
    json_decref(sarif);
    json_decref(result);
}

/* ---- JUnit ---- */

static void junit_has_a_case_for_each_check_that_was_made(void **state)
{
    json_t *result = result_of_exports();
    char *text = oc_check_junit(result), head[128];
    (void)state;
    snprintf(head, sizeof head, "<testsuite tests=\"%lld\" failures=\"1\"",
             (long long)oc_json_int(result, "checks", 0));
    assert_non_null(strstr(text, head));
    assert_non_null(
        strstr(text, "<failure type=\"error\" message=\"stray_function is exported\">"));
    assert_null(strstr(text, "OC1001"));
    free(text);
    json_decref(result);
}

static void junit_escapes_what_xml_cannot_hold(void **state)
{
    json_t *result =
        json_pack("{s:s, s:{s:b}, s:[{s:s, s:s, s:s}]}", "name", "<a & \"b\">", "made", "OC0012", 1,
                  "findings", "id", "OC0012", "severity", "error", "message", "]]> & \x01");
    char *text = oc_check_junit(result);
    (void)state;
    assert_non_null(strstr(text, "classname=\"&lt;a &amp; &quot;b&quot;&gt;\""));
    assert_non_null(strstr(text, "]]&gt; &amp;"));
    assert_null(strchr(text, '\x01'));
    free(text);
    json_decref(result);
}

/* ---- the table ---- */

struct visit {
    const char *last;
    char *sources; /* all test_check_*.c of this folder, joined */
};

static void visit_check(void *ctx, const struct oc_check *check)
{
    struct visit *v = ctx;
    assert_int_equal(strlen(check->id), 6);
    assert_memory_equal(check->id, "OC", 2);
    assert_in_range(oc_check_level(check), 0, OC_CHECK_LEVEL_MAX);
    assert_true(!v->last || strcmp(v->last, check->id) < 0);
    assert_ptr_equal(oc_check_find(check->id), check);
    assert_true(*check->title && *check->means && *check->why && *check->fix);
    assert_int_not_equal(check->title[strlen(check->title) - 1], '.');
    assert_int_equal(check->fix[strlen(check->fix) - 1], '.');
    if (!strstr(v->sources, check->id)) {
        fail_msg("no test triggers %s", check->id);
    }
    v->last = check->id;
}

static char *read_sources(void)
{
    struct oc_buf all = {0};
    DIR *d = opendir(OC_SOURCE_DIR "/tests/unit/package/check");
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        char path[512];
        snprintf(path, sizeof path, "%s/tests/unit/package/check/%s", OC_SOURCE_DIR, e->d_name);
        if (strncmp(e->d_name, "test_check_", 11) == 0 &&
            strcmp(e->d_name, "test_check_report.c") != 0) {
            assert_int_equal(oc_file_read(path, 1 << 20, &all, NULL), 0);
        }
    }
    closedir(d);
    return oc_buf_take(&all);
}

static void every_check_is_explained_and_triggered(void **state)
{
    struct visit v = {.sources = read_sources()};
    (void)state;
    oc_check_each(visit_check, &v);
    free(v.sources);
}

static void an_unknown_check_is_not_found(void **state)
{
    (void)state;
    assert_null(oc_check_find("OC9999"));
    assert_null(oc_check_find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sarif_has_the_members_that_readers_want),
        cmocka_unit_test(sarif_writes_paths_as_uris_and_exceptions_as_suppressions),
        cmocka_unit_test(junit_has_a_case_for_each_check_that_was_made),
        cmocka_unit_test(junit_escapes_what_xml_cannot_hold),
        cmocka_unit_test(every_check_is_explained_and_triggered),
        cmocka_unit_test(an_unknown_check_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
