/* What `plugin info`, `lock`, `audit`, `registry serve` and plans show people. SPDX-License-Identifier: MIT */
#include "tests/unit/cli/capture.h"
#include "tests/unit/cli/table.h"
#include "tests/unit/unit.h"

#include "core/base/json.h"
#include "core/cli/show.h"

static struct cli cli;

/* What the view writes for this JSON; owned by the caller. */
static char *shown(const struct cli_view *view, const char *params, const char *text)
{
    json_t *given = params ? json_loads(params, 0, NULL) : NULL, *data = json_loads(text, 0, NULL);
    const struct cli_show s = {.cli = &cli, .op = test_op("plugin.list"), .params = given};
    assert_non_null(data);
    struct capture c = capture_begin(stdout);
    view->show(&s, data);
    json_decref(data);
    json_decref(given);
    return capture_end(&c);
}

static void provenance_is_no_dump_of_the_release(void **state)
{
    (void)state;
    char *text = shown(
        &oc_view_plugin, NULL,
        "{\"name\":\"hello\",\"rights\":[],\"provenance\":{\"source\":\"registry:team\",\"key\":"
        "\"RWR3\",\"schema\":1,\"release\":{\"published\":\"2026-11-22T18:12:55.968Z\","
        "\"artifacts\":[{\"minisig\":\"untrusted comment: x\"}]}}}");
    assert_contains(text, "registry:team");
    assert_contains(text, "published");
    assert_lacks(text, "minisig");
    assert_lacks(text, "schema");
    free(text);
}

static void what_is_not_installed_is_described_by_its_newest_fit(void **state)
{
    (void)state;
    char *text = shown(
        &oc_view_plugin, NULL,
        "{\"id\":\"ann/hello\",\"state\":\"available\",\"versions\":["
        "{\"version\":\"3.0.0\",\"fits\":false,\"summary\":\"three\"},"
        "{\"version\":\"2.0.0\",\"fits\":true,\"summary\":\"two\",\"permissions\":[],\"license\":"
        "\"MIT\",\"status\":{\"yanked\":false},\"artifacts\":[{\"size\":2048,\"arch\":\"any\"}]}]"
        "}");
    assert_contains(text, "summary      two");
    assert_contains(text, "permissions  none");
    assert_contains(text, "2 KB");
    assert_lacks(text, "provenance");
    free(text);
}

static void a_server_says_what_it_serves_and_where(void **state)
{
    (void)state;
    char *text =
        shown(&oc_view_serve, "{\"dir\":\"/srv/r\"}", "{\"url\":\"http://127.0.0.1:8080\"}");
    assert_string_equal(text, "serving /srv/r at http://127.0.0.1:8080; Ctrl-C ends it\n");
    free(text);
    text = shown(&oc_view_serve, NULL,
                 "{\"client\":\"127.0.0.1\",\"method\":\"GET\",\"path\":\"/v1/x\",\"status\":200,"
                 "\"bytes\":1024}");
    assert_contains(text, "GET   200");
    assert_contains(text, "/v1/x\n");
    free(text);
}

static void one_is_not_many(void **state)
{
    (void)state;
    char *text = shown(&oc_view_plugin_audit, NULL, "{\"audited\":1,\"findings\":[]}");
    assert_string_equal(text, "1 plugin audited, 0 findings\n");
    free(text);
    text = shown(&oc_view_cron_import, NULL, "{\"added\":2,\"present\":0,\"findings\":1}");
    assert_string_equal(text, "2 added, 0 there already, 1 finding\n");
    free(text);
    text = shown(&oc_view_written, NULL,
                 "{\"file\":\"/tmp/x\",\"plugins\":[{\"id\":\"a/b\",\"version\":\"1.0.0\"}]}");
    assert_contains(text, "\n1 plugin written to /tmp/x\n");
    free(text);
}

static void no_plugins_are_no_bare_title(void **state)
{
    (void)state;
    char *text = shown(&oc_view_plugins, NULL, "[]");
    assert_string_equal(text, "No plugins.\n");
    free(text);
}

static void a_long_word_of_a_plan_keeps_its_distance(void **state)
{
    (void)state;
    char *text = shown(&oc_view_plan, NULL,
                       "{\"actions\":[{\"do\":\"reinstall\",\"id\":\"a/b\",\"version\":\"1.0.0\"},"
                       "{\"do\":\"pin\",\"id\":\"a/b\"},"
                       "{\"do\":\"delete\",\"kind\":\"generation\",\"name\":\"3\"}]}");
    assert_contains(text, "  reinstall a/b 1.0.0\n  pin      a/b\n  delete   generation 3\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(provenance_is_no_dump_of_the_release),
        cmocka_unit_test(what_is_not_installed_is_described_by_its_newest_fit),
        cmocka_unit_test(a_server_says_what_it_serves_and_where),
        cmocka_unit_test(one_is_not_many),
        cmocka_unit_test(no_plugins_are_no_bare_title),
        cmocka_unit_test(a_long_word_of_a_plan_keeps_its_distance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
