/* Operations that destroy, and operations that plugins bring. SPDX-License-Identifier: MIT */
#include "tests/unit/cli/capture.h"
#include "tests/unit/cli/table.h"
#include "tests/unit/unit.h"

#include <fcntl.h>

#include "core/base/json.h"
#include "core/cli/commands.h"
#include "core/cli/invoke.h"

static struct cli cli;

static int setup(void **state)
{
    (void)state;
    cli = (struct cli){.home = "/nowhere"};
    return 0;
}

static void what_destroys_is_refused_when_nobody_can_be_asked(void **state)
{
    (void)state;
    int null = open("/dev/null", O_RDONLY), saved = dup(STDIN_FILENO);
    dup2(null, STDIN_FILENO);
    struct capture errors = capture_begin(stderr);
    int rc = oc_command_op(&cli, test_op("backup.destroy"), NULL);
    char *said = capture_end(&errors);
    dup2(saved, STDIN_FILENO);
    close(saved);
    close(null);
    assert_int_equal(rc, 1);
    assert_contains(said, "`openclaw backup destroy` was not confirmed: nothing has been done");
    assert_contains(said, "--yes");
    free(said);
}

static void with_yes_nobody_is_asked(void **state)
{
    (void)state;
    cli.yes = true;
    struct capture errors = capture_begin(stderr);
    int rc = oc_command_op(&cli, test_op("backup.destroy"), NULL);
    char *said = capture_end(&errors);
    assert_int_equal(rc, 69); /* it went on to the daemon that is not there */
    assert_contains(said, "no daemon is running");
    free(said);
}

static void an_operation_of_a_plugin_is_read_from_its_description(void **state)
{
    (void)state;
    json_t *json =
        json_pack("{s:s,s:s,s:s,s:[s,s],s:s,s:[{s:s,s:s,s:b,s:b,s:s},{s:s,s:s,s:[s,s],s:s,s:n}]}",
                  "name", "redis.flush", "summary", "Flush it", "role", "admin", "flags", "mutates",
                  "destructive", "view", "record", "params", "name", "which", "type", "string",
                  "required", 1, "positional", 1, "help", "which one", "name", "mode", "type",
                  "choice", "choices", "soft", "hard", "default", "soft", "help");
    assert_non_null(json);
    const struct cli_op *op = oc_invoke_op_from_json(json);
    assert_string_equal(op->name, "redis.flush");
    assert_int_equal(op->flags, OC_OP_MUTATES | OC_OP_DESTRUCTIVE);
    assert_int_equal(op->param_count, 2);
    assert_int_equal(op->params[0].flags, OC_OPT_REQUIRED | OC_OPT_POSITIONAL);
    assert_int_equal(op->params[1].type, OC_OPT_ENUM);
    assert_string_equal(op->params[1].choices, "soft|hard");
    assert_string_equal(op->params[1].fallback, "soft");
    json_decref(json);
}

/* Whatever tells of it: a view of one operation trusts what that one answers, and a table without columns cannot be drawn. */
static void a_view_that_only_the_host_may_use_is_left_out(void **state)
{
    static const struct {
        const char *view;
        bool kept;
    } cases[] = {{"record", true},  {"text:body", true},      {"table:a=A,b", true},
                 {"table:", false}, {"table:=A", false},      {"table:a,,b", false},
                 {"text:", false},  {"custom:health", false}, {"custom:plugin", false},
                 {"records", false}};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        json_t *json = json_pack("{s:s,s:s}", "name", "redis.look", "view", cases[i].view);
        const struct cli_op *op = oc_invoke_op_from_json(json);
        assert_non_null(op);
        if (cases[i].kept) {
            assert_string_equal(op->view, cases[i].view);
        } else {
            assert_null(op->view);
        }
        json_decref(json);
    }
}

static void what_is_no_description_is_no_operation(void **state)
{
    (void)state;
    json_t *json = json_pack("{s:i}", "name", 5);
    assert_null(oc_invoke_op_from_json(json));
    assert_null(oc_invoke_op_from_json(NULL));
    json_decref(json);
}

static void without_a_daemon_there_are_no_more_operations(void **state)
{
    (void)state;
    char *argv[] = {(char *)"redis", (char *)"flush", NULL};
    int used = 7;
    assert_null(oc_invoke_find(&cli, 2, argv, &used));
    assert_int_equal(used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_destroys_is_refused_when_nobody_can_be_asked, setup),
        cmocka_unit_test_setup(with_yes_nobody_is_asked, setup),
        cmocka_unit_test_setup(an_operation_of_a_plugin_is_read_from_its_description, setup),
        cmocka_unit_test_setup(a_view_that_only_the_host_may_use_is_left_out, setup),
        cmocka_unit_test_setup(what_is_no_description_is_no_operation, setup),
        cmocka_unit_test_setup(without_a_daemon_there_are_no_more_operations, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
