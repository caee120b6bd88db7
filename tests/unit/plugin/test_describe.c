/* Descriptions of plugins: from a table to JSON and back, and from those who lie. SPDX-License-Identifier: MIT */
#include "rig.h"

static struct oc_description *parse(const char *text, struct oc_error *err)
{
    json_t *json = json_loads(text, 0, NULL);
    oc_error_init(err);
    assert_non_null(json);
    struct oc_description *d = oc_description_parse(json, err);
    json_decref(json);
    return d;
}

static void refuse(const char *options, const char *why)
{
    struct oc_error err;
    char *text = oc_asprintf("{\"methods\":[\"tool.call/1\"],\"options\":%s}", options);
    assert_null(parse(text, &err));
    assert_int_equal(err.code, OC_E_CONFIG);
    assert_has(err.message, why);
    free(text);
}

static void an_entry_becomes_json_and_a_table_again(void **state)
{
    struct rig *rig = *state;
    struct oc_plugin *plugin = oc_plugin_find(rig->plugins, "isolated");
    struct oc_error err;
    size_t stride, size;
    bool known;
    oc_error_init(&err);
    assert_int_equal(oc_plugin_load(plugin, &err), OC_OK);
    const json_t *json = oc_plugin_description(plugin);
    struct oc_description *d = oc_description_parse(json, &err);
    assert_non_null(d);
    assert_true(oc_description_has_method(d, "tool.show/1"));
    assert_false(oc_description_has_method(d, "tool.show/2"));
    json_t *again = oc_options_json(d->options, sizeof *d->options);
    const struct oc_option *own = oc_plugin_options(plugin, &stride, &size, &known);
    json_t *first = oc_options_json(own, stride);
    assert_true(known);
    assert_true(json_equal(again, first));
    json_decref(again);
    json_decref(first);
    oc_description_free(d);
}

static void a_longer_table_of_a_later_version_is_described_too(void **state)
{
    struct rig *rig = *state;
    struct oc_plugin *plugin = oc_plugin_find(rig->plugins, "future");
    struct oc_error err;
    oc_error_init(&err);
    assert_int_equal(oc_plugin_load(plugin, &err), OC_OK);
    struct oc_description *d = oc_description_parse(oc_plugin_description(plugin), &err);
    assert_non_null(d);
    assert_string_equal(d->options[1].name, "b");
    assert_null(d->options[2].name);
    oc_description_free(d);
}

static void no_two_options_share_their_place(void **state)
{
    (void)state;
    struct oc_error err;
    struct oc_description *d =
        parse("{\"methods\":[\"tool.call/1\"],\"options\":["
              "{\"name\":\"a\",\"type\":\"string\",\"offset\":0},"
              "{\"name\":\"b\",\"type\":\"integer\",\"offset\":0},"
              "{\"name\":\"c\",\"type\":\"strings\",\"offset\":4000000000}]}",
              &err);
    assert_non_null(d);
    assert_int_not_equal(d->options[0].offset, d->options[1].offset);
    assert_true(d->options[2].offset + sizeof(struct oc_list) <= d->size);
    oc_description_free(d);
}

static void what_is_no_description_is_refused(void **state)
{
    (void)state;
    struct oc_error err;
    assert_null(parse("[]", &err));
    assert_null(parse("{\"methods\":[]}", &err));
    assert_null(parse("{\"methods\":[\"no method\"]}", &err));
    assert_null(parse("{\"methods\":[7]}", &err));
    refuse("{}", "no list of them");
    refuse("[7]", "a text is missing");
    refuse("[{\"type\":\"string\"}]", "a text is missing");
    refuse("[{\"name\":\"a\",\"type\":\"wish\"}]", "unknown type");
    refuse("[{\"name\":\"a\",\"type\":\"string\",\"help\":7}]", "a text is missing");
    refuse("[{\"name\":\"A b\",\"type\":\"string\"}]", "description");
    refuse("[{\"name\":\"a\",\"type\":\"duration\",\"default\":\"soon\"}]", "default");
    refuse("[{\"name\":\"a\",\"type\":\"choice\"}]", "without choices");
    refuse("[{\"name\":\"a\",\"type\":\"integer\"},{\"name\":\"a\",\"type\":\"integer\"}]", "a");
}

static void a_default_cannot_name_a_file_or_a_variable_of_the_host(void **state)
{
    (void)state;
    static const char *const defaults[] = {"$file:/etc/hostname", "$env:HOME", "\\\"$env:HOME\\\"",
                                           "\\\"\\\\x24env:HOME\\\"", "\\\"$e\\\" \\\"nv:HOME\\\""};
    for (size_t i = 0; i < OC_COUNT(defaults); i++) {
        char *options =
            oc_asprintf("[{\"name\":\"a\",\"type\":\"secret\",\"default\":\"%s\"}]", defaults[i]);
        char *nested =
            oc_asprintf("[{\"name\":\"g\",\"type\":\"groups\",\"options\":%s}]", options);
        refuse(options, "option a: its default names a file or a variable of the host");
        refuse(nested, "option a: its default names a file or a variable of the host");
        free(nested);
        free(options);
    }
}

/* As every release of ABI 1.0 took it. */
static void a_default_of_a_secret_that_names_nothing_of_the_host_is_kept(void **state)
{
    (void)state;
    static const char *const defaults[] = {"public",      "",          "\\\"public\\\"", "$other",
                                           "a $env:HOME", " $env:HOME"};
    for (size_t i = 0; i < OC_COUNT(defaults); i++) {
        struct oc_error err;
        char *text = oc_asprintf("{\"methods\":[\"tool.call/1\"],\"options\":[{\"name\":\"a\","
                                 "\"type\":\"secret\",\"default\":\"%s\"}]}",
                                 defaults[i]);
        struct oc_description *d = parse(text, &err);
        if (!d) {
            fail_msg("%s: %s", defaults[i], err.message);
        }
        assert_non_null(d->options[0].default_text);
        oc_description_free(d);
        free(text);
    }
}

static void tables_that_nest_or_count_too_much_are_refused(void **state)
{
    (void)state;
    struct oc_buf text = {0};
    for (int i = 0; i < 12; i++) {
        oc_buf_adds(&text, "[{\"name\":\"g\",\"type\":\"group\",\"options\":");
    }
    oc_buf_adds(&text, "[]");
    for (int i = 0; i < 12; i++) {
        oc_buf_adds(&text, "}]");
    }
    refuse(text.data, "description");
    oc_buf_clear(&text);
    for (int i = 0; i < 2000; i++) {
        oc_buf_addf(&text, "%s{\"name\":\"o%d\",\"type\":\"integer\"}", i ? "," : "[", i);
    }
    oc_buf_adds(&text, "]");
    refuse(text.data, "too many options");
    oc_buf_finish(&text);
}

static int describe(const char *plugin, char *text, size_t size)
{
    char *command = oc_asprintf(
        OC_BUILD_DIR "/bin/openclaw-plughost --describe " OC_FIXTURES "/%s 2>&1", plugin);
    FILE *f = popen(command, "re");
    assert_non_null(f);
    const size_t n = fread(text, 1, size - 1, f);
    text[n] = '\0';
    free(command);
    return pclose(f);
}

static void the_plugin_host_describes_a_plugin_that_it_does_not_start(void **state)
{
    struct rig *rig = *state;
    char text[16384];
    struct oc_error err;
    oc_error_init(&err);
    struct oc_plugin *plugin = oc_plugin_find(rig->plugins, "isolated");
    assert_int_equal(oc_plugin_load(plugin, &err), OC_OK);
    assert_int_equal(describe("isolated", text, sizeof text), 0);
    json_t *json = json_loads(text, 0, NULL);
    assert_true(json_equal(json, oc_plugin_description(plugin)));
    json_decref(json);
    assert_int_not_equal(describe("broken_no_entry", text, sizeof text), 0);
    assert_has(text, "oc_plugin_entry: not exported");
    assert_int_not_equal(describe("nowhere", text, sizeof text), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(an_entry_becomes_json_and_a_table_again),
        TEST(a_longer_table_of_a_later_version_is_described_too),
        TEST(the_plugin_host_describes_a_plugin_that_it_does_not_start),
        cmocka_unit_test(no_two_options_share_their_place),
        cmocka_unit_test(what_is_no_description_is_refused),
        cmocka_unit_test(a_default_cannot_name_a_file_or_a_variable_of_the_host),
        cmocka_unit_test(a_default_of_a_secret_that_names_nothing_of_the_host_is_kept),
        cmocka_unit_test(tables_that_nest_or_count_too_much_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
