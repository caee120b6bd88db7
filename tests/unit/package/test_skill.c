/* Tests of core/package/skill.c and skill_ready.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/skill.h"

static struct oc_skill parse(const char *text)
{
    struct oc_skill skill;
    struct oc_error err;
    oc_error_init(&err);
    const int code = oc_skill_parse(text, strlen(text), &skill, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(code, OC_OK);
    return skill;
}

static void expect_refused(const char *text, const char *message)
{
    struct oc_skill skill;
    struct oc_error err;
    oc_error_init(&err);
    assert_int_equal(oc_skill_parse(text, strlen(text), &skill, &err), OC_E_CONFIG);
    assert_string_equal(err.message, message);
}

static void name_description_version_and_text_are_read(void **state)
{
    (void)state;
    struct oc_skill s = parse("---\nname: git-report\ndescription: \"Tells: what\"\nversion: 1.0\n"
                              "---\n# Title\n---\nrest\n");
    assert_string_equal(s.name, "git-report");
    assert_string_equal(s.description, "Tells: what");
    assert_string_equal(s.version, "1");
    assert_string_equal(s.text, "# Title\n---\nrest\n");
    oc_skill_finish(&s);
}

static void line_ends_of_windows_and_a_byte_order_mark_are_fine(void **state)
{
    (void)state;
    struct oc_skill s = parse("\xef\xbb\xbf---\r\nname: a\r\n---\r\ntext");
    assert_string_equal(s.name, "a");
    assert_string_equal(s.description, "");
    assert_string_equal(s.text, "text");
    oc_skill_finish(&s);
}

static void requirements_are_read_in_every_way_of_writing(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "---\nname: a\nmetadata:\n  openclaw:\n    requires:\n      bins: [gh]\n      env: "
        "[T]\n---\n",
        "---\nname: a\nmetadata: {\"openclaw\": {\"requires\": {\"bins\": [\"gh\"], \"env\": "
        "[\"T\"]}}}\n---\n",
        "---\nname: a\nmetadata: "
        "'{\"openclaw\":{\"requires\":{\"bins\":[\"gh\"],\"env\":[\"T\"]}}}'\n---\n",
        "---\nname: a\nmetadata: {clawdbot: {requires: {bins: [gh], env: [T]}}}\n---\n",
    };
    for (size_t i = 0; i < OC_COUNT(texts); i++) {
        struct oc_skill s = parse(texts[i]);
        assert_string_equal(json_string_value(json_array_get(s.bins, 0)), "gh");
        assert_string_equal(json_string_value(json_array_get(s.env, 0)), "T");
        assert_null(s.any_bins);
        oc_skill_finish(&s);
    }
}

static void what_is_no_front_matter_is_refused(void **state)
{
    (void)state;
    expect_refused("", "SKILL.md: no front matter");
    expect_refused("# Title\n", "SKILL.md: no front matter");
    expect_refused("---\nname: a\n", "SKILL.md: no front matter");
    expect_refused("---\n- a\n---\n", "SKILL.md: front matter: expected `key: value` lines");
    expect_refused("---\na: &x 1\nb: *x\n---\n",
                   "SKILL.md: front matter: line 2: aliases are not supported");
    expect_refused("---\nmetadata: {openclaw: {requires: {bins: gh}}}\n---\n",
                   "SKILL.md: metadata.openclaw: bins: expected a list of texts");
    expect_refused("---\nmetadata: {openclaw: {os: [1]}}\n---\n",
                   "SKILL.md: metadata.openclaw: os: expected a list of texts");
}

static bool has_key(void *ctx, const char *path)
{
    return strcmp(path, ctx) == 0;
}

static json_t *missing_of(const char *openclaw, json_t **owner)
{
    char *text = oc_asprintf("---\nname: a\nmetadata: {\"openclaw\": %s}\n---\n", openclaw);
    struct oc_skill s = parse(text);
    *owner = oc_skill_readiness(&s, has_key, (void *)(uintptr_t) "there.is");
    oc_skill_finish(&s);
    free(text);
    return json_object_get(*owner, "missing");
}

static void a_skill_without_requirements_is_ready(void **state)
{
    json_t *owner;
    (void)state;
    assert_int_equal(json_array_size(missing_of("{}", &owner)), 0);
    assert_true(oc_json_bool(owner, "ready", false));
    json_decref(owner);
}

static void everything_that_is_missing_is_named_with_a_remedy(void **state)
{
    json_t *owner, *item;
    size_t i;
    (void)state;
    unsetenv("OC_TEST_NOT_SET");
    const json_t *missing =
        missing_of("{\"requires\": {\"bins\": [\"sh\", \"no-such-program\"], \"anyBins\": "
                   "[\"no-such-a\", \"no-such-b\"], \"env\": [\"OC_TEST_NOT_SET\", \"PATH\"], "
                   "\"config\": [\"there.is\", \"there.is.not\"]}, \"os\": [\"darwin\"]}",
                   &owner);
    static const char *const expected[][2] = {{"os", "linux"},
                                              {"bin", "no-such-program"},
                                              {"anyBin", "no-such-a, no-such-b"},
                                              {"env", "OC_TEST_NOT_SET"},
                                              {"config", "there.is.not"}};
    assert_int_equal(json_array_size(missing), OC_COUNT(expected));
    json_array_foreach(missing, i, item)
    {
        assert_string_equal(oc_json_str(item, "what", ""), expected[i][0]);
        assert_string_equal(oc_json_str(item, "name", ""), expected[i][1]);
        assert_true(*oc_json_str(item, "how", "") != '\0');
    }
    assert_false(oc_json_bool(owner, "ready", true));
    json_decref(owner);
}

static void the_authors_advice_is_passed_on(void **state)
{
    json_t *owner;
    (void)state;
    const json_t *missing =
        missing_of("{\"requires\": {\"bins\": [\"no-such-gh\"]}, \"install\": "
                   "[{\"label\": \"Get it with apt\", \"bins\": [\"no-such-gh\"]}]}",
                   &owner);
    assert_string_equal(oc_json_str(json_array_get(missing, 0), "how", ""), "Get it with apt");
    json_decref(owner);
}

static void some_skills_are_always_ready(void **state)
{
    json_t *owner;
    (void)state;
    missing_of("{\"always\": true, \"requires\": {\"bins\": [\"no-such-program\"]}}", &owner);
    assert_true(oc_json_bool(owner, "ready", false));
    json_decref(owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_description_version_and_text_are_read),
        cmocka_unit_test(line_ends_of_windows_and_a_byte_order_mark_are_fine),
        cmocka_unit_test(requirements_are_read_in_every_way_of_writing),
        cmocka_unit_test(what_is_no_front_matter_is_refused),
        cmocka_unit_test(a_skill_without_requirements_is_ready),
        cmocka_unit_test(everything_that_is_missing_is_named_with_a_remedy),
        cmocka_unit_test(the_authors_advice_is_passed_on),
        cmocka_unit_test(some_skills_are_always_ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
