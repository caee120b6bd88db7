/* Under which terms plugins run: configuration, package folder, receipts. SPDX-License-Identifier: MIT */
#include "tests/unit/service/plugin/world.h"

static void what_came_with_the_host_runs_in_its_process_unless_told_otherwise(void **state)
{
    (void)state;
    struct oc_plugin *plugin = plugin_add("ok", LIBRARY);
    configure("");
    assert_int_equal(plugin->terms.tier, OC_TIER_INPROC);
    assert_false(plugin->terms.alone || plugin->terms.disabled || plugin->terms.require_full);
    assert_int_equal(plugin->terms.limits.cpu_percent, 50);
    configure("isolation = { require = \"full\"; bundled = \"process\"; };");
    assert_int_equal(plugin->terms.tier, OC_TIER_PROCESS);
    assert_true(plugin->terms.require_full);
}

static void one_plugin_may_have_a_tier_and_limits_of_its_own(void **state)
{
    (void)state;
    struct oc_plugin *plugin = plugin_add("ok", LIBRARY), *other = plugin_add("other", LIBRARY);
    configure(
        "isolation = { plugins = { ok = { tier = \"sandbox\"; memory = \"64MB\"; call = \"2s\"; "
        "}; }; };");
    assert_int_equal(oc_diags_errors(&w.s.diags), 0);
    assert_int_equal(plugin->terms.tier, OC_TIER_SANDBOX);
    assert_int_equal(plugin->terms.limits.memory_bytes, 64 << 20);
    assert_int_equal(plugin->terms.limits.call_ms, 2000);
    assert_int_equal(plugin->terms.limits.processes, 5);
    assert_int_equal(other->terms.tier, OC_TIER_INPROC);
}

static void other_terms_reach_what_runs_by_a_reload(void **state)
{
    (void)state;
    struct oc_plugin *plugin = plugin_add("ok", LIBRARY);
    configure("");
    struct oc_instance *i = collector("c-a", plugin);
    configure("store = { backend = \"memory\"; };");
    assert_int_equal(i->reloads, 0);
    configure("isolation = { plugins = { ok = { memory = \"64MB\"; }; }; };");
    assert_int_equal(i->reloads, 1);
    configure("isolation = { plugins = { ok = { memory = \"64MB\"; }; }; };");
    assert_int_equal(i->reloads, 1);
}

static void a_wrong_limit_is_told_with_its_key(void **state)
{
    (void)state;
    configure("isolation = { plugins = { ok = { memory = \"lots\"; colour = 1; }; }; };");
    assert_int_equal(oc_diags_errors(&w.s.diags), 2);
    assert_string_equal(w.s.diags.list.items[0].key, "isolation.plugins.ok.memory");
    configure("isolation = { plugins = 3; };");
    assert_int_equal(oc_diags_errors(&w.s.diags), 1);
}

static void a_package_brings_its_tier_its_digest_and_what_its_code_says(void **state)
{
    (void)state;
    struct oc_plugin *plugin = plugin_add("ok", LIBRARY);
    install("ok", DIGEST, "registry:main", "sandbox", "\"enabled\": true");
    put_artifact(plugin, "{}");
    configure("");
    assert_int_equal(plugin->terms.tier, OC_TIER_SANDBOX);
    assert_true(plugin->terms.alone);
    assert_string_equal(plugin->terms.digest, DIGEST);
    assert_non_null(plugin->terms.files);
    assert_string_equal(oc_json_str(plugin->terms.describe, "abi", ""), "1.0");
    configure("isolation = { plugins = { ok = { tier = \"process\"; }; }; };");
    assert_int_equal(plugin->terms.tier, OC_TIER_PROCESS);
}

static void a_plugin_of_the_host_has_nothing_of_a_package_with_its_name(void **state)
{
    (void)state;
    struct oc_plugin *plugin = plugin_add("ok", LIBRARY); /* its folder is /plugins */
    install("ok", DIGEST, "registry:main", "sandbox", "\"enabled\": true");
    configure("");
    assert_int_equal(plugin->terms.tier, OC_TIER_INPROC);
    assert_false(plugin->terms.alone);
    assert_string_equal(plugin->terms.digest, "");
}

static void a_disabled_package_is_disabled_and_says_why(void **state)
{
    (void)state;
    struct oc_plugin *plugin = plugin_add("ok", LIBRARY);
    install("ok", DIGEST, "registry:main", "process",
            "\"enabled\": false, \"disabled_why\": \"config\"");
    put_artifact(plugin, "{}");
    configure("");
    assert_true(plugin->terms.disabled);
    assert_non_null(strstr(plugin->terms.why, "options that it needs"));
    assert_false(plugin->terms.alone);
}

static void a_package_without_a_receipt_is_not_run(void **state)
{
    (void)state;
    struct oc_plugin *plugin = plugin_add("ok", LIBRARY);
    install("ok", DIGEST, "registry:main", "process", "\"enabled\": true");
    put_artifact(plugin, "{}");
    char path[256];
    snprintf(path, sizeof path, "%s/packages/store/sha256/" DIGEST "/.openclaw/receipt.json",
             w.s.home);
    unlink(path);
    configure("");
    assert_true(plugin->terms.disabled);
    assert_false(plugin->terms.alone);
}

static void an_installed_tool_has_an_instance_that_the_section_configures(void **state)
{
    (void)state;
    struct oc_plugin *plugin =
        plugin_add("ok", "\"library\": \"x.so\", \"abi\": \"1.0\", \"kind\": "
                         "\"tool\"");
    install("ok", DIGEST, "registry:main", "sandbox", "\"enabled\": true");
    put_artifact(plugin, "{}");
    configure("plugins = { ok = { count = 3; }; };");
    assert_ptr_equal(oc_plugin_service_find(w.service, "ok", NULL), plugin_at("ok"));
    assert_null(oc_plugin_service_find(w.service, "ok", "other"));
    assert_int_equal(instances_made, 1);
    configure("plugins = { ok = { count = 3; }; };"); /* the same: it runs on */
    assert_int_equal(instances_made, 1);
    configure("plugins = { ok = { count = 4; }; };");
    assert_int_equal(instances_made, 2);
    configure("plugins = { ok = { bad = 4; }; };");
    assert_null(oc_plugin_service_find(w.service, "ok", NULL));
    const json_t *rows = stage_ask(&w.s, "plugin.instances", NULL);
    assert_string_equal(oc_json_str(json_array_get(rows, 0), "state", ""), "failed");
    install("ok", DIGEST, "registry:main", "sandbox", "\"enabled\": false");
    configure("");
    assert_null(instances);
}

static void grants(struct oc_plugin *plugin, const char *expected)
{
    char *text = oc_json_text(plugin->terms.grants);
    assert_string_equal(text, expected);
    free(text);
}

/* The row says []: that was all when it was linked, or all of it was taken back. */
static void a_linked_preset_may_what_its_author_adds(void **state)
{
    (void)state;
    static const char rest[] =
        "\"permissions\": [\"network:tcp:80\"], \"instances\": [{\"plugin\": \"ok\"}]";
    struct oc_plugin *shop = plugin_add("shop", rest);
    char *root = oc_path_join(w.s.home, "packages/current/plugins");
    shop->root = root;
    install("shop", "", "link:/shop", "sandbox", "\"enabled\": true, \"permissions\": []");
    configure("");
    grants(shop, "[\"network:tcp:80\"]");
    install("shop", "", "link:/shop", "sandbox",
            "\"enabled\": true, \"permissions\": [\"network:tcp:80\"]");
    configure("");
    grants(shop, "[]");
    struct oc_plugin *code = plugin_add("code", LIBRARY ", \"permissions\": [\"network:tcp:80\"]");
    code->root = root;
    install("code", "", "link:/code", "sandbox", "\"enabled\": true, \"permissions\": []");
    configure("");
    grants(code, "[]");
    free(root);
}

static void a_section_that_nobody_reads_is_a_warning(void **state)
{
    (void)state;
    plugin_add("ok", LIBRARY);
    configure("plugins = { ok = { x = 1; }; nobody = { }; };");
    assert_int_equal(oc_diags_errors(&w.s.diags), 0);
    assert_int_equal(w.s.diags.list.count, 2);
    configure("plugins = { ok = 3; };");
    assert_int_equal(oc_diags_errors(&w.s.diags), 1);
}

static void other_packages_are_looked_at_once_a_turn(void **state)
{
    (void)state;
    oc_bus_publish(w.s.env.bus, "packages.changed", json_object());
    oc_bus_publish(w.s.env.bus, "packages.changed", json_object());
    assert_int_equal(w.changes, 0);
    stage_turn(&w.s);
    assert_int_equal(w.changes, 1);
}

static void a_state_that_is_damaged_leaves_what_was_read_before_in_force(void **state)
{
    (void)state;
    struct oc_plugin *plugin = plugin_add("ok", LIBRARY);
    install("ok", DIGEST, "registry:main", "sandbox", "\"enabled\": true");
    put_artifact(plugin, "{}");
    configure("");
    make("packages/generations/3/state.json", "{\"schema\": 1");
    configure("");
    assert_true(plugin->terms.alone);
    stage_ask(&w.s, "plugin.list", NULL);
    assert_non_null(strstr(w.s.warning, "cannot be read"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_came_with_the_host_runs_in_its_process_unless_told_otherwise),
        TEST(one_plugin_may_have_a_tier_and_limits_of_its_own),
        TEST(other_terms_reach_what_runs_by_a_reload),
        TEST(a_wrong_limit_is_told_with_its_key),
        TEST(a_package_brings_its_tier_its_digest_and_what_its_code_says),
        TEST(a_plugin_of_the_host_has_nothing_of_a_package_with_its_name),
        TEST(a_disabled_package_is_disabled_and_says_why),
        TEST(a_package_without_a_receipt_is_not_run),
        TEST(an_installed_tool_has_an_instance_that_the_section_configures),
        TEST(a_linked_preset_may_what_its_author_adds),
        TEST(a_section_that_nobody_reads_is_a_warning),
        TEST(other_packages_are_looked_at_once_a_turn),
        TEST(a_state_that_is_damaged_leaves_what_was_read_before_in_force),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
