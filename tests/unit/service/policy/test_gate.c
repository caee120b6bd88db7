/* The gate: what comes of an operation when the policy was asked. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/policy/inspect.h"
#include "core/service/policy/gate.h"
#include "core/sys/file.h"

static struct oc_env env;
static struct oc_gate *gate;
static char dir[32];
static int ran, denied, refusals, code, requests;
static bool ready, refuses, late, plans_late;
static struct oc_call *planning; /* that has not answered */
static char request[1024], denied_by[16];
static json_t *result;
static struct oc_error error;

static void op_run(struct oc_call *call, void *ctx)
{
    (void)ctx;
    ran++;
    oc_call_succeed(call, json_object());
}

static void op_status(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_succeed(call, json_pack("{s:b}", "ready", ready));
}

static const char *decided = "open"; /* what governance has made of it by then */

static void op_request(struct oc_call *call, void *ctx)
{
    (void)ctx;
    requests++;
    char *text = json_dumps(oc_call_json(call), JSON_COMPACT | JSON_SORT_KEYS);
    snprintf(request, sizeof request, "%s", text);
    free(text);
    if (late) {
        return;
    }
    if (refuses) {
        oc_call_failf(call, OC_E_RETRY, "Later.", "too many proposals");
        return;
    }
    oc_call_succeed(call, json_pack("{s:s, s:s, s:I, s:s}", "proposal", "P1", "category",
                                    "strategic", "deadline", (json_int_t)5, "status", decided));
}

struct params {
    const char *text, *key, *plan;
    int32_t dry_run;
};

static void planned(struct oc_call *call)
{
    const struct params *p = oc_call_params(call);
    planning = NULL;
    oc_call_succeed(call, json_pack("{s:s,s:b,s:[{s:s}]}", "plan", p->text, "dry_run", 1, "actions",
                                    "do", "remove"));
}

/* Its plan is its text; without one there is nothing to plan. */
static void op_plans(struct oc_call *call, void *ctx)
{
    const struct params *p = oc_call_params(call);
    if (!p->dry_run) {
        op_run(call, ctx);
    } else if (!p->text) {
        oc_call_failf(call, OC_E_NOT_FOUND, "Make it.", "there is no such folder");
    } else if (plans_late) {
        planning = call;
    } else {
        planned(call);
    }
}

static void op_shows(struct oc_call *call, void *ctx)
{
    const struct params *p = oc_call_params(call);
    if (!p->dry_run) {
        op_run(call, ctx);
    } else if (!p->text) {
        oc_call_failf(call, OC_E_NOT_FOUND, "Give it.", "there is no text");
    } else {
        char line[32];
        snprintf(line, sizeof line, "+%s", p->text);
        oc_call_succeed(call, json_pack("{s:[s]}", "changes", line));
    }
}
static const struct oc_option options[] = {{.name = "text",
                                            .type = OC_OPT_STRING,
                                            .offset = offsetof(struct params, text),
                                            .help = "a text"},
                                           {.name = "key",
                                            .type = OC_OPT_SECRET,
                                            .offset = offsetof(struct params, key),
                                            .help = "a secret"},
                                           {.name = "plan",
                                            .type = OC_OPT_STRING,
                                            .offset = offsetof(struct params, plan),
                                            .help = "a hash"},
                                           {.name = "dry_run",
                                            .type = OC_OPT_BOOL,
                                            .offset = offsetof(struct params, dry_run),
                                            .help = "look only"},
                                           {0}};
static const struct oc_option key_options[] = {
    {.name = "key", .type = OC_OPT_STRING, .offset = offsetof(struct params, key), .help = "a key"},
    {0}};

static const struct oc_option held_options[] = {
    {.name = "op", .type = OC_OPT_STRING, .offset = offsetof(struct params, text), .help = "an op"},
    {.name = "params",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct params, key),
     .help = "its parameters"},
    {0}};

static const struct oc_op OPS[] = {
    {.name = "thing.change",
     .summary = "Change",
     .flags = OC_OP_MUTATES,
     .params = options,
     .params_size = sizeof(struct params),
     .handler = op_run},
    {.name = "thing.destroy",
     .summary = "Destroy",
     .flags = OC_OP_MUTATES | OC_OP_DESTRUCTIVE,
     .handler = op_run},
    {.name = "thing.look", .summary = "Look", .handler = op_run},
    {.name = "policy.remove",
     .summary = "Guarded by what is shipped",
     .flags = OC_OP_MUTATES,
     .params = options,
     .params_size = sizeof(struct params),
     .handler = op_run},
    {.name = "config.set",
     .summary = "Set",
     .flags = OC_OP_MUTATES | OC_OP_PRIVATE,
     .params = key_options,
     .params_size = sizeof(struct params),
     .handler = op_run},
    {.name = "alert.import",
     .summary = "Import",
     .flags = OC_OP_MUTATES | OC_OP_PRIVATE,
     .params = options,
     .params_size = sizeof(struct params),
     .handler = op_run},
    {.name = "thing.later",
     .summary = "Holds another operation",
     .flags = OC_OP_MUTATES,
     .params = held_options,
     .params_size = sizeof(struct params),
     .handler = op_run},
    {.name = "plugin.link", /* guarded by what is shipped */
     .summary = "Plans",
     .flags = OC_OP_MUTATES | OC_OP_PLANS,
     .params = options,
     .params_size = sizeof(struct params),
     .handler = op_plans},
    {.name = "thing.swap",
     .summary = "Shows what would change",
     .flags = OC_OP_MUTATES | OC_OP_PREVIEWS,
     .params = options,
     .params_size = sizeof(struct params),
     .handler = op_shows},
    {.name = "governance.vote", .summary = "Vote", .flags = OC_OP_MUTATES, .handler = op_run},
    {.name = "governance.status", .summary = "Status", .handler = op_status},
    {.name = "governance.request",
     .summary = "Request",
     .flags = OC_OP_MUTATES | OC_OP_INTERNAL,
     .handler = op_request},
};

static void on_denied(void *ctx, const struct oc_event *event)
{
    (void)ctx;
    snprintf(denied_by, sizeof denied_by, "%s", oc_json_str(event->data, "by", ""));
    denied++;
}

/* What a refused call brought is not kept. */
static void on_audit(void *ctx, const struct oc_event *event)
{
    (void)ctx;
    const bool refused = oc_json_bool(event->data, "refused", false);
    refusals += refused;
    assert_int_equal(refused, strcmp(oc_json_str(event->data, "code", ""), "denied") == 0);
    assert_int_equal(refused, json_object_get(event->data, "params") == NULL);
}

static int setup(void **state)
{
    (void)state;
    oc_log_set_level(-1);
    strcpy(dir, "/tmp/oc-gate-XXXXXX");
    assert_non_null(mkdtemp(dir));
    env.loop = oc_loop_create();
    env.bus = oc_bus_create();
    env.ops = oc_ops_create(env.loop, env.bus);
    env.policies = oc_policies_create(env.bus, dir);
    for (size_t i = 0; i < OC_COUNT(OPS); i++) {
        oc_ops_add(env.ops, &OPS[i], NULL);
    }
    gate = oc_gate_create(&env);
    oc_bus_subscribe(env.bus, "op.denied", on_denied, NULL);
    oc_bus_subscribe(env.bus, "audit", on_audit, NULL);
    ran = denied = refusals = requests = 0;
    ready = true;
    refuses = late = plans_late = false;
    planning = NULL;
    return 0;
}

static int teardown(void **state)
{
    char path[64];
    (void)state;
    oc_gate_destroy(gate);
    oc_policies_destroy(env.policies);
    oc_ops_destroy(env.ops);
    oc_bus_destroy(env.bus);
    oc_loop_destroy(env.loop);
    json_decref(result);
    result = NULL;
    snprintf(path, sizeof path, "%s/authorize.lua", dir);
    unlink(path);
    rmdir(dir);
    return 0;
}

static void policy(const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "%s/authorize.lua", dir);
    assert_int_equal(oc_file_write(path, text, strlen(text), 0600, NULL), OC_OK);
    oc_policies_reload(env.policies);
}

static void on_done(void *ctx, int status, const json_t *answer, const struct oc_error *err)
{
    (void)ctx;
    code = status;
    json_decref(result);
    result = answer ? json_deep_copy(answer) : NULL;
    if (err) {
        error = *err;
    }
}

static int call(const char *op, json_t *params)
{
    code = 1;
    oc_ops_call(env.ops, &(struct oc_call_request){.op = op,
                                                   .params = params,
                                                   .actor = {.name = "ann", .role = OC_ROLE_ADMIN},
                                                   .on_done = on_done});
    return code;
}

static void what_is_allowed_runs(void **state)
{
    (void)state;
    assert_int_equal(call("thing.change", NULL), OC_OK);
    assert_int_equal(ran, 1);
}

static void what_is_denied_does_not_and_says_why(void **state)
{
    (void)state;
    policy("function authorize(op, actor, params)\n"
           "  if params.key then return {allow = false, reason = actor.name .. ' ' .. actor.role "
           ".. ' ' .. params.key} end\n"
           "  return {allow = op ~= 'thing.destroy'}\nend");
    assert_int_equal(call("thing.change", json_pack("{s:s}", "key", "hidden")), OC_E_DENIED);
    assert_string_equal(error.message, "the policy refused thing.change: ann admin ********");
    assert_int_equal(call("thing.destroy", NULL), OC_E_DENIED);
    assert_int_equal(denied, 2);
    assert_string_equal(denied_by, "policy");
    assert_int_equal(ran, 0);
    assert_int_equal(call("thing.look", NULL), OC_OK); /* is not asked about */
    policy("function authorize() return {allow = false, reason = 'caf\\xe9 \\0 end'} end");
    assert_int_equal(call("thing.change", NULL), OC_E_DENIED);
    assert_string_equal(error.message,
                        "the policy refused thing.change: caf\xef\xbf\xbd \xef\xbf\xbd end");
    policy("function authorize() return {allow = false, reason = 'no\\nopenclaw:\\t\\27[2J "
           "fine\\127'} "
           "end");
    assert_int_equal(call("thing.change", NULL), OC_E_DENIED);
    assert_string_equal(error.message, "the policy refused thing.change: no openclaw:  [2J fine ");
}

static void what_needs_a_decision_becomes_a_proposal(void **state)
{
    (void)state;
    assert_int_equal(call("policy.remove", NULL), OC_E_APPROVAL);
    assert_int_equal(ran, 0);
    assert_string_equal(oc_json_str(result, "proposal", ""), "P1");
    assert_string_equal(oc_json_str(result, "category", ""), "strategic");
    assert_non_null(strstr(error.hint, "governance show P1"));
    assert_string_equal(
        request,
        "{\"actor\":\"ann\",\"category\":\"strategic\",\"op\":\"policy.remove\",\"params\":{},"
        "\"reason\":\"a policy decides what others may do\",\"role\":\"admin\"}");
    oc_ops_call(env.ops, &(struct oc_call_request){
                             .op = "policy.remove",
                             .actor = {.name = "ann", .role = OC_ROLE_ADMIN, .approval = "P1"},
                             .on_done = on_done});
    assert_int_equal(code, OC_OK); /* decided */
    assert_int_equal(ran, 1);
}

static void without_keys_nothing_is_guarded(void **state)
{
    (void)state;
    ready = false;
    assert_int_equal(call("policy.remove", NULL), OC_OK);
    ready = true;
    assert_int_equal(call("policy.remove", NULL), OC_OK); /* not looked at again yet */
    oc_bus_publish(env.bus, "governance.key", json_object());
    assert_int_equal(call("policy.remove", NULL), OC_E_APPROVAL);
    ready = false; /* a key was revoked: that opens nothing */
    oc_bus_publish(env.bus, "governance.key", json_object());
    assert_int_equal(call("policy.remove", NULL), OC_E_APPROVAL);
}

static void a_question_that_governance_refuses_runs_nothing(void **state)
{
    (void)state;
    refuses = true;
    assert_int_equal(call("policy.remove", NULL), OC_E_DENIED);
    assert_non_null(strstr(error.message, "too many proposals"));
    late = true;
    assert_int_equal(call("policy.remove", NULL), OC_E_DENIED);
    assert_int_equal(denied, 2);
    assert_int_equal(ran, 0);
}

/* Whoever keeps the trail hears of it as of one that was refused at once, and the parameters stay out of it (on_audit). */
static void a_refusal_after_the_plan_was_made_is_heard(void **state)
{
    (void)state;
    refuses = plans_late = true;
    assert_int_equal(call("plugin.link", json_pack("{s:s}", "text", "h4sh")), 1);
    planned(planning);
    assert_int_equal(code, OC_E_DENIED);
    assert_int_equal(denied, 1);
    assert_string_equal(denied_by, "policy");
    assert_int_equal(refusals, 1);
}

static void what_governs_never_waits_for_itself(void **state)
{
    (void)state;
    policy("function authorize() return {approval = 'tactical'} end");
    assert_int_equal(call("governance.vote", NULL), OC_OK);
    assert_int_equal(call("thing.change", NULL), OC_E_APPROVAL);
    assert_int_equal(requests, 1);
    policy("function authorize() return {allow = false} end");
    assert_int_equal(call("governance.vote", NULL), OC_E_DENIED);
}

static void a_policy_that_fails_leaves_what_is_shipped_and_nothing_destroyed(void **state)
{
    static const char *const BROKEN[] = {"function authorize() error('x') end",
                                         "function authorize() return {alow = true} end",
                                         "function authorize() while true do end end"};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(BROKEN); i++) {
        policy(BROKEN[i]);
        ran = 0;
        assert_int_equal(call("thing.change", NULL), OC_OK);
        assert_int_equal(call("thing.destroy", NULL), OC_E_DENIED);
        assert_non_null(strstr(error.message, "cannot be told"));
        assert_int_equal(call("policy.remove", NULL), OC_E_APPROVAL);
        assert_int_equal(ran, 1);
    }
}

/* A file that an editor or a full disk emptied, or that another was copied over, guards as before. */
static void a_file_that_loses_its_hook_guards_as_before(void **state)
{
    static const char *const LOST[] = {"", "local function authorize() return {allow = true} end",
                                       "function authorise() return {allow = true} end",
                                       "function route() return {'file'} end"};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(LOST); i++) {
        policy(LOST[i]);
        assert_int_equal(call("policy.remove", NULL), OC_E_APPROVAL);
    }
    policy("function authorize() return {allow = false, reason = 'mine'} end");
    for (size_t i = 0; i < OC_COUNT(LOST); i++) {
        policy(LOST[i]);
        assert_int_equal(call("thing.change", NULL), OC_E_DENIED);
        assert_non_null(strstr(error.message, "mine"));
    }
    assert_int_equal(ran, 0);
}

static void files_that_decide_are_left_alone_on_a_governed_host(void **state)
{
    static const char *const KEPT[] = {"policies.dir", "governance.rules.steward", "governance",
                                       "policies[0]"};
    (void)state;
    ready = false;
    assert_int_equal(call("config.set", json_pack("{s:s}", "key", KEPT[0])), OC_OK);
    assert_int_equal(call("alert.import", NULL), OC_OK);
    ready = true;
    oc_bus_publish(env.bus, "governance.key", json_object());
    for (size_t i = 0; i < OC_COUNT(KEPT); i++) {
        assert_int_equal(call("config.set", json_pack("{s:s}", "key", KEPT[i])), OC_E_DENIED);
        assert_non_null(strstr(error.hint, "by hand"));
    }
    assert_int_equal(call("alert.import", NULL), OC_E_DENIED);
    assert_non_null(strstr(error.hint, "policy apply"));
    assert_int_equal(denied, OC_COUNT(KEPT) + 1); /* whoever keeps the trail hears of each */
    ran = 0;
    assert_int_equal(call("alert.import", json_pack("{s:b}", "dry_run", 1)), OC_OK);
    assert_int_equal(call("config.set", json_pack("{s:s}", "key", "alerts.cooldown")), OC_OK);
    assert_int_equal(call("config.set", json_pack("{s:s}", "key", "policiesx.dir")), OC_OK);
    assert_int_equal(ran, 3);
}

static void the_policy_sees_what_the_operation_understands(void **state)
{
    static const char *const FALSE[] = {"\"false\"", "\"no\"", "\"OFF\"", "\"0\"", "0", "false"};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(FALSE); i++) {
        json_t *params = json_object();
        json_object_set_new(params, "dry_run", json_loads(FALSE[i], JSON_DECODE_ANY, NULL));
        assert_int_equal(call("policy.remove", params), OC_E_APPROVAL);
    }
    assert_int_equal(ran, 0);
    assert_int_equal(call("policy.remove", json_pack("{s:s}", "dry_run", "yes")), OC_OK);
    assert_int_equal(call("policy.remove", json_pack("{s:b}", "dry_run", 1)), OC_OK);
}

static bool recorded(const char *text)
{
    json_t *inputs = oc_policies_inputs(env.policies, "authorize", 10);
    char *all = oc_json_text(inputs);
    const bool found = strstr(all, text) != NULL;
    json_decref(inputs);
    free(all);
    return found;
}

/* A secret of the operation that another one holds: neither the policy sees it, nor is it kept for `policy diff`. */
static void a_secret_in_the_parameters_of_a_held_operation_stays_hidden(void **state)
{
    static const char *const HELD[] = {"{\"text\":\"open\",\"key\":\"hunter2\"}",
                                       "{\"key\":\"hunter2\""};
    (void)state;
    oc_policies_keep_inputs(env.policies);
    policy("function authorize(op, actor, params)\n"
           "  local p = params.params\n"
           "  return {allow = false, reason = type(p) == 'table' and p.text .. p.key or p}\nend");
    assert_int_equal(
        call("thing.later", json_pack("{s:s,s:s}", "op", "thing.change", "params", HELD[0])),
        OC_E_DENIED);
    assert_string_equal(error.message, "the policy refused thing.later: open********");
    assert_true(recorded("\"text\":\"open\""));
    assert_false(recorded("hunter2"));
    assert_int_equal(
        call("thing.later", json_pack("{s:s,s:s}", "op", "thing.change", "params", HELD[1])),
        OC_E_DENIED);
    assert_string_equal(error.message, "the policy refused thing.later: ********");
    assert_false(recorded("hunter2"));
}

static void who_asked_is_told_what_nobody_waits_for(void **state)
{
    static const struct {
        const char *status, *words;
    } cases[] = {{"open", "and runs when it is approved"},
                 {"approved", "is approved without a vote, so it runs now"},
                 {"deferred", "waits until a majority of the members can be reached"}};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        decided = cases[i].status;
        assert_int_equal(call("policy.remove", NULL), OC_E_APPROVAL);
        assert_non_null(strstr(error.hint, cases[i].words));
    }
    decided = "open";
}

static void the_plan_is_part_of_what_is_voted_on(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        plans_late = i;
        int now = call("plugin.link", json_pack("{s:s}", "text", "h4sh"));
        assert_int_equal(now, i ? 1 : OC_E_APPROVAL);
        if (planning) {
            assert_int_equal(requests, 1);
            planned(planning);
        }
        assert_int_equal(code, OC_E_APPROVAL);
        assert_string_equal(oc_json_str(result, "proposal", ""), "P1");
        assert_non_null(strstr(request, "\"params\":{\"plan\":\"h4sh\",\"text\":\"h4sh\"}"));
        assert_non_null(strstr(request, "\"actions\":[{\"do\":\"remove\"}]"));
    }
    assert_int_equal(requests, 2);
    assert_int_equal(ran, 0);
    json_t *dry = json_pack("{s:s,s:b}", "text", "h4sh", "dry_run", 1);
    plans_late = false;
    policy("function authorize() return {approval = 'tactical'} end");
    assert_int_equal(call("plugin.link", dry), OC_OK); /* looking is free, whoever decides */
    assert_int_equal(requests, 2);
}

/* What is in force may be another text by then, and what was approved is this one: nothing binds it to what it was compared with. */
static void what_would_change_is_shown_and_binds_nothing(void **state)
{
    (void)state;
    policy("function authorize() return {approval = 'tactical'} end");
    assert_int_equal(call("thing.swap", json_pack("{s:s}", "text", "new")), OC_E_APPROVAL);
    assert_non_null(strstr(request, "\"params\":{\"text\":\"new\"}"));
    assert_non_null(strstr(request, "\"plan\":{\"changes\":[\"+new\"]}"));
    assert_int_equal(requests, 1);
    assert_int_equal(call("thing.swap", json_pack("{s:s,s:b}", "text", "new", "dry_run", 1)),
                     OC_OK);
    assert_int_equal(call("thing.swap", json_object()), OC_E_NOT_FOUND); /* before anybody votes */
    assert_int_equal(requests, 1);
    assert_int_equal(ran, 0);
}

static void what_cannot_be_planned_is_refused_before_anybody_votes(void **state)
{
    (void)state;
    assert_int_equal(call("plugin.link", NULL), OC_E_NOT_FOUND);
    assert_string_equal(error.message, "there is no such folder");
    assert_int_equal(call("plugin.link", json_pack("{s:s,s:s}", "text", "h4sh", "plan", "other")),
                     OC_E_CONFLICT);
    assert_int_equal(requests, 0);
}

static void who_gives_up_while_the_plan_is_made_leaves_no_proposal(void **state)
{
    (void)state;
    plans_late = true;
    code = 1;
    struct oc_call *waits = oc_ops_call(
        env.ops, &(struct oc_call_request){.op = "plugin.link",
                                           .params = json_pack("{s:s}", "text", "h4sh"),
                                           .actor = {.name = "ann", .role = OC_ROLE_ADMIN},
                                           .on_done = on_done});
    assert_non_null(waits);
    oc_call_cancel(waits);
    assert_int_equal(code, OC_E_CANCELLED);
    planned(planning);
    assert_int_equal(requests, 0);
}

static void the_gate_goes_when_it_is_destroyed(void **state)
{
    (void)state;
    policy("function authorize() return {allow = false} end");
    oc_gate_destroy(gate);
    gate = NULL;
    assert_int_equal(call("thing.change", NULL), OC_OK);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(what_is_allowed_runs),
        T(what_is_denied_does_not_and_says_why),
        T(what_needs_a_decision_becomes_a_proposal),
        T(without_keys_nothing_is_guarded),
        T(a_question_that_governance_refuses_runs_nothing),
        T(a_refusal_after_the_plan_was_made_is_heard),
        T(what_governs_never_waits_for_itself),
        T(a_policy_that_fails_leaves_what_is_shipped_and_nothing_destroyed),
        T(a_file_that_loses_its_hook_guards_as_before),
        T(files_that_decide_are_left_alone_on_a_governed_host),
        T(the_policy_sees_what_the_operation_understands),
        T(a_secret_in_the_parameters_of_a_held_operation_stays_hidden),
        T(who_asked_is_told_what_nobody_waits_for),
        T(the_plan_is_part_of_what_is_voted_on),
        T(what_would_change_is_shown_and_binds_nothing),
        T(what_cannot_be_planned_is_refused_before_anybody_votes),
        T(who_gives_up_while_the_plan_is_made_leaves_no_proposal),
        T(the_gate_goes_when_it_is_destroyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
