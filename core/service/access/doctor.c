/* What the doctor says about access: listeners that others can reach, tokens that are about to end. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/address.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/service/access/internal.h"

#define SOON (7 * OC_DAY)

static void finding(json_t *list, const char *severity, const char *message, const char *fix)
{
    json_array_append_new(
        list, json_pack("{s:s, s:s, s:s}", "severity", severity, "message", message, "fix", fix));
}

static char *place_of(const json_t *row)
{
    const char *path = oc_json_str(row, "unix", "");
    return *path ? oc_asprintf("unix:%s", path)
                 : oc_asprintf("%s:%lld", oc_json_str(row, "address", ""),
                               (long long)oc_json_int(row, "port", 0));
}

static void look_at_listener(const json_t *row, json_t *list)
{
    const char *error = oc_json_str(row, "error", "");
    const json_t *until = json_object_get(row, "certificate_expires_at");
    char *place = place_of(row), *text = NULL;
    int64_t expires_ms;
    if (*error) {
        text = oc_asprintf("the listener %s of the API %s: %s", place,
                           json_is_true(json_object_get(row, "listening"))
                               ? "cannot use its certificate files as they are now"
                               : "does not listen",
                           error);
        finding(list, "error", text, "set it right: it is tried again by itself");
        free(text);
    }
    if (until && oc_time_parse(json_string_value(until), 0, &expires_ms) == OC_OK &&
        expires_ms - oc_time_wall() < 2 * SOON) {
        text =
            oc_asprintf("the certificate of the listener %s %s", place,
                        expires_ms <= oc_time_wall() ? "has expired" : "expires within two weeks");
        finding(list, expires_ms <= oc_time_wall() ? "error" : "warning", text,
                "put a new one in its place: the files are read again when they change");
        free(text);
    }
    free(place);
}

static void look_at_listeners(struct oc_access *a, json_t *list)
{
    json_t *rows = oc_ops_find(a->env.ops, "api.listeners")
                       ? oc_ops_ask(a->env.ops, "api.listeners", NULL)
                       : NULL,
           *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        look_at_listener(row, list);
        const char *address = oc_json_str(row, "address", ""),
                   *error = oc_json_str(row, "error", "");
        if (*address && !*error && !oc_address_is_loopback(address) &&
            !oc_json_bool(row, "tls", false)) {
            char *text = oc_asprintf("the API is reachable at %s without TLS: whoever listens on "
                                     "the way reads tokens and cookies",
                                     address);
            finding(list, "warning", text,
                    "set api.tls and tls = true for this listener, or put it behind a proxy that "
                    "speaks TLS");
            free(text);
        }
    }
    json_decref(rows);
}

static void look_at_tokens(const struct oc_access *a, json_t *list)
{
    const int64_t now = oc_time_wall();
    for (size_t i = 0; i < a->tokens.list.count; i++) {
        const struct oc_grant *token = a->tokens.list.items[i];
        const bool soon = token->expires_ms && token->expires_ms - now < SOON;
        if (soon) {
            char *text =
                oc_asprintf("the token %s %s", token->name,
                            now >= token->expires_ms ? "has expired" : "expires within a week");
            char *fix = oc_asprintf(
                "`openclaw token revoke %s`, and make a new one if it is still used", token->name);
            finding(list, "warning", text, fix);
            free(fix);
            free(text);
        }
    }
}

static void op_doctor(struct oc_call *call, void *ctx)
{
    struct oc_access *a = ctx;
    json_t *list = json_array();
    look_at_listeners(a, list);
    look_at_tokens(a, list);
    oc_call_succeed(call, list);
}

static const struct oc_op doctor_op = {
    .name = "access.doctor",
    .summary = "What is wrong with how the API is protected",
    .flags = OC_OP_INTERNAL,
    .handler = op_doctor,
};

void oc_access_add_doctor_op(struct oc_access *a)
{
    oc_ops_add(a->env.ops, &doctor_op, a);
}
