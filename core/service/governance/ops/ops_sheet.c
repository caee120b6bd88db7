/* governance.sheet: many ballots under one signature, with a key of this machine. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/governance/internal.h"

struct sheet_params {
    const char *key, *member;
    struct oc_list texts;
};
static const struct oc_option sheet_options[] = {
    {.name = "key",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct sheet_params, key),
     .help = "the member's secret key"},
    {.name = "texts",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct sheet_params, texts),
     .help = "what `openclaw governance form governance.vote` prints; one each, in any order"},
    {.name = "as",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct sheet_params, member),
     .help = "refuse to sign unless they are of this member"},
    {0}};

/* A shell's $(...) takes the last line feed away. */
static int read_text(const char *text, struct oc_statement *s, struct oc_error *err)
{
    const size_t len = strlen(text);
    char *whole = oc_asprintf("%s%s", text, len && text[len - 1] == '\n' ? "" : "\n");
    const int rc = oc_statement_parse(whole, strlen(whole), s, err);
    free(whole);
    return rc;
}

static int read_texts(const struct sheet_params *p, struct oc_statement *ballots,
                      struct oc_error *err)
{
    const char *const *texts = p->texts.items;
    int rc = OC_OK;
    for (size_t i = 0; rc == OC_OK && i < p->texts.count; i++) {
        rc = read_text(texts[i], &ballots[i], err);
        if (rc == OC_OK && p->member && strcmp(p->member, ballots[i].member) != 0) {
            rc = oc_error_set(err, OC_E_VERIFY, "text %zu is of %s", i + 1, ballots[i].member);
        }
    }
    return rc;
}

/* The lines that governance.votes takes. */
static json_t *sheet_json(const struct oc_statement *ballots, char *const *signatures, size_t count)
{
    json_t *o = json_object(), *lines = json_array();
    struct oc_buf text = {0};
    for (size_t i = 0; i < count; i++) {
        const struct oc_statement *s = &ballots[i];
        json_array_append_new(lines,
                              json_sprintf("%s %s %s %llu %s", s->proposal, s->member, s->word,
                                           (unsigned long long)s->nonce, signatures[i]));
        oc_buf_addf(&text, "%s%s", i ? "\n" : "",
                    json_string_value(json_array_get(lines, json_array_size(lines) - 1)));
    }
    oc_json_set_str(o, "member", ballots[0].member);
    oc_json_take(o, "ballots", lines);
    oc_json_set_str(o, "text", text.data);
    oc_buf_finish(&text);
    return o;
}

static void op_sheet(struct oc_call *call, void *ctx)
{
    const struct sheet_params *p = oc_call_params(call);
    const size_t count = p->texts.count;
    struct oc_statement *ballots = oc_calloc(count + 1, sizeof *ballots);
    char **signatures = oc_calloc(count + 1, sizeof *signatures);
    uint8_t secret[OC_SIGN_SECRET];
    struct oc_error err;
    oc_error_init(&err);
    (void)ctx;
    int rc = read_texts(p, ballots, &err);
    rc = rc ? rc : oc_member_key_secret(p->key, secret, &err);
    rc = rc ? rc : oc_sheet_sign(ballots, count, secret, signatures, &err);
    oc_bytes_wipe(secret, sizeof secret);
    if (rc == OC_OK) {
        oc_call_succeed(call, sheet_json(ballots, signatures, count));
    } else {
        oc_call_fail(call, &err);
    }
    for (size_t i = 0; i < count; i++) {
        free(signatures[i]);
    }
    free(signatures);
    free(ballots);
}

const struct oc_op oc_governance_ops_sheet[] = {
    {.name = "governance.sheet",
     .summary = "Sign many ballots at once with a key of this machine",
     .flags = OC_OP_EPHEMERAL | OC_OP_PRIVATE | OC_OP_BARE,
     .params = sheet_options,
     .params_size = sizeof(struct sheet_params),
     .view = "text:text",
     .description =
         "One signature for all of them: that of the root of a Merkle tree over their texts, with "
         "a proof for each, so that it counts by itself. Prints the lines that `openclaw "
         "governance votes --ballots` takes. Only ballots without a reason can come on a sheet. "
         "The daemon never sees the key.",
     .example = "openclaw governance sheet --key ~/alpha.key --texts \"$(openclaw governance form "
                "governance.vote --proposal last --word yes --as alpha)\"",
     .result = "{member: string, ballots: [string], text: string}",
     .handler = op_sheet},
};
const size_t oc_governance_ops_sheet_count = OC_COUNT(oc_governance_ops_sheet);
