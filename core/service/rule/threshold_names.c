/* Names of thresholds that no rule uses. SPDX-License-Identifier: MIT */
#include "core/service/rule/threshold_names.h"

#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"

static bool continues_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

/* "thresholds.cpu.sustained" stands in `text`; of a group something that begins with its name. */
static bool names(const char *text, const char *name, bool group)
{
    const size_t len = strlen(name);
    for (const char *at = text; (at = strstr(at, name)) != NULL; at += len) {
        const bool begins = at == text || !continues_name(at[-1]);
        if (begins && (group ? at[len] == '.' : !continues_name(at[len]))) {
            return true;
        }
    }
    return false;
}

static bool reads(const struct oc_node *rule, const char *name, bool group)
{
    static const char *const keys[] = {"expr", "resolve", "for"};
    for (size_t i = 0; rule->type == OC_NODE_GROUP && i < OC_COUNT(keys); i++) {
        const struct oc_node *text = oc_node_get(rule, keys[i]);
        if (text && text->type == OC_NODE_STRING && names(text->string, name, group)) {
            return true;
        }
    }
    return false;
}

static void tell(const struct oc_threshold_limits *l, const char *name,
                 const struct oc_node *siblings, const struct oc_node *node)
{
    OC_VEC(const char *) known = {0};
    for (size_t i = 0; siblings && i < siblings->count; i++) {
        OC_VEC_PUSH(&known, siblings->children[i]->key);
    }
    const char *near = oc_nearest(node->key, known.items, known.count);
    char *hint = near ? oc_asprintf("Did you mean `%s`?", near)
                      : oc_strdup("Name it in the `expr`, `resolve` or `for` of a rule.");
    oc_diags_add(l->diags, !near, node, name, hint,
                 near ? "unknown key, and no rule uses it" : "no rule uses it");
    free(hint);
    OC_VEC_FINISH(&known);
}

bool oc_threshold_is_used(const struct oc_threshold_limits *l, const char *name,
                          const struct oc_node *siblings, const struct oc_node *node)
{
    const bool group = node->type == OC_NODE_GROUP;
    for (size_t i = 0; l->rules && l->rules->type == OC_NODE_LIST && i < l->rules->count; i++) {
        if (reads(l->rules->children[i], name, group)) {
            return true;
        }
    }
    tell(l, name, siblings, node);
    return false;
}
