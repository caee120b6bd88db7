/* The operations over policies. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/policy/inspect.h"
#include "core/service/policy/internal.h"
#include "core/sys/file.h"

/* ---- policy.list, policy.reload ---- */

static void op_list(struct oc_call *call, void *ctx)
{
    const struct oc_policy_service *s = ctx;
    oc_call_succeed(call, oc_policies_list(s->env->policies));
}

/* The first file that does not load, and how many there are. */
static int check_loaded(const json_t *policies, struct oc_error *err)
{
    const json_t *row, *first = NULL;
    size_t i, count = 0;
    json_array_foreach(policies, i, row)
    {
        if (strcmp(oc_json_str(row, "state", ""), "failed") == 0) {
            first = first ? first : row;
            count++;
        }
    }
    if (!first) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_CONFIG, "%zu %s not load: %s", count,
                 count == 1 ? "policy does" : "policies do", oc_json_str(first, "error", ""));
    const char *stands = oc_json_str(first, "in_force", "");
    oc_error_hint(err, "Mend it: until then %s, see `openclaw policy list`.",
                  strcmp(stands, "kept") == 0   ? "what was in force before stays so"
                  : strcmp(stands, "last") == 0 ? "what was in force before the host was started "
                                                  "stays so"
                  : strcmp(stands, "built in") == 0 ? "the built-in policy is in force instead"
                                                    : "nothing is in force in its place");
    return OC_E_CONFIG;
}

static void op_reload(struct oc_call *call, void *ctx)
{
    const struct oc_policy_service *s = ctx;
    struct oc_error err;
    oc_error_init(&err);
    json_t *result = json_object();
    oc_json_set_int(result, "changed", oc_policies_reload(s->env->policies));
    oc_json_take(result, "policies", oc_policies_list(s->env->policies));
    if (check_loaded(json_object_get(result, "policies"), &err) == OC_OK) {
        oc_call_succeed(call, result);
    } else {
        oc_call_fail_with(call, &err, result);
    }
}

static const struct oc_op list_op = {
    .name = "policy.list",
    .summary = "List the policies, their hooks and their state",
    .flags = OC_OP_EPHEMERAL,
    .view = "table:name=Policy,hooks=Hooks,state=State,in_force=In "
            "force,file=File,calls=Calls,failures=Failures,"
            "error=Error",
    .handler = op_list,
};

static const struct oc_op reload_op = {
    .name = "policy.reload",
    .summary = "Look at the policy folder now",
    .role = OC_ROLE_OPERATOR,
    .flags = OC_OP_MUTATES | OC_OP_REPLAY_SAFE,
    .view = "record",
    .description =
        "The folder is looked at every few seconds anyway. A file that does not load, or that "
        "`policy check` would refuse, "
        "keeps its last good "
        "version in force, and the call fails with its first mistake.",
    .handler = op_reload,
};

/* ---- policy.check ---- */

struct file_params {
    const char *file;
};
static const struct oc_option file_options[] = {{.name = "file",
                                                 .type = OC_OPT_PATH,
                                                 .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
                                                 .offset = offsetof(struct file_params, file),
                                                 .help = "a Lua file"},
                                                {0}};

static void op_check(struct oc_call *call, void *ctx)
{
    const struct file_params *p = oc_call_params(call);
    struct oc_buf text = {0};
    struct oc_error err;
    json_t *hooks = NULL;
    (void)ctx;
    oc_error_init(&err);
    int code = oc_file_read(p->file, OC_POLICY_FILE_MAX, &text, &err);
    if (code == OC_OK) {
        code = oc_policy_check_hooks(oc_policy_short_name(p->file),
                                     text.data != NULL ? text.data : "", text.len, &hooks, &err);
    }
    if (code != OC_OK) {
        oc_call_fail(call, &err);
    } else {
        json_t *result = json_object();
        oc_json_set_str(result, "file", p->file);
        oc_json_set_bool(result, "ok", true);
        oc_json_take(result, "hooks", hooks);
        oc_call_succeed(call, result);
    }
    oc_buf_finish(&text);
}

static const struct oc_op check_op = {
    .name = "policy.check",
    .summary = "Compile a policy file and run its top level",
    .flags = OC_OP_EPHEMERAL | OC_OP_PRIVATE,
    .params = file_options,
    .params_size = sizeof(struct file_params),
    .view = "record",
    .description = "Runs in a sandbox that is thrown away: nothing is put in force. Its functions "
                   "must be hooks, among them the one that it is named after, as for `policy "
                   "apply` and for what lies in the folder. A failure names file and line.",
    .example = "openclaw policy check policies/route.lua",
    .handler = op_check,
};

/* ---- policy.eval, policy.explain ---- */

#define INPUT_MAX (64u << 10) /* bytes */

struct ask_params {
    const char *hook, *input;
};
static const struct oc_option ask_options[] = {
    {.name = "hook",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = offsetof(struct ask_params, hook),
     .help = "the hook to ask, for example route"},
    {.name = "input",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct ask_params, input),
     .default_text = "[]",
     .help = "JSON: a list of arguments, or the only argument"},
    {0}};

/* The arguments of a hook, owned by the caller; NULL and `err` when the text is no JSON. */
static json_t *read_args(const char *input, struct oc_error *err)
{
    json_t *args = oc_json_parse_request(input, strlen(input), err);
    if (args == NULL || json_is_array(args)) {
        return args;
    }
    json_t *list = json_array();
    json_array_append_new(list, args);
    return list;
}

/* The executed lines with their text: [{"line":3,"text":"  return alert.channels"}]. */
static json_t *lines_with_text(const char *text, const json_t *numbers)
{
    json_t *lines = json_array();
    json_int_t line = 1;
    size_t i = 0;
    while (text != NULL && i < json_array_size(numbers)) {
        const char *end = strchrnul(text, '\n');
        if (json_integer_value(json_array_get(numbers, i)) == line) {
            json_t *row = json_object();
            char *copy = oc_strndup(text, (size_t)(end - text));
            oc_json_set_int(row, "line", line);
            oc_json_set_str(row, "text", copy);
            json_array_append_new(lines, row);
            free(copy);
            i++;
        }
        text = *end != '\0' ? end + 1 : NULL;
        line++;
    }
    return lines;
}

static json_t *explanation(const struct oc_policy_service *s, json_t *result, const json_t *why)
{
    size_t len;
    json_t *json = json_object();
    const char *policy = oc_json_str(why, "policy", "");
    oc_json_set_str(json, "policy", policy);
    oc_json_set_str(json, "file", oc_json_str(why, "file", ""));
    if (oc_json_str(why, "note", NULL) != NULL) {
        oc_json_set_str(json, "note", oc_json_str(why, "note", NULL));
    }
    oc_json_take(json, "result", result);
    oc_json_take(json, "decided", json_deep_copy(json_object_get(why, "decided")));
    oc_json_take(json, "lines",
                 lines_with_text(oc_policy_source(s->env->policies, policy, &len),
                                 json_object_get(why, "lines")));
    return json;
}

static void ask(struct oc_call *call, const struct oc_policy_service *s, bool explain)
{
    const struct ask_params *p = oc_call_params(call);
    struct oc_error err;
    json_t *result = NULL, *why = NULL;
    oc_error_init(&err);
    json_t *args = NULL;
    if (strlen(p->input) > INPUT_MAX) {
        oc_error_set(&err, OC_E_CONFIG, "the input is longer than %u bytes", INPUT_MAX);
    } else {
        args = read_args(p->input, &err);
    }
    if (args == NULL) {
        oc_error_hint(&err,
                      "Give the arguments as JSON: --input '[{\"severity\":\"critical\"}, 0]'.");
        oc_call_fail(call, &err);
        return;
    }
    if (oc_policy_try(s->env->policies, p->hook, args, &result, explain ? &why : NULL, &err) !=
        OC_OK) {
        oc_call_fail(call, &err);
    } else if (explain) {
        oc_call_succeed(call, explanation(s, result, why));
    } else {
        json_t *answer = json_object();
        oc_json_take(answer, "result", result);
        oc_call_succeed(call, answer);
    }
    json_decref(args);
    json_decref(why);
}

static void op_eval(struct oc_call *call, void *ctx)
{
    ask(call, ctx, false);
}

static void op_explain(struct oc_call *call, void *ctx)
{
    ask(call, ctx, true);
}

static const struct oc_op eval_op = {
    .name = "policy.eval",
    .summary = "Ask a hook and show its answer",
    .role = OC_ROLE_OPERATOR,
    .flags = OC_OP_EPHEMERAL,
    .params = ask_options,
    .params_size = sizeof(struct ask_params),
    .view = "record",
    .example = "openclaw policy eval route --input "
               "'{\"severity\":\"critical\",\"configured_channels\":[]}'",
    .handler = op_eval,
};

static const struct oc_op explain_op = {
    .name = "policy.explain",
    .summary = "Ask a hook and show which policy answered, which line decided and which lines ran",
    .role = OC_ROLE_OPERATOR,
    .flags = OC_OP_EPHEMERAL,
    .params = ask_options,
    .params_size = sizeof(struct ask_params),
    .view = "record",
    .description =
        "`decided` is the line of the hook whose `return` gave the answer, and its `helper` that "
        "of "
        "the function that it handed on to, as in `return refuse(why)`; `lines` are all that ran. "
        "While a file does not load, the answer and the lines are those of the version that is in "
        "force instead, and a note says so.",
    .example = "openclaw policy explain route --input '{\"severity\":\"warning\"}'",
    .handler = op_explain,
};

void oc_policy_add_ops(struct oc_policy_service *s)
{
    static const struct oc_op *const OPS[] = {&list_op, &reload_op, &check_op, &eval_op,
                                              &explain_op};
    for (size_t i = 0; i < OC_COUNT(OPS); i++) {
        oc_ops_add(s->env->ops, OPS[i], s);
    }
}
