/* The policy service: its folder, and its operations. SPDX-License-Identifier: MIT */
#include "tests/unit/service/policy/fixture.h"

#include "core/base/buf.h"

static void the_folder_is_that_of_the_home_unless_it_is_set(void **state)
{
    struct fixture *f = *state;
    char text[128];
    char *own = in_home(f, "own");
    assert_int_equal(mkdir(own, 0700), 0);
    write_file(f, "policies/a.lua", "function routes() return 'home' end");
    write_file(f, "own/a.lua", "function routes() return 'own' end");
    configure(f, "");
    assert_int_equal(call(f, "policy.eval", json_pack("{s:s}", "hook", "routes")), OC_OK);
    assert_string_equal(oc_json_str(f->result, "result", ""), "home");
    snprintf(text, sizeof(text), "policies = { dir = \"%s\"; };", own);
    configure(f, text);
    assert_int_equal(call(f, "policy.eval", json_pack("{s:s}", "hook", "routes")), OC_OK);
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
    write_file(f, "policies/a.lua", "function routes() return 1 end");
    assert_int_equal(call(f, "policy.reload", NULL), OC_OK);
    assert_int_equal(oc_json_int(f->result, "changed", 0), 1);
    assert_int_equal(json_array_size(json_object_get(f->result, "policies")), shipped + 1);
}

static void a_reload_fails_while_a_file_does_not_load(void **state)
{
    struct fixture *f = *state;
    configure(f, "");
    write_file(f, "policies/a.lua", "function routes() return 1 end");
    assert_int_equal(call(f, "policy.reload", NULL), OC_OK);
    write_file(f, "policies/a.lua", "function routes( return 1 end");
    assert_int_equal(call(f, "policy.reload", NULL), OC_E_CONFIG);
    assert_non_null(strstr(f->error.message, "1 policy does not load: "));
    assert_non_null(strstr(f->error.message, "a.lua:1:"));
    assert_int_equal(call(f, "policy.eval", json_pack("{s:s}", "hook", "routes")), OC_OK);
    write_file(f, "policies/a.lua", "function routes() return 1 end -- mended");
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

static void assert_file(struct fixture *f, const char *name, const char *text)
{
    char *path = in_home(f, name);
    struct oc_buf there = {0};
    assert_int_equal(oc_file_read(path, 1000, &there, NULL), OC_OK);
    assert_int_equal(there.len, strlen(text));
    assert_memory_equal(there.data, text, there.len);
    oc_buf_finish(&there);
    free(path);
}

/* Another host over the same home. */
static void restart(struct fixture *f)
{
    oc_policy_service_destroy(f->service);
    oc_policies_destroy(f->env.policies);
    oc_ops_destroy(f->env.ops);
    f->env.ops = oc_ops_create(f->env.loop, f->env.bus);
    f->env.policies = oc_policies_create(f->env.bus, NULL);
    f->service = oc_policy_service_create(&f->env);
    configure(f, "");
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

/* "FILE BEFORE AFTER +ADDED -REMOVED: LINES" of the first change. Borrowed until the next. */
static const char *change_of(const struct fixture *f)
{
    static char text[400];
    const json_t *c = json_array_get(json_object_get(f->result, "changes"), 0), *line;
    size_t i, len;
    len = (size_t)snprintf(text, sizeof text, "%s %s %s +%d -%d:", oc_json_str(c, "file", ""),
                           oc_json_str(c, "before", "none"), oc_json_str(c, "after", "none"),
                           (int)oc_json_int(c, "added", 0), (int)oc_json_int(c, "removed", 0));
    json_array_foreach(json_object_get(c, "lines"), i, line)
    {
        len += (size_t)snprintf(text + len, len < sizeof text ? sizeof text - len : 0, " %s",
                                json_string_value(line));
    }
    return text;
}

static int look_at(struct fixture *f, const char *name, const char *text)
{
    return text ? call(f, "policy.apply",
                       json_pack("{s:s,s:s,s:b}", "name", name, "text", text, "dry_run", 1))
                : call(f, "policy.remove", json_pack("{s:s,s:b}", "name", name, "dry_run", 1));
}

static void a_dry_run_shows_what_would_change_against_what_is_in_force(void **state)
{
    static const char OLD[] = "function route()\n  return {'a'}\nend\n";
    static const char NEW[] = "function route()\n  return {'b'}\nend\n";
    struct fixture *f = *state;
    configure(f, "");
    assert_int_equal(look_at(f, "a", OLD), OC_OK);
    assert_string_equal(change_of(f), "policies/a.lua none proposed +3 -0: @@ -0,0 +1,3 @@ "
                                      "+function route() +  return {'a'} +end");
    write_file(f, "policies/a.lua", OLD);
    oc_policies_reload(f->env.policies);
    write_file(f, "policies/a.lua", "broken"); /* what is in force counts, not what lies there */
    oc_policies_reload(f->env.policies);
    assert_int_equal(look_at(f, "a", NEW), OC_OK);
    assert_string_equal(change_of(f),
                        "policies/a.lua in force proposed +1 -1: @@ -1,3 +1,3 @@  function route() "
                        "-  return {'a'} +  return {'b'}  end");
    assert_int_equal(look_at(f, "a", NULL), OC_OK);
    assert_string_equal(change_of(f), "policies/a.lua in force none +0 -3: @@ -1,3 +0,0 @@ "
                                      "-function route() -  return {'a'} -end");
    write_file(f, "policies/route.lua", OLD);
    oc_policies_reload(f->env.policies);
    assert_int_equal(look_at(f, "route", NULL), OC_OK);
    assert_non_null(strstr(change_of(f), "policies/route.lua in force built in +"));
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
    write_file(f, "policies/site.route.lua", "function routes() return 'site' end");
    write_file(f, "policies/.hidden.lua", "function routes() return 'hidden' end");
    oc_policies_reload(f->env.policies);
    assert_int_equal(call(f, "policy.eval", json_pack("{s:s}", "hook", "routes")), OC_OK);
    assert_string_equal(oc_json_str(f->result, "result", ""), "site");
    for (size_t i = 2; i < 5; i++) { /* no name of a file of the folder */
        assert_int_equal(call(f, "policy.remove", json_pack("{s:s}", "name", SLIPS[i])),
                         OC_E_CONFIG);
    }
    assert_int_equal(call(f, "policy.remove", json_pack("{s:s}", "name", "site.route")), OC_OK);
    assert_false(oc_file_exists(file));
    assert_int_equal(call(f, "policy.eval", json_pack("{s:s}", "hook", "routes")), OC_OK);
    assert_string_equal(oc_json_str(f->result, "result", ""), ""); /* the built-in one answers */
    remove(last);
    free(file);
    free(last);
    file = in_home(f, "policies/.hidden.lua");
    remove(file);
    free(file);
}

/* What lay there is beside it; what a start would fall back to is what is in force. */
static void a_change_keeps_what_was_there_and_what_is_in_force(void **state)
{
    static const char *const TEXTS[] = {"function route() return {'one'} end",
                                        "function route() return {'two'} end"};
    struct fixture *f = *state;
    configure(f, "");
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(
            call(f, "policy.apply", json_pack("{s:s,s:s}", "name", "a", "text", TEXTS[i])), OC_OK);
    }
    assert_file(f, "policies/a.lua.previous", TEXTS[0]);
    assert_file(f, "policies/a.lua.last", TEXTS[1]);
    write_file(f, "policies/a.lua", "function route( broken");
    restart(f);
    assert_int_equal(
        call(f, "policy.explain", json_pack("{s:s,s:s}", "hook", "route", "input", "{}")), OC_OK);
    assert_string_equal(json_string_value(json_array_get(json_object_get(f->result, "result"), 0)),
                        "two");
    assert_non_null(strstr(oc_json_str(f->result, "note", ""), "before the host was started"));
    assert_int_equal(call(f, "policy.reload", NULL), OC_E_CONFIG);
    assert_non_null(strstr(f->error.hint, "before the host was started"));
    assert_int_equal(call(f, "policy.remove", json_pack("{s:s}", "name", "a")), OC_OK);
    char *last = in_home(f, "policies/a.lua.last");
    assert_false(oc_file_exists(last));
    free(last);
}

static int asked_for;
static const char *not_ready; /* why; NULL: governance can decide */

static void op_status(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_succeed(call, json_pack("{s:b,s:s?}", "ready", not_ready == NULL, "why", not_ready));
}

static void op_request(struct oc_call *call, void *ctx)
{
    (void)ctx;
    asked_for++;
    oc_call_succeed(call, json_pack("{s:s,s:s,s:I}", "proposal", "P1", "category", "strategic",
                                    "deadline", (json_int_t)5));
}

/* Nobody is to vote on what could not be put in place. */
static void what_could_not_be_applied_is_refused_before_anybody_votes(void **state)
{
    static const struct oc_op OPS[] = {
        {.name = "governance.status", .summary = "Status", .handler = op_status},
        {.name = "governance.request",
         .summary = "Request",
         .flags = OC_OP_MUTATES | OC_OP_INTERNAL,
         .handler = op_request}};
    static const struct {
        const char *name, *text;
        int code;
    } CASES[] = {{"a", "function route( end", OC_E_CONFIG},
                 {"a", "function rout() end", OC_E_CONFIG},
                 {"a", "local x", OC_E_CONFIG},
                 {"a", "error('top')", OC_E_PERMANENT},
                 {"../../x", "function route() return {} end", OC_E_CONFIG},
                 {"a", "function route() return {} end", OC_E_APPROVAL}};
    struct fixture *f = *state;
    configure(f, "");
    for (size_t i = 0; i < OC_COUNT(OPS); i++) {
        oc_ops_add(f->env.ops, &OPS[i], NULL);
    }
    asked_for = 0;
    for (size_t i = 0; i < OC_COUNT(CASES); i++) {
        assert_int_equal(call(f, "policy.apply",
                              json_pack("{s:s,s:s}", "name", CASES[i].name, "text", CASES[i].text)),
                         CASES[i].code);
    }
    assert_int_equal(call(f, "policy.remove", json_pack("{s:s}", "name", "a")), OC_E_NOT_FOUND);
    assert_int_equal(asked_for, 1);
}

/* Of the findings the one whose message has `words` in it. */
static const char *severity_of(struct fixture *f, const char *words)
{
    size_t i;
    json_t *row;
    assert_int_equal(call(f, "policy.doctor", NULL), OC_OK);
    json_array_foreach(f->result, i, row)
    {
        if (strstr(oc_json_str(row, "message", ""), words)) {
            return oc_json_str(row, "severity", "");
        }
    }
    return "not said";
}

/* Once governed a host stays so: when governance cannot decide any more, nothing that needs a decision can be done. */
static void the_doctor_says_whether_decisions_can_be_made(void **state)
{
    static const struct oc_op STATUS = {
        .name = "governance.status", .summary = "Status", .handler = op_status};
    struct fixture *f = *state;
    configure(f, "");
    oc_ops_add(f->env.ops, &STATUS, NULL);
    not_ready = "not every member of the triad has a key";
    assert_string_equal(severity_of(f, "approvals are not enforced"), "ok");
    not_ready = NULL;
    oc_bus_publish(f->env.bus, "governance.key", json_object());
    assert_string_equal(severity_of(f, "wait for one"), "ok");
    not_ready = "not every member of the triad has a key";
    oc_bus_publish(f->env.bus, "governance.key", json_object());
    assert_string_equal(severity_of(f, "are refused: governance cannot decide: not every member"),
                        "error");
    assert_string_equal(severity_of(f, "wait for one"), "not said");
    not_ready = NULL;
}

static void the_doctor_says_that_a_guard_is_broken(void **state)
{
    struct fixture *f = *state;
    configure(f, "");
    assert_string_equal(severity_of(f, "authorize: "), "not said");
    assert_string_equal(severity_of(f, "no policy has the hook"), "not said");
    write_file(f, "policies/authorize.lua", "function route() return {'file'} end");
    oc_policies_reload(f->env.policies);
    assert_string_equal(
        severity_of(f, "authorize: policies/authorize.lua does not define the hook"), "error");
    char *path = in_home(f, "policies/authorize.lua");
    remove(path);
    free(path);
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
    write_file(f, "policies/a.lua", "function routes() return 1 end");
    configure(f, "");
    turn(f);
    fired = resolved = 0;
    write_file(f, "policies/a.lua", "function routes( return 1 end");
    oc_policies_reload(f->env.policies);
    turn(f);
    assert_int_equal(fired, 1);
    assert_non_null(strstr(said, "policy a does not load, and what was in force before is kept: "));
    write_file(f, "policies/a.lua", "function routes() return 2 end");
    oc_policies_reload(f->env.policies);
    turn(f);
    assert_int_equal(resolved, 1);
    assert_non_null(strstr(said, "well again"));
    write_file(f, "policies/a.lua", "function routes() error('no') end");
    oc_policies_reload(f->env.policies);
    assert_int_equal(call(f, "policy.eval", json_pack("{s:s}", "hook", "routes")), OC_E_PERMANENT);
    turn(f);
    assert_int_equal(fired, 1); /* who only tries it troubles nobody */
    json_t *answer = NULL;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(oc_policy_ask(f->env.policies, "routes", NULL, &answer, NULL, NULL),
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
        T(a_dry_run_shows_what_would_change_against_what_is_in_force),
        T(a_change_keeps_what_was_there_and_what_is_in_force),
        T(what_could_not_be_applied_is_refused_before_anybody_votes),
        T(a_name_with_dots_is_loaded_and_removed_but_never_applied),
        T(a_broken_policy_fires_an_alert_until_it_is_well),
        T(the_doctor_says_whether_decisions_can_be_made),
        T(the_doctor_says_that_a_guard_is_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
