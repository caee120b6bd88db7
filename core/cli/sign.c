/* Signing what a member of governance says, where its key is. SPDX-License-Identifier: MIT */
#include "core/cli/sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/cli/commands.h"

#define PREFIX "governance."

bool oc_sign_first(const struct cli_op *op, const json_t *params)
{
    /* without "as" nobody speaks: keys.register is given a public key */
    return oc_starts(op->name, PREFIX) && oc_cli_op_has(op, "as") && oc_cli_op_has(op, "key") &&
           oc_cli_op_has(op, "signature") && json_object_get(params, "key") &&
           !json_object_get(params, "signature");
}

static json_t *ask_form(struct cli_link *link, const struct cli_op *op, const json_t *params,
                        struct cli_answer *answer)
{
    json_t *asked = json_deep_copy(params);
    json_object_del(asked, "key");
    oc_json_set_str(asked, "op", op->name);
    oc_link_call(link, PREFIX "form", asked, NULL, answer);
    json_decref(asked);
    json_t *form = answer->ok ? json_incref(answer->data) : NULL;
    if (form) {
        oc_answer_finish(answer);
        oc_error_init(&answer->err);
    }
    return form;
}

/* ---- which proposal ---- */

/* The text's line of this name without the name, owned; NULL: it has none. */
static char *line_of(const char *text, const char *name)
{
    const size_t len = strlen(name);
    for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        if (strncmp(at, name, len) == 0 && at[len] == ' ') {
            return oc_strndup(at + len + 1, strcspn(at + len + 1, "\n"));
        }
    }
    return NULL;
}

/* A statement is plain ASCII; what else a host gives is no text for a terminal. */
static bool is_shown_safely(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' ? *text != '\n' : (unsigned char)*text > '~') {
            return false;
        }
    }
    return true;
}

static int ask_human(const struct cli *cli, const char *text, struct oc_error *err)
{
    bool yes = cli->yes;
    if (!yes && oc_cli_may_ask() && is_shown_safely(text)) {
        fputs(text, stderr);
        yes = oc_cli_confirm("Sign this?");
    }
    if (yes) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_CANCELLED, "the proposal was not confirmed: nothing was signed");
    oc_error_hint(err, "Give its whole id, answer y on a terminal, or give --yes.");
    return OC_E_CANCELLED;
}

/* The id of the proposal that is meant, as the text has it: what was given is that id, or a human has seen it. NULL and no
 * error: it is about none. */
static char *agree(const struct cli *cli, const json_t *params, const char *text,
                   struct oc_error *err)
{
    const char *given = oc_json_str(params, "proposal", NULL);
    char *id = given ? line_of(text, "proposal") : NULL;
    int rc = OC_OK;
    if (!given || (id && strcmp(given, id) == 0)) {
        return id;
    }
    if (!id || (strcmp(given, "last") != 0 && !strstr(id, given))) {
        rc = oc_error_set(err, OC_E_VERIFY, "the host gave the text of another proposal to sign");
        oc_error_hint(err, "Nothing was signed: look at `openclaw governance show %.64s`.", given);
    } else {
        rc = ask_human(cli, text, err);
    }
    if (rc != OC_OK) {
        OC_FREE(id);
    }
    return id;
}

/* ---- signing ---- */

/* It signs nothing but what was asked for: all that governance.sign knows of the parameters goes with the text. */
static json_t *ask_signature(const struct cli *cli, const struct cli_op *op, const json_t *params,
                             const json_t *form, struct cli_answer *answer)
{
    const struct cli_op *sign = oc_cli_op(PREFIX "sign");
    json_t *asked = json_object(), *value;
    const char *name;
    json_object_foreach((json_t *)(uintptr_t)params, name, value)
    {
        if (oc_cli_op_has(sign, name)) {
            json_object_set(asked, name, value);
        }
    }
    oc_json_set_str(asked, "op", op->name);
    oc_json_set_str(asked, "text", oc_json_str(form, "text", ""));
    oc_cli_ask(cli, sign, asked, answer);
    json_decref(asked);
    json_t *signature = answer->ok ? json_incref(json_object_get(answer->data, "signature")) : NULL;
    if (signature) {
        oc_answer_finish(answer);
        oc_error_init(&answer->err);
    }
    return signature;
}

/* The parameters with the id of the proposal that was agreed on, or NULL. */
static json_t *settle(const struct cli *cli, const json_t *params, const json_t *form,
                      struct cli_answer *answer)
{
    char *id = agree(cli, params, oc_json_str(form, "text", ""), &answer->err);
    json_t *all = answer->err.code == OC_OK ? json_deep_copy(params) : NULL;
    if (all && id) {
        oc_json_set_str(all, "proposal", id);
    }
    free(id);
    return all;
}

json_t *oc_sign_params(struct cli_link *link, const struct cli *cli, const struct cli_op *op,
                       const json_t *params, struct cli_answer *answer)
{
    json_t *form = ask_form(link, op, params, answer);
    json_t *all = form ? settle(cli, params, form, answer) : NULL;
    json_t *signature = all ? ask_signature(cli, op, all, form, answer) : NULL;
    if (signature) {
        json_object_del(all, "key");
        json_object_set(all, "signature", signature);
        json_object_set(all, "nonce", json_object_get(form, "nonce"));
        if (oc_cli_op_has(op, "expires") && json_is_integer(json_object_get(form, "expires"))) {
            json_object_set(all, "expires", json_object_get(form, "expires"));
        }
    } else {
        json_decref(all);
        all = NULL;
    }
    json_decref(signature);
    json_decref(form);
    return all;
}
