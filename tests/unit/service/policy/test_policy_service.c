/* The policy service: its folder, and its operations. SPDX-License-Identifier: MIT */
#include "tests/unit/service/policy/fixture.h"

static void the_folder_is_that_of_the_home_unless_it_is_set(void **state)
{
    struct fixture *f = *state;
    char text[128];
    char *own = in_home(f, "own");
    assert_int_equal(mkdir(own, 0700), 0);
    write_file(f, "policies/a.lua", "function who() return 'home' end");
    write_file(f, "own/a.lua", "function who() return 'own' end");
    configure(f, "");
    assert_int_equal(call(f, "policy.eval", json_pack("{s:s}", "hook", "who")), OC_OK);
    assert_string_equal(oc_json_str(f->result, "result", ""), "home");
    snprintf(text, sizeof(text), "policies = { dir = \"%s\"; };", own);
    configure(f, text);
    assert_int_equal(call(f, "policy.eval", json_pack("{s:s}", "hook", "who")), OC_OK);
    assert_string_equal(oc_json_str(f->result, "result", ""), "own");
    assert_int_equal(f->diags.list.count, 0);
    configure(f, "policies = { dir = \"/nonexistent\"; };");
    assert_int_equal(f->diags.list.count, 1);
    assert_true(f->diags.list.items[0].warning);
    free(own);
}

static void a_list_and_a_reload_show_what_is_in_force(void **state)
{
    struct fixture *f = *state;
    configure(f, "");
    assert_int_equal(call(f, "policy.list", NULL), OC_OK);
    size_t shipped = json_array_size(f->result);
    assert_true(shipped >= 5);
    write_file(f, "policies/a.lua", "function who() return 1 end");
    assert_int_equal(call(f, "policy.reload", NULL), OC_OK);
    assert_int_equal(oc_json_int(f->result, "changed", 0), 1);
    assert_int_equal(json_array_size(json_object_get(f->result, "policies")), shipped + 1);
}

static void a_reload_fails_while_a_file_does_not_load(void **state)
{
    struct fixture *f = *state;
    configure(f, "");
    write_file(f, "policies/a.lua", "function who() return 1 end");
    assert_int_equal(call(f, "policy.reload", NULL), OC_OK);
    write_file(f, "policies/a.lua", "function who( return 1 end");
    assert_int_equal(call(f, "policy.reload", NULL), OC_E_CONFIG);
    assert_non_null(strstr(f->error.message, "1 policy does not load: "));
    assert_non_null(strstr(f->error.message, "a.lua:1:"));
    assert_int_equal(call(f, "policy.eval", json_pack("{s:s}", "hook", "who")), OC_OK);
    write_file(f, "policies/a.lua", "function who() return 1 end -- mended");
    assert_int_equal(call(f, "policy.reload", NULL), OC_OK);
}

static void a_file_can_be_checked(void **state)
{
    struct fixture *f = *state;
    char *path = in_home(f, "x.lua");
    write_file(f, "x.lua", "function route(alert) return {} end");
    assert_int_equal(call(f, "policy.check", json_pack("{s:s}", "file", path)), OC_OK);
    assert_string_equal(json_string_value(json_array_get(json_object_get(f->result, "hooks"), 0)),
                        "route");
    write_file(f, "x.lua", "function route(alert)\n return = 1\nend");
    assert_int_equal(call(f, "policy.check", json_pack("{s:s}", "file", path)), OC_E_CONFIG);
    assert_non_null(strstr(f->error.message, "x.lua:2:"));
    assert_int_equal(call(f, "policy.check", json_pack("{s:s}", "file", "/nonexistent.lua")),
                     OC_E_NOT_FOUND);
    free(path);
}

static void a_file_of_tests_can_be_run(void **state)
{
    struct fixture *f = *state;
    char *path = in_home(f, "x.lua"), *junit = in_home(f, "own");
    write_file(f, "x.lua", "tests = {{name = 'none', hook = 'route', args = {{}}, expect = {}}}");
    assert_int_equal(call(f, "policy.test", json_pack("{s:[s]}", "files", path)), OC_OK);
    assert_true(oc_json_bool(f->result, "ok", false));
    write_file(f, "x.lua",
               "tests = {{name = '<none> #1', hook = 'route', args = {{}}, expect = {'x'}}}");
    assert_int_equal(call(f, "policy.test",
                          json_pack("{s:[s], s:b, s:s}", "files", path, "tap", 1, "junit", junit)),
                     OC_OK);
    assert_false(oc_json_bool(f->result, "ok", true));
    assert_int_equal(oc_json_int(f->result, "failed", 0), 1);
    const char *tap = oc_json_str(f->result, "tap", "");
    assert_non_null(strstr(tap, "TAP version 13\n1..1\nnot ok 1 - "));
    assert_non_null(strstr(tap, "<none> \\#1\n"));
    assert_true(oc_file_exists(junit));
    assert_int_equal(call(f, "policy.test", json_pack("{s:[s]}", "files", f->home)),
                     OC_E_NOT_FOUND);
    free(path);
    free(junit);
}

static void a_policy_is_applied_when_it_is_good(void **state)
{
    static const char GOOD[] = "function route() return {'a'} end";
    static const char TEST[] = "tests = {{hook = 'route', args = {{}}, expect = {'a'}}}";
    static const struct {
        const char *name, *text, *test, *says;
    } BAD[] = {
        {"a", "function route( end", NULL, "a.lua:1:"},
        {"a", "local x = 1", NULL, "defines no hook"},
        {"a", "function rout() end", NULL, "there is no hook rout"},
        {"a", "function route() return {'b'} end", TEST, "its test failed"},
        {"../a", GOOD, NULL, "cannot be called"},
        {"a_test", GOOD, NULL, "cannot be called"},
    };
    struct fixture *f = *state;
    configure(f, "");
    for (size_t i = 0; i < OC_COUNT(BAD); i++) {
        assert_int_equal(call(f, "policy.apply",
                              json_pack("{s:s, s:s, s:s*}", "name", BAD[i].name, "text",
                                        BAD[i].text, "test", BAD[i].test)),
                         OC_E_CONFIG);
        if (strstr(f->error.message, BAD[i].says) == NULL) {
            fail_msg("%s", f->error.message);
        }
    }
    char *file = in_home(f, "policies/a.lua");
    assert_int_equal(call(f, "policy.apply",
                          json_pack("{s:s,s:s,s:b}", "name", "a", "text", GOOD, "dry_run", 1)),
                     OC_OK);
    assert_false(oc_file_exists(file));
    assert_int_equal(call(f, "policy.apply",
                          json_pack("{s:s,s:s,s:s}", "name", "a", "text", GOOD, "test", TEST)),
                     OC_OK);
    assert_int_equal(oc_json_int(f->result, "tests", 0), 1);
    assert_false(oc_json_bool(f->result, "replaced", true));
    assert_true(oc_file_exists(file));
    assert_int_equal(call(f, "policy.eval", json_pack("{s:s}", "hook", "route")), OC_OK);
    assert_string_equal(json_string_value(json_array_get(json_object_get(f->result, "result"), 0)),
                        "a");
    assert_int_equal(
        call(f, "policy.apply",
             json_pack("{s:s,s:s}", "name", "a", "text", "function route() return {'b'} end")),
        OC_OK);
    assert_true(oc_json_bool(f->result, "replaced", false));
    assert_int_equal(call(f, "policy.remove", json_pack("{s:s}", "name", "a")), OC_OK);
    assert_false(oc_file_exists(file));
    assert_int_equal(call(f, "policy.remove", json_pack("{s:s}", "name", "a")), OC_E_NOT_FOUND);
    free(file);
}

/* "site.route" is a fine name for a file, and `route.lua` a slip of who meant `route`. */
static void a_name_with_dots_is_loaded_and_removed_but_never_applied(void **state)
{
    static const char *const SLIPS[] = {"route.lua", "a.b", ".route", "..", "a/b", "a..", ""};
    static const char TEXT[] = "function route() return {} end";
    struct fixture *f = *state;
    char *file = in_home(f, "policies/site.route.lua"),
         *last = in_home(f, "policies/site.route.lua.last");
    configure(f, "");
    for (size_t i = 0; i < OC_COUNT(SLIPS); i++) {
        assert_int_equal(
            call(f, "policy.apply", json_pack("{s:s,s:s}", "name", SLIPS[i], "text", TEXT)),
            OC_E_CONFIG);
    }
    write_file(f, "policies/site.route.lua", "function who() return 'site' end");
    write_file(f, "policies/.hidden.lua", "function who() return 'hidden' end");
    oc_policies_reload(f->env.policies);
    assert_int_equal(call(f, "policy.eval", json_pack("{s:s}", "hook", "who")), OC_OK);
    assert_string_equal(oc_json_str(f->result, "result", ""), "site");
    for (size_t i = 2; i < 5; i++) { /* no name of a file of the folder */
        assert_int_equal(call(f, "policy.remove", json_pack("{s:s}", "name", SLIPS[i])),
                         OC_E_CONFIG);
    }
    assert_int_equal(call(f, "policy.remove", json_pack("{s:s}", "name", "site.route")), OC_OK);
    assert_false(oc_file_exists(file));
    assert_int_equal(call(f, "policy.eval", json_pack("{s:s}", "hook", "who")), OC_E_NOT_FOUND);
    remove(last);
    free(file);
    free(last);
    file = in_home(f, "policies/.hidden.lua");
    remove(file);
    free(file);
}

static int fired, resolved;
static char said[256];

static void on_rule(void *ctx, const struct oc_event *event)
{
    (void)ctx;
    const bool ours =
        strcmp(oc_json_str(json_object_get(event->data, "labels"), "policy", ""), "a") == 0;
    fired += ours && strcmp(event->topic, "rule.firing") == 0;
    resolved += ours && strcmp(event->topic, "rule.resolved") == 0;
    snprintf(said, sizeof said, "%s", oc_json_str(event->data, "message", ""));
}

static void turn(struct fixture *f)
{
    for (int i = 0; i < 5; i++) {
        oc_loop_step(f->env.loop, false);
    }
}

static void a_broken_policy_fires_an_alert_until_it_is_well(void **state)
{
    struct fixture *f = *state;
    oc_bus_subscribe(f->env.bus, "rule.*", on_rule, NULL);
    write_file(f, "policies/a.lua", "function who() return 1 end");
    configure(f, "");
    turn(f);
    fired = resolved = 0;
    write_file(f, "policies/a.lua", "function who( return 1 end");
    oc_policies_reload(f->env.policies);
    turn(f);
    assert_int_equal(fired, 1);
    assert_non_null(strstr(said, "policy a does not load"));
    write_file(f, "policies/a.lua", "function who() return 2 end");
    oc_policies_reload(f->env.policies);
    turn(f);
    assert_int_equal(resolved, 1);
    write_file(f, "policies/a.lua", "function who() error('no') end");
    oc_policies_reload(f->env.policies);
    assert_int_equal(call(f, "policy.eval", json_pack("{s:s}", "hook", "who")), OC_E_PERMANENT);
    turn(f);
    assert_int_equal(fired, 1); /* who only tries it troubles nobody */
    json_t *answer = NULL;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(oc_policy_ask(f->env.policies, "who", NULL, &answer, NULL, NULL),
                         OC_E_PERMANENT);
    }
    turn(f);
    assert_int_equal(fired, 2);
    assert_non_null(strstr(said, "policy a fails when it is asked"));
    char *path = in_home(f, "policies/a.lua");
    remove(path);
    free(path);
    oc_policies_reload(f->env.policies);
    assert_int_equal(call(f, "policy.reload", NULL), OC_OK);
    turn(f);
    assert_int_equal(fired, 2);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_folder_is_that_of_the_home_unless_it_is_set),
        T(a_list_and_a_reload_show_what_is_in_force),
        T(a_reload_fails_while_a_file_does_not_load),
        T(a_file_can_be_checked),
        T(a_file_of_tests_can_be_run),
        T(a_policy_is_applied_when_it_is_good),
        T(a_name_with_dots_is_loaded_and_removed_but_never_applied),
        T(a_broken_policy_fires_an_alert_until_it_is_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
