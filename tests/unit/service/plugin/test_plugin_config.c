/* plugin.config.* and plugin.doctor over real files. SPDX-License-Identifier: MIT */
#include "tests/unit/service/plugin/world.h"

static char *text_of_file(void)
{
    struct oc_buf text = {0};
    assert_int_equal(oc_file_read(w.file, 4096, &text, NULL), OC_OK);
    return oc_buf_take(&text);
}

static void expect_file(const char *part)
{
    char *text = text_of_file();
    if (!strstr(text, part)) {
        fail_msg("the file lacks %s: %s", part, text);
    }
    free(text);
}

static void an_option_is_checked_before_it_is_written(void **state)
{
    (void)state;
    plugin_add("ok", LIBRARY);
    configure("# mine\nstore = { backend = \"memory\"; };\n");
    stage_ask(&w.s, "plugin.config.set",
              "{\"name\": \"ok\", \"key\": \"count\", \"value\": \"3\"}");
    expect_file("# mine");
    expect_file("count = 3;");
    assert_int_equal(stage_refused(&w.s, "plugin.config.set",
                                   "{\"name\": \"ok\", \"key\": \"count\", \"value\": \"99\"}"),
                     OC_E_CONFIG);
    assert_int_equal(stage_refused(&w.s, "plugin.config.set",
                                   "{\"name\": \"ok\", \"key\": \"coutn\", \"value\": \"3\"}"),
                     OC_E_CONFIG);
    assert_non_null(strstr(w.s.error.hint, "count"));
    expect_file("count = 3;");
    assert_int_equal(stage_refused(&w.s, "plugin.config.set",
                                   "{\"name\": \"no\", \"key\": \"count\", \"value\": \"3\"}"),
                     OC_E_NOT_FOUND);
}

static void keys_of_the_host_may_be_set_for_a_collector(void **state)
{
    (void)state;
    plugin_add("ok", LIBRARY);
    stage_ask(&w.s, "plugin.config.set",
              "{\"name\": \"ok\", \"key\": \"interval\", \"value\": \"5s\"}");
    expect_file("interval = \"5s\";");
    for (const char *const *key = oc_collector_keys + 1; *key; key++) {
        char params[128];
        snprintf(params, sizeof params, "{\"name\": \"ok\", \"key\": \"%s\", \"value\": \"1\"}",
                 *key);
        stage_ask(&w.s, "plugin.config.set", params);
    }
    assert_int_equal(stage_refused(&w.s, "plugin.config.set",
                                   "{\"name\": \"ok\", \"key\": \"plugin\", \"value\": \"x\"}"),
                     OC_E_CONFIG);
}

static void keys_of_the_host_may_be_set_for_a_channel(void **state)
{
    (void)state;
    plugin_add("pager", "\"library\": \"x.so\", \"abi\": \"1.0\", \"kind\": \"alert\"");
    stage_ask(&w.s, "plugin.config.set",
              "{\"name\": \"pager\", \"key\": \"fallback\", \"value\": \"mail\"}");
    expect_file("fallback = \"mail\";");
    assert_int_equal(
        stage_refused(&w.s, "plugin.config.set",
                      "{\"name\": \"pager\", \"key\": \"interval\", \"value\": \"5s\"}"),
        OC_E_CONFIG);
}

static void what_is_set_can_be_read_unset_and_reset(void **state)
{
    (void)state;
    plugin_add("ok", LIBRARY);
    configure("plugins = { ok = { count = 3; interval = \"5s\"; }; };");
    const json_t *o =
        stage_ask(&w.s, "plugin.config.get", "{\"name\": \"ok\", \"key\": \"count\"}");
    assert_string_equal(oc_json_str(o, "text", ""), "3");
    assert_int_equal(
        stage_refused(&w.s, "plugin.config.get", "{\"name\": \"ok\", \"key\": \"other\"}"),
        OC_E_NOT_FOUND);
    stage_ask(&w.s, "plugin.config.unset", "{\"name\": \"ok\", \"key\": \"count\"}");
    char *text = text_of_file();
    assert_null(strstr(text, "count"));
    free(text);
    assert_int_equal(
        stage_refused(&w.s, "plugin.config.unset", "{\"name\": \"ok\", \"key\": \"count\"}"),
        OC_E_NOT_FOUND);
    stage_ask(&w.s, "plugin.config.reset", "{\"name\": \"ok\"}");
    text = text_of_file();
    assert_null(strstr(text, "ok ="));
    free(text);
}

static void what_is_exported_can_be_imported(void **state)
{
    (void)state;
    char params[256], path[128];
    plugin_add("ok", LIBRARY);
    configure("plugins = { ok = { count = 3; }; };");
    snprintf(path, sizeof path, "%s/out.conf", w.s.home);
    snprintf(params, sizeof params, "{\"name\": \"ok\", \"output\": \"%s\"}", path);
    stage_ask(&w.s, "plugin.config.export", params);
    configure("");
    snprintf(params, sizeof params, "{\"name\": \"ok\", \"file\": \"%s\"}", path);
    stage_ask(&w.s, "plugin.config.import", params);
    expect_file("count = 3;");
    make("out.conf", "{\"count\": 4}");
    stage_ask(&w.s, "plugin.config.import", params);
    expect_file("count = 4;");
    make("out.conf", "colour = 4;");
    assert_int_equal(stage_refused(&w.s, "plugin.config.import", params), OC_E_CONFIG);
    make("out.conf", "password = \"********\";");
    assert_int_equal(stage_refused(&w.s, "plugin.config.import", params), OC_E_CONFIG);
    expect_file("count = 4;");
}

static void secrets_are_hidden_as_in_the_whole_configuration(void **state)
{
    (void)state;
    char path[128], params[256];
    static const char *const ops[] = {"plugin.config.get", "plugin.config.export"};
    plugin_add("ok", LIBRARY);
    configure("plugins = { ok = { count = 3; dsn = \"host=db password=hunter2\";\n"
              " urls = [\"redis://u:hunter2@h\"]; headers = { Authorization = \"hunter2\"; };"
              " pages = ( { url = \"http://h/?token=hunter2\"; } ); }; };");
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        char *all = oc_json_text(stage_ask(&w.s, ops[i], "{\"name\": \"ok\"}"));
        assert_null(strstr(all, "hunter2"));
        assert_non_null(strstr(all, "host=db password=********"));
        free(all);
    }
    const json_t *o =
        stage_ask(&w.s, "plugin.config.export", "{\"name\": \"ok\", \"secrets\": true}");
    assert_non_null(strstr(oc_json_str(o, "text", ""), "password=hunter2"));
    snprintf(path, sizeof path, "%s/out.conf", w.s.home);
    snprintf(params, sizeof params, "{\"name\": \"ok\", \"file\": \"%s\"}", path);
    make("out.conf", "dsn = \"host=db password=********\";"); /* a part of a text is hidden, too */
    assert_int_equal(stage_refused(&w.s, "plugin.config.import", params), OC_E_CONFIG);
    assert_non_null(strstr(w.s.error.message, "secrets that are hidden"));
}

static void an_import_that_cannot_be_written_whole_is_refused(void **state)
{
    (void)state;
    char params[256];
    plugin_add("ok", LIBRARY);
    configure("");
    make("out.conf", "{\"count\": 4, \"headers\": {\"X.Api\": \"1\", \"1st\": \"x\"}}");
    snprintf(params, sizeof params, "{\"name\": \"ok\", \"file\": \"%s/out.conf\"}", w.s.home);
    assert_int_equal(stage_refused(&w.s, "plugin.config.import", params), OC_E_CONFIG);
    assert_non_null(strstr(w.s.error.message, "2 of its keys"));
}

static void what_was_wrong_before_is_not_in_the_way(void **state)
{
    (void)state;
    plugin_add("ok", LIBRARY);
    configure("plugins = { ok = { coutn = 3; count = 99; }; };");
    stage_ask(&w.s, "plugin.config.set",
              "{\"name\": \"ok\", \"key\": \"count\", \"value\": \"3\"}");
    expect_file("count = 3;");
    assert_int_equal(stage_refused(&w.s, "plugin.config.set",
                                   "{\"name\": \"ok\", \"key\": \"count\", \"value\": \"98\"}"),
                     OC_E_CONFIG);
    stage_ask(&w.s, "plugin.config.unset", "{\"name\": \"ok\", \"key\": \"coutn\"}");
}

/* ---- plugin.doctor ---- */

static const json_t *finding(const char *id)
{
    return stage_find(stage_ask(&w.s, "plugin.doctor", NULL), "id", id);
}

static void a_host_without_packages_is_well(void **state)
{
    (void)state;
    assert_int_equal(json_array_size(stage_ask(&w.s, "plugin.doctor", NULL)), 0);
}

static void each_finding_names_the_command_that_mends_it(void **state)
{
    (void)state;
    struct oc_plugin *plugin = plugin_add("ok", LIBRARY);
    install("ok", DIGEST, "registry:main", "process", "\"enabled\": true");
    put_artifact(plugin, "{\"plugin.json\": \"00\", \"x.so\": \"00\"}");
    configure("");
    assert_string_equal(oc_json_str(finding("digest-mismatch"), "fix", ""),
                        "openclaw plugin install main:acme/ok@1.2.0 --force");
    assert_non_null(finding("missing-file"));
    make("packages/staging/work/1/x", "");
    assert_string_equal(oc_json_str(finding("staging-remains"), "fix", ""),
                        "openclaw plugin gc --yes");
    make("packages/store/sha256/old/x", "");
    assert_non_null(finding("unreferenced-store"));
    struct oc_instance *i = collector("c-a", plugin);
    i->state = OC_INSTANCE_QUARANTINED;
    assert_string_equal(oc_json_str(finding("quarantined"), "fix", ""), "openclaw plugin reset ok");
    plugin->state = OC_PLUGIN_FAILED;
    assert_non_null(finding("plugin-failed"));
    make("run/loading/ok", "");
    assert_string_equal(oc_json_str(finding("boot-sentinel"), "fix", ""),
                        "openclaw plugin reset ok");
    make("packages/registries/main/timestamp.json",
         "{\"signed\":{\"expires\":\"2020-01-01T00:00:00Z\"},\"signatures\":[]}");
    assert_string_equal(oc_json_str(finding("registry-expired"), "fix", ""),
                        "openclaw registry refresh main");
}

static void a_preset_that_an_older_release_let_do_more_is_found(void **state)
{
    (void)state;
    plugin_add("ok", LIBRARY ", \"permissions\": [\"network:tcp:80\"]");
    struct oc_plugin *shop = plugin_add(
        "shop", "\"options\": [{\"name\": \"key\", \"type\": \"secret\", \"default\": \"$env:K\", "
                "\"help\": \"k\"}], \"permissions\": [\"network:tcp:80\"], "
                "\"instances\": [{\"plugin\": \"ok\", \"key\": \"${key}\"}]");
    install("shop", DIGEST, "registry:main", "sandbox", "\"enabled\": true");
    put_artifact(shop, "{}");
    configure("");
    assert_null(finding("preset-denied")); /* one that the operator put there */
    shop->root = "/packages";
    const json_t *found = finding("preset-denied");
    assert_string_equal(oc_json_str(found, "fix", ""), "openclaw plugin update shop");
    assert_non_null(strstr(oc_json_str(found, "message", ""), "names a secret of this host"));
    configure("collectors = ({plugin = \"shop\"; key = \"$env:MINE\";});");
    found = finding("preset-denied");
    assert_string_equal(oc_json_str(found, "fix", ""),
                        "openclaw plugin grants add shop 'network:tcp:80'");
    shop->terms.grants = NULL;
    assert_null(finding("preset-denied"));
    json_object_del(shop->manifest->json, "permissions");
    found = finding("preset-denied");
    assert_string_equal(oc_json_str(found, "fix", ""), "openclaw plugin update shop");
    assert_non_null(strstr(oc_json_str(found, "message", ""), "has no right to network:tcp:80"));
}

static void a_link_to_nowhere_and_a_lost_generation_are_found(void **state)
{
    (void)state;
    install("ok", "", "link:/nowhere/at/all", "process", "\"enabled\": true");
    configure("");
    assert_string_equal(oc_json_str(finding("linked-folder-gone"), "fix", ""),
                        "openclaw plugin unlink ok");
    char path[128];
    snprintf(path, sizeof path, "%s/packages/current", w.s.home);
    unlink(path);
    assert_int_equal(symlink("generations/9", path), 0);
    configure("");
    assert_string_equal(oc_json_str(finding("dangling-current"), "fix", ""),
                        "openclaw plugin rollback");
}

static void a_plugin_that_waits_for_its_options_is_told_which(void **state)
{
    (void)state;
    struct oc_plugin *plugin = plugin_add("ok", LIBRARY);
    install("ok", DIGEST, "registry:main", "process",
            "\"enabled\": false, \"disabled_why\": \"config\"");
    put_artifact(plugin, "{}");
    configure("");
    assert_string_equal(oc_json_str(finding("needs-config"), "fix", ""),
                        "openclaw plugin enable ok");
    oc_manifest_free(plugin->manifest);
    plugin->manifest = NULL;
    oc_error_set(&plugin->err, OC_E_CONFIG, "plugin.json: name: required and missing");
    assert_non_null(strstr(oc_json_str(finding("plugin-failed"), "message", ""), "name: required"));
}

static int collected;
static void collect(struct oc_call *call, void *ctx)
{
    (void)ctx;
    collected++;
    oc_call_succeed(call, json_object());
}
static const struct oc_op gc_op = {
    .name = "plugin.gc", .summary = "For this test", .handler = collect};

static void only_the_fixes_that_lose_nothing_are_carried_out(void **state)
{
    (void)state;
    char params[160];
    oc_ops_add(w.s.env.ops, &gc_op, NULL);
    make("packages/staging/work/1/x", "");
    make("packages/store/sha256/old/x", "");
    install("ok", "", "link:/nowhere/at/all", "process", "\"enabled\": true");
    configure("");
    collected = 0;
    const json_t *plan = stage_ask(&w.s, "plugin.doctor", "{\"fix\": true, \"dry_run\": true}");
    assert_true(oc_json_bool(plan, "dry_run", false));
    assert_int_equal(json_array_size(json_object_get(plan, "actions")), 1);  /* one gc for both */
    assert_int_equal(json_array_size(json_object_get(plan, "warnings")), 1); /* the link is left */
    assert_int_equal(collected, 0);
    snprintf(params, sizeof params, "{\"fix\": true, \"plan\": \"%s\"}",
             oc_json_str(plan, "plan", ""));
    assert_int_equal(stage_refused(&w.s, "plugin.doctor", "{\"fix\": true, \"plan\": \"00\"}"),
                     OC_E_CONFLICT);
    stage_call(&w.s, "plugin.doctor", params);
    stage_turn(&w.s);
    assert_int_equal(w.s.done, 1);
    assert_int_equal(w.s.code, OC_OK);
    assert_int_equal(collected, 1);
    char *copy = oc_path_join(oc_json_str(w.s.result, "copy", ""), "openclaw.conf");
    assert_true(oc_file_exists(copy));
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_option_is_checked_before_it_is_written),
        TEST(keys_of_the_host_may_be_set_for_a_collector),
        TEST(keys_of_the_host_may_be_set_for_a_channel),
        TEST(what_is_set_can_be_read_unset_and_reset),
        TEST(what_is_exported_can_be_imported),
        TEST(secrets_are_hidden_as_in_the_whole_configuration),
        TEST(an_import_that_cannot_be_written_whole_is_refused),
        TEST(what_was_wrong_before_is_not_in_the_way),
        TEST(a_host_without_packages_is_well),
        TEST(each_finding_names_the_command_that_mends_it),
        TEST(a_preset_that_an_older_release_let_do_more_is_found),
        TEST(a_link_to_nowhere_and_a_lost_generation_are_found),
        TEST(a_plugin_that_waits_for_its_options_is_told_which),
        TEST(only_the_fixes_that_lose_nothing_are_carried_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
