/* Lock files, surfaces and changelogs. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/changelog.h"
#include "core/package/install/candidate.h"
#include "core/package/install/lockfile.h"

#define HEX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ROW                                                                                        \
    "{\"name\":\"hello\",\"id\":\"acme/hello\",\"version\":\"1.0.0\",\"digest\":\"" HEX "\"}"

static json_t *parse(const char *text, struct oc_work *w)
{
    *w = (struct oc_work){.home = "/nowhere"};
    oc_error_init(&w->err);
    return oc_lockfile_parse(w, text, strlen(text));
}

static void a_row_is_found_by_name_and_id(void **unused)
{
    struct oc_work w;
    (void)unused;
    json_t *lock = parse("{\"schema\":\"openclaw.lock/1\",\"plugins\":[" ROW "]}", &w);
    assert_non_null(lock);
    const json_t *row = oc_lockfile_find(lock, "hello");
    assert_non_null(row);
    assert_ptr_equal(row, oc_lockfile_find(lock, "acme/hello"));
    assert_null(oc_lockfile_find(lock, "evil/hello"));
    assert_string_equal(oc_lockfile_digest(row), HEX);
    json_decref(lock);
}

static void what_is_no_lock_file_is_refused_with_a_remedy(void **unused)
{
    static const char *const wrong[] = {
        "",
        "[]",
        "{\"schema\":\"openclaw.lock/2\",\"plugins\":[]}",
        "{\"schema\":\"openclaw.lock/1\"}",
        "{\"schema\":\"openclaw.lock/1\",\"plugins\":[{}]}",
        "{\"schema\":\"openclaw.lock/1\",\"plugins\":[{\"name\":\"../x\",\"id\":\"a/b\","
        "\"version\":\"1\",\"digest\":\"" HEX "\"}]}"};
    (void)unused;
    for (size_t i = 0; i < OC_COUNT(wrong); i++) {
        struct oc_work w;
        assert_null(parse(wrong[i], &w));
        assert_int_equal(w.err.code, OC_E_CONFIG);
        assert_string_equal(oc_json_str(w.details, "reason", ""), "lock-wrong");
        assert_true(w.err.hint[0]);
        json_decref(w.details);
    }
}

static void the_changes_after_one_version_up_to_another_are_cut_out(void **unused)
{
    static const char text[] = "# Changes\n\n## [2.0.0] - 2026-01-01\n* two\n\n## v1.5.0\n* more\n"
                               "### Details\nx\n\n## Unreleased\n* never\n\n## 1.0.0\n* first\n";
    (void)unused;
    char *cut = oc_changelog_cut(text, strlen(text), "1.0.0", "2.0.0");
    assert_string_equal(cut, "## [2.0.0] - 2026-01-01\n* two\n\n## v1.5.0\n* more\n### Details\nx\n"
                             "\n");
    free(cut);
    cut = oc_changelog_cut(text, strlen(text), "1.0.0", "1.5.0");
    assert_true(strncmp(cut, "## v1.5.0", 9) == 0);
    free(cut);
    assert_null(oc_changelog_cut(text, strlen(text), "2.0.0", "3.0.0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_found_by_name_and_id),
        cmocka_unit_test(what_is_no_lock_file_is_refused_with_a_remedy),
        cmocka_unit_test(the_changes_after_one_version_up_to_another_are_cut_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
