/* What operations that members sign have in common: their parameters, and the statement that follows from them. SPDX-License-Identifier: MIT  [loop]
 *
 * governance.form takes the parameters of every one of them, and makes the same statement of them. */
#ifndef OC_SERVICE_GOVERNANCE_ACT_H
#define OC_SERVICE_GOVERNANCE_ACT_H

#include <stddef.h>

#include "core/service/governance/internal.h"

struct oc_act_params {
    const char *proposal, *word, *member, *reason, *key, *signature, *to, *scope;
    int64_t nonce, span_ms, expires;
    int32_t change, refuse;
};

/* Rows of option tables whose parameters are, or begin with, struct oc_act_params. */
#define OC_ACT_AT(field) offsetof(struct oc_act_params, field)
#define OC_ACT_FIRST     (OC_OPT_REQUIRED | OC_OPT_POSITIONAL)
#define OC_ACT_PROPOSAL                                                                            \
    {                                                                                              \
        .name = "proposal", .type = OC_OPT_STRING, .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,   \
        .offset = OC_ACT_AT(proposal), .help = "its id, a part that only it has, or last"          \
    }
#define OC_ACT_MEMBER(words)                                                                       \
    {                                                                                              \
        .name = "as", .type = OC_OPT_STRING, .offset = OC_ACT_AT(member), .help = words            \
    }
#define OC_ACT_SIGNED                                                                              \
    {.name = "key",                                                                                \
     .type = OC_OPT_PATH,                                                                          \
     .offset = OC_ACT_AT(key),                                                                     \
     .help = "the member's secret key; it is read by the command line alone"},                     \
        {.name = "signature",                                                                      \
         .type = OC_OPT_STRING,                                                                    \
         .flags = OC_OPT_ADVANCED,                                                                 \
         .offset = OC_ACT_AT(signature),                                                           \
         .help = "base64 of the signature, where --key is not given"},                             \
    {                                                                                              \
        .name = "nonce", .type = OC_OPT_INT, .flags = OC_OPT_ADVANCED, .offset = OC_ACT_AT(nonce), \
        .min = 0, .max = 9e15, .help = "of the statement; default: the next one"                   \
    }
#define OC_ACT_REASON(words)                                                                       \
    {                                                                                              \
        .name = "reason", .type = OC_OPT_STRING, .offset = OC_ACT_AT(reason), .help = words        \
    }
#define OC_ACT_WORD(key, need, words)                                                              \
    {                                                                                              \
        .name = key, .type = OC_OPT_STRING, .flags = need, .offset = OC_ACT_AT(word),              \
        .help = words                                                                              \
    }
/* The words are told for completion; oc_act_check_word refuses others in its own words. */
#define OC_ACT_CHOICE(key, words, list)                                                            \
    {                                                                                              \
        .name = key, .type = OC_OPT_STRING, .flags = OC_ACT_FIRST, .offset = OC_ACT_AT(word),      \
        .choices = list, .help = words                                                             \
    }
#define OC_ACT_SCOPE                                                                               \
    {                                                                                              \
        .name = "scope", .type = OC_OPT_STRING, .default_text = "all", .offset = OC_ACT_AT(scope), \
        .help = "a category, or all"                                                               \
    }
#define OC_ACT_EXPIRES                                                                             \
    {                                                                                              \
        .name = "expires", .type = OC_OPT_INT, .flags = OC_OPT_ADVANCED,                           \
        .offset = OC_ACT_AT(expires), .help = "wall ms at which it ends, as it was signed"         \
    }

struct oc_act_kind {
    const char *op;
    enum oc_statement_kind kind;
};
/* NULL: nobody signs this operation. */
const struct oc_act_kind *oc_act_kind_of(const char *op);
/* Whether the rules name this member: of the triad, or in an office. */
bool oc_governance_is_named(const struct oc_governance *g, const char *member);
/* A word that is none of the operation's is refused with those that there are. */
int oc_act_check_word(const struct oc_act_kind *kind, const char *word, struct oc_error *err);
/* What is said with these parameters. `act` borrows from `params`. */
void oc_act_make(struct oc_governance *g, const struct oc_act_kind *kind,
                 const struct oc_act_params *params, struct oc_governance_act *act);

#endif
