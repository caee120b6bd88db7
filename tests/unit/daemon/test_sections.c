/* Tests of core/daemon/sections.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/config/host_name.h"
#include "core/daemon/embedded.h"
#include "core/daemon/sections.h"
#include "core/sys/file.h"

struct fixture {
    struct oc_config *config;
    struct oc_sections sections;
    struct oc_diags diags;
};

static struct fixture f;

static int setup(void **state)
{
    (void)state;
    memset(&f, 0, sizeof f);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    oc_sections_finish(&f.sections);
    oc_diags_finish(&f.diags);
    oc_config_destroy(f.config);
    return 0;
}

/* The number of errors. */
static size_t bind_over(const char *text, const char *defaults)
{
    char path[] = "/tmp/oc-sections-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(oc_fd_write_all(fd, text, strlen(text)), 0);
    close(fd);
    struct oc_config_source source = {.file = path, .defaults = defaults, .no_environment = true};
    f.config = oc_config_load(&source, &f.diags, NULL);
    unlink(path);
    assert_non_null(f.config);
    oc_sections_bind(&f.sections, f.config, &f.diags);
    return oc_diags_errors(&f.diags);
}

static size_t bind(const char *text)
{
    return bind_over(text, NULL);
}

static void an_empty_file_gives_the_defaults(void **state)
{
    (void)state;
    assert_int_equal(bind(""), 0);
    assert_int_equal(f.sections.store.retention_ms, 30 * OC_DAY);
    assert_int_equal(f.sections.store.flush_ms, 10 * OC_SECOND);
    assert_int_equal(f.sections.store.backend, 0);
    assert_int_equal(f.sections.log.format, 0);
    assert_null(f.sections.log.file);
    assert_null(f.sections.host.name);
}

static void what_is_set_is_taken(void **state)
{
    (void)state;
    assert_int_equal(bind("host = {name = \"a\"; plugins = [\"/p\", \"/q\"];};\n"
                          "store = {backend = \"memory\"; retention = \"7d\";};\n"
                          "log = {level = \"debug\"; format = \"json\"; file = \"/var/x.log\";};"),
                     0);
    assert_string_equal(f.sections.host.name, "a");
    assert_int_equal(f.sections.host.plugins.count, 2);
    assert_int_equal(f.sections.store.backend, 1);
    assert_int_equal(f.sections.store.retention_ms, 7 * OC_DAY);
    assert_int_equal(f.sections.log.format, 2);
    assert_string_equal(f.sections.log.file, "/var/x.log");
}

static void a_name_of_the_host_is_one_line_and_else_the_machines_holds(void **state)
{
    char name[OC_HOST_NAME_SIZE], machine[OC_HOST_NAME_SIZE];
    static const char *const wrong[] = {"a\\nb\\\"; evil", "a\\x1b[2J", "a\\x7f"};
    assert_int_equal(bind(""), 0);
    oc_host_name(oc_config_root(f.config), machine);
    teardown(state);
    setup(state);
    for (size_t i = 0; i < OC_COUNT(wrong); i++) {
        char *text = oc_asprintf("host = {\nname = \"%s\";};", wrong[i]);
        assert_int_equal(bind(text), 1);
        assert_string_equal(f.diags.list.items[0].key, "host.name");
        assert_int_equal(f.diags.list.items[0].line, 2);
        assert_non_null(strstr(f.diags.list.items[0].message, "without control characters"));
        oc_host_name(oc_config_root(f.config), name);
        assert_string_equal(name, machine);
        free(text);
        teardown(state);
        setup(state);
    }
    assert_int_equal(bind("host = {name = \"Büro \\\"3\\\"\";};"), 0);
    oc_host_name(oc_config_root(f.config), name);
    assert_string_equal(name, "Büro \"3\"");
}

static void a_section_that_nobody_knows_is_an_error_with_the_nearest_name(void **state)
{
    (void)state;
    assert_int_equal(bind("stroe = {};\nzzzzzzzzz = 1;\nalerts = {};"), 2);
    assert_string_equal(f.diags.list.items[0].hint, "Did you mean `store`?");
    assert_int_equal(f.diags.list.items[0].line, 1);
    assert_string_equal(f.diags.list.items[1].hint, "");
}

static void a_list_that_is_none_is_one_clear_error(void **state)
{
    (void)state;
    assert_int_equal(bind("collectors = 5;"), 1);
    assert_string_equal(f.diags.list.items[0].key, "collectors");
    assert_string_equal(f.diags.list.items[0].message, "expected a list, found the number 5");
    assert_string_equal(f.diags.list.items[0].hint, "Write collectors = ( { ... } );");
    teardown(state);
    setup(state);
    assert_int_equal(bind("maintenance = { days = 1; };"), 1);
    assert_string_equal(f.diags.list.items[0].message, "expected a list, found a group");
}

static void a_wrong_value_is_an_error_and_the_default_holds(void **state)
{
    (void)state;
    assert_int_equal(bind("store = {retention = \"5s\"; max_series = 1;};\n"
                          "log = {level = \"loud\"; colour = 1;};"),
                     4);
    assert_int_equal(f.sections.store.retention_ms, 30 * OC_DAY);
}

static void every_section_is_described_for_the_reference(void **state)
{
    static const char *const names[] = {
        "host",        "store",    "log",    "health",       "collectors",     "dependencies",
        "maintenance", "policies", "alerts", "alerts.rules", "alerts.channels"};
    (void)state;
    json_t *o = oc_sections_json();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (json_array_size(json_object_get(o, names[i])) == 0) {
            fail_msg("%s has no options", names[i]);
        }
    }
    json_decref(o);
}

static void the_built_in_layer_has_no_findings(void **state)
{
    (void)state;
    assert_int_equal(bind_over("", oc_embedded_defaults), 0);
    assert_int_equal(f.diags.list.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_file_gives_the_defaults),
        TEST(what_is_set_is_taken),
        TEST(a_name_of_the_host_is_one_line_and_else_the_machines_holds),
        TEST(a_section_that_nobody_knows_is_an_error_with_the_nearest_name),
        TEST(a_list_that_is_none_is_one_clear_error),
        TEST(a_wrong_value_is_an_error_and_the_default_holds),
        TEST(every_section_is_described_for_the_reference),
        TEST(the_built_in_layer_has_no_findings),
    };
    return cmocka_run_group_tests_name("sections", tests, NULL, NULL);
}
