/* Presets: options into instances of other plugins. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/plugin/preset_rights.h"

static const char preset[] =
    "{\"name\": \"litellm\", \"version\": \"1.0.0\", \"summary\": \"LiteLLM\","
    "\"options\": ["
    "  {\"name\": \"url\", \"type\": \"url\", \"required\": true, \"help\": \"where it listens\"},"
    "  {\"name\": \"port\", \"type\": \"int\", \"default\": 4000, \"help\": \"its port\"},"
    "  {\"name\": \"mode\", \"type\": \"enum\", \"choices\": \"a|b\", \"default\": \"a\", "
    "\"help\": \"how\"},"
    "  {\"name\": \"paths\", \"type\": \"strings\", \"default\": [\"/health\"], \"help\": "
    "\"which\"},"
    "  {\"name\": \"key\", \"type\": \"secret\", \"help\": \"the key\"}],"
    "\"instances\": ["
    "  {\"name\": \"${name}-http\", \"plugin\": \"http\", \"url\": \"${url}/x?p=${port}\", "
    "\"port\": \"${port}\","
    "   \"key\": \"${key}\", \"paths\": \"${paths}\", \"nested\": {\"list\": [\"${mode}\", 1, "
    "\"$${mode}\"]}},"
    "  {\"plugin\": \"process\", \"match\": \"litellm\"}]}";

static struct oc_manifest *parse(void)
{
    struct oc_error err;
    oc_error_init(&err);
    struct oc_manifest *m = oc_manifest_parse(preset, strlen(preset), "/p", &err);
    if (!m) {
        fail_msg("%s", err.message);
    }
    return m;
}

static json_t *expand(const char *config, struct oc_error *err)
{
    struct oc_manifest *m = parse();
    json_t *json = config ? json_loads(config, 0, NULL) : NULL;
    json_t *result = oc_manifest_expand(m, "main", json, err);
    json_decref(json);
    oc_manifest_free(m);
    return result;
}

static void a_preset_that_nobody_configured_is_looked_at_with_its_defaults(void **state)
{
    (void)state;
    struct oc_manifest *m = parse();
    json_t *given = json_pack("{s:s}", "key", "$env:K");
    json_t *sample = oc_manifest_sample(m, NULL), *first = json_array_get(sample, 0);
    assert_string_equal(oc_json_str(first, "url", ""), "?/x?p=4000");
    assert_string_equal(oc_json_str(first, "plugin", ""), "http");
    assert_null(oc_preset_reference(sample, NULL));
    json_decref(sample);
    sample = oc_manifest_sample(m, given);
    assert_string_equal(oc_preset_reference(sample, NULL), "$env:K");
    assert_null(oc_preset_reference(sample, given));
    json_decref(sample);
    json_decref(given);
    oc_manifest_free(m);
}

static void a_whole_reference_keeps_its_type_and_an_embedded_one_becomes_text(void **state)
{
    (void)state;
    struct oc_error err;
    json_t *instances = expand("{\"url\": \"http://h\", \"key\": \"$env:K\"}", &err);
    assert_non_null(instances);
    assert_int_equal(json_array_size(instances), 2);
    const json_t *first = json_array_get(instances, 0);
    assert_string_equal(oc_json_str(first, "name", ""), "main-http");
    assert_string_equal(oc_json_str(first, "url", ""), "http://h/x?p=4000");
    assert_int_equal(oc_json_int(first, "port", -1), 4000);
    assert_string_equal(oc_json_str(first, "key", ""), "$env:K");
    assert_string_equal(json_string_value(oc_json_path(first, "paths[0]")), "/health");
    assert_string_equal(json_string_value(oc_json_path(first, "nested.list[0]")), "a");
    assert_int_equal(json_integer_value(oc_json_path(first, "nested.list[1]")), 1);
    assert_string_equal(json_string_value(oc_json_path(first, "nested.list[2]")), "${mode}");
    assert_string_equal(oc_json_str(json_array_get(instances, 1), "plugin", ""), "process");
    json_decref(instances);
}

static void an_option_that_is_not_set_leaves_its_key_out(void **state)
{
    (void)state;
    struct oc_error err;
    json_t *instances = expand("{\"url\": \"http://h\", \"port\": 1}", &err);
    const json_t *first = json_array_get(instances, 0);
    assert_null(json_object_get(first, "key"));
    assert_string_equal(oc_json_str(first, "url", ""), "http://h/x?p=1");
    json_decref(instances);
}

static void what_is_wrong_with_the_options_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *config, *message, *hint;
    } cases[] = {
        {NULL, "url: required and missing", "Preset litellm needs it: where it listens."},
        {"{\"url\": \"http://h\", \"prot\": 1}", "prot: preset litellm has no such option",
         "Did you mean `port`?"},
        {"{\"url\": \"http://h\", \"port\": \"x\"}", "port: expected int, got \"x\"", ""},
        {"{\"url\": 5}", "url: expected url, got 5", ""},
        {"{\"url\": \"u\", \"mode\": \"c\"}", "mode: expected one of \"a|b\", got \"c\"", ""},
        {"{\"url\": \"u\", \"paths\": {}}", "paths: expected strings", ""},
    };
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        struct oc_error err;
        assert_null(expand(cases[i].config, &err));
        assert_int_equal(err.code, OC_E_CONFIG);
        if (!strstr(err.message, cases[i].message) || strcmp(err.hint, cases[i].hint) != 0) {
            fail_msg("%s / %s, expected %s / %s", err.message, err.hint, cases[i].message,
                     cases[i].hint);
        }
    }
}

/* As text and as a value of its own: a manifest of 30 kB would make a hundred times that. */
static void a_small_manifest_does_not_become_a_huge_one(void **state)
{
    (void)state;
    static const char *const items[] = {"\"x${long}\"", "\"${long}\""};
    for (size_t i = 0; i < OC_COUNT(items); i++) {
        struct oc_buf text = {0};
        struct oc_error err;
        oc_error_init(&err);
        oc_buf_adds(&text, "{\"name\": \"p\", \"version\": \"1.0.0\", \"summary\": \"s\", "
                           "\"options\": [{\"name\": \"long\", \"type\": \"string\", "
                           "\"help\": \"h\", \"default\": \"");
        for (size_t k = 0; k < 30000; k++) {
            oc_buf_adds(&text, "a");
        }
        oc_buf_adds(&text, "\"}], \"instances\": [{\"plugin\": \"x\", \"list\": [1");
        for (size_t k = 0; k < 100; k++) {
            oc_buf_addf(&text, ", %s", items[i]);
        }
        oc_buf_adds(&text, "]}]}");
        struct oc_manifest *m = oc_manifest_parse(text.data, text.len, "/p", &err);
        assert_non_null(m);
        assert_null(oc_manifest_expand(m, "main", NULL, &err));
        assert_non_null(strstr(err.message, "more than 1048576 bytes"));
        oc_manifest_free(m);
        oc_buf_finish(&text);
    }
}

static void expanding_needs_no_error_struct(void **state)
{
    (void)state;
    struct oc_manifest *m = parse();
    assert_null(oc_manifest_expand(m, "x", NULL, NULL));
    oc_manifest_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_preset_that_nobody_configured_is_looked_at_with_its_defaults),
        cmocka_unit_test(a_whole_reference_keeps_its_type_and_an_embedded_one_becomes_text),
        cmocka_unit_test(an_option_that_is_not_set_leaves_its_key_out),
        cmocka_unit_test(what_is_wrong_with_the_options_is_told),
        cmocka_unit_test(a_small_manifest_does_not_become_a_huge_one),
        cmocka_unit_test(expanding_needs_no_error_struct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
