/* Files of runbooks that are bad: what is shipped under their name stands in. SPDX-License-Identifier: MIT */
#include "tests/unit/service/runbook/engine_stage.h"

#include "core/sys/file.h"

static void write_book(const char *name, const char *text)
{
    char path[192];
    snprintf(path, sizeof path, "%s/%s.lua", f->folder, name);
    assert_int_equal(oc_file_write(path, text, strlen(text), 0600, NULL), OC_OK);
}

static void remove_book(const char *name)
{
    char path[192];
    snprintf(path, sizeof path, "%s/%s.lua", f->folder, name);
    assert_int_equal(unlink(path), 0);
}

static const json_t *row_of(const char *name)
{
    return stage_find(stage_ask(&f->s, "runbook.list", NULL), "name", name);
}

/* Whether something stands in; what the stage lacks for its facts is no matter here. */
static bool stands_in(const char *name)
{
    return strstr(oc_json_str(row_of(name), "error", ""), " stands in for it: ") != NULL;
}

static void a_bad_file_leaves_the_shipped_runbook_and_is_said(void **state)
{
    static const char *const BAD[] = {
        "syntax error", "", "error('top')",
        "runbook = { name = 'emergency-shutdown', title = 'x', severity = 'low' }",
        "runbook = { name = 'other', title = 'x', severity = 'low' } function plan() return {} "
        "end"};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(BAD); i++) {
        write_book("emergency-shutdown", BAD[i]);
        const json_t *row = row_of("emergency-shutdown");
        assert_string_equal(oc_json_str(row, "state", ""), "failed");
        assert_string_equal(oc_json_str(row, "source", ""), "shipped");
        assert_string_not_equal(oc_json_str(row, "title", ""), "");
        assert_non_null(strstr(oc_json_str(row, "error", ""),
                               "/emergency-shutdown.lua is bad, and "
                               "the shipped one stands in for it: "));
        assert_false(stands_in("agent-restart"));
    }
    const json_t *shown = stage_ask(&f->s, "runbook.show", "{\"name\":\"emergency-shutdown\"}");
    assert_non_null(strstr(oc_json_str(shown, "text", ""), "function plan"));
    write_book("emergency-shutdown", "runbook = { name = 'emergency-shutdown', title = 'Mine', "
                                     "severity = 'low' } function plan() return {} end");
    assert_string_equal(oc_json_str(row_of("emergency-shutdown"), "title", ""), "Mine");
    assert_string_equal(oc_json_str(row_of("emergency-shutdown"), "state", ""), "ok");
    remove_book("emergency-shutdown");
    assert_false(stands_in("emergency-shutdown"));
}

static void a_bad_file_of_no_shipped_name_cannot_be_run(void **state)
{
    (void)state;
    write_book("own", "syntax error");
    assert_string_equal(oc_json_str(row_of("own"), "state", ""), "failed");
    assert_false(stands_in("own"));
    stage_call(&f->s, "runbook.run", "{\"name\":\"own\"}");
    assert_int_equal(f->s.code, OC_E_CONFIG);
}

static void a_bad_prelude_takes_no_runbook_with_it(void **state)
{
    (void)state;
    write_book("prelude", "syntax error");
    const json_t *row = row_of("agent-restart");
    assert_string_not_equal(oc_json_str(row, "title", ""), "");
    assert_non_null(strstr(oc_json_str(row, "error", ""), "/prelude.lua is bad"));
    /* and whoever runs one is told */
    begin_run("{ act('do', 'a') }", ",\"dry_run\":true");
    const json_t *warnings = json_object_get(f->s.result, "warnings");
    assert_int_equal(json_array_size(warnings), 1);
    assert_non_null(strstr(json_string_value(json_array_get(warnings, 0)), "stands in"));
    remove_book("prelude");
    assert_false(stands_in("agent-restart"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(a_bad_file_leaves_the_shipped_runbook_and_is_said),
        T(a_bad_file_of_no_shipped_name_cannot_be_run),
        T(a_bad_prelude_takes_no_runbook_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
