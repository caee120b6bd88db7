/* policy explain: which line of which policy gave an answer. SPDX-License-Identifier: MIT */
#include "tests/unit/service/policy/fixture.h"

static const json_t *explain(struct fixture *f, const char *hook, const char *input)
{
    if (call(f, "policy.explain", json_pack("{s:s, s:s}", "hook", hook, "input", input)) != OC_OK) {
        fail_msg("%s: %s", hook, f->error.message);
    }
    return json_object_get(f->result, "decided");
}

static void expect(const json_t *decided, const char *text, const char *helper)
{
    const json_t *inner = json_object_get(decided, "helper");
    assert_string_equal(oc_json_str(decided, "text", ""), text);
    assert_string_equal(oc_json_str(inner, "text", ""), helper ? helper : "");
}

static void an_answer_names_its_policy_and_the_lines_that_ran(void **state)
{
    struct fixture *f = *state;
    char where[64];
    configure(f, "");
    const json_t *decided = explain(f, "route", "{\"channels\":[\"ops\"]}");
    snprintf(where, sizeof where, "policies/route.lua:%d", (int)oc_json_int(decided, "line", 0));
    assert_string_equal(oc_json_str(decided, "where", ""), where);
    assert_string_equal(oc_json_str(f->result, "policy", ""), "route");
    assert_string_equal(oc_json_str(f->result, "file", ""), "built in");
    assert_null(json_object_get(f->result, "note"));
    assert_true(json_array_size(json_object_get(f->result, "lines")) > 0);
    assert_string_equal(json_string_value(json_array_get(json_object_get(f->result, "result"), 0)),
                        "ops");
}

#define VOTE                                                                                       \
    "\"category\":\"operational\",\"rules\":{\"threshold\":\"simple_majority\",\"minimum_votes\":" \
    "1,\"deadline\":1000,\"declaration_ms\":0,\"override_ms\":0},\"signatures\":[],\"vetoes\":["   \
    "],\"overrides\":[],\"delegations\":[]"
#define HEALTH(critical, ready, warning)                                                           \
    "{\"critical\":" #critical ",\"warning\":" #warning ",\"ready\":" #ready                       \
    ",\"wanted\":3,\"restarts\":0}]"
#define STAGE(watched) "[{\"started\":0,\"now\":60000,\"watched_ms\":" #watched "},"

/* Every hook with the ways that lead out of the shipped policy. */
static void every_hook_names_the_line_that_decided(void **state)
{
    static const struct {
        const char *hook, *input, *text, *helper;
    } CASES[] = {
        {"authorize", "[\"alert.ack\",{\"governed\":true},{}]", "return { allow = true }", NULL},
        {"authorize", "[\"policy.apply\",{\"governed\":false},{}]", "return { allow = true }",
         NULL},
        {"authorize", "[\"policy.apply\",{\"governed\":true},{}]",
         "return { approval = category, reason = reason }", NULL},
        {"route", "{\"channels\":[\"ops\"]}", "return alert.channels", NULL},
        {"route", "{\"severity\":\"info\"}", "return plan.answers[routes[1]]", NULL},
        {"routes", "[]", "return alert and routing.explain(tree, alert) or tree", NULL},
        {"routes", "{\"severity\":\"info\",\"labels\":{}}",
         "return alert and routing.explain(tree, alert) or tree", NULL},
        {"inhibit", "[0]", "return {", NULL},
        {"escalate", "[{\"severity\":\"info\"},0]", "return nil", NULL},
        {"escalate", "[{\"severity\":\"critical\",\"step\":0},0]", "return {", NULL},
        {"escalate", "[{\"severity\":\"critical\",\"step\":9},0]", "return nil", NULL},
        {"escalate", "[{\"severity\":\"warning\",\"occurrences\":[1,1,1,1,1]},1]", "return {",
         NULL},
        {"quorum", "[{\"electorate\":[]," VOTE "},[],0]",
         "return { outcome = \"invalid\", reason = \"bad_input\" }", NULL},
        {"quorum", "[{\"electorate\":[{\"name\":\"a\",\"triad\":true}]," VOTE "},[],0]",
         "return result(vote)", "return {"},
        {"select_model", "{\"models\":[]}", "return nil", NULL},
        {"select_model", "{\"models\":[{\"name\":\"m\",\"healthy\":true}]}",
         "return { model = first, fallbacks = names, reason = reason }", NULL},
        {"deploy_gate", STAGE(0) HEALTH(1, 3, 0), "return rollback(\"a critical alert fires\")",
         "return { verdict = \"rollback\", reason = reason }"},
        {"deploy_gate", STAGE(0) HEALTH(0, 1, 0),
         "return wait(\"not everything is ready\", 10 * 1000)",
         "return { verdict = \"wait\", reason = reason, wait_ms = ms }"},
        {"deploy_gate", STAGE(0) HEALTH(0, 3, 1), "return wait(\"a warning fires\", MINUTE)",
         "return { verdict = \"wait\", reason = reason, wait_ms = ms }"},
        {"deploy_gate", STAGE(300000) HEALTH(0, 3, 0),
         "return { verdict = \"go\", reason = \"it was well for two minutes\" }", NULL},
        {"backup_retention", "[[],0]", "return { remove = remove, reasons = reasons }", NULL},
    };
    struct fixture *f = *state;
    configure(f, "");
    for (size_t i = 0; i < OC_COUNT(CASES); i++) {
        expect(explain(f, CASES[i].hook, CASES[i].input), CASES[i].text, CASES[i].helper);
    }
}

/* Ways in which a function may end. */
static void the_statement_that_returned_is_found_in_the_text(void **state)
{
    static const struct {
        const char *text;
        int line;
        const char *decided, *helper;
    } CASES[] = {
        {"function routes(x)\n  if x == 1 then\n    return 'one'\n  end\n  return 'other'\nend", 3,
         "return 'one'", NULL},
        {"function routes(x)\n  if x == 2 then return 'two' end\n  return 'other'\nend", 3,
         "return 'other'", NULL},
        {"function routes(x) if x == 1 then return 'one' end return 'other' end", 1,
         "function routes(x) if x == 1 then return 'one' end return 'other' end", NULL},
        {"function routes()\n  return {\n    allow = false,\n    reason = 'x',\n  }\nend", 2,
         "return {", NULL},
        {"function routes()\n  return {\n    a = 'must return it', -- return\n    b = [[ return "
         "]],\n"
         "    c = (function()\n      return 1\n    end)(),\n    d = 2,\n  }\nend",
         2, "return {", NULL},
        {"function routes()\n  local y = 1\nend", 3, "end", NULL},
        {"function routes(x)\n  if x == 2 then\n    return 1\n  end\nend", 5, "end", NULL},
        {"function routes(x)\n  while x > 0 do\n    x = x - 1\n    if x == 0 then return 'in' end\n"
         "  end\nend",
         4, "if x == 0 then return 'in' end", NULL},
        {"function routes(x)\n  repeat\n    local y = x\n    if y then\n      return 'in' end\n"
         "  until false\nend",
         5, "return 'in' end", NULL},
        {"local function help()\n  return 5\nend\nfunction routes()\n  return help()\nend", 5,
         "return help()", "return 5"},
        {"local function help()\n  return 5\nend\nfunction routes()\n  local v = help()\n  return "
         "v\nend",
         6, "return v", NULL},
        {"local function a() return 5 end\nlocal function b()\n  return a()\nend\nfunction "
         "routes()\n"
         "  return b(\n    1,\n    2)\nend",
         6, "return b(", "local function a() return 5 end"},
        {"function routes(x)\n  return tostring(x)\nend", 2, "return tostring(x)", NULL},
        {"function routes(x)\n  return select(2, pcall(function() error('no') end))\nend", 2,
         "return select(2, pcall(function() error('no') end))", NULL},
        {"local function sum(t, i)\n  if i > #t then\n    return 0\n  end\n  return t[i] + sum(t, "
         "i + 1)\nend\nfunction routes(x)\n  return sum({ 1, 2 }, x)\nend",
         8, "return sum({ 1, 2 }, x)", "return t[i] + sum(t, i + 1)"},
        {"function routes(x)\r\n  return x\r\nend", 2, "return x", NULL},
    };
    struct fixture *f = *state;
    configure(f, "");
    for (size_t i = 0; i < OC_COUNT(CASES); i++) {
        write_file(f, "policies/a.lua", CASES[i].text);
        oc_policies_reload(f->env.policies);
        const json_t *decided = explain(f, "routes", "[1]");
        expect(decided, CASES[i].decided, CASES[i].helper);
        assert_int_equal(oc_json_int(decided, "line", 0), CASES[i].line);
    }
}

/* The line numbers are those of the text in force, which is not the file's: so it is said. */
static void of_a_file_that_does_not_load_the_version_in_force_is_explained(void **state)
{
    struct fixture *f = *state;
    configure(f, "");
    write_file(f, "policies/a.lua", "function routes()\n  return 'good'\nend");
    oc_policies_reload(f->env.policies);
    write_file(f, "policies/a.lua", "-- longer\n\n\nfunction routes(\n  return 'bad'\nend");
    oc_policies_reload(f->env.policies);
    const json_t *decided = explain(f, "routes", "[]");
    expect(decided, "return 'good'", NULL);
    assert_string_equal(oc_json_str(decided, "where", ""), "policies/a.lua:2");
    assert_non_null(strstr(oc_json_str(f->result, "note", ""), "the version before it"));
    write_file(f, "policies/a.lua", "function routes()\n\n  return 'mended'\nend");
    oc_policies_reload(f->env.policies);
    assert_int_equal(oc_json_int(explain(f, "routes", "[]"), "line", 0), 3);
    assert_null(json_object_get(f->result, "note"));
}

static void of_a_broken_file_of_a_shipped_name_the_shipped_policy_is_explained(void **state)
{
    struct fixture *f = *state;
    char *path = in_home(f, "policies/inhibit.lua");
    configure(f, "");
    write_file(f, "policies/inhibit.lua", "function inhibit(");
    oc_policies_reload(f->env.policies);
    expect(explain(f, "inhibit", "[0]"), "return {", NULL);
    assert_string_equal(oc_json_str(f->result, "file", ""), "built in");
    assert_non_null(strstr(oc_json_str(f->result, "note", ""), "the shipped policy"));
    expect(explain(f, "inhibit", "[0]"), "return {",
           NULL); /* awake now, and the file still broken */
    assert_non_null(json_object_get(f->result, "note"));
    json_t *rows = oc_policies_list(f->env.policies);
    const json_t *row = json_array_get(rows, json_array_size(rows) - 1);
    assert_string_equal(oc_json_str(row, "name", ""), "inhibit");
    assert_string_equal(oc_json_str(row, "state", ""), "failed");
    assert_int_equal(oc_json_int(row, "line", 0), 1);
    json_decref(rows);
    remove(path);
    free(path);
}

/* ---- who may ask, and how much ---- */

static int asked_by(struct fixture *f, enum oc_role role, const char *op)
{
    f->code = 1;
    oc_ops_call(f->env.ops,
                &(struct oc_call_request){.op = op,
                                          .params = json_pack("{s:s}", "hook", "routes"),
                                          .actor = {.name = "test", .role = role},
                                          .on_done = on_done,
                                          .ctx = f});
    return f->code;
}

static void asking_a_policy_takes_an_operator(void **state)
{
    static const char *const ASK[] = {"policy.eval", "policy.explain"};
    struct fixture *f = *state;
    configure(f, "");
    write_file(f, "policies/a.lua", "function routes() return 1 end");
    oc_policies_reload(f->env.policies);
    for (size_t i = 0; i < OC_COUNT(ASK); i++) {
        assert_int_equal(asked_by(f, OC_ROLE_VIEWER, ASK[i]), OC_E_DENIED);
        assert_int_equal(asked_by(f, OC_ROLE_OPERATOR, ASK[i]), OC_OK);
    }
}

static void an_input_that_is_long_or_no_json_is_refused(void **state)
{
    struct fixture *f = *state;
    configure(f, "");
    write_file(f, "policies/a.lua", "function routes(x) return #x end");
    oc_policies_reload(f->env.policies);
    char *text = oc_alloc((66u << 10) + 1);
    memset(text, 'x', 66u << 10);
    text[0] = '"';
    for (size_t len = (64u << 10) - 1; len <= (64u << 10) + 1; len++) {
        text[len - 1] = '"';
        text[len] = '\0';
        assert_int_equal(
            call(f, "policy.eval", json_pack("{s:s,s:s}", "hook", "routes", "input", text)),
            len <= 64u << 10 ? OC_OK : OC_E_CONFIG);
        text[len - 1] = 'x';
    }
    assert_non_null(strstr(f->error.message, "longer than 65536 bytes"));
    free(text);
    assert_int_equal(call(f, "policy.eval", json_pack("{s:s,s:s}", "hook", "routes", "input", "{")),
                     OC_E_CONFIG);
    assert_non_null(strstr(f->error.hint, "as JSON"));
    assert_int_equal(call(f, "policy.eval", json_pack("{s:s}", "hook", "nosuch")), OC_E_NOT_FOUND);
}

static int told;

static void on_told(void *ctx, const struct oc_event *event)
{
    (void)ctx;
    (void)event;
    told++;
}

/* Whoever tries a policy out neither raises an alert nor is counted as a failure of it. */
static void what_fails_when_it_is_only_tried_is_told_nobody(void **state)
{
    static const char *const WRONG[] = {"function routes() error('no') end",
                                        "function routes() while true do end end",
                                        "function routes() return string.rep('x', 1 << 20) end"};
    struct fixture *f = *state;
    configure(f, "");
    struct oc_subscription *policy = oc_bus_subscribe(f->env.bus, "policy.failed", on_told, NULL);
    told = 0;
    for (size_t i = 0; i < OC_COUNT(WRONG); i++) {
        write_file(f, "policies/a.lua", WRONG[i]);
        oc_policies_reload(f->env.policies);
        assert_int_not_equal(asked_by(f, OC_ROLE_OPERATOR, "policy.eval"), OC_OK);
        assert_int_not_equal(asked_by(f, OC_ROLE_OPERATOR, "policy.explain"), OC_OK);
        json_t *rows = oc_policies_list(f->env.policies);
        const json_t *row = json_array_get(rows, json_array_size(rows) - 1);
        assert_string_equal(oc_json_str(row, "name", ""), "a");
        assert_string_equal(oc_json_str(row, "state", ""), "ok");
        assert_int_equal(oc_json_int(row, "failures", 9), 0);
        json_decref(rows);
    }
    assert_int_equal(told, 0);
    oc_bus_unsubscribe(policy);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(an_answer_names_its_policy_and_the_lines_that_ran),
        T(every_hook_names_the_line_that_decided),
        T(the_statement_that_returned_is_found_in_the_text),
        T(of_a_file_that_does_not_load_the_version_in_force_is_explained),
        T(of_a_broken_file_of_a_shipped_name_the_shipped_policy_is_explained),
        T(asking_a_policy_takes_an_operator),
        T(an_input_that_is_long_or_no_json_is_refused),
        T(what_fails_when_it_is_only_tried_is_told_nobody),
    };
    return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
