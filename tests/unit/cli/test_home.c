/* Which home the command line speaks to: as the daemon finds it. SPDX-License-Identifier: MIT */
#include "tests/unit/cli/table.h"
#include "tests/unit/unit.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/cli/cli.h"
#include "core/config/config.h"
#include "core/sys/file.h"

static char dir[64];
static struct cli cli;

static void put(const char *name, const char *text)
{
    char *path = oc_asprintf("%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    free(path);
}

static int setup(void **state)
{
    (void)state;
    cli = (struct cli){0};
    strcpy(dir, "/tmp/openclaw-home-XXXXXX");
    assert_non_null(mkdtemp(dir));
    char *path = oc_asprintf("%s/conf.d", dir);
    mkdir(path, 0700);
    free(path);
    unsetenv("OPENCLAW_HOME");
    unsetenv("OPENCLAW_CONFIG");
    unsetenv("OPENCLAW__HOST__HOME");
    setenv("HOME", dir, 1);
    return 0;
}

static int erase(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int teardown(void **state)
{
    (void)state;
    return nftw(dir, erase, 8, FTW_DEPTH | FTW_PHYS);
}

/* What the daemon makes of the same files, flags and environment. */
static char *home_of_daemon(const char *file)
{
    struct oc_diags diags = {0};
    struct oc_config_source source = {.file = file, .sets = cli.sets};
    struct oc_config *config = oc_config_load(&source, &diags, NULL);
    assert_non_null(config);
    char *home = oc_strdup(oc_config_home(config));
    oc_config_destroy(config);
    oc_diags_finish(&diags);
    return home;
}

static void assert_home(const char *expected)
{
    char *path = *expected == '/' ? oc_strdup(expected) : oc_asprintf("%s/%s", dir, expected);
    char *home = oc_cli_home(&cli), *theirs = home_of_daemon(cli.config);
    assert_string_equal(home, path);
    assert_string_equal(theirs, path);
    free(theirs);
    free(home);
    free(path);
}

static void use(const char *name, const char *text)
{
    static char path[128];
    put(name, text);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    cli.config = path;
}

static void without_anything_it_is_in_the_users_home(void **state)
{
    (void)state;
    assert_home(".openclaw");
}

static void the_file_may_name_it_relative_to_itself(void **state)
{
    (void)state;
    use("a.conf",
        "store = { backend = \"sqlite\"; };\nhost = { name = \"x\"; home = \"state\"; };\n");
    assert_home("state");
}

static void a_file_that_it_includes_may_name_it(void **state)
{
    (void)state;
    put("host.conf", "host = { home = \"state\"; };\n");
    use("a.conf", "store = { backend = \"sqlite\"; };\n@include \"host.conf\"\n");
    assert_home("state");
    put("conf.d/host.part", "host = { home = \"/other\"; };\n");
    put("conf.d/10-a.conf", "@include \"host.part\"\n");
    assert_home("/other");
}

static void a_tilde_is_the_users_home(void **state)
{
    (void)state;
    use("a.conf", "host : { home : \"~/x y\" }");
    assert_home("x y");
}

static void a_home_elsewhere_in_the_file_is_not_it(void **state)
{
    (void)state;
    use("a.conf",
        "# host = { home = \"no\"; };\ncollectors = ( { plugin = \"x\"; home = \"no\"; } );\n"
        "other = { host = { home = \"no\"; }; };\n");
    assert_home(".openclaw");
}

static void conf_d_stands_above_the_file(void **state)
{
    (void)state;
    put("conf.d/10-a.conf", "host = { home = \"ten\"; };");
    put("conf.d/20-b.conf", "store = { backend = \"sqlite\"; };");
    use("a.conf", "host = { home = \"file\"; };");
    assert_home("conf.d/ten");
}

static void conf_d_counts_without_a_file(void **state)
{
    (void)state;
    if (oc_file_exists("/etc/openclaw/openclaw.conf")) {
        skip();
    }
    char *folder = oc_asprintf("%s/.openclaw/conf.d", dir);
    assert_int_equal(oc_dir_make(folder, 0700, NULL), OC_OK);
    free(folder);
    put(".openclaw/conf.d/a.conf", "host = { home = \"state\"; };");
    char *expected = oc_asprintf("%s/.openclaw/openclaw.conf", dir),
         *file = oc_cli_first_file(&cli);
    assert_home(".openclaw/conf.d/state");
    assert_string_equal(file, expected);
    free(file);
    free(expected);
}

static void the_file_may_come_from_the_environment(void **state)
{
    (void)state;
    use("a.conf", "host = { home = \"state\"; };");
    setenv("OPENCLAW_CONFIG", cli.config, 1);
    cli.config = NULL;
    assert_home("state");
}

static void the_file_in_the_default_home_may_name_another(void **state)
{
    (void)state;
    char *path = oc_asprintf("%s/.openclaw", dir);
    mkdir(path, 0700);
    free(path);
    put(".openclaw/openclaw.conf", "host = { home = \"/var/elsewhere\"; };");
    assert_home("/var/elsewhere");
}

static void the_environment_stands_above_the_file(void **state)
{
    (void)state;
    use("a.conf", "host = { home = \"file\"; };");
    setenv("OPENCLAW_HOME", "/from/environment", 1);
    assert_home("/from/environment");
    setenv("OPENCLAW__HOST__HOME", "/from/variable", 1);
    assert_home("/from/variable");
}

static void a_flag_stands_above_all(void **state)
{
    (void)state;
    setenv("OPENCLAW_HOME", "/from/environment", 1);
    cli.sets[0] = "host.home=/from/set";
    assert_home("/from/set");
    cli.sets[0] = "host.home=\"/in quotes\"";
    assert_home("/in quotes");
}

static void the_option_home_is_the_environment_of_the_daemon(void **state)
{
    (void)state;
    setenv("OPENCLAW_HOME", "/from/environment", 1);
    cli.home = "/from/option";
    char *home = oc_cli_home(&cli), *socket = oc_cli_socket(&cli);
    assert_string_equal(home, "/from/option");
    assert_string_equal(socket, "/from/option/run/openclawd.sock");
    free(home);
    free(socket);
}

static void a_broken_file_does_no_harm(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "host",
                                        "host = {",
                                        "host = { home",
                                        "host = { home = \"",
                                        "\xff\xfe",
                                        "host = { home = 5; };",
                                        "host = ( \"home\" );",
                                        "}}}}",
                                        "host = { home = \"\" }"};
    char *expected = oc_asprintf("%s/.openclaw", dir);
    for (size_t i = 0; i < OC_COUNT(texts); i++) {
        use("a.conf", texts[i]);
        char *home = oc_cli_home(&cli);
        assert_string_equal(home, expected);
        free(home);
    }
    free(expected);
}

static void a_file_that_is_named_and_cannot_be_read_is_refused(void **state)
{
    struct oc_error err;
    (void)state;
    oc_error_init(&err);
    assert_int_equal(oc_cli_check_config(&cli, &err), OC_OK); /* nobody names one */
    use("a.conf", "host = { home");
    assert_int_equal(oc_cli_check_config(&cli, &err),
                     OC_OK); /* what is wrong in it the host says */
    cli.config = "/nowhere/a.conf";
    assert_int_equal(oc_cli_check_config(&cli, &err), OC_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "/nowhere/a.conf"));
    cli.config = NULL;
    setenv("OPENCLAW_CONFIG", "/", 1);
    assert_int_equal(oc_cli_check_config(&cli, &err), OC_E_CONFIG);
}

static int check_as_another_user(struct oc_error *err)
{
    const bool root = geteuid() == 0;
    if (root) {
        assert_int_equal(seteuid(65534), 0);
    }
    const int rc = oc_cli_check_config(&cli, err);
    if (root) {
        assert_int_equal(seteuid(0), 0);
    }
    return rc;
}

static void a_file_that_is_kept_from_the_caller_is_no_obstacle_to_a_home_said_by_hand(void **state)
{
    struct oc_error err;
    (void)state;
    use("a.conf", "host = { home = \"state\"; };");
    assert_int_equal(chmod(dir, 0755), 0);
    assert_int_equal(chmod(cli.config, 0), 0);
    assert_int_equal(check_as_another_user(&err), OC_E_DENIED);
    cli.home = "/from/option";
    assert_int_equal(check_as_another_user(&err), OC_OK);
    assert_int_equal(err.code, OC_OK);
    cli.home = NULL;
    setenv("OPENCLAW_HOME", "/from/environment", 1);
    assert_int_equal(check_as_another_user(&err), OC_OK);
    cli.config = "/nowhere/a.conf";
    assert_int_equal(check_as_another_user(&err), OC_E_NOT_FOUND);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(without_anything_it_is_in_the_users_home),
        T(the_file_may_name_it_relative_to_itself),
        T(a_file_that_it_includes_may_name_it),
        T(a_tilde_is_the_users_home),
        T(a_home_elsewhere_in_the_file_is_not_it),
        T(conf_d_stands_above_the_file),
        T(conf_d_counts_without_a_file),
        T(the_file_may_come_from_the_environment),
        T(the_file_in_the_default_home_may_name_another),
        T(the_environment_stands_above_the_file),
        T(a_flag_stands_above_all),
        T(the_option_home_is_the_environment_of_the_daemon),
        T(a_broken_file_does_no_harm),
        T(a_file_that_is_named_and_cannot_be_read_is_refused),
        T(a_file_that_is_kept_from_the_caller_is_no_obstacle_to_a_home_said_by_hand),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
