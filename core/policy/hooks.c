/* The table of hooks. SPDX-License-Identifier: MIT */
#include "core/policy/hooks.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"

#define CATEGORY "\"operational\"|\"tactical\"|\"strategic\"|\"emergency\""

#define STAMP "index: integer, at: integer, key_revoked?: integer"

const struct oc_hook oc_hooks[] = {
    {.name = "authorize",
     .summary = "May this operation run",
     .args =
         {{"op", "string", "the operation, for example plugin.install"},
          {"actor", "{name: string, role: string, governed: boolean}",
           "who asks; `governed` is whether governance can decide: every member of the triad has "
           "a key"},
          {"params", "{*: any}",
           "the parameters as the operation understands them, secrets masked"}},
     .returns = "{allow: boolean, reason?: string}|{approval: " CATEGORY ", reason?: string}",
     .meaning = "allow = true lets it run, allow = false refuses it with the reason, approval = "
                "CATEGORY keeps it for a decision of that category",
     .otherwise = "when no policy answers or the policy fails, the built-in one is asked, and what "
                  "it lets run runs unless it is destructive",
     .asked = "before every operation that changes something"},
    {.name = "route",
     .summary = "Which channels hear of this alert",
     .args = {{"alert", "{rule: string, severity: string, state: string, labels: {*: string}, ...}",
               "the alert, with configured_channels"},
              {"at", "integer", "milliseconds since 1970 UTC"}},
     .returns = "[string|{channels: [string], *: any}]",
     .meaning = "names of channels, or routes of a tree; an empty list tells nobody",
     .otherwise = "every channel whose levels admit the severity is told",
     .asked = "for each alert that is about to be told"},
    {.name = "routes",
     .summary = "How the tree of routes looks, or what it makes of an alert",
     .args = {{"alert", "{severity: string, labels: {*: string}, ...}|nil",
               "nil: the tree itself"}},
     .returns = "any",
     .meaning = "the tree, or [{path, depth, state, matcher?}] of routing.explain",
     .otherwise = "there is no tree to show",
     .asked = "for alert routes show and alert routes test"},
    {.name = "inhibit",
     .summary = "Which alerts keep which others quiet",
     .args = {{"at", "integer", "milliseconds since 1970 UTC"}},
     .returns = "[{name?: string, source: string|[string], target: string|[string], equal?: "
                "[string], window?: string|number}]|nil",
     .meaning = "the rules: while an alert fires that matches all of source, and for window "
                "(\"10m\", or seconds) after, those that match all of target and agree with it on "
                "the labels of equal are told nobody; nil: none",
     .otherwise = "nothing is inhibited but by the configuration; when the policy fails, the rules "
                  "that held before hold",
     .asked = "at the start and after each reload"},
    {.name = "escalate",
     .summary = "What becomes of an alert that nobody looks after",
     .args = {{"alert",
               "{id: string, severity: string, state: \"firing\", rule?: string, category?: "
               "string, instance?: string, target?: string, message: string, labels: {*: string}, "
               "starts_at: integer, since: integer, step: integer, raised: boolean, occurrences: "
               "[integer], told: [string], configured_channels: [{name: string, plugin: string, "
               "levels: [string]}]}",
               "the alert; since: it waits for somebody; step: how many were taken since; "
               "occurrences: when it began to fire the last times, this time included"},
              {"at", "integer", "milliseconds since 1970 UTC"}},
     .returns = "nil|{after?: number, channels?: [string], severity?: "
                "\"info\"|\"warning\"|\"critical\", reason?: string}",
     .meaning = "the next step: `after` seconds from alert.since these channels are told, and the "
                "alert becomes that grave; nil: none",
     .otherwise = "it stays as it is",
     .asked = "when an alert begins to fire, and after each step"},
    {.name = "quorum",
     .summary = "What these ballots decide",
     .args =
         {{"proposal",
           "{id: string, category: " CATEGORY ", rules: {threshold: "
           "\"simple_majority\"|\"supermajority\"|\"unanimous\", strict_supermajority: boolean, "
           "minimum_votes: integer, examiner_review: boolean, sentinel_approval: boolean, "
           "deadline: integer, declaration_ms: integer, override_ms: integer}, electorate: [{name: "
           "string, triad: boolean, revoked_at?: integer}], signatures: [{kind: "
           "\"review\"|\"approval\", verdict: "
           "\"approve\"|\"request_changes\"|\"reject\"|\"abstain\", "
           "nonce: "
           "integer, " STAMP
           "}], vetoes: [{holder: \"steward\"|\"sentinel\", condition: string, " STAMP
           "}], overrides: [{member: string, " STAMP "}], delegations: [{from: string, to: "
           "string, expires_at: integer, " STAMP "}], *: any}",
           "the proposal as `governance show` has it, with what was frozen into it and what was "
           "signed about it"},
          {"ballots",
           "[{member: string, choice: \"yes\"|\"no\"|\"abstain\", nonce: integer, " STAMP "}]",
           "in the order of the ledger: index is the place in it, at the time of the proposal"},
          {"now", "integer", "the time of the proposal, in milliseconds since 1970 UTC"}},
     .returns = "{outcome: \"pending\"|\"passed\"|\"rejected\"|\"timed_out\"|\"vetoed\"|"
                "\"invalid\", reason?: string, yes?: integer, no?: integer, abstain?: integer, "
                "absent?: integer, present?: integer, delegated?: integer, carried_at?: integer, "
                "decided_at?: integer}",
     .meaning = "what the ballots amount to; anything but passed holds back what the host passed",
     .otherwise =
         "without a policy the tally of the host stands; when the policy fails, nothing is "
         "carried out",
     .asked = "when the tally of the host has passed a proposal, before it is approved"},
    {.name = "select_model",
     .summary = "Which model serves this request",
     .args = {{"request",
               "{agent: string, task?: string, tokens?: integer, budget_left?: number, models: "
               "[{name: string, healthy: boolean, cost?: number, context?: integer, tags?: "
               "[string]}]}",
               "who asks for what, and the models that there are, the preferred first"}},
     .returns = "{model: string, fallbacks?: [string], reason?: string}|nil",
     .meaning = "the model and those to try after it; nil when none will do",
     .otherwise = "the first healthy model of the list serves it",
     .asked = "by the model router, for each request",
     .outside = true},
    {.name = "deploy_gate",
     .summary = "May this deployment go on to its next stage",
     .args = {{"deployment",
               "{name: string, target: string, stage: string, revision?: string, started: "
               "integer, now: integer, watched_ms: integer}",
               "what is being deployed and how far it is"},
              {"health",
               "{ready: integer, wanted: integer, critical: integer, warning: integer, restarts: "
               "integer, error_rate?: number}",
               "how its targets are since the stage began"}},
     .returns = "{verdict: \"go\"|\"wait\"|\"rollback\", reason?: string, wait_ms?: integer}",
     .meaning = "go on, look again after wait_ms, or go back",
     .otherwise = "it waits; nothing goes on and nothing is rolled back",
     .asked = "by deployments, between stages",
     .outside = true},
    {.name = "backup_retention",
     .summary = "Which backups may go",
     .args = {{"catalogue",
               "[{id: string, type: string, at: integer, size?: integer, verified?: boolean, "
               "pinned?: boolean, parent?: string}]",
               "the backups, the newest first"},
              {"now", "integer", "milliseconds since 1970 UTC"}},
     .returns = "{remove: [string], reasons?: {*: string}}",
     .meaning = "ids of the backups to remove; whatever is not named stays",
     .otherwise = "nothing is removed",
     .asked = "after each backup, and before a clean-up",
     .outside = true},
    {.name = NULL},
};

int oc_hook_index(const char *name)
{
    for (int i = 0; oc_hooks[i].name != NULL; i++) {
        if (strcmp(oc_hooks[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

json_t *oc_hook_json(const struct oc_hook *hook)
{
    struct oc_buf signature = {0};
    json_t *json = json_object(), *args = json_array();
    oc_buf_addf(&signature, "%s(", hook->name);
    for (const struct oc_hook_arg *a = hook->args; a->name != NULL; a++) {
        json_t *arg = json_object();
        oc_json_set_str(arg, "name", a->name);
        oc_json_set_str(arg, "shape", a->shape);
        oc_json_set_str(arg, "help", a->help);
        json_array_append_new(args, arg);
        oc_buf_addf(&signature, "%s%s", a == hook->args ? "" : ", ", a->name);
    }
    oc_buf_adds(&signature, ")");
    oc_json_set_str(json, "hook", hook->name);
    oc_json_set_str(json, "summary", hook->summary);
    oc_json_set_str(json, "signature", signature.data);
    oc_json_take(json, "args", args);
    oc_json_set_str(json, "returns", hook->returns);
    oc_json_set_str(json, "meaning", hook->meaning);
    oc_json_set_str(json, "otherwise", hook->otherwise);
    oc_json_set_str(json, "asked", hook->asked);
    oc_buf_finish(&signature);
    return json;
}
