/* Words to options, operations and parameters. SPDX-License-Identifier: MIT */
#include "tests/unit/cli/table.h"
#include "tests/unit/unit.h"

#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/cli/commands.h"
#include "core/config/command.h"

#define ARGV_MAX 16

static struct oc_error err;

static int setup(void **state)
{
    (void)state;
    oc_error_init(&err);
    return 0;
}

/* argv as main has it: a copy that may be written to. */
static char **words(int *argc, const char *const *list)
{
    static char *argv[ARGV_MAX];
    for (*argc = 0; list[*argc]; ++*argc) {
        argv[*argc] = (char *)list[*argc];
    }
    argv[*argc] = NULL;
    return argv;
}

#define WORDS(...) words(&argc, (const char *const[]){__VA_ARGS__, NULL})

static void assert_json(json_t *value, const char *expected)
{
    assert_non_null(value);
    char *text = oc_json_text(value);
    assert_string_equal(text, expected);
    free(text);
    json_decref(value);
}

/* ---- the options of every command ---- */

static void options_of_every_command_may_stand_anywhere(void **state)
{
    (void)state;
    struct cli cli = {0};
    int argc;
    char **argv = WORDS("--json", "alert", "-c", "a.conf", "list", "--home=/h", "--set", "a=1",
                        "--set", "b=2", "-yq", "-q");
    argc = oc_args_global(&cli, argc, argv, &err);
    assert_int_equal(argc, 3);
    assert_string_equal(argv[0], "alert");
    assert_string_equal(argv[1], "list");
    assert_string_equal(argv[2], "-yq"); /* letters are not joined */
    assert_true(cli.json && cli.quiet && !cli.yes);
    assert_string_equal(cli.config, "a.conf");
    assert_string_equal(cli.home, "/h");
    assert_string_equal(cli.sets[0], "a=1");
    assert_string_equal(cli.sets[1], "b=2");
    assert_null(cli.sets[2]);
}

static void nothing_behind_two_dashes_is_an_option(void **state)
{
    (void)state;
    struct cli cli = {0};
    int argc;
    char **argv = WORDS("config", "--", "--json");
    assert_int_equal(oc_args_global(&cli, argc, argv, &err), 3);
    assert_false(cli.json);
}

static void the_names_that_no_operation_may_use_are_those_of_the_table(void **state)
{
    (void)state;
    for (const struct cli_global *g = oc_globals; g->name; g++) {
        char name[32];
        snprintf(name, sizeof name, "%s", g->name);
        for (char *c = name; *c; c++) {
            *c = *c == '-' ? '_' : *c;
        }
        if (!oc_command_option(name)) {
            fail_msg("an operation could have a parameter %s, which --%s hides", name, g->name);
        }
    }
    assert_false(oc_command_option("time_limit"));
}

static void an_option_without_its_value_is_refused(void **state)
{
    (void)state;
    struct cli cli = {0};
    int argc;
    char **argv = WORDS("status", "--config");
    assert_int_equal(oc_args_global(&cli, argc, argv, &err), -1);
    assert_string_equal(err.message, "--config wants a value: FILE");
}

static void a_set_without_a_key_is_refused(void **state)
{
    (void)state;
    struct cli cli = {0};
    int argc;
    char **argv = WORDS("--set", "=x");
    assert_int_equal(oc_args_global(&cli, argc, argv, &err), -1);
    argv = WORDS("--set", "novalue");
    assert_int_equal(oc_args_global(&cli, argc, argv, &err), -1);
}

static void at_most_64_values_may_be_set(void **state)
{
    (void)state;
    struct cli cli = {0};
    char *argv[2 * (OC_SETS_MAX + 1) + 1];
    int argc = 0;
    for (int i = 0; i <= OC_SETS_MAX; i++) {
        argv[argc++] = (char *)"--set";
        argv[argc++] = (char *)"a=1";
    }
    argv[argc] = NULL;
    assert_int_equal(oc_args_global(&cli, argc, argv, &err), -1);
    assert_non_null(cli.sets[OC_SETS_MAX - 1]);
    assert_null(cli.sets[OC_SETS_MAX]);
}

static void colour_is_always_never_or_auto(void **state)
{
    (void)state;
    struct cli cli = {0};
    int argc;
    char **argv = WORDS("--color=always");
    assert_int_equal(oc_args_global(&cli, argc, argv, &err), 0);
    assert_true(cli.color);
    argv = WORDS("--no-color");
    assert_int_equal(oc_args_global(&cli, argc, argv, &err), 0);
    assert_false(cli.color);
    argv = WORDS("--color=blue");
    assert_int_equal(oc_args_global(&cli, argc, argv, &err), -1);
}

static void the_timeout_is_a_duration(void **state)
{
    (void)state;
    struct cli cli = {0};
    int argc;
    char **argv = WORDS("--timeout", "1500ms");
    assert_int_equal(oc_args_global(&cli, argc, argv, &err), 0);
    assert_int_equal(cli.timeout_ms, 1500);
    argv = WORDS("--timeout=0");
    assert_int_equal(oc_args_global(&cli, argc, argv, &err), 0);
    assert_int_equal(cli.timeout_ms, 0);
    argv = WORDS("--timeout", "5");
    assert_int_equal(oc_args_global(&cli, argc, argv, &err), -1);
    assert_string_equal(err.message, "--timeout wants a duration of at most 1d, found 5");
    argv = WORDS("--timeout=2d");
    assert_int_equal(oc_args_global(&cli, argc, argv, &err), -1);
}

/* ---- finding the operation ---- */

static const char *found(int argc, char **argv, int *used)
{
    const struct cli_op *op = oc_args_find(argc, argv, used);
    return op ? op->name : "none";
}

static void the_longest_match_names_the_operation(void **state)
{
    (void)state;
    int argc, used;
    char **argv = WORDS("alert", "silence", "cpu");
    assert_string_equal(found(argc, argv, &used), "alert.silence");
    assert_int_equal(used, 2);
    argv = WORDS("logs");
    assert_string_equal(found(argc, argv, &used), "logs");
    argv = WORDS("alert");
    assert_string_equal(found(argc, argv, &used), "none");
}

static void the_first_word_may_be_plural_singular_or_short(void **state)
{
    (void)state;
    int argc, used;
    char **argv = WORDS("alerts", "list");
    assert_string_equal(found(argc, argv, &used), "alert.list");
    argv = WORDS("rule", "show");
    assert_string_equal(found(argc, argv, &used), "rules.show");
    argv = WORDS("policies", "list");
    assert_string_equal(found(argc, argv, &used), "policy.list");
    argv = WORDS("p", "list");
    assert_string_equal(found(argc, argv, &used), "plugin.list");
}

static void a_later_word_must_be_exact(void **state)
{
    (void)state;
    int argc, used;
    char **argv = WORDS("alert", "silences");
    assert_string_equal(found(argc, argv, &used), "alert.silences");
    argv = WORDS("alert", "lists");
    assert_string_equal(found(argc, argv, &used), "none");
}

static void a_command_is_found_like_an_operation(void **state)
{
    (void)state;
    int argc, used;
    char **argv = WORDS("config", "edit");
    const struct cli_command *command = oc_command_find(argc, argv, &used);
    assert_non_null(command);
    assert_string_equal(command->name, "config.edit");
    assert_int_equal(used, 2);
    argv = WORDS("config", "set");
    assert_null(oc_command_find(argc, argv, &used));
}

static void an_unknown_word_is_answered_with_the_nearest(void **state)
{
    (void)state;
    int argc;
    char **argv = WORDS("alrt", "list");
    oc_args_unknown(argc, argv, &err);
    assert_string_equal(err.message, "there is no command `alrt`");
    assert_string_equal(err.hint, "Did you mean `openclaw alert`?");
    argv = WORDS("alert", "lsit");
    oc_args_unknown(argc, argv, &err);
    assert_string_equal(err.hint, "Did you mean `openclaw alert list`?");
    argv = WORDS("alert", "qqqqqqqq");
    oc_args_unknown(argc, argv, &err);
    assert_string_equal(err.hint, "`openclaw help alert` lists the commands.");
    argv = WORDS("qqqqqqqq");
    oc_args_unknown(argc, argv, &err);
    assert_string_equal(err.hint, "`openclaw help` lists the commands.");
}

/* ---- parameters ---- */

static json_t *parse(const char *op, int argc, char **argv)
{
    return oc_params_parse(test_op(op), argc, argv, &err);
}

static void parameters_become_json_of_their_type(void **state)
{
    (void)state;
    int argc;
    char **argv = WORDS("cpu", "disk", "--for", "2h", "--max-age=7", "--level", "high", "--dry-run",
                        "--share", "0.5", "--size=10MB");
    assert_json(
        parse("alert.silence", argc, argv),
        "{\"dry_run\":true,\"for\":\"2h\",\"level\":\"high\",\"matchers\":[\"cpu\",\"disk\"],"
        "\"max_age\":7,\"share\":0.5,\"size\":\"10MB\"}");
}

static void underscores_and_dashes_spell_the_same_name(void **state)
{
    (void)state;
    int argc;
    char **argv = WORDS("x", "--max_age", "1", "--no-dry-run");
    assert_json(parse("alert.silence", argc, argv),
                "{\"dry_run\":false,\"matchers\":[\"x\"],\"max_age\":1}");
}

static void lists_and_maps_gather_what_is_given_again(void **state)
{
    (void)state;
    int argc;
    char **argv = WORDS("x", "--tags", "a", "--tags", "b", "--labels", "k=v", "--labels=l=w=x");
    assert_json(
        parse("alert.silence", argc, argv),
        "{\"labels\":{\"k\":\"v\",\"l\":\"w=x\"},\"matchers\":[\"x\"],\"tags\":[\"a\",\"b\"]}");
}

static void a_path_is_made_absolute_here(void **state)
{
    (void)state;
    int argc;
    char cwd[512], *expected;
    assert_non_null(getcwd(cwd, sizeof cwd));
    char **argv = WORDS("x", "--file", "a/b.conf");
    json_t *params = parse("alert.silence", argc, argv);
    assert_non_null(params);
    assert_true(asprintf(&expected, "%s/a/b.conf", cwd) > 0);
    assert_string_equal(oc_json_str(params, "file", ""), expected);
    free(expected);
    json_decref(params);
}

static void places_are_filled_in_order_and_by_name(void **state)
{
    (void)state;
    int argc;
    char **argv = WORDS("store.retention", "7d");
    assert_json(parse("config.set", argc, argv), "{\"key\":\"store.retention\",\"value\":\"7d\"}");
    argv = WORDS("--key=a", "b");
    assert_json(parse("config.set", argc, argv), "{\"key\":\"a\",\"value\":\"b\"}");
    argv = WORDS("a", "--", "--b");
    assert_json(parse("config.set", argc, argv), "{\"key\":\"a\",\"value\":\"--b\"}");
    argv = WORDS("a", "-");
    assert_json(parse("config.set", argc, argv), "{\"key\":\"a\",\"value\":\"-\"}");
}

static void refuses(const char *op, int argc, char **argv, const char *message, const char *hint)
{
    assert_null(parse(op, argc, argv));
    assert_string_equal(err.message, message);
    if (hint) {
        assert_string_equal(err.hint, hint);
    }
    assert_int_equal(err.code, OC_E_CONFIG);
}

static void a_missing_parameter_is_named(void **state)
{
    (void)state;
    int argc;
    char **argv = WORDS("a");
    refuses("config.set", argc, argv, "`openclaw config set` needs VALUE (its value)",
            "`openclaw help config set` shows what it takes.");
}

static void a_wrong_value_says_what_was_expected(void **state)
{
    (void)state;
    int argc;
    char **argv = WORDS("x", "--max-age", "many");
    refuses("alert.silence", argc, argv, "--max-age: expected a whole number, found many", NULL);
    argv = WORDS("x", "--max-age=99999999999999999999");
    refuses("alert.silence", argc, argv,
            "--max-age: expected a whole number, found 99999999999999999999", NULL);
    argv = WORDS("x", "--for", "soon");
    refuses("alert.silence", argc, argv, "--for: expected a duration such as 10s or 2h, found soon",
            NULL);
    argv = WORDS("x", "--level", "hihg");
    refuses("alert.silence", argc, argv, "--level: expected one of low|high|all, found hihg",
            "Did you mean high?");
    argv = WORDS("x", "--share=nan");
    refuses("alert.silence", argc, argv, "--share: expected a number, found nan", NULL);
    argv = WORDS("x", "--size", "");
    refuses("alert.silence", argc, argv, "--size: expected a size such as 10MB, found nothing",
            NULL);
    argv = WORDS("x", "--labels", "novalue");
    refuses("alert.silence", argc, argv, "--labels: expected KEY=VALUE, found novalue", NULL);
    argv = WORDS("x", "--dry-run=maybe");
    refuses("alert.silence", argc, argv, "--dry-run: expected true or false, found maybe", NULL);
    argv = WORDS("\xff");
    assert_null(parse("alert.silence", argc, argv));
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    int argc;
    char **argv = WORDS("a", "b", "c");
    refuses("config.set", argc, argv, "`c` is one word too many", NULL);
    argv = WORDS("x", "--levle", "low");
    refuses("alert.silence", argc, argv, "there is no option --levle", "Did you mean --level?");
    argv = WORDS("x", "--no-level");
    refuses("alert.silence", argc, argv, "there is no option --no-level", NULL);
    argv = WORDS("x", "-z");
    refuses("alert.silence", argc, argv, "there is no option -z", NULL);
    argv = WORDS("x", "-5"); /* no number is expected there */
    refuses("alert.silence", argc, argv, "there is no option -5", NULL);
    argv = WORDS("x", "--for");
    refuses("alert.silence", argc, argv, "--for wants a value: DURATION", NULL);
    argv = WORDS("x", "--for", "1h", "--for", "2h");
    refuses("alert.silence", argc, argv, "--for is given twice", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(options_of_every_command_may_stand_anywhere, setup),
        cmocka_unit_test_setup(nothing_behind_two_dashes_is_an_option, setup),
        cmocka_unit_test_setup(the_names_that_no_operation_may_use_are_those_of_the_table, setup),
        cmocka_unit_test_setup(an_option_without_its_value_is_refused, setup),
        cmocka_unit_test_setup(a_set_without_a_key_is_refused, setup),
        cmocka_unit_test_setup(at_most_64_values_may_be_set, setup),
        cmocka_unit_test_setup(colour_is_always_never_or_auto, setup),
        cmocka_unit_test_setup(the_timeout_is_a_duration, setup),
        cmocka_unit_test_setup(the_longest_match_names_the_operation, setup),
        cmocka_unit_test_setup(the_first_word_may_be_plural_singular_or_short, setup),
        cmocka_unit_test_setup(a_later_word_must_be_exact, setup),
        cmocka_unit_test_setup(a_command_is_found_like_an_operation, setup),
        cmocka_unit_test_setup(an_unknown_word_is_answered_with_the_nearest, setup),
        cmocka_unit_test_setup(parameters_become_json_of_their_type, setup),
        cmocka_unit_test_setup(underscores_and_dashes_spell_the_same_name, setup),
        cmocka_unit_test_setup(lists_and_maps_gather_what_is_given_again, setup),
        cmocka_unit_test_setup(a_path_is_made_absolute_here, setup),
        cmocka_unit_test_setup(places_are_filled_in_order_and_by_name, setup),
        cmocka_unit_test_setup(a_missing_parameter_is_named, setup),
        cmocka_unit_test_setup(a_wrong_value_says_what_was_expected, setup),
        cmocka_unit_test_setup(what_does_not_fit_is_refused, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
