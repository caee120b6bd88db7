/* Signing what a member of governance says, where its key is. SPDX-License-Identifier: MIT */
#include "core/cli/sign.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#define PREFIX "governance."

bool oc_sign_first(const struct cli_op *op, const json_t *params)
{
    /* without "as" nobody speaks: keys.register is given a public key */
    return oc_starts(op->name, PREFIX) && oc_cli_op_has(op, "as") && oc_cli_op_has(op, "key") &&
           oc_cli_op_has(op, "signature") && json_object_get(params, "key") &&
           !json_object_get(params, "signature");
}

/* The word that was given, under whichever name the operation has for it. */
static const char *word_of(const json_t *params)
{
    static const char *const names[] = {"choice", "verdict", "condition"};
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        const char *word = oc_json_str(params, names[i], NULL);
        if (word) {
            return word;
        }
    }
    return NULL;
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

/* It signs nothing but what was asked for: the member and the word are compared with what is in the text. */
static json_t *ask_signature(const struct cli *cli, const json_t *params, const json_t *form,
                             struct cli_answer *answer)
{
    static const struct cli_op sign = {.name = PREFIX "sign",
                                       .flags = OC_OP_EPHEMERAL | OC_OP_PRIVATE | OC_OP_BARE};
    json_t *asked = json_object();
    oc_json_set_str(asked, "key", oc_json_str(params, "key", ""));
    oc_json_set_str(asked, "text", oc_json_str(form, "text", ""));
    if (oc_json_str(params, "as", NULL)) {
        oc_json_set_str(asked, "as", oc_json_str(params, "as", ""));
    }
    if (word_of(params)) {
        oc_json_set_str(asked, "word", word_of(params));
    }
    oc_cli_ask(cli, &sign, asked, answer);
    json_decref(asked);
    json_t *signature = answer->ok ? json_incref(json_object_get(answer->data, "signature")) : NULL;
    if (signature) {
        oc_answer_finish(answer);
        oc_error_init(&answer->err);
    }
    return signature;
}

json_t *oc_sign_params(struct cli_link *link, const struct cli *cli, const struct cli_op *op,
                       const json_t *params, struct cli_answer *answer)
{
    json_t *form = ask_form(link, op, params, answer);
    json_t *signature = form ? ask_signature(cli, params, form, answer) : NULL, *all = NULL;
    if (signature) {
        all = json_deep_copy(params);
        json_object_del(all, "key");
        json_object_set(all, "signature", signature);
        json_object_set(all, "nonce", json_object_get(form, "nonce"));
        if (oc_cli_op_has(op, "expires") && json_is_integer(json_object_get(form, "expires"))) {
            json_object_set(all, "expires", json_object_get(form, "expires"));
        }
    }
    json_decref(signature);
    json_decref(form);
    return all;
}
