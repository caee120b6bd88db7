/* Help, completions and man pages fit and hold everything. SPDX-License-Identifier: MIT */
#include "tests/unit/cli/capture.h"
#include "tests/unit/cli/table.h"
#include "tests/unit/unit.h"

#include <dirent.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/cli/help.h"
#include "core/cli/paths.h"
#include "core/cli/term.h"

static struct cli cli;

static void assert_fits(const char *text)
{
    char *copy = oc_strdup(text);
    for (char *rest = copy, *line; (line = strsep(&rest, "\n"));) {
        if (oc_term_width(line) > OC_HELP_WIDTH) {
            fail_msg("wider than %d columns: %s", OC_HELP_WIDTH, line);
        }
        size_t len = strlen(line);
        if (len > 0 && line[len - 1] == ' ') {
            fail_msg("blanks at the end of: %s", line);
        }
    }
    free(copy);
}

static char *help_of_op(const char *name)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    oc_help_op(test_op(name), out);
    fclose(out);
    return text;
}

static void the_help_of_every_operation_fits_80_columns(void **state)
{
    (void)state;
    for (size_t i = 0; i < oc_cli_op_count; i++) {
        char *text = help_of_op(oc_cli_ops[i].name);
        assert_fits(text);
        free(text);
    }
}

static void the_help_of_an_operation_shows_all_of_it(void **state)
{
    (void)state;
    char *text = help_of_op("alert.silence");
    assert_contains(text, "Usage: openclaw alert silence [OPTIONS] MATCHERS...\n");
    assert_contains(text, "\nSilence alerts.\n");
    assert_contains(text, "\nFirst paragraph.\nSecond paragraph.\n");
    assert_contains(text, "  --max-age N ");
    assert_contains(text, "(default 5)");
    assert_contains(text, "one of three: low, high, all (default low)");
    assert_contains(text, "  --dry-run ");
    assert_contains(text, "Examples:\n  openclaw alert silence a\n");
    assert_contains(text, "Needs a running daemon.");
    free(text);
    text = help_of_op("alert.list");
    assert_lacks(text, "Needs a running daemon.");
    assert_contains(text, "Usage: openclaw alert list\n");
    free(text);
}

static json_t *help_document(int argc, char **argv)
{
    struct cli asked = {.json = true};
    struct capture c = capture_begin(stdout);
    assert_int_equal(oc_command_help(&asked, argc, argv), 0);
    char *text = capture_end(&c);
    json_t *document = json_loads(text, 0, NULL); /* refuses a second one behind it */
    assert_non_null(document);
    assert_true(json_is_true(json_object_get(document, "ok")));
    free(text);
    return document;
}

static void help_is_one_document_for_programs(void **state)
{
    (void)state;
    char *argv[] = {(char *)"alert", (char *)"silence", NULL};
    json_t *document = help_document(0, argv);
    assert_true(json_array_size(oc_json_path(document, "data.commands")) >= oc_cli_op_count);
    assert_true(json_array_size(oc_json_path(document, "data.options")) > 5);
    json_decref(document);
    document = help_document(1, argv);
    assert_int_equal(json_array_size(oc_json_path(document, "data.commands")), 3);
    json_decref(document);
    document = help_document(2, argv);
    const json_t *data = json_object_get(document, "data");
    assert_string_equal(oc_json_str(data, "command", ""), "alert silence");
    assert_string_equal(oc_json_str(data, "usage", ""),
                        "openclaw alert silence [OPTIONS] MATCHERS...");
    assert_true(oc_json_bool(data, "needs_daemon", false));
    assert_int_equal(json_array_size(json_object_get(data, "params")), 10);
    json_decref(document);
}

static void the_overview_fits_and_names_every_group(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    oc_help_overview(out);
    fclose(out);
    assert_fits(text);
    assert_contains(text, "  alert ");
    assert_contains(text, "list, silence, silences");
    assert_contains(text, "edit, set"); /* a command among operations */
    assert_contains(text, "  -c, --config FILE");
    assert_lacks(text, "  man "); /* hidden */
    free(text);
}

static void a_group_lists_its_commands(void **state)
{
    (void)state;
    char *argv[] = {(char *)"alerts", NULL}, *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_true(oc_help_group(1, argv, out));
    argv[0] = (char *)"logs";
    assert_false(oc_help_group(1, argv, out));
    argv[0] = (char *)"nothing";
    assert_false(oc_help_group(1, argv, out));
    fclose(out);
    assert_fits(text);
    assert_contains(text, "  alert silence       Silence alerts\n");
    assert_lacks(text, "config");
    free(text);
}

static void a_group_within_a_group_is_named_whole(void **state)
{
    (void)state;
    char *argv[] = {(char *)"ledger", (char *)"witness", (char *)"--json", NULL}, *text = NULL;
    size_t size = 0;
    struct oc_error err;
    FILE *out = open_memstream(&text, &size);
    assert_true(oc_help_group(2, argv, out));
    fclose(out);
    assert_contains(text, "Usage: openclaw ledger witness COMMAND\n");
    assert_contains(text, "`openclaw help ledger witness COMMAND` explains");
    free(text);
    oc_error_init(&err);
    oc_help_want_command(3, argv, &err);
    assert_string_equal(err.message,
                        "`openclaw ledger witness` is a group of commands and none of them");
    assert_string_equal(err.hint, "`openclaw help ledger witness` lists them.");
}

static void every_path_is_there_once_below_its_group(void **state)
{
    (void)state;
    struct cli_paths paths;
    oc_paths_init(&paths);
    assert_string_equal(paths.list.items[0].words, "");
    size_t found = 0;
    for (size_t i = 0; i < paths.list.count; i++) {
        const struct cli_path *path = &paths.list.items[i];
        if (strcmp(path->words, "config") == 0) {
            assert_int_equal(path->children.count, 2); /* edit, set */
            assert_null(path->op);
        }
        found += strcmp(path->words, "alert silence") == 0;
    }
    assert_int_equal(found, 1);
    oc_paths_finish(&paths);
}

static char *completion(const char *shell)
{
    char *argv[] = {(char *)shell, NULL};
    struct capture c = capture_begin(stdout);
    int rc = oc_command_completion(&cli, 1, argv);
    char *text = capture_end(&c);
    assert_int_equal(rc, 0);
    return text;
}

static void completions_hold_commands_options_and_choices(void **state)
{
    (void)state;
    static const char *const shells[] = {"bash", "zsh", "fish"};
    for (size_t i = 0; i < OC_COUNT(shells); i++) {
        char *text = completion(shells[i]);
        assert_contains(text, "alert silence");
        assert_contains(text, "max-age");
        assert_contains(text, "low high all");
        assert_lacks(text, "max_age");
        free(text);
    }
}

static void an_unknown_shell_is_a_usage_error(void **state)
{
    (void)state;
    char *argv[] = {(char *)"tcsh", NULL};
    struct capture c = capture_begin(stderr);
    int rc = oc_command_completion(&cli, 1, argv);
    free(capture_end(&c));
    assert_int_equal(rc, 64);
}

static void every_group_has_a_man_page(void **state)
{
    (void)state;
    char dir[] = "/tmp/openclaw-man-XXXXXX", *argv[] = {dir, NULL};
    assert_non_null(mkdtemp(dir));
    setenv("SOURCE_DATE_EPOCH", "0", 1);
    assert_int_equal(oc_command_man(&cli, 1, argv), 0);
    static const char *const pages[] = {"openclaw.1",        "openclaw-alert.1",
                                        "openclaw-config.1", "openclaw-events.1",
                                        "openclaw-logs.1",   "openclaw-version.1"};
    for (size_t i = 0; i < OC_COUNT(pages); i++) {
        char line[64], *path = oc_asprintf("%s/%s", dir, pages[i]);
        FILE *page = fopen(path, "r");
        assert_non_null(page);
        assert_non_null(fgets(line, sizeof line, page));
        assert_string_equal(line, ".Dd January 1, 1970\n");
        fclose(page);
        free(path);
    }
    DIR *d = opendir(dir);
    for (struct dirent *e; (e = readdir(d));) {
        char *path = oc_asprintf("%s/%s", dir, e->d_name);
        unlink(path);
        free(path);
    }
    closedir(d);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_help_of_every_operation_fits_80_columns),
        cmocka_unit_test(the_help_of_an_operation_shows_all_of_it),
        cmocka_unit_test(help_is_one_document_for_programs),
        cmocka_unit_test(the_overview_fits_and_names_every_group),
        cmocka_unit_test(a_group_lists_its_commands),
        cmocka_unit_test(a_group_within_a_group_is_named_whole),
        cmocka_unit_test(every_path_is_there_once_below_its_group),
        cmocka_unit_test(completions_hold_commands_options_and_choices),
        cmocka_unit_test(an_unknown_shell_is_a_usage_error),
        cmocka_unit_test(every_group_has_a_man_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
