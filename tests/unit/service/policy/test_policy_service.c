/* The policy service: its folder, and its operations. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/service/policy/policy_service.h"
#include "core/sys/file.h"

struct fixture {
    char home[64];
    struct oc_env env;
    struct oc_policy_service *service;
    struct oc_config *config;
    struct oc_diags diags;
    int code, warnings;
    json_t *result;
    struct oc_error error;
};

static char *in_home(struct fixture *f, const char *name)
{
    return oc_path_join(f->home, name);
}

static void write_file(struct fixture *f, const char *name, const char *text)
{
    char *path = in_home(f, name);
    assert_int_equal(oc_file_write(path, text, strlen(text), 0600, NULL), OC_OK);
    free(path);
}

static int setup(void **state)
{
    struct fixture *f = oc_calloc(1, sizeof(*f));
    oc_log_set_level(-1);
    strcpy(f->home, "/tmp/oc-policy-XXXXXX");
    assert_non_null(mkdtemp(f->home));
    char *dir = in_home(f, "policies");
    assert_int_equal(mkdir(dir, 0700), 0);
    free(dir);
    f->env.home = f->home;
    f->env.loop = oc_loop_create();
    f->env.bus = oc_bus_create();
    f->env.ops = oc_ops_create(f->env.loop, f->env.bus);
    f->env.policies = oc_policies_create(f->env.bus, NULL);
    f->service = oc_policy_service_create(&f->env);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    static const char *const NAMES[] = {
        "policies/a.lua", "policies/a.lua.last", "policies/a_test.lua",
        "policies",       "own/a.lua",           "own",
        "x.lua"};
    struct fixture *f = *state;
    oc_policy_service_destroy(f->service);
    oc_policies_destroy(f->env.policies);
    oc_ops_destroy(f->env.ops);
    oc_bus_destroy(f->env.bus);
    oc_loop_destroy(f->env.loop);
    oc_config_destroy(f->config);
    oc_diags_finish(&f->diags);
    json_decref(f->result);
    for (size_t i = 0; i < OC_COUNT(NAMES); i++) {
        char *path = in_home(f, NAMES[i]);
        remove(path);
        free(path);
    }
    assert_int_equal(rmdir(f->home), 0);
    free(f);
    return 0;
}

static void configure(struct fixture *f, const char *text)
{
    char path[] = "/tmp/oc-conf-XXXXXX";
    struct oc_config_source source = {.file = path, .no_environment = true};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(oc_fd_write_all(fd, text, strlen(text)), 0);
    close(fd);
    struct oc_config *old = f->config;
    f->config = oc_config_load(&source, &f->diags, NULL);
    unlink(path);
    assert_non_null(f->config);
    oc_policy_service_configure(f->service, f->config, &f->diags);
    oc_config_destroy(old);
}

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct fixture *f = ctx;
    f->code = code;
    json_decref(f->result);
    f->result = result != NULL ? json_deep_copy(result) : NULL;
    if (err != NULL) {
        f->error = *err;
    }
}

static void on_warning(void *ctx, const char *text)
{
    (void)text;
    ((struct fixture *)ctx)->warnings++;
}

static int call(struct fixture *f, const char *op, json_t *params)
{
    struct oc_call_request req = {.op = op,
                                  .params = params,
                                  .actor = {.name = "test", .role = OC_ROLE_ADMIN},
                                  .on_done = on_done,
                                  .on_warning = on_warning,
                                  .ctx = f};
    f->code = 1;
    f->warnings = 0;
    oc_ops_call(f->env.ops, &req);
    for (int i = 0; i < 100 && f->code == 1; i++) {
        oc_loop_step(f->env.loop, false);
    }
    return f->code;
}

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

static void an_answer_can_be_explained_by_its_lines(void **state)
{
    struct fixture *f = *state;
    configure(f, "");
    assert_int_equal(
        call(f, "policy.explain",
             json_pack("{s:s, s:s}", "hook", "route", "input", "{\"channels\":[\"ops\"]}")),
        OC_OK);
    assert_string_equal(oc_json_str(f->result, "policy", ""), "route");
    assert_string_equal(oc_json_str(f->result, "file", ""), "built in");
    assert_true(json_array_size(json_object_get(f->result, "lines")) > 0);
    assert_non_null(
        strstr(oc_json_str(json_object_get(f->result, "decided"), "text", ""), "return"));
    assert_string_equal(json_string_value(json_array_get(json_object_get(f->result, "result"), 0)),
                        "ops");
    assert_int_equal(call(f, "policy.eval", json_pack("{s:s, s:s}", "hook", "route", "input", "{")),
                     OC_E_CONFIG);
    assert_int_equal(call(f, "policy.eval", json_pack("{s:s}", "hook", "nosuch")), OC_E_NOT_FOUND);
}

/* The line that decided is the one with the return, also of a table over several lines and of a function without one. */
static void the_line_that_decided_is_told(void **state)
{
    static const struct {
        const char *text;
        int line;
        const char *decided;
    } CASES[] = {
        {"function who(x)\n  if x == 1 then\n    return 'one'\n  end\n  return 'other'\nend", 3,
         "return 'one'"},
        {"function who()\n  return {\n    allow = false,\n    reason = 'x',\n  }\nend", 2,
         "return {"},
        {"function who()\n  local y = 1\nend", 3, "end"},
        {"local function help()\n  return 5\nend\nfunction who()\n  return help()\nend", 2,
         "return 5"},
        {"local function help()\n  return 5\nend\nfunction who()\n  local v = help()\n  return "
         "v\nend",
         6, "return v"},
    };
    struct fixture *f = *state;
    configure(f, "");
    for (size_t i = 0; i < OC_COUNT(CASES); i++) {
        write_file(f, "policies/a.lua", CASES[i].text);
        oc_policies_reload(f->env.policies);
        assert_int_equal(
            call(f, "policy.explain", json_pack("{s:s, s:s}", "hook", "who", "input", "[1]")),
            OC_OK);
        const json_t *decided = json_object_get(f->result, "decided");
        assert_int_equal(oc_json_int(decided, "line", 0), CASES[i].line);
        assert_string_equal(oc_json_str(decided, "text", ""), CASES[i].decided);
    }
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
        T(a_file_can_be_checked),
        T(a_file_of_tests_can_be_run),
        T(an_answer_can_be_explained_by_its_lines),
        T(the_line_that_decided_is_told),
        T(a_policy_is_applied_when_it_is_good),
        T(a_broken_policy_fires_an_alert_until_it_is_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
