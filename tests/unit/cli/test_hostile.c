/* What others wrote never acts upon the terminal, and never ends the command line. SPDX-License-Identifier: MIT */
#include "tests/unit/cli/capture.h"
#include "tests/unit/cli/table.h"
#include "tests/unit/unit.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/cli/help.h"
#include "core/cli/invoke.h"
#include "core/cli/show.h"

/* A title for the window, the same in one byte of C1, and a turn of the writing; "%" stands for it below. */
#define HOSTILE_JSON                                                                               \
    "x\\u001b]0;owned\\u0007\xc2\x9b"                                                              \
    "2J\x7f\xe2\x80\xae"

static struct cli cli;

static int setup(void **state)
{
    (void)state;
    cli = (struct cli){.tty = true, .tty_err = true};
    return 0;
}

static json_t *hostile(const char *text)
{
    struct oc_buf whole = {0};
    for (; *text; text++) {
        oc_buf_adds(&whole, *text == '%' ? HOSTILE_JSON : (char[]){*text, '\0'});
    }
    json_t *json = json_loadb(whole.data, whole.len, 0, NULL);
    assert_non_null(json);
    oc_buf_finish(&whole);
    return json;
}

static void assert_harmless(const char *text, const char *what)
{
    if (!oc_utf8_printable(text, strlen(text), true)) {
        fail_msg("%s writes to a terminal what acts upon it: %s", what, text);
    }
}

static const struct {
    const struct cli_view *view;
    const char *data;
} cases[] = {
    {&oc_view_runbook,
     "{\"runbook\":\"%\",\"run\":\"%\",\"state\":\"%\",\"message\":\"%\",\"steps\":[{\"id\":\"%\","
     "\"state\":\"%\",\"message\":\"%\"}],\"findings\":[{\"severity\":\"%\",\"finding\":\"%\","
     "\"remedy\":\"%\"}]}"},
    {&oc_view_runbook_show,
     "{\"name\":\"%\",\"title\":\"%\",\"severity\":\"%\",\"error\":\"%\",\"summary\":\"%\","
     "\"description\":\"%\",\"source\":\"%\",\"params\":[{\"name\":\"%\",\"type\":\"%\","
     "\"choices\":[\"%\"],\"default\":\"%\",\"help\":\"%\"}]}"},
    {&oc_view_plan,
     "{\"runbook\":\"%\",\"title\":\"%\",\"severity\":\"%\",\"plan\":\"%\",\"steps\":[{\"title\":"
     "\"%\","
     "\"op\":\"%\",\"params\":{\"%\":\"%\"},\"unless\":{\"op\":\"%\",\"expecting\":\"%\"},"
     "\"confirm\":\"%\",\"available\":false,\"missing\":\"%\"}]}"},
    {&oc_view_plan,
     "{\"dry_run\":true,\"consent\":\"needed\",\"surface\":\"%\",\"changelog\":\"%\",\"actions\":"
     "[{\"do\":\"%\",\"id\":\"%\",\"version\":\"%\",\"from\":\"%\"}]}"},
    {&oc_view_plan, "{\"next\":\"%\",\"actions\":[]}"},
    {&oc_view_policy_test, "{\"tap\":\"%\"}"},
    {&oc_view_policy_test, "{\"files\":[{\"file\":\"%\",\"tests\":[{\"name\":\"%\",\"message\":\"%"
                           "\",\"expected\":\"%\"}],"
                           "\"coverage\":{\"file\":\"%\"}}]}"},
    {&oc_view_policy_diff,
     "{\"hooks\":[{\"hook\":\"%\"}],\"differences\":[{\"at\":\"%\",\"hook\":\"%\",\"args\":\"%\","
     "\"before\":\"%\",\"after\":\"%\"}]}"},
    {&oc_view_policy_hooks,
     "[{\"signature\":\"%\",\"summary\":\"%\",\"asked\":\"%\",\"args\":[{\"name\":\"%\","
     "\"shape\":\"%\",\"help\":\"%\"}]}]"},
    {&oc_view_check, "{\"document\":\"%\"}"},
    {&oc_view_check, "{\"name\":\"%\",\"version\":\"%\",\"findings\":[]}"},
    {&oc_view_plugin, "{\"name\":\"%\",\"state\":\"%\",\"summary\":\"%\",\"unenforced\":[\"%\"]}"},
    {&oc_view_plugin_why, "{\"what\":\"%\",\"chain\":[]}"},
    {&oc_view_plugin_reset, "{\"plugin\":\"%\"}"},
    {&oc_view_status, "{\"version\":\"%\",\"problems\":[\"%\"]}"},
    {&oc_view_cost, "{\"sources\":[{\"source\":\"%\",\"state\":\"%\",\"last_figures\":\"%\"}]}"},
    {&oc_view_governance_status, "{\"mode\":\"%\",\"why\":\"%\",\"state\":\"%\"}"},
};

static void no_view_passes_on_what_acts_upon_a_terminal(void **state)
{
    (void)state;
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        json_t *data = hostile(cases[i].data);
        const struct cli_show s = {.cli = &cli, .op = test_op("plugin.list")};
        struct capture c = capture_begin(stdout);
        cases[i].view->show(&s, data);
        char *text = capture_end(&c);
        assert_harmless(text, cases[i].view->name);
        free(text);
        json_decref(data);
    }
}

/* A newer daemon or a broken one: where a text should be there is a number. */
static void what_is_no_text_is_shown_as_none(void **state)
{
    static const struct {
        const struct cli_view *view;
        const char *data;
    } odd[] = {{&oc_view_plugin, "{\"name\":\"a\",\"unenforced\":[1]}"},
               {&oc_view_status, "{\"problems\":[1]}"},
               {&oc_view_governance_votes, "{\"refused\":[1],\"receipts\":[1]}"}};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(odd); i++) {
        json_t *data = hostile(odd[i].data);
        const struct cli_show s = {.cli = &cli, .op = test_op("plugin.list")};
        struct capture c = capture_begin(stdout);
        odd[i].view->show(&s, data);
        free(capture_end(&c));
        json_decref(data);
    }
}

static void a_document_is_the_same_json_and_holds_nothing_that_acts(void **state)
{
    (void)state;
    for (int line = 0; line < 2; line++) {
        json_t *data = hostile("{\"%\":[\"%\",\"\xc3\xa4\"]}");
        struct capture c = capture_begin(stdout);
        oc_show_json(&cli, data, line);
        char *text = capture_end(&c);
        json_t *read = json_loads(text, 0, NULL);
        assert_harmless(text, "--json");
        assert_contains(text, "\xc3\xa4");
        assert_contains(text, "\\u009b");
        assert_contains(text, "\\u202e");
        assert_true(json_equal(read, data));
        free(text);
        json_decref(read);
        json_decref(data);
    }
}

static void a_program_gets_json_as_it_is(void **state)
{
    (void)state;
    cli.tty = false;
    json_t *data = hostile("[\"\xc2\x9b\"]");
    struct capture c = capture_begin(stdout);
    oc_show_json(&cli, data, true);
    char *text = capture_end(&c);
    assert_string_equal(text, "[\"\xc2\x9b\"]\n");
    free(text);
    json_decref(data);
}

static void the_help_of_an_operation_that_a_plugin_brings_is_harmless(void **state)
{
    char *text = NULL;
    size_t size = 0;
    (void)state;
    json_t *json = hostile("{\"name\":\"redis.%\",\"summary\":\"%\",\"description\":\"%\\t%\","
                           "\"example\":\"%\",\"params\":"
                           "[{\"name\":\"%\",\"type\":\"choice\",\"choices\":[\"%\"],\"default\":"
                           "\"%\",\"help\":\"%\"}]}");
    const struct cli_op *op = oc_invoke_op_from_json(json);
    FILE *out = open_memstream(&text, &size);
    oc_help_op(op, out);
    fclose(out);
    assert_harmless(text, "help");
    free(text);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(no_view_passes_on_what_acts_upon_a_terminal, setup),
        cmocka_unit_test_setup(what_is_no_text_is_shown_as_none, setup),
        cmocka_unit_test_setup(a_document_is_the_same_json_and_holds_nothing_that_acts, setup),
        cmocka_unit_test_setup(a_program_gets_json_as_it_is, setup),
        cmocka_unit_test_setup(the_help_of_an_operation_that_a_plugin_brings_is_harmless, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
